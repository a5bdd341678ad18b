//! Wholesale: orders, their shipments and invoices, returns, payments and their applications.

mod amend;
mod annotation;
mod application;
mod form;
mod invoice_out;
mod invoices;
mod payment;
mod promise;
mod read;
mod returns;
mod shipments;
mod undo;

use actix_web::post;
use actix_web::web::Data;
use domain::id::OrderId;
use domain::order;
use domain::refusal::Problems;
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Nothing;
use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::params::PathId;
use crate::posting::{BatchIn, BatchOut, Post, authority, check_overrides};
use crate::{Answer, ApiError, App, Caller, own};

pub use application::ApplicationOut;
use form::ShipIn;
pub use form::{OrderIn, OrderOut, ShipmentOut};
pub use invoice_out::InvoiceOut;
pub use payment::PaymentOut;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(place).service(place_batch).service(confirm).service(release).service(cancel).service(ship);
    cfg.service(close).service(allocate).configure(promise::routes).configure(amend::routes);
    cfg.service(invoice).configure(read::routes).configure(invoices::routes).configure(returns::routes);
    cfg.configure(undo::routes).configure(payment::routes).configure(application::routes);
    cfg.configure(annotation::routes).configure(shipments::routes);
}

/// Path of orders.
const ORDERS: &str = "/v1/orders";

/// Place an order
///
/// Prices every line for the customer at the time of the order. `advance_to` takes the order further in the same
/// transaction: `confirmed` reserves its stock, `shipped` ships it, `invoiced` invoices it.
///
/// If a line is short, `policy` decides. `ship_complete`, the default, rejects the order. `partial` takes what is
/// available. `backorder` takes what is available and waits for the rest. A tracked product gets the lots that expire
/// first among those with the remaining life that the customer requires. Only an order with `ship_complete` may name
/// lots.
///
/// An order in another currency keeps its rate, and so do its invoices and credit notes. Each line is converted on its own. The
/// journal and reports are in the tenant's currency. Sales at tills are in the tenant's currency only.
///
/// A customer session places orders of its customer, at the prices of the rules. It sends lines with product, unit and quantity, the
/// addresses, `reference`, `requested_on`, `location_id`, `policy`, and the hold of its cart, and takes an order to `confirmed` at most.
#[utoipa::path(
    operation_id = "orders_create",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["orders:write"])),
    params(PostHeaders),
    request_body = OrderIn,
    responses((status = 201, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders")]
async fn place(post: Post) -> Answer {
    let (mut input, posting) = post.read::<OrderIn>().await?;
    if let Some(hold_id) = input.hold_id {
        input.hold_id = Some(own::hold(&posting.app, &posting.caller, hold_id).await?);
    }
    let command = to_command(input, &posting.caller).map_err(|error| posting.explain(error))?;
    posting.create::<OrderId>(ORDERS, command).await
}

/// Place many orders at once
///
/// Takes up to 500 orders. Each is carried out on its own: a rejected order does not affect the others.
/// `Prefer: return=minimal` returns only ids, numbers and counts of lines.
#[utoipa::path(
    operation_id = "orders_create_batch",
    security(("bearer" = ["orders:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per order, in the order of the request.", body = BatchOut))
)]
#[post("/v1/orders/batch")]
async fn place_batch(post: Post) -> Answer {
    post.batch(ORDERS, to_command).await
}

/// Confirm an order
///
/// Reserves stock as the `policy` of the order says. `ship_complete` reserves all, or rejects with every short line.
/// `partial` reserves what is available and cancels the rest, but rejects if no goods are. `backorder` reserves what
/// is available and backorders the rest. An order over the customer's credit limit, and one that a prepaid customer has not
/// paid, goes on credit hold with the reason, and reserves nothing. An order on hold is judged again, by this and by every
/// payment of its customer (the 20 oldest, with 2,000 lines together): the hold ends when its reason has gone.
#[utoipa::path(
    operation_id = "orders_confirm",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/confirm")]
async fn confirm(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::ConfirmOrder(order::Confirm(id.0))).await
}

/// Release an order
///
/// Ends the credit hold of an order and reserves its stock, although the customer is over the limit or has not paid. A released
/// order can be shipped unpaid. A confirmed order that is no longer paid or within the limit is released as well: it keeps its
/// reservations.
#[utoipa::path(
    operation_id = "orders_release",
    security(("bearer" = ["credit:approve"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/release")]
async fn release(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::ReleaseOrder(order::Release(id.0))).await
}

/// Cancel an order
///
/// Ends the order and its reservations. An order with a shipment can't be cancelled: close it, and record a return of
/// what was shipped.
#[utoipa::path(
    operation_id = "orders_cancel",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/cancel")]
async fn cancel(app: Data<App>, caller: Caller, post: Post, id: PathId<OrderId>) -> Answer {
    let id = own::order(&app, &caller, id.0).await?;
    post.empty(Command::CancelOrder(order::Cancel(id))).await
}

/// Close an order
///
/// Ends what was not shipped of an order with a shipment. Its lines have the quantity in `cancelled`. Its reservations
/// end. What was shipped can still be invoiced.
#[utoipa::path(
    operation_id = "orders_close",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/close")]
async fn close(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::CloseOrder(order::Close(id.0))).await
}

/// Allocate stock to a waiting order
///
/// A command that makes stock available allocates it to waiting orders in the same transaction: by priority, then by
/// age. You need no call for that. Stock that becomes available without a command, such as by a hold that expires, is
/// allocated by the next command on its level. This command does it now. Orders ahead of this one in the queue get
/// stock first.
#[utoipa::path(
    operation_id = "orders_allocate",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/allocate")]
async fn allocate(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::AllocateOrder(order::Allocate(id.0))).await
}

/// Ship an order
///
/// Ships what is reserved, in full or by line and quantity. The stock is issued at its cost. The shipment is not
/// invoiced yet. An order that is no longer paid or within the credit limit is rejected (409 `credit_exceeded`), because a payment was
/// reversed or paid out since it was confirmed. A released order is shipped. Orders that were placed later don't count against it.
#[utoipa::path(
    operation_id = "orders_ship",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = ShipIn,
    responses((status = 200, description = "The order with its new shipment.", body = OrderOut))
)]
#[post("/v1/orders/{id}/ship")]
async fn ship(post: Post, id: PathId<OrderId>) -> Answer {
    let command = |shipment: ShipIn, _: &Caller| {
        let mut wrong = Problems::default();
        let command = Command::ShipOrder(shipment.ship(&mut wrong, id.0));
        Ok(Stated { command, wrong })
    };
    post.send(command).await
}

/// Invoice an order
///
/// Creates one invoice for each shipment that has none.
#[utoipa::path(
    operation_id = "orders_invoice",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order with its new invoices.", body = OrderOut))
)]
#[post("/v1/orders/{id}/invoice")]
async fn invoice(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::InvoiceOrder(order::Bill(id.0))).await
}

fn to_command(mut input: OrderIn, caller: &Caller) -> Result<Stated, ApiError> {
    if caller.customer_id.is_some() {
        input.check_customer()?;
        input.customer_id = own::customer(caller, input.customer_id);
    }
    let mut wrong = Problems::default();
    let order = input.place(&mut wrong, authority(caller));
    check_overrides(&mut wrong, caller, &order.lines);
    Ok(Stated { command: Command::PlaceOrder(order), wrong })
}
