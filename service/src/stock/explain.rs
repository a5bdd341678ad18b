//! The history of a level: its opening balance, every movement since, and the reservations on it.
//!
//! Movements are in the order in which they were written, which is the order in which the figure changed. A document
//! that came in late stands where it changed the figure, with the earlier time at which it happened. Ids of movements
//! are in that order, so a page is one range of the primary key.

use chrono::{DateTime, Utc};
use domain::id::{CommandId, MovementId};
use domain::number::{Money, Price, Quantity};
use domain::stock::{LevelKey, MovementKind};
use domain::tenant::Channel;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::Serialize;
use uuid::Uuid;

use super::layer::{self, LayerUse};
use super::level::{self, StockLevel};
use super::movement::first_of;
use crate::listing::{Listing, Period, number, optional_number, optional_word, word};
use crate::{Error, Tx};

/// The part of a level's history that is requested.
#[derive(Debug, Clone)]
pub struct Request {
    pub key: LevelKey,
    /// Period in which movements were recorded, in whole milliseconds; everything if open.
    pub recorded: Period,
    /// The page starts after this movement; at the beginning if absent.
    pub after: Option<Uuid>,
    /// Number of movements to read.
    pub rows: u64,
}

/// The history of a level.
#[derive(Debug)]
pub struct Explanation {
    /// Present figures of the level.
    pub level: StockLevel,
    /// Balance before the first movement of the page.
    pub opening: Balance,
    /// Movements of the page, oldest first.
    pub lines: Vec<Line>,
    /// Balance at the end of the period, or now if it is open.
    pub closing: Balance,
}

/// The balance of a level at one point of its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
#[schema(as = StockBalance)]
pub struct Balance {
    /// Units on hand.
    pub on_hand: Quantity,
    /// Cost of the units on hand.
    pub value: Money,
}

/// A movement with the balance after it.
#[derive(Debug)]
pub struct Line {
    pub id: MovementId,
    pub kind: MovementKind,
    /// Stock units: positive in, negative out.
    pub quantity: Quantity,
    /// Cost, of the same sign.
    pub value: Money,
    /// Cost of one stock unit.
    pub unit_cost: Price,
    /// Balance after the movement.
    pub balance: Balance,
    pub document_kind: String,
    pub document_id: Uuid,
    /// Absent if the document has no number.
    pub document_number: Option<String>,
    pub line_no: i32,
    /// Set if a customer is involved.
    pub channel: Option<Channel>,
    /// Reason code of an adjustment.
    pub reason: Option<String>,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    /// Its use of cost layers, oldest first.
    pub layers: Vec<LayerUse>,
    /// The part of it that went below zero.
    pub oversold: Option<BelowZero>,
    /// The command that wrote it, and its caller.
    pub cause: Option<Cause>,
}

/// The part of a movement that went below zero, at a provisional cost that later receipts settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StockBelowZero)]
pub struct BelowZero {
    /// Stock units.
    pub quantity: Quantity,
    /// Provisional cost of the units.
    pub provisional_cost: Money,
    /// Stock units that have not been received yet.
    pub open_quantity: Quantity,
    /// Cost of the received units less their provisional cost; movements of kind `settlement` post it.
    pub variance: Money,
    /// When the last unit was received; null while some are open.
    #[schema(example = json!(null))]
    pub settled_at: Option<DateTime<Utc>>,
}

/// A reservation on a level.
#[derive(Debug)]
pub struct Promise {
    /// `order`, `hold` and others.
    pub kind: String,
    /// Stock units.
    pub quantity: Quantity,
    /// The document that reserves.
    pub document_id: Uuid,
    /// Absent if the document has no number.
    pub document_number: Option<String>,
    pub line_no: i32,
    /// When the reservation expires, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// The command that made it, and its caller.
    pub cause: Option<Cause>,
}

/// A command and its caller.
#[derive(Debug)]
pub struct Cause {
    pub command_id: CommandId,
    /// Name of the command.
    pub command: String,
    pub actor_kind: String,
    /// Id of the API key, user or customer session.
    pub actor_id: Uuid,
    /// Current name of the API key or user; absent for the operator and workers.
    pub actor_name: Option<String>,
}

/// Position of a reservation in the list: creation, document, line.
pub type PromisePosition = (DateTime<Utc>, Uuid, i32);

impl Promise {
    pub fn position(&self) -> PromisePosition {
        (self.created_at, self.document_id, self.line_no)
    }
}

const LINES: &str = "select m.id, m.kind, m.quantity, m.value, m.unit_cost, m.document_kind, m.document_id, \
        coalesce(s.number, h.number, i.number, d.number, t.number, b.number, f.number) as document_number, m.line_no, m.channel, m.reason, \
        m.occurred_at, m.recorded_at, c.id as command_id, c.name as command, c.actor_kind, c.actor_id, \
        coalesce(k.name, u.name) as actor_name, z.quantity as below_zero, z.value as provisional_cost, z.open_quantity, \
        z.variance, z.settled_at \
     from (select * from stock_movement m where m.tenant_id = ";
const LINE_NAMES: &str = ") m \
     left join command c on c.tenant_id = m.tenant_id and c.id = m.command_id \
     left join api_key k on k.tenant_id = c.tenant_id and k.id = c.actor_id \
     left join app_user u on u.tenant_id = c.tenant_id and u.id = c.actor_id \
     left join pos_sale s on s.tenant_id = m.tenant_id and s.id = m.document_id \
        and m.document_kind in ('sale', 'refund') \
     left join shipment h on h.tenant_id = m.tenant_id and h.id = m.document_id and m.document_kind = 'shipment' \
     left join invoice i on i.tenant_id = m.tenant_id and i.id = m.document_id and m.document_kind = 'credit_note' \
     left join stock_document d on d.tenant_id = m.tenant_id and d.id = m.document_id \
        and m.document_kind in ('receipt', 'opening', 'adjustment', 'revaluation', 'supplier_return') \
     left join transfer t on t.tenant_id = m.tenant_id and t.id = m.document_id and m.document_kind = 'transfer' \
     left join landed_cost b on b.tenant_id = m.tenant_id and b.id = m.document_id and m.document_kind = 'landed_cost' \
     left join bill f on f.tenant_id = m.tenant_id and f.id = m.document_id \
        and m.document_kind in ('bill', 'bill_credit', 'bill_reversal') \
     left join cost_to_settle z on z.tenant_id = m.tenant_id and z.document_id = m.document_id \
        and z.line_no = m.line_no and z.location_id = m.location_id and z.product_id = m.product_id \
        and z.lot_id = m.lot_id and m.quantity < 0 \
     order by m.id";

/// Returns a level with one page of its history: zero and no movement if the location never had the product.
pub async fn explain(tx: &Tx, wanted: &Request) -> Result<Explanation, Error> {
    let level = level::get(tx, wanted.key).await?;
    let Period { from, to } = wanted.recorded;
    let before_page = match (wanted.after, from) {
        (Some(after), _) => sum_movements(tx, wanted.key, Some(after), None).await?,
        (None, Some(from)) => sum_movements(tx, wanted.key, None, Some(first_of(from))).await?,
        (None, None) => Balance::default(),
    };
    let closing = match to {
        Some(to) => sum_movements(tx, wanted.key, None, Some(first_of(to))).await?,
        None => Balance { on_hand: level.on_hand, value: level.value.unwrap_or_default() },
    };
    let rows = filter_by_level(Listing::new(tx, LINES), wanted.key)
        .with("m.id > ", wanted.after)
        .with("m.id >= ", from.map(first_of))
        .with("m.id < ", to.map(first_of))
        .sql(" order by m.id limit ")
        .bind(wanted.rows.cast_signed())
        .sql(LINE_NAMES)
        .rows(tx)
        .await?;
    let mut balance = before_page;
    let mut lines = rows.iter().map(|row| read_line(row, &mut balance)).collect::<Result<Vec<_>, _>>()?;
    let mut uses = layer::find_uses(tx, &lines.iter().map(|line| line.id.0).collect::<Vec<_>>()).await?;
    for line in &mut lines {
        line.layers = uses.remove(&line.id.0).unwrap_or_default();
    }
    Ok(Explanation { level, opening: before_page, lines, closing })
}

/// Returns one page of the reservations on a level, oldest first.
pub async fn list_reservations(
    tx: &Tx,
    key: LevelKey,
    after: Option<PromisePosition>,
    rows: u64,
) -> Result<Vec<Promise>, Error> {
    // A reservation has the time of the command that made it, and names the document of that command.
    let select = "select r.kind, r.quantity, r.document_id, o.number as document_number, r.line_no, r.expires_at, \
            r.created_at, c.id as command_id, c.name as command, c.actor_kind, c.actor_id, \
            coalesce(k.name, u.name) as actor_name \
         from (select * from reservation m where m.tenant_id = ";
    let names = ") r \
         left join sales_order o on o.tenant_id = r.tenant_id and o.id = r.document_id and r.kind = 'order' \
         left join lateral (select c.id, c.name, c.actor_kind, c.actor_id from command c \
            where c.tenant_id = r.tenant_id and c.document_id = r.document_id and c.recorded_at = r.created_at \
              and c.name not like 'pos_sale.%' and c.status between 200 and 299 order by c.id limit 1) c on true \
         left join api_key k on k.tenant_id = r.tenant_id and k.id = c.actor_id \
         left join app_user u on u.tenant_id = r.tenant_id and u.id = c.actor_id \
         order by r.created_at, r.document_id, r.line_no";
    let mut query = filter_by_level(Listing::new(tx, select), key);
    // An expired reservation does not count, even if it has not been released yet.
    query = query.with("coalesce(m.expires_at, 'infinity') > ", Some(tx.now));
    if let Some((created_at, document_id, line_no)) = after {
        query = query.with("(m.created_at, m.document_id, m.line_no) > (", Some(created_at));
        query = query.sql(", ").bind(document_id).sql(", ").bind(line_no).sql(")");
    }
    let query = query.sql(" order by m.created_at, m.document_id, m.line_no limit ").bind(rows.cast_signed());
    query.sql(names).rows(tx).await?.iter().map(read_reservation).collect()
}

fn filter_by_level(query: Listing, key: LevelKey) -> Listing {
    query
        .with("m.location_id = ", Some(key.location_id.0))
        .with("m.product_id = ", Some(key.product_id.0))
        .with("m.lot_id = ", Some(key.lot_id.0))
}

/// Returns the sum of a level's movements, up to one or before another.
async fn sum_movements(
    tx: &Tx,
    key: LevelKey,
    up_to: Option<Uuid>,
    before: Option<Uuid>,
) -> Result<Balance, Error> {
    let select = "select coalesce(sum(m.quantity), 0) as quantity, coalesce(sum(m.value), 0) as value \
                  from stock_movement m where m.tenant_id = ";
    let query =
        filter_by_level(Listing::new(tx, select), key).with("m.id <= ", up_to).with("m.id < ", before);
    match query.rows(tx).await?.first() {
        Some(row) => Ok(Balance { on_hand: number(row, "quantity")?, value: number(row, "value")? }),
        None => Err(Error::invariant("a sum without a row")),
    }
}

fn read_line(row: &PgRow, balance: &mut Balance) -> Result<Line, Error> {
    let (quantity, value) = (number(row, "quantity")?, number(row, "value")?);
    balance.on_hand += quantity;
    balance.value += value;
    Ok(Line {
        id: MovementId(row.try_get("id")?),
        kind: word(row, "kind")?,
        quantity,
        value,
        unit_cost: number(row, "unit_cost")?,
        balance: *balance,
        document_kind: row.try_get("document_kind")?,
        document_id: row.try_get("document_id")?,
        document_number: row.try_get("document_number")?,
        line_no: row.try_get("line_no")?,
        channel: optional_word(row, "channel")?,
        reason: row.try_get("reason")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        layers: Vec::new(),
        oversold: read_below_zero(row)?,
        cause: read_cause(row)?,
    })
}

fn read_below_zero(row: &PgRow) -> Result<Option<BelowZero>, Error> {
    let Some(quantity) = optional_number(row, "below_zero")? else { return Ok(None) };
    Ok(Some(BelowZero {
        quantity,
        provisional_cost: number(row, "provisional_cost")?,
        open_quantity: number(row, "open_quantity")?,
        variance: number(row, "variance")?,
        settled_at: row.try_get("settled_at")?,
    }))
}

fn read_reservation(row: &PgRow) -> Result<Promise, Error> {
    Ok(Promise {
        kind: row.try_get("kind")?,
        quantity: number(row, "quantity")?,
        document_id: row.try_get("document_id")?,
        document_number: row.try_get("document_number")?,
        line_no: row.try_get("line_no")?,
        expires_at: row.try_get("expires_at")?,
        created_at: row.try_get("created_at")?,
        cause: read_cause(row)?,
    })
}

/// Reads the command and caller from the columns of a row.
pub(crate) fn read_cause(row: &PgRow) -> Result<Option<Cause>, Error> {
    let Some(command_id) = row.try_get::<Option<Uuid>, _>("command_id")? else { return Ok(None) };
    Ok(Some(Cause {
        command_id: CommandId(command_id),
        command: row.try_get("command")?,
        actor_kind: row.try_get("actor_kind")?,
        actor_id: row.try_get("actor_id")?,
        actor_name: row.try_get("actor_name")?,
    }))
}
