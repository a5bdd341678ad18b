//! The sessions of the user who calls: list them, end one, end all others.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get};
use domain::id::UserSessionId;
use domain::tag;
use serde::Serialize;
use service::Tx;
use service::auth::own_session::{self, UserSession};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::OnlyPage;
use crate::params::PathId;
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(end).service(end_others);
}

/// Sessions of the user.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct UserSessionList {
    object: tag::List,
    /// The sessions, the one that was used last first: at most 100.
    #[schema(max_items = 100)]
    data: Vec<UserSession>,
    /// The only page.
    page: OnlyPage,
}

/// List your sessions
///
/// Returns the logins of the user that go on, at most the 100 that were used last. A login ends 30 days after its last refresh. A key
/// has no sessions.
#[utoipa::path(
    operation_id = "me_sessions_list",
    security(("bearer" = [])),
    responses((status = 200, description = "The sessions.", body = UserSessionList))
)]
#[get("/v1/me/sessions")]
async fn list(app: Data<App>, caller: Caller) -> Answer {
    let data = app.db.read(caller.tenant_id, async |tx: &Tx| own_session::list(tx, &caller).await).await?;
    Ok(HttpResponse::Ok().json(UserSessionList { object: tag::List, data, page: OnlyPage::of(100) }))
}

/// End a session
///
/// Ends one of your logins: its refresh token and its access tokens stop working at once. Without Redis, another server may accept an
/// access token for 5 seconds more. You may end the session that you call from.
#[utoipa::path(
    operation_id = "me_sessions_end",
    security(("bearer" = [])),
    params(("id" = UserSessionId, Path, description = "The session's id.")),
    responses((status = 204, description = "The session has ended."))
)]
#[delete("/v1/me/sessions/{id}")]
async fn end(write: Write, id: PathId<UserSessionId>) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let ended = async |tx: &Tx, _| {
        own_session::end(tx, &caller, id.0).await?;
        changed_powers.note(true);
        Ok(())
    };
    write.delete("user.session_ended", Some(caller.actor_id), ended).await
}

/// End all other sessions
///
/// Ends all your logins but the one that you call from, as `DELETE /v1/me/sessions/{id}` does. Rejected for a key (409), and for an
/// access token that an earlier version issued: refresh it first.
#[utoipa::path(
    operation_id = "me_sessions_end_others",
    security(("bearer" = [])),
    responses((status = 204, description = "The other sessions have ended."))
)]
#[delete("/v1/me/sessions")]
async fn end_others(write: Write) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let ended = async |tx: &Tx, _| {
        own_session::end_others(tx, &caller).await?;
        changed_powers.note(true);
        Ok(())
    };
    write.delete("user.sessions_ended", Some(caller.actor_id), ended).await
}
