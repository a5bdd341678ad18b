//! Rows of an input, as JSON or as CSV, read one by one.

mod members;

use csv::{ByteRecord, StringRecord};
use domain::refusal::Code;
use domain::text::read_cell;
use serde_json::Value;
use serde_json::value::RawValue;

use self::members::{Fields, Members};
use super::fault::Fault;
use crate::body::{self, AtMost, BODY_BYTES_MAX, without_mark};
use crate::csv::{
    SAVE_AS_UTF_8, check_is_text, check_width, is_filled, opened, plain_header, reader, unknown_column,
    unreadable_header,
};
use crate::problem::{ApiError, ErrorCode};
use crate::schema::json;
use crate::upload::{Form, Uploaded};

/// Most rows of a request.
pub(in crate::reconciliation) const ROWS_MAX: usize = 100_000;

/// A column of CSV, which is a field of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reconciliation) struct Column {
    pub(in crate::reconciliation) name: &'static str,
    value: Kind,
    is_required: bool,
}

/// The form of a value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A string.
    Text,
    /// A whole number, or a string of one.
    Whole,
    /// A whole number, or a string of a decimal.
    Decimal,
    /// A list.
    List,
}

/// A column that each row fills.
pub(in crate::reconciliation) const fn required(name: &'static str) -> Column {
    Column { name, value: Kind::Text, is_required: true }
}

/// A column that may be absent.
pub(in crate::reconciliation) const fn optional(name: &'static str) -> Column {
    Column { name, value: Kind::Text, is_required: false }
}

/// A column that may be absent, and that is a whole number.
pub(in crate::reconciliation) const fn whole(name: &'static str) -> Column {
    Column { name, value: Kind::Whole, is_required: false }
}

/// A column that may be absent, and that is a decimal, in JSON also as a whole number.
pub(in crate::reconciliation) const fn decimal(name: &'static str) -> Column {
    Column { name, value: Kind::Decimal, is_required: false }
}

/// A column that may be absent, and that is a list in JSON.
pub(in crate::reconciliation) const fn list(name: &'static str) -> Column {
    Column { name, value: Kind::List, is_required: false }
}

/// A table whose header is valid.
#[derive(Debug)]
pub(in crate::reconciliation) struct Table<'r> {
    columns: &'static [Column],
    source: Source<'r>,
}

#[derive(Debug)]
enum Source<'r> {
    Json {
        /// One object a row.
        items: Vec<&'r RawValue>,
        layout: Layout,
    },
    Csv {
        /// For each column its cell in a record.
        places: Vec<Option<usize>>,
        /// Cells without a header. They must be empty.
        unnamed: Vec<usize>,
        width: usize,
        /// The file, from its header on.
        text: &'r [u8],
        delimiter: u8,
    },
}

/// The layout of the rows in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reconciliation) enum Layout {
    Csv,
    /// `{"data":[…]}`.
    Data,
    /// `[…]`.
    List,
    /// One row, without a list.
    One,
}

impl Layout {
    /// Returns the pointer to a row, or to a field of it. A row of CSV has none.
    pub(in crate::reconciliation) fn pointer(self, place: usize, field: Option<&str>) -> Option<String> {
        let mut pointer = match self {
            Layout::Csv => return None,
            Layout::Data => format!("#/data/{}", place - 1),
            Layout::List => format!("#/{}", place - 1),
            Layout::One => "#".to_owned(),
        };
        if let Some(field) = field {
            json::push(&mut pointer, field);
        }
        Some(pointer)
    }
}

/// A row of a table.
#[derive(Debug)]
pub(in crate::reconciliation) struct Row<'t> {
    /// Row number. In JSON the first row is 1. In CSV the header is 1.
    pub(in crate::reconciliation) place: usize,
    /// Its values, or the reason why it can't be read.
    pub(in crate::reconciliation) cells: Result<Cells<'t>, Vec<Fault>>,
}

/// The values of a row.
#[derive(Debug)]
pub(in crate::reconciliation) struct Cells<'t> {
    columns: &'static [Column],
    values: Values<'t>,
}

#[derive(Debug)]
enum Values<'t> {
    /// In the order of the columns.
    Json(Vec<Option<String>>),
    Csv {
        record: StringRecord,
        places: &'t [Option<usize>],
    },
}

impl Cells<'_> {
    /// Returns the value of a column, without blanks around it. Returns nothing if it is absent or empty.
    ///
    /// # Panics
    ///
    /// If the table has no such column.
    pub(in crate::reconciliation) fn get(&self, name: &str) -> Option<&str> {
        let place = self.columns.iter().position(|column| column.name == name);
        let place = place.expect("a row is read by the columns of its table");
        let text = match &self.values {
            Values::Json(values) => values[place].as_deref()?.trim(),
            Values::Csv { record, places } => read_cell(record.get(places[place]?)?.trim()),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl<'r> Table<'r> {
    /// Opens an upload. Reads the list of rows, or the header of the file.
    pub(in crate::reconciliation) fn open(
        uploaded: &'r Uploaded,
        columns: &'static [Column],
    ) -> Result<Self, ApiError> {
        let source = match uploaded.form {
            Form::Json => of_json(&uploaded.raw)?,
            Form::Csv => of_csv(&uploaded.raw, columns)?,
        };
        Ok(Table { columns, source })
    }

    /// Returns the layout of its rows.
    pub(in crate::reconciliation) fn layout(&self) -> Layout {
        match self.source {
            Source::Json { layout, .. } => layout,
            Source::Csv { .. } => Layout::Csv,
        }
    }

    /// Returns the rows. Empty lines of CSV are no rows.
    pub(in crate::reconciliation) fn rows(&self) -> Box<dyn Iterator<Item = Row<'_>> + '_> {
        let columns = self.columns;
        match &self.source {
            Source::Json { items, .. } => Box::new(items.iter().zip(1..).map(move |(item, place)| {
                let values = of_item(columns, item).map(Values::Json);
                Row { place, cells: values.map(|values| Cells { columns, values }) }
            })),
            Source::Csv { places, unnamed, width, text, delimiter } => {
                let records = reader(text, *delimiter).into_byte_records().zip(2..);
                Box::new(records.filter(|(record, _)| is_filled(record)).map(move |(record, place)| {
                    let record = of_record(record, *width, unnamed);
                    let values = record.map(|record| Values::Csv { record, places });
                    Row { place, cells: values.map(|values| Cells { columns, values }) }
                }))
            }
        }
    }
}

/// Reads `{"data":[…]}`, `[…]`, or one row.
fn of_json(raw: &[u8]) -> Result<Source<'_>, ApiError> {
    const MAX: usize = ROWS_MAX + 1;
    let is_list = without_mark(raw).trim_ascii_start().first() == Some(&b'[');
    let (AtMost(items), layout) = if is_list {
        (body::parse::<AtMost<&RawValue, MAX>>(raw)?, Layout::List)
    } else {
        match body::parse_object::<Members<'_>>(raw)?.data()? {
            None => (AtMost(vec![body::parse::<&RawValue>(raw)?]), Layout::One),
            Some(data) => {
                let items = body::parse::<AtMost<&RawValue, MAX>>(data.get().as_bytes());
                let items = items.map_err(|_| {
                    ApiError::new(Code::ValidationFailed, "Send a list of rows.").at_pointer("/data")
                })?;
                (items, Layout::Data)
            }
        }
    };
    if items.len() > ROWS_MAX {
        return Err(too_many());
    }
    Ok(Source::Json { items, layout })
}

fn of_csv<'r>(raw: &'r [u8], columns: &'static [Column]) -> Result<Source<'r>, ApiError> {
    check_is_text(raw)?;
    if raw.starts_with(&[0x1f, 0x8b]) {
        return Err(malformed(
            "This is compressed with gzip. Send it with Content-Encoding: gzip, or unpacked.",
        ));
    }
    let (text, delimiter) = opened(without_mark(raw));
    check_width(text, delimiter)?;
    let mut reader = reader(text, delimiter);
    let header = reader.headers().map_err(|_| unreadable_header())?;
    if header.is_empty() {
        return Err(malformed("The file is empty. Its first row must name the columns."));
    }
    let width = header.len();
    let (places, unnamed) = read_header(header, columns)?;
    if reader.into_byte_records().take(ROWS_MAX + 1).count() > ROWS_MAX {
        return Err(too_many());
    }
    Ok(Source::Csv { places, unnamed, width, text, delimiter })
}

/// Returns for each column its cell, and the cells without a header.
fn read_header(
    header: &StringRecord,
    columns: &'static [Column],
) -> Result<(Vec<Option<usize>>, Vec<usize>), ApiError> {
    if let Some(name) = joined(header, columns) {
        let shown: String = name.chars().take(100).collect();
        return Err(malformed(&format!(
            "The header is one cell: {shown}. Separate cells by commas, semicolons or tabs."
        )));
    }
    let (mut places, mut unnamed) = (vec![None; columns.len()], Vec::new());
    for (cell, name) in header.iter().enumerate() {
        let plain = plain_header(name);
        if plain.is_empty() {
            unnamed.push(cell);
            continue;
        }
        let place = columns.iter().position(|column| column.name == plain);
        let place = place.ok_or_else(|| {
            let known: Vec<&str> = columns.iter().map(|column| column.name).collect();
            unknown_column(name, &known)
        })?;
        if places[place].replace(cell).is_some() {
            let detail = format!("The header has the column {plain} twice. Leave one out.");
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
    }
    let is_missing = |(column, place): &(&Column, &Option<usize>)| column.is_required && place.is_none();
    let missing = columns.iter().zip(&places).filter(is_missing).map(|(column, _)| column.name);
    let missing: Vec<&str> = missing.collect();
    if !missing.is_empty() {
        let detail =
            format!("The header lacks the columns {}. Name each in the first row.", missing.join(", "));
        return Err(ApiError::new(Code::ValidationFailed, detail));
    }
    Ok((places, unnamed))
}

/// Returns the only cell of a header if it names several columns: another character separates them.
fn joined<'h>(header: &'h StringRecord, columns: &[Column]) -> Option<&'h str> {
    let name = header.get(0).filter(|_| header.len() == 1)?;
    let named = columns.iter().filter(|column| name.contains(column.name));
    (named.count() > 1).then_some(name)
}

fn of_record(
    record: csv::Result<ByteRecord>,
    width: usize,
    unnamed: &[usize],
) -> Result<StringRecord, Vec<Fault>> {
    let malformed = |detail: String| vec![Fault::whole(ErrorCode::MalformedCsv, detail)];
    let record = record.map_err(|_| malformed("The row can't be read. Check its quotes.".to_owned()))?;
    if record.as_slice().len() > BODY_BYTES_MAX {
        return Err(malformed(format!("A row has at most {BODY_BYTES_MAX} bytes. Check its quotes.")));
    }
    if record.len() != width {
        let cells = record.len();
        return Err(malformed(format!("The row has {cells} cells, and the header has {width}.")));
    }
    let record = StringRecord::from_byte_record(record)
        .map_err(|_| malformed(format!("The row is not UTF-8. {SAVE_AS_UTF_8}")))?;
    if unnamed.iter().any(|cell| record.get(*cell).is_some_and(|cell| !cell.trim().is_empty())) {
        let detail = "A cell stands in a column without a name. Name the column, or clear it.";
        return Err(malformed(detail.to_owned()));
    }
    if record.as_slice().contains('\0') {
        return Err(vec![null_character(None)]);
    }
    Ok(record)
}

/// Returns the values of an item, in the order of the columns.
fn of_item(columns: &'static [Column], item: &RawValue) -> Result<Vec<Option<String>>, Vec<Fault>> {
    if item.get().len() > BODY_BYTES_MAX {
        let detail = format!("A row has at most {BODY_BYTES_MAX} bytes.");
        return Err(vec![Fault::whole(Code::ValidationFailed, detail)]);
    }
    let Ok(Fields(fields)) = serde_json::from_str(item.get()) else {
        return Err(vec![Fault::whole(Code::ValidationFailed, "A row is an object: { … }.")]);
    };
    let (mut values, mut faults) = (vec![None; columns.len()], Vec::new());
    let mut seen = vec![false; columns.len()];
    for (name, value) in fields {
        let place = columns.iter().position(|column| column.name == name);
        let Some(place) = place else {
            let shown: String = name.chars().take(100).collect();
            let detail = "There is no such field here. Leave it out.";
            faults.push(Fault::new(&shown, ErrorCode::UnknownField, detail));
            continue;
        };
        let column = columns[place];
        if std::mem::replace(&mut seen[place], true) {
            let detail = "This field is sent twice: send it once.";
            faults.push(Fault::new(column.name, Code::ValidationFailed, detail));
            continue;
        }
        match plain(column, value) {
            Ok(Some(text)) if text.contains('\0') => faults.push(null_character(Some(column.name))),
            Ok(text) => values[place] = text,
            Err(detail) => faults.push(Fault::new(column.name, Code::ValidationFailed, detail)),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// Returns a value of JSON as a text.
fn plain(column: Column, value: Value) -> Result<Option<String>, &'static str> {
    match (column.value, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Text | Kind::Whole | Kind::Decimal, Value::String(text)) => Ok(Some(text)),
        (Kind::Whole | Kind::Decimal, Value::Number(number)) if !number.is_f64() => {
            Ok(Some(number.to_string()))
        }
        (Kind::List, list @ Value::Array(_)) => Ok(Some(list.to_string())),
        (Kind::Text, _) => Err("Send a string. Decimals are strings too, such as \"12.5\"."),
        (Kind::Whole, _) => Err("Send a whole number."),
        (Kind::Decimal, _) => Err("Send a whole number, or a decimal as a string such as \"2.5\"."),
        (Kind::List, _) => Err("Send a list."),
    }
}

fn null_character(column: Option<&str>) -> Fault {
    let detail = "A text must not contain a null character.";
    match column {
        Some(column) => Fault::new(column, Code::ValidationFailed, detail),
        None => Fault::whole(Code::ValidationFailed, detail),
    }
}

fn malformed(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, detail)
}

fn too_many() -> ApiError {
    let detail = format!("Send at most {ROWS_MAX} rows; split a longer file.");
    ApiError::new(Code::ValidationFailed, detail)
}
