//! Faults of a request's form: all of them at once, each with its place and its fix, over every way in.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Problem, Reply, Tenant, sale, with_tenant};

const SALES: &str = "/v1/pos/sales";

/// Words of a parser, which say nothing to a caller.
const PARSER: [&str; 14] = [
    "premature",
    "trailing",
    "EOF",
    "invalid type",
    "invalid value",
    "invalid length",
    "unknown variant",
    "struct ",
    "serde",
    "at line 1 column",
    "input contains",
    "expected i",
    "expected u",
    "recursion limit",
];

/// Checks that no error speaks like a parser, and that each says what to do.
#[track_caller]
fn speaks_to_the_caller(reply: &Reply) {
    for word in PARSER {
        assert!(!reply.text.contains(word), "{word}: {}", reply.text);
    }
    for error in reply.json()["errors"].as_array().into_iter().flatten() {
        let detail = error["detail"].as_str().expect("a detail");
        assert!(
            ["Send ", "Name ", "Close ", "Leave it out"].iter().any(|fix| detail.contains(fix)),
            "no fix: {detail}"
        );
    }
}

async fn send(client: &Client, method: Method, path: &str, body: &str) -> Reply {
    let reply = client.call(method, path).key(&uuid::Uuid::new_v4().to_string()).raw(body).send().await;
    speaks_to_the_caller(&reply);
    reply
}

async fn refused(client: &Client, path: &str, body: &str) -> Problem {
    send(client, Method::POST, path, body).await.refused(422, "validation_failed")
}

#[test]
fn valid_json_is_never_called_malformed() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let with = |member: &str, value: &str| {
            let body = sale(&till, &[("MUG", "1")]).to_string();
            format!("{{\"{member}\":{value},{}", &body[1..])
        };
        for value in
            ["{}", "5", "\"5\"", "[]", "[\"percent\",\"5\"]", "true", r#"{"percent":"5","amount":"1"}"#]
        {
            refused(tenant, SALES, &with("discount", value)).await.names(&["#/discount"]);
        }
        refused(tenant, SALES, &with("discount", r#"{"percent":5}"#)).await.names(&["#/discount/percent"]);
        let unknown = send(tenant, Method::POST, SALES, &with("discount", r#"{"rate":"5"}"#)).await;
        unknown.refused(400, "unknown_field").names(&["#/discount/rate"]);
        for body in ["5", "null", "true", "\"x\"", "[]", "[{}]"] {
            let problem = refused(tenant, SALES, body).await.names(&["#"]);
            assert_eq!(problem.0["detail"], "Send an object: { … }.");
        }
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for (value, pointer) in [
            ("1e400", "#/country"),
            (r#""\ud800""#, "#/country"),
            ("[1e400]", "#/country/0"),
            ("1e5", "#/country"),
        ] {
            refused(tenant, SALES, &with("country", value)).await.names(&[pointer]);
        }
        let problem = refused(tenant, SALES, &with("country", &deep)).await;
        assert!(problem.pointers()[0].starts_with("#/country/0/0"), "{}", problem.0);
        refused(tenant, SALES, &with("country", "\"GB\",\"country\":\"GB\"")).await.names(&["#/country"]);
    });
}

#[test]
fn a_fault_says_first_which_value_to_send() {
    with_tenant(async |tenant| {
        let user = json!({ "email": "c@shop.example", "name": "C", "role": "cashier", "password": "correct horse battery" });
        let user = format!("/v1/users/{}", tenant.make("/v1/users", user).await);
        let product = format!("/v1/products/{}", tenant.product("MUG", "1").await.id);
        for (path, field, value) in [
            (&user, "role", "Send `owner`, `admin`, `manager`, `cashier`"),
            (&user, "name", "Send text of 1 to 200 characters"),
            (&product, "sku", "Send text of 1 to 64 characters"),
        ] {
            let reply = tenant.patch(path, &json!({ field: null })).await;
            let problem = reply.refused(422, "validation_failed").names(&[&format!("#/{field}")]);
            let detail = problem.0["detail"].as_str().unwrap_or_default();
            assert!(detail.starts_with(value) && detail.ends_with(", or leave it out."), "{field}: {detail}");
        }
        let problem = refused(tenant, "/v1/products", r#"{"sku":1e999,"name":"x"}"#).await;
        let problem = problem.names(&["#/sku"]);
        let detail = problem.0["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with("Send text of 1 to 64 characters"), "{detail}");
    });
}

#[test]
fn what_is_no_json_is_called_so_in_plain_words() {
    with_tenant(async |tenant| {
        for body in [
            "{",
            "{\"lines\":[}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":1} x",
            "nul",
            "lines=5",
            "{\"a\":\"\u{1}\"}",
        ] {
            let problem = send(tenant, Method::POST, SALES, body).await.refused(400, "malformed_json");
            assert!(
                problem.0["detail"].as_str().is_some_and(|text| text.contains("line 1, column")),
                "{body}"
            );
        }
        let latin = tenant
            .call(Method::POST, SALES)
            .key("latin")
            .body("application/json", b"{\"a\":\"\xfc\"}".to_vec());
        let problem = latin.send().await.refused(400, "malformed_json");
        assert!(problem.0["detail"].as_str().is_some_and(|text| text.contains("UTF-8")));
    });
}

#[test]
fn all_faults_of_a_body_come_at_once() {
    with_tenant(async |tenant| {
        let order = json!({
            "customer_id": "prd_01h455vb4pex5vsknk084sn02q",
            "country": "Germany",
            "requested_on": "next week",
            "priority": 12,
            "reference": "x".repeat(101),
            "lines": [
                { "sku": "MUG", "quantity": 5 },
                { "sku": "MUG", "quantity1": "5" },
                { "quantity": "1", "discount": {}, "lots": [{}] },
                "MUG",
            ],
            "policy": "ship_what_you_have",
            "discount": { "percent": "5", "amount": "1" },
        });
        let problem = send(tenant, Method::POST, "/v1/orders", &order.to_string()).await;
        let problem = problem.refused(400, "unknown_field").names(&[
            "#/country",
            "#/customer_id",
            "#/discount",
            "#/lines/0/quantity",
            "#/lines/1/quantity1",
            "#/lines/1/quantity",
            "#/lines/2/discount",
            "#/lines/2/lots/0/code",
            "#/lines/3",
            "#/policy",
            "#/priority",
            "#/reference",
            "#/requested_on",
        ]);
        assert_eq!(problem.0["detail"], "13 fields are wrong; each is listed in errors.");
        let details: Vec<&str> = problem.0["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|error| error["detail"].as_str())
            .collect();
        assert!(details[4].contains("`quantity`"), "{}", details[4]);
        assert!(details[5].starts_with("This field is required. Send a decimal number"), "{}", details[5]);
        assert!(details[9].contains("`backorder`"), "{}", details[9]);
        // What can be parsed and is wrong comes together too, with what names nothing.
        let order = json!({ "customer_id": "cus_01h455vb4pex5vsknk084sn02q", "country": "XXX", "priority": -1, "lines": [
            { "quantity": "1" }, { "sku": "MUG", "quantity": "1", "description": "4111 1111 1111 1111" },
        ] });
        let problem = tenant.post("/v1/orders", &order).await.refused(422, "validation_failed");
        problem.names(&[
            "#/country",
            "#/priority",
            "#/lines/0",
            "#/lines/1/description",
            "#/customer_id",
            "#/lines/1/sku",
        ]);
    });
}

#[test]
fn a_body_full_of_faults_costs_no_more_than_it_says() {
    with_tenant(async |tenant| {
        let lines = vec!["{\"sku\":1,\"quantity\":true,\"uom\":1}"; 500].join(",");
        let problem = refused(tenant, "/v1/orders", &format!("{{\"lines\":[{lines}]}}")).await;
        assert_eq!(problem.pointers().len(), 1_000);
    });
}

#[test]
fn every_way_in_lists_all_faults() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let wrong = json!({ "name": 5, "list_price": 1.5, "colour": "red" });
        let named = ["#/colour", "#/list_price", "#/name", "#/sku"];
        let reply = send(tenant, Method::POST, "/v1/products", &wrong.to_string()).await;
        reply.refused(400, "unknown_field").names(&named);
        let reply =
            send(tenant, Method::POST, "/v1/products/batch", &json!({ "items": [wrong] }).to_string()).await;
        assert_eq!(Problem(reply.expect(207)["results"][0]["body"].clone()).pointers(), named);
        let product = tenant.get("/v1/products?sku=MUG").await.ok()["data"][0]["id"].clone();
        let path = format!("/v1/products/{}", product.as_str().expect("an id"));
        let reply = send(tenant, Method::PATCH, &path, &wrong.to_string()).await;
        reply.refused(400, "unknown_field").names(&named[..3]);
        let mut row = wrong.clone();
        row["sku"] = json!("CUP");
        let import = json!({ "items": [row, { "sku": 5 }] }).to_string();
        let reply = send(tenant, Method::POST, "/v1/products/import", &import).await;
        let problem = reply.refused(422, "validation_failed");
        assert_eq!(
            problem.pointers(),
            ["#/items/0/colour", "#/items/0/list_price", "#/items/0/name", "#/items/1/sku"]
        );
        let item = json!({ "idempotency_key": "a", "body": { "lines": [{ "quantity": 1 }] } });
        let reply =
            send(tenant, Method::POST, "/v1/pos/sales/batch", &json!({ "items": [item] }).to_string()).await;
        let result = Problem(reply.expect(207)["results"][0]["body"].clone());
        assert_eq!(result.pointers(), ["#/lines/0/quantity", "#/register_id"]);
        let login = send(tenant, Method::POST, "/v1/auth/login", r#"{"tenant":1,"email":null}"#).await;
        login.refused(422, "validation_failed").names(&["#/tenant", "#/email", "#/password"]);
        let key = json!({ "name": "", "scopes": ["all", "orders:read"], "kind": "public", "amount_max": 5 });
        let reply = send(tenant, Method::POST, "/v1/api-keys", &key.to_string()).await;
        reply.refused(422, "validation_failed").names(&["#/amount_max", "#/kind", "#/name", "#/scopes/0"]);
        let asked = json!({ "channel": "web", "lines": [{ "quantity": 1 }] });
        refused(tenant, "/v1/prices/resolve", &asked.to_string())
            .await
            .names(&["#/channel", "#/lines/0/quantity"]);
    });
}

/// A batch of long documents would have a response many times its length.
#[test]
fn an_item_of_a_batch_lists_its_first_faults() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let of = |count: usize| {
            let lines = vec![json!({ "sku": "NONE", "quantity": "1" }); count];
            json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] })
        };
        let first = "51 fields or lines are wrong; the first 50 are listed in errors. Send the item alone to list all.";
        for preferences in ["", "return=minimal", "dry-run"] {
            let item = |count| json!({ "idempotency_key": format!("wrong-{count}"), "body": of(count) });
            let batch = json!({ "items": [item(50), item(51)] });
            let call = tenant.call(Method::POST, &format!("{SALES}/batch")).json(&batch);
            let call = if preferences.is_empty() { call } else { call.header("Prefer", preferences) };
            let results = call.send().await.expect(207);
            let problems: Vec<Problem> =
                (0..2).map(|at| Problem(results["results"][at]["body"].clone())).collect();
            assert_eq!(problems.iter().map(|problem| problem.pointers().len()).collect::<Vec<_>>(), [50, 50]);
            assert_eq!(
                problems[0].0["detail"], "50 fields or lines are wrong; each is listed in errors.",
                "{preferences}"
            );
            assert_eq!(problems[1].0["detail"], first, "{preferences}");
        }
        let alone = tenant.post(SALES, &of(51)).await.refused(404, "not_found");
        assert_eq!(alone.pointers().len(), 51);
    });
}

#[test]
fn all_faults_of_a_query_come_at_once() {
    with_tenant(async |tenant| {
        let path = "/v1/orders?limit=0&status=confirmed,gone&customer_ids=x&created_at[gte]=2026-01-01T00:00:00+01:00";
        let reply = tenant.get(path).await;
        speaks_to_the_caller(&reply);
        let problem = reply.refused(400, "unknown_field").0;
        let errors = problem["errors"].as_array().expect("errors");
        let named: Vec<&str> = errors.iter().filter_map(|error| error["parameter"].as_str()).collect();
        assert_eq!(named, ["customer_ids", "limit", "status", "created_at[gte]"]);
        assert!(
            errors[3]["detail"].as_str().is_some_and(|detail| detail.contains("write + as %2B")),
            "{problem}"
        );
        for path in [
            "/v1/products?limit=ten",
            "/v1/stock/movements?line_no=x&kind=none",
            "/v1/lots?expires_on[lt]=9999-99-99",
        ] {
            let reply = tenant.get(path).await;
            assert_eq!(reply.status, 400, "{}", reply.text);
            speaks_to_the_caller(&reply);
        }
    });
}

async fn draft(tenant: &Tenant, customer: &str) -> String {
    let body = json!({ "customer_id": customer, "lines": [{ "sku": "MUG", "quantity": "1" }] });
    tenant.post("/v1/orders", &body).await.created()["id"].as_str().expect("an id").to_owned()
}

#[test]
fn no_body_is_sent_where_none_is_wanted() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let bare = |path: &str| tenant.call(Method::POST, path).key(&uuid::Uuid::new_v4().to_string());
        let confirm = async || format!("/v1/orders/{}/confirm", draft(tenant, &customer).await);
        bare(&confirm().await).send().await.ok();
        bare(&confirm().await).body("text/plain", "").send().await.ok();
        bare(&confirm().await).body("application/x-www-form-urlencoded", "").send().await.ok();
        bare(&confirm().await).body("application/json", " \r\n").send().await.ok();
        bare(&confirm().await).body("application/json", "{}").send().await.ok();
        bare(&confirm().await).body("text/plain", "{}").send().await.refused(415, "unsupported_media_type");
        bare(&confirm().await).raw("null").send().await.refused(422, "validation_failed");
        // Ships all that is reserved.
        let order = draft(tenant, &customer).await;
        for step in ["confirm", "ship", "invoice"] {
            bare(&format!("/v1/orders/{order}/{step}")).send().await.ok();
        }
        // Where fields are wanted, the rejection names them.
        let problem = bare("/v1/orders").send().await.refused(422, "validation_failed");
        assert_eq!(problem.pointers(), ["#/customer_id", "#/lines"]);
    });
}

#[test]
fn json_with_a_byte_order_mark_and_a_path_with_a_slash_are_read() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let body = format!("\u{feff}{}", sale(&till, &[("MUG", "1")]));
        let sold = send(tenant, Method::POST, "/v1/pos/sales/", &body).await;
        let id = sold.created()["id"].clone();
        let path = format!("/v1/pos/sales/{}/", id.as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok()["id"], id);
        let again = tenant.get("/v1/pos/sales//?limit=1").await.ok();
        assert_eq!(again["data"][0]["id"], id);
        let list = tenant.get("/v1/products/?limit=1").await;
        assert_eq!(list.ok()["data"][0]["sku"], "MUG");
        tenant.get("/v1/nothing/").await.refused(404, "route_not_found");
        for format in ["CSV", "csv", "Csv"] {
            let report = tenant.get(&format!("/v1/reports/stock_position?format={format}")).await;
            assert!(report.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")));
        }
        let import = "\u{feff}{\"items\":[{\"sku\":\"CUP\",\"name\":\"Cup\"}]}";
        assert_eq!(
            send(tenant, Method::POST, "/v1/products/import", import).await.ok()["created"],
            Value::from(1)
        );
    });
}
