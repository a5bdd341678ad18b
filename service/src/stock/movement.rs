//! Stock movements, for reading: every change of every level, in the order of recording.

use chrono::{DateTime, Duration, Utc};
use domain::document::document_id;
use domain::id::{CommandId, LocationId, LotId, MovementId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::stock::MovementKind;
use domain::tag;
use domain::tenant::Channel;
use domain::text::one_form;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Age, Listing, Period, Slice, number, optional_word, word};
use crate::{Error, Tx};

/// A movement. It never changes. Quantity and value are positive for a receipt and negative for an issue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StockMovement {
    /// Id of the movement.
    pub id: MovementId,
    pub object: tag::StockMovement,
    /// Kind of the movement.
    pub kind: MovementKind,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Location of the level.
    pub location_id: LocationId,
    /// Lot of a tracked product.
    pub lot_id: Option<LotId>,
    /// The unit of the quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Quantity in stock units.
    pub quantity: Quantity,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Cost of the units. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    pub value: Money,
    /// Cost of one stock unit. Null without the scope `costs:read`.
    #[schema(value_type = Option<Price>)]
    pub unit_cost: Price,
    /// Kind of the document that caused it: `sale`, `refund`, `shipment`, `credit_note`, `receipt`, `opening` or
    /// `adjustment`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    pub document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// Channel, if a customer is involved.
    pub channel: Option<Channel>,
    /// The reason code of an adjustment.
    #[schema(max_length = 64, example = json!(null))]
    pub reason: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// The command that wrote it.
    pub command_id: CommandId,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub product_id: Option<ProductId>,
    pub sku: Option<String>,
    pub location_id: Option<LocationId>,
    pub document_id: Option<Uuid>,
    pub kind: Option<MovementKind>,
    pub occurred: Period,
}

/// Commands in a span that is searched for movements of any product; the second span is tried if the first has too
/// few.
const SPANS: [i64; 2] = [50, 2_000];

const COLUMNS: &str = "select m.id, m.kind, m.product_id, p.sku, p.stock_uom, m.location_id, m.lot_id, m.quantity, \
        m.value, m.unit_cost, t.currency, m.document_kind, m.document_id, m.line_no, m.channel, m.reason, \
        m.occurred_at, m.recorded_at, m.command_id from ";
const NAMES: &str = " m join product p on p.tenant_id = m.tenant_id and p.id = m.product_id \
     join tenant t on t.tenant_id = m.tenant_id where m.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<StockMovement>, Error> {
    let rows = if filter.document_id.is_some() {
        find_by_document(tx, filter, slice).await?
    } else if filter.product_id.is_some() || filter.sku.is_some() {
        find_by_product(tx, filter, slice).await?
    } else {
        find_by_command(tx, filter, slice).await?
    };
    rows.iter().map(read_movement).collect()
}

/// Adds the conditions that every search for movements shares.
fn add_filter(query: Listing, filter: &Filter, slice: &Slice) -> Listing {
    query
        .with("m.product_id = ", filter.product_id.map(|id| id.0))
        .with("m.location_id = ", filter.location_id.map(|id| id.0))
        .among("m.kind", filter.kind.as_slice())
        .within("m.occurred_at", filter.occurred)
        // A movement is never recorded before it happens.
        .with("m.id >= ", filter.occurred.from.map(first_of))
        // The id of a movement begins with the millisecond in which it was recorded.
        .with("m.id >= ", slice.since.map(first_of))
        .since("m.recorded_at >= ", slice)
}

/// Finds movements of a product. The primary key starts with product and location, so the page is merged from one
/// page per location.
async fn find_by_product(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<PgRow>, Error> {
    let query = Listing::raw(COLUMNS)
        .sql("location o cross join lateral (select m.* from stock_movement m where m.tenant_id = ")
        .tenant(tx)
        .sql(" and m.location_id = o.id");
    let query = match &filter.sku {
        Some(sku) => query
            .sql(" and m.product_id = (select p.id from product p where p.tenant_id = ")
            .tenant(tx)
            .with("p.sku = ", Some(one_form(sku)))
            .sql(")"),
        None => query,
    };
    let query = add_filter(query, filter, slice)
        .cut("m.id", slice)
        .sql(")")
        .sql(NAMES)
        .tenant(tx)
        .sql(" and o.tenant_id = ");
    query.tenant(tx).page(tx, "m.id", slice).await
}

/// Finds movements of a document. Stock documents, transfers and landed costs have an index. Sales and shipments are found through
/// their lines and the levels that they moved; the id of a movement begins with the millisecond of its document.
async fn find_by_document(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<PgRow>, Error> {
    let query = Listing::raw(COLUMNS)
        .sql(
            "(with wanted as (select l.product_id, l.location_id, l.recorded_at from sales_line l where l.tenant_id = ",
        )
        .tenant(tx)
        .with("l.document_id = ", filter.document_id)
        .sql(
            " union select l.product_id, s.location_id, s.recorded_at from shipment s \
             join shipment_line l on l.tenant_id = s.tenant_id and l.shipment_id = s.id where s.tenant_id = ",
        )
        .tenant(tx)
        .with("s.id = ", filter.document_id)
        .sql(
            ") select m.* from wanted w cross join lateral (select m.* from stock_movement m \
             where m.product_id = w.product_id and m.location_id = w.location_id and m.id between \
             rpad(lpad(to_hex(floor(extract(epoch from w.recorded_at) * 1000)::bigint), 12, '0'), 32, '0')::uuid and \
             rpad(lpad(to_hex(floor(extract(epoch from w.recorded_at) * 1000)::bigint), 12, '0'), 32, 'f')::uuid \
             and m.tenant_id = ",
        )
        .tenant(tx)
        .sql(" offset 0) m where true")
        .with("m.document_id = ", filter.document_id)
        .sql(
            " union all select m.* from stock_movement m \
             where m.document_kind in ('receipt', 'opening', 'adjustment', 'revaluation', 'transfer') \
             and m.tenant_id = ",
        )
        .tenant(tx)
        .with("m.document_id = ", filter.document_id)
        .sql(
            " union all select m.* from stock_movement m \
             where m.document_kind = 'supplier_return' and m.tenant_id = ",
        )
        .tenant(tx)
        .with("m.document_id = ", filter.document_id)
        .sql(
            " union all select m.* from stock_movement m \
             where m.document_kind = 'landed_cost' and m.tenant_id = ",
        )
        .tenant(tx)
        .with("m.document_id = ", filter.document_id)
        .sql(")")
        .sql(NAMES)
        .tenant(tx)
        .with("p.sku = ", filter.sku.as_deref().map(one_form));
    add_filter(query, filter, slice).page(tx, "m.id", slice).await
}

/// Finds movements of all products, for which no index gives the order. Every movement has a command, and commands
/// are in order: a span of commands next to the cursor is searched, and a longer one if it has too few movements.
async fn find_by_command(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<PgRow>, Error> {
    let page = async |written: Period| {
        let query = Listing::raw(COLUMNS).sql("stock_movement").sql(NAMES).tenant(tx);
        let query = query.within("m.recorded_at", written).with("m.recorded_at >= ", filter.occurred.from);
        add_filter(query, filter, slice).page(tx, "m.id", slice).await
    };
    let millisecond = Duration::milliseconds(1);
    let at_cursor = slice.after.map(written_at);
    for commands in SPANS {
        let Some(far) = command_at(tx, slice, commands).await? else { break };
        let written = match slice.age {
            // Another node's clock may be ahead of this one.
            Age::NewestFirst => {
                let near = at_cursor.map_or(tx.now + Duration::days(1), |at| at + millisecond);
                Period { from: Some(far), to: Some(near) }
            }
            Age::OldestFirst => {
                Period { from: at_cursor.or(Some(DateTime::UNIX_EPOCH)), to: Some(far + millisecond) }
            }
        };
        let rows = page(written).await?;
        if rows.len() as u64 == slice.rows {
            return Ok(rows);
        }
    }
    page(Period::default()).await
}

/// Returns the millisecond of the command that is so many commands beyond the cursor, if there are as many. Ids are
/// ordered by millisecond only, so a span has whole milliseconds.
async fn command_at(tx: &Tx, slice: &Slice, commands: i64) -> Result<Option<DateTime<Utc>>, Error> {
    let (beyond, order) = match slice.age {
        Age::NewestFirst => ("id < ", " order by id desc limit 1 offset "),
        Age::OldestFirst => ("id > ", " order by id limit 1 offset "),
    };
    let query = Listing::new(tx, "select id from command where tenant_id = ").with(beyond, slice.after);
    let rows = query.sql(order).bind(commands).rows(tx).await?;
    rows.first().map(|row| Ok(written_at(row.try_get("id")?))).transpose()
}

/// Returns the millisecond in which a movement or command was recorded.
fn written_at(id: Uuid) -> DateTime<Utc> {
    let millis = i64::try_from(id.as_u128() >> 80).unwrap_or_default();
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// Returns the lowest id of a millisecond.
pub(crate) fn first_of(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80)
}

fn read_movement(row: &PgRow) -> Result<StockMovement, Error> {
    let lot_id: Uuid = row.try_get("lot_id")?;
    let document_kind: String = row.try_get("document_kind")?;
    Ok(StockMovement {
        id: MovementId(row.try_get("id")?),
        object: tag::StockMovement,
        kind: word(row, "kind")?,
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        uom: row.try_get("stock_uom")?,
        location_id: LocationId(row.try_get("location_id")?),
        lot_id: (!lot_id.is_nil()).then_some(LotId(lot_id)),
        quantity: number(row, "quantity")?,
        value: number(row, "value")?,
        unit_cost: number(row, "unit_cost")?,
        currency: row.try_get("currency")?,
        document_id: document_id(&document_kind, row.try_get("document_id")?),
        document_kind,
        line_no: row.try_get("line_no")?,
        channel: optional_word(row, "channel")?,
        reason: row.try_get("reason")?,
        occurred_at: row.try_get("occurred_at")?,
        created_at: row.try_get("recorded_at")?,
        command_id: CommandId(row.try_get("command_id")?),
    })
}
