//! The database server stops, or no longer responds. Requests end in time, and say whether something was done.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tests::{Apart, Client, Reply, environment, sale, send_signal, signal_server, with_tenant};
use tokio::time::{sleep, timeout};

/// Time in which every request must end. A write has 5 seconds, a read 8, and a report 5 to begin.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time in which a read must end on a frozen server.
const READ_PATIENCE: Duration = Duration::from_secs(15);

/// Most attempts at a write that has little time.
const ATTEMPTS: usize = 10;

/// Processes of a database server that were stopped, until this is dropped.
struct Frozen(Vec<String>);

impl Frozen {
    /// Stops the server whose data are in `home`, with all its processes.
    fn stop(home: &Path) -> Self {
        Frozen(signal_server(home, "-STOP"))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        send_signal("-CONT", &self.0);
    }
}

/// Sends a request and checks that its response comes in time.
async fn ends(
    client: &Client,
    method: Method,
    path: &str,
    body: Option<&serde_json::Value>,
    key: &str,
) -> Reply {
    let mut call = client.call(method, path).key(key);
    if let Some(body) = body {
        call = call.json(body);
    }
    timeout(PATIENCE, call.send()).await.unwrap_or_else(|_| panic!("{path} has no end"))
}

async fn apart() -> Apart {
    environment().tenant_apart(|config| config.db_write_ms = 3_000).await
}

#[test]
fn a_frozen_server_holds_no_request() {
    environment().runtime.block_on(async {
        let apart = apart().await;
        let tenant = &apart.tenant;
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let sold = sale(&till, &[("MUG", "1")]);
        tenant.post_as("/v1/pos/sales", "before", &sold).await.created();
        let frozen = Frozen::stop(apart.home());
        let sales = (0..20).map(async |number| {
            let key = format!("frozen-{number}");
            let reply = ends(tenant, Method::POST, "/v1/pos/sales", Some(&sold), &key).await;
            assert_eq!(reply.status, 503, "{}", reply.text);
            assert!(reply.header("retry-after").is_some());
            key
        });
        let ready = async {
            let asked = Instant::now();
            let reply = reqwest::get(format!("{}/readyz", tenant.base_url())).await.expect("a response");
            assert_eq!(reply.status(), 503);
            asked.elapsed()
        };
        let product = json!({ "sku": "CUP", "name": "Cup", "list_price": "1" });
        let dry_runs = futures_util::future::join_all(
            [("/v1/pos/sales", &sold), ("/v1/products", &product)].map(async |(path, body)| {
                let reply = timeout(PATIENCE, tenant.dry_run(path, body)).await.expect("an end");
                assert_eq!(reply.refused(503, "temporarily_unavailable").0["status"], 503);
            }),
        );
        let (keys, _, _) = tokio::join!(futures_util::future::join_all(sales), ready, dry_runs);
        drop(frozen);
        // A repeat with the same key is done once, also if the first one was done.
        for key in keys {
            let again = async {
                loop {
                    let reply = ends(tenant, Method::POST, "/v1/pos/sales", Some(&sold), &key).await;
                    if reply.status != 503 {
                        return reply;
                    }
                    sleep(Duration::from_millis(50)).await;
                }
            };
            timeout(PATIENCE, again).await.expect("the server is back").created();
        }
        let levels = tenant.get("/v1/stock/levels").await.ok();
        assert_eq!(levels["data"][0]["on_hand"], json!("79"), "one sale before, and twenty");
    });
}

#[test]
fn a_frozen_server_holds_no_read() {
    environment().runtime.block_on(async {
        let apart = apart().await;
        let tenant = &apart.tenant;
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        const PATHS: [&str; 3] = ["/v1/products", "/v1/reports/revenue", "/v1/stock/availability?sku=MUG"];
        // Each read finds an open connection, which was used a moment ago.
        futures_util::future::join_all(PATHS.iter().cycle().take(9).map(async |path| {
            tenant.get(path).await;
        }))
        .await;
        let _frozen = Frozen::stop(apart.home());
        futures_util::future::join_all(PATHS.map(async |path| {
            let begun = Instant::now();
            let reply = ends(tenant, Method::GET, path, None, "read").await;
            assert_eq!(reply.status, 503, "{path}: {}", reply.text);
            assert!(reply.header("retry-after").is_some(), "{path}");
            assert!(begun.elapsed() < READ_PATIENCE, "{path} took {:?}", begun.elapsed());
        }))
        .await;
    });
}

#[test]
fn a_lookup_survives_a_lost_connection() {
    environment().runtime.block_on(async {
        let apart = apart().await;
        let tenant = &apart.tenant;
        tenant.get("/v1/products").await.ok();
        for _ in 0..3 {
            apart.end_connections().await;
            // The credential is looked up again, on a connection that its server has ended.
            apart.node.app.auth.forget();
            tenant.get("/v1/products").await.ok();
        }
    });
}

#[test]
fn a_batch_of_records_has_time_for_each() {
    with_tenant(async |tenant| {
        // A lone record has 200 ms, so 500 would be late.
        let node = environment().node_with(|config| config.db_write_ms = 400).await;
        let here = tenant.at(&node.base_url);
        // The commit of the batch has 80 ms, as that of a lone record: a busy machine may need more.
        for attempt in 0..ATTEMPTS {
            let product =
                |number| json!({ "sku": format!("P{attempt}-{number}"), "name": "Cup", "list_price": "1" });
            let items = json!({ "items": (0..500).map(product).collect::<Vec<_>>() });
            let reply = here.post("/v1/products/batch", &items).await;
            if reply.status == 207 {
                assert_eq!(reply.json()["accepted"], 500);
                return;
            }
            assert_eq!(reply.status, 503, "{}", reply.text);
        }
        panic!("no batch of 500 is written");
    });
}
