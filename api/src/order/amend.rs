//! The amendment of an order.

use actix_web::post;
use chrono::NaiveDate;
use domain::id::{OrderId, ProductId};
use domain::line_item::LINES_MAX;
use domain::number::{Price, Quantity};
use domain::order;
use domain::product::ItemRef;
use domain::refusal::Problems;
use domain::sales::LineInput;
use domain::text::{self, Label200, Label500, Reference100};
use serde::Deserialize;
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use super::OrderOut;
use crate::idempotency::PostHeaders;
use crate::line::{DiscountIn, LineIn, check_price_reason, input, named_item};
use crate::lot::line::LotIn;
use crate::params::PathId;
use crate::posting::{Post, authority, check_overrides};
use crate::{Answer, Caller, version};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(amend);
}

/// The lines that an order shall have.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderAmendmentIn {
    /// Version of the order that you read. If the order has changed since, the amendment is rejected (412). Not checked if absent.
    #[schema(minimum = 1, example = 2)]
    version: Option<i32>,
    /// The customer's reference. Stays as it is if absent.
    reference: Option<Reference100>,
    /// Day for which the customer wants the products. Stays as it is if absent.
    #[schema(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    requested_on: Option<NaiveDate>,
    /// All lines that the order has afterwards. A line of the order that is not among them is removed.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<AmendedLineIn>,
}

/// A line that an amended order has: one that it had, by its `line_no`, or a new one, by its product.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AmendedLineIn {
    /// Line of the order to keep. A new line if absent.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: Option<i32>,
    /// Id of the product. A line that is kept has its product.
    product_id: Option<ProductId>,
    /// SKU of the product. A line that is kept has its product.
    #[schema(min_length = 1, max_length = 64, example = json!(null))]
    sku: Option<String>,
    /// Barcode of the product and its unit, of a new line.
    #[schema(min_length = 1, max_length = 64, example = json!(null))]
    barcode: Option<String>,
    /// Unit (UN/ECE Recommendation 20 or 21). If absent, that of the line that is kept, else that of the barcode, else the stock unit.
    #[schema(min_length = 1, max_length = 8, example = "C62")]
    uom: Option<String>,
    /// Quantity in that unit, above zero.
    quantity: Quantity,
    /// Price per unit. Needs the scope `prices:override`. If absent, a line that is kept in its unit keeps its price, and any other gets the
    /// price of now.
    unit_price: Option<Price>,
    /// Reason for the `unit_price`, without which it is rejected. The line keeps it.
    price_reason: Option<Label200>,
    /// A discount on this line. If absent, a line that keeps its price keeps its percentage, or its amount in proportion to its quantity, and
    /// any other has none. The `discount_percent` of the order is taken off after it.
    discount: Option<DiscountIn>,
    /// Text instead of the product's name. Line breaks are kept as blanks. If absent or blank, a line that is kept keeps its text.
    description: Option<Label500>,
    /// Lots of a tracked product. If absent, the reserved ones, then those that expire first.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

impl OrderAmendmentIn {
    /// Parses the amendment. Reports every wrong line.
    fn amend(self, problems: &mut Problems, order_id: OrderId, caller: &Caller) -> order::Amend {
        version::check_stated(problems, "/version", self.version);
        let reference = text::checked(problems, "/reference", self.reference);
        let mut lines = Vec::with_capacity(self.lines.len());
        let mut kept = Vec::with_capacity(self.lines.len());
        for (index, line) in self.lines.into_iter().enumerate() {
            check_line_no(problems, &format!("/lines/{index}"), line.line_no);
            kept.push(line.line_no);
            lines.push(line.input(problems, &format!("/lines/{index}")));
        }
        check_overrides(problems, caller, &lines);
        order::Amend {
            order_id,
            version: self.version,
            reference,
            requested_on: self.requested_on,
            lines,
            kept,
            authority: authority(caller),
        }
    }
}

/// Reports a number that no line of an order can have.
fn check_line_no(problems: &mut Problems, pointer: &str, line_no: Option<i32>) {
    let can_be =
        |line_no: i32| usize::try_from(line_no).is_ok_and(|line_no| (1..=LINES_MAX).contains(&line_no));
    if line_no.is_some_and(|line_no| !can_be(line_no)) {
        let detail = format!(
            "A line_no is from 1 to {LINES_MAX}: send that of a line of the order, or leave it out for a new line."
        );
        problems.invalid(format!("{pointer}/line_no"), detail);
    }
}

impl AmendedLineIn {
    /// Parses the line. One that is kept may name no product, and no barcode, which would tell another unit.
    fn input(self, problems: &mut Problems, pointer: &str) -> LineInput {
        let is_kept = self.line_no.is_some();
        let is_named = self.product_id.is_some() || self.sku.is_some() || self.barcode.is_some();
        if is_kept && self.barcode.is_some() {
            let detail = "A line that is kept has its product: leave barcode out, or leave line_no out for a new line.";
            problems.invalid(format!("{pointer}/barcode"), detail);
        }
        let item = if is_kept && (!is_named || self.barcode.is_some()) {
            ItemRef::Unnamed
        } else {
            named_item(problems, pointer, (self.product_id, self.sku, self.barcode))
        };
        let line = LineIn {
            product_id: None,
            sku: None,
            barcode: None,
            uom: self.uom,
            quantity: self.quantity,
            unit_price: self.unit_price,
            price_reason: self.price_reason,
            discount: self.discount,
            description: self.description,
            lots: self.lots,
        };
        check_price_reason(problems, pointer, &line);
        input(problems, pointer, line, item)
    }
}

/// Amend an order
///
/// Replaces the lines of an order before anything of it is shipped. The body has all lines that the order has afterwards. A line with
/// `line_no` is kept, and may get another quantity; a line without is new; a line that is left out is removed. Numbers of lines stay.
///
/// A line that is kept keeps its price. A percentage of its own is taken off its new amount, and a discount by amount is in proportion to
/// its quantity. Then the order's percentage over all lines, `discount_percent`, is taken off the lines that are new or change. A discount
/// over all lines by amount stays in proportion to the quantity, and new lines have no part of it. New lines are priced for the customer at
/// the time of the amendment. Taxes of new and changed lines are those of that day. Lines of a bundle are kept as they are, or all left out.
///
/// A draft stays a draft. Any other order is reserved again, as by a confirmation and with its `policy`. The order keeps the stock that is
/// reserved for it and that it still wants. What it no longer wants is available to others. A line that waits keeps its place in the
/// queue, unless its quantity grows. Days are promised again. If the total grows beyond the credit limit, the order goes on credit hold,
/// and its reservations end. A release of before ends if the total grows.
///
/// An amendment that changes nothing writes nothing: it returns the order as it is, with the same `version`, and has no event.
///
/// An amendment with the `version` of another state of the order is rejected (412). `If-Match` is not compared.
///
/// An order that was shipped, also in part, or cancelled, or that is in another currency is rejected (409). So are lines that are new or
/// grow if the customer is blocked or the location no longer serves wholesale, and lines of archived products that grow.
#[utoipa::path(
    operation_id = "orders_amend",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order."), PostHeaders),
    request_body = OrderAmendmentIn,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/orders/{id}/amend")]
async fn amend(post: Post, id: PathId<OrderId>) -> Answer {
    let command = |amendment: OrderAmendmentIn, caller: &Caller| {
        let mut wrong = Problems::default();
        let command = Command::AmendOrder(amendment.amend(&mut wrong, id.0, caller));
        Ok(Stated { command, wrong })
    };
    post.send(command).await
}
