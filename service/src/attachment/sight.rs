//! The records whose files a caller may read or change, by its scopes.

use domain::attachment::RecordKind;
use strum::VariantArray;

use super::SELECT;
use crate::listing::Listing;
use crate::scope::Scope;
use crate::{Caller, Error, Tx};

/// Images of products that are not archived.
const FOR_VISITORS: &str = " and a.width is not null and exists (select from product p \
                             where p.tenant_id = a.tenant_id and p.id = a.record_id and p.status <> 'archived')";

/// The records whose files a caller may read.
#[derive(Debug, Clone)]
pub struct Sight {
    kinds: Vec<RecordKind>,
    /// Whether only images of products on sale are shown.
    is_visitor: bool,
}

impl Sight {
    /// Returns the records whose files the caller may read: those that it may read itself.
    pub fn of(caller: &Caller) -> Result<Self, Error> {
        let sight = Sight::where_kind(caller, |kind| is_seen(caller, kind));
        if sight.kinds.is_empty() {
            caller.require(Scope::CatalogRead)?;
        }
        Ok(sight)
    }

    /// Returns the records whose files the caller may read or change. Rejects a caller who may change none, before a file is
    /// looked for.
    pub(super) fn of_writer(caller: &Caller) -> Result<Self, Error> {
        if !RecordKind::VARIANTS.iter().any(|kind| is_changed(caller, *kind)) {
            caller.require(Scope::CatalogWrite)?;
        }
        Ok(Sight::where_kind(caller, |kind| is_seen(caller, kind) || is_changed(caller, kind)))
    }

    fn where_kind(caller: &Caller, is_known: impl Fn(RecordKind) -> bool) -> Self {
        let kinds = RecordKind::VARIANTS.iter().copied().filter(|kind| is_known(*kind)).collect();
        Sight { kinds, is_visitor: caller.is_publishable() }
    }

    /// Returns all records.
    pub(super) fn everything() -> Self {
        Sight { kinds: RecordKind::VARIANTS.to_vec(), is_visitor: false }
    }

    pub(super) fn listing(&self, tx: &Tx) -> Listing {
        let listing = Listing::new(tx, SELECT).among("a.record_kind", &self.kinds);
        listing.sql(if self.is_visitor { FOR_VISITORS } else { "" })
    }
}

/// Whether the caller may read the files of records of a kind.
fn is_seen(caller: &Caller, kind: RecordKind) -> bool {
    caller.scopes.contains(read_scope(kind))
        && (!caller.is_publishable() || kind == RecordKind::Product)
        && (!states_costs(kind) || caller.sees_costs())
}

/// Whether the caller may change the files of records of a kind.
fn is_changed(caller: &Caller, kind: RecordKind) -> bool {
    caller.scopes.contains(write_scope(kind))
}

fn read_scope(kind: RecordKind) -> Scope {
    match kind {
        RecordKind::Product => Scope::CatalogRead,
        RecordKind::Customer => Scope::CustomersRead,
        RecordKind::Supplier | RecordKind::PurchaseOrder | RecordKind::Bill => Scope::PurchasingRead,
        RecordKind::Order | RecordKind::Invoice => Scope::OrdersRead,
    }
}

/// Whether the files of records of a kind may state costs: the supplier's own bill or confirmation.
fn states_costs(kind: RecordKind) -> bool {
    match kind {
        RecordKind::PurchaseOrder | RecordKind::Bill => true,
        RecordKind::Product
        | RecordKind::Customer
        | RecordKind::Supplier
        | RecordKind::Order
        | RecordKind::Invoice => false,
    }
}

/// Returns the scope that changes the files of records of a kind.
pub fn write_scope(kind: RecordKind) -> Scope {
    match kind {
        RecordKind::Product => Scope::CatalogWrite,
        RecordKind::Customer => Scope::CustomersWrite,
        RecordKind::Supplier | RecordKind::PurchaseOrder | RecordKind::Bill => Scope::PurchasingWrite,
        RecordKind::Order | RecordKind::Invoice => Scope::OrdersWrite,
    }
}
