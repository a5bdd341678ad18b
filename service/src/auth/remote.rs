//! Requests to providers of sign-ins: their description, their keys, and the exchange of a code.
//!
//! Each request has a deadline and a most of bytes, and few of one provider run at a time: a slow provider, or all slow ones of a
//! tenant, leave room for the sign-ins of others.

use std::sync::Arc;
use std::time::Duration;

use domain::id::IdentityProviderId;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use moka::future::Cache;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::outbound::{Reach, client};

/// Time that a provider has for one response.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Most bytes of a response.
const BYTES_MAX: usize = 256 * 1024;
/// Most requests to one provider at a time, on one server. Further ones wait within their deadline.
const OF_PROVIDER_MAX: usize = 8;
/// Most requests to providers at a time, on one server: more than the 10 providers of a tenant can have.
const AT_ONCE_MAX: usize = 96;
/// Time for which a description and keys are kept.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// Shortest time between two requests for the keys of a provider.
const KEYS_EVERY: Duration = Duration::from_secs(60);
/// Most descriptions and most sets of keys that are kept.
const KEPT_MAX: u64 = 1_000;
/// Most keys of a provider that are read.
const KEYS_MAX: usize = 50;
/// Name of the client in the header User-Agent.
const USER_AGENT: &str = "Stockwell-SignIn/1";

/// A provider did not respond as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RemoteError {
    /// It can't be reached, is late, or reports a fault of its own.
    #[error("the provider does not respond")]
    Away,
    /// Its response is too long, or not in the form that the standard states.
    #[error("the response of the provider can't be read")]
    Unreadable,
    /// It rejects the request.
    #[error("the provider rejects the request")]
    Rejected,
    /// A URL of its description may not be reached.
    #[error("a URL of the provider may not be reached")]
    NotReached,
}

/// The version of a provider. A change of the provider makes another one, so that nothing old is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Version {
    pub id: IdentityProviderId,
    pub version: i32,
}

/// The description of a provider (OpenID Connect Discovery 1.0).
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}

/// The keys of a provider.
#[derive(Debug, Default)]
struct Keys {
    keys: Vec<Jwk>,
    /// When they were last asked for.
    asked_at: Option<Instant>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// The clients, one for HTTPS and one for HTTP in networks that the operator names.
#[derive(Debug)]
struct Clients {
    secure: Client,
    plain: Client,
}

/// Reaches providers, and keeps what they say for a while.
#[derive(Debug)]
pub(super) struct Remote {
    reach: Reach,
    /// Absent if they can't be made. Then no provider is reached.
    clients: Option<Clients>,
    places: Semaphore,
    own_places: Cache<IdentityProviderId, Arc<Semaphore>>,
    descriptions: Cache<Version, Arc<Description>>,
    keys: Cache<Version, Arc<Mutex<Keys>>>,
}

impl Remote {
    pub(super) fn new(reach: Reach) -> Self {
        let made = client(&reach, false, USER_AGENT, 0)
            .and_then(|secure| Ok(Clients { secure, plain: client(&reach, true, USER_AGENT, 0)? }));
        let clients =
            made.inspect_err(|error| tracing::error!(%error, "providers of sign-ins can't be reached")).ok();
        Remote {
            reach,
            clients,
            places: Semaphore::new(AT_ONCE_MAX),
            own_places: Cache::builder().max_capacity(KEPT_MAX).time_to_idle(KEPT).build(),
            descriptions: Cache::builder().max_capacity(KEPT_MAX).time_to_live(KEPT).build(),
            keys: Cache::builder().max_capacity(KEPT_MAX).time_to_live(KEPT).build(),
        }
    }

    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Returns the description of the provider with this issuer. Rejects one that names another issuer.
    pub(super) async fn describe(
        &self,
        version: Version,
        issuer: &str,
    ) -> Result<Arc<Description>, RemoteError> {
        let read = async {
            let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            let description: Description = self.get(version.id, &url).await?;
            if description.issuer != issuer {
                return Err(RemoteError::Unreadable);
            }
            // The browser goes to the first one, so its scheme counts too.
            for url in
                [&description.authorization_endpoint, &description.token_endpoint, &description.jwks_uri]
            {
                self.reach.read_url(url).map_err(|_| RemoteError::NotReached)?;
            }
            Ok(Arc::new(description))
        };
        self.descriptions.try_get_with(version, read).await.map_err(|error| *error)
    }

    /// Returns the key with this id, or the only key if the id is absent. The keys are asked for again if they lack it, at most once a
    /// minute.
    pub(super) async fn key(
        &self,
        version: Version,
        jwks_uri: &str,
        id: Option<&str>,
    ) -> Result<Option<Jwk>, RemoteError> {
        let keys = self.keys.get_with(version, async { Arc::default() }).await;
        // Those who wait here find the keys that the first one asked for.
        let mut keys = keys.lock().await;
        if let Some(key) = find(&keys.keys, id) {
            return Ok(Some(key));
        }
        if keys.asked_at.is_some_and(|at| at.elapsed() < KEYS_EVERY) {
            return Ok(None);
        }
        let set: KeySet = self.get(version.id, jwks_uri).await?;
        // A key of a kind that is not known here concerns other clients of the provider.
        let known = set.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok());
        *keys = Keys { keys: known.collect(), asked_at: Some(Instant::now()) };
        Ok(find(&keys.keys, id))
    }

    /// Sends a form and returns the response, which is JSON.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        of: IdentityProviderId,
        url: &str,
        form: String,
        login: Option<Login<'_>>,
    ) -> Result<T, RemoteError> {
        let request = |client: &Client, url: Url| {
            let request =
                client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
            match login {
                Some(Login { name, password }) => request.basic_auth(name, Some(password)),
                None => request,
            }
        };
        self.send(of, url, request).await
    }

    async fn get<T: DeserializeOwned>(&self, of: IdentityProviderId, url: &str) -> Result<T, RemoteError> {
        self.send(of, url, |client, url| client.get(url)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        of: IdentityProviderId,
        url: &str,
        request: impl FnOnce(&Client, Url) -> RequestBuilder,
    ) -> Result<T, RemoteError> {
        let url = self.reach.read_url(url).map_err(|_| RemoteError::NotReached)?;
        let clients = self.clients.as_ref().ok_or(RemoteError::Away)?;
        let client = if url.scheme() == "https" { &clients.secure } else { &clients.plain };
        let until = Instant::now() + TIMEOUT;
        let own = self.own_places.get_with(of, async { Arc::new(Semaphore::new(OF_PROVIDER_MAX)) }).await;
        let own_place = timeout_at(until, own.acquire()).await.map_err(|_| RemoteError::Away)?;
        let _own_place = own_place.map_err(|_| RemoteError::Away)?;
        let _place = self.places.try_acquire().map_err(|_| RemoteError::Away)?;
        let sent = request(client, url).header(ACCEPT, "application/json").send();
        let response = timeout_at(until, sent).await.map_err(|_| RemoteError::Away)?;
        let response = response.map_err(|_| RemoteError::Away)?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => return Err(RemoteError::Rejected),
            _ => return Err(RemoteError::Away),
        }
        let bytes = read(response, until).await?;
        serde_json::from_slice(&bytes).map_err(|_| RemoteError::Unreadable)
    }
}

/// The name and the password of Stockwell at a provider.
#[derive(Clone, Copy)]
pub(super) struct Login<'l> {
    pub name: &'l str,
    pub password: &'l str,
}

fn find(keys: &[Jwk], id: Option<&str>) -> Option<Jwk> {
    let mut signing = keys
        .iter()
        .filter(|key| key.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature));
    match id {
        Some(id) => signing.find(|key| key.common.key_id.as_deref() == Some(id)).cloned(),
        None => signing.next().filter(|_| signing.next().is_none()).cloned(),
    }
}

/// Reads a body, which must end in time and not be too long.
async fn read(mut response: Response, until: Instant) -> Result<Vec<u8>, RemoteError> {
    let mut bytes = Vec::new();
    loop {
        let chunk = timeout_at(until, response.chunk()).await.map_err(|_| RemoteError::Away)?;
        let Some(chunk) = chunk.map_err(|_| RemoteError::Away)? else { return Ok(bytes) };
        if bytes.len() + chunk.len() > BYTES_MAX {
            return Err(RemoteError::Unreadable);
        }
        bytes.extend_from_slice(&chunk);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;
    use uuid::Uuid;

    use super::*;

    fn provider(number: u128) -> IdentityProviderId {
        IdentityProviderId(Uuid::from_u128(number))
    }

    async fn listen() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        (listener, url)
    }

    #[tokio::test]
    async fn a_silent_provider_leaves_room_for_others() {
        let reach = Reach::with(vec!["127.0.0.0/8".parse().expect("a network")]);
        let remote = Arc::new(Remote::new(reach));
        let ((silent, silent_url), (other, other_url)) = (listen().await, listen().await);
        let ask = || {
            let (remote, url) = (Arc::clone(&remote), silent_url.clone());
            tokio::spawn(async move { remote.get::<Value>(provider(1), &url).await })
        };
        let asked: Vec<_> = (0..2 * AT_ONCE_MAX).map(|_| ask()).collect();
        let mut held = Vec::new();
        for _ in 0..OF_PROVIDER_MAX {
            held.push(silent.accept().await.expect("a request"));
        }
        let respond = async {
            let (mut stream, _) = other.accept().await.expect("a request");
            // A connection that is closed before its request is read is reset.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("a byte of the head"));
            }
            let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(response).await.expect("a response");
        };
        let (got, ()) = tokio::join!(remote.get::<Value>(provider(2), &other_url), respond);
        assert_eq!(got, Ok(serde_json::json!({})));
        assert_eq!(held.len(), OF_PROVIDER_MAX);
        asked.iter().for_each(JoinHandle::abort);
    }
}
