//! Purchase orders: receipts in parts, the bill of them, freight on the last of them, and what of it goes back.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::level::{Received, cents, share};
use super::{Bench, Goods, Place, SKUS};
use crate::mix::Dice;

/// The receipts of a purchase order of one line.
struct Arrived {
    sku: &'static str,
    order: String,
    /// Stock document of the last receipt.
    document: Value,
    /// The receipts, the oldest first.
    receipts: Vec<Came>,
}

/// A receipt, with its number in the model.
struct Came {
    number: u64,
    quantity: Decimal,
    value: Decimal,
}

impl Arrived {
    fn last(&self) -> &Came {
        self.receipts.last().expect("an order has a receipt")
    }

    /// Returns the units of all receipts.
    fn quantity(&self) -> Decimal {
        self.receipts.iter().map(|came| came.quantity).sum()
    }
}

fn number(digits: u64, decimals: u32) -> Decimal {
    Decimal::new(i64::try_from(digits).expect("small"), decimals)
}

impl Bench<'_> {
    /// Buys a product. Records some bills at another price, spreads freight over some receipts, takes some of both back, and sends some
    /// units back.
    pub async fn buy(&mut self, dice: &mut Dice, place: Place) {
        let arrived = self.receive_order(dice, place).await;
        if dice.below(2) == 0 {
            self.bill(dice, place, &arrived).await;
        }
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
        let mut arrived = Arrived { sku, order, document: Value::Null, receipts: Vec::new() };
        let part = json!({ "lines": [{ "line_no": 1, "quantity": first.to_string() }] });
        for (quantity, body) in [(first, part), (whole - first, json!({}))] {
            if quantity.is_zero() {
                continue;
            }
            let came = self.tenant.post(&format!("{}/receive", arrived.order), &body).await.ok();
            arrived.document = came["receipt_id"].clone();
            let value = cents(cost * quantity);
            let number = self.model.at(place, sku).come(quantity, value);
            arrived.receipts.push(Came { number, quantity, value });
        }
        arrived
    }

    /// Records a bill of all units at any price. The difference from each receipt goes to the units of it that are held. Takes some bills
    /// back.
    async fn bill(&mut self, dice: &mut Dice, place: Place, arrived: &Arrived) {
        let (price, whole) = (number(1 + dice.below(99_999), 4), arrived.quantity());
        let order = arrived.order.trim_start_matches("/v1/purchase-orders/");
        let line = json!({ "purchase_order_id": order, "order_line_no": 1, "quantity": whole.to_string(),
            "unit_cost": price.to_string() });
        let body = json!({ "supplier_id": self.supplier, "supplier_number": order, "dated": "2026-01-02",
            "lines": [line] });
        let bill = self.tenant.make("/v1/bills", body).await;
        let (mut units, mut value) = (whole, cents(price * whole));
        let mut differences = Vec::new();
        for came in &arrived.receipts {
            let billed = share((units, value), came.quantity);
            units -= came.quantity;
            value -= billed;
            let of = Received { number: came.number, quantity: came.quantity, later: units };
            differences.push((billed - came.value, of));
        }
        for (difference, of) in &differences {
            self.model.at(place, arrived.sku).bear(*difference, *of);
        }
        if dice.below(3) == 0 {
            let reason = json!({ "reason": "Recorded twice" });
            self.tenant.post(&format!("/v1/bills/{bill}/reverse"), &reason).await.created();
            for (difference, of) in differences.iter().rev() {
                self.model.at(place, arrived.sku).bear(-*difference, *of);
            }
        }
    }

    /// Spreads freight over the last receipt. The units that are held get their share of it.
    async fn land(&mut self, dice: &mut Dice, place: Place, arrived: &Arrived) {
        let freight = number(1 + dice.below(999), 2);
        let body = json!({ "charges": [{ "kind": "freight", "amount": freight.to_string() }],
            "spread_by": "quantity", "receipts": [{ "stock_document_id": arrived.document }] });
        let landed = self.tenant.make("/v1/landed-costs", body).await;
        let last = arrived.last();
        let of = Received { number: last.number, quantity: last.quantity, later: Decimal::ZERO };
        self.model.at(place, arrived.sku).bear(freight, of);
        if dice.below(3) == 0 {
            let reason = json!({ "reason": "Billed twice" });
            self.tenant.post(&format!("/v1/landed-costs/{landed}/reverse"), &reason).await.created();
            self.model.at(place, arrived.sku).bear(-freight, of);
        }
    }

    /// Sends units of the last receipt back, if as many are available.
    async fn send_back(&mut self, dice: &mut Dice, place: Place, arrived: &Arrived) {
        let last = arrived.last();
        let part = last.quantity / Decimal::from(1 + dice.below(2));
        let quantity = part.trunc_with_scale(1);
        let goods = Goods::from([(arrived.sku, quantity)]);
        if quantity.is_zero() || !self.model.has(place, &goods) {
            return;
        }
        let body = json!({ "receipt_id": arrived.document, "lines": [{ "line_no": 1, "quantity": quantity.to_string() }] });
        self.tenant.post(&format!("{}/return", arrived.order), &body).await.ok();
        self.model.at(place, arrived.sku).go_back(quantity, last.number);
    }
}
