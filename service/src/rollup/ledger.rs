//! The roll-up of the journal: sums of its lines by day of posting, account and channel.
//!
//! It has exactly the lines below a position, as the roll-ups of sales lines have. A line has the day on which it is posted, so the
//! time zone of the tenant has no effect on it. While it is built, reports read all lines. It is built entry by entry, in short
//! transactions.

use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Db, Error, Tx};

/// Most lines of one step of a fold, plus those of its last transaction.
const FOLDED_AT_ONCE: i64 = 50_000;
/// Most lines of one step of a build, plus those of its last entry.
const BUILT_AT_ONCE: i64 = 20_000;
/// Most sums that one step of a rebuild deletes, plus those of its last day.
const DELETED_AT_ONCE: i64 = 20_000;

/// Adds the lines of some positions (from `$2`, before `$3`) and entries (after `$4`, up to `$5`) to the sums of a tenant (`$1`).
const FOLD: &str = "
    with line as materialized (
        select posted_on, account_code, coalesce(channel, '') as channel, currency, debit, credit
        from journal_line
        where tenant_id = $1 and position >= $2 and position < $3 and entry_id > $4 and entry_id <= $5
    )
    insert into ledger_sum_by_day as r (tenant_id, posted_on, account_code, channel, currency, lines, debit, credit)
    select $1, posted_on, account_code, channel, currency, count(*), sum(debit), sum(credit)
    from line group by posted_on, account_code, channel, currency
    on conflict (tenant_id, posted_on, account_code, channel, currency) do update set
        lines = r.lines + excluded.lines, debit = r.debit + excluded.debit, credit = r.credit + excluded.credit";

/// Compares each sum of a tenant (`$1`) with the lines below the position. Returns the first figure that differs, or one that
/// does not.
pub(super) const COMPARISON: &str = "(
with state as (
    select position from ledger_rollup where tenant_id = $1 and position is not null
)
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in ledger_sum_by_day of', posted_on, account_code, channel, currency) end as subject,
    figure.expected, figure.found
from (
    select l.posted_on, l.account_code, coalesce(l.channel, '') as channel, l.currency, count(*) as lines,
        sum(l.debit) as debit, sum(l.credit) as credit
    from state join journal_line l on l.tenant_id = $1 and l.position < state.position
    group by 1, 2, 3, 4
) line
full join (
    select r.* from state join ledger_sum_by_day r on r.tenant_id = $1
) rollup using (posted_on, account_code, channel, currency)
cross join lateral (
    select * from (values
        ('lines', coalesce(line.lines, 0)::numeric, coalesce(rollup.lines, 0)::numeric),
        ('debit', coalesce(line.debit, 0), coalesce(rollup.debit, 0)),
        ('credit', coalesce(line.credit, 0), coalesce(rollup.credit, 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
)";

/// Deletes sums of the first days of a tenant (`$1`): at least so many (`$2`) if there are as many.
const DELETE: &str = "
    delete from ledger_sum_by_day r
    where r.tenant_id = $1 and r.posted_on <= coalesce((
        select l.posted_on from ledger_sum_by_day l
        where l.tenant_id = $1 order by l.posted_on offset $2 limit 1), 'infinity')";

/// The state of a tenant's roll-up, locked until the transaction ends.
enum State {
    /// The sums have the lines below this position, and no other.
    Whole { position: i64 },
    /// The sums have the lines below the position, of the entries up to `after`.
    Built { position: i64, after: Uuid },
    /// The sums do not count.
    Empty,
}

/// Returns the position below which the sums have every line, in the snapshot of the transaction. Nothing while they are built.
pub async fn position(tx: &Tx) -> Result<Option<i64>, Error> {
    let query = sqlx::query("select position from ledger_rollup where tenant_id = $1").bind(tx.tenant_id.0);
    Ok(tx.row(query).await?.map(|row| row.try_get("position")).transpose()?.flatten())
}

/// Folds lines of a tenant, or builds its sums, at most one step. Returns whether another step has something to do at once.
pub(super) async fn run(db: &Db, tenant_id: TenantId) -> Result<bool, Error> {
    db.job(tenant_id, async |tx| {
        let (state, horizon) = lock(tx).await?;
        match state {
            State::Whole { position } if position < horizon => fold(tx, position, horizon).await,
            State::Whole { .. } => Ok(false),
            State::Built { position, after } => build_some(tx, position, after).await,
            State::Empty => begin(tx, horizon).await,
        }
    })
    .await
}

/// Makes the next steps build the sums again, from the lines. Until they are complete, reports read all lines.
pub(super) async fn request_rebuild(tx: &Tx) -> Result<(), Error> {
    let update = "update ledger_rollup set position = null, next_position = null, next_after = null where tenant_id = $1";
    tx.execute(sqlx::query(update).bind(tx.tenant_id.0)).await.map(drop)
}

/// Locks the state, and reads the position below which no line can appear any more.
async fn lock(tx: &Tx) -> Result<(State, i64), Error> {
    let insert = "insert into ledger_rollup (tenant_id) values ($1) on conflict do nothing";
    tx.execute(sqlx::query(insert).bind(tx.tenant_id.0)).await?;
    let select = "select position, next_position, next_after, \
                      event_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon \
                  from ledger_rollup where tenant_id = $1 for update";
    let row = tx.row(sqlx::query(select).bind(tx.tenant_id.0)).await?;
    let row: PgRow = row.ok_or_else(|| Error::invariant("a tenant without a roll-up of the journal"))?;
    let next: (Option<i64>, Option<Uuid>) = (row.try_get("next_position")?, row.try_get("next_after")?);
    let state = match (row.try_get::<Option<i64>, _>("position")?, next.0.zip(next.1)) {
        (Some(position), _) => State::Whole { position },
        (None, Some((position, after))) => State::Built { position, after },
        (None, None) => State::Empty,
    };
    Ok((state, row.try_get("horizon")?))
}

/// Adds the lines from the position up to the horizon, and moves the position.
async fn fold(tx: &Tx, position: i64, horizon: i64) -> Result<bool, Error> {
    // All lines of a transaction have one position.
    let select = "select position from journal_line where tenant_id = $1 and position >= $2 and position < $3 \
                  order by position offset $4 limit 1";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(position).bind(horizon).bind(FOLDED_AT_ONCE);
    let last: Option<i64> = tx.row(query).await?.map(|row| row.try_get("position")).transpose()?;
    let until = last.map_or(horizon, |last| last + 1);
    add(tx, (position, until), (Uuid::nil(), Uuid::max())).await?;
    let update = "update ledger_rollup set position = $2 where tenant_id = $1";
    tx.execute(sqlx::query(update).bind(tx.tenant_id.0).bind(until)).await?;
    Ok(last.is_some())
}

/// Deletes sums of before. Once there are none, begins to build them.
async fn begin(tx: &Tx, horizon: i64) -> Result<bool, Error> {
    let deleted = tx.execute(sqlx::query(DELETE).bind(tx.tenant_id.0).bind(DELETED_AT_ONCE)).await?;
    if deleted == 0 {
        let update = "update ledger_rollup set next_position = $2, next_after = $3 where tenant_id = $1";
        tx.execute(sqlx::query(update).bind(tx.tenant_id.0).bind(horizon).bind(Uuid::nil())).await?;
    }
    Ok(true)
}

/// Adds the lines of the next entries. After the last entry, the sums count.
async fn build_some(tx: &Tx, position: i64, after: Uuid) -> Result<bool, Error> {
    let select = "select entry_id from journal_line where tenant_id = $1 and entry_id > $2 \
                  order by entry_id offset $3 limit 1";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(after).bind(BUILT_AT_ONCE);
    let through: Option<Uuid> = tx.row(query).await?.map(|row| row.try_get("entry_id")).transpose()?;
    add(tx, (0, position), (after, through.unwrap_or(Uuid::max()))).await?;
    match through {
        Some(through) => {
            let update = "update ledger_rollup set next_after = $2 where tenant_id = $1";
            tx.execute(sqlx::query(update).bind(tx.tenant_id.0).bind(through)).await?;
        }
        None => {
            let update = "update ledger_rollup set position = next_position, next_position = null, next_after = null \
                          where tenant_id = $1";
            tx.execute(sqlx::query(update).bind(tx.tenant_id.0)).await?;
        }
    }
    Ok(true)
}

async fn add(tx: &Tx, (from, until): (i64, i64), (after, through): (Uuid, Uuid)) -> Result<(), Error> {
    let query = sqlx::query(FOLD).bind(tx.tenant_id.0).bind(from).bind(until).bind(after).bind(through);
    tx.execute(query).await.map(drop)
}
