//! The present state of the records of events, for endpoints that want them whole. A document, such as an order, is only named.

use std::collections::{BTreeSet, HashMap};

use domain::document::DocumentKind;
use serde_json::Value;
use strum::IntoEnumIterator;
use uuid::Uuid;

use crate::event::Event;
use crate::expand::{self, Expansion};
use crate::scope::Scope;
use crate::{Error, Tx};

/// Longest record, in bytes of JSON. A longer one is named only.
const OBJECT_BYTES_MAX: usize = 128 * 1024;

/// Returns the scopes that a caller needs who wants records whole.
pub(super) fn scopes() -> impl Iterator<Item = Scope> {
    Expansion::iter().map(Expansion::scope)
}

/// Returns the record of each event as the API shows it now, by one statement for each kind of record. Returns nothing for a kind
/// that is only named, for a record that was deleted, and for one that is too long. No record of these kinds has costs.
pub(super) async fn find(tx: &Tx, events: &[&Event]) -> Result<Vec<Option<Value>>, Error> {
    let mut found: HashMap<String, Value> = HashMap::new();
    for wanted in Expansion::iter() {
        let of_kind = events.iter().filter(|event| expansion(&event.document_kind) == Some(wanted));
        // Several endpoints may get an event.
        let ids: BTreeSet<Uuid> = of_kind.map(|event| event.document_id).collect();
        if !ids.is_empty() {
            found.extend(expand::find(tx, wanted, ids.into_iter().collect()).await?);
        }
    }
    found.retain(|_, record| record.to_string().len() <= OBJECT_BYTES_MAX);
    let record = |event: &&Event| {
        let kind: DocumentKind = event.document_kind.parse().ok()?;
        found.get(&kind.encode(event.document_id)).cloned()
    };
    Ok(events.iter().map(record).collect())
}

/// Returns the expansion that shows records of a kind.
#[expect(clippy::wildcard_enum_match_arm, reason = "kinds that are only named, as new ones are at first")]
fn expansion(kind: &str) -> Option<Expansion> {
    match kind.parse::<DocumentKind>().ok()? {
        DocumentKind::Customer => Some(Expansion::Customer),
        DocumentKind::Location => Some(Expansion::Location),
        DocumentKind::Product | DocumentKind::Bundle => Some(Expansion::Product),
        DocumentKind::Category => Some(Expansion::Category),
        DocumentKind::PriceTier => Some(Expansion::PriceTier),
        DocumentKind::PriceList => Some(Expansion::PriceList),
        DocumentKind::Register => Some(Expansion::Register),
        _ => None,
    }
}
