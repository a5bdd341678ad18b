//! Items that are open in other currencies, and their value at the rate of a day.
//!
//! A bill keeps the rate that it was recorded at. Its value at the rate of a day may be another one. The difference is unrealised until the
//! bill is paid.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Entry, account};
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
    }
}

impl OpenItemKind {
    /// Returns the account of the change of value.
    pub fn account(self) -> &'static str {
        match self {
            OpenItemKind::Bill => account::PAYABLE_VALUATION,
        }
    }

    /// Returns whether the item is owed to others, so that a higher value is a loss.
    pub fn is_owed(self) -> bool {
        match self {
            OpenItemKind::Bill => true,
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
