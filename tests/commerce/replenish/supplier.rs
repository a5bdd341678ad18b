//! Settings of replenishment for suppliers.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, explained, steady};
use crate::platform::auth::key;

const SUPPLIER_SETTINGS: &str = "/v1/replenishment/supplier-settings";

async fn supplier(tenant: &Tenant, code: &str) -> String {
    tenant.make("/v1/suppliers", json!({ "code": code, "name": code })).await
}

#[test]
fn settings_of_the_preferred_supplier_count_between_product_and_tenant() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let pottery = supplier(tenant, "POTTERY").await;
        let terms = json!({ "preferred": true, "prices": [{ "unit_cost": "2" }] });
        tenant.put(&format!("/v1/suppliers/{pottery}/products/{mug}"), &terms).await.ok();
        tenant.put(SETTINGS, &json!({ "service": "0.80" })).await.ok();
        let stated = json!({ "supplier_id": pottery, "service": "0.98", "review_days": 14 });
        let stated = tenant.put(SUPPLIER_SETTINGS, &stated).await.ok();
        assert_eq!(
            (&stated["object"], &stated["supplier_id"], &stated["review_days"]),
            (&json!("replenishment_supplier_settings"), &json!(pottery), &json!(14))
        );
        // 280 in 28 days, as with a review every 14 days that a category states.
        let row = explained(tenant, &mug).await;
        let target = &row["target"];
        assert_eq!(
            (&target["service"], &target["horizon_days"], &target["expected"]),
            (&json!("0.98"), &json!("28"), &json!("280"))
        );
        assert_eq!((&target["factor"], &target["point"]), (&json!("2.381482"), &json!("498")));
        let origins =
            json!({ "lead_time_days": "product", "review_days": "supplier", "service": "supplier" });
        assert_eq!(row["settings"], origins);

        let own = json!({ "product_id": mug, "lead_time_days": 14, "review_days": 7 });
        tenant.put(SETTINGS, &own).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!(row["settings"]["review_days"], "product");
        assert_eq!(row["target"]["horizon_days"], "21");

        // Without them, and without the mark of the supplier, the tenant counts.
        let none = tenant.put(SUPPLIER_SETTINGS, &json!({ "supplier_id": pottery })).await.ok();
        assert_eq!(none["updated_at"], Value::Null);
        assert_eq!(explained(tenant, &mug).await["target"]["service"], "0.80");
        let again = json!({ "supplier_id": pottery, "service": "0.98" });
        tenant.put(SUPPLIER_SETTINGS, &again).await.ok();
        assert_eq!(explained(tenant, &mug).await["target"]["service"], "0.98");
        let terms = json!({ "preferred": false, "prices": [{ "unit_cost": "2" }] });
        tenant.put(&format!("/v1/suppliers/{pottery}/products/{mug}"), &terms).await.ok();
        assert_eq!(explained(tenant, &mug).await["target"]["service"], "0.80");
    });
}

#[test]
fn settings_of_suppliers_are_listed_by_supplier() {
    with_tenant(async |tenant| {
        let (pottery, mill) = (supplier(tenant, "POTTERY").await, supplier(tenant, "MILL").await);
        for (id, weekday) in [(&pottery, "monday"), (&mill, "thursday")] {
            let body = json!({ "supplier_id": id, "review_weekday": weekday, "order_cost": "12.50" });
            tenant.put(SUPPLIER_SETTINGS, &body).await.ok();
        }
        let of_one = tenant.get(&format!("{SUPPLIER_SETTINGS}?supplier_id={mill}")).await.ok();
        assert_eq!(of_one["data"].as_array().map(Vec::len), Some(1), "{of_one}");
        let row = &of_one["data"][0];
        assert_eq!((&row["review_weekday"], &row["order_cost"]), (&json!("thursday"), &json!("12.50")));
        let first = tenant.get(&format!("{SUPPLIER_SETTINGS}?limit=1")).await.ok();
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        let second = tenant.get(&format!("{SUPPLIER_SETTINGS}?limit=1&cursor={cursor}")).await.ok();
        let mut weekdays = [&first, &second].map(|page| page["data"][0]["review_weekday"].to_string());
        weekdays.sort();
        assert_eq!(weekdays, ["\"monday\"", "\"thursday\""]);
        assert_eq!(second["page"]["has_more"], false);
    });
}

#[test]
fn wrong_settings_of_suppliers_name_their_fields() {
    with_tenants(async |owner, stranger| {
        let pottery = supplier(owner, "POTTERY").await;
        for (body, status, code, pointers) in [
            (
                json!({ "supplier_id": pottery, "review_days": 91 }),
                422,
                "validation_failed",
                vec!["#/review_days"],
            ),
            (
                json!({ "supplier_id": pottery, "order_cost": "-1" }),
                422,
                "validation_failed",
                vec!["#/order_cost"],
            ),
            (
                json!({ "supplier_id": "sup_01h455vb4pex5vsknk084sn02q", "review_days": 7 }),
                404,
                "not_found",
                vec!["#/supplier_id"],
            ),
        ] {
            owner.put(SUPPLIER_SETTINGS, &body).await.refused(status, code).names(&pointers);
        }
        let body = json!({ "supplier_id": pottery, "review_days": 14 });
        owner.put(SUPPLIER_SETTINGS, &body).await.ok();
        stranger.put(SUPPLIER_SETTINGS, &body).await.refused(404, "not_found").names(&["#/supplier_id"]);
        assert_eq!(stranger.get(SUPPLIER_SETTINGS).await.ok()["data"], json!([]));
        let reader = owner.with_key(&key(owner, &["stock:read"]).await);
        reader.put(SUPPLIER_SETTINGS, &body).await.refused(403, "insufficient_scope");
        assert_eq!(reader.get(SUPPLIER_SETTINGS).await.ok()["data"][0]["review_days"], 14);
    });
}
