//! Reports on stock as of a past day: its age, its turnover, and how slowly it sold.

use serde_json::{Value, json};
use tests::{Tenant, lines, sale, with_tenant};

use super::compared::open;
use super::stock::{columns, report};
use super::{by_csv, by_graphql, by_json, sorted};

pub(super) async fn receive(tenant: &Tenant, day: &str, (sku, quantity, cost): (&str, &str, &str)) {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": cost });
    let body = json!({ "kind": "receipt", "occurred_at": format!("{day}T12:00:00Z"), "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

pub(super) async fn sell(tenant: &Tenant, day: &str, sold: (&str, &str)) {
    let mut body = sale(&tenant.till().await, &[sold]);
    body["occurred_at"] = json!(format!("{day}T12:00:00Z"));
    tenant.post("/v1/pos/sales", &body).await.created();
}

pub(super) async fn shown(tenant: &Tenant, path: &str, names: &[&str]) -> Vec<String> {
    columns(&report(tenant, path).await, names).iter().map(|row| row.join(" ")).collect()
}

/// Checks that the report has the units and the value of the valuation of the same day.
async fn is_the_valuation(tenant: &Tenant, name: &str, as_of: &str) {
    let figures =
        |table: &Value| (table["totals"][0]["on_hand"].clone(), table["totals"][0]["value"].clone());
    let valued = report(tenant, &format!("stock_valuation?as_of={as_of}")).await;
    let table = report(tenant, &format!("{name}as_of={as_of}")).await;
    assert_eq!(figures(&table), figures(&valued), "{name} {as_of}");
    assert_eq!(table["meta"]["as_of"], as_of);
}

#[test]
fn stock_was_as_old_as_it_was_then() {
    with_tenant(async |tenant| {
        for (sku, method) in [("AVERAGE", "moving_average"), ("LAYERS", "fifo")] {
            tenant.product_with(sku, json!({ "list_price": "9.00", "costing_method": method })).await;
            receive(tenant, "2011-01-01", (sku, "10", "1.00")).await;
            sell(tenant, "2011-02-01", (sku, "5")).await;
            receive(tenant, "2011-03-01", (sku, "10", "4.00")).await;
            sell(tenant, "2011-04-01", (sku, "10")).await;
        }
        let names = [
            "sku",
            "oldest_on",
            "on_hand",
            "value",
            "units_to_30_days",
            "units_to_60_days",
            "units_to_90_days",
        ];
        let then = async |as_of: &str| {
            shown(tenant, &format!("stock_ageing?as_of={as_of}&sort=on_hand"), &names).await
        };
        // 10 of 10 days, and 5 of 69 days.
        let expected = ["AVERAGE 2011-01-01 15 45.00 10 0 5", "LAYERS 2011-01-01 15 45.00 10 0 5"];
        assert_eq!(then("2011-03-11").await, expected);
        // The sale took the oldest: 5 of 60 days are left. With layers it took the cheapest, too.
        let mut left = then("2011-04-30").await;
        left.sort();
        assert_eq!(left, ["AVERAGE 2011-03-01 5 15.00 0 5 0", "LAYERS 2011-03-01 5 20.00 0 5 0"]);
        let instant = "2011-02-01T11:59:59Z";
        let before = shown(tenant, &format!("stock_ageing?as_of={instant}&product=AVERAGE"), &names).await;
        assert_eq!(before, ["AVERAGE 2011-01-01 10 10.00 0 10 0"], "the sale at noon is not counted");
        assert_eq!(then("2010-12-31").await, [""; 0]);
        for as_of in ["2010-12-31", "2011-01-31", "2011-03-11", "2011-04-30"] {
            is_the_valuation(tenant, "stock_ageing?", as_of).await;
        }
        let values = ["value_to_30_days", "value_to_90_days"];
        let of_average = shown(tenant, "stock_ageing?as_of=2011-03-11&product=AVERAGE", &values).await;
        assert_eq!(of_average, ["30.00 15.00"]);
        let now = shown(tenant, "stock_ageing?product=AVERAGE", &["on_hand", "units_over_365_days"]).await;
        assert_eq!(now, ["5 5"]);
        let of_layers = async || shown(tenant, "stock_ageing?as_of=2011-03-11&product=LAYERS", &values).await;
        assert_eq!(of_layers().await, ["40.00 5.00"], "each unit has the cost of its layer");
        // Layers that were revalued since no longer come to the value of then, which is divided by quantity.
        let line = json!({ "sku": "LAYERS", "unit_cost": "3.00" });
        let body = json!({ "reason": "write_down", "lines": [line] });
        tenant.post("/v1/stock/revaluations", &body).await.created();
        assert_eq!(of_layers().await, ["30.00 15.00"]);
        is_the_valuation(tenant, "stock_ageing?", "2011-03-11").await;
    });
}

#[test]
fn stock_that_was_moved_later_lay_where_it_was() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "9.00").await;
        receive(tenant, "2011-01-01", ("MUG", "10", "1.00")).await;
        let body = json!({ "from_location_id": tenant.main, "to_location_id": tenant.shop,
            "occurred_at": "2011-02-01T12:00:00Z", "lines": lines(&[("MUG", "4")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        let body =
            json!({ "occurred_at": "2011-02-03T12:00:00Z", "lines": [{ "line_no": 1, "quantity": "4" }] });
        tenant.post(&path, &body).await.ok();
        let names = ["location_code", "on_hand", "oldest_on"];
        for (as_of, expected) in [
            ("2011-01-31", vec!["MAIN 10 2011-01-01"]),
            ("2011-02-02", vec!["MAIN 6 2011-01-01", "TRANSIT 4 2011-01-01"]),
            ("2011-02-03", vec!["MAIN 6 2011-01-01", "SHOP 4 2011-01-01"]),
        ] {
            assert_eq!(
                shown(tenant, &format!("stock_ageing?as_of={as_of}"), &names).await,
                expected,
                "{as_of}"
            );
            is_the_valuation(tenant, "stock_ageing?", as_of).await;
        }
        // In the shop it is as slow as it was before: it came to the first location on 1 January.
        let names = ["location_code", "on_hand", "first_moved_on"];
        let slow = shown(tenant, "slow_stock?as_of=2011-02-03&days=20", &names).await;
        assert_eq!(slow, ["MAIN 6 2011-01-01", "SHOP 4 2011-01-01"]);
    });
}

#[test]
fn stock_turned_over_as_it_did_then() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "9.00", ("10", "4.00")).await;
        sell(tenant, "2011-02-01", ("MUG", "2")).await;
        sell(tenant, "2011-05-01", ("MUG", "6")).await;
        let names =
            ["sku", "on_hand", "value", "average_value", "units_sold", "cost", "turnover", "cover_days"];
        let then = async |query: &str| shown(tenant, &format!("stock_turnover?{query}"), &names).await;
        // 40.00 at first and 32.00 at the end. 8.00 in 73 days are 40.00 a year.
        assert_eq!(then("days=73&as_of=2011-03-31").await, ["MUG 8 32.00 36.00 2 8.00 1.1111 292"]);
        assert_eq!(then("days=57&as_of=2011-03-31").await, ["MUG 8 32.00 32.00 0 0.00 0 null"]);
        // What was sold later on that day does not count.
        let instant = "days=73&as_of=2011-05-01T11:59:59Z";
        assert_eq!(then(instant).await, ["MUG 8 32.00 32.00 0 0.00 0 null"]);
        assert_eq!(then("days=73&as_of=2009-12-31").await, [""; 0], "it has not come yet");
        assert_eq!(then("days=73").await, ["MUG 2 8.00 8.00 0 0.00 0 null"]);
        is_the_valuation(tenant, "stock_turnover?days=60&", "2011-03-31").await;
        let path = "/v1/reports/stock_turnover?days=73&as_of=2011-03-31";
        let (columns, rows) = by_json(tenant, path).await;
        let rows = sorted(rows);
        assert_eq!(sorted(by_csv(tenant, path).await), rows);
        let field = "stockTurnover(days: 73, asOf: \"2011-03-31\", limit: 100)";
        assert_eq!(sorted(by_graphql(tenant, field, &columns).await), rows);
    });
}

#[test]
fn stock_was_as_slow_as_it_was_then() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "9.00", ("10", "4.00")).await;
        sell(tenant, "2011-02-01", ("MUG", "2")).await;
        sell(tenant, "2011-05-01", ("MUG", "6")).await;
        let names = ["sku", "last_sold_on", "on_hand", "value", "units_sold", "cover_days"];
        let then = async |query: &str| shown(tenant, &format!("slow_stock?{query}"), &names).await;
        assert_eq!(then("days=60&as_of=2011-03-31").await, ["MUG 2011-02-01 8 32.00 2 240"]);
        assert_eq!(then("days=59&as_of=2011-03-31").await, ["MUG 2011-02-01 8 32.00 2 236"]);
        assert_eq!(then("days=57&as_of=2011-03-31").await, ["MUG 2011-02-01 8 32.00 0 null"]);
        assert_eq!(then("days=60&as_of=2011-05-31").await, [""; 0], "6 were sold and 2 are left");
        assert_eq!(then("days=60&as_of=2009-12-31").await, [""; 0], "it has not come yet");
        assert_eq!(then("days=60").await, ["MUG 2011-05-01 2 8.00 0 null"]);
        is_the_valuation(tenant, "slow_stock?days=60&", "2011-03-31").await;
        let path = "/v1/reports/slow_stock?days=60&as_of=2011-03-31";
        let (columns, rows) = by_json(tenant, path).await;
        let rows = sorted(rows);
        assert_eq!(sorted(by_csv(tenant, path).await), rows);
        let field = "slowStock(days: 60, asOf: \"2011-03-31\", limit: 100)";
        assert_eq!(sorted(by_graphql(tenant, field, &columns).await), rows);
        let path = "/v1/reports/stock_ageing?as_of=2011-03-31";
        let (columns, rows) = by_json(tenant, path).await;
        let field = "stockAgeing(asOf: \"2011-03-31\", limit: 100)";
        assert_eq!(sorted(by_graphql(tenant, field, &columns).await), sorted(rows));
        for (query, parameter) in [("known_at=soon", "known_at"), ("as_of=soon", "as_of")] {
            let reply = tenant.get(&format!("/v1/reports/slow_stock?{query}")).await;
            assert!(matches!(reply.status, 400 | 422), "{query}: {}", reply.text);
            assert_eq!(reply.json()["errors"][0]["parameter"], parameter, "{query}");
        }
    });
}
