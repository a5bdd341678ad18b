//! Payments of bills to suppliers, and their reversals.
//!
//! A payment is for open bills, or in advance. An advance is an asset (1150) until it is applied to bills. A bill that
//! is paid early enough has a discount: the payment and the discount together settle it. The input tax in the discount
//! is credited to 1400, the rest to purchase discounts (5310). The supplier is locked, so of two payments of one bill
//! at once, the second sees the amount that the first left open. A payment before a bill that it names is an advance until the
//! day of the bill.
//!
//! A payment has one currency, that of its bills and of its advance.

mod apply;
mod foreign;
mod post;
mod reverse;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::bill::KnownBill;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::Open;
use crate::id::{BillId, SupplierId, SupplierPaymentId};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money};
use crate::open_item;
use crate::refusal::{AMOUNT_ABOVE_ZERO, Code, Faults, Problem, Problems, Refusal};
use crate::tenant::Settings;
use crate::text_enum;

pub use apply::Apply;
pub use foreign::{ForeignPart, ForeignPayment};
pub use reverse::Reverse;

use post::post;

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
    /// The currency of the payment; that of the bills if absent, and without bills the tenant's.
    pub currency: Option<String>,
    /// The rate of that currency; the recorded one of the day if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// The bills that it pays, at most 500, with amounts in their currency.
    pub parts: Vec<PartToPay>,
    /// The amount that is paid in advance, for bills to come, in the currency of the payment. Without it, `parts` is not empty.
    pub advance: Option<Money>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent. It may be before the day of a bill.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the caller may see costs, which needs the scope `costs:read`. Rejections name no open amounts of bills without it.
    pub sees_costs: bool,
}

/// The part of a payment to record that settles a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartToPay {
    /// The bill.
    pub bill_id: BillId,
    /// The amount that is settled, in the currency of the bill. It includes the discount and is above zero.
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
    /// The amounts in the currency of the bill; none if that is the tenant's.
    pub foreign: Option<ForeignPart>,
    /// The discount for early payment, in the tenant's currency at the rate of the bill.
    pub discount: Money,
    /// The input tax in the discount.
    pub discount_tax: Money,
}

/// A payment to a supplier, or the reversal of one.
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
    /// The amounts in the currency of the payment; none if it is the tenant's currency.
    pub foreign: Option<ForeignPayment>,
    /// The discounts of all bills; negative in a reversal.
    pub discount: Money,
    /// The part of the amount that was paid in advance; negative in a reversal.
    pub advance: Money,
    /// The part of the advance that is not applied to bills.
    pub unapplied: Money,
    /// The payment whose advance an application, or the reversal of one, changes.
    pub advance_id: Option<SupplierPaymentId>,
    /// The exchange difference of an application: its part of the advance, less the amount that it took off its bills without
    /// discounts. Above zero it is a loss, below zero a gain. Zero for a payment.
    pub difference: Money,
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

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.parts.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.payees.insert(self.supplier_id);
        needs.bill_ids.extend(self.parts.iter().map(|part| part.bill_id));
        needs.paid_at.insert(self.occurred_at);
        needs.exchange_at.extend(self.currency.clone().map(|currency| (currency, self.occurred_at)));
        needs.numbered.insert(DocumentKind::SupplierPayment);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let at = faults.take(book.occurred_at(self.occurred_at));
        let payee = faults.take(check_payee(book, self));
        faults.take(check_named(self));
        let decimals = foreign::known_decimals(book, self);
        faults.take(check_amount(self.amount, decimals));
        faults.take(check_advance(self.advance, decimals));
        let day = at.map(|at| book.setup.settings.day(at));
        // Discounts are those of the day, and bills are those of the supplier.
        if let Some((day, ())) = day.zip(payee) {
            let payer = Payer { supplier_id: self.supplier_id, sees_costs: self.sees_costs };
            faults.take(check_parts(book, payer, &self.parts, day));
            faults.take(foreign::quote(book, self, day));
        }
        note_values(book, (self.supplier_id, &self.parts), decimals, faults);
        foreign::note_faults(book, self, day, faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        pay(book, self).map(|(payment, posting)| (Outcome::SupplierPayment(Box::new(payment)), posting))
    }
}

impl PaidBill {
    /// Returns the amount that was paid, without the discount, in the tenant's currency at the rate of the bill.
    pub(crate) fn paid(&self) -> Money {
        self.amount - self.discount
    }

    /// Returns the part of a reversal.
    fn negative(&self) -> Self {
        PaidBill {
            bill_id: self.bill_id,
            amount: -self.amount,
            foreign: self.foreign.map(ForeignPart::negative),
            discount: -self.discount,
            discount_tax: -self.discount_tax,
        }
    }
}

impl SupplierPayment {
    /// Returns the part of an advance that the document applies; negative for the reversal of an application.
    pub fn applied(&self) -> Money {
        match self.advance_id {
            Some(_) => self.parts.iter().map(PaidBill::paid).sum::<Money>() + self.difference,
            None => Money::ZERO,
        }
    }

    /// Returns the part of an advance that the document applies, in the currency of the advance. Returns zero if that is the tenant's currency.
    pub fn foreign_applied(&self) -> Money {
        match self.advance_id {
            Some(_) => self.parts.iter().filter_map(|part| part.foreign).map(ForeignPart::paid).sum(),
            None => Money::ZERO,
        }
    }

    /// Returns the exchange difference: the amount that the bank paid for bills, or the part of the advance, less the
    /// amount that was taken off them without discounts. Above zero it is a loss, below zero a gain.
    pub fn exchange_difference(&self) -> Money {
        match self.advance_id {
            Some(_) => self.difference,
            None => self.amount - self.advance - self.parts.iter().map(PaidBill::paid).sum::<Money>(),
        }
    }

    /// Returns the part that was paid in advance, in both currencies.
    fn in_advance(&self) -> Open {
        Open { base: self.advance, foreign: self.foreign.as_ref().map(|foreign| foreign.advance) }
    }

    /// Returns the part of the advance that is not applied to bills, in both currencies.
    fn left(&self) -> Open {
        Open { base: self.unapplied, foreign: self.foreign.as_ref().map(|foreign| foreign.unapplied) }
    }

    /// Takes an applied part off the unapplied part of the advance. The part of a reversal is negative.
    fn take_off(&mut self, base: Money, foreign: Money) {
        self.unapplied -= base;
        if let Some(own) = &mut self.foreign {
            own.unapplied -= foreign;
        }
    }
}

/// Pays bills. Rejects an amount above the open amount of any bill.
fn pay(book: &mut Book, command: &Pay) -> Result<(SupplierPayment, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    check_payee(book, command)?;
    check_named(command)?;
    let day = book.setup.settings.day(occurred_at);
    let payer = Payer { supplier_id: command.supplier_id, sees_costs: command.sees_costs };
    let parts = check_parts(book, payer, &command.parts, day)?;
    // Bills of several currencies have no sum: they are rejected before it is compared.
    let quote = foreign::quote(book, command, day)?;
    let decimals = quote.as_ref().map_or(book.setup.settings.exponent, |quote| quote.decimals);
    check_amount(command.amount, Some(decimals))?;
    let advance = check_advance(command.advance, Some(decimals))?;
    let stated = Paid { amount: parts.iter().map(PaidBill::paid).sum::<Money>() + advance, advance };
    check_moves(stated.amount)?;
    if command.amount.is_some_and(|amount| amount != stated.amount) {
        let detail = format!(
            "The bills less their discounts, and the advance, come to {}: send that amount, or leave it out.",
            stated.amount.in_currency(decimals)
        );
        return Err(Refusal::invalid("/amount", detail));
    }
    let paid = foreign::convert(quote.as_ref(), stated, &book.setup.settings)?;
    let discount = parts.iter().map(|part| part.discount).sum();
    let foreign = quote.map(|quote| ForeignPayment {
        quote,
        amount: stated.amount,
        discount,
        advance,
        unapplied: advance,
    });
    let parts = foreign::relieve(book, &parts);

    // Nothing rejects the command from here on.
    let payment = SupplierPayment {
        id: command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::SupplierPayment),
        kind: SupplierPaymentKind::Payment,
        supplier_id: command.supplier_id,
        amount: paid.amount,
        foreign,
        discount: parts.iter().map(|part| part.discount).sum(),
        advance: paid.advance,
        unapplied: paid.advance,
        advance_id: None,
        difference: Money::ZERO,
        parts,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        occurred_at,
    };
    Ok(post(book, payment))
}

/// Rejects a supplier that does not exist.
fn check_payee(book: &Book, command: &Pay) -> Result<(), Refusal> {
    if book.payees.contains_key(&command.supplier_id) {
        return Ok(());
    }
    Err(Problems::one("/supplier_id", Code::NotFound, "There is no such supplier."))
}

/// Rejects a payment that pays no bill and nothing in advance.
fn check_named(command: &Pay) -> Result<(), Refusal> {
    if command.parts.is_empty() && command.advance.is_none() {
        return Err(Refusal::invalid("/bills", "Name the bills, or state an advance."));
    }
    Ok(())
}

/// The amount of a payment, and the part of it that is paid in advance.
#[derive(Debug, Clone, Copy)]
struct Paid {
    amount: Money,
    advance: Money,
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

/// Rejects a stated amount of nothing. Its decimals are judged if its currency is known.
fn check_amount(amount: Option<Money>, decimals: Option<u32>) -> Result<(), Refusal> {
    let is_allowed = amount.is_none_or(|amount| is_paid(amount, decimals));
    let detail = || match decimals {
        Some(decimals) => format!("The amount must be above zero and have at most {decimals} decimals."),
        None => AMOUNT_ABOVE_ZERO.to_owned(),
    };
    if is_allowed { Ok(()) } else { Err(Refusal::invalid("/amount", detail())) }
}

/// Returns the amount that is paid in advance, in the currency of the payment. Rejects an amount of nothing. Its decimals are judged if
/// its currency is known.
fn check_advance(advance: Option<Money>, decimals: Option<u32>) -> Result<Money, Refusal> {
    let Some(advance) = advance else { return Ok(Money::ZERO) };
    if is_paid(advance, decimals) {
        return Ok(advance);
    }
    let detail = match decimals {
        Some(decimals) => format!("An advance is above zero and has at most {decimals} decimals."),
        None => "An advance is above zero.".to_owned(),
    };
    Err(Refusal::invalid("/advance", detail))
}

/// Whether an amount is above zero and has the decimals of its currency, if that is known.
fn is_paid(amount: Money, decimals: Option<u32>) -> bool {
    amount.is_positive()
        && decimals.is_none_or(|decimals| amount == Money::rounded_to(amount.get(), decimals))
}

/// The supplier of the bills, and whether the caller may see their open amounts.
#[derive(Debug, Clone, Copy)]
struct Payer {
    supplier_id: SupplierId,
    sees_costs: bool,
}

/// Returns the parts with their discounts of a day, in the currency of their bill. A rejection names every wrong part.
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
                let open = bill.stated_open().in_currency(bill.decimals(settings));
                format!(
                    "{} was changed since you read it, and {open} of it is open: read it again.",
                    bill.number
                )
            } else {
                format!("{} was changed since you read it: read it again.", bill.number)
            };
            problems.push(Problem::version_mismatch(format!("{pointer}/version"), detail, bill.version));
        } else if !part.amount.is_positive() {
            problems.invalid(format!("{pointer}/amount"), AMOUNT_ABOVE_ZERO);
        } else if part.amount != Money::rounded_to(part.amount.get(), bill.decimals(settings)) {
            let detail = format!("An amount has at most {} decimals.", bill.decimals(settings));
            problems.invalid(format!("{pointer}/amount"), detail);
        } else if part.amount > bill.stated_open() {
            let detail = if payer.sees_costs {
                let [open, amount] = [bill.stated_open(), part.amount]
                    .map(|amount| amount.in_currency(bill.decimals(settings)));
                format!("{open} of {} is open: {amount} can't be paid.", bill.number)
            } else {
                format!("The amount is more than what is open of {}: send less.", bill.number)
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

/// Notes the amounts and discounts of parts that are wrong for any bill. `stated` has the decimals of an unknown bill, if they are known.
fn note_values(
    book: &Book,
    (supplier_id, named): (SupplierId, &[PartToPay]),
    stated: Option<u32>,
    faults: &mut Faults,
) {
    if named.len() > PARTS_MAX {
        return;
    }
    let decimals = |part: &PartToPay| {
        let known = book.bills.get(&part.bill_id).filter(|known| known.bill.supplier_id == supplier_id);
        known.map(|known| known.bill.decimals(&book.setup.settings)).or(stated)
    };
    let amounts = named.iter().map(|part| (Some(part.amount), decimals(part)));
    open_item::note_amounts("/bills", amounts, faults);
    for (index, part) in named.iter().enumerate() {
        let Some(discount) = part.discount else { continue };
        let pointer = format!("/bills/{index}/discount");
        let most = decimals(part).filter(|most| discount != Money::rounded_to(discount.get(), *most));
        if discount.is_negative() {
            faults.invalid(pointer, "A discount must not be negative.");
        } else if let Some(most) = most {
            faults.invalid(pointer, format!("A discount has at most {most} decimals."));
        }
    }
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
    let decimals = known.bill.decimals(settings);
    if discount.is_negative() || discount > most || discount != Money::rounded_to(discount.get(), decimals) {
        let most = most.in_currency(decimals);
        return Err(format!(
            "{} has a discount of {most} for this amount on {day}: send 0 to {most}, or leave discount out.",
            known.bill.number
        ));
    }
    let discount_tax = known.tax_of_discount(discount, settings);
    Ok(PaidBill { bill_id: part.bill_id, amount: part.amount, foreign: None, discount, discount_tax })
}

#[cfg(test)]
mod tests;
