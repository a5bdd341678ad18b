//! The audit log finds the commands that changed a document by another one.

use serde_json::{Value, json};
use tests::{Tenant, sale, with_tenant};

use super::{PAYMENTS, invoice, paid, worker};

/// Returns the names of the commands of a document, oldest first.
async fn trail(tenant: &Tenant, id: &str) -> Vec<String> {
    let page = tenant.get(&format!("/v1/commands?document_id={id}&sort=created_at")).await.ok();
    let name = |command: &Value| command["name"].as_str().expect("a name").to_owned();
    page["data"].as_array().expect("commands").iter().map(name).collect()
}

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

async fn made(tenant: &Tenant, path: &str, body: Value) -> String {
    id(&tenant.post(path, &body).await.created())
}

#[test]
fn an_invoice_is_found_by_what_settles_it() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice(tenant, &customer, 100).await;
        let payment = made(tenant, PAYMENTS, paid(&customer, "60")).await;
        let on = json!([{ "payment_id": payment, "invoice_id": first }]);
        for kind in ["unapply", "apply"] {
            let body = json!({ "customer_id": customer, "kind": kind, "lines": on });
            made(tenant, "/v1/applications", body).await;
        }
        let reverse = format!("{PAYMENTS}/{payment}/reverse");
        made(tenant, &reverse, json!({ "reason": "Wrong customer" })).await;
        let returned = json!({ "customer_id": customer, "original_id": first });
        let note = made(tenant, "/v1/returns", returned).await;

        let of_invoice = trail(tenant, &first).await;
        assert_eq!(of_invoice.len(), 6, "{of_invoice:?}");
        let of_payment = trail(tenant, &payment).await;
        assert_eq!(of_payment.len(), 4, "{of_payment:?}");
        assert_eq!(of_invoice[1..5], of_payment, "payment, two applications and the reversal");
        let of_note = trail(tenant, &note).await;
        assert_eq!(of_note, of_invoice[5..], "{of_note:?}");
        let second = invoice(tenant, &customer, 10).await;
        assert_eq!(trail(tenant, &second).await.len(), 1, "another invoice has none of them");
    });
}

#[test]
fn a_payment_is_found_by_its_payout() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let payment = made(tenant, PAYMENTS, paid(&customer, "60")).await;
        made(tenant, "/v1/payouts", json!({ "customer_id": customer, "method": "bank", "amount": "60" }))
            .await;
        let found = trail(tenant, &payment).await;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].starts_with("payout."), "{found:?}");
    });
}

#[test]
fn a_voucher_is_found_by_the_sales_that_it_paid() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let voucher = json!({ "code": "PRESENT", "amount": "20", "method": "bank" });
        let voucher = made(tenant, "/v1/vouchers", voucher).await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["tenders"] = json!([{ "kind": "voucher", "reference": "PRESENT" }]);
        tenant.post("/v1/pos/sales", &body).await.created();
        let found = trail(tenant, &voucher).await;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("voucher.") && found[1].starts_with("pos_sale."), "{found:?}");
    });
}

#[test]
fn a_bill_is_found_by_its_payments() {
    with_tenant(async |tenant| {
        let pottery = made(tenant, "/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
        let lines = json!([{ "account": "6100", "unit_cost": "50" }]);
        let bill = json!({ "supplier_id": pottery, "supplier_number": "R-1", "dated": "2026-01-02",
            "lines": lines });
        let bill = made(tenant, "/v1/bills", bill).await;
        let part = json!([{ "bill_id": bill, "amount": "50" }]);
        let payment = json!({ "supplier_id": pottery, "bills": part });
        let payment = made(tenant, "/v1/supplier-payments", payment).await;
        let reverse = format!("/v1/supplier-payments/{payment}/reverse");
        made(tenant, &reverse, json!({ "reason": "Rejected by the bank" })).await;
        let found = trail(tenant, &bill).await;
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[1..], trail(tenant, &payment).await);
    });
}

#[test]
fn a_journal_entry_and_a_cash_move_are_found_by_their_command() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let cash =
            json!({ "register_id": till.register_id, "kind": "paid_in", "amount": "10", "reason": "Change" });
        let cash = made(tenant, "/v1/pos/cash-moves", cash).await;
        let found = trail(tenant, &cash).await;
        assert_eq!(found, ["pos_session.cash_moved"]);
        let entries = tenant.get("/v1/journal-entries").await.ok();
        let entry = id(&entries["data"][0]);
        assert_eq!(trail(tenant, &entry).await, found);
    });
}
