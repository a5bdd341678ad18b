//! A text that is made to keep a parser or a check busy: no field of any operation lets it cost more than its length.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Map, Value, json};
use tests::{Client, with_tenant};

use super::isolation::ENDLESS;
use super::isolation::operation::{Operation, operations, resolve, unknown};

/// Length of a text in a body.
const BYTES: usize = 200 * 1024;
/// Length of a text in a URL.
const BYTES_IN_URL: usize = 20 * 1024;
/// Longest time for a response.
const TIME_MAX: Duration = Duration::from_millis(50);
/// Attempts, the fastest of which counts: other tests use the same processors.
const ATTEMPTS: usize = 12;
/// Deepest nesting of a body that is looked at.
const DEPTH_MAX: usize = 8;

/// Texts that repeat the beginning of something that is searched for, escaped or nested, and never end it. The last one is short: a text
/// may cost more than its length below the limit of its field.
fn shapes(bytes: usize) -> [String; 4] {
    let repeated = |start: &str, part: &str| {
        let mut text = start.to_owned() + &part.repeat(bytes / part.len());
        let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text
    };
    [
        repeated("1", "-"),
        repeated("", "\"\\{[(<4111 1111 1111 111 "),
        repeated("", "e\u{301}\u{200b} "),
        "*".repeat(63) + "q",
    ]
}

/// The place of a text in a body: the names of the members, `0` for the first element of an array.
pub(super) type Place = Vec<String>;

/// A text that a schema describes.
pub(super) struct Text {
    pub(super) place: Place,
    /// Its form. That of a free text is empty.
    pub(super) form: String,
    pub(super) length_max: Option<usize>,
}

/// Collects all texts that a schema describes.
pub(super) fn find_texts(document: &Value, schema: &Value, place: &Place, found: &mut Vec<Text>) {
    let schema = resolve(document, schema);
    if place.len() > DEPTH_MAX {
        return;
    }
    let at = |name: &str| [place.as_slice(), &[name.to_owned()]].concat();
    for variants in ["oneOf", "anyOf", "allOf"] {
        for variant in schema[variants].as_array().into_iter().flatten() {
            find_texts(document, variant, place, found);
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        find_texts(document, member, &at(name), found);
    }
    if schema["additionalProperties"].is_object() {
        find_texts(document, &schema["additionalProperties"], &at("note"), found);
    }
    if schema["items"].is_object() {
        find_texts(document, &schema["items"], &at("0"), found);
    }
    let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let is_text = kinds.contains(&json!("string"));
    if is_text && found.iter().all(|known| known.place != *place) {
        // Ids, numbers, dates and enumerations are read by one parser for each form.
        let form = ["pattern", "format", "enum", "const"].map(|word| schema[word].to_string());
        let is_free = form.iter().all(|word| word == "null");
        let form = if is_free { String::new() } else { form.join(" ") };
        let length_max = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok());
        found.push(Text { place: place.clone(), form, length_max });
    }
}

/// Puts a text at a place of a body, and makes the objects and arrays on the way.
pub(super) fn put(body: &mut Value, place: &[String], text: &str) {
    match place.split_first() {
        None => *body = json!(text),
        Some((name, rest)) if name == "0" => {
            if body.as_array().is_none_or(Vec::is_empty) {
                *body = json!([null]);
            }
            put(&mut body[0], rest, text);
        }
        Some((name, rest)) => {
            if !body.is_object() {
                *body = Value::Object(Map::new());
            }
            put(&mut body[name.as_str()], rest, text);
        }
    }
}

/// Returns the example of a request body, or an empty object.
fn example(document: &Value, content: &Value) -> Value {
    let examples = content["examples"].as_object();
    let named = examples.and_then(|examples| examples.values().next());
    let value = named.map(|example| resolve(document, example)["value"].clone());
    value.or_else(|| content.get("example").cloned()).unwrap_or_else(|| json!({}))
}

/// A request whose text is still to be chosen.
struct Target<'a> {
    client: &'a Client,
    operation: &'a Operation,
    /// Makes the path and the body for a text.
    with: &'a dyn Fn(&str) -> (String, Option<String>),
}

impl Target<'_> {
    /// Returns the time of the response to `text`.
    async fn time(&self, text: &str) -> Duration {
        let Target { client, operation, with } = self;
        let (path, body) = with(text);
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).expect("a method");
        let mut call = client.call(method, &path).header("if-match", "*");
        if operation.takes_key {
            call = call.key(&uuid::Uuid::new_v4().to_string());
        }
        if let Some(body) = body {
            call = call.raw(body);
        }
        let started = Instant::now();
        let reply = call.send().await;
        let time = started.elapsed();
        assert!(reply.status < 500, "{}: {} {:.300}", operation.id, reply.status, reply.text);
        assert!(
            reply.status < 400 || reply.text.len() < 16 * 1024,
            "{}: a refusal repeats the text: {:.300}",
            operation.id,
            reply.text
        );
        time
    }

    /// Returns the time of the response to `text` if it is long, also beside that of a harmless text of the same length:
    /// a loaded machine takes long for both. Keeps the time of the latest harmless text of this place in `harmless`.
    async fn find_slow(&self, text: &str, harmless: &mut Duration) -> Option<Duration> {
        let mut fastest = Duration::MAX;
        for _ in 0..ATTEMPTS {
            fastest = fastest.min(self.time(text).await);
            if fastest < TIME_MAX || fastest < 3 * *harmless {
                return None;
            }
            *harmless = self.time(&"x".repeat(text.len())).await;
            if fastest < 3 * *harmless {
                return None;
            }
        }
        Some(fastest)
    }
}

#[test]
fn a_hostile_text_in_a_body_costs_no_more_than_its_length() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let shapes = shapes(BYTES);
        let (mut texts, mut slow, mut forms) = (0, Vec::new(), BTreeSet::new());
        for operation in operations().iter().filter(|operation| operation.has_body) {
            let described = &document["paths"][&operation.path][&operation.method]["requestBody"];
            let content = &resolve(document, described)["content"]["application/json"];
            let mut found = Vec::new();
            find_texts(document, &content["schema"], &Place::new(), &mut found);
            let base = example(document, content);
            let path = operation.path_with(unknown);
            for Text { place, form, .. } in found {
                texts += 1;
                if !form.is_empty() && !forms.insert(form) {
                    continue;
                }
                let with = |text: &str| {
                    let mut body = base.clone();
                    put(&mut body, &place, text);
                    (path.clone(), Some(body.to_string()))
                };
                let target = Target { client: tenant, operation, with: &with };
                let mut harmless = Duration::ZERO;
                for text in &shapes {
                    if let Some(time) = target.find_slow(text, &mut harmless).await {
                        slow.push(format!("{} {}: {text:.8} took {time:?}", operation.id, place.join("/")));
                    }
                }
            }
        }
        assert!(texts > 300, "the texts are found: {texts}");
        assert!(slow.is_empty(), "{}", slow.join("\n"));
    });
}

#[test]
fn a_hostile_text_in_a_url_costs_no_more_than_its_length() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let shapes = shapes(BYTES_IN_URL);
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let (mut texts, mut slow) = (0, Vec::new());
        let endless = |operation: &Operation| ENDLESS.contains(&operation.id.as_str());
        for operation in
            operations().iter().filter(|operation| operation.method == "get" && !endless(operation))
        {
            let described = &document["paths"][&operation.path][&operation.method]["parameters"];
            let path = operation.path_with(unknown);
            for parameter in described.as_array().into_iter().flatten() {
                let parameter = resolve(document, parameter);
                let name = parameter["name"].as_str().expect("a name");
                if parameter["in"] != "query" {
                    continue;
                }
                texts += 1;
                let with = |text: &str| (format!("{path}?{}={}", encode(name), encode(text)), None);
                let target = Target { client: tenant, operation, with: &with };
                let mut harmless = Duration::ZERO;
                for text in &shapes {
                    if let Some(time) = target.find_slow(text, &mut harmless).await {
                        slow.push(format!("{} {name}: {text:.8} took {time:?}", operation.id));
                    }
                }
            }
        }
        assert!(texts > 200, "the texts are found: {texts}");
        assert!(slow.is_empty(), "{}", slow.join("\n"));
    });
}

/// Dates, numbers and letters at the edges of what a parser or the database takes.
const EDGES: [&str; 10] = [
    "-9999-01-01",
    "0000-01-01",
    "9999-12-31",
    "+262142-12-31",
    "-262143-01-01T00:00:00Z",
    "9999-12-31T23:59:60.999999999Z",
    "-1",
    "99999999999999999999",
    "\u{0}",
    "",
];

#[test]
fn a_value_at_the_edge_is_no_fault_of_the_server() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let endless = |operation: &Operation| ENDLESS.contains(&operation.id.as_str());
        for operation in operations().iter().filter(|operation| !endless(operation)) {
            let described = &document["paths"][&operation.path][&operation.method];
            let path = operation.path_with(unknown);
            for parameter in described["parameters"].as_array().into_iter().flatten() {
                let parameter = resolve(document, parameter);
                if parameter["in"] != "query" {
                    continue;
                }
                let name = parameter["name"].as_str().expect("a name");
                let with = |text: &str| (format!("{path}?{}={}", encode(name), encode(text)), None);
                let target = Target { client: tenant, operation, with: &with };
                for text in EDGES {
                    target.time(text).await;
                }
            }
            let content = &resolve(document, &described["requestBody"])["content"]["application/json"];
            let mut found = Vec::new();
            find_texts(document, &content["schema"], &Place::new(), &mut found);
            let base = example(document, content);
            for Text { place, .. } in found {
                let with = |text: &str| {
                    let mut body = base.clone();
                    put(&mut body, &place, text);
                    (path.clone(), Some(body.to_string()))
                };
                let target = Target { client: tenant, operation, with: &with };
                for text in EDGES {
                    target.time(text).await;
                }
            }
        }
    });
}
