//! A small store that speaks the protocol of S3, on loopback. It computes the signature of each request again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::config::StoreArgs;
use domain::id::TenantId;
use hmac::{Hmac, KeyInit, Mac};
use service::store::Store;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const ACCESS_KEY: &str = "stockwell";
const SECRET_KEY: &str = "a secret/of+the=store";
const REGION: &str = "eu-central-1";
const BUCKET: &str = "files";

/// The behaviour of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Good,
    /// Responds with 500.
    Broken,
    /// Never responds.
    Silent,
    /// Never responds to requests for objects of this tenant.
    SilentTo(TenantId),
}

/// State of the store.
#[derive(Debug)]
pub struct State {
    /// Contents by key.
    pub objects: BTreeMap<String, Vec<u8>>,
    pub mood: Mood,
    /// Number of objects that were sent.
    pub puts: usize,
    /// Requests whose signature was wrong.
    pub unsigned: Vec<String>,
}

/// A running store. It ends when it is dropped.
pub struct SmallStore {
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for SmallStore {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmallStore {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = State { objects: BTreeMap::new(), mood: Mood::Good, puts: 0, unsigned: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        SmallStore { url, state, task }
    }

    /// Returns the settings that lead to it.
    pub fn args(&self) -> StoreArgs {
        StoreArgs {
            store_endpoint: Some(self.url.clone()),
            store_region: Some(REGION.to_owned()),
            store_bucket: Some(BUCKET.to_owned()),
            store_prefix: Some("shop/one".to_owned()),
            store_access_key: Some(ACCESS_KEY.to_owned()),
            store_secret_key: Some(SECRET_KEY.into()),
            store_path_style: Some("true".to_owned()),
            store_timeout_ms: Some("2000".to_owned()),
        }
    }

    /// Returns a client of it.
    pub fn client(&self) -> Store {
        self.args().read().expect("the settings are right").expect("a store is set")
    }

    /// Returns a client of it that waits for 5 seconds, for a test that does something meanwhile. The machine may be busy.
    pub fn patient_client(&self) -> Store {
        let args = StoreArgs { store_timeout_ms: Some("5000".to_owned()), ..self.args() };
        args.read().expect("the settings are right").expect("a store is set")
    }

    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("the state"));
    }

    /// Returns the keys of all objects. Fails if a request was not signed.
    pub fn keys(&self) -> Vec<String> {
        let state = self.state.lock().expect("the state");
        assert!(state.unsigned.is_empty(), "{:?}", state.unsigned);
        state.objects.keys().cloned().collect()
    }

    /// Returns the number of objects that were sent.
    pub fn puts(&self) -> usize {
        self.state.lock().expect("the state").puts
    }
}

/// A request.
struct Got {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(got) = read(&mut stream).await else { return };
    let mood = state.lock().expect("the state").mood;
    let is_silent = match mood {
        Mood::Silent => true,
        Mood::SilentTo(tenant_id) => got.path.contains(&tenant_id.0.to_string()),
        Mood::Good | Mood::Broken => false,
    };
    if is_silent {
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    let (status, body) = match mood {
        Mood::Good | Mood::SilentTo(_) => respond(&got, &mut state.lock().expect("the state")),
        Mood::Broken | Mood::Silent => ("500 Internal Server Error", Vec::new()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
}

fn respond(got: &Got, state: &mut State) -> (&'static str, Vec<u8>) {
    let expected = authorization(got);
    if got.headers.get("authorization") != Some(&expected) {
        state.unsigned.push(format!("{} {}", got.method, got.path));
        return ("403 Forbidden", Vec::new());
    }
    let key = got.path.strip_prefix("/files/").unwrap_or_default().to_owned();
    match (got.method.as_str(), key.as_str()) {
        ("GET", "") => {
            let prefix = got.query.rsplit_once("prefix=").map(|(_, prefix)| prefix.replace("%2F", "/"));
            let prefix = prefix.unwrap_or_default();
            let found = state.objects.keys().filter(|key| key.starts_with(&prefix)).take(1_000);
            let found: String = found.map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
            ("200 OK", format!("<ListBucketResult>{found}</ListBucketResult>").into_bytes())
        }
        ("GET", key) => match state.objects.get(key) {
            Some(content) => ("200 OK", content.clone()),
            None => ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        },
        ("PUT", key) => {
            state.puts += 1;
            state.objects.insert(key.to_owned(), got.body.clone());
            ("200 OK", Vec::new())
        }
        ("DELETE", key) => {
            state.objects.remove(key);
            ("204 No Content", Vec::new())
        }
        _ => ("405 Method Not Allowed", Vec::new()),
    }
}

/// Returns the signature that the request must have, by the documentation of S3.
fn authorization(got: &Got) -> String {
    let header = |name: &str| got.headers.get(name).cloned().unwrap_or_default();
    let (date, host, body) = (header("x-amz-date"), header("host"), sha256(&got.body));
    let names = "host;x-amz-content-sha256;x-amz-date";
    let headers = format!("host:{host}\nx-amz-content-sha256:{body}\nx-amz-date:{date}\n");
    let canonical =
        [got.method.as_str(), got.path.as_str(), got.query.as_str(), headers.as_str(), names, body.as_str()]
            .join("\n");
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in [day, REGION, "s3", "aws4_request"] {
        key = keyed(&key, part);
    }
    let signature = hex(&keyed(&key, &text));
    format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}")
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha256(content: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    hex(&digest)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a request.
async fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let mut got = head(&String::from_utf8_lossy(&bytes[..end]))?;
            let length = got.headers.get("content-length").and_then(|value| value.parse().ok());
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                got.body = body.to_vec();
                return Some(got);
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

fn head(text: &str) -> Option<Got> {
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Got { method, path: path.to_owned(), query: query.to_owned(), headers, body: Vec::new() })
}
