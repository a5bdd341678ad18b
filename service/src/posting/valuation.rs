//! Reads the items that are open in other currencies at the end of a day, and the entry that values them.

use chrono::{NaiveDate, NaiveTime};
use domain::book::Book;
use domain::id::{CommandId, EntryId};
use domain::journal::valuation_id;
use domain::ledger::valuation::{ForeignItem, ITEMS_MAX, KnownValuation};
use domain::ledger::{Entry, Posted};
use domain::needs::Needs;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::entries;
use crate::listing::{number, optional_number, word};
use crate::{Error, Tx};

/// Days are valued one after the other. The lock of closed periods does not move until the entry is posted: the valuation of a closed
/// day is rejected, and not posted on a later day.
const LOCK: &str = "
    select
        pg_advisory_xact_lock(hashtextextended('foreign_valuation ' || $1::uuid, 0)),
        pg_advisory_xact_lock_shared(hashtextextended('period_lock ' || $1::uuid, 0))";

/// Documents in other currencies that are open at the end of a day (`$2`), which ends at the beginning of the next one (`$3`), each with the
/// rate of the day.
///
/// - A credit note of a bill and a reversal count from their own day on.
/// - What is applied to an invoice counts from the latest of the document that applied it and the two that it joins. A change may be dated
///   before an earlier one that it takes back: the changes of a credit and an invoice are taken in the order in which they were recorded,
///   and what is applied does not fall below zero. The report `receivable_ageing` has the same rule.
/// - `amount` is what is taken off the invoice, `taken` what is taken off the payment or credit note.
const ITEMS: &str = "
    with moment as materialized (
        select day_begin($3, time_zone) as until from tenant where tenant_id = $1
    ), document as materialized (
        select s.id, s.kind, s.number, s.foreign_currency as currency, s.total as amount,
            s.foreign_value + s.foreign_tax as foreign_amount, s.occurred_at
        from invoice s
        where s.tenant_id = $1 and s.foreign_currency is not null and s.occurred_at < (select until from moment)
        union all
        select s.id, s.kind, s.number, s.foreign_currency, s.amount, s.foreign_amount, s.occurred_at
        from payment s
        where s.tenant_id = $1 and s.foreign_currency is not null and s.kind = 'payment'
            and s.occurred_at < (select until from moment)
    ), change as (
        select s.invoice_id, d.id as credit_id, s.amount, s.amount + s.difference as taken, s.foreign_amount,
            d.occurred_at as applied_at, '-infinity'::timestamptz as recorded_at, d.id as document_id
        from document d join payment_allocation s on s.tenant_id = $1 and s.payment_id = d.id
        where d.kind = 'payment'
        union all
        select s.invoice_id, s.credit_id, s.amount, s.amount + s.difference, s.foreign_amount,
            coalesce(a.occurred_at, n.occurred_at, p.occurred_at), coalesce(a.recorded_at, n.recorded_at, p.recorded_at),
            s.document_id
        from (
            select l.invoice_id, d.id as credit_id, l.amount, l.difference, l.foreign_amount, l.document_id
            from document d join application_line l on l.tenant_id = $1 and l.payment_id = d.id
            where d.kind = 'payment'
            union all
            select l.invoice_id, d.id, l.amount, l.difference, l.foreign_amount, l.document_id
            from document d join application_line l on l.tenant_id = $1 and l.credit_note_id = d.id
            where d.kind = 'credit_note') s
        left join application a on a.tenant_id = $1 and a.id = s.document_id
        left join invoice n on n.tenant_id = $1 and n.id = s.document_id
        left join payment p on p.tenant_id = $1 and p.id = s.document_id
    ), passed as (
        select c.invoice_id, c.credit_id, c.amount, c.taken, c.foreign_amount, c.counts,
            sum(c.amount) filter (where c.counts) over in_order as applied,
            sum(c.taken) filter (where c.counts) over in_order as applied_taken,
            sum(c.foreign_amount) filter (where c.counts) over in_order as applied_foreign
        from (
            select c.*, c.applied_at < (select until from moment) as counts
            from change c
            where c.invoice_id is null or exists (select from document d where d.id = c.invoice_id)) c
        window in_order as (partition by c.credit_id, c.invoice_id order by c.recorded_at, c.document_id)
    ), counted as materialized (
        select invoice_id, credit_id,
            coalesce(sum(amount) filter (where counts), 0)
                - case when bool_and(counts) then 0 else least(min(applied), 0) end as amount,
            coalesce(sum(taken) filter (where counts), 0)
                - case when bool_and(counts) then 0 else least(min(applied_taken), 0) end as taken,
            coalesce(sum(foreign_amount) filter (where counts), 0)
                - case when bool_and(counts) then 0 else least(min(applied_foreign), 0) end as foreign_amount
        from passed group by invoice_id, credit_id
    ), effect as (
        select id, sum(amount) as amount, sum(foreign_amount) as foreign_amount
        from (
            select invoice_id as id, amount, foreign_amount from counted where invoice_id is not null
            union all
            select credit_id, taken, foreign_amount from counted) one
        group by id
    )
    select i.kind, i.id, i.number, i.currency, i.open, i.foreign_open, r.rate
    from (
        select 'bill' as kind, b.id, b.number, b.foreign_currency as currency,
            b.total + coalesce(c.total, 0) - coalesce(p.amount, 0) as open,
            b.foreign_value + b.foreign_tax + coalesce(c.foreign_total, 0) - coalesce(p.foreign_amount, 0) as foreign_open
        from bill b
        cross join moment m
        cross join lateral (
            select sum(x.total) as total, sum(x.foreign_value + x.foreign_tax) as foreign_total
            from bill x
            where x.tenant_id = $1 and x.original_id = b.id and x.dated <= $2) c
        cross join lateral (
            select sum(x.amount) as amount, sum(x.foreign_amount) as foreign_amount
            from supplier_payment_part x
            join supplier_payment d on d.tenant_id = $1 and d.id = x.payment_id
            where x.tenant_id = $1 and x.bill_id = b.id and d.occurred_at < m.until) p
        where b.tenant_id = $1 and b.foreign_currency is not null and b.kind = 'bill' and b.dated <= $2
        union all
        select d.kind, d.id, d.number, d.currency,
            d.amount - case d.kind when 'credit_note' then -1 else 1 end * coalesce(e.amount, 0),
            d.foreign_amount - case d.kind when 'credit_note' then -1 else 1 end * coalesce(e.foreign_amount, 0)
        from document d left join effect e on e.id = d.id) i
    left join lateral (
        select x.rate from exchange_rate x
        where x.tenant_id = $1 and x.currency = i.currency and x.valid_from <= $2
        order by x.valid_from desc, x.id desc limit 1) r on true
    where i.open <> 0 or i.foreign_open <> 0
    order by i.number, i.id limit $4";

const ENTRY: &str = "
    select
        e.document_kind, e.document_id, e.memo, e.occurred_on, e.posted_on, e.recorded_at, e.command_id, e.debit_total,
        l.account_code, l.debit - l.credit as amount, l.channel, l.location_id, l.party_id,
        (select r.id from journal_entry r
         where r.tenant_id = $1 and r.document_id = e.id and r.document_kind = 'manual' and r.id <> e.id
         limit 1) as reversed_by
    from journal_entry e join journal_line l on l.tenant_id = $1 and l.entry_id = e.id
    where e.tenant_id = $1 and e.id = $2
    order by l.line_no";

const LOCKED: &str = "select locked_through from period_lock where tenant_id = $1 order by id desc limit 1";

/// Reads the open items of the days that are valued.
pub(super) async fn load(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    if needs.valued_on.is_empty() {
        return Ok(());
    }
    tx.execute(sqlx::query(LOCK).bind(tx.tenant_id.0)).await?;
    for day in &needs.valued_on {
        let known = read(tx, *day).await?;
        book.valuations.insert(*day, known);
    }
    Ok(())
}

/// Reads the items that are open at the end of a day, the last closed day, and the entry that values them. One item more than a
/// valuation may have shows that there are too many.
pub(crate) async fn read(tx: &Tx, day: NaiveDate) -> Result<KnownValuation, Error> {
    let next = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
    let most = i64::try_from(ITEMS_MAX).map_or(i64::MAX, |most| most.saturating_add(1));
    let query = sqlx::query(ITEMS).bind(tx.tenant_id.0).bind(day).bind(next).bind(most);
    let items = tx.rows(query).await?.iter().map(item).collect::<Result<Vec<_>, Error>>()?;
    let lock = tx.row(sqlx::query(LOCKED).bind(tx.tenant_id.0)).await?;
    let locked_through = lock.map(|row| row.try_get::<Option<NaiveDate>, _>("locked_through")).transpose()?;
    let entry = entry(tx, valuation_id(tx.tenant_id, day)).await?;
    let (entry, posted) = entry.unzip();
    Ok(KnownValuation { entry, posted, locked_through: locked_through.flatten(), items })
}

fn item(row: &PgRow) -> Result<ForeignItem, Error> {
    Ok(ForeignItem {
        kind: word(row, "kind")?,
        id: row.try_get("id")?,
        number: row.try_get("number")?,
        currency: row.try_get("currency")?,
        foreign_open: number(row, "foreign_open")?,
        open: number(row, "open")?,
        rate: optional_number(row, "rate")?,
    })
}

/// Reads an entry, with the facts that its document shows. Nothing if there is none with this id.
async fn entry(tx: &Tx, id: EntryId) -> Result<Option<(Entry, Posted)>, Error> {
    let rows = tx.rows(sqlx::query(ENTRY).bind(tx.tenant_id.0).bind(id.0)).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let posted = Posted {
        command_id: CommandId(first.try_get("command_id")?),
        recorded_at: first.try_get("recorded_at")?,
        posted_on: first.try_get("posted_on")?,
        reversed_by: first.try_get::<Option<Uuid>, _>("reversed_by")?.map(EntryId),
    };
    let entry = Entry {
        id,
        document_kind: word(first, "document_kind")?,
        document_id: first.try_get("document_id")?,
        memo: first.try_get("memo")?,
        occurred_on: first.try_get("occurred_on")?,
        lines: rows.iter().map(entries::line).collect::<Result<_, Error>>()?,
        total: number(first, "debit_total")?,
    };
    Ok(Some((entry, posted)))
}
