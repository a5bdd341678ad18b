//! Open items: payments and credit notes are applied, taken back, reversed and paid out.

use serde_json::{Value, json};
use tests::{Reply, Tenant, with_tenant};

use super::{PAYMENTS, invoice, paid, worker};

const APPLICATIONS: &str = "/v1/applications";
const PAYOUTS: &str = "/v1/payouts";

/// Returns a part of an invoice of one line, of `pounds`, without naming the invoice if there is none.
async fn credit_note(tenant: &Tenant, customer: &str, invoice: Option<&str>, pounds: u32) -> String {
    let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": pounds.to_string() }]);
    let body = match invoice {
        Some(id) => json!({ "customer_id": customer, "original_id": id }),
        None => json!({ "customer_id": customer, "lines": lines }),
    };
    let note = tenant.post("/v1/returns", &body).await.created();
    note["id"].as_str().expect("an id").to_owned()
}

/// Makes an invoice of two lines, of which each can be returned.
async fn invoice_of(tenant: &Tenant, customer: &str, pounds: [u32; 2]) -> String {
    let line = |pounds: u32| json!({ "sku": "WORK", "quantity": "1", "unit_price": pounds.to_string() });
    let lines: Vec<Value> = pounds.into_iter().map(line).collect();
    let body = json!({ "customer_id": customer, "lines": lines, "advance_to": "invoiced" });
    let order = tenant.post("/v1/orders", &body).await.created();
    order["invoices"][0]["id"].as_str().expect("an invoice").to_owned()
}

async fn return_line(tenant: &Tenant, customer: &str, invoice: &str, line_no: i32) -> Value {
    let body = json!({ "customer_id": customer, "original_id": invoice, "original_lines": [{ "line_no": line_no }] });
    tenant.post("/v1/returns", &body).await.created()
}

async fn pay(tenant: &Tenant, customer: &str, amount: &str) -> String {
    let payment = tenant.post(PAYMENTS, &paid(customer, amount)).await.created();
    payment["id"].as_str().expect("an id").to_owned()
}

async fn open(tenant: &Tenant, invoice: &str) -> String {
    let invoice = tenant.get(&format!("/v1/invoices/{invoice}")).await.ok();
    invoice["open"].as_str().expect("an amount").to_owned()
}

async fn unapplied(tenant: &Tenant, payment: &str) -> String {
    let payment = tenant.get(&format!("{PAYMENTS}/{payment}")).await.ok();
    payment["unapplied"].as_str().expect("an amount").to_owned()
}

async fn apply(tenant: &Tenant, customer: &str, kind: &str, lines: Value) -> Reply {
    tenant.post(APPLICATIONS, &json!({ "customer_id": customer, "kind": kind, "lines": lines })).await
}

async fn reverse(tenant: &Tenant, payment: &str) -> Reply {
    tenant.post(&format!("{PAYMENTS}/{payment}/reverse"), &json!({ "reason": "Account closed" })).await
}

#[test]
fn a_credit_note_settles_its_invoice() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice_of(tenant, &customer, [500, 500]).await;
        let note = return_line(tenant, &customer, &first, 2).await;
        assert_eq!((note["total"].as_str(), note["open"].as_str()), (Some("-500.00"), Some("0.00")));
        assert_eq!(open(tenant, &first).await, "500.00");
        pay(tenant, &customer, "500").await;
        assert_eq!(open(tenant, &first).await, "0.00");
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        assert_eq!((&account["receivable"], &account["unapplied"]), (&json!("0.00"), &json!("0.00")));
        assert_eq!(tenant.balance("1100").await, "0.00");
    });
}

#[test]
fn a_credit_note_settles_what_is_open_and_keeps_the_rest() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice_of(tenant, &customer, [500, 500]).await;
        pay(tenant, &customer, "800").await;
        let note = return_line(tenant, &customer, &first, 1).await;
        assert_eq!(note["open"], "-300.00");
        assert_eq!(open(tenant, &first).await, "0.00");
        let second = invoice(tenant, &customer, 100).await;
        let line = json!([{ "credit_note_id": note["id"], "invoice_id": second }]);
        let applied = apply(tenant, &customer, "apply", line).await.created();
        assert_eq!(applied["amount"], "100.00");
        let id = note["id"].as_str().expect("an id");
        assert_eq!(
            (open(tenant, id).await, open(tenant, &second).await),
            ("-200.00".to_owned(), "0.00".to_owned())
        );
        let payout = json!({ "customer_id": customer, "method": "bank" });
        let payout = tenant.post(PAYOUTS, &payout).await.created();
        assert_eq!((payout["amount"].as_str(), payout["kind"].as_str()), (Some("-200.00"), Some("payout")));
        assert_eq!(open(tenant, id).await, "0.00");
        assert_eq!(
            (tenant.balance("1100").await, tenant.balance("1010").await),
            ("0.00".to_owned(), "600.00".to_owned())
        );
    });
}

#[test]
fn an_overpayment_is_applied_to_the_next_invoice() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let payment = pay(tenant, &customer, "150").await;
        let first = invoice(tenant, &customer, 100).await;
        let second = invoice(tenant, &customer, 80).await;
        let line = json!([{ "payment_id": payment, "invoice_id": second, "amount": "30" }]);
        let named = apply(tenant, &customer, "apply", line).await.created();
        assert_eq!(
            tenant.get(&format!("{APPLICATIONS}/{}", named["id"].as_str().expect("an id"))).await.ok(),
            named
        );
        assert_eq!(open(tenant, &second).await, "50.00");
        let all = tenant.post(APPLICATIONS, &json!({ "customer_id": customer })).await.created();
        let lines = json!([
            { "payment_id": payment, "credit_note_id": null, "invoice_id": first, "amount": "100.00" },
            { "payment_id": payment, "credit_note_id": null, "invoice_id": second, "amount": "20.00" },
        ]);
        assert_eq!(all["lines"], lines);
        assert_eq!(
            (open(tenant, &second).await, unapplied(tenant, &payment).await),
            ("30.00".to_owned(), "0.00".to_owned())
        );
        let again = tenant.post(APPLICATIONS, &json!({ "customer_id": customer })).await;
        again.refused(409, "invalid_state_transition");
        let page = tenant.get(&format!("{APPLICATIONS}?customer_id={customer}")).await.ok();
        assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
        let known = tenant.get(&format!("{PAYMENTS}/{payment}")).await.ok();
        assert_eq!(known["allocations"].as_array().map(Vec::len), Some(2));
    });
}

#[test]
fn what_was_applied_is_taken_back_and_applied_elsewhere() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice(tenant, &customer, 100).await;
        let second = invoice(tenant, &customer, 100).await;
        let payment = pay(tenant, &customer, "100").await;
        let on = |invoice: &str, amount: Value| json!([{ "payment_id": payment, "invoice_id": invoice, "amount": amount }]);
        apply(tenant, &customer, "unapply", on(&first, json!("100.01")))
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/amount"]);
        apply(tenant, &customer, "unapply", on(&second, json!(null))).await.refused(422, "validation_failed");
        apply(tenant, &customer, "unapply", on(&first, json!("40"))).await.created();
        assert_eq!(
            (open(tenant, &first).await, unapplied(tenant, &payment).await),
            ("40.00".to_owned(), "40.00".to_owned())
        );
        let back = apply(tenant, &customer, "unapply", on(&first, json!(null))).await.created();
        assert_eq!(back["lines"][0]["amount"], "-60.00");
        apply(tenant, &customer, "unapply", on(&first, json!(null))).await.refused(422, "validation_failed");
        apply(tenant, &customer, "apply", on(&second, json!(null))).await.created();
        assert_eq!(
            (open(tenant, &first).await, open(tenant, &second).await),
            ("100.00".to_owned(), "0.00".to_owned())
        );
        let nothing = json!({ "customer_id": customer, "kind": "unapply" });
        tenant.post(APPLICATIONS, &nothing).await.refused(422, "validation_failed").names(&["#/lines"]);
    });
}

#[test]
fn an_application_stays_with_one_customer_and_within_what_is_open() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let theirs = invoice(tenant, &customer, 100).await;
        let other = tenant.customer("Kontor Vorkasse").await;
        let payment = pay(tenant, &other, "60").await;
        let ours = invoice(tenant, &other, 50).await;
        let line = |payment: &str, invoice: &str, amount: &str| json!({ "payment_id": payment, "invoice_id": invoice, "amount": amount });
        for (customer, wrong) in [(&other, "invoice_id"), (&customer, "payment_id")] {
            let reply = apply(tenant, customer, "apply", json!([line(&payment, &theirs, "1")])).await;
            reply.refused(404, "not_found").names(&[&format!("#/lines/0/{wrong}")]);
        }
        for amount in ["0", "-1", "0.001", "50.01"] {
            let reply = apply(tenant, &other, "apply", json!([line(&payment, &ours, amount)])).await;
            reply.refused(422, "validation_failed").names(&["#/lines/0/amount"]);
        }
        let twice = json!([line(&payment, &ours, "1"), line(&payment, &ours, "1")]);
        apply(tenant, &other, "apply", twice)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/1/invoice_id"]);
        let next = invoice(tenant, &other, 50).await;
        let more = json!([line(&payment, &ours, "40"), line(&payment, &next, "21")]);
        apply(tenant, &other, "apply", more)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/1/amount"]);
        let neither = json!([{ "invoice_id": ours }]);
        apply(tenant, &other, "apply", neither).await.refused(422, "validation_failed").names(&["#/lines/0"]);
        let both = json!([{ "payment_id": payment, "credit_note_id": ours, "invoice_id": ours }]);
        apply(tenant, &other, "apply", both).await.refused(422, "validation_failed").names(&["#/lines/0"]);
        let as_note = json!([{ "credit_note_id": ours, "invoice_id": next }]);
        apply(tenant, &other, "apply", as_note)
            .await
            .refused(404, "not_found")
            .names(&["#/lines/0/credit_note_id"]);
    });
}

#[test]
fn a_payment_that_bounced_opens_its_invoices_again() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice(tenant, &customer, 100).await;
        let payment = pay(tenant, &customer, "130").await;
        let second = invoice(tenant, &customer, 50).await;
        tenant.post(APPLICATIONS, &json!({ "customer_id": customer })).await.created();
        let reversal = reverse(tenant, &payment).await.created();
        assert_eq!(
            (reversal["kind"].as_str(), reversal["amount"].as_str()),
            (Some("reversal"), Some("-130.00"))
        );
        assert_eq!(
            (&reversal["original_id"], &reversal["reason"]),
            (&json!(payment), &json!("Account closed"))
        );
        assert_eq!(
            (open(tenant, &first).await, open(tenant, &second).await),
            ("100.00".to_owned(), "50.00".to_owned())
        );
        assert_eq!(
            (tenant.balance("1010").await, tenant.balance("1100").await),
            ("0.00".to_owned(), "150.00".to_owned())
        );
        let known = tenant.get(&format!("{PAYMENTS}/{payment}")).await.ok();
        assert_eq!((&known["unapplied"], &known["reversed_by_id"]), (&json!("0.00"), &reversal["id"]));
        assert_eq!(known["allocations"], json!([]));
        reverse(tenant, &payment).await.refused(409, "invalid_state_transition");
        reverse(tenant, reversal["id"].as_str().expect("an id"))
            .await
            .refused(409, "invalid_state_transition");
        let line = json!([{ "payment_id": payment, "invoice_id": first, "amount": "1" }]);
        apply(tenant, &customer, "apply", line).await.refused(422, "validation_failed");
        reverse(tenant, "pay_01h455vb4pex5vsknk084sn02q").await.refused(404, "not_found");
        let shown = tenant.get(&format!("{PAYMENTS}/{}", reversal["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(shown, reversal);
        assert_eq!(
            tenant.get(&format!("{PAYMENTS}?kind=reversal")).await.ok()["data"].as_array().map(Vec::len),
            Some(1)
        );
    });
}

#[test]
fn a_reversal_is_not_before_its_payment() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let payment = pay(tenant, &customer, "130").await;
        let body = json!({ "reason": "Bounced", "occurred_at": "2020-01-01T00:00:00Z" });
        let reply = tenant.post(&format!("{PAYMENTS}/{payment}/reverse"), &body).await;
        reply.refused(422, "validation_failed").names(&["#/occurred_at"]);
        assert!(reply.text.contains("occurred_at lies before PAY-"), "{}", reply.text);
        assert!(!reply.text.contains(" UTC"), "{}", reply.text);
        let empty = json!({ "reason": " " });
        let reply = tenant.post(&format!("{PAYMENTS}/{payment}/reverse"), &empty).await;
        reply.refused(422, "validation_failed").names(&["#/reason"]);
    });
}

#[test]
fn a_credit_is_paid_out_once_and_comes_back_if_it_did_not_arrive() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let payment = pay(tenant, &customer, "100").await;
        let note = credit_note(tenant, &customer, None, 40).await;
        let payout = |more: Value| {
            let mut body = json!({ "customer_id": customer, "method": "bank" });
            for (name, value) in more.as_object().expect("fields") {
                body[name] = value.clone();
            }
            body
        };
        tenant
            .post(PAYOUTS, &payout(json!({ "amount": "140.01" })))
            .await
            .refused(422, "validation_failed")
            .names(&["#/amount"]);
        let parts = json!({ "parts": [{ "credit_note_id": note, "amount": "40.01" }] });
        tenant
            .post(PAYOUTS, &payout(parts))
            .await
            .refused(422, "validation_failed")
            .names(&["#/parts/0/amount"]);
        let parts = json!({ "amount": "2", "parts": [{ "credit_note_id": note, "amount": "1" }] });
        tenant.post(PAYOUTS, &payout(parts)).await.refused(422, "validation_failed").names(&["#/amount"]);
        let parts = json!({ "parts": [{ "credit_note_id": note, "amount": "15" }] });
        tenant.post(PAYOUTS, &payout(parts)).await.created();
        let rest = tenant.post(PAYOUTS, &payout(json!({}))).await.created();
        assert_eq!(rest["amount"], "-125.00");
        assert_eq!(
            (open(tenant, &note).await, unapplied(tenant, &payment).await),
            ("0.00".to_owned(), "0.00".to_owned())
        );
        assert_eq!(
            (tenant.balance("1010").await, tenant.balance("1100").await),
            ("-40.00".to_owned(), "0.00".to_owned())
        );
        tenant.post(PAYOUTS, &payout(json!({}))).await.refused(422, "validation_failed");
        reverse(tenant, &payment).await.refused(409, "invalid_state_transition");
        let back = reverse(tenant, rest["id"].as_str().expect("an id")).await.created();
        assert_eq!(back["amount"], "125.00");
        assert_eq!(
            (open(tenant, &note).await, unapplied(tenant, &payment).await),
            ("-25.00".to_owned(), "100.00".to_owned())
        );
        reverse(tenant, &payment).await.created();
        assert_eq!(tenant.balance("1100").await, "-25.00");
    });
}

#[test]
fn an_invoice_is_paid_in_cash_at_a_till() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let bill = invoice(tenant, &customer, 100).await;
        let till = tenant.till().await;
        let mut body = paid(&customer, "100");
        body["method"] = json!("cash");
        tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed").names(&["#/register_id"]);
        body["register_id"] = json!(till.register_id);
        let payment = tenant.post(PAYMENTS, &body).await.created();
        assert_eq!(payment["session_id"], json!(till.session_id));
        assert_eq!(open(tenant, &bill).await, "0.00");
        assert_eq!(tenant.balance("1000").await, "100.00");
        let moves = tenant.get(&format!("/v1/pos/cash-moves?session_id={}", till.session_id)).await.ok();
        assert_eq!(
            (&moves["data"][0]["amount"], &moves["data"][0]["document_id"]),
            (&json!("100.00"), &payment["id"])
        );
        let id = payment["id"].as_str().expect("an id");
        reverse(tenant, id).await.refused(422, "validation_failed").names(&["#/register_id"]);
        let back = json!({ "reason": "False note", "register_id": till.register_id });
        let out =
            json!({ "register_id": till.register_id, "kind": "banked", "amount": "60", "reason": "Safe" });
        tenant.post("/v1/pos/cash-moves", &out).await.created();
        let path = format!("{PAYMENTS}/{id}/reverse");
        tenant.post(&path, &back).await.refused(409, "insufficient_cash").names(&["#/register_id"]);
        let payout = json!({ "customer_id": customer, "method": "cash", "register_id": till.register_id, "amount": "40" });
        tenant.post(PAYOUTS, &payout).await.refused(422, "validation_failed").names(&["#/amount"]);
        let mut advance = paid(&customer, "50");
        advance["allocations"] = json!([]);
        tenant.post(PAYMENTS, &advance).await.created();
        let mut more = payout.clone();
        more["amount"] = json!("40.01");
        tenant.post(PAYOUTS, &more).await.refused(409, "insufficient_cash");
        tenant.post(PAYOUTS, &payout).await.created();
        let close = json!({ "register_id": till.register_id, "counted": "0" });
        let closed = tenant.post(&format!("/v1/pos/sessions/{}/close", till.session_id), &close).await.ok();
        assert_eq!(closed["difference"], "0.00");
        tenant.post(PAYMENTS, &body).await.refused(409, "invalid_state_transition");
        body["method"] = json!("bank");
        tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed").names(&["#/register_id"]);
    });
}

#[test]
fn a_credit_note_is_taken_back_from_its_invoice_and_applied_to_another() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice_of(tenant, &customer, [500, 500]).await;
        let second = invoice(tenant, &customer, 300).await;
        let note = return_line(tenant, &customer, &first, 2).await;
        let on = |invoice: &str, amount: &str| json!([{ "credit_note_id": note["id"], "invoice_id": invoice, "amount": amount }]);
        apply(tenant, &customer, "unapply", on(&first, "300")).await.created();
        apply(tenant, &customer, "apply", on(&second, "300")).await.created();
        assert_eq!(
            (open(tenant, &first).await, open(tenant, &second).await),
            ("800.00".to_owned(), "0.00".to_owned())
        );
        apply(tenant, &customer, "unapply", on(&first, "200.01")).await.refused(422, "validation_failed");
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        assert_eq!((&account["receivable"], &account["unapplied"]), (&json!("800.00"), &json!("0.00")));
    });
}

#[test]
fn a_credit_is_not_used_before_it_was_there() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        pay(tenant, &customer, "100").await;
        invoice(tenant, &customer, 40).await;
        let early = "2020-01-01T00:00:00Z";
        let all = json!({ "customer_id": customer, "occurred_at": early });
        tenant.post(APPLICATIONS, &all).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let payout = json!({ "customer_id": customer, "method": "bank", "occurred_at": early });
        tenant.post(PAYOUTS, &payout).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        assert_eq!(tenant.balance("1100").await, "-60.00");
    });
}

#[test]
fn an_application_counts_from_its_invoice_and_is_taken_back_after_it() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let line = json!({ "sku": "WORK", "quantity": "1", "unit_price": "60" });
        let order = json!({ "customer_id": customer, "lines": [line], "advance_to": "invoiced",
            "occurred_at": "2026-01-10T12:00:00Z" });
        let mut early = paid(&customer, "100");
        early["occurred_at"] = json!("2026-01-05T12:00:00Z");
        let payment = tenant.post(PAYMENTS, &early).await.created();
        let order = tenant.post("/v1/orders", &order).await.created();
        let line =
            json!({ "payment_id": payment["id"], "invoice_id": order["invoices"][0]["id"], "amount": "25" });
        let send = async |kind: &str, at: &str| {
            let body = json!({ "customer_id": customer, "kind": kind, "occurred_at": at, "lines": [line] });
            tenant.post(APPLICATIONS, &body).await
        };
        let reply = send("apply", "2026-01-05T11:59:59.999999Z").await;
        reply.refused(422, "validation_failed").names(&["#/occurred_at"]);
        send("apply", "2026-01-06T12:00:00Z").await.created();
        for (day, receivable, unapplied) in [
            ("2026-01-05", "0.00", "100.00"),
            ("2026-01-09", "0.00", "100.00"),
            ("2026-01-10", "35.00", "75.00"),
        ] {
            let table = tenant.get(&format!("/v1/reports/receivable_ageing?as_of={day}")).await.ok();
            let row = &table["totals"][0];
            assert_eq!(
                (&row["receivable"], &row["unapplied"]),
                (&json!(receivable), &json!(unapplied)),
                "{day}"
            );
            assert_eq!(row["owed"], tenant.balance_on("1100", day).await, "{day}");
        }
        let reply = send("unapply", "2026-01-06T11:59:59Z").await;
        reply.refused(422, "validation_failed").names(&["#/occurred_at"]);
        send("unapply", "2026-01-20T12:00:00Z").await.created();
        assert_eq!(unapplied(tenant, payment["id"].as_str().expect("an id")).await, "100.00");
    });
}

#[test]
fn many_at_once_use_a_credit_once() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let payment = pay(tenant, &customer, "100").await;
        invoice(tenant, &customer, 70).await;
        let all = json!({ "customer_id": customer });
        let payout = json!({ "customer_id": customer, "method": "bank", "amount": "30" });
        let path = format!("{PAYMENTS}/{payment}/reverse");
        let reason = json!({ "reason": "Bounced" });
        let applying = futures_util::future::join_all((0..4).map(|_| tenant.post(APPLICATIONS, &all)));
        let paying = futures_util::future::join_all((0..4).map(|_| tenant.post(PAYOUTS, &payout)));
        let reversing = futures_util::future::join_all((0..4).map(|_| tenant.post(&path, &reason)));
        let (applied, payouts, reversed) = futures_util::join!(applying, paying, reversing);
        for reply in applied.iter().chain(&payouts).chain(&reversed) {
            assert!([201, 409, 422].contains(&reply.status), "{}", reply.text);
        }
        assert!(reversed.iter().filter(|reply| reply.status == 201).count() <= 1);
        tenant.check_books().await;
    });
}
