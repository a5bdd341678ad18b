//! Examples that are the same wherever a field of that name or form stands: a route gives one only where it says more.

use serde_json::{Map, Value};

/// The example of every instant.
const INSTANT: &str = "2026-11-22T01:20:00Z";
/// The example of every day.
const DAY: &str = "2026-11-22";

/// Examples of texts by the name of their field.
const TEXTS: &[(&str, &str)] = &[
    ("code", "MAIN"),
    ("description", "Zinc-plated steel, DIN 933."),
    ("external_location", "outlet-2"),
    ("external_ref", "erp-4711"),
    ("external_sku", "4711-6PACK"),
    ("memo", "Allowance for a doubtful receivable"),
    ("name", "Nordwind Supply"),
    ("name_pattern", "Work shirt {Colour}, {Size}"),
    ("note", "Kept for a call back"),
    ("number", "C-000123"),
    ("price_reason", "Matched a competitor's offer"),
    ("reason", "Ordered too many"),
    ("received_from", "Hansa Foods"),
    ("reference", "PO 4711"),
    ("sku", "BOLT-M8"),
    ("sku_pattern", "SHIRT-{Size}-{Colour}"),
    ("supplier_lot", "BATCH-7781"),
    ("system", "webshop"),
    ("tax_number", "DE123456789"),
];

/// Gives every field and parameter without an example the one of its name or form.
pub fn complete(document: &mut Value) {
    match document {
        Value::Array(items) => items.iter_mut().for_each(complete),
        Value::Object(members) => {
            let properties = members.get_mut("properties").and_then(Value::as_object_mut);
            for (name, schema) in properties.into_iter().flatten() {
                if let Value::Object(schema) = schema {
                    exemplify(name, schema);
                }
            }
            if let (Some(name), Some(schema)) = (text(members, "name"), members.get("schema")) {
                let example = schema.as_object().and_then(|schema| example(&name, schema));
                if let Some(example) = example.filter(|_| !has_example(members)) {
                    members.insert("example".to_owned(), example.into());
                }
            }
            members.values_mut().for_each(complete);
        }
        _ => {}
    }
}

fn exemplify(name: &str, schema: &mut Map<String, Value>) {
    if let Some(example) = example(name, schema).filter(|_| !has_example(schema)) {
        schema.insert("example".to_owned(), example.into());
    }
}

fn example(name: &str, schema: &Map<String, Value>) -> Option<&'static str> {
    match text(schema, "format").as_deref() {
        Some("date-time") => return Some(INSTANT),
        Some("date") => return Some(DAY),
        _ => {}
    }
    let is_text = schema.get("type").is_some_and(|kind| kind == "string" || kind[0] == "string");
    let is_free = !["enum", "const", "pattern", "format"].iter().any(|keyword| schema.contains_key(*keyword));
    let known = || TEXTS.iter().find(|(known, _)| *known == name).map(|(_, example)| *example);
    (is_text && is_free).then(known).flatten()
}

fn has_example(members: &Map<String, Value>) -> bool {
    members.contains_key("example") || members.contains_key("examples")
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}
