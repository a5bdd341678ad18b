//! Suggestions of what to order or to transfer.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::id::{CategoryId, LocationId, ProductId};
use serde::Deserialize;
use service::replenish::shown::Shown;
use service::replenish::suggestion::{self, Filter, Position, Reader, ReplenishmentProduct};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::aside::aside;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_suggestions).service(explain);
}

/// Which suggestions to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only for this product.
    product_id: Option<ProductId>,
    /// Only for this location. Stock of other locations is still transferred first.
    location_id: Option<LocationId>,
    /// Only for products of this category and of those below it.
    category_id: Option<CategoryId>,
}

/// List suggestions
///
/// Returns one page of the products and locations for which something is to be ordered, transferred or expedited now, the smallest
/// cover first. Each suggestion has the numbers that led to it and a sentence. Own stock that another location does not need is
/// transferred first. Only active stocked products in warehouses and stores are suggested, as of now.
///
/// The figures are computed for each page, so each page costs as much as a report. The report `reorder` has all rows at
/// once, and those that are not due yet. A tenant with more than 200,000 products at locations asks by `product_id`.
/// For a caller without `costs:read`, the figures are computed as if no cost were known.
#[utoipa::path(
    operation_id = "replenishment_suggestions_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of suggestions.", body = Page<Shown>))
)]
#[get("/v1/replenishment/suggestions")]
async fn list_suggestions(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let Filters { product_id, location_id, category_id } = list.filters;
    let filter = Filter { product_id, location_id, category_id };
    let (after, rows) = (list.after::<Position>()?, list.fetch());
    app.rates.admit_report(&caller)?;
    let (db, reader) = (app.db.clone(), reader(&caller));
    let found = aside(async move { suggestion::list(&db, reader, filter, after, rows).await });
    let found = found.await?.map_err(|error| ApiError::from(error).in_query())?;
    if found.is_empty() {
        // A filter may name a record that does not exist.
        list.read(&caller, async |_: &service::Tx| Ok(Vec::<Shown>::new())).await?;
    }
    list.answer(found, Position::of)
}

/// Explain the suggestions for a product
///
/// Returns a suggestion for each location that has the product, also where nothing is due, with everything that led to it: the
/// weeks of demand in both channels, orders that count in part, lead time, horizon, expected demand, safety, reorder point, level to
/// fill up to, position with its supplies, need and rounding.
#[utoipa::path(
    operation_id = "replenishment_suggestions_explain",
    security(("bearer" = ["stock:read"])),
    params(("id" = ProductId, Path, description = "The product.")),
    responses((status = 200, description = "The suggestions.", body = ReplenishmentProduct))
)]
#[get("/v1/replenishment/suggestions/{id}")]
async fn explain(app: Data<App>, caller: Caller, id: PathId<ProductId>) -> Answer {
    app.rates.admit_report(&caller)?;
    let (db, reader) = (app.db.clone(), reader(&caller));
    let found = aside(async move { suggestion::explain(&db, reader, id.0).await });
    Ok(HttpResponse::Ok().json(found.await??))
}

/// Returns the part of a caller that reading suggestions depends on.
pub(super) fn reader(caller: &Caller) -> Reader {
    Reader { tenant_id: caller.tenant_id, sees_costs: caller.sees_costs() }
}
