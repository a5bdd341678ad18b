//! The rows of the file, and the class of each.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Europe::London;
use domain::number::{Money, Price};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::ImportError;

/// One row of the file.
#[derive(Debug, Clone)]
pub struct Row {
    /// Invoice number.
    pub invoice: String,
    /// Stock code, case-sensitive.
    pub code: String,
    /// Name of the product, or a remark, without the blanks around it.
    pub description: String,
    /// Negative on cancellations.
    pub quantity: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Price in pounds.
    pub price: Decimal,
    /// Account of a wholesale customer; empty on walk-in sales.
    pub customer: String,
    /// Country, as the file writes it.
    pub country: String,
}

/// The kind of event that a row records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A wholesale account bought.
    WholesaleSale,
    /// A wholesale account returned something.
    WholesaleReturn,
    /// A walk-in customer bought.
    RetailSale,
    /// A walk-in customer returned something.
    RetailRefund,
    /// Stock was lost, given away or found.
    Adjustment,
    /// A receivable will not be paid.
    BadDebt,
}

impl Class {
    /// All classes, in the order of the table.
    pub const ALL: [Class; 6] = [
        Class::WholesaleSale,
        Class::WholesaleReturn,
        Class::RetailSale,
        Class::RetailRefund,
        Class::Adjustment,
        Class::BadDebt,
    ];

    /// Title in the table.
    pub fn title(self) -> &'static str {
        match self {
            Class::WholesaleSale => "wholesale sale (order, shipped, invoiced)",
            Class::WholesaleReturn => "wholesale return (credit note)",
            Class::RetailSale => "walk-in till sale",
            Class::RetailRefund => "walk-in refund",
            Class::Adjustment => "stock adjustment (price of zero)",
            Class::BadDebt => "bad debt (journal entry)",
        }
    }
}

impl Row {
    /// Returns the class of the row.
    pub fn class(&self) -> Class {
        match (self.invoice.as_bytes().first(), self.price.is_zero(), self.customer.is_empty()) {
            (Some(b'A'), ..) => Class::BadDebt,
            // A service has no stock to adjust: one done for free stays a sale, at a price of zero.
            (_, true, _) if !self.is_service() => Class::Adjustment,
            (Some(b'C'), _, false) => Class::WholesaleReturn,
            (_, _, false) if self.quantity > 0 => Class::WholesaleSale,
            (_, _, false) => Class::WholesaleReturn,
            (Some(b'C'), _, true) => Class::RetailRefund,
            (_, _, true) if self.quantity > 0 => Class::RetailSale,
            (_, _, true) => Class::RetailRefund,
        }
    }

    /// Whether it is work, postage or a fee. A stocked product has a code that starts with five digits, or is one of a
    /// few boxed sets and vouchers.
    pub fn is_service(&self) -> bool {
        let numbered = self.code.len() >= 5 && self.code.bytes().take(5).all(|byte| byte.is_ascii_digit());
        !(numbered || self.code.starts_with("DCGS") || self.code.starts_with("gift_") || self.code == "PADS")
    }

    /// Value, rounded to pence.
    pub fn value(&self) -> Money {
        Money::rounded_to(self.price * Decimal::from(self.quantity), 2)
    }

    /// Price in the API's type.
    pub fn unit_price(&self) -> Price {
        Price::rounded(self.price)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    invoice_no: String,
    stock_code: String,
    description: String,
    quantity: i64,
    invoice_date: String,
    unit_price: String,
    #[serde(rename = "CustomerID")]
    customer_id: String,
    country: String,
}

/// Reads a .csv or .csv.zst file.
pub fn read(path: &Path) -> Result<Vec<Row>, ImportError> {
    let failed = |source| ImportError::File { file: path.display().to_string(), source };
    let file = File::open(path).map_err(failed)?;
    let is_zstd = path.extension().is_some_and(|ending| ending == "zst");
    let reader: Box<dyn Read> = if is_zstd {
        Box::new(zstd::stream::read::Decoder::new(file).map_err(failed)?)
    } else {
        Box::new(BufReader::new(file))
    };
    let mut rows = Vec::new();
    for (index, record) in csv::Reader::from_reader(reader).deserialize::<Record>().enumerate() {
        let row = index as u64 + 2;
        let record = record.map_err(|error| ImportError::Row { row, problem: error.to_string() })?;
        rows.push(parsed(record).map_err(|problem| ImportError::Row { row, problem })?);
    }
    Ok(rows)
}

fn parsed(record: Record) -> Result<Row, String> {
    let local = NaiveDateTime::parse_from_str(&record.invoice_date, "%Y-%m-%d %H:%M:%S")
        .map_err(|error| format!("InvoiceDate {}: {error}", record.invoice_date))?;
    let at = London
        .from_local_datetime(&local)
        .earliest()
        .ok_or_else(|| format!("InvoiceDate {} does not exist in London", record.invoice_date))?;
    let price =
        record.unit_price.parse().map_err(|error| format!("UnitPrice {}: {error}", record.unit_price))?;
    Ok(Row {
        invoice: record.invoice_no,
        code: record.stock_code,
        description: record.description.trim().to_owned(),
        quantity: record.quantity,
        at: at.with_timezone(&Utc),
        price,
        customer: record.customer_id,
        country: record.country,
    })
}
