//! Items that are open in other currencies, and their value at the rate of a day.
//!
//! A document keeps the rate that it was recorded at. Its value at the rate of a day may be another one. The difference is unrealised until
//! the document is settled.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Entry, Posted, account};
use crate::number::{ExchangeRate, Money};
use crate::tenant::Settings;
use crate::text_enum;

/// The most open items of a valuation.
pub const ITEMS_MAX: usize = 5000;

text_enum! {
    /// Kind of a document that is open in another currency.
    pub enum OpenItemKind {
        /// Bill of a supplier.
        Bill,
        /// Invoice of a customer.
        Invoice,
        /// Credit note of a customer. Its open amounts are negative.
        CreditNote,
        /// Payment of a customer, as far as it is not applied to invoices.
        Payment,
    }
}

impl OpenItemKind {
    /// Returns the account of the change of value.
    pub fn account(self) -> &'static str {
        match self {
            OpenItemKind::Bill => account::PAYABLE_VALUATION,
            OpenItemKind::Invoice | OpenItemKind::CreditNote | OpenItemKind::Payment => {
                account::RECEIVABLE_VALUATION
            }
        }
    }

    /// Returns whether the item is owed to others, so that a higher value is a loss. A credit note is a negative invoice.
    pub fn is_owed(self) -> bool {
        match self {
            OpenItemKind::Bill | OpenItemKind::Payment => true,
            OpenItemKind::Invoice | OpenItemKind::CreditNote => false,
        }
    }
}

/// A document that is open in another currency at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignItem {
    /// The kind.
    pub kind: OpenItemKind,
    /// The document.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// ISO 4217 code of its currency.
    pub currency: String,
    /// The open amount in its currency.
    pub foreign_open: Money,
    /// The open amount in the books, in the tenant's currency.
    pub open: Money,
    /// The rate of the day, if one is recorded.
    pub rate: Option<ExchangeRate>,
}

/// Facts on which a valuation depends.
#[derive(Debug, Clone, Default)]
pub struct KnownValuation {
    /// The entry of the valuation of the day, if it is there.
    pub entry: Option<Entry>,
    /// Facts about that entry.
    pub posted: Option<Posted>,
    /// The last closed day.
    pub locked_through: Option<NaiveDate>,
    /// Items that are open at the end of the day.
    pub items: Vec<ForeignItem>,
}

impl ForeignItem {
    /// Returns the value at the rate of the day, rounded half away from zero. Nothing if there is no rate.
    pub fn value(&self, settings: &Settings) -> Option<Money> {
        self.rate.map(|rate| settings.money(self.foreign_open.times(rate)))
    }

    /// Returns the unrealised loss; negative for a gain. Nothing if there is no rate.
    pub fn loss(&self, settings: &Settings) -> Option<Money> {
        let rise = self.value(settings)? - self.open;
        Some(if self.kind.is_owed() { rise } else { -rise })
    }

    /// Returns whether its value in the books is another one than at the rate of the day, or the rate is missing.
    pub fn is_to_value(&self, settings: &Settings) -> bool {
        self.loss(settings).is_none_or(|loss| !loss.is_zero())
    }
}

impl KnownValuation {
    /// Returns whether an entry would have no lines: each currency has a rate, and the losses of each account come to zero.
    pub fn comes_to_nothing(&self, settings: &Settings) -> bool {
        let mut losses: BTreeMap<&'static str, Money> = BTreeMap::new();
        for item in &self.items {
            let Some(loss) = item.loss(settings) else { return false };
            *losses.entry(item.kind.account()).or_default() += loss;
        }
        losses.values().all(|loss| loss.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::tests::settings;

    fn item(kind: OpenItemKind, open: &str) -> ForeignItem {
        ForeignItem {
            kind,
            id: Uuid::nil(),
            number: String::new(),
            currency: "USD".to_owned(),
            foreign_open: "100".parse().expect("an amount"),
            open: open.parse().expect("an amount"),
            rate: "0.95".parse().ok(),
        }
    }

    fn valued(items: &[ForeignItem]) -> KnownValuation {
        KnownValuation { items: items.to_vec(), ..KnownValuation::default() }
    }

    #[test]
    fn a_gain_and_a_loss_of_one_account_may_come_to_nothing() {
        let settings = settings();
        let (owed, paid) = (item(OpenItemKind::Invoice, "92"), item(OpenItemKind::Payment, "92"));
        assert!(valued(&[owed.clone(), paid]).comes_to_nothing(&settings));
        assert!(!valued(&[owed.clone(), item(OpenItemKind::Bill, "92")]).comes_to_nothing(&settings));
        assert!(!valued(&[ForeignItem { rate: None, ..owed }]).comes_to_nothing(&settings));
        assert!(valued(&[]).comes_to_nothing(&settings));
    }
}
