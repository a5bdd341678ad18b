//! Every test of the whole: one file per area, one program, one database server.

mod artefacts;
mod auth;
mod card_numbers;
mod catalog;
mod idempotency;
mod integrity;
mod isolation;
mod ledger;
mod limits;
mod metadata;
mod online_retail;
mod order;
mod own_ids;
mod payment;
mod pos;
mod pricing;
mod race;
mod reading;
mod refund;
mod report;
mod returns;
mod session;
mod statements;
mod stock;
mod storm;
mod tidy;
