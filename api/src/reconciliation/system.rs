//! The systems of a tenant that hold the same stock.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::SystemId;
use domain::text::{Code64, Name};
use reconcile::term::{Sign, SystemKind};
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::reconcile::system::{self, System, SystemInput};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{Ingest, ModeParams, Reader, RowKind, optional, required, take_of_tenant, whole};
use crate::body::Body;
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::patch::Patch;
use crate::record::record;
use crate::upload::Upload;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update);
}

record!(System, SystemId);

const SYSTEMS: RowKind = RowKind {
    command: "reconcile_system.registered",
    columns: &[
        required("code"),
        optional("name"),
        required("kind"),
        optional("quantity_meaning"),
        whole("sync_interval_minutes"),
        whole("clock_offset_seconds"),
        optional("sign"),
    ],
};

/// Which systems to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only the system with this code.
    #[param(max_length = 64, example = "till")]
    code: Option<String>,
    sort: Option<Age>,
}

/// Systems to register.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileSystems {
    /// Systems.
    #[schema(max_items = 100000)]
    data: Vec<SystemInput>,
}

/// List systems
///
/// Returns one page of the systems that your records are compared with.
#[utoipa::path(
    operation_id = "reconciliation_systems_list",
    security(("bearer" = ["reconciliation:read"])),
    params(Filters),
    responses((status = 200, description = "One page of systems.", body = Page<System>))
)]
#[get("/v1/reconciliation/systems")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let (code, sort) = (list.filters.code.clone(), list.filters.sort);
    let read = async move |tx: &Tx, slice: &Slice| system::list(tx, code.as_deref(), slice).await;
    list.serve_documents(caller, sort, read, |system: &System| system.id.0).await
}

/// Register systems
///
/// Registers systems that hold the same stock as you, at most 50. Your own records are always the system `stockwell`. A system that
/// is there with the same values is counted as repeated. One with other values is rejected: change it with PATCH.
///
/// Send rows as JSON (`{"data":[…]}`, a list, or one object) or CSV in UTF-8, with commas, semicolons or tabs. The columns of CSV
/// have the names of the fields, in any order. At most 100,000 rows and 16 MiB a request, also unpacked from `gzip`.
#[utoipa::path(
    operation_id = "reconciliation_systems_create",
    security(("bearer" = ["reconciliation:write"])),
    params(ModeParams),
    request_body(content(
        (ReconcileSystems = "application/json"),
        (String = "text/csv", example = "code,name,kind,quantity_meaning,sign\r\nkiosk,Kiosks,pos,on_hand,absolute\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[post("/v1/reconciliation/systems")]
async fn create(write: Write, params: Params<ModeParams>, upload: Upload) -> Answer {
    take_of_tenant(write, upload, SYSTEMS, &params.without_zone(), read, system::create_all).await
}

fn read(row: &mut Reader<'_>) -> SystemInput {
    let code: Option<Code64> = row.text("code");
    if code.is_none() {
        row.refuse("code", "This is required.");
    }
    let kind = row.word("kind").unwrap_or(SystemKind::Spreadsheet);
    let usual = SystemInput::new(code.unwrap_or_default(), kind);
    let name: Option<Name> = row.text("name");
    SystemInput {
        name,
        quantity_meaning: row.optional_word("quantity_meaning").unwrap_or(usual.quantity_meaning),
        sync_interval_minutes: row
            .optional_whole("sync_interval_minutes")
            .unwrap_or(usual.sync_interval_minutes),
        clock_offset_seconds: row.optional_whole("clock_offset_seconds").unwrap_or_default(),
        sign: row.optional_word("sign").unwrap_or(Sign::Natural),
        ..usual
    }
}

/// Get a system
///
/// Returns one system.
#[utoipa::path(
    operation_id = "reconciliation_systems_get",
    security(("bearer" = ["reconciliation:read"])),
    params(("id" = SystemId, Path, description = "The system's id."), ReadHeaders),
    responses((status = 200, description = "The system.", body = System))
)]
#[get("/v1/reconciliation/systems/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<SystemId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| system::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a system
///
/// Takes a merge patch. The code can't change. Rows that the system has sent stay as they were sent: the next run reads them with
/// the new meaning, sign and clock.
#[utoipa::path(
    operation_id = "reconciliation_systems_update",
    security(("bearer" = ["reconciliation:write"])),
    params(("id" = SystemId, Path, description = "The system's id.")),
    request_body = Patch<SystemInput>,
    responses((status = 200, description = "The system as it is now.", body = System))
)]
#[patch("/v1/reconciliation/systems/{id}")]
async fn update(write: Write, id: PathId<SystemId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("reconcile_system.updated", body, async |tx, expected, change| {
            system::update(tx, id.0, expected, change).await
        })
        .await
}
