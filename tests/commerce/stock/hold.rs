//! Holds: they lower what is available, expire, replace one another and turn into documents.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, sale, until_waiting, with_tenant};

const HOLDS: &str = "/v1/stock/holds";

async fn until(seconds: i64) -> String {
    (environment().now().await + Duration::seconds(seconds)).to_rfc3339()
}

/// Returns a hold that is longer than any test.
async fn hold(reference: &str, wanted: &[(&str, &str)]) -> Value {
    json!({ "reference": reference, "expires_at": until(3600).await, "lines": lines(wanted) })
}

async fn available(tenant: &Tenant, sku: &str) -> String {
    let answer = tenant.get(&format!("/v1/stock/availability?sku={sku}")).await.ok();
    answer["data"][0]["available"].as_str().expect("available").to_owned()
}

#[test]
fn held_goods_are_not_for_others() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let placed = tenant.post(HOLDS, &hold("cart-1", &[("MUG", "8")]).await).await.created();
        assert_eq!(placed["status"], "open");
        assert_eq!(placed["lines"][0]["sku"], "MUG");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "8", "40"));
        assert_eq!(available(tenant, "MUG").await, "2");
        let refused = tenant.sell(&till, &[("MUG", "3")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "2");
        tenant.post(HOLDS, &hold("cart-2", &[("MUG", "3")]).await).await.refused(409, "insufficient_stock");
        let id = placed["id"].as_str().expect("an id");
        let released = tenant.post(&format!("{HOLDS}/{id}/release"), &json!({})).await.ok();
        assert_eq!(released["status"], "released");
        assert_eq!(released["version"], 2);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        tenant
            .post(&format!("{HOLDS}/{id}/release"), &json!({}))
            .await
            .refused(409, "invalid_state_transition");
        let shown = tenant.get(&format!("{HOLDS}/{id}")).await.ok();
        assert_eq!(shown["status"], "released");
    });
}

#[test]
fn a_hold_replaces_the_one_of_its_reference() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        tenant.stocked("JUG", "10.00", ("10", "4.00")).await;
        let first = tenant.post(HOLDS, &hold("cart-1", &[("MUG", "8")]).await).await.created();
        // Nine are available to it although eight are held: those are its own.
        tenant.post(HOLDS, &hold("cart-1", &[("MUG", "9"), ("JUG", "1")]).await).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "9", "40"));
        tenant.post(HOLDS, &hold("cart-1", &[("JUG", "4")]).await).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        assert_eq!(tenant.level("JUG").await, Level::of("10", "4", "40"));
        // A hold that can't be placed leaves the old one as it was.
        tenant.post(HOLDS, &hold("cart-1", &[("JUG", "11")]).await).await.refused(409, "insufficient_stock");
        assert_eq!(tenant.level("JUG").await, Level::of("10", "4", "40"));
        let id = first["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("{HOLDS}/{id}")).await.ok()["status"], "replaced");
        let open = tenant.get(&format!("{HOLDS}?status=open")).await.ok();
        assert_eq!(open["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_hold_that_another_command_found_expired_on_one_level_reserves_nothing_after_it_is_replaced() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        tenant.stocked("JUG", "10.00", ("10", "4.00")).await;
        let first = tenant.post(HOLDS, &hold("cart-1", &[("MUG", "2"), ("JUG", "3")]).await).await.created();
        let id = first["id"].as_str().expect("an id");
        // What a sale of mugs does on a server whose clock is past the end of the hold.
        let swept = "with gone as (delete from reservation r using hold h, product p \
                                   where h.tenant_id = r.tenant_id and h.id = r.document_id and h.reference = 'cart-1' \
                                     and p.tenant_id = r.tenant_id and p.id = r.product_id and p.sku = 'MUG' \
                                     and r.tenant_id = $1 returning r.*) \
                     update stock_level l set reserved = l.reserved - gone.quantity, next_expiry = null from gone \
                     where l.tenant_id = gone.tenant_id and l.product_id = gone.product_id";
        let swept = sqlx::query(swept).bind(tenant.id.0).execute(&environment().root).await.expect("it ends");
        assert_eq!(swept.rows_affected(), 1);
        let release = format!("{HOLDS}/{id}/release");
        tenant.post(&release, &json!({})).await.refused(409, "invalid_state_transition");
        // Its three jugs are available to the hold that replaces it.
        tenant.post(HOLDS, &hold("cart-1", &[("JUG", "9")]).await).await.created();
        assert_eq!(tenant.get(&format!("{HOLDS}/{id}")).await.ok()["status"], "replaced");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        assert_eq!(tenant.level("JUG").await, Level::of("10", "9", "40"));
    });
}

#[test]
fn holds_of_one_reference_placed_at_once_do_not_add_up() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let quantities = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let replies = join_all(quantities.map(async |quantity| {
            tenant.post(HOLDS, &hold("cart-1", &[("MUG", quantity)]).await).await.created()
        }));
        replies.await;
        let open = tenant.get(&format!("{HOLDS}?status=open")).await.ok();
        assert_eq!(open["data"].as_array().map(Vec::len), Some(1), "{open}");
        let id = open["data"][0]["id"].as_str().expect("an id");
        let held = tenant.get(&format!("{HOLDS}/{id}")).await.ok();
        assert_eq!(
            tenant.level("MUG").await.reserved,
            held["lines"][0]["quantity"].as_str().expect("a quantity")
        );
    });
}

#[test]
fn an_expired_hold_counts_for_nothing_at_once() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let placed = tenant.post(HOLDS, &hold("cart-1", &[("MUG", "10")]).await).await.created();
        tenant.sell(&till, &[("MUG", "1")]).await.refused(409, "insufficient_stock");
        tenant.age_holds(Duration::hours(1)).await;
        // No command has released it, and nothing was written since.
        assert_eq!(available(tenant, "MUG").await, "10");
        let positions = tenant.get("/v1/reports/stock_position").await.ok();
        assert_eq!(positions["rows"][0]["reserved"], "0", "{positions}");
        let id = placed["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("{HOLDS}/{id}")).await.ok()["status"], "expired");
        for (path, body) in [("release", json!({})), ("extend", json!({ "expires_at": until(60).await }))] {
            tenant
                .post(&format!("{HOLDS}/{id}/{path}"), &body)
                .await
                .refused(409, "invalid_state_transition");
        }
        tenant.sell(&till, &[("MUG", "10")]).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
        let expired = tenant.get(&format!("{HOLDS}?status=expired")).await.ok();
        assert_eq!(expired["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_hold_that_ends_while_an_order_waits_is_not_taken_twice() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let placed = tenant.post(HOLDS, &hold("offer-1", &[("MUG", "10")]).await).await.created();
        let order = json!({ "customer_id": customer, "hold_id": placed["id"], "lines": lines(&[("MUG", "10")]),
            "advance_to": "confirmed" });
        let lock = "select 1 from customer_account where tenant_id = $1 for update";
        let mut blocker = environment().connect().await;
        let mut blocker = blocker.begin().await.expect("a transaction");
        let locked = sqlx::query(lock).bind(tenant.id.0).execute(&mut *blocker).await.expect("a lock");
        assert_eq!(locked.rows_affected(), 1);
        let expired_and_sold = async {
            let end: DateTime<Utc> =
                placed["expires_at"].as_str().expect("an end").parse().expect("an instant");
            until_waiting(&mut blocker, 1).await;
            // It ends after the instant at which the order began.
            tenant.age_holds(end - environment().now().await).await;
            tenant.sell(&till, &[("MUG", "10")]).await.created();
            blocker.rollback().await.expect("the lock is let go");
        };
        // The order begins while the hold is open, and gets the lock after the stock is sold.
        let (late, ()) = tokio::join!(tenant.post("/v1/orders", &order), expired_and_sold);
        late.refused(409, "invalid_state_transition");
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
    });
}

#[test]
fn an_extended_hold_lives_on() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let mut brief = hold("cart-1", &[("MUG", "10")]).await;
        brief["expires_at"] = json!(until(60).await);
        let placed = tenant.post(HOLDS, &brief).await.created();
        let id = placed["id"].as_str().expect("an id");
        tenant.post(&format!("{HOLDS}/{id}/extend"), &json!({ "expires_at": until(3600).await })).await.ok();
        tenant.age_holds(Duration::seconds(120)).await;
        assert_eq!(available(tenant, "MUG").await, "0");
        tenant.post(HOLDS, &hold("cart-2", &[("MUG", "1")]).await).await.refused(409, "insufficient_stock");
    });
}

#[test]
fn an_order_or_a_sale_takes_the_goods_of_its_hold() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let other = tenant.customer("Hazel Gifts Ltd").await;
        let mut kept = hold("offer-1", &[("MUG", "9")]).await;
        kept["customer_id"] = json!(customer);
        let placed = tenant.post(HOLDS, &kept).await.created();
        let order = |customer: &str, advance_to: &str| {
            json!({ "customer_id": customer, "hold_id": placed["id"], "lines": lines(&[("MUG", "10")]),
                "advance_to": advance_to })
        };
        tenant
            .post("/v1/orders", &order(&other, "confirmed"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/hold_id"]);
        tenant
            .post("/v1/orders", &order(&customer, "draft"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/hold_id"]);
        let placed_order = tenant.post("/v1/orders", &order(&customer, "confirmed")).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "10", "40"));
        tenant
            .post("/v1/orders", &order(&customer, "confirmed"))
            .await
            .refused(409, "invalid_state_transition");
        tenant.step(placed_order["id"].as_str().expect("an id"), "cancel").await.ok();

        let placed = tenant.post(HOLDS, &hold("cart-1", &[("MUG", "10")]).await).await.created();
        let mut body = sale(&till, &[("MUG", "6")]);
        tenant.post("/v1/pos/sales", &body).await.refused(409, "insufficient_stock");
        body["hold_id"] = placed["id"].clone();
        tenant.post("/v1/pos/sales", &body).await.created();
        // What the sale left of the hold is available again.
        assert_eq!(tenant.level("MUG").await, Level::of("4", "0", "16"));
        let id = placed["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("{HOLDS}/{id}")).await.ok()["status"], "used");
    });
}

#[test]
fn a_hold_is_not_used_before_it_was_placed() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let customer = tenant.customer("Nordwind Supply").await;
        let placed = tenant.post(HOLDS, &hold("cart-1", &[("MUG", "4")]).await).await.created();
        let early = "2026-01-20T10:00:00Z";
        let order = json!({ "customer_id": customer, "hold_id": placed["id"], "occurred_at": early,
            "lines": lines(&[("MUG", "4")]), "advance_to": "confirmed" });
        tenant.post("/v1/orders", &order).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let mut sold = sale(&till, &[("MUG", "4")]);
        sold["hold_id"] = placed["id"].clone();
        sold["occurred_at"] = json!(early);
        tenant.post("/v1/pos/sales", &sold).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        sold["forced"] = json!(true);
        tenant.post("/v1/pos/sales", &sold).await.created();
        let id = placed["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("{HOLDS}/{id}")).await.ok()["status"], "used");
    });
}

#[test]
fn goods_in_quarantine_are_nobodys() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let body =
            json!({ "kind": "quarantine", "note": "A cracked glaze?", "lines": lines(&[("MUG", "10")]) });
        let placed = tenant.post(HOLDS, &body).await.created();
        assert_eq!(placed["expires_at"], Value::Null);
        let mut sold = sale(&till, &[("MUG", "1")]);
        sold["hold_id"] = placed["id"].clone();
        tenant.post("/v1/pos/sales", &sold).await.refused(422, "validation_failed").names(&["#/hold_id"]);
        let mut timed = body.clone();
        timed["expires_at"] = json!(until(60).await);
        tenant.post(HOLDS, &timed).await.refused(422, "validation_failed").names(&["#/expires_at"]);
    });
}

#[test]
fn a_hold_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.00" })).await;
        let refuse = async |change: Value, pointer: &str| {
            let mut body = hold("cart-1", &[("MUG", "1")]).await;
            for (name, value) in change.as_object().expect("fields") {
                body[name.as_str()] = value.clone();
            }
            let reply = tenant.post(HOLDS, &body).await;
            assert!(matches!(reply.status, 404 | 422), "{change}: {} {}", reply.status, reply.text);
            assert!(reply.text.contains(&format!("\"#{pointer}\"")), "{change}: {}", reply.text);
        };
        refuse(json!({ "expires_at": until(-1).await }), "/expires_at").await;
        refuse(json!({ "expires_at": until(367 * 86_400).await }), "/expires_at").await;
        refuse(json!({ "expires_at": null }), "/expires_at").await;
        refuse(json!({ "lines": [] }), "/lines").await;
        refuse(json!({ "lines": lines(&[("MUG", "0")]) }), "/lines/0/quantity").await;
        refuse(json!({ "lines": lines(&[("MUG", "-1")]) }), "/lines/0/quantity").await;
        refuse(json!({ "lines": lines(&[("JUG", "1")]) }), "/lines/0/sku").await;
        refuse(json!({ "lines": lines(&[("POSTAGE", "1")]) }), "/lines/0/sku").await;
        refuse(json!({ "lines": [{ "sku": "MUG", "uom": "XBX", "quantity": "1" }] }), "/lines/0/uom").await;
        refuse(json!({ "customer_id": "cus_01h455vb4pex5vsknk084sn02q" }), "/customer_id").await;
        refuse(json!({ "location_id": "loc_01h455vb4pex5vsknk084sn02q" }), "/location_id").await;
        refuse(json!({ "reference": "" }), "/reference").await;
    });
}
