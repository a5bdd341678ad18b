//! Sales lines, stock movements and journal lines as files: CSV or NDJSON, written while they are read.

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, rt};
use api::accept::choose_form;
use api::aside::aside;
use api::csv;
use api::params::Params;
use api::presented::Presented;
use api::problem::{ApiError, Problem};
use api::{Answer, App, Caller};
use domain::number::shown_decimals;
use futures_util::stream;
use graphql::report::Range;
use graphql::report::rows::{self, Failed, Form, Kind, Piece, Wanted};
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::table::reject;

/// Pieces that wait for the client. A piece has 2,000 rows.
const PIECES_WAITING: usize = 1;
/// Number of the rows of the response, by which a client that reads it sees that it has all.
const ROW_COUNT: header::HeaderName = header::HeaderName::from_static("stockwell-row-count");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(sales_lines).service(movements).service(journal_lines);
}

/// Parameters of the rows.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsParams {
    /// First day or instant of the period: a day such as 2026-11-01 in the tenant's time zone, an RFC 3339 instant, or milliseconds
    /// since 1970. Without it the period has no beginning. A day or a time of day that no calendar has is rejected (422), as is one
    /// that is not from 0001-01-03 to 9999-12-31.
    #[param(max_length = 40, example = "2026-01-01")]
    from: Option<String>,
    /// First day or instant after the period. Without it the period has no end.
    #[param(max_length = 40, example = "2027-01-01")]
    to: Option<String>,
    /// `csv` or `ndjson`. The default follows the header Accept, and is `csv` without one.
    #[param(max_length = 16, example = "csv")]
    format: Option<String>,
    /// Whether CSV begins with a byte order mark. The default is false; with `locale` it is true.
    #[param(example = false)]
    bom: Option<bool>,
    /// BCP 47 tag of the form of CSV, one of those that a report takes; another one is rejected (422). With it, instants are on the
    /// clock of the tenant's time zone; otherwise in UTC.
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// Export sales lines
///
/// Returns every line of sales, refunds, invoices and credit notes of a period, by the time at which it happened. The response is
/// written while it is read, so it may have up to 2,000,000 rows; a longer one is rejected (422). All rows are of one snapshot, and
/// `Stockwell-Row-Count` has their number. The rows must be read within 60 seconds: ask for months rather than years over a slow
/// line. A client that takes nothing for 5 seconds while more rows wait is cut off. If something fails in between, the connection
/// is cut before the end of the response, so a client never takes a part for the whole. The same happens within 5 seconds after the
/// credential was revoked. An export costs as many points as a report: 10, and one for every 100 rows. `cost` is null without the
/// scope `costs:read`.
#[utoipa::path(
    operation_id = "reports_rows_sales_lines",
    security(("bearer" = ["reports:read"])),
    params(RowsParams),
    responses(
        (status = 200, description = "The lines, by document.", content(
            (String = "text/csv", example = "day,occurred_at,document_id,document_kind,line_no\r\n"),
            (String = "application/x-ndjson", example = "{\"day\":\"2026-11-22\",\"line_no\":1}\n"),
        ), headers(("Stockwell-Row-Count" = i64, description = "The number of rows."))),
        (status = 406, description = "There is no such format.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The period has too many rows or ends before it begins, a bound is no day of the calendar, or \
            there is no form of CSV for the locale.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/reports/rows/sales_lines")]
async fn sales_lines(
    app: Data<App>,
    caller: Caller,
    params: Params<RowsParams>,
    request: HttpRequest,
) -> Answer {
    respond(app, caller, Kind::SalesLines, params.0, &request).await
}

/// Export stock movements
///
/// Returns every stock movement of a period, by the time at which it happened, as sales lines are exported. `unit_cost` and `value`
/// are null without the scope `costs:read`.
#[utoipa::path(
    operation_id = "reports_rows_movements",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(RowsParams),
    responses(
        (status = 200, description = "The movements, by product and location.", content(
            (String = "text/csv", example = "day,occurred_at,kind,document_id,document_kind\r\n"),
            (String = "application/x-ndjson", example = "{\"day\":\"2026-11-22\",\"kind\":\"sale\"}\n"),
        ), headers(("Stockwell-Row-Count" = i64, description = "The number of rows."))),
        (status = 406, description = "There is no such format.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The period has too many rows or ends before it begins, a bound is no day of the calendar, or \
            there is no form of CSV for the locale.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/reports/rows/movements")]
async fn movements(
    app: Data<App>,
    caller: Caller,
    params: Params<RowsParams>,
    request: HttpRequest,
) -> Answer {
    respond(app, caller, Kind::Movements, params.0, &request).await
}

/// Export journal lines
///
/// Returns every line of the journal entries that were posted on a day of the period, as sales lines are exported. An instant in
/// `from` or `to` stands for its day.
#[utoipa::path(
    operation_id = "reports_rows_journal_lines",
    security(("bearer" = ["ledger:read", "costs:read"])),
    params(RowsParams),
    responses(
        (status = 200, description = "The lines, by entry.", content(
            (String = "text/csv", example = "posted_on,occurred_on,document_id,document_kind\r\n"),
            (String = "application/x-ndjson", example = "{\"posted_on\":\"2026-11-22\",\"line_no\":1}\n"),
        ), headers(("Stockwell-Row-Count" = i64, description = "The number of rows."))),
        (status = 406, description = "There is no such format.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The period has too many rows or ends before it begins, a bound is no day of the calendar, or \
            there is no form of CSV for the locale.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/reports/rows/journal_lines")]
async fn journal_lines(
    app: Data<App>,
    caller: Caller,
    params: Params<RowsParams>,
    request: HttpRequest,
) -> Answer {
    respond(app, caller, Kind::JournalLines, params.0, &request).await
}

async fn respond(
    app: Data<App>,
    caller: Caller,
    kind: Kind,
    params: RowsParams,
    request: &HttpRequest,
) -> Answer {
    let range = Range::parse(params.from.as_deref(), params.to.as_deref()).map_err(reject)?;
    let locale = csv::locale(params.locale.as_deref())?;
    let form = match form(params.format.as_deref(), request)? {
        Form::Csv { .. } => Form::Csv { byte_order_mark: params.bom.unwrap_or(locale.is_some()), locale },
        Form::Ndjson => Form::Ndjson,
    };
    app.rates.admit_report(&caller)?;
    let wanted = Wanted { kind, range, form, sees_costs: caller.sees_costs(), decimals: shown_decimals() };
    let presented = Presented::of(request, &app);
    let mut pieces = read(&app, &caller, wanted);
    // The count is read before the response begins, so that an error gets its own status.
    let rows = match pieces.recv().await {
        Some(Ok(Piece::Count(rows))) => rows,
        Some(Ok(Piece::Rows(_) | Piece::End)) | None => {
            return Err(ApiError::internal("an export without a count"));
        }
        Some(Err(failed)) => return Err(reason(failed)),
    };
    app.rates.count_values(&caller, usize::try_from(rows).unwrap_or(usize::MAX));
    let body = stream::unfold(Export { app, caller, presented, pieces }, async |mut export| {
        let piece = export.next().await?;
        Some((piece, export))
    });
    let (media_type, extension) = match form {
        Form::Csv { .. } => (csv::CSV, "csv"),
        Form::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let disposition = format!("attachment; filename=\"{}.{extension}\"", kind.name());
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((ROW_COUNT, rows.to_string()))
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .streaming(Box::pin(body)))
}

/// Begins to read the rows. The reading waits for the client, and ends when the client has gone.
fn read(app: &Data<App>, caller: &Caller, wanted: Wanted) -> mpsc::Receiver<Result<Piece, Failed>> {
    let (to_client, pieces) = mpsc::channel(PIECES_WAITING);
    let work = rows::send_all(app.db.clone(), caller.tenant_id, wanted, to_client);
    rt::spawn(async move {
        // If it panics, no end is sent, and the response is cut.
        _ = aside(work).await;
    });
    pieces
}

/// Rows that are being sent.
struct Export {
    app: Data<App>,
    caller: Caller,
    presented: Presented,
    pieces: mpsc::Receiver<Result<Piece, Failed>>,
}

impl Export {
    /// Returns the bytes of the next piece, or an error if the caller may no longer have it.
    async fn next(&mut self) -> Option<std::io::Result<Bytes>> {
        let piece = self.pieces.recv().await;
        match self.presented.check(&self.app, &self.caller).await {
            Ok(()) => bytes(piece),
            Err(error) => Some(Err(std::io::Error::other(error.to_string()))),
        }
    }
}

/// Returns the bytes of a piece, or the error that cuts the connection; nothing after the end.
fn bytes(piece: Option<Result<Piece, Failed>>) -> Option<std::io::Result<Bytes>> {
    match piece {
        Some(Ok(Piece::Rows(rows))) => Some(Ok(Bytes::from(rows))),
        Some(Ok(Piece::End)) => None,
        Some(Ok(Piece::Count(_))) => Some(Err(std::io::Error::other("a second count"))),
        Some(Err(failed)) => Some(Err(std::io::Error::other(reason(failed).to_string()))),
        None => Some(Err(std::io::Error::other("an export without an end"))),
    }
}

fn reason(failed: Failed) -> ApiError {
    match failed {
        Failed::Invalid(invalid) => reject(invalid),
        Failed::Service(error) => ApiError::from(error).in_query(),
    }
}

/// Returns the form of the parameter, or of the header Accept.
fn form(parameter: Option<&str>, request: &HttpRequest) -> Result<Form, ApiError> {
    let plain = Form::Csv { byte_order_mark: false, locale: None };
    let named = |name: &str| match name {
        "csv" => Some(plain),
        "ndjson" => Some(Form::Ndjson),
        _ => None,
    };
    let ranged = |media_range: &str| match media_range {
        "text/csv" | "text/*" | "*/*" | "" => Some(plain),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/*" => {
            Some(Form::Ndjson)
        }
        _ => None,
    };
    choose_form(parameter, request, named, ranged, "Rows can be had as csv or ndjson.")
}
