//! The register of vouchers and store credit. Its balances are the account *store credit and vouchers*.
//!
//! A voucher is found by its code. It is issued for money, against an account, or by a refund. Tenders redeem it, and never
//! more than its balance: its row is locked.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::book::Book;
use crate::document::DocumentKind;
use crate::id::{CustomerId, VoucherId};
use crate::number::Money;
use crate::refusal::{Code, Problem};
use crate::text_enum;

text_enum! {
    /// Whether a voucher can be redeemed.
    pub enum VoucherStatus {
        /// It can be redeemed.
        Open,
        /// It can't be redeemed. It has the balance that the account had before there was a register.
        Closed,
    }
}

/// A voucher or store credit.
#[derive(Debug, Clone)]
pub struct Voucher {
    /// Its id.
    pub id: VoucherId,
    /// Its code, unique in the tenant.
    pub code: String,
    /// Whether it can be redeemed.
    pub status: VoucherStatus,
    /// The customer, if it belongs to one.
    pub customer_id: Option<CustomerId>,
    /// The amount that was issued.
    pub issued: Money,
    /// The amount that was redeemed and not given back.
    pub redeemed: Money,
    /// The last day on which it can be redeemed.
    pub expires_on: Option<NaiveDate>,
    /// Whether a forced sale redeemed more than its balance.
    pub forced: bool,
}

impl Voucher {
    /// Returns what can still be redeemed; negative if a forced sale redeemed more.
    pub fn balance(&self) -> Money {
        self.issued - self.redeemed
    }
}

/// A change of the balance of a voucher by a document.
#[derive(Debug, Clone)]
pub struct VoucherMove {
    /// The voucher.
    pub voucher_id: VoucherId,
    /// The document: the voucher itself when it is issued, a sale or a refund.
    pub document: (DocumentKind, Uuid),
    /// The amount; negative if it was redeemed.
    pub amount: Money,
    /// The time at which it happened.
    pub occurred_at: DateTime<Utc>,
}

/// A tender that redeems a voucher.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// The code.
    pub code: &'a str,
    /// The amount, above zero.
    pub amount: Money,
}

/// Checks that a voucher can be redeemed on a day. `pointer` is that of the tender, `amount` the sum of all tenders with the
/// code.
pub(crate) fn check(
    book: &Book,
    redemption: Redemption<'_>,
    on: NaiveDate,
    pointer: &str,
) -> Result<(), Problem> {
    let Redemption { code, amount } = redemption;
    let problem = |field: &str, code: Code, detail: String| Problem {
        pointer: format!("{pointer}/{field}"),
        code,
        detail,
        params: Vec::new(),
    };
    let known = book.vouchers.get(code).filter(|voucher| voucher.status == VoucherStatus::Open);
    let Some(voucher) = known else {
        let detail = format!("There is no voucher with the code {code}.");
        return Err(problem("reference", Code::NotFound, detail));
    };
    if let Some(last) = voucher.expires_on.filter(|last| *last < on) {
        let detail = format!("The voucher {code} could be redeemed until {last}.");
        return Err(problem("reference", Code::InvalidStateTransition, detail));
    }
    let balance = voucher.balance();
    if amount > balance {
        let detail = format!("The voucher {code} has {balance} left: it can't pay {amount}.");
        let params = vec![("requested", amount.to_string()), ("available", balance.to_string())];
        return Err(Problem { params, ..problem("amount", Code::InsufficientBalance, detail) });
    }
    Ok(())
}

/// Redeems a voucher. One that does not exist, which only a forced sale may redeem, is written down with what it paid. Returns
/// the change, and whether it took the balance below zero.
pub(crate) fn redeem(
    book: &mut Book,
    redemption: Redemption<'_>,
    document: (DocumentKind, Uuid),
    occurred_at: DateTime<Utc>,
) -> (VoucherMove, bool) {
    let Redemption { code, amount } = redemption;
    let id = VoucherId(book.ids.next_id());
    let voucher = book.vouchers.entry(code.to_owned()).or_insert_with(|| unissued(id, code));
    voucher.redeemed += amount;
    let is_short = voucher.balance().is_negative();
    voucher.forced |= is_short;
    (VoucherMove { voucher_id: voucher.id, document, amount: -amount, occurred_at }, is_short)
}

/// Gives an amount back into a voucher: what was redeemed of it first. A code that is not in the register becomes store
/// credit.
pub(crate) fn give_back(
    book: &mut Book,
    Redemption { code, amount }: Redemption<'_>,
    customer_id: Option<CustomerId>,
    document: (DocumentKind, Uuid),
    occurred_at: DateTime<Utc>,
) -> VoucherMove {
    let id = VoucherId(book.ids.next_id());
    let voucher =
        book.vouchers.entry(code.to_owned()).or_insert_with(|| Voucher { customer_id, ..unissued(id, code) });
    let redeemed = amount.min(voucher.redeemed.max(Money::ZERO));
    voucher.redeemed -= redeemed;
    voucher.issued += amount - redeemed;
    voucher.forced &= voucher.balance().is_negative();
    VoucherMove { voucher_id: voucher.id, document, amount, occurred_at }
}

fn unissued(id: VoucherId, code: &str) -> Voucher {
    Voucher {
        id,
        code: code.to_owned(),
        status: VoucherStatus::Open,
        customer_id: None,
        issued: Money::ZERO,
        redeemed: Money::ZERO,
        expires_on: None,
        forced: false,
    }
}
