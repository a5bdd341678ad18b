//! Bills in another currency. A bill, its credit notes and its reversal have one rate, that of the bill.
//!
//! Each line is converted on its own, value and tax, so a bill is the sum of its lines in both currencies. The books,
//! the match and the cost use the tenant's currency. So a different price and a different rate make one difference from
//! the order.

use super::{Bill, BillLine, KnownBill, Left};
use crate::exchange::{Amounts, ForeignDocument, Quote, relieved};
use crate::line_item::AMOUNT_MAX;
use crate::number::{Money, Price, Quantity};
use crate::tenant::Settings;
use rust_decimal::Decimal;

/// The amounts of a line of a bill in the currency of the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignLine {
    /// The price of one unit, before tax.
    pub unit_cost: Price,
    /// The value and the tax; negative in a credit note and a reversal.
    pub amounts: Amounts,
}

/// Returns the amounts of a bill in its own currency, as the sum of its lines.
pub(super) fn of_lines(quote: Quote, lines: &[BillLine]) -> ForeignDocument {
    let amounts = sum(lines);
    ForeignDocument { quote, amounts, open: amounts.total() }
}

/// Adds up the amounts of lines in the currency of their bill.
pub(super) fn sum(lines: &[BillLine]) -> Amounts {
    let amounts = || lines.iter().filter_map(|line| line.foreign).map(|foreign| foreign.amounts);
    Amounts {
        value: amounts().map(|amounts| amounts.value).sum(),
        tax: amounts().map(|amounts| amounts.tax).sum(),
    }
}

/// Sums up the lines of a credit note or reversal in the currency of its bill, and takes them off the open amount.
pub(super) fn take_back(bill: &mut Bill, document: &mut Bill) {
    let amounts = sum(&document.lines);
    if let (Some(bill), Some(document)) = (&mut bill.foreign, &mut document.foreign) {
        document.amounts = amounts;
        bill.open += amounts.total();
    }
}

/// Converts a line to the tenant's currency. `worth`, the price and the tax of the line are in the currency of the
/// bill.
pub(super) fn convert(
    line: &mut BillLine,
    quote: &Quote,
    worth: Decimal,
    settings: &Settings,
) -> Result<(), String> {
    let amounts = Amounts { value: quote.amount(worth), tax: line.tax };
    let foreign = ForeignLine { unit_cost: line.unit_cost, amounts };
    let price = quote.base_price(line.unit_cost);
    let (value, tax) = (quote.base(amounts.value, settings), quote.base(amounts.tax, settings));
    if price.get() > AMOUNT_MAX || value.get() > AMOUNT_MAX || tax.get() > AMOUNT_MAX {
        let own = &settings.currency;
        return Err(format!("A line may have a price, a value and a tax of at most {AMOUNT_MAX} in {own}."));
    }
    line.unit_cost = price;
    line.value = value;
    line.tax = tax;
    line.foreign = Some(foreign);
    Ok(())
}

/// Returns whether an amount has no more decimals than the currency of a bill.
pub(super) fn is_amount(bill: &Bill, amount: Money, settings: &Settings) -> bool {
    match &bill.foreign {
        Some(foreign) => foreign.quote.is_amount(amount),
        None => amount == settings.money(amount.get()),
    }
}

/// Returns `part` / `whole` of an amount, rounded in the currency of the bill. Returns zero if `whole` is zero.
pub(super) fn share(bill: &Bill, amount: Money, (part, whole): (Money, Money), settings: &Settings) -> Money {
    match &bill.foreign {
        _ if whole.is_zero() => Money::ZERO,
        Some(foreign) => foreign.quote.share(amount, part, whole),
        None => settings.share(amount, part, whole),
    }
}

/// Returns the part of a line that a credit note takes back, in both currencies. `of_units` is the value of its units
/// in the tenant's currency.
pub(super) fn part(
    left: &Left,
    (quantity, of_units): (Quantity, Money),
    stated: Amounts,
    settings: &Settings,
) -> Left {
    let Some(open) = left.foreign else {
        return Left { quantity, value: stated.value, tax: stated.tax, foreign: None };
    };
    let value = match quantity.is_positive() {
        true => of_units,
        false => relieved(left.value, (stated.value, open.value), settings),
    };
    let tax = relieved(left.tax, (stated.tax, open.tax), settings);
    Left { quantity, value, tax, foreign: Some(stated) }
}

/// Corrects rounding in the tenant's currency. If the parts take back all that is open in the currency of the bill, or
/// too much in the tenant's currency, they take back exactly the open amount. Lines and payments are rounded one by
/// one, so a cent may be left over. It goes to a part without units, or to the tax of the last part.
pub(super) fn settle(known: &KnownBill, parts: &mut [&mut Left]) {
    let Some(foreign) = &known.bill.foreign else { return };
    let total: Money = parts.iter().map(|part| part.value + part.tax).sum();
    let stated: Money = parts.iter().map(|part| part.stated().total()).sum();
    if stated != foreign.open && total <= known.bill.open {
        return;
    }
    let over = known.bill.open - total;
    match parts.iter().position(|part| part.quantity.is_zero() && part.value.is_positive()) {
        Some(at) => parts[at].value += over,
        None => {
            if let Some(last) = parts.last_mut() {
                last.tax += over;
            }
        }
    }
}
