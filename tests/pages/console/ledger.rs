//! Exchange rates and the mapping of accounts in /console.

use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press, row_with, submit};
use crate::visit::{HOLD_READS, key, shown, sign_out};

const RATES: &str = "/v1/exchange-rates";
const MAPPING: &str = "/v1/account-mapping";
const ACCOUNTS: &str = "/v1/accounts";

/// Chooses a file of rates, as the button does.
#[track_caller]
fn choose(browser: &mut Browser, text: &str) {
    browser.eval(&format!(
        "(() => {{ const chosen = new DataTransfer(); chosen.items.add(new File([{}], 'rates.csv')); \
         const input = document.querySelector('input[name=file]'); input.files = chosen.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(text)
    ));
}

#[test]
fn a_rate_is_added_corrected_and_found() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "rates");
        assert_eq!(browser.text(&shown(".panel .empty")), "There is no exchange rate.");
        press(&mut browser, ".actions", "Add a rate");
        browser.until(ASKED);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "rate-currency", "XXXX");
        fill(&mut browser, "rate-valid_from", "2026-01-05");
        fill(&mut browser, "rate-rate", "0.79");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #rate-currency[aria-invalid=true]')");
        fill(&mut browser, "rate-currency", "USD");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}.includes('0.79')", row_with("USD")));
        press(&mut browser, ".panel tbody", "Correct: USD, 5 Jan 2026");
        browser.until(ASKED);
        fill(&mut browser, "rate-rate", "0.7912345678");
        fill(&mut browser, "rate-source", "Central bank");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("0.7912345678")));
        let told = tenant.get(&format!("{RATES}?currency=USD&on=2026-01-05")).await.ok();
        assert_eq!(
            (&told["data"][0]["rate"], &told["data"][0]["source"]),
            (&json!("0.7912345678"), &json!("Central bank"))
        );

        fill(&mut browser, "currency", "usd");
        fill(&mut browser, "on", "2026-01-09");
        browser.eval("document.querySelector('.panel .filters').requestSubmit()");
        browser.until(&format!(
            "location.search.includes('on=2026-01-09') && {READY} && document.querySelectorAll('.panel tbody tr').length === 1"
        ));
        assert!(
            browser.text(&shown(".panel tbody tr")).contains("0.7912345678"),
            "the newest one of the day counts"
        );
        browser.check();
    });
}

#[test]
fn a_file_of_rates_is_recorded_whole_or_not() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "rates");
        choose(&mut browser, "currency,valid_from,rate\nUSD,2026-01-02,0.79\nCHF,soon,0.88\n");
        browser.until("document.querySelector('.panel .actions [role=alert]')");
        let faults = browser.text(&row_with("#/rates/1/valid_from"));
        assert!(faults.contains("Expected a day"), "{faults}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        assert_eq!(tenant.get(RATES).await.ok()["data"], json!([]));
        choose(&mut browser, "currency,valid_from,rate\nUSD,2026-01-02,0.79\nCHF,2026-01-02,0.88\n");
        let said = shown(".panel .actions [role=status]");
        browser.until(&format!("{said} === '2 recorded, 0 as they were.' && {READY} && {}", row_with("CHF")));
        choose(&mut browser, "currency,valid_from,rate\nUSD,2026-01-02,0.79\nCHF,2026-01-02,0.88\n");
        browser.until(&format!("{said} === '0 recorded, 2 as they were.'"));
        browser.check();
    });
}

/// Adds an account of expense to the chart.
async fn add_account(tenant: &Tenant, code: &str) {
    let page = tenant.get(&format!("{ACCOUNTS}?limit=200")).await.ok();
    let stated = |account: &Value| json!({ "code": account["code"], "name": account["name"], "kind": account["kind"], "parent": account["parent"] });
    let mut accounts: Vec<Value> = page["data"].as_array().expect("accounts").iter().map(stated).collect();
    accounts.push(json!({ "code": code, "name": "Till differences", "kind": "expense", "parent": null }));
    tenant.post(&format!("{ACCOUNTS}/import"), &json!({ "accounts": accounts })).await.ok();
}

#[test]
fn a_rule_of_accounts_is_added_replaced_and_removed() {
    with_tenant(async |tenant| {
        add_account(tenant, "6599").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "accounts");
        assert!(browser.text(&shown(".panel .empty")).starts_with("There is no rule."));
        press(&mut browser, ".actions", "Add a rule");
        browser.until(ASKED);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "rule-purpose", "cash_over_short");
        fill(&mut browser, "rule-account", "9999");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #rule-account[aria-invalid=true]')");
        fill(&mut browser, "rule-account", "6599");
        submit(&mut browser);
        browser.until(&format!(
            "{CLOSED} && {}.includes('Cash over or short')",
            row_with("6599 Till differences")
        ));
        assert_eq!(
            tenant.get(MAPPING).await.ok()["rules"],
            json!([{ "purpose": "cash_over_short", "account": "6599" }])
        );

        press(&mut browser, ".panel tbody", "Replace: Cash over or short");
        browser.until("document.querySelector('dialog[open] #rule-location_id option:nth-child(2)')");
        browser.eval(
            "document.querySelector('#rule-location_id').value = document.querySelector('#rule-location_id option:nth-child(2)').value",
        );
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && !{}.includes('AnyAnyAny')", row_with("6599")));
        let told = tenant.get(MAPPING).await.ok();
        assert!(told["rules"][0]["location_id"].is_string(), "{told}");
        assert_eq!((told["rules"].as_array().map(Vec::len), &told["version"]), (Some(1), &json!(2)));

        press(&mut browser, ".panel tbody", "Remove: Cash over or short");
        browser.until(ASKED);
        // Another change comes between.
        let other = json!({ "rules": [{ "purpose": "cash_over_short", "account": "6599" }] });
        tenant.put(MAPPING, &other).await.ok();
        press(&mut browser, "dialog", "Remove");
        browser.until("document.querySelector('dialog [role=alert]')");
        press(&mut browser, "dialog", "Cancel");
        browser.until(CLOSED);
        browser.open(&format!("{}/console?view=accounts", tenant.base_url()));
        browser.until(READY);
        press(&mut browser, ".panel tbody", "Remove: Cash over or short");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Remove");
        browser.until(&format!("{CLOSED} && document.querySelector('.panel .empty')"));
        assert_eq!(tenant.get(MAPPING).await.ok()["rules"], json!([]));
        browser.check();
    });
}

#[test]
fn a_rule_that_has_another_place_by_now_stays() {
    with_tenant(async |tenant| {
        add_account(tenant, "6599").await;
        let rules = ["cash_over_short", "cash_rounding", "price_variance"]
            .map(|purpose| json!({ "purpose": purpose, "account": "6599" }));
        tenant.put(MAPPING, &json!({ "rules": rules })).await.ok();
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "accounts");
        browser.eval(HOLD_READS);
        press(&mut browser, ".panel tbody", "Remove: Cash over or short");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Remove");
        browser.until("!document.querySelector('dialog')");
        // The list still has the rule that is removed.
        press(&mut browser, ".panel tbody", "Remove: Rounding of cash");
        browser.until(ASKED);
        browser.eval("proceed()");
        browser.until("!document.querySelector('[aria-busy=true]')");
        press(&mut browser, "dialog", "Remove");
        browser.until("document.querySelector('dialog [role=alert]')");
        let told = tenant.get(MAPPING).await.ok();
        assert_eq!(told["rules"], json!(rules[1..]), "neither it nor another one is removed");
        browser.check();
    });
}

#[test]
fn a_reader_of_the_ledger_changes_neither_rates_nor_accounts() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        let few = key(tenant, &["ledger:read"]).await;
        for section in ["rates", "accounts"] {
            enter(&mut browser, tenant, &few, section);
            assert!(browser.text(&shown(".panel .actions")).contains("ledger:write"), "{section}");
            assert_eq!(
                browser.eval("document.querySelectorAll('.panel button.main').length"),
                0,
                "{section}"
            );
            sign_out(&mut browser);
        }
        browser.check();
    });
}
