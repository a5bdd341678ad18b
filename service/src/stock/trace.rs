//! The trace of a lot: where it came from, who bought it, and where the rest is. The quantities add up, or the trace
//! shows the difference.

use chrono::{DateTime, Utc};
use domain::id::{LocationId, LotId};
use domain::lot::{Affected, AffectedParty};
use domain::number::Quantity;
use domain::stock::MovementKind;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::lot::{self, LotDetail, LotLevel};
use super::recall::{self, PARTIES_MAX};
use crate::listing::{number, optional_word, word};
use crate::{Error, Tx};

/// The trace of a lot.
#[derive(Debug)]
pub struct Trace {
    pub found: LotDetail,
    /// Receipts and openings.
    pub received: Vec<TracedDocument>,
    /// Sales and shipments.
    pub sold: Vec<AffectedParty>,
    /// Refunds and returns.
    pub returned: Vec<TracedDocument>,
    /// Adjustments and counts.
    pub adjusted: Vec<TracedDocument>,
    /// Stock left, by location.
    pub levels: Vec<LotLevel>,
    /// Orders that reserve the lot, and its quarantines.
    pub kept: Affected,
    /// Whether no list is cut off.
    pub is_complete: bool,
    pub sums: Sums,
}

/// A document that moved units of a lot.
#[derive(Debug)]
pub struct TracedDocument {
    pub kind: MovementKind,
    pub document_kind: String,
    pub document_id: Uuid,
    pub number: Option<String>,
    /// A delivery note, a remark.
    pub reference: Option<String>,
    /// Reason code of an adjustment.
    pub reason: Option<String>,
    /// Set if a customer is involved.
    pub channel: Option<domain::tenant::Channel>,
    pub location_id: LocationId,
    pub occurred_at: DateTime<Utc>,
    /// Stock units, positive in, negative out.
    pub quantity: Quantity,
}

/// The quantities of a trace, in stock units: received - sold + returned + adjusted = on hand + in transit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Receipts and openings.
    pub received: Quantity,
    /// Sales and shipments.
    pub sold: Quantity,
    /// Returned by customers.
    pub returned: Quantity,
    /// Gains less losses of adjustments and counts.
    pub adjusted: Quantity,
    /// On hand by the levels of locations, without transit.
    pub on_hand: Quantity,
    /// On hand by the levels of transit locations.
    pub in_transit: Quantity,
}

impl Sums {
    /// Returns the sum of the movements less that of the levels: zero, unless the books are wrong.
    pub fn difference(&self) -> Quantity {
        self.received - self.sold + self.returned + self.adjusted - self.on_hand - self.in_transit
    }
}

pub async fn find(tx: &Tx, id: LotId) -> Result<Trace, Error> {
    let found = lot::get(tx, id).await?;
    let levels = lot::levels(tx, &found.lot).await?;
    let kept = recall::find_affected(tx, id).await?;
    let mut sums = sum_movements(tx, id).await?;
    for level in &levels {
        *(if level.is_transit { &mut sums.in_transit } else { &mut sums.on_hand }) += level.on_hand;
    }
    let moved = find_documents(tx, id).await?;
    let is_complete = moved.len() < PARTIES_MAX && kept.parties.len() < PARTIES_MAX;
    let mut trace = Trace {
        found,
        received: Vec::new(),
        sold: kept.parties.clone(),
        returned: Vec::new(),
        adjusted: Vec::new(),
        levels,
        kept,
        is_complete,
        sums,
    };
    for moved in moved {
        match moved.kind {
            MovementKind::Receipt | MovementKind::Opening => trace.received.push(moved),
            MovementKind::Return => trace.returned.push(moved),
            MovementKind::Sale
            | MovementKind::Adjustment
            | MovementKind::TransferOut
            | MovementKind::TransferIn
            | MovementKind::Count
            | MovementKind::Revaluation
            | MovementKind::SupplierReturn
            | MovementKind::Settlement => trace.adjusted.push(moved),
        }
    }
    Ok(trace)
}

/// Adds up the movements. The two movements of a transfer cancel out.
async fn sum_movements(tx: &Tx, id: LotId) -> Result<Sums, Error> {
    let statement = "select \
             coalesce(sum(quantity) filter (where kind in ('receipt', 'opening')), 0) as received, \
             coalesce(-sum(quantity) filter (where kind = 'sale'), 0) as sold, \
             coalesce(sum(quantity) filter (where kind = 'return'), 0) as returned, \
             coalesce(sum(quantity) filter (where kind not in ('receipt', 'opening', 'sale', 'return')), 0) as adjusted \
         from stock_movement \
         where tenant_id = $1 and lot_id = $2 and lot_id <> '00000000-0000-0000-0000-000000000000'";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Error::invariant("sums without a row"))?;
    Ok(Sums {
        received: number(&row, "received")?,
        sold: number(&row, "sold")?,
        returned: number(&row, "returned")?,
        adjusted: number(&row, "adjusted")?,
        ..Sums::default()
    })
}

/// Returns the documents that moved units of the lot, oldest first, without sales and transfers.
async fn find_documents(tx: &Tx, id: LotId) -> Result<Vec<TracedDocument>, Error> {
    let statement = "select m.kind, m.document_kind, m.document_id, \
                coalesce(d.number, p.number, i.number, r.number) as number, d.reference, m.reason, m.channel, \
                m.location_id, m.occurred_at, m.quantity \
         from (select kind, document_kind, document_id, reason, channel, location_id, occurred_at, \
                      sum(quantity) as quantity \
               from stock_movement \
               where tenant_id = $1 and lot_id = $2 and lot_id <> '00000000-0000-0000-0000-000000000000' \
                 and kind not in ('sale', 'transfer_out', 'transfer_in', 'revaluation') group by 1, 2, 3, 4, 5, 6, 7) m \
         left join stock_document d on d.tenant_id = $1 and d.id = m.document_id \
         left join pos_sale p on p.tenant_id = $1 and p.id = m.document_id \
         left join invoice i on i.tenant_id = $1 and i.id = m.document_id \
         left join transfer r on r.tenant_id = $1 and r.id = m.document_id \
         order by m.occurred_at, m.document_id, m.kind limit $3";
    let limit = i64::try_from(PARTIES_MAX).unwrap_or(i64::MAX);
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(limit);
    let moved = |row: &PgRow| -> Result<TracedDocument, Error> {
        Ok(TracedDocument {
            kind: word(row, "kind")?,
            document_kind: row.try_get("document_kind")?,
            document_id: row.try_get("document_id")?,
            number: row.try_get("number")?,
            reference: row.try_get("reference")?,
            reason: row.try_get("reason")?,
            channel: optional_word(row, "channel")?,
            location_id: LocationId(row.try_get("location_id")?),
            occurred_at: row.try_get("occurred_at")?,
            quantity: number(row, "quantity")?,
        })
    };
    tx.rows(query).await?.iter().map(moved).collect()
}
