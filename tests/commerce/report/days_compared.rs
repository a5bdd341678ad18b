//! Reports of a day beside those of an earlier day.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Tenant, lines, with_tenant};

use super::compared::open;
use super::past::{receive, sell, shown};
use super::stock::report;
use super::{by_csv, by_graphql, by_json, by_workbook, owe, sorted};

/// Sells mugs in February and March, and receives cups in March.
async fn move_stock(tenant: &Tenant) {
    open(tenant, "MUG", "10.00", ("10", "4.00")).await;
    tenant.product("CUP", "5.00").await;
    sell(tenant, "2011-02-10", ("MUG", "2")).await;
    receive(tenant, "2011-03-10", ("CUP", "5", "1.00")).await;
    sell(tenant, "2011-03-20", ("MUG", "6")).await;
}

/// Makes invoices of February and March, a payment, and bills.
async fn bill(tenant: &Tenant) {
    owe(tenant).await;
    tenant.product_with("WORK", json!({ "kind": "service", "list_price": "10.00" })).await;
    let customer = tenant.customer("Nordwind Supply").await;
    let other = tenant.customer("ACME").await;
    for (customer, at, hours) in [
        (&customer, "2011-02-15T12:00:00Z", "3"),
        (&customer, "2011-03-15T12:00:00Z", "4"),
        (&other, "2011-03-15T12:00:00Z", "1"),
    ] {
        let body = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&[("WORK", hours)]),
            "advance_to": "invoiced" });
        tenant.post("/v1/orders", &body).await.created();
    }
    let paid = json!({ "customer_id": customer, "method": "bank", "amount": "5.00", "occurred_at": "2011-03-20T12:00:00Z" });
    tenant.post("/v1/payments", &paid).await.created();
}

fn rows(table: &Value) -> &[Value] {
    table["rows"].as_array().expect("rows")
}

/// Returns the columns that name a row, as one text.
fn key(row: &Value, keys: &str) -> String {
    keys.split(' ').map(|name| row[name].to_string()).collect::<Vec<_>>().join(" ")
}

/// Checks that a figure is that of the row of the day, or that it is none.
fn is_of(figure: &Value, row: Option<&Value>, name: &str, place: &str) {
    match row {
        Some(row) => assert_eq!(figure, &row[name], "{place}: {name}"),
        None => assert!(figure.is_null() || figure == "0" || figure == "0.00", "{place}: {name} is {figure}"),
    }
}

/// Checks that a comparison has the figures that the reports of the two days have.
async fn has_both_days(tenant: &Tenant, path: &str, keys: &str, (day, earlier): (&str, &str)) {
    let compared = report(tenant, &format!("{path}as_of={day}&compare=previous_period")).await;
    let now = report(tenant, &format!("{path}as_of={day}")).await;
    let before = report(tenant, &format!("{path}as_of={earlier}")).await;
    let columns = now["columns"].as_array().expect("columns");
    let figures: Vec<&str> = columns
        .iter()
        .filter(|column| column["role"] == "measure")
        .map(|column| column["name"].as_str().expect("a name"))
        .collect();
    let known: BTreeSet<String> = rows(&now).iter().chain(rows(&before)).map(|row| key(row, keys)).collect();
    assert!(!known.is_empty(), "{path} has rows");
    let found: Vec<String> = rows(&compared).iter().map(|row| key(row, keys)).collect();
    assert_eq!(found.len(), known.len(), "{path}: each row comes once");
    assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), known, "{path}");
    let total = |table: &Value| json!([table["totals"][0]]);
    for (beside, now, before) in [
        (json!(rows(&compared)), json!(rows(&now)), json!(rows(&before))),
        (total(&compared), total(&now), total(&before)),
    ] {
        for row in beside.as_array().expect("rows") {
            let same = |rows: &Value| {
                let rows = rows.as_array().expect("rows");
                rows.iter().find(|other| key(other, keys) == key(row, keys)).cloned()
            };
            for name in &figures {
                is_of(&row[*name], same(&now).as_ref(), name, path);
                is_of(&row[format!("{name}_before").as_str()], same(&before).as_ref(), name, path);
            }
        }
    }
    assert_eq!(compared["meta"]["compared_with"]["name"], "previous_period", "{path}");
}

#[test]
fn a_comparison_has_the_figures_of_both_days() {
    with_tenant(async |tenant| {
        move_stock(tenant).await;
        bill(tenant).await;
        let of_stock = "sku location_code";
        let days = ("2011-03-31", "2011-02-28");
        for (path, keys, days) in [
            ("stock_valuation?", of_stock, days),
            ("stock_valuation?group_by=none&", "currency", days),
            ("stock_valuation?group_by=location,category&", "location_code category_code", days),
            ("stock_ageing?", of_stock, days),
            ("stock_turnover?days=30&", of_stock, days),
            ("slow_stock?days=30&", of_stock, days),
            ("receivable_ageing?", "customer_number document_currency", days),
            ("payable_ageing?", "supplier_code bill_currency", ("2026-01-31", "2025-12-31")),
        ] {
            has_both_days(tenant, path, keys, days).await;
        }
    });
}

#[test]
fn stock_is_compared_with_that_of_an_earlier_day() {
    with_tenant(async |tenant| {
        move_stock(tenant).await;
        tenant.product("NEW", "1.00").await;
        let to = "as_of=2011-03-31&compare=previous_period";
        let names =
            ["sku", "on_hand", "on_hand_before", "value_before", "value_difference", "value_difference_pct"];
        let valued = shown(tenant, &format!("stock_valuation?{to}"), &names).await;
        assert_eq!(valued, ["MUG 2 8 32.00 -24.00 -75.0000", "CUP 5 0 0.00 5.00 null"]);
        let sorted_by =
            shown(tenant, &format!("stock_valuation?{to}&sort=-value_difference"), &["sku"]).await;
        assert_eq!(sorted_by, ["CUP", "MUG"]);
        let total = report(tenant, &format!("stock_valuation?{to}&group_by=none")).await;
        assert_eq!(total["totals"][0]["value_difference"], "-19.00");
        let with = json!({ "name": "previous_period", "from": "2011-02-01", "to": "2011-03-01" });
        assert_eq!(total["meta"]["compared_with"], with);
        let of_year = "stock_valuation?as_of=2011-03-31&compare=previous_year";
        assert_eq!(
            shown(tenant, of_year, &names).await,
            ["MUG 2 10 40.00 -32.00 -80.0000", "CUP 5 0 0.00 5.00 null"]
        );
        let with = json!({ "name": "previous_year", "from": "2010-03-01", "to": "2010-04-01" });
        assert_eq!(report(tenant, of_year).await["meta"]["compared_with"], with);
        // Days of sales are compared with as many days directly before.
        let path = format!("stock_turnover?days=30&{to}");
        let names =
            ["sku", "units_sold", "units_sold_before", "turnover", "turnover_before", "cover_days_before"];
        assert_eq!(shown(tenant, &path, &names).await, ["MUG 6 2 14.6 2.7037 120", "CUP 0 0 0 null null"]);
        let with = json!({ "name": "previous_period", "from": "2011-01-29", "to": "2011-03-01" });
        assert_eq!(report(tenant, &path).await["meta"]["compared_with"], with);
        let named =
            shown(tenant, &format!("{path}&product=NEW&product=CUP"), &["sku", "on_hand", "on_hand_before"])
                .await;
        assert_eq!(named, ["CUP 5 0", "NEW 0 0"]);
        let names = ["sku", "on_hand", "on_hand_before", "value_before", "last_sold_on"];
        let slow = shown(tenant, &format!("slow_stock?days=30&{to}"), &names).await;
        assert_eq!(slow, ["MUG 0 8 32.00 2011-02-10"], "it was slow in February");
        let names = ["sku", "units_to_30_days", "units_over_365_days_before", "value_over_365_days_before"];
        let aged = shown(tenant, &format!("stock_ageing?{to}"), &names).await;
        assert_eq!(aged, ["MUG 0 8 32.00", "CUP 5 0 0.00"]);
        for (path, parameter) in [
            ("stock_valuation?compare=previous_year", "compare"),
            ("stock_turnover?compare=previous_period&as_of=2011-03-31T12:00:00Z", "compare"),
            ("receivable_ageing?compare=previous_period", "compare"),
            ("stock_position?compare=previous_period", "compare"),
            ("tie_out?compare=previous_period", "compare"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/{path}")).await;
            assert_eq!(reply.json()["errors"][0]["parameter"], parameter, "{path}");
            reply.refused(422, "validation_failed");
        }
    });
}

#[test]
fn every_surface_compares_days_alike() {
    with_tenant(async |tenant| {
        move_stock(tenant).await;
        bill(tenant).await;
        for (name, field) in [
            ("stock_valuation?", "stockValuation("),
            ("stock_ageing?", "stockAgeing("),
            ("stock_turnover?days=30&", "stockTurnover(days: 30, "),
            ("slow_stock?days=30&", "slowStock(days: 30, "),
            ("receivable_ageing?", "receivableAgeing("),
            ("payable_ageing?", "payableAgeing("),
        ] {
            let path = format!("/v1/reports/{name}as_of=2011-03-31&compare=previous_period");
            let (names, rows) = by_json(tenant, &path).await;
            assert!(!rows.is_empty() && names.iter().any(|name| name.ends_with("_difference_pct")), "{path}");
            let rows = sorted(rows);
            assert_eq!(sorted(by_csv(tenant, &path).await), rows, "{path} as CSV");
            assert_eq!(sorted(by_workbook(tenant, &path).await), rows, "{path} as XLSX");
            let field = format!("{field}asOf: \"2011-03-31\", compare: PREVIOUS_PERIOD, limit: 100)");
            assert_eq!(sorted(by_graphql(tenant, &field, &names).await), rows, "{path} by GraphQL");
            let (plain, _) = by_json(tenant, &format!("/v1/reports/{name}as_of=2011-03-31")).await;
            assert_eq!(names[..plain.len()], plain, "{path}: new columns come last");
        }
    });
}
