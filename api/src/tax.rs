//! Tax classes and tax rates.

use actix_web::web::Data;
use actix_web::{delete, get, post};
use domain::id::{TaxClassId, TaxRateId};
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::page::{self, Sort};
use service::tax::{self, TaxClass, TaxClassInput, TaxRate, TaxRateInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::record::record;
use crate::version::{GuardedHeaders, IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_classes).service(create_class).service(get_class);
    cfg.service(list_rates).service(create_rate).service(get_rate).service(delete_rate);
}

record!(TaxClass, TaxClassId);

record!(TaxRate, TaxRateId);

/// Which tax classes to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClassFilters {
    /// Only this code.
    #[param(max_length = 64, example = "standard")]
    code: Option<String>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// Which tax rates to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RateFilters {
    /// Only this tax class.
    tax_class_id: Option<TaxClassId>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List tax classes
///
/// Returns one page of tax classes.
#[utoipa::path(
    operation_id = "tax_classes_list",
    security(("bearer" = ["catalog:read"])),
    params(ClassFilters),
    responses((status = 200, description = "One page of tax classes.", body = Page<TaxClass>))
)]
#[get("/v1/tax-classes")]
async fn list_classes(caller: Caller, list: List<ClassFilters>) -> Answer {
    let filters = &list.filters;
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let code = filters.code.clone();
    let read = async move |tx: &Tx, page: &page::Page| tax::list_classes(tx, code.as_deref(), page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a tax class
///
/// Creates a tax class. A product that names no class gets the one with the code `standard`.
#[utoipa::path(
    operation_id = "tax_classes_create",
    security(("bearer" = ["catalog:write"])),
    request_body = TaxClassInput,
    responses((status = 201, description = "The tax class.", body = TaxClass))
)]
#[post("/v1/tax-classes")]
async fn create_class(write: Write, body: Body<TaxClassInput>) -> Answer {
    write.create("tax_class.created", body, tax::create_class).await
}

/// Get a tax class
///
/// Returns one tax class.
#[utoipa::path(
    operation_id = "tax_classes_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = TaxClassId, Path, description = "The tax class's id."), ReadHeaders),
    responses((status = 200, description = "The tax class.", body = TaxClass))
)]
#[get("/v1/tax-classes/{id}")]
async fn get_class(app: Data<App>, caller: Caller, id: PathId<TaxClassId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| tax::get_class(tx, id.0).await).await?;
    Ok(seen.answer(1, row))
}

/// List tax rates
///
/// Returns one page of tax rates, past and future ones included.
#[utoipa::path(
    operation_id = "tax_rates_list",
    security(("bearer" = ["catalog:read"])),
    params(RateFilters),
    responses((status = 200, description = "One page of tax rates.", body = Page<TaxRate>))
)]
#[get("/v1/tax-rates")]
async fn list_rates(caller: Caller, list: List<RateFilters>) -> Answer {
    let filters = &list.filters;
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let class = filters.tax_class_id;
    let read = async move |tx: &Tx, page: &page::Page| tax::list_rates(tx, class, page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a tax rate
///
/// To change a rate, create a new one with a later first day. The old one then ends automatically.
#[utoipa::path(
    operation_id = "tax_rates_create",
    security(("bearer" = ["catalog:write"])),
    request_body = TaxRateInput,
    responses((status = 201, description = "The tax rate.", body = TaxRate))
)]
#[post("/v1/tax-rates")]
async fn create_rate(write: Write, body: Body<TaxRateInput>) -> Answer {
    write.changing_setup().create("tax_rate.created", body, tax::create_rate).await
}

/// Get a tax rate
///
/// Returns one tax rate.
#[utoipa::path(
    operation_id = "tax_rates_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = TaxRateId, Path, description = "The tax rate's id."), ReadHeaders),
    responses((status = 200, description = "The tax rate.", body = TaxRate))
)]
#[get("/v1/tax-rates/{id}")]
async fn get_rate(app: Data<App>, caller: Caller, id: PathId<TaxRateId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| tax::get_rate(tx, id.0).await).await?;
    Ok(seen.answer(1, row))
}

/// Delete a tax rate
///
/// Lines that were sold keep their rate.
#[utoipa::path(
    operation_id = "tax_rates_delete",
    security(("bearer" = ["catalog:write"])),
    params(("id" = TaxRateId, Path, description = "The tax rate's id."), GuardedHeaders),
    responses((status = 204, description = "The tax rate is deleted."))
)]
#[delete("/v1/tax-rates/{id}")]
async fn delete_rate(write: Write, id: PathId<TaxRateId>) -> Answer {
    let write = write.requiring_if_match()?;
    write
        .changing_setup()
        .delete("tax_rate.deleted", Some(id.0.0), async |tx, expected| {
            tax::delete_rate(tx, id.0, expected).await
        })
        .await
}
