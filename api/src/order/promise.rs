//! Promises to orders: broken ones, and new ones.

use actix_web::{get, post};
use domain::id::{ExpectedReceiptId, OrderId, PurchaseOrderId};
use domain::order;
use service::Tx;
use service::posting::Command;
use service::stock::promise::{self as broken_promise, BrokenPromise, MadeOn, Position};
use utoipa_actix_web::service_config::ServiceConfig;

use super::form::OrderOut;
use crate::body::Nothing;
use crate::idempotency::PostHeaders;
use crate::list::{List, NoFilters, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_broken)
        .service(list_broken_of_receipt)
        .service(list_broken_of_purchase)
        .service(promise);
}

/// List broken promises
///
/// Returns the order lines whose stock will come later than promised, or for which too little supply is known now.
/// Stock is allocated by priority and age, so a promise can be broken by a late supply or by an order that goes first.
/// A line stays in the list until its stock is there or it gets a new promise.
#[utoipa::path(
    operation_id = "broken_promises_list",
    security(("bearer" = ["orders:read"])),
    responses((status = 200, description = "One page of broken promises, by order and line.",
        body = Page<BrokenPromise>))
)]
#[get("/v1/orders/broken-promises")]
async fn list_broken(caller: Caller, page: List<NoFilters>) -> Answer {
    answer(caller, page, None).await
}

/// List the promises that an expected receipt broke
///
/// Returns the broken promises that were made on this expected receipt: the customers to call when it is late,
/// shortened or cancelled.
#[utoipa::path(
    operation_id = "expected_receipts_broken_promises",
    security(("bearer" = ["orders:read"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt.")),
    responses((status = 200, description = "One page of broken promises, by order and line.",
        body = Page<BrokenPromise>))
)]
#[get("/v1/stock/expected-receipts/{id}/broken-promises")]
async fn list_broken_of_receipt(
    caller: Caller,
    id: PathId<ExpectedReceiptId>,
    page: List<NoFilters>,
) -> Answer {
    answer(caller, page, Some(MadeOn::Expected(id.0))).await
}

/// List the promises that a purchase order broke
///
/// Returns the broken promises that were made on this purchase order: the customers to call when a line is late, shortened or
/// cancelled.
#[utoipa::path(
    operation_id = "purchase_orders_broken_promises",
    security(("bearer" = ["orders:read"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order.")),
    responses((status = 200, description = "One page of broken promises, by order and line.",
        body = Page<BrokenPromise>))
)]
#[get("/v1/purchase-orders/{id}/broken-promises")]
async fn list_broken_of_purchase(
    caller: Caller,
    id: PathId<PurchaseOrderId>,
    page: List<NoFilters>,
) -> Answer {
    answer(caller, page, Some(MadeOn::Purchase(id.0))).await
}

async fn answer(caller: Caller, page: List<NoFilters>, made_on: Option<MadeOn>) -> Answer {
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        broken_promise::list_broken(tx, made_on, after, rows).await
    };
    page.serve(caller, read, BrokenPromise::position).await
}

/// Promise an order again
///
/// Makes new promises for what an order waits for, by the supply that is known now. Call it after the customer has
/// learned the new day. A line with too little supply is promised no day.
#[utoipa::path(
    operation_id = "orders_promise",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/promise")]
async fn promise(post: Post, id: PathId<OrderId>) -> Answer {
    post.empty(Command::PromiseOrder(order::Promise(id.0))).await
}
