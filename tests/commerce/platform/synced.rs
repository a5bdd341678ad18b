//! Keeping in step by the time of the last change: nothing that commits later is missed.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use futures_util::join;
use serde_json::{Value, json};
use service::catalog::product::{self, ProductInput};
use tests::{Tenant, environment, with_tenant};
use tokio::sync::oneshot;

/// Waits this long for a page that has caught up with all open transactions, also those of other tests.
const PATIENCE: Duration = Duration::seconds(180);

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no time: {value}"))
}

/// Returns the SKUs of all pages from an instant on, and until when they are complete.
async fn read(tenant: &Tenant, since: Option<DateTime<Utc>>) -> (Vec<String>, DateTime<Utc>) {
    let (mut skus, mut cursor, mut until) = (Vec::new(), String::new(), None);
    loop {
        let mut path = format!("/v1/products?sort=updated_at&limit=2&cursor={cursor}");
        if let Some(since) = since {
            path += &format!("&updated_at[gte]={}", since.format("%Y-%m-%dT%H:%M:%S%.6fZ"));
        }
        let page = tenant.get(&path).await.ok();
        let rows = page["data"].as_array().expect("products");
        skus.extend(rows.iter().map(|row| row["sku"].as_str().expect("a SKU").to_owned()));
        let synced = time(&page["page"]["synced_until"]);
        assert_eq!(*until.get_or_insert(synced), synced, "one walk has one instant");
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return (skus, synced),
        }
    }
}

#[test]
fn a_change_that_commits_after_it_was_read_past_is_not_missed() {
    with_tenant(async |tenant| {
        tenant.product("BEFORE", "1.00").await;
        let (begun, has_begun) = oneshot::channel();
        let (end, may_end) = oneshot::channel::<()>();
        let caller = service::tenant::operator(tenant.id);
        let db = environment().node.app.db.for_imports();
        let signals = std::sync::Mutex::new(Some((begun, may_end)));
        let slow = db.write(&caller, async |tx| {
            let slow = ProductInput { name: "Slow".to_owned().into(), ..ProductInput::new("SLOW") };
            product::create(tx, &slow).await?;
            let (begun, may_end) = signals.lock().expect("one attempt").take().expect("one attempt");
            begun.send(tx.now).expect("the test waits");
            may_end.await.expect("the test ends it");
            Ok(())
        });
        // A write that failed fails the test at once.
        let long = async { slow.await.expect("it commits") };
        let meanwhile = async {
            let began: DateTime<Utc> = has_begun.await.expect("it has written");
            for sku in ["A", "B", "C"] {
                tenant.product(sku, "1.00").await;
            }
            let (seen, until) = read(tenant, None).await;
            assert_eq!(seen, ["BEFORE", "A", "B", "C"]);
            assert!(until < began, "{until} is not before {began}");
            end.send(()).expect("it waits");
            until
        };
        let ((), until) = join!(long, meanwhile);
        let (seen, _) = read(tenant, Some(until)).await;
        assert!(seen.contains(&"SLOW".to_owned()), "{seen:?}");
    });
}

#[test]
fn it_catches_up_when_nothing_is_open() {
    with_tenant(async |tenant| {
        let made = tenant.post("/v1/products", &json!({ "sku": "MUG", "name": "Mug" })).await.created();
        let changed = time(&made["updated_at"]);
        let give_up = environment().now().await + PATIENCE;
        while read(tenant, None).await.1 <= changed {
            assert!(environment().now().await < give_up, "it does not catch up");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let (_, until) = read(tenant, None).await;
        assert!(until <= environment().now().await);
    });
}

#[test]
fn every_list_by_time_of_change_says_until_when_it_is_complete() {
    with_tenant(async |tenant| {
        let description = tenant.get("/openapi.json").await.ok();
        let mut lists = 0;
        for (path, item) in description["paths"].as_object().expect("paths") {
            let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
            let is_synced = parameters
                .clone()
                .any(|parameter| parameter["$ref"] == "#/components/parameters/UpdatedSince");
            if !is_synced || path.contains('{') {
                continue;
            }
            let page = tenant.get(path).await.ok();
            assert!(page["page"]["synced_until"].is_string(), "{path}: {}", page["page"]);
            lists += 1;
        }
        assert!(lists >= 10, "{lists}");
    });
}

#[test]
fn every_list_says_until_when_it_is_complete() {
    with_tenant(async |tenant| {
        let description = tenant.get("/openapi.json").await.ok();
        let parameters = &description["components"]["parameters"];
        let mut filters: BTreeMap<&str, usize> = BTreeMap::new();
        let mut lists = 0;
        for (path, item) in description["paths"].as_object().expect("paths") {
            let names: Vec<&str> = item["get"]["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|parameter| match parameter["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
                    Some(component) => &parameters[component]["name"],
                    None => &parameter["name"],
                })
                .filter_map(Value::as_str)
                .collect();
            // The feed and the stream have a place of their own.
            let has_own = ["/v1/events", "/v1/stream"].contains(&path.as_str());
            if !names.contains(&"cursor") || !names.contains(&"limit") || has_own || path.contains('{') {
                continue;
            }
            let response = tenant.get(path).await;
            if response.status != 200 {
                // A list that needs a parameter.
                continue;
            }
            let page = response.json()["page"].clone();
            let until = page["synced_until"].as_str().unwrap_or_else(|| panic!("{path}: {page}")).to_owned();
            lists += 1;
            for name in ["updated_at[gte]", "created_at[gte]"] {
                if names.contains(&name) {
                    tenant.get(&format!("{path}?{name}={until}")).await.ok();
                    let wrong = tenant.get(&format!("{path}?{name}=yesterday")).await;
                    assert_eq!(wrong.status, 400, "{path}?{name}: {}", wrong.text);
                    *filters.entry(name).or_default() += 1;
                }
            }
        }
        assert!(lists >= 50, "{lists}");
        assert!(filters["updated_at[gte]"] >= 22 && filters["created_at[gte]"] >= 13, "{filters:?}");
    });
}

/// Returns the ids of a list and until when it is complete.
async fn ids(tenant: &Tenant, path: &str) -> (Vec<String>, String) {
    let page = tenant.get(path).await.ok();
    let rows = page["data"].as_array().expect("a list");
    let ids = rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    (ids, page["page"]["synced_until"].as_str().expect("an instant").to_owned())
}

#[test]
fn a_document_is_found_by_its_last_write() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "5.00").await;
        tenant.open_stock(&[("MUG", "10", "2.00")]).await;
        let opened = tenant.get("/v1/stock/documents").await.ok()["data"][0].clone();
        let movement = tenant.get("/v1/stock/movements").await.ok()["data"][0].clone();
        let entry = tenant.get("/v1/journal-entries").await.ok()["data"][0].clone();
        let rows = [
            ("/v1/stock/documents", &opened),
            ("/v1/stock/movements", &movement),
            ("/v1/journal-entries", &entry),
        ];
        for (path, row) in rows {
            let at = time(&row["created_at"]);
            let since =
                |at: DateTime<Utc>| format!("{path}?created_at[gte]={}", at.format("%Y-%m-%dT%H:%M:%S%.6fZ"));
            let id = row["id"].as_str().expect("an id").to_owned();
            assert_eq!(ids(tenant, &since(at)).await.0, [id], "{path}");
            assert_eq!(ids(tenant, &since(at + Duration::microseconds(1))).await.0, [""; 0], "{path}");
        }
    });
}

#[test]
fn a_document_of_an_open_write_is_not_missed() {
    with_tenant(async |tenant| {
        let (begun, has_begun) = oneshot::channel();
        let (end, may_end) = oneshot::channel::<()>();
        let caller = service::tenant::operator(tenant.id);
        let db = environment().node.app.db.for_imports();
        let signals = std::sync::Mutex::new(Some((begun, may_end)));
        let slow = db.write(&caller, async |tx| {
            product::create(
                tx,
                &ProductInput { name: "Slow".to_owned().into(), ..ProductInput::new("SLOW") },
            )
            .await?;
            let (begun, may_end) = signals.lock().expect("one attempt").take().expect("one attempt");
            begun.send(tx.now).expect("the test waits");
            may_end.await.expect("the test ends it");
            Ok(())
        });
        let long = async { slow.await.expect("it commits") };
        let meanwhile = async {
            let began: DateTime<Utc> = has_begun.await.expect("it has written");
            for path in ["/v1/orders", "/v1/invoices", "/v1/pos/sales", "/v1/stock/levels", "/v1/api-keys"] {
                let (_, until) = ids(tenant, path).await;
                assert!(time(&json!(until)) < began, "{path}: {until} is not before {began}");
            }
            end.send(()).expect("it waits");
        };
        join!(long, meanwhile);
    });
}

/// The connection that finds the instant is one of two that find the callers of all tenants.
#[test]
fn many_lists_ask_once_in_a_while_until_when_they_are_complete() {
    with_tenant(async |tenant| {
        for sku in ["A", "B", "C"] {
            tenant.product(sku, "1.00").await;
        }
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        let first = "/v1/products?sort=updated_at&limit=1";
        let cursor = client.get(first).await.ok()["page"]["next_cursor"].clone();
        let second = format!("{first}&cursor={}", cursor.as_str().expect("a cursor"));
        // The second page has the instant in its cursor.
        let mut fewest = u64::MAX;
        for _ in 0..3 {
            let before = node.app.db.statements();
            client.get(&second).await.ok();
            fewest = fewest.min(node.app.db.statements() - before);
        }
        let (before, begun) = (node.app.db.statements(), std::time::Instant::now());
        futures_util::future::join_all((0..30).map(async |_| client.get(first).await.ok())).await;
        let seconds = begun.elapsed().as_secs() + 1;
        let more = node.app.db.statements() - before - 30 * fewest;
        // The caller is looked up again every five seconds.
        assert!(more <= 2 * seconds + 1, "{more} statements more in {seconds} s");
    });
}

#[test]
fn the_event_of_an_import_leads_to_what_it_wrote() {
    with_tenant(async |tenant| {
        tenant.product("OLD", "1.00").await;
        let csv = "sku,name,list_price\nONE,One,1\nTWO,Two,2\nOLD,Old,3\n";
        let call = tenant.call(reqwest::Method::POST, "/v1/products/import").key("import");
        call.body("text/csv", csv).send().await.ok();
        let items =
            json!({ "items": [{ "kind": "retail", "name": "Ada" }, { "kind": "retail", "name": "Alan" }] });
        let call = tenant.call(reqwest::Method::POST, "/v1/customers/batch").key("customers");
        call.json(&items).send().await.expect(207);
        let events = tenant.events("").await;
        let changes = |kind: &str| {
            let event = events.iter().find(|event| {
                event["type"].as_str().is_some_and(|name| name.starts_with(kind))
                    && event["data"]["changes"].is_string()
            });
            let event = event.unwrap_or_else(|| panic!("no event of {kind}: {events:?}"));
            event["data"]["changes"].as_str().expect("a path").to_owned()
        };
        let page = tenant.get(&changes("product.")).await.ok();
        let skus: Vec<&Value> =
            page["data"].as_array().expect("products").iter().map(|row| &row["sku"]).collect();
        assert_eq!(skus.len(), 3, "{skus:?}");
        assert!(["ONE", "TWO", "OLD"].iter().all(|sku| skus.contains(&&json!(sku))), "{skus:?}");
        let page = tenant.get(&changes("customer.")).await.ok();
        assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
        let single = events.iter().find(|event| event["type"] == "product.created").expect("an event");
        assert_eq!(single["data"]["changes"], Value::Null, "it names its product");
    });
}
