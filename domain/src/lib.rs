//! The rules of Stockwell: pure functions over plain values.
//!
//! Nothing here waits, reads a clock, draws a random number or knows SQL. The use cases in `service` read the
//! rows that a command needs into a [`book::Book`], call one function of this crate, and write what it answers.

pub mod adjust;
pub mod book;
pub mod claim;
pub mod count;
pub mod goods;
pub mod hold;
pub mod id;
pub mod journal;
pub mod ledger;
pub mod location;
pub mod moment;
pub mod number;
pub mod order;
pub mod oversold;
pub mod party;
pub mod payment;
pub mod pos;
pub mod pricing;
pub mod product;
pub mod promise;
pub mod refusal;
pub mod revalue;
pub mod sales;
pub mod stock;
pub mod supply;
pub mod tax;
pub mod tenant;
pub mod text;
pub mod transfer;
pub mod variant;
