use chrono::TimeDelta;
use proptest::prelude::*;
use rust_decimal::Decimal;
use strum::VariantArray;
use uuid::Uuid;

use super::*;

fn money(cents: i64) -> Money {
    Money::new(Decimal::new(cents, 2))
}

fn register(number: u128) -> RegisterId {
    RegisterId(Uuid::from_u128(number))
}

fn sale(number: u128) -> SaleId {
    SaleId(Uuid::from_u128(number))
}

fn created() -> Intent {
    Intent {
        status: IntentStatus::Created,
        amount: money(1_250),
        authorised_amount: None,
        captured_amount: None,
        register_id: register(1),
        sale_id: None,
        expires_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(10),
        original: None,
    }
}

fn after(reports: &[Report]) -> Intent {
    reports.iter().fold(created(), |intent, report| {
        apply(&intent, *report).expect("the report is taken").unwrap_or(intent)
    })
}

fn tender() -> CardTender {
    CardTender { of: TenderOf::Sale, register_id: register(1), sale_id: sale(1), amount: money(1_250) }
}

/// Returns the code and the pointer of the rejection.
fn rejected(intent: &Intent, tender: &CardTender) -> (Code, String) {
    let refusal =
        check_tender(intent, tender, DateTime::UNIX_EPOCH, "/tenders/0").expect_err("it is rejected");
    (refusal.code, refusal.problems[0].pointer.clone())
}

#[test]
fn a_card_pays_a_sale_as_soon_as_it_is_authorised() {
    let authorised = after(&[Report::Authorised(money(1_250))]);
    assert_eq!(check_tender(&authorised, &tender(), authorised.expires_at, "/tenders/0"), Ok(()));
    let captured = after(&[Report::Authorised(money(1_250)), Report::Captured(money(1_250))]);
    assert_eq!(captured.status, IntentStatus::Captured);
    assert_eq!(check_tender(&captured, &tender(), captured.expires_at, "/tenders/0"), Ok(()));
    let used = Intent { sale_id: Some(sale(1)), ..captured };
    assert_eq!(check_tender(&used, &tender(), used.expires_at, "/tenders/0"), Ok(()), "a repeat is allowed");
}

#[test]
fn a_tender_of_another_amount_sale_or_till_is_rejected() {
    let intent = after(&[Report::Authorised(money(1_250))]);
    let field = "/tenders/0/payment_intent_id".to_owned();
    let used = Intent { sale_id: Some(sale(2)), ..intent };
    assert_eq!(rejected(&used, &tender()), (Code::InvalidStateTransition, field.clone()));
    let other_till = CardTender { register_id: register(2), ..tender() };
    assert_eq!(rejected(&intent, &other_till), (Code::ValidationFailed, field));
    for cents in [1_249, 1_251] {
        let other_amount = CardTender { amount: money(cents), ..tender() };
        let expected = (Code::TenderMismatch, "/tenders/0/amount".to_owned());
        assert_eq!(rejected(&intent, &other_amount), expected);
    }
    // The terminal got less than it asked for.
    let partial = after(&[Report::Authorised(money(1_000))]);
    assert_eq!(rejected(&partial, &tender()).0, Code::TenderMismatch);
    // More was held than was taken.
    let taken = after(&[Report::Authorised(money(1_250)), Report::Captured(money(1_000))]);
    assert_eq!(rejected(&taken, &tender()).0, Code::TenderMismatch);
}

#[test]
fn an_intent_that_is_not_paid_pays_nothing() {
    for report in [Report::Cancelled, Report::Failed, Report::Expired] {
        let ended = after(&[Report::Authorised(money(1_250)), report]);
        assert_eq!(rejected(&ended, &tender()).0, Code::InvalidStateTransition);
    }
    assert_eq!(rejected(&created(), &tender()).0, Code::InvalidStateTransition);
}

#[test]
fn an_intent_without_a_payment_ends_with_its_time() {
    let intent = created();
    let before = intent.expires_at - TimeDelta::microseconds(1);
    assert_eq!(status_at(&intent, before), IntentStatus::Created);
    assert_eq!(status_at(&intent, intent.expires_at), IntentStatus::Expired);
    let paid = after(&[Report::Authorised(money(1_250))]);
    assert_eq!(status_at(&paid, paid.expires_at), IntentStatus::Authorised);
}

#[test]
fn a_late_report_never_goes_back() {
    let captured = after(&[Report::Captured(money(1_250))]);
    for report in [Report::Cancelled, Report::Failed, Report::Expired, Report::Captured(money(100))] {
        assert_eq!(apply(&captured, report), Ok(None));
    }
    // The amount of the hold is a fact that is missing. The status stays.
    let late = after(&[Report::Captured(money(1_250)), Report::Authorised(money(1_250))]);
    assert_eq!((late.status, late.authorised_amount), (IntentStatus::Captured, Some(money(1_250))));
    let cancelled = after(&[Report::Cancelled, Report::Authorised(money(1_250))]);
    assert_eq!(cancelled.status, IntentStatus::Cancelled);
}

#[test]
fn a_report_without_an_amount_above_zero_is_rejected() {
    for amount in [money(0), money(-1)] {
        for report in [Report::Authorised(amount), Report::Captured(amount)] {
            let refusal = apply(&created(), report).expect_err("it is rejected");
            assert_eq!(refusal.problems[0].pointer, "/amount");
        }
    }
}

/// Returns a refund intent of the payment of sale 1, whose money was paid back.
fn paid_back() -> Intent {
    let captured_amount = Some(money(1_250));
    let id = PaymentIntentId(Uuid::from_u128(1));
    let original = Original { id, sale_id: Some(sale(1)), captured_amount, back: Money::ZERO };
    Intent { original: Some(original), ..after(&[Report::Captured(money(1_250))]) }
}

#[test]
fn a_refund_names_what_was_paid_back_of_its_sale() {
    let back = CardTender { of: TenderOf::Refund(Some(sale(1))), sale_id: sale(2), ..tender() };
    assert_eq!(check_tender(&paid_back(), &back, DateTime::UNIX_EPOCH, "/tenders/0"), Ok(()));
    let field = "/tenders/0/payment_intent_id".to_owned();
    let other_sale = CardTender { of: TenderOf::Refund(Some(sale(3))), ..back };
    let blind = CardTender { of: TenderOf::Refund(None), ..back };
    for (intent, tender) in [
        (paid_back(), other_sale),
        (paid_back(), blind),
        (paid_back(), tender()),
        (after(&[Report::Captured(money(1_250))]), back),
    ] {
        assert_eq!(rejected(&intent, &tender), (Code::ValidationFailed, field.clone()));
    }
    let authorised = after(&[Report::Authorised(money(1_250))]);
    let accepted = Intent { original: paid_back().original, ..authorised };
    assert_eq!(rejected(&accepted, &back), (Code::InvalidStateTransition, field.clone()));
    let used = Intent { sale_id: Some(sale(3)), ..paid_back() };
    assert_eq!(rejected(&used, &back), (Code::InvalidStateTransition, field));
}

#[test]
fn refunds_pay_back_no_more_than_the_card_paid() {
    let back = CardTender { of: TenderOf::Refund(Some(sale(1))), sale_id: sale(2), ..tender() };
    let before = paid_back().original.map(|original| Original { back: money(1), ..original });
    let intent = Intent { original: before, ..paid_back() };
    assert_eq!(rejected(&intent, &back), (Code::TenderMismatch, "/tenders/0/amount".to_owned()));
}

#[test]
fn a_refund_intent_above_the_rest_is_rejected() {
    let payment = Intent { sale_id: Some(sale(1)), ..after(&[Report::Captured(money(1_250))]) };
    let asked = |of_payment, of_sale, card_left| Asked {
        of_payment: money(of_payment),
        of_sale: money(of_sale),
        card_left: money(card_left),
    };
    let code = |intent: &Intent, asked: Asked, cents| {
        check_refund(intent, &asked, money(cents))
            .map_err(|refusal| (refusal.code, refusal.problems[0].pointer.clone()))
    };
    assert_eq!(code(&payment, asked(0, 0, 1_250), 1_250), Ok(()));
    assert_eq!(code(&payment, asked(1_000, 1_000, 1_250), 250), Ok(()));
    let too_much = Err((Code::TenderMismatch, "/amount".to_owned()));
    // Other terminals were asked for a part; a refund without a payment intent paid a part; the sale has another card.
    assert_eq!(code(&payment, asked(1_000, 1_000, 1_250), 251), too_much);
    assert_eq!(code(&payment, asked(0, 0, 1_000), 1_001), too_much);
    assert_eq!(code(&payment, asked(0, 0, 5_000), 1_251), too_much);
    assert_eq!(code(&payment, asked(0, 4_000, 5_000), 1_001), too_much);
    let unused = Intent { sale_id: None, ..payment };
    let held = Intent { sale_id: Some(sale(1)), ..after(&[Report::Authorised(money(1_250))]) };
    for intent in [unused, held, Intent { sale_id: Some(sale(2)), ..paid_back() }] {
        let state = Err((Code::InvalidStateTransition, "/original_id".to_owned()));
        assert_eq!(code(&intent, asked(0, 0, 1_250), 1), state);
    }
}

#[test]
fn each_status_has_its_own_rank() {
    let mut ranks: Vec<u8> = IntentStatus::VARIANTS.iter().map(|status| status.rank()).collect();
    ranks.sort_unstable();
    ranks.dedup();
    assert_eq!(ranks.len(), IntentStatus::VARIANTS.len());
}

fn reports() -> impl Strategy<Value = Vec<Report>> {
    let all = vec![
        Report::Authorised(money(1_250)),
        Report::Captured(money(1_250)),
        Report::Cancelled,
        Report::Failed,
        Report::Expired,
    ];
    prop::collection::vec(prop::sample::select(all), 0..8)
}

proptest! {
    #[test]
    fn the_order_of_reports_changes_nothing(
        pair in reports().prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle())),
    ) {
        prop_assert_eq!(after(&pair.0), after(&pair.1));
    }

    #[test]
    fn a_repeated_report_changes_nothing(reports in reports()) {
        let intent = after(&reports);
        for report in reports {
            prop_assert_eq!(apply(&intent, report), Ok(None));
        }
    }
}
