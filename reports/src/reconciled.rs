//! The answer of a run of the reconciliation as flat tables.

use actix_web::web::Data;
use actix_web::{HttpRequest, get};
use api::aside::aside;
use api::csv;
use api::params::Params;
use api::problem::{ApiError, Problem};
use api::version::{IfNoneMatch, ReadHeaders};
use api::{Answer, App, Caller};
use domain::id::ReconcileRunId;
use graphql::report::Table;
use graphql::report::reconciled::{self, Reconciled};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::table::{ReportTable, Written, wanted};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(exceptions).service(health);
}

/// Parameters of the tables.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TableParams {
    /// The run. Absent: the latest.
    run: Option<ReconcileRunId>,
    /// `json`, `csv`, `ndjson` or `xlsx`. The default follows the header Accept.
    #[param(max_length = 16, example = "json")]
    format: Option<String>,
    /// Whether CSV begins with a byte order mark. The default is false; with `locale` it is true.
    #[param(example = false)]
    bom: Option<bool>,
    /// BCP 47 tag of the form of CSV, one of those that a report takes; another one is rejected (422).
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// Read the exceptions of the reconciliation as a table
///
/// Returns the ranked groups of episodes of a run as a flat table, the best fix first, at most 1,000. `meta.from` and `meta.to` are the
/// window of the run. A tenant without a run gets 404. It costs as many points as a report.
#[utoipa::path(
    operation_id = "reports_reconciliation_exceptions",
    security(("bearer" = ["reports:read", "reconciliation:read"])),
    params(TableParams, ReadHeaders),
    responses(
        (status = 200, description = "The groups.", content(
            (ReportTable = "application/json"),
            (String = "text/csv", example = "exception_rank,exception_class,event_type\r\n1,missed_return,return\r\n"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/x-ndjson", example = "{\"exception_rank\":1,\"exception_class\":\"missed_return\"}\n"),
        ), headers(("Stockwell-Report-Truncated" = bool, description = "Whether the limit cut the rows. Always false."))),
        (status = 406, description = "The report is not available in this format.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/v1/reports/reconciliation_exceptions")]
async fn exceptions(
    app: Data<App>,
    caller: Caller,
    params: Params<TableParams>,
    seen: IfNoneMatch,
    request: HttpRequest,
) -> Answer {
    respond(&app, &caller, Reconciled::Exceptions, params.0, &seen, &request).await
}

/// Read the health of the reconciliation as a table
///
/// Returns exceptions per 1,000 movements, manual work and open differences of a run as a flat table, one row a week. `meta.from` and
/// `meta.to` are the window of the run. A tenant without a run gets 404. It costs as many points as a report.
#[utoipa::path(
    operation_id = "reports_reconciliation_health",
    security(("bearer" = ["reports:read", "reconciliation:read"])),
    params(TableParams, ReadHeaders),
    responses(
        (status = 200, description = "The weeks.", content(
            (ReportTable = "application/json"),
            (String = "text/csv", example = "week_from,week_until,compared_movements\r\n"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/x-ndjson", example = "{\"compared_movements\":812,\"exceptions\":9}\n"),
        ), headers(("Stockwell-Report-Truncated" = bool, description = "Whether the limit cut the rows. Always false."))),
        (status = 406, description = "The report is not available in this format.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/v1/reports/reconciliation_health")]
async fn health(
    app: Data<App>,
    caller: Caller,
    params: Params<TableParams>,
    seen: IfNoneMatch,
    request: HttpRequest,
) -> Answer {
    respond(&app, &caller, Reconciled::Health, params.0, &seen, &request).await
}

async fn respond(
    app: &App,
    caller: &Caller,
    part: Reconciled,
    params: TableParams,
    seen: &IfNoneMatch,
    request: &HttpRequest,
) -> Answer {
    let TableParams { run, format, bom, locale } = params;
    let format = wanted(format.as_deref(), request)?;
    let locale = csv::locale(locale.as_deref())?;
    let byte_order_mark = bom.unwrap_or(locale.is_some());
    app.rates.admit_report(caller)?;
    let (db, tenant_id) = (app.db.clone(), caller.tenant_id);
    let finish = move |table: Table| Written::of(&table, format, byte_order_mark, locale);
    let written = aside(async move { reconciled::run(&db, tenant_id, part, run, finish).await }).await?;
    let written = written.map_err(|error| ApiError::from(error).in_query())??;
    app.rates.count_values(caller, written.values);
    written.respond(seen)
}
