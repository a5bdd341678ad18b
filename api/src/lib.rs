//! The REST API. Each area has a file with its routes and the types of its input and output.
//!
//! [`app`] is the state, [`routes`] the list of routes, [`server`] puts them together. Every request passes
//! [`middleware`], and every rejection is a [`problem`]. [`access`] checks the scopes of a route before its handler
//! runs. A handler extracts, calls the use case and returns the response. [`auth`] is the model that other areas
//! follow.

pub mod access;
mod admission;
pub mod app;
pub mod aside;
pub mod audit;
pub mod auth;
pub mod batch;
mod bi_login;
pub mod body;
pub mod broadcast;
pub mod catalog;
pub mod close;
mod compress;
pub mod config;
pub mod connection;
pub mod context;
mod costs;
pub mod count;
mod credential;
pub mod csv;
mod currency;
pub mod cursor;
pub mod customer;
pub mod document;
pub mod effects;
mod errors;
pub mod event;
mod health;
pub mod idempotency;
pub mod integrity;
pub mod journal;
pub mod landed_cost;
pub mod ledger;
mod limits;
pub mod line;
pub mod list;
pub mod location;
pub mod lot;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod order;
pub mod pages;
pub mod params;
pub mod patch;
pub mod period_lock;
mod personal;
pub mod pos;
pub mod posting;
pub mod pricing;
pub mod problem;
mod publishable;
pub mod purchase_order;
pub mod rate;
pub mod reconciliation;
pub mod record;
pub mod recurring_entry;
pub mod refusal;
pub mod register;
pub mod render;
mod replenish;
mod request_log;
mod room;
mod route_table;
pub mod routes;
mod schema;
pub mod server;
pub mod settings;
pub mod stock;
pub mod stream;
pub mod supplier;
pub mod tax;
mod trace;
mod upload;
pub mod version;
pub mod voucher;
mod webhook;
pub mod write;

pub use app::App;
pub use context::Caller;
pub use problem::{Answer, ApiError};
