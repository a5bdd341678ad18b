//! Payments in advance: applied to bills, taken back, and applied at once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use super::super::supplier;
use super::{BILLS, bill, bill_path, entry, id};

const PAYMENTS: &str = "/v1/supplier-payments";

async fn billed(tenant: &Tenant, supplier: &str, number: &str, unit_cost: &str) -> Value {
    let lines = json!([{ "account": "6100", "unit_cost": unit_cost }]);
    tenant.post(BILLS, &bill(supplier, number, &lines)).await.created()
}

async fn unapplied(tenant: &Tenant, payment: &Value) -> Value {
    tenant.get(&format!("{PAYMENTS}/{}", id(payment))).await.ok()["unapplied"].clone()
}

fn apply(payment: &Value) -> String {
    format!("{PAYMENTS}/{}/apply", id(payment))
}

fn part(bill: &Value, amount: &str) -> Value {
    json!({ "bills": [{ "bill_id": bill["id"], "amount": amount }] })
}

#[test]
fn an_advance_settles_later_bills_and_can_come_back() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let advance = json!({ "supplier_id": pottery, "advance": "100", "reference": "Proforma 7" });
        let paid = tenant.post(PAYMENTS, &advance).await.created();
        assert_eq!(
            (&paid["amount"], &paid["advance"], &paid["unapplied"], &paid["bills"]),
            (&json!("100.00"), &json!("100.00"), &json!("100.00"), &json!([]))
        );
        assert_eq!(tenant.entry(id(&paid)).await, entry(&[("1010", "-100.00"), ("1150", "100.00")]));
        let first = billed(tenant, &pottery, "1", "60").await;
        let second = billed(tenant, &pottery, "2", "50").await;
        let applied = tenant.post(&apply(&paid), &part(&first, "60")).await.created();
        assert_eq!(
            (&applied["kind"], &applied["amount"], &applied["advance_id"]),
            (&json!("application"), &json!("0.00"), &paid["id"])
        );
        assert_eq!(tenant.entry(id(&applied)).await, entry(&[("1150", "-60.00"), ("2000", "60.00")]));
        assert_eq!(tenant.get(&bill_path(&first)).await.ok()["status"], "settled");
        assert_eq!(unapplied(tenant, &paid).await, "40.00");
        tenant
            .post(&apply(&paid), &part(&second, "40.01"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/bills"]);
        tenant
            .post(&apply(&paid), &part(&second, "50.01"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/bills/0/amount"]);

        // What is applied is taken back first.
        let reason = json!({ "reason": "The order was cancelled" });
        let reverse = |payment: &Value| format!("{PAYMENTS}/{}/reverse", id(payment));
        let refused = tenant.post(&reverse(&paid), &reason).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains("60.00"), "{}", refused.text);
        tenant.post(&reverse(&applied), &reason).await.created();
        tenant.post(&reverse(&applied), &reason).await.refused(409, "invalid_state_transition");
        assert_eq!(tenant.get(&bill_path(&first)).await.ok()["open_value"], "60.00");
        assert_eq!(unapplied(tenant, &paid).await, "100.00");
        let back = tenant.post(&reverse(&paid), &reason).await.created();
        assert_eq!((&back["amount"], &back["advance"]), (&json!("-100.00"), &json!("-100.00")));
        assert_eq!(unapplied(tenant, &paid).await, "0.00");
        tenant.post(&apply(&paid), &part(&first, "1")).await.refused(409, "invalid_state_transition");
        for account in ["1010", "1150"] {
            assert_eq!(tenant.balance(account).await, "0.00", "{account}");
        }
    });
}

#[test]
fn a_payment_may_pay_bills_and_an_advance_and_an_application_has_discounts() {
    with_tenant(async |tenant| {
        let terms = json!({ "discounts": [{ "percent": "3", "days": 10 }] });
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let carrier = supplier(tenant, "CARRIER", terms).await;
        let small = billed(tenant, &carrier, "1", "10").await;
        let mut both = part(&small, "10");
        both["supplier_id"] = json!(carrier);
        both["advance"] = json!("97");
        both["amount"] = json!("106.70");
        both["occurred_at"] = json!("2026-01-05T12:00:00Z");
        let paid = tenant.post(PAYMENTS, &both).await.created();
        assert_eq!((&paid["amount"], &paid["discount"]), (&json!("106.70"), &json!("0.30")));
        let large = billed(tenant, &carrier, "2", "100").await;
        let mut later = part(&large, "100");
        later["occurred_at"] = json!("2026-01-06T12:00:00Z");
        let applied = tenant.post(&apply(&paid), &later).await.created();
        assert_eq!(applied["discount"], "3.00");
        let expected = entry(&[("1150", "-97.00"), ("2000", "100.00"), ("5310", "-3.00")]);
        assert_eq!(tenant.entry(id(&applied)).await, expected);
        assert_eq!(unapplied(tenant, &paid).await, "0.00");
        let foreign = billed(tenant, &pottery, "3", "10").await;
        let other = json!({ "supplier_id": carrier, "advance": "5" });
        let other = tenant.post(PAYMENTS, &other).await.created();
        let refused = tenant.post(&apply(&other), &part(&foreign, "5")).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/bills/0/bill_id", "{}", refused.text);
        for (advance, pointer) in
            [(json!("0"), "#/advance"), (json!("1.001"), "#/advance"), (json!(null), "#/bills")]
        {
            let body = json!({ "supplier_id": carrier, "advance": advance });
            tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
    });
}

#[test]
fn applications_at_once_never_apply_more_than_was_paid() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let bill = billed(tenant, &pottery, "1", "300").await;
        let advance = json!({ "supplier_id": pottery, "advance": "100" });
        let paid = tenant.post(PAYMENTS, &advance).await.created();
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let (url, body) = (apply(&paid), part(&bill, "30"));
        let replies =
            join_all((0..8).map(|number: usize| here_and_there[number % 2].post(&url, &body))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "{replies:?}");
        assert_eq!(unapplied(tenant, &paid).await, "10.00");
        assert_eq!(tenant.get(&bill_path(&bill)).await.ok()["open_value"], "210.00");
        assert_eq!(tenant.balance("1150").await, "10.00");
    });
}
