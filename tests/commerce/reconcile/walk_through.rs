//! The way from four exports to the first fix and its verdict. The requests and responses of this test are the walk-through in the
//! documentation.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tests::with_tenant;

use super::example;
use crate::walk::{SET_UP_ALONE, Walk};

const BASE: &str = "/v1/reconciliation";
/// Members of responses that the example does not need.
const BESIDE: [&str; 13] = [
    "object",
    "version",
    "created_at",
    "duration_ms",
    "run_id",
    "episode_id",
    "owner_conflicts",
    "settle_with",
    "mermaid",
    "nodes",
    "will_not_fix",
    "expected",
    "week_verdicts",
];
/// Members of a further fix that are shown.
const OF_NEXT: [&str; 5] = ["class", "edge", "scope", "episodes", "advice"];

/// Returns the part of a response that the walk-through shows. Empty members are left out, but for a side of an example that has no
/// event.
fn told(value: &Value) -> Value {
    part(value, true)
}

fn part(value: &Value, keeps_id: bool) -> Value {
    match value {
        Value::Object(members) => {
            let is_shown = |name: &str, value: &Value| {
                let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                !BESIDE.contains(&name) && (name != "id" || keeps_id) && (!is_empty || name == "there")
            };
            let shown = members.iter().filter(|(name, value)| is_shown(name, value));
            Value::Object(shown.map(|(name, value)| (name.clone(), member(name, value))).collect())
        }
        Value::Array(all) => Value::Array(all.iter().map(|one| part(one, false)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn member(name: &str, value: &Value) -> Value {
    if let Value::Array(fixes) = value
        && name == "next"
    {
        return Value::Array(fixes.iter().map(brief).collect());
    }
    part(value, name == "fix")
}

/// Returns the part of a further fix that is shown.
fn brief(fix: &Value) -> Value {
    let members = OF_NEXT.map(|name| (name.to_owned(), part(&fix[name], false)));
    Value::Object(members.into_iter().collect())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

/// Sends each file of the example. Records the requests, and a table of what became of the rows.
async fn send(walk: &mut Walk<'_>) {
    let (mut requests, mut rows) = (String::new(), String::new());
    let manifest = example::json_of("manifest.json");
    for entry in manifest.as_array().expect("entries") {
        let answer = example::send_file(walk.tenant, entry).await;
        let pairs = entry["query"].as_object().into_iter().flatten();
        let query: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let (method, path, file) = (text(entry, "method"), text(entry, "path"), text(entry, "file"));
        let media_type = text(entry, "type");
        _ = writeln!(
            requests,
            "send {method} {media_type} {file} \"{}{query}\"",
            path.trim_start_matches(BASE)
        );
        if answer["object"] == "ingest" {
            let counts = ["rows", "accepted", "rejected_total"].map(|name| answer[name].to_string());
            _ = writeln!(rows, "| `{file}` | {} |", counts.join(" | "));
        }
    }
    walk.say(&format!(
        "```sh\ncd tests/data/reconciliation\nsend() {{\n  curl -X \"$1\" \"$URL{BASE}$4\" -H \"Authorization: Bearer $KEY\" \\\n    \
         -H \"Content-Type: $2\" --data-binary \"@$3\"\n}}\n{}\n```",
        requests.trim_end()
    ));
    walk.say("Each response says what became of the rows:");
    walk.say(&format!("| file | rows | accepted | rejected |\n|---|---|---|---|\n{}", rows.trim_end()));
    walk.say("Sending the files again would change nothing: all rows would count as repeated.");
}

/// Makes a run, and reads the first fix and the flow behind it. Returns the id of the fix.
async fn find(walk: &mut Walk<'_>) -> String {
    walk.say(
        "## Compare the systems\n\nA run compares the systems over the last 45 days of the exports. In production, the worker makes one \
         when new exports have been quiet for a minute.",
    );
    let made = walk.tenant.post(&format!("{BASE}/runs"), &json!({})).await;
    walk.name("RUN", &made.created()["id"]);
    walk.show(
        &format!("curl -X POST \"$URL{BASE}/runs\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Content-Type: application/json\" -d '{{}}'"),
        &made,
    );
    walk.say(
        "## Read the first fix\n\n`headline` is the result in one sentence, and `advice` is what to do. `examples` have the ids of events \
         on both sides, so that a person can look them up. `naive` is the largest single difference: it happened once, so its \
         correction saves nothing next week.",
    );
    let told = walk.tenant.get(&format!("{BASE}/first-fix")).await;
    let first = told.ok();
    assert_eq!(first["verdict"], "fix", "{first}");
    walk.name("FIX", &first["fix"]["id"]);
    walk.get(&format!("{BASE}/first-fix")).await;
    walk.say(
        "## See where it breaks\n\nThe flow map of the process shows each edge with its latency and its loss: the share of events that \
         never arrive.",
    );
    let map = walk.get(&format!("{BASE}/flow-map?process=return")).await;
    walk.say(&format!("The same as a picture:\n\n```mermaid\n{}\n```", text(&map, "mermaid").trim_end()));
    text(&first["fix"], "id").to_owned()
}

/// Notes that the fix is applied, and reads its verdict.
async fn prove(walk: &mut Walk<'_>, fix: &str) {
    walk.say(
        "## Apply it, and see whether it worked\n\nSuppose that the event was turned on in the evening of 18 January. That is noted, and \
         from then on each run counts the episodes and the movements before and after.",
    );
    let path = format!("{BASE}/fixes/{fix}");
    let body = json!({ "applied_at": "2026-01-18T23:00:00Z" });
    walk.tenant.post(&format!("{path}/applied"), &body).await.ok();
    walk.tenant.post(&format!("{BASE}/runs"), &json!({})).await.created();
    walk.say(&format!(
        "```sh\nFIX=$(curl -s \"$URL{BASE}/first-fix\" -H \"Authorization: Bearer $KEY\" | jq -r .fix.id)\n\
         curl -X POST \"$URL{BASE}/fixes/$FIX/applied\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Content-Type: application/json\" \
         -d '{body}'\ncurl -X POST \"$URL{BASE}/runs\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Content-Type: application/json\" -d '{{}}'\n\
         curl \"$URL{BASE}/fixes/$FIX\" -H \"Authorization: Bearer $KEY\"\n```"
    ));
    let record = walk.tenant.get(&path).await.ok();
    assert_eq!(record["verdict"], "no_change", "{record}");
    let shown =
        json!({ "applied_at": record["applied_at"], "verdict": record["verdict"], "proof": record["proof"] });
    let shown = serde_json::to_string_pretty(&shown).expect("JSON");
    walk.say(&format!("Of the last response:\n\n```json\n{shown}\n```"));
    walk.say(
        "These exports go on losing returns after that day, so the verdict is `no_change`: the event was not turned on, or the connector \
         still drops it. After a fix that works, the verdict is `worked`, and `GET /v1/reconciliation/health` shows fewer exceptions \
         week by week. [Reconciliation](../reconciliation.md) has the rules and the limits.",
    );
}

#[test]
fn the_walk_through_is_what_was_sent_and_found() {
    with_tenant(async |tenant| {
        let mut walk = Walk::new(tenant, told);
        walk.say("# The first fix");
        walk.say(
            "Four systems hold the same stock: an ERP, a till, a web shop and a warehouse system. Their figures differ every evening, and \
             people correct them row by row. Which one change removes most of that work?\n\nA test made every request and response \
             below (`tests/commerce/reconcile/walk_through.rs`) and fails if the API responds differently; `UPDATE=1 ./run test -p \
             tests walk_through` rewrites this page. Members that the example does not need are left out. `$RUN` and `$FIX` stand for \
             ids.",
        );
        walk.say(SET_UP_ALONE);
        walk.say(
            "## Send the exports\n\nThe exports are those of \
             `tests/data/reconciliation`. `target/release/stockwell reconcile tests/data/reconciliation --url \"$URL\" --key \"$KEY\"` sends \
             them, makes a run and prints the first fix. The same with `curl`, in place of that command:",
        );
        send(&mut walk).await;
        let fix = find(&mut walk).await;
        prove(&mut walk, &fix).await;
        walk.keep("docs/walkthroughs/first-fix.md");
    });
}
