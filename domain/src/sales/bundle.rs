//! Bundles: sold as one product, stocked and reported as their components.

use rust_decimal::Decimal;

use super::Line;
use crate::book::Book;
use crate::line_item::LINES_MAX;
use crate::line_item::check_decimals;
use crate::number::{Money, Price, Quantity};
use crate::product::{Component, Product, ProductKind, ProductStatus};
use crate::refusal::{Problems, Refusal};
use crate::tenant::Settings;

/// Replaces each bundle by its components. They share its gross and discount in proportion to their list
/// prices (their stand-alone selling prices, IFRS 15, paragraphs 73 to 80). So stock, tax, cost and margin
/// are those of the components. The shares add up exactly.
pub(super) fn unpack(book: &Book, lines: Vec<Line>) -> Result<Vec<Line>, Refusal> {
    let is_bundle = |line: &Line| book.products[&line.product_id].kind == ProductKind::Bundle;
    if !lines.iter().any(is_bundle) {
        return Ok(lines);
    }
    let mut unpacked: Vec<Line> = Vec::with_capacity(lines.len() * 2);
    let mut problems = Problems::default();
    for line in lines {
        if !is_bundle(&line) {
            unpacked.push(line);
            continue;
        }
        for part in parts(book, &line, &book.products[&line.product_id].components) {
            let pointer = format!("/lines/{}", line.input);
            match check_decimals(book, part.product_id, part.quantity, &pointer) {
                Ok(()) => unpacked.push(part),
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems.check()?;
    if unpacked.len() > LINES_MAX {
        let detail =
            format!("With the components of its bundles the document has more than {LINES_MAX} lines.");
        return Err(Refusal::invalid("/lines", detail));
    }
    for (line, line_no) in unpacked.iter_mut().zip(1..) {
        line.line_no = line_no;
    }
    Ok(unpacked)
}

/// Returns the reason why a bundle can't be sold or returned: it has no components, or one that can't be
/// sold.
pub(super) fn flaw(book: &Book, bundle: &Product, is_return: bool) -> Option<String> {
    if bundle.components.is_empty() {
        return Some(format!("{} has no components: add them to the product.", bundle.sku));
    }
    let mut parts = bundle.components.iter().map(|component| &book.products[&component.product_id]);
    let flawed = parts.find(|part| {
        part.kind == ProductKind::Bundle || (part.status == ProductStatus::Archived && !is_return)
    })?;
    Some(format!("{} has a component that can't be sold: {}.", bundle.sku, flawed.sku))
}

/// Returns one line for each component of a bundle's line.
fn parts(book: &Book, line: &Line, components: &[Component]) -> Vec<Line> {
    let weights = weights(book, components);
    let whole: Decimal = weights.iter().sum();
    let settings = &book.setup.settings;
    let (mut passed, mut gross, mut discount) = (Decimal::ZERO, Share::default(), Share::default());
    let mut parts = Vec::with_capacity(components.len());
    for (component, weight) in components.iter().zip(weights) {
        let product = &book.products[&component.product_id];
        passed += weight;
        let gross = gross.next(line.gross, (passed, whole), settings);
        let discount = discount.next(line.discount, (passed, whole), settings);
        let quantity = Quantity::rounded(component.quantity.get() * line.quantity.get());
        parts.push(Line {
            product_id: product.id,
            category_id: product.lineage.first().copied(),
            stocked: product.kind == ProductKind::Stocked,
            uom: product.stock_uom.clone(),
            factor: Quantity::ONE,
            entered: quantity,
            quantity,
            unit_price: Price::rounded(gross.get() / quantity.get()),
            list_price: product.list_price,
            gross,
            discount,
            net: gross - discount,
            bundle_id: Some(line.product_id),
            ..line.clone()
        });
    }
    parts
}

/// Returns the weight of each component: its list price times its quantity, or 1 for each if none has a list
/// price.
fn weights(book: &Book, components: &[Component]) -> Vec<Decimal> {
    let worth = |component: &Component| {
        let price = book.products[&component.product_id].list_price.unwrap_or_default();
        price.get() * component.quantity.get()
    };
    let weights: Vec<Decimal> = components.iter().map(worth).collect();
    if weights.iter().all(Decimal::is_zero) { vec![Decimal::ONE; components.len()] } else { weights }
}

/// An amount that is divided into shares.
#[derive(Default)]
struct Share {
    given: Money,
}

impl Share {
    /// Returns the next share. `passed` is the weight up to this share, with its own, out of `whole`.
    fn next(&mut self, amount: Money, (passed, whole): (Decimal, Decimal), settings: &Settings) -> Money {
        let up_to = if passed == whole { amount } else { settings.money(amount.get() * passed / whole) };
        let share = up_to - self.given;
        self.given = up_to;
        share
    }
}
