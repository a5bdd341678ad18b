//! Credits and open invoices of a customer, and the application of all credits to them.

use std::collections::BTreeSet;

use super::{Applied, Credit, CreditRef, OpenInvoice, Used};
use crate::book::Book;
use crate::exchange::Open;
use crate::id::{CustomerId, InvoiceId};

/// Returns the credits of a customer in a currency, the oldest first. No currency is the tenant's. A small credit note may be open in the
/// tenant's currency only.
pub(crate) fn credits_of(
    book: &Book,
    customer_id: CustomerId,
    currency: Option<&str>,
) -> Vec<(CreditRef, Open)> {
    let open = |credit: &&Credit| {
        credit.customer_id == customer_id && credit.currency() == currency && credit.remaining().is_open()
    };
    let mut credits: Vec<_> = book.credits.iter().filter(|(_, credit)| open(credit)).collect();
    credits.sort_by_key(|(id, credit)| (credit.occurred_at, **id));
    credits.into_iter().map(|(id, credit)| (*id, credit.remaining())).collect()
}

/// Returns the open invoices of a customer in a currency, those due first at the beginning. No currency is the tenant's. An invoice may
/// be open in one of the two currencies only.
pub(crate) fn invoices_of(
    book: &Book,
    customer_id: CustomerId,
    currency: Option<&str>,
) -> Vec<(InvoiceId, Open)> {
    let open = |invoice: &&OpenInvoice| {
        invoice.customer_id == customer_id && invoice.currency() == currency && invoice.remaining().is_open()
    };
    let mut invoices: Vec<_> = book.invoices.iter().filter(|(_, invoice)| open(invoice)).collect();
    invoices.sort_by_key(|(id, invoice)| (invoice.due_on, **id));
    invoices.into_iter().map(|(id, invoice)| (*id, invoice.remaining())).collect()
}

/// Applies the oldest credits to the invoices due first, currency by currency.
pub(super) fn oldest_first(book: &Book, customer_id: CustomerId) -> Vec<Applied> {
    let ours = book.credits.values().filter(|credit| credit.customer_id == customer_id);
    let currencies: BTreeSet<Option<&str>> = ours.map(Credit::currency).collect();
    let settings = &book.setup.settings;
    let mut lines = Vec::new();
    for currency in currencies {
        let mut invoices = invoices_of(book, customer_id, currency).into_iter().peekable();
        for (credit, mut left) in credits_of(book, customer_id, currency) {
            while let Some((id, open)) = invoices.peek_mut().filter(|_| left.is_open()) {
                let Some(used) = Used::of_most(&mut left, open, settings) else { break };
                lines.push(Applied::new(credit, Some(*id), used));
                if !open.is_open() {
                    invoices.next();
                }
            }
        }
    }
    lines
}
