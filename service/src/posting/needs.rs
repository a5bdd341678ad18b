//! Which rows a batch of commands touches.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::count::Count;
use domain::document::DocumentKind;
use domain::id::{
    CountId, CustomerId, ExpectedReceiptId, HoldId, InvoiceId, LocationId, LotId, OrderId, ProductId,
    RegisterId, TransferId,
};
use domain::line_item::GoodsLine;
use domain::lot::NamedLot;
use domain::order::{AdvanceTo, Policy};
use domain::product::ItemRef;
use domain::sales::LineInput;
use uuid::Uuid;

use super::Command;

/// What must be read, and locked, before a batch is decided. Sets are sorted: rows are locked in the order of keys.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) product_ids: BTreeSet<ProductId>,
    pub(super) skus: BTreeSet<String>,
    pub(super) barcodes: BTreeSet<String>,
    /// Whether some line names a unit, so that units must be read.
    pub(super) units: bool,
    pub(super) customer_ids: BTreeSet<CustomerId>,
    pub(super) order_ids: BTreeSet<OrderId>,
    /// Invoices and till sales that something is taken back from.
    pub(super) sold_ids: BTreeSet<Uuid>,
    /// Customers whose open invoices a payment may settle.
    pub(super) paying: BTreeSet<CustomerId>,
    /// Invoices that a payment names.
    pub(super) invoice_ids: BTreeSet<InvoiceId>,
    pub(super) register_ids: BTreeSet<RegisterId>,
    pub(super) hold_ids: BTreeSet<HoldId>,
    /// References of holds: an open one of that name makes way.
    pub(super) hold_references: BTreeSet<String>,
    pub(super) transfer_ids: BTreeSet<TransferId>,
    pub(super) expected_ids: BTreeSet<ExpectedReceiptId>,
    /// Codes of lots that are named.
    pub(super) lot_codes: BTreeSet<String>,
    /// Lots that are recalled.
    pub(super) recalled: BTreeSet<LotId>,
    /// Whether goods come in, so that it matters where else their serial numbers are.
    pub(super) coming_in: bool,
    /// The earliest instant at which goods are said to have gone: lots that were counted since may bear it.
    pub(super) since: Option<DateTime<Utc>>,
    /// Whether goods go that have left already, so that a lot must be known to take them off.
    pub(super) forced: bool,
    pub(super) count_ids: BTreeSet<CountId>,
    /// Sheets that are compared with the record, whose levels must be locked.
    pub(super) compared: BTreeSet<CountId>,
    /// Sheets that are opened under the caller's own id, and where.
    opened: Vec<(CountId, Option<LocationId>)>,
    /// Whether it matters what the tenant allows a count to do.
    pub(super) count_settings: bool,
    /// Locations that are named where no goods move.
    pub(super) named_places: BTreeSet<LocationId>,
    /// Whether goods pass through the location of goods in transit.
    pub(super) transit: bool,
    /// Registers whose cash must be known.
    pub(super) cash_of: BTreeSet<RegisterId>,
    /// Locations that are named.
    pub(super) location_ids: BTreeSet<LocationId>,
    /// Whether the default location is meant somewhere.
    pub(super) default_location: bool,
    /// Prefixes of the number series that documents take their numbers from, besides those of registers.
    pub(super) numbered: BTreeSet<DocumentKind>,
    /// Registers that lease goods.
    pub(super) leasing: BTreeSet<RegisterId>,
    /// Whether promises are made, so that what is on its way must be known.
    pub(super) promises: bool,
    /// Whether promises may break, if there are some.
    pub(super) breaks: bool,
    /// Whether prices are resolved.
    pub(super) prices: bool,
    /// Reason codes that are named.
    pub(super) reasons: BTreeSet<String>,
    /// Account codes that are named.
    pub(super) accounts: BTreeSet<String>,
}

impl Needs {
    /// What `commands` need.
    pub(super) fn of(commands: &[Command]) -> Self {
        let mut needs = Needs::default();
        for command in commands {
            needs.add(command);
        }
        for (id, place) in std::mem::take(&mut needs.opened) {
            if needs.compared.contains(&id) {
                needs.location(place);
            }
        }
        needs
    }

    fn add(&mut self, command: &Command) {
        match command {
            Command::Sell(sell) => {
                self.register_ids.insert(sell.register_id);
                self.customer_ids.extend(sell.customer_id);
                self.hold_ids.extend(sell.hold_id);
                self.went(sell.occurred_at, sell.forced);
                self.lines(&sell.lines);
            }
            Command::Refund(refund) => {
                self.register_ids.insert(refund.register_id);
                self.sold_ids.extend(refund.original_id.map(|id| id.0));
                self.come_back(refund.original_lines.iter().map(|line| &*line.lots));
                self.lines(&refund.lines);
            }
            Command::OpenSession(open) => self.cash(open.register_id),
            Command::MoveCash(change) => self.cash(change.register_id),
            Command::CloseSession(close) => self.cash(close.register_id),
            Command::PlaceOrder(place) => {
                self.customer_ids.insert(place.customer_id);
                // An order that bears the caller's id already, if there is one.
                self.order_ids.extend(place.id);
                self.hold_ids.extend(place.hold_id);
                self.promises |= place.policy == Policy::Backorder && place.advance_to > AdvanceTo::Draft;
                self.location(place.location_id);
                self.numbered.extend([DocumentKind::Order, DocumentKind::Shipment, DocumentKind::Invoice]);
                self.lines(&place.lines);
            }
            Command::ConfirmOrder(id)
            | Command::ReleaseOrder(id)
            | Command::CancelOrder(id)
            | Command::CloseOrder(id)
            | Command::AllocateOrder(id) => {
                self.order_ids.insert(*id);
            }
            Command::PromiseOrder(id) => {
                self.order_ids.insert(*id);
                self.promises = true;
            }
            Command::ShipOrder(ship) => {
                self.order_ids.insert(ship.order_id);
                ship.lines.iter().for_each(|line| self.lots(&line.lots));
                self.numbered.insert(DocumentKind::Shipment);
            }
            Command::InvoiceOrder(id) => {
                self.order_ids.insert(*id);
                self.numbered.insert(DocumentKind::Invoice);
            }
            Command::Return(back) => {
                self.customer_ids.insert(back.customer_id);
                self.sold_ids.extend(back.original_id.map(|id| id.0));
                self.location(back.location_id);
                self.numbered.insert(DocumentKind::CreditNote);
                self.come_back(back.original_lines.iter().map(|line| &*line.lots));
                self.lines(&back.lines);
            }
            Command::ReceivePayment(receive) => {
                self.customer_ids.insert(receive.customer_id);
                match &receive.allocations {
                    None => _ = self.paying.insert(receive.customer_id),
                    Some(named) => {
                        self.invoice_ids.extend(named.iter().map(|allocation| allocation.invoice_id))
                    }
                }
                self.numbered.insert(DocumentKind::Payment);
            }
            Command::PostEntry(post) => {
                self.accounts.extend(post.lines.iter().map(|line| line.account.clone()));
                self.customer_ids.extend(post.lines.iter().filter_map(|line| line.customer_id));
            }
            _ => self.add_goods(command),
        }
    }

    /// What the commands need that move, hold or expect goods.
    fn add_goods(&mut self, command: &Command) {
        match command {
            Command::MoveStock(change) => {
                self.location(change.location_id);
                self.numbered.extend([
                    DocumentKind::Receipt,
                    DocumentKind::Opening,
                    DocumentKind::Adjustment,
                ]);
                self.reasons.extend(change.reason.clone());
                self.expected_ids.extend(change.expected_receipt_id);
                self.coming_in = true;
                self.went(change.occurred_at, change.forced);
                for line in &change.lines {
                    self.item(&line.item, line.uom.is_some());
                    self.lots(&line.lots);
                }
            }
            Command::Revalue(revalue) => {
                self.location(revalue.location_id);
                self.numbered.insert(DocumentKind::Revaluation);
                self.reasons.insert(revalue.reason.clone());
                for line in &revalue.lines {
                    self.item(&line.item, false);
                }
            }
            Command::PlaceHold(place) => {
                self.hold_ids.extend(place.id);
                self.hold_references.extend(place.reference.clone());
                self.customer_ids.extend(place.customer_id);
                match place.register_id {
                    Some(id) => _ = self.leasing.insert(id),
                    None => self.location(place.location_id),
                }
                self.goods(&place.lines);
            }
            Command::RecallLot(recall) => _ = self.recalled.insert(recall.lot_id),
            Command::ExtendHold(id, _) | Command::ReleaseHold(id) => _ = self.hold_ids.insert(*id),
            Command::DispatchTransfer(dispatch) => {
                self.transfer_ids.extend(dispatch.id);
                self.location(dispatch.from_location_id);
                self.location_ids.insert(dispatch.to_location_id);
                self.transit = true;
                self.numbered.insert(DocumentKind::Transfer);
                self.went(dispatch.occurred_at, false);
                self.goods(&dispatch.lines);
            }
            Command::ReceiveTransfer(arrive) => {
                self.transfer_ids.insert(arrive.transfer_id);
                self.transit = true;
                self.reasons.extend(arrive.missing_reason.clone());
                self.breaks |= arrive.missing_reason.is_some();
            }
            Command::ExpectReceipt(expect) => {
                self.expected_ids.extend(expect.id);
                self.location(expect.location_id);
                self.numbered.insert(DocumentKind::ExpectedReceipt);
                self.goods(&expect.lines);
            }
            Command::RescheduleReceipt(id, _) | Command::CancelExpectedReceipt(id) => {
                self.breaks = true;
                _ = self.expected_ids.insert(*id);
            }
            _ => self.add_count(command),
        }
    }

    /// What the commands of count sheets need. A sheet freezes nothing: levels are locked only where it is compared with
    /// them.
    fn add_count(&mut self, command: &Command) {
        match command {
            Command::OpenCount(open) => {
                self.count_ids.extend(open.id);
                self.opened.extend(open.id.map(|id| (id, open.location_id)));
                self.named_places.extend(open.location_id);
                self.product_ids.extend(open.lines.iter().map(|line| line.product_id));
                self.count_settings = true;
                self.numbered.insert(DocumentKind::Count);
            }
            Command::EnterCount(enter) => {
                self.count_ids.insert(enter.count_id);
                for entry in &enter.entries {
                    self.item(&entry.item, entry.uom.is_some());
                    // What is said of a lot must be what is known of it.
                    let lot = entry.lot.as_ref().filter(|lot| lot.expires_on.is_some());
                    self.lot_codes.extend(lot.map(|lot| lot.code.clone()));
                }
            }
            Command::CompleteCount(complete) => self.compare(complete.count_id),
            Command::PostCount(post) => {
                self.compare(post.count_id);
                self.coming_in = true;
                self.count_settings = true;
                self.numbered.insert(DocumentKind::Adjustment);
            }
            Command::RecountLines(recount) => _ = self.count_ids.insert(recount.count_id),
            Command::CancelCount(id) => _ = self.count_ids.insert(*id),
            _ => {}
        }
    }

    fn compare(&mut self, id: CountId) {
        self.count_ids.insert(id);
        self.compared.insert(id);
    }

    /// The products of sheets are needed to name them, and their places and lots where they are compared with the record.
    pub(super) fn counted(&mut self, counts: &HashMap<CountId, Count>) {
        for count in counts.values() {
            self.product_ids.extend(count.lines.iter().map(|line| line.product_id));
            if self.compared.contains(&count.id) {
                self.location_ids.insert(count.location_id);
                let codes = count.lines.iter().filter_map(|line| line.lot_code());
                self.lot_codes.extend(codes.map(str::to_owned));
            }
        }
    }

    fn lines(&mut self, lines: &[LineInput]) {
        self.prices |= !lines.is_empty();
        for line in lines {
            self.item(&line.item, line.uom.is_some());
            self.lots(&line.lots);
        }
    }

    fn goods(&mut self, lines: &[GoodsLine]) {
        for line in lines {
            self.item(&line.item, line.uom.is_some());
            self.lots(&line.lots);
        }
    }

    fn come_back<'a>(&mut self, lots: impl Iterator<Item = &'a [NamedLot]>) {
        self.coming_in = true;
        lots.for_each(|named| self.lots(named));
    }

    fn went(&mut self, at: Option<DateTime<Utc>>, forced: bool) {
        self.forced |= forced;
        self.since = self.since.into_iter().chain(at).min();
    }

    fn lots(&mut self, named: &[NamedLot]) {
        self.lot_codes.extend(named.iter().map(|lot| lot.code.clone()));
    }

    fn item(&mut self, item: &ItemRef, has_unit: bool) {
        self.units |= has_unit || matches!(item, ItemRef::Barcode(_));
        match item {
            ItemRef::Id(id) => _ = self.product_ids.insert(*id),
            ItemRef::Sku(sku) if !self.skus.contains(sku) => _ = self.skus.insert(sku.clone()),
            ItemRef::Barcode(code) if !self.barcodes.contains(code) => _ = self.barcodes.insert(code.clone()),
            ItemRef::Sku(_) | ItemRef::Barcode(_) => {}
        }
    }

    fn cash(&mut self, id: RegisterId) {
        self.register_ids.insert(id);
        self.cash_of.insert(id);
    }

    fn location(&mut self, id: Option<LocationId>) {
        match id {
            Some(id) => _ = self.location_ids.insert(id),
            None => self.default_location = true,
        }
    }
}
