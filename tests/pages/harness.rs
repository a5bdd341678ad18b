//! The browser of these tests itself.

use tests::Browser;

#[test]
fn nothing_leaves_this_machine() {
    let mut browser = Browser::start();
    let page = "<img src='http://192.0.2.1/x.png'><script src='https://stockwell.example/x.js'></script>";
    browser.open(&format!("data:text/html,{page}"));
    browser.until("document.images[0].complete");
    browser.blocked.sort();
    assert_eq!(browser.blocked, ["http://192.0.2.1/x.png", "https://stockwell.example/x.js"]);
}

#[test]
fn errors_of_a_page_are_noted() {
    let mut browser = Browser::start();
    browser.open("data:text/html,<script>throw new Error('broken')</script>");
    browser.until("document.readyState === 'complete'");
    assert!(
        browser.complaints.iter().any(|complaint| complaint.contains("broken")),
        "{:?}",
        browser.complaints
    );
}

#[test]
fn barriers_are_found() {
    let mut browser = Browser::start();
    browser.open("data:text/html,<title>A page</title><img src='data:,'>");
    let found = browser.barriers();
    assert!(found.iter().any(|barrier| barrier.starts_with("image-alt")), "{found:?}");
}
