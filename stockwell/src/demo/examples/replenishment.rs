//! A suggested transfer: the shop has nothing of a product that the warehouse has plenty of. And a suggested order of a product that
//! has a preferred supplier.

use serde_json::{Value, json};

use super::{World, text};
use crate::import::ClientError;

const SETTINGS: &str = "/v1/replenishment/settings";

impl World<'_> {
    pub(super) async fn replenishment(&mut self) -> Result<(), ClientError> {
        let reel = json!({ "sku": "REEL-50", "name": "Cable reel, 50 m", "list_price": "39.00" });
        self.make("prd:reel", "/v1/products", reel).await?;
        let lines = json!([{ "sku": "REEL-50", "quantity": "400", "unit_cost": "21.00" }]);
        let opening = json!({ "kind": "opening", "location_id": self.id("loc:MAIN"), "lines": lines });
        self.post("opening:REEL-50", "/v1/stock/documents", opening).await?;
        // The product has no sales yet, so a similar one stands in.
        let product = self.id("prd:reel").to_owned();
        self.client.put(SETTINGS, json!({ "product_id": product, "analogue_rate": "7" })).await?;
        let shop = json!({ "product_id": product, "location_id": self.id("loc:SHOP"), "review_days": 14 });
        self.client.put(SETTINGS, shop).await?;
        self.note_fingerprint("reel", "loc:SHOP").await?;
        self.order().await
    }

    async fn order(&mut self) -> Result<(), ClientError> {
        let ropes = json!({ "code": "ROPES", "name": "Rope Works Ltd" });
        self.make("sup:rope", "/v1/suppliers", ropes).await?;
        let rope = json!({ "sku": "ROPE-20", "name": "Rope, 20 m", "list_price": "12.00" });
        self.make("prd:rope", "/v1/products", rope).await?;
        let product = self.id("prd:rope").to_owned();
        let path = format!("/v1/suppliers/{}/products/{product}", self.id("sup:rope"));
        let terms = json!({ "preferred": true, "prices": [{ "unit_cost": "7.50" }] });
        self.client.put(&path, terms).await?;
        let main = json!({ "product_id": product, "location_id": self.id("loc:MAIN"), "analogue_rate": "7",
            "lead_time_days": 14 });
        self.client.put(SETTINGS, main).await?;
        self.note_fingerprint("rope", "loc:MAIN").await
    }

    /// Notes the fingerprint of the suggestion for a product at a location.
    async fn note_fingerprint(&mut self, name: &str, location: &str) -> Result<(), ClientError> {
        let product = self.id(&format!("prd:{name}")).to_owned();
        let found = self.client.get(&format!("/v1/replenishment/suggestions/{product}")).await?;
        let is_there = |one: &&Value| text(&one["location_id"]) == self.id(location);
        let one = found["suggestions"].as_array().into_iter().flatten().find(is_there);
        let fingerprint = one.map_or("", |one| text(&one["fingerprint"]));
        self.note(&format!("fingerprint:{name}"), fingerprint);
        Ok(())
    }
}
