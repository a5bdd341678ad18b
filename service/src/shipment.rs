//! Shipments of orders, for reading.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, LocationId, OrderId, ShipmentId};
use domain::order::{Shipment, ShipmentStatus};
use domain::printed::{Addresses, PrintedCustomer, Seller};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice};
use crate::posting::{lots, orders};
use crate::{Error, Tx, printed};

/// A shipment in a list, without its lines.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShipmentSummary {
    /// Id of the shipment.
    pub id: ShipmentId,
    /// Always `shipment`.
    pub object: tag::Shipment,
    /// Number of the shipment.
    #[schema(max_length = 64, example = "SH-2026-000123")]
    pub number: String,
    /// Status of the shipment.
    pub status: ShipmentStatus,
    /// Order of the shipment.
    pub order_id: OrderId,
    /// Customer of the order.
    pub customer_id: CustomerId,
    /// Location that the stock left.
    pub location_id: LocationId,
    /// Invoice of the shipment. Null: not invoiced yet.
    pub invoice_id: Option<InvoiceId>,
    /// Carrier of the shipment.
    #[schema(max_length = 200, example = "Parcel Express")]
    pub carrier: Option<String>,
    /// The carrier's number of the parcel.
    #[schema(max_length = 100, example = "1Z999AA10123456784")]
    pub tracking_number: Option<String>,
    /// The carrier's page of the parcel.
    #[schema(max_length = 2000, example = "https://carrier.example/track/1Z999")]
    pub tracking_url: Option<String>,
    /// When it left.
    pub occurred_at: DateTime<Utc>,
    /// When its stock was put back, if it was undone. Null otherwise.
    #[schema(example = json!(null))]
    pub undone_at: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its parcel last changed, or it was invoiced or undone.
    pub updated_at: DateTime<Utc>,
    /// Version number. A change of the parcel and an undo add 1.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any status if empty.
    pub statuses: Vec<ShipmentStatus>,
    pub number: Option<String>,
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub location_id: Option<LocationId>,
    pub tracking_number: Option<String>,
    pub occurred: Period,
}

/// A shipment with what it prints of its order.
#[derive(Debug)]
pub struct ShipmentDetail {
    pub summary: ShipmentSummary,
    pub shipment: Shipment,
    pub customer: Arc<PrintedCustomer>,
    pub addresses: Addresses,
    pub seller: Arc<Seller>,
}

/// The status as [`ShipmentStatus::of`] has it.
const STATUS: &str = "case when s.undone_at is not null then 'undone' when s.invoice_id is not null then 'invoiced' else 'shipped' end";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<ShipmentSummary>, Error> {
    let select = "select s.id, s.number, s.order_id, o.customer_id, s.location_id, s.invoice_id, s.carrier, s.tracking_number, \
                         s.tracking_url, s.occurred_at, s.undone_at, s.recorded_at, s.updated_at, s.version \
                  from shipment s join sales_order o on o.tenant_id = s.tenant_id and o.id = s.order_id \
                  where s.tenant_id = ";
    let query = Listing::new(tx, select)
        .among(STATUS, &filter.statuses)
        .with("s.number = ", filter.number.as_ref())
        .with("s.order_id = ", filter.order_id.map(|id| id.0))
        .with("o.customer_id = ", filter.customer_id.map(|id| id.0))
        .with("s.location_id = ", filter.location_id.map(|id| id.0))
        .with("s.tracking_number = ", filter.tracking_number.as_ref())
        .within("s.occurred_at", filter.occurred);
    // A shipment has no time of a change before its first one. The index of writes has both times.
    let query = match slice.since {
        Some(since) => query
            .sql(" and (s.updated_at >= ")
            .bind(since)
            .sql(" or s.updated_at is null and s.recorded_at >= ")
            .bind(since)
            .sql(")"),
        None => query,
    };
    let rows = query.page(tx, "s.id", slice).await?;
    rows.iter().map(read_summary).collect()
}

pub async fn get(tx: &Tx, id: ShipmentId) -> Result<ShipmentDetail, Error> {
    let statement = "select s.id, s.number, s.order_id, o.customer_id, s.location_id, s.invoice_id, s.carrier, s.tracking_number, \
                            s.tracking_url, s.occurred_at, s.undone_at, s.recorded_at, s.updated_at, s.version, \
                            o.customer_version, c.*, o.seller_version, v.*, o.bill_to, o.ship_to \
                     from shipment s join sales_order o on o.tenant_id = s.tenant_id and o.id = s.order_id \
                     cross join lateral printed_customer(o.tenant_id, o.customer_id, o.customer_version) c \
                     cross join lateral printed_seller(o.tenant_id, o.seller_version) v \
                     where s.tenant_id = $1 and s.id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("shipment"))?;
    let summary = read_summary(&row)?;
    let shipments = orders::shipments(tx, &[summary.order_id.0], false).await?;
    let (_, mut shipment) = shipments
        .into_iter()
        .find(|(_, shipment)| shipment.id == id)
        .ok_or_else(|| Error::invariant(format!("{id} has no lines")))?;
    let mut lots = lots::moved_of(tx, &[id.0]).await?;
    for line in &mut shipment.lines {
        line.lots = lots.remove(&(id.0, line.line_no)).unwrap_or_default();
    }
    Ok(ShipmentDetail {
        summary,
        shipment,
        customer: printed::customer(&row)?,
        addresses: printed::of_order(&row)?,
        seller: printed::seller(&row)?,
    })
}

fn read_summary(row: &PgRow) -> Result<ShipmentSummary, Error> {
    let invoice_id = row.try_get::<Option<Uuid>, _>("invoice_id")?.map(InvoiceId);
    let undone_at: Option<DateTime<Utc>> = row.try_get("undone_at")?;
    let created_at = row.try_get("recorded_at")?;
    Ok(ShipmentSummary {
        id: ShipmentId(row.try_get("id")?),
        object: tag::Shipment,
        number: row.try_get("number")?,
        status: ShipmentStatus::of(invoice_id.is_some(), undone_at.is_some()),
        order_id: OrderId(row.try_get("order_id")?),
        customer_id: CustomerId(row.try_get("customer_id")?),
        location_id: LocationId(row.try_get("location_id")?),
        invoice_id,
        carrier: row.try_get("carrier")?,
        tracking_number: row.try_get("tracking_number")?,
        tracking_url: row.try_get("tracking_url")?,
        occurred_at: row.try_get("occurred_at")?,
        undone_at,
        created_at,
        updated_at: row.try_get::<Option<DateTime<Utc>>, _>("updated_at")?.unwrap_or(created_at),
        version: row.try_get("version")?,
    })
}
