//! Waiting orders beside a plain model of their queues: long random sequences of commands that take and release stock,
//! with the same allocations.

use std::cmp::Reverse;

use serde_json::{Value, json};
use tests::{Tenant, lines, sale, with_tenant};

use crate::mix::Dice;

/// Commands of one sequence.
const STEPS: u64 = 400;
/// Number of commands after which all orders are compared.
const COMPARED_EVERY: u64 = 20;
/// The products. The last one is tracked by lot.
const SKUS: [&str; 3] = ["A", "B", "LOTTED"];
/// Position of the tracked product.
const LOTTED: usize = 2;

/// One line of each product.
type Lots = [i64; 3];

struct Order {
    id: String,
    priority: i64,
    reserved: Lots,
    waits: Lots,
    /// Whether something was shipped.
    left: bool,
}

#[derive(Default)]
struct Model {
    free: Lots,
    /// Orders in the order in which they were placed.
    orders: Vec<Order>,
    /// Stock in quarantine.
    kept: Vec<(String, Lots)>,
}

impl Model {
    /// Allocates available stock to waiting orders: higher priority first, then the older order.
    fn serve(&mut self) {
        let mut queue: Vec<&mut Order> = self.orders.iter_mut().collect();
        queue.sort_by_key(|order| Reverse(order.priority));
        for at in 0..SKUS.len() {
            for order in &mut queue {
                let given = self.free[at].min(order.waits[at]);
                self.free[at] -= given;
                order.reserved[at] += given;
                order.waits[at] -= given;
            }
        }
    }

    fn give_back(&mut self, lots: Lots) {
        for (free, lot) in self.free.iter_mut().zip(lots) {
            *free += lot;
        }
    }
}

fn text(goods: Lots) -> Vec<(&'static str, String)> {
    let wanted = SKUS.iter().zip(goods).filter(|(_, quantity)| *quantity > 0);
    wanted.map(|(sku, quantity)| (*sku, quantity.to_string())).collect()
}

fn asked(goods: Lots) -> Value {
    let text = text(goods);
    lines(&text.iter().map(|(sku, quantity)| (*sku, quantity.as_str())).collect::<Vec<_>>())
}

struct Bench<'a> {
    tenant: &'a Tenant,
    till: tests::Till,
    customer: String,
    model: Model,
}

impl Bench<'_> {
    async fn step(&mut self, dice: &mut Dice) {
        let lot = |dice: &mut Dice| 1 + i64::try_from(dice.below(6)).expect("small");
        let goods = [lot(dice), lot(dice), lot(dice)];
        match dice.below(8) {
            0 | 1 => self.order(goods, i64::try_from(dice.below(3)).expect("small")).await,
            2 | 3 => self.receive(goods, dice.below(5)).await,
            4 => self.sell(goods).await,
            5 => self.keep(goods).await,
            6 => self.release(dice).await,
            _ => self.end_order(dice).await,
        }
        self.model.serve();
    }

    async fn order(&mut self, goods: Lots, priority: i64) {
        let body = json!({ "customer_id": self.customer, "policy": "backorder", "priority": priority,
            "advance_to": "confirmed", "lines": asked(goods) });
        let order = self.tenant.post("/v1/orders", &body).await.created();
        let mut placed = Order {
            id: order["id"].as_str().expect("an id").to_owned(),
            priority,
            reserved: Lots::default(),
            waits: goods,
            left: false,
        };
        for (at, lot) in goods.into_iter().enumerate() {
            placed.reserved[at] = self.model.free[at].min(lot);
            placed.waits[at] -= placed.reserved[at];
            self.model.free[at] -= placed.reserved[at];
        }
        self.model.orders.push(placed);
    }

    async fn receive(&mut self, goods: Lots, number: u64) {
        let line =
            |(sku, quantity): &(&str, String)| json!({ "sku": sku, "quantity": quantity, "unit_cost": "1" });
        let mut lines: Vec<Value> = text(goods).iter().map(line).collect();
        let (code, end) = (format!("L{number}"), format!("2099-01-0{}", 5 - number));
        lines[LOTTED]["lots"] = json!([{ "code": code, "expires_on": end }]);
        let receipt = json!({ "kind": "receipt", "lines": lines });
        self.tenant.post("/v1/stock/documents", &receipt).await.created();
        self.model.give_back(goods);
    }

    /// Takes available stock, or is rejected.
    async fn take(&mut self, goods: Lots, path: &str, body: &Value) -> Option<String> {
        let accepted = self.model.free.iter().zip(goods).all(|(free, lot)| lot <= *free);
        let reply = self.tenant.post(path, body).await;
        assert_eq!(reply.status == 201, accepted, "{path}: {}", reply.text);
        if !accepted {
            reply.refused(409, "insufficient_stock");
            return None;
        }
        self.model.give_back(goods.map(|lot| -lot));
        Some(reply.json()["id"].as_str().expect("an id").to_owned())
    }

    async fn sell(&mut self, goods: Lots) {
        let text = text(goods);
        let wanted: Vec<(&str, &str)> =
            text.iter().map(|(sku, quantity)| (*sku, quantity.as_str())).collect();
        let body = sale(&self.till, &wanted);
        self.take(goods, "/v1/pos/sales", &body).await;
    }

    async fn keep(&mut self, goods: Lots) {
        // A quarantine must name its lots, so it leaves the tracked product out.
        let goods = [goods[0], goods[1], 0];
        let body = json!({ "kind": "quarantine", "lines": asked(goods) });
        if let Some(id) = self.take(goods, "/v1/stock/holds", &body).await {
            self.model.kept.push((id, goods));
        }
    }

    async fn release(&mut self, dice: &mut Dice) {
        if self.model.kept.is_empty() {
            return;
        }
        let at = dice.below(self.model.kept.len() as u64) as usize;
        let (id, goods) = self.model.kept.swap_remove(at);
        self.tenant.post(&format!("/v1/stock/holds/{id}/release"), &json!({})).await.ok();
        self.model.give_back(goods);
    }

    /// Ships what an order has, or ends it.
    async fn end_order(&mut self, dice: &mut Dice) {
        if self.model.orders.is_empty() {
            return;
        }
        let at = dice.below(self.model.orders.len() as u64) as usize;
        if dice.below(2) == 0 {
            let order = self.model.orders.remove(at);
            let verb = if order.left { "close" } else { "cancel" };
            self.tenant.step(&order.id, verb).await.ok();
            self.model.give_back(order.reserved);
            return;
        }
        let order = &mut self.model.orders[at];
        let reply = self.tenant.step(&order.id, "ship").await;
        if order.reserved == Lots::default() {
            reply.refused(409, "invalid_state_transition");
            return;
        }
        reply.ok();
        (order.reserved, order.left) = (Lots::default(), true);
        if order.waits == Lots::default() {
            self.model.orders.remove(at);
        }
    }

    /// Checks that every order has and waits for what the model says.
    async fn compare(&self, seed: u64, step: u64) {
        for order in &self.model.orders {
            let shown = self.tenant.get(&format!("/v1/orders/{}", order.id)).await.ok();
            for (at, line) in shown["lines"].as_array().expect("lines").iter().enumerate() {
                let number =
                    |name: &str| line[name].as_str().expect("a number").parse::<i64>().expect("a number");
                assert_eq!(
                    number("reserved"),
                    order.reserved[at],
                    "line {at} of {} after step {step} of seed {seed}",
                    order.id
                );
                assert_eq!(
                    number("backordered"),
                    order.waits[at],
                    "line {at} of {} after step {step} of seed {seed}",
                    order.id
                );
            }
        }
    }
}

fn follows(seed: u64) {
    println!("seed {seed}");
    with_tenant(async |tenant| {
        for sku in &SKUS[..LOTTED] {
            tenant.stocked(sku, "3.00", ("5", "1.00")).await;
        }
        tenant.tracked(SKUS[LOTTED], "lot").await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let model = Model { free: [5, 5, 0], ..Model::default() };
        let mut bench = Bench { tenant, till, customer, model };
        let mut dice = Dice::new(seed);
        for step in 1..=STEPS {
            bench.step(&mut dice).await;
            if step % COMPARED_EVERY == 0 {
                bench.compare(seed, step).await;
            }
            if step % (STEPS / 4) == 0 {
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
fn the_first_sequence_is_served_as_the_model_says() {
    follows(7);
}

#[test]
fn the_second_sequence_is_served_as_the_model_says() {
    follows(20_261_122);
}
