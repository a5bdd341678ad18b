//! Examples by the name or the form of a field. A route gives its own only if that says more.

use serde_json::{Map, Value};

/// The example of every instant.
pub const INSTANT: &str = "2026-11-22T01:20:00.123456Z";
/// The example of every day.
pub const DAY: &str = "2026-11-22";

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
    ("supplier_number", "RE-2026-4711"),
    ("system", "webshop"),
    ("tax_number", "DE123456789"),
];

/// Examples of texts by the beginning of their schema's name and the name of their field.
const OF_SCHEMAS: &[(&str, &str, &str)] = &[
    ("BillReversal", "reason", "Recorded for the wrong supplier"),
    ("Bill", "reference", "Delivery of November"),
    ("CashMove", "reason", "Window cleaner"),
    ("Category", "code", "fasteners"),
    ("Category", "name", "Fasteners"),
    ("CountIn", "reference", "Aisle 4"),
    ("Customer", "external_ref", "crm-4711"),
    ("Customer", "name", "Nordwind Supply GmbH"),
    ("EntryIn", "lot_code", "L-2026-117"),
    ("ExpectedReceipt", "reference", "Confirmation 8812"),
    ("Hold", "reference", "cart-8812"),
    ("Landed", "reference", "Freight bill 20261122-77"),
    ("LandedReversal", "reason", "Billed twice"),
    ("LineIn", "description", "Bolt M8, galvanised"),
    ("Location", "name", "Main warehouse"),
    ("LotIn", "code", "L-2026-117"),
    ("LotRecall", "reason", "Glass in the jar"),
    ("Order", "external_ref", "shop-10023"),
    ("Payment", "reference", "transfer 20261122-77"),
    ("PriceList", "code", "dealers"),
    ("PriceList", "name", "Dealers"),
    ("PriceTier", "code", "gold"),
    ("PriceTier", "name", "Gold"),
    ("ProductGroup", "code", "SHIRT"),
    ("ProductGroup", "name", "Work shirt"),
    ("Product", "name", "Bolt M8 x 40"),
    ("ReasonCode", "code", "damage"),
    ("ReasonCode", "name", "Damaged in the warehouse"),
    ("ReceivedLot", "code", "L-2026-117"),
    ("Register", "name", "Till at the entrance"),
    ("Revaluation", "reference", "Lower of cost and market, year end"),
    ("StockDocument", "reference", "Delivery note 8812"),
    ("SupplierPayment", "reason", "Account closed"),
    ("SupplierPayment", "reference", "transfer 20261122-77"),
    ("SupplierReturn", "reference", "RMA 118"),
    ("TaxClass", "code", "standard"),
    ("TaxClass", "name", "Standard rate"),
    ("Tender", "reference", "auth-004211"),
    ("Transfer", "reference", "Van 2"),
    ("Variant", "description", "Heavy cotton, reinforced elbows."),
];

/// Gives every field and parameter without an example the one of its schema, its name or its form.
pub fn complete(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (schema, fields) in schemas.into_iter().flatten() {
        let properties = fields.get_mut("properties").and_then(Value::as_object_mut);
        for (name, field) in properties.into_iter().flatten() {
            let is_of = |(prefix, of, _): &&(&str, &str, &str)| schema.starts_with(prefix) && of == name;
            if let (Value::Object(field), Some((.., example))) = (field, OF_SCHEMAS.iter().find(is_of))
                && is_free_text(field)
                && !has_example(field)
            {
                field.insert("example".to_owned(), (*example).into());
            }
        }
    }
    complete_by_name(document);
}

fn complete_by_name(document: &mut Value) {
    match document {
        Value::Array(items) => items.iter_mut().for_each(complete_by_name),
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
            members.values_mut().for_each(complete_by_name);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn exemplify(name: &str, schema: &mut Map<String, Value>) {
    if let Some(example) = example(name, schema).filter(|_| !has_example(schema)) {
        schema.insert("example".to_owned(), example.into());
    }
}

fn example(name: &str, schema: &Map<String, Value>) -> Option<&'static str> {
    match text(schema, "format").as_deref() {
        Some("date-time") if name.ends_with("[gte]") => return Some("2026-11-01T00:00:00Z"),
        Some("date-time") if name.ends_with("[lt]") => return Some("2026-12-01T00:00:00Z"),
        Some("date-time") => return Some(INSTANT),
        Some("date") => return Some(DAY),
        _ => {}
    }
    let known = || TEXTS.iter().find(|(known, _)| *known == name).map(|(_, example)| *example);
    is_free_text(schema).then(known).flatten()
}

fn is_free_text(schema: &Map<String, Value>) -> bool {
    let is_text = schema.get("type").is_some_and(|kind| kind == "string" || kind[0] == "string");
    is_text && !["enum", "const", "pattern", "format"].iter().any(|keyword| schema.contains_key(*keyword))
}

fn has_example(members: &Map<String, Value>) -> bool {
    members.contains_key("example") || members.contains_key("examples")
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}
