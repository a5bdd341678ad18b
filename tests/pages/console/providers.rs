//! Providers of sign-ins in /console.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press, row_with, submit};
use crate::visit::{enter_at, key, problem, shown};

const PATH: &str = "/v1/identity-providers";
/// The body of a provider, without its secret.
const FIELDS: [(&str, &str); 5] = [
    ("provider-name", "Company account"),
    ("provider-issuer", "https://login.shop.example"),
    ("provider-client_id", "stockwell"),
    ("provider-redirect_url", "https://erp.shop.example/v1/auth/oidc/callback"),
    ("provider-email_domains", "shop.example, other.example"),
];

#[test]
fn a_provider_is_added_tried_disabled_and_deleted() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "providers");
        assert_eq!(
            browser.text(&shown(".panel .empty")),
            "There is no provider. People sign in with passwords."
        );
        press(&mut browser, ".actions", "Add a provider");
        browser.until("document.querySelector('dialog[open] #provider-role option[value=cashier]')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        for (name, value) in FIELDS {
            fill(&mut browser, name, value);
        }
        fill(&mut browser, "provider-client_secret", "secret of a client");
        fill(&mut browser, "provider-role", "cashier");
        fill(&mut browser, "provider-email_domains", "shop.example, no domain");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #provider-email_domains[aria-invalid=true]')");
        fill(&mut browser, "provider-email_domains", "shop.example, other.example");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("Company account")));
        let made = tenant.get(PATH).await.ok()["data"][0].clone();
        assert_eq!(made["email_domains"], json!(["shop.example", "other.example"]));
        assert_eq!((&made["role"], &made["enabled"]), (&json!("cashier"), &json!(true)));
        let id = made["id"].as_str().expect("an id");
        let link =
            browser.text("document.querySelector('.panel tbody a[target=_blank]').getAttribute('href')");
        assert_eq!(link, format!("/v1/auth/oidc/{}/{id}/start?page=/console", tenant.slug));
        let address = browser.text(&shown(".secret code"));
        assert_eq!(address, format!("{}/console?tenant={}", tenant.base_url(), tenant.slug));

        press(&mut browser, ".panel tbody", "Disable: Company account");
        browser.until(ASKED);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        press(&mut browser, "dialog", "Disable");
        browser.until(&format!("{CLOSED} && {}.includes('Disabled')", row_with("Company account")));
        assert_eq!(tenant.get(&format!("{PATH}/{id}")).await.ok()["enabled"], false);
        assert_eq!(
            browser.eval("document.querySelectorAll('.panel tbody a[target=_blank]').length"),
            0,
            "a disabled provider can't be tried"
        );

        press(&mut browser, ".panel tbody", "Change: Company account");
        browser.until(ASKED);
        fill(&mut browser, "provider-name", "Work account");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("Work account")));
        let changed = tenant.get(&format!("{PATH}/{id}")).await.ok();
        assert_eq!(
            (&changed["name"], &changed["enabled"], &changed["role"]),
            (&json!("Work account"), &json!(false), &json!("cashier")),
            "a change of the name leaves the state and the role"
        );

        press(&mut browser, ".panel tbody", "Delete: Work account");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Delete");
        browser.until(&format!("{CLOSED} && document.querySelector('.panel .empty')"));
        assert_eq!(tenant.get(PATH).await.ok()["data"], json!([]));
        browser.check();
    });
}

#[test]
fn providers_wait_fail_and_are_tried_again() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        browser.hold("/v1/identity-providers?");
        enter_at(&mut browser, tenant, &tenant.key, "/console?view=providers");
        browser
            .until("document.querySelector('section[aria-labelledby=providers][aria-busy=true] .skeleton')");
        browser.release();
        browser.until(READY);
        browser.refuse("/v1/identity-providers?", 503, problem());
        browser.open(&format!("{}/console?view=providers", tenant.base_url()));
        browser.until("document.querySelector('.failed')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('.failed button').click()");
        browser.until("document.querySelector('.panel .empty')");
        browser.check();
    });
}

#[test]
fn a_reader_of_users_changes_no_provider() {
    with_tenant(async |tenant| {
        let body = json!({ "name": "Company account", "issuer": "https://login.shop.example", "client_id": "stockwell",
            "client_secret": "secret of a client", "redirect_url": "https://erp.shop.example/v1/auth/oidc/callback",
            "email_domains": ["shop.example"] });
        tenant.post(PATH, &body).await.created();
        let mut browser = Browser::start();
        let few = key(tenant, &["users:read"]).await;
        enter(&mut browser, tenant, &few, "providers");
        assert!(browser.text(&shown("section[aria-labelledby=providers]")).contains("users:write"));
        let row = browser.text(&row_with("Company account"));
        assert!(row.contains("are rejected") && row.contains("Try it"), "{row}");
        assert_eq!(browser.eval("document.querySelectorAll('.panel tbody button').length"), 0);
        browser.check();
    });
}
