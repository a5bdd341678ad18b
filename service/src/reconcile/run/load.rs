//! The inputs of a run, read page by page from one snapshot of the database.
//!
//! Rows are read as they were told. The sign that a system declares is put on the quantities here; clocks, mappings and
//! meanings are for the engine. Texts that many rows share are kept once.

mod own;
mod rows;
mod setup;
mod text;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use domain::refusal::{Code, Refusal};
use reconcile::input::{Input, Ownership, SystemNo};
use reconcile::term::Sign;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use self::text::Texts;
use crate::input::tenant_defaults;
use crate::reconcile::system::OWN;
use crate::{Error, Tx};

/// Most rows of a run: snapshot lines, events and touchpoints, movements of the own ledger, mappings, items and components.
pub const ROWS_MAX: usize = reconcile::input::ROWS_MAX;

/// The span of a run, in true time.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: DateTime<Utc>,
    through: DateTime<Utc>,
}

/// A system that has sent rows.
#[derive(Debug, Clone)]
struct Sender {
    no: SystemNo,
    id: Uuid,
    sign: Sign,
    /// Its clock less true time.
    offset: Duration,
}

impl Sender {
    /// Returns the window by the clock of the system.
    fn window(&self, window: Window) -> Window {
        Window { from: window.from + self.offset, through: window.through + self.offset }
    }
}

/// The memory of a run: the texts that its rows share, and room for rows.
#[derive(Debug, Default)]
struct Memory {
    texts: Texts,
    rows: usize,
}

impl Memory {
    /// Counts rows. Rejects a run with too many.
    fn take(&mut self, rows: usize) -> Result<(), Error> {
        self.rows += rows;
        if self.rows <= ROWS_MAX {
            return Ok(());
        }
        let detail = format!(
            "The run has more than {ROWS_MAX} rows, mappings and items: choose a smaller window_days in the settings, or an earlier \
             through."
        );
        Err(Refusal::new(Code::ValidationFailed, detail).into())
    }

    /// Returns how many rows to read at most: one more than there is room for shows that there are too many.
    fn rows_max(&self) -> i64 {
        i64::try_from(ROWS_MAX.saturating_sub(self.rows) + 1).unwrap_or(i64::MAX)
    }
}

/// Reads all inputs of the window that ends at `through`, or at the newest instant of the inputs.
pub async fn input(tx: &Tx, through: Option<DateTime<Utc>>) -> Result<Input, Error> {
    let defaults = tenant_defaults(tx).await?;
    let mut memory = Memory::default();
    let settings = setup::settings(tx, &mut memory.texts).await?;
    let is_shadow = &*settings.reference != OWN;
    let (mut systems, senders) = setup::systems(tx, &mut memory.texts).await?;
    let ownership = setup::ownership(tx, &mut memory.texts).await?;
    // With another reference, the own ledger takes part if the owners name it. A tenant may hold other stock here.
    let own = if !is_shadow || names_own(&ownership) {
        let no = SystemNo::try_from(systems.len()).map_err(|_| Error::invariant("too many systems"))?;
        systems.push(own::system(&mut memory.texts));
        Some(no)
    } else {
        None
    };
    let through = match through {
        Some(through) => through,
        None => newest(tx, &senders, own.is_some()).await?,
    };
    let window = Window { from: through - Duration::days(i64::from(settings.window_days)), through };
    let mut input = Input {
        through,
        zone: defaults.time_zone,
        settings,
        systems,
        ownership,
        location_mappings: setup::location_mappings(tx, &senders, &mut memory).await?,
        sku_mappings: Vec::new(),
        items: Vec::new(),
        bundles: Vec::new(),
        snapshots: Vec::new(),
        events: Vec::new(),
        touchpoints: Vec::new(),
        resolutions: setup::resolutions(tx, &mut memory.texts).await?,
        applied: super::fix::applied(tx).await?,
    };
    if is_shadow {
        setup::shadow_items(tx, &senders, &mut memory, &mut input).await?;
    } else {
        own::items(tx, &mut memory, &mut input).await?;
    }
    for sender in &senders {
        rows::read(tx, sender, window, &mut memory, &mut input).await?;
    }
    if let Some(no) = own {
        own::read(tx, no, window, &mut memory, &mut input).await?;
    }
    Ok(input)
}

/// Whether a process is owned by the own ledger, or flows to it.
fn names_own(ownership: &[Ownership]) -> bool {
    ownership.iter().any(|of| &*of.owner == OWN || of.next_hops.iter().any(|hop| &*hop.system == OWN))
}

/// Returns the newest instant of the inputs in true time, at most now. Without inputs it is now.
async fn newest(tx: &Tx, senders: &[Sender], with_own: bool) -> Result<DateTime<Utc>, Error> {
    let mut newest = None;
    for sender in senders {
        let statement = "select greatest( \
             (select max(taken_at) from reconcile_snapshot where tenant_id = $1 and system_id = $2), \
             (select max(occurred_at) from reconcile_event where tenant_id = $1 and system_id = $2), \
             (select max(at) from reconcile_touchpoint where tenant_id = $1 and system_id = $2)) as newest";
        let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(sender.id)).await?;
        let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
        let told: Option<DateTime<Utc>> = row.try_get("newest")?;
        newest = newest.max(told.map(|told| told - sender.offset));
    }
    if with_own {
        newest = newest.max(own::newest(tx).await?);
    }
    Ok(newest.map_or(tx.now, |newest| newest.min(tx.now)))
}

/// Returns the text, or nothing for an empty one.
fn told(texts: &mut Texts, text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| texts.of(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_reads_one_row_more_than_it_takes() {
        let mut memory = Memory::default();
        assert_eq!(memory.rows_max(), 2_000_001);
        memory.take(1_999_990).expect("room");
        assert_eq!(memory.rows_max(), 11);
        memory.take(10).expect("room");
        assert_eq!(memory.rows_max(), 1);
        assert!(matches!(memory.take(1), Err(Error::Refused(_))));
        assert_eq!(memory.rows_max(), 1);
    }
}
