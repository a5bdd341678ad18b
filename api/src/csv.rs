//! The form that all CSV has in common: its parameters, its delimiter and its header.

use std::collections::HashSet;
use std::hash::Hash;
use std::str::FromStr;

use domain::locale::Locale;
use domain::refusal::Code;
use domain::text::read_cell;
use strum::IntoEnumIterator;

use crate::problem::{ApiError, ErrorCode};

/// Media type of CSV with a header.
pub const CSV: &str = "text/csv; charset=utf-8; header=present";

/// Remedy for a text that is not UTF-8.
pub(crate) const SAVE_AS_UTF_8: &str = "Save the file as \"CSV UTF-8\" in the spreadsheet, and send that file: \
     other encodings are not read, also if the Content-Type names one.";

/// Most cells of a row. The reader keeps the place of each.
pub(crate) const CELLS_MAX: usize = 1_000;

/// Returns the locale of the parameter `locale`.
pub fn locale(tag: Option<&str>) -> Result<Option<Locale>, ApiError> {
    let Some(tag) = tag else { return Ok(None) };
    Locale::of(tag.trim()).map(Some).ok_or_else(|| {
        let known = Locale::tags().collect::<Vec<_>>().join(", ");
        let detail =
            format!("There is no form of CSV for this locale. Send one of {known}, or leave it out.");
        ApiError::new(Code::ValidationFailed, detail).at_parameter("locale")
    })
}

/// Rejects a workbook, and a text that is not UTF-8.
pub(crate) fn check_is_text(raw: &[u8]) -> Result<(), ApiError> {
    let detail = match raw {
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            "This is a workbook. Save it as \"CSV UTF-8\" in the spreadsheet, and send that file."
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "The file is UTF-16. Save it as \"CSV UTF-8\".",
        _ => return Ok(()),
    };
    Err(ApiError::new(ErrorCode::MalformedCsv, detail))
}

/// Returns the rejection of a header that is not UTF-8.
pub(crate) fn unreadable_header() -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, format!("The header is not UTF-8. {SAVE_AS_UTF_8}"))
}

/// Returns the rejection of a file by a row that the reader can't read. The header is row 1.
pub(crate) fn unreadable_record(row: usize, header: &::csv::StringRecord, error: &::csv::Error) -> ApiError {
    let detail = if let ::csv::ErrorKind::Utf8 { err, .. } = error.kind() {
        let column = header.get(err.field()).map(plain_header).unwrap_or_default();
        format!("Row {row}: the cell {column} is not UTF-8. {SAVE_AS_UTF_8}")
    } else {
        format!("Row {row} can't be read. Check its quotes.")
    };
    ApiError::new(ErrorCode::MalformedCsv, detail)
}

/// Adds to the detail of a number that can't be read how to send one with a comma before its decimals.
pub(crate) fn with_locale(detail: String, cell: &str, locale: Option<Locale>) -> String {
    if locale.is_some() || !cell.contains(',') {
        return detail;
    }
    format!(
        "{detail} For numbers with a decimal comma, name the form of the file in the query, such as locale=de-DE."
    )
}

/// Adds row and column to the faults of a list that was read from CSV. `rows` has the row of each entry.
pub(crate) fn in_rows(error: ApiError, list: &str, rows: &[usize]) -> ApiError {
    error.with_each(|problem| {
        let Some(path) = problem.pointer.as_deref().and_then(|pointer| pointer.strip_prefix("#/")) else {
            return;
        };
        let mut parts = path.split('/');
        if parts.next() != Some(list) {
            return;
        }
        let row = parts.next().and_then(|index| rows.get(index.parse::<usize>().ok()?));
        let (Some(row), Some(column)) = (row, parts.next()) else { return };
        problem.detail = format!("Row {row}, column {column}: {}", problem.detail);
        problem.params.extend([("row", row.to_string()), ("column", column.to_owned())]);
    })
}

/// Returns the cell of each column in a header. The first `required` columns must be there.
pub(crate) fn places<const N: usize>(
    header: impl IntoIterator<Item = String>,
    columns: [&str; N],
    required: usize,
) -> Result<[Option<usize>; N], ApiError> {
    let mut places = [None; N];
    for (cell, name) in header.into_iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let place = columns.iter().position(|column| *column == name);
        let place = place.ok_or_else(|| unknown_column(&name, &columns))?;
        if places[place].replace(cell).is_some() {
            let detail = format!("The header has the column {name} twice. Leave one out.");
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
    }
    let missing = columns.iter().zip(&places).take(required).find(|(_, place)| place.is_none());
    match missing {
        Some((name, _)) => {
            let detail = format!("The header lacks the column {name}. Name it in the first row.");
            Err(ApiError::new(Code::ValidationFailed, detail))
        }
        None => Ok(places),
    }
}

/// A place in a row, as the reader finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The beginning of a cell.
    Start,
    /// A cell without quotes around it. A quote in it is a letter.
    Plain,
    /// A quoted cell.
    Quoted,
    /// After a quote in a quoted cell: its end, or the first half of a quote in it.
    Quote,
}

impl Place {
    /// Returns the place after a byte.
    pub fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Place::Start | Place::Quote, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) => Place::Quoted,
            (_, b'\r' | b'\n') => Place::Start,
            (_, byte) if byte == delimiter => Place::Start,
            (_, _) => Place::Plain,
        }
    }

    /// Whether a byte at this place ends the row.
    pub fn is_end(self, byte: u8) -> bool {
        self != Place::Quoted && matches!(byte, b'\r' | b'\n')
    }
}

/// Rejects a file with a row of too many cells, before the reader meets it.
pub(crate) fn check_width(text: &[u8], delimiter: u8) -> Result<(), ApiError> {
    let (mut place, mut cells) = (Place::Start, 1);
    for byte in text {
        let next = place.after(*byte, delimiter);
        if place.is_end(*byte) {
            cells = 1;
        } else if next == Place::Start {
            cells += 1;
        }
        place = next;
        if cells > CELLS_MAX {
            let detail = format!("A row has more than {CELLS_MAX} cells.");
            return Err(ApiError::new(ErrorCode::MalformedCsv, detail));
        }
    }
    Ok(())
}

/// Rejects a file that ends within a quoted cell: the rows after the quote would be a part of its text.
pub(crate) fn check_quotes(text: &[u8], delimiter: u8) -> Result<(), ApiError> {
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

/// Returns the file without a first line `sep=;`, which names the delimiter to spreadsheets, and its delimiter.
pub fn opened(text: &[u8]) -> (&[u8], u8) {
    let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") && delimiter.is_ascii() => {
            (rest, *delimiter)
        }
        _ => (text, delimiter(text)),
    }
}

/// Whether a cell of a record is filled. A spreadsheet writes delimiters also for rows whose cells were cleared.
pub(crate) fn is_filled(record: &::csv::Result<::csv::ByteRecord>) -> bool {
    let any = |record: &::csv::ByteRecord| record.iter().any(|cell| !cell.trim_ascii().is_empty());
    record.as_ref().map_or(true, any)
}

/// Returns the reader of a text that [`opened`] returned.
pub(crate) fn reader(text: &[u8], delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text)
}

/// Returns the name of a column from a header as people write it: `List Price` is `list_price`.
pub(crate) fn plain_header(header: &str) -> String {
    let blank = |letter: char| letter.is_whitespace() || letter == '-' || letter == '_';
    let words = header.split(blank).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// Reads a header. Returns the columns in their order; one without a name is `None`.
pub(crate) fn read_columns<C>(header: &::csv::StringRecord) -> Result<Vec<Option<C>>, ApiError>
where
    C: Copy + Eq + Hash + FromStr + IntoEnumIterator + Into<&'static str>,
{
    if header.is_empty() {
        return Err(empty_file());
    }
    let mut columns = Vec::with_capacity(header.len());
    let mut seen = HashSet::new();
    for name in header {
        let plain = plain_header(name);
        let column = match plain.as_str() {
            "" => None,
            plain => Some(plain.parse::<C>().map_err(|_| {
                let known: Vec<&'static str> = C::iter().map(Into::into).collect();
                unknown_column(name, &known)
            })?),
        };
        if column.is_some_and(|column| !seen.insert(column)) {
            let detail = format!("The header has the column {plain} twice.");
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// Returns the rejection of a column that is not known. Its name may be as long as the file, so its beginning is shown.
pub(crate) fn unknown_column(name: &str, known: &[&str]) -> ApiError {
    let shown: String = name.chars().take(100).collect();
    let detail = format!("There is no column {shown}. The columns are {}.", known.join(", "));
    ApiError::new(ErrorCode::UnknownField, detail)
}

/// Returns the cells of a row, each with its column.
pub(crate) fn read_cells<C: Copy + Into<&'static str>>(
    columns: &[Option<C>],
    record: &::csv::ByteRecord,
) -> Result<Vec<(C, String)>, ApiError> {
    let malformed = |detail: String| ApiError::new(ErrorCode::MalformedCsv, detail);
    if record.len() != columns.len() {
        let detail = format!("The row has {} cells, and the header has {}.", record.len(), columns.len());
        return Err(malformed(detail));
    }
    let mut cells = Vec::with_capacity(columns.len());
    for (column, cell) in columns.iter().zip(record) {
        let Some(column) = *column else {
            if cell.trim_ascii().is_empty() {
                continue;
            }
            return Err(malformed(
                "A cell stands in a column without a name. Name the column, or clear it.".to_owned(),
            ));
        };
        let header: &'static str = column.into();
        let cell = std::str::from_utf8(cell)
            .map_err(|_| malformed(format!("The cell {header} is not UTF-8. {SAVE_AS_UTF_8}")))?;
        if cell.contains('\0') {
            return Err(null_character());
        }
        cells.push((column, read_cell(cell).to_owned()));
    }
    Ok(cells)
}

/// Returns the rejection of a file without a header.
pub(crate) fn empty_file() -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, "The file is empty. Its first row must name the columns.")
}

/// Returns the rejection of a row that can't be read.
pub(crate) fn unreadable_row() -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, "The row can't be read. Check its quotes.")
}

/// Returns the rejection of a text that PostgreSQL can't keep.
pub(crate) fn null_character() -> ApiError {
    ApiError::new(Code::ValidationFailed, "A text must not contain a null character.")
}

/// Returns the delimiter. Spreadsheets of many countries write semicolons, and a copied table has tabs. No column name
/// contains either.
fn delimiter(text: &[u8]) -> u8 {
    let mut lines = text.split(|byte| matches!(byte, b'\r' | b'\n'));
    let header = lines.find(|line| !line.is_empty()).unwrap_or_default();
    *b",;\t".iter().find(|delimiter| header.contains(delimiter)).unwrap_or(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &[&str]) -> Result<[Option<usize>; 3], ApiError> {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        places(header, ["code", "name", "parent"], 2)
    }

    fn detail(header: &[&str]) -> String {
        found(header).expect_err("a rejection").detail().to_owned()
    }

    #[test]
    fn columns_are_found_in_any_order() {
        assert_eq!(found(&["name", "", "code"]).expect("places"), [Some(2), Some(0), None]);
        assert_eq!(detail(&["code"]), "The header lacks the column name. Name it in the first row.");
        let twice = "The header has the column code twice. Leave one out.";
        assert_eq!(detail(&["code", "name", "code"]), twice);
    }

    #[test]
    fn a_fault_of_an_entry_names_its_row_and_column() {
        let at = |pointer: &str| {
            let error = ApiError::new(Code::ValidationFailed, "Send a rate.").at_pointer(pointer);
            in_rows(error, "rates", &[2, 5])
        };
        let named = at("/rates/1/rate");
        assert_eq!(named.detail(), "Row 5, column rate: Send a rate.");
        assert_eq!(named.errors()[0].detail, named.detail());
        assert_eq!(named.errors()[0].params["row"], "5");
        for other in ["/rates", "/rates/2/rate", "/rates/x/rate", "/others/1/rate", ""] {
            assert_eq!(at(other).detail(), "Send a rate.", "{other}");
        }
    }

    #[test]
    fn an_unknown_column_is_shown_up_to_100_characters() {
        for letters in [100, 101, 100_000] {
            let shown = "ä".repeat(100);
            let expected = format!("There is no column {shown}. The columns are code, name, parent.");
            assert_eq!(detail(&["code", &"ä".repeat(letters)]), expected, "{letters}");
        }
    }
}
