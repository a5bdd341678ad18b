//! The feed of events: each event exactly once, in an order that never changes, even if a commit is late.

use std::time::{Duration, Instant};

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Executor, Row};
use serde_json::{Value, json};
use service::relay::Outbox;
use tests::{Client, environment, lines, with_tenant, with_tenants};

mod consumer;
mod house;
mod random;
mod together;

/// Time to wait for an event: other tests have transactions open, and the feed waits for the oldest of them.
const PATIENCE: Duration = Duration::from_secs(180);

/// Returns everything that the feed has from `cursor` on now, and where it ends.
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

/// Reads on until there are `count` events.
async fn read_until(client: &Client, cursor: &str, query: &str, count: usize) -> (Vec<Value>, String) {
    let deadline = Instant::now() + PATIENCE;
    let (mut events, mut end) = read_on(client, cursor, query).await;
    while events.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} events came", events.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (more, cursor) = read_on(client, &end, query).await;
        events.extend(more);
        end = cursor;
    }
    (events, end)
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[test]
fn everything_that_happens_is_told_once_and_can_be_read() {
    with_tenant(async |tenant| {
        let (_, start) = read_until(tenant, "", "", 1).await;
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
        let order = tenant.post("/v1/orders", &order).await.created();
        let order_id = order["id"].as_str().expect("an id");
        tenant.post(&format!("/v1/orders/{order_id}/confirm"), &json!({})).await.ok();
        let (events, end) = read_until(tenant, &start, "", 8).await;
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
        tenant.get("/v1/events?type=order%20x").await.refused(400, "invalid_parameter");
        for (query, expected) in [
            ("&type=pos_sale.completed", vec!["pos_sale.completed"]),
            ("&type=*.deleted", vec!["tax_rate.deleted"]),
            ("&type=pos*", vec!["pos_session.opened", "pos_sale.completed"]),
            ("&type=stock.moved,*.deleted", vec!["stock.moved", "tax_rate.deleted"]),
        ] {
            assert_eq!(types(&read_until(tenant, "", query, expected.len()).await.0), expected, "{query}");
        }
        let of_sale = format!("&document_id={}", sold["id"].as_str().expect("an id"));
        assert_eq!(types(&read_until(tenant, "", &of_sale, 1).await.0), ["pos_sale.completed"]);
        let of_rate = format!("&document_id={rate}&type=*.created");
        assert_eq!(types(&read_on(tenant, "", &of_rate).await.0), Vec::<&str>::new());
        for (query, code) in [
            ("limit=0", "invalid_parameter"),
            ("limit=201", "invalid_parameter"),
            ("cursor=abc", "invalid_cursor"),
            ("document_id=abc", "invalid_parameter"),
            ("kind=order.created", "unknown_field"),
            ("type=nix", "invalid_parameter"),
            ("type=order.*,posxsale.*", "invalid_parameter"),
        ] {
            tenant.get(&format!("/v1/events?{query}")).await.refused(400, code);
        }
    });
}

/// Stars can divide a text in more ways than a server could try.
#[test]
fn a_type_of_many_stars_costs_no_more_than_its_length() {
    with_tenant(async |tenant| {
        let (_, start) = read_until(tenant, "", "", 1).await;
        tenant.product("MUG", "1.00").await;
        let ask = async {
            for unknown in ["*".repeat(63) + "q", "*e".repeat(31) + "q"] {
                for path in ["/v1/events?type=", "/v1/stream?levels=false&type="] {
                    let refused = tenant.get(&format!("{path}{unknown}")).await;
                    refused.refused(400, "invalid_parameter");
                }
            }
            let stars = format!("&type={}d", "*".repeat(63));
            assert_eq!(types(&read_until(tenant, &start, &stars, 1).await.0), ["product.created"]);
        };
        tokio::time::timeout(PATIENCE, ask).await.expect("a server responds");
    });
}

#[test]
fn a_page_looks_through_so_many_events_and_says_that_there_is_more() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1.00").await;
        // More events than a page scans, all of one transaction, as an import writes them.
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
        read_until(tenant, "", "&type=product.*", 2).await;
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

#[test]
fn an_event_that_commits_late_is_waited_for() {
    with_tenant(async |tenant| {
        let (_, start) = read_until(tenant, "", "", 1).await;
        let mut slow = environment().connect().await;
        let mut slow = slow.begin().await.expect("a transaction");
        let late = "insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
                    values ($1, gen_random_uuid(), 'order.created', gen_random_uuid(), 'order', gen_random_uuid(), now())";
        sqlx::query(late).bind(tenant.id.0).execute(&mut *slow).await.expect("an event is written");
        tenant.product("MUG", "1.00").await;
        let (events, cursor) = read_on(tenant, &start, "").await;
        assert_eq!(events, Vec::<Value>::new(), "what was committed meanwhile waits as well");
        slow.commit().await.expect("it commits");
        let (events, _) = read_until(tenant, &cursor, "", 2).await;
        assert_eq!(types(&events), ["order.created", "product.created"], "in the order in which they began");
    });
}

/// A transaction that waited for a document is older than the one that it waited for, and still comes later.
#[test]
fn the_events_of_a_document_come_in_the_order_of_its_lock() {
    with_tenant(async |tenant| {
        // Before its first event, no record has this id: without a cursor the feed would reject it.
        let (_, start) = read_until(tenant, "", "", 1).await;
        let mut connections = Vec::new();
        for _ in 0..3 {
            connections.push(environment().connect().await);
        }
        let mut open = Vec::new();
        for connection in &mut connections {
            let mut transaction = connection.begin().await.expect("a transaction");
            let number = sqlx::query("select pg_current_xact_id()").execute(&mut *transaction);
            number.await.expect("it begins to write");
            open.push(transaction);
        }
        let document = uuid::Uuid::now_v7();
        // The ids fall, as those of older transactions do.
        let tell = async |mut transaction: sqlx::Transaction<'_, sqlx::Postgres>, kind: &str, id: u128| {
            sqlx::query(
                "insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
                 values ($1, $2, $3, gen_random_uuid(), 'order', $4, now())",
            )
            .bind(tenant.id.0)
            .bind(uuid::Uuid::from_u128(id))
            .bind(kind)
            .bind(document)
            .execute(&mut *transaction)
            .await
            .expect("an event");
            transaction.commit().await.expect("it commits");
        };
        // The youngest comes first, the oldest last. The youngest has ended when the other two write.
        for (kind, id) in [("order.created", 3), ("order.confirmed", 2), ("order.shipped", 1)] {
            tell(open.pop().expect("a transaction"), kind, id).await;
        }
        let query = format!("&document_id={}", domain::id::OrderId(document));
        let (events, _) = read_until(tenant, &start, &query, 3).await;
        assert_eq!(types(&events), ["order.created", "order.confirmed", "order.shipped"]);
    });
}

#[test]
fn a_write_that_is_taken_back_tells_nothing_and_holds_nothing_up() {
    with_tenant(async |tenant| {
        let (_, start) = read_until(tenant, "", "", 1).await;
        tenant.dry_run("/v1/products", &json!({ "sku": "MUG", "name": "Mug" })).await.ok();
        tenant
            .post("/v1/products", &json!({ "sku": "" , "name": "" }))
            .await
            .refused(422, "validation_failed");
        let body = json!({ "sku": "CUP", "name": "Cup" });
        tenant.post_as("/v1/products", "twice", &body).await.created();
        assert!(tenant.post_as("/v1/products", "twice", &body).await.is_replayed());
        let (events, _) = read_until(tenant, &start, "", 1).await;
        assert_eq!(types(&events), ["product.created"]);
    });
}

#[test]
fn many_records_of_one_command_are_one_event() {
    with_tenant(async |tenant| {
        let items = json!({ "items": [{ "sku": "MUG", "name": "Mug" }, { "sku": "CUP", "name": "Cup" }] });
        tenant.post("/v1/products/batch", &items).await.expect(207);
        let (events, _) = read_until(tenant, "", "&type=product.*", 1).await;
        let object = &events[0]["data"]["object"];
        assert_eq!(object["object"], "command");
        assert_eq!(object["id"], events[0]["command_id"]);
        tenant.get(object["url"].as_str().expect("where it is read")).await.ok();
    });
}

/// A server counts its transactions from its own beginning: the events of another server may be far ahead.
#[test]
fn a_database_that_came_from_a_dump_goes_on_behind_its_events() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("restored").await;
        let mut root = PgConnection::connect(&url.replace("stockwell_migrator", "postgres")).await.expect("connected");
        root.execute(
            "insert into tenant (tenant_id, slug, name, currency, time_zone, country) \
             values ('01890000-0000-7000-8000-000000000000', 'one', 'One', 'GBP', 'Europe/London', 'GB')",
        )
        .await
        .expect("a tenant");
        let insert = |position: &'static str| format!(
            "insert into event (tenant_id, position, id, kind, command_id, document_kind, document_id, occurred_at) \
             values ('01890000-0000-7000-8000-000000000000', {position}, gen_random_uuid(), 'order.created', \
                     gen_random_uuid(), 'order', gen_random_uuid(), now()) returning position");
        let write = async |root: &mut PgConnection, position| {
            let row = sqlx::query(sqlx::AssertSqlSafe(insert(position))).fetch_one(root).await;
            row.expect("an event").get::<i64, _>(0)
        };
        let own = write(&mut root, "default").await;
        let old = write(&mut root, "9000000000").await;
        migration::up(&url).await.expect("up again");
        let new = write(&mut root, "default").await;
        assert!(own < old && old < new, "{own}, {old}, {new}");
        migration::up(&url).await.expect("and again");
        let next = write(&mut root, "default").await;
        assert!(new < next && next < new + 1_000_000, "it is raised once: {new}, {next}");
    });
}

/// A statement of the worker that waits for a lock ends, and its connection serves the next one.
#[test]
fn a_statement_of_the_worker_ends_in_its_time() {
    with_tenant(async |_| {
        let url = environment().relay_database_url();
        let outbox =
            Outbox::connect_with(&url, Duration::from_millis(200)).await.expect("the relay connects");
        let mut root = environment().connect().await;
        root.execute("begin; lock table event_cursor in access exclusive mode").await.expect("a lock");
        let lag = outbox.lag("a test").await;
        root.execute("rollback").await.expect("no lock");
        assert!(matches!(lag, Err(service::Error::StatementTimeout)), "{lag:?}");
        let next = async {
            loop {
                match outbox.lag("a test").await {
                    // On a busy machine, the next one may take longer as well.
                    Err(service::Error::StatementTimeout) => {}
                    lag => return lag.expect("no cursor"),
                }
            }
        };
        assert_eq!(tokio::time::timeout(PATIENCE, next).await.expect("the next one ends"), Duration::ZERO);
    });
}

#[test]
fn old_answers_are_put_away_and_the_record_stays() {
    with_tenant(async |tenant| {
        let _turn = environment().relays.lock().await;
        let body = json!({ "sku": "MUG", "name": "Mug" });
        tenant.post_as("/v1/products", "new", &body).await.created();
        let week = chrono::Duration::days(7);
        let old = environment().db.read(tenant.id, async |tx| Ok(tx.now - week)).await.expect("the time");
        for (key, name, minutes) in [
            ("old", "product.created", 5),
            ("older", "product.created", 60 * 24 * 100),
            ("young", "product.created", -5),
            ("old-unchanged", "unchanged", 5),
            ("young-unchanged", "unchanged", -5),
        ] {
            let millis = (old - chrono::Duration::minutes(minutes)).timestamp_millis().unsigned_abs();
            let id = uuid::Uuid::from_u128((u128::from(millis) << 80) | u128::from(rand::random::<u64>()));
            sqlx::query(
                "insert into command (tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, status, \
                                      response, recorded_at) \
                 values ($1, $2, $4, 'operator', $2, $3, sha256('x'), 201, '{}', now())",
            )
            .bind(tenant.id.0)
            .bind(id)
            .bind(key)
            .bind(name)
            .execute(&environment().root)
            .await
            .expect("an old command");
        }
        let outbox = Outbox::connect(&environment().relay_database_url()).await.expect("the relay connects");
        let (until, forgotten) = outbox.forget_answers(None).await.expect("old responses are deleted");
        assert!(forgotten >= 3, "{forgotten}");
        assert_eq!(outbox.forget_answers(Some(until)).await.expect("nothing is left").1, 0);
        let kept = sqlx::query(
            "select string_agg(idempotency_key, ' ' order by idempotency_key), count(response), count(*) \
             from command where tenant_id = $1 and (idempotency_key is not null or name in ('product.created', 'unchanged'))",
        );
        let kept = kept.bind(tenant.id.0).fetch_one(&environment().root).await.expect("the commands");
        assert_eq!(kept.get::<String, _>(0), "new young young-unchanged");
        // What changed nothing is no record.
        assert_eq!((kept.get::<i64, _>(1), kept.get::<i64, _>(2)), (3, 5), "the record stays");
        assert!(tenant.post_as("/v1/products", "new", &body).await.is_replayed());
        tenant.post_as("/v1/products", "old", &json!({ "sku": "CUP", "name": "Cup" })).await.created();
    });
}

#[test]
fn a_type_that_no_event_has_is_rejected_everywhere() {
    with_tenant(async |tenant| {
        for path in
            ["/v1/events?type=nix", "/v1/events?type=nix.*", "/v1/stream?type=nix", "/v1/commands?name=nix"]
        {
            let refused = tenant.get(path).await;
            refused.refused(400, "invalid_parameter");
            assert!(refused.text.contains("`nix"), "{}", refused.text);
        }
        // An event that a command writes beside its own is no command.
        tenant.get("/v1/commands?name=stock.oversold").await.refused(400, "invalid_parameter");
        tenant.get("/v1/events?type=stock.oversold").await.ok();
        tenant.get("/v1/commands?name=order.allocated").await.ok();
    });
}
