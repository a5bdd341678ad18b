//! The defects of the observed flow: each is found where it is, and none else.

use std::collections::BTreeSet;

use super::*;
use crate::answer::{Answer, Edge, OwnerConflict};
use crate::run;
use crate::term::FindingKind;

/// Kind, edge and place of a defect.
type Shown = (FindingKind, Option<(String, String)>, Option<String>);

/// Returns the defects of the flow of a process.
fn defects(answer: &Answer, process: Process) -> Vec<Shown> {
    let map = answer.flow_maps.iter().find(|map| map.process == process).expect("a map");
    let ends = |edge: &Edge| (edge.from.clone(), edge.to.clone());
    map.findings.iter().map(|one| (one.kind, one.edge.as_ref().map(ends), one.place.clone())).collect()
}

/// Returns the defect of an edge.
fn of_edge(kind: FindingKind, from: &str, to: &str) -> Shown {
    (kind, Some((from.to_owned(), to.to_owned())), None)
}

#[test]
fn a_flow_as_it_is_declared_has_no_defect() {
    let answer = run(&business(|_, _| Effect::Keep));
    assert_eq!(answer.flow_maps.len(), 5, "a map of each process");
    for map in &answer.flow_maps {
        assert_eq!(map.findings, [], "{:?}", map.process);
        assert!(map.edges.iter().all(|edge| edge.declared && edge.loss.is_zero()), "{:?}", map.edges);
    }
    assert_eq!(answer.first_fix.owner_conflicts, []);
}

#[test]
fn a_process_without_owner_is_said() {
    let mut input = business(|_, _| Effect::Keep);
    input.ownership.retain(|one| one.process != Process::Sale);
    let answer = run(&input);
    assert_eq!(defects(&answer, Process::Sale), [(FindingKind::NoOwner, None, None)]);
    assert!(defects(&answer, Process::Return).is_empty());
}

#[test]
fn an_edge_that_no_owner_declares_is_said() {
    let mut input = business(|_, _| Effect::Keep);
    for one in input.ownership.iter_mut().filter(|one| one.process == Process::Sale) {
        one.next_hops.retain(|hop| &*hop.system != "shop");
    }
    let answer = run(&input);
    assert_eq!(defects(&answer, Process::Sale), [of_edge(FindingKind::UndeclaredEdge, "pos", "shop")]);
    assert!(defects(&answer, Process::Return).is_empty());
}

#[test]
fn an_edge_that_loses_events_is_dotted() {
    let input = business(|real, system| {
        let is_lost = system == SHOP && real.event_type == EventType::Sale && real.number % 4 == 0;
        if is_lost { Effect::Lose } else { Effect::Keep }
    });
    let answer = run(&input);
    assert_eq!(defects(&answer, Process::Sale), [of_edge(FindingKind::LossyEdge, "pos", "shop")]);
    let map = answer.flow_maps.iter().find(|map| map.process == Process::Sale).expect("a map");
    assert!(map.mermaid.contains(".->"), "{}", map.mermaid);
    assert!(defects(&answer, Process::Return).is_empty());
}

#[test]
fn an_edge_that_people_carry_is_said() {
    let mut input = business(|_, _| Effect::Keep);
    let is_carried = |event: &&mut Event| event.system == SHOP && event.event_type == EventType::Return;
    input.events.iter_mut().filter(is_carried).for_each(|event| event.entry_mode = Some(EntryMode::Csv));
    let answer = run(&input);
    assert_eq!(defects(&answer, Process::Return), [of_edge(FindingKind::ManualEdge, "pos", "shop")]);
    assert!(defects(&answer, Process::Sale).is_empty());
}

#[test]
fn a_process_that_two_systems_begin_at_one_place_has_two_owners() {
    let mut input = business(|_, _| Effect::Keep);
    let is_second =
        |real: &&Real| real.event_type == EventType::Sale && real.place == 0 && real.number.is_multiple_of(2);
    let happened = happened();
    let documents: BTreeSet<String> =
        happened.iter().filter(is_second).map(|real| format!("D{}", real.number)).collect();
    let is_of_shop = |event: &&mut Event| event.reference.as_deref().is_some_and(|of| documents.contains(of));
    // The shop sells every second one: the tills hear of it later.
    for event in input.events.iter_mut().filter(is_of_shop) {
        let minutes = match event.system {
            SHOP => 0,
            POS => 12,
            _ => 15,
        };
        event.recorded_at = Some(event.occurred_at + Duration::minutes(minutes));
    }
    let answer = run(&input);
    let found = defects(&answer, Process::Sale);
    let ends = ("pos".to_owned(), "shop".to_owned());
    let dual = (FindingKind::DualOrigin, Some(ends), Some("10".to_owned()));
    assert_eq!(found.iter().filter(|one| one.0 == FindingKind::DualOrigin).collect::<Vec<_>>(), [&dual]);
    let conflict = OwnerConflict {
        process: Process::Sale,
        place: "10".to_owned(),
        systems: vec!["pos".to_owned(), "shop".to_owned()],
    };
    assert_eq!(answer.first_fix.owner_conflicts, [conflict]);
}
