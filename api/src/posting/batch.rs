//! The body and the response of a batch route.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use domain::tag;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::command::{self, Idempotency};
use service::posting::{Parts, Request, dry_run};

use super::BATCH_DOCUMENTS_MAX;
use crate::body::AtMost;
use crate::idempotency::{Preferences, of_document, problem_code};
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::{App, Caller, costs, effects};

/// Many documents in one request. Each is carried out on its own: a rejected one does not affect the others.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchIn {
    /// The documents, at most 500.
    #[schema(value_type = Vec<BatchItem>, min_items = 1, max_items = 500)]
    pub(super) items: AtMost<BatchItem, BATCH_DOCUMENTS_MAX>,
}

/// One document of a batch.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// As the header `Idempotency-Key` of the single route, without quotes. The same key and body mean the same document on both.
    /// An item with a key of another form is rejected, and the others are carried out.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[A-Za-z0-9_:.-]{1,255}$",
        example = "till-7-000123"
    )]
    idempotency_key: String,
    /// Body, as the single route takes it.
    #[schema(value_type = Object)]
    pub(super) body: Box<RawValue>,
}

/// Results of the documents of a batch, in their order.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: the results are written one by one")]
pub struct BatchOut {
    object: tag::Batch,
    /// Number of documents accepted, now or before.
    #[schema(maximum = 500, example = 499)]
    accepted: usize,
    /// Number of documents rejected.
    #[schema(maximum = 500, example = 1)]
    refused: usize,
    /// One result per document. The problem of a rejected document lists at most 50 wrong fields.
    #[schema(max_items = 500)]
    results: Vec<BatchResult>,
}

/// Result of one document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BatchResult {
    /// HTTP status that the single route would have returned.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    status: u16,
    /// Whether the body is a replay.
    replayed: bool,
    /// The document, or the problem that rejected it.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

impl BatchItem {
    /// Returns the key, with the fingerprint that the same document has on the single route at `path`.
    pub(super) fn idempotency(&self, path: &str) -> Result<Idempotency, ApiError> {
        of_document(&self.idempotency_key, path, self.body.get().as_bytes())
            .ok_or_else(|| {
                let detail = "The member idempotency_key of this item has the wrong form. Use 1 to 255 letters, digits and the \
                              characters _ - : . without quotes.";
                ApiError::new(ErrorCode::IdempotencyKeyInvalid, detail).at_pointer("/idempotency_key")
            })
    }
}

/// Results of the documents so far, as JSON. A document's result is not kept in any other form.
#[derive(Debug, Default)]
pub(super) struct Results {
    accepted: usize,
    refused: usize,
    json: Vec<u8>,
    parts: Parts,
}

impl Results {
    /// Posts the requests that could be made.
    pub(super) async fn post(
        &mut self,
        app: &App,
        caller: &Caller,
        preferences: Preferences,
        requests: Vec<Result<Request, ApiError>>,
    ) -> Result<(), ApiError> {
        let sees_costs = caller.sees_costs();
        let mut made = Vec::with_capacity(requests.len());
        let known: Vec<Option<BatchResult>> = requests
            .into_iter()
            .map(|request| match request {
                Ok(request) => {
                    made.push(request);
                    None
                }
                Err(error) => Some(failed(error)),
            })
            .collect();
        let answers = if preferences.dry_run {
            self.parts.run(made.len(), dry_run_each(app, &made)).await
        } else {
            app.poster.post_all(&mut self.parts, made).await
        };
        let mut answers = answers.into_iter();
        for known in known {
            let result = known
                .or_else(|| answers.next().map(|answer| answered(answer, sees_costs)))
                .unwrap_or_else(|| failed(lost()));
            self.push(app, caller, &result)?;
        }
        Ok(())
    }

    fn push(&mut self, app: &App, caller: &Caller, result: &BatchResult) -> Result<(), ApiError> {
        if result.status == 403
            && let Some(code) = problem_code(result.status, result.body.get())
        {
            app.auth.note_refusal(caller, None, code.as_str());
        }
        let count = if result.status < 300 { &mut self.accepted } else { &mut self.refused };
        *count += 1;
        if !self.json.is_empty() {
            self.json.push(b',');
        }
        serde_json::to_writer(&mut self.json, result).map_err(ApiError::internal)
    }

    /// Returns the response, which [`BatchOut`] describes.
    pub(super) fn respond(self) -> Answer {
        #[derive(Serialize)]
        struct Head {
            object: tag::Batch,
            accepted: usize,
            refused: usize,
        }
        let Results { accepted, refused, mut json, .. } = self;
        let mut head = serde_json::to_vec(&Head { object: tag::Batch, accepted, refused })
            .map_err(ApiError::internal)?;
        head.pop();
        head.extend_from_slice(br#","results":["#);
        json.splice(..0, head);
        json.extend_from_slice(b"]}");
        Ok(HttpResponse::build(StatusCode::MULTI_STATUS).content_type("application/json").body(json))
    }
}

/// Dry-runs each document of a batch on its own.
async fn dry_run_each(app: &App, requests: &[Request]) -> Vec<Result<command::Answer, service::Error>> {
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.push(dry_run(&app.db, &app.poster, request).await.map(|dry_run| command::Answer {
            status: 200,
            body: effects::of(&dry_run, request.caller.sees_costs()).to_string(),
            document_id: None,
            version: None,
            replayed: false,
        }));
    }
    answers
}

fn answered(answer: Result<service::command::Answer, service::Error>, sees_costs: bool) -> BatchResult {
    match answer.map(|answer| costs::shown(answer, sees_costs)) {
        Ok(answer) => match RawValue::from_string(answer.body) {
            Ok(body) => BatchResult { status: answer.status, replayed: answer.replayed, body },
            Err(error) => failed(ApiError::internal(error)),
        },
        Err(error) => failed(error.into()),
    }
}

fn failed(error: ApiError) -> BatchResult {
    let error = error.of_item();
    let body = RawValue::from_string(error.text(None)).unwrap_or_default();
    BatchResult { status: error.code().status().as_u16(), replayed: false, body }
}

fn lost() -> ApiError {
    ApiError::internal("a document of a batch has no result")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use utoipa::PartialSchema as _;

    use super::*;

    /// In a batch the key is a member, and quotes would be a part of it.
    #[test]
    fn the_described_form_of_the_key_of_an_item_is_the_one_that_is_checked() {
        let schema = serde_json::to_value(BatchItem::schema()).expect("JSON");
        let key = &schema["properties"]["idempotency_key"];
        let described =
            regex_lite::Regex::new(key["pattern"].as_str().expect("a pattern")).expect("a pattern");
        assert_eq!((&key["minLength"], &key["maxLength"]), (&json!(1), &json!(255)));
        let mut texts: Vec<String> = (0..128u8).map(|letter| char::from(letter).to_string()).collect();
        texts.extend(["", "8e03:a.b_c-d", "\"8e03\"", "a b", "ä", "a\n"].map(str::to_owned));
        texts.extend([255, 256].map(|length| "a".repeat(length)));
        for text in texts {
            assert_eq!(of_document(&text, "/", b"{}").is_some(), described.is_match(&text), "{text:?}");
        }
    }
}
