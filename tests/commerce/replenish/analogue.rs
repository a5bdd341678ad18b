//! Similar products, whose rates stand in for the missing weeks of new ones.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, SUGGESTIONS, explained, ship, steady, stock};

/// Returns the suggestion for a product in the list of all.
async fn listed(tenant: &Tenant, sku: &str) -> Value {
    let page = tenant.get(&format!("{SUGGESTIONS}?limit=100")).await.ok();
    let rows = page["data"].as_array().expect("suggestions");
    rows.iter().find(|row| row["sku"] == sku).unwrap_or_else(|| panic!("no {sku}: {page}")).clone()
}

#[test]
fn a_new_product_has_the_rate_of_a_similar_one() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let cups = tenant.make("/v1/categories", json!({ "code": "cups", "name": "Cups" })).await;
        tenant.patch(&format!("/v1/products/{mug}"), &json!({ "category_id": cups })).await.ok();
        tenant.product_with("PLATE", json!({ "list_price": "5.00", "category_id": cups })).await;
        stock(tenant, &tenant.main, calendar.at(2, 0, 6), ("PLATE", "50", "2")).await;
        let customer = tenant.customer("Cafe").await;
        for week in [2, 1] {
            ship(tenant, &customer, calendar.at(week, 0, 12), &[("PLATE", "10")]).await;
        }
        // It counts by weight, so it is not in the median of those that count by piece.
        let tea = json!({ "list_price": "5.00", "category_id": cups, "stock_uom": "KGM" });
        tenant.product_with("TEA", tea).await;
        stock(tenant, &tenant.main, calendar.at(2, 0, 6), ("TEA", "50", "2")).await;
        ship(tenant, &customer, calendar.at(1, 0, 12), &[("TEA", "20")]).await;
        let cup = tenant.product_with("CUP", json!({ "list_price": "5.00", "category_id": cups })).await.id;
        let known = json!({ "product_id": cup, "location_id": tenant.main, "lead_time_days": 14 });
        tenant.put(SETTINGS, &known).await.ok();

        // The median of 70 and 10 a week. Without a week of its own the variance is its square: 120 and 138 for the horizon, 160 in a lot.
        let row = explained(tenant, &cup).await;
        let of_category = json!({ "source": "category", "product_id": null, "rate_week": "40" });
        assert_eq!((&row["demand"]["analogue"], &row["unsuggested"]), (&of_category, &Value::Null));
        assert_eq!(
            (&row["demand"]["rate_week"], &row["demand"]["spread_week"], &row["demand"]["week_count"]),
            (&json!("40"), &json!("1600"), &json!(0))
        );
        assert_eq!((&row["target"]["point"], &row["need"]), (&json!("258"), &json!("418")));
        assert_eq!(row["flags"], json!(["few_weeks", "analogue"]));
        // A run of all products has the same figures.
        assert_eq!(listed(tenant, "CUP").await["fingerprint"], row["fingerprint"]);
        // Eight weeks of the mug are known, so no other product stands in for any.
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["demand"]["analogue"], &row["need"]), (&Value::Null, &json!("480")));

        let mut named = known.clone();
        named["analogue_product_id"] = json!(mug);
        named["analogue_percent"] = json!("50");
        let stated = tenant.put(SETTINGS, &named).await.ok();
        assert_eq!(
            (&stated["analogue_product_id"], &stated["analogue_percent"]),
            (&json!(mug), &json!("50"))
        );
        let row = explained(tenant, &cup).await;
        let of_mug = json!({ "source": "product", "product_id": mug, "rate_week": "35" });
        assert_eq!((&row["demand"]["analogue"], &row["demand"]["rate_week"]), (&of_mug, &json!("35")));
        let origins =
            json!({ "analogue_product_id": "product_at_location", "lead_time_days": "product_at_location" });
        assert_eq!(row["settings"], origins);
        assert_eq!(listed(tenant, "CUP").await["fingerprint"], row["fingerprint"]);

        // A bowl was never sold, so it has no rate.
        let bowl = tenant.product("BOWL", "5.00").await.id;
        named["analogue_product_id"] = json!(bowl);
        tenant.put(SETTINGS, &named).await.ok();
        assert_eq!(explained(tenant, &cup).await["demand"]["analogue"], of_category);
        let mut stated = known;
        stated["analogue_rate"] = json!("7");
        tenant.put(SETTINGS, &stated).await.ok();
        let of_settings = json!({ "source": "stated", "product_id": null, "rate_week": "7" });
        assert_eq!(explained(tenant, &cup).await["demand"]["analogue"], of_settings);
    });
}

#[test]
fn a_wrong_similar_product_names_its_field() {
    with_tenants(async |owner, stranger| {
        let mug = owner.product("MUG", "5.00").await.id;
        let cup = owner.product("CUP", "5.00").await.id;
        let freight = owner.product_with("FREIGHT", json!({ "kind": "service" })).await.id;
        let by = |product: &str| json!({ "product_id": cup, "analogue_product_id": product });
        let mut both = by(&mug);
        both["analogue_rate"] = json!("7");
        let mut nothing = by(&mug);
        nothing["analogue_percent"] = json!("0");
        for (body, pointer) in [
            (both, "#/analogue_rate"),
            (nothing, "#/analogue_percent"),
            (json!({ "product_id": cup, "analogue_percent": "50" }), "#/analogue_percent"),
            (json!({ "analogue_product_id": mug }), "#/analogue_product_id"),
            (by(&cup), "#/analogue_product_id"),
            (by(&freight), "#/analogue_product_id"),
        ] {
            owner.put(SETTINGS, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let other = stranger.product("MUG", "5.00").await.id;
        owner.put(SETTINGS, &by(&other)).await.refused(404, "not_found").names(&["#/analogue_product_id"]);
        owner.put(SETTINGS, &by(&mug)).await.ok();
    });
}
