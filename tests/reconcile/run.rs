//! A whole run: a business, its faults, its rows and its truth, from one seed.

use crate::dirt::Dirt;
use crate::fault::{Course, Plan, plan};
use crate::level::Levels;
use crate::spread::{Books, spread};
use crate::traffic::movements;
use crate::truth::{Made, Truth};
use crate::world::World;

pub struct Run {
    pub seed: u64,
    pub world: World,
    pub plan: Plan,
    pub dirt: Dirt,
    pub books: Books,
    pub levels: Levels,
    pub truth: Truth,
}

impl Run {
    pub fn new(seed: u64, course: Course) -> Self {
        let world = World::new(seed);
        let movements = movements(&world, seed);
        let plan = plan(&world, &movements, seed, course);
        let dirt = Dirt::new(&world, seed);
        let books = spread(&world, &movements, &plan, seed);
        let levels = Levels::new(&world, &movements, &books, &dirt, &plan, seed);
        let truth =
            Truth::new(Made { world: &world, plan: &plan, dirt: &dirt, books: &books, levels: &levels });
        Self { seed, world, plan, dirt, books, levels, truth }
    }
}
