//! Stored responses say nothing about persons.
//!
//! The response to a write of a person's record is stored for replays with the ids of its records alone. A replay has the
//! records as they are then: a name that was changed or erased meanwhile does not come back.

use std::collections::HashMap;
use std::str::FromStr;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service::{Error, Tx};
use uuid::Uuid;

use crate::record::Record;

/// Replaces the texts of a rejection that is stored: it may repeat what the caller sent.
const NOT_KEPT: &str =
    "The details of this rejection are not kept. Send the record again, with a new key, to see them.";

/// A record of a person.
pub trait Personal: Record<Id: FromStr + Into<Uuid>> {
    /// Returns the records with these ids that exist.
    fn find(tx: &Tx, ids: &[Uuid]) -> impl Future<Output = Result<Vec<Self>, Error>>
    where
        Self: Sized;
}

/// Puts the records back into a stored response.
pub type Restore = for<'a> fn(&'a Tx, &'a str) -> LocalBoxFuture<'a, Result<String, Error>>;

/// Returns the function that puts records of type `R` back.
pub fn restore<R: Personal + 'static>() -> Restore {
    |tx, kept| restored::<R>(tx, kept).boxed_local()
}

/// The part of a record that is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Reference {
    id: String,
    object: String,
}

/// A response to a batch.
#[derive(Debug, Serialize, Deserialize)]
struct Results {
    object: String,
    accepted: usize,
    refused: usize,
    results: Vec<ItemResult>,
}

/// One of its results.
#[derive(Debug, Serialize, Deserialize)]
struct ItemResult {
    status: u16,
    body: Box<RawValue>,
}

impl ItemResult {
    fn is_record(&self) -> bool {
        self.status < 300
    }
}

/// Returns a response as it is stored: its records by id, its rejections by code and field.
pub fn stored(body: &str) -> Result<String, Error> {
    let Ok(mut batch) = serde_json::from_str::<Results>(body) else {
        return json(&parsed::<Reference>(body)?);
    };
    for item in &mut batch.results {
        let text = item.body.get();
        item.body = raw(match item.is_record() {
            true => json(&parsed::<Reference>(text)?)?,
            false => json(&without_texts(parsed(text)?))?,
        })?;
    }
    json(&batch)
}

/// Returns a problem without what it says about the caller's input.
fn without_texts(mut problem: Value) -> Value {
    let names_field = problem["code"] != "unknown_field";
    problem["detail"] = json!(NOT_KEPT);
    for error in problem["errors"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        error.remove("params");
        error.insert("detail".to_owned(), json!(NOT_KEPT));
        // Below a field of ours, and where there is none, a pointer has names that the caller chose.
        if let Some(pointer) = error.get_mut("pointer") {
            let segments = pointer.as_str().unwrap_or_default().split('/');
            let known: Vec<&str> = segments.take(if names_field { 2 } else { 1 }).collect();
            *pointer = json!(known.join("/"));
        }
    }
    problem
}

async fn restored<R: Personal>(tx: &Tx, kept: &str) -> Result<String, Error> {
    let Ok(mut batch) = serde_json::from_str::<Results>(kept) else {
        let id = parsed::<Reference>(kept)?.id;
        let mut found = find::<R>(tx, &[&id]).await?;
        return Ok(found.remove(&id).unwrap_or_else(|| kept.to_owned()));
    };
    let records = batch.results.iter_mut().filter(|item| item.is_record());
    let mut records: Vec<(String, &mut ItemResult)> = records
        .map(|item| Ok((parsed::<Reference>(item.body.get())?.id, item)))
        .collect::<Result<_, Error>>()?;
    let ids: Vec<&str> = records.iter().map(|(id, _)| id.as_str()).collect();
    let mut found = find::<R>(tx, &ids).await?;
    for (id, item) in &mut records {
        if let Some(record) = found.remove(id) {
            item.body = raw(record)?;
        }
    }
    json(&batch)
}

/// Returns records as JSON, by their ids.
async fn find<R: Personal>(tx: &Tx, ids: &[&str]) -> Result<HashMap<String, String>, Error> {
    let ids: Vec<Uuid> = ids
        .iter()
        .map(|id| match id.parse::<R::Id>() {
            Ok(id) => Ok(id.into()),
            Err(_) => Err(Error::invariant(format!("a stored response names {id}"))),
        })
        .collect::<Result<_, _>>()?;
    let keyed = |record: R| Ok((R::Id::from(record.id()).to_string(), json(&record)?));
    R::find(tx, &ids).await?.into_iter().map(keyed).collect()
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::invariant(format!("a stored response: {error}")))
}

fn json<T: Serialize>(body: &T) -> Result<String, Error> {
    serde_json::to_string(body).map_err(|error| Error::invariant(error.to_string()))
}

fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(|error| Error::invariant(error.to_string()))
}
