//! Barcodes: the check digits of GS1, and the forms in which one article's code is printed and scanned.
//!
//! A UPC-A of 12 digits, an EAN-13 and a GTIN-14 name the same article if they differ in leading zeros only. Scanners
//! add such zeros, and spreadsheets remove them. Blanks and hyphens between the digits, as people read them below the bars or in a
//! book, make no other article. A UPC-E is the short form of a UPC-A. Eight digits that are sound as a UPC-E and as a GTIN-8 may
//! name either article, so a product is found by each, and no two products get both.

use std::borrow::Cow;

use crate::text::{LineRule, Rule, Text, one_form};

/// Digits of the longest GTIN.
const LENGTH_MAX: usize = 14;
/// Digits of the shortest GTIN whose first digit a spreadsheet removed.
const LENGTH_MIN: usize = 7;
/// Digits of the shortest GTIN that may be written with blanks or hyphens. Eight digits may as well be a code of one's own.
const WRITTEN_LENGTH_MIN: usize = 12;

/// Digits of the shortest number with separators of thousands that may be a GTIN. Seven or eight may be a code of one's own.
const THOUSANDS_LENGTH_MIN: usize = 9;
/// Bytes of the longest number with separators of thousands that is looked at.
const WRITTEN_LENGTH_MAX: usize = 64;
/// Separators of thousands: comma, dot, blanks of several widths, apostrophes, and the separator of Arabic.
const SEPARATORS: [char; 9] = [',', '.', ' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '\u{2019}', '\u{66c}'];

/// A barcode of 1 to 64 characters, in the one form of those that name the same article.
pub type Barcode64 = Text<64, BarcodeRule>;

/// As [`LineRule`], for a barcode. It is kept in the form of [`one_barcode`].
#[derive(Debug, Clone, Copy)]
pub enum BarcodeRule {}

impl Rule for BarcodeRule {
    const NAME: &'static str = "Barcode";
    const MIN: usize = 1;
    const HAS_OLD_FORMS: bool = true;

    fn check(text: &str, max: usize, note: impl FnMut(String)) {
        LineRule::check(text, max, note);
    }

    fn kept(text: &str) -> Option<String> {
        let form = one_form(text);
        let kept = one_barcode(&form).unwrap_or_else(|| form.into_owned());
        (kept != text).then_some(kept)
    }
}

/// Returns the form in which a barcode is kept, if it was sent in another one: the digits of a GTIN that has blanks or hyphens
/// between them, and the UPC-A that a UPC-E stands for. A UPC-E that is a GTIN-8 too stays: only the label tells which it is.
pub fn one_barcode(code: &str) -> Option<String> {
    if is_digits(code) {
        return (code.len() == 8 && !has_check_digit(code)).then(|| upc_a(code)).flatten();
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let is_written = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
    if !is_digit(code.as_bytes().first())
        || !is_digit(code.as_bytes().last())
        || !code.bytes().all(is_written)
    {
        return None;
    }
    let digits = code.replace([' ', '-'], "");
    ((WRITTEN_LENGTH_MIN..=LENGTH_MAX).contains(&digits.len()) && gtin(&digits).is_some()).then_some(digits)
}

/// Returns the UPC-A that a UPC-E of 8 digits stands for, if its check digit confirms it.
fn upc_a(short: &str) -> Option<String> {
    let (system, rest) = short.split_at_checked(1)?;
    let (five, rest) = rest.split_at_checked(5)?;
    let (last, check) = rest.split_at_checked(1)?;
    if !matches!(system, "0" | "1") {
        return None;
    }
    let body = match last {
        "0" | "1" | "2" => format!("{}{last}0000{}", &five[..2], &five[2..]),
        "3" => format!("{}00000{}", &five[..3], &five[3..]),
        "4" => format!("{}00000{}", &five[..4], &five[4..]),
        _ => format!("{five}0000{last}"),
    };
    let whole = format!("{system}{body}{check}");
    has_check_digit(&whole).then_some(whole)
}

/// Returns the short forms (UPC-E) of a UPC-A of 12 digits that are also valid as GTIN-8.
fn ambiguous(long: &str) -> impl Iterator<Item = String> {
    let (system, body, check) = (&long[..1], &long[1..11], &long[11..]);
    let shorts = [
        format!("{system}{}{}{}{check}", &body[..2], &body[7..], &body[2..3]),
        format!("{system}{}{}3{check}", &body[..3], &body[8..]),
        format!("{system}{}{}4{check}", &body[..4], &body[9..]),
        format!("{system}{}{}{check}", &body[..5], &body[9..]),
    ];
    shorts
        .into_iter()
        .filter(move |short| has_check_digit(short) && upc_a(short).is_some_and(|of| of == long))
}

/// Returns the other GTINs, in 14 digits, that a label with a GTIN may mean: for a UPC-E its UPC-A and the other short forms of that, for a
/// UPC-A its short forms.
fn other_readings(gtin: &str) -> Vec<String> {
    let long = gtin.strip_prefix("000000").and_then(upc_a);
    let long = long.or_else(|| gtin.strip_prefix("00").map(str::to_owned));
    let Some(long) = long else { return Vec::new() };
    let all = std::iter::once(long.clone()).chain(ambiguous(&long));
    all.map(|reading| format!("{reading:0>LENGTH_MAX$}")).filter(|reading| reading != gtin).collect()
}

/// Returns the other code that the label of a barcode may mean: the UPC-A of a UPC-E that is also a GTIN-8, or the reverse.
pub fn other_barcode(code: &str) -> Option<String> {
    let gtin = gtin(code)?;
    let other = other_readings(&gtin).into_iter().next()?;
    let is_short = gtin.strip_prefix("000000").and_then(upc_a).is_some();
    Some(other[if is_short { 2 } else { 6 }..].to_owned())
}

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

/// Returns the GTIN of an article in 14 digits, that of the UPC-A for a UPC-E. No two products get barcodes with one such GTIN.
pub fn joined_gtin(code: &str) -> Option<String> {
    let gtin = gtin(code)?;
    let long = gtin.strip_prefix("000000").and_then(upc_a);
    Some(long.map_or(gtin, |long| format!("{long:0>LENGTH_MAX$}")))
}

/// Returns one text for all codes that name the same article.
pub fn article_of(code: &str) -> String {
    let kept = one_barcode(code).unwrap_or_else(|| code.to_owned());
    gtin(&kept).unwrap_or(kept)
}

/// Returns the articles that a code may name, each as [`article_of`] has it, its own first.
pub fn articles_of(code: &str) -> impl Iterator<Item = String> {
    let own = article_of(code);
    let others = gtin(&own).map(|gtin| other_readings(&gtin)).unwrap_or_default();
    std::iter::once(own).chain(others)
}

/// Returns the codes that name the same article. The code itself is first. Those with more or fewer leading zeros, and without
/// blanks and hyphens, follow. The other readings of its label are last.
pub fn barcode_forms(code: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let own = gtin(&one_barcode(code).map_or(Cow::Borrowed(code), Cow::Owned));
    let others = own.as_deref().map(other_readings).unwrap_or_default();
    let forms = own.into_iter().chain(others).flat_map(with_fewer_zeros).filter(move |form| form != code);
    std::iter::once(Cow::Borrowed(code)).chain(forms.map(Cow::Owned))
}

/// Returns a GTIN of 14 digits, then the same GTIN with one leading zero less each time.
fn with_fewer_zeros(gtin: String) -> impl Iterator<Item = String> {
    let zeros = gtin.bytes().take_while(|digit| *digit == b'0').count();
    (0..=zeros.min(LENGTH_MAX - LENGTH_MIN)).map(move |cut| gtin[cut..].to_owned())
}

/// Rejects a barcode that a spreadsheet changed: a number with an exponent, such as `4.00638E+12`, with decimals,
/// such as `4006381333931.0`, or with separators of thousands, such as `4,006,381,333,931`.
pub fn check_barcode_kept_digits(code: &str) -> Result<(), String> {
    if of_exponent(code).is_some() {
        return Err(format!(
            "{code} is a number that a spreadsheet shortened, so digits of the barcode are lost. Format the column as \
             text in the spreadsheet, enter the barcode again, and send that."
        ));
    }
    let thousands = of_thousands(code);
    match mended_barcode(code).filter(|_| code.contains('.') || thousands.is_some()) {
        Some(whole) => {
            Err(format!("{code} is a barcode that a spreadsheet wrote as a number. Send {whole}."))
        }
        // Groups with dots or blanks may be a code of one's own.
        None if thousands.as_ref().is_some_and(|whole| whole.len() >= WRITTEN_LENGTH_MIN)
            && !code.contains(['.', ' ']) =>
        {
            Err(format!(
                "{code} is a number with separators of thousands, and its last digit is not the check digit of a barcode. \
                 Format the column as text in the spreadsheet, enter the barcode again, and send that."
            ))
        }
        None => Ok(()),
    }
}

/// Returns the barcode that a cell of a spreadsheet had, if all its digits can be told and the check digit confirms them.
/// Otherwise nothing: the cell is taken as it is.
pub fn mended_barcode(cell: &str) -> Option<String> {
    if let Some(whole) = of_exponent(cell).flatten() {
        return gtin(&whole).is_some().then_some(whole);
    }
    let thousands = of_thousands(cell);
    let whole = thousands.as_deref().unwrap_or_else(|| without_zero_decimals(cell));
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

/// Returns a number without its decimals, if these are zeros after a dot. Otherwise the text as it is.
fn without_zero_decimals(text: &str) -> &str {
    let whole = text.trim_end_matches('0').strip_suffix('.');
    whole.filter(|whole| is_digits(whole)).unwrap_or(text)
}

/// Returns the digits of a whole number of at least [`THOUSANDS_LENGTH_MIN`] that is written with one kind of separators: groups of
/// three digits, or of two before the last three as in India. Decimals that are zeros are left out.
fn of_thousands(text: &str) -> Option<String> {
    let separator = text.chars().find(|letter| !letter.is_ascii_digit())?;
    if text.len() > WRITTEN_LENGTH_MAX || !SEPARATORS.contains(&separator) {
        return None;
    }
    let has_decimals = |rest: &str| !rest.is_empty() && rest.bytes().all(|digit| digit == b'0');
    let whole = text.rsplit_once(|letter: char| matches!(letter, '.' | ',') && letter != separator);
    let whole = whole.filter(|(_, decimals)| has_decimals(decimals)).map_or(text, |(whole, _)| whole);
    let groups: Vec<&str> = whole.split(separator).collect();
    let (last, before) = groups.split_last()?;
    let (first, between) = before.split_first()?;
    let are_even = |length: usize| {
        (1..=length).contains(&first.len()) && between.iter().all(|group| group.len() == length)
    };
    let digits = groups.concat();
    let is_number = is_digits(&digits) && last.len() == 3 && (are_even(3) || are_even(2));
    (is_number && digits.len() >= THOUSANDS_LENGTH_MIN).then_some(digits)
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
    fn blanks_hyphens_and_the_short_form_make_no_other_article() {
        for (written, kept) in [
            ("0 36000 29145 2", "036000291452"),
            ("0-36000-29145-2", "036000291452"),
            ("978-0-306-40615-7", "9780306406157"),
            ("4 006381 333931", "4006381333931"),
            // UPC-E, by its last digit before the check digit.
            ("04252614", "042100005264"),
            ("01234505", "012000003455"),
            ("01234531", "012300000451"),
            ("01234543", "012340000053"),
        ] {
            assert_eq!(one_barcode(written).as_deref(), Some(kept), "{written}");
            assert_eq!(Barcode64::from(written).as_str(), kept);
            assert_eq!(one_barcode(kept), None, "{kept}");
            assert!(barcode_forms(written).any(|form| form == kept), "{written}");
            assert_eq!(barcode_forms(written).next().as_deref(), Some(written));
        }
        for other in [
            "96385074",
            "01234558",
            "9638-5074",
            "0 36000 29145 3",
            " 036000291452",
            "036000291452-",
            "04252613",
            "A-1",
        ] {
            assert_eq!(one_barcode(other), None, "{other}");
        }
        assert_eq!(Barcode64::from("AB\u{2011}1").as_str(), "AB-1");
        assert_eq!(Barcode64::from("0\u{a0}36000\u{2011}29145 2").as_str(), "036000291452");
    }

    #[test]
    fn a_short_form_that_is_a_code_of_its_own_has_both_readings() {
        for (short, long) in [
            ("01128604", "011000002864"),
            ("01360905", "013000006095"),
            ("01446647", "014460000067"),
            ("01234558", "012345000058"),
        ] {
            assert!(barcode_is_sound(short) && barcode_is_sound(long));
            assert_eq!(
                (other_barcode(short).as_deref(), other_barcode(long).as_deref()),
                (Some(long), Some(short))
            );
            assert_eq!(joined_gtin(short), joined_gtin(long));
            let padded = format!("{long:0>14}");
            for code in [short, long, &padded, &format!("{short:0>14}"), &short[1..]] {
                let forms: Vec<_> = barcode_forms(code).collect();
                assert_eq!(forms[0], code, "the code itself comes first");
                assert!(
                    forms.iter().any(|form| form == short) && forms.iter().any(|form| form == long),
                    "{forms:?}"
                );
                assert!(articles_of(code).any(|article| article == padded), "{code}");
            }
            let own = articles_of(short).next();
            assert_eq!(own, Some(format!("{short:0>14}")));
        }
        // One UPC-A may have several short forms.
        let shorts: Vec<_> = ambiguous("100000000052").collect();
        assert_eq!(shorts, ["10000502", "10000052"]);
        for other in ["96385074", "036000291452", "4006381333931", "042100005264", "A-1", "00000000"] {
            assert_eq!(other_barcode(other), None, "{other}");
            assert_eq!(joined_gtin(other), gtin(other));
            assert_eq!(articles_of(other).count(), 1);
        }
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
            ("5,901,234,123,457", Some("5901234123457")),
            ("5,901,234,123,457.00", Some("5901234123457")),
            ("5.901.234.123.457", Some("5901234123457")),
            ("5.901.234.123.457,0", Some("5901234123457")),
            ("5 901 234 123 457", Some("5901234123457")),
            ("5 901 234 123 457,00", Some("5901234123457")),
            ("5\u{a0}901\u{a0}234\u{a0}123\u{a0}457", Some("5901234123457")),
            ("5\u{202f}901\u{202f}234\u{202f}123\u{202f}457", Some("5901234123457")),
            ("5\u{2009}901\u{2009}234\u{2009}123\u{2009}457", Some("5901234123457")),
            ("5'901'234'123'457", Some("5901234123457")),
            ("5\u{2019}901\u{2019}234\u{2019}123\u{2019}457", Some("5901234123457")),
            ("59,01,23,41,23,457", Some("5901234123457")),
            ("36,000,291,452", Some("036000291452")),
            ("5,901,234,123,458", None),
            ("5,901.234,123.457", None),
            ("5,901,234,123,457.50", None),
            ("5,9012,34,123,457", None),
            ("5901234123,457", None),
            ("96.385.074", None),
            (",901,234,123,457", None),
            ("5,901,234,,457", None),
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
    fn a_number_with_an_exponent_or_separators_is_no_barcode() {
        for code in ["4.00638E+12", "4,00638E+12", "4E+12", "4.0e12", "4.006381333931E+12"] {
            assert!(check_barcode_kept_digits(code).is_err(), "{code}");
        }
        let decimal = check_barcode_kept_digits("4006381333931.0").expect_err("a number with decimals");
        assert!(decimal.ends_with("Send 4006381333931."), "{decimal}");
        for code in ["5,901,234,123,457", "5.901.234.123.457", "5'901'234'123'457", "59,01,23,41,23,457"] {
            let refused = check_barcode_kept_digits(code).expect_err("a number with separators");
            assert!(refused.ends_with("Send 5901234123457."), "{refused}");
        }
        let other = check_barcode_kept_digits("5,901,234,123,458").expect_err("a wrong digit");
        assert!(other.contains("check digit"), "{other}");
        for code in ["100.200.300.400", "96.385.074", "1,2", "12,345,678"] {
            assert_eq!(check_barcode_kept_digits(code), Ok(()), "{code}");
        }
        for code in ["12E5", "4E12", "E+1", "1.5", "A.1E+2", "4.00638E+123", "4006381333931"] {
            assert_eq!(check_barcode_kept_digits(code), Ok(()), "{code}");
        }
    }
}
