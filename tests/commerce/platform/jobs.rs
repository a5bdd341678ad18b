//! Requests whose work goes on after the response: the job, its progress, its result, and who sees it.

use std::time::Duration;

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, until_waiting, with_tenant, with_tenants};

use super::auth::{key, key_with, outside};

const IMPORT: &str = "/v1/products/import";
const PASSWORD: &str = "correct horse battery staple";

/// Sends a request that prefers a job.
async fn later(client: &Client, path: &str, key: &str, body: &Value) -> Reply {
    let call = client.call(Method::POST, path).header("prefer", "respond-async");
    call.key(key).json(body).send().await
}

/// Returns the job of a response once it has ended.
async fn ended(client: &Client, reply: &Reply) -> Value {
    let begun = reply.expect(202);
    let path = format!("/v1/jobs/{}", begun["id"].as_str().expect("an id"));
    assert_eq!(reply.header("location"), Some(path.as_str()));
    assert_eq!(reply.header("preference-applied"), Some("respond-async"));
    for _ in 0..600 {
        let job = client.get(&path).await.ok();
        if job["status"] != "running" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} has not ended");
}

fn items(count: usize) -> Value {
    let item = |number: usize| json!({ "sku": format!("P-{number}"), "name": format!("Product {number}") });
    json!({ "items": (0..count).map(item).collect::<Vec<_>>() })
}

#[test]
fn an_import_goes_on_after_its_response() {
    with_tenant(async |tenant| {
        let reply = later(tenant, IMPORT, "first", &items(1_200)).await;
        let job = ended(tenant, &reply).await;
        assert_eq!(
            (&job["status"], &job["kind"], &job["http_status"]),
            (&json!("succeeded"), &json!("product_import"), &json!(200))
        );
        assert_eq!((&job["rows_done"], &job["rows_total"]), (&json!(1_200), &json!(1_200)));
        assert_eq!(
            (&job["result"]["object"], &job["result"]["created"]),
            (&json!("product_import"), &json!(1_200))
        );
        assert!(job["problem"].is_null() && job["finished_at"].is_string(), "{job}");
        assert_eq!(tenant.get("/v1/products?sku=P-1199").await.ok()["data"][0]["name"], "Product 1199");
        // A repeat gets the response of the first request, as without a job.
        let again = ended(tenant, &later(tenant, IMPORT, "first", &items(1_200)).await).await;
        assert_eq!((&again["status"], &again["result"]), (&json!("succeeded"), &job["result"]));
        assert_ne!(again["id"], job["id"]);
        let other = ended(tenant, &later(tenant, IMPORT, "first", &items(3)).await).await;
        assert_eq!(
            (&other["status"], &other["problem"]["code"]),
            (&json!("failed"), &json!("idempotency_key_reused"))
        );
        // Results may be long, so a list has none.
        let listed = tenant.get("/v1/jobs?kind=product_import&sort=created_at").await.ok();
        let ids: Vec<&Value> =
            listed["data"].as_array().expect("rows").iter().map(|job| &job["id"]).collect();
        assert_eq!(ids, [&job["id"], &again["id"], &other["id"]]);
        let mut short = job.clone();
        short["result"] = Value::Null;
        assert_eq!(listed["data"][0], short);
        assert_eq!(listed["data"][2]["problem"], Value::Null);
    });
}

#[test]
fn an_import_that_is_rejected_says_why() {
    with_tenant(async |tenant| {
        let wrong = json!({ "items": [{ "sku": "A", "name": "A" }, { "sku": "B", "list_price": "-1" }] });
        let job = ended(tenant, &later(tenant, IMPORT, "wrong", &wrong).await).await;
        assert_eq!((&job["status"], &job["http_status"]), (&json!("failed"), &json!(422)));
        assert_eq!(job["problem"]["code"], "validation_failed");
        assert!(job["result"].is_null(), "{job}");
        assert_eq!(tenant.get("/v1/products?sku=A").await.ok()["data"], json!([]));
        // Without the preference, and as a dry run, the response is the result.
        tenant.post(IMPORT, &wrong).await.refused(422, "validation_failed");
        let call = tenant.call(Method::POST, IMPORT).header("prefer", "respond-async, dry-run");
        assert_eq!(call.json(&items(2)).send().await.ok()["created"], 2);
        assert_eq!(tenant.get("/v1/products").await.ok()["data"], json!([]));
    });
}

#[test]
fn a_run_of_the_reconciliation_goes_on_after_its_response() {
    with_tenant(async |tenant| {
        let path = "/v1/reconciliation/runs";
        let now = tenant.post(path, &json!({})).await;
        let job = ended(tenant, &later(tenant, path, "run", &json!({})).await).await;
        assert_eq!((&job["kind"], &job["http_status"]), (&json!("reconciliation_run"), &json!(now.status)));
        assert_eq!(job["rows_total"], Value::Null);
    });
}

/// Begins an import as `client` that waits for a product of the tenant. Carries out `end` beside it, and returns the job.
async fn import_beside(tenant: &Tenant, client: &Client, end: impl AsyncFnOnce()) -> Value {
    let mut other = environment().root.begin().await.expect("a transaction");
    let lock = "select from product where tenant_id = $1 for update";
    sqlx::query(lock).bind(tenant.id.0).execute(&mut *other).await.expect("the product is locked");
    let reply = later(client, IMPORT, "import", &items(1)).await;
    reply.expect(202);
    until_waiting(&mut other, 1).await;
    end().await;
    other.rollback().await.expect("it ends");
    ended(tenant, &reply).await
}

/// An operator who ends a credential relies on it: nothing more is written with it.
#[test]
fn an_import_whose_credential_ended_meanwhile_writes_nothing() {
    with_tenant(async |tenant| {
        tenant.product("P-0", "1.00").await;
        let scopes = json!({ "scopes": ["catalog:read", "catalog:write"] });
        let maker = json!({ "scopes": ["catalog:read", "catalog:write", "api_keys:write"] });
        let (maker_id, maker) = key_with(tenant, maker).await;
        let (_, made) = key_with(&tenant.with_key(&maker), scopes.clone()).await;
        let (id, own) = key_with(tenant, scopes).await;
        let user =
            json!({ "email": "max@shop.example", "name": "Max", "role": "manager", "password": PASSWORD });
        tenant.post("/v1/users", &user).await.created();
        let login = json!({ "tenant": tenant.slug, "email": "max@shop.example", "password": PASSWORD });
        let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
        let login = tenant.with_key(tokens["access_token"].as_str().expect("a token"));
        let logout = json!({ "refresh_token": tokens["refresh_token"] });

        let jobs = [
            import_beside(tenant, &tenant.with_key(&own), async || {
                tenant.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
            })
            .await,
            // A key ends with the key that made it, and an access token with its login.
            import_beside(tenant, &tenant.with_key(&made), async || {
                tenant.delete(&format!("/v1/api-keys/{maker_id}")).await.expect(204);
            })
            .await,
            import_beside(tenant, &login, async || {
                let reply = tenant.anonymous().post("/v1/auth/logout", &logout).await;
                assert_eq!(reply.status, 204);
            })
            .await,
        ];
        for job in &jobs {
            assert_eq!((&job["status"], &job["http_status"]), (&json!("failed"), &json!(403)), "{job}");
            assert_eq!(job["problem"]["code"], "insufficient_scope", "{job}");
        }
        let name = async || tenant.get("/v1/products?sku=P-0").await.ok()["data"][0]["name"].clone();
        assert_eq!(name().await, "Product P-0");
        // An import whose credential goes on waits and writes.
        let job = import_beside(tenant, tenant, async || ()).await;
        assert_eq!(job["status"], "succeeded", "{job}");
        assert_eq!(name().await, "Product 0");
    });
}

#[test]
fn a_job_is_seen_by_its_tenant_with_the_scope_of_its_kind() {
    with_tenants(async |tenant, other| {
        let job = ended(tenant, &later(tenant, IMPORT, "one", &items(1)).await).await;
        let path = format!("/v1/jobs/{}", job["id"].as_str().expect("an id"));
        other.get(&path).await.refused(404, "not_found");
        assert_eq!(other.get("/v1/jobs").await.ok()["data"], json!([]));
        let of_run = tenant.with_key(&key(tenant, &["reconciliation:read"]).await);
        of_run.get(&path).await.refused(404, "not_found");
        assert_eq!(of_run.get("/v1/jobs").await.ok()["data"], json!([]));
        of_run.get("/v1/jobs?kind=product_import").await.refused(403, "insufficient_scope");
        let reader = tenant.with_key(&key(tenant, &["catalog:read"]).await);
        assert_eq!(reader.get(&path).await.ok(), job);
        let none = tenant.with_key(&key(tenant, &["orders:read"]).await);
        none.get(&path).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_job_whose_server_ended_is_lost() {
    with_tenant(async |tenant| {
        let job = ended(tenant, &later(tenant, IMPORT, "one", &items(1)).await).await;
        let path = format!("/v1/jobs/{}", job["id"].as_str().expect("an id"));
        let killed = "update job set finished_at = null, http_status = null, response = null, \
                      seen_at = now() - interval '10 minutes' where tenant_id = $1";
        outside(tenant, killed).await;
        let lost = tenant.get(&path).await.ok();
        assert_eq!((&lost["status"], &lost["finished_at"]), (&json!("lost"), &Value::Null));
        // The next job deletes those that ended, or were lost, more than a week ago.
        let long_ago = "update job set seen_at = now() - interval '8 days' where tenant_id = $1";
        outside(tenant, long_ago).await;
        let next = ended(tenant, &later(tenant, IMPORT, "two", &items(2)).await).await;
        tenant.get(&path).await.refused(404, "not_found");
        let long_ago = "update job set finished_at = now() - interval '8 days' where tenant_id = $1";
        outside(tenant, long_ago).await;
        ended(tenant, &later(tenant, IMPORT, "three", &items(3)).await).await;
        tenant
            .get(&format!("/v1/jobs/{}", next["id"].as_str().expect("an id")))
            .await
            .refused(404, "not_found");
    });
}

#[test]
fn the_newest_jobs_of_a_tenant_are_kept() {
    with_tenant(async |tenant| {
        let oldest = ended(tenant, &later(tenant, IMPORT, "one", &items(1)).await).await;
        let newer = "insert into job (tenant_id, id, kind, actor_kind, actor_id, created_at, seen_at, finished_at, rows_done, http_status, \
                         response) \
                     select tenant_id, ('ffffffff-ffff-7fff-8fff-' || lpad(number::text, 12, '0'))::uuid, kind, actor_kind, actor_id, \
                         created_at, seen_at, finished_at, rows_done, http_status, response \
                     from job, generate_series(1, 999) number where tenant_id = $1";
        outside(tenant, newer).await;
        let path = format!("/v1/jobs/{}", oldest["id"].as_str().expect("an id"));
        tenant.get(&path).await.ok();
        ended(tenant, &later(tenant, IMPORT, "two", &items(2)).await).await;
        tenant.get(&path).await.refused(404, "not_found");
        // So it does with those that were lost.
        let kept = tenant.get("/v1/jobs").await.ok()["data"][0]["id"].as_str().expect("an id").to_owned();
        outside(tenant, "update job set finished_at = null, http_status = null, response = null, seen_at = now() - interval '8 days' where tenant_id = $1").await;
        ended(tenant, &later(tenant, IMPORT, "three", &items(3)).await).await;
        tenant.get(&format!("/v1/jobs/{kept}")).await.refused(404, "not_found");
    });
}

#[test]
fn jobs_of_a_tenant_above_the_limit_are_rejected() {
    with_tenants(async |tenant, other| {
        let most = tenant.get("/v1/limits").await.ok()["jobs_at_once"].as_u64().expect("a number");
        // Another server seems to compute a run, so the runs of the jobs wait.
        let leased = "insert into reconcile_lease (tenant_id, leased_by, lease_until) \
                      values ($1, gen_random_uuid(), now() + interval '1 minute')";
        outside(tenant, leased).await;
        let path = "/v1/reconciliation/runs";
        let mut begun = Vec::new();
        for number in 0..most {
            let reply = later(tenant, path, &format!("run-{number}"), &json!({})).await;
            reply.expect(202);
            begun.push(reply);
        }
        let refused = later(tenant, path, "one-more", &json!({})).await;
        refused.refused(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), Some("5"));
        later(tenant, IMPORT, "an-import", &items(1)).await.refused(429, "rate_limited");
        ended(other, &later(other, IMPORT, "of-another", &items(1)).await).await;
        outside(tenant, "update reconcile_lease set lease_until = now() where tenant_id = $1").await;
        for reply in &begun {
            ended(tenant, reply).await;
        }
        ended(tenant, &later(tenant, IMPORT, "an-import", &items(1)).await).await;
    });
}
