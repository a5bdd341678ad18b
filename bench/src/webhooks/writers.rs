//! The transactions that wrote for long during the load. The feed waits for the oldest one, so all messages are late meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Row};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Failure;

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Shortest time of a transaction that is shown, in milliseconds.
const SHOWN_MS: i64 = 300;
/// Finds the oldest transaction that has written.
const OLDEST: &str = "select (extract(epoch from clock_timestamp() - xact_start) * 1000)::bigint as open_ms, \
        coalesce(usename::text, backend_type) as who, left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as statement \
     from pg_stat_activity where backend_xid is not null and xact_start is not null and pid <> pg_backend_pid() \
     order by xact_start limit 1";

/// A transaction that wrote for long.
#[derive(Debug)]
struct Writer {
    open_ms: i64,
    who: String,
    statement: String,
}

/// The oldest transactions that wrote, by the second of the load.
#[derive(Debug, Default)]
pub struct Writers(BTreeMap<u64, Writer>);

impl Writers {
    /// Looks for them again and again for a duration, as the superuser of `url`.
    pub async fn watch(url: &str, duration: Duration) -> Result<Self, Failure> {
        let begun = Instant::now();
        let mut connection = PgConnection::connect(url).await?;
        let mut writers = Writers::default();
        while begun.elapsed() < duration {
            let found = sqlx::query(OLDEST).fetch_optional(&mut connection).await?;
            if let Some(row) = found {
                let writer = Writer {
                    open_ms: row.try_get("open_ms")?,
                    who: row.try_get("who")?,
                    statement: row.try_get("statement")?,
                };
                writers.note(begun.elapsed().as_secs(), writer);
            }
            sleep(LOOK).await;
        }
        sleep_until(begun + duration).await;
        connection.close().await?;
        Ok(writers)
    }

    /// Keeps the oldest one of each second.
    fn note(&mut self, second: u64, writer: Writer) {
        let is_older = self.0.get(&second).is_none_or(|known| known.open_ms < writer.open_ms);
        if writer.open_ms >= SHOWN_MS && is_older {
            self.0.insert(second, writer);
        }
    }

    /// Prints them.
    pub fn print(&self) {
        println!("\ntransactions that wrote for {SHOWN_MS} ms or longer, the oldest one of each second:");
        println!("{:<8}{:>10}  {:<18}statement", "second", "open ms", "role");
        for (second, Writer { open_ms, who, statement }) in &self.0 {
            println!("{second:<8}{open_ms:>10}  {who:<18}{statement}");
        }
    }
}
