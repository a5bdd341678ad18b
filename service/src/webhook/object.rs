//! The present state of the record of an event, for endpoints that want it whole. A document, such as an order, is only named.

use domain::document::DocumentKind;
use serde_json::Value;
use uuid::Uuid;

use crate::expand::{self, Expansion};
use crate::scope::Scope;
use crate::{Error, Tx};

/// Scopes that a caller needs who wants records whole.
pub(super) const READS: [Scope; 5] =
    [Scope::CatalogRead, Scope::CustomersRead, Scope::PosRead, Scope::PricesRead, Scope::StockRead];

/// Longest record, in bytes of JSON. A longer one is named only.
const OBJECT_BYTES_MAX: usize = 128 * 1024;

/// Returns the record as the API shows it now. Returns nothing for a kind that is only named, for a record that was deleted, and for
/// one that is too long. No record of these kinds has costs.
#[expect(clippy::wildcard_enum_match_arm, reason = "kinds that are only named, as new ones are at first")]
pub(super) async fn find(tx: &Tx, kind: &str, id: Uuid) -> Result<Option<Value>, Error> {
    let Ok(kind) = kind.parse::<DocumentKind>() else { return Ok(None) };
    let expansion = match kind {
        DocumentKind::Customer => Expansion::Customer,
        DocumentKind::Location => Expansion::Location,
        DocumentKind::Product | DocumentKind::Bundle => Expansion::Product,
        DocumentKind::Category => Expansion::Category,
        DocumentKind::PriceTier => Expansion::PriceTier,
        DocumentKind::PriceList => Expansion::PriceList,
        DocumentKind::Register => Expansion::Register,
        _ => return Ok(None),
    };
    let found = expand::find(tx, expansion, vec![id]).await?;
    Ok(found.into_values().next().filter(|record| record.to_string().len() <= OBJECT_BYTES_MAX))
}
