//! Tickets for streams, for `EventSource` in browsers, which can't send a header.
//!
//! A ticket stands for the credential of the request that made it, for one stream and one minute. It is kept in Redis, so
//! that any server can take it, or without Redis in the server that made it. What is kept is sealed with the ticket itself:
//! neither Redis nor a log of URLs has anything that opens a stream.

mod kept;
mod link;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::id::TenantId;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use secrecy::SecretString;
use service::Error;
use service::auth::AuthError;

use crate::cursor::CursorKey;
use crate::problem::ApiError;

use kept::KeptTickets;
pub use kept::OF_TENANT_MAX;
use link::Link;

/// Seconds for which a ticket can be used.
pub const SECONDS: u64 = 60;
/// Random bytes of a ticket.
const BYTES: usize = 32;
/// Prefix of a ticket.
const PREFIX: &str = "tkt_";
/// Letters of a ticket behind its prefix: its bytes in base64.
const LETTERS: usize = (BYTES * 4).div_ceil(3);

/// Name of a ticket where it is kept, and the key that opens its credential.
struct Derived {
    name: String,
    seal: CursorKey,
}

/// The tickets that can be used.
#[derive(Debug)]
pub struct Tickets {
    redis: Option<Link>,
    /// Tickets that Redis could not take.
    own: Mutex<KeptTickets>,
}

impl Tickets {
    /// Keeps tickets in the Redis at `redis`, if there is one.
    pub fn new(redis: Option<SecretString>) -> Self {
        Tickets { redis: redis.map(Link::new), own: Mutex::default() }
    }

    /// Makes a ticket for a credential of a tenant.
    pub async fn make(&self, tenant_id: TenantId, credential: &str) -> Result<String, ApiError> {
        if let Some(redis) = &self.redis {
            let (ticket, name, sealed) = seal(credential)?;
            let keep =
                async |redis: &mut MultiplexedConnection| redis.set_ex(key(&name), sealed, SECONDS).await;
            if let Ok(()) = redis.ask(keep).await {
                return Ok(ticket);
            }
            // Redis may have kept this ticket all the same. So no caller gets it, and the server keeps another one: a ticket that
            // was kept twice could be taken twice.
        }
        let (ticket, name, sealed) = seal(credential)?;
        self.own().keep(tenant_id, name, sealed, Instant::now())?;
        Ok(ticket)
    }

    /// Takes a ticket, which can't be taken again. Returns its credential. Rejects a ticket that is unknown, used or too old.
    pub async fn take(&self, ticket: &str) -> Result<SecretString, AuthError> {
        let Derived { name, seal } = read(ticket).ok_or(AuthError::InvalidTicket)?;
        let own = self.own().take(&name, Instant::now());
        let sealed = match (own, &self.redis) {
            (Some(sealed), _) => Some(sealed),
            (None, Some(redis)) => {
                let take = async |redis: &mut MultiplexedConnection| redis.get_del(key(&name)).await;
                redis.ask(take).await.map_err(|_| Error::Busy)?
            }
            (None, None) => None,
        };
        let credential = sealed.and_then(|sealed| seal.open(&name, &sealed));
        let credential = credential.and_then(|credential| String::from_utf8(credential).ok());
        credential.map(SecretString::from).ok_or(AuthError::InvalidTicket)
    }

    fn own(&self) -> MutexGuard<'_, KeptTickets> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a ticket. Returns it with its name and its sealed credential.
fn seal(credential: &str) -> Result<(String, String, String), ApiError> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| ApiError::internal("no random bytes"))?;
    let Derived { name, seal } = Derived::of(&bytes);
    let sealed = seal.seal(&name, credential.as_bytes())?;
    Ok((format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)), name, sealed))
}

/// Reads a ticket. Its length is checked first, so that a long text costs nothing.
fn read(ticket: &str) -> Option<Derived> {
    if ticket.len() != PREFIX.len() + LETTERS {
        return None;
    }
    Some(Derived::of(&BASE64_URL_SAFE_NO_PAD.decode(ticket.strip_prefix(PREFIX)?).ok()?))
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
    use secrecy::ExposeSecret;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(1));

    #[actix_web::test]
    async fn a_ticket_is_taken_once() {
        let tickets = Tickets::new(None);
        let ticket = tickets.make(TENANT, "a key").await.expect("a ticket");
        let other = Tickets::new(None);
        assert!(other.take(&ticket).await.is_err(), "another server without Redis does not know it");
        let taken = tickets.take(&ticket).await.map(|key| key.expose_secret().to_owned());
        assert_eq!(taken.ok().as_deref(), Some("a key"));
        assert!(tickets.take(&ticket).await.is_err());
        for wrong in ["", "tkt_", "tkt_AAAA", "sw_live_sk_x", "tkt_ä", &format!("{ticket}A")] {
            assert!(matches!(tickets.take(wrong).await, Err(AuthError::InvalidTicket)), "{wrong}");
        }
    }

    #[test]
    fn a_ticket_is_as_long_as_it_says() {
        let (ticket, name, _) = seal("a key").expect("a ticket");
        assert_eq!(ticket.len(), 47);
        assert_eq!(read(&ticket).map(|read| read.name), Some(name));
        assert!(read(&"A".repeat(47)).is_none());
    }

    #[test]
    fn what_is_kept_does_not_tell_the_ticket() {
        let (one, other) = (Derived::of(b"one"), Derived::of(b"other"));
        assert_ne!(one.name, other.name);
        let sealed = one.seal.seal(&one.name, b"a key").expect("sealed");
        assert_eq!(other.seal.open(&one.name, &sealed), None);
    }

    /// Serves connections as a Redis that never responds to a `SET`. Returns its URL. Sends each text that it receives.
    async fn silent_redis() -> (SecretString, mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("redis://{}", listener.local_addr().expect("an address"));
        let (received, texts) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let received = received.clone();
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(length @ 1..) = socket.read(&mut bytes).await {
                        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                        let greetings = "+OK\r\n".repeat(text.matches("SETINFO").count());
                        _ = received.send(text);
                        if socket.write_all(greetings.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (url.into(), texts)
    }

    #[actix_web::test]
    async fn a_ticket_that_redis_may_have_is_given_to_no_caller() {
        let (url, mut texts) = silent_redis().await;
        let tickets = Tickets::new(Some(url));
        let ticket = tickets.make(TENANT, "a key").await.expect("a ticket");
        let name = read(&ticket).expect("a ticket").name;
        let mut sent = String::new();
        while let Ok(text) = texts.try_recv() {
            sent += &text;
        }
        assert!(sent.contains("stockwell:ticket:"), "it was sent to Redis: {sent}");
        assert!(!sent.contains(&name), "another one was sent than the server keeps");
        assert!(tickets.take(&ticket).await.is_ok());
        let again = tickets.take(&ticket).await;
        assert!(matches!(again, Err(AuthError::Failed(_))), "Redis can't say that it has none: {again:?}");
    }

    #[actix_web::test]
    async fn all_tickets_share_one_connection() {
        let (url, mut texts) = silent_redis().await;
        let tickets = Tickets::new(Some(url));
        futures_util::future::join_all((0..20).map(|_| tickets.make(TENANT, "a key"))).await;
        let mut sent = String::new();
        while let Ok(text) = texts.try_recv() {
            sent += &text;
        }
        assert_eq!(sent.matches("LIB-NAME").count(), 1, "{sent}");
    }
}
