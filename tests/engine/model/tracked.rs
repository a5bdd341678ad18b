//! Commands on tracked products, decided by the model's own rules.

use chrono::Days;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Reply, environment};

use super::Bench;
use super::Place;
use super::level::cents;
use super::lots::{Kept, Lot, Parts, TRACKED, Use, Wish, divided};
use crate::mix::Dice;

/// Possible expiries of lots, in days from the day on which the sequence began.
const ENDS: [Option<i64>; 4] = [None, Some(-3), Some(3), Some(40)];

/// The content of a receipt: product, unit cost, and each lot with its quantity, and with its expiry if it is new.
struct Brought {
    sku: &'static str,
    unit_cost: Decimal,
    lots: Vec<(String, Decimal, Option<Option<i64>>)>,
}

fn small(dice: &mut Dice, limit: u64) -> Decimal {
    Decimal::from(1 + dice.below(limit))
}

fn line(wish: &Wish, sign: &str) -> Value {
    let lots: Vec<Value> = wish.code.iter().map(|code| json!({ "code": code })).collect();
    json!({ "sku": wish.sku, "quantity": format!("{sign}{}", wish.quantity), "lots": lots })
}

fn lines(wishes: &[Wish], sign: &str) -> Vec<Value> {
    wishes.iter().map(|wish| line(wish, sign)).collect()
}

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

fn one_of<'a>(dice: &mut Dice, codes: &[&'a String]) -> Option<&'a String> {
    (!codes.is_empty()).then(|| codes[dice.below(codes.len() as u64) as usize])
}

impl Bench<'_> {
    fn day(&self, days: i64) -> String {
        let span = Days::new(days.unsigned_abs());
        (if days < 0 { self.today - span } else { self.today + span }).to_string()
    }

    fn codes(&self, sku: &str) -> Vec<&String> {
        self.model.lots.known.iter().filter(|(_, lot)| lot.sku == sku).map(|(code, _)| code).collect()
    }

    /// Returns lines of tracked products. Some name their lots; those with serial numbers always do where they must.
    fn wanted(&self, dice: &mut Dice, names_serials: bool) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for _ in 0..=dice.below(2) {
            let sku = TRACKED[usize::from(dice.below(3) == 0)];
            let is_serial = sku == TRACKED[1];
            let named = if is_serial { names_serials || dice.below(2) == 0 } else { dice.below(3) == 0 };
            let code = if named { one_of(dice, &self.codes(sku)).cloned() } else { None };
            if is_serial && names_serials && code.is_none() {
                continue;
            }
            let quantity = match (is_serial, &code) {
                (true, Some(_)) => Decimal::ONE,
                (true, None) => small(dice, 2),
                _ => small(dice, 12),
            };
            wishes.push(Wish { sku, quantity, code });
        }
        wishes
    }

    /// Checks that the command is accepted if and only if the model accepts it. The order of several problems is not
    /// compared.
    fn judged<T>(
        &self,
        what: &str,
        reply: &Reply,
        wishes: &[Wish],
        model: Result<T, &str>,
    ) -> Option<(Value, T)> {
        match model {
            Ok(lots) => {
                assert!(reply.status < 300, "{what}: {} {}", reply.status, reply.text);
                Some((reply.json(), lots))
            }
            Err(_) if wishes.len() > 1 => {
                assert_eq!(reply.status, 409, "{what}: {}", reply.text);
                None
            }
            Err(code) => {
                reply.refused(409, code);
                None
            }
        }
    }

    pub async fn track(&mut self, dice: &mut Dice, place: Place) {
        match dice.below(12) {
            0 | 1 => self.bring(dice, place).await,
            2 | 3 => self.sell_lots(dice).await,
            4 => self.order_lots(dice, place).await,
            5 => self.advance_lots(dice).await,
            6 => self.hold_lots(dice, place).await,
            7 => self.release_lots(dice).await,
            8 => self.send_lots(dice, place).await,
            9 => self.adjust_lots(dice, place).await,
            10 => self.take_back(dice).await,
            _ => self.date_anew(dice).await,
        }
    }

    /// Receives units of new and known lots. A serial number that was received before is rejected.
    async fn bring(&mut self, dice: &mut Dice, place: Place) {
        self.model.lots.receipts += 1;
        let mut accepted = true;
        let mut brought: Vec<Brought> = Vec::new();
        for number in 0..=dice.below(2) {
            let sku = TRACKED[usize::from(dice.below(3) == 0)];
            let is_serial = sku == TRACKED[1];
            let mut lots: Vec<(String, Decimal, Option<Option<i64>>)> = Vec::new();
            for part in 0..=dice.below(3) {
                let known = one_of(dice, &self.codes(sku))
                    .filter(|_| dice.below(if is_serial { 12 } else { 2 }) == 0);
                let quantity = if is_serial { Decimal::ONE } else { small(dice, 20) };
                let fresh = format!("{sku}-{}-{number}-{part}", self.model.lots.receipts);
                let lot = match known {
                    Some(code) => (code.clone(), quantity, None),
                    None => (fresh, quantity, Some(ENDS[dice.below(4) as usize])),
                };
                if lots.iter().all(|(code, ..)| *code != lot.0) {
                    accepted &= !(is_serial && lot.2.is_none());
                    lots.push(lot);
                }
            }
            let unit_cost = Decimal::new(i64::try_from(dice.below(99_999)).expect("small"), 4);
            brought.push(Brought { sku, unit_cost, lots });
        }
        let mut lines = Vec::new();
        for Brought { sku, unit_cost, lots } in &brought {
            let mut named = Vec::new();
            for (code, quantity, end) in lots {
                let mut lot = json!({ "code": code, "quantity": quantity.to_string() });
                if let Some(Some(days)) = end {
                    lot["expires_on"] = json!(self.day(*days));
                }
                named.push(lot);
            }
            let quantity: Decimal = lots.iter().map(|(_, quantity, _)| quantity).sum();
            lines.push(
                json!({ "sku": sku, "quantity": quantity.to_string(), "unit_cost": unit_cost.to_string(),
                "lots": named }),
            );
        }
        let receipt = json!({ "kind": "receipt", "location_id": self.places[place], "lines": lines });
        let reply = self.tenant.post("/v1/stock/documents", &receipt).await;
        if !accepted {
            reply.refused(409, "already_exists");
            return;
        }
        reply.created();
        for Brought { sku, unit_cost, lots } in brought {
            let parts: Vec<Decimal> = lots.iter().map(|(_, quantity, _)| *quantity).collect();
            let value = cents(unit_cost * parts.iter().sum::<Decimal>());
            for ((code, quantity, end), worth) in lots.into_iter().zip(divided(value, &parts)) {
                let came = self.model.lots.receipts;
                if let Some(expires_in) = end {
                    self.model.lots.known.insert(code.clone(), Lot { sku, expires_in, came });
                }
                self.model.lots.at(place, &code).come(quantity, worth);
            }
        }
    }

    async fn sell_lots(&mut self, dice: &mut Dice) {
        let wishes = self.wanted(dice, true);
        if wishes.is_empty() {
            return;
        }
        let drawn = self.model.lots.draw(0, &wishes, Use::Somebody);
        let mut body = tests::sale(&self.till, &[]);
        body["lines"] = json!(lines(&wishes, ""));
        let reply = self.tenant.post("/v1/pos/sales", &body).await;
        let Some((sold, parts)) = self.judged("sale", &reply, &wishes, drawn) else { return };
        let values = self.model.lots.go(0, &parts);
        self.model.lots.sales.push(Kept { id: id(&sold), place: 0, lines: Vec::new(), values });
    }

    /// Refunds a whole sale. A unit that is on hand by another way is rejected.
    async fn take_back(&mut self, dice: &mut Dice) {
        let lots = &mut self.model.lots;
        if lots.sales.is_empty() {
            return;
        }
        let at = dice.below(lots.sales.len() as u64) as usize;
        let sale = lots.sales.swap_remove(at);
        let is_serial = |code: &str| lots.known[code].sku == TRACKED[1];
        let is_here = sale.values.iter().any(|(code, ..)| is_serial(code) && lots.is_anywhere(code));
        let body = json!({ "register_id": self.till.register_id, "original_id": sale.id,
            "tenders": [{ "kind": "cash" }] });
        let reply = self.tenant.post("/v1/pos/refunds", &body).await;
        if is_here {
            reply.refused(409, "already_exists");
            return;
        }
        reply.created();
        for (code, quantity, value) in sale.values {
            lots.at(0, &code).come(quantity, value);
        }
    }

    async fn order_lots(&mut self, dice: &mut Dice, place: Place) {
        let wishes = self.wanted(dice, false);
        let drawn = self.model.lots.draw(place, &wishes, Use::Somebody);
        let body = json!({ "customer_id": self.customer, "location_id": self.places[place],
            "lines": lines(&wishes, ""), "advance_to": "confirmed" });
        let reply = self.tenant.post("/v1/orders", &body).await;
        let Some((order, parts)) = self.judged("order", &reply, &wishes, drawn) else { return };
        let kept = self.keep(&order, place, (&wishes, parts));
        self.model.lots.orders.push(kept);
    }

    /// Reserves what a document holds.
    fn keep(&mut self, document: &Value, place: Place, (wishes, parts): (&[Wish], Vec<Parts>)) -> Kept {
        let lines: Vec<_> = wishes.iter().map(|wish| wish.sku).zip(parts).collect();
        self.model.lots.reserve(place, &lines, Decimal::ONE);
        Kept { id: id(document), place, lines, values: Vec::new() }
    }

    async fn advance_lots(&mut self, dice: &mut Dice) {
        let lots = &mut self.model.lots;
        if lots.orders.is_empty() {
            return;
        }
        let at = dice.below(lots.orders.len() as u64) as usize;
        let order = lots.orders.swap_remove(at);
        if dice.below(3) == 0 {
            self.tenant.step(&order.id, "cancel").await.ok();
            lots.reserve(order.place, &order.lines, -Decimal::ONE);
            return;
        }
        let picked = lots.picked(&order);
        let reply = self.tenant.step(&order.id, "ship").await;
        match picked {
            Ok(parts) => {
                assert_eq!(reply.status, 200, "ship: {}", reply.text);
                lots.reserve(order.place, &order.lines, -Decimal::ONE);
                lots.go(order.place, &parts);
            }
            Err(code) => {
                reply.refused(409, code);
                lots.orders.push(order);
            }
        }
    }

    /// Places a hold, or a quarantine, which must name its lots.
    async fn hold_lots(&mut self, dice: &mut Dice, place: Place) {
        let is_quarantine = dice.below(2) == 0;
        let mut wishes = self.wanted(dice, false);
        let mut body = json!({ "location_id": self.places[place] });
        let purpose = if is_quarantine {
            wishes.retain(|wish| wish.code.is_some());
            body["kind"] = json!("quarantine");
            Use::Nobody
        } else {
            body["expires_at"] = json!(environment().now().await + chrono::Duration::days(300));
            Use::Somebody
        };
        if wishes.is_empty() {
            return;
        }
        body["lines"] = json!(lines(&wishes, ""));
        let drawn = self.model.lots.draw(place, &wishes, purpose);
        let reply = self.tenant.post("/v1/stock/holds", &body).await;
        let Some((hold, parts)) = self.judged("hold", &reply, &wishes, drawn) else { return };
        let kept = self.keep(&hold, place, (&wishes, parts));
        self.model.lots.holds.push(kept);
    }

    async fn release_lots(&mut self, dice: &mut Dice) {
        let lots = &mut self.model.lots;
        if lots.holds.is_empty() {
            return;
        }
        let at = dice.below(lots.holds.len() as u64) as usize;
        let hold = lots.holds.swap_remove(at);
        lots.reserve(hold.place, &hold.lines, -Decimal::ONE);
        self.tenant.post(&format!("/v1/stock/holds/{}/release", hold.id), &json!({})).await.ok();
    }

    async fn send_lots(&mut self, dice: &mut Dice, place: Place) {
        if !self.model.lots.transfers.is_empty() && dice.below(2) == 0 {
            let transfer = self.model.lots.transfers.swap_remove(0);
            let path = format!("/v1/stock/transfers/{}/receive", transfer.id);
            self.tenant.post(&path, &json!({})).await.ok();
            for (code, quantity, value) in transfer.values {
                self.model.lots.at(1 - transfer.place, &code).come(quantity, value);
            }
            return;
        }
        let wishes = self.wanted(dice, true);
        if wishes.is_empty() {
            return;
        }
        let body = json!({ "from_location_id": self.places[place], "to_location_id": self.places[1 - place],
            "lines": lines(&wishes, "") });
        let drawn = self.model.lots.draw(place, &wishes, Use::Elsewhere);
        let reply = self.tenant.post("/v1/stock/transfers", &body).await;
        let Some((sent, parts)) = self.judged("transfer", &reply, &wishes, drawn) else { return };
        let values = self.model.lots.go(place, &parts);
        self.model.lots.transfers.push(Kept { id: id(&sent), place, lines: Vec::new(), values });
    }

    /// Writes lots off, or finds units of a known one. A serial number is found only if it is nowhere on hand.
    async fn adjust_lots(&mut self, dice: &mut Dice, place: Place) {
        let mut wishes = self.wanted(dice, true);
        let out = dice.below(2) == 0;
        if !out {
            wishes.truncate(1);
            wishes.retain(|wish| wish.code.is_some());
        }
        if wishes.is_empty() {
            return;
        }
        let body = json!({ "kind": "adjustment", "reason": "found", "location_id": self.places[place],
            "lines": lines(&wishes, if out { "-" } else { "" }) });
        let reply = self.tenant.post("/v1/stock/documents", &body).await;
        if out {
            let drawn = self.model.lots.draw(place, &wishes, Use::Nobody);
            let Some((_, parts)) = self.judged("adjustment", &reply, &wishes, drawn) else { return };
            self.model.lots.go(place, &parts);
            return;
        }
        for Wish { sku, quantity, code } in wishes {
            let code = code.expect("only those that name a lot are left");
            if sku == TRACKED[1] && self.model.lots.is_anywhere(&code) {
                reply.refused(409, "already_exists");
                return;
            }
            reply.created();
            let level = self.model.lots.at(place, &code);
            level.come(quantity, level.worth(quantity));
        }
    }

    /// Changes the expiry of a lot.
    async fn date_anew(&mut self, dice: &mut Dice) {
        let known: Vec<&String> = self.model.lots.known.keys().collect();
        let Some(code) = one_of(dice, &known).cloned() else { return };
        let expires_in = ENDS[dice.below(4) as usize];
        let page = self.tenant.get(&format!("/v1/lots?code={code}")).await.ok();
        let expires_on = match expires_in {
            Some(days) => json!(self.day(days)),
            None => Value::Null,
        };
        let path = format!("/v1/lots/{}", id(&page["data"][0]));
        self.tenant.patch(&path, &json!({ "expires_on": expires_on })).await.ok();
        if let Some(lot) = self.model.lots.known.get_mut(&code) {
            lot.expires_in = expires_in;
        }
    }
}
