//! Writes of records that post neither stock nor ledger: products, customers, prices and the like.
//!
//! A handler takes a [`Write`] and passes it the body and the work. The command row, a replay, a dry run, `If-Match`,
//! `Location` and `ETag` follow from that.

mod done;
mod later;
mod merge;

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use domain::refusal::{Code, Refusal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::auth;
use service::command::{self, Written};
use service::input::{Change, Patched};
use service::{Error, Tx};
use uuid::Uuid;

use crate::access::Access;
use crate::batch::{Items, Parsed};
use crate::body::{BatchBody, Body};
use crate::costs;
use crate::idempotency::{IdempotencyKey, Preferences};
use crate::own;
use crate::personal::{self, Personal, Restore};
use crate::problem::{Answer, ApiError};
use crate::record::Record;
use crate::version::IfMatch;
use crate::{App, Caller};
use done::Done;
use merge::merge;

pub use merge::MergePatch;
pub(crate) use merge::merged;

/// Most attempts of a write that loses a race for a unique value.
const ATTEMPTS_MAX: u32 = 3;
/// Time after which a write is not tried again. It is shorter than the wait for a lock: a request waits once for another one
/// with its idempotency key.
const ATTEMPTS_WITHIN: Duration = Duration::from_secs(1);

/// A write that is about to happen.
pub struct Write {
    app: Data<App>,
    caller: Caller,
    idempotency: IdempotencyKey,
    preferences: Preferences,
    if_match: IfMatch,
    path: String,
    changes_setup: bool,
    changed_powers: ChangedPowers,
    /// Whether it takes long, and so uses the connections of the jobs.
    is_import: bool,
    /// Number of records that it writes in one transaction.
    records: usize,
    /// Puts the records of persons back into a stored response.
    restore: Option<Restore>,
}

/// Whether the work of a write changed the powers of a credential. It is noted by each attempt.
#[derive(Debug, Clone, Default)]
pub struct ChangedPowers(Arc<AtomicBool>);

impl ChangedPowers {
    pub fn note(&self, changed: bool) {
        self.0.store(changed, Ordering::Relaxed);
    }

    fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl FromRequest for Write {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Write::of(request, payload))
    }
}

impl Write {
    fn of(request: &HttpRequest, payload: &mut Payload) -> Result<Self, ApiError> {
        let access = request.app_data::<Data<Access>>();
        if access.is_some_and(|access| access.posts(request).is_some()) {
            return Err(ApiError::internal(
                "a route that posts no document declares PostHeaders or BatchHeaders",
            ));
        }
        Ok(Write {
            app: App::of(request)?,
            caller: Caller::from_request(request, payload).into_inner()?,
            idempotency: IdempotencyKey::from_request(request, payload).into_inner()?,
            preferences: Preferences::of(request.headers())?,
            if_match: IfMatch::of(request),
            path: request.path().to_owned(),
            changes_setup: false,
            changed_powers: ChangedPowers::default(),
            is_import: false,
            records: 1,
            restore: None,
        })
    }

    /// Makes postings read the tenant's settings, locations, tills, taxes, channel prices, accounts and tree of categories again.
    pub fn changing_setup(mut self) -> Self {
        self.changes_setup = true;
        self
    }

    /// Allows the time that a transaction of so many records may take.
    pub fn of_records(mut self, records: usize) -> Self {
        self.records = records;
        self
    }

    /// Uses the connections of the jobs, for a write of so many rows that it takes long.
    pub fn taking_long(mut self) -> Self {
        self.is_import = true;
        self
    }

    /// Stores the response without what it says of persons, whose records are of type `R`.
    pub fn of_persons<R: Personal + 'static>(mut self) -> Self {
        self.restore = Some(personal::restore::<R>());
        self
    }

    /// Returns the note by which the work says that it changed the powers of a credential. After its commit, credentials of
    /// the tenant are looked up again.
    pub fn changed_powers(&self) -> ChangedPowers {
        self.changed_powers.clone()
    }

    /// Rejects a request without `If-Match`, because the record must not be changed unseen.
    pub fn requiring_if_match(self) -> Result<Self, ApiError> {
        self.if_match.required()?;
        Ok(self)
    }

    /// Returns the caller.
    pub fn caller(&self) -> service::Caller {
        self.caller.0.clone()
    }

    /// Whether nothing is to be written.
    pub fn is_dry_run(&self) -> bool {
        self.preferences.dry_run
    }

    /// Creates a record. Returns 201 with its `Location`.
    pub async fn create<I: DeserializeOwned + Send + 'static, R: Record>(
        self,
        name: &'static str,
        body: Body<I>,
        work: impl AsyncFn(&Tx, &I) -> Result<R, Error>,
    ) -> Answer {
        let input = body.read().await?;
        let made = self.create_as(name, &input.raw, async |tx| work(tx, &input.value).await).await;
        made.map_err(|error| input.explain(error))
    }

    /// Like [`create`](Write::create), for a request whose fingerprint covers `said` instead of the body.
    pub async fn create_as<R: Record>(
        self,
        name: &'static str,
        said: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<R, Error>,
    ) -> Answer {
        let path = self.path.clone();
        let done = self.run(name, said, async |tx| saved(201, &work(tx).await?)).await?;
        Ok(done.respond_at::<R>(&path))
    }

    /// Like [`create_as`](Write::create_as), for a record that is computed before the transaction that writes it. A repeated request
    /// gets the stored response, and nothing is computed.
    pub async fn create_computed<C, R: Record>(
        self,
        name: &'static str,
        said: &Bytes,
        compute: impl AsyncFnOnce() -> Result<C, ApiError>,
        work: impl AsyncFn(&Tx, &C) -> Result<R, Error>,
    ) -> Answer {
        if let Some(mut answer) = self.find_response(said).await? {
            let Write { app, caller, path, preferences, restore, .. } = self;
            if let Some(restore) = restore {
                let restored = async |tx: &Tx| restore(tx, &answer.body).await;
                answer.body = app.db.read(caller.tenant_id, restored).await?;
            }
            return Ok(Done { answer, preferences, location: None }.respond_at::<R>(&path));
        }
        let computed = compute().await?;
        self.create_as(name, said, async |tx| work(tx, &computed).await).await
    }

    /// Returns the stored response to a request with an idempotency key that was used before. A dry run has none.
    async fn find_response(&self, said: &Bytes) -> Result<Option<command::Answer>, ApiError> {
        if self.preferences.dry_run {
            return Ok(None);
        }
        match self.idempotency.clone().optional(said).await? {
            Some(idempotency) => Ok(command::find(&self.app.db, &self.caller, &idempotency).await?),
            None => Ok(None),
        }
    }

    /// Creates a record without a path of its own. Returns 201.
    pub async fn create_unaddressed<I: DeserializeOwned + Send + 'static, T: Serialize>(
        self,
        name: &'static str,
        body: Body<I>,
        work: impl AsyncFn(&Tx, &I) -> Result<T, Error>,
    ) -> Answer {
        let input = body.read().await?;
        let made = async |tx: &Tx| written(201, None, &work(tx, &input.value).await?);
        let made = self.run(name, &input.raw, made).await;
        Ok(made.map_err(|error| input.explain(error))?.respond())
    }

    /// Creates a record with a secret. Returns 201. `work` returns two forms of the record: without the secret, stored
    /// for replays, and with it, returned this once.
    pub async fn create_secret<T: Serialize>(
        self,
        name: &'static str,
        raw: &Bytes,
        location: impl Fn(Uuid) -> String,
        work: impl AsyncFn(&Tx) -> Result<Secret<T>, Error>,
    ) -> Answer {
        let made = async |tx: &Tx| {
            let Secret { id, kept, shown_once } = work(tx).await?;
            Ok(Written { shown_once: Some(json(&shown_once)?), ..written(201, Some(id), &kept)? })
        };
        let mut done = self.run(name, raw, made).await?;
        done.locate(location);
        Ok(done.respond())
    }

    /// Replaces a record with a version, which may not exist yet. Returns 200. `work` gets the version that the record must
    /// have.
    pub async fn put<I: DeserializeOwned + Send + 'static, T: Serialize>(
        self,
        name: &'static str,
        body: Body<I>,
        work: impl AsyncFn(&Tx, Option<i32>, &I) -> Result<Stated<T>, Error>,
    ) -> Answer {
        let expected = self.if_match.optional()?;
        let input = body.read().await?;
        let stated = async |tx: &Tx| {
            let Stated { id, also_changed, version, record } = work(tx, expected, &input.value).await?;
            Ok(Written { also_changed, version: Some(version), ..written(200, id, &record)? })
        };
        let stated = self.run(name, &input.raw, stated).await;
        Ok(stated.map_err(|error| input.explain(error))?.respond())
    }

    /// Takes a step with a body, or replaces a record without a version. Returns 200. `work` returns the id of the record.
    pub async fn step<I: DeserializeOwned + Send + 'static, T: Serialize>(
        self,
        name: &'static str,
        body: Body<I>,
        work: impl AsyncFn(&Tx, &I) -> Result<(Option<Uuid>, T), Error>,
    ) -> Answer {
        let input = body.read().await?;
        let stated = async |tx: &Tx| {
            let (id, stated) = work(tx, &input.value).await?;
            written(200, id, &stated)
        };
        let stated = self.run(name, &input.raw, stated).await;
        Ok(stated.map_err(|error| input.explain(error))?.respond())
    }

    /// Changes a record by a step without a body. Returns 200.
    pub async fn change<R: Record>(
        self,
        name: &'static str,
        work: impl AsyncFn(&Tx) -> Result<R, Error>,
    ) -> Answer {
        Ok(self.run(name, &Bytes::new(), async |tx| saved(200, &work(tx).await?)).await?.respond())
    }

    /// Changes a record by a step without a body, or leaves it as it is if it had the step behind it: then nothing is written. Returns 200.
    pub async fn change_or_leave<R: Record>(
        self,
        name: &'static str,
        work: impl AsyncFn(&Tx) -> Result<Patched<R>, Error>,
    ) -> Answer {
        let changed = async |tx: &Tx| {
            let Patched { record, is_changed } = work(tx).await?;
            Ok(Written { is_unchanged: !is_changed, ..saved(200, &record)? })
        };
        Ok(self.run(name, &Bytes::new(), changed).await?.respond())
    }

    /// Changes a record by a merge patch. Returns 200. `work` gets the version that the record must have, and a
    /// function from its present state to the next. A record that has every value of the patch stays as it is.
    pub async fn patch<I, R>(
        self,
        name: &'static str,
        body: Body<MergePatch>,
        work: impl AsyncFn(&Tx, Option<i32>, Change<'_, I>) -> Result<Patched<R>, Error>,
    ) -> Answer
    where
        I: Serialize + DeserializeOwned,
        R: Record,
    {
        let expected = self.if_match.optional()?;
        let patch = body.read().await?;
        let change = |present: &I| Ok(merge(present, &patch.value)?);
        let changed = async |tx: &Tx| {
            let Patched { record, is_changed } = work(tx, expected, &change).await?;
            Ok(Written { is_unchanged: !is_changed, ..saved(200, &record)? })
        };
        let changed = self.run(name, &patch.raw, changed).await;
        Ok(changed.map_err(|error| patch.explain(error))?.respond())
    }

    /// Deletes or ends the record `id`, or one without an id. Returns 204. `work` gets the version that the record must
    /// have.
    pub async fn delete(
        self,
        name: &'static str,
        id: Option<Uuid>,
        work: impl AsyncFn(&Tx, Option<i32>) -> Result<(), Error>,
    ) -> Answer {
        let expected = self.if_match.optional()?;
        let ended = async |tx: &Tx| {
            work(tx, expected).await?;
            Ok(Written { document_id: id, status: 204, ..Written::default() })
        };
        Ok(self.run(name, &Bytes::new(), ended).await?.respond())
    }

    /// Creates many records, each on its own. Returns 207 with one result each. A batch that lost a race for a unique
    /// value runs again, and then finds the record that has it.
    pub async fn batch<I: DeserializeOwned, R: Serialize>(
        mut self,
        name: &'static str,
        body: BatchBody<Items>,
        work: impl AsyncFn(&Tx, &[I]) -> Result<Vec<Result<R, Refusal>>, Error>,
    ) -> Answer {
        let items = Parsed::<I>::read(body).await?;
        let (parsed, raw) = (items.value, items.raw);
        self.app.rates.admit_batch(&self.caller, parsed.count(), raw.len())?;
        self.app.rates.count_unreadable_documents(&self.caller, parsed.count() - parsed.read.len());
        self.records = parsed.count();
        let made = async |tx: &Tx| written(207, None, &parsed.results(work(tx, &parsed.read).await?));
        Ok(self.run(name, &raw, made).await?.respond())
    }

    /// Writes all of an upload or nothing. Returns 200.
    pub async fn whole<T: Serialize>(
        mut self,
        name: &'static str,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<T, Error>,
    ) -> Answer {
        self.is_import = true;
        Ok(self.run(name, raw, async |tx| written(200, None, &work(tx).await?)).await?.respond())
    }

    /// Like [`whole`](Write::whole), for an upload about the record `id`. `work` returns the ids of other records that changed with
    /// it, and the result.
    pub async fn whole_of<T: Serialize>(
        mut self,
        name: &'static str,
        id: Uuid,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<(Vec<Uuid>, T), Error>,
    ) -> Answer {
        self.is_import = true;
        let imported = async |tx: &Tx| {
            let (also_changed, result) = work(tx).await?;
            Ok(Written { also_changed, ..written(200, Some(id), &result)? })
        };
        Ok(self.run(name, raw, imported).await?.respond())
    }

    async fn run(
        self,
        name: &'static str,
        raw: &Bytes,
        work: impl AsyncFn(&Tx) -> Result<Written, Error>,
    ) -> Result<Done, ApiError> {
        let Write {
            app,
            caller,
            idempotency,
            preferences,
            changes_setup,
            changed_powers,
            is_import,
            records,
            restore,
            ..
        } = self;
        let db = if is_import { app.db.for_imports() } else { app.db.for_records(records) };
        let idempotency = idempotency.optional(raw).await?;
        let impersonal = async |tx: &Tx| {
            let written = work(tx).await?;
            if is_import {
                auth::require_present(tx, &caller).await?;
            }
            let is_personal = restore.is_some();
            if is_personal { without_persons(written) } else { Ok(written) }
        };
        let (mut attempt, begun) = (1, Instant::now());
        loop {
            let answer = if preferences.dry_run {
                command::dry_run(&db, &caller, &work).await
            } else {
                command::run(&db, &caller, name, idempotency.as_ref(), &impersonal).await
            };
            match answer {
                Err(error)
                    if attempt < ATTEMPTS_MAX
                        && begun.elapsed() < ATTEMPTS_WITHIN
                        && lost_race(&error, idempotency.is_some()) =>
                {
                    attempt += 1
                }
                other => {
                    if changes_setup {
                        app.poster.setups().forget(caller.tenant_id).await;
                        app.currencies.forget(caller.tenant_id);
                    }
                    let mut answer = costs::shown(other?, caller.sees_costs());
                    if let Some(restore) = restore.filter(|_| answer.replayed) {
                        let restored = async |tx: &Tx| restore(tx, &answer.body).await;
                        answer.body = app.db.read(caller.tenant_id, restored).await?;
                    }
                    let answer = own::shown(answer, caller.customer_id.is_some());
                    if changed_powers.is_noted() && !answer.replayed && !preferences.dry_run {
                        app.auth.revoked(caller.tenant_id);
                    }
                    return Ok(Done { answer, preferences, location: None });
                }
            }
        }
    }
}

/// A record that a caller stated as a whole.
#[derive(Debug)]
pub struct Stated<T> {
    /// Id that its event names. Without one, the event is about the command.
    pub id: Option<Uuid>,
    /// Ids of other records that changed with it. Each has the same event.
    pub also_changed: Vec<Uuid>,
    /// Version of the record now.
    pub version: i32,
    /// The record as it is now.
    pub record: T,
}

/// A new record with a secret.
#[derive(Debug)]
pub struct Secret<T> {
    /// Id of the record.
    pub id: Uuid,
    /// The record without the secret, stored for replays.
    pub kept: T,
    /// The record with the secret, returned this once.
    pub shown_once: T,
}

fn saved<R: Record>(status: u16, record: &R) -> Result<Written, Error> {
    Ok(Written { version: Some(record.version()), ..written(status, Some(record.id()), record)? })
}

fn written<T: Serialize>(status: u16, document_id: Option<Uuid>, body: &T) -> Result<Written, Error> {
    Ok(Written { document_id, status, body: json(body)?, ..Written::default() })
}

/// Returns a response that is stored without what it says of persons, and sent whole this once.
fn without_persons(written: Written) -> Result<Written, Error> {
    let body = personal::stored(&written.body)?;
    Ok(Written { shown_once: Some(written.body), body, ..written })
}

fn json<T: Serialize>(body: &T) -> Result<String, Error> {
    serde_json::to_string(body).map_err(|error| Error::invariant(error.to_string()))
}

/// Whether another transaction came first, so that a second attempt finds what it wrote: the record with the unique
/// value, or the response to this request, if it is a retry of one that was in progress (`has_key`).
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
