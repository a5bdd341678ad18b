//! A store of objects outside of the database, which speaks the protocol of S3. It has contents of files, each under its SHA-256:
//! `{prefix}/{tenant}/{sha256}`.
//!
//! Each request is signed, has a deadline and takes one of a few places, of which a tenant gets at most half. A content is compared with its SHA-256 when it is read.

mod sign;

use std::sync::Arc;
use std::time::Duration;

use domain::id::TenantId;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::Url;

use self::sign::{Signed, Signer, hex, sha256_hex};
use crate::tx::shares::Share;
use crate::{Error, tx};

/// Most requests to the store at a time, of one process. Further ones wait within their deadline.
const AT_ONCE_MAX: usize = 32;
/// Most requests for one tenant at a time: it waits for a slow store, and leaves places to others.
const OF_TENANT_MAX: usize = AT_ONCE_MAX / 2;
/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes of a list of objects, which has at most 1,000 keys.
const LIST_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most objects of one list.
const LIST_MAX: usize = 1_000;
/// Most lists that one deletion of a tenant reads.
const LISTS_MAX: usize = 10_000;
/// Bytes of the object that a probe writes.
const PROBE: &[u8] = b"stockwell doctor";
/// Name of the client in the header User-Agent.
const USER_AGENT: &str = "Stockwell-Store/1";

/// The settings of a store. They were checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Scheme, host and port.
    pub endpoint: Url,
    /// The region that signatures name.
    pub region: String,
    /// Lower-case letters, digits, dots and hyphens.
    pub bucket: String,
    /// Beginning of all keys: letters, digits, and `.`, `_`, `-` and `/` between them.
    pub prefix: String,
    /// The id of the credential.
    pub access_key: String,
    /// The secret of the credential.
    pub secret_key: SecretString,
    /// Whether the bucket is in the path rather than in the name of the host.
    pub is_path_style: bool,
    /// Longest time of a request, with the wait for its place.
    pub timeout: Duration,
}

/// A request to the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not respond in time, or all places that the tenant may have are taken.
    #[error("the store does not respond in time")]
    Late,
    /// The connection failed.
    #[error("the store can't be reached: {0}")]
    Away(#[from] reqwest::Error),
    /// The store rejects the request, or has a fault.
    #[error("the store responds with the status {0}")]
    Status(u16),
    /// The content is in a store that is not configured.
    #[error(
        "the content is in the store {0}, which is not configured: set STOCKWELL_STORE_BUCKET and STOCKWELL_STORE_PREFIX of it"
    )]
    Unknown(String),
    /// An object is not there.
    #[error("the store has no object {0}")]
    Missing(String),
    /// An object has another content than was written.
    #[error("the object {0} has another content than its SHA-256 says")]
    Changed(String),
    /// A list can't be read.
    #[error("the list of objects can't be read")]
    Unreadable,
    /// A deletion has no effect.
    #[error("the store still lists an object that was deleted: {0}")]
    NotDeleted(String),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(_)
            | StoreError::Changed(_)
            | StoreError::Unreadable
            | StoreError::NotDeleted(_) => Error::invariant(error.to_string()),
            StoreError::Late | StoreError::Away(_) | StoreError::Status(_) | StoreError::Unknown(_) => {
                Error::StoreUnavailable(error.to_string())
            }
        }
    }
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    /// Scheme, host and port of the bucket, without a slash at the end.
    base: String,
    /// Value of the header `host`.
    host: String,
    /// Beginning of the path: the bucket, or nothing.
    root: String,
    http: Client,
    places: Share,
}

/// A store. Copies share its connections and places.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

/// A request to the store.
struct Sent<'s> {
    /// The tenant whose objects it concerns. A probe concerns none.
    tenant_id: Option<TenantId>,
    method: Method,
    /// Key of an object. Empty for the bucket.
    key: &'s str,
    query: &'s str,
    body: Vec<u8>,
}

impl Store {
    /// Makes the client of a store.
    pub fn new(settings: Settings) -> Result<Self, StoreError> {
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(AT_ONCE_MAX)
            .user_agent(USER_AGENT)
            .build()?;
        let of_endpoint = settings.endpoint.host_str().unwrap_or_default();
        let name = match settings.is_path_style {
            true => of_endpoint.to_owned(),
            false => format!("{}.{of_endpoint}", settings.bucket),
        };
        let host = settings.endpoint.port().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        let base = format!("{}://{host}", settings.endpoint.scheme());
        let root = if settings.is_path_style { format!("/{}", settings.bucket) } else { String::new() };
        let places = Share::new(AT_ONCE_MAX, OF_TENANT_MAX, settings.timeout);
        Ok(Store(Arc::new(Inner { settings, base, host, root, http, places })))
    }

    /// Returns the name that rows of contents have: bucket and prefix.
    pub fn name(&self) -> String {
        let Settings { bucket, prefix, .. } = &self.0.settings;
        format!("{bucket}/{prefix}")
    }

    /// Returns the longest time of a request.
    pub fn timeout(&self) -> Duration {
        self.0.settings.timeout
    }

    /// Writes the content of a file. The same content may be written again.
    pub async fn put(
        &self,
        tenant_id: TenantId,
        sha256: &[u8; 32],
        content: &[u8],
    ) -> Result<(), StoreError> {
        self.put_at(Some(tenant_id), &self.key(tenant_id, &hex(sha256)), content).await
    }

    /// Returns the content with this SHA-256, in hexadecimal digits, of so many bytes.
    pub async fn get(&self, tenant_id: TenantId, sha256: &str, size: usize) -> Result<Vec<u8>, StoreError> {
        let key = self.key(tenant_id, sha256);
        let content = self.get_at(Some(tenant_id), &key, size).await?;
        match sha256_hex(&content) == sha256 {
            true => Ok(content),
            false => Err(StoreError::Changed(key)),
        }
    }

    /// Deletes a content. One that is not there is deleted.
    pub async fn delete(&self, tenant_id: TenantId, sha256: &[u8]) -> Result<(), StoreError> {
        self.delete_at(Some(tenant_id), &self.key(tenant_id, &hex(sha256))).await
    }

    /// Deletes all objects of a tenant until the store lists none. Returns their number.
    pub async fn delete_all(&self, tenant_id: TenantId) -> Result<u64, StoreError> {
        let mut deleted = 0;
        let mut last: Option<String> = None;
        for _ in 0..LISTS_MAX {
            let keys = self.list(tenant_id).await?;
            let Some(first) = keys.first() else { return Ok(deleted) };
            if last.as_ref() == Some(first) {
                return Err(StoreError::NotDeleted(first.clone()));
            }
            last = Some(first.clone());
            for key in &keys {
                self.delete_at(Some(tenant_id), key).await?;
                deleted += 1;
            }
        }
        Err(StoreError::Unreadable)
    }

    /// Returns keys of the tenant's objects, at most 1,000.
    pub async fn list(&self, tenant_id: TenantId) -> Result<Vec<String>, StoreError> {
        let beginning = self.key(tenant_id, "");
        let query = format!("list-type=2&max-keys={LIST_MAX}&prefix={}", beginning.replace('/', "%2F"));
        let tenant_id = Some(tenant_id);
        let sent = Sent { tenant_id, method: Method::GET, key: "", query: &query, body: Vec::new() };
        let list = self.send(sent, LIST_BYTES_MAX).await?;
        keys(&list, &beginning)
    }

    /// Writes an object, reads it and deletes it.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let key = format!("{}/probe-{}", self.0.settings.prefix, std::process::id());
        self.put_at(None, &key, PROBE).await?;
        let found = self.get_at(None, &key, PROBE.len()).await?;
        self.delete_at(None, &key).await?;
        if found == PROBE { Ok(()) } else { Err(StoreError::Changed(key)) }
    }

    fn key(&self, tenant_id: TenantId, sha256: &str) -> String {
        format!("{}/{}/{sha256}", self.0.settings.prefix, tenant_id.0)
    }

    async fn put_at(&self, tenant_id: Option<TenantId>, key: &str, content: &[u8]) -> Result<(), StoreError> {
        let sent = Sent { tenant_id, method: Method::PUT, key, query: "", body: content.to_vec() };
        self.send(sent, LIST_BYTES_MAX).await.map(|_| ())
    }

    /// Reads an object of `size` bytes. A longer one is not read to its end.
    async fn get_at(
        &self,
        tenant_id: Option<TenantId>,
        key: &str,
        size: usize,
    ) -> Result<Vec<u8>, StoreError> {
        let sent = Sent { tenant_id, method: Method::GET, key, query: "", body: Vec::new() };
        match self.send(sent, size).await {
            Err(StoreError::Status(404)) => Err(StoreError::Missing(key.to_owned())),
            Err(StoreError::Unreadable) => Err(StoreError::Changed(key.to_owned())),
            other => other,
        }
    }

    async fn delete_at(&self, tenant_id: Option<TenantId>, key: &str) -> Result<(), StoreError> {
        let sent = Sent { tenant_id, method: Method::DELETE, key, query: "", body: Vec::new() };
        match self.send(sent, LIST_BYTES_MAX).await {
            Ok(_) | Err(StoreError::Status(404)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends a request, and returns the body of its response, which has at most `bytes_max` bytes.
    async fn send(&self, sent: Sent<'_>, bytes_max: usize) -> Result<Vec<u8>, StoreError> {
        let work = async {
            let _place = self.0.places.enter(sent.tenant_id).await.map_err(|_| StoreError::Late)?;
            let response = self.request(sent).await?;
            let status = response.status();
            if !status.is_success() {
                return Err(StoreError::Status(status.as_u16()));
            }
            read(response, bytes_max).await
        };
        timeout(self.0.settings.timeout, work).await.unwrap_or(Err(StoreError::Late))
    }

    async fn request(&self, sent: Sent<'_>) -> Result<Response, StoreError> {
        let Sent { method, key, query, body, .. } = sent;
        let Inner { settings, base, host, root, http, .. } = &*self.0;
        let path = format!("{root}/{key}");
        let body_sha256 = sha256_hex(&body);
        let signed = Signed {
            method: method.as_str(),
            host: host.as_str(),
            path: &path,
            query,
            body_sha256: &body_sha256,
            at: tx::now(),
        };
        let signer = Signer {
            access_key: &settings.access_key,
            secret_key: settings.secret_key.expose_secret(),
            region: &settings.region,
        };
        let authorization = signer.authorization(&signed);
        let date = signed.date();
        let url = match query {
            "" => format!("{base}{path}"),
            query => format!("{base}{path}?{query}"),
        };
        let request = http
            .request(method, url)
            .header("x-amz-content-sha256", &body_sha256)
            .header("x-amz-date", date)
            .header("authorization", authorization);
        Ok(request.body(body).send().await?)
    }
}

/// Reads a body that must not be too long.
async fn read(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(StoreError::Unreadable);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Returns the keys of a list. Each must begin as the list was asked for: others are not deleted.
fn keys(list: &[u8], beginning: &str) -> Result<Vec<String>, StoreError> {
    let text = std::str::from_utf8(list).map_err(|_| StoreError::Unreadable)?;
    if !text.contains("<ListBucketResult") {
        return Err(StoreError::Unreadable);
    }
    let mut keys = Vec::new();
    for part in text.split("<Key>").skip(1) {
        let (key, _) = part.split_once("</Key>").ok_or(StoreError::Unreadable)?;
        if !key.starts_with(beginning) {
            return Err(StoreError::Unreadable);
        }
        keys.push(key.to_owned());
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn store(endpoint: &str, is_path_style: bool) -> Store {
        Store::new(Settings {
            endpoint: endpoint.parse().expect("a URL"),
            region: "eu-central-1".to_owned(),
            bucket: "files".to_owned(),
            prefix: "shop".to_owned(),
            access_key: "key".to_owned(),
            secret_key: "secret".into(),
            is_path_style,
            timeout: Duration::from_secs(1),
        })
        .expect("a client")
    }

    #[test]
    fn the_bucket_is_in_the_path_or_in_the_host() {
        let in_path = store("http://127.0.0.1:9000", true);
        assert_eq!((in_path.0.host.as_str(), in_path.0.root.as_str()), ("127.0.0.1:9000", "/files"));
        let in_host = store("https://s3.example", false);
        assert_eq!((in_host.0.base.as_str(), in_host.0.root.as_str()), ("https://files.s3.example", ""));
        let key = in_host.key(TenantId(Uuid::nil()), "ab");
        assert_eq!(key, "shop/00000000-0000-0000-0000-000000000000/ab");
    }

    #[test]
    fn a_list_of_other_keys_is_not_read() {
        let list = b"<ListBucketResult><Contents><Key>shop/a/1</Key></Contents></ListBucketResult>";
        assert_eq!(keys(list, "shop/a/").expect("keys"), ["shop/a/1"]);
        for (list, beginning) in [(list.as_slice(), "shop/b/"), (b"<html>", "shop/a/"), (b"\xff", "shop/a/")]
        {
            assert!(keys(list, beginning).is_err(), "{beginning}");
        }
    }
}
