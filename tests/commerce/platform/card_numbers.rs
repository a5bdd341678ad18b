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
            body["lines"][0][field] = json!(CARD);
            body
        };
        refused_text(tenant, SALES, with("description"), "#/lines/0/description").await;
        refused_text(tenant, SALES, with("price_reason"), "#/lines/0/price_reason").await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["tenders"][0]["reference"] = json!(CARD);
        refused_text(tenant, SALES, body, "#/tenders/0/reference").await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["country"] = json!(CARD);
        refused_text(tenant, SALES, body, "#/country").await;
        let refund = json!({ "register_id": till.register_id, "country": CARD, "lines": lines(&[("MUG", "1")]), "tenders": [] });
        refused_text(tenant, "/v1/pos/refunds", refund, "#/country").await;
        let cash =
            json!({ "register_id": till.register_id, "kind": "paid_in", "amount": "1", "reason": CARD });
        refused_text(tenant, "/v1/pos/cash-moves", cash, "#/reason").await;
        for field in ["reference", "external_ref", "country"] {
            let mut order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
            order[field] = json!(CARD);
            refused_text(tenant, "/v1/orders", order, &format!("#/{field}")).await;
        }
        for field in ["reason", "country"] {
            let mut back = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
            back[field] = json!(CARD);
            refused_text(tenant, "/v1/returns", back, &format!("#/{field}")).await;
        }
        let payment = json!({ "customer_id": customer, "method": "card", "amount": "1", "reference": CARD });
        refused_text(tenant, "/v1/payments", payment, "#/reference").await;
        let document = json!({ "kind": "receipt", "reference": CARD,
            "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
        refused_text(tenant, "/v1/stock/documents", document, "#/reference").await;
    });
}
