//! Lines of an amended order: those that are kept as they were, those that keep their price, and those that are priced.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::price::{
    Found, check_size, find, item, line_discount, lists, price_line, spread_discount, tax_lines,
};
use super::{Basket, Discount, Line, LineInput, authority, bundle};
use crate::book::Book;
use crate::id::ProductId;
use crate::line_item::{LINES_MAX, invalid};
use crate::number::{Money, Percent, Quantity};
use crate::pricing::{self, Asked, Lists};
use crate::refusal::{Faults, Problem, Problems, Refusal};
use crate::tax;
use crate::tenant::{Settings, TaxRounding};

/// An input of an amendment, by what it keeps of a line.
enum Part<'a> {
    /// All of the line.
    Whole(&'a Line),
    /// The price of the line, for another quantity or discount.
    Price(&'a Line, Found<'a>),
    /// Nothing: it is priced as a line of a new order.
    New(Found<'a>),
}

impl Part<'_> {
    /// Returns the product and its stock units.
    fn quantity(&self) -> (ProductId, Quantity) {
        match self {
            Part::Whole(line) => (line.product_id, line.quantity),
            Part::Price(_, found) | Part::New(found) => (found.product.id, found.quantity),
        }
    }

    /// Returns the priced line, and the amount that its discount is compared with; nothing if all of the line is kept.
    fn price(
        &self,
        book: &Book,
        basket: &Basket<'_>,
        rules: (&Lists, &Asked),
        (index, input): (usize, &LineInput),
        of_order: Option<Percent>,
    ) -> Option<Result<(Line, Option<Money>), Problem>> {
        match self {
            Part::Whole(_) => None,
            Part::Price(line, found) => {
                Some(keep_price(book, basket, rules, (index, input, found), (line, of_order)))
            }
            Part::New(found) => Some(price_line(book, basket, rules, (index, input, found))),
        }
    }
}

/// Notes the faults of the lines of an amended order that [`price_amended`] finds, each without the others. A line is left out if `found`
/// has its problem, which is noted elsewhere.
pub(crate) fn note_faults_of_prices(
    book: &Book,
    basket: &Basket<'_>,
    found: &[Result<Option<&Line>, Problem>],
    of_order: Option<Percent>,
    faults: &mut Faults,
) {
    if basket.lines.len() > LINES_MAX {
        return;
    }
    let mut parts = Vec::with_capacity(basket.lines.len());
    let mut wanted: HashMap<ProductId, Quantity> = HashMap::new();
    for (index, (input, found)) in basket.lines.iter().zip(found).enumerate() {
        let kept = found.as_ref().ok().copied();
        let part = kept.and_then(|kept| faults.keep(part(book, basket, (index, input), kept)));
        if let Some((product_id, quantity)) = part.as_ref().map(Part::quantity) {
            *wanted.entry(product_id).or_default() += quantity;
        }
        parts.push(part);
    }
    let lists = lists(book, basket);
    for (index, (input, part)) in basket.lines.iter().zip(&parts).enumerate() {
        let Some(part) = part else { continue };
        let asked = Asked { basket_quantity: wanted[&part.quantity().0], at: basket.at };
        let made = part.price(book, basket, (&lists, &asked), (index, input), of_order);
        if let Some((line, Some(regular))) = made.and_then(|made| faults.keep(made)) {
            faults.keep(authority::check_line(book, basket, (&line, regular), of_order.is_some()));
        }
    }
}

/// Prices and taxes the lines of an amended order. `kept` has the order line that each input keeps. Such an input names the product of the
/// line, and states the unit and description that it shall have. A line whose quantity, unit, price and discount stay keeps all amounts,
/// except for its part of the rounding of a tax. One with another quantity or discount keeps its unit price. All others are priced as lines
/// of a new order. The percentage `of_order`, after their own discounts, is taken off lines that are not kept whole. Line numbers are those
/// of the inputs. Rejects with a problem for every wrong line, and for every discount above the limit.
pub(crate) fn price_amended(
    book: &Book,
    basket: &Basket<'_>,
    kept: &[Option<&Line>],
    of_order: Option<Percent>,
) -> Result<Vec<Line>, Refusal> {
    if basket.lines.is_empty() || basket.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
    }
    let mut problems = Problems::default();
    let mut parts = Vec::with_capacity(basket.lines.len());
    for (index, (input, kept)) in basket.lines.iter().zip(kept).enumerate() {
        match part(book, basket, (index, input), *kept) {
            Ok(part) => parts.push(part),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    let mut wanted: HashMap<ProductId, Quantity> = HashMap::new();
    for (product_id, quantity) in parts.iter().map(Part::quantity) {
        *wanted.entry(product_id).or_default() += quantity;
    }
    let lists = lists(book, basket);
    let mut problems = Problems::default();
    let (mut whole, mut priced, mut regular) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (input, part)) in basket.lines.iter().zip(&parts).enumerate() {
        let asked = Asked { basket_quantity: wanted[&part.quantity().0], at: basket.at };
        if let Part::Whole(line) = part {
            whole.push(as_it_was(line, index, input));
        }
        let Some(made) = part.price(book, basket, (&lists, &asked), (index, input), of_order) else {
            continue;
        };
        match made {
            Ok((line, amount)) => {
                priced.push(line);
                regular.push(amount);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    spread_discount(&mut priced, of_order.map(Discount::Percent), basket.settings(book))?;
    authority::excess(book, basket, (&priced, &regular), of_order.is_some()).check()?;
    Ok(taxed(book, basket, kept, (bundle::unpack(book, basket, priced)?, whole)))
}

/// Taxes priced lines. If a tax is rounded once per document, `whole` lines that are taxed alike have their part of its rounding. All
/// others keep their taxes.
fn taxed(
    book: &Book,
    basket: &Basket<'_>,
    kept: &[Option<&Line>],
    (priced, whole): (Vec<Line>, Vec<Line>),
) -> Vec<Line> {
    let settings = basket.settings(book);
    let (alike, others): (Vec<Line>, Vec<Line>) =
        whole.into_iter().partition(|line| is_taxed_alike(book, basket, line));
    let mut lines = priced;
    lines.extend(alike.into_iter().map(|line| before_tax(line, settings)));
    // Among equals, the earlier line of the order gets the rest of a rounding.
    lines.sort_by_key(|line| kept[line.input].map_or((i32::MAX, line.input), |kept| (kept.line_no, 0)));
    let mut lines = tax_lines(book, basket, lines);
    lines.extend(others);
    lines
}

/// Returns whether taxes are rounded once per document, and those of a line are the ones of the basket's time.
fn is_taxed_alike(book: &Book, basket: &Basket<'_>, line: &Line) -> bool {
    let settings = basket.settings(book);
    let is_exempt = basket.customer.is_some_and(|customer| customer.tax_exempt);
    let is_untaxed = line.tax_rate.is_zero() && line.taxes.is_empty();
    if settings.tax_rounding == TaxRounding::Line || is_exempt || is_untaxed {
        return false;
    }
    let class = book.products[&line.product_id].tax_class_id;
    let rate = tax::rate(&book.setup.tax_rates, class, basket.country, settings.day(basket.at));
    let amounts: Vec<Money> = line.taxes.iter().map(|tax| tax.amount).collect();
    rate.is_some_and(|rate| {
        rate.rate == line.tax_rate
            && rate.taxes.len() == line.taxes.len()
            && tax::of_line(&rate.taxes, line.net, line.quantity, &amounts) == line.taxes
    })
}

/// Returns a line of an order with its amounts as they were before it was taxed: with the tax if its price contains that.
fn before_tax(line: Line, settings: &Settings) -> Line {
    if !includes_tax(&line, settings) {
        return line;
    }
    let net = line.net + line.tax;
    let whole = settings.money(line.unit_price.times(line.entered));
    let gross = if line.discount.is_zero() { net } else { whole.max(net) };
    Line { gross, discount: gross - net, net, includes_tax: true, ..line }
}

/// Returns whether the caller of an amendment is responsible for the price of a line: it is new, or more, or its price or discount is
/// stated.
pub(crate) fn is_judged(input: &LineInput, kept: Option<&Line>, line: &Line) -> bool {
    let is_stated = input.unit_price.is_some() || input.discount.is_some();
    kept.is_none_or(|kept| is_stated || line.quantity > kept.quantity)
}

fn part<'a>(
    book: &'a Book,
    basket: &Basket<'_>,
    (index, input): (usize, &LineInput),
    kept: Option<&'a Line>,
) -> Result<Part<'a>, Problem> {
    let Some(kept) = kept else { return find(book, basket, (index, input)).map(Part::New) };
    if kept.bundle_id.is_some() && !input.lots.is_empty() {
        let detail =
            format!("Line {} is a part of a bundle, so it can't name lots: leave lots out.", kept.line_no);
        return Err(invalid(&book.products[&kept.product_id], format!("/lines/{index}/lots"), detail));
    }
    let is_same_unit = input.uom.as_ref() == Some(&kept.uom);
    let states_price = input.unit_price.is_some();
    if is_same_unit && input.quantity == kept.entered && !states_price && input.discount.is_none() {
        return Ok(Part::Whole(kept));
    }
    if kept.bundle_id.is_some() {
        let detail = format!(
            "Line {} is a part of a bundle: keep its quantity and price, or leave all lines of the bundle out and add the bundle in new \
             lines.",
            kept.line_no
        );
        return Err(invalid(&book.products[&kept.product_id], format!("/lines/{index}/line_no"), detail));
    }
    // An archived product can stay in an order.
    let found = find(book, &Basket { is_return: true, ..*basket }, (index, input))?;
    let has_price = is_same_unit && !states_price && found.unit.factor.rounded() == kept.factor;
    Ok(if has_price { Part::Price(kept, found) } else { Part::New(found) })
}

/// Returns a line with its amounts. Its lots are picked again.
fn as_it_was(line: &Line, index: usize, input: &LineInput) -> Line {
    Line { input: index, description: input.description.clone(), lots: Vec::new(), ..line.clone() }
}

/// Returns a line with the unit price that was agreed for it, before tax is taken out; and the amount that its discount is compared
/// with, if the caller is responsible for its price. If the order has a percentage, `of_order`, the line has only its own discount.
fn keep_price(
    book: &Book,
    basket: &Basket<'_>,
    (lists, asked): (&Lists, &Asked),
    (index, input, found): (usize, &LineInput, &Found<'_>),
    (kept, of_order): (&Line, Option<Percent>),
) -> Result<(Line, Option<Money>), Problem> {
    let settings = basket.settings(book);
    let problem =
        |field: &str, detail: String| invalid(found.product, format!("/lines/{index}/{field}"), detail);
    let sizes = (found.quantity, input.quantity);
    check_size(kept.unit_price, sizes).map_err(|detail| problem("quantity", detail))?;
    let exact = kept.unit_price.times(input.quantity);
    let gross = settings.money(exact);
    let includes_tax = includes_tax(kept, settings);
    let (discount, discount_percent, discount_amount) = match input.discount {
        None => {
            let in_proportion = |amount| settings.share(amount, input.quantity, kept.entered).min(gross);
            let amount = kept.discount_amount.map(in_proportion);
            let discount = match (of_order, kept.discount_percent) {
                (None, _) => kept_discount(kept, (gross, exact), input.quantity, includes_tax, settings),
                (Some(_), Some(own)) => gross - settings.money(own.off(exact)),
                (Some(_), None) => amount.unwrap_or(Money::ZERO),
            };
            (discount, kept.discount_percent, amount)
        }
        Some(stated) => {
            let discount = line_discount((gross, exact), Some(stated), settings)
                .map_err(|detail| problem("discount", detail.to_owned()))?;
            (discount, stated.percent(), stated.amount())
        }
    };
    let regular = if input.discount.is_some() || found.quantity > kept.quantity {
        let item = item(book, basket, found.product, &found.unit);
        let listed = pricing::resolve(&book.rules, lists, &item, asked).ok();
        let regular = listed.map(|listed| settings.money(listed.unit_price.times(input.quantity)));
        // If the lists give no price now, a stated discount is compared with the agreed price.
        regular.or(input.discount.map(|_| gross))
    } else {
        None
    };
    let line = Line {
        entered: input.quantity,
        quantity: found.quantity,
        gross,
        discount,
        discount_percent,
        discount_amount,
        net: gross - discount,
        includes_tax,
        tax_rate: Percent::ZERO,
        tax: Money::ZERO,
        taxes: Vec::new(),
        ..as_it_was(kept, index, input)
    };
    Ok((line, regular))
}

/// Returns whether the unit price of an order line contains its tax.
fn includes_tax(line: &Line, settings: &Settings) -> bool {
    let stated = line.trace.as_ref().and_then(|trace| trace.get("includes_tax")?.as_bool());
    stated.unwrap_or(settings.prices_include_tax)
}

/// Returns the discount of a line with another quantity, if its order has no percentage over all lines. A percentage of the line is taken
/// off the new amount, as on a new line. An amount, and the line's part of a discount of the document, are in proportion to the quantity.
/// `gross` and `exact`, the amount before rounding, contain tax if the price does; the amounts of an order line don't.
fn kept_discount(
    line: &Line,
    (gross, exact): (Money, Decimal),
    entered: Quantity,
    includes_tax: bool,
    settings: &Settings,
) -> Money {
    if let Some(percent) = line.discount_percent {
        let of_document = discount_of_document(line, percent, includes_tax, settings);
        let own = settings.money(percent.off(exact));
        return gross - (own - settings.share(of_document, entered, line.entered)).max(Money::ZERO);
    }
    if !line.discount.is_positive() {
        return Money::ZERO;
    }
    let paid = paid(line, includes_tax, settings);
    (gross - settings.share(paid, entered, line.entered)).max(Money::ZERO)
}

/// Returns the part of an order line in a discount of its document: the part of its discount that its own percentage does not take off.
fn discount_of_document(line: &Line, percent: Percent, includes_tax: bool, settings: &Settings) -> Money {
    let exact = line.unit_price.times(line.entered);
    let rest = settings.money(percent.off(exact)) - paid(line, includes_tax, settings);
    // Gross and net of a line whose tax was taken out, but is not paid, are both rounded. So the rest may be due to that alone.
    let is_rounded = includes_tax && line.tax.is_zero() && line.gross != settings.money(exact);
    let slack = if is_rounded { Money::new(Decimal::new(2, settings.exponent)) } else { Money::ZERO };
    if rest <= slack { Money::ZERO } else { rest }
}

/// Returns the amount of an order line after its discount, with tax if its price contains that.
fn paid(line: &Line, includes_tax: bool, settings: &Settings) -> Money {
    if !includes_tax {
        line.net
    } else if line.tax.is_zero() && line.gross.is_positive() {
        settings.share(settings.money(line.unit_price.times(line.entered)), line.net, line.gross)
    } else {
        line.net + line.tax
    }
}

/// Returns whether a line of an amended order has all values of a line that the order had, besides its stock.
pub(crate) fn is_alike(before: &Line, after: &Line) -> bool {
    let goods =
        |line: &Line| (line.line_no, line.product_id, line.bundle_id, line.printed.version, line.factor);
    let price =
        |line: &Line| (line.unit_price, line.list_price, line.source, line.rule_id, line.discount_percent);
    let amounts = |line: &Line| (line.entered, line.quantity, line.gross, line.discount, line.net, line.tax);
    goods(before) == goods(after)
        && price(before) == price(after)
        && amounts(before) == amounts(after)
        && before.discount_amount == after.discount_amount
        && (before.tax_rate, &before.taxes, &before.trace) == (after.tax_rate, &after.taxes, &after.trace)
        && (&before.uom, &before.description) == (&after.uom, &after.description)
}
