//! The form in which the people of a country write numbers and dates, for CSV that a spreadsheet opens.

use std::borrow::Cow;

/// The order and the sign of the parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateForm {
    /// `22.11.2026`, with this sign.
    DayMonthYear(char),
    /// `11/22/2026`.
    MonthDayYear,
    /// `2026-11-22`.
    YearMonthDay,
}

/// A language and a country, with the form of numbers and dates there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    tag: &'static str,
    decimal_sign: char,
    dates: DateForm,
}

const fn locale(tag: &'static str, decimal_sign: char, dates: DateForm) -> Locale {
    Locale { tag, decimal_sign, dates }
}

const ALL: [Locale; 16] = [
    locale("cs-CZ", ',', DateForm::DayMonthYear('.')),
    locale("da-DK", ',', DateForm::DayMonthYear('.')),
    locale("de-AT", ',', DateForm::DayMonthYear('.')),
    locale("de-DE", ',', DateForm::DayMonthYear('.')),
    locale("en-GB", '.', DateForm::DayMonthYear('/')),
    locale("en-IE", '.', DateForm::DayMonthYear('/')),
    locale("en-US", '.', DateForm::MonthDayYear),
    locale("es-ES", ',', DateForm::DayMonthYear('/')),
    locale("fi-FI", ',', DateForm::DayMonthYear('.')),
    locale("fr-FR", ',', DateForm::DayMonthYear('/')),
    locale("it-IT", ',', DateForm::DayMonthYear('/')),
    locale("nb-NO", ',', DateForm::DayMonthYear('.')),
    locale("nl-NL", ',', DateForm::DayMonthYear('-')),
    locale("pl-PL", ',', DateForm::DayMonthYear('.')),
    locale("pt-PT", ',', DateForm::DayMonthYear('/')),
    locale("sv-SE", ',', DateForm::YearMonthDay),
];

impl Locale {
    /// Returns the locale of a BCP 47 tag, in upper or lower case.
    pub fn of(tag: &str) -> Option<Self> {
        ALL.into_iter().find(|known| known.tag.eq_ignore_ascii_case(tag))
    }

    /// Returns the tags of all locales.
    pub fn tags() -> impl Iterator<Item = &'static str> {
        ALL.into_iter().map(|known| known.tag)
    }

    /// Returns the tag.
    pub fn tag(self) -> &'static str {
        self.tag
    }

    /// Returns the sign between the cells of a row: spreadsheets expect a semicolon where the comma is the decimal sign.
    pub fn delimiter(self) -> u8 {
        if self.decimal_sign == ',' { b';' } else { b',' }
    }

    /// Returns a number in the form of the locale, without signs between thousands.
    pub fn number(self, plain: &str) -> Cow<'_, str> {
        match self.decimal_sign {
            '.' => plain.into(),
            sign => plain.replace('.', sign.encode_utf8(&mut [0; 4])).into(),
        }
    }

    /// Reads a number in the form of the locale, without signs between thousands. Returns the plain form.
    pub fn read_number(self, cell: &str) -> Result<Cow<'_, str>, String> {
        match self.decimal_sign {
            '.' => Ok(cell.into()),
            _ if cell.contains('.') => Err(format!(
                "Write a number as {} does, such as 1234,5: with a comma before the decimals and nothing between thousands.",
                self.tag
            )),
            sign => Ok(cell.replacen(sign, ".", 1).into()),
        }
    }

    /// Returns a day such as `2026-11-22` in the form of the locale; a text that is no such day as it is.
    pub fn date(self, plain: &str) -> Cow<'_, str> {
        match parts(plain) {
            Some((year, month, day)) => match self.dates {
                DateForm::DayMonthYear(sign) => format!("{day}{sign}{month}{sign}{year}").into(),
                DateForm::MonthDayYear => format!("{month}/{day}/{year}").into(),
                DateForm::YearMonthDay => plain.into(),
            },
            None => plain.into(),
        }
    }

    /// Returns an instant such as `2026-11-22T01:20:00+01:00` as a day and a time of day, without its offset.
    pub fn instant(self, plain: &str) -> Cow<'_, str> {
        match plain.split_once('T') {
            Some((day, time)) if parts(day).is_some() => {
                let time = time.split(['Z', '+', '-', '.']).next().unwrap_or(time);
                format!("{} {time}", self.date(day)).into()
            }
            _ => plain.into(),
        }
    }
}

/// Returns year, month and day of a text such as `2026-11-22`.
fn parts(plain: &str) -> Option<(&str, &str, &str)> {
    let (year, rest) = plain.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let are_digits =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    (are_digits(year, 4) && are_digits(month, 2) && are_digits(day, 2)).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tag: &str) -> Locale {
        Locale::of(tag).expect("a known locale")
    }

    #[test]
    fn numbers_and_days_have_the_form_of_the_country() {
        for (tag, delimiter, number, day, instant) in [
            ("de-DE", b';', "-1234,50", "22.11.2026", "22.11.2026 01:20:00"),
            ("EN-us", b',', "-1234.50", "11/22/2026", "11/22/2026 01:20:00"),
            ("en-GB", b',', "-1234.50", "22/11/2026", "22/11/2026 01:20:00"),
            ("fr-FR", b';', "-1234,50", "22/11/2026", "22/11/2026 01:20:00"),
            ("nl-NL", b';', "-1234,50", "22-11-2026", "22-11-2026 01:20:00"),
            ("sv-SE", b';', "-1234,50", "2026-11-22", "2026-11-22 01:20:00"),
        ] {
            let locale = known(tag);
            assert_eq!(locale.delimiter(), delimiter);
            assert_eq!(locale.number("-1234.50"), number);
            assert_eq!(locale.date("2026-11-22"), day);
            assert_eq!(locale.instant("2026-11-22T01:20:00+01:00"), instant);
            assert_eq!(locale.instant("2026-11-22T01:20:00.123Z"), instant);
            assert_eq!(locale.read_number(number).as_deref(), Ok("-1234.50"));
        }
        assert_eq!(known("de-DE").date("none"), "none");
        assert_eq!(known("de-DE").date("2026-11-22T00:00:00Z"), "2026-11-22T00:00:00Z");
        assert!(Locale::of("de").is_none());
    }

    #[test]
    fn a_sign_between_thousands_is_rejected() {
        let locale = known("de-DE");
        assert!(locale.read_number("1.234,50").expect_err("a rejection").contains("1234,5"));
        assert_eq!(locale.read_number("1,234,50").as_deref(), Ok("1.234,50"), "which is no number");
        assert_eq!(locale.read_number("").as_deref(), Ok(""));
    }
}
