//! Limits of values that follow from their kind: the digits of an instant, the range of a whole number. A field states its
//! own limit if it has one.

use serde_json::{Map, Value, json};

/// Longest instant (RFC 3339): with nine decimals and an offset.
const INSTANT_LENGTH_MAX: u32 = 40;
/// Length of a day.
const DAY_LENGTH: u32 = 10;
/// Form of a day that a caller may name (`domain::day`).
const DAY_PATTERN: &str = r"^(19|[2-9]\d)\d{2}-\d{2}-\d{2}$";
/// Longest text of a list of texts, by the name of the list. They are codes.
const CODE_LENGTH_MAX: u32 = 200;
/// Longest text that is not limited otherwise, such as a file.
const TEXT_LENGTH_MAX: u32 = 50_000_000;
/// Most steps and candidates that the trace of a price lists.
const TRACE_LENGTH_MAX: u32 = 10_000;
/// The largest whole number that every client can hold.
const WHOLE_MAX: i64 = 9_007_199_254_740_991;

/// States the limits of every schema that states none.
pub fn complete(document: &mut Value) {
    limit(document, false);
}

fn limit(value: &mut Value, is_item: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| limit(item, false)),
        Value::Object(members) => {
            if members.contains_key("type") {
                state(members, is_item);
            }
            for (name, member) in members.iter_mut() {
                match (name.as_str(), member) {
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(|property| limit(property, false));
                    }
                    // Examples are values, not schemas.
                    ("example" | "examples" | "default" | "enum", _) => {}
                    (name, member) => limit(member, name == "items"),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn state(schema: &mut Map<String, Value>, is_item: bool) {
    let is = |kind: &str| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|own| own == kind),
        own => own.is_some_and(|own| own == kind),
    };
    let (is_text, is_whole, is_list) = (is("string"), is("integer"), is("array"));
    let is_fixed = schema.contains_key("enum") || schema.contains_key("const");
    if is_text && !is_fixed {
        let most = match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => INSTANT_LENGTH_MAX,
            Some("date") => DAY_LENGTH,
            _ if is_item => CODE_LENGTH_MAX,
            _ => TEXT_LENGTH_MAX,
        };
        schema.entry("maxLength").or_insert_with(|| most.into());
        if schema.get("format").is_some_and(|format| format == "date") {
            schema.entry("pattern").or_insert_with(|| DAY_PATTERN.into());
        }
    }
    if is_whole {
        let format = schema.entry("format").or_insert_with(|| "int64".into());
        let (least, most) = match format.as_str() {
            Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (-WHOLE_MAX, WHOLE_MAX),
        };
        schema.entry("minimum").or_insert_with(|| json!(least));
        schema.entry("maximum").or_insert_with(|| json!(most));
    }
    if is_list {
        schema.entry("maxItems").or_insert_with(|| TRACE_LENGTH_MAX.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_its_own_stays() {
        let mut schemas = json!({
            "at": { "type": ["string", "null"], "format": "date-time" },
            "on": { "type": ["string", "null"], "format": "date" },
            "code": { "type": "string", "maxLength": 8, "example": { "type": "string" } },
            "page": { "properties": { "default": { "type": "string" } } },
            "kind": { "type": "string", "enum": ["a"] },
            "n": { "type": "integer", "format": "int32", "minimum": 1 },
            "codes": { "type": "array", "maxItems": 3, "items": { "type": "string" } },
        });
        complete(&mut schemas);
        assert_eq!(schemas["at"]["maxLength"], 40);
        assert_eq!(
            (&schemas["on"]["maxLength"], &schemas["on"]["pattern"]),
            (&json!(10), &json!(DAY_PATTERN))
        );
        assert_eq!(
            schemas["code"],
            json!({ "type": "string", "maxLength": 8, "example": { "type": "string" } })
        );
        assert_eq!(schemas["kind"].get("maxLength"), None);
        assert!(schemas["page"]["properties"]["default"]["maxLength"].is_number());
        assert_eq!((&schemas["n"]["minimum"], &schemas["n"]["maximum"]), (&json!(1), &json!(i32::MAX)));
        assert_eq!(schemas["codes"]["items"]["maxLength"], 200);
    }
}
