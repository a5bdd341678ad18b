//! Placing an order, and taking it to the status that was asked for.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::reserve::{Policy, check_named, hold_reasons, plan, put_on_hold, reservations, reserve};
use super::{AdvanceTo, Change, Order, OrderLine, OrderStatus, Ordered, invoice, ship};
use crate::address::{AddressChoice, AddressUse};
use crate::annotation::Annotations;
use crate::book::{Book, Location, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::customer::Customer;
use crate::document::DocumentKind;
use crate::exchange::Stated;
use crate::hold;
use crate::id::{CustomerId, HoldId, LocationId, OrderId};
use crate::needs::Needs;
use crate::number::ExchangeRate;
use crate::printed::Addresses;
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::sales::{self, Authority, Basket, Discount, Foreign, Judged, LineInput};
use crate::tenant::Channel;

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
        let foreign = at.and_then(|at| currency(book, self, at).ok());
        note_currency(book, self, at, faults);
        let is_known = at.is_some() && customer.is_some() && location.is_some();
        let judged = Judged {
            prices: is_known && foreign.is_some(),
            decimals: book.exchange.known_decimals(self.currency.as_deref(), &book.setup.settings),
            lots: self.advance_to > AdvanceTo::Draft && self.policy == Policy::ShipComplete,
        };
        let place = location.map_or_else(LocationId::default, |location| location.id);
        let of = (customer, "", at.unwrap_or(book.now));
        let basket = basket(self, place, of, foreign.as_ref().and_then(Option::as_ref));
        faults.take(match self.advance_to {
            AdvanceTo::Draft => refuse_lots(&self.lines),
            AdvanceTo::Confirmed | AdvanceTo::Shipped | AdvanceTo::Invoiced => {
                check_named(self.policy, &self.lines)
            }
        });
        sales::note_faults(book, &basket, judged, faults);
        faults.take(self.authority.check_stated(&self.lines, self.discount));
        faults.take(check_draft(self));
        if let Some(id) = self.hold_id.filter(|_| customer.is_some()) {
            faults.take(hold::usable(book, id, Some(self.customer_id)));
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
    Ok((Ordered { order: book.orders[&id].clone(), invoices, change: Change::Placed }, posting))
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

pub(super) fn refuse_lots(lines: &[LineInput]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, _) in lines.iter().enumerate().filter(|(_, line)| !line.lots.is_empty()) {
        let detail =
            "A draft reserves nothing: confirm the order at once, or name the lots when you ship it.";
        problems.invalid(format!("/lines/{index}/lots"), detail);
    }
    problems.check()
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
        discount_percent: command.discount.and_then(Discount::percent),
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

/// Notes the faults of the currency and the rate of an order. Without a time, no recorded rate is missing.
fn note_currency(book: &Book, command: &Place, at: Option<DateTime<Utc>>, faults: &mut Faults) {
    let settings = &book.setup.settings;
    let stated = (command.currency.as_deref(), command.exchange_rate);
    book.exchange.note_faults(stated, at.map(|at| settings.day(at)), settings, faults);
}

/// Returns the location that ships an order: the one that it names, else the default one.
fn origin(book: &Book, id: Option<LocationId>) -> Result<&Location, Refusal> {
    let pointer = "/location_id";
    let location = book
        .setup
        .location(id)
        .ok_or_else(|| Problems::one(pointer, Code::NotFound, "There is no such location."))?;
    if serves_wholesale(location) {
        return Ok(location);
    }
    let detail = format!("Location {} does not serve wholesale. Name one that does.", location.code);
    Err(match id {
        Some(_) => Problems::one(pointer, Code::InvalidStateTransition, detail),
        None => Refusal::state(detail),
    })
}

/// Returns whether orders may leave from a location.
pub(super) fn serves_wholesale(location: &Location) -> bool {
    location.channels.contains(&Channel::Wholesale)
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
