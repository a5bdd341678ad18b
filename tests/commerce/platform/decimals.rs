//! Amounts and prices have the decimals of the tenant's currency, on every surface: yen 1240, dinar 2.470.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, lines, sale, with_tenant_as};

/// Members that are amounts or prices.
const MONEY: [&str; 30] = [
    "gross",
    "discount",
    "net",
    "tax",
    "total",
    "rounding",
    "open",
    "amount",
    "tendered",
    "change",
    "value",
    "unit_cost",
    "unit_price",
    "list_price",
    "price",
    "debit",
    "credit",
    "opening_float",
    "counted",
    "expected",
    "difference",
    "credit_limit",
    "net_revenue",
    "gross_revenue",
    "gross_margin",
    "cost",
    "returns",
    "average_order_value",
    "largest_difference",
    "balance",
];

/// Calls `found` with each amount below a value.
fn amounts(value: &Value, found: &mut dyn FnMut(&str, &str)) {
    for (name, member) in value.as_object().into_iter().flatten() {
        match member.as_str() {
            Some(text)
                if MONEY.contains(&name.as_str())
                    && text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) =>
            {
                found(name, text);
            }
            _ => amounts(member, found),
        }
    }
    value.as_array().into_iter().flatten().for_each(|item| amounts(item, found));
}

/// Checks the decimals of every amount of a response. Returns their number.
#[track_caller]
fn checked(reply: &Reply, decimals: usize) -> usize {
    assert!(reply.status < 300, "{}: {}", reply.what, reply.text);
    let mut count = 0;
    amounts(&reply.json(), &mut |name, text| {
        let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
        let is_shortest = fraction.len() <= decimals || !fraction.ends_with('0');
        assert!(fraction.len() >= decimals && is_shortest, "{}: {name} is {text}", reply.what);
        count += 1;
    });
    count
}

async fn trade(tenant: &Tenant, decimals: usize, price: &str) {
    let product = json!({ "sku": "MUG", "name": "Mug", "list_price": price });
    assert_eq!(checked(&tenant.post("/v1/products", &product).await, decimals), 1);
    tenant.open_stock(&[("MUG", "100", "1")]).await;
    let till = tenant.till().await;
    let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "500000" })).await;
    let sold = tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "2")])).await;
    assert!(checked(&sold, decimals) > 10);
    let id = sold.json()["id"].as_str().expect("an id").to_owned();
    let batch = json!({ "items": [{ "idempotency_key": "a", "body": sale(&till, &[("MUG", "1")]) }] });
    let call = tenant.call(Method::POST, "/v1/pos/sales/batch").json(&batch);
    assert!(checked(&call.send().await, decimals) > 10);
    assert!(checked(&tenant.dry_run("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await, decimals) > 10);
    let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "5")]), "advance_to": "invoiced" });
    let order = tenant.post("/v1/orders", &order).await;
    assert!(checked(&order, decimals) > 10);
    let asked = json!({ "channel": "retail", "lines": lines(&[("MUG", "1")]) });
    assert!(checked(&tenant.post("/v1/prices/resolve", &asked).await, decimals) > 0);
    let query = json!({ "query": "{ revenueReport { rows { netRevenue } totals { netRevenue } } stockPosition { rows { value unitCost } } }" });
    let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await;
    let shown = reply.json()["data"]["stockPosition"]["rows"][0]["value"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", reply.text))
        .to_owned();
    assert_eq!(shown.split_once('.').map_or(0, |(_, fraction)| fraction.len()), decimals, "{}", reply.text);
    for path in [
        format!("/v1/pos/sales/{id}"),
        format!("/v1/orders/{}", order.json()["id"].as_str().expect("an id")),
        "/v1/pos/sales".to_owned(),
        "/v1/products".to_owned(),
        "/v1/customers".to_owned(),
        "/v1/orders".to_owned(),
        "/v1/invoices".to_owned(),
        "/v1/journal-entries".to_owned(),
        "/v1/trial-balance".to_owned(),
        "/v1/stock/levels".to_owned(),
        "/v1/stock/movements".to_owned(),
        "/v1/pos/sessions".to_owned(),
        "/v1/pos/cash-moves".to_owned(),
        "/v1/integrity".to_owned(),
        "/v1/reports/revenue?group_by=product".to_owned(),
        "/v1/reports/margin?group_by=product".to_owned(),
        "/v1/reports/stock_valuation".to_owned(),
    ] {
        checked(&tenant.get(&path).await, decimals);
    }
    let export = tenant.get("/v1/products/export").await.text;
    assert!(export.contains(&format!(",{price},")), "{export}");
    let too_little = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]), "tenders": [{ "kind": "card", "amount": "9999" }] });
    let detail = tenant.post("/v1/pos/sales", &too_little).await.json()["detail"].to_string();
    let zeros = format!("9999.{}", "0".repeat(decimals));
    assert!(
        detail.contains(zeros.trim_end_matches('.')) && !detail.contains(&format!("{zeros}0")),
        "{detail}"
    );
}

#[test]
fn yen_have_no_decimals() {
    with_tenant_as(
        |wanted| wanted.currency = "JPY".to_owned(),
        async |tenant| trade(tenant, 0, "1240").await,
    );
}

#[test]
fn dinars_have_three_decimals() {
    with_tenant_as(
        |wanted| wanted.currency = "BHD".to_owned(),
        async |tenant| trade(tenant, 3, "2.470").await,
    );
}

#[test]
fn pounds_have_two_decimals() {
    with_tenant_as(|_| {}, async |tenant| trade(tenant, 2, "2.50").await);
}
