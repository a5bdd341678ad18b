//! Payments of bills to suppliers, and their reversals.
//!
//! A payment is for bills that are open, so none of it is left over. Its supplier is locked: of two payments of one bill at the
//! same time, the second one sees what the first one left open.

mod foreign;

use chrono::{DateTime, Utc};

use crate::book::{Book, ChangedBill, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{BillId, EntryId, SupplierId, SupplierPaymentId};
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money};
use crate::refusal::{Code, Problems, Refusal};
use crate::text_enum;

pub use foreign::ForeignPayment;

/// The most bills of one payment.
pub const PARTS_MAX: usize = 500;

text_enum! {
    /// The kind of a payment document of a supplier.
    pub enum SupplierPaymentKind {
        /// The supplier was paid.
        Payment,
        /// A payment came back. It takes back all of its original.
        Reversal,
    }
}

impl From<SupplierPaymentKind> for DocumentKind {
    fn from(kind: SupplierPaymentKind) -> Self {
        match kind {
            SupplierPaymentKind::Payment => DocumentKind::SupplierPayment,
            SupplierPaymentKind::Reversal => DocumentKind::SupplierPaymentReversal,
        }
    }
}

/// A payment of bills to record.
#[derive(Debug, Clone)]
pub struct Pay {
    /// The id of the payment, if the caller chose one.
    pub id: Option<SupplierPaymentId>,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// The amount, if the caller states it. It is the sum of the parts.
    pub amount: Option<Money>,
    /// The rate of the currency of the bills; the recorded one of the day if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// The bills that it pays, 1 to 500, with amounts in their currency.
    pub parts: Vec<PaidBill>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A payment of a supplier to take back.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The payment.
    pub original_id: SupplierPaymentId,
    /// The id of the reversal, if the caller chose one.
    pub id: Option<SupplierPaymentId>,
    /// The reason. It must not be empty.
    pub reason: String,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// The part of a payment that pays a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidBill {
    /// The bill.
    pub bill_id: BillId,
    /// The amount, above zero; negative in a reversal. In the tenant's currency once it is paid: what it takes off the open amount.
    pub amount: Money,
    /// The amount in the currency of the bill; none if that is the tenant's.
    pub foreign: Option<Money>,
}

/// A payment of a supplier, or the reversal of one.
#[derive(Debug, Clone)]
pub struct SupplierPayment {
    /// Its id.
    pub id: SupplierPaymentId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: SupplierPaymentKind,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// The amount by the bank, in the tenant's currency; negative in a reversal.
    pub amount: Money,
    /// The amount in the currency of the bills; none if that is the tenant's.
    pub foreign: Option<ForeignPayment>,
    /// The bills that it pays, or that a reversal opens again.
    pub parts: Vec<PaidBill>,
    /// The payment that a reversal takes back.
    pub original_id: Option<SupplierPaymentId>,
    /// The reversal that took it back.
    pub reversed_by: Option<SupplierPaymentId>,
    /// The reason of a reversal.
    pub reason: Option<String>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time at which it was paid.
    pub occurred_at: DateTime<Utc>,
}

impl SupplierPayment {
    /// Returns what the bank has more than was taken off the bills: a loss if above zero, a gain if below.
    pub fn exchange_difference(&self) -> Money {
        self.amount - self.parts.iter().map(|part| part.amount).sum::<Money>()
    }
}

impl Rule for Pay {
    fn name(&self) -> &'static str {
        "supplier_payment.paid"
    }

    fn lines(&self) -> usize {
        self.parts.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.payees.insert(self.supplier_id);
        needs.bill_ids.extend(self.parts.iter().map(|part| part.bill_id));
        needs.paid_at.insert(self.occurred_at);
        needs.numbered.insert(DocumentKind::SupplierPayment);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        pay(book, self).map(|(payment, posting)| (Outcome::SupplierPayment(Box::new(payment)), posting))
    }
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "supplier_payment_reversal.recorded"
    }

    /// Returns the most bills of a payment. Those of the original are known only after it is loaded.
    fn lines(&self) -> usize {
        PARTS_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.supplier_payment_ids.insert(self.original_id);
        needs.numbered.insert(DocumentKind::SupplierPaymentReversal);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self).map(|(payment, posting)| (Outcome::SupplierPayment(Box::new(payment)), posting))
    }
}

/// Pays bills. Rejects more than is open of any of them.
fn pay(book: &mut Book, command: &Pay) -> Result<(SupplierPayment, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    if !book.payees.contains_key(&command.supplier_id) {
        return Err(Problems::one("/supplier_id", Code::NotFound, "There is no such supplier."));
    }
    if command.parts.is_empty() || command.parts.len() > PARTS_MAX {
        return Err(Refusal::invalid("/bills", format!("A payment pays 1 to {PARTS_MAX} bills.")));
    }
    check_parts(book, command)?;
    let stated: Money = command.parts.iter().map(|part| part.amount).sum();
    if command.amount.is_some_and(|amount| amount != stated) {
        let detail = format!("The bills come to {stated}: send that amount, or leave amount out.");
        return Err(Refusal::invalid("/amount", detail));
    }
    let foreign = foreign::quote(book, command, occurred_at)?;
    let amount = foreign.as_ref().map_or(stated, |foreign| foreign.base);
    let parts = command.parts.iter().map(|part| foreign::relieve(book, part)).collect();

    // Nothing rejects the command from here on.
    let payment = SupplierPayment {
        id: command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::SupplierPayment),
        kind: SupplierPaymentKind::Payment,
        supplier_id: command.supplier_id,
        amount,
        foreign: foreign.map(|foreign| foreign.payment),
        parts,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        occurred_at,
    };
    Ok(post(book, payment))
}

fn check_parts(book: &Book, command: &Pay) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let settings = &book.setup.settings;
    for (index, part) in command.parts.iter().enumerate() {
        let pointer = format!("/bills/{index}");
        let known = book.bills.get(&part.bill_id).map(|known| &known.bill);
        let Some(bill) = known.filter(|bill| bill.supplier_id == command.supplier_id) else {
            problems.add(format!("{pointer}/bill_id"), Code::NotFound, "The supplier has no such bill.");
            continue;
        };
        if command.parts[..index].iter().any(|other| other.bill_id == part.bill_id) {
            problems.invalid(format!("{pointer}/bill_id"), "Name each bill once.");
        } else if part.amount != Money::rounded_to(part.amount.get(), foreign::decimals(bill, settings)) {
            let detail = format!("An amount has at most {} decimals.", foreign::decimals(bill, settings));
            problems.invalid(format!("{pointer}/amount"), detail);
        } else if !part.amount.is_positive() || part.amount > bill.stated_open() {
            let open = bill.stated_open();
            let detail = format!("{open} of {} is open: {} can't be paid.", bill.number, part.amount);
            problems.invalid(format!("{pointer}/amount"), detail);
        }
    }
    problems.check()
}

/// Takes a payment back. The bills that it had paid are open again.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(SupplierPayment, Posting), Refusal> {
    let original = book.supplier_payments.get(&command.original_id).cloned();
    let original = original.ok_or_else(|| Refusal::not_found("payment"))?;
    if original.kind == SupplierPaymentKind::Reversal {
        return Err(Refusal::state(format!("{} is a reversal: record a payment instead.", original.number)));
    }
    if original.reversed_by.is_some() {
        return Err(Refusal::state(format!("{} is reversed already.", original.number)));
    }
    if command.reason.trim().is_empty() {
        return Err(Refusal::invalid("/reason", "A reversal needs a reason."));
    }
    let occurred_at =
        book.occurred_after(command.occurred_at, (original.number.as_str(), original.occurred_at))?;

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id()));
    let back = |part: &PaidBill| PaidBill {
        bill_id: part.bill_id,
        amount: -part.amount,
        foreign: part.foreign.map(|amount| -amount),
    };
    let reversal = SupplierPayment {
        id,
        number: book.number(DocumentKind::SupplierPaymentReversal),
        kind: SupplierPaymentKind::Reversal,
        supplier_id: original.supplier_id,
        amount: -original.amount,
        foreign: original.foreign.as_ref().map(ForeignPayment::negative),
        parts: original.parts.iter().map(back).collect(),
        original_id: Some(original.id),
        reversed_by: None,
        reason: Some(command.reason.clone()),
        reference: original.reference.clone(),
        occurred_at,
    };
    if let Some(known) = book.supplier_payments.get_mut(&original.id) {
        known.reversed_by = Some(id);
    }
    Ok(post(book, reversal))
}

/// Posts a payment or a reversal, and notes what is open of its bills.
fn post(book: &mut Book, payment: SupplierPayment) -> (SupplierPayment, Posting) {
    let mut posting = Posting::default();
    for part in &payment.parts {
        if let Some(known) = book.bills.get_mut(&part.bill_id) {
            let bill = &mut known.bill;
            bill.open -= part.amount;
            if let (Some(foreign), Some(amount)) = (&mut bill.foreign, part.foreign) {
                foreign.open -= amount;
            }
            let foreign_open = bill.foreign.as_ref().map(|foreign| foreign.open);
            let (id, open, reversed_by) = (bill.id, bill.open, bill.reversed_by);
            posting.bills.push(ChangedBill { id, open, foreign_open, reversed_by });
        }
    }
    let mut entry = Lines::default();
    let owed = Dimensions { party_id: Some(payment.supplier_id.0), ..Dimensions::default() };
    // Bills in another currency were recorded at another rate: the difference is realised now.
    let difference = payment.exchange_difference();
    entry.debit(account::PAYABLE, payment.amount - difference, owed);
    entry.credit(account::BANK, payment.amount, Dimensions::default());
    entry.debit(account::EXCHANGE_DIFFERENCES, difference, Dimensions::default());
    let head = EntryHead {
        id: EntryId(book.ids.next_id()),
        document_kind: payment.kind.into(),
        document_id: payment.id.0,
        occurred_on: book.setup.settings.day(payment.occurred_at),
    };
    posting.entries.extend(entry.into_entry(head).expect("the difference is what the bank has more or less"));
    book.supplier_payments.insert(payment.id, payment.clone());
    (payment, posting)
}
