//! The use cases: each reads the rows that a request needs, lets [`domain`] decide, and writes the result.
//!
//! [`tx`] opens transactions, in which all work for a tenant runs. Only [`posting`] writes stock, cost and ledger; it also
//! writes the command rows and events of its commands. [`command`] writes those of all other writes.

pub mod application;
pub mod archive;
pub mod audit;
pub mod auth;
pub mod bi_login;
pub mod bill;
pub mod caller;
pub mod catalog;
pub mod close;
mod columns;
pub mod command;
pub mod count;
pub mod customer;
pub mod error;
pub mod event;
pub mod expand;
pub mod input;
pub mod integrity;
pub mod invoice;
pub mod known;
pub mod landed_cost;
pub mod ledger;
pub mod listing;
pub mod live;
pub mod location;
pub mod network;
mod notifier;
pub mod order;
pub mod page;
pub mod payment;
pub mod period_lock;
pub mod pos;
pub mod posting;
pub mod pricing;
mod printed;
pub mod purchase_order;
pub mod recent;
pub mod reconcile;
pub mod recurring_entry;
pub mod refusal;
pub mod register;
pub mod relay;
pub mod replenish;
pub mod request_log;
pub mod rollup;
pub mod rows;
pub mod sales_lines;
pub mod scope;
pub mod search;
pub mod stock;
pub mod supplier;
pub mod supplier_payment;
pub mod synced;
pub mod tax;
pub mod tenant;
mod tenant_places;
pub mod timing;
pub mod tx;
pub mod voucher;
pub mod webhook;

pub use caller::Caller;
pub use error::Error;
pub use tx::{Db, Tx};
