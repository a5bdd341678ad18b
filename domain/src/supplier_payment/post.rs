//! The posting of payments to suppliers.
//!
//! A payment may come before a bill that it names. It settles the bill on the later of the two days, and is an advance (1150)
//! until then. So 2000 has open bills alone on every day.
//!
//! > 100.00 are paid on 15 November for a bill of 20 November. 1150 has 100.00 from the 15th to the 19th. On the 20th, 1150
//! > and 2000 fall by 100.00.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{PaidBill, SupplierPayment};
use crate::book::{Book, ChangedBill, Posting};
use crate::id::EntryId;
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::number::Money;

/// Sums of parts of a payment.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    settled: Money,
    discount: Money,
    discount_tax: Money,
}

impl Sums {
    fn add(&mut self, part: &PaidBill) {
        self.settled += part.amount;
        self.discount += part.discount;
        self.discount_tax += part.discount_tax;
    }

    fn paid(&self) -> Money {
        self.settled - self.discount
    }
}

/// Posts a payment or a reversal, and updates the open amounts of its bills.
pub(super) fn post(book: &mut Book, payment: SupplierPayment) -> (SupplierPayment, Posting) {
    let mut posting = Posting::default();
    for part in &payment.parts {
        if let Some(known) = book.bills.get_mut(&part.bill_id) {
            let bill = &mut known.bill;
            bill.open -= part.amount;
            if let (Some(foreign), Some(of_part)) = (&mut bill.foreign, part.foreign) {
                foreign.open -= of_part.amount;
            }
            // A later payment of the batch that read the bill before this one is rejected.
            bill.version += 1;
            let foreign_open = bill.foreign.as_ref().map(|foreign| foreign.open);
            posting.bills.push(ChangedBill {
                id: bill.id,
                open: bill.open,
                foreign_open,
                reversed_by: bill.reversed_by,
                version: bill.version,
            });
        }
    }
    post_entries(book, &payment, &mut posting);
    if let Some(paid) = payment.advance_id.and_then(|id| book.supplier_payments.get_mut(&id)) {
        paid.take_off(payment.applied(), payment.foreign_applied());
    }
    book.supplier_payments.insert(payment.id, payment.clone());
    (payment, posting)
}

/// Posts an entry on the day of the payment, and one on the day of each later bill.
fn post_entries(book: &mut Book, payment: &SupplierPayment, posting: &mut Posting) {
    let day = book.setup.settings.day(payment.occurred_at);
    let mut by_day: BTreeMap<NaiveDate, Sums> = BTreeMap::from([(day, Sums::default())]);
    for part in &payment.parts {
        let dated = book.bills.get(&part.bill_id).map_or(day, |known| known.bill.dated);
        by_day.entry(dated.max(day)).or_default().add(part);
    }
    let last = by_day.last_key_value().map_or(day, |(last, _)| *last);
    let later: Money = by_day.iter().filter(|(of, _)| **of > day).map(|(_, sums)| sums.paid()).sum();
    let owed = Dimensions { party_id: Some(payment.supplier_id.0), ..Dimensions::default() };
    for (of, sums) in by_day {
        // Bills in another currency were recorded at another rate than they are paid: the difference is realised with the last
        // of them.
        let difference = if of == last { payment.exchange_difference() } else { Money::ZERO };
        let mut entry = Lines::default();
        entry.debit(account::PAYABLE, sums.settled, owed);
        if of == day {
            let held = if last > day { later + payment.exchange_difference() } else { Money::ZERO };
            entry.debit(account::SUPPLIER_ADVANCES, payment.advance - payment.applied() + held, owed);
            entry.credit(account::BANK, payment.amount, Dimensions::default());
        } else {
            entry.credit(account::SUPPLIER_ADVANCES, sums.paid() + difference, owed);
        }
        entry.debit(account::EXCHANGE_DIFFERENCES, difference, Dimensions::default());
        entry.credit(account::PURCHASE_DISCOUNTS, sums.discount - sums.discount_tax, Dimensions::default());
        entry.credit(account::INPUT_TAX, sums.discount_tax, Dimensions::default());
        let head = EntryHead {
            id: EntryId(book.ids.next_id()),
            document_kind: payment.kind.into(),
            document_id: payment.id.0,
            occurred_on: of,
        };
        posting.entries.extend(
            entry
                .into_entry(head)
                .expect("what is settled is paid, or an advance, a discount or a difference"),
        );
    }
}
