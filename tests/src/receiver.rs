//! A receiver of webhooks: an HTTP server on loopback that keeps what it gets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest wait for messages.
const PATIENCE: Duration = Duration::from_secs(120);

/// The behaviour of the receiver towards one request.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// Responds with a status and a body.
    Status(u16, &'static str),
    /// Responds with further headers.
    Headers(u16, &'static str),
    /// Responds with 200 and a body without an end.
    Endless,
    /// Never responds.
    Silent,
}

/// A request that the receiver got.
#[derive(Debug, Clone)]
pub struct Got {
    /// When it was complete.
    pub at: Instant,
    /// Headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
    /// The behaviour towards it.
    pub behaviour: Behaviour,
}

impl Got {
    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Returns a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} is missing: {:?}", self.headers))
    }

    /// Returns the id of the object of the event.
    pub fn object_id(&self) -> String {
        self.json()["data"]["object"]["id"].as_str().expect("an id").to_owned()
    }

    /// Returns the type of the event.
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }
}

#[derive(Debug, Default)]
struct State {
    got: Vec<Got>,
    /// Behaviours towards the next requests.
    next: VecDeque<Behaviour>,
    /// Bytes that were sent as bodies without an end.
    sent: usize,
    /// Requests without a whole response whose sender closed the connection.
    given_up: usize,
}

/// A running receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Its URL.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Starts a receiver that behaves like `usual` once the scripted behaviours are used up.
    pub async fn start(usual: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), usual.clone()));
            }
        });
        Receiver { url, state, task }
    }

    /// Responds with 204 to everything.
    pub async fn good() -> Self {
        Receiver::start(Behaviour::Status(204, "")).await
    }

    /// Behaves like this towards the next requests.
    pub fn script(&self, behaviours: &[Behaviour]) {
        self.state.lock().expect("the state").next.extend(behaviours.iter().cloned());
    }

    /// Returns all requests so far.
    pub fn got(&self) -> Vec<Got> {
        self.state.lock().expect("the state").got.clone()
    }

    /// Returns the bytes that were sent as bodies without an end.
    pub fn sent(&self) -> usize {
        self.state.lock().expect("the state").sent
    }

    /// Returns the number of requests without a whole response whose sender closed the connection.
    pub fn given_up(&self) -> usize {
        self.state.lock().expect("the state").given_up
    }

    /// Waits until the senders of so many requests without a whole response have closed their connections.
    pub async fn until_given_up(&self, count: usize) {
        let begun = Instant::now();
        while self.given_up() < count {
            assert!(begun.elapsed() < PATIENCE, "only {} senders gave up", self.given_up());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many requests came, and returns all.
    #[track_caller]
    pub fn expect(&self, count: usize) -> impl Future<Output = Vec<Got>> + '_ {
        self.until(move |got| got.len() >= count)
    }

    /// Waits until the requests are as `is_complete` says, and returns all.
    pub async fn until(&self, is_complete: impl Fn(&[Got]) -> bool) -> Vec<Got> {
        let begun = Instant::now();
        loop {
            let got = self.got();
            if is_complete(&got) {
                return got;
            }
            assert!(begun.elapsed() < PATIENCE, "only {} came: {got:?}", got.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>, usual: Behaviour) {
    let Some((headers, body)) = read(&mut stream).await else { return };
    let behaviour = {
        let mut state = state.lock().expect("the state");
        let behaviour = state.next.pop_front().unwrap_or(usual);
        state.got.push(Got { at: Instant::now(), headers, body, behaviour: behaviour.clone() });
        behaviour
    };
    match behaviour {
        Behaviour::Status(status, body) => {
            let length = body.len();
            let response =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            _ = stream.write_all(response.as_bytes()).await;
        }
        Behaviour::Headers(status, headers) => {
            let response =
                format!("HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
            _ = stream.write_all(response.as_bytes()).await;
        }
        Behaviour::Endless => {
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
            let chunk = [b'x'; 1024];
            while stream.write_all(&chunk).await.is_ok() {
                state.lock().expect("the state").sent += chunk.len();
            }
            state.lock().expect("the state").given_up += 1;
        }
        Behaviour::Silent => {
            // The sender sends no more, so a read ends when it closes the connection.
            let closed = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0; 1])).await;
            state.lock().expect("the state").given_up += usize::from(closed.is_ok());
        }
    }
}

/// Reads the headers and the body of one request.
async fn read(stream: &mut TcpStream) -> Option<(BTreeMap<String, String>, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: BTreeMap<String, String> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length").and_then(|text| text.parse().ok())?;
            if body.len() >= length {
                return Some((headers, body.to_owned()));
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
