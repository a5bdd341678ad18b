//! What the areas do, over HTTP: one folder per area, named as in the product.

#![expect(clippy::print_stdout, reason = "what a failed run shows: seeds and figures")]

mod catalog;
mod count;
mod ledger;
mod lot;
mod order;
mod payment;
mod pos;
mod pricing;
mod report;
mod stock;

/// What every operation does alike: who may call, what is repeated, read, pushed, limited.
mod platform {
    pub mod auth;
    mod card_numbers;
    mod events;
    mod idempotency;
    mod integrity;
    mod isolation;
    mod limits;
    mod own_ids;
    mod reading;
    mod stream;
}
