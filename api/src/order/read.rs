//! Routes that read orders.

use actix_web::get;
use actix_web::web::Data;
use domain::id::{CustomerId, OrderId};
use domain::moment::Instant;
use domain::order::OrderStatus;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::order::{Filter, OrderDetail, OrderSummary};
use utoipa_actix_web::service_config::ServiceConfig;

use super::OrderOut;
use crate::list::{List, Page};
use crate::params::{PathId, listed};
use crate::publishable::Seen;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller, own};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which orders to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only these statuses, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 10)]
    status: Vec<OrderStatus>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this number.
    #[param(max_length = 64, example = "SO-2026-000123")]
    number: Option<String>,
    /// Only this number of your own.
    #[param(max_length = 100, example = "shop-10023")]
    external_ref: Option<String>,
    /// Only this reference of the customer.
    #[param(max_length = 100, example = "PO 4711")]
    reference: Option<String>,
    /// Placed at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Placed before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    /// Recorded at this instant or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Instant>,
    /// Recorded before this instant.
    #[serde(rename = "created_at[lt]")]
    created_to: Option<Instant>,
    /// `true`: only those with a shipment that is not invoiced. `false`: only the others.
    #[param(example = true)]
    uninvoiced: Option<bool>,
    sort: Option<Age>,
}

/// List orders
///
/// Returns one page of orders, without their lines, shipments and invoices. A customer session gets those of its customer.
#[utoipa::path(
    operation_id = "orders_list",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["orders:read"])),
    params(Filters),
    responses((status = 200, description = "One page of orders.", body = Page<OrderSummary>))
)]
#[get("/v1/orders")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    own::check_unused(&caller, "metadata", !list.metadata.is_empty())?;
    let filters = &list.filters;
    own::check_unused(&caller, "external_ref", filters.external_ref.is_some())?;
    let filter = Filter {
        statuses: filters.status.clone(),
        customer_id: own::listed(&caller, filters.customer_id),
        number: filters.number.clone(),
        external_ref: filters.external_ref.clone(),
        reference: filters.reference.clone(),
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
        created: Period::new(filters.created_from, filters.created_to),
        uninvoiced: filters.uninvoiced,
        metadata: list.metadata.clone().into(),
    };
    let (sort, viewer) = (filters.sort, caller.clone());
    let read = async move |tx: &Tx, slice: &Slice| {
        let rows = service::order::list(tx, &filter, slice).await?;
        Ok(rows.into_iter().map(|row| Seen::by(&viewer, row)).collect::<Vec<_>>())
    };
    list.serve_documents(caller, sort, read, |order: &Seen<OrderSummary>| order.id.0).await
}

/// Get an order
///
/// Returns the order with its lines, and all of its shipments and invoices.
#[utoipa::path(
    operation_id = "orders_get",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["orders:read"])),
    params(("id" = OrderId, Path, description = "The order's id."), ReadHeaders),
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[get("/v1/orders/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<OrderId>, seen: IfNoneMatch) -> Answer {
    let id = own::order(&app, &caller, id.0).await?;
    let read = async |tx: &service::Tx| service::order::get(tx, id).await;
    let OrderDetail { order, invoices, currency } = app.db.read(caller.tenant_id, read).await?;
    // A payment of an invoice and a change of a shipment are no changes of the order's version.
    seen.answer_content(order.version, Seen::by(&caller, OrderOut::new(&order, &invoices, &currency)))
}
