//! The explorer of the API at /docs/.

use tests::{Browser, environment};

use crate::visit::{DESK, problem, shown};

#[test]
fn it_says_that_the_description_could_not_be_read() {
    let mut browser = Browser::start();
    browser.look(DESK);
    let url = format!("{}/docs/", environment().node.base_url);
    browser.refuse("/openapi.json", 503, problem());
    browser.open(&url);
    browser.until("document.querySelector('#swagger-ui [role=alert]')");
    let said = browser.text(&shown("#swagger-ui [role=alert]"));
    assert!(said.starts_with("The description of the API could not be read. Load the page again."), "{said}");
    browser.release();
    browser.open(&url);
    browser.until("document.querySelector('#swagger-ui .info')");
    assert_eq!(browser.eval("document.querySelectorAll('#swagger-ui [role=alert]').length"), 0);
}
