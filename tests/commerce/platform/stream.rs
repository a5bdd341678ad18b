//! The stream pushes changes as they happen, to callers who may see them, and loses nothing between two connections.

use std::collections::BTreeMap;
use std::time::Duration;

use api::config::StoreArgs;
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use local::Redis;
use rand::RngExt;
use reqwest::Method;
use sea_orm::sqlx::Connection;
use secrecy::SecretString;
use serde_json::{Value, json};
use service::live::{Listener, Live, Message, News};
use service::tx::PoolOptions;
use service::{Db, Tx};
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{Worker, WorkerConfig};
use tests::{Client, Tenant, environment, pool_options, with_tenant, with_tenants};

mod browser;
mod ended;
mod seats;
mod ticket;

use browser::{PATIENCE, Stream};

/// Returns SKU, on hand, reserved and available of a level.
fn figures(level: &Value) -> (&str, &str, &str, &str) {
    let figure = |name: &str| level[name].as_str().expect("a figure");
    (figure("sku"), figure("on_hand"), figure("reserved"), figure("available"))
}

#[test]
fn a_level_is_pushed_when_it_changes() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        tenant.stocked("CUP", "10.00", ("100", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let mut all = Stream::open(tenant, "", "").await;
        let mut cups =
            Stream::open(tenant, &format!("?product_id={}", product(tenant, "CUP").await), "").await;
        let mut shop = Stream::open(tenant, &format!("?location_id={}", tenant.shop), "").await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let level = all.expect("stock_level").await;
        assert_eq!(figures(&level), ("MUG", "99", "0", "99"));
        assert_eq!(level["product_id"], json!(mug.id));
        assert_eq!(level["location_id"], json!(tenant.main));
        assert!(level["moved_at"].is_string() && level["lot_id"].is_null() && level["uom"] == "C62");
        assert!(level.get("value").is_none(), "the cost is not shown here");
        tenant.order(&customer, &[("CUP", "5")], "confirmed").await.created();
        assert_eq!(figures(&all.expect("stock_level").await), ("CUP", "100", "5", "95"));
        assert_eq!(figures(&cups.expect("stock_level").await), ("CUP", "100", "5", "95"), "and no mugs");
        let opening = json!({ "kind": "opening", "location_id": tenant.shop,
            "lines": [{ "sku": "MUG", "quantity": "3", "unit_cost": "1" }] });
        tenant.post("/v1/stock/documents", &opening).await.created();
        assert_eq!(
            figures(&shop.expect("stock_level").await),
            ("MUG", "3", "0", "3"),
            "a new level, and only here"
        );
        assert_eq!(figures(&all.expect("stock_level").await), ("MUG", "3", "0", "3"));
    });
}

async fn product(tenant: &Tenant, sku: &str) -> String {
    let found = tenant.get(&format!("/v1/products?sku={sku}")).await.ok();
    found["data"][0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn events_are_pushed_as_the_feed_has_them() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let told = async {
            while tenant.get("/v1/events?type=pos_session.opened").await.ok()["data"] == json!([]) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("what was written before is sent");
        let mut stream = Stream::open(tenant, "?levels=false&type=pos_sale.*,product.*", "").await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        tenant.product("CUP", "1.00").await;
        let pushed = [stream.expect("event").await, stream.expect("event").await];
        let pulled = tenant.get("/v1/events?type=pos_sale.*,product.*").await.ok();
        assert_eq!(pulled["data"].as_array().expect("events")[1..], pushed);
        // A cursor of the feed works for the stream, and the other way round.
        let page = tenant.get("/v1/events?type=product.*&limit=1").await.ok();
        let cursor = page["page"]["resume_cursor"].as_str().expect("a cursor");
        let mut later =
            Stream::open(tenant, &format!("?levels=false&type=pos_sale.*&cursor={cursor}"), "").await;
        assert_eq!(later.expect("event").await, pushed[0]);
        let rest = tenant.get(&format!("/v1/events?type=product.*&cursor={}", later.last_id)).await.ok();
        assert_eq!(rest["data"], json!([pushed[1]]));
    });
}

#[test]
fn a_level_does_not_wait_for_a_slow_transaction() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let mut stream = Stream::open(tenant, "?type=pos_sale.*", "").await;
        let mut slow = environment().connect().await;
        let mut slow = slow.begin().await.expect("a transaction");
        sea_orm::sqlx::query("select pg_current_xact_id()")
            .execute(&mut *slow)
            .await
            .expect("it begins to write");
        for left in ["99", "98"] {
            tenant.sell(&till, &[("MUG", "1")]).await.created();
            assert_eq!(stream.expect("stock_level").await["on_hand"], left, "sent once, and at once");
        }
        slow.commit().await.expect("it commits");
        for _ in 0..2 {
            assert_eq!(
                stream.expect("event").await["type"],
                "pos_sale.completed",
                "in the order of the feed"
            );
        }
    });
}

/// Reads from `start` on, with many disconnects, until the category comes that is created at the end. Levels committed
/// before an event come before it.
async fn read_with_breaks(client: &Client, start: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut events, mut levels) = (Vec::new(), BTreeMap::new());
    let mut last_id = start.to_owned();
    loop {
        let mut stream = Stream::open(client, "?type=pos_sale.*,category.created", &last_id).await;
        for _ in 0..rand::rng().random_range(1..12) {
            let message = stream.next().await.expect("the stream goes on");
            if message.name == "stock_level" {
                let (sku, on_hand, ..) = figures(&message.data);
                levels.insert(sku.to_owned(), on_hand.to_owned());
                continue;
            }
            events.push(message.data["data"]["object"]["id"].as_str().expect("an id").to_owned());
            if message.data["type"] == "category.created" {
                return (events, levels);
            }
        }
        last_id = stream.last_id.clone();
    }
}

#[test]
fn nothing_is_lost_between_two_connections() {
    with_tenant(async |tenant| {
        let skus = ["MUG", "CUP", "JUG"];
        for sku in skus {
            tenant.stocked(sku, "10.00", ("1000", "4.00")).await;
        }
        let till = tenant.till().await;
        let _turn = environment().relays.lock().await;
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let config = WorkerConfig {
            metrics_addr: None,
            relay_database_url: SecretString::from(environment().relay_database_url()),
            database_url: None,
            redis_url: Some(SecretString::from(redis.url())),
            store: StoreArgs::default(),
            webhooks: WebhookConfig::default(),
        };
        let worker = Worker::start(&config).await.expect("the worker starts");
        let linked =
            environment().node_with(|config| config.redis_url = Some(SecretString::from(redis.url()))).await;
        // Sales are made on this node. One reader listens here, one elsewhere without Redis, one elsewhere with Redis.
        let readers = [
            tenant.at(tenant.base_url()),
            tenant.at(&environment().other_node().await.base_url),
            tenant.at(&linked.base_url),
        ];
        let start = tenant.get("/v1/events?limit=1").await.ok()["page"]["resume_cursor"].clone();
        let start = start.as_str().expect("a cursor");
        let reading = join_all(readers.iter().map(|reader| read_with_breaks(reader, start)));
        let writing = async {
            let sold = join_all((0..4).map(async |writer: usize| {
                let mut sold = Vec::new();
                for round in 0..15 {
                    let sale =
                        tenant.sell(&till, &[(skus[(writer + round) % skus.len()], "1")]).await.created();
                    sold.push(sale["id"].as_str().expect("an id").to_owned());
                }
                sold
            }));
            let sold = sold.await.concat();
            tenant.make("/v1/categories", json!({ "code": "END", "name": "The end" })).await;
            sold
        };
        let (sold, read) = join(writing, reading).await;
        let feed = tenant.get("/v1/events?type=pos_sale.*,category.*&limit=200").await.ok();
        let feed: Vec<&str> = feed["data"]
            .as_array()
            .expect("events")
            .iter()
            .map(|event| event["data"]["object"]["id"].as_str().expect("an id"))
            .collect();
        assert_eq!(feed.len(), sold.len() + 1);
        for (sales, levels) in read {
            assert_eq!(sales, feed, "every event once, in the order of the feed");
            for sku in skus {
                assert_eq!(levels[sku], tenant.level(sku).await.on_hand, "the last word on {sku} is right");
            }
        }
        worker.stop().await;
        redis.stop().await;
    });
}

/// Returns the next change of a listener that is quick enough.
async fn news(listener: &mut Listener) -> News {
    let Message::Change(news) = listener.next().await.expect("an answer") else { panic!("it is quick") };
    news
}

/// Like [`news`], for a caller who looks elsewhere after each moment of waiting, as a stream does that sends comments.
async fn glimpsed(listener: &mut Listener) -> News {
    let glimpses = async {
        loop {
            if let Some(message) = listener.next().now_or_never() {
                let Message::Change(news) = message.expect("an answer") else { panic!("it is quick") };
                return news;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, glimpses).await.expect("a read goes on while its caller looks elsewhere")
}

#[test]
fn a_slow_listener_is_given_up_and_misses_nothing() {
    with_tenant(async |tenant| {
        let db = Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects");
        let live = Live::new(db, 2);
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let mut slow = live.listen(tenant.id, None).await.expect("it listens");
        let mut quick = live.listen(tenant.id, None).await.expect("it listens");
        for _ in 0..2 {
            // The first message names the start and has no data.
            let mut first = news(&mut slow).await;
            assert!(first.next_level().is_none() && first.next_event().is_none());
            std::mem::swap(&mut slow, &mut quick);
        }
        for sold in 1..=5_u32 {
            tenant.sell(&till, &[("MUG", "1")]).await.created();
            loop {
                let mut change = news(&mut quick).await;
                let Some(level) = change.next_level() else { continue };
                assert_eq!(level.on_hand.to_string(), (100 - sold).to_string());
                break;
            }
        }
        assert!(matches!(slow.next().await.expect("an answer"), Message::TooSlow));
        let mut again = live.listen(tenant.id, Some(slow.place())).await.expect("it listens");
        let (mut sales, mut on_hand) = (0, String::new());
        while sales < 5 {
            let mut change = news(&mut again).await;
            on_hand = change.next_level().map_or(on_hand, |level| level.on_hand.to_string());
            while let Some(event) = change.next_event() {
                sales += usize::from(event.kind == "pos_sale.completed");
            }
        }
        assert_eq!(sales, 5);
        assert_eq!(on_hand.as_str(), "95");
    });
}

#[test]
fn a_tenant_hears_nothing_of_another() {
    with_tenants(async |owner, stranger| {
        for tenant in [owner, stranger] {
            tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        }
        let mut stream = Stream::open(stranger, "?type=*", "").await;
        let theirs = Stream::open(owner, "?type=*", "").await.last_id;
        let foreign = owner.open_stock(&[("MUG", "1", "1")]).await;
        let own = stranger.open_stock(&[("MUG", "11", "1")]).await;
        // A stream begins at the end of the feed, which may be before what was just written.
        let (mut is_told, mut has_moved) = (false, false);
        while !(is_told && has_moved) {
            let message = stream.next().await.expect("the stream goes on");
            if message.name == "stock_level" {
                assert_eq!(figures(&message.data), ("MUG", "111", "0", "111"), "its own");
                has_moved = true;
            } else {
                let document = &message.data["data"]["object"]["id"];
                assert_ne!(document, &foreign["id"]);
                is_told |= document == &own["id"];
            }
        }
        let call = stranger.call(Method::GET, "/v1/stream").header("accept", "text/event-stream");
        call.header("last-event-id", &theirs).send().await.refused(400, "invalid_cursor");
    });
}

#[test]
fn a_stream_is_refused_for_a_reason() {
    with_tenant(async |tenant| {
        let with = async |scopes: &[&str]| tenant.with_key(&crate::platform::auth::key(tenant, scopes).await);
        let (stock, events) = (with(&["stock:read"]).await, with(&["events:read"]).await);
        stock.get("/v1/stream?type=order.*").await.refused(403, "insufficient_scope");
        for query in ["", "?levels=false", "?type=order.*"] {
            events.get(&format!("/v1/stream{query}")).await.refused(403, "insufficient_scope");
        }
        Stream::open(&stock, "", "").await;
        Stream::open(&events, "?levels=false&type=order.*", "").await;
        let json = tenant.call(Method::GET, "/v1/stream").header("accept", "application/json").send().await;
        json.refused(406, "not_acceptable");
        let many = vec!["prd_01h455vb4pex5vsknk084sn02q"; 101].join(",");
        for (query, code) in [
            ("?cursor=abc", "invalid_cursor"),
            ("?type=A", "invalid_parameter"),
            ("?levels=maybe", "invalid_parameter"),
            ("?levels=false", "invalid_parameter"),
            ("?since=1", "unknown_field"),
            (&format!("?product_id={many}"), "invalid_parameter"),
        ] {
            tenant.get(&format!("/v1/stream{query}")).await.refused(400, code);
        }
    });
}

#[test]
fn a_key_has_so_many_streams_and_the_oldest_makes_room() {
    with_tenant(async |tenant| {
        let mut streams = Vec::new();
        for _ in 0..=api::stream::seat::STREAMS_PER_ACTOR_MAX {
            streams.push(Stream::open(tenant, "", "").await);
        }
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        streams.remove(0).ends_with("replaced").await;
        for mut stream in streams {
            assert_eq!(figures(&stream.expect("stock_level").await), ("MUG", "100", "0", "100"));
        }
    });
}

#[test]
fn a_stream_ends_with_its_credential_and_with_its_server() {
    with_tenant(async |tenant| {
        let body = json!({ "name": "Till display", "mode": "test", "scopes": ["stock:read"] });
        let made = tenant.post("/v1/api-keys", &body).await.created();
        let key = tenant.with_key(made["secret"].as_str().expect("a key"));
        let stream = Stream::open(&key, "", "").await;
        tenant
            .delete(&format!("/v1/api-keys/{}", made["api_key"]["id"].as_str().expect("an id")))
            .await
            .expect(204);
        stream.ends_with("credential_ended").await;
        let node = environment().own_node().await;
        let stream = Stream::open(&tenant.at(&node.base_url), "", "").await;
        node.app.live.close();
        stream.ends_with("stopping").await;
    });
}

/// A key of a user has the scopes that the user has now.
#[test]
fn a_stream_ends_when_its_credential_loses_a_scope() {
    with_tenant(async |tenant| {
        let password = "correct horse battery staple";
        let user =
            json!({ "email": "ada@shop.example", "name": "Ada", "role": "admin", "password": password });
        let id = tenant.make("/v1/users", user).await;
        let login = json!({ "tenant": tenant.slug, "email": "ada@shop.example", "password": password });
        let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
        let admin = tenant.with_key(tokens["access_token"].as_str().expect("a token"));
        let scopes = json!({ "scopes": ["stock:read", "events:read"] });
        let key = tenant.with_key(&crate::platform::auth::key_with(&admin, scopes).await.1);
        let mut levels = Stream::open(&key, "", "").await;
        let events = Stream::open(&key, "?levels=false&type=order.*", "").await;
        let of_token = Stream::open(&admin, "?type=order.*", "").await;
        let fewer = json!({ "name": "Stock", "base": "admin", "scopes": ["stock:read"] });
        let role = tenant.make("/v1/custom-roles", fewer).await;
        tenant.patch(&format!("/v1/users/{id}"), &json!({ "custom_role_id": role })).await.ok();
        events.ends_with("credential_ended").await;
        of_token.ends_with("credential_ended").await;
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        assert_eq!(figures(&levels.expect("stock_level").await), ("MUG", "100", "0", "100"), "it goes on");
    });
}

/// A listener that comes back gets what it missed in parts, so that its memory does not grow with the stock.
#[test]
fn a_long_absence_is_told_in_parts() {
    with_tenant(async |tenant| {
        let start = tenant.get("/v1/events?limit=1").await.ok()["page"]["resume_cursor"].clone();
        let start = start.as_str().expect("a cursor");
        let db = Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects");
        let live = Live::new(db, 2);
        let place = live.listen(tenant.id, None).await.expect("it listens").place();
        let product = |number| json!({ "sku": format!("P{number}"), "name": "Cup", "list_price": "1" });
        for part in [0..400, 400..800, 800..1_200] {
            let items = json!({ "items": part.clone().map(product).collect::<Vec<Value>>() });
            tenant.post("/v1/products/batch", &items).await.expect(207);
            let line = |number| json!({ "sku": format!("P{number}"), "quantity": "1", "unit_cost": "1" });
            let lines: Vec<Value> = part.map(line).collect();
            let receipt = json!({ "kind": "receipt", "location_id": tenant.main, "lines": lines });
            tenant.post("/v1/stock/documents", &receipt).await.created();
        }
        tenant.make("/v1/categories", json!({ "code": "END", "name": "The end" })).await;
        let mut again = live.listen(tenant.id, Some(place)).await.expect("it listens");
        let mut counts = Vec::new();
        while counts.iter().sum::<usize>() < 1_200 {
            let mut change = glimpsed(&mut again).await;
            let mut count = 0;
            while change.next_level().is_some() {
                count += 1;
            }
            assert!(change.next_event().is_none(), "levels come before the events");
            counts.push(count);
        }
        assert_eq!(counts, [500, 500, 200]);
        let mut stream = Stream::open(tenant, "?type=category.created", start).await;
        let mut levels = BTreeMap::new();
        loop {
            let message = stream.next().await.expect("the stream goes on");
            if message.name == "event" {
                break;
            }
            let (sku, on_hand, ..) = figures(&message.data);
            levels.insert(sku.to_owned(), on_hand.to_owned());
        }
        assert!(levels.len() == 1_200 && levels.values().all(|on_hand| on_hand == "1"), "{}", levels.len());
    });
}

/// Reads of one tenant that wait for a connection leave the streams of another alone.
#[test]
fn a_tenant_does_not_hold_up_the_streams_of_another() {
    with_tenants(async |tenant, other| {
        let options = PoolOptions { wait_ms: 60_000, ..pool_options() };
        let db = Db::connect(&environment().database_url(), &options).await.expect("the app connects");
        let live = Live::new(db.clone(), 2);
        let _first = live.listen(tenant.id, None).await.expect("it listens");
        let hold = async || {
            let held = async |_: &Tx| {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(())
            };
            db.read(tenant.id, held).await
        };
        // More than all connections for reads that the tenant may have.
        let holding = join_all((0..16).map(|_| hold()));
        let waiting = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            join_all((0..4).map(|_| live.listen(tenant.id, None))).await
        };
        let heard = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            tokio::time::timeout(Duration::from_secs(5), live.listen(other.id, None)).await
        };
        tokio::select! {
            heard = heard => {
                heard.expect("it does not wait for the other tenant").expect("it listens");
            }
            _ = waiting => panic!("the tenant has no connection left for its own streams"),
            _ = holding => panic!("the connections are held"),
        }
    });
}
