//! Purchase orders in another currency. The order keeps the rate that it states, or the recorded rate of its day. Its
//! goods are received at that rate.

use super::{PurchaseLine, PurchaseOrder};
use crate::book::Book;
use crate::exchange::{Quote, Stated, check_rate};
use crate::line_item::AMOUNT_MAX;
use crate::number::{ExchangeRate, Money, Price};
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::supplier::Supplier;
use crate::tenant::Settings;

/// The currency, the rate and the value of a purchase order in another currency than the tenant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignOrder {
    /// The currency and the rate.
    pub quote: Quote,
    /// The value of its lines as ordered, before tax.
    pub value: Money,
}

/// The amounts of a line of a purchase order in the currency of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignOrderLine {
    /// The cost of one unit, before tax.
    pub unit_cost: Price,
    /// The cost of the line, before tax.
    pub value: Money,
}

/// Returns the currency and the rate of an order; nothing if it is in the tenant's currency.
pub(super) fn quote(
    book: &Book,
    currency: Option<&str>,
    rate: Option<ExchangeRate>,
) -> Result<Option<Quote>, Refusal> {
    let settings = &book.setup.settings;
    let stated = Stated { currency, rate, day: settings.day(book.now) };
    book.exchange.quote(stated, settings).map_err(Problems::of)
}

/// Notes the faults of the currency and the rate of an order. The currency is absent if it is that of an unknown supplier: a rate of zero
/// is wrong for any.
pub(super) fn note_faults(
    book: &Book,
    currency: Option<&str>,
    rate: Option<ExchangeRate>,
    faults: &mut Faults,
) {
    let settings = &book.setup.settings;
    if currency.is_some() {
        book.exchange.note_faults((currency, rate), Some(settings.day(book.now)), settings, faults);
    } else if let Some(Err(detail)) = rate.map(check_rate) {
        faults.invalid("/exchange_rate", detail);
    }
}

/// Returns an order of these lines in the currency of a quote.
pub(super) fn of_lines(quote: Quote, lines: &[PurchaseLine]) -> ForeignOrder {
    let value = lines.iter().filter_map(|line| line.foreign).map(|foreign| foreign.value).sum();
    ForeignOrder { quote, value }
}

/// Rejects a line without a cost in an order in another currency than that of the supplier's prices.
pub(super) fn check_stated(
    unit_cost: Option<Price>,
    currency: &str,
    supplier: &Supplier,
    pointer: &str,
) -> Result<(), Problem> {
    if unit_cost.is_some() || currency == supplier.currency {
        return Ok(());
    }
    let (code, of_prices) = (&supplier.code, &supplier.currency);
    Err(Problem {
        pointer: format!("{pointer}/unit_cost"),
        code: Code::PriceMissing,
        detail: format!(
            "The order is in {currency}, and the prices of {code} are in {of_prices}: send unit_cost."
        ),
        params: Vec::new(),
    })
}

/// Converts the cost of a line from the currency of the order to the tenant's currency.
pub(super) fn convert(
    mut line: PurchaseLine,
    quote: Option<&Quote>,
    settings: &Settings,
    pointer: &str,
) -> Result<PurchaseLine, Problem> {
    let Some(quote) = quote else { return Ok(line) };
    let value = quote.amount(line.unit_cost.times(line.entered));
    let foreign = ForeignOrderLine { unit_cost: line.unit_cost, value };
    line.unit_cost = quote.base_price(line.unit_cost);
    line.value = quote.base(value, settings);
    line.foreign = Some(foreign);
    if line.unit_cost.get() > AMOUNT_MAX || line.value.get() > AMOUNT_MAX {
        let own = &settings.currency;
        let detail = format!("A line may have a cost and a value of at most {AMOUNT_MAX} in {own}.");
        let pointer = format!("{pointer}/unit_cost");
        return Err(Problem { pointer, code: Code::ValidationFailed, detail, params: Vec::new() });
    }
    Ok(line)
}

/// Converts a cost that a receipt states from the currency of the order to the tenant's currency. Rejects a cost above the
/// limit of a line: multiplied by a quantity, it may have more digits than a decimal holds.
pub(super) fn received_at(
    order: &PurchaseOrder,
    unit_cost: Price,
    settings: &Settings,
    pointer: &str,
) -> Result<Price, Problem> {
    let Some(foreign) = &order.foreign else { return Ok(unit_cost) };
    let converted = foreign.quote.base_price(unit_cost);
    if converted.get().abs() > AMOUNT_MAX {
        let own = &settings.currency;
        let detail = format!("A line may have a cost of at most {AMOUNT_MAX} in {own}.");
        let pointer = format!("{pointer}/unit_cost");
        return Err(Problem { pointer, code: Code::ValidationFailed, detail, params: Vec::new() });
    }
    Ok(converted)
}
