//! Receivable ageing: open invoices and credit notes of each customer, by days after their due date.
//!
//! - One row per customer and currency of its open items, and one for each customer that the filter names. An open credit note is
//!   negative, in the band of its own due date. An item of which only an amount in its own currency is open has a row too.
//! - As of now, or of the end of a day: documents that had happened by then, less what had been applied by then. `known_at` leaves
//!   out documents and applications that were recorded later.
//! - A comparison is with the end of the month before, or with the same day of the year before.
//! - Ties to the ledger: `receivable` is the account of the customer in `GET /v1/customers/{id}/account`, `unapplied` its
//!   payments that no invoice has used, and `owed` the balance of 1100.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::ageing::Parties;
use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, DocumentCurrency, ForeignAmount};

/// One customer and one currency of its documents; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct ReceivableAgeingRow {
    /// Number of the customer; null in the totals.
    pub customer_number: Option<String>,
    /// Name of the customer; null in the totals.
    pub customer_name: Option<String>,
    /// ISO 4217 code of the currency of the invoices, credit notes and payments; null in the totals.
    pub document_currency: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row but `foreign_receivable` and `foreign_unapplied`.
    pub currency: String,
    /// Open amount that is not due yet, with what is due on the day itself. Additive.
    pub not_due: Amount,
    /// Open amount, due 1 to 30 days ago. Additive.
    pub due_1_to_30_days: Amount,
    /// Open amount, due 31 to 60 days ago. Additive.
    pub due_31_to_60_days: Amount,
    /// Open amount, due 61 to 90 days ago. Additive.
    pub due_61_to_90_days: Amount,
    /// Open amount, due more than 90 days ago. Additive.
    pub due_over_90_days: Amount,
    /// Open invoices less open credit notes, which is the sum of the bands. Additive.
    pub receivable: Amount,
    /// Payments that are not applied to an invoice. Additive.
    pub unapplied: Amount,
    /// receivable − unapplied: the balance of the customer in the ledger, over all currencies of its documents. Additive.
    pub owed: Amount,
    /// Open invoices less open credit notes in `document_currency`; null in the totals. Not additive.
    pub foreign_receivable: Option<ForeignAmount<DocumentCurrency>>,
    /// Payments that are not applied to an invoice, in `document_currency`; null in the totals. Not additive.
    pub foreign_unapplied: Option<ForeignAmount<DocumentCurrency>>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<ReceivableAgeingRow>,
}

const FIGURES: [&str; 8] = [
    "not_due",
    "due_1_to_30_days",
    "due_31_to_60_days",
    "due_61_to_90_days",
    "due_over_90_days",
    "receivable",
    "unapplied",
    "owed",
];

/// Rows `s` of the customers of the filter. Without a filter the statement leaves it out, so that the plan of each is its own.
const CUSTOMERS: &str = " and s.customer_id in (
        select id from public.customer
        where tenant_id = :tenant_id and (number = any(:customer_numbers) or id = any(:customer_ids)))";

/// The open items of now.
const OPEN: &str = ", item as (
    select s.customer_id, s.due_on, s.foreign_currency, s.open as receivable, 0 as unapplied,
        s.foreign_open as foreign_receivable, 0 as foreign_unapplied
    from public.invoice s where s.tenant_id = :tenant_id and (s.open <> 0 or s.foreign_open <> 0)";
const UNAPPLIED: &str = "
    union all
    select s.customer_id, null, null, 0, s.unapplied, null, null
    from public.customer_account s where s.tenant_id = :tenant_id and s.unapplied <> 0";
/// The account of a customer contains payments in other currencies. They move to the row of their currency.
const FOREIGN_UNAPPLIED: &str = "
    union all
    select s.customer_id, null, v.foreign_currency, 0, v.unapplied, 0, v.foreign_unapplied
    from public.payment s
    cross join lateral (values
        (null, -s.unapplied, null), (s.foreign_currency, s.unapplied, s.foreign_unapplied)
    ) v (foreign_currency, unapplied, foreign_unapplied)
    where s.tenant_id = :tenant_id and s.foreign_unapplied <> 0";

/// The open items of then.
///
/// - A change of what is applied counts from the latest of the document that made it and the two that it joins.
/// - A change may be dated before an earlier one that it takes back. So the changes of a credit and an invoice are taken in
///   the order in which they were recorded, and what is applied does not fall below zero. Once all of them count, it is their
///   sum.
/// - A payment or credit note in another currency is recorded at another rate than its invoice: `amount` is what is taken off the
///   invoice, `taken` what is taken off the credit.
/// - Changes are found by their credits, so only those of the customers of the filter are read.
const DOCUMENTS: &str = ", document as materialized (
    select s.id, s.customer_id, s.due_on, s.foreign_currency, s.total as amount, s.foreign_value + s.foreign_tax as foreign_amount,
        s.occurred_at
    from public.invoice s
    where s.tenant_id = :tenant_id and s.occurred_at < (select before from moment)
        and s.recorded_at < (select known_before from moment)";
const PAYMENTS: &str = "
    union all
    select s.id, s.customer_id, null, s.foreign_currency, s.amount, s.foreign_amount, s.occurred_at
    from public.payment s
    where s.tenant_id = :tenant_id and s.kind = 'payment' and s.occurred_at < (select before from moment)
        and s.recorded_at < (select known_before from moment)";
const ITEMS: &str = "
), change as (
    select
        s.invoice_id, d.id as credit_id, false as is_note, s.amount, s.amount + s.difference as taken, s.foreign_amount,
        d.occurred_at as applied_at, '-infinity'::timestamptz as recorded_at, d.id as document_id
    from document d join public.payment_allocation s on s.tenant_id = :tenant_id and s.payment_id = d.id
    union all
    select s.invoice_id, s.credit_id, s.is_note, s.amount, s.amount + s.difference, s.foreign_amount,
        coalesce(a.occurred_at, n.occurred_at, p.occurred_at), coalesce(a.recorded_at, n.recorded_at, p.recorded_at),
        s.document_id
    from (
        select l.invoice_id, d.id as credit_id, false as is_note, l.amount, l.difference, l.foreign_amount, l.document_id
        from document d join public.application_line l on l.tenant_id = :tenant_id and l.payment_id = d.id
        union all
        select l.invoice_id, d.id, true, l.amount, l.difference, l.foreign_amount, l.document_id
        from document d join public.application_line l on l.tenant_id = :tenant_id and l.credit_note_id = d.id) s
    left join public.application a on a.tenant_id = :tenant_id and a.id = s.document_id
    left join public.invoice n on n.tenant_id = :tenant_id and n.id = s.document_id
    left join public.payment p on p.tenant_id = :tenant_id and p.id = s.document_id
), passed as (
    select c.invoice_id, c.credit_id, c.is_note, c.amount, c.taken, c.foreign_amount, c.counts,
        sum(c.amount) filter (where c.counts) over in_order as applied,
        sum(c.taken) filter (where c.counts) over in_order as applied_taken,
        sum(c.foreign_amount) filter (where c.counts) over in_order as applied_foreign
    from (
        select c.*, c.applied_at < (select before from moment) as counts
        from change c
        where (c.invoice_id is null or exists (select from document paid where paid.id = c.invoice_id))
            and c.recorded_at < (select known_before from moment)) c
    window in_order as (partition by c.credit_id, c.invoice_id order by c.recorded_at, c.document_id)
), counted as materialized (
    select
        invoice_id, credit_id, is_note,
        case when bool_and(counts) then sum(amount)
            else coalesce(sum(amount) filter (where counts), 0) - least(min(applied), 0) end as amount,
        case when bool_and(counts) then sum(taken)
            else coalesce(sum(taken) filter (where counts), 0) - least(min(applied_taken), 0) end as taken,
        case when bool_and(counts) then sum(foreign_amount)
            else coalesce(sum(foreign_amount) filter (where counts), 0) - least(min(applied_foreign), 0) end as foreign_amount
    from passed
    group by invoice_id, credit_id, is_note
), effect as (
    select id, sum(amount) as amount, sum(foreign_amount) as foreign_amount
    from (
        select invoice_id as id, amount, foreign_amount from counted where invoice_id is not null
        union all
        select credit_id, case when is_note then -taken else taken end, case when is_note then -foreign_amount else foreign_amount end
        from counted
    ) one group by id
), item as (
    select
        d.customer_id, d.due_on, d.foreign_currency,
        case when d.due_on is not null then d.amount - coalesce(e.amount, 0) else 0 end as receivable,
        case when d.due_on is null then d.amount - coalesce(e.amount, 0) else 0 end as unapplied,
        case when d.due_on is not null then d.foreign_amount - coalesce(e.foreign_amount, 0) else 0 end as foreign_receivable,
        case when d.due_on is null then d.foreign_amount - coalesce(e.foreign_amount, 0) else 0 end as foreign_unapplied
    from document d left join effect e on e.id = d.id";

const KNOWN: &str = "
), known as materialized (
    select
        i.customer_id, coalesce(i.foreign_currency, m.currency) as document_currency,
        coalesce(sum(i.receivable) filter (where i.due_on >= m.day), 0) as not_due,
        coalesce(sum(i.receivable) filter (where m.day - i.due_on between 1 and 30), 0) as due_1_to_30_days,
        coalesce(sum(i.receivable) filter (where m.day - i.due_on between 31 and 60), 0) as due_31_to_60_days,
        coalesce(sum(i.receivable) filter (where m.day - i.due_on between 61 and 90), 0) as due_61_to_90_days,
        coalesce(sum(i.receivable) filter (where m.day - i.due_on > 90), 0) as due_over_90_days,
        sum(i.receivable) as receivable, sum(i.unapplied) as unapplied, sum(i.receivable - i.unapplied) as owed,
        sum(case when i.foreign_currency is null then i.receivable else i.foreign_receivable end) as foreign_receivable,
        sum(case when i.foreign_currency is null then i.unapplied else i.foreign_unapplied end) as foreign_unapplied
    from item i cross join moment m
    where i.receivable <> 0 or i.unapplied <> 0 or i.foreign_receivable <> 0 or i.foreign_unapplied <> 0
    group by i.customer_id, coalesce(i.foreign_currency, m.currency)
    having bool_or(i.due_on is not null) or sum(i.unapplied) <> 0 or sum(i.foreign_unapplied) <> 0";

/// The customers of the filter that have no open item.
const OTHERS: &str = "select s.customer_id, t.currency as document_currency
    from (select id as customer_id from public.customer where tenant_id = :tenant_id) s
    join public.tenant t on t.tenant_id = :tenant_id
    where not exists (select from known where known.customer_id = s.customer_id)";

const PARTIES: Parties = Parties {
    columns: "cu.number as customer_number, cu.name as customer_name",
    keys: &["customer_id", "document_currency"],
    join: "join public.customer cu on cu.tenant_id = :tenant_id and cu.id = m.customer_id",
    order: "m.receivable desc, cu.number, m.document_currency",
};

impl Row for ReceivableAgeingRow {
    fn measures() -> Vec<Measure> {
        let figures = FIGURES.iter().map(|name| sum(name, Kind::Amount));
        let foreign = ["foreign_receivable", "foreign_unapplied"];
        figures.chain(foreign.into_iter().map(|name| sum(name, Kind::DocumentAmount))).collect()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["customer_number", "customer_name", "document_currency"]
    }

    fn statement(request: &Request) -> String {
        let customers = &request.filter.customers;
        let is_filtered = !(customers.codes.is_empty() && customers.ids.is_empty());
        let of_filter = if is_filtered { CUSTOMERS } else { "" };
        let others = is_filtered.then(|| format!("{OTHERS}{CUSTOMERS}"));
        let items = match request.as_of.or(request.known_at) {
            None => format!("{OPEN}{of_filter}{UNAPPLIED}{of_filter}{FOREIGN_UNAPPLIED}{of_filter}"),
            Some(_) => format!("{DOCUMENTS}{of_filter}{PAYMENTS}{of_filter}{ITEMS}"),
        };
        PARTIES.statement(Self::measures(), (format!("{items}{KNOWN}").as_str(), others), request)
    }
}
