//! Tracked products.

use serde_json::{Value, json};
use tests::{lines, sale};

use super::{Request, Shop, id, wanted, with_each};

impl Shop<'_> {
    pub async fn lots(&self, name: &str, many: usize) -> Request {
        let goods = lines(&wanted("T", many));
        let transfers = "/v1/stock/transfers";
        let send = json!({ "to_location_id": self.tenant.shop, "lines": goods });
        match name {
            "pos_sale.completed, by lot" => {
                ("/v1/pos/sales".to_owned(), sale(&self.till, &wanted("T", many)))
            }
            "order.shipped, by lot" => {
                let order =
                    self.tenant.order(&self.customer, &wanted("T", many), "confirmed").await.created();
                (format!("/v1/orders/{}/ship", id(&order)), json!({}))
            }
            "stock.moved, receipt by lot" => {
                let lots = json!([{ "code": "EARLY" }]);
                let of = |line: &Value| json!({ "sku": line["sku"], "quantity": "1", "unit_cost": "1", "lots": lots });
                let lines: Vec<Value> = goods.as_array().expect("lines").iter().map(of).collect();
                ("/v1/stock/documents".to_owned(), json!({ "kind": "receipt", "lines": lines }))
            }
            "stock.moved, adjustment by lot" => {
                let lines = with_each(&goods, "quantity", "-1");
                let body = json!({ "kind": "adjustment", "reason": "lost", "lines": lines });
                ("/v1/stock/documents".to_owned(), body)
            }
            "hold.placed, by lot" => (
                "/v1/stock/holds".to_owned(),
                json!({ "kind": "quarantine",
                "lines": named(&goods) }),
            ),
            "transfer.dispatched, by lot" => (transfers.to_owned(), send),
            "transfer.received, by lot" => {
                let sent = self.tenant.post(transfers, &send).await.created();
                (format!("{transfers}/{}/receive", id(&sent)), json!({}))
            }
            _ => self.recall(many).await,
        }
    }

    /// Recalls a lot that many customers have units of.
    async fn recall(&self, many: usize) -> Request {
        let code = format!("BAD-{}", self.tenant.count("lot").await);
        let lots = json!([{ "code": code, "expires_on": "2999-01-01" }]);
        let line = json!({ "sku": "T0", "quantity": "20", "unit_cost": "1", "lots": lots });
        let receipt = json!({ "kind": "receipt", "lines": [line] });
        self.tenant.post("/v1/stock/documents", &receipt).await.created();
        for _ in 0..many {
            let mut order = json!({ "customer_id": self.customer, "advance_to": "invoiced", "lines": lines(&[("T0", "1")]) });
            order["lines"][0]["lots"] = json!([{ "code": code }]);
            self.tenant.post("/v1/orders", &order).await.created();
            order["advance_to"] = json!("confirmed");
            self.tenant.post("/v1/orders", &order).await.created();
        }
        let page = self.tenant.get(&format!("/v1/lots?code={code}")).await.ok();
        (format!("/v1/lots/{}/recall", id(&page["data"][0])), json!({ "reason": "Glass in the jar" }))
    }
}

/// Returns the lines with their lots.
fn named(goods: &Value) -> Value {
    let line = |line: &Value| json!({ "sku": line["sku"], "quantity": line["quantity"], "lots": [{ "code": "EARLY" }] });
    goods.as_array().expect("lines").iter().map(line).collect()
}
