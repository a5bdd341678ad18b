//! Invoices of an order: one per shipment.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Order, OrderStatus, Ordered, Shipment, exposure, find, finish, order_mut};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::{ForeignDocument, Quote};
use crate::id::{CustomerId, InvoiceId, LocationId, OrderId};
use crate::ledger::mapping::EntryPurpose;
use crate::ledger::{Dimensions, Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::open_item::Applied;
use crate::printed::{Addresses, PrintedCustomer, Seller};
use crate::refusal::Refusal;
use crate::sales::{self, Line, Part, SalesLine, Sold, Totals};
use crate::tenant::Channel;
use crate::text_enum;

text_enum! {
    /// The kind of an invoice.
    pub enum InvoiceKind {
        /// The customer owes its total.
        Invoice,
        /// The customer is owed its total. Every amount is negative.
        CreditNote,
    }
}

impl From<InvoiceKind> for DocumentKind {
    fn from(kind: InvoiceKind) -> Self {
        match kind {
            InvoiceKind::Invoice => DocumentKind::Invoice,
            InvoiceKind::CreditNote => DocumentKind::CreditNote,
        }
    }
}

/// An invoice or a credit note.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number. The series has no gaps.
    pub number: String,
    /// Its kind.
    pub kind: InvoiceKind,
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer, as the invoice prints it.
    pub customer: Arc<PrintedCustomer>,
    /// The addresses that it prints: those of its order.
    pub addresses: Addresses,
    /// The tenant, as the invoice prints it.
    pub seller: Arc<Seller>,
    /// The order, if there is one.
    pub order_id: Option<OrderId>,
    /// The location that issued or received the stock.
    pub location_id: LocationId,
    /// The invoice to which a credit note refers, if it names one.
    pub original_id: Option<InvoiceId>,
    /// The country of the sale.
    pub country: String,
    /// Its lines, each with its cost.
    pub lines: Vec<(Line, Money)>,
    /// The sums of its lines.
    pub totals: Totals,
    /// The amount that rounding added to their total.
    pub rounding: Money,
    /// The amount still to be paid.
    pub open: Money,
    /// Its amounts in its own currency; none if that is the tenant's. Such an invoice is not rounded.
    pub foreign: Option<ForeignDocument>,
    /// The part of a credit note that was applied to its invoice when it was made.
    pub applied: Option<Applied>,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// The reason of a return.
    pub reason: Option<String>,
    /// The time at which it was made.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The time at which the open amount last changed.
    pub updated_at: DateTime<Utc>,
    /// The version. It grows with each change of the open amount.
    pub version: i32,
}

impl Invoice {
    /// Returns the amount that is owed: net, tax and rounding.
    pub fn total(&self) -> Money {
        self.totals.total() + self.rounding
    }

    /// Returns the exchange difference that a credit note realised when it was applied to its invoice.
    pub fn difference(&self) -> Money {
        self.applied.map_or(Money::ZERO, |applied| applied.difference)
    }
}

/// An order whose shipments are to be invoiced.
#[derive(Debug, Clone, Copy)]
pub struct Bill(pub OrderId);

impl Rule for Bill {
    fn name(&self) -> &'static str {
        "order.invoiced"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.0);
        needs.numbered.insert(DocumentKind::Invoice);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        invoice(book, self.0).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Invoices every shipment that has no invoice yet, one invoice each.
fn invoice(book: &mut Book, order_id: OrderId) -> Result<(Ordered, Posting), Refusal> {
    let order = find(book, order_id)?;
    order.require(&[OrderStatus::PartiallyShipped, OrderStatus::Shipped], "invoiced")?;
    if !order.shipments.iter().any(Shipment::is_open) {
        return Err(Refusal::state(format!("Every shipment of order {} is invoiced already.", order.number)));
    }
    let mut posting = Posting::default();
    let invoices = invoice_all(book, order_id, &mut posting);
    let (ordered, posting) = finish(book, order_id, posting);
    Ok((Ordered { invoices, ..ordered }, posting))
}

pub(super) fn invoice_all(book: &mut Book, order_id: OrderId, posting: &mut Posting) -> Vec<Invoice> {
    let mut order = order_mut(book, order_id).clone();
    let mut invoices = Vec::new();
    for at in 0..order.shipments.len() {
        if !order.shipments[at].is_open() {
            continue;
        }
        let invoice = of_shipment(book, &mut order, at);
        order.shipments[at].invoice_id = Some(invoice.id);
        let exposure = exposure(book, order.customer_id);
        exposure.shipped -= invoice.totals.total();
        exposure.receivable += invoice.total();
        post(book, &invoice, account::SHIPPED_NOT_INVOICED, &[], posting);
        invoices.push(invoice);
    }
    if order.lines.iter().all(|line| line.invoiced == line.shipped && line.open().is_zero()) {
        order.status = OrderStatus::Invoiced;
    }
    *order_mut(book, order_id) = order;
    invoices
}

fn of_shipment(book: &mut Book, order: &mut Order, at: usize) -> Invoice {
    let shipment = order.shipments[at].clone();
    let lines = billed_lines(book, order, &shipment);
    let totals = Totals::of(lines.iter().map(|(line, _)| line));
    let foreign = order.foreign.clone().map(|quote| of_lines(quote, &lines));
    let rounding = match foreign {
        Some(_) => Money::ZERO,
        None => book.setup.settings.round_invoice(totals.total()) - totals.total(),
    };
    let occurred_at = if shipment.is_new { shipment.occurred_at } else { book.now };
    let customer = &book.customers[&order.customer_id];
    let on = book.setup.settings.day(occurred_at);
    let due_on = customer.payment_terms.due_on(on, customer.payment_days);
    let customer = Arc::clone(&customer.printed);
    Invoice {
        id: InvoiceId(book.ids.next_id()),
        number: book.number(DocumentKind::Invoice),
        kind: InvoiceKind::Invoice,
        customer_id: order.customer_id,
        customer,
        addresses: order.addresses.clone(),
        seller: Arc::clone(&book.setup.seller),
        order_id: Some(order.id),
        location_id: order.location_id,
        original_id: None,
        country: order.country.clone(),
        lines,
        totals,
        rounding,
        open: totals.total() + rounding,
        foreign,
        applied: None,
        due_on,
        reason: None,
        occurred_at,
        recorded_at: book.now,
        updated_at: book.now,
        version: 1,
    }
}

/// Returns the amounts of an invoice or credit note in its own currency, as the sum of its lines. All of it is open.
pub(super) fn of_lines(quote: Quote, lines: &[(Line, Money)]) -> ForeignDocument {
    let amounts = sales::foreign_amounts(lines.iter().map(|(line, _)| line));
    ForeignDocument { quote, amounts, open: amounts.total() }
}

/// Returns the part of the order's lines that a shipment has. The parts of all shipments add up to the order.
fn billed_lines(book: &Book, order: &mut Order, shipment: &Shipment) -> Vec<(Line, Money)> {
    let settings = &book.setup.settings;
    let mut lines = Vec::with_capacity(shipment.lines.len());
    for shipped in &shipment.lines {
        let ordered = order
            .lines
            .iter_mut()
            .find(|line| line.line.line_no == shipped.order_line_no)
            .expect("a shipment's lines are lines of its order");
        let line = &ordered.line;
        let Part { gross, discount, net, tax } = line.part(ordered.invoiced, shipped.quantity, settings);
        let billed = Line {
            line_no: shipped.line_no,
            entered: line.in_unit(shipped.quantity),
            quantity: shipped.quantity,
            gross,
            discount,
            net,
            tax,
            taxes: line.part_taxes(ordered.invoiced, shipped.quantity, settings),
            lots: shipped.lots.clone(),
            foreign: line.foreign_part(ordered.invoiced, shipped.quantity),
            ..line.clone()
        };
        ordered.invoiced += shipped.quantity;
        lines.push((billed, shipped.cost));
    }
    lines
}

/// Adds the sales lines and the journal entry of an invoice or credit note to a posting. `goods` is the
/// account on the other side of the cost.
pub(super) fn post(
    book: &mut Book,
    invoice: &Invoice,
    goods: &'static str,
    originals: &[(uuid::Uuid, i32)],
    posting: &mut Posting,
) {
    let document_kind = invoice.kind.into();
    for (index, (line, cost)) in invoice.lines.iter().enumerate() {
        posting.sales_lines.push(SalesLine {
            document_kind,
            document_id: invoice.id.0,
            channel: Channel::Wholesale,
            location_id: invoice.location_id,
            customer_id: Some(invoice.customer_id),
            country: invoice.country.clone(),
            line: line.clone(),
            cost: *cost,
            order_id: invoice.order_id,
            original: originals.get(index).copied(),
            occurred_at: invoice.occurred_at,
        });
    }
    let mut entry = Lines::default();
    let owed = Dimensions { party_id: Some(invoice.customer_id.0), ..Dimensions::default() };
    // A credit note settles its invoice by the same share of both: the rates and roundings of the two may differ.
    let difference = invoice.difference();
    entry.debit(account::RECEIVABLE, invoice.total() + difference, owed);
    entry.credit(account::EXCHANGE_DIFFERENCES, difference, Dimensions::default());
    let place = Dimensions { channel: Some(Channel::Wholesale), ..Dimensions::default() };
    let mapping = &book.setup.mapping;
    entry.credit(
        mapping.account_at(EntryPurpose::InvoiceRounding, invoice.location_id),
        invoice.rounding,
        place,
    );
    let (lines, totals) = (&invoice.lines, &invoice.totals);
    let sold = Sold { channel: Channel::Wholesale, location_id: invoice.location_id, lines, totals };
    sales::credit_revenue(&mut entry, mapping, &sold);
    sales::debit_cost(&mut entry, mapping, &sold, goods);
    let head = book.entry_head(document_kind, invoice.id.0, invoice.occurred_at);
    posting
        .entries
        .extend(entry.into_entry(head).expect("receivable is net plus tax, and cost meets its source"));
}
