//! Routes that read stock documents.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::id::{LocationId, StockDocumentId};
use domain::moment::Instant;
use domain::stock_document::StockDocumentKind;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::stock::document::{self, Filter, StockDocumentSummary};
use utoipa_actix_web::service_config::ServiceConfig;

use super::StockDocumentOut;
use crate::costs::Shown;
use crate::line::skus_in;
use crate::list::{List, Page};
use crate::lot::line::codes_in;
use crate::params::PathId;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which stock documents to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this kind.
    kind: Option<StockDocumentKind>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this reason code.
    #[param(max_length = 64, example = "damage")]
    reason: Option<String>,
    /// Only this number.
    #[param(max_length = 64, example = "GR-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 100, example = "delivery note 4711")]
    reference: Option<String>,
    /// Happened at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Happened before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List stock documents
///
/// Returns one page of receipts, openings, adjustments, revaluations and returns to suppliers, without their lines.
#[utoipa::path(
    operation_id = "stock_documents_list",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(Filters),
    responses((status = 200, description = "One page of stock documents.", body = Page<StockDocumentSummary>))
)]
#[get("/v1/stock/documents")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        kind: filters.kind,
        location_id: filters.location_id,
        reason: filters.reason.clone(),
        number: filters.number.clone(),
        reference: filters.reference.clone(),
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let (sort, viewer) = (filters.sort, caller.clone());
    let read = async move |tx: &Tx, slice: &Slice| {
        let rows = document::list(tx, &filter, slice).await?;
        Ok(rows.into_iter().map(|row| Shown::to(&viewer, row)).collect::<Vec<_>>())
    };
    list.serve_documents(caller, sort, read, |document: &Shown<StockDocumentSummary>| document.id.0).await
}

/// Get a stock document
///
/// Returns the document with its lines.
#[utoipa::path(
    operation_id = "stock_documents_get",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(("id" = StockDocumentId, Path, description = "The document's id.")),
    responses((status = 200, description = "The document.", body = StockDocumentOut))
)]
#[get("/v1/stock/documents/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<StockDocumentId>) -> Answer {
    let read = async |tx: &service::Tx| document::get(tx, id.0).await;
    let (document, currency, names) = app.db.read(caller.tenant_id, read).await?;
    let (skus, codes) = (skus_in(&names.skus), codes_in(&names.lots));
    Ok(HttpResponse::Ok()
        .json(Shown::to(&caller, StockDocumentOut::new(&document, &currency, &skus, &codes))))
}
