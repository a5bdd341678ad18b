//! The rules of Stockwell: pure functions over plain values.
//!
//! Nothing here waits, reads a clock, draws a random number or knows SQL. The use cases in `service` load the
//! rows that a command needs into a [`book::Book`], call one function of this crate, and write what it
//! returns.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod address;
pub mod allocation;
pub mod annotation;
pub mod attachment;
pub mod bank;
pub mod bill;
pub mod book;
pub mod bounds;
pub mod command;
pub mod count;
pub mod country;
pub mod customer;
pub mod day;
pub mod document;
pub mod event;
pub mod exchange;
pub mod expected_receipt;
pub mod hold;
pub mod id;
pub mod journal;
pub mod landed_cost;
pub mod ledger;
pub mod line_item;
pub mod locale;
pub mod location;
pub mod lot;
pub mod metadata;
pub mod moment;
pub mod needs;
pub mod negative_stock;
pub mod number;
pub mod open_item;
pub mod order;
pub mod payment;
pub mod payment_intent;
pub mod pos;
pub mod pricing;
pub mod printed;
pub mod product;
pub mod promise;
pub mod purchase_order;
pub mod refusal;
pub mod replenish;
pub mod revaluation;
pub mod sales;
pub mod stock;
pub mod stock_document;
pub mod supplier;
pub mod supplier_payment;
pub mod tag;
pub mod tax;
pub mod tenant;
pub mod text;
mod text_enum;
pub mod transfer;
pub mod variant;
pub mod voucher;
