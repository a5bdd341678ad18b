//! Custom roles in /console: a new one, one for a user or an invitation, other scopes, and the end of one.

use serde_json::{Value, json};
use tests::{Browser, Screen, Tenant, with_tenant};

use super::{ASKED, CLOSED, READY, copied_secret, enter, fill, press, row_with, submit};
use crate::visit::{DESK, key, problem, shown, tab_to};

const PATH: &str = "/v1/custom-roles";
const CARD: &str = "section[aria-labelledby=custom-roles]";

/// Makes a custom role of buyers. Returns its id.
async fn stock_only(tenant: &Tenant) -> String {
    let body = json!({ "name": "Stock only", "base": "buyer", "scopes": ["catalog:read", "stock:read"] });
    tenant.make(PATH, body).await
}

/// Makes a buyer. Returns the path of the user.
async fn ada(tenant: &Tenant) -> String {
    let body = json!({ "email": "ada@shop.example", "name": "Ada", "role": "buyer", "password": "correct horse battery staple" });
    format!("/v1/users/{}", tenant.make("/v1/users", body).await)
}

/// Returns an expression of the box of a scope in the dialog.
fn scope(name: &str) -> String {
    format!("document.querySelector(`dialog input[value='{name}']`)")
}

#[test]
fn a_custom_role_is_created_from_a_role() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        assert!(browser.text(&shown(&format!("{CARD} .empty"))).starts_with("There is no custom role."));
        press(&mut browser, CARD, "Create a custom role");
        browser.until("document.querySelector('dialog[open] #custom-base')");
        fill(&mut browser, "custom-name", "Stock only");
        fill(&mut browser, "custom-base", "buyer");
        browser.until(&format!("{}?.checked && !{}", scope("stock:write"), scope("users:write")));
        for screen in [
            DESK,
            Screen { width: 390, is_phone: true, is_dark: false },
            Screen { width: 320, is_phone: true, is_dark: true },
        ] {
            browser.look(screen);
            assert_eq!(browser.barriers(), Vec::<String>::new(), "{screen:?}");
            let wide = browser.eval("Math.max(innerWidth, document.documentElement.scrollWidth)");
            assert_eq!(wide, screen.width, "{screen:?} scrolls sideways");
        }
        browser.look(DESK);
        press(&mut browser, "dialog", "None");
        browser.until(&format!("!{}.checked", scope("stock:write")));
        browser.eval(&format!("{}.click()", scope("stock:read")));
        browser.until(&format!("{}.checked", scope("stock:read")));
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("Stock only")));
        let row = browser.text(&row_with("Stock only"));
        assert!(row.contains("Buyer") && row.contains("1 scope"), "{row}");
        browser.until(&format!("document.activeElement.matches('{CARD}')"));
        let made = &tenant.get(PATH).await.ok()["data"][0];
        assert_eq!((&made["base"], &made["scopes"]), (&json!("buyer"), &json!(["stock:read"])));
        browser.check();
    });
}

#[test]
fn a_user_gets_a_custom_role_which_is_not_deleted_meanwhile() {
    with_tenant(async |tenant| {
        let (role, user) = (stock_only(tenant).await, ada(tenant).await);
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        press(&mut browser, ".panel", "Change role: Ada");
        browser.until(&format!("document.querySelector('dialog[open] option[value={role}]')"));
        fill(&mut browser, "new-role", &role);
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}.includes('Stock only (Buyer)')", row_with("Ada")));
        assert_eq!(tenant.get(&user).await.ok()["custom_role_id"], json!(role));
        press(&mut browser, CARD, "Delete: Stock only");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Delete");
        browser.until("document.querySelector('dialog [role=alert]')");
        let alert = browser.text(&shown("dialog [role=alert]"));
        assert!(alert.contains("Users have this custom role"), "{alert}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        press(&mut browser, "dialog", "Cancel");
        browser.until(CLOSED);
        press(&mut browser, ".panel", "Change role: Ada");
        browser.until(ASKED);
        assert_eq!(browser.text("document.querySelector('#new-role').value"), role);
        fill(&mut browser, "new-role", "buyer");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && !{}.includes('Stock only')", row_with("Ada")));
        assert_eq!(tenant.get(&user).await.ok()["custom_role_id"], Value::Null);
        press(&mut browser, CARD, "Delete: Stock only");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Delete");
        browser.until(&format!("{CLOSED} && document.querySelector('{CARD} .empty')"));
        tenant.get(&format!("{PATH}/{role}")).await.refused(404, "not_found");
        browser.check();
    });
}

#[test]
fn an_invitation_gives_a_custom_role() {
    with_tenant(async |tenant| {
        let role = stock_only(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        press(&mut browser, ".actions", "Invite a user");
        browser.until(&format!("document.querySelector('dialog[open] option[value={role}]')"));
        fill(&mut browser, "user-name", "Ada");
        fill(&mut browser, "user-email", "ada@shop.example");
        fill(&mut browser, "user-role", &role);
        submit(&mut browser);
        copied_secret(&mut browser);
        press(&mut browser, "dialog", "I have kept it");
        browser.until(&format!("{CLOSED} && {}.includes('Stock only (Buyer)')", row_with("Ada")));
        browser.check();
    });
}

#[test]
fn a_change_of_a_custom_role_says_why_it_is_rejected_and_takes_a_code() {
    with_tenant(async |tenant| {
        let role = stock_only(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        press(&mut browser, CARD, "Change: Stock only");
        browser.until(&format!("{ASKED} && {}.checked", scope("stock:read")));
        press(&mut browser, "dialog", "None");
        browser.until(&format!("!{}.checked", scope("stock:read")));
        submit(&mut browser);
        browser.until("document.querySelector('dialog .scopes .wrong')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.eval(&format!("{}.click()", scope("stock:write")));
        browser.until(&format!("{}.checked", scope("stock:write")));
        let code = json!({ "status": 409, "code": "invalid_state_transition", "title": "Code needed", "detail": "",
            "errors": [{ "pointer": "#/code", "code": "invalid_state_transition", "detail": "State a code." }] });
        browser.refuse("/v1/custom-roles/", 409, code);
        submit(&mut browser);
        browser.until("document.querySelector('dialog #second-code[aria-invalid=true]')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        fill(&mut browser, "second-code", "287082");
        // The body has the code.
        browser.refuse("287082", 503, problem());
        submit(&mut browser);
        browser.until(&format!("{}.includes('req_of_the_test')", shown("dialog [role=alert]")));
        browser.release();
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}.includes('1 scope')", row_with("Stock only")));
        assert_eq!(tenant.get(&format!("{PATH}/{role}")).await.ok()["scopes"], json!(["stock:write"]));
        browser.check();
    });
}

#[test]
fn a_keyboard_is_enough_for_a_custom_role() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "users");
        tab_to(&mut browser, &format!("{CARD} .actions button"));
        browser.press("Enter");
        browser.until("document.activeElement.id === 'custom-name'");
        browser.write("Few");
        tab_to(&mut browser, "dialog .ways button:last-child");
        browser.press("Enter");
        browser.until("!document.querySelector('dialog .checks input:checked')");
        tab_to(&mut browser, "dialog .checks input");
        browser.press(" ");
        browser.until("document.activeElement.checked");
        browser.press("Enter");
        browser.until(&format!("{CLOSED} && {}.includes('1 scope')", row_with("Few")));
        browser.check();
    });
}

#[test]
fn a_reader_of_custom_roles_changes_none_and_tries_again() {
    with_tenant(async |tenant| {
        stock_only(tenant).await;
        let mut browser = Browser::start();
        let few = key(tenant, &["users:read"]).await;
        browser.refuse(PATH, 503, problem());
        enter(&mut browser, tenant, &few, "users");
        browser.until(&format!("document.querySelector('{CARD} .failed')"));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        press(&mut browser, CARD, "Try again");
        browser.until(&format!("{READY} && {}", row_with("Stock only")));
        assert_eq!(
            browser.eval(&format!("document.querySelectorAll('{CARD} :is(.actions, td button)').length")),
            0
        );
        browser.check();
    });
}
