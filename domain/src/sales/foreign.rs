//! Lines of orders in another currency than the tenant's.
//!
//! A line is priced, discounted and taxed in the currency of its document. Then each of its amounts is converted at the
//! rate of the document, so lines add up to the document in both currencies. Price lists are in the tenant's currency.

use rust_decimal::Decimal;

use super::Line;
use crate::exchange::{Amounts, Quote};
use crate::line_item::AMOUNT_MAX;
use crate::number::{self, Money, Price, Quantity};
use crate::refusal::{Code, Problem, Problems, Refusal};
use crate::tenant::Settings;

/// The currency in which lines are priced.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The currency and the rate of the document.
    pub quote: Quote,
    /// The settings of the tenant with the decimals of that currency.
    pub(super) settings: Settings,
}

/// The amounts of a line in the currency of its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignLine {
    /// Decimals of the currency.
    pub decimals: u32,
    /// Price of one unit.
    pub unit_price: Price,
    /// Amount before discounts given at the sale.
    pub gross: Money,
    /// Gross less discount.
    pub net: Money,
    /// Tax on the net.
    pub tax: Money,
}

impl Foreign {
    /// Returns the currency of a quote, with the settings of the tenant.
    pub fn new(quote: Quote, settings: &Settings) -> Self {
        let settings = Settings { exponent: quote.decimals, ..settings.clone() };
        Foreign { quote, settings }
    }

    /// Returns a price of the price lists in this currency; none if it is above the limit of a price.
    pub(super) fn price(&self, base: Price) -> Option<Price> {
        let price = number::share(base.get(), Decimal::ONE, self.quote.rate.get());
        (price <= AMOUNT_MAX).then(|| Price::rounded(price))
    }
}

impl ForeignLine {
    /// Returns the discounts given at the sale.
    pub fn discount(&self) -> Money {
        self.gross - self.net
    }

    /// Returns the amounts of the units from `done` to `done + step` of `whole`. The parts of all steps add up to the line.
    pub(super) fn part(&self, steps: (Quantity, Quantity, Quantity)) -> Self {
        let slice = |amount| number::slice(self.decimals, amount, steps);
        ForeignLine { gross: slice(self.gross), net: slice(self.net), tax: slice(self.tax), ..*self }
    }

    /// Returns the amounts of a return.
    pub(super) fn negative(&self) -> Self {
        ForeignLine { gross: -self.gross, net: -self.net, tax: -self.tax, ..*self }
    }
}

/// Returns the sums of lines in the currency of their document.
pub fn foreign_amounts<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Amounts {
    let mut amounts = Amounts::default();
    for line in lines.into_iter().filter_map(|line| line.foreign) {
        amounts.value += line.net;
        amounts.tax += line.tax;
    }
    amounts
}

/// Converts priced lines to the tenant's currency. Rejects each line that is too large there, and each with a tax per unit.
pub(super) fn convert(lines: &mut [Line], quote: &Quote, settings: &Settings) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for line in lines {
        if let Err(problem) = convert_line(line, quote, settings) {
            problems.push(problem);
        }
    }
    problems.check()
}

fn convert_line(line: &mut Line, quote: &Quote, settings: &Settings) -> Result<(), Problem> {
    let own = &settings.currency;
    if let Some(tax) = line.taxes.iter().find(|tax| tax.amount_per_unit.is_some()) {
        let detail = format!(
            "The tax {} is an amount in {own} for each unit: sell {} in an order in {own}.",
            tax.code, line.printed.sku
        );
        return Err(problem(line, "sku", detail));
    }
    let foreign = ForeignLine {
        decimals: quote.decimals,
        unit_price: line.unit_price,
        gross: line.gross,
        net: line.net,
        tax: line.tax,
    };
    let (unit_price, gross) = (quote.base_price(foreign.unit_price), quote.base(foreign.gross, settings));
    if unit_price.get() > AMOUNT_MAX || gross.get() > AMOUNT_MAX {
        let detail = format!("A line may have a price and a value of at most {AMOUNT_MAX} in {own}.");
        return Err(problem(line, "unit_price", detail));
    }
    line.unit_price = unit_price;
    line.gross = gross;
    line.net = quote.base(foreign.net, settings);
    line.discount = gross - line.net;
    line.discount_amount = None;
    for tax in &mut line.taxes {
        tax.base = quote.base(tax.base, settings);
        tax.amount = quote.base(tax.amount, settings);
    }
    line.tax = match line.taxes.as_slice() {
        [] => quote.base(foreign.tax, settings),
        taxes => taxes.iter().map(|tax| tax.amount).sum(),
    };
    line.foreign = Some(foreign);
    Ok(())
}

fn problem(line: &Line, field: &str, detail: String) -> Problem {
    let params = vec![("sku", line.printed.sku.clone())];
    Problem {
        pointer: format!("/lines/{}/{field}", line.input),
        code: Code::ValidationFailed,
        detail,
        params,
    }
}
