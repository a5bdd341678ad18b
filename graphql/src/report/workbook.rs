//! A report as an XLSX workbook: sheets with the rows, the totals, the definitions of the columns, and the period.
//!
//! Numbers and dates are typed. A text is a text: Excel runs none as a formula. Excel keeps 15 digits of a number, so a decimal
//! with more is a text.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use service::Error;

use super::{Column, Meta, Table};

/// Most significant digits of a number in Excel.
const DIGITS_MAX: usize = 15;
/// Most characters of a cell in Excel.
const CELL_MAX: usize = 32_767;
/// Width of the columns of the definitions, in characters.
const DEFINITION_WIDTH: u16 = 100;
/// The first row of the sheet `Period` that compares the report with the ledger.
const TIES_FROM: u32 = 12;
/// Narrowest column, in characters.
const WIDTH_MIN: usize = 12;

/// The formats of the cells.
struct Formats {
    header: Format,
    date: Format,
    /// By number of decimals.
    decimals: [Format; 7],
    /// A text in a column of numbers.
    right: Format,
    wrapped: Format,
}

impl Formats {
    fn new() -> Self {
        let decimal = |places: usize| match places {
            0 => Format::new().set_num_format("#,##0"),
            places => Format::new().set_num_format(format!("#,##0.{}", "0".repeat(places))),
        };
        Formats {
            header: Format::new().set_bold().set_text_wrap(),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            decimals: std::array::from_fn(decimal),
            right: Format::new().set_align(rust_xlsxwriter::FormatAlign::Right),
            wrapped: Format::new().set_text_wrap(),
        }
    }
}

impl Table {
    /// Returns an XLSX workbook.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, Error> {
        write(self).map_err(|error| Error::invariant(error.to_string()))
    }
}

fn write(table: &Table) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let formats = Formats::new();
    let columns = &table.columns;
    // The rows go to a file as they are written, so the memory does not grow with them.
    write_rows(
        workbook.add_worksheet_with_constant_memory()?.set_name(table.report)?,
        columns,
        &table.rows,
        &formats,
    )?;
    write_rows(workbook.add_worksheet().set_name("Totals")?, columns, &table.totals, &formats)?;
    write_definitions(workbook.add_worksheet().set_name("Definitions")?, columns, &formats)?;
    write_meta(workbook.add_worksheet().set_name("Period")?, &table.meta, &formats)?;
    workbook.save_to_buffer()
}

fn write_rows(
    sheet: &mut Worksheet,
    columns: &[Column],
    rows: &[Vec<Value>],
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0..).zip(columns) {
        sheet.set_column_width(at, u16::try_from(column.title.len().max(WIDTH_MIN)).unwrap_or(u16::MAX))?;
        sheet.write_string_with_format(0, at, &column.title, &formats.header)?;
    }
    for (row, values) in (1..).zip(rows) {
        for ((at, column), value) in (0..).zip(columns).zip(values) {
            write_cell(sheet, (row, at), column.kind, value, formats)?;
        }
    }
    if let (Ok(last_row), Ok(last_column)) = (u32::try_from(rows.len()), u16::try_from(columns.len())) {
        sheet.autofilter(0, 0, last_row, last_column.saturating_sub(1))?;
    }
    Ok(())
}

/// Writes a value as its column's type. Null is an empty cell.
fn write_cell(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    kind: &str,
    value: &Value,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    match kind {
        "integer" | "decimal" => {
            let decimal = text.parse::<Decimal>().ok().filter(is_kept);
            match decimal.and_then(|decimal| Some((decimal.scale(), decimal.to_f64()?))) {
                Some((scale, number)) => {
                    let format = usize::try_from(scale).ok().and_then(|scale| formats.decimals.get(scale));
                    sheet.write_number_with_format(
                        row,
                        at,
                        number,
                        format.unwrap_or(&formats.decimals[0]),
                    )?;
                }
                None => {
                    sheet.write_string_with_format(row, at, text, &formats.right)?;
                }
            }
        }
        "date" => match ExcelDateTime::parse_from_str(&text) {
            Ok(date) => {
                sheet.write_datetime_with_format(row, at, date, &formats.date)?;
            }
            // A day before 1900.
            Err(_) => {
                sheet.write_string(row, at, text)?;
            }
        },
        _ => {
            sheet.write_string(row, at, cut(text))?;
        }
    }
    Ok(())
}

/// Returns whether Excel keeps a number to its last digit.
fn is_kept(number: &Decimal) -> bool {
    number.mantissa().unsigned_abs().to_string().len() <= DIGITS_MAX
}

fn cut(text: String) -> String {
    if text.chars().nth(CELL_MAX).is_some() { text.chars().take(CELL_MAX).collect() } else { text }
}

fn write_definitions(sheet: &mut Worksheet, columns: &[Column], formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    for (at, title) in (0..).zip(["Column", "Name in the API", "Type", "Unit", "Meaning"]) {
        sheet.write_string_with_format(0, at, title, &formats.header)?;
    }
    for (row, column) in (1..).zip(columns) {
        let unit = column.unit.unwrap_or_default();
        for (at, text) in (0..).zip([&*column.title, column.name, column.kind, unit]) {
            sheet.write_string(row, at, text)?;
        }
        sheet.write_string_with_format(row, 4, &column.description, &formats.wrapped)?;
    }
    for at in 0..4 {
        sheet.set_column_width(at, 24)?;
    }
    sheet.set_column_width(4, DEFINITION_WIDTH)?;
    Ok(())
}

fn write_meta(sheet: &mut Worksheet, meta: &Meta, formats: &Formats) -> Result<(), XlsxError> {
    let or = |value: &Option<String>, none: &str| value.clone().unwrap_or_else(|| none.to_owned());
    let generated_at = meta.generated_at.text();
    let earlier =
        meta.compared_with.as_ref().map(|with| format!("{} to {}, not included", with.from, with.to));
    let days = meta.trade.and_then(|trade| trade.first_on.zip(trade.last_on));
    let trade = days.map(|(first, last)| format!("{} to {}", first.0, last.0)).unwrap_or_default();
    for (row, (title, text)) in (0..).zip([
        ("From", or(&meta.from, "the first document")),
        ("To, not included", or(&meta.to, "now")),
        ("Compared with", or(&earlier, "")),
        ("Happened by", or(&meta.as_of, "now")),
        ("Recorded by", or(&meta.known_at, "now")),
        ("Time zone of days", meta.time_zone.clone()),
        ("Trade", trade),
        ("Made at", generated_at),
        ("Rows", meta.row_count.to_string()),
        (
            "Has all rows",
            if meta.truncated { "no: the limit cut the rows; totals include all" } else { "yes" }.to_owned(),
        ),
        ("Agrees with the accounts", meta.ledger_accounts.join(", ")),
    ]) {
        sheet.write_string_with_format(row, 0, title, &formats.header)?;
        sheet.write_string(row, 1, text)?;
    }
    for (row, tie) in (TIES_FROM..).zip(meta.ties_to.iter().flatten()) {
        let accounts = tie.accounts.join(", ");
        let text = format!("{accounts}: {} in the ledger, {} in the report", tie.ledger.0, tie.report.0);
        sheet.write_string_with_format(row, 0, &tie.figure, &formats.header)?;
        sheet.write_string(row, 1, text)?;
    }
    sheet.set_column_width(0, 28)?;
    sheet.set_column_width(1, 48)?;
    Ok(())
}
