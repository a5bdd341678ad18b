//! Goods of an order that leave.

use chrono::{DateTime, Utc};

use super::{Order, OrderStatus, Ordered, changed, exposure, known, order_mut};
use crate::book::{Book, Demand, Posting};
use crate::goods::check_part;
use crate::id::{EntryId, MovementId, OrderId, ProductId, ShipmentId};
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::number::{Money, Quantity};
use crate::oversold::Going;
use crate::refusal::{Code, Problems, Refusal};
use crate::stock::{self, LevelKey, Movement, MovementKind};
use crate::tenant::Channel;

/// What to ship.
#[derive(Debug, Clone)]
pub struct Ship {
    /// Of which order.
    pub order_id: OrderId,
    /// Its lines; all that is reserved where none are named.
    pub lines: Vec<ShipLine>,
    /// When; now where no instant is named.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A line to ship.
#[derive(Debug, Clone, Copy)]
pub struct ShipLine {
    /// Its number in the order.
    pub line_no: i32,
    /// Stock units; all that is reserved where no quantity is named.
    pub quantity: Option<Quantity>,
}

/// Goods that left.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Its number.
    pub number: String,
    /// When the goods left.
    pub occurred_at: DateTime<Utc>,
    /// Its lines.
    pub lines: Vec<ShipmentLine>,
    /// Whether a command of this batch made it.
    pub is_new: bool,
    /// The invoice, once there is one.
    pub invoice_id: Option<crate::id::InvoiceId>,
}

/// A line of a shipment.
#[derive(Debug, Clone, Copy)]
pub struct ShipmentLine {
    /// From 1.
    pub line_no: i32,
    /// The order's line.
    pub order_line_no: i32,
    /// What.
    pub product_id: ProductId,
    /// Stock units.
    pub quantity: Quantity,
    /// What they cost.
    pub cost: Money,
}

impl Shipment {
    /// What the goods cost.
    pub fn cost(&self) -> Money {
        self.lines.iter().map(|line| line.cost).sum()
    }
}

/// Ships what is reserved, in full or in part.
pub fn ship(book: &mut Book, command: &Ship) -> Result<(Ordered, Posting), Refusal> {
    let order = known(book, command.order_id)?;
    order.require(&[OrderStatus::Confirmed, OrderStatus::PartiallyShipped], "shipped")?;
    let occurred_at = book.occurred_at(command.occurred_at)?;
    let picked = picked(book, order, &command.lines)?;
    check_there(book, order, &picked)?;
    let mut posting = Posting::default();
    dispatch(book, (command.order_id, occurred_at), &picked, &mut posting);
    Ok(changed(book, command.order_id, posting))
}

/// Refuses what is not there. It was promised to the order, but goods that left elsewhere meanwhile, or that a count
/// missed, can't be shipped.
fn check_there(book: &Book, order: &Order, picked: &[(usize, Quantity)]) -> Result<(), Refusal> {
    let mut demand = Demand::default();
    for (at, quantity) in picked {
        let line = &order.lines[*at].line;
        if line.stocked {
            let key = LevelKey::untracked(order.location_id, line.product_id);
            demand.promised(key, book.level(&key).reserved);
            demand.add(key, *quantity, format!("/lines/{at}"));
        }
    }
    book.check_available(&demand)
}

/// Line index and quantity of what leaves.
fn picked(book: &Book, order: &Order, wanted: &[ShipLine]) -> Result<Vec<(usize, Quantity)>, Refusal> {
    if wanted.is_empty() {
        let picked = all_ready(order);
        if picked.is_empty() {
            let detail = format!("Nothing of order {} can leave: it waits for its goods.", order.number);
            return Err(Refusal::state(detail));
        }
        return Ok(picked);
    }
    let mut problems = Problems::default();
    let mut picked: Vec<(usize, Quantity)> = Vec::with_capacity(wanted.len());
    for (index, wanted) in wanted.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let Some(at) = order.lines.iter().position(|line| line.line.line_no == wanted.line_no) else {
            problems.add(format!("{pointer}/line_no"), Code::NotFound, "The order has no such line.");
            continue;
        };
        let ready = order.lines[at].ready();
        let quantity = wanted.quantity.unwrap_or(ready);
        if !quantity.is_positive() || quantity > ready {
            let detail = format!("Line {} has {ready} left to ship.", wanted.line_no);
            problems.invalid(format!("{pointer}/quantity"), detail);
        } else if picked.iter().any(|(known, _)| *known == at) {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
        } else if let Err(problem) =
            check_part(book, order.lines[at].line.product_id, (quantity, ready), &pointer)
        {
            problems.push(problem);
        } else {
            picked.push((at, quantity));
        }
    }
    problems.check()?;
    Ok(picked)
}

fn all_ready(order: &Order) -> Vec<(usize, Quantity)> {
    let ready = order.lines.iter().enumerate().map(|(at, line)| (at, line.ready()));
    ready.filter(|(_, quantity)| quantity.is_positive()).collect()
}

/// Ships everything that may leave, at the instant of the order; an order that waits for all of its goods stays as it is.
pub(super) fn dispatch_all(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let order = &book.orders[&id];
    let (occurred_at, picked) = (order.occurred_at, all_ready(order));
    if !picked.is_empty() {
        dispatch(book, (id, occurred_at), &picked, posting);
    }
}

fn dispatch(
    book: &mut Book,
    (id, at): (OrderId, DateTime<Utc>),
    picked: &[(usize, Quantity)],
    posting: &mut Posting,
) {
    let setup = std::sync::Arc::clone(&book.setup);
    let mut order = order_mut(book, id).clone();
    let shipment_id = ShipmentId(book.ids.next_id());
    let number = book.number("SH");
    let mut lines = Vec::with_capacity(picked.len());
    let mut billable = Money::ZERO;
    for (at_line, quantity) in picked {
        let ordered = &mut order.lines[*at_line];
        let line = &ordered.line;
        billable += line.part(ordered.shipped, *quantity, &setup.settings).total();
        let line_no = lines.len() as i32 + 1;
        let mut cost = Money::ZERO;
        if line.stocked {
            let key = LevelKey::untracked(order.location_id, line.product_id);
            book.level_mut(key).reserved -= *quantity;
            cost =
                book.take_out(&Going { key, quantity: *quantity, line_no, occurred_at: at, forced: false });
            ordered.reserved -= *quantity;
            posting.movements.push(Movement {
                id: MovementId(book.ids.next_id()),
                kind: MovementKind::Sale,
                key,
                quantity: -*quantity,
                value: -cost,
                unit_cost: stock::unit_cost(cost, *quantity),
                document_kind: "shipment",
                document_id: shipment_id.0,
                line_no,
                channel: Some(Channel::Wholesale),
                reason: None,
                occurred_at: at,
            });
        }
        ordered.shipped += *quantity;
        let (order_line_no, product_id) = (ordered.line.line_no, ordered.line.product_id);
        lines.push(ShipmentLine { line_no, order_line_no, product_id, quantity: *quantity, cost });
    }
    let complete = order.lines.iter().all(|line| line.open().is_zero());
    order.status = if complete { OrderStatus::Shipped } else { OrderStatus::PartiallyShipped };
    let shipment =
        Shipment { id: shipment_id, number, occurred_at: at, lines, is_new: true, invoice_id: None };
    post_cost(book, &order, &shipment, posting);
    order.shipments.push(shipment);
    let exposure = exposure(book, order.customer_id);
    exposure.ordered -= billable;
    exposure.shipped += billable;
    *order_mut(book, id) = order;
}

/// The goods leave inventory and wait for their invoice.
fn post_cost(book: &mut Book, order: &Order, shipment: &Shipment, posting: &mut Posting) {
    let mut entry = Lines::default();
    let place = Dimensions { location_id: Some(order.location_id), ..Dimensions::default() };
    entry.debit(account::SHIPPED_NOT_INVOICED, shipment.cost(), place);
    entry.credit(account::INVENTORY, shipment.cost(), place);
    let head = EntryHead {
        id: EntryId(book.ids.next_id()),
        document_kind: "shipment",
        document_id: shipment.id.0,
        occurred_on: book.setup.settings.day(shipment.occurred_at),
    };
    posting.entries.extend(entry.into_entry(head).expect("both sides are the same amount"));
}
