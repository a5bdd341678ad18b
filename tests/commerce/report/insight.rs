//! Reports that say what to look at: best customers, weak margins, stock turnover.

use serde_json::json;
use service::rollup;
use tests::{environment, lines, sale, with_tenant};

use super::compared::open;
use super::stock::{columns, receive, report};

fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

#[test]
fn customers_are_scored_among_each_other() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "10.00", ("500", "4.00")).await;
        // Five customers: later, oftener and more, each a step better than the one before.
        for (number, name) in ["One", "Two", "Three", "Four", "Five"].iter().enumerate() {
            let customer = tenant.customer(name).await;
            for order in 0..=number {
                let at =
                    format!("2011-02-{:02}T12:00:00Z", 1 + 5 * number - usize::from(order > 0 && number > 0));
                let body = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&[("MUG", "2")]), "advance_to": "invoiced" });
                tenant.post("/v1/orders", &body).await.created();
            }
        }
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "100")])).await.created();
        tenant.customer("Never").await;
        let names = ["customer_name", "rfm", "orders", "net_revenue", "contribution"];
        let table = report(tenant, "best_customers?to=2011-03-01").await;
        let expected = texts(&[
            &["Five", "555", "5", "100.00", "60.00"],
            &["Four", "444", "4", "80.00", "48.00"],
            &["Three", "333", "3", "60.00", "36.00"],
            &["Two", "222", "2", "40.00", "24.00"],
            &["One", "111", "1", "20.00", "12.00"],
        ]);
        assert_eq!(
            columns(&table, &names),
            expected,
            "walk-in sales and customers without an order are left out"
        );
        assert_eq!(table["totals"][0]["net_revenue"], "300.00");
        // Up to the end of the period: 28 February.
        let days = columns(&table, &["last_order_on", "recency_days"]);
        assert_eq!(days[0], ["2011-02-21", "7"]);
        assert_eq!(days[4], ["2011-02-01", "27"]);
        let oftenest = report(tenant, "best_customers?sort=orders&limit=1").await;
        assert_eq!(columns(&oftenest, &["customer_name"]), texts(&[&["One"]]));
        // Equal customers have equal scores.
        let first = report(tenant, "best_customers?to=2011-02-01T13:00:00Z").await;
        assert_eq!(columns(&first, &["customer_name", "rfm"]), texts(&[&["One", "555"]]));
    });
}

#[test]
fn a_customer_who_only_returned_goods_has_no_score() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "10.00", ("500", "4.00")).await;
        let till = tenant.till().await;
        let buy = async |customer: Option<&str>, at: &str, quantity: &str| {
            let mut body = sale(&till, &[("MUG", quantity)]);
            body["customer_id"] = json!(customer);
            body["occurred_at"] = json!(at);
            tenant.post("/v1/pos/sales", &body).await.created()
        };
        let (early, late) = (tenant.customer("Early").await, tenant.customer("Late").await);
        let sold = buy(Some(early.as_str()), "2011-02-01T12:00:00Z", "3").await;
        buy(Some(late.as_str()), "2011-03-05T12:00:00Z", "2").await;
        buy(None, "2011-03-09T12:00:00Z", "1").await;
        let trade = json!({ "first_on": "2011-03-05", "last_on": "2011-03-05" });
        for name in ["best_customers", "customer_value"] {
            let path = format!("{name}?from=2011-03-01&to=2011-04-01&trade=true");
            let table = report(tenant, &path).await;
            assert_eq!(table["meta"]["trade"], trade, "{name}: walk-in sales are no trade of customers");
        }
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        let table = report(tenant, "best_customers?from=2011-03-01").await;
        let shown = columns(&table, &["customer_name", "rfm", "net_revenue"]);
        assert_eq!(shown, texts(&[&["Late", "555", "20.00"]]));
        assert_eq!(table["totals"][0]["net_revenue"], "10.00", "the totals hold the return");
    });
}

#[test]
fn a_low_margin_and_a_sale_below_cost_are_shown() {
    with_tenant(async |tenant| {
        open(tenant, "RICH", "10.00", ("100", "1.00")).await;
        open(tenant, "LEAN", "10.00", ("100", "9.50")).await;
        open(tenant, "LOSS", "10.00", ("100", "12.00")).await;
        let till = tenant.till().await;
        tenant
            .post("/v1/pos/sales", &sale(&till, &[("RICH", "3"), ("LEAN", "2"), ("LOSS", "4")]))
            .await
            .created();
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("RICH", "1"), ("LOSS", "1")], "invoiced").await.created();
        let names = [
            "sku",
            "channel",
            "units",
            "gross_margin",
            "gross_margin_pct",
            "below_cost_lines",
            "below_cost_units",
            "below_cost_loss",
        ];
        let table = report(tenant, "weak_margins").await;
        let expected = texts(&[
            &["LOSS", "retail", "4", "-8.00", "-20.0000", "1", "4", "8.00"],
            &["LOSS", "wholesale", "1", "-2.00", "-20.0000", "1", "1", "2.00"],
            &["LEAN", "retail", "2", "1.00", "5.0000", "0", "0", "0.00"],
        ]);
        assert_eq!(columns(&table, &names), expected);
        let total = columns(&json!({ "rows": table["totals"] }), &names[2..]);
        assert_eq!(total, texts(&[&["7", "-9.00", "-12.8571", "2", "5", "10.00"]]));
        let skus = async |query: &str| columns(&report(tenant, query).await, &["sku"]).concat().join(" ");
        assert_eq!(skus("weak_margins?below_pct=5").await, "LOSS LOSS", "5 percent is not below 5 percent");
        assert_eq!(skus("weak_margins?below_pct=5.01").await, "LOSS LOSS LEAN");
        assert_eq!(skus("weak_margins?below_pct=91&channel=wholesale").await, "LOSS RICH");
        assert_eq!(skus("weak_margins?product=LEAN").await, "LEAN");
        assert_eq!(skus("weak_margins?to=2001-01-01").await, "");
        assert_eq!(report(tenant, "weak_margins?to=2001-01-01").await["totals"][0]["net_revenue"], "0.00");
        for (query, parameter) in [("below_pct=x", "below_pct"), ("compare=previous_year", "compare")] {
            let reply = tenant.get(&format!("/v1/reports/weak_margins?{query}")).await;
            assert!(
                matches!(reply.status, 400 | 422) && reply.text.contains(parameter),
                "{query}: {}",
                reply.text
            );
        }
    });
}

#[test]
fn stock_turns_over_by_what_was_sold() {
    with_tenant(async |tenant| {
        tenant.product("FAST", "10.00").await;
        tenant.product("STILL", "10.00").await;
        receive(tenant, 200, &tenant.main, ("FAST", "100", "2.00")).await;
        receive(tenant, 200, &tenant.main, ("STILL", "10", "5.00")).await;
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("FAST", "40")])).await.created();
        let names =
            ["sku", "on_hand", "value", "average_value", "units_sold", "cost", "turnover", "cover_days"];
        let table = report(tenant, "stock_turnover?days=73").await;
        // 200.00 at first and 120.00 now: 160.00. 80.00 in 73 days are 400.00 a year.
        let expected = texts(&[
            &["FAST", "60", "120.00", "160.00", "40", "80.00", "2.5", "109.5"],
            &["STILL", "10", "50.00", "50.00", "0", "0.00", "0", "null"],
        ]);
        assert_eq!(columns(&table, &names), expected);
        let total = columns(&json!({ "rows": table["totals"] }), &names[2..]);
        assert_eq!(total, texts(&[&["170.00", "210.00", "40", "80.00", "1.9048", "null"]]));
        let sorted = report(tenant, "stock_turnover?sort=-cover_days&product=FAST").await;
        assert_eq!(columns(&sorted, &["sku"]), texts(&[&["FAST"]]));
    });
}

#[test]
fn best_customers_are_compared_with_what_they_bought_before() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "10.00", ("500", "4.00")).await;
        let customers =
            [tenant.customer("Old").await, tenant.customer("New").await, tenant.customer("Gone").await];
        let [old, new, gone] = &customers;
        for (customer, at, quantity) in [
            (old, "2011-01-10T12:00:00Z", "3"),
            (gone, "2011-01-20T12:00:00Z", "5"),
            (old, "2011-02-10T12:00:00Z", "1"),
            (new, "2011-02-20T12:00:00Z", "2"),
        ] {
            let body = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&[("MUG", quantity)]), "advance_to": "invoiced" });
            tenant.post("/v1/orders", &body).await.created();
        }
        let names = [
            "customer_name",
            "rfm",
            "orders",
            "orders_before",
            "net_revenue",
            "net_revenue_before",
            "net_revenue_difference_pct",
        ];
        for folded in [false, true] {
            if folded {
                rollup::run_all(&environment().db, tenant.id).await.expect("folded");
            }
            let path = "best_customers?from=2011-02-01&to=2011-03-01&compare=previous_period";
            let table = report(tenant, path).await;
            let expected = texts(&[
                &["New", "555", "1", "0", "20.00", "0.00", "null"],
                &["Old", "353", "1", "1", "10.00", "30.00", "-66.6667"],
            ]);
            assert_eq!(columns(&table, &names), expected, "folded: {folded}");
            let total = columns(&json!({ "rows": table["totals"] }), &["net_revenue", "net_revenue_before"]);
            assert_eq!(total, texts(&[&["30.00", "80.00"]]), "the totals hold all customers");
            let least = report(tenant, &format!("{path}&sort=net_revenue_difference&limit=1")).await;
            assert_eq!(columns(&least, &["customer_name"]), texts(&[&["Old"]]));
        }
    });
}

#[test]
fn weak_margins_are_compared_with_those_of_the_same_products() {
    with_tenant(async |tenant| {
        open(tenant, "RICH", "10.00", ("100", "1.00")).await;
        open(tenant, "LEAN", "10.00", ("100", "9.50")).await;
        open(tenant, "LOSS", "10.00", ("100", "12.00")).await;
        open(tenant, "DUMP", "10.00", ("100", "12.00")).await;
        let till = tenant.till().await;
        for (at, sold) in [
            ("2011-01-10T12:00:00Z", vec![("RICH", "3"), ("LEAN", "2"), ("LOSS", "1")]),
            ("2011-02-10T12:00:00Z", vec![("RICH", "1"), ("LEAN", "4"), ("DUMP", "1")]),
        ] {
            let mut body = sale(&till, &sold);
            body["occurred_at"] = json!(at);
            tenant.post("/v1/pos/sales", &body).await.created();
        }
        let names = [
            "sku",
            "units",
            "units_before",
            "gross_margin",
            "gross_margin_before",
            "gross_margin_pct_before",
            "below_cost_loss",
            "below_cost_loss_before",
            "below_cost_loss_difference_pct",
        ];
        let path = "weak_margins?from=2011-02-01&to=2011-03-01&compare=previous_period";
        let table = report(tenant, path).await;
        let expected = texts(&[
            &["DUMP", "1", "0", "-2.00", "0.00", "null", "2.00", "0.00", "null"],
            &["LEAN", "4", "2", "2.00", "1.00", "5.0000", "0.00", "0.00", "null"],
        ]);
        assert_eq!(columns(&table, &names), expected, "LOSS was weak in the earlier period only");
        let names =
            ["net_revenue", "net_revenue_before", "gross_margin_difference", "gross_margin_difference_pct"];
        let total = columns(&json!({ "rows": table["totals"] }), &names);
        assert_eq!(
            total,
            texts(&[&["50.00", "20.00", "-1.00", "-100.0000"]]),
            "the totals are those of the rows"
        );
        let sorted = report(tenant, &format!("{path}&sort=-units_before")).await;
        assert_eq!(columns(&sorted, &["sku"]), texts(&[&["LEAN"], &["DUMP"]]));
    });
}
