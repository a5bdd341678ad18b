//! Recurring entries: posted on their days, once.

use chrono::{Months, NaiveDate};
use futures_util::future::join_all;
use futures_util::join;
use sea_orm::sqlx;
use serde_json::{Value, json};
use service::posting::Poster;
use service::recurring_entry::post_due;
use tests::{Tenant, environment, with_tenant};

const TEMPLATES: &str = "/v1/recurring-entries";

/// Returns the present day of the tenant, which lies in London.
async fn today() -> NaiveDate {
    environment().today(&chrono_tz::Europe::London).await
}

fn rent(starts_on: NaiveDate) -> Value {
    json!({ "memo": "Rent", "rhythm": "monthly", "starts_on": starts_on, "lines": [
        { "account": "6100", "debit": "10.00", "channel": "retail" }, { "account": "1010", "credit": "10.00" }] })
}

fn months(first: NaiveDate, number: u32) -> NaiveDate {
    first.checked_add_months(Months::new(number)).expect("a day")
}

/// Changes the template, as if it had been made on another day.
async fn change(tenant: &Tenant, statement: &'static str, day: NaiveDate) {
    let change = sqlx::query(statement).bind(tenant.id.0).bind(day);
    change.execute(&environment().root).await.expect("the template changes");
}

/// Gives an account another code.
async fn rename(tenant: &Tenant, from: &str, to: &str) {
    let change = "update account set code = $3 where tenant_id = $1 and code = $2";
    let change = sqlx::query(change).bind(tenant.id.0).bind(from).bind(to);
    change.execute(&environment().root).await.expect("the account changes");
}

/// Makes a template that began three months ago, when no worker ran. Returns its path and its first day.
async fn missed(tenant: &Tenant) -> (String, NaiveDate) {
    let today = today().await;
    let id = tenant.make(TEMPLATES, rent(today)).await;
    let first = today.checked_sub_months(Months::new(3)).expect("a day");
    change(tenant, "update recurring_entry set starts_on = $2, next_on = $2 where tenant_id = $1", first)
        .await;
    (format!("{TEMPLATES}/{id}"), first)
}

/// Returns the days of the entries by hand, the earliest first.
async fn days(tenant: &Tenant) -> Vec<String> {
    let entries = tenant.get("/v1/journal-entries?document_kind=manual").await.ok();
    let entries = entries["data"].as_array().expect("entries");
    let mut days: Vec<String> =
        entries.iter().map(|entry| entry["occurred_on"].as_str().expect("a day").to_owned()).collect();
    days.sort();
    days
}

#[test]
fn two_workers_post_each_entry_of_a_template_once() {
    with_tenant(async |tenant| {
        let (path, first) = missed(tenant).await;
        let db = &environment().db;
        let (one, other) = (Poster::new(db.clone()), Poster::new(db.clone()));
        let (by_one, by_other) = join!(post_due(db, &one, tenant.id), post_due(db, &other, tenant.id));
        by_one.expect("the entries are posted");
        by_other.expect("the entries are posted");
        let expected: Vec<String> = (0..4).map(|number| months(first, number).to_string()).collect();
        assert_eq!(days(tenant).await, expected, "each with its own day");
        assert_eq!(tenant.balance("6100").await, "40.00");
        let template = tenant.get(&path).await.ok();
        assert_eq!((&template["posted"], &template["problem"]), (&json!(4), &Value::Null));
        assert_eq!(template["next_on"], json!(months(first, 4)));
        assert_eq!(post_due(db, &one, tenant.id).await.expect("a look"), 0, "nothing else is due");
        let entries = tenant.get("/v1/journal-entries?document_kind=manual&limit=1").await.ok();
        let entry = &entries["data"][0];
        assert_eq!(entry["memo"], "Rent");
        let lines = entry["lines"].as_array().expect("lines");
        let line = lines.iter().find(|line| line["account"] == "6100").expect("a line");
        assert_eq!(line["channel"], "retail");
        let command = entry["command_id"].as_str().expect("a command");
        let command = tenant.get(&format!("/v1/commands/{command}")).await.ok();
        assert!(command.to_string().contains("worker"), "{command}");
    });
}

#[test]
fn a_template_ends_on_its_last_day_or_when_it_is_ended() {
    with_tenant(async |tenant| {
        let (path, first) = missed(tenant).await;
        let last = months(first, 1);
        change(tenant, "update recurring_entry set ends_on = $2 where tenant_id = $1", last).await;
        let (db, poster) = (&environment().db, Poster::new(environment().db.clone()));
        assert_eq!(post_due(db, &poster, tenant.id).await.expect("a look"), 2);
        assert_eq!(days(tenant).await, [first.to_string(), last.to_string()]);
        let template = tenant.get(&path).await.ok();
        assert_eq!(template["next_on"], Value::Null);
        assert!(template["ended_at"].is_string(), "{template}");
        let id = tenant.make(TEMPLATES, rent(today().await)).await;
        let end = format!("{TEMPLATES}/{id}/end");
        let ended = tenant.post(&end, &json!({})).await.ok();
        assert_eq!((&ended["next_on"], &ended["posted"]), (&Value::Null, &json!(0)));
        tenant.post(&end, &json!({})).await.refused(409, "invalid_state_transition");
        assert_eq!(post_due(db, &poster, tenant.id).await.expect("a look"), 0);
        let listed = tenant.get(TEMPLATES).await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(2), "those that ended are listed too");
    });
}

#[test]
fn an_entry_that_is_rejected_is_tried_again_on_the_next_day() {
    with_tenant(async |tenant| {
        let today = today().await;
        let id = tenant.make(TEMPLATES, rent(today)).await;
        rename(tenant, "6100", "61x").await;
        let db = &environment().db;
        let poster = Poster::new(db.clone());
        for _ in 0..2 {
            assert_eq!(post_due(db, &poster, tenant.id).await.expect("a look"), 0);
        }
        let template = tenant.get(&format!("{TEMPLATES}/{id}")).await.ok();
        assert!(template["problem"].as_str().is_some_and(|text| text.contains("6100")), "{template}");
        assert_eq!((&template["posted"], &template["next_on"]), (&json!(0), &json!(today)));
        rename(tenant, "61x", "6100").await;
        assert_eq!(post_due(db, &poster, tenant.id).await.expect("a look"), 0, "not twice on one day");
        let yesterday = today.pred_opt().expect("a day");
        change(tenant, "update recurring_entry set tried_on = $2 where tenant_id = $1", yesterday).await;
        assert_eq!(post_due(db, &poster, tenant.id).await.expect("a look"), 1);
        let template = tenant.get(&format!("{TEMPLATES}/{id}")).await.ok();
        assert_eq!((&template["posted"], &template["problem"]), (&json!(1), &Value::Null));
    });
}

#[test]
fn a_template_names_all_reasons_why_its_entry_was_rejected() {
    with_tenant(async |tenant| {
        let id = tenant.make(TEMPLATES, rent(today().await)).await;
        for (from, to) in [("6100", "61x"), ("1010", "10x")] {
            rename(tenant, from, to).await;
        }
        let (db, poster) = (&environment().db, Poster::new(environment().db.clone()));
        assert_eq!(post_due(db, &poster, tenant.id).await.expect("a look"), 0);
        for (from, to) in [("61x", "6100"), ("10x", "1010")] {
            rename(tenant, from, to).await;
        }
        let template = tenant.get(&format!("{TEMPLATES}/{id}")).await.ok();
        let said = template["problem"].as_str().expect("a reason");
        assert!(said.contains("no account 6100") && said.contains("no account 1010"), "{said}");
    });
}

#[test]
fn a_template_that_makes_no_sense_is_rejected() {
    with_tenant(async |tenant| {
        let today = today().await;
        let with = |field: &str, value: Value| {
            let mut body = rent(today);
            body[field] = value;
            body
        };
        let lines = |account: &str, amount: &str| json!([{ "account": account, "debit": amount }, { "account": "1010", "credit": "10.00" }]);
        let yesterday = today.pred_opt().expect("a day");
        for (body, status, code, pointer) in [
            (with("starts_on", json!(yesterday)), 422, "validation_failed", "#/starts_on"),
            (with("ends_on", json!(yesterday)), 422, "validation_failed", "#/ends_on"),
            (with("memo", json!(" ")), 422, "validation_failed", "#/memo"),
            (with("lines", lines("6100", "9.99")), 422, "unbalanced_entry", "#/lines"),
            (with("lines", lines("6100", "-10.00")), 422, "validation_failed", "#/lines/0"),
            (with("lines", lines("1200", "10.00")), 422, "validation_failed", "#/lines/0/account"),
            (with("lines", lines("1010", "10.00")), 422, "validation_failed", "#/lines"),
            (with("lines", lines("9999", "10.00")), 404, "not_found", "#/lines/0/account"),
        ] {
            tenant.post(TEMPLATES, &body).await.refused(status, code).names(&[pointer]);
        }
        let unknown = tenant.post(TEMPLATES, &with("rhythm", json!("hourly"))).await;
        assert!(matches!(unknown.status, 400 | 422), "{}", unknown.text);
        let listed = tenant.get(TEMPLATES).await.ok();
        assert_eq!(listed["data"], json!([]));
    });
}

#[test]
fn of_several_templates_at_once_one_takes_the_last_place() {
    with_tenant(async |tenant| {
        let body = rent(today().await);
        tenant.make(TEMPLATES, body.clone()).await;
        let copies = "insert into recurring_entry (tenant_id, id, memo, lines, rhythm, starts_on, posted, next_on, version, \
                          created_at, updated_at) \
                      select tenant_id, gen_random_uuid(), memo, lines, rhythm, starts_on, posted, next_on, version, \
                          created_at, updated_at \
                      from recurring_entry cross join generate_series(1, 198) where tenant_id = $1";
        sqlx::query(copies).bind(tenant.id.0).execute(&environment().root).await.expect("the templates");
        let replies = join_all((0..4).map(|_| tenant.post(TEMPLATES, &body))).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
        let refused = tenant.post(TEMPLATES, &body).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains("200"), "{}", refused.text);
    });
}
