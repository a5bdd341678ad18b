//! Touchpoints: manual work between systems.

use actix_web::post;
use domain::moment::Instant;
use domain::number::Quantity;
use domain::reconcile::term::TouchpointKind;
use serde::Deserialize;
use service::reconcile::ingest::{CHUNK_MAX, Copies, TouchpointRow, save_touchpoints};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{
    BYTES_MAX, Column, Ingest, Input, Mode, Reader, Table, optional, required, sender, take, whole, zone,
};
use crate::Answer;
use crate::params::Params;
use crate::upload::Upload;
use crate::write::Write;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(send);
}

const COLUMNS: [Column; 7] = [
    required("at"),
    required("kind"),
    whole("minutes"),
    optional("actor"),
    optional("external_sku"),
    optional("external_location"),
    optional("note"),
];
/// Most minutes of one touchpoint: a week.
const MINUTES_MAX: u32 = 7 * 24 * 60;

/// Parameters of an input.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InputParams {
    /// Code of the system in which the work was done.
    #[param(max_length = 64, example = "till")]
    system: String,
    /// IANA name of the zone of instants without an offset.
    #[param(max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Treatment of the valid rows if others are invalid. If absent, the valid rows are written.
    #[param(inline)]
    mode: Option<Mode>,
}

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
/// Adds manual work of one system. A row that is there already is counted as repeated.
///
/// Rows have the form that snapshots have.
#[utoipa::path(
    operation_id = "reconciliation_touchpoints_send",
    security(("bearer" = ["reconciliation:write"])),
    params(InputParams),
    request_body(content(
        (ReconcileTouchpoints = "application/json"),
        (String = "text/csv", example = "at,kind,actor,note\r\n2026-01-07T08:00:15Z,csv_export,office-1,weekly stock list\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/touchpoints")]
async fn send(write: Write, params: Params<InputParams>, upload: Upload) -> Answer {
    let uploaded = upload.read_packed(BYTES_MAX).await?;
    let table = Table::open(&uploaded, &COLUMNS)?;
    let input = Input::new(&table, zone(params.time_zone.as_deref())?, params.mode);
    write
        .whole("reconcile_touchpoint.sent", &uploaded.raw, async |tx| {
            let system = sender(tx, &params.system).await?;
            let mut copies = Copies::default();
            let save =
                async |rows: &[TouchpointRow]| save_touchpoints(tx, system.id, &mut copies, rows).await;
            take(tx, input.of(&system), CHUNK_MAX, read, save).await
        })
        .await
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
