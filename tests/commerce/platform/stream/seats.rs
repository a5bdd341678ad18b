//! A tenant has its share of the streams, and a client that reads nothing can't keep a stream.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Client, Tenant, environment, with_tenant, with_tenants};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::browser::{PATIENCE, Stream};

/// Makes a key that may open streams. Returns its id and its secret.
async fn key(tenant: &Tenant) -> (String, String) {
    let body = json!({ "name": "Till display", "mode": "test", "scopes": ["stock:read", "events:read"] });
    let made = tenant.post("/v1/api-keys", &body).await.created();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["api_key"]["id"]), text(&made["secret"]))
}

#[test]
fn a_tenant_can_not_take_the_streams_of_another() {
    with_tenants(async |tenant, other| {
        let node = environment().node_with(|config| config.streams_max = 40).await;
        let at = |client: &Client| client.at(&node.base_url);
        let second = at(&tenant.with_key(&key(tenant).await.1));
        let mut open = Vec::new();
        for _ in 0..10 {
            open.push(Stream::open(&at(tenant), "", "").await);
        }
        assert_eq!(node.app.streams.open(), 10);
        second.get("/v1/stream").await.refused(429, "rate_limited");
        Stream::open(&at(other), "", "").await;
        drop(open);
        let again = async {
            while second.call(reqwest::Method::GET, "/v1/stream").open().await.status() != 200 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, again).await.expect("a seat is free again");
    });
}

/// Opens a stream of all events whose client has a small buffer and reads only the first bytes.
async fn unread(base_url: &str, key: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a size");
    let addr = base_url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let mut stream = socket.connect(addr).await.expect("it connects");
    let request = format!("GET /v1/stream HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut head = [0; 1_024];
    let length = timeout(PATIENCE, stream.read(&mut head)).await.expect("a response").expect("a head");
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    stream
}

/// Changes levels until the buffers of the system are full, and the server gives up.
async fn flood(tenant: &Tenant, node: &tests::Node) {
    for part in 0..4 {
        let product =
            |number| json!({ "sku": format!("P{part}-{number}"), "name": "Cup", "list_price": "1" });
        let items = json!({ "items": (0..500).map(product).collect::<Vec<Value>>() });
        tenant.post("/v1/products/batch", &items).await.expect(207);
    }
    let mut rounds_left = 4;
    for round in 0.. {
        let line =
            |number| json!({ "sku": format!("P{}-{number}", round % 4), "quantity": "1", "unit_cost": "1" });
        let lines: Vec<Value> = (0..500).map(line).collect();
        let receipt = json!({ "kind": "receipt", "location_id": tenant.main, "lines": lines });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        // The other server sends as much, a little later.
        rounds_left -= i32::from(node.app.streams.open() == 0);
        if rounds_left == 0 {
            break;
        }
    }
}

/// Waits until the server has no stream.
async fn no_stream(node: &tests::Node) {
    let gone = async {
        while node.app.streams.open() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), gone).await.expect("the stream ends");
}

#[test]
fn a_stream_that_is_not_read_ends() {
    with_tenant(async |tenant| {
        let impatient =
            environment().node_with(|config| config.connections.response_timeout_ms = 1_000).await;
        let patient =
            environment().node_with(|config| config.connections.response_timeout_ms = 3_600_000).await;
        let (id, secret) = key(tenant).await;
        let held = [unread(&impatient.base_url, &secret).await, unread(&patient.base_url, &secret).await];
        timeout(PATIENCE, flood(tenant, &impatient)).await.expect("the stream ends");
        assert_eq!(patient.app.streams.open(), 1, "it has an hour");
        // The server that revokes a key is another one, and there is no Redis.
        tenant.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
        no_stream(&patient).await;
        drop(held);
    });
}
