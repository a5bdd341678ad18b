use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::bill::{Bill, BillDiscount, BillKind, Payee};
use crate::exchange::{Amounts, ForeignDocument, Quote};
use crate::ledger::Entry;
use crate::negative_stock::tests::book as empty;
use crate::number::Percent;
use crate::stock::CostingMethod;

const MILL: SupplierId = SupplierId(Uuid::from_u128(1));
/// The last day of the discounts.
const LAST_DAY: &str = "2026-01-12";

fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}

fn at(day: &str) -> Option<DateTime<Utc>> {
    Some(format!("{day}T12:00:00Z").parse().expect("an instant"))
}

/// Returns a book of March 2026 with one supplier.
fn book() -> Book {
    let mut book = empty(CostingMethod::MovingAverage);
    book.now = at("2026-03-01").expect("an instant");
    let payee = Payee { id: MILL, code: "MILL".to_owned(), payment_days: 30, discounts: Vec::new() };
    book.payees.insert(MILL, payee);
    book.exchange.decimals.extend([("USD".to_owned(), 2), ("JPY".to_owned(), 0)]);
    book
}

/// Records a bill with a value and a tax in another currency, and perhaps a discount until [`LAST_DAY`].
fn record_bill(
    book: &mut Book,
    (currency, rate): (&str, &str),
    (value, tax): (&str, &str),
    percent: &str,
) -> BillId {
    let id = BillId(book.ids.next_id());
    let settings = book.setup.settings.clone();
    let decimals = if currency == "JPY" { 0 } else { 2 };
    let quote = Quote { currency: currency.to_owned(), decimals, rate: rate.parse().expect("a rate") };
    let amounts = Amounts { value: money(value), tax: money(tax) };
    let (value, tax) = (quote.base(amounts.value, &settings), quote.base(amounts.tax, &settings));
    let percent: Percent = percent.parse().expect("a percentage");
    let until = LAST_DAY.parse().expect("a day");
    let discounts = if percent.is_zero() { Vec::new() } else { vec![BillDiscount { percent, until }] };
    let bill = Bill {
        id,
        number: "BL-1".to_owned(),
        kind: BillKind::Bill,
        supplier_id: MILL,
        supplier_number: None,
        dated: NaiveDate::default(),
        due_on: NaiveDate::default(),
        discounts,
        value,
        tax,
        open: value + tax,
        foreign: Some(ForeignDocument { quote, amounts, open: amounts.total() }),
        reference: None,
        original_id: None,
        reversed_by: None,
        recorded_at: book.now,
        version: 1,
        lines: Vec::new(),
    };
    book.bills.insert(id, KnownBill { bill, credited: Money::ZERO, left: Vec::new() });
    id
}

fn part(bill_id: BillId, amount: &str) -> PartToPay {
    PartToPay { bill_id, amount: money(amount), discount: None, version: None }
}

/// Returns a payment in dollars at a rate, on the last day of the discounts.
fn payment(rate: &str, parts: Vec<PartToPay>) -> Pay {
    Pay {
        id: None,
        supplier_id: MILL,
        amount: None,
        currency: None,
        exchange_rate: rate.parse().ok(),
        parts,
        advance: None,
        reference: None,
        occurred_at: at(LAST_DAY),
        sees_costs: true,
    }
}

/// Pays an advance in another currency.
fn pay_advance(book: &mut Book, (currency, rate): (&str, &str), amount: &str) -> SupplierPaymentId {
    let advance = Some(money(amount));
    let command = Pay { currency: Some(currency.to_owned()), advance, ..payment(rate, Vec::new()) };
    let (paid, _) = pay(book, &command).expect("an advance");
    paid.id
}

/// Applies an advance to a part of a bill.
fn applied(
    book: &mut Book,
    advance_id: SupplierPaymentId,
    part: PartToPay,
) -> Result<(SupplierPayment, Posting), Refusal> {
    let command = Apply {
        advance_id,
        id: None,
        parts: vec![part],
        reference: None,
        occurred_at: None,
        sees_costs: true,
    };
    let (Outcome::SupplierPayment(application), posting) = command.decide(book)? else {
        panic!("an application is a payment to a supplier");
    };
    Ok((*application, posting))
}

fn reversed(book: &mut Book, original_id: SupplierPaymentId) -> Result<(Outcome, Posting), Refusal> {
    let reason = "Account closed".to_owned();
    Reverse { original_id, id: None, reason, occurred_at: None }.decide(book)
}

/// Returns the lines of the entry, by account. A posting without an entry has none.
fn lines(posting: &Posting) -> Vec<(String, String)> {
    let lines = posting.entries.iter().flat_map(|entry| &entry.lines);
    let mut lines: Vec<_> = lines.map(|line| (line.account.to_string(), line.amount.to_string())).collect();
    lines.sort();
    lines
}

fn entry(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(account, amount)| ((*account).to_owned(), (*amount).to_owned())).collect()
}

/// Returns what is open of a bill, in the tenant's currency and in its own.
fn open(book: &Book, id: BillId) -> (Money, Money) {
    let bill = &book.bills[&id].bill;
    (bill.open, bill.stated_open())
}

/// Returns what is not applied of an advance, in the tenant's currency and in its own.
fn unapplied(book: &Book, id: SupplierPaymentId) -> (Money, Money) {
    let left = book.supplier_payments[&id].left();
    (left.base, left.stated())
}

fn amounts(base: &str, foreign: &str) -> (Money, Money) {
    (money(base), money(foreign))
}

/// Returns the pointer of a rejection; nothing if the state of a document is the reason.
fn pointer<T: Debug>(rejected: Result<T, Refusal>) -> String {
    let refusal = rejected.expect_err("a rejection");
    refusal.problems.first().map(|problem| problem.pointer.clone()).unwrap_or_default()
}

/// Payments of many bills don't share a transaction, and have time by their bills.
#[test]
fn each_bill_of_a_payment_is_a_line() {
    let of = |number| part(BillId(Uuid::from_u128(number)), "0");
    let mut pay = payment("1", (1..=500).map(of).collect());
    assert_eq!(pay.lines(), 500);
    pay.parts.clear();
    assert_eq!(pay.lines(), 1, "an advance has no bill");
}

/// 1,000.00 and 200.00 of tax at 0.92 are 920.00 and 184.00: 1,104.00 are owed. 3 % of 1,200.00 USD are 36.00 USD, which are
/// 1,104.00 · 36 ÷ 1,200 = 33.12 in the books. 33.12 · 184 ÷ 1,104 = 5.52 of them are tax. 1,164.00 USD are paid at 0.95, which
/// are 1,105.80. They settle 1,104.00 − 33.12 = 1,070.88. The loss is 34.92, which is 1,164.00 · 0.03.
#[test]
fn a_discount_has_the_rate_of_its_bill_and_no_exchange_difference() {
    let mut book = book();
    let bill = record_bill(&mut book, ("USD", "0.92"), ("1000", "200"), "3");
    let (paid, posting) = pay(&mut book, &payment("0.95", vec![part(bill, "1200")])).expect("a payment");
    let foreign = paid.foreign.as_ref().expect("dollars");
    assert_eq!((foreign.amount, foreign.discount), (money("1164"), money("36")));
    assert_eq!((paid.amount, paid.discount), (money("1105.80"), money("33.12")));
    assert_eq!(paid.exchange_difference(), money("34.92"));
    let of_part = paid.parts[0].foreign.expect("dollars");
    assert_eq!((of_part.amount, of_part.discount_tax), (money("1200"), money("6")));
    let expected =
        [("1010", "-1105.80"), ("1400", "-5.52"), ("2000", "1104.00"), ("5310", "-27.60"), ("6040", "34.92")];
    assert_eq!(lines(&posting), entry(&expected));
    assert_eq!(open(&book, bill), amounts("0", "0"));

    let (back, posting) = reversed(&mut book, paid.id).expect("a reversal");
    let expected =
        [("1010", "1105.80"), ("1400", "5.52"), ("2000", "-1104.00"), ("5310", "27.60"), ("6040", "-34.92")];
    assert_eq!(lines(&posting), entry(&expected));
    assert_eq!(open(&book, bill), amounts("1104", "1200"));
    let Outcome::SupplierPayment(back) = back else { panic!("a reversal is a payment") };
    let foreign = back.foreign.as_ref().expect("dollars");
    assert_eq!((foreign.amount, foreign.discount), (money("-1164"), money("-36")));
    assert_eq!(pointer(reversed(&mut book, paid.id)), "", "a state is rejected");
}

/// 2 % of 99.99 USD are 2.00: 0.67, 0.66 and 0.67 of three parts. 99.99 USD at 0.915 are 91.49. 30.50 are 91.49 · 33.33 ÷ 99.99.
/// Then 60.99 · 33.33 ÷ 66.66 = 30.495 is 30.50, and the last part takes the rest, 30.49.
#[test]
fn parts_with_discounts_end_at_zero_in_both_currencies() {
    let mut book = book();
    let bill = record_bill(&mut book, ("USD", "0.915"), ("99.99", "0"), "2");
    let mut found = Vec::new();
    for _ in 0..3 {
        let (paid, _) = pay(&mut book, &payment("0.915", vec![part(bill, "33.33")])).expect("a payment");
        let of_part = paid.parts[0].foreign.expect("dollars");
        found.push((of_part.discount, paid.parts[0].amount));
    }
    let expected = [("0.67", "30.50"), ("0.66", "30.50"), ("0.67", "30.49")];
    assert_eq!(found, expected.map(|(discount, amount)| amounts(discount, amount)));
    assert_eq!(open(&book, bill), amounts("0", "0"));
}

#[test]
fn a_discount_after_its_day_or_above_the_terms_is_rejected() {
    let mut book = book();
    let bill = record_bill(&mut book, ("USD", "0.92"), ("1000", "0"), "3");
    for (day, discount, is_right) in [
        (LAST_DAY, "30", true),
        (LAST_DAY, "30.01", false),
        (LAST_DAY, "0.001", false),
        (LAST_DAY, "-1", false),
        ("2026-01-13", "0.01", false),
        ("2026-01-13", "0", true),
    ] {
        let stated = PartToPay { discount: Some(money(discount)), ..part(bill, "1000") };
        let command = Pay { occurred_at: at(day), ..payment("0.92", vec![stated]) };
        let reply = pay(&mut book.clone(), &command);
        match is_right {
            true => assert!(reply.is_ok(), "{discount} on {day}"),
            false => assert_eq!(pointer(reply), "/bills/0/discount", "{discount} on {day}"),
        }
    }
    assert_eq!(pointer(pay(&mut book, &payment("0.92", vec![part(bill, "1000.01")]))), "/bills/0/amount");
}

/// 1,000.00 USD at 0.90 are 900.00. 300.00 USD of them are 270.00 and settle 276.00 at 0.92: a gain of 6.00. 400.00 USD are
/// 630.00 · 400 ÷ 700 = 360.00 and settle 380.00 at 0.95: a gain of 20.00. The rest, 270.00, settles 255.00 at 0.85: a loss of 15.00.
#[test]
fn an_advance_is_applied_at_its_own_rate() {
    let mut book = book();
    let advance = pay_advance(&mut book, ("USD", "0.90"), "1000");
    assert_eq!(unapplied(&book, advance), amounts("900", "1000"));
    let mut made = Vec::new();
    for (rate, amount, expected) in [
        ("0.92", "300", [("1150", "-270.00"), ("2000", "276.00"), ("6040", "-6.00")]),
        ("0.95", "400", [("1150", "-360.00"), ("2000", "380.00"), ("6040", "-20.00")]),
        ("0.85", "300", [("1150", "-270.00"), ("2000", "255.00"), ("6040", "15.00")]),
    ] {
        let bill = record_bill(&mut book, ("USD", rate), (amount, "0"), "0");
        let (application, posting) = applied(&mut book, advance, part(bill, amount)).expect("an application");
        assert_eq!(lines(&posting), entry(&expected), "{rate}");
        assert_eq!(open(&book, bill), amounts("0", "0"), "{rate}");
        made.push(application.id);
    }
    assert_eq!(unapplied(&book, advance), amounts("0", "0"));
    assert_eq!(pointer(reversed(&mut book, advance)), "", "its applications are reversed first");
    let (_, posting) = reversed(&mut book, made[1]).expect("a reversal");
    assert_eq!(lines(&posting), entry(&[("1150", "360.00"), ("2000", "-380.00"), ("6040", "20.00")]));
    assert_eq!(unapplied(&book, advance), amounts("360", "400"));
    for id in [made[0], made[2]] {
        reversed(&mut book, id).expect("a reversal");
    }
    assert_eq!(unapplied(&book, advance), amounts("900", "1000"));
    let (_, posting) = reversed(&mut book, advance).expect("a refund");
    assert_eq!(lines(&posting), entry(&[("1010", "900.00"), ("1150", "-900.00")]));
    assert_eq!(unapplied(&book, advance), amounts("0", "0"));
}

/// The discount of 3 % of 500.00 USD is 15.00 USD. 485.00 USD of the advance are 900.00 · 485 ÷ 1,000 = 436.50. The bill closes at
/// 460.00, of which 460.00 · 15 ÷ 500 = 13.80 are the discount: 446.20 are settled, and 9.70 are a gain.
#[test]
fn an_application_has_a_discount() {
    let mut book = book();
    let advance = pay_advance(&mut book, ("USD", "0.90"), "1000");
    let bill = record_bill(&mut book, ("USD", "0.92"), ("500", "0"), "3");
    book.now = at(LAST_DAY).expect("an instant");
    let (application, posting) = applied(&mut book, advance, part(bill, "500")).expect("an application");
    let expected = [("1150", "-436.50"), ("2000", "460.00"), ("5310", "-13.80"), ("6040", "-9.70")];
    assert_eq!(lines(&posting), entry(&expected));
    assert_eq!((application.amount, application.discount), (Money::ZERO, money("13.80")));
    assert_eq!(unapplied(&book, advance), amounts("463.50", "515"));
}

/// 0.10 USD at 0.70 are 0.07. Parts of 0.03, 0.03 and 0.04 USD take 0.021, 0.05 · 3 ÷ 7 = 0.0214 and the rest.
#[test]
fn applications_add_up_to_the_advance_to_the_cent() {
    let mut book = book();
    let advance = pay_advance(&mut book, ("USD", "0.70"), "0.10");
    let mut taken = Vec::new();
    for amount in ["0.03", "0.03", "0.04"] {
        let bill = record_bill(&mut book, ("USD", "1"), (amount, "0"), "0");
        let (application, _) = applied(&mut book, advance, part(bill, amount)).expect("an application");
        taken.push(application.applied());
    }
    assert_eq!(taken, ["0.02", "0.02", "0.03"].map(money));
    assert_eq!(unapplied(&book, advance), amounts("0", "0"));
}

/// Returns a number of hundredths as a text.
fn hundredths(number: i64) -> String {
    Decimal::new(number, 2).to_string()
}

proptest! {
    /// Applications take all of an advance in both currencies, and none gives anything back.
    #[test]
    fn applications_take_all_of_an_advance(
        parts in prop::collection::vec((1..5_000_i64, 1..200_i64), 1..6),
        rate in 50..200_i64,
    ) {
        let mut book = book();
        let whole: i64 = parts.iter().map(|(amount, _)| amount).sum();
        let advance = pay_advance(&mut book, ("USD", &hundredths(rate)), &hundredths(whole));
        let base = book.supplier_payments[&advance].advance;
        let mut taken = Money::ZERO;
        for (amount, of_bill) in parts {
            let amount = hundredths(amount);
            let bill = record_bill(&mut book, ("USD", &hundredths(of_bill)), (&amount, "0"), "0");
            let (application, _) = applied(&mut book, advance, part(bill, &amount)).expect("an application");
            prop_assert!(!application.applied().is_negative());
            prop_assert_eq!(open(&book, bill), amounts("0", "0"));
            taken += application.applied();
        }
        prop_assert_eq!(taken, base);
        prop_assert_eq!(unapplied(&book, advance), amounts("0", "0"));
    }
}

/// Adds the lines of an entry to the balances of accounts.
fn add_up(balances: &mut BTreeMap<String, Money>, posting: &Posting) {
    for line in posting.entries.iter().flat_map(|entry| &entry.lines) {
        *balances.entry(line.account.to_string()).or_default() += line.amount;
    }
}

proptest! {
    /// Payments, one of them an application, settle a bill with its discount. Taken back in any order, they leave nothing.
    #[test]
    fn reversals_in_any_order_leave_nothing(
        parts in prop::collection::vec((100..5_000_i64, 50..200_i64), 1..6),
        rate in 50..200_i64,
        turns in prop::collection::vec(0..6_usize, 6),
    ) {
        let mut book = book();
        let whole: i64 = parts.iter().map(|(amount, _)| amount).sum();
        let advance = pay_advance(&mut book, ("USD", &hundredths(rate + 7)), &hundredths(whole));
        let bill = record_bill(&mut book, ("USD", &hundredths(rate)), (&hundredths(whole), &hundredths(whole / 5)), "3");
        let (owed, paid_before) = (open(&book, bill), unapplied(&book, advance));
        book.now = at(LAST_DAY).expect("an instant");
        let (mut balances, mut made) = (BTreeMap::new(), Vec::new());
        let mut stated = Money::ZERO;
        let application = part(bill, &hundredths(whole / 5));
        let (paid, posting) = applied(&mut book, advance, application).expect("an application");
        add_up(&mut balances, &posting);
        stated += paid.foreign.as_ref().expect("dollars").discount;
        made.push(paid.id);
        for (amount, of_payment) in parts {
            let command = payment(&hundredths(of_payment), vec![part(bill, &hundredths(amount))]);
            let (paid, posting) = pay(&mut book, &command).expect("a payment");
            prop_assert!(!paid.discount.is_negative() && paid.amount.is_positive());
            add_up(&mut balances, &posting);
            stated += paid.foreign.as_ref().expect("dollars").discount;
            made.push(paid.id);
        }
        prop_assert_eq!(open(&book, bill), amounts("0", "0"));
        prop_assert_eq!(balances["2000"], owed.0);
        prop_assert_eq!(stated, Money::rounded_to(owed.1.get() * Decimal::new(3, 2), 2), "the discount of the whole");
        for turn in turns.into_iter().cycle().take(made.len()) {
            let id = made.swap_remove(turn % made.len());
            let (_, posting) = reversed(&mut book, id).expect("a reversal");
            add_up(&mut balances, &posting);
        }
        prop_assert_eq!(open(&book, bill), owed);
        prop_assert_eq!(unapplied(&book, advance), paid_before);
        prop_assert!(balances.values().all(|balance| balance.is_zero()), "{balances:?}");
    }
}

/// 3 yen at 0.004 are 0.012, so 0.01. 2 of them take it: 0.01 · 2 ÷ 3 is rounded up. The last yen has no amount in the books.
#[test]
fn the_rest_of_an_advance_may_be_in_its_own_currency_only() {
    let mut book = book();
    let advance = pay_advance(&mut book, ("JPY", "0.004"), "3");
    let bill = record_bill(&mut book, ("JPY", "0.004"), ("3", "0"), "0");
    let (_, posting) = applied(&mut book, advance, part(bill, "2")).expect("an application");
    assert_eq!(lines(&posting), entry(&[("1150", "-0.01"), ("2000", "0.01")]));
    assert_eq!(unapplied(&book, advance), amounts("0", "1"));
    let (_, posting) = applied(&mut book, advance, part(bill, "1")).expect("an application");
    assert_eq!(lines(&posting), entry(&[]));
    assert_eq!((open(&book, bill), unapplied(&book, advance)), (amounts("0", "0"), amounts("0", "0")));
    let refused = applied(&mut book, advance, part(bill, "1"));
    assert_eq!(refused.expect_err("a rejection").code, Code::InvalidStateTransition);
}

/// 600.00 USD for the bill and 400.00 USD in advance are 950.00 at 0.95. 380.00 are the advance, 570.00 pay 552.00: a loss of 18.00.
#[test]
fn a_payment_has_bills_and_an_advance_in_one_currency() {
    let mut book = book();
    let bill = record_bill(&mut book, ("USD", "0.92"), ("600", "0"), "0");
    let command = Pay { advance: Some(money("400")), ..payment("0.95", vec![part(bill, "600")]) };
    let (paid, posting) = pay(&mut book, &command).expect("a payment");
    let expected = [("1010", "-950.00"), ("1150", "380.00"), ("2000", "552.00"), ("6040", "18.00")];
    assert_eq!(lines(&posting), entry(&expected));
    assert_eq!(paid.exchange_difference(), money("18"));
    assert_eq!(unapplied(&book, paid.id), amounts("380", "400"));
}

#[test]
fn currencies_are_not_mixed_and_an_advance_is_not_exceeded() {
    let mut book = book();
    let advance = pay_advance(&mut book, ("USD", "0.90"), "100");
    let (dollars, yen) = (
        record_bill(&mut book, ("USD", "0.92"), ("1000", "0"), "0"),
        record_bill(&mut book, ("JPY", "0.005"), ("1000", "0"), "0"),
    );
    assert_eq!(pointer(applied(&mut book, advance, part(yen, "10"))), "/bills/0/bill_id");
    assert_eq!(pointer(applied(&mut book, advance, part(dollars, "100.01"))), "/bills");
    assert_eq!(pointer(applied(&mut book, advance, part(dollars, "1000.01"))), "/bills/0/amount");
    let both = payment("0.9", vec![part(dollars, "1"), part(yen, "1")]);
    assert_eq!(pointer(pay(&mut book, &both)), "/bills/1/bill_id");
    let stated = |currency: &str, parts: Vec<PartToPay>, advance: Option<&str>| Pay {
        currency: Some(currency.to_owned()),
        advance: advance.map(money),
        ..payment("0.004", parts)
    };
    for (command, at) in [
        (stated("JPY", vec![part(dollars, "1")], None), "/bills/0/bill_id"),
        (stated("GBP", vec![part(dollars, "1")], None), "/bills/0/bill_id"),
        (stated("GBP", Vec::new(), Some("1")), "/exchange_rate"),
        (stated("XYZ", Vec::new(), Some("1")), "/currency"),
        (stated("USD", Vec::new(), None), "/bills"),
        (stated("JPY", Vec::new(), Some("0.5")), "/advance"),
        (stated("JPY", Vec::new(), Some("0")), "/advance"),
        // One yen comes to nothing in the books.
        (stated("JPY", Vec::new(), Some("1")), "/exchange_rate"),
        (stated("JPY", vec![part(yen, "1000")], Some("1")), "/advance"),
    ] {
        assert_eq!(pointer(pay(&mut book, &command)), at, "{command:?}");
    }
    assert_eq!(unapplied(&book, advance), amounts("90", "100"));
    assert_eq!(open(&book, dollars), amounts("920", "1000"));
}

/// 100 USD are paid at 0.90 before a bill at 0.92.
#[test]
fn a_payment_before_its_bill_settles_it_on_the_day_of_the_bill() {
    let mut book = book();
    let id = record_bill(&mut book, ("USD", "0.92"), ("100", "0"), "0");
    let dated: NaiveDate = "2026-01-20".parse().expect("a day");
    book.bills.get_mut(&id).expect("a bill").bill.dated = dated;
    let (_, posting) = pay(&mut book, &payment("0.90", vec![part(id, "100")])).expect("a payment");
    let expected = vec![
        day_of(LAST_DAY, &[("1150", "90"), ("1010", "-90")]),
        day_of("2026-01-20", &[("2000", "92"), ("1150", "-90"), ("6040", "-2")]),
    ];
    assert_eq!(by_day(&posting), expected);
}

/// 1,010 USD are paid at 0.80: 1,000 for a bill of before at 0.92, and 10 for a later one at 0.95. Each day has its own gain, and
/// 1150 has 8.00 in between, the part of the later bill. A reversal between the two days takes both back.
#[test]
fn each_day_of_a_payment_has_the_exchange_difference_of_its_bills() {
    let mut book = book();
    let before = record_bill(&mut book, ("USD", "0.92"), ("1000", "0"), "0");
    let after = record_bill(&mut book, ("USD", "0.95"), ("10", "0"), "0");
    let dated: NaiveDate = "2026-01-20".parse().expect("a day");
    book.bills.get_mut(&after).expect("a bill").bill.dated = dated;
    let parts = vec![part(before, "1000"), part(after, "10")];
    let (paid, posting) = pay(&mut book, &payment("0.80", parts)).expect("a payment");
    let expected = vec![
        day_of(LAST_DAY, &[("2000", "920"), ("1150", "8"), ("1010", "-808"), ("6040", "-120")]),
        day_of("2026-01-20", &[("2000", "9.5"), ("1150", "-8"), ("6040", "-1.5")]),
    ];
    assert_eq!(by_day(&posting), expected);
    let reason = "Account closed".to_owned();
    let reversal = Reverse { original_id: paid.id, id: None, reason, occurred_at: at("2026-01-15") };
    let (_, posting) = reversal.decide(&mut book).expect("a reversal");
    let expected = vec![
        day_of("2026-01-15", &[("1010", "808"), ("6040", "120"), ("2000", "-920"), ("1150", "-8")]),
        day_of("2026-01-20", &[("1150", "8"), ("6040", "1.5"), ("2000", "-9.5")]),
    ];
    assert_eq!(by_day(&posting), expected);
}

/// The lines of an entry of a day, in the order of their accounts.
type OfDay = (String, Vec<(String, Money)>);

fn day_of(day: &str, lines: &[(&str, &str)]) -> OfDay {
    sorted(day.to_owned(), lines.iter().map(|(account, amount)| ((*account).to_owned(), money(amount))))
}

/// Returns the lines of each entry of a posting.
fn by_day(posting: &Posting) -> Vec<OfDay> {
    let of_entry = |entry: &Entry| {
        let lines = entry.lines.iter().map(|line| (line.account.to_string(), line.amount));
        sorted(entry.occurred_on.to_string(), lines)
    };
    posting.entries.iter().map(of_entry).collect()
}

fn sorted(day: String, lines: impl Iterator<Item = (String, Money)>) -> OfDay {
    let mut lines: Vec<(String, Money)> = lines.collect();
    lines.sort();
    (day, lines)
}
