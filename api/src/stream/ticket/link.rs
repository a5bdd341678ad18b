//! The one connection to Redis that all tickets of a server share.

use std::time::{Duration, Instant};

use redis::RedisError;
use redis::aio::MultiplexedConnection;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Longest wait for Redis.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time for which Redis is not asked after it did not respond.
const PAUSE: Duration = Duration::from_secs(1);

/// Redis does not respond.
#[derive(Debug)]
pub(super) struct Away;

/// A connection that is opened when it is first needed, and again after it failed.
#[derive(Debug)]
pub(super) struct Link {
    url: SecretString,
    /// The connection lives on this runtime, which all threads of the server outlive.
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Closed,
    Open(MultiplexedConnection),
    /// Redis did not respond at this instant.
    Away(Instant),
}

impl Link {
    /// Makes a link to the Redis at `url`, on the current runtime.
    pub(super) fn new(url: SecretString) -> Self {
        Link { url, runtime: Handle::current(), state: Mutex::new(State::Closed) }
    }

    /// Asks Redis.
    pub(super) async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, Away> {
        let asked = async {
            let Some(mut connection) = self.connection().await? else { return Ok(None) };
            work(&mut connection).await.map(Some)
        };
        match timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(late())) {
            Ok(found) => found.ok_or(Away),
            Err(error) => {
                tracing::warn!(%error, "Redis does not keep or give a ticket");
                *self.state.lock().await = State::Away(Instant::now());
                Err(Away)
            }
        }
    }

    /// Returns the connection, which is opened if there is none. Returns nothing shortly after Redis did not respond.
    async fn connection(&self) -> Result<Option<MultiplexedConnection>, RedisError> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Open(connection) => return Ok(Some(connection.clone())),
            State::Away(since) if since.elapsed() < PAUSE => return Ok(None),
            State::Closed | State::Away(_) => {}
        }
        let client = redis::Client::open(self.url.expose_secret())?;
        let opening = self.runtime.spawn(async move { client.get_multiplexed_async_connection().await });
        let connection = opening.await.map_err(|_| late())??;
        *state = State::Open(connection.clone());
        Ok(Some(connection))
    }
}

fn late() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
