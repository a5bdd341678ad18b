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
    for id in held {
        judge(book, id, posting);
    }
}

fn judge(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let order = &book.orders[&id];
    let planned = plan(book, order, book.now, (None, &[]));
    let reasons = match &planned {
        Ok(plan) => hold_reasons(book, order, plan),
        Err(_) => {
            vec![credit_reason(book, order, order.open_total(book)).unwrap_or_else(|| SHORT.to_owned())]
        }
    };
    if reasons == order.hold_reasons {
        return;
    }
    match planned {
        Ok(plan) if reasons.is_empty() => {
            reserve(book, id, &plan, posting);
            posting.released.push(id);
        }
        _ => put_on_hold(book, id, reasons),
    }
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
