//! The list of shipments.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

const SHIPMENTS: &str = "/v1/shipments";

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn time(value: &Value) -> DateTime<Utc> {
    text(value).parse().expect("an instant")
}

/// Returns the numbers of the shipments that a query finds, the oldest first.
async fn found(tenant: &Tenant, query: &str) -> Vec<String> {
    let page = tenant.get(&format!("{SHIPMENTS}?sort=created_at&{query}")).await.ok();
    let rows = page["data"].as_array().expect("shipments");
    rows.iter().map(|row| text(&row["number"]).to_owned()).collect()
}

#[test]
fn shipments_are_listed_and_found() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let (north, south) =
            (tenant.customer("Nordwind Supply").await, tenant.customer("Alder Wholesale").await);
        let order = tenant.order(&north, &[("BOLT", "5")], "confirmed").await.created();
        let ship = format!("/v1/orders/{}/ship", text(&order["id"]));
        let part = |quantity: &str, tracking: &str| {
            json!({ "lines": [{ "line_no": 1, "quantity": quantity }], "carrier": "Parcel Express",
                "tracking_number": tracking })
        };
        tenant.post(&ship, &part("2", "1Z-1")).await.ok();
        let shipped = tenant.post(&ship, &part("3", "1Z-2")).await.ok();
        let mut open = shipped["shipments"].as_array().expect("shipments").iter();
        let undone = open.find(|one| one["tracking_number"] == "1Z-2").expect("the second");
        tenant.post(&format!("{SHIPMENTS}/{}/undo", text(&undone["id"])), &json!({})).await.ok();
        tenant.order(&south, &[("BOLT", "1")], "invoiced").await.created();

        let rows = tenant.get(&format!("{SHIPMENTS}?sort=created_at")).await.ok()["data"].clone();
        let rows = rows.as_array().expect("shipments");
        let statuses: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
        assert_eq!(statuses, ["shipped", "undone", "invoiced"]);
        for row in rows {
            let one = tenant.get(&format!("{SHIPMENTS}/{}", text(&row["id"]))).await.ok();
            for (name, value) in row.as_object().expect("a shipment") {
                assert_eq!(one.get(name), Some(value), "{name}");
            }
        }
        let numbers: Vec<&str> = rows.iter().map(|row| text(&row["number"])).collect();
        for (query, places) in [
            ("status=shipped".to_owned(), &[0][..]),
            ("status=undone,invoiced".to_owned(), &[1, 2][..]),
            (format!("number={}", numbers[1]), &[1][..]),
            (format!("order_id={}", text(&order["id"])), &[0, 1][..]),
            (format!("customer_id={south}"), &[2][..]),
            (format!("location_id={}", tenant.main), &[0, 1, 2][..]),
            (format!("location_id={}", tenant.shop), &[][..]),
            ("tracking_number=1Z-2".to_owned(), &[1][..]),
            ("tracking_number=1Z-3".to_owned(), &[][..]),
            (format!("occurred_at[gte]={}", text(&rows[2]["occurred_at"])), &[2][..]),
            (format!("occurred_at[lt]={}", text(&rows[2]["occurred_at"])), &[0, 1][..]),
        ] {
            let expected: Vec<&str> = places.iter().map(|place| numbers[*place]).collect();
            assert_eq!(found(tenant, &query).await, expected, "{query}");
        }
        tenant.get(&format!("{SHIPMENTS}?status=lost")).await.refused(400, "invalid_parameter");
        let expanded = tenant.get(&format!("{SHIPMENTS}?expand=customer,location&limit=1")).await.ok();
        assert_eq!(expanded["data"][0]["customer"]["name"], "Alder Wholesale");
    });
}

#[test]
fn a_copy_of_the_shipments_keeps_in_step() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "1")], "shipped").await.created();
        let path = format!("{SHIPMENTS}/{}", text(&order["shipments"][0]["id"]));
        let mut before = tenant.get(&path).await.ok();
        assert_eq!(before["updated_at"], before["created_at"]);
        // Each of these changes the shipment after the last one.
        for change in ["parcel", "invoice"] {
            match change {
                "parcel" => _ = tenant.patch(&path, &json!({ "tracking_number": "1Z-1" })).await.ok(),
                _ => _ = tenant.step(text(&order["id"]), "invoice").await.ok(),
            }
            let after = tenant.get(&path).await.ok();
            assert!(time(&before["updated_at"]) < time(&after["updated_at"]), "{change}: {after}");
            assert_eq!(after["created_at"], before["created_at"]);
            let since = format!("updated_at[gte]={}", text(&after["updated_at"]));
            assert_eq!(found(tenant, &since).await, [text(&after["number"])], "{change}");
            before = after;
        }
    });
}
