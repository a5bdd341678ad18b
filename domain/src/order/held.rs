//! Orders on credit hold are judged again when their customer pays.

use super::reserve::{credit_reason, hold_reasons, plan, put_on_hold, reservations, reserve};
use super::{OrderStatus, order_mut};
use crate::book::{Book, Posting};
use crate::customer::Customer;
use crate::id::{CustomerId, OrderId};

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
    let is_held =
        |order: &&super::Order| order.customer_id == customer_id && order.status == OrderStatus::OnHold;
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
    let order = order_mut(book, id);
    order.version += 1;
    posting.reservations.extend(reservations(order));
    posting.orders.push(order.clone());
}
