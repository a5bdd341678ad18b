//! Payments of wholesale customers: received, reversed, and paid out again.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::{Open, Quote};
use crate::id::{CustomerId, InvoiceId, LocationId, PaymentId, RegisterId, SessionId};
use crate::ledger::{Dimensions, Lines, account};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money};
use crate::open_item::{self, Applied, Used};
use crate::order;
use crate::pos::{self, CashMove};
use crate::refusal::{AMOUNT_ABOVE_ZERO, Code, Faults, Problems, Refusal};
use crate::text_enum;

mod foreign;
mod pay_out;
mod reverse;
mod voucher;

use foreign::Currency;

pub use foreign::ForeignPayment;
pub use pay_out::{PayOut, PayOutPart};
pub use reverse::Reverse;
pub use voucher::{IssueVoucher, IssuedVoucher, NAME_PAID, VoucherPaid};

text_enum! {
    /// The method of a payment.
    pub enum PaymentMethod {
        /// Bank transfer.
        Bank,
        /// Card.
        Card,
        /// Cash, at a till with an open session.
        Cash,
    }
}

impl PaymentMethod {
    fn account(self) -> &'static str {
        match self {
            PaymentMethod::Bank => account::BANK,
            PaymentMethod::Card => account::CARD_CLEARING,
            PaymentMethod::Cash => account::CASH,
        }
    }
}

text_enum! {
    /// The kind of a payment document.
    pub enum PaymentKind {
        /// The customer paid.
        Payment,
        /// A payment bounced, or a payout came back. It takes back all of its original.
        Reversal,
        /// A credit was paid out to the customer.
        Payout,
    }
}

impl From<PaymentKind> for DocumentKind {
    fn from(kind: PaymentKind) -> Self {
        match kind {
            PaymentKind::Payment => DocumentKind::Payment,
            PaymentKind::Reversal => DocumentKind::PaymentReversal,
            PaymentKind::Payout => DocumentKind::Payout,
        }
    }
}

/// A payment to record.
#[derive(Debug, Clone)]
pub struct Receive {
    /// The id of the payment, if the caller chose one.
    pub id: Option<PaymentId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The method.
    pub method: PaymentMethod,
    /// The till into whose drawer cash goes. Only for cash.
    pub register_id: Option<RegisterId>,
    /// The amount, above zero, in the currency of the payment.
    pub amount: Money,
    /// The currency; the tenant's if absent.
    pub currency: Option<String>,
    /// The rate of that currency; the recorded one of the day of the payment if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// The invoices that it pays. If absent, those due first.
    pub allocations: Option<Vec<NamedInvoice>>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// An invoice that a payment is to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The amount, above zero, in the currency of the payment.
    pub amount: Money,
}

/// The part of a payment that is applied to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The amounts taken off the invoice and the payment.
    pub used: Used,
}

impl Allocation {
    /// Returns the amount in the currency of the payment.
    pub fn stated(&self) -> Money {
        self.used.foreign.unwrap_or(self.used.amount)
    }
}

/// A payment, the reversal of one, or a payout.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: PaymentKind,
    /// The customer.
    pub customer_id: CustomerId,
    /// The method.
    pub method: PaymentMethod,
    /// The session of the till, if it was in cash.
    pub session_id: Option<SessionId>,
    /// The amount; negative if the money went to the customer or back to the payer.
    pub amount: Money,
    /// The part that is applied to no invoice yet.
    pub unapplied: Money,
    /// Its amounts in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignPayment>,
    /// The parts that are applied to invoices.
    pub allocations: Vec<Allocation>,
    /// The changes of a reversal or payout to what was applied. For a payment, `allocations` has it.
    pub changes: Vec<Applied>,
    /// The payment that a reversal takes back.
    pub original_id: Option<PaymentId>,
    /// The reversal that took it back. Only if the payment was read from the database.
    pub reversed_by: Option<PaymentId>,
    /// The reason of a reversal.
    pub reason: Option<String>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The cash that it moved. Only while it is written.
    pub cash: Option<CashMove>,
    /// The time at which it was received or paid.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Payment {
    /// Returns the exchange difference that the document realised, above zero a gain.
    pub fn difference(&self) -> Money {
        let applied: Money = self.allocations.iter().map(|part| part.used.difference).sum();
        applied + self.changes.iter().map(|line| line.difference).sum()
    }
}

/// A payment as a reversal finds it.
#[derive(Debug, Clone)]
pub struct KnownPayment {
    /// The customer.
    pub customer_id: CustomerId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: PaymentKind,
    /// The method.
    pub method: PaymentMethod,
    /// The amount; negative if the money went to the customer.
    pub amount: Money,
    /// Its amounts in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignPayment>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// Whether a reversal took it back.
    pub is_reversed: bool,
    /// The amounts that a payout took of credits.
    pub changes: Vec<Applied>,
    /// The time at which it was received or paid.
    pub occurred_at: DateTime<Utc>,
}

impl Rule for Receive {
    fn name(&self) -> &'static str {
        "payment.received"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        needs.judged.insert(self.customer_id);
        match &self.allocations {
            None => _ = needs.paying.insert(self.customer_id),
            Some(named) => needs.invoice_ids.extend(named.iter().map(|allocation| allocation.invoice_id)),
        }
        if self.method == PaymentMethod::Bank {
            needs.accepted.extend(self.id);
        }
        needs.register_ids.extend(self.register_id);
        needs.exchange_at.extend(self.currency.clone().map(|currency| (currency, self.occurred_at)));
        needs.numbered.insert(DocumentKind::Payment);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let at = faults.take(book.occurred_at(self.occurred_at));
        let payer = faults.take(open_item::require_customer(book, self.customer_id));
        foreign::note_faults(book, currency(self), at, faults);
        Drawer::note_faults(book, currency(self), self.register_id, faults);
        note_amount(book, self.currency.as_deref(), self.amount, faults);
        let decimals = foreign::known_decimals(book, self.currency.as_deref());
        if let Some(named) = self.allocations.as_ref().filter(|_| payer.is_some()) {
            let mut problems = Problems::default();
            check_named(book, self, named, decimals, &mut problems);
            faults.take(problems.check());
        }
        let amounts = self.allocations.iter().flatten().map(|named| (Some(named.amount), decimals));
        open_item::note_amounts("/allocations", amounts, faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        receive(book, self).map(|(payment, posting)| (Outcome::Payment(Box::new(payment)), posting))
    }
}

/// Records a payment and applies it to invoices. The rest stays unapplied. The customer's held orders are judged again.
fn receive(book: &mut Book, command: &Receive) -> Result<(Payment, Posting), Refusal> {
    if command.id.is_some_and(|id| book.matched_lines.contains(&id)) {
        let detail = "The bank line is matched with payments that are recorded: see its matches.";
        return Err(Refusal::state(detail));
    }
    let occurred_at = book.occurred_at(command.occurred_at)?;
    open_item::require_customer(book, command.customer_id)?;
    let quote = foreign::quote(book, currency(command), occurred_at)?;
    check_amount(foreign::decimals(book, quote.as_ref()), command.amount)?;
    let mut left = foreign::convert(book, quote.as_ref(), command.amount)?;
    let amount = left.base;
    let drawer = Drawer::of(book, command.method, command.register_id)?;
    let named = match &command.allocations {
        Some(named) => check_allocations(book, command, named, quote.as_ref())?,
        None => due_first(book, command, quote.as_ref()),
    };

    // Nothing rejects the command from here on.
    let allocations = allocate(book, &named, &mut left);
    let applied: Money = allocations.iter().map(|allocation| allocation.used.amount).sum();
    let unapplied = left.base;
    if let Some(customer) = book.customers.get_mut(&command.customer_id) {
        customer.exposure.receivable -= applied;
        customer.exposure.unapplied += unapplied;
    }
    let unapplied_foreign = left.foreign.unwrap_or_default();
    let payment = Payment {
        id: command.id.unwrap_or_else(|| PaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::Payment),
        kind: PaymentKind::Payment,
        customer_id: command.customer_id,
        method: command.method,
        session_id: None,
        amount,
        unapplied,
        foreign: quote.map(|quote| ForeignPayment {
            quote,
            amount: command.amount,
            unapplied: unapplied_foreign,
        }),
        allocations,
        changes: Vec::new(),
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        cash: None,
        occurred_at,
        recorded_at: book.now,
    };
    let (payment, mut posting) = post(book, payment, drawer);
    order::judge_held(book, payment.customer_id, &mut posting);
    Ok((payment, posting))
}

/// Returns the currency and the rate that a payment states.
fn currency(command: &Receive) -> Currency<'_> {
    Currency { currency: command.currency.as_deref(), rate: command.exchange_rate, method: command.method }
}

/// The drawer of a payment in cash.
#[derive(Debug, Clone, Copy)]
struct Drawer {
    register_id: RegisterId,
    session_id: SessionId,
    location_id: LocationId,
}

impl Drawer {
    /// Returns the drawer of a payment in cash; none for another method. Rejects cash without a till with an open
    /// session, and a till without cash.
    fn of(book: &Book, method: PaymentMethod, id: Option<RegisterId>) -> Result<Option<Drawer>, Refusal> {
        match (method, id) {
            (PaymentMethod::Cash, Some(id)) => {
                let (register, session) = pos::open_register(book, id)?;
                let (register_id, location_id) = (register.id, register.location_id);
                Ok(Some(Drawer { register_id, session_id: session.id, location_id }))
            }
            (PaymentMethod::Cash, None) => Err(Refusal::invalid(
                "/register_id",
                "Cash needs the till into or out of whose drawer it goes.",
            )),
            (PaymentMethod::Bank | PaymentMethod::Card, Some(_)) => {
                Err(Refusal::invalid("/register_id", "Only cash goes through a till: leave register_id out."))
            }
            (PaymentMethod::Bank | PaymentMethod::Card, None) => Ok(None),
        }
    }

    /// Notes the faults of the drawer of a payment. No drawer has another currency, which is noted elsewhere.
    fn note_faults(book: &Book, named: Currency<'_>, id: Option<RegisterId>, faults: &mut Faults) {
        let own = book.setup.settings.currency.as_str();
        if named.method != PaymentMethod::Cash || named.currency.is_none_or(|currency| currency == own) {
            faults.take(Drawer::of(book, named.method, id));
        }
    }

    /// Rejects more than the drawer has, if it is to pay out. `pointer` is the field that asks for it.
    fn check(drawer: Option<Drawer>, book: &Book, amount: Money, pointer: &str) -> Result<(), Refusal> {
        let Some(drawer) = drawer else { return Ok(()) };
        let (register, session) = pos::open_register(book, drawer.register_id)?;
        pos::check_cash(&register, session, amount, pointer)
    }
}

/// Posts a payment, reversal or payout: money against the receivable of the customer, and the cash into or out of the
/// drawer.
fn post(book: &mut Book, payment: Payment, drawer: Option<Drawer>) -> (Payment, Posting) {
    let document_kind = DocumentKind::from(payment.kind);
    let place = Dimensions { location_id: drawer.map(|drawer| drawer.location_id), ..Dimensions::default() };
    let owed = Dimensions { party_id: Some(payment.customer_id.0), ..Dimensions::default() };
    let mut entry = Lines::default();
    entry.debit(payment.method.account(), payment.amount, place);
    // The invoices may have been recorded at other rates: the difference is realised now, or on the day of a later invoice.
    let allocated = payment.allocations.iter().map(|part| (Some(part.invoice_id), part.used.difference));
    let changed = payment.changes.iter().map(|line| (line.invoice_id, line.difference));
    let mut later = open_item::differences(book, payment.occurred_at, allocated.chain(changed));
    let difference = later.remove(&book.setup.settings.day(payment.occurred_at)).unwrap_or_default();
    entry.credit(account::RECEIVABLE, payment.amount - difference, owed);
    entry.credit(account::EXCHANGE_DIFFERENCES, difference, Dimensions::default());
    let head = book.entry_head(document_kind, payment.id.0, payment.occurred_at);
    let entry = entry.into_entry(head).expect("both sides are the same amount");
    let cash = drawer.map(|drawer| {
        let cause = (document_kind, payment.id.0, payment.number.as_str());
        pos::cash_of_document(book, (drawer.register_id, drawer.session_id), payment.amount, cause)
    });
    let mut entries: Vec<_> = entry.into_iter().collect();
    let of = (document_kind, payment.id.0, payment.customer_id);
    entries.extend(open_item::difference_entries(book, of, later));
    let payment = Payment { session_id: drawer.map(|drawer| drawer.session_id), cash, ..payment };
    (payment, Posting { entries, ..Posting::default() })
}

fn check_amount(decimals: u32, amount: Money) -> Result<(), Refusal> {
    if amount.is_positive() && amount == Money::rounded_to(amount.get(), decimals) {
        return Ok(());
    }
    let detail = format!("The amount must be above zero and have at most {decimals} decimals.");
    Err(Refusal::invalid("/amount", detail))
}

/// Notes the fault of an amount. Its decimals are judged if its currency is known.
fn note_amount(book: &Book, currency: Option<&str>, amount: Money, faults: &mut Faults) {
    if let Some(decimals) = foreign::known_decimals(book, currency) {
        faults.take(check_amount(decimals, amount));
    } else if !amount.is_positive() {
        faults.invalid("/amount", AMOUNT_ABOVE_ZERO);
    }
}

/// Takes the parts of a payment off their invoices and off what is left of it.
fn allocate(book: &mut Book, named: &[NamedInvoice], left: &mut Open) -> Vec<Allocation> {
    let mut allocations = Vec::with_capacity(named.len());
    for NamedInvoice { invoice_id, amount } in named.iter().copied() {
        if let Some(invoice) = book.invoices.get_mut(&invoice_id) {
            let mut open = invoice.remaining();
            let used = Used::of(left, &mut open, amount, &book.setup.settings);
            invoice.keep(open);
            allocations.push(Allocation { invoice_id, used });
        }
    }
    allocations
}

fn check_allocations(
    book: &Book,
    command: &Receive,
    named: &[NamedInvoice],
    quote: Option<&Quote>,
) -> Result<Vec<NamedInvoice>, Refusal> {
    let mut problems = Problems::default();
    let decimals = foreign::decimals(book, quote);
    let left = check_named(book, command, named, Some(decimals), &mut problems);
    if left.is_negative() {
        let beyond = (-left).in_currency(decimals);
        problems.invalid("/allocations", format!("The allocations exceed the payment by {beyond}."));
    }
    problems.check()?;
    Ok(named.to_vec())
}

/// Adds the faults of each allocation without the others. Returns the payment less the allocations to known invoices. `decimals` is absent
/// if there is no such currency: an amount is not compared with its invoice then.
fn check_named(
    book: &Book,
    command: &Receive,
    named: &[NamedInvoice],
    decimals: Option<u32>,
    problems: &mut Problems,
) -> Money {
    let own = book.setup.settings.currency.as_str();
    let currency = command.currency.as_deref().filter(|currency| *currency != own);
    let mut left = command.amount;
    for (index, allocation) in named.iter().enumerate() {
        let pointer = format!("/allocations/{index}");
        let invoice = book.invoices.get(&allocation.invoice_id);
        let Some(invoice) = invoice.filter(|invoice| invoice.customer_id == command.customer_id) else {
            problems.add(
                format!("{pointer}/invoice_id"),
                Code::NotFound,
                "The customer has no such invoice.",
            );
            continue;
        };
        left -= allocation.amount;
        if named[..index].iter().any(|other| other.invoice_id == allocation.invoice_id) {
            problems.invalid(format!("{pointer}/invoice_id"), "Name each invoice once.");
            continue;
        }
        if !allocation.amount.is_positive() {
            problems.invalid(format!("{pointer}/amount"), AMOUNT_ABOVE_ZERO);
            continue;
        }
        let Some(decimals) = decimals else { continue };
        if let Err(detail) = open_item::check_currency(book, currency, invoice) {
            problems.invalid(format!("{pointer}/invoice_id"), detail);
        } else if allocation.amount != Money::rounded_to(allocation.amount.get(), decimals) {
            problems
                .invalid(format!("{pointer}/amount"), format!("An amount has at most {decimals} decimals."));
        } else if allocation.amount > invoice.remaining().stated() {
            let [open, amount] =
                [invoice.remaining().stated(), allocation.amount].map(|amount| amount.in_currency(decimals));
            let detail = format!("{open} of this invoice is open: {amount} can't be applied to it.");
            problems.invalid(format!("{pointer}/amount"), detail);
        }
    }
    left
}

fn due_first(book: &Book, command: &Receive, quote: Option<&Quote>) -> Vec<NamedInvoice> {
    let mut left = command.amount;
    let mut named = Vec::new();
    let currency = quote.map(|quote| quote.currency.as_str());
    for (invoice_id, open) in open_item::invoices_of(book, command.customer_id, currency) {
        if !left.is_positive() {
            break;
        }
        let amount = left.min(open.stated());
        named.push(NamedInvoice { invoice_id, amount });
        left -= amount;
    }
    named
}
