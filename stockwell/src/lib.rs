//! The program `stockwell`: what its commands do. The command line itself is `main.rs`.

pub mod demo;
pub mod import;
pub mod log;
mod routes;
pub mod signal;
pub mod worker;

use api::config::Config;
use api::server::{self, Running, ServeError};

pub use routes::routes;

/// Starts a server of the whole API.
pub async fn serve(config: &Config) -> Result<Running, ServeError> {
    server::serve(config, routes()).await
}
