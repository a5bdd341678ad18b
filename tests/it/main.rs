//! Every test of the whole: one file per area, one program, one database server.

mod auth;
mod idempotency;
mod online_retail;
mod order;
mod payment;
mod pos;
mod race;
mod refund;
mod returns;
mod session;
mod stock;
mod storm;
