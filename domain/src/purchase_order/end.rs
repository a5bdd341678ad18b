//! The end of a purchase order: what has not come will not come.

use super::PurchaseOrderStatus::{Cancelled, Closed, Confirmed, Draft, PartlyReceived, Received, Sent};
use super::{alone, find, keep};
use crate::book::Book;
use crate::command::{Decision, Rule};
use crate::id::PurchaseOrderId;
use crate::line_item::LINES_MAX;
use crate::needs::Needs;

/// A purchase order of which the rest is cancelled.
#[derive(Debug, Clone, Copy)]
pub struct Cancel(pub PurchaseOrderId);

/// A purchase order of which goods have come, to close.
#[derive(Debug, Clone, Copy)]
pub struct Close(pub PurchaseOrderId);

impl Rule for Cancel {
    fn name(&self) -> &'static str {
        "purchase_order.cancelled"
    }

    /// Returns the most lines of an order. Its lines are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.purchase_ids.insert(self.0);
    }

    /// Cancels what has not come. If a part has come, the order is closed.
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

    /// Returns the most lines of an order. Its lines are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.purchase_ids.insert(self.0);
    }

    /// Ends an order of which goods have come. Nothing more is received of it.
    fn decide(&self, book: &mut Book) -> Decision {
        let mut order = find(book, self.0)?;
        order.require(&[PartlyReceived, Received], "closed")?;
        order.cancel_rest();
        order.status = Closed;
        Ok(alone(keep(book, order)))
    }
}
