//! Items of the reference, and the components of its sets.

use actix_web::post;
use domain::number::Quantity;
use serde::Deserialize;
use service::reconcile::ingest as inputs;
use service::reconcile::item::{self, BundleRow, ItemRow};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{
    BYTES_MAX, Column, Ingest, Input, Mode, ROWS_MAX, Reader, Table, optional, required, take,
};
use crate::Answer;
use crate::params::Params;
use crate::upload::Upload;
use crate::write::Write;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(send_items).service(send_bundles);
}

const ITEMS: [Column; 2] = [required("item"), optional("category")];
const BUNDLES: [Column; 3] = [required("item"), required("component"), required("quantity")];

/// Parameters of an input.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InputParams {
    /// Treatment of the valid rows if others are invalid. If absent, the valid rows are written.
    #[param(inline)]
    mode: Option<Mode>,
}

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
    params(InputParams),
    request_body(content(
        (ReconcileItems = "application/json"),
        (String = "text/csv", example = "item,category\r\nA-10042,tools\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/items")]
async fn send_items(write: Write, params: Params<InputParams>, upload: Upload) -> Answer {
    let uploaded = upload.read_packed(BYTES_MAX).await?;
    let table = Table::open(&uploaded, &ITEMS)?;
    let input = Input::new(&table, None, params.mode);
    write
        .whole("reconcile_item.sent", &uploaded.raw, async |tx| {
            inputs::lock(tx).await?;
            take(tx, input, ROWS_MAX, read_item, async |rows| item::save_items(tx, rows).await).await
        })
        .await
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
    params(InputParams),
    request_body(content(
        (ReconcileBundles = "application/json"),
        (String = "text/csv", example = "item,component,quantity\r\nB-700,A-10042,2\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/bundles")]
async fn send_bundles(write: Write, params: Params<InputParams>, upload: Upload) -> Answer {
    let uploaded = upload.read_packed(BYTES_MAX).await?;
    let table = Table::open(&uploaded, &BUNDLES)?;
    let input = Input::new(&table, None, params.mode);
    write
        .whole("reconcile_bundle.sent", &uploaded.raw, async |tx| {
            inputs::lock(tx).await?;
            take(tx, input, ROWS_MAX, read_bundle, async |rows| item::save_bundles(tx, rows).await).await
        })
        .await
}

fn read_bundle(row: &mut Reader<'_>) -> BundleRow {
    BundleRow {
        item: row.line::<100>("item"),
        component: row.line::<100>("component"),
        quantity: row.quantity("quantity"),
    }
}
