//! State of the application. It knows no handler: the routes are in [`routes`](crate::routes), the server around them
//! in [`server`](crate::server).

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use actix_web::web::{Bytes, Data};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use service::Db;
use service::auth::{Auth, SigningKey};
use service::live::{Live, WAITING_MAX};
use service::outbound::Reach;
use service::posting::Poster;
use service::recent::Recent;
use service::request_log::RequestLog;
use service::store::Store;
use service::synced::Synced;
use service::webhook::Settings;
use service::webhook::secret::Vault;

use crate::broadcast::Broadcast;
use crate::config::{Config, LoggedRequests};
use crate::credential;
use crate::currency::Currencies;
use crate::cursor::CursorKey;
use crate::problem::ApiError;
use crate::rate::{Own, Patience, Rates, Share, Strangers};
use crate::route_table::RouteTable;
use crate::stream::seat::Streams;
use crate::stream::ticket::Tickets;

/// State of the server, which every handler reaches as `Data<App>`.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Carries out commands that post stock and ledger.
    pub poster: Poster,
    /// Wakes the streams of a tenant.
    pub live: Live,
    /// Open streams and their limits.
    pub streams: Streams,
    /// Tickets for streams.
    pub tickets: Tickets,
    /// Authenticates callers.
    pub auth: Data<Auth>,
    /// Decimals of the tenants' currencies.
    pub(crate) currencies: Currencies,
    /// The newest step of the schema, or why it is not known.
    pub(crate) schema_step: Recent<Result<String, &'static str>>,
    /// Until when lists are complete.
    pub(crate) synced: Synced,
    /// The log of requests, which tenants read.
    pub(crate) request_log: RequestLog,
    /// The requests that it keeps.
    pub(crate) logged_requests: LoggedRequests,
    /// Secrets of webhooks, and the addresses that they may reach.
    pub(crate) webhooks: Settings,
    /// Seals the secrets of providers of card terminals.
    pub(crate) payment_providers: service::auth::Vault,
    /// Wrongly signed messages of providers of card terminals.
    pub(crate) payment_senders: service::payment_provider::Senders,
    /// Seals the cursors of lists.
    pub cursor_key: CursorKey,
    /// Rate limits of callers and tenants.
    pub rates: Rates,
    /// Callers who were told to wait.
    pub(crate) patience: Patience,
    /// Limits of bodies without a credential.
    pub strangers: Strangers,
    /// Most connections of one address.
    pub connections_per_address: u32,
    _share: Share,
    _own_rates: Own,
    /// Longest pause of a request's body.
    pub body_timeout: Duration,
    /// Value of `Strict-Transport-Security`, if it is sent.
    pub hsts: Option<HeaderValue>,
    /// Networks of our own proxies.
    pub trusted_proxies: Vec<IpNet>,
    /// Folder that the files of the pages are read from, in place of those built in.
    pub(crate) web_folder: Option<PathBuf>,
    /// Store of the contents of files. Absent: they are in the database.
    pub store: Option<Store>,
    /// Link to the other nodes through Redis. Absent without Redis.
    pub broadcast: Option<Broadcast>,
    document: OnceLock<Bytes>,
    stopping: AtomicBool,
    closed: AtomicBool,
    in_flight: AtomicUsize,
    pub(crate) table: RouteTable,
}

impl App {
    /// Creates the state over a database. Without a Redis URL there is no `broadcast`.
    pub(crate) fn new(
        db: Db,
        store: Option<Store>,
        signing_key: SigningKey,
        config: &Config,
        table: RouteTable,
    ) -> Self {
        let cursor_key = CursorKey::new(&signing_key.derive("cursors"));
        let reach = Reach::with(config.webhook_networks.clone());
        let webhooks = Settings { vault: Vault::new(&signing_key), reach: reach.clone() };
        let payment_providers = service::auth::Vault::new(&signing_key, "secrets of payment providers");
        let auth = Data::new(Auth::new(db.clone(), signing_key, config.rates.of_attempts(), reach));
        let redis = config.redis_url.as_ref();
        let live = Live::new(db.clone(), WAITING_MAX);
        let broadcast = redis
            .map(|url| Broadcast::start(url.expose_secret().to_owned(), Data::clone(&auth), live.clone()));
        let rates = Rates::new(&config.rates);
        let share = Share::start(&rates, config.redis_url.clone());
        let own_rates = Own::start(&rates, &db);
        let trusted_proxies = config.trusted_proxies.clone();
        let hsts = (config.hsts_seconds > 0).then(|| format!("max-age={}", config.hsts_seconds));
        let poster = Poster::new(db.clone());
        let request_log = RequestLog::start(&db);
        App {
            db,
            poster,
            live,
            streams: Streams::new(config.streams_max as usize),
            tickets: Tickets::new(config.redis_url.clone()),
            auth,
            currencies: Currencies::default(),
            schema_step: Recent::default(),
            synced: Synced::default(),
            request_log,
            logged_requests: config.logged_requests,
            webhooks,
            payment_providers,
            payment_senders: service::payment_provider::Senders::default(),
            cursor_key,
            rates,
            patience: Patience::default(),
            strangers: Strangers::new(config.rates.rate_unreadable),
            connections_per_address: config.connections.connections_per_address,
            _share: share,
            _own_rates: own_rates,
            body_timeout: config.connections.body_timeout(),
            hsts: hsts.and_then(|value| HeaderValue::try_from(value).ok()),
            trusted_proxies,
            web_folder: config.web_folder.clone(),
            store,
            broadcast,
            document: OnceLock::new(),
            stopping: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            table,
        }
    }

    /// Returns the state of the server that received a request.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>, ApiError> {
        let app = request.app_data::<Data<App>>().cloned();
        app.ok_or_else(|| ApiError::internal("no application state"))
    }

    /// Returns the address that a request comes from.
    pub fn address_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        credential::address(request.peer_addr(), request.headers(), &self.trusted_proxies)
    }

    /// Serves this document as the description of the API, in place of the one without records of a tenant. Only the first
    /// one counts.
    pub fn show_document(&self, document: Bytes) {
        let _ = self.document.set(document);
    }

    /// Returns the document of [`show_document`](App::show_document).
    pub(crate) fn document(&self) -> Option<&Bytes> {
        self.document.get()
    }

    /// Whether the server is about to stop and takes no new work.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Marks the server as about to stop.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server no longer serves requests.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Rejects requests from now on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Returns the number of requests in progress.
    pub(crate) fn requests_in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Counts a request as in progress until the returned value is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }
}

/// A request in progress.
pub(crate) struct InFlight(Arc<App>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
