//! Replenishment: reads demand, stock, supply and settings of a tenant, and lets [`domain::replenish`] suggest what to order.

pub mod accept;
pub mod backtest;
pub mod category;
mod giver;
mod history;
mod load;
pub mod order;
mod pause;
mod planned;
mod policy;
pub mod reorder;
mod run;
pub mod setting;
pub mod shown;
mod succession;
pub mod suggestion;
pub mod supplier;
mod terms;

pub use policy::Level;
pub use run::PAIRS_MAX;
pub use succession::Predecessor;
