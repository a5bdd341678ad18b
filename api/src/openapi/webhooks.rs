//! The requests that the worker sends to endpoints, as callbacks of the operation that registers an endpoint. With the member
//! `webhooks` of OpenAPI 3.1 in their place, openapi-generator 7 makes a TypeScript client that can't be compiled.

use serde_json::{Value, json};

/// Adds the description of messages.
pub fn complete(document: &mut Value) {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": true,
            "description": description,
            "schema": { "type": "string", "maxLength": 200, "pattern": "^[ -~]+$" },
            "example": example,
        })
    };
    let more = json!({
        "type": "object",
        "required": ["timestamp", "api_version", "tenant_id"],
        "properties": {
            "timestamp": {
                "type": "string", "format": "date-time", "maxLength": 32, "description": "When it happened: `occurred_at`.",
            },
            "api_version": {
                "type": "string", "maxLength": 8, "pattern": "^v[0-9]+$", "description": "Version of the API.",
            },
            "tenant_id": {
                "type": "string", "maxLength": 64, "pattern": "^ten_[0-9a-z]{26}$", "description": "The tenant.",
            },
        },
    });
    // A client that is made from the description knows every type, and still accepts others.
    let types: Vec<&str> = domain::event::types().collect();
    document["components"]["schemas"]["Event"]["properties"]["type"]["x-extensible-enum"] = json!(types);
    document["components"]["schemas"]["WebhookMessage"] = json!({ "description": "An event, as an endpoint receives it.", "allOf": [{ "$ref": "#/components/schemas/Event" }, more] });
    document["paths"]["/v1/webhook-endpoints"]["post"]["callbacks"] = json!({ "event": { "{$request.body#/url}": { "post": {
        "operationId": "webhook_event",
        "summary": "Receive an event",
        "description": "Sent to each endpoint that wants the type of the event. Check the signature, skip an id that you have handled, and \
            respond within 15 seconds. With the payload `full`, `data.object` has all members of the object.",
        "tags": ["Webhooks"],
        "security": [],
        "parameters": [
            header("webhook-id", "Id of the event. A repeat has the same.", "evt_01h455vb4pex5vsknk084sn02q"),
            header("webhook-timestamp", "When the attempt began, in seconds since 1970.", "1795334535"),
            header(
                "webhook-signature",
                "One or two signatures, with a space in between: `v1,` and base64 of HMAC-SHA256 over id, timestamp and body, with points \
                 in between.",
                "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
            ),
        ],
        "requestBody": {
            "required": true,
            "description": "The event.",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/WebhookMessage" } } },
        },
        "responses": {
            "2XX": { "description": "The event is accepted." },
            "410": { "description": "The receiver wants no more events: the endpoint is switched off." },
            "default": { "description": "The event is sent again later." },
        },
    } } } });
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn messages_are_described_by_the_schema_of_events() {
        let routes = crate::openapi::DescribedRoutes::new(crate::routes::mount);
        let schemas = &routes.document()["components"]["schemas"];
        let named = |schema: &Value| {
            let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).expect("a reference");
            schemas[name].clone()
        };
        let post = &routes.document()["paths"]["/v1/webhook-endpoints"]["post"]["callbacks"]["event"]["{$request.body#/url}"]
            ["post"];
        let message = named(&post["requestBody"]["content"]["application/json"]["schema"]);
        let event = named(&message["allOf"][0]);
        assert!(event["properties"]["command_id"].is_object());
        let types = event["properties"]["type"]["x-extensible-enum"].as_array().expect("types");
        assert_eq!(types.len(), domain::event::types().count());
        assert!(types.contains(&json!("order.confirmed")) && types.contains(&json!("stock.oversold")));
    }
}
