//! Barcodes: the check digits of GS1, and the forms in which one article's code is printed and scanned.
//!
//! A UPC-A of 12 digits, an EAN-13 and a GTIN-14 name the same article if they differ in leading zeros only. Scanners
//! add such zeros, and spreadsheets remove them.

use std::borrow::Cow;

/// Digits of the longest GTIN.
const LENGTH_MAX: usize = 14;
/// Digits of the shortest GTIN whose first digit a spreadsheet removed.
const LENGTH_MIN: usize = 7;

/// Returns whether the last digit of a GTIN-8, -12, -13 or -14 is the check digit that GS1 defines. A code
/// with other characters or of another length is of another symbology, and always sound.
///
/// A mistyped barcode would sell another product.
pub fn barcode_is_sound(code: &str) -> bool {
    !is_digits(code) || !matches!(code.len(), 8 | 12 | 13 | 14) || has_check_digit(code)
}

/// Returns the GTIN of an article in 14 digits. Nothing if the code is of another symbology.
pub fn gtin(code: &str) -> Option<String> {
    let may_be = is_digits(code) && (LENGTH_MIN..=LENGTH_MAX).contains(&code.len()) && has_check_digit(code);
    (may_be && code.bytes().any(|digit| digit != b'0')).then(|| format!("{code:0>LENGTH_MAX$}"))
}

/// Returns the codes that name the same article: the code itself first, then those with more or fewer leading zeros.
pub fn barcode_forms(code: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let gtin = gtin(code);
    let zeros = |gtin: &str| gtin.bytes().take_while(|digit| *digit == b'0').count();
    let shorter = gtin.as_deref().map_or(0, |gtin| zeros(gtin).min(LENGTH_MAX - LENGTH_MIN) + 1);
    let others = (0..shorter).filter_map(move |cut| gtin.as_ref().map(|gtin| gtin[cut..].to_owned()));
    let others = others.filter(move |form| form != code);
    std::iter::once(Cow::Borrowed(code)).chain(others.map(Cow::Owned))
}

/// Returns why a code is what a spreadsheet made of a barcode: a number with an exponent, such as `4.00638E+12`.
pub fn check_barcode_kept_digits(code: &str) -> Result<(), String> {
    match of_exponent(code) {
        None => Ok(()),
        Some(_) => Err(format!(
            "{code} is a number that a spreadsheet shortened, so digits of the barcode are lost. Format the column as \
             text in the spreadsheet, enter the barcode again, and send that."
        )),
    }
}

/// Returns the barcode that a cell of a spreadsheet had, if all its digits can be told and the check digit confirms them.
/// Otherwise nothing: the cell is taken as it is.
pub fn mended_barcode(cell: &str) -> Option<String> {
    if let Some(whole) = of_exponent(cell).flatten() {
        return gtin(&whole).is_some().then_some(whole);
    }
    let whole = cell.trim_end_matches('0').strip_suffix('.').unwrap_or(cell);
    let whole = if is_digits(whole) { whole } else { cell };
    let length = match whole.len() {
        LENGTH_MIN => 8,
        9..=11 => 12,
        other @ (8 | 12..=LENGTH_MAX) => other,
        _ => return None,
    };
    let mended = format!("{whole:0>length$}");
    (mended != cell && gtin(&mended).is_some()).then_some(mended)
}

/// Returns whether a text is a number with an exponent, and within that the whole number if it has all its digits.
fn of_exponent(text: &str) -> Option<Option<String>> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let is_signed = exponent.starts_with('+');
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let is_number =
        whole.len() == 1 && is_digits(whole) && is_digits_or_empty(fraction) && is_digits(exponent);
    if !is_number || exponent.len() > 2 || !(is_signed || mantissa.len() > 1) {
        return None;
    }
    let places: usize = exponent.parse().ok()?;
    Some((fraction.len() == places).then(|| format!("{whole}{fraction}")))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && is_digits_or_empty(text)
}

fn is_digits_or_empty(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_check_digit(code: &str) -> bool {
    let weighed = code.bytes().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte - b'0');
        if place % 2 == 0 { digit } else { 3 * digit }
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gtins_with_their_check_digit_are_sound() {
        for code in ["4006381333931", "96385074", "036000291452", "10614141000415", "00012345600012"] {
            assert!(barcode_is_sound(code), "{code}");
        }
    }

    #[test]
    fn every_single_wrong_digit_is_found() {
        let right = "4006381333931";
        for place in 0..right.len() {
            for digit in b'0'..=b'9' {
                let mut wrong = right.as_bytes().to_vec();
                if wrong[place] == digit {
                    continue;
                }
                wrong[place] = digit;
                let wrong = String::from_utf8(wrong).expect("digits");
                assert!(!barcode_is_sound(&wrong), "{wrong}");
            }
        }
    }

    #[test]
    fn other_symbologies_are_taken_as_they_are() {
        for code in ["ABC-123", "1234567", "123456789", "40063813339311234", "400638133393X", "٤٠٠٦٣٨١٣"]
        {
            assert!(barcode_is_sound(code), "{code}");
            assert_eq!(barcode_forms(code).collect::<Vec<_>>(), [code]);
        }
    }

    #[test]
    fn leading_zeros_make_no_other_article() {
        let upc = ["036000291452", "0036000291452", "00036000291452", "36000291452"];
        for code in upc {
            assert_eq!(gtin(code).as_deref(), Some("00036000291452"), "{code}");
            let forms: Vec<_> = barcode_forms(code).collect();
            assert_eq!(forms[0], code);
            assert_eq!(forms.len(), 4);
            assert!(upc.iter().all(|other| forms.iter().any(|form| form == other)), "{forms:?}");
        }
        // The case of the article has another digit in front, and so another check digit.
        assert_ne!(gtin("10036000291459"), gtin("036000291452"));
        assert_eq!(gtin("96385074").as_deref(), Some("00000096385074"));
        assert_eq!(gtin("00000000"), None);
        assert_eq!(barcode_forms("4006381333931").collect::<Vec<_>>(), ["4006381333931", "04006381333931"]);
    }

    #[test]
    fn cells_of_a_spreadsheet_are_mended_if_no_digit_is_lost() {
        for (cell, barcode) in [
            ("36000291452", Some("036000291452")),
            ("1234565", Some("01234565")),
            ("4.006381333931E+12", Some("4006381333931")),
            ("4,006381333931E+12", Some("4006381333931")),
            ("4006381333931.0", Some("4006381333931")),
            ("36000291452.00", Some("036000291452")),
            ("4006381333931", None),
            ("4.00638E+12", None),
            ("36000291453", None),
            ("1234567", None),
            ("ABC-1", None),
            ("10.0", None),
            ("", None),
        ] {
            assert_eq!(mended_barcode(cell).as_deref(), barcode, "{cell}");
        }
        assert_eq!(mended_barcode(&"1".repeat(200_000)), None);
    }

    #[test]
    fn a_number_with_an_exponent_is_no_barcode() {
        for code in ["4.00638E+12", "4,00638E+12", "4E+12", "4.0e12", "4.006381333931E+12"] {
            assert!(check_barcode_kept_digits(code).is_err(), "{code}");
        }
        for code in ["12E5", "4E12", "E+1", "1.5", "A.1E+2", "4.00638E+123", "4006381333931"] {
            assert_eq!(check_barcode_kept_digits(code), Ok(()), "{code}");
        }
    }
}
