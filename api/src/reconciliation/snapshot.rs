//! Snapshots: the stock that another system shows.

use actix_web::post;
use domain::id::SystemId;
use domain::moment::Instant;
use domain::number::Quantity;
use serde::Deserialize;
use service::Tx;
use service::reconcile::ingest::{Copies, SnapshotRow, save_snapshots};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{Ingest, Mode, Reader, RowKind, SenderParams, optional, required, take_of_system};
use crate::Answer;
use crate::params::Params;
use crate::upload::Upload;
use crate::write::Write;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(send);
}

const SNAPSHOTS: RowKind = RowKind {
    command: "reconcile_snapshot.sent",
    columns: &[
        required("taken_at"),
        required("external_sku"),
        required("external_location"),
        required("quantity"),
        optional("lot"),
        optional("reserved"),
        optional("quarantined"),
        optional("incoming"),
    ],
};

/// Parameters of an input.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InputParams {
    /// Code of the system that the rows are from.
    #[param(max_length = 64, example = "till")]
    system: String,
    /// Whether each snapshot has everything that the system holds at the locations that it reports. If absent, false: a snapshot
    /// says nothing of an SKU that it lacks. The last request with rows of a snapshot decides.
    full: Option<bool>,
    /// IANA name of the zone of instants without an offset.
    #[param(max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Treatment of the valid rows if others are invalid. If absent, the valid rows are written.
    #[param(inline)]
    mode: Option<Mode>,
}

/// Snapshots to send in.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileSnapshots {
    /// Lines.
    #[schema(max_items = 100000)]
    data: Vec<ReconcileSnapshotLine>,
}

/// A line of a snapshot. Lines of one system with one `taken_at` are one snapshot.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileSnapshotLine {
    /// When the stock was read, by the clock of the system.
    #[schema(example = "2026-01-05T05:00:00Z")]
    taken_at: Instant,
    /// SKU in that system.
    #[schema(min_length = 1, max_length = 100, example = "00010042")]
    external_sku: String,
    /// Location in that system.
    #[schema(min_length = 1, max_length = 100, example = "Store 01")]
    external_location: String,
    /// Quantity in the meaning and the units of the system.
    quantity: Quantity,
    /// Lot. Lines of several lots are added up.
    #[schema(min_length = 1, max_length = 64, example = "L-2026-117")]
    lot: Option<String>,
    /// Reserved units, part of the quantity on hand.
    reserved: Option<Quantity>,
    /// Quarantined units, part of the quantity on hand.
    quarantined: Option<Quantity>,
    /// Units that are on their way, no part of the quantity.
    incoming: Option<Quantity>,
}

/// Send snapshots
///
/// Adds lines of snapshots of one system. A row that is there already is counted as repeated, so a file can be sent again. Rows of
/// any age are kept; a run looks at its window. Instants may have any offset. If they have none, name their zone in `time_zone`.
///
/// Send rows as JSON (`{"data":[…]}`, a list, or one object) or CSV in UTF-8, with commas, semicolons or tabs and a header, in any
/// order. Decimals have a point. At most 100,000 rows and 16 MiB a request, also unpacked from `gzip`.
#[utoipa::path(
    operation_id = "reconciliation_snapshots_send",
    security(("bearer" = ["reconciliation:write"])),
    params(InputParams),
    request_body(content(
        (ReconcileSnapshots = "application/json"),
        (String = "text/csv", example = "taken_at,external_sku,external_location,quantity\r\n2026-01-05T05:00:00Z,00010042,Store 01,12\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/snapshots")]
async fn send(write: Write, params: Params<InputParams>, upload: Upload) -> Answer {
    let InputParams { system, full, time_zone, mode } = params.0;
    let is_full = full.unwrap_or_default();
    let params = SenderParams { system, time_zone, mode };
    let save = async |tx: &Tx, system_id: SystemId, copies: &mut Copies, rows: &[SnapshotRow]| {
        save_snapshots(tx, system_id, is_full, copies, rows).await
    };
    take_of_system(write, upload, SNAPSHOTS, &params, read, save).await
}

fn read(row: &mut Reader<'_>) -> SnapshotRow {
    SnapshotRow {
        taken_at: row.instant("taken_at"),
        external_sku: row.line::<100>("external_sku"),
        external_location: row.line::<100>("external_location"),
        quantity: row.quantity("quantity"),
        lot: row.optional_line::<64>("lot"),
        reserved: row.optional_quantity("reserved"),
        quarantined: row.optional_quantity("quarantined"),
        incoming: row.optional_quantity("incoming"),
    }
}
