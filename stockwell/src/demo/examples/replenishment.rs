//! A suggested transfer: the shop has nothing of a product that the warehouse has plenty of.

use serde_json::{Value, json};

use super::{World, text};
use crate::import::ClientError;

impl World<'_> {
    pub(super) async fn replenishment(&mut self) -> Result<(), ClientError> {
        let reel = json!({ "sku": "REEL-50", "name": "Cable reel, 50 m", "list_price": "39.00" });
        self.make("prd:reel", "/v1/products", reel).await?;
        let lines = json!([{ "sku": "REEL-50", "quantity": "400", "unit_cost": "21.00" }]);
        let opening = json!({ "kind": "opening", "location_id": self.id("loc:MAIN"), "lines": lines });
        self.post("opening:REEL-50", "/v1/stock/documents", opening).await?;
        // The product has no sales yet, so a similar one stands in.
        let product = self.id("prd:reel").to_owned();
        let settings = "/v1/replenishment/settings";
        self.client.put(settings, json!({ "product_id": product, "analogue_rate": "7" })).await?;
        let shop = json!({ "product_id": product, "location_id": self.id("loc:SHOP"), "review_days": 14 });
        self.client.put(settings, shop).await?;
        let found = self.client.get(&format!("/v1/replenishment/suggestions/{product}")).await?;
        let is_of_shop = |one: &&Value| text(&one["location_id"]) == self.id("loc:SHOP");
        let of_shop = found["suggestions"].as_array().into_iter().flatten().find(is_of_shop);
        let fingerprint = of_shop.map_or("", |one| text(&one["fingerprint"]));
        self.note("fingerprint:reel", fingerprint);
        Ok(())
    }
}
