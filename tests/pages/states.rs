//! /insights while it waits, without sales, when something fails, and for callers with fewer rights.

use serde_json::{Value, json};
use tests::{Browser, with_tenant};

use crate::visit::{READY, Trade, enter, key, problem, shown, sign_out, visit};

/// Keeps the bodies of the questions that the page sends from now on.
const NOTE_QUESTIONS: &str = "(() => { window.asked = []; const send = window.fetch; \
    window.fetch = (path, options) => { if (path === '/graphql') asked.push(options.body); return send(path, options); }; })()";

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
        let readout = shown("section[aria-labelledby=revenue] .readout");
        assert!(browser.text(&readout).contains("£250.00"), "the total of the whole period");
        assert!(by_week.starts_with("Week of") && by_week.contains("Wholesale £250"), "{by_week}");
        browser.hold("marginReport");
        browser.eval("document.querySelectorAll('input[name=span]')[0].click()");
        browser.until("document.querySelector('section[aria-labelledby=share][aria-busy=false]')");
        browser.until("document.querySelector('section[aria-labelledby=revenue][data-stale]')");
        assert_eq!(browser.text(name), by_week, "the old figures are those of weeks");
        let total = browser.text(&readout);
        assert!(total.contains("Wholesale") && !total.contains('£'), "no total of the new period: {total}");
        browser.release();
        browser.until(READY);
        let by_day = browser.text(name);
        assert!(!by_day.contains("Week") && by_day.contains("Wholesale £250"), "{by_day}");
        assert!(browser.text(&readout).contains("£250.00"), "the total of the new period");
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
        browser.until("/£0\\.00 no sale yet/.test(document.querySelector('.today').textContent)");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_card_fails_alone_and_is_tried_again() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        browser.refuse("stockValuation", 503, problem());
        // Without events: each would ask every question again.
        visit(&mut browser, tenant, &key(tenant, &["reports:read", "costs:read"]).await);
        let failed = browser.eval("[...document.querySelectorAll('.failed')].map((one) => one.closest('section').getAttribute('aria-labelledby'))");
        assert_eq!(failed, json!(["cover"]), "the other cards have their figures");
        let text = browser.text(&shown(".failed"));
        for part in ["Took too long", "Ask again later.", "req_of_the_test", "Try again"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval(NOTE_QUESTIONS);
        browser.eval("document.querySelector('.failed button').focus()");
        browser.press("Enter");
        browser.until("document.querySelector('section[aria-labelledby=cover] .bars')");
        // The button is gone: its card has the focus.
        assert_eq!(browser.eval("document.activeElement.matches('section[aria-labelledby=cover]')"), true);
        browser.until(READY);
        assert_eq!(browser.eval("document.querySelectorAll('.failed').length"), 0);
        // The line of today asks each minute, if the day is another one.
        let asked = browser.eval("asked.filter((body) => !body.includes('dataAsOf'))");
        let asked: Vec<&str> = asked.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert!(matches!(asked[..], [one] if one.contains("stockValuation")), "{asked:?}");
        browser.check();
    });
}

#[test]
fn without_the_last_day_of_trade_no_period_is_shown() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        for question in ["[MONTH]", "[DAY]"] {
            browser.refuse(question, 503, problem());
            visit(&mut browser, tenant, &tenant.key);
            let failed = browser.eval("document.querySelectorAll('.panel .failed').length");
            assert_eq!(failed, 7, "{question}: each card has the problem");
            assert_eq!(browser.text(&shown(".spans")), "", "{question}");
            let lead = browser.text(&shown(".lead-failed"));
            assert!(lead.starts_with("The figures could not be read."), "{question}: {lead}");
            let usable = browser.eval("document.querySelectorAll('.panel footer button:enabled').length");
            assert_eq!(usable, 0, "{question}: there is nothing to copy");
            assert_eq!(browser.eval("document.querySelectorAll('.panel footer button').length"), 21);
            assert_eq!(browser.barriers(), Vec::<String>::new());
            browser.release();
            browser.eval("document.querySelector('.panel .failed button').click()");
            browser.until("document.querySelector('section[aria-labelledby=cover] .bars')");
            browser.until(READY);
            assert_eq!(browser.eval("document.querySelectorAll('.failed, .lead-failed').length"), 0);
            browser.eval("document.querySelector('.who button').click()");
        }
        browser.check();
    });
}

#[test]
fn the_lines_without_a_card_say_that_they_failed() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        // The questions of today and of the channels.
        browser.refuse("dataAsOf", 503, problem());
        browser.refuse("averageOrderValue", 503, problem());
        visit(&mut browser, tenant, &tenant.key);
        for line in [".today", ".lead-failed"] {
            browser.until(&format!("document.querySelector('{line} button')"));
            let text = browser.text(&shown(line));
            assert!(text.contains("The figures could not be read."), "{line}: {text}");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('.today button').click()");
        browser.until(&format!("{} === '£280.00'", shown("#today")));
        browser.eval("document.querySelector('.lead-failed button').click()");
        browser.until("document.querySelector('.lead b')");
        browser.check();
    });
}

#[test]
fn a_card_waits_for_the_rate_limit() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        // The limit of requests, and that of reports at a time: its errors are in a response with status 200.
        for (status, limited) in [
            (429, json!({ "status": 429, "code": "rate_limited", "title": "Too many requests" })),
            (
                200,
                json!({ "data": null, "errors": [{ "message": "As many reports as it may", "extensions": { "code": "rate_limited" } }] }),
            ),
        ] {
            browser.refuse("stockValuation", status, limited);
            enter(&mut browser, tenant, &tenant.key);
            let card = "section[aria-labelledby=cover]";
            browser.until(&format!("document.querySelector('{card} .limited')"));
            assert_eq!(browser.text(&shown(&format!("{card} .limited"))), "Waiting for the rate limit.");
            browser
                .until("document.querySelector('section[aria-labelledby=customers][aria-busy=false] .bars')");
            assert_eq!(browser.barriers(), Vec::<String>::new());
            browser.release();
            browser.until(&format!("document.querySelector('{card} .bars')"));
            browser.until(READY);
            assert_eq!(browser.eval("document.querySelectorAll('.limited').length"), 0);
            sign_out(&mut browser);
        }
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
        browser.until(READY);
        let said = browser.text(&shown("section[aria-labelledby=revenue] .empty"));
        assert_eq!(said, "No period is chosen.", "nothing is waited for");
        browser.check();
    });
}

#[test]
fn a_link_with_no_such_days_opens_six_months() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let usual = browser.text(&shown(".spans"));
        for days in [
            "",
            "&from=2020-01-01",
            "&from=2020-13-01&to=2020-02-01",
            "&from=2020-01-01&to=2020-02-31",
            "&from=0050-01-01&to=2020-02-01",
            "&from=9999-01-01&to=9999-12-31",
            "&from=2020-1-1&to=2020-02-01",
        ] {
            browser.open(&format!("{}/insights?span=own{days}", tenant.base_url()));
            browser.until(READY);
            assert_eq!(browser.text(&shown(".spans")), usual, "{days}");
            assert_eq!(browser.eval("new URLSearchParams(location.search).get('span')"), "6m", "{days}");
        }
        browser.check();
    });
}

#[test]
fn days_without_sales_are_compared_with_days_that_have_some() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        browser.eval("document.querySelector('input[name=span][value=own]').click()");
        browser.until("new URLSearchParams(location.search).get('to')");
        // The day after the last one of trade, compared with that one.
        let day = "new URLSearchParams(location.search).get('to')";
        let (from, to) = (
            browser.text(day),
            browser.text(&format!("new Date(Date.parse({day}) + 864e5).toISOString().slice(0, 10)")),
        );
        browser.open(&format!("{}/insights?span=own&compare=before&from={from}&to={to}", tenant.base_url()));
        browser.until(READY);
        let figures = browser.eval(
            "[...document.querySelectorAll('.figures .by')].map((one) => [one.className.trim(), one.textContent.trim()])",
        );
        let expected = json!([
            ["by down", "▾ −100% from £280.00"],
            ["by down", "▾ −100% from £128.00"],
            ["by", "No comparison"],
            ["by", "No comparison"]
        ]);
        assert_eq!(figures, expected);
        browser.check();
    });
}
