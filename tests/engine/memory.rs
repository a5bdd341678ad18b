//! Memory of the server: long bodies at once, and callers without a credential, move it by a stated number of bytes only.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Tenant, Till, environment, sale, with_tenants};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use uuid::Uuid;

use crate::process::{Process, quiet_addr};

const MIB: usize = 1024 * 1024;
/// Most MiB by which 20 batches of 5 MB at once move the resident memory.
const BATCHES_MAX: usize = 100;
/// Most MiB by which an export of many rows moves it.
const EXPORT_MAX: usize = 16;
/// Most MiB by which a whole list moves it whose last rows are 200 KB long.
const LIST_MAX: usize = 80;
/// Most MiB by which callers without a credential move it.
const STRANGERS_MAX: usize = 50;

/// Resident memory of a server.
struct Memory {
    process: u32,
    before: usize,
}

impl Memory {
    /// Begins to measure.
    fn of(server: &Process) -> Self {
        let process = server.id();
        // The highest mark begins again at the present memory (proc(5)).
        fs::write(format!("/proc/{process}/clear_refs"), "5").expect("the mark is set again");
        Memory { process, before: field(process, "VmRSS") }
    }

    /// Prints the MiB by which the memory moved at most, and returns them.
    fn moved(&self, name: &str, statuses: &BTreeMap<u16, usize>) -> usize {
        let highest = field(self.process, "VmHWM");
        let moved = highest.saturating_sub(self.before).div_ceil(1024);
        println!("{name:<40} from {:>4} by {moved:>4} MiB  {statuses:?}", self.before / 1024);
        moved
    }
}

/// Returns a figure of a process in KiB.
fn field(process: u32, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("the field");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Returns a batch of about 5 MB with 500 items.
fn batch(item: impl Fn(usize, &str) -> String) -> String {
    let padding = " ".repeat(10_000);
    let items: Vec<String> = (0..500).map(|number| item(number, &padding)).collect();
    format!(r#"{{"items":[{}]}}"#, items.join(","))
}

/// Batches of about 5 MB, each with its name and path.
fn batches(till: &Till) -> [(&'static str, &'static str, String); 6] {
    let key = Uuid::new_v4;
    let sold = sale(till, &[("MUG", "1")]).to_string();
    let line = json!({ "sku": "NONE", "quantity": "1" });
    let unknown: Vec<Value> = vec![line; 250];
    let rejected =
        json!({ "register_id": till.register_id, "lines": unknown, "tenders": [{ "kind": "cash" }] })
            .to_string();
    let sales = "/v1/pos/sales/batch";
    [
        (
            "sales",
            sales,
            batch(|_, blank| format!(r#"{{"idempotency_key":"{}","body":{sold}{blank}}}"#, key())),
        ),
        (
            "sales of unknown products",
            sales,
            batch(|_, _| format!(r#"{{"idempotency_key":"{}","body":{rejected}}}"#, key())),
        ),
        (
            "sales that can't be read",
            sales,
            batch(|_, blank| format!(r#"{{"idempotency_key":"{}","body":{{"lines":7{blank}}}}}"#, key())),
        ),
        (
            "products",
            "/v1/products/batch",
            batch(|_, _| {
                json!({ "sku": key().to_string(), "name": "Cup", "description": "cup ".repeat(2_450), "list_price": "1" }).to_string()
            }),
        ),
        ("many small entries", "/v1/products/batch", format!(r#"{{"items":[1{}]}}"#, ",1".repeat(2_600_000))),
        ("brackets", sales, "[".repeat(5_200_000)),
    ]
}

async fn send(client: &Client, path: &str, body: &str) -> u16 {
    let reply = client.call(Method::POST, path).raw(body).send().await;
    assert!(
        [207, 400, 422, 429, 503].contains(&reply.status),
        "{path}: {} {:.300}",
        reply.status,
        reply.text
    );
    if matches!(reply.status, 429 | 503) {
        assert!(reply.header("retry-after").is_some(), "{:.300}", reply.text);
    }
    reply.status
}

fn count(statuses: impl IntoIterator<Item = u16>) -> BTreeMap<u16, usize> {
    statuses.into_iter().fold(BTreeMap::new(), |mut counts, status| {
        *counts.entry(status).or_default() += 1;
        counts
    })
}

async fn stocked(tenant: &Tenant) -> Till {
    tenant.stocked("MUG", "10.00", ("100000", "4.00")).await;
    tenant.till().await
}

#[test]
fn twenty_long_batches_at_once_move_the_memory_by_little() {
    with_tenants(async |one, other| {
        let (addr, tills) = (quiet_addr(), [stocked(one).await, stocked(other).await]);
        let server = Process::server(&addr, 16).await;
        let clients = [one, other].map(|tenant| tenant.at(&format!("http://{addr}")));
        for client in &clients {
            client.get("/v1/products").await.ok();
        }
        let mut most = 0;
        let [first, second] = tills.each_ref().map(|till| batches(till));
        for (of_one, of_other) in first.iter().zip(&second) {
            let memory = Memory::of(&server);
            let sends = (0..20).map(|number| {
                let (client, (_, path, body)) =
                    if number % 2 == 0 { (&clients[0], of_one) } else { (&clients[1], of_other) };
                send(client, path, body)
            });
            let statuses = count(join_all(sends).await);
            most = most.max(memory.moved(of_one.0, &statuses));
        }
        assert!(most <= BATCHES_MAX, "{most} MiB");
        server.kill().await;
    });
}

#[test]
fn callers_without_a_credential_move_the_memory_by_little() {
    with_tenants(async |one, _| {
        let addr = quiet_addr();
        let server = Process::server(&addr, 16).await;
        let base_url = format!("http://{addr}");
        one.at(&base_url).get("/v1/products").await.ok();
        let stranger = one.anonymous().at(&base_url);
        let memory = Memory::of(&server);
        let login = async |email: String| {
            let body = json!({ "tenant": one.slug, "email": email, "password": "wrong" });
            stranger.call(Method::POST, "/v1/auth/login").json(&body).send().await.status
        };
        let long = "a".repeat(240 * 1024);
        for _ in 0..6 {
            let statuses = count(join_all((0..50).map(|_| login(long.clone()))).await);
            assert_eq!(statuses, BTreeMap::from([(413, 50)]));
        }
        let mut most = memory.moved("300 logins of 240 KB", &BTreeMap::new());
        let logins = (0..90).map(|number| login(format!("{number}@shop.example")));
        most = most.max(memory.moved("90 wrong logins", &count(join_all(logins).await)));
        let bodies = (0..20)
            .map(|_| stranger.call(Method::POST, "/v1/products/import").raw(long.repeat(20)).try_send());
        let statuses = join_all(bodies).await.into_iter().flatten().map(|reply| reply.status);
        most = most.max(memory.moved("20 bodies of 5 MB", &count(statuses)));
        most = most.max(memory.moved("200 connections with long heads", &count(heads(&addr).await)));
        assert!(most <= STRANGERS_MAX, "{most} MiB");
        server.kill().await;
    });
}

#[test]
fn long_responses_that_are_not_read_move_the_memory_by_little() {
    with_tenants(async |one, other| {
        let addr = quiet_addr();
        let server = Process::server(&addr, 16).await;
        let clients = [one, other].map(|tenant| tenant.at(&format!("http://{addr}")));
        let item = |_: usize, _: &str| {
            json!({ "sku": Uuid::new_v4().to_string(), "name": "Cup", "description": "cup ".repeat(2_450), "list_price": "1" })
                .to_string()
        };
        assert_eq!(send(&clients[0], "/v1/products/batch", &batch(item)).await, 207);
        let page = clients[0].get("/v1/products?limit=200").await;
        assert!(page.text.len() > MIB, "{} bytes", page.text.len());
        clients[1].get("/v1/products").await.ok();
        clients[1].anonymous().get("/openapi.json").await.expect(200);

        let memory = Memory::of(&server);
        let request = format!("GET /openapi.json HTTP/1.1\r\nhost: {addr}\r\n\r\n");
        let documents = unread(&addr, 90, Duration::ZERO, &request).await;
        let statuses = count(documents.iter().map(|(_, status)| *status));
        assert_eq!(statuses, BTreeMap::from([(200, 90)]));
        let moved = memory.moved("90 documents of 2 MB that are not read", &statuses);
        assert!(moved <= STRANGERS_MAX, "{moved} MiB");
        drop(documents);

        let memory = Memory::of(&server);
        let key = &one.key;
        let request =
            format!("GET /v1/products?limit=200 HTTP/1.1\r\nhost: {addr}\r\nx-api-key: {key}\r\n\r\n");
        let held = unread(&addr, 90, Duration::from_millis(50), &request).await;
        let statuses = count(held.iter().map(|(_, status)| *status));
        let moved = memory.moved("90 pages of 2 MB that are not read", &statuses);
        // How many are rejected depends on what the kernel takes for them, and on how fast the pages are read.
        let is_expected = statuses.keys().all(|status| matches!(status, 200 | 429 | 503));
        assert!(statuses.contains_key(&200) && is_expected, "{statuses:?}");
        assert!(moved <= BATCHES_MAX, "{moved} MiB");
        clients[0].get("/v1/products?limit=1").await.ok();
        clients[1].get("/v1/products").await.ok();
        drop(held);
        server.kill().await;
    });
}

/// Sends a request on so many connections, one after each pause. Returns the connections with their statuses: nothing more is read.
async fn unread(addr: &str, count: u32, pause: Duration, request: &str) -> Vec<(TcpStream, u16)> {
    let open = (0..count).map(async |number| {
        tokio::time::sleep(pause * number).await;
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a size");
        let mut stream = socket.connect(addr.parse().expect("an address")).await.expect("it connects");
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut head = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_exact(&mut head)).await;
        read.expect("a response").expect("a head");
        let status = std::str::from_utf8(&head).expect("text").rsplit(' ').next().expect("a status");
        (stream, status.parse().expect("a number"))
    });
    join_all(open).await
}

/// Sales lines of the export.
const LINES: i64 = 120_000;
/// Makes so many invoiced lines of a tenant. They have no documents, and are deleted before the books are checked.
const INSERT_LINES: &str = "
insert into sales_line (
    tenant_id, document_id, line_no, document_kind, channel, location_id, country, currency, product_id, uom, factor, entered,
    quantity, unit_price, price_source, gross, discount, net, tax_rate, tax, cost, occurred_at, recorded_at)
select $1, gen_random_uuid(), 1, 'invoice', 'wholesale', l.id, 'DE', t.currency, p.id, 'C62', 1, 2, 2, 20, 'list', 40, 0, 40, 0, 0,
    24, now(), now()
from generate_series(1, $2) number, tenant t, product p, location l
where t.tenant_id = $1 and p.tenant_id = $1 and p.sku = 'MUG' and l.tenant_id = $1 and l.code = 'MAIN'";

/// Reads a response to its end. Returns its bytes and lines, or an error if it was cut.
async fn read_slowly(mut response: reqwest::Response) -> Result<(usize, usize), reqwest::Error> {
    let (mut bytes, mut lines) = (0, 0);
    while let Some(piece) = response.chunk().await? {
        bytes += piece.len();
        lines += piece.iter().filter(|byte| **byte == b'\n').count();
        tokio::task::yield_now().await;
    }
    Ok((bytes, lines))
}

#[test]
fn an_export_of_many_rows_moves_the_memory_by_little_and_is_cut_when_it_fails() {
    with_tenants(async |tenant, _| {
        stocked(tenant).await;
        let mut root = environment().connect().await;
        sqlx::query(INSERT_LINES).bind(tenant.id.0).bind(LINES).execute(&mut root).await.expect("lines");
        let addr = quiet_addr();
        let server = Process::server(&addr, 16).await;
        let client = tenant.at(&format!("http://{addr}"));
        let nothing = client.get("/v1/reports/rows/sales_lines?from=2100-01-01").await;
        assert_eq!((nothing.status, nothing.text.lines().count()), (200, 1), "{}", nothing.text);
        let open =
            async || client.call(Method::GET, "/v1/reports/rows/sales_lines?locale=de-DE").open().await;

        let memory = Memory::of(&server);
        let response = open().await;
        assert_eq!(response.headers()["stockwell-row-count"], LINES.to_string().as_str());
        let (bytes, lines) = read_slowly(response).await.expect("the whole file");
        assert_eq!(lines, usize::try_from(LINES).expect("a number") + 1, "a header and the rows");
        assert!(bytes > EXPORT_MAX * MIB, "{bytes} bytes are more than the memory may move by");
        let moved = memory.moved("an export of 120,000 rows", &BTreeMap::new());
        assert!(moved <= EXPORT_MAX, "{moved} MiB");

        let response = open().await;
        let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like 'fetch %wanted_rows' and \
             state <> 'idle' and datname = current_database() and usename = 'stockwell_app'";
        // The number of rows is sent before the first part is read.
        let begun = Instant::now();
        while sqlx::query_scalar::<_, i64>(ended).fetch_one(&mut root).await.expect("a count") == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "the export does not wait for its reader");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        read_slowly(response).await.expect_err("a file that was cut is no whole one");
        client.get("/v1/reports/revenue?group_by=channel").await.expect(200);
        server.kill().await;
        let lines = "delete from sales_line where tenant_id = $1";
        sqlx::query(lines).bind(tenant.id.0).execute(&mut root).await.expect("they are deleted");
    });
}

#[test]
fn a_whole_list_whose_rows_grow_moves_the_memory_by_little() {
    with_tenants(async |tenant, _| {
        let addr = quiet_addr();
        let server = Process::server(&addr, 16).await;
        let client = tenant.at(&format!("http://{addr}"));
        for kind in ["SHORT", "SHORT", "LONG"] {
            let item = |_: usize, _: &str| {
                json!({ "sku": format!("{kind}-{}", Uuid::new_v4().simple()), "name": "Cup" }).to_string()
            };
            assert_eq!(send(&client, "/v1/products/batch", &batch(item)).await, 207);
        }
        let mut root = environment().connect().await;
        let long =
            "update product set description = repeat('x', 200000) where tenant_id = $1 and sku like 'LONG-%'";
        sqlx::query(long).bind(tenant.id.0).execute(&mut root).await.expect("long rows");
        for path in ["/v1/products?format=ndjson&sort=created_at", "/v1/products?format=csv&sort=created_at"]
        {
            let memory = Memory::of(&server);
            let response = client.call(Method::GET, path).open().await;
            let (bytes, lines) = read_slowly(response).await.expect("the whole list");
            assert!(bytes > LIST_MAX * MIB && lines >= 1_500, "{bytes} bytes, {lines} lines");
            let moved = memory.moved("a whole list whose rows grow", &BTreeMap::new());
            assert!(moved <= LIST_MAX, "{path}: {moved} MiB");
        }
        server.kill().await;
    });
}

/// Opens 200 connections, each with a head of 128 KiB that does not end. Returns the statuses of those that got one.
async fn heads(addr: &str) -> Vec<u16> {
    let open = (0..200).map(async |_| {
        let mut stream = TcpStream::connect(addr).await.ok()?;
        let head = format!("GET /livez HTTP/1.1\r\nHost: {addr}\r\nX-Long: {}", "a".repeat(MIB / 8));
        // The server may have had enough of it before all is sent.
        _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(head.as_bytes())).await;
        let mut answer = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await;
        read.ok()?.ok()?;
        std::str::from_utf8(&answer).ok()?.rsplit(' ').next()?.parse::<u16>().ok()
    });
    join_all(open).await.into_iter().flatten().collect()
}
