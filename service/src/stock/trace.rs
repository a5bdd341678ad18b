//! The trace of a lot: where it came from, who bought it, and where the rest is. The quantities add up, or the trace
//! shows the difference.

use chrono::{DateTime, Utc};
use domain::document::document_id;
use domain::id::{LocationId, LotId};
use domain::lot::{AffectedParty, OpenReservation};
use domain::number::Quantity;
use domain::stock::MovementKind;
use domain::tag;
use domain::tenant::Channel;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use super::affected::{PARTIES_MAX, find_affected};
use super::lot::{self, LotDetail, LotLevel};
use super::recall::Quarantined;
use crate::listing::{number, optional_word, word};
use crate::{Error, Tx};

/// Trace of a lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotTrace)]
pub struct Trace {
    pub object: tag::LotTrace,
    /// The lot with the quantities that are left, by location.
    pub lot: LotDetail,
    /// Sums of the quantities.
    pub sums: Sums,
    /// Receipts and openings of the lot, oldest first.
    #[schema(max_items = 10000)]
    pub received: Vec<TracedDocument>,
    /// Till sales and shipments of the lot, oldest first.
    #[schema(max_items = 10000)]
    pub sold: Vec<AffectedParty>,
    /// Returns and refunds of the lot, oldest first.
    #[schema(max_items = 10000)]
    pub returned: Vec<TracedDocument>,
    /// Adjustments of the lot, also by counts, oldest first.
    #[schema(max_items = 10000)]
    pub adjusted: Vec<TracedDocument>,
    /// Orders with a reservation of the lot.
    #[schema(max_items = 10000)]
    pub waiting: Vec<OpenReservation>,
    /// Units in quarantine.
    #[schema(max_items = 10000)]
    pub quarantined: Vec<Quarantined>,
    /// Whether the lists are complete. A list ends after 10,000 documents. The sums are always complete.
    #[schema(example = true)]
    pub complete: bool,
}

/// A document that moved units of a lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotMovement)]
pub struct TracedDocument {
    /// Kind of the movement.
    pub kind: MovementKind,
    /// Kind of the document.
    #[schema(max_length = 32, example = "receipt")]
    pub document_kind: String,
    /// Id of the document.
    #[schema(max_length = 36, example = "doc_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Number of the document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    pub number: Option<String>,
    /// Delivery note or remark.
    #[schema(max_length = 200, example = "Delivery note 8812")]
    pub reference: Option<String>,
    /// Reason code of an adjustment, or reason of a return.
    #[schema(max_length = 200, example = json!(null))]
    pub reason: Option<String>,
    /// Channel, if a customer is involved.
    pub channel: Option<Channel>,
    /// Location of the movement.
    pub location_id: LocationId,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Stock units, positive for a receipt, negative for an issue.
    pub quantity: Quantity,
}

/// Sums in stock units: received - sold + returned + adjusted = on hand + in transit.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = LotTraceSums)]
pub struct Sums {
    /// Received from suppliers or in an opening.
    pub received: Quantity,
    /// Sold to customers.
    pub sold: Quantity,
    /// Returned by customers.
    pub returned: Quantity,
    /// Found less written off.
    pub adjusted: Quantity,
    /// On hand at the locations.
    pub on_hand: Quantity,
    /// In transit between two locations.
    pub in_transit: Quantity,
    /// Balance of the documents less that of the levels.
    pub difference: Quantity,
    /// Whether the difference is zero.
    #[schema(example = true)]
    pub adds_up: bool,
}

impl Sums {
    /// Adds the levels, and compares them with the movements.
    fn with(mut self, levels: &[LotLevel]) -> Self {
        for level in levels {
            *(if level.in_transit { &mut self.in_transit } else { &mut self.on_hand }) += level.on_hand;
        }
        self.difference =
            self.received - self.sold + self.returned + self.adjusted - self.on_hand - self.in_transit;
        self.adds_up = self.difference.is_zero();
        self
    }
}

pub async fn find(tx: &Tx, id: LotId) -> Result<Trace, Error> {
    let lot = lot::get(tx, id).await?;
    let affected = find_affected(tx, id).await?;
    let sums = sum_movements(tx, id).await?.with(lot.levels.as_deref().unwrap_or_default());
    let moved = find_documents(tx, id).await?;
    let mut trace = Trace {
        object: tag::LotTrace,
        lot,
        sums,
        received: Vec::new(),
        complete: moved.len() < PARTIES_MAX && affected.parties.len() < PARTIES_MAX,
        sold: affected.parties,
        returned: Vec::new(),
        adjusted: Vec::new(),
        waiting: affected.waiting,
        quarantined: affected.quarantined.iter().map(Quarantined::from).collect(),
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
        let document_kind: String = row.try_get("document_kind")?;
        Ok(TracedDocument {
            kind: word(row, "kind")?,
            document_id: document_id(&document_kind, row.try_get("document_id")?),
            document_kind,
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
