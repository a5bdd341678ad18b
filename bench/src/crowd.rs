//! Many connections at once, each with one sale: what is rejected, and how long the others take.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Barrier;

use crate::Failure;
use crate::load::{Outcome, Spread, head, receive, request};
use crate::stand::{Stand, StandOptions};

/// Addresses of the loopback network that the connections come from. One address has 200 connections at most.
const ADDRESSES: usize = 4;
/// Pause between two rounds.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub struct CrowdArgs {
    /// Connections that send one sale each, all at once.
    #[arg(long, default_value_t = 500)]
    connections: usize,
    /// Number of times that they do so.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Worker threads of the server.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Connections of the server to the database.
    #[arg(long, default_value_t = 16)]
    db_connections: u32,
}

pub async fn run(args: &CrowdArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions {
        workers: args.workers,
        connections: args.db_connections,
        rate_limits: false,
    })
    .await?;
    stand.settle(crate::stand::DATABASE)?;
    println!("{} connections at once, {} rounds", args.connections, args.rounds);
    let mut by_status = BTreeMap::<u16, Outcome>::new();
    for _ in 0..args.rounds {
        for (status, latency) in round(&stand, args.connections).await? {
            by_status.entry(status).or_default().latencies.push(latency);
        }
        tokio::time::sleep(PAUSE).await;
    }
    for (status, outcome) in &mut by_status {
        outcome.latencies.sort_unstable();
        println!(
            "{status}: {} responses, p50 {:.0} ms, p99 {:.0} ms",
            outcome.latencies.len(),
            outcome.percentile_ms(50),
            outcome.percentile_ms(99)
        );
    }
    let books = stand.shop.get("/v1/integrity").await;
    stand.stop().await?;
    let holds = books?["holds"] == true;
    println!("books: {}", if holds { "all facts hold" } else { "DIFFER" });
    if holds { Ok(()) } else { Err("the books differ".into()) }
}

/// Opens all connections, then sends a sale on each. Returns status and duration of each response.
async fn round(stand: &Stand, connections: usize) -> Result<Vec<(u16, Duration)>, Failure> {
    let addr: SocketAddr = stand.shop.addr.parse()?;
    let head = head(&stand.shop.addr, &stand.shop.key);
    let ready = Arc::new(Barrier::new(connections));
    let mut tasks = Vec::with_capacity(connections);
    for number in 0..connections {
        let request = request(&head, &stand.shop.register_id, Spread::Wide);
        let ready = Arc::clone(&ready);
        tasks.push(tokio::spawn(async move {
            let stream = connect(addr, number).await;
            ready.wait().await;
            sell(stream.map_err(|error| error.to_string())?, &request)
                .await
                .map_err(|error| error.to_string())
        }));
    }
    let mut responses = Vec::with_capacity(connections);
    for task in tasks {
        responses.push(task.await??);
    }
    Ok(responses)
}

async fn connect(addr: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let last = u8::try_from(2 + number % ADDRESSES).unwrap_or(2);
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0)))?;
    let stream = socket.connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn sell(mut stream: TcpStream, request: &str) -> Result<(u16, Duration), Failure> {
    let begun = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    let status = receive(&mut stream, &mut Vec::new()).await?;
    Ok((status, begun.elapsed()))
}
