//! How posting works under load: batches, statements, races, crashes, and random commands beside a plain model.

mod batch;
mod command_cost;
mod mix;
mod model;
mod queue;
mod race;
mod statements;
mod storm;
