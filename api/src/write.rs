//! Writes of records that post neither stock nor ledger: products, customers, prices and the like.
//!
//! A handler takes a [`Write`], reads the body, and hands over the work. The command row, a
//! repeated answer, a dry run, `Location` and `ETag` follow from that.

use std::cell::RefCell;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use domain::refusal::{Code, Refusal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::input::Change;
use service::{Error, Tx, command};
use uuid::Uuid;

use crate::body::{self, Input};
use crate::idempotency::{IdempotencyKey, Preferences, respond};
use crate::problem::{Answer, ApiError};
use crate::{App, Caller, version};

/// How often a write that lost a race for a unique value is tried.
const ATTEMPTS_MAX: u32 = 3;

/// A write that is about to happen.
pub struct Write {
    app: Data<App>,
    caller: Caller,
    idempotency: IdempotencyKey,
    preferences: Preferences,
    path: String,
    changes_setup: bool,
}

/// A merge patch (RFC 7396): the fields to change; null clears one.
pub type MergePatch = Map<String, Value>;

impl FromRequest for Write {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Write::of(request, payload))
    }
}

/// What an answer tells about itself.
#[derive(Debug, Deserialize)]
struct Head {
    id: Option<String>,
    version: Option<i32>,
}

impl Write {
    fn of(request: &HttpRequest, payload: &mut Payload) -> Result<Self, ApiError> {
        let app =
            request.app_data::<Data<App>>().ok_or_else(|| ApiError::internal("no application state"))?;
        Ok(Write {
            app: Data::clone(app),
            caller: Caller::from_request(request, payload).into_inner()?,
            idempotency: IdempotencyKey::from_request(request, payload).into_inner()?,
            preferences: Preferences::of(request.headers()),
            path: request.path().to_owned(),
            changes_setup: false,
        })
    }

    /// Says that postings must read the tenant's settings, locations, tills, taxes and channel prices anew.
    pub fn changing_setup(mut self) -> Self {
        self.changes_setup = true;
        self
    }

    /// Makes a record: 201 with its `Location`.
    pub async fn create<T: Serialize>(
        self,
        name: &'static str,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<(Uuid, T), Error>,
    ) -> Answer {
        let path = self.path.clone();
        let mut done = self.run(name, raw, 201, async |tx| rendered(work(tx).await?)).await?;
        if done.answer.status == 201 {
            done.location = Head::of(&done.answer.body).id.map(|id| format!("{path}/{id}"));
        }
        Ok(done.respond())
    }

    /// Makes a record that has a secret: 201. `work` answers the record as it is kept for a repeat, without the secret,
    /// and as it is shown this once.
    pub async fn create_secret<T: Serialize>(
        self,
        name: &'static str,
        raw: &Bytes,
        location: impl Fn(Uuid) -> String,
        work: impl AsyncFn(&Tx) -> Result<(Uuid, T, T), Error>,
    ) -> Answer {
        let shown = RefCell::new(None);
        let made = async |tx: &Tx| {
            let (id, kept, whole) = work(tx).await?;
            *shown.borrow_mut() = Some(rendered((id, whole))?.1);
            rendered((id, kept))
        };
        let mut done = self.run(name, raw, 201, made).await?;
        if let Some(whole) = shown.into_inner()
            && !done.answer.replayed
            && !done.preferences.dry_run
        {
            done.answer.body = whole;
        }
        done.location = done.answer.document_id.filter(|_| done.answer.status == 201).map(location);
        Ok(done.respond())
    }

    /// Who asks.
    pub fn caller(&self) -> service::Caller {
        self.caller.0.clone()
    }

    /// States a record that may or may not exist: 200.
    pub async fn put<T: Serialize>(
        self,
        name: &'static str,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<(Uuid, T), Error>,
    ) -> Answer {
        Ok(self.run(name, raw, 200, async |tx| rendered(work(tx).await?)).await?.respond())
    }

    /// Changes a record by a merge patch: 200. `work` is handed what makes the next state from the present one.
    pub async fn patch<I, T>(
        self,
        name: &'static str,
        patch: &Input<MergePatch>,
        work: impl AsyncFn(&Tx, Change<'_, I>) -> Result<(Uuid, T), Error>,
    ) -> Answer
    where
        I: Serialize + DeserializeOwned,
        T: Serialize,
    {
        let refused = RefCell::new(None);
        let change = |present: &I| {
            merge(present, &patch.value).map_err(|error| {
                *refused.borrow_mut() = Some(error);
                // What the caller hears is the error just kept; this one only ends the transaction.
                Refusal::new(Code::ValidationFailed, "The patch was refused.").into()
            })
        };
        let done = self.run(name, &patch.raw, 200, async |tx| rendered(work(tx, &change).await?)).await;
        match refused.into_inner() {
            Some(error) => Err(error),
            None => Ok(done?.respond()),
        }
    }

    /// Deletes or ends a record: 204.
    pub async fn delete(self, name: &'static str, work: impl AsyncFn(&Tx) -> Result<Uuid, Error>) -> Answer {
        let ended = async |tx: &Tx| Ok((work(tx).await?, String::new()));
        Ok(self.run(name, &Bytes::new(), 204, ended).await?.respond())
    }

    /// Makes many records, each for itself: 207 with one result each. A batch that lost a race for a unique value is
    /// tried again, and then sees who has it.
    pub async fn batch<T: Serialize>(
        self,
        name: &'static str,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<T, Error>,
    ) -> Answer {
        let made = async |tx: &Tx| rendered((Uuid::nil(), work(tx).await?));
        Ok(self.run(name, raw, 207, made).await?.respond())
    }

    /// Writes all of an upload or nothing of it: 200. What `work` refuses is taken back and answered as it says.
    pub async fn whole<T: Serialize>(
        self,
        name: &'static str,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<Result<T, ApiError>, Error>,
    ) -> Answer {
        let refused = RefCell::new(None);
        let written = async |tx: &Tx| match work(tx).await? {
            Ok(report) => rendered((Uuid::nil(), report)),
            Err(error) => {
                *refused.borrow_mut() = Some(error);
                // What the caller hears is the error just kept; this one only ends the transaction.
                Err(Refusal::new(Code::ValidationFailed, "The upload was refused.").into())
            }
        };
        let done = self.run(name, raw, 200, written).await;
        match refused.into_inner() {
            Some(error) if done.is_err() => Err(error),
            _ => Ok(done?.respond()),
        }
    }

    async fn run(
        self,
        name: &'static str,
        raw: &Bytes,
        status: u16,
        work: impl AsyncFn(&Tx) -> Result<(Uuid, String), Error>,
    ) -> Result<Done, ApiError> {
        let Write { app, caller, idempotency, preferences, changes_setup, .. } = self;
        let idempotency = idempotency.optional(raw)?;
        let work = async |tx: &Tx| {
            let (id, body) = work(tx).await?;
            Ok(((!id.is_nil()).then_some(id), status, body))
        };
        let mut attempt = 1;
        loop {
            let answer = if preferences.dry_run {
                command::dry_run(&app.db, &caller, &work).await
            } else {
                command::run(&app.db, &caller, name, idempotency.as_ref(), &work).await
            };
            match answer {
                Err(error) if attempt < ATTEMPTS_MAX && lost_race(&error, idempotency.is_some()) => {
                    attempt += 1
                }
                other => {
                    if changes_setup {
                        app.poster.setups().forget(caller.tenant_id).await;
                    }
                    return Ok(Done { answer: other?, preferences, location: None });
                }
            }
        }
    }
}

/// Whether another transaction came first, so that a second try sees what it wrote: who has a unique value, or, where
/// this is the repeat of a request that was just being carried out (`has_key`), its answer.
fn lost_race(error: &Error, has_key: bool) -> bool {
    let by_twin = |code: Code| {
        matches!(
            code,
            Code::AlreadyExists
                | Code::DuplicateExternalRef
                | Code::IdempotencyInProgress
                | Code::NotFound
                | Code::VersionMismatch
        )
    };
    error.is_unique_violation() || (has_key && error.code().is_some_and(by_twin))
}

/// A write that happened, now or before, or that was rehearsed.
struct Done {
    answer: command::Answer,
    preferences: Preferences,
    location: Option<String>,
}

impl Done {
    fn respond(self) -> HttpResponse {
        let version = Head::of(&self.answer.body).version;
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

impl Head {
    fn of(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or(Head { id: None, version: None })
    }
}

fn rendered<T: Serialize>((id, record): (Uuid, T)) -> Result<(Uuid, String), Error> {
    let body = serde_json::to_string(&record).map_err(|error| Error::invariant(error.to_string()))?;
    Ok((id, body))
}

/// The next state of a record: the present one with the fields of the patch in their place.
fn merge<I: Serialize + DeserializeOwned>(present: &I, patch: &MergePatch) -> Result<I, ApiError> {
    merged(serde_json::to_value(present).map_err(ApiError::internal)?, patch)
}

/// Like [`merge`], for a present state that may be nothing yet.
pub(crate) fn merged<I: DeserializeOwned>(mut present: Value, patch: &MergePatch) -> Result<I, ApiError> {
    merge_value(&mut present, &Value::Object(patch.clone()));
    let merged = serde_json::to_vec(&present).map_err(ApiError::internal)?;
    body::parse(&merged)
}

/// RFC 7396, section 2.
fn merge_value(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge_value(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn merges_as_the_standard_says() {
        for (mut target, patch, merged) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge_value(&mut target, &patch);
            assert_eq!(target, merged);
        }
    }
}
