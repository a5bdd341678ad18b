//! Pages for people, and the headers that protect them.

use tests::{environment, with_tenant};

#[test]
fn a_page_loads_from_this_server_alone() {
    with_tenant(async |tenant| {
        for path in ["/docs/", "/graphql"] {
            let page = tenant
                .anonymous()
                .call(reqwest::Method::GET, path)
                .header("accept", "text/html")
                .send()
                .await;
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            let policy = page.header("content-security-policy").unwrap_or_default();
            for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
                assert!(policy.split("; ").any(|one| one == part), "{path}: {policy}");
            }
            assert_eq!(page.header("strict-transport-security"), None, "{path}");
        }
        let data = tenant.get("/v1/me").await;
        assert_eq!(data.header("content-security-policy"), None, "data is no page");
    });
}

#[test]
fn a_server_behind_tls_says_so() {
    with_tenant(async |tenant| {
        let node = environment().node_with(|config| config.hsts_seconds = 31_536_000).await;
        let answer = tenant.at(&node.base_url).get("/v1/me").await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    });
}
