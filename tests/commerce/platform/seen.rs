//! The operator sees what the server does: metrics, the trace of a request, and its times.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use api::config::StoreArgs;
use local::Redis;
use reqwest::Method;
use sea_orm::sqlx;
use secrecy::SecretString;
use service::relay::Outbox;
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{Worker, WorkerConfig};
use tests::{environment, file_of_repository, with_tenant};
use tokio::time::{sleep, timeout};

/// Returns the sum of all figures of a name whose labels contain `label`.
fn sum(figures: &str, name: &str, label: &str) -> u64 {
    let of = |line: &str| {
        let (labelled, value) = line.rsplit_once(' ')?;
        let is_it = labelled.split('{').next() == Some(name) && labelled.contains(label);
        is_it.then(|| value.parse::<u64>().ok())?
    };
    figures.lines().filter_map(of).sum()
}

#[test]
fn the_server_counts_what_it_does() {
    with_tenant(async |tenant| {
        let node = environment()
            .node_with(|config| config.metrics_addr = Some("127.0.0.1:0".parse().expect("an address")))
            .await;
        let url = node.metrics_url.clone().expect("a URL");
        let read = async || {
            let reply = environment().http.get(&url).send().await.expect("a response");
            assert_eq!(reply.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
            reply.text().await.expect("text")
        };
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, here) = (tenant.till().await, tenant.at(&node.base_url));
        let before = read().await;
        here.post("/v1/pos/sales", &tests::sale(&till, &[("MUG", "1")])).await.created();
        here.post("/v1/pos/sales", &tests::sale(&till, &[("MUG", "500")]))
            .await
            .refused(409, "insufficient_stock");
        here.get("/v1/reports/revenue?group_by=channel").await.ok();
        here.get("/v1/nothing").await.refused(404, "route_not_found");
        let after = read().await;
        let more = |name: &str, label: &str| sum(&after, name, label) - sum(&before, name, label);
        // Servers of other tests in this process count as well.
        let sales = "route=\"/v1/pos/sales\",status=\"201\"";
        assert!(more("stockwell_requests_total", sales) >= 1, "{after}");
        assert!(more("stockwell_requests_total", "route=\"none\",status=\"404\"") >= 1);
        assert!(more("stockwell_request_seconds_count", "route=\"/v1/pos/sales\"") >= 2);
        assert!(more("stockwell_refusals_total", "code=\"route_not_found\"") >= 1);
        assert!(more("stockwell_batch_commands_count", "") >= 1);
        assert!(more("stockwell_queue_wait_seconds_count", "") >= 2);
        assert!(more("stockwell_connection_wait_seconds_count", "share=\"write\"") >= 1);
        for phase in ["load", "decide", "save", "commit"] {
            let label = format!("phase=\"{phase}\"");
            assert!(more("stockwell_phase_seconds_count", &label) >= 1, "{phase}");
        }
        assert!(more("stockwell_report_points_total", "") >= 10);
        assert!(sum(&after, "stockwell_statements_total", "") >= 5);
        assert_eq!(sum(&after, "stockwell_streams_max", ""), 2_000);
        assert!(after.contains("# HELP stockwell_requests_total "), "{after}");
        assert!(!after.contains(&tenant.id.to_string()), "no figure names a tenant");
        here.get("/metrics").await.refused(404, "route_not_found");
    });
}

#[test]
fn the_lag_is_the_age_of_the_oldest_event_that_was_not_handed_on() {
    with_tenant(async |tenant| {
        let outbox = Outbox::connect(&environment().relay_database_url()).await.expect("the outbox");
        let name = format!("lag-{}", tenant.id);
        let lag = async || outbox.lag(&name).await.expect("a lag");
        assert_eq!(lag().await, Duration::ZERO, "a consumer without cursors");
        tenant.product("MUG", "10.00").await;
        let cursor = "insert into event_cursor (tenant_id, consumer) values ($1, $2)";
        let cursor = sqlx::query(cursor).bind(tenant.id.0).bind(&name).execute(&environment().root);
        cursor.await.expect("a cursor at the beginning");
        sleep(Duration::from_millis(300)).await;
        assert!(lag().await >= Duration::from_millis(300), "{:?}", lag().await);
        let end = "update event_cursor c set (position, written, event_id) = (e.position, e.written, e.id) \
             from (select position, written, id from event where tenant_id = $1 \
                   order by position desc, written desc, id desc limit 1) e \
             where c.tenant_id = $1 and c.consumer = $2";
        let end = sqlx::query(end).bind(tenant.id.0).bind(&name).execute(&environment().root);
        end.await.expect("a cursor at the end");
        assert_eq!(lag().await, Duration::ZERO);
    });
}

#[test]
fn a_worker_shows_what_it_handed_on() {
    with_tenant(async |tenant| {
        let _turn = environment().relays.lock().await;
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let config = WorkerConfig {
            relay_database_url: SecretString::from(environment().relay_database_url()),
            database_url: None,
            metrics_addr: Some("127.0.0.1:0".parse().expect("an address")),
            redis_url: Some(SecretString::from(redis.url())),
            store: StoreArgs::default(),
            webhooks: WebhookConfig::default(),
        };
        let worker = Worker::start(&config).await.expect("the worker starts");
        let url = format!("http://{}/metrics", worker.metrics.as_ref().expect("metrics").addr);
        tenant.product("MUG", "10.00").await;
        let handed_on = async {
            loop {
                let figures = environment().http.get(&url).send().await.expect("a response").text().await;
                let figures = figures.expect("text");
                let has_lag = figures.contains("stockwell_event_lag_seconds{consumer=\"servers\"} ");
                if has_lag && sum(&figures, "stockwell_events_handed_on_total", "servers") > 0 {
                    return;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(60), handed_on).await.expect("events are handed on");
        worker.stop().await;
    });
}

#[test]
fn a_response_has_its_trace_and_its_times() {
    with_tenant(async |tenant| {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{trace}-b7ad6b7169203331-01");
        let reply = tenant.call(Method::GET, "/v1/products").header("traceparent", &parent).send().await;
        let answer = reply.header("traceresponse").expect("a trace");
        assert!(
            answer.starts_with(&format!("00-{trace}-")) && !answer.contains("b7ad6b7169203331"),
            "{answer}"
        );
        let timing = reply.header("server-timing").expect("times");
        assert!(timing.starts_with("total;dur=") && timing.contains(", db;dur="), "{timing}");
        assert!(!timing.contains("db;dur=0.000"), "the list was read from the database: {timing}");
        assert_eq!(tenant.get("/v1/products").await.header("traceresponse"), None);
        assert_eq!(tenant.anonymous().get("/livez").await.header("server-timing"), None);
    });
}

/// Returns the metrics of a response by name, each with its kind.
fn kinds(figures: &str) -> BTreeMap<String, String> {
    let told = figures.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    told.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// Returns the words of a text that may be the name of a metric or of one of its series.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.len() > "stockwell_".len() && word.starts_with("stockwell_")).collect()
}

#[test]
fn dashboards_alerts_and_pages_name_metrics_that_are_there() {
    with_tenant(async |tenant| {
        let metrics_addr: Option<SocketAddr> = Some("127.0.0.1:0".parse().expect("an address"));
        let node = environment().node_with(|config| config.metrics_addr = metrics_addr).await;
        let url = node.metrics_url.clone().expect("a URL");
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, here) = (tenant.till().await, tenant.at(&node.base_url));
        here.post("/v1/pos/sales", &tests::sale(&till, &[("MUG", "1")])).await.created();
        here.get("/v1/nothing").await.refused(404, "route_not_found");
        let _turn = environment().relays.lock().await;
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let config = WorkerConfig {
            relay_database_url: SecretString::from(environment().relay_database_url()),
            database_url: None,
            metrics_addr,
            redis_url: Some(SecretString::from(redis.url())),
            store: StoreArgs::default(),
            webhooks: WebhookConfig::default(),
        };
        let worker = Worker::start(&config).await.expect("the worker starts");
        tenant.product("JUG", "10.00").await;
        // The server and the worker of this test are one process, so one page has the figures of both.
        let all = async {
            loop {
                let figures = environment().http.get(&url).send().await.expect("a response").text().await;
                let there = kinds(&figures.expect("text"));
                let of_worker = ["stockwell_event_lag_seconds", "stockwell_events_handed_on_total"];
                if of_worker.iter().all(|name| there.contains_key(*name)) {
                    return there;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let there = timeout(Duration::from_secs(60), all).await.expect("events are handed on");
        worker.stop().await;
        let is_there = |name: &str| {
            let of_histogram = |ending: &&str| {
                let base = name.strip_suffix(*ending);
                base.is_some_and(|base| there.get(base).is_some_and(|kind| kind == "histogram"))
            };
            there.contains_key(name) || ["_bucket", "_sum", "_count"].iter().any(of_histogram)
        };
        let read = |file: &str| std::fs::read_to_string(file_of_repository(file)).expect("a file");
        for file in ["docs/production/grafana.json", "docs/production/alerts.yml"] {
            let text = read(file);
            let named = named(&text);
            assert!(named.len() > 5, "{file}: {named:?}");
            let missing: Vec<&str> = named.into_iter().filter(|name| !is_there(name)).collect();
            assert!(missing.is_empty(), "{file}: {missing:?}");
        }
        let page = read("docs/operations.md");
        let rows: String = page.lines().filter(|line| line.starts_with("| `stockwell_")).collect();
        let explained = named(&rows);
        let missing: Vec<&&str> = explained.iter().filter(|name| !is_there(name)).collect();
        assert!(missing.is_empty(), "docs/operations.md: {missing:?}");
        let silent: Vec<&String> = there.keys().filter(|name| !explained.contains(name.as_str())).collect();
        assert!(silent.is_empty(), "docs/operations.md does not explain {silent:?}");
    });
}
