//! Similar products: their rate stands in for the missing weeks of a new one.

use serde::Serialize;

use super::micro::{Micro, Overflow, mul};
use crate::number::Percent;

/// The rate of a similar product. It counts as two weeks before those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Analogue {
    /// Stock units a week.
    pub rate: Micro,
    /// Source of the rate.
    pub source: AnalogueSource,
}

/// The source of the rate of a similar product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReplenishmentAnalogueSource)]
pub enum AnalogueSource {
    /// The settings state it.
    Stated,
    /// It is a share of the rate of the product that the settings name.
    Product,
    /// It is the median rate of the products of the category. It counts until eight weeks are known.
    Category,
}

impl Analogue {
    /// Returns a rate that the settings state.
    pub const fn stated(rate: Micro) -> Self {
        Analogue { rate, source: AnalogueSource::Stated }
    }

    /// Returns a share of the rate of a product.
    pub fn of_product(rate: Micro, percent: Percent) -> Result<Self, Overflow> {
        let hundred = mul(100, Micro::ONE.get())?;
        let rate = Micro::ratio(rate.wide(percent.into())?, hundred)?;
        Ok(Analogue { rate, source: AnalogueSource::Product })
    }

    /// Returns the median of the rates of a category's products. None without any.
    pub fn of_category(mut rates: Vec<Micro>) -> Result<Option<Self>, Overflow> {
        rates.sort_unstable();
        let Some(upper) = rates.get(rates.len() / 2).copied() else { return Ok(None) };
        let lower = rates.get((rates.len() - 1) / 2).copied().unwrap_or(upper);
        let rate = lower.plus(upper)?.part(2)?;
        Ok(Some(Analogue { rate, source: AnalogueSource::Category }))
    }
}
