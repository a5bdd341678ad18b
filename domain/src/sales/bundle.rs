//! Bundles: sold as one product, stocked and reported as their components.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{Basket, Line};
use crate::book::Book;
use crate::id::ProductId;
use crate::line_item::{AMOUNT_MAX, LINES_MAX, invalid};
use crate::number::{self, Money, Price, Quantity};
use crate::product::{Component, Product, ProductKind, ProductStatus, fits_decimals};
use crate::refusal::{Problem, Problems, Refusal};
use crate::stock::unit_cost;
use crate::tenant::Settings;

/// Replaces each bundle by its components. They share its gross and discount in proportion to their list
/// prices (their stand-alone selling prices, IFRS 15, paragraphs 73 to 80). So stock, tax, cost and margin
/// are those of the components. The shares add up exactly.
pub(super) fn unpack(book: &Book, basket: &Basket<'_>, lines: Vec<Line>) -> Result<Vec<Line>, Refusal> {
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
        for part in parts(book, basket, &line, &book.products[&line.product_id].components) {
            match check_part(book, &part, &line) {
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
#[expect(clippy::arithmetic_side_effects, reason = "at most 100 weights, each a product of two numbers")]
fn parts(book: &Book, basket: &Basket<'_>, line: &Line, components: &[Component]) -> Vec<Line> {
    let weights = weights(book, components, basket.at);
    let whole: Decimal = weights.iter().sum();
    let settings = basket.settings(book);
    let (mut passed, mut gross, mut discount) = (Decimal::ZERO, Share::default(), Share::default());
    let mut parts = Vec::with_capacity(components.len());
    for (component, weight) in components.iter().zip(weights) {
        let product = &book.products[&component.product_id];
        passed += weight;
        let gross = gross.next(line.gross, (passed, whole), settings);
        let discount = discount.next(line.discount, (passed, whole), settings);
        let quantity = Quantity::rounded(component.quantity.times(line.quantity));
        parts.push(Line {
            product_id: product.id,
            printed: basket.printed(book, product),
            category_id: product.lineage.first().copied(),
            stocked: product.kind == ProductKind::Stocked,
            uom: product.stock_uom.clone(),
            factor: Quantity::ONE,
            entered: quantity,
            quantity,
            unit_price: unit_cost(gross, quantity),
            list_price: list_price(book, component.product_id, basket.at),
            gross,
            discount,
            discount_amount: None,
            net: gross - discount,
            bundle_id: Some(line.product_id),
            ..line.clone()
        });
    }
    parts
}

/// Rejects the line `part` of a component of the line `whole` if its quantity is zero, too large, or has too many decimals for the
/// product.
fn check_part(book: &Book, part: &Line, whole: &Line) -> Result<(), Problem> {
    let product = &book.products[&part.product_id];
    let detail = if part.quantity.is_zero() {
        format!("The bundle would contain none of {}: sell more of the bundle.", product.sku)
    } else if part.quantity.get() > AMOUNT_MAX {
        format!("The bundle would contain more than {AMOUNT_MAX} of {}.", product.sku)
    } else if fits_decimals(part.quantity, product.stock_decimals) {
        return Ok(());
    } else {
        let (counted, bundle) = (product.counted(), &book.products[&whole.product_id].sku);
        let (quantity, contained) = (whole.entered, part.quantity);
        format!(
            "{counted}: correct the quantity {quantity} of the bundle {bundle}, which would contain {contained} of it."
        )
    };
    Err(invalid(product, format!("/lines/{}/quantity", whole.input), detail))
}

/// Returns the weight of each component: its list price times its quantity, or 1 for each if none has a list
/// price.
fn weights(book: &Book, components: &[Component], at: DateTime<Utc>) -> Vec<Decimal> {
    let worth = |component: &Component| {
        list_price(book, component.product_id, at).unwrap_or_default().times(component.quantity)
    };
    let weights: Vec<Decimal> = components.iter().map(worth).collect();
    if weights.iter().all(Decimal::is_zero) { vec![Decimal::ONE; components.len()] } else { weights }
}

/// Returns the list price that a component had at an instant.
fn list_price(book: &Book, id: ProductId, at: DateTime<Utc>) -> Option<Price> {
    book.replaced.prices.at(id, None, at, book.products[&id].list_price)
}

/// An amount that is divided into shares.
#[derive(Default)]
struct Share {
    given: Money,
}

impl Share {
    /// Returns the next share. `passed` is the weight up to this share, with its own, out of `whole`.
    fn next(&mut self, amount: Money, (passed, whole): (Decimal, Decimal), settings: &Settings) -> Money {
        let up_to = settings.money(number::share(amount.get(), passed, whole));
        let share = up_to - self.given;
        self.given = up_to;
        share
    }
}
