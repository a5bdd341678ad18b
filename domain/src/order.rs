//! Wholesale: order, confirm, ship, invoice, cancel.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::hold;
use crate::id::{CustomerId, HoldId, LocationId, OrderId};
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::refusal::{Code, Problems, Refusal};
use crate::sales::{self, Basket, Discount, Line, LineInput, Totals};
use crate::tenant::Channel;

mod close;
mod credit_note;
mod invoice;
mod pick;
mod reserve;
mod ship;

use reserve::{hold_reasons, plan, put_on_hold, reservations, reserve};

pub use close::{Allocate, Cancel, Close, Promise};
pub use credit_note::{Condition, Return, ReturnLine};
pub use invoice::{Bill, Invoice, InvoiceKind};
pub use reserve::Policy;
pub use ship::{Ship, ShipLine, Shipment, ShipmentLine};

/// Where an order stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderStatus {
    /// Written down; nothing is reserved.
    Draft,
    /// Waits for someone to approve the customer's credit; nothing is reserved.
    OnHold,
    /// Its goods are reserved.
    Confirmed,
    /// Some of its goods have left.
    PartiallyShipped,
    /// All of its goods have left.
    Shipped,
    /// All of its shipments are invoiced.
    Invoiced,
    /// Given up; nothing is reserved.
    Cancelled,
}

/// How far a new order is taken in the same transaction.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AdvanceTo {
    /// Only written down.
    #[default]
    Draft,
    /// Goods reserved.
    Confirmed,
    /// Goods gone.
    Shipped,
    /// Goods gone and invoiced.
    Invoiced,
}

/// A new order.
#[derive(Debug, Clone)]
pub struct Place {
    /// The caller's own id of the order; ours where it has none.
    pub id: Option<OrderId>,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Where the goods come from; the default location where none is named.
    pub location_id: Option<LocationId>,
    /// The country it goes to, if not the customer's.
    pub country: Option<String>,
    /// The customer's reference.
    pub reference: Option<String>,
    /// The caller's own number, unique among orders.
    pub external_ref: Option<String>,
    /// When the goods are wanted.
    pub requested_on: Option<NaiveDate>,
    /// When it was placed; now where no instant is named.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What.
    pub lines: Vec<LineInput>,
    /// A discount over all lines.
    pub discount: Option<Discount>,
    /// How far to take it at once.
    pub advance_to: AdvanceTo,
    /// What becomes of it where it wants more than there is.
    pub policy: Policy,
    /// Who is served first of those that wait: from 0 to 9, the highest first.
    pub priority: i16,
    /// The hold whose goods it takes; only where it is confirmed at once.
    pub hold_id: Option<HoldId>,
    /// Who sets prices that no rule gave; `None` where the caller may not.
    pub overrider: Option<String>,
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: String,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Where the goods come from.
    pub location_id: LocationId,
    /// Where it stands.
    pub status: OrderStatus,
    /// The country it goes to.
    pub country: String,
    /// The customer's reference.
    pub reference: Option<String>,
    /// The caller's own number.
    pub external_ref: Option<String>,
    /// When the goods are wanted.
    pub requested_on: Option<NaiveDate>,
    /// What becomes of it where it wants more than there is.
    pub policy: Policy,
    /// Who is served first of those that wait: the highest.
    pub priority: i16,
    /// Why it is on hold.
    pub hold_reasons: Vec<String>,
    /// When it was placed.
    pub occurred_at: DateTime<Utc>,
    /// Grows with each change.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<OrderLine>,
    /// Its shipments; of an order that was read from the database, those that are not invoiced yet.
    pub shipments: Vec<Shipment>,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub struct OrderLine {
    /// What, and at which price.
    pub line: Line,
    /// Stock units reserved.
    pub reserved: Quantity,
    /// Stock units that left.
    pub shipped: Quantity,
    /// Stock units invoiced.
    pub invoiced: Quantity,
    /// Stock units that it waits for.
    pub backordered: Quantity,
    /// Stock units that were given up.
    pub cancelled: Quantity,
    /// The day for which what it waits for was promised.
    pub promised_on: Option<NaiveDate>,
}

impl OrderLine {
    /// Stock units that have not left, and will.
    pub fn open(&self) -> Quantity {
        self.line.quantity - self.shipped - self.cancelled
    }

    /// Stock units that may leave now.
    pub fn ready(&self) -> Quantity {
        if self.line.stocked { self.reserved } else { self.open() }
    }
}

impl Order {
    /// The sums of its lines.
    pub fn totals(&self) -> Totals {
        Totals::of(self.lines.iter().map(|line| &line.line))
    }

    /// Net and tax of what has not left.
    fn open_total(&self, book: &Book) -> Money {
        let settings = &book.setup.settings;
        let open = |line: &OrderLine| line.line.part(line.shipped, line.open(), settings).total();
        self.lines.iter().map(open).sum()
    }

    fn require(&self, allowed: &[OrderStatus], verb: &str) -> Result<(), Refusal> {
        if allowed.contains(&self.status) {
            return Ok(());
        }
        let status: &str = self.status.into();
        Err(Refusal::state(format!("Order {} is {status}; it can't be {verb}.", self.number)))
    }
}

/// An order as a command left it.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// The order.
    pub order: Order,
    /// Invoices that the command made.
    pub invoices: Vec<Invoice>,
    /// Whether the order itself is new.
    pub is_new: bool,
}
impl Rule for Place {
    fn name(&self) -> &'static str {
        "order.created"
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        // An order that has the caller's id already, if there is one.
        needs.order_ids.extend(self.id);
        needs.hold_ids.extend(self.hold_id);
        needs.promises |= self.policy == Policy::Backorder && self.advance_to > AdvanceTo::Draft;
        needs.location(self.location_id);
        needs.numbered.extend([DocumentKind::Order, DocumentKind::Shipment, DocumentKind::Invoice]);
        needs.lines(&self.lines);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        place(book, self).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Places an order and takes it as far as asked, all or nothing.
fn place(book: &mut Book, command: &Place) -> Result<(Ordered, Posting), Refusal> {
    let order = draft(book, command)?;
    let held = match command.hold_id {
        None => None,
        Some(_) if command.advance_to == AdvanceTo::Draft => {
            return Err(Refusal::invalid(
                "/hold_id",
                "A draft reserves nothing: confirm the order at once, or leave the hold.",
            ));
        }
        Some(id) => Some(hold::usable(book, id, Some(command.customer_id))?),
    };
    let (id, advance_to) = (order.id, command.advance_to);
    let plan = if advance_to > AdvanceTo::Draft {
        Some(plan(book, &order, order.occurred_at, (held, &command.lines))?)
    } else {
        refuse_lots(&command.lines)?;
        None
    };
    let hold = plan.as_ref().map_or_else(Vec::new, |plan| hold_reasons(book, &order, plan));
    if !hold.is_empty() && advance_to > AdvanceTo::Confirmed {
        return Err(Refusal::new(Code::CreditExceeded, hold.join(" ")));
    }

    // Nothing can refuse it any more.
    let order = Order { number: book.number(DocumentKind::Order), ..order };
    book.orders.insert(id, order);
    let mut posting = Posting::default();
    let mut invoices = Vec::new();
    if !hold.is_empty() {
        put_on_hold(book, id, hold);
    } else if let Some(plan) = plan {
        if let Some(held) = command.hold_id {
            hold::use_up(book, held, &mut posting);
        }
        reserve(book, id, &plan, &mut posting);
        if advance_to > AdvanceTo::Confirmed {
            ship::dispatch_all(book, id, &mut posting);
        }
        if advance_to > AdvanceTo::Shipped {
            invoices = invoice::invoice_all(book, id, &mut posting);
        }
        if advance_to == AdvanceTo::Confirmed {
            posting.reservations.extend(reservations(&book.orders[&id]));
        }
    }
    Ok((Ordered { order: book.orders[&id].clone(), invoices, is_new: true }, posting))
}

fn refuse_lots(lines: &[LineInput]) -> Result<(), Refusal> {
    let Some(at) = lines.iter().position(|line| !line.lots.is_empty()) else { return Ok(()) };
    let detail = "A draft reserves nothing: confirm the order at once, or name the lots when you ship it.";
    Err(Refusal::invalid(format!("/lines/{at}/lots"), detail))
}

fn draft(book: &mut Book, command: &Place) -> Result<Order, Refusal> {
    if command.id.is_some_and(|id| book.orders.contains_key(&id)) {
        let detail = "An order with this id exists: send its own Idempotency-Key to get its answer again, or use a new id.";
        return Err(Problems::one("/id", Code::AlreadyExists, detail));
    }
    let occurred_at = book.occurred_at(command.occurred_at)?;
    let customer = sales::buyer(book, command.customer_id)?;
    let location = book
        .setup
        .location(command.location_id)
        .filter(|location| location.channels.contains(&Channel::Wholesale))
        .ok_or_else(|| {
            Problems::one("/location_id", Code::NotFound, "There is no such location that serves wholesale.")
        })?;
    let basket = Basket {
        lines: &command.lines,
        discount: command.discount,
        channel: Channel::Wholesale,
        location_id: location.id,
        customer: Some(customer),
        country: command.country.as_deref().unwrap_or(&customer.country),
        at: occurred_at,
        overrider: command.overrider.as_deref(),
        is_return: false,
    };
    let lines = sales::price(book, &basket)?;
    let line = |line| OrderLine {
        line,
        reserved: Quantity::ZERO,
        shipped: Quantity::ZERO,
        invoiced: Quantity::ZERO,
        backordered: Quantity::ZERO,
        cancelled: Quantity::ZERO,
        promised_on: None,
    };
    let (location_id, country) = (location.id, customer.country.clone());
    Ok(Order {
        id: command.id.unwrap_or_else(|| OrderId(book.ids.next_id())),
        number: String::new(),
        customer_id: command.customer_id,
        location_id,
        status: OrderStatus::Draft,
        country: command.country.clone().unwrap_or(country),
        reference: command.reference.clone(),
        external_ref: command.external_ref.clone(),
        requested_on: command.requested_on,
        policy: command.policy,
        priority: command.priority,
        hold_reasons: Vec::new(),
        occurred_at,
        version: 1,
        lines: lines.into_iter().map(line).collect(),
        shipments: Vec::new(),
    })
}
/// Confirm an order.
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

/// Reserves the goods of a draft, as its policy says; over the credit limit the order goes on hold instead.
fn confirm(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = known(book, id)?;
    order.require(&[OrderStatus::Draft], "confirmed")?;
    sales::buyer(book, order.customer_id)?;
    let plan = plan(book, order, book.now, (None, &[]))?;
    let hold = hold_reasons(book, order, &plan);
    let mut posting = Posting::default();
    if hold.is_empty() {
        reserve(book, id, &plan, &mut posting);
    } else {
        put_on_hold(book, id, hold);
    }
    Ok(changed(book, id, posting))
}
/// Release an order that is on hold.
#[derive(Debug, Clone, Copy)]
pub struct Release(pub OrderId);

impl Rule for Release {
    fn name(&self) -> &'static str {
        "order.released"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        release(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Releases an order that is on hold: reserves its goods in spite of the credit limit.
fn release(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = known(book, id)?;
    order.require(&[OrderStatus::OnHold], "released")?;
    sales::buyer(book, order.customer_id)?;
    let plan = plan(book, order, book.now, (None, &[]))?;
    let mut posting = Posting::default();
    reserve(book, id, &plan, &mut posting);
    Ok(changed(book, id, posting))
}

/// The order as the command left it, with its reservations as they now are.
fn changed(book: &mut Book, id: OrderId, posting: Posting) -> (Ordered, Posting) {
    let order = order_mut(book, id);
    order.version += 1;
    let mut posting = posting;
    posting.reservations.extend(reservations(order));
    let ordered = Ordered { order: order.clone(), invoices: Vec::new(), is_new: false };
    (ordered, posting)
}

fn known(book: &Book, id: OrderId) -> Result<&Order, Refusal> {
    book.orders.get(&id).ok_or_else(|| Refusal::not_found("order"))
}

/// An order that the command has found before.
fn order_mut(book: &mut Book, id: OrderId) -> &mut Order {
    book.orders.get_mut(&id).expect("the command found the order in the book")
}

/// The exposure of a customer that the book holds together with each of its orders.
fn exposure(book: &mut Book, id: CustomerId) -> &mut crate::customer::Exposure {
    &mut book.customers.get_mut(&id).expect("the book holds the customer of each of its orders").exposure
}
