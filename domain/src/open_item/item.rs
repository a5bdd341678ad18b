//! Invoices and credits, and how much of one is applied to the other.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::exchange::{ForeignDocument, Open, Quote};
use crate::id::{CustomerId, InvoiceId, PaymentId};
use crate::number::Money;
use crate::tenant::Settings;

/// An invoice, with what an application needs.
#[derive(Debug, Clone)]
pub struct OpenInvoice {
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount still to be paid.
    pub open: Money,
    /// Its amounts in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignDocument>,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// The time at which it was made.
    pub occurred_at: DateTime<Utc>,
    /// The amount that rounding added to its total, less what its credit notes took back.
    pub rounding: Money,
}

impl OpenInvoice {
    /// Returns its own currency; none if that is the tenant's.
    pub(crate) fn currency(&self) -> Option<&str> {
        self.foreign.as_ref().map(|foreign| foreign.quote.currency.as_str())
    }

    /// Returns the amount still to be paid.
    pub(crate) fn remaining(&self) -> Open {
        Open { base: self.open, foreign: self.foreign.as_ref().map(|foreign| foreign.open) }
    }

    /// Sets the amount still to be paid.
    pub(crate) fn keep(&mut self, open: Open) {
        self.open = open.base;
        if let (Some(foreign), Some(open)) = (&mut self.foreign, open.foreign) {
            foreign.open = open;
        }
    }
}

/// A credit: something that can be applied to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CreditRef {
    /// A payment.
    Payment(PaymentId),
    /// A credit note.
    CreditNote(InvoiceId),
}

impl CreditRef {
    /// Returns the payment, if it is one.
    pub fn payment_id(self) -> Option<PaymentId> {
        match self {
            CreditRef::Payment(id) => Some(id),
            CreditRef::CreditNote(_) => None,
        }
    }

    /// Returns the credit note, if it is one.
    pub fn credit_note_id(self) -> Option<InvoiceId> {
        match self {
            CreditRef::Payment(_) => None,
            CreditRef::CreditNote(id) => Some(id),
        }
    }
}

/// A payment or credit note, with what an application needs.
#[derive(Debug, Clone)]
pub struct Credit {
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount that is not applied, from zero.
    pub left: Money,
    /// The same in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignCredit>,
    /// The time at which it was received or made.
    pub occurred_at: DateTime<Utc>,
    /// The amount that is applied to each invoice, if a command needs it.
    pub applied: BTreeMap<InvoiceId, Used>,
    /// The time of the last application to each invoice, if a command needs it.
    pub applied_at: BTreeMap<InvoiceId, DateTime<Utc>>,
    /// The amount that payouts and a reversal took of it, if a command needs it.
    pub paid_out: Money,
}

/// The part of a credit that is not applied, in the currency of the credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCredit {
    /// The currency and the rate of the credit.
    pub quote: Quote,
    /// The amount, from zero.
    pub left: Money,
}

impl Credit {
    /// Returns its own currency; none if that is the tenant's.
    pub(crate) fn currency(&self) -> Option<&str> {
        self.foreign.as_ref().map(|foreign| foreign.quote.currency.as_str())
    }

    /// Returns the amount that is not applied.
    pub(crate) fn remaining(&self) -> Open {
        Open { base: self.left, foreign: self.foreign.as_ref().map(|foreign| foreign.left) }
    }

    /// Returns the decimals of its currency.
    pub(crate) fn decimals(&self, settings: &Settings) -> u32 {
        self.foreign.as_ref().map_or(settings.exponent, |foreign| foreign.quote.decimals)
    }
}

/// A use of a credit for an invoice. The two may have been recorded at different rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// The amount taken off the invoice, in the tenant's currency.
    pub amount: Money,
    /// The amount taken off the credit, less that taken off the invoice: the exchange difference, above zero a gain.
    pub difference: Money,
    /// The amount taken off both in their own currency; none if that is the tenant's.
    pub foreign: Option<Money>,
}

impl Used {
    /// Takes an amount off a credit and an invoice. It is stated in their currency.
    pub(crate) fn of(credit: &mut Open, invoice: &mut Open, stated: Money, settings: &Settings) -> Self {
        let foreign = invoice.foreign.map(|_| stated);
        let amount = invoice.take(stated, settings);
        Used { amount, difference: credit.take(stated, settings) - amount, foreign }
    }

    /// Returns whether something is applied.
    pub(crate) fn is_positive(&self) -> bool {
        self.of_invoice().is_open()
    }

    /// Takes as much as possible off a credit and an invoice. If one of them has nothing in its own currency, that is what is open
    /// in the tenant's: a small part of a line may come to nothing in the other one. Returns nothing if there is nothing to take.
    pub(crate) fn of_most(credit: &mut Open, invoice: &mut Open, settings: &Settings) -> Option<Self> {
        let stated = credit.stated().min(invoice.stated());
        if stated.is_positive() {
            return Some(Used::of(credit, invoice, stated, settings));
        }
        let amount = credit.base.min(invoice.base);
        credit.base -= amount;
        invoice.base -= amount;
        let foreign = invoice.foreign.map(|_| Money::ZERO);
        amount.is_positive().then_some(Used { amount, difference: Money::ZERO, foreign })
    }

    /// Returns the opposite.
    pub(super) fn negative(self) -> Self {
        Used {
            amount: -self.amount,
            difference: -self.difference,
            foreign: self.foreign.map(|amount| -amount),
        }
    }

    /// Returns what is taken off the credit.
    pub(super) fn of_credit(self) -> Open {
        Open { base: self.amount + self.difference, foreign: self.foreign }
    }

    /// Returns what is taken off the invoice.
    pub(super) fn of_invoice(self) -> Open {
        Open { base: self.amount, foreign: self.foreign }
    }

    pub(super) fn include(&mut self, other: Used) {
        self.amount += other.amount;
        self.difference += other.difference;
        self.foreign = other.foreign.map(|amount| self.foreign.unwrap_or_default() + amount).or(self.foreign);
    }
}

/// A change of what is applied of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The payment or credit note.
    pub credit: CreditRef,
    /// The invoice. None if the document itself takes the amount: a payout or a reversal.
    pub invoice_id: Option<InvoiceId>,
    /// The amount that is taken off the invoice; negative if it is taken back.
    pub amount: Money,
    /// The amount taken off the credit, less that taken off the invoice: the exchange difference, above zero a gain.
    pub difference: Money,
    /// The amount taken off both in their own currency; none if that is the tenant's.
    pub foreign: Option<Money>,
}

impl Applied {
    /// Returns a change of what is applied of a credit to an invoice, or of what the document itself takes.
    pub(crate) fn new(credit: CreditRef, invoice_id: Option<InvoiceId>, used: Used) -> Self {
        let Used { amount, difference, foreign } = used;
        Applied { credit, invoice_id, amount, difference, foreign }
    }

    /// Returns the opposite change.
    pub(crate) fn negative(&self) -> Self {
        Applied::new(self.credit, self.invoice_id, self.used().negative())
    }

    /// Returns the amount in the currency of the credit.
    pub fn stated(&self) -> Money {
        self.foreign.unwrap_or(self.amount)
    }

    /// Returns what it takes off.
    pub fn used(&self) -> Used {
        Used { amount: self.amount, difference: self.difference, foreign: self.foreign }
    }
}
