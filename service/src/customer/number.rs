//! Customer numbers: `C-000001` and so on.

use std::collections::HashSet;

use sea_orm::sqlx::{self, Row};

use crate::{Error, Tx};

/// Returns `count` numbers that no customer has and that are not in `avoid`: callers may choose numbers of the same
/// form. The series is the last row that a transaction locks.
pub(super) async fn assign(tx: &Tx, count: usize, avoid: &HashSet<String>) -> Result<Vec<String>, Error> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let drawn = take_from_series(tx, count - numbers.len()).await?;
        let taken = find_taken(tx, &drawn).await?;
        numbers.extend(drawn.into_iter().filter(|number| !taken.contains(number) && !avoid.contains(number)));
    }
    Ok(numbers)
}

async fn take_from_series(tx: &Tx, count: usize) -> Result<Vec<String>, Error> {
    let count = i64::try_from(count).map_err(|_| Error::invariant("a batch is not that long"))?;
    let query = sqlx::query(
        "insert into number_series (tenant_id, series, next) values ($1, 'customer', 1 + $2)
         on conflict (tenant_id, series) do update set next = number_series.next + $2
         returning next",
    );
    let row = tx.row(query.bind(tx.tenant_id.0).bind(count)).await?;
    let next: i64 = row.ok_or_else(|| Error::invariant("a series has no next number"))?.try_get(0)?;
    Ok((next - count..next).map(|number| format!("C-{number:06}")).collect())
}

async fn find_taken(tx: &Tx, numbers: &[String]) -> Result<HashSet<String>, Error> {
    let query = sqlx::query("select number from customer where tenant_id = $1 and number = any($2)");
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(numbers)).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
