//! Values of a row. A reader notes every fault of a row, so that the caller corrects all at once.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::moment::{InvalidLocal, Moment, Zone, read_local};
use domain::number::Quantity;
use domain::refusal::{Code, Problems};
use domain::text::{LineRule, Rule, Text, Text500};
use strum::VariantArray;

use super::fault::Fault;
use super::table::Cells;
use crate::body::sentence;
use crate::csv::plain_header;

/// The zones and limits of the instants of a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconciliation) struct Times {
    /// Zone of instants without an offset, if the caller names one.
    pub(in crate::reconciliation) zone: Option<Zone>,
    /// Zone in which days begin.
    pub(in crate::reconciliation) days_in: Zone,
    /// Latest instant that can have happened, by the clock of the system.
    pub(in crate::reconciliation) latest: DateTime<Utc>,
}

/// Reads the values of a row.
pub(in crate::reconciliation) struct Reader<'c> {
    cells: &'c Cells<'c>,
    times: &'c Times,
    faults: Vec<Fault>,
}

impl<'c> Reader<'c> {
    pub(in crate::reconciliation) fn new(cells: &'c Cells<'c>, times: &'c Times) -> Self {
        Reader { cells, times, faults: Vec::new() }
    }

    /// Returns what was read, or all faults.
    pub(in crate::reconciliation) fn finish<R>(self, row: R) -> Result<R, Vec<Fault>> {
        if self.faults.is_empty() { Ok(row) } else { Err(self.faults) }
    }

    pub(in crate::reconciliation) fn refuse(&mut self, column: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new(column, Code::ValidationFailed, detail));
    }

    /// Returns the value of a column.
    pub(in crate::reconciliation) fn plain(&self, column: &str) -> Option<&'c str> {
        self.cells.get(column)
    }

    fn filled(&mut self, column: &str) -> Option<&'c str> {
        let text = self.cells.get(column);
        if text.is_none() {
            self.refuse(column, "This is required.");
        }
        text
    }

    /// Reads a line of at most `MAX` characters.
    pub(in crate::reconciliation) fn line<const MAX: usize>(&mut self, column: &str) -> String {
        self.filled(column).map(|text| self.checked::<MAX>(column, text)).unwrap_or_default()
    }

    /// Reads a line that may be absent. An absent one is empty.
    pub(in crate::reconciliation) fn optional_line<const MAX: usize>(&mut self, column: &str) -> String {
        self.plain(column).map(|text| self.checked::<MAX>(column, text)).unwrap_or_default()
    }

    fn checked<const MAX: usize>(&mut self, column: &str, text: &str) -> String {
        LineRule::check(text, MAX, |detail| self.refuse(column, detail));
        text.to_owned()
    }

    /// Reads a code or a name with the rule of its type.
    pub(in crate::reconciliation) fn text<const MAX: usize, R: Rule>(
        &mut self,
        column: &str,
    ) -> Option<Text<MAX, R>> {
        self.plain(column).map(Text::from)
    }

    /// Reads a note, which may be absent. An absent one is empty.
    pub(in crate::reconciliation) fn note(&mut self, column: &str) -> String {
        let Some(text) = self.plain(column).map(Text500::from) else { return String::new() };
        let mut problems = Problems::default();
        text.check(&mut problems, column);
        if let Err(refusal) = problems.check() {
            let details = refusal.problems.into_iter().map(|problem| problem.detail);
            details.for_each(|detail| self.refuse(column, detail));
        }
        text.into()
    }

    /// Reads one of the words of `W`, written in any case and with blanks or dashes between its parts.
    pub(in crate::reconciliation) fn word<W>(&mut self, column: &str) -> Option<W>
    where
        W: FromStr + VariantArray + Copy + Into<&'static str> + 'static,
    {
        let text = self.filled(column)?;
        self.known(column, text)
    }

    /// Reads a word that may be absent.
    pub(in crate::reconciliation) fn optional_word<W>(&mut self, column: &str) -> Option<W>
    where
        W: FromStr + VariantArray + Copy + Into<&'static str> + 'static,
    {
        let text = self.plain(column)?;
        self.known(column, text)
    }

    fn known<W>(&mut self, column: &str, text: &str) -> Option<W>
    where
        W: FromStr + VariantArray + Copy + Into<&'static str> + 'static,
    {
        // No word is longer, and a long text is not searched for blanks.
        let word = if text.len() <= 100 { plain_header(text).parse().ok() } else { None };
        if word.is_none() {
            let words: Vec<&str> = W::VARIANTS.iter().map(|word| (*word).into()).collect();
            self.refuse(column, format!("Send one of {}.", words.join(", ")));
        }
        word
    }

    /// Reads a quantity.
    pub(in crate::reconciliation) fn quantity(&mut self, column: &str) -> Quantity {
        let Some(text) = self.filled(column) else { return Quantity::ZERO };
        self.number(column, text).unwrap_or_default()
    }

    /// Reads a quantity that may be absent.
    pub(in crate::reconciliation) fn optional_quantity(&mut self, column: &str) -> Option<Quantity> {
        let text = self.plain(column)?;
        self.number(column, text)
    }

    fn number(&mut self, column: &str, text: &str) -> Option<Quantity> {
        read_number(text).map_err(|detail| self.refuse(column, detail)).ok()
    }

    /// Reads a whole number that may be absent.
    pub(in crate::reconciliation) fn optional_whole<N: FromStr>(&mut self, column: &str) -> Option<N> {
        let number = self.plain(column)?.parse().ok();
        if number.is_none() {
            self.refuse(column, "Send a whole number.");
        }
        number
    }

    /// Reads the instant of something that has happened.
    pub(in crate::reconciliation) fn instant(&mut self, column: &str) -> DateTime<Utc> {
        let Some(text) = self.filled(column) else { return DateTime::UNIX_EPOCH };
        self.happened(column, text).unwrap_or_default()
    }

    /// Reads an instant that may be absent.
    pub(in crate::reconciliation) fn optional_instant(&mut self, column: &str) -> Option<DateTime<Utc>> {
        let text = self.plain(column)?;
        self.happened(column, text)
    }

    fn happened(&mut self, column: &str, text: &str) -> Option<DateTime<Utc>> {
        let at = self.local(column, text)?;
        if at > self.times.latest {
            let detail =
                "This lies in the future. Check the time zone, and the clock_offset_seconds of the system.";
            self.refuse(column, detail);
        } else if at < DateTime::UNIX_EPOCH {
            self.refuse(column, "This lies before 1970.");
        }
        Some(at)
    }

    fn local(&mut self, column: &str, text: &str) -> Option<DateTime<Utc>> {
        read_local(text, self.times.zone)
            .map_err(|error| {
                let fault = Fault::new(column, Code::ValidationFailed, error.to_string());
                self.faults.push(Fault { lacks_zone: error == InvalidLocal::NoZone, ..fault });
            })
            .ok()
    }

    /// Reads the first instant of a validity: an instant, or the beginning of a day.
    pub(in crate::reconciliation) fn begin(&mut self, column: &str) -> Option<DateTime<Utc>> {
        let text = self.plain(column)?;
        match read_day(text) {
            Some(day) => Some(day.start(self.times.days_in)),
            None => self.local(column, text),
        }
    }

    /// Reads the first instant after a validity: an instant, or the end of a day.
    pub(in crate::reconciliation) fn end(&mut self, column: &str) -> Option<DateTime<Utc>> {
        let text = self.plain(column)?;
        match read_day(text) {
            Some(day) => Some(day.end(self.times.days_in)),
            None => self.local(column, text),
        }
    }
}

/// Reads a day such as `2026-11-22`.
fn read_day(text: &str) -> Option<Moment> {
    let begins_with_year = text.bytes().next().is_some_and(|letter| letter.is_ascii_digit());
    let day: Moment = text.parse().ok()?;
    (begins_with_year && matches!(day, Moment::Day(_))).then_some(day)
}

/// Reads a quantity with a point before its decimals. Zeros at the end of the decimals and a plus sign count for nothing.
fn read_number(text: &str) -> Result<Quantity, String> {
    // No quantity is longer, and a long text is not looked through.
    let plain = text.get(..text.len().min(64)).unwrap_or_default();
    if let Some(comma) = plain.rfind(',') {
        let is_decimal = plain.rfind('.').is_none_or(|point| point < comma);
        return Err(if is_decimal {
            "This looks like a decimal comma. Write 1234.50: a point before the decimals, and nothing between thousands."
        } else {
            "This has commas between thousands. Write 1234.50: a point before the decimals, and nothing between thousands."
        }
        .to_owned());
    }
    let unsigned = plain.strip_prefix('+').unwrap_or(plain);
    let trimmed = match unsigned.split_once('.') {
        Some((whole, decimals)) if decimals.ends_with('0') => match decimals.trim_end_matches('0') {
            "" => whole.to_owned(),
            decimals => format!("{whole}.{decimals}"),
        },
        _ => unsigned.to_owned(),
    };
    if text.len() > plain.len() {
        return Err("Send a quantity such as 12.5: at most 12 digits and 6 decimals.".to_owned());
    }
    trimmed.parse::<Quantity>().map_err(|error| sentence(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_has_a_point_before_its_decimals() {
        for (text, quantity) in [
            ("12.5", "12.5"),
            ("-3", "-3"),
            ("24.000", "24"),
            ("+7", "7"),
            ("0.50000000", "0.5"),
            ("-0", "0"),
        ] {
            assert_eq!(read_number(text).expect("a quantity").to_string(), quantity, "{text}");
        }
        for text in ["1.234,50", "1234,5", "-,5", "1,234"] {
            assert!(
                read_number(text).expect_err("a rejection").contains("looks like a decimal comma"),
                "{text}"
            );
        }
        assert!(read_number("1,234.50").expect_err("a rejection").contains("between thousands"));
        for text in [
            "1234567890123",
            "0.1234567",
            "1e5",
            "",
            "-",
            "5-",
            "1 000",
            "NaN",
            &"1".repeat(1_000),
            &"\u{e9}".repeat(64),
        ] {
            let detail = read_number(text).expect_err("a rejection");
            assert!(detail.contains("12 digits and 6 decimals"), "{text}: {detail}");
        }
    }
}
