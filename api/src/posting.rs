//! How a document is posted: alone, as a dry run, or as one of many on a batch route.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use domain::book::Book;
use domain::refusal::Refusal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::caller::EntryMode;
use service::command::{self, Idempotency};
use service::posting::{Command, Outcome, Render, Request, rehearse};

use crate::idempotency::{IdempotencyKey, Preferences, respond, valid_key};
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::{App, Caller, body, effects};

/// The most documents of a batch request.
pub const BATCH_DOCUMENTS_MAX: usize = 500;

/// Posts one document. `raw` is the request's body, for the fingerprint of the key.
pub async fn post(
    app: &App,
    caller: Caller,
    (key, preferences, raw): (IdempotencyKey, Preferences, &Bytes),
    (command, render): (Command, Render),
    location: Option<&'static str>,
) -> Answer {
    let idempotency = key.required(raw)?;
    let request = Request {
        caller: caller.0,
        command,
        idempotency: Some(idempotency),
        entry_mode: EntryMode::Api,
        render,
    };
    if preferences.dry_run {
        let rehearsal = rehearse(&app.db, &app.poster, &request).await?;
        let mut response = HttpResponse::Ok().json(effects::of(&rehearsal));
        preferences.confirm(&mut response);
        return Ok(response);
    }
    let answer = app.poster.post(request).await?;
    let id = serde_json::from_str::<Identified>(&answer.body).ok().map(|document| document.id);
    let location = location.zip(id).filter(|_| answer.status == 201).map(|(path, id)| format!("{path}/{id}"));
    Ok(respond(answer, location))
}

/// The id of a rendered document.
#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// Renders a document, or the problem that refused it.
pub fn rendered<T: Serialize>(status: u16, document: &T) -> (u16, String) {
    match serde_json::to_string(document) {
        Ok(body) => (status, body),
        Err(error) => refused(&Refusal::state(error.to_string())),
    }
}

/// Renders the state that a command left a document in: 201 where the command made it, 200 where it changed it.
pub fn rendered_version<T: Serialize>(version: i32, document: &T) -> (u16, String) {
    rendered(if version == 1 { 201 } else { 200 }, document)
}

/// Renders the problem of a refusal.
pub fn refused(refusal: &Refusal) -> (u16, String) {
    let error = ApiError::from(refusal.clone());
    (error.code().status().as_u16(), error.text(None))
}

/// Renders no more than a document's identity, or the problem that refused it.
pub fn minimal(outcome: Result<(&Outcome, &Book), &Refusal>) -> (u16, String) {
    match outcome {
        Err(refusal) => refused(refusal),
        Ok((outcome, _)) => {
            let (object, id, number) = effects::identity(outcome);
            rendered(201, &Minimal { id, object, number, lines: effects::line_count(outcome) })
        }
    }
}

/// What is left of a document where the caller prefers `return=minimal`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Minimal {
    /// The document's id.
    #[schema(max_length = 32, example = "sal_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// What it is.
    #[schema(value_type = String, max_length = 32, example = "pos_sale")]
    object: &'static str,
    /// Its number, where it has one.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    number: Option<String>,
    /// How many lines it has.
    #[schema(minimum = 0, maximum = 2000, example = 3)]
    lines: usize,
}

/// Many documents in one request. Each stands alone: one that is refused does not spoil the others.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchIn {
    /// The documents, at most 500.
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<BatchItem>,
}

/// One document of a batch.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// As the header `Idempotency-Key` of the single route: the same key and body mean the same document on both.
    #[schema(min_length = 1, max_length = 255, example = "till-7-000123")]
    idempotency_key: String,
    /// The body as the single route takes it.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// What became of the documents of a batch, in their order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BatchOut {
    /// Always `batch`.
    #[schema(value_type = String, max_length = 5, example = "batch")]
    object: &'static str,
    /// How many were accepted, now or before.
    #[schema(maximum = 500, example = 499)]
    accepted: usize,
    /// How many were refused.
    #[schema(maximum = 500, example = 1)]
    refused: usize,
    /// One result per document.
    #[schema(max_items = 500)]
    results: Vec<BatchResult>,
}

/// What became of one document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BatchResult {
    /// The status that the single route would have answered.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    status: u16,
    /// Whether it had been carried out before.
    replayed: bool,
    /// The document, or the problem that refused it.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// What a batch route posts: the path of its single route, and how a body becomes a command.
pub struct BatchOf<In> {
    /// Path of the single route, which the fingerprint covers.
    pub path: &'static str,
    /// Reads a body.
    pub command: fn(In, &Caller) -> Result<Command, ApiError>,
    /// Renders the answer in full.
    pub render: Render,
}

/// Posts the documents of a batch route.
pub async fn post_batch<In: DeserializeOwned>(
    app: &App,
    caller: Caller,
    preferences: Preferences,
    (batch, of): (BatchIn, BatchOf<In>),
) -> Answer {
    if batch.items.is_empty() || batch.items.len() > BATCH_DOCUMENTS_MAX {
        let detail = format!("A batch has 1 to {BATCH_DOCUMENTS_MAX} documents.");
        return Err(ApiError::from(Refusal::invalid("/items", detail)));
    }
    let render = if preferences.minimal { minimal } else { of.render };
    let mut results: Vec<Option<BatchResult>> = Vec::with_capacity(batch.items.len());
    let mut requests = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        match request(item, &caller, &of, render) {
            Ok(request) => {
                requests.push(request);
                results.push(None);
            }
            Err(error) => results.push(Some(failed(&error))),
        }
    }
    let answers = if preferences.dry_run {
        rehearsed(app, &requests).await
    } else {
        app.poster.post_all(requests).await
    };
    let mut answers = answers.into_iter();
    let results: Vec<BatchResult> = results
        .into_iter()
        .map(|known| known.or_else(|| answers.next().map(answered)).unwrap_or_else(|| failed(&lost())))
        .collect();
    let accepted = results.iter().filter(|result| result.status < 300).count();
    let refused = results.len() - accepted;
    let status = actix_web::http::StatusCode::MULTI_STATUS;
    let mut response =
        HttpResponse::build(status).json(BatchOut { object: "batch", accepted, refused, results });
    preferences.confirm(&mut response);
    Ok(response)
}

/// What each document of a batch would do by itself.
async fn rehearsed(app: &App, requests: &[Request]) -> Vec<Result<command::Answer, service::Error>> {
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.push(rehearse(&app.db, &app.poster, request).await.map(|rehearsal| command::Answer {
            status: 200,
            body: effects::of(&rehearsal).to_string(),
            document_id: None,
            version: None,
            replayed: false,
        }));
    }
    answers
}

fn request<In: DeserializeOwned>(
    item: &BatchItem,
    caller: &Caller,
    of: &BatchOf<In>,
    render: Render,
) -> Result<Request, ApiError> {
    let key = valid_key(&item.idempotency_key)
        .ok_or_else(|| ApiError::of(ErrorCode::IdempotencyKeyInvalid).at_pointer("/idempotency_key"))?;
    let raw = item.body.get().as_bytes();
    let fingerprint = crate::idempotency::fingerprint("POST", of.path, raw);
    let command = (of.command)(body::parse_object(raw)?, caller)?;
    Ok(Request {
        caller: caller.0.clone(),
        command,
        idempotency: Some(Idempotency { key: key.to_owned(), fingerprint }),
        entry_mode: EntryMode::Batch,
        render,
    })
}

fn answered(answer: Result<service::command::Answer, service::Error>) -> BatchResult {
    match answer {
        Ok(answer) => match RawValue::from_string(answer.body) {
            Ok(body) => BatchResult { status: answer.status, replayed: answer.replayed, body },
            Err(error) => failed(&ApiError::internal(error)),
        },
        Err(error) => failed(&error.into()),
    }
}

fn failed(error: &ApiError) -> BatchResult {
    let body = RawValue::from_string(error.text(None)).unwrap_or_default();
    BatchResult { status: error.code().status().as_u16(), replayed: false, body }
}

fn lost() -> ApiError {
    ApiError::internal("a document of a batch was left without an answer")
}

/// Who sets prices by hand, where the caller may.
pub fn overrider(caller: &Caller) -> Option<String> {
    let kind: &str = caller.actor_kind.into();
    let may = caller.scopes.contains(service::scope::Scope::PricesOverride);
    may.then(|| format!("{kind}:{}", caller.actor_id))
}
