//! The lock on closed periods.

use actix_web::web::Data;
use actix_web::{get, post};
use domain::id::PeriodLockId;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::period_lock::{self, PeriodLock, PeriodLockInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(list).service(show);
}

record!(PeriodLock, id: PeriodLockId, created_at);

/// Close periods, or open them again
///
/// Moves the lock on closed periods. A document of a closed day is accepted, keeps its `occurred_at`, and is posted to
/// the ledger on the first open day. Entries that are posted already keep their day. Each move is stored with its
/// reason and its caller.
#[utoipa::path(
    operation_id = "period_locks_create",
    security(("bearer" = ["periods:lock"])),
    request_body = PeriodLockInput,
    responses((status = 201, description = "The lock as it is now.", body = PeriodLock))
)]
#[post("/v1/period-locks")]
async fn create(write: Write, body: Body<PeriodLockInput>) -> Answer {
    write.create("period_lock.moved", body, period_lock::create).await
}

/// Which moves of the lock to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    sort: Option<Age>,
}

/// List the moves of the lock
///
/// Returns one page of moves, the newest first. The newest move is in force. Without any move, every day is open.
#[utoipa::path(
    operation_id = "period_locks_list",
    security(("bearer" = ["ledger:read"])),
    params(Filters),
    responses((status = 200, description = "One page of moves of the lock.", body = Page<PeriodLock>))
)]
#[get("/v1/period-locks")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| period_lock::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |moved: &PeriodLock| moved.id.0).await
}

/// Get a move of the lock
///
/// Returns one move of the lock.
#[utoipa::path(
    operation_id = "period_locks_get",
    security(("bearer" = ["ledger:read"])),
    params(("id" = PeriodLockId, Path, description = "The id of the move."), ReadHeaders),
    responses((status = 200, description = "The move.", body = PeriodLock))
)]
#[get("/v1/period-locks/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<PeriodLockId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| period_lock::get(tx, id.0).await;
    let moved = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(moved.version, moved))
}
