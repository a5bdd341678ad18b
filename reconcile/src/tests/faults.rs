//! Recurring faults are named, and nothing else is.

use rust_decimal::Decimal;

use super::*;
use crate::answer::Answer;
use crate::input::BundlePart;
use crate::run;
use crate::term::{Basis, Class, FindingKind, Outcome};

/// Returns the classes of the changes of a system, those that heal left out.
pub(super) fn classes(answer: &Answer, system: &str) -> BTreeMap<Class, usize> {
    let mut classes = BTreeMap::new();
    for one in answer.discrepancies.iter().filter(|one| one.system == system) {
        for explanation in one.explanations.iter().filter(|one| !one.heals) {
            *classes.entry(explanation.class).or_default() += 1;
        }
    }
    classes
}

pub(super) fn fix(
    from: &str,
    to: &str,
    class: Class,
    place: Option<&str>,
) -> Option<(String, String, Class, Option<String>)> {
    Some((from.to_owned(), to.to_owned(), class, place.map(str::to_owned)))
}

#[test]
fn without_fault_nothing_is_named() {
    let answer = run(&business(|_, _| Effect::Keep));
    assert_eq!(answer.first_fix.verdict, Outcome::None, "{}", answer.first_fix.headline);
    assert_eq!(answer.discrepancies, [], "equal systems do not differ");
    assert_eq!(answer.first_fix.basis, Basis::Events);
}

#[test]
fn random_losses_and_an_outage_are_not_named() {
    let input = business(|real, system| {
        let is_outage = system == SHOP && real.place == 0 && (20..22).contains(&real.day());
        if is_outage || (system == SHOP && real.number % 97 == 0) { Effect::Lose } else { Effect::Keep }
    });
    let answer = run(&input);
    assert_eq!(answer.first_fix.verdict, Outcome::None, "{}", answer.first_fix.headline);
    assert!(answer.discrepancies.len() > 20, "the losses are listed");
}

#[test]
fn returns_that_do_not_reach_the_shop_are_the_first_fix() {
    let input = business(|real, system| {
        let is_lost = system == SHOP && real.event_type == EventType::Return && real.place == 1;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    let answer = run(&input);
    assert_eq!(named(&input), fix("pos", "shop", Class::MissedReturn, Some("20")));
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::MissedReturn]);
    assert_eq!(classes(&answer, "pos"), BTreeMap::new());
    let found = answer.first_fix.fix.expect("a fix");
    assert_eq!(found.event_type, Some(EventType::Return));
    assert_eq!((found.scope.sku, found.scope.actor, found.scope.hours), (None, None, None));
    assert_eq!(found.examples.len(), 3);
    assert!(found.examples.iter().all(|one| one.here.is_some() && one.there.is_none()));
    let lost =
        happened().iter().filter(|real| real.event_type == EventType::Return && real.place == 1).count();
    assert_eq!(found.episodes as usize, lost, "each lost return is counted once");
}

#[test]
fn a_fault_of_all_places_is_the_edges() {
    let input = business(|real, system| {
        let is_lost = system == SHOP && real.event_type == EventType::Return && real.number % 2 == 0;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    assert_eq!(named(&input), fix("pos", "shop", Class::MissedReturn, None));
}

/// Returns whether a return at the second place is lost: one of four since the third week before the end.
fn is_lost_lately(real: &Real) -> bool {
    real.event_type == EventType::Return
        && real.place == 1
        && real.day() >= DAYS - 20
        && real.number.is_multiple_of(4)
}

#[test]
fn a_weak_fault_of_the_last_weeks_is_named() {
    let lost = happened().iter().filter(|real| is_lost_lately(real)).count();
    let input = business(
        |real, system| {
            if system == SHOP && is_lost_lately(real) { Effect::Lose } else { Effect::Keep }
        },
    );
    assert_eq!(named(&input), fix("pos", "shop", Class::MissedReturn, Some("20")), "{lost} returns are lost");
}

#[test]
fn an_outage_does_not_hide_the_hours_of_a_fault() {
    let input = business(|real, system| {
        let is_late = real.minute % 1440 >= 18 * 60 && real.event_type == EventType::Sale;
        let is_outage = (30..32).contains(&real.day());
        let is_lost = system == SHOP && real.place == 0 && (is_outage || (is_late && real.number % 2 == 0));
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    let found = run(&input).first_fix.fix.expect("a fix");
    assert_eq!((found.class, found.scope.place.as_deref()), (Class::MissedSale, Some("10")));
    assert_eq!(found.scope.hours, Some([18, 24]));
}

#[test]
fn a_fault_of_the_evening_names_its_hours() {
    let input = business(|real, system| {
        let is_lost =
            system == SHOP && real.event_type == EventType::Sale && real.place == 2 && real.hour() >= 18;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    let found = run(&input).first_fix.fix.expect("a fix");
    assert_eq!((found.scope.place.as_deref(), found.scope.hours), (Some("30"), Some([18, 24])));
}

#[test]
fn a_loss_of_the_reference_is_one_fault_however_many_systems_show_it() {
    let input = business(|real, system| {
        let is_lost = system == ERP && real.event_type == EventType::TransferIn && real.place == 1;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    let answer = run(&input);
    let found = answer.first_fix.fix.expect("a fix");
    let lost =
        happened().iter().filter(|real| real.event_type == EventType::TransferIn && real.place == 1).count();
    assert_eq!((found.edge.from.as_str(), found.edge.to.as_str()), ("pos", "erp"));
    assert_eq!((found.class, found.event_type), (Class::UnrecordedTransfer, Some(EventType::TransferIn)));
    assert_eq!(found.episodes as usize, lost);
}

#[test]
fn transfers_that_one_system_books_on_one_side_only_are_named() {
    let input = business(|real, system| {
        let is_lost = system == SHOP && real.event_type == EventType::TransferOut;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    assert_eq!(named(&input), fix("pos", "shop", Class::UnrecordedTransfer, None));
}

#[test]
fn a_transfer_booked_as_a_receipt_is_no_difference() {
    let mut input = business(|_, _| Effect::Keep);
    for event in input.events.iter_mut().filter(|event| event.system == SHOP) {
        if event.event_type == EventType::TransferIn {
            event.event_type = EventType::Receipt;
        }
    }
    let answer = run(&input);
    assert_eq!((answer.first_fix.verdict, answer.discrepancies.len()), (Outcome::None, 0));
}

#[test]
fn events_of_a_retried_import_are_duplicates() {
    let input = business(|real, system| {
        let is_doubled = system == SHOP && real.event_type == EventType::Receipt;
        if is_doubled { Effect::Twice } else { Effect::Keep }
    });
    let answer = run(&input);
    assert_eq!(named(&input), fix("pos", "shop", Class::DuplicateEvent, None));
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::DuplicateEvent]);
}

#[test]
fn a_system_that_lags_differs_and_heals() {
    let input = business(|real, system| {
        let is_late = system == SHOP && real.event_type == EventType::Sale;
        if is_late { Effect::Late(300) } else { Effect::Keep }
    });
    let answer = run(&input);
    let classes: Vec<Class> = classes(&answer, "shop").into_keys().collect();
    assert_eq!(classes, [Class::TimingLag]);
    let map = answer.flow_maps.iter().find(|map| map.process == Process::Sale).expect("a map of sales");
    assert!(map.findings.iter().any(|finding| finding.kind == FindingKind::SlowEdge), "{:?}", map.findings);
    assert!(map.mermaid.contains("flowchart"), "{}", map.mermaid);
}

#[test]
fn a_file_that_overwrites_quantities_is_a_change_of_one_system() {
    let mut input = business(|_, _| Effect::Keep);
    for day in (1..DAYS).step_by(2) {
        let (minute, number) = (day * 1440 + 7 * 60, u32::try_from(10_000 + day).expect("a number"));
        let units = 5 + day % 3;
        let real =
            Real { number, event_type: EventType::Overwrite, item: 0, place: 1, quantity: units, minute };
        let mut overwritten = event(SHOP, &format!("overwrite-{day}"), &real, minute);
        (overwritten.reference, overwritten.entry_mode) = (None, Some(EntryMode::Csv));
        input.events.push(overwritten);
        let later = |line: &&mut SnapshotLine| {
            line.system == SHOP
                && line.taken_at > at(minute)
                && (&*line.external_sku, &*line.external_location) == ("A", "20")
        };
        for line in input.snapshots.iter_mut().filter(later) {
            line.quantity += quantity(units);
        }
    }
    let answer = run(&input);
    assert_eq!(named(&input), fix("shop", "erp", Class::ManualAdjustment, Some("20")));
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::ManualAdjustment]);
    assert_eq!(answer.first_fix.fix.and_then(|fix| fix.scope.sku), Some("A".to_owned()));
}

/// The shop lacks a sale and, of the same item, a larger return. A person corrects the sale: the difference grows.
#[test]
fn a_correction_by_hand_ends_its_own_difference_beside_a_larger_one_of_the_other_sign() {
    let all = happened();
    let of = |event_type: EventType| {
        let at_place = |real: &&Real| real.item == 0 && real.place == 1 && real.event_type == event_type;
        all.iter().filter(at_place).collect::<Vec<&Real>>()
    };
    let pair = |sale: &&Real| {
        let larger = |back: &&&Real| back.quantity > -sale.quantity && back.day() > sale.day() + 1;
        of(EventType::Return).iter().find(larger).map(|back| (sale.number, back.number, back.day()))
    };
    let (sale, back, day) = of(EventType::Sale).iter().find_map(pair).expect("a sale and a larger return");
    let units = all.iter().find(|real| real.number == sale).expect("the sale").quantity;
    let mut input = business(|real, system| {
        if system == SHOP && [sale, back].contains(&real.number) { Effect::Lose } else { Effect::Keep }
    });
    let minute = (day + 3) * 1440 + 7 * 60;
    let real =
        Real { number: 10_000, event_type: EventType::Overwrite, item: 0, place: 1, quantity: units, minute };
    let mut correction = event(SHOP, "correction", &real, minute);
    (correction.reference, correction.entry_mode) = (None, Some(EntryMode::Ui));
    input.events.push(correction);
    let later = |line: &&mut SnapshotLine| {
        line.system == SHOP
            && line.taken_at > at(minute)
            && (&*line.external_sku, &*line.external_location) == ("A", "20")
    };
    input.snapshots.iter_mut().filter(later).for_each(|line| line.quantity += quantity(units));
    let expected = BTreeMap::from([(Class::MissedReturn, 1), (Class::MissedSale, 1)]);
    assert_eq!(classes(&run(&input), "shop"), expected);
}

#[test]
fn sales_of_a_till_that_was_offline_are_told_late_and_heal() {
    let mut input = business(|real, system| {
        let is_late =
            real.event_type == EventType::Sale && real.place == 1 && real.day() == 20 && system != ERP;
        if is_late { Effect::Late(2 * 1440) } else { Effect::Keep }
    });
    for event in input.events.iter_mut().filter(|event| event.system == POS) {
        if event.recorded_at.is_some_and(|recorded| recorded - event.occurred_at > Duration::days(1)) {
            event.entry_mode = Some(EntryMode::OfflineSync);
        }
    }
    let answer = run(&input);
    assert_eq!(classes(&answer, "pos").into_keys().collect::<Vec<_>>(), [Class::MissedSale]);
    assert_eq!(answer.first_fix.verdict, Outcome::None, "{}", answer.first_fix.headline);
    let open = answer.episodes.iter().filter(|one| one.healed_at.is_none());
    assert_eq!(open.count(), 0, "all have healed");
}

#[test]
fn sets_that_the_shop_does_not_explode_are_named() {
    let mut input = business(|_, _| Effect::Keep);
    let part = |component: &str, units: i64| BundlePart {
        item: text("SET"),
        component: text(component),
        quantity: Decimal::from(units),
    };
    input.bundles = vec![part("A", 2), part("B", 1)];
    for day in 1..DAYS {
        let minute = day * 1440 + 12 * 60;
        let number = u32::try_from(20_000 + day).expect("a number");
        for (item, units) in [(0, -2), (1, -1)] {
            let real = Real { number, event_type: EventType::Sale, item, place: 0, quantity: units, minute };
            input.events.push(event(ERP, &format!("set-erp-{day}-{item}"), &real, minute + 3));
            input.events.push(event(POS, &format!("set-pos-{day}-{item}"), &real, minute));
            let later = |line: &&mut SnapshotLine| {
                line.system != SHOP
                    && line.taken_at > at(minute)
                    && (&*line.external_sku, &*line.external_location) == (ITEMS[item], "10")
            };
            input.snapshots.iter_mut().filter(later).for_each(|line| line.quantity += quantity(units));
        }
        let real = Real { number, event_type: EventType::Sale, item: 0, place: 0, quantity: -1, minute };
        let mut set = event(SHOP, &format!("set-shop-{day}"), &real, minute + 12);
        set.external_sku = text("SET");
        input.events.push(set);
    }
    let answer = run(&input);
    let found = answer.first_fix.fix.clone().expect("a fix");
    assert_eq!(
        (found.edge.from.as_str(), found.edge.to.as_str(), found.class),
        ("pos", "shop", Class::BundleExplosion)
    );
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::BundleExplosion]);
}

#[test]
fn units_that_one_system_holds_back_are_a_meaning() {
    let mut input = business(|_, _| Effect::Keep);
    let held = |line: &SnapshotLine| {
        let day = (line.taken_at - at(0)).num_days();
        let number =
            line.external_sku.bytes().chain(line.external_location.bytes()).map(i64::from).sum::<i64>();
        if &*line.external_location == "20" { (day + number) % 5 } else { 0 }
    };
    for line in &mut input.snapshots {
        let units = held(line);
        if line.system == ERP {
            line.reserved = Some(quantity(units));
        } else if line.system == SHOP {
            line.quantity -= quantity(units);
        }
    }
    let answer = run(&input);
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::MeaningMismatch]);
    assert_eq!(named(&input), fix("erp", "shop", Class::MeaningMismatch, Some("20")));
    input.systems[usize::from(SHOP)].quantity_meaning = QuantityMeaning::Available;
    assert_eq!(run(&input).discrepancies, [], "the declared meaning is no difference");
}

#[test]
fn a_meaning_of_all_places_is_the_systems() {
    let mut input = business(|_, _| Effect::Keep);
    for line in &mut input.snapshots {
        let day = (line.taken_at - at(0)).num_days();
        let number = i64::from(line.external_sku.as_bytes()[0]);
        // At one place the reserved units change daily, at the others weekly.
        let units =
            if &*line.external_location == "20" { (day + number) % 5 } else { (day / 7 + number) % 3 };
        if line.system == ERP {
            line.reserved = Some(quantity(units));
        } else if line.system == SHOP {
            line.quantity -= quantity(units);
        }
    }
    assert_eq!(named(&input), fix("erp", "shop", Class::MeaningMismatch, None));
}

#[test]
fn packs_that_are_counted_as_pieces_are_a_unit() {
    let mut input = business(|_, _| Effect::Keep);
    input.items[5].packs = vec![Decimal::from(6)];
    for event in input.events.iter_mut().filter(|event| event.system == SHOP && &*event.external_sku == "F") {
        event.quantity = Quantity::new((event.quantity.get() / Decimal::from(6)).floor());
    }
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP && &*line.external_sku == "F") {
        line.quantity = Quantity::new((line.quantity.get() / Decimal::from(6)).floor());
    }
    let answer = run(&input);
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::UnitMismatch]);
    let found = answer.first_fix.fix.expect("a fix");
    assert_eq!((found.class, found.scope.sku.as_deref()), (Class::UnitMismatch, Some("F")));
}

#[test]
fn a_sku_without_mapping_is_listed_by_its_external_text() {
    let mut input = business(|_, _| Effect::Keep);
    for event in input.events.iter_mut().filter(|event| event.system == SHOP && &*event.external_sku == "F") {
        event.external_sku = text("f-new");
    }
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP && &*line.external_sku == "F") {
        line.external_sku = text("f-new");
    }
    let answer = run(&input);
    let rows: Vec<_> = answer.discrepancies.iter().filter(|one| one.sku == "f-new").collect();
    assert!(rows.len() >= 3, "each place is listed");
    assert!(rows.iter().all(|one| one.ours.is_none() && one.explanations[0].class == Class::UnmappedSku));
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::UnmappedSku]);
}

/// The shop sends no events: its snapshots lack the sales of the afternoon, and the next ones have them.
#[test]
fn a_slow_edge_is_supposed_from_snapshots() {
    let mut input = business(|real, system| {
        let is_late = system == SHOP && real.event_type == EventType::Sale && real.place == 1;
        if is_late { Effect::Late(8 * 60) } else { Effect::Keep }
    });
    input.events.retain(|event| event.system == ERP);
    let expected = ("pos".to_owned(), "shop".to_owned(), Class::TimingLag, Some("20".to_owned()));
    assert_eq!(named(&input), Some(expected));
}
