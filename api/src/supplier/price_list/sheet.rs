//! Rows of a price list: JSON items or CSV records, by product.

use std::collections::HashMap;

use domain::locale::Locale;
use domain::refusal::Code;
use domain::text::Code64;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::column::Column;
use crate::body::{self, AtMost, BODY_BYTES_MAX, without_mark};
use crate::csv::{
    check_is_text, check_quotes, check_width, is_filled, null_character, opened, read_cells, read_columns,
    reader, unreadable_header, unreadable_row,
};
use crate::faults::Faults;
use crate::problem::{ApiError, ErrorCode, FieldProblem};
use crate::schema::{BodySchema, json};
use crate::upload::{Form, Uploaded};
use crate::write::MergePatch;

/// Most rows of a price list.
const ROWS_MAX: usize = 20_000;

/// A price list that was read. Rows that can't be read are faults.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) is_csv: bool,
    /// Number of rows, also of those that can't be read.
    pub(super) rows: usize,
    pub(super) products: Vec<Product>,
    pub(super) faults: Faults,
    /// Form of the numbers of CSV.
    pub(super) locale: Option<Locale>,
}

/// The rows of a product: at least one.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) sku: Code64,
    pub(super) rows: Vec<Row>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    /// Row number. In JSON the first item is 1. In CSV the header is 1 and the first row after it 2.
    pub(super) place: usize,
    /// An empty cell clears the value. A column that is not there keeps it.
    pub(super) cells: Vec<(Column, String)>,
}

/// The cells of a row, or the reason why it can't be read.
type Read = Result<Vec<(Column, String)>, ApiError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items<'r> {
    #[serde(borrow)]
    items: AtMost<&'r RawValue, { ROWS_MAX + 1 }>,
}

impl Row {
    /// Returns the cell of a column, if the row has it.
    pub(super) fn cell(&self, column: Column) -> Option<&str> {
        self.cells.iter().find(|(known, _)| *known == column).map(|(_, cell)| cell.as_str())
    }
}

impl Sheet {
    /// Reads an upload.
    pub(super) fn read(uploaded: &Uploaded, locale: Option<Locale>) -> Result<Self, ApiError> {
        let (rows, is_csv) = match uploaded.form {
            Form::Json => (of_json(&uploaded.raw, &uploaded.schema)?, false),
            Form::Csv => (of_csv(&uploaded.raw)?, true),
        };
        let mut sheet =
            Sheet { is_csv, rows: rows.len(), products: Vec::new(), faults: Faults::default(), locale };
        let mut known: HashMap<String, usize> = HashMap::new();
        for (place, read) in rows {
            match read {
                Ok(cells) => sheet.add(&mut known, Row { place, cells }),
                Err(error) => sheet.faults.add_error(place, &error),
            }
        }
        Ok(sheet)
    }

    /// Adds a row to its product. `known` has the index of each product.
    fn add(&mut self, known: &mut HashMap<String, usize>, row: Row) {
        let sku = Code64::from(row.cell(Column::Sku).unwrap_or_default());
        let place = *known.entry(sku.to_string()).or_insert(self.products.len());
        match self.products.get_mut(place) {
            Some(product) => product.rows.push(row),
            None => self.products.push(Product { sku, rows: vec![row] }),
        }
    }
}

fn of_json(raw: &[u8], schema: &BodySchema) -> Result<Vec<(usize, Read)>, ApiError> {
    let Items { items: AtMost(items) } =
        body::parse_object(raw).map_err(|error| schema.explain_unread(raw, error))?;
    if items.len() > ROWS_MAX {
        return Err(too_many().at_pointer("/items"));
    }
    Ok((1..).zip(items.into_iter().map(of_item)).collect())
}

fn of_item(item: &RawValue) -> Read {
    check_length(item.get().len())?;
    let fields: MergePatch = body::parse(item.get().as_bytes())?;
    let (mut cells, mut problems) = (Vec::with_capacity(fields.len()), Vec::new());
    for (name, value) in fields {
        match of_field(&name, value) {
            Ok(cell) => cells.push(cell),
            Err(error) => {
                let mut pointer = "#".to_owned();
                json::push(&mut pointer, &name);
                let (code, detail) = (error.code().to_string(), error.detail().to_owned());
                problems.push(FieldProblem {
                    pointer: Some(pointer),
                    code,
                    detail,
                    ..FieldProblem::default()
                });
            }
        }
    }
    if problems.is_empty() {
        return Ok(cells);
    }
    Err(ApiError::of(Code::ValidationFailed).with_errors(problems))
}

/// Converts a field of a JSON item to a cell.
fn of_field(name: &str, value: Value) -> Result<(Column, String), ApiError> {
    let invalid = |detail: &str| ApiError::new(Code::ValidationFailed, detail);
    let unknown = |_| ApiError::new(ErrorCode::UnknownField, "There is no such field here. Leave it out.");
    let column = name.parse::<Column>().map_err(unknown)?;
    let cell = match (column, value) {
        (_, Value::Null) => String::new(),
        (Column::Preferred, Value::Bool(is_preferred)) => is_preferred.to_string(),
        (Column::Preferred, _) => return Err(invalid("Send true or false.")),
        (_, Value::String(text)) => text,
        (_, _) => return Err(invalid("Send a string. Numbers are strings too, such as \"12.5\".")),
    };
    if cell.contains('\0') {
        return Err(null_character());
    }
    Ok((column, cell))
}

fn of_csv(raw: &[u8]) -> Result<Vec<(usize, Read)>, ApiError> {
    check_is_text(raw)?;
    let (text, delimiter) = opened(without_mark(raw));
    check_width(text, delimiter)?;
    check_quotes(text, delimiter)?;
    let mut reader = reader(text, delimiter);
    let header = reader.headers().map_err(|_| unreadable_header())?;
    let columns: Vec<Option<Column>> = read_columns(header)?;
    if !columns.contains(&Some(Column::Sku)) {
        let detail = "The header has no column sku, which identifies the product of a row.";
        return Err(ApiError::new(Code::ValidationFailed, detail));
    }
    let records = reader.into_byte_records().zip(2..).filter(|(record, _)| is_filled(record));
    let read = records.take(ROWS_MAX + 1).map(|(record, place)| (place, of_record(&columns, record)));
    let rows: Vec<(usize, Read)> = read.collect();
    if rows.len() > ROWS_MAX {
        return Err(too_many());
    }
    Ok(rows)
}

fn of_record(columns: &[Option<Column>], record: ::csv::Result<::csv::ByteRecord>) -> Read {
    let record = record.map_err(|_| unreadable_row())?;
    check_length(record.as_slice().len())?;
    read_cells(columns, &record)
}

/// Rejects a row that is longer than the body of a single product may be.
fn check_length(bytes: usize) -> Result<(), ApiError> {
    if bytes <= BODY_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("A row has at most {BODY_BYTES_MAX} bytes.");
    Err(ApiError::new(Code::ValidationFailed, detail))
}

fn too_many() -> ApiError {
    ApiError::new(Code::ValidationFailed, format!("Send at most {ROWS_MAX} rows; split a longer list."))
}
