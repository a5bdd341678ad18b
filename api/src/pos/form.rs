//! The forms of till sales and refunds.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CustomerId, HoldId, LocationId, RegisterId, SaleId, SessionId};
use domain::number::{Money, Quantity};
use domain::pos::{self, SaleKind, TenderInput, TenderKind};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{self, Text100};
use serde::{Deserialize, Serialize};

use crate::line::{DiscountIn, LineIn, LineOut, Skus};
use crate::lot::line::{self as lots, LotIn};

/// A sale.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleIn {
    /// The till's own id of the sale, made before it is sent; ours where absent.
    pub id: Option<SaleId>,
    /// The till; it needs an open session.
    pub register_id: RegisterId,
    /// The customer, who pays the price negotiated with them; a walk-in sale where absent.
    pub customer_id: Option<CustomerId>,
    /// The hold whose goods are sold.
    pub hold_id: Option<HoldId>,
    /// Whether the goods have left already, so that they go even below zero. Needs the scope `stock:force` and
    /// `occurred_at`. Goods in lots are taken off the lots that are named, else off those that expire first and then the
    /// one that came last. A serial number leaves only where the record has it.
    #[serde(default)]
    pub forced: bool,
    /// ISO 3166-1 alpha-2 code of the country of the sale; the customer's or the tenant's where absent.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// When it happened; now where absent, never in the future.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What is sold.
    #[schema(min_items = 1, max_items = 2000)]
    pub lines: Vec<LineIn>,
    /// A discount over all lines.
    pub discount: Option<DiscountIn>,
    /// What is paid, and with what; together they cover the total.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub tenders: Vec<TenderIn>,
}

/// A means of payment.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenderIn {
    /// With what.
    pub kind: TenderKind,
    /// How much is handed over; what is left to pay where absent (one tender may leave it so). Only cash gives change.
    pub amount: Option<Money>,
    /// The processor's reference or the voucher's code. Never a card number.
    pub reference: Option<Text100>,
}

/// A refund. Name `original_id` and its lines, or `lines` without an original.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundIn {
    /// The till's own id of the refund; ours where absent.
    pub id: Option<SaleId>,
    /// The till; it needs an open session.
    pub register_id: RegisterId,
    /// The sale that is taken back.
    pub original_id: Option<SaleId>,
    /// Its lines; everything that is still out where empty.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub original_lines: Vec<BackIn>,
    /// Without an original: what comes back.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lines: Vec<LineIn>,
    /// The country of the refund; the tenant's where absent.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// When it happened; now where absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What is handed back; together exactly the total.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub tenders: Vec<TenderIn>,
}

/// A line of an earlier document that comes back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackIn {
    /// Its number in that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// How many stock units; all that are still out where absent.
    pub quantity: Option<Quantity>,
    /// The lots that come back, where the product is tracked by lot or serial number. They may be left out where the line
    /// went out in one lot, or where everything that is out comes back.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lots: Vec<LotIn>,
}

/// The lines of an original that come back, every wrong lot named.
pub fn back(lines: Vec<BackIn>) -> Result<Vec<pos::RefundLine>, Refusal> {
    let mut problems = Problems::default();
    let mut back = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let lots = lots::named(&mut problems, &format!("/original_lines/{index}"), line.lots);
        back.push(pos::RefundLine { line_no: line.line_no, quantity: line.quantity, lots });
    }
    problems.check()?;
    Ok(back)
}

/// The tenders of a sale.
pub fn tenders(tenders: Vec<TenderIn>) -> Result<Vec<TenderInput>, Refusal> {
    let mut problems = Problems::default();
    let mut checked = Vec::with_capacity(tenders.len());
    for (index, TenderIn { kind, amount, reference }) in tenders.into_iter().enumerate() {
        let reference = text::checked(&mut problems, &format!("/tenders/{index}/reference"), reference);
        checked.push(TenderInput { kind, amount, reference });
    }
    problems.check()?;
    Ok(checked)
}

/// A receipt. A refund's amounts are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SaleOut<'a> {
    /// Its id.
    id: SaleId,
    object: tag::PosSale,
    /// Its number, gap-free per till and year.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    number: &'a str,
    /// Sale or refund.
    kind: SaleKind,
    /// The till.
    register_id: RegisterId,
    /// The session.
    session_id: SessionId,
    /// Where the goods came from.
    location_id: LocationId,
    /// The customer, unless it was a walk-in sale.
    customer_id: Option<CustomerId>,
    /// The sale that a refund takes back.
    original_id: Option<SaleId>,
    /// The currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// The country of the sale.
    #[schema(max_length = 60, example = "GB")]
    country: &'a str,
    /// The day of the shop.
    #[schema(example = "2026-11-22")]
    business_date: NaiveDate,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// Its lines.
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
    /// What rounding to coins added.
    rounding: Money,
    /// What was to be paid.
    total: Money,
    /// What was paid, and with what.
    #[schema(max_items = 10)]
    tenders: Vec<TenderOut<'a>>,
}

/// What was paid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TenderOut<'a> {
    /// With what.
    kind: TenderKind,
    /// What it paid, change taken off.
    amount: Money,
    /// What was handed over in cash.
    tendered: Option<Money>,
    /// What was handed back.
    change: Option<Money>,
    /// The processor's reference or the voucher's code.
    #[schema(max_length = 100, example = "auth-004211")]
    reference: Option<&'a str>,
}

impl<'a> SaleOut<'a> {
    /// The answer's form of a sale.
    pub fn new(sale: &'a pos::Sale, currency: &'a str, skus: Skus<'_, 'a>) -> Self {
        let tender = |tender: &'a pos::Tender| TenderOut {
            kind: tender.kind,
            amount: tender.amount,
            tendered: tender.tendered,
            change: tender.change,
            reference: tender.reference.as_deref(),
        };
        SaleOut {
            id: sale.id,
            object: tag::PosSale,
            number: &sale.number,
            kind: sale.kind,
            register_id: sale.register_id,
            session_id: sale.session_id,
            location_id: sale.location_id,
            customer_id: sale.customer_id,
            original_id: sale.original_id,
            currency,
            country: &sale.country,
            business_date: sale.business_date,
            occurred_at: sale.occurred_at,
            lines: sale.lines.iter().map(|(line, _)| LineOut::new(line, skus)).collect(),
            gross: sale.totals.gross,
            discount: sale.totals.discount,
            net: sale.totals.net,
            tax: sale.totals.tax,
            rounding: sale.rounding,
            total: sale.total(),
            tenders: sale.tenders.iter().map(tender).collect(),
        }
    }
}
