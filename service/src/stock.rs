//! The stock record, for reading: availability, levels, movements and their documents.

pub mod affected;
pub mod availability;
pub mod checkpoint;
pub mod document;
pub mod expected;
pub mod explain;
pub mod hold;
pub mod incoming;
pub mod layer;
pub mod level;
pub mod lot;
pub mod movement;
pub mod oversold;
pub mod pack;
pub mod promise;
pub mod recall;
pub mod trace;
pub mod transfer;
