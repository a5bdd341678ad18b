//! Routes that read landed costs.

use actix_web::get;
use actix_web::web::Data;
use domain::id::{LandedCostId, StockDocumentId};
use domain::landed_cost::LandedCost;
use domain::moment::Instant;
use serde::{Deserialize, Serialize, Serializer};
use service::landed_cost::{self, Filter};
use service::listing::{Age, Period, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use super::LandedCostOut;
use crate::costs::Shown;
use crate::line::skus_in;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which landed costs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those that are spread over this receipt, and their reversals.
    stock_document_id: Option<StockDocumentId>,
    /// Only this number.
    #[param(max_length = 64, example = "LC-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 200, example = "Freight bill 20261122-77")]
    reference: Option<String>,
    /// `true`: only landed costs that were reversed. `false`: only the others, which include the reversals.
    #[param(example = false)]
    reversed: Option<bool>,
    /// Happened at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Happened before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List landed costs
///
/// Returns one page of landed costs and reversals, without their lines.
#[utoipa::path(
    operation_id = "landed_costs_list",
    security(("bearer" = ["purchasing:read"])),
    params(Filters),
    responses((status = 200, description = "One page of landed costs.", body = Page<LandedCostOut>))
)]
#[get("/v1/landed-costs")]
async fn list(caller: Caller, page: List<Filters>) -> Answer {
    let filters = &page.filters;
    let filter = Filter {
        number: filters.number.clone(),
        reference: filters.reference.clone(),
        stock_document_id: filters.stock_document_id,
        reversed: filters.reversed,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let (sort, viewer) = (filters.sort, caller.clone());
    let read = async move |tx: &service::Tx, slice: &Slice| {
        let rows = landed_cost::list(tx, &filter, slice).await?.into_iter();
        let shown = rows.map(|(landed, currency)| Shown::to(&viewer, Listed { landed, currency }));
        Ok(shown.collect::<Vec<_>>())
    };
    page.serve_documents(caller, sort, read, |listed: &Shown<Listed>| listed.landed.id.0).await
}

/// A landed cost in a list.
struct Listed {
    landed: LandedCost,
    currency: String,
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LandedCostOut::new(&self.landed, &self.currency).serialize(serializer)
    }
}

/// Get a landed cost
///
/// Returns the landed cost, or the reversal, with its lines.
#[utoipa::path(
    operation_id = "landed_costs_get",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = LandedCostId, Path, description = "The landed cost's id."), ReadHeaders),
    responses((status = 200, description = "The landed cost.", body = LandedCostOut))
)]
#[get("/v1/landed-costs/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LandedCostId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &service::Tx| landed_cost::get(tx, id.0).await;
    let (landed, currency, skus) = app.db.read(caller.tenant_id, read).await?;
    let skus = skus_in(&skus);
    let shown = LandedCostOut::with_lines(&landed, &currency, &skus);
    seen.answer_content(landed.version, Shown::to(&caller, shown))
}
