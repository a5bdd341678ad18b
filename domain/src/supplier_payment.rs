//! Payments of bills to suppliers, and their reversals.
//!
//! A payment is for open bills, or in advance. An advance is an asset (1150) until it is applied to bills. A bill that
//! is paid early enough has a discount: the payment and the discount together settle it. The input tax in the discount
//! is credited to 1400, the rest to purchase discounts (5310). The supplier is locked, so of two payments of one bill
//! at once, the second sees the amount that the first left open.

mod foreign;

use chrono::{DateTime, NaiveDate, Utc};

use crate::bill::KnownBill;
use crate::book::{Book, ChangedBill, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{BillId, EntryId, SupplierId, SupplierPaymentId};
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money};
use crate::refusal::{Code, Problems, Refusal};
use crate::tenant::Settings;
use crate::text_enum;

pub use foreign::ForeignPayment;

/// The most bills of one payment.
pub const PARTS_MAX: usize = 500;

text_enum! {
    /// The kind of a payment document of a supplier.
    pub enum SupplierPaymentKind {
        /// The supplier was paid.
        Payment,
        /// A payment came back, or an advance was applied by mistake. It takes back all of its original.
        Reversal,
        /// An advance settles bills. No money moves.
        Application,
    }
}

impl From<SupplierPaymentKind> for DocumentKind {
    fn from(kind: SupplierPaymentKind) -> Self {
        match kind {
            SupplierPaymentKind::Payment | SupplierPaymentKind::Application => DocumentKind::SupplierPayment,
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
    /// The amount that is paid, if the caller states it. It is the sum of the parts, less their discounts.
    pub amount: Option<Money>,
    /// The rate of the currency of the bills; the recorded one of the day if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// The bills that it pays, at most 500, with amounts in their currency.
    pub parts: Vec<PartToPay>,
    /// The amount that is paid in advance, for no bill yet, in the tenant's currency. Without it there is a bill.
    pub advance: Option<Money>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the caller may see costs, which needs the scope `costs:read`. Rejections name no open amounts of bills without it.
    pub sees_costs: bool,
}

/// An advance to apply to bills.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The payment that was made in advance.
    pub advance_id: SupplierPaymentId,
    /// The id of the application, if the caller chose one.
    pub id: Option<SupplierPaymentId>,
    /// The bills that it settles, 1 to 500.
    pub parts: Vec<PartToPay>,
    /// A remark.
    pub reference: Option<String>,
    /// The time, not before the payment; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the caller may see costs, which needs the scope `costs:read`. Rejections name no open amounts of bills without it.
    pub sees_costs: bool,
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

/// The part of a payment to record that settles a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartToPay {
    /// The bill.
    pub bill_id: BillId,
    /// The amount that is settled, with the discount, above zero, in the currency of the bill.
    pub amount: Money,
    /// The discount: the part of the amount that is not paid. If absent, the discount that the bill has on the day.
    pub discount: Option<Money>,
    /// The version of the bill that the caller read. A bill that was changed since is not paid.
    pub version: Option<i32>,
}

/// The part of a payment that settles a bill. Its amounts are negative in a reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidBill {
    /// The bill.
    pub bill_id: BillId,
    /// The amount that is settled, with the discount, in the tenant's currency: it is taken off the open amount.
    pub amount: Money,
    /// The amount in the currency of the bill; none if that is the tenant's.
    pub foreign: Option<Money>,
    /// The discount for early payment.
    pub discount: Money,
    /// The input tax in the discount.
    pub discount_tax: Money,
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
    /// The amount that was paid, without discounts, in the tenant's currency; negative in a reversal.
    pub amount: Money,
    /// The amount in the currency of the bills; none if it is the tenant's currency.
    pub foreign: Option<ForeignPayment>,
    /// The discounts of all bills; negative in a reversal.
    pub discount: Money,
    /// The part of the amount that was paid in advance; negative in a reversal.
    pub advance: Money,
    /// The part of the advance that is not applied to bills.
    pub unapplied: Money,
    /// The payment whose advance an application, or the reversal of one, changes.
    pub advance_id: Option<SupplierPaymentId>,
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

impl Rule for Apply {
    fn name(&self) -> &'static str {
        "supplier_payment.applied"
    }

    fn lines(&self) -> usize {
        self.parts.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.supplier_payment_ids.insert(self.advance_id);
        needs.bill_ids.extend(self.parts.iter().map(|part| part.bill_id));
        needs.numbered.insert(DocumentKind::SupplierPayment);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        apply(book, self).map(|(payment, posting)| (Outcome::SupplierPayment(Box::new(payment)), posting))
    }
}

impl SupplierPayment {
    /// Returns the part of an advance that the document applies; negative for the reversal of an application.
    pub fn applied(&self) -> Money {
        match self.advance_id {
            Some(_) => self.parts.iter().map(|part| part.amount - part.discount).sum(),
            None => Money::ZERO,
        }
    }

    /// Returns the exchange difference: the amount that the bank paid for bills, less the amount that was taken off
    /// them without discounts. Above zero it is a loss, below zero a gain.
    pub fn exchange_difference(&self) -> Money {
        let off: Money = self.parts.iter().map(|part| part.amount - part.discount).sum();
        self.amount + self.applied() - self.advance - off
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

/// Pays bills. Rejects an amount above the open amount of any bill.
fn pay(book: &mut Book, command: &Pay) -> Result<(SupplierPayment, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    if !book.payees.contains_key(&command.supplier_id) {
        return Err(Problems::one("/supplier_id", Code::NotFound, "There is no such supplier."));
    }
    let advance = check_advance(book, command)?;
    let day = book.setup.settings.day(occurred_at);
    let payer = Payer { supplier_id: command.supplier_id, sees_costs: command.sees_costs };
    let parts = check_parts(book, payer, &command.parts, day)?;
    // Bills of several currencies have no sum: they are rejected before it is compared.
    let foreign = foreign::quote(book, command, occurred_at)?;
    let of_bills: Money = parts.iter().map(|part| part.amount - part.discount).sum();
    let stated = of_bills + advance;
    check_moves(stated)?;
    if command.amount.is_some_and(|amount| amount != stated) {
        let detail = format!(
            "The bills less their discounts, and the advance, come to {stated}: send that amount, or leave it out."
        );
        return Err(Refusal::invalid("/amount", detail));
    }
    let amount = foreign.as_ref().map_or(stated, |foreign| foreign.base);
    let parts: Vec<PaidBill> = parts.iter().map(|part| foreign::relieve(book, part)).collect();

    // Nothing rejects the command from here on.
    let payment = SupplierPayment {
        id: command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::SupplierPayment),
        kind: SupplierPaymentKind::Payment,
        supplier_id: command.supplier_id,
        amount,
        foreign: foreign.map(|foreign| foreign.payment),
        discount: parts.iter().map(|part| part.discount).sum(),
        advance,
        unapplied: advance,
        advance_id: None,
        parts,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        occurred_at,
    };
    Ok(post(book, payment))
}

/// Rejects a document that pays nothing, because the discounts of its parts are as much as their amounts.
fn check_moves(amount: Money) -> Result<(), Refusal> {
    if amount.is_positive() {
        return Ok(());
    }
    let detail = "The discounts are as much as the amounts of the bills, so nothing is paid: settle more of the bills, or send a \
                  discount of 0.";
    Err(Refusal::invalid("/bills", detail))
}

/// Returns the amount that is paid in advance. Rejects a payment of nothing.
fn check_advance(book: &Book, command: &Pay) -> Result<Money, Refusal> {
    let settings = &book.setup.settings;
    let Some(advance) = command.advance else {
        return match command.parts.is_empty() {
            true => Err(Refusal::invalid("/bills", "Name the bills, or state an advance.")),
            false => Ok(Money::ZERO),
        };
    };
    if !advance.is_positive() || advance != settings.money(advance.get()) {
        let detail = format!("An advance is above zero and has at most {} decimals.", settings.exponent);
        return Err(Refusal::invalid("/advance", detail));
    }
    Ok(advance)
}

/// Applies an advance to bills. Rejects more than its unapplied amount, and more than the open amount of any bill.
fn apply(book: &mut Book, command: &Apply) -> Result<(SupplierPayment, Posting), Refusal> {
    let paid = book.supplier_payments.get(&command.advance_id).cloned();
    let paid = paid.ok_or_else(|| Refusal::not_found("payment"))?;
    if !paid.unapplied.is_positive() {
        return Err(Refusal::state(format!("{} has no advance that can be applied.", paid.number)));
    }
    if command.parts.is_empty() {
        return Err(Refusal::invalid("/bills", format!("Name 1 to {PARTS_MAX} bills.")));
    }
    let occurred_at = book.occurred_after(command.occurred_at, (paid.number.as_str(), paid.occurred_at))?;
    let day = book.setup.settings.day(occurred_at);
    foreign::check_none(book, &command.parts)?;
    let payer = Payer { supplier_id: paid.supplier_id, sees_costs: command.sees_costs };
    let parts = check_parts(book, payer, &command.parts, day)?;
    let applied: Money = parts.iter().map(|part| part.amount - part.discount).sum();
    check_moves(applied)?;
    if applied > paid.unapplied {
        let detail = format!(
            "{} of {} is left, and the bills less their discounts come to {applied}: apply less.",
            paid.unapplied, paid.number
        );
        return Err(Refusal::invalid("/bills", detail));
    }

    // Nothing rejects the command from here on.
    let application = SupplierPayment {
        id: command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::SupplierPayment),
        kind: SupplierPaymentKind::Application,
        supplier_id: paid.supplier_id,
        amount: Money::ZERO,
        foreign: None,
        discount: parts.iter().map(|part| part.discount).sum(),
        advance: Money::ZERO,
        unapplied: Money::ZERO,
        advance_id: Some(paid.id),
        parts,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        occurred_at,
    };
    Ok(post(book, application))
}

/// The supplier of the bills, and whether the caller may see their open amounts.
#[derive(Debug, Clone, Copy)]
struct Payer {
    supplier_id: SupplierId,
    sees_costs: bool,
}

/// Returns the parts with their discounts of a day. A rejection names every wrong part.
fn check_parts(
    book: &Book,
    payer: Payer,
    named: &[PartToPay],
    day: NaiveDate,
) -> Result<Vec<PaidBill>, Refusal> {
    if named.len() > PARTS_MAX {
        return Err(Refusal::invalid("/bills", format!("Name at most {PARTS_MAX} bills.")));
    }
    let mut problems = Problems::default();
    let mut parts = Vec::with_capacity(named.len());
    let settings = &book.setup.settings;
    for (index, part) in named.iter().enumerate() {
        let pointer = format!("/bills/{index}");
        let known = book.bills.get(&part.bill_id);
        let Some(known) = known.filter(|known| known.bill.supplier_id == payer.supplier_id) else {
            problems.add(format!("{pointer}/bill_id"), Code::NotFound, "The supplier has no such bill.");
            continue;
        };
        let bill = &known.bill;
        if named[..index].iter().any(|other| other.bill_id == part.bill_id) {
            problems.invalid(format!("{pointer}/bill_id"), "Name each bill once.");
        } else if part.version.is_some_and(|version| version != bill.version) {
            let detail = if payer.sees_costs {
                let open = bill.stated_open();
                format!(
                    "{} was changed since you read it, and {open} of it is open: read it again.",
                    bill.number
                )
            } else {
                format!("{} was changed since you read it: read it again.", bill.number)
            };
            problems.add(format!("{pointer}/version"), Code::VersionMismatch, detail);
        } else if part.amount != Money::rounded_to(part.amount.get(), foreign::decimals(bill, settings)) {
            let detail = format!("An amount has at most {} decimals.", foreign::decimals(bill, settings));
            problems.invalid(format!("{pointer}/amount"), detail);
        } else if !part.amount.is_positive() || part.amount > bill.stated_open() {
            let detail = if payer.sees_costs {
                let open = bill.stated_open();
                format!("{open} of {} is open: {} can't be paid.", bill.number, part.amount)
            } else {
                format!("An amount is above zero and at most what is open of {}: send less.", bill.number)
            };
            problems.invalid(format!("{pointer}/amount"), detail);
        } else {
            match with_discount(known, part, day, settings) {
                Ok(part) => parts.push(part),
                Err(detail) => problems.invalid(format!("{pointer}/discount"), detail),
            }
        }
    }
    problems.check()?;
    Ok(parts)
}

/// Returns a part with its discount of a day. The error says how much the terms of the bill give.
fn with_discount(
    known: &KnownBill,
    part: &PartToPay,
    day: NaiveDate,
    settings: &Settings,
) -> Result<PaidBill, String> {
    let most = known.discount_on(day, part.amount, settings);
    let discount = part.discount.unwrap_or(most);
    if discount.is_negative() || discount > most || discount != settings.money(discount.get()) {
        return Err(format!(
            "{} has a discount of {most} for this amount on {day}: send 0 to {most}, or leave discount out.",
            known.bill.number
        ));
    }
    let discount_tax = known.tax_of_discount(discount, settings);
    Ok(PaidBill { bill_id: part.bill_id, amount: part.amount, foreign: None, discount, discount_tax })
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
    if original.unapplied != original.advance {
        let detail = format!(
            "{} of the advance of {} is applied to bills: reverse its applications first.",
            original.advance - original.unapplied,
            original.number
        );
        return Err(Refusal::state(detail));
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
        discount: -part.discount,
        discount_tax: -part.discount_tax,
    };
    let reversal = SupplierPayment {
        id,
        number: book.number(DocumentKind::SupplierPaymentReversal),
        kind: SupplierPaymentKind::Reversal,
        supplier_id: original.supplier_id,
        amount: -original.amount,
        foreign: original.foreign.as_ref().map(ForeignPayment::negative),
        discount: -original.discount,
        advance: -original.advance,
        unapplied: Money::ZERO,
        advance_id: original.advance_id,
        parts: original.parts.iter().map(back).collect(),
        original_id: Some(original.id),
        reversed_by: None,
        reason: Some(command.reason.clone()),
        reference: original.reference.clone(),
        occurred_at,
    };
    if let Some(known) = book.supplier_payments.get_mut(&original.id) {
        known.reversed_by = Some(id);
        known.unapplied = Money::ZERO;
    }
    Ok(post(book, reversal))
}

/// Posts a payment or a reversal, and updates the open amounts of its bills.
fn post(book: &mut Book, payment: SupplierPayment) -> (SupplierPayment, Posting) {
    let mut posting = Posting::default();
    for part in &payment.parts {
        if let Some(known) = book.bills.get_mut(&part.bill_id) {
            let bill = &mut known.bill;
            bill.open -= part.amount;
            if let (Some(foreign), Some(amount)) = (&mut bill.foreign, part.foreign) {
                foreign.open -= amount;
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
    let mut entry = Lines::default();
    let owed = Dimensions { party_id: Some(payment.supplier_id.0), ..Dimensions::default() };
    let settled: Money = payment.parts.iter().map(|part| part.amount).sum();
    let tax: Money = payment.parts.iter().map(|part| part.discount_tax).sum();
    entry.debit(account::PAYABLE, settled, owed);
    entry.debit(account::SUPPLIER_ADVANCES, payment.advance - payment.applied(), owed);
    entry.credit(account::BANK, payment.amount, Dimensions::default());
    // Bills in another currency were recorded at another rate: the difference is realised now.
    entry.debit(account::EXCHANGE_DIFFERENCES, payment.exchange_difference(), Dimensions::default());
    entry.credit(account::PURCHASE_DISCOUNTS, payment.discount - tax, Dimensions::default());
    entry.credit(account::INPUT_TAX, tax, Dimensions::default());
    let head = EntryHead {
        id: EntryId(book.ids.next_id()),
        document_kind: payment.kind.into(),
        document_id: payment.id.0,
        occurred_on: book.setup.settings.day(payment.occurred_at),
    };
    posting.entries.extend(
        entry.into_entry(head).expect("what is settled is paid, or an advance, a discount or a difference"),
    );
    if let Some(paid) = payment.advance_id.and_then(|id| book.supplier_payments.get_mut(&id)) {
        paid.unapplied -= payment.applied();
    }
    book.supplier_payments.insert(payment.id, payment.clone());
    (payment, posting)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Payments of many bills don't share a transaction, and have time by their bills.
    #[test]
    fn each_bill_of_a_payment_is_a_line() {
        let part = |number| PartToPay {
            bill_id: BillId(Uuid::from_u128(number)),
            amount: Money::ZERO,
            discount: None,
            version: None,
        };
        let mut pay = Pay {
            id: None,
            supplier_id: SupplierId(Uuid::nil()),
            amount: None,
            exchange_rate: None,
            parts: (1..=500).map(part).collect(),
            advance: None,
            reference: None,
            occurred_at: None,
            sees_costs: true,
        };
        assert_eq!(pay.lines(), 500);
        pay.parts.clear();
        assert_eq!(pay.lines(), 1, "an advance has no bill");
    }
}
