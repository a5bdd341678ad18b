//! A refund pays back what was paid for its sale: in sum, and to the cent of each tender.

use super::tender::{Tender, TenderInput, TenderKind, check_shape, to_coins};
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};
use crate::sales::SoldLine;
use crate::tenant::Settings;

/// A tender of a sale, with what of it came back.
#[derive(Debug, Clone)]
pub struct PaidTender {
    /// Its kind.
    pub kind: TenderKind,
    /// The processor's reference, or the voucher's code.
    pub reference: Option<String>,
    /// The amount that it paid.
    pub amount: Money,
    /// The part that refunds paid back.
    pub back: Money,
}

impl PaidTender {
    fn left(&self) -> Money {
        (self.amount - self.back).max(Money::ZERO)
    }
}

/// The tenders of a sale, and what of them came back.
#[derive(Debug, Clone, Default)]
pub struct Paid {
    tenders: Vec<PaidTender>,
    /// Paid back by a tender that did not pay, such as store credit for cash.
    elsewhere: Money,
    /// The amount that terminals were asked to pay back and no refund names yet.
    asked: Money,
}

impl Paid {
    /// Adds a tender of the sale. The amounts of a rounded cash sale are those that were handed over.
    pub fn add(&mut self, kind: TenderKind, reference: Option<String>, amount: Money) {
        self.tenders.push(PaidTender { kind, reference, amount, back: Money::ZERO });
    }

    /// Counts an amount that a refund paid back. It goes to the tender with the same reference first, then to the others of
    /// its kind.
    pub fn give_back(&mut self, kind: TenderKind, reference: Option<&str>, amount: Money) {
        let mut rest = amount;
        for is_named in [true, false] {
            for tender in self.tenders.iter_mut().filter(|tender| tender.kind == kind) {
                if (tender.reference.as_deref() == reference) == is_named {
                    let part = rest.min(tender.left());
                    tender.back += part;
                    rest -= part;
                }
            }
        }
        self.elsewhere += rest;
    }

    /// Notes the amount that terminals were asked to pay back, and that no refund names.
    pub fn note_asked(&mut self, amount: Money) {
        self.asked = amount;
    }

    /// Notes that a refund names a payment intent of this amount.
    pub(super) fn note_named(&mut self, amount: Money) {
        self.asked = (self.asked - amount).max(Money::ZERO);
    }

    /// Returns the codes of the vouchers that paid.
    pub fn voucher_codes(&self) -> impl Iterator<Item = &str> {
        let vouchers = self.tenders.iter().filter(|tender| tender.kind == TenderKind::Voucher);
        vouchers.filter_map(|tender| tender.reference.as_deref())
    }

    fn amount(&self) -> Money {
        self.tenders.iter().map(|tender| tender.amount).sum()
    }

    fn back(&self) -> Money {
        self.tenders.iter().map(|tender| tender.back).sum::<Money>() + self.elsewhere
    }

    /// Returns what is left to pay back of one kind of tender.
    fn left(&self, kind: TenderKind) -> Money {
        self.tenders.iter().filter(|tender| tender.kind == kind).map(PaidTender::left).sum()
    }
}

/// Returns the amount to pay back for a step of a refund: the paid amount of everything returned so far, less what came
/// back before. The steps of a whole refund add up to what was paid, with its rounding. `step` is net plus tax of the lines
/// that come back, above zero; `sold` are the lines of the sale before that.
pub fn amount_back(paid: &Paid, sold: &[SoldLine], step: Money, settings: &Settings) -> Money {
    let total: Money = sold.iter().map(|line| line.line.net + line.line.tax).sum();
    let done: Money = sold.iter().map(|line| line.returned_total(settings)).sum();
    if total.is_zero() {
        return Money::ZERO;
    }
    (settings.share(paid.amount(), done + step, total) - paid.back()).max(Money::ZERO)
}

/// Pays `amount` back with tenders, of negative amounts. Without `inputs`, it goes back into the tenders of the sale: cards
/// and vouchers first, in their order, then cash. Named tenders pay back exactly the amount, and none more than it paid;
/// only a voucher may, as store credit. Cash is rounded to a multiple of `coin`, but all that is left of the cash of a sale
/// comes back to the cent.
pub fn give_back(
    paid: &Paid,
    amount: Money,
    inputs: &[TenderInput],
    coin: Money,
) -> Result<Vec<Tender>, Refusal> {
    let left = paid.left(TenderKind::Cash);
    let cash = |rest: Money| {
        // No cash was paid, or all of it came back: the limit rejects more.
        if left.is_zero() {
            return rest;
        }
        let is_all = rest == left || (rest > left && rest - left < coin);
        if is_all { left } else { to_coins(rest, coin) }
    };
    let mut tenders =
        if inputs.is_empty() { as_paid(paid, amount, cash) } else { named(paid, amount, inputs, cash)? };
    tenders.retain(|tender| !tender.amount.is_zero());
    Ok(tenders)
}

fn as_paid(paid: &Paid, amount: Money, cash: impl Fn(Money) -> Money) -> Vec<Tender> {
    let mut rest = amount;
    let mut tenders = Vec::with_capacity(paid.tenders.len());
    for tender in paid.tenders.iter().filter(|tender| tender.kind != TenderKind::Cash) {
        let part = rest.min(tender.left());
        rest -= part;
        tenders.push(out(tender.kind, part, tender.reference.clone()));
    }
    tenders.push(out(TenderKind::Cash, cash(rest).min(paid.left(TenderKind::Cash)), None));
    tenders
}

fn named(
    paid: &Paid,
    amount: Money,
    inputs: &[TenderInput],
    cash: impl Fn(Money) -> Money,
) -> Result<Vec<Tender>, Refusal> {
    check_shape(inputs)?;
    let sum = |is_cash: bool| -> Money {
        let of_kind = inputs.iter().filter(|input| (input.kind == TenderKind::Cash) == is_cash);
        of_kind.filter_map(|input| input.amount).sum()
    };
    let open = inputs.iter().find(|input| input.amount.is_none()).map(|input| input.kind);
    let open_other = open.is_some_and(|kind| kind != TenderKind::Cash);
    let other = if open_other { (amount - sum(true)).max(sum(false)) } else { sum(false) };
    let has_cash = inputs.iter().any(|input| input.kind == TenderKind::Cash);
    let due = if has_cash { other + cash(amount - other) } else { amount };
    let in_cash = if open == Some(TenderKind::Cash) { (due - other).max(sum(true)) } else { sum(true) };
    let tenders = inputs.iter().map(|input| {
        let rest = if input.kind == TenderKind::Cash { in_cash - sum(true) } else { other - sum(false) };
        let back = out(input.kind, input.amount.unwrap_or(rest), input.reference.clone());
        Tender { payment_intent_id: input.payment_intent_id, ..back }
    });
    let tenders: Vec<Tender> = tenders.collect();
    check_limits(paid, &tenders)?;
    if other + in_cash != due {
        let detail = format!("The tenders pay back {}, but {due} is to be paid back.", other + in_cash);
        return Err(Problems::one("/tenders", Code::TenderMismatch, detail));
    }
    Ok(tenders)
}

/// Rejects cash or card that pays back more than is left of what it paid.
fn check_limits(paid: &Paid, tenders: &[Tender]) -> Result<(), Refusal> {
    for kind in [TenderKind::Cash, TenderKind::Card] {
        let back: Money =
            tenders.iter().filter(|tender| tender.kind == kind).map(|tender| -tender.amount).sum();
        let left = paid.left(kind);
        if back > left {
            let kind: &str = kind.into();
            let detail = format!(
                "At most {left} of this sale can be paid back by {kind}, not {back}. Leave tenders out to pay back what was \
                 paid as it was paid, or use a voucher."
            );
            return Err(Problems::one("/tenders", Code::TenderMismatch, detail));
        }
    }
    Ok(())
}

/// Rejects card tenders without a payment intent, and vouchers, for an amount that a terminal was asked to pay back. Otherwise the customer
/// would get it twice.
pub(super) fn check_asked(paid: &Paid, tenders: &[Tender]) -> Result<(), Refusal> {
    let sum = |counts: fn(&Tender) -> bool| -> Money {
        tenders.iter().filter(|tender| counts(tender)).map(|tender| -tender.amount).sum()
    };
    let is_other = |tender: &Tender| tender.kind != TenderKind::Cash && tender.payment_intent_id.is_none();
    if !tenders.iter().any(is_other) {
        return Ok(());
    }
    let asked = paid.asked - sum(|tender| tender.payment_intent_id.is_some());
    let of_card = paid.left(TenderKind::Card) - sum(|tender| tender.kind == TenderKind::Card);
    let of_sale = paid.amount() - paid.back() - sum(|_| true);
    // Rounded cash is left out of account as long as no voucher paid back a card.
    let has_voucher = tenders.iter().any(|tender| tender.kind == TenderKind::Voucher);
    let left = if has_voucher || !paid.elsewhere.is_zero() { of_card.min(of_sale) } else { of_card };
    if asked.is_positive() && asked > left {
        let detail = format!(
            "Terminals were asked to pay back {asked} of this sale. Name the payment intent, or cancel it first."
        );
        return Err(Problems::one("/tenders", Code::TenderMismatch, detail));
    }
    Ok(())
}

fn out(kind: TenderKind, amount: Money, reference: Option<String>) -> Tender {
    Tender { kind, amount: -amount, tendered: None, change: None, reference, payment_intent_id: None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::PaymentIntentId;

    fn money(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    fn paid(tenders: &[(TenderKind, &str)]) -> Paid {
        let mut paid = Paid::default();
        for (kind, amount) in tenders {
            paid.add(*kind, None, money(amount));
        }
        paid
    }

    fn amounts(tenders: &[Tender]) -> Vec<(TenderKind, Money)> {
        tenders.iter().map(|tender| (tender.kind, -tender.amount)).collect()
    }

    #[test]
    fn cards_come_back_before_cash() {
        let paid = paid(&[(TenderKind::Cash, "40"), (TenderKind::Card, "60")]);
        let back =
            |amount: &str| amounts(&give_back(&paid, money(amount), &[], Money::ZERO).expect("tenders"));
        assert_eq!(back("50"), [(TenderKind::Card, money("50"))]);
        assert_eq!(back("100"), [(TenderKind::Card, money("60")), (TenderKind::Cash, money("40"))]);
    }

    #[test]
    fn no_tender_pays_back_more_than_it_paid_but_a_voucher() {
        let paid = paid(&[(TenderKind::Card, "49.99")]);
        let back = |kind, amount: Option<&str>| {
            let input =
                TenderInput { kind, amount: amount.map(money), reference: None, payment_intent_id: None };
            give_back(&paid, money("49.99"), &[input], money("0.05")).map(|tenders| amounts(&tenders))
        };
        assert!(back(TenderKind::Cash, None).is_err() && back(TenderKind::Cash, Some("50")).is_err());
        assert!(back(TenderKind::Card, Some("50")).is_err() && back(TenderKind::Card, Some("49")).is_err());
        assert_eq!(back(TenderKind::Card, None), Ok(vec![(TenderKind::Card, money("49.99"))]));
        assert_eq!(back(TenderKind::Voucher, None), Ok(vec![(TenderKind::Voucher, money("49.99"))]));
    }

    #[test]
    fn an_amount_asked_of_a_terminal_is_not_paid_back_by_other_tenders() {
        let mut paid = paid(&[(TenderKind::Card, "24"), (TenderKind::Cash, "6")]);
        paid.note_asked(money("12"));
        let id = Some(PaymentIntentId(uuid::Uuid::from_u128(1)));
        let by_intent =
            |amount| Tender { payment_intent_id: id, ..out(TenderKind::Card, money(amount), None) };
        let by = |kind, amount| out(kind, money(amount), None);
        for (tenders, fits) in [
            (vec![by(TenderKind::Card, "12")], true),
            (vec![by(TenderKind::Card, "12.01")], false),
            (vec![by_intent("12"), by(TenderKind::Card, "12")], true),
            (vec![by(TenderKind::Cash, "6")], true),
            (vec![by(TenderKind::Voucher, "18")], true),
            (vec![by(TenderKind::Voucher, "18.01")], false),
            (vec![by_intent("24")], true),
        ] {
            assert_eq!(check_asked(&paid, &tenders).is_ok(), fits, "{tenders:?}");
        }
        paid.note_named(money("12"));
        assert_eq!(check_asked(&paid, &[by(TenderKind::Card, "24")]), Ok(()));
    }

    proptest! {
        /// In the end each tender gave back what it paid, in any steps.
        #[test]
        fn steps_give_back_what_each_tender_paid(
            card in 0..10_000_i64, coins in 1..2_000_i64, off in -2..3_i64, parts in prop::collection::vec(1..50_i64, 1..8),
        ) {
            let cents = |cents: i64| Money::new(rust_decimal::Decimal::new(cents, 2));
            let mut paid = Paid::default();
            paid.add(TenderKind::Cash, None, cents(coins * 5));
            paid.add(TenderKind::Card, Some("auth-1".to_owned()), cents(card));
            let (whole, all): (i64, i64) = (parts.iter().sum(), card + coins * 5 - off);
            prop_assume!(all > 0);
            let (settings, mut done) = (crate::stock::tests::settings(), 0);
            for part in parts {
                done += part;
                let up_to = settings.share(paid.amount(), cents(done), cents(whole));
                let amount = (up_to - paid.back()).max(Money::ZERO);
                for tender in give_back(&paid, amount, &[], cents(5)).expect("tenders") {
                    paid.give_back(tender.kind, tender.reference.as_deref(), -tender.amount);
                }
            }
            prop_assert!(paid.tenders.iter().all(|tender| tender.left().is_zero()) && paid.elsewhere.is_zero());
        }
    }
}
