//! The end of a purchase order: units that are still to come are cancelled.

use super::PurchaseOrderStatus::{Cancelled, Closed, Confirmed, Draft, PartlyReceived, Received, Sent};
use super::{alone, find, keep};
use crate::book::Book;
use crate::command::{Decision, Rule};
use crate::id::PurchaseOrderId;
use crate::line_item::LINES_MAX;
use crate::needs::Needs;

/// A purchase order to cancel.
#[derive(Debug, Clone, Copy)]
pub struct Cancel(pub PurchaseOrderId);

/// A purchase order with received goods, to close.
#[derive(Debug, Clone, Copy)]
pub struct Close(pub PurchaseOrderId);

impl Rule for Cancel {
    fn name(&self) -> &'static str {
        "purchase_order.cancelled"
    }

    /// Returns the limit of lines, because the lines of the order are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.purchase_ids.insert(self.0);
    }

    /// Cancels the units that are still to come. If some units were received, the order is closed.
    fn decide(&self, book: &mut Book) -> Decision {
        let mut order = find(book, self.0)?;
        order.require(&[Draft, Sent, Confirmed, PartlyReceived], "cancelled")?;
        order.cancel_rest();
        order.status = if order.status == PartlyReceived { Closed } else { Cancelled };
        Ok(alone(keep(book, order)))
    }
}

impl Rule for Close {
    fn name(&self) -> &'static str {
        "purchase_order.closed"
    }

    /// Returns the limit of lines, because the lines of the order are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.purchase_ids.insert(self.0);
    }

    /// Closes an order with received goods. Later receipts are rejected.
    fn decide(&self, book: &mut Book) -> Decision {
        let mut order = find(book, self.0)?;
        order.require(&[PartlyReceived, Received], "closed")?;
        order.cancel_rest();
        order.status = Closed;
        Ok(alone(keep(book, order)))
    }
}
