//! Costs to settle, for reading: stock issued below zero, and what its cost turned out to be.

use chrono::{DateTime, Utc};
use domain::document::document_id;
use domain::id::{CommandId, CostId, LocationId, LotId, ProductId};
use domain::number::{Money, Quantity};
use domain::tag;
use domain::tenant::Channel;
use domain::text::one_form;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice, number, optional_word};
use crate::{Error, Tx};

/// Whether a cost to settle is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostStatus {
    /// Some of the units have not been received yet; their cost is provisional.
    Open,
    /// All units have been received, and the difference is posted.
    Settled,
}

/// Units that left below zero. Their cost is provisional, the last known one, until as many are received. A difference
/// from the real cost is then posted to cost variance.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CostToSettle {
    /// Id of the cost to settle.
    pub id: CostId,
    pub object: tag::CostToSettle,
    /// Whether some of the cost is still provisional.
    pub status: CostStatus,
    /// Location that the units left.
    pub location_id: LocationId,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Lot of a tracked product.
    pub lot_id: Option<LotId>,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Kind of the document that issued them: `sale` or `adjustment`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    pub document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// Channel that sold them. Null for an adjustment.
    pub channel: Option<Channel>,
    /// Units that went below zero.
    pub quantity: Quantity,
    /// Units of them that were not received yet.
    pub open_quantity: Quantity,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Provisional cost of the units.
    pub value: Money,
    /// Part of the cost that is still provisional.
    pub open_value: Money,
    /// Amount by which the received units cost more than that. Negative if they cost less.
    pub variance: Money,
    /// When the units left.
    pub occurred_at: DateTime<Utc>,
    /// When that was recorded.
    pub created_at: DateTime<Utc>,
    /// When the last of them was received. Null before.
    #[schema(example = json!(null))]
    pub settled_at: Option<DateTime<Utc>>,
    /// The command that issued them.
    pub command_id: CommandId,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Both if absent.
    pub status: Option<CostStatus>,
    pub location_id: Option<LocationId>,
    pub product_id: Option<ProductId>,
    pub sku: Option<String>,
    pub occurred: Period,
}

const SELECT: &str = "select c.id, c.location_id, c.product_id, p.sku, c.lot_id, p.stock_uom, c.document_kind, \
        c.document_id, c.line_no, c.channel, c.quantity, c.open_quantity, t.currency, c.value, c.open_value, \
        c.variance, c.occurred_at, c.recorded_at, c.settled_at, c.command_id \
     from cost_to_settle c \
     join product p on p.tenant_id = c.tenant_id and p.id = c.product_id \
     join tenant t on t.tenant_id = c.tenant_id where c.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<CostToSettle>, Error> {
    let rows = Listing::new(tx, SELECT)
        .sql(match filter.status {
            Some(CostStatus::Open) => " and c.settled_at is null",
            Some(CostStatus::Settled) => " and c.settled_at is not null",
            None => "",
        })
        .with("c.location_id = ", filter.location_id.map(|id| id.0))
        .with("c.product_id = ", filter.product_id.map(|id| id.0))
        .with("p.sku = ", filter.sku.as_deref().map(one_form))
        .within("c.occurred_at", filter.occurred)
        .page(tx, "c.id", slice)
        .await?;
    rows.iter().map(read_cost).collect()
}

fn read_cost(row: &PgRow) -> Result<CostToSettle, Error> {
    let lot_id: Uuid = row.try_get("lot_id")?;
    let settled_at: Option<DateTime<Utc>> = row.try_get("settled_at")?;
    let document_kind: String = row.try_get("document_kind")?;
    Ok(CostToSettle {
        id: CostId(row.try_get("id")?),
        object: tag::CostToSettle,
        status: if settled_at.is_some() { CostStatus::Settled } else { CostStatus::Open },
        location_id: LocationId(row.try_get("location_id")?),
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        lot_id: (!lot_id.is_nil()).then_some(LotId(lot_id)),
        uom: row.try_get("stock_uom")?,
        document_id: document_id(&document_kind, row.try_get("document_id")?),
        document_kind,
        line_no: row.try_get("line_no")?,
        channel: optional_word(row, "channel")?,
        quantity: number(row, "quantity")?,
        open_quantity: number(row, "open_quantity")?,
        currency: row.try_get("currency")?,
        value: number(row, "value")?,
        open_value: number(row, "open_value")?,
        variance: number(row, "variance")?,
        occurred_at: row.try_get("occurred_at")?,
        created_at: row.try_get("recorded_at")?,
        settled_at,
        command_id: CommandId(row.try_get("command_id")?),
    })
}
