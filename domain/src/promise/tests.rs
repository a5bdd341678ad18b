use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::expected_receipt::Source;
use crate::id::ExpectedReceiptId;

pub(crate) fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, 1).expect("a day") + chrono::Days::new(number)
}

pub(crate) fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

fn supplies(days: &[(u64, i64)]) -> Vec<Supply> {
    let supply = |(line_no, (on, quantity)): (i32, &(u64, i64))| Supply {
        source: Source::Expected(ExpectedReceiptId::default(), line_no),
        on: day(*on),
        quantity: units(*quantity),
    };
    let mut supplies: Vec<Supply> = (1..).zip(days).map(supply).collect();
    supplies.sort_by_key(|supply| (supply.on, supply.source));
    supplies
}

pub(crate) fn queue(wanted: &[i64]) -> Vec<Waiting> {
    let waiting = |(number, quantity): (u128, &i64)| Waiting {
        order_id: OrderId(Uuid::from_u128(number)),
        line_no: 1,
        priority: 0,
        since: DateTime::UNIX_EPOCH,
        reserved: Quantity::ZERO,
        backordered: units(*quantity),
        promised_on: None,
        life_days: 0,
        lots: Vec::new(),
    };
    (1..).zip(wanted).map(waiting).collect()
}

#[test]
fn the_higher_priority_goes_first_and_then_the_older() {
    let [early, late] = [0, 60].map(|seconds| DateTime::from_timestamp(seconds, 0).expect("an instant"));
    let waiting = |priority, since| Waiting { priority, since, ..queue(&[1])[0].clone() };
    let mut order = [waiting(0, early), waiting(3, late), waiting(0, late), waiting(3, early)];
    order.sort_by_key(Waiting::rank);
    let ranks = order.map(|waiting| (waiting.priority, waiting.since));
    assert_eq!(ranks, [(3, early), (3, late), (0, early), (0, late)]);
}

#[test]
fn a_promise_that_was_never_made_is_not_broken() {
    assert!(holds(None, None) && holds(Some(day(3)), Some(day(3))) && holds(Some(day(3)), Some(day(1))));
    assert!(!holds(Some(day(3)), Some(day(4))) && !holds(Some(day(3)), None));
}

proptest! {
    /// If supplies come as expected, each line is filled on the day on which it is due, in the order of the
    /// queue. No unit of a supply has two promises.
    #[test]
    fn what_is_due_is_what_will_happen(
        free in 0..20_i64,
        days in prop::collection::vec((0..10_u64, 1..30_i64), 0..8),
        wanted in prop::collection::vec(1..20_i64, 1..8),
    ) {
        let (supplies, queue) = (supplies(&days), queue(&wanted));
        let key = LevelKey::untracked(Default::default(), Default::default());
        let there = [Free { key, quantity: units(free), expires_on: None }];
        let due = due(&there, day(0), &supplies, &queue);
        let (mut left, mut served) = (units(free), vec![None; queue.len()]);
        let mut open: Vec<Quantity> = queue.iter().map(|waiting| waiting.backordered).collect();
        for number in 0..10 {
            let today = supplies.iter().filter(|supply| supply.on == day(number));
            left += today.map(|supply| supply.quantity).sum();
            for (open, served) in open.iter_mut().zip(&mut served) {
                let given = left.min(*open);
                left -= given;
                *open -= given;
                if open.is_zero() && served.is_none() {
                    *served = Some(day(number));
                }
            }
        }
        prop_assert_eq!(&due, &served);
        let mut ahead = Quantity::ZERO;
        let mut used: std::collections::BTreeMap<Source, Quantity> = Default::default();
        for (waiting, due) in queue.iter().zip(due) {
            if let Some(due) = due {
                let pegs = pegs((units(free), ahead), day(0), &supplies, waiting.backordered);
                prop_assert!(pegs.iter().all(|peg| peg.supply.on <= due));
                for peg in pegs {
                    *used.entry(peg.supply.source).or_default() += peg.quantity;
                    prop_assert!(used[&peg.supply.source] <= peg.supply.quantity);
                }
            }
            ahead += waiting.backordered;
        }
    }
}
