//! Sums that do not fit into a roll-up.

use sea_orm::sqlx::{self, Row};
use serde_json::json;
use service::rollup;
use tests::{Tenant, environment, sale, with_tenant};

use super::{Shop, figures, fold, hide};

/// Copies of the line of a service with 900,000,000,000 units each: eleven times that is more millionths than an integer of 64
/// bits holds. No document can have so many, so the rows are made by SQL.
const TOO_LARGE: &str = "
    insert into sales_line
    select (jsonb_populate_record(l, jsonb_build_object(
        'line_no', n + 1, 'quantity', 900000000000, 'gross', 0, 'discount', 0, 'net', 0, 'tax', 0, 'cost', 0))).*
    from sales_line l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id and p.sku = 'CALL',
        generate_series(1, 11) n
    where l.tenant_id = $1";

#[test]
fn a_sum_that_does_not_fit_stops_the_folds_and_no_report() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        tenant.product_with("CALL", json!({ "list_price": "0.01", "kind": "service" })).await;
        let mut body = sale(&shop.till, &[("CALL", "1")]);
        body["occurred_at"] = json!("2011-02-14T12:00:00Z");
        tenant.post("/v1/pos/sales", &body).await.created();
        let made = sqlx::query(TOO_LARGE).bind(tenant.id.0).execute(&environment().root).await;
        assert_eq!(made.expect("lines").rows_affected(), 11);
        tenant.complete_feed().await;
        assert_eq!(fold(tenant).await, 0, "the folds stop");
        for request in ["/v1/reports/margin?group_by=none", "/v1/reports/product_performance"] {
            let with = figures(tenant, request).await;
            hide(tenant, true).await;
            assert_eq!(with, figures(tenant, request).await, "{request}");
            hide(tenant, false).await;
        }
        let totals = &figures(tenant, "/v1/reports/revenue?group_by=none&product=CALL").await["totals"][0];
        assert_eq!((&totals["orders"], &totals["units"]), (&json!(1), &json!("9900000000001")));
        assert!(is_too_large(tenant).await);
        // Nor do they fit into a rebuild. It ends, and so does one that is asked for after it.
        for _ in 0..2 {
            rollup::request_rebuild(&environment().db, tenant.id).await.expect("requested");
            assert_eq!(fold(tenant).await, 0, "the rebuild is given up");
            assert!(is_too_large(tenant).await);
        }
        assert_eq!(
            &figures(tenant, "/v1/reports/revenue?group_by=none&product=CALL").await["totals"][0]["units"],
            &json!("9900000000001")
        );
    });
}

async fn is_too_large(tenant: &Tenant) -> bool {
    let state = "select too_large from sales_rollup where tenant_id = $1";
    let row = sqlx::query(state).bind(tenant.id.0).fetch_one(&environment().root).await.expect("a state");
    row.get("too_large")
}

#[test]
fn a_rebuild_goes_on_where_the_folds_have_stopped() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        // The rows are damaged: the next line does not fit on top of them.
        let damage = "update sales_sum_by_day set units = 9223372036854775807 where tenant_id = $1";
        sqlx::query(damage).bind(tenant.id.0).execute(&environment().root).await.expect("a change");
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("MUG", "1")]).await;
        tenant.complete_feed().await;
        assert_eq!(fold(tenant).await, 0, "the folds stop");
        assert!(is_too_large(tenant).await);
        rollup::request_rebuild(&environment().db, tenant.id).await.expect("requested");
        assert!(fold(tenant).await > 0, "the rebuild reads the lines");
        assert!(!is_too_large(tenant).await);
        let request = "/v1/reports/margin?group_by=day";
        let with = figures(tenant, request).await;
        hide(tenant, true).await;
        assert_eq!(with, figures(tenant, request).await);
        hide(tenant, false).await;
        assert_eq!(fold(tenant).await, 0, "no line is left");
    });
}
