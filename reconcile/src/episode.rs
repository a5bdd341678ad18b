//! Episodes: a difference that stays the same over many snapshots is one.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::answer::Episode;
use super::cause::{Cause, Grade};
use super::context::Context;
use super::input::SystemNo;
use super::row::{Classified, Row};
use super::term::{Class, EventType};
use super::unit::{DAY, Key};

/// Confidence of a difference without a cause, out of 1,000.
const UNEXPLAINED: u32 = 0;

/// An episode being built.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub id: String,
    pub system: SystemNo,
    pub key: Key,
    pub class: Class,
    pub event_type: Option<EventType>,
    pub from: SystemNo,
    pub to: SystemNo,
    pub opened_at: i64,
    pub healed_at: Option<i64>,
    pub residual: i64,
    pub occurrences: u32,
    pub units: i64,
    confidence: u64,
}

/// The episodes, and the number of the episode of each cause of each row.
pub(super) struct Episodes {
    pub all: Vec<Draft>,
    /// By row and cause; a cause that heals belongs to the episode that it ends.
    pub of_cause: Vec<Vec<Option<usize>>>,
    /// The episode of the part without a cause, by row.
    pub of_rest: Vec<Option<usize>>,
}

/// Returns an id that follows from a text, in the form of a UUID of version 8.
pub(super) fn stable_id(text: &str) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    let version = (hash & !(0xf << 76)) | (8 << 76);
    let variant = (version & !(0x3 << 62)) | (0x2 << 62);
    Uuid::from_u128(variant).to_string()
}

/// Builds the episodes of all rows.
pub(super) fn build(context: &Context, classified: &Classified) -> Episodes {
    let mut built = Builder { context, all: Vec::new(), open: BTreeMap::new(), begun: HashMap::new() };
    for (system, key, at, units) in &classified.old {
        let from = context.reference;
        built.add((*system, *key), (Class::Unexplained, None), (from, *system), (*at, *units, UNEXPLAINED));
    }
    let (mut of_cause, mut of_rest) = (Vec::new(), Vec::new());
    for row in &classified.rows {
        let mut numbers: Vec<Option<usize>> = Vec::new();
        for cause in &row.causes {
            let number = if cause.heals { built.heal(row, cause) } else { Some(built.begin(row, cause)) };
            numbers.push(number);
        }
        of_cause.push(numbers);
        let rest = (row.residual != 0).then(|| {
            let edge = (context.reference, row.system);
            let of_row = (row.at, row.residual, UNEXPLAINED);
            built.add((row.system, row.key), (Class::Unexplained, None), edge, of_row)
        });
        of_rest.push(rest);
    }
    Episodes { all: built.all, of_cause, of_rest }
}

/// Returns the confidence of a cause of a row, out of 1,000.
pub(super) fn confidence(context: &Context, row: &Row, cause: &Cause) -> u32 {
    let whole = row.increment.unsigned_abs().max(1);
    let rest = row.residual.unsigned_abs().min(whole);
    let exact = u32::try_from(u128::from(whole - rest) * 1_000 / u128::from(whole)).unwrap_or(0);
    weighted(exact, cause.grade, context.prior(row.system, cause.class))
}

/// Returns half the exactness, three tenths the evidence and two tenths the prior.
pub(super) fn weighted(exact: u32, grade: Grade, prior: u32) -> u32 {
    (5 * exact + 3 * grade.weight() + 2 * prior) / 10
}

struct Builder<'a, 'b> {
    context: &'a Context<'b>,
    all: Vec<Draft>,
    open: BTreeMap<(SystemNo, Key, Class), usize>,
    /// Episodes that began at an instant: a second one may begin in the snapshot in which the first has ended.
    begun: HashMap<(SystemNo, Key, Class, i64), u32>,
}

impl Builder<'_, '_> {
    fn begin(&mut self, row: &Row, cause: &Cause) -> usize {
        let confidence = confidence(self.context, row, cause);
        let kind = (cause.class, cause.event_type);
        let of_cause = (row.at, cause.quantity, confidence);
        self.add((row.system, row.key), kind, (cause.from, cause.to), of_cause)
    }

    /// Adds a difference to the open episode of its key and class, or begins one.
    fn add(
        &mut self,
        (system, key): (SystemNo, Key),
        (class, event_type): (Class, Option<EventType>),
        (from, to): (SystemNo, SystemNo),
        (at, quantity, confidence): (i64, i64, u32),
    ) -> usize {
        let number = match self.open.get(&(system, key, class)) {
            Some(number) => *number,
            None => {
                let number = self.all.len();
                self.open.insert((system, key, class), number);
                let id = self.id(system, key, class, at);
                self.all.push(Draft {
                    id,
                    system,
                    key,
                    class,
                    event_type,
                    from,
                    to,
                    opened_at: at,
                    healed_at: None,
                    residual: 0,
                    occurrences: 0,
                    units: 0,
                    confidence: 0,
                });
                number
            }
        };
        let draft = &mut self.all[number];
        draft.residual = draft.residual.saturating_add(quantity);
        draft.occurrences += 1;
        draft.units = draft.units.saturating_add(quantity.abs());
        draft.confidence += u64::from(confidence);
        if draft.residual == 0 {
            draft.healed_at = Some(at);
            self.open.remove(&(system, key, class));
        }
        number
    }

    /// Lowers the open episodes that a healing cause undoes: first its own class, then the others of the key.
    fn heal(&mut self, row: &Row, cause: &Cause) -> Option<usize> {
        let mut left = cause.quantity;
        let mut first = None;
        let of_key: Vec<Class> = self
            .open
            .range((row.system, row.key, Class::UnmappedSku)..=(row.system, row.key, Class::Unexplained))
            .map(|((.., class), _)| *class)
            .collect();
        let own = std::iter::once(cause.class).filter(|class| of_key.contains(class));
        let others = of_key.iter().copied().filter(|class| *class != cause.class);
        for class in own.chain(others) {
            let key = (row.system, row.key, class);
            let Some(number) = self.open.get(&key).copied() else { continue };
            let draft = &mut self.all[number];
            if left == 0 || draft.residual.signum() == left.signum() {
                continue;
            }
            let part =
                if left.unsigned_abs() > draft.residual.unsigned_abs() { -draft.residual } else { left };
            draft.residual += part;
            left -= part;
            first = first.or(Some(number));
            if draft.residual == 0 {
                draft.healed_at = Some(row.at);
                self.open.remove(&key);
            }
        }
        first
    }

    /// Returns the id of the next episode that begins here.
    fn id(&mut self, system: SystemNo, key: Key, class: Class, at: i64) -> String {
        let names = &self.context.world.names;
        let parts = [self.context.world.code(system), names.text(key.0), names.text(key.1), class.word()];
        let mut text = format!("episode\n{}\n{at}", parts.join("\n"));
        let before = self.begun.entry((system, key, class, at)).or_default();
        if *before > 0 {
            text.push_str(&format!("\n{before}"));
        }
        *before += 1;
        stable_id(&text)
    }
}

/// Returns the episodes as results, by system, SKU, place, class and instant.
pub(super) fn shown(context: &Context, episodes: &Episodes) -> Vec<Episode> {
    let mut all: Vec<Episode> = episodes.all.iter().map(|draft| show(context, draft)).collect();
    all.sort_by(|one, other| {
        let rank = |episode: &Episode| (episode.class, episode.opened_at);
        (&one.system, &one.sku, &one.place)
            .cmp(&(&other.system, &other.sku, &other.place))
            .then_with(|| rank(one).cmp(&rank(other)))
    });
    all
}

fn show(context: &Context, draft: &Draft) -> Episode {
    let world = context.world;
    let until = draft.healed_at.unwrap_or(world.through);
    let mean = draft.confidence / u64::from(draft.occurrences.max(1));
    Episode {
        id: draft.id.clone(),
        system: world.code(draft.system).to_owned(),
        sku: world.names.text(draft.key.0).to_owned(),
        place: world.names.text(draft.key.1).to_owned(),
        class: draft.class,
        event_type: draft.event_type,
        from: world.code(draft.from).to_owned(),
        to: world.code(draft.to).to_owned(),
        opened_at: world.written(draft.system, draft.opened_at),
        healed_at: draft.healed_at.map(|at| world.written(draft.system, at)),
        days_open: u32::try_from((until - draft.opened_at) / DAY).unwrap_or(0),
        residual: world.quantity(draft.residual),
        occurrences: draft.occurrences,
        units: world.quantity(draft.units),
        confidence: permille(u32::try_from(mean).unwrap_or(0)),
    }
}

/// Returns thousandths as a decimal with two places.
pub(super) fn permille(value: u32) -> rust_decimal::Decimal {
    let rounded = domain::number::round(rust_decimal::Decimal::new(i64::from(value), 3), 2);
    rounded.normalize()
}
