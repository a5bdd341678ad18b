//! General ledger: the lines of accounts in a period, each with the balance of its account after it.
//!
//! - One row per line of the journal, by account, day of posting and entry. `document_url` is the document that caused it.
//! - `balance` begins with the lines before the period, so a long period can be read in parts: the first line of a part goes on from
//!   the last one of the part before.
//! - With a filter on channels, the balance is that of the lines of these channels.
//! - The lines of the period are found by day, so the time grows with the lines of the period on all accounts. So does that of each page:
//!   the balance and the totals need all of them.

use async_graphql::SimpleObject;
use domain::document::DocumentKind;
use domain::id::EntryId;
use domain::moment::Moment;
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::{known, part};
use crate::report::column::{Kind, Measure, sum};
use crate::report::sort::Sort;
use crate::report::{Dimension, Place, Request, Row};
use crate::scalar::{Amount, Date};

/// One line; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct GeneralLedgerRow {
    /// Code of the account; null in the totals.
    pub account_code: Option<String>,
    /// Name of the account; null in the totals.
    pub account_name: Option<String>,
    /// Day on which the entry is posted; null in the totals.
    pub posted_on: Option<Date>,
    /// Day on which its document happened: earlier than posted_on if the period was closed; null in the totals.
    pub occurred_on: Option<Date>,
    /// Kind of the document, such as `sale` or `invoice`; null in the totals. New values may appear.
    pub document_kind: Option<String>,
    /// Id of the document; null in the totals.
    pub document_id: Option<String>,
    /// Path of the document in this API; null if it is shown only within another one, and in the totals.
    pub document_url: Option<String>,
    /// Id of the journal entry; null in the totals.
    pub entry_id: Option<String>,
    /// Number of the line in its entry; null in the totals.
    pub line_no: Option<i32>,
    /// Sales channel, on revenue, discount, tax and cost of sales; null on other lines.
    pub channel: Option<String>,
    /// Code of the stock location; null if the line has none.
    pub location_code: Option<String>,
    /// Number of the customer; null if the line has none.
    pub customer_number: Option<String>,
    /// Code of the supplier; null if the line has none.
    pub supplier_code: Option<String>,
    /// Purpose of an entry that was posted by hand; null if there is none.
    pub memo: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Amount debited; 0 if the line is a credit. Additive.
    pub debit: Amount,
    /// Amount credited; 0 if the line is a debit. Additive.
    pub credit: Amount,
    /// Debits less credits of the account up to this line, with those before the period. In the totals: of all accounts that the
    /// report covers, at the end of the period. Not additive: the last line of an account has its balance.
    pub balance: Amount,
}

const FIGURES: [&str; 3] = ["debit", "credit", "balance"];
const COLUMNS: [&str; 14] = [
    "account_code",
    "account_name",
    "posted_on",
    "occurred_on",
    "document_kind",
    "document_id",
    "document_url",
    "entry_id",
    "line_no",
    "channel",
    "location_code",
    "customer_number",
    "supplier_code",
    "memo",
];

/// Lines before the period, of the accounts and channels of the filter.
const OPENED: &str = ", opened as materialized (
    select p.account_code, sum(p.debit - p.credit) as balance
    from part p
    where p.posted_on < :from_on
        and (cardinality(:accounts::text[]) = 0 or p.account_code = any(:accounts))
        and (cardinality(:channels::text[]) = 0 or p.channel = any(:channels))
    group by p.account_code
)";
/// Lines of the period, of these accounts and channels.
const MOVED: &str = ", line as materialized (
    select
        l.account_code, l.entry_id, l.line_no, l.posted_on, l.channel, l.location_id, l.party_id, l.debit, l.credit,
        coalesce(o.balance, 0) + sum(l.debit - l.credit) over (
            partition by l.account_code order by l.posted_on, l.entry_id, l.line_no) as balance
    from public.journal_line l left join opened o on o.account_code = l.account_code
    where l.tenant_id = :tenant_id
        and (:from_on::date is null or l.posted_on >= :from_on) and (:to_on::date is null or l.posted_on < :to_on)
        and (cardinality(:accounts::text[]) = 0 or l.account_code = any(:accounts))
        and (cardinality(:channels::text[]) = 0 or l.channel = any(:channels))";

/// Lines after a place in the order of the report.
const AFTER: &str = "
    where (m.account_code, m.posted_on, m.entry_id, m.line_no)
        > (:after_account, :after_on::date, :after_entry::uuid, :after_line::int)";

impl Row for GeneralLedgerRow {
    fn measures() -> Vec<Measure> {
        vec![sum("debit", Kind::Amount), sum("credit", Kind::Amount), sum("balance", Kind::Average)]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        COLUMNS.to_vec()
    }

    fn statement(request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let order = format!("{sorted}m.account_code, m.posted_on, m.entry_id, m.line_no");
        let after = if request.cursor.is_some() { AFTER } else { "" };
        let (no_columns, no_figures) = ("null, ".repeat(COLUMNS.len()), ", null".repeat(FIGURES.len()));
        format!(
            "with {}{OPENED}{MOVED}{}
), shown as materialized (
    select * from line m {after} order by {order} limit :limit
)
(select
    0 as level, null::text as time_zone, m.account_code, a.name as account_name, m.posted_on, e.occurred_on, e.document_kind,
    e.document_id::text as document_id, null::text as document_url, m.entry_id::text as entry_id, m.line_no, m.channel,
    lo.code as location_code, cu.number as customer_number,
    su.code as supplier_code, e.memo, t.currency, m.debit, m.credit, m.balance
from shown m
join public.tenant t on t.tenant_id = :tenant_id
join public.journal_entry e on e.tenant_id = :tenant_id and e.id = m.entry_id
left join public.account a on a.tenant_id = :tenant_id and a.code = m.account_code
left join public.location lo on lo.tenant_id = :tenant_id and lo.id = m.location_id
left join public.customer cu on cu.tenant_id = :tenant_id and cu.id = m.party_id
left join public.supplier su on su.tenant_id = :tenant_id and su.id = m.party_id
order by {order})
union all
select
    1, null, {no_columns}t.currency, coalesce(sum(m.debit), 0), coalesce(sum(m.credit), 0),
    coalesce((select sum(o.balance) from opened o), 0) + coalesce(sum(m.debit - m.credit), 0)
from public.tenant t left join line m on true where t.tenant_id = :tenant_id group by t.currency
union all
select 2, t.time_zone, {no_columns}null{no_figures} from public.tenant t where t.tenant_id = :tenant_id",
            part(request),
            known(request),
        )
    }

    /// Writes the ids as the API has them.
    fn with_ids(&mut self) {
        let uuid = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Uuid>().ok());
        self.entry_id = uuid(&self.entry_id).map(|id| EntryId(id).to_string());
        let kind = self.document_kind.as_deref().and_then(|kind| kind.parse::<DocumentKind>().ok());
        let Some((id, kind)) = uuid(&self.document_id).zip(kind) else { return };
        self.document_url = kind.path(id);
        self.document_id = Some(kind.encode(id));
    }

    fn place(&self) -> Option<Place> {
        let entry_id: EntryId = self.entry_id.as_deref()?.parse().ok()?;
        let Moment::Day(posted_on) = self.posted_on?.0 else { return None };
        Some(Place {
            account_code: self.account_code.clone()?,
            posted_on,
            entry_id: entry_id.0,
            line_no: self.line_no?,
        })
    }
}
