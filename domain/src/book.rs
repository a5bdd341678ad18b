//! The rows that a batch of commands touches, read and locked before the first command is decided.
//!
//! A command is a function of (`&mut Book`, command) to a [`Posting`] or a rejection. It makes all its checks
//! before its first change. So a rejected command leaves the book unchanged, and the next command of the
//! batch sees exactly what the accepted ones before it did.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::allocation::Allotment;
use crate::bill::{Billing, KnownBill, Match, Mismatch, Payee};
use crate::count::{Count, CountEntry, CountLine, CountSettings, Standing};
use crate::customer::Customer;
use crate::document::{self, DocumentKind};
use crate::exchange::Exchange;
use crate::expected_receipt::{ExpectedReceipt, Supplies, Supply};
use crate::hold::Hold;
use crate::id::{
    BillId, CommandId, CountId, CustomerId, EntryId, ExpectedReceiptId, HoldId, IdSequence, InvoiceId,
    LandedCostId, LotId, MovementId, OrderId, PaymentId, PaymentIntentId, ProductId, PurchaseOrderId,
    RegisterId, SaleId, ShipmentId, StockDocumentId, SupplierId, SupplierPaymentId, TransferId,
};
use crate::landed_cost::{LandedCost, Receipt};
use crate::ledger::valuation::KnownValuation;
use crate::ledger::{Entry, EntryHead, Journal, KnownEntry, KnownYear, Opened, Posted};
use crate::lot::{Lot, Lots};
use crate::negative_stock::{AlreadyCounted, Consequences, History, OpenCost, Oversold, SettledCost};
use crate::number::{Money, Price, Quantity};
use crate::open_item::{Credit, CreditRef, OpenInvoice};
use crate::order::{Order, Undone};
use crate::payment::KnownPayment;
use crate::payment_intent::Intent;
use crate::pos::{ClosedSession, Drawer, LateCash, Paid, SaleException, Session};
use crate::pricing::{ReplacedPrices, Rules};
use crate::printed::{Addresses, PrintedCustomer, ReplacedRecords};
use crate::product::{BarcodeHolders, FormerUnit, Product, SkuHolder};
use crate::promise::{Allocation, Pegged, Waiting};
use crate::purchase_order::{KnownReceipt, KnownReturn, PurchaseOrder};
use crate::sales::{SalesLine, SoldLine};
use crate::stock::{LayerUse, Layers, Level, LevelKey, Movement, Reservation};
use crate::supplier::Supplier;
use crate::supplier_payment::SupplierPayment;
use crate::transfer::Transfer;
use crate::voucher::{VoucherMove, Vouchers};

mod named;
mod printed;
mod setup;
mod time;

pub(crate) use named::ChangedBarcode;
pub use setup::{Location, Register, Setup};
pub(crate) use time::CLOCK_SKEW_MAX;

/// Every row that a batch of commands touches.
#[derive(Debug, Clone)]
pub struct Book {
    /// The time of the batch.
    pub now: DateTime<Utc>,
    /// The source of new ids.
    pub ids: IdSequence,
    /// The command that is decided.
    pub command_id: CommandId,
    /// Settings and master data from the cache.
    pub setup: Arc<Setup>,
    /// Products by id.
    pub products: HashMap<ProductId, Product>,
    /// Products by SKU.
    pub skus: HashMap<String, ProductId>,
    /// Products and units by barcode.
    pub barcodes: HashMap<String, (ProductId, String)>,
    /// Price rules that may apply.
    pub rules: Rules,
    /// Prices and records of before, for what happened then.
    pub replaced: Replaced,
    /// Customers with their exposure.
    pub customers: HashMap<CustomerId, Customer>,
    /// Lots of tracked products.
    pub lots: Lots,
    levels: BTreeMap<LevelKey, Level>,
    layers: BTreeMap<LevelKey, Layers>,
    /// The drawers of tills.
    pub drawers: HashMap<RegisterId, Drawer>,
    /// Closed sessions to which late sales belong, by till and time of the sale.
    pub closed_sessions: HashMap<(RegisterId, DateTime<Utc>), ClosedSession>,
    /// Orders with their lines.
    pub orders: HashMap<OrderId, Order>,
    /// Amounts of open orders outside of `orders` that don't count against an order that leaves: those that were placed later or
    /// were released. Read for orders of customers who are beyond their limit.
    pub uncounted: HashMap<OrderId, Money>,
    /// The orders of shipments that are undone.
    pub shipments: HashMap<ShipmentId, OrderId>,
    /// Shipments among these, and lines of amended orders, that were undone before.
    pub undone: Undone,
    /// Sold lines of till sales and invoices of which something is returned, with what was returned before.
    pub sold: HashMap<Uuid, Vec<SoldLine>>,
    /// The addresses of invoices of which something is returned.
    pub credited: HashMap<InvoiceId, Addresses>,
    /// The customers of till sales of which something is refunded, as a document of now prints them.
    pub refunded: HashMap<SaleId, Arc<PrintedCustomer>>,
    /// The tenders of till sales of which something is refunded, and what of them came back.
    pub paid: HashMap<SaleId, Paid>,
    /// Invoices that can be paid.
    pub invoices: HashMap<InvoiceId, OpenInvoice>,
    /// Vouchers by code and id.
    pub vouchers: Vouchers,
    /// Payment intents that tenders name.
    pub intents: HashMap<PaymentIntentId, Intent>,
    /// Payments and credit notes that can be applied or paid out.
    pub credits: HashMap<CreditRef, Credit>,
    /// Payments and payouts that are taken back.
    pub payments: HashMap<PaymentId, KnownPayment>,
    /// Bank lines that would be accepted as payments, and are matched with others by hand.
    pub matched_lines: HashSet<PaymentId>,
    /// Holds that a command names, and the open holds of a reference that a command names.
    pub holds: HashMap<HoldId, Hold>,
    /// Transfers.
    pub transfers: HashMap<TransferId, Transfer>,
    /// Expected receipts.
    pub expected: HashMap<ExpectedReceiptId, ExpectedReceipt>,
    /// Purchase orders with their lines.
    pub purchases: HashMap<PurchaseOrderId, PurchaseOrder>,
    /// Receipts of purchase orders of which something goes back.
    pub purchase_receipts: HashMap<StockDocumentId, KnownReceipt>,
    /// Returns to suppliers that are taken back.
    pub supplier_returns: HashMap<StockDocumentId, KnownReturn>,
    /// Landed costs that are reversed or were posted in this batch.
    pub landed: HashMap<LandedCostId, LandedCost>,
    /// Receipts over which charges are spread.
    pub receipts: HashMap<StockDocumentId, Receipt>,
    /// Suppliers that get purchase orders, with their terms for the book's products.
    pub suppliers: HashMap<SupplierId, Supplier>,
    /// Suppliers whose bills or payments are recorded.
    pub payees: HashMap<SupplierId, Payee>,
    /// Bills that commands name, and those that have the numbers of new ones.
    pub bills: HashMap<BillId, KnownBill>,
    /// Bills and receipts of the goods that are billed or received.
    pub billing: Billing,
    /// Currencies and rates of documents in another currency than the tenant's.
    pub exchange: Exchange,
    /// Payments to suppliers that are taken back.
    pub supplier_payments: HashMap<SupplierPaymentId, SupplierPayment>,
    /// Count sheets.
    pub counts: HashMap<CountId, Count>,
    /// The tenant's settings for counts, if a command needs them.
    pub count_settings: CountSettings,
    /// Recorded movements of a level after an instant, as one quantity, if a command needs them.
    pub moved_since: HashMap<(LevelKey, DateTime<Utc>), Quantity>,
    /// Units and cost that counts took off recorded movements of a level, between its last count and an instant, if a command
    /// needs them.
    pub taken_off: HashMap<(LevelKey, DateTime<Utc>), (Quantity, Money)>,
    /// Places of posted sheets on levels, if they are reversed or were posted in this batch.
    pub standings: HashMap<(CountId, LevelKey), Standing>,
    /// Units and cost that counts took off movements of this batch, by level and in the order of the movements.
    pub already_counted: HashMap<LevelKey, Vec<AlreadyCounted>>,
    /// Movements of this batch, if it has a count sheet.
    pub moved: Vec<(LevelKey, DateTime<Utc>, Quantity)>,
    /// Cost of one unit of a product over all locations, if a command needs it: by lot, and with the nil lot
    /// over all lots.
    pub costs_elsewhere: HashMap<(ProductId, LotId), Price>,
    /// Layer uses of shipments that are undone, of count sheets that are reversed, and of documents of this batch. The key is the
    /// document and the number of its line.
    pub layer_uses: HashMap<(Uuid, i32), Vec<LayerUse>>,
    /// Costs to settle of the levels below zero, the oldest first.
    pub costs: HashMap<LevelKey, Vec<OpenCost>>,
    /// The histories of the book's levels since the earliest time that a command names; none if no command names one.
    pub histories: Option<HashMap<LevelKey, History>>,
    /// Consequences of the current command.
    pub consequences: Consequences,
    /// Future receipts, once they were read: for new promises, and for rejections to say when there will be
    /// enough.
    pub supplies: Option<Supplies>,
    /// Till and channel allotments on the book's levels.
    pub allotments: BTreeMap<LevelKey, Vec<Allotment>>,
    /// Order lines that wait on the book's levels, in the order of the queue.
    pub waiting: BTreeMap<LevelKey, Vec<Waiting>>,
    /// Orders that got the stock of expired holds before the first command was decided.
    pub served_first: BTreeSet<OrderId>,
    /// Orders that got stock after the last command of the batch that changed them. Saving the batch raises their versions.
    pub served: BTreeSet<OrderId>,
    /// The next number of each series.
    pub series: HashMap<String, i64>,
    /// Journal entries that are reversed.
    pub entries: HashMap<EntryId, KnownEntry>,
    /// Facts of years that are closed.
    pub years: HashMap<i32, KnownYear>,
    /// Facts of opening balances, if a command posts some.
    pub opened: Opened,
    /// Facts of valuations of items in other currencies, by day.
    pub valuations: HashMap<NaiveDate, KnownValuation>,
    /// Facts that documents show of entries, if a command posts an entry itself.
    pub journal: Journal,
}

/// The rows that an accepted command writes.
#[derive(Debug, Default)]
pub struct Posting {
    /// Movements.
    pub movements: Vec<Movement>,
    /// Journal entries of the document and of its consequences.
    pub entries: Vec<Entry>,
    /// Lines sold or returned.
    pub sales_lines: Vec<SalesLine>,
    /// Reservations that changed.
    pub reservations: Vec<Reservation>,
    /// Holds that are new or changed.
    pub holds: Vec<Hold>,
    /// Expected receipts that are new or changed.
    pub expected: Vec<ExpectedReceipt>,
    /// Lots that are new or changed.
    pub lots: Vec<Lot>,
    /// Backordered order lines that got stock.
    pub allocations: Vec<Allocation>,
    /// Supplies on which new promises stand.
    pub pegs: Vec<Pegged>,
    /// Orders whose promise the command broke.
    pub broken: Vec<OrderId>,
    /// Lines of count sheets that are new or changed.
    pub count_lines: Vec<(CountId, CountLine)>,
    /// Entries on count sheets.
    pub count_entries: Vec<CountEntry>,
    /// Levels that were counted or whose count was reversed, with the time of the count that stands.
    pub anchors: Vec<(LevelKey, Option<DateTime<Utc>>)>,
    /// Levels from which more was issued than was available.
    pub short: Vec<LevelKey>,
    /// Units that left below zero.
    pub oversold: Vec<Oversold>,
    /// Costs to settle of which a part was settled, as they are now.
    pub settled: Vec<OpenCost>,
    /// Settled costs of which a part came back with returned units, as they are now.
    pub taken_back: Vec<SettledCost>,
    /// Other orders that the command changed, as they are after it.
    pub orders: Vec<Order>,
    /// Those of them whose credit hold it ended.
    pub released: Vec<OrderId>,
    /// Changes of vouchers.
    pub voucher_moves: Vec<VoucherMove>,
    /// Whether a forced sale redeemed more of a voucher than its balance.
    pub overdrawn: bool,
    /// Whether a forced sale took an expired or recalled lot.
    pub unsellable: bool,
    /// Whether a forced sale gave more discount than the caller may give.
    pub over_discounted: bool,
    /// Whether a forced sale by a caller who may not sell below cost did so.
    pub below_cost: bool,
    /// The ways in which a forced sale differs from our rules.
    pub exceptions: Vec<SaleException>,
    /// Cash that a sale moved in a session that was closed before it was recorded.
    pub late_cash: Option<LateCash>,
    /// The session that is made for sales of a till that had none.
    pub offline_session: Option<Session>,
    /// Layer uses, by movement.
    pub layer_uses: Vec<(MovementId, LayerUse)>,
    /// Bills that were paid or taken back.
    pub bills: Vec<ChangedBill>,
    /// Changes of what bills and receipts have in common.
    pub matches: Vec<Match>,
    /// Lines of known bills whose differences changed.
    pub judged: Vec<(BillId, i32, Vec<Mismatch>)>,
}

/// A bill that was paid or taken back, as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedBill {
    /// The bill.
    pub id: BillId,
    /// The amount still to be paid.
    pub open: Money,
    /// The amount still to be paid in the currency of the bill; none if that is the tenant's.
    pub foreign_open: Option<Money>,
    /// The reversal that took it back.
    pub reversed_by: Option<BillId>,
    /// The version. Several documents of a batch add 1 each.
    pub version: i32,
}

/// Prices and records of before, for what happened then.
#[derive(Debug, Clone, Default)]
pub struct Replaced {
    /// List prices that were replaced since the earliest time that a command names.
    pub prices: ReplacedPrices,
    /// Products, customers and settings that were replaced since the earliest time that a command names.
    pub records: ReplacedRecords,
    /// Products that have or had the SKUs which forced sales name, by SKU, in the order of their times. Not read if no product
    /// had one of these SKUs before, and none got one after the sale.
    pub sku_holders: HashMap<String, Vec<SkuHolder>>,
    /// Products that have or had the barcodes which forced sales name, by [`article_of`](crate::product::article_of) of the barcode.
    pub barcode_holders: HashMap<String, BarcodeHolders>,
    /// Units that products of forced sales had before, by product and code, in the order of their times.
    pub former_units: HashMap<(ProductId, String), Vec<FormerUnit>>,
    /// When the components of the bundles of forced sales were last replaced.
    pub repacked: HashMap<ProductId, DateTime<Utc>>,
}

impl Book {
    /// Makes a book without rows.
    pub fn new(now: DateTime<Utc>, ids: IdSequence, setup: Arc<Setup>) -> Self {
        Book {
            now,
            ids,
            command_id: CommandId::default(),
            setup,
            products: HashMap::new(),
            skus: HashMap::new(),
            barcodes: HashMap::new(),
            rules: Rules::default(),
            replaced: Replaced::default(),
            customers: HashMap::new(),
            lots: Lots::default(),
            levels: BTreeMap::new(),
            layers: BTreeMap::new(),
            drawers: HashMap::new(),
            closed_sessions: HashMap::new(),
            orders: HashMap::new(),
            uncounted: HashMap::new(),
            shipments: HashMap::new(),
            undone: Undone::default(),
            sold: HashMap::new(),
            credited: HashMap::new(),
            refunded: HashMap::new(),
            paid: HashMap::new(),
            invoices: HashMap::new(),
            vouchers: Vouchers::default(),
            intents: HashMap::new(),
            credits: HashMap::new(),
            payments: HashMap::new(),
            matched_lines: HashSet::new(),
            holds: HashMap::new(),
            transfers: HashMap::new(),
            expected: HashMap::new(),
            purchases: HashMap::new(),
            purchase_receipts: HashMap::new(),
            supplier_returns: HashMap::new(),
            landed: HashMap::new(),
            receipts: HashMap::new(),
            suppliers: HashMap::new(),
            payees: HashMap::new(),
            bills: HashMap::new(),
            billing: Billing::default(),
            exchange: Exchange::default(),
            supplier_payments: HashMap::new(),
            counts: HashMap::new(),
            count_settings: CountSettings::default(),
            moved_since: HashMap::new(),
            taken_off: HashMap::new(),
            standings: HashMap::new(),
            already_counted: HashMap::new(),
            moved: Vec::new(),
            costs_elsewhere: HashMap::new(),
            layer_uses: HashMap::new(),
            costs: HashMap::new(),
            histories: None,
            consequences: Consequences::default(),
            supplies: None,
            allotments: BTreeMap::new(),
            waiting: BTreeMap::new(),
            served_first: BTreeSet::new(),
            served: BTreeSet::new(),
            series: HashMap::new(),
            entries: HashMap::new(),
            years: HashMap::new(),
            opened: Opened::default(),
            valuations: HashMap::new(),
            journal: Journal::default(),
        }
    }

    /// Returns the facts that the document of an entry shows.
    pub fn posted(&self, entry: &Entry) -> Posted {
        let first_open = self.journal.first_open.unwrap_or(entry.occurred_on);
        self.journal.posted.get(&entry.id).copied().unwrap_or(Posted {
            command_id: self.command_id,
            recorded_at: self.now,
            posted_on: first_open.max(entry.occurred_on),
            reversed_by: None,
        })
    }

    /// Returns the head of an entry for a document: a new id, and the tenant's day of the instant.
    pub(crate) fn entry_head(
        &mut self,
        document_kind: DocumentKind,
        document_id: Uuid,
        at: DateTime<Utc>,
    ) -> EntryHead {
        EntryHead {
            id: EntryId(self.ids.next_id()),
            document_kind,
            document_id,
            occurred_on: self.setup.settings.day(at),
        }
    }

    /// Returns the next number of a kind, such as `SO-2026-000123`. Call it after the last check of a
    /// command, so that a rejection leaves no gap in the series.
    pub fn number(&mut self, kind: DocumentKind) -> String {
        let series = kind.series(self.now).expect("a kind that is numbered has a series");
        self.next_in(series)
    }

    /// Returns the next number of a till, such as `T1-2026-000123`. Call it after the last check, like
    /// [`Book::number`].
    pub fn number_of_register(&mut self, code: &str) -> String {
        self.next_in(document::series(code, self.now))
    }

    fn next_in(&mut self, series: String) -> String {
        let next = self.series.entry(series.clone()).or_insert(1);
        let number = format!("{series}-{next:06}");
        *next += 1;
        number
    }

    /// Returns the level at `key`, or an empty one if there is none yet.
    pub fn level(&self, key: &LevelKey) -> Level {
        self.levels.get(key).copied().unwrap_or_default()
    }

    /// Returns all levels of the book, in the order in which levels are locked.
    pub fn levels(&self) -> &BTreeMap<LevelKey, Level> {
        &self.levels
    }

    /// Adds levels as they were read.
    pub fn add_levels(&mut self, levels: BTreeMap<LevelKey, Level>) {
        self.levels.extend(levels);
    }

    /// Returns the level at `key` for changes, and makes it if there is none yet.
    pub(crate) fn level_mut(&mut self, key: LevelKey) -> &mut Level {
        self.levels.entry(key).or_default()
    }

    /// Returns the cost layers of the levels that have them.
    pub fn layers(&self) -> &BTreeMap<LevelKey, Layers> {
        &self.layers
    }

    /// Adds cost layers as they were read.
    pub fn add_layers(&mut self, layers: BTreeMap<LevelKey, Layers>) {
        self.layers.extend(layers);
    }

    /// Returns the cost layers of the level at `key` for changes, which must be made to the level too.
    pub(crate) fn layers_mut(&mut self, key: LevelKey) -> &mut Layers {
        self.layers.entry(key).or_default()
    }

    /// Returns whether the stock of a product lies in lots.
    pub fn is_tracked(&self, id: ProductId) -> bool {
        self.products.get(&id).is_some_and(Product::is_tracked)
    }

    /// Returns the future receipts of a level, or none if they were not read.
    pub fn supplies_at(&self, key: &LevelKey) -> &[Supply] {
        let supplies = self.supplies.as_ref().and_then(|all| all.get(&(key.location_id, key.product_id)));
        supplies.map_or(&[], Vec::as_slice)
    }
}
