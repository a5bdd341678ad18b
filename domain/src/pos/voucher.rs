//! Vouchers as tenders of sales and refunds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::exception::{ExceptionReason, SaleException};
use super::{Sale, SaleKind, Tender, TenderInput, TenderKind};
use crate::book::{Book, Posting};
use crate::id::SaleId;
use crate::moment;
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Problems, Refusal};
use crate::voucher::{self, Redemption, Voucher};

/// Adds the vouchers that tenders name.
pub(super) fn need(needs: &mut Needs, inputs: &[TenderInput]) {
    let vouchers = inputs.iter().filter(|input| input.kind == TenderKind::Voucher);
    needs.voucher_codes.extend(vouchers.filter_map(|input| input.reference.clone()));
}

/// Rejects a voucher without a code, one that does not exist, was issued later or has expired, and more than its balance. The
/// goods of a forced sale have left with the voucher's money, so only its code must be there.
pub(super) fn check(
    book: &Book,
    inputs: &[TenderInput],
    tenders: &[Tender],
    (at, forced): (DateTime<Utc>, bool),
) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let paid = by_code(tenders);
    let vouchers = inputs.iter().enumerate().filter(|(_, input)| input.kind == TenderKind::Voucher);
    let mut seen: Vec<&str> = Vec::new();
    for (index, input) in vouchers {
        let pointer = format!("/tenders/{index}");
        let Some(code) = input.reference.as_deref() else {
            problems.invalid(format!("{pointer}/reference"), "A voucher pays with its code.");
            continue;
        };
        if forced || seen.contains(&code) {
            continue;
        }
        seen.push(code);
        let amount = paid.get(code).copied().unwrap_or(Money::ZERO);
        if let Err(problem) = voucher::check(book, Redemption { code, amount }, at, &pointer) {
            problems.push(problem);
        }
    }
    problems.check()
}

/// Returns the vouchers of which a forced sale redeems more than they could pay at its time.
pub(super) fn overdrawn(book: &Book, tenders: &[Tender], at: DateTime<Utc>) -> Vec<SaleException> {
    let paid = by_code(tenders).into_iter();
    paid.filter_map(|(code, amount)| {
        let known = book.vouchers.get(code);
        let balance = known.map_or(Money::ZERO, |voucher| voucher.available(at, book.now));
        let detail = if known.is_none_or(Voucher::is_unissued) {
            format!(
                "The voucher {code} is not issued, and it paid {amount}: issue it with POST /v1/vouchers."
            )
        } else {
            format!("The voucher {code} had {balance} left at {}, and paid {amount}.", moment::text(at))
        };
        let overdrawn = SaleException::new(ExceptionReason::VoucherOverdrawn, detail);
        (amount > balance).then(|| overdrawn.with(Some(balance), amount))
    })
    .collect()
}

/// Names every voucher of a refund that has no code by the id of the refund.
pub(super) fn name(tenders: &mut [Tender], id: SaleId) {
    let vouchers = tenders.iter_mut().filter(|tender| tender.kind == TenderKind::Voucher);
    for tender in vouchers.filter(|tender| tender.reference.is_none()) {
        tender.reference = Some(id.to_string());
    }
}

/// Redeems the vouchers that paid a sale. Gives back into those that a refund pays back.
pub(super) fn post(book: &mut Book, sale: &Sale, posting: &mut Posting) {
    let document = (sale.kind.into(), sale.id.0);
    for (code, amount) in by_code(&sale.tenders) {
        match sale.kind {
            SaleKind::Refund => {
                let back = Redemption { code, amount: -amount };
                let change = voucher::give_back(book, back, sale.customer_id, document, sale.occurred_at);
                posting.voucher_moves.push(change);
            }
            SaleKind::Sale => {
                let redemption = Redemption { code, amount };
                let (change, is_short) = voucher::redeem(book, redemption, document, sale.occurred_at);
                posting.voucher_moves.push(change);
                posting.overdrawn |= is_short;
            }
        }
    }
}

/// Returns the sum that each voucher paid. No sum is zero.
fn by_code(tenders: &[Tender]) -> BTreeMap<&str, Money> {
    let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
    for tender in tenders.iter().filter(|tender| tender.kind == TenderKind::Voucher) {
        *sums.entry(tender.reference.as_deref().unwrap_or_default()).or_default() += tender.amount;
    }
    sums.retain(|_, amount| !amount.is_zero());
    sums
}
