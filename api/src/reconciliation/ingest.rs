//! Rows that are sent in: read, checked and written in chunks, in one transaction.

mod cell;
mod fault;
mod report;
mod table;

use domain::moment::Zone;
use domain::refusal::Code;
use service::reconcile::ingest::{self, Taken};
use service::reconcile::system::{self, OWN, System};
use service::{Error, Tx, input};

use crate::problem::ApiError;

pub(super) use cell::Reader;
pub(super) use report::{Ingest, Mode};
pub(super) use table::{Column, ROWS_MAX, Table, list, optional, required, whole};

use cell::Times;
use fault::Fault;
use table::Row;

/// Most bytes of a request, as it arrives and when it is unpacked.
pub(super) const BYTES_MAX: usize = 16 * 1024 * 1024;

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

/// Returns the zone of the parameter `time_zone`.
pub(super) fn zone(name: Option<&str>) -> Result<Option<Zone>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    name.trim().parse().map(Some).map_err(|_| {
        let detail = "There is no such time zone. Send a name such as Europe/Berlin.";
        ApiError::new(Code::ValidationFailed, detail).at_parameter("time_zone")
    })
}

/// Returns the system of the parameter `system`, after the lock on the inputs of the tenant.
pub(super) async fn sender(tx: &Tx, code: &str) -> Result<System, Error> {
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
    let mut tally = report::Tally::new(input.mode, input.table.is_csv());
    let mut rows = input.table.rows();
    loop {
        let chunk: Vec<Row<'_>> = rows.by_ref().take(chunk_max).collect();
        if chunk.is_empty() {
            break;
        }
        tally.count(chunk.len());
        let (mut places, mut valid) = (Vec::with_capacity(chunk.len()), Vec::with_capacity(chunk.len()));
        for Row { place, cells } in chunk {
            match cells.and_then(|cells| read_row(&cells, &times, &read)) {
                Ok(row) => {
                    places.push(place);
                    valid.push(row);
                }
                Err(faults) => tally.reject(place, faults),
            }
        }
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
