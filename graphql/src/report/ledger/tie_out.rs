//! Tie-out: each control account beside its sub-ledger. As of now.
//!
//! - One row per control. `ledger` is the balance of its accounts, `subledger` the sum of the documents that keep it.
//! - Some accounts take entries by hand: bank, card clearing, advances to suppliers, payables and output tax. `by_hand` is the sum of these
//!   entries, which have no document. So `difference` = `ledger` − `by_hand` − `subledger`, which is always 0.
//! - Figures are debits less credits: vouchers and output tax are negative.
//! - It reads the documents of every sub-ledger, so its time grows with them.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;
use service::ledger::control::{CONTROLS, TIED};

use super::{Figure, Figures, Parts, measures, part};
use crate::report::column::Measure;
use crate::report::{Dimension, Request, Row};
use crate::scalar::Amount;

/// One control; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct TieOutRow {
    /// Name of the control: `cash`, `bank`, `card_clearing`, `receivable`, `supplier_advances`, `inventory`, `shipped_not_invoiced`,
    /// `payable`, `output_tax` or `vouchers`; null in the totals. New values may appear.
    pub control: Option<String>,
    /// Codes of its accounts, separated by commas; null in the totals.
    pub account_codes: Option<String>,
    /// Path of the list or report in this API that shows the sub-ledger; null in the totals.
    pub href: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Debits less credits of the accounts. Additive.
    pub ledger: Amount,
    /// Part of it that entries by hand left, for which there is no document. Additive.
    pub by_hand: Amount,
    /// Sum of the documents: debits less credits. Additive.
    pub subledger: Amount,
    /// ledger − by_hand − subledger: always 0. Additive.
    pub difference: Amount,
}

const FIGURES: [Figure; 4] = [("ledger", ""), ("by_hand", ""), ("subledger", ""), ("difference", "")];
const COLUMNS: [&str; 3] = ["control", "account_codes", "href"];

const BALANCES: &str = ", balance as materialized (
    select p.account_code, sum(p.debit - p.credit) as amount from part p group by p.account_code
)";
const LEVEL: &str = ", level as materialized (
    select t.name as control, array_to_string(t.codes, ',') as account_codes, t.href, t.ledger, t.by_hand, t.subledger, t.difference
    from tied t
)";

impl Row for TieOutRow {
    fn measures() -> Vec<Measure> {
        measures(&FIGURES)
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        COLUMNS.to_vec()
    }

    fn statement(request: &Request) -> String {
        let figures = Figures::of(&FIGURES, false, |sql, _| sql.to_owned());
        let controls = CONTROLS.replace("$1", ":tenant_id");
        let with = format!("{}, {controls}{BALANCES}{TIED}{LEVEL}", part(request));
        Parts { with, columns: &COLUMNS, figures, order: "m.account_codes" }.statement(request)
    }
}
