//! Sales that had happened before they were sent, of products whose SKU changed since.

use chrono::{DateTime, Utc};
use futures_util::future::join;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{Product, Tenant, Till, environment, sale, until_waiting, with_tenant};

use super::SALES;

async fn rename(tenant: &Tenant, product: &Product, sku: &str) {
    tenant.patch(&format!("/v1/products/{}", product.id), &json!({ "sku": sku })).await.ok();
}

fn sold_at(till: &Till, sku: &str, at: DateTime<Utc>) -> Value {
    let mut body = sale(till, &[(sku, "1")]);
    body["forced"] = json!(true);
    body["occurred_at"] = json!(at);
    body
}

#[test]
fn a_sku_names_the_product_that_had_it_at_the_time_of_the_sale() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let cup = tenant.stocked("CUP", "10.00", ("50", "4.00")).await;
        let bowl = tenant.stocked("BOWL", "10.00", ("50", "4.00")).await;
        let mut times = Vec::new();
        let now = async || environment().now().await;
        times.push(now().await);
        rename(tenant, &mug, "OLD-1").await;
        rename(tenant, &cup, "MUG").await;
        times.push(now().await);
        rename(tenant, &cup, "OLD-2").await;
        rename(tenant, &bowl, "MUG").await;
        times.push(now().await);
        let sold = async |at: DateTime<Utc>| {
            let sold = tenant.post(SALES, &sold_at(&till, "MUG", at)).await.created();
            let line = &sold["lines"][0];
            (line["product_id"].clone(), line["sku"].clone(), sold["exceptions"].clone())
        };
        let (renamed, printed) = (json!(["product_renamed"]), json!("MUG"));
        assert_eq!(sold(times[0]).await, (json!(mug.id), printed.clone(), renamed.clone()));
        assert_eq!(sold(times[1]).await, (json!(cup.id), printed.clone(), renamed.clone()));
        assert_eq!(sold(times[2]).await, (json!(bowl.id), printed, json!([])));
        // Sales of one batch name three products by one SKU, and one of now names the present one.
        let item = |(key, body): (usize, Value)| json!({ "idempotency_key": key.to_string(), "body": body });
        let bodies = times.iter().map(|at| sold_at(&till, "MUG", *at)).chain([sale(&till, &[("MUG", "1")])]);
        let batch = json!({ "items": bodies.enumerate().map(item).collect::<Vec<Value>>() });
        let done = tenant.call(reqwest::Method::POST, "/v1/pos/sales/batch").json(&batch).send().await;
        assert_eq!(done.expect(207)["accepted"], 4);
        for (sku, left) in [("OLD-1", "48"), ("OLD-2", "48"), ("MUG", "47")] {
            assert_eq!(tenant.level(sku).await.on_hand, left, "{sku}");
        }
        // A till that did not know of a change yet: no product has the SKU any more.
        rename(tenant, &bowl, "OLD-3").await;
        assert_eq!(sold(now().await).await, (json!(bowl.id), json!("OLD-3"), renamed));
        tenant.post(SALES, &sale(&till, &[("MUG", "1")])).await.refused(404, "not_found");
    });
}

#[test]
fn a_sale_of_a_time_in_which_no_product_had_the_sku_is_booked_with_an_exception() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let cup = tenant.stocked("CUP", "10.00", ("50", "4.00")).await;
        let now = async || environment().now().await;
        let sold = async |sku: &str, at: DateTime<Utc>| {
            let sold = tenant.post(SALES, &sold_at(&till, sku, at)).await.created();
            (sold["lines"][0]["sku"].clone(), sold["exceptions"].clone())
        };
        let start = now().await;
        rename(tenant, &mug, "OLD").await;
        let between = now().await;
        rename(tenant, &cup, "MUG").await;
        let renamed = json!(["product_renamed"]);
        assert_eq!(
            sold("MUG", between).await,
            (json!("OLD"), renamed.clone()),
            "the last one that had had it"
        );
        // No product has had the SKU before.
        rename(tenant, &mug, "NEW").await;
        assert_eq!(sold("NEW", start).await, (json!("MUG"), renamed.clone()), "its SKU of that time");
        assert_eq!(sold("NEW", now().await).await, (json!("NEW"), json!([])));
        let path = "/v1/pos/exceptions?reason=product_renamed";
        let details = tenant.get(path).await.ok()["data"].to_string();
        assert!(details.contains("No product had the SKU NEW at the time of the sale."), "{details}");
        // A product that is made after the sale has had its SKU from ever, if no other one had it.
        tenant.stocked("BOWL", "10.00", ("50", "4.00")).await;
        assert_eq!(sold("BOWL", start).await, (json!("BOWL"), json!([])));
        rename(tenant, &cup, "CUP").await;
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        assert_eq!(sold("MUG", between).await, (json!("OLD"), renamed), "the new mug was made later");
    });
}

#[test]
fn a_product_was_sold_by_its_first_sku_before_it_was_entered_whatever_sku_it_got_since() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let start = environment().now().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let sold = async |sku: &str| {
            let sold = tenant.post(SALES, &sold_at(&till, sku, start)).await.created();
            (sold["lines"][0]["sku"].clone(), sold["exceptions"].clone())
        };
        let details =
            async || tenant.get("/v1/pos/exceptions?reason=product_renamed").await.ok()["data"].to_string();
        rename(tenant, &mug, "CUP").await;
        assert_eq!(sold("MUG").await, (json!("MUG"), json!(["product_renamed"])));
        let first = details().await;
        assert!(!first.contains("got it later"), "the mug had it from ever: {first}");
        rename(tenant, &mug, "MUG").await;
        assert_eq!(sold("MUG").await, (json!("MUG"), json!([])));
        assert_eq!(sold("CUP").await, (json!("MUG"), json!(["product_renamed"])));
        let all = details().await;
        assert!(
            all.contains("No product had the SKU CUP") && !all.contains("No product had the SKU MUG"),
            "{all}"
        );
    });
}

#[test]
fn a_sku_that_the_version_before_writes_is_had_from_then_on() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        rename(tenant, &mug, "CUP").await;
        let between = environment().now().await;
        let mut connection = environment().connect().await;
        for statement in [
            "insert into former_sku (tenant_id, sku, product_id, replaced_at) \
             select tenant_id, sku, id, clock_timestamp() from product where tenant_id = $1",
            "update product set sku = 'BOWL', updated_at = clock_timestamp() where tenant_id = $1",
        ] {
            sqlx::query(statement).bind(tenant.id.0).execute(&mut connection).await.expect("another SKU");
        }
        let sold = async |at: DateTime<Utc>| {
            tenant.post(SALES, &sold_at(&till, "BOWL", at)).await.created()["exceptions"].clone()
        };
        assert_eq!(sold(between).await, json!(["product_renamed"]), "it was the cup then");
        assert_eq!(sold(environment().now().await).await, json!([]));
        // A change of another field is not one of the SKU.
        let since = "select sku_since from product where tenant_id = $1";
        let read = async || {
            let query = sqlx::query_scalar::<_, DateTime<Utc>>(since).bind(tenant.id.0);
            query.fetch_one(&environment().root).await.expect("an instant")
        };
        let before = read().await;
        let named = "update product set sku = sku, name = 'Bowl', updated_at = clock_timestamp() where tenant_id = $1";
        sqlx::query(named).bind(tenant.id.0).execute(&mut connection).await.expect("another name");
        assert_eq!(read().await, before);
    });
}

#[test]
fn a_sale_from_before_a_change_of_long_ago_has_an_exception_too() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        rename(tenant, &mug, "CUP").await;
        let mut connection = environment().connect().await;
        let earlier = "update product set sku_since = sku_since - interval '20 days' where tenant_id = $1";
        sqlx::query(earlier)
            .bind(tenant.id.0)
            .execute(&mut connection)
            .await
            .expect("it was renamed long ago");
        for (days, is_renamed) in [(30, true), (15, false), (1, false)] {
            let at = environment().now().await - chrono::Duration::days(days);
            let sold = tenant.post(SALES, &sold_at(&till, "CUP", at)).await.created();
            let exceptions = sold["exceptions"].as_array().expect("exceptions");
            assert_eq!(exceptions.contains(&json!("product_renamed")), is_renamed, "{days} days: {sold}");
        }
    });
}

#[test]
fn the_level_of_a_renamed_product_is_locked_before_the_number_series() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let at = environment().now().await;
        rename(tenant, &mug, "CUP").await;
        let mut connection = environment().connect().await;
        let mut lock = connection.begin().await.expect("a transaction");
        let level = "select 1 from stock_level where tenant_id = $1 for update";
        sqlx::query(level).bind(tenant.id.0).fetch_one(&mut *lock).await.expect("the level");
        let takes_the_series = async {
            until_waiting(&mut lock, 1).await;
            let series = "select series from number_series where tenant_id = $1 for update nowait";
            let free = sqlx::query(series).bind(tenant.id.0).fetch_all(&mut *lock).await;
            lock.rollback().await.expect("it ends");
            free.expect("the sale that waits for the level holds no series");
        };
        let sold = join(tenant.post(SALES, &sold_at(&till, "MUG", at)), takes_the_series).await.0;
        sold.created();
    });
}
