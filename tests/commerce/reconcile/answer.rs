//! Runs and their answer, through the API: the first fix, its evidence, decisions of people, and whether a fix worked.

use domain::number::Quantity;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant, with_tenants};

use super::example::{content, files, json_of, run, send, send_body, send_file};
use crate::platform::auth::key;

mod fixes;
mod own;
mod program;
mod quiet;
mod stated;
mod tables;
mod worker;

const BASE: &str = "/v1/reconciliation";

async fn part(tenant: &Tenant, part: &str) -> Value {
    tenant.get(&format!("{BASE}/{part}")).await.ok()
}

/// Returns every row of a list, page by page.
async fn rows(tenant: &Tenant, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    let separator = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = tenant.get(&format!("{BASE}/{path}{separator}limit=17{cursor}")).await.ok();
        rows.extend(page["data"].as_array().expect("rows").clone());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

/// Returns a result without ids, times of the run and durations.
fn comparable(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::Object(members) => {
                for name in ["id", "run_id", "episode_id", "created_at", "duration_ms"] {
                    members.remove(name);
                }
                members.values_mut().for_each(strip);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    strip(&mut value);
    value
}

/// Makes a run of each tenant, and asserts that all their results have the same bytes.
async fn assert_alike(one: &Tenant, other: &Tenant) {
    let (first, second) = (run(one).await, run(other).await);
    assert_eq!(comparable(first).to_string(), comparable(second).to_string());
    for of in ["first-fix", "exceptions", "health", "flow-map?process=return"] {
        let (first, second) = (part(one, of).await, part(other, of).await);
        assert_eq!(comparable(first).to_string(), comparable(second).to_string(), "{of}");
    }
    for of in ["discrepancies", "episodes"] {
        let (first, second) = (rows(one, of).await, rows(other, of).await);
        let (first, second) = (comparable(Value::Array(first)), comparable(Value::Array(second)));
        assert_eq!(first.to_string(), second.to_string(), "{of}");
    }
}

fn number(value: &Value) -> Quantity {
    value.as_str().expect("a number").parse().expect("a number")
}

/// Returns a member of each value as text.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

#[test]
fn the_example_leads_to_its_first_fix() {
    with_tenant(async |tenant| {
        send(tenant).await;
        let made = run(tenant).await;
        assert_eq!(made["reference"], "erp");
        let told = part(tenant, "first-fix").await;
        assert_eq!(told["object"], "first_fix");
        assert_eq!(told["run_id"], made["id"]);
        assert_eq!(told["verdict"], "fix", "{told}");
        assert_eq!(told["basis"], "events");
        let (fix, expected) = (&told["fix"], &json_of("expected.json")["first_fix"]);
        for member in ["class", "type", "edge", "scope"] {
            assert_eq!(fix[member], expected[member], "{member}: {told}");
        }
        assert_eq!(told["naive"]["units"], "842", "the largest difference is not the first fix: {told}");
        let examples = fix["examples"].as_array().expect("examples");
        assert!((1..=3).contains(&examples.len()), "{fix}");
        for shown in examples {
            assert_eq!(text(shown, "place"), "2020");
            assert!(shown["here"]["external_id"].is_string() && shown["there"].is_null(), "{shown}");
        }
        assert!(fix["episodes"].as_u64() <= fix["episodes_of_all"].as_u64());
    });
}

#[test]
fn lists_have_all_that_the_run_counted() {
    with_tenant(async |tenant| {
        send(tenant).await;
        let made = run(tenant).await;
        let discrepancies = rows(tenant, "discrepancies").await;
        assert_eq!(made["discrepancies"].as_u64(), Some(discrepancies.len() as u64));
        for row in &discrepancies {
            let explained: Quantity = row["explanations"]
                .as_array()
                .expect("causes")
                .iter()
                .map(|cause| number(&cause["quantity"]))
                .sum();
            let whole = explained + number(&row["residual"]);
            assert!([number(&row["increment"]), number(&row["delta"])].contains(&whole), "{row}");
            assert_ne!(number(&row["increment"]), Quantity::ZERO, "{row}");
        }
        let of_one = rows(tenant, "discrepancies?system=storefront&place=2020&sku=A-10010").await;
        assert!(!of_one.is_empty() && of_one.len() < discrepancies.len());
        assert!(of_one.iter().all(|row| row["sku"] == "A-10010" && row["system"] == "storefront"));
        assert_eq!(rows(tenant, "discrepancies?sku=none-of-them").await, Vec::<Value>::new());
        for list in ["discrepancies", "episodes"] {
            let unknown = tenant.get(&format!("{BASE}/{list}?system=storefrontt")).await;
            let problem = unknown.refused(404, "not_found").0;
            assert_eq!(problem["errors"][0]["parameter"], "system", "{problem}");
            assert_eq!(
                rows(tenant, &format!("{list}?system=stockwell&sku=none-of-them")).await,
                Vec::<Value>::new()
            );
        }
        let episodes = rows(tenant, "episodes").await;
        assert_eq!(made["episodes"].as_u64(), Some(episodes.len() as u64));
        let open = rows(tenant, "episodes?state=open").await.len();
        let healed = rows(tenant, "episodes?state=healed").await.len();
        assert_eq!(open + healed, episodes.len());
        let returns = rows(tenant, "episodes?class=missed_return&system=storefront").await;
        assert!(!returns.is_empty() && returns.iter().all(|episode| episode["class"] == "missed_return"));
        let one = text(&returns[0], "id");
        assert_eq!(tenant.get(&format!("{BASE}/episodes/{one}")).await.ok(), returns[0]);
        let known: Vec<&str> = episodes.iter().map(|episode| text(episode, "id")).collect();
        for row in discrepancies.iter().filter(|row| row["episode_id"].is_string()) {
            assert!(known.contains(&text(row, "episode_id")), "{row}");
        }
    });
}

/// The walk stays in its run, although a later run is the latest by then.
#[test]
fn a_walk_stays_in_the_run_in_which_it_began() {
    with_tenant(async |tenant| {
        send(tenant).await;
        let first = run(tenant).await;
        let page = tenant.get(&format!("{BASE}/episodes?limit=2")).await.ok();
        run(tenant).await;
        let cursor = text(&page["page"], "next_cursor");
        let next = tenant.get(&format!("{BASE}/episodes?limit=2&cursor={cursor}")).await.ok();
        assert_eq!(next["data"][0]["run_id"], first["id"]);
        assert_ne!(
            tenant.get(&format!("{BASE}/episodes?limit=2")).await.ok()["data"][0]["run_id"],
            first["id"]
        );
    });
}

#[test]
fn any_order_of_files_gives_the_same_bytes() {
    with_tenants(async |one, other| {
        send(one).await;
        let (stated, mut said) = files();
        said.reverse();
        for entry in stated.iter().chain(&said) {
            send_file(other, entry).await;
        }
        assert_alike(one, other).await;
        // A file that is sent again changes nothing, and a second run finds the same.
        for entry in &said {
            assert_eq!(send_file(other, entry).await["accepted"], 0);
        }
        let before = part(other, "first-fix").await;
        run(other).await;
        assert_eq!(comparable(part(other, "first-fix").await), comparable(before.clone()));
        assert_eq!(part(other, "first-fix").await["fix"]["id"], before["fix"]["id"], "a fix keeps its id");
    });
}

/// The number of parts into which each file is split.
const PARTS: usize = 3;

/// Returns every third row of a CSV file, the last first, below its header.
fn part_of(file: &[u8], number: usize) -> Vec<u8> {
    let mut lines = file.split_inclusive(|byte| *byte == b'\n');
    let header = lines.next().expect("a header");
    let mut rows: Vec<&[u8]> = lines.skip(number).step_by(PARTS).collect();
    rows.reverse();
    [header, rows.concat().as_slice()].concat()
}

#[test]
fn any_order_of_rows_and_any_split_into_files_give_the_same_bytes() {
    with_tenants(async |one, other| {
        send(one).await;
        let (stated, said) = files();
        for entry in &stated {
            send_file(other, entry).await;
        }
        let mut accepted = 0;
        for number in (0..PARTS).rev() {
            for entry in &said {
                let sent = send_body(other, entry, part_of(&content(entry), number)).await;
                accepted += sent["accepted"].as_u64().expect("a number");
            }
        }
        assert_alike(one, other).await;
        for entry in &said {
            let sent = send_file(other, entry).await;
            assert_eq!(sent["repeated"], sent["rows"], "the whole file says nothing new");
            accepted -= sent["rows"].as_u64().expect("a number");
        }
        assert_eq!(accepted, 0, "each row was accepted once");
    });
}

#[test]
fn without_input_there_is_not_enough_data() {
    with_tenant(async |tenant| {
        for of in ["first-fix", "exceptions", "flow-map", "health", "discrepancies", "episodes"] {
            tenant.get(&format!("{BASE}/{of}")).await.refused(404, "not_found");
        }
        run(tenant).await;
        let told = part(tenant, "first-fix").await;
        assert_eq!(told["verdict"], "not_enough_data", "{told}");
        assert_eq!(told["fix"], Value::Null);
        assert!(!text(&told, "headline").is_empty());
        assert_eq!(part(tenant, "exceptions").await["data"], json!([]));
        assert_eq!(part(tenant, "flow-map").await["edges"], json!([]));
    });
}

#[test]
fn a_decision_feeds_the_prior() {
    with_tenant(async |tenant| {
        send(tenant).await;
        run(tenant).await;
        let path = "episodes?class=missed_return&system=storefront";
        let before = rows(tenant, path).await;
        let one = text(&before[0], "id").to_owned();
        assert_eq!(before[0]["resolution"], Value::Null);
        let resolve = format!("{BASE}/episodes/{one}/resolve");
        let decision = json!({ "class": "missed_return", "note": "The refund job was off" });
        let resolved = tenant.post(&resolve, &decision).await.ok();
        assert_eq!(resolved["resolution"]["class"], "missed_return");
        assert_eq!(resolved["resolution"]["note"], "The refund job was off");
        let command =
            tenant.get(&format!("/v1/commands/{}", text(&resolved["resolution"], "command_id"))).await;
        assert_eq!(command.ok()["name"], "reconcile_episode.resolved", "the decision names its command");
        run(tenant).await;
        let confirmed = rows(tenant, path).await;
        assert_eq!(text(&confirmed[0], "id"), one, "an episode keeps its id");
        assert!(number(&confirmed[0]["confidence"]) > number(&before[0]["confidence"]), "{confirmed:?}");
        tenant.post(&resolve, &json!({ "class": "count_variance" })).await.ok();
        run(tenant).await;
        let corrected = rows(tenant, path).await;
        assert!(
            number(&corrected[0]["confidence"]) < number(&before[0]["confidence"]),
            "the newest decision holds"
        );
        let classes = |rows: &[Value]| rows.iter().map(|row| row["class"].clone()).collect::<Vec<_>>();
        assert_eq!(classes(&before), classes(&corrected), "the order of the rules stays");
        let problem =
            tenant.post(&resolve, &json!({ "class": "a_guess" })).await.refused(422, "validation_failed");
        assert_eq!(problem.pointers(), ["#/class"]);
    });
}

#[test]
fn an_applied_fix_gets_a_verdict() {
    with_tenant(async |tenant| {
        send(tenant).await;
        run(tenant).await;
        let id = text(&part(tenant, "first-fix").await["fix"], "id").to_owned();
        let path = format!("{BASE}/fixes/{id}");
        let fix = tenant.get(&path).await.ok();
        assert_eq!((&fix["applied_at"], &fix["verdict"]), (&Value::Null, &Value::Null));
        let applied = format!("{path}/applied");
        let late = tenant.post(&applied, &json!({ "applied_at": "2999-01-01T00:00:00Z" })).await;
        assert_eq!(late.refused(422, "validation_failed").pointers(), ["#/applied_at"]);
        let fix = tenant.post(&applied, &json!({ "applied_at": "2026-01-19T00:00:00+01:00" })).await.ok();
        assert_eq!(fix["applied_at"], "2026-01-18T23:00:00Z");
        assert_eq!((&fix["verdict"], &fix["proof"]), (&json!("too_early"), &Value::Null));
        let made = run(tenant).await;
        let fix = tenant.get(&path).await.ok();
        // The returns went on being lost: the fix was not the one, or was not done.
        assert_eq!(fix["verdict"], "no_change", "{fix}");
        let proof = &fix["proof"];
        for count in ["episodes_before", "episodes_after", "movements_before", "movements_after"] {
            assert!(proof[count].as_u64() > Some(0), "{count}: {fix}");
        }
        assert!(proof["rate_ratio"]["low"].is_string(), "{fix}");
        assert_eq!(fix["week_verdicts"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&fix["week_verdicts"][0]["week"], &fix["week_verdicts"][0]["run_id"]),
            (&json!(2), &made["id"])
        );
        run(tenant).await;
        let again = tenant.get(&path).await.ok();
        assert_eq!(again["week_verdicts"], fix["week_verdicts"], "a week has one verdict");
        // A later note replaces the instant, and its verdicts count from there.
        let fix = tenant.post(&applied, &json!({ "applied_at": "2026-02-02T12:00:00Z" })).await.ok();
        assert_eq!((&fix["verdict"], &fix["week_verdicts"]), (&json!("too_early"), &json!([])));
        run(tenant).await;
        assert_eq!(tenant.get(&path).await.ok()["verdict"], "too_early");
        let log = tenant.get("/v1/commands?name=reconcile_fix.applied").await.ok();
        assert_eq!(log["data"].as_array().map(Vec::len), Some(2), "each note is audited: {log}");
    });
}

#[test]
fn graphql_shows_what_rest_shows() {
    with_tenant(async |tenant| {
        send(tenant).await;
        let made = run(tenant).await;
        let query = "query of($run: ID) { reconciliation(run: $run) { \
            firstFix { runId verdict headline fix { id class edge { from to } scope { place hours } units } } \
            exceptions(limit: 2) { id episodes eligible } \
            flowMap(process: \"return\") { mermaid edges { from to loss } } health { trend weeks { exceptions } } } }";
        let asked = json!({ "query": query, "variables": { "run": made["id"] } });
        let answer = tenant.post("/graphql", &asked).await.ok();
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        let shown = &answer["data"]["reconciliation"];
        let told = part(tenant, "first-fix").await;
        assert_eq!(shown["firstFix"]["headline"], told["headline"]);
        assert_eq!(shown["firstFix"]["fix"]["id"], told["fix"]["id"]);
        assert_eq!(shown["firstFix"]["fix"]["units"], told["fix"]["units"]);
        let groups = part(tenant, "exceptions").await;
        assert_eq!(shown["exceptions"][1]["id"], groups["data"][1]["id"]);
        assert_eq!(shown["exceptions"].as_array().map(Vec::len), Some(2));
        let flow = part(tenant, "flow-map?process=return").await;
        assert_eq!(shown["flowMap"]["mermaid"], flow["mermaid"]);
        assert_eq!(shown["health"]["trend"], part(tenant, "health").await["trend"]);
        assert_eq!(
            answer["extensions"]["cost"]["requested"], 7,
            "five fields that read, and 127 values: {answer}"
        );
        let reader = tenant.with_key(&key(tenant, &["reports:read"]).await);
        let refused = reader.post("/graphql", &asked).await.ok();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "insufficient_scope", "{refused}");
    });
}

#[test]
fn the_views_have_the_latest_run() {
    with_tenant(async |tenant| {
        send(tenant).await;
        run(tenant).await;
        let groups = part(tenant, "exceptions").await;
        let by_sql = view(tenant, "exception_rank, exception_class, edge_to, scope_place, episodes, difference_units::text as units, eligible \
            from bi.reconciliation_exceptions order by exception_rank").await;
        assert_eq!(by_sql.len() as u64, groups["total"].as_u64().unwrap_or_default());
        let first = &groups["data"][0];
        assert_eq!(by_sql[0]["exception_class"], first["class"]);
        assert_eq!(by_sql[0]["edge_to"], first["edge"]["to"]);
        assert_eq!(by_sql[0]["scope_place"], first["scope"]["place"]);
        assert_eq!(by_sql[0]["episodes"], first["episodes"]);
        assert_eq!(number(&by_sql[0]["units"]), number(&first["units"]));
        assert_eq!(by_sql[0]["eligible"], true);
        let weeks = part(tenant, "health").await["weeks"].clone();
        let by_sql =
            view(tenant, "exceptions, compared_movements from bi.reconciliation_health order by week_from")
                .await;
        let shown: Vec<Value> = weeks
            .as_array()
            .expect("weeks")
            .iter()
            .map(|week| json!({ "exceptions": week["exceptions"], "compared_movements": week["movements"] }))
            .collect();
        assert_eq!(by_sql, shown);
    });
}

/// Returns the rows that a tool reads by SQL with the rights of the application.
async fn view(tenant: &Tenant, select: &str) -> Vec<Value> {
    let mut app = sqlx::PgConnection::connect(&environment().database_url()).await.expect("the app connects");
    let begin = format!("begin; set local app.tenant_id = '{}'", tenant.id.0);
    app.execute(AssertSqlSafe(begin)).await.expect("begun");
    let statement = format!("select row_to_json(r)::text from (select {select}) r");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut app).await.expect("the view is read");
    rows.iter().map(|row| serde_json::from_str(row.get(0)).expect("JSON")).collect()
}

#[test]
fn a_key_reads_or_makes_runs_by_its_scopes() {
    with_tenant(async |tenant| {
        send(tenant).await;
        run(tenant).await;
        let reader = tenant.with_key(&key(tenant, &["reconciliation:read"]).await);
        reader.get(&format!("{BASE}/first-fix")).await.ok();
        let fix = text(&part(tenant, "first-fix").await["fix"], "id").to_owned();
        for path in [format!("{BASE}/runs"), format!("{BASE}/fixes/{fix}/applied")] {
            let problem = reader.post(&path, &json!({})).await.refused(403, "insufficient_scope");
            assert_eq!(problem.0["required_scope"], "reconciliation:write");
        }
        let writer = tenant.with_key(&key(tenant, &["reconciliation:write"]).await);
        writer.post(&format!("{BASE}/runs"), &json!({})).await.created();
        writer.get(&format!("{BASE}/first-fix")).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn tenants_see_only_their_own_runs() {
    with_tenants(async |owner, stranger| {
        send(owner).await;
        let made = run(owner).await;
        let (run_id, fix) = (text(&made, "id"), part(owner, "first-fix").await["fix"].clone());
        let episodes = rows(owner, "episodes").await;
        run(stranger).await;
        let (fix, episode) = (text(&fix, "id"), text(&episodes[0], "id"));
        for path in [
            format!("{BASE}/runs/{run_id}"),
            format!("{BASE}/first-fix?run={run_id}"),
            format!("{BASE}/discrepancies?run={run_id}"),
            format!("{BASE}/episodes/{episode}"),
            format!("{BASE}/fixes/{fix}"),
        ] {
            stranger.get(&path).await.refused(404, "not_found");
        }
        let resolve = format!("{BASE}/episodes/{episode}/resolve");
        stranger.post(&resolve, &json!({ "class": "missed_sale" })).await.refused(404, "not_found");
        let apply = format!("{BASE}/fixes/{fix}/applied");
        stranger.post(&apply, &json!({})).await.refused(404, "not_found");
        assert_eq!(rows(stranger, "episodes").await, Vec::<Value>::new());
        assert_eq!(part(stranger, "first-fix").await["verdict"], "not_enough_data");
    });
}

#[test]
fn a_repeated_request_makes_one_run() {
    with_tenant(async |tenant| {
        let path = format!("{BASE}/runs");
        let first = tenant.post_as(&path, "nightly-1", &json!({})).await.created();
        let again = tenant.post_as(&path, "nightly-1", &json!({})).await;
        assert!(again.is_replayed());
        assert_eq!(again.created()["id"], first["id"]);
        assert_eq!(rows(tenant, "runs").await.len(), 1);
        let tried = tenant.dry_run(&path, &json!({})).await;
        assert_eq!(tried.status, 200, "{}", tried.text);
        assert_eq!(rows(tenant, "runs").await.len(), 1);
    });
}

#[test]
fn the_rows_of_old_runs_are_deleted_and_their_answers_kept() {
    with_tenant(async |tenant| {
        let (stated, _) = files();
        for entry in &stated {
            send_file(tenant, entry).await;
        }
        // One lost sale is enough for rows.
        let erp = "taken_at,external_sku,external_location,quantity\n2026-01-05T06:00:00Z,A-10002,1000,5\n\
                   2026-01-06T06:00:00Z,A-10002,1000,4\n";
        let wms = "taken_at,external_sku,external_location,quantity\n2026-01-05T06:07:00Z,A-10002,DC1,5\n\
                   2026-01-06T06:07:00Z,A-10002,DC1,9\n";
        for (system, rows) in [("erp", erp), ("wms", wms)] {
            let path = format!("{BASE}/snapshots?system={system}&full=false");
            let sent = tenant.call(reqwest::Method::POST, &path).body("text/csv", rows).send().await;
            assert!(sent.status < 300, "{}", sent.text);
        }
        let first = run(tenant).await;
        assert!(first["discrepancies"].as_u64() > Some(0), "{first}");
        for _ in 0..10 {
            run(tenant).await;
        }
        let old = text(&first, "id");
        assert_eq!(rows(tenant, &format!("discrepancies?run={old}")).await, Vec::<Value>::new());
        assert_eq!(rows(tenant, &format!("episodes?run={old}")).await, Vec::<Value>::new());
        assert_eq!(part(tenant, &format!("first-fix?run={old}")).await["run_id"], first["id"]);
        assert_eq!(
            rows(tenant, "discrepancies").await.len() as u64,
            first["discrepancies"].as_u64().unwrap_or(0)
        );
        assert_eq!(rows(tenant, "runs").await.len(), 11);
    });
}
