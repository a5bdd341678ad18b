//! Payments to suppliers: in full, in part, at once, and taken back.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use super::super::supplier;
use super::{BILLS, bill, bill_path, entry, id};

const PAYMENTS: &str = "/v1/supplier-payments";

async fn billed(tenant: &Tenant, supplier: &str, number: &str, unit_cost: &str) -> Value {
    let lines = json!([{ "account": "5300", "unit_cost": unit_cost }]);
    tenant.post(BILLS, &bill(supplier, number, &lines)).await.created()
}

async fn open(tenant: &Tenant, bill: &Value) -> Value {
    tenant.get(&bill_path(bill)).await.ok()["open_value"].clone()
}

#[test]
fn a_payment_pays_bills_in_full_or_in_part_and_can_come_back() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let first = billed(tenant, &pottery, "1", "100").await;
        let second = billed(tenant, &pottery, "2", "50").await;
        let part = |bill: &Value, amount: &str| json!({ "bill_id": bill["id"], "amount": amount });
        let pay = async |bills: Value| {
            tenant
                .post(PAYMENTS, &json!({ "supplier_id": pottery, "reference": "SEPA 7", "bills": bills }))
                .await
        };
        let paid = pay(json!([part(&first, "100"), part(&second, "20.50")])).await.created();
        assert_eq!((&paid["amount"], &paid["kind"]), (&json!("120.50"), &json!("payment")));
        assert_eq!(tenant.entry(id(&paid)).await, entry(&[("1010", "-120.50"), ("2000", "120.50")]));
        assert_eq!(
            (open(tenant, &first).await, open(tenant, &second).await),
            (json!("0.00"), json!("29.50"))
        );
        assert_eq!(tenant.get(&bill_path(&first)).await.ok()["status"], "settled");
        let path = format!("{PAYMENTS}/{}", id(&paid));
        assert_eq!(tenant.get(&path).await.ok(), paid);
        for query in [format!("bill_id={}", id(&second)), format!("supplier_id={pottery}&reference=SEPA%207")]
        {
            let listed = tenant.get(&format!("{PAYMENTS}?{query}")).await.ok();
            assert_eq!(listed["data"][0]["id"], paid["id"], "{query}");
        }
        let back =
            tenant.post(&format!("{path}/reverse"), &json!({ "reason": "Account closed" })).await.created();
        assert_eq!((&back["amount"], &back["original_id"]), (&json!("-120.50"), &paid["id"]));
        assert_eq!(
            (open(tenant, &first).await, open(tenant, &second).await),
            (json!("100.00"), json!("50.00"))
        );
        assert_eq!(tenant.get(&path).await.ok()["reversed_by_id"], back["id"]);
        let again = tenant.post(&format!("{path}/reverse"), &json!({ "reason": "Again" })).await;
        again.refused(409, "invalid_state_transition");
        let of_reversal = format!("{PAYMENTS}/{}/reverse", id(&back));
        tenant.post(&of_reversal, &json!({ "reason": "x" })).await.refused(409, "invalid_state_transition");
        assert_eq!(
            (tenant.balance("1010").await.as_str(), tenant.balance("2000").await.as_str()),
            ("0.00", "-150.00")
        );
        let ties = tenant.get("/v1/reports/tie_out").await.ok();
        let rows = ties["rows"].as_array().expect("rows");
        let payable = rows.iter().find(|row| row["control"] == "payable").expect("a control");
        assert_eq!((&payable["subledger"], &payable["difference"]), (&json!("-150.00"), &json!("0.00")));
    });
}

/// A batch that pays a bill twice adds 2 to its version, and a payment of the batch sees the one before it.
#[test]
fn each_payment_of_a_batch_changes_the_version_of_its_bill() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made = billed(tenant, &pottery, "1", "100").await;
        assert_eq!(made["version"], 1);
        let item = |key: &str, version: u32| {
            let part = json!({ "bill_id": made["id"], "amount": "30", "version": version });
            json!({ "idempotency_key": key, "body": { "supplier_id": pottery, "bills": [part] } })
        };
        let body = json!({ "items": [item("a", 1), item("b", 1), item("c", 2)] });
        let reply = tenant.post(&format!("{PAYMENTS}/batch"), &body).await.json();
        let results = reply["results"].as_array().expect("results").iter();
        let statuses: Vec<&Value> = results.map(|result| &result["status"]).collect();
        assert_eq!(statuses, [201, 412, 201], "{reply}");
        let read = tenant.get(&bill_path(&made)).await.ok();
        assert_eq!((&read["version"], &read["open_value"]), (&json!(3), &json!("40.00")));
        let credit = json!({ "supplier_number": "GS", "dated": "2026-01-02", "lines": [{ "line_no": 1, "value": "10" }] });
        tenant.post(&format!("{}/credit", bill_path(&made)), &credit).await.created();
        assert_eq!(tenant.get(&bill_path(&made)).await.ok()["version"], 4);
    });
}

#[test]
fn a_payment_that_exceeds_a_bill_or_names_another_is_refused() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let other = supplier(tenant, "OTHER", json!({})).await;
        let second = billed(tenant, &pottery, "2", "50").await;
        let foreign = billed(tenant, &other, "1", "10").await;
        let part = |bill: &Value, amount: &str| json!({ "bill_id": bill["id"], "amount": amount });
        let pay = async |bills: Value| {
            tenant.post(PAYMENTS, &json!({ "supplier_id": pottery, "bills": bills })).await
        };
        pay(json!([part(&second, "20.50")])).await.created();
        for (bills, pointer) in [
            (json!([part(&second, "29.51")]), "#/bills/0/amount"),
            (json!([part(&second, "0")]), "#/bills/0/amount"),
            (json!([part(&second, "1.001")]), "#/bills/0/amount"),
            (json!([part(&foreign, "1")]), "#/bills/0/bill_id"),
            (json!([part(&second, "1"), part(&second, "1")]), "#/bills/1/bill_id"),
            (json!([]), "#/bills"),
        ] {
            let refused = pay(bills).await;
            assert_eq!(refused.json()["errors"][0]["pointer"], json!(pointer), "{}", refused.text);
        }
        let stated = json!({ "supplier_id": pottery, "amount": "2", "bills": [part(&second, "1")] });
        tenant.post(PAYMENTS, &stated).await.refused(422, "validation_failed").names(&["#/amount"]);
        // A bill that is paid in part is neither reversed nor credited beyond what is open.
        let reverse = format!("{}/reverse", bill_path(&second));
        let refused = tenant.post(&reverse, &json!({ "reason": "Twice" })).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains("20.50"), "{}", refused.text);
        let credit = json!({ "supplier_number": "GS", "dated": "2026-01-02", "lines": [{ "line_no": 1, "value": "30" }] });
        let credit = tenant.post(&format!("{}/credit", bill_path(&second)), &credit).await;
        credit.refused(422, "validation_failed").names(&["#/lines"]);
        assert_eq!(open(tenant, &second).await, "29.50");
    });
}

#[test]
fn payments_at_once_never_pay_more_than_is_open() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let bill = billed(tenant, &pottery, "1", "100").await;
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let part = json!({ "supplier_id": pottery, "bills": [{ "bill_id": bill["id"], "amount": "30" }] });
        let replies =
            join_all((0..8).map(|number: usize| here_and_there[number % 2].post(PAYMENTS, &part))).await;
        let accepted = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(accepted, 3, "100 are 3 times 30 and a rest: {replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            reply.refused(422, "validation_failed").names(&["#/bills/0/amount"]);
        }
        assert_eq!(open(tenant, &bill).await, "10.00");
        let paid: Vec<String> = replies
            .iter()
            .filter(|reply| reply.status == 201)
            .map(|reply| format!("{PAYMENTS}/{}/reverse", id(&reply.json())))
            .collect();
        let reason = json!({ "reason": "Account closed" });
        let backs =
            join_all((0..4).map(|number: usize| here_and_there[number % 2].post(&paid[0], &reason))).await;
        assert_eq!(backs.iter().filter(|reply| reply.status == 201).count(), 1, "{backs:?}");
        assert_eq!(open(tenant, &bill).await, "40.00");
    });
}

/// A bill of the 20th is paid on the 15th, in part, and an advance of that day is applied to it on the 16th.
#[test]
fn a_payment_before_its_bill_is_an_advance_until_the_day_of_the_bill() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let mut body = bill(&pottery, "1", &json!([{ "account": "5300", "unit_cost": "1.00" }]));
        body["dated"] = json!("2026-01-20");
        let late = tenant.post(BILLS, &body).await.created();
        let at = |day: &str| format!("{day}T12:00:00Z");
        let part = |amount: &str| json!([{ "bill_id": late["id"], "amount": amount }]);
        let pay = json!({ "supplier_id": pottery, "occurred_at": at("2026-01-15"), "bills": part("0.60") });
        let paid = tenant.post(PAYMENTS, &pay).await.created();
        assert_eq!(open(tenant, &late).await, "0.40");
        let advance = json!({ "supplier_id": pottery, "occurred_at": at("2026-01-15"), "advance": "5.00" });
        let advance = tenant.post(PAYMENTS, &advance).await.created();
        let apply = json!({ "occurred_at": at("2026-01-16"), "bills": part("0.40") });
        tenant.post(&format!("{PAYMENTS}/{}/apply", id(&advance)), &apply).await.created();
        assert_eq!(open(tenant, &late).await, "0.00");

        let ledger_and_report = async |day: &str| {
            let table = tenant.get(&format!("/v1/reports/payable_ageing?as_of={day}")).await.ok();
            let payable = table["totals"][0]["payable"].as_str().unwrap_or("0.00").to_owned();
            [tenant.balance_on("1150", day).await, tenant.balance_on("2000", day).await, payable]
        };
        for (day, expected) in [
            ("2026-01-14", ["0.00", "0.00", "0.00"]),
            ("2026-01-15", ["5.60", "0.00", "0.00"]),
            ("2026-01-16", ["5.60", "0.00", "0.00"]),
            ("2026-01-19", ["5.60", "0.00", "0.00"]),
            ("2026-01-20", ["4.60", "0.00", "0.00"]),
        ] {
            assert_eq!(ledger_and_report(day).await, expected, "{day}");
        }
        assert_eq!(tenant.check_now().await, Vec::<String>::new());

        let back = json!({ "reason": "Account closed", "occurred_at": at("2026-01-17") });
        tenant.post(&format!("{PAYMENTS}/{}/reverse", id(&paid)), &back).await.created();
        for (day, expected) in [
            ("2026-01-16", ["5.60", "0.00", "0.00"]),
            ("2026-01-17", ["5.00", "0.00", "0.00"]),
            ("2026-01-19", ["5.00", "0.00", "0.00"]),
            ("2026-01-20", ["4.60", "-0.60", "0.60"]),
        ] {
            assert_eq!(ledger_and_report(day).await, expected, "{day}");
        }
    });
}
