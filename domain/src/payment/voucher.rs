//! Vouchers are issued for money, or against an account.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Drawer, PaymentMethod, check_amount};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CustomerId, RegisterId, VoucherId};
use crate::ledger::control::{self, Use};
use crate::ledger::{Dimensions, Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::open_item;
use crate::pos::{self, CashMove};
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::voucher::{Voucher, VoucherMove, unissued};

/// Detail of a voucher that names neither a method nor an account, or both.
pub const NAME_PAID: &str = "Name either the method by which it was paid for, or an account.";

/// A voucher to issue.
#[derive(Debug, Clone)]
pub struct IssueVoucher {
    /// The id of the voucher, if the caller chose one.
    pub id: Option<VoucherId>,
    /// Its code.
    pub code: String,
    /// The amount, above zero.
    pub amount: Money,
    /// The customer, if it belongs to one.
    pub customer_id: Option<CustomerId>,
    /// The last day on which it can be redeemed.
    pub expires_on: Option<NaiveDate>,
    /// The other side: money or an account.
    pub paid: VoucherPaid,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// The other side of a voucher that is issued.
#[derive(Debug, Clone)]
pub enum VoucherPaid {
    /// It was paid for; in cash at a till.
    By(PaymentMethod, Option<RegisterId>),
    /// No money came for it: it is charged to this account.
    Account(String),
    /// It names neither a method nor an account, or both. It is rejected.
    Unclear {
        /// The method that it names.
        method: Option<PaymentMethod>,
        /// The till that it names.
        register_id: Option<RegisterId>,
        /// The account that it names.
        account: Option<String>,
    },
}

impl IssueVoucher {
    /// Returns the till into whose drawer the cash goes, if it was paid for in cash.
    pub fn register_id(&self) -> Option<RegisterId> {
        match self.paid {
            VoucherPaid::By(_, register_id) | VoucherPaid::Unclear { register_id, .. } => register_id,
            VoucherPaid::Account(_) => None,
        }
    }
}

/// A voucher that was issued.
#[derive(Debug, Clone)]
pub struct IssuedVoucher {
    /// The voucher.
    pub voucher: Voucher,
    /// The method by which it was paid for. None if it was charged to an account.
    pub method: Option<PaymentMethod>,
    /// The cash that it moved.
    pub cash: Option<CashMove>,
    /// The time at which it was issued.
    pub occurred_at: DateTime<Utc>,
    /// The time at which that was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Rule for IssueVoucher {
    fn name(&self) -> &'static str {
        "voucher.issued"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.voucher_codes.insert(self.code.clone());
        needs.voucher_ids.extend(self.id);
        needs.customer_ids.extend(self.customer_id);
        needs.register_ids.extend(self.register_id());
        match &self.paid {
            VoucherPaid::By(..) => {}
            VoucherPaid::Account(code) => _ = needs.accounts.insert(code.clone()),
            VoucherPaid::Unclear { account, .. } => needs.accounts.extend(account.clone()),
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let at = faults.take(book.occurred_at(self.occurred_at));
        faults.take(check_amount(book.setup.settings.exponent, self.amount));
        if let Some(id) = self.customer_id {
            faults.take(open_item::require_customer(book, id));
        }
        faults.take(redeemed_before(book, self));
        if let Some(at) = at {
            faults.take(check_expiry(book, self, at));
        }
        match &self.paid {
            VoucherPaid::By(method, register_id) => _ = faults.take(Drawer::of(book, *method, *register_id)),
            VoucherPaid::Account(code) => _ = faults.take(check_account(book, code)),
            VoucherPaid::Unclear { method, register_id, account } => {
                faults.invalid("/method", NAME_PAID);
                if method.is_some() || register_id.is_some() {
                    faults.take(Drawer::of(book, method.unwrap_or(PaymentMethod::Cash), *register_id));
                }
                if let Some(code) = account {
                    faults.take(check_account(book, code));
                }
            }
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        issue(book, self).map(|(issued, posting)| (Outcome::Voucher(Box::new(issued)), posting))
    }
}

fn issue(book: &mut Book, command: &IssueVoucher) -> Result<(IssuedVoucher, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    check_amount(book.setup.settings.exponent, command.amount)?;
    if let Some(id) = command.customer_id {
        open_item::require_customer(book, id)?;
    }
    let redeemed = redeemed_before(book, command)?;
    check_expiry(book, command, occurred_at)?;
    let (method, drawer, debited) = match &command.paid {
        VoucherPaid::By(method, register_id) => {
            (Some(*method), Drawer::of(book, *method, *register_id)?, method.account().to_owned())
        }
        VoucherPaid::Account(code) => (None, None, check_account(book, code)?),
        VoucherPaid::Unclear { .. } => return Err(Refusal::invalid("/method", NAME_PAID)),
    };

    // Nothing rejects the command from here on.
    let known = match redeemed {
        Some(known) => known,
        None => {
            let id = command.id.unwrap_or_else(|| VoucherId(book.ids.next_id()));
            unissued(id, &command.code, book.now)
        }
    };
    let id = known.id;
    let mut voucher = Voucher {
        customer_id: command.customer_id,
        issued: command.amount,
        expires_on: command.expires_on,
        ..known
    };
    voucher.forced = voucher.balance().is_negative();
    voucher.note(occurred_at, command.amount);
    book.vouchers.insert(voucher.clone());
    let document = (DocumentKind::Voucher, id.0);
    let place = Dimensions { location_id: drawer.map(|drawer| drawer.location_id), ..Dimensions::default() };
    let mut entry = Lines::default();
    entry.debit(debited, command.amount, place);
    entry.credit(account::STORE_CREDIT, command.amount, place);
    let head = book.entry_head(document.0, document.1, occurred_at);
    let entry = entry.into_entry(head).expect("both sides are the same amount");
    let cash = drawer.map(|drawer| {
        let cause = (document.0, document.1, "Voucher");
        pos::cash_of_document(book, (drawer.register_id, drawer.session_id), command.amount, cause)
    });
    let change = VoucherMove { voucher_id: id, document, amount: command.amount, occurred_at };
    let posting =
        Posting { entries: entry.into_iter().collect(), voucher_moves: vec![change], ..Posting::default() };
    Ok((IssuedVoucher { voucher, method, cash, occurred_at, recorded_at: book.now }, posting))
}

/// Rejects a voucher that expires before the day on which it is issued.
fn check_expiry(book: &Book, command: &IssueVoucher, occurred_at: DateTime<Utc>) -> Result<(), Refusal> {
    if command.expires_on.is_some_and(|last| last < book.setup.settings.day(occurred_at)) {
        return Err(Refusal::invalid("/expires_on", "The voucher would have expired before it is issued."));
    }
    Ok(())
}

/// Returns the voucher that a forced sale redeemed before it was issued; none if the code is new. Rejects a code that was issued, and
/// the id of a voucher with another code.
fn redeemed_before(book: &Book, command: &IssueVoucher) -> Result<Option<Voucher>, Refusal> {
    let known_code = command.id.and_then(|id| book.vouchers.code_of(id));
    if known_code.is_some_and(|code| code != command.code) {
        let detail = "A voucher with this id exists: use another id, or none to get a new one.";
        return Err(Problems::one("/id", Code::AlreadyExists, detail));
    }
    let Some(known) = book.vouchers.get(&command.code) else { return Ok(None) };
    if !known.is_unissued() {
        let detail = "A voucher with this code exists: use another code, or none to get a new one.";
        return Err(Problems::one("/code", Code::AlreadyExists, detail));
    }
    if command.id.is_some_and(|id| id != known.id) {
        let detail =
            format!("A forced sale has redeemed this code, and its voucher is {}: leave id out.", known.id);
        return Err(Problems::one("/id", Code::AlreadyExists, detail));
    }
    Ok(Some(known.clone()))
}

/// Returns an account that a voucher can be charged to.
fn check_account(book: &Book, code: &str) -> Result<String, Refusal> {
    if !book.setup.accounts.iter().any(|known| known == code) {
        return Err(Problems::one("/account", Code::NotFound, format!("There is no account {code}.")));
    }
    control::check(code, book.setup.facts(code), Use::Voucher)
        .map_err(|detail| Refusal::invalid("/account", detail))?;
    Ok(code.to_owned())
}
