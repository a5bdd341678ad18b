//! The rows of a run, page by page in the order in which the engine lists them.

use domain::id::ReconcileRunId;
use reconcile::answer::Discrepancy;
use reconcile::term::Class;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::{Deserialize, Serialize};

use super::level::{self, Line};
use super::parsed;
use crate::listing::Listing;
use crate::{Error, Tx};

/// The place of a row: its run and its number there. A walk stays in the run in which it began.
pub type Place = (ReconcileRunId, i32);

/// A row with its place, which no response shows.
#[derive(Debug, Clone)]
pub struct Numbered<T> {
    pub place: Place,
    pub record: T,
}

impl<T: Serialize> Serialize for Numbered<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record.serialize(serializer)
    }
}

/// Which rows of a run to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub system: Option<String>,
    pub sku: Option<String>,
    pub place: Option<String>,
    /// All classes if empty.
    pub classes: Vec<Class>,
    /// Both if absent.
    pub state: Option<State>,
}

/// Whether an episode goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReconcileEpisodeState)]
pub enum State {
    /// The difference is still there.
    Open,
    /// The difference is gone.
    Healed,
}

/// A page of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunPage {
    pub run_id: ReconcileRunId,
    /// The page starts after this number; at the beginning if absent.
    pub after: Option<i32>,
    /// Number of rows to read.
    pub rows: u64,
}

impl RunPage {
    /// Returns the page after a place, or the first of the run that is wanted.
    pub async fn of(
        tx: &Tx,
        wanted: Option<ReconcileRunId>,
        after: Option<Place>,
        rows: u64,
    ) -> Result<Self, Error> {
        let (run_id, after) = match after {
            Some((run_id, no)) => (run_id, Some(no)),
            None => (super::wanted(tx, wanted).await?, None),
        };
        Ok(RunPage { run_id, after, rows })
    }
}

/// Lists the differences of a run.
pub async fn discrepancies(
    tx: &Tx,
    filter: &Filter,
    page: RunPage,
) -> Result<Vec<Numbered<Discrepancy>>, Error> {
    let select = "select d.no, d.content from reconcile_discrepancy d where d.tenant_id = ";
    let rows = filtered(Listing::new(tx, select).sql(" and d.run_id = ").bind(page.run_id.0), "d", filter);
    let rows = rows
        .with("d.no > ", page.after)
        .sql(" order by d.no limit ")
        .bind(page.rows.cast_signed())
        .rows(tx)
        .await?;
    let numbered = |row: &PgRow| -> Result<Numbered<Discrepancy>, Error> {
        let place = (page.run_id, row.try_get("no")?);
        Ok(Numbered { place, record: parsed(row.try_get("content")?)? })
    };
    let mut found: Vec<Numbered<Discrepancy>> = rows.iter().map(numbered).collect::<Result<_, _>>()?;
    let lines = found.iter_mut().map(|row| Line::of_discrepancy(page.run_id, &mut row.record));
    level::add(tx, lines.collect()).await?;
    Ok(found)
}

/// Adds the conditions that discrepancies and episodes share. `alias` is `d` or `e`.
pub(super) fn filtered(listing: Listing, alias: &str, filter: &Filter) -> Listing {
    let Filter { system, sku, place, classes, .. } = filter;
    let [of_system, of_sku, of_place, class] = match alias {
        "d" => ["d.system = ", "d.sku = ", "d.place = ", "d.class"],
        _ => ["e.system = ", "e.sku = ", "e.place = ", "e.class"],
    };
    listing
        .with(of_system, system.as_deref())
        .with(of_sku, sku.as_deref())
        .with(of_place, place.as_deref())
        .among(class, classes)
}
