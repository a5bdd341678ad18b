//! Liveness and readiness of the server.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::App;
use crate::params::Params;
use crate::problem::Answer;

/// Longest time that the database may take to respond.
const PATIENCE: Duration = Duration::from_millis(900);

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(livez).service(readyz);
}

/// Health status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// All is well.
    Pass,
    /// It works, but an optional part is missing.
    Degraded,
    /// It does not work.
    Fail,
}

/// The health of the server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Health {
    /// Status of the server: the worst of its checks.
    #[schema(example = "pass")]
    status: Status,
    /// The version of the server.
    #[schema(max_length = 32, example = "0.1.0")]
    version: &'static str,
    /// Results of the checks. Only with `verbose`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(max_items = 10)]
    checks: Vec<Check>,
}

/// Result of one check.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Check {
    /// Name of the check.
    #[schema(max_length = 32, example = "database")]
    name: &'static str,
    /// Status of the check.
    #[schema(example = "pass")]
    status: Status,
    /// Details of the status.
    #[schema(max_length = 200, example = "schema 0008_ledger")]
    detail: String,
}

/// Parameters of a health check.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HealthParams {
    /// Lists each check, unless the value is `false`.
    #[param(allow_reserved = false, required = false, value_type = String, max_length = 5, example = "true")]
    verbose: Option<String>,
}

#[utoipa::path(
    operation_id = "health_live",
    summary = "Check that the process is alive",
    description = "Checks nothing but the process itself. Restart it when this fails.",
    security(()),
    responses((status = 200, description = "It is alive.", body = Health))
)]
#[get("/livez")]
async fn livez() -> Answer {
    Ok(HttpResponse::Ok().json(health(Vec::new(), false)))
}

#[utoipa::path(
    operation_id = "health_ready",
    summary = "Check that the server is ready",
    description = "Checks, at most once a second, that the database responds and has the schema of this version. A missing \
                   Redis is reported, but does not fail the check. A server that is about to stop is not ready.",
    security(()),
    params(HealthParams),
    responses(
        (status = 200, description = "It is ready.", body = Health),
        (status = 503, description = "It is not ready.", body = Health)
    )
)]
#[get("/readyz")]
async fn readyz(app: Data<App>, params: Params<HealthParams>) -> Answer {
    let verbose = params.verbose.as_deref().is_some_and(|wish| wish != "false");
    let health = health(vec![database(&app).await, redis(&app), server(&app)], verbose);
    Ok(match health.status {
        Status::Fail => HttpResponse::ServiceUnavailable().json(health),
        Status::Pass | Status::Degraded => HttpResponse::Ok().json(health),
    })
}

fn health(checks: Vec<Check>, verbose: bool) -> Health {
    let status = checks.iter().map(|check| check.status).max().unwrap_or(Status::Pass);
    let checks = if verbose { checks } else { Vec::new() };
    Health { status, version: env!("CARGO_PKG_VERSION"), checks }
}

async fn database(app: &App) -> Check {
    let expected = migration::STEPS.last().map_or("", |step| step.name);
    let Ok(step) = app.schema_step.get(async |_| Ok::<_, Infallible>(schema_step(app).await)).await;
    let (status, detail) = match step {
        Ok(step) if step == expected => (Status::Pass, format!("schema {step}")),
        // The next version has migrated the schema. This one serves until it is replaced.
        Ok(step) if step.as_str() > expected => {
            (Status::Pass, format!("schema {step}, newer than {expected}"))
        }
        Ok(step) => (Status::Fail, format!("schema {step}, expected {expected}")),
        Err(reason) => (Status::Fail, reason.to_owned()),
    };
    Check { name: "database", status, detail }
}

async fn schema_step(app: &App) -> Result<String, &'static str> {
    let step =
        tokio::time::timeout(PATIENCE, app.db.schema_step()).await.map_err(|_| "no response in time")?;
    step.map_err(|error| {
        tracing::warn!(%error, "the database does not respond");
        "no response"
    })
}

fn redis(app: &App) -> Check {
    let (status, detail) = match app.broadcast.as_ref().map(|broadcast| broadcast.is_connected()) {
        None => (Status::Pass, "not configured"),
        Some(true) => (Status::Pass, "connected"),
        Some(false) => {
            (Status::Degraded, "not connected: revoked keys reach other nodes within seconds, not at once")
        }
    };
    Check { name: "redis", status, detail: detail.to_owned() }
}

fn server(app: &App) -> Check {
    let (status, detail) =
        if app.is_stopping() { (Status::Fail, "stopping") } else { (Status::Pass, "serving") };
    Check { name: "server", status, detail: detail.to_owned() }
}
