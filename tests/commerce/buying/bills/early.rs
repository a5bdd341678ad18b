//! Discounts for early payment: in time, in part, too late, and taken back.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

use super::super::supplier;
use super::{BILLS, bill, bill_path, entry, id};

const PAYMENTS: &str = "/v1/supplier-payments";

/// 3 % in 10 days, 2 % in 30.
fn terms() -> Value {
    json!({ "discounts": [{ "percent": "3", "days": 10 }, { "percent": "2", "days": 30 }] })
}

async fn billed(tenant: &Tenant, supplier: &str, number: &str, (unit_cost, tax): (&str, &str)) -> Value {
    let lines = json!([{ "account": "6100", "unit_cost": unit_cost, "tax_value": tax }]);
    tenant.post(BILLS, &bill(supplier, number, &lines)).await.created()
}

/// Returns a payment of a part of a bill at noon of a day.
fn part(supplier: &str, bill: &Value, amount: &str, day: &str) -> Value {
    json!({ "supplier_id": supplier, "occurred_at": format!("{day}T12:00:00Z"),
        "bills": [{ "bill_id": bill["id"], "amount": amount }] })
}

#[test]
fn a_bill_keeps_the_discounts_of_its_day_and_is_settled_with_them() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", terms()).await;
        let first = billed(tenant, &pottery, "1", ("100", "20")).await;
        let kept =
            json!([{ "percent": "3", "until": "2026-01-12" }, { "percent": "2", "until": "2026-02-01" }]);
        assert_eq!(first["discounts"], kept);
        let path = format!("/v1/suppliers/{pottery}");
        tenant.patch(&path, &json!({ "discounts": [] })).await.ok();
        assert_eq!(tenant.get(&bill_path(&first)).await.ok()["discounts"], kept);
        let second = billed(tenant, &pottery, "2", ("100", "20")).await;
        assert_eq!(second["discounts"], json!([]));

        let paid = tenant.post(PAYMENTS, &part(&pottery, &first, "120", "2026-01-12")).await.created();
        assert_eq!((&paid["amount"], &paid["discount"]), (&json!("116.40"), &json!("3.60")));
        assert_eq!(
            paid["bills"],
            json!([{ "bill_id": first["id"], "amount": "120.00", "discount": "3.60", "discount_tax": "0.60" }])
        );
        let expected =
            entry(&[("1010", "-116.40"), ("1400", "-0.60"), ("2000", "120.00"), ("5310", "-3.00")]);
        assert_eq!(tenant.entry(id(&paid)).await, expected);
        assert_eq!(tenant.get(&bill_path(&first)).await.ok()["status"], "settled");
        assert_eq!(tenant.get(&format!("{PAYMENTS}/{}", id(&paid))).await.ok(), paid);
        let listed = tenant.get(&format!("{PAYMENTS}?bill_id={}", id(&first))).await.ok();
        assert_eq!(listed["data"][0]["discount"], "3.60");

        // The money came back: the bill is open with all of its amount, and the second discount is left.
        let reverse = format!("{PAYMENTS}/{}/reverse", id(&paid));
        let back = tenant.post(&reverse, &json!({ "reason": "Account closed" })).await.created();
        assert_eq!((&back["amount"], &back["discount"]), (&json!("-116.40"), &json!("-3.60")));
        assert_eq!(tenant.get(&bill_path(&first)).await.ok()["open_value"], "120.00");
        assert_eq!(
            (tenant.balance("5310").await, tenant.balance("1400").await),
            ("0.00".into(), "40.00".into())
        );
        let again = tenant.post(PAYMENTS, &part(&pottery, &first, "120", "2026-02-01")).await.created();
        assert_eq!((&again["amount"], &again["discount"]), (&json!("117.60"), &json!("2.40")));
        let without = tenant.post(PAYMENTS, &part(&pottery, &second, "120", "2026-01-12")).await.created();
        assert_eq!((&without["amount"], &without["discount"]), (&json!("120.00"), &json!("0.00")));
    });
}

/// 2 % of 99.99 are 2.00, in three parts of 33.33.
#[test]
fn parts_that_are_paid_early_have_discounts_that_add_up() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", terms()).await;
        let made = billed(tenant, &pottery, "1", ("99.99", "0")).await;
        let mut discounts = Vec::new();
        for _ in 0..3 {
            let paid = tenant.post(PAYMENTS, &part(&pottery, &made, "33.33", "2026-01-20")).await.created();
            discounts.push(paid["discount"].clone());
        }
        assert_eq!(discounts, [json!("0.67"), json!("0.66"), json!("0.67")]);
        assert_eq!(tenant.balance("5310").await, "-2.00");
        assert_eq!(tenant.get(&bill_path(&made)).await.ok()["open_value"], "0.00");
        // What a credit note took back has no discount.
        let made = billed(tenant, &pottery, "2", ("100", "20")).await;
        let credit = json!({ "supplier_number": "GS", "dated": "2026-01-02",
            "lines": [{ "line_no": 1, "value": "20" }] });
        tenant.post(&format!("{}/credit", bill_path(&made)), &credit).await.created();
        let paid = tenant.post(PAYMENTS, &part(&pottery, &made, "96", "2026-01-02")).await.created();
        assert_eq!((&paid["amount"], &paid["discount"]), (&json!("93.12"), &json!("2.88")));
        assert_eq!(paid["bills"][0]["discount_tax"], "0.48");
    });
}

#[test]
fn a_late_payment_has_no_discount_and_none_exceeds_the_terms() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", terms()).await;
        let made = billed(tenant, &pottery, "1", ("100", "20")).await;
        let with = |day: &str, discount: &str| {
            let mut body = part(&pottery, &made, "60", day);
            body["bills"][0]["discount"] = json!(discount);
            body
        };
        for (day, discount) in
            [("2026-01-12", "1.81"), ("2026-01-13", "1.21"), ("2026-02-02", "0.01"), ("2026-01-12", "-1")]
        {
            let refused = tenant.post(PAYMENTS, &with(day, discount)).await;
            refused.refused(422, "validation_failed").names(&["#/bills/0/discount"]);
        }
        let mut stated = with("2026-01-12", "1.80");
        stated["amount"] = json!("60");
        tenant.post(PAYMENTS, &stated).await.refused(422, "validation_failed").names(&["#/amount"]);
        stated["amount"] = json!("58.20");
        tenant.post(PAYMENTS, &stated).await.created();
        let late = tenant.post(PAYMENTS, &part(&pottery, &made, "10", "2026-02-02")).await.created();
        assert_eq!((&late["amount"], &late["discount"]), (&json!("10.00"), &json!("0.00")));
        let mut whole = part(&pottery, &made, "50", "2026-01-12");
        whole["bills"][0]["discount"] = json!("0");
        assert_eq!(tenant.post(PAYMENTS, &whole).await.created()["amount"], "50.00");
        assert_eq!(tenant.balance("5310").await, "-1.50");
    });
}

/// 60 % of 0.01 are 0.01: the discount is all of the part.
#[test]
fn a_discount_of_all_that_is_settled_is_rejected() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let mut body = bill(&pottery, "1", &json!([{ "account": "6100", "unit_cost": "1" }]));
        body["discounts"] = json!([{ "percent": "60", "until": "2026-01-05" }]);
        let made = tenant.post(BILLS, &body).await.created();
        let mut cent = part(&pottery, &made, "0.01", "2026-01-04");
        tenant.post(PAYMENTS, &cent).await.refused(422, "validation_failed").names(&["#/bills"]);
        let advance =
            json!({ "supplier_id": pottery, "advance": "5", "occurred_at": "2026-01-03T12:00:00Z" });
        let advance = tenant.post(PAYMENTS, &advance).await.created();
        let applied = json!({ "bills": cent["bills"], "occurred_at": "2026-01-04T12:00:00Z" });
        let apply = format!("{PAYMENTS}/{}/apply", id(&advance));
        tenant.post(&apply, &applied).await.refused(422, "validation_failed").names(&["#/bills"]);
        cent["bills"][0]["discount"] = json!("0");
        assert_eq!(tenant.post(PAYMENTS, &cent).await.created()["amount"], "0.01");
        assert_eq!(tenant.get(&bill_path(&made)).await.ok()["open_value"], "0.99");
        assert_eq!(
            (tenant.balance("5310").await.as_str(), tenant.balance("1150").await.as_str()),
            ("0.00", "5.00")
        );
    });
}

#[test]
fn a_bill_may_state_its_own_discounts() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", terms()).await;
        let lines = json!([{ "account": "6100", "unit_cost": "100" }]);
        let stated = |number: &str, discounts: Value| {
            let mut body = bill(&pottery, number, &lines);
            body["discounts"] = discounts;
            body
        };
        let of = |percent: &str, until: &str| json!({ "percent": percent, "until": until });
        let made = tenant.post(BILLS, &stated("1", json!([of("5", "2026-01-05")]))).await.created();
        assert_eq!(made["discounts"], json!([of("5", "2026-01-05")]));
        assert_eq!(tenant.post(BILLS, &stated("2", json!([]))).await.created()["discounts"], json!([]));
        for (discounts, pointer) in [
            (json!([of("100", "2026-01-05")]), "#/discounts/0/percent"),
            (json!([of("0", "2026-01-05")]), "#/discounts/0/percent"),
            (json!([of("1", "2026-01-01")]), "#/discounts/0/until"),
            (json!([of("1", "2026-01-05"), of("2", "2026-01-05")]), "#/discounts/1/until"),
            (json!([of("3", "2026-01-03"), of("2", "2026-01-04"), of("1", "2026-01-05")]), "#/discounts"),
        ] {
            let refused = tenant.post(BILLS, &stated("3", discounts)).await;
            refused.refused(422, "validation_failed").names(&[pointer]);
        }
    });
}
