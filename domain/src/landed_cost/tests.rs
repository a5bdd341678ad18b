use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::command::{Command, Outcome};
use crate::negative_stock::tests::book;
use crate::negative_stock::{Consequences, Issue};
use crate::refusal::{Code, Refusal};
use crate::stock::{CostingMethod, Source};

const ACCRUED: &str = account::LANDED_COST_ACCRUED;

fn units(tenths: i64) -> Quantity {
    Quantity::new(Decimal::new(tenths, 1))
}

fn money(cents: i64) -> Money {
    Money::new(Decimal::new(cents, 2))
}

fn receipt_id(number: u128) -> StockDocumentId {
    StockDocumentId(Uuid::from_u128(number))
}

fn key() -> LevelKey {
    LevelKey::untracked(LocationId::default(), ProductId::default())
}

/// Returns an empty book with the account of accrued landed costs.
fn empty(method: CostingMethod) -> Book {
    let mut book = book(method);
    Arc::get_mut(&mut book.setup).expect("no one else has it").accounts = vec![ACCRUED.to_owned()];
    book
}

/// Receives goods by a receipt of one line. Receipts before it get it as later ones.
fn bring(book: &mut Book, number: u128, quantity: Quantity, value: Money) {
    for goods in book.receipts.values_mut().flat_map(|receipt| &mut receipt.lines) {
        goods.later += quantity;
    }
    let (document_id, occurred_at) = (receipt_id(number), book.now);
    let source = Source::new(DocumentKind::Receipt, document_id.0, 1, occurred_at);
    book.receive(key(), quantity, value, &source);
    let goods = ReceivedGoods {
        document_id,
        line_no: 1,
        movement_id: MovementId::default(),
        key: key(),
        quantity,
        value,
        later: Quantity::ZERO,
    };
    let receipt = Receipt {
        number: format!("GR-{number}"),
        kind: StockDocumentKind::Receipt,
        occurred_at,
        lines: vec![goods],
    };
    book.receipts.insert(document_id, receipt);
}

/// Issues stock that is on hand.
fn take(book: &mut Book, quantity: Quantity) {
    let occurred_at = book.now;
    book.issue(&Issue { key: key(), quantity, line_no: 1, occurred_at, forced: false });
    book.consequences = Consequences::default();
}

fn landed(spread_by: SpreadBy, cents: i64, receipts: &[u128]) -> Post {
    let named = |number: &u128| NamedReceipt {
        stock_document_id: receipt_id(*number),
        line_no: None,
        weight: None,
        volume: None,
    };
    let charge = NamedCharge { kind: ChargeKind::Freight, amount: money(cents), account: None };
    Post {
        id: None,
        charges: vec![charge],
        spread_by,
        receipts: receipts.iter().map(named).collect(),
        reference: None,
        occurred_at: None,
    }
}

fn decide(book: &mut Book, command: Command) -> Result<(LandedCost, Posting), Refusal> {
    match command.decide(book)? {
        (Outcome::LandedCost(landed), posting) => Ok((*landed, posting)),
        (other, _) => panic!("{other:?} is no landed cost"),
    }
}

fn post(book: &mut Book, command: Post) -> (LandedCost, Posting) {
    decide(book, Command::PostLandedCost(command)).expect("it is posted")
}

fn reverse(original: &LandedCost) -> Command {
    Command::ReverseLandedCost(Reverse {
        original_id: original.id,
        id: None,
        reason: "A bill of another".to_owned(),
        reference: None,
    })
}

#[test]
fn the_size_of_a_command_counts_lines_that_are_known_only_later() {
    let whole = landed(SpreadBy::Value, 100, &[1, 2]);
    let mut named = whole.clone();
    for receipt in &mut named.receipts {
        receipt.line_no = Some(1);
    }
    assert_eq!(Command::PostLandedCost(whole).lines(), LINES_MAX, "receipts have any number of lines");
    assert_eq!(Command::PostLandedCost(named).lines(), 2);
    let mut book = empty(CostingMethod::MovingAverage);
    bring(&mut book, 1, units(10), money(100));
    let (posted, _) = post(&mut book, landed(SpreadBy::Value, 100, &[1]));
    assert_eq!(reverse(&posted).lines(), LINES_MAX);
}

/// Returns the amount of an account in a posting.
fn amount(posting: &Posting, code: &str) -> Money {
    let lines = posting.entries.iter().flat_map(|entry| &entry.lines);
    lines.filter(|line| line.account == code).map(|line| line.amount).sum()
}

#[test]
fn units_that_are_held_get_their_share_and_the_rest_is_cost_variance() {
    for method in [CostingMethod::MovingAverage, CostingMethod::Fifo] {
        let mut book = empty(method);
        bring(&mut book, 1, units(100), money(1_000));
        bring(&mut book, 2, units(100), money(2_000));
        take(&mut book, units(120));
        let before = book.level(&key()).value();
        // The first 10 units are gone, and 2 of the others.
        let (landed, posting) = post(&mut book, landed(SpreadBy::Quantity, 2_000, &[2, 1]));
        let of_lines: Vec<_> = landed.lines.iter().map(|line| (line.held, line.held_value)).collect();
        assert_eq!(of_lines, [(units(0), money(0)), (units(80), money(800))], "{method:?}");
        assert_eq!(book.level(&key()).value() - before, money(800));
        let amounts =
            [account::INVENTORY, account::COST_VARIANCE, ACCRUED].map(|code| amount(&posting, code));
        assert_eq!(amounts, [money(800), money(1_200), money(-2_000)]);
        assert_eq!(posting.movements.len(), 1);
        // 5 more units leave with their share, so 3 give theirs back.
        take(&mut book, units(50));
        let there = book.level(&key()).value();
        let (back, posting) = decide(&mut book, reverse(&landed)).expect("it is reversed");
        assert_eq!((back.value, back.held_value()), (money(-2_000), money(-300)));
        assert_eq!(there - book.level(&key()).value(), money(300));
        let amounts =
            [account::INVENTORY, account::COST_VARIANCE, ACCRUED].map(|code| amount(&posting, code));
        assert_eq!(amounts, [money(-300), money(-1_700), money(2_000)]);
        let again = decide(&mut book, reverse(&landed)).expect_err("it was reversed");
        assert_eq!(again.code, Code::InvalidStateTransition);
        let of_reversal = decide(&mut book, reverse(&back)).expect_err("it is a reversal");
        assert_eq!(of_reversal.code, Code::InvalidStateTransition);
    }
}

#[test]
fn a_reversal_beside_a_change_of_the_costing_method_takes_back_what_the_layers_hold() {
    let mut book = empty(CostingMethod::Fifo);
    // The receipt with the higher number came first, so its line is the second one.
    bring(&mut book, 2, units(100), money(1_000));
    bring(&mut book, 1, units(100), money(1_000));
    let (landed, _) = post(&mut book, landed(SpreadBy::Quantity, 2_000, &[1, 2]));
    assert_eq!(landed.held_value(), money(2_000));
    take(&mut book, units(100));
    // What came later is read only for levels without layers.
    for goods in book.receipts.values_mut().flat_map(|receipt| &mut receipt.lines) {
        goods.later = Quantity::ZERO;
    }
    let setup = Arc::get_mut(&mut book.setup).expect("no one else has it");
    setup.settings.costing_method = CostingMethod::MovingAverage;
    let (back, _) = decide(&mut book, reverse(&landed)).expect("it is reversed");
    let of_lines: Vec<_> = back.lines.iter().map(|line| (line.held, line.held_value)).collect();
    assert_eq!(of_lines, [(units(100), money(-1_000)), (units(0), money(0))]);
    assert_eq!(book.level(&key()).value(), money(1_000));
}

#[test]
fn a_level_that_was_used_up_since_gets_nothing() {
    for method in [CostingMethod::MovingAverage, CostingMethod::Fifo] {
        let mut book = empty(method);
        bring(&mut book, 1, units(100), money(1_000));
        take(&mut book, units(100));
        bring(&mut book, 2, units(500), money(5_000));
        let (landed, posting) = post(&mut book, landed(SpreadBy::Value, 777, &[1]));
        assert_eq!((landed.held_value(), amount(&posting, account::COST_VARIANCE)), (money(0), money(777)));
        assert!(posting.movements.is_empty());
        assert_eq!(book.level(&key()).value(), money(5_000));
    }
}

#[test]
fn a_wrong_landed_cost_names_its_field() {
    let mut book = empty(CostingMethod::Fifo);
    bring(&mut book, 1, units(100), money(0));
    let mut opening = book.receipts[&receipt_id(1)].clone();
    opening.kind = StockDocumentKind::Opening;
    book.receipts.insert(receipt_id(7), opening);
    book.receipts
        .insert(receipt_id(8), Receipt { lines: Vec::new(), ..book.receipts[&receipt_id(1)].clone() });
    let weighed = |weight: Option<i64>| {
        let mut post = landed(SpreadBy::Weight, 100, &[1]);
        post.receipts[0].weight = weight.map(units);
        post
    };
    let with = |change: &dyn Fn(&mut Post)| {
        let mut post = landed(SpreadBy::Quantity, 100, &[1]);
        change(&mut post);
        post
    };
    for (post, pointer, code) in [
        (landed(SpreadBy::Value, 100, &[1]), "/spread_by", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, 0, &[1]), "/charges/0/amount", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, -1, &[1]), "/charges/0/amount", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, 1, &[]), "/receipts", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, 1, &[1; 101]), "/receipts", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, 1, &[1, 1]), "/receipts/1", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, 1, &[1, 9]), "/receipts/1/stock_document_id", Code::NotFound),
        (landed(SpreadBy::Quantity, 1, &[7]), "/receipts/0/stock_document_id", Code::ValidationFailed),
        (landed(SpreadBy::Quantity, 1, &[8]), "/receipts/0/stock_document_id", Code::InvalidStateTransition),
        (weighed(None), "/receipts/0/weight", Code::ValidationFailed),
        (weighed(Some(0)), "/receipts/0/weight", Code::ValidationFailed),
        (
            with(&|post| post.receipts[0].volume = Some(units(1))),
            "/receipts/0/volume",
            Code::ValidationFailed,
        ),
        (with(&|post| post.receipts[0].line_no = Some(2)), "/receipts/0/line_no", Code::NotFound),
        (with(&|post| post.charges.clear()), "/charges", Code::ValidationFailed),
        (
            with(&|post| post.charges[0].account = Some("9999".to_owned())),
            "/charges/0/account",
            Code::NotFound,
        ),
    ] {
        let refusal = decide(&mut book, Command::PostLandedCost(post)).expect_err(pointer);
        let problems: Vec<_> = refusal.problems.iter().map(|one| (one.pointer.as_str(), one.code)).collect();
        assert_eq!(problems, [(pointer, code)]);
    }
    post(&mut book, weighed(Some(5)));
}

#[test]
fn units_that_went_back_to_the_supplier_have_no_share() {
    let mut book = empty(CostingMethod::MovingAverage);
    bring(&mut book, 1, units(100), money(1_000));
    let settings = book.setup.settings.clone();
    let mut receipt = book.receipts[&receipt_id(1)].clone();
    let back = |quantity, received| ReturnedGoods {
        product_id: ProductId::default(),
        lot_id: LotId::default(),
        quantity,
        received,
    };
    receipt.take_returned(&[back(units(40), None)], &settings);
    assert_eq!((receipt.lines[0].quantity, receipt.lines[0].value), (units(60), money(600)));
    // A second line of the product received as many for more, and sends them back.
    receipt.lines.push(ReceivedGoods { line_no: 2, value: money(900), ..receipt.lines[0] });
    let dear = Some((units(60), money(900)));
    receipt.take_returned(&[back(units(20), dear), back(units(40), dear)], &settings);
    let left: Vec<_> = receipt.lines.iter().map(|goods| (goods.line_no, goods.value)).collect();
    assert_eq!(left, [(1, money(600))]);
    receipt.take_returned(&[back(units(60), None)], &settings);
    assert!(receipt.lines.is_empty());
    book.receipts.insert(receipt_id(1), receipt);
    let nothing = landed(SpreadBy::Quantity, 100, &[1]);
    let refusal = decide(&mut book, Command::PostLandedCost(nothing)).expect_err("all went back");
    assert_eq!(refusal.code, Code::InvalidStateTransition);
}

proptest! {
    /// After any receipts and issues, by either method: the shares add up, the stock gains exactly the share of the units that
    /// are held, and a reversal at once leaves every value as it was.
    #[test]
    fn a_reversal_at_once_leaves_everything_as_it_was(
        fifo in any::<bool>(),
        by_value in any::<bool>(),
        cents in 1..10_000_000_i64,
        steps in prop::collection::vec((any::<bool>(), 1..500_i64, 1..100_000_i64), 1..30),
    ) {
        let method = if fifo { CostingMethod::Fifo } else { CostingMethod::MovingAverage };
        let mut book = empty(method);
        let mut receipts = Vec::new();
        for (number, (out, tenths, worth)) in (1..).zip(steps) {
            let there = book.level(&key()).on_hand();
            if !out {
                bring(&mut book, number, units(tenths), money(worth));
                receipts.push(number);
            } else if there.is_positive() {
                take(&mut book, units(tenths).min(there));
            }
        }
        prop_assume!(!receipts.is_empty());
        let before = (book.level(&key()), book.layers().clone());
        let by = if by_value { SpreadBy::Value } else { SpreadBy::Quantity };
        let (landed, posting) = post(&mut book, landed(by, cents, &receipts));
        prop_assert_eq!(landed.lines.iter().map(|line| line.value).sum::<Money>(), money(cents));
        prop_assert_eq!(landed.lines.iter().map(|line| line.held).sum::<Quantity>(), before.0.on_hand());
        for line in &landed.lines {
            prop_assert!(!line.held_value.is_negative() && line.held_value <= line.value);
        }
        prop_assert_eq!(book.level(&key()).value(), before.0.value() + landed.held_value());
        prop_assert_eq!(amount(&posting, account::INVENTORY), landed.held_value());
        prop_assert_eq!(amount(&posting, account::COST_VARIANCE), money(cents) - landed.held_value());
        let (back, _) = decide(&mut book, reverse(&landed)).expect("it is reversed");
        prop_assert_eq!(back.held_value(), -landed.held_value());
        prop_assert_eq!(book.level(&key()).value(), before.0.value());
        prop_assert_eq!(book.layers(), &before.1);
    }
}
