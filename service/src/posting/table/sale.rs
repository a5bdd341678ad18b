//! `pos_sale` and `tender`: till sales and refunds, and their payments.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CommandId, CustomerId, LocationId, RegisterId, SaleId, SessionId};
use domain::number::Money;
use domain::pos::{Sale, Tender};

use crate::posting::table::saved_row;

saved_row! {
    /// A sale or refund and the command that made it.
    SaleRow<'a> as "pos_sale_row_2" {
        id: SaleId,
        number: &'a str,
        kind: &'static str,
        register_id: RegisterId,
        session_id: SessionId,
        location_id: LocationId,
        customer_id: Option<CustomerId>,
        original_id: Option<SaleId>,
        country: &'a str,
        gross: Money,
        discount: Money,
        net: Money,
        tax: Money,
        rounding: Money,
        total: Money,
        cost: Money,
        business_date: NaiveDate,
        occurred_at: DateTime<Utc>,
        command_id: CommandId,
        customer_version: Option<i32>,
        seller_version: Option<i32>,
    }
}

impl<'a> SaleRow<'a> {
    pub(in crate::posting) fn new(sale: &'a Sale, by: CommandId) -> Self {
        SaleRow {
            id: sale.id,
            number: &sale.number,
            kind: sale.kind.into(),
            register_id: sale.register_id,
            session_id: sale.session_id,
            location_id: sale.location_id,
            customer_id: sale.customer_id,
            original_id: sale.original_id,
            country: &sale.country,
            gross: sale.totals.gross,
            discount: sale.totals.discount,
            net: sale.totals.net,
            tax: sale.totals.tax,
            rounding: sale.rounding,
            total: sale.total(),
            cost: sale.cost(),
            business_date: sale.business_date,
            occurred_at: sale.occurred_at,
            command_id: by,
            customer_version: sale.customer.as_ref().and_then(|customer| customer.version),
            seller_version: sale.seller.version,
        }
    }
}

saved_row! {
    /// A tender of a sale, from 1.
    TenderRow<'a> as "tender_row_1" {
        sale_id: SaleId,
        line_no: i32,
        kind: &'static str,
        amount: Money,
        tendered: Option<Money>,
        change: Option<Money>,
        reference: Option<&'a str>,
    }
}

impl<'a> TenderRow<'a> {
    pub(in crate::posting) fn new(sale_id: SaleId, line_no: i32, tender: &'a Tender) -> Self {
        TenderRow {
            sale_id,
            line_no,
            kind: tender.kind.into(),
            amount: tender.amount,
            tendered: tender.tendered,
            change: tender.change,
            reference: tender.reference.as_deref(),
        }
    }
}
