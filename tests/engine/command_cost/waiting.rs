//! Waiting orders, held stock, and stock that has left already.

use serde_json::{Value, json};
use tests::{environment, lines, sale};

use super::{Request, Shop, id, wanted, with_each};

impl Shop<'_> {
    /// Orders for more than is available, and the commands on them.
    pub async fn waiting(&self, name: &str, many: usize) -> Request {
        let place = |kind: &str, quantity: &str| {
            let lines = with_each(&lines(&wanted(kind, many)), "quantity", quantity);
            json!({ "customer_id": self.customer, "policy": "backorder", "advance_to": "confirmed", "lines": lines })
        };
        if name == "order.created, waiting" {
            return ("/v1/orders".to_owned(), place("W", "1"));
        }
        if name == "order.closed" {
            let order = self.tenant.post("/v1/orders", &place("P", "2")).await.created();
            let part = |line_no: usize| json!({ "line_no": line_no, "quantity": "1" });
            let parts: Vec<Value> = (1..=many).map(part).collect();
            let path = format!("/v1/orders/{}", id(&order));
            self.tenant.post(&format!("{path}/ship"), &json!({ "lines": parts })).await.ok();
            return (format!("{path}/close"), json!({}));
        }
        let order = self.tenant.post("/v1/orders", &place("W", "1")).await.created();
        let verb = if name == "order.allocated" { "allocate" } else { "promise" };
        (format!("/v1/orders/{}/{verb}", id(&order)), json!({}))
    }

    /// Till and channel allotments and quarantine; sales from an allotment, and forced sales.
    pub async fn kept(&self, name: &str, many: usize) -> Request {
        self.session().await;
        let goods = lines(&wanted("K", many));
        let in_hours = environment().now().await + chrono::Duration::hours(1);
        let lease = json!({ "kind": "till_allotment", "register_id": self.till.register_id, "expires_at": in_hours,
            "lines": goods });
        let holds = "/v1/stock/holds".to_owned();
        match name {
            "hold.placed, till allotment" => (holds, lease),
            "hold.placed, channel allotment" => {
                let body = json!({ "kind": "channel_allotment", "channel": "wholesale", "expires_at": in_hours, "lines": goods });
                (holds, body)
            }
            "hold.placed, quarantine" => {
                (holds, json!({ "kind": "quarantine", "lines": lines(&wanted("P", many)) }))
            }
            "pos_sale.completed, from a lease" => {
                let all = with_each(&goods, "quantity", "100");
                let mut lease = lease;
                lease["reference"] = json!("lease");
                lease["lines"] = all;
                self.tenant.post(&holds, &lease).await.created();
                ("/v1/pos/sales".to_owned(), sale(&self.till, &wanted("K", many)))
            }
            "stock.moved, receipt of what was oversold" => {
                self.tenant.post("/v1/pos/sales", &self.forced(many).await).await.created();
                let lines = with_each(&lines(&wanted("N", many)), "unit_cost", "3");
                ("/v1/stock/documents".to_owned(), json!({ "kind": "receipt", "lines": lines }))
            }
            _ => ("/v1/pos/sales".to_owned(), self.forced(many).await),
        }
    }

    /// Returns a sale of stock that is not on hand.
    async fn forced(&self, many: usize) -> Value {
        let mut body = sale(&self.till, &wanted("N", many));
        body["forced"] = json!(true);
        body["occurred_at"] = json!(environment().now().await);
        body
    }
}
