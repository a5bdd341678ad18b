//! Till sessions: open with a float, move cash, close by a count.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use domain::id::{RegisterId, SessionId};
use domain::moment::Instant;
use domain::number::Money;
use domain::pos::{self, CashMove, CashMoveKind, Session};
use domain::refusal::Problems;
use domain::text::Filled200;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::pos::SessionFilter;
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(open).service(close).service(move_cash).service(list).service(show).service(list_cash_moves);
}

/// A session to open.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionIn {
    /// The till.
    register_id: RegisterId,
    /// Cash counted in the drawer. If absent, the cash that the last session left. A difference is posted.
    opening_float: Option<Money>,
}

/// The count that closes a session.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseIn {
    /// The till of the session. May be absent, because the path names the session.
    register_id: Option<RegisterId>,
    /// Cash counted in the drawer. The over/short is posted.
    counted: Money,
}

/// Cash to pay in, pay out or bank.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CashMoveIn {
    /// The till.
    register_id: RegisterId,
    /// `paid_in`, `paid_out` or `banked`.
    kind: CashMoveKind,
    /// Amount, above zero.
    amount: Money,
    /// Reason of the move.
    reason: Filled200,
}

/// Open a till session
///
/// Opens a session with a float. Without `opening_float`, it is the cash that the till's last session left. A float
/// that differs from that is posted against the bank.
#[utoipa::path(
    operation_id = "pos_sessions_open",
    security(("bearer" = ["pos:write"])),
    params(PostHeaders),
    request_body = SessionIn,
    responses((status = 201, description = "The open session.", body = Session))
)]
#[post("/v1/pos/sessions")]
async fn open(post: Post) -> Answer {
    let command = |SessionIn { register_id, opening_float }, _: &Caller| {
        Ok(Command::OpenSession(pos::OpenSession { register_id, opening_float }))
    };
    post.create::<SessionId, _, _>("/v1/pos/sessions", command).await
}

/// Close a till session
///
/// Closes a session by a count of the drawer. The over/short is posted. The cash stays for the next session.
#[utoipa::path(
    operation_id = "pos_sessions_close",
    security(("bearer" = ["pos:write"])),
    params(("id" = SessionId, Path, description = "The session."), PostHeaders),
    request_body = CloseIn,
    responses((status = 200, description = "The closed session.", body = Session))
)]
#[post("/v1/pos/sessions/{id}/close")]
async fn close(post: Post, id: PathId<SessionId>) -> Answer {
    let (CloseIn { register_id, counted }, posting) = post.read().await?;
    let session_id = id.0;
    let register_id = match register_id {
        Some(register_id) => register_id,
        None => {
            let read = async |tx: &Tx| service::pos::session(tx, session_id).await;
            posting.app.db.read(posting.caller.tenant_id, read).await?.register_id
        }
    };
    posting.change(Command::CloseSession(pos::CloseSession { register_id, session_id, counted })).await
}

/// Move cash
///
/// Puts cash into a till's drawer or takes it out, with a reason. The other side of the entry is the bank.
#[utoipa::path(
    operation_id = "pos_cash_moves_create",
    security(("bearer" = ["pos:write"])),
    params(PostHeaders),
    request_body = CashMoveIn,
    responses((status = 201, description = "The cash move.", body = CashMove))
)]
#[post("/v1/pos/cash-moves")]
async fn move_cash(post: Post) -> Answer {
    post.send(to_command).await
}

fn to_command(input: CashMoveIn, _: &Caller) -> Result<Stated, ApiError> {
    let CashMoveIn { register_id, kind, amount, reason } = input;
    let mut problems = Problems::default();
    let reason = reason.checked(&mut problems, "/reason");
    let command = Command::MoveCash(pos::MoveCash { register_id, kind, amount, reason });
    Ok(Stated { command, wrong: problems })
}

/// Which sessions to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this till.
    register_id: Option<RegisterId>,
    /// `true`: only open ones. `false`: only closed ones.
    #[param(example = true)]
    open: Option<bool>,
    /// Opened at this instant or later.
    #[serde(rename = "opened_at[gte]")]
    opened_from: Option<Instant>,
    /// Opened before this instant.
    #[serde(rename = "opened_at[lt]")]
    opened_to: Option<Instant>,
    sort: Option<Age>,
}

/// List till sessions
///
/// Returns one page of sessions.
#[utoipa::path(
    operation_id = "pos_sessions_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of sessions.", body = Page<Session>))
)]
#[get("/v1/pos/sessions")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let opened = Period::new(filters.opened_from, filters.opened_to);
    let filter = SessionFilter { register_id: filters.register_id, open: filters.open, opened };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| service::pos::sessions(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |session: &Session| session.id.0).await
}

/// Get a till session
///
/// Returns the session. A closed session has its count and its over/short.
#[utoipa::path(
    operation_id = "pos_sessions_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = SessionId, Path, description = "The session's id.")),
    responses((status = 200, description = "The session.", body = Session))
)]
#[get("/v1/pos/sessions/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<SessionId>) -> Answer {
    let read = async |tx: &Tx| service::pos::session(tx, id.0).await;
    let session = app.db.read(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(session))
}

/// Which cash moves to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CashMoveFilters {
    /// Only this session.
    session_id: Option<SessionId>,
    sort: Option<Age>,
}

/// List cash moves
///
/// Returns one page of cash moves.
#[utoipa::path(
    operation_id = "pos_cash_moves_list",
    security(("bearer" = ["pos:read"])),
    params(CashMoveFilters),
    responses((status = 200, description = "One page of cash moves.", body = Page<CashMove>))
)]
#[get("/v1/pos/cash-moves")]
async fn list_cash_moves(caller: Caller, moves: List<CashMoveFilters>) -> Answer {
    let CashMoveFilters { session_id, sort } = moves.filters;
    let read = async move |tx: &Tx, slice: &Slice| service::pos::cash_moves(tx, session_id, slice).await;
    moves.serve_documents(caller, sort, read, |change: &CashMove| change.id.0).await
}
