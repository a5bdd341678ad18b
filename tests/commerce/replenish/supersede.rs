//! Products that supersede others.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, SUGGESTIONS, explained, steady, stock};

const BACKTEST: &str = "/v1/replenishment/backtest";

/// Makes a mug that supersedes another one, with a lead time of 14 days. Returns its id.
async fn new_mug(tenant: &Tenant, old: &str) -> String {
    let new = tenant.product("MUG-2", "5.00").await.id;
    let settings = json!({ "product_id": new, "lead_time_days": 14, "supersedes_id": old });
    let stated = tenant.put(SETTINGS, &settings).await.ok();
    assert_eq!(stated["supersedes_id"], old);
    new
}

#[test]
fn figures_of_the_old_product_count_for_the_new_one() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let old = steady(tenant, calendar, 150).await;
        let new = new_mug(tenant, &old).await;
        // Eight weeks of 70 and 150 left, as in the first example. The cost is unknown, so a lot is four weeks: 359 + 280 − 150.
        let row = explained(tenant, &new).await;
        assert_eq!(
            (&row["demand"]["rate_week"], &row["demand"]["spread_week"], &row["demand"]["week_count"]),
            (&json!("70"), &json!("1781.818182"), &json!(8))
        );
        assert_eq!(
            (&row["target"]["point"], &row["target"]["fill_to"], &row["need"]),
            (&json!("359"), &json!("639"), &json!("489"))
        );
        let predecessor = json!({ "product_id": old, "sku": "MUG", "available": "150", "unreserved_orders": "0",
            "incoming": "0", "demand": "560" });
        assert_eq!(row["predecessors"], json!([predecessor]));
        let why = row["why"].as_str().expect("a reason");
        assert!(
            why.ends_with("Demand, stock and supply of products that it supersedes count: MUG."),
            "{why}"
        );

        let before = explained(tenant, &old).await;
        assert_eq!(
            (&before["unsuggested"], &before["superseded_by_id"], &before["need"]),
            (&json!("superseded"), &json!(new), &Value::Null)
        );
        assert_eq!((&before["actions"], &before["predecessors"]), (&json!([]), &json!([])));
        let page = tenant.get(SUGGESTIONS).await.ok();
        let skus: Vec<&Value> =
            page["data"].as_array().into_iter().flatten().map(|one| &one["sku"]).collect();
        assert_eq!(skus, ["MUG-2"]);

        // 40 of the new one at a cost of 2 come, and 100 of the old one are due: 630 − 150 − 40 − 100.
        tenant.open_stock(&[("MUG-2", "40", "2")]).await;
        let expected = json!({ "expected_on": calendar.ahead(5), "location_id": tenant.main,
            "lines": [{ "sku": "MUG", "quantity": "100" }] });
        let expected = tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let row = explained(tenant, &new).await;
        let position = &row["position"];
        assert_eq!(
            (&position["available"], &position["incoming"], &position["total"], &row["need"]),
            (&json!("190"), &json!("100"), &json!("290"), &json!("340"))
        );
        assert_eq!(position["supplies"][0]["document_id"], expected["id"]);
        assert_eq!(row["predecessors"][0]["incoming"], "100");

        // An archived product counts on.
        tenant.patch(&format!("/v1/products/{old}"), &json!({ "status": "archived" })).await.ok();
        let again = explained(tenant, &new).await;
        assert_eq!((&again["need"], &again["fingerprint"]), (&json!("340"), &row["fingerprint"]));
    });
}

#[test]
fn a_chain_counts_for_its_newest_product() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let old = steady(tenant, calendar, 100).await;
        let second = new_mug(tenant, &old).await;
        stock(tenant, &tenant.main, calendar.at(1, 0, 6), ("MUG-2", "50", "2")).await;
        let third = tenant.product("MUG-3", "5.00").await.id;
        let settings = json!({ "product_id": third, "lead_time_days": 14, "supersedes_id": second });
        tenant.put(SETTINGS, &settings).await.ok();
        let row = explained(tenant, &third).await;
        assert_eq!((&row["position"]["total"], &row["need"]), (&json!("150"), &json!("489")));
        let parts = row["predecessors"].as_array().expect("predecessors");
        let parts: Vec<(&Value, &Value)> = parts.iter().map(|one| (&one["sku"], &one["available"])).collect();
        assert_eq!(parts, [(&json!("MUG-2"), &json!("50")), (&json!("MUG"), &json!("100"))]);
        let row = explained(tenant, &second).await;
        assert_eq!(
            (&row["unsuggested"], &row["superseded_by_id"], &row["predecessors"]),
            (&json!("superseded"), &json!(third), &json!([]))
        );
        assert_eq!(explained(tenant, &old).await["superseded_by_id"], json!(third));

        // Without the link each one stands alone again.
        tenant.put(SETTINGS, &json!({ "product_id": third })).await.ok();
        let row = explained(tenant, &second).await;
        assert_eq!((&row["unsuggested"], &row["position"]["total"]), (&Value::Null, &json!("150")));
    });
}

#[test]
fn a_product_with_another_unit_by_now_does_not_count() {
    with_tenant(async |tenant| {
        let old = tenant.product("MUG", "5.00").await.id;
        let new = new_mug(tenant, &old).await;
        tenant.open_stock(&[("MUG-2", "5", "2")]).await;
        tenant.patch(&format!("/v1/products/{old}"), &json!({ "stock_uom": "KGM" })).await.ok();
        tenant.open_stock(&[("MUG", "7", "2")]).await;
        let row = explained(tenant, &new).await;
        assert_eq!((&row["position"]["total"], &row["predecessors"]), (&json!("5"), &json!([])));
        assert_eq!(explained(tenant, &old).await["unsuggested"], "superseded");
    });
}

#[test]
fn a_back_test_has_the_past_of_the_old_product() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let old = steady(tenant, calendar, 150).await;
        let backtest = async |product: &str| {
            tenant.post(BACKTEST, &json!({ "product_ids": [product], "days": 28 })).await.ok()
        };
        let before = backtest(&old).await;
        let new = new_mug(tenant, &old).await;
        // The cost of the new one is that of the old one.
        tenant.open_stock(&[("MUG-2", "1", "2")]).await;
        let after = backtest(&new).await;
        for member in ["really", "rule", "services", "product_locations"] {
            assert_eq!(after[member], before[member], "{member}");
        }
        assert_eq!(backtest(&old).await["product_locations"], 0);
    });
}

#[test]
fn wrong_predecessors_are_rejected() {
    with_tenants(async |owner, stranger| {
        let mut chain = Vec::new();
        for number in 0..11 {
            chain.push(owner.product(&format!("P{number}"), "5.00").await.id);
        }
        let supersedes = |new: &str, old: &str| json!({ "product_id": new, "supersedes_id": old });
        for pair in chain[..10].windows(2) {
            owner.put(SETTINGS, &supersedes(&pair[1], &pair[0])).await.ok();
        }
        let rejected = async |body: Value, text: &str| {
            let problem = owner.put(SETTINGS, &body).await.refused(422, "validation_failed");
            let problem = problem.names(&["#/supersedes_id"]).0;
            let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
            assert!(detail.contains(text), "{detail}");
        };
        // Ten products supersede each other: not eleven, at either end.
        rejected(supersedes(&chain[10], &chain[9]), "At most 10 products").await;
        rejected(supersedes(&chain[0], &chain[10]), "At most 10 products").await;
        rejected(supersedes(&chain[0], &chain[9]), "P0, P9, P8, P7, P6, P5, P4, P3, P2, P1 would").await;
        rejected(supersedes(&chain[10], &chain[10]), "supersede itself").await;
        rejected(supersedes(&chain[10], &chain[3]), "P4 supersedes it already").await;
        rejected(json!({ "supersedes_id": chain[3] }), "without location_id").await;
        let mut at_main = supersedes(&chain[10], &chain[9]);
        at_main["location_id"] = json!(owner.main);
        rejected(at_main, "without location_id").await;
        let freight = owner.product_with("FREIGHT", json!({ "kind": "service" })).await.id;
        rejected(supersedes(&chain[10], &freight), "Only a stocked product").await;
        let flour = owner.product_with("FLOUR", json!({ "stock_uom": "KGM" })).await.id;
        rejected(supersedes(&chain[10], &flour), "The stock unit of FLOUR is KGM").await;
        let unknown = supersedes(&chain[10], "prd_01h455vb4pex5vsknk084sn02q");
        owner.put(SETTINGS, &unknown).await.refused(404, "not_found").names(&["#/supersedes_id"]);
        let cup = stranger.product("CUP", "5.00").await.id;
        let of_other = supersedes(&cup, &chain[10]);
        stranger.put(SETTINGS, &of_other).await.refused(404, "not_found").names(&["#/supersedes_id"]);
        // Nothing of it was kept.
        let page = owner.get(&format!("{SETTINGS}?limit=100")).await.ok();
        assert_eq!(page["data"].as_array().map(Vec::len), Some(9));
        // The oldest product has no predecessor, so one can be put before it after the newest is left out.
        owner.put(SETTINGS, &json!({ "product_id": chain[9] })).await.ok();
        owner.put(SETTINGS, &supersedes(&chain[0], &chain[10])).await.ok();
    });
}
