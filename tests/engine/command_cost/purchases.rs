//! Purchase orders, from the draft to the last receipt, returns to suppliers, landed costs and bills.

use serde_json::{Value, json};

use super::{Request, Shop, id, wanted, with_each};

const PURCHASES: &str = "/v1/purchase-orders";
const BILLS: &str = "/v1/bills";
const PAYMENTS: &str = "/v1/supplier-payments";

impl Shop<'_> {
    pub async fn purchased(&self, name: &str, many: usize) -> Request {
        let number = self.tenant.count("supplier").await;
        let supplier = json!({ "code": format!("S{number}"), "name": "Supplier", "lead_time_days": 7 });
        let supplier = self.tenant.make("/v1/suppliers", supplier).await;
        let lines = with_each(&tests::lines(&wanted("P", many)), "unit_cost", "3");
        let order = json!({ "supplier_id": supplier, "lines": lines });
        if name == "purchase_order.created" {
            return (PURCHASES.to_owned(), order);
        }
        let made = self.tenant.post(PURCHASES, &order).await.created();
        let path = |verb: &str| format!("{PURCHASES}/{}/{verb}", id(&made));
        if name == "purchase_order.sent" {
            return (path("send"), json!({}));
        }
        self.tenant.post(&path("send"), &json!({})).await.ok();
        match name {
            "purchase_order.confirmed" => (path("confirm"), json!({ "expected_on": "2090-01-01" })),
            "purchase_order.received" => (path("receive"), json!({})),
            "purchase_order.returned" | "purchase_order.return_reversed" => {
                let came = self.tenant.post(&path("receive"), &json!({})).await.ok();
                let lines: Vec<Value> =
                    (1..=many).map(|number| json!({ "line_no": number, "quantity": "1" })).collect();
                let back = json!({ "receipt_id": came["receipt_id"], "lines": lines });
                if name == "purchase_order.returned" {
                    return (path("return"), back);
                }
                let sent = self.tenant.post(&path("return"), &back).await.ok();
                let reversal = json!({ "return_id": sent["return_id"], "reason": "Not sent" });
                (path("reverse-return"), reversal)
            }
            "purchase_order.cancelled" => (path("cancel"), json!({})),
            _ => {
                let part = json!({ "line_no": 1, "quantity": "1" });
                let part: Vec<Value> = vec![part];
                self.tenant.post(&path("receive"), &json!({ "lines": part })).await.ok();
                (path("close"), json!({}))
            }
        }
    }

    /// Returns a request about the freight of one receipt of `many` lines.
    pub async fn landed(&self, name: &str, many: usize) -> Request {
        const LANDED: &str = "/v1/landed-costs";
        let lines = with_each(&tests::lines(&wanted("P", many)), "unit_cost", "3");
        let receipt = json!({ "kind": "receipt", "lines": lines });
        let receipt = self.tenant.make("/v1/stock/documents", receipt).await;
        let freight = json!({ "charges": [{ "kind": "freight", "amount": "10" }], "spread_by": "value",
            "receipts": [{ "stock_document_id": receipt }] });
        if name == "landed_cost.posted" {
            return (LANDED.to_owned(), freight);
        }
        let made = self.tenant.make(LANDED, freight).await;
        (format!("{LANDED}/{made}/reverse"), json!({ "reason": "Billed twice" }))
    }

    /// Returns a request about the bill of a received order, or about `many` bills if it is one of a payment.
    pub async fn billed(&self, name: &str, many: usize) -> Request {
        let number = self.tenant.count("supplier").await;
        let supplier = json!({ "code": format!("B{number}"), "name": "Supplier" });
        let supplier = self.tenant.make("/v1/suppliers", supplier).await;
        if name.starts_with("supplier_payment") {
            return self.paid(name, &supplier, many).await;
        }
        let lines = with_each(&tests::lines(&wanted("P", many)), "unit_cost", "3");
        let order = json!({ "supplier_id": supplier, "lines": lines });
        let made = self.tenant.post(PURCHASES, &order).await.created();
        for verb in ["send", "receive"] {
            self.tenant.post(&format!("{PURCHASES}/{}/{verb}", id(&made)), &json!({})).await.ok();
        }
        let line = |number: usize| json!({ "purchase_order_id": made["id"], "order_line_no": number, "quantity": "1", "unit_cost": "3" });
        let lines: Vec<Value> = (1..=many).map(line).collect();
        let bill =
            json!({ "supplier_id": supplier, "supplier_number": "1", "dated": "2026-01-02", "lines": lines });
        if name == "bill.recorded" {
            return (BILLS.to_owned(), bill);
        }
        let bill = self.tenant.post(BILLS, &bill).await.created();
        if name == "bill_reversal.recorded" {
            return (format!("{BILLS}/{}/reverse", id(&bill)), json!({ "reason": "Twice" }));
        }
        let lines: Vec<Value> =
            (1..=many).map(|number| json!({ "line_no": number, "value": "1.00" })).collect();
        let credit = json!({ "supplier_number": "2", "dated": "2026-01-02", "lines": lines });
        (format!("{BILLS}/{}/credit", id(&bill)), credit)
    }

    async fn paid(&self, name: &str, supplier: &str, many: usize) -> Request {
        let mut bills = Vec::with_capacity(many);
        for number in 0..many {
            let line = json!({ "account": "5300", "unit_cost": "10" });
            let bill = json!({ "supplier_id": supplier, "supplier_number": number.to_string(), "dated": "2026-01-02",
                "lines": [line] });
            let bill = self.tenant.post(BILLS, &bill).await.created();
            bills.push(json!({ "bill_id": bill["id"], "amount": "10" }));
        }
        if name == "supplier_payment.applied" {
            let amount = (many * 10).to_string();
            let advance = json!({ "supplier_id": supplier, "advance": amount });
            let advance = self.tenant.make(PAYMENTS, advance).await;
            return (format!("{PAYMENTS}/{advance}/apply"), json!({ "bills": bills }));
        }
        let payment = json!({ "supplier_id": supplier, "bills": bills });
        if name == "supplier_payment.paid" {
            return (PAYMENTS.to_owned(), payment);
        }
        let paid = self.tenant.post(PAYMENTS, &payment).await.created();
        (format!("{PAYMENTS}/{}/reverse", id(&paid)), json!({ "reason": "Account closed" }))
    }
}
