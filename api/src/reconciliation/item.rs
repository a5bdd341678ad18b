//! Items of the reference, and the components of its sets.

use actix_web::post;
use domain::number::Quantity;
use service::reconcile::item::{self, BundleRow, ItemRow};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{Ingest, ModeParams, Reader, RowKind, optional, required, take_of_tenant};
use crate::Answer;
use crate::params::Params;
use crate::upload::Upload;
use crate::write::Write;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(send_items).service(send_bundles);
}

const ITEMS: RowKind =
    RowKind { command: "reconcile_item.sent", columns: &[required("item"), optional("category")] };
const BUNDLES: RowKind = RowKind {
    command: "reconcile_bundle.sent",
    columns: &[required("item"), required("component"), required("quantity")],
};

/// Items to send in.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileItems {
    /// Items.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileItem>,
}

/// An item of the reference.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileItem {
    /// SKU of the reference.
    #[schema(min_length = 1, max_length = 100, example = "A-10042")]
    item: String,
    /// Category, by which causes are grouped. Without it the item has none.
    #[schema(min_length = 1, max_length = 100, example = "tools")]
    category: Option<String>,
}

/// Components of sets to send in.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileBundles {
    /// Components.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileBundle>,
}

/// A component of a set.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileBundle {
    /// SKU of the set in the reference.
    #[schema(min_length = 1, max_length = 100, example = "B-700")]
    item: String,
    /// SKU of the component in the reference.
    #[schema(min_length = 1, max_length = 100, example = "A-10042")]
    component: String,
    /// Units of the component in one set. Zero removes the component from the set.
    quantity: Quantity,
}

/// Send items of the reference
///
/// Adds items in shadow mode, and changes the category of those that are there. With products of your own, their categories count.
/// JSON or CSV, as for systems.
#[utoipa::path(
    operation_id = "reconciliation_items_send",
    security(("bearer" = ["reconciliation:write"])),
    params(ModeParams),
    request_body(content(
        (ReconcileItems = "application/json"),
        (String = "text/csv", example = "item,category\r\nA-10042,tools\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/items")]
async fn send_items(write: Write, params: Params<ModeParams>, upload: Upload) -> Answer {
    take_of_tenant(write, upload, ITEMS, &params.without_zone(), read_item, item::save_items).await
}

fn read_item(row: &mut Reader<'_>) -> ItemRow {
    ItemRow { item: row.line::<100>("item"), category: row.optional_line::<100>("category") }
}

/// Send components of sets
///
/// States in shadow mode which items are sold as a set of others. Adds components, and changes the quantity of those that are
/// there. JSON or CSV, as for systems.
#[utoipa::path(
    operation_id = "reconciliation_bundles_send",
    security(("bearer" = ["reconciliation:write"])),
    params(ModeParams),
    request_body(content(
        (ReconcileBundles = "application/json"),
        (String = "text/csv", example = "item,component,quantity\r\nB-700,A-10042,2\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/bundles")]
async fn send_bundles(write: Write, params: Params<ModeParams>, upload: Upload) -> Answer {
    take_of_tenant(write, upload, BUNDLES, &params.without_zone(), read_bundle, item::save_bundles).await
}

fn read_bundle(row: &mut Reader<'_>) -> BundleRow {
    BundleRow {
        item: row.line::<100>("item"),
        component: row.line::<100>("component"),
        quantity: row.quantity("quantity"),
    }
}
