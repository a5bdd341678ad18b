//! Serial numbers on a count sheet: one piece each.

use serde_json::json;
use tests::{Level, with_tenant};

use super::{codes, counted, line, on_hand, opened, text};
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
        // Two people see one piece: it is one. One is missing, and one is found.
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
        assert_eq!(
            (posted_of("S1"), posted_of("S2"), posted_of("S3")),
            ("0".into(), "-1".into(), "1".into())
        );
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
