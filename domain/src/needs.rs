//! The rows that a batch of commands reads and locks. Each command says its own (`Rule::needs`).

use std::collections::{BTreeSet, HashMap};

use crate::count::Count;
use crate::document::DocumentKind;
use crate::id::{
    CountId, CustomerId, ExpectedReceiptId, HoldId, InvoiceId, LocationId, LotId, OrderId, ProductId,
    RegisterId, TransferId,
};
use crate::line_item::GoodsLine;
use crate::lot::NamedLot;
use crate::product::ItemRef;
use crate::sales::LineInput;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::command::Command;

/// What must be read, and locked, before a batch is decided. Sets are sorted: rows are locked in the order of keys.
#[derive(Debug, Default)]
pub struct Needs {
    pub product_ids: BTreeSet<ProductId>,
    pub skus: BTreeSet<String>,
    pub barcodes: BTreeSet<String>,
    /// Whether some line names a unit, so that units must be read.
    pub units: bool,
    pub customer_ids: BTreeSet<CustomerId>,
    pub order_ids: BTreeSet<OrderId>,
    /// Invoices and till sales that something is taken back from.
    pub sold_ids: BTreeSet<Uuid>,
    /// Customers whose open invoices a payment may settle.
    pub paying: BTreeSet<CustomerId>,
    /// Invoices that a payment names.
    pub invoice_ids: BTreeSet<InvoiceId>,
    pub register_ids: BTreeSet<RegisterId>,
    pub hold_ids: BTreeSet<HoldId>,
    /// References of holds: an open one of that name makes way.
    pub hold_references: BTreeSet<String>,
    pub transfer_ids: BTreeSet<TransferId>,
    pub expected_ids: BTreeSet<ExpectedReceiptId>,
    /// Codes of lots that are named.
    pub lot_codes: BTreeSet<String>,
    /// Lots that are recalled.
    pub recalled: BTreeSet<LotId>,
    /// Whether goods come in, so that it matters where else their serial numbers are.
    pub coming_in: bool,
    /// The earliest instant at which goods are said to have gone: lots that were counted since may bear it.
    pub since: Option<DateTime<Utc>>,
    /// Whether goods go that have left already, so that a lot must be known to take them off.
    pub forced: bool,
    pub count_ids: BTreeSet<CountId>,
    /// Sheets that are compared with the record, whose levels must be locked.
    pub compared: BTreeSet<CountId>,
    /// Sheets that are opened under the caller's own id, and where.
    pub(crate) opened: Vec<(CountId, Option<LocationId>)>,
    /// Whether it matters what the tenant allows a count to do.
    pub count_settings: bool,
    /// Locations that are named where no goods move.
    pub named_places: BTreeSet<LocationId>,
    /// Whether goods pass through the location of goods in transit.
    pub transit: bool,
    /// Registers whose cash must be known.
    pub cash_of: BTreeSet<RegisterId>,
    /// Locations that are named.
    pub location_ids: BTreeSet<LocationId>,
    /// Whether the default location is meant somewhere.
    pub default_location: bool,
    /// Prefixes of the number series that documents take their numbers from, besides those of registers.
    pub numbered: BTreeSet<DocumentKind>,
    /// Registers that lease goods.
    pub leasing: BTreeSet<RegisterId>,
    /// Whether promises are made, so that what is on its way must be known.
    pub promises: bool,
    /// Whether promises may break, if there are some.
    pub breaks: bool,
    /// Whether prices are resolved.
    pub prices: bool,
    /// Reason codes that are named.
    pub reasons: BTreeSet<String>,
    /// Account codes that are named.
    pub accounts: BTreeSet<String>,
}

impl Needs {
    /// What `commands` need.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Self {
        let mut needs = Needs::default();
        for command in commands {
            command.needs(&mut needs);
        }
        for (id, place) in std::mem::take(&mut needs.opened) {
            if needs.compared.contains(&id) {
                needs.location(place);
            }
        }
        needs
    }

    pub(crate) fn compare(&mut self, id: CountId) {
        self.count_ids.insert(id);
        self.compared.insert(id);
    }

    /// The products of sheets are needed to name them, and their places and lots where they are compared with the record.
    pub fn counted(&mut self, counts: &HashMap<CountId, Count>) {
        for count in counts.values() {
            self.product_ids.extend(count.lines.iter().map(|line| line.product_id));
            if self.compared.contains(&count.id) {
                self.location_ids.insert(count.location_id);
                let codes = count.lines.iter().filter_map(|line| line.lot_code());
                self.lot_codes.extend(codes.map(str::to_owned));
            }
        }
    }

    pub(crate) fn lines(&mut self, lines: &[LineInput]) {
        self.prices |= !lines.is_empty();
        for line in lines {
            self.item(&line.item, line.uom.is_some());
            self.lots(&line.lots);
        }
    }

    pub(crate) fn goods(&mut self, lines: &[GoodsLine]) {
        for line in lines {
            self.item(&line.item, line.uom.is_some());
            self.lots(&line.lots);
        }
    }

    pub(crate) fn come_back<'a>(&mut self, lots: impl Iterator<Item = &'a [NamedLot]>) {
        self.coming_in = true;
        lots.for_each(|named| self.lots(named));
    }

    pub(crate) fn went(&mut self, at: Option<DateTime<Utc>>, forced: bool) {
        self.forced |= forced;
        self.since = self.since.into_iter().chain(at).min();
    }

    pub(crate) fn lots(&mut self, named: &[NamedLot]) {
        self.lot_codes.extend(named.iter().map(|lot| lot.code.clone()));
    }

    pub(crate) fn item(&mut self, item: &ItemRef, has_unit: bool) {
        self.units |= has_unit || matches!(item, ItemRef::Barcode(_));
        match item {
            ItemRef::Id(id) => _ = self.product_ids.insert(*id),
            ItemRef::Sku(sku) if !self.skus.contains(sku) => _ = self.skus.insert(sku.clone()),
            ItemRef::Barcode(code) if !self.barcodes.contains(code) => _ = self.barcodes.insert(code.clone()),
            ItemRef::Sku(_) | ItemRef::Barcode(_) => {}
        }
    }

    pub(crate) fn cash(&mut self, id: RegisterId) {
        self.register_ids.insert(id);
        self.cash_of.insert(id);
    }

    pub(crate) fn location(&mut self, id: Option<LocationId>) {
        match id {
            Some(id) => _ = self.location_ids.insert(id),
            None => self.default_location = true,
        }
    }
}
