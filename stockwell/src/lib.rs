//! The program `stockwell`: what its commands do. The command line itself is `main.rs`.

pub mod demo;
pub mod import;
pub mod log;
pub mod signal;
pub mod worker;
