//! Schema of a merge patch: that of the record's input, with every field optional.

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
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
        let description = "Fields to change (JSON merge patch, RFC 7396). Null clears a field.";
        schema.insert("description".to_owned(), description.into());
    }
    for (_, field) in schema["properties"].as_object_mut().into_iter().flatten() {
        if let Some(field) = field.as_object_mut() {
            field.remove("default");
        }
        nullable(field);
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
    fn every_field_is_optional_and_may_be_null() {
        let whole = json!({
            "type": "object",
            "required": ["sku", "kind"],
            "properties": { "sku": { "type": "string" }, "kind": { "$ref": "#/k" }, "n": { "type": ["string", "null"] } },
        });
        let patch = optional(whole);
        assert_eq!(patch.get("required"), None);
        assert_eq!(patch["properties"]["sku"]["type"], json!(["string", "null"]));
        assert_eq!(patch["properties"]["kind"]["oneOf"][1], json!({ "$ref": "#/k" }));
        assert_eq!(patch["properties"]["n"]["type"], json!(["string", "null"]));
    }
}
