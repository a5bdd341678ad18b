//! Writes that go on after their response.

use actix_web::web::Data;
use service::job::Kind;

use super::Write;
use crate::background::{self, Progress};
use crate::problem::Answer;

impl Write {
    /// Carries out `work` and returns its response. If the caller prefers that (`Prefer: respond-async`), returns a job, and carries it
    /// out after the response. A dry run is never put off.
    pub async fn now_or_later(
        self,
        kind: Kind,
        work: impl AsyncFnOnce(Write, Progress) -> Answer + 'static,
    ) -> Answer {
        if !self.preferences.respond_async || self.preferences.dry_run {
            return work(self, Progress::default()).await;
        }
        let (app, caller) = (Data::clone(&self.app), self.caller.clone());
        background::begin(app, caller, kind, async move |progress| work(self, progress).await).await
    }
}
