//! Suggestions and their numbers.

use serde_json::{Value, json};
use tests::{Client, Tenant, sale, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, SUGGESTIONS, explained, ship, steady, stock};
use crate::platform::auth::key;

#[test]
fn steady_demand_has_the_figures_of_the_first_example() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let page = tenant.get(SUGGESTIONS).await.ok();
        let rows = page["data"].as_array().expect("rows");
        assert_eq!(rows.len(), 1, "{page}");
        let row = &rows[0];
        assert_eq!(
            (row["sku"].as_str(), row["location_code"].as_str(), row["product_id"].as_str()),
            (Some("MUG"), Some("MAIN"), Some(mug.as_str()))
        );
        assert_eq!(row["demand"]["rate_week"], "70");
        assert_eq!(row["demand"]["spread_week"], "1781.818182");
        assert_eq!((&row["demand"]["class"], &row["demand"]["week_count"]), (&json!("smooth"), &json!(8)));
        assert_eq!(
            (&row["lead_time"]["days"], &row["lead_time"]["variance"]),
            (&json!("14"), &json!("12.25"))
        );
        let target = json!({ "service": "0.95", "horizon_days": "21", "planned_factor": "1",
            "seasonal_factor": "1", "expected": "210", "sd": "81.05834",
            "ratio": "0.385992", "factor": "1.830057", "safety": "149", "point": "359",
            "economic_lot": "270.185121", "fill_to": "630" });
        assert_eq!(row["target"], target);
        assert_eq!((&row["position"]["total"], &row["need"]), (&json!("150"), &json!("480")));
        let actions = row["actions"].as_array().expect("actions");
        assert_eq!(actions.len(), 1);
        assert_eq!((&actions[0]["action"], &actions[0]["quantity"]), (&json!("buy"), &json!("480")));
        assert_eq!(actions[0]["expected_on"], calendar.ahead(14));
        assert_eq!(row["cover_days"], json!({ "before": 15, "after": 63, "available": 15 }));
        assert_eq!(row["order_by"], calendar.ahead(0));
        assert_eq!((&row["unit_cost"], &row["value"]), (&json!("2.00"), &json!("960.00")));
        assert_eq!(row["settings"], json!({ "lead_time_days": "product" }));
        assert_eq!(
            row["why"],
            "Order 480: 150 are here or due within 21 days, 210 will be asked for until a next order could arrive (70 a \
             week), 149 are kept for 95 % service, so the point is 359; filled up to 630."
        );
        assert!(row["demand"].get("weeks").is_none() && row["position"].get("supplies").is_none());
        let whole = explained(tenant, &mug).await;
        let weeks = whole["demand"]["weeks"].as_array().expect("weeks");
        assert!(weeks.iter().all(|week| week["wholesale"] == "70" && week["demand"] == "70"), "{whole}");
        assert_eq!((weeks.len(), &whole["fingerprint"]), (8, &row["fingerprint"]));
    });
}

#[test]
fn a_category_has_the_suggestions_of_those_below_it() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let kitchen = tenant.make("/v1/categories", json!({ "code": "kitchen", "name": "Kitchen" })).await;
        let below = json!({ "code": "cups", "name": "Cups", "parent_id": kitchen });
        let cups = tenant.make("/v1/categories", below).await;
        let garden = tenant.make("/v1/categories", json!({ "code": "garden", "name": "Garden" })).await;
        tenant.patch(&format!("/v1/products/{mug}"), &json!({ "category_id": cups })).await.ok();
        for (category, suggested) in [(&kitchen, 1), (&cups, 1), (&garden, 0)] {
            let page = tenant.get(&format!("{SUGGESTIONS}?category_id={category}")).await.ok();
            assert_eq!(page["data"].as_array().map(Vec::len), Some(suggested), "{category}");
        }
        let both = tenant.get(&format!("{SUGGESTIONS}?category_id={garden}&product_id={mug}")).await.ok();
        assert_eq!(both["data"], json!([]), "both filters apply");
        let unknown = format!("{SUGGESTIONS}?category_id=cat_01h455vb4pex5vsknk084sn02q");
        tenant.get(&unknown).await.refused(404, "not_found");
    });
}

#[test]
fn stock_above_the_point_has_a_day_on_which_to_order() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 500).await;
        assert_eq!(tenant.get(SUGGESTIONS).await.ok()["data"], json!([]));
        let row = explained(tenant, &mug).await;
        // 141 above the point last 14 days; orders are made on Mondays.
        let reached = calendar.today + chrono::Days::new(14);
        let monday = reached - (calendar.today - calendar.monday);
        assert_eq!(row["order_by"], monday.to_string());
        assert_eq!(
            (&row["need"], &row["actions"], &row["cover_days"]["before"]),
            (&Value::Null, &json!([]), &json!(50))
        );
        assert!(row["why"].as_str().is_some_and(|why| why.starts_with("Order nothing before")), "{row}");
    });
}

#[test]
fn supply_after_the_horizon_is_pulled_forward_and_not_bought_twice() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let pack = json!({ "product_id": mug, "lead_time_days": 14, "pack": "12" });
        tenant.put(SETTINGS, &pack).await.ok();
        let expected = json!({ "expected_on": calendar.ahead(22), "location_id": tenant.main,
            "lines": [{ "sku": "MUG", "quantity": "200" }] });
        let expected = tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["late"], &row["need"]), (&json!("200"), &json!("280")));
        let actions = row["actions"].as_array().expect("actions");
        assert_eq!(
            (&actions[0]["action"], &actions[0]["document_id"]),
            (&json!("expedite"), &expected["id"])
        );
        assert_eq!((&actions[1]["quantity"], &actions[1]["packs"]), (&json!("288"), &json!("24")));
        assert_eq!(actions[1]["rounding"], json!({ "minimum": "0", "pack": "8" }));
        assert!(row["flags"].as_array().is_some_and(|flags| flags.contains(&json!("late_supply"))));
        // The same supply within the horizon is in the position.
        let path =
            format!("/v1/stock/expected-receipts/{}/reschedule", expected["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({ "expected_on": calendar.ahead(21) })).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["incoming"], &row["position"]["total"]), (&json!("200"), &json!("350")));
        assert_eq!(row["position"]["supplies"][0]["document_id"], expected["id"]);
        assert_eq!(row["need"], "280");
    });
}

#[test]
fn days_without_stock_get_the_rate_of_open_days() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = tenant.product("MUG", "5.00").await.id;
        let till = tenant.till().await;
        let sell = async |week, day, quantity| {
            let mut sold = sale(&till, &[("MUG", quantity)]);
            sold["occurred_at"] = json!(calendar.at(week, day, 12));
            tenant.post("/v1/pos/sales", &sold).await.created();
        };
        // 14 a week while there is stock. It runs out on the Tuesday of the third week, and 20 come for the fifth.
        stock(tenant, &tenant.main, calendar.at(5, 0, 6), ("MUG", "32", "2")).await;
        sell(5, 0, "14").await;
        sell(4, 0, "14").await;
        sell(3, 1, "4").await;
        stock(tenant, &tenant.main, calendar.at(1, 0, 6), ("MUG", "20", "2")).await;
        sell(1, 0, "14").await;
        let row = explained(tenant, &mug).await;
        let weeks = row["demand"]["weeks"].as_array().expect("weeks");
        let seen = |member: &str| weeks.iter().map(|week| week[member].clone()).collect::<Vec<_>>();
        assert_eq!(seen("retail_sold"), ["14", "14", "4", "0", "14"]);
        assert_eq!(seen("open_days"), [7, 7, 2, 0, 7]);
        assert_eq!(seen("demand"), ["14"; 5]);
        assert_eq!((&row["demand"]["rate_week"], &row["position"]["available"]), (&json!("14"), &json!("6")));
    });
}

#[test]
fn returns_lower_the_sale_that_they_name_and_cancelled_orders_count_nothing() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let customer = tenant.customer("Cafe").await;
        let at = calendar.at(2, 1, 12);
        let order = json!({ "customer_id": customer, "location_id": tenant.main, "occurred_at": at,
            "lines": [{ "sku": "MUG", "quantity": "20" }], "advance_to": "invoiced" });
        let order = tenant.post("/v1/orders", &order).await.created();
        let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"], "occurred_at": calendar.at(1, 1, 12),
            "original_lines": [{ "line_no": 1, "quantity": "5" }] });
        tenant.post("/v1/returns", &back).await.created();
        let cancelled = tenant.order(&customer, &[("MUG", "100")], "confirmed").await.created();
        tenant.step(cancelled["id"].as_str().expect("an id"), "cancel").await.ok();
        let row = explained(tenant, &mug).await;
        let weeks = row["demand"]["weeks"].as_array().expect("weeks");
        let wholesale: Vec<&str> = weeks.iter().filter_map(|week| week["wholesale"].as_str()).collect();
        assert_eq!(wholesale, ["70", "70", "70", "70", "70", "70", "85", "70"]);
        assert_eq!((&row["demand"]["returned"], &row["position"]["available"]), (&json!("0"), &json!("135")));
    });
}

#[test]
fn own_stock_that_another_location_does_not_need_is_transferred_first() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        // 28 weeks without a sale: the shop needs nothing of it.
        stock(tenant, &tenant.shop, calendar.at(28, 0, 6), ("MUG", "100", "2")).await;
        let row = explained(tenant, &mug).await;
        let actions = row["actions"].as_array().expect("actions");
        assert_eq!((&actions[0]["action"], &actions[0]["quantity"]), (&json!("transfer"), &json!("100")));
        assert_eq!(actions[0]["from_location_id"], tenant.shop);
        assert_eq!(actions[0]["expected_on"], calendar.ahead(1));
        assert_eq!((&actions[1]["action"], &actions[1]["quantity"]), (&json!("buy"), &json!("380")));
        let found = tenant.get(&format!("{SUGGESTIONS}/{mug}")).await.ok();
        let shop = &found["suggestions"][1];
        assert_eq!((&shop["location_code"], &shop["unsuggested"]), (&json!("SHOP"), &json!("asleep")));
        assert_eq!(shop["why"], "Order nothing: there was no demand in the last 26 weeks.");
    });
}

#[test]
fn orders_that_wait_are_taken_off_the_position() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 0).await;
        let customer = tenant.customer("Cafe").await;
        let waits = json!({ "customer_id": customer, "location_id": tenant.main, "policy": "backorder",
            "lines": [{ "sku": "MUG", "quantity": "30" }], "advance_to": "confirmed" });
        tenant.post("/v1/orders", &waits).await.created();
        let row = explained(tenant, &mug).await;
        let position = &row["position"];
        assert_eq!((&position["available"], &position["unreserved_orders"]), (&json!("0"), &json!("30")));
        assert_eq!((&position["total"], &row["need"]), (&json!("-30"), &json!("660")));
    });
}

#[test]
fn pages_follow_each_other_and_filters_name_records() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let customer = tenant.customer("Hotel").await;
        for sku in ["A", "B", "C"] {
            tenant.product(sku, "5.00").await;
            stock(tenant, &tenant.main, calendar.at(3, 0, 6), (sku, "30", "2")).await;
        }
        for week in (1..=3).rev() {
            ship(tenant, &customer, calendar.at(week, 0, 12), &[("A", "7"), ("B", "9"), ("C", "8")]).await;
        }
        // 9, 3 and 6 are left. The smallest cover comes first.
        let mut walked: Vec<String> = Vec::new();
        let mut next = format!("{SUGGESTIONS}?limit=1");
        loop {
            let page = tenant.get(&next).await.ok();
            walked.extend(page["data"].as_array().into_iter().flatten().map(|row| row["sku"].to_string()));
            let Some(cursor) = page["page"]["next_cursor"].as_str() else { break };
            next = format!("{SUGGESTIONS}?limit=1&cursor={cursor}");
        }
        assert_eq!(walked, ["\"B\"", "\"C\"", "\"A\""]);
        let products = tenant.get("/v1/products?sku=C").await.ok();
        let of_one =
            format!("{SUGGESTIONS}?product_id={}", products["data"][0]["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&of_one).await.ok()["data"][0]["sku"], "C");
        let elsewhere = tenant.get(&format!("{SUGGESTIONS}?location_id={}", tenant.shop)).await.ok();
        assert_eq!(elsewhere["data"], json!([]));
        let unknown = format!("{SUGGESTIONS}?product_id=prd_01h455vb4pex5vsknk084sn02q");
        tenant.get(&unknown).await.refused(404, "not_found");
        tenant.get(&format!("{SUGGESTIONS}?limit=0")).await.refused(400, "invalid_parameter");
        tenant.get(&format!("{SUGGESTIONS}?sku=C")).await.refused(400, "unknown_field");
    });
}

#[test]
fn a_tenant_without_trade_has_no_suggestions() {
    with_tenant(async |tenant| {
        assert_eq!(tenant.get(SUGGESTIONS).await.ok()["data"], json!([]));
        let mug = tenant.product("MUG", "5.00").await.id;
        let found = tenant.get(&format!("{SUGGESTIONS}/{mug}")).await.ok();
        assert_eq!((&found["id"], &found["suggestions"]), (&json!(mug), &json!([])));
        tenant.open_stock(&[("MUG", "5", "2")]).await;
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["unsuggested"], &row["target"]), (&json!("too_few_weeks"), &Value::Null));
        tenant.get(&format!("{SUGGESTIONS}/prd_01h455vb4pex5vsknk084sn02q")).await.refused(404, "not_found");
    });
}

/// Returns the target of a product in the warehouse, as a caller sees it.
async fn target(client: &Client, product: &str) -> Value {
    let seen = client.get(&format!("{SUGGESTIONS}/{product}")).await.ok();
    seen["suggestions"][0]["target"].clone()
}

#[test]
fn costs_need_their_scope() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let clerk = tenant.with_key(&key(tenant, &["stock:read"]).await);
        let seen = clerk.get(&format!("{SUGGESTIONS}/{mug}")).await.ok();
        let row = &seen["suggestions"][0];
        assert_eq!((&row["unit_cost"], &row["value"]), (&Value::Null, &Value::Null));
        // The cost would follow from the lot, so it counts as unknown: four weeks of 70 beyond the point of 359.
        assert_eq!(
            (&row["target"]["economic_lot"], &row["target"]["fill_to"], &row["need"]),
            (&json!("280"), &json!("639"), &json!("489"))
        );
        let cheap = json!({ "kind": "receipt", "location_id": tenant.main,
            "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "0.01" }] });
        let dear = json!({ "kind": "receipt", "location_id": tenant.main,
            "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "900" }] });
        let (hidden, open) = (target(&clerk, &mug).await, target(tenant, &mug).await);
        tenant.post("/v1/stock/documents", &cheap).await.created();
        tenant.post("/v1/stock/documents", &dear).await.created();
        assert_eq!(
            target(&clerk, &mug).await,
            hidden,
            "another cost changes nothing for a caller who may not see it"
        );
        assert_ne!(target(tenant, &mug).await, open);
        let other = tenant.with_key(&key(tenant, &["catalog:read"]).await);
        other.get(SUGGESTIONS).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn tenants_do_not_see_each_other() {
    with_tenants(async |owner, stranger| {
        let calendar = Calendar::now().await;
        let mug = steady(owner, calendar, 150).await;
        stranger.get(&format!("{SUGGESTIONS}/{mug}")).await.refused(404, "not_found");
        assert_eq!(stranger.get(SUGGESTIONS).await.ok()["data"], json!([]));
        // The same SKU of another tenant has its own demand.
        own_mug(stranger, calendar).await;
        assert_eq!(owner.get(SUGGESTIONS).await.ok()["data"][0]["demand"]["rate_week"], "70");
    });
}

async fn own_mug(tenant: &Tenant, calendar: Calendar) {
    tenant.product("MUG", "5.00").await;
    stock(tenant, &tenant.main, calendar.at(2, 0, 6), ("MUG", "20", "9")).await;
    let customer = tenant.customer("Bar").await;
    for week in (1..=2).rev() {
        ship(tenant, &customer, calendar.at(week, 0, 12), &[("MUG", "10")]).await;
    }
    let row = &tenant.get(SUGGESTIONS).await.ok()["data"][0];
    assert_eq!((&row["demand"]["rate_week"], &row["unit_cost"]), (&json!("10"), &json!("9.00")));
}
