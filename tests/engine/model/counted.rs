//! Late sales and counts.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::sale;

use super::level::{cents, price};
use super::{Bench, Model, Place, asked, moved, plain};
use crate::mix::Dice;

impl Model {
    /// Returns the average unit cost of a product over all locations with stock.
    fn average(&self, sku: &str) -> Option<Decimal> {
        let levels =
            self.levels.iter().filter(|((_, known), level)| *known == sku && level.on_hand > Decimal::ZERO);
        let there = levels.map(|(_, level)| (level.on_hand, level.value));
        let on_way = self.transfers.iter().flat_map(|transfer| &transfer.values);
        let on_way = on_way.filter(|(known, _)| *known == sku).flat_map(|(_, parts)| parts);
        let on_way = on_way.map(|part| (part.quantity, part.value));
        let (units, value) = there
            .chain(on_way)
            .fold((Decimal::ZERO, Decimal::ZERO), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        (units > Decimal::ZERO).then(|| price(value / units))
    }
}

impl Bench<'_> {
    /// Records a sale of long ago. The till may know that the stock has left.
    pub async fn sell_late(&mut self, dice: &mut Dice) {
        let (wanted, mut goods) = asked(dice, true);
        let forced = dice.below(3) > 0;
        goods.retain(|sku, _| !self.model.at(0, sku).counted);
        let accepted = forced || self.model.has(0, &goods);
        let mut body = sale(&self.till, &plain(&wanted));
        body["forced"] = json!(forced);
        body["occurred_at"] = json!("2020-01-01T00:00:00Z");
        let reply = self.tenant.post("/v1/pos/sales", &body).await;
        let Some(sold) = self.decided("late sale", &reply, accepted) else { return };
        let mut skus = BTreeSet::new();
        for (sku, quantity) in moved(&sold["lines"]) {
            let level = self.model.at(0, sku);
            if !level.counted {
                level.force(quantity);
                skus.insert(sku);
            }
        }
        for sku in skus {
            let value = self.tenant.level(sku).await.value.parse().expect("a value");
            let page =
                self.tenant.get(&format!("/v1/stock/oversold?status=open&limit=200&sku={sku}")).await.ok();
            let mut open = page["data"].as_array().expect("costs to settle").clone();
            open.sort_by_key(|cost| cost["id"].to_string());
            let number = |cost: &Value, name: &str| -> Decimal {
                cost[name].as_str().expect("a number").parse().expect("a number")
            };
            let owed = open.iter().map(|cost| (number(cost, "open_quantity"), number(cost, "open_value")));
            self.model.at(0, sku).take_over(value, owed.collect());
        }
    }

    /// Counts some products at a location, and posts the sheet.
    pub async fn count(&mut self, dice: &mut Dice, place: Place) {
        let sheet = json!({ "location_id": self.places[place], "blind": false });
        let sheet = self.tenant.post("/v1/counts", &sheet).await.created();
        let (_, found) = asked(dice, false);
        let entry =
            |(sku, quantity): (&&str, &Decimal)| json!({ "sku": sku, "quantity": quantity.to_string() });
        let entries = json!({ "entries": found.iter().map(entry).collect::<Vec<_>>() });
        for (step, body) in [("entries", entries), ("complete", json!({})), ("post", json!({}))] {
            let path = format!("/v1/counts/{}/{step}", sheet["id"].as_str().expect("an id"));
            self.tenant.post(&path, &body).await.ok();
        }
        let averages: BTreeMap<&str, Option<Decimal>> =
            found.keys().map(|sku| (*sku, self.model.average(sku))).collect();
        for (sku, counted) in found {
            let level = self.model.at(place, sku);
            let off = counted - level.on_hand;
            level.counted = true;
            if off < Decimal::ZERO {
                level.go(-off);
            } else if off > Decimal::ZERO {
                let average = averages[sku].filter(|_| level.unit_cost().is_zero());
                let value = average.map_or(level.worth(off), |cost| cents(cost * off));
                level.come(off, value);
            }
        }
    }
}
