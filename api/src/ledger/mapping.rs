//! The mapping of accounts.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use domain::id::{CategoryId, LocationId};
use domain::ledger::mapping::{Case, EntryPurpose};
use domain::number::Percent;
use domain::tenant::Channel;
use serde::Deserialize;
use service::ledger::mapping::{self, AccountMapping, AccountMappingInput, ResolvedAccount};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::params::Params;
use crate::problem::ErrorCode;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{Stated, Write};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(set).service(resolve);
}

/// Get the mapping of accounts
///
/// Returns the rules that give postings other accounts than those of the default chart. Without rules, `version` is 0.
#[utoipa::path(
    operation_id = "account_mapping_get",
    security(("bearer" = ["ledger:read"])),
    params(ReadHeaders),
    responses((status = 200, description = "The mapping.", body = AccountMapping))
)]
#[get("/v1/account-mapping")]
async fn show(app: Data<App>, caller: Caller, seen: IfNoneMatch) -> Answer {
    let stated = app.db.read(caller.tenant_id, async |tx| mapping::get(tx).await).await?;
    Ok(seen.answer(stated.version, stated))
}

/// Replace the mapping of accounts
///
/// Replaces all rules: at most 500. If several rules apply to a posting, the rule with the most conditions wins. If
/// these are equal in number, a category wins over a location, a location over a tax rate, and a tax rate over a channel. A category
/// includes the categories below it, and the nearest one wins. Inventory, receivables, payables, tenders and taxes are not mapped: a
/// tax has an account of its own.
///
/// The account must be in the chart and of the kind of the purpose. An account for revenue, returns, discount or cost of goods is kept for
/// that purpose: it must have no entries, and no record may name it, also after the rule is gone. The rules hold from the next posting on,
/// in other servers within 5 seconds. Entries that were posted stay as they are.
#[utoipa::path(
    operation_id = "account_mapping_put",
    security(("bearer" = ["ledger:write"])),
    request_body = AccountMappingInput,
    responses((status = 200, description = "The mapping.", body = AccountMapping))
)]
#[put("/v1/account-mapping")]
async fn set(write: Write, body: Body<AccountMappingInput>) -> Answer {
    write
        .changing_setup()
        .put("account_mapping.stated", body, async |tx, expected, input| {
            let record = mapping::set(tx, expected, input).await?;
            Ok(Stated { id: Some(tx.tenant_id.0), also_changed: Vec::new(), version: record.version, record })
        })
        .await
}

/// Facts of a posting.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PostingParams {
    /// Part of the document that is posted.
    #[param(example = "cash_rounding")]
    purpose: EntryPurpose,
    /// Channel of the sale. Required for revenue, returns, discount and cost of goods.
    #[param(example = "retail")]
    channel: Option<Channel>,
    /// Location.
    location_id: Option<LocationId>,
    /// Category of the product.
    category_id: Option<CategoryId>,
    /// Tax rate of the line in percent of the net.
    #[param(example = "20")]
    tax_rate: Option<Percent>,
}

/// Get the account of a posting
///
/// Returns the account that a posting would get now, and which rule gives it. Nothing is posted. An unknown location or category is rejected
/// (404).
#[utoipa::path(
    operation_id = "account_mapping_resolve",
    security(("bearer" = ["ledger:read"])),
    params(PostingParams),
    responses((status = 200, description = "The account.", body = ResolvedAccount))
)]
#[get("/v1/account-mapping/resolve")]
async fn resolve(app: Data<App>, caller: Caller, posting: Params<PostingParams>) -> Answer {
    let Params(PostingParams { purpose, channel, location_id, category_id, tax_rate }) = posting;
    if purpose.is_of_sales() && channel.is_none() {
        let detail = "The account of a sale depends on its channel: send wholesale or retail.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("channel"));
    }
    let posted = Case { purpose, channel, location_id, category_id, tax_rate };
    let found = app.db.read(caller.tenant_id, async |tx| mapping::resolve(tx, &posted).await).await;
    Ok(HttpResponse::Ok().json(found.map_err(|error| ApiError::from(error).in_query())?))
}
