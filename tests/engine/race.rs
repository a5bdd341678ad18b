//! Many clients of both channels, on two servers, for the last units of a few products.

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tests::{Client, Level, Tenant, Till, environment, with_tenant};

const CLIENTS: usize = 64;
const UNITS: i64 = 60;
const SKUS: [&str; 6] = ["BOLT", "NUT", "WASHER", "SCREW", "NAIL", "HOOK"];

/// A buyer: a till or a wholesale account, on one of the servers.
struct Buyer {
    client: Client,
    till: Option<Till>,
    customer: String,
    random: StdRng,
}

/// Quantities that a client got, by product.
type Bought = [i64; SKUS.len()];

impl Buyer {
    /// Returns a basket of one to four lines in random order. A product may be on two lines.
    fn basket(&mut self) -> Vec<(usize, i64)> {
        let mut products: Vec<usize> = (0..SKUS.len()).collect();
        products.shuffle(&mut self.random);
        products.truncate(self.random.random_range(1..=3));
        let mut basket: Vec<(usize, i64)> =
            products.into_iter().map(|product| (product, self.random.random_range(1..=3))).collect();
        if self.random.random_bool(0.3) {
            basket.push((basket[0].0, 1));
        }
        basket
    }

    /// Buys a basket. If it is rejected, returns what is available of its products.
    async fn buy(&self, basket: &[(usize, i64)]) -> Result<(), Value> {
        let lines: Vec<Value> = basket
            .iter()
            .map(|(product, quantity)| json!({ "sku": SKUS[*product], "quantity": quantity.to_string() }))
            .collect();
        let reply = match &self.till {
            Some(till) => {
                let body = json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "card" }] });
                self.client.post("/v1/pos/sales", &body).await
            }
            None => {
                let advance_to = if basket.len() > 1 { "invoiced" } else { "shipped" };
                let body = json!({ "customer_id": self.customer, "lines": lines, "advance_to": advance_to });
                self.client.post("/v1/orders", &body).await
            }
        };
        match reply.status {
            201 => Ok(()),
            _ => Err(reply.refused(409, "insufficient_stock").0),
        }
    }

    /// Buys baskets until one is rejected, then single units until nothing is left.
    async fn buy_out(mut self) -> Bought {
        let mut bought = Bought::default();
        let mut left: Vec<usize> = (0..SKUS.len()).collect();
        while !left.is_empty() {
            let basket = self.basket();
            if self.buy(&basket).await.is_ok() {
                basket.iter().for_each(|(product, quantity)| bought[*product] += quantity);
                continue;
            }
            let product = *left.choose(&mut self.random).expect("something is left");
            match self.buy(&[(product, 1)]).await {
                Ok(()) => bought[product] += 1,
                Err(problem) => {
                    assert_eq!(
                        problem["errors"][0]["params"]["available"], "0",
                        "a single unit is rejected only if none is available"
                    );
                    left.retain(|other| *other != product);
                }
            }
        }
        bought
    }
}

async fn buyers(tenant: &Tenant, seed: u64) -> Vec<Buyer> {
    let second = environment().other_node().await;
    let mut tills = Vec::new();
    for _ in 0..8 {
        tills.push(tenant.till().await);
    }
    let mut customers = Vec::new();
    for number in 0..6 {
        customers.push(tenant.customer(&format!("Nordwind branch {number}")).await);
    }
    let buyer = |number: usize| Buyer {
        client: if number.is_multiple_of(4) {
            tenant.at(&second.base_url)
        } else {
            tenant.at(tenant.base_url())
        },
        till: (number % 2 == 1).then(|| tills[number / 2 % tills.len()].clone()),
        customer: customers[number % customers.len()].clone(),
        random: StdRng::seed_from_u64(seed ^ number as u64),
    };
    (0..CLIENTS).map(buyer).collect()
}

#[test]
fn the_last_units_are_sold_exactly_once() {
    with_tenant(async |tenant| {
        let seed: u64 = rand::rng().random();
        println!("seed {seed}");
        for sku in SKUS {
            tenant.stocked(sku, "2.50", (&UNITS.to_string(), "1.37")).await;
        }
        let buyers = buyers(tenant, seed).await;
        let deadlocks = environment().deadlocks().await;
        let bought = join_all(buyers.into_iter().map(Buyer::buy_out)).await;
        for (product, sku) in SKUS.into_iter().enumerate() {
            let sold: i64 = bought.iter().map(|bought| bought[product]).sum();
            assert_eq!(sold, UNITS, "{sku} sold");
            assert_eq!(tenant.level(sku).await, Level::of("0", "0", "0"), "{sku} left");
        }
        assert_eq!(
            environment().deadlocks().await,
            deadlocks,
            "a deadlock counts even if a second attempt hides it"
        );
    });
}

#[test]
fn reserving_cancelling_and_giving_back_never_lose_a_unit() {
    with_tenant(async |tenant| {
        for sku in SKUS {
            tenant.stocked(sku, "2.50", ("40", "1.37")).await;
        }
        let buyers = buyers(tenant, rand::rng().random()).await;
        join_all(buyers.into_iter().map(async |mut buyer: Buyer| {
            for _ in 0..3 {
                let basket = buyer.basket();
                let lines: Vec<Value> = basket
                    .iter()
                    .map(|(product, quantity)| json!({ "sku": SKUS[*product], "quantity": quantity.to_string() }))
                    .collect();
                give_back(&buyer, &lines).await;
            }
        }))
        .await;
        for sku in SKUS {
            assert_eq!(tenant.level(sku).await, Level::of("40", "0", "54.8"), "{sku}");
        }
    });
}

/// Buys stock and returns all of it, if there is enough.
async fn give_back(buyer: &Buyer, lines: &[Value]) {
    let client = &buyer.client;
    let Some(till) = &buyer.till else {
        let body = json!({ "customer_id": buyer.customer, "lines": lines, "advance_to": "confirmed" });
        let reply = client.post("/v1/orders", &body).await;
        if reply.status == 201 {
            let path = format!("/v1/orders/{}/cancel", reply.json()["id"].as_str().expect("an id"));
            client.post(&path, &json!({})).await.ok();
        } else {
            reply.refused(409, "insufficient_stock");
        }
        return;
    };
    let body = json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] });
    let reply = client.post("/v1/pos/sales", &body).await;
    if reply.status == 201 {
        let body = json!({ "register_id": till.register_id, "original_id": reply.json()["id"], "tenders": [{ "kind": "cash" }] });
        client.post("/v1/pos/refunds", &body).await.created();
    } else {
        reply.refused(409, "insufficient_stock");
    }
}

#[test]
fn first_receipts_on_two_machines_do_not_collide() {
    with_tenant(async |tenant| {
        for sku in SKUS {
            tenant.product(sku, "1.00").await;
        }
        let second = environment().other_node().await;
        let receive = async |number: usize| {
            let client = if number.is_multiple_of(2) {
                tenant.at(&second.base_url)
            } else {
                tenant.at(tenant.base_url())
            };
            let line = |sku: &&str| json!({ "sku": sku, "quantity": "1", "unit_cost": "1" });
            let mut lines: Vec<Value> = SKUS.iter().map(line).collect();
            lines.rotate_left(number % SKUS.len());
            client.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": lines })).await.created();
        };
        join_all((0..32).map(receive)).await;
        for sku in SKUS {
            assert_eq!(tenant.level(sku).await, Level::of("32", "0", "32"));
        }
    });
}

#[test]
fn a_credit_limit_holds_against_orders_placed_at_once() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("1000", "1.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "120" })).await;
        let second = environment().other_node().await;
        let other = tenant.at(&second.base_url);
        let body = json!({ "customer_id": customer, "lines": [{ "sku": "BOLT", "quantity": "1" }], "advance_to": "invoiced" });
        let sends =
            (0..40).map(|number| (if number % 2 == 0 { tenant } else { &other }).post("/v1/orders", &body));
        let placed = join_all(sends)
            .await
            .iter()
            .filter(|reply| match reply.status {
                201 => true,
                _ => {
                    reply.refused(409, "credit_exceeded");
                    false
                }
            })
            .count();
        assert_eq!(placed, 10, "12.00 each with tax, 120.00 in all");
    });
}
