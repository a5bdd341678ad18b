//! Cost layers, for reading: what is left of each receipt of a product with FIFO costing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::document;
use domain::id::CostLayerId;
use domain::number::{Money, Price, Quantity};
use domain::stock::{Layer, LevelKey, Source, unit_cost};
use domain::tag;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, number};
use crate::rows::parsed;
use crate::{Error, Tx};

/// A cost layer: what is left of one receipt, at its own cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CostLayer {
    /// Id of the cost layer.
    pub id: CostLayerId,
    pub object: tag::CostLayer,
    /// When it was received. The oldest is used first.
    pub received_at: DateTime<Utc>,
    /// Stock units that are left.
    pub quantity: Quantity,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Cost of the units that are left.
    pub value: Money,
    /// Cost of one stock unit.
    pub unit_cost: Price,
    /// Kind of the document that brought it: `receipt`, `transfer`, `refund` and others. `earlier_stock`: stock from
    /// before the level had layers. New values may appear.
    #[schema(max_length = 32, example = "receipt")]
    pub document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "std_01h455vb4pex5vsknk084sn02q")]
    pub document_id: Option<String>,
    /// Number of that document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    pub document_number: Option<String>,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: Option<i32>,
}

/// Position of a layer in the list: receipt, id.
pub type Position = (DateTime<Utc>, Uuid);

const SELECT: &str = "select c.id, c.quantity, c.value, c.document_kind, c.document_id, c.line_no, c.received_at, \
        t.currency, coalesce(s.number, i.number, d.number, x.number) as document_number \
     from (select * from cost_layer m where m.tenant_id = ";
const NAMES: &str = ") c \
     join tenant t on t.tenant_id = c.tenant_id \
     left join pos_sale s on s.tenant_id = c.tenant_id and s.id = c.document_id and c.document_kind = 'refund' \
     left join invoice i on i.tenant_id = c.tenant_id and i.id = c.document_id and c.document_kind = 'credit_note' \
     left join stock_document d on d.tenant_id = c.tenant_id and d.id = c.document_id \
        and c.document_kind in ('receipt', 'opening', 'adjustment', 'supplier_return') \
     left join transfer x on x.tenant_id = c.tenant_id and x.id = c.document_id and c.document_kind = 'transfer' \
     order by c.received_at, c.id";

/// Returns one page of a level's layers, in the order of use.
pub async fn list(
    tx: &Tx,
    key: LevelKey,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<CostLayer>, Error> {
    let mut query = Listing::new(tx, SELECT)
        .with("m.location_id = ", Some(key.location_id.0))
        .with("m.product_id = ", Some(key.product_id.0))
        .with("m.lot_id = ", Some(key.lot_id.0));
    if let Some((received_at, id)) = after {
        query = query.with("(m.received_at, m.id) > (", Some(received_at)).sql(", ").bind(id).sql(")");
    }
    let query = query.sql(" order by m.received_at, m.id limit ").bind(rows.cast_signed()).sql(NAMES);
    query.rows(tx).await?.iter().map(read_listed).collect()
}

/// Part of a cost layer that a movement used.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LayerUse {
    /// Cost layer. The list of layers no longer has it once it is used up.
    pub layer_id: CostLayerId,
    /// Stock units that were used.
    pub quantity: Quantity,
    /// Cost of the units that were used.
    pub value: Money,
    /// Cost of one stock unit.
    pub unit_cost: Price,
    /// Kind of the document that brought it: `receipt`, `transfer`, `refund` and others. `earlier_stock`: stock from
    /// before the level had layers. New values may appear.
    #[schema(max_length = 32, example = "receipt")]
    pub document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "std_01h455vb4pex5vsknk084sn02q")]
    pub document_id: Option<String>,
    /// Number of that document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    pub document_number: Option<String>,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: Option<i32>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

const USES: &str = "select c.movement_id, c.layer_id, c.quantity, c.value, c.document_kind, c.document_id, c.line_no, \
        c.received_at, coalesce(s.number, i.number, d.number, x.number) as document_number \
     from (select * from layer_use m where m.tenant_id = ";
const USE_NAMES: &str = ")) c \
     left join pos_sale s on s.tenant_id = c.tenant_id and s.id = c.document_id and c.document_kind = 'refund' \
     left join invoice i on i.tenant_id = c.tenant_id and i.id = c.document_id and c.document_kind = 'credit_note' \
     left join stock_document d on d.tenant_id = c.tenant_id and d.id = c.document_id \
        and c.document_kind in ('receipt', 'opening', 'adjustment', 'supplier_return') \
     left join transfer x on x.tenant_id = c.tenant_id and x.id = c.document_id and c.document_kind = 'transfer' \
     order by c.movement_id, c.received_at, c.layer_id";

/// Returns the layer uses of movements, oldest layers first.
pub(super) async fn find_uses(tx: &Tx, movements: &[Uuid]) -> Result<HashMap<Uuid, Vec<LayerUse>>, Error> {
    let query = Listing::new(tx, USES).with("m.movement_id = any(", Some(movements.to_vec()));
    let mut uses: HashMap<Uuid, Vec<LayerUse>> = HashMap::new();
    for row in query.sql(USE_NAMES).rows(tx).await? {
        let document_id: Uuid = row.try_get("document_id")?;
        let is_known = !document_id.is_nil();
        let line_no: i32 = row.try_get("line_no")?;
        let document_kind: String = row.try_get("document_kind")?;
        let (quantity, value) = (number(&row, "quantity")?, number(&row, "value")?);
        let layer = LayerUse {
            layer_id: CostLayerId(row.try_get("layer_id")?),
            quantity,
            value,
            unit_cost: unit_cost(value, quantity),
            document_id: is_known.then(|| document::document_id(&document_kind, document_id)),
            document_kind,
            document_number: row.try_get("document_number")?,
            line_no: is_known.then_some(line_no),
            received_at: row.try_get("received_at")?,
        };
        uses.entry(row.try_get("movement_id")?).or_default().push(layer);
    }
    Ok(uses)
}

fn read_listed(row: &PgRow) -> Result<CostLayer, Error> {
    let layer = read_layer(row)?;
    let source = layer.source();
    let is_known = !source.document_id.is_nil();
    Ok(CostLayer {
        id: layer.id(),
        object: tag::CostLayer,
        received_at: source.occurred_at,
        quantity: layer.quantity(),
        value: layer.value(),
        unit_cost: layer.unit_cost(),
        currency: row.try_get("currency")?,
        document_kind: source.document_kind.word().to_owned(),
        document_id: is_known.then(|| source.document_kind.encode(source.document_id)),
        document_number: row.try_get("document_number")?,
        line_no: is_known.then_some(source.line_no),
    })
}

/// Reads a layer from the columns of a row.
pub(crate) fn read_layer(row: &PgRow) -> Result<Layer, Error> {
    let document_kind: String = row.try_get("document_kind")?;
    let source = Source {
        document_kind: parsed(document_kind)?,
        document_id: row.try_get("document_id")?,
        line_no: row.try_get("line_no")?,
        occurred_at: row.try_get("received_at")?,
    };
    let id = CostLayerId(row.try_get("id")?);
    Ok(Layer::new(id, number(row, "quantity")?, number(row, "value")?, source))
}
