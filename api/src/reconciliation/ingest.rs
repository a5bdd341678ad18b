//! Rows that are sent in: read, checked and written in chunks, in one transaction.

mod cell;
mod fault;
mod report;
mod table;

use domain::id::SystemId;
use domain::moment::Zone;
use domain::refusal::Code;
use serde::Deserialize;
use service::reconcile::ingest::{self, CHUNK_MAX, Copies, Taken};
use service::reconcile::system::{self, OWN, System};
use service::{Error, Tx, input};

use crate::Answer;
use crate::problem::ApiError;
use crate::upload::Upload;
use crate::write::Write;

pub(super) use cell::Reader;
pub(super) use report::{Ingest, Mode};
pub(super) use table::{Column, ROWS_MAX, Table, decimal, list, optional, required, whole};

use cell::Times;
use fault::Fault;
use table::Row;

/// Most bytes of a request, as it arrives and when it is unpacked.
pub(super) const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Parameters of rows without instants that a tenant states.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ModeParams {
    /// Treatment of the valid rows if others are invalid. If absent, the valid rows are written.
    #[param(inline)]
    mode: Option<Mode>,
}

impl ModeParams {
    pub(super) fn without_zone(self) -> TenantParams {
        TenantParams { time_zone: None, mode: self.mode }
    }
}

/// Parameters of rows that a tenant states.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantParams {
    /// IANA name of the zone of instants without an offset, and of days. If absent, days begin in the zone of your settings.
    #[param(max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Treatment of the valid rows if others are invalid. If absent, the valid rows are written.
    #[param(inline)]
    mode: Option<Mode>,
}

/// Parameters of rows that a system sends.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SenderParams {
    /// Code of the system that the rows are from.
    #[param(max_length = 64, example = "till")]
    pub(super) system: String,
    /// IANA name of the zone of instants without an offset.
    #[param(max_length = 64, example = "Europe/Berlin")]
    pub(super) time_zone: Option<String>,
    /// Treatment of the valid rows if others are invalid. If absent, the valid rows are written.
    #[param(inline)]
    pub(super) mode: Option<Mode>,
}

/// A kind of rows: the command that writes them, and their columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowKind {
    pub(super) command: &'static str,
    pub(super) columns: &'static [Column],
}

/// An input with the parameters of its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'t> {
    pub(super) table: &'t Table<'t>,
    pub(super) zone: Option<Zone>,
    pub(super) mode: Mode,
    /// Clock of the system less true time, in seconds.
    pub(super) clock_offset_seconds: i32,
}

impl<'t> Input<'t> {
    pub(super) fn new(table: &'t Table<'t>, zone: Option<Zone>, mode: Option<Mode>) -> Self {
        Input { table, zone, mode: mode.unwrap_or_default(), clock_offset_seconds: 0 }
    }

    /// Returns the input of a system, whose clock counts.
    pub(super) fn of(self, system: &System) -> Self {
        Input { clock_offset_seconds: system.clock_offset_seconds, ..self }
    }
}

/// Writes the rows that a system sends. `save` writes a chunk of them.
pub(super) async fn take_of_system<R>(
    write: Write,
    upload: Upload,
    kind: RowKind,
    params: &SenderParams,
    read: impl Fn(&mut Reader<'_>) -> R,
    save: impl AsyncFn(&Tx, SystemId, &mut Copies, &[R]) -> Result<Taken, Error>,
) -> Answer {
    let uploaded = upload.read_packed(BYTES_MAX).await?;
    let table = Table::open(&uploaded, kind.columns)?;
    let input = Input::new(&table, zone(params.time_zone.as_deref())?, params.mode);
    write
        .whole(kind.command, &uploaded.raw, async |tx| {
            let system = sender(tx, &params.system).await?;
            let mut copies = Copies::default();
            let save = async |rows: &[R]| save(tx, system.id, &mut copies, rows).await;
            take(tx, input.of(&system), CHUNK_MAX, &read, save).await
        })
        .await
}

/// Writes the rows that a tenant states, all together.
pub(super) async fn take_of_tenant<R>(
    write: Write,
    upload: Upload,
    kind: RowKind,
    params: &TenantParams,
    read: impl Fn(&mut Reader<'_>) -> R,
    save: impl AsyncFn(&Tx, &[R]) -> Result<Taken, Error>,
) -> Answer {
    let uploaded = upload.read_packed(BYTES_MAX).await?;
    let table = Table::open(&uploaded, kind.columns)?;
    let input = Input::new(&table, zone(params.time_zone.as_deref())?, params.mode);
    write
        .whole(kind.command, &uploaded.raw, async |tx| {
            ingest::lock(tx).await?;
            take(tx, input, ROWS_MAX, &read, async |rows: &[R]| save(tx, rows).await).await
        })
        .await
}

/// Returns the zone of the parameter `time_zone`.
fn zone(name: Option<&str>) -> Result<Option<Zone>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    name.trim().parse().map(Some).map_err(|_| {
        let detail = "There is no such time zone. Send a name such as Europe/Berlin.";
        ApiError::new(Code::ValidationFailed, detail).at_parameter("time_zone")
    })
}

/// Returns the system of the parameter `system`, after the lock on the inputs of the tenant.
async fn sender(tx: &Tx, code: &str) -> Result<System, Error> {
    ingest::lock(tx).await?;
    if code == OWN {
        let detail = "Your own records are compared as they are. Name the other system.";
        return Err(ApiError::new(Code::ValidationFailed, detail).at_parameter("system").into());
    }
    let system = system::of_code(tx, code).await?;
    Ok(system.ok_or_else(|| {
        let detail = "There is no system with this code. Register it with POST /v1/reconciliation/systems, or correct the code.";
        ApiError::new(Code::NotFound, detail).at_parameter("system")
    })?)
}

/// Reads rows in chunks of at most `chunk_max` and saves each chunk. `save` returns rejected rows by their place in the chunk.
pub(super) async fn take<R>(
    tx: &Tx,
    input: Input<'_>,
    chunk_max: usize,
    read: impl Fn(&mut Reader<'_>) -> R,
    mut save: impl AsyncFnMut(&[R]) -> Result<Taken, Error>,
) -> Result<Ingest, Error> {
    let times = Times {
        zone: input.zone,
        days_in: match input.zone {
            Some(zone) => zone,
            None => input::tenant_defaults(tx).await?.time_zone,
        },
        latest: ingest::latest_instant(tx, input.clock_offset_seconds),
    };
    let mut tally = report::Tally::new(input.mode, input.table.layout());
    let mut rows = input.table.rows();
    loop {
        let (mut places, mut valid) = (Vec::new(), Vec::new());
        let mut count = 0;
        // One record at a time: a record of many cells takes several times the memory of its text.
        for Row { place, cells } in rows.by_ref().take(chunk_max) {
            count += 1;
            match cells.and_then(|cells| read_row(&cells, &times, &read)) {
                Ok(row) => {
                    places.push(place);
                    valid.push(row);
                }
                Err(faults) => tally.reject(place, faults),
            }
        }
        if count == 0 {
            break;
        }
        tally.count(count);
        if valid.is_empty() {
            continue;
        }
        let taken = save(&valid).await?;
        tally.take(taken.accepted, taken.repeated);
        for (index, refusal) in taken.rejected {
            tally.refuse(places[index], refusal);
        }
    }
    if tally.is_changed() {
        ingest::note_change(tx).await?;
    }
    Ok(tally.finish()?)
}

fn read_row<R>(
    cells: &table::Cells<'_>,
    times: &Times,
    read: impl Fn(&mut Reader<'_>) -> R,
) -> Result<R, Vec<Fault>> {
    let mut reader = Reader::new(cells, times);
    let row = read(&mut reader);
    reader.finish(row)
}
