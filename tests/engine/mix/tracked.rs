//! Lots that are named, quarantined, redated and recalled, and serial numbers that everybody wants.

use chrono::Days;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, sale};

use super::{Dice, LOTS_EVERY, PRODUCTS, Shop, sound};

/// Number of serial numbers of each product that has some.
const PIECES: u64 = 12;
/// Number of products that are tracked by serial number.
const SERIALS: u64 = 5;

/// Makes the products with serial numbers. Half of the units are on hand.
pub async fn open(tenant: &Tenant) {
    for number in 0..SERIALS {
        let sku = format!("S-{number}");
        tenant.product_with(&sku, json!({ "list_price": "5", "tracking": "serial" })).await;
        let lots: Vec<Value> = (0..PIECES / 2).map(|piece| json!({ "code": format!("N-{piece}") })).collect();
        let line =
            json!({ "sku": sku, "quantity": (PIECES / 2).to_string(), "unit_cost": "2.37", "lots": lots });
        tenant.post("/v1/stock/documents", &json!({ "kind": "opening", "lines": [line] })).await.created();
    }
}

/// Also accepts 404: the unit was never received.
fn sound_of(shop: &Shop, what: &str, reply: Reply) -> Option<Value> {
    if reply.status == 404 {
        reply.refused(404, "not_found");
        return None;
    }
    sound(shop, what, reply)
}

/// Carries out a command on a lot or a unit.
pub async fn step(client: &Client, shop: &Shop, dice: &mut Dice, places: (&Value, &Value)) {
    if dice.below(2) == 0 {
        piece(client, shop, dice, places).await;
    } else {
        lot(client, shop, dice, places.0).await;
    }
}

async fn piece(client: &Client, shop: &Shop, dice: &mut Dice, (here, there): (&Value, &Value)) {
    let line = |quantity: &str, dice: &mut Dice| {
        let (product, code) = (dice.below(SERIALS), dice.below(PIECES));
        json!({ "sku": format!("S-{product}"), "quantity": quantity, "lots": [{ "code": format!("N-{code}") }] })
    };
    let till = &shop.tills[dice.below(4) as usize];
    match dice.below(5) {
        0 => {
            let mut body = sale(till, &[]);
            body["lines"] = json!([line("1", dice)]);
            let Some(sold) = sound_of(shop, "piece sold", client.post("/v1/pos/sales", &body).await) else {
                return;
            };
            let back = json!({ "register_id": till.register_id, "original_id": sold["id"],
                "tenders": [{ "kind": "cash" }] });
            if dice.below(2) == 0 {
                sound_of(shop, "piece taken back", client.post("/v1/pos/refunds", &back).await);
            }
        }
        1 => {
            let mut line = line("1", dice);
            line["unit_cost"] = json!("2.11");
            let receipt = json!({ "kind": "receipt", "location_id": here, "lines": [line] });
            sound_of(shop, "piece received", client.post("/v1/stock/documents", &receipt).await);
        }
        2 => {
            let quantity = if dice.below(2) == 0 { "1" } else { "-1" };
            let lines = json!([line(quantity, dice)]);
            let body =
                json!({ "kind": "adjustment", "reason": "found", "location_id": here, "lines": lines });
            sound_of(shop, "piece adjusted", client.post("/v1/stock/documents", &body).await);
        }
        3 => {
            let lines = json!([line("1", dice)]);
            let body = json!({ "from_location_id": here, "to_location_id": there, "lines": lines });
            let sent = client.post("/v1/stock/transfers", &body).await;
            let Some(sent) = sound_of(shop, "piece sent", sent) else { return };
            let path = format!("/v1/stock/transfers/{}/receive", sent["id"].as_str().expect("an id"));
            sound_of(shop, "piece arrived", client.post(&path, &json!({})).await);
        }
        _ => {
            let customer = &shop.customers[dice.below(3) as usize];
            let lines = json!([{ "sku": format!("S-{}", dice.below(SERIALS)), "quantity": "1" }]);
            let order = json!({ "customer_id": customer, "location_id": here, "lines": lines, "advance_to": "shipped" });
            sound_of(shop, "piece ordered", client.post("/v1/orders", &order).await);
        }
    }
}

async fn lot(client: &Client, shop: &Shop, dice: &mut Dice, here: &Value) {
    let sku = format!("P-{}", dice.below(PRODUCTS / LOTS_EVERY) * LOTS_EVERY);
    let code = format!("L-{}", dice.below(2));
    let lines = json!([{ "sku": sku, "quantity": "2", "lots": [{ "code": code }] }]);
    match dice.below(8) {
        0..3 => {
            let mut body = sale(&shop.tills[dice.below(4) as usize], &[]);
            body["lines"] = lines;
            sound(shop, "sale of a lot", client.post("/v1/pos/sales", &body).await);
        }
        3..6 => {
            let hold = json!({ "kind": "quarantine", "location_id": here, "lines": lines });
            let Some(hold) = sound(shop, "quarantine", client.post("/v1/stock/holds", &hold).await) else {
                return;
            };
            let path = format!("/v1/stock/holds/{}/release", hold["id"].as_str().expect("an id"));
            sound(shop, "lifting", client.post(&path, &json!({})).await);
        }
        what => {
            let page = client.get(&format!("/v1/lots?code={code}&limit=200")).await.ok();
            let lots = page["data"].as_array().expect("lots");
            let lot = &lots[dice.below(lots.len() as u64) as usize];
            let path = format!("/v1/lots/{}", lot["id"].as_str().expect("an id"));
            if what == 6 {
                let days = dice.below(20);
                let end = environment().now().await.date_naive() - Days::new(2) + Days::new(days);
                sound(shop, "date", client.patch(&path, &json!({ "expires_on": end })).await);
            } else {
                let reason = json!({ "reason": "Glass in the jar" });
                sound(shop, "recall", client.post(&format!("{path}/recall"), &reason).await);
            }
        }
    }
}
