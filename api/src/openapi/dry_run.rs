//! The response to `Prefer: dry-run`, of every operation that takes it.

use serde_json::{Map, Value, json};

use super::shared::takes;

/// Description of the response to a dry run that posts a document.
pub const POSTED: &str =
    "With `Prefer: dry-run`: the document as the command would return it, and all that it would write.";
/// Description of the response to a dry run that writes a record.
pub const WRITTEN: &str = "With `Prefer: dry-run`: the response as it would be. Nothing is written.";
/// Description of the response to a dry run that deletes or ends a record.
pub const ENDED: &str = "With `Prefer: dry-run`: the record could be deleted or ended. Nothing is written.";

const ALTERNATIVES: &str = "The document, or with `Prefer: dry-run` all that its command would write.";
const SCHEMAS: &str = "#/components/schemas/";

/// Describes the response of a dry run. Documents are returned with their effects, records as they would be.
pub fn complete(operation: &mut Value) {
    let posts = takes(operation, "IdempotencyKey");
    if !takes(operation, "Prefer") {
        return;
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let Some(success) = responses.keys().find(|status| status.starts_with('2')).cloned() else { return };
    let dry_run = json!({ "$ref": "#/components/schemas/DryRun" });
    match (posts, success.as_str()) {
        (true, "200") => {
            let schema = &mut responses["200"]["content"]["application/json"]["schema"];
            *schema = json!({ "oneOf": [schema.take(), dry_run] });
        }
        (true, _) => {
            // Some generated clients read every success as the response with the lowest status.
            let made = responses[&success]["content"]["application/json"]["schema"].clone();
            let content = json!({ "application/json": { "schema": { "oneOf": [made, dry_run] } } });
            responses.insert("200".to_owned(), json!({ "description": POSTED, "content": content }));
        }
        (false, "204") => {
            responses.insert("200".to_owned(), json!({ "description": ENDED }));
        }
        (false, "200") => {}
        (false, _) => {
            let content = responses[&success]["content"].clone();
            responses.insert("200".to_owned(), json!({ "description": WRITTEN, "content": content }));
        }
    }
}

/// Names the schema of each document or its dry run, such as `OrderOrDryRun`, so that it has one name in all operations.
pub fn name_alternatives(document: &mut Value) {
    let mut named = Map::new();
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in items.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let schema = operation.pointer_mut("/responses/200/content/application~1json/schema");
        let Some(schema) = schema else { continue };
        if let Some(name) = name_of_alternatives(schema) {
            let reference = json!({ "$ref": format!("{SCHEMAS}{name}") });
            let mut alternatives = std::mem::replace(schema, reference);
            alternatives["description"] = ALTERNATIVES.into();
            named.insert(name, alternatives);
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.extend(named);
    }
}

fn name_of_alternatives(schema: &Value) -> Option<String> {
    let [document, dry_run] = schema["oneOf"].as_array()?.as_slice() else { return None };
    let name = |schema: &Value| Some(schema["$ref"].as_str()?.strip_prefix(SCHEMAS)?.to_owned());
    let (document, dry_run) = (name(document)?, name(dry_run)?);
    (dry_run == "DryRun").then(|| format!("{}OrDryRun", document.strip_suffix("Out").unwrap_or(&document)))
}

/// Returns the schema of a posted document's dry run.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "description": "A document as it would be, and all that its command would write. Nothing was written.",
        "required": ["object", "document", "effects"],
        "properties": {
            "object": { "type": "string", "enum": ["dry_run"], "description": "Always `dry_run`." },
            "document": { "type": "object", "description": "The document as the command would return it." },
            "effects": effects(),
        },
    })
}

fn effects() -> Value {
    let location = id("Location.", "loc_01h455vb4pex5vsknk084sn02q");
    let product = id("Product.", "prd_01h455vb4pex5vsknk084sn02q");
    let line_no = json!({ "type": "integer", "description": "Line of the document.", "example": 1 });
    let value = unless_hidden(decimal("Their cost.", "-20.00"));
    let stock = json!({
        "location_id": location,
        "product_id": product,
        "quantity": decimal("Stock units; below zero if they leave.", "-5"),
        "value": value,
    });
    let reservation = json!({
        "location_id": location,
        "product_id": product,
        "line_no": line_no,
        "quantity": decimal("Stock units.", "5"),
    });
    let price = json!({
        "line_no": line_no,
        "source": { "description": "Origin of the price." },
        "trace": { "description": "Steps that led to the price." },
    });
    let entry_line = json!({
        "account": { "type": "string", "maxLength": 20, "description": "Code of the account.", "example": "1000" },
        "debit": decimal("Debit.", "30.00"),
        "credit": decimal("Credit.", "0.00"),
        "channel": { "description": "Channel, if any.", "example": "retail" },
        "location_id": { "description": "Location, if any." },
    });
    let event = json!({
        "object": { "type": "string", "maxLength": 60, "description": "Kind of the document.", "example": "pos_sale" },
        "id": id("Its id.", "sal_01h455vb4pex5vsknk084sn02q"),
    });
    json!({
        "type": "object",
        "description": "Rows that the command would write.",
        "properties": {
            "stock": list("Movements of stock.", &stock),
            "reservations": list("Stock units that are reserved.", &reservation),
            "prices": list("The origin of the price of each line.", &price),
            "journal": unless_hidden(list("Lines of the journal entries.", &entry_line)),
            "events": list("Events about the document.", &event),
            "totals": {
                "type": "object",
                "description": "Sums of the movements.",
                "properties": { "stock_quantity": decimal("Stock units.", "-5"), "stock_value": value },
            },
        },
    })
}

fn id(description: &str, example: &str) -> Value {
    json!({ "type": "string", "maxLength": 40, "description": description, "example": example })
}

fn decimal(description: &str, example: &str) -> Value {
    json!({ "type": "string", "format": "decimal", "maxLength": 30, "description": description, "example": example })
}

fn list(description: &str, properties: &Value) -> Value {
    let items = json!({ "type": "object", "properties": properties });
    json!({ "type": "array", "maxItems": 10000, "description": description, "items": items })
}

/// Returns the schema of a member that is null for a caller who may not see costs.
fn unless_hidden(mut schema: Value) -> Value {
    let description = schema["description"].as_str().unwrap_or_default();
    schema["description"] = format!("{description} Null without `costs:read`.").into();
    schema["type"] = json!([schema["type"].take(), "null"]);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(header: &str, prefer: &str, status: &str) -> Value {
        let parameter = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Till" } } });
        let mut operation = json!({ "parameters": [parameter(header), parameter(prefer)], "responses": {} });
        operation["responses"][status] = json!({ "description": "Done.", "content": content });
        complete(&mut operation);
        operation["responses"].take()
    }

    #[test]
    fn a_document_or_its_dry_run_has_one_name() {
        let responses = completed("IdempotencyKey", "Prefer", "201");
        let mut document = json!({ "components": { "schemas": {} }, "paths": { "/a": { "post": { "responses": responses } } } });
        name_alternatives(&mut document);
        let alternatives = &document["components"]["schemas"]["TillOrDryRun"]["oneOf"];
        assert_eq!(alternatives[0]["$ref"], "#/components/schemas/Till");
        let response = &document["paths"]["/a"]["post"]["responses"]["200"];
        assert_eq!(
            response["content"]["application/json"]["schema"],
            json!({ "$ref": "#/components/schemas/TillOrDryRun" })
        );
    }

    #[test]
    fn a_dry_run_has_a_response_of_its_own() {
        let schema = |response: &Value| response["content"]["application/json"]["schema"].clone();
        let (till, dry_run) = (
            json!({ "$ref": "#/components/schemas/Till" }),
            json!({ "$ref": "#/components/schemas/DryRun" }),
        );
        let made = completed("IdempotencyKey", "Prefer", "201");
        let either = json!({ "oneOf": [till, dry_run] });
        assert_eq!((schema(&made["201"]), schema(&made["200"])), (till.clone(), either));
        let changed = completed("IdempotencyKey", "Prefer", "200");
        assert_eq!(schema(&changed["200"]), json!({ "oneOf": [till, dry_run] }));
        let record = completed("OptionalIdempotencyKey", "Prefer", "201");
        assert_eq!(schema(&record["200"]), till);
        assert!(completed("OptionalIdempotencyKey", "Prefer", "204")["200"].get("content").is_none());
        assert_eq!(
            completed("OptionalIdempotencyKey", "Other", "201").as_object().map(serde_json::Map::len),
            Some(1)
        );
    }
}
