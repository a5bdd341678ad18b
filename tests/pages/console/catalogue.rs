//! Products, locations and integrity in /console.

use sea_orm::sqlx;
use serde_json::json;
use tests::{Browser, environment, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press, row_with, submit};
use crate::visit::{DRAWN, Trade, key, shown};

/// Chooses a file of products, as the button does.
#[track_caller]
pub(super) fn choose(browser: &mut Browser, name: &str, text: &str) {
    browser.eval(&format!(
        "(() => {{ const chosen = new DataTransfer(); chosen.items.add(new File([{}], '{name}')); \
         const input = document.querySelector('input[name=file]'); input.files = chosen.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(text)
    ));
}

/// Returns an expression of the page's words for the file.
pub(super) fn said() -> String {
    shown(".import [role=status]")
}

#[test]
fn a_file_is_checked_before_it_is_imported() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        choose(&mut browser, "list.csv", "sku,name,list_price\nMUG,Mug,4.50\nCUP,,x\n,Pot,3\n");
        browser.until(&format!("{}.startsWith('list.csv is checked') && {READY}", said()));
        assert_eq!(
            browser.text(&said()),
            "list.csv is checked: 3 rows, of them 1 new, 0 to change, 0 as they are, 2 wrong."
        );
        let fault = browser.text(&shown(".import tbody tr"));
        assert!(fault.starts_with('3') && fault.contains("list_price"), "{fault}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        assert_eq!(tenant.get("/v1/products").await.ok()["data"], json!([]), "a check writes nothing");
        press(&mut browser, ".import", "Import the 1 row that is right");
        browser.until(&format!("{}.startsWith('list.csv is imported') && {READY}", said()));
        assert!(browser.text(&said()).contains("1 created"));
        assert_eq!(browser.eval("document.activeElement.matches('.import [role=status]')"), true);
        browser.until(&row_with("MUG"));
        assert_eq!(tenant.get("/v1/products").await.ok()["data"][0]["list_price"], "4.50");
        browser.check();
    });
}

#[test]
fn a_file_with_a_column_that_is_not_known_is_rejected() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        choose(&mut browser, "other.csv", "foo;bar\n1;2\n");
        browser.until("document.querySelector('.import [role=alert]')");
        let alert = browser.text(&shown(".import [role=alert]"));
        assert!(alert.contains("There is no column foo."), "{alert}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn numbers_with_a_comma_are_read_as_the_reader_says() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        fill(&mut browser, "locale", "de-DE");
        browser.eval(DRAWN);
        choose(&mut browser, "liste.csv", "sku;name;list_price\nTASSE;Tasse;4,50\n");
        browser.until(&format!("{}.includes('1 new') && {READY}", said()));
        press(&mut browser, ".import", "Import 1 row");
        browser.until(&format!("{}.includes('1 created') && {READY}", said()));
        assert_eq!(tenant.get("/v1/products").await.ok()["data"][0]["list_price"], "4.50");
        browser.check();
    });
}

#[test]
fn a_product_leads_to_its_stock() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        fill(&mut browser, "q", "mug");
        browser.eval("document.querySelector('section[aria-labelledby=products] .filters').requestSubmit()");
        let one = "document.querySelectorAll('section[aria-labelledby=products] tbody tr').length === 1";
        browser.until(&format!("location.search.includes('q=mug') && {READY} && {one}"));
        press(&mut browser, "section[aria-labelledby=products] tbody", "Stock: MUG");
        browser.until(&format!("document.querySelector('h1').textContent === 'Stock' && {READY}"));
        assert!(browser.text(&shown(".panel tbody tr")).starts_with("MUG"));
        browser.check();
    });
}

#[test]
fn a_location_is_created_and_changed() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "locations");
        press(&mut browser, ".actions", "Create a location");
        browser.until(ASKED);
        let taken = tenant.get("/v1/locations").await.ok()["data"][0]["code"].clone();
        fill(&mut browser, "code", taken.as_str().expect("a code"));
        fill(&mut browser, "location-name", "Second shop");
        fill(&mut browser, "kind", "store");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #code[aria-invalid=true]')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "code", "NORTH");
        browser.eval("document.querySelector(`dialog [value='wholesale']`).click()");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("NORTH")));
        let made = tenant.get("/v1/locations?code=NORTH").await.ok();
        let made = &made["data"][0];
        assert_eq!((&made["kind"], &made["channels"]), (&json!("store"), &json!(["retail"])));
        press(&mut browser, ".panel", "Change: Second shop");
        browser.until(ASKED);
        fill(&mut browser, "location-name", "Shop in the north");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("Shop in the north")));
        browser.check();
    });
}

#[test]
fn a_change_between_is_not_overwritten() {
    with_tenant(async |tenant| {
        let body = json!({ "code": "NORTH", "name": "North", "kind": "store" });
        let path = format!("/v1/locations/{}", tenant.make("/v1/locations", body).await);
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "locations");
        press(&mut browser, ".panel", "Change: North");
        browser.until(ASKED);
        fill(&mut browser, "location-name", "Shop in the north");
        tenant.patch(&path, &json!({ "name": "Other name" })).await.ok();
        submit(&mut browser);
        browser.until("document.querySelector('dialog [role=alert]')");
        press(&mut browser, "dialog", "Cancel");
        browser.until(CLOSED);
        assert_eq!(tenant.get(&path).await.ok()["name"], "Other name");
        browser.check();
    });
}

#[test]
fn the_figures_agree() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let told = tenant.get("/v1/integrity").await.ok();
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "integrity");
        let verdict = browser.text(&shown(".verdict"));
        assert!(verdict.starts_with("✓ All figures agree. Checked"), "{verdict}");
        let rows = browser.eval("document.querySelectorAll('.panel tbody tr').length");
        assert_eq!(rows, told["facts"].as_array().map_or(0, Vec::len));
        press(&mut browser, ".actions", "Check again");
        browser.until(READY);
        browser.check();
    });
}

#[test]
fn a_figure_that_disagrees_is_named() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let change = async |statement: &'static str| {
            let changed = sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await;
            assert!(changed.expect("levels are changed").rows_affected() > 0, "{statement}");
        };
        change("update stock_level set on_hand = on_hand + 1 where tenant_id = $1").await;
        let told = tenant.get("/v1/integrity").await.ok();
        let subject = told["facts"][0]["examples"][0]["subject"].as_str().expect("an example").to_owned();
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "integrity");
        let verdict = browser.text(&shown(".verdict"));
        assert!(verdict.starts_with("✗ Some figures do not agree. Checked"), "{verdict}");
        let row = browser.text(&row_with("✗ no"));
        assert!(row.contains(&subject) && row.contains(" expected, "), "{subject}: {row}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        change("update stock_level set on_hand = on_hand - 1 where tenant_id = $1").await;
        press(&mut browser, ".actions", "Check again");
        browser.until(&format!("{}.startsWith('✓ All figures agree.')", shown(".verdict")));
        browser.check();
    });
}

#[test]
fn a_reader_of_the_catalogue_imports_nothing() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        let few = key(tenant, &["catalog:read"]).await;
        enter(&mut browser, tenant, &few, "products");
        assert_eq!(browser.eval("document.querySelectorAll('input[type=file]').length"), 0);
        assert!(browser.text(&shown("section[aria-labelledby=import]")).contains("catalog:write"));
        assert_eq!(browser.eval("document.querySelectorAll('.panel tbody tr').length"), 2);
        browser.check();
    });
}
