//! A database snapshot: the transactions whose writes a reader has seen.

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, Row};

use crate::{Error, Tx};

/// Beyond this age the transaction ids in rows wrap around. It leaves room for transactions that write meanwhile.
const AGE_MAX: u64 = 2_000_000_000;

/// A snapshot of the database, as `pg_current_snapshot()` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// All transactions below had ended.
    horizon: u64,
    /// No transaction from here on had begun to write.
    next: u64,
    /// Transactions in between that were open.
    open: Vec<u64>,
    /// Added to a transaction id, it gives the position of its events.
    base: i64,
    /// Time of the snapshot, by the clock that decides what has expired.
    at: DateTime<Utc>,
}

impl Snapshot {
    /// Returns the snapshot that the transaction reads from.
    pub(crate) async fn read(tx: &Tx) -> Result<Self, Error> {
        let query =
            sqlx::query("select pg_current_snapshot()::text as snapshot, event_base() as base, now() as at");
        let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a transaction has a snapshot"))?;
        let text: String = row.try_get("snapshot")?;
        Snapshot::parse(&text, row.try_get("base")?, row.try_get("at")?)
            .ok_or_else(|| Error::invariant(format!("no snapshot: {text}")))
    }

    pub(super) fn parse(text: &str, base: i64, at: DateTime<Utc>) -> Option<Self> {
        let mut parts = text.split(':');
        let (horizon, next) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let open = parts.next()?.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok());
        Some(Snapshot { horizon, next, open: open.collect::<Option<_>>()?, base, at })
    }

    /// Returns the position below which the feed was complete.
    pub fn position(&self) -> i64 {
        self.base.saturating_add_unsigned(self.horizon)
    }

    /// Returns the time of the snapshot, by the database's clock.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Whether the snapshot sees the writes of `transaction`.
    pub fn sees(&self, transaction: u64) -> bool {
        transaction < self.horizon || (transaction < self.next && !self.open.contains(&transaction))
    }

    /// Returns the whole id of a transaction that the snapshot sees. A row has only the lower half. Ids below three
    /// stand for the far past.
    pub(crate) fn widen(&self, half: u64) -> u64 {
        const HALF: u64 = 1 << 32;
        if half < 3 {
            return 0;
        }
        let id = self.next / HALF * HALF + half;
        if id < self.next { id } else { id.saturating_sub(HALF) }
    }

    /// Returns the lower half of the id of the transaction at `position`, as rows have it. Returns nothing if the
    /// position is too old to be compared with rows.
    pub(crate) fn truncate(&self, position: i64) -> Option<u32> {
        let transaction = u64::try_from(position.saturating_sub(self.base)).ok()?;
        let age = self.next.saturating_sub(transaction);
        let half = u32::try_from(transaction % (1 << 32)).ok()?;
        (age < AGE_MAX).then_some(half.max(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(text: &str) -> Snapshot {
        Snapshot::parse(text, 0, DateTime::UNIX_EPOCH).expect("a snapshot")
    }

    #[test]
    fn sees_what_had_ended() {
        let snapshot = snapshot("10:20:10,15");
        let seen: Vec<u64> = (8..22).filter(|id| snapshot.sees(*id)).collect();
        assert_eq!(seen, [8, 9, 11, 12, 13, 14, 16, 17, 18, 19]);
        assert_eq!(snapshot.position(), 10);
    }

    #[test]
    fn nothing_is_open() {
        let snapshot = snapshot("10:10:");
        assert!(snapshot.sees(9) && !snapshot.sees(10));
        for text in ["", "10", "10:20", "10:20:x", "a:b:"] {
            assert_eq!(Snapshot::parse(text, 0, DateTime::UNIX_EPOCH), None, "{text}");
        }
    }

    #[test]
    fn a_half_id_is_of_the_last_turn() {
        let turn = 1_u64 << 32;
        let snapshot = snapshot(&format!("{0}:{0}:", 5 * turn + 100));
        assert_eq!(snapshot.widen(99), 5 * turn + 99);
        assert_eq!(snapshot.widen(100), 4 * turn + 100);
        assert_eq!(snapshot.widen(2), 0);
        assert_eq!(snapshot.truncate(i64::try_from(5 * turn + 90).expect("small")), Some(90));
        assert_eq!(
            snapshot.truncate(i64::try_from(5 * turn).expect("small")),
            Some(3),
            "ids begin with three"
        );
        assert_eq!(snapshot.truncate(7), None, "too far back");
        assert_eq!(snapshot.truncate(-1), None, "of another server");
    }
}
