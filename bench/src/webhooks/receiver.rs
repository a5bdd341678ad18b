//! Receivers of webhooks on loopback, which cost as little as possible.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Failure;

/// Time after which a late receiver responds: longer than the worker waits.
const LATE: Duration = Duration::from_secs(60);
/// Pause between two bytes of a body that drips.
const DRIP: Duration = Duration::from_secs(1);

/// The behaviour of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Responds with 204 at once.
    Good,
    /// Takes no connection.
    Refusing,
    /// Never responds.
    Silent,
    /// Responds with 500.
    Failing,
    /// Responds with 200 when the worker no longer waits.
    Late,
    /// Responds with 200 and a body that comes byte by byte.
    Dripping,
}

impl Behaviour {
    /// Those that are dead, slow or lying.
    pub const BAD: [Behaviour; 5] =
        [Behaviour::Refusing, Behaviour::Silent, Behaviour::Failing, Behaviour::Late, Behaviour::Dripping];
}

impl fmt::Display for Behaviour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Behaviour::Good => "good",
            Behaviour::Refusing => "refusing",
            Behaviour::Silent => "silent",
            Behaviour::Failing => "failing",
            Behaviour::Late => "late",
            Behaviour::Dripping => "dripping",
        })
    }
}

/// The first message of an event.
#[derive(Debug)]
pub struct Got {
    /// Id of the event.
    pub event_id: String,
    /// The time of the event, as the message has it.
    pub created_at: String,
    /// When the message was complete.
    pub at: SystemTime,
}

/// The messages of a receiver, in their order.
#[derive(Debug, Default)]
pub struct Received {
    /// The first message of each event.
    pub first: Vec<Got>,
    /// Messages of events that had come before.
    pub duplicates: usize,
    seen: HashSet<String>,
}

/// A running receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Its URL.
    pub url: String,
    /// The behaviour.
    pub behaviour: Behaviour,
    received: Arc<Mutex<Received>>,
    task: Option<JoinHandle<()>>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Receiver {
    pub async fn start(behaviour: Behaviour) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let received = Arc::new(Mutex::new(Received::default()));
        let task = match behaviour {
            // The listener ends here, so nothing listens at its port.
            Behaviour::Refusing => None,
            Behaviour::Good
            | Behaviour::Silent
            | Behaviour::Failing
            | Behaviour::Late
            | Behaviour::Dripping => Some(tokio::spawn(listen(listener, Arc::clone(&received), behaviour))),
        };
        Ok(Receiver { url, behaviour, received, task })
    }

    /// Returns the number of different events that came.
    pub fn events(&self) -> usize {
        self.with(|received| received.first.len())
    }

    /// Reads what came.
    pub fn with<T>(&self, read: impl FnOnce(&Received) -> T) -> T {
        read(&locked(&self.received))
    }
}

fn locked(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, received: Arc<Mutex<Received>>, behaviour: Behaviour) {
    while let Ok((stream, _)) = listener.accept().await {
        let received = Arc::clone(&received);
        // A connection that ends is no failure: the worker is killed.
        tokio::spawn(async move { serve(stream, &received, behaviour).await });
    }
}

/// Serves the requests of a connection, one after the other.
async fn serve(mut stream: TcpStream, received: &Mutex<Received>, behaviour: Behaviour) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::with_capacity(4 * 1024);
    while let Some(length) = read(&mut stream, &mut bytes).await? {
        note(received, &String::from_utf8_lossy(&bytes[..length]));
        bytes.drain(..length);
        match behaviour {
            Behaviour::Good => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?,
            Behaviour::Failing => {
                stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n").await?;
            }
            Behaviour::Refusing | Behaviour::Silent => std::future::pending().await,
            Behaviour::Late => {
                tokio::time::sleep(LATE).await;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
            }
            Behaviour::Dripping => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await?;
                loop {
                    stream.write_all(b".").await?;
                    tokio::time::sleep(DRIP).await;
                }
            }
        }
    }
    Ok(())
}

/// Reads until a request is complete. Returns its length, or nothing if the connection has ended.
async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(head) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]);
            let length = header(&text, "content-length").and_then(|value| value.parse::<usize>().ok());
            let whole = head + 4 + length.unwrap_or_default();
            if bytes.len() >= whole {
                return Ok(Some(whole));
            }
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// Notes a message. The time of its event is the first that its body names.
fn note(received: &Mutex<Received>, request: &str) {
    let at = SystemTime::now();
    let Some(event_id) = header(request, "webhook-id") else { return };
    let created_at = request.split_once("\"created_at\":\"").and_then(|(_, rest)| rest.split_once('"'));
    let mut received = locked(received);
    if !received.seen.insert(event_id.to_owned()) {
        received.duplicates += 1;
        return;
    }
    let created_at = created_at.map_or("", |(text, _)| text).to_owned();
    received.first.push(Got { event_id: event_id.to_owned(), created_at, at });
}

fn header<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
