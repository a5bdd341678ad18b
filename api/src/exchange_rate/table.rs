//! The reading of exchange rates from CSV.

use chrono::NaiveDate;
use domain::number::ExchangeRate;
use domain::refusal::{Code, Problems};
use domain::text::read_cell;
use service::exchange_rate::{ExchangeRateInput, ExchangeRatesInput, RATES_MAX};

use crate::ApiError;
use crate::body::without_mark;
use crate::csv::{check_is_text, check_width, opened, places, plain_header, reader};
use crate::problem::ErrorCode;

const COLUMNS: [&str; 4] = ["currency", "valid_from", "rate", "source"];

/// Reads the rows. Rejects them with every cell that can't be read.
pub fn read(raw: &[u8]) -> Result<ExchangeRatesInput, ApiError> {
    check_is_text(raw)?;
    let (text, delimiter) = opened(without_mark(raw));
    check_width(text, delimiter)?;
    let mut reader = reader(text, delimiter);
    let header =
        reader.headers().map_err(|_| malformed("The header can't be read. Save it as \"CSV UTF-8\"."))?;
    let width = header.len();
    let places = places(header.iter().map(plain_header), COLUMNS, 3)?;
    let mut problems = Problems::default();
    let mut rates = Vec::new();
    for record in reader.records() {
        let record =
            record.map_err(|_| malformed("A row can't be read. Check its quotes and that it is UTF-8."))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let line = record.position().map_or(0, ::csv::Position::line);
            let detail = format!(
                "Line {line} has more cells than the header. Put quotes around a cell with a delimiter."
            );
            return Err(malformed(&detail));
        }
        if rates.len() >= RATES_MAX {
            let detail = format!("The file has more than {RATES_MAX} rates. Send them in several files.");
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
        let cells = places.map(|place| place.and_then(|place| record.get(place)).unwrap_or_default());
        let cells = cells.map(|cell| read_cell(cell.trim()));
        rates.push(read_row(cells, rates.len(), &mut problems));
    }
    problems.check()?;
    Ok(ExchangeRatesInput { rates })
}

fn read_row(cells: [&str; 4], index: usize, problems: &mut Problems) -> ExchangeRateInput {
    let [currency, valid_from, rate, source] = cells;
    let valid_from = valid_from.parse().unwrap_or_else(|_| {
        problems.invalid(format!("/rates/{index}/valid_from"), "Expected a day such as 2026-11-20.");
        NaiveDate::default()
    });
    let rate = rate.parse().unwrap_or_else(|_| {
        let detail = "Expected a rate such as 0.92, with at most 8 digits and 10 decimals.";
        problems.invalid(format!("/rates/{index}/rate"), detail);
        ExchangeRate::ONE
    });
    let source = (!source.is_empty()).then(|| source.to_owned().into());
    ExchangeRateInput { currency: currency.to_owned(), valid_from, rate, source }
}

fn malformed(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, detail)
}
