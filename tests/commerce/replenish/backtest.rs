//! The back-test over the API.

use chrono::Days;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{with_tenant, with_tenants};

use super::{Calendar, SETTINGS, ship, stock};
use crate::platform::auth::key;

const BACKTEST: &str = "/v1/replenishment/backtest";

#[test]
fn steady_demand_is_served_and_the_real_stock_is_that_of_the_movements() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = tenant.product("MUG", "5.00").await.id;
        tenant.put(SETTINGS, &json!({ "product_id": mug, "lead_time_days": 14 })).await.ok();
        stock(tenant, &tenant.main, calendar.at(20, 0, 6), ("MUG", "2000", "2")).await;
        let customer = tenant.customer("Hotel").await;
        for week in (1..=20).rev() {
            ship(tenant, &customer, calendar.at(week, 0, 12), &[("MUG", "70")]).await;
        }
        let body = json!({ "product_ids": [mug], "days": 28 });
        let tested = tenant.post(BACKTEST, &body).await.ok();
        assert_eq!(
            (&tested["from"], &tested["to"], &tested["days"], &tested["product_locations"]),
            (
                &json!((calendar.today - Days::new(28)).to_string()),
                &json!((calendar.today - Days::new(1)).to_string()),
                &json!(28),
                &json!(1)
            )
        );
        // Lead time and review period come before the days that count.
        assert_eq!(tested["simulated_from"], (calendar.today - Days::new(49)).to_string());

        // The stock at the end of each day, at a cost of 2: 2,000 less 70 for each Monday up to it.
        let begin = calendar.monday - Days::new(140);
        let value: i64 = (1..=28)
            .map(|back| {
                let day = calendar.today - Days::new(back);
                let mondays = ((day - begin).num_days() / 7 + 1).min(20);
                2 * (2_000 - 70 * mondays)
            })
            .sum();
        let average = Decimal::from(value) / Decimal::from(28);
        let really = &tested["really"];
        let shown: Decimal = really["average_stock"].as_str().expect("an amount").parse().expect("an amount");
        assert_eq!(
            shown,
            average.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        );
        assert_eq!((&really["order_lines"], &really["days_served"]), (&json!(0), &Value::Null));
        assert_eq!(
            (&tested["rule"]["fill_rate"], &tested["rule"]["days_served"]),
            (&json!("1"), &json!("1"))
        );
        // All of it was ordered by a customer, and no till was asked for anything.
        assert_eq!(
            (&tested["rule"]["wholesale_fill_rate"], &tested["rule"]["retail_fill_rate"]),
            (&json!("1"), &Value::Null)
        );
        assert_eq!(really["wholesale_fill_rate"], Value::Null);
        assert_eq!(
            (&tested["rule"]["backordered"], &tested["rule"]["days_empty"]),
            (&json!("0"), &json!("0"))
        );
        assert_eq!(tested["services"].as_array().map(Vec::len), Some(5));
        assert_eq!(tested["services"][2]["rule"], tested["rule"]);
        assert_eq!((&tested["classes"][0]["class"], &tested["better"]), (&json!("smooth"), &json!(0)));
        let reasons: Vec<&str> = tested["distrust"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["reason"].as_str())
            .collect();
        for reason in ["few_days", "few_demand_days", "opening_stock", "few_receipts", "one_customer"] {
            assert!(reasons.contains(&reason), "{reason}: {reasons:?}");
        }
        assert_eq!(tenant.post(BACKTEST, &body).await.ok(), tested, "there is no chance in it");

        // Costs follow from its figures.
        let clerk = tenant.with_key(&key(tenant, &["stock:read"]).await);
        clerk.post(BACKTEST, &body).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn limits_and_unknown_records_are_named() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "5.00").await.id;
        for (body, status, code, pointers) in [
            (json!({ "product_ids": [] }), 422, "validation_failed", vec!["#/product_ids"]),
            (json!({ "product_ids": [mug], "days": 27 }), 422, "validation_failed", vec!["#/days"]),
            (json!({ "product_ids": [mug], "days": 181 }), 422, "validation_failed", vec!["#/days"]),
            (
                json!({ "product_ids": vec![mug.as_str(); 201] }),
                422,
                "validation_failed",
                vec!["#/product_ids"],
            ),
            (
                json!({ "product_ids": ["prd_01h455vb4pex5vsknk084sn02q"] }),
                404,
                "not_found",
                vec!["#/product_ids/0"],
            ),
        ] {
            tenant.post(BACKTEST, &body).await.refused(status, code).names(&pointers);
        }
        // A product without a past has no figures.
        let tested = tenant.post(BACKTEST, &json!({ "product_ids": [mug] })).await.ok();
        assert_eq!((&tested["product_locations"], &tested["rule"]["fill_rate"]), (&json!(0), &Value::Null));
        let clerk = tenant.with_key(&key(tenant, &["catalog:read"]).await);
        clerk.post(BACKTEST, &json!({ "product_ids": [mug] })).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn products_of_another_tenant_are_unknown() {
    with_tenants(async |owner, stranger| {
        let mug = owner.stocked("MUG", "5.00", ("10", "2")).await.id;
        let body = json!({ "product_ids": [mug] });
        stranger.post(BACKTEST, &body).await.refused(404, "not_found").names(&["#/product_ids/0"]);
    });
}
