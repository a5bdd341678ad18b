//! Addresses inside the network: none is accepted, and none is reached, also if a name leads there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Url;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::json;
use service::outbound::Reach;
use stockwell::webhook::send::Sender;
use tests::{Receiver, with_tenant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::{category, delivery, endpoint, house, with_receivers};

/// Hosts that lead inside, in every form that a browser would understand.
const INSIDE: [&str; 30] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0.0.0.0",
    "0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[fd00::1]",
    "[fe80::1]",
    "localhost",
    "hooks.localhost",
];

#[test]
fn no_endpoint_leads_inside() {
    with_tenant(async |tenant| {
        for host in INSIDE {
            let body = json!({ "url": format!("https://{host}/hook") });
            let refused = tenant.post("/v1/webhook-endpoints", &body).await;
            refused.refused(422, "validation_failed").names(&["#/url"]);
        }
        for url in [
            "http://hooks.example/",
            "ftp://hooks.example/",
            "file:///etc/passwd",
            "https://user:secret@hooks.example/",
            "https://hooks.example/#part",
            "hooks.example",
        ] {
            let refused = tenant.post("/v1/webhook-endpoints", &json!({ "url": url })).await;
            refused.refused(422, "validation_failed").names(&["#/url"]);
        }
        let made =
            tenant.post("/v1/webhook-endpoints", &json!({ "url": "https://hooks.invalid/" })).await.created();
        let path =
            format!("/v1/webhook-endpoints/{}", made["webhook_endpoint"]["id"].as_str().expect("an id"));
        let moved = tenant.patch(&path, &json!({ "url": "https://169.254.169.254/latest/meta-data" })).await;
        moved.refused(422, "validation_failed").names(&["#/url"]);
    });
}

/// Sends something to a URL whose text was not checked.
async fn send(sender: &Sender, url: &str) -> Option<&'static str> {
    let headers = [
        ("webhook-id", "evt_1".to_owned()),
        ("webhook-timestamp", "1".to_owned()),
        ("webhook-signature", "v1,x".to_owned()),
    ];
    let until = Instant::now() + Duration::from_secs(60);
    let url = Url::parse(url).expect("a URL");
    sender.post(url, headers, "{}".to_owned(), until).await.error
}

#[test]
fn a_name_that_leads_inside_is_not_reached() {
    with_receivers(async |_| {
        let receiver = Receiver::good().await;
        let port = receiver.url.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port");
        let strict = Sender::new(Reach::default(), None).expect("a sender");
        let error = send(&strict, &format!("https://localhost:{port}/")).await;
        assert_eq!(error, Some("address_not_allowed"));
        let error = send(&strict, &format!("http://localhost:{port}/")).await;
        assert_eq!(error, Some("address_not_allowed"), "HTTP needs a network that the operator names");
        assert_eq!(send(&strict, "https://nothing.invalid/").await, Some("name_not_resolved"));
        let elsewhere = Reach::with(vec!["10.0.0.0/8".parse().expect("a network")]);
        let elsewhere = Sender::new(elsewhere, None).expect("a sender");
        let error = send(&elsewhere, &format!("http://localhost:{port}/")).await;
        assert_eq!(error, Some("address_not_allowed"), "the network is another one");
        assert!(receiver.got().is_empty());
        let open =
            Reach::with(vec!["127.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("one")]);
        let open = Sender::new(open, None).expect("a sender");
        assert_eq!(send(&open, &format!("http://localhost:{port}/")).await, None);
        assert_eq!(receiver.got().len(), 1);
    });
}

#[test]
fn messages_to_a_receiver_share_a_connection() {
    with_receivers(async |_| {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let receiver = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(accept_all(stream));
            }
        });
        let open = Reach::with(vec!["127.0.0.0/8".parse().expect("a network")]);
        let open = Sender::new(open, None).expect("a sender");
        // The connection is idle a moment after the response. On a busy machine, the next message may come before that moment.
        let (mut before, mut in_a_row) = (0, 0);
        for _ in 0..20 {
            assert_eq!(send(&open, &url).await, None);
            let made = connections.load(Ordering::Relaxed);
            in_a_row = if made == before { in_a_row + 1 } else { 0 };
            before = made;
            if in_a_row == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(in_a_row, 2, "three messages in a row share a connection");
        // After the time for which connections are kept, the name is resolved again.
        let open = open.keeping(Duration::ZERO);
        assert_eq!((send(&open, &url).await, send(&open, &url).await), (None, None));
        assert_eq!(connections.load(Ordering::Relaxed), before + 2);
        receiver.abort();
    });
}

/// Responds with 204 to each request of a connection. Each has the body of [`send`].
async fn accept_all(mut stream: TcpStream) {
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
        if bytes.ends_with(b"{}") {
            bytes.clear();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("a response");
        }
    }
}

#[test]
fn the_worker_checks_the_address_of_every_message() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        // As if the address had been accepted by a server with other settings.
        let mut migrator =
            PgConnection::connect(&house().await.migrator_url()).await.expect("the migrator connects");
        let moved = "update webhook_endpoint set url = 'https://169.254.169.254/latest' where tenant_id = $1";
        let moved = sqlx::query(moved).bind(tenant.id.0).execute(&mut migrator).await.expect("an update");
        assert_eq!(moved.rows_affected(), 1);
        category(tenant, "ONE").await;
        let seen = delivery(tenant, &made, |row| row["attempts"] == 1 && row["error"].is_string()).await;
        assert_eq!(seen["log"][0]["error"], "url_not_allowed");
        assert!(receiver.got().is_empty());
    });
}
