//! Exceptions: how a sale that has happened differs from our rules. A manager works them off.

use crate::number::Money;
use crate::text_enum;

text_enum! {
    /// The reason for which a forced sale or refund differs from our rules.
    pub enum ExceptionReason {
        /// The receipt has another price than our price lists.
        Price,
        /// The receipt has another tax than our tax rates.
        Tax,
        /// The tenders do not add up to the lines.
        Total,
        /// More discount was given than the caller or the till may give.
        Discount,
        /// The sale is below the cost of the stock, and the caller may not sell below cost.
        BelowCost,
        /// The product is archived.
        ProductArchived,
        /// The product has another SKU by now, or got the SKU after the sale.
        ProductRenamed,
        /// The barcode was removed, names another product or unit today, or was no barcode of the product at the time of the
        /// sale.
        BarcodeChanged,
        /// The unit was removed from the product, or has another factor today.
        UnitChanged,
        /// The components of a bundle were replaced after the sale, and those of today left the stock.
        ComponentsChanged,
        /// The customer is blocked.
        CustomerBlocked,
        /// The till session of the sale was closed before the sale was recorded.
        SessionClosed,
        /// The till had no session before the sale was recorded.
        NoSession,
        /// The hold that the sale names can't be used.
        HoldNotOpen,
        /// The location does not serve retail.
        LocationNotRetail,
        /// More of a voucher was redeemed than its balance at the time of the sale. A voucher that was issued later had none.
        VoucherOverdrawn,
        /// A lot had expired or is recalled.
        LotUnsellable,
        /// A card tender names a payment intent that does not pay it.
        CardPayment,
    }
}

/// One way in which a forced sale differs from our rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleException {
    /// The reason.
    pub reason: ExceptionReason,
    /// The line of the sale; none if it concerns the whole sale.
    pub line_no: Option<i32>,
    /// The amount by our rules, if there is one.
    pub expected: Option<Money>,
    /// The amount of the receipt, if there is one.
    pub stated: Option<Money>,
    /// A sentence that says what differs.
    pub detail: String,
}

impl SaleException {
    /// Makes an exception of the whole sale without amounts.
    pub(super) fn new(reason: ExceptionReason, detail: impl Into<String>) -> Self {
        SaleException { reason, line_no: None, expected: None, stated: None, detail: detail.into() }
    }

    /// Adds the line.
    pub(super) fn of_line(self, line_no: i32) -> Self {
        SaleException { line_no: Some(line_no), ..self }
    }

    /// Adds the amounts.
    pub(super) fn with(self, expected: Option<Money>, stated: Money) -> Self {
        SaleException { expected, stated: Some(stated), ..self }
    }
}
