//! `stockwell api` sends requests as a person at a terminal writes them.

use clap::Parser;
use serde_json::Value;
use stockwell::call::{self, CallArgs, CallError};
use tests::{Tenant, environment, with_tenant};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: CallArgs,
}

/// The result of a command: its exit code, and the texts that it printed.
#[derive(Debug)]
struct Printed {
    code: u8,
    out: String,
    problems: String,
}

impl Printed {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

fn args(tenant: &Tenant, words: &[&str]) -> Result<CallArgs, clap::Error> {
    let of_tenant = ["stockwell", "--url", tenant.base_url(), "--key", tenant.key.as_str()];
    Cli::try_parse_from(of_tenant.into_iter().chain(words.iter().copied())).map(|cli| cli.args)
}

async fn try_call(args: &CallArgs) -> Result<Printed, CallError> {
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    let code = call::run(args, &mut out, &mut problems).await?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ok(Printed { code, out: text(out), problems: text(problems) })
}

async fn call(tenant: &Tenant, words: &[&str]) -> Printed {
    let args = args(tenant, words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    try_call(&args).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

#[test]
fn a_command_sends_a_request_and_prints_its_response() {
    with_tenant(async |tenant| {
        for sku in ["A", "B", "C", "D", "E"] {
            tenant.product(sku, "10.00").await;
        }
        let made =
            call(tenant, &["post", "/v1/products", "--data", r#"{ "sku": "F", "name": "Mug" }"#]).await;
        assert_eq!((made.code, made.json()["sku"].as_str()), (0, Some("F")), "{}", made.problems);
        assert!(made.out.ends_with('\n'));
        let found = call(tenant, &["GET", "/v1/products", "--query", "sku=F", "--query", "limit=1"]).await;
        assert_eq!(found.json()["data"][0]["id"], made.json()["id"]);

        // A row on each line, with pages of any size.
        let listed = ["GET", "/v1/products?sort=sku", "--all-pages"];
        let by_two = [&listed[..], &["--query", "limit=2"]].concat();
        for words in [&listed[..], &by_two[..]] {
            let all = call(tenant, words).await;
            let sku = |line: &str| serde_json::from_str::<Value>(line).expect("a row")["sku"].clone();
            let skus: Vec<Value> = all.out.lines().map(sku).collect();
            assert_eq!(skus, ["A", "B", "C", "D", "E", "F"]);
        }
        let page = tenant.get("/v1/products?sort=sku&limit=2").await.ok();
        let cursor = format!("cursor={}", page["page"]["next_cursor"].as_str().expect("a cursor"));
        let rest = call(tenant, &[&by_two[..], &["--query", &cursor]].concat()).await;
        assert_eq!((rest.code, rest.out.lines().count()), (0, 4), "{}", rest.problems);
        let csv = call(tenant, &["GET", "/v1/reports/revenue", "--query", "format=csv"]).await;
        assert!(csv.code == 0 && csv.out.contains("net_revenue"), "{}", csv.out);
    });
}

#[test]
fn a_write_is_repeated_by_its_idempotency_key() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let file = environment().postgres.home().join(format!("receipt-{}.json", tenant.slug));
        let body = r#"{ "kind": "receipt", "lines": [{ "sku": "MUG", "quantity": "5", "unit_cost": "4" }] }"#;
        std::fs::write(&file, body).expect("a file is written");
        let data = format!("@{}", file.display());
        let words = ["POST", "/v1/stock/documents", "--data", data.as_str()];
        let with_key = [&words[..], &["--idempotency-key", "receipt-1"]].concat();
        let (first, again) = (call(tenant, &with_key).await, call(tenant, &with_key).await);
        assert_eq!((first.code, again.code), (0, 0), "{}{}", first.problems, again.problems);
        assert_eq!(first.json()["id"], again.json()["id"]);
        let dry = call(tenant, &[&words[..], &["--header", "Prefer: dry-run"]].concat()).await;
        assert_eq!(dry.json()["object"], "dry_run");
        let other = call(tenant, &words).await;
        assert_ne!(other.json()["id"], first.json()["id"], "each call has a new one");
    });
}

#[test]
fn a_rejection_names_the_field_and_the_fix() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let again =
            call(tenant, &["POST", "/v1/products", "--data", r#"{ "sku": "MUG", "name": "Mug" }"#]).await;
        assert_eq!((again.code, again.out.as_str()), (4, ""));
        assert!(again.problems.starts_with("409 already_exists: "), "{}", again.problems);
        assert!(again.problems.contains("\n  #/sku: "), "{}", again.problems);
        assert!(again.problems.contains("\n  X-Request-Id: "), "{}", again.problems);
        let page = call(tenant, &["GET", "/v1/products", "--query", "limit=0", "--all-pages"]).await;
        assert_eq!(page.code, 4);
        assert!(page.problems.contains("\n  limit: "), "{}", page.problems);
        assert_eq!(call(tenant, &["GET", "/v1/nothing"]).await.code, 4);
        let moved = call(tenant, &["GET", "/"]).await;
        assert_eq!((moved.code, moved.problems.as_str()), (3, "302: moved to /console\n"));

        let failed = async |words: &[&str]| {
            let args = args(tenant, words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            try_call(&args).await.expect_err("it fails").to_string()
        };
        let error = failed(&["POST", "/v1/products", "--data", "{ sku: MUG }"]).await;
        assert!(error.starts_with("--data is no JSON: "), "{error}");
        let error = failed(&["POST", "/v1/products", "--data", "@/nowhere/at/all.json"]).await;
        assert!(error.starts_with("--data: /nowhere/at/all.json: "), "{error}");
        let error = failed(&["POST", "/v1/products", "--all-pages"]).await;
        assert!(error.contains("send GET /v1/products"), "{error}");
        let error = failed(&["GET", "/v1/reports/revenue", "--all-pages"]).await;
        assert!(error.contains("/v1/reports/revenue is none"), "{error}");

        let mut nowhere = args(tenant, &["DELETE", "/v1/webhook-endpoints/whe_1"]).expect("arguments");
        // Port 1 is free on every machine of ours.
        nowhere.url = "http://127.0.0.1:1".to_owned();
        let error = try_call(&nowhere).await.expect_err("no server").to_string();
        assert!(
            error.contains("--idempotency-key "),
            "a write that may be done says how to repeat it: {error}"
        );
        for wrong in [&["FETCH", "/v1/me"], &["GET", "v1/me"]] {
            assert!(args(tenant, wrong).is_err(), "{wrong:?}");
        }
        assert!(args(tenant, &["GET", "/v1/me", "--query", "limit"]).is_err());
    });
}
