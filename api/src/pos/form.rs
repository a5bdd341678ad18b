//! Wire types of till sales and refunds.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::address::Address;
use domain::id::{CustomerId, HoldId, LocationId, PaymentIntentId, RegisterId, SaleId, SessionId};
use domain::moment::Instant;
use domain::number::{Money, Percent, Quantity};
use domain::pos::{self, ExceptionReason, SaleKind, TenderInput, TenderKind};
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Reference100, Slip100};
use serde::{Deserialize, Serialize};

use crate::line::{DiscountIn, LineIn, LineOut, LineTaxOut, OriginalLineIn, PrintedCustomerOut, SellerOut};

/// A sale to make.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleIn {
    /// The till's own id of the sale, made before it is sent. The server chooses one if absent. A sale with the same id and content gets the
    /// first response, with any `Idempotency-Key`; with other content it is rejected with the differences (`already_exists`).
    pub id: Option<SaleId>,
    /// The till. It needs an open session. A forced sale belongs to the session in which it happened, also if that is closed. If the till
    /// had no session yet, its forced sales get a closed one, with an exception `no_session`.
    pub register_id: RegisterId,
    /// Customer, who pays the price negotiated with them. Absent: a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// Hold whose stock is sold.
    pub hold_id: Option<HoldId>,
    /// Whether the products have left already, so that the stock may go below zero. Needs the scope `stock:force` and
    /// `occurred_at`. The lots are those named, else those that expire first, then the one received last. A serial
    /// number can leave only where the record has it.
    #[serde(default)]
    pub forced: bool,
    /// ISO 3166-1 alpha-2 code of the country of the sale, whose taxes it has. If absent, the tenant's, where the goods are handed over.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// Your own number of the sale, such as that of another system. Several sales may have the same one: a repeat is known by `id`.
    pub external_ref: Option<Reference100>,
    /// When it happened. Now if absent. The sale shows product, customer and seller as they were then. A time more than 5 minutes ahead
    /// of ours is kept in `said_at`, and the sale is dated now: the event `pos_sale.clock_ahead` tells of it.
    pub occurred_at: Option<Instant>,
    /// Lines of the sale.
    #[schema(min_items = 1, max_items = 2000)]
    pub lines: Vec<LineIn>,
    /// A discount over all lines.
    pub discount: Option<DiscountIn>,
    /// Tenders. Together they cover the total.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub tenders: Vec<TenderIn>,
    /// The receipt of a forced sale, as far as it is stated. The sale has its prices, taxes and totals. State at least `total`: cash above
    /// our total is change otherwise.
    #[schema(example = json!(null))]
    pub receipt: Option<ReceiptIn>,
}

/// The receipt of a forced sale. An absent field follows our prices and taxes at the time of the sale.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptIn {
    /// Total, with tax, before or after the rounding of cash. Without `lines` here and a `unit_price`, the lines share it in
    /// proportion to our prices. Otherwise the difference from the lines is `rounding`. If absent, and no line says more: what a card
    /// or a voucher paid is the total, and cash is what was handed over. So 10.00 for what costs 8.00 by our prices is a price of 10.00
    /// with an exception by card, and 8.00 with change of 2.00 in cash. Cash below our total is the total.
    pub total: Option<Money>,
    /// One for each line of the sale, in the same order, or none.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lines: Vec<ReceiptLineIn>,
}

/// A line of the receipt of a forced sale.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptLineIn {
    /// Amount to pay for the line, after discounts and with tax.
    pub total: Option<Money>,
    /// Tax rate, in percent. If absent, that of our tax rates.
    pub tax_rate: Option<Percent>,
    /// Tax in `total`. If absent, it follows from the rate.
    pub tax: Option<Money>,
}

impl From<ReceiptIn> for pos::StatedReceipt {
    fn from(receipt: ReceiptIn) -> Self {
        let line = |line: ReceiptLineIn| pos::StatedLine {
            total: line.total,
            tax_rate: line.tax_rate,
            tax: line.tax,
        };
        pos::StatedReceipt { total: receipt.total, lines: receipt.lines.into_iter().map(line).collect() }
    }
}

/// A means of payment.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenderIn {
    /// Means of payment.
    pub kind: TenderKind,
    /// Amount handed over. If absent, what is left to pay; only one tender may leave it out. Only cash gives change.
    pub amount: Option<Money>,
    /// Reference of the processor, or code of the voucher, without which a voucher pays nothing. A refund by voucher without
    /// a code issues store credit with a new code. A blank one counts as none, and control characters are kept as blanks. Never a card
    /// number.
    pub reference: Option<Slip100>,
    /// Payment intent of a card tender. A sale names a payment that is authorised or captured, a refund names a refund intent that is captured.
    /// It must be for exactly the amount of the tender, at the same till, and named by no other sale or refund. If it does not fit, a forced
    /// sale or refund is recorded without it, with an exception `card_payment`.
    #[schema(example = json!(null))]
    pub payment_intent_id: Option<PaymentIntentId>,
}

/// A refund. Send `original_id` and its lines, or `lines` without an original.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundIn {
    /// The till's own id of the refund. The server chooses one if absent.
    pub id: Option<SaleId>,
    /// The till. It needs an open session.
    pub register_id: RegisterId,
    /// Sale that is refunded.
    pub original_id: Option<SaleId>,
    /// Lines of the sale. If empty, all that was not refunded yet.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub original_lines: Vec<OriginalLineIn>,
    /// Without an original: the lines that come back.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lines: Vec<LineIn>,
    /// Country of the refund. If absent, that of the sale, else the tenant's. A country that is not that of the sale is rejected.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// Your own number of the refund, such as that of another system. Several may have the same one.
    pub external_ref: Option<Reference100>,
    /// Whether the money was paid back already, as an offline till reports it. Needs `occurred_at` and the scope `stock:force`. A payment
    /// intent that does not fit becomes an exception `card_payment`. All other checks apply.
    #[serde(default)]
    #[schema(example = false)]
    pub forced: bool,
    /// When it happened, not before the original. Now if absent. A time ahead of ours is treated as in a sale.
    pub occurred_at: Option<Instant>,
    /// Tenders that are paid back. If empty, what was paid comes back into the tenders of the sale, cards and vouchers
    /// before cash, with the rounding of cash. Named ones together are exactly that amount, and none is more than it paid;
    /// only a voucher may be, as store credit. Without an original they are named. Cash comes out of the drawer of the till.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub tenders: Vec<TenderIn>,
}

/// Parses the tenders of a sale. Reports every wrong reference.
pub fn tenders(problems: &mut Problems, tenders: Vec<TenderIn>) -> Vec<TenderInput> {
    let mut checked = Vec::with_capacity(tenders.len());
    for (index, TenderIn { kind, amount, reference, payment_intent_id }) in tenders.into_iter().enumerate() {
        let reference = reference.filter(|reference| !reference.is_empty());
        let reference = text::checked(problems, &format!("/tenders/{index}/reference"), reference);
        if kind == TenderKind::Card {
            text::check_no_card(problems, &format!("/tenders/{index}/reference"), reference.as_deref());
        }
        if payment_intent_id.is_some() && kind != TenderKind::Card {
            let detail = "Only a card tender names a payment intent.";
            problems.invalid(format!("/tenders/{index}/payment_intent_id"), detail);
        }
        checked.push(TenderInput { kind, amount, reference, payment_intent_id });
    }
    checked
}

/// A till sale or a refund. The amounts of a refund are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SaleOut<'a> {
    /// Id of the sale.
    id: SaleId,
    object: tag::PosSale,
    /// Number, gap-free per till and year.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    number: &'a str,
    /// Sale or refund.
    kind: SaleKind,
    /// The till.
    register_id: RegisterId,
    /// The session.
    session_id: SessionId,
    /// Location of the stock.
    location_id: LocationId,
    /// Customer. Null for a walk-in sale.
    customer_id: Option<CustomerId>,
    /// The customer when the sale was made. Null for a walk-in sale.
    customer: Option<PrintedCustomerOut<'a>>,
    /// Address of the customer for invoices when the sale was made.
    bill_to: Option<&'a Address>,
    /// The tenant when the sale was made.
    seller: SellerOut<'a>,
    /// Sale that is refunded.
    original_id: Option<SaleId>,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// The country of the sale, whose taxes it has.
    #[schema(max_length = 60, example = "GB")]
    country: &'a str,
    /// Your own number, if the sale or refund was made with one.
    #[schema(max_length = 100, example = "web-10023")]
    external_ref: Option<&'a str>,
    /// Business day, in the tenant's time zone.
    business_date: NaiveDate,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// Time that the till's clock said, if it was more than 5 minutes ahead. Null otherwise.
    #[schema(example = json!(null))]
    said_at: Option<DateTime<Utc>>,
    /// Reasons for which a forced sale or refund differs from our rules: see `GET /v1/pos/exceptions`. Empty otherwise.
    #[schema(max_items = 4000)]
    exceptions: &'a [ExceptionReason],
    /// Lines of the sale.
    #[schema(max_items = 2000)]
    lines: Vec<LineOut<'a>>,
    /// Before discounts.
    gross: Money,
    /// Discounts.
    discount: Money,
    /// After discounts, before tax.
    net: Money,
    /// Tax.
    tax: Money,
    /// Sums of the taxes of lines that have several, by code and rate. Left out if no line has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    taxes: Vec<LineTaxOut<'a>>,
    /// Amount that rounding to coins added.
    rounding: Money,
    /// Amount to pay.
    total: Money,
    /// Tenders.
    #[schema(max_items = 10)]
    tenders: &'a [pos::Tender],
}

impl<'a> SaleOut<'a> {
    /// Says what can still be refunded of a sale, given what was refunded before by line number.
    pub fn less(mut self, returned: &HashMap<i32, Quantity>) -> Self {
        if self.kind == SaleKind::Sale {
            self.lines = self.lines.into_iter().map(|line| line.less(returned)).collect();
        }
        self
    }

    /// Returns the wire form of a sale.
    pub fn new(sale: &'a pos::Sale, currency: &'a str) -> Self {
        SaleOut {
            id: sale.id,
            object: tag::PosSale,
            number: &sale.number,
            kind: sale.kind,
            register_id: sale.register_id,
            session_id: sale.session_id,
            location_id: sale.location_id,
            customer_id: sale.customer_id,
            customer: sale.customer.as_deref().map(PrintedCustomerOut::from),
            bill_to: sale.customer.as_deref().and_then(|customer| customer.bill_to.as_deref()),
            seller: SellerOut::from(&*sale.seller),
            original_id: sale.original_id,
            currency,
            country: &sale.country,
            external_ref: sale.external_ref.as_deref(),
            business_date: sale.business_date,
            occurred_at: sale.occurred_at,
            created_at: sale.recorded_at,
            said_at: sale.said_at,
            exceptions: &sale.exceptions,
            lines: sale.lines.iter().map(|(line, _)| LineOut::new(line)).collect(),
            gross: sale.totals.gross,
            discount: sale.totals.discount,
            net: sale.totals.net,
            tax: sale.totals.tax,
            taxes: LineTaxOut::sums(sale.lines.iter().map(|(line, _)| line)),
            rounding: sale.rounding,
            total: sale.total(),
            tenders: &sale.tenders,
        }
    }
}
