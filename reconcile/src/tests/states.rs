//! Episodes, clocks, limits of the data, and the order of rows.

use super::*;
use crate::answer::{Edge, Scope};
use crate::input::{Applied, Resolution};
use crate::run;
use crate::term::{Basis, Class, InputKind, Outcome, ProofVerdict};

fn lost_returns() -> Input {
    business(|real, system| {
        let is_lost = system == SHOP && real.event_type == EventType::Return && real.place == 1;
        if is_lost { Effect::Lose } else { Effect::Keep }
    })
}

#[test]
fn three_units_off_for_45_days_are_one_episode() {
    let mut input = business(|_, _| Effect::Keep);
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP) {
        if (&*line.external_sku, &*line.external_location) == ("C", "30") {
            line.quantity -= quantity(3);
        }
    }
    let answer = run(&input);
    let [episode] = answer.episodes.as_slice() else { panic!("one episode: {:?}", answer.episodes) };
    assert_eq!((episode.occurrences, episode.days_open), (1, 45));
    assert_eq!((episode.residual.to_string(), episode.healed_at), ("-3".to_owned(), None));
    assert_eq!(answer.first_fix.verdict, Outcome::None);
}

#[test]
fn nine_new_differences_are_nine_occurrences() {
    let input = business(|real, system| {
        let of_key =
            system == SHOP && (real.item, real.place) == (0, 0) && real.event_type == EventType::Sale;
        if of_key && real.number % 5 == 0 { Effect::Lose } else { Effect::Keep }
    });
    let answer = run(&input);
    let [episode] = answer.episodes.as_slice() else { panic!("one episode: {:?}", answer.episodes) };
    let lost = happened()
        .iter()
        .filter(|real| {
            (real.item, real.place) == (0, 0) && real.event_type == EventType::Sale && real.number % 5 == 0
        })
        .count();
    assert_eq!(episode.occurrences as usize, lost);
}

#[test]
fn two_episodes_that_begin_in_one_snapshot_have_two_ids() {
    let mut input = business(|_, _| Effect::Keep);
    for (number, minute, units) in [(1, 15_000, -2), (2, 15_060, 2), (3, 15_120, -3)] {
        let sale = Real {
            number: 30_000 + number,
            event_type: EventType::Sale,
            item: 1,
            place: 0,
            quantity: units,
            minute,
        };
        for system in [ERP, POS] {
            input.events.push(event(system, &format!("{system}-late-{number}"), &sale, minute + 1));
        }
    }
    let is_later = |line: &&mut SnapshotLine| {
        (&*line.external_sku, &*line.external_location) == ("B", "10") && line.taken_at > at(15_120)
    };
    for line in input.snapshots.iter_mut().filter(is_later).filter(|line| line.system != SHOP) {
        line.quantity -= quantity(3);
    }
    let answer = run(&input);
    let [first, second] = answer.episodes.as_slice() else { panic!("two episodes: {:?}", answer.episodes) };
    assert_eq!((first.class, second.class), (Class::MissedSale, Class::MissedSale));
    assert_eq!(first.opened_at, second.opened_at);
    let mut residuals = [first.residual.to_string(), second.residual.to_string()];
    residuals.sort();
    assert_eq!(residuals, ["0", "3"]);
    assert_ne!(first.id, second.id);
}

#[test]
fn confirmed_classes_are_trusted_more() {
    let mut input = lost_returns();
    let confidence = |input: &Input| {
        let answer = run(input);
        let row = answer.discrepancies.iter().find(|one| one.system == "shop").expect("a row");
        row.explanations[0].confidence.to_string()
    };
    // Half the exactness, three tenths the evidence, and two tenths the prior: one of two, then four of six.
    assert_eq!(confidence(&input), "0.9");
    let resolution = |class: Class| Resolution { system: text("shop"), found: Class::MissedReturn, class };
    input.resolutions = [Class::MissedReturn; 3].map(resolution).to_vec();
    input.resolutions.push(resolution(Class::MissedSale));
    assert_eq!(confidence(&input), "0.93");
}

#[test]
fn an_offset_of_a_clock_is_found_and_said() {
    let mut input = business(|_, _| Effect::Keep);
    for event in input.events.iter_mut().filter(|event| event.system == SHOP) {
        event.occurred_at += Duration::hours(2);
        event.recorded_at = event.recorded_at.map(|recorded| recorded + Duration::hours(2));
    }
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP) {
        line.taken_at += Duration::hours(2);
    }
    input.through += Duration::hours(3);
    let answer = run(&input);
    assert_eq!(answer.first_fix.notes.len(), 1, "{:?}", answer.first_fix.notes);
    assert!(answer.first_fix.notes[0].contains("shop is 120 minutes ahead"), "{:?}", answer.first_fix.notes);
    assert_eq!(answer.discrepancies, []);
    input.systems[usize::from(SHOP)].clock_offset_seconds = 7_200;
    let declared = run(&input);
    assert_eq!((declared.first_fix.notes, declared.discrepancies), (Vec::new(), Vec::new()));
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let input = lost_returns();
    let bytes = |input: &Input| serde_json::to_string(&run(input)).expect("text");
    let expected = bytes(&input);
    let mut reversed = input.clone();
    reversed.events.reverse();
    reversed.snapshots.reverse();
    reversed.ownership.reverse();
    reversed.items.reverse();
    assert_eq!(bytes(&reversed), expected);
    let mut numbers = Numbers(11);
    let mut shuffled = input;
    for at in (1..shuffled.events.len()).rev() {
        let other = usize::try_from(numbers.below(at as u64 + 1)).expect("an index");
        shuffled.events.swap(at, other);
    }
    // Systems in another order have other numbers.
    shuffled.systems.rotate_left(1);
    let moved = |system: SystemNo| (system + 2) % 3;
    shuffled.events.iter_mut().for_each(|event| event.system = moved(event.system));
    shuffled.snapshots.iter_mut().for_each(|line| line.system = moved(line.system));
    assert_eq!(bytes(&shuffled), expected);
}

#[test]
fn without_events_of_the_others_the_answer_is_a_hypothesis() {
    let mut input = lost_returns();
    input.events.retain(|event| event.system == ERP);
    let answer = run(&input);
    let first = answer.first_fix;
    assert_eq!((first.verdict, first.basis), (Outcome::Fix, Basis::Snapshots), "{}", first.headline);
    assert!(first.headline.starts_with("Hypothesis:"), "{}", first.headline);
    let fix = first.fix.expect("a fix");
    assert_eq!((fix.edge.from.as_str(), fix.edge.to.as_str()), ("pos", "shop"));
    assert_eq!((fix.class, fix.scope.place.as_deref()), (Class::MissedReturn, Some("20")));
    assert!(first.settle_with.iter().any(|one| one.system == "shop" && one.input == InputKind::Events));
}

#[test]
fn no_recurring_cause_without_events_of_the_others_is_a_hypothesis() {
    let mut input = business(|_, _| Effect::Keep);
    input.events.retain(|event| event.system == ERP);
    let first = run(&input).first_fix;
    assert_eq!((first.verdict, first.basis), (Outcome::None, Basis::Snapshots), "{}", first.headline);
    assert!(first.headline.starts_with("Hypothesis: No recurring cause"), "{}", first.headline);
    let wanted = |system: &str| first.settle_with.iter().any(|one| one.system == system);
    assert!(wanted("pos") && wanted("shop"), "{:?}", first.settle_with);
}

#[test]
fn a_reference_without_events_is_asked_for_them() {
    let mut input = lost_returns();
    input.events.retain(|event| event.system != ERP);
    let first = run(&input).first_fix;
    assert_eq!(first.basis, Basis::Snapshots, "{}", first.headline);
    assert_ne!(first.verdict, Outcome::None, "nothing was compared with the reference's events");
    let is_wanted = first.settle_with.iter().any(|one| one.system == "erp" && one.input == InputKind::Events);
    assert!(is_wanted, "{:?}", first.settle_with);
}

#[test]
fn a_difference_without_a_cause_is_its_residual() {
    let mut input = business(|_, _| Effect::Keep);
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP && line.taken_at > at(20 * 1440))
    {
        if (&*line.external_sku, &*line.external_location) == ("C", "30") {
            line.quantity += quantity(1_000);
        }
    }
    let answer = run(&input);
    let [row] = answer.discrepancies.as_slice() else { panic!("one row: {:?}", answer.discrepancies) };
    assert_eq!((row.increment, row.residual), (quantity(1_000), quantity(1_000)));
    let [explanation] = row.explanations.as_slice() else { panic!("one explanation: {row:?}") };
    assert_eq!((explanation.class, explanation.quantity), (Class::Unexplained, row.residual));
}

#[test]
fn no_input_is_not_enough() {
    let answer = run(&empty());
    assert_eq!(answer.first_fix.verdict, Outcome::NotEnoughData);
    assert!(answer.first_fix.settle_with.iter().any(|one| one.system == "erp"));
    let mut unknown = empty();
    unknown.settings.reference = text("none");
    assert_eq!(run(&unknown).first_fix.verdict, Outcome::NotEnoughData);
}

#[test]
fn one_day_of_exports_lists_differences_and_asks_for_more() {
    let mut input = business(|_, _| Effect::Keep);
    input.events.clear();
    input.snapshots.retain(|line| line.taken_at == at(0));
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP && &*line.external_sku == "A") {
        line.quantity += quantity(4);
    }
    let answer = run(&input);
    assert_eq!(answer.discrepancies.len(), 3);
    assert!(answer.discrepancies.iter().all(|one| one.delta.to_string() == "4"));
    assert_eq!(answer.first_fix.verdict, Outcome::NotEnoughData);
    assert_eq!(answer.episodes.len(), 3);
    for episode in &answer.episodes {
        assert_eq!((episode.occurrences, episode.residual.to_string()), (1, "4".to_owned()), "{episode:?}");
    }
}

#[test]
fn a_system_that_stops_at_zero_is_clamped() {
    let mut input = business(|_, _| Effect::Keep);
    let of_key = |sku: &str, place: &str| (sku, place) == ("B", "10");
    input.events.retain(|event| !of_key(&event.external_sku, &event.external_location));
    for line in input.snapshots.iter_mut().filter(|line| of_key(&line.external_sku, &line.external_location))
    {
        line.quantity = quantity(2);
    }
    let sale =
        Real { number: 30_000, event_type: EventType::Sale, item: 1, place: 0, quantity: -5, minute: 15_000 };
    for (system, id) in [(ERP, "e"), (POS, "p"), (SHOP, "s")] {
        input.events.push(event(system, id, &sale, 15_001));
    }
    for line in input.snapshots.iter_mut().filter(|line| of_key(&line.external_sku, &line.external_location))
    {
        if line.taken_at > at(15_001) {
            line.quantity = quantity(if line.system == SHOP { 0 } else { -3 });
        }
    }
    let answer = run(&input);
    let [row] = answer.discrepancies.as_slice() else { panic!("one row: {:?}", answer.discrepancies) };
    assert_eq!(
        (row.explanations[0].class, row.increment.to_string()),
        (Class::ClampedNegative, "3".to_owned())
    );
}

#[test]
fn a_loss_at_the_end_of_the_window_may_still_arrive() {
    let mut input = business(|_, _| Effect::Keep);
    let last = DAYS * 1440 - 125;
    let sale =
        Real { number: 30_001, event_type: EventType::Sale, item: 1, place: 0, quantity: -5, minute: last };
    input.events.push(event(ERP, "e", &sale, last + 1));
    input.events.push(event(POS, "p", &sale, last));
    for line in input.snapshots.iter_mut().filter(|line| line.system != SHOP && line.taken_at >= at(last)) {
        if (&*line.external_sku, &*line.external_location) == ("B", "10") {
            line.quantity -= quantity(5);
        }
    }
    let answer = run(&input);
    let [row] = answer.discrepancies.as_slice() else { panic!("one row: {:?}", answer.discrepancies) };
    assert_eq!(row.explanations[0].class, Class::TimingLag);
}

#[test]
fn an_applied_fix_is_compared_with_the_time_before() {
    let mut input = business(|real, system| {
        let is_lost =
            system == SHOP && real.event_type == EventType::Return && real.place == 1 && real.day() < 25;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    input.applied = vec![Applied {
        id: "fix".to_owned(),
        class: Class::MissedReturn,
        event_type: Some(EventType::Return),
        edge: Edge { from: "pos".to_owned(), to: "shop".to_owned() },
        scope: Scope { place: Some("20".to_owned()), ..Scope::default() },
        applied_at: at(25 * 1440),
    }];
    let proofs = run(&input).proofs;
    assert_eq!(proofs[0].proof.verdict, ProofVerdict::Worked, "{proofs:?}");
    assert_eq!(proofs[0].proof.counts.episodes_after, 0);
    assert!(proofs[0].proof.counts.movements_after > 10);
}

/// The fixes of one run are counted together, each as if it were alone.
#[test]
fn each_of_many_applied_fixes_has_the_counts_of_its_own_scope() {
    let mut input = business(|real, system| {
        let is_lost = system == SHOP && real.event_type == EventType::Return && real.day() < 25;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    let place = |code: &str| Scope { place: Some(code.to_owned()), ..Scope::default() };
    let scopes = [
        place("10"),
        place("20"),
        place("none"),
        Scope::default(),
        Scope { hours: Some([0, 12]), ..Scope::default() },
        Scope { sku: Some("A".to_owned()), ..place("20") },
    ];
    let fixes: Vec<Applied> = (10..)
        .zip(scopes)
        .flat_map(|(number, scope)| {
            [("pos", "shop"), ("pos", "erp"), ("pos", "none")].map(|(from, to)| Applied {
                id: format!("{number} {to}"),
                class: Class::MissedReturn,
                event_type: Some(EventType::Return),
                edge: Edge { from: from.to_owned(), to: to.to_owned() },
                scope: scope.clone(),
                applied_at: at(25 * 1440),
            })
        })
        .collect();
    let mut alone: Vec<_> = fixes
        .iter()
        .map(|fix| {
            input.applied = vec![fix.clone()];
            let proof = run(&input).proofs.remove(0);
            (proof.id, proof.proof.counts)
        })
        .collect();
    input.applied = fixes;
    let mut together: Vec<_> =
        run(&input).proofs.into_iter().map(|proof| (proof.id, proof.proof.counts)).collect();
    let counts = |id: &str| together.iter().find(|(of, _)| of == id).expect("a proof").1;
    assert_eq!(counts("12 shop").movements_before, 0, "the input has no such place");
    assert_eq!(counts("13 none").movements_before, 0, "the input has no such system");
    let (one, everywhere) = (counts("11 shop"), counts("13 shop"));
    assert!(0 < one.episodes_before && one.episodes_before < everywhere.episodes_before);
    assert!(0 < one.movements_after && one.movements_after < everywhere.movements_after);
    alone.sort_by(|one, other| one.0.cmp(&other.0));
    together.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(alone, together);
}
