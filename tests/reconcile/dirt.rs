//! Keys that are wrong as such: no mapping, two mappings, the wrong unit, a system that stops at zero, old differences.

use std::collections::{BTreeMap, BTreeSet};

use crate::random::Random;
use crate::world::{Kind, REFERENCE, World};

/// A key of a system: system, place, item.
pub type Key = (usize, usize, usize);

#[derive(Default)]
pub struct Dirt {
    /// Items that a system spells in a way without a mapping.
    pub unmapped: BTreeSet<(usize, usize)>,
    /// Items that a system lists under a second mapped spelling as well.
    pub doubled: BTreeSet<Key>,
    /// Pack items whose mapping lacks the factor.
    pub unscaled: BTreeSet<(usize, usize)>,
    /// Keys that a system shows as zero while the reference is below.
    pub clamped: BTreeSet<Key>,
    /// Differences from before the first day, in pieces.
    pub old: BTreeMap<Key, i64>,
    /// Items that a system lists under a location without a mapping, with a level that stays.
    pub caged: BTreeSet<(usize, usize)>,
    /// Items that a system spells in another way from a day on.
    pub renamed: BTreeMap<(usize, usize), i64>,
}

impl Dirt {
    pub fn new(world: &World, seed: u64) -> Self {
        let mut random = Random::of(seed, "dirt");
        let mut dirt = Self::default();
        let shop = world.system(Kind::Storefront).expect("every business has a web shop");
        let till = world.system(Kind::Pos).expect("every business has tills");
        let mut quiet = world.quiet_items();
        random.shuffle(&mut quiet);
        let (packs, singles): (Vec<usize>, Vec<usize>) =
            quiet.into_iter().partition(|item| world.items[*item].pack > 1);
        dirt.unscaled.extend(packs.first().map(|item| (shop, *item)));
        let mut singles = singles.into_iter();
        dirt.unmapped.extend(singles.next().map(|item| (*random.pick(&[shop, till]), item)));
        let ranged = |item: &usize| (1..world.places.len()).find(|place| world.items[*item].ranged[*place]);
        dirt.doubled.extend(singles.next().and_then(|item| ranged(&item).map(|place| (shop, place, item))));
        for item in singles.by_ref().take(2) {
            dirt.clamped.extend(ranged(&item).map(|place| (shop, place, item)));
        }
        for _ in 0..3 {
            dirt.caged.insert((shop, random.index(world.items.len())));
        }
        for _ in 0..2 {
            dirt.renamed.insert((till, random.index(world.items.len())), random.between(10, world.days - 10));
        }
        dirt.add_old(world, &mut random);
        dirt
    }

    fn add_old(&mut self, world: &World, random: &mut Random) {
        for key in keys(world).filter(|key| key.0 != REFERENCE) {
            let (_, _, item) = key;
            let is_clean = !self.clamped.contains(&key) && world.items[item].weight > 8;
            if random.chance(60) && is_clean {
                let pieces = random.between(1, 9) * if random.chance(500) { 1 } else { -1 };
                self.old.insert(key, pieces * world.items[item].pack);
            }
        }
    }

    /// Returns whether something else than events is wrong with a key.
    pub fn touches(&self, key: Key) -> bool {
        let (system, _, item) = key;
        self.unmapped.contains(&(system, item))
            || self.unscaled.contains(&(system, item))
            || self.doubled.contains(&key)
            || self.clamped.contains(&key)
    }

    pub fn is_clamped(&self, place: usize, item: usize) -> bool {
        self.clamped.iter().any(|key| (key.1, key.2) == (place, item))
    }
}

/// Returns all keys of a business.
pub fn keys(world: &World) -> impl Iterator<Item = Key> {
    let systems = 0..world.systems.len();
    systems.flat_map(move |system| {
        (0..world.places.len()).filter(move |place| world.systems[system].keeps[*place]).flat_map(
            move |place| {
                (0..world.items.len())
                    .filter(move |item| world.items[*item].ranged[place])
                    .map(move |item| (system, place, item))
            },
        )
    })
}
