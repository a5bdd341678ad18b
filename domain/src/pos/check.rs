//! The checks of a sale: its place, customer, hold, prices, stock and tenders.

use chrono::{DateTime, Utc};

use super::exception::{ExceptionReason, SaleException};
use super::{Sell, Tender, card_payment, known_register, receipt, tender, voucher};
use crate::allocation::{Demand, Departure, PickRule, Purpose, Requester};
use crate::book::{Book, Location, Register};
use crate::customer::Customer;
use crate::hold;
use crate::id::LocationId;
use crate::number::Money;
use crate::payment_intent::TenderOf;
use crate::refusal::{Faults, Refusal};
use crate::sales::{self, Basket, Judged, Line, Totals};
use crate::tenant::Channel;

/// A sale of which everything is checked and nothing is posted.
pub(super) struct Checked {
    pub lines: Vec<Line>,
    pub totals: Totals,
    pub tenders: Vec<Tender>,
    /// The amount that the rounding of cash added.
    pub rounding: Money,
    /// The ways in which a forced sale differs from our rules.
    pub exceptions: Vec<SaleException>,
    /// Whether a forced sale gave more discount than the caller may give.
    pub over_discounted: bool,
    /// Whether a forced sale is below cost, and its caller may not sell below cost.
    pub below_cost: bool,
}

/// The lines of a sale, what differs from our rules, and whether it is over-discounted and below cost.
struct Priced {
    lines: Vec<Line>,
    exceptions: Vec<SaleException>,
    over_discounted: bool,
    below_cost: bool,
}

/// Checks a sale: its place, customer, hold, prices, stock and tenders. What differs from our rules rejects a sale, and is noted
/// of a forced one.
pub(super) fn check(
    book: &Book,
    command: &Sell,
    register: &Register,
    left: Departure,
) -> Result<Checked, Refusal> {
    let mut exceptions = Vec::new();
    let mut note = |reason: ExceptionReason, refusal: Refusal| {
        if !command.forced {
            return Err(refusal);
        }
        exceptions.push(SaleException::new(reason, refusal.detail));
        Ok(())
    };
    let serves_retail = |location: &Location| location.channels.contains(&Channel::Retail);
    if !book.setup.location(Some(register.location_id)).is_some_and(serves_retail) {
        let detail = format!("The location of register {} does not serve retail.", register.code);
        note(ExceptionReason::LocationNotRetail, Refusal::state(detail))?;
    }
    let known = command.customer_id.and_then(|id| book.customers.get(&id));
    let customer = match command.customer_id.map(|id| sales::buyer(book, id)).transpose() {
        Ok(customer) => customer,
        Err(unknown) if known.is_none() => return Err(unknown),
        Err(blocked) => {
            note(ExceptionReason::CustomerBlocked, blocked)?;
            known
        }
    };
    match command.hold_id.map(|id| hold::usable(book, id, command.customer_id)) {
        None => {}
        // The goods of a forced sale left out of the hold, whichever was recorded first.
        Some(Ok(_)) if command.forced => {}
        Some(Ok(hold)) => hold::check_begun(book, hold, book.at_till(command.occurred_at).0)?,
        Some(Err(refusal)) => note(ExceptionReason::HoldNotOpen, refusal)?,
    }
    tender::check(&command.tenders, &book.setup.settings)?;
    let Priced { lines, exceptions: noted, over_discounted, below_cost } =
        price(book, command, register, (customer, left))?;
    exceptions.extend(noted);
    let totals = Totals::of(&lines);
    let (total, coin) = (totals.total(), register.cash_rounding);
    let (mut tenders, rounding) = if command.forced {
        let stated = command.receipt.as_ref().and_then(|receipt| receipt.total);
        tender::settle_forced(total, stated, &command.tenders, coin)?
    } else {
        tender::settle(total, &command.tenders, coin)?
    };
    voucher::check(book, &command.tenders, &tenders, (left.occurred_at, command.forced))?;
    let named = card_payment::Named {
        of: TenderOf::Sale,
        id: command.id,
        register_id: command.register_id,
        inputs: &command.tenders,
        forced: command.forced,
    };
    exceptions.extend(card_payment::check(book, &named, &mut tenders)?);
    if command.forced {
        exceptions.extend(receipt::unpaid(total, rounding, coin, command));
        exceptions.extend(voucher::overdrawn(book, &tenders, left.occurred_at));
    }
    Ok(Checked { lines, totals, tenders, rounding, exceptions, over_discounted, below_cost })
}

/// Notes the faults of a sale's till, time, customer, hold, receipt, tenders and lines, each without the others.
pub(super) fn note_faults(book: &Book, command: &Sell, faults: &mut Faults) {
    let register = faults.take(known_register(book, command.register_id));
    let (named, _) = book.at_till(command.occurred_at);
    let at = faults.take(book.occurred_at(named));
    let customer = command.customer_id.and_then(|id| book.customers.get(&id));
    let is_taken_as_it_is = command.forced && customer.is_some();
    if let Some(id) = command.customer_id.filter(|_| !is_taken_as_it_is) {
        faults.take(sales::buyer(book, id));
    }
    let knows_customer = command.customer_id.is_some() == customer.is_some();
    if let Some(id) = command.hold_id.filter(|_| knows_customer && !command.forced) {
        faults.take(hold::usable(book, id, command.customer_id));
    }
    faults.take(receipt::check(command, &book.setup.settings));
    faults.take(tender::check(&command.tenders, &book.setup.settings));
    let is_known = knows_customer && register.is_some() && at.is_some();
    let basket = basket(book, command, register.as_ref(), (customer, at.unwrap_or(book.now)));
    // The prices of a forced sale are those of its receipt.
    let decimals = Some(book.setup.settings.exponent);
    let judged = Judged { prices: is_known && !command.forced, decimals, lots: true };
    sales::note_faults(book, &basket, judged, faults);
    if !command.forced {
        faults.take(command.authority.check_stated(&command.lines, command.discount));
    }
}

/// Returns the lines of a sale with the till, the customer and the time that price them.
fn basket<'a>(
    book: &'a Book,
    command: &'a Sell,
    register: Option<&Register>,
    (customer, at): (Option<&'a Customer>, DateTime<Utc>),
) -> Basket<'a> {
    let (authority, overrider) = (&command.authority, command.authority.overrider.as_deref());
    Basket {
        lines: &command.lines,
        discount: command.discount,
        channel: Channel::Retail,
        location_id: register.map_or_else(LocationId::default, |register| register.location_id),
        customer,
        // Goods bought at a till are handed over there, in the tenant's country, wherever the customer lives.
        country: command.country.as_deref().unwrap_or(&book.setup.settings.country),
        at,
        overrider: if command.forced { overrider.or(Some("receipt")) } else { overrider },
        discount_max: Some(
            register.map_or(authority.discount_max, |register| authority.discount_at(register)),
        ),
        is_return: false,
        forced: command.forced,
        foreign: None,
    }
}

/// Prices the lines and picks their lots. A discount above the limit and a sale below cost reject a sale, but not one that
/// has already happened.
fn price(
    book: &Book,
    command: &Sell,
    register: &Register,
    (customer, left): (Option<&Customer>, Departure),
) -> Result<Priced, Refusal> {
    let basket = basket(book, command, Some(register), (customer, left.occurred_at));
    let (mut lines, excess, mut exceptions) = if command.forced {
        receipt::price(book, command, &basket, register.cash_rounding)?
    } else {
        let (lines, excess) = sales::price_noting_excess(book, &basket)?;
        (lines, excess, Vec::new())
    };
    let over_discounted = command.forced && !excess.is_empty();
    if !over_discounted {
        excess.check()?;
    }
    check_stock(book, command, register, left, &mut lines)?;
    let asked = (command.lines.as_slice(), command.discount);
    let cost = command.authority.check_cost(book, register.location_id, asked, &lines);
    let below_cost = command.forced && cost.is_err();
    if !below_cost {
        cost?;
    }
    let totals = Totals::of(&lines);
    let is_priced_otherwise = exceptions.iter().any(|noted| noted.reason == ExceptionReason::Price);
    if over_discounted && !is_priced_otherwise {
        let detail = "More discount was given than the caller or the till may give.";
        let discount = SaleException::new(ExceptionReason::Discount, detail);
        exceptions.push(discount.with(Some(totals.gross), totals.net));
    }
    if below_cost {
        let detail = "The sale is below the cost of its stock.";
        exceptions.push(SaleException::new(ExceptionReason::BelowCost, detail).with(None, totals.net));
    }
    Ok(Priced { lines, exceptions, over_discounted, below_cost })
}

/// Picks the lots of the lines. Rejects more than is available to the till, with the allotments of the till
/// and its channel, and with the hold that the sale uses.
fn check_stock(
    book: &Book,
    command: &Sell,
    register: &Register,
    left: Departure,
    lines: &mut [Line],
) -> Result<(), Refusal> {
    let mut demand = Demand::of(Requester::till(register.id));
    if let Some(hold) = command.hold_id.and_then(|id| hold::usable(book, id, command.customer_id).ok()) {
        demand.own(book, hold);
    }
    let customer = command.customer_id.and_then(|id| book.customers.get(&id));
    let purpose = Purpose::Sale {
        on: book.setup.settings.day(left.occurred_at),
        // Goods that have left may have been too old for the customer: that rejects no forced sale.
        life_days: customer.filter(|_| !left.forced).map_or(0, |customer| customer.min_remaining_life_days),
        at_hand: true,
    };
    let rule = PickRule { location_id: register.location_id, purpose, left: Some(left) };
    sales::allot(book, lines, &command.lines, &mut demand, &rule)?;
    book.check_available(&demand)
}
