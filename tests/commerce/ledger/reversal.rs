//! Reversals of entries by hand.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

const ENTRIES: &str = "/v1/journal-entries";

/// Posts an entry of January. Returns its id.
async fn entry(tenant: &Tenant) -> String {
    let customer = tenant.customer("Nordwind Supply").await;
    let body = json!({ "memo": "Allowance", "occurred_on": "2026-01-20", "lines": [
        { "account": "6100", "debit": "50.00", "channel": "wholesale", "customer_id": customer },
        { "account": "1110", "credit": "50.00" }] });
    tenant.make(ENTRIES, body).await
}

fn reversal(id: &str) -> String {
    format!("{ENTRIES}/{id}/reverse")
}

#[test]
fn an_entry_by_hand_is_reversed_once() {
    with_tenant(async |tenant| {
        let id = entry(tenant).await;
        let read = tenant.get(&format!("{ENTRIES}/{id}")).await.ok();
        assert_eq!((&read["reverses"], &read["reversed_by"]), (&Value::Null, &Value::Null));
        let dry = tenant.dry_run(&reversal(&id), &json!({})).await.ok();
        assert_eq!(dry["document"]["reverses"], json!(id));
        assert_eq!(tenant.balance("6100").await, "50.00", "a dry run reverses nothing");
        let body = json!({ "occurred_on": "2026-02-03" });
        let path = reversal(&id);
        let replies = join_all((0..4).map(|_| tenant.post(&path, &body))).await;
        let made: Vec<Value> =
            replies.iter().filter(|reply| reply.status == 201).map(|reply| reply.json()).collect();
        assert_eq!(made.len(), 1, "of several at once one reverses it");
        assert_eq!((&made[0]["reverses"], &made[0]["memo"]), (&json!(id), &json!("Reversal: Allowance")));
        assert_eq!(
            (tenant.balance("6100").await, tenant.balance("1110").await),
            ("0.00".into(), "0.00".into())
        );
        let by = made[0]["id"].as_str().expect("an id");
        let read = tenant.get(&format!("{ENTRIES}/{by}")).await.ok();
        assert_eq!((&read["document_kind"], &read["document_id"]), (&json!("manual"), &json!(id)));
        assert_eq!((&read["reverses"], &read["occurred_on"]), (&json!(id), &json!("2026-02-03")));
        let lines = read["lines"].as_array().expect("lines");
        let line = lines.iter().find(|line| line["account"] == "6100").expect("a line");
        assert_eq!((&line["credit"], &line["channel"]), (&json!("50.00"), &json!("wholesale")));
        assert!(line["customer_id"].is_string(), "{line}");
        let read = tenant.get(&format!("{ENTRIES}/{id}")).await.ok();
        assert_eq!(read["reversed_by"], json!(by));
        let both = tenant.get(&format!("{ENTRIES}?document_id={id}")).await.ok();
        assert_eq!(both["data"].as_array().map(Vec::len), Some(2), "the entry and its reversal");
        let again = tenant.post(&reversal(&id), &body).await;
        again.refused(409, "invalid_state_transition");
        assert!(again.text.contains(by), "{}", again.text);
        let back = tenant.post(&reversal(by), &json!({})).await;
        back.refused(409, "invalid_state_transition");
        assert!(back.text.contains("is the reversal of"), "{}", back.text);
    });
}

#[test]
fn a_reversal_that_makes_no_sense_is_rejected() {
    with_tenant(async |tenant| {
        let id = entry(tenant).await;
        for day in ["2026-01-19", "2999-01-01"] {
            let body = json!({ "occurred_on": day });
            let refused = tenant.post(&reversal(&id), &body).await;
            refused.refused(422, "validation_failed").names(&["#/occurred_on"]);
        }
        tenant.post(&reversal("jnl_01h455vb4pex5vsknk084sn02q"), &json!({})).await.refused(404, "not_found");
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let sale = tenant.sell(&till, &[("MUG", "2")]).await.created();
        let sale = sale["id"].as_str().expect("an id");
        let entries = tenant.get(&format!("{ENTRIES}?document_id={sale}")).await.ok();
        let refused =
            tenant.post(&reversal(entries["data"][0]["id"].as_str().expect("an id")), &json!({})).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains(&format!("/v1/pos/sales/{sale}")), "{}", refused.text);
        assert_eq!(tenant.balance("6100").await, "50.00");
    });
}

#[test]
fn a_reversal_is_not_posted_before_its_entry() {
    with_tenant(async |tenant| {
        let lock = |last: Value| json!({ "locked_through": last, "reason": "Quarter reported" });
        tenant.post("/v1/period-locks", &lock(json!("2026-03-31"))).await.created();
        let id = entry(tenant).await;
        tenant.post("/v1/period-locks", &lock(Value::Null)).await.created();
        let before = tenant.post(&reversal(&id), &json!({ "occurred_on": "2026-01-20" })).await;
        before.refused(422, "validation_failed").names(&["#/occurred_on"]);
        assert!(before.text.contains("posted on 2026-04-01"), "{}", before.text);
        let made = tenant.post(&reversal(&id), &json!({ "occurred_on": "2026-04-01" })).await.created();
        let read = tenant.get(&format!("{ENTRIES}/{}", made["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(read["posted_on"], "2026-04-01", "the day of its entry");
    });
}

#[test]
fn a_reversal_of_a_closed_day_is_posted_on_the_first_open_one() {
    with_tenant(async |tenant| {
        let id = entry(tenant).await;
        let lock = json!({ "locked_through": "2026-03-31", "reason": "Month reported" });
        tenant.post("/v1/period-locks", &lock).await.created();
        let body = json!({ "occurred_on": "2026-01-20", "memo": "It was paid" });
        let made = tenant.post(&reversal(&id), &body).await.created();
        let read = tenant.get(&format!("{ENTRIES}/{}", made["id"].as_str().expect("an id"))).await.ok();
        assert_eq!((&read["occurred_on"], &read["posted_on"]), (&json!("2026-01-20"), &json!("2026-04-01")));
        assert_eq!(read["memo"], "It was paid");
    });
}
