//! Schemas that are inlined: a text with its limits, the name of an object.
//!
//! Every type has a name, so such a schema has one too. In the description the name would say nothing.

use serde_json::{Map, Value, json};

/// Prefixes of the names of such schemas.
const PREFIXES: [&str; 2] = ["Text_", "Tag_"];

/// Replaces each reference to such a schema with the schema.
pub fn complete(document: &mut Value) {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    let is_inline = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let (inline, named): (Map<String, Value>, _) =
        std::mem::take(schemas).into_iter().partition(|(name, _)| is_inline(name));
    *schemas = named;
    let reference = |(name, schema)| (format!("#/components/schemas/{name}"), schema);
    replace(document, &inline.into_iter().map(reference).collect());
}

fn replace(value: &mut Value, inline: &Map<String, Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, inline)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| replace(member, inline));
            let named = members.get("$ref").and_then(Value::as_str);
            if let Some(Value::Object(schema)) = named.and_then(|name| inline.get(name)) {
                members.remove("$ref");
                for (keyword, value) in schema {
                    members.entry(keyword.clone()).or_insert_with(|| value.clone());
                }
            }
            join_null(members);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Turns "a text or null" into one schema of two types.
fn join_null(members: &mut Map<String, Value>) {
    let null = json!({ "type": "null" });
    let Some([one, other]) = members.get("oneOf").and_then(Value::as_array).map(Vec::as_slice) else {
        return;
    };
    let Some(text) = [(one, other), (other, one)].into_iter().find(|(_, alternative)| **alternative == null)
    else {
        return;
    };
    let (Value::Object(text), true) = (text.0.clone(), text.0["type"] == "string") else { return };
    members.remove("oneOf");
    members.extend(text);
    members.insert("type".to_owned(), json!(["string", "null"]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_where_it_is_used() {
        let mut document = json!({
            "components": { "schemas": {
                "Text_Name_200": { "type": "string", "maxLength": 200 },
                "A": { "properties": {
                    "name": { "$ref": "#/components/schemas/Text_Name_200", "description": "The name." },
                    "other": { "oneOf": [
                        { "type": "null" },
                        { "$ref": "#/components/schemas/Text_Name_200", "description": "Another." },
                    ] },
                    "id": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Id" }] },
                } },
            } },
        });
        complete(&mut document);
        assert_eq!(
            document["components"]["schemas"]["A"]["properties"],
            json!({
                "name": { "type": "string", "maxLength": 200, "description": "The name." },
                "other": { "type": ["string", "null"], "maxLength": 200, "description": "Another." },
                "id": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Id" }] },
            })
        );
    }
}
