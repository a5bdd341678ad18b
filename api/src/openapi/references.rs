//! References between the parts of the document.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::examples;

/// Formats with a schema of their own: the name of the schema, its description and an example.
const FORMATS: [(&str, &str, &str, &str); 2] = [
    ("date-time", "Instant", "An instant (RFC 3339).", examples::INSTANT),
    ("date", "Day", "A day (RFC 3339).", examples::DAY),
];

/// Gives the rows of every page a component of their own. utoipa writes them into the page.
pub fn name_rows(schemas: &mut Map<String, Value>) {
    let pages = schemas.iter().filter_map(|(name, page)| Some((name.strip_prefix("Page_")?, page)));
    let rows: Vec<(String, Value)> =
        pages.map(|(row, page)| (row.to_owned(), page["properties"]["data"]["items"].clone())).collect();
    for (name, row) in rows.into_iter().filter(|(_, row)| row.get("properties").is_some()) {
        schemas.entry(name).or_insert(row);
    }
}

/// Puts a reference in the place of every copy of a component.
pub fn replace_copies(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    let mut components = HashMap::new();
    for (name, schema) in schemas {
        components.entry(schema.clone()).or_insert_with(|| name.clone());
    }
    for schema in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        for_each_child(schema.1, &mut |child| replace(child, &components));
    }
    replace(&mut document["paths"], &components);
}

fn replace(value: &mut Value, components: &HashMap<Value, String>) {
    let is_schema = ["properties", "enum", "oneOf"].iter().any(|keyword| value.get(keyword).is_some());
    // Comparing two values reads all of both, so only schemas are compared.
    let component = if is_schema { components.get(value) } else { None };
    match component {
        Some(name) => *value = json!({ "$ref": format!("#/components/schemas/{name}") }),
        None => for_each_child(value, &mut |child| replace(child, components)),
    }
}

/// Refers to one schema for all instants, and to one for all days.
pub fn name_formats(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    refer_to_formats(schemas);
    for (format, name, description, example) in FORMATS {
        schemas[name] =
            json!({ "type": "string", "format": format, "description": description, "example": example });
    }
}

fn refer_to_formats(value: &mut Value) {
    let properties = value.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        let name =
            FORMATS.iter().find(|(format, ..)| property["format"] == *format).map(|(_, name, ..)| name);
        if let (Some(name), Value::Object(property)) = (name, property)
            && property["type"] == "string"
        {
            property.retain(|keyword, _| !["type", "format"].contains(&keyword.as_str()));
            property.insert("$ref".to_owned(), format!("#/components/schemas/{name}").into());
        }
    }
    for_each_child(value, &mut refer_to_formats);
}

/// Moves the description of a reference that may be null out of its alternative, to where generators read it.
pub fn lift_descriptions(value: &mut Value) {
    for_each_child(value, &mut lift_descriptions);
    let Value::Object(members) = value else { return };
    let null = json!({ "type": "null" });
    let Some(Value::Array(alternatives)) = members.get_mut("oneOf") else { return };
    if alternatives.len() == 2
        && alternatives.contains(&null)
        && let Some(Value::Object(other)) = alternatives.iter_mut().find(|alternative| **alternative != null)
        && other.contains_key("$ref")
        && let Some(description) = other.remove("description")
    {
        members.insert("description".to_owned(), description);
    }
}

/// Drops components without a reference, until none is left.
pub fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        for_each_reference(document, &mut |reference| {
            used.insert(reference.clone());
        });
        let mut dropped = false;
        for kind in ["schemas", "responses", "parameters", "headers"] {
            let Some(components) = document["components"][kind].as_object_mut() else { continue };
            let before = components.len();
            components.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
            dropped |= components.len() != before;
            components.sort_keys();
        }
        if !dropped {
            return;
        }
    }
}

/// Shows every reference to `visit`, which may change it.
pub fn for_each_reference(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    if let Some(Value::String(reference)) = value.get_mut("$ref") {
        visit(reference);
    }
    for_each_child(value, &mut |child| for_each_reference(child, visit));
}

fn for_each_child(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(members) => members.values_mut().for_each(visit),
        Value::Array(items) => items.iter_mut().for_each(visit),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_becomes_a_reference() {
        let till = json!({ "description": "A till.", "properties": { "code": { "type": "string" } } });
        let page = json!({ "properties": { "data": { "type": "array", "items": till } } });
        let mut document = json!({ "components": { "schemas": { "Page_Till": page, "Unused": till } }, "paths": {
            "/tills": { "$ref": "#/components/schemas/Page_Till" },
        } });
        document["components"]["schemas"].as_object_mut().expect("schemas").remove("Unused");
        name_rows(document["components"]["schemas"].as_object_mut().expect("schemas"));
        replace_copies(&mut document);
        drop_unused(&mut document);
        let reference = json!({ "$ref": "#/components/schemas/Till" });
        assert_eq!(
            document["components"]["schemas"],
            json!({
                "Page_Till": { "properties": { "data": { "type": "array", "items": reference } } },
                "Till": till,
            })
        );
    }

    #[test]
    fn what_may_be_null_is_described_as_a_whole() {
        let reference = json!({ "$ref": "#/components/schemas/Till" });
        let mut described = reference.clone();
        described["description"] = "The till.".into();
        let mut property = json!({ "oneOf": [{ "type": "null" }, described] });
        lift_descriptions(&mut property);
        assert_eq!(property, json!({ "description": "The till.", "oneOf": [{ "type": "null" }, reference] }));
    }

    #[test]
    fn instants_have_one_schema() {
        let mut document = json!({ "components": { "schemas": { "Till": { "properties": {
            "opened_at": { "type": "string", "format": "date-time", "description": "When it was opened." },
            "closed_at": { "type": ["string", "null"], "format": "date-time" },
        } } } } });
        name_formats(&mut document);
        assert_eq!(
            document["components"]["schemas"]["Till"]["properties"],
            json!({
                "opened_at": { "$ref": "#/components/schemas/Instant", "description": "When it was opened." },
                "closed_at": { "type": ["string", "null"], "format": "date-time" },
            })
        );
        assert_eq!(document["components"]["schemas"]["Instant"]["format"], "date-time");
    }
}
