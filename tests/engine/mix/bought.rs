//! Purchase orders, receipts, returns to suppliers, landed costs, bills and payments, by many callers on the same documents.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tests::{Client, Tenant};

use super::{Dice, Shop, is_tracked, sound};

/// Documents of buying, for all callers.
pub struct Purchases {
    suppliers: Vec<String>,
    receipts: Mutex<Vec<Receipt>>,
    bills: Mutex<Vec<Bill>>,
    /// Number of bills and credit notes so far: a supplier has each number once.
    numbers: AtomicU32,
}

/// A receipt of the first line of a purchase order.
#[derive(Clone)]
struct Receipt {
    supplier: String,
    order: String,
    document: String,
    /// The lot that it named.
    lots: Value,
}

#[derive(Clone)]
struct Bill {
    supplier: String,
    id: String,
}

/// Makes the suppliers. One of them may deliver more than was ordered.
pub async fn open(tenant: &Tenant) -> Purchases {
    let mut suppliers = Vec::new();
    for (code, percent) in [("FORGE", "0"), ("MILL", "100")] {
        let body = json!({ "code": code, "name": code, "over_receipt_percent": percent });
        suppliers.push(tenant.make("/v1/suppliers", body).await);
    }
    let (receipts, bills) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    Purchases { suppliers, receipts, bills, numbers: AtomicU32::new(0) }
}

fn chosen<T: Clone>(all: &Mutex<Vec<T>>, dice: &mut Dice) -> Option<T> {
    let all = all.lock().expect("no caller failed");
    let count = u64::try_from(all.len()).expect("few");
    if count == 0 { None } else { all.get(dice.below(count) as usize).cloned() }
}

fn keep<T>(all: &Mutex<Vec<T>>, one: T) {
    all.lock().expect("no caller failed").push(one);
}

fn id(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

/// Carries out a command of buying.
pub async fn step(client: &Client, shop: &Shop, dice: &mut Dice, (here, goods): (&Value, &[(&str, &str)])) {
    match dice.below(8) {
        0..2 => buy(client, shop, dice, (here, goods)).await,
        2 => receive_more(client, shop, dice).await,
        3 => send_back(client, shop, dice).await,
        4 => land(client, shop, dice).await,
        5..7 => bill(client, shop, dice).await,
        _ => pay(client, shop, dice).await,
    }
}

/// Orders goods, and receives one unit of the first line.
async fn buy(client: &Client, shop: &Shop, dice: &mut Dice, (here, goods): (&Value, &[(&str, &str)])) {
    let supplier = &shop.bought.suppliers[dice.below(2) as usize];
    let line =
        |(sku, quantity): &(&str, &str)| json!({ "sku": sku, "quantity": quantity, "unit_cost": "2.11" });
    let lines: Vec<Value> = goods.iter().map(line).collect();
    let order = json!({ "supplier_id": supplier, "location_id": here, "lines": lines });
    let Some(order) = sound(shop, "purchase", client.post("/v1/purchase-orders", &order).await) else {
        return;
    };
    let path = |verb: &str| format!("/v1/purchase-orders/{}/{verb}", id(&order));
    sound(shop, "sending", client.post(&path("send"), &json!({})).await);
    let lots =
        if is_tracked(goods[0].0) { json!([{ "code": format!("L-{}", dice.below(4)) }]) } else { json!([]) };
    let part = json!({ "lines": [{ "line_no": 1, "quantity": "1", "lots": lots }] });
    let Some(came) = sound(shop, "first part", client.post(&path("receive"), &part).await) else { return };
    let document = came["receipt_id"].as_str().expect("a receipt").to_owned();
    keep(&shop.bought.receipts, Receipt { supplier: supplier.clone(), order: id(&order), document, lots });
}

/// Receives another unit, or all that is open, or ends the order.
async fn receive_more(client: &Client, shop: &Shop, dice: &mut Dice) {
    let Some(known) = chosen(&shop.bought.receipts, dice) else { return };
    let path = |verb: &str| format!("/v1/purchase-orders/{}/{verb}", known.order);
    let part = json!({ "lines": [{ "line_no": 1, "quantity": "1", "lots": known.lots }] });
    let (verb, body, has_first) = match dice.below(6) {
        0 => ("close", json!({}), false),
        // All that is open, which may be other lines only.
        1 => ("receive", json!({}), false),
        _ => ("receive", part, true),
    };
    let Some(came) = sound(shop, verb, client.post(&path(verb), &body).await) else { return };
    if let Some(document) = came["receipt_id"].as_str().filter(|_| has_first) {
        keep(&shop.bought.receipts, Receipt { document: document.to_owned(), ..known });
    }
}

/// Sends a unit back, and perhaps takes that back.
async fn send_back(client: &Client, shop: &Shop, dice: &mut Dice) {
    let Some(known) = chosen(&shop.bought.receipts, dice) else { return };
    let path = |verb: &str| format!("/v1/purchase-orders/{}/{verb}", known.order);
    let body = json!({ "receipt_id": known.document, "replace": dice.below(2) == 0,
        "lines": [{ "line_no": 1, "quantity": "1", "lots": known.lots }] });
    let Some(back) = sound(shop, "sent back", client.post(&path("return"), &body).await) else { return };
    if dice.below(2) == 0 {
        let body = json!({ "return_id": back["return_id"], "reason": "The carrier brought it back" });
        sound(shop, "brought back", client.post(&path("reverse-return"), &body).await);
    }
}

/// Spreads freight over one or two receipts, and perhaps takes it back.
async fn land(client: &Client, shop: &Shop, dice: &mut Dice) {
    let (first, second) = (chosen(&shop.bought.receipts, dice), chosen(&shop.bought.receipts, dice));
    let Some(first) = first else { return };
    let mut receipts = vec![json!({ "stock_document_id": first.document })];
    let other = second.filter(|second| second.document != first.document);
    receipts.extend(other.map(|second| json!({ "stock_document_id": second.document })));
    let amount = format!("{}.{:02}", dice.below(3), 1 + dice.below(99));
    let spread_by = if dice.below(2) == 0 { "value" } else { "quantity" };
    let body = json!({ "charges": [{ "kind": "freight", "amount": amount }], "spread_by": spread_by,
        "receipts": receipts });
    let Some(landed) = sound(shop, "freight", client.post("/v1/landed-costs", &body).await) else { return };
    if dice.below(2) == 0 {
        let path = format!("/v1/landed-costs/{}/reverse", id(&landed));
        let reason = json!({ "reason": "Billed twice" });
        sound(shop, "freight taken back", client.post(&path, &reason).await);
    }
}

/// Records a bill of a unit at any price, and perhaps a credit note or its reversal.
async fn bill(client: &Client, shop: &Shop, dice: &mut Dice) {
    let Some(known) = chosen(&shop.bought.receipts, dice) else { return };
    let next = || shop.bought.numbers.fetch_add(1, Ordering::Relaxed).to_string();
    let line = json!({ "purchase_order_id": known.order, "order_line_no": 1, "quantity": "1",
        "unit_cost": format!("2.{:02}", dice.below(40)), "tax_value": "0.42" });
    let body = json!({ "supplier_id": known.supplier, "supplier_number": next(), "dated": "2026-01-02", "lines": [line] });
    let Some(made) = sound(shop, "bill", client.post("/v1/bills", &body).await) else { return };
    let path = |verb: &str| format!("/v1/bills/{}/{verb}", id(&made));
    match dice.below(4) {
        0 => {
            let line = json!({ "line_no": 1, "quantity": "1" });
            let body = json!({ "supplier_number": next(), "dated": "2026-01-02", "lines": [line] });
            sound(shop, "credit note", client.post(&path("credit"), &body).await);
        }
        1 => {
            let reason = json!({ "reason": "Recorded twice" });
            sound(shop, "bill taken back", client.post(&path("reverse"), &reason).await);
        }
        _ => keep(&shop.bought.bills, Bill { supplier: known.supplier, id: id(&made) }),
    }
}

/// Pays a part of a bill, and perhaps takes the payment or the bill back.
async fn pay(client: &Client, shop: &Shop, dice: &mut Dice) {
    let Some(bill) = chosen(&shop.bought.bills, dice) else { return };
    let reason = json!({ "reason": "Account closed" });
    let part = json!({ "bill_id": bill.id, "amount": "1.30" });
    let body = json!({ "supplier_id": bill.supplier, "bills": [part] });
    let paid = sound(shop, "supplier payment", client.post("/v1/supplier-payments", &body).await);
    match (dice.below(4), paid) {
        (0, Some(paid)) => {
            let path = format!("/v1/supplier-payments/{}/reverse", id(&paid));
            sound(shop, "payment taken back", client.post(&path, &reason).await);
        }
        (1, _) => {
            let path = format!("/v1/bills/{}/reverse", bill.id);
            sound(shop, "paid bill taken back", client.post(&path, &reason).await);
        }
        _ => {}
    }
}
