//! A peer that sends nothing, sends slowly or reads nothing loses its connection, and no address takes all connections.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use api::config::Config;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tests::{Node, environment, with_tenant, with_tenants};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// Time in which a connection must be closed. Its deadline is far shorter.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two bytes of a slow peer, far shorter than a deadline.
const DRIP: Duration = Duration::from_millis(20);
const DEADLINE_MS: u64 = 600;

/// Starts a server with short deadlines.
async fn hasty(settings: impl FnOnce(&mut Config)) -> Node {
    let node = environment().node_with(|config| {
        config.connections.head_timeout_ms = DEADLINE_MS;
        config.connections.body_timeout_ms = DEADLINE_MS;
        config.connections.keep_alive_ms = DEADLINE_MS;
        config.connections.response_timeout_ms = DEADLINE_MS;
        settings(config);
    });
    node.await
}

fn addr(node: &Node) -> SocketAddr {
    let addr = node.base_url.strip_prefix("http://").expect("a URL");
    addr.parse().expect("an address")
}

async fn connect(node: &Node) -> TcpStream {
    TcpStream::connect(addr(node)).await.expect("it connects")
}

/// Connects from another address of this machine.
async fn connect_from(node: &Node, last: u8, receive_bytes: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(receive_bytes).expect("a size");
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).expect("an address");
    socket.connect(addr(node)).await.expect("it connects")
}

/// Reads until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end as well.
    _ = timeout(PATIENCE, stream.read_to_end(&mut text)).await.expect("the connection is closed");
    String::from_utf8_lossy(&text).into_owned()
}

/// Sends `first`, then one byte after the other, until the server closes the connection. Returns its response.
async fn drip(stream: TcpStream, first: &str, drop: &str) -> String {
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(first.as_bytes()).await.expect("it is sent");
    let sending = async {
        while writer.write_all(drop.as_bytes()).await.is_ok() {
            sleep(DRIP).await;
        }
        std::future::pending::<()>().await;
    };
    let mut text = Vec::new();
    let reading = timeout(PATIENCE, reader.read_to_end(&mut text));
    tokio::select! {
        _ = async { reading.await.expect("the connection is closed") } => {}
        () = sending => {}
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Sends a request and reads the head of its response.
async fn asks(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut head = vec![0; 16 * 1024];
    let length = timeout(PATIENCE, stream.read(&mut head)).await.expect("a response").unwrap_or_default();
    String::from_utf8_lossy(&head[..length]).into_owned()
}

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";

#[test]
fn a_silent_connection_is_closed() {
    with_tenant(async |_| {
        let node = hasty(|_| {}).await;
        assert_eq!(read_to_end(&mut connect(&node).await).await, "", "nothing was ever sent");
        let mut begun = connect(&node).await;
        begun.write_all(b"GET / HT").await.expect("it is sent");
        read_to_end(&mut begun).await;
        let mut served = connect(&node).await;
        assert!(asks(&mut served, LIVEZ).await.starts_with("HTTP/1.1 200 "));
        read_to_end(&mut served).await;
    });
}

#[test]
fn a_head_that_drips_is_cut_off() {
    with_tenant(async |_| {
        // Kept long when idle: the second head has a deadline of its own.
        let node = hasty(|config| config.connections.keep_alive_ms = 600_000).await;
        drip(connect(&node).await, "GET /livez HTTP/1.1\r\nx: ", "a").await;
        let mut served = connect(&node).await;
        assert!(asks(&mut served, LIVEZ).await.starts_with("HTTP/1.1 200 "));
        drip(served, "GET /livez HTTP/1.1\r\nx: ", "a").await;
    });
}

#[test]
fn a_body_that_drips_is_cut_off() {
    with_tenant(async |tenant| {
        let node = hasty(|config| config.connections.keep_alive_ms = 600_000).await;
        let head = |path: &str, key: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{key}transfer-encoding: chunked\r\n\r\n"
            )
        };
        let read = drip(connect(&node).await, &head("/v1/auth/login", ""), "1\r\n \r\n").await;
        assert!(read.starts_with("HTTP/1.1 408 "), "a body that is read: {read}");
        let unread = drip(connect(&node).await, &head("/v1/orders", ""), "1\r\n \r\n").await;
        assert!(unread.starts_with("HTTP/1.1 401 "), "a body that is not read: {unread}");
        let key = format!("x-api-key: {}\r\nidempotency-key: {}\r\n", tenant.key, uuid::Uuid::new_v4());
        let mut silent = connect(&node).await;
        let text = asks(&mut silent, &head("/v1/orders", &key)).await;
        assert!(text.starts_with("HTTP/1.1 408 "), "a body that never begins: {text}");
    });
}

#[test]
fn a_response_that_the_client_does_not_read_is_given_up() {
    with_tenant(async |_| {
        let node = hasty(|config| config.connections.keep_alive_ms = 600_000).await;
        let mut lazy = connect_from(&node, 1, 4_096).await;
        // Long enough to fill the buffers of the connection, short enough for a deadline of a few seconds.
        let many = "GET /docs/swagger-ui.css HTTP/1.1\r\nhost: x\r\n\r\n".repeat(64);
        lazy.write_all(many.as_bytes()).await.expect("it is sent");
        let cut = async {
            // Nothing is read. Once the server has closed the connection, a write fails.
            while lazy.write_all(b" ").await.is_ok() {
                sleep(DRIP).await;
            }
        };
        timeout(PATIENCE, cut).await.expect("the connection is closed");
    });
}

/// Reads the next piece of a response.
async fn piece(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 16 * 1024];
    let length = stream.read(&mut bytes).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[test]
fn a_batch_request_too_many_is_refused_before_its_body_is_read() {
    with_tenants(async |tenant, other| {
        let node = environment().node_with(|config| config.connections.body_timeout_ms = 600_000).await;
        let head = format!(
            "POST /v1/pos/sales/batch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-api-key: {}\r\n\
             content-length: 10000\r\n\r\n",
            tenant.key
        );
        let mut streams = Vec::new();
        for _ in 0..32 + 3 {
            let mut stream = connect(&node).await;
            stream.write_all(head.as_bytes()).await.expect("it is sent");
            streams.push(stream);
        }
        let answers = streams.iter_mut().map(piece).collect::<FuturesUnordered<_>>();
        let refused: Vec<String> = timeout(PATIENCE, answers.take(3).collect()).await.expect("rejections");
        for answer in refused {
            assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
            assert!(answer.to_lowercase().contains("retry-after: 1\r\n"), "{answer}");
        }
        let batch = |sku: &str| json!({ "items": [{ "sku": sku, "name": "Cup", "list_price": "1" }] });
        other.at(&node.base_url).post("/v1/products/batch", &batch("OTHER")).await.expect(207);
        let client = tenant.at(&node.base_url);
        let path = "/v1/products/batch";
        client.post(path, &batch("CUP")).await.refused(429, "rate_limited");
        drop(streams);
        let accepted = async {
            while client.post(path, &batch("CUP")).await.status == 429 {
                sleep(DRIP).await;
            }
        };
        timeout(PATIENCE, accepted).await.expect("it is carried out once the others have gone");
    });
}

/// Opens connections from an address until one is rejected. Returns those that were served, which stay open.
async fn fill(node: &Node, address: u8) -> Vec<TcpStream> {
    let mut served = Vec::new();
    loop {
        let mut one = connect_from(node, address, 65_536).await;
        if !asks(&mut one, LIVEZ).await.starts_with("HTTP/1.1 200 ") {
            return served;
        }
        served.push(one);
        assert!(served.len() <= 60, "none is rejected");
    }
}

#[test]
fn no_address_takes_the_connections_of_others() {
    with_tenant(async |_| {
        let node = hasty(|config| {
            config.connections.connections_max = 60;
            config.connections.connections_per_address = 40;
            config.connections.head_timeout_ms = 600_000;
            config.connections.keep_alive_ms = 600_000;
        })
        .await;
        // The harness has connections of its own, from the first address.
        let first = fill(&node, 1).await;
        assert!((30..=40).contains(&first.len()), "{} of one address", first.len());
        let second = fill(&node, 2).await;
        assert!((20..=30).contains(&second.len()), "the others are served: {}", second.len());
        let third = fill(&node, 3).await;
        assert!(third.len() <= 10, "all are taken: {}", third.len());
        drop((first, second, third));
        let free = async {
            while !asks(&mut connect(&node).await, LIVEZ).await.starts_with("HTTP/1.1 200 ") {
                sleep(DRIP).await;
            }
        };
        timeout(PATIENCE, free).await.expect("there is room again");
    });
}

/// The preface of HTTP/2 and an empty frame of settings.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[test]
fn http2_is_for_proxies_and_ends_when_idle() {
    with_tenant(async |_| {
        let node = hasty(|config| {
            config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
            config.connections.head_timeout_ms = 5_000;
        })
        .await;
        let mut proxy = connect(&node).await;
        proxy.write_all(HTTP2).await.expect("it is sent");
        let mut frame = [0; 9];
        proxy.read_exact(&mut frame).await.expect("settings");
        assert_eq!(frame[3], 4, "the server speaks HTTP/2");
        // Pings are no requests: a connection with nothing but pings is idle.
        let ping = "\0\0\x08\x06\0\0\0\0\0abcdefgh";
        drip(proxy, ping, ping).await;
        let mut stranger = connect_from(&node, 2, 65_536).await;
        stranger.write_all(HTTP2).await.expect("it is sent");
        assert_eq!(read_to_end(&mut stranger).await, "", "HTTP/2 without TLS is for proxies");
    });
}

/// Anyone may ask, and the response needs one of the two connections that find the callers of all tenants.
#[test]
fn the_health_of_the_database_is_asked_once_in_a_while() {
    with_tenant(async |tenant| {
        let node = environment().own_node().await;
        let client = tenant.anonymous().at(&node.base_url);
        let (before, begun) = (node.app.db.statements(), Instant::now());
        futures_util::future::join_all((0..50).map(async |_| client.get("/readyz").await.ok())).await;
        let (asked, seconds) = (node.app.db.statements() - before, begun.elapsed().as_secs() + 1);
        assert!((1..=seconds).contains(&asked), "{asked} statements in {seconds} s");
    });
}
