//! The application's state. It knows no handler: the routes are in [`routes`](crate::routes), the server around them in
//! [`server`](crate::server).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::HttpRequest;
use actix_web::web::Data;
use ipnet::IpNet;
use secrecy::ExposeSecret;
use service::Db;
use service::auth::{Auth, SigningKey};
use service::live::{Live, WAITING_MAX};
use service::posting::Poster;

use crate::broadcast::Broadcast;
use crate::config::Config;
use crate::cursor::CursorKey;
use crate::problem::ApiError;
use crate::route_table::RouteTable;
use crate::stream::seat::Streams;

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
    pub(crate) table: RouteTable,
}

impl App {
    /// The state over a database; `broadcast` is linked to nothing where there is no Redis.
    pub(crate) fn new(db: Db, signing_key: SigningKey, config: &Config, table: RouteTable) -> Self {
        let cursor_key = CursorKey::new(&signing_key.derive("cursors"));
        let auth = Data::new(Auth::new(db.clone(), signing_key));
        let redis = config.redis_url.as_ref();
        let live = Live::new(db.clone(), WAITING_MAX);
        let broadcast = redis
            .map(|url| Broadcast::start(url.expose_secret().to_owned(), Data::clone(&auth), live.clone()));
        let trusted_proxies = config.trusted_proxies.clone();
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

    /// Says from now on that the server is about to stop.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server answers no more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// From now on, requests are refused.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// How many requests are being answered.
    pub(crate) fn requests_in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
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
