//! Batch routes: many records in one request, one result each. A refused record never spoils its neighbours.

use domain::refusal::Refusal;
use domain::tag;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::body::{self, BatchBody, Input};
use crate::problem::ApiError;

/// The most records of one request.
const ITEMS_MAX: usize = 500;

/// Many records, in the form of the single route each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    items: Vec<Box<RawValue>>,
}

/// Many records, in the form of the route that makes one.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each item is parsed for itself")]
pub struct Batch<T> {
    /// The records, at most 500.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<T>,
}

/// The results of a batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Results<T> {
    object: tag::Batch,
    /// How many were accepted.
    #[schema(minimum = 0, maximum = 500, example = 499)]
    accepted: usize,
    /// How many were refused.
    #[schema(minimum = 0, maximum = 500, example = 1)]
    refused: usize,
    /// One result per item, in the order of the items.
    #[schema(max_items = 500)]
    results: Vec<ItemResult<T>>,
}

/// What became of one item of a batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ItemResult<T> {
    /// The status that the route that makes one would have answered.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    status: u16,
    /// The record, or the problem that refused it.
    body: RecordOrProblem<T>,
}

/// A record, or the problem that refused it (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum RecordOrProblem<T> {
    /// The record.
    Record(T),
    /// The problem that refused it.
    #[schema(value_type = crate::problem::Problem)]
    Problem(Box<RawValue>),
}

/// The items of a batch, each parsed for itself.
#[derive(Debug)]
pub struct Parsed<I>(Vec<Result<I, ApiError>>);

impl<I: Clone + serde::de::DeserializeOwned> Parsed<I> {
    /// Reads the body and parses each item; refuses more than `ITEMS_MAX` of them.
    pub async fn read(body: BatchBody<Items>) -> Result<Input<Self>, ApiError> {
        let Input { value, raw } = body.read().await?;
        if value.items.is_empty() || value.items.len() > ITEMS_MAX {
            let detail = format!("Send 1 to {ITEMS_MAX} items.");
            return Err(ApiError::new(domain::refusal::Code::ValidationFailed, detail).at_pointer("/items"));
        }
        let items = value.items.iter().map(|item| body::parse(item.get().as_bytes())).collect();
        Ok(Input { value: Parsed(items), raw })
    }

    /// The items that have their form.
    pub fn well_formed(&self) -> Vec<I> {
        self.0.iter().flatten().cloned().collect()
    }

    /// The results, from the answers to the items that have their form.
    pub fn results<T>(&self, answers: Vec<Result<T, Refusal>>) -> Results<T> {
        let mut answers = answers.into_iter();
        let mut results = Vec::with_capacity(self.0.len());
        for item in &self.0 {
            results.push(match item {
                Err(error) => refused(error),
                Ok(_) => match answers.next() {
                    Some(Ok(record)) => ItemResult { status: 201, body: RecordOrProblem::Record(record) },
                    Some(Err(refusal)) => refused(&refusal.into()),
                    None => refused(&ApiError::internal("an item of a batch was left without an answer")),
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
