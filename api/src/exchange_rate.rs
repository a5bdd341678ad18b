//! Exchange rates of other currencies.

mod table;

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::NaiveDate;
use domain::id::ExchangeRateId;
use serde::Deserialize;
use service::Tx;
use service::exchange_rate::{
    self, ExchangeRate, ExchangeRateImport, ExchangeRateInput, ExchangeRatesInput, Filter,
};
use service::input::{CURRENCY_EXPECTED, is_currency};
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::{self, Body};
use crate::csv::{self, in_rows};
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::problem::ErrorCode;
use crate::record::record;
use crate::upload::{Form, Upload, Uploaded};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, ApiError, App, Caller};

/// Most bytes of an import.
const BYTES_MAX: usize = 5 * 1024 * 1024;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(import).service(create).service(list).service(show);
}

record!(ExchangeRate, id: ExchangeRateId, created_at);

/// Record an exchange rate
///
/// Records an exchange rate: the units of the tenant's currency in one unit of another, from a day on. A document takes
/// the latest rate on or before its day, unless it states its own. A rate never changes. To correct one, record another
/// of the same currency and day: later documents take it, and recorded documents keep their rate.
#[utoipa::path(
    operation_id = "exchange_rates_create",
    security(("bearer" = ["ledger:write"])),
    request_body = ExchangeRateInput,
    responses((status = 201, description = "The rate.", body = ExchangeRate))
)]
#[post("/v1/exchange-rates")]
async fn create(write: Write, body: Body<ExchangeRateInput>) -> Answer {
    write.caller().limits.require_no_amount_max("/rate")?;
    write.create("exchange_rate.recorded", body, exchange_rate::create).await
}

/// Parameters of an import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// BCP 47 tag of the form of numbers in CSV: with `de-DE`, rates have a comma before the decimals, and no sign between thousands.
    /// Days are written as 2026-01-31 in every form.
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// Import exchange rates
///
/// Records the rates of a list, each of another currency or day. A rate that holds already with the same value is not recorded again, so
/// the same list changes nothing the second time. Send JSON, or CSV in UTF-8 (with commas, semicolons or tabs) with the header `currency`,
/// `valid_from`, `rate` and, if there is one, `source`. In the errors of CSV `rates/0` is the first filled row after the header, and
/// `params` has row and column. At most 2,000 rates and 5 MiB. The list is one transaction: if a rate is wrong, nothing is recorded, and
/// every wrong one is named (422). `Prefer: dry-run` returns the same and writes nothing.
#[utoipa::path(
    operation_id = "exchange_rates_import",
    security(("bearer" = ["ledger:write"])),
    params(ImportParams),
    request_body(content(
        (ExchangeRatesInput = "application/json"),
        (String = "text/csv", example = "currency,valid_from,rate,source\r\nUSD,2026-01-02,0.79,Central bank\r\n"),
    )),
    responses((status = 200, description = "The result.", body = ExchangeRateImport))
)]
#[post("/v1/exchange-rates/import")]
async fn import(write: Write, params: Params<ImportParams>, upload: Upload) -> Answer {
    write.caller().limits.require_no_amount_max("")?;
    let locale = csv::locale(params.locale.as_deref())?;
    let uploaded = upload.read_up_to(BYTES_MAX).await?;
    let parse = move |uploaded: &Uploaded| -> Result<(ExchangeRatesInput, Vec<usize>), ApiError> {
        match uploaded.form {
            Form::Json => body::parse_object(&uploaded.raw)
                .map(|input| (input, Vec::new()))
                .map_err(|error| uploaded.schema.explain_unread(&uploaded.raw, error)),
            Form::Csv => table::read(&uploaded.raw, locale),
        }
    };
    let (uploaded, (input, rows)) = uploaded.parse(parse).await?;
    let work = async |tx: &Tx| exchange_rate::import(tx, &input).await;
    let imported = write.whole("exchange_rate.imported", &uploaded.raw, work).await;
    imported.map_err(|error| in_rows(error, "rates", &rows))
}

/// Which exchange rates to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only rates of this currency (ISO 4217).
    #[param(max_length = 3, example = "USD")]
    currency: Option<String>,
    /// Only the rates that hold on this day, one of each currency.
    #[param(example = "2026-11-20")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    on: Option<NaiveDate>,
    sort: Option<Age>,
}

/// List exchange rates
///
/// Returns one page of rates, the newest first, also those that a newer one corrects.
#[utoipa::path(
    operation_id = "exchange_rates_list",
    security(("bearer" = ["ledger:read"])),
    params(Filters),
    responses((status = 200, description = "One page of exchange rates.", body = Page<ExchangeRate>))
)]
#[get("/v1/exchange-rates")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    if list.filters.currency.as_deref().is_some_and(|currency| !is_currency(currency)) {
        return Err(ApiError::new(ErrorCode::InvalidParameter, CURRENCY_EXPECTED).at_parameter("currency"));
    }
    let filter = Filter { currency: list.filters.currency.clone(), on: list.filters.on };
    let sort = list.filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| exchange_rate::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |rate: &ExchangeRate| rate.id.0).await
}

/// Get an exchange rate
///
/// Returns one rate.
#[utoipa::path(
    operation_id = "exchange_rates_get",
    security(("bearer" = ["ledger:read"])),
    params(("id" = ExchangeRateId, Path, description = "The id of the rate."), ReadHeaders),
    responses((status = 200, description = "The rate.", body = ExchangeRate))
)]
#[get("/v1/exchange-rates/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ExchangeRateId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| exchange_rate::get(tx, id.0).await;
    let rate = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(rate.version, rate))
}
