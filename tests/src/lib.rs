//! The harness of the tests: one private PostgreSQL and one server for the whole run, and a fresh tenant for each test.
//!
//! A test is a plain `#[test]` function that passes its body to [`with_tenant`]. Afterwards the books of the tenant are
//! checked. Tests run at the same time, and each sees only its own tenant.

mod apart;
mod books;
mod browser;
mod build;
mod client;
mod environment;
pub mod example;
mod facts;
mod kept;
mod program;
mod receiver;
mod route;
mod schema;
mod tenant;
mod wait;

pub use apart::{Apart, send_signal, signal_server, superuser};
pub use browser::{Browser, Screen};
pub use build::{Product, Till, lines, sale};
pub use client::{Call, Client, Problem, Reply};
pub use environment::{Environment, Node, config, environment, pool_options};
pub use facts::Level;
pub use kept::keep;
pub use program::{file_of_repository, has_program};
pub use receiver::{Behaviour, Got, Receiver};
pub use route::Route;
pub use schema::{SCHEMA_RULES, broken_rules};
pub use tenant::{Tenant, with_tenant, with_tenant_as, with_tenants};
pub use wait::{process_of, until_waiting, until_waiting_for, waiting_for};
