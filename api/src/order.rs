//! Wholesale: orders, their shipments and invoices, returns and payments.

mod form;
mod invoices;
mod payment;
mod read;
mod returns;

use actix_web::post;
use actix_web::web::Data;
use domain::id::OrderId;
use domain::order;
use service::posting::Command;
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::{BatchBody, Body, Nothing};
use crate::idempotency::{BatchHeaders, IdempotencyKey, Preferences, WriteHeaders};
use crate::params::PathId;
use crate::posting::{BatchIn, BatchOf, BatchOut, overrider, post, post_batch};
use crate::{Answer, ApiError, App, Caller, line};

use form::ShipIn;
pub use form::{InvoiceOut, OrderIn, OrderOut, ShipmentOut, render};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(place).service(place_batch).service(confirm).service(release).service(cancel).service(ship);
    cfg.service(invoice).configure(read::routes).configure(invoices::routes).configure(returns::routes);
    cfg.configure(payment::routes);
}

/// Where orders are.
const ORDERS: &str = "/v1/orders";

/// Place an order
///
/// Prices every line for the customer at the instant of the order. `advance_to` takes it further in the same
/// transaction, all or nothing: `confirmed` reserves its goods, `shipped` sends them, `invoiced` bills them.
#[utoipa::path(
    operation_id = "orders_create",
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(WriteHeaders),
    request_body = OrderIn,
    responses((status = 201, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders")]
async fn place(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<OrderIn>,
) -> Answer {
    caller.require(Scope::OrdersWrite)?;
    let input = body.read().await?;
    let command = placed(input.value, &caller)?;
    post(&app, caller, (key, preferences, &input.raw), (command, render), Some(ORDERS)).await
}

/// Place many orders at once
///
/// Up to 500 orders in one request; each stands alone. `Prefer: return=minimal` answers no more than ids.
#[utoipa::path(
    operation_id = "orders_create_batch",
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per order, in their order.", body = BatchOut))
)]
#[post("/v1/orders/batch")]
async fn place_batch(
    app: Data<App>,
    caller: Caller,
    preferences: Preferences,
    body: BatchBody<BatchIn>,
) -> Answer {
    caller.require(Scope::OrdersWrite)?;
    let batch = body.read().await?.value;
    post_batch(&app, caller, preferences, (batch, BatchOf { path: ORDERS, command: placed, render })).await
}

/// Confirm an order
///
/// Reserves its goods, all or nothing; every short line is named. Over the customer's credit limit the order goes on
/// hold with the reason and reserves nothing.
#[utoipa::path(
    operation_id = "orders_confirm",
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), WriteHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/confirm")]
async fn confirm(
    app: Data<App>,
    (caller, id): (Caller, PathId<OrderId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<Nothing>,
) -> Answer {
    caller.require(Scope::OrdersWrite)?;
    let raw = body.read().await?.raw;
    post(&app, caller, (key, preferences, &raw), (Command::ConfirmOrder(id.0), render), None).await
}

/// Release an order
///
/// Reserves the goods of an order that is on hold, in spite of its customer's credit limit.
#[utoipa::path(
    operation_id = "orders_release",
    tag = "Orders",
    security(("bearer" = ["credit:approve"])),
    params(("id" = OrderId, Path, description = "The order."), WriteHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/release")]
async fn release(
    app: Data<App>,
    (caller, id): (Caller, PathId<OrderId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<Nothing>,
) -> Answer {
    caller.require(Scope::CreditApprove)?;
    let raw = body.read().await?.raw;
    post(&app, caller, (key, preferences, &raw), (Command::ReleaseOrder(id.0), render), None).await
}

/// Cancel an order
///
/// Releases what is reserved for it. An order of which something has left can't be cancelled: take a return.
#[utoipa::path(
    operation_id = "orders_cancel",
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), WriteHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/cancel")]
async fn cancel(
    app: Data<App>,
    (caller, id): (Caller, PathId<OrderId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<Nothing>,
) -> Answer {
    caller.require(Scope::OrdersWrite)?;
    let raw = body.read().await?.raw;
    post(&app, caller, (key, preferences, &raw), (Command::CancelOrder(id.0), render), None).await
}

/// Ship an order
///
/// Sends what is reserved, in full or by line and quantity. The goods leave stock at their cost and wait for their
/// invoice.
#[utoipa::path(
    operation_id = "orders_ship",
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), WriteHeaders),
    request_body = ShipIn,
    responses((status = 200, description = "The order with its new shipment.", body = OrderOut))
)]
#[post("/v1/orders/{id}/ship")]
async fn ship(
    app: Data<App>,
    (caller, id): (Caller, PathId<OrderId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<ShipIn>,
) -> Answer {
    caller.require(Scope::OrdersWrite)?;
    let input = body.read().await?;
    let lines = form::shipped(input.value.lines)?;
    let command =
        Command::ShipOrder(order::Ship { order_id: id.0, lines, occurred_at: input.value.occurred_at });
    post(&app, caller, (key, preferences, &input.raw), (command, render), None).await
}

/// Invoice an order
///
/// Makes one invoice for each shipment that has none.
#[utoipa::path(
    operation_id = "orders_invoice",
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), WriteHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order with its new invoices.", body = OrderOut))
)]
#[post("/v1/orders/{id}/invoice")]
async fn invoice(
    app: Data<App>,
    (caller, id): (Caller, PathId<OrderId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<Nothing>,
) -> Answer {
    caller.require(Scope::OrdersWrite)?;
    let raw = body.read().await?.raw;
    post(&app, caller, (key, preferences, &raw), (Command::InvoiceOrder(id.0), render), None).await
}

fn placed(input: OrderIn, caller: &Caller) -> Result<Command, ApiError> {
    input.check()?;
    Ok(Command::PlaceOrder(order::Place {
        id: input.id,
        customer_id: input.customer_id,
        location_id: input.location_id,
        country: input.country,
        reference: input.reference,
        external_ref: input.external_ref,
        requested_on: input.requested_on,
        occurred_at: input.occurred_at,
        lines: line::lines(input.lines)?,
        discount: input.discount.map(Into::into),
        advance_to: input.advance_to,
        hold_id: input.hold_id,
        overrider: overrider(caller),
    }))
}
