//! A report as a table: JSON, CSV, NDJSON, XLSX.

use std::borrow::Cow;
use std::io::Write as _;

use async_graphql::OutputType;
use domain::locale::Locale;
use domain::text::neutral_cell;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;
use service::Error;

use super::column::is_cost;
use super::{Column, Meta, Report, Request};

/// UTF-8 byte order mark, from which Excel learns the encoding.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Format {
    /// One JSON object with columns, rows, totals and meta.
    Json,
    /// RFC 4180: a header row with the names of the columns, then the rows.
    Csv,
    /// One JSON object per row, one row per line.
    Ndjson,
    /// An Excel workbook: typed rows, totals, and the definitions of the columns.
    Xlsx,
}

/// A report as a table.
#[derive(Debug, Clone)]
pub struct Table {
    pub report: &'static str,
    pub columns: Vec<Column>,
    /// One value for each column.
    pub rows: Vec<Vec<Value>>,
    /// One row for each currency, over everything that the report covers.
    pub totals: Vec<Vec<Value>>,
    pub meta: Meta,
}

impl Table {
    pub(super) fn new<R: Serialize + OutputType>(
        request: &Request,
        report: Report<R>,
    ) -> Result<Self, Error> {
        let cells = |rows: Vec<R>| -> Result<Vec<Vec<Value>>, Error> {
            rows.iter().map(|row| cells(&report.columns, row)).collect()
        };
        let (rows, totals) = (cells(report.rows)?, cells(report.totals)?);
        Ok(Table { report: request.name.into(), rows, totals, columns: report.columns, meta: report.meta })
    }

    /// Replaces every cost by null.
    #[must_use]
    pub fn without_costs(mut self) -> Self {
        let costs: Vec<usize> =
            (0..self.columns.len()).filter(|at| is_cost(self.columns[*at].name)).collect();
        for row in self.rows.iter_mut().chain(&mut self.totals) {
            for at in &costs {
                row[*at] = Value::Null;
            }
        }
        self
    }

    /// Returns the table as one JSON object.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::invariant(error.to_string()))
    }

    /// Returns the rows as one JSON object per line.
    pub fn to_ndjson(&self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        for values in &self.rows {
            let row = Row { columns: &self.columns, values };
            serde_json::to_writer(&mut text, &row).map_err(|error| Error::invariant(error.to_string()))?;
            text.push(b'\n');
        }
        Ok(text)
    }

    /// Returns the rows as CSV under a header row; null is empty. No spreadsheet runs a text as a formula. Excel needs the
    /// byte order mark. A locale gives numbers and dates their form, and the sign between cells.
    pub fn to_csv(&self, byte_order_mark: bool, locale: Option<Locale>) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        if byte_order_mark {
            text.extend_from_slice(BYTE_ORDER_MARK);
        }
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .delimiter(locale.map_or(b',', Locale::delimiter))
            .from_writer(text);
        let mut write = || -> csv::Result<()> {
            writer.write_record(self.columns.iter().map(|column| column.name))?;
            for row in &self.rows {
                for (column, value) in self.columns.iter().zip(row) {
                    match value {
                        Value::Null => writer.write_field("")?,
                        Value::String(text) => {
                            writer.write_field(cell(text, column.kind, locale).as_bytes())?;
                        }
                        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                            writer.write_field(value.to_string())?;
                        }
                    }
                }
                writer.write_record(None::<&[u8]>)?;
            }
            writer.flush()?;
            Ok(())
        };
        write().map_err(|error| Error::invariant(error.to_string()))?;
        let mut text = writer.into_inner().map_err(|error| Error::invariant(error.to_string()))?;
        text.flush().map_err(|error| Error::invariant(error.to_string()))?;
        Ok(text)
    }
}

/// Returns the cell of CSV for a value that is a text in JSON.
pub fn cell<'t>(text: &'t str, kind: &str, locale: Option<Locale>) -> Cow<'t, str> {
    match (kind, locale) {
        ("string", _) => neutral_cell(text),
        ("decimal" | "integer", Some(locale)) => locale.number(text),
        ("date", Some(locale)) => locale.date(text),
        ("datetime", Some(locale)) => locale.instant(text),
        _ => text.into(),
    }
}

/// Returns a row's values in the order of the columns.
fn cells<R: Serialize>(columns: &[Column], row: &R) -> Result<Vec<Value>, Error> {
    match serde_json::to_value(row) {
        Ok(Value::Object(mut fields)) => {
            Ok(columns.iter().map(|column| fields.remove(column.name).unwrap_or(Value::Null)).collect())
        }
        _ => Err(Error::invariant("a row of a report is not an object")),
    }
}

struct Row<'a> {
    columns: &'a [Column],
    values: &'a [Value],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (column, value) in self.columns.iter().zip(self.values) {
            map.serialize_entry(column.name, value)?;
        }
        map.end()
    }
}

struct Rows<'a> {
    columns: &'a [Column],
    rows: &'a [Vec<Value>],
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.rows.len()))?;
        for values in self.rows {
            list.serialize_element(&Row { columns: self.columns, values })?;
        }
        list.end()
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.columns;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("report", self.report)?;
        map.serialize_entry("columns", columns)?;
        map.serialize_entry("rows", &Rows { columns, rows: &self.rows })?;
        map.serialize_entry("totals", &Rows { columns, rows: &self.totals })?;
        map.serialize_entry("meta", &self.meta)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::*;
    use crate::scalar::Instant;

    fn table(rows: Vec<Vec<Value>>) -> Table {
        let column = |name| Column {
            name,
            title: String::new(),
            kind: if name == "net_revenue" { "decimal" } else { "string" },
            unit: None,
            role: Role::Dimension,
            additive: None,
            description: String::new(),
        };
        let at = Instant(chrono::DateTime::UNIX_EPOCH.fixed_offset());
        let meta = Meta {
            time_zone: "UTC".into(),
            from: None,
            to: None,
            compared_with: None,
            as_of: None,
            known_at: None,
            generated_at: at,
            data_as_of: at,
            row_count: rows.len() as u64,
            truncated: false,
            next_cursor: None,
            ledger_accounts: Vec::new(),
            ties_to: None,
            trade: None,
        };
        let columns = vec![column("sku"), column("product_name"), column("net_revenue")];
        Table { report: "revenue", columns, rows, totals: Vec::new(), meta }
    }

    #[test]
    fn csv_follows_rfc_4180() {
        let rows = vec![
            vec!["B,8".into(), "Bolt \"M8\"\nsteel".into(), "12.50".into()],
            vec!["=1+1".into(), Value::Null, 3.into()],
            vec!["-8".into(), "'n".into(), "-12.50".into()],
        ];
        let text = table(rows).to_csv(false, None).expect("CSV");
        let expected = "sku,product_name,net_revenue\r\n\"B,8\",\"Bolt \"\"M8\"\"\nsteel\",12.50\r\n'=1+1,,3\r\n'-8,''n,-12.50\r\n";
        assert_eq!(String::from_utf8_lossy(&text), expected);
    }

    #[test]
    fn csv_has_the_form_of_a_locale() {
        let mut table = table(vec![
            vec!["B;8".into(), "=1,5".into(), "-12.50".into()],
            vec!["2026-11-22".into(), "1.5".into(), Value::Null],
        ]);
        table.columns[0].kind = "date";
        let text = |tag: &str| {
            let text = table.to_csv(false, Locale::of(tag)).expect("CSV");
            String::from_utf8(text).expect("UTF-8")
        };
        assert_eq!(
            text("de-DE"),
            "sku;product_name;net_revenue\r\n\"B;8\";'=1,5;-12,50\r\n22.11.2026;1.5;\r\n"
        );
        assert_eq!(
            text("en-US"),
            "sku,product_name,net_revenue\r\nB;8,\"'=1,5\",-12.50\r\n11/22/2026,1.5,\r\n"
        );
    }

    #[test]
    fn a_workbook_has_its_sheets() {
        let rows = vec![vec!["=1+1".into(), Value::Null, "12345678901234.567".into()]];
        let bytes = table(rows).to_xlsx().expect("a workbook");
        assert_eq!(&bytes[..4], b"PK\x03\x04");
        assert!(table(Vec::new()).to_xlsx().is_ok(), "an empty report is a workbook too");
    }

    #[test]
    fn an_empty_table_keeps_its_header() {
        let empty = table(Vec::new());
        assert_eq!(empty.to_csv(true, None).expect("CSV"), b"\xef\xbb\xbfsku,product_name,net_revenue\r\n");
        assert_eq!(empty.to_ndjson().expect("NDJSON"), b"");
    }

    #[test]
    fn json_rows_keep_the_order_of_the_columns() {
        let table = table(vec![vec!["a".into(), Value::Null, "1.00".into()]]);
        let line = r#"{"sku":"a","product_name":null,"net_revenue":"1.00"}"#;
        assert_eq!(String::from_utf8_lossy(&table.to_ndjson().expect("NDJSON")), format!("{line}\n"));
        let json = String::from_utf8(table.to_json().expect("JSON")).expect("UTF-8");
        assert!(json.contains(&format!(r#""rows":[{line}]"#)), "{json}");
    }
}
