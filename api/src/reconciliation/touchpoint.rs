//! Touchpoints: manual work between systems.

use actix_web::post;
use domain::moment::Instant;
use domain::number::Quantity;
use reconcile::term::TouchpointKind;
use service::reconcile::ingest::{TouchpointRow, save_touchpoints};
use service::reconcile::setting::MINUTES_MAX;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{Ingest, Reader, RowKind, SenderParams, decimal, optional, required, take_of_system};
use crate::Answer;
use crate::params::Params;
use crate::upload::Upload;
use crate::write::Write;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(send);
}

const TOUCHPOINTS: RowKind = RowKind {
    command: "reconcile_touchpoint.sent",
    columns: &[
        required("at"),
        required("kind"),
        decimal("minutes"),
        optional("actor"),
        optional("external_sku"),
        optional("external_location"),
        optional("note"),
    ],
};

/// Touchpoints to send in.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileTouchpoints {
    /// Touchpoints.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileTouchpoint>,
}

/// Manual work between systems, such as the export of a file.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileTouchpoint {
    /// When it was done, by the clock of the system.
    #[schema(example = "2026-01-07T08:00:15Z")]
    at: Instant,
    /// Kind of work.
    kind: TouchpointKind,
    /// Minutes that it took, 0 to 10,080: a whole number, or a decimal as a string. If absent, those of its kind in the settings.
    minutes: Option<Quantity>,
    /// Person who did it.
    #[schema(min_length = 1, max_length = 100, example = "office-1")]
    actor: Option<String>,
    /// SKU in that system, if the work was about one.
    #[schema(min_length = 1, max_length = 100, example = "00010042")]
    external_sku: Option<String>,
    /// Location in that system, if the work was about one.
    #[schema(min_length = 1, max_length = 100, example = "Store 01")]
    external_location: Option<String>,
    /// Note.
    #[schema(max_length = 500, example = "weekly stock list")]
    note: Option<String>,
}

/// Send touchpoints
///
/// Adds manual work of one system. A row that is there already is counted as repeated, and so is the second of two equal rows if
/// they are sent in two requests.
///
/// Rows have the form that snapshots have.
#[utoipa::path(
    operation_id = "reconciliation_touchpoints_send",
    security(("bearer" = ["reconciliation:write"])),
    params(SenderParams),
    request_body(content(
        (ReconcileTouchpoints = "application/json"),
        (String = "text/csv", example = "at,kind,actor,note\r\n2026-01-07T08:00:15Z,csv_export,office-1,weekly stock list\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/touchpoints")]
async fn send(write: Write, params: Params<SenderParams>, upload: Upload) -> Answer {
    take_of_system(write, upload, TOUCHPOINTS, &params, read, save_touchpoints).await
}

fn read(row: &mut Reader<'_>) -> TouchpointRow {
    let minutes = row.optional_quantity("minutes");
    let most = Quantity::new(MINUTES_MAX.into());
    if minutes.is_some_and(|minutes| minutes.is_negative() || minutes > most) {
        row.refuse("minutes", format!("Send 0 to {MINUTES_MAX} minutes."));
    }
    TouchpointRow {
        at: row.instant("at"),
        kind: row.word("kind").unwrap_or(TouchpointKind::Other),
        minutes,
        actor: row.optional_line::<100>("actor"),
        external_sku: row.optional_line::<100>("external_sku"),
        external_location: row.optional_line::<100>("external_location"),
        note: row.note("note"),
    }
}
