//! The presence of a worker. Other workers see within seconds that it has ended, and send the messages that it had leased.
//!
//! A worker holds the advisory lock of its number by a connection of its own. The database frees the lock when the process ends. A
//! slow worker keeps it. A worker that loses the connection gets another number: what it leased before may be sent twice.

use std::collections::BTreeSet;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions, Row};

use crate::Error;
use crate::webhook::holder::{Holder, LOCKS};

const TAKE: &str = "select pg_try_advisory_lock($1, $2) as is_held";
const ALL: &str = "select l.objid::bigint as number from pg_locks l \
     where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::bigint = $1 \
       and l.database = (select b.oid from pg_database b where b.datname = current_database())";

/// The presence of this worker. It ends when it is dropped.
#[derive(Debug)]
pub struct Presence {
    options: PgConnectOptions,
    held: Option<(PgConnection, Holder)>,
}

/// The workers that are present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// This worker.
    pub this: Holder,
    /// All, with this one.
    pub all: BTreeSet<Holder>,
}

impl Presence {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Presence { options, held: None }
    }

    /// Takes the lock, unless this worker has it, and returns the workers that are present. After a failure the next call takes another lock.
    pub async fn show(&mut self) -> Result<Present, Error> {
        let (mut connection, this) = match self.held.take() {
            Some(held) => held,
            None => appear(&self.options).await?,
        };
        let rows = sqlx::query(ALL).bind(i64::from(LOCKS)).fetch_all(&mut connection).await?;
        let mut all = BTreeSet::from([this]);
        for row in rows {
            all.extend(Holder::of_lock(row.try_get("number")?));
        }
        self.held = Some((connection, this));
        Ok(Present { this, all })
    }
}

/// Takes a lock that no worker has.
async fn appear(options: &PgConnectOptions) -> Result<(PgConnection, Holder), Error> {
    let mut connection = options.connect().await?;
    loop {
        let this = Holder::random();
        let row = sqlx::query(TAKE).bind(LOCKS).bind(this.number()).fetch_one(&mut connection).await?;
        if row.try_get("is_held")? {
            return Ok((connection, this));
        }
    }
}
