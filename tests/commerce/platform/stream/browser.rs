//! A stream as a browser reads it.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::Value;
use tests::Client;

/// Time to wait for a message: other tests have transactions open, and the feed waits for the oldest of them.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// One message of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Name of the event.
    pub name: String,
    /// Data of the event.
    pub data: Value,
}

/// An open stream.
pub struct Stream {
    response: Response,
    text: String,
    /// The last id, which a browser sends when it reconnects.
    pub last_id: String,
}

impl Stream {
    /// Opens a stream, or continues one.
    pub async fn open(client: &Client, query: &str, last_id: &str) -> Self {
        let call =
            client.call(Method::GET, &format!("/v1/stream{query}")).header("accept", "text/event-stream");
        Self::of(call.header("last-event-id", last_id).open().await, last_id).await
    }

    /// Reads the beginning of a response.
    pub async fn of(response: Response, last_id: &str) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Stream { response, text: String::new(), last_id: last_id.to_owned() };
        assert_eq!(stream.next().await.expect("a message").name, "ready");
        assert!(!stream.last_id.is_empty());
        stream
    }

    /// Returns the next message; `None` at the end of the response.
    pub async fn next(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("a message comes")
    }

    async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let (mut name, mut data) = (String::new(), None);
                for line in block.lines() {
                    match line.split_once(": ").unwrap_or((line, "")) {
                        ("id", id) => self.last_id = id.to_owned(),
                        ("event", event) => name = event.to_owned(),
                        ("data", json) => data = Some(serde_json::from_str(json).expect("JSON")),
                        ("retry", "2000") | (":", _) => {}
                        other => panic!("no line of a stream: {other:?}"),
                    }
                }
                if let Some(data) = data {
                    return Some(Message { name, data });
                }
                continue;
            }
            let chunk = self.response.chunk().await.expect("the response goes on")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// Returns the data of the next message, which must have this name.
    pub async fn expect(&mut self, name: &str) -> Value {
        let message = self.next().await.expect("the stream goes on");
        assert_eq!(message.name, name, "{}", message.data);
        message.data
    }

    /// Reads to the end, which must have this reason.
    pub async fn ends_with(mut self, reason: &str) {
        loop {
            let message = self.next().await.expect("the end has a reason");
            if message.name == "bye" {
                assert_eq!(message.data["reason"], reason);
                assert!(self.next().await.is_none(), "nothing comes after the end");
                return;
            }
        }
    }
}
