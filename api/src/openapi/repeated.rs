//! Moves responses and parameters that several operations share to `components`, so that each is there once.
//!
//! [`super::shared`] has those that follow from the method and the path of an operation. These are found by comparison.
//! The name of a response follows from its schema, that of a parameter from its own name. If two forms have one name, the
//! first of the document becomes the component, and the other stays in its operations.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::dry_run::{ENDED, POSTED, WRITTEN};

/// Name of the response to a dry run that deletes or ends a record.
const DELETION: &str = "DryRunOfDeletion";

/// Moves each response and parameter that several operations have to the components.
pub fn complete(document: &mut Value) {
    let mut uses: HashMap<Value, usize> = HashMap::new();
    for_each_part(document, &mut |part| *uses.entry(part.clone()).or_default() += 1);
    let mut components = document["components"].take();
    for_each_part(document, &mut |part| {
        let is_repeated = uses.get(&*part).is_some_and(|uses| *uses > 1);
        let Some((kind, name)) = component(part).filter(|_| is_repeated) else { return };
        let known = &mut components[kind][name.as_str()];
        if known.is_null() {
            *known = part.clone();
        }
        if known == part {
            *part = json!({ "$ref": format!("#/components/{kind}/{name}") });
        }
    });
    document["components"] = components;
}

/// Calls `visit` with every response and every parameter of every operation. `visit` may change it.
fn for_each_part(document: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    for item in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
            responses.into_iter().flat_map(Map::values_mut).for_each(&mut *visit);
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            parameters.into_iter().flatten().for_each(&mut *visit);
        }
    }
}

/// Returns the kind and the name of the component for a response or a parameter. Returns nothing if it stays in its operation. A parameter of a path stays: a server puts an example of its own into each (see [`super::bodies`]).
fn component(part: &Value) -> Option<(&'static str, String)> {
    match part["in"].as_str() {
        Some("query") => Some(("parameters", parameter_name(part)?)),
        Some(_) => None,
        None => Some(("responses", response_name(part)?)),
    }
}

fn parameter_name(parameter: &Value) -> Option<String> {
    match parameter["name"].as_str()? {
        // Each list has its own.
        "fields" | "sort" => None,
        "expand" => {
            let members = parameter["schema"]["items"]["enum"].as_array()?;
            let members: String = members.iter().filter_map(Value::as_str).map(pascal_case).collect();
            Some(format!("Expand{members}"))
        }
        name => Some(pascal_case(name)),
    }
}

fn response_name(response: &Value) -> Option<String> {
    let description = response["description"].as_str()?;
    let Some(content) = response["content"].as_object() else {
        return (description == ENDED).then(|| DELETION.to_owned());
    };
    let schema = &content.get("application/json").filter(|_| content.len() == 1)?["schema"]["$ref"];
    let schema = schema.as_str()?.strip_prefix("#/components/schemas/")?;
    let name = schema.strip_suffix("Out").unwrap_or(schema);
    match description {
        POSTED => Some(format!("{}DryRun", name.strip_suffix("OrDryRun")?)),
        WRITTEN => Some(format!("{name}DryRun")),
        _ => Some(name.to_owned()),
    }
}

/// Turns `occurred_at[gte]` into `OccurredAtGte`.
fn pascal_case(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    words.map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn response(description: &str, schema: &Value) -> Value {
        json!({ "description": description, "content": { "application/json": { "schema": schema } } })
    }

    fn filter(name: &str, description: &str) -> Value {
        json!({ "name": name, "in": "query", "description": description, "schema": { "type": "string" } })
    }

    fn operation(parameters: &[Value], status: &str, response: &Value) -> Value {
        let mut operation = json!({ "parameters": parameters, "responses": {} });
        operation["responses"][status] = response.clone();
        operation
    }

    /// Puts each component back into the operations that refer to it.
    fn put_back(document: &mut Value) {
        let components = document.clone();
        for_each_part(document, &mut |part| {
            if let Some(reference) = part["$ref"].as_str() {
                *part = components.pointer(reference.trim_start_matches('#')).expect("a component").clone();
            }
        });
    }

    #[test]
    fn shared_parts_become_components_and_nothing_is_lost() {
        let location = filter("location_id", "Only this location.");
        let id = json!({ "name": "id", "in": "path", "schema": { "type": "string" } });
        let order = response("The order.", &schema("OrderOrDryRun"));
        let list = response("One page.", &schema("TillList"));
        let document = json!({ "components": { "responses": {}, "parameters": {} }, "paths": {
            "/a": { "get": operation(&[location.clone(), filter("code", "Only this code.")], "200", &list) },
            "/b": { "get": operation(&[location.clone(), filter("code", "Its code.")], "200", &order) },
            "/{id}": { "post": operation(std::slice::from_ref(&id), "200", &order), "get": operation(&[id], "200", &list) },
            "/c": { "delete": operation(&[], "200", &response("Gone.", &schema("Till"))) },
        } });
        let mut completed = document.clone();
        complete(&mut completed);
        assert_eq!(
            completed["components"],
            json!({
                "responses": { "OrderOrDryRun": order, "TillList": list },
                "parameters": { "LocationId": location },
            })
        );
        let responses = &completed["paths"]["/{id}"]["post"]["responses"];
        assert_eq!(responses["200"]["$ref"], "#/components/responses/OrderOrDryRun");
        assert_eq!(completed["paths"]["/c"], document["paths"]["/c"]);
        put_back(&mut completed);
        assert_eq!(completed["paths"], document["paths"]);
    }

    #[test]
    fn a_name_has_one_form() {
        let (one, other) = (filter("code", "Only this code."), filter("code", "Code of the provider."));
        let ended = json!({ "description": ENDED });
        let (both, first) = ([one.clone(), other.clone()], [one.clone()]);
        let mut document = json!({ "components": {}, "paths": {
            "/a": { "get": operation(&first, "200", &ended), "put": operation(&both, "200", &ended) },
            "/b": { "get": operation(&both, "200", &ended) },
        } });
        complete(&mut document);
        assert_eq!(document["components"]["parameters"], json!({ "Code": one }));
        assert_eq!(document["paths"]["/b"]["get"]["parameters"][1], other);
        assert_eq!(document["components"]["responses"], json!({ DELETION: ended }));
    }

    #[test]
    fn no_part_is_repeated_in_many_operations() {
        let mut document = crate::openapi::DescribedRoutes::new(crate::routes::mount).document().clone();
        let mut uses: HashMap<Value, usize> = HashMap::new();
        for_each_part(&mut document, &mut |part| *uses.entry(part.clone()).or_default() += 1);
        for (part, uses) in uses {
            let is_whole = part.get("$ref").is_none() && part["in"] != "path";
            assert!(!is_whole || uses <= 3, "{uses} operations have it: {part}");
        }
    }

    #[test]
    fn names_follow_from_schemas_and_from_parameters() {
        let either = json!({ "oneOf": [schema("PaymentOut"), schema("Problem")] });
        for (response, name) in [
            (response(POSTED, &schema("PaymentOrDryRun")), Some("PaymentDryRun")),
            (response("The payment.", &schema("PaymentOrDryRun")), Some("PaymentOrDryRun")),
            (response(WRITTEN, &schema("ApiKeySecret")), Some("ApiKeySecretDryRun")),
            (response("The payment.", &schema("PaymentOut")), Some("Payment")),
            (response("Either.", &either), None),
            (json!({ "description": "The rule is deleted." }), None),
            (json!({ "$ref": "#/components/responses/NotFound" }), None),
        ] {
            assert_eq!(response_name(&response).as_deref(), name, "{response}");
        }
        assert_eq!(pascal_case("occurred_at[gte]"), "OccurredAtGte");
        let mut expand = filter("expand", "Records.");
        expand["schema"] = json!({ "type": "array", "items": { "enum": ["customer", "location"] } });
        assert_eq!(parameter_name(&expand).as_deref(), Some("ExpandCustomerLocation"));
        assert_eq!(parameter_name(&filter("fields", "Members.")), None);
    }
}
