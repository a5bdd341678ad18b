//! Batch routes: many records in one request, one result each. A rejected record does not affect the others.

use domain::refusal::Refusal;
use domain::tag;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::body::{self, AtMost, BatchBody, Input};
use crate::problem::ApiError;

/// Most records in one request.
const ITEMS_MAX: usize = 500;

/// Many records, each in the form of the single route.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    items: AtMost<Box<RawValue>, ITEMS_MAX>,
}

/// Many records, each in the form of the route that creates one.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each item is parsed on its own")]
pub struct Batch<T> {
    /// The records, at most 500.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<T>,
}

/// The results of a batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Results<T> {
    object: tag::Batch,
    /// Number of accepted records.
    #[schema(minimum = 0, maximum = 500, example = 499)]
    accepted: usize,
    /// Number of rejected records.
    #[schema(minimum = 0, maximum = 500, example = 1)]
    refused: usize,
    /// One result per item, in the order of the items. The problem of a rejected item lists at most 50 wrong fields.
    #[schema(max_items = 500)]
    results: Vec<ItemResult<T>>,
}

/// Result of one item of a batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ItemResult<T> {
    /// HTTP status that the route for one record would have returned.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    status: u16,
    /// The record, or the problem that rejected it.
    body: RecordOrProblem<T>,
}

/// A record, or the problem that rejected it (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum RecordOrProblem<T> {
    /// The record.
    Record(T),
    /// The problem that rejected it.
    #[schema(value_type = crate::problem::Problem)]
    Problem(Box<RawValue>),
}

/// Items of a batch, each parsed on its own.
#[derive(Debug)]
pub struct Parsed<I> {
    /// Items that were parsed.
    pub read: Vec<I>,
    /// The error of each item, if it could not be parsed.
    errors: Vec<Option<ApiError>>,
}

impl<I: serde::de::DeserializeOwned> Parsed<I> {
    /// Reads the body and parses each item. Rejects an empty list and more than `ITEMS_MAX` items.
    pub async fn read(body: BatchBody<Items>) -> Result<Input<Self>, ApiError> {
        let Input { value, raw, schema } = body.read().await?;
        let AtMost(items) = value.items;
        if items.is_empty() {
            let detail = format!("Send 1 to {ITEMS_MAX} entries.");
            return Err(ApiError::new(domain::refusal::Code::ValidationFailed, detail).at_pointer("/items"));
        }
        let of_items = schema.clone().of_items();
        let mut parsed =
            Parsed { read: Vec::with_capacity(items.len()), errors: Vec::with_capacity(items.len()) };
        for item in items {
            let item = item.get().as_bytes();
            match body::parse(item) {
                Ok(read) => {
                    parsed.read.push(read);
                    parsed.errors.push(None);
                }
                Err(error) => parsed.errors.push(Some(of_items.explain_unread(item, error))),
            }
            // A long record does not hold up the other requests of this thread.
            tokio::task::yield_now().await;
        }
        Ok(Input { value: parsed, raw, schema })
    }

    /// Returns the number of items.
    pub fn count(&self) -> usize {
        self.errors.len()
    }

    /// Returns one result per item, given the results of the items that were parsed.
    pub fn results<T>(&self, answers: Vec<Result<T, Refusal>>) -> Results<T> {
        let mut answers = answers.into_iter();
        let mut results = Vec::with_capacity(self.count());
        for error in &self.errors {
            results.push(match error {
                Some(error) => refused(error),
                None => match answers.next() {
                    Some(Ok(record)) => ItemResult { status: 201, body: RecordOrProblem::Record(record) },
                    Some(Err(refusal)) => refused(&refusal.of_item().into()),
                    None => refused(&ApiError::internal("an item of a batch has no result")),
                },
            });
        }
        let accepted = results.iter().filter(|result| result.status < 300).count();
        Results { object: tag::Batch, accepted, refused: results.len() - accepted, results }
    }
}

fn refused<T>(error: &ApiError) -> ItemResult<T> {
    let problem = RawValue::from_string(error.text(None)).unwrap_or_default();
    ItemResult { status: error.code().status().as_u16(), body: RecordOrProblem::Problem(problem) }
}
