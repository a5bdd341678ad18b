//! The log of requests, as the tenant sees it.

use std::time::Duration;

use actix_web::{HttpResponse, HttpServer, web};
use api::config::{Config, LoggedRequests};
use api::middleware::Common;
use reqwest::Method;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use service::relay::Outbox;
use tests::{Tenant, environment, lines, sale, with_tenant, with_tenants};

use super::auth::{key, key_with, outside};

/// Waits until a query of the log finds so many requests, and returns them.
async fn logged(tenant: &Tenant, query: &str, requests: usize) -> Vec<Value> {
    for _ in 0..600 {
        let list = tenant.get(&format!("/v1/request-log?{query}")).await.ok();
        let list = list["data"].as_array().expect("a list").clone();
        if list.len() >= requests {
            return list;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{requests} requests of {query} were not written within a minute");
}

/// Returns everything that the log keeps of the tenant, as one text.
async fn stored(tenant: &Tenant) -> String {
    let query =
        "select coalesce(string_agg(to_jsonb(l)::text, ' '), '') from request_log l where tenant_id = $1";
    let stored = sqlx::query_scalar(query).bind(tenant.id.0).fetch_one(&environment().root).await;
    stored.expect("the log is read")
}

#[test]
fn a_rejected_request_is_found_by_its_id() {
    with_tenants(async |tenant, other| {
        let (id, secret) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
        let few = tenant.with_key(&secret);
        let call = few.call(Method::GET, "/v1/orders?limit=7").header("x-request-id", "my-request.1");
        call.send().await.refused(403, "insufficient_scope");
        let body = json!({ "sku": "MUG", "name": "Mug", "metadata": { "note": "4111 1111 1111 1111" } });
        let call =
            tenant.call(Method::POST, "/v1/products").header("x-request-id", "my-request.2").json(&body);
        call.send().await.refused(422, "validation_failed");

        let found = logged(tenant, "request_id=my-request.1", 1).await;
        assert_eq!(found.len(), 1);
        let request = &found[0];
        for (member, expected) in [
            ("object", json!("logged_request")),
            ("request_id", json!("my-request.1")),
            ("actor_kind", json!("api_key")),
            ("actor_id", json!(id)),
            ("method", json!("GET")),
            ("path", json!("/v1/orders")),
            ("status", json!(403)),
            ("code", json!("insufficient_scope")),
            ("body", json!(null)),
        ] {
            assert_eq!(request[member], expected, "{member}: {request}");
        }
        let entry = request["id"].as_str().expect("an id");
        assert!(entry.starts_with("lrq_") && entry.len() == 30, "{entry}");
        assert!(request["duration_ms"].as_i64().is_some() && request["response_bytes"].as_i64() > Some(0));
        let second = &logged(tenant, "request_id=my-request.2", 1).await[0];
        assert_eq!((&second["code"], &second["body"]), (&json!("validation_failed"), &json!(null)));

        let own = other.get("/v1/request-log?request_id=my-request.1").await.ok();
        assert_eq!(own["data"], json!([]), "another tenant sees nothing");
        few.get("/v1/request-log").await.refused(403, "insufficient_scope");
        let reader = tenant.with_key(&key(tenant, &["api_keys:read"]).await);
        assert_eq!(reader.get("/v1/request-log?request_id=my-request.1").await.ok()["data"], json!(found));
    });
}

#[test]
fn requests_are_found_by_key_status_path_and_time() {
    with_tenant(async |tenant| {
        let (id, secret) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
        let few = tenant.with_key(&secret);
        few.get("/v1/products").await.ok();
        few.get("/v1/products?limit=0").await.refused(400, "invalid_parameter");
        few.get("/v1/categories").await.ok();
        let of_key = format!("actor_id={id}");
        let all = logged(tenant, &of_key, 3).await;
        assert_eq!(all.len(), 3);
        let paths = |list: &[Value]| -> Vec<String> {
            list.iter().map(|row| row["path"].as_str().expect("a path").to_owned()).collect()
        };
        assert_eq!(paths(&all), ["/v1/categories", "/v1/products", "/v1/products"], "newest first");
        for (query, expected) in [
            ("status=4xx", 1),
            ("status=2xx", 2),
            ("status=5xx", 0),
            ("path=/v1/prod", 2),
            ("method=get", 3),
            ("method=POST", 0),
            ("code=invalid_parameter", 1),
            ("code=not_found", 0),
        ] {
            let page = tenant.get(&format!("/v1/request-log?{of_key}&{query}")).await.ok();
            assert_eq!(page["data"].as_array().map(Vec::len), Some(expected), "{query}");
        }
        let at = all[1]["created_at"].as_str().expect("an instant");
        for (query, expected) in [("gte", 2), ("lt", 1)] {
            let page = tenant.get(&format!("/v1/request-log?{of_key}&created_at[{query}]={at}")).await.ok();
            assert_eq!(page["data"].as_array().map(Vec::len), Some(expected), "{query} {at}");
        }
        let first = tenant.get(&format!("/v1/request-log?{of_key}&limit=2")).await.ok();
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        let next = tenant.get(&format!("/v1/request-log?{of_key}&limit=2&cursor={cursor}")).await.ok();
        assert_eq!(next["data"], json!(all[2..]));
        for method in ["PROPFIND", "m-Search", "X!*-._~9"] {
            let token = Method::from_bytes(method.as_bytes()).expect("a method");
            few.call(token, "/v1/products").send().await.refused(405, "method_not_allowed");
            let found = logged(tenant, &format!("{of_key}&method={method}"), 1).await;
            assert_eq!((found.len(), &found[0]["status"]), (1, &json!(405)), "{method}");
        }
        let found = logged(tenant, &format!("{of_key}&method=propfind"), 1).await;
        assert_eq!(found[0]["method"], "PROPFIND");
        for method in ["G%20T", "GET,PUT", "G%C3%89T", &"A".repeat(33)] {
            let problem = tenant.get(&format!("/v1/request-log?method={method}")).await;
            let problem = problem.refused(400, "invalid_parameter");
            assert_eq!(problem.0["errors"][0]["parameter"], "method", "{method}");
        }
        tenant.get("/v1/request-log?status=400").await.refused(400, "invalid_parameter");
        tenant.get("/v1/request-log?code=nothing").await.refused(400, "invalid_parameter");
        tenant.get("/v1/request-log?actor_id=me").await.refused(400, "invalid_parameter");
    });
}

#[test]
fn a_rejected_document_is_found_by_its_code() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let order = tenant.order(&customer, &[("MUG", "1")], "confirmed").await.created();
        let amend = format!("/v1/orders/{}/amend", order["id"].as_str().expect("an id"));
        let unknown =
            json!({ "customer_id": "cus_01h455vb4pex5vsknk084sn02q", "lines": lines(&[("MUG", "1")]) });
        let late = json!({ "version": 7, "lines": [{ "line_no": 1, "quantity": "2" }] });
        for (number, path, body) in [
            (1, "/v1/pos/sales", sale(&till, &[("MUG", "9")])),
            // The repeat has the stored response.
            (1, "/v1/pos/sales", sale(&till, &[("MUG", "9")])),
            (2, "/v1/pos/sales", sale(&till, &[("NOPE", "1")])),
            (3, "/v1/orders", unknown),
            (4, amend.as_str(), late),
        ] {
            let reply = tenant.post_as(path, &format!("rejected-{number}"), &body).await;
            assert!((400..500).contains(&reply.status), "{path}: {}", reply.text);
            let problem = reply.json();
            let (id, code) = (&problem["request_id"], problem["code"].as_str().expect("a code"));
            let id = id.as_str().expect("an id");
            assert_eq!(logged(tenant, &format!("request_id={id}"), 1).await[0]["code"], code, "{problem}");
            let found = logged(tenant, &format!("code={code}&path={path}"), 1).await;
            assert!(found.iter().any(|request| request["request_id"] == id), "{code}: {found:?}");
        }
        let found = logged(tenant, "code=insufficient_stock", 2).await;
        assert!(found.iter().all(|request| request["status"] == 409), "{found:?}");
        let accepted = logged(tenant, "path=/v1/orders&status=2xx", 1).await;
        assert!(accepted.iter().all(|request| request["code"].is_null()), "{accepted:?}");
    });
}

#[test]
fn a_rejected_document_of_graphql_is_found_by_its_code() {
    with_tenant(async |tenant| {
        let kind = "application/graphql-response+json";
        let call = tenant.call(Method::POST, "/graphql").header("accept", kind);
        let reply = call.json(&json!({ "query": "{ nothing }" })).try_send().await.expect("a response");
        assert_eq!(reply.status, 400);
        let found = logged(tenant, "code=validation_failed", 1).await;
        assert_eq!((&found[0]["path"], &found[0]["status"]), (&json!("/graphql"), &json!(400)));
    });
}

#[test]
fn bodies_are_kept_only_with_the_setting_and_without_secrets() {
    const PASSWORD: &str = "correct horse battery staple";
    with_tenant(async |tenant| {
        let body = json!({ "email": "no address", "name": "Carl", "role": "cashier", "password": PASSWORD,
            "note": tenant.key });
        let send = async |id: &str| {
            let call = tenant.call(Method::POST, "/v1/users").header("x-request-id", id).json(&body);
            let status = call.send().await.status;
            assert!((400..500).contains(&status), "{status}");
        };
        send("without-setting").await;
        assert_eq!(logged(tenant, "request_id=without-setting", 1).await[0]["body"], json!(null));
        let changed = tenant.patch("/v1/settings", &json!({ "log_rejected_bodies": true })).await.ok();
        assert_eq!(changed["log_rejected_bodies"], true);
        send("with-setting").await;
        let request = logged(tenant, "request_id=with-setting", 1).await[0].clone();
        let kept: Value = serde_json::from_str(request["body"].as_str().expect("a body")).expect("JSON");
        assert_eq!((&kept["name"], &kept["password"]), (&json!("Carl"), &json!("[redacted]")));
        assert_eq!(kept["note"], "[redacted]");
        let scopes = ["api_keys:read", "costs:read", "customers:read"];
        let without_costs = ["api_keys:read", "customers:read"];
        for (scopes, sees) in [(&scopes[..], true), (&scopes[..2], false), (&without_costs[..], false)] {
            let reader = tenant.with_key(&key(tenant, scopes).await);
            let page = reader.get("/v1/request-log?request_id=with-setting").await.ok();
            assert_eq!(page["data"][0]["body"].is_string(), sees, "{scopes:?}");
        }
        let path = format!("/v1/api-keys/{}", tenant.key);
        tenant.call(Method::GET, &path).header("x-request-id", "key-in-path").send().await;
        let request = logged(tenant, "request_id=key-in-path", 1).await[0].clone();
        assert_eq!(request["path"], "/v1/api-keys/[redacted]");
        tenant.product("MUG", "1").await;
        logged(tenant, "path=/v1/products&status=2xx", 1).await;
        let stored = stored(tenant).await;
        for secret in [PASSWORD, tenant.key.as_str(), "Bearer", "\"sku\""] {
            assert!(!stored.contains(secret), "{secret} is stored: {stored}");
        }
    });
}

#[test]
fn a_server_may_log_rejected_requests_only() {
    with_tenant(async |tenant| {
        let log = |config: &mut Config| config.logged_requests = LoggedRequests::Rejected;
        let node = environment().node_with(log).await;
        let (id, secret) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
        let few = tenant.with_key(&secret).at(&node.base_url);
        few.get("/v1/products").await.ok();
        few.get("/v1/orders").await.refused(403, "insufficient_scope");
        let found = logged(tenant, &format!("actor_id={id}"), 1).await;
        assert_eq!((found.len(), &found[0]["path"]), (1, &json!("/v1/orders")));
    });
}

#[test]
fn the_log_takes_no_connection_from_writes() {
    with_tenant(async |tenant| {
        // Of 4 connections, one is for writes.
        let node = environment().node_with(|config| config.db_connections = 4).await;
        let here = tenant.at(&node.base_url);
        let mut holder = environment().connect().await;
        let mut held = holder.begin().await.expect("a transaction begins");
        let lock = sqlx::query("select from tenant where tenant_id = $1 for update").bind(tenant.id.0);
        lock.execute(&mut *held).await.expect("the row is locked");
        let change = here.call(Method::PATCH, "/v1/settings").header("if-match", "*");
        let change = change.json(&json!({ "log_rejected_bodies": true })).send();
        let read = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let call = here.call(Method::GET, "/v1/products").header("x-request-id", "my-request.4");
            call.send().await.ok();
            logged(tenant, "request_id=my-request.4", 1).await;
            held.rollback().await.expect("the row is free");
        };
        tokio::join!(change, read);
    });
}

#[test]
fn a_request_is_kept_for_seven_days() {
    with_tenant(async |tenant| {
        let _turn = environment().relays.lock().await;
        // An id begins with the millisecond of its row.
        let add = "insert into request_log (tenant_id, id, created_at, request_id, actor_kind, actor_id, method, path, status, duration_ms) \
            select $1, (lpad(to_hex((extract(epoch from now() - days * interval '1 day') * 1000)::bigint), 12, '0') \
                || left(md5(random()::text), 20))::uuid, now() - days * interval '1 day', 'old-request', 'user', $1, 'GET', '/', 200, 1 \
            from unnest(array[6, 8, 400]) days";
        outside(tenant, add).await;
        let outbox = Outbox::connect(&environment().relay_database_url()).await;
        let outbox = outbox.expect("the relay connects");
        assert!(outbox.forget_requests().await.expect("old requests are deleted") >= 2);
        let left = tenant.get("/v1/request-log?request_id=old-request").await.ok();
        assert_eq!(left["data"].as_array().map(Vec::len), Some(1));
    });
}

/// A handler with a fault.
async fn faulty() -> HttpResponse {
    panic!("a fault of a handler")
}

#[test]
fn a_request_whose_handler_panics_is_counted_and_logged() {
    with_tenant(async |tenant| {
        let node = environment()
            .node_with(|config| config.metrics_addr = Some("127.0.0.1:0".parse().expect("an address")))
            .await;
        let app = node.app.clone();
        let server = HttpServer::new(move || {
            let wrapped = actix_web::App::new().app_data(app.clone()).wrap(Common { app: app.clone() });
            wrapped.route("/v1/products/{id}", web::get().to(faulty))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("an address");
        let here = tenant.at(&format!("http://{}", server.addrs()[0]));
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);

        let call = here.call(Method::GET, "/v1/products/mug").header("x-request-id", "my-request.3");
        let reply = call.header("origin", "https://shop.example").try_send().await.expect("a response");
        assert_eq!((reply.status, reply.header("x-request-id")), (500, Some("my-request.3")));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert!(reply.header("ratelimit").is_some() && reply.header("stockwell-version").is_some());
        let problem = reply.refused(500, "internal_error");
        assert_eq!(problem.0["request_id"], "my-request.3");
        let found = logged(tenant, "request_id=my-request.3", 1).await;
        for (member, expected) in [
            ("method", json!("GET")),
            ("path", json!("/v1/products/mug")),
            ("status", json!(500)),
            ("code", json!("internal_error")),
            ("body", json!(null)),
        ] {
            assert_eq!(found[0][member], expected, "{member}: {}", found[0]);
        }
        let url = node.metrics_url.as_deref().expect("a URL");
        let figures = environment().http.get(url).send().await.expect("a response").text().await;
        let figures = figures.expect("text");
        let counted = "stockwell_requests_total{method=\"GET\",route=\"/v1/products/{id}\",status=\"500\"} ";
        assert!(figures.contains(counted), "{figures}");
        handle.stop(false).await;
    });
}
