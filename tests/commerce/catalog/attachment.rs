//! Files of records: checked by their content, stored once, shown to those who may read the record.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Reply, environment, until_waiting, with_tenant};
use uuid::Uuid;

use crate::platform::auth::{key, key_with};

const PATH: &str = "/v1/attachments";
/// The file `hello` in base64, and its SHA-256.
const HELLO: &str = "aGVsbG8=";
const HELLO_SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// Returns the begin of a PNG image, up to its width and height.
fn png(width: u32, height: u32) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
    [head.as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat()
}

/// Sends a file as the body.
async fn send(client: &Client, query: &str, media_type: &str, content: impl Into<Vec<u8>>) -> Reply {
    let call = client.call(Method::POST, &format!("{PATH}?{query}")).key(&Uuid::new_v4().to_string());
    call.body(media_type, content).send().await
}

/// Adds the text `hello` to a record.
async fn hello(client: &Client, record: &str, filename: &str) -> Reply {
    let body =
        json!({ "record_id": record, "filename": filename, "content_type": "text/plain", "content": HELLO });
    client.post(PATH, &body).await
}

fn id(made: &Value) -> &str {
    made["id"].as_str().expect("an id")
}

#[test]
fn a_product_shows_its_images_in_their_order() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "1.00").await.id;
        let query = format!("record_id={product}&filename=side.png");
        let side = send(tenant, &query, "image/png", png(640, 480)).await.created();
        assert_eq!([&side["width"], &side["height"], &side["position"]], [640, 480, 0]);
        assert_eq!(side["content_type"], "image/png");
        let query = format!("record_id={product}&filename=top.png&title=From%20above");
        let top = send(tenant, &query, "image/png", png(8, 9)).await.created();
        hello(tenant, &product, "sheet.txt").await.created();
        let path = format!("/v1/products/{product}");
        let shown = tenant.get(&path).await.ok();
        assert_eq!(shown["version"], 3, "an image makes a version, another file does not");
        let ids = |shown: &Value| -> Vec<String> {
            let images = shown["image_files"].as_array().expect("images").iter();
            images.map(|image| image["attachment_id"].as_str().expect("an id").to_owned()).collect()
        };
        assert_eq!(ids(&shown), [id(&side), id(&top)]);
        assert_eq!(shown["image_files"][1]["title"], "From above");
        assert_eq!(shown["image_files"][1]["url"], top["url"]);
        tenant.patch(&format!("{PATH}/{}", id(&side)), &json!({ "position": 5 })).await.ok();
        let shown = tenant.get(&path).await.ok();
        assert_eq!(ids(&shown), [id(&top), id(&side)]);
        assert_eq!(tenant.get("/v1/products?sku=BOLT").await.ok()["data"][0], shown);
        let renamed = tenant.patch(&path, &json!({ "name": "Bolt M8" })).await.ok();
        assert_eq!(renamed["image_files"], shown["image_files"]);
        let listed = tenant.get(&format!("{PATH}?record_id={product}")).await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(3));
    });
}

#[test]
fn content_is_sent_as_a_file_to_save() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let made = hello(tenant, &customer, "Grüße.txt").await.created();
        assert_eq!([&made["sha256"], &made["record_id"]], [HELLO_SHA256, customer.as_str()]);
        assert_eq!(made["size_bytes"], 5);
        let path = made["url"].as_str().expect("a path");
        let reply = tenant.get(path).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "hello"));
        let etag = format!("\"{HELLO_SHA256}\"");
        for (name, value) in [
            ("content-type", "text/plain"),
            ("content-disposition", "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("etag", etag.as_str()),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        let again = tenant.call(Method::GET, path).header("if-none-match", &etag).send().await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
    });
}

#[test]
fn content_that_is_not_allowed_is_rejected() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "1.00").await.id;
        let query = format!("record_id={product}&filename=a.png");
        for content in
            [b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), png(20_000, 20_000), b"GIF89a".to_vec()]
        {
            let reply = send(tenant, &query, "image/png", content).await;
            let problem = reply.refused(422, "validation_failed").0;
            assert_eq!(problem["errors"][0]["header"], "Content-Type", "{problem}");
        }
        send(tenant, &query, "text/html", "<p>").await.refused(415, "unsupported_media_type");
        send(tenant, &query, "image/svg+xml", "<svg/>").await.refused(415, "unsupported_media_type");
        let long = vec![b'a'; 5 * 1024 * 1024 + 1];
        send(tenant, &query, "text/plain", long).await.refused(413, "payload_too_large");
        for (query, status, code, parameter) in [
            ("filename=a".to_owned(), 400, "invalid_parameter", "record_id"),
            (format!("record_id={product}"), 400, "invalid_parameter", "filename"),
            (
                "filename=a&record_id=pay_01h455vb4pex5vsknk084sn02q".to_owned(),
                400,
                "invalid_parameter",
                "record_id",
            ),
            ("filename=a&record_id=prd_01h455vb4pex5vsknk084sn02q".to_owned(), 404, "not_found", "record_id"),
            (format!("record_id={product}&filename=..%2Fa"), 422, "validation_failed", "filename"),
        ] {
            let problem = send(tenant, &query, "text/plain", "hello").await.refused(status, code).0;
            assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
        }
        let body = |field: &str, value: &str| {
            let mut body = json!({ "record_id": product, "filename": "a", "content_type": "text/plain", "content": HELLO });
            body[field] = json!(value);
            body
        };
        for (field, value) in [
            ("content", "?"),
            ("content", "PGh0bWw+"),
            ("content_type", "image/png"),
            ("content_type", "text/html"),
            ("record_id", "ord"),
            ("filename", "a\\b"),
            ("filename", "bill\u{202e}fdp.exe"),
        ] {
            let reply = tenant.post(PATH, &body(field, value)).await;
            let named = if (field, value) == ("content_type", "image/png") { "content" } else { field };
            reply.refused(422, "validation_failed").names(&[&format!("#/{named}")]);
        }
        assert_eq!([tenant.count("attachment").await, tenant.count("attachment_content").await], [0, 0]);
    });
}

#[test]
fn equal_content_is_stored_once_and_goes_with_its_last_file() {
    with_tenant(async |tenant| {
        let (bolt, nut) = (tenant.product("BOLT", "1.00").await.id, tenant.product("NUT", "1.00").await.id);
        let one = hello(tenant, &bolt, "a.txt").await.created();
        let other = hello(tenant, &nut, "b.txt").await.created();
        let db = &environment().db;
        let stored = async || service::tenant::quota::get(db, &tenant.slug).await.expect("the usage").stored;
        assert_eq!((tenant.count("attachment_content").await, stored().await), (1, 5));
        tenant.delete(&format!("{PATH}/{}", id(&one))).await.expect(204);
        tenant.get(&format!("{PATH}/{}", id(&one))).await.refused(404, "not_found");
        assert_eq!(tenant.get(other["url"].as_str().expect("a path")).await.text, "hello");
        assert_eq!((tenant.count("attachment_content").await, stored().await), (1, 5));
        tenant.delete(&format!("{PATH}/{}", id(&other))).await.expect(204);
        assert_eq!((tenant.count("attachment_content").await, stored().await), (0, 0));
    });
}

#[test]
fn files_take_no_more_than_the_quota() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "1.00").await.id;
        let db = &environment().db;
        service::tenant::quota::set(db, &tenant.slug, Some(8)).await.expect("a quota");
        hello(tenant, &product, "a.txt").await.created();
        hello(tenant, &product, "equal.txt").await.created();
        let query = format!("record_id={product}&filename=b.txt");
        let problem =
            send(tenant, &query, "text/plain", "four").await.refused(409, "invalid_state_transition").0;
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains("5 of 8 bytes")), "{problem}");
        send(tenant, &query, "text/plain", "ab").await.created();
        service::tenant::quota::set(db, &tenant.slug, None).await.expect("no quota of its own");
        send(tenant, &query, "text/plain", "four").await.created();
    });
}

#[test]
fn a_record_has_at_most_50_files() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "1.00").await.id;
        for number in 0..50 {
            hello(tenant, &product, &format!("{number}.txt")).await.created();
        }
        hello(tenant, &product, "more.txt").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn a_caller_reads_and_changes_the_files_of_its_records() {
    with_tenant(async |tenant| {
        let (product, customer) =
            (tenant.product("BOLT", "1.00").await.id, tenant.customer("Nordwind Supply").await);
        let contract = hello(tenant, &customer, "contract.txt").await.created();
        let path = format!("{PATH}/{}", id(&contract));
        let catalog = tenant.with_key(&key(tenant, &["catalog:read", "catalog:write"]).await);
        hello(&catalog, &product, "sheet.txt").await.created();
        hello(&catalog, &customer, "mine.txt").await.refused(403, "insufficient_scope");
        catalog.get(&path).await.refused(404, "not_found");
        catalog.get(&format!("{path}/content")).await.refused(404, "not_found");
        let title = json!({ "title": "Mine" });
        // A caller learns of no file that it may neither read nor change.
        let unknown = format!("{PATH}/att_01h455vb4pex5vsknk084sn02q");
        let reader = tenant.with_key(&key(tenant, &["catalog:read", "customers:read"]).await);
        for path in [&path, &unknown] {
            catalog.delete(path).await.refused(404, "not_found");
            catalog.patch(path, &title).await.refused(404, "not_found");
            reader.delete(path).await.refused(403, "insufficient_scope");
            reader.patch(path, &title).await.refused(403, "insufficient_scope");
        }
        let sees_both = tenant.with_key(&key(tenant, &["catalog:write", "customers:read"]).await);
        sees_both.get(&path).await.ok();
        sees_both.delete(&path).await.refused(403, "insufficient_scope");
        let listed = catalog.get(PATH).await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(listed["data"][0]["filename"], "sheet.txt");
        // The body is not looked at.
        let query = format!("record_id={customer}&filename=mine.html");
        send(&catalog, &query, "text/html", "<p>").await.refused(403, "insufficient_scope");
    });
}

#[test]
fn files_that_state_costs_are_read_with_the_scope_of_costs() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "1.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
        let line = json!({ "sku": "BOLT", "quantity": "10", "unit_cost": "4.00" });
        let order =
            tenant.make("/v1/purchase-orders", json!({ "supplier_id": supplier, "lines": [line] })).await;
        let confirmation = hello(tenant, &order, "confirmation.txt").await.created();
        let contract = hello(tenant, &supplier, "contract.txt").await.created();
        let content = confirmation["url"].as_str().expect("a path");
        let clerk = tenant.with_key(&key(tenant, &["purchasing:read"]).await);
        clerk.get(content).await.refused(404, "not_found");
        clerk.get(&format!("{PATH}/{}", id(&confirmation))).await.refused(404, "not_found");
        assert_eq!(clerk.get(PATH).await.ok()["data"], json!([contract]));
        let buyer = tenant.with_key(&key(tenant, &["purchasing:read", "costs:read"]).await);
        assert_eq!(buyer.get(content).await.text, "hello");
    });
}

#[test]
fn a_visitor_sees_images_of_products_on_sale() {
    with_tenant(async |tenant| {
        let (bolt, old) = (tenant.product("BOLT", "1.00").await.id, tenant.product("OLD", "1.00").await.id);
        let image = |product: &str| format!("record_id={product}&filename=a.png");
        let shown = send(tenant, &image(&bolt), "image/png", png(8, 9)).await.created();
        let hidden = send(tenant, &image(&old), "image/png", png(8, 9)).await.created();
        let sheet = hello(tenant, &bolt, "sheet.txt").await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        hello(tenant, &customer, "contract.txt").await.created();
        tenant.patch(&format!("/v1/products/{old}"), &json!({ "status": "archived" })).await.ok();
        let wanted = json!({ "kind": "pk", "scopes": ["catalog:read"], "origins": ["*"] });
        let visitor = tenant.with_key(&key_with(tenant, wanted).await.1);
        let listed = visitor.get(PATH).await.ok();
        assert_eq!(listed["data"], json!([shown]));
        assert_eq!(
            visitor.call(Method::GET, shown["url"].as_str().expect("a path")).open().await.status(),
            200
        );
        for file in [&hidden, &sheet] {
            visitor.get(file["url"].as_str().expect("a path")).await.refused(404, "not_found");
        }
        hello(&visitor, &bolt, "mine.txt").await.refused(403, "not_publishable");
    });
}

#[test]
fn the_files_of_an_erased_customer_go() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let product = tenant.product("BOLT", "1.00").await.id;
        hello(tenant, &customer, "contract.txt").await.created();
        hello(tenant, &product, "sheet.txt").await.created();
        tenant.post(&format!("/v1/customers/{customer}/erase"), &json!({})).await.ok();
        let left = tenant.get(PATH).await.ok();
        assert_eq!(left["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(left["data"][0]["record_id"], json!(product));
        assert_eq!(tenant.count("attachment_content").await, 1, "the product has equal content");
    });
}

#[test]
fn a_file_that_is_added_while_its_customer_is_erased_goes_too() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        hello(tenant, &customer, "contract.txt").await.created();
        let mut upload = environment().root.begin().await.expect("a transaction");
        for statement in [
            "select from attachment_usage where tenant_id = $1 for update",
            "insert into attachment (tenant_id, id, record_kind, record_id, sha256, filename, position, content_type, \
                                     created_at, updated_at) \
             select tenant_id, gen_random_uuid(), record_kind, record_id, sha256, 'late.txt', 1, content_type, now(), now() \
             from attachment where tenant_id = $1",
        ] {
            let done = sqlx::query(statement).bind(tenant.id.0).execute(&mut *upload).await;
            done.expect("the statement runs");
        }
        let erased = async { tenant.post(&format!("/v1/customers/{customer}/erase"), &json!({})).await };
        let added = async {
            until_waiting(&mut upload, 1).await;
            upload.commit().await.expect("the file is added");
        };
        let (erased, ()) = tokio::join!(erased, added);
        erased.ok();
        assert_eq!([tenant.count("attachment").await, tenant.count("attachment_content").await], [0, 0]);
    });
}

#[test]
fn a_repeated_upload_adds_one_file() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "1.00").await.id;
        let body = json!({ "record_id": product, "filename": "a.txt", "content_type": "text/plain", "content": HELLO });
        let made = tenant.post_as(PATH, "once", &body).await.created();
        let again = tenant.post_as(PATH, "once", &body).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), made);
        let mut other = body.clone();
        other["content"] = json!("aGVsbA==");
        tenant.post_as(PATH, "once", &other).await.refused(422, "idempotency_key_reused");
        assert_eq!(tenant.count("attachment").await, 1);
    });
}
