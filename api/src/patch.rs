//! Schema of a merge patch: that of the record's input, with every field optional. Null clears a field that a record may lack.

use serde_json::{Map, Value, json};

/// A merge patch (RFC 7396) of a record whose input is a `T`.
#[derive(Debug, utoipa::ToSchema)]
pub struct Patch<T>(T);

/// Gives every `Patch_…` schema the fields of its input.
pub fn complete(schemas: &mut Map<String, Value>) {
    let inputs: Vec<String> =
        schemas.keys().filter_map(|name| name.strip_prefix("Patch_")).map(str::to_owned).collect();
    for input in inputs {
        if let Some(whole) = schemas.get(&input).cloned() {
            schemas.insert(format!("Patch_{input}"), optional(whole));
        }
    }
}

fn optional(mut schema: Value) -> Value {
    let mut required = Value::Null;
    if let Some(schema) = schema.as_object_mut() {
        required = schema.remove("required").unwrap_or_default();
        let description = "Fields to change (JSON merge patch, RFC 7396). Null clears a field.";
        schema.insert("description".to_owned(), description.into());
    }
    let required: Vec<&str> = required.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object_mut().into_iter().flatten() {
        if let Some(field) = field.as_object_mut() {
            field.remove("default");
        }
        if !required.contains(&name.as_str()) {
            nullable(field);
        }
    }
    schema
}

/// Allows null for a field.
fn nullable(field: &mut Value) {
    match field.get("type") {
        Some(Value::String(kind)) => field["type"] = json!([kind, "null"]),
        Some(_) => {}
        None if field.get("$ref").is_some() => {
            *field = json!({ "oneOf": [{ "type": "null" }, field.clone()] })
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_optional_and_null_clears_one_that_a_record_may_lack() {
        let whole = json!({
            "type": "object",
            "required": ["sku"],
            "properties": {
                "sku": { "type": "string" },
                "name": { "type": "string" },
                "kind": { "$ref": "#/k" },
                "n": { "type": ["string", "null"] },
            },
        });
        let patch = optional(whole);
        assert_eq!(patch.get("required"), None);
        assert_eq!(patch["properties"]["sku"]["type"], "string");
        assert_eq!(patch["properties"]["name"]["type"], json!(["string", "null"]));
        assert_eq!(patch["properties"]["kind"]["oneOf"][1], json!({ "$ref": "#/k" }));
        assert_eq!(patch["properties"]["n"]["type"], json!(["string", "null"]));
    }
}
