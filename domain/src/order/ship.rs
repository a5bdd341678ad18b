//! Shipments of an order.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::held;
use super::pick::{self, Picked, Wanted};
use super::{Order, OrderLine, OrderStatus, Ordered, exposure, find, finish, order_mut};
use crate::allocation::{Demand, check_gone};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{LocationId, MovementId, OrderId, ProductId, ShipmentId};
use crate::ledger::{Dimensions, Lines, account};
use crate::line_item::{LINES_MAX, check_part};
use crate::lot::{self, LotShare, NamedLot};
use crate::needs::Needs;
use crate::negative_stock::Issue;
use crate::number::{Money, Quantity};
use crate::printed::PrintedProduct;
use crate::refusal::{Code, Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::sales::Line;
use crate::stock::{self, LevelKey, Movement, MovementKind};
use crate::tenant::Channel;
use crate::text_enum;

text_enum! {
    /// The status of a shipment.
    pub enum ShipmentStatus {
        /// It left, and is not invoiced.
        Shipped,
        /// It is invoiced.
        Invoiced,
        /// It did not leave: its stock was put back.
        Undone,
    }
}

/// A shipment to make.
#[derive(Debug, Clone)]
pub struct Ship {
    /// The order.
    pub order_id: OrderId,
    /// The lines to ship. If empty, all that is ready is shipped.
    pub lines: Vec<ShipLine>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its parcel.
    pub parcel: Parcel,
}

/// The parcel of a shipment, to follow it on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcel {
    /// The carrier.
    pub carrier: Option<String>,
    /// The carrier's number of the parcel.
    pub tracking_number: Option<String>,
    /// The carrier's page of the parcel.
    pub tracking_url: Option<String>,
}

/// A line to ship.
#[derive(Debug, Clone)]
pub struct ShipLine {
    /// The number of the line in the order.
    pub line_no: i32,
    /// Stock units; all that is ready if absent.
    pub quantity: Option<Quantity>,
    /// The lots to ship; the reserved ones if empty.
    pub lots: Vec<NamedLot>,
}

/// A shipment.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Its number.
    pub number: String,
    /// The time of the shipment.
    pub occurred_at: DateTime<Utc>,
    /// Its parcel.
    pub parcel: Parcel,
    /// The version. It grows with each change of the parcel.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<ShipmentLine>,
    /// Whether a command of this batch made it.
    pub is_new: bool,
    /// Its invoice, once it has one.
    pub invoice_id: Option<crate::id::InvoiceId>,
    /// The time at which its stock was put back, if it did not leave.
    pub undone_at: Option<DateTime<Utc>>,
}

/// A line of a shipment.
#[derive(Debug, Clone)]
pub struct ShipmentLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The number of the order's line.
    pub order_line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The product, as the order prints it.
    pub printed: Arc<PrintedProduct>,
    /// Stock units.
    pub quantity: Quantity,
    /// Their cost.
    pub cost: Money,
    /// The lots shipped; none if the product is not tracked.
    pub lots: Vec<LotShare>,
}

impl ShipmentStatus {
    /// Returns the status of a shipment that has an invoice, or was undone, or neither.
    pub fn of(is_invoiced: bool, is_undone: bool) -> Self {
        match (is_undone, is_invoiced) {
            (true, _) => ShipmentStatus::Undone,
            (false, true) => ShipmentStatus::Invoiced,
            (false, false) => ShipmentStatus::Shipped,
        }
    }
}

impl Shipment {
    /// Returns whether it can be invoiced or undone.
    pub fn is_open(&self) -> bool {
        self.status() == ShipmentStatus::Shipped
    }

    /// Returns its status.
    pub fn status(&self) -> ShipmentStatus {
        ShipmentStatus::of(self.invoice_id.is_some(), self.undone_at.is_some())
    }

    /// Returns the cost of the units shipped.
    pub fn cost(&self) -> Money {
        self.lines.iter().map(|line| line.cost).sum()
    }
}
impl Rule for Ship {
    fn name(&self) -> &'static str {
        "order.shipped"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.order_id);
        needs.leaving.insert(self.order_id);
        needs.add_time(self.occurred_at);
        self.lines.iter().for_each(|line| needs.lots(&line.lots));
        needs.numbered.insert(DocumentKind::Shipment);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Ok(order) = find(book, self.order_id) else { return };
        let at = faults.take(book.occurred_after(self.occurred_at, ("the order", order.occurred_at)));
        let can_be_shipped = order.require(&SHIPPABLE, "shipped").is_ok();
        if let Some(at) = at.filter(|_| can_be_shipped && !self.lines.is_empty()) {
            faults.take(pick_lines(book, (order, at), &self.lines));
        }
        if self.lines.len() > LINES_MAX {
            return;
        }
        for (index, line) in self.lines.iter().enumerate() {
            let pointer = format!("/lines/{index}");
            faults.keep(find_line(order, line.line_no, &pointer));
            if line.quantity.is_some_and(|quantity| !quantity.is_positive()) {
                faults.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
            }
            lot::note_faults(&line.lots, &pointer, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        ship(book, self).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// The statuses of orders that can be shipped.
const SHIPPABLE: [OrderStatus; 2] = [OrderStatus::Confirmed, OrderStatus::PartiallyShipped];

/// Ships what is reserved, in full or in part. Rejects an order that is no longer covered: see [`held::check_covered`].
fn ship(book: &mut Book, command: &Ship) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, command.order_id)?;
    order.require(&SHIPPABLE, "shipped")?;
    held::check_covered(book, order)?;
    let occurred_at = book.occurred_after(command.occurred_at, ("the order", order.occurred_at))?;
    let picked = pick_lines(book, (order, occurred_at), &command.lines)?;
    check_there(book, (order, occurred_at), &picked)?;
    let mut posting = Posting::default();
    dispatch(book, (command.order_id, occurred_at), (picked, command.parcel.clone()), &mut posting);
    Ok(finish(book, command.order_id, posting))
}

/// Rejects units that are reserved for the order but no longer on hand, because a forced issue took them or a
/// count did not find them. If a level was counted after the shipment, only its serial numbers are checked.
fn check_there(
    book: &Book,
    (order, occurred_at): (&Order, DateTime<Utc>),
    picked: &[Picked],
) -> Result<(), Refusal> {
    let (mut demand, mut problems) = (Demand::default(), Problems::default());
    for picked in picked.iter().filter(|picked| order.lines[picked.at].line.stocked) {
        for (key, quantity) in picked.levels(order) {
            if book.is_counted(&key, occurred_at) {
                let seen = check_gone(book, &key, Quantity::ZERO, &format!("/lines/{}/lots", picked.at));
                seen.err().into_iter().for_each(|problem| problems.push(problem));
                continue;
            }
            demand.promised(key, book.level(&key).reserved());
            demand.add(key, quantity, format!("/lines/{}", picked.at));
        }
    }
    problems.check()?;
    book.check_available(&demand)
}

/// Returns the units to ship, line by line.
fn pick_lines(
    book: &Book,
    (order, occurred_at): (&Order, DateTime<Utc>),
    wanted: &[ShipLine],
) -> Result<Vec<Picked>, Refusal> {
    // Each line is searched in the order.
    if wanted.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("Name at most {LINES_MAX} lines.")));
    }
    let everything: Vec<ShipLine> = all_ready(order)
        .map(|(at, _)| ShipLine { line_no: order.lines[at].line.line_no, quantity: None, lots: Vec::new() })
        .collect();
    let wanted = if wanted.is_empty() { everything.as_slice() } else { wanted };
    if wanted.is_empty() {
        let detail = format!("Nothing of order {} can be shipped: it waits for stock.", order.number);
        return Err(Refusal::state(detail));
    }
    let mut problems = Problems::default();
    let mut demand = Demand::default();
    let mut picked: Vec<Picked> = Vec::with_capacity(wanted.len());
    for (index, wanted) in wanted.iter().enumerate() {
        let pointer = &*format!("/lines/{index}");
        let at = match find_line(order, wanted.line_no, pointer) {
            Ok(at) => at,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let ready = order.lines[at].ready();
        let quantity = wanted.quantity.unwrap_or(ready);
        if !quantity.is_positive() || quantity > ready {
            let detail = format!("Line {} has {ready} left to ship.", wanted.line_no);
            problems.invalid(format!("{pointer}/quantity"), detail);
        } else if picked.iter().any(|known| known.at == at) {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
        } else if let Err(problem) =
            check_part(book, order.lines[at].line.product_id, (quantity, ready), pointer)
        {
            problems.push(problem);
        } else {
            let wanted = Wanted { at, quantity, named: &wanted.lots, pointer };
            match pick::pick(book, (order, occurred_at), wanted, &mut demand) {
                Ok(line) => picked.push(line),
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems.check()?;
    book.check_available(&demand)?;
    Ok(picked)
}

/// Returns the place of a line of the order, by its number.
fn find_line(order: &Order, line_no: i32, pointer: &str) -> Result<usize, Problem> {
    order.lines.iter().position(|line| line.line.line_no == line_no).ok_or_else(|| Problem {
        pointer: format!("{pointer}/line_no"),
        code: Code::NotFound,
        detail: "The order has no such line.".to_owned(),
        params: Vec::new(),
    })
}

/// Returns the lines that can be shipped now. Services such as the postage go with goods: they are not ready while all goods wait.
fn all_ready(order: &Order) -> impl Iterator<Item = (usize, Quantity)> {
    let goods = || order.lines.iter().filter(|line| line.line.stocked);
    let waits =
        goods().any(|line| line.open().is_positive()) && !goods().any(|line| line.ready().is_positive());
    let ready = order.lines.iter().enumerate().map(|(at, line)| (at, line.ready()));
    ready.filter(move |(_, quantity)| quantity.is_positive() && !waits)
}

/// Ships everything that is ready, at the time of the order. Ships nothing if all of its stock is
/// backordered.
pub(super) fn dispatch_all(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let order = &book.orders[&id];
    let occurred_at = order.occurred_at;
    // The lots were reserved by the same command, so they need no check.
    let lots = |at: usize| order.lines[at].line.lots.clone();
    let picked: Vec<Picked> = all_ready(order)
        .map(|(at, quantity)| Picked { at, quantity, lots: lots(at), kept: Vec::new() })
        .collect();
    if !picked.is_empty() {
        dispatch(book, (id, occurred_at), (picked, Parcel::default()), posting);
    }
}

fn dispatch(
    book: &mut Book,
    (id, at): (OrderId, DateTime<Utc>),
    (picked, parcel): (Vec<Picked>, Parcel),
    posting: &mut Posting,
) {
    let setup = Arc::clone(&book.setup);
    let mut order = order_mut(book, id).clone();
    let shipment_id = ShipmentId(book.ids.next_id());
    let number = book.number(DocumentKind::Shipment);
    let mut lines = Vec::with_capacity(picked.len());
    let mut billable = Money::ZERO;
    for picked in picked {
        let quantity = picked.quantity;
        let ordered = &mut order.lines[picked.at];
        billable += ordered.line.part(ordered.shipped, quantity, &setup.settings).total();
        let line_no = lines.len() as i32 + 1;
        let leaving = leave(book, (order.location_id, ordered), picked, (line_no, at));
        let cost = leaving.1;
        for (key, quantity, cost) in lot::moves(order.location_id, &leaving.0, cost) {
            posting.movements.push(Movement {
                id: MovementId(book.ids.next_id()),
                kind: MovementKind::Sale,
                key,
                quantity: -quantity,
                value: -cost,
                unit_cost: stock::unit_cost(cost, quantity),
                document_kind: DocumentKind::Shipment,
                document_id: shipment_id.0,
                line_no,
                channel: Some(Channel::Wholesale),
                reason: None,
                occurred_at: at,
            });
        }
        lines.push(ShipmentLine {
            line_no,
            order_line_no: ordered.line.line_no,
            product_id: ordered.line.product_id,
            printed: Arc::clone(&ordered.line.printed),
            quantity,
            cost,
            lots: leaving.0.lots,
        });
    }
    let complete = order.lines.iter().all(|line| line.open().is_zero());
    order.status = if complete { OrderStatus::Shipped } else { OrderStatus::PartiallyShipped };
    let shipment = Shipment {
        id: shipment_id,
        number,
        occurred_at: at,
        parcel,
        version: 1,
        lines,
        is_new: true,
        invoice_id: None,
        undone_at: None,
    };
    post_cost(book, &order, &shipment, posting);
    order.shipments.push(shipment);
    let exposure = exposure(book, order.customer_id);
    exposure.ordered -= billable;
    exposure.shipped += billable;
    *order_mut(book, id) = order;
}

/// Issues a picked line and releases its reservation. Returns the line as shipped, and its cost.
fn leave(
    book: &mut Book,
    (location_id, ordered): (LocationId, &mut OrderLine),
    picked: Picked,
    (line_no, occurred_at): (i32, DateTime<Utc>),
) -> (Line, Money) {
    let quantity = picked.quantity;
    ordered.shipped += quantity;
    let mut line = Line { quantity, lots: picked.lots, ..ordered.line.clone() };
    if !line.stocked {
        return (line, Money::ZERO);
    }
    ordered.reserved -= quantity;
    let product_id = line.product_id;
    let key = LevelKey::untracked(location_id, product_id);
    let issue = Issue { key, quantity, line_no, occurred_at, forced: false };
    if line.lots.is_empty() {
        book.level_mut(key).release(quantity);
        let cost = book.issue(&issue);
        return (line, cost);
    }
    for own in &mut ordered.line.lots {
        let kept = picked.kept.iter().find(|kept| kept.lot_id == own.lot_id);
        let kept = kept.map_or(Quantity::ZERO, |kept| kept.quantity);
        let key = LevelKey { location_id, product_id, lot_id: own.lot_id };
        book.level_mut(key).release(own.quantity - kept);
        own.quantity = kept;
    }
    let cost = lot::issue(book, &issue, &mut line.lots);
    (line, cost)
}

/// Posts the cost from inventory to stock that is shipped and not invoiced.
fn post_cost(book: &mut Book, order: &Order, shipment: &Shipment, posting: &mut Posting) {
    let mut entry = Lines::default();
    let place = Dimensions { location_id: Some(order.location_id), ..Dimensions::default() };
    entry.debit(account::SHIPPED_NOT_INVOICED, shipment.cost(), place);
    entry.credit(account::INVENTORY, shipment.cost(), place);
    let head = book.entry_head(DocumentKind::Shipment, shipment.id.0, shipment.occurred_at);
    posting.entries.extend(entry.into_entry(head).expect("both sides are the same amount"));
}
