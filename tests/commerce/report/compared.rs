//! Reports that compare a period with an earlier one.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use service::rollup;
use tests::{Tenant, environment, lines, sale, with_tenant};

use super::stock::{columns, report};
use super::{by_csv, by_graphql, by_json, by_workbook, sorted};

/// Makes a product with stock from before all sales.
pub(super) async fn open(tenant: &Tenant, sku: &str, list_price: &str, (quantity, unit_cost): (&str, &str)) {
    tenant.product(sku, list_price).await;
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
    let body = json!({ "kind": "opening", "occurred_at": "2010-01-01T00:00:00Z", "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

/// Sells mugs at 10.00 that cost 4.00, at some instants, and to one customer what the till did not sell.
async fn trade(tenant: &Tenant, sold: &[(&str, &str)]) {
    open(tenant, "MUG", "10.00", ("500", "4.00")).await;
    let till = tenant.till().await;
    for (at, quantity) in sold {
        let mut body = sale(&till, &[("MUG", quantity)]);
        body["occurred_at"] = json!(at);
        tenant.post("/v1/pos/sales", &body).await.created();
    }
}

fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

const REVENUE: [&str; 4] =
    ["net_revenue", "net_revenue_before", "net_revenue_difference", "net_revenue_difference_pct"];

fn totals(table: &Value, names: &[&str]) -> Vec<Vec<String>> {
    columns(&json!({ "rows": table["totals"] }), names)
}

#[test]
fn a_month_is_compared_with_the_month_before() {
    with_tenant(async |tenant| {
        let sold = [
            ("2010-12-31T12:00:00Z", "100"),
            ("2011-01-03T12:00:00Z", "2"),
            ("2011-01-31T12:00:00Z", "1"),
            ("2011-02-03T12:00:00Z", "5"),
            ("2011-02-04T12:00:00Z", "1"),
            ("2011-03-01T12:00:00Z", "100"),
        ];
        trade(tenant, &sold).await;
        for folded in [false, true] {
            if folded {
                rollup::run_all(&environment().db, tenant.id).await.expect("folded");
            }
            let path = "revenue?from=2011-02-01&to=2011-03-01&compare=previous_period";
            let table = report(tenant, &format!("{path}&group_by=month")).await;
            let expected = texts(&[&["60.00", "30.00", "30.00", "100.0000"]]);
            assert_eq!(columns(&table, &REVENUE), expected, "folded: {folded}");
            assert_eq!(totals(&table, &REVENUE), expected);
            let with = &table["meta"]["compared_with"];
            let named = json!({ "name": "previous_period", "from": "2011-01-01", "to": "2011-02-01" });
            assert_eq!(with, &named);
            // Days stand beside days of the same number. The 31st counts with the last day of February.
            let table = report(tenant, &format!("{path}&group_by=day")).await;
            let days =
                columns(&table, &["day", "net_revenue", "net_revenue_before", "net_revenue_difference_pct"]);
            let expected = texts(&[
                &["2011-02-03", "50.00", "20.00", "150.0000"],
                &["2011-02-04", "10.00", "0.00", "null"],
                &["2011-02-28", "0.00", "10.00", "-100.0000"],
            ]);
            assert_eq!(days, expected, "folded: {folded}");
            // Ratios are of each period's own sums.
            let names = ["orders", "orders_before", "average_order_value", "average_order_value_before"];
            assert_eq!(totals(&table, &names), texts(&[&["2", "2", "30.00", "15.00"]]));
        }
    });
}

#[test]
fn other_periods_have_as_many_days_before() {
    with_tenant(async |tenant| {
        let sold = [
            ("2011-02-02T12:00:00Z", "1"),
            ("2011-02-04T12:00:00Z", "2"),
            ("2011-02-06T12:00:00Z", "4"),
            ("2011-02-09T12:00:00Z", "8"),
        ];
        trade(tenant, &sold).await;
        let table =
            report(tenant, "margin?from=2011-02-06&to=2011-02-09&compare=previous_period&group_by=day").await;
        let shown = columns(&table, &["day", "units", "units_before", "gross_margin_pct_before"]);
        let expected = texts(&[&["2011-02-06", "4", "0", "null"], &["2011-02-07", "0", "2", "60.0000"]]);
        assert_eq!(shown, expected);
        // A week of the earlier period stands at the week of the days that it is compared with.
        let table =
            report(tenant, "margin?from=2011-02-07&to=2011-02-14&compare=previous_period&group_by=week")
                .await;
        let shown = columns(&table, &["week", "units", "units_before", "cost_before", "cost_difference"]);
        assert_eq!(shown, texts(&[&["2011-02-07", "8", "7", "28.00", "4.00"]]));
        // The same by the hour, in a period of instants.
        let query = "from=2011-02-09T12:00:00Z&to=2011-02-09T13:00:00Z&compare=previous_period&group_by=hour";
        let table = report(tenant, &format!("revenue?{query}")).await;
        let shown = columns(&table, &["hour", "units", "units_before"]);
        assert_eq!(shown, texts(&[&["2011-02-09T12:00:00Z", "8", "0"]]));
        let query = "from=2011-02-09T13:00:00Z&to=2011-02-09T14:00:00Z&compare=previous_period&group_by=hour";
        let table = report(tenant, &format!("revenue?{query}")).await;
        let shown = columns(&table, &["hour", "units", "units_before"]);
        assert_eq!(shown, texts(&[&["2011-02-09T13:00:00Z", "0", "8"]]));
    });
}

#[test]
fn a_leap_day_is_compared_with_the_28th() {
    with_tenant(async |tenant| {
        let sold = [
            ("2011-02-28T12:00:00Z", "3"),
            ("2012-02-28T12:00:00Z", "5"),
            ("2012-02-29T12:00:00Z", "7"),
            ("2013-02-28T12:00:00Z", "11"),
        ];
        trade(tenant, &sold).await;
        for (period, expected) in [
            ("from=2012-02-29&to=2012-03-01", vec![["2012-02-29", "7", "3"]]),
            ("from=2012-02-01&to=2012-03-01", vec![["2012-02-28", "5", "3"], ["2012-02-29", "7", "0"]]),
            ("from=2012-02-01&to=2012-02-29", vec![["2012-02-28", "5", "3"]]),
            ("from=2013-02-01&to=2013-03-01", vec![["2013-02-28", "11", "12"]]),
        ] {
            let table = report(tenant, &format!("revenue?{period}&compare=previous_year&group_by=day")).await;
            assert_eq!(columns(&table, &["day", "units", "units_before"]), expected, "{period}");
        }
    });
}

#[test]
fn rows_of_either_period_appear() {
    with_tenant(async |tenant| {
        trade(tenant, &[("2011-01-10T12:00:00Z", "2")]).await;
        open(tenant, "CUP", "5.00", ("50", "1.00")).await;
        let old = tenant.customer("Old Friends").await;
        let new = tenant.customer("New Friends").await;
        for (customer, at, wanted) in
            [(&old, "2011-01-15T12:00:00Z", [("MUG", "1")]), (&new, "2011-02-15T12:00:00Z", [("CUP", "3")])]
        {
            let body = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&wanted), "advance_to": "invoiced" });
            tenant.post("/v1/orders", &body).await.created();
        }
        let period = "from=2011-02-01&to=2011-03-01&compare=previous_period";
        let of = async |name: &str, columns_of: &[&str]| {
            columns(&report(tenant, &format!("{name}{period}")).await, columns_of)
        };
        let shown = of("revenue?group_by=product&", &["sku", "net_revenue", "net_revenue_before"]).await;
        assert_eq!(shown, texts(&[&["CUP", "15.00", "0.00"], &["MUG", "0.00", "30.00"]]));
        let shown = of(
            "product_performance?",
            &["sku", "retail_units", "retail_units_before", "wholesale_units_before"],
        )
        .await;
        assert_eq!(shown, texts(&[&["CUP", "0", "0", "0"], &["MUG", "0", "2", "1"]]));
        let shown = of("customer_value?", &["customer_name", "contribution", "contribution_before"]).await;
        assert_eq!(shown, texts(&[&["New Friends", "12.00", "0.00"], &["Old Friends", "0.00", "6.00"]]));
        let shown =
            of("channel_summary?", &["channel", "net_revenue_share_pct", "net_revenue_share_pct_before"])
                .await;
        assert_eq!(shown, texts(&[&["retail", "0.0000", "66.6667"], &["wholesale", "100.0000", "33.3333"]]));
        let shown = of("abc?", &["class", "sku", "share_pct", "share_pct_before"]).await;
        assert_eq!(shown, texts(&[&["A", "CUP", "100.0000", "0.0000"], &["C", "MUG", "0.0000", "100.0000"]]));
    });
}

#[test]
fn every_surface_compares_alike() {
    with_tenant(async |tenant| {
        trade(tenant, &[("2011-01-10T12:00:00Z", "2"), ("2011-02-10T12:00:00Z", "3")]).await;
        let period = "from=2011-02-01&to=2011-03-01&compare=previous_period";
        let arguments = "from: \"2011-02-01\", to: \"2011-03-01\", compare: PREVIOUS_PERIOD, limit: 100";
        for (name, field) in [
            ("revenue?group_by=month&", "revenueReport(groupBy: [MONTH], "),
            ("margin?group_by=product&", "marginReport(groupBy: [PRODUCT], "),
            ("channel_summary?", "channelSummary("),
            ("product_performance?", "productPerformance("),
            ("customer_value?", "customerValue("),
            ("abc?", "abc("),
            ("best_customers?", "bestCustomers("),
            ("weak_margins?below_pct=99&", "weakMargins(belowPct: \"99\", "),
        ] {
            let path = format!("/v1/reports/{name}{period}");
            let (names, rows) = by_json(tenant, &path).await;
            assert!(names.contains(&"net_revenue_difference_pct".to_owned()), "{path}");
            let rows = sorted(rows);
            assert_eq!(sorted(by_csv(tenant, &path).await), rows, "{path} as CSV");
            assert_eq!(sorted(by_workbook(tenant, &path).await), rows, "{path} as XLSX");
            let field = format!("{field}{arguments})");
            assert_eq!(sorted(by_graphql(tenant, &field, &names).await), rows, "{path} by GraphQL");
            // Without a comparison the columns are absent, and null in GraphQL.
            let (plain, _) =
                by_json(tenant, &format!("/v1/reports/{name}from=2011-02-01&to=2011-03-01")).await;
            assert_eq!(names[..plain.len()], plain, "{path}: new columns come last");
        }
        let query = json!({ "query": "{ revenueReport(groupBy: [NONE]) { rows { netRevenueBefore } meta { comparedWith { from } } } }" });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        let none = json!({ "rows": [{ "netRevenueBefore": null }], "meta": { "comparedWith": null } });
        assert_eq!(reply["data"]["revenueReport"], none);
    });
}

#[test]
fn a_comparison_that_can_not_be_is_refused() {
    with_tenant(async |tenant| {
        for (path, status, code) in [
            ("revenue?compare=previous_year", 422, "validation_failed"),
            ("revenue?compare=previous_period&from=2011-01-01", 422, "validation_failed"),
            (
                "revenue?compare=previous_period&from=2011-01-01&to=2011-01-02T00:00:00Z",
                422,
                "validation_failed",
            ),
            ("revenue?compare=last_year&from=2011-01-01&to=2011-02-01", 400, "invalid_parameter"),
            ("low_stock?compare=previous_year", 422, "validation_failed"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/{path}")).await;
            assert!(reply.text.contains("\"compare\""), "{path}: {}", reply.text);
            reply.refused(status, code);
        }
    });
}

#[test]
fn losses_are_compared_too() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "10.00", ("500", "4.00")).await;
        for (at, reason, quantity) in [
            ("2011-01-10T12:00:00Z", "damage", "-2"),
            ("2011-01-11T12:00:00Z", "theft", "-1"),
            ("2011-02-10T12:00:00Z", "damage", "-5"),
            ("2011-02-11T12:00:00Z", "found", "1"),
        ] {
            let line = json!({ "sku": "MUG", "quantity": quantity });
            let body = json!({ "kind": "adjustment", "reason": reason, "occurred_at": at, "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created();
        }
        let path = "shrinkage?from=2011-02-01&to=2011-03-01&compare=previous_period";
        let table = report(tenant, path).await;
        let names = [
            "reason",
            "lost_units",
            "lost_units_before",
            "shrinkage_value",
            "shrinkage_value_before",
            "shrinkage_value_difference_pct",
        ];
        let expected = texts(&[
            &["damage", "5", "2", "20.00", "8.00", "150.0000"],
            &["theft", "0", "1", "0.00", "4.00", "-100.0000"],
            &["found", "0", "0", "-4.00", "0.00", "null"],
        ]);
        assert_eq!(columns(&table, &names), expected);
        let total = ["lines", "lines_before", "shrinkage_value_difference"];
        assert_eq!(totals(&table, &total), texts(&[&["2", "2", "4.00"]]));
        let rows = sorted(by_json(tenant, &format!("/v1/reports/{path}")).await.1);
        let field =
            "shrinkage(from: \"2011-02-01\", to: \"2011-03-01\", compare: PREVIOUS_PERIOD, limit: 100)";
        let (names, _) = by_json(tenant, &format!("/v1/reports/{path}")).await;
        assert_eq!(sorted(by_graphql(tenant, field, &names).await), rows);
        let plain = report(tenant, "shrinkage?from=2011-02-01&to=2011-03-01").await;
        assert_eq!(plain["totals"][0]["shrinkage_value"], "16.00");
    });
}

/// Returns the hours of a report in UTC, with the units of the earlier period.
fn hours_before(table: &Value) -> Vec<[String; 2]> {
    columns(table, &["hour", "units_before"])
        .into_iter()
        .map(|row| {
            let hour: DateTime<Utc> = row[0].parse().expect("an instant");
            [hour.format("%m-%dT%H:%MZ").to_string(), row[1].clone()]
        })
        .collect()
}

#[test]
fn an_earlier_hour_stands_within_the_period() {
    with_tenant(async |tenant| {
        let sold = [
            ("2011-02-08T05:10:00Z", "4"),
            ("2011-02-10T09:50:00Z", "8"),
            ("2011-02-28T12:10:00Z", "16"),
            ("2011-03-26T22:10:00Z", "32"),
            ("2011-03-26T23:10:00Z", "1"),
            ("2011-03-27T00:10:00Z", "2"),
            ("2011-10-29T22:10:00Z", "5"),
            ("2011-10-29T23:10:00Z", "6"),
            ("2011-10-30T00:10:00Z", "7"),
        ];
        trade(tenant, &sold).await;
        for folded in [false, true] {
            if folded {
                tenant.complete_feed().await;
                rollup::run_all(&environment().db, tenant.id).await.expect("folded");
            }
            for (name, period, expected) in [
                (
                    "the clocks go forward",
                    "previous_period&from=2011-03-27T01:00:00Z&to=2011-03-27T04:00:00Z",
                    vec![["03-27T01:00Z", "32"], ["03-27T02:00Z", "1"], ["03-27T03:00Z", "2"]],
                ),
                (
                    "the clocks go back",
                    "previous_period&from=2011-10-30T01:00:00Z&to=2011-10-30T04:00:00Z",
                    vec![["10-30T01:00Z", "5"], ["10-30T02:00Z", "6"], ["10-30T03:00Z", "7"]],
                ),
                ("23 hours", "previous_period&from=2011-02-09T06:00:00Z&to=2011-02-10T05:00:00Z", vec![]),
                (
                    "23 hours of which the first has trade",
                    "previous_period&from=2011-02-09T04:00:00Z&to=2011-02-10T03:00:00Z",
                    vec![["02-09T04:00Z", "4"]],
                ),
                (
                    "a part of an hour",
                    "previous_period&from=2011-02-10T10:00:00Z&to=2011-02-10T10:20:00Z",
                    vec![["02-10T10:00Z", "8"]],
                ),
                ("a leap day", "previous_year&from=2012-02-29&to=2012-03-01", vec![["02-29T12:00Z", "16"]]),
            ] {
                let path = format!("revenue?group_by=hour&tz=Europe/Berlin&compare={period}");
                let table = report(tenant, &path).await;
                assert_eq!(hours_before(&table), expected, "{name}, folded: {folded}");
            }
        }
    });
}

#[test]
fn instants_are_compared_by_days_of_the_time_zone() {
    with_tenant(async |tenant| {
        let sold = [
            ("2011-02-06T06:00:00Z", "1"),
            ("2011-02-06T13:00:00Z", "2"),
            ("2011-02-08T05:10:00Z", "4"),
            ("2011-02-28T12:10:00Z", "16"),
        ];
        trade(tenant, &sold).await;
        for folded in [false, true] {
            if folded {
                tenant.complete_feed().await;
                rollup::run_all(&environment().db, tenant.id).await.expect("folded");
            }
            // 36 hours, by which each line moves before its day is taken.
            let query = "from=2011-02-07T12:00:00Z&to=2011-02-09T00:00:00Z&compare=previous_period";
            let table = report(tenant, &format!("revenue?group_by=day&{query}")).await;
            let shown = columns(&table, &["day", "units", "units_before"]);
            let expected = texts(&[&["2011-02-07", "0", "1"], &["2011-02-08", "4", "2"]]);
            assert_eq!(shown, expected, "folded: {folded}");
            // The midnights of 29 February in Berlin.
            let query = "from=2012-02-28T23:00:00Z&to=2012-02-29T23:00:00Z&compare=previous_year";
            let table = report(tenant, &format!("revenue?group_by=day&tz=Europe/Berlin&{query}")).await;
            assert_eq!(columns(&table, &["day", "units_before"]), [["2012-02-29", "16"]]);
            let with = json!({ "name": "previous_year", "from": "2011-02-28", "to": "2011-03-01" });
            assert_eq!(table["meta"]["compared_with"], with, "folded: {folded}");
            // From noon to noon, on the clock of the time zone.
            let query = "from=2012-02-29T11:00:00Z&to=2012-03-01T11:00:00Z&compare=previous_year";
            let table = report(tenant, &format!("revenue?group_by=hour&tz=Europe/Berlin&{query}")).await;
            assert_eq!(hours_before(&table), [["02-29T12:00Z", "16"]], "folded: {folded}");
        }
    });
}
