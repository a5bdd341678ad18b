//! Reconciliation: finds the first operational fix for stock that differs between systems.
//!
//! A run takes all inputs of a tenant as plain values ([`input::Input`]) and returns all results
//! ([`answer::Answer`]). It reads no clock and draws no number: equal inputs give equal results, in any order of rows.

pub mod answer;
pub mod input;
pub mod term;

pub use answer::Answer;
pub use input::Input;

/// Computes all results of a run.
pub fn run(_input: &Input) -> Answer {
    Answer {
        inputs: Vec::new(),
        classes: Vec::new(),
        explained_share: rust_decimal::Decimal::ONE,
        discrepancies: Vec::new(),
        episodes: Vec::new(),
        exceptions: Vec::new(),
        flow_maps: Vec::new(),
        first_fix: answer::FirstFix {
            verdict: term::Outcome::NotEnoughData,
            basis: term::Basis::Snapshots,
            headline: String::new(),
            fix: None,
            next: Vec::new(),
            naive: None,
            owner_conflicts: Vec::new(),
            settle_with: Vec::new(),
            notes: Vec::new(),
        },
        health: answer::Health { weeks: Vec::new(), trend: term::Trend::Unknown, trend_text: String::new() },
        proofs: Vec::new(),
    }
}
