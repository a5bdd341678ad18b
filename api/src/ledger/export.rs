//! Export of the journal for accounting packages: CSV with control totals.

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, get};
use chrono::NaiveDate;
use domain::id::EntryId;
use domain::number::Money;
use domain::refusal::Code;
use domain::text::neutral_cell;
use serde::Deserialize;
use service::ledger::export::{self, Days, ExportedLine};
use sha2::{Digest, Sha256};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::csv::CSV;
use crate::list::{CountedAsReport, Place};
use crate::params::Params;
use crate::parts::{self, Part, Parts};
use crate::presented::Presented;
use crate::problem::Problem;
use crate::{Answer, ApiError, App, Caller};

/// Number of entries that are read at once.
const CHUNK: i64 = 200;

const HEADER: [&str; 14] = [
    "record",
    "posted_on",
    "entry_id",
    "line_no",
    "account",
    "account_name",
    "debit",
    "credit",
    "currency",
    "document_kind",
    "document_id",
    "tax_code",
    "partner",
    "text",
];

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(journal);
}

/// Period of an export, in days of posting.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportParams {
    /// First day of the period.
    #[param(example = "2026-11-01")]
    #[serde(deserialize_with = "domain::day::required")]
    from: NaiveDate,
    /// First day after the period.
    #[param(example = "2026-12-01")]
    #[serde(deserialize_with = "domain::day::required")]
    to: NaiveDate,
}

/// Export the journal
///
/// Returns every line of the journal that was posted in a period, as a row of CSV, by entry. The last row has `total` in the column
/// `record`: the number of lines in `line_no`, the sums of `debit` and `credit`, and in `text` the SHA-256 of all bytes before this row, in
/// hexadecimal digits. A file without it is not complete. A text that a spreadsheet would run as a formula has `'` before it. The export is
/// written page by page: an entry that is posted in the period meanwhile may or may not be in it, so close the period first. It counts as one
/// of the whole lists of which `GET /v1/limits` has the most, and costs as many points as one.
#[utoipa::path(
    operation_id = "journal_export",
    security(("bearer" = ["ledger:read", "costs:read"])),
    params(ExportParams),
    responses(
        (status = 200, description = "The lines and their totals.", content(
            (String = "text/csv", example = "record,posted_on,entry_id,line_no,account\r\nline,2026-11-02,jnl_01h455vb4pex5vsknk084sn02q,1,1000\r\n"),
        )),
        (status = 422, description = "The period has no day.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/journal-export")]
async fn journal(
    app: Data<App>,
    caller: Caller,
    params: Params<ExportParams>,
    request: HttpRequest,
) -> Answer {
    let Params(ExportParams { from, to }) = params;
    if to <= from {
        let detail = "The period has no day: send the first day after it, which is later than from.";
        return Err(ApiError::new(Code::ValidationFailed, detail).at_parameter("to"));
    }
    request.extensions_mut().insert(CountedAsReport);
    let export = Export {
        _place: Place::take(caller.tenant_id)?,
        presented: Presented::of(&request, &app),
        app,
        caller,
        days: Days { from, to },
        after: None,
        totals: Totals::default(),
    };
    export.app.rates.admit_report(&export.caller)?;
    parts::respond(export, CSV, "journal.csv").await
}

/// Control totals of the lines that were written.
#[derive(Default)]
struct Totals {
    lines: u64,
    debit: Money,
    credit: Money,
    currency: String,
    digest: Sha256,
}

/// An export in progress.
struct Export {
    _place: Place,
    app: Data<App>,
    caller: Caller,
    presented: Presented,
    days: Days,
    /// Last entry that was written.
    after: Option<EntryId>,
    totals: Totals,
}

impl Parts for Export {
    /// Reads the next page. The first one has the header, the last one the totals.
    async fn next(&mut self) -> Result<Part, ApiError> {
        let (days, after) = (self.days, self.after);
        let read = async |tx: &service::Tx| export::page(tx, days, after, CHUNK).await;
        let lines = self.app.db.report(self.caller.tenant_id, read).await?;
        let before = usize::try_from(self.totals.lines).unwrap_or(usize::MAX);
        self.app.rates.count_more_values(&self.caller, before, lines.len());
        let header = after.is_none().then(|| HEADER.map(str::to_owned));
        let rows = lines.iter().map(cells);
        let mut text = written(header.into_iter().chain(rows))?;
        for line in &lines {
            self.totals.lines += 1;
            self.totals.debit += line.debit;
            self.totals.credit += line.credit;
            self.totals.currency.clone_from(&line.currency);
        }
        self.totals.digest.update(&text);
        let is_last = lines.is_empty();
        if is_last {
            text.extend(written([self.totals.cells()])?);
        }
        self.after = lines.last().map(|line| line.entry_id).or(after);
        Ok(Part { text, is_last })
    }

    async fn check(&self) -> Result<(), ApiError> {
        self.presented.check(&self.app, &self.caller).await
    }
}

impl Totals {
    fn cells(&self) -> [String; 14] {
        let digest = self.digest.clone().finalize();
        let mut cells = <[String; 14]>::default();
        cells[0] = "total".to_owned();
        cells[3] = self.lines.to_string();
        cells[6] = self.debit.to_string();
        cells[7] = self.credit.to_string();
        cells[8].clone_from(&self.currency);
        cells[13] = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        cells
    }
}

fn cells(line: &ExportedLine) -> [String; 14] {
    let neutral = |text: &str| neutral_cell(text).into_owned();
    [
        "line".to_owned(),
        line.posted_on.to_string(),
        line.entry_id.to_string(),
        line.line_no.to_string(),
        neutral(&line.account),
        neutral(&line.account_name),
        line.debit.to_string(),
        line.credit.to_string(),
        line.currency.clone(),
        line.document_kind.clone(),
        line.document_id.clone(),
        neutral(&line.tax_code),
        neutral(&line.partner),
        neutral(&line.text),
    ]
}

/// Returns rows as CSV.
fn written(rows: impl IntoIterator<Item = [String; 14]>) -> Result<Vec<u8>, ApiError> {
    let mut text = Vec::new();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut text);
    for row in rows {
        writer.write_record(&row).map_err(ApiError::internal)?;
    }
    writer.flush().map_err(ApiError::internal)?;
    drop(writer);
    Ok(text)
}
