//! Users in /console: an invitation, another role, and an end of access.

use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use super::{ASKED, CLOSED, READY, copied_secret, enter, fill, press, row_with, submit};
use crate::visit::{key, shown};

const PASSWORD: &str = "correct horse battery staple";

/// Makes a user. Returns the record.
async fn user(tenant: &Tenant, role: &str) -> Value {
    let body = json!({ "email": "ada@shop.example", "name": "Ada", "role": role, "password": PASSWORD });
    tenant.post("/v1/users", &body).await.created()
}

/// Sends the form of a new password.
#[track_caller]
fn set_password(browser: &mut Browser, link: &str) {
    browser.open(link);
    browser.until("document.querySelector('#new-password')");
    assert_eq!(browser.text("location.hash"), "", "the token is in no address");
    fill(browser, "new-password", PASSWORD);
    browser.eval("document.querySelector('#new-password').form.requestSubmit()");
}

#[test]
fn an_invitation_sets_a_password_once() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        press(&mut browser, ".actions", "Invite a user");
        browser.until("document.querySelector('dialog[open] #user-role option')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "user-name", "Ada");
        fill(&mut browser, "user-email", "ada@shop.example");
        fill(&mut browser, "user-role", "buyer");
        submit(&mut browser);
        let link = copied_secret(&mut browser);
        assert!(link.starts_with(&format!("{}/console#token=swp_", tenant.base_url())), "{link}");
        press(&mut browser, "dialog", "I have kept it");
        browser.until(&format!("{CLOSED} && {}.includes('Buyer')", row_with("Ada")));

        set_password(&mut browser, &link);
        // The admin is still signed in.
        browser.until(READY);
        let login = json!({ "tenant": tenant.slug, "email": "ada@shop.example", "password": PASSWORD });
        tenant.anonymous().post("/v1/auth/login", &login).await.ok();

        set_password(&mut browser, &link);
        browser.until("document.querySelector('.entrance [role=alert]')");
        let alert = browser.text(&shown(".entrance [role=alert]"));
        assert!(alert.contains("used or replaced"), "{alert}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        press(&mut browser, ".entrance", "Sign in without it");
        browser.until(READY);
        browser.check();
    });
}

#[test]
fn an_invitation_without_its_link_makes_no_second_user() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        press(&mut browser, ".actions", "Invite a user");
        browser.until("document.querySelector('dialog[open] #user-role option')");
        fill(&mut browser, "user-name", "Ada");
        fill(&mut browser, "user-email", "ada@shop.example");
        browser.refuse("/password-link", 503, crate::visit::problem());
        submit(&mut browser);
        browser.until("document.querySelector('dialog [role=alert]')");
        assert!(
            browser.text(&shown("dialog form")).contains("The user is created, but there is no link yet.")
        );
        browser.release();
        submit(&mut browser);
        copied_secret(&mut browser);
        let users = tenant.get("/v1/users").await.ok();
        let rows = users["data"].as_array().expect("users");
        assert_eq!(rows.iter().filter(|one| one["email"] == "ada@shop.example").count(), 1, "{users}");
        browser.check();
    });
}

#[test]
fn a_user_gets_another_role_and_loses_access() {
    with_tenant(async |tenant| {
        let ada = user(tenant, "analyst").await;
        let path = format!("/v1/users/{}", ada["id"].as_str().expect("an id"));
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        press(&mut browser, ".panel", "Change role: Ada");
        browser.until(ASKED);
        assert_eq!(browser.text("document.querySelector('#new-role').value"), "analyst");
        fill(&mut browser, "new-role", "manager");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}.includes('Manager')", row_with("Ada")));
        assert_eq!(tenant.get(&path).await.ok()["role"], "manager");
        for (verb, state, said) in [("Disable", "disabled", "Disabled"), ("Enable", "active", "Active")] {
            press(&mut browser, ".panel", &format!("{verb}: Ada"));
            browser.until(ASKED);
            press(&mut browser, "dialog", verb);
            browser.until(&format!("{CLOSED} && {}.includes('{said}')", row_with("Ada")));
            assert_eq!(tenant.get(&path).await.ok()["status"], state);
        }
        browser.until("document.activeElement.matches('section[aria-labelledby=users]')");
        browser.check();
    });
}

#[test]
fn a_reader_of_users_changes_none_and_sees_the_roles() {
    with_tenant(async |tenant| {
        user(tenant, "analyst").await;
        let mut browser = Browser::start();
        let few = key(tenant, &["users:read"]).await;
        enter(&mut browser, tenant, &few, "users");
        assert!(browser.text(&shown(".actions")).contains("users:write"));
        assert_eq!(browser.eval("document.querySelectorAll('.panel td button').length"), 0);
        let cashier = browser.text(&row_with("Sales at a till"));
        assert!(cashier.contains("Cashier") && cashier.contains("10%"), "{cashier}");
        browser.check();
    });
}
