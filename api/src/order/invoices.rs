//! Routes that read invoices and credit notes.

use actix_web::get;
use actix_web::web::Data;
use domain::id::{CustomerId, InvoiceId, OrderId};
use domain::moment::Instant;
use domain::order::InvoiceKind;
use serde::Deserialize;
use service::invoice::{Filter, InvoiceDetail, InvoiceSummary};
use service::listing::{Age, Period};
use utoipa_actix_web::service_config::ServiceConfig;

use super::InvoiceOut;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which invoices to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only invoices or only credit notes.
    kind: Option<InvoiceKind>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this order.
    order_id: Option<OrderId>,
    /// Only this number.
    #[param(max_length = 64, example = "INV-2026-000123")]
    number: Option<String>,
    /// `true`: only those with an open amount. `false`: only those without.
    #[param(example = true)]
    open: Option<bool>,
    /// Issued at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Issued before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List invoices
///
/// Returns one page of invoices and credit notes, without their lines.
#[utoipa::path(
    operation_id = "invoices_list",
    security(("bearer" = ["orders:read"])),
    params(Filters),
    responses((status = 200, description = "One page of invoices.", body = Page<InvoiceSummary>))
)]
#[get("/v1/invoices")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        kind: filters.kind,
        customer_id: filters.customer_id,
        order_id: filters.order_id,
        number: filters.number.clone(),
        open: filters.open,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let slice = list.slice(filters.sort)?;
    let read = async |tx: &service::Tx| service::invoice::list(tx, &filter, &slice).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows, |invoice| invoice.id.0)
}

/// Get an invoice
///
/// Returns the invoice or credit note with its lines and its open amount.
#[utoipa::path(
    operation_id = "invoices_get",
    security(("bearer" = ["orders:read"])),
    params(("id" = InvoiceId, Path, description = "The invoice's id."), ReadHeaders),
    responses((status = 200, description = "The invoice.", body = InvoiceOut))
)]
#[get("/v1/invoices/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<InvoiceId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &service::Tx| service::invoice::get(tx, id.0).await;
    let InvoiceDetail { invoice, currency, version } = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(version, InvoiceOut::new(&invoice, &currency)))
}
