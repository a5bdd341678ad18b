//! Spans of a server, as an OpenTelemetry collector receives them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use reqwest::Method;
use tests::{sale, with_tenant};
use tokio::time::{sleep, timeout};

use crate::process::{Process, quiet_addr};

/// The bodies that the collector received.
type Received = Arc<Mutex<Vec<Bytes>>>;

async fn collect(received: Data<Received>, body: Bytes) -> HttpResponse {
    received.lock().expect("no test panicked").push(body);
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

/// Whether a body has all of `parts`.
fn has_all(body: &Bytes, parts: &[&[u8]]) -> bool {
    parts.iter().all(|part| body.windows(part.len()).any(|window| window == *part))
}

/// Waits until a body has all of `parts`.
async fn arrives(received: &Received, parts: &[&[u8]]) {
    let arrived = async {
        while !received.lock().expect("no test panicked").iter().any(|body| has_all(body, parts)) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), arrived)
        .await
        .unwrap_or_else(|_| panic!("no body has all of {parts:?}"));
}

#[test]
fn a_collector_receives_the_span_of_a_request() {
    with_tenant(async |tenant| {
        let received = Received::default();
        let state = Data::new(Arc::clone(&received));
        let server = HttpServer::new(move || {
            App::new().app_data(state.clone()).route("/v1/traces", web::post().to(collect))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("an address");
        let collector = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;

        let addr = quiet_addr();
        let _process = Process::traced(&addr, &collector).await;
        let here = tenant.at(&format!("http://{addr}"));
        let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        let traced = format!("00-{trace}-{parent}-01");
        let call = here.call(Method::GET, "/v1/products?limit=1").header("traceparent", &traced);
        call.header("x-request-id", "my-request.5").send().await.ok();
        let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
        let parent = 0xb7ad_6b71_6920_3331_u64.to_be_bytes();
        arrives(&received, &[b"GET /v1/products", b"my-request.5", b"shop", &trace, &parent]).await;

        let sold = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let call = here.call(Method::POST, "/v1/pos/sales").header("traceparent", sold).key("a-traced-sale");
        call.json(&sale(&till, &[("MUG", "1")])).send().await.created();
        let trace = 0x1af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
        arrives(&received, &[b"POST /v1/pos/sales", &trace]).await;
        arrives(&received, &[b"phase", b"decide", &trace]).await;
        handle.stop(false).await;
    });
}
