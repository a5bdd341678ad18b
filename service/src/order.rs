//! Wholesale orders, for reading.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CustomerId, LocationId, OrderId};
use domain::number::{ExchangeRate, Money, MoneyInCurrency};
use domain::order::{Invoice, Order, OrderStatus};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::input::decimals_of;
use crate::listing::{Listing, Period, Slice, number, optional_number, word};
use crate::posting::orders;
use crate::search::{Noted, Pairs};
use crate::{Error, Tx, invoice};

/// An order in a list, without its lines, shipments and invoices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderSummary {
    /// Id of the order.
    pub id: OrderId,
    /// Always `order`.
    pub object: tag::Order,
    /// Number of the order.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    pub number: String,
    /// Status of the order.
    pub status: OrderStatus,
    /// Customer that ordered.
    pub customer_id: CustomerId,
    /// Location that ships the stock.
    pub location_id: LocationId,
    /// Currency of all amounts but those in `foreign`.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amounts in the currency of the order. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<ForeignOrderSummary>,
    /// Country to which the order is shipped.
    #[schema(max_length = 60, example = "GB")]
    pub country: String,
    /// Reference of the customer.
    #[schema(max_length = 100, example = "PO 4711")]
    pub reference: Option<String>,
    /// Your own number of the order.
    #[schema(max_length = 100, example = "shop-10023")]
    pub external_ref: Option<String>,
    /// Day on which the customer wants the order.
    #[schema(example = "2026-12-01")]
    pub requested_on: Option<NaiveDate>,
    /// Reasons for which the order is on hold.
    #[schema(max_items = 10)]
    pub hold_reasons: Vec<String>,
    /// Amount after discounts, before tax.
    pub net: Money,
    /// Sum of the tax.
    pub tax: Money,
    /// Net plus tax.
    pub total: Money,
    /// When the order was placed.
    pub occurred_at: DateTime<Utc>,
    /// When the order was recorded.
    pub created_at: DateTime<Utc>,
    /// When the order last changed.
    pub updated_at: DateTime<Utc>,
    /// Increases with each change.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 3)]
    pub version: i32,
}

/// The amounts of an order in another currency than the tenant's.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignOrderSummary {
    /// ISO 4217 code.
    #[schema(max_length = 3, example = "USD")]
    pub currency: String,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`.
    pub exchange_rate: ExchangeRate,
    /// Amount after discounts, before tax.
    pub net: MoneyInCurrency,
    /// Sum of the tax.
    pub tax: MoneyInCurrency,
    /// Net plus tax.
    pub total: MoneyInCurrency,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any status if empty.
    pub statuses: Vec<OrderStatus>,
    pub customer_id: Option<CustomerId>,
    pub number: Option<String>,
    pub external_ref: Option<String>,
    pub reference: Option<String>,
    pub occurred: Period,
    pub created: Period,
    /// Whether a shipment of it is not invoiced. Both if absent.
    pub uninvoiced: Option<bool>,
    /// Pairs that the record has in its metadata.
    pub metadata: Pairs,
}

/// An order with its shipments and invoices.
#[derive(Debug)]
pub struct OrderDetail {
    pub order: Order,
    pub invoices: Vec<Invoice>,
    /// Currency of every amount.
    pub currency: String,
}

/// Orders with a shipment that is not invoiced, and the others.
const UNINVOICED: &str = " and exists (select from shipment s where s.tenant_id = sales_order.tenant_id \
    and s.order_id = sales_order.id and s.invoice_id is null and s.undone_at is null)";
const INVOICED: &str = " and not exists (select from shipment s where s.tenant_id = sales_order.tenant_id \
    and s.order_id = sales_order.id and s.invoice_id is null and s.undone_at is null)";

const NOTED: Noted =
    Noted { find: "select auth.find_noted_orders($1, $2)", is_one: "id = any(", has: "metadata @> " };

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<OrderSummary>, Error> {
    let select = "select id, number, status, customer_id, location_id, currency, country, reference, external_ref, \
                         requested_on, hold_reasons, net, tax, total, occurred_at, recorded_at, updated_at, version, \
                         foreign_currency, exchange_rate, \
                         case when foreign_currency is not null then ( \
                             select sum(f.net) from foreign_line f \
                             where f.tenant_id = sales_order.tenant_id and f.document_id = sales_order.id \
                               and f.document_kind = 'order') end as foreign_net, \
                         case when foreign_currency is not null then ( \
                             select sum(f.tax) from foreign_line f \
                             where f.tenant_id = sales_order.tenant_id and f.document_id = sales_order.id \
                               and f.document_kind = 'order') end as foreign_tax \
                  from sales_order where tenant_id = ";
    let uninvoiced = match filter.uninvoiced {
        Some(true) => UNINVOICED,
        Some(false) => INVOICED,
        None => "",
    };
    let query = NOTED.add(tx, Listing::new(tx, select), &filter.metadata).await?;
    let rows = query
        .among("status", &filter.statuses)
        .with("customer_id = ", filter.customer_id.map(|id| id.0))
        .with("number = ", filter.number.as_ref())
        .with("external_ref = ", filter.external_ref.as_ref())
        .with("reference = ", filter.reference.as_ref())
        .within("occurred_at", filter.occurred)
        .within("recorded_at", filter.created)
        .sql(uninvoiced)
        .since("updated_at >= ", slice)
        .page(tx, "id", slice)
        .await?;
    rows.iter().map(read_summary).collect()
}

pub async fn get(tx: &Tx, id: OrderId) -> Result<OrderDetail, Error> {
    let statement = "select o.id, o.number, o.customer_id, o.location_id, o.status, o.country, o.reference, o.external_ref, \
                            o.requested_on, o.hold_reasons, o.released_at, o.occurred_at, o.recorded_at, o.updated_at, o.version, o.currency, o.policy, o.priority, o.discount_percent, \
                            o.customer_version, c.*, o.seller_version, s.*, o.bill_to, o.ship_to, o.metadata, \
                            o.notes, o.tags, o.foreign_currency, o.exchange_rate \
                     from sales_order o \
                     cross join lateral printed_customer(o.tenant_id, o.customer_id, o.customer_version) c \
                     cross join lateral printed_seller(o.tenant_id, o.seller_version) s \
                     where o.tenant_id = $1 and o.id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("order"))?;
    let mut order = orders::head(&row)?;
    order.lines = orders::lines(tx, &[id.0]).await?.into_iter().map(|(_, line)| line).collect();
    order.shipments =
        orders::shipments(tx, &[id.0], false).await?.into_iter().map(|(_, shipped)| shipped).collect();
    orders::add_lots(tx, &mut order).await?;
    Ok(OrderDetail { invoices: invoice::of_order(tx, id).await?, currency: row.try_get("currency")?, order })
}

/// Reads the amounts of an order in its own currency. Nothing if that is the tenant's.
fn foreign_summary(row: &PgRow) -> Result<Option<ForeignOrderSummary>, Error> {
    let Some(currency) = row.try_get::<Option<String>, _>("foreign_currency")? else { return Ok(None) };
    let net: Money = optional_number(row, "foreign_net")?.unwrap_or_default();
    let tax: Money = optional_number(row, "foreign_tax")?.unwrap_or_default();
    let decimals = decimals_of(&currency)?;
    Ok(Some(ForeignOrderSummary {
        currency,
        exchange_rate: number(row, "exchange_rate")?,
        net: net.in_currency(decimals),
        tax: tax.in_currency(decimals),
        total: (net + tax).in_currency(decimals),
    }))
}

fn read_summary(row: &PgRow) -> Result<OrderSummary, Error> {
    Ok(OrderSummary {
        id: OrderId(row.try_get("id")?),
        object: tag::Order,
        number: row.try_get("number")?,
        status: word(row, "status")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        location_id: LocationId(row.try_get("location_id")?),
        currency: row.try_get("currency")?,
        foreign: foreign_summary(row)?,
        country: row.try_get("country")?,
        reference: row.try_get("reference")?,
        external_ref: row.try_get("external_ref")?,
        requested_on: row.try_get("requested_on")?,
        hold_reasons: row.try_get("hold_reasons")?,
        net: number(row, "net")?,
        tax: number(row, "tax")?,
        total: number(row, "total")?,
        occurred_at: row.try_get("occurred_at")?,
        created_at: row.try_get("recorded_at")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get("version")?,
    })
}
