//! Count sheets, from the first line to the adjustment.

use serde_json::{Value, json};

use super::{Request, Shop, id, wanted};

impl Shop<'_> {
    pub async fn counted(&self, name: &str, many: usize) -> Request {
        let counted = wanted("C", many);
        let skus: Vec<&str> = counted.iter().map(|(sku, _)| *sku).collect();
        let open = json!({ "skus": skus, "blind": false });
        if name == "count.opened" {
            return ("/v1/counts".to_owned(), open);
        }
        let sheet = self.tenant.post("/v1/counts", &open).await.created();
        let path = |step: &str| format!("/v1/counts/{}/{step}", id(&sheet));
        // Every sheet finds another quantity, so that each has something to adjust.
        let found = (1_000 + self.tenant.count("stock_count").await).to_string();
        let entry = |sku: &&str| json!({ "sku": sku, "quantity": found });
        let entries = json!({ "entries": skus.iter().map(entry).collect::<Vec<Value>>() });
        let steps = [("count.entered", "entries", entries), ("count.completed", "complete", json!({}))];
        for (kind, step, body) in steps {
            if name == kind {
                return (path(step), body);
            }
            if name != "count.cancelled" {
                self.tenant.post(&path(step), &body).await.ok();
            }
        }
        match name {
            "count.recount_asked" => {
                let lines: Vec<usize> = (1..=many).collect();
                (path("recount"), json!({ "lines": lines }))
            }
            "count.cancelled" => (path("cancel"), json!({})),
            "count.reversed" => {
                self.tenant.post(&path("post"), &json!({})).await.ok();
                (path("reverse"), json!({ "reason": "The wrong shelf" }))
            }
            _ => (path("post"), json!({})),
        }
    }
}
