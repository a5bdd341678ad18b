//! Wholesale: orders, their shipments and invoices, returns and payments.

mod form;
mod invoices;
mod payment;
mod promise;
mod read;
mod returns;

use actix_web::post;
use domain::id::OrderId;
use domain::order;
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Nothing;
use crate::params::PathId;
use crate::posting::{BatchIn, BatchOut, Post, overrider};
use crate::{Answer, ApiError, Caller};

use form::ShipIn;
pub use form::{InvoiceOut, OrderIn, OrderOut, ShipmentOut};
pub use payment::PaymentOut;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(place).service(place_batch).service(confirm).service(release).service(cancel).service(ship);
    cfg.service(close).service(allocate).configure(promise::routes);
    cfg.service(invoice).configure(read::routes).configure(invoices::routes).configure(returns::routes);
    cfg.configure(payment::routes);
}

/// Where orders are.
const ORDERS: &str = "/v1/orders";

/// Place an order
///
/// Prices every line for the customer at the instant of the order. `advance_to` takes it further in the same
/// transaction: `confirmed` reserves its goods, `shipped` sends them, `invoiced` bills them. Where there is too little,
/// `policy` says what becomes of it: it is refused, which is the default, takes what there is, or takes what there is
/// and waits for the rest. Of goods that are tracked it gets the lots that expire first and last as long as its customer
/// needs; only an order that is `ship_complete` may name lots.
#[utoipa::path(
    operation_id = "orders_create",
    security(("bearer" = ["orders:write"])),
    request_body = OrderIn,
    responses((status = 201, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders")]
async fn place(post: Post) -> Answer {
    post.create::<OrderId, _>(ORDERS, to_command).await
}

/// Place many orders at once
///
/// Up to 500 orders in one request; each stands alone. `Prefer: return=minimal` answers no more than ids.
#[utoipa::path(
    operation_id = "orders_create_batch",
    security(("bearer" = ["orders:write"])),
    request_body = BatchIn,
    responses((status = 207, description = "One result per order, in their order.", body = BatchOut))
)]
#[post("/v1/orders/batch")]
async fn place_batch(post: Post) -> Answer {
    post.batch(ORDERS, to_command).await
}

/// Confirm an order
///
/// Reserves its goods as its `policy` says: all or nothing, with every short line named; what there is, and the rest is
/// given up; or what there is, and the rest waits for goods to come. Over the customer's credit limit the order goes on
/// hold with the reason and reserves nothing.
#[utoipa::path(
    operation_id = "orders_confirm",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/confirm")]
async fn confirm(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::ConfirmOrder(order::Confirm(id.0))).await
}

/// Release an order
///
/// Reserves the goods of an order that is on hold, in spite of its customer's credit limit.
#[utoipa::path(
    operation_id = "orders_release",
    security(("bearer" = ["credit:approve"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/release")]
async fn release(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::ReleaseOrder(order::Release(id.0))).await
}

/// Cancel an order
///
/// Releases what is reserved for it. An order of which something has left can't be cancelled: close it, and take a
/// return of what has left.
#[utoipa::path(
    operation_id = "orders_cancel",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/cancel")]
async fn cancel(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::CancelOrder(order::Cancel(id.0))).await
}

/// Close an order
///
/// Gives up what has not left of an order that was shipped from: its lines say how much in `cancelled`, and what was
/// reserved for it is free again. What has left is invoiced as ever.
#[utoipa::path(
    operation_id = "orders_close",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/close")]
async fn close(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::CloseOrder(order::Close(id.0))).await
}

/// Serve an order that waits
///
/// Whatever a command leaves free on a level goes to the orders that wait for it in the same transaction, the higher
/// priority first, then the one that has waited longer: nothing has to be done for that. Only what becomes free by
/// itself, such as by a hold that expires, waits for the next command on the level, whatever it is, and goes to them
/// before that one is decided; this is one. It serves the orders that stand before this one as well.
#[utoipa::path(
    operation_id = "orders_allocate",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/allocate")]
async fn allocate(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::AllocateOrder(order::Allocate(id.0))).await
}

/// Ship an order
///
/// Sends what is reserved, in full or by line and quantity. The goods leave stock at their cost and wait for their
/// invoice.
#[utoipa::path(
    operation_id = "orders_ship",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = ShipIn,
    responses((status = 200, description = "The order with its new shipment.", body = OrderOut))
)]
#[post("/v1/orders/{id}/ship")]
async fn ship(post: Post, id: PathId<OrderId>) -> Answer {
    let command = |ShipIn { lines, occurred_at }, _: &Caller| {
        let lines = form::shipped(lines)?;
        Ok(Command::ShipOrder(order::Ship { order_id: id.0, lines, occurred_at }))
    };
    post.send(command).await
}

/// Invoice an order
///
/// Makes one invoice for each shipment that has none.
#[utoipa::path(
    operation_id = "orders_invoice",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Nothing,
    responses((status = 200, description = "The order with its new invoices.", body = OrderOut))
)]
#[post("/v1/orders/{id}/invoice")]
async fn invoice(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::InvoiceOrder(order::Bill(id.0))).await
}

fn to_command(input: OrderIn, caller: &Caller) -> Result<Command, ApiError> {
    Ok(Command::PlaceOrder(input.place(overrider(caller))?))
}
