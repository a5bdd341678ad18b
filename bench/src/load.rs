//! A load generator that costs as little as possible: closed loops over raw HTTP/1.1 on loopback.

use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::stand::{PRODUCTS, Shop};

/// The products of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Three of 10,000.
    Wide,
    /// Always the same three.
    Hot,
}

/// Result of a run of load.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Sales that were accepted.
    pub sales: u64,
    /// Duration of the run.
    pub seconds: f64,
    /// Duration of each sale, sorted.
    pub latencies: Vec<Duration>,
}

impl Outcome {
    /// Returns sales per second.
    pub fn rate(&self) -> f64 {
        self.sales as f64 / self.seconds
    }

    /// Returns the latency below which `percent` of all sales stayed, in milliseconds.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// Sells on `connections` connections for `duration`.
pub async fn sell(
    shop: &Shop,
    connections: usize,
    duration: Duration,
    spread: Spread,
) -> Result<Outcome, Failure> {
    sell_every(shop, connections, (duration, Duration::ZERO), spread).await
}

/// Sells for a duration. A connection begins a sale in each interval, or as soon as the sale before it has ended.
pub async fn sell_every(
    shop: &Shop,
    connections: usize,
    (duration, every): (Duration, Duration),
    spread: Spread,
) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let mut tasks = Vec::with_capacity(connections);
    for number in 0..connections {
        let shop = shop.clone();
        // The connections begin one after the other.
        let first = every * u32::try_from(number)? / u32::try_from(connections.max(1))?;
        tasks.push(tokio::spawn(async move {
            let head = head(&shop.addr, &shop.key);
            let times = Times { first: start + first, every, until: start + duration };
            connection(&shop.addr, &head, &shop.register_id, (times, spread))
                .await
                .map_err(|error| error.to_string())
        }));
    }
    let mut outcome = Outcome::default();
    for task in tasks {
        outcome.latencies.extend(task.await??);
    }
    outcome.sales = outcome.latencies.len() as u64;
    outcome.seconds = start.elapsed().as_secs_f64();
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

/// Returns a request that sells three products.
pub fn request(head: &str, register: &str, spread: Spread) -> String {
    let body = body(register, spread);
    let (key, length) = (uuid::Uuid::new_v4(), body.len());
    format!("{head}Idempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Returns the head of a sale without its key and length.
pub fn head(addr: &str, key: &str) -> String {
    format!(
        "POST /v1/pos/sales HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\n"
    )
}

/// The times at which a connection begins its sales.
#[derive(Debug, Clone, Copy)]
struct Times {
    first: Instant,
    every: Duration,
    until: Instant,
}

async fn connection(
    addr: &str,
    head: &str,
    register: &str,
    (Times { first, every, until }, spread): (Times, Spread),
) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut answer = Vec::with_capacity(8 * 1024);
    let mut next = first;
    while next < until && Instant::now() < until {
        tokio::time::sleep_until(next.into()).await;
        next += every;
        let request = request(head, register, spread);
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        if receive(&mut stream, &mut answer).await? != 201 {
            return Err(String::from_utf8_lossy(&answer).into_owned().into());
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

fn body(register: &str, spread: Spread) -> String {
    let third = PRODUCTS / 3;
    let mut random = rand::rng();
    let mut sku = |part: usize| match spread {
        Spread::Wide => part * third + random.random_range(1..=third),
        Spread::Hot => part + 1,
    };
    let (first, second, third) = (sku(0), sku(1), sku(2));
    let line = |sku: usize| format!(r#"{{"sku":"P{sku:05}","quantity":"1"}}"#);
    format!(
        r#"{{"register_id":"{register}","lines":[{},{},{}],"tenders":[{{"kind":"cash"}}]}}"#,
        line(first),
        line(second),
        line(third)
    )
}

/// Reads one response. Returns its status.
pub async fn receive(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<u16, Failure> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end])?;
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .ok_or("a response without a length")?;
        if answer.len() >= end + 4 + length {
            return Ok(head.split(' ').nth(1).ok_or("a response without a status")?.parse()?);
        }
    }
}
