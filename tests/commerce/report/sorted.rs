//! The order and the completeness of rows: sorted by a figure, filled with zeros, grouped by hours, weekdays and discounts.

use reqwest::Method;
use serde_json::json;
use tests::{Tenant, sale, with_tenant, with_tenant_as};

use super::compared::open;
use super::stock::{columns, report};

fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

/// Sells three products at different prices, costs and times.
async fn trade(tenant: &Tenant) {
    let till = tenant.till().await;
    for (sku, price, cost, quantity, at) in [
        ("A", "10.00", "9.00", "4", "2011-02-07T09:30:00Z"),
        ("B", "5.00", "1.00", "6", "2011-02-09T09:10:00Z"),
        ("C", "8.00", "3.00", "1", "2011-02-14T23:59:00Z"),
    ] {
        open(tenant, sku, price, ("50", cost)).await;
        let mut body = sale(&till, &[(sku, quantity)]);
        body["occurred_at"] = json!(at);
        tenant.post("/v1/pos/sales", &body).await.created();
    }
}

#[test]
fn rows_are_sorted_by_the_figure_that_is_asked_for() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let skus = async |query: &str| columns(&report(tenant, query).await, &["sku"]).concat().join(" ");
        assert_eq!(skus("margin?group_by=product").await, "B C A", "the greatest margin first");
        assert_eq!(skus("margin?group_by=product&sort=-net_revenue").await, "A B C");
        assert_eq!(skus("margin?group_by=product&sort=units").await, "C A B");
        assert_eq!(skus("margin?group_by=product&sort=gross_margin_pct&limit=1").await, "A");
        assert_eq!(skus("product_performance?sort=-units&limit=2").await, "B A");
        assert_eq!(skus("abc?sort=net_revenue").await, "C B A");
        assert_eq!(skus("stock_position?sort=on_hand").await, "B A C");
        assert_eq!(skus("stock_valuation?group_by=product&sort=-unit_cost").await, "A C B");
        // By time, too: the limit keeps the first rows of the order.
        let table = report(tenant, "revenue?group_by=day&sort=-units&limit=2").await;
        assert_eq!(columns(&table, &["day"]).concat(), ["2011-02-09", "2011-02-07"]);
        assert_eq!(table["meta"]["truncated"], true);
        let path = "revenue?group_by=product&from=2011-02-08&to=2011-02-15&compare=previous_period";
        assert_eq!(skus(&format!("{path}&sort=net_revenue_difference")).await, "A C B");
        let query =
            json!({ "query": "{ marginReport(groupBy: [PRODUCT], sort: \"-units\") { rows { sku } } }" });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        let expected = json!([{ "sku": "B" }, { "sku": "A" }, { "sku": "C" }]);
        assert_eq!(reply["data"]["marginReport"]["rows"], expected);
    });
}

#[test]
fn every_report_is_sorted_by_each_of_its_figures() {
    with_tenant(async |tenant| {
        super::trade(tenant).await;
        super::wear(tenant).await;
        let list = tenant.get("/v1/reports").await.ok();
        for info in list["data"].as_array().expect("reports") {
            let href = info["href"].as_str().expect("a URL");
            let table = tenant.get(href).await.ok();
            let figures = table["columns"].as_array().expect("columns").iter();
            for figure in figures.filter(|column| column["role"] == "measure") {
                let name = figure["name"].as_str().expect("a name");
                let sorted = tenant.get(&format!("{href}?sort=-{name}")).await.ok();
                let numbers: Vec<rust_decimal::Decimal> = columns(&sorted, &[name])
                    .concat()
                    .iter()
                    .filter(|text| *text != "null")
                    .map(|text| text.parse().expect("a number"))
                    .collect();
                assert!(numbers.is_sorted_by(|one, next| one >= next), "{href} by {name}: {numbers:?}");
                let rows = |table: &serde_json::Value| table["rows"].as_array().map(Vec::len);
                assert_eq!(rows(&sorted), rows(&table), "{href} by {name}");
            }
        }
    });
}

#[test]
fn a_unit_of_time_without_trade_is_a_row_of_zeros() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let period = "from=2011-02-07&to=2011-02-11&fill=zero";
        let table = report(tenant, &format!("revenue?group_by=day&{period}")).await;
        let expected = texts(&[
            &["2011-02-07", "1", "40.00"],
            &["2011-02-08", "0", "0.00"],
            &["2011-02-09", "1", "30.00"],
            &["2011-02-10", "0", "0.00"],
        ]);
        assert_eq!(columns(&table, &["day", "orders", "net_revenue"]), expected);
        assert_eq!(table["totals"][0]["net_revenue"], "70.00");
        for (unit, rows) in [
            ("hour", 96),
            ("week", 1),
            ("month", 1),
            ("quarter", 1),
            ("year", 1),
            ("weekday", 7),
            ("hour_of_day", 24),
        ] {
            let table = report(tenant, &format!("margin?group_by={unit}&{period}")).await;
            assert_eq!(table["rows"].as_array().map(Vec::len), Some(rows), "{unit}");
            assert_eq!(table["totals"][0]["net_revenue"], "70.00", "{unit}");
        }
        // A limit that is too small by an hour, which the clocks may skip, cuts the last hour, not those with trade.
        let hours = "revenue?group_by=hour&from=2011-02-07&to=2011-02-08&fill=zero&limit=23";
        let table = report(tenant, hours).await;
        assert_eq!(columns(&table, &["hour"])[0], ["2011-02-07T00:00:00Z"]);
        assert_eq!((&table["meta"]["row_count"], &table["meta"]["truncated"]), (&json!(23), &json!(true)));
        assert_eq!(columns(&table, &["orders"]).concat().iter().filter(|orders| *orders == "1").count(), 1);
        // A comparison is filled as well.
        let table = report(tenant, &format!("revenue?group_by=day&{period}&compare=previous_period")).await;
        assert_eq!(columns(&table, &["day", "orders_before"]).len(), 4);
        let query = json!({ "query": "{ revenueReport(from: \"2011-02-07\", to: \"2011-02-11\", fill: ZERO) { rows { day } } }" });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        assert_eq!(reply["data"]["revenueReport"]["rows"].as_array().map(Vec::len), Some(4));
    });
}

#[test]
fn hours_and_weekdays_are_those_of_the_time_zone() {
    with_tenant_as(
        |wanted| wanted.time_zone = "Europe/Berlin".to_owned(),
        async |tenant| {
            trade(tenant).await;
            let table = report(tenant, "revenue?group_by=weekday,hour_of_day").await;
            let expected = texts(&[&["1", "10", "4"], &["2", "0", "1"], &["3", "10", "6"]]);
            assert_eq!(columns(&table, &["weekday", "hour_of_day", "units"]), expected);
            let table = report(tenant, "revenue?group_by=weekday&tz=UTC").await;
            assert_eq!(columns(&table, &["weekday", "units"]), texts(&[&["1", "5"], &["3", "6"]]));
        },
    );
}

#[test]
fn discounts_fall_into_bands() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("500", "4.00")).await;
        let till = tenant.till().await;
        for percent in ["0", "5", "5.1", "20", "49", "75"] {
            let mut body = sale(&till, &[("MUG", "10")]);
            body["discount"] = json!({ "percent": percent });
            if percent == "0" {
                body.as_object_mut().expect("a body").remove("discount");
            }
            tenant.post("/v1/pos/sales", &body).await.created();
        }
        let table = report(tenant, "revenue?group_by=discount_band&sort=discount").await;
        let expected = texts(&[
            &["none", "1", "0.00"],
            &["to_5_pct", "1", "5.00"],
            &["to_10_pct", "1", "5.10"],
            &["to_20_pct", "1", "20.00"],
            &["to_50_pct", "1", "49.00"],
            &["over_50_pct", "1", "75.00"],
        ]);
        assert_eq!(columns(&table, &["discount_band", "orders", "discount"]), expected);
        let table = report(tenant, "revenue?group_by=price_source").await;
        assert_eq!(columns(&table, &["price_source", "orders"]), texts(&[&["list_price", "6"]]));
    });
}

#[test]
fn returns_have_a_rate() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("500", "4.00")).await;
        let till = tenant.till().await;
        let sold = tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "8")])).await.created();
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        for name in ["revenue?group_by=none", "margin?group_by=none", "channel_summary"] {
            let table = report(tenant, name).await;
            assert_eq!(table["totals"][0]["return_rate_pct"], "12.5000", "{name}");
        }
        let table = report(tenant, "revenue?group_by=none&to=2001-01-01").await;
        assert_eq!(columns(&table, &["return_rate_pct"]), [["null"]]);
        let table = report(tenant, "product_performance").await;
        let shares = ["wholesale_net_revenue_share_pct", "retail_net_revenue_share_pct"];
        assert_eq!(columns(&table, &shares), texts(&[&["0.0000", "100.0000"]]));
    });
}

#[test]
fn an_order_or_a_fill_that_can_not_be_is_refused() {
    with_tenant(async |tenant| {
        for (path, parameter, status, code) in [
            ("revenue?sort=-cost", "sort", 422, "validation_failed"),
            ("revenue?sort=sku", "sort", 422, "validation_failed"),
            ("revenue?sort=net_revenue_before", "sort", 422, "validation_failed"),
            ("revenue?fill=nothing&from=2011-01-01&to=2011-02-01", "fill", 400, "invalid_parameter"),
            ("revenue?fill=zero", "fill", 422, "validation_failed"),
            (
                "revenue?fill=zero&from=2011-01-01&to=2011-02-01&group_by=day,channel",
                "fill",
                422,
                "validation_failed",
            ),
            (
                "revenue?fill=zero&from=2011-01-01&to=2011-02-01&group_by=product",
                "fill",
                422,
                "validation_failed",
            ),
            ("abc?fill=zero&from=2011-01-01&to=2011-02-01", "fill", 422, "validation_failed"),
            ("revenue?fill=zero&from=2011-01-01&to=2011-02-01&limit=30", "limit", 422, "validation_failed"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/{path}")).await;
            assert!(reply.text.contains(&format!("\"{parameter}\"")), "{path}: {}", reply.text);
            reply.refused(status, code);
        }
    });
}

#[test]
fn a_unit_of_time_that_is_cut_is_marked() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let partial = async |query: &str| {
            let table = report(tenant, &format!("revenue?{query}&fill=zero")).await;
            columns(&table, &["is_partial"]).concat().join(" ")
        };
        let weeks = "group_by=week&from=2011-02-08&to=2011-02-23";
        assert_eq!(
            partial(weeks).await,
            "true false true",
            "the week begins on the 7th and ends on the 27th"
        );
        assert_eq!(partial("group_by=month&from=2011-01-01&to=2011-04-01").await, "false false false");
        assert_eq!(partial("group_by=day&from=2011-02-08T06:00:00Z&to=2011-02-10").await, "true false");
        assert_eq!(
            partial("group_by=hour&from=2011-02-08T06:30:00Z&to=2011-02-08T08:00:00Z").await,
            "true false"
        );
        assert_eq!(partial("group_by=year&from=2999-01-01&to=3000-01-01").await, "true", "it is not over");
        let table = report(tenant, "revenue?group_by=day").await;
        let names = table["columns"].as_array().expect("columns").iter().map(|column| &column["name"]);
        assert!(!names.into_iter().any(|name| name == "is_partial"), "the column comes with fill");
    });
}

#[test]
fn services_are_left_out_and_shown_apart() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "10.00", ("50", "4.00")).await;
        tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.00" })).await;
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "2"), ("POSTAGE", "1")])).await.created();
        let table = report(tenant, "revenue?group_by=product_kind").await;
        let expected = texts(&[&["stocked", "1", "20.00"], &["service", "1", "3.00"]]);
        assert_eq!(columns(&table, &["product_kind", "orders", "net_revenue"]), expected);
        assert_eq!(table["totals"][0]["orders"], 1, "both lines are of one sale");
        let figures = ["orders", "lines", "net_revenue"];
        let table = report(tenant, "revenue?group_by=none&product_kind=stocked").await;
        assert_eq!(columns(&table, &figures), texts(&[&["1", "1", "20.00"]]));
        let table = report(tenant, "product_performance?product_kind=service").await;
        assert_eq!(columns(&table, &["sku", "net_revenue"]), texts(&[&["POSTAGE", "3.00"]]));
        let table = report(tenant, "margin?group_by=none&product_kind=stocked,service").await;
        assert_eq!(columns(&table, &figures), texts(&[&["1", "2", "23.00"]]));
        let query = "{ revenueReport(groupBy: [NONE], filter: { productKind: [\"service\"] }) { rows { netRevenue } } }";
        let reply = tenant.call(Method::POST, "/graphql").json(&json!({ "query": query })).send().await.ok();
        assert_eq!(reply["data"]["revenueReport"]["rows"][0]["netRevenue"], "3.00");
        tenant.get("/v1/reports/revenue?product_kind=bundle").await.refused(400, "invalid_parameter");
        tenant.get("/v1/reports/low_stock?product_kind=stocked").await.refused(422, "validation_failed");
    });
}

#[test]
fn the_days_of_trade_are_those_within_the_filter() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        for (query, first, last) in [
            ("", json!("2011-02-07"), json!("2011-02-14")),
            ("&product=B", json!("2011-02-09"), json!("2011-02-09")),
            ("&from=2011-02-08&to=2011-02-28&tz=Europe/Berlin", json!("2011-02-09"), json!("2011-02-15")),
            ("&channel=wholesale", json!(null), json!(null)),
        ] {
            let table = report(tenant, &format!("revenue?group_by=none&trade=true{query}")).await;
            assert_eq!(table["meta"]["trade"], json!({ "first_on": first, "last_on": last }), "{query}");
        }
        assert_eq!(report(tenant, "revenue").await["meta"]["trade"], json!(null));
        let query = json!({ "query": "{ abc { meta { trade { firstOn lastOn } } } }" });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        let expected = json!({ "firstOn": "2011-02-07", "lastOn": "2011-02-14" });
        assert_eq!(reply["data"]["abc"]["meta"]["trade"], expected);
    });
}

/// The clocks of Lord Howe Island go back by half an hour, at 15:00Z.
#[test]
fn filled_hours_follow_clocks_that_change_by_half_an_hour() {
    with_tenant(async |tenant| {
        super::compared::open(tenant, "MUG", "10.00", ("500", "4.00")).await;
        let till = tenant.till().await;
        for at in ["2011-04-02T15:10:00Z", "2011-04-02T16:10:00Z"] {
            let mut body = sale(&till, &[("MUG", "1")]);
            body["occurred_at"] = json!(at);
            tenant.post("/v1/pos/sales", &body).await.created();
        }
        let period = "from=2011-04-02T14:00:00Z&to=2011-04-02T17:30:00Z";
        let path = format!("revenue?group_by=hour&tz=Australia/Lord_Howe&fill=zero&{period}");
        let table = report(tenant, &path).await;
        assert_eq!(columns(&table, &["orders"]).concat(), ["0", "1", "1", "0"], "{table}");
    });
}
