//! The posting of payments to suppliers.
//!
//! A payment may come before a bill that it names. It settles the bill on the later of the two days, and is an advance (1150)
//! until then. So 2000 has open bills alone on every day.
//!
//! > 100.00 are paid on 15 November for a bill of 20 November. 1150 has 100.00 from the 15th to the 19th. On the 20th, 1150
//! > and 2000 fall by 100.00.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{ForeignPart, PaidBill, SupplierPayment};
use crate::book::{Book, ChangedBill, Posting};
use crate::id::EntryId;
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::number::Money;
use crate::tenant::Settings;

/// Sums of parts of a payment.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    settled: Money,
    discount: Money,
    discount_tax: Money,
    /// The amount that was paid, in the currency of the bills; zero if that is the tenant's.
    stated: Money,
    /// The exchange difference: above zero a loss.
    difference: Money,
}

impl Sums {
    fn add(&mut self, part: &PaidBill) {
        self.settled += part.amount;
        self.discount += part.discount;
        self.discount_tax += part.discount_tax;
        self.stated += part.foreign.map(ForeignPart::paid).unwrap_or_default();
    }

    fn paid(&self) -> Money {
        self.settled - self.discount
    }
}

/// Divides the exchange difference of a payment: each day has the difference of its own bills, by the amounts that they state. The
/// differences add up to that of the payment.
///
/// > 2,000 USD are paid at 0.90 for two bills of 1,000 USD, one of before at 0.92 and a later one at 0.95. The gain of the day of the
/// > payment is 20.00, and that of the later day 50.00.
fn divide_difference(by_day: &mut BTreeMap<NaiveDate, Sums>, whole: Money, settings: &Settings) {
    let stated: Money = by_day.values().map(|sums| sums.stated).sum();
    if stated.is_zero() {
        // Nothing is paid in another currency.
        if let Some(last) = by_day.values_mut().next_back() {
            last.difference = whole;
        }
        return;
    }
    let taken = whole + by_day.values().map(Sums::paid).sum::<Money>();
    let (mut passed, mut given) = (Money::ZERO, Money::ZERO);
    for sums in by_day.values_mut() {
        passed += sums.stated;
        let up_to = settings.share(taken, passed, stated);
        sums.difference = up_to - given - sums.paid();
        given = up_to;
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
    // Bills in another currency were recorded at another rate than they are paid: the difference is realised when they are settled.
    divide_difference(&mut by_day, payment.exchange_difference(), &book.setup.settings);
    let later = by_day.iter().filter(|(of, _)| **of > day);
    let held: Money = later.map(|(_, sums)| sums.paid() + sums.difference).sum();
    let owed = Dimensions { party_id: Some(payment.supplier_id.0), ..Dimensions::default() };
    for (of, sums) in by_day {
        let mut entry = Lines::default();
        entry.debit(account::PAYABLE, sums.settled, owed);
        if of == day {
            entry.debit(account::SUPPLIER_ADVANCES, payment.advance - payment.applied() + held, owed);
            entry.credit(account::BANK, payment.amount, Dimensions::default());
        } else {
            entry.credit(account::SUPPLIER_ADVANCES, sums.paid() + sums.difference, owed);
        }
        entry.debit(account::EXCHANGE_DIFFERENCES, sums.difference, Dimensions::default());
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
