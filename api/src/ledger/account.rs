//! The chart of accounts.

use actix_web::get;
use actix_web::web::Data;
use domain::tag;
use serde::Serialize;
use service::ledger::{self, Account};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, NoFilters, Page};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// An account of the chart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerAccount)]
struct AccountOut {
    object: tag::Account,
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    code: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    name: String,
    /// `asset`, `liability`, `equity`, `revenue` or `expense`.
    #[schema(max_length = 16, example = "revenue")]
    kind: String,
}

impl From<Account> for AccountOut {
    fn from(account: Account) -> Self {
        AccountOut { object: tag::Account, code: account.code, name: account.name, kind: account.kind }
    }
}

/// List accounts
///
/// Returns one page of the chart of accounts, by code.
#[utoipa::path(
    operation_id = "accounts_list",
    security(("bearer" = ["ledger:read"])),
    responses((status = 200, description = "One page of accounts.", body = Page<AccountOut>))
)]
#[get("/v1/accounts")]
async fn list(app: Data<App>, caller: Caller, list: List<NoFilters>) -> Answer {
    let after: Option<String> = list.after()?;
    let read = async |tx: &service::Tx| ledger::accounts(tx, after.as_deref(), list.fetch()).await;
    let accounts = app.db.read(caller.tenant_id, read).await?;
    list.answer(accounts.into_iter().map(AccountOut::from).collect(), |account| account.code.clone())
}
