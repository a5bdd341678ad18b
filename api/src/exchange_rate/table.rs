//! The reading of exchange rates from CSV.

use chrono::NaiveDate;
use domain::day;
use domain::locale::Locale;
use domain::number::ExchangeRate;
use domain::refusal::{Code, Problems};
use domain::text::read_cell;
use service::exchange_rate::{ExchangeRateInput, ExchangeRatesInput, RATES_MAX};

use crate::ApiError;
use crate::body::without_mark;
use crate::csv::{
    check_is_text, check_quotes, check_width, in_rows, opened, places, plain_header, reader,
    unreadable_header, unreadable_record, with_locale,
};
use crate::problem::ErrorCode;

const COLUMNS: [&str; 4] = ["currency", "valid_from", "rate", "source"];

/// Reads the rows. Rejects them with every cell that can't be read. Returns the rates, and the row of each.
pub fn read(raw: &[u8], locale: Option<Locale>) -> Result<(ExchangeRatesInput, Vec<usize>), ApiError> {
    check_is_text(raw)?;
    let (text, delimiter) = opened(without_mark(raw));
    check_width(text, delimiter)?;
    check_quotes(text, delimiter)?;
    let mut reader = reader(text, delimiter);
    let header = reader.headers().map_err(|_| unreadable_header())?.clone();
    let width = header.len();
    let places = places(header.iter().map(plain_header), COLUMNS, 3)?;
    let mut problems = Problems::default();
    let (mut rates, mut rows) = (Vec::new(), Vec::new());
    for (record, row) in reader.records().zip(2..) {
        let record = record.map_err(|error| unreadable_record(row, &header, &error))?;
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
        rates.push(read_row(cells, rates.len(), locale, &mut problems));
        rows.push(row);
    }
    problems.check().map_err(|refusal| in_rows(refusal.into(), "rates", &rows))?;
    Ok((ExchangeRatesInput { rates }, rows))
}

fn read_row(
    cells: [&str; 4],
    index: usize,
    locale: Option<Locale>,
    problems: &mut Problems,
) -> ExchangeRateInput {
    let [currency, valid_from, rate, source] = cells;
    let valid_from = day::read(valid_from).unwrap_or_else(|_| {
        problems.invalid(format!("/rates/{index}/valid_from"), "Expected a day such as 2026-11-20.");
        NaiveDate::default()
    });
    let rate = read_rate(rate, locale).unwrap_or_else(|detail| {
        problems.invalid(format!("/rates/{index}/rate"), detail);
        ExchangeRate::ONE
    });
    let source = (!source.is_empty()).then(|| source.to_owned().into());
    ExchangeRateInput { currency: currency.to_owned(), valid_from, rate, source }
}

/// Reads a rate, in the form of the locale if there is one.
fn read_rate(cell: &str, locale: Option<Locale>) -> Result<ExchangeRate, String> {
    let plain = match locale {
        Some(locale) => locale.read_number(cell)?,
        None => cell.into(),
    };
    plain.parse().map_err(|_| {
        let detail = "Expected a rate such as 0.92, with at most 8 digits and 10 decimals.";
        with_locale(detail.to_owned(), cell, locale)
    })
}

fn malformed(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, detail)
}
