//! The server: it binds the address, serves the routes, and stops when no request is in progress.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret;
use service::Db;
use service::auth::{SigningKey, SigningKeyError};
use service::tx::PoolOptions;
use tokio::task::JoinHandle;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::App;
use crate::config::{Config, StoreFaults};
use crate::connection::listener::{self, Listening};
use crate::metrics::Endpoint;
use crate::middleware::Common;
use crate::openapi::{self, DescribedRoutes};
use crate::pages;
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::route_table::RouteTable;

/// Longest time for requests in progress to finish when the server stops.
const SHUTDOWN_SECONDS: u64 = 30;
/// Pause before it is checked again whether they have finished.
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// The reason why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The signing key can't be used.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// The settings of the store of files can't be used.
    #[error(transparent)]
    Store(#[from] StoreFaults),
    /// The database can't be reached.
    #[error("connecting to the database: {0}")]
    Database(#[from] service::Error),
    /// The address can't be bound.
    #[error("listening on {addr}: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Address that it listens on.
    pub addr: SocketAddr,
    /// Its state.
    pub app: Data<App>,
    /// Stops it at once. [`Running::stop`] waits for requests in progress.
    pub handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
    /// The endpoint of the metrics, if it is wanted.
    pub metrics: Option<Endpoint>,
}

impl Running {
    /// Takes no new work and stops when no request is in progress. `/readyz` fails from now on. The load balancer has
    /// `notice` to see that.
    ///
    /// The workers stop together, after the last response. A connection to the database belongs to the worker that
    /// opened it, and another worker that uses it must not lose it because that worker is idle.
    pub async fn stop(self, notice: Duration) -> io::Result<()> {
        self.app.begin_stopping();
        tokio::time::sleep(notice).await;
        self.handle.pause().await;
        self.app.live.close();
        let answered = async {
            while self.app.requests_in_flight() > 0 {
                tokio::time::sleep(DRAIN_STEP).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(SHUTDOWN_SECONDS), answered).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        self.app.close();
        self.app.request_log.finish().await;
        if let Some(metrics) = self.metrics {
            metrics.stop().await;
        }
        self.handle.stop(true).await;
        self.task.await.map_err(io::Error::other)?
    }
}

/// Starts a server of `routes`.
pub async fn serve(config: &Config, routes: &'static DescribedRoutes) -> Result<Running, ServeError> {
    let signing_key = SigningKey::load(&config.signing_key_file)?;
    let store = config.store.read()?;
    let usual = PoolOptions::default();
    let options = PoolOptions {
        connections_max: config.db_connections,
        wait_ms: config.db_wait_ms,
        write_ms: config.db_write_ms,
        reports_max: config.reports_max.unwrap_or(usual.reports_max),
        ..usual
    };
    let db = Db::connect(config.database_url.expose_secret(), &options).await?;
    let app = Data::new(App::new(db, store, signing_key, config, RouteTable::of(routes.document())));
    let listening = Listening {
        addr: config.addr,
        workers: config.workers,
        shutdown_seconds: SHUTDOWN_SECONDS,
        limits: &config.connections.fit_open_files(config.db_connections),
        trusted_proxies: &config.trusted_proxies,
    };
    let state = app.clone();
    let (server, addr) = listener::listen(&listening, move || {
        actix_web::App::new()
            .app_data(state.clone())
            .wrap(Common { app: state.clone() })
            .configure(|cfg| configure(cfg, routes))
    })
    .map_err(|source| ServeError::Bind { addr: config.addr, source })?;
    let handle = server.handle();
    let endpoint =
        |addr| Endpoint::start(addr, Some(&app)).map_err(|source| ServeError::Bind { addr, source });
    let metrics = config.metrics_addr.map(endpoint).transpose()?;
    Ok(Running { addr, app, handle, task: tokio::spawn(server), metrics })
}

/// Registers the routes in an actix `App`, and the pages that are not part of the API.
fn configure(cfg: &mut web::ServiceConfig, routes: &'static DescribedRoutes) {
    cfg.app_data(Data::new(routes));
    routes.mount(&mut ServiceConfig::new(cfg));
    cfg.service(web::redirect("/docs", "/docs/"));
    openapi::mount_explorer(cfg);
    pages::mount(cfg);
    cfg.default_service(web::to(no_route));
}

/// Returns 404 for a path without routes, and 405 for a path with routes for other methods.
async fn no_route(request: HttpRequest, app: Data<App>) -> Answer {
    let Some(allowed) = app.table.methods(request.path()) else {
        return Err(ApiError::of(ErrorCode::RouteNotFound));
    };
    if request.method() == actix_web::http::Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish());
    }
    Err(ApiError::of(ErrorCode::MethodNotAllowed).with_header(header::ALLOW, allowed))
}
