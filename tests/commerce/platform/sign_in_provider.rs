//! Sign-ins with an external provider (OpenID Connect). The test starts a small provider with a key of its own.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Node, Reply, Tenant, environment, with_tenant};

mod small_provider;

use small_provider::{CLIENT, Provider, SECRET, Signed};

const PATH: &str = "/v1/identity-providers";
const CALLBACK: &str = "https://erp.example/v1/auth/oidc/callback";
/// The media types that a browser accepts.
const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const PASSWORD: &str = "correct horse battery staple";

/// Starts a server that may reach loopback.
async fn node() -> Node {
    environment()
        .node_with(|config| config.webhook_networks = vec!["127.0.0.0/8".parse().expect("a network")])
        .await
}

fn body(issuer: &str) -> Value {
    json!({ "name": "Company account", "issuer": issuer, "client_id": CLIENT, "client_secret": SECRET,
        "redirect_url": CALLBACK, "email_domains": ["Shop.example"] })
}

async fn user(tenant: &Tenant, name: &str, role: &str) -> Value {
    let body =
        json!({ "email": format!("{name}@shop.example"), "name": name, "role": role, "password": PASSWORD });
    tenant.post("/v1/users", &body).await.created()
}

async fn log_in(tenant: &Tenant, client: &Client, name: &str) -> Client {
    let login =
        json!({ "tenant": tenant.slug, "email": format!("{name}@shop.example"), "password": PASSWORD });
    let tokens = client.anonymous().post("/v1/auth/login", &login).await.ok();
    client.with_key(tokens["access_token"].as_str().expect("a token"))
}

/// A sign-in that was begun in a browser.
struct Begun {
    cookie: String,
    state: String,
}

/// A browser at a server, which follows no redirect.
struct Browser {
    http: reqwest::Client,
    base_url: String,
}

impl Browser {
    fn at(node: &Node) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Browser { http, base_url: node.base_url.clone() }
    }

    async fn get(&self, path: &str, cookie: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.base_url)).header("cookie", cookie);
        request.send().await.expect("a response")
    }

    /// Begins a sign-in. The provider learns what the browser brings it.
    async fn begin(&self, tenant: &Tenant, id: &str, provider: &Provider) -> Begun {
        let path = format!("/v1/auth/oidc/{}/{id}/start", tenant.slug);
        let response = self.get(&path, "").await;
        assert_eq!(response.status(), 303, "{:?}", response.text().await);
        let header = |name: &str| response.headers()[name].to_str().expect("a text").to_owned();
        let set = header("set-cookie");
        assert!(set.contains("; HttpOnly; SameSite=Lax; Max-Age=600; Secure"), "{set}");
        let url = Url::parse(&header("location")).expect("a URL");
        assert!(url.as_str().starts_with(&format!("{}/authorize?", provider.issuer)), "{url}");
        let part = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.unwrap_or_else(|| panic!("{name} is missing: {url}")).1.into_owned()
        };
        assert_eq!((part("client_id").as_str(), part("redirect_uri").as_str()), (CLIENT, CALLBACK));
        assert_eq!(part("code_challenge_method"), "S256");
        provider.change(|said| {
            said.nonce = part("nonce");
            said.challenge = part("code_challenge");
        });
        let cookie = set.split(';').next().expect("a cookie").to_owned();
        Begun { cookie, state: part("state") }
    }

    async fn come_back(&self, begun: &Begun) -> reqwest::Response {
        let path = format!("/v1/auth/oidc/callback?state={}&code=good&session_state=x", begun.state);
        self.get(&path, &begun.cookie).await
    }

    /// Signs a person in. Returns the code for the page.
    async fn sign_in(&self, tenant: &Tenant, id: &str, provider: &Provider) -> SignIn {
        let begun = self.begin(tenant, id, provider).await;
        let response = self.come_back(&begun).await;
        assert_eq!(response.status(), 303, "{:?}", response.text().await);
        SignIn::of(&response)
    }

    /// Comes back from the provider, and is rejected. Returns the problem.
    async fn refused(&self, begun: &Begun, status: u16) -> Value {
        let response = self.come_back(begun).await;
        assert_eq!(response.status(), status);
        serde_json::from_str(&response.text().await.expect("a body")).expect("JSON")
    }
}

/// A code for the page, and the cookie of the browser that has it.
struct SignIn {
    code: Value,
    cookie: String,
}

impl SignIn {
    /// Reads the response that sends the browser to the page.
    fn of(response: &reqwest::Response) -> Self {
        let header = |name: &str| response.headers()[name].to_str().expect("a text");
        let set = header("set-cookie");
        assert!(set.contains("; Path=/v1/auth/oidc; HttpOnly; SameSite=Lax; Max-Age=60; Secure"), "{set}");
        let code = header("location").strip_prefix("/console#sign_in=").expect("the page");
        SignIn { code: json!(code), cookie: set.split(';').next().expect("a cookie").to_owned() }
    }
}

async fn exchange(client: &Client, sign_in: &SignIn) -> Reply {
    let call = client.anonymous().call(Method::POST, "/v1/auth/oidc/exchange");
    call.header("cookie", &sign_in.cookie).json(&json!({ "code": sign_in.code })).send().await
}

fn id(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

fn pointer(problem: &Value) -> &str {
    problem["errors"][0]["pointer"].as_str().unwrap_or_default()
}

#[test]
fn a_user_signs_in_with_a_provider() {
    with_tenant(async |tenant| {
        let (provider, node) = (Provider::start().await, node().await);
        let (here, browser) = (tenant.at(&node.base_url), Browser::at(&node));
        user(tenant, "ada", "cashier").await;
        let made = here.post(PATH, &body(&provider.issuer)).await.created();
        assert_eq!(made["email_domains"], json!(["shop.example"]));
        assert!(!made.to_string().contains(SECRET), "{made}");
        let offered = here.anonymous().get(&format!("/v1/auth/oidc/{}/providers", tenant.slug)).await.ok();
        assert_eq!(offered["data"][0]["id"], made["id"]);
        let none = here.anonymous().get("/v1/auth/oidc/unknown/providers").await.ok();
        assert_eq!(none["data"], json!([]));
        for odd in ["0".repeat(64), "a".to_owned(), "a".repeat(64), "Nordwind".to_owned()] {
            for end in ["providers", "idp_01h455vb4pex5vsknk084sn02q/start"] {
                let reply = here.anonymous().get(&format!("/v1/auth/oidc/{odd}/{end}")).await;
                reply.refused(400, "invalid_parameter");
                assert!(reply.text.contains("\"parameter\":\"tenant\""), "{}", reply.text);
            }
        }

        let begun = browser.begin(tenant, &id(&made), &provider).await;
        let stranger = Begun { cookie: String::new(), state: begun.state.clone() };
        assert_eq!(pointer(&browser.refused(&stranger, 422).await), "#/state");
        let response = browser.come_back(&begun).await;
        assert_eq!(response.status(), 303);
        let code = SignIn::of(&response);
        // A link with the code signs no other browser in.
        for cookie in [String::new(), begun.cookie.clone()] {
            let elsewhere = SignIn { code: code.code.clone(), cookie };
            exchange(&here, &elsewhere).await.refused(422, "validation_failed").names(&["#/code"]);
        }
        let tokens = exchange(&here, &code).await.ok();
        let ada = here.with_key(tokens["access_token"].as_str().expect("a token"));
        assert_eq!(ada.get("/v1/me").await.ok()["actor_name"], "ada");
        let sessions = ada.get("/v1/me/sessions").await.ok();
        assert_eq!(sessions["data"][0]["is_current"], true);
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        here.anonymous().post("/v1/auth/refresh", &refresh).await.ok();
        // Neither the code nor the state works again.
        exchange(&here, &code).await.refused(422, "validation_failed").names(&["#/code"]);
        assert_eq!(pointer(&browser.refused(&begun, 422).await), "#/state");
        let odd = SignIn { code: json!("swo_x"), cookie: code.cookie };
        exchange(&here, &odd).await.refused(422, "validation_failed").names(&["#/code"]);
        here.patch(&format!("{PATH}/{}", id(&made)), &json!({ "enabled": false })).await.ok();
        let path = format!("/v1/auth/oidc/{}/{}/start", tenant.slug, id(&made));
        assert_eq!(browser.get(&path, "").await.status(), 404);
        let log = tenant.get("/v1/commands?name=identity_provider.updated").await.ok();
        assert_eq!(log["data"].as_array().map(Vec::len), Some(1), "{log}");
    });
}

#[test]
fn an_id_token_that_is_not_for_this_sign_in_is_rejected() {
    with_tenant(async |tenant| {
        let (provider, node) = (Provider::start().await, node().await);
        let (here, browser) = (tenant.at(&node.base_url), Browser::at(&node));
        user(tenant, "ada", "cashier").await;
        let gone = user(tenant, "bob", "cashier").await;
        tenant.post(&format!("/v1/users/{}/disable", id(&gone)), &json!({})).await.ok();
        let made = id(&here.post(PATH, &body(&provider.issuer)).await.created());
        for claims in [
            json!({ "aud": "other" }),
            json!({ "aud": [CLIENT, "other"] }),
            json!({ "iss": "https://other.example" }),
            json!({ "exp": 1_000_000 }),
            json!({ "nonce": "other" }),
            json!({ "nonce": null }),
            json!({ "sub": null }),
            json!({ "email_verified": false }),
            json!({ "email_verified": null }),
            json!({ "email": "eve@shop.example" }),
            json!({ "email": "bob@shop.example" }),
            json!({ "email": "ada@evil.shop.example" }),
            json!({ "email": "ada@other.example" }),
        ] {
            provider.change(|said| said.claims = claims.clone());
            let begun = browser.begin(tenant, &made, &provider).await;
            assert_eq!(pointer(&browser.refused(&begun, 422).await), "#/id_token", "{claims}");
        }
        provider.change(|said| said.claims = json!({}));
        for signed in [Signed::Not, Signed::BySecret, Signed::ByOther, Signed::ByUnknown] {
            provider.change(|said| said.signed = signed);
            let begun = browser.begin(tenant, &made, &provider).await;
            assert_eq!(pointer(&browser.refused(&begun, 422).await), "#/id_token", "{signed:?}");
        }
        assert_eq!(provider.keys_asked(), 1, "an unknown key is asked for once a minute");
        provider.change(|said| said.signed = Signed::Right);
        // The exchange is bound to the sign-in.
        let begun = browser.begin(tenant, &made, &provider).await;
        provider.change(|said| said.challenge = "other".to_owned());
        assert_eq!(pointer(&browser.refused(&begun, 422).await), "#/code");
        let forged = Begun { state: format!("{}A", begun.state), cookie: begun.cookie };
        assert_eq!(pointer(&browser.refused(&forged, 422).await), "#/state");
        browser.sign_in(tenant, &made, &provider).await;
    });
}

#[test]
fn a_provider_that_is_away_or_endless_holds_nothing() {
    with_tenant(async |tenant| {
        let (provider, node) = (Provider::start().await, node().await);
        let (here, browser) = (tenant.at(&node.base_url), Browser::at(&node));
        let made = id(&here.post(PATH, &body(&provider.issuer)).await.created());
        let begun = browser.begin(tenant, &made, &provider).await;
        provider.change(|said| said.is_endless = true);
        assert_eq!(browser.refused(&begun, 422).await["code"], "validation_failed");
        provider.change(|said| said.is_silent = true);
        assert_eq!(browser.refused(&begun, 503).await["code"], "temporarily_unavailable");
        // Another issuer does not get the secret of this one.
        let mut away = json!({ "issuer": "http://127.0.0.1:1" });
        let refused = here.patch(&format!("{PATH}/{made}"), &away).await;
        refused.refused(422, "validation_failed").names(&["#/client_secret"]);
        away["client_secret"] = json!("another secret");
        here.patch(&format!("{PATH}/{made}"), &away).await.ok();
        let path = format!("/v1/auth/oidc/{}/{made}/start", tenant.slug);
        assert_eq!(browser.get(&path, "").await.status(), 503);
        let page = format!("{path}?page=//thief.example");
        assert_eq!(browser.get(&page, "").await.status(), 422);
    });
}

#[test]
fn an_address_that_goes_to_another_account_signs_no_one_in() {
    with_tenant(async |tenant| {
        let (provider, node) = (Provider::start().await, node().await);
        let (here, browser) = (tenant.at(&node.base_url), Browser::at(&node));
        let ada = format!("/v1/users/{}", id(&user(tenant, "ada", "cashier").await));
        user(tenant, "bob", "cashier").await;
        let made = id(&here.post(PATH, &body(&provider.issuer)).await.created());
        let name = async || {
            let tokens = exchange(&here, &browser.sign_in(tenant, &made, &provider).await).await.ok();
            let client = here.with_key(tokens["access_token"].as_str().expect("a token"));
            client.get("/v1/me").await.ok()["actor_name"].clone()
        };
        let refused = async |claims: Value| {
            provider.change(|said| said.claims = claims.clone());
            let begun = browser.begin(tenant, &made, &provider).await;
            assert_eq!(pointer(&browser.refused(&begun, 422).await), "#/id_token", "{claims}");
        };
        assert_eq!(name().await, "ada");
        // The address of a person who left goes to another one.
        refused(json!({ "sub": "2" })).await;
        // The account of a person keeps its user if it gets another address, also that of another user.
        provider.change(|said| said.claims = json!({ "email": "bob@shop.example" }));
        assert_eq!(name().await, "ada");
        // It does not go to the next person for whom the user is renamed.
        tenant.patch(&ada, &json!({ "email": "eve@shop.example" })).await.ok();
        refused(json!({ "email": "ada@shop.example" })).await;
        provider.change(|said| said.claims = json!({ "sub": "3", "email": "eve@shop.example" }));
        assert_eq!(name().await, "ada");
        // Who is enabled again signs in with any account that has the address.
        tenant.post(&format!("{ada}/disable"), &json!({})).await.ok();
        tenant.post(&format!("{ada}/enable"), &json!({})).await.ok();
        provider.change(|said| said.claims = json!({ "sub": "4", "email": "eve@shop.example" }));
        assert_eq!(name().await, "ada");
        // Another client has other names for the same accounts.
        assert_eq!(tenant.count("provider_account").await, 1);
        here.patch(&format!("{PATH}/{made}"), &json!({ "client_id": "other" })).await.ok();
        assert_eq!(tenant.count("provider_account").await, 0);
    });
}

#[test]
fn users_are_made_if_the_provider_says_so() {
    with_tenant(async |tenant| {
        let (provider, node) = (Provider::start().await, node().await);
        let (here, browser) = (tenant.at(&node.base_url), Browser::at(&node));
        let mut wanted = body(&provider.issuer);
        wanted["role"] = json!("buyer");
        wanted["asks_second_factor"] = json!(true);
        let made = id(&here.post(PATH, &wanted).await.created());
        let code = browser.sign_in(tenant, &made, &provider).await;
        let tokens = exchange(&here, &code).await.ok();
        let ada = here.with_key(tokens["access_token"].as_str().expect("a token"));
        assert_eq!(ada.get("/v1/me").await.ok()["actor_name"], "Ada L.");
        let users = tenant.get("/v1/users").await.ok();
        let row = users["data"].as_array().into_iter().flatten().find(|row| row["name"] == "Ada L.");
        assert_eq!(row.map(|row| &row["role"]), Some(&json!("buyer")));
        // The second factor is asked for only if the provider says so.
        let factor = "update app_user set second_factor_since = now() where tenant_id = $1 and email = 'ada@shop.example'";
        sqlx::query(factor).bind(tenant.id.0).execute(&environment().root).await.expect("a second factor");
        let code = browser.sign_in(tenant, &made, &provider).await;
        let asked = exchange(&here, &code).await.refused(401, "mfa_required").0;
        assert!(asked["challenge"].is_string(), "{asked}");
        here.patch(&format!("{PATH}/{made}"), &json!({ "asks_second_factor": false })).await.ok();
        let code = browser.sign_in(tenant, &made, &provider).await;
        exchange(&here, &code).await.ok();
        // A code ends with the logins of its user.
        let code = browser.sign_in(tenant, &made, &provider).await;
        let path = row.map(|row| format!("/v1/users/{}/disable", id(row))).expect("a user");
        tenant.post(&path, &json!({})).await.ok();
        exchange(&here, &code).await.refused(422, "validation_failed").names(&["#/code"]);
    });
}

#[test]
fn a_provider_admits_no_more_than_its_maker() {
    with_tenant(async |tenant| {
        let (provider, node) = (Provider::start().await, node().await);
        let (here, browser) = (tenant.at(&node.base_url), Browser::at(&node));
        user(tenant, "ada", "owner").await;
        user(tenant, "adam", "admin").await;
        user(tenant, "carl", "cashier").await;
        let (admin, carl) = (log_in(tenant, &here, "adam").await, log_in(tenant, &here, "carl").await);
        carl.post(PATH, &body(&provider.issuer)).await.refused(403, "insufficient_scope");
        let mut for_owners = body(&provider.issuer);
        for_owners["role"] = json!("owner");
        admin.post(PATH, &for_owners).await.refused(403, "insufficient_scope");
        let made = admin.post(PATH, &body(&provider.issuer)).await.created();
        assert_eq!(made["admits_owners"], json!(false));
        let begun = browser.begin(tenant, &id(&made), &provider).await;
        assert_eq!(pointer(&browser.refused(&begun, 422).await), "#/id_token");
        let scopes = admin.get("/v1/me").await.ok()["scopes"].clone();
        let key = json!({ "name": "Own key", "mode": "test", "scopes": scopes });
        let key = admin.post("/v1/api-keys", &key).await.created();
        let key = here.with_key(key["secret"].as_str().expect("a key"));
        key.post(PATH, &body(&provider.issuer)).await.refused(409, "invalid_state_transition");
        let path = format!("{PATH}/{}", id(&made));
        let by_admin = admin.patch(&path, &json!({})).await.ok();
        assert_eq!((&by_admin["admits_owners"], &by_admin["version"]), (&json!(false), &json!(1)));
        let changed = here.patch(&path, &json!({})).await.ok();
        assert_eq!((&changed["admits_owners"], &changed["version"]), (&json!(true), &json!(2)));
        let by_admin = admin.patch(&path, &json!({})).await.ok();
        assert_eq!((&by_admin["admits_owners"], &by_admin["version"]), (&json!(true), &json!(2)));
        browser.sign_in(tenant, &id(&made), &provider).await;
        assert_eq!(here.delete(&format!("{PATH}/{}", id(&made))).await.status, 204);
        here.get(&format!("{PATH}/{}", id(&made))).await.refused(404, "not_found");
    });
}

#[test]
fn a_browser_sees_a_failed_sign_in_as_a_page() {
    with_tenant(async |tenant| {
        let get = async |path: String, accept: &'static str| {
            let request = reqwest::Client::builder().no_proxy().build().expect("a client");
            let request = request.get(format!("{}{path}", tenant.base_url())).header("accept", accept);
            request.send().await.expect("a response")
        };
        let odd = BASE64_URL_SAFE_NO_PAD.encode("state");
        let callback = format!("/v1/auth/oidc/callback?state=swn_{odd}&error=access_denied&code=reflected");
        let start = format!("/v1/auth/oidc/{}/idp_01h455vb4pex5vsknk084sn02q/start", tenant.slug);
        for (path, status, reason) in [
            (callback.clone(), 422_u16, "was not begun here. Sign in again."),
            (format!("{callback}&state=%3Cb%3Ereflected"), 400, "<p>"),
            (start.clone(), 404, "<p>"),
            (format!("{start}?page=https%3A%2F%2Freflected.example"), 422, "such as /console"),
        ] {
            let response = get(path.clone(), HTML).await;
            let header = |name: &str| response.headers()[name].to_str().expect("a text").to_owned();
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(header("content-type"), "text/html; charset=utf-8");
            assert!(header("content-security-policy").starts_with("default-src 'self'; "));
            assert_eq!(header("cache-control"), "private, no-store");
            let page = response.text().await.expect("a body");
            assert!(page.contains(reason) && page.contains("href=\"/console\""), "{page}");
            assert!(!page.contains("reflected") && !page.contains("access_denied"), "{page}");
        }
        for accept in ["application/json", "*/*", "text/html;q=0, */*"] {
            let response = get(callback.clone(), accept).await;
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{accept}");
        }
    });
}

#[test]
fn a_provider_has_a_public_issuer_and_a_callback_of_ours() {
    with_tenant(async |tenant| {
        let good = || body("https://login.example");
        for (field, wrong, pointer) in [
            ("issuer", json!("https://127.0.0.1/"), "#/issuer"),
            ("issuer", json!("http://login.example"), "#/issuer"),
            ("issuer", json!("https://login.example?a=b"), "#/issuer"),
            ("redirect_url", json!("https://erp.example/"), "#/redirect_url"),
            ("redirect_url", json!("http://erp.example/v1/auth/oidc/callback"), "#/redirect_url"),
            ("email_domains", json!([]), "#/email_domains"),
            ("email_domains", json!(["shop.example", "@shop"]), "#/email_domains/1"),
            ("client_id", json!(""), "#/client_id"),
            ("client_secret", json!(null), "#/client_secret"),
        ] {
            let mut body = good();
            body[field] = wrong;
            tenant.post(PATH, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        for _ in 0..10 {
            tenant.post(PATH, &good()).await.created();
        }
        tenant.post(PATH, &good()).await.refused(409, "invalid_state_transition");
        let odd = BASE64_URL_SAFE_NO_PAD.encode("state");
        let reply = tenant.anonymous().get(&format!("/v1/auth/oidc/callback?state=swn_{odd}&code=x")).await;
        reply.refused(422, "validation_failed").names(&["#/state"]);
    });
}
