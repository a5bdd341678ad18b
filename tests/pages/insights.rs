//! /insights: what it shows, to whom, how fast, and with how many bytes.

use std::time::{Duration, Instant};

use tests::{Browser, Screen, with_tenant};

use crate::visit::{DESK, PAGE, READY, Trade, check_bytes, enter, shown, tab_to, visit};

const REVENUE: &str = ".figures .value";
/// Longest time from a sale to the figure on the page.
const LIVE_MAX: Duration = Duration::from_secs(2);
/// Sales that the page shows one after the other, at least and at most.
const SALES_MIN: usize = 3;
const SALES_MAX: usize = 10;

#[test]
fn it_shows_both_channels() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let lead = browser.text(&shown(".lead"));
        assert!(lead.starts_with("You sold for £280.00 and kept 46% of it as margin."), "{lead}");
        assert!(lead.contains("Retail brought 11% of the revenue and 14% of the margin."), "{lead}");
        let figures =
            browser.eval("[...document.querySelectorAll('.figures .value')].map((one) => one.textContent)");
        assert_eq!(figures, serde_json::json!(["£280.00", "£128.00", "45.7%", "£140.00"]));
        let first = |card: &str| shown(&format!("section[aria-labelledby={card}] .pairs li"));
        let best = browser.text(&first("best"));
        assert!(best.contains("Product MUG") && best.contains("£138"), "{best}");
        let label = browser.text(
            "document.querySelector('section[aria-labelledby=best] [role=img].pair').getAttribute('aria-label')",
        );
        assert_eq!(label, "Wholesale 60.0%, Retail 60.0%");
        browser.check();
    });
}

/// The change of a choice by an arrow key is one of several that follow each other.
#[test]
fn choices_that_arrow_keys_pass_over_are_not_asked_for() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        browser.eval(
            "(() => { window.stated = []; const state = history.replaceState.bind(history); \
             history.replaceState = (...given) => { stated.push(given[2]); return state(...given); }; \
             window.choose = (...values) => { const choice = document.querySelector('.compare select'); \
                 for (const value of values) { choice.value = value; \
                     choice.dispatchEvent(new Event('change', { bubbles: true })); } return choice; }; })()",
        );
        browser.eval("choose('year', 'none').value");
        browser.until("location.search.includes('compare=none')");
        assert_eq!(
            browser.eval("stated.filter((one) => one.includes('compare=year'))"),
            serde_json::json!([])
        );
        assert_eq!(browser.text("document.querySelector('.compare select').value"), "none");
        // A reader who leaves the field has chosen.
        browser.eval("choose('year').dispatchEvent(new Event('blur'))");
        assert_eq!(browser.eval("location.search.includes('compare=year')"), true);
        browser.until(READY);
        browser.check();
    });
}

#[test]
fn it_has_no_barriers() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let screens = [
            DESK,
            Screen { is_dark: true, ..DESK },
            Screen { width: 390, is_phone: true, is_dark: false },
            Screen { width: 320, is_phone: true, is_dark: true },
        ];
        for is_table in [false, true] {
            if is_table {
                browser
                    .eval("document.querySelectorAll('.panel [aria-pressed]').forEach((one) => one.click())");
                browser.until("document.querySelectorAll('.panel table').length === 7");
            }
            for screen in screens {
                browser.look(screen);
                assert_eq!(browser.barriers(), Vec::<String>::new(), "{screen:?}, tables: {is_table}");
                let beside = browser.eval("document.documentElement.scrollWidth - innerWidth");
                assert_eq!(beside, 0, "{screen:?} scrolls sideways, tables: {is_table}");
            }
        }
        assert!(browser.picture().starts_with(b"\x89PNG"));
        browser.check();
    });
}

#[test]
fn a_keyboard_is_enough() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        browser.look(DESK);
        browser.open(&format!("{}/insights", tenant.base_url()));
        browser.until("document.querySelector('#key')");
        tab_to(&mut browser, "#key");
        browser.write(&tenant.key);
        browser.press("Enter");
        browser.until(crate::visit::READY);
        browser.eval("document.activeElement.blur()");
        tab_to(&mut browser, ".skip");
        browser.press("Enter");
        browser.until("document.activeElement.id === 'main'");
        tab_to(&mut browser, "input[name=span]:checked");
        browser.press("ArrowRight");
        browser.until("new URLSearchParams(location.search).get('span') === '12m'");
        browser.until(crate::visit::READY);
        tab_to(&mut browser, "section[aria-labelledby=revenue] input[type=range]");
        let at = "document.activeElement.getAttribute('aria-valuetext')";
        let last = browser.text(at);
        assert!(last.contains("Wholesale £250, Retail £30"), "{last}");
        browser.press("ArrowLeft");
        browser.until(&format!("/Wholesale £0, Retail £0$/.test({at})"));
        tab_to(&mut browser, "section[aria-labelledby=revenue] [aria-pressed]");
        browser.press("Enter");
        browser.until("document.querySelector('section[aria-labelledby=revenue] table')");
        let outline = browser.text("getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, "solid", "the focus is seen");
        browser.check();
    });
}

#[test]
fn a_sale_moves_the_figure_within_two_seconds() {
    with_tenant(async |tenant| {
        let trade = Trade::of(tenant).await;
        let mut browser = Browser::alone();
        visit(&mut browser, tenant, &tenant.key);
        browser.until("document.querySelector('.live.open')");
        let mut took = Vec::new();
        let in_time = |took: &Vec<Duration>| took.iter().any(|took| *took <= LIVE_MAX);
        // The machine may be busy with other tests: one of the sales must be in time.
        while took.len() < SALES_MIN || took.len() < SALES_MAX && !in_time(&took) {
            let sold = format!("£{}.00", 290 + 10 * took.len());
            let from = Instant::now();
            tenant.sell(&trade.till, &[(trade.mug.sku.as_str(), "1")]).await.created();
            browser.until(&format!("{} === '{sold}'", shown(REVENUE)));
            took.push(from.elapsed());
            browser.until(&format!("{} === '{sold}'", shown("#today")));
        }
        assert!(in_time(&took), "{took:?}");
        browser.check();
    });
}

#[test]
fn it_speaks_german() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let choose = "(() => { const choice = document.querySelectorAll('.who select')[1]; choice.value = 'de'; \
            choice.dispatchEvent(new Event('change', { bubbles: true })); })()";
        browser.eval(choose);
        browser.until("document.documentElement.lang === 'de'");
        browser.until(&format!("{} === '280,00\u{a0}£'", shown(REVENUE)));
        assert_eq!(browser.text("document.title"), "Einblicke – Stockwell");
        let text = browser.text("document.body.innerText");
        for english in
            ["Net revenue", "Margin rate", "Copy as", "Best products", "Compare with", "Sign out", "Today"]
        {
            assert!(!text.contains(english), "{english} is not in German");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        // The choice is kept for the next visit.
        browser.open(&format!("{}/insights", tenant.base_url()));
        browser.until(crate::visit::READY);
        assert_eq!(browser.eval("document.documentElement.lang"), "de");
        browser.check();
    });
}

#[test]
fn a_table_is_sorted_with_empty_cells_last() {
    with_tenant(async |tenant| {
        // Cups are sold to wholesale only: they have no rate in retail.
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let section = "section[aria-labelledby=best]";
        browser.eval(&format!("document.querySelector('{section} [aria-pressed]').click()"));
        browser.until(&format!("document.querySelector('{section} table')"));
        let mut sorted_by = |title: &str, order: &str| {
            let button = format!(
                "[...document.querySelectorAll('{section} thead button')].find((one) => one.textContent === '{title}')"
            );
            browser.eval(&format!("{button}.click()"));
            browser.until(&format!("{button}.closest('th').getAttribute('aria-sort') === '{order}'"));
            let skus = "[...document.querySelectorAll('section[aria-labelledby=best] tbody small')].map((one) => one.textContent)";
            browser.eval(skus)
        };
        let (mug_first, cup_first) = (serde_json::json!(["MUG", "CUP"]), serde_json::json!(["CUP", "MUG"]));
        assert_eq!(sorted_by("Wholesale: Margin rate", "descending"), mug_first);
        assert_eq!(sorted_by("Wholesale: Margin rate", "ascending"), cup_first);
        assert_eq!(sorted_by("Retail: Margin rate", "descending"), mug_first, "cups have none");
        assert_eq!(sorted_by("Retail: Margin rate", "ascending"), mug_first, "cups have none");
        assert_eq!(sorted_by("Product", "ascending"), cup_first);
        browser.check();
    });
}

#[test]
fn it_costs_few_bytes() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key);
        browser.until(crate::visit::READY);
        check_bytes(&mut browser, "/insights", PAGE);
        browser.check();
    });
}
