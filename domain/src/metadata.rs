//! Notes of a caller on a record: names and texts.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

use crate::refusal::Problems;
use crate::text::{NameRule, ProseRule, Rule, holds_card_number};

/// The notes by name.
pub type Metadata = BTreeMap<String, String>;

/// Most notes of one record.
const KEYS_MAX: usize = 50;
/// Longest name of a note.
const KEY_LENGTH_MAX: usize = 40;
/// Longest note.
const VALUE_LENGTH_MAX: usize = 500;

/// Adds a problem for each note that is not allowed.
pub fn check(problems: &mut Problems, notes: &Metadata) {
    if notes.len() > KEYS_MAX {
        problems.invalid("/metadata", format!("At most {KEYS_MAX} keys are kept."));
    }
    for (key, note) in notes {
        // A card number is not repeated in a response.
        let pointer = match holds_card_number(key) {
            true => "/metadata".to_owned(),
            false => format!("/metadata/{}", key.replace('~', "~0").replace('/', "~1")),
        };
        NameRule::check(key, KEY_LENGTH_MAX, |detail| problems.invalid(&pointer, detail));
        ProseRule::check(note, VALUE_LENGTH_MAX, |detail| problems.invalid(&pointer, detail));
    }
}

/// Returns the OpenAPI schema of the notes.
pub fn schema() -> Object {
    let note = ObjectBuilder::new().schema_type(Type::String).max_length(Some(VALUE_LENGTH_MAX));
    ObjectBuilder::new()
        .description(Some("Your own notes: at most 50, each of at most 500 characters."))
        .additional_properties(Some(Schema::from(note)))
        .max_properties(Some(KEYS_MAX))
        .examples([serde_json::json!({ "shelf": "A-12" })])
        .build()
}

/// Returns the notes as a column stores them.
pub fn to_json(notes: &Metadata) -> Value {
    notes.iter().map(|(key, note)| (key.clone(), Value::from(note.as_str()))).collect()
}

/// Returns the notes of a column.
pub fn of_json(json: &Value) -> Metadata {
    let notes = json.as_object().into_iter().flatten();
    notes.filter_map(|(key, note)| Some((key.clone(), note.as_str()?.to_owned()))).collect()
}

/// Writes the notes of a column, by name.
pub fn serialize<S: Serializer>(json: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    of_json(json).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(notes: &Metadata) -> Vec<String> {
        let mut problems = Problems::default();
        check(&mut problems, notes);
        let refused = problems.check().err();
        let problems = refused.map(|refusal| refusal.problems).unwrap_or_default();
        problems.into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn metadata_is_limited() {
        let many: Metadata = (0..51).map(|key| (format!("k{key}"), String::new())).collect();
        assert_eq!(pointers(&many), ["/metadata"]);
        let long = Metadata::from([("a/b".to_owned(), "x".repeat(501)), ("c".to_owned(), "x".repeat(500))]);
        assert_eq!(pointers(&long), ["/metadata/a~1b"]);
        let card = Metadata::from([("4111 1111 1111 1111".to_owned(), "x".to_owned())]);
        assert_eq!(pointers(&card), ["/metadata"]);
    }
}
