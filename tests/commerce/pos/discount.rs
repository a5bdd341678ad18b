//! Discounts by percent: what is to pay is rounded once, and the discount is the difference.

use serde_json::{Value, json};
use service::tenant::TenantCreate;
use tests::{Tenant, lines, sale, with_tenant_as};

fn of_country(tenant: &mut TenantCreate, prices_include_tax: bool) {
    tenant.country = "NL".to_owned();
    tenant.currency = "EUR".to_owned();
    tenant.time_zone = "Europe/Amsterdam".to_owned();
    tenant.prices_include_tax = prices_include_tax;
}

/// Makes the product and its tax of 21 %.
async fn mug(tenant: &Tenant, list_price: &str) {
    let class = tenant.make("/v1/tax-classes", json!({ "code": "HIGH", "name": "High" })).await;
    let rate = json!({ "tax_class_id": class, "zone": "NL", "rate": "21", "valid_from": "2000-01-01" });
    tenant.post("/v1/tax-rates", &rate).await.created();
    tenant.product_with("MUG", json!({ "list_price": list_price, "tax_class_id": class })).await;
    tenant.open_stock(&[("MUG", "900", "0.10")]).await;
}

fn figures(document: &Value) -> [&str; 5] {
    ["gross", "discount", "net", "tax", "total"].map(|name| document[name].as_str().expect("an amount"))
}

fn line(quantity: &str, percent: &str) -> Value {
    json!({ "sku": "MUG", "quantity": quantity, "discount": { "percent": percent } })
}

#[test]
fn what_is_left_after_a_percentage_is_rounded_once() {
    with_tenant_as(
        |tenant| of_country(tenant, false),
        async |tenant| {
            mug(tenant, "5.75").await;
            let till = tenant.till().await;
            let sell = async |lines: Value, discount: Value| {
                let mut body = sale(&till, &[]);
                body["lines"] = lines;
                body["discount"] = discount;
                tenant.post("/v1/pos/sales", &body).await.created()
            };
            // 28.75 less 18 % is 23.575.
            let one = sell(json!([line("5", "18")]), Value::Null).await;
            assert_eq!(figures(&one), ["28.75", "5.17", "23.58", "4.95", "28.53"]);
            let six: Vec<Value> = (0..6).map(|_| line("5", "18")).collect();
            let six = sell(json!(six), Value::Null).await;
            assert_eq!(figures(&six), ["172.50", "31.02", "141.48", "29.71", "171.19"]);
            let whole = sell(lines(&[("MUG", "5")]), json!({ "percent": "18" })).await;
            assert_eq!(figures(&whole), figures(&one), "a discount over all lines is no other");
            // 14.375 is rounded to 14.38 whether it comes of 50 % or of an amount.
            let half = sell(json!([line("5", "50")]), Value::Null).await;
            assert_eq!((half["discount"].as_str(), half["net"].as_str()), (Some("14.37"), Some("14.38")));
            let all = sell(json!([line("5", "100")]), Value::Null).await;
            assert_eq!(figures(&all), ["28.75", "28.75", "0.00", "0.00", "0.00"]);
            let none = sell(json!([line("5", "0")]), Value::Null).await;
            assert_eq!(none["discount"], "0.00");
        },
    );
}

#[test]
fn inclusive_prices_agree() {
    with_tenant_as(
        |tenant| of_country(tenant, true),
        async |tenant| {
            // 5.75 and 21 % of tax.
            mug(tenant, "6.9575").await;
            let till = tenant.till().await;
            let sell = async |lines: Value| {
                let mut body = sale(&till, &[]);
                body["lines"] = lines;
                tenant.post("/v1/pos/sales", &body).await.created()
            };
            // 34.7875 less 18 % is 28.52575.
            let one = sell(json!([line("5", "18")])).await;
            assert_eq!(figures(&one), ["28.75", "5.17", "23.58", "4.95", "28.53"]);
            let six: Vec<Value> = (0..6).map(|_| line("5", "18")).collect();
            assert_eq!(sell(json!(six)).await["total"], "171.18", "six lines of 28.53");
        },
    );
}

#[test]
fn an_order_that_ships_in_parts_rounds_what_is_to_pay() {
    with_tenant_as(
        |tenant| of_country(tenant, false),
        async |tenant| {
            mug(tenant, "5.75").await;
            let customer = tenant.customer_with("Nordwind Supply", json!({ "country": "NL" })).await;
            let order =
                json!({ "customer_id": customer, "advance_to": "confirmed", "lines": [line("10", "18")] });
            let order = tenant.post("/v1/orders", &order).await.created();
            assert_eq!(order["net"], "47.15");
            let id = order["id"].as_str().expect("an id").to_owned();
            let mut nets = Vec::new();
            for _ in 0..2 {
                let part = json!({ "lines": [{ "line_no": 1, "quantity": "5" }] });
                tenant.post(&format!("/v1/orders/{id}/ship"), &part).await.ok();
                let invoiced = tenant.step(&id, "invoice").await.ok();
                let invoices = invoiced["invoices"].as_array().expect("invoices");
                nets.push(invoices.last().expect("an invoice")["net"].as_str().expect("a net").to_owned());
            }
            assert_eq!(nets, ["23.58", "23.57"], "both add up to the order");
        },
    );
}

#[test]
fn a_discount_up_to_the_limit_is_never_above_it() {
    with_tenant_as(
        |tenant| of_country(tenant, false),
        async |tenant| {
            mug(tenant, "0.335").await;
            let limited = json!({ "scopes": ["pos:write"], "discount_max": "10" });
            let seller = tenant.with_key(&crate::platform::auth::key_with(tenant, limited).await.1);
            let till = tenant.till().await;
            for quantity in 1..=40 {
                let mut body = sale(&till, &[]);
                body["lines"] = json!([line(&quantity.to_string(), "10")]);
                seller.post("/v1/pos/sales", &body).await.created();
            }
        },
    );
}
