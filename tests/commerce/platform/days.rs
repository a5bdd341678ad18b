//! A day has one form in every field, every filter and every file: `2026-11-22`, from 1900-01-01 on.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, lines, with_tenant};

use super::isolation::call;
use super::isolation::operation::{operations, resolve, unknown};

const WRONG: [&str; 5] = ["0000-01-01", "0001-01-01", "1899-12-31", "2026-2-3", "2026-02-30"];

/// Whether a rejection names a field or a parameter.
fn names(reply: &Reply, member: &str, name: &str) -> bool {
    let problem = reply.json();
    problem["errors"].as_array().into_iter().flatten().any(|error| error[member] == name)
}

#[test]
fn a_day_in_a_query_has_one_form() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let mut seen = 0;
        for operation in operations() {
            let own = document["paths"][&operation.path][&operation.method]["parameters"].as_array();
            for parameter in own.into_iter().flatten().map(|parameter| resolve(document, parameter)) {
                let schema = resolve(document, &parameter["schema"]);
                if parameter["in"] != "query" || schema["format"] != "date" {
                    continue;
                }
                let name = parameter["name"].as_str().expect("a name");
                let path = operation.path_with(unknown);
                for wrong in WRONG {
                    let reply = tenant.get(&format!("{path}?{name}={wrong}")).await;
                    assert_eq!(reply.status, 400, "{}: {}", reply.what, reply.text);
                    assert!(names(&reply, "parameter", name), "{}: {}", reply.what, reply.text);
                }
                seen += 1;
            }
        }
        assert!(seen >= 18, "{seen} parameters");
    });
}

#[test]
fn a_day_in_a_body_has_one_form() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let mut seen = 0;
        for operation in operations().iter().filter(|operation| operation.method == "post") {
            let described = &document["paths"][&operation.path]["post"]["requestBody"]["content"];
            let schema = resolve(document, &described["application/json"]["schema"]);
            if !operation.kinds.is_empty() {
                continue;
            }
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                if resolve(document, field)["format"] != "date" {
                    continue;
                }
                for wrong in WRONG {
                    let reply =
                        call(tenant, operation, &operation.path, &json!({ name.as_str(): wrong })).await;
                    assert_eq!(reply.status, 422, "{} {name}: {}", reply.what, reply.text);
                    assert!(names(&reply, "pointer", &format!("#/{name}")), "{}: {}", reply.what, reply.text);
                }
                seen += 1;
            }
        }
        assert!(seen >= 8, "{seen} fields");
    });
}

/// The only fault of these bodies is the day, so it is the type that refuses it.
#[test]
fn a_day_is_refused_where_all_else_is_right() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let customer = tenant.customer("Buyer").await;
        let class = tenant.make("/v1/tax-classes", json!({ "code": "books", "name": "Books" })).await;
        let wanted = lines(&[("MUG", "1")]);
        let with = |field: &str, day: &str, others: Value| {
            let mut body = others;
            body[field] = json!(day);
            body
        };
        for (path, field, others) in [
            ("/v1/orders", "requested_on", json!({ "customer_id": customer, "lines": wanted })),
            ("/v1/stock/expected-receipts", "expected_on", json!({ "lines": wanted })),
            ("/v1/tax-rates", "valid_from", json!({ "tax_class_id": class, "rate": "5" })),
        ] {
            for wrong in WRONG {
                let reply = tenant.post(path, &with(field, wrong, others.clone())).await;
                reply.refused(422, "validation_failed").names(&[format!("#/{field}").as_str()]);
            }
            tenant.post(path, &with(field, "2099-02-03", others)).await.created();
        }
        for wrong in WRONG {
            let file = format!("currency,valid_from,rate\nUSD,{wrong},0.8\n");
            let import = tenant.call(Method::POST, "/v1/exchange-rates/import").body("text/csv", file);
            import.send().await.refused(422, "validation_failed").names(&["#/rates/0/valid_from"]);
        }
    });
}
