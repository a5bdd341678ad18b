//! Prices and taxes of a basket: each line's product, unit, price, discounts and tax.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{Basket, Discount, Line, LineInput, authority, bundle, foreign};
use crate::book::Book;
use crate::id::ProductId;
use crate::line_item::{AMOUNT_MAX, LINES_MAX, invalid};
use crate::lot;
use crate::number::{Money, Percent, Price, Quantity};
use crate::pricing::{self, Asked, Item, Lists, Override, Resolved};
use crate::product::{ItemRef, Product, ProductKind, ProductStatus, Unit};
use crate::refusal::{Code, Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::tax::{self, Rate, Taxable};
use crate::tenant::Settings;

/// The rule that a stated price breaks.
const NOT_NEGATIVE: &str = "The unit price must not be negative.";

/// The rule that a discount by amount breaks.
const WITHIN_AMOUNT: &str = "A discount must not be negative or exceed the amount that it is taken from.";

/// Prices and taxes a basket. Rejects with a problem for every wrong line, and for every discount above the limit.
pub fn price(book: &Book, basket: &Basket<'_>) -> Result<Vec<Line>, Refusal> {
    let (lines, excess) = price_noting_excess(book, basket)?;
    excess.check()?;
    Ok(lines)
}

/// Like [`price`], but returns the problems of discounts above the limit, for a sale that has already happened.
pub(crate) fn price_noting_excess(
    book: &Book,
    basket: &Basket<'_>,
) -> Result<(Vec<Line>, Problems), Refusal> {
    if basket.lines.is_empty() || basket.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
    }
    let mut problems = Problems::default();
    let mut found = Vec::with_capacity(basket.lines.len());
    for (index, input) in basket.lines.iter().enumerate() {
        match find(book, basket, (index, input)) {
            Ok(item) => found.push(item),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    let (wanted, lists) = (wanted(found.iter()), lists(book, basket));
    let mut problems = Problems::default();
    let mut priced = Vec::with_capacity(found.len());
    let mut regular = Vec::with_capacity(found.len());
    for (index, (input, item)) in basket.lines.iter().zip(&found).enumerate() {
        let asked = Asked { basket_quantity: wanted[&item.product.id], at: basket.at };
        match price_line(book, basket, (&lists, &asked), (index, input, item)) {
            Ok((line, amount)) => {
                priced.push(line);
                regular.push(amount);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    let whole = priced.iter().map(|line| line.net).sum();
    spread_discount(&mut priced, capped(basket.discount, whole, basket.forced), basket.settings(book))?;
    let excess = authority::excess(book, basket, (&priced, &regular), false);
    let mut lines = tax_lines(book, basket, bundle::unpack(book, basket, priced)?);
    if let Some(foreign) = basket.foreign {
        foreign::convert(&mut lines, &foreign.quote, &book.setup.settings)?;
    }
    Ok((lines, excess))
}

/// Parts of a basket that can be judged, besides its products, units and quantities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    /// Whether its customer, its location and its time are known, so that a missing price is a fault.
    pub prices: bool,
    /// Decimals of its currency, if that is known.
    pub decimals: Option<u32>,
    /// Whether its lines may name lots.
    pub lots: bool,
}

/// Notes the faults of all lines of a basket and of its discount. A line whose product is not known is judged by what it states.
pub(crate) fn note_faults(book: &Book, basket: &Basket<'_>, judged: Judged, faults: &mut Faults) {
    if basket.lines.len() > LINES_MAX {
        return;
    }
    let mut found = Vec::with_capacity(basket.lines.len());
    for (index, input) in basket.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        // A line that names no product has the fault of its form.
        let is_named = input.item != ItemRef::Unnamed;
        let product = is_named.then(|| faults.keep(find_product(book, basket, input, &pointer))).flatten();
        let item = product.and_then(|product| {
            let item = faults.keep(resolve(book, basket, (product, input), &pointer));
            if item.is_none() {
                faults.keep(find_unit(book, basket, (product, input), &pointer));
            }
            item
        });
        if let Some(item) =
            item.as_ref().filter(|item| judged.lots && item.product.kind == ProductKind::Stocked)
        {
            lot::note_unknown(book, item.product, &input.lots, &pointer, faults);
        }
        found.push(item);
        if !input.quantity.is_positive() {
            faults.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
        }
        if input.unit_price.is_some_and(Price::is_negative) {
            faults.invalid(format!("{pointer}/unit_price"), NOT_NEGATIVE);
        }
        if let Some(flaw) = stated_flaw(basket, input.discount, judged) {
            faults.invalid(format!("{pointer}/discount"), flaw);
        }
        lot::note_faults(&input.lots, &pointer, faults);
    }
    if let Some(flaw) = stated_flaw(basket, basket.discount, judged) {
        faults.invalid("/discount", flaw);
    }
    if !judged.prices {
        return;
    }
    let (wanted, lists) = (wanted(found.iter().flatten()), lists(book, basket));
    for (index, (input, item)) in basket.lines.iter().zip(&found).enumerate() {
        let Some(item) = item else { continue };
        let asked = Asked { basket_quantity: wanted[&item.product.id], at: basket.at };
        let priced = faults.keep(price_line(book, basket, (&lists, &asked), (index, input, item)));
        if let Some((line, Some(regular))) = priced {
            faults.keep(authority::check_line(book, basket, (&line, regular), false));
        }
    }
}

/// Returns the flaw of a discount that does not depend on the amount that it is taken from. The decimals of an amount are judged if its
/// currency is known; those of a forced sale are judged with its price.
fn stated_flaw(basket: &Basket<'_>, discount: Option<Discount>, judged: Judged) -> Option<&'static str> {
    flaw_of_discount(discount?, judged.decimals.filter(|_| !basket.forced))
}

/// Returns the units of each product in a basket.
fn wanted<'f, 'b: 'f>(found: impl Iterator<Item = &'f Found<'b>>) -> HashMap<ProductId, Quantity> {
    let mut wanted: HashMap<ProductId, Quantity> = HashMap::new();
    for item in found {
        *wanted.entry(item.product.id).or_default() += item.quantity;
    }
    wanted
}

/// Returns the price lists that apply to a basket.
pub(super) fn lists(book: &Book, basket: &Basket<'_>) -> Lists {
    Lists {
        customer: basket.customer.and_then(|customer| customer.price_list_id),
        tier: basket.customer.and_then(|customer| customer.tier_list_id),
        channel: book.setup.channel_lists(basket.channel, basket.location_id),
    }
}

/// Product, unit and stock quantity of a line.
pub(super) struct Found<'a> {
    pub(super) product: &'a Product,
    pub(super) unit: Unit,
    pub(super) quantity: Quantity,
}

pub(super) fn find<'a>(
    book: &'a Book,
    basket: &Basket<'_>,
    (index, input): (usize, &LineInput),
) -> Result<Found<'a>, Problem> {
    let pointer = format!("/lines/{index}");
    let product = find_product(book, basket, input, &pointer)?;
    resolve(book, basket, (product, input), &pointer)
}

/// Returns the unit and the stock quantity of a line whose product is known.
fn resolve<'a>(
    book: &Book,
    basket: &Basket<'_>,
    (product, input): (&'a Product, &LineInput),
    pointer: &str,
) -> Result<Found<'a>, Problem> {
    let takes_archived = basket.is_return || basket.forced;
    let problem = |field: &str, detail: String| Problem {
        pointer: format!("{pointer}/{field}"),
        code: Code::ValidationFailed,
        detail,
        params: vec![("sku", product.sku.clone())],
    };
    if product.status == ProductStatus::Archived && !takes_archived {
        return Err(problem("sku", format!("{} is archived and can't be sold.", product.sku)));
    }
    if product.kind == ProductKind::Bundle
        && let Some(flaw) = bundle::flaw(book, product, takes_archived)
    {
        return Err(problem("sku", flaw));
    }
    let unit = find_unit(book, basket, (product, input), pointer)?;
    if !input.quantity.is_positive() {
        return Err(problem("quantity", QUANTITY_ABOVE_ZERO.to_owned()));
    }
    let quantity =
        product.in_stock_units(&unit, input.quantity).map_err(|detail| problem("quantity", detail))?;
    Ok(Found { product, unit, quantity })
}

/// Returns the product that a line names; as it was at the time of a forced sale.
fn find_product<'b>(
    book: &'b Book,
    basket: &Basket<'_>,
    input: &LineInput,
    pointer: &str,
) -> Result<&'b Product, Problem> {
    book.product_at(&input.item, basket.forced.then_some(basket.at), pointer)
}

/// Returns the unit of a line's quantity.
fn find_unit(
    book: &Book,
    basket: &Basket<'_>,
    (product, input): (&Product, &LineInput),
    pointer: &str,
) -> Result<Unit, Problem> {
    let at = basket.forced.then_some(basket.at);
    let uom = named_uom(book, input, product, at);
    book.unit_at(product, uom, at).ok_or_else(|| {
        let detail = format!("{} has no unit {}.", product.sku, uom.unwrap_or(""));
        invalid(product, format!("{pointer}/uom"), detail)
    })
}

/// Returns the unit code that a line names, or that its barcode stood for at an instant. Nothing for the stock unit.
pub(crate) fn named_uom<'a>(
    book: &'a Book,
    input: &'a LineInput,
    product: &Product,
    at: Option<DateTime<Utc>>,
) -> Option<&'a str> {
    let of_barcode = || book.uom_at((&input.item, input.barcode.as_deref()), product, at);
    input.uom.as_deref().or_else(of_barcode)
}

/// The price of a unit.
struct UnitPrice {
    /// The price in the currency of the basket.
    price: Price,
    /// The price that the lists give, in the currency of the basket.
    regular: Option<Price>,
    /// The price in the tenant's currency, with its trace.
    resolved: Resolved,
}

/// Returns the price of a line, by the price lists or as the line states it.
fn unit_price(
    book: &Book,
    basket: &Basket<'_>,
    (lists, asked): (&Lists, &Asked),
    (index, input, found): (usize, &LineInput, &Found<'_>),
) -> Result<UnitPrice, Problem> {
    let product = found.product;
    let item = item(book, basket, product, &found.unit);
    let problem = |field: &str, code: Code, detail: String| Problem {
        pointer: format!("/lines/{index}/{field}"),
        code,
        detail,
        params: vec![("sku", product.sku.clone())],
    };
    let listed = pricing::resolve(&book.rules, lists, &item, asked);
    let regular = listed.as_ref().ok().and_then(|listed| match basket.foreign {
        Some(foreign) => foreign.price(listed.unit_price),
        None => Some(listed.unit_price),
    });
    let Some(price) = input.unit_price else {
        if let Some(foreign) = basket.foreign {
            let detail = format!(
                "The order is in {}, and price lists are in {}: send unit_price.",
                foreign.quote.currency, book.setup.settings.currency
            );
            return Err(problem("unit_price", Code::PriceMissing, detail));
        }
        let missing = |_| {
            let detail = format!("{} has no price here: give it a list price or a price rule.", product.sku);
            problem("sku", Code::PriceMissing, detail)
        };
        let is_unpriced = basket.forced && listed.is_err();
        let resolved = if is_unpriced { unpriced(listed, &item) } else { listed.map_err(missing)? };
        return Ok(UnitPrice { price: resolved.unit_price, regular, resolved });
    };
    let Some(who) = basket.overrider else {
        let detail = "A unit_price needs the scope prices:override.".to_owned();
        let mut refused = problem("unit_price", Code::InsufficientScope, detail);
        refused.params.push(("required_scope", "prices:override".to_owned()));
        return Err(refused);
    };
    if price.is_negative() {
        return Err(problem("unit_price", Code::ValidationFailed, NOT_NEGATIVE.to_owned()));
    }
    let by = Override { who: who.to_owned(), reason: input.price_reason.clone().unwrap_or_default() };
    let base = basket.foreign.map_or(price, |foreign| foreign.quote.base_price(price));
    Ok(UnitPrice { price, regular, resolved: pricing::override_price(listed, &item, base, by) })
}

/// Returns the line, and its amount at the resolved price, if there is one.
pub(super) fn price_line(
    book: &Book,
    basket: &Basket<'_>,
    rules: (&Lists, &Asked),
    (index, input, found): (usize, &LineInput, &Found<'_>),
) -> Result<(Line, Option<Money>), Problem> {
    let Found { product, unit, quantity } = found;
    let problem = |field: &str, detail: String| Problem {
        pointer: format!("/lines/{index}/{field}"),
        code: Code::ValidationFailed,
        detail,
        params: vec![("sku", product.sku.clone())],
    };
    let UnitPrice { price, regular, resolved } = unit_price(book, basket, rules, (index, input, found))?;
    let settings = basket.settings(book);
    check_size(price, (*quantity, input.quantity)).map_err(|detail| problem("quantity", detail))?;
    let exact = price.times(input.quantity);
    let gross = settings.money(exact);
    let discount = line_discount((gross, exact), capped(input.discount, gross, basket.forced), settings)
        .map_err(|detail| problem("discount", detail.to_owned()))?;
    let includes_tax = resolved.includes_tax.unwrap_or(settings.prices_include_tax);
    let regular = regular.map(|price| settings.money(price.times(input.quantity)));
    let line = Line {
        line_no: index as i32 + 1,
        input: index,
        product_id: product.id,
        printed: basket.printed(book, product),
        bundle_id: None,
        category_id: product.lineage.first().copied(),
        stocked: product.kind == ProductKind::Stocked,
        description: input.description.clone(),
        uom: unit.uom.clone(),
        factor: unit.factor.rounded(),
        entered: input.quantity,
        quantity: *quantity,
        unit_price: price,
        list_price: resolved.list_price,
        source: resolved.source,
        rule_id: resolved.rule_id,
        trace: pricing::stored_trace(&resolved),
        gross,
        discount,
        discount_percent: input.discount.and_then(Discount::percent),
        discount_amount: input.discount.and_then(Discount::amount),
        net: gross - discount,
        includes_tax,
        tax_rate: Percent::ZERO,
        tax: Money::ZERO,
        taxes: Vec::new(),
        lots: Vec::new(),
        foreign: None,
    };
    Ok((line, regular))
}

/// Returns what is priced: the product and the unit, with the list prices of the basket's time.
pub(super) fn item<'a>(book: &Book, basket: &Basket<'_>, product: &'a Product, unit: &Unit) -> Item<'a> {
    Item {
        product_id: product.id,
        lineage: &product.lineage,
        list_price: book.replaced.prices.at(product.id, None, basket.at, product.list_price),
        unit_list_price: book.replaced.prices.at(product.id, Some(&unit.uom), basket.at, unit.list_price),
        factor: unit.factor,
    }
}

/// Makes the price of a forced sale for which no price applies: zero, until its receipt says more.
fn unpriced(resolved: Result<Resolved, pricing::Missing>, item: &Item<'_>) -> Resolved {
    let by_receipt = Override { who: "receipt".to_owned(), reason: "No price applies".to_owned() };
    pricing::override_price(resolved, item, Price::ZERO, by_receipt)
}

/// Rejects a line whose quantity or value is too large. Has its quantity in stock units and as it was entered.
pub(super) fn check_size(price: Price, (quantity, entered): (Quantity, Quantity)) -> Result<(), String> {
    if price.get().max(quantity.get()).max(entered.get()) <= AMOUNT_MAX && price.times(entered) <= AMOUNT_MAX
    {
        return Ok(());
    }
    Err(format!("A line may have at most {AMOUNT_MAX} stock units, and a value of at most {AMOUNT_MAX}."))
}

/// Returns a discount of a forced sale that takes off at most the whole amount: the price may have fallen since.
fn capped(discount: Option<Discount>, whole: Money, forced: bool) -> Option<Discount> {
    match discount {
        Some(Discount::Amount(amount)) if forced => Some(Discount::Amount(amount.min(whole))),
        Some(Discount::Amount(_) | Discount::Percent(_)) | None => discount,
    }
}

/// Returns what a discount takes off `gross`. A percentage is not rounded as an amount: what is left of
/// `exact`, the amount before rounding, is rounded once, and the discount is the difference.
pub(super) fn line_discount(
    (gross, exact): (Money, Decimal),
    discount: Option<Discount>,
    settings: &Settings,
) -> Result<Money, &'static str> {
    let Some(discount) = discount else { return Ok(Money::ZERO) };
    match (flaw_of_discount(discount, Some(settings.exponent)), discount) {
        (Some(flaw), _) => Err(flaw),
        (None, Discount::Percent(percent)) => Ok(gross - settings.money(percent.off(exact))),
        (None, Discount::Amount(amount)) if amount > gross => Err(WITHIN_AMOUNT),
        (None, Discount::Amount(amount)) => Ok(amount),
    }
}

/// Returns the flaw of a discount that does not depend on the amount that it is taken from. `decimals` are those of the currency, if they
/// are judged.
fn flaw_of_discount(discount: Discount, decimals: Option<u32>) -> Option<&'static str> {
    let has_more =
        |amount: Money| decimals.is_some_and(|most| amount != Money::rounded_to(amount.get(), most));
    match discount {
        Discount::Percent(percent) => (percent.is_negative() || percent.get() > Decimal::ONE_HUNDRED)
            .then_some("A discount must be from 0 to 100 percent."),
        Discount::Amount(amount) if has_more(amount) => {
            Some("A discount must not have more decimals than the currency.")
        }
        Discount::Amount(amount) => amount.is_negative().then_some(WITHIN_AMOUNT),
    }
}

/// Spreads a basket's discount over its lines in proportion to their net amounts. The shares add up exactly.
pub(super) fn spread_discount(
    lines: &mut [Line],
    discount: Option<Discount>,
    settings: &Settings,
) -> Result<(), Refusal> {
    let Some(discount) = discount else { return Ok(()) };
    let whole: Money = lines.iter().map(|line| line.net).sum();
    let total = line_discount((whole, whole.get()), Some(discount), settings)
        .map_err(|detail| Refusal::invalid("/discount", detail))?;
    let (mut passed, mut given) = (Money::ZERO, Money::ZERO);
    for line in lines {
        passed += line.net;
        if whole.is_zero() {
            continue;
        }
        let up_to = settings.share(total, passed, whole);
        line.discount += up_to - given;
        line.net = line.gross - line.discount;
        given = up_to;
    }
    Ok(())
}

/// Adds the taxes. If the amounts of a line include tax, takes it out of them.
pub(super) fn tax_lines(book: &Book, basket: &Basket<'_>, mut lines: Vec<Line>) -> Vec<Line> {
    let settings = basket.settings(book);
    let exempt = basket.customer.is_some_and(|customer| customer.tax_exempt);
    let day = settings.day(basket.at);
    let rates: Vec<Option<&Rate>> = lines
        .iter()
        .map(|line| {
            let class = book.products[&line.product_id].tax_class_id;
            tax::rate(&book.setup.tax_rates, class, basket.country, day)
        })
        .collect();
    let is_taxed = |rate: &&Rate| rate.rate.is_positive() || !rate.taxes.is_empty();
    if !rates.iter().flatten().any(is_taxed) {
        return lines;
    }
    let taxed_on = |amount: fn(&Line) -> Money| {
        let taxable: Vec<Taxable<'_>> = lines
            .iter()
            .zip(&rates)
            .map(|(line, rate)| Taxable {
                amount: amount(line),
                includes_tax: line.includes_tax,
                rate: rate.map_or(Percent::ZERO, |rate| rate.rate),
                taxes: rate.map_or(&[][..], |rate| &rate.taxes[..]),
                quantity: line.quantity,
            })
            .collect();
        tax::split(settings, &taxable)
    };
    let after_discount = taxed_on(|line| line.net);
    let before_discount = lines.iter().any(|line| line.includes_tax).then(|| taxed_on(|line| line.gross));
    for (index, line) in lines.iter_mut().enumerate() {
        let taxed = &after_discount[index];
        line.net = taxed.net;
        if let Some(before) = before_discount.as_ref().filter(|_| line.includes_tax) {
            // A rounding difference must not look like a discount.
            line.gross = if line.discount.is_zero() { line.net } else { before[index].net };
            line.discount = line.gross - line.net;
        }
        // An exempt customer pays what is left after the tax is taken out of the price.
        if let Some(rate) = rates[index].filter(|_| !exempt) {
            line.tax_rate = rate.rate;
            line.tax = taxed.tax;
            line.taxes = tax::of_line(&rate.taxes, line.net, line.quantity, &taxed.parts);
        }
    }
    lines
}
