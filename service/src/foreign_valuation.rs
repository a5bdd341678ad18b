//! The items that are open in other currencies at the end of a day, with their value at the rates of the day.

use chrono::NaiveDate;
use domain::document::DocumentKind;
use domain::id::EntryId;
use domain::ledger::valuation::{ForeignItem, ITEMS_MAX, OpenItemKind};
use domain::number::{ExchangeRate, Money, MoneyInCurrency};
use domain::refusal::Refusal;
use domain::tag;
use domain::tenant::Settings;
use serde::Serialize;

use crate::input::decimals_of;
use crate::posting::{setup, valuation};
use crate::{Error, Tx};

/// The open items of a day, and their value at the rates of the day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignValuation {
    pub object: tag::ForeignValuation,
    /// Day at whose end the items are open, in the tenant's time zone.
    #[schema(example = "2026-11-30")]
    pub day: NaiveDate,
    /// Tenant's currency.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Entry of the valuation. Null if the day is not valued.
    #[schema(example = json!(null))]
    pub entry_id: Option<EntryId>,
    /// Sum of the losses of all items with a rate, in the tenant's currency; negative for a gain.
    pub loss: Money,
    /// Open items, by number. More than 5,000 are rejected.
    #[schema(max_items = 5000)]
    pub items: Vec<ForeignValuationItem>,
}

/// A document that is open in another currency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignValuationItem {
    /// Kind of the document.
    pub kind: OpenItemKind,
    /// Id of the document.
    #[schema(max_length = 64, example = "bll_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Number of the document.
    #[schema(max_length = 64, example = "BL-2026-000123")]
    pub number: String,
    /// ISO 4217 code of the currency of the document.
    #[schema(max_length = 3, example = "USD")]
    pub currency: String,
    /// Open amount in the currency of the document; negative for a credit note.
    pub foreign_open: MoneyInCurrency,
    /// Open amount in the books, in the tenant's currency; negative for a credit note.
    pub open: Money,
    /// Rate of the day: units of the tenant's currency in one unit of the other. Null if no rate is recorded.
    pub rate: Option<ExchangeRate>,
    /// Open amount at the rate of the day, in the tenant's currency. Null without a rate.
    pub value: Option<Money>,
    /// Unrealised loss, in the tenant's currency; negative for a gain. Null without a rate.
    pub loss: Option<Money>,
}

/// Returns the open items of a day. Rejects more than a valuation may have.
pub async fn get(tx: &Tx, day: NaiveDate) -> Result<ForeignValuation, Error> {
    let settings = setup::settings(tx).await?;
    let known = valuation::read(tx, day).await?;
    if known.items.len() > ITEMS_MAX {
        let detail = format!("More than {ITEMS_MAX} items are open in other currencies: value them by hand.");
        return Err(Refusal::state(detail).into());
    }
    Ok(ForeignValuation {
        object: tag::ForeignValuation,
        day,
        entry_id: known.entry.map(|entry| entry.id),
        loss: known.items.iter().filter_map(|item| item.loss(&settings)).sum(),
        items: known.items.into_iter().map(|item| shown(item, &settings)).collect::<Result<_, Error>>()?,
        currency: settings.currency,
    })
}

/// Returns how many items have another value in the books than at the rates of a day, or no rate. A valued day has none, and neither has one
/// whose valuation comes to nothing.
pub(crate) async fn count_open(tx: &Tx, day: NaiveDate) -> Result<i64, Error> {
    let settings = setup::settings(tx).await?;
    let known = valuation::read(tx, day).await?;
    if known.entry.is_some() || known.comes_to_nothing(&settings) {
        return Ok(0);
    }
    let open = known.items.iter().filter(|item| item.is_to_value(&settings)).count();
    Ok(i64::try_from(open).unwrap_or(i64::MAX))
}

fn shown(item: ForeignItem, settings: &Settings) -> Result<ForeignValuationItem, Error> {
    let kind = match item.kind {
        OpenItemKind::Bill => DocumentKind::Bill,
        OpenItemKind::Invoice => DocumentKind::Invoice,
        OpenItemKind::CreditNote => DocumentKind::CreditNote,
        OpenItemKind::Payment => DocumentKind::Payment,
    };
    Ok(ForeignValuationItem {
        kind: item.kind,
        document_id: kind.encode(item.id),
        value: item.value(settings),
        loss: item.loss(settings),
        foreign_open: item.foreign_open.in_currency(decimals_of(&item.currency)?),
        number: item.number,
        currency: item.currency,
        open: item.open,
        rate: item.rate,
    })
}
