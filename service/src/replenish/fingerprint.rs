//! The fingerprint of a suggestion. A caller accepts the numbers that it read, and no others.

use domain::replenish::RULE_VERSION;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::run::{Run, Suggested};

/// The detail of the rejection of an acceptance whose suggestion has other numbers by now.
pub(super) const CHANGED: &str =
    "The numbers of this suggestion have changed since you read it. Read the suggestions again.";

/// Returns the fingerprint of a suggestion: equal numbers of the same day have the same one.
pub(super) fn fingerprint(run: &Run, suggested: &Suggested) -> String {
    let suggestion = &suggested.suggestion;
    let assessment = suggestion.assessment.as_ref();
    let text = format!(
        "{RULE_VERSION}|{}|{}|{}|{:?}|{:?}|{:?}|{:?}|{}",
        run.as_of,
        suggested.product_id,
        suggested.location_id(),
        suggestion.actions,
        assessment.map(|one| one.position),
        assessment.map(|one| one.target),
        assessment.map(|one| one.rate),
        suggested.drafted,
    );
    let bytes: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let half = Uuid::from_slice(&bytes[..16]).map_or(0, |half| half.as_u128());
    format!("{half:032x}")
}

/// Whether a suggestion has other numbers than those of a fingerprint.
pub(super) fn has_changed(run: &Run, suggested: &Suggested, since: &str) -> bool {
    fingerprint(run, suggested) != since
}
