//! A statement as CSV.

use domain::refusal::Code;

use super::entry::Entry;
use crate::csv::{
    Place, check_is_text, check_width, is_filled, opened, read_cells, read_columns, reader, unreadable_row,
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

/// Columns that each file has.
const REQUIRED: [Column; 4] = [Column::Account, Column::Reference, Column::BookedOn, Column::Amount];

/// Reads at most `rows_max` rows, and one more. Returns the entries, and the number of rows. Rows that can't be read are faults.
pub(super) fn read(
    text: &str,
    rows_max: usize,
    faults: &mut Faults,
) -> Result<(Vec<Entry>, usize), ApiError> {
    check_is_text(text.as_bytes())?;
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
    let header = reader.headers().map_err(|_| unreadable_row())?;
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
            Ok(cells) => entries.push(entry(place, cells)),
            Err(error) => faults.add_error(place, &error),
        }
    }
    Ok((entries, rows))
}

/// Rejects a file that ends within a quoted cell: the rows after the quote would be a part of its text.
fn check_quotes(text: &[u8], delimiter: u8) -> Result<(), ApiError> {
    let (mut place, mut line, mut quoted_at) = (Place::Start, 1, 1);
    for byte in text {
        let next = place.after(*byte, delimiter);
        if (place, next) == (Place::Start, Place::Quoted) {
            quoted_at = line;
        }
        line += usize::from(*byte == b'\n');
        place = next;
    }
    if place == Place::Quoted {
        let detail = format!(
            "The quoted cell that begins in line {quoted_at} has no end. Close it, or write a quote in a cell twice."
        );
        return Err(ApiError::new(ErrorCode::MalformedCsv, detail));
    }
    Ok(())
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
