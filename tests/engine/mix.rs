//! Every kind of command on stock at once, selling and buying, on the same products.

mod bought;
mod tracked;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, Till, environment, lines, sale, with_tenant};

use self::bought::Purchases;

/// Duration of the mix.
const DURATION: Duration = Duration::from_secs(8);
/// Fewest commands that are accepted.
const ACCEPTED_MIN: u32 = 200;
/// Longest duration of the mix on a machine that is too busy for so many commands.
const PATIENCE: Duration = Duration::from_secs(120);
/// Callers at the same time.
const WORKERS: u64 = 32;
/// Number of products that they share.
const PRODUCTS: u64 = 200;
/// One product in so many is tracked by lot.
const LOTS_EVERY: u64 = 4;
/// Number of bundles that share components.
const BUNDLES: u64 = 20;

/// Random numbers that are the same in every run (SplitMix64; Steele, Lea and Flood 2014).
pub struct Dice(u64);

impl Dice {
    /// Makes the numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// Returns a number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Returns one to four lines, in any order.
    fn wanted(&mut self, bundles: bool) -> Vec<(String, String)> {
        (0..=self.below(4))
            .map(|_| {
                let sku = if bundles && self.below(4) == 0 {
                    format!("SET-{}", self.below(BUNDLES))
                } else {
                    format!("P-{}", self.below(PRODUCTS))
                };
                (sku, (1 + self.below(3)).to_string())
            })
            .collect()
    }
}

struct Shop {
    tills: Vec<Till>,
    customers: Vec<String>,
    locations: [Value; 2],
    bought: Purchases,
    answered: AtomicU32,
}

async fn shop(tenant: &Tenant) -> Shop {
    let product = |number: u64| {
        let (tracking, method) = match number % LOTS_EVERY {
            0 => ("lot", None),
            1 | 3 => ("none", Some("moving_average")),
            _ => ("none", Some("fifo")),
        };
        json!({ "sku": format!("P-{number}"), "name": "Goods", "list_price": "5", "tracking": tracking,
            "costing_method": method })
    };
    let products: Vec<Value> = (0..PRODUCTS).map(product).collect();
    tenant.post("/v1/products/batch", &json!({ "items": products })).await.expect(207);
    let locations = tenant.get("/v1/locations").await.ok();
    let of = |code: &str| {
        let all = locations["data"].as_array().expect("locations").iter();
        all.clone().find(|location| location["code"] == code).expect("the location")["id"].clone()
    };
    let locations = [of("MAIN"), of("SHOP")];
    for location in &locations {
        let lots = |number: u64| match number % LOTS_EVERY {
            0 => {
                json!([{ "code": "L-0", "quantity": "14" }, { "code": "L-1", "quantity": "16", "expires_on": "2999-01-01" }])
            }
            _ => json!([]),
        };
        let line = |number: u64| json!({ "sku": format!("P-{number}"), "quantity": "30", "unit_cost": "2.37", "lots": lots(number) });
        let opening = json!({ "kind": "opening", "location_id": location, "lines": (0..PRODUCTS).map(line).collect::<Vec<_>>() });
        tenant.post("/v1/stock/documents", &opening).await.created();
    }
    for number in 0..BUNDLES {
        let set = tenant
            .product_with(&format!("SET-{number}"), json!({ "kind": "bundle", "list_price": "9" }))
            .await;
        let part = |step: u64| json!({ "sku": format!("P-{}", (number + step) % BUNDLES), "quantity": "1" });
        let components = json!({ "components": [part(0), part(1), part(2)] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &components).await.ok();
    }
    tracked::open(tenant).await;
    let mut tills = Vec::new();
    for number in 0..4 {
        tills.push(tenant.till_with(json!({ "code": format!("MIX{number}"), "name": "Till" })).await);
    }
    let mut customers = Vec::new();
    for name in ["Nordwind Supply", "Hazel Gifts Ltd", "Kestrel Trading"] {
        customers.push(tenant.customer(name).await);
    }
    let bought = bought::open(tenant).await;
    Shop { tills, customers, locations, bought, answered: AtomicU32::new(0) }
}

/// Accepts a rejection, but no error of the server.
fn sound(shop: &Shop, what: &str, reply: Reply) -> Option<Value> {
    assert!(matches!(reply.status, 200 | 201 | 409 | 422), "{what}: {} {}", reply.status, reply.text);
    assert!(!reply.text.contains("temporarily_unavailable"), "{what}: {}", reply.text);
    if matches!(reply.status, 200 | 201) {
        shop.answered.fetch_add(1, Ordering::Relaxed);
        return Some(reply.json());
    }
    None
}

/// Whether a SKU is tracked.
fn is_tracked(sku: &str) -> bool {
    let number: u64 = sku.trim_start_matches("P-").parse().expect("a number");
    number.is_multiple_of(LOTS_EVERY)
}

/// Returns a line of a receipt. For a tracked product it has one of four lots, of which two are new at first.
fn receipt_line((sku, quantity): &(&str, &str), lot: u64) -> Value {
    let lots = if is_tracked(sku) { json!([{ "code": format!("L-{lot}") }]) } else { json!([]) };
    json!({ "sku": sku, "quantity": quantity, "unit_cost": "2.11", "lots": lots })
}

/// Sells stock that left up to two seconds ago.
async fn sell_forced(client: &Client, shop: &Shop, dice: &mut Dice, wanted: &[(&str, &str)]) {
    let mut sold = sale(&shop.tills[dice.below(4) as usize], wanted);
    sold["forced"] = json!(true);
    let ago = chrono::Duration::milliseconds(dice.below(2_000).cast_signed());
    sold["occurred_at"] = json!(environment().now().await - ago);
    sound(shop, "forced sale", client.post("/v1/pos/sales", &sold).await);
}

async fn count(client: &Client, shop: &Shop, dice: &mut Dice, (here, goods): (&Value, &[(&str, &str)])) {
    let sheet = json!({ "location_id": here, "blind": false });
    let Some(sheet) = sound(shop, "count", client.post("/v1/counts", &sheet).await) else { return };
    let path = |step: &str| format!("/v1/counts/{}/{step}", sheet["id"].as_str().expect("an id"));
    // Of six lots, two come in by no receipt: a count finds them.
    let entry = |(sku, quantity): &(&str, &str)| {
        let lot_code = is_tracked(sku).then(|| format!("L-{}", dice.below(6)));
        json!({ "sku": sku, "lot_code": lot_code, "quantity": quantity })
    };
    let entries = json!({ "entries": goods.iter().map(entry).collect::<Vec<_>>() });
    sound(shop, "entries", client.post(&path("entries"), &entries).await);
    sound(shop, "complete", client.post(&path("complete"), &json!({})).await);
    let last = if dice.below(4) == 0 { "cancel" } else { "post" };
    sound(shop, last, client.post(&path(last), &json!({})).await);
}

async fn step(client: &Client, shop: &Shop, dice: &mut Dice) {
    let owned = dice.wanted(true);
    let wanted: Vec<(&str, &str)> =
        owned.iter().map(|(sku, quantity)| (sku.as_str(), quantity.as_str())).collect();
    let goods = dice.wanted(false);
    let goods: Vec<(&str, &str)> =
        goods.iter().map(|(sku, quantity)| (sku.as_str(), quantity.as_str())).collect();
    let customer = &shop.customers[dice.below(3) as usize];
    let (here, there) = match dice.below(2) {
        0 => (&shop.locations[0], &shop.locations[1]),
        _ => (&shop.locations[1], &shop.locations[0]),
    };
    let id = |made: &Value| made["id"].as_str().expect("an id").to_owned();
    match dice.below(14) {
        12 | 13 => bought::step(client, shop, dice, (here, &goods)).await,
        10 | 11 => tracked::step(client, shop, dice, (here, there)).await,
        0 | 1 => {
            let till = &shop.tills[dice.below(4) as usize];
            sound(shop, "sale", client.post("/v1/pos/sales", &sale(till, &wanted)).await);
        }
        8 => sell_forced(client, shop, dice, &wanted).await,
        9 => count(client, shop, dice, (here, &goods)).await,
        2 => {
            wait(
                client,
                shop,
                dice,
                &json!({ "customer_id": customer, "location_id": here, "lines": lines(&wanted) }),
            )
            .await
        }
        3 => {
            let order = json!({ "customer_id": customer, "location_id": here, "lines": lines(&wanted), "advance_to": "invoiced" });
            let Some(order) = sound(shop, "invoiced order", client.post("/v1/orders", &order).await) else {
                return;
            };
            let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"] });
            sound(shop, "return", client.post("/v1/returns", &back).await);
        }
        4 => keep(client, shop, dice, (here, &goods)).await,
        5 => {
            let transfer =
                json!({ "from_location_id": here, "to_location_id": there, "lines": lines(&goods) });
            let Some(transfer) = sound(shop, "transfer", client.post("/v1/stock/transfers", &transfer).await)
            else {
                return;
            };
            let arrival = json!({ "lines": [{ "line_no": 1, "quantity": "1" }], "missing_reason": "damage" });
            let body = if dice.below(4) == 0 { arrival } else { json!({}) };
            let path = format!("/v1/stock/transfers/{}/receive", id(&transfer));
            sound(shop, "receive", client.post(&path, &body).await);
        }
        6 => {
            let lines: Vec<Value> = goods.iter().map(|goods| receipt_line(goods, dice.below(4))).collect();
            let receipt = json!({ "kind": "receipt", "location_id": here, "lines": lines });
            sound(shop, "receipt", client.post("/v1/stock/documents", &receipt).await);
        }
        _ => {
            let line =
                |(sku, quantity): &(&str, &str)| json!({ "sku": sku, "quantity": format!("-{quantity}") });
            let lines: Vec<Value> = goods.iter().map(line).collect();
            let adjustment =
                json!({ "kind": "adjustment", "reason": "damage", "location_id": here, "lines": lines });
            sound(shop, "adjustment", client.post("/v1/stock/documents", &adjustment).await);
        }
    }
}

/// Places an order with one of the policies, and continues with it.
async fn wait(client: &Client, shop: &Shop, dice: &mut Dice, order: &Value) {
    let mut order = order.clone();
    order["policy"] = json!(["ship_complete", "partial", "backorder"][dice.below(3) as usize]);
    order["priority"] = json!(dice.below(3));
    order["advance_to"] = json!("confirmed");
    let Some(order) = sound(shop, "order", client.post("/v1/orders", &order).await) else { return };
    let verbs: &[&str] = match dice.below(5) {
        0 => &["cancel"],
        1 => &["ship", "close"],
        2 => &["allocate", "ship"],
        3 => &["promise"],
        _ => &["ship"],
    };
    let id = order["id"].as_str().expect("an id");
    for verb in verbs {
        sound(shop, verb, client.post(&format!("/v1/orders/{id}/{verb}"), &json!({})).await);
    }
}

/// Holds stock for an order, a till or a channel.
async fn keep(client: &Client, shop: &Shop, dice: &mut Dice, (here, goods): (&Value, &[(&str, &str)])) {
    let ends = (environment().now().await + chrono::Duration::milliseconds(300)).to_rfc3339();
    let reference = format!("cart-{}", dice.below(20));
    let mut hold = json!({ "reference": reference, "expires_at": ends, "lines": lines(goods) });
    match dice.below(4) {
        0 => {
            hold["kind"] = json!("till_allotment");
            hold["register_id"] = json!(shop.tills[dice.below(4) as usize].register_id);
        }
        1 => {
            hold["kind"] = json!("channel_allotment");
            hold["channel"] = json!(["wholesale", "retail"][dice.below(2) as usize]);
            hold["location_id"] = here.clone();
        }
        _ => hold["location_id"] = here.clone(),
    }
    let Some(hold) = sound(shop, "hold", client.post("/v1/stock/holds", &hold).await) else { return };
    if dice.below(2) == 0 {
        let path = format!("/v1/stock/holds/{}/release", hold["id"].as_str().expect("an id"));
        sound(shop, "release", client.post(&path, &json!({})).await);
    }
}

#[test]
fn everything_at_once_keeps_the_books() {
    with_tenant(async |tenant| {
        let shop = shop(tenant).await;
        let other = tenant.at(&environment().other_node().await.base_url);
        let deadlocks = environment().deadlocks().await;
        let started = Instant::now();
        let worker = async |number: u64| {
            let mut dice = Dice::new(number);
            // Half of them use another server on the same database.
            let client: &Client = if number.is_multiple_of(2) { tenant } else { &other };
            let are_few = || shop.answered.load(Ordering::Relaxed) <= ACCEPTED_MIN;
            while started.elapsed() < DURATION || (are_few() && started.elapsed() < PATIENCE) {
                step(client, &shop, &mut dice).await;
            }
        };
        join_all((0..WORKERS).map(worker)).await;
        let answered = shop.answered.load(Ordering::Relaxed);
        assert!(answered > ACCEPTED_MIN, "only {answered} commands were accepted");
        assert_eq!(
            environment().deadlocks().await,
            deadlocks,
            "a deadlock counts even if a second attempt hides it"
        );
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}
