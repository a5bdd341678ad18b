//! The similar product of a new one, as settings state it and as the API shows it.

use domain::id::ProductId;
use domain::number::{Percent, Quantity};
use domain::product::ProductKind;
use domain::refusal::Problems;
use domain::replenish::{Analogue, AnalogueSource, Micro};
use sea_orm::sqlx;
use serde::Serialize;

use crate::listing::word;
use crate::{Error, Tx, input};

/// The similar product that settings state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatedAnalogue {
    /// Its rate, in stock units a week.
    Rate(Quantity),
    /// The product, and the percentage of its rate that counts.
    Product(ProductId, Percent),
}

impl StatedAnalogue {
    /// Returns the rate that is stated.
    pub const fn rate(self) -> Option<Quantity> {
        match self {
            StatedAnalogue::Rate(rate) => Some(rate),
            StatedAnalogue::Product(..) => None,
        }
    }

    /// Returns the name of the field that states it.
    pub const fn field(self) -> &'static str {
        match self {
            StatedAnalogue::Rate(_) => "analogue_rate",
            StatedAnalogue::Product(..) => "analogue_product_id",
        }
    }
}

/// The rate of a similar product. It counts as two weeks before those that are known.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentAnalogue)]
pub struct ShownAnalogue {
    /// Source of the rate.
    pub source: AnalogueSource,
    /// The similar product. Null unless the settings name it.
    pub product_id: Option<ProductId>,
    /// Rate that counts, in stock units a week. With `analogue_percent`, that share of the rate of the product.
    #[schema(value_type = Quantity)]
    pub rate_week: Micro,
}

impl ShownAnalogue {
    /// Takes the rate that counted, and the similar product that the settings state.
    pub(super) const fn of(counted: Analogue, stated: Option<StatedAnalogue>) -> Self {
        let product_id = match (counted.source, stated) {
            (AnalogueSource::Product, Some(StatedAnalogue::Product(id, _))) => Some(id),
            (AnalogueSource::Product | AnalogueSource::Stated | AnalogueSource::Category, _) => None,
        };
        ShownAnalogue { source: counted.source, product_id, rate_week: counted.rate }
    }
}

/// The settings that state a similar product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated {
    pub product_id: Option<ProductId>,
    pub analogue_id: Option<ProductId>,
    pub percent: Option<Percent>,
    pub rate: Option<Quantity>,
}

/// Rejects a similar product that the settings can't have.
pub(super) async fn check(tx: &Tx, problems: &mut Problems, stated: Stated) -> Result<(), Error> {
    if stated.percent.is_some_and(|percent| !percent.is_positive()) {
        problems.invalid("/analogue_percent", "The percentage must be above zero.");
    }
    let Some(id) = stated.analogue_id else {
        if stated.percent.is_some() {
            problems.invalid("/analogue_percent", "Name the product of the rate, as analogue_product_id.");
        }
        return Ok(());
    };
    let pointer = "/analogue_product_id";
    if stated.rate.is_some() {
        problems.invalid("/analogue_rate", "The rate is that of analogue_product_id. Leave one of them out.");
    }
    if stated.product_id.is_none() {
        problems.invalid(pointer, "Name the new product, as product_id.");
    }
    if stated.product_id == Some(id) {
        problems.invalid(pointer, "A product does not stand in for itself. Leave it out.");
    }
    let select = "select kind from product where tenant_id = $1 and id = $2";
    match tx.row(sqlx::query(select).bind(tx.tenant_id.0).bind(id.0)).await? {
        None => input::add_unknown(problems, pointer, "product"),
        Some(row) if word::<ProductKind>(&row, "kind")? != ProductKind::Stocked => {
            problems.invalid(pointer, "Only a stocked product has a rate.");
        }
        Some(_) => {}
    }
    Ok(())
}
