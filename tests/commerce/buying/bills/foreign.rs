//! Bills in another currency: rates, payments with realised differences, credit notes and reversals.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Reply, Tenant, environment, with_tenant};

use super::super::supplier;
use super::{BILLS, bill, bill_path, entry, id, of, received};

const PAYMENTS: &str = "/v1/supplier-payments";

/// Posts a bill on account 5300 in another currency.
async fn billed_in(tenant: &Tenant, supplier: &str, currency: &str, rate: Value, costs: &[&str]) -> Reply {
    let lines: Vec<Value> =
        costs.iter().map(|cost| json!({ "account": "5300", "unit_cost": cost })).collect();
    let mut body = bill(supplier, "F-1", &json!(lines));
    body["currency"] = json!(currency);
    body["exchange_rate"] = rate;
    tenant.post(BILLS, &body).await
}

async fn pay(tenant: &Tenant, bill: &Value, amount: &str, rate: Value) -> Reply {
    let parts = json!([{ "bill_id": bill["id"], "amount": amount }]);
    let body = json!({ "supplier_id": bill["supplier_id"], "bills": parts, "exchange_rate": rate });
    tenant.post(PAYMENTS, &body).await
}

/// Returns what is open of a bill, in the tenant's currency and in its own.
async fn open(tenant: &Tenant, bill: &Value) -> (String, String) {
    let read = tenant.get(&bill_path(bill)).await.ok();
    let text = |value: &Value| value.as_str().expect("an amount").to_owned();
    (text(&read["open_value"]), text(&read["foreign"]["open_value"]))
}

fn amounts(base: &str, foreign: &str) -> (String, String) {
    (base.to_owned(), foreign.to_owned())
}

#[test]
fn payments_at_other_rates_realise_the_difference() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = billed_in(tenant, &mill, "USD", json!("0.92"), &["1000"]).await.created();
        assert_eq!((&made["currency"], &made["total_value"]), (&json!("GBP"), &json!("920.00")));
        let expected = json!({ "currency": "USD", "exchange_rate": "0.92", "value": "1000.00", "tax_value": "0.00",
            "total_value": "1000.00", "open_value": "1000.00" });
        assert_eq!(made["foreign"], expected);
        assert_eq!(tenant.get(&bill_path(&made)).await.ok(), made);
        assert_eq!(tenant.entry(id(&made)).await, entry(&[("2000", "-920.00"), ("5300", "920.00")]));

        let first = pay(tenant, &made, "600", json!("0.95")).await.created();
        let expected = json!({ "currency": "USD", "exchange_rate": "0.95", "amount": "600.00", "discount": "0.00",
            "advance": "0.00", "unapplied": "0.00", "exchange_difference": "18.00" });
        assert_eq!((&first["amount"], &first["foreign"]), (&json!("570.00"), &expected));
        assert_eq!(first["bills"][0]["amount"], "600.00");
        let expected = entry(&[("1010", "-570.00"), ("2000", "552.00"), ("6040", "18.00")]);
        assert_eq!(tenant.entry(id(&first)).await, expected);
        assert_eq!(open(tenant, &made).await, amounts("368.00", "400.00"));
        assert_eq!(tenant.get(&format!("{PAYMENTS}/{}", id(&first))).await.ok(), first);

        let second = pay(tenant, &made, "400", json!("0.90")).await.created();
        let expected = entry(&[("1010", "-360.00"), ("2000", "368.00"), ("6040", "-8.00")]);
        assert_eq!(tenant.entry(id(&second)).await, expected);
        assert_eq!(tenant.get(&bill_path(&made)).await.ok()["status"], "settled");
        assert_eq!(
            (tenant.balance("2000").await.as_str(), tenant.balance("6040").await.as_str()),
            ("0.00", "10.00")
        );

        let reverse = format!("{PAYMENTS}/{}/reverse", id(&second));
        let back = tenant.post(&reverse, &json!({ "reason": "Account closed" })).await.created();
        assert_eq!((&back["amount"], &back["foreign"]["amount"]), (&json!("-360.00"), &json!("-400.00")));
        assert_eq!(back["foreign"]["exchange_difference"], "8.00");
        let expected = entry(&[("1010", "360.00"), ("2000", "-368.00"), ("6040", "8.00")]);
        assert_eq!(tenant.entry(id(&back)).await, expected);
        assert_eq!(open(tenant, &made).await, amounts("368.00", "400.00"));
        assert_eq!(tenant.balance("6040").await, "18.00");
    });
}

#[test]
fn the_latest_rate_of_the_day_or_before_is_taken() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let refused = billed_in(tenant, &mill, "USD", Value::Null, &["10"]).await;
        refused.refused(422, "validation_failed").names(&["#/exchange_rate"]);
        for said in ["USD", "2026-01-02", "/v1/exchange-rates"] {
            assert!(refused.text.contains(said), "{}", refused.text);
        }
        for (day, rate) in [("2026-01-01", "0.80"), ("2026-01-03", "0.85"), ("2026-01-03", "0.90")] {
            let rate = json!({ "currency": "USD", "valid_from": day, "rate": rate });
            tenant.post("/v1/exchange-rates", &rate).await.created();
        }
        let made = billed_in(tenant, &mill, "USD", Value::Null, &["10"]).await.created();
        assert_eq!(
            (&made["total_value"], &made["foreign"]["exchange_rate"]),
            (&json!("8.00"), &json!("0.8"))
        );
        let paid = pay(tenant, &made, "10", Value::Null).await.created();
        assert_eq!(
            (&paid["amount"], &paid["foreign"]["exchange_difference"]),
            (&json!("9.00"), &json!("1.00"))
        );
    });
}

#[test]
fn wrong_rates_currencies_and_decimals_are_rejected() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        for (currency, rate, pointer) in [
            ("USD", json!("0"), "#/exchange_rate"),
            ("USD", json!("-0.92"), "#/exchange_rate"),
            ("USD", json!("0.12345678901"), "#/exchange_rate"),
            ("USD", json!("123456789"), "#/exchange_rate"),
            ("GBP", json!("0.92"), "#/exchange_rate"),
            ("QQQ", json!("0.92"), "#/currency"),
            ("usd", json!("0.92"), "#/currency"),
            ("US\0", json!("0.92"), "#/currency"),
            ("USD", json!("99999999"), "#/lines/0/unit_cost"),
        ] {
            let refused = billed_in(tenant, &mill, currency, rate, &["1000"]).await;
            let named = &refused.json()["errors"][0]["pointer"];
            assert_eq!((refused.status, named), (422, &json!(pointer)), "{}", refused.text);
        }
        assert_eq!(tenant.count("bill").await, 0);

        let yen = billed_in(tenant, &mill, "JPY", json!("0.0051"), &["12345"]).await.created();
        assert_eq!((&yen["total_value"], &yen["foreign"]["value"]), (&json!("62.96"), &json!("12345")));
        pay(tenant, &yen, "0.5", json!("0.0051"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/bills/0/amount"]);
        pay(tenant, &yen, "12346", json!("1"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/bills/0/amount"]);
        pay(tenant, &yen, "1", json!("0.0001"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/exchange_rate"]);

        let oud = supplier(tenant, "OUD", json!({})).await;
        let dinar = billed_in(tenant, &oud, "KWD", json!("2.5"), &["1.234"]).await.created();
        assert_eq!((&dinar["total_value"], &dinar["foreign"]["value"]), (&json!("3.09"), &json!("1.234")));
        pay(tenant, &dinar, "1.2341", json!("2.5")).await.refused(422, "validation_failed");
        let paid = pay(tenant, &dinar, "1.234", json!("2.4")).await.created();
        let expected = entry(&[("1010", "-2.96"), ("2000", "3.09"), ("6040", "-0.13")]);
        assert_eq!(tenant.entry(id(&paid)).await, expected);

        // Bills of two currencies are not paid at once.
        let mut other = bill(&mill, "F-2", &json!([{ "account": "5300", "unit_cost": "5" }]));
        other["currency"] = json!("GBP");
        let other = tenant.post(BILLS, &other).await.created();
        assert_eq!(other["foreign"], Value::Null);
        // Their amounts have no sum, so a stated amount is not compared with one.
        let mut both = json!({ "supplier_id": mill, "exchange_rate": "0.0051", "bills": [
            { "bill_id": yen["id"], "amount": "1000" }, { "bill_id": other["id"], "amount": "5" }] });
        for amount in [Value::Null, json!("10.10")] {
            both["amount"] = amount;
            tenant
                .post(PAYMENTS, &both)
                .await
                .refused(422, "validation_failed")
                .names(&["#/bills/1/bill_id"]);
        }
        let rated = pay(tenant, &other, "5", json!("0.9")).await;
        rated.refused(422, "validation_failed").names(&["#/exchange_rate"]);
    });
}

#[test]
fn payments_at_once_in_another_currency_pay_no_more_than_is_open() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = billed_in(tenant, &mill, "USD", json!("0.92"), &["1000"]).await.created();
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let part = json!({ "supplier_id": mill, "exchange_rate": "0.95", "bills": [{ "bill_id": made["id"], "amount": "300" }] });
        let replies =
            join_all((0..6).map(|number: usize| here_and_there[number % 2].post(PAYMENTS, &part))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "{replies:?}");
        assert_eq!(open(tenant, &made).await, amounts("92.00", "100.00"));
        assert_eq!(tenant.balance("6040").await, "27.00");
    });
}

#[test]
fn a_credit_note_and_a_reversal_have_the_rate_of_the_bill() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = billed_in(tenant, &mill, "USD", json!("0.915"), &["0.03", "0.16"]).await.created();
        assert_eq!(open(tenant, &made).await, amounts("0.18", "0.19"));
        pay(tenant, &made, "0.08", json!("0.915")).await.created();
        assert_eq!(open(tenant, &made).await, amounts("0.10", "0.11"));
        let reverse = format!("{}/reverse", bill_path(&made));
        tenant.post(&reverse, &json!({ "reason": "Twice" })).await.refused(409, "invalid_state_transition");
        let credit = |second: &str| {
            json!({ "supplier_number": "GS-1", "dated": "2026-01-02", "lines": [
                { "line_no": 1, "value": "0.03" }, { "line_no": 2, "value": second }] })
        };
        let path = format!("{}/credit", bill_path(&made));
        tenant.post(&path, &credit("0.09")).await.refused(422, "validation_failed").names(&["#/lines"]);
        // The lines come to 0.03 and 0.08, but only 0.10 is open: nothing is left in either currency.
        let note = tenant.post(&path, &credit("0.08")).await.created();
        assert_eq!(
            (&note["total_value"], &note["foreign"]["total_value"]),
            (&json!("-0.10"), &json!("-0.11"))
        );
        assert_eq!(open(tenant, &made).await, amounts("0.00", "0.00"));
        assert_eq!(tenant.get(&bill_path(&made)).await.ok()["status"], "settled");
        assert_eq!(tenant.balance("2000").await, "0.00");

        let other = supplier(tenant, "OTHER", json!({})).await;
        let wrong = billed_in(tenant, &other, "USD", json!("0.92"), &["1000"]).await.created();
        let part = json!({ "supplier_number": "GS-2", "dated": "2026-01-02", "lines": [{ "line_no": 1, "value": "250" }] });
        tenant.post(&format!("{}/credit", bill_path(&wrong)), &part).await.created();
        assert_eq!(open(tenant, &wrong).await, amounts("690.00", "750.00"));
        let reverse = format!("{}/reverse", bill_path(&wrong));
        let back = tenant.post(&reverse, &json!({ "reason": "Twice" })).await.created();
        assert_eq!(
            (&back["total_value"], &back["foreign"]["total_value"]),
            (&json!("-690.00"), &json!("-750.00"))
        );
        assert_eq!(open(tenant, &wrong).await, amounts("0.00", "0.00"));
        assert_eq!(tenant.balance("2000").await, "0.00");
    });
}

/// The price and the rate of the bill make one difference from the receipt.
#[test]
fn goods_cost_the_bill_in_the_currency_of_the_books() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = received(tenant, &mill, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let mut body = bill(&mill, "F-1", &json!([of(&made, "10", "5.00")]));
        body["currency"] = json!("USD");
        body["exchange_rate"] = json!("0.92");
        let recorded = tenant.post(BILLS, &body).await.created();
        let line = &recorded["lines"][0];
        assert_eq!((&line["unit_cost"], &line["value"]), (&json!("4.60"), &json!("46.00")));
        assert_eq!(line["foreign"], json!({ "unit_cost": "5.00", "value": "50.00", "tax_value": "0.00" }));
        assert_eq!(line["reasons"], json!(["price_above_order"]));
        let expected = entry(&[("1200", "6.00"), ("2000", "-46.00"), ("2100", "40.00")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "46"));
        // Units that are credited have their share in both currencies.
        let part = json!({ "supplier_number": "GS-1", "dated": "2026-01-02", "lines": [{ "line_no": 1, "quantity": "3" }] });
        let note = tenant.post(&format!("{}/credit", bill_path(&recorded)), &part).await.created();
        assert_eq!(
            (&note["total_value"], &note["foreign"]["total_value"]),
            (&json!("-13.80"), &json!("-15.00"))
        );
        assert_eq!(open(tenant, &recorded).await, amounts("32.20", "35.00"));
    });
}

#[test]
fn goods_of_an_order_in_another_currency_cost_its_rate() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mill = supplier(tenant, "MILL", json!({})).await;
        let place = async |currency: &str, rate: Value, cost: Value| {
            let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": cost });
            let body =
                json!({ "supplier_id": mill, "currency": currency, "exchange_rate": rate, "lines": [line] });
            tenant.post("/v1/purchase-orders", &body).await
        };
        place("USD", json!("0.92"), Value::Null)
            .await
            .refused(422, "price_missing")
            .names(&["#/lines/0/unit_cost"]);
        place("USD", Value::Null, json!("5"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/exchange_rate"]);
        place("USD", json!("0"), json!("5"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/exchange_rate"]);
        let made = place("USD", json!("0.92"), json!("5")).await.created();
        assert_eq!((&made["currency"], &made["value"]), (&json!("GBP"), &json!("46.00")));
        assert_eq!(made["foreign"], json!({ "currency": "USD", "exchange_rate": "0.92", "value": "50.00" }));
        let line = &made["lines"][0];
        assert_eq!((&line["unit_cost"], &line["foreign"]["unit_cost"]), (&json!("4.60"), &json!("5.00")));
        let order = format!("/v1/purchase-orders/{}", id(&made));
        assert_eq!(tenant.get(&order).await.ok(), made);
        tenant.post(&format!("{order}/send"), &json!({})).await.ok();
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "6" }] });
        tenant.post(&format!("{order}/receive"), &part).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("6", "0", "27.6"));
        let dearer = json!({ "lines": [{ "line_no": 1, "quantity": "4", "unit_cost": "6" }] });
        tenant.post(&format!("{order}/receive"), &dearer).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "49.68"));

        // The price is that of the order, and the rate is another one: 10 at 5.00 and 0.95 against 49.68 received.
        let mut body = bill(&mill, "F-1", &json!([of(&made, "10", "5.00")]));
        body["currency"] = json!("USD");
        body["exchange_rate"] = json!("0.95");
        let recorded = tenant.post(BILLS, &body).await.created();
        assert_eq!(recorded["lines"][0]["reasons"], json!(["price_above_order"]));
        assert_eq!(recorded["lines"][0]["expected_value"], "46.00");
        let expected = entry(&[("1200", "-2.18"), ("2000", "-47.50"), ("2100", "49.68")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "47.5"));
        assert_eq!(tenant.balance("2100").await, "0.00");
    });
}

/// The cost times the rate and the quantity has more digits than a number holds.
#[test]
fn a_received_cost_that_is_too_high_in_the_tenants_currency_is_rejected() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mill = supplier(tenant, "MILL", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "1000000000", "unit_cost": "0" });
        let body =
            json!({ "supplier_id": mill, "currency": "USD", "exchange_rate": "99999999", "lines": [line] });
        let made = tenant.post("/v1/purchase-orders", &body).await.created();
        let order = format!("/v1/purchase-orders/{}", id(&made));
        tenant.post(&format!("{order}/send"), &json!({})).await.ok();
        for unit_cost in ["999999999999", "-999999999999"] {
            let part =
                json!({ "lines": [{ "line_no": 1, "quantity": "1000000000", "unit_cost": unit_cost }] });
            let refused = tenant.post(&format!("{order}/receive"), &part).await;
            refused.refused(422, "validation_failed").names(&["#/lines/0/unit_cost"]);
        }
        assert_eq!(tenant.balance("2100").await, "0.00");
    });
}

#[test]
fn bills_of_each_currency_are_proposed_as_a_payment() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = billed_in(tenant, &mill, "USD", json!("0.92"), &["1000"]).await.created();
        tenant
            .post(BILLS, &bill(&mill, "G-1", &json!([{ "account": "5300", "unit_cost": "10" }])))
            .await
            .created();
        let proposal = tenant.get(&format!("{PAYMENTS}/proposal?until=2099-01-01")).await.ok();
        assert_eq!(proposal["amount"], "10.00", "{proposal}");
        let payments = proposal["payments"].as_array().expect("payments");
        let of = |at: usize| (&payments[at]["currency"], &payments[at]["amount"]);
        assert_eq!(
            (payments.len(), of(0), of(1)),
            (2, (&json!("GBP"), &json!("10.00")), (&json!("USD"), &json!("1000.00")))
        );
        // It is accepted as it stands.
        let dollars = &payments[1]["bills"][0];
        let part = json!({ "bill_id": dollars["bill_id"], "amount": dollars["amount"], "version": dollars["version"] });
        let paid = json!({ "supplier_id": mill, "bills": [part], "exchange_rate": "0.90" });
        assert_eq!(tenant.post(PAYMENTS, &paid).await.created()["amount"], "900.00");
        assert_eq!(open(tenant, &made).await, amounts("0.00", "0.00"));
    });
}

#[test]
fn a_bill_that_is_open_only_in_its_own_currency_is_due_and_has_an_age() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = billed_in(tenant, &mill, "JPY", json!("0.004"), &["3"]).await.created();
        pay(tenant, &made, "2", json!("0.0051")).await.created();
        assert_eq!(open(tenant, &made).await, amounts("0.00", "1"));
        let proposed = tenant.get("/v1/supplier-payments/proposal").await.ok();
        let payment = &proposed["payments"][0];
        assert_eq!((&payment["currency"], &payment["amount"]), (&json!("JPY"), &json!("1")));
        assert_eq!(payment["bills"][0]["bill_id"], made["id"]);
        for (query, payable, foreign) in [("", "0.00", "1"), ("?as_of=2026-01-03", "0.01", "3")] {
            let ageing = tenant.get(&format!("/v1/reports/payable_ageing{query}")).await.ok();
            let rows = ageing["rows"].as_array().expect("rows");
            let names = ["supplier_code", "bill_currency", "currency", "payable", "foreign_payable"];
            let found: Vec<_> = rows.iter().map(|row| names.map(|name| row[name].clone())).collect();
            assert_eq!(found, [["MILL", "JPY", "GBP", payable, foreign].map(Value::from)], "{query}");
            assert_eq!(ageing["totals"][0]["foreign_payable"], Value::Null, "{query}");
        }
    });
}
