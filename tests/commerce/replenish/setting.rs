//! Settings of replenishment.

use serde_json::{Value, json};
use tests::{with_tenant, with_tenants};

use super::{Calendar, SETTINGS, explained, steady};
use crate::platform::auth::key;

#[test]
fn the_narrowest_settings_count() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        tenant.put(SETTINGS, &json!({ "service": "0.80", "review_days": 7 })).await.ok();
        tenant.put(SETTINGS, &json!({ "location_id": tenant.main, "service": "0.90" })).await.ok();
        let own = json!({ "product_id": mug, "location_id": tenant.main, "minimum": "500" });
        let stated = tenant.put(SETTINGS, &own).await.ok();
        assert_eq!(
            (&stated["object"], &stated["minimum"]),
            (&json!("replenishment_settings"), &json!("500"))
        );
        let row = explained(tenant, &mug).await;
        assert_eq!(row["target"]["service"], "0.90");
        let origins = json!({ "lead_time_days": "product", "minimum": "product_at_location", "review_days": "tenant", "service": "location" });
        assert_eq!(row["settings"], origins);
        assert_eq!(
            (&row["actions"][0]["quantity"], &row["actions"][0]["packs"]),
            (&json!("500"), &Value::Null)
        );

        let page = tenant.get(SETTINGS).await.ok();
        let named: Vec<(bool, bool)> = page["data"]
            .as_array()
            .expect("settings")
            .iter()
            .map(|one| (one["product_id"].is_string(), one["location_id"].is_string()))
            .collect();
        assert_eq!(named, [(false, false), (false, true), (true, false), (true, true)]);
        let of_mug = tenant.get(&format!("{SETTINGS}?product_id={mug}&limit=1")).await.ok();
        assert_eq!(
            (&of_mug["data"][0]["lead_time_days"], &of_mug["page"]["has_more"]),
            (&json!(14), &json!(true))
        );

        // Settings that state nothing are removed.
        let none = json!({ "product_id": mug, "location_id": tenant.main });
        assert_eq!(tenant.put(SETTINGS, &none).await.ok()["updated_at"], Value::Null);
        assert_eq!(tenant.get(SETTINGS).await.ok()["data"].as_array().map(Vec::len), Some(3));
    });
}

#[test]
fn a_buyer_sets_minimum_and_maximum() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let set = json!({ "product_id": mug, "lead_time_days": 14, "method": "min_max", "min": "151", "max": "200" });
        tenant.put(SETTINGS, &set).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["min_max"], &row["need"]), (&json!({ "min": "151", "max": "200" }), &json!("50")));
        assert_eq!(row["target"]["point"], "359");
        tenant.put(SETTINGS, &json!({ "product_id": mug, "method": "never" })).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["unsuggested"], &row["actions"]), (&json!("never"), &json!([])));
    });
}

#[test]
fn wrong_settings_name_their_fields() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "5.00").await.id;
        let freight = tenant.product_with("FREIGHT", json!({ "kind": "service" })).await.id;
        for (body, status, code, pointers) in [
            (
                json!({ "review_days": 0, "cover_days": 366 }),
                422,
                "validation_failed",
                vec!["#/cover_days", "#/review_days"],
            ),
            (json!({ "lead_time_days": -1 }), 422, "validation_failed", vec!["#/lead_time_days"]),
            (
                json!({ "pack": "0", "order_cost": "-1" }),
                422,
                "validation_failed",
                vec!["#/order_cost", "#/pack"],
            ),
            (json!({ "method": "min_max", "min": "5" }), 422, "validation_failed", vec!["#/max"]),
            (json!({ "method": "min_max", "min": "5", "max": "4" }), 422, "validation_failed", vec!["#/max"]),
            (json!({ "min": "5" }), 422, "validation_failed", vec!["#/min"]),
            (json!({ "product_id": mug, "pack": "1.5" }), 422, "validation_failed", vec!["#/pack"]),
            (json!({ "product_id": freight }), 422, "validation_failed", vec!["#/product_id"]),
            (
                json!({ "product_id": "prd_01h455vb4pex5vsknk084sn02q", "review_days": 7 }),
                404,
                "not_found",
                vec!["#/product_id"],
            ),
            (
                json!({ "source_location_id": tenant.main }),
                422,
                "validation_failed",
                vec!["#/source_location_id"],
            ),
            (
                json!({ "location_id": tenant.main, "source_location_id": tenant.main }),
                422,
                "validation_failed",
                vec!["#/source_location_id"],
            ),
        ] {
            tenant.put(SETTINGS, &body).await.refused(status, code).names(&pointers);
        }
        tenant.put(SETTINGS, &json!({ "service": "0.96" })).await.refused(422, "validation_failed");
        let feeds = |to: &str, from: &str| json!({ "location_id": to, "source_location_id": from });
        tenant.put(SETTINGS, &feeds(&tenant.shop, &tenant.main)).await.ok();
        tenant
            .put(SETTINGS, &feeds(&tenant.main, &tenant.shop))
            .await
            .refused(422, "validation_failed")
            .names(&["#/source_location_id"]);
        assert_eq!(tenant.get(SETTINGS).await.ok()["data"].as_array().map(Vec::len), Some(1));
        let reader = tenant.with_key(&key(tenant, &["stock:read"]).await);
        reader.put(SETTINGS, &json!({ "review_days": 7 })).await.refused(403, "insufficient_scope");
        assert_eq!(reader.get(SETTINGS).await.ok()["data"][0]["source_location_id"], json!(tenant.main));
    });
}

#[test]
fn a_location_is_fed_by_another() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let fed = json!({ "product_id": mug, "location_id": tenant.main, "source_location_id": tenant.shop });
        tenant.put(SETTINGS, &fed).await.ok();
        super::stock(tenant, &tenant.shop, calendar.at(8, 0, 6), ("MUG", "40", "2")).await;
        let row = explained(tenant, &mug).await;
        let actions = row["actions"].as_array().expect("actions");
        // The shop feeds the warehouse with all that it has, and buys for both.
        assert_eq!((&actions[0]["action"], &actions[0]["quantity"]), (&json!("transfer"), &json!("40")));
        assert_eq!(actions.len(), 1);
        let found = tenant.get(&format!("/v1/replenishment/suggestions/{mug}")).await.ok();
        let shop = &found["suggestions"][1];
        assert_eq!((&shop["demand"]["rate_week"], &shop["position"]["total"]), (&json!("70"), &json!("190")));
        assert_eq!(shop["actions"][0]["action"], "buy");
    });
}

#[test]
fn settings_are_of_one_tenant() {
    with_tenants(async |owner, stranger| {
        let mug = owner.product("MUG", "5.00").await.id;
        owner.put(SETTINGS, &json!({ "product_id": mug, "review_days": 14 })).await.ok();
        assert_eq!(stranger.get(SETTINGS).await.ok()["data"], json!([]));
        for (field, id) in [("product_id", mug.as_str()), ("location_id", owner.main.as_str())] {
            stranger
                .put(SETTINGS, &json!({ field: id, "review_days": 14 }))
                .await
                .refused(404, "not_found")
                .names(&[&format!("#/{field}")]);
        }
    });
}

#[test]
fn a_promotion_raises_the_demand_of_the_horizon() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let promotion = json!({ "from": calendar.ahead(0), "to": calendar.ahead(20), "percent": "150" });
        let settings = json!({ "product_id": mug, "lead_time_days": 14, "planned": [promotion] });
        let stated = tenant.put(SETTINGS, &settings).await.ok();
        assert_eq!(stated["planned"][0], promotion);
        assert_eq!(tenant.get(SETTINGS).await.ok()["data"][0]["planned"], json!([promotion]));
        let row = explained(tenant, &mug).await;
        assert_eq!(
            (&row["target"]["planned_factor"], &row["target"]["expected"], &row["settings"]["planned"]),
            (&json!("1.5"), &json!("315"), &json!("product"))
        );
        // A promotion of the past takes off what it added: the newest week is half of what was ordered.
        let past = json!({ "from": calendar.at(1, 0, 0).date_naive(), "to": calendar.at(1, 6, 0).date_naive(), "percent": "200" });
        let settings = json!({ "product_id": mug, "lead_time_days": 14, "planned": [past] });
        tenant.put(SETTINGS, &settings).await.ok();
        let row = explained(tenant, &mug).await;
        let last = row["demand"]["weeks"].as_array().and_then(|weeks| weeks.last()).expect("weeks").clone();
        assert_eq!((&last["factor"], &last["demand"]), (&json!("2"), &json!("35")));

        let wrong = json!({ "planned": [
            { "from": calendar.ahead(2), "to": calendar.ahead(1), "percent": "150" },
            { "from": calendar.ahead(1), "to": calendar.ahead(2), "percent": "0" },
        ] });
        tenant
            .put(SETTINGS, &wrong)
            .await
            .refused(422, "validation_failed")
            .names(&["#/planned/0/to", "#/planned/1/percent"]);
        for day in ["0001-01-01", "2026-2-3"] {
            let slip = json!({ "planned": [{ "from": day, "to": calendar.ahead(1), "percent": "150" }] });
            let refused = tenant.put(SETTINGS, &slip).await.refused(422, "validation_failed");
            refused.names(&["#/planned/0/from"]);
        }
        let many = vec![promotion; 51];
        tenant
            .put(SETTINGS, &json!({ "planned": many }))
            .await
            .refused(422, "validation_failed")
            .names(&["#/planned"]);
    });
}
