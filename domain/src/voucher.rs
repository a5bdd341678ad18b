//! The register of vouchers and store credit. Its balances are the account *store credit and vouchers*.
//!
//! A voucher is found by its code. It is issued for money, against an account, or by a refund. Tenders redeem it, and never
//! more than its balance: its row is locked.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::book::Book;
use crate::document::DocumentKind;
use crate::id::{CustomerId, VoucherId};
use crate::moment;
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
    /// The changes of its balance, each with its time, if a command names a time.
    pub changes: Vec<(DateTime<Utc>, Money)>,
    /// The version. It grows with each change of the balance.
    pub version: i32,
    /// The time at which it was first recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Voucher {
    /// Returns what can still be redeemed; negative if a forced sale redeemed more.
    pub fn balance(&self) -> Money {
        self.issued - self.redeemed
    }

    /// Returns whether it is not issued yet: a forced sale redeemed its code.
    pub(crate) fn is_unissued(&self) -> bool {
        self.status == VoucherStatus::Open && self.issued.is_zero()
    }

    /// Returns what could be redeemed at a time: the least balance from that time on. More would leave a later balance below
    /// zero.
    pub(crate) fn available(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> Money {
        let balance = self.balance();
        if at >= now {
            // The clock of another server may be ahead of ours.
            return balance;
        }
        let mut later: Vec<_> = self.changes.iter().filter(|(time, _)| *time > at).copied().collect();
        // Backwards in time. Changes of one time are one change: what was redeemed comes first, so no sum between is the least.
        later.sort_unstable_by_key(|(time, amount)| (Reverse(*time), *amount));
        let before = later.iter().scan(balance, |left, (_, amount)| {
            *left -= *amount;
            Some(*left)
        });
        before.fold(balance, Ord::min)
    }

    /// Returns the time at which it was issued, if that is later than `at`.
    fn issued_after(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let issues = self.changes.iter().filter(|(_, amount)| amount.is_positive());
        issues.map(|(time, _)| *time).min().filter(|first| at < now && *first > at)
    }

    /// Notes a change of the balance.
    pub(crate) fn note(&mut self, occurred_at: DateTime<Utc>, amount: Money) {
        self.changes.push((occurred_at, amount));
        self.version += 1;
    }
}

/// The vouchers that a batch names. Each is found by its code and by its id.
#[derive(Debug, Clone, Default)]
pub struct Vouchers {
    by_code: HashMap<String, Voucher>,
    codes: HashMap<VoucherId, String>,
}

impl Vouchers {
    /// Returns the voucher with a code.
    pub fn get(&self, code: &str) -> Option<&Voucher> {
        self.by_code.get(code)
    }

    /// Returns the code of the voucher with an id.
    pub(crate) fn code_of(&self, id: VoucherId) -> Option<&str> {
        self.codes.get(&id).map(String::as_str)
    }

    /// Returns all vouchers, in no particular order.
    pub fn values(&self) -> impl Iterator<Item = &Voucher> {
        self.by_code.values()
    }

    /// Puts a voucher in the place of the one with its code.
    pub(crate) fn insert(&mut self, voucher: Voucher) {
        let (id, code) = (voucher.id, voucher.code.clone());
        let before = self.by_code.insert(code.clone(), voucher);
        if let Some(before) = before {
            self.codes.remove(&before.id);
        }
        self.codes.insert(id, code);
    }

    /// Returns the voucher with a code, after inserting a new one if there is none.
    fn get_or_insert(&mut self, code: &str, new: impl FnOnce() -> Voucher) -> &mut Voucher {
        let Vouchers { by_code, codes } = self;
        by_code.entry(code.to_owned()).or_insert_with(|| {
            let voucher = new();
            codes.insert(voucher.id, code.to_owned());
            voucher
        })
    }

    /// Removes the voucher with an id.
    pub(crate) fn forget(&mut self, id: VoucherId) {
        if let Some(code) = self.codes.remove(&id) {
            self.by_code.remove(&code);
        }
    }
}

impl FromIterator<Voucher> for Vouchers {
    fn from_iter<I: IntoIterator<Item = Voucher>>(vouchers: I) -> Self {
        let mut found = Vouchers::default();
        vouchers.into_iter().for_each(|voucher| found.insert(voucher));
        found
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

/// Checks that a voucher can be redeemed at a time. `pointer` is that of the tender, `amount` the sum of all tenders with the
/// code.
pub(crate) fn check(
    book: &Book,
    redemption: Redemption<'_>,
    at: DateTime<Utc>,
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
    if let Some(first) = voucher.issued_after(at, book.now) {
        let detail = format!(
            "The voucher {code} was issued at {}: it can't pay before that time.",
            moment::text(first)
        );
        return Err(problem("reference", Code::ValidationFailed, detail));
    }
    let on = book.setup.settings.day(at);
    if let Some(last) = voucher.expires_on.filter(|last| *last < on) {
        let detail = format!("The voucher {code} could be redeemed until {last}.");
        return Err(problem("reference", Code::InvalidStateTransition, detail));
    }
    let available = voucher.available(at, book.now);
    if amount > available {
        let balance = voucher.balance();
        let detail = if amount > balance {
            format!("The voucher {code} has {balance} left: it can't pay {amount}.")
        } else {
            let at = moment::text(at);
            format!("The voucher {code} can pay {available} at {at}: it can't pay {amount}.")
        };
        let available = available.max(Money::ZERO).min(balance);
        let params = vec![("requested", amount.to_string()), ("available", available.to_string())];
        return Err(Problem { params, ..problem("amount", Code::InsufficientBalance, detail) });
    }
    Ok(())
}

/// Redeems a voucher. One that does not exist, which only a forced sale may redeem, is written down with what it paid. Returns
/// the change, and whether it took the balance of that time or a later one below zero.
pub(crate) fn redeem(
    book: &mut Book,
    redemption: Redemption<'_>,
    document: (DocumentKind, Uuid),
    occurred_at: DateTime<Utc>,
) -> (VoucherMove, bool) {
    let Redemption { code, amount } = redemption;
    assert!(!amount.is_negative(), "a redemption raises no balance");
    let (id, now) = (VoucherId(book.ids.next_id()), book.now);
    let voucher = book.vouchers.get_or_insert(code, || unissued(id, code, now));
    let is_short = amount > voucher.available(occurred_at, now);
    voucher.redeemed += amount;
    voucher.forced |= voucher.balance().is_negative();
    voucher.note(occurred_at, -amount);
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
    assert!(!amount.is_negative(), "a voucher gets an amount back");
    let (id, now) = (VoucherId(book.ids.next_id()), book.now);
    let new = || Voucher { customer_id, ..unissued(id, code, now) };
    let voucher = book.vouchers.get_or_insert(code, new);
    let redeemed = amount.min(voucher.redeemed.max(Money::ZERO));
    voucher.redeemed -= redeemed;
    voucher.issued += amount - redeemed;
    voucher.forced &= voucher.balance().is_negative();
    voucher.note(occurred_at, amount);
    VoucherMove { voucher_id: voucher.id, document, amount, occurred_at }
}

/// Returns a voucher that is not issued yet.
pub(crate) fn unissued(id: VoucherId, code: &str, now: DateTime<Utc>) -> Voucher {
    Voucher {
        id,
        code: code.to_owned(),
        status: VoucherStatus::Open,
        customer_id: None,
        issued: Money::ZERO,
        redeemed: Money::ZERO,
        expires_on: None,
        forced: false,
        changes: Vec::new(),
        version: 0,
        recorded_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voucher_is_found_by_its_code_and_by_its_id() {
        let [one, two, three] = [1, 2, 3].map(|number| VoucherId(Uuid::from_u128(number)));
        let new = |id, code| unissued(id, code, DateTime::UNIX_EPOCH);
        let mut vouchers: Vouchers = [new(one, "SPRING"), new(two, "SUMMER")].into_iter().collect();
        assert_eq!([one, two, three].map(|id| vouchers.code_of(id)), [Some("SPRING"), Some("SUMMER"), None]);
        assert_eq!(vouchers.get_or_insert("SPRING", || new(three, "SPRING")).id, one);
        assert_eq!(vouchers.get_or_insert("AUTUMN", || new(three, "AUTUMN")).id, three);
        assert_eq!(vouchers.code_of(three), Some("AUTUMN"));
        let issued: Money = "10".parse().expect("an amount");
        vouchers.insert(Voucher { issued, ..new(one, "SPRING") });
        assert_eq!(vouchers.get("SPRING").map(|voucher| voucher.issued), Some(issued));
        assert_eq!(vouchers.code_of(one), Some("SPRING"));
        vouchers.forget(two);
        assert!(vouchers.get("SUMMER").is_none() && vouchers.code_of(two).is_none());
        assert_eq!(vouchers.values().count(), 2);
    }
}
