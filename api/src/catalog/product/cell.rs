//! Cells: values and lists written as text and read back.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body::{self, sentence};

/// Separates the entries of a cell.
pub(super) const BETWEEN: char = '|';

pub(super) fn word<T: FromStr>(cell: &str, expected: &str) -> Result<Option<T>, String> {
    match cell {
        "" => Ok(None),
        word => word.parse().map(Some).map_err(|_| format!("Expected {expected}.")),
    }
}

pub(super) fn number<T: FromStr<Err: Display>>(cell: &str) -> Result<Option<T>, String> {
    match cell {
        "" => Ok(None),
        number => number.parse().map(Some).map_err(|error| sentence(&format!("{error}"))),
    }
}

pub(super) fn json<T: DeserializeOwned>(cell: &str) -> Result<T, String> {
    body::parse(cell.as_bytes()).map_err(|error| error.detail().to_owned())
}

pub(super) fn json_cell(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn entries(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(BETWEEN).map(str::trim).filter(|entry| !entry.is_empty())
}

pub(super) fn listed(cell: &str) -> Result<Vec<String>, String> {
    if cell.starts_with('[') {
        return json(cell);
    }
    Ok(entries(cell).map(str::to_owned).collect())
}

pub(super) fn list_cell(list: &[String]) -> String {
    let is_plain = |text: &String| !text.contains(BETWEEN) && !text.starts_with('[');
    if list.iter().all(is_plain) { list.join("|") } else { json_cell(&list) }
}
