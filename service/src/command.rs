//! The one door for every write: idempotency and audit in one row.
//!
//! The row is written in the transaction of its effect. A key that was used before with the same content answers what
//! was answered then; with other content it is refused. There is no state in between that could get stuck: the row
//! of a transaction that dies vanishes with it.

use std::collections::HashMap;

use domain::id::CommandId;
use domain::refusal::{Code, Refusal};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Caller, Error, Tx};

/// The caller's promise that two requests with this key are the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
    /// The document it made or changed.
    pub document_id: Option<Uuid>,
    /// The version that it left a record in; not kept for a repeat.
    pub version: Option<i32>,
    /// Whether it was answered before.
    pub replayed: bool,
}

/// What a write that posts neither stock nor ledger did, and what it is answered with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The record it made or changed, where it is one.
    pub document_id: Option<Uuid>,
    /// The version that it left the record in.
    pub version: Option<i32>,
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
    /// What is answered in place of `body` this once: JSON with a secret that is not kept.
    pub shown_once: Option<String>,
}

impl Written {
    /// A record was made, and no body is answered.
    pub fn created(id: Uuid) -> Self {
        Written { document_id: Some(id), status: 201, ..Written::default() }
    }

    fn answer(self) -> Answer {
        Answer {
            status: self.status,
            body: self.shown_once.unwrap_or(self.body),
            document_id: self.document_id,
            version: self.version,
            replayed: false,
        }
    }
}

/// What was answered before under some of `keys`, with the fingerprint of the request.
pub(crate) async fn answered(tx: &Tx, keys: &[&str]) -> Result<HashMap<String, (Vec<u8>, Answer)>, Error> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .rows(
            sqlx::query(
                "select idempotency_key, fingerprint, status, response, document_id from command \
                 where tenant_id = $1 and idempotency_key = any($2)",
            )
            .bind(tx.tenant_id.0)
            .bind(keys),
        )
        .await?;
    let mut answers = HashMap::with_capacity(rows.len());
    for row in rows {
        let answer = Answer {
            status: row.try_get::<i16, _>(2)? as u16,
            body: row.try_get::<Option<String>, _>(3)?.unwrap_or_default(),
            document_id: row.try_get(4)?,
            version: None,
            replayed: true,
        };
        answers.insert(row.try_get(0)?, (row.try_get::<Option<Vec<u8>>, _>(1)?.unwrap_or_default(), answer));
    }
    Ok(answers)
}

/// The answer to a repeated request, or the refusal of a key that was used for another one.
pub(crate) fn replay(
    idempotency: &Idempotency,
    (fingerprint, answer): &(Vec<u8>, Answer),
) -> Result<Answer, Error> {
    if fingerprint.as_slice() == idempotency.fingerprint {
        return Ok(answer.clone());
    }
    let detail = "This Idempotency-Key was used before with other content: use a new key for a new request.";
    Err(Refusal::new(Code::IdempotencyKeyReused, detail).into())
}

/// A write that posts neither stock nor ledger: runs `work` in one transaction with its command row.
pub async fn run(
    db: &crate::Db,
    caller: &Caller,
    name: &'static str,
    idempotency: Option<&Idempotency>,
    work: impl AsyncFn(&Tx) -> Result<Written, Error>,
) -> Result<Answer, Error> {
    db.write(caller, async |tx| {
        if let Some(idempotency) = idempotency
            && let Some(answered) = answered(tx, &[idempotency.key.as_str()]).await?.get(&idempotency.key)
        {
            return replay(idempotency, answered);
        }
        let written = work(tx).await?;
        record(tx, caller, name, idempotency, &written).await?;
        Ok(written.answer())
    })
    .await
}

/// Runs `work` and takes everything back: the answer of a dry run, which shows no secret.
pub async fn rehearse(
    db: &crate::Db,
    caller: &Caller,
    work: impl AsyncFn(&Tx) -> Result<Written, Error>,
) -> Result<Answer, Error> {
    let tx = db.begin(caller.tenant_id).await?;
    let written = work(&tx).await?;
    tx.rollback().await?;
    Ok(Written { status: 200, shown_once: None, ..written }.answer())
}

/// Writes the command row of a write that posts neither stock nor ledger, and its event, in one statement. The answer
/// is kept for a repeat only where the caller sent a key. An event is about the record, or about the command itself where
/// that made none or many.
pub async fn record(
    tx: &Tx,
    caller: &Caller,
    name: &'static str,
    idempotency: Option<&Idempotency>,
    written: &Written,
) -> Result<CommandId, Error> {
    let id = tx.command_id();
    let actor: &str = caller.actor_kind.into();
    let (object, object_id) = match (name.split_once('.'), written.document_id) {
        (Some((object, _)), Some(document_id)) => (object, document_id),
        _ => ("command", id.0),
    };
    let rows = tx
        .execute(
            sqlx::query(
                "with command as ( \
                     insert into command (tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, \
                                          status, document_id, response, recorded_at) \
                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                     on conflict (tenant_id, idempotency_key) do nothing returning 1) \
                 insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
                 select $1, $12, $3, $2, $13, $14, $11 from command",
            )
            .bind(tx.tenant_id.0)
            .bind(id.0)
            .bind(name)
            .bind(actor)
            .bind(caller.actor_id)
            .bind(idempotency.map(|idempotency| idempotency.key.as_str()))
            .bind(idempotency.map(|idempotency| idempotency.fingerprint.as_slice()))
            .bind(written.status as i16)
            .bind(written.document_id)
            .bind(idempotency.map(|_| written.body.as_str()))
            .bind(tx.now)
            .bind(tx.next_id())
            .bind(object)
            .bind(object_id),
        )
        .await?;
    if rows == 0 {
        // Another process finished the same request first: its answer is found on the next try.
        let detail = "The first request with this Idempotency-Key is just finishing: send it again.";
        return Err(Refusal::new(Code::IdempotencyInProgress, detail).into());
    }
    Ok(id)
}
