//! Loads the journal entries that are reversed, and the facts of opening balances and of years that are closed.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use domain::book::Book;
use domain::id::{EntryId, LocationId};
use domain::journal::day_after;
use domain::ledger::{Dimensions, EntryLine, KnownEntry, KnownYear, Opened, control};
use domain::needs::Needs;
use domain::number::Money;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::ledger::control::balances;
use crate::listing::{number, optional_word, word};
use crate::rows::uuids;
use crate::{Error, Tx};

/// Locks entries (`$2`) for their reversals. No row can be locked, because the service may not change an entry.
const LOCK: &str = "
    select pg_advisory_xact_lock(hashtextextended('journal_entry ' || $1::uuid || e.id, 0))
    from (select id from unnest($2::uuid[]) id order by id) e";

/// Entries (`$2`) with their lines. The document of a reversal is the entry that it reverses.
const ENTRIES: &str = "
    select
        e.id, e.document_kind, e.document_id, e.memo, e.posted_on, l.account_code, l.debit - l.credit as amount, l.channel,
        l.location_id, l.party_id,
        (select r.id from journal_entry r
         where r.tenant_id = $1 and r.document_id = e.id and r.document_kind = 'manual' and r.id <> e.id
         limit 1) as reversed_by
    from journal_entry e join journal_line l on l.tenant_id = $1 and l.entry_id = e.id
    where e.tenant_id = $1 and e.id = any($2)
    order by e.id, l.line_no";

/// Reads the entries that are reversed, and on what opening balances depend.
pub(super) async fn load(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    book.entries = reversed(tx, needs).await?;
    book.opened = opened(tx, needs).await?;
    for year in &needs.closed_years {
        book.years.insert(*year, known_year(tx, *year).await?);
    }
    Ok(())
}

/// Reads the entries that are reversed, with what was reversed before.
async fn reversed(tx: &Tx, needs: &Needs) -> Result<HashMap<EntryId, KnownEntry>, Error> {
    let mut entries: HashMap<EntryId, KnownEntry> = HashMap::new();
    if needs.reversed_entries.is_empty() {
        return Ok(entries);
    }
    let ids = uuids(&needs.reversed_entries, |id| id.0);
    tx.execute(sqlx::query(LOCK).bind(tx.tenant_id.0).bind(ids.clone())).await?;
    for row in tx.rows(sqlx::query(ENTRIES).bind(tx.tenant_id.0).bind(ids)).await? {
        let id = EntryId(row.try_get("id")?);
        let line = line(&row)?;
        match entries.get_mut(&id) {
            Some(entry) => entry.lines.push(line),
            None => _ = entries.insert(id, KnownEntry { lines: vec![line], ..head(&row)? }),
        }
    }
    Ok(entries)
}

fn head(row: &PgRow) -> Result<KnownEntry, Error> {
    Ok(KnownEntry {
        document_kind: word(row, "document_kind")?,
        document_id: row.try_get("document_id")?,
        memo: row.try_get("memo")?,
        posted_on: row.try_get("posted_on")?,
        lines: Vec::new(),
        reversed_by: row.try_get::<Option<Uuid>, _>("reversed_by")?.map(EntryId),
    })
}

/// Reads a line of an entry.
pub(super) fn line(row: &PgRow) -> Result<EntryLine, Error> {
    let account: String = row.try_get("account_code")?;
    Ok(EntryLine {
        account: account.into(),
        amount: number(row, "amount")?,
        dimensions: Dimensions {
            channel: optional_word(row, "channel")?,
            location_id: row.try_get::<Option<Uuid>, _>("location_id")?.map(LocationId),
            party_id: row.try_get("party_id")?,
        },
    })
}

/// Keeps the lock on closed periods in place until the entries are posted, because a response shows the day of its entry.
const LOCK_PERIODS: &str =
    "select pg_advisory_xact_lock_shared(hashtextextended('period_lock ' || $1::uuid, 0))";

/// Selects all accounts, also those that the chart no longer has, and the first open day.
const FACTS: &str = "
    select a.code, a.name,
        (select l.locked_through + 1 from period_lock l where l.tenant_id = $1 order by l.id desc limit 1) as first_open
    from account a where a.tenant_id = $1";

/// Reads the facts that the documents of entries show, if a command posts an entry itself.
pub(super) async fn read_facts(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    if !needs.posts_entries {
        return Ok(());
    }
    // Opening balances and valuations hold the lock already.
    if needs.opening_on.is_empty() && needs.valued_on.is_empty() {
        tx.execute(sqlx::query(LOCK_PERIODS).bind(tx.tenant_id.0)).await?;
    }
    for row in tx.rows(sqlx::query(FACTS).bind(tx.tenant_id.0)).await? {
        book.journal.account_names.insert(row.try_get("code")?, row.try_get("name")?);
        book.journal.first_open = row.try_get("first_open")?;
    }
    Ok(())
}

/// Opening balances are posted one after the other. The lock of closed periods does not move until the entry is posted: an opening of a
/// closed day is rejected, and not posted on a later day.
const LOCK_OPENING: &str = "
    select
        pg_advisory_xact_lock(hashtextextended('opening_balances ' || $1::uuid, 0)),
        pg_advisory_xact_lock_shared(hashtextextended('period_lock ' || $1::uuid, 0))";

/// The opening balances that are not reversed, and the last closed day.
const OPENED: &str = "
    select
        (select e.id from journal_entry e
         where e.tenant_id = $1 and e.document_kind = 'opening_balances' and not exists (
             select from journal_entry r
             where r.tenant_id = $1 and r.document_id = e.id and r.document_kind = 'manual')
         limit 1) as entry_id,
        (select l.locked_through from period_lock l where l.tenant_id = $1 order by l.id desc limit 1) as locked_through";

async fn opened(tx: &Tx, needs: &Needs) -> Result<Opened, Error> {
    let mut opened = Opened::default();
    if needs.opening_on.is_empty() {
        return Ok(opened);
    }
    tx.execute(sqlx::query(LOCK_OPENING).bind(tx.tenant_id.0)).await?;
    let row = tx.row(sqlx::query(OPENED).bind(tx.tenant_id.0)).await?;
    let row = row.ok_or_else(|| Error::invariant("facts without a row"))?;
    opened.entry = row.try_get::<Option<Uuid>, _>("entry_id")?.map(EntryId);
    opened.locked_through = row.try_get::<Option<NaiveDate>, _>("locked_through")?;
    for day in &needs.opening_on {
        let kept = balances(tx, Some(*day)).await?.into_iter();
        let kept = kept.filter(|(account, _)| control::is_checked(account));
        opened.balances.extend(kept.map(|(account, amount)| ((*day, account), amount)));
    }
    Ok(opened)
}

/// Years are closed one after the other.
const LOCK_YEARS: &str = "select pg_advisory_xact_lock(hashtextextended('year_close ' || $1::uuid, 0))";

/// The entry that closed the year before a day (`$2`), if it is not reversed.
const YEAR: &str = "
    select e.id from journal_entry e
    where e.tenant_id = $1 and e.document_kind = 'year_close' and e.occurred_on = $2 and not exists (
        select from journal_entry r where r.tenant_id = $1 and r.document_id = e.id and r.document_kind = 'manual')
    limit 1";

const RESULTS: &str = "select code from account where tenant_id = $1 and kind in ('revenue', 'expense')";

/// Reads whether a year is closed, and its result: credits less debits of revenue and expenses.
async fn known_year(tx: &Tx, year: i32) -> Result<KnownYear, Error> {
    let ends = day_after(year).and_then(|day| day.pred_opt()).zip(day_after(year));
    let begins = year.checked_sub(1).and_then(day_after).and_then(|day| day.pred_opt());
    let (Some((last, after)), Some(before)) = (ends, begins) else { return Ok(KnownYear::default()) };
    tx.execute(sqlx::query(LOCK_YEARS).bind(tx.tenant_id.0)).await?;
    let closed = tx.row(sqlx::query(YEAR).bind(tx.tenant_id.0).bind(after)).await?;
    let rows = tx.rows(sqlx::query(RESULTS).bind(tx.tenant_id.0)).await?;
    let codes: HashSet<String> = rows.iter().map(|row| row.try_get("code")).collect::<Result<_, _>>()?;
    let sum = async |day: NaiveDate| -> Result<Money, Error> {
        let kept = balances(tx, Some(day)).await?.into_iter();
        Ok(kept.filter(|(account, _)| codes.contains(account)).map(|(_, amount)| amount).sum())
    };
    Ok(KnownYear {
        entry: closed.map(|row| row.try_get("id")).transpose()?.map(EntryId),
        result: sum(before).await? - sum(last).await?,
    })
}
