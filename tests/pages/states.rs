//! /insights while it waits, without sales, when something fails, and for callers with fewer rights.

use serde_json::json;
use tests::{Browser, with_tenant};

use crate::visit::{READY, Trade, enter, key, shown, visit};

#[test]
fn it_shows_that_it_waits() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        browser.hold("channelSummary");
        enter(&mut browser, tenant, &tenant.key);
        let waiting = "document.querySelector('section[aria-labelledby=share][aria-busy=true] .skeleton')";
        browser.until(waiting);
        browser.until("document.querySelector('section[aria-labelledby=customers][aria-busy=false] .bars')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.until(READY);
        assert_eq!(browser.eval("document.querySelectorAll('.skeleton').length"), 0);
        browser.check();
    });
}

#[test]
fn old_figures_keep_their_own_period() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let name = "document.querySelector('section[aria-labelledby=revenue] input[type=range]').getAttribute('aria-valuetext')";
        let by_week = browser.text(name);
        assert!(by_week.starts_with("Week of") && by_week.contains("Wholesale £250"), "{by_week}");
        browser.hold("marginReport");
        browser.eval("document.querySelectorAll('input[name=span]')[0].click()");
        browser.until("document.querySelector('section[aria-labelledby=share][aria-busy=false]')");
        browser.until("document.querySelector('section[aria-labelledby=revenue][data-stale]')");
        assert_eq!(browser.text(name), by_week, "the old figures are those of weeks");
        browser.release();
        browser.until(READY);
        let by_day = browser.text(name);
        assert!(!by_day.contains("Week") && by_day.contains("Wholesale £250"), "{by_day}");
        assert_eq!(browser.eval("document.querySelectorAll('[data-stale]').length"), 0);
        browser.check();
    });
}

#[test]
fn it_says_that_nothing_was_sold() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        assert_eq!(browser.text(&shown(".lead")), "No sales in this period.");
        let empty =
            browser.eval("[...document.querySelectorAll('.panel .empty')].map((one) => one.textContent)");
        assert_eq!(empty.as_array().map(Vec::len), Some(7), "{empty}");
        let today = browser.text(&shown(".today"));
        assert!(today.contains("£0.00") && today.contains("no sale yet"), "{today}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_card_fails_alone_and_is_tried_again() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        let problem = json!({ "type": "/errors/statement_timeout", "status": 503, "code": "statement_timeout",
            "title": "Took too long", "detail": "Ask for a shorter period.", "request_id": "req_of_the_test" });
        browser.refuse("stockValuation", 503, problem);
        visit(&mut browser, tenant, &tenant.key);
        let failed = browser.eval("[...document.querySelectorAll('.failed')].map((one) => one.closest('section').getAttribute('aria-labelledby'))");
        assert_eq!(failed, json!(["cover"]), "the other cards have their figures");
        let text = browser.text(&shown(".failed"));
        for part in ["Took too long", "Ask for a shorter period.", "req_of_the_test", "Try again"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('.failed button').click()");
        browser.until("document.querySelector('section[aria-labelledby=cover] .bars')");
        browser.until(READY);
        assert_eq!(browser.eval("document.querySelectorAll('.failed').length"), 0);
        browser.check();
    });
}

#[test]
fn a_key_without_costs_sees_revenue() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &key(tenant, &["reports:read"]).await);
        browser.until("document.querySelector('.live.refused')");
        let lead = browser.text(&shown(".lead"));
        assert!(lead.starts_with("You sold for £280.00.") && !lead.contains("margin"), "{lead}");
        let locked = browser.eval(
            "[...document.querySelectorAll('.panel')].filter((one) => one.textContent.includes('costs:read'))\
             .map((one) => one.getAttribute('aria-labelledby'))",
        );
        assert_eq!(locked, json!(["best", "weakest", "rate", "cover"]));
        assert_eq!(
            browser.eval("document.querySelectorAll('.failed').length"),
            0,
            "nothing refused is asked for"
        );
        let text = browser.text("document.body.innerText");
        for margin in ["£128", "45.7%", "46%"] {
            assert!(!text.contains(margin), "{margin} is a margin");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_key_without_reports_learns_which_scope_it_needs() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &key(tenant, &["catalog:read"]).await);
        browser.until("document.querySelector('main [role=alert]')");
        let text = browser.text(&shown("main [role=alert]"));
        assert!(text.contains("reports:read") && text.contains("Wall screen"), "{text}");
        assert_eq!(browser.eval("document.querySelectorAll('.panel').length"), 0);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_link_opens_the_period_that_it_names() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let link = "/insights?span=own&compare=none&from=2020-01-01&to=2020-02-01";
        browser.open(&format!("{}{link}", tenant.base_url()));
        browser.until(READY);
        let days = browser.text(&shown(".spans"));
        assert!(days.starts_with('1') && days.ends_with("31 January 2020"), "{days}");
        assert_eq!(browser.text(&shown(".lead")), "No sales in this period.");
        let address = browser.text("location.pathname + location.search");
        assert!(!address.contains(&tenant.key), "the key is in no address");
        // The last day is before the first one.
        browser.open(&format!("{}/insights?span=own&from=2020-02-01&to=2020-01-01", tenant.base_url()));
        browser.until("document.querySelector('#dates-wrong')");
        browser.check();
    });
}
