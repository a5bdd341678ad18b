//! What tests are made of: products, customers, stock, tills, sales and orders.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Reply, Tenant};

/// A product.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// Its SKU.
    pub sku: String,
}

/// A till with an open session.
#[derive(Debug, Clone)]
pub struct Till {
    /// The till.
    pub register_id: String,
    /// The session.
    pub session_id: String,
    /// The till's code.
    pub code: String,
}

/// Lines from SKUs and quantities.
pub fn lines(lines: &[(&str, &str)]) -> Value {
    lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect()
}

/// A sale that is paid in cash, to the penny.
pub fn sale(till: &Till, wanted: &[(&str, &str)]) -> Value {
    json!({ "register_id": till.register_id, "lines": lines(wanted), "tenders": [{ "kind": "cash" }] })
}

/// The `id` of a document.
fn id(document: &Value) -> String {
    document["id"].as_str().expect("a document has an id").to_owned()
}

/// `base` with the members of `more` in their place.
fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        base[name] = value.clone();
    }
    base
}

impl Tenant {
    /// A product with a list price, taxed at the standard rate.
    pub async fn product(&self, sku: &str, list_price: &str) -> Product {
        self.product_with(sku, json!({ "list_price": list_price })).await
    }

    /// A product with more to say about it.
    pub async fn product_with(&self, sku: &str, more: Value) -> Product {
        let body = merged(json!({ "sku": sku, "name": format!("Product {sku}") }), &more);
        let product = self.post("/v1/products", &body).await.created();
        Product { id: id(&product), sku: sku.to_owned() }
    }

    /// A product that is tracked by `lot` or `serial`.
    pub async fn tracked(&self, sku: &str, tracking: &str) -> Product {
        self.product_with(sku, json!({ "list_price": "10.00", "tracking": tracking })).await
    }

    /// A product with a list price, and some of it in the warehouse.
    pub async fn stocked(&self, sku: &str, list_price: &str, (quantity, unit_cost): (&str, &str)) -> Product {
        let product = self.product(sku, list_price).await;
        self.open_stock(&[(sku, quantity, unit_cost)]).await;
        product
    }

    /// Opening stock in the warehouse: SKU, quantity, cost of one.
    pub async fn open_stock(&self, wanted: &[(&str, &str, &str)]) -> Value {
        let line = |(sku, quantity, unit_cost): &(&str, &str, &str)| json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
        let lines: Vec<Value> = wanted.iter().map(line).collect();
        self.post("/v1/stock/documents", &json!({ "kind": "opening", "lines": lines })).await.created()
    }

    /// A wholesale customer who pays net 30 days and has no credit limit.
    pub async fn customer(&self, name: &str) -> String {
        self.customer_with(name, json!({})).await
    }

    /// A wholesale customer with more to say about it.
    pub async fn customer_with(&self, name: &str, more: Value) -> String {
        let body = merged(json!({ "kind": "wholesale", "name": name }), &more);
        id(&self.post("/v1/customers", &body).await.created())
    }

    /// A record of any kind; answers its id.
    pub async fn make(&self, path: &str, body: Value) -> String {
        id(&self.post(path, &body).await.created())
    }

    /// A till that takes goods from the warehouse, with an open session and an empty drawer.
    pub async fn till(&self) -> Till {
        self.till_with(json!({})).await
    }

    /// A till with more to say about it, with an open session and an empty drawer.
    pub async fn till_with(&self, more: Value) -> Till {
        let code = Uuid::new_v4().simple().to_string()[..12].to_uppercase();
        let body = json!({ "code": code, "name": "Till in the warehouse", "location_id": self.main });
        let register_id = id(&self.post("/v1/registers", &merged(body, &more)).await.created());
        let session_id = self.make("/v1/pos/sessions", json!({ "register_id": register_id })).await;
        Till { register_id, session_id, code }
    }

    /// Sells at a till for exactly the cash that is due.
    pub async fn sell(&self, till: &Till, wanted: &[(&str, &str)]) -> Reply {
        self.post("/v1/pos/sales", &sale(till, wanted)).await
    }

    /// Places an order and takes it as far as `advance_to`.
    pub async fn order(&self, customer_id: &str, wanted: &[(&str, &str)], advance_to: &str) -> Reply {
        let body = json!({ "customer_id": customer_id, "lines": lines(wanted), "advance_to": advance_to });
        self.post("/v1/orders", &body).await
    }

    /// Takes an order a step further: `confirm`, `release`, `cancel`, `ship` or `invoice`.
    pub async fn step(&self, order_id: &str, verb: &str) -> Reply {
        self.post(&format!("/v1/orders/{order_id}/{verb}"), &json!({})).await
    }
}
