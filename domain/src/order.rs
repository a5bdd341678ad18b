//! Wholesale orders: place, amend, confirm, ship, invoice, cancel.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::annotation::Annotations;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::exchange::Quote;
use crate::id::{CustomerId, LocationId, OrderId, ShipmentId};
use crate::needs::Needs;
use crate::number::{Money, Percent, Quantity};
use crate::printed::{Addresses, PrintedCustomer, Seller};
use crate::refusal::Refusal;
use crate::sales::{Line, Totals};
use crate::text_enum;

mod amend;
mod close;
mod credit_note;
mod held;
mod invoice;
mod pick;
mod place;
mod reserve;
mod ship;
mod undo;

use reserve::{hold_reasons, plan, put_on_hold, reservations, reserve};

pub use amend::Amend;
pub use close::{Allocate, Cancel, Close, Promise};
pub use credit_note::{Condition, Return};
pub(crate) use held::judge_held;
pub use held::{JUDGED_LINES_MAX, JUDGED_MAX};
pub use invoice::{Bill, Invoice, InvoiceKind};
pub use place::Place;
pub use reserve::Policy;
pub use ship::{Parcel, Ship, ShipLine, Shipment, ShipmentLine, ShipmentStatus};
pub use undo::UndoShipment;

text_enum! {
    /// The status of an order.
    pub enum OrderStatus {
        /// It was placed; nothing is reserved.
        Draft,
        /// The customer is over the credit limit, or is prepaid and has not paid it; nothing is reserved. A payment of the
        /// customer, a confirmation or a release ends it.
        OnHold,
        /// Its stock is reserved or backordered.
        Confirmed,
        /// Some of it was shipped.
        PartiallyShipped,
        /// All of it was shipped.
        Shipped,
        /// All of its shipments are invoiced.
        Invoiced,
        /// It was cancelled; nothing is reserved.
        Cancelled,
    }
}

text_enum! {
    /// The status to which a new order is taken in the same transaction.
    #[derive(PartialOrd, Ord, Default)]
    pub enum AdvanceTo {
        /// Placed only.
        #[default]
        Draft,
        /// Stock reserved.
        Confirmed,
        /// Shipped.
        Shipped,
        /// Shipped and invoiced.
        Invoiced,
    }
}

/// Shipments that were undone before, and order lines of such shipments.
#[derive(Debug, Clone, Default)]
pub struct Undone {
    /// Shipments to undo that were undone before.
    pub shipments: HashSet<ShipmentId>,
    /// Lines of amended orders, by number, of which a shipment was undone before.
    pub lines: HashSet<(OrderId, i32)>,
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: String,
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer, as the order prints it.
    pub customer: Arc<PrintedCustomer>,
    /// The location that ships it.
    pub location_id: LocationId,
    /// Its status.
    pub status: OrderStatus,
    /// The country of delivery.
    pub country: String,
    /// The customer's reference.
    pub reference: Option<String>,
    /// The caller's own number.
    pub external_ref: Option<String>,
    /// The day on which the customer wants it.
    pub requested_on: Option<NaiveDate>,
    /// The addresses that it prints.
    pub addresses: Addresses,
    /// Additions of the caller.
    pub annotations: Arc<Annotations>,
    /// The tenant, as the order prints it.
    pub seller: Arc<Seller>,
    /// The policy for lines that are short.
    pub policy: Policy,
    /// The priority among waiting orders. The highest gets stock first.
    pub priority: i16,
    /// The percentage of its discount over all lines. None if it has no such discount, or one by amount.
    pub discount_percent: Option<Percent>,
    /// Its currency and rate; none if it is in the tenant's currency.
    pub foreign: Option<Quote>,
    /// The reasons of its credit hold.
    pub hold_reasons: Vec<String>,
    /// The instant at which it was released from its credit hold. It leaves unpaid then.
    pub released_at: Option<DateTime<Utc>>,
    /// The time at which it was placed.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
    /// The version. It grows with each change.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<OrderLine>,
    /// Its shipments. If the order was read from the database, only those that are not invoiced yet.
    pub shipments: Vec<Shipment>,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub struct OrderLine {
    /// The product, its quantity and its price.
    pub line: Line,
    /// Stock units reserved.
    pub reserved: Quantity,
    /// Stock units shipped.
    pub shipped: Quantity,
    /// Stock units invoiced.
    pub invoiced: Quantity,
    /// Stock units backordered.
    pub backordered: Quantity,
    /// Stock units cancelled.
    pub cancelled: Quantity,
    /// The day for which the backordered units were promised.
    pub promised_on: Option<NaiveDate>,
}

impl OrderLine {
    /// Returns a line of which nothing is reserved yet.
    fn new(line: Line) -> Self {
        OrderLine {
            line,
            reserved: Quantity::ZERO,
            shipped: Quantity::ZERO,
            invoiced: Quantity::ZERO,
            backordered: Quantity::ZERO,
            cancelled: Quantity::ZERO,
            promised_on: None,
        }
    }

    /// Returns the stock units that are still to be shipped.
    pub fn open(&self) -> Quantity {
        self.line.quantity - self.shipped - self.cancelled
    }

    /// Returns the stock units that can be shipped now.
    pub fn ready(&self) -> Quantity {
        if self.line.stocked { self.reserved } else { self.open() }
    }
}

impl Order {
    /// Returns the sums of its lines.
    pub fn totals(&self) -> Totals {
        Totals::of(self.lines.iter().map(|line| &line.line))
    }

    /// Returns net and tax of what is still to be shipped.
    fn open_total(&self, book: &Book) -> Money {
        let settings = &book.setup.settings;
        let open = |line: &OrderLine| line.line.part(line.shipped, line.open(), settings).total();
        self.lines.iter().map(open).sum()
    }

    fn require(&self, allowed: &[OrderStatus], verb: &str) -> Result<(), Refusal> {
        if allowed.contains(&self.status) {
            return Ok(());
        }
        let allowed: Vec<&str> = allowed.iter().map(|status| (*status).into()).collect();
        Err(Refusal::status(&format!("Order {}", self.number), self.status.into(), verb, &allowed))
    }
}

/// An order after a command.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// The order.
    pub order: Order,
    /// Invoices that the command made.
    pub invoices: Vec<Invoice>,
    /// The change that the command made.
    pub change: Change,
}

/// The change that a command makes to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was placed.
    Placed,
    /// Its lines were replaced.
    Amended,
    /// It took another step.
    Stepped,
    /// None: it is as it was.
    Unchanged,
}

/// An order to confirm.
#[derive(Debug, Clone, Copy)]
pub struct Confirm(pub OrderId);

impl Rule for Confirm {
    fn name(&self) -> &'static str {
        "order.confirmed"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        confirm(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Reserves the stock of a draft, or of an order on credit hold, by its policy. An order over the credit limit, or one that a
/// prepaid customer has not paid, is on credit hold instead.
fn confirm(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, id)?;
    order.require(&[OrderStatus::Draft, OrderStatus::OnHold], "confirmed")?;
    check_buyer(book, order)?;
    let plan = plan(book, order, book.now, (None, &[]))?;
    let hold = hold_reasons(book, order, &plan);
    let mut posting = Posting::default();
    if hold.is_empty() {
        reserve(book, id, &plan, &mut posting);
    } else {
        put_on_hold(book, id, hold);
    }
    Ok(finish(book, id, posting))
}

/// An order to release from its credit hold.
#[derive(Debug, Clone, Copy)]
pub struct Release(pub OrderId);

impl Rule for Release {
    fn name(&self) -> &'static str {
        "order.released"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
        needs.leaving.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        release(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Releases an order from its credit hold: reserves its stock in spite of the credit limit, or unpaid. A confirmed order that is no
/// longer covered keeps its reservations and may be shipped.
fn release(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, id)?;
    let is_confirmed = matches!(order.status, OrderStatus::Confirmed | OrderStatus::PartiallyShipped);
    let mut posting = Posting::default();
    if !is_confirmed || held::uncovered(book, order).is_none() {
        order.require(&[OrderStatus::OnHold], "released")?;
        check_buyer(book, order)?;
        let plan = plan(book, order, book.now, (None, &[]))?;
        reserve(book, id, &plan, &mut posting);
    }
    let now = book.now;
    let order = order_mut(book, id);
    order.released_at = order.released_at.or(Some(now));
    Ok(finish(book, id, posting))
}

/// Returns the order after a command, and adds its reservations to the posting.
fn finish(book: &mut Book, id: OrderId, posting: Posting) -> (Ordered, Posting) {
    let now = book.now;
    let order = order_mut(book, id);
    order.version += 1;
    order.updated_at = now;
    let mut posting = posting;
    posting.reservations.extend(reservations(order));
    let ordered = Ordered { order: order.clone(), invoices: Vec::new(), change: Change::Stepped };
    (ordered, posting)
}

/// Rejects a step of an order whose customer was blocked since it was placed. The book has the customer of each of its orders.
fn check_buyer(book: &Book, order: &Order) -> Result<(), Refusal> {
    book.customers[&order.customer_id].check_may_buy().map_err(Refusal::state)
}

fn find(book: &Book, id: OrderId) -> Result<&Order, Refusal> {
    book.orders.get(&id).ok_or_else(|| Refusal::not_found("order"))
}

/// Returns an order that the command has found before.
fn order_mut(book: &mut Book, id: OrderId) -> &mut Order {
    book.orders.get_mut(&id).expect("the command found the order in the book")
}

/// Returns the exposure of a customer. The book has the customer of each of its orders.
fn exposure(book: &mut Book, id: CustomerId) -> &mut crate::customer::Exposure {
    &mut book.customers.get_mut(&id).expect("the book holds the customer of each of its orders").exposure
}
