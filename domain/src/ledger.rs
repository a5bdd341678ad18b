//! Double entry: the default chart of accounts, and entries that can't be built unbalanced.

pub mod chart;
pub mod control;
pub mod mapping;
pub mod valuation;

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::document::DocumentKind;
use crate::id::{CommandId, EntryId, LocationId};
use crate::number::Money;
use crate::tenant::Channel;
use crate::text_enum;

text_enum! {
    /// The kind of an account. It decides which side makes the account grow.
    pub enum AccountKind {
        /// Owned by the business; grows by debit.
        Asset,
        /// Owed by the business; grows by credit.
        Liability,
        /// The owners' share; grows by credit.
        Equity,
        /// Earned; grows by credit.
        Revenue,
        /// Spent; grows by debit.
        Expense,
    }
}

/// The accounts that postings use.
pub mod account {
    /// Cash in tills.
    pub const CASH: &str = "1000";
    /// Bank.
    pub const BANK: &str = "1010";
    /// Card payments on their way to the bank.
    pub const CARD_CLEARING: &str = "1020";
    /// Receivables from customers.
    pub const RECEIVABLE: &str = "1100";
    /// Change of value of open items of customers in other currencies at the rate of a day; taken back on the next day.
    pub const RECEIVABLE_VALUATION: &str = "1105";
    /// Allowance for receivables that may not be paid; a credit balance.
    pub const DOUBTFUL: &str = "1110";
    /// Payments to suppliers in advance, as far as they are not applied to bills.
    pub const SUPPLIER_ADVANCES: &str = "1150";
    /// Stock, at cost.
    pub const INVENTORY: &str = "1200";
    /// Stock in transit, at cost.
    pub const IN_TRANSIT: &str = "1210";
    /// Stock shipped and not invoiced yet, at cost.
    pub const SHIPPED_NOT_INVOICED: &str = "1300";
    /// Tax paid to suppliers.
    pub const INPUT_TAX: &str = "1400";
    /// Payables to suppliers.
    pub const PAYABLE: &str = "2000";
    /// Change of value of open bills in other currencies at the rate of a day; taken back on the next day.
    pub const PAYABLE_VALUATION: &str = "2010";
    /// Stock received and not billed by the supplier yet, at cost.
    pub const RECEIVED_NOT_INVOICED: &str = "2100";
    /// Freight, duty and the like that raised the cost of stock and are not billed yet.
    pub const LANDED_COST_ACCRUED: &str = "2110";
    /// Tax owed on sales.
    pub const OUTPUT_TAX: &str = "2200";
    /// Vouchers and store credit that customers hold.
    pub const STORE_CREDIT: &str = "2300";
    /// The other side of opening balances.
    pub const OPENING_BALANCES: &str = "3000";
    /// Profit of earlier years.
    pub const RETAINED_EARNINGS: &str = "3100";
    /// Results of years that were moved to retained earnings; the other side of year closes.
    pub const CLOSED_RESULTS: &str = "3110";
    /// Sales of the wholesale channel, before discounts given at the sale.
    pub const SALES_WHOLESALE: &str = "4000";
    /// Sales of the retail channel, before discounts given at the sale.
    pub const SALES_RETAIL: &str = "4010";
    /// Returns of wholesale customers.
    pub const RETURNS_WHOLESALE: &str = "4100";
    /// Returns and refunds of retail customers.
    pub const RETURNS_RETAIL: &str = "4110";
    /// Discounts given at the sale.
    pub const SALES_DISCOUNTS: &str = "4200";
    /// Cost of wholesale sales.
    pub const COGS_WHOLESALE: &str = "5000";
    /// Cost of retail sales.
    pub const COGS_RETAIL: &str = "5010";
    /// Stock lost.
    pub const SHRINKAGE: &str = "5100";
    /// Stock found.
    pub const STOCK_FOUND: &str = "5110";
    /// Cost of units that is known only after they left: real less provisional cost of units that left below zero, and their
    /// share of landed costs.
    pub const COST_VARIANCE: &str = "5200";
    /// Difference between a supplier's bill and the receipt.
    pub const PRICE_VARIANCE: &str = "5300";
    /// Discounts of suppliers for early payment, before tax. They are credits.
    pub const PURCHASE_DISCOUNTS: &str = "5310";
    /// Changes of value by revaluations.
    pub const INVENTORY_REVALUATION: &str = "5400";
    /// Cash over or short in tills.
    pub const CASH_OVER_SHORT: &str = "6000";
    /// Differences from rounding cash amounts.
    pub const CASH_ROUNDING: &str = "6010";
    /// Differences from rounding the totals of invoices.
    pub const INVOICE_ROUNDING: &str = "6020";
    /// Realised exchange differences: losses are debited, gains credited.
    pub const EXCHANGE_DIFFERENCES: &str = "6040";
    /// Unrealised exchange differences: losses are debited, gains credited.
    pub const UNREALISED_DIFFERENCES: &str = "6045";
    /// Receivables that will not be paid.
    pub const BAD_DEBTS: &str = "6100";
}

/// The chart that a new tenant starts with: code, name, kind.
pub const CHART: &[(&str, &str, AccountKind)] = &[
    (account::CASH, "Cash in tills", AccountKind::Asset),
    (account::BANK, "Bank", AccountKind::Asset),
    (account::CARD_CLEARING, "Card clearing", AccountKind::Asset),
    (account::RECEIVABLE, "Accounts receivable", AccountKind::Asset),
    (account::RECEIVABLE_VALUATION, "Valuation of foreign receivables", AccountKind::Asset),
    (account::DOUBTFUL, "Allowance for doubtful receivables", AccountKind::Asset),
    (account::SUPPLIER_ADVANCES, "Advances to suppliers", AccountKind::Asset),
    (account::INVENTORY, "Inventory", AccountKind::Asset),
    (account::IN_TRANSIT, "Inventory in transit", AccountKind::Asset),
    (account::SHIPPED_NOT_INVOICED, "Shipped not invoiced", AccountKind::Asset),
    (account::INPUT_TAX, "Input tax", AccountKind::Asset),
    (account::PAYABLE, "Accounts payable", AccountKind::Liability),
    (account::PAYABLE_VALUATION, "Valuation of foreign payables", AccountKind::Liability),
    (account::RECEIVED_NOT_INVOICED, "Goods received not invoiced", AccountKind::Liability),
    (account::LANDED_COST_ACCRUED, "Landed cost accrued", AccountKind::Liability),
    (account::OUTPUT_TAX, "Output tax", AccountKind::Liability),
    (account::STORE_CREDIT, "Store credit and vouchers", AccountKind::Liability),
    (account::OPENING_BALANCES, "Opening balances", AccountKind::Equity),
    (account::RETAINED_EARNINGS, "Retained earnings", AccountKind::Equity),
    (account::CLOSED_RESULTS, "Closed results", AccountKind::Equity),
    (account::SALES_WHOLESALE, "Sales, wholesale", AccountKind::Revenue),
    (account::SALES_RETAIL, "Sales, retail", AccountKind::Revenue),
    (account::RETURNS_WHOLESALE, "Sales returns, wholesale", AccountKind::Revenue),
    (account::RETURNS_RETAIL, "Sales returns, retail", AccountKind::Revenue),
    (account::SALES_DISCOUNTS, "Sales discounts", AccountKind::Revenue),
    (account::COGS_WHOLESALE, "Cost of goods sold, wholesale", AccountKind::Expense),
    (account::COGS_RETAIL, "Cost of goods sold, retail", AccountKind::Expense),
    (account::SHRINKAGE, "Shrinkage", AccountKind::Expense),
    (account::STOCK_FOUND, "Stock found", AccountKind::Expense),
    (account::COST_VARIANCE, "Cost variance", AccountKind::Expense),
    (account::PRICE_VARIANCE, "Purchase price variance", AccountKind::Expense),
    (account::PURCHASE_DISCOUNTS, "Purchase discounts", AccountKind::Expense),
    (account::INVENTORY_REVALUATION, "Inventory revaluation", AccountKind::Expense),
    (account::CASH_OVER_SHORT, "Cash over and short", AccountKind::Expense),
    (account::CASH_ROUNDING, "Cash rounding", AccountKind::Expense),
    (account::INVOICE_ROUNDING, "Invoice rounding", AccountKind::Expense),
    (account::EXCHANGE_DIFFERENCES, "Exchange differences", AccountKind::Expense),
    (account::UNREALISED_DIFFERENCES, "Unrealised exchange differences", AccountKind::Expense),
    (account::BAD_DEBTS, "Bad debts", AccountKind::Expense),
];

/// The reason codes that a new tenant starts with: code, name, account.
pub const REASONS: &[(&str, &str, &str)] = &[
    ("damage", "Damaged", account::SHRINKAGE),
    ("theft", "Stolen", account::SHRINKAGE),
    ("expiry", "Expired", account::SHRINKAGE),
    ("lost", "Lost", account::SHRINKAGE),
    ("sample", "Sample or gift", account::SHRINKAGE),
    ("correction", "Correction of a mistake", account::SHRINKAGE),
    ("found", "Found", account::STOCK_FOUND),
    ("count", "Counted", account::SHRINKAGE),
    ("revaluation", "New valuation", account::INVENTORY_REVALUATION),
    ("write_down", "Write-down to market value", account::INVENTORY_REVALUATION),
];

/// Dimensions of a journal line, besides its account and amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimensions {
    /// The sales channel, on revenue, discount, tax and cost of goods.
    pub channel: Option<Channel>,
    /// The location.
    pub location_id: Option<LocationId>,
    /// The customer (or supplier), on receivables and payables.
    pub party_id: Option<Uuid>,
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLine {
    /// The account's code.
    pub account: Cow<'static, str>,
    /// Debit if positive, credit if negative. Never zero in an [`Entry`].
    pub amount: Money,
    /// Its dimensions.
    pub dimensions: Dimensions,
}

impl EntryLine {
    /// Returns the debit, or zero if the line is a credit.
    pub fn debit(&self) -> Money {
        self.amount.max(Money::ZERO)
    }

    /// Returns the credit, or zero if the line is a debit.
    pub fn credit(&self) -> Money {
        (-self.amount).max(Money::ZERO)
    }
}

/// A balanced journal entry, made by [`Lines::into_entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// The kind of the document that caused it.
    pub document_kind: DocumentKind,
    /// The document that caused it.
    pub document_id: Uuid,
    /// A remark.
    pub memo: Option<String>,
    /// The tenant's day on which it happened.
    pub occurred_on: NaiveDate,
    /// At least two lines. No two have the same account and dimensions.
    pub lines: Vec<EntryLine>,
    /// The sum of the debits, which is the sum of the credits.
    pub total: Money,
}

/// Facts about a posted entry that its document shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The command that wrote it.
    pub command_id: CommandId,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The day on which it is posted: later than that on which it happened if the period was closed.
    pub posted_on: NaiveDate,
    /// The entry that reverses it.
    pub reversed_by: Option<EntryId>,
}

/// Facts about entries for the documents of commands that post an entry, such as an entry by hand.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// The names of all accounts, by code.
    pub account_names: HashMap<String, String>,
    /// The first day that is not closed; none if no day is closed.
    pub first_open: Option<NaiveDate>,
    /// Valuations, which are posted with their reversals, or were posted before.
    pub posted: HashMap<EntryId, Posted>,
}

/// An entry that exists, as its reversal needs it.
#[derive(Debug, Clone)]
pub struct KnownEntry {
    /// The kind of its document.
    pub document_kind: DocumentKind,
    /// Its document: the entry itself if it was posted by hand, and the reversed entry if it is a reversal.
    pub document_id: Uuid,
    /// Its remark.
    pub memo: Option<String>,
    /// The day on which it is posted: later than that on which it happened if the period was closed.
    pub posted_on: NaiveDate,
    /// Its lines.
    pub lines: Vec<EntryLine>,
    /// The entry that reversed it.
    pub reversed_by: Option<EntryId>,
}

/// Facts on which the close of a year depends.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownYear {
    /// The entry of its close that is there and not reversed.
    pub entry: Option<EntryId>,
    /// Its revenue less its expenses.
    pub result: Money,
}

/// Facts on which opening balances depend.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// The entry of opening balances that is there and not reversed.
    pub entry: Option<EntryId>,
    /// The last closed day.
    pub locked_through: Option<NaiveDate>,
    /// Debits less credits of accounts at the ends of days.
    pub balances: HashMap<(NaiveDate, String), Money>,
}

/// The id, document and day of an entry to make.
#[derive(Debug, Clone)]
pub struct EntryHead {
    /// The entry's id.
    pub id: EntryId,
    /// The kind of its document.
    pub document_kind: DocumentKind,
    /// Its document.
    pub document_id: Uuid,
    /// The tenant's day on which it happened.
    pub occurred_on: NaiveDate,
}

/// The debits and credits of an entry differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("debits exceed credits by {excess}")]
pub struct Unbalanced {
    /// Debits less credits.
    pub excess: Money,
}

/// Lines to make an entry of. Amounts of the same account and dimensions are netted.
#[derive(Debug, Default)]
pub struct Lines(Vec<EntryLine>);

impl Lines {
    /// Debits an account; a negative amount credits it.
    pub fn debit(&mut self, account: impl Into<Cow<'static, str>>, amount: Money, dimensions: Dimensions) {
        let account = account.into();
        let same = self.0.iter_mut().find(|line| line.account == account && line.dimensions == dimensions);
        match same {
            Some(line) => line.amount += amount,
            None => self.0.push(EntryLine { account, amount, dimensions }),
        }
    }

    /// Credits an account; a negative amount debits it.
    pub fn credit(&mut self, account: impl Into<Cow<'static, str>>, amount: Money, dimensions: Dimensions) {
        self.debit(account, -amount, dimensions);
    }

    /// Returns the entry, or nothing if all lines net to zero. Fails if debits and credits differ.
    pub fn into_entry(mut self, head: EntryHead) -> Result<Option<Entry>, Unbalanced> {
        self.0.retain(|line| !line.amount.is_zero());
        let excess: Money = self.0.iter().map(|line| line.amount).sum();
        if !excess.is_zero() {
            return Err(Unbalanced { excess });
        }
        if self.0.is_empty() {
            return Ok(None);
        }
        Ok(Some(Entry {
            id: head.id,
            document_kind: head.document_kind,
            document_id: head.document_id,
            memo: None,
            occurred_on: head.occurred_on,
            total: self.0.iter().map(EntryLine::debit).sum(),
            lines: self.0,
        }))
    }
}

/// Returns the account of a channel's sales.
pub fn sales_account(channel: Channel) -> &'static str {
    match channel {
        Channel::Wholesale => account::SALES_WHOLESALE,
        Channel::Retail => account::SALES_RETAIL,
    }
}

/// Returns the account of a channel's returns.
pub fn returns_account(channel: Channel) -> &'static str {
    match channel {
        Channel::Wholesale => account::RETURNS_WHOLESALE,
        Channel::Retail => account::RETURNS_RETAIL,
    }
}

/// Returns the account of a channel's cost of goods sold.
pub fn cost_account(channel: Channel) -> &'static str {
    match channel {
        Channel::Wholesale => account::COGS_WHOLESALE,
        Channel::Retail => account::COGS_RETAIL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    fn head() -> EntryHead {
        EntryHead {
            id: EntryId::default(),
            document_kind: DocumentKind::Sale,
            document_id: Uuid::nil(),
            occurred_on: NaiveDate::default(),
        }
    }

    #[test]
    fn same_account_and_dimensions_are_netted() {
        let mut lines = Lines::default();
        lines.debit(account::CASH, money("12"), Dimensions::default());
        lines.credit(account::SALES_RETAIL, money("10"), Dimensions::default());
        lines.credit(account::SALES_RETAIL, money("2"), Dimensions::default());
        lines.debit(account::INVENTORY, money("5"), Dimensions::default());
        lines.credit(account::INVENTORY, money("5"), Dimensions::default());
        let entry = lines.into_entry(head()).expect("balanced").expect("an entry");
        assert_eq!(entry.lines.len(), 2);
        assert_eq!(entry.total, money("12"));
    }

    #[test]
    fn nothing_left_is_no_entry() {
        let mut lines = Lines::default();
        lines.debit(account::CASH, money("0"), Dimensions::default());
        assert_eq!(lines.into_entry(head()), Ok(None));
    }

    #[test]
    fn an_unbalanced_entry_can_not_be_built() {
        let mut lines = Lines::default();
        lines.debit(account::CASH, money("1"), Dimensions::default());
        assert_eq!(lines.into_entry(head()), Err(Unbalanced { excess: money("1") }));
    }

    #[test]
    fn the_chart_names_every_account_once() {
        let mut codes: Vec<_> = CHART.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(REASONS.iter().all(|(.., account)| codes.contains(account)));
    }
}
