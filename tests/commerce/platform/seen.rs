//! The operator sees what the server does: metrics, the trace of a request, and its times.

use reqwest::Method;
use tests::{environment, with_tenant};

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
        assert!(more("stockwell_report_points_total", "") >= 10);
        assert!(sum(&after, "stockwell_statements_total", "") >= 5);
        assert_eq!(sum(&after, "stockwell_streams_max", ""), 2_000);
        assert!(after.contains("# HELP stockwell_requests_total "), "{after}");
        assert!(!after.contains(&tenant.id.to_string()), "no figure names a tenant");
        here.get("/metrics").await.refused(404, "route_not_found");
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
