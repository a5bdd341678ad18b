//! Number series, which are the last rows that a batch locks.

use std::collections::{BTreeSet, HashMap};

use domain::book::Book;
use domain::document;
use sea_orm::sqlx::{self, Row};

use crate::{Error, Tx};
use domain::needs::Needs;

/// Returns the series from which the batch may take numbers.
pub(super) fn names(needs: &Needs, book: &Book) -> BTreeSet<String> {
    let registers = needs.register_ids.iter().filter_map(|id| book.setup.registers.get(id));
    let mut names: BTreeSet<String> =
        registers.map(|register| document::series(&register.code, book.now)).collect();
    names.extend(needs.numbered.iter().filter_map(|kind| kind.series(book.now)));
    names
}

/// Reads and locks number series, the last rows that a batch locks. A new series begins at 1. No series is locked until
/// all of them exist: a batch that waits for another one to create a series must not hold a lock on a series.
pub(super) async fn load(tx: &Tx, names: &BTreeSet<String>) -> Result<HashMap<String, i64>, Error> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let read = async || -> Result<HashMap<String, i64>, Error> {
        let statement = "select series, next from number_series where tenant_id = $1 and series = any($2) \
                           and (select count(*) from number_series where tenant_id = $1 and series = any($2)) = $3 \
                         order by series for update";
        let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(&wanted).bind(wanted.len() as i64);
        tx.rows(query).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    };
    let found = read().await?;
    if found.len() == names.len() {
        return Ok(found);
    }
    let statement = "insert into number_series (tenant_id, series) \
                     select $1, v.series from unnest($2::text[]) as v (series) order by v.series on conflict do nothing";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(&wanted)).await?;
    read().await
}
