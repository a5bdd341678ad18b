//! Posting under load: batches, statements, races, crashes, and random commands beside a plain model.

#![expect(clippy::print_stdout, reason = "what a failed run shows: seeds and figures")]

mod batch;
mod command_cost;
mod connections;
mod crowd;
mod disk_full;
mod failover;
mod folds;
mod frozen;
mod lanes;
mod memory;
mod migration;
mod mix;
mod model;
mod process;
mod queue;
mod race;
mod restore;
mod rows;
mod secrets;
mod spans;
mod statements;
mod storm;
mod webhooks;
