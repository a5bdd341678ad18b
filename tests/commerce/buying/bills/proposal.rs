//! The proposal of what to pay, and its acceptance.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

use super::super::supplier;
use super::{BILLS, bill_path};

const PAYMENTS: &str = "/v1/supplier-payments";
const PROPOSAL: &str = "/v1/supplier-payments/proposal";

/// Records a bill of a day in January, with the last day on which it is due.
async fn billed(tenant: &Tenant, supplier: &str, number: &str, (amount, due_on): (&str, &str)) -> Value {
    let lines = json!([{ "account": "6100", "unit_cost": amount }]);
    let body = json!({ "supplier_id": supplier, "supplier_number": number, "dated": "2026-01-02",
        "due_on": due_on, "lines": lines });
    tenant.post(BILLS, &body).await.created()
}

/// Returns the request that accepts the payments of a proposal.
fn accepted(proposal: &Value, key: &str) -> Value {
    let items = proposal["payments"].as_array().expect("payments").iter().map(|payment| {
        let part = |bill: &Value| json!({ "bill_id": bill["bill_id"], "amount": bill["amount"], "version": bill["version"] });
        let bills: Vec<Value> = payment["bills"].as_array().expect("bills").iter().map(part).collect();
        json!({ "idempotency_key": format!("{key}-{}", payment["supplier_code"].as_str().expect("a code")), "body": {
            "supplier_id": payment["supplier_id"], "occurred_at": "2026-01-10T12:00:00Z", "bills": bills } })
    });
    json!({ "items": items.collect::<Vec<Value>>() })
}

fn statuses(reply: &Value) -> Vec<&Value> {
    reply["results"].as_array().expect("results").iter().map(|result| &result["status"]).collect()
}

#[test]
fn a_proposal_has_what_is_due_and_what_would_lose_its_discount_and_is_accepted_once() {
    with_tenant(async |tenant| {
        let discounts =
            json!({ "discounts": [{ "percent": "3", "days": 10 }, { "percent": "2", "days": 30 }] });
        let pottery = supplier(tenant, "POTTERY", discounts).await;
        let carrier = supplier(tenant, "CARRIER", json!({})).await;
        let early = billed(tenant, &pottery, "1", ("200", "2026-03-01")).await;
        let overdue = billed(tenant, &carrier, "7", ("40", "2026-01-05")).await;
        let due = billed(tenant, &carrier, "8", ("60.50", "2026-01-17")).await;
        let late = billed(tenant, &carrier, "9", ("99", "2026-01-18")).await;
        let proposal = tenant.get(&format!("{PROPOSAL}?pay_on=2026-01-10&until=2026-01-17")).await.ok();
        assert_eq!((&proposal["amount"], &proposal["discount"]), (&json!("294.50"), &json!("6.00")));
        let payments = proposal["payments"].as_array().expect("payments");
        let of =
            |at: usize| (&payments[at]["supplier_code"], &payments[at]["amount"], &payments[at]["discount"]);
        assert_eq!(payments.len(), 2);
        assert_eq!(of(0), (&json!("CARRIER"), &json!("100.50"), &json!("0.00")));
        assert_eq!(of(1), (&json!("POTTERY"), &json!("194.00"), &json!("6.00")));
        let reasons = |at: usize| -> Vec<Value> {
            let bills = payments[at]["bills"].as_array().expect("bills").iter();
            bills.map(|bill| json!([bill["bill_id"], bill["reason"]])).collect()
        };
        assert_eq!(
            reasons(0),
            [
                json!([overdue["id"], "The bill was due on 2026-01-05."]),
                json!([due["id"], "The bill is due on 2026-01-17."])
            ]
        );
        let lost = "The bill is due on 2026-03-01, and its discount of 3 % ends on 2026-01-12.";
        assert_eq!(reasons(1), [json!([early["id"], lost])]);

        // The carrier credits a part of a bill before the proposal is accepted: its payment is rejected, the other is not.
        let credit = json!({ "supplier_number": "GS", "dated": "2026-01-03", "lines": [{ "line_no": 1, "value": "10" }] });
        tenant.post(&format!("{}/credit", bill_path(&due)), &credit).await.created();
        let batch = format!("{PAYMENTS}/batch");
        let first = accepted(&proposal, "a");
        let results = tenant.post(&batch, &first).await.json();
        assert_eq!(statuses(&results), [412, 201], "{results}");
        let problem = &results["results"][0]["body"]["errors"][0];
        assert_eq!(problem["pointer"], "#/bills/1/version", "{results}");
        let version = tenant.get(&bill_path(&due)).await.ok()["version"].to_string();
        assert_eq!(problem["params"]["current_version"], version, "{results}");
        assert_eq!(tenant.get(&bill_path(&early)).await.ok()["status"], "settled");
        assert_eq!(tenant.balance("5310").await, "-6.00");
        // A repeat has the same results, and an acceptance with other keys pays nothing again.
        assert_eq!(statuses(&tenant.post(&batch, &first).await.json())[1], 201);
        assert_eq!(statuses(&tenant.post(&batch, &accepted(&proposal, "b")).await.json()), [412, 412]);
        let again = tenant.get(&format!("{PROPOSAL}?pay_on=2026-01-10&until=2026-01-17")).await.ok();
        assert_eq!(
            (&again["amount"], &again["payments"][0]["supplier_code"]),
            (&json!("90.50"), &json!("CARRIER"))
        );
        let results = tenant.post(&batch, &accepted(&again, "c")).await.json();
        assert_eq!(statuses(&results), [201], "{results}");
        let none = tenant.get(&format!("{PROPOSAL}?pay_on=2026-01-10&until=2026-01-17")).await.ok();
        assert_eq!((&none["amount"], &none["payments"]), (&json!("0.00"), &json!([])));
        assert_eq!(tenant.get(&bill_path(&late)).await.ok()["open_value"], "99.00");
        let wrong = tenant.get(&format!("{PROPOSAL}?pay_on=2026-01-10&until=2026-01-09")).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
    });
}

/// Both ends of the days count. On the last day of a discount its bill is proposed with it, and a day later it is not.
#[test]
fn the_last_day_of_a_discount_belongs_to_it() {
    with_tenant(async |tenant| {
        let discounts =
            json!({ "discounts": [{ "percent": "3", "days": 10 }, { "percent": "2", "days": 30 }] });
        let pottery = supplier(tenant, "POTTERY", discounts).await;
        billed(tenant, &pottery, "1", ("200", "2026-03-01")).await;
        for (pay_on, until, amount, discount) in [
            ("2026-01-12", "2026-01-12", "194.00", "6.00"),
            ("2026-01-05", "2026-01-11", "0.00", "0.00"),
            ("2026-01-13", "2026-01-31", "0.00", "0.00"),
            ("2026-02-01", "2026-02-01", "196.00", "4.00"),
            ("2026-02-02", "2026-02-28", "0.00", "0.00"),
            ("2026-02-02", "2026-03-01", "200.00", "0.00"),
        ] {
            let proposal = tenant.get(&format!("{PROPOSAL}?pay_on={pay_on}&until={until}")).await.ok();
            let found = (&proposal["amount"], &proposal["discount"]);
            assert_eq!(found, (&json!(amount), &json!(discount)), "{pay_on} to {until}");
        }
    });
}
