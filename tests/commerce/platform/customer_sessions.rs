//! Customer sessions: the customer of a web shop reads and writes its own records, at its own prices, and nothing else.

use std::collections::BTreeSet;

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, lines, with_tenant};

use super::auth::{key_with, outside};
use super::isolation::operation::{self, operations};
use super::isolation::world::world;
use super::isolation::{ENDLESS, call, comparable};

const PATH: &str = "/v1/customer-sessions";
/// Operations that are open to customer sessions besides those of publishable keys.
const OPEN: [&str; 14] = [
    "customers_get",
    "customers_get_account",
    "customers_update",
    "holds_create",
    "holds_extend",
    "holds_get",
    "holds_list",
    "holds_release",
    "invoices_get",
    "invoices_list",
    "orders_cancel",
    "orders_create",
    "orders_get",
    "orders_list",
];

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A customer, its session and a client of it.
struct Buyer {
    customer: String,
    session: Value,
    client: Client,
}

async fn buyer_of(tenant: &Tenant, opener: &Client, customer: String) -> Buyer {
    let session = opener.post(PATH, &json!({ "customer_id": customer })).await.created();
    let client = tenant.with_key(text(&session["token"]));
    Buyer { customer, session, client }
}

async fn buyer(tenant: &Tenant, name: &str) -> Buyer {
    let customer = tenant.customer(name).await;
    buyer_of(tenant, tenant, customer).await
}

/// Makes a customer who gets a mug for 8.00, and its session.
async fn buyer_with_price(tenant: &Tenant) -> Buyer {
    let list = tenant.make("/v1/price-lists", json!({ "code": "dear", "name": "Dear customers" })).await;
    let rule = json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": "8" });
    tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
    let customer = tenant.customer_with("Hotel", json!({ "price_list_id": list })).await;
    buyer_of(tenant, tenant, customer).await
}

fn order(customer: &str, quantity: &str) -> Value {
    json!({ "customer_id": customer, "lines": lines(&[("MUG", quantity)]), "advance_to": "confirmed" })
}

#[test]
fn a_session_says_that_its_tenant_was_moved() {
    with_tenant(async |tenant| {
        let Buyer { client, .. } = buyer(tenant, "Hotel").await;
        outside(tenant, "update tenant set moved_at = now() where tenant_id = $1").await;
        client.get("/v1/me").await.refused(403, "tenant_moved");
        outside(tenant, "update tenant set moved_at = null where tenant_id = $1").await;
    });
}

#[test]
fn a_customer_orders_at_its_own_prices() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let Buyer { customer, session, client } = buyer_with_price(tenant).await;
        let me = client.get("/v1/me").await.ok();
        assert_eq!((&me["actor_kind"], &me["actor_name"]), (&json!("customer"), &json!("Hotel")));
        assert_eq!(me["customer_id"], json!(customer));

        let basket = json!({ "channel": "wholesale", "lines": [{ "sku": "MUG", "quantity": "1" }] });
        let prices = client.post("/v1/prices/resolve", &basket).await.ok();
        assert_eq!(prices["lines"][0]["unit_price"], "8.00");
        assert_eq!(prices["lines"][0]["trace"], Value::Null);

        let placed = client.post("/v1/orders", &order(&customer, "2")).await.created();
        assert_eq!((&placed["net"], &placed["status"]), (&json!("16.00"), &json!("confirmed")));
        let path = format!("/v1/orders/{}", text(&placed["id"]));
        let patch = json!({ "notes": "Pays late", "tags": ["watch"], "metadata": { "margin": "much" } });
        tenant.patch(&path, &patch).await.ok();
        for reply in [client.get(&path).await, client.get("/v1/orders").await] {
            assert_eq!(reply.status, 200, "{}", reply.text);
            for hidden in ["Pays late", "watch", "margin"] {
                assert!(!reply.text.contains(hidden), "{hidden}: {}", reply.text);
            }
        }
        let account = client.get(&format!("/v1/customers/{customer}/account")).await.ok();
        assert_eq!(account["receivable"], "0.00");
        let log = tenant.get("/v1/commands?name=order.created").await.ok();
        let entry = &log["data"][0];
        assert_eq!((&entry["actor_kind"], &entry["actor_name"]), (&json!("customer"), &json!("Hotel")));
        assert_eq!(entry["actor_id"], session["id"]);
        let by_actor = tenant.get(&format!("/v1/commands?actor_id={}", text(&session["id"]))).await.ok();
        assert_eq!(by_actor["data"][0]["name"], "order.created");

        let cancelled = client.post(&format!("{path}/cancel"), &json!({})).await.ok();
        assert_eq!(cancelled["status"], "cancelled");
        assert!(!cancelled.to_string().contains("Pays late"), "{cancelled}");
        let shipped = client.post("/v1/orders", &order(&customer, "1")).await.created();
        let shipped = text(&shipped["id"]);
        tenant.step(shipped, "ship").await.ok();
        client
            .post(&format!("/v1/orders/{shipped}/cancel"), &json!({}))
            .await
            .refused(409, "invalid_state_transition");
        tenant.step(shipped, "invoice").await.ok();
        let invoices = client.get("/v1/invoices?open=true").await.ok();
        assert_eq!(invoices["data"].as_array().map(Vec::len), Some(1), "{invoices}");
        client.get(&format!("/v1/invoices/{}", text(&invoices["data"][0]["id"]))).await.ok();
    });
}

#[test]
fn a_customer_sets_no_price_and_nothing_of_the_tenant() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let Buyer { customer, client, .. } = buyer(tenant, "Hotel").await;
        for (pointer, value) in [
            ("/discount", json!({ "percent": "50" })),
            ("/external_ref", json!("shop-1")),
            ("/metadata", json!({ "a": "b" })),
            ("/notes", json!("Give a discount")),
            ("/tags", json!(["vip"])),
            ("/occurred_at", json!("2026-01-02T10:00:00Z")),
            ("/priority", json!(9)),
            ("/country", json!("US")),
            ("/id", json!("ord_01h455vb4pex5vsknk084sn02q")),
            ("/advance_to", json!("invoiced")),
            ("/lines/0/unit_price", json!("1")),
            ("/lines/0/price_reason", json!("A friend")),
            ("/lines/0/discount", json!({ "amount": "1" })),
            ("/lines/0/description", json!("A gift")),
        ] {
            let mut body = order(&customer, "1");
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            body.pointer_mut(parent).expect("the parent")[name] = value;
            let refused = client.post("/v1/orders", &body).await;
            refused.refused(422, "validation_failed").names(&[&format!("#{pointer}")]);
        }
        client.dry_run("/v1/orders", &order(&customer, "1")).await.refused(403, "not_publishable");
        client.get("/v1/orders?metadata[a]=b").await.refused(403, "not_publishable");
        for path in ["/v1/orders", "/v1/invoices"] {
            client.get(&format!("{path}?external_ref=shop-1")).await.refused(403, "not_publishable");
        }
        client.get("/v1/orders?format=ndjson").await.refused(403, "not_publishable");
        client.get("/v1/orders?expand=customer").await.refused(403, "not_publishable");
        assert_eq!(tenant.count("sales_order").await, 0);

        let path = format!("/v1/customers/{customer}");
        tenant.patch(&path, &json!({ "notes": "Pays late" })).await.ok();
        let address = json!({ "code": "dock", "address": { "line1": "7 Harbour Road", "city": "Hull", "country": "GB" } });
        let change = json!({ "addresses": [address], "contacts": [{ "name": "Front desk" }] });
        let changed = client.patch(&path, &change).await;
        assert_eq!(changed.ok()["addresses"][0]["code"], "dock");
        let read = client.get(&path).await;
        assert_eq!(read.ok()["contacts"][0]["name"], "Front desk");
        for reply in [&changed, &read] {
            assert!(!reply.text.contains("Pays late"), "{}", reply.text);
        }
        assert_eq!(tenant.get(&path).await.ok()["notes"], "Pays late");
        for (name, value) in [
            ("credit_limit", json!("1000000.00")),
            ("tax_number", json!("GB1")),
            ("tax_exempt", json!(true)),
            ("payment_days", json!(365)),
            ("email", json!("other@shop.example")),
            ("status", json!("blocked")),
            ("notes", json!("Pays late")),
        ] {
            let mut patch = change.clone();
            patch[name] = value;
            let refused = client.patch(&path, &patch).await;
            refused.refused(422, "validation_failed").names(&[&format!("#/{name}")]);
        }
    });
}

#[test]
fn a_session_opens_these_routes_and_no_others() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let open_to = |mark: &str| -> BTreeSet<String> {
            let items = document["paths"].as_object().expect("paths").values();
            let all = items.flat_map(|item| item.as_object().expect("operations").values());
            let open = all.filter(|operation| operation[mark] == true);
            open.map(|operation| text(&operation["operationId"]).to_owned()).collect()
        };
        assert_eq!(open_to("x-customer-session"), OPEN.map(str::to_owned).into());
        let open: BTreeSet<String> = &open_to("x-customer-session") | &open_to("x-publishable");
        let world = world(tenant).await;
        let client = buyer(tenant, "Hotel").await.client;
        let before = tenant.footprint().await;
        for operation in operations() {
            let is_closed = operation.scopes.is_some() && !open.contains(&operation.id);
            if !is_closed || ENDLESS.contains(&operation.id.as_str()) || operation.path == "/graphql" {
                continue;
            }
            let id = |kind: &str| world.ids.get(kind).cloned().unwrap_or_else(|| operation::unknown(kind));
            let reply = call(&client, &operation, &operation.path_with(id), &json!({})).await;
            assert_eq!(reply.json()["code"], "not_publishable", "{}: {}", operation.id, reply.text);
        }
        let query = json!({ "query": "{ lowStock(limit: 1) { rows { sku } } }" });
        client.call(Method::POST, "/graphql").json(&query).send().await.refused(403, "not_publishable");
        assert_eq!(tenant.footprint().await, before, "a customer changes nothing");
    });
}

/// Sends the same request with the id of a record of another customer and with one that does not exist. Returns the response, after
/// a check that both are equal.
async fn same(id: &str, unknown: &str, send: impl AsyncFn(&str) -> Reply) -> Reply {
    let (theirs, nobodys) = (send(id).await, send(unknown).await);
    assert_eq!(comparable(&theirs, id), comparable(&nobodys, unknown), "{id}");
    theirs
}

#[test]
fn a_record_of_another_customer_looks_like_one_that_is_not_there() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let world = world(tenant).await;
        let Buyer { customer, session, client } = buyer(tenant, "Hotel").await;
        let other = buyer_of(tenant, tenant, world.ids["cus"].clone()).await;
        let cart = json!({ "lines": lines(&[("MUG", "1")]), "expires_at": session["expires_at"] });
        let hold = other.client.post("/v1/stock/holds", &cart).await.created();
        let ids =
            |kind: &str| if kind == "hld" { text(&hold["id"]).to_owned() } else { world.ids[kind].clone() };
        let mut tried = 0;
        for operation in operations().into_iter().filter(|operation| OPEN.contains(&operation.id.as_str())) {
            let [kind] = operation.kinds.as_slice() else { continue };
            let body = if operation.id == "holds_extend" {
                json!({ "expires_at": session["expires_at"] })
            } else {
                json!({})
            };
            let send = async |id: &str| {
                call(&client, &operation, &operation.path_with(|_| id.to_owned()), &body).await
            };
            let reply = same(&ids(kind), &operation::unknown(kind), send).await;
            assert_eq!(reply.status, 404, "{}: {}", operation.id, reply.text);
            tried += 1;
        }
        assert_eq!(tried, 9);
        for path in ["/v1/orders", "/v1/invoices", "/v1/stock/holds"] {
            assert_eq!(client.get(path).await.ok()["data"], json!([]), "{path}");
            let send = async |id: &str| client.get(&format!("{path}?customer_id={id}")).await;
            let reply = same(&world.ids["cus"], &operation::unknown("cus"), send).await;
            assert_eq!(reply.ok()["data"], json!([]), "{path}");
        }
        let of_order = async |id: &str| client.get(&format!("/v1/invoices?order_id={id}")).await;
        same(&world.ids["ord"], &operation::unknown("ord"), of_order).await.ok();

        let basket = json!({ "channel": "wholesale", "lines": [{ "sku": "MUG", "quantity": "1" }] });
        let own_order = order(&customer, "1");
        for (path, field, body) in [
            ("/v1/prices/resolve", "customer_id", &basket),
            ("/v1/stock/holds", "customer_id", &cart),
            ("/v1/orders", "customer_id", &own_order),
            ("/v1/orders", "hold_id", &own_order),
        ] {
            let kind = if field == "hold_id" { "hld" } else { "cus" };
            let send = async |id: &str| {
                let mut body = body.clone();
                body[field] = json!(id);
                client.post(path, &body).await
            };
            let reply = same(&ids(kind), &operation::unknown(kind), send).await;
            assert!(matches!(reply.status, 404 | 422), "{path} {field}: {}", reply.text);
        }
        assert_eq!(other.client.get("/v1/stock/holds").await.ok()["data"][0]["status"], "open");
    });
}

#[test]
fn a_session_has_one_cart() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let Buyer { customer, session, client } = buyer(tenant, "Hotel").await;
        let cart = |quantity: &str| json!({ "lines": lines(&[("MUG", quantity)]), "expires_at": session["expires_at"] });
        let first = client.post("/v1/stock/holds", &cart("9")).await.created();
        let hold = client.post("/v1/stock/holds", &cart("3")).await.created();
        assert_eq!((&hold["reference"], &hold["customer_id"]), (&session["id"], &json!(customer)));
        let replaced = client.get(&format!("/v1/stock/holds/{}", text(&first["id"]))).await.ok();
        assert_eq!(replaced["status"], "replaced");
        let available = async |more: &str| {
            let found = client.get(&format!("/v1/stock/availability?sku=MUG{more}")).await.ok();
            text(&found["data"][0]["available"]).to_owned()
        };
        let id = text(&hold["id"]);
        assert_eq!(available("").await, "7");
        assert_eq!(available(&format!("&hold_id={id}")).await, "10");

        let path = format!("/v1/stock/holds/{id}");
        let late = json!({ "expires_at": "2999-01-01T00:00:00Z" });
        let refused = client.post(&format!("{path}/extend"), &late).await;
        refused.refused(422, "validation_failed").names(&["#/expires_at"]);
        for (name, value) in [
            ("reference", json!("cart-1")),
            ("kind", json!("channel_allotment")),
            ("channel", json!("wholesale")),
            ("note", json!("Mine")),
            ("expires_at", late["expires_at"].clone()),
        ] {
            let mut body = cart("1");
            body[name] = value;
            let refused = client.post("/v1/stock/holds", &body).await;
            refused.refused(422, "validation_failed").names(&[&format!("#/{name}")]);
        }
        let second = buyer_of(tenant, tenant, customer.clone()).await;
        second.client.get(&path).await.refused(404, "not_found");
        assert_eq!(second.client.get("/v1/stock/holds").await.ok()["data"], json!([]));

        let mut body = order(&customer, "3");
        body["hold_id"] = hold["id"].clone();
        client.post("/v1/orders", &body).await.created();
        assert_eq!(client.get(&path).await.ok()["status"], "used");
        assert_eq!(available("").await, "7");
    });
}

#[test]
fn an_idempotency_key_of_another_caller_replays_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let Buyer { customer, client, .. } = buyer(tenant, "Hotel").await;
        let again = buyer_of(tenant, tenant, customer.clone()).await;
        let body = order(&customer, "1");
        let of_tenant = tenant.post_as("/v1/orders", "shared", &body).await.created();
        let own = client.post_as("/v1/orders", "shared", &body).await;
        assert!(!own.is_replayed() && own.created()["id"] != of_tenant["id"], "{}", own.text);
        let replay = again.client.post_as("/v1/orders", "shared", &body).await;
        assert!(replay.is_replayed() && replay.created()["id"] == own.created()["id"], "{}", replay.text);
        let stranger = buyer(tenant, "Café").await;
        let theirs = stranger.client.post_as("/v1/orders", "shared", &body).await;
        assert!(!theirs.is_replayed() && matches!(theirs.status, 404 | 422), "{}", theirs.text);
    });
}

#[test]
fn a_session_ends_with_its_time_its_key_and_its_customer() {
    with_tenant(async |tenant| {
        let refused = async |buyer: &Buyer| {
            buyer.client.get("/v1/me").await.refused(401, "invalid_token");
        };
        let ended = buyer(tenant, "Hotel").await;
        ended.client.get("/v1/me").await.ok();
        let path = format!("{PATH}/{}", text(&ended.session["id"]));
        tenant.delete(&path).await.expect(204);
        tenant.delete(&path).await.expect(204);
        refused(&ended).await;
        assert!(tenant.get(&path).await.ok()["revoked_at"].is_string());

        let (key_id, secret) = key_with(tenant, json!({ "scopes": ["customer_sessions:write"] })).await;
        let of_key = buyer_of(tenant, &tenant.with_key(&secret), tenant.customer("Café").await).await;
        of_key.client.get("/v1/me").await.ok();
        tenant.delete(&format!("/v1/api-keys/{key_id}")).await.expect(204);
        refused(&of_key).await;

        let blocked = buyer(tenant, "Bar").await;
        let of_blocked = format!("/v1/customers/{}", blocked.customer);
        tenant.patch(&of_blocked, &json!({ "status": "blocked" })).await.ok();
        refused(&blocked).await;
        let body = json!({ "customer_id": blocked.customer });
        tenant.post(PATH, &body).await.refused(409, "invalid_state_transition");

        let old = buyer(tenant, "Inn").await;
        let age = "update customer_session set expires_at = now() - interval '1 second' where tenant_id = $1";
        sqlx::query(age).bind(tenant.id.0).execute(&environment().root).await.expect("the session is old");
        refused(&old).await;
        for token in ["sws_x", "sws_01h455vb4pex5vsknk084sn02q_x"] {
            tenant.with_key(token).get("/v1/me").await.refused(401, "invalid_token");
        }
    });
}

#[test]
fn a_session_is_bound_to_origins_and_to_the_bounds_of_its_key() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let customer = tenant.customer("Hotel").await;
        let from = async |client: &Client, origin: &str| {
            client.call(Method::GET, "/v1/orders").header("origin", origin).send().await
        };
        let server = buyer_of(tenant, tenant, customer.clone()).await;
        from(&server.client, "https://shop.example").await.refused(403, "origin_not_allowed");
        let body = json!({ "customer_id": customer, "origins": ["https://shop.example"], "expires_in": 60 });
        let session = tenant.post(PATH, &body).await.created();
        let page = tenant.with_key(text(&session["token"]));
        let reply = from(&page, "https://shop.example").await;
        reply.ok();
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"));
        from(&page, "https://evil.example").await.refused(403, "origin_not_allowed");

        for (name, value) in [("expires_in", json!(59)), ("expires_in", json!(86_401))] {
            let body = json!({ "customer_id": customer, name: value });
            tenant.post(PATH, &body).await.refused(422, "validation_failed").names(&["#/expires_in"]);
        }
        let body =
            json!({ "customer_id": customer, "origins": ["shop.example", "https://shop.example:443"] });
        let refused = tenant.post(PATH, &body).await.refused(422, "validation_failed");
        refused.names(&["#/origins/0", "#/origins/1"]);

        let bounded = json!({ "scopes": ["customer_sessions:write"], "amount_max": "50.00" });
        let opener = tenant.with_key(&key_with(tenant, bounded).await.1);
        let small = buyer_of(tenant, &opener, customer.clone()).await;
        small.client.post("/v1/orders", &order(&customer, "30")).await.refused(403, "bound_exceeded");
        small.client.post("/v1/orders", &order(&customer, "1")).await.created();

        let made = tenant.post_as(PATH, "open-1", &json!({ "customer_id": customer })).await;
        assert!(text(&made.created()["token"]).starts_with("sws_"));
        let again = tenant.post_as(PATH, "open-1", &json!({ "customer_id": customer })).await;
        assert!(again.is_replayed() && again.created()["token"] == Value::Null, "{}", again.text);
        let listed = tenant.get(&format!("{PATH}?customer_id={customer}&limit=1")).await;
        assert!(!listed.text.contains("sws_"), "{}", listed.text);
        let page = json!({ "name": "Window", "kind": "pk", "mode": "test", "origins": ["*"],
            "scopes": ["customer_sessions:write"] });
        tenant.post("/v1/api-keys", &page).await.refused(422, "validation_failed").names(&["#/scopes/0"]);
    });
}
