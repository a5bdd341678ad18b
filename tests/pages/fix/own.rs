//! Differences from the own books lead to the level.

use sea_orm::sqlx;
use serde_json::json;
use tests::{Browser, environment, with_tenant};

use super::{BASE, compare, visit};

#[test]
fn an_example_of_the_own_books_leads_to_the_movements_of_its_level() {
    with_tenant(async |tenant| {
        let told = compare(tenant).await;
        let named = |name: &str| told["fix"]["examples"][0][name].as_str().expect("a name").to_owned();
        tenant.product(&named("sku"), "10.00").await;
        let shop = json!({ "code": named("place"), "name": "Shop", "kind": "store" });
        tenant.post("/v1/locations", &shop).await.created();
        // The run compared with another system. It is read as one of the own books.
        let own = "update reconcile_run set reference = 'stockwell' where tenant_id = $1";
        sqlx::query(own).bind(tenant.id.0).execute(&environment().root).await.expect("a run");
        let told = tenant.get(&format!("{BASE}/first-fix")).await.ok();
        let level = &told["fix"]["examples"][0]["here"]["level"];
        let id = |name: &str| level[name].as_str().unwrap_or_else(|| panic!("{name}: {told}"));
        let mut browser = Browser::start();
        visit(&mut browser, tenant);
        let link = browser.text("document.querySelector('.examples a').getAttribute('href')");
        assert_eq!(
            link,
            format!("/console?view=stock&product={}&location={}", id("product_id"), id("location_id"))
        );
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}
