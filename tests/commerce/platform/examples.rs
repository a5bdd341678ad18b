//! The examples of the API's description work as they stand: each is sent.

use std::collections::BTreeSet;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;
use stockwell::demo::examples;
use stockwell::import::client::Client as ImportClient;
use tests::{Reply, Tenant, environment, with_tenant};

use super::hostile_texts::{Place, Text, find_texts, put};
use super::isolation::operation::resolve;

/// Longest text that is tried. A longer one does not fit into a body.
const LENGTH_MAX: usize = 100_000;

/// Operations whose body has what only their user knows, such as a code of an app, or is signed. Their own tests cover them.
const OF_A_USER: [&str; 6] = [
    "auth_oidc_exchange",
    "auth_second_factor",
    "me_second_factor_begin",
    "me_second_factor_confirm",
    "me_second_factor_remove",
    "payment_providers_report",
];

/// Reads of a record that no example has made before: it comes with other writes, later, or from a provider.
const OF_NO_EXAMPLE: [&str; 16] = [
    "applications_get",
    "auth_oidc_start",
    "bi_logins_get",
    "commands_get",
    "customer_sessions_get",
    "exchange_rates_get",
    "invitations_get",
    "jobs_get",
    "lots_recall_get",
    "period_locks_get",
    "price_rules_get",
    "recurring_entries_get",
    "replenishment_suggestions_explain",
    "tax_rates_get",
    "vouchers_get",
    "webhook_deliveries_get",
];

/// Reads of what the example of the `PUT` of the same path makes.
const OF_A_LATER_PUT: [&str; 1] = ["supplier_products_get"];

/// A request that the description gives as an example.
struct Example<'d> {
    id: &'d str,
    method: Method,
    path: String,
    /// Headers that it needs, besides an idempotency key.
    headers: Vec<(&'d str, &'d str)>,
    takes_key: bool,
    body: &'d Value,
    schema: &'d Value,
}

impl<'d> Example<'d> {
    fn of(document: &'d Value, (path, method): (&str, &str), operation: &'d Value) -> Self {
        let own = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> = own.map(|parameter| resolve(document, parameter)).collect();
        let mut path = path.to_owned();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
            let name = parameter["name"].as_str().expect("a name");
            let value = parameter["example"].as_str().expect("an id in the path");
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        for parameter in in_query.filter(|parameter| parameter["required"] == true) {
            let mark = if path.contains('?') { '&' } else { '?' };
            let text = |value: &'d Value| value.as_str().expect("an example");
            path = format!("{path}{mark}{}={}", text(&parameter["name"]), text(&parameter["example"]));
        }
        let is_key = |parameter: &Value| parameter["name"] == "Idempotency-Key";
        let needed = parameters.iter().filter(|parameter| {
            parameter["in"] == "header" && parameter["required"] == true && !is_key(parameter)
        });
        let header = |parameter: &&'d Value| {
            let (name, value) = (&parameter["name"], &parameter["example"]);
            (name.as_str().expect("a name"), value.as_str().expect("an example"))
        };
        let content = &operation["requestBody"]["content"]["application/json"];
        Example {
            id: operation["operationId"].as_str().expect("an id"),
            method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
            path,
            headers: needed.map(header).collect(),
            takes_key: parameters.iter().any(|parameter| is_key(parameter)),
            body: &content["example"],
            schema: &content["schema"],
        }
    }

    /// Sends another body in place of that of the example.
    async fn send(&self, tenant: &Tenant, body: &Value) -> Reply {
        let mut call = tenant.call(self.method.clone(), &self.path).json(body);
        if self.takes_key {
            call = call.key(&uuid::Uuid::new_v4().to_string());
        }
        for (name, value) in &self.headers {
            call = call.header(name, value);
        }
        call.send().await
    }
}

/// Returns the examples of all operations that take a body.
fn find_examples(document: &Value) -> Vec<Example<'_>> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("operations").iter();
        operations.map(move |(method, operation)| ((path.as_str(), method.as_str()), operation))
    });
    operations
        .filter(|(_, operation)| operation.get("requestBody").is_some())
        .map(|(place, operation)| Example::of(document, place, operation))
        .collect()
}

/// Makes the records that the examples name. Returns the description that names them.
async fn described(tenant: &Tenant) -> Value {
    let client =
        ImportClient::new(tenant.base_url(), SecretString::from(tenant.key.clone())).expect("a client");
    let names = examples::set_up(&client, &tenant.slug).await.expect("the records of the examples");
    serde_json::from_slice(&stockwell::routes().with_examples(&names)).expect("JSON")
}

/// Whether a request, or an item of a batch, was rejected.
fn is_refused(reply: &Reply) -> bool {
    let body = serde_json::from_str::<Value>(&reply.text).unwrap_or_default();
    let of_items = ["refused", "rejected_total"].map(|count| body[count].as_i64().unwrap_or_default());
    reply.status >= 300 || of_items.iter().sum::<i64>() > 0
}

/// Operations that return a record in another form than its own route: with a secret that is shown once, or without what the
/// ledger adds to an entry.
const OF_ANOTHER_FORM: [&str; 3] =
    ["customer_sessions_create", "invitations_create", "journal_entries_create"];

/// Returns the members of a record that only one of its forms has: when it was made, and when it is read. None if it can't be
/// read below the path of its list.
async fn differing_members(tenant: &Tenant, path: &str, made: &Value) -> Option<BTreeSet<String>> {
    let id = made["id"].as_str()?;
    let read = tenant.get(&format!("{path}/{id}")).await;
    if read.status != 200 {
        return None;
    }
    Some(names(made).symmetric_difference(&names(&read.json())).cloned().collect())
}

/// Returns the members that the row of a record in its list has and the record lacks. None if the list has no such row.
async fn members_of_its_row_alone(tenant: &Tenant, path: &str, made: &Value) -> Option<BTreeSet<String>> {
    let list = tenant.get(&format!("{path}?limit=200")).await;
    if list.status != 200 {
        return None;
    }
    let list = list.json();
    let row = list["data"].as_array()?.iter().find(|row| row["id"] == made["id"])?;
    Some(names(row).difference(&names(made)).cloned().collect())
}

fn names(record: &Value) -> BTreeSet<String> {
    record.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_body_works_on_a_tenant_as_it_stands() {
    with_tenant(async |tenant| {
        let document = described(tenant).await;
        let mut examples = find_examples(&document);
        // A month is opened again although no example has closed it.
        examples.sort_by_key(|example| example.id != "closes_reopen");
        let (mut failed, mut compared, mut listed) = (Vec::new(), 0, 0);
        for example in examples.iter().filter(|example| !OF_A_USER.contains(&example.id)) {
            let reply = example.send(tenant, example.body).await;
            if is_refused(&reply) {
                failed.push(format!("{} {}: {} {}", example.id, example.body, reply.status, reply.text));
            } else if reply.status == 201 && !OF_ANOTHER_FORM.contains(&example.id) {
                let made = reply.json();
                let differing = differing_members(tenant, &example.path, &made).await;
                compared += usize::from(differing.is_some());
                if differing.as_ref().is_some_and(|members| !members.is_empty()) {
                    failed.push(format!("{}: POST and GET differ in {differing:?}", example.id));
                }
                let lacking = members_of_its_row_alone(tenant, &example.path, &made).await;
                listed += usize::from(differing.is_some() && lacking.is_some());
                if differing.is_some() && lacking.as_ref().is_some_and(|members| !members.is_empty()) {
                    failed.push(format!("{}: only the row of the list has {lacking:?}", example.id));
                }
            }
        }
        assert_eq!(failed, Vec::<String>::new());
        assert!(examples.len() > 80, "{}", examples.len());
        assert!(compared > 20 && listed > 20, "{compared} records, {listed} rows");
    });
}

#[test]
fn every_read_of_a_record_works_on_a_tenant_as_it_stands() {
    with_tenant(async |tenant| {
        let document = described(tenant).await;
        let (mut read, mut failed) = (0, Vec::new());
        for (path, item) in document["paths"].as_object().expect("paths") {
            let Some(operation) = item.get("get") else { continue };
            let id = operation["operationId"].as_str().expect("an id");
            let has_query = id == "account_mapping_resolve";
            let is_known = OF_NO_EXAMPLE.contains(&id) || OF_A_LATER_PUT.contains(&id);
            if is_known || !(path.contains('{') || has_query) {
                continue;
            }
            let example = Example::of(&document, (path, "get"), operation);
            let reply = tenant.get(&example.path).await;
            if reply.status >= 300 {
                failed.push(format!("{id} {}: {} {}", example.path, reply.status, reply.text));
            }
            read += 1;
        }
        assert_eq!(failed, Vec::<String>::new());
        assert!(read > 60, "{read}");
    });
}

/// Files that the description gives as examples, in place of JSON. Those of attachments are not whole files.
#[test]
fn every_file_works_on_a_tenant_as_it_stands() {
    with_tenant(async |tenant| {
        let document = described(tenant).await;
        let paths = document["paths"].as_object().expect("paths");
        let (mut sent, mut failed) = (0, Vec::new());
        for (path, item) in paths.iter().filter(|(path, _)| *path != "/v1/attachments") {
            for (method, operation) in item.as_object().expect("operations") {
                for media_type in ["text/csv", "application/xml"] {
                    let content = &operation["requestBody"]["content"][media_type];
                    let Some(file) = content["example"].as_str() else { continue };
                    let example = Example::of(&document, (path.as_str(), method.as_str()), operation);
                    let call = tenant.call(example.method.clone(), &example.path);
                    let call = call.key(&uuid::Uuid::new_v4().to_string()).body(media_type, file);
                    let reply = call.send().await;
                    if is_refused(&reply) {
                        failed.push(format!("{} {media_type}: {} {}", example.id, reply.status, reply.text));
                    }
                    sent += 1;
                }
            }
        }
        assert_eq!(failed, Vec::<String>::new());
        assert!(sent > 12, "{sent} files were sent");
    });
}

/// Each body works as it stands, so it is rejected for the text that is longer than the description allows.
#[test]
fn a_text_that_is_too_long_is_refused_in_every_body() {
    with_tenant(async |tenant| {
        let document = described(tenant).await;
        let (mut seen, mut accepted) = (0, Vec::new());
        for example in find_examples(&document) {
            let mut texts = Vec::new();
            find_texts(&document, example.schema, &Place::new(), &mut texts);
            for Text { place, form, length_max } in texts {
                let Some(most) = length_max.filter(|most| form.is_empty() && *most <= LENGTH_MAX) else {
                    continue;
                };
                let mut body = example.body.clone();
                put(&mut body, &place, &"x".repeat(most + 1));
                let reply = example.send(tenant, &body).await;
                assert!(reply.status < 500, "{} {}: {}", example.id, place.join("/"), reply.text);
                if !is_refused(&reply) {
                    accepted.push(format!("{} {} of {} characters", example.id, place.join("/"), most + 1));
                }
                seen += 1;
            }
        }
        assert_eq!(accepted, Vec::<String>::new());
        assert!(seen > 200, "{seen} texts have a limit");
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
