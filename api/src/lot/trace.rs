//! The trace of a lot: from the supplier to every customer.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use domain::id::{CustomerId, HoldId, LocationId, LotId, OrderId};
use domain::lot::{AffectedCustomer, AffectedParty, OpenReservation};
use domain::number::Quantity;
use domain::stock::MovementKind;
use domain::tag;
use domain::tenant::Channel;
use serde::Serialize;
use service::stock::trace::{self, Trace, TracedDocument};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{LotLevelOut, LotOut};
use crate::document::document_id;
use crate::params::PathId;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Trace of a lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotTrace)]
struct TraceOut {
    object: tag::LotTrace,
    /// The lot with the quantities that are left, by location.
    lot: LotOut,
    /// Sums of the quantities.
    sums: SumsOut,
    /// Receipts and openings of the lot, oldest first.
    #[schema(max_items = 10000)]
    received: Vec<MovedOut>,
    /// Till sales and shipments of the lot, oldest first.
    #[schema(max_items = 10000)]
    sold: Vec<PartyOut>,
    /// Returns and refunds of the lot, oldest first.
    #[schema(max_items = 10000)]
    returned: Vec<MovedOut>,
    /// Adjustments of the lot, also by counts, oldest first.
    #[schema(max_items = 10000)]
    adjusted: Vec<MovedOut>,
    /// Orders with a reservation of the lot.
    #[schema(max_items = 10000)]
    waiting: Vec<WaitingOut>,
    /// Units in quarantine.
    #[schema(max_items = 10000)]
    quarantined: Vec<QuarantinedOut>,
    /// Whether the lists are complete. A list ends after 10,000 documents. The sums are always complete.
    #[schema(example = true)]
    complete: bool,
}

/// Sums in stock units: received - sold + returned + adjusted = on hand + in transit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotTraceSums)]
struct SumsOut {
    /// Received from suppliers or in an opening.
    received: Quantity,
    /// Sold to customers.
    sold: Quantity,
    /// Returned by customers.
    returned: Quantity,
    /// Found less written off.
    adjusted: Quantity,
    /// On hand at the locations.
    on_hand: Quantity,
    /// In transit between two locations.
    in_transit: Quantity,
    /// Balance of the documents less that of the levels.
    difference: Quantity,
    /// Whether the difference is zero.
    #[schema(example = true)]
    adds_up: bool,
}

/// A document that moved units of a lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotMovement)]
struct MovedOut {
    /// Kind of the movement.
    kind: MovementKind,
    /// Kind of the document.
    #[schema(max_length = 32, example = "receipt")]
    document_kind: String,
    /// Id of the document.
    #[schema(max_length = 36, example = "doc_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Number of the document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    number: Option<String>,
    /// Delivery note or remark.
    #[schema(max_length = 200, example = "Delivery note 8812")]
    reference: Option<String>,
    /// Reason code of an adjustment, or reason of a return.
    #[schema(max_length = 200, example = json!(null))]
    reason: Option<String>,
    /// Channel, if a customer is involved.
    channel: Option<Channel>,
    /// Location of the movement.
    location_id: LocationId,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// Stock units, positive for a receipt, negative for an issue.
    quantity: Quantity,
}

/// A till sale or a shipment that issued units of a lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotSale)]
pub struct PartyOut {
    /// `sale` or `shipment`.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// Id of the document.
    #[schema(max_length = 36, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Number of the document. For a till sale it contains the till.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    number: String,
    /// Number of the order.
    #[schema(max_length = 64, example = json!(null))]
    order_number: Option<String>,
    /// Code of the till.
    #[schema(max_length = 64, example = "T1")]
    register_code: Option<String>,
    /// The channel.
    channel: Channel,
    /// Location that the units left.
    location_id: LocationId,
    /// When the units left.
    occurred_at: DateTime<Utc>,
    /// Stock units that left.
    quantity: Quantity,
    /// Stock units of them that were returned.
    returned: Quantity,
    /// The customer. Null for a sale without a customer.
    customer: Option<LotCustomer>,
}

/// A customer who got units of a lot, or for whom some are reserved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LotCustomer {
    /// Id of the customer.
    pub id: CustomerId,
    /// Customer number.
    #[schema(max_length = 64, example = "C-000123")]
    pub number: String,
    /// Name of the customer.
    #[schema(max_length = 200, example = "Nordwind Supply GmbH")]
    pub name: String,
    /// E-mail address of the customer.
    #[schema(max_length = 254, example = "invoices@nordwind.example")]
    pub email: Option<String>,
    /// Country of the customer.
    #[schema(max_length = 2, example = "DE")]
    pub country: String,
}

/// An order with a reservation of a lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotWaiting)]
pub struct WaitingOut {
    /// Id of the order.
    order_id: OrderId,
    /// Number of the order.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    number: String,
    /// Line of the order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Location of the reserved units.
    location_id: LocationId,
    /// Reserved stock units.
    quantity: Quantity,
    /// Customer of the order.
    customer: LotCustomer,
}

/// Units of a lot in quarantine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotQuarantined)]
pub struct QuarantinedOut {
    /// Hold that keeps them in quarantine. Its release ends the quarantine.
    hold_id: HoldId,
    /// Location of the units.
    location_id: LocationId,
    /// Stock units.
    quantity: Quantity,
    /// Note of the hold.
    #[schema(max_length = 500, example = "Recall of lot L-2026-117: glass in the jar")]
    note: Option<String>,
}

impl From<&AffectedCustomer> for LotCustomer {
    fn from(customer: &AffectedCustomer) -> Self {
        LotCustomer {
            id: customer.id,
            number: customer.number.clone(),
            name: customer.name.clone(),
            email: customer.email.clone(),
            country: customer.country.clone(),
        }
    }
}

impl From<&AffectedParty> for PartyOut {
    fn from(party: &AffectedParty) -> Self {
        PartyOut {
            document_id: document_id(&party.document_kind, party.document_id),
            document_kind: party.document_kind.clone(),
            number: party.number.clone(),
            order_number: party.order_number.clone(),
            register_code: party.register_code.clone(),
            channel: party.channel,
            location_id: party.location_id,
            occurred_at: party.occurred_at,
            quantity: party.sold,
            returned: party.returned,
            customer: party.customer.as_ref().map(LotCustomer::from),
        }
    }
}

impl From<&OpenReservation> for WaitingOut {
    fn from(open: &OpenReservation) -> Self {
        WaitingOut {
            order_id: open.order_id,
            number: open.number.clone(),
            line_no: open.line_no,
            location_id: open.location_id,
            quantity: open.quantity,
            customer: LotCustomer::from(&open.customer),
        }
    }
}

/// Returns the wire form of holds in quarantine.
pub fn quarantined(holds: &[domain::hold::Hold]) -> Vec<QuarantinedOut> {
    let hold = |hold: &domain::hold::Hold| QuarantinedOut {
        hold_id: hold.id,
        location_id: hold.location_id,
        quantity: hold.lines.iter().map(|line| line.quantity).sum(),
        note: hold.note.clone(),
    };
    holds.iter().map(hold).collect()
}

impl From<TracedDocument> for MovedOut {
    fn from(moved: TracedDocument) -> Self {
        MovedOut {
            kind: moved.kind,
            document_id: document_id(&moved.document_kind, moved.document_id),
            document_kind: moved.document_kind,
            number: moved.number,
            reference: moved.reference,
            reason: moved.reason,
            channel: moved.channel,
            location_id: moved.location_id,
            occurred_at: moved.occurred_at,
            quantity: moved.quantity,
        }
    }
}

impl From<Trace> for TraceOut {
    fn from(trace: Trace) -> Self {
        let sums = trace.sums;
        let listed = |moved: Vec<TracedDocument>| moved.into_iter().map(MovedOut::from).collect();
        let levels = trace.levels.into_iter().map(LotLevelOut::from).collect();
        TraceOut {
            object: tag::LotTrace,
            lot: LotOut { levels: Some(levels), ..LotOut::from(trace.found) },
            sums: SumsOut {
                received: sums.received,
                sold: sums.sold,
                returned: sums.returned,
                adjusted: sums.adjusted,
                on_hand: sums.on_hand,
                in_transit: sums.in_transit,
                difference: sums.difference(),
                adds_up: sums.difference().is_zero(),
            },
            received: listed(trace.received),
            sold: trace.sold.iter().map(PartyOut::from).collect(),
            returned: listed(trace.returned),
            adjusted: listed(trace.adjusted),
            waiting: trace.kept.waiting.iter().map(WaitingOut::from).collect(),
            quarantined: quarantined(&trace.kept.quarantined),
            complete: trace.is_complete,
        }
    }
}

/// Trace a lot
///
/// Returns the receipts of the lot, its sales to customers of both channels, and where the rest is: on hand, in
/// transit, reserved, in quarantine, written off. If the quantities don't add up, `sums` has the difference.
#[utoipa::path(
    operation_id = "lots_trace",
    security(("bearer" = ["stock:read", "customers:read"])),
    params(("id" = LotId, Path, description = "The lot's id.")),
    responses((status = 200, description = "The trace.", body = TraceOut))
)]
#[get("/v1/lots/{id}/trace")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LotId>) -> Answer {
    let read = async |tx: &service::Tx| trace::find(tx, id.0).await;
    let trace = app.db.report(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(TraceOut::from(trace)))
}
