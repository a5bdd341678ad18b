//! The receipt of a forced sale. The sale has happened, so it has the prices, taxes and totals of its receipt.
//!
//! A till that was offline sold at the prices that it knew. What the receipt says may come from four places, in this order:
//! the totals of its lines, the unit prices of the lines, its total, and the tenders, if they don't fit our prices. What
//! none of them says follows our rules at the time of the sale.

use std::collections::BTreeSet;

use super::exception::{ExceptionReason, SaleException};
use super::tender;
use super::{Sell, TenderKind};
use crate::book::{Book, ChangedBarcode};
use crate::number::{self, Money, Percent, Price, Quantity};
use crate::pricing::Source;
use crate::product::{ItemRef, Product, ProductStatus, Unit};
use crate::refusal::{Problems, Refusal};
use crate::sales::{self, Basket, Line, LineInput, Totals};
use crate::tenant::Settings;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// The receipt of a forced sale, as far as the caller states it.
#[derive(Debug, Clone, Default)]
pub struct StatedReceipt {
    /// The total, with tax and the rounding of cash.
    pub total: Option<Money>,
    /// One for each line of the sale, or none.
    pub lines: Vec<StatedLine>,
}

/// A line of a receipt.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatedLine {
    /// The amount to pay, after discounts and with tax.
    pub total: Option<Money>,
    /// The tax rate in percent.
    pub tax_rate: Option<Percent>,
    /// The tax in the amount.
    pub tax: Option<Money>,
}

/// The priced lines of a forced sale, the problems of discounts above the limit, and what differs from our prices and taxes.
pub(super) type Priced = (Vec<Line>, Problems, Vec<SaleException>);

/// Rejects a receipt of a sale that is not forced, and one that contradicts itself.
pub(super) fn check(command: &Sell, settings: &Settings) -> Result<(), Refusal> {
    let Some(receipt) = &command.receipt else { return Ok(()) };
    if !command.forced {
        let detail = "Only a forced sale has a receipt to bear. Leave receipt out, or send forced.";
        return Err(Refusal::invalid("/receipt", detail));
    }
    let mut problems = Problems::default();
    if !receipt.lines.is_empty() && receipt.lines.len() != command.lines.len() {
        let detail = "State one line of the receipt for each line of the sale, in the same order, or none.";
        problems.invalid("/receipt/lines", detail);
    }
    let amount = |problems: &mut Problems, pointer: String, amount: Option<Money>| {
        if amount.is_some_and(|amount| amount.is_negative() || amount != settings.money(amount.get())) {
            let detail =
                format!("An amount is zero or more, and has at most {} decimals.", settings.exponent);
            problems.invalid(pointer, detail);
        }
    };
    amount(&mut problems, "/receipt/total".to_owned(), receipt.total);
    for (index, line) in receipt.lines.iter().enumerate() {
        let pointer = format!("/receipt/lines/{index}");
        amount(&mut problems, format!("{pointer}/total"), line.total);
        amount(&mut problems, format!("{pointer}/tax"), line.tax);
        if line.tax_rate.is_some_and(|rate| rate.is_negative() || rate.get() > Decimal::ONE_HUNDRED) {
            problems.invalid(format!("{pointer}/tax_rate"), "A tax rate is from 0 to 100 percent.");
        }
        if line.total.zip(line.tax).is_some_and(|(total, tax)| tax > total) {
            problems.invalid(format!("{pointer}/tax"), "The tax is a part of the total of the line.");
        }
    }
    problems.check()
}

/// Prices a sale that has happened, as its receipt says.
pub(super) fn price(
    book: &Book,
    command: &Sell,
    basket: &Basket<'_>,
    coin: Money,
) -> Result<Priced, Refusal> {
    let (ours, excess) = price_by_us(book, command, basket)?;
    let states_price = command.lines.iter().any(|line| line.unit_price.is_some());
    let mut noted = products(book, (command, basket.at), &ours);
    let settings = &book.setup.settings;
    let targets = targets(command, &ours, coin, settings)?;
    let states_tax = command.receipt.as_ref().is_some_and(|receipt| {
        receipt.lines.iter().any(|line| line.tax.is_some() || line.tax_rate.is_some())
    });
    if !states_price && !states_tax && targets.iter().all(Option::is_none) {
        return Ok((ours, excess, noted));
    }
    let on_receipt = |input: usize| -> StatedLine {
        let line = command.receipt.as_ref().and_then(|receipt| receipt.lines.get(input).copied());
        line.unwrap_or_default()
    };
    let of_target = |input: usize| {
        let (ours, quantity) = (of_input(&ours, input), command.lines[input].quantity);
        targets[input].map(|target| unit_price(ours, target, (on_receipt(input), quantity), settings))
    };
    let mut stated = command.lines.clone();
    for (input, line) in stated.iter_mut().enumerate().filter(|(_, line)| line.unit_price.is_none()) {
        line.unit_price = of_target(input);
    }
    let (mut lines, mut excess) = sales::price_noting_excess(book, &Basket { lines: &stated, ..*basket })?;
    let contradicted: BTreeSet<usize> = (0..command.lines.len())
        .filter(|input| command.lines[*input].unit_price.is_some())
        .filter(|input| {
            let comes_to = at_price(of_input(&lines, *input), on_receipt(*input), settings);
            targets[*input].is_some_and(|target| target != comes_to)
        })
        .collect();
    if !contradicted.is_empty() {
        for input in &contradicted {
            stated[*input].unit_price = of_target(*input);
        }
        (lines, excess) = sales::price_noting_excess(book, &Basket { lines: &stated, ..*basket })?;
    }
    let our_taxes = (0..command.lines.len()).map(|input| Totals::of(of_input(&lines, input)).tax);
    let our_taxes: Vec<Money> = our_taxes.collect();
    let mut problems = Problems::default();
    for part in lines.chunk_by_mut(|one, other| one.input == other.input) {
        let input = part[0].input;
        let (own, is_unpriced) = (of_input(&ours, input), command.lines[input].unit_price.is_none());
        if is_unpriced && own.len() == part.len() && is_ours(own, targets[input], on_receipt(input)) {
            // Prices that are found again from the total may be a cent of tax off.
            part.clone_from_slice(own);
            continue;
        }
        bear(part, targets[input], on_receipt(input), settings);
        let totals = Totals::of(part.iter());
        if totals.net.is_negative() {
            let detail =
                format!("The tax is a part of the total of the line, which comes to {}.", totals.total());
            problems.invalid(format!("/receipt/lines/{input}/tax"), detail);
        }
    }
    problems.check()?;
    let is_stated = |input: usize| {
        let StatedLine { total: _, tax_rate, tax } = on_receipt(input);
        targets[input].is_some()
            || command.lines[input].unit_price.is_some()
            || tax.is_some()
            || tax_rate.is_some()
    };
    noted.extend(differences(book, command, &contradicted, (&ours, &lines), &our_taxes, is_stated));
    Ok((lines, excess, noted))
}

/// Prices a sale by our price lists. A line without a stated price is priced beside the stated prices of the others, because
/// their amounts decide who gets the last cent of a tax that is rounded once for the document.
fn price_by_us(book: &Book, command: &Sell, basket: &Basket<'_>) -> Result<(Vec<Line>, Problems), Refusal> {
    if command.lines.iter().all(|line| line.unit_price.is_none()) {
        return sales::price_noting_excess(book, basket);
    }
    let unstated = command.lines.iter().map(|line| LineInput { unit_price: None, ..line.clone() });
    let unstated: Vec<LineInput> = unstated.collect();
    let (mut ours, excess) = sales::price_noting_excess(book, &Basket { lines: &unstated, ..*basket })?;
    if command.lines.iter().all(|line| line.unit_price.is_some()) {
        return Ok((ours, excess));
    }
    let (beside_stated, _) = sales::price_noting_excess(book, basket)?;
    for (line, beside_stated) in ours.iter_mut().zip(beside_stated) {
        if command.lines[line.input].unit_price.is_none() {
            *line = beside_stated;
        }
    }
    Ok((ours, excess))
}

/// Returns what a line comes to at its price, with the tax of the receipt. If that is not its stated total, the total stands:
/// it is what was paid, so the limits of discounts hold for it.
fn at_price(lines: &[Line], stated: StatedLine, settings: &Settings) -> Money {
    let totals = Totals::of(lines);
    let includes_tax = lines.iter().any(|line| line.includes_tax);
    match (stated.tax, stated.tax_rate) {
        // The price with tax stays, with any part of it as tax.
        (_, _) if includes_tax => totals.total(),
        (Some(tax), _) => totals.net + tax,
        (None, Some(rate)) if !lines.iter().all(|line| is_our_rate(line, rate)) => {
            totals.net + lines.iter().map(|line| settings.money(rate.of(line.net.get()))).sum::<Money>()
        }
        (None, Some(_) | None) => totals.total(),
    }
}

/// Returns whether a rate is the one by which we taxed a line, as one tax.
fn is_our_rate(line: &Line, rate: Percent) -> bool {
    line.tax_rate == rate && line.taxes.is_empty()
}

/// Whether the receipt has our total and our rate, and states no amount of tax.
fn is_ours(ours: &[Line], target: Option<Money>, stated: StatedLine) -> bool {
    target == Some(Totals::of(ours).total())
        && stated.tax.is_none()
        && stated.tax_rate.is_some_and(|rate| ours.iter().all(|line| is_our_rate(line, rate)))
}

/// Returns the lines that were made from one line of the request.
fn of_input(lines: &[Line], input: usize) -> &[Line] {
    let first = lines.partition_point(|line| line.input < input);
    let last = lines.partition_point(|line| line.input <= input);
    &lines[first..last]
}

/// Returns what each line of the request comes to on the receipt, where that differs from our prices.
fn targets(
    command: &Sell,
    ours: &[Line],
    coin: Money,
    settings: &Settings,
) -> Result<Vec<Option<Money>>, Refusal> {
    let receipt = command.receipt.as_ref();
    let stated = |input: usize| receipt.and_then(|receipt| receipt.lines.get(input)?.total);
    let count = command.lines.len();
    let states = |input: usize| stated(input).is_some() || command.lines[input].unit_price.is_some();
    if (0..count).any(states) {
        let states_tax = |input: usize| {
            let line = receipt.and_then(|receipt| receipt.lines.get(input));
            line.is_some_and(|line| line.tax.is_some() || line.tax_rate.is_some())
        };
        // Our total with another tax has another net amount.
        let differs = |input: usize| {
            let ours = Totals::of(of_input(ours, input)).total();
            stated(input).filter(|total| states_tax(input) || *total != ours)
        };
        // A line that states both comes to its total.
        let has_price = |input: usize| command.lines[input].unit_price.is_some();
        return Ok((0..count)
            .map(|input| if has_price(input) { stated(input) } else { differs(input) })
            .collect());
    }
    let (total, stated) = (Totals::of(ours).total(), receipt.and_then(|receipt| receipt.total));
    let unpriced: Vec<usize> = (0..count).filter(|input| !is_priced(of_input(ours, *input))).collect();
    let paid = stated.unwrap_or_else(|| command.tenders.iter().filter_map(|tender| tender.amount).sum());
    if !unpriced.is_empty() && paid > total {
        return Ok(rest(&unpriced, count, paid - total, settings));
    }
    match tender::whole(total, stated, &command.tenders, coin)? {
        Some(paid) => Ok(spread(ours, count, paid, settings)),
        None => Ok(vec![None; count]),
    }
}

/// Returns whether our price lists have a price of a line. One without has an override in its place.
fn is_priced(ours: &[Line]) -> bool {
    ours.iter().any(|line| line.source != Source::Override)
}

/// Spreads evenly what was paid for the lines without a price of ours.
fn rest(unpriced: &[usize], count: usize, whole: Money, settings: &Settings) -> Vec<Option<Money>> {
    let (all, mut given) = (Decimal::from(unpriced.len()), Money::ZERO);
    let mut targets = vec![None; count];
    for (input, passed) in unpriced.iter().zip(1_u32..) {
        let up_to = settings.money(number::share(whole.get(), passed.into(), all));
        targets[*input] = Some(up_to - given);
        given = up_to;
    }
    targets
}

/// Spreads the whole over the lines of the request in proportion to our totals; evenly, if these are zero.
#[expect(clippy::arithmetic_side_effects, reason = "weights of at most 2,000 lines")]
fn spread(ours: &[Line], count: usize, whole: Money, settings: &Settings) -> Vec<Option<Money>> {
    let is_free = Totals::of(ours).total().is_zero();
    let weight = |input: usize| {
        if is_free { Decimal::ONE } else { Totals::of(of_input(ours, input)).total().get() }
    };
    let all: Decimal = (0..count).map(weight).sum();
    let (mut passed, mut given) = (Decimal::ZERO, Money::ZERO);
    (0..count)
        .map(|input| {
            passed += weight(input);
            let up_to = settings.money(number::share(whole.get(), passed, all));
            let part = up_to - given;
            given = up_to;
            Some(part)
        })
        .collect()
}

/// Returns the price of one unit with which a line comes to `target`: ours in proportion, so that discounts stay. Where prices
/// are without tax, a tax that the receipt states is no part of it.
#[expect(clippy::arithmetic_side_effects, reason = "a rate has at most 3 digits")]
fn unit_price(
    ours: &[Line],
    target: Money,
    (stated, quantity): (StatedLine, Quantity),
    settings: &Settings,
) -> Price {
    let totals = Totals::of(ours);
    let tax = stated.tax.or_else(|| Some(tax_in(target, stated.tax_rate?, settings)));
    let includes_tax = ours.iter().any(|line| line.includes_tax);
    let net = tax.filter(|_| !includes_tax).map(|tax| (target - tax).max(Money::ZERO));
    let (part, whole) = net.map_or((target, totals.total()), |net| (net, totals.net));
    if let [line] = ours
        && line.bundle_id.is_none()
        && whole.is_positive()
        && line.unit_price.is_positive()
    {
        return Price::rounded(number::share(line.unit_price.get(), part.get(), whole.get()));
    }
    let rate = ours.first().map_or(Percent::ZERO, |line| line.tax_rate);
    let amount = if includes_tax || net.is_some() {
        part.get()
    } else {
        number::share(part.get(), Decimal::ONE_HUNDRED, Decimal::ONE_HUNDRED + rate.get())
    };
    Price::rounded(number::share(amount, Decimal::ONE, quantity.get()))
}

/// Gives the lines of one line of the request the amount and the tax of the receipt. Discounts stay as they are.
#[expect(clippy::arithmetic_side_effects, reason = "weights of at most 100 components")]
fn bear(lines: &mut [Line], target: Option<Money>, stated: StatedLine, settings: &Settings) {
    if target.is_none() && stated.tax.is_none() && stated.tax_rate.is_none() {
        return;
    }
    let total = target.unwrap_or_else(|| at_price(lines, stated, settings));
    let is_free = Totals::of(lines.iter()).total().is_zero();
    let weight = |line: &Line| if is_free { Decimal::ONE } else { (line.net + line.tax).get() };
    let all: Decimal = lines.iter().map(weight).sum();
    let (mut passed, mut given, mut taxed) = (Decimal::ZERO, Money::ZERO, Money::ZERO);
    for line in lines {
        passed += weight(line);
        let up_to = |whole: Money| settings.money(number::share(whole.get(), passed, all));
        // Net and tax are spread apart, so that no component has more tax than it comes to.
        let part = match stated.tax {
            Some(tax) => up_to(total - tax) + up_to(tax) - given,
            None => up_to(total) - given,
        };
        given += part;
        let tax = match stated.tax {
            Some(tax) => up_to(tax) - taxed,
            None if part == line.net + line.tax
                && stated.tax_rate.is_none_or(|rate| is_our_rate(line, rate)) =>
            {
                line.tax
            }
            None if stated.tax_rate.is_none() && !line.taxes.is_empty() && line.tax.is_positive() => {
                settings.share(line.tax, part, line.net + line.tax)
            }
            None => tax_in(part, stated.tax_rate.unwrap_or(line.tax_rate), settings),
        };
        if stated.tax_rate.is_some() {
            // The receipt has one tax.
            line.taxes.clear();
        }
        scale_taxes(line, (part - tax, tax), settings);
        taxed += tax;
        line.tax_rate = stated.tax_rate.unwrap_or(line.tax_rate);
        line.tax = tax;
        line.net = part - tax;
        line.gross = line.net + line.discount;
    }
}

/// Spreads another net and tax over the taxes of a line that has several, in proportion; the first gets all if there was no tax.
/// They add up to the tax.
fn scale_taxes(line: &mut Line, (net, tax): (Money, Money), settings: &Settings) {
    let (old_net, old_tax) = (line.net, line.tax);
    if (old_net, old_tax) == (net, tax) {
        return;
    }
    let (mut passed, mut given) = (Money::ZERO, Money::ZERO);
    for part in &mut line.taxes {
        passed += part.amount;
        let up_to = if old_tax.is_zero() { tax } else { settings.share(tax, passed, old_tax) };
        part.amount = up_to - given;
        given = up_to;
        part.base = if old_net.is_zero() { net } else { settings.share(part.base, net, old_net) };
    }
}

/// Returns the tax in an amount with tax.
#[expect(clippy::arithmetic_side_effects, reason = "a rate has at most 3 digits")]
fn tax_in(amount: Money, rate: Percent, settings: &Settings) -> Money {
    settings.money(number::share(amount.get(), rate.get(), Decimal::ONE_HUNDRED + rate.get()))
}

/// Returns the lines whose product can't be sold any more, has another SKU or other components by now, or got the SKU after the sale.
fn products(book: &Book, (command, at): (&Sell, DateTime<Utc>), lines: &[Line]) -> Vec<SaleException> {
    let mut noted = Vec::new();
    for (index, input) in command.lines.iter().enumerate() {
        let Some(line) = of_input(lines, index).first() else { continue };
        let product = &book.products[&line.bundle_id.unwrap_or(line.product_id)];
        if product.status == ProductStatus::Archived {
            let detail = format!("{} is archived.", product.sku);
            noted.push(SaleException::new(ExceptionReason::ProductArchived, detail).of_line(line.line_no));
        }
        if book.replaced.repacked.get(&product.id).is_some_and(|replaced| at < *replaced) {
            let detail = format!(
                "The components of {} were replaced after the sale, and those of today left the stock.",
                product.sku
            );
            noted.push(SaleException::new(ExceptionReason::ComponentsChanged, detail).of_line(line.line_no));
        }
        let changed = [
            (ExceptionReason::ProductRenamed, renamed(book, input, product, at)),
            (ExceptionReason::BarcodeChanged, changed_barcode(book, input, product, at)),
            (ExceptionReason::UnitChanged, changed_unit(book, input, product, at)),
        ];
        for (reason, detail) in changed.into_iter().filter_map(|(reason, detail)| Some((reason, detail?))) {
            noted.push(SaleException::new(reason, detail).of_line(line.line_no));
        }
    }
    noted
}

/// Returns the detail of the exception for a SKU that names another product by now, or named none at the time of the sale.
fn renamed(book: &Book, input: &LineInput, product: &Product, at: DateTime<Utc>) -> Option<String> {
    let ItemRef::Sku(sku) = &input.item else { return None };
    if book.got_sku_later(sku, at) {
        return Some(format!(
            "No product had the SKU {sku} at the time of the sale. {} got it later.",
            product.name
        ));
    }
    (*sku != product.sku)
        .then(|| format!("The product with the SKU {sku} has the SKU {} by now.", product.sku))
}

/// Returns the detail of the exception for a barcode that is another one by now, or was not that of the product.
fn changed_barcode(book: &Book, input: &LineInput, product: &Product, at: DateTime<Utc>) -> Option<String> {
    let code = match &input.item {
        ItemRef::Barcode(code) => code,
        ItemRef::Id(_) | ItemRef::Sku(_) => input.barcode.as_ref()?,
        ItemRef::Unnamed => return None,
    };
    let sku = &product.sku;
    Some(match book.changed_barcode(code, product, at)? {
        ChangedBarcode::Moved => {
            format!(
                "The barcode {code} was that of {sku} at the time of the sale, and was removed or moved since."
            )
        }
        ChangedBarcode::GotLater => {
            format!("No product had the barcode {code} at the time of the sale. {sku} got it later.")
        }
        // A code that is no barcode may be any text, so it is not repeated.
        ChangedBarcode::OfNone => {
            format!("The line names {sku}, and a barcode that no product has.")
        }
        ChangedBarcode::OfAnother => {
            format!("The barcode {code} was that of another product than {sku} at the time of the sale.")
        }
    })
}

/// Returns the detail of the exception for a unit that the product does not have by now, or has with another factor.
fn changed_unit(book: &Book, input: &LineInput, product: &Product, at: DateTime<Utc>) -> Option<String> {
    let uom = sales::named_uom(book, input, product, Some(at));
    let then = book.unit_at(product, uom, Some(at))?;
    let Unit { uom, factor, list_price: _ } = &then;
    let stock_uom = &product.stock_uom;
    match product.unit(Some(uom)) {
        Some(now) if now.factor == *factor => None,
        Some(now) => Some(format!(
            "One {uom} of {} was {factor} {stock_uom} at the time of the sale, and is {} by now.",
            product.sku, now.factor
        )),
        None => Some(format!(
            "One {uom} of {} was {factor} {stock_uom} at the time of the sale. The unit was removed since.",
            product.sku
        )),
    }
}

/// Returns the lines whose amount or tax on the receipt differs from our price lists and tax rates. `our_taxes` are those at
/// the prices of the receipt. A line of which nothing is stated is ours.
fn differences(
    book: &Book,
    command: &Sell,
    contradicted: &BTreeSet<usize>,
    (ours, lines): (&[Line], &[Line]),
    our_taxes: &[Money],
    is_stated: impl Fn(usize) -> bool,
) -> Vec<SaleException> {
    let mut noted = Vec::new();
    for (index, input) in command.lines.iter().enumerate().filter(|(index, _)| is_stated(*index)) {
        let (ours, theirs) = (of_input(ours, index), of_input(lines, index));
        let Some(first) = theirs.first() else { continue };
        let sku = &book.products[&first.bundle_id.unwrap_or(first.product_id)].sku;
        let (expected, stated) = (Totals::of(ours), Totals::of(theirs));
        let has_price = is_priced(ours);
        let is_override = input.unit_price.is_some()
            && !contradicted.contains(&index)
            && input.price_reason.is_some()
            && command.authority.overrider.is_some();
        if expected.total() != stated.total() && !is_override {
            let detail = if has_price {
                format!(
                    "{sku} comes to {} by our prices, and to {} on the receipt.",
                    expected.total(),
                    stated.total()
                )
            } else {
                format!("{sku} has no price here, and comes to {} on the receipt.", stated.total())
            };
            let price = SaleException::new(ExceptionReason::Price, detail).of_line(first.line_no);
            noted.push(price.with(has_price.then(|| expected.total()), stated.total()));
        }
        let other_rate = ours.iter().zip(theirs).find(|(one, other)| one.tax_rate != other.tax_rate);
        // An override has a price of its own, so its tax is compared with ours at that price.
        let our_tax = if is_override { our_taxes[index] } else { expected.tax };
        let is_comparable = is_override || expected.total() == stated.total();
        // Where tax is rounded once for the document, the prices of other lines move a cent of it.
        let is_ours = stated.tax == our_tax || stated.tax == our_taxes[index];
        if other_rate.is_some() || is_comparable && !is_ours {
            let detail = match other_rate {
                Some((one, other)) => {
                    format!(
                        "{sku} is taxed at {} % by our rates, and at {} % on the receipt.",
                        one.tax_rate, other.tax_rate
                    )
                }
                None => format!(
                    "The tax of {sku} is {} by our rates, and {} on the receipt.",
                    our_tax, stated.tax
                ),
            };
            let tax = SaleException::new(ExceptionReason::Tax, detail).of_line(first.line_no);
            noted.push(tax.with(Some(our_tax), stated.tax));
        }
    }
    noted
}

/// Returns an exception if what was paid is not what the lines come to, with the usual rounding of cash.
pub(super) fn unpaid(total: Money, rounding: Money, coin: Money, command: &Sell) -> Option<SaleException> {
    let usual = tender::settle(total, &command.tenders, coin).map_or(Money::ZERO, |(_, rounding)| rounding);
    let in_cash = command.tenders.iter().any(|tender| tender.kind == TenderKind::Cash);
    let is_rounded = in_cash && total + rounding == tender::to_coins(total, coin);
    if rounding == usual || is_rounded {
        return None;
    }
    let detail = format!("The lines come to {}, and {} was paid.", total + usual, total + rounding);
    let of_total = SaleException::new(ExceptionReason::Total, detail);
    Some(of_total.with(Some(total + usual), total + rounding))
}

#[cfg(test)]
mod tests;
