//! Walk-throughs of the documentation: requests of a test, and the responses that it got.

use std::fmt::Write as _;

use serde_json::Value;
use tests::{Reply, Tenant, keep};

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

    pub async fn post(&mut self, path: &str, body: &Value) -> Value {
        let reply = self.tenant.post(path, body).await;
        let shown = serde_json::to_string_pretty(body).expect("JSON");
        let request = format!(
            "curl -X POST \"$URL{path}\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Idempotency-Key: $(uuidgen)\" \
             -H \"Content-Type: application/json\" -d '{shown}'"
        );
        self.show(&request, &reply)
    }

    pub async fn get(&mut self, path: &str) -> Value {
        let reply = self.tenant.get(path).await;
        self.show(&format!("curl \"$URL{path}\" -H \"Authorization: Bearer $KEY\""), &reply)
    }

    /// Records request and response, without what the walk-through does not need.
    pub fn show(&mut self, request: &str, reply: &Reply) -> Value {
        let answer = reply.json();
        let shown = serde_json::to_string_pretty(&(self.told)(&answer)).expect("JSON");
        let (request, shown) = (self.plain(request), self.plain(&shown));
        let status = reply.status;
        self.say(&format!("```sh\n{request}\n```\n\n{status}:\n\n```json\n{shown}\n```"));
        answer
    }

    /// Compares the page with what was recorded.
    pub fn keep(&self, page: &str) {
        keep(page, &format!("{}\n", self.text.trim_end()));
    }
}
