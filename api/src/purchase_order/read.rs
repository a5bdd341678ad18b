//! Routes that read purchase orders, their receipts and their returns.

use actix_web::get;
use actix_web::web::Data;
use domain::id::{ProductId, PurchaseOrderId, SupplierId};
use domain::moment::Instant;
use domain::purchase_order::{PurchaseOrder, PurchaseOrderStatus};
use serde::{Deserialize, Serialize, Serializer};
use service::Tx;
use service::listing::{Age, Slice};
use service::purchase_order::{self, Filter, Position, PurchaseReceiptLine, SupplierReturnLine};
use utoipa_actix_web::service_config::ServiceConfig;

use super::PurchaseOrderOut;
use crate::costs::Shown;
use crate::line::skus_in;
use crate::list::{List, NoFilters, Page};
use crate::params::{PathId, listed};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show).service(list_receipts).service(list_returns);
}

/// Which purchase orders to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only these statuses, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 10)]
    status: Vec<PurchaseOrderStatus>,
    /// Only this supplier.
    supplier_id: Option<SupplierId>,
    /// Only orders with a line of this product.
    product_id: Option<ProductId>,
    /// Only this number.
    #[param(max_length = 64, example = "PO-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 200, example = "Quote 4711")]
    reference: Option<String>,
    /// `true`: only orders with received units that are neither returned nor billed. `false`: only the others.
    #[param(example = true)]
    unbilled: Option<bool>,
    /// With `unbilled`: only units received before this instant count.
    #[serde(rename = "received_at[lt]")]
    received_before: Option<Instant>,
    sort: Option<Age>,
}

/// List purchase orders
///
/// Returns one page of purchase orders, without their lines.
#[utoipa::path(
    operation_id = "purchase_orders_list",
    security(("bearer" = ["purchasing:read"])),
    params(Filters),
    responses((status = 200, description = "One page of purchase orders.", body = Page<PurchaseOrderOut>))
)]
#[get("/v1/purchase-orders")]
async fn list(caller: Caller, page: List<Filters>) -> Answer {
    let filters = &page.filters;
    let filter = Filter {
        statuses: filters.status.clone(),
        supplier_id: filters.supplier_id,
        number: filters.number.clone(),
        reference: filters.reference.clone(),
        product_id: filters.product_id,
        unbilled: filters.unbilled,
        received_before: filters.received_before.map(Instant::get),
    };
    let (sort, viewer) = (filters.sort, caller.clone());
    let read = async move |tx: &Tx, slice: &Slice| {
        let rows = purchase_order::list(tx, &filter, slice).await?.into_iter();
        let shown = rows.map(|(order, currency)| Shown::to(&viewer, Listed { order, currency }));
        Ok(shown.collect::<Vec<_>>())
    };
    page.serve_documents(caller, sort, read, |listed: &Shown<Listed>| listed.order.id.0).await
}

/// A purchase order in a list.
struct Listed {
    order: PurchaseOrder,
    currency: String,
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PurchaseOrderOut::new(&self.order, &self.currency).serialize(serializer)
    }
}

/// Get a purchase order
///
/// Returns the purchase order with its lines.
#[utoipa::path(
    operation_id = "purchase_orders_get",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order's id."), ReadHeaders),
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[get("/v1/purchase-orders/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<PurchaseOrderId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| purchase_order::get(tx, id.0).await;
    let (order, currency, skus) = app.db.read(caller.tenant_id, read).await?;
    let skus = skus_in(&skus);
    let shown = PurchaseOrderOut::with_lines(&order, &currency, &skus);
    seen.answer_content(order.version, Shown::to(&caller, shown))
}

/// List the receipts of a purchase order
///
/// Returns one page of the receipts of each line, the oldest receipt first.
#[utoipa::path(
    operation_id = "purchase_orders_list_receipts",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order's id.")),
    responses((status = 200, description = "One page of received lines.", body = Page<PurchaseReceiptLine>))
)]
#[get("/v1/purchase-orders/{id}/receipts")]
async fn list_receipts(caller: Caller, id: PathId<PurchaseOrderId>, page: List<NoFilters>) -> Answer {
    let viewer = caller.clone();
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        let lines = purchase_order::receipts(tx, id.0, after, rows).await?.into_iter();
        Ok(lines.map(|line| Shown::to(&viewer, line)).collect::<Vec<_>>())
    };
    page.serve(caller, read, |row: &Shown<PurchaseReceiptLine>| row.position()).await
}

/// List the returns of a purchase order
///
/// Returns one page of the returns of each line to the supplier, the oldest return first.
#[utoipa::path(
    operation_id = "purchase_orders_list_returns",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order's id.")),
    responses((status = 200, description = "One page of returned lines.", body = Page<SupplierReturnLine>))
)]
#[get("/v1/purchase-orders/{id}/returns")]
async fn list_returns(caller: Caller, id: PathId<PurchaseOrderId>, page: List<NoFilters>) -> Answer {
    let viewer = caller.clone();
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        let lines = purchase_order::returns(tx, id.0, after, rows).await?.into_iter();
        Ok(lines.map(|line| Shown::to(&viewer, line)).collect::<Vec<_>>())
    };
    page.serve(caller, read, |row: &Shown<SupplierReturnLine>| row.position()).await
}
