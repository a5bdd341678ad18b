//! The form of a request is the one that the description states: methods, headers, and lengths of parameters.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, with_tenant};

use super::isolation::operation::{Operation, operations, resolve, unknown};
use super::unknown_parameters::READS;

/// Returns the parameters of an operation in one place of the request.
fn parameters(operation: &Operation, place: &str) -> Vec<Value> {
    let document = stockwell::routes().document();
    let own = document["paths"][&operation.path][&operation.method]["parameters"].as_array();
    let all = own.into_iter().flatten().map(|parameter| resolve(document, parameter));
    all.filter(|parameter| parameter["in"] == place).cloned().collect()
}

fn takes(operation: &Operation, header: &str) -> bool {
    parameters(operation, "header").iter().any(|parameter| parameter["name"] == header)
}

fn method(operation: &Operation) -> Method {
    operation.method.to_uppercase().parse().expect("a method")
}

/// Returns the header that a rejection names.
#[track_caller]
fn refused_header(reply: &Reply, code: &str) -> String {
    reply.refused(400, code);
    reply.json()["errors"][0]["header"].as_str().expect("a header").to_owned()
}

#[test]
fn a_method_that_a_path_does_not_have_is_not_allowed() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        for (path, item) in document["paths"].as_object().expect("paths") {
            // A path with an id in it is tried with one that does not exist.
            let Some(one) = operations().into_iter().find(|operation| operation.path == *path) else {
                continue;
            };
            let sent = one.path_with(unknown);
            let declared = |method: &str| item.get(method.to_lowercase()).is_some();
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
                if declared(method) {
                    continue;
                }
                let reply = tenant.call(method.parse().expect("a method"), &sent).send().await;
                reply.refused(405, "method_not_allowed");
                let allowed: Vec<&str> = reply.header("allow").expect("Allow").split(", ").collect();
                for other in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                    assert_eq!(allowed.contains(&other), declared(other), "{method} {path}: {allowed:?}");
                }
            }
            let reply = tenant.call(Method::OPTIONS, &sent).send().await;
            reply.expect(204);
            let allowed = reply.header("allow").expect("Allow").to_owned();
            assert_eq!(allowed.contains("PATCH"), declared("PATCH"), "{path}: {allowed}");
        }
    });
}

#[test]
fn a_long_prefer_is_refused_by_every_write() {
    with_tenant(async |tenant| {
        let mut seen = 0;
        for operation in operations().iter().filter(|operation| takes(operation, "Prefer")) {
            let path = operation.path_with(unknown);
            let call = || tenant.call(method(operation), &path).json(&json!({}));
            let reply = call().header("prefer", &"x".repeat(101)).send().await;
            assert_eq!(refused_header(&reply, "invalid_parameter"), "Prefer", "{}", operation.id);
            // An unknown preference is ignored (RFC 7240).
            let reply = call().header("prefer", &"x".repeat(100)).send().await;
            let problem: Value = serde_json::from_str(&reply.text).unwrap_or_default();
            let named = problem["errors"][0]["header"].clone();
            assert_ne!(named, json!("Prefer"), "{}: {}", operation.id, reply.text);
            let reply = call().header("prefer", "\"dry-run\"").send().await;
            assert_eq!(refused_header(&reply, "invalid_parameter"), "Prefer", "{}", operation.id);
            seen += 1;
        }
        assert!(seen > 90, "{seen} operations take Prefer");
    });
}

#[test]
fn an_idempotency_key_has_the_described_form() {
    with_tenant(async |tenant| {
        let body = |code: &str| json!({ "code": code, "name": "Tools" });
        let post = async |key: &str, code: &str| {
            let call = tenant.call(Method::POST, "/v1/categories").header("idempotency-key", key);
            call.json(&body(code)).send().await
        };
        for (key, code) in [("a:b.c_d-1", "one"), ("\"a-2\"", "two"), (&"k".repeat(255), "three")] {
            post(key, code).await.created();
        }
        for key in ["a b", "a/b", "\"a", &"k".repeat(256)] {
            let reply = post(key, "four").await;
            assert_eq!(refused_header(&reply, "idempotency_key_invalid"), "Idempotency-Key", "{key}");
        }
        for operation in operations().iter().filter(|operation| takes(operation, "Idempotency-Key")) {
            let headers = parameters(operation, "header");
            let key = headers.iter().find(|header| header["name"] == "Idempotency-Key").expect("the key");
            assert!(key["schema"]["pattern"].is_string(), "{}", operation.id);
        }
    });
}

#[test]
fn a_change_that_needs_if_match_is_refused_without_it() {
    with_tenant(async |tenant| {
        for operation in operations() {
            let required = |header: &Value| header["name"] == "If-Match" && header["required"] == true;
            if !parameters(&operation, "header").iter().any(required) {
                continue;
            }
            let path = operation.path_with(unknown);
            let call = tenant.call(method(&operation), &path).json(&json!({ "name": "Dealers" }));
            call.send().await.refused(428, "precondition_required");
        }
    });
}

/// Returns the path of the record that a `PUT` with a version replaces, and a body for it.
async fn replaced(tenant: &Tenant, id: &str) -> (String, Value) {
    match id {
        "supplier_products_put" => {
            let product = tenant.product("MUG", "10.00").await.id;
            let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
            (format!("/v1/suppliers/{supplier}/products/{product}"), json!({ "supplier_sku": "M-1" }))
        }
        "count_settings_put" => ("/v1/counts/settings".to_owned(), json!({ "approval_value": "10.00" })),
        "account_mapping_put" => {
            let rule = json!({ "purpose": "cash_rounding", "account": "6000" });
            ("/v1/account-mapping".to_owned(), json!({ "rules": [rule] }))
        }
        "reconciliation_settings_put" => {
            ("/v1/reconciliation/settings".to_owned(), json!({ "window_days": 40 }))
        }
        other => panic!("{other} replaces a record with a version: add its path and a body here"),
    }
}

#[test]
fn a_replacement_needs_the_version_that_it_names() {
    with_tenant(async |tenant| {
        let mut seen = 0;
        for operation in operations().iter().filter(|operation| operation.method == "put") {
            if !takes(operation, "If-Match") {
                continue;
            }
            let (path, body) = replaced(tenant, &operation.id).await;
            let put = async |tag: &str, body: &Value| {
                tenant.call(Method::PUT, &path).header("if-match", tag).json(body).send().await
            };
            put("\"7\"", &body).await.refused(412, "version_mismatch");
            put("7", &body).await.refused(400, "invalid_parameter");
            let first = tenant.put(&path, &body).await;
            assert_eq!((&first.ok()["version"], first.header("etag")), (&json!(1), Some("\"1\"")));
            let read = tenant.get(&path).await;
            let tag = read.header("etag").expect("an ETag").to_owned();
            assert_eq!(put(&tag, &json!({})).await.ok()["version"], 2, "{path}");
            let stale = put(&tag, &body).await;
            stale.refused(412, "version_mismatch");
            assert_eq!(stale.json()["current_version"], "2", "{}", stale.text);
            let same = tenant.call(Method::GET, &path).header("if-none-match", &tag).send().await;
            assert_eq!(same.ok()["version"], 2, "nothing was written by the stale one");
            assert_eq!(put("*", &body).await.ok()["version"], 3, "{path}");
            seen += 1;
        }
        assert!(seen >= 3, "only {seen} replacements with a version");
    });
}

#[test]
fn a_write_that_compares_no_version_refuses_one_and_writes_nothing() {
    with_tenant(async |tenant| {
        let (before, mut seen) = (tenant.footprint().await, 0);
        for operation in operations().iter().filter(|one| one.method != "get" && !takes(one, "If-Match")) {
            let path = operation.path_with(unknown);
            for tag in ["\"1\"", "\"1-0a1b\"", "1"] {
                let call = tenant.call(method(operation), &path).header("if-match", tag).json(&json!({}));
                let reply = call.send().await;
                if READS.contains(&operation.id.as_str()) {
                    assert!(!reply.text.contains("If-Match"), "{}: {}", operation.id, reply.text);
                    continue;
                }
                assert_eq!(refused_header(&reply, "invalid_parameter"), "If-Match", "{}", operation.id);
                seen += 1;
            }
        }
        assert!(seen > 300, "only {seen} rejections");
        assert_eq!(tenant.footprint().await, before, "nothing is written");
    });
}

#[test]
fn an_amendment_takes_the_version_in_its_body_alone() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "5")], "confirmed").await.created();
        let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
        let read = tenant.get(&path).await;
        let tag = read.header("etag").expect("an ETag");
        for (step, body) in
            [("amend", json!({ "lines": [{ "line_no": 1, "quantity": "4" }] })), ("cancel", json!({}))]
        {
            let call = tenant.call(Method::POST, &format!("{path}/{step}")).key(step).header("if-match", tag);
            let reply = call.json(&body).send().await;
            assert_eq!(refused_header(&reply, "invalid_parameter"), "If-Match", "{step}");
            assert!(reply.text.contains("`version`"), "{}", reply.text);
        }
        assert_eq!(tenant.get(&path).await.ok(), read.ok());
        let call = tenant.call(Method::POST, &format!("{path}/cancel")).key("any").header("if-match", "*");
        assert_eq!(call.json(&json!({})).send().await.ok()["status"], "cancelled");
    });
}

#[test]
fn two_replacements_at_once_from_one_version_write_once() {
    with_tenant(async |tenant| {
        for id in [
            "supplier_products_put",
            "count_settings_put",
            "account_mapping_put",
            "reconciliation_settings_put",
        ] {
            let (path, body) = replaced(tenant, id).await;
            tenant.put(&path, &body).await.ok();
            let sent = (0..6).map(async |_| {
                let call = tenant.call(Method::PUT, &path).header("if-match", "\"1\"");
                call.json(&json!({})).send().await
            });
            let mut statuses: Vec<u16> = join_all(sent).await.iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412, 412, 412], "{path}");
        }
    });
}

#[test]
fn a_long_value_in_a_query_is_refused_by_every_read() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let mut seen = 0;
        for operation in operations().iter().filter(|operation| operation.method == "get") {
            // A stream has no end, and the editor of GraphQL reads its parameters later.
            if matches!(operation.id.as_str(), "stream_get" | "graphql_get") {
                continue;
            }
            let path = operation.path_with(unknown);
            let mut refused = async |name: &str, value: &str| {
                let reply = tenant.get(&format!("{path}?{name}={value}")).await;
                assert_eq!(reply.status, 400, "{} with a long {name}: {}", operation.id, reply.text);
                assert_eq!(reply.json()["errors"][0]["parameter"], name, "{}: {}", operation.id, reply.text);
                seen += 1;
            };
            for parameter in parameters(operation, "query") {
                let name = parameter["name"].as_str().expect("a name");
                let schema = resolve(document, &parameter["schema"]);
                let item = resolve(document, &schema["items"]);
                let most =
                    |schema: &Value| schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok());
                if let Some(most) = most(schema).or_else(|| most(item)).filter(|most| *most < 2_000) {
                    refused(name, &"x".repeat(most + 1)).await;
                }
                if let Some(most) = schema["maximum"].as_i64() {
                    refused(name, &(most + 1).to_string()).await;
                }
            }
        }
        assert!(seen > 200, "{seen} parameters have a limit");
        let tags = "\"7\", ".repeat(201);
        let reply = tenant.call(Method::GET, "/v1/products").header("if-none-match", &tags).send().await;
        assert_eq!(refused_header(&reply, "invalid_parameter"), "If-None-Match");
    });
}

#[test]
fn fields_name_the_members_of_a_row() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        let document = stockwell::routes().document();
        for operation in operations() {
            let query = parameters(&operation, "query");
            let Some(fields) = query.iter().find(|parameter| parameter["name"] == "fields") else { continue };
            let named = fields["schema"]["items"]["enum"].as_array().expect("the members").clone();
            assert!(!named.is_empty(), "{}", operation.id);
            let response = &document["paths"][&operation.path]["get"]["responses"]["200"];
            let page = &resolve(document, response)["content"]["application/json"]["schema"];
            let page = resolve(document, page);
            let row = resolve(document, &page["properties"]["data"]["items"]);
            for member in row["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()) {
                assert!(named.contains(&json!(member)), "{}: {member}", operation.id);
            }
        }
        let rows = tenant.get("/v1/products?fields=sku").await.ok()["data"].clone();
        assert_eq!(rows, json!([{ "sku": "MUG" }]));
        tenant.get("/v1/products?fields=").await.refused(400, "invalid_parameter");
    });
}
