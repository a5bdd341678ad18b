//! Suppliers: list, create one or many, get, change, and their products.

mod price_list;
mod product;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use domain::id::{ProductId, SupplierId};
use domain::moment::Instant;
use domain::supplier::SupplierStatus;
use serde::Deserialize;
use service::page::{self, Placed};
use service::supplier::lead_time::SupplierLeadTime;
use service::supplier::{self, Filter, Supplier, SupplierInput, SupplierSort};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::batch::{Batch, Items, Results};
use crate::body::{BatchBody, Body};
use crate::list::{List, Page, Sorted, search, sort};
use crate::params::PathId;
use crate::patch::Patch;
use crate::personal::Personal;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(create_batch).service(get).service(update).service(lead_time);
    cfg.configure(product::routes).configure(price_list::routes);
}

record!(Supplier, SupplierId);

impl Personal for Supplier {
    async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Self>, Error> {
        supplier::find(tx, ids).await
    }
}

/// Which suppliers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 64, example = "NORDBOLT")]
    code: Option<String>,
    /// Words that are in the name or the code, in upper or lower case and in any order. A word of two characters is found
    /// where a word begins, a single character only at the beginning of the name. Finds at most the 10,000 best matches.
    #[param(min_length = 1, max_length = 200, example = "nord")]
    q: Option<String>,
    /// Only this status.
    status: Option<SupplierStatus>,
    /// Only this external reference.
    #[param(max_length = 200, example = "erp-7001")]
    external_ref: Option<String>,
    /// Only suppliers that sell this product.
    product_id: Option<ProductId>,
    /// Order of the list. Without it, the best match of `q` comes first: the code itself, then names and codes that begin with
    /// it, then words that begin with it. Without `q`, the newest comes first.
    #[param(inline)]
    sort: Option<SupplierSort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List suppliers
///
/// Returns one page of suppliers. To synchronise, send `sort=updated_at` and `updated_at[gte]`.
#[utoipa::path(
    operation_id = "suppliers_list",
    security(("bearer" = ["purchasing:read"])),
    params(Filters),
    responses((status = 200, description = "One page of suppliers.", body = Page<Supplier>))
)]
#[get("/v1/suppliers")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        code: filters.code.clone(),
        search: search(filters.q.as_deref(), true)?,
        status: filters.status,
        external_ref: filters.external_ref.clone(),
        product_id: filters.product_id,
        metadata: list.metadata.clone().into(),
    };
    let (relevance, usual) = (SupplierSort::Relevance, SupplierSort::CreatedDescending);
    let sort = sort(filters.sort, filter.search.is_some(), relevance, usual)?;
    let sorted = Sorted::by(sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| supplier::list(tx, &filter, page).await;
    sorted.serve(list, caller, read, |row: &Placed<Supplier>| row.position.clone()).await
}

/// Create a supplier
///
/// Creates a supplier. Its products and prices are stated one by one (`PUT /v1/suppliers/{id}/products/{product_id}`), or by
/// a price list (`POST /v1/suppliers/{id}/products/import`).
#[utoipa::path(
    operation_id = "suppliers_create",
    security(("bearer" = ["purchasing:write"])),
    request_body = SupplierInput,
    responses((status = 201, description = "The supplier.", body = Supplier))
)]
#[post("/v1/suppliers")]
async fn create(write: Write, body: Body<SupplierInput>) -> Answer {
    write.of_persons::<Supplier>().create("supplier.created", body, supplier::create).await
}

/// Create many suppliers
///
/// Takes up to 500 suppliers and returns one result each, in order. A rejected supplier does not affect the others.
#[utoipa::path(
    operation_id = "suppliers_create_batch",
    security(("bearer" = ["purchasing:write"])),
    request_body = Batch<SupplierInput>,
    responses((status = 207, description = "One result per supplier.", body = Results<Supplier>))
)]
#[post("/v1/suppliers/batch")]
async fn create_batch(write: Write, body: BatchBody<Items>) -> Answer {
    write.of_persons::<Supplier>().batch("supplier.batch_created", body, supplier::create_all).await
}

/// Get a supplier
///
/// Returns one supplier.
#[utoipa::path(
    operation_id = "suppliers_get",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = SupplierId, Path, description = "The supplier's id."), ReadHeaders),
    responses((status = 200, description = "The supplier.", body = Supplier))
)]
#[get("/v1/suppliers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<SupplierId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| supplier::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Get the lead time of a supplier
///
/// Returns the lead time in days: as the supplier states it, and as measured on the latest 200 received lines of its purchase orders.
#[utoipa::path(
    operation_id = "suppliers_get_lead_time",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = SupplierId, Path, description = "The supplier's id.")),
    responses((status = 200, description = "The lead time.", body = SupplierLeadTime))
)]
#[get("/v1/suppliers/{id}/lead-time")]
async fn lead_time(app: Data<App>, caller: Caller, id: PathId<SupplierId>) -> Answer {
    let read = async |tx: &Tx| supplier::lead_time::get(tx, id.0).await;
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, read).await?))
}

/// Change a supplier
///
/// Takes a merge patch. A supplier with the status `archived` gets no new purchase orders.
#[utoipa::path(
    operation_id = "suppliers_update",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = SupplierId, Path, description = "The supplier's id.")),
    request_body = Patch<SupplierInput>,
    responses((status = 200, description = "The supplier as it is now.", body = Supplier))
)]
#[patch("/v1/suppliers/{id}")]
async fn update(write: Write, id: PathId<SupplierId>, body: Body<MergePatch>) -> Answer {
    write
        .of_persons::<Supplier>()
        .patch("supplier.updated", body, async |tx, expected, change| {
            supplier::update(tx, id.0, expected, change).await
        })
        .await
}
