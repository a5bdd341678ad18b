//! Addresses of customers, orders and the tenant, and the tracking of shipments: documents keep what they printed.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

const ORDERS: &str = "/v1/orders";

fn address(line1: &str, country: &str) -> Value {
    json!({ "name": null, "line1": line1, "line2": null, "city": "Leeds", "region": null, "postal_code": "LS1 4DT",
        "country": country, "phone": null })
}

/// The addresses of a customer: one for invoices and two for goods.
fn addresses() -> Value {
    json!([
        { "code": "office", "uses": ["billing"], "address": address("1 Mill Lane", "GB") },
        { "code": "north", "uses": ["shipping"], "address": address("2 Dock Road", "GB") },
        { "code": "south", "uses": ["shipping"], "address": address("3 Quay", "DE") },
    ])
}

fn order(customer: &str, more: &Value) -> Value {
    let mut order = json!({ "customer_id": customer, "lines": [{ "sku": "BOLT", "quantity": "2" }],
        "advance_to": "invoiced" });
    more.as_object().into_iter().flatten().for_each(|(name, value)| order[name] = value.clone());
    order
}

fn path(kind: &str, document: &Value) -> String {
    format!("/v1/{kind}/{}", document["id"].as_str().expect("an id"))
}

async fn settings(tenant: &Tenant) -> Value {
    let seller = json!({ "name": "Pennine Tools", "tax_number": "GB123456789", "address": address("9 Hill", "GB"),
        "logo_url": "https://cdn.example.com/logo.svg" });
    tenant.patch("/v1/settings", &seller).await.ok();
    seller
}

#[test]
fn documents_keep_the_addresses_of_their_day() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let seller = settings(tenant).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "addresses": addresses() })).await;
        let first = tenant.post(ORDERS, &order(&customer, &json!({}))).await.created();
        assert_eq!(first["bill_to"], address("1 Mill Lane", "GB"));
        assert_eq!(first["ship_to"], address("2 Dock Road", "GB"));
        assert_eq!(first["seller"], seller);
        let chosen =
            json!({ "ship_to": { "code": "south" }, "bill_to": { "address": address("4 Court", "FR") } });
        let second = tenant.post(ORDERS, &order(&customer, &chosen)).await.created();
        assert_eq!((&second["ship_to"], &second["country"]), (&address("3 Quay", "DE"), &json!("DE")));
        let back = json!({ "customer_id": customer, "original_id": second["invoices"][0]["id"] });
        let note = tenant.post("/v1/returns", &back).await.created();
        let blind = json!({ "customer_id": customer, "lines": [{ "sku": "BOLT", "quantity": "1" }] });
        let blind = tenant.post("/v1/returns", &blind).await.created();
        assert_eq!((&blind["bill_to"], &blind["ship_to"]), (&address("1 Mill Lane", "GB"), &json!(null)));
        let till = tenant.till().await;
        let sold = json!({ "register_id": till.register_id, "customer_id": customer,
            "lines": [{ "sku": "BOLT", "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        let sale = tenant.post("/v1/pos/sales", &sold).await.created();
        assert_eq!((&sale["bill_to"], &sale["seller"]), (&address("1 Mill Lane", "GB"), &seller));
        let paths = [
            path("orders", &first),
            path("orders", &second),
            path("shipments", &second["shipments"][0]),
            path("invoices", &second["invoices"][0]),
            path("invoices", &note),
            path("invoices", &blind),
            path("pos/sales", &sale),
        ];
        let mut before = Vec::new();
        for path in &paths {
            before.push(tenant.get(path).await.ok());
        }
        for (document, place) in [(&before[2], "ship_to"), (&before[3], "ship_to"), (&before[4], "ship_to")] {
            assert_eq!(document[place], address("3 Quay", "DE"), "{document}");
        }
        for document in &before[3..5] {
            assert_eq!(document["bill_to"], address("4 Court", "FR"), "{document}");
        }
        assert_eq!(before[5]["bill_to"], blind["bill_to"]);
        let moved = json!({ "addresses": [{ "code": "office", "address": address("5 Elsewhere", "GB") }] });
        tenant.patch(&format!("/v1/customers/{customer}"), &moved).await.ok();
        let renamed = json!({ "name": "Pennine Tools and Timber", "address": null, "logo_url": null });
        tenant.patch("/v1/settings", &renamed).await.ok();
        for (path, before) in paths.iter().zip(before) {
            assert_eq!(tenant.get(path).await.ok(), before, "{path}");
        }
        let third = tenant.post(ORDERS, &order(&customer, &json!({}))).await.created();
        assert_eq!(third["ship_to"], address("5 Elsewhere", "GB"));
        assert_eq!(third["seller"]["name"], "Pennine Tools and Timber");
        tenant
            .post(ORDERS, &order(&customer, &json!({ "ship_to": { "code": "south" } })))
            .await
            .refused(404, "not_found")
            .names(&["#/ship_to/code"]);
    });
}

#[test]
fn wrong_addresses_are_named_field_by_field() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let mut wrong = addresses();
        wrong[1]["code"] = json!("office");
        wrong[1]["uses"] = json!([]);
        wrong[2]["address"]["line1"] = json!("Card 4111 1111 1111 1111");
        wrong[2]["address"]["country"] = json!("Germany");
        let body = json!({ "kind": "wholesale", "name": "Nordwind Supply", "addresses": wrong,
            "contacts": [{ "name": "Purchasing", "email": "purchasing" }], "tags": ["new", "new"],
            "attachments": [{ "url": "javascript:alert(1)" }], "notes": "Paid by 4111 1111 1111 1111" });
        let problem = tenant.post("/v1/customers", &body).await.refused(422, "validation_failed");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(
            pointers,
            [
                "#/addresses/1/code",
                "#/addresses/1/uses",
                "#/addresses/2/address/country",
                "#/addresses/2/address/line1",
                "#/attachments/0/url",
                "#/contacts/0/email",
                "#/notes",
                "#/tags/1",
            ]
        );
        let many: Vec<Value> = (0..51)
            .map(|number| json!({ "code": number.to_string(), "address": address("1", "GB") }))
            .collect();
        let body = json!({ "kind": "wholesale", "name": "Nordwind Supply", "addresses": many });
        tenant.post("/v1/customers", &body).await.refused(422, "validation_failed").names(&["#/addresses"]);
        let customer = tenant.customer("Hansa Foods").await;
        let wrong = json!({ "bill_to": { "address": address("", "gb") }, "notes": "4111 1111 1111 1111" });
        let problem = tenant.post(ORDERS, &order(&customer, &wrong)).await.refused(422, "validation_failed");
        problem.names(&["#/bill_to/address/country", "#/bill_to/address/line1", "#/notes"]);
    });
}

#[test]
fn records_keep_what_front_ends_add() {
    with_tenant(async |tenant| {
        let customer = tenant
            .customer_with("Nordwind Supply", json!({ "addresses": addresses(), "tags": ["builders"], "notes": "Rings twice.",
                "contacts": [{ "name": "Purchasing", "role": "Orders", "email": "p@nordwind.example", "phone": null }],
                "attachments": [{ "url": "https://files.example/contract.pdf", "title": "Contract" }] }))
            .await;
        let at = format!("/v1/customers/{customer}");
        let kept = tenant.get(&at).await.ok();
        assert_eq!((&kept["addresses"], &kept["tags"]), (&addresses(), &json!(["builders"])));
        assert_eq!(kept["contacts"][0]["email"], "p@nordwind.example");
        assert_eq!(kept["attachments"][0]["title"], "Contract");
        let stale = tenant
            .call(reqwest::Method::PATCH, &at)
            .header("if-match", "\"7\"")
            .json(&json!({ "notes": "x" }));
        stale.send().await.refused(412, "version_mismatch");
        tenant.customer("Hansa Foods").await;
        let found = tenant.get("/v1/customers?tag=builders").await.ok();
        assert_eq!(
            (found["data"].as_array().map(Vec::len), &found["data"][0]["id"]),
            (Some(1), &json!(customer))
        );
        let product = tenant
            .product_with(
                "BOLT",
                json!({ "list_price": "2.50", "description": "Steel.", "tags": ["new", "a|b"],
                "images": [{ "url": "https://cdn.example/1.jpg", "title": null }],
                "attachments": [{ "url": "https://cdn.example/sheet.pdf", "title": "Data sheet" }] }),
            )
            .await;
        let at = format!("/v1/products/{}", product.id);
        let before = tenant.get(&at).await.ok();
        assert_eq!(before["images"], json!([{ "url": "https://cdn.example/1.jpg", "title": null }]));
        assert_eq!(tenant.get("/v1/products?tag=new").await.ok()["data"][0]["sku"], "BOLT");
        let csv = tenant.get("/v1/products/export").await;
        assert_eq!(csv.status, 200, "{}", csv.text);
        let bare = json!({ "tags": [], "images": [], "attachments": [] });
        tenant.patch(&at, &bare).await.ok();
        let import =
            tenant.call(reqwest::Method::POST, "/v1/products/import").key("back").body("text/csv", csv.text);
        import.send().await.ok();
        let after = tenant.get(&at).await.ok();
        for field in ["tags", "images", "attachments", "description"] {
            assert_eq!(after[field], before[field], "{field}");
        }
    });
}

#[test]
fn orders_and_shipments_take_notes_and_tracking_later() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let noted = json!({ "notes": "Call first.", "tags": ["urgent"], "metadata": { "basket": "17" },
            "advance_to": "confirmed" });
        let placed = tenant.post(ORDERS, &order(&customer, &noted)).await.created();
        assert_eq!((&placed["notes"], &placed["metadata"]["basket"]), (&json!("Call first."), &json!("17")));
        let at = path("orders", &placed);
        let ship = json!({ "carrier": "Parcel Express", "tracking_number": "1Z999AA10123456784" });
        let shipped = tenant.post(&format!("{at}/ship"), &ship).await.ok();
        let shipment = &shipped["shipments"][0];
        assert_eq!((&shipment["carrier"], &shipment["version"]), (&json!("Parcel Express"), &json!(1)));
        let change = json!({ "notes": null, "tags": ["late"], "metadata": { "basket": null, "van": "3" } });
        let changed = tenant.patch(&at, &change).await.ok();
        let whole = tenant.get(&at).await.ok();
        for field in ["notes", "tags", "metadata", "version"] {
            assert_eq!(changed[field], whole[field], "{field}");
        }
        assert_eq!((&whole["notes"], &whole["metadata"]), (&json!(""), &json!({ "van": "3" })));
        let at = path("shipments", shipment);
        let url = json!({ "tracking_url": "https://carrier.example/track/1Z999AA10123456784" });
        let guarded =
            |version: &str| tenant.call(reqwest::Method::PATCH, &at).header("if-match", version).json(&url);
        guarded("\"2\"").send().await.refused(412, "version_mismatch");
        guarded("\"1\"").send().await.ok();
        let read = tenant.get(&at).await;
        assert_eq!(read.header("etag").map(|etag| etag.contains('2')), Some(true));
        assert_eq!(read.ok()["tracking_url"], url["tracking_url"]);
        let wrong = json!({ "tracking_url": "carrier.example", "tracking_number": " ", "lines": [] });
        tenant.patch(&at, &wrong).await.refused(400, "unknown_field");
        let wrong = json!({ "tracking_url": "carrier.example", "tracking_number": " " });
        tenant
            .patch(&at, &wrong)
            .await
            .refused(422, "validation_failed")
            .names(&["#/tracking_number", "#/tracking_url"]);
        let events = tenant.events("type=shipment.*").await;
        assert_eq!(events[0]["data"]["object"]["url"], json!(at));
    });
}
