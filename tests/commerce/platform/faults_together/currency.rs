//! Faults beside a wrong currency, amounts of nothing, and references.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Problem, Tenant, with_tenant};

use super::{goods, lists, refused, with};

const PAYOUTS: &str = "/v1/payouts";

#[test]
fn a_wrong_currency_hides_no_other_fault() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let (till, invoice) = ("reg_01h455vb4pex5vsknk084sn02q", "inv_01h455vb4pex5vsknk084sn02q");
        // There is no currency XXZ, and no recorded rate of USD.
        for (currency, field) in [("XXZ", "#/currency"), ("USD", "#/exchange_rate")] {
            let payment = json!({ "customer_id": customer, "method": "bank", "register_id": till, "amount": "-5",
                "currency": currency, "allocations": [{ "invoice_id": invoice, "amount": "1" }] });
            let expected = [field, "#/register_id", "#/amount", "#/allocations/0/invoice_id"];
            refused(&tenant.post("/v1/payments", &payment).await, &expected);
            let paid =
                json!({ "supplier_id": supplier, "currency": currency, "amount": "-5", "advance": "0" });
            refused(&tenant.post("/v1/supplier-payments", &paid).await, &[field, "#/amount", "#/advance"]);
        }
        let parts = json!([{ "payment_id": "pay_01h455vb4pex5vsknk084sn02q" }]);
        let paid_out = json!({ "customer_id": customer, "method": "bank", "register_id": till, "amount": "-1",
            "currency": "XXZ", "parts": parts });
        let expected = ["#/currency", "#/register_id", "#/amount", "#/parts/0"];
        refused(&tenant.post(PAYOUTS, &paid_out).await, &expected);
        // An amount may have the decimals of another currency.
        let sound =
            json!({ "customer_id": customer, "method": "bank", "amount": "5.123", "currency": "XXZ" });
        refused(&tenant.post("/v1/payments", &sound).await, &["#/currency"]);
        // A drawer has no other currency, so its till is not judged.
        let cash = with(&sound, &[("method", json!("cash"))]);
        refused(&tenant.post("/v1/payments", &cash).await, &["#/currency"]);
        let of_nothing = json!({ "supplier_id": supplier, "amount": "-5" });
        refused(&tenant.post("/v1/supplier-payments", &of_nothing).await, &["#/bills", "#/amount"]);
    });
}

#[test]
fn a_wrong_time_hides_no_wrong_currency_and_no_wrong_rate() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let future = json!("2999-01-01T00:00:00Z");
        let wrong = |body: Value, time: (&str, Value)| {
            with(&body, &[("currency", json!("XXZ")), ("exchange_rate", json!("0")), time])
        };
        let paid = json!({ "customer_id": customer, "method": "bank", "amount": "1" });
        let advance = json!({ "supplier_id": supplier, "advance": "1" });
        let expected = ["#/currency", "#/exchange_rate", "#/occurred_at"];
        for (path, body) in [("/v1/payments", &paid), (PAYOUTS, &paid), ("/v1/supplier-payments", &advance)] {
            let body = wrong(body.clone(), ("occurred_at", future.clone()));
            refused(&tenant.post(path, &body).await, &expected);
        }
        let line = json!({ "sku": "MUG", "quantity": "1", "discount": { "amount": "-1" } });
        let order = json!({ "customer_id": customer, "discount": { "amount": "-1" }, "lines": [line] });
        let order = wrong(order, ("occurred_at", future.clone()));
        let expected = ["#/currency", "#/exchange_rate", "#/occurred_at", "#/discount", "#/lines/0/discount"];
        refused(&tenant.post("/v1/orders", &order).await, &expected);
        let bill = json!({ "supplier_id": supplier, "supplier_number": "4711",
            "lines": [{ "account": "6100", "unit_cost": "1" }] });
        let bill = wrong(bill, ("dated", json!("2999-01-01")));
        refused(&tenant.post("/v1/bills", &bill).await, &["#/currency", "#/exchange_rate", "#/dated"]);
        let lines = json!([{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }]);
        let bought = json!({ "supplier_id": supplier, "lines": lines });
        let bought = wrong(bought, ("expected_on", json!("2020-01-01")));
        let expected = ["#/currency", "#/exchange_rate", "#/expected_on"];
        refused(&tenant.post("/v1/purchase-orders", &bought).await, &expected);
        // No till has cash in another currency, at any time.
        let more = [("method", json!("cash")), ("currency", json!("USD")), ("exchange_rate", json!("0.9"))];
        let cash = with(&with(&paid, &more), &[("occurred_at", future)]);
        refused(&tenant.post("/v1/payments", &cash).await, &["#/method", "#/occurred_at"]);
        // An unknown supplier hides no rate.
        let more = [("currency", json!("USD")), ("exchange_rate", json!("0"))];
        let unknown = with(&advance, &[("supplier_id", json!("sup_01h455vb4pex5vsknk084sn02q"))]);
        let reply = tenant.post("/v1/supplier-payments", &with(&unknown, &more)).await;
        lists(&reply.refused(404, "not_found"), &["#/supplier_id", "#/exchange_rate"]);
    });
}

#[test]
fn a_wrong_rate_hides_no_amount_with_too_many_decimals() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let bill = json!({ "supplier_id": supplier, "supplier_number": "4711", "dated": "2026-01-02",
            "currency": "JPY", "lines": [{ "account": "9999", "unit_cost": "1", "tax_value": "1.5" }] });
        let line =
            json!({ "sku": "MUG", "quantity": "1", "unit_price": "1", "discount": { "amount": "0.5" } });
        let order = json!({ "customer_id": customer, "currency": "JPY", "discount": { "amount": "0.5" },
            "lines": [line] });
        // There is no recorded rate.
        for rate in [vec![], vec![("exchange_rate", json!("0"))]] {
            let billed = tenant.post("/v1/bills", &with(&bill, &rate)).await;
            refused(&billed, &["#/exchange_rate", "#/lines/0/account", "#/lines/0/tax_value"]);
            let ordered = tenant.post("/v1/orders", &with(&order, &rate)).await;
            refused(&ordered, &["#/exchange_rate", "#/discount", "#/lines/0/discount"]);
        }
    });
}

#[test]
fn a_purchase_order_lists_no_price_that_cannot_be_judged() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let lines = json!([{ "sku": "NOSUCH", "quantity": "1" }, { "sku": "MUG", "quantity": "1" }]);
        let order = json!({ "supplier_id": supplier, "currency": "XXZ", "lines": lines });
        refused(&tenant.post("/v1/purchase-orders", &order).await, &["#/currency", "#/lines/0/sku"]);
        let order = with(&order, &[("currency", json!("USD")), ("exchange_rate", json!("0.9"))]);
        let problem = tenant.post("/v1/purchase-orders", &order).await.refused(404, "not_found");
        lists(&problem, &["#/lines/0/sku", "#/lines/1/unit_cost"]);
    });
}

#[test]
fn an_unknown_record_hides_no_amount_of_its_line() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let (payment, invoice) = ("pay_01h455vb4pex5vsknk084sn02q", "inv_01h455vb4pex5vsknk084sn02q");
        let paid = json!({ "customer_id": customer, "method": "bank", "amount": "5", "allocations": [
            { "invoice_id": invoice, "amount": "-1" }, { "invoice_id": invoice, "amount": "0.001" }] });
        let expected = [
            "#/allocations/0/invoice_id",
            "#/allocations/0/amount",
            "#/allocations/1/invoice_id",
            "#/allocations/1/amount",
        ];
        let reply = tenant.post("/v1/payments", &paid).await;
        lists(&reply.refused(404, "not_found"), &expected);

        let parts = json!([{ "payment_id": payment, "amount": "0" }, { "amount": "-1" }]);
        let paid_out = json!({ "customer_id": customer, "method": "bank", "parts": parts });
        let expected = ["#/parts/0", "#/parts/0/amount", "#/parts/1", "#/parts/1/amount"];
        refused(&tenant.post(PAYOUTS, &paid_out).await, &expected);

        let lines = json!([{ "payment_id": payment, "invoice_id": invoice, "amount": "-1" },
            { "invoice_id": invoice, "amount": "0" }]);
        let expected = [
            "#/lines/0/payment_id",
            "#/lines/0/invoice_id",
            "#/lines/0/amount",
            "#/lines/1",
            "#/lines/1/invoice_id",
            "#/lines/1/amount",
        ];
        for kind in ["apply", "unapply"] {
            let applied = json!({ "kind": kind, "customer_id": customer, "lines": lines });
            refused(&tenant.post("/v1/applications", &applied).await, &expected);
        }
        // An unknown customer hides none of them.
        let unknown = json!({ "customer_id": "cus_01h455vb4pex5vsknk084sn02q", "lines": [
            { "payment_id": payment, "invoice_id": invoice, "amount": "-1" }] });
        let reply = tenant.post("/v1/applications", &unknown).await;
        lists(&reply.refused(404, "not_found"), &["#/customer_id", "#/lines/0/amount"]);

        let bill = json!({ "supplier_id": supplier, "supplier_number": "4711", "dated": "2026-01-02",
            "lines": [{ "account": "6100", "unit_cost": "10" }] });
        let bill = tenant.make("/v1/bills", bill).await;
        let bills = json!([{ "bill_id": bill, "amount": "0", "discount": "-5" },
            { "bill_id": "bll_01h455vb4pex5vsknk084sn02q", "amount": "-1", "discount": "-1" }]);
        let paid = json!({ "supplier_id": supplier, "bills": bills });
        let expected = [
            "#/bills/0/amount",
            "#/bills/0/discount",
            "#/bills/1/bill_id",
            "#/bills/1/amount",
            "#/bills/1/discount",
        ];
        refused(&tenant.post("/v1/supplier-payments", &paid).await, &expected);
        let advance = json!({ "supplier_id": supplier, "advance": "10" });
        let advance = tenant.make("/v1/supplier-payments", advance).await;
        let path = format!("/v1/supplier-payments/{advance}/apply");
        refused(&tenant.post(&path, &json!({ "bills": bills })).await, &expected);
    });
}

#[test]
fn a_voucher_that_is_paid_twice_hides_no_unknown_account_and_no_unknown_till() {
    with_tenant(async |tenant| {
        let voucher = json!({ "amount": "5", "register_id": "reg_01h455vb4pex5vsknk084sn02q" });
        let both = with(&voucher, &[("method", json!("cash")), ("account", json!("9999"))]);
        let expected = ["#/method", "#/register_id", "#/account"];
        refused(&tenant.post("/v1/vouchers", &both).await, &expected);
        let item = json!({ "idempotency_key": "wrong", "body": both });
        let results = tenant.post("/v1/vouchers/batch", &json!({ "items": [item] })).await.expect(207);
        lists(&Problem(results["results"][0]["body"].clone()), &expected);
        refused(&tenant.post("/v1/vouchers", &voucher).await, &["#/method", "#/register_id"]);
    });
}

/// Returns the details of a rejection.
fn details(problem: &Problem) -> Vec<&str> {
    let errors = problem.0["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["detail"].as_str()).collect()
}

#[test]
fn an_amount_of_nothing_is_called_so() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let paid = json!({ "customer_id": customer, "method": "bank", "amount": "10" });
        let payment = tenant.make("/v1/payments", paid).await;
        let whole = json!({ "customer_id": customer, "method": "bank" });
        let part = |amount: &str| json!([{ "payment_id": payment, "amount": amount }]);
        let above_zero = ["The amount must be above zero."];
        for more in
            [("amount", json!("0")), ("amount", json!("-1")), ("parts", part("0")), ("parts", part("-1"))]
        {
            let problem = tenant.post(PAYOUTS, &with(&whole, &[more])).await;
            let problem = problem.refused(422, "validation_failed");
            assert_eq!(details(&problem), above_zero);
        }
        let all = with(&whole, &[("parts", json!([{ "payment_id": payment }]))]);
        tenant.post(PAYOUTS, &all).await.created();
        let problem = tenant.post(PAYOUTS, &all).await.refused(422, "validation_failed");
        assert_eq!(details(&problem), ["Nothing of this can be paid out: leave the part out."]);
    });
}

async fn refuses(tenant: &Tenant, path: &str, body: &Value, field: &str) {
    for text in ["", "  ", "PO 7\nPO 8", "PO\u{1}7"] {
        let problem = tenant.post(path, &with(body, &[(field, json!(text))])).await;
        refused(&problem, &[&format!("#/{field}")]);
    }
}

#[test]
fn a_reference_is_one_line_that_is_not_blank() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "lines": [{ "sku": "MUG", "quantity": "1" }] });
        for field in ["reference", "external_ref"] {
            refuses(tenant, "/v1/orders", &order, field).await;
        }
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "1" });
        refuses(tenant, "/v1/payments", &payment, "reference").await;
        let receipt =
            json!({ "kind": "receipt", "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
        refuses(tenant, "/v1/stock/documents", &receipt, "reference").await;
        let more = [("reference", json!(" PO 7\n")), ("advance_to", json!("confirmed"))];
        let placed = tenant.post("/v1/orders", &with(&order, &more)).await.created();
        assert_eq!(placed["reference"], "PO 7");
        let at = format!("/v1/orders/{}/ship", placed["id"].as_str().expect("an id"));
        refuses(tenant, &at, &json!({}), "tracking_number").await;
        let shipped = tenant.post(&at, &json!({ "tracking_number": "\t1Z-1 " })).await.ok();
        let shipment = format!("/v1/shipments/{}", shipped["shipments"][0]["id"].as_str().expect("an id"));
        let read = tenant.get(&shipment).await.ok();
        assert_eq!(read["tracking_number"], "1Z-1");
        let present = json!({ "tracking_number": "1Z-1\n" });
        let call = tenant.call(Method::PATCH, &shipment).json(&present);
        assert_eq!(call.send().await.ok()["version"], shipped["shipments"][0]["version"]);
    });
}
