//! The example of four systems in `tests/data/reconciliation`, and its expected results.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use serde_json::Value;

use super::*;
use crate::answer::{Answer, Explanation, Fix};
use crate::input::{BundlePart, LocationMapping, SkuMapping, Touchpoint};
use crate::run;
use crate::term::{Class, Outcome};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/reconciliation")
}

/// Returns the rows of a file by column name.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).expect("a file");
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines();
    let head = lines.next().expect("a header");
    let separator = [';', '\t', ','].into_iter().find(|one| head.contains(*one)).expect("a separator");
    let names: Vec<&str> = head.split(separator).collect();
    let row = |line: &str| {
        names.iter().map(|name| (*name).to_owned()).zip(line.split(separator).map(str::to_owned)).collect()
    };
    lines.map(row).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
}

fn string<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn instant(text: &str) -> DateTime<Utc> {
    if let Ok(found) = DateTime::parse_from_rfc3339(text) {
        return found.with_timezone(&Utc);
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").expect("a local time");
    chrono_tz::Europe::Berlin.from_local_datetime(&local).single().expect("one instant").with_timezone(&Utc)
}

fn optional(row: &BTreeMap<String, String>, name: &str) -> Option<Text> {
    row.get(name).filter(|found| !found.is_empty()).map(|found| text(found))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn read(folder: &Path) -> Input {
    let mut input = empty();
    input.zone = chrono_tz::Europe::Berlin;
    input.through = instant("2026-02-03T00:00:00+01:00");
    let settings = json(&folder.join("settings.json"));
    input.settings.reference = text(string(&settings, "reference"));
    input.settings.window_days =
        u32::try_from(settings["window_days"].as_u64().expect("days")).expect("days");
    let systems = json(&folder.join("systems.json"));
    let codes: Vec<String> =
        systems.as_array().expect("systems").iter().map(|one| string(one, "code").to_owned()).collect();
    let number = |code: &str| {
        SystemNo::try_from(codes.iter().position(|one| one == code).expect("a system")).expect("small")
    };
    input.systems = systems.as_array().expect("systems").iter().map(read_system).collect();
    input.ownership =
        json(&folder.join("ownership.json")).as_array().expect("a list").iter().map(owned).collect();
    input.items = rows(&folder.join("items.csv"))
        .iter()
        .map(|row| Item { item: text(&row["item"]), category: optional(row, "category"), packs: Vec::new() })
        .collect();
    input.bundles = rows(&folder.join("bundles.csv"))
        .iter()
        .map(|row| BundlePart {
            item: text(&row["item"]),
            component: text(&row["component"]),
            quantity: decimal(&row["quantity"]),
        })
        .collect();
    for row in rows(&folder.join("sku-mappings.csv")) {
        input.sku_mappings.push(SkuMapping {
            system: number(&row["system"]),
            external_sku: text(&row["external_sku"]),
            external_location: None,
            item: text(&row["item"]),
            factor: decimal(&row["factor"]),
            valid_from: None,
            valid_until: None,
        });
    }
    for row in rows(&folder.join("location-mappings.csv")) {
        input.location_mappings.push(LocationMapping {
            system: number(&row["system"]),
            external_location: text(&row["external_location"]),
            location: text(&row["location"]),
            valid_from: None,
            valid_until: None,
        });
    }
    for code in &codes {
        read_data(folder, code, number(code), &mut input);
    }
    input
}

fn read_system(one: &Value) -> System {
    System {
        code: text(string(one, "code")),
        kind: string(one, "kind").parse().expect("a kind"),
        quantity_meaning: string(one, "quantity_meaning").parse().expect("a meaning"),
        sync_interval_minutes: u32::try_from(one["sync_interval_minutes"].as_u64().expect("minutes"))
            .expect("minutes"),
        clock_offset_seconds: one["clock_offset_seconds"].as_i64().expect("seconds"),
    }
}

fn owned(one: &Value) -> Ownership {
    let hop = |hop: &Value| Hop {
        system: text(string(hop, "system")),
        latency_minutes: u32::try_from(hop["latency_minutes"].as_u64().expect("minutes")).expect("minutes"),
    };
    Ownership {
        process: string(one, "process").parse().expect("a process"),
        concern: string(one, "concern").parse().expect("a concern"),
        owner: text(string(one, "owner")),
        next_hops: one["next_hops"].as_array().expect("hops").iter().map(hop).collect(),
    }
}

fn read_data(folder: &Path, code: &str, system: SystemNo, input: &mut Input) {
    for (full, kind) in [(true, "full"), (false, "partial")] {
        let path = folder.join(format!("snapshots/{code}.{kind}.csv"));
        if !path.exists() {
            continue;
        }
        for row in rows(&path) {
            let mut one = line(system, 0, (&row["external_sku"], &row["external_location"]), 0);
            one.quantity = row["quantity"].parse().expect("a quantity");
            (one.taken_at, one.full) = (instant(&row["taken_at"]), full);
            one.reserved = row.get("reserved").map(|units| units.parse().expect("a quantity"));
            input.snapshots.push(one);
        }
    }
    let is_absolute = code == "pos";
    for row in rows(&folder.join(format!("events/{code}.csv"))) {
        let event_type: EventType = row["type"].parse().expect("a type");
        let mut units: Quantity = row["quantity"].parse().expect("a quantity");
        if is_absolute && matches!(event_type, EventType::Sale | EventType::TransferOut) {
            units = -units;
        }
        input.events.push(Event {
            system,
            external_id: text(&row["external_id"]),
            event_type,
            external_sku: text(&row["external_sku"]),
            external_location: text(&row["external_location"]),
            quantity: units,
            occurred_at: instant(&row["occurred_at"]),
            recorded_at: optional(&row, "recorded_at").map(|found| instant(&found)),
            reference: optional(&row, "reference"),
            actor: optional(&row, "actor"),
            entry_mode: optional(&row, "entry_mode").map(|found| found.parse().expect("a mode")),
        });
    }
    for row in rows(&folder.join(format!("touchpoints/{code}.csv"))) {
        input.touchpoints.push(Touchpoint {
            system,
            at: instant(&row["at"]),
            kind: row["kind"].parse().expect("a kind"),
            minutes: None,
            external_sku: optional(&row, "external_sku"),
            external_location: optional(&row, "external_location"),
        });
    }
}

fn is_named(fix: &Fix, expected: &Value) -> bool {
    let scope = &expected["scope"];
    let same = |found: &Option<String>, name: &str| found.as_deref() == scope[name].as_str();
    fix.class.word() == string(expected, "class")
        && fix.event_type.map(EventType::word) == expected["type"].as_str()
        && fix.edge.from == string(&expected["edge"], "from")
        && fix.edge.to == string(&expected["edge"], "to")
        && same(&fix.scope.place, "place")
        && same(&fix.scope.sku, "sku")
        && same(&fix.scope.category, "category")
        && same(&fix.scope.actor, "actor")
        && fix.scope.hours.is_none() == scope["hours"].is_null()
        && Some(u64::from(fix.episodes)) == expected["events"].as_u64()
}

/// Returns the expected increments that are not found with the same quantity and the same causes, the number expected, and
/// the number found.
fn increments(answer: &Answer, expected: &Value) -> (Vec<String>, usize, usize) {
    let wanted = expected["increments"].as_array().expect("increments");
    let mut other = Vec::new();
    for one in wanted {
        let row = answer.discrepancies.iter().find(|row| {
            row.system == string(one, "system")
                && row.sku == string(one, "sku")
                && row.place == string(one, "place")
                && row.taken_at == instant(string(one, "taken_at"))
        });
        let mut causes: Vec<(&str, &str)> = one["causes"]
            .as_array()
            .expect("causes")
            .iter()
            .map(|cause| match string(cause, "class") {
                "healed" | "corrected_by_hand" => ("heals", string(cause, "quantity")),
                "missed_sale_told_late" => ("missed_sale", string(cause, "quantity")),
                class => (class, string(cause, "quantity")),
            })
            .collect();
        causes.sort_unstable();
        let found = row.map(|row| {
            let class = |heals: bool, class: Class| if heals { "heals" } else { class.word() };
            let mut list: Vec<(&str, String)> = row
                .explanations
                .iter()
                .map(|one| (class(one.heals, one.class), one.quantity.to_string()))
                .collect();
            list.sort();
            list
        });
        let causes: Vec<(&str, String)> =
            causes.into_iter().map(|(class, units)| (class, units.to_owned())).collect();
        let is_equal = found.as_ref() == Some(&causes)
            && row.is_some_and(|row| row.increment.to_string() == string(one, "increment"));
        if !is_equal {
            other.push(format!("{one}\nfound {found:?}"));
        }
    }
    (other, wanted.len(), answer.discrepancies.iter().filter(|row| row.ours.is_some()).count())
}

/// Returns whether rows show every event with the system, key and class of this one: none lacks on both sides, and none is cancelled by
/// another event of the same snapshot.
fn is_shown(expected: &Value, event: &Value) -> bool {
    let is_alike = |other: &Value, names: &[&str]| names.iter().all(|name| other[*name] == event[*name]);
    let events = expected["events"].as_array().expect("events").iter();
    let events = events.filter(|other| is_alike(other, &["system", "sku", "place", "class"]));
    // A loss of the reference shows in the rows of the till.
    let system = if string(event, "system") == "erp" { "pos" } else { string(event, "system") };
    let rows = expected["increments"].as_array().expect("increments").iter();
    let rows = rows.filter(|row| string(row, "system") == system && is_alike(row, &["sku", "place"]));
    let causes = rows.flat_map(|row| row["causes"].as_array().expect("causes"));
    causes.filter(|cause| cause["class"] == event["class"]).count() >= events.count()
}

/// Returns the ids of an event, in all systems that have it, which no explanation of its class names as evidence.
fn unnamed<'e>(answer: &Answer, event: &'e Value) -> Vec<&'e str> {
    let class = string(event, "class");
    let is_of_class = |one: &&Explanation| match class {
        "corrected_by_hand" => one.heals,
        class => !one.heals && one.class.word() == class,
    };
    let rows = answer.discrepancies.iter();
    let rows = rows.filter(|row| row.sku == string(event, "sku") && row.place == string(event, "place"));
    let explanations = rows.flat_map(|row| &row.explanations).filter(is_of_class);
    let evidence = explanations.flat_map(|one| &one.evidence);
    let named: BTreeSet<&str> = evidence.filter_map(|one| one.external_id.as_deref()).collect();
    let ids = event["ids"].as_object().expect("ids").values();
    let ids = ids.flat_map(|ids| ids.as_array().expect("ids")).filter_map(Value::as_str);
    ids.filter(|id| !named.contains(id)).collect()
}

#[test]
fn the_example_gives_what_it_states() {
    let folder = folder();
    let expected = json(&folder.join("expected.json"));
    let answer = run(&read(&folder));
    let first = &answer.first_fix;
    assert_eq!(first.verdict, Outcome::Fix, "{}", first.headline);
    let fix = first.fix.as_ref().expect("a fix");
    assert!(is_named(fix, &expected["first_fix"]), "{fix:#?}");
    assert!(first.next.iter().any(|fix| is_named(fix, &expected["second_fault"])), "{:#?}", first.next);
    for fix in &first.next {
        let outage = &expected["outage"];
        let is_outage = fix.edge.to == string(&outage["edge"], "to")
            && fix.scope.place.as_deref() == outage["place"].as_str();
        assert!(!is_outage, "the outage is no fix: {fix:#?}");
        assert_ne!(fix.class, Class::ManualAdjustment, "the typed quantity is no fix: {fix:#?}");
    }
    let (naive, one_off) = (first.naive.as_ref().expect("a difference"), &expected["one_off"]);
    assert_eq!(naive.units.to_string(), string(one_off, "quantity"));
    assert_eq!((&*naive.sku, &*naive.place), (string(one_off, "sku"), string(one_off, "place")));
    let (other, all, rows) = increments(&answer, &expected);
    assert!(other.is_empty(), "{} of {all} differ:\n{}", other.len(), other.join("\n"));
    assert_eq!(rows, all, "rows beside the expected ones");
    let levels = expected["levels"].as_array().expect("levels");
    for level in levels {
        let found = answer.discrepancies.iter().any(|row| {
            row.system == string(level, "system")
                && row.sku == string(level, "external_sku")
                && row.place == string(level, "external_location")
                && row.explanations.iter().any(|one| one.class.word() == string(level, "class"))
        });
        assert!(found, "{level}");
    }
    let events = expected["events"].as_array().expect("events");
    let shown: Vec<&Value> = events.iter().filter(|event| is_shown(&expected, event)).collect();
    assert!(shown.len() * 4 > events.len() * 3, "{} of {}", shown.len(), events.len());
    for event in shown {
        assert_eq!(unnamed(&answer, event), Vec::<&str>::new(), "{event}");
    }
}
