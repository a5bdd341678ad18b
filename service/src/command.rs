//! The command row: idempotency and audit in one. Every accepted write makes one, and every rejected posting command. A write that
//! changes nothing makes one only if it has an idempotency key.
//!
//! The row is written in the transaction of its effect. If an idempotency key was used before with the same content, the
//! stored response is returned. With other content the request is rejected. No state in between can get stuck: if the
//! transaction fails, its row is gone.

use std::collections::HashMap;

use domain::id::CommandId;
use domain::refusal::{Code, Refusal};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::columns::Columns;
use crate::{Caller, Error, Tx};

/// Name in the rows of writes that changed nothing. They keep the response under an idempotency key, and are no part of the audit log.
pub(crate) const UNCHANGED: &str = "unchanged";

/// The idempotency key of a request, with the content that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 over method, path and the meaning of the body.
    pub fingerprint: [u8; 32],
    /// SHA-256 over method, path and the bytes of the body, as versions before this one stored it.
    pub of_bytes: [u8; 32],
}

/// The response to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
    /// The document that the command made or changed.
    pub document_id: Option<Uuid>,
    /// Version of the record after the command; not stored for a replay.
    pub version: Option<i32>,
    /// Whether this is the stored response to an earlier request.
    pub replayed: bool,
}

/// Result of a write that posts neither stock nor ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The record that the write made or changed, if it was one record.
    pub document_id: Option<Uuid>,
    /// Other records of that kind that the write changed with it. Each has the same event.
    pub also_changed: Vec<Uuid>,
    /// Version of the record after the write.
    pub version: Option<i32>,
    /// Whether the write found nothing to change. It has no event and no entry in the audit log then.
    pub is_unchanged: bool,
    /// HTTP status.
    pub status: u16,
    /// JSON of the response, which is stored for replays.
    pub body: String,
    /// JSON that is sent in place of `body` this once: it has a secret that is not stored.
    pub shown_once: Option<String>,
}

impl Written {
    /// Returns the result of a command that made a record and has no response of its own.
    pub fn created(id: Uuid) -> Self {
        Written { document_id: Some(id), status: 201, ..Written::default() }
    }

    fn into_answer(self) -> Answer {
        Answer {
            status: self.status,
            body: self.shown_once.unwrap_or(self.body),
            document_id: self.document_id,
            version: self.version,
            replayed: false,
        }
    }
}

/// Returns the stored responses under some of `keys`, with the fingerprints of their requests.
pub(crate) async fn find_responses(
    tx: &Tx,
    keys: &[&str],
) -> Result<HashMap<String, (Vec<u8>, Answer)>, Error> {
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
            status: row.try_get::<i16, _>("status")? as u16,
            body: row.try_get::<Option<String>, _>("response")?.unwrap_or_default(),
            document_id: row.try_get("document_id")?,
            version: None,
            replayed: true,
        };
        let fingerprint: Option<Vec<u8>> = row.try_get("fingerprint")?;
        answers.insert(row.try_get("idempotency_key")?, (fingerprint.unwrap_or_default(), answer));
    }
    Ok(answers)
}

/// Returns whether a response is stored under a key.
pub async fn is_stored(tx: &Tx, key: &str) -> Result<bool, Error> {
    Ok(!find_responses(tx, &[key]).await?.is_empty())
}

/// Returns the stored response to a repeated request. Rejects a key that was used for another request.
pub(crate) fn replay(
    idempotency: &Idempotency,
    (fingerprint, answer): &(Vec<u8>, Answer),
) -> Result<Answer, Error> {
    if [idempotency.fingerprint, idempotency.of_bytes].iter().any(|own| own == fingerprint.as_slice()) {
        return Ok(answer.clone());
    }
    let detail = "This Idempotency-Key was used before with other content: use a new key for a new request.";
    Err(Refusal::new(Code::IdempotencyKeyReused, detail).into())
}

/// Returns the stored response to a request, if it is a repeated one. Rejects a key that was used for another request.
pub async fn find(
    db: &crate::Db,
    caller: &Caller,
    idempotency: &Idempotency,
) -> Result<Option<Answer>, Error> {
    db.read(caller.tenant_id, async |tx| find_response(tx, idempotency).await).await
}

async fn find_response(tx: &Tx, idempotency: &Idempotency) -> Result<Option<Answer>, Error> {
    let found = find_responses(tx, &[idempotency.key.as_str()]).await?;
    found.get(&idempotency.key).map(|answered| replay(idempotency, answered)).transpose()
}

/// Runs `work` in one transaction with its command row. For writes that post neither stock nor ledger.
pub async fn run(
    db: &crate::Db,
    caller: &Caller,
    name: &'static str,
    idempotency: Option<&Idempotency>,
    work: impl AsyncFn(&Tx) -> Result<Written, Error>,
) -> Result<Answer, Error> {
    db.write(caller, async |tx| {
        if let Some(idempotency) = idempotency
            && let Some(answer) = find_response(tx, idempotency).await?
        {
            return Ok(answer);
        }
        let written = work(tx).await?;
        match (written.is_unchanged, idempotency) {
            (false, _) => {
                record(tx, caller, name, idempotency, &written).await?;
            }
            (true, Some(idempotency)) => keep_response(tx, caller, idempotency, &written).await?,
            (true, None) => {}
        }
        Ok(written.into_answer())
    })
    .await
}

/// Runs `work` and rolls it back: the response of a dry run, which shows no secret.
pub async fn dry_run(
    db: &crate::Db,
    caller: &Caller,
    work: impl AsyncFn(&Tx) -> Result<Written, Error>,
) -> Result<Answer, Error> {
    let written = db.try_write(caller, work).await?;
    Ok(Written { status: 200, shown_once: None, ..written }.into_answer())
}

/// Writes the command row of a write that posts neither stock nor ledger, and its events, in one statement. The
/// response is stored only if the caller sent a key. The event is about the record; if the command made none or
/// several, it is about the command. Records that it changed besides have an event each.
pub async fn record(
    tx: &Tx,
    caller: &Caller,
    name: &'static str,
    idempotency: Option<&Idempotency>,
    written: &Written,
) -> Result<CommandId, Error> {
    assert!(domain::event::is_command(name), "{name} is in the list of commands");
    let id = tx.command_id();
    let actor: &str = caller.actor_kind.into();
    let (object, object_id) = match (name.split_once('.'), written.document_id) {
        (Some((object, _)), Some(document_id)) => (object, document_id),
        _ => ("command", id.0),
    };
    let statement = "with command as ( \
             insert into command (tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, \
                                  status, document_id, response, recorded_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             on conflict (tenant_id, idempotency_key) do nothing returning 1) \
         insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
         select $1, v.id, $3, $2, $12, v.document_id, $11 \
         from command, unnest($13::uuid[], $14::uuid[]) as v (id, document_id)";
    let objects: Vec<Uuid> = std::iter::once(object_id).chain(written.also_changed.iter().copied()).collect();
    let query = Columns::of(statement)
        .value("tenant_id", tx.tenant_id.0)
        .value("id", id.0)
        .value("name", name)
        .value("actor_kind", actor)
        .value("actor_id", caller.actor_id)
        .value("idempotency_key", idempotency.map(|idempotency| idempotency.key.as_str()))
        .value("fingerprint", idempotency.map(|idempotency| idempotency.fingerprint.as_slice()))
        .value("status", written.status as i16)
        .value("document_id", written.document_id)
        .value("response", idempotency.map(|_| written.body.as_str()))
        .value("recorded_at", tx.now)
        .bind(object)
        .column("id", &objects, |_| tx.next_id())
        .column("document_id", &objects, |id| *id);
    check_inserted(query.execute(tx).await.map_err(key_held)?)?;
    Ok(id)
}

/// Stores the response to a write that changed nothing, for a repeat. The row has no event, and the audit log leaves it out.
async fn keep_response(
    tx: &Tx,
    caller: &Caller,
    idempotency: &Idempotency,
    written: &Written,
) -> Result<(), Error> {
    let actor: &str = caller.actor_kind.into();
    let query = Columns::of(
        "insert into command (tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, status, response, recorded_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (tenant_id, idempotency_key) do nothing",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", tx.command_id().0)
    .value("name", UNCHANGED)
    .value("actor_kind", actor)
    .value("actor_id", caller.actor_id)
    .value("idempotency_key", idempotency.key.as_str())
    .value("fingerprint", idempotency.fingerprint.as_slice())
    .value("status", written.status as i16)
    .value("response", written.body.as_str())
    .value("recorded_at", tx.now);
    check_inserted(query.execute(tx).await.map_err(key_held)?)
}

/// Rejects a request if another process finished the same one first. A retry finds its response.
fn check_inserted(rows: u64) -> Result<(), Error> {
    if rows > 0 {
        return Ok(());
    }
    let detail = "The first request with this Idempotency-Key is just finishing: send it again.";
    Err(Refusal::new(Code::IdempotencyInProgress, detail).into())
}

/// Turns a lock timeout into a rejection. Statements that write command rows wait for another transaction that writes the same
/// idempotency key. The save of a batch also waits for a move of the period lock, but never that long.
pub(crate) fn key_held(error: Error) -> Error {
    if !matches!(error, Error::LockTimeout) {
        return error;
    }
    let detail = "The first request with this Idempotency-Key has not finished yet.";
    Refusal::new(Code::IdempotencyInProgress, detail).into()
}
