//! Reading the one stock record: what may be sold, the levels, the movements and their documents.

pub mod availability;
pub mod checkpoint;
pub mod document;
pub mod explain;
pub mod level;
pub mod movement;
