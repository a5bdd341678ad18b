//! The sessions of a till: cash in, cash out, and the count at the end.

use serde_json::{Value, json};
use tests::{Tenant, Till, with_tenant};

const SESSIONS: &str = "/v1/pos/sessions";
const CASH_MOVES: &str = "/v1/pos/cash-moves";

async fn close(tenant: &Tenant, till: &Till, counted: &str) -> tests::Reply {
    let body = json!({ "register_id": till.register_id, "counted": counted });
    tenant.post(&format!("{SESSIONS}/{}/close", till.session_id), &body).await
}

fn moved(till: &Till, kind: &str, amount: &str) -> Value {
    json!({ "register_id": till.register_id, "kind": kind, "amount": amount, "reason": "Change from the bank" })
}

#[test]
fn a_session_explains_its_count() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        tenant.post(CASH_MOVES, &moved(&till, "paid_in", "100")).await.created();
        tenant.post(CASH_MOVES, &moved(&till, "paid_out", "20.50")).await.created();
        let banked = tenant.post(CASH_MOVES, &moved(&till, "banked", "10")).await.created();
        assert_eq!(banked["amount"], "-10.00");
        assert_eq!(banked["session_id"], json!(till.session_id));
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let closed = close(tenant, &till, "81.00").await.ok();
        let figures = ["opening_float", "expected", "counted", "difference"].map(|name| closed[name].clone());
        assert_eq!(figures, ["0.00", "81.50", "81.00", "-0.50"].map(Value::from));
        assert!(closed["closed_at"].is_string());
        assert_eq!(tenant.balance("1000").await, "81.00");
        assert_eq!(tenant.balance("6000").await, "0.50");
        assert_eq!(tenant.balance("1010").await, "-69.50");
    });
}

#[test]
fn the_next_session_starts_with_what_was_counted() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        tenant.post(CASH_MOVES, &moved(&till, "paid_in", "50")).await.created();
        close(tenant, &till, "51").await.ok();
        let next = tenant.post(SESSIONS, &json!({ "register_id": till.register_id })).await.created();
        assert_eq!(next["opening_float"], "51.00");
        assert_eq!(next["closed_at"], Value::Null);
        let session_id = next["id"].as_str().expect("an id").to_owned();
        let till = Till { session_id, ..till };
        close(tenant, &till, "51").await.ok();
        let body = json!({ "register_id": till.register_id, "opening_float": "40" });
        tenant.post(SESSIONS, &body).await.created();
        assert_eq!(tenant.balance("1000").await, "40.00", "what is missing went to the bank");
        assert_eq!(tenant.balance("6000").await, "-1.00");
    });
}

#[test]
fn a_session_is_opened_and_closed_once() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let again = tenant.post(SESSIONS, &json!({ "register_id": till.register_id })).await;
        again.refused(409, "invalid_state_transition");
        close(tenant, &till, "0").await.ok();
        close(tenant, &till, "0").await.refused(409, "invalid_state_transition");
        tenant.sell(&till, &[("MUG", "1")]).await.refused(409, "invalid_state_transition");
        tenant.post(CASH_MOVES, &moved(&till, "paid_in", "5")).await.refused(409, "invalid_state_transition");
        tenant.post(SESSIONS, &json!({ "register_id": till.register_id })).await.created();
        close(tenant, &till, "0").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn amounts_and_reasons_of_cash_are_checked() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        for (kind, amount, pointer) in [
            ("paid_in", "0", "#/amount"),
            ("paid_out", "-1", "#/amount"),
            ("paid_in", "0.001", "#/amount"),
            ("over_short", "1", "#/kind"),
            ("opening_float", "1", "#/kind"),
        ] {
            let reply = tenant.post(CASH_MOVES, &moved(&till, kind, amount)).await;
            reply.refused(422, "validation_failed").names(&[pointer]);
        }
        let mut body = moved(&till, "paid_in", "1");
        body["reason"] = json!("  ");
        tenant.post(CASH_MOVES, &body).await.refused(422, "validation_failed").names(&["#/reason"]);
        close(tenant, &till, "-1").await.refused(422, "validation_failed").names(&["#/counted"]);
        close(tenant, &till, "0.001").await.refused(422, "validation_failed").names(&["#/counted"]);
        close(tenant, &till, "0").await.ok();
        for float in ["-1", "0.001"] {
            let body = json!({ "register_id": till.register_id, "opening_float": float });
            tenant.post(SESSIONS, &body).await.refused(422, "validation_failed").names(&["#/opening_float"]);
        }
        let unknown = json!({ "register_id": "reg_01h455vb4pex5vsknk084sn02q" });
        tenant.post(SESSIONS, &unknown).await.refused(404, "not_found").names(&["#/register_id"]);
    });
}
