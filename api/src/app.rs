//! The application: its state, its routes, and the server around it.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::{ResourceDef, ServerHandle};
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, HttpServer};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use service::Db;
use service::auth::{Auth, SigningKey, SigningKeyError};
use service::live::{Live, WAITING_MAX};
use service::posting::Poster;
use service::tx::PoolOptions;
use tokio::task::JoinHandle;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::broadcast::Broadcast;
use crate::config::Config;
use crate::list::CursorKey;
use crate::middleware::Common;
use crate::posting::Rendering;
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::stream::Streams;
use crate::{
    audit, auth, catalog, count, customer, errors, event, graphql, health, integrity, journal, ledger,
    location, lot, openapi, order, pos, pricing, register, render, report, settings, stock, stream, tax,
};

/// How long a request line with its headers may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long requests in flight may take to finish when the server stops.
const SHUTDOWN_SECONDS: u64 = 30;
/// How often it is looked whether they have.
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// What every handler can reach, as `Data<App>`.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Carries out what posts stock and ledger.
    pub poster: Poster,
    /// What changes, for those who listen.
    pub live: Live,
    /// Who listens.
    pub streams: Streams,
    /// Who calls.
    pub auth: Data<Auth>,
    /// Seals the cursors of lists.
    pub cursor_key: CursorKey,
    /// Networks of our own proxies.
    pub trusted_proxies: Vec<IpNet>,
    /// The link to the other nodes, where there is one.
    pub broadcast: Option<Broadcast>,
    stopping: AtomicBool,
    closed: AtomicBool,
    in_flight: AtomicUsize,
    table: RouteTable,
}

impl App {
    /// The state over a database; `broadcast` is linked to nothing where there is no Redis.
    pub fn new(db: Db, signing_key: SigningKey, config: &Config) -> Self {
        let cursor_key = CursorKey::new(&signing_key.derive("cursors"));
        let auth = Data::new(Auth::new(db.clone(), signing_key));
        let redis = config.redis_url.as_ref();
        let live = Live::new(db.clone(), WAITING_MAX);
        let broadcast = redis
            .map(|url| Broadcast::start(url.expose_secret().to_owned(), Data::clone(&auth), live.clone()));
        let trusted_proxies = config.trusted_proxies.clone();
        let table = RouteTable::of(openapi::document());
        let poster = Poster::new(db.clone());
        App {
            db,
            poster,
            live,
            streams: Streams::default(),
            auth,
            cursor_key,
            trusted_proxies,
            broadcast,
            stopping: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            table,
        }
    }

    /// The state that a request finds.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>, ApiError> {
        let app = request.app_data::<Data<App>>().cloned();
        app.ok_or_else(|| ApiError::internal("no application state"))
    }

    /// Whether the server is about to stop and wants no new work.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether the server answers no more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Counts a request until what it answers is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }
}

/// A request that is being answered.
pub(crate) struct InFlight(Arc<App>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Every route of the API: an area is one line here. What is asked most often comes first, because routes are tried in
/// order.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(pos::routes)
        .configure(order::routes)
        .configure(stock::routes)
        .configure(lot::routes)
        .configure(count::routes)
        .configure(journal::routes)
        .configure(auth::routes)
        .configure(catalog::routes)
        .configure(customer::routes)
        .configure(pricing::routes)
        .configure(tax::routes)
        .configure(location::routes)
        .configure(settings::routes)
        .configure(register::routes)
        .configure(ledger::routes)
        .configure(report::routes)
        .configure(graphql::routes)
        .configure(integrity::routes)
        .configure(audit::routes)
        .configure(event::routes)
        .configure(stream::routes)
        .configure(health::routes)
        .configure(errors::routes)
        .configure(openapi::routes);
}

/// Puts the whole application into an actix `App`: `actix_web::App::new().configure(…)` in tests, [`serve`] otherwise.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.app_data(openapi::access()).app_data(Data::new(Rendering(render::render)));
    routes(&mut ServiceConfig::new(cfg));
    graphql::pages(cfg);
    cfg.service(web::redirect("/docs", "/docs/"));
    cfg.service(openapi::explorer()).default_service(web::to(no_route));
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The signing key can't be used.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// The database can't be reached.
    #[error("connecting to the database: {0}")]
    Database(#[from] service::Error),
    /// The address can't be listened on.
    #[error("listening on {addr}: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
}

/// A server at work.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its state.
    pub app: Data<App>,
    /// Stops it at once; [`Running::stop`] is gentler.
    pub handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Takes no new work and ends when requests in flight have been answered. `/readyz` says so from now on; it is
    /// given `notice` to be heard by the load balancer.
    ///
    /// The workers end together, after the last answer: a connection to the database belongs to the worker that opened
    /// it, and whoever uses it then must not lose it because that worker had nothing left to do.
    pub async fn stop(self, notice: Duration) -> io::Result<()> {
        self.app.stopping.store(true, Ordering::Relaxed);
        tokio::time::sleep(notice).await;
        self.handle.pause().await;
        self.app.live.close();
        let answered = async {
            while self.app.in_flight.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(DRAIN_STEP).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(SHUTDOWN_SECONDS), answered).await.is_err() {
            tracing::warn!("some requests were not answered in time");
        }
        self.app.closed.store(true, Ordering::SeqCst);
        self.handle.stop(true).await;
        self.task.await.map_err(io::Error::other)?
    }
}

/// Starts a server.
pub async fn serve(config: &Config) -> Result<Running, ServeError> {
    let signing_key = SigningKey::load(&config.signing_key_file)?;
    let options = PoolOptions { connections_max: config.db_connections, ..PoolOptions::default() };
    let db = Db::connect(config.database_url.expose_secret(), &options).await?;
    let app = Data::new(App::new(db, signing_key, config));
    let bind = |source| ServeError::Bind { addr: config.addr, source };
    let state = app.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new().app_data(state.clone()).wrap(Common { app: state.clone() }).configure(configure)
    })
    .workers(config.workers)
    .client_request_timeout(HEAD_TIMEOUT)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .bind_auto_h2c(config.addr)
    .map_err(bind)?;
    let addr = server.addrs().first().copied().unwrap_or(config.addr);
    let server = server.run();
    let handle = server.handle();
    Ok(Running { addr, app, handle, task: tokio::spawn(server) })
}

/// 404 for a path that no route has, 405 for a path that has others.
async fn no_route(request: HttpRequest, app: Data<App>) -> Answer {
    let Some(allowed) = app.table.methods(request.path()) else {
        return Err(ApiError::of(ErrorCode::RouteNotFound));
    };
    if request.method() == actix_web::http::Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish());
    }
    Err(ApiError::of(ErrorCode::MethodNotAllowed).with_header(header::ALLOW, allowed))
}

/// Which path takes which methods, by the API's own description.
#[derive(Debug)]
struct RouteTable(Vec<(ResourceDef, String)>);

impl RouteTable {
    fn of(document: &serde_json::Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        RouteTable(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item))).collect())
    }

    /// The methods of a path, as `Allow` wants them.
    fn methods(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.as_str())
    }
}

fn allow(item: &serde_json::Value) -> String {
    let known = ["get", "post", "put", "patch", "delete"];
    let mut methods: BTreeSet<String> = known
        .iter()
        .filter(|method| item.get(**method).is_some())
        .map(|method| method.to_uppercase())
        .collect();
    if methods.contains("GET") {
        methods.insert("HEAD".to_owned());
    }
    methods.insert("OPTIONS".to_owned());
    methods.into_iter().collect::<Vec<_>>().join(", ")
}
