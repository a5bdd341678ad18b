//! Walk-throughs of the documentation: requests of a test, and the responses that it got.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Reply, Tenant, keep};

/// Sets `$URL`, and `$KEY` of a tenant that has no trade of its own.
pub const SET_UP_ALONE: &str = "The tenant of these figures has no trade of its own: its systems are the four. The demo's first tenant trades, and its third \
    one has the same exports already. So make a tenant for this page. `./run demo` writes the URLs to `.stockwell/demo.json`. In a second \
    terminal, in the same folder (with `./run demo --debug`, the program is `target/debug/stockwell`):\n\n\
    ```sh\nURL=$(jq -r .base_url .stockwell/demo.json)\n\
    export STOCKWELL_DATABASE_URL=$(jq -r .database_url .stockwell/demo.json | sed 's|//postgres:|//stockwell_app:|')\n\
    KEY=$(target/release/stockwell tenant create --slug first-fix --name \"Four Systems\" \\\n  \
    --currency GBP --country GB --time-zone Europe/London | tail -n 1)\n```";

/// Says which figures a page has that shows the trade of its test.
pub const OF_TEST: &str = "Ids and numbers are those of the test's tenant; yours has others. Set a `$NAME` when a response has shown \
    its id, such as `BILL=bll_…`: then the commands work as they are printed.";

/// Sets `$URL`, and `$KEY` of a new tenant with this slug and name.
pub fn set_up_own(slug: &str, name: &str) -> String {
    format!(
        "The demo's first tenant has other products and other trade, so make a tenant for this page. `./run demo` writes the URLs to \
         `.stockwell/demo.json`. In a second terminal, in the same folder (with `./run demo --debug`, the program is \
         `target/debug/stockwell`):\n\n```sh\nURL=$(jq -r .base_url .stockwell/demo.json)\n\
         export STOCKWELL_DATABASE_URL=$(jq -r .database_url .stockwell/demo.json | sed 's|//postgres:|//stockwell_app:|')\n\
         KEY=$(target/release/stockwell tenant create --slug {slug} --name \"{name}\" \\\n  \
         --currency GBP --country GB --time-zone Europe/London | tail -n 1)\n```"
    )
}

/// Defines `new_key`, for the requests that have an idempotency key. Every system with a shell has what it calls.
pub const NEW_KEY: &str = "`new_key` makes the idempotency key of a write. It needs `od` and `tr` alone, which every Linux and macOS has:\n\n\
    ```sh\nnew_key() { od -An -N16 -tx1 /dev/urandom | tr -d ' \\n'; }\n```";

/// Records requests and responses, with names in place of values that differ at each run.
pub struct Walk<'a> {
    pub tenant: &'a Tenant,
    text: String,
    names: Vec<(String, String)>,
    /// Returns the part of a response that is shown.
    told: fn(&Value) -> Value,
}

impl<'a> Walk<'a> {
    pub fn new(tenant: &'a Tenant, told: fn(&Value) -> Value) -> Self {
        Walk { tenant, text: String::new(), names: Vec::new(), told }
    }

    pub fn say(&mut self, text: &str) {
        writeln!(self.text, "{text}\n").expect("a text grows");
    }

    /// Shows `value` as `$name` from here on.
    pub fn name(&mut self, name: &str, value: &Value) {
        self.show_as(value.as_str().expect("a text"), &format!("${name}"));
    }

    /// Shows a text as another one from here on.
    pub fn show_as(&mut self, text: &str, shown: &str) {
        self.names.push((text.to_owned(), shown.to_owned()));
    }

    /// Returns the text with names in place of values that differ at each run.
    fn plain(&self, text: &str) -> String {
        let mut plain = text.to_owned();
        for (value, name) in &self.names {
            plain = plain.replace(value, name);
        }
        plain
    }

    /// Returns a command with names in place of values. A name in a body stands outside its single quotes, so that the shell
    /// replaces it.
    fn command(&self, request: &str) -> String {
        let mut command = self.plain(request);
        for (_, name) in self.names.iter().filter(|(_, name)| name.starts_with('$')) {
            command = command.replace(&format!("\"{name}\""), &format!("\"'{name}'\""));
        }
        command
    }

    /// Returns a response without the ids that have no name, and without the instant up to which a list is complete.
    fn known(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let has_name = |id: &str| self.names.iter().any(|(named, _)| named == id);
                let is_known =
                    |value: &Value| value.as_str().is_none_or(|text| !is_id(text) || has_name(text));
                let kept = members.iter().filter(|(name, value)| *name != "synced_until" && is_known(value));
                Value::Object(kept.map(|(name, value)| (name.clone(), self.known(value))).collect())
            }
            Value::Array(all) => Value::Array(all.iter().map(|one| self.known(one)).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Value {
        let reply = self.tenant.post(path, body).await;
        self.show_post(path, body, &reply)
    }

    /// Like [`post`](Walk::post), for a request that must be accepted. Shows the id at `pointer` of the response as `$name` from
    /// here on.
    pub async fn make(&mut self, (name, pointer): (&str, &str), path: &str, body: &Value) -> Value {
        let reply = self.tenant.post(path, body).await;
        assert!(reply.status < 300, "{path}: {}", reply.text);
        let made = reply.json();
        self.name(name, made.pointer(pointer).unwrap_or_else(|| panic!("{path}: no {pointer} in {made}")));
        self.show_post(path, body, &reply)
    }

    /// Like [`make`](Walk::make), for a request whose response the page does not need: the command sets `$name`.
    pub async fn prepare(&mut self, name: &str, path: &str, body: &Value) -> Value {
        let reply = self.tenant.post(path, body).await;
        assert!(reply.status < 300, "{path}: {}", reply.text);
        let made = reply.json();
        let request = self.command(&request_of("curl -s", path, body));
        self.name(name, &made["id"]);
        self.say(&format!("```sh\n{name}=$({request} | jq -r .id)\n```"));
        made
    }

    /// Shows the command that sets `$name` to the id of the first row of a list.
    pub async fn find(&mut self, name: &str, path: &str) -> Value {
        let found = self.tenant.get(path).await.ok()["data"][0]["id"].clone();
        let request = self.command(&format!("curl -s \"$URL{path}\" -H \"Authorization: Bearer $KEY\""));
        self.name(name, &found);
        self.say(&format!("```sh\n{name}=$({request} | jq -r '.data[0].id')\n```"));
        found
    }

    pub async fn put(&mut self, path: &str, body: &Value) -> Value {
        let reply = self.tenant.put(path, body).await;
        let shown = serde_json::to_string_pretty(body).expect("JSON");
        let request = format!(
            "curl -X PUT \"$URL{path}\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Content-Type: application/json\" \
             -d '{shown}'"
        );
        self.show(&request, &reply)
    }

    fn show_post(&mut self, path: &str, body: &Value, reply: &Reply) -> Value {
        self.show(&request_of("curl", path, body), reply)
    }

    pub async fn get(&mut self, path: &str) -> Value {
        let reply = self.tenant.get(path).await;
        self.show(&format!("curl \"$URL{path}\" -H \"Authorization: Bearer $KEY\""), &reply)
    }

    /// Records request and response, without what the walk-through does not need.
    pub fn show(&mut self, request: &str, reply: &Reply) -> Value {
        let answer = reply.json();
        let shown = self.known(&(self.told)(&answer));
        let shown = serde_json::to_string_pretty(&shown).expect("JSON");
        let (request, shown) = (self.command(request), self.plain(&shown));
        let status = reply.status;
        self.say(&format!("```sh\n{request}\n```\n\n{status}:\n\n```json\n{shown}\n```"));
        answer
    }

    /// Compares the page with what was recorded.
    pub fn keep(&self, page: &str) {
        keep(page, &format!("{}\n", self.text.trim_end()));
    }
}

/// Returns the command that posts a body.
fn request_of(curl: &str, path: &str, body: &Value) -> String {
    let shown = serde_json::to_string_pretty(body).expect("JSON");
    format!(
        "{curl} -X POST \"$URL{path}\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Idempotency-Key: $(new_key)\" \
         -H \"Content-Type: application/json\" -d '{shown}'"
    )
}

/// Whether a text is an id as the API writes it.
fn is_id(text: &str) -> bool {
    let is_plain =
        |part: &str| part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    let parts = text.split_once('_');
    parts.is_some_and(|(kind, rest)| kind.len() == 3 && rest.len() == 26 && is_plain(kind) && is_plain(rest))
}

/// Returns a response without the members that `beside` names, and without empty ones. Instants become `…`. Rows of a report
/// whose figures are all zero, and items of a checklist of which nothing is open, are left out too.
pub fn brief(value: &Value, beside: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let mut shown = serde_json::Map::new();
            for (name, value) in members {
                let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                if is_empty || beside.contains(&name.as_str()) {
                    continue;
                }
                let value = if value.is_string() && name.ends_with("_at") {
                    json!("…")
                } else if let Value::Array(all) = value {
                    let all = all.iter().filter(|one| !is_nothing(name, one));
                    Value::Array(all.map(|one| brief(one, beside)).collect())
                } else {
                    brief(value, beside)
                };
                shown.insert(name.clone(), value);
            }
            Value::Object(shown)
        }
        Value::Array(all) => Value::Array(all.iter().map(|one| brief(one, beside)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Whether a row of a report has no figure but zero, or an item of a checklist no open record.
fn is_nothing(list: &str, one: &Value) -> bool {
    let is_figure =
        |text: &str| text.contains('.') && text.parse::<Decimal>().is_ok_and(|figure| !figure.is_zero());
    match list {
        "rows" => {
            let mut members = one.as_object().into_iter().flatten();
            !members.any(|(_, value)| value.as_str().is_some_and(is_figure))
        }
        "items" => one["count"] == 0,
        _ => false,
    }
}
