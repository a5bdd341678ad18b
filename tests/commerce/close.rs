//! Closing a month: the checklist, reasons for what is open, the lock, and reopening.

mod walk_through;

use sea_orm::sqlx::{self, Row};
use serde_json::{Value, json};
use service::close::{self, CloseInput, Month};
use service::posting::Poster;
use service::recurring_entry::post_due;
use tests::{Tenant, environment, lines, with_tenant, with_tenants};

use crate::platform::auth::key;

const ITEMS: [&str; 17] = [
    "open_sessions",
    "sale_exceptions",
    "forced_levels",
    "costs_to_settle",
    "counts_not_posted",
    "draft_orders",
    "uninvoiced_orders",
    "unapplied_payments",
    "bills_without_receipts",
    "unmatched_receipts",
    "foreign_items_not_valued",
    "card_money_without_sale",
    "card_sales_without_money",
    "card_holds_not_captured",
    "entries_awaiting",
    "unmapped_skus",
    "tie_outs",
];

async fn checklist(tenant: &Tenant, period: &str) -> Value {
    tenant.get(&format!("/v1/close/{period}")).await.ok()
}

/// Returns the number of open records of each item, after checking that the link of each shows as many.
async fn open(tenant: &Tenant, period: &str) -> Vec<(String, i64)> {
    let close = checklist(tenant, period).await;
    let mut counts = Vec::new();
    for item in close["items"].as_array().expect("items") {
        let (name, href) = (item["item"].as_str().expect("a name"), item["href"].as_str().expect("a path"));
        let count = item["count"].as_i64().expect("a number");
        let shown = tenant.get(href).await.ok();
        if !["foreign_items_not_valued", "tie_outs"].contains(&name) {
            let rows = shown["data"].as_array().expect("rows").len();
            assert_eq!(i64::try_from(rows).expect("a number"), count, "{href}");
        }
        if count > 0 {
            counts.push((name.to_owned(), count));
        }
    }
    let names: Vec<&str> =
        close["items"].as_array().into_iter().flatten().filter_map(|item| item["item"].as_str()).collect();
    assert_eq!(names, ITEMS);
    assert_eq!(close["is_ready"], counts.is_empty(), "{close}");
    counts
}

fn counts(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// Returns the present month of the tenant, which lies in London.
async fn present() -> String {
    environment().today(&chrono_tz::Europe::London).await.format("%Y-%m").to_string()
}

/// Leaves in March 2026 what a checklist finds: a draft, a shipment without an invoice, a payment without one, and a sale at another
/// price of a mug that was not there.
async fn trade(tenant: &Tenant) {
    let opening = json!({ "kind": "opening", "occurred_at": "2026-01-01T00:00:00Z", "lines": [
        { "sku": "MUG", "quantity": "1", "unit_cost": "4.00" }, { "sku": "JUG", "quantity": "5", "unit_cost": "2.00" }] });
    for sku in ["MUG", "JUG"] {
        tenant.product(sku, "10.00").await;
    }
    tenant.post("/v1/stock/documents", &opening).await.created();
    let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
    for (at, advance_to) in [("2026-03-10T12:00:00Z", "draft"), ("2026-03-31T22:59:59Z", "shipped")] {
        let order = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&[("JUG", "1")]),
            "advance_to": advance_to });
        tenant.post("/v1/orders", &order).await.created();
    }
    let paid = json!({ "customer_id": customer, "method": "bank", "amount": "5.00", "occurred_at": "2026-03-12T12:00:00Z" });
    tenant.post("/v1/payments", &paid).await.created();
    let sold = json!({ "register_id": till.register_id, "forced": true, "occurred_at": "2026-03-13T12:00:00Z",
        "lines": [{ "sku": "MUG", "quantity": "3", "unit_price": "9.00" }], "tenders": [{ "kind": "cash" }] });
    tenant.post("/v1/pos/sales", &sold).await.created();
}

/// Items that [`trade`] leaves open in March.
const LEFT: [(&str, i64); 6] = [
    ("sale_exceptions", 1),
    ("forced_levels", 1),
    ("costs_to_settle", 1),
    ("draft_orders", 1),
    ("uninvoiced_orders", 1),
    ("unapplied_payments", 1),
];

fn reasons(items: &[&str]) -> Value {
    let reason = |item: &&str| json!({ "item": item, "reason": format!("{item} is known") });
    json!({ "reasons": items.iter().map(reason).collect::<Vec<_>>() })
}

#[test]
fn a_month_without_open_items_is_closed_and_opened_again() {
    with_tenant(async |tenant| {
        assert_eq!(open(tenant, "2026-03").await, counts(&[]));
        let before = checklist(tenant, "2026-03").await;
        assert_eq!((&before["status"], &before["locked_through"]), (&json!("open"), &Value::Null));
        assert_eq!((&before["from"], &before["to"]), (&json!("2026-03-01"), &json!("2026-04-01")));
        let dry = tenant.dry_run("/v1/close/2026-03", &json!({})).await.ok();
        assert_eq!(dry["locked_through"], "2026-03-31");
        assert_eq!(checklist(tenant, "2026-03").await["status"], "open", "a dry run closes nothing");
        let closed = tenant.post("/v1/close/2026-03", &json!({})).await.ok();
        assert_eq!((&closed["kind"], &closed["period"]), (&json!("closed"), &json!("2026-03")));
        assert_eq!((&closed["locked_through"], &closed["items"]), (&json!("2026-03-31"), &json!([])));
        let now = checklist(tenant, "2026-03").await;
        assert_eq!((&now["status"], &now["locked_through"]), (&json!("closed"), &json!("2026-03-31")));
        assert_eq!(now["history"], json!([closed]));
        assert_eq!(checklist(tenant, "2026-02").await["status"], "closed", "earlier months are closed too");
        assert_eq!(checklist(tenant, "2026-04").await["status"], "open");
        let lock =
            tenant.get(&format!("/v1/period-locks/{}", closed["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(lock["reason"], "Close of 2026-03");
        for period in ["2026-03", "2026-02"] {
            let again = tenant.post(&format!("/v1/close/{period}"), &json!({})).await;
            again.refused(409, "invalid_state_transition");
            assert!(again.text.contains("closed through 2026-03-31"), "{}", again.text);
        }
        let body = json!({ "reason": "An invoice is missing" });
        let reopened = tenant.post("/v1/close/2026-03/reopen", &body).await.ok();
        assert_eq!(
            (&reopened["kind"], &reopened["locked_through"]),
            (&json!("reopened"), &json!("2026-02-28"))
        );
        assert_eq!(reopened["reason"], "An invoice is missing");
        let now = checklist(tenant, "2026-03").await;
        assert_eq!((&now["status"], &now["history"]), (&json!("open"), &json!([reopened, closed])));
        let again = tenant.post("/v1/close/2026-03/reopen", &body).await;
        again.refused(409, "invalid_state_transition");
        for name in ["period_lock.closed", "period_lock.reopened"] {
            let commands = tenant.get(&format!("/v1/commands?name={name}")).await.ok();
            assert_eq!(commands["data"].as_array().map(Vec::len), Some(1), "{name}: {commands}");
            assert_eq!(tenant.events(&format!("type={name}")).await.len(), 1, "{name}");
        }
        tenant.post("/v1/close/2026-03", &json!({})).await.ok();
    });
}

#[test]
fn what_is_open_needs_a_reason_which_is_kept() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        assert_eq!(open(tenant, "2026-03").await, counts(&LEFT));
        assert_eq!(open(tenant, "2026-02").await, counts(&[("forced_levels", 1)]), "levels are as of now");
        let refused = tenant.post("/v1/close/2026-03", &json!({})).await;
        refused.refused(422, "validation_failed").names(&["#/reasons"; 6]);
        for (item, _) in LEFT {
            assert!(refused.text.contains(&format!("{item} is open (1)")), "{item}: {}", refused.text);
        }
        let some = tenant.post("/v1/close/2026-03", &reasons(&["draft_orders", "costs_to_settle"])).await;
        some.refused(422, "validation_failed").names(&["#/reasons"; 4]);
        assert_eq!(checklist(tenant, "2026-03").await["status"], "open");
        // A reason of an item that is not open is not kept.
        let closed = tenant.post("/v1/close/2026-03", &reasons(&ITEMS)).await.ok();
        let expected: Vec<Value> = LEFT
            .iter()
            .map(
                |(item, count)| json!({ "item": item, "count": count, "reason": format!("{item} is known") }),
            )
            .collect();
        assert_eq!(closed["items"], json!(expected));
        assert_eq!(checklist(tenant, "2026-03").await["history"], json!([closed]));
        assert_eq!(open(tenant, "2026-03").await, counts(&LEFT), "the items stay open");
        // What happens to a closed month is posted on the first open day.
        let late = json!({ "kind": "receipt", "occurred_at": "2026-03-31T12:00:00Z",
            "lines": [{ "sku": "MUG", "quantity": "10", "unit_cost": "4.00" }] });
        let late = tenant.post("/v1/stock/documents", &late).await.created();
        let path = format!("/v1/journal-entries?document_id={}", late["id"].as_str().expect("an id"));
        let entries = tenant.get(&path).await.ok();
        assert_eq!(entries["data"][0]["posted_on"], "2026-04-01", "{entries}");
        let settled = [
            ("sale_exceptions", 1),
            ("draft_orders", 1),
            ("uninvoiced_orders", 1),
            ("unapplied_payments", 1),
        ];
        assert_eq!(open(tenant, "2026-03").await, counts(&settled), "the receipt settles the cost");
    });
}

#[test]
fn the_present_month_is_watched_and_can_not_be_closed_yet() {
    with_tenant(async |tenant| {
        let month = present().await;
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        tenant.make("/v1/counts", json!({ "skus": ["MUG"] })).await;
        assert_eq!(open(tenant, &month).await, counts(&[("open_sessions", 1), ("counts_not_posted", 1)]));
        assert_eq!(open(tenant, "2026-03").await, counts(&[]), "they were opened later");
        let path = format!("/v1/pos/sessions/{}/close", till.session_id);
        tenant.post(&path, &json!({ "counted": "0" })).await.ok();
        assert_eq!(open(tenant, &month).await, counts(&[("counts_not_posted", 1)]));
        let refused = tenant.post(&format!("/v1/close/{month}"), &reasons(&["counts_not_posted"])).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains("is not over"), "{}", refused.text);
    });
}

/// 10 mugs came, 6 of them first and 4 later. One of the first went back, so the bills have 9.
#[test]
fn goods_that_went_back_need_no_bill() {
    with_tenant(async |tenant| {
        let month = present().await;
        tenant.product("MUG", "10.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4.00" });
        let order =
            tenant.make("/v1/purchase-orders", json!({ "supplier_id": supplier, "lines": [line] })).await;
        let step = async |verb: &str, body: Value| {
            tenant.post(&format!("/v1/purchase-orders/{order}/{verb}"), &body).await.ok()
        };
        step("send", json!({})).await;
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "6" }] });
        let first = step("receive", part).await["receipt_id"].clone();
        step("receive", json!({})).await;
        let back = json!({ "receipt_id": first, "lines": [{ "line_no": 1, "quantity": "1" }] });
        let back = step("return", back).await["return_id"].clone();
        for (number, quantity, expected) in
            [("1", "8", counts(&[("unmatched_receipts", 1)])), ("2", "1", counts(&[]))]
        {
            let line = json!({ "purchase_order_id": order, "order_line_no": 1, "quantity": quantity,
                "unit_cost": "4.00" });
            let bill = json!({ "supplier_id": supplier, "supplier_number": number, "dated": "2026-01-02",
                "lines": [line] });
            tenant.post("/v1/bills", &bill).await.created();
            assert_eq!(open(tenant, &month).await, expected, "after bill {number}");
        }
        assert_eq!(tenant.balance("2100").await, "0.00");
        let body = json!({ "return_id": back, "reason": "The carrier brought it back" });
        step("reverse-return", body).await;
        assert_eq!(open(tenant, &month).await, counts(&[("unmatched_receipts", 1)]));
    });
}

/// A template of rent begins today, and no worker has posted its first entry. A web shop asked for a SKU that has no mapping.
#[test]
fn an_entry_that_is_not_posted_and_an_unmapped_sku_are_open() {
    with_tenant(async |tenant| {
        let today = environment().today(&chrono_tz::Europe::London).await;
        let rent = json!({ "memo": "Rent", "rhythm": "yearly", "starts_on": today, "lines": [
            { "account": "6100", "debit": "10.00" }, { "account": "1010", "credit": "10.00" }] });
        tenant.make("/v1/recurring-entries", rent).await;
        let unknown = json!({ "references": [{ "system": "webshop", "external_sku": "MUG-RED" }] });
        tenant.post("/v1/sku-mappings/resolve", &unknown).await.ok();
        let month = today.format("%Y-%m").to_string();
        assert_eq!(open(tenant, &month).await, counts(&[("entries_awaiting", 1), ("unmapped_skus", 1)]));
        let earlier = counts(&[("unmapped_skus", 1)]);
        assert_eq!(open(tenant, "2026-03").await, earlier, "the entry is of today, and SKUs are as of now");
        let later = tenant.get(&format!("/v1/recurring-entries?next_on%5Blt%5D={today}")).await.ok();
        assert_eq!(later["data"], json!([]), "the day of the filter does not count");

        let poster = Poster::new(environment().db.clone());
        let posted = post_due(&environment().db, &poster, tenant.id).await.expect("the entry is posted");
        assert_eq!(posted, 1);
        let mug = tenant.product("MUG", "10.00").await;
        let mapping = json!({ "system": "webshop", "external_sku": "MUG-RED", "product_id": mug.id });
        tenant.post("/v1/sku-mappings", &mapping).await.created();
        assert_eq!(open(tenant, &month).await, counts(&[]));
    });
}

#[test]
fn a_control_account_that_differs_is_open() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Hotel").await;
        let voucher = json!({ "customer_id": customer, "amount": "15.00", "method": "bank" });
        tenant.post("/v1/vouchers", &voucher).await.created();
        for (by, expected) in [("1", counts(&[("tie_outs", 1)])), ("-1", counts(&[]))] {
            let change = "update voucher set issued = issued + $2::numeric, balance = balance + $2::numeric \
                          where tenant_id = $1";
            let change = sqlx::query(change).bind(tenant.id.0).bind(by);
            change.execute(&environment().root).await.expect("the register changes");
            assert_eq!(open(tenant, "2026-03").await, expected);
            let reply = tenant.post("/v1/close/2026-03", &json!({})).await;
            assert_eq!(reply.status, if expected.is_empty() { 200 } else { 422 }, "{}", reply.text);
        }
    });
}

/// The checklist of a close is that of `GET`. So it has the time and the plans of a report, and not those of a short write.
#[test]
fn a_close_can_compute_what_its_checklist_shows() {
    with_tenant(async |tenant| {
        let month = Month::parse("2026-03").expect("a month");
        let input: CloseInput = serde_json::from_value(json!({})).expect("a close");
        let caller = service::tenant::operator(tenant.id);
        let db = environment().db.for_imports();
        let shown = db.write(&caller, async |tx| {
            close::close(tx, month, &input).await?;
            let settings = "select array_to_string(array[current_setting('statement_timeout'), \
                            current_setting('enable_seqscan'), current_setting('plan_cache_mode')], ' ')";
            let row = tx.row(sqlx::query(settings)).await?.expect("a row");
            Ok(row.try_get::<String, _>(0)?)
        });
        assert_eq!(shown.await.expect("a close"), "1min on force_custom_plan");
    });
}

#[test]
fn a_close_that_makes_no_sense_is_rejected() {
    with_tenant(async |tenant| {
        for period in ["2026-13", "2026-00", "2026-1", "26-03", "2026-03-01", "march", "2026_03"] {
            let path = format!("/v1/close/{period}");
            for reply in [
                tenant.get(&path).await,
                tenant.post(&path, &json!({})).await,
                tenant.post(&format!("{path}/reopen"), &json!({ "reason": "None" })).await,
            ] {
                assert!(reply.text.contains("\"period\""), "{period}: {}", reply.text);
                reply.refused(400, "invalid_parameter");
            }
        }
        let future = tenant.get("/v1/close/2999-01").await;
        future.refused(422, "validation_failed");
        assert!(future.text.contains("2999-01 has not begun"), "{}", future.text);
        tenant.post("/v1/close/2999-01", &json!({})).await.refused(422, "validation_failed");
        tenant
            .post("/v1/close/2026-03/reopen", &json!({ "reason": "It is open" }))
            .await
            .refused(409, "invalid_state_transition");
        let reason = |item: &str, text: &str| json!({ "item": item, "reason": text });
        for (given, pointers) in [
            (json!([reason("tie_outs", " ")]), vec!["#/reasons/0/reason"]),
            (json!([reason("tie_outs", "x"), reason("tie_outs", "y")]), vec!["#/reasons/1/item"]),
            (json!([reason("draft_orders", &"x".repeat(201))]), vec!["#/reasons/0/reason"]),
        ] {
            let body = json!({ "reasons": given });
            tenant.post("/v1/close/2026-03", &body).await.refused(422, "validation_failed").names(&pointers);
        }
        let unknown = tenant.post("/v1/close/2026-03", &json!({ "reasons": [reason("rent", "Paid")] })).await;
        assert!(matches!(unknown.status, 400 | 422), "{}", unknown.text);
        assert!(unknown.text.contains("/reasons/0/item"), "{}", unknown.text);
        let empty = tenant.post("/v1/close/2026-03/reopen", &json!({ "reason": " " })).await;
        empty.refused(422, "validation_failed").names(&["#/reason"]);
        assert_eq!(checklist(tenant, "2026-03").await["history"], json!([]), "nothing was closed");
    });
}

#[test]
fn a_close_needs_its_scope_and_shows_nothing_of_another_tenant() {
    with_tenants(async |one, other| {
        trade(one).await;
        assert_eq!(open(other, "2026-03").await, counts(&[]));
        let reader = one.with_key(&key(one, &["ledger:read"]).await);
        let read = reader.get("/v1/close/2026-03").await.ok();
        assert_eq!(read["items"], checklist(one, "2026-03").await["items"], "numbers need no costs:read");
        for path in ["/v1/close/2026-03", "/v1/close/2026-03/reopen"] {
            let problem =
                reader.post(path, &json!({ "reason": "x" })).await.refused(403, "insufficient_scope");
            assert_eq!(problem.0["required_scope"], "periods:lock");
        }
        let closer = one.with_key(&key(one, &["periods:lock"]).await);
        closer.get("/v1/close/2026-03").await.refused(403, "insufficient_scope");
        closer.post("/v1/close/2026-03", &reasons(&ITEMS)).await.ok();
        assert_eq!(checklist(other, "2026-03").await["status"], "open");
    });
}
