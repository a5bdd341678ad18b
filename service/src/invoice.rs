//! Invoices and credit notes, for reading.

use chrono::{DateTime, NaiveDate, Utc};
use domain::exchange::ForeignDocument;
use domain::id::{CustomerId, InvoiceId, LocationId, OrderId};
use domain::number::{ExchangeRate, Money, MoneyInCurrency};
use domain::order::{Invoice, InvoiceKind};
use domain::refusal::Refusal;
use domain::sales::Totals;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{self, Columns, Listing, Period, number, word};
use crate::page::{Page, Placed};
use crate::posting::exchange;
use crate::{Error, Tx, input, printed, sales_lines};

/// An invoice or credit note in a list, without its lines. The amounts of a credit note are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceSummary {
    /// Id of the invoice or credit note.
    pub id: InvoiceId,
    /// `invoice` or `credit_note`.
    #[schema(value_type = String, max_length = 11, example = "invoice")]
    pub object: &'static str,
    /// Number, gap-free per year.
    #[schema(max_length = 64, example = "INV-2026-000123")]
    pub number: String,
    /// Invoice or credit note.
    pub kind: InvoiceKind,
    /// Customer that owes the amount, or is owed it.
    pub customer_id: CustomerId,
    /// Order that was invoiced.
    pub order_id: Option<OrderId>,
    /// For a credit note: the invoice that it corrects.
    pub original_id: Option<InvoiceId>,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Country of the sale.
    #[schema(max_length = 60, example = "GB")]
    pub country: String,
    /// Amount before discounts.
    pub gross: Money,
    /// Sum of the discounts.
    pub discount: Money,
    /// Amount after discounts, before tax.
    pub net: Money,
    /// Sum of the tax.
    pub tax: Money,
    /// Amount that rounding the total added to it; zero unless `invoice_rounding` is set.
    pub rounding: Money,
    /// Net plus tax plus rounding.
    pub total: Money,
    /// Amount still to be paid. For a credit note: the amount still to be refunded, negative.
    pub open: Money,
    /// Amounts in the currency of the document. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<ForeignInvoice>,
    /// Due date.
    #[schema(example = "2026-12-22")]
    pub due_on: NaiveDate,
    /// When the document was issued.
    pub occurred_at: DateTime<Utc>,
    /// When the document was recorded.
    pub created_at: DateTime<Utc>,
    /// When `open` last changed.
    pub updated_at: DateTime<Utc>,
    /// Increases with each change of `open`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
}

/// The amounts of an invoice or credit note in another currency than the tenant's. Those of a credit note are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignInvoice {
    /// ISO 4217 code.
    #[schema(max_length = 3, example = "USD")]
    pub currency: String,
    /// Units of the tenant's currency in one unit of the other: the rate of the order.
    pub exchange_rate: ExchangeRate,
    /// Amount after discounts, before tax.
    pub net: MoneyInCurrency,
    /// Sum of the tax.
    pub tax: MoneyInCurrency,
    /// Net plus tax.
    pub total: MoneyInCurrency,
    /// Amount still to be paid. For a credit note: the amount still to be refunded, negative.
    pub open: MoneyInCurrency,
}

impl From<&ForeignDocument> for ForeignInvoice {
    fn from(foreign: &ForeignDocument) -> Self {
        let ForeignDocument { quote, amounts, open } = foreign;
        ForeignInvoice {
            currency: quote.currency.clone(),
            exchange_rate: quote.rate,
            net: quote.shown(amounts.value),
            tax: quote.shown(amounts.tax),
            total: quote.shown(amounts.total()),
            open: quote.shown(*open),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<InvoiceKind>,
    pub customer_id: Option<CustomerId>,
    pub order_id: Option<OrderId>,
    pub number: Option<String>,
    /// External reference of the order that was invoiced.
    pub external_ref: Option<String>,
    /// Whether an amount is still to be paid.
    pub open: Option<bool>,
    /// Whether an amount is still to be paid by the customer, after the due date.
    pub is_overdue: Option<bool>,
    /// Due on this day or later.
    pub due_from: Option<NaiveDate>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    pub occurred: Period,
}

/// An invoice with its lines.
#[derive(Debug)]
pub struct InvoiceDetail {
    pub invoice: Invoice,
    /// Currency of every amount.
    pub currency: String,
}

const SELECT: &str = "select i.id, i.number, i.kind, i.customer_id, i.order_id, i.location_id, i.original_id, i.currency, \
                             i.country, i.gross, i.discount, i.net, i.tax, i.rounding, i.total, i.open, i.due_on, i.reason, \
                             i.occurred_at, i.recorded_at, i.updated_at, i.version, i.customer_version, c.*, \
                             i.foreign_currency, i.exchange_rate, i.foreign_value, i.foreign_tax, i.foreign_open, \
                             i.seller_version, s.*, o.bill_to, o.ship_to \
                      from invoice i \
                      cross join lateral printed_customer(i.tenant_id, i.customer_id, i.customer_version) c \
                      cross join lateral printed_seller(i.tenant_id, i.seller_version) s \
                      left join invoice b on b.tenant_id = i.tenant_id and b.id = i.original_id \
                      left join sales_order o on o.tenant_id = i.tenant_id and o.id = coalesce(i.order_id, b.order_id) \
                      where i.tenant_id = ";

/// Column of the day on which an invoice is due, in the list.
pub const DUE_ON: &str = "i.due_on";
/// Columns of the list's order.
const ORDERED: Columns = Columns { id: "i.id", updated_at: "i.updated_at" };

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Placed<InvoiceSummary>>, Error> {
    let openness = match filter.open {
        Some(true) => " and (i.open <> 0 or i.foreign_open <> 0)",
        Some(false) => " and i.open = 0 and coalesce(i.foreign_open, 0) = 0",
        None => "",
    };
    let query = Listing::new(tx, SELECT)
        .among("i.kind", filter.kind.as_slice())
        .with("i.customer_id = ", filter.customer_id.map(|id| id.0))
        .with("i.order_id = ", filter.order_id.map(|id| id.0))
        .with("i.number = ", filter.number.as_ref())
        .with("i.due_on >= ", filter.due_from)
        .with("i.due_on < ", filter.due_before)
        .sql(openness)
        .within("i.occurred_at", filter.occurred);
    let query = match &filter.external_ref {
        Some(external_ref) => query
            .sql(" and i.order_id = (select id from sales_order where tenant_id = ")
            .tenant(tx)
            .with("external_ref = ", Some(external_ref))
            .sql(")"),
        None => query,
    };
    let query = match filter.is_overdue {
        // The index of the open ones has this condition.
        Some(true) => query
            .sql(" and (i.open <> 0 or i.foreign_open <> 0) and (i.open > 0 or i.foreign_open > 0) and i.due_on < ")
            .bind(today(tx).await?),
        Some(false) => query
            .sql(" and (i.open <= 0 and coalesce(i.foreign_open, 0) <= 0 or i.due_on >= ")
            .bind(today(tx).await?)
            .sql(")"),
        None => query,
    };
    let rows = query.paged(&ORDERED, page).rows(tx).await?;
    let placed = rows
        .iter()
        .map(|row| Ok(Placed { record: read_summary(row)?, position: listing::position(row, page.order)? }));
    placed.collect()
}

/// Returns the present day in the tenant's time zone.
async fn today(tx: &Tx) -> Result<NaiveDate, Error> {
    let zone = input::tenant_defaults(tx).await?.time_zone;
    Ok(tx.now.with_timezone(&zone).date_naive())
}

pub async fn get(tx: &Tx, id: InvoiceId) -> Result<InvoiceDetail, Error> {
    let rows = Listing::new(tx, SELECT).with("i.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("invoice"))?;
    let mut invoice = read_header(row)?;
    let mut sold = sales_lines::lines(tx, &[id.0]).await?;
    invoice.lines = sold.remove(&id.0).unwrap_or_default();
    Ok(InvoiceDetail { invoice, currency: row.try_get("currency")? })
}

pub(crate) async fn of_order(tx: &Tx, order_id: OrderId) -> Result<Vec<Invoice>, Error> {
    let rows = Listing::new(tx, SELECT)
        .with("i.order_id = ", Some(order_id.0))
        .sql(" order by i.id")
        .rows(tx)
        .await?;
    let mut invoices = rows.iter().map(read_header).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<Uuid> = invoices.iter().map(|invoice| invoice.id.0).collect();
    let mut sold = sales_lines::lines(tx, &ids).await?;
    for invoice in &mut invoices {
        invoice.lines = sold.remove(&invoice.id.0).unwrap_or_default();
    }
    Ok(invoices)
}

fn read_header(row: &PgRow) -> Result<Invoice, Error> {
    let customer = printed::customer(row)?;
    let mut addresses = printed::of_order(row)?;
    let original_id = row.try_get::<Option<Uuid>, _>("original_id")?.map(InvoiceId);
    let order_id = row.try_get::<Option<Uuid>, _>("order_id")?.map(OrderId);
    if original_id.is_none() && order_id.is_none() {
        addresses.bill_to = customer.bill_to.clone();
    }
    Ok(Invoice {
        id: InvoiceId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        customer,
        addresses,
        seller: printed::seller(row)?,
        order_id,
        location_id: LocationId(row.try_get("location_id")?),
        original_id,
        country: row.try_get("country")?,
        lines: Vec::new(),
        totals: Totals {
            gross: number(row, "gross")?,
            discount: number(row, "discount")?,
            net: number(row, "net")?,
            tax: number(row, "tax")?,
        },
        rounding: number(row, "rounding")?,
        open: number(row, "open")?,
        foreign: exchange::document(row)?,
        applied: None,
        due_on: row.try_get("due_on")?,
        reason: row.try_get("reason")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get("version")?,
    })
}

fn read_summary(row: &PgRow) -> Result<InvoiceSummary, Error> {
    let invoice = read_header(row)?;
    let total = invoice.total();
    let Invoice {
        id,
        number,
        kind,
        customer_id,
        order_id,
        original_id,
        country,
        totals,
        rounding,
        open,
        foreign,
        due_on,
        occurred_at,
        recorded_at,
        updated_at,
        version,
        ..
    } = invoice;
    Ok(InvoiceSummary {
        id,
        object: kind.into(),
        number,
        kind,
        customer_id,
        order_id,
        original_id,
        currency: row.try_get("currency")?,
        country,
        gross: totals.gross,
        discount: totals.discount,
        net: totals.net,
        tax: totals.tax,
        rounding,
        total,
        open,
        foreign: foreign.as_ref().map(ForeignInvoice::from),
        due_on,
        occurred_at,
        created_at: recorded_at,
        updated_at,
        version,
    })
}
