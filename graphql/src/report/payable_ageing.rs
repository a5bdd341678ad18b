//! Payable ageing: open bills of each supplier, by days after their due date.
//!
//! - One row per supplier and currency of its open bills. A bill of which only an amount in its own currency is open has a row too.
//! - As of now, or of the end of a day: bills that were dated by then, less credit notes, reversals and payments of by then.
//!   `known_at` leaves out documents that were recorded later. What was paid before the day of a bill is no row: it is an advance until then.
//! - A comparison is with the end of the month before, or with the same day of the year before.
//! - Ties to the ledger: `payable` is the balance of 2000.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::ageing::Parties;
use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, BillCurrency, ForeignAmount};

/// One supplier and one currency of its bills; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct PayableAgeingRow {
    /// Code of the supplier; null in the totals.
    pub supplier_code: Option<String>,
    /// Name of the supplier; null in the totals.
    pub supplier_name: Option<String>,
    /// ISO 4217 code of the currency of the bills; null in the totals.
    pub bill_currency: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row but `foreign_payable`.
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
    /// Open bills, which is the sum of the bands: the balance of the supplier in the ledger, over all currencies of its bills. Additive.
    pub payable: Amount,
    /// Open bills in `bill_currency`; null in the totals. Not additive.
    pub foreign_payable: Option<ForeignAmount<BillCurrency>>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<PayableAgeingRow>,
}

const FIGURES: [&str; 6] =
    ["not_due", "due_1_to_30_days", "due_31_to_60_days", "due_61_to_90_days", "due_over_90_days", "payable"];

/// The open bills of now.
const OPEN: &str = ", item as (
    select s.supplier_id, s.due_on, s.foreign_currency, s.open as payable, s.foreign_open as foreign_payable
    from public.bill s where s.tenant_id = :tenant_id and (s.open <> 0 or s.foreign_open <> 0)";

/// The open bills of then. A bill, a credit note and a reversal count from their own day on.
const ITEMS: &str = ", item as (
    select
        s.supplier_id, s.due_on, s.foreign_currency,
        s.total
        + coalesce((
            select sum(c.total) from public.bill c
            where c.tenant_id = :tenant_id and c.original_id = s.id and c.dated <= m.day
                and c.recorded_at < m.known_before), 0)
        - coalesce((
            select sum(p.amount)
            from public.supplier_payment_part p
            join public.supplier_payment d on d.tenant_id = :tenant_id and d.id = p.payment_id
            where p.tenant_id = :tenant_id and p.bill_id = s.id and d.occurred_at < m.before
                and d.recorded_at < m.known_before), 0) as payable,
        s.foreign_value + s.foreign_tax
        + coalesce((
            select sum(c.foreign_value + c.foreign_tax) from public.bill c
            where c.tenant_id = :tenant_id and c.original_id = s.id and c.dated <= m.day
                and c.recorded_at < m.known_before), 0)
        - coalesce((
            select sum(p.foreign_amount)
            from public.supplier_payment_part p
            join public.supplier_payment d on d.tenant_id = :tenant_id and d.id = p.payment_id
            where p.tenant_id = :tenant_id and p.bill_id = s.id and d.occurred_at < m.before
                and d.recorded_at < m.known_before), 0) as foreign_payable
    from public.bill s cross join moment m
    where s.tenant_id = :tenant_id and s.kind = 'bill' and s.dated <= m.day and s.recorded_at < m.known_before";

const KNOWN: &str = "
), known as materialized (
    select
        i.supplier_id, coalesce(i.foreign_currency, m.currency) as bill_currency,
        coalesce(sum(i.payable) filter (where i.due_on >= m.day), 0) as not_due,
        coalesce(sum(i.payable) filter (where m.day - i.due_on between 1 and 30), 0) as due_1_to_30_days,
        coalesce(sum(i.payable) filter (where m.day - i.due_on between 31 and 60), 0) as due_31_to_60_days,
        coalesce(sum(i.payable) filter (where m.day - i.due_on between 61 and 90), 0) as due_61_to_90_days,
        coalesce(sum(i.payable) filter (where m.day - i.due_on > 90), 0) as due_over_90_days,
        sum(i.payable) as payable, sum(coalesce(i.foreign_payable, i.payable)) as foreign_payable
    from item i cross join moment m
    where i.payable <> 0 or i.foreign_payable <> 0
    group by i.supplier_id, coalesce(i.foreign_currency, m.currency)";

const PARTIES: Parties = Parties {
    columns: "su.code as supplier_code, su.name as supplier_name",
    keys: &["supplier_id", "bill_currency"],
    join: "join public.supplier su on su.tenant_id = :tenant_id and su.id = m.supplier_id",
    order: "m.payable desc, su.code, m.bill_currency",
};

impl Row for PayableAgeingRow {
    fn measures() -> Vec<Measure> {
        let figures = FIGURES.iter().map(|name| sum(name, Kind::Amount));
        figures.chain([sum("foreign_payable", Kind::BillAmount)]).collect()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["supplier_code", "supplier_name", "bill_currency"]
    }

    fn statement(request: &Request) -> String {
        let items = if request.as_of.or(request.known_at).is_none() { OPEN } else { ITEMS };
        PARTIES.statement(Self::measures(), (format!("{items}{KNOWN}").as_str(), None), request)
    }
}
