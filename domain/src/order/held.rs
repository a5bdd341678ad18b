//! Orders on credit hold are judged again when their customer pays, and confirmed ones when they leave.

use super::reserve::{credit_reason, hold_reasons, plan, put_on_hold, reservations, reserve};
use super::{Order, OrderStatus, order_mut};
use crate::book::{Book, Posting};
use crate::customer::Customer;
use crate::id::{CustomerId, OrderId};
use crate::number::Money;
use crate::refusal::{Code, Refusal};

/// The most held orders of a customer that a payment judges again, the oldest first.
pub const JUDGED_MAX: i64 = 20;

/// The most lines of those orders together, if there are several.
pub const JUDGED_LINES_MAX: i64 = 2000;

/// The reason of an order that is paid or within the limit, but short of stock.
const SHORT: &str = "Not enough stock is available: confirm the order when there is.";

/// Judges the held orders of a customer again, the oldest first. An order whose reason has gone is confirmed. If its stock is
/// short, it stays on hold with that reason, because a payment is never rejected for it.
pub(crate) fn judge_held(book: &mut Book, customer_id: CustomerId, posting: &mut Posting) {
    if !book.customers.get(&customer_id).is_some_and(Customer::may_buy) {
        return;
    }
    let is_held = |order: &&Order| order.customer_id == customer_id && order.status == OrderStatus::OnHold;
    let mut held: Vec<OrderId> = book.orders.values().filter(is_held).map(|order| order.id).collect();
    held.sort_unstable();
    for (id, reasons) in confirm_covered(book, held, posting) {
        keep_on_hold(book, id, reasons, posting);
    }
}

/// Confirms the orders whose reason has gone, and returns the others with their reasons. A confirmed order takes credit and stock from
/// the others, so these are judged again.
fn confirm_covered(
    book: &mut Book,
    mut held: Vec<OrderId>,
    posting: &mut Posting,
) -> Vec<(OrderId, Vec<String>)> {
    loop {
        let count = held.len();
        let mut waiting = Vec::with_capacity(count);
        for id in held {
            let reasons = judge(book, id, posting);
            if !reasons.is_empty() {
                waiting.push((id, reasons));
            }
        }
        if waiting.len() == count {
            return waiting;
        }
        held = waiting.into_iter().map(|(id, _)| id).collect();
    }
}

/// Confirms an order that nothing holds. Returns the reasons to hold it.
fn judge(book: &mut Book, id: OrderId, posting: &mut Posting) -> Vec<String> {
    let order = &book.orders[&id];
    let Ok(plan) = plan(book, order, book.now, (None, &[])) else {
        let reason = credit_reason(book, order, order.open_total(book));
        return vec![reason.unwrap_or_else(|| SHORT.to_owned())];
    };
    let reasons = hold_reasons(book, order, &plan);
    if reasons.is_empty() {
        reserve(book, id, &plan, posting);
        posting.released.push(id);
        write(book, id, posting);
    }
    reasons
}

/// States why an order stays on hold.
fn keep_on_hold(book: &mut Book, id: OrderId, reasons: Vec<String>, posting: &mut Posting) {
    if reasons != book.orders[&id].hold_reasons {
        put_on_hold(book, id, reasons);
        write(book, id, posting);
    }
}

/// Adds an order that was changed to the posting, with its reservations.
fn write(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let now = book.now;
    let order = order_mut(book, id);
    order.version += 1;
    order.updated_at = now;
    posting.reservations.extend(reservations(order));
    posting.orders.push(order.clone());
}

/// Rejects a shipment of an order that is no longer paid or within the credit limit, because a payment was reversed or paid out since
/// the order was confirmed.
pub(super) fn check_covered(book: &Book, order: &Order) -> Result<(), Refusal> {
    let Some(reason) = uncovered(book, order) else { return Ok(()) };
    let detail = format!(
        "{reason} Record a payment before order {} is shipped, or release it with the scope credit:approve.",
        order.number
    );
    Err(Refusal::new(Code::CreditExceeded, detail))
}

/// Returns why a confirmed order must not leave, if that is so. Open orders that were placed later or were released don't count
/// against it, so the oldest order leaves first. A released order leaves in any case.
pub(super) fn uncovered(book: &Book, order: &Order) -> Option<String> {
    if order.released_at.is_some() {
        return None;
    }
    let customer = book.customers.get(&order.customer_id)?;
    let settings = &book.setup.settings;
    // An invoice of a part may have been rounded up.
    let is_rounding = |more: Money| {
        let excess = customer.excess(more, settings.hold_unpaid);
        excess.is_none_or(|excess| excess <= settings.invoice_rounding)
    };
    if is_rounding(Money::ZERO) {
        return None;
    }
    let others = uncounted(book, order);
    if is_rounding(-others) { None } else { customer.hold_reason(-others, settings.hold_unpaid) }
}

/// Returns the open amounts of other orders that don't count against an order. Orders of the batch are as they are by now.
fn uncounted(book: &Book, order: &Order) -> Money {
    // The order itself has no release, and its id is not above its own.
    let is_uncounted = |other: &&Order| {
        other.customer_id == order.customer_id
            && matches!(other.status, OrderStatus::Confirmed | OrderStatus::PartiallyShipped)
            && (other.id > order.id || other.released_at.is_some())
    };
    let of_batch: Money = book.orders.values().filter(is_uncounted).map(|other| other.open_total(book)).sum();
    of_batch + book.uncounted.get(&order.id).copied().unwrap_or_default()
}
