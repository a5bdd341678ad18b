//! The matching of billed units with received ones, and the difference between their values.
//!
//! Billed units are matched with the oldest receipt that has units without a bill. A match has a received value and a
//! billed value. Their difference leaves goods received not invoiced. Units that were returned to the supplier do not
//! count as received (`sent_back`).

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{BilledGoods, Figures, Mismatch, judge};
use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::{BillId, LocationId, LotId, MovementId, ProductId, StockDocumentId};
use crate::ledger::mapping::EntryPurpose;
use crate::ledger::{Dimensions, Entry, Lines, account};
use crate::number::{Money, Quantity};
use crate::purchase_order::{PurchaseLine, PurchaseOrder, ReceivedLine};
use crate::stock::{HeldShare, LevelKey, Movement, MovementKind, ReceivedPart};
use crate::stock_document::StockDocument;
use crate::tenant::Settings;

/// The bills and receipts of the goods that a batch bills or receives.
#[derive(Debug, Clone, Default)]
pub struct Billing {
    /// All lines of bills of these goods, in the order in which they were recorded.
    pub lines: Vec<BilledLine>,
    /// The receipts of these goods, the oldest first. Not read for a command that only receives.
    pub received: Vec<ReceivedGoods>,
    /// Receipts that a command names and that belong to a purchase order, with its number.
    pub of_orders: HashMap<StockDocumentId, String>,
}

/// A line of a bill, less what credit notes and a reversal took back.
#[derive(Debug, Clone)]
pub struct BilledLine {
    /// The bill.
    pub bill_id: BillId,
    /// Its line.
    pub line_no: i32,
    /// The goods.
    pub goods: BilledGoods,
    /// Stock units.
    pub quantity: Quantity,
    /// The amount before tax.
    pub value: Money,
    /// The parts of it that were matched, by receipt.
    pub matched: Vec<Matched>,
    /// The differences beyond the tolerance.
    pub reasons: Vec<Mismatch>,
}

/// The part of a billed line that is matched with one receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// The receipt.
    pub document_id: StockDocumentId,
    /// Stock units.
    pub quantity: Quantity,
    /// The value at which they were received.
    pub received_value: Money,
    /// The value at which they are billed.
    pub billed_value: Money,
}

/// Goods that one receipt received, less those that went back to the supplier.
#[derive(Debug, Clone)]
pub struct ReceivedGoods {
    /// The goods.
    pub goods: BilledGoods,
    /// The receipt.
    pub document_id: StockDocumentId,
    /// The location.
    pub location_id: LocationId,
    /// Stock units.
    pub quantity: Quantity,
    /// Their value.
    pub value: Money,
    /// The levels that got the units of this product from the receipt.
    pub parts: Vec<ReceivedPart>,
}

/// A change of a match.
#[derive(Debug, Clone)]
pub struct Match {
    /// The kind of the document that made it: a bill, a receipt, a return to the supplier, a credit note or a reversal.
    pub document_kind: DocumentKind,
    /// That document.
    pub document_id: Uuid,
    /// The bill.
    pub bill_id: BillId,
    /// The line of the bill.
    pub line_no: i32,
    /// The goods.
    pub goods: BilledGoods,
    /// The location of the receipt.
    pub location_id: LocationId,
    /// The part that is matched; negative if it is taken back.
    pub part: Matched,
    /// The change of value of each level that still holds units of the receipt.
    pub held: Vec<(LevelKey, Money)>,
    /// The part of the difference that a return to the supplier, or its reversal, posts to price variance.
    pub sent_back: Money,
}

impl BilledLine {
    /// Returns the units without a receipt, and their amount.
    pub(super) fn ahead(&self) -> (Quantity, Money) {
        let units: Quantity = self.matched.iter().map(|part| part.quantity).sum();
        let value: Money = self.matched.iter().map(|part| part.billed_value).sum();
        (self.quantity - units, self.value - value)
    }

    /// Adds a change to the match with its receipt.
    pub(super) fn add(&mut self, part: Matched) {
        let known = self.matched.iter_mut().find(|known| known.document_id == part.document_id);
        match known {
            Some(known) => {
                known.quantity += part.quantity;
                known.received_value += part.received_value;
                known.billed_value += part.billed_value;
            }
            None => self.matched.push(part),
        }
    }

    /// Returns the changes of matches if `quantity` is no longer billed. Units without a receipt go first and change no
    /// match; then units of the latest receipt.
    fn unmatch(&self, quantity: Quantity, settings: &Settings) -> Vec<Matched> {
        let mut left = quantity - self.ahead().0.min(quantity);
        let mut parts = Vec::new();
        for known in self.matched.iter().rev().filter(|known| known.quantity.is_positive()) {
            if !left.is_positive() {
                break;
            }
            let taken = left.min(known.quantity);
            parts.push(Matched {
                document_id: known.document_id,
                quantity: -taken,
                received_value: -settings.share(known.received_value, taken, known.quantity),
                billed_value: -settings.share(known.billed_value, taken, known.quantity),
            });
            left -= taken;
        }
        parts
    }

    /// Returns the changes of matches if the line is cheaper by `value`, spread over all units.
    fn reduce(&self, value: Money, settings: &Settings) -> Vec<Matched> {
        let mut passed = self.ahead().0;
        let mut spread = settings.share(value, passed, self.quantity);
        let mut parts = Vec::new();
        for known in self.matched.iter().filter(|known| known.quantity.is_positive()) {
            passed += known.quantity;
            let up_to = settings.share(value, passed, self.quantity);
            parts.push(Matched {
                document_id: known.document_id,
                quantity: Quantity::ZERO,
                received_value: Money::ZERO,
                billed_value: spread - up_to,
            });
            spread = up_to;
        }
        parts
    }

    /// Returns the billed amount of `quantity` of the line, which is taken back.
    pub(super) fn value_of(&self, quantity: Quantity, settings: &Settings) -> Money {
        let (ahead, amount) = self.ahead();
        let of_ahead = ahead.min(quantity);
        let without =
            if of_ahead.is_positive() { settings.share(amount, of_ahead, ahead) } else { Money::ZERO };
        let matched: Money = self.unmatch(quantity, settings).iter().map(|part| part.billed_value).sum();
        without - matched
    }
}

impl ReceivedGoods {
    /// Subtracts returned units from the parts of a product and lot. Units of a reversed return are below zero and are
    /// added again, to each part at most its returned units.
    pub fn take_returned(&mut self, (product_id, lot_id): (ProductId, LotId), quantity: Quantity) {
        let mut left = quantity;
        for part in &mut self.parts {
            if (part.key.product_id, part.key.lot_id) == (product_id, lot_id) {
                let taken = left.min(part.quantity).max(part.quantity - part.came);
                part.quantity -= taken;
                left -= taken;
            }
        }
    }
}

impl Match {
    /// Returns the billed value less the received one.
    pub fn difference(&self) -> Money {
        self.part.billed_value - self.part.received_value
    }

    /// Returns the part of the difference that is posted to inventory.
    pub fn held_value(&self) -> Money {
        self.held.iter().map(|(_, value)| *value).sum()
    }
}

/// Returns the units of a receipt without a bill, and the value at which they were received.
pub(super) fn unbilled(lines: &[BilledLine], received: &ReceivedGoods) -> (Quantity, Money) {
    let of_goods = lines.iter().filter(|line| line.goods == received.goods);
    let parts =
        of_goods.flat_map(|line| &line.matched).filter(|part| part.document_id == received.document_id);
    let (mut quantity, mut value) = (received.quantity, received.value);
    for part in parts {
        quantity -= part.quantity;
        value -= part.received_value;
    }
    (quantity, value)
}

/// Matches the billed units of `goods` that have no receipt with the received ones that have no bill. `made_by` is the document
/// that causes it.
pub(super) fn match_goods(book: &mut Book, goods: BilledGoods, made_by: (DocumentKind, Uuid)) -> Vec<Match> {
    let Billing { mut lines, received, of_orders } = std::mem::take(&mut book.billing);
    let mut matches = Vec::new();
    for at in 0..lines.len() {
        if lines[at].goods != goods {
            continue;
        }
        for receipt in received.iter().filter(|receipt| receipt.goods == goods) {
            let most = lines[at].quantity;
            let Some(part) = pair(&mut lines, at, (receipt, most), &book.setup.settings) else { continue };
            matches.push(note(&lines[at], Some(receipt), part, made_by));
        }
    }
    book.billing = Billing { lines, received, of_orders };
    matches
}

/// Matches up to `most` units of a billed line that have no receipt with those of a receipt that have no bill. Returns the part, if
/// there is one.
pub(super) fn pair(
    lines: &mut [BilledLine],
    at: usize,
    (receipt, most): (&ReceivedGoods, Quantity),
    settings: &Settings,
) -> Option<Matched> {
    let ((ahead, amount), (free, worth)) = (lines[at].ahead(), unbilled(lines, receipt));
    let quantity = ahead.min(free).min(most);
    if !quantity.is_positive() {
        return None;
    }
    let part = Matched {
        document_id: receipt.document_id,
        quantity,
        received_value: settings.share(worth, quantity, free),
        billed_value: settings.share(amount, quantity, ahead),
    };
    lines[at].add(part);
    Some(part)
}

/// Takes `quantity` and `value` of a line of a bill back, or only `value` if the quantity is zero. Returns the changes
/// of matches.
pub(super) fn take_off(
    book: &mut Book,
    (bill_id, line_no): (BillId, i32),
    (quantity, value): (Quantity, Money),
    made_by: (DocumentKind, Uuid),
) -> Vec<Match> {
    let Billing { mut lines, received, of_orders } = std::mem::take(&mut book.billing);
    let mut matches = Vec::new();
    if let Some(line) = lines.iter_mut().find(|line| line.bill_id == bill_id && line.line_no == line_no) {
        let settings = &book.setup.settings;
        let parts = if quantity.is_positive() {
            line.unmatch(quantity, settings)
        } else if value.is_positive() && line.quantity.is_positive() {
            line.reduce(value, settings)
        } else {
            Vec::new()
        };
        line.quantity -= quantity;
        line.value -= value;
        for part in parts {
            line.add(part);
            let receipt = received
                .iter()
                .find(|receipt| receipt.goods == line.goods && receipt.document_id == part.document_id);
            matches.push(note(line, receipt, part, made_by));
        }
    }
    book.billing = Billing { lines, received, of_orders };
    matches
}

/// Records a change of a match.
fn note(
    line: &BilledLine,
    receipt: Option<&ReceivedGoods>,
    part: Matched,
    (document_kind, document_id): (DocumentKind, Uuid),
) -> Match {
    Match {
        document_kind,
        document_id,
        bill_id: line.bill_id,
        line_no: line.line_no,
        goods: line.goods,
        location_id: receipt.map(|receipt| receipt.location_id).unwrap_or_default(),
        part,
        held: Vec::new(),
        sent_back: Money::ZERO,
    }
}

/// Changes the value of the goods of matches that are still held. A change may change the costing method of its level, so what is
/// held is found before.
fn change_held(book: &mut Book, matches: &mut [Match]) {
    let shares: Vec<Vec<HeldShare>> = matches.iter().map(|found| held_shares(book, found)).collect();
    for (found, shares) in matches.iter_mut().zip(shares) {
        found.held = book.change_costs(shares);
    }
}

fn held_shares(book: &Book, found: &Match) -> Vec<HeldShare> {
    let change = found.difference() - found.sent_back;
    let is_of = |receipt: &&ReceivedGoods| {
        receipt.goods == found.goods && receipt.document_id == found.part.document_id
    };
    match book.billing.received.iter().find(is_of) {
        Some(receipt) if !change.is_zero() => book.shares_of(&receipt.parts, change),
        Some(_) | None => Vec::new(),
    }
}

/// Changes the value of the goods of matches that are still held, and posts the differences: from goods received not invoiced to
/// inventory for the goods that are still held, to price variance for those that went back to the supplier, and to cost variance
/// for the rest. They belong to the present day, on which the value changes.
pub(crate) fn post_differences(book: &mut Book, mut matches: Vec<Match>, posting: &mut Posting) {
    change_held(book, &mut matches);
    let Some(first) = matches.first() else { return };
    let mut entry = Lines::default();
    let head = book.entry_head(first.document_kind, first.document_id, book.now);
    for found in &matches {
        let (difference, held) = (found.difference(), found.held_value());
        let place = Dimensions { location_id: Some(found.location_id), ..Dimensions::default() };
        entry.debit(account::COST_VARIANCE, difference - held - found.sent_back, place);
        let varied = book.setup.mapping.account_at(EntryPurpose::PriceVariance, found.location_id);
        entry.debit(varied, found.sent_back, place);
        entry.credit(account::RECEIVED_NOT_INVOICED, difference, place);
        for (key, value) in &found.held {
            let place = Dimensions { location_id: Some(key.location_id), ..Dimensions::default() };
            entry.debit(account::INVENTORY, *value, place);
            let movement = movement(book, found, *key, *value);
            posting.movements.push(movement);
        }
    }
    let entry = entry.into_entry(head).expect("the parts of a difference add up to it");
    let memo = Some("Difference between bill and receipt".to_owned());
    posting.entries.extend(entry.map(|entry| Entry { memo, ..entry }));
    posting.matches.extend(matches);
}

fn movement(book: &mut Book, found: &Match, key: LevelKey, value: Money) -> Movement {
    Movement {
        id: MovementId(book.ids.next_id()),
        kind: MovementKind::Settlement,
        key,
        quantity: Quantity::ZERO,
        value,
        unit_cost: book.level(&key).unit_cost(),
        document_kind: found.document_kind,
        document_id: found.document_id,
        line_no: found.line_no,
        channel: None,
        reason: None,
        occurred_at: book.now,
    }
}

/// Matches the units of a receipt with bills that were recorded before it, and judges these bills again. The book has
/// the order with the received units.
pub(crate) fn match_receipt(
    book: &mut Book,
    order: &PurchaseOrder,
    (document, lines): (&StockDocument, &[ReceivedLine]),
    posting: &mut Posting,
) {
    let mut billed = BTreeSet::new();
    let mut matches = Vec::new();
    for line in lines {
        let goods = BilledGoods::Order(order.id, line.line_no);
        let Some(ordered) = order.lines.iter().find(|ordered| ordered.line_no == line.line_no) else {
            continue;
        };
        let came = posting
            .movements
            .iter()
            .filter(|row| row.kind == MovementKind::Receipt && row.key.product_id == ordered.product_id);
        let part = |row: &Movement| ReceivedPart {
            key: row.key,
            line: (document.id.0, row.line_no),
            came: row.quantity,
            quantity: row.quantity,
            later: Quantity::ZERO,
        };
        let parts = came.map(part).collect();
        book.billing.received.push(ReceivedGoods {
            goods,
            document_id: document.id,
            location_id: document.location_id,
            quantity: line.quantity,
            value: line.value,
            parts,
        });
        if book.billing.lines.iter().any(|known| known.goods == goods) {
            matches.extend(match_goods(book, goods, (DocumentKind::Receipt, document.id.0)));
            billed.insert(goods);
        }
    }
    post_differences(book, matches, posting);
    judge_again(book, &billed, posting);
}

/// Judges every billed line of `goods` again, and notes those whose judgement changed.
pub(super) fn judge_again(book: &mut Book, goods: &BTreeSet<BilledGoods>, posting: &mut Posting) {
    let mut lines = std::mem::take(&mut book.billing.lines);
    let judged: Vec<Option<Vec<Mismatch>>> = lines
        .iter()
        .map(|line| {
            let figures = goods.contains(&line.goods).then(|| figures(book, &lines, line))?;
            Some(judge(&figures, (line.quantity, line.value), &book.setup.settings.bill_tolerance))
        })
        .collect();
    for (line, reasons) in lines.iter_mut().zip(judged) {
        if let Some(reasons) = reasons.filter(|reasons| *reasons != line.reasons) {
            posting.judged.push((line.bill_id, line.line_no, reasons.clone()));
            line.reasons = reasons;
        }
    }
    book.billing.lines = lines;
}

/// Returns the figures with which a line of a bill is compared.
pub(super) fn figures(book: &Book, lines: &[BilledLine], line: &BilledLine) -> Figures {
    let billed = lines.iter().filter(|known| known.goods == line.goods).map(|known| known.quantity).sum();
    let settings = &book.setup.settings;
    let expected = |value: Money, whole: Quantity| match whole.is_positive() {
        true => settings.share(value, line.quantity, whole),
        false => Money::ZERO,
    };
    match line.goods {
        BilledGoods::Order(id, line_no) => {
            let known = book.purchases.get(&id).map_or(&[][..], |order| order.lines.as_slice());
            let ordered: Option<&PurchaseLine> = known.iter().find(|known| known.line_no == line_no);
            Figures {
                ordered: ordered.map(|ordered| ordered.quantity),
                received: ordered.map(PurchaseLine::kept).unwrap_or_default(),
                billed,
                expected_value: ordered
                    .map(|ordered| expected(ordered.value, ordered.quantity))
                    .unwrap_or_default(),
            }
        }
        BilledGoods::Receipt(..) => {
            let received = book.billing.received.iter().find(|received| received.goods == line.goods);
            Figures {
                ordered: None,
                received: received.map(|received| received.quantity).unwrap_or_default(),
                billed,
                expected_value: received
                    .map(|received| expected(received.value, received.quantity))
                    .unwrap_or_default(),
            }
        }
    }
}
