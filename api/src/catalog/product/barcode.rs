//! Barcodes that a spreadsheet took for numbers.

use domain::product::{Barcode64, mended_barcode};
use service::catalog::product::{Product, ProductInput};

/// Corrects the barcodes that a row states, and returns each as it was sent and as it is now. A barcode that the product
/// has already stays.
pub(super) fn correct(input: &mut ProductInput, before: Option<&Product>) -> Vec<(String, String)> {
    let units = input.units.iter_mut().flat_map(|unit| &mut unit.barcodes);
    let mut corrected = Vec::new();
    for code in input.barcodes.iter_mut().chain(units) {
        let is_new = before.is_none_or(|before| !has(before, code.sent()) && !has(before, code));
        if let Some(whole) = mended_barcode(code).filter(|_| is_new) {
            corrected.push((code.to_string(), whole.clone()));
            *code = Barcode64::from(whole);
        }
    }
    corrected
}

/// Returns why a barcode was corrected.
pub(super) fn reason(sent: &str, stored: &str) -> &'static str {
    match stored.strip_suffix(sent) {
        Some(_) => "A spreadsheet removed leading zeros; the check digit confirms them.",
        None => "A spreadsheet wrote the barcode as a number; all its digits are there.",
    }
}

fn has(product: &Product, code: &str) -> bool {
    let of_units = product.units.iter().flat_map(|unit| &unit.barcodes);
    product.barcodes.iter().chain(of_units).any(|known| known == code)
}
