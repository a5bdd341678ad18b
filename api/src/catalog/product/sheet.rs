//! Rows of an upload: JSON items or CSV records. They are read in chunks.

use domain::locale::Locale;
use domain::refusal::Code;
use domain::text::Code64;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service::catalog::codes::Codes;
use service::catalog::reorder::ReorderInput;

use super::column::Column;
use super::stated::Stated;
use crate::body::{self, AtMost, BODY_BYTES_MAX, without_mark};
use crate::csv::{
    check_is_text, check_quotes, check_width, is_filled, null_character, opened, read_cells, read_columns,
    reader, unreadable_header, unreadable_row, with_locale,
};
use crate::problem::{ApiError, FieldProblem};
use crate::schema::BodySchema;
use crate::upload::{Form, Uploaded};
use crate::write::{MergePatch, merged};

/// Most rows of an upload.
const ROWS_MAX: usize = 100_000;
/// Field of an item with its reorder settings.
const REORDER: &str = "reorder";

/// A table of products whose header is valid.
#[derive(Debug)]
pub(super) enum Sheet<'r> {
    /// One object per product.
    Json {
        items: Vec<&'r RawValue>,
        /// Schema of an item.
        schema: BodySchema,
    },
    /// One record per product.
    Csv {
        /// Columns, in their order. One without a header has no cells.
        columns: Vec<Option<Column>>,
        /// The file, from its header on.
        text: &'r [u8],
        delimiter: u8,
        /// Form of the numbers; without one they have a point.
        locale: Option<Locale>,
        /// Number of the filled rows, without the header.
        filled: usize,
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
    pub(super) sku: Code64,
    cells: Cells<'r>,
    /// Schema of an item of JSON.
    schema: Option<BodySchema>,
    /// Form of the numbers of CSV.
    locale: Option<Locale>,
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
    items: AtMost<&'r RawValue, { ROWS_MAX + 1 }>,
}

/// Reorder settings of an item.
#[derive(Deserialize)]
struct Reordered {
    #[serde(default)]
    reorder: ReorderInput,
}

#[derive(Deserialize)]
struct OfSku {
    sku: Code64,
}

impl<'r> Sheet<'r> {
    /// Opens an upload. Reads the list of items, or the header of the file.
    pub(super) fn open(uploaded: &'r Uploaded, locale: Option<Locale>) -> Result<Self, ApiError> {
        match uploaded.form {
            Form::Json => Self::of_json(&uploaded.raw, &uploaded.schema),
            Form::Csv => Self::of_csv(&uploaded.raw, locale),
        }
    }

    fn of_json(raw: &'r [u8], schema: &BodySchema) -> Result<Self, ApiError> {
        let Items { items: AtMost(items) } =
            body::parse_object(raw).map_err(|error| schema.explain_unread(raw, error))?;
        if items.len() > ROWS_MAX {
            return Err(too_many().at_pointer("/items"));
        }
        Ok(Sheet::Json { items, schema: schema.clone().of_items() })
    }

    fn of_csv(raw: &'r [u8], locale: Option<Locale>) -> Result<Self, ApiError> {
        check_is_text(raw)?;
        let (text, delimiter) = opened(without_mark(raw));
        check_width(text, delimiter)?;
        check_quotes(text, delimiter)?;
        let mut reader = reader(text, delimiter);
        let header = reader.headers().map_err(|_| unreadable_header())?;
        let columns = read_columns(header)?;
        if !columns.contains(&Some(Column::Sku)) {
            let detail = "The header has no column sku, which identifies the product of a row.";
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
        let (mut rows, mut filled) = (0, 0);
        for record in reader.into_byte_records().take(ROWS_MAX + 1) {
            rows += 1;
            filled += usize::from(is_filled(&record));
        }
        if rows > ROWS_MAX {
            return Err(too_many());
        }
        Ok(Sheet::Csv { columns, text, delimiter, locale, filled })
    }

    /// Returns the number of rows that [`rows`](Sheet::rows) returns.
    pub(super) fn len(&self) -> usize {
        match self {
            Sheet::Json { items, .. } => items.len(),
            Sheet::Csv { filled, .. } => *filled,
        }
    }

    /// Whether it is CSV. Columns of CSV have names of their own.
    pub(super) fn is_csv(&self) -> bool {
        matches!(self, Sheet::Csv { .. })
    }

    /// Returns the rows.
    pub(super) fn rows(&self) -> Box<dyn Iterator<Item = Row<'r>> + '_> {
        match self {
            Sheet::Json { items, schema } => Box::new(
                items.iter().zip(1..).map(|(item, place)| Row { place, content: of_item(item, schema) }),
            ),
            Sheet::Csv { columns, text, delimiter, locale, .. } => {
                let records = reader(text, *delimiter).into_byte_records();
                let filled = records.zip(2..).filter(|(record, _)| is_filled(record));
                Box::new(
                    filled.map(|(record, place)| Row { place, content: of_record(columns, record, *locale) }),
                )
            }
        }
    }
}

impl Content<'_> {
    /// Returns the product after the row: its present values, replaced by those that the row names.
    pub(super) fn stated(&self, present: Option<Stated>, codes: &Codes) -> Result<Stated, ApiError> {
        match &self.cells {
            Cells::Json(item) => self.of_patch(item, present).map_err(|error| match &self.schema {
                Some(schema) => schema.explain_unread(item.get().as_bytes(), error),
                None => error,
            }),
            Cells::Csv(cells) => {
                let mut input = present.unwrap_or_else(|| Stated::new(self.sku.clone()));
                let mut problems = Vec::new();
                for (column, cell) in cells {
                    let plain = match self.locale {
                        Some(locale) if column.is_number() => locale.read_number(cell),
                        _ => Ok(cell.into()),
                    };
                    if let Err(detail) = plain.and_then(|plain| column.state(&mut input, &plain, codes)) {
                        let detail = match column.is_number() {
                            true => with_locale(detail, cell, self.locale),
                            false => detail,
                        };
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

    fn of_patch(&self, item: &RawValue, present: Option<Stated>) -> Result<Stated, ApiError> {
        let mut patch: MergePatch = body::parse(item.get().as_bytes())?;
        let (product, reorder) = present.map(|present| (present.product, present.reorder)).unzip();
        let reorder = reordered(reorder.unwrap_or_default(), patch.remove_entry(REORDER))?;
        let product = product.map(serde_json::to_value).transpose().map_err(ApiError::internal)?;
        Ok(Stated { product: merged(product.unwrap_or_default(), &patch)?, reorder })
    }
}

/// Returns the reorder settings after an item: the present values, replaced by those that the item names.
fn reordered(present: ReorderInput, named: Option<(String, Value)>) -> Result<ReorderInput, ApiError> {
    let Some(named) = named else { return Ok(present) };
    let Reordered { reorder } = merged(json!({ REORDER: present }), &MergePatch::from_iter([named]))?;
    Ok(reorder)
}

/// Rejects a row that is longer than the body of a single product may be. Its lists would take many times its length.
fn check_length(bytes: usize) -> Result<(), ApiError> {
    if bytes <= BODY_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("A product has at most {BODY_BYTES_MAX} bytes.");
    Err(ApiError::new(Code::ValidationFailed, detail))
}

fn at_column(column: Column, detail: String) -> FieldProblem {
    let code = Code::ValidationFailed.to_string();
    FieldProblem { pointer: Some(format!("#/{}", column.header())), code, detail, ..FieldProblem::default() }
}

fn of_item<'r>(item: &'r RawValue, schema: &BodySchema) -> Result<Content<'r>, ApiError> {
    check_length(item.get().len())?;
    if item.get().contains("\\u0000") {
        return Err(null_character());
    }
    let raw = item.get().as_bytes();
    let OfSku { sku } = body::parse(raw).map_err(|error| schema.explain_unread(raw, error))?;
    Ok(Content { sku, cells: Cells::Json(item), schema: Some(schema.clone()), locale: None })
}

fn of_record<'r>(
    columns: &[Option<Column>],
    record: ::csv::Result<::csv::ByteRecord>,
    locale: Option<Locale>,
) -> Result<Content<'r>, ApiError> {
    let record = record.map_err(|_| unreadable_row())?;
    check_length(record.as_slice().len())?;
    let mut cells = read_cells(columns, &record)?;
    let place = cells.iter().position(|(column, _)| *column == Column::Sku);
    let sku = place.map(|place| Code64::from(cells.remove(place).1)).unwrap_or_default();
    Ok(Content { sku, cells: Cells::Csv(cells), schema: None, locale })
}

fn too_many() -> ApiError {
    ApiError::new(Code::ValidationFailed, format!("Send at most {ROWS_MAX} rows; split a longer file."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::CELLS_MAX;
    use crate::problem::ErrorCode;

    fn code(text: &str) -> Option<ErrorCode> {
        Sheet::of_csv(text.as_bytes(), None).err().map(|error| error.code())
    }

    #[test]
    fn a_row_has_few_cells() {
        let wide = ",".repeat(CELLS_MAX);
        assert_eq!(code(&format!("sku{wide}\r\n")), Some(ErrorCode::MalformedCsv));
        assert_eq!(code(&format!("sku,name\r\nA,B\r\nA{wide}\r\n")), Some(ErrorCode::MalformedCsv));
        assert_eq!(code(&format!("sku,name\r\nA,B\rA{wide}\r\n")), Some(ErrorCode::MalformedCsv));
        assert_eq!(code(&format!("sku,name\r\nA,\"B\"{wide}\r\n")), Some(ErrorCode::MalformedCsv));
        assert_eq!(code(&format!("sku,name\r\nA,\"say \"\"{wide}\"\"\"\r\n")), None, "they are in a text");
        assert_eq!(code(&format!("sku,name\r\n{}", "A,B\r\n".repeat(CELLS_MAX))), None);
    }

    #[test]
    fn a_row_is_no_longer_than_a_product() {
        let read = |text: &str| {
            let sheet = Sheet::of_csv(text.as_bytes(), None).expect("a sheet");
            let row = sheet.rows().next().expect("a row");
            row.content.err().map(|error| error.detail().to_owned())
        };
        let row = |length: usize| format!("sku,description\r\nA,{}\r\n", "x".repeat(length - 1));
        assert_eq!(read(&row(BODY_BYTES_MAX)), None);
        let detail = read(&row(BODY_BYTES_MAX + 1)).expect("a rejection");
        assert!(detail.contains("262144 bytes"), "{detail}");
        let item = format!(r#"{{"sku":"A","tags":[{}0]}}"#, "0,".repeat(BODY_BYTES_MAX / 2));
        let item = RawValue::from_string(item).expect("JSON");
        assert!(check_length(item.get().len()).is_err());
    }
}
