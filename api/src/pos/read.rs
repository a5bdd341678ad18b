//! Routes that read sales and refunds.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use domain::id::{CustomerId, RegisterId, SaleId, SessionId};
use domain::moment::Instant;
use domain::pos::SaleKind;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::pos::{Receipt, SaleFilter, SaleSummary};
use utoipa_actix_web::service_config::ServiceConfig;

use super::SaleOut;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which sales and refunds to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only sales or only refunds.
    kind: Option<SaleKind>,
    /// Only this till.
    register_id: Option<RegisterId>,
    /// Only this session.
    session_id: Option<SessionId>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this number.
    #[param(max_length = 64, example = "T1-2026-000001")]
    number: Option<String>,
    /// Only this number of your own.
    #[param(max_length = 100, example = "web-10023")]
    external_ref: Option<String>,
    /// Only this business day.
    #[serde(default, deserialize_with = "domain::day::optional")]
    business_date: Option<NaiveDate>,
    /// Happened at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Happened before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List sales and refunds
///
/// Returns one page of till sales and refunds, without their lines and tenders.
#[utoipa::path(
    operation_id = "pos_sales_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of sales and refunds.", body = Page<SaleSummary>))
)]
#[get("/v1/pos/sales")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = SaleFilter {
        kind: filters.kind,
        register_id: filters.register_id,
        session_id: filters.session_id,
        customer_id: filters.customer_id,
        number: filters.number.clone(),
        external_ref: filters.external_ref.clone(),
        business_date: filters.business_date,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| service::pos::sales(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |sale: &SaleSummary| sale.id.0).await
}

/// Get a sale or refund
///
/// Returns the sale or refund with its lines and tenders.
#[utoipa::path(
    operation_id = "pos_sales_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = SaleId, Path, description = "The sale's id.")),
    responses((status = 200, description = "The sale or refund.", body = SaleOut))
)]
#[get("/v1/pos/sales/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<SaleId>) -> Answer {
    let read = async |tx: &service::Tx| service::pos::sale(tx, id.0).await;
    let Receipt { sale, currency, returned } = app.db.read(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(SaleOut::new(&sale, &currency).less(&returned)))
}
