//! A statement as CSV.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use domain::locale::Locale;
use domain::refusal::Code;
use serde::Deserialize;

use super::entry::Entry;
use crate::csv::{
    check_is_text, check_quotes, check_width, empty_file, is_filled, opened, read_cells, read_columns,
    reader, unreadable_header, unreadable_row, with_locale,
};
use crate::faults::Faults;
use crate::problem::{ApiError, ErrorCode};

/// A column.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
enum Column {
    Account,
    Reference,
    BookedOn,
    Amount,
    Currency,
    Counterparty,
    Text,
}

/// The form of the days of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Days {
    /// As 2026-01-31.
    #[default]
    Iso,
    /// As 31.01.2026, 31/1/2026 or 31-01-2026.
    DayFirst,
    /// As 01/31/2026.
    MonthFirst,
}

/// The form of the rows of a file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowForm {
    /// The form of numbers. Without it, they have a point before the decimals.
    pub(super) locale: Option<Locale>,
    pub(super) days: Days,
}

impl RowForm {
    /// Returns an entry with its day and its amount in the plain form. Nothing if one of them has another form, which is a fault.
    fn plain(self, mut entry: Entry, faults: &mut Faults) -> Option<Entry> {
        let before = faults.total();
        let amount = self.locale.map(|locale| locale.read_number(&entry.amount).map(Cow::into_owned));
        match amount {
            Some(Ok(amount)) => entry.amount = amount,
            Some(Err(detail)) => faults.invalid(entry.place, "amount", detail),
            None if entry.amount.contains(',') => {
                let detail = "Write an amount as 1234.50, with a point before the decimals and nothing between thousands.";
                faults.invalid(entry.place, "amount", with_locale(detail.to_owned(), &entry.amount, None));
            }
            None => {}
        }
        match self.days.plain(&entry.booked_on) {
            Ok(day) => entry.booked_on = day,
            Err(detail) => faults.invalid(entry.place, "booked_on", detail),
        }
        (faults.total() == before).then_some(entry)
    }
}

impl Days {
    /// Converts a day into the form 2026-01-31. A day of a file in that form is checked with its entry.
    fn plain(self, text: &str) -> Result<String, &'static str> {
        let parts: Vec<&str> = text.split(['.', '/', '-']).map(str::trim).collect();
        let (day, month, year, detail) = match (self, parts.as_slice()) {
            (Days::Iso, _) => return Ok(text.to_owned()),
            (Days::DayFirst, [day, month, year]) => (*day, *month, *year, DAY_FIRST),
            (Days::MonthFirst, [month, day, year]) => (*day, *month, *year, MONTH_FIRST),
            (Days::DayFirst, _) => return Err(DAY_FIRST),
            (Days::MonthFirst, _) => return Err(MONTH_FIRST),
        };
        let is_number = |text: &str, lengths: RangeInclusive<usize>| {
            lengths.contains(&text.len()) && text.bytes().all(|letter| letter.is_ascii_digit())
        };
        if !(is_number(day, 1..=2) && is_number(month, 1..=2) && is_number(year, 4..=4)) {
            return Err(detail);
        }
        Ok(format!("{year}-{month:0>2}-{day:0>2}"))
    }
}

const DAY_FIRST: &str = "Write a day as 31.01.2026, with four digits of the year, or leave `dates` out.";
const MONTH_FIRST: &str = "Write a day as 01/31/2026, with four digits of the year, or leave `dates` out.";

/// Columns that each file has.
const REQUIRED: [Column; 4] = [Column::Account, Column::Reference, Column::BookedOn, Column::Amount];

/// Reads at most `rows_max` rows, and one more. Returns the entries, and the number of rows. Rows that can't be read are faults.
pub(super) fn read(
    text: &str,
    form: RowForm,
    rows_max: usize,
    faults: &mut Faults,
) -> Result<(Vec<Entry>, usize), ApiError> {
    check_is_text(text.as_bytes())?;
    if text.trim().is_empty() {
        return Err(empty_file());
    }
    let lines = text.lines().count();
    if !text.ends_with(['\n', '\r']) {
        let detail = format!(
            "Line {lines} does not end with a line break: the file may be cut there. Send all of it, with a line break at its end."
        );
        return Err(ApiError::new(ErrorCode::MalformedCsv, detail));
    }
    let (text, delimiter) = opened(text.as_bytes());
    check_width(text, delimiter)?;
    check_quotes(text, delimiter)?;
    let mut reader = reader(text, delimiter);
    let header = reader.headers().map_err(|_| unreadable_header())?;
    let columns: Vec<Option<Column>> = read_columns(header)?;
    for column in REQUIRED {
        if !columns.contains(&Some(column)) {
            let header: &'static str = column.into();
            let detail = format!("The header has no column {header}. Name it in the first row.");
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
    }
    let records = reader.into_byte_records().zip(2..).filter(|(record, _)| is_filled(record));
    let (mut entries, mut rows) = (Vec::new(), 0);
    for (record, place) in records.take(rows_max + 1) {
        rows += 1;
        let cells = record.map_err(|_| unreadable_row()).and_then(|record| read_cells(&columns, &record));
        match cells {
            Ok(cells) => entries.extend(form.plain(entry(place, cells), faults)),
            Err(error) => faults.add_error(place, &error),
        }
    }
    Ok((entries, rows))
}

fn entry(place: usize, cells: Vec<(Column, String)>) -> Entry {
    let mut entry = Entry { place, ..Entry::default() };
    for (column, cell) in cells {
        let field = match column {
            Column::Account => &mut entry.account,
            Column::Reference => &mut entry.reference,
            Column::BookedOn => &mut entry.booked_on,
            Column::Amount => &mut entry.amount,
            Column::Currency => &mut entry.currency,
            Column::Counterparty => &mut entry.counterparty,
            Column::Text => &mut entry.text,
        };
        cell.trim().clone_into(field);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_form_that_is_stated() {
        for (days, text, plain) in [
            (Days::Iso, "2026-01-31", Some("2026-01-31")),
            (Days::DayFirst, "31.01.2026", Some("2026-01-31")),
            (Days::DayFirst, "1/2/2026", Some("2026-02-01")),
            (Days::MonthFirst, "1/2/2026", Some("2026-01-02")),
            (Days::DayFirst, "2026-01-31", None),
            (Days::DayFirst, "31.01.26", None),
            (Days::DayFirst, "31.01.2026.", None),
            (Days::MonthFirst, "31", None),
        ] {
            assert_eq!(days.plain(text).ok().as_deref(), plain, "{days:?} {text}");
        }
    }
}
