//! The stock record beside a plain model: long random sequences of commands, with the same decisions and the same
//! values to the cent.

mod bought;
mod counted;
mod level;
mod lots;
mod tracked;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Reply, Tenant, Till, environment, lines, sale, with_tenant};

use self::level::{Level, Part, cents};
use self::lots::{Lots, TRACKED};
use crate::mix::Dice;

/// Commands of one sequence. Four sequences make 10,000.
const STEPS: u64 = 2_500;
/// Number of commands after which all levels are compared.
const COMPARED_EVERY: u64 = 25;
/// Number of commands after which the nine facts are checked.
const CHECKED_EVERY: u64 = 500;
/// The products. `SET` is a bundle of two `A` and one `B`.
const SKUS: [&str; 4] = ["A", "B", "C", "D"];
/// Products that are valued first in, first out.
const FIFO: [&str; 2] = ["B", "D"];

/// A location: 0 is the warehouse, which the till sells from, and 1 is the shop.
type Place = usize;

/// Quantities by SKU, summed.
type Goods = BTreeMap<&'static str, Decimal>;

/// Stock that a document holds or has in transit.
struct Kept {
    id: String,
    place: Place,
    goods: Goods,
    /// For a transfer: SKU and parts of each line.
    values: Vec<(&'static str, Vec<Part>)>,
}

#[derive(Default)]
struct Model {
    levels: BTreeMap<(Place, &'static str), Level>,
    orders: Vec<Kept>,
    holds: Vec<Kept>,
    transfers: Vec<Kept>,
    lots: Lots,
}

impl Model {
    fn at(&mut self, place: Place, sku: &'static str) -> &mut Level {
        let layers = FIFO.contains(&sku).then(Vec::new);
        self.levels.entry((place, sku)).or_insert_with(|| Level { layers, ..Level::default() })
    }

    fn has(&mut self, place: Place, goods: &Goods) -> bool {
        goods.iter().all(|(sku, quantity)| {
            let level = self.at(place, sku);
            *quantity <= level.on_hand - level.reserved
        })
    }

    fn reserve(&mut self, place: Place, goods: &Goods, sign: Decimal) {
        for (sku, quantity) in goods {
            self.at(place, sku).reserved += sign * quantity;
        }
    }
}

/// A tenant with its model.
struct Bench<'a> {
    tenant: &'a Tenant,
    till: Till,
    customer: String,
    supplier: String,
    places: [Value; 2],
    /// The day on which the sequence began. Expiries are counted from it, although a day may turn.
    today: NaiveDate,
    model: Model,
}

/// Returns random lines, and the quantities that they add up to.
fn asked(dice: &mut Dice, with_sets: bool) -> (Vec<(&'static str, String)>, Goods) {
    let mut goods = Goods::new();
    let mut wanted = Vec::new();
    for _ in 0..=dice.below(3) {
        let quantity = Decimal::new(1 + i64::try_from(dice.below(40)).expect("small"), 1);
        let mut add = |sku, factor: i64| *goods.entry(sku).or_default() += quantity * Decimal::from(factor);
        let sku = if with_sets && dice.below(4) == 0 { "SET" } else { SKUS[dice.below(4) as usize] };
        if sku == "SET" {
            add("A", 2);
            add("B", 1);
        } else {
            add(sku, 1);
        }
        wanted.push((sku, quantity.to_string()));
    }
    (wanted, goods)
}

fn plain<'a>(wanted: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    wanted.iter().map(|(sku, quantity)| (*sku, quantity.as_str())).collect()
}

/// Returns what the lines of a document moved, in order.
fn moved(lines: &Value) -> Vec<(&'static str, Decimal)> {
    let line = |line: &Value| {
        let sku = SKUS.into_iter().find(|sku| line["sku"] == *sku).expect("one of the products");
        (sku, line["stock_quantity"].as_str().expect("a quantity").parse().expect("a number"))
    };
    lines.as_array().expect("lines").iter().map(line).collect()
}

impl Bench<'_> {
    /// Checks that the command is accepted if and only if the model accepts it. Returns the document.
    fn decided(&self, what: &str, reply: &Reply, accepted: bool) -> Option<Value> {
        assert_eq!(reply.status < 300, accepted, "{what}: {} {}", reply.status, reply.text);
        if !accepted {
            reply.refused(409, "insufficient_stock");
        }
        accepted.then(|| reply.json())
    }

    async fn step(&mut self, dice: &mut Dice) {
        let place = dice.below(2) as usize;
        match dice.below(20) {
            0 | 1 => self.receive(dice, place).await,
            2 => self.adjust(dice, place).await,
            3 | 4 => self.sell(dice).await,
            5 => self.order(dice, place).await,
            6 => self.advance_order(dice).await,
            7 => self.hold(dice, place).await,
            8 => self.release(dice).await,
            9 => self.revalue(dice, place).await,
            10 => self.sell_late(dice).await,
            11 => self.count(dice, place).await,
            12 => self.transfer(dice, place).await,
            13 => self.buy(dice, place).await,
            _ => self.track(dice, place).await,
        }
    }

    async fn receive(&mut self, dice: &mut Dice, place: Place) {
        let (wanted, _) = asked(dice, false);
        let mut lines = Vec::new();
        for (sku, quantity) in &wanted {
            let cost = Decimal::new(i64::try_from(dice.below(99_999)).expect("small"), 4);
            let quantity: Decimal = quantity.parse().expect("a number");
            lines
                .push(json!({ "sku": sku, "quantity": quantity.to_string(), "unit_cost": cost.to_string() }));
            self.model.at(place, sku).come(quantity, cents(cost * quantity));
        }
        let receipt = json!({ "kind": "receipt", "location_id": self.places[place], "lines": lines });
        self.tenant.post("/v1/stock/documents", &receipt).await.created();
    }

    async fn adjust(&mut self, dice: &mut Dice, place: Place) {
        let (wanted, goods) = asked(dice, false);
        let out = dice.below(2) == 0;
        let sign = if out { "-" } else { "" };
        let line =
            |(sku, quantity): &(&str, String)| json!({ "sku": sku, "quantity": format!("{sign}{quantity}") });
        let body = json!({ "kind": "adjustment", "reason": "found", "location_id": self.places[place],
            "lines": wanted.iter().map(line).collect::<Vec<_>>() });
        let accepted = !out || self.model.has(place, &goods);
        let reply = self.tenant.post("/v1/stock/documents", &body).await;
        if self.decided("adjustment", &reply, accepted).is_none() {
            return;
        }
        for (sku, quantity) in &wanted {
            let quantity: Decimal = quantity.parse().expect("a number");
            let level = self.model.at(place, sku);
            if out {
                level.go(quantity);
            } else {
                level.come(quantity, level.worth(quantity));
            }
        }
    }

    async fn revalue(&mut self, dice: &mut Dice, place: Place) {
        let sku = SKUS[dice.below(4) as usize];
        let cost = Decimal::new(i64::try_from(dice.below(99_999)).expect("small"), 4);
        let body = json!({ "reason": "revaluation", "location_id": self.places[place],
            "lines": [{ "sku": sku, "unit_cost": cost.to_string() }] });
        let reply = self.tenant.post("/v1/stock/revaluations", &body).await;
        let level = self.model.at(place, sku);
        if level.on_hand <= Decimal::ZERO {
            reply.refused(409, "invalid_state_transition");
        } else {
            reply.created();
            level.revalue(cents(cost * level.on_hand));
        }
    }

    async fn sell(&mut self, dice: &mut Dice) {
        let (wanted, goods) = asked(dice, true);
        let accepted = self.model.has(0, &goods);
        let reply = self.tenant.post("/v1/pos/sales", &sale(&self.till, &plain(&wanted))).await;
        if let Some(sold) = self.decided("sale", &reply, accepted) {
            self.issue(0, &sold["lines"]);
        }
    }

    /// Issues the lines of a document, one after the other.
    fn issue(&mut self, place: Place, lines: &Value) {
        for (sku, quantity) in moved(lines) {
            self.model.at(place, sku).go(quantity);
        }
    }

    async fn order(&mut self, dice: &mut Dice, place: Place) {
        let (wanted, goods) = asked(dice, true);
        let body = json!({ "customer_id": self.customer, "location_id": self.places[place],
            "lines": lines(&plain(&wanted)), "advance_to": "confirmed" });
        let accepted = self.model.has(place, &goods);
        let reply = self.tenant.post("/v1/orders", &body).await;
        if let Some(order) = self.decided("order", &reply, accepted) {
            self.model.reserve(place, &goods, Decimal::ONE);
            let id = order["id"].as_str().expect("an id").to_owned();
            self.model.orders.push(Kept { id, place, goods, values: Vec::new() });
        }
    }

    async fn advance_order(&mut self, dice: &mut Dice) {
        if self.model.orders.is_empty() {
            return;
        }
        let at = dice.below(self.model.orders.len() as u64) as usize;
        let order = self.model.orders.swap_remove(at);
        let verb = if dice.below(3) == 0 { "cancel" } else { "ship" };
        // Reserved units may have left with another document meanwhile.
        let there =
            order.goods.iter().all(|(sku, wanted)| *wanted <= self.model.at(order.place, sku).on_hand);
        let reply = self.tenant.step(&order.id, verb).await;
        let Some(answer) = self.decided(verb, &reply, verb == "cancel" || there) else {
            self.model.orders.push(order);
            return;
        };
        self.model.reserve(order.place, &order.goods, -Decimal::ONE);
        if verb == "ship" {
            self.issue(order.place, &answer["lines"]);
        }
    }

    async fn hold(&mut self, dice: &mut Dice, place: Place) {
        let (wanted, goods) = asked(dice, false);
        let body = json!({ "kind": "quarantine", "location_id": self.places[place], "lines": lines(&plain(&wanted)) });
        let accepted = self.model.has(place, &goods);
        let reply = self.tenant.post("/v1/stock/holds", &body).await;
        if let Some(hold) = self.decided("hold", &reply, accepted) {
            self.model.reserve(place, &goods, Decimal::ONE);
            let id = hold["id"].as_str().expect("an id").to_owned();
            self.model.holds.push(Kept { id, place, goods, values: Vec::new() });
        }
    }

    async fn release(&mut self, dice: &mut Dice) {
        if self.model.holds.is_empty() {
            return;
        }
        let at = dice.below(self.model.holds.len() as u64) as usize;
        let hold = self.model.holds.swap_remove(at);
        self.model.reserve(hold.place, &hold.goods, -Decimal::ONE);
        self.tenant.post(&format!("/v1/stock/holds/{}/release", hold.id), &json!({})).await.ok();
    }

    async fn transfer(&mut self, dice: &mut Dice, place: Place) {
        if !self.model.transfers.is_empty() && dice.below(2) == 0 {
            let transfer = self.model.transfers.swap_remove(0);
            let path = format!("/v1/stock/transfers/{}/receive", transfer.id);
            self.tenant.post(&path, &json!({})).await.ok();
            for (sku, parts) in transfer.values {
                self.model.at(1 - transfer.place, sku).arrive(&parts);
            }
            return;
        }
        let (wanted, goods) = asked(dice, false);
        let body = json!({ "from_location_id": self.places[place], "to_location_id": self.places[1 - place],
            "lines": lines(&plain(&wanted)) });
        let accepted = self.model.has(place, &goods);
        let reply = self.tenant.post("/v1/stock/transfers", &body).await;
        if let Some(transfer) = self.decided("transfer", &reply, accepted) {
            let mut take = |(sku, quantity): &(&'static str, String)| {
                let quantity: Decimal = quantity.parse().expect("a number");
                (*sku, self.model.at(place, sku).leave(quantity))
            };
            let values = wanted.iter().map(&mut take).collect();
            let id = transfer["id"].as_str().expect("an id").to_owned();
            self.model.transfers.push(Kept { id, place, goods, values });
        }
    }

    /// Returns every level of a location.
    async fn rows(&self, location: &str) -> Vec<Value> {
        let first = format!("/v1/stock/levels?location_id={location}&limit=200");
        let mut page = self.tenant.get(&first).await.ok();
        let mut rows = page["data"].as_array().expect("levels").clone();
        while let Some(cursor) = page["page"]["next_cursor"].as_str() {
            page = self.tenant.get(&format!("{first}&cursor={cursor}")).await.ok();
            rows.extend(page["data"].as_array().expect("levels").clone());
        }
        rows
    }

    /// Checks that every level of both locations is as in the model.
    async fn compare(&self, seed: u64, step: u64) {
        for (place, location) in self.places.iter().enumerate() {
            let location = location.as_str().expect("an id");
            let mut lots = BTreeMap::new();
            for row in &self.rows(location).await {
                let number =
                    |name: &str| row[name].as_str().expect("a number").parse::<Decimal>().expect("a number");
                let found = (number("on_hand"), number("reserved"), number("value"));
                if TRACKED.iter().any(|sku| row["sku"] == *sku) {
                    lots.insert((place, row["lot_code"].as_str().unwrap_or_default().to_owned()), found);
                    continue;
                }
                let sku = SKUS.into_iter().find(|sku| row["sku"] == *sku).expect("one of the products");
                let known = self.model.levels.get(&(place, sku)).cloned().unwrap_or_default();
                assert_eq!(
                    found,
                    (known.on_hand, known.reserved, known.value),
                    "{sku} at place {place} after step {step} of seed {seed}"
                );
            }
            let here = self.model.lots.levels.iter().filter(|((at, _), _)| *at == place);
            let here = here.map(|(key, level)| (key.clone(), (level.on_hand, level.reserved, level.value)));
            let nothing = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
            let known: BTreeMap<_, _> = here.filter(|(_, level)| *level != nothing).collect();
            lots.retain(|_, level| *level != nothing);
            assert_eq!(lots, known, "lots at place {place} after step {step} of seed {seed}");
        }
    }
}

fn follows(seed: u64) {
    println!("seed {seed}");
    with_tenant(async |tenant| {
        for sku in SKUS {
            let method = if FIFO.contains(&sku) { "fifo" } else { "moving_average" };
            let more = json!({ "list_price": "3.00", "stock_decimals": 1, "costing_method": method });
            tenant.product_with(sku, more).await;
        }
        for (sku, tracking) in TRACKED.into_iter().zip(["lot", "serial"]) {
            tenant.product_with(sku, json!({ "list_price": "3.00", "tracking": tracking })).await;
        }
        let set = json!({ "kind": "bundle", "list_price": "8.00", "stock_decimals": 1 });
        let set = tenant.product_with("SET", set).await;
        let components =
            json!({ "components": [{ "sku": "A", "quantity": "2" }, { "sku": "B", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &components).await.ok();
        let locations = tenant.get("/v1/locations").await.ok();
        let of = |code: &str| {
            let mut all = locations["data"].as_array().expect("locations").iter();
            all.find(|location| location["code"] == code).expect("the location")["id"].clone()
        };
        let places = [of("MAIN"), of("SHOP")];
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let today = environment().today(&chrono_tz::Europe::London).await;
        let mut bench = Bench { tenant, till, customer, supplier, places, today, model: Model::default() };
        let mut dice = Dice::new(seed);
        for step in 1..=STEPS {
            bench.step(&mut dice).await;
            if step % COMPARED_EVERY == 0 {
                bench.compare(seed, step).await;
            }
            if step % CHECKED_EVERY == 0 {
                assert_eq!(
                    tenant.check_now().await,
                    Vec::<String>::new(),
                    "after step {step} of seed {seed}"
                );
            }
        }
    });
}

#[test]
fn the_first_sequence_follows_the_model() {
    follows(1);
}

#[test]
fn the_second_sequence_follows_the_model() {
    follows(20_261_122);
}

#[test]
fn the_third_sequence_follows_the_model() {
    follows(0xdead_beef);
}

#[test]
fn the_fourth_sequence_follows_the_model() {
    follows(u64::MAX);
}
