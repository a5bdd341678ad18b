//! Replenishment: reads demand, stock, supply and settings of a tenant, and lets [`domain::replenish`] suggest what to order.

pub mod accept;
mod analogue;
pub mod backtest;
pub mod category;
mod fingerprint;
mod giver;
mod history;
mod load;
mod located;
pub mod order;
mod pause;
mod planned;
mod policy;
pub mod reorder;
mod run;
mod season;
pub mod setting;
pub mod shown;
mod similar;
mod size;
mod succession;
pub mod suggestion;
pub mod supplier;
mod terms;

pub use analogue::ShownAnalogue;
pub use policy::Level;
pub use season::ShownSeason;
pub use size::PAIRS_MAX;
pub use succession::Predecessor;
