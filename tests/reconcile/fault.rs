//! The faults of a run: the main one that must be found, the weak one beside it, an outage, a huge one-off and noise.

use crate::random::Random;
use crate::traffic::Movement;
use crate::world::{CATEGORIES, DAY, REFERENCE, START, World};
use reconcile::term::{Class, EventType};

/// A defect of a movement on an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    /// It never arrives.
    Lost,
    /// It arrives twice.
    Doubled,
    /// A set is booked as such, without its components.
    Unexploded,
    /// It arrives many hours late.
    Late,
    /// It stays in the system where it was made.
    Unsent,
    /// The system shows available and declares on hand. It concerns levels, no movements.
    Misread,
}

/// The movements that a fault concerns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    pub place: Option<usize>,
    pub category: Option<usize>,
    pub actor: Option<String>,
    /// Local hours, from the first inclusive to the last exclusive.
    pub hours: Option<(i64, i64)>,
}

#[derive(Clone, Debug)]
pub struct Fault {
    pub defect: Defect,
    /// The type of movements; none for an outage, which concerns all, and for levels.
    pub event_type: Option<EventType>,
    pub from: usize,
    pub to: usize,
    pub reach: Reach,
    /// The share of the movements that it hits, in thousandths.
    pub rate: u64,
    pub since: i64,
    pub until: i64,
}

/// When the main fault begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Course {
    /// Before the first day.
    Steady,
    /// After the first week and before the middle of the window.
    Late,
    /// There is no recurring fault.
    Null,
}

/// All that is wrong in a run, apart from noise.
pub struct Plan {
    pub main: Option<Fault>,
    pub weak: Option<Fault>,
    pub outage: Fault,
    pub one_off: OneOff,
}

/// A huge correction that happens once.
pub struct OneOff {
    pub system: usize,
    pub place: usize,
    pub item: usize,
    pub quantity: i64,
    pub at: i64,
}

impl Reach {
    pub fn holds(&self, world: &World, movement: &Movement) -> bool {
        self.place.is_none_or(|place| place == movement.place)
            && self.category.is_none_or(|category| category == world.items[movement.item].category)
            && self.actor.as_ref().is_none_or(|actor| *actor == movement.actor)
            && self.hours.is_none_or(|(first, last)| (first..last).contains(&local_hour(movement.at)))
    }
}

fn local_hour(at: i64) -> i64 {
    (at - START).rem_euclid(DAY) / 3600
}

impl Fault {
    /// Returns whether a movement runs over the fault's edge within its reach and time.
    pub fn concerns(&self, world: &World, movement: &Movement) -> bool {
        movement.origin == self.from
            && self.event_type.is_none_or(|event_type| event_type == movement.event_type)
            && (self.since..self.until).contains(&movement.at)
            && (self.defect != Defect::Unexploded || movement.bundle.is_some())
            && world.systems[self.to].keeps[movement.place]
            && self.reach.holds(world, movement)
    }

    /// Returns the class of the differences that it makes.
    pub fn class(&self) -> Option<Class> {
        match self.defect {
            Defect::Lost | Defect::Unsent => self.event_type.map(EventType::missed),
            Defect::Doubled => Some(Class::DuplicateEvent),
            Defect::Unexploded => Some(Class::BundleExplosion),
            Defect::Late => Some(Class::TimingLag),
            Defect::Misread => Some(Class::MeaningMismatch),
        }
    }
}

/// Returns the faults of a run. They depend on the traffic, so that each planted fault has enough movements.
pub fn plan(world: &World, movements: &[Movement], seed: u64, course: Course) -> Plan {
    let mut random = Random::of(seed, "faults");
    let since = match course {
        Course::Late => START + random.between(8, world.days * 24 / 45) * DAY + random.between(0, 20) * 3600,
        Course::Steady | Course::Null => START,
    };
    let mut planner = Planner { world, movements, random: &mut random };
    let main = (course != Course::Null).then(|| planner.main(since));
    let weak = main.as_ref().map(|main| planner.weak(main));
    let outage = planner.outage();
    let one_off = planner.one_off();
    Plan { main, weak, outage, one_off }
}

struct Planner<'a> {
    world: &'a World,
    movements: &'a [Movement],
    random: &'a mut Random,
}

/// Defects with the type that they concern. What is listed twice is planted twice as often.
const DEFECTS: [(Defect, EventType); 12] = [
    (Defect::Lost, EventType::Return),
    (Defect::Lost, EventType::Return),
    (Defect::Lost, EventType::TransferIn),
    (Defect::Lost, EventType::TransferOut),
    (Defect::Lost, EventType::Receipt),
    (Defect::Lost, EventType::Sale),
    (Defect::Lost, EventType::Sale),
    (Defect::Doubled, EventType::Sale),
    (Defect::Unexploded, EventType::Sale),
    (Defect::Unsent, EventType::Adjustment),
    (Defect::Lost, EventType::Adjustment),
    (Defect::Late, EventType::Sale),
];

impl Planner<'_> {
    /// Draws faults until one has enough movements and a wanted number of hits.
    fn main(&mut self, since: i64) -> Fault {
        if let Some(fault) = self.misread(since) {
            return fault;
        }
        loop {
            let (defect, event_type) = *self.random.pick(&DEFECTS);
            for _ in 0..200 {
                if let Some(fault) = self.strong(defect, event_type, since) {
                    return fault;
                }
            }
        }
    }

    /// Draws a fault that hits often enough to be the first to mend.
    fn strong(&mut self, defect: Defect, event_type: EventType, since: i64) -> Option<Fault> {
        let (mut fault, documents) = self.draw(defect, event_type, since)?;
        let weeks = (self.world.end() - since) / (7 * DAY);
        // A fault of an edge shows at each of its places.
        let spread = if fault.reach.place.is_none() { 2 } else { 1 };
        let wanted = u64::try_from(self.random.between(5, 11) * weeks * spread).expect("a number");
        fault.rate = if defect == Defect::Late { 700 } else { (1000 * wanted / documents).min(950) };
        let least = u64::try_from(4 * weeks).expect("a number");
        (fault.rate >= 30 && documents * fault.rate / 1000 >= least).then_some(fault)
    }

    /// In one run of twenty, the main fault is a system that shows available and declares on hand.
    fn misread(&mut self, since: i64) -> Option<Fault> {
        let is_shown = |system: &usize| self.world.systems[*system].shows_available;
        let shows: Vec<usize> = (0..self.world.systems.len()).filter(is_shown).collect();
        self.random.chance(50).then(|| Fault {
            defect: Defect::Misread,
            event_type: None,
            from: REFERENCE,
            to: *self.random.pick(&shows),
            reach: Reach::default(),
            rate: 1000,
            since,
            until: self.world.end(),
        })
    }

    /// Draws an edge and a reach for a defect, and counts the documents within.
    fn draw(&mut self, defect: Defect, event_type: EventType, since: i64) -> Option<(Fault, u64)> {
        let (world, until) = (self.world, self.world.end());
        let of_type: Vec<&Movement> =
            self.movements.iter().filter(|movement| movement.event_type == event_type).collect();
        let sample = (*self.random.pick(&of_type)).clone();
        let receivers: Vec<usize> =
            world.keepers(sample.place).into_iter().filter(|system| *system != sample.origin).collect();
        let mut to = *self.random.pick(&receivers);
        if defect == Defect::Unsent {
            to = if sample.origin == REFERENCE { return None } else { REFERENCE };
        }
        // Stock is counted by the reference's dates of events, so that a late reference makes no difference.
        if defect == Defect::Late && to == REFERENCE {
            return None;
        }
        let reach = self.reach(&sample, defect);
        let fault = Fault {
            defect,
            event_type: Some(event_type),
            from: sample.origin,
            to,
            reach,
            rate: 1000,
            since,
            until,
        };
        let count = self.documents(&fault);
        (count > 0).then_some((fault, count))
    }

    fn documents(&self, fault: &Fault) -> u64 {
        let hit = self.movements.iter().filter(|movement| fault.concerns(self.world, movement));
        hit.map(|movement| movement.document.as_str()).collect::<std::collections::BTreeSet<_>>().len() as u64
    }

    /// Draws a reach around a movement: everywhere or one place, and there sometimes a category, a person or hours.
    fn reach(&mut self, sample: &Movement, defect: Defect) -> Reach {
        let place = Some(sample.place);
        let is_plain = matches!(defect, Defect::Late | Defect::Unexploded);
        match self.random.below(100) {
            0..20 => Reach::default(),
            20..26 if !is_plain => Reach { category: self.category(sample), ..Reach::default() },
            26..38 if !is_plain => Reach { place, category: self.category(sample), ..Reach::default() },
            38..52 if !is_plain && sample.place > 0 => {
                Reach { place, hours: Some((18, 24)), ..Reach::default() }
            }
            52..64 if !is_plain && sample.place > 0 => {
                Reach { place, actor: Some(sample.actor.clone()), ..Reach::default() }
            }
            _ => Reach { place, ..Reach::default() },
        }
    }

    fn category(&self, sample: &Movement) -> Option<usize> {
        Some(self.world.items[sample.item].category % CATEGORIES.len())
    }

    /// Draws a second recurring fault on another edge or of another class, with at most a quarter of the hits.
    fn weak(&mut self, main: &Fault) -> Fault {
        let weeks = (self.world.end() - START) / (7 * DAY);
        loop {
            let (defect, event_type) = *self.random.pick(&DEFECTS);
            let Some((mut fault, documents)) = self.draw(defect, event_type, START) else { continue };
            let is_other = fault.class() != main.class() && fault.event_type != main.event_type;
            fault.rate = (1000 * u64::try_from(weeks * 3 / 2).expect("a number") / documents).min(900);
            if is_other && defect != Defect::Late && fault.rate >= 20 {
                return fault;
            }
        }
    }

    /// Two days without most of the events of the busiest store.
    fn outage(&mut self) -> Fault {
        let from = 1;
        let receivers: Vec<usize> =
            self.world.keepers(1).into_iter().filter(|system| *system != from).collect();
        let monday = START + self.random.between(1, self.world.days / 7 - 1) * 7 * DAY;
        let since = monday + self.random.between(0, 4) * DAY;
        Fault {
            defect: Defect::Lost,
            event_type: None,
            from,
            to: *self.random.pick(&receivers),
            reach: Reach { place: Some(1), ..Reach::default() },
            rate: 850,
            since,
            until: since + 2 * DAY,
        }
    }

    fn one_off(&mut self) -> OneOff {
        let system = self.random.index(self.world.systems.len());
        let kept: Vec<usize> =
            (0..self.world.places.len()).filter(|place| self.world.systems[system].keeps[*place]).collect();
        let place = *self.random.pick(&kept);
        let singles: Vec<usize> = (0..self.world.items.len())
            .filter(|item| self.world.items[*item].ranged[place] && self.world.items[*item].pack == 1)
            .collect();
        let at =
            START + self.random.between(5, self.world.days - 5) * DAY + self.random.between(9, 17) * 3600;
        OneOff {
            system,
            place,
            item: *self.random.pick(&singles),
            quantity: self.random.between(300, 900),
            at,
        }
    }
}
