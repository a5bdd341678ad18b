//! Lots to take: the named ones, or those that expire first.
//!
//! What expires first is sold first, or it ends as waste. Expired stock is not sold.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::Demand;
use super::serial::check_gone;
use crate::book::Book;
use crate::hold::{HeldLine, HoldKind, PlaceHold};
use crate::id::{LocationId, LotId, ProductId};
use crate::line_item::{Goods, GoodsLine};
use crate::lot::{self, Lot, LotShare, LotStatus, NamedLot, divided, problem, unknown, unnamed};
use crate::number::{Money, Quantity};
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Problem, Problems, Refusal};
use crate::stock::{Level, LevelKey};

/// The purpose for which units are taken. It decides which lots suit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Sold or reserved on a day, for a customer that requires `life_days` of remaining life. If the units
    /// are `at_hand`, every serial number must be named: the seller can read it.
    Sale { on: NaiveDate, life_days: u32, at_hand: bool },
    /// Sent to another location: first expired, first out. A lot that is not sellable is sent only if it is
    /// named.
    Transfer { on: NaiveDate },
    /// Written off, in any state.
    WriteOff,
    /// Reserved until its state is decided: the caller must name the lots.
    Quarantine,
}

/// Returns what is left of one of the document's reservations on a level.
type Left = fn(&Demand, &Book, &LevelKey) -> Quantity;

/// The rule by which a document takes lots: location, purpose and time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PickRule {
    pub(crate) location_id: LocationId,
    pub(crate) purpose: Purpose,
    /// The issue; none for a reservation.
    pub(crate) left: Option<Departure>,
}

/// The issue of stock that has left.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Departure {
    /// The time of the issue.
    pub(crate) occurred_at: DateTime<Utc>,
    /// Whether a shortage does not reject it.
    pub(crate) forced: bool,
}

/// The request of one line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineRequest<'a> {
    pub(crate) product: &'a Product,
    pub(crate) quantity: Quantity,
    pub(crate) named: &'a [NamedLot],
    /// Stock units that the line got otherwise. A shortage adds them to what was requested and to what is
    /// available.
    pub(crate) covered: Quantity,
    pub(crate) pointer: &'a str,
}

impl PickRule {
    /// Returns whether units of a product without lots have left already, so that they are never rejected.
    fn is_gone(&self, book: &Book, key: &LevelKey) -> bool {
        self.is_forced() || self.is_counted(book, key)
    }

    /// Returns whether a shortage does not reject the issue.
    fn is_forced(&self) -> bool {
        self.left.is_some_and(|left| left.forced)
    }

    /// Returns whether the level was counted after the issue, so that the count includes it.
    fn is_counted(&self, book: &Book, key: &LevelKey) -> bool {
        self.left.is_some_and(|left| book.is_counted(key, left.occurred_at))
    }

    /// Returns the level of a lot at the location of the rule.
    pub(crate) fn key(&self, product_id: ProductId, lot_id: LotId) -> LevelKey {
        LevelKey { location_id: self.location_id, product_id, lot_id }
    }
}

impl Purpose {
    /// Returns whether the lot may be taken without being named.
    fn takes(self, lot: &Lot) -> bool {
        match self {
            Purpose::Sale { on, life_days, .. } => lot.is_sellable(on, life_days),
            Purpose::Transfer { on } => lot.is_sellable(on, 0),
            Purpose::WriteOff => true,
            Purpose::Quarantine => false,
        }
    }

    fn must_name(self, tracking: Tracking) -> bool {
        match self {
            Purpose::Sale { at_hand, .. } => at_hand && tracking == Tracking::Serial,
            Purpose::Transfer { .. } | Purpose::WriteOff => tracking == Tracking::Serial,
            Purpose::Quarantine => true,
        }
    }

    /// Rejects a lot, named for a sale, that is recalled or expires too early.
    pub(crate) fn check(self, product: &Product, lot: &Lot, pointer: &str) -> Result<(), Problem> {
        let Purpose::Sale { on, life_days, .. } = self else { return Ok(()) };
        if lot.is_sellable(on, life_days) {
            return Ok(());
        }
        let (code, why) = match lot.expires_on {
            _ if lot.status == LotStatus::Recalled => (Code::LotRecalled, "is recalled".to_owned()),
            Some(end) if end < on => (Code::LotExpired, format!("expired on {end}")),
            Some(end) => {
                (Code::LotExpired, format!("expires on {end}, and the customer needs {life_days} days"))
            }
            None => return Ok(()),
        };
        let detail = format!(
            "Lot {} of {} {why}: name another lot, or no lot to get the one that expires first.",
            lot.code, product.sku
        );
        Err(problem(product, format!("{pointer}/code"), code, detail))
    }
}

impl Demand {
    /// Adds the request of a line, and returns its lots; none for a product that is not tracked. Notes a
    /// shortage, so that one rejection names all short lines.
    pub(crate) fn allocate(
        &mut self,
        book: &Book,
        rule: &PickRule,
        request: &LineRequest<'_>,
    ) -> Result<Vec<LotShare>, Problem> {
        if !request.named.is_empty() {
            return self.allocate_named(book, rule, request);
        }
        if !request.product.is_tracked() {
            let key = LevelKey::untracked(rule.location_id, request.product.id);
            if !rule.is_gone(book, &key) {
                self.add(key, request.quantity, request.pointer.to_owned());
            }
            return Ok(Vec::new());
        }
        if rule.purpose.must_name(request.product.tracking) {
            return Err(unnamed(request.product, request.pointer));
        }
        self.allocate_first_expiring(book, rule, request)
    }

    fn allocate_named(
        &mut self,
        book: &Book,
        rule: &PickRule,
        request: &LineRequest<'_>,
    ) -> Result<Vec<LotShare>, Problem> {
        let parts = divided(request.product, request.quantity, request.named, request.pointer)?;
        let mut shares = Vec::with_capacity(parts.len());
        for (index, (named, quantity)) in request.named.iter().zip(parts).enumerate() {
            let pointer = format!("{}/lots/{index}", request.pointer);
            let lot = book.lots.find(request.product.id, &named.code);
            let lot = lot.ok_or_else(|| unknown(request.product, &named.code, &pointer))?;
            let key = key(rule.location_id, lot);
            if !rule.is_forced() {
                rule.purpose.check(request.product, lot, &pointer)?;
            }
            if request.product.tracking == Tracking::Serial && rule.is_counted(book, &key) {
                check_gone(book, &key, self.taken(&key), &format!("{pointer}/code"))?;
                *self.gone.entry(key).or_default() += quantity;
            } else if request.product.tracking == Tracking::Serial && rule.is_forced() {
                self.check_piece(book, request, lot, &key, &pointer)?;
            }
            self.want(book, rule, key, quantity, &pointer);
            shares.push((lot, quantity));
        }
        shares.sort_by(|(one, _), (other, _)| one.rank().cmp(&other.rank()));
        Ok(shares.into_iter().map(|(lot, quantity)| share(lot, quantity)).collect())
    }

    fn allocate_first_expiring(
        &mut self,
        book: &Book,
        rule: &PickRule,
        request: &LineRequest<'_>,
    ) -> Result<Vec<LotShare>, Problem> {
        let mut lots = candidates(book, rule, request.product.id);
        let (mut taken, left) = self.take_first_expiring(book, rule, request, &lots);
        if left.is_positive() && rule.is_forced() {
            let picked = Picked { lots: &mut lots, taken: &mut taken };
            self.allocate_forced(book, rule, request, picked, left)?;
        } else if left.is_positive() {
            let place = LevelKey::untracked(rule.location_id, request.product.id);
            let got = self.wanted_of(rule.location_id, request.product.id) + request.covered;
            self.short.push(book.shortage(&place, got + left, got, request.pointer));
        }
        Ok(shares(&lots, taken))
    }

    /// Adds as much of a line's request as is available, first expired, first out. Returns that quantity and
    /// its lots.
    pub(crate) fn allocate_available(
        &mut self,
        book: &Book,
        rule: &PickRule,
        request: &LineRequest<'_>,
    ) -> (Quantity, Vec<LotShare>) {
        if !request.product.is_tracked() {
            let key = LevelKey::untracked(rule.location_id, request.product.id);
            let quantity = request.quantity.min(self.free(book, &key)).max(Quantity::ZERO);
            self.add(key, quantity, request.pointer.to_owned());
            return (quantity, Vec::new());
        }
        let lots = candidates(book, rule, request.product.id);
        let (taken, left) = self.take_first_expiring(book, rule, request, &lots);
        (request.quantity - left, shares(&lots, taken))
    }

    /// Takes from the lots that suit a line: first units reserved for the document, then its till allotment,
    /// then available units and its channel allotment. A lot that was counted after the issue gives all the
    /// rest, even beyond its stock, because its count includes the issue. Returns the units taken by the
    /// place of the lot, and the units missing.
    fn take_first_expiring(
        &mut self,
        book: &Book,
        rule: &PickRule,
        request: &LineRequest<'_>,
        lots: &[&Lot],
    ) -> (BTreeMap<usize, Quantity>, Quantity) {
        let mut taken: BTreeMap<usize, Quantity> = BTreeMap::new();
        let mut left = request.quantity;
        for first in [Some(Self::own_left as Left), Some(Self::till_allotment_left), None] {
            // Units that one lot has below zero came out of another lot, so all lots together have less than
            // the others show.
            let mut most = match first {
                None if !rule.is_forced() => {
                    let lacks = |key: &LevelKey| self.lacking.get(key).copied().unwrap_or_default();
                    let keys = lots.iter().map(|lot| key(rule.location_id, lot));
                    keys.map(|key| self.free(book, &key) - lacks(&key)).sum()
                }
                _ => left,
            };
            for (at, lot) in lots.iter().enumerate() {
                let key = key(rule.location_id, lot);
                let part = match first {
                    Some(kept) => left.min(kept(self, book, &key)).min(self.free(book, &key)),
                    None if rule.is_counted(book, &key) => left,
                    None => left.min(most).min(self.free(book, &key)),
                };
                if part.is_positive() {
                    self.want(book, rule, key, part, request.pointer);
                    *taken.entry(at).or_default() += part;
                    left -= part;
                    most -= part;
                }
            }
        }
        (taken, left)
    }
}

impl Demand {
    /// Notes what a line takes of a level. Units that have left already are not checked later.
    pub(super) fn want(
        &mut self,
        book: &Book,
        rule: &PickRule,
        key: LevelKey,
        quantity: Quantity,
        pointer: &str,
    ) {
        if rule.is_counted(book, &key) {
            return;
        }
        if rule.is_forced() {
            *self.gone.entry(key).or_default() += quantity;
        } else {
            self.add(key, quantity, pointer.to_owned());
        }
    }

    /// Returns what is left of a level for the document, after what its lines took.
    fn free(&self, book: &Book, key: &LevelKey) -> Quantity {
        book.left(key, self) - self.taken(key)
    }

    /// Returns what is left on a level of the units reserved for the document itself.
    fn own_left(&self, _: &Book, key: &LevelKey) -> Quantity {
        self.own.get(key).copied().unwrap_or_default() - self.taken(key)
    }

    /// Returns what is left on a level of the units reserved for the document itself or allotted to its till.
    fn till_allotment_left(&self, book: &Book, key: &LevelKey) -> Quantity {
        self.own_left(book, key) + book.allotted_to_till(key, self)
    }

    /// Returns what the lines ask of a product at a location, over all of its lots.
    fn wanted_of(&self, location_id: LocationId, product_id: ProductId) -> Quantity {
        let here = |key: &LevelKey| key.location_id == location_id && key.product_id == product_id;
        self.wanted.iter().filter(|(key, _)| here(key)).map(|(_, wanted)| wanted.total).sum()
    }

    /// Returns what the lines took of a level so far.
    pub(super) fn taken(&self, key: &LevelKey) -> Quantity {
        let gone = self.gone.get(key).copied().unwrap_or_default();
        self.wanted.get(key).map_or(Quantity::ZERO, |wanted| wanted.total) + gone
    }
}

/// The part of a line in one lot, or a whole line of a product without lots.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) product_id: ProductId,
    /// Nil if the product is not tracked.
    pub(crate) lot_id: LotId,
    /// Stock units.
    pub(crate) quantity: Quantity,
}

impl Book {
    /// Picks the lots of a document's lines. Rejects with a problem for every line with a wrong lot.
    pub(crate) fn allocate_goods(
        &self,
        demand: &mut Demand,
        rule: &PickRule,
        goods: &[Goods],
        lines: &[GoodsLine],
    ) -> Result<Vec<Part>, Refusal> {
        let mut problems = Problems::default();
        let mut parts = Vec::with_capacity(goods.len());
        for (index, (goods, line)) in goods.iter().zip(lines).enumerate() {
            let request = LineRequest {
                product: &self.products[&goods.product_id],
                quantity: goods.quantity,
                named: &line.lots,
                covered: Quantity::ZERO,
                pointer: &format!("/lines/{index}"),
            };
            match demand.allocate(self, rule, &request) {
                Ok(shares) if shares.is_empty() => parts.push(Part {
                    product_id: goods.product_id,
                    lot_id: LotId::default(),
                    quantity: goods.quantity,
                }),
                Ok(shares) => parts.extend(shares.iter().map(|share| Part {
                    product_id: goods.product_id,
                    lot_id: share.lot_id,
                    quantity: share.quantity,
                })),
                Err(problem) => problems.push(problem),
            }
        }
        problems.check()?;
        lot::check_line_count(parts.len())?;
        Ok(parts)
    }
}

/// The lots of a line, and what it takes of them.
pub(super) struct Picked<'p, 'b> {
    /// The lots, in the order in which they are taken.
    pub(super) lots: &'p mut Vec<&'b Lot>,
    /// Stock units, by the place of the lot.
    pub(super) taken: &'p mut BTreeMap<usize, Quantity>,
}

/// Returns the lots at a location that may be taken without being named, in the order in which they are
/// taken.
fn candidates<'a>(book: &'a Book, rule: &PickRule, product_id: ProductId) -> Vec<&'a Lot> {
    let mut lots: Vec<&Lot> = levels_of(book, rule.location_id, product_id)
        .filter_map(|(key, _)| book.lots.get(key.lot_id))
        .filter(|lot| rule.purpose.takes(lot))
        .collect();
    lots.sort_by(|one, other| one.rank().cmp(&other.rank()));
    lots
}

/// Returns the levels of a product at a location, lot by lot.
pub(super) fn levels_of(
    book: &Book,
    location_id: LocationId,
    product_id: ProductId,
) -> impl Iterator<Item = (&LevelKey, &Level)> {
    let first = LevelKey { location_id, product_id, lot_id: LotId::default() };
    let here =
        move |(key, _): &(&LevelKey, &Level)| key.location_id == location_id && key.product_id == product_id;
    book.levels().range(first..).take_while(here)
}

pub(super) fn key(location_id: LocationId, lot: &Lot) -> LevelKey {
    LevelKey { location_id, product_id: lot.product_id, lot_id: lot.id }
}

/// Returns what was taken of each lot, in the order in which lots are taken.
fn shares(lots: &[&Lot], taken: BTreeMap<usize, Quantity>) -> Vec<LotShare> {
    let mut drawn: Vec<(&Lot, Quantity)> =
        taken.into_iter().map(|(at, quantity)| (lots[at], quantity)).collect();
    drawn.sort_by(|(one, _), (other, _)| one.rank().cmp(&other.rank()));
    drawn.into_iter().map(|(lot, quantity)| share(lot, quantity)).collect()
}

fn share(lot: &Lot, quantity: Quantity) -> LotShare {
    LotShare { lot_id: lot.id, code: lot.code.clone(), quantity, cost: Money::ZERO }
}

/// Returns the lines of a new hold, lot by lot: the named lots, or lots that the customer could buy today.
pub(crate) fn held_lines(
    book: &Book,
    command: &PlaceHold,
    location_id: LocationId,
    goods: &[Goods],
    demand: &mut Demand,
) -> Result<Vec<HeldLine>, Refusal> {
    let customer = command.customer_id.and_then(|id| book.customers.get(&id));
    let purpose = match command.kind {
        HoldKind::Hold | HoldKind::TillAllotment | HoldKind::ChannelAllotment => Purpose::Sale {
            on: book.setup.settings.day(book.now),
            life_days: customer.map_or(0, |customer| customer.min_remaining_life_days),
            at_hand: false,
        },
        HoldKind::Quarantine => Purpose::Quarantine,
    };
    let parts =
        book.allocate_goods(demand, &PickRule { location_id, purpose, left: None }, goods, &command.lines)?;
    let line = |(part, line_no): (Part, i32)| HeldLine {
        line_no,
        product_id: part.product_id,
        lot_id: part.lot_id,
        quantity: part.quantity,
        left: part.quantity,
    };
    Ok(parts.into_iter().zip(1..).map(line).collect())
}
