//! Bodies and responses of routes that take many documents: each names the body and the document of its single route.

use serde_json::{Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Gives every batch route a body and a response of its own.
pub fn complete(document: &mut Value) {
    let paths = document["paths"].as_object().into_iter().flatten();
    let batches: Vec<(String, Value, Value)> = paths
        .clone()
        .filter_map(|(path, item)| {
            let single = path.strip_suffix("/batch")?;
            let is_batch = reference(&item["post"]["requestBody"]["content"]) == format!("{SCHEMAS}BatchIn");
            let single = paths.clone().find(|(other, _)| *other == single).filter(|_| is_batch)?.1;
            let posted = single["post"]["requestBody"]["content"]["application/json"]["schema"].clone();
            let made = single["post"]["responses"]["201"]["content"]["application/json"]["schema"].clone();
            Some((path.clone(), posted, made))
        })
        .collect();
    for (path, posted, made) in batches {
        let (input, output) = (name(&posted), name(&made));
        let schemas = &mut document["components"]["schemas"];
        let answer = format!("{}BatchOf{}", output.trim_end_matches("Out"), input.trim_end_matches("In"));
        let added = [
            (format!("{input}BatchItem"), item_of(&schemas["BatchItem"], &posted)),
            (format!("{input}Batch"), list_of(&schemas["BatchIn"], "items", &format!("{input}BatchItem"))),
            (format!("{answer}Result"), result_of(&schemas["BatchResult"], &made)),
            (answer.clone(), list_of(&schemas["BatchOut"], "results", &format!("{answer}Result"))),
        ];
        for (name, schema) in added {
            schemas[name] = schema;
        }
        let operation = &mut document["paths"][path.as_str()]["post"];
        operation["requestBody"]["content"]["application/json"]["schema"] =
            json!({ "$ref": format!("{SCHEMAS}{input}Batch") });
        operation["responses"]["207"]["content"]["application/json"]["schema"] =
            json!({ "$ref": format!("{SCHEMAS}{answer}") });
    }
}

fn reference(content: &Value) -> &str {
    content["application/json"]["schema"]["$ref"].as_str().unwrap_or_default()
}

fn name(schema: &Value) -> String {
    let reference = schema["$ref"].as_str().unwrap_or_default();
    reference.trim_start_matches(SCHEMAS).to_owned()
}

fn item_of(item: &Value, posted: &Value) -> Value {
    let mut item = item.clone();
    let description = item["properties"]["body"]["description"].take();
    item["properties"]["body"] = posted.clone();
    item["properties"]["body"]["description"] = description;
    item
}

/// A result is the document, with `return=minimal` its identity, in a dry run its effects, or the problem.
fn result_of(result: &Value, made: &Value) -> Value {
    let mut result = result.clone();
    let description = "The document. With `Prefer: return=minimal` only its identity, with `Prefer: dry-run` what would be \
                       written, and if it is rejected the problem.";
    let others = ["Minimal", "DryRun", "Problem"].map(|name| json!({ "$ref": format!("{SCHEMAS}{name}") }));
    let bodies: Vec<Value> = std::iter::once(made.clone()).chain(others).collect();
    result["properties"]["body"] = json!({ "description": description, "anyOf": bodies });
    result
}

fn list_of(list: &Value, field: &str, item: &str) -> Value {
    let mut list = list.clone();
    list["properties"][field]["items"] = json!({ "$ref": format!("{SCHEMAS}{item}") });
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_names_the_documents_of_its_single_route() {
        let of = |schema: &str| json!({ "application/json": { "schema": { "$ref": format!("{SCHEMAS}{schema}") } } });
        let body = json!({ "type": "object", "description": "Body." });
        let mut document = json!({
            "components": { "schemas": {
                "BatchIn": { "properties": { "items": { "type": "array" } } },
                "BatchItem": { "properties": { "body": body } },
                "BatchOut": { "properties": { "results": { "type": "array" } } },
                "BatchResult": { "properties": { "body": body } },
            } },
            "paths": {
                "/sales": { "post": { "requestBody": { "content": of("SaleIn") }, "responses": { "201": { "content": of("SaleOut") } } } },
                "/sales/batch": { "post": { "requestBody": { "content": of("BatchIn") }, "responses": { "207": { "content": of("BatchOut") } } } },
            },
        });
        complete(&mut document);
        let batch = &document["paths"]["/sales/batch"]["post"];
        assert_eq!(reference(&batch["requestBody"]["content"]), "#/components/schemas/SaleInBatch");
        assert_eq!(reference(&batch["responses"]["207"]["content"]), "#/components/schemas/SaleBatchOfSale");
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["SaleInBatchItem"]["properties"]["body"]["$ref"], "#/components/schemas/SaleIn");
        assert_eq!(
            schemas["SaleBatchOfSaleResult"]["properties"]["body"]["anyOf"][0]["$ref"],
            "#/components/schemas/SaleOut"
        );
    }
}
