//! Discounts and advances in another currency: at the rate of the bill, at the rate of the advance, and taken back.

use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use super::super::supplier;
use super::{BILLS, bill, bill_path, entry, id};

const PAYMENTS: &str = "/v1/supplier-payments";

/// Records a bill in dollars on account 5300, with its cost and its tax.
async fn record_bill(
    tenant: &Tenant,
    supplier: &str,
    (number, rate): (&str, &str),
    (cost, tax): (&str, &str),
) -> Value {
    let lines = json!([{ "account": "5300", "unit_cost": cost, "tax_value": tax }]);
    let mut body = bill(supplier, number, &lines);
    body["currency"] = json!("USD");
    body["exchange_rate"] = json!(rate);
    tenant.post(BILLS, &body).await.created()
}

/// Returns what is open of a bill, in the tenant's currency and in its own.
async fn open(tenant: &Tenant, bill: &Value) -> [Value; 2] {
    let read = tenant.get(&bill_path(bill)).await.ok();
    [read["open_value"].clone(), read["foreign"]["open_value"].clone()]
}

/// Returns what is not applied of an advance, in the tenant's currency and in its own.
async fn unapplied(tenant: &Tenant, payment: &Value) -> [Value; 2] {
    let read = tenant.get(&format!("{PAYMENTS}/{}", id(payment))).await.ok();
    [read["unapplied"].clone(), read["foreign"]["unapplied"].clone()]
}

/// Returns a payment of a part of a bill at noon of a day.
fn part(bill: &Value, amount: &str, (rate, day): (&str, &str)) -> Value {
    json!({ "supplier_id": bill["supplier_id"], "exchange_rate": rate, "occurred_at": format!("{day}T12:00:00Z"),
        "bills": [{ "bill_id": bill["id"], "amount": amount }] })
}

fn of(bill: &Value, amount: &str) -> Value {
    json!({ "bills": [{ "bill_id": bill["id"], "amount": amount }] })
}

fn step(payment: &Value, name: &str) -> String {
    format!("{PAYMENTS}/{}/{name}", id(payment))
}

/// Returns the ids of the payments that a list shows.
async fn list_ids(tenant: &Tenant, query: &str) -> Vec<Value> {
    let page = tenant.get(&format!("{PAYMENTS}?{query}")).await.ok();
    page["data"].as_array().expect("a page").iter().map(|payment| payment["id"].clone()).collect()
}

/// Pays 1,000.00 USD in advance at 0.90.
async fn pay_advance(tenant: &Tenant, supplier: &str) -> Value {
    let body = json!({ "supplier_id": supplier, "currency": "USD", "exchange_rate": "0.90", "advance": "1000",
        "occurred_at": "2026-01-05T12:00:00Z" });
    tenant.post(PAYMENTS, &body).await.created()
}

/// 1,000.00 and 200.00 of tax at 0.92 are 1,104.00. Half of it is paid early: 18.00 USD of 600.00 are the discount, which are
/// 552.00 · 18 ÷ 600 = 16.56 in the books, and 2.76 of them are tax. 582.00 USD at 0.95 are 552.90, and the loss is 582.00 · 0.03.
/// 110.40 are credited, so 441.60 are left. 3 % of 480.00 USD are 14.40, which are 441.60 · 14.40 ÷ 480 = 13.248, and 2.21 of them are
/// tax. 465.60 USD at 0.90 are 419.04, and 441.60 − 13.25 − 419.04 = 9.31 is the gain.
#[test]
fn parts_of_a_bill_have_its_discount_at_its_rate() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({ "discounts": [{ "percent": "3", "days": 10 }] })).await;
        let made = record_bill(tenant, &mill, ("1", "0.92"), ("1000", "200")).await;
        assert_eq!(made["discounts"], json!([{ "percent": "3", "until": "2026-01-12" }]));
        let first = part(&made, "600", ("0.95", "2026-01-12"));
        let tried = tenant.dry_run(PAYMENTS, &first).await.ok();
        assert_eq!(tried["document"]["foreign"]["discount"], "18.00", "{tried}");
        let first = tenant.post(PAYMENTS, &first).await.created();
        assert_eq!((&first["amount"], &first["discount"]), (&json!("552.90"), &json!("16.56")));
        let expected = json!({ "currency": "USD", "exchange_rate": "0.95", "amount": "582.00", "discount": "18.00",
            "advance": "0.00", "unapplied": "0.00", "exchange_difference": "17.46" });
        assert_eq!(first["foreign"], expected);
        let expected = json!([{ "bill_id": made["id"], "amount": "600.00", "discount": "18.00", "discount_tax": "3.00" }]);
        assert_eq!(first["bills"], expected);
        let expected = [
            ("1010", "-552.90"),
            ("1400", "-2.76"),
            ("2000", "552.00"),
            ("5310", "-13.80"),
            ("6040", "17.46"),
        ];
        assert_eq!(tenant.entry(id(&first)).await, entry(&expected));
        assert_eq!(tenant.get(&format!("{PAYMENTS}/{}", id(&first))).await.ok(), first);
        let listed = tenant.get(&format!("{PAYMENTS}?bill_id={}", id(&made))).await.ok();
        assert_eq!(listed["data"][0]["foreign"]["discount"], "18.00");

        let credit = json!({ "supplier_number": "GS", "dated": "2026-01-02", "lines": [{ "line_no": 1, "value": "100" }] });
        tenant.post(&format!("{}/credit", bill_path(&made)), &credit).await.created();
        assert_eq!(open(tenant, &made).await, ["441.60", "480.00"]);
        let ageing = tenant.get("/v1/reports/payable_ageing").await.ok();
        let row = &ageing["rows"][0];
        assert_eq!((&row["payable"], &row["foreign_payable"]), (&json!("441.60"), &json!("480.00")));

        // A day later there is no discount, and on the last day not more than the terms give.
        for (day, discount) in [("2026-01-13", "0.01"), ("2026-01-12", "14.41"), ("2026-01-12", "0.001")] {
            let mut late = part(&made, "480", ("0.90", day));
            late["bills"][0]["discount"] = json!(discount);
            let refused = tenant.post(PAYMENTS, &late).await;
            refused.refused(422, "validation_failed").names(&["#/bills/0/discount"]);
        }
        let rest = tenant.post(PAYMENTS, &part(&made, "480", ("0.90", "2026-01-12"))).await.created();
        let expected = [
            ("1010", "-419.04"),
            ("1400", "-2.21"),
            ("2000", "441.60"),
            ("5310", "-11.04"),
            ("6040", "-9.31"),
        ];
        assert_eq!(tenant.entry(id(&rest)).await, entry(&expected));
        assert_eq!(open(tenant, &made).await, ["0.00", "0.00"]);
        assert_eq!(tenant.get(&bill_path(&made)).await.ok()["status"], "settled");
        assert_eq!(tenant.balance("2000").await, "0.00");

        // The money came back: all of it is taken back, and a late payment is one of the whole amount.
        let reason = json!({ "reason": "Account closed" });
        let back = tenant.post(&step(&rest, "reverse"), &reason).await.created();
        assert_eq!((&back["discount"], &back["foreign"]["discount"]), (&json!("-13.25"), &json!("-14.40")));
        assert_eq!(back["bills"][0]["discount_tax"], "-2.40");
        assert_eq!(open(tenant, &made).await, ["441.60", "480.00"]);
        assert_eq!(
            (tenant.balance("5310").await.as_str(), tenant.balance("6040").await.as_str()),
            ("-13.80", "17.46")
        );
        let late = tenant.post(PAYMENTS, &part(&made, "480", ("0.92", "2026-01-13"))).await.created();
        assert_eq!((&late["foreign"]["amount"], &late["amount"]), (&json!("480.00"), &json!("441.60")));
    });
}

#[test]
fn a_bill_in_another_currency_may_state_its_discounts_and_is_proposed_with_them() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let with = |number: &str, currency: &str, discounts: Value| {
            let mut body = bill(&mill, number, &json!([{ "account": "5300", "unit_cost": "1000" }]));
            if currency != "GBP" {
                body["currency"] = json!(currency);
                body["exchange_rate"] = json!("0.92");
            }
            body["discounts"] = discounts;
            body
        };
        let three = || json!([{ "percent": "3", "until": "2026-01-12" }]);
        let dollars = tenant.post(BILLS, &with("1", "USD", three())).await.created();
        assert_eq!(dollars["discounts"], three());
        tenant.post(BILLS, &with("2", "GBP", three())).await.created();
        let yen = json!([{ "percent": "1.5", "until": "2026-01-12" }]);
        tenant.post(BILLS, &with("3", "JPY", yen)).await.created();
        let wrong = json!([{ "percent": "3", "until": "2026-01-01" }]);
        let refused = tenant.post(BILLS, &with("4", "USD", wrong)).await;
        refused.refused(422, "validation_failed").names(&["#/discounts/0/until"]);

        let proposal = tenant.get(&format!("{PAYMENTS}/proposal?pay_on=2026-01-10")).await.ok();
        assert_eq!((&proposal["amount"], &proposal["discount"]), (&json!("970.00"), &json!("30.00")));
        let payments = proposal["payments"].as_array().expect("payments").iter();
        let shown: Vec<Vec<&str>> = payments
            .map(|one| {
                ["currency", "amount", "discount"]
                    .iter()
                    .map(|name| one[*name].as_str().expect("a text"))
                    .collect()
            })
            .collect();
        let expected = [["GBP", "970.00", "30.00"], ["JPY", "985", "15"], ["USD", "970.00", "30.00"]];
        assert_eq!(shown, expected);
        let of_dollars = &proposal["payments"][2]["bills"][0];
        assert_eq!((&of_dollars["bill_id"], &of_dollars["discount"]), (&dollars["id"], &json!("30.00")));

        let mut accepted =
            part(&dollars, of_dollars["amount"].as_str().expect("an amount"), ("0.90", "2026-01-10"));
        accepted["bills"][0]["version"] = of_dollars["version"].clone();
        accepted["amount"] = json!("970");
        let paid = tenant.post(PAYMENTS, &accepted).await.created();
        let expected = [("1010", "-873.00"), ("2000", "920.00"), ("5310", "-27.60"), ("6040", "-19.40")];
        assert_eq!(tenant.entry(id(&paid)).await, entry(&expected));
        assert_eq!(open(tenant, &dollars).await, ["0.00", "0.00"]);
    });
}

/// 600.00 USD of 1,000.00 at 0.90 are 540.00 and settle 552.00 at 0.92: a gain of 12.00. The rest, 360.00, settles 400.00 USD at
/// 0.95, which are 380.00: a gain of 20.00.
#[test]
fn an_advance_keeps_its_rate_until_it_is_applied() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let paid = pay_advance(tenant, &mill).await;
        assert_eq!((&paid["amount"], &paid["advance"]), (&json!("900.00"), &json!("900.00")));
        let expected = json!({ "currency": "USD", "exchange_rate": "0.9", "amount": "1000.00", "discount": "0.00",
            "advance": "1000.00", "unapplied": "1000.00", "exchange_difference": "0.00" });
        assert_eq!(paid["foreign"], expected);
        assert_eq!(tenant.entry(id(&paid)).await, entry(&[("1010", "-900.00"), ("1150", "900.00")]));

        let first = record_bill(tenant, &mill, ("1", "0.92"), ("600", "0")).await;
        let second = record_bill(tenant, &mill, ("2", "0.95"), ("500", "0")).await;
        let apply = step(&paid, "apply");
        let tried = tenant.dry_run(&apply, &of(&first, "600")).await.ok();
        assert_eq!(tried["document"]["foreign"]["exchange_difference"], "-12.00", "{tried}");
        assert_eq!(unapplied(tenant, &paid).await, ["900.00", "1000.00"]);
        let applied = tenant.post(&apply, &of(&first, "600")).await.created();
        let expected = json!({ "currency": "USD", "exchange_rate": "0.9", "amount": "0.00", "discount": "0.00",
            "advance": "0.00", "unapplied": "0.00", "exchange_difference": "-12.00" });
        assert_eq!((&applied["kind"], &applied["foreign"]), (&json!("application"), &expected));
        assert_eq!(applied["bills"][0]["amount"], "600.00");
        let expected = [("1150", "-540.00"), ("2000", "552.00"), ("6040", "-12.00")];
        assert_eq!(tenant.entry(id(&applied)).await, entry(&expected));
        assert_eq!(tenant.get(&format!("{PAYMENTS}/{}", id(&applied))).await.ok(), applied);
        assert_eq!(open(tenant, &first).await, ["0.00", "0.00"]);
        assert_eq!(unapplied(tenant, &paid).await, ["360.00", "400.00"]);
        assert_eq!(list_ids(tenant, "unapplied=true").await, [paid["id"].clone()]);
        assert_eq!(list_ids(tenant, "unapplied=false").await, [applied["id"].clone()]);

        let mut early = of(&second, "1");
        early["occurred_at"] = json!("2026-01-05T11:59:59Z");
        for (body, pointer) in [
            (of(&second, "400.01"), "#/bills"),
            (of(&second, "500.01"), "#/bills/0/amount"),
            (of(&second, "0.001"), "#/bills/0/amount"),
            (early, "#/occurred_at"),
        ] {
            tenant.post(&apply, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let rest = tenant.post(&apply, &of(&second, "400")).await.created();
        let expected = [("1150", "-360.00"), ("2000", "380.00"), ("6040", "-20.00")];
        assert_eq!(tenant.entry(id(&rest)).await, entry(&expected));
        tenant.post(&apply, &of(&second, "1")).await.refused(409, "invalid_state_transition");
        assert_eq!(list_ids(tenant, "unapplied=true").await, Vec::<Value>::new());
        assert_eq!(list_ids(tenant, "unapplied=false").await.len(), 3);

        // What is applied is taken back first, in any order.
        let reason = json!({ "reason": "The order was cancelled" });
        let refused = tenant.post(&step(&paid, "reverse"), &reason).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains("1000.00"), "{}", refused.text);
        let back = tenant.post(&step(&applied, "reverse"), &reason).await.created();
        assert_eq!(back["foreign"]["exchange_difference"], "12.00");
        assert_eq!(open(tenant, &first).await, ["552.00", "600.00"]);
        assert_eq!(unapplied(tenant, &paid).await, ["540.00", "600.00"]);
        tenant.post(&step(&rest, "reverse"), &reason).await.created();
        assert_eq!(unapplied(tenant, &paid).await, ["900.00", "1000.00"]);
        let refund = tenant.post(&step(&paid, "reverse"), &reason).await.created();
        assert_eq!(
            (&refund["amount"], &refund["foreign"]["advance"]),
            (&json!("-900.00"), &json!("-1000.00"))
        );
        assert_eq!(unapplied(tenant, &paid).await, ["0.00", "0.00"]);
        for account in ["1010", "1150", "6040"] {
            assert_eq!(tenant.balance(account).await, "0.00", "{account}");
        }
    });
}

#[test]
fn currencies_of_bills_and_advances_are_not_mixed() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let dollars = record_bill(tenant, &mill, ("1", "0.92"), ("600", "0")).await;
        let pounds = bill(&mill, "2", &json!([{ "account": "5300", "unit_cost": "10" }]));
        let pounds = tenant.post(BILLS, &pounds).await.created();
        let paid = pay_advance(tenant, &mill).await;
        let own = json!({ "supplier_id": mill, "advance": "50" });
        let own = tenant.post(PAYMENTS, &own).await.created();
        for (advance, bill) in [(&paid, &pounds), (&own, &dollars)] {
            let refused = tenant.post(&step(advance, "apply"), &of(bill, "1")).await;
            refused.refused(422, "validation_failed").names(&["#/bills/0/bill_id"]);
            assert!(refused.text.contains("USD") && refused.text.contains("GBP"), "{}", refused.text);
        }
        let pay = async |fields: Value| {
            let mut body = json!({ "supplier_id": mill });
            for (name, value) in fields.as_object().expect("fields") {
                body[name] = value.clone();
            }
            tenant.post(PAYMENTS, &body).await
        };
        let parts = json!([{ "bill_id": dollars["id"], "amount": "1" }]);
        for (fields, pointer) in [
            (json!({ "currency": "EUR", "exchange_rate": "0.9", "bills": parts }), "#/bills/0/bill_id"),
            (json!({ "currency": "GBP", "bills": parts }), "#/bills/0/bill_id"),
            (json!({ "currency": "QQQ", "exchange_rate": "0.9", "advance": "1" }), "#/currency"),
            (json!({ "currency": "us\u{1f4b5}", "exchange_rate": "0.9", "bills": parts }), "#/currency"),
            (json!({ "currency": "USD", "advance": "1" }), "#/exchange_rate"),
            (json!({ "currency": "GBP", "exchange_rate": "0.9", "advance": "1" }), "#/exchange_rate"),
            (json!({ "currency": "JPY", "exchange_rate": "0.005", "advance": "0.5" }), "#/advance"),
            (json!({ "currency": "USD", "exchange_rate": "0.9", "advance": "0" }), "#/advance"),
            (json!({ "currency": "USD", "exchange_rate": "0.9" }), "#/bills"),
        ] {
            pay(fields).await.refused(422, "validation_failed").names(&[pointer]);
        }
        assert_eq!(tenant.balance("1150").await, "950.00");

        // A payment of bills and an advance has one currency and one rate: 1.00 USD pays 0.92 and 10.00 USD are 9.50.
        let both = pay(
            json!({ "currency": "USD", "exchange_rate": "0.95", "bills": parts, "advance": "10", "amount": "11" }),
        );
        let both = both.await.created();
        let expected = [("1010", "-10.45"), ("1150", "9.50"), ("2000", "0.92"), ("6040", "0.03")];
        assert_eq!(tenant.entry(id(&both)).await, entry(&expected));
        assert_eq!(unapplied(tenant, &both).await, ["9.50", "10.00"]);
    });
}

/// 3 yen at 0.004 are 0.012, so 0.01, which 2 yen take. The last yen has no amount in the books and is listed.
#[test]
fn a_rest_in_another_currency_alone_is_listed() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let mut body = bill(&mill, "1", &json!([{ "account": "5300", "unit_cost": "3" }]));
        body["currency"] = json!("JPY");
        body["exchange_rate"] = json!("0.004");
        let made = tenant.post(BILLS, &body).await.created();
        let advance =
            json!({ "supplier_id": mill, "currency": "JPY", "exchange_rate": "0.004", "advance": "3" });
        let paid = tenant.post(PAYMENTS, &advance).await.created();
        for (amount, left, is_listed) in [("2", "1", true), ("1", "0", false)] {
            tenant.post(&step(&paid, "apply"), &of(&made, amount)).await.created();
            assert_eq!(unapplied(tenant, &paid).await, ["0.00", left]);
            assert_eq!(list_ids(tenant, "unapplied=true").await.contains(&paid["id"]), is_listed);
        }
        assert_eq!(tenant.balance("1150").await, "0.00");
    });
}

/// Such a server takes the amounts of an advance for those in the tenant's currency.
#[test]
fn a_server_of_the_version_before_can_neither_apply_nor_reverse_an_advance_in_another_currency() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        pay_advance(tenant, &mill).await;
        let columns = "insert into supplier_payment (tenant_id, id, number, kind, supplier_id, occurred_at, recorded_at, \
                       command_id, amount, advance, advance_id, original_id, foreign_currency, exchange_rate, foreign_amount) \
                       select tenant_id, gen_random_uuid(), number || '-2', ";
        let common = "supplier_id, occurred_at, recorded_at, command_id";
        let of_tenant = "from supplier_payment where tenant_id = $1";
        for (kind, amounts, constraint) in [
            ("'application'", "0, 0, id, null, null, null, null", "keep_advance_currency"),
            (
                "'reversal'",
                "-amount, -advance, null, id, foreign_currency, exchange_rate, -foreign_amount",
                "supplier_payment_foreign_advance_complete",
            ),
        ] {
            let statement = format!("{columns} {kind}, {common}, {amounts} {of_tenant}");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(tenant.id.0);
            let error = query.execute(&environment().root).await.expect_err("a rejection");
            let named = error.as_database_error().and_then(|error| error.constraint());
            assert_eq!(named, Some(constraint), "{error}");
        }
        // An advance in the tenant's currency is none of its concern.
        let own = json!({ "supplier_id": mill, "advance": "50" });
        let own = tenant.post(PAYMENTS, &own).await.created();
        let pounds = bill(&mill, "2", &json!([{ "account": "5300", "unit_cost": "10" }]));
        let pounds = tenant.post(BILLS, &pounds).await.created();
        tenant.post(&step(&own, "apply"), &of(&pounds, "10")).await.created();
    });
}

#[test]
fn an_advance_is_not_valued_at_the_rates_of_a_day() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let paid = pay_advance(tenant, &mill).await;
        let made = record_bill(tenant, &mill, ("1", "0.92"), ("600", "0")).await;
        let rate = json!({ "currency": "USD", "valid_from": "2026-01-30", "rate": "0.95" });
        tenant.post("/v1/exchange-rates", &rate).await.created();
        let valued = async || {
            let shown = tenant.get("/v1/foreign-valuations/2026-01-31").await.ok();
            let items = shown["items"].as_array().expect("items").iter();
            items
                .map(|item| [item["number"].clone(), item["foreign_open"].clone(), item["loss"].clone()])
                .collect::<Vec<_>>()
        };
        let expected = [[made["number"].clone(), json!("600.00"), json!("18.00")]];
        assert_eq!(valued().await, expected);
        // An application of a later day leaves the bill open on the last day of January, one of that day settles it.
        let mut later = of(&made, "100");
        later["occurred_at"] = json!("2026-02-01T12:00:00Z");
        tenant.post(&step(&paid, "apply"), &later).await.created();
        assert_eq!(valued().await, expected);
        let mut then = of(&made, "500");
        then["occurred_at"] = json!("2026-01-31T12:00:00Z");
        tenant.post(&step(&paid, "apply"), &then).await.created();
        assert_eq!(valued().await, [[made["number"].clone(), json!("100.00"), json!("3.00")]]);
    });
}

#[test]
fn applications_at_once_never_apply_more_than_was_paid_in_another_currency() {
    with_tenant(async |tenant| {
        let mill = supplier(tenant, "MILL", json!({})).await;
        let made = record_bill(tenant, &mill, ("1", "0.92"), ("3000", "0")).await;
        let paid = pay_advance(tenant, &mill).await;
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let (url, body) = (step(&paid, "apply"), of(&made, "300"));
        let replies =
            join_all((0..8).map(|number: usize| here_and_there[number % 2].post(&url, &body))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "{replies:?}");
        assert_eq!(unapplied(tenant, &paid).await, ["90.00", "100.00"]);
        assert_eq!(open(tenant, &made).await, ["1932.00", "2100.00"]);
        assert_eq!(
            (tenant.balance("1150").await.as_str(), tenant.balance("6040").await.as_str()),
            ("90.00", "-18.00")
        );
    });
}
