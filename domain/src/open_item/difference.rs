//! Exchange differences of applications, by the day on which they are realised.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::Application;
use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::{CustomerId, EntryId, InvoiceId};
use crate::ledger::{Dimensions, Entry, EntryHead, Lines, account};
use crate::number::Money;

/// Posts the exchange differences of an application: its credits and invoices may have been recorded at different rates. All
/// else that it changes is the receivable of one customer.
pub(super) fn post_difference(book: &mut Book, application: &Application) -> Posting {
    let lines = application.lines.iter().map(|line| (line.invoice_id, line.difference));
    let by_day = differences(book, application.occurred_at, lines);
    let of = (DocumentKind::Application, application.id.0, application.customer_id);
    Posting { entries: difference_entries(book, of, by_day), ..Posting::default() }
}

/// Returns the exchange differences of a document by the day on which they are realised: its own, or that of a later invoice.
/// No difference is zero.
pub(crate) fn differences(
    book: &Book,
    occurred_at: DateTime<Utc>,
    uses: impl Iterator<Item = (Option<InvoiceId>, Money)>,
) -> BTreeMap<NaiveDate, Money> {
    let mut by_day: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for (invoice_id, difference) in uses {
        let invoice = invoice_id.and_then(|id| book.invoices.get(&id));
        let at = invoice.map_or(occurred_at, |invoice| invoice.occurred_at.max(occurred_at));
        *by_day.entry(book.setup.settings.day(at)).or_default() += difference;
    }
    by_day.retain(|_, difference| !difference.is_zero());
    by_day
}

/// Makes one entry for the exchange difference of each day.
pub(crate) fn difference_entries(
    book: &mut Book,
    (document_kind, document_id, customer_id): (DocumentKind, Uuid, CustomerId),
    by_day: BTreeMap<NaiveDate, Money>,
) -> Vec<Entry> {
    let owed = Dimensions { party_id: Some(customer_id.0), ..Dimensions::default() };
    let entries = by_day.into_iter().filter_map(|(occurred_on, difference)| {
        let mut entry = Lines::default();
        entry.debit(account::RECEIVABLE, difference, owed);
        entry.credit(account::EXCHANGE_DIFFERENCES, difference, Dimensions::default());
        let head = EntryHead { id: EntryId(book.ids.next_id()), document_kind, document_id, occurred_on };
        entry.into_entry(head).expect("both sides are the same amount")
    });
    entries.collect()
}
