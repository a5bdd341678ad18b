//! Commands that end an order, allocate stock to it, or renew its promises.

use super::reserve::unreserve;
use super::{OrderStatus, Ordered, exposure, find, finish, order_mut};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::id::OrderId;
use crate::needs::Needs;
use crate::promise;
use crate::refusal::Refusal;
/// An order to cancel.
#[derive(Debug, Clone, Copy)]
pub struct Cancel(pub OrderId);

impl Rule for Cancel {
    fn name(&self) -> &'static str {
        "order.cancelled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        cancel(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Cancels an order of which nothing was shipped, and releases what is reserved for it.
fn cancel(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, id)?;
    order.require(&[OrderStatus::Draft, OrderStatus::OnHold, OrderStatus::Confirmed], "cancelled")?;
    let was_confirmed = order.status == OrderStatus::Confirmed;
    let (customer_id, open) = (order.customer_id, order.open_total(book));
    let mut posting = Posting::default();
    if was_confirmed {
        promise::unpeg(order, &mut posting);
        unreserve(book, id);
        exposure(book, customer_id).ordered -= open;
    }
    order_mut(book, id).status = OrderStatus::Cancelled;
    Ok(finish(book, id, posting))
}
/// An order to close.
#[derive(Debug, Clone, Copy)]
pub struct Close(pub OrderId);

impl Rule for Close {
    fn name(&self) -> &'static str {
        "order.closed"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        close(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Closes an order that was shipped in part: cancels what was not shipped. Its shipments can still be
/// invoiced.
fn close(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, id)?;
    order.require(&[OrderStatus::PartiallyShipped], "closed")?;
    let (customer_id, open) = (order.customer_id, order.open_total(book));
    let mut posting = Posting::default();
    promise::unpeg(order, &mut posting);
    unreserve(book, id);
    exposure(book, customer_id).ordered -= open;
    let order = order_mut(book, id);
    for line in &mut order.lines {
        line.cancelled += line.open();
    }
    let invoiced = order.lines.iter().all(|line| line.invoiced == line.shipped);
    order.status = if invoiced { OrderStatus::Invoiced } else { OrderStatus::Shipped };
    Ok(finish(book, id, posting))
}
/// An order to which available stock is to be allocated.
#[derive(Debug, Clone, Copy)]
pub struct Allocate(pub OrderId);

impl Rule for Allocate {
    fn name(&self) -> &'static str {
        "order.allocated"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        allocate(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Allocates available stock to a waiting order, and to the lines before it in the queue. Stock that a
/// command makes available is allocated at once, and stock of expired holds before this command is decided.
/// So there may be nothing left to do.
fn allocate(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, id)?;
    order.require(&[OrderStatus::Confirmed, OrderStatus::PartiallyShipped], "allocated to")?;
    if !promise::waits(order) && !book.served_first.contains(&id) {
        return Err(Refusal::state(format!("Order {} does not wait for stock.", order.number)));
    }
    let mut posting = Posting::default();
    promise::allocate(book, &mut posting);
    Ok(finish(book, id, posting))
}
/// An order for which new promises are to be made.
#[derive(Debug, Clone, Copy)]
pub struct Promise(pub OrderId);

impl Rule for Promise {
    fn name(&self) -> &'static str {
        "order.promised"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
        needs.promises = true;
    }

    fn decide(&self, book: &mut Book) -> Decision {
        promise_again(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Makes new promises for the backordered lines of an order, on the supplies as they are now.
fn promise_again(book: &mut Book, id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, id)?;
    order.require(&[OrderStatus::Confirmed, OrderStatus::PartiallyShipped], "promised again")?;
    if !promise::waits(order) {
        return Err(Refusal::state(format!("Order {} does not wait for stock.", order.number)));
    }
    let mut posting = Posting::default();
    promise::renew(book, id, &mut posting);
    Ok(finish(book, id, posting))
}
