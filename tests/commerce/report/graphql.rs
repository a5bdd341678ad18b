//! GraphQL for BI tools: persisted queries, caches, cost.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Client, Reply, Tenant, with_tenant, with_tenants};

const QUERY: &str = "query Units($limit: Int!) { channelSummary(limit: $limit) { rows { channel units } } }";

fn hash(document: &str) -> String {
    Sha256::digest(document.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extensions(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

/// Returns the query string of a GET.
fn query(pairs: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://localhost/graphql", pairs).expect("a URL");
    format!("/graphql?{}", url.query().expect("a query"))
}

async fn get(client: &Client, hash: &str, seen: Option<&str>) -> Reply {
    let path = query(&[("extensions", &extensions(hash).to_string()), ("variables", r#"{"limit":5}"#)]);
    let call = client.call(Method::GET, &path);
    match seen {
        Some(tag) => call.header("If-None-Match", tag).send().await,
        None => call.send().await,
    }
}

async fn post(client: &Client, body: &Value) -> Reply {
    client.call(Method::POST, "/graphql").json(body).send().await
}

async fn sell(tenant: &Tenant) {
    tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
    let till = tenant.till().await;
    tenant.sell(&till, &[("MUG", "3")]).await.created();
}

#[track_caller]
fn unknown(reply: &Reply) {
    let answer = reply.ok();
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound", "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{answer}");
}

#[test]
fn a_query_is_persisted_as_apollos_clients_do_it() {
    with_tenants(async |tenant, other| {
        sell(tenant).await;
        let hash = hash(QUERY);
        unknown(&get(tenant, &hash, None).await);
        let body = json!({ "query": QUERY, "variables": { "limit": 5 }, "extensions": extensions(&hash) });
        let whole = post(tenant, &body).await.ok();
        assert!(whole.get("errors").is_none(), "{whole}");
        let by_hash = get(tenant, &hash, None).await;
        assert_eq!(by_hash.ok()["data"], whole["data"]);
        let posted = json!({ "variables": { "limit": 5 }, "extensions": extensions(&hash) });
        assert_eq!(post(tenant, &posted).await.ok()["data"], whole["data"]);
        unknown(&get(other, &hash, None).await);
    });
}

#[test]
fn a_cache_asks_whether_the_response_is_the_same() {
    with_tenant(async |tenant| {
        sell(tenant).await;
        let hash = hash(QUERY);
        post(
            tenant,
            &json!({ "query": QUERY, "variables": { "limit": 5 }, "extensions": extensions(&hash) }),
        )
        .await
        .ok();
        let first = get(tenant, &hash, None).await;
        assert_eq!(first.header("cache-control"), Some("private, max-age=0, must-revalidate"));
        let tag = first.header("etag").expect("an ETag").to_owned();
        let same = get(tenant, &hash, Some(&tag)).await;
        assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", Some(tag.as_str())));
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let next = get(tenant, &hash, Some(&tag)).await;
        assert_ne!(next.ok()["data"], first.ok()["data"]);
        assert_ne!(next.header("etag"), Some(tag.as_str()));
    });
}

#[test]
fn errors_are_not_cached_and_not_persisted() {
    with_tenant(async |tenant| {
        let wrong = "{ nothing }";
        let body = json!({ "query": wrong, "extensions": extensions(&hash(wrong)) });
        assert!(post(tenant, &body).await.ok()["errors"].is_array());
        let reply = get(tenant, &hash(wrong), None).await;
        unknown(&reply);
        assert_eq!(reply.header("etag"), None);
        assert_eq!(reply.header("cache-control"), Some("private, no-store"));
        let other =
            json!({ "query": QUERY, "variables": { "limit": 5 }, "extensions": extensions(&hash(wrong)) });
        post(tenant, &other).await.refused(400, "malformed_json");
        for persisted in
            [json!({ "version": 2, "sha256Hash": hash(QUERY) }), json!({ "version": 1, "sha256Hash": "x" })]
        {
            let body = json!({ "query": QUERY, "extensions": { "persistedQuery": persisted } });
            post(tenant, &body).await.refused(400, "malformed_json");
        }
    });
}

#[test]
fn a_request_without_a_query_is_told_that_it_needs_one() {
    with_tenant(async |tenant| {
        for body in [
            json!({}),
            json!({ "variables": {} }),
            json!({ "extensions": {} }),
            json!({ "query": null, "extensions": { "clientLibrary": { "name": "x" } } }),
            json!({ "query": "" }),
        ] {
            post(tenant, &body).await.refused(422, "validation_failed").names(&["#/query"]);
        }
        for body in [json!(5), json!(null), json!("text"), json!(true)] {
            post(tenant, &body).await.refused(400, "malformed_json").names(&["#"]);
        }
        for pairs in [&[("extensions", "{}")][..], &[("variables", "{}")], &[("query", "")]] {
            let problem = tenant.get(&query(pairs)).await.refused(400, "invalid_parameter");
            assert_eq!(problem.0["errors"][0]["parameter"], "query", "{pairs:?}");
        }
    });
}

#[test]
fn texts_that_are_too_long_are_refused_by_their_form() {
    with_tenant(async |tenant| {
        let asked = |query: &str, name: &str| json!({ "query": query, "operationName": name });
        let named = "query Name { __typename }";
        let (fits, long) = ("N".repeat(200), "N".repeat(201));
        post(tenant, &asked(&named.replace("Name", &fits), &fits)).await.ok();
        let refused = post(tenant, &asked(named, &long)).await.refused(422, "validation_failed");
        assert_eq!(refused.pointers(), ["#/operationName"]);
        let padded = |length: usize| format!("{{ __typename }}{}", " ".repeat(length - 14));
        assert!(post(tenant, &json!({ "query": padded(32_768) })).await.ok().get("errors").is_none());
        let refused = post(tenant, &json!({ "query": padded(32_769) })).await;
        refused.refused(422, "validation_failed").names(&["#/query"]);
        let wrong = json!({ "query": 7, "variables": [] });
        post(tenant, &wrong).await.refused(422, "validation_failed").names(&["#/query", "#/variables"]);
    });
}

#[test]
fn a_get_changes_nothing_and_says_its_cost() {
    with_tenant(async |tenant| {
        let mutation = tenant.get(&query(&[("query", "mutation { sell }")])).await.ok();
        assert_eq!(mutation["errors"][0]["extensions"]["code"], "validation_failed", "{mutation}");
        let asked = tenant
            .get(&query(&[("query", "{ channelSummary(limit: 1000) { rows { channel units } } }")]))
            .await;
        // One field at the root, and at most 1,000 rows of two values.
        let cost = &asked.ok()["extensions"]["cost"];
        assert_eq!(cost["available"], 5000);
        assert!(cost["requested"].as_u64().is_some_and(|points| points >= 2), "{cost}");
        let schema =
            tenant.get(&query(&[("query", "{ __schema { types { name description } } }")])).await.ok();
        assert!(
            schema["data"]["__schema"]["types"].as_array().is_some_and(|types| types.len() > 10),
            "{schema}"
        );
    });
}

/// A kilobyte of a request is no megabyte of a response.
#[test]
fn a_response_does_not_repeat_a_long_text_of_the_document() {
    with_tenant(async |tenant| {
        sell(tenant).await;
        let asked = async |query: &str| post(tenant, &json!({ "query": query })).await;
        let long = format!("{{ stockPosition {{ rows {{ {}: sku }} }} }}", "a".repeat(30_000));
        let answer = asked(&long).await.ok();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "query_cost_exceeded", "{answer}");
        let alias = format!("{{ stockPosition {{ rows {{ {}: sku }} }} }}", "a".repeat(64));
        let answer = asked(&alias).await.ok();
        assert_eq!(answer["data"]["stockPosition"]["rows"][0]["a".repeat(64)], "MUG", "{answer}");

        let unknown: String = (0..900).map(|number| format!("nothing{number} ")).collect();
        let reply = asked(&format!("{{ stockPosition(limit: 1) {{ rows {{ {unknown} }} }} }}")).await;
        assert_eq!(reply.ok()["errors"].as_array().map(Vec::len), Some(100), "{}", reply.text);
        let name = format!("{{ {} }}", "é".repeat(10) + &"a".repeat(30_000));
        for query in [name, format!("{{ {} }}", "a".repeat(30_000))] {
            let reply = asked(&query).await;
            let answer = reply.ok();
            assert!(answer["errors"][0]["message"].is_string(), "{answer}");
            assert!(reply.text.len() < 5_000, "{} bytes", reply.text.len());
        }
    });
}

#[test]
fn an_error_names_each_wrong_argument() {
    with_tenant(async |tenant| {
        let asked = async |query: &str| post(tenant, &json!({ "query": query })).await.ok();
        let filter = "filter: { location: [\"NORTH\"], product: [\"MUG\"] }";
        let answer = asked(&format!("{{ stockValuation({filter}) {{ rows {{ __typename }} }} }}")).await;
        let unknown = json!([
            { "argument": "location", "code": "not_found", "detail": "There is no location NORTH." },
            { "argument": "product", "code": "not_found", "detail": "There is no product MUG." },
        ]);
        assert_eq!(answer["errors"][0]["extensions"]["errors"], unknown, "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "not_found", "{answer}");
        let answer = asked("{ stockAgeing(timeZone: \"Moon/Base\") { rows { __typename } } }").await;
        let error = &answer["errors"][0]["extensions"]["errors"][0];
        assert_eq!(
            (&error["argument"], &error["code"]),
            (&json!("timeZone"), &json!("invalid_parameter")),
            "{answer}"
        );
    });
}

#[test]
fn a_report_names_every_wrong_argument_at_once() {
    with_tenant(async |tenant| {
        let filter = "filter: { channel: [\"web\", \"shop\"], currency: [\"gbp\"], country: [\"UK\"], product: [\"NOPE\"] }";
        let times = "from: \"2026-13-01\", to: \"x\", timeZone: \"Moon/Base\", limit: 0, sort: \"zz\"";
        let query = format!(
            "{{ revenueReport(groupBy: [DAY, DAY], {times}, {filter}) {{ rows {{ __typename }} }} }}"
        );
        let answer = post(tenant, &json!({ "query": query })).await.ok();
        let extensions = &answer["errors"][0]["extensions"];
        let errors = extensions["errors"].as_array().expect("errors");
        let named: Vec<&str> = errors.iter().filter_map(|error| error["argument"].as_str()).collect();
        let expected = [
            "groupBy", "from", "to", "limit", "sort", "timeZone", "channel", "channel", "country", "currency",
        ];
        assert_eq!(named, expected, "{answer}");

        let filter = "channel=web,shop&currency=gbp&country=UK&product=NOPE";
        let times = "from=2026-13-01&to=x&compare=last&tz=Moon/Base&limit=0&sort=zz&days=7";
        let path = format!("/v1/reports/revenue?group_by=month,foo,bar&{times}&{filter}");
        let reply = tenant.get(&path).await;
        assert!(matches!(reply.status, 400 | 422), "{}", reply.text);
        let problem = reply.json();
        let errors = problem["errors"].as_array().expect("errors");
        let mut named: Vec<&str> = errors.iter().filter_map(|error| error["parameter"].as_str()).collect();
        named.sort_unstable();
        let expected = [
            "channel", "channel", "compare", "country", "currency", "days", "from", "group_by", "group_by",
            "limit", "sort", "to", "tz",
        ];
        assert_eq!(named, expected, "{problem}");
    });
}
