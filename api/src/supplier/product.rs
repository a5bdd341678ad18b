//! Products of suppliers: list, get, state, remove.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, put};
use domain::id::{InvalidId, ProductId, SupplierId};
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::supplier::product::{self, Filter, SupplierProduct, SupplierProductInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::{Body, sentence};
use crate::costs::Shown;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::problem::ErrorCode;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{Stated, Write};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(get).service(set).service(remove);
}

/// Which products of a supplier to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// `true`: only products for which this supplier is the preferred one. `false`: only the others.
    #[param(example = true)]
    preferred: Option<bool>,
}

/// List the products of a supplier
///
/// Returns one page of products with the supplier's SKUs and prices, the oldest product first.
#[utoipa::path(
    operation_id = "supplier_products_list",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = SupplierId, Path, description = "The supplier's id."), Filters),
    responses((status = 200, description = "One page of products.", body = Page<SupplierProduct>))
)]
#[get("/v1/suppliers/{id}/products")]
async fn list(caller: Caller, id: PathId<SupplierId>, list: List<Filters>) -> Answer {
    let filter = Filter { sku: list.filters.sku.clone(), preferred: list.filters.preferred };
    let viewer = caller.clone();
    let read = async move |tx: &Tx, slice: &Slice| {
        let rows = product::list(tx, id.0, &filter, slice).await?.into_iter();
        Ok(rows.map(|row| Shown::to(&viewer, row)).collect::<Vec<_>>())
    };
    let position = |row: &Shown<SupplierProduct>| row.product_id.0;
    list.serve_documents(caller, Some(Age::OldestFirst), read, position).await
}

/// Get a product of a supplier
///
/// Returns the supplier's SKU, the quantities that it sells, and its prices.
#[utoipa::path(
    operation_id = "supplier_products_get",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = SupplierId, Path, description = "The supplier's id."),
        ("product_id" = ProductId, Path, description = "The product's id."), ReadHeaders),
    responses((status = 200, description = "The product.", body = SupplierProduct))
)]
#[get("/v1/suppliers/{id}/products/{product_id}")]
async fn get(app: Data<App>, caller: Caller, path: Path<(String, String)>, seen: IfNoneMatch) -> Answer {
    let (id, product_id) = ids(&path)?;
    let row = app.db.read(caller.tenant_id, async |tx| product::get(tx, id, product_id).await).await?;
    seen.answer_content(row.version, Shown::to(&caller, row))
}

/// State a product of a supplier
///
/// Replaces all fields and prices of the product. An absent field is cleared. If `preferred` is true, the former
/// preferred supplier of the product is no longer preferred, and gets an event too.
#[utoipa::path(
    operation_id = "supplier_products_put",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = SupplierId, Path, description = "The supplier's id."),
        ("product_id" = ProductId, Path, description = "The product's id.")),
    request_body = SupplierProductInput,
    responses((status = 200, description = "The product as it is now.", body = SupplierProduct))
)]
#[put("/v1/suppliers/{id}/products/{product_id}")]
async fn set(write: Write, path: Path<(String, String)>, body: Body<SupplierProductInput>) -> Answer {
    let (id, product_id) = ids(&path)?;
    write
        .put("supplier.product_stated", body, async |tx, expected, input| {
            let (record, before) = product::set(tx, (id, product_id), expected, input).await?;
            let also_changed = before.into_iter().map(|id| id.0).collect();
            Ok(Stated { id: Some(id.0), also_changed, version: record.version, record })
        })
        .await
}

/// Remove a product of a supplier
///
/// Removes the product and its prices from the supplier. Purchase orders keep their lines and costs.
#[utoipa::path(
    operation_id = "supplier_products_delete",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = SupplierId, Path, description = "The supplier's id."),
        ("product_id" = ProductId, Path, description = "The product's id.")),
    responses((status = 204, description = "The product is removed."))
)]
#[delete("/v1/suppliers/{id}/products/{product_id}")]
async fn remove(write: Write, path: Path<(String, String)>) -> Answer {
    let (id, product_id) = ids(&path)?;
    write
        .delete("supplier.product_removed", Some(id.0), async |tx, expected| {
            product::remove(tx, id, product_id, expected).await
        })
        .await
}

/// Parses the ids of a supplier and of a product.
fn ids(path: &(String, String)) -> Result<(SupplierId, ProductId), ApiError> {
    let refused = |name: &'static str, error: InvalidId| {
        ApiError::new(ErrorCode::InvalidId, sentence(&error.to_string())).at_parameter(name)
    };
    let id = path.0.parse().map_err(|error| refused("id", error))?;
    let product_id = path.1.parse().map_err(|error| refused("product_id", error))?;
    Ok((id, product_id))
}
