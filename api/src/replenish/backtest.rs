//! The back-test of the rule.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use domain::id::{LocationId, ProductId};
use serde::Deserialize;
use service::replenish::backtest::{self, DAYS_DEFAULT, ReplenishmentBacktest, Wanted};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::aside::aside;
use crate::body::Body;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(run);
}

/// A back-test to run.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplenishmentBacktestIn {
    /// Products to test.
    #[schema(min_items = 1, max_items = 200)]
    product_ids: Vec<ProductId>,
    /// Only this location. All warehouses and stores if absent.
    location_id: Option<LocationId>,
    /// Days that count, up to yesterday. If absent, 90.
    #[schema(minimum = 28, maximum = 180, example = 90)]
    days: Option<u16>,
}

/// Back-test the rule
///
/// Runs the rule over the last days of some products, with your settings of now, and puts it beside what really happened, beside minimum
/// and maximum of the average demand, and beside minimum and maximum that hold as much stock. On each review day a policy sees only
/// the demand that was known by then. Goods that it orders come after the lead time. There is no chance in it. Nothing is
/// written.
///
/// Each location is simulated as if it were supplied from outside. A product that came to a location within the days is left out. At most
/// 200 products, 500 products at locations and 180 days. A back-test costs as much as a report. It needs `costs:read`, because costs
/// follow from its figures.
#[utoipa::path(
    operation_id = "replenishment_backtest",
    security(("bearer" = ["stock:read", "costs:read"])),
    request_body = ReplenishmentBacktestIn,
    responses((status = 200, description = "The figures.", body = ReplenishmentBacktest))
)]
#[post("/v1/replenishment/backtest")]
async fn run(app: Data<App>, caller: Caller, body: Body<ReplenishmentBacktestIn>) -> Answer {
    let input = body.read().await?;
    app.rates.admit_report(&caller)?;
    let wanted = Wanted {
        products: input.value.product_ids.clone(),
        location: input.value.location_id,
        days: input.value.days.unwrap_or(DAYS_DEFAULT),
    };
    let (db, tenant_id) = (app.db.clone(), caller.tenant_id);
    let tested = aside(async move { backtest::run(&db, tenant_id, &wanted).await });
    let tested = tested.await?.map_err(|error| input.explain(error.into()))?;
    Ok(HttpResponse::Ok().json(tested))
}
