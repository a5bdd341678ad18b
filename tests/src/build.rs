//! Records for tests: products, customers, stock, tills, sales and orders.

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

/// Returns lines from SKUs and quantities.
pub fn lines(lines: &[(&str, &str)]) -> Value {
    lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect()
}

/// Returns a sale that is paid in cash, to the penny.
pub fn sale(till: &Till, wanted: &[(&str, &str)]) -> Value {
    json!({ "register_id": till.register_id, "lines": lines(wanted), "tenders": [{ "kind": "cash" }] })
}

/// Returns the `id` of a document.
fn id(document: &Value) -> String {
    document["id"].as_str().expect("a document has an id").to_owned()
}

/// Returns `base` with the members of `more`, which replace those of the same name.
fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        base[name] = value.clone();
    }
    base
}

impl Tenant {
    /// Makes a product with a list price, taxed at the standard rate.
    pub async fn product(&self, sku: &str, list_price: &str) -> Product {
        self.product_with(sku, json!({ "list_price": list_price })).await
    }

    /// Makes a product with further fields.
    pub async fn product_with(&self, sku: &str, more: Value) -> Product {
        let body = merged(json!({ "sku": sku, "name": format!("Product {sku}") }), &more);
        let product = self.post("/v1/products", &body).await.created();
        Product { id: id(&product), sku: sku.to_owned() }
    }

    /// Makes a product that is tracked by `lot` or `serial`.
    pub async fn tracked(&self, sku: &str, tracking: &str) -> Product {
        self.product_with(sku, json!({ "list_price": "10.00", "tracking": tracking })).await
    }

    /// Makes a product with a list price, and stock of it in the warehouse.
    pub async fn stocked(&self, sku: &str, list_price: &str, (quantity, unit_cost): (&str, &str)) -> Product {
        let product = self.product(sku, list_price).await;
        self.open_stock(&[(sku, quantity, unit_cost)]).await;
        product
    }

    /// Posts opening stock in the warehouse: SKU, quantity, unit cost.
    pub async fn open_stock(&self, wanted: &[(&str, &str, &str)]) -> Value {
        let line = |(sku, quantity, unit_cost): &(&str, &str, &str)| json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
        let lines: Vec<Value> = wanted.iter().map(line).collect();
        self.post("/v1/stock/documents", &json!({ "kind": "opening", "lines": lines })).await.created()
    }

    /// Makes a wholesale customer who pays net 30 days and has no credit limit.
    pub async fn customer(&self, name: &str) -> String {
        self.customer_with(name, json!({})).await
    }

    /// Makes a wholesale customer with further fields.
    pub async fn customer_with(&self, name: &str, more: Value) -> String {
        let body = merged(json!({ "kind": "wholesale", "name": name }), &more);
        id(&self.post("/v1/customers", &body).await.created())
    }

    /// Makes a record of any kind. Returns its id.
    pub async fn make(&self, path: &str, body: Value) -> String {
        id(&self.post(path, &body).await.created())
    }

    /// Makes a till that sells from the warehouse, with an open session and an empty drawer.
    pub async fn till(&self) -> Till {
        self.till_with(json!({})).await
    }

    /// Makes a till with further fields, with an open session and an empty drawer.
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
