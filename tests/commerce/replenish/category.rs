//! Settings of replenishment for categories.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, explained, steady};
use crate::platform::auth::key;

const CATEGORY_SETTINGS: &str = "/v1/replenishment/category-settings";

/// Makes a kitchen with cups below it. Returns both ids.
async fn kitchen_and_cups(tenant: &Tenant) -> (String, String) {
    let kitchen = tenant.make("/v1/categories", json!({ "code": "kitchen", "name": "Kitchen" })).await;
    let below = json!({ "code": "cups", "name": "Cups", "parent_id": kitchen });
    let cups = tenant.make("/v1/categories", below).await;
    (kitchen, cups)
}

#[test]
fn the_nearest_category_counts_between_product_and_location() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let (kitchen, cups) = kitchen_and_cups(tenant).await;
        tenant.patch(&format!("/v1/products/{mug}"), &json!({ "category_id": cups })).await.ok();
        tenant.put(SETTINGS, &json!({ "location_id": tenant.main, "service": "0.90" })).await.ok();
        let of_kitchen = json!({ "category_id": kitchen, "service": "0.98", "review_days": 14,
            "method": "min_max", "min": "1", "max": "2" });
        let stated = tenant.put(CATEGORY_SETTINGS, &of_kitchen).await.ok();
        assert_eq!(
            (&stated["object"], &stated["category_id"], &stated["max"]),
            (&json!("replenishment_category_settings"), &json!(kitchen), &json!("2"))
        );
        let of_cups = json!({ "category_id": cups, "method": "min_max", "min": "151", "max": "200" });
        tenant.put(CATEGORY_SETTINGS, &of_cups).await.ok();

        // 280 in 28 days; the variance is 1781.818182 × 4 + 100 × 12.25, its root 91.390769, and 2.381482 of them are kept.
        let row = explained(tenant, &mug).await;
        let target = &row["target"];
        assert_eq!(
            (&target["service"], &target["horizon_days"], &target["expected"]),
            (&json!("0.98"), &json!("28"), &json!("280"))
        );
        assert_eq!(
            (&target["sd"], &target["factor"], &target["point"]),
            (&json!("91.390769"), &json!("2.381482"), &json!("498"))
        );
        assert_eq!((&row["min_max"], &row["need"]), (&json!({ "min": "151", "max": "200" }), &json!("50")));
        let origins = json!({ "lead_time_days": "product", "method": "category", "review_days": "category", "service": "category" });
        assert_eq!(row["settings"], origins);
        let categories = json!({ "method": cups, "review_days": kitchen, "service": kitchen });
        assert_eq!(row["setting_categories"], categories);

        // Those of the product come first. Without those of the kitchen the location counts.
        let own = json!({ "product_id": mug, "lead_time_days": 14, "review_days": 7 });
        tenant.put(SETTINGS, &own).await.ok();
        let none = tenant.put(CATEGORY_SETTINGS, &json!({ "category_id": kitchen })).await.ok();
        assert_eq!(none["updated_at"], Value::Null);
        let row = explained(tenant, &mug).await;
        let origins = json!({ "lead_time_days": "product", "method": "category", "review_days": "product", "service": "location" });
        assert_eq!((&row["target"]["service"], &row["settings"]), (&json!("0.90"), &origins));
        assert_eq!(row["setting_categories"], json!({ "method": cups }));
    });
}

#[test]
fn a_product_of_another_category_has_none_of_them() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let (kitchen, cups) = kitchen_and_cups(tenant).await;
        tenant.put(CATEGORY_SETTINGS, &json!({ "category_id": cups, "service": "0.80" })).await.ok();
        let plain =
            |row: &Value| (row["settings"].clone(), row["setting_categories"].clone(), row["need"].clone());
        let expected = (json!({ "lead_time_days": "product" }), json!({}), json!("480"));
        assert_eq!(plain(&explained(tenant, &mug).await), expected);
        // Settings do not hold for the category above.
        tenant.patch(&format!("/v1/products/{mug}"), &json!({ "category_id": kitchen })).await.ok();
        assert_eq!(plain(&explained(tenant, &mug).await), expected);

        let page = tenant.get(&format!("{CATEGORY_SETTINGS}?category_id={kitchen}")).await.ok();
        assert_eq!(page["data"], json!([]));
        tenant.put(CATEGORY_SETTINGS, &json!({ "category_id": kitchen, "service": "0.90" })).await.ok();
        let first = tenant.get(&format!("{CATEGORY_SETTINGS}?limit=1")).await.ok();
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        let second = tenant.get(&format!("{CATEGORY_SETTINGS}?limit=1&cursor={cursor}")).await.ok();
        let mut services = [&first, &second].map(|page| page["data"][0]["service"].to_string());
        services.sort();
        assert_eq!(services, ["\"0.80\"", "\"0.90\""]);
        assert_eq!(second["page"]["has_more"], false);
    });
}

#[test]
fn wrong_settings_of_categories_name_their_fields() {
    with_tenants(async |owner, stranger| {
        let (kitchen, _) = kitchen_and_cups(owner).await;
        for (body, status, code, pointers) in [
            (
                json!({ "category_id": kitchen, "review_days": 91 }),
                422,
                "validation_failed",
                vec!["#/review_days"],
            ),
            (
                json!({ "category_id": kitchen, "method": "min_max", "min": "5" }),
                422,
                "validation_failed",
                vec!["#/max"],
            ),
            (json!({ "category_id": kitchen, "min": "5" }), 422, "validation_failed", vec!["#/min"]),
            (
                json!({ "category_id": "cat_01h455vb4pex5vsknk084sn02q", "review_days": 7 }),
                404,
                "not_found",
                vec!["#/category_id"],
            ),
        ] {
            owner.put(CATEGORY_SETTINGS, &body).await.refused(status, code).names(&pointers);
        }
        let body = json!({ "category_id": kitchen, "review_days": 14 });
        owner.put(CATEGORY_SETTINGS, &body).await.ok();
        stranger.put(CATEGORY_SETTINGS, &body).await.refused(404, "not_found").names(&["#/category_id"]);
        assert_eq!(stranger.get(CATEGORY_SETTINGS).await.ok()["data"], json!([]));
        let reader = owner.with_key(&key(owner, &["stock:read"]).await);
        reader.put(CATEGORY_SETTINGS, &body).await.refused(403, "insufficient_scope");
        assert_eq!(reader.get(CATEGORY_SETTINGS).await.ok()["data"][0]["review_days"], 14);
    });
}
