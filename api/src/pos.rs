//! The till: sales, refunds, sessions and the cash in their drawers.

mod form;
mod read;
mod session;

use actix_web::post;
use domain::id::SaleId;
use domain::pos;
use domain::refusal::{Problems, Refusal};
use service::posting::Command;
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::posting::{BatchIn, BatchOut, Post, overrider};
use crate::{Answer, ApiError, Caller, line};

pub use form::{RefundIn, SaleIn, SaleOut};
pub use session::{CashMoveOut, SessionOut};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(sell).service(sell_batch).service(refund).service(refund_batch).configure(read::routes);
    cfg.configure(session::routes);
}

/// Where sales are.
const SALES: &str = "/v1/pos/sales";
/// Where refunds are made.
const REFUNDS: &str = "/v1/pos/refunds";

/// Sell at a till
///
/// Takes the goods out of stock, posts revenue, tax, cost and money, and answers the receipt, in one transaction. A
/// customer who is named pays the price negotiated with them; everybody else pays the list price. What is not
/// available is refused with every short line (`insufficient_stock`), unless the sale is `forced`: an offline till tells
/// of goods that have left, which go even below zero, at the last known cost, and raise `stock.oversold`. Goods of a lot
/// that had expired or is recalled have left all the same, and raise `stock.unsellable_sold`.
#[utoipa::path(
    operation_id = "pos_sales_create",
    security(("bearer" = ["pos:write"])),
    request_body = SaleIn,
    responses((status = 201, description = "The receipt.", body = SaleOut))
)]
#[post("/v1/pos/sales")]
async fn sell(post: Post) -> Answer {
    post.create::<SaleId, _>(SALES, sell_command).await
}

/// Sell many at once
///
/// Up to 500 sales in one request, as a till that was offline sends them. Each stands alone: one that is refused does
/// not spoil the others. `Prefer: return=minimal` answers no more than ids.
#[utoipa::path(
    operation_id = "pos_sales_create_batch",
    security(("bearer" = ["pos:write"])),
    request_body = BatchIn,
    responses((status = 207, description = "One result per sale, in order.", body = BatchOut))
)]
#[post("/v1/pos/sales/batch")]
async fn sell_batch(post: Post) -> Answer {
    post.batch(SALES, sell_command).await
}

/// Refund at a till
///
/// Against a sale: at the price paid, never more than was sold, the goods back at the cost they left with. Without one
/// (needs `pos:blind_refund`): at today's price, or the one named, and the current cost.
#[utoipa::path(
    operation_id = "pos_refunds_create",
    security(("bearer" = ["pos:write"])),
    request_body = RefundIn,
    responses((status = 201, description = "The receipt; its amounts are negative.", body = SaleOut))
)]
#[post("/v1/pos/refunds")]
async fn refund(post: Post) -> Answer {
    post.create::<SaleId, _>(SALES, refund_command).await
}

/// Refund many at once
///
/// Up to 500 refunds in one request; each stands alone.
#[utoipa::path(
    operation_id = "pos_refunds_create_batch",
    security(("bearer" = ["pos:write"])),
    request_body = BatchIn,
    responses((status = 207, description = "One result per refund, in order.", body = BatchOut))
)]
#[post("/v1/pos/refunds/batch")]
async fn refund_batch(post: Post) -> Answer {
    post.batch(REFUNDS, refund_command).await
}

fn sell_command(input: SaleIn, caller: &Caller) -> Result<Command, ApiError> {
    check_country(input.country.as_deref())?;
    if input.forced {
        caller.require(Scope::StockForce)?;
    }
    Ok(Command::Sell(pos::Sell {
        id: input.id,
        register_id: input.register_id,
        customer_id: input.customer_id,
        hold_id: input.hold_id,
        forced: input.forced,
        country: input.country,
        occurred_at: input.occurred_at,
        lines: line::lines(input.lines)?,
        discount: input.discount.map(Into::into),
        tenders: form::tenders(input.tenders)?,
        overrider: overrider(caller),
    }))
}

fn check_country(country: Option<&str>) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    line::country_code(&mut problems, "/country", country);
    problems.check()
}

fn refund_command(input: RefundIn, caller: &Caller) -> Result<Command, ApiError> {
    check_country(input.country.as_deref())?;
    if input.original_id.is_none() {
        caller.require(Scope::PosBlindRefund)?;
    }
    Ok(Command::Refund(pos::Refund {
        id: input.id,
        register_id: input.register_id,
        original_id: input.original_id,
        original_lines: form::back(input.original_lines)?,
        lines: line::lines(input.lines)?,
        country: input.country,
        occurred_at: input.occurred_at,
        tenders: form::tenders(input.tenders)?,
        overrider: overrider(caller),
    }))
}
