//! Routes that read invoices and credit notes.

use actix_web::get;
use actix_web::web::Data;
use chrono::NaiveDate;
use domain::id::{CustomerId, InvoiceId, OrderId};
use domain::moment::Instant;
use domain::order::InvoiceKind;
use serde::Deserialize;
use service::Tx;
use service::invoice::{DUE_ON, Filter, InvoiceDetail, InvoiceSummary};
use service::listing::Period;
use service::page::{self, DueSort, Placed, Position};
use utoipa_actix_web::service_config::ServiceConfig;

use super::InvoiceOut;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::publishable::Seen;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller, own};

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
    /// Only invoices of the order with this number of your own.
    #[param(max_length = 100, example = "shop-10023")]
    external_ref: Option<String>,
    /// `true`: only those with an open amount, in the tenant's currency or their own. `false`: only those without.
    #[param(example = true)]
    open: Option<bool>,
    /// `true`: only those with an open amount after the due date. `false`: only the others.
    #[param(example = true)]
    overdue: Option<bool>,
    /// Due on this day or later.
    #[serde(rename = "due_on[gte]")]
    #[param(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    due_from: Option<NaiveDate>,
    /// Due before this day.
    #[serde(rename = "due_on[lt]")]
    #[param(example = "2027-01-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    due_before: Option<NaiveDate>,
    /// Issued at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Issued before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    /// Order of the list. Newest first if absent.
    #[param(inline)]
    sort: Option<DueSort>,
}

/// List invoices
///
/// Returns one page of invoices and credit notes, without their lines. A customer session gets those of its customer.
#[utoipa::path(
    operation_id = "invoices_list",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["orders:read"])),
    params(Filters),
    responses((status = 200, description = "One page of invoices.", body = Page<InvoiceSummary>))
)]
#[get("/v1/invoices")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    own::check_unused(&caller, "external_ref", filters.external_ref.is_some())?;
    let filter = Filter {
        kind: filters.kind,
        customer_id: own::listed(&caller, filters.customer_id),
        order_id: filters.order_id,
        number: filters.number.clone(),
        external_ref: filters.external_ref.clone(),
        open: filters.open,
        is_overdue: filters.overdue,
        due_from: filters.due_from,
        due_before: filters.due_before,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let order = filters.sort.unwrap_or_default().by(DUE_ON);
    let (viewer, updated_since) = (caller.clone(), list.since);
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        let page = page::Page { order, after, rows, updated_since };
        let rows = service::invoice::list(tx, &filter, &page).await?;
        Ok(rows.into_iter().map(|row| row.map(|record| Seen::by(&viewer, record))).collect::<Vec<_>>())
    };
    list.serve(caller, read, |row: &Placed<Seen<InvoiceSummary>>| row.position.clone()).await
}

/// Get an invoice
///
/// Returns the invoice or credit note with its lines and its open amount.
#[utoipa::path(
    operation_id = "invoices_get",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["orders:read"])),
    params(("id" = InvoiceId, Path, description = "The invoice's id."), ReadHeaders),
    responses((status = 200, description = "The invoice.", body = InvoiceOut))
)]
#[get("/v1/invoices/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<InvoiceId>, seen: IfNoneMatch) -> Answer {
    let id = own::invoice(&app, &caller, id.0).await?;
    let read = async |tx: &service::Tx| service::invoice::get(tx, id).await;
    let InvoiceDetail { invoice, currency } = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(invoice.version, Seen::by(&caller, InvoiceOut::new(&invoice, &currency))))
}
