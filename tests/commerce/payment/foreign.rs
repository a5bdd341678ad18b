//! Customers in another currency: orders, invoices, credit notes, payments with realised differences, and rejections.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Reply, Tenant, environment, with_tenant};

use super::{PAYMENTS, worker};

const ORDERS: &str = "/v1/orders";
const APPLICATIONS: &str = "/v1/applications";
const PAYOUTS: &str = "/v1/payouts";

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

fn entry(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(account, amount)| ((*account).to_owned(), (*amount).to_owned())).collect()
}

fn order(customer: &str, currency: &str, rate: Value, price: &str) -> Value {
    let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": price }]);
    json!({ "customer_id": customer, "currency": currency, "exchange_rate": rate, "lines": lines, "advance_to": "invoiced" })
}

/// Makes an untaxed invoice in another currency.
async fn invoiced(tenant: &Tenant, customer: &str, currency: &str, rate: &str, price: &str) -> Value {
    let made = tenant.post(ORDERS, &order(customer, currency, json!(rate), price)).await.created();
    made["invoices"][0].clone()
}

fn payment(customer: &str, currency: &str, rate: &str, amount: &str) -> Value {
    json!({ "customer_id": customer, "method": "bank", "currency": currency, "exchange_rate": rate, "amount": amount })
}

/// Pays an amount of one invoice.
async fn pay(tenant: &Tenant, invoice: &Value, rate: &str, amount: &str) -> Reply {
    let customer = invoice["customer_id"].as_str().expect("an id");
    let currency = invoice["foreign"]["currency"].as_str().expect("a currency");
    let mut body = payment(customer, currency, rate, amount);
    body["allocations"] = json!([{ "invoice_id": invoice["id"], "amount": amount }]);
    tenant.post(PAYMENTS, &body).await
}

/// Returns what is open of an invoice, in the tenant's currency and in its own.
async fn open(tenant: &Tenant, invoice: &Value) -> (String, String) {
    let read = tenant.get(&format!("/v1/invoices/{}", id(invoice))).await.ok();
    let text = |value: &Value| value.as_str().expect("an amount").to_owned();
    (text(&read["open"]), text(&read["foreign"]["open"]))
}

fn amounts(base: &str, foreign: &str) -> (String, String) {
    (base.to_owned(), foreign.to_owned())
}

fn foreign(rate: &str, [net, tax, total]: [&str; 3]) -> Value {
    json!({ "currency": "USD", "exchange_rate": rate, "net": net, "tax": tax, "total": total, "open": total })
}

#[test]
fn each_line_is_converted_and_the_parts_add_up_in_both_currencies() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "9.00", ("10", "1.00")).await;
        tenant.stocked("NUT", "1.00", ("10", "0.01")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let lines = json!([{ "sku": "BOLT", "quantity": "3", "unit_price": "3.33" },
                           { "sku": "NUT", "quantity": "1", "unit_price": "0.07" }]);
        let body = json!({ "customer_id": customer, "currency": "USD", "exchange_rate": "0.8", "lines": lines,
            "advance_to": "confirmed" });
        let made = tenant.post(ORDERS, &body).await.created();
        let expected = json!({ "currency": "USD", "exchange_rate": "0.8", "net": "10.06", "tax": "2.01", "total": "12.07" });
        assert_eq!(made["foreign"], expected);
        assert_eq!((&made["currency"], &made["net"]), (&json!("GBP"), &json!("8.05")));
        assert_eq!((&made["tax"], &made["total"]), (&json!("1.61"), &json!("9.66")));
        let bolt = &made["lines"][0];
        let expected = json!({ "unit_price": "3.33", "gross": "9.99", "discount": "0.00", "net": "9.99", "tax": "2.00" });
        assert_eq!((&bolt["foreign"], &bolt["unit_price"]), (&expected, &json!("2.664")));
        assert_eq!((&bolt["net"], &bolt["tax"]), (&json!("7.99"), &json!("1.60")));
        let path = format!("{ORDERS}/{}", id(&made));
        assert_eq!(tenant.get(&path).await.ok()["foreign"], made["foreign"]);
        assert_eq!(tenant.get(ORDERS).await.ok()["data"][0]["foreign"], made["foreign"]);

        let part = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post(&format!("{path}/ship"), &part).await.ok();
        let first = tenant.step(id(&made), "invoice").await.ok()["invoices"][0].clone();
        assert_eq!((&first["net"], &first["tax"]), (&json!("2.66"), &json!("0.53")));
        assert_eq!(first["foreign"], foreign("0.8", ["3.33", "0.67", "4.00"]));
        tenant.step(id(&made), "ship").await.ok();
        let second = tenant.step(id(&made), "invoice").await.ok()["invoices"][0].clone();
        assert_eq!((&second["net"], &second["tax"]), (&json!("5.39"), &json!("1.08")));
        assert_eq!(second["foreign"], foreign("0.8", ["6.73", "1.34", "8.07"]));
        assert_eq!(tenant.balance("1100").await, "9.66");
        let read = tenant.get(&format!("/v1/invoices/{}", id(&second))).await.ok();
        assert_eq!(read["lines"][0]["foreign"]["net"], "6.66");
        let listed = tenant.get("/v1/invoices?sort=created_at").await.ok();
        assert_eq!(listed["data"][0]["foreign"], first["foreign"]);

        let back = json!({ "customer_id": customer, "original_id": second["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        let note = tenant.post("/v1/returns", &back).await.created();
        assert_eq!((&note["total"], &note["open"]), (&json!("-3.21"), &json!("0.00")));
        let expected = json!({ "currency": "USD", "exchange_rate": "0.8", "net": "-3.33", "tax": "-0.67", "total": "-4.00",
            "open": "0.00" });
        assert_eq!(note["foreign"], expected);
        assert_eq!(open(tenant, &second).await, amounts("3.26", "4.07"));
        assert_eq!(tenant.balance("1100").await, "6.45");
    });
}

#[test]
fn payments_at_other_rates_realise_the_difference_when_they_are_applied() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoiced(tenant, &customer, "USD", "0.92", "1000").await;
        assert_eq!(first["total"], "920.00");
        let paid = pay(tenant, &first, "0.95", "600").await.created();
        let expected = json!({ "currency": "USD", "exchange_rate": "0.95", "amount": "600.00", "unapplied": "0.00",
            "exchange_difference": "18.00" });
        assert_eq!((&paid["amount"], &paid["foreign"]), (&json!("570.00"), &expected));
        assert_eq!(paid["allocations"][0]["amount"], "600.00");
        let expected = entry(&[("1010", "570.00"), ("1100", "-552.00"), ("6040", "-18.00")]);
        assert_eq!(tenant.entry(id(&paid)).await, expected);
        assert_eq!(open(tenant, &first).await, amounts("368.00", "400.00"));
        assert_eq!(tenant.get(&format!("{PAYMENTS}/{}", id(&paid))).await.ok()["foreign"], paid["foreign"]);

        let more = tenant.post(PAYMENTS, &payment(&customer, "USD", "0.90", "500")).await.created();
        assert_eq!((&more["unapplied"], &more["foreign"]["unapplied"]), (&json!("90.00"), &json!("100.00")));
        let expected = entry(&[("1010", "450.00"), ("1100", "-458.00"), ("6040", "8.00")]);
        assert_eq!(tenant.entry(id(&more)).await, expected);
        assert_eq!(open(tenant, &first).await, amounts("0.00", "0.00"));

        let second = invoiced(tenant, &customer, "USD", "1", "100").await;
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        assert_eq!((&account["receivable"], &account["unapplied"]), (&json!("100.00"), &json!("90.00")));
        let expected = json!([{ "currency": "USD", "receivable": "100.00", "unapplied": "100.00" }]);
        assert_eq!(account["foreign"], expected);
        let lines = json!([{ "payment_id": more["id"], "invoice_id": second["id"] }]);
        let body = json!({ "customer_id": customer, "lines": lines });
        let applied = tenant.post(APPLICATIONS, &body).await.created();
        assert_eq!(
            (&applied["amount"], &applied["exchange_difference"]),
            (&json!("100.00"), &json!("-10.00"))
        );
        assert_eq!(tenant.entry(id(&applied)).await, entry(&[("1100", "-10.00"), ("6040", "10.00")]));
        assert_eq!(tenant.balance("1100").await, "0.00");
        let part = json!([{ "payment_id": more["id"], "invoice_id": second["id"], "amount": "50" }]);
        let body = json!({ "customer_id": customer, "kind": "unapply", "lines": part });
        let back = tenant.post(APPLICATIONS, &body).await.created();
        assert_eq!(tenant.entry(id(&back)).await, entry(&[("1100", "5.00"), ("6040", "-5.00")]));
        assert_eq!(open(tenant, &second).await, amounts("50.00", "50.00"));

        // The reversal takes back the amounts of the original, not amounts at a new rate.
        let reverse = format!("{PAYMENTS}/{}/reverse", id(&more));
        let back = tenant.post(&reverse, &json!({ "reason": "Account closed" })).await.created();
        let expected = json!({ "currency": "USD", "exchange_rate": "0.9", "amount": "-500.00", "unapplied": "0.00",
            "exchange_difference": "13.00" });
        assert_eq!((&back["amount"], &back["foreign"]), (&json!("-450.00"), &expected));
        let expected = entry(&[("1010", "-450.00"), ("1100", "463.00"), ("6040", "-13.00")]);
        assert_eq!(tenant.entry(id(&back)).await, expected);
        assert_eq!(open(tenant, &first).await, amounts("368.00", "400.00"));
        assert_eq!(open(tenant, &second).await, amounts("100.00", "100.00"));
        assert_eq!(
            (tenant.balance("1100").await.as_str(), tenant.balance("6040").await.as_str()),
            ("468.00", "-18.00")
        );
    });
}

#[test]
fn the_last_part_of_an_invoice_takes_the_rest() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let yen = invoiced(tenant, &customer, "JPY", "0.005", "3").await;
        assert_eq!(open(tenant, &yen).await, amounts("0.02", "3"));
        for left in [amounts("0.01", "2"), amounts("0.00", "1"), amounts("0.00", "0")] {
            pay(tenant, &yen, "0.005", "1").await.created();
            assert_eq!(open(tenant, &yen).await, left);
        }
        assert_eq!(
            (tenant.balance("1100").await.as_str(), tenant.balance("6040").await.as_str()),
            ("0.00", "-0.01")
        );
    });
}

#[test]
fn a_credit_is_paid_out_and_settled_in_its_currency() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let paid = tenant.post(PAYMENTS, &payment(&customer, "USD", "0.90", "100")).await.created();
        let mut body = payment(&customer, "USD", "0.95", "100");
        body["parts"] = json!([{ "payment_id": paid["id"] }]);
        let out = tenant.post(PAYOUTS, &body).await.created();
        assert_eq!((&out["amount"], &out["foreign"]["amount"]), (&json!("-95.00"), &json!("-100.00")));
        assert_eq!(out["foreign"]["exchange_difference"], "-5.00");
        let expected = entry(&[("1010", "-95.00"), ("1100", "90.00"), ("6040", "5.00")]);
        assert_eq!(tenant.entry(id(&out)).await, expected);
        let reverse = format!("{PAYMENTS}/{}/reverse", id(&out));
        tenant.post(&reverse, &json!({ "reason": "Unknown account" })).await.created();
        let read = tenant.get(&format!("{PAYMENTS}/{}", id(&paid))).await.ok();
        assert_eq!((&read["unapplied"], &read["foreign"]["unapplied"]), (&json!("90.00"), &json!("100.00")));
        body["currency"] = Value::Null;
        body["exchange_rate"] = Value::Null;
        tenant.post(PAYOUTS, &body).await.refused(422, "validation_failed").names(&["#/parts/0"]);

        // A credit note of a paid invoice has its rate, and settles another invoice at the rate of that.
        let first = invoiced(tenant, &customer, "USD", "0.8", "100").await;
        pay(tenant, &first, "0.8", "100").await.created();
        let back = json!({ "customer_id": customer, "original_id": first["id"] });
        let note = tenant.post("/v1/returns", &back).await.created();
        assert_eq!((&note["open"], &note["foreign"]["open"]), (&json!("-80.00"), &json!("-100.00")));
        let second = invoiced(tenant, &customer, "USD", "0.7", "100").await;
        let lines = json!([{ "credit_note_id": note["id"], "invoice_id": second["id"], "amount": "50" }]);
        let body = json!({ "customer_id": customer, "lines": lines });
        let applied = tenant.post(APPLICATIONS, &body).await.created();
        assert_eq!(tenant.entry(id(&applied)).await, entry(&[("1100", "5.00"), ("6040", "-5.00")]));
        assert_eq!(open(tenant, &note).await, amounts("-40.00", "-50.00"));
        assert_eq!(open(tenant, &second).await, amounts("35.00", "50.00"));
    });
}

#[test]
fn payments_at_once_pay_no_more_than_is_open() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let invoice = invoiced(tenant, &customer, "USD", "0.92", "1000").await;
        let second_node = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second_node.base_url)];
        let mut part = payment(&customer, "USD", "0.95", "300");
        part["allocations"] = json!([{ "invoice_id": invoice["id"], "amount": "300" }]);
        let replies =
            join_all((0..6).map(|number: usize| here_and_there[number % 2].post(PAYMENTS, &part))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "{replies:?}");
        assert_eq!(open(tenant, &invoice).await, amounts("92.00", "100.00"));
        assert_eq!(tenant.balance("6040").await, "-27.00");
    });
}

#[test]
fn the_recorded_rate_of_the_day_is_taken() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let refused = tenant.post(ORDERS, &order(&customer, "USD", Value::Null, "10")).await;
        refused.refused(422, "validation_failed").names(&["#/exchange_rate"]);
        assert!(refused.text.contains("/v1/exchange-rates"), "{}", refused.text);
        let rate = json!({ "currency": "USD", "valid_from": "2025-01-01", "rate": "0.8" });
        tenant.post("/v1/exchange-rates", &rate).await.created();
        let made = tenant.post(ORDERS, &order(&customer, "USD", Value::Null, "10")).await.created();
        assert_eq!((&made["total"], &made["foreign"]["exchange_rate"]), (&json!("8.00"), &json!("0.8")));
        let mut body = payment(&customer, "USD", "1", "10");
        body["exchange_rate"] = Value::Null;
        let paid = tenant.post(PAYMENTS, &body).await.created();
        assert_eq!(
            (&paid["amount"], &paid["foreign"]["exchange_difference"]),
            (&json!("8.00"), &json!("0.00"))
        );
    });
}

#[test]
fn wrong_currencies_rates_and_amounts_are_rejected() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        for (currency, rate, pointer) in [
            ("USD", "0", "#/exchange_rate"),
            ("USD", "-0.92", "#/exchange_rate"),
            ("GBP", "0.92", "#/exchange_rate"),
            ("QQQ", "0.92", "#/currency"),
            ("US\0", "0.92", "#/currency"),
            ("USD", "99999999", "#/lines/0/unit_price"),
        ] {
            let refused = tenant.post(ORDERS, &order(&customer, currency, json!(rate), "1000")).await;
            let named = &refused.json()["errors"][0]["pointer"];
            assert_eq!((refused.status, named), (422, &json!(pointer)), "{}", refused.text);
        }
        let mut unstated = order(&customer, "USD", json!("0.92"), "10");
        unstated["lines"][0]["unit_price"] = Value::Null;
        let refused = tenant.post(ORDERS, &unstated).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/lines/0/unit_price", "{}", refused.text);
        assert_eq!(tenant.count("sales_order").await, 0);

        let invoice = invoiced(tenant, &customer, "USD", "0.92", "100").await;
        let own = tenant.post(PAYMENTS, &super::paid(&customer, "50")).await.created();
        assert_eq!(own["unapplied"], "50.00", "a payment in another currency pays no part of the invoice");
        let mut body = super::paid(&customer, "50");
        body["allocations"] = json!([{ "invoice_id": invoice["id"], "amount": "50" }]);
        let refused = tenant.post(PAYMENTS, &body).await;
        refused.refused(422, "validation_failed").names(&["#/allocations/0/invoice_id"]);
        assert!(refused.text.contains("USD") && refused.text.contains("GBP"), "{}", refused.text);
        let lines = json!([{ "payment_id": own["id"], "invoice_id": invoice["id"] }]);
        let refused = tenant.post(APPLICATIONS, &json!({ "customer_id": customer, "lines": lines })).await;
        refused.refused(422, "validation_failed").names(&["#/lines/0/invoice_id"]);
        let refused = tenant.post(APPLICATIONS, &json!({ "customer_id": customer })).await;
        refused.refused(409, "invalid_state_transition");
        for (field, value, pointer) in [
            ("amount", json!("0.001"), "#/amount"),
            ("amount", json!("0"), "#/amount"),
            ("exchange_rate", json!("0.00001"), "#/exchange_rate"),
            ("currency", json!("usd"), "#/currency"),
            ("method", json!("cash"), "#/method"),
        ] {
            let mut body = payment(&customer, "USD", "0.92", "1");
            body[field] = value;
            tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let over = pay(tenant, &invoice, "0.92", "100.01").await;
        over.refused(422, "validation_failed").names(&["#/allocations/0/amount"]);
        assert_eq!(open(tenant, &invoice).await, amounts("92.00", "100.00"));
    });
}

#[test]
fn an_invoice_that_is_open_in_its_own_currency_only_is_paid_by_default() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let yen = invoiced(tenant, &customer, "JPY", "0.004", "3").await;
        pay(tenant, &yen, "0.005", "2").await.created();
        assert_eq!(open(tenant, &yen).await, amounts("0.00", "1"));
        let listed = tenant.get("/v1/invoices?open=true").await.ok();
        assert_eq!(listed["data"][0]["id"], yen["id"]);
        assert_eq!(tenant.get("/v1/invoices?open=false").await.ok()["data"], json!([]));
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        let expected = json!([{ "currency": "JPY", "receivable": "1", "unapplied": "0" }]);
        assert_eq!(account["foreign"], expected);
        let paid = tenant.post(PAYMENTS, &payment(&customer, "JPY", "0.005", "1")).await.created();
        assert_eq!(paid["allocations"], json!([{ "invoice_id": yen["id"], "amount": "1" }]));
        assert_eq!(tenant.entry(id(&paid)).await, entry(&[("1010", "0.01"), ("6040", "-0.01")]));
        assert_eq!(open(tenant, &yen).await, amounts("0.00", "0"));
        assert_eq!(tenant.get("/v1/invoices?open=true").await.ok()["data"], json!([]));
    });
}

#[test]
fn an_invoice_without_an_amount_in_its_currency_is_settled_with_the_next() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "9.00", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let lines = json!([{ "sku": "BOLT", "quantity": "3", "unit_price": "0.3333" }]);
        let body = json!({ "customer_id": customer, "currency": "JPY", "exchange_rate": "0.9", "lines": lines,
            "advance_to": "confirmed" });
        let made = tenant.post(ORDERS, &body).await.created();
        assert_eq!((&made["total"], &made["foreign"]["total"]), (&json!("0.90"), &json!("1")));
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post(&format!("{ORDERS}/{}/ship", id(&made)), &part).await.ok();
        let first = tenant.step(id(&made), "invoice").await.ok()["invoices"][0].clone();
        assert_eq!(open(tenant, &first).await, amounts("0.30", "0"));
        tenant.step(id(&made), "ship").await.ok();
        let second = tenant.step(id(&made), "invoice").await.ok()["invoices"][0].clone();
        assert_eq!(open(tenant, &second).await, amounts("0.60", "1"));

        let paid = tenant.post(PAYMENTS, &payment(&customer, "JPY", "0.9", "1")).await.created();
        assert_eq!(
            (&paid["unapplied"], &paid["foreign"]["exchange_difference"]),
            (&json!("0.00"), &json!("0.00"))
        );
        assert_eq!(tenant.entry(id(&paid)).await, entry(&[("1010", "0.90"), ("1100", "-0.90")]));
        assert_eq!(open(tenant, &first).await, amounts("0.00", "0"));
        assert_eq!(open(tenant, &second).await, amounts("0.00", "0"));
        let reverse = format!("{PAYMENTS}/{}/reverse", id(&paid));
        tenant.post(&reverse, &json!({ "reason": "Account closed" })).await.created();
        assert_eq!(open(tenant, &first).await, amounts("0.30", "0"));
        assert_eq!(open(tenant, &second).await, amounts("0.60", "1"));

        // A credit note of it takes off what is open in the tenant's currency.
        let back = json!({ "customer_id": customer, "original_id": first["id"] });
        let note = tenant.post("/v1/returns", &back).await.created();
        assert_eq!((&note["total"], &note["open"]), (&json!("-0.30"), &json!("0.00")));
        assert_eq!(open(tenant, &first).await, amounts("0.00", "0"));
        assert_eq!(tenant.balance("1100").await, "0.60");
    });
}

#[test]
fn a_credit_note_without_an_amount_in_its_currency_is_applied_to_the_next_invoice() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "9.00", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let lines = json!([{ "sku": "BOLT", "quantity": "3", "unit_price": "0.3333" }]);
        let body = json!({ "customer_id": customer, "currency": "JPY", "exchange_rate": "0.9", "lines": lines,
            "advance_to": "confirmed" });
        let made = tenant.post(ORDERS, &body).await.created();
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post(&format!("{ORDERS}/{}/ship", id(&made)), &part).await.ok();
        let first = tenant.step(id(&made), "invoice").await.ok()["invoices"][0].clone();
        tenant.post(PAYMENTS, &payment(&customer, "JPY", "0.9", "1")).await.created();
        assert_eq!(open(tenant, &first).await, amounts("0.00", "0"));
        tenant.post(PAYOUTS, &payment(&customer, "JPY", "0.9", "1")).await.created();
        let back = json!({ "customer_id": customer, "original_id": first["id"] });
        let note = tenant.post("/v1/returns", &back).await.created();
        assert_eq!(open(tenant, &note).await, amounts("-0.30", "0"));

        tenant.step(id(&made), "ship").await.ok();
        let second = tenant.step(id(&made), "invoice").await.ok()["invoices"][0].clone();
        assert_eq!(open(tenant, &second).await, amounts("0.60", "1"));
        let applied = tenant.post(APPLICATIONS, &json!({ "customer_id": customer })).await.created();
        assert_eq!((&applied["amount"], &applied["exchange_difference"]), (&json!("0.30"), &json!("0.00")));
        assert_eq!(open(tenant, &note).await, amounts("0.00", "0"));
        assert_eq!(open(tenant, &second).await, amounts("0.30", "1"));
        let again = tenant.post(APPLICATIONS, &json!({ "customer_id": customer })).await;
        again.refused(409, "invalid_state_transition");
        assert_eq!(tenant.balance("1100").await, "0.30");
    });
}

#[test]
fn a_payout_in_a_wrong_currency_points_to_the_currency() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let paid = tenant.post(PAYMENTS, &payment(&customer, "USD", "0.90", "100")).await.created();
        for parts in [Value::Null, json!([{ "payment_id": paid["id"] }])] {
            for currency in ["QQQ", "usd", "US\0", "EUR"] {
                let mut body = payment(&customer, currency, "0.95", "100");
                body["parts"] = parts.clone();
                let refused = tenant.post(PAYOUTS, &body).await;
                refused.refused(422, "validation_failed").names(&["#/currency"]);
            }
            let mut body = payment(&customer, "GBP", "1", "100");
            body["parts"] = parts.clone();
            tenant.post(PAYOUTS, &body).await.refused(422, "validation_failed").names(&["#/currency"]);
        }
        let unstated = json!({ "customer_id": customer, "method": "bank" });
        let refused = tenant.post(PAYOUTS, &unstated).await;
        refused.refused(422, "validation_failed").names(&["#/currency"]);
        assert!(refused.text.contains("USD"), "{}", refused.text);
        assert_eq!(tenant.balance("1100").await, "-90.00");
    });
}

/// A payment at 0.90 comes before its invoice at 0.80: the gain is that of the day of the invoice, through both doors.
#[test]
fn a_payment_before_its_invoice_realises_the_difference_with_the_invoice() {
    for at_once in [true, false] {
        with_tenant(async |tenant| {
            let customer = worker(tenant).await;
            let mut made = order(&customer, "USD", json!("0.80"), "100");
            made["occurred_at"] = json!("2026-01-20T12:00:00Z");
            let invoice = tenant.post(ORDERS, &made).await.created()["invoices"][0].clone();
            let mut paid = payment(&customer, "USD", "0.90", "100");
            paid["occurred_at"] = json!("2026-01-15T12:00:00Z");
            let named = json!([{ "invoice_id": invoice["id"], "amount": "100" }]);
            paid["allocations"] = if at_once { named } else { json!([]) };
            let paid = tenant.post(PAYMENTS, &paid).await.created();
            if !at_once {
                let line = json!({ "payment_id": paid["id"], "invoice_id": invoice["id"] });
                let body = json!({ "customer_id": customer, "occurred_at": "2026-01-16T12:00:00Z", "lines": [line] });
                tenant.post(APPLICATIONS, &body).await.created();
            }
            for (day, owed, gain) in [
                ("2026-01-14", "0.00", "0.00"),
                ("2026-01-16", "-90.00", "0.00"),
                ("2026-01-19", "-90.00", "0.00"),
                ("2026-01-20", "0.00", "-10.00"),
            ] {
                let table = tenant.get(&format!("/v1/reports/receivable_ageing?as_of={day}")).await.ok();
                assert_eq!(table["totals"][0]["owed"].as_str().unwrap_or("0.00"), owed, "{day} {at_once}");
                assert_eq!(tenant.balance_on("1100", day).await, owed, "{day} {at_once}");
                assert_eq!(tenant.balance_on("6040", day).await, gain, "{day} {at_once}");
            }
        });
    }
}
