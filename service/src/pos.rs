//! Till sales, sessions and cash moves, for reading.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CashMoveId, CustomerId, LocationId, PaymentIntentId, RegisterId, SaleId, SessionId};
use domain::number::{Money, Quantity};
use domain::pos::{CashMove, ExceptionReason, Sale, SaleKind, Session, Tender};
use domain::refusal::Refusal;
use domain::sales::Totals;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice, number, optional_number, optional_word, word};
use crate::rows::parsed;
use crate::{Error, Tx, printed, sales_lines};

pub mod exception;

/// A till sale or refund in a list, without its lines and tenders. The amounts of a refund are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SaleSummary {
    /// Id of the sale or refund.
    pub id: SaleId,
    /// Always `pos_sale`.
    pub object: tag::PosSale,
    /// Number, gap-free per till and year.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    pub number: String,
    /// Sale or refund.
    pub kind: SaleKind,
    /// Till of the sale.
    pub register_id: RegisterId,
    /// Session of the sale.
    pub session_id: SessionId,
    /// Location from which the stock was sold.
    pub location_id: LocationId,
    /// The customer; absent for a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// For a refund: the sale that it refunds.
    pub original_id: Option<SaleId>,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Country of the sale.
    #[schema(max_length = 60, example = "GB")]
    pub country: String,
    /// Your own number, if the sale or refund was made with one.
    #[schema(max_length = 100, example = "web-10023")]
    pub external_ref: Option<String>,
    /// Amount before discounts.
    pub gross: Money,
    /// Sum of the discounts.
    pub discount: Money,
    /// Amount after discounts, before tax.
    pub net: Money,
    /// Sum of the tax.
    pub tax: Money,
    /// Amount added by rounding to coins.
    pub rounding: Money,
    /// Amount to be paid.
    pub total: Money,
    /// Business day of the shop.
    pub business_date: NaiveDate,
    /// When the sale was made.
    pub occurred_at: DateTime<Utc>,
    /// Time that the till's clock said, if it was more than 5 minutes ahead: the sale is then dated as it was recorded. Null
    /// otherwise.
    #[schema(example = json!(null))]
    pub said_at: Option<DateTime<Utc>>,
    /// Reasons for which a forced sale or refund differs from our rules: see `GET /v1/pos/exceptions`.
    #[schema(max_items = 4000)]
    pub exceptions: Vec<ExceptionReason>,
    /// When the sale was recorded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct SaleFilter {
    pub kind: Option<SaleKind>,
    pub register_id: Option<RegisterId>,
    pub session_id: Option<SessionId>,
    pub customer_id: Option<CustomerId>,
    pub number: Option<String>,
    pub external_ref: Option<String>,
    pub business_date: Option<NaiveDate>,
    pub occurred: Period,
}

/// A sale or refund with its lines and tenders.
#[derive(Debug)]
pub struct Receipt {
    pub sale: Sale,
    /// Currency of every amount.
    pub currency: String,
    /// Stock units refunded before, by line number.
    pub returned: HashMap<i32, Quantity>,
}

const SALES: &str = "select s.id, s.number, s.kind, s.register_id, s.session_id, s.location_id, s.customer_id, s.original_id, \
                            s.currency, s.country, s.gross, s.discount, s.net, s.tax, s.rounding, s.business_date, \
                            s.occurred_at, s.recorded_at, s.customer_version, c.*, s.seller_version, t.*, \
                            (select k.said_at from till_clock k \
                             where k.tenant_id = s.tenant_id and k.sale_id = s.id) as said_at, \
                            (select x.external_ref from sale_external_ref x \
                             where x.tenant_id = s.tenant_id and x.sale_id = s.id) as external_ref, \
                            array(select e.reason from sale_exception e \
                                  where e.tenant_id = s.tenant_id and e.sale_id = s.id \
                                  order by e.id) as exceptions \
                     from pos_sale s \
                     left join lateral printed_customer(s.tenant_id, s.customer_id, s.customer_version) c on true \
                     cross join lateral printed_seller(s.tenant_id, s.seller_version) t \
                     where s.tenant_id = ";

pub async fn sales(tx: &Tx, filter: &SaleFilter, slice: &Slice) -> Result<Vec<SaleSummary>, Error> {
    let listing = Listing::new(tx, SALES)
        .among("s.kind", filter.kind.as_slice())
        .with("s.register_id = ", filter.register_id.map(|id| id.0))
        .with("s.session_id = ", filter.session_id.map(|id| id.0))
        .with("s.customer_id = ", filter.customer_id.map(|id| id.0))
        .with("s.number = ", filter.number.as_ref())
        .with("s.business_date = ", filter.business_date)
        .within("s.occurred_at", filter.occurred)
        .since("s.recorded_at >= ", slice);
    let listing = match &filter.external_ref {
        Some(external_ref) => listing
            .sql(" and s.id in (select x.sale_id from sale_external_ref x where x.tenant_id = ")
            .tenant(tx)
            .with("x.external_ref = ", Some(external_ref))
            .sql(")"),
        None => listing,
    };
    listing.page(tx, "s.id", slice).await?.iter().map(read_summary).collect()
}

pub async fn sale(tx: &Tx, id: SaleId) -> Result<Receipt, Error> {
    let rows = Listing::new(tx, SALES).with("s.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("sale"))?;
    let mut sale = read_header(row)?;
    let mut sold = sales_lines::lines(tx, &[id.0]).await?;
    sale.lines = sold.remove(&id.0).unwrap_or_default();
    let statement = "select t.kind, t.amount, t.tendered, t.change, t.reference, i.payment_intent_id from tender t \
                     left join tender_payment_intent i \
                         on i.tenant_id = t.tenant_id and i.sale_id = t.sale_id and i.line_no = t.line_no \
                     where t.tenant_id = $1 and t.sale_id = $2 order by t.line_no";
    let tender = |row: &PgRow| -> Result<Tender, Error> {
        Ok(Tender {
            kind: word(row, "kind")?,
            amount: number(row, "amount")?,
            tendered: optional_number(row, "tendered")?,
            change: optional_number(row, "change")?,
            reference: row.try_get("reference")?,
            payment_intent_id: row.try_get::<Option<Uuid>, _>("payment_intent_id")?.map(PaymentIntentId),
        })
    };
    let tenders = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    sale.tenders = tenders.iter().map(tender).collect::<Result<_, _>>()?;
    let returned = sales_lines::returned(tx, id.0).await?;
    Ok(Receipt { sale, currency: row.try_get("currency")?, returned })
}

fn read_header(row: &PgRow) -> Result<Sale, Error> {
    Ok(Sale {
        id: SaleId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        register_id: RegisterId(row.try_get("register_id")?),
        session_id: SessionId(row.try_get("session_id")?),
        location_id: LocationId(row.try_get("location_id")?),
        customer_id: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
        customer: printed::optional_customer(row)?,
        seller: printed::seller(row)?,
        original_id: row.try_get::<Option<Uuid>, _>("original_id")?.map(SaleId),
        country: row.try_get("country")?,
        external_ref: row.try_get("external_ref")?,
        lines: Vec::new(),
        totals: Totals {
            gross: number(row, "gross")?,
            discount: number(row, "discount")?,
            net: number(row, "net")?,
            tax: number(row, "tax")?,
        },
        rounding: number(row, "rounding")?,
        tenders: Vec::new(),
        business_date: row.try_get("business_date")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        said_at: row.try_get("said_at")?,
        exceptions: row
            .try_get::<Vec<String>, _>("exceptions")?
            .into_iter()
            .map(parsed)
            .collect::<Result<_, _>>()?,
    })
}

fn read_summary(row: &PgRow) -> Result<SaleSummary, Error> {
    let sale = read_header(row)?;
    Ok(SaleSummary {
        id: sale.id,
        object: tag::PosSale,
        kind: sale.kind,
        register_id: sale.register_id,
        session_id: sale.session_id,
        location_id: sale.location_id,
        customer_id: sale.customer_id,
        original_id: sale.original_id,
        currency: row.try_get("currency")?,
        gross: sale.totals.gross,
        discount: sale.totals.discount,
        net: sale.totals.net,
        tax: sale.totals.tax,
        rounding: sale.rounding,
        total: sale.total(),
        business_date: sale.business_date,
        occurred_at: sale.occurred_at,
        said_at: sale.said_at,
        exceptions: sale.exceptions,
        created_at: sale.recorded_at,
        number: sale.number,
        country: sale.country,
        external_ref: sale.external_ref,
    })
}

#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    pub register_id: Option<RegisterId>,
    pub open: Option<bool>,
    pub opened: Period,
}

const SESSIONS: &str = "select id, register_id, opening_float, counted, expected, difference, opened_at, closed_at \
                        from pos_session where tenant_id = ";

pub async fn sessions(tx: &Tx, filter: &SessionFilter, slice: &Slice) -> Result<Vec<Session>, Error> {
    let openness = match filter.open {
        Some(true) => " and status = 'open'",
        Some(false) => " and status = 'closed'",
        None => "",
    };
    let rows = Listing::new(tx, SESSIONS)
        .with("register_id = ", filter.register_id.map(|id| id.0))
        .sql(openness)
        .within("opened_at", filter.opened)
        .page(tx, "id", slice)
        .await?;
    rows.iter().map(read_session).collect()
}

pub async fn session(tx: &Tx, id: SessionId) -> Result<Session, Error> {
    let rows = Listing::new(tx, SESSIONS).with("id = ", Some(id.0)).rows(tx).await?;
    read_session(rows.first().ok_or_else(|| Refusal::not_found("session"))?)
}

fn read_session(row: &PgRow) -> Result<Session, Error> {
    Ok(Session {
        object: tag::PosSession,
        id: SessionId(row.try_get("id")?),
        register_id: RegisterId(row.try_get("register_id")?),
        opening_float: number(row, "opening_float")?,
        counted: optional_number(row, "counted")?,
        expected: optional_number(row, "expected")?,
        difference: optional_number(row, "difference")?,
        opened_at: row.try_get("opened_at")?,
        closed_at: row.try_get("closed_at")?,
    })
}

/// Returns one page of cash moves, of one session or of all.
pub async fn cash_moves(
    tx: &Tx,
    session_id: Option<SessionId>,
    slice: &Slice,
) -> Result<Vec<CashMove>, Error> {
    let select = "select id, session_id, kind, amount, reason, document_kind, document_id, occurred_at \
                  from cash_move where tenant_id = ";
    let listing = Listing::new(tx, select).with("session_id = ", session_id.map(|id| id.0));
    let listing = listing.since("recorded_at >= ", slice);
    let cash_move = |row: &PgRow| -> Result<CashMove, Error> {
        Ok(CashMove {
            object: tag::CashMove,
            id: CashMoveId(row.try_get("id")?),
            session_id: SessionId(row.try_get("session_id")?),
            kind: word(row, "kind")?,
            amount: number(row, "amount")?,
            reason: row.try_get("reason")?,
            document: optional_word(row, "document_kind")?.zip(row.try_get("document_id")?),
            occurred_at: row.try_get("occurred_at")?,
        })
    };
    listing.page(tx, "id", slice).await?.iter().map(cash_move).collect()
}
