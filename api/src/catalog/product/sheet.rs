//! Rows of an upload: JSON items or CSV records. They are read in chunks.

use std::collections::HashSet;

use domain::refusal::Code;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service::catalog::codes::Codes;
use service::catalog::reorder::ReorderInput;
use strum::IntoEnumIterator;

use super::column::Column;
use super::stated::Stated;
use crate::body;
use crate::problem::{ApiError, ErrorCode, FieldProblem};
use crate::upload::{Form, Uploaded};
use crate::write::{MergePatch, merged};

/// Most rows of an upload.
const ROWS_MAX: usize = 100_000;
/// Field of an item with its reorder settings.
const REORDER: &str = "reorder";
/// Byte order mark that a UTF-8 file may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A table of products whose header is valid.
#[derive(Debug)]
pub(super) enum Sheet<'r> {
    /// One object per product.
    Json(Vec<&'r RawValue>),
    /// One record per product.
    Csv {
        /// Columns, in their order.
        columns: Vec<Column>,
        /// The file, without a byte order mark.
        text: &'r [u8],
    },
}

/// One row of a sheet.
#[derive(Debug)]
pub(super) struct Row<'r> {
    /// Row number. In JSON the first item is 1. In CSV the header is 1 and the first product 2.
    pub(super) place: usize,
    /// Content of the row, or its error.
    pub(super) content: Result<Content<'r>, ApiError>,
}

/// Content of a row.
#[derive(Debug)]
pub(super) struct Content<'r> {
    /// The product's SKU.
    pub(super) sku: String,
    cells: Cells<'r>,
}

#[derive(Debug)]
enum Cells<'r> {
    Json(&'r RawValue),
    Csv(Vec<(Column, String)>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items<'r> {
    #[serde(borrow)]
    items: Vec<&'r RawValue>,
}

/// Reorder settings of an item.
#[derive(Deserialize)]
struct Reordered {
    #[serde(default)]
    reorder: ReorderInput,
}

#[derive(Deserialize)]
struct OfSku {
    sku: String,
}

impl<'r> Sheet<'r> {
    /// Opens an upload. Reads the list of items, or the header of the file.
    pub(super) fn open(uploaded: &'r Uploaded) -> Result<Self, ApiError> {
        match uploaded.form {
            Form::Json => Self::of_json(&uploaded.raw),
            Form::Csv => Self::of_csv(&uploaded.raw),
        }
    }

    fn of_json(raw: &'r [u8]) -> Result<Self, ApiError> {
        let Items { items } = body::parse(raw)?;
        if items.len() > ROWS_MAX {
            return Err(too_many().at_pointer("/items"));
        }
        Ok(Sheet::Json(items))
    }

    fn of_csv(raw: &'r [u8]) -> Result<Self, ApiError> {
        let text = raw.strip_prefix(BYTE_ORDER_MARK).unwrap_or(raw);
        let malformed = |detail: &str| ApiError::new(ErrorCode::MalformedCsv, detail);
        let mut reader = reader(text);
        let header =
            reader.headers().map_err(|_| malformed("The header is not UTF-8; save the file as UTF-8."))?;
        if header.is_empty() {
            return Err(malformed("The file is empty. Its first row must name the columns."));
        }
        let mut columns = Vec::with_capacity(header.len());
        let mut seen = HashSet::new();
        for name in header {
            let name = name.trim();
            let column: Column = name.parse().map_err(|_| unknown_column(name))?;
            if !seen.insert(column) {
                let detail = format!("The header has the column {name} twice.");
                return Err(ApiError::new(Code::ValidationFailed, detail));
            }
            columns.push(column);
        }
        if !seen.contains(&Column::Sku) {
            let detail = "The header has no column sku, which identifies the product of a row.";
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
        if reader.into_byte_records().take(ROWS_MAX + 1).count() > ROWS_MAX {
            return Err(too_many());
        }
        Ok(Sheet::Csv { columns, text })
    }

    /// Whether it is CSV. Columns of CSV have names of their own.
    pub(super) fn is_csv(&self) -> bool {
        matches!(self, Sheet::Csv { .. })
    }

    /// Returns the rows.
    pub(super) fn rows(&self) -> Box<dyn Iterator<Item = Row<'r>> + '_> {
        match self {
            Sheet::Json(items) => {
                Box::new(items.iter().zip(1..).map(|(item, place)| Row { place, content: of_item(item) }))
            }
            Sheet::Csv { columns, text } => {
                let records = reader(text).into_byte_records();
                Box::new(
                    records
                        .zip(2..)
                        .map(|(record, place)| Row { place, content: of_record(columns, record) }),
                )
            }
        }
    }
}

impl Content<'_> {
    /// Returns the product after the row: its present values, replaced by those that the row names.
    pub(super) fn stated(&self, present: Option<Stated>, codes: &Codes) -> Result<Stated, ApiError> {
        match &self.cells {
            Cells::Json(item) => {
                let mut patch: MergePatch = body::parse(item.get().as_bytes())?;
                let (product, reorder) = present.map(|present| (present.product, present.reorder)).unzip();
                let reorder = reordered(reorder.unwrap_or_default(), patch.remove_entry(REORDER))?;
                let product = product.map(serde_json::to_value).transpose().map_err(ApiError::internal)?;
                Ok(Stated { product: merged(product.unwrap_or_default(), &patch)?, reorder })
            }
            Cells::Csv(cells) => {
                let mut input = present.unwrap_or_else(|| Stated::new(self.sku.as_str()));
                let mut problems = Vec::new();
                for (column, cell) in cells {
                    if let Err(detail) = column.state(&mut input, cell, codes) {
                        problems.push(at_column(*column, detail));
                    }
                }
                if problems.is_empty() {
                    return Ok(input);
                }
                Err(ApiError::of(Code::ValidationFailed).with_errors(problems))
            }
        }
    }
}

/// Returns the reorder settings after an item: the present values, replaced by those that the item names.
fn reordered(present: ReorderInput, named: Option<(String, Value)>) -> Result<ReorderInput, ApiError> {
    let Some(named) = named else { return Ok(present) };
    let Reordered { reorder } = merged(json!({ REORDER: present }), &MergePatch::from_iter([named]))?;
    Ok(reorder)
}

fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().flexible(true).delimiter(delimiter(text)).from_reader(text)
}

/// Returns the delimiter. Spreadsheets of many countries write semicolons, and a copied table has tabs. No column name
/// contains either.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    *b",;\t".iter().find(|delimiter| header.contains(delimiter)).unwrap_or(&b',')
}

fn at_column(column: Column, detail: String) -> FieldProblem {
    let code = Code::ValidationFailed.to_string();
    FieldProblem { pointer: Some(format!("#/{}", column.header())), code, detail, ..FieldProblem::default() }
}

fn of_item(item: &RawValue) -> Result<Content<'_>, ApiError> {
    if item.get().contains("\\u0000") {
        return Err(null_character());
    }
    let OfSku { sku } = body::parse(item.get().as_bytes())?;
    Ok(Content { sku, cells: Cells::Json(item) })
}

fn of_record<'r>(columns: &[Column], record: csv::Result<csv::ByteRecord>) -> Result<Content<'r>, ApiError> {
    let malformed = |detail: String| ApiError::new(ErrorCode::MalformedCsv, detail);
    let record = record.map_err(|error| malformed(error.to_string()))?;
    if record.len() != columns.len() {
        let detail = format!("The row has {} cells, and the header has {}.", record.len(), columns.len());
        return Err(malformed(detail));
    }
    let mut sku = String::new();
    let mut cells = Vec::with_capacity(columns.len());
    for (column, cell) in columns.iter().zip(&record) {
        let cell = std::str::from_utf8(cell)
            .map_err(|_| malformed(format!("The cell {} is not UTF-8.", column.header())))?;
        if cell.contains('\0') {
            return Err(null_character());
        }
        if *column == Column::Sku {
            sku = cell.to_owned();
        } else {
            cells.push((*column, cell.to_owned()));
        }
    }
    Ok(Content { sku, cells: Cells::Csv(cells) })
}

fn too_many() -> ApiError {
    ApiError::new(Code::ValidationFailed, format!("Send at most {ROWS_MAX} rows; split a longer file."))
}

fn null_character() -> ApiError {
    ApiError::new(Code::ValidationFailed, "A text must not contain a null character.")
}

fn unknown_column(name: &str) -> ApiError {
    let known = Column::iter().map(Column::header).collect::<Vec<_>>().join(", ");
    let detail = format!("There is no column {name}. The columns are {known}.");
    ApiError::new(ErrorCode::UnknownField, detail)
}
