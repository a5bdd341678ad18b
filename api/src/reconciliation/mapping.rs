//! Mappings of another system's locations and SKUs.

use actix_web::{delete, get, post};
use domain::id::{ReconcileMappingId, SystemId};
use domain::moment::Moment;
use domain::number::Quantity;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::reconcile::mapping::{self, ItemMapping, ItemRow, LocationMapping, LocationRow};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{Ingest, Reader, RowKind, TenantParams, optional, required, take_of_tenant};
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::upload::Upload;
use crate::write::Write;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_locations)
        .service(create_locations)
        .service(delete_location)
        .service(list_items)
        .service(create_items)
        .service(delete_item);
}

const LOCATIONS: RowKind = RowKind {
    command: "reconcile_location_mapping.added",
    columns: &[
        required("system"),
        required("external_location"),
        required("location"),
        optional("valid_from"),
        optional("valid_until"),
    ],
};

const ITEMS: RowKind = RowKind {
    command: "reconcile_sku_mapping.added",
    columns: &[
        required("system"),
        required("external_sku"),
        optional("external_location"),
        required("item"),
        optional("factor"),
        optional("valid_from"),
        optional("valid_until"),
    ],
};

/// Which mappings to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only mappings of this system.
    system_id: Option<SystemId>,
    sort: Option<Age>,
}

/// Mappings of locations to add.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileLocationMappings {
    /// Mappings.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileLocationMappingCreate>,
}

/// A mapping of a location to add.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileLocationMappingCreate {
    /// Code of the other system.
    #[schema(min_length = 1, max_length = 64, example = "till")]
    system: String,
    /// Location in that system.
    #[schema(min_length = 1, max_length = 100, example = "Store 01")]
    external_location: String,
    /// Code of your location, or of the location in the reference.
    #[schema(min_length = 1, max_length = 100, example = "2010")]
    location: String,
    /// First instant of the validity; a bare date means the start of that day. Without it the mapping has no beginning.
    valid_from: Option<Moment>,
    /// First instant after the validity; a bare date means the end of that day. Without it the mapping has no end.
    valid_until: Option<Moment>,
}

/// Mappings of SKUs to add.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileSkuMappings {
    /// Mappings.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileSkuMappingCreate>,
}

/// A mapping of an SKU to add.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileSkuMappingCreate {
    /// Code of the other system.
    #[schema(min_length = 1, max_length = 64, example = "till")]
    system: String,
    /// SKU in that system.
    #[schema(min_length = 1, max_length = 100, example = "00010042")]
    external_sku: String,
    /// Location in that system. Without it the mapping applies to every location that has none of its own.
    #[schema(min_length = 1, max_length = 100, example = "Store 01")]
    external_location: Option<String>,
    /// SKU of the reference.
    #[schema(min_length = 1, max_length = 100, example = "A-10042")]
    item: String,
    /// Units of the reference in one unit of the other system, above zero. If absent, 1.
    factor: Option<Quantity>,
    /// First instant of the validity; a bare date means the start of that day. Without it the mapping has no beginning.
    valid_from: Option<Moment>,
    /// First instant after the validity; a bare date means the end of that day. Without it the mapping has no end.
    valid_until: Option<Moment>,
}

/// List mappings of locations
///
/// Returns one page of the mappings of other systems' locations.
#[utoipa::path(
    operation_id = "reconciliation_location_mappings_list",
    security(("bearer" = ["reconciliation:read"])),
    params(Filters),
    responses((status = 200, description = "One page of mappings.", body = Page<LocationMapping>))
)]
#[get("/v1/reconciliation/location-mappings")]
async fn list_locations(caller: Caller, list: List<Filters>) -> Answer {
    let (system_id, sort) = (list.filters.system_id, list.filters.sort);
    let read = async move |tx: &Tx, slice: &Slice| mapping::list_locations(tx, system_id, slice).await;
    list.serve_documents(caller, sort, read, |mapping: &LocationMapping| mapping.id.0).await
}

/// Add mappings of locations
///
/// Maps locations of other systems to yours, or to those of the reference. A location without a mapping is the one with the same
/// code. A location is mapped once at a time: a row that another one contradicts is rejected (`already_exists`). To change a
/// mapping, delete it and add the right one. JSON or CSV, as for systems.
#[utoipa::path(
    operation_id = "reconciliation_location_mappings_create",
    security(("bearer" = ["reconciliation:write"])),
    params(TenantParams),
    request_body(content(
        (ReconcileLocationMappings = "application/json"),
        (String = "text/csv", example = "system,external_location,location\r\ntill,Store 01,2010\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/location-mappings")]
async fn create_locations(write: Write, params: Params<TenantParams>, upload: Upload) -> Answer {
    take_of_tenant(write, upload, LOCATIONS, &params, read_location, mapping::add_locations).await
}

fn read_location(row: &mut Reader<'_>) -> LocationRow {
    LocationRow {
        system: row.line::<64>("system"),
        external_location: row.line::<100>("external_location"),
        location: row.line::<100>("location"),
        valid_from: row.begin("valid_from"),
        valid_until: row.end("valid_until"),
    }
}

/// Delete a mapping of a location
///
/// The next run reads every row without the mapping, also rows that were sent before.
#[utoipa::path(
    operation_id = "reconciliation_location_mappings_delete",
    security(("bearer" = ["reconciliation:write"])),
    params(("id" = ReconcileMappingId, Path, description = "The mapping's id.")),
    responses((status = 204, description = "The mapping is deleted."))
)]
#[delete("/v1/reconciliation/location-mappings/{id}")]
async fn delete_location(write: Write, id: PathId<ReconcileMappingId>) -> Answer {
    write
        .delete("reconcile_location_mapping.deleted", None, async |tx, _| {
            mapping::delete_location(tx, id.0).await
        })
        .await
}

/// List mappings of SKUs to items of the reference
///
/// Returns one page of the mappings of other systems' SKUs in shadow mode.
#[utoipa::path(
    operation_id = "reconciliation_sku_mappings_list",
    security(("bearer" = ["reconciliation:read"])),
    params(Filters),
    responses((status = 200, description = "One page of mappings.", body = Page<ItemMapping>))
)]
#[get("/v1/reconciliation/sku-mappings")]
async fn list_items(caller: Caller, list: List<Filters>) -> Answer {
    let (system_id, sort) = (list.filters.system_id, list.filters.sort);
    let read = async move |tx: &Tx, slice: &Slice| mapping::list_items(tx, system_id, slice).await;
    list.serve_documents(caller, sort, read, |mapping: &ItemMapping| mapping.id.0).await
}

/// Add mappings of SKUs to items of the reference
///
/// Maps SKUs of other systems to those of the reference, in shadow mode. With products of your own, use `/v1/sku-mappings`. An SKU
/// without a mapping is the one that the reference spells the same. Two mappings of an SKU and location never overlap in time: a
/// row that another one contradicts is rejected (`already_exists`). JSON or CSV, as for systems.
#[utoipa::path(
    operation_id = "reconciliation_sku_mappings_create",
    security(("bearer" = ["reconciliation:write"])),
    params(TenantParams),
    request_body(content(
        (ReconcileSkuMappings = "application/json"),
        (String = "text/csv", example = "system,external_sku,item,factor\r\ntill,00010042,A-10042,1\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/sku-mappings")]
async fn create_items(write: Write, params: Params<TenantParams>, upload: Upload) -> Answer {
    take_of_tenant(write, upload, ITEMS, &params, read_item, mapping::add_items).await
}

fn read_item(row: &mut Reader<'_>) -> ItemRow {
    ItemRow {
        system: row.line::<64>("system"),
        external_sku: row.line::<100>("external_sku"),
        external_location: row.optional_line::<100>("external_location"),
        item: row.line::<100>("item"),
        factor: row.optional_quantity("factor").unwrap_or(Quantity::ONE),
        valid_from: row.begin("valid_from"),
        valid_until: row.end("valid_until"),
    }
}

/// Delete a mapping of an SKU to an item of the reference
///
/// The next run reads every row without the mapping, also rows that were sent before.
#[utoipa::path(
    operation_id = "reconciliation_sku_mappings_delete",
    security(("bearer" = ["reconciliation:write"])),
    params(("id" = ReconcileMappingId, Path, description = "The mapping's id.")),
    responses((status = 204, description = "The mapping is deleted."))
)]
#[delete("/v1/reconciliation/sku-mappings/{id}")]
async fn delete_item(write: Write, id: PathId<ReconcileMappingId>) -> Answer {
    write
        .delete("reconcile_sku_mapping.deleted", None, async |tx, _| mapping::delete_item(tx, id.0).await)
        .await
}
