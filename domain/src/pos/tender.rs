//! Tenders: the payments of a sale or refund.

use serde::Serialize;

use crate::id::PaymentIntentId;
use crate::ledger::account;
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};
use crate::tenant::Settings;
use crate::text_enum;

/// The most tenders of a sale.
pub const TENDERS_MAX: usize = 10;

text_enum! {
    /// A means of payment.
    pub enum TenderKind {
        /// Notes and coins.
        Cash,
        /// A card. Only the processor's reference is stored.
        Card,
        /// A voucher or store credit.
        Voucher,
    }
}

impl TenderKind {
    /// Returns the account that it moves.
    pub fn account(self) -> &'static str {
        match self {
            TenderKind::Cash => account::CASH,
            TenderKind::Card => account::CARD_CLEARING,
            TenderKind::Voucher => account::STORE_CREDIT,
        }
    }
}

/// A tender as a caller names it.
#[derive(Debug, Clone)]
pub struct TenderInput {
    /// Its kind.
    pub kind: TenderKind,
    /// The amount. If absent, what is left to pay.
    pub amount: Option<Money>,
    /// The processor's reference, or the voucher's code.
    pub reference: Option<String>,
    /// The payment on a card terminal that it is.
    pub payment_intent_id: Option<PaymentIntentId>,
}

/// A tender.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TenderOut)]
pub struct Tender {
    /// Means of payment.
    pub kind: TenderKind,
    /// Amount that it paid, less the change.
    pub amount: Money,
    /// Cash handed over.
    pub tendered: Option<Money>,
    /// Change given back.
    pub change: Option<Money>,
    /// Reference of the processor, or code of the voucher.
    #[schema(max_length = 100, example = "auth-004211")]
    pub reference: Option<String>,
    /// Payment on a card terminal. Null: the tender names none.
    #[schema(example = json!(null))]
    pub payment_intent_id: Option<PaymentIntentId>,
}

/// Rejects too many tenders, more than one without an amount, and amounts that are not above zero or have more decimals than
/// the currency.
pub fn check(inputs: &[TenderInput], settings: &Settings) -> Result<(), Refusal> {
    let mut problems = find_misshapen(inputs);
    for (index, input) in inputs.iter().take(TENDERS_MAX).enumerate() {
        let amount = input.amount.unwrap_or(Money::ZERO);
        if amount.is_positive() && amount != settings.money(amount.get()) {
            let detail = format!("An amount has at most {} decimals.", settings.exponent);
            problems.invalid(format!("/tenders/{index}/amount"), detail);
        }
    }
    problems.check()
}

/// Rejects too many tenders, more than one without an amount, and amounts that are not above zero.
pub(super) fn check_shape(inputs: &[TenderInput]) -> Result<(), Refusal> {
    find_misshapen(inputs).check()
}

fn find_misshapen(inputs: &[TenderInput]) -> Problems {
    let mut problems = Problems::default();
    if inputs.len() > TENDERS_MAX {
        problems.invalid("/tenders", format!("A sale has at most {TENDERS_MAX} tenders."));
    } else if inputs.iter().filter(|input| input.amount.is_none()).count() > 1 {
        problems.invalid("/tenders", "Only one tender may leave its amount out.");
    }
    for (index, input) in inputs.iter().take(TENDERS_MAX).enumerate() {
        if input.amount.is_some_and(|amount| !amount.is_positive()) {
            let detail = "The amount of a tender must be above zero.";
            problems.invalid(format!("/tenders/{index}/amount"), detail);
        }
    }
    problems
}

/// Settles `total` with tenders. Cards and vouchers pay their amounts, and never more than is due. Cash pays
/// the rest, rounded to a multiple of `coin`, and gives change. Returns the tenders, and the amount that
/// rounding added.
pub fn settle(total: Money, inputs: &[TenderInput], coin: Money) -> Result<(Vec<Tender>, Money), Refusal> {
    check_shape(inputs)?;
    let named = |cash: bool| -> Money {
        inputs
            .iter()
            .filter(|input| (input.kind == TenderKind::Cash) == cash)
            .filter_map(|input| input.amount)
            .sum()
    };
    let has_cash = inputs.iter().any(|input| input.kind == TenderKind::Cash);
    let open = inputs.iter().position(|input| input.amount.is_none());
    let is_open = |cash: bool| open.is_some_and(|at| (inputs[at].kind == TenderKind::Cash) == cash);
    let other = if is_open(false) { total - named(true) } else { named(false) };
    if is_open(false) && other < named(false) {
        return Err(nothing_left(total, open));
    }
    if other > total {
        let detail = format!(
            "Card and voucher come to {other}, more than the total of {total}. Only cash gives change."
        );
        return Err(Problems::one("/tenders", Code::TenderMismatch, detail));
    }
    let due = total - other;
    let due_in_cash = if has_cash { to_coins(due, coin) } else { due };
    if is_open(true) && due_in_cash < named(true) {
        return Err(nothing_left(total, open));
    }
    let cash = if is_open(true) { due_in_cash } else { named(true) };
    if cash < due_in_cash {
        let detail = format!("The tenders come to {}, the total to {}.", other + cash, other + due_in_cash);
        return Err(Problems::one("/tenders", Code::TenderMismatch, detail));
    }
    let mut change = cash - due_in_cash;
    let mut tenders = Vec::with_capacity(inputs.len());
    for input in inputs {
        let open =
            if input.kind == TenderKind::Cash { due_in_cash - named(true) } else { other - named(false) };
        let handed = input.amount.unwrap_or(open);
        let back = if input.kind == TenderKind::Cash { change.min(handed) } else { Money::ZERO };
        change -= back;
        let is_cash = input.kind == TenderKind::Cash;
        tenders.push(Tender {
            kind: input.kind,
            amount: handed - back,
            tendered: is_cash.then_some(handed),
            change: is_cash.then_some(back),
            reference: input.reference.clone(),
            payment_intent_id: input.payment_intent_id,
        });
    }
    tenders.retain(|tender| !tender.amount.is_zero() || tender.tendered.is_some_and(Money::is_positive));
    Ok((tenders, due_in_cash - due))
}

/// Returns the refusal of named amounts that exceed the total, so that nothing is left for the tender without an amount.
fn nothing_left(total: Money, open: Option<usize>) -> Refusal {
    let pointer = open.map_or_else(|| "/tenders".to_owned(), |at| format!("/tenders/{at}"));
    let detail = format!(
        "The other tenders exceed the total of {total}, so nothing is left for this one: leave it out."
    );
    Problems::one(pointer, Code::TenderMismatch, detail)
}

/// Settles a sale that has happened. `stated` is the total of its receipt, before or after the rounding of cash. Tenders that
/// don't fit are taken as they are: they say what was in the drawer. Returns the tenders, and what they add to `total`.
pub(super) fn settle_forced(
    total: Money,
    stated: Option<Money>,
    inputs: &[TenderInput],
    coin: Money,
) -> Result<(Vec<Tender>, Money), Refusal> {
    let settled = match stated {
        Some(stated) if pays_exactly(stated, inputs) => settle(stated, inputs, Money::ZERO),
        Some(stated) => settle(stated, inputs, coin),
        None => settle(total, inputs, coin),
    };
    let tenders = match settled {
        Ok((tenders, _)) => tenders,
        Err(refusal) => as_named(refusal, inputs)?,
    };
    let paid: Money = tenders.iter().map(|tender| tender.amount).sum();
    Ok((tenders, paid - total))
}

/// Returns whether the named amounts come to the total, so that there was no change.
fn pays_exactly(total: Money, inputs: &[TenderInput]) -> bool {
    let named: Option<Money> = inputs.iter().map(|input| input.amount).sum();
    named == Some(total)
}

/// Returns what a sale that has happened came to, if that is not `total` or `total` rounded to coins: the total that its
/// receipt states, or what was paid, if the tenders don't fit.
pub(super) fn whole(
    total: Money,
    stated: Option<Money>,
    inputs: &[TenderInput],
    coin: Money,
) -> Result<Option<Money>, Refusal> {
    let in_cash = inputs.iter().any(|input| input.kind == TenderKind::Cash);
    let settled = settle(total, inputs, coin);
    // Where a card pays a part, only the rest is rounded.
    let rounded = settled.as_ref().ok().map(|(_, rounding)| total + *rounding);
    let fits = |amount: &Money| {
        *amount == total || (in_cash && *amount == to_coins(total, coin)) || Some(*amount) == rounded
    };
    if stated.is_some() {
        return Ok(stated.filter(|amount| !fits(amount)));
    }
    match settled {
        Ok(_) => Ok(None),
        Err(refusal) => {
            let paid: Money = as_named(refusal, inputs)?.iter().map(|tender| tender.amount).sum();
            Ok(Some(paid).filter(|amount| !fits(amount)))
        }
    }
}

/// Returns tenders that don't fit the total as they are named. Without any, it is not known what was in the drawer.
fn as_named(refusal: Refusal, inputs: &[TenderInput]) -> Result<Vec<Tender>, Refusal> {
    if refusal.code != Code::TenderMismatch || inputs.is_empty() {
        return Err(refusal);
    }
    let tender = |input: &TenderInput| {
        let is_cash = input.kind == TenderKind::Cash;
        input.amount.map(|amount| Tender {
            kind: input.kind,
            amount,
            tendered: is_cash.then_some(amount),
            change: is_cash.then_some(Money::ZERO),
            reference: input.reference.clone(),
            payment_intent_id: input.payment_intent_id,
        })
    };
    Ok(inputs.iter().filter_map(tender).collect())
}

/// Rounds `amount` to a multiple of the smallest coin.
pub(super) fn to_coins(amount: Money, coin: Money) -> Money {
    if coin.is_zero() {
        return amount;
    }
    amount.rounded_to_multiple(coin)
}

/// Settles a blind refund of `total`, which is negative, with tenders. Rejects tenders that exceed it.
pub fn pay_out(total: Money, inputs: &[TenderInput], coin: Money) -> Result<(Vec<Tender>, Money), Refusal> {
    if inputs.is_empty() && !total.is_zero() {
        let detail =
            "A refund without a sale has no tenders to go back to: name the tenders that are paid out.";
        return Err(Problems::one("/tenders", Code::TenderMismatch, detail));
    }
    let (tenders, rounding) = settle(-total, inputs, coin)?;
    if tenders.iter().any(|tender| tender.change.is_some_and(Money::is_positive)) {
        return Err(Problems::one(
            "/tenders",
            Code::TenderMismatch,
            format!("The tenders exceed the refund of {}.", -total),
        ));
    }
    let back = |tender: Tender| Tender { amount: -tender.amount, tendered: None, change: None, ..tender };
    Ok((tenders.into_iter().map(back).collect(), -rounding))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    fn tender(kind: TenderKind, amount: Option<&str>) -> TenderInput {
        TenderInput { kind, amount: amount.map(money), reference: None, payment_intent_id: None }
    }

    #[test]
    fn cash_gives_change() {
        let (tenders, rounding) =
            settle(money("7.30"), &[tender(TenderKind::Cash, Some("10"))], Money::ZERO).expect("settled");
        assert_eq!((tenders[0].amount, tenders[0].change), (money("7.30"), Some(money("2.70"))));
        assert!(rounding.is_zero());
    }

    #[test]
    fn split_with_the_rest_left_open() {
        for kinds in [[TenderKind::Card, TenderKind::Cash], [TenderKind::Cash, TenderKind::Card]] {
            let inputs = [tender(kinds[0], Some("5")), tender(kinds[1], None)];
            let (tenders, _) = settle(money("7.30"), &inputs, Money::ZERO).expect("settled");
            assert_eq!(tenders.iter().map(|tender| tender.amount).sum::<Money>(), money("7.30"));
            assert_eq!(tenders[1].amount, money("2.30"));
        }
    }

    #[test]
    fn a_tender_without_an_amount_is_never_negative() {
        use TenderKind::{Card, Cash, Voucher};
        for (named, paid, open) in [
            (Card, "20", Voucher),
            (Card, "14", Voucher),
            (Voucher, "20", Card),
            (Card, "20", Card),
            (Cash, "20", Voucher),
            (Cash, "20", Card),
            (Cash, "20", Cash),
        ] {
            let inputs = [tender(open, None), tender(named, Some(paid))];
            let refusal = settle(money("12"), &inputs, Money::ZERO).expect_err("nothing is left");
            let first = refusal.problems.first().expect("a problem");
            assert_eq!((refusal.code, &*first.pointer), (Code::TenderMismatch, "/tenders/0"), "{inputs:?}");
            // A sale that has happened keeps what it names, and no voucher gains.
            let (tenders, added) = settle_forced(money("12"), None, &inputs, Money::ZERO).expect("settled");
            assert_eq!((tenders.len(), tenders[0].amount), (1, money(paid)), "{inputs:?}");
            assert_eq!(added, money(paid) - money("12"), "{inputs:?}");
        }
        let whole = [tender(Voucher, None), tender(Card, Some("12"))];
        let (tenders, _) = settle(money("12"), &whole, Money::ZERO).expect("settled");
        assert_eq!((tenders.len(), tenders[0].kind), (1, Card));
        let back = [tender(Card, None), tender(Cash, Some("20"))];
        assert!(pay_out(money("-12"), &back, Money::ZERO).is_err());
    }

    fn cents(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2))
    }

    proptest! {
        #[test]
        fn no_settlement_has_a_negative_tender(
            total in 0..3_000_i64,
            named in proptest::collection::vec((0..3_usize, proptest::option::of(1..3_000_i64)), 0..4),
            stated in proptest::option::of(0..3_000_i64),
            coin in 0..6_i64,
        ) {
            let kinds = [TenderKind::Cash, TenderKind::Card, TenderKind::Voucher];
            let input = |(kind, amount): (usize, Option<i64>)| TenderInput {
                kind: kinds[kind],
                amount: amount.map(cents),
                reference: None,
                payment_intent_id: None,
            };
            let inputs: Vec<TenderInput> = named.into_iter().map(input).collect();
            let (total, coin) = (cents(total), cents(coin));
            let forced = settle_forced(total, stated.map(cents), &inputs, coin);
            for (tenders, added) in [settle(total, &inputs, coin), forced].into_iter().flatten() {
                prop_assert!(tenders.iter().all(|tender| !tender.amount.is_negative()), "{:?}", tenders);
                prop_assert_eq!(tenders.iter().map(|tender| tender.amount).sum::<Money>(), total + added);
            }
            if let Ok((back, _)) = pay_out(-total, &inputs, coin) {
                prop_assert!(back.iter().all(|tender| !tender.amount.is_positive()), "{:?}", back);
            }
        }
    }

    #[test]
    fn a_card_never_pays_too_much_nor_cash_too_little() {
        assert!(settle(money("7.30"), &[tender(TenderKind::Card, Some("8"))], Money::ZERO).is_err());
        assert!(settle(money("7.30"), &[tender(TenderKind::Cash, Some("7"))], Money::ZERO).is_err());
        assert!(settle(money("7.30"), &[], Money::ZERO).is_err());
        assert!(settle(money("0"), &[], Money::ZERO).is_ok());
    }

    #[test]
    fn cash_is_rounded_to_coins() {
        let coin = money("0.05");
        let (tenders, rounding) =
            settle(money("7.33"), &[tender(TenderKind::Cash, None)], coin).expect("settled");
        assert_eq!((tenders[0].amount, rounding), (money("7.35"), money("0.02")));
        let (_, rounding) = settle(money("7.33"), &[tender(TenderKind::Card, None)], coin).expect("settled");
        assert!(rounding.is_zero());
    }

    #[test]
    fn cash_of_a_receipt_is_rounded_as_the_till_does() {
        let (coin, total) = (money("0.05"), money("9.98"));
        let cash = |amount| tender(TenderKind::Cash, amount);
        let card = || tender(TenderKind::Card, Some("4.99"));
        for (stated, inputs, in_drawer, rounding, change) in [
            ("9.98", vec![cash(Some("10.00"))], "10.00", "0.02", "0.00"),
            ("9.98", vec![cash(Some("20.00"))], "10.00", "0.02", "10.00"),
            ("9.98", vec![cash(None)], "10.00", "0.02", "0.00"),
            ("10.00", vec![cash(Some("20.00"))], "10.00", "0.02", "10.00"),
            ("9.98", vec![cash(Some("9.98"))], "9.98", "0.00", "0.00"),
            ("9.98", vec![cash(Some("10.00")), card()], "5.00", "0.01", "5.00"),
            ("9.99", vec![cash(Some("5.00")), card()], "5.00", "0.01", "0.00"),
        ] {
            let stated = Some(money(stated));
            let (tenders, added) = settle_forced(total, stated, &inputs, coin).expect("settled");
            let drawer = (tenders[0].amount, added, tenders[0].change);
            assert_eq!(drawer, (money(in_drawer), money(rounding), Some(money(change))), "{inputs:?}");
            assert_eq!(
                whole(total, stated, &inputs, coin),
                Ok(None),
                "only the rounding differs: {inputs:?}"
            );
        }
    }

    #[test]
    fn a_blind_refund_pays_out_exactly_its_total() {
        let (tenders, _) =
            pay_out(money("-7.30"), &[tender(TenderKind::Cash, None)], Money::ZERO).expect("settled");
        assert_eq!(tenders[0].amount, money("-7.30"));
        assert!(pay_out(money("-7.30"), &[tender(TenderKind::Cash, Some("8"))], Money::ZERO).is_err());
        assert!(pay_out(money("-7.30"), &[], Money::ZERO).is_err());
    }
}
