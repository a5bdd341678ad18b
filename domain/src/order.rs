//! Wholesale orders: place, confirm, ship, invoice, cancel.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::address::{AddressChoice, AddressUse};
use crate::annotation::Annotations;
use crate::book::{Book, Location, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::customer::Customer;
use crate::document::DocumentKind;
use crate::exchange::{Quote, Stated};
use crate::hold;
use crate::id::{CustomerId, HoldId, LocationId, OrderId};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money, Quantity};
use crate::printed::{Addresses, PrintedCustomer, Seller};
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::sales::{self, Authority, Basket, Discount, Foreign, Judged, Line, LineInput, Totals};
use crate::tenant::Channel;
use crate::text_enum;

mod close;
mod credit_note;
mod held;
mod invoice;
mod pick;
mod reserve;
mod ship;
mod undo;

use reserve::{hold_reasons, plan, put_on_hold, reservations, reserve};

pub use close::{Allocate, Cancel, Close, Promise};
pub use credit_note::{Condition, Return};
pub(crate) use held::judge_held;
pub use held::{JUDGED_LINES_MAX, JUDGED_MAX};
pub use invoice::{Bill, Invoice, InvoiceKind};
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

/// An order to place.
#[derive(Debug, Clone)]
pub struct Place {
    /// The id of the order, if the caller chose one.
    pub id: Option<OrderId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The location that ships it; the default one if absent.
    pub location_id: Option<LocationId>,
    /// The country of delivery. If absent, that of the address that the order chooses, else the customer's.
    pub country: Option<String>,
    /// The customer's reference.
    pub reference: Option<String>,
    /// The caller's own number, unique among orders.
    pub external_ref: Option<String>,
    /// The currency of its prices and discounts; the tenant's if absent.
    pub currency: Option<String>,
    /// The rate of that currency; the recorded one of the day of the order if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// The day on which the customer wants it.
    pub requested_on: Option<NaiveDate>,
    /// The address to bill; the customer's first one for billing if absent.
    pub bill_to: Option<AddressChoice>,
    /// The address to ship to; the customer's first one for shipping if absent.
    pub ship_to: Option<AddressChoice>,
    /// Additions of the caller.
    pub annotations: Annotations,
    /// The time at which it was placed; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its lines.
    pub lines: Vec<LineInput>,
    /// A discount over all lines.
    pub discount: Option<Discount>,
    /// The status to which it is taken at once.
    pub advance_to: AdvanceTo,
    /// The policy for lines that are short.
    pub policy: Policy,
    /// The priority among waiting orders, from 0 to 9. The highest gets stock first.
    pub priority: i16,
    /// The hold whose stock it uses. Allowed only if the order is confirmed at once.
    pub hold_id: Option<HoldId>,
    /// The limits of the caller over prices.
    pub authority: Authority,
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
    /// Whether the command placed the order.
    pub is_new: bool,
}
impl Rule for Place {
    fn name(&self) -> &'static str {
        "order.created"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        // An order with the caller's id may exist already.
        needs.order_ids.extend(self.id);
        needs.hold_ids.extend(self.hold_id);
        needs.add_time(self.occurred_at);
        needs.exchange_at.extend(self.currency.clone().map(|currency| (currency, self.occurred_at)));
        needs.promises |= self.policy == Policy::Backorder && self.advance_to > AdvanceTo::Draft;
        needs.location(self.location_id);
        needs.numbered.extend([DocumentKind::Order, DocumentKind::Shipment, DocumentKind::Invoice]);
        needs.lines(&self.lines);
    }

    fn check_stated(&self) -> Result<(), Refusal> {
        self.authority.check_rate(self.exchange_rate)?;
        self.authority.check_stated(&self.lines, self.discount)
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_id(book, self));
        let at = faults.take(book.occurred_at(self.occurred_at));
        let customer = faults.take(sales::buyer(book, self.customer_id));
        let location = faults.take(origin(book, self.location_id));
        if let Some(customer) = customer {
            faults.take(delivery(self, customer));
        }
        faults.take(self.authority.check_rate(self.exchange_rate));
        let foreign = at.and_then(|at| faults.take(currency(book, self, at)));
        let is_known = at.is_some() && customer.is_some() && location.is_some();
        let judged = Judged { prices: is_known && foreign.is_some(), amounts: foreign.is_some() };
        let place = location.map_or_else(LocationId::default, |location| location.id);
        let of = (customer, "", at.unwrap_or(book.now));
        let basket = basket(self, place, of, foreign.as_ref().and_then(Option::as_ref));
        sales::note_faults(book, &basket, judged, faults);
        faults.take(self.authority.check_stated(&self.lines, self.discount));
        faults.take(check_draft(self));
        if let Some(id) = self.hold_id.filter(|_| customer.is_some()) {
            faults.take(hold::usable(book, id, Some(self.customer_id)));
        }
        if self.advance_to == AdvanceTo::Draft {
            faults.take(refuse_lots(&self.lines));
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        place(book, self).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Places an order and takes it to the status that was asked for, all or nothing.
fn place(book: &mut Book, command: &Place) -> Result<(Ordered, Posting), Refusal> {
    let order = draft(book, command)?;
    check_draft(command)?;
    let held = command.hold_id.map(|id| hold::usable(book, id, Some(command.customer_id))).transpose()?;
    if let Some(hold) = held {
        hold::check_begun(book, hold, command.occurred_at)?;
    }
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

    // Nothing rejects the command from here on.
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

/// Rejects a hold that a draft names.
fn check_draft(command: &Place) -> Result<(), Refusal> {
    if command.hold_id.is_none() || command.advance_to > AdvanceTo::Draft {
        return Ok(());
    }
    let detail = "A draft reserves nothing: confirm the order at once, or leave hold_id out.";
    Err(Refusal::invalid("/hold_id", detail))
}

/// Rejects an id that another order has.
fn check_id(book: &Book, command: &Place) -> Result<(), Refusal> {
    if command.id.is_none_or(|id| !book.orders.contains_key(&id)) {
        return Ok(());
    }
    let detail = "An order with this id exists: repeat its Idempotency-Key to get its response again, or use a new id.";
    Err(Problems::one("/id", Code::AlreadyExists, detail))
}

/// Returns the lines of an order, with the customer, the country and the time that price them.
fn basket<'a>(
    command: &'a Place,
    location_id: LocationId,
    (customer, country, at): (Option<&'a Customer>, &'a str, DateTime<Utc>),
    foreign: Option<&'a Foreign>,
) -> Basket<'a> {
    Basket {
        lines: &command.lines,
        discount: command.discount,
        channel: Channel::Wholesale,
        location_id,
        customer,
        country,
        at,
        overrider: command.authority.overrider.as_deref(),
        discount_max: Some(command.authority.discount_max),
        is_return: false,
        forced: false,
        foreign,
    }
}

fn refuse_lots(lines: &[LineInput]) -> Result<(), Refusal> {
    let Some(at) = lines.iter().position(|line| !line.lots.is_empty()) else { return Ok(()) };
    let detail = "A draft reserves nothing: confirm the order at once, or name the lots when you ship it.";
    Err(Refusal::invalid(format!("/lines/{at}/lots"), detail))
}

fn draft(book: &mut Book, command: &Place) -> Result<Order, Refusal> {
    check_id(book, command)?;
    let occurred_at = book.occurred_at(command.occurred_at)?;
    let customer = sales::buyer(book, command.customer_id)?;
    let location = origin(book, command.location_id)?;
    let (addresses, country) = delivery(command, customer)?;
    command.authority.check_rate(command.exchange_rate)?;
    let foreign = currency(book, command, occurred_at)?;
    let basket =
        basket(command, location.id, (Some(customer), country.as_str(), occurred_at), foreign.as_ref());
    let lines = sales::price(book, &basket)?;
    command.authority.check_cost(book, location.id, (&command.lines, command.discount), &lines)?;
    let (location_id, customer) = (location.id, Arc::clone(&customer.printed));
    Ok(Order {
        id: command.id.unwrap_or_else(|| OrderId(book.ids.next_id())),
        number: String::new(),
        customer_id: command.customer_id,
        customer,
        location_id,
        status: OrderStatus::Draft,
        country,
        reference: command.reference.clone(),
        external_ref: command.external_ref.clone(),
        requested_on: command.requested_on,
        addresses,
        annotations: Arc::new(command.annotations.clone()),
        seller: Arc::clone(&book.setup.seller),
        policy: command.policy,
        priority: command.priority,
        foreign: foreign.map(|foreign| foreign.quote),
        hold_reasons: Vec::new(),
        released_at: None,
        occurred_at,
        recorded_at: book.now,
        updated_at: book.now,
        version: 1,
        lines: lines.into_iter().map(OrderLine::new).collect(),
        shipments: Vec::new(),
    })
}

/// Returns the currency of an order; none if it is the tenant's.
fn currency(book: &Book, command: &Place, occurred_at: DateTime<Utc>) -> Result<Option<Foreign>, Refusal> {
    let settings = &book.setup.settings;
    let stated = Stated {
        currency: command.currency.as_deref(),
        rate: command.exchange_rate,
        day: settings.day(occurred_at),
    };
    let quote = book.exchange.quote(stated, settings).map_err(Problems::of)?;
    Ok(quote.map(|quote| Foreign::new(quote, settings)))
}

/// Returns the location that ships an order: the one that it names, else the default one.
fn origin(book: &Book, id: Option<LocationId>) -> Result<&Location, Refusal> {
    let pointer = "/location_id";
    let location = book
        .setup
        .location(id)
        .ok_or_else(|| Problems::one(pointer, Code::NotFound, "There is no such location."))?;
    if location.channels.contains(&Channel::Wholesale) {
        return Ok(location);
    }
    let detail = format!("Location {} does not serve wholesale. Name one that does.", location.code);
    Err(match id {
        Some(_) => Problems::one(pointer, Code::InvalidStateTransition, detail),
        None => Refusal::state(detail),
    })
}

/// Returns the addresses of an order, and the country of delivery. A ship-to address that the order chooses says the country.
fn delivery(command: &Place, customer: &Customer) -> Result<(Addresses, String), Refusal> {
    let mut problems = Problems::default();
    let mut chosen = |choice: &Option<AddressChoice>, wanted, pointer| {
        customer.address(choice.as_ref(), wanted, pointer).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        })
    };
    let bill_to = chosen(&command.bill_to, AddressUse::Billing, "/bill_to");
    let ship_to = chosen(&command.ship_to, AddressUse::Shipping, "/ship_to");
    problems.check()?;
    let of_address =
        ship_to.as_ref().filter(|_| command.ship_to.is_some()).map(|address| address.country.clone());
    let country = command.country.clone().or(of_address).unwrap_or_else(|| customer.country.clone());
    Ok((Addresses { bill_to, ship_to }, country))
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
    let ordered = Ordered { order: order.clone(), invoices: Vec::new(), is_new: false };
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
