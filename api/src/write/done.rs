//! The response to a write: the location and the version of its record, and the preference that was applied.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Deserialize;
use service::command;
use uuid::Uuid;

use crate::idempotency::{Preferences, respond};
use crate::record::Record;
use crate::version;

/// A write that was carried out, now or before, or a dry run.
pub(super) struct Done {
    pub(super) answer: command::Answer,
    pub(super) preferences: Preferences,
    pub(super) location: Option<String>,
}

impl Done {
    /// Sets the path of the record that the write created.
    pub(super) fn locate(&mut self, location: impl Fn(Uuid) -> String) {
        self.location = self.answer.document_id.filter(|_| self.answer.status == 201).map(location);
    }

    /// Responds with a record of the list at `path`.
    pub(super) fn respond_at<R: Record>(mut self, path: &str) -> HttpResponse {
        self.locate(|id| format!("{path}/{}", R::Id::from(id)));
        self.respond()
    }

    pub(super) fn respond(self) -> HttpResponse {
        let version = match self.answer.replayed {
            true => kept_version(&self.answer.body),
            false => self.answer.version,
        };
        let mut response = respond(self.answer, self.location);
        if let Some(version) = version {
            version::tag(&mut response, version);
        }
        if response.status() == StatusCode::NO_CONTENT {
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        self.preferences.confirm(&mut response);
        response
    }
}

/// Returns the version of the record in a stored response. The command's row has no version.
fn kept_version(body: &str) -> Option<i32> {
    #[derive(Deserialize)]
    struct Kept {
        version: Option<i32>,
    }
    serde_json::from_str::<Kept>(body).ok()?.version
}
