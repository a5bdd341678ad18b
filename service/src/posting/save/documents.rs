//! The documents that a batch made or changed, gathered from the outcomes of its commands.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{CustomerId, InvoiceId, OrderId};
use domain::open_item::{Application, Applied, CreditRef};
use domain::order::{Change, Invoice, Order, Shipment};
use domain::payment::Payment;
use domain::pos::{CashMove, Session};
use uuid::Uuid;

use crate::posting::{Accepted, Outcome};

/// The documents of a batch, each in its last state.
#[derive(Default)]
pub(super) struct Documents<'a> {
    pub(super) orders: BTreeMap<OrderId, (&'a Order, Uuid)>,
    pub(super) new_orders: BTreeSet<OrderId>,
    /// Known orders whose lines were replaced.
    pub(super) amended: BTreeSet<OrderId>,
    pub(super) shipments: Vec<(&'a Order, &'a Shipment, Uuid)>,
    pub(super) invoices: Vec<(&'a Invoice, Uuid)>,
    pub(super) payments: Vec<(&'a Payment, Uuid)>,
    pub(super) sessions: Vec<(&'a Session, Uuid)>,
    pub(super) cash: Vec<(&'a CashMove, Uuid)>,
    /// Sales and invoices that something was returned from.
    pub(super) returned: Vec<Uuid>,
    pub(super) applications: Vec<(&'a Application, Uuid)>,
    /// Changes of what is applied, with their documents.
    pub(super) applied: Vec<(Uuid, &'a Applied)>,
    /// Known invoices whose open amount changed.
    pub(super) settled: BTreeSet<InvoiceId>,
    /// Known payments and credit notes whose open amount changed.
    pub(super) credits: BTreeSet<CreditRef>,
    pub(super) customers: Vec<CustomerId>,
}

impl<'a> Documents<'a> {
    pub(super) fn of(accepted: &'a [Accepted<'a>]) -> Self {
        let mut documents = Documents::default();
        for accepted in accepted {
            documents.add(accepted);
        }
        documents
    }

    fn add(&mut self, accepted: &'a Accepted<'a>) {
        let by = accepted.command_id.0;
        self.orders.extend(accepted.posting.orders.iter().map(|order| (order.id, (order, by))));
        match &accepted.outcome {
            Outcome::Sale(sale) => {
                self.returned.extend(sale.original_id.map(|id| id.0));
                let late = accepted.posting.late_cash.as_ref().and_then(|late| late.correction.as_ref());
                self.cash.extend(late.map(|change| (change, by)));
            }
            Outcome::Session(session, change) => {
                self.sessions.push((session, by));
                self.cash.extend(change.as_ref().map(|change| (change, by)));
            }
            Outcome::CashMove(change) => self.cash.push((change, by)),
            Outcome::Order(ordered) => {
                let order = &ordered.order;
                match ordered.change {
                    Change::Unchanged => return,
                    Change::Placed => _ = self.new_orders.insert(order.id),
                    Change::Amended => _ = self.amended.insert(order.id),
                    Change::Stepped => {}
                }
                self.orders.insert(order.id, (order, by));
                self.customers.push(order.customer_id);
                let made_now = order.shipments.iter().filter(|shipment| shipment.is_new);
                for shipment in made_now {
                    let known = self.shipments.iter().position(|(_, known, _)| known.id == shipment.id);
                    match known {
                        Some(at) => self.shipments[at] = (order, shipment, by),
                        None => self.shipments.push((order, shipment, by)),
                    }
                }
                self.invoices.extend(ordered.invoices.iter().map(|invoice| (invoice, by)));
            }
            Outcome::CreditNote(note) => {
                self.returned.extend(note.original_id.map(|id| id.0));
                self.customers.push(note.customer_id);
                self.applied.extend(note.applied.iter().map(|line| (note.id.0, line)));
                self.settled.extend(note.applied.and_then(|line| line.invoice_id));
                self.invoices.push((note, by));
            }
            Outcome::Payment(payment) => {
                self.customers.push(payment.customer_id);
                self.settled.extend(payment.allocations.iter().map(|allocation| allocation.invoice_id));
                self.add_applied(payment.id.0, &payment.changes);
                self.cash.extend(payment.cash.as_ref().map(|change| (change, by)));
                self.payments.push((payment, by));
            }
            Outcome::Voucher(issued) => self.cash.extend(issued.cash.as_ref().map(|change| (change, by))),
            Outcome::Application(application) => {
                self.customers.push(application.customer_id);
                self.add_applied(application.id.0, &application.lines);
                self.applications.push((application, by));
            }
            Outcome::StockDocument(_)
            | Outcome::Count(..)
            | Outcome::Hold(_)
            | Outcome::Transfer(_)
            | Outcome::Expected(_)
            | Outcome::PurchaseOrder(..)
            | Outcome::LandedCost(_)
            | Outcome::Bill(_)
            | Outcome::SupplierPayment(_)
            | Outcome::Recall(_)
            | Outcome::Entry(_) => {}
        }
    }

    fn add_applied(&mut self, document: Uuid, lines: &'a [Applied]) {
        self.applied.extend(lines.iter().map(|line| (document, line)));
        self.settled.extend(lines.iter().filter_map(|line| line.invoice_id));
        self.credits.extend(lines.iter().map(|line| line.credit));
    }
}
