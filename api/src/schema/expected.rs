//! Words for what a schema allows: how to send a value.

use serde_json::Value;

/// Most values of an enumeration that a text lists.
const LISTED_MAX: usize = 40;

/// Returns a sentence that says how to send a value of a schema.
pub(super) fn expected(schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        return format!("Send {}, in quotes.", one_of(values.iter().filter_map(Value::as_str)));
    }
    match kind(schema) {
        "string" => format!("Send {}.", text(schema)),
        "integer" | "number" => format!("Send a whole number{}, without quotes.", range(schema)),
        "boolean" => "Send true or false, without quotes.".to_owned(),
        "array" => format!("Send a list{}.", count(schema, "minItems", "maxItems", " of ", "entries")),
        _ => "Send an object: { … }.".to_owned(),
    }
}

/// Whether a schema allows numbers.
pub(super) fn is_numeric(schema: &Value) -> bool {
    matches!(kind(schema), "integer" | "number")
}

/// Returns `a`, `b` or `c`.
pub(super) fn one_of<'v>(values: impl Iterator<Item = &'v str>) -> String {
    let values: Vec<String> = values.take(LISTED_MAX).map(|value| format!("`{value}`")).collect();
    match values.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

/// Returns the type of a schema that is not null.
fn kind(schema: &Value) -> &str {
    let one = std::slice::from_ref(&schema["type"]);
    let kinds = schema["type"].as_array().map_or(one, Vec::as_slice);
    kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("object")
}

fn text(schema: &Value) -> String {
    let example = schema["examples"].get(0).or(schema.get("example")).and_then(Value::as_str);
    let pattern = schema["pattern"].as_str();
    match (schema["format"].as_str(), pattern, example) {
        (Some("decimal"), pattern, example) => {
            let digits = pattern.and_then(digits);
            let digits = digits.map(|(before, after)| {
                format!(", with at most {before} digits before the point and {after} after it")
            });
            let example = example.unwrap_or("12.50");
            format!("a decimal number in quotes, such as \"{example}\"{}", digits.unwrap_or_default())
        }
        (Some("date"), ..) => "a day such as \"2026-11-22\", from 1900-01-01 on".to_owned(),
        (Some("date-time"), ..) => {
            "an instant with its offset, such as \"2026-11-22T01:20:00Z\" or \"2026-11-22T02:20:00+01:00\""
                .to_owned()
        }
        (_, Some(_), Some(example)) if example.contains("_01h455") => {
            format!("an id such as \"{example}\"")
        }
        (_, Some(pattern), Some(example)) if pattern.contains('@') => {
            format!("an e-mail address such as \"{example}\"")
        }
        (_, Some(_), Some(example)) => format!("text such as \"{example}\""),
        (_, Some(pattern), None) => format!("text of the form {pattern}"),
        _ => format!("text{}, in quotes", count(schema, "minLength", "maxLength", " of ", "characters")),
    }
}

/// Returns the most digits before and after the point that the pattern of a decimal number allows.
fn digits(pattern: &str) -> Option<(&str, &str)> {
    let mut most = pattern.split("{1,").skip(1).filter_map(|rest| rest.split('}').next());
    Some((most.next()?, most.next()?))
}

fn range(schema: &Value) -> String {
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" of at least {least}"),
        (None, Some(most)) => format!(" of at most {most}"),
        (None, None) => String::new(),
    }
}

fn count(schema: &Value, least: &str, most: &str, before: &str, of: &str) -> String {
    match (schema[least].as_u64().unwrap_or_default(), schema[most].as_u64()) {
        (0, Some(most)) => format!("{before}at most {most} {of}"),
        (least, Some(most)) => format!("{before}{least} to {most} {of}"),
        (0, None) => String::new(),
        (least, None) => format!("{before}at least {least} {of}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_says_how_to_send_it() {
        for (schema, words) in [
            (json!({ "type": "boolean" }), "Send true or false, without quotes."),
            (json!({ "enum": ["a", "b", "c"] }), "Send `a`, `b` or `c`, in quotes."),
            (
                json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 9 }),
                "Send a whole number from 0 to 9, without quotes.",
            ),
            (json!({ "type": "array", "minItems": 1, "maxItems": 5 }), "Send a list of 1 to 5 entries."),
            (json!({ "type": "string", "maxLength": 9 }), "Send text of at most 9 characters, in quotes."),
            (json!({ "type": "object" }), "Send an object: { … }."),
            (
                json!({ "type": "string", "pattern": r"^[^\s@]+@[^\s@]+$", "examples": ["a@b.example"] }),
                "Send an e-mail address such as \"a@b.example\".",
            ),
            (
                json!({ "type": "string", "format": "decimal", "pattern": r"^-?\d{1,14}(\.\d{1,4})?$", "examples": ["1.50"] }),
                "Send a decimal number in quotes, such as \"1.50\", with at most 14 digits before the point and 4 after it.",
            ),
        ] {
            assert_eq!(expected(&schema), words);
        }
    }
}
