//! The examples of the API's description work as they stand: each is sent.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;
use stockwell::demo::examples;
use stockwell::import::client::Client as ImportClient;
use tests::{environment, with_tenant};

/// Returns the parameters of an operation, each as a whole.
fn parameters<'d>(document: &'d Value, operation: &'d Value) -> Vec<&'d Value> {
    let own = operation["parameters"].as_array().into_iter().flatten();
    let whole = |parameter: &'d Value| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a parameter"),
        None => parameter,
    };
    own.map(whole).collect()
}

#[test]
fn every_body_works_on_a_tenant_as_it_stands() {
    with_tenant(async |tenant| {
        let client =
            ImportClient::new(tenant.base_url(), SecretString::from(tenant.key.clone())).expect("a client");
        let names = examples::set_up(&client, &tenant.slug).await.expect("the records of the examples");
        let text = stockwell::routes().with_examples(&names);
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        let (mut sent, mut failed) = (0, Vec::new());
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let example = &operation["requestBody"]["content"]["application/json"]["example"];
                if operation.get("requestBody").is_none() {
                    continue;
                }
                let mut path = path.clone();
                let parameters = parameters(&document, operation);
                for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
                    let name = parameter["name"].as_str().expect("a name");
                    let value = parameter["example"].as_str().expect("an id in the path");
                    path = path.replace(&format!("{{{name}}}"), value);
                }
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
                let mut call = tenant.call(method, &path).json(example);
                for parameter in parameters.iter().filter(|parameter| parameter["in"] == "header") {
                    match parameter["name"].as_str() {
                        Some("Idempotency-Key") => call = call.key(&uuid::Uuid::new_v4().to_string()),
                        Some(name) if parameter["required"] == true => {
                            call = call.header(name, parameter["example"].as_str().expect("an example"));
                        }
                        _ => {}
                    }
                }
                let reply = call.send().await;
                sent += 1;
                let refused = if reply.status < 300 && !reply.text.is_empty() {
                    reply.json()["refused"].clone()
                } else {
                    Value::Null
                };
                if reply.status >= 300 || refused.as_i64().unwrap_or_default() > 0 {
                    failed.push(format!(
                        "{} {example}: {} {}",
                        operation["operationId"], reply.status, reply.text
                    ));
                }
            }
        }
        assert_eq!(failed, Vec::<String>::new());
        assert!(sent > 80, "{sent}");
    });
}

#[test]
fn no_call_repeats_a_key_or_starts_as_a_dry_run() {
    let document = stockwell::routes().document();
    for parameter in document["components"]["parameters"].as_object().expect("parameters").values() {
        let name = parameter["name"].as_str().expect("a name");
        if ["Idempotency-Key", "Prefer"].contains(&name) {
            assert!(parameter.get("example").is_none() && parameter.get("examples").is_none(), "{parameter}");
        }
    }
    with_tenant(async |tenant| {
        let node = environment().own_node().await;
        let here = tenant.at(&node.base_url);
        assert!(here.get("/openapi.json").await.text.contains("ord_01h455vb4pex5vsknk084sn02q"));
        let names =
            examples::Names::from([("ord:ship".to_owned(), "ord_7zzzzzzzzzzzzzzzzzzzzzzzzz".to_owned())]);
        node.app.show_document(stockwell::routes().with_examples(&names));
        assert!(here.get("/openapi.json").await.text.contains("ord_7zzzzzzzzzzzzzzzzzzzzzzzzz"));
        let script = here.call(Method::GET, "/docs/swagger-initializer.js").send().await;
        assert!(script.header("content-type").is_some_and(|kind| kind.starts_with("text/javascript")));
        assert!(script.text.contains("Idempotency-Key") && script.text.contains("requestInterceptor"));
        let page = here.call(Method::GET, "/docs/").send().await;
        assert!(page.text.contains("swagger-initializer.js"));
    });
}
