//! Opening balances: posted once, and in agreement with the documents.

use std::time::Duration;

use futures_util::join;
use serde_json::{Value, json};
use service::period_lock::{self, PeriodLockInput};
use tests::{Tenant, environment, with_tenant};
use tokio::sync::oneshot;

const OPENINGS: &str = "/v1/opening-balances";
const ENTRIES: &str = "/v1/journal-entries";

/// Opens stock of 200.00 and a voucher of 30.00, as documents do.
async fn documents(tenant: &Tenant) {
    tenant.product("MUG", "10.00").await;
    let stock = json!({ "kind": "opening", "occurred_at": "2026-01-05T12:00:00Z", "lines": [
        { "sku": "MUG", "quantity": "50", "unit_cost": "4.00" }] });
    tenant.post("/v1/stock/documents", &stock).await.created();
    let voucher = json!({ "amount": "30.00", "account": "3000", "occurred_at": "2026-01-05T12:00:00Z" });
    tenant.post("/v1/vouchers", &voucher).await.created();
}

fn debit(account: &str, amount: &str) -> Value {
    json!({ "account": account, "debit": amount })
}

fn credit(account: &str, amount: &str) -> Value {
    json!({ "account": account, "credit": amount })
}

fn opening(lines: &[Value]) -> Value {
    json!({ "occurred_on": "2026-01-31", "lines": lines })
}

/// Balances that agree with the documents.
fn balances() -> Vec<Value> {
    vec![
        debit("1010", "500.00"),
        debit("1200", "200.00"),
        credit("2300", "30.00"),
        credit("2000", "120.00"),
        credit("3100", "550.00"),
    ]
}

#[test]
fn opening_balances_agree_with_the_documents_and_are_posted_once() {
    with_tenant(async |tenant| {
        documents(tenant).await;
        let body = opening(&balances());
        tenant.dry_run(OPENINGS, &body).await.ok();
        assert_eq!(tenant.balance("1010").await, "0.00", "a dry run posts nothing");
        let reply = tenant.post(OPENINGS, &body).await;
        let made = reply.created();
        let id = made["id"].as_str().expect("an id");
        assert_eq!(reply.header("location"), Some(format!("{ENTRIES}/{id}").as_str()));
        let read = tenant.get(&format!("{ENTRIES}/{id}")).await.ok();
        assert_eq!((&read["document_kind"], &read["document_id"]), (&json!("opening_balances"), &json!(id)));
        assert_eq!((&read["memo"], &read["posted_on"]), (&json!("Opening balances"), &json!("2026-01-31")));
        for (account, balance) in [
            ("1010", "500.00"),
            ("1200", "200.00"),
            ("2000", "-120.00"),
            ("2300", "-30.00"),
            ("3100", "-550.00"),
        ] {
            assert_eq!(tenant.balance(account).await, balance, "{account}");
        }
        assert_eq!(tenant.balance("3000").await, "0.00", "what the documents left there is taken off");
        let tied = tenant.get("/v1/reports/tie_out").await.ok();
        assert_eq!(tied["totals"][0]["difference"], "0.00", "{tied}");
        let again = tenant.post(OPENINGS, &body).await;
        again.refused(409, "invalid_state_transition");
        assert!(again.text.contains(id), "{}", again.text);
        let reversed = tenant.post(&format!("{ENTRIES}/{id}/reverse"), &json!({})).await.created();
        assert_eq!(reversed["reverses"], json!(id));
        assert_eq!(
            (tenant.balance("1010").await, tenant.balance("3000").await),
            ("0.00".into(), "-170.00".into())
        );
        tenant.post(OPENINGS, &body).await.created();
        assert_eq!(tenant.balance("3000").await, "0.00");
        let openings = tenant.get(&format!("{ENTRIES}?document_kind=opening_balances")).await.ok();
        assert_eq!(openings["data"].as_array().map(Vec::len), Some(2));
    });
}

#[test]
fn open_bills_open_the_payables() {
    with_tenant(async |tenant| {
        documents(tenant).await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
        let bill = json!({ "supplier_id": supplier, "supplier_number": "RE-1", "dated": "2026-01-05", "lines": [
            { "account": "3000", "description": "Open bill", "unit_cost": "120.00" }] });
        tenant.post("/v1/bills", &bill).await.created();
        let mut lines = balances();
        lines[3] = credit("3000", "120.00");
        tenant.post(OPENINGS, &opening(&lines)).await.created();
        for (account, balance) in
            [("1010", "500.00"), ("2000", "-120.00"), ("3000", "0.00"), ("3100", "-550.00")]
        {
            assert_eq!(tenant.balance(account).await, balance, "{account}");
        }
        let ledger = tenant.get("/v1/reports/general_ledger?account=2000").await.ok();
        let party = &ledger["rows"][0];
        assert_eq!((&party["supplier_code"], &party["customer_number"]), (&json!("POTTERY"), &Value::Null));
        let tied = tenant.get("/v1/reports/tie_out").await.ok();
        let rows = tied["rows"].as_array().expect("rows");
        let payable = rows.iter().find(|row| row["control"] == "payable").expect("a row");
        assert_eq!((&payable["by_hand"], &payable["difference"]), (&json!("0.00"), &json!("0.00")));
    });
}

#[test]
fn of_two_openings_at_once_one_is_posted() {
    with_tenant(async |tenant| {
        documents(tenant).await;
        let body = opening(&balances());
        let replies = futures_util::future::join_all((0..4).map(|_| tenant.post(OPENINGS, &body))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        assert_eq!(tenant.balance("1010").await, "500.00");
    });
}

/// The day was open when the opening began, and is closed when it is posted.
#[test]
fn an_opening_waits_for_a_move_of_the_lock_and_is_rejected_on_a_closed_day() {
    with_tenant(async |tenant| {
        documents(tenant).await;
        let input = json!({ "locked_through": "2026-03-31", "reason": "Quarter reported" });
        let input: PeriodLockInput = serde_json::from_value(input).expect("a move");
        let (moved, has_moved) = oneshot::channel();
        let (begun, has_begun) = oneshot::channel();
        let moving = environment().db.job(tenant.id, async |tx| {
            let made = period_lock::create(tx, &input).await?;
            moved.send(()).expect("the opening waits");
            has_begun.await.expect("the opening begins");
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(made)
        });
        let opened = async {
            has_moved.await.expect("the lock is moved");
            begun.send(()).expect("the move waits");
            tenant.post(OPENINGS, &opening(&balances())).await
        };
        let (moving, opened) = join!(moving, opened);
        moving.expect("a move");
        opened.refused(422, "validation_failed").names(&["#/occurred_on"]);
        assert_eq!(tenant.balance("1010").await, "0.00", "nothing was posted");
    });
}

#[test]
fn a_reversal_of_opening_balances_needs_the_scopes_of_an_opening() {
    with_tenant(async |tenant| {
        documents(tenant).await;
        let id = tenant.make(OPENINGS, opening(&balances())).await;
        let path = format!("{ENTRIES}/{id}/reverse");
        let key = crate::platform::auth::key(tenant, &["ledger:write", "ledger:read"]).await;
        let refused = tenant.with_key(&key).post(&path, &json!({})).await;
        let refused = refused.refused(403, "insufficient_scope");
        assert_eq!(refused.0["required_scope"], "costs:read");
        assert_eq!(tenant.balance("1010").await, "500.00", "the opening stands");
        let key = crate::platform::auth::key(tenant, &["ledger:write", "costs:read"]).await;
        tenant.with_key(&key).post(&path, &json!({})).await.created();
        assert_eq!(tenant.balance("1010").await, "0.00");
    });
}

#[test]
fn opening_balances_that_differ_from_the_documents_are_rejected() {
    with_tenant(async |tenant| {
        documents(tenant).await;
        let mut other = balances();
        (other[1], other[4]) = (debit("1200", "210.00"), credit("3100", "560.00"));
        let refused = tenant.post(OPENINGS, &opening(&other)).await;
        refused.refused(422, "validation_failed").names(&["#/lines/1"]);
        assert!(refused.text.contains("200.00") && refused.text.contains("210.00"), "{}", refused.text);
        let missing = [debit("1010", "500.00"), credit("3100", "500.00")];
        let refused = tenant.post(OPENINGS, &opening(&missing)).await;
        refused.refused(422, "validation_failed").names(&["#/lines", "#/lines"]);
        assert!(refused.text.contains("1200") && refused.text.contains("2300"), "{}", refused.text);
        let mut unowed = balances();
        unowed.extend([debit("1100", "5.00"), credit("3100", "5.00")]);
        let refused = tenant.post(OPENINGS, &opening(&unowed)).await;
        refused.refused(422, "validation_failed").names(&["#/lines/5"]);
        // The documents are of 5 January.
        let mut earlier = opening(&balances());
        earlier["occurred_on"] = json!("2026-01-04");
        let refused = tenant.post(OPENINGS, &earlier).await;
        refused.refused(422, "validation_failed").names(&["#/lines/1", "#/lines/2"]);
        assert_eq!(tenant.balance("1010").await, "0.00", "nothing was posted");
    });
}

#[test]
fn opening_balances_that_make_no_sense_are_rejected() {
    with_tenant(async |tenant| {
        let pair = |one: Value| opening(&[one, credit("3100", "50.00")]);
        for (body, code, status, pointer) in [
            (pair(debit("1010", "49.99")), "unbalanced_entry", 422, "#/lines"),
            (pair(debit("9999", "50.00")), "not_found", 404, "#/lines/0/account"),
            (pair(debit("4000", "50.00")), "validation_failed", 422, "#/lines/0/account"),
            (pair(debit("1010", "-50.00")), "validation_failed", 422, "#/lines/0"),
            (pair(json!({ "account": "1010" })), "validation_failed", 422, "#/lines/0"),
            (
                opening(&[debit("3100", "50.00"), credit("3100", "50.00")]),
                "validation_failed",
                422,
                "#/lines",
            ),
        ] {
            tenant.post(OPENINGS, &body).await.refused(status, code).names(&[pointer]);
        }
        let mut body = pair(debit("1010", "50.00"));
        body["occurred_on"] = json!("2999-01-01");
        tenant.post(OPENINGS, &body).await.refused(422, "validation_failed").names(&["#/occurred_on"]);
        let lock = json!({ "locked_through": "2026-03-31", "reason": "Quarter reported" });
        tenant.post("/v1/period-locks", &lock).await.created();
        body["occurred_on"] = json!("2026-03-31");
        let closed = tenant.post(OPENINGS, &body).await;
        closed.refused(422, "validation_failed").names(&["#/occurred_on"]);
        assert!(closed.text.contains("closed through 2026-03-31"), "{}", closed.text);
        assert!(closed.text.contains("2026-04-01, the first open day"), "{}", closed.text);
        body["occurred_on"] = json!("2026-04-01");
        tenant.post(OPENINGS, &body).await.created();
    });
}
