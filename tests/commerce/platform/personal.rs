//! Stored responses say nothing about persons. A repeat has the record as it is now.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::json;
use tests::{Tenant, environment, with_tenant};

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
            let field = |problem: &serde_json::Value| problem["errors"][0]["pointer"].clone();
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
fn a_dry_run_shows_the_whole_record() {
    with_tenant(async |tenant| {
        let anna = json!({ "kind": "retail", "name": "Anna Bergman" });
        assert_eq!(tenant.dry_run("/v1/customers", &anna).await.ok()["name"], "Anna Bergman");
    });
}
