//! Texts of one line: references, numbers, reasons and remarks. They are kept without the blanks around them.

use serde_json::{Value, json};
use tests::{Tenant, lines, with_tenant};

const ORDERS: &str = "/v1/orders";
const HOLDS: &str = "/v1/stock/holds";

/// Checks that the text of a field is rejected. Returns what the rejection says of it.
async fn refuse(tenant: &Tenant, path: &str, body: &Value, field: &str) -> String {
    let problem = tenant.post(path, body).await.refused(422, "validation_failed");
    let problem = problem.names(&[&format!("#/{field}")]);
    problem.0["errors"][0]["detail"].as_str().expect("a detail").to_owned()
}

#[test]
fn separators_of_lines_and_texts_that_show_nothing_are_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        for text in ["a\u{2028}b", "a\u{2029}b", "\u{200b}", "\u{feff}"] {
            let mut order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
            for field in ["reference", "external_ref"] {
                order[field] = json!(text);
                refuse(tenant, ORDERS, &order, field).await;
                order.as_object_mut().expect("an order").remove(field);
            }
            let buyer = json!({ "kind": "wholesale", "name": "Hotel", "tax_number": text });
            refuse(tenant, "/v1/customers", &buyer, "tax_number").await;
            let voucher = json!({ "code": text, "amount": "5", "method": "bank" });
            refuse(tenant, "/v1/vouchers", &voucher, "code").await;
        }
    });
}

#[test]
fn an_empty_reference_and_a_blank_one_are_refused_with_the_same_text() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let mut said = Vec::new();
        for reference in ["", " ", "\n", "\u{200b}"] {
            let order =
                json!({ "customer_id": customer, "reference": reference, "lines": lines(&[("MUG", "1")]) });
            said.push(refuse(tenant, ORDERS, &order, "reference").await);
        }
        assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
    });
}

#[test]
fn reasons_and_remarks_are_one_line_without_the_blanks_around_it() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let goods = lines(&[("MUG", "1")]);
        for (path, field, body) in [
            (HOLDS, "note", json!({ "kind": "quarantine", "lines": goods })),
            ("/v1/returns", "reason", json!({ "customer_id": customer, "lines": goods })),
            (
                "/v1/pos/cash-moves",
                "reason",
                json!({ "register_id": till.register_id, "kind": "paid_in", "amount": "1" }),
            ),
        ] {
            let with = |text: &str| {
                let mut body = body.clone();
                body[field] = json!(text);
                body
            };
            for text in [" ", "a\nb", "a\u{2028}b"] {
                refuse(tenant, path, &with(text), field).await;
            }
            let made = tenant.post(path, &with(" Cracked glaze\n")).await.created();
            assert_eq!(made[field], "Cracked glaze", "{path}");
        }
    });
}

#[test]
fn the_text_of_a_line_is_one_line_and_a_blank_one_is_none() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        for (sent, kept) in [(" For\nAnna\t", json!("For Anna")), ("", Value::Null), (" \n", Value::Null)] {
            let line = json!({ "sku": "MUG", "quantity": "1", "description": sent });
            let order = json!({ "customer_id": customer, "lines": [line] });
            let order = tenant.post(ORDERS, &order).await.created();
            assert_eq!(order["lines"][0]["description"], kept, "{sent:?}");
            let id = order["id"].as_str().expect("an id");
            let amended = json!({ "lines": [{ "line_no": 1, "quantity": "2", "description": sent }] });
            let amended = tenant.post(&format!("{ORDERS}/{id}/amend"), &amended).await.ok();
            assert_eq!(amended["lines"][0]["description"], kept, "{sent:?}");
        }
    });
}
