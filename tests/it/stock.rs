//! Receipts, openings and adjustments: quantities, costs, and what is refused.

use serde_json::json;
use tests::{Level, with_tenant};

#[test]
fn a_receipt_raises_stock_and_what_is_owed_for_it() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let body = json!({ "kind": "receipt", "reference": "Delivery note 8812",
            "lines": [{ "sku": "BOLT", "quantity": "10", "unit_cost": "1.25" }] });
        let document = tenant.post("/v1/stock/documents", &body).await.created();
        assert_eq!((document["value"].as_str(), document["kind"].as_str()), (Some("12.50"), Some("receipt")));
        assert_eq!(tenant.level("BOLT").await, Level::of("10", "0", "12.5"));
        assert_eq!(tenant.balance("1200").await, "12.50");
        assert_eq!(tenant.balance("2100").await, "-12.50");
    });
}
