//! Exceptions of forced sales.

use actix_web::web::Data;
use actix_web::{get, post};
use domain::id::{RegisterId, SaleExceptionId, SaleId, SessionId};
use domain::moment::Instant;
use domain::pos::ExceptionReason;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::pos::exception::{self, Exception, ExceptionStatus, Filter, Resolution};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show).service(resolve);
}

/// Which exceptions to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only open or only resolved ones. Both if absent.
    status: Option<ExceptionStatus>,
    /// Only this reason.
    reason: Option<ExceptionReason>,
    /// Only this till.
    register_id: Option<RegisterId>,
    /// Only this session.
    session_id: Option<SessionId>,
    /// Only this sale.
    sale_id: Option<SaleId>,
    /// Only of sales that happened at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Only of sales that happened before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List exceptions of sales
///
/// Returns one page of what forced sales have and our rules would not have: a price, a tax or a total that differs, a product
/// that is archived, a customer who is blocked, a session that was closed, and so on. The sales are posted as their receipts
/// say. A manager looks at each exception, corrects what is wrong, and resolves it.
#[utoipa::path(
    operation_id = "sale_exceptions_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of exceptions.", body = Page<Exception>))
)]
#[get("/v1/pos/exceptions")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let Filters { status, reason, register_id, session_id, sale_id, occurred_from, occurred_to, sort } =
        &list.filters;
    let filter = Filter {
        status: *status,
        reason: *reason,
        register_id: *register_id,
        session_id: *session_id,
        sale_id: *sale_id,
        occurred: Period::new(*occurred_from, *occurred_to),
    };
    let sort = *sort;
    let read = async move |tx: &Tx, slice: &Slice| exception::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |row: &Exception| row.id.0).await
}

/// Get an exception of a sale
///
/// Returns one exception.
#[utoipa::path(
    operation_id = "sale_exceptions_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = SaleExceptionId, Path, description = "The exception."), ReadHeaders),
    responses((status = 200, description = "The exception.", body = Exception))
)]
#[get("/v1/pos/exceptions/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<SaleExceptionId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| exception::get(tx, id.0).await;
    let exception = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(exception.version, exception))
}

/// Resolve an exception of a sale
///
/// Notes what was done about it. The sale stays as it is. A refund, a price, or a journal entry on an account that is no control
/// account corrects what is wrong. A voucher that is not issued yet is issued with its code (`POST /v1/vouchers`); of one that paid
/// too much, a refund into the voucher gives the difference back. An exception is resolved once (`invalid_state_transition`).
#[utoipa::path(
    operation_id = "sale_exceptions_resolve",
    security(("bearer" = ["pos:manage"])),
    params(("id" = SaleExceptionId, Path, description = "The exception.")),
    request_body = Resolution,
    responses((status = 200, description = "The exception as it is now.", body = Exception))
)]
#[post("/v1/pos/exceptions/{id}/resolve")]
async fn resolve(write: Write, id: PathId<SaleExceptionId>, body: Body<Resolution>) -> Answer {
    let caller = write.caller();
    let work = async |tx: &Tx, input: &Resolution| {
        Ok((Some(id.0.0), exception::resolve(tx, (id.0, &caller.limits), input).await?))
    };
    write.step("sale_exception.resolved", body, work).await
}
