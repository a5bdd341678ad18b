//! The reports as flat tables: JSON, CSV, NDJSON and XLSX. Their definitions are in the crate `graphql`.

use actix_web::http::header::{self, EntityTag};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use api::accept::choose_form;
use api::aside::aside;
use api::csv;
use api::list::OnlyPage;
use api::params::{Params, readable};
use api::problem::{ApiError, ErrorCode, FieldProblem, Problem};
use api::version::{IfNoneMatch, ReadHeaders, weak_tag};
use api::{Answer, App, Caller};
use domain::locale::Locale;
use domain::refusal::Code;
use domain::tag;
use graphql::costs;
use graphql::report::{self, Column, Dimension, Format, Input, Invalid, Meta, Name, Request, Table, Values};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::IntoEnumIterator;
use utoipa_actix_web::service_config::ServiceConfig;

/// Shows whether the limit cut the rows, for formats that have no other place for it.
const TRUNCATED: header::HeaderName = header::HeaderName::from_static("stockwell-report-truncated");
/// Has the cursor of the next page, if there is one.
const NEXT_CURSOR: header::HeaderName = header::HeaderName::from_static("stockwell-report-next-cursor");

/// Media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// All reports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReportList {
    object: tag::List,
    /// The reports.
    #[schema(max_items = 100)]
    data: Vec<ReportInfo>,
    /// The only page.
    page: OnlyPage,
}

/// A report with its possible groupings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReportInfo {
    /// Name of the report.
    #[schema(value_type = String, max_length = 64, example = "revenue")]
    name: &'static str,
    /// URL of the report.
    #[schema(max_length = 200, example = "/v1/reports/revenue")]
    href: String,
    /// Dimensions that `group_by` accepts; empty if the report's rows are fixed.
    #[schema(value_type = Vec<String>, max_items = 100, example = json!(["month", "channel"]))]
    dimensions: Vec<&'static str>,
    /// Whether the report covers a period (`from`, `to`). Otherwise it shows one instant: now, or `as_of` if it
    /// accepts that.
    #[schema(example = true)]
    has_period: bool,
    /// Whether the report can show a past day or instant (`as_of`).
    #[schema(example = false)]
    has_as_of: bool,
    /// Whether the report can leave out what was recorded later than some day or instant (`known_at`).
    #[schema(example = true)]
    has_known_at: bool,
    /// Whether the figures can be compared with those of an earlier period or day (`compare`).
    #[schema(example = true)]
    has_compare: bool,
    /// Scopes that the report needs. A sort by a figure of cost needs `costs:read` too, and so does `abc` with
    /// `measure=gross_margin`.
    #[schema(value_type = Vec<String>, max_items = 10, example = json!(["reports:read"]))]
    scopes: Vec<&'static str>,
    /// Order of the rows. A limit keeps the first ones, unless this says otherwise.
    #[schema(max_length = 500, example = "The greatest net_revenue first.")]
    order: &'static str,
    /// Formats of the report.
    #[schema(value_type = Vec<String>, max_items = 10, example = json!(["json", "csv", "ndjson", "xlsx"]))]
    formats: Vec<&'static str>,
}

/// List the reports
///
/// Returns all reports with their possible groupings, the scopes that they need, and formats.
#[utoipa::path(
    operation_id = "reports_list",
    security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The reports.", body = ReportList))
)]
#[get("/v1/reports")]
async fn list(_: Caller) -> Answer {
    let info = |name: Name| ReportInfo {
        name: name.into(),
        href: format!("/v1/reports/{name}"),
        dimensions: name.dimensions().into_iter().map(Into::into).collect(),
        has_period: name.has_period(),
        has_as_of: name.has_as_of(),
        has_known_at: name.has_known_at(),
        has_compare: name.is_compared(),
        scopes: scopes_of(name),
        order: name.order(),
        formats: Format::iter().map(Into::into).collect(),
    };
    let data = Name::iter().map(info).collect();
    Ok(HttpResponse::Ok().json(ReportList { object: tag::List, data, page: OnlyPage::of(100) }))
}

/// Returns the scopes without which a report is rejected.
fn scopes_of(name: Name) -> Vec<&'static str> {
    let costs = costs::is_of_costs(name).then_some("costs:read");
    let ledger = name.is_of_ledger().then_some("ledger:read");
    [Some("reports:read"), costs, ledger].into_iter().flatten().collect()
}

/// Parameters of a report.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportParams {
    /// First day or instant of the period: a day such as 2026-11-01, an RFC 3339 instant, or milliseconds since 1970.
    /// Without it the period has no beginning. A report on the ledger takes days of posting only. `customer_statement` takes days of
    /// documents only.
    #[param(max_length = 40, example = "2026-01-01")]
    from: Option<String>,
    /// First day or instant after the period. Without it the period has no end.
    #[param(max_length = 40, example = "2027-01-01")]
    to: Option<String>,
    /// `previous_period` or `previous_year`: adds to each figure, also in the totals, its value in the earlier period (`…_before`), the
    /// difference (`…_difference`), and the difference in percent (`…_difference_pct`). A figure in percent has no difference in percent.
    /// A report of a period needs `from` and `to`. The period before has as many days, or as many calendar months if the period is
    /// whole months. Instants at which a day begins count as days; others move by the exact length of the period, or by a year on the
    /// clock. A report of a day needs `as_of`, as a day: it is compared with the end of the month before, or the same day of the year
    /// before. `stock_turnover` and `slow_stock` are compared with as many days directly before, or with as many up to the same day of
    /// the year before. Not for `general_ledger`, `customer_statement`, `stock_position`, `low_stock`, `lot_expiry`, `reorder` and `tie_out`.
    #[param(max_length = 20, example = "previous_year")]
    compare: Option<String>,
    /// Dimensions, separated by commas or sent repeatedly. `revenue` and `margin` accept hour, day, week, month, quarter, year, hour_of_day,
    /// weekday, channel, location, product, category, customer, country, price_source, discount_band, product_kind, or none; the
    /// default is day. `stock_valuation` accepts
    /// location, product, category, or none; the default is product and location. `profit_and_loss` accepts month, quarter, year,
    /// channel, or none, `tax_summary` country as well; the default is month.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["channel"]))]
    group_by: Option<String>,
    /// IANA name of the time zone in which days begin. The default is the tenant's.
    #[param(max_length = 64, example = "Europe/London")]
    tz: Option<String>,
    /// Only these channels, separated by commas or sent repeatedly. In `general_ledger` and
    /// `profit_and_loss`, lines without a channel are left out then.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["wholesale", "retail"]))]
    channel: Option<String>,
    /// Only these locations, by code or id, separated by commas or sent repeatedly.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["MAIN"]))]
    location: Option<String>,
    /// Only these products, by SKU or id, separated by commas or sent repeatedly.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["BOLT-M8"]))]
    product: Option<String>,
    /// Only these categories and all below them, by code or id, separated by commas or sent repeatedly.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["TOOLS"]))]
    category: Option<String>,
    /// Only these customers, by number or id, separated by commas or sent repeatedly.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["C-1001"]))]
    customer: Option<String>,
    /// Only these countries, ISO 3166-1 alpha-2, separated by commas or sent repeatedly.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["GB", "IE"]))]
    country: Option<String>,
    /// Only these currencies, ISO 4217, separated by commas or sent repeatedly.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["GBP"]))]
    currency: Option<String>,
    /// Only these kinds of products, separated by commas or sent repeatedly: `stocked` for goods, `service` for postage, fees and
    /// work. Only for reports on sales.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["stocked"]))]
    product_kind: Option<String>,
    /// Only these accounts of the ledger, by code, separated by commas or sent repeatedly. Only for `general_ledger`.
    #[param(style = Form, explode = false, required = false, value_type = Vec<String>, max_items = 200, example = json!(["1100"]))]
    account: Option<String>,
    /// Counts only what had happened by this instant, or by the end of this day. The default is now. Only for
    /// `stock_valuation`, `lot_expiry`, `stock_ageing`, `slow_stock`, `stock_turnover`, `receivable_ageing`, `payable_ageing` and `balance_sheet`, which
    /// takes days only.
    #[param(max_length = 40, example = "2026-10-31")]
    as_of: Option<String>,
    /// Counts only what was recorded by this instant, or by the end of this day. The default is now. Not for `stock_position`,
    /// `low_stock`, `reorder` and `tie_out`, which show the present. A report on sales or on the ledger then reads every
    /// line, so it takes longer.
    #[param(max_length = 40, example = "2026-11-30")]
    known_at: Option<String>,
    /// Days of sales to look back. Only for `slow_stock` and `stock_turnover`.
    #[param(minimum = 1, maximum = 3650, default = 90, example = 90)]
    days: Option<i64>,
    /// Stock units at or below which a product without a reorder point is low. The default is zero. Only for
    /// `low_stock`.
    #[param(max_length = 20, example = "10")]
    threshold: Option<String>,
    /// Figure by which products are ranked, `net_revenue` or `gross_margin`. The default is `net_revenue`. Only for
    /// `abc`.
    #[param(max_length = 20, example = "gross_margin")]
    measure: Option<String>,
    /// A margin below this is weak, in percent. The default is 10. Only for `weak_margins`.
    #[param(max_length = 20, example = "10")]
    below_pct: Option<String>,
    /// Lots that expire in at most so many days from today, or from the day of `as_of`. Without it there is no limit. Only for
    /// `lot_expiry`.
    #[param(minimum = 0, maximum = 3650, example = 30)]
    within_days: Option<i64>,
    /// Lots that expire before this day. Only for `lot_expiry`.
    #[param(max_length = 10, example = "2027-01-01")]
    expires_before: Option<String>,
    /// Whether expired lots are included. The default is true. Only for `lot_expiry`.
    #[param(example = true)]
    include_expired: Option<bool>,
    /// Whether `meta.ties_to` has the totals beside the accounts of the ledger. The report takes longer then, and longer still with a large
    /// ledger. Not for `customer_value`, `best_customers`, `weak_margins`, `low_stock`, `lot_expiry`, `stock_ageing`, `slow_stock`, `reorder`
    /// and `stock_turnover`: they leave
    /// out a part of what the accounts have. Nor for `customer_statement`, whose balance begins before the period.
    #[param(example = true)]
    ties: Option<bool>,
    /// Whether `meta.trade` has the first and the last day with a line that the report counts. It reads every line of the period. Only
    /// for reports on sales.
    #[param(example = true)]
    trade: Option<bool>,
    /// Figure by which the rows are sorted, with a minus in front if the greatest comes first; rows without it come last. A limit
    /// keeps the first rows. A figure of cost needs the scope `costs:read`. The default is the `order` in `GET /v1/reports`.
    #[param(max_length = 64, example = "-net_revenue")]
    sort: Option<String>,
    /// `zero`: each unit of time of the period has a row, of zeros if nothing was sold, and the column `is_partial` says whether the
    /// period cuts the unit or it is not over yet. Needs `from`, `to`, a grouping by one unit of time, and a `limit` of at least as many
    /// rows. Only for `revenue` and `margin`.
    #[param(max_length = 16, example = "zero")]
    fill: Option<String>,
    /// Most rows: those with the greatest main figure, as `order` in `GET /v1/reports` says. Totals include all rows.
    #[param(minimum = 1, maximum = 50000, default = 10000, example = 1000)]
    limit: Option<i64>,
    /// `meta.next_cursor` of the page before, or its header Stockwell-Report-Next-Cursor: the rows begin after it, with the same other
    /// parameters. Not with `sort`. Only for `general_ledger`.
    #[param(max_length = 200, example = "3~2026-11-30~jnl_01h455vb4pex5vsknk084sn02q~1100")]
    cursor: Option<String>,
    /// `json`, `csv`, `ndjson` or `xlsx`. The default follows the header Accept.
    #[param(max_length = 16, example = "json")]
    format: Option<String>,
    /// Whether CSV begins with a byte order mark, from which Excel learns that it is UTF-8. The default is false; with
    /// `locale` it is true.
    #[param(example = false)]
    bom: Option<bool>,
    /// BCP 47 tag of the form of CSV, for people who open it in a spreadsheet: cs-CZ, da-DK, de-AT, de-DE, en-GB, en-IE, en-US,
    /// es-ES, fi-FI, fr-FR, it-IT, nb-NO, nl-NL, pl-PL, pt-PT or sv-SE. Numbers have its decimal sign, days its order; an hour
    /// has no offset. Where the comma is the decimal sign, `;` separates the cells. The headers stay as they are. Without it,
    /// CSV has points, days such as 2026-11-22 and commas. Another tag is rejected (422).
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// A report as a flat table. The columns and their order do not depend on the data.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReportTable {
    /// Name of the report.
    #[schema(max_length = 64, example = "revenue")]
    report: String,
    /// Columns in their order, with unit and meaning.
    #[schema(max_items = 100)]
    columns: Vec<Column>,
    /// Rows, one member for each column. Decimals are strings.
    #[schema(max_items = 50000, value_type = Vec<Object>,
        example = json!([{"channel": "wholesale", "currency": "GBP", "net_revenue": "1200.00"}]))]
    rows: Vec<Map<String, Value>>,
    /// One row for each currency, over everything that the report covers, including rows beyond the limit.
    #[schema(max_items = 200, value_type = Vec<Object>,
        example = json!([{"channel": null, "currency": "GBP", "net_revenue": "1200.00"}]))]
    totals: Vec<Map<String, Value>>,
    /// Period, time zone and age of the data.
    meta: Meta,
}

/// Read a report
///
/// Returns a flat table from the live rows: `revenue`, `margin`, `channel_summary`, `product_performance`,
/// `customer_value`, `abc`, `stock_position`, `stock_valuation`, `low_stock`, `lot_expiry`, `stock_ageing`,
/// `slow_stock`, `stock_turnover`, `reorder`, `shrinkage`, `receivable_ageing`, `payable_ageing`, `customer_statement`, `best_customers`, `weak_margins`, `trial_balance`,
/// `general_ledger`, `profit_and_loss`, `balance_sheet`, `tie_out` or `tax_summary`. GraphQL has the same figures, and so
/// do the SQL views in the schema `bi`, but for `reorder`, which a rule computes. Without a period
/// the report covers the whole history. A period is half-open, from `from` to before `to`. An empty report has a
/// header and no rows. `margin`, `stock_valuation`, `stock_ageing`, `slow_stock`, `stock_turnover`, `shrinkage`, `payable_ageing`, `weak_margins`, and `abc` by margin need the scope
/// `costs:read`. The reports on the ledger need `costs:read` and `ledger:read`. In the other reports, columns of costs and margins are null without it. A filter takes at most 200 different values.
#[utoipa::path(
    operation_id = "reports_get",
    security(("bearer" = ["reports:read"])),
    params(("name" = String, Path, description = "Name of the report.", max_length = 64, example = "revenue"), ReportParams, ReadHeaders),
    responses(
        (status = 200, description = "The report.", content(
            (ReportTable = "application/json"),
            (String = "text/csv", example = "channel,currency,net_revenue\r\nwholesale,GBP,1200.00\r\n"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/x-ndjson", example = "{\"channel\":\"wholesale\",\"net_revenue\":\"1200.00\"}\n"),
        ), headers(("Stockwell-Report-Truncated" = bool, description = "Whether the limit cut the rows."),
            ("Stockwell-Report-Next-Cursor" = String, description = "Cursor of the next page, if there is one."))),
        (status = 406, description = "The report is not available in this format.", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a value that is not allowed, the report does not take it, or there is no form \
            of CSV for the locale.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/reports/{name}")]
async fn show(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    params: Result<Params<ReportParams>, ApiError>,
    seen: IfNoneMatch,
    request: HttpRequest,
) -> Answer {
    let known = name.parse::<Name>();
    let params = params.map_err(|error| match &known {
        Ok(name) => beside_others(error, *name, &request),
        Err(_) => error,
    })?;
    let name = known.map_err(|_| ApiError::new(Code::NotFound, "There is no such report."))?;
    let format = wanted(params.format.as_deref(), &request)?;
    let locale = csv::locale(params.locale.as_deref())?;
    let byte_order_mark = params.bom.unwrap_or(locale.is_some());
    let asked = Request::new(name, input(params.0)).map_err(reject)?;
    let asked = Request { sees_costs: caller.sees_costs(), ..asked };
    if costs::is_about_costs(&asked) {
        caller.require_costs()?;
    }
    if name.is_of_ledger() {
        caller.require_ledger()?;
    }
    app.rates.admit_report(&caller)?;
    let (db, tenant_id) = (app.db.clone(), caller.tenant_id);
    let sees_costs = caller.sees_costs();
    let finish = move |table: Table| {
        let table = if sees_costs { table } else { table.without_costs() };
        Written::of(&table, format, byte_order_mark, locale)
    };
    let written = aside(async move { report::run(&db, tenant_id, &asked, finish).await }).await?;
    let written = written.map_err(|error| ApiError::from(error).in_query())??;
    app.rates.count_values(&caller, written.values);
    written.respond(&seen)
}

/// Adds to the rejection of parameters that break the description what is wrong with the others.
fn beside_others(error: ApiError, name: Name, request: &HttpRequest) -> ApiError {
    let faults = error.errors().to_vec();
    match readable(request).map(|params| Request::new(name, input(params))) {
        Some(Err(invalid)) if !faults.is_empty() => reject(invalid).including(faults),
        _ => error,
    }
}

/// Returns the rejection of a request, with each parameter that is wrong.
pub fn reject(invalid: Invalid) -> ApiError {
    let mut each = invalid.each().into_iter().map(reject_one);
    let Some(first) = each.next() else { return ApiError::of(ErrorCode::InvalidParameter) };
    let more: Vec<FieldProblem> = each.flat_map(|error| error.errors().to_vec()).collect();
    if more.is_empty() {
        return first;
    }
    let all = first.errors().iter().cloned().chain(more).collect();
    ApiError::of(first.code()).including(all)
}

fn reject_one(invalid: Invalid) -> ApiError {
    if invalid.parameter == "cursor" && !invalid.readable {
        return ApiError::of(ErrorCode::InvalidCursor).at_parameter("cursor");
    }
    let error = if invalid.readable {
        ApiError::new(Code::ValidationFailed, invalid.detail)
    } else {
        ApiError::new(ErrorCode::InvalidParameter, invalid.detail)
    };
    error.at_parameter(invalid.parameter)
}

fn input(params: ReportParams) -> Input {
    let named = |text: Option<String>| -> Vec<String> {
        text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let (group_by, misread) = match params.group_by.as_deref().map(Dimension::parse_list).transpose() {
        Ok(group_by) => (group_by, None),
        Err(misread) => (None, Some(misread)),
    };
    Input {
        from: params.from,
        to: params.to,
        compare: params.compare,
        time_zone: params.tz,
        group_by,
        misread,
        values: Values {
            channel: named(params.channel),
            country: named(params.country),
            currency: named(params.currency),
            product_kind: named(params.product_kind),
            // A comma may be part of a code.
            location: params.location.into_iter().collect(),
            product: params.product.into_iter().collect(),
            category: params.category.into_iter().collect(),
            customer: params.customer.into_iter().collect(),
            account: named(params.account),
        },
        as_of: params.as_of,
        known_at: params.known_at,
        days: params.days,
        threshold: params.threshold,
        measure: params.measure,
        below_pct: params.below_pct,
        within_days: params.within_days,
        expires_before: params.expires_before,
        include_expired: params.include_expired,
        ties: params.ties,
        trade: params.trade,
        sort: params.sort,
        fill: params.fill,
        limit: params.limit,
        cursor: params.cursor,
    }
}

/// Returns the format of the parameter, or of the header Accept.
pub fn wanted(parameter: Option<&str>, request: &HttpRequest) -> Result<Format, ApiError> {
    let named = |name: &str| name.parse::<Format>().ok();
    choose_form(parameter, request, named, format_of, "A report can be had as json, csv, ndjson or xlsx.")
}

/// Returns the format of a media range.
fn format_of(media_range: &str) -> Option<Format> {
    match media_range {
        "application/json" | "application/*" | "*/*" | "" => Some(Format::Json),
        "text/csv" | "text/*" => Some(Format::Csv),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Format::Ndjson),
        XLSX => Some(Format::Xlsx),
        _ => None,
    }
}

/// A report in one of its formats.
pub struct Written {
    report: &'static str,
    format: Format,
    truncated: bool,
    next_cursor: Option<String>,
    /// Number of values.
    pub values: usize,
    body: Vec<u8>,
    tag: EntityTag,
}

impl Written {
    pub fn of(
        table: &Table,
        format: Format,
        byte_order_mark: bool,
        locale: Option<Locale>,
    ) -> Result<Self, ApiError> {
        let body = match format {
            Format::Json => table.to_json()?,
            Format::Csv => table.to_csv(byte_order_mark, locale)?,
            Format::Ndjson => table.to_ndjson()?,
            Format::Xlsx => table.to_xlsx()?,
        };
        let (values, truncated) = (table.columns.len() * table.rows.len(), table.meta.truncated);
        let json;
        let content = match format {
            Format::Csv | Format::Ndjson => &body[..],
            Format::Json => without_meta(table, &body)?,
            Format::Xlsx => {
                json = table.to_json()?;
                without_meta(table, &json)?
            }
        };
        let meta = serde_json::to_vec(&table.meta.undated()).map_err(ApiError::internal)?;
        let tag = weak_tag([content, &meta[..]]);
        let next_cursor = table.meta.next_cursor.clone();
        Ok(Written { report: table.report, format, truncated, next_cursor, values, body, tag })
    }

    /// Returns the report, or 304 to a caller who has it.
    pub fn respond(self, seen: &IfNoneMatch) -> Answer {
        let Written { report, format, truncated, next_cursor, body, tag, .. } = self;
        let media_type = match format {
            Format::Json => "application/json",
            Format::Csv => csv::CSV,
            Format::Ndjson => "application/x-ndjson",
            Format::Xlsx => XLSX,
        };
        let extension: &str = format.into();
        let mut response = HttpResponse::Ok();
        response
            .insert_header((header::CACHE_CONTROL, "private, max-age=0, must-revalidate"))
            .insert_header((TRUNCATED, truncated.to_string()));
        if let Some(cursor) = next_cursor {
            response.insert_header((NEXT_CURSOR, cursor));
        }
        if format != Format::Json {
            let disposition = format!("attachment; filename=\"{report}.{extension}\"");
            response.insert_header((header::CONTENT_DISPOSITION, disposition));
        }
        seen.answer_body(&mut response, tag, media_type, || Ok(body))
    }
}

/// Returns the JSON of a table without its last member, which says when it was made.
fn without_meta<'a>(table: &Table, json: &'a [u8]) -> Result<&'a [u8], ApiError> {
    let meta = serde_json::to_vec(&table.meta).map_err(ApiError::internal)?;
    Ok(&json[..json.len().saturating_sub(meta.len() + 1)])
}

#[cfg(test)]
mod tests {
    use api::accept::preferred_form;

    use super::*;

    #[test]
    fn the_form_follows_the_accept_header() {
        for (header, format) in [
            ("*/*", Some(Format::Json)),
            ("application/json", Some(Format::Json)),
            ("text/csv", Some(Format::Csv)),
            ("application/x-ndjson", Some(Format::Ndjson)),
            (XLSX, Some(Format::Xlsx)),
            ("text/csv;q=0.5, application/json;q=0.9", Some(Format::Json)),
            ("application/json;q=0.25,Text/CSV; q=0.251", Some(Format::Csv)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Format::Json)),
            ("application/xml", None),
            ("application/json;q=0", None),
        ] {
            assert_eq!(preferred_form(header, format_of), format, "{header}");
        }
    }
}
