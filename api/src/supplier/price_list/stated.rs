//! A product of the supplier as the rows of a price list state it.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::locale::Locale;
use domain::number::{Price, Quantity};
use domain::refusal::Refusal;
use domain::supplier::SupplierPrice;
use service::supplier::product::SupplierProductInput;
use service::supplier::product::price_list::Named;

use super::Prices;
use super::column::{Column, OF_PRICE, day, number};
use super::sheet::{Product, Row};
use crate::faults::Faults;

/// Returns the product with the values of its rows. Values that no row names stay. Adds every error to `faults`.
pub(super) fn stated(
    product: &Product,
    named: &Named,
    prices: Prices,
    locale: Option<Locale>,
    faults: &mut Faults,
) -> Option<SupplierProductInput> {
    let before = faults.total();
    let first = product.rows.first()?;
    let mut input = named.before.clone().unwrap_or_default();
    for (column, cell) in &first.cells {
        if let Err(detail) = column.state(&mut input, cell, locale) {
            faults.invalid(first.place, column.header(), detail);
        }
    }
    for row in &product.rows[1..] {
        check_same(first, row, faults);
    }
    let mut places = vec![first.place; input.prices.len()];
    if product.rows.iter().any(|row| row.cell(Column::UnitCost).is_some()) {
        let listed = listed(product, locale, faults);
        if prices == Prices::Replace {
            (input.prices, places) = (Vec::new(), Vec::new());
        }
        let mut known: HashMap<(Quantity, Option<NaiveDate>), usize> =
            input.prices.iter().map(key).zip(0..).collect();
        for (place, price) in listed {
            let next = input.prices.len();
            let at = *known.entry(key(&price)).or_insert(next);
            if at == next {
                input.prices.push(price);
                places.push(place);
            } else {
                (input.prices[at], places[at]) = (price, place);
            }
        }
    }
    if faults.total() == before
        && let Err(refusal) = named.check(&input)
    {
        note(&refusal, first.place, &places, faults);
    }
    (faults.total() == before).then_some(input)
}

/// Adds a fault for each cell of a product column that differs from the first row of the product.
fn check_same(first: &Row, row: &Row, faults: &mut Faults) {
    for (column, cell) in row.cells.iter().filter(|(column, _)| column.is_of_product()) {
        if first.cell(*column).unwrap_or_default() != cell {
            let detail = format!(
                "Row {} has another value for this product. State the same in each row.",
                first.place
            );
            faults.invalid(row.place, column.header(), detail);
        }
    }
}

/// Returns the prices of the rows, each with its row. A second price of the same quantity and beginning is a fault.
fn listed(product: &Product, locale: Option<Locale>, faults: &mut Faults) -> Vec<(usize, SupplierPrice)> {
    let mut listed = Vec::with_capacity(product.rows.len());
    let mut seen: HashMap<(Quantity, Option<NaiveDate>), usize> = HashMap::new();
    for row in &product.rows {
        let Some(price) = price(row, locale, faults) else { continue };
        match seen.get(&key(&price)) {
            Some(before) => {
                let detail = format!(
                    "Row {before} has a price of this product with the same min_quantity and valid_from: send one of them."
                );
                faults.invalid(row.place, Column::MinQuantity.header(), detail);
            }
            None => {
                seen.insert(key(&price), row.place);
                listed.push((row.place, price));
            }
        }
    }
    listed
}

/// Returns the key of a price, which is unique among the prices of a product.
fn key(price: &SupplierPrice) -> (Quantity, Option<NaiveDate>) {
    (price.min_quantity, price.valid_from)
}

/// Returns the price of a row, if it has one. Adds the cells that are wrong to `faults`.
fn price(row: &Row, locale: Option<Locale>, faults: &mut Faults) -> Option<SupplierPrice> {
    let cell = |column: Column| row.cell(column).unwrap_or_default();
    if OF_PRICE.iter().all(|column| cell(*column).is_empty()) {
        return None;
    }
    let mut wrong = |column: Column, detail: String| faults.invalid(row.place, column.header(), detail);
    let min_quantity = number::<Quantity>(cell(Column::MinQuantity), locale);
    let min_quantity = min_quantity.map_err(|detail| wrong(Column::MinQuantity, detail));
    let unit_cost = number::<Price>(cell(Column::UnitCost), locale).and_then(|cost| {
        let missing = "A price needs its cost. State it, or clear min_quantity, valid_from and valid_until.";
        cost.ok_or_else(|| missing.to_owned())
    });
    let unit_cost = unit_cost.map_err(|detail| wrong(Column::UnitCost, detail));
    let valid_from = day(cell(Column::ValidFrom)).map_err(|detail| wrong(Column::ValidFrom, detail));
    let valid_until = day(cell(Column::ValidUntil)).map_err(|detail| wrong(Column::ValidUntil, detail));
    Some(SupplierPrice {
        min_quantity: min_quantity.ok()?.unwrap_or_default(),
        unit_cost: unit_cost.ok()?,
        valid_from: valid_from.ok()?,
        valid_until: valid_until.ok()?,
    })
}

/// Adds the problems of a rejected product as faults of the rows of its prices. `first` is the first row of the
/// product.
fn note(refusal: &Refusal, first: usize, places: &[usize], faults: &mut Faults) {
    if refusal.problems.is_empty() {
        let reason = (refusal.code.to_string(), refusal.detail.clone());
        return faults.add(first, Some(Column::Sku.header()), reason);
    }
    for problem in &refusal.problems {
        let mut steps = problem.pointer.trim_start_matches('/').split('/');
        let (field, place, of_price) = (steps.next(), steps.next(), steps.next());
        let row = place.and_then(|place| places.get(place.parse::<usize>().ok()?).copied()).unwrap_or(first);
        let column = match field {
            Some("prices") => of_price.unwrap_or(Column::UnitCost.header()),
            Some(field) => field,
            None => Column::Sku.header(),
        };
        faults.add(row, Some(column), (problem.code.to_string(), problem.detail.clone()));
    }
}
