//! The commands of the program `stockwell`. The command line is `main.rs`.

pub mod archive;
pub mod bi;
pub mod call;
pub mod demo;
pub mod doctor;
mod http;
pub mod import;
pub mod log;
pub mod reconcile;
mod routes;
pub mod settings;
pub mod signal;
pub mod spans;
mod stopping;
pub mod webhook;
pub mod worker;

use api::config::Config;
use api::server::{self, Running, ServeError};

pub use routes::routes;

/// Starts a server with all routes.
pub async fn serve(config: &Config) -> Result<Running, ServeError> {
    server::serve(config, routes()).await
}
