//! Serial numbers on a count sheet: one unit each.

use serde_json::json;
use tests::{Level, with_tenant};

use super::{ago, codes, counted, line, on_hand, opened, text};
use crate::count::{enter, posted, sheet, step};
use crate::lot::{sale_of, tracked};

#[test]
fn a_piece_is_there_or_not() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        for code in ["S1", "S2"] {
            opened(tenant, ("PHONE", code), ("1", "100.00")).await;
        }
        let count = sheet(tenant, json!({ "skus": ["PHONE"] })).await;
        assert_eq!(codes(&count), ["S1", "S2"]);
        for quantity in ["2", "0.5"] {
            let body = json!({ "entries": [counted("PHONE", "S1", quantity)] });
            let refused = tenant.post(&step(&count, "entries"), &body).await;
            refused.refused(422, "validation_failed").names(&["#/entries/0/quantity"]);
        }
        // Two people see one unit: it counts once. One is missing, and one is found.
        let entries = json!([
            counted("PHONE", "S1", "1"),
            counted("PHONE", "S1", "1"),
            counted("PHONE", "S2", "0"),
            counted("PHONE", "S3", "1")
        ]);
        let seen = enter(tenant, &count, entries).await;
        assert_eq!(text(line(&seen, "S1"), "counted"), "1");
        let count = posted(tenant, &count).await;
        let posted_of = |code: &str| text(line(&count, code), "posted_quantity").to_owned();
        assert_eq!(posted_of("S1"), "0");
        assert_eq!(posted_of("S2"), "-1");
        assert_eq!(posted_of("S3"), "1");
        assert_eq!(tenant.level("PHONE").await, Level::of("2", "0", "200"));
        let till = tenant.till().await;
        let sale = sale_of(&till, "PHONE", "1", json!([{ "code": "S3" }]));
        tenant.post("/v1/pos/sales", &sale).await.created();
    });
}

#[test]
fn a_piece_is_not_found_in_two_places() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        opened(tenant, ("PHONE", "S1"), ("1", "100.00")).await;
        let count = sheet(tenant, json!({ "location_id": tenant.shop })).await;
        enter(tenant, &count, json!([counted("PHONE", "S1", "1")])).await;
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        let post = async || tenant.post(&step(&count, "post"), &json!({})).await;
        post().await.refused(409, "already_exists").names(&["#/lines/0"]);
        let gone = json!({ "kind": "adjustment", "reason": "found",
            "lines": [{ "sku": "PHONE", "quantity": "-1", "lots": [{ "code": "S1" }] }] });
        tenant.post("/v1/stock/documents", &gone).await.created();
        post().await.ok();
        assert_eq!(on_hand(tenant, "S1").await, "1");
        assert_eq!(tenant.level("PHONE").await.on_hand, "0", "it is in the shop now");
    });
}

#[test]
fn a_piece_that_was_counted_left_before_that_only_if_it_is_nowhere() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        for code in ["S1", "S2"] {
            opened(tenant, ("PHONE", code), ("1", "100.00")).await;
        }
        let count = sheet(tenant, json!({ "skus": ["PHONE"] })).await;
        let seen = |code: &str, quantity: &str, at| {
            let mut entry = counted("PHONE", code, quantity);
            entry["counted_at"] = json!(at);
            entry
        };
        let at = ago(10).await;
        enter(tenant, &count, json!([seen("S1", "1", at), seen("S2", "0", at)])).await;
        posted(tenant, &count).await;
        let till = tenant.till().await;
        let before = json!(ago(20).await);
        let send = |code: &str| {
            json!({ "to_location_id": tenant.shop, "occurred_at": before,
                "lines": [{ "sku": "PHONE", "quantity": "1", "lots": [{ "code": code }] }] })
        };
        let sell = |code: &str| {
            let mut sale = sale_of(&till, "PHONE", "1", json!([{ "code": code }]));
            sale["occurred_at"] = before.clone();
            sale
        };
        // The count found the first unit, although its issue is dated before the count. It found that the second one had
        // left.
        let at_code = ["#/lines/0/lots/0/code"];
        tenant
            .post("/v1/stock/transfers", &send("S1"))
            .await
            .refused(422, "validation_failed")
            .names(&at_code);
        for forced in [false, true] {
            let mut sale = sell("S1");
            sale["forced"] = json!(forced);
            tenant.post("/v1/pos/sales", &sale).await.refused(422, "validation_failed").names(&at_code);
        }
        let mut twice = sell("S2");
        twice["lines"] = json!([twice["lines"][0], twice["lines"][0]]);
        let refused = tenant.post("/v1/pos/sales", &twice).await.refused(422, "validation_failed");
        refused.names(&["#/lines/1/lots/0/code"]);
        tenant.post("/v1/stock/transfers", &send("S2")).await.created();
        tenant
            .post("/v1/stock/transfers", &send("S2"))
            .await
            .refused(422, "validation_failed")
            .names(&at_code);
        // A reserved unit that the count saw can't have been shipped before that.
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("PHONE", "1")], "confirmed").await.created();
        let ship = format!("/v1/orders/{}/ship", order["id"].as_str().expect("an id"));
        let lots = json!({ "lines": [{ "line_no": 1, "lots": [{ "code": "S1" }] }], "occurred_at": before });
        tenant.post(&ship, &lots).await.refused(422, "validation_failed");
        assert_eq!(on_hand(tenant, "S1").await, "1");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}
