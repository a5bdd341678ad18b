//! Tills: sales, refunds, sessions and cash moves.

mod exception;
mod form;
mod read;
mod session;

use actix_web::post;
use domain::id::SaleId;
use domain::moment::Instant;
use domain::pos::{self, TenderKind};
use domain::refusal::Problems;
use domain::text;
use service::posting::{Command, Stated};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::posting::{BatchIn, BatchOut, Post, authority, check_overrides, overrider};
use crate::{Answer, ApiError, Caller, line, voucher};

pub use form::{RefundIn, SaleIn, SaleOut};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(sell).service(sell_batch).service(refund).service(refund_batch).configure(read::routes);
    cfg.configure(session::routes).configure(exception::routes);
}

/// Path of sales.
const SALES: &str = "/v1/pos/sales";
/// Path of refunds.
const REFUNDS: &str = "/v1/pos/refunds";

/// Sell at a till
///
/// Issues the stock, posts revenue, tax, cost and payment, and returns the sale, in one transaction. A named customer
/// pays the price negotiated with them. Without a customer, the price lists of the location and the channel apply, then
/// the list price. If stock is short, the sale is rejected with every short line (`insufficient_stock`).
///
/// A `forced` sale records products that have left already, as an offline till does. The stock may go below zero, at
/// the last known cost, and `stock.oversold` is raised. If a lot had expired or is recalled, `stock.unsellable_sold` is
/// raised.
///
/// A forced sale has the prices, taxes and totals of its receipt: state them in `unit_price` and `receipt`. What is not stated
/// follows our prices and taxes at `occurred_at`. If the tenders don't fit, they are taken as they are, because they were in
/// the drawer. Cash above our total fits: it is handed over, and the rest is change. So a till that sells at prices of before
/// states `receipt.total`: without it, nothing tells a higher price from change. It is posted also if the price has changed,
/// the product is archived or has another SKU, barcode or unit by now, the customer is blocked, the hold has ended, the session
/// is closed or the till had none yet. It shows product, customer and seller as its receipt does: as they were at
/// `occurred_at`. What differs from our rules is an exception to work off (`GET /v1/pos/exceptions`, event
/// `pos_sale.exception_raised`). A SKU, a barcode and a unit mean what they meant at `occurred_at`. A line may have a barcode
/// beside `product_id` or `sku`, which then name the product.
#[utoipa::path(
    operation_id = "pos_sales_create",
    security(("bearer" = ["pos:write"])),
    params(PostHeaders),
    request_body = SaleIn,
    responses((status = 201, description = "The sale.", body = SaleOut))
)]
#[post("/v1/pos/sales")]
async fn sell(post: Post) -> Answer {
    post.create::<SaleId, _, _>(SALES, sell_command).await
}

/// Sell many at once
///
/// Takes up to 500 sales, as a till sends them after it was offline. Each is carried out on its own: a rejected sale
/// does not affect the others. `Prefer: return=minimal` returns only ids, numbers and counts of lines.
#[utoipa::path(
    operation_id = "pos_sales_create_batch",
    security(("bearer" = ["pos:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per sale, in order.", body = BatchOut))
)]
#[post("/v1/pos/sales/batch")]
async fn sell_batch(post: Post) -> Answer {
    post.batch(SALES, sell_command).await
}

/// Refund at a till
///
/// Against a sale: pays back the price paid, never more than was sold, and restocks at the cost at which it left. With first
/// in, first out, the units that left last come back first, into their cost layers. What was paid comes back, in sum and to the cent of each tender. A drawer pays out no cash that it does not have
/// (`insufficient_cash`). Without a sale (scope `pos:blind_refund`): at today's price, or the one named, and the current cost.
///
/// A card tender may name the refund intent with which the terminal paid back. The intent must be captured for exactly the amount of
/// the tender, at the same till, and named by no other refund. A `forced` refund (scope `stock:force`) records money that an offline
/// till has paid back already: an intent that does not fit is recorded as an exception `card_payment`, and does not reject the refund.
#[utoipa::path(
    operation_id = "pos_refunds_create",
    security(("bearer" = ["pos:write"])),
    params(PostHeaders),
    request_body = RefundIn,
    responses((status = 201, description = "The refund; its amounts are negative.", body = SaleOut))
)]
#[post("/v1/pos/refunds")]
async fn refund(post: Post) -> Answer {
    post.create::<SaleId, _, _>(SALES, refund_command).await
}

/// Refund many at once
///
/// Takes up to 500 refunds. Each is carried out on its own: a rejected refund does not affect the others.
#[utoipa::path(
    operation_id = "pos_refunds_create_batch",
    security(("bearer" = ["pos:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per refund, in order.", body = BatchOut))
)]
#[post("/v1/pos/refunds/batch")]
async fn refund_batch(post: Post) -> Answer {
    post.batch(REFUNDS, refund_command).await
}

fn sell_command(input: SaleIn, caller: &Caller) -> Result<Stated, ApiError> {
    if input.forced {
        caller.require(Scope::StockForce)?;
    }
    let mut problems = Problems::default();
    line::country_code(&mut problems, "/country", input.country.as_deref());
    let external_ref = text::checked(&mut problems, "/external_ref", input.external_ref);
    let lines = if input.forced {
        line::lines_of_forced(&mut problems, input.lines)
    } else {
        line::lines(&mut problems, input.lines)
    };
    let tenders = form::tenders(&mut problems, input.tenders);
    // The goods of a forced sale have left at the price that its line states.
    if !input.forced {
        check_overrides(&mut problems, caller, &lines);
    }
    let command = Command::Sell(pos::Sell {
        id: input.id,
        register_id: input.register_id,
        customer_id: input.customer_id,
        hold_id: input.hold_id,
        forced: input.forced,
        country: input.country,
        external_ref,
        occurred_at: input.occurred_at.map(Instant::get),
        lines,
        discount: input.discount.map(Into::into),
        tenders,
        receipt: input.receipt.map(Into::into),
        authority: authority(caller),
    });
    Ok(Stated { command, wrong: problems })
}

fn refund_command(input: RefundIn, caller: &Caller) -> Result<Stated, ApiError> {
    if input.original_id.is_none() {
        caller.require(Scope::PosBlindRefund)?;
    }
    if input.forced {
        caller.require(Scope::StockForce)?;
    }
    let mut problems = Problems::default();
    line::country_code(&mut problems, "/country", input.country.as_deref());
    let external_ref = text::checked(&mut problems, "/external_ref", input.external_ref);
    let lines = line::lines(&mut problems, input.lines);
    let original_lines = line::original_lines(&mut problems, input.original_lines);
    let mut tenders = form::tenders(&mut problems, input.tenders);
    check_overrides(&mut problems, caller, &lines);
    let store_credit = tenders.iter_mut().filter(|tender| tender.kind == TenderKind::Voucher);
    for tender in store_credit.filter(|tender| tender.reference.is_none()) {
        tender.reference = Some(voucher::new_code());
    }
    let command = Command::Refund(pos::Refund {
        id: input.id,
        register_id: input.register_id,
        original_id: input.original_id,
        original_lines,
        lines,
        country: input.country,
        external_ref,
        forced: input.forced,
        occurred_at: input.occurred_at.map(Instant::get),
        tenders,
        overrider: overrider(caller),
    });
    Ok(Stated { command, wrong: problems })
}
