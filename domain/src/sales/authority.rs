//! Limits of a caller over prices: overrides, discounts, sales below cost.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Basket, Discount, Line, LineInput};
use crate::book::{Book, Register};
use crate::id::LocationId;
use crate::number::{ExchangeRate, Money, Percent, Price, Quantity};
use crate::pricing::Source;
use crate::refusal::{Code, Problem, Problems, Refusal};
use crate::stock::LevelKey;

/// The limits of a caller over the prices of a sale or an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The caller who may override prices; `None` if the caller may not.
    pub overrider: Option<String>,
    /// The largest discount off the resolved price.
    pub discount_max: Percent,
    /// Whether a discount or an override may go below the cost of the stock.
    pub below_cost: bool,
}

impl Authority {
    /// Returns the largest discount at a till: the lower one of the caller's and the till's.
    pub(crate) fn discount_at(&self, register: &Register) -> Percent {
        register.discount_max.map_or(self.discount_max, |max| max.min(self.discount_max))
    }

    /// Rejects percentages above the largest discount. Amounts are compared to it when the prices are known.
    pub(crate) fn check_stated(
        &self,
        lines: &[LineInput],
        discount: Option<Discount>,
    ) -> Result<(), Refusal> {
        let max = self.discount_max;
        let mut problems = Problems::default();
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| is_above(line.discount, max)) {
            problems.push(problem(format!("/lines/{index}/discount"), max));
        }
        if is_above(discount, max) {
            problems.push(problem("/discount".to_owned(), max));
        }
        problems.check()
    }

    /// Rejects an exchange rate that an order states, by a caller whose discounts are limited or who may not sell below cost. Prices of
    /// the lists, and those that are compared with costs, are converted by it, so a high one would hide any discount.
    pub(crate) fn check_rate(&self, rate: Option<ExchangeRate>) -> Result<(), Refusal> {
        let max = self.discount_max;
        let (code, param) = if max.get() < Decimal::ONE_HUNDRED {
            (Code::DiscountExceeded, ("discount_max", max.to_string()))
        } else if !self.below_cost {
            (Code::InsufficientScope, ("required_scope", "prices:below_cost".to_owned()))
        } else {
            return Ok(());
        };
        if rate.is_none() {
            return Ok(());
        }
        let detail = "The prices of the caller are limited, so the recorded exchange rate counts: leave exchange_rate out.";
        let mut problems = Problems::default();
        problems.push(Problem {
            pointer: "/exchange_rate".to_owned(),
            code,
            detail: detail.to_owned(),
            params: vec![param],
        });
        problems.check()
    }

    /// Rejects lines that a discount or an override takes below the cost of the stock, by a caller who may not. The price
    /// lists may: who writes them decides that.
    pub(crate) fn check_cost(
        &self,
        book: &Book,
        location_id: LocationId,
        basket: (&[LineInput], Option<Discount>),
        lines: &[Line],
    ) -> Result<(), Refusal> {
        if self.below_cost {
            return Ok(());
        }
        below_cost(book, location_id, basket, lines).check()
    }
}

/// Returns a problem for each line of the request that a discount or an override takes below cost. No text says the cost.
pub(crate) fn below_cost(
    book: &Book,
    location_id: LocationId,
    (inputs, discount): (&[LineInput], Option<Discount>),
    lines: &[Line],
) -> Problems {
    let mut sums: BTreeMap<usize, (Money, Money)> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.discount.is_positive() || line.source == Source::Override) {
        let (net, cost) = sums.entry(line.input).or_default();
        *net += line.net;
        *cost += cost_of(book, location_id, line);
    }
    let mut problems = Problems::default();
    for (index, (net, cost)) in sums {
        if net >= cost {
            continue;
        }
        let input = inputs.get(index);
        let field = match input {
            Some(input) if input.discount.is_none() && input.unit_price.is_some() => "unit_price",
            Some(input) if input.discount.is_none() && discount.is_some() => "",
            _ => "discount",
        };
        let pointer =
            if field.is_empty() { "/discount".to_owned() } else { format!("/lines/{index}/{field}") };
        problems.push(Problem {
            pointer,
            code: Code::InsufficientScope,
            detail: "A sale below cost needs the scope prices:below_cost.".to_owned(),
            params: vec![("required_scope", "prices:below_cost".to_owned())],
        });
    }
    problems
}

/// Returns the cost of a line by the average cost of its stock at the location, or the last known cost; zero if none is
/// known.
fn cost_of(book: &Book, location_id: LocationId, line: &Line) -> Money {
    if !line.stocked {
        return Money::ZERO;
    }
    let settings = &book.setup.settings;
    let cost = |unit_cost: Price, quantity: Quantity| settings.money(unit_cost.times(quantity));
    let untracked = LevelKey::untracked(location_id, line.product_id);
    if !line.lots.is_empty() {
        let of_share = |lot_id| book.level(&LevelKey { lot_id, ..untracked }).unit_cost();
        return line.lots.iter().map(|share| cost(of_share(share.lot_id), share.quantity)).sum();
    }
    if !book.is_tracked(line.product_id) {
        return cost(book.level(&untracked).unit_cost(), line.quantity);
    }
    let (mut on_hand, mut value) = (Quantity::ZERO, Money::ZERO);
    let at = |key: &LevelKey| key.location_id == location_id && key.product_id == line.product_id;
    let of_product = book.levels().range(untracked..).take_while(|(key, _)| at(key));
    for (_, level) in of_product.filter(|(_, level)| level.on_hand().is_positive()) {
        on_hand += level.on_hand();
        value += level.value();
    }
    if on_hand.is_zero() { Money::ZERO } else { settings.share(value, line.quantity, on_hand) }
}

/// Returns a problem for each line, or for the whole, whose price is lower than the limit of discounts allows. `regular`
/// has the amount of each line at the resolved price, if there is one. `is_shared` says whether the lines have parts of the percentage of
/// their order.
pub(super) fn excess(
    book: &Book,
    basket: &Basket<'_>,
    (lines, regular): (&[Line], &[Option<Money>]),
    is_shared: bool,
) -> Problems {
    let mut problems = Problems::default();
    let Some(max) = basket.discount_max.filter(|max| max.get() < Decimal::ONE_HUNDRED) else {
        return problems;
    };
    let settings = basket.settings(book);
    let share = |amount: Money| settings.money(max.of(amount.get()));
    let smallest = Money::new(Decimal::new(1, settings.exponent));
    let (mut whole, mut allowed, mut given) = (Money::ZERO, Money::ZERO, Money::ZERO);
    for (line, regular) in lines.iter().zip(regular) {
        let Some(regular) = *regular else { continue };
        let is_rounded = is_shared || line.discount_percent.is_some();
        let rounded = if is_rounded { smallest } else { Money::ZERO };
        whole += regular;
        allowed += share(regular) + rounded;
        given += (regular - line.net).max(Money::ZERO);
        if let Err(problem) = check_line(book, basket, (line, regular), is_shared) {
            problems.push(problem);
        }
    }
    let is_too_much = is_above(basket.discount, max) || given > allowed.max(share(whole));
    if problems.is_empty() && is_too_much {
        problems.push(problem("/discount".to_owned(), max));
    }
    problems
}

/// Rejects a line whose price is lower than the limit of discounts allows. `regular` is its amount at the resolved price. `is_shared` says
/// whether the line has a part of the percentage of its order.
pub(super) fn check_line(
    book: &Book,
    basket: &Basket<'_>,
    (line, regular): (&Line, Money),
    is_shared: bool,
) -> Result<(), Problem> {
    let Some(max) = basket.discount_max.filter(|max| max.get() < Decimal::ONE_HUNDRED) else {
        return Ok(());
    };
    let settings = basket.settings(book);
    let input = &basket.lines[line.input];
    // The parts of a discount over all lines, and what a percentage leaves of a line, are rounded. So a line may get the
    // smallest amount of the currency more.
    let is_rounded = is_shared || basket.discount.is_some() || line.discount_percent.is_some();
    let slack = if is_rounded { Money::new(Decimal::new(1, settings.exponent)) } else { Money::ZERO };
    let off = (regular - line.net).max(Money::ZERO);
    // A percentage above the limit is above it also where rounding hides that.
    if off <= settings.money(max.of(regular.get())) + slack && !is_above(input.discount, max) {
        return Ok(());
    }
    let pointer = match (&input.discount, &input.unit_price) {
        (None, Some(_)) => format!("/lines/{}/unit_price", line.input),
        (None, None) if basket.discount.is_some() => "/discount".to_owned(),
        _ => format!("/lines/{}/discount", line.input),
    };
    Err(problem(pointer, max))
}

/// Whether a percentage is above the limit. More than 100 percent is no discount for any caller, and is rejected as such.
fn is_above(discount: Option<Discount>, max: Percent) -> bool {
    match discount {
        Some(Discount::Percent(percent)) => percent > max && percent.get() <= Decimal::ONE_HUNDRED,
        Some(Discount::Amount(_)) | None => false,
    }
}

fn problem(pointer: String, max: Percent) -> Problem {
    Problem {
        pointer,
        code: Code::DiscountExceeded,
        detail: format!("At most {max} % off the resolved price is allowed here."),
        params: vec![("discount_max", max.to_string())],
    }
}
