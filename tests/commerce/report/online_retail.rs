//! The import of real trade: every row becomes a line, every report has its figures, and a second run changes nothing.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use domain::number::{Money, round};
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};
use service::tenant::TenantCreate;
use stockwell::import::{ImportCommand, OnlineRetailArgs, run};
use tests::{Tenant, environment, with_tenant, with_tenant_as};

/// Longest time of the checklist and the close, beside other tests.
const CLOSE_MAX: Duration = Duration::from_secs(10);

fn file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/online_retail_cut.csv"))
}

async fn import(tenant: &Tenant, before: Option<NaiveDate>, tax_class: &str) {
    let key = SecretString::from(tenant.key.clone());
    let (url, tax_class) = (tenant.base_url().to_owned(), tax_class.to_owned());
    let args = OnlineRetailArgs { file: file(), url, key, before, tax_class };
    run(&ImportCommand::OnlineRetail(args)).await.expect("every row is posted");
}

/// Returns net sales of the file by channel, from its rows. Each line is rounded to pence. Bad debts and rows at a
/// price of zero are no sales.
fn expected() -> (Money, Money) {
    let mut reader = csv::Reader::from_path(file()).expect("the cut comes with the tests");
    let (mut wholesale, mut retail) = (Money::ZERO, Money::ZERO);
    for record in reader.records() {
        let record = record.expect("a row");
        let quantity: Decimal = record[3].parse().expect("a quantity");
        let price: Decimal = record[5].parse().expect("a price");
        if record[0].starts_with('A') {
            continue;
        }
        let net = Money::new(round(quantity * price, 2));
        if record[6].is_empty() { retail += net } else { wholesale += net }
    }
    (wholesale, retail)
}

async fn reported(tenant: &Tenant) -> (String, String) {
    let report = tenant.get("/v1/reports/revenue?group_by=channel").await.ok();
    let net = |channel: &str| {
        let rows = report["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["channel"] == channel).expect("a row of the channel");
        row["net_revenue"].as_str().expect("an amount").to_owned()
    };
    (net("wholesale"), net("retail"))
}

#[test]
fn every_row_is_posted_once_and_the_figures_hold() {
    with_tenant(async |tenant| {
        import(tenant, None, "zero").await;
        let (wholesale, retail) = expected();
        assert_eq!(reported(tenant).await, (wholesale.to_string(), retail.to_string()));

        let footprint = tenant.footprint().await;
        import(tenant, None, "zero").await;
        assert_eq!(tenant.footprint().await, footprint, "a second run changes nothing");
    });
}

/// Returns the rows of a report.
async fn rows(tenant: &Tenant, path: &str) -> Vec<Value> {
    let report = tenant.get(&format!("/v1/reports/{path}")).await.ok();
    report["rows"].as_array().expect("rows").clone()
}

/// The trade of the cut is of December 2010, but for a bad debt.
#[test]
fn its_month_closes_in_seconds() {
    with_tenant(async |tenant| {
        import(tenant, None, "zero").await;
        let started = Instant::now();
        let close = tenant.get("/v1/close/2010-12").await.ok();
        let items = close["items"].as_array().expect("items").iter();
        let open: Vec<&str> =
            items.filter(|item| item["count"] != 0).filter_map(|item| item["item"].as_str()).collect();
        assert!(!open.contains(&"tie_outs"), "every control account is its sub-ledger: {close}");
        let reason = |item: &&str| json!({ "item": item, "reason": "It is part of the data set" });
        let reasons: Vec<Value> = open.iter().map(reason).collect();
        let closed = tenant.post("/v1/close/2010-12", &json!({ "reasons": reasons })).await.ok();
        assert_eq!(closed["locked_through"], "2010-12-31");
        assert!(started.elapsed() < CLOSE_MAX, "the close took {:?}", started.elapsed());

        let (wholesale, retail) = expected();
        let path = "/v1/reports/profit_and_loss?from=2010-12-01&to=2011-01-01&group_by=none";
        let month = tenant.get(path).await.ok();
        assert_eq!(month["totals"][0]["revenue"], (wholesale + retail).to_string());
        let sheet = tenant.get("/v1/reports/balance_sheet?as_of=2010-12-31").await.ok();
        assert_eq!(sheet["totals"][0]["balance"], "0.00");
    });
}

#[test]
fn moved_trade_is_recent_and_has_the_same_figures() {
    let of_demo = |tenant: &mut TenantCreate| {
        tenant.country = "GB".to_owned();
        tenant.time_zone = "Europe/London".to_owned();
    };
    with_tenant_as(of_demo, async |tenant| {
        let today = environment().today(&chrono_tz::Europe::London).await;
        import(tenant, Some(today), "standard").await;
        let (wholesale, retail) = expected();
        assert_eq!(reported(tenant).await, (wholesale.to_string(), retail.to_string()), "without tax");

        // All trade of the cut is within 9 days, and ends less than 8 days ago.
        let from = today - Days::new(30);
        let recent = rows(tenant, &format!("revenue?group_by=channel&from={from}")).await;
        let sum = |rows: &[Value], figure: &str| -> Decimal {
            rows.iter()
                .map(|row| row[figure].as_str().expect("an amount").parse::<Decimal>().expect("a number"))
                .sum()
        };
        assert_eq!(sum(&recent, "net_revenue"), (wholesale + retail).get());
        let at_home = rows(tenant, "revenue?group_by=country&country=GB").await;
        assert!(sum(&at_home, "tax") > Decimal::ZERO);
        let all = rows(tenant, "revenue?group_by=none").await;
        assert_eq!(sum(&all, "tax"), sum(&at_home, "tax"), "exports have no tax");

        let by_category = rows(tenant, "revenue?group_by=category").await;
        assert!(by_category.len() > 5, "{by_category:?}");
        let kinds = ["abc", "shrinkage", "stock_ageing", "receivable_ageing", "customer_value", "low_stock"];
        for report in kinds {
            assert!(!rows(tenant, &format!("{report}?limit=5")).await.is_empty(), "{report}");
        }
        let tiers = tenant.get("/v1/price-tiers").await.ok();
        assert_eq!(tiers["data"].as_array().map(Vec::len), Some(2));
        let footprint = tenant.footprint().await;
        import(tenant, Some(today), "standard").await;
        assert_eq!(tenant.footprint().await, footprint, "a second run changes nothing");
    });
}

#[test]
fn an_import_that_ended_before_its_price_lists_had_all_rules_goes_on() {
    with_tenant(async |tenant| {
        let list = json!({ "code": "key-accounts", "name": "Key accounts" });
        let list = tenant.make("/v1/price-lists", list).await;
        let rules = format!("/v1/price-lists/{list}/rules");
        let off = json!({ "scope": "all", "method": "percent_off", "value": "10" });
        tenant.post(&rules, &off).await.created();
        tenant.make("/v1/price-lists", json!({ "code": "regulars", "name": "Regular customers" })).await;
        let values = async || {
            let mut values = Vec::new();
            for list in tenant.get("/v1/price-lists").await.ok()["data"].as_array().expect("lists") {
                let id = list["id"].as_str().expect("an id");
                let rules = tenant.get(&format!("/v1/price-lists/{id}/rules")).await.ok()["data"].clone();
                let value = |rule: &Value| {
                    rule["value"].as_str().expect("a value").parse::<Decimal>().expect("a number")
                };
                values.extend(rules.as_array().expect("rules").iter().map(value));
            }
            values.sort();
            values
        };
        for _ in 0..2 {
            import(tenant, None, "zero").await;
            assert_eq!(values().await, [5, 10, 15].map(Decimal::from));
        }
    });
}
