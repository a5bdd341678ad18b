//! `sales_line`: lines sold and returned in both channels, which reports read.

use chrono::{DateTime, Utc};
use domain::id::{CategoryId, CustomerId, LocationId, OrderId, PriceRuleId, ProductId};
use domain::number::{Money, Percent, Price, Quantity};
use domain::sales::SalesLine;
use serde_json::Value;
use uuid::Uuid;

use crate::posting::table::saved_row;

saved_row! {
    /// A line that was sold or returned.
    SalesLineRow<'a> as "sales_line_row_2" {
        document_id: Uuid,
        line_no: i32,
        document_kind: &'static str,
        channel: &'static str,
        location_id: LocationId,
        customer_id: Option<CustomerId>,
        country: &'a str,
        product_id: ProductId,
        category_id: Option<CategoryId>,
        description: Option<&'a str>,
        uom: &'a str,
        factor: Quantity,
        entered: Quantity,
        quantity: Quantity,
        unit_price: Price,
        list_price: Option<Price>,
        price_source: &'static str,
        price_rule_id: Option<PriceRuleId>,
        price_trace: Option<&'a Value>,
        gross: Money,
        discount: Money,
        net: Money,
        tax_rate: Percent,
        tax: Money,
        cost: Money,
        order_id: Option<OrderId>,
        original_id: Option<Uuid>,
        original_line_no: Option<i32>,
        occurred_at: DateTime<Utc>,
        bundle_id: Option<ProductId>,
        product_version: Option<i32>,
    }
}

impl<'a> SalesLineRow<'a> {
    pub(in crate::posting) fn new(sold: &'a SalesLine) -> Self {
        let line = &sold.line;
        SalesLineRow {
            document_id: sold.document_id,
            line_no: line.line_no,
            document_kind: sold.document_kind.word(),
            channel: sold.channel.into(),
            location_id: sold.location_id,
            customer_id: sold.customer_id,
            country: &sold.country,
            product_id: line.product_id,
            category_id: line.category_id,
            description: line.description.as_deref(),
            uom: &line.uom,
            factor: line.factor,
            entered: line.entered,
            quantity: line.quantity,
            unit_price: line.unit_price,
            list_price: line.list_price,
            price_source: line.source.into(),
            price_rule_id: line.rule_id,
            price_trace: line.trace.as_ref(),
            gross: line.gross,
            discount: line.discount,
            net: line.net,
            tax_rate: line.tax_rate,
            tax: line.tax,
            cost: sold.cost,
            order_id: sold.order_id,
            original_id: sold.original.map(|(id, _)| id),
            original_line_no: sold.original.map(|(_, line_no)| line_no),
            occurred_at: sold.occurred_at,
            bundle_id: line.bundle_id,
            product_version: line.printed.version,
        }
    }
}
