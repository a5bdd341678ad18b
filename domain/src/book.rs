//! The state that commands are decided on: every row that a batch touches, read and locked before.
//!
//! A command is a function of (`&mut Book`, command) to a [`Posting`] or a refusal. It checks everything first and
//! changes the book only when nothing can refuse it any more, so a refused command leaves no trace, and the next one
//! of the batch sees exactly what the accepted ones before it did.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::allocation::Allotment;
use crate::count::{Count, CountEntry, CountLine, CountSettings};
use crate::customer::Customer;
use crate::document::{self, DocumentKind};
use crate::expected_receipt::{ExpectedReceipt, Supplies, Supply};
use crate::hold::Hold;
use crate::id::{
    CountId, CustomerId, ExpectedReceiptId, HoldId, IdSequence, InvoiceId, LocationId, LotId, MovementId,
    OrderId, PriceListId, ProductId, RegisterId, TransferId,
};
use crate::ledger::Entry;
use crate::location::LocationKind;
use crate::lot::{Lot, Lots};
use crate::negative_stock::{Consequences, OpenCost, Oversold};
use crate::number::{Money, Price, Quantity};
use crate::order::Order;
use crate::payment::OpenInvoice;
use crate::pos::Drawer;
use crate::pricing::Rules;
use crate::product::{ItemRef, Product};
use crate::promise::{Allocation, Pegged, Waiting};
use crate::refusal::{Code, Problem, Refusal};
use crate::sales::{SalesLine, SoldLine};
use crate::stock::{LayerUse, Layers, Level, LevelKey, Movement, Reservation};
use crate::tax::Rate;
use crate::tenant::{Channel, Settings};
use crate::transfer::Transfer;

/// How far ahead of our clock a caller's may be.
pub(crate) const CLOCK_SKEW_MAX: Duration = Duration::minutes(5);

/// A place where stock is kept.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// Its code.
    pub code: String,
    /// What it is.
    pub kind: LocationKind,
    /// The channels that may layer_use from it.
    pub channels: Vec<Channel>,
}

/// A till.
#[derive(Debug, Clone)]
pub struct Register {
    /// Its id.
    pub id: RegisterId,
    /// Its code, which its receipts bear.
    pub code: String,
    /// Where it takes goods from.
    pub location_id: LocationId,
    /// The smallest cash amount that can be paid; zero where every amount can.
    pub cash_rounding: Money,
}

/// What seldom changes: read once, kept for seconds.
#[derive(Debug)]
pub struct Setup {
    /// The tenant's settings.
    pub settings: Settings,
    /// All locations, the default one first.
    pub locations: Vec<Location>,
    /// All registers.
    pub registers: HashMap<RegisterId, Register>,
    /// All tax rates.
    pub tax_rates: Vec<Rate>,
    /// Price lists of channels and of locations in them.
    pub channel_lists: Vec<(Channel, Option<LocationId>, PriceListId)>,
    /// Account codes of the chart.
    pub accounts: Vec<String>,
    /// Reason code → account code.
    pub reasons: HashMap<String, String>,
}

impl Setup {
    /// The location `id`, or the default one where none is named.
    pub fn location(&self, id: Option<LocationId>) -> Option<&Location> {
        match id {
            Some(id) => self.locations.iter().find(|location| location.id == id),
            None => self.locations.first(),
        }
    }

    /// The price lists of a sale in `channel` at `location_id`, the narrower first.
    pub fn channel_lists(&self, channel: Channel, location_id: LocationId) -> Vec<PriceListId> {
        let of = |wanted: Option<LocationId>| {
            self.channel_lists
                .iter()
                .filter(move |(known, location, _)| *known == channel && *location == wanted)
                .map(|(.., list)| *list)
        };
        of(Some(location_id)).chain(of(None)).collect()
    }
}

/// Every row that a batch of commands touches.
#[derive(Debug)]
pub struct Book {
    /// The instant of the batch.
    pub now: DateTime<Utc>,
    /// Fresh ids.
    pub ids: IdSequence,
    /// What seldom changes.
    pub setup: Arc<Setup>,
    /// Products by id.
    pub products: HashMap<ProductId, Product>,
    /// Products by SKU.
    pub skus: HashMap<String, ProductId>,
    /// Products and units by barcode.
    pub barcodes: HashMap<String, (ProductId, String)>,
    /// Price rules that may apply.
    pub rules: Rules,
    /// Customers with their exposure.
    pub customers: HashMap<CustomerId, Customer>,
    /// Lots of tracked products.
    pub lots: Lots,
    levels: BTreeMap<LevelKey, Level>,
    layers: BTreeMap<LevelKey, Layers>,
    /// The drawers of registers.
    pub drawers: HashMap<RegisterId, Drawer>,
    /// Orders with their lines.
    pub orders: HashMap<OrderId, Order>,
    /// Till sales and invoices that something is returned from, with what already came back.
    pub sold: HashMap<Uuid, Vec<SoldLine>>,
    /// Invoices that can be paid.
    pub invoices: HashMap<InvoiceId, OpenInvoice>,
    /// Holds: those that are named, and the open ones of a reference that is named.
    pub holds: HashMap<HoldId, Hold>,
    /// Transfers.
    pub transfers: HashMap<TransferId, Transfer>,
    /// Expected receipts.
    pub expected: HashMap<ExpectedReceiptId, ExpectedReceipt>,
    /// Count sheets.
    pub counts: HashMap<CountId, Count>,
    /// What the tenant allows a count to do; known where a command needs it.
    pub count_settings: CountSettings,
    /// What moved on a level after an instant and is recorded; known where a command needs it.
    pub moved_since: HashMap<(LevelKey, DateTime<Utc>), Quantity>,
    /// What the commands of this batch moved, where a count is among them.
    pub moved: Vec<(LevelKey, DateTime<Utc>, Quantity)>,
    /// What one unit of a product costs over all places: of each lot, and with the nil lot of all together; known where a
    /// command needs it.
    pub costs_elsewhere: HashMap<(ProductId, LotId), Price>,
    /// Costs to settle of the levels below zero, the oldest first.
    pub costs: HashMap<LevelKey, Vec<OpenCost>>,
    /// What the command at hand leaves to be posted beside its document.
    pub consequences: Consequences,
    /// What is on its way, once it was read: where a command wants more than there is, to say when there will be enough.
    pub supplies: Option<Supplies>,
    /// What tills and channels keep for themselves on the book's levels.
    pub allotments: BTreeMap<LevelKey, Vec<Allotment>>,
    /// The order lines that wait for goods on the book's levels, the first to be served first.
    pub waiting: BTreeMap<LevelKey, Vec<Waiting>>,
    /// The orders that got goods before the first command was decided, which holds that ended by themselves left free.
    pub served_first: BTreeSet<OrderId>,
    /// The next number of each series.
    pub series: HashMap<String, i64>,
}

/// What an accepted command writes.
#[derive(Debug, Default)]
pub struct Posting {
    /// Goods that moved.
    pub movements: Vec<Movement>,
    /// Journal entries, one per document.
    pub entries: Vec<Entry>,
    /// Lines sold or taken back.
    pub sales_lines: Vec<SalesLine>,
    /// Reservations that changed.
    pub reservations: Vec<Reservation>,
    /// Holds that are new or changed.
    pub holds: Vec<Hold>,
    /// Expected receipts that are new or changed.
    pub expected: Vec<ExpectedReceipt>,
    /// Lots that are new or changed.
    pub lots: Vec<Lot>,
    /// Order lines that waited and got goods.
    pub allocations: Vec<Allocation>,
    /// What new promises stand on.
    pub pegs: Vec<Pegged>,
    /// Orders whose promise the command broke.
    pub broken: Vec<OrderId>,
    /// Lines of count sheets that are new or changed.
    pub count_lines: Vec<(CountId, CountLine)>,
    /// What was entered on count sheets.
    pub count_entries: Vec<CountEntry>,
    /// Levels that were counted, and when.
    pub anchors: Vec<(LevelKey, DateTime<Utc>)>,
    /// Levels from which more went than was available.
    pub short: Vec<LevelKey>,
    /// Goods that went below zero.
    pub oversold: Vec<Oversold>,
    /// Costs of which something was settled, as they are now.
    pub settled: Vec<OpenCost>,
    /// Whether goods were sold by force whose lot had expired or was recalled.
    pub unsellable: bool,
    /// What movements took from cost layers.
    pub layer_uses: Vec<(MovementId, LayerUse)>,
}

impl Book {
    /// A book without rows.
    pub fn new(now: DateTime<Utc>, ids: IdSequence, setup: Arc<Setup>) -> Self {
        Book {
            now,
            ids,
            setup,
            products: HashMap::new(),
            skus: HashMap::new(),
            barcodes: HashMap::new(),
            rules: Rules::default(),
            customers: HashMap::new(),
            lots: Lots::default(),
            levels: BTreeMap::new(),
            layers: BTreeMap::new(),
            drawers: HashMap::new(),
            orders: HashMap::new(),
            sold: HashMap::new(),
            invoices: HashMap::new(),
            holds: HashMap::new(),
            transfers: HashMap::new(),
            expected: HashMap::new(),
            counts: HashMap::new(),
            count_settings: CountSettings::default(),
            moved_since: HashMap::new(),
            moved: Vec::new(),
            costs_elsewhere: HashMap::new(),
            costs: HashMap::new(),
            consequences: Consequences::default(),
            supplies: None,
            allotments: BTreeMap::new(),
            waiting: BTreeMap::new(),
            served_first: BTreeSet::new(),
            series: HashMap::new(),
        }
    }

    /// The product that a line names. The pointer is the line's.
    pub fn product(&self, item: &ItemRef, pointer: &str) -> Result<&Product, Problem> {
        let id = match item {
            ItemRef::Id(id) => Some(*id),
            ItemRef::Sku(sku) => self.skus.get(sku).copied(),
            ItemRef::Barcode(code) => self.barcodes.get(code).map(|(id, _)| *id),
        };
        let (field, name) = match item {
            ItemRef::Id(id) => ("product_id", id.to_string()),
            ItemRef::Sku(sku) => ("sku", sku.clone()),
            ItemRef::Barcode(code) => ("barcode", code.clone()),
        };
        id.and_then(|id| self.products.get(&id)).ok_or_else(|| Problem {
            pointer: format!("{pointer}/{field}"),
            code: Code::NotFound,
            detail: format!("There is no product {name}."),
            params: vec![(field, name)],
        })
    }

    /// The instant at which a document happened: now where the caller names none, never in the future.
    pub fn occurred_at(&self, named: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Refusal> {
        match named {
            Some(at) if at > self.now + CLOCK_SKEW_MAX => Err(Refusal::invalid(
                "/occurred_at",
                "occurred_at lies in the future; send the time of the event.",
            )),
            Some(at) if at < DateTime::UNIX_EPOCH => Err(Refusal::invalid(
                "/occurred_at",
                "occurred_at lies before 1970, when no books were kept here.",
            )),
            Some(at) => Ok(at.min(self.now)),
            None => Ok(self.now),
        }
    }

    /// The next number of a kind, such as `SO-2026-000123`. Called after the last check that can reject the command, so
    /// that a series has no gaps.
    pub fn number(&mut self, kind: DocumentKind) -> String {
        let series = kind.series(self.now).expect("a kind that is numbered has a series");
        self.next_in(series)
    }

    /// The next number of a register, such as `T1-2026-000123`. Like [`Book::number`].
    pub fn number_of_register(&mut self, code: &str) -> String {
        self.next_in(document::series(code, self.now))
    }

    fn next_in(&mut self, series: String) -> String {
        let next = self.series.entry(series.clone()).or_insert(1);
        let number = format!("{series}-{next:06}");
        *next += 1;
        number
    }

    /// The level at `key`; an empty one where nothing ever was.
    pub fn level(&self, key: &LevelKey) -> Level {
        self.levels.get(key).copied().unwrap_or_default()
    }

    /// Every level that was read or made, in the order in which levels are locked.
    pub fn levels(&self) -> &BTreeMap<LevelKey, Level> {
        &self.levels
    }

    /// Adds levels as they were read.
    pub fn add_levels(&mut self, levels: BTreeMap<LevelKey, Level>) {
        self.levels.extend(levels);
    }

    /// The level at `key`, to change it.
    pub(crate) fn level_mut(&mut self, key: LevelKey) -> &mut Level {
        self.levels.entry(key).or_default()
    }

    /// The cost layers of each level that has some.
    pub fn layers(&self) -> &BTreeMap<LevelKey, Layers> {
        &self.layers
    }

    /// Adds cost layers as they were read.
    pub fn add_layers(&mut self, layers: BTreeMap<LevelKey, Layers>) {
        self.layers.extend(layers);
    }

    /// The cost layers of the level at `key`, to change them together with it.
    pub(crate) fn layers_mut(&mut self, key: LevelKey) -> &mut Layers {
        self.layers.entry(key).or_default()
    }

    /// Whether the goods of a product lie in lots.
    pub fn is_tracked(&self, id: ProductId) -> bool {
        self.products.get(&id).is_some_and(Product::is_tracked)
    }

    /// What is on its way to a level, as far as it was read.
    pub fn supplies_at(&self, key: &LevelKey) -> &[Supply] {
        let supplies = self.supplies.as_ref().and_then(|all| all.get(&(key.location_id, key.product_id)));
        supplies.map_or(&[], Vec::as_slice)
    }
}
