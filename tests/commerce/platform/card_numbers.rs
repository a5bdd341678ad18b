//! Card numbers are never stored (PCI DSS 3.3.1): a text with one is rejected and not repeated in the response.

use serde_json::{Value, json};
use tests::{Tenant, lines, sale, with_tenant};

const SALES: &str = "/v1/pos/sales";

async fn refused_text(tenant: &Tenant, path: &str, body: Value, pointer: &str) {
    let reply = tenant.post(path, &body).await;
    reply.refused(422, "validation_failed").names(&[pointer]);
    assert!(!reply.text.contains("4111"), "a card number is not repeated: {}", reply.text);
}

#[test]
fn a_card_number_is_refused_wherever_text_is_free() {
    with_tenant(async |tenant| {
        const CARD: &str = "4111 1111 1111 1111";
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let customer = tenant.customer("Nordwind Supply").await;
        let with = |field: &str| {
            let mut body = sale(&till, &[("MUG", "1")]);
            body["lines"][0]["unit_price"] = json!("10.00");
            body["lines"][0][field] = json!(CARD);
            body
        };
        refused_text(tenant, SALES, with("description"), "#/lines/0/description").await;
        refused_text(tenant, SALES, with("price_reason"), "#/lines/0/price_reason").await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["tenders"] = json!([{ "kind": "card", "reference": CARD }]);
        refused_text(tenant, SALES, body, "#/tenders/0/reference").await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["country"] = json!(CARD);
        refused_text(tenant, SALES, body, "#/country").await;
        let refund = json!({ "register_id": till.register_id, "country": CARD, "lines": lines(&[("MUG", "1")]), "tenders": [] });
        refused_text(tenant, "/v1/pos/refunds", refund, "#/country").await;
        let cash =
            json!({ "register_id": till.register_id, "kind": "paid_in", "amount": "1", "reason": CARD });
        refused_text(tenant, "/v1/pos/cash-moves", cash, "#/reason").await;
        let order = json!({ "customer_id": customer, "country": CARD, "lines": lines(&[("MUG", "1")]) });
        refused_text(tenant, "/v1/orders", order, "#/country").await;
        for description in ["5500 0000 0000 0004", "3782 822463 10005", "6011111111111117"] {
            let mut order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
            order["lines"][0]["description"] = json!(description);
            let reply = tenant.post("/v1/orders", &order).await;
            reply.refused(422, "validation_failed").names(&["#/lines/0/description"]);
        }
        for field in ["reason", "country"] {
            let mut back = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
            back[field] = json!(CARD);
            refused_text(tenant, "/v1/returns", back, &format!("#/{field}")).await;
        }
        let payment = json!({ "customer_id": customer, "method": "card", "amount": "1", "reference": CARD });
        refused_text(tenant, "/v1/payments", payment, "#/reference").await;
        let entry = json!({ "memo": CARD, "lines": [{ "account": "6100", "debit": "1" }, { "account": "1010", "credit": "1" }] });
        refused_text(tenant, "/v1/journal-entries", entry, "#/memo").await;
        let customer = json!({ "kind": "retail", "name": CARD });
        refused_text(tenant, "/v1/customers", customer, "#/name").await;
        let product = json!({ "sku": "CUP", "name": "Cup", "metadata": { "note": CARD } });
        refused_text(tenant, "/v1/products", product, "#/metadata/note").await;
        let product = json!({ "sku": "CUP", "name": "Cup", "metadata": { CARD: "note" } });
        refused_text(tenant, "/v1/products", product, "#/metadata").await;
        let key = json!({ "name": CARD, "scopes": ["stock:read"] });
        refused_text(tenant, "/v1/api-keys", key, "#/name").await;
        let invited = json!({ "name": CARD, "email": "till@shop.example", "role": "cashier" });
        refused_text(tenant, "/v1/invitations", invited, "#/name").await;
        let customer = json!({ "kind": "retail", "name": "Shop", "notes": "card4111111111111111" });
        refused_text(tenant, "/v1/customers", customer, "#/notes").await;
    });
}

#[test]
fn a_card_number_is_refused_in_every_form() {
    with_tenant(async |tenant| {
        for notes in ["4111/1111/1111/1111", "4111 1111\n1111 1111", "4111111111111111exp12/28"] {
            let customer = json!({ "kind": "retail", "name": "Shop", "notes": notes });
            refused_text(tenant, "/v1/customers", customer, "#/notes").await;
        }
        for notes in [
            "5610591081018250",
            "paid by 5000550000000029",
            "6007220000000004",
            "5895 6267 4659 5650",
            "5896570000000008",
            "5011054488597827",
            "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
            "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
            "4242, 4242, 4242, 4242",
            "4,242,424,242,424,242",
        ] {
            let customer = json!({ "kind": "retail", "name": "Shop", "notes": notes });
            let reply = tenant.post("/v1/customers", &customer).await;
            reply.refused(422, "validation_failed").names(&["#/notes"]);
        }
        let orders = json!({ "kind": "retail", "name": "Shop", "notes": "41111111\n11111111" });
        tenant.post("/v1/customers", &orders).await.created();
    });
}

#[test]
fn a_card_number_is_refused_in_texts_that_have_one_line() {
    with_tenant(async |tenant| {
        const CARD: &str = "4111 1111 1111 1111";
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let endpoint = json!({ "url": "https://hooks.invalid/stockwell", "description": CARD });
        refused_text(tenant, "/v1/webhook-endpoints", endpoint, "#/description").await;
        let rate = json!({ "currency": "USD", "valid_from": "2026-01-02", "rate": "0.79", "source": CARD });
        refused_text(tenant, "/v1/exchange-rates", rate, "#/source").await;
        tenant.tracked("MILK", "lot").await;
        let lot = json!({ "code": "A", "received_from": CARD });
        let receipt = json!({ "kind": "receipt",
            "lines": [{ "sku": "MILK", "quantity": "1", "unit_cost": "1", "lots": [lot] }] });
        refused_text(tenant, "/v1/stock/documents", receipt, "#/lines/0/lots/0/received_from").await;
        let mug = tenant.get("/v1/products?sku=MUG").await.ok();
        let file = json!({ "record_id": mug["data"][0]["id"], "filename": format!("{CARD}.txt"),
            "content_type": "text/plain", "content": "WFlMT1BIT05F" });
        refused_text(tenant, "/v1/attachments", file, "#/filename").await;
    });
}

#[test]
fn a_card_number_is_no_reference_of_money_by_card() {
    with_tenant(async |tenant| {
        const CARD: &str = "4111 1111 1111 1111";
        let customer = tenant.customer("Nordwind Trading").await;
        let paid = |method: &str, reference: Option<&str>| json!({ "customer_id": customer, "method": method, "amount": "9", "reference": reference });
        refused_text(tenant, "/v1/payments", paid("card", Some(CARD)), "#/reference").await;
        let payment = tenant.post("/v1/payments", &paid("card", Some("auth-1"))).await.created();
        refused_text(tenant, "/v1/payouts", paid("card", Some(CARD)), "#/reference").await;
        let path = format!("/v1/payments/{}/reverse", payment["id"].as_str().expect("an id"));
        let reversal =
            json!({ "reason": "Bounced", "reference": CARD, "occurred_at": "2999-01-01T00:00:00Z" });
        let reply = tenant.post(&path, &reversal).await;
        reply.refused(422, "validation_failed").names(&["#/reference", "#/occurred_at"]);
        refused_text(tenant, &path, json!({ "reason": "Bounced", "reference": CARD }), "#/reference").await;
        // A reference of a bank may look like one.
        tenant.post("/v1/payouts", &paid("bank", Some(CARD))).await.created();
    });
}

/// Numbers of other systems may look like card numbers.
#[test]
fn numbers_of_orders_parcels_devices_and_banks_are_taken() {
    const NUMBERS: [&str; 8] = [
        "305-1234567-1234567",
        "356938035643809",
        "9400 1118 9922 3818 2500 25",
        "00340434161094042557",
        "RF18 5390 0754 7034",
        "21 00000 00003 13947 14300 09017",
        "+++090/9337/55493+++",
        "4539 5787 6362 1486",
    ];
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        tenant
            .make(
                "/v1/products",
                json!({ "sku": "PHONE", "name": "Phone", "tracking": "serial", "list_price": "9" }),
            )
            .await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        for (index, number) in NUMBERS.into_iter().enumerate() {
            let order = json!({ "customer_id": customer, "reference": number, "external_ref": format!("{number} {index}"),
                "lines": lines(&[("MUG", "1")]) });
            tenant.post("/v1/orders", &order).await.created();
            let receipt = json!({ "kind": "receipt", "reference": number,
                "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
            tenant.post("/v1/stock/documents", &receipt).await.created();
            let payment =
                json!({ "customer_id": customer, "method": "bank", "amount": "1", "reference": number });
            tenant.post("/v1/payments", &payment).await.created();
            let mut sold = sale(&till, &[("MUG", "1")]);
            sold["tenders"][0]["reference"] = json!(number);
            tenant.post(SALES, &sold).await.created();
            let serial = json!({ "kind": "receipt",
                "lines": [{ "sku": "PHONE", "quantity": "1", "unit_cost": "1", "lots": [{ "code": number }] }] });
            tenant.post("/v1/stock/documents", &serial).await.created();
            if index < NUMBERS.len() - 1 {
                let mut sold = sale(&till, &[("MUG", "1")]);
                sold["lines"][0]["description"] = json!(format!("No. {number}"));
                tenant.post(SALES, &sold).await.created();
            }
        }
    });
}
