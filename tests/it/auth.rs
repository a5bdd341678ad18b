//! Who may call: keys, logins and their ends.

use serde_json::json;
use tests::Tenant;

/// A key of a tenant with these scopes.
pub async fn key(tenant: &Tenant, scopes: &[&str]) -> String {
    let body = json!({ "name": "A key with few scopes", "mode": "test", "scopes": scopes });
    let made = tenant.post("/v1/api-keys", &body).await.created();
    made["secret"].as_str().expect("the key is shown once").to_owned()
}
