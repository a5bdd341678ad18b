//! Columns of a price list, and the values of their cells.

use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;
use domain::locale::Locale;
use domain::number::Quantity;
use service::supplier::product::SupplierProductInput;

use crate::body::sentence;
use crate::csv::with_locale;

/// A column. Its text form is its header in CSV, and its field in JSON.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Column {
    /// Identifies the product.
    Sku,
    SupplierSku,
    Uom,
    MinOrderQuantity,
    OrderMultiple,
    Preferred,
    MinQuantity,
    UnitCost,
    ValidFrom,
    ValidUntil,
}

/// The columns of a price.
pub(super) const OF_PRICE: [Column; 4] =
    [Column::MinQuantity, Column::UnitCost, Column::ValidFrom, Column::ValidUntil];

impl Column {
    /// Returns the header.
    pub(super) fn header(self) -> &'static str {
        self.into()
    }

    /// Whether all rows of a product have the same cell.
    pub(super) fn is_of_product(self) -> bool {
        self != Column::Sku && !OF_PRICE.contains(&self)
    }

    /// Writes a cell of the product into it. An empty cell clears the value. The error says what is wrong with the cell.
    pub(super) fn state(
        self,
        input: &mut SupplierProductInput,
        cell: &str,
        locale: Option<Locale>,
    ) -> Result<(), String> {
        match self {
            Column::SupplierSku => input.supplier_sku = (!cell.is_empty()).then(|| cell.into()),
            Column::Uom => input.uom = (!cell.is_empty()).then(|| cell.to_owned()),
            Column::MinOrderQuantity => {
                input.min_order_quantity = number::<Quantity>(cell, locale)?.unwrap_or_default();
            }
            Column::OrderMultiple => input.order_multiple = number::<Quantity>(cell, locale)?,
            Column::Preferred => input.preferred = flag(cell)?,
            Column::Sku | Column::MinQuantity | Column::UnitCost | Column::ValidFrom | Column::ValidUntil => {
            }
        }
        Ok(())
    }
}

/// Reads a number, in the form of the locale if there is one.
pub(super) fn number<T: FromStr<Err: Display>>(
    cell: &str,
    locale: Option<Locale>,
) -> Result<Option<T>, String> {
    let plain = match locale {
        Some(locale) => locale.read_number(cell)?,
        None => cell.into(),
    };
    match &*plain {
        "" => Ok(None),
        plain => {
            plain.parse().map(Some).map_err(|error| with_locale(sentence(&format!("{error}")), cell, locale))
        }
    }
}

/// Reads a day such as `2026-01-31`.
pub(super) fn day(cell: &str) -> Result<Option<NaiveDate>, String> {
    match cell {
        "" => Ok(None),
        cell => domain::day::read(cell)
            .map(Some)
            .map_err(|_| "Write a day as 2026-01-31, from 1900-01-01 on.".to_owned()),
    }
}

/// Reads yes or no. A spreadsheet writes them in upper case.
fn flag(cell: &str) -> Result<bool, String> {
    if cell.is_empty() || cell.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    if cell.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    Err("Expected true or false.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_in_the_form_of_its_locale() {
        let read = |cell: &str, tag: Option<&str>| {
            let number = number::<Quantity>(cell, tag.and_then(Locale::of));
            number.map(|number| number.map(|number| number.to_string()))
        };
        assert_eq!(read("12.5", None), Ok(Some("12.5".to_owned())));
        assert_eq!(read("12,5", Some("de-DE")), Ok(Some("12.5".to_owned())));
        assert_eq!(read("", Some("de-DE")), Ok(None));
        assert!(read("12,5", None).is_err() && read("1.200", Some("de-DE")).is_err());
    }

    #[test]
    fn a_mark_is_true_or_false() {
        assert_eq!((flag("TRUE"), flag("false"), flag("")), (Ok(true), Ok(false), Ok(false)));
        assert!(flag("yes").is_err());
    }
}
