//! Times of documents, as their callers name them.

use chrono::{DateTime, Duration, Utc};

use super::Book;
use crate::moment;
use crate::refusal::Refusal;

/// The most by which a caller's clock may be ahead of ours.
pub(crate) const CLOCK_SKEW_MAX: Duration = Duration::minutes(5);

impl Book {
    /// Returns the time of a document: the named one, or now. Rejects a time before 1970, or more than 5
    /// minutes ahead of our clock.
    pub fn occurred_at(&self, named: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Refusal> {
        match named {
            Some(at) if at > self.now + CLOCK_SKEW_MAX => Err(Refusal::invalid(
                "/occurred_at",
                "occurred_at lies in the future; send the time of the event.",
            )),
            Some(at) if at < DateTime::UNIX_EPOCH => {
                Err(Refusal::invalid("/occurred_at", "occurred_at lies before 1970."))
            }
            Some(at) => Ok(at.min(self.now)),
            None => Ok(self.now),
        }
    }

    /// Returns the time of a document that follows another one, which happened at `earlier`. Rejects a named time before
    /// it: goods don't come back before they left. `what` names the earlier document.
    pub fn occurred_after(
        &self,
        named: Option<DateTime<Utc>>,
        (what, earlier): (&str, DateTime<Utc>),
    ) -> Result<DateTime<Utc>, Refusal> {
        let at = self.occurred_at(named)?;
        if named.is_some() && at < earlier {
            let earlier = moment::text(earlier);
            let detail = format!("occurred_at lies before {what}, which is of {earlier}.");
            return Err(Refusal::invalid("/occurred_at", detail));
        }
        // The clock of another server may be ahead of ours.
        Ok(at.max(earlier))
    }

    /// Returns the time that a till names, and what its clock said if it is ahead of ours. What happened at such a till is not
    /// rejected: it is dated now.
    pub fn at_till(&self, said: Option<DateTime<Utc>>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let ahead = said.filter(|at| *at > self.now + CLOCK_SKEW_MAX);
        (said.filter(|_| ahead.is_none()), ahead)
    }
}
