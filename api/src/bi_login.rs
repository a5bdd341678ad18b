//! Database logins of BI tools. The operator grants, rotates and revokes them on the command line.

use actix_web::get;
use actix_web::web::Data;
use domain::id::BiLoginId;
use serde::Deserialize;
use service::Tx;
use service::bi_login::{self, BiLogin};
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which logins to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    sort: Option<Age>,
}

/// List BI logins
///
/// Returns one page of the tenant's database logins for BI tools, also expired and revoked ones. Passwords are not shown. The
/// operator of the installation grants, rotates and revokes logins.
#[utoipa::path(
    operation_id = "bi_logins_list",
    security(("bearer" = ["api_keys:read"])),
    params(Filters),
    responses((status = 200, description = "One page of logins.", body = Page<BiLogin>))
)]
#[get("/v1/bi-logins")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| bi_login::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |login: &BiLogin| login.id.0).await
}

/// Get a BI login
///
/// Returns one login, without its password.
#[utoipa::path(
    operation_id = "bi_logins_get",
    security(("bearer" = ["api_keys:read"])),
    params(("id" = BiLoginId, Path, description = "The login's id."), ReadHeaders),
    responses((status = 200, description = "The login.", body = BiLogin))
)]
#[get("/v1/bi-logins/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<BiLoginId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| bi_login::get(tx, id.0).await;
    let login = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(login.version, login))
}
