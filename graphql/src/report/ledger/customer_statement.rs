//! Customer statement: the documents of each customer that changed the receivable, each with what the customer owes after it.
//!
//! - One row per invoice, credit note, payment, payout and reversal, and per application that realised an exchange difference. A customer
//!   who owed something before the period, or was owed something, has a first row without a document.
//! - Amounts are those of the journal on 1100, so the last `owed_after` of a customer is `owed` of `receivable_ageing` on the same day.
//!   Documents in another currency have the amounts of the books.
//! - A document counts on the day on which it happened, also if its entry was posted later because the period was closed.
//! - Documents are found by their customers. So the time grows with the documents of the customers of the filter, and with those of all
//!   customers without one.

use async_graphql::SimpleObject;
use domain::document::DocumentKind;
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::known;
use crate::report::column::{Kind, Measure, sum};
use crate::report::sort::Sort;
use crate::report::{Dimension, Request, Row};
use crate::scalar::{Amount, Date};

/// One document of a customer, or the amount that the customer owed before the period. The totals are of all rows.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct CustomerStatementRow {
    /// Number of the customer; null in the totals.
    pub customer_number: Option<String>,
    /// Name of the customer; null in the totals.
    pub customer_name: Option<String>,
    /// Day on which the document happened; null in the row before the period, and in the totals.
    pub occurred_on: Option<Date>,
    /// Kind of the document, such as `invoice` or `payment`; null in the row before the period, and in the totals. New values may
    /// appear.
    pub document_kind: Option<String>,
    /// Number of the document; null in the row before the period, and in the totals.
    pub document_number: Option<String>,
    /// Id of the document; null in the row before the period, and in the totals.
    pub document_id: Option<String>,
    /// Path of the document in this API; null in the row before the period, and in the totals.
    pub document_url: Option<String>,
    /// Day on which an invoice is due; null in other rows.
    pub due_on: Option<Date>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Amount by which the document raised what the customer owes; 0 if it lowered it. Additive.
    pub debit: Amount,
    /// Amount by which the document lowered what the customer owes; 0 if it raised it. Additive.
    pub credit: Amount,
    /// Amount that the customer owes after this document: all debits less all credits, also those before the period. Negative if the customer
    /// is owed. The totals have the amount of all customers at the end of the period. Not additive: use the last row of a customer.
    pub owed_after: Amount,
}

const COLUMNS: [&str; 8] = [
    "customer_number",
    "customer_name",
    "occurred_on",
    "document_kind",
    "document_number",
    "document_id",
    "document_url",
    "due_on",
];

/// The customers of the filter.
const PARTY: &str = "party as materialized (
    select c.id, c.number, c.name from public.customer c where c.tenant_id = :tenant_id
        and (cardinality(:customer_ids::uuid[]) = 0 or c.id = any(:customer_ids))
)";
/// Their documents, and the lines of the journal on the account of receivables. An entry has one such line at most for each customer.
const LINE: &str = ", document as (
    select i.id, i.customer_id, i.number, i.kind = 'invoice' as is_due, i.due_on
    from party join public.invoice i on i.tenant_id = :tenant_id and i.customer_id = party.id
    union all
    select p.id, p.customer_id, p.number, false, null::date
    from party join public.payment p on p.tenant_id = :tenant_id and p.customer_id = party.id
    union all
    select a.id, a.customer_id, a.number, false, null::date
    from party join public.application a on a.tenant_id = :tenant_id and a.customer_id = party.id
), line as materialized (
    select
        d.customer_id, e.occurred_on, e.document_kind, d.number as document_number, d.id as document_id,
        case when d.is_due then d.due_on end as due_on, l.entry_id, l.line_no, l.debit, l.credit
    from document d
    join public.journal_entry e on e.tenant_id = :tenant_id and e.document_id = d.id
    join public.journal_line l on l.tenant_id = :tenant_id and l.entry_id = e.id and l.account_code = :receivable
    where (:to_on::date is null or e.occurred_on < :to_on)";
/// The balance of each customer before the period, and the lines of the period.
const LEVEL: &str = "
), opened as materialized (
    select o.customer_id, sum(o.debit - o.credit) as owed from line o where o.occurred_on < :from_on group by o.customer_id
), level as materialized (
    select
        o.customer_id, null::date as occurred_on, null::text as document_kind, null::text as document_number,
        null::uuid as document_id, null::date as due_on, null::uuid as entry_id, null::integer as line_no,
        0::numeric as debit, 0::numeric as credit, o.owed as owed_after
    from opened o where o.owed <> 0
    union all
    select
        m.customer_id, m.occurred_on, m.document_kind, m.document_number, m.document_id, m.due_on, m.entry_id, m.line_no,
        m.debit, m.credit,
        coalesce(o.owed, 0) + sum(m.debit - m.credit) over (
            partition by m.customer_id order by m.occurred_on, m.entry_id, m.line_no)
    from line m left join opened o on o.customer_id = m.customer_id
    where :from_on::date is null or m.occurred_on >= :from_on
)";

impl Row for CustomerStatementRow {
    fn measures() -> Vec<Measure> {
        vec![sum("debit", Kind::Amount), sum("credit", Kind::Amount), sum("owed_after", Kind::Average)]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        COLUMNS.to_vec()
    }

    fn statement(request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let no_columns = "null, ".repeat(COLUMNS.len());
        format!(
            "with {PARTY}{LINE}{}{LEVEL}
(select
    0 as level, null::text as time_zone, c.number as customer_number, c.name as customer_name, m.occurred_on, m.document_kind,
    m.document_number, m.document_id::text as document_id, null::text as document_url, m.due_on, t.currency, m.debit, m.credit,
    m.owed_after
from level m
join party c on c.id = m.customer_id
join public.tenant t on t.tenant_id = :tenant_id
order by {sorted}c.number, m.customer_id, m.occurred_on nulls first, m.entry_id, m.line_no limit :limit)
union all
select
    1, null, {no_columns}t.currency, coalesce(sum(m.debit), 0), coalesce(sum(m.credit), 0),
    coalesce((select sum(o.owed) from opened o), 0) + coalesce(sum(m.debit - m.credit), 0)
from public.tenant t left join level m on true where t.tenant_id = :tenant_id group by t.currency
union all
select 2, t.time_zone, {no_columns}null, null, null, null from public.tenant t where t.tenant_id = :tenant_id",
            known(request),
        )
    }

    /// Writes the ids as the API has them.
    fn with_ids(&mut self) {
        let id = self.document_id.as_deref().and_then(|text| text.parse::<Uuid>().ok());
        let kind = self.document_kind.as_deref().and_then(|kind| kind.parse::<DocumentKind>().ok());
        let Some((id, kind)) = id.zip(kind) else { return };
        self.document_url = kind.path(id);
        self.document_id = Some(kind.encode(id));
    }
}
