//! Stored responses say nothing about persons, and a person can be erased. A repeat has the record as it is now.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, sale, with_tenant};

use super::printed::tables_with_person;

/// Returns everything that is stored for repeats.
async fn stored(tenant: &Tenant) -> String {
    let query = "select string_agg(response, ' ') from command where tenant_id = $1 and response is not null";
    let stored = sqlx::query_scalar(query).bind(tenant.id.0).fetch_one(&environment().root).await;
    stored.expect("responses are read")
}

#[track_caller]
fn has_none_of(stored: &str, texts: &[&str]) {
    for text in texts {
        assert!(!stored.contains(text), "{text} is stored: {stored}");
    }
}

#[test]
fn a_customer_who_was_erased_is_in_no_stored_response() {
    with_tenant(async |tenant| {
        let anna = json!({ "kind": "retail", "name": "Anna Bergman", "email": "anna@bergman.example",
            "metadata": { "dog": "Rex" } });
        let first = tenant.post_as("/v1/customers", "create", &anna).await;
        let id = first.created()["id"].clone();
        let path = format!("/v1/customers/{}", id.as_str().expect("an id"));
        let change = json!({ "name": "Anna Bergman-Lind" });
        let changed = async || tenant.call(Method::PATCH, &path).key("change").json(&change).send().await;
        assert_eq!(changed().await.ok()["name"], "Anna Bergman-Lind");
        let odd = json!({ "kind": "retail", "name": "Anna", "email": "Bergman", "Anna Bergman": 1 });
        let wrong = json!({ "kind": "retail", "name": "Anna", "email": "Bergman" });
        let batch = json!({ "items": [anna, odd, wrong, { "kind": "retail", "name": "Berta Lund" }] });
        let many = tenant.post_as("/v1/customers/batch", "batch", &batch).await;
        assert_eq!((&many.expect(207)["accepted"], &many.json()["refused"]), (&json!(2), &json!(2)));
        let copy = many.json()["results"][0]["body"]["id"].clone();
        has_none_of(&stored(tenant).await, &["Anna", "ergman", "Rex", "Berta"]);

        let erased = json!({ "name": "Erased", "email": null, "metadata": {} });
        tenant.patch(&path, &erased).await.ok();
        let again = tenant.post_as("/v1/customers", "create", &anna).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), tenant.get(&path).await.ok());
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("etag"), tenant.get(&path).await.header("etag"));
        assert_eq!(changed().await.ok()["name"], "Erased");
        let again = tenant.post_as("/v1/customers/batch", "batch", &batch).await;
        assert!(again.is_replayed());
        let (results, before) = (again.expect(207)["results"].clone(), many.json()["results"].clone());
        assert_eq!(results[0], before[0], "the copy is as it was");
        assert_eq!(results[0]["body"]["id"], copy);
        assert_eq!(results[3], before[3]);
        for index in [1, 2] {
            assert_eq!(results[index]["status"], before[index]["status"]);
            let (after, before) = (&results[index]["body"], &before[index]["body"]);
            assert_eq!(after["code"], before["code"]);
            let field = |problem: &Value| problem["errors"][0]["pointer"].clone();
            assert_eq!(field(after), if index == 1 { json!("#") } else { field(before) });
            assert_eq!(after["errors"].as_array().map(Vec::len), before["errors"].as_array().map(Vec::len));
        }
    });
}

#[test]
fn a_user_is_in_no_stored_response() {
    with_tenant(async |tenant| {
        let user = json!({ "email": "carla@lund.example", "name": "Carla Lund", "role": "cashier",
            "password": "correct horse battery staple" });
        let first = tenant.post_as("/v1/users", "create", &user).await;
        let path = format!("/v1/users/{}", first.created()["id"].as_str().expect("an id"));
        let change = json!({ "name": "Carla Lund-Berg" });
        let change = tenant.call(Method::PATCH, &path).key("change").json(&change).send().await;
        change.ok();
        let disable = format!("{path}/disable");
        tenant.post_as(&disable, "disable", &json!({})).await.ok();
        has_none_of(&stored(tenant).await, &["Carla", "carla", "Lund"]);
        let again = tenant.post_as("/v1/users", "create", &user).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), tenant.get(&path).await.ok());
        let again = tenant.post_as(&disable, "disable", &json!({})).await;
        assert!(again.is_replayed());
        assert_eq!(again.ok()["status"], "disabled");
    });
}

#[test]
fn a_supplier_is_as_it_is_now_in_a_replay_and_a_product_as_it_was() {
    with_tenant(async |tenant| {
        for (kind, body, is_now) in [
            ("suppliers", json!({ "code": "ACME", "name": "Acme" }), true),
            ("products", json!({ "sku": "MUG", "name": "Mug" }), false),
        ] {
            let records = format!("/v1/{kind}");
            let first = tenant.post_as(&records, kind, &body).await;
            let path = format!("{records}/{}", first.created()["id"].as_str().expect("an id"));
            tenant.patch(&path, &json!({ "name": "Other" })).await.ok();
            let now = tenant.get(&path).await;
            let again = tenant.post_as(&records, kind, &body).await;
            assert!(again.is_replayed());
            let expected = if is_now { &now } else { &first };
            assert_eq!(again.created(), expected.json(), "{records}");
            assert_eq!(again.header("etag"), expected.header("etag"), "{records}");
        }
    });
}

#[test]
fn a_dry_run_shows_the_whole_record() {
    with_tenant(async |tenant| {
        let anna = json!({ "kind": "retail", "name": "Anna Bergman" });
        assert_eq!(tenant.dry_run("/v1/customers", &anna).await.ok()["name"], "Anna Bergman");
    });
}

/// Returns an order with a text about a person in every field.
fn order_of_person(customer: &str, advance_to: &str) -> Value {
    let line = json!({ "sku": "BOLT", "quantity": "3", "description": "Engraved: Bergman" });
    json!({ "customer_id": customer, "reference": "Bergman, wedding", "external_ref": format!("bergman-{advance_to}"),
        "notes": "Call Anna Bergman", "tags": ["bergman"], "metadata": { "who": "Bergman" }, "lines": [line],
        "advance_to": advance_to })
}

/// Makes a customer with a text about a person in every field. Returns its id.
async fn person(tenant: &Tenant) -> String {
    tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
    let address = json!({ "line1": "1 Mill Lane", "city": "Leeds", "country": "GB" });
    let anna = json!({ "number": "BERGMAN", "external_ref": "crm-bergman", "email": "anna@bergman.example",
        "tax_number": "Bergman", "addresses": [{ "code": "home", "address": address }],
        "contacts": [{ "name": "Anna Bergman" }], "notes": "Bergman", "tags": ["bergman"],
        "attachments": [{ "url": "https://files.example/bergman" }], "metadata": { "who": "Bergman" } });
    tenant.customer_with("Anna Bergman", anna).await
}

#[test]
fn an_erased_customer_is_left_on_fiscal_documents_only() {
    with_tenant(async |tenant| {
        let customer = person(tenant).await;
        let path = format!("/v1/customers/{customer}");
        let erase = format!("{path}/erase");
        let waits = async || {
            let problem = tenant.post(&erase, &json!({})).await.refused(409, "invalid_state_transition");
            problem.0["detail"].to_string()
        };
        let invoiced = tenant.post("/v1/orders", &order_of_person(&customer, "invoiced")).await.created();
        let open = tenant.post("/v1/orders", &order_of_person(&customer, "confirmed")).await.created();
        assert!(waits().await.contains("orders that are not invoiced"));
        let open = open["id"].as_str().expect("an id");
        tenant.step(open, "cancel").await.ok();
        assert!(waits().await.contains("a balance"));
        let invoice = invoiced["invoices"][0]["id"].as_str().expect("an id");
        let back = json!({ "customer_id": customer, "original_id": invoice, "reason": "Too long" });
        tenant.post("/v1/returns", &back).await.created();
        let mut sale = sale(&tenant.till().await, &[("BOLT", "1")]);
        (sale["customer_id"], sale["external_ref"]) = (json!(customer), json!("bergman-till"));
        let sale = tenant.post("/v1/pos/sales", &sale).await.created();
        // No document prints this name.
        tenant.patch(&path, &json!({ "name": "Anna Lindqvist" })).await.ok();
        let erased = tenant.post_as(&erase, "erase", &json!({})).await;
        assert_eq!(erased.ok()["name"], "Erased");
        assert_eq!(erased.ok()["status"], "blocked");
        assert!(tenant.post_as(&erase, "erase", &json!({})).await.is_replayed());

        let record = tenant.get(&path).await;
        assert_eq!(record.ok(), erased.ok());
        assert!(!record.text.to_lowercase().contains("bergman"), "{}", record.text);
        assert_eq!(tenant.get("/v1/customers?q=bergman").await.ok()["data"], json!([]));
        let kept = ["replaced_customer", "sales_line", "sales_order", "sales_order_line"];
        assert_eq!(tables_with_person(tenant).await, kept);
        let names = "select array_agg(name order by version) from replaced_customer where tenant_id = $1";
        let names = sqlx::query_scalar(names).bind(tenant.id.0).fetch_one(&environment().root).await;
        let names: Vec<String> = names.expect("earlier states are read");
        assert_eq!(names, ["Anna Bergman"], "a state that no document prints is erased");
        let printed = tenant.get(&format!("/v1/invoices/{invoice}")).await.ok();
        assert_eq!(printed["customer"]["name"], "Anna Bergman");
        assert_eq!(printed["bill_to"]["line1"], "1 Mill Lane");
        let order = tenant.get(&format!("/v1/orders/{open}")).await.ok();
        for (field, empty) in [("notes", json!("")), ("tags", json!([])), ("metadata", json!({}))] {
            assert_eq!(order[field], empty, "{field}");
        }
        for field in ["reference", "external_ref", "bill_to", "ship_to"] {
            assert_eq!(order[field], Value::Null, "{field}");
        }
        let sold = format!("/v1/pos/sales/{}", sale["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&sold).await.ok()["external_ref"], Value::Null);
        assert_eq!(tenant.events("type=customer.erased").await.len(), 1);
        let again = tenant.post(&erase, &json!({})).await.ok();
        assert_eq!(again, erased.ok(), "erasing again changes nothing");
    });
}

#[test]
fn an_erased_customer_without_fiscal_documents_is_left_nowhere() {
    with_tenant(async |tenant| {
        let customer = person(tenant).await;
        let other = tenant.customer_with("Carl Lund", json!({ "notes": "Carl" })).await;
        let order = tenant.post("/v1/orders", &order_of_person(&customer, "confirmed")).await.created();
        tenant.step(order["id"].as_str().expect("an id"), "cancel").await.ok();
        let change = json!({ "name": "Anna Bergman-Lind" });
        tenant.patch(&format!("/v1/customers/{customer}"), &change).await.ok();
        let erase = format!("/v1/customers/{customer}/erase");
        assert_eq!(tenant.dry_run(&erase, &json!({})).await.ok()["name"], "Erased");
        assert!(!tables_with_person(tenant).await.is_empty(), "a dry run erases nothing");
        tenant.post(&erase, &json!({})).await.ok();
        assert_eq!(tables_with_person(tenant).await, Vec::<String>::new());
        let other = tenant.get(&format!("/v1/customers/{other}")).await.ok();
        assert_eq!((&other["name"], &other["notes"]), (&json!("Carl Lund"), &json!("Carl")));
        tenant
            .post("/v1/customers/cus_01h455vb4pex5vsknk084sn02q/erase", &json!({}))
            .await
            .refused(404, "not_found");
    });
}
