//! A run as the engine receives it: each system's own spelling, units and clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::number::Quantity;
use reconcile::input::{
    BundlePart, Event, Harm, Hop, Input, Item, LocationMapping, Ownership, Settings, SkuMapping,
    SnapshotLine, System, SystemNo, Text, Touchpoint,
};
use reconcile::term::{Class, Concern, Process, QuantityMeaning, SystemKind, TouchpointKind};
use rust_decimal::Decimal;
use strum::VariantArray;

use crate::dirt::Dirt;
use crate::run::Run;
use crate::spread::{Booking, Thing};
use crate::truth::is_misread;
use crate::world::{CATEGORIES, DAY, Kind, REFERENCE, START, World};

/// The events that the systems have exported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exports {
    /// All systems sent events.
    Events,
    /// Only the reference did.
    Snapshots,
}

pub fn input(run: &Run, exports: Exports) -> Input {
    let Run { world, dirt, .. } = run;
    Input {
        through: instant(world.end()),
        zone: chrono_tz::Europe::Berlin,
        settings: settings(world),
        systems: (0..world.systems.len()).map(|system| declared(run, system)).collect(),
        ownership: ownership(world),
        location_mappings: location_mappings(world),
        sku_mappings: sku_mappings(world, dirt),
        items: items(world),
        bundles: bundles(world),
        snapshots: snapshots(run),
        events: events(run, exports),
        touchpoints: touchpoints(run),
        resolutions: Vec::new(),
        applied: Vec::new(),
    }
}

pub fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("an instant of this century")
}

fn text(value: &str) -> Text {
    Arc::from(value)
}

fn quantity(pieces: i64, factor: i64) -> Quantity {
    assert!(pieces % factor == 0, "{pieces} pieces are no whole packs of {factor}");
    Quantity::new(Decimal::from(pieces / factor))
}

fn no(system: usize) -> SystemNo {
    SystemNo::try_from(system).expect("a few systems")
}

fn settings(world: &World) -> Settings {
    let harm = Harm { probability: Decimal::new(5, 2), cost: Decimal::from(20) };
    Settings {
        reference: text(world.systems[REFERENCE].code),
        window_days: u32::try_from(world.days).expect("some days"),
        wage_per_hour: Decimal::from(30),
        minutes: BTreeMap::new(),
        harm: Class::VARIANTS.iter().map(|class| (*class, harm)).collect(),
    }
}

fn declared(run: &Run, system: usize) -> System {
    let own = &run.world.systems[system];
    let kind = match own.kind {
        Kind::Erp => SystemKind::Erp,
        Kind::Pos => SystemKind::Pos,
        Kind::Storefront => SystemKind::Storefront,
        Kind::Wms => SystemKind::Wms,
        Kind::Marketplace => SystemKind::Marketplace,
    };
    let says_available = own.shows_available && !is_misread(&run.plan, system);
    System {
        code: text(own.code),
        kind,
        quantity_meaning: if says_available { QuantityMeaning::Available } else { QuantityMeaning::OnHand },
        sync_interval_minutes: u32::try_from(own.sync_minutes).expect("some minutes"),
        clock_offset_seconds: own.offset,
    }
}

/// Returns the system that owns a process.
pub fn owner(world: &World, process: Process) -> usize {
    let warehouse = world.system(Kind::Wms).unwrap_or(REFERENCE);
    let till = world.system(Kind::Pos).expect("every business has tills");
    match process {
        Process::Sale | Process::Return => till,
        Process::Transfer | Process::Receipt => warehouse,
        Process::Adjustment => REFERENCE,
    }
}

fn ownership(world: &World) -> Vec<Ownership> {
    let owned = |process: &Process| {
        let owner = owner(world, *process);
        let others = world.systems.iter().enumerate().filter(|(system, _)| *system != owner);
        let next_hops =
            others.map(|(_, system)| Hop { system: text(system.code), latency_minutes: 90 }).collect();
        let owner = text(world.systems[owner].code);
        Ownership { process: *process, concern: Concern::Quantity, owner, next_hops }
    };
    Process::VARIANTS.iter().map(owned).collect()
}

fn location_mappings(world: &World) -> Vec<LocationMapping> {
    let mut mappings = Vec::new();
    for (number, system) in world.systems.iter().enumerate().skip(1) {
        for place in (0..world.places.len()).filter(|place| system.keeps[*place]) {
            mappings.push(LocationMapping {
                system: no(number),
                external_location: text(&world.spelled_place(number, place)),
                location: text(&world.places[place].code),
                valid_from: None,
                valid_until: None,
            });
        }
    }
    mappings
}

fn sku_mappings(world: &World, dirt: &Dirt) -> Vec<SkuMapping> {
    let mut mappings = Vec::new();
    let mut add = |system: usize, sku: &str, item: &str, factor: i64, valid: (Option<i64>, Option<i64>)| {
        mappings.push(SkuMapping {
            system: no(system),
            external_sku: text(sku),
            external_location: None,
            item: text(item),
            factor: Decimal::from(factor),
            valid_from: valid.0.map(instant),
            valid_until: valid.1.map(instant),
        });
    };
    for system in 1..world.systems.len() {
        for (item, goods) in world.items.iter().enumerate() {
            if dirt.unmapped.contains(&(system, item)) {
                continue;
            }
            let is_unscaled = dirt.unscaled.contains(&(system, item));
            let factor = if is_unscaled { 1 } else { world.factor(system, item) };
            let renamed = dirt.renamed.get(&(system, item)).map(|day| renaming(*day));
            let spelled = world.spelled(system, item);
            if spelled != goods.sku || factor != 1 || renamed.is_some() {
                add(system, &spelled, &goods.sku, factor, (None, renamed));
            }
            if renamed.is_some() {
                add(system, &format!("N{spelled}"), &goods.sku, factor, (renamed, None));
            }
            if dirt.doubled.iter().any(|key| (key.0, key.2) == (system, item)) {
                add(system, &format!("{spelled}-old"), &goods.sku, factor, (None, None));
            }
        }
        for (bundle, set) in world.bundles.iter().enumerate() {
            add(system, &world.spelled_bundle(system, bundle), &set.sku, 1, (None, None));
        }
    }
    mappings
}

/// Returns the night in which a system renames an item.
fn renaming(day: i64) -> i64 {
    START + day * DAY + 3 * 3600
}

fn items(world: &World) -> Vec<Item> {
    let goods = world.items.iter().map(|item| Item {
        item: text(&item.sku),
        category: Some(text(CATEGORIES[item.category])),
        packs: if item.pack > 1 { vec![Decimal::from(item.pack)] } else { Vec::new() },
    });
    let sets = world.bundles.iter().map(|set| Item {
        item: text(&set.sku),
        category: Some(text("sets")),
        packs: Vec::new(),
    });
    goods.chain(sets).collect()
}

fn bundles(world: &World) -> Vec<BundlePart> {
    let parts = |set: &crate::world::Bundle| -> Vec<BundlePart> {
        let part = |(item, pieces): &(usize, i64)| BundlePart {
            item: text(&set.sku),
            component: text(&world.items[*item].sku),
            quantity: Decimal::from(*pieces),
        };
        set.parts.iter().map(part).collect()
    };
    world.bundles.iter().flat_map(parts).collect()
}

/// Returns a system's spelling of an item at a time.
fn spelled(run: &Run, system: usize, item: usize, at: i64) -> String {
    let spelled = run.world.spelled(system, item);
    if run.dirt.unmapped.contains(&(system, item)) {
        return format!("X{spelled}");
    }
    match run.dirt.renamed.get(&(system, item)) {
        Some(day) if at >= renaming(*day) => format!("N{spelled}"),
        _ => spelled,
    }
}

fn snapshots(run: &Run) -> Vec<SnapshotLine> {
    let Run { world, dirt, levels, .. } = run;
    let mut lines = Vec::new();
    for line in &levels.lines {
        let (system, place, item) = line.key;
        let plain = SnapshotLine {
            system: no(system),
            taken_at: instant(line.at + world.systems[system].offset),
            full: line.is_full,
            external_sku: text(&spelled(run, system, item, line.at)),
            external_location: text(&world.spelled_place(system, place)),
            quantity: quantity(line.quantity, world.factor(system, item)),
            reserved: line.reserved.map(|pieces| quantity(pieces, 1)),
            quarantined: None,
            incoming: None,
            expired: None,
        };
        if line.is_full && dirt.doubled.contains(&line.key) {
            let external_sku = text(&format!("{}-old", plain.external_sku));
            lines.push(SnapshotLine { external_sku, quantity: quantity(2, 1), ..plain.clone() });
        }
        // The cage is listed beside the warehouse.
        if line.is_full && place == 0 && dirt.caged.contains(&(system, item)) {
            let external_location = text("returns-cage");
            lines.push(SnapshotLine { external_location, quantity: quantity(3, 1), ..plain.clone() });
        }
        lines.push(plain);
    }
    lines
}

fn events(run: &Run, exports: Exports) -> Vec<Event> {
    let is_sent = |booking: &&Booking| exports == Exports::Events || booking.system == REFERENCE;
    run.books.bookings.iter().filter(is_sent).map(|booking| event(run, booking)).collect()
}

fn event(run: &Run, booking: &Booking) -> Event {
    let Booking { system, place, .. } = *booking;
    let (sku, factor) = match booking.thing {
        Thing::Item(item) => (spelled(run, system, item, booking.heard), run.world.factor(system, item)),
        Thing::Bundle(bundle) => (run.world.spelled_bundle(system, bundle), 1),
    };
    Event {
        system: no(system),
        external_id: text(&booking.external_id),
        event_type: booking.event_type,
        external_sku: text(&sku),
        external_location: text(&run.world.spelled_place(system, place)),
        quantity: quantity(booking.quantity, factor),
        occurred_at: instant(booking.occurred),
        recorded_at: booking.recorded.map(instant),
        reference: booking.document.as_deref().map(text),
        actor: Some(text(&booking.actor)),
        entry_mode: Some(booking.entry_mode),
    }
}

fn touchpoints(run: &Run) -> Vec<Touchpoint> {
    let touch = |touch: &crate::spread::Touch| Touchpoint {
        system: no(touch.system),
        at: instant(touch.at + run.world.systems[touch.system].offset),
        kind: if touch.is_overwrite {
            TouchpointKind::AbsoluteOverwrite
        } else {
            TouchpointKind::ManualAdjustment
        },
        minutes: touch.minutes.map(Decimal::from),
        external_sku: Some(text(&spelled(run, touch.system, touch.item, touch.at))),
        external_location: Some(text(&run.world.spelled_place(touch.system, touch.place))),
    };
    run.books.touches.iter().map(touch).collect()
}
