//! Buying: suppliers, the products that they sell, purchase orders, and landed costs.

use serde_json::{Value, json};
use tests::{Reply, Tenant};

mod adventure_works;
mod bills;
mod changed;
mod document;
mod landed;
mod order;
mod plan;
mod price_list;
mod product;
mod promise;
mod receipt;
mod send_back;
mod supplier;
mod walk_through;

const PURCHASES: &str = "/v1/purchase-orders";

/// Makes a supplier.
async fn supplier(tenant: &Tenant, code: &str, more: Value) -> String {
    let mut body = json!({ "code": code, "name": code });
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    tenant.make("/v1/suppliers", body).await
}

/// States the prices of a product of a supplier, and the rest of `more`.
async fn sells(tenant: &Tenant, supplier: &str, product: &str, more: Value) {
    tenant.put(&format!("/v1/suppliers/{supplier}/products/{product}"), &more).await.ok();
}

/// Writes a purchase order and takes it as far as `verbs`.
async fn order(tenant: &Tenant, body: Value, verbs: &[&str]) -> Value {
    let mut order = tenant.post(PURCHASES, &body).await.created();
    for verb in verbs {
        order = step(tenant, &order, verb, json!({})).await.ok();
    }
    order
}

/// Takes a purchase order a step further.
async fn step(tenant: &Tenant, order: &Value, verb: &str, body: Value) -> Reply {
    tenant.post(&format!("{}/{verb}", path(order)), &body).await
}

fn path(order: &Value) -> String {
    format!("{PURCHASES}/{}", order["id"].as_str().expect("an id"))
}

/// Returns one member of every line.
fn of_lines(order: &Value, member: &str) -> Vec<Value> {
    order["lines"].as_array().expect("lines").iter().map(|line| line[member].clone()).collect()
}
