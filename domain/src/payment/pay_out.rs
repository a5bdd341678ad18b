//! Payouts: a credit of a customer is paid out.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::foreign::{self, Currency, ForeignPayment};
use super::{Drawer, Payment, PaymentKind, PaymentMethod, check_amount, note_amount, post};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::Open;
use crate::id::{CustomerId, PaymentId, RegisterId};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money};
use crate::open_item::{self, Applied, Credit, CreditRef, Used};
use crate::refusal::{AMOUNT_ABOVE_ZERO, Code, Faults, Problems, Refusal};

/// A credit to pay out.
#[derive(Debug, Clone)]
pub struct PayOut {
    /// The id of the payout, if the caller chose one.
    pub id: Option<PaymentId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The method.
    pub method: PaymentMethod,
    /// The till out of whose drawer cash goes. Only for cash.
    pub register_id: Option<RegisterId>,
    /// The amount, above zero, in the currency of the payout; all that is there if absent.
    pub amount: Option<Money>,
    /// The currency of the credits that are paid out; the tenant's if absent.
    pub currency: Option<String>,
    /// The rate of that currency; the recorded one of the day of the payout if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// The payments and credit notes that are paid out. If absent, the oldest.
    pub parts: Option<Vec<PayOutPart>>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A payment or credit note to pay out.
#[derive(Debug, Clone, Copy)]
pub struct PayOutPart {
    /// The payment or credit note. A part without one is rejected.
    pub credit: Option<CreditRef>,
    /// The amount, above zero; all that is left if absent.
    pub amount: Option<Money>,
}

impl Rule for PayOut {
    fn name(&self) -> &'static str {
        "payout.paid"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        match &self.parts {
            None => _ = needs.crediting.insert(self.customer_id),
            Some(parts) => needs.credits.extend(parts.iter().filter_map(|part| part.credit)),
        }
        if let Some(id) = self.register_id {
            needs.cash(id);
        }
        needs.exchange_at.extend(self.currency.clone().map(|currency| (currency, self.occurred_at)));
        needs.numbered.insert(DocumentKind::Payout);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let payee = faults.take(open_item::require_customer(book, self.customer_id));
        let credits = self.parts.iter().flatten().filter_map(|part| part.credit);
        let credits = credits.filter(|credit| {
            book.credits.get(credit).is_some_and(|known| known.customer_id == self.customer_id)
        });
        let at = faults.take(open_item::time_of_use(book, self.occurred_at, credits, &[]));
        let is_known = faults.take(check_currency(book, self)).is_some();
        if let Some(parts) = self.parts.as_ref().filter(|_| payee.is_some()) {
            let mut problems = Problems::default();
            check_parts(book, self, (parts, is_known), &mut problems);
            faults.take(problems.check());
        }
        // Without a currency, the decimals are those of the credits.
        let decimals = self.currency.as_deref().and_then(|own| foreign::known_decimals(book, Some(own)));
        let amounts = self.parts.iter().flatten().map(|part| (part.amount, decimals));
        open_item::note_amounts("/parts", amounts, faults);
        foreign::note_faults(book, stated(self), at, faults);
        Drawer::note_faults(book, stated(self), self.register_id, faults);
        if let Some(amount) = self.amount {
            note_amount(book, self.currency.as_deref(), amount, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        pay_out(book, self).map(|(payment, posting)| (Outcome::Payment(Box::new(payment)), posting))
    }
}

/// Pays out what is not applied of payments and credit notes. Rejects more than there is.
fn pay_out(book: &mut Book, command: &PayOut) -> Result<(Payment, Posting), Refusal> {
    open_item::require_customer(book, command.customer_id)?;
    check_currency(book, command)?;
    let parts = match &command.parts {
        None => oldest_first(book, command)?,
        Some(parts) => named(book, command, parts)?,
    };
    let credits = parts.iter().map(|part| part.credit);
    let occurred_at = open_item::time_of_use(book, command.occurred_at, credits, &[])?;
    let quote = foreign::quote(book, stated(command), occurred_at)?;
    if let Some(amount) = command.amount {
        check_amount(foreign::decimals(book, quote.as_ref()), amount)?;
    }
    let sum: Money = parts.iter().map(|part| part.amount).sum();
    let mut paid = foreign::convert(book, quote.as_ref(), sum)?;
    let amount = paid.base;
    let drawer = Drawer::of(book, command.method, command.register_id)?;
    Drawer::check(drawer, book, amount, "/register_id")?;

    // Nothing rejects the command from here on.
    let changes: Vec<Applied> = parts.iter().map(|part| part.pay(book, &mut paid)).collect();
    for line in &changes {
        open_item::apply(book, line);
    }
    let payment = Payment {
        id: command.id.unwrap_or_else(|| PaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::Payout),
        kind: PaymentKind::Payout,
        customer_id: command.customer_id,
        method: command.method,
        session_id: None,
        amount: -amount,
        unapplied: Money::ZERO,
        foreign: quote.map(|quote| ForeignPayment { quote, amount: -sum, unapplied: Money::ZERO }),
        allocations: Vec::new(),
        changes,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        cash: None,
        occurred_at,
        recorded_at: book.now,
    };
    Ok(post(book, payment, drawer))
}

/// Returns the currency and the rate that a payout states.
fn stated(command: &PayOut) -> Currency<'_> {
    Currency { currency: command.currency.as_deref(), rate: command.exchange_rate, method: command.method }
}

/// A part of a payout, in its currency.
struct Part {
    credit: CreditRef,
    amount: Money,
}

impl Part {
    /// Takes the part off what is left of the money, and off its credit. The two may have been recorded at different rates.
    fn pay(&self, book: &Book, paid: &mut Open) -> Applied {
        let mut credit = book.credits.get(&self.credit).map_or(*paid, Credit::remaining);
        Applied::new(self.credit, None, Used::of(&mut credit, paid, self.amount, &book.setup.settings))
    }
}

fn oldest_first(book: &Book, command: &PayOut) -> Result<Vec<Part>, Refusal> {
    let credits = open_item::credits_of(book, command.customer_id, own_currency(book, command));
    let there: Money = credits.iter().map(|(_, left)| left.stated()).sum();
    let mut rest = command.amount.unwrap_or(there);
    if there.is_zero() {
        let ours = book.credits.values().filter(|credit| credit.customer_id == command.customer_id);
        let others = ours.filter(|credit| credit.remaining().stated().is_positive());
        if let Some(other) = others.filter_map(Credit::currency).min() {
            let detail = format!("The customer has credits in {other}: send it as the currency.");
            return Err(Refusal::invalid("/currency", detail));
        }
    }
    if command.amount.is_some_and(|amount| !amount.is_positive()) {
        return Err(Refusal::invalid("/amount", AMOUNT_ABOVE_ZERO));
    }
    if rest > there || rest.is_zero() {
        let there = there.in_currency(decimals(book, command));
        let detail = format!("The customer has {there} that can be paid out.");
        return Err(Refusal::invalid("/amount", detail));
    }
    let mut parts = Vec::new();
    for (credit, left) in credits {
        let amount = rest.min(left.stated());
        if amount.is_positive() {
            parts.push(Part { credit, amount });
        }
        rest -= amount;
    }
    Ok(parts)
}

/// Rejects a currency that does not exist, or in which no credit of the payout is.
fn check_currency(book: &Book, command: &PayOut) -> Result<(), Refusal> {
    let Some(stated) = command.currency.as_deref() else { return Ok(()) };
    let currency = own_currency(book, command);
    if let Some(currency) = currency {
        book.exchange.decimals_of(currency).map_err(Problems::of)?;
    }
    let ours = |credit: &&Credit| credit.customer_id == command.customer_id;
    let credits: Vec<&Credit> = match &command.parts {
        Some(parts) => {
            let named = parts.iter().filter_map(|part| part.credit);
            named.filter_map(|credit| book.credits.get(&credit)).filter(ours).collect()
        }
        None => {
            let credits = book.credits.values().filter(ours);
            credits.filter(|credit| credit.remaining().stated().is_positive()).collect()
        }
    };
    if credits.is_empty() || credits.iter().any(|credit| credit.currency() == currency) {
        return Ok(());
    }
    let detail = format!("No payment or credit note that is paid out is in {stated}: send their currency.");
    Err(Refusal::invalid("/currency", detail))
}

/// Returns the currency of a payout; none if it is the tenant's.
fn own_currency<'a>(book: &Book, command: &'a PayOut) -> Option<&'a str> {
    command.currency.as_deref().filter(|currency| *currency != book.setup.settings.currency)
}

/// Returns the decimals of the currency of the payout, which is known.
fn decimals(book: &Book, command: &PayOut) -> u32 {
    let known = own_currency(book, command).and_then(|currency| book.exchange.decimals.get(currency));
    known.copied().unwrap_or(book.setup.settings.exponent)
}

fn named(book: &Book, command: &PayOut, parts: &[PayOutPart]) -> Result<Vec<Part>, Refusal> {
    let mut problems = Problems::default();
    let taken = check_parts(book, command, (parts, true), &mut problems);
    let sum: Money = taken.iter().map(|part| part.amount).sum();
    if command.amount.is_some_and(|amount| amount != sum) {
        let sum = sum.in_currency(decimals(book, command));
        problems.invalid("/amount", format!("The parts are {sum}: leave amount out, or send the same."));
    }
    problems.check()?;
    Ok(taken)
}

/// Returns the parts of known credits, and adds the faults of each part without the others. Parts are compared with their credits if the
/// currency of the payout has no fault.
fn check_parts(
    book: &Book,
    command: &PayOut,
    (parts, is_compared): (&[PayOutPart], bool),
    problems: &mut Problems,
) -> Vec<Part> {
    let mut taken: Vec<Part> = Vec::with_capacity(parts.len());
    let mut seen = BTreeSet::new();
    let (settings, currency) = (&book.setup.settings, own_currency(book, command));
    if parts.is_empty() {
        problems.invalid("/parts", "Name at least one payment or credit note, or leave parts out.");
    }
    for (index, part) in parts.iter().enumerate() {
        let pointer = format!("/parts/{index}");
        let Some(id) = part.credit else {
            problems.invalid(pointer, open_item::NAME_CREDIT);
            continue;
        };
        let known = book.credits.get(&id).filter(|credit| credit.customer_id == command.customer_id);
        let Some(known) = known else {
            problems.add(pointer, Code::NotFound, "The customer has no such payment or credit note.");
            continue;
        };
        let (left, decimals) = (known.remaining().stated(), known.decimals(settings));
        let amount = part.amount.unwrap_or(left);
        if !seen.insert(id) {
            problems.invalid(pointer, "Name each payment and credit note once.");
        } else if part.amount.is_some_and(|amount| !amount.is_positive()) {
            problems.invalid(format!("{pointer}/amount"), AMOUNT_ABOVE_ZERO);
        } else if !is_compared {
            // What is left is in the currency of the credit.
        } else if known.currency() != currency {
            let own = settings.currency.as_str();
            let detail = format!(
                "This is in {}, and the payout in {}: send currency, or pay it out alone.",
                known.currency().unwrap_or(own),
                currency.unwrap_or(own)
            );
            problems.invalid(pointer, detail);
        } else if amount != Money::rounded_to(amount.get(), decimals) {
            problems
                .invalid(format!("{pointer}/amount"), format!("An amount has at most {decimals} decimals."));
        } else if !left.is_positive() {
            let detail = "Nothing of this can be paid out: leave the part out.";
            problems.invalid(format!("{pointer}/amount"), detail);
        } else if amount > left {
            let [left, amount] = [left, amount].map(|amount| amount.in_currency(decimals));
            let detail = format!("{left} of this can be paid out, not {amount}.");
            problems.invalid(format!("{pointer}/amount"), detail);
        }
        taken.push(Part { credit: id, amount });
    }
    taken
}
