//! A level of the model: average or layers, below zero if a forced document went there.

use std::sync::atomic::{AtomicU64, Ordering};

use rust_decimal::{Decimal, RoundingStrategy};

/// Receipts so far. A layer that came in earlier has a lower number.
static RECEIPTS: AtomicU64 = AtomicU64::new(0);

/// Units that leave together, with their cost. A transfer keeps the number of the layer that they were in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub quantity: Decimal,
    pub value: Decimal,
    receipt: Option<u64>,
}

/// A level of the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Level {
    pub on_hand: Decimal,
    pub reserved: Decimal,
    pub value: Decimal,
    pub last_cost: Decimal,
    /// Quantity, value and receipt of each layer, the oldest first; `None` if it is valued at the average.
    pub layers: Option<Vec<(Decimal, Decimal, u64)>>,
    /// Units below zero with their provisional cost, the oldest first.
    pub owed: Vec<(Decimal, Decimal)>,
    /// Whether it was ever counted: from then on, earlier movements change nothing.
    pub counted: bool,
}

/// A receipt at a level.
#[derive(Debug, Clone, Copy)]
pub struct Received {
    /// Its number.
    pub number: u64,
    /// Its units.
    pub quantity: Decimal,
    /// Units that the level received after it.
    pub later: Decimal,
}

pub fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Returns a cost with as many decimals as a unit cost has.
pub fn price(cost: Decimal) -> Decimal {
    cost.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
}

/// Returns the share of `quantity` in a cost. The last units get all that is left.
pub fn share(of: (Decimal, Decimal), quantity: Decimal) -> Decimal {
    if quantity == of.0 { of.1 } else { cents(of.1 * quantity / of.0).min(of.1) }
}

impl Level {
    fn note_cost(&mut self, (quantity, value): (Decimal, Decimal)) {
        if quantity > Decimal::ZERO {
            self.last_cost = price(value / quantity);
        }
    }

    /// Receives units. The first of them settle what is below zero. Returns the number of the receipt.
    pub fn come(&mut self, quantity: Decimal, value: Decimal) -> u64 {
        let receipt = RECEIPTS.fetch_add(1, Ordering::Relaxed);
        self.come_from(quantity, value, receipt);
        receipt
    }

    /// Receives units of a transfer, which keep the layers that they came from.
    pub fn arrive(&mut self, parts: &[Part]) {
        let arrival = RECEIPTS.fetch_add(1, Ordering::Relaxed);
        for part in parts {
            self.come_from(part.quantity, part.value, part.receipt.unwrap_or(arrival));
        }
    }

    fn come_from(&mut self, quantity: Decimal, value: Decimal, receipt: u64) {
        let covered = quantity.min((-self.on_hand).max(Decimal::ZERO));
        let real = if covered == quantity { value } else { cents(value * covered / quantity) };
        if covered > Decimal::ZERO {
            self.settle(covered);
            self.last_cost = price(value / quantity);
        }
        if covered < quantity {
            self.add(quantity - covered, value - real, receipt);
        }
    }

    /// Settles units below zero, the oldest first.
    fn settle(&mut self, covered: Decimal) {
        let mut left = covered;
        while left > Decimal::ZERO {
            let oldest = self.owed.remove(0);
            let part = left.min(oldest.0);
            let worth = if part == oldest.0 { oldest.1 } else { cents(oldest.1 * part / oldest.0) };
            if part < oldest.0 {
                self.owed.insert(0, (oldest.0 - part, oldest.1 - worth));
            }
            self.value += worth;
            left -= part;
        }
        self.on_hand += covered;
    }

    fn add(&mut self, quantity: Decimal, value: Decimal, receipt: u64) {
        self.on_hand += quantity;
        self.value += value;
        let whole = (self.on_hand, self.value);
        match &mut self.layers {
            Some(layers) => {
                let place = layers.partition_point(|layer| layer.2 <= receipt);
                layers.insert(place, (quantity, value, receipt));
                self.note_cost((quantity, value));
            }
            None => self.note_cost(whole),
        }
    }

    /// Issues units at the moving average, or the oldest layers first. The last unit takes the rest of the value.
    pub fn go(&mut self, quantity: Decimal) -> Decimal {
        self.leave(quantity).iter().map(|part| part.value).sum()
    }

    /// Issues units like [`go`](Level::go), and returns them by the layers that they were in.
    pub fn leave(&mut self, quantity: Decimal) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut wanted = quantity;
        if let Some(mut layers) = self.layers.take() {
            while wanted > Decimal::ZERO {
                let (whole, value, receipt) = layers.remove(0);
                self.note_cost((whole, value));
                let part = wanted.min(whole);
                let worth = share((whole, value), part);
                parts.push(Part { quantity: part, value: worth, receipt: Some(receipt) });
                wanted -= part;
                if part < whole {
                    layers.insert(0, (whole - part, value - worth, receipt));
                }
            }
            self.layers = Some(layers);
        } else {
            let value = share((self.on_hand, self.value), quantity);
            parts.push(Part { quantity, value, receipt: None });
            self.note_cost((self.on_hand, self.value));
        }
        self.on_hand -= quantity;
        self.value -= parts.iter().map(|part| part.value).sum::<Decimal>();
        parts
    }

    /// Issues units that go back to the supplier: out of the layer of their receipt, then as others leave.
    pub fn go_back(&mut self, quantity: Decimal, receipt: u64) {
        let layers = self.layers.as_mut();
        let own = layers.and_then(|layers| {
            let at = layers.iter().position(|layer| layer.2 == receipt)?;
            let (whole, value, _) = layers[at];
            let part = quantity.min(whole);
            let worth = share((whole, value), part);
            if part == whole {
                layers.remove(at);
            } else {
                layers[at] = (whole - part, value - worth, receipt);
            }
            Some((part, worth, (whole, value)))
        });
        let mut left = quantity;
        if let Some((part, worth, layer)) = own {
            self.on_hand -= part;
            self.value -= worth;
            self.note_cost(layer);
            left -= part;
        }
        if left > Decimal::ZERO {
            self.go(left);
        }
    }

    /// Adds a cost that comes after a receipt; it may be below zero. The units that are left of the receipt get their share, and no value
    /// falls below zero.
    pub fn bear(&mut self, cost: Decimal, of: Received) {
        let (left, value): (Decimal, Decimal) = match &self.layers {
            Some(layers) => {
                let own = layers.iter().filter(|layer| layer.2 == of.number);
                own.fold((Decimal::ZERO, Decimal::ZERO), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1))
            }
            None => (of.quantity.min(self.on_hand - of.later).max(Decimal::ZERO), self.value),
        };
        let part = share((of.quantity, cost.abs()), left);
        let part = if cost.is_sign_negative() { (-part).max(-value) } else { part };
        if part.is_zero() {
            return;
        }
        for layer in self.layers.iter_mut().flatten().filter(|layer| layer.2 == of.number) {
            layer.1 += part;
        }
        self.value += part;
        self.note_cost((self.on_hand, self.value));
    }

    /// Issues units even if they are not on hand. Units below zero cost the last known unit cost.
    pub fn force(&mut self, quantity: Decimal) {
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

    /// Takes over the value that a late issue left, and what is open of its cost. It costs what the stock cost at its time,
    /// which the model does not know. Layers leave at their own cost all the same.
    pub fn take_over(&mut self, value: Decimal, owed: Vec<(Decimal, Decimal)>) {
        assert!(
            self.layers.is_none() || self.on_hand < Decimal::ZERO || value == self.value,
            "a layer has its own cost"
        );
        let open: Decimal = owed.iter().map(|(quantity, _)| quantity).sum();
        assert_eq!(open, (-self.on_hand).max(Decimal::ZERO), "units below zero have a cost to settle");
        (self.value, self.owed) = (value, owed);
    }

    /// Returns the unit cost here; zero if none is known.
    pub fn unit_cost(&self) -> Decimal {
        if self.on_hand > Decimal::ZERO { price(self.value / self.on_hand) } else { self.last_cost }
    }

    /// Returns the value of units that come in without a cost of their own.
    pub fn worth(&self, quantity: Decimal) -> Decimal {
        let youngest = self.layers.as_ref().and_then(|layers| layers.last().copied());
        let (of, value) = youngest.map_or((self.on_hand, self.value), |(of, value, _)| (of, value));
        cents(if of > Decimal::ZERO { value * quantity / of } else { self.last_cost * quantity })
    }

    /// Gives each unit the same cost. Layers share the value by their quantities.
    pub fn revalue(&mut self, value: Decimal) {
        let (mut passed, mut given) = (Decimal::ZERO, Decimal::ZERO);
        for layer in self.layers.iter_mut().flatten() {
            passed += layer.0;
            let up_to = if passed == self.on_hand { value } else { cents(value * passed / self.on_hand) };
            layer.1 = up_to - given;
            given = up_to;
        }
        self.value = value;
        self.note_cost((self.on_hand, value));
    }
}
