//! The posting of a landed cost.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::spread::spread;
use super::{
    CHARGES_MAX, Change, Charge, ChargeKind, LINES_MAX, LandedCost, LandedLine, RECEIPTS_MAX, Receipt,
    ReceivedGoods, SpreadBy, change_value, post_entry,
};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{LandedCostId, StockDocumentId};
use crate::ledger::{account, control};
use crate::line_item::AMOUNT_MAX;
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::stock::LevelKey;
use crate::stock_document::StockDocumentKind;

/// A landed cost to post.
#[derive(Debug, Clone)]
pub struct Post {
    /// The id of the document, if the caller chose one.
    pub id: Option<LandedCostId>,
    /// Its charges, 1 to 50.
    pub charges: Vec<NamedCharge>,
    /// The measure by which they are spread.
    pub spread_by: SpreadBy,
    /// The receipts, or lines of receipts, over which they are spread, 1 to 100.
    pub receipts: Vec<NamedReceipt>,
    /// A remark, such as the number of the carrier's bill.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A charge as a caller names it.
#[derive(Debug, Clone)]
pub struct NamedCharge {
    /// Its kind.
    pub kind: ChargeKind,
    /// Its amount, above zero.
    pub amount: Money,
    /// The code of the account that is credited; accrued landed costs (2110) if absent.
    pub account: Option<String>,
}

/// A receipt, or one line of it.
#[derive(Debug, Clone, Copy)]
pub struct NamedReceipt {
    /// The receipt.
    pub stock_document_id: StockDocumentId,
    /// The line; all lines if absent.
    pub line_no: Option<i32>,
    /// The weight of the line, in any unit that is the same for all lines.
    pub weight: Option<Quantity>,
    /// The volume of the line, in any unit that is the same for all lines.
    pub volume: Option<Quantity>,
}

impl NamedCharge {
    fn account(&self) -> &str {
        self.account.as_deref().unwrap_or(account::LANDED_COST_ACCRUED)
    }
}

impl Rule for Post {
    fn name(&self) -> &'static str {
        "landed_cost.posted"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    /// Returns the number of lines that it may have: a receipt that is named without a line has any number.
    fn lines(&self) -> usize {
        if self.receipts.iter().all(|named| named.line_no.is_some()) {
            return self.receipts.len();
        }
        LINES_MAX
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.charged_ids.extend(self.receipts.iter().map(|named| named.stock_document_id));
        needs.accounts.extend(self.charges.iter().map(|charge| charge.account().to_owned()));
        needs.add_time(self.occurred_at);
        needs.numbered.insert(DocumentKind::LandedCost);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_charges(book, &self.charges));
        let goods = faults.take(check_receipts(book, self)).unwrap_or_default();
        faults.take(check_time(book, self, &goods));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        post(book, self).map(|(document, posting)| (Outcome::LandedCost(Box::new(document)), posting))
    }
}

/// A line of a receipt, and the measure by which it has its share.
type Measured = (ReceivedGoods, Quantity);
/// A line of the document, and the changes of value by level.
type Planned = (LandedLine, Vec<(LevelKey, Money)>);

/// Posts a landed cost. A rejection names every wrong charge, or every wrong receipt.
fn post(book: &mut Book, command: &Post) -> Result<(LandedCost, Posting), Refusal> {
    if command.id.is_some_and(|id| book.landed.contains_key(&id)) {
        return Err(Problems::one("/id", Code::AlreadyExists, "Another landed cost has this id."));
    }
    let charges = check_charges(book, &command.charges)?;
    let goods = check_receipts(book, command)?;
    let occurred_at = check_time(book, command, &goods)?;
    let value: Money = charges.iter().map(|charge| charge.amount).sum();
    let parts: Vec<_> = goods.iter().map(|(goods, basis)| (goods.source(), *basis)).collect();
    let shares = spread(value, book.setup.settings.exponent, &parts);
    let planned: Vec<Planned> =
        goods.iter().zip(shares).zip(1..).map(|((goods, value), no)| plan(book, goods, value, no)).collect();
    check_values(book, occurred_at, &planned)?;

    // Nothing rejects the command from here on.
    let mut document = LandedCost {
        id: command.id.unwrap_or_else(|| LandedCostId(book.ids.next_id())),
        number: book.number(DocumentKind::LandedCost),
        spread_by: command.spread_by,
        reference: command.reference.clone(),
        reason: None,
        value,
        original_id: None,
        reversed_by: None,
        occurred_at,
        recorded_at: book.now,
        version: 1,
        charges,
        lines: Vec::with_capacity(planned.len()),
    };
    let mut posting = Posting::default();
    for ((goods, _), (line, changes)) in goods.iter().zip(planned) {
        for (key, value) in changes {
            let change = Change { key, source: goods.source(), value, line_no: line.line_no };
            change_value(book, &document, &change, &mut posting);
        }
        document.lines.push(line);
    }
    post_entry(book, &document, None, &mut posting);
    book.landed.insert(document.id, document.clone());
    Ok((document, posting))
}

fn check_charges(book: &Book, named: &[NamedCharge]) -> Result<Vec<Charge>, Refusal> {
    if named.is_empty() || named.len() > CHARGES_MAX {
        return Err(Refusal::invalid("/charges", format!("State 1 to {CHARGES_MAX} charges.")));
    }
    let settings = &book.setup.settings;
    let mut problems = Problems::default();
    for (index, charge) in named.iter().enumerate() {
        let at = |field: &str| format!("/charges/{index}/{field}");
        let amount = charge.amount;
        if !amount.is_positive() || amount.get() > AMOUNT_MAX || amount != settings.money(amount.get()) {
            let detail = format!(
                "An amount must be above zero, at most {AMOUNT_MAX}, and have at most {} decimals. To take a charge back, \
                 reverse its landed cost.",
                settings.exponent
            );
            problems.invalid(at("amount"), detail);
        }
        let code = charge.account();
        if !book.setup.accounts.iter().any(|known| known == code) {
            let detail = format!("There is no account {code}: name one of GET /v1/accounts.");
            problems.add(at("account"), Code::NotFound, detail);
        } else if code == account::COST_VARIANCE || is_of_tax(book, code) {
            let detail = format!(
                "Account {code} takes entries of other documents only: name another account, such as {}.",
                account::LANDED_COST_ACCRUED
            );
            problems.invalid(at("account"), detail);
        } else if let Err(detail) = control::check(code, book.setup.facts(code), control::Use::Charge) {
            problems.invalid(at("account"), detail);
        }
    }
    problems.check()?;
    if named.iter().map(|charge| charge.amount).sum::<Money>().get() > AMOUNT_MAX {
        return Err(Refusal::invalid("/charges", format!("All charges may be at most {AMOUNT_MAX}.")));
    }
    let charge = |charge: &NamedCharge| Charge {
        kind: charge.kind,
        amount: charge.amount,
        account: charge.account().to_owned(),
    };
    Ok(named.iter().map(charge).collect())
}

fn is_of_tax(book: &Book, code: &str) -> bool {
    let mut taxes = book.setup.tax_rates.iter().flat_map(|rate| rate.taxes.iter());
    taxes.any(|tax| tax.account.as_deref() == Some(code))
}

/// Returns the named lines by receipt and line, each with its measure.
fn check_receipts(book: &Book, command: &Post) -> Result<Vec<Measured>, Refusal> {
    if command.receipts.is_empty() || command.receipts.len() > RECEIPTS_MAX {
        let detail = format!("Name 1 to {RECEIPTS_MAX} receipts or lines of receipts.");
        return Err(Refusal::invalid("/receipts", detail));
    }
    let mut problems = Problems::default();
    let mut found: BTreeMap<(StockDocumentId, i32), Measured> = BTreeMap::new();
    for (index, named) in command.receipts.iter().enumerate() {
        let pointer = format!("/receipts/{index}");
        match measured(book, command.spread_by, named, &pointer) {
            Err(problem) => problems.push(problem),
            Ok(lines) => {
                let is_new = |line: &Measured| !found.contains_key(&(line.0.document_id, line.0.line_no));
                if !lines.iter().all(is_new) {
                    problems.invalid(pointer, "Name each line of a receipt once.");
                }
                found.extend(lines.into_iter().map(|line| ((line.0.document_id, line.0.line_no), line)));
            }
        }
    }
    problems.check()?;
    if found.len() > LINES_MAX {
        let detail = format!(
            "The receipts have {} lines. A landed cost is spread over at most {LINES_MAX}: post several.",
            found.len()
        );
        return Err(Refusal::invalid("/receipts", detail));
    }
    if found.values().all(|(_, basis)| basis.is_zero()) {
        let detail = "The lines cost nothing when they were received: spread by another measure.";
        return Err(Refusal::invalid("/spread_by", detail));
    }
    Ok(found.into_values().collect())
}

/// Returns the lines of a receipt that a caller names, each with its measure.
fn measured(
    book: &Book,
    spread_by: SpreadBy,
    named: &NamedReceipt,
    pointer: &str,
) -> Result<Vec<Measured>, Problem> {
    let (receipt, lines) = find(book, named, pointer)?;
    for (field, value, of) in
        [("weight", named.weight, SpreadBy::Weight), ("volume", named.volume, SpreadBy::Volume)]
    {
        let at_field = format!("{pointer}/{field}");
        match value {
            Some(_) if spread_by != of => {
                let detail = format!("Leave {field} out, or state spread_by {field}.");
                return Err(problem(at_field, Code::ValidationFailed, detail));
            }
            None if spread_by == of => {
                let detail = format!(
                    "State the {field} of the line, in one unit for all lines. Products have no {field}."
                );
                return Err(problem(at_field, Code::ValidationFailed, detail));
            }
            Some(value) if !value.is_positive() || value.get() > AMOUNT_MAX => {
                let detail = format!("The {field} must be above zero and at most {AMOUNT_MAX}.");
                return Err(problem(at_field, Code::ValidationFailed, detail));
            }
            Some(_) | None => {}
        }
    }
    let stated = named.weight.or(named.volume);
    if stated.is_some() && lines.len() > 1 {
        let detail = format!(
            "{} has {} lines. State line_no: each line has its own {}.",
            receipt.number,
            lines.len(),
            <&str>::from(spread_by)
        );
        return Err(problem(format!("{pointer}/line_no"), Code::ValidationFailed, detail));
    }
    let basis = |goods: &ReceivedGoods| match spread_by {
        SpreadBy::Value => Quantity::new(goods.value.get()),
        SpreadBy::Quantity => goods.quantity,
        SpreadBy::Weight | SpreadBy::Volume => stated.unwrap_or_default(),
    };
    Ok(lines.into_iter().map(|goods| (goods, basis(&goods))).collect())
}

fn find<'b>(
    book: &'b Book,
    named: &NamedReceipt,
    pointer: &str,
) -> Result<(&'b Receipt, Vec<ReceivedGoods>), Problem> {
    let at_document = format!("{pointer}/stock_document_id");
    let Some(receipt) = book.receipts.get(&named.stock_document_id) else {
        return Err(problem(at_document, Code::NotFound, "There is no such receipt.".to_owned()));
    };
    if receipt.kind != StockDocumentKind::Receipt {
        let kind: &str = receipt.kind.into();
        let detail = format!("{} is of kind {kind}: name a stock document of kind receipt.", receipt.number);
        return Err(problem(at_document, Code::ValidationFailed, detail));
    }
    let is_named = |goods: &&ReceivedGoods| named.line_no.is_none_or(|line_no| goods.line_no == line_no);
    let lines: Vec<ReceivedGoods> = receipt.lines.iter().filter(is_named).copied().collect();
    match (lines.is_empty(), named.line_no) {
        (false, _) => Ok((receipt, lines)),
        (true, Some(line_no)) => {
            let detail = format!("{} has no line {line_no}.", receipt.number);
            Err(problem(format!("{pointer}/line_no"), Code::NotFound, detail))
        }
        (true, None) => {
            let detail = format!("{} has no goods: nothing came, or all of it was returned.", receipt.number);
            Err(problem(at_document, Code::InvalidStateTransition, detail))
        }
    }
}

fn problem(pointer: String, code: Code, detail: String) -> Problem {
    Problem { pointer, code, detail, params: Vec::new() }
}

/// Returns the time of the document. Rejects a time before goods came.
fn check_time(book: &Book, command: &Post, goods: &[Measured]) -> Result<DateTime<Utc>, Refusal> {
    let mut occurred_at = book.occurred_at(command.occurred_at)?;
    for (goods, _) in goods {
        if let Some(receipt) = book.receipts.get(&goods.document_id) {
            let after = (receipt.number.as_str(), receipt.occurred_at);
            occurred_at = occurred_at.max(book.occurred_after(command.occurred_at, after)?);
        }
    }
    Ok(occurred_at)
}

/// Returns a line of the document, and by how much the value of each level changes.
fn plan(book: &Book, (goods, basis): &Measured, value: Money, line_no: i32) -> Planned {
    let (held, changes) = book.held_shares(&goods.part(), (value, goods.quantity));
    let line = LandedLine {
        line_no,
        stock_document_id: goods.document_id,
        receipt_line_no: goods.line_no,
        product_id: goods.key.product_id,
        lot_id: goods.key.lot_id,
        location_id: goods.key.location_id,
        quantity: goods.quantity,
        basis: *basis,
        value,
        held,
        held_value: changes.iter().map(|(_, value)| *value).sum(),
    };
    (line, changes)
}

/// Rejects a time at which a level did not have the units that get the value.
fn check_values(book: &Book, at: DateTime<Utc>, planned: &[Planned]) -> Result<(), Refusal> {
    let mut changes: BTreeMap<LevelKey, Money> = BTreeMap::new();
    for (key, value) in planned.iter().flat_map(|(_, changes)| changes) {
        *changes.entry(*key).or_default() += *value;
    }
    let wrong = changes.iter().find(|(key, value)| !book.can_change_value(key, at, **value));
    let Some((key, _)) = wrong else { return Ok(()) };
    let sku = book.products.get(&key.product_id).map_or("", |product| product.sku.as_str());
    let detail = format!(
        "The stock of {sku} was used up since occurred_at, or was not there yet: state a later time, or leave it out."
    );
    Err(Problems::one("/occurred_at", Code::InvalidStateTransition, detail))
}
