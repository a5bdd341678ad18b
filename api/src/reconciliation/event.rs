//! Events: the changes of stock that another system has recorded.

use actix_web::post;
use domain::moment::Instant;
use domain::number::Quantity;
use reconcile::term::{EntryMode, EventType};
use service::reconcile::ingest::{EventRow, save_events};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{Ingest, Reader, RowKind, SenderParams, optional, required, take_of_system};
use crate::Answer;
use crate::params::Params;
use crate::upload::Upload;
use crate::write::Write;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(send);
}

const EVENTS: RowKind = RowKind {
    command: "reconcile_event.sent",
    columns: &[
        required("external_id"),
        required("type"),
        required("external_sku"),
        required("external_location"),
        required("quantity"),
        required("occurred_at"),
        optional("recorded_at"),
        optional("reference"),
        optional("actor"),
        optional("entry_mode"),
    ],
};

/// Events to send in.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileEvents {
    /// Events.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileEvent>,
}

/// A change of stock that a system has recorded.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileEvent {
    /// Id in that system. Two events may have the same: a run may find that one is the copy of the other.
    #[schema(min_length = 1, max_length = 200, example = "PO-000001")]
    external_id: String,
    /// Type of the event.
    r#type: EventType,
    /// SKU in that system.
    #[schema(min_length = 1, max_length = 100, example = "00010042")]
    external_sku: String,
    /// Location in that system.
    #[schema(min_length = 1, max_length = 100, example = "Store 01")]
    external_location: String,
    /// Effect on stock, in the units of the system, with the sign that the system declares.
    quantity: Quantity,
    /// When it happened, by the clock of the system.
    #[schema(example = "2026-01-05T12:08:43Z")]
    occurred_at: Instant,
    /// When the system recorded it.
    #[schema(example = "2026-01-05T12:08:44Z")]
    recorded_at: Option<Instant>,
    /// Number of the document that several systems may share.
    #[schema(min_length = 1, max_length = 200, example = "S100002")]
    reference: Option<String>,
    /// Person or program that entered it.
    #[schema(min_length = 1, max_length = 100, example = "till-3")]
    actor: Option<String>,
    /// The way in which it was entered.
    entry_mode: Option<EntryMode>,
}

/// Send events
///
/// Adds events of one system. An event that is there already, with all its fields, is counted as repeated. The n-th copy of a row
/// in a request is compared with the n-th that is held, so equal rows of one request stay several. Equal rows of two requests count
/// as one: send them in one request. Two events with one `external_id` and other fields are two events. Rows of any age are kept; a
/// run looks at its window.
///
/// Rows have the form that snapshots have.
#[utoipa::path(
    operation_id = "reconciliation_events_send",
    security(("bearer" = ["reconciliation:write"])),
    params(SenderParams),
    request_body(content(
        (ReconcileEvents = "application/json"),
        (String = "text/csv", example = "external_id,type,external_sku,external_location,quantity,occurred_at\r\nPO-000001,sale,00010042,Store 01,-1,2026-01-05T12:08:43Z\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/events")]
async fn send(write: Write, params: Params<SenderParams>, upload: Upload) -> Answer {
    take_of_system(write, upload, EVENTS, &params, read, save_events).await
}

fn read(row: &mut Reader<'_>) -> EventRow {
    EventRow {
        external_id: row.line::<200>("external_id"),
        event_type: row.word("type").unwrap_or(EventType::Adjustment),
        external_sku: row.line::<100>("external_sku"),
        external_location: row.line::<100>("external_location"),
        quantity: row.quantity("quantity"),
        occurred_at: row.instant("occurred_at"),
        recorded_at: row.optional_instant("recorded_at"),
        reference: row.optional_line::<200>("reference"),
        actor: row.optional_line::<100>("actor"),
        entry_mode: row.optional_word("entry_mode"),
    }
}
