//! The amount of a line of an application.

use super::ApplicationKind;
use crate::number::Money;
use crate::refusal::{AMOUNT_ABOVE_ZERO, Faults};

/// Returns the amount of a line: all that is there if it states none.
pub(super) fn check_amount(
    decimals: u32,
    stated: Option<Money>,
    most: Money,
    kind: ApplicationKind,
) -> Result<Money, String> {
    if stated.is_some_and(|amount| !amount.is_positive()) {
        return Err(AMOUNT_ABOVE_ZERO.to_owned());
    }
    if !most.is_positive() {
        return Err(match kind {
            ApplicationKind::Apply => {
                "The credit is used up, or the invoice is paid, so nothing can be applied here: leave the line out."
            }
            ApplicationKind::Unapply => {
                "Nothing of this credit is applied to this invoice: leave the line out."
            }
        }
        .to_owned());
    }
    let amount = stated.unwrap_or(most);
    if amount != Money::rounded_to(amount.get(), decimals) {
        return Err(format!("An amount has at most {decimals} decimals."));
    }
    if amount <= most {
        return Ok(amount);
    }
    let [most, amount] = [most, amount].map(|amount| amount.in_currency(decimals));
    Err(match kind {
        ApplicationKind::Apply => format!("At most {most} can be applied here, not {amount}."),
        ApplicationKind::Unapply => format!("{most} is applied here: {amount} can't be taken back."),
    })
}

/// Notes the amounts of a list that are not above zero, or have more decimals than their currency if that is known. Lines that name an
/// unknown record are judged too.
pub(crate) fn note_amounts(
    list: &str,
    amounts: impl Iterator<Item = (Option<Money>, Option<u32>)>,
    faults: &mut Faults,
) {
    for (index, (amount, decimals)) in amounts.enumerate() {
        let Some(amount) = amount else { continue };
        let pointer = format!("{list}/{index}/amount");
        if !amount.is_positive() {
            faults.invalid(pointer, AMOUNT_ABOVE_ZERO);
        } else if let Some(most) = decimals.filter(|most| amount != Money::rounded_to(amount.get(), *most)) {
            faults.invalid(pointer, format!("An amount has at most {most} decimals."));
        }
    }
}
