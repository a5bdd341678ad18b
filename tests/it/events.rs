//! The feed of events: everything exactly once, in an order that never changes, whoever commits late.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use serde_json::{Value, json};
use tests::{Client, Tenant, environment, lines, sale, with_tenant, with_tenants};

/// Everything that the feed has from `cursor` on, and where it ends.
async fn read_on(client: &Client, cursor: &str, query: &str) -> (Vec<Value>, String) {
    let mut events = Vec::new();
    let mut cursor = cursor.to_owned();
    loop {
        let page = client.get(&format!("/v1/events?limit=7&cursor={cursor}{query}")).await.ok();
        events.extend(page["data"].as_array().expect("events").iter().cloned());
        cursor = page["page"]["resume_cursor"].as_str().expect("a cursor").to_owned();
        if page["page"]["has_more"] == false {
            assert_eq!(page["page"]["next_cursor"], Value::Null);
            return (events, cursor);
        }
        assert_eq!(page["page"]["next_cursor"], json!(cursor));
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[test]
fn everything_that_happens_is_told_once_and_can_be_read() {
    with_tenant(async |tenant| {
        let (_, start) = read_on(tenant, "", "").await;
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
        let order = tenant.post("/v1/orders", &order).await.created();
        let order_id = order["id"].as_str().expect("an id");
        tenant.post(&format!("/v1/orders/{order_id}/confirm"), &json!({})).await.ok();
        let (events, end) = read_on(tenant, &start, "").await;
        let expected = [
            "product.created",
            "stock.moved",
            "register.created",
            "pos_session.opened",
            "pos_sale.completed",
            "customer.created",
            "order.created",
            "order.confirmed",
        ];
        assert_eq!(types(&events), expected);
        for event in &events {
            let url = event["data"]["object"]["url"].as_str().expect("where it is read");
            assert_eq!(tenant.get(url).await.ok()["id"], event["data"]["object"]["id"], "{event}");
            let command = format!("/v1/commands/{}", event["command_id"].as_str().expect("a command"));
            assert_eq!(tenant.get(&command).await.ok()["name"], event["type"]);
        }
        assert_eq!(
            events[4]["data"]["object"],
            json!({
            "id": sold["id"], "object": "pos_sale", "url": format!("/v1/pos/sales/{}", sold["id"].as_str().expect("an id")) })
        );
        assert_eq!(events[4]["occurred_at"], sold["occurred_at"]);
        assert_eq!(read_on(tenant, &start, "").await.0, events, "it can be read again");
        assert_eq!(read_on(tenant, &end, "").await.0, Vec::<Value>::new());
        assert_eq!(read_on(tenant, "", "").await.0.len(), events.len() + 1, "from the first day on");
    });
}

#[test]
fn the_feed_is_read_by_type_and_by_document() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
        let rate = tenant.get("/v1/tax-rates").await.ok()["data"][0]["id"].clone();
        let rate = rate.as_str().expect("a new tenant has tax rates");
        tenant.delete(&format!("/v1/tax-rates/{rate}")).await.expect(204);
        for (query, expected) in [
            ("&type=pos_sale.completed", vec!["pos_sale.completed"]),
            ("&type=*.deleted", vec!["tax_rate.deleted"]),
            ("&type=pos*", vec!["pos_session.opened", "pos_sale.completed"]),
            ("&type=stock.moved,*.deleted", vec!["stock.moved", "tax_rate.deleted"]),
            ("&type=posXsale.*", vec![]),
        ] {
            if query == "&type=posXsale.*" {
                let refused = tenant.get(&format!("/v1/events?{query}")).await;
                refused.refused(400, "invalid_parameter");
                continue;
            }
            assert_eq!(types(&read_on(tenant, "", query).await.0), expected, "{query}");
        }
        let of_sale = format!("&document_id={}", sold["id"].as_str().expect("an id"));
        assert_eq!(types(&read_on(tenant, "", &of_sale).await.0), ["pos_sale.completed"]);
        let of_rate = format!("&document_id={rate}&type=*.created");
        assert_eq!(types(&read_on(tenant, "", &of_rate).await.0), Vec::<&str>::new());
        for (query, code) in [
            ("limit=0", "invalid_parameter"),
            ("limit=201", "invalid_parameter"),
            ("cursor=abc", "invalid_cursor"),
            ("document_id=abc", "invalid_parameter"),
            ("kind=order.created", "unknown_field"),
        ] {
            tenant.get(&format!("/v1/events?{query}")).await.refused(400, code);
        }
    });
}

#[test]
fn a_page_looks_through_so_many_events_and_says_that_there_is_more() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1.00").await;
        // More than one page looks through, all of one transaction, as an import writes them.
        sqlx::query(
            "insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
             select $1, gen_random_uuid(), 'order.created', gen_random_uuid(), 'order', gen_random_uuid(), now() \
             from generate_series(1, $2)",
        )
        .bind(tenant.id.0)
        .bind(2 * service::event::SCAN_MAX as i32 + 1)
        .execute(&environment().root)
        .await
        .expect("events are written");
        tenant.product("CUP", "1.00").await;
        let page = tenant.get("/v1/events?type=product.*").await.ok();
        assert_eq!(types(page["data"].as_array().expect("events")), ["product.created"]);
        assert_eq!(page["page"]["has_more"], true, "it did not get to the end");
        let (events, _) = read_on(tenant, "", "&type=product.*").await;
        assert_eq!(types(&events), ["product.created", "product.created"]);
        let (events, _) = read_on(tenant, "", "&type=*.deleted").await;
        assert_eq!(events, Vec::<Value>::new());
    });
}

#[test]
fn a_cursor_of_the_feed_is_sealed() {
    with_tenants(async |owner, stranger| {
        let (_, cursor) = read_on(owner, "", "").await;
        stranger.get(&format!("/v1/events?cursor={cursor}")).await.refused(400, "invalid_cursor");
        owner.get(&format!("/v1/products?cursor={cursor}")).await.refused(400, "invalid_cursor");
        owner.get(&format!("/v1/events?type=order.*&cursor={cursor}")).await.ok();
        let (_, later) = read_on(owner, "", "").await;
        assert_ne!(cursor, later, "even the same place does not look the same");
    });
}
