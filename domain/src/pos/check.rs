//! The checks of a sale: its place, customer, hold, prices, stock and tenders.

use super::exception::{ExceptionReason, SaleException};
use super::{Sell, Tender, card_payment, receipt, tender, voucher};
use crate::allocation::{Demand, Departure, PickRule, Purpose, Requester};
use crate::book::{Book, Location, Register};
use crate::customer::Customer;
use crate::hold;
use crate::number::Money;
use crate::payment_intent::TenderOf;
use crate::refusal::Refusal;
use crate::sales::{self, Basket, Line, Totals};
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
            let detail = "The customer is blocked.".to_owned();
            note(ExceptionReason::CustomerBlocked, Refusal { detail, ..blocked })?;
            known
        }
    };
    if let Some(Err(refusal)) = command.hold_id.map(|id| hold::usable(book, id, command.customer_id)) {
        note(ExceptionReason::HoldNotOpen, refusal)?;
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
    let on = book.setup.settings.day(left.occurred_at);
    voucher::check(book, &command.tenders, &tenders, (on, command.forced))?;
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
        exceptions.extend(voucher::overdrawn(book, &tenders));
    }
    Ok(Checked { lines, totals, tenders, rounding, exceptions, over_discounted, below_cost })
}

/// Prices the lines and picks their lots. A discount above the limit and a sale below cost reject a sale, but not one that
/// has already happened.
fn price(
    book: &Book,
    command: &Sell,
    register: &Register,
    (customer, left): (Option<&Customer>, Departure),
) -> Result<Priced, Refusal> {
    let overrider = command.authority.overrider.as_deref();
    let basket = Basket {
        lines: &command.lines,
        discount: command.discount,
        channel: Channel::Retail,
        location_id: register.location_id,
        customer,
        // Goods bought at a till are handed over there, in the tenant's country, wherever the customer lives.
        country: command.country.as_deref().unwrap_or(&book.setup.settings.country),
        at: left.occurred_at,
        overrider: if command.forced { overrider.or(Some("receipt")) } else { overrider },
        discount_max: Some(command.authority.discount_at(register)),
        is_return: false,
        forced: command.forced,
        foreign: None,
    };
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
