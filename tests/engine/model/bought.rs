//! Purchase orders: receipts in parts, freight on the last of them, and what of it goes back.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::level::cents;
use super::{Bench, Goods, Place, SKUS};
use crate::mix::Dice;

/// The last receipt of a purchase order.
struct Arrived {
    sku: &'static str,
    order: String,
    document: Value,
    quantity: Decimal,
    /// Number of the receipt in the model.
    receipt: u64,
}

fn number(digits: u64, decimals: u32) -> Decimal {
    Decimal::new(i64::try_from(digits).expect("small"), decimals)
}

impl Bench<'_> {
    /// Buys a product. Spreads freight over some receipts, takes some of it back, and sends some units back.
    pub async fn buy(&mut self, dice: &mut Dice, place: Place) {
        let arrived = self.receive_order(dice, place).await;
        if dice.below(2) == 0 {
            self.land(dice, place, &arrived).await;
        }
        if dice.below(2) == 0 {
            self.send_back(dice, place, &arrived).await;
        }
    }

    /// Orders a product, and receives it in one part or in two.
    async fn receive_order(&mut self, dice: &mut Dice, place: Place) -> Arrived {
        let sku = SKUS[dice.below(4) as usize];
        let tenths = 1 + dice.below(40);
        let (whole, first) = (number(tenths, 1), number(1 + dice.below(tenths), 1));
        let cost = number(1 + dice.below(99_999), 4);
        let line = json!({ "sku": sku, "quantity": whole.to_string(), "unit_cost": cost.to_string() });
        let order =
            json!({ "supplier_id": self.supplier, "location_id": self.places[place], "lines": [line] });
        let order = self.tenant.make("/v1/purchase-orders", order).await;
        let order = format!("/v1/purchase-orders/{order}");
        self.tenant.post(&format!("{order}/send"), &json!({})).await.ok();
        let mut arrived = Arrived { sku, order, document: Value::Null, quantity: Decimal::ZERO, receipt: 0 };
        let part = json!({ "lines": [{ "line_no": 1, "quantity": first.to_string() }] });
        for (quantity, body) in [(first, part), (whole - first, json!({}))] {
            if quantity.is_zero() {
                continue;
            }
            let came = self.tenant.post(&format!("{}/receive", arrived.order), &body).await.ok();
            arrived.document = came["receipt_id"].clone();
            arrived.quantity = quantity;
            arrived.receipt = self.model.at(place, sku).come(quantity, cents(cost * quantity));
        }
        arrived
    }

    /// Spreads freight over the last receipt. The units that are held get their share of it.
    async fn land(&mut self, dice: &mut Dice, place: Place, arrived: &Arrived) {
        let freight = number(1 + dice.below(999), 2);
        let body = json!({ "charges": [{ "kind": "freight", "amount": freight.to_string() }],
            "spread_by": "quantity", "receipts": [{ "stock_document_id": arrived.document }] });
        let landed = self.tenant.make("/v1/landed-costs", body).await;
        let line = (arrived.quantity, arrived.receipt);
        self.model.at(place, arrived.sku).bear(freight, line);
        if dice.below(3) == 0 {
            let reason = json!({ "reason": "Billed twice" });
            self.tenant.post(&format!("/v1/landed-costs/{landed}/reverse"), &reason).await.created();
            self.model.at(place, arrived.sku).bear(-freight, line);
        }
    }

    /// Sends units of the last receipt back, if as many are available.
    async fn send_back(&mut self, dice: &mut Dice, place: Place, arrived: &Arrived) {
        let part = arrived.quantity / Decimal::from(1 + dice.below(2));
        let quantity = part.trunc_with_scale(1);
        let goods = Goods::from([(arrived.sku, quantity)]);
        if quantity.is_zero() || !self.model.has(place, &goods) {
            return;
        }
        let body = json!({ "receipt_id": arrived.document, "lines": [{ "line_no": 1, "quantity": quantity.to_string() }] });
        self.tenant.post(&format!("{}/return", arrived.order), &body).await.ok();
        self.model.at(place, arrived.sku).go_back(quantity, arrived.receipt);
    }
}
