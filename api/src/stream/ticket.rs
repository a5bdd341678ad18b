//! Tickets for streams, for `EventSource` in browsers, which can't send a header.
//!
//! A ticket stands for the credential of the request that made it, for one stream and one minute. It is kept in Redis, so
//! that any server can take it, or without Redis in the server that made it. What is kept is sealed with the ticket itself:
//! neither Redis nor a log of URLs has anything that opens a stream.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use secrecy::{ExposeSecret, SecretString};

use crate::cursor::CursorKey;
use crate::problem::ApiError;

/// Seconds for which a ticket can be used.
pub const SECONDS: u64 = 60;
/// Most tickets that a server keeps itself.
const KEPT_MAX: usize = 10_000;
/// Random bytes of a ticket.
const BYTES: usize = 32;
/// Prefix of a ticket.
const PREFIX: &str = "tkt_";
/// Longest wait for Redis.
const PATIENCE: Duration = Duration::from_millis(500);

/// Name of a ticket where it is kept, and the key that opens its credential.
struct Derived {
    name: String,
    seal: CursorKey,
}

/// A sealed credential, until an instant.
type Kept = (Instant, String);

/// The tickets that can be used.
#[derive(Debug)]
pub struct Tickets {
    redis: Option<SecretString>,
    /// Tickets that Redis could not take.
    own: Mutex<HashMap<String, Kept>>,
}

impl Tickets {
    /// Keeps tickets in the Redis at `redis`, if there is one.
    pub fn new(redis: Option<SecretString>) -> Self {
        Tickets { redis, own: Mutex::default() }
    }

    /// Makes a ticket for a credential.
    pub async fn make(&self, credential: &str) -> Result<String, ApiError> {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).map_err(|_| ApiError::internal("no random bytes"))?;
        let Derived { name, seal } = Derived::of(&bytes);
        let sealed = seal.seal(&name, credential.as_bytes())?;
        if !self.keep_in_redis(&name, &sealed).await {
            self.keep(name, sealed)?;
        }
        Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Takes a ticket, which can't be taken again. Returns its credential; nothing if it is unknown, used or too old.
    pub async fn take(&self, ticket: &str) -> Option<SecretString> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(ticket.strip_prefix(PREFIX)?).ok()?;
        let Derived { name, seal } = Derived::of(&bytes);
        let sealed = match self.take_own(&name) {
            Some(sealed) => sealed,
            None => self.take_from_redis(&name).await?,
        };
        Some(SecretString::from(String::from_utf8(seal.open(&name, &sealed)?).ok()?))
    }

    fn own(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, name: String, sealed: String) -> Result<(), ApiError> {
        let now = Instant::now();
        let mut own = self.own();
        if own.len() >= KEPT_MAX {
            own.retain(|_, (until, _)| *until > now);
        }
        if own.len() >= KEPT_MAX {
            return Err(ApiError::of(crate::problem::ErrorCode::TemporarilyUnavailable).with_retry_after(5));
        }
        own.insert(name, (now + Duration::from_secs(SECONDS), sealed));
        Ok(())
    }

    fn take_own(&self, name: &str) -> Option<String> {
        let (until, sealed) = self.own().remove(name)?;
        (until > Instant::now()).then_some(sealed)
    }

    async fn keep_in_redis(&self, name: &str, sealed: &str) -> bool {
        let keep = async |redis: &mut MultiplexedConnection| redis.set_ex(key(name), sealed, SECONDS).await;
        self.ask(keep).await.is_some_and(|()| true)
    }

    async fn take_from_redis(&self, name: &str) -> Option<String> {
        let take =
            async |redis: &mut MultiplexedConnection| redis.get_del::<_, Option<String>>(key(name)).await;
        self.ask(take).await?
    }

    /// Asks Redis. Returns nothing if there is none, or if it does not respond.
    async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, redis::RedisError>,
    ) -> Option<T> {
        let url = self.redis.as_ref()?;
        let asked = async {
            let client = redis::Client::open(url.expose_secret())?;
            let mut connection = client.get_multiplexed_async_connection().await?;
            work(&mut connection).await
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a ticket is not kept in Redis");
                None
            }
            Err(_) => {
                tracing::warn!("a ticket is not kept in Redis: it does not respond");
                None
            }
        }
    }
}

impl Derived {
    /// Derives both from the random bytes of a ticket. One does not give the other.
    fn of(bytes: &[u8]) -> Self {
        let of = |purpose: &[u8]| digest::digest(&digest::SHA256, &[purpose, bytes].concat());
        let mut secret = [0; 32];
        secret.copy_from_slice(of(b"seal").as_ref());
        Derived { name: BASE64_URL_SAFE_NO_PAD.encode(of(b"name").as_ref()), seal: CursorKey::new(&secret) }
    }
}

fn key(name: &str) -> String {
    format!("stockwell:ticket:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_ticket_is_taken_once() {
        let tickets = Tickets::new(None);
        let ticket = tickets.make("a key").await.expect("a ticket");
        let other = Tickets::new(None);
        assert!(other.take(&ticket).await.is_none(), "another server without Redis does not know it");
        let taken = tickets.take(&ticket).await.map(|key| key.expose_secret().to_owned());
        assert_eq!(taken.as_deref(), Some("a key"));
        assert!(tickets.take(&ticket).await.is_none());
        for wrong in ["", "tkt_", "tkt_AAAA", "sw_live_sk_x", "tkt_ä"] {
            assert!(tickets.take(wrong).await.is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_does_not_tell_the_ticket() {
        let (one, other) = (Derived::of(b"one"), Derived::of(b"other"));
        assert_ne!(one.name, other.name);
        let sealed = one.seal.seal(&one.name, b"a key").expect("sealed");
        assert_eq!(other.seal.open(&one.name, &sealed), None);
    }

    #[test]
    fn an_old_ticket_is_none() {
        let tickets = Tickets::new(None);
        tickets.own().insert("old".to_owned(), (Instant::now(), "sealed".to_owned()));
        assert_eq!(tickets.take_own("old"), None);
    }
}
