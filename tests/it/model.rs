//! The stock record beside a plain model of it: long random sequences of commands, decided the same and worth the same
//! to the cent.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use tests::{Reply, Tenant, Till, lines, sale, with_tenant};

use crate::mix::Dice;

/// How many commands one sequence has; four sequences make 10,000.
const STEPS: u64 = 2_500;
/// After how many commands all levels are compared.
const COMPARED_EVERY: u64 = 25;
/// After how many commands the six facts are checked.
const CHECKED_EVERY: u64 = 500;
/// The goods; `SET` is two of `A` and one of `B`.
const SKUS: [&str; 4] = ["A", "B", "C", "D"];

/// A place: 0 is the warehouse, which the till sells from, and 1 is the shop.
type Place = usize;

/// What the model knows of goods at a place.
#[derive(Debug, Clone, Default, PartialEq)]
struct Level {
    on_hand: Decimal,
    reserved: Decimal,
    value: Decimal,
    last_cost: Decimal,
    /// Goods below zero with their provisional cost, the oldest first.
    owed: Vec<(Decimal, Decimal)>,
    /// Whether it was ever counted: what happened long ago changes nothing any more.
    counted: bool,
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

impl Level {
    fn note_cost(&mut self) {
        if self.on_hand > Decimal::ZERO {
            let cost = self.value / self.on_hand;
            self.last_cost = cost.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
        }
    }

    /// Goods come; the first of them settle what is owed.
    fn come(&mut self, quantity: Decimal, value: Decimal) {
        let covered = quantity.min((-self.on_hand).max(Decimal::ZERO));
        let real = if covered == quantity { value } else { cents(value * covered / quantity) };
        let mut left = covered;
        while left > Decimal::ZERO {
            let (open, worth) = &mut self.owed[0];
            let part = left.min(*open);
            let share = if part == *open { *worth } else { cents(*worth * part / *open) };
            *open -= part;
            *worth -= share;
            self.value += share;
            left -= part;
            self.owed.retain(|(open, _)| *open > Decimal::ZERO);
        }
        if covered > Decimal::ZERO {
            self.on_hand += covered;
            self.last_cost =
                (value / quantity).round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
        }
        if covered < quantity {
            self.on_hand += quantity - covered;
            self.value += value - real;
            self.note_cost();
        }
    }

    /// Goods leave, whether they are there or not; what is not there costs what one cost last.
    fn force(&mut self, quantity: Decimal) {
        let there = quantity.min(self.on_hand.max(Decimal::ZERO));
        if there > Decimal::ZERO {
            self.go(there);
        }
        let owed = quantity - there;
        if owed > Decimal::ZERO {
            let cost = cents(self.last_cost * owed);
            self.on_hand -= owed;
            self.value -= cost;
            self.owed.push((owed, cost));
        }
    }

    /// What goods are worth that come without a cost of their own.
    fn worth(&self, quantity: Decimal) -> Decimal {
        let known = self.on_hand > Decimal::ZERO;
        cents(if known { self.value * quantity / self.on_hand } else { self.last_cost * quantity })
    }

    /// Goods leave at the moving average; the last unit takes the rest.
    fn go(&mut self, quantity: Decimal) -> Decimal {
        let whole = quantity == self.on_hand;
        let cost =
            if whole { self.value } else { cents(self.value * quantity / self.on_hand).min(self.value) };
        self.note_cost();
        self.on_hand -= quantity;
        self.value -= cost;
        cost
    }
}

/// Goods by SKU, summed.
type Goods = BTreeMap<&'static str, Decimal>;

/// What a document keeps back or has on its way.
struct Kept {
    id: String,
    place: Place,
    goods: Goods,
    /// Of a transfer: what each line is worth.
    values: Vec<(&'static str, Decimal, Decimal)>,
}

#[derive(Default)]
struct Model {
    levels: BTreeMap<(Place, &'static str), Level>,
    orders: Vec<Kept>,
    holds: Vec<Kept>,
    transfers: Vec<Kept>,
}

impl Model {
    fn at(&mut self, place: Place, sku: &'static str) -> &mut Level {
        self.levels.entry((place, sku)).or_default()
    }

    fn has(&mut self, place: Place, goods: &Goods) -> bool {
        goods.iter().all(|(sku, quantity)| {
            let level = self.at(place, sku);
            *quantity <= level.on_hand - level.reserved
        })
    }

    /// What one of the goods costs on average, over all places that have some.
    fn average(&self, sku: &str) -> Option<Decimal> {
        let there =
            self.levels.iter().filter(|((_, known), level)| *known == sku && level.on_hand > Decimal::ZERO);
        let of_transfers = self.transfers.iter().flat_map(|transfer| &transfer.values);
        let on_way =
            of_transfers.filter(|(known, ..)| *known == sku).map(|(_, quantity, value)| (*quantity, *value));
        let (units, value) = there
            .map(|(_, level)| (level.on_hand, level.value))
            .chain(on_way)
            .fold((Decimal::ZERO, Decimal::ZERO), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        (units > Decimal::ZERO)
            .then(|| (value / units).round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero))
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
    places: [Value; 2],
    model: Model,
}

/// Lines as they are asked for, and the goods that they come to.
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

/// What the lines of a document moved, in their order.
fn moved(lines: &Value) -> Vec<(&'static str, Decimal)> {
    let line = |line: &Value| {
        let sku = SKUS.into_iter().find(|sku| line["sku"] == *sku).expect("one of the goods");
        (sku, line["stock_quantity"].as_str().expect("a quantity").parse().expect("a number"))
    };
    lines.as_array().expect("lines").iter().map(line).collect()
}

impl Bench<'_> {
    /// The command is accepted if and only if the model says so; answers the document.
    fn decided(&self, what: &str, reply: &Reply, accepted: bool) -> Option<Value> {
        assert_eq!(reply.status < 300, accepted, "{what}: {} {}", reply.status, reply.text);
        if !accepted {
            reply.refused(409, "insufficient_stock");
        }
        accepted.then(|| reply.json())
    }

    async fn step(&mut self, dice: &mut Dice) {
        let place = dice.below(2) as usize;
        match dice.below(12) {
            10 => self.sell_late(dice).await,
            11 => self.count(dice, place).await,
            0 | 1 => self.receive(dice, place).await,
            2 => self.adjust(dice, place).await,
            3 | 4 => self.sell(dice).await,
            5 => self.order(dice, place).await,
            6 => self.advance_order(dice).await,
            7 => self.hold(dice, place).await,
            8 => self.release(dice).await,
            _ => self.transfer(dice, place).await,
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

    async fn sell(&mut self, dice: &mut Dice) {
        let (wanted, goods) = asked(dice, true);
        let accepted = self.model.has(0, &goods);
        let reply = self.tenant.post("/v1/pos/sales", &sale(&self.till, &plain(&wanted))).await;
        if let Some(sold) = self.decided("sale", &reply, accepted) {
            self.issue(0, &sold["lines"]);
        }
    }

    /// A sale of long ago that is told of now, by a till that may know that the goods have left.
    async fn sell_late(&mut self, dice: &mut Dice) {
        let (wanted, mut goods) = asked(dice, true);
        let forced = dice.below(3) > 0;
        goods.retain(|sku, _| !self.model.at(0, sku).counted);
        let accepted = forced || self.model.has(0, &goods);
        let mut body = sale(&self.till, &plain(&wanted));
        body["forced"] = json!(forced);
        body["occurred_at"] = json!("2020-01-01T00:00:00Z");
        let reply = self.tenant.post("/v1/pos/sales", &body).await;
        let Some(sold) = self.decided("late sale", &reply, accepted) else { return };
        for (sku, quantity) in moved(&sold["lines"]) {
            let level = self.model.at(0, sku);
            if !level.counted {
                level.force(quantity);
            }
        }
    }

    /// Counts some goods at a place, and posts it.
    async fn count(&mut self, dice: &mut Dice, place: Place) {
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
                let known = level.on_hand > Decimal::ZERO;
                let cost = if known { level.value / level.on_hand } else { level.last_cost };
                let has_cost =
                    !cost.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero).is_zero();
                let average = averages[sku].filter(|_| !has_cost);
                let value = average.map_or(level.worth(off), |cost| cents(cost * off));
                level.come(off, value);
            }
        }
    }

    /// Takes the lines of a document out, one after the other.
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
        // What was promised may have left elsewhere meanwhile.
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
            for (sku, quantity, value) in transfer.values {
                self.model.at(1 - transfer.place, sku).come(quantity, value);
            }
            return;
        }
        let (wanted, goods) = asked(dice, false);
        let body = json!({ "from_location_id": self.places[place], "to_location_id": self.places[1 - place],
            "lines": lines(&plain(&wanted)) });
        let accepted = self.model.has(place, &goods);
        let reply = self.tenant.post("/v1/stock/transfers", &body).await;
        if let Some(transfer) = self.decided("transfer", &reply, accepted) {
            let take = |(sku, quantity): &(&'static str, String)| {
                let quantity: Decimal = quantity.parse().expect("a number");
                (*sku, quantity, self.model.levels.entry((place, sku)).or_default().go(quantity))
            };
            let values = wanted.iter().map(take).collect();
            let id = transfer["id"].as_str().expect("an id").to_owned();
            self.model.transfers.push(Kept { id, place, goods, values });
        }
    }

    /// Every level of both places is what the model says.
    async fn compare(&self, seed: u64, step: u64) {
        for (place, location) in self.places.iter().enumerate() {
            let location = location.as_str().expect("an id");
            let page =
                self.tenant.get(&format!("/v1/stock/levels?location_id={location}&limit=200")).await.ok();
            for row in page["data"].as_array().expect("levels") {
                let number =
                    |name: &str| row[name].as_str().expect("a number").parse::<Decimal>().expect("a number");
                let sku = SKUS.into_iter().find(|sku| row["sku"] == *sku).expect("one of the goods");
                let known = self.model.levels.get(&(place, sku)).cloned().unwrap_or_default();
                assert_eq!(
                    (number("on_hand"), number("reserved"), number("value")),
                    (known.on_hand, known.reserved, known.value),
                    "{sku} at place {place} after step {step} of seed {seed}"
                );
            }
        }
    }
}

fn follows(seed: u64) {
    println!("seed {seed}");
    with_tenant(async |tenant| {
        for sku in SKUS {
            tenant.product(sku, "3.00").await;
        }
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "8.00" })).await;
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
        let mut bench = Bench { tenant, till, customer, places, model: Model::default() };
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
