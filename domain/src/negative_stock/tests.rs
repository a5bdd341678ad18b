use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::book::Setup;
use crate::id::{IdSequence, LocationId, ProductId};
use crate::ledger::mapping::Mapping;
use crate::stock::{CostingMethod, Layer, Layers};

/// Returns an empty book whose costing method is `method`.
pub(crate) fn book(method: CostingMethod) -> Book {
    let settings = Settings { costing_method: method, ..crate::stock::tests::settings() };
    let setup = Setup {
        settings,
        seller: Arc::default(),
        locations: Vec::new(),
        registers: HashMap::new(),
        tax_rates: Vec::new(),
        tax_names: HashMap::new(),
        channel_lists: Vec::new(),
        accounts: Vec::new(),
        liabilities: Vec::new(),
        reasons: HashMap::new(),
        mapping: Mapping::default(),
    };
    Book::new(DateTime::UNIX_EPOCH, IdSequence::new(DateTime::UNIX_EPOCH, 1), Arc::new(setup))
}

const SALE: DocumentKind = DocumentKind::Sale;
const RECEIPT: DocumentKind = DocumentKind::Receipt;

fn movement(kind: MovementKind, key: LevelKey, (quantity, value): (Quantity, Money)) -> Movement {
    Movement {
        id: MovementId::default(),
        kind,
        key,
        quantity,
        value,
        unit_cost: stock::unit_cost(value, quantity),
        document_kind: if quantity.is_negative() { SALE } else { RECEIPT },
        document_id: Uuid::nil(),
        line_no: 1,
        channel: None,
        reason: None,
        occurred_at: DateTime::UNIX_EPOCH,
    }
}

/// Forces an issue and returns its posting.
fn force(book: &mut Book, key: LevelKey, quantity: Quantity) -> Posting {
    let issue = Issue { key, quantity, line_no: 1, occurred_at: DateTime::UNIX_EPOCH, forced: true };
    let cost = book.issue(&issue);
    let movements = vec![movement(MovementKind::Sale, key, (-quantity, -cost))];
    let mut posting = Posting { movements, ..Posting::default() };
    book.post_consequences(&mut posting);
    posting
}

/// Receives stock and returns the posting.
fn bring(book: &mut Book, key: LevelKey, (quantity, value): (Quantity, Money)) -> Posting {
    book.receive(key, quantity, value, &Source::new(RECEIPT, Uuid::nil(), 1, DateTime::UNIX_EPOCH));
    let movements = vec![movement(MovementKind::Receipt, key, (quantity, value))];
    let mut posting = Posting { movements, ..Posting::default() };
    book.post_consequences(&mut posting);
    posting
}

fn layers_of(book: &Book, key: &LevelKey) -> (Quantity, Money) {
    let layers = book.layers().get(key).map_or(&[][..], |layers: &Layers| layers.iter().as_slice());
    (layers.iter().map(Layer::quantity).sum(), layers.iter().map(Layer::value).sum())
}

proptest! {
    /// After any forced issues and receipts, by either method: the level is the sum of its movements, what is
    /// below zero has open costs of the same quantity and value, and layers add up to the level.
    #[test]
    fn what_is_below_zero_is_settled_to_the_cent(
        fifo in any::<bool>(),
        steps in prop::collection::vec((any::<bool>(), 1..500_i64, 0..100_000_i64), 1..60),
    ) {
        let method = if fifo { CostingMethod::Fifo } else { CostingMethod::MovingAverage };
        let mut book = book(method);
        let key = LevelKey::untracked(LocationId::default(), ProductId::default());
        let (mut moved, mut variance) = ((Quantity::ZERO, Money::ZERO), Money::ZERO);
        let units = |tenths: i64| Quantity::new(Decimal::new(tenths, 1));
        let last = Some((false, 100_000, 12_345));
        for (out, tenths, cents) in steps.into_iter().chain(last) {
            let posting = match out {
                true => force(&mut book, key, units(tenths)),
                false => bring(&mut book, key, (units(tenths), Money::new(Decimal::new(cents, 2)))),
            };
            moved.0 += posting.movements.iter().map(|row| row.quantity).sum();
            moved.1 += posting.movements.iter().map(|row| row.value).sum();
            let posted = posting.entries.iter().flat_map(|entry| &entry.lines);
            variance += posted.filter(|line| line.account == account::COST_VARIANCE).map(|line| line.amount).sum();
            let level = book.level(&key);
            prop_assert_eq!((level.on_hand(), level.value()), moved);
            let open = book.costs.get(&key).cloned().unwrap_or_default();
            let owed: Quantity = open.iter().map(|cost| cost.quantity).sum();
            let owed_value: Money = open.iter().map(|cost| cost.value).sum();
            prop_assert_eq!(owed, (-level.on_hand()).max(Quantity::ZERO));
            prop_assert!(open.iter().all(|cost| cost.quantity.is_positive() && !cost.value.is_negative()));
            if level.on_hand().is_positive() {
                prop_assert!(!level.value().is_negative());
            } else {
                prop_assert_eq!(-level.value(), owed_value);
            }
            if level.is_layered() {
                let there = level.on_hand().max(Quantity::ZERO);
                prop_assert_eq!(layers_of(&book, &key), (there, level.value().max(Money::ZERO)));
            }
        }
        let is_settled = book.costs.get(&key).is_none_or(Vec::is_empty);
        prop_assert!(is_settled || book.level(&key).on_hand().is_negative());
    }
}

/// Posts a forced issue or a receipt of any day, also before what is recorded. Returns its movements.
fn post_of_day(
    book: &mut Book,
    key: LevelKey,
    (out, day): (bool, i64),
    (quantity, value): (Quantity, Money),
) -> Vec<Movement> {
    let at = DateTime::UNIX_EPOCH + chrono::Duration::days(day);
    let (kind, signed) = if out {
        let issue = Issue { key, quantity, line_no: 1, occurred_at: at, forced: true };
        let cost = book.issue(&issue);
        (MovementKind::Sale, (-quantity, -cost))
    } else {
        book.receive(key, quantity, value, &Source::new(RECEIPT, Uuid::nil(), 1, at));
        (MovementKind::Receipt, (quantity, value))
    };
    let movements = vec![Movement { occurred_at: at, ..movement(kind, key, signed) }];
    let mut posting = Posting { movements, ..Posting::default() };
    book.post_consequences(&mut posting);
    for entry in &posting.entries {
        assert!(entry.lines.iter().map(|line| line.amount).sum::<Money>().is_zero(), "an entry balances");
    }
    posting.movements
}

/// Returns the instants at which a level had value but no units.
fn values_without_units(movements: &[Movement]) -> Vec<DateTime<Utc>> {
    let mut sorted: Vec<&Movement> = movements.iter().collect();
    sorted.sort_by_key(|row| row.occurred_at);
    let (mut units, mut value) = (Quantity::ZERO, Money::ZERO);
    let mut found = Vec::new();
    for same in sorted.chunk_by(|one, other| one.occurred_at == other.occurred_at) {
        units += same.iter().map(|row| row.quantity).sum();
        value += same.iter().map(|row| row.value).sum();
        if units.is_zero() && !value.is_zero() {
            found.push(same[0].occurred_at);
        }
    }
    found
}

proptest! {
    /// Documents of any day in any order, by either method: the level is the sum of its movements, its layers add up to it,
    /// and no instant has value without units.
    #[test]
    fn late_documents_leave_no_value_without_units(
        fifo in any::<bool>(),
        steps in prop::collection::vec((any::<bool>(), 0..6_i64, 1..4_i64, 0..1_000_i64), 1..40),
    ) {
        let mut book = book(if fifo { CostingMethod::Fifo } else { CostingMethod::MovingAverage });
        book.now = DateTime::UNIX_EPOCH + chrono::Duration::days(100);
        book.histories = Some(HashMap::new());
        let key = LevelKey::untracked(LocationId::default(), ProductId::default());
        let mut movements = Vec::new();
        for (out, day, units, cents) in steps {
            let goods = (Quantity::new(units.into()), Money::new(Decimal::new(cents, 2)));
            movements.extend(post_of_day(&mut book, key, (out, day), goods));
            let level = book.level(&key);
            let sums: (Quantity, Money) =
                (movements.iter().map(|row| row.quantity).sum(), movements.iter().map(|row| row.value).sum());
            prop_assert_eq!((level.on_hand(), level.value()), sums);
            prop_assert_eq!(values_without_units(&movements), Vec::<DateTime<Utc>>::new());
            if level.is_layered() && !level.on_hand().is_negative() {
                prop_assert_eq!(layers_of(&book, &key), (level.on_hand(), level.value()));
            }
            let open: Money = book.costs.get(&key).into_iter().flatten().map(|cost| cost.value).sum();
            prop_assert!(!level.on_hand().is_negative() || -level.value() == open);
        }
    }
}

#[test]
fn the_oldest_goods_below_zero_are_settled_first() {
    let mut book = book(CostingMethod::MovingAverage);
    let key = LevelKey::untracked(LocationId::default(), ProductId::default());
    let (units, pounds) =
        (|number: i64| Quantity::new(number.into()), |number: i64| Money::new(number.into()));
    bring(&mut book, key, (units(1), pounds(3)));
    let first = force(&mut book, key, units(3));
    assert_eq!((first.oversold.len(), first.short.len()), (1, 1));
    bring(&mut book, key, (units(1), pounds(5)));
    force(&mut book, key, units(1));
    // Of two open costs, 3.00 and 5.00, the older is settled first.
    let came = bring(&mut book, key, (units(1), pounds(4)));
    let variances: Vec<(CostId, Money)> = came.settled.iter().map(|cost| (cost.id, cost.variance)).collect();
    assert_eq!(variances, [(first.oversold[0].cost.id, pounds(3))], "5.00 and 4.00 instead of 3.00 each");
    assert_eq!((book.level(&key).on_hand(), book.level(&key).value()), (units(-1), pounds(-5)));
    let rest = bring(&mut book, key, (units(3), pounds(6)));
    assert_eq!(rest.settled[0].variance, pounds(-3));
    assert_eq!((book.level(&key).on_hand(), book.level(&key).value()), (units(2), pounds(4)));
    assert_eq!(rest.movements[1].kind, MovementKind::Settlement);
}
