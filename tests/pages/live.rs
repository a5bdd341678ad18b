//! The stream of events behind the pages.

use serde_json::json;
use tests::{Browser, with_tenant};

use crate::visit::{NOTE_REQUESTS, problem, visit};

/// Imports the module that reads the stream, and runs statements with it as `stream`.
#[track_caller]
fn with_stream(browser: &mut Browser, statements: &str) {
    browser.eval(&format!(
        "import(document.querySelector('script[type=module]').src.replace('insights/main.js', 'kit/live.js'))\
         .then(async (stream) => {{ {statements} }})"
    ));
}

#[test]
fn a_stream_that_ended_says_nothing_about_the_next_one() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        browser.until("document.querySelector('.live.open')");
        // A second stream stands for that of a visitor who leaves while it waits to connect again.
        browser.refuse("type=earlier", 503, problem());
        with_stream(
            &mut browser,
            "window.earlier = new AbortController(); window.over = stream.listen(['earlier'], () => undefined, earlier.signal);",
        );
        browser.until("document.querySelector('.live.lost')");
        with_stream(
            &mut browser,
            "earlier.abort(); window.left = stream.live.value; stream.live.value = 'open'; await over; window.shown = stream.live.value;",
        );
        assert_eq!(browser.eval("[left, shown]"), json!(["off", "open"]));
        browser.check();
    });
}

#[test]
fn a_stream_that_ended_out_of_sight_opens_no_other() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        browser.eval(NOTE_REQUESTS);
        with_stream(
            &mut browser,
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true }); \
             const earlier = new AbortController(); const over = stream.listen(['earlier'], () => undefined, earlier.signal); \
             earlier.abort(); await over;",
        );
        assert_eq!(browser.eval("asked.filter((request) => request.includes('earlier'))"), json!([]));
        browser.check();
    });
}
