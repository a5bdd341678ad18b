//! The rows that a batch of commands reads and locks. Each command states its own (`Rule::needs`).

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::count::Count;
use crate::document::DocumentKind;
use crate::id::{
    BillId, CountId, CustomerId, EntryId, ExpectedReceiptId, HoldId, InvoiceId, LandedCostId, LocationId,
    LotId, OrderId, PaymentId, PaymentIntentId, ProductId, PurchaseOrderId, RegisterId, ShipmentId,
    StockDocumentId, SupplierId, SupplierPaymentId, TransferId, VoucherId,
};
use crate::line_item::GoodsLine;
use crate::lot::NamedLot;
use crate::open_item::CreditRef;
use crate::product::{ItemRef, barcode_forms};
use crate::sales::LineInput;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::command::Command;

/// The rows to read and lock before a batch is decided. Sets are sorted: rows are locked in the order of
/// their keys.
#[derive(Debug, Default)]
pub struct Needs {
    pub product_ids: BTreeSet<ProductId>,
    pub skus: BTreeSet<String>,
    pub barcodes: BTreeSet<String>,
    /// Whether units must be read, because a line names a unit or a barcode.
    pub units: bool,
    pub customer_ids: BTreeSet<CustomerId>,
    pub order_ids: BTreeSet<OrderId>,
    /// Invoices and till sales of which something is returned or refunded.
    pub sold_ids: BTreeSet<Uuid>,
    /// Customers whose open invoices a payment may settle.
    pub paying: BTreeSet<CustomerId>,
    /// Customers whose payments and credit notes an application or payout may use.
    pub crediting: BTreeSet<CustomerId>,
    /// Customers whose held orders are judged again.
    pub judged: BTreeSet<CustomerId>,
    /// Orders that leave or are released. What other orders don't count against them is needed.
    pub leaving: BTreeSet<OrderId>,
    /// Orders that are amended. The lines of shipments of them that were undone are needed.
    pub amended: BTreeSet<OrderId>,
    /// Payments and credit notes that a command names.
    pub credits: BTreeSet<CreditRef>,
    /// Payments and payouts that are taken back.
    pub reversed: BTreeSet<PaymentId>,
    /// Ids that callers chose for bank transfers. A bank line is accepted as the payment with its id.
    pub accepted: BTreeSet<PaymentId>,
    /// Invoices that a payment names.
    pub invoice_ids: BTreeSet<InvoiceId>,
    pub register_ids: BTreeSet<RegisterId>,
    /// Tills of forced sales, with the time of each sale. A session that was closed since is needed.
    pub late_sales: BTreeSet<(RegisterId, DateTime<Utc>)>,
    /// SKUs in forced sales. The products that had one of them before are needed.
    pub former_skus: BTreeSet<String>,
    /// Barcodes that forced sales name, in each of their forms. Another product may have had one of them then.
    pub former_barcodes: BTreeSet<String>,
    /// Whether units are needed that products of forced sales had before.
    pub former_units: bool,
    /// Codes of vouchers that are issued, redeemed or given back into.
    pub voucher_codes: BTreeSet<String>,
    /// Ids of vouchers that are issued. A voucher with another code may have one.
    pub voucher_ids: BTreeSet<VoucherId>,
    /// Payment intents that tenders name.
    pub intent_ids: BTreeSet<PaymentIntentId>,
    pub hold_ids: BTreeSet<HoldId>,
    /// References of holds. A new hold replaces the open hold of its reference.
    pub hold_references: BTreeSet<String>,
    pub transfer_ids: BTreeSet<TransferId>,
    /// Transfers of which stock comes back to the origin.
    pub returning: BTreeSet<TransferId>,
    /// Shipments that are undone. Their orders are needed.
    pub shipment_ids: BTreeSet<ShipmentId>,
    pub expected_ids: BTreeSet<ExpectedReceiptId>,
    pub purchase_ids: BTreeSet<PurchaseOrderId>,
    /// Receipts of purchase orders of which something goes back.
    pub receipt_ids: BTreeSet<StockDocumentId>,
    /// Returns to suppliers that are taken back.
    pub supplier_return_ids: BTreeSet<StockDocumentId>,
    /// Landed costs that are reversed. Their receipts are needed.
    pub landed_ids: BTreeSet<LandedCostId>,
    /// Receipts over which charges are spread. Their levels are locked.
    pub charged_ids: BTreeSet<StockDocumentId>,
    /// Suppliers that get purchase orders. Their terms for the products of the batch are needed.
    pub supplier_ids: BTreeSet<SupplierId>,
    /// Suppliers whose bills or payments are recorded. They are locked.
    pub payees: BTreeSet<SupplierId>,
    /// Numbers of new bills, by supplier. The bills that have them are needed.
    pub bill_numbers: BTreeSet<(SupplierId, String)>,
    /// Numbers of new credit notes, by the bill that they take back.
    pub credit_numbers: BTreeSet<(BillId, String)>,
    /// Bills that a command names.
    pub bill_ids: BTreeSet<BillId>,
    /// Whether the lines of these bills are needed, with their goods.
    pub bill_lines: bool,
    /// Payments to suppliers that are taken back. Their bills are needed.
    pub supplier_payment_ids: BTreeSet<SupplierPaymentId>,
    /// Receipts whose lines are billed.
    pub billed_receipt_ids: BTreeSet<StockDocumentId>,
    /// Whether the bills of the purchase orders and receipts are needed.
    pub billing: bool,
    /// Other currencies that documents state, each with the day of the document. Their rates are needed.
    pub exchange: BTreeSet<(String, NaiveDate)>,
    /// Other currencies in which documents of today are written.
    pub exchange_today: BTreeSet<String>,
    /// Other currencies of documents of customers and of payments to suppliers, each with the time of its document. A document
    /// without a time is of now.
    pub exchange_at: BTreeSet<(String, Option<DateTime<Utc>>)>,
    /// Times of payments of bills; now if absent. The rates of the currencies of the bills are needed.
    pub paid_at: BTreeSet<Option<DateTime<Utc>>>,
    /// Codes of lots that lines name.
    pub lot_codes: BTreeSet<String>,
    /// Codes of lots of which units were found. A code of another product only is a mistake.
    pub found_codes: BTreeSet<String>,
    /// Whether lots come back without the document with which they left, so that it is needed who has them.
    pub blind: bool,
    /// Lots to recall.
    pub recalled: BTreeSet<LotId>,
    /// Whether stock is received, so that the other levels of its serial numbers are needed.
    pub coming_in: bool,
    /// The earliest time at which stock is said to have left.
    pub since: Option<DateTime<Utc>>,
    /// The earliest time that a command names.
    pub earliest: Option<DateTime<Utc>>,
    /// Whether stock is issued that has left already, so that the lots to issue from are needed.
    pub forced: bool,
    pub count_ids: BTreeSet<CountId>,
    /// Count sheets that are compared with the record. Their levels are locked.
    pub compared: BTreeSet<CountId>,
    /// Count sheets opened under an id of the caller's choice, with their locations.
    pub(crate) opened: Vec<(CountId, Option<LocationId>)>,
    /// Whether the tenant's settings for counts are needed.
    pub count_settings: bool,
    /// Locations that are named without any movement there.
    pub named_places: BTreeSet<LocationId>,
    /// Whether stock moves through the in-transit location.
    pub transit: bool,
    /// Tills whose drawers are needed.
    pub cash_of: BTreeSet<RegisterId>,
    /// Locations that are named.
    pub location_ids: BTreeSet<LocationId>,
    /// Whether a command means the default location.
    pub default_location: bool,
    /// Kinds of documents whose series are needed, besides those of tills.
    pub numbered: BTreeSet<DocumentKind>,
    /// Tills that get an allotment.
    pub leasing: BTreeSet<RegisterId>,
    /// Whether promises are made, so that the supplies are needed.
    pub promises: bool,
    /// Whether promises may break, if there are any.
    pub breaks: bool,
    /// Whether prices are resolved.
    pub prices: bool,
    /// Whether documents print records as they were at a time that a command names.
    pub prints: bool,
    /// Reason codes that are named.
    pub reasons: BTreeSet<String>,
    /// Account codes that are named.
    pub accounts: BTreeSet<String>,
    /// Journal entries that are reversed.
    pub reversed_entries: BTreeSet<EntryId>,
    /// Years that are closed. Their results are needed.
    pub closed_years: BTreeSet<i32>,
    /// Days of opening balances. The balances of control accounts at their ends are needed.
    pub opening_on: BTreeSet<NaiveDate>,
    /// Days at whose ends items in other currencies are valued. The open items are needed.
    pub valued_on: BTreeSet<NaiveDate>,
    /// Whether a command posts an entry itself, so that the names of accounts and the first open day are needed.
    pub posts_entries: bool,
}

impl Needs {
    /// Collects the needs of `commands`.
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

    /// Adds the products of the loaded count sheets, and the locations and lots of those that are compared
    /// with the record.
    pub fn add_count_lines(&mut self, counts: &HashMap<CountId, Count>) {
        for count in counts.values() {
            self.product_ids.extend(count.lines.iter().map(|line| line.product_id));
            if self.compared.contains(&count.id) {
                self.location_ids.insert(count.location_id);
                self.add_time(count.lines.iter().filter_map(|line| line.counted_at).min());
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

    /// Adds what a sale may need that happened before it was sent: its closed session, and products by SKUs and barcodes of
    /// before.
    pub(crate) fn add_late_sale(&mut self, id: RegisterId, at: Option<DateTime<Utc>>, lines: &[LineInput]) {
        self.late_sales.extend(at.map(|at| (id, at)));
        for line in lines {
            self.former_units |= line.uom.is_some();
            let named = match &line.item {
                ItemRef::Sku(sku) => {
                    self.former_skus.insert(sku.clone());
                    None
                }
                ItemRef::Barcode(code) => Some(code),
                ItemRef::Id(_) | ItemRef::Unnamed => None,
            };
            if let Some(code) = named.or(line.barcode.as_ref()) {
                self.former_barcodes.extend(barcode_forms(code).map(Cow::into_owned));
                self.barcodes.extend(barcode_forms(code).map(Cow::into_owned));
                (self.units, self.former_units) = (true, true);
            }
        }
    }

    pub(crate) fn goods(&mut self, lines: &[GoodsLine]) {
        for line in lines {
            self.item(&line.item, line.uom.is_some());
            self.lots(&line.lots);
        }
    }

    pub(crate) fn add_returned_lots<'a>(&mut self, lots: impl Iterator<Item = &'a [NamedLot]>) {
        self.coming_in = true;
        lots.for_each(|named| self.lots(named));
    }

    /// Adds the lots of lines that come back without a document.
    pub(crate) fn add_blind_lines(&mut self, lines: &[LineInput]) {
        self.blind |= lines.iter().any(|line| !line.lots.is_empty());
        self.lines(lines);
    }

    /// Adds the lots of which units were found.
    pub(crate) fn found(&mut self, named: &[NamedLot]) {
        self.found_codes.extend(named.iter().map(|lot| lot.code.clone()));
    }

    pub(crate) fn add_issue(&mut self, at: Option<DateTime<Utc>>, forced: bool) {
        self.forced |= forced;
        self.since = self.since.into_iter().chain(at).min();
        self.add_time(at);
    }

    /// Adds the time that a command names. What is recorded of a later time is needed too.
    pub(crate) fn add_time(&mut self, at: Option<DateTime<Utc>>) {
        self.earliest = self.earliest.into_iter().chain(at).min();
    }

    pub(crate) fn lots(&mut self, named: &[NamedLot]) {
        self.lot_codes.extend(named.iter().map(|lot| lot.code.clone()));
    }

    pub(crate) fn item(&mut self, item: &ItemRef, has_unit: bool) {
        self.units |= has_unit || matches!(item, ItemRef::Barcode(_));
        match item {
            ItemRef::Id(id) => _ = self.product_ids.insert(*id),
            ItemRef::Sku(sku) if !self.skus.contains(sku) => _ = self.skus.insert(sku.clone()),
            ItemRef::Barcode(code) if !self.barcodes.contains(code) => {
                self.barcodes.extend(barcode_forms(code).map(Cow::into_owned));
            }
            ItemRef::Sku(_) | ItemRef::Barcode(_) | ItemRef::Unnamed => {}
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
