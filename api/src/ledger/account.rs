//! The chart of accounts.

use actix_web::get;
use service::ledger::{self, Account};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, NoFilters, Page};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// List accounts
///
/// Returns one page of the chart of accounts, by code.
#[utoipa::path(
    operation_id = "accounts_list",
    security(("bearer" = ["ledger:read"])),
    responses((status = 200, description = "One page of accounts.", body = Page<Account>))
)]
#[get("/v1/accounts")]
async fn list(caller: Caller, list: List<NoFilters>) -> Answer {
    let after: Option<String> = list.after()?;
    let read = async |tx: &service::Tx| ledger::accounts(tx, after.as_deref(), list.fetch()).await;
    let accounts = list.read(&caller, read).await?;
    list.answer(accounts, |account| account.code.clone())
}
