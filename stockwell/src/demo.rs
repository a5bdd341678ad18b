//! `stockwell demo`: starts a service on private servers, with a year of real trade.

#![expect(clippy::print_stdout, reason = "a program that talks to a person")]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use api::config::{Config, LoggedRequests, StoreArgs};
use api::connection::ConnectionLimits;
use api::rate::RateLimits;
use api::server::{Running, ServeError};
use clap::Args;
use domain::tenant::TaxRounding;
use ipnet::IpNet;
use local::{LocalError, Postgres, PostgresOptions, Redis};
use secrecy::SecretString;
use serde_json::{Value, json};
use service::Db;
use service::auth::{KeyMode, SigningKey};
use service::tenant::{self, TenantCreate};
use service::tx::PoolOptions;

use self::begun::{Begun, Dates};
use self::examples::Names;
use crate::import::ClientError;
use crate::import::client::Client;
use crate::signal;
use crate::webhook::WebhookConfig;
use crate::worker::{Worker, WorkerConfig};

mod begun;
pub mod examples;
mod shadow;
mod story;

/// The small part of the data set that comes with the project.
const SMALL_CUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/online_retail_cut.csv");
/// The path of the whole data set, if it is there.
const WHOLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/online_retail.csv.zst");
/// The demo's database.
const DATABASE: &str = "stockwell_demo";
/// The tenant of the imported trade, a second one to show that they can't see each other, and one in shadow mode.
const TENANTS: [NewTenant; 3] = [
    NewTenant { slug: "gifts", name: "Gift Seller Demo", ..NewTenant::BRITISH },
    NewTenant { slug: "neighbour", name: "Neighbour Demo", ..NewTenant::BRITISH },
    NewTenant {
        slug: "harbour",
        name: "Four Systems Demo",
        currency: "EUR",
        country: "DE",
        time_zone: "Europe/Berlin",
    },
];

/// A tenant of the demo.
struct NewTenant {
    slug: &'static str,
    name: &'static str,
    currency: &'static str,
    country: &'static str,
    time_zone: &'static str,
}

impl NewTenant {
    const BRITISH: NewTenant =
        NewTenant { slug: "", name: "", currency: "GBP", country: "GB", time_zone: "Europe/London" };
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The port of the API; 0 takes a free one. If the port is taken, a free one is used.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The folder of all data of the demo.
    #[arg(long, default_value = ".stockwell")]
    data_dir: PathBuf,
    /// The data set: online_retail.csv.zst or .csv.
    #[arg(long)]
    dataset: Option<PathBuf>,
    /// Delete the data of the last run first.
    #[arg(long)]
    reset: bool,
    /// Import nothing.
    #[arg(long)]
    no_import: bool,
    /// Read the files of the pages from this folder, for work on them.
    #[arg(long)]
    web_folder: Option<PathBuf>,
    /// Dates of the imported trade: `recent`, the default, moves them by whole weeks, so that the last trade is less than 8 days
    /// ago; `original` leaves them in 2010 and 2011. An import that was interrupted goes on with its dates.
    #[arg(long, value_enum)]
    dates: Option<Dates>,
}

/// The demo did not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A private server did not start.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The operating system returned an error.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// The schema could not be created.
    #[error(transparent)]
    Migration(#[from] migration::Error),
    /// The server did not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A tenant could not be created.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The signing key could not be created.
    #[error(transparent)]
    SigningKey(#[from] service::auth::SigningKeyError),
    /// The API returned an error.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An import was interrupted, and can't go on with other settings.
    #[error("an import was interrupted, and goes on with {0}. Use --reset to start over")]
    OtherSettings(String),
    /// The import failed. Its own output says why.
    #[error("the import ended with {0}")]
    Import(std::process::ExitStatus),
}

/// Starts everything, imports the data set unless it is there, prints the example requests, and serves until a signal
/// ends it.
pub async fn run(args: &DemoArgs) -> Result<(), DemoError> {
    let folder = &args.data_dir;
    let dataset = if args.no_import { None } else { dataset(args)? };
    if args.reset {
        Postgres::erase(folder.join("postgres")).await?;
        remove(&folder.join("demo.json"))?;
        remove(&folder.join("examples.json"))?;
    }
    let known = Known::load(folder);
    if let (Some(file), Some(begun)) = (&dataset, known.interrupted())
        && let Some(difference) = begun.differs(file, args.dates)
    {
        return Err(DemoError::OtherSettings(difference));
    }
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    println!("Starting a private PostgreSQL in {} …", folder.join("postgres").display());
    let postgres = Postgres::start(PostgresOptions::durable(folder.join("postgres"))).await?;
    let redis = Redis::start().await?;
    let outcome = serve(args, (dataset, known), (&postgres, redis.as_ref())).await;
    postgres.stop().await;
    outcome
}

async fn serve(
    args: &DemoArgs,
    (dataset, known): (Option<PathBuf>, Known),
    (postgres, redis): (&Postgres, Option<&Redis>),
) -> Result<(), DemoError> {
    let folder = &args.data_dir;
    migrate(postgres).await?;
    let database_url = postgres.url("stockwell_app", DATABASE);
    let tenants = tenants(&known, &database_url).await?;
    let mut demo = json!({
        "base_url": Value::Null,
        "database_url": postgres.url("postgres", DATABASE),
        "tenants": tenants,
        "imported": known.0["imported"],
        "begun": known.0["begun"],
        "reconciled": known.0["reconciled"],
    });
    // Write it now: the keys are stored nowhere else.
    write(&folder.join("demo.json"), &format!("{demo:#}\n"))?;
    let config = config(args, postgres, redis, folder)?;
    let worker = Worker::start(&WorkerConfig {
        relay_database_url: SecretString::from(postgres.url("stockwell_relay", DATABASE)),
        database_url: Some(SecretString::from(postgres.url("stockwell_app", DATABASE))),
        metrics_addr: None,
        redis_url: config.redis_url.clone(),
        store: StoreArgs::default(),
        webhooks: WebhookConfig {
            signing_key_file: Some(config.signing_key_file.clone()),
            webhook_networks: config.webhook_networks.clone(),
            ..WebhookConfig::default()
        },
    })
    .await?;
    let running = start(config).await?;
    let base_url = format!("http://{}", running.addr);
    demo["base_url"] = json!(base_url);
    write(&folder.join("demo.json"), &format!("{demo:#}\n"))?;
    let key_of = |place: usize| demo["tenants"][place]["admin_key"].as_str().unwrap_or_default().to_owned();
    let (key, shadow_key) = (key_of(0), key_of(2));
    match (dataset, demo["imported"].as_str()) {
        (Some(_), Some(before)) => {
            println!("{before} was imported before, with its dates of then. Use --reset to start over.");
        }
        (Some(file), None) => {
            let begun = match known.interrupted() {
                Some(begun) => begun,
                None => begin(args, &file, (&base_url, &key)).await?,
            };
            demo["begun"] = json!(begun);
            write(&folder.join("demo.json"), &format!("{demo:#}\n"))?;
            import(&file, (&base_url, &key), &begun).await?;
            demo["imported"] = json!(begun.dataset);
            write(&folder.join("demo.json"), &format!("{demo:#}\n"))?;
        }
        (None, _) => {}
    }
    if !args.no_import && !demo["reconciled"].is_string() {
        demo["reconciled"] = json!(reconcile(&base_url, &shadow_key).await);
        write(&folder.join("demo.json"), &format!("{demo:#}\n"))?;
    }
    show_examples(&running, folder, (&base_url, &key)).await?;
    println!("{}", story::of(&base_url, (&key, &shadow_key)).await);
    signal::asked_to_end().await.map_err(|error| DemoError::Io("waiting for a signal".to_owned(), error))?;
    let stopped = running.stop(std::time::Duration::ZERO).await;
    worker.stop().await;
    stopped.map_err(|error| DemoError::Io("stopping".to_owned(), error))
}

/// Compares the four systems of the tenant in shadow mode. Returns the headline of the first fix.
async fn reconcile(base_url: &str, key: &str) -> Option<String> {
    println!("Comparing the exports of four systems …");
    match shadow::reconcile(base_url, key).await {
        Ok(told) => told,
        Err(error) => {
            println!("The four systems could not be compared: {error}");
            None
        }
    }
}

/// Makes the examples of the description work on the first tenant: creates the records that they name, or finds those of the
/// last run.
async fn show_examples(
    running: &Running,
    folder: &Path,
    (base_url, key): (&str, &str),
) -> Result<(), DemoError> {
    let file = folder.join("examples.json");
    let known = std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
    let names: Names = match known {
        Some(names) => names,
        None => {
            let client = Client::new(base_url, SecretString::from(key.to_owned()));
            let made = match client {
                Ok(client) => examples::set_up(&client, TENANTS[0].slug).await,
                Err(error) => Err(error),
            };
            match made {
                Ok(names) => {
                    write(&file, &format!("{:#}\n", json!(names)))?;
                    names
                }
                Err(error) => {
                    println!("The examples of the reference could not be set up: {error}");
                    Names::new()
                }
            }
        }
    };
    running.app.show_document(crate::routes().with_examples(&names));
    Ok(())
}

/// Creates the roles, the database and the schema.
async fn migrate(postgres: &Postgres) -> Result<(), DemoError> {
    let password = postgres.password().to_owned();
    let passwords =
        migration::Passwords { migrator: password.clone(), app: password.clone(), relay: password };
    migration::bootstrap(&postgres.admin_url(), DATABASE, &passwords).await?;
    migration::up(&postgres.url("stockwell_migrator", DATABASE)).await?;
    Ok(())
}

/// The `demo.json` of the last run; null if there is none.
struct Known(Value);

impl Known {
    fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("demo.json")).unwrap_or_default();
        Known(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Returns the import that began and did not end.
    fn interrupted(&self) -> Option<Begun> {
        let begun = serde_json::from_value(self.0["begun"].clone()).ok();
        begun.filter(|_| !self.0["imported"].is_string())
    }
}

/// Returns the demo's tenants with their keys: those of the last run, and new ones for those that it lacks.
async fn tenants(known: &Known, database_url: &str) -> Result<Value, DemoError> {
    let mut tenants = known.0["tenants"].as_array().cloned().unwrap_or_default();
    if tenants.len() >= TENANTS.len() {
        return Ok(Value::Array(tenants));
    }
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(database_url, &options).await?;
    for NewTenant { slug, name, currency, country, time_zone } in TENANTS.iter().skip(tenants.len()) {
        let wanted = TenantCreate {
            slug: (*slug).to_owned(),
            name: (*name).to_owned(),
            currency: (*currency).to_owned(),
            country: (*country).to_owned(),
            time_zone: (*time_zone).to_owned(),
            prices_include_tax: false,
            tax_rounding: TaxRounding::Document,
            mode: KeyMode::Test,
        };
        let made = tenant::create(&db, &wanted).await?;
        tenants
            .push(json!({ "slug": slug, "id": made.id, "uuid": made.id.0, "admin_key": made.key.reveal() }));
    }
    Ok(Value::Array(tenants))
}

fn config(
    args: &DemoArgs,
    postgres: &Postgres,
    redis: Option<&Redis>,
    folder: &Path,
) -> Result<Config, DemoError> {
    let signing_key_file = folder.join("signing-key.pem");
    SigningKey::load_or_create(&signing_key_file)?;
    Ok(Config {
        database_url: SecretString::from(postgres.url("stockwell_app", DATABASE)),
        redis_url: redis.map(|redis| SecretString::from(redis.url())),
        addr: SocketAddr::from(([127, 0, 0, 1], args.port)),
        signing_key_file,
        workers: 2,
        db_connections: 16,
        reports_max: None,
        db_wait_ms: 300,
        db_write_ms: 5_000,
        metrics_addr: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        connections: ConnectionLimits::defaults(),
        rates: RateLimits::defaults(),
        streams_max: 2_000,
        hsts_seconds: 0,
        trusted_proxies: Vec::new(),
        webhook_networks: vec![of_this_machine(Ipv4Addr::LOCALHOST), of_this_machine(Ipv6Addr::LOCALHOST)],
        store: StoreArgs::default(),
        web_folder: args.web_folder.clone(),
        logged_requests: LoggedRequests::All,
    })
}

/// Returns the network of a loopback address, so that a receiver on this machine can be tried.
fn of_this_machine(address: impl Into<IpAddr>) -> IpNet {
    IpNet::from(address.into())
}

/// Serves on the port that the caller asked for, or on a free one if that is taken.
async fn start(config: Config) -> Result<Running, DemoError> {
    match crate::serve(&config).await {
        Err(ServeError::Bind { addr, .. }) => {
            println!("Port {} is taken; using a free one.", addr.port());
            let addr = SocketAddr::from(([127, 0, 0, 1], 0));
            Ok(crate::serve(&Config { addr, ..config }).await?)
        }
        other => Ok(other?),
    }
}

/// Returns the data set to import: the one that the caller names, else the whole one, else the small part.
fn dataset(args: &DemoArgs) -> Result<Option<PathBuf>, DemoError> {
    if let Some(named) = &args.dataset {
        return named.canonicalize().map(Some).map_err(at(named));
    }
    let file = [WHOLE, SMALL_CUT].into_iter().find_map(|file| Path::new(file).canonicalize().ok());
    if file.is_none() {
        println!("No data set was found. Name one with --dataset. Nothing is imported.");
    }
    Ok(file)
}

/// Returns the settings of a new import.
async fn begin(args: &DemoArgs, file: &Path, (base_url, key): (&str, &str)) -> Result<Begun, DemoError> {
    let dates = args.dates.unwrap_or(Dates::Recent);
    let before = match dates {
        Dates::Original => None,
        Dates::Recent => {
            let client = Client::new(base_url, SecretString::from(key.to_owned()))?;
            Some(client.today().await?)
        }
    };
    Ok(Begun { dataset: begun::file_name(file), dates, before, tax_class: begun::TAX_CLASS.to_owned() })
}

async fn import(file: &Path, (base_url, key): (&str, &str), begun: &Begun) -> Result<(), DemoError> {
    println!("Importing {} through {base_url} …", file.display());
    // A separate process, like any client, so that the server's memory use is its own.
    let program = std::env::current_exe().map_err(at(file))?;
    let mut client = tokio::process::Command::new(program);
    client.args(["import", "online-retail", "--url", base_url, "--tax-class", &begun.tax_class]);
    client
        .args(begun.before.iter().flat_map(|day| ["--before".to_owned(), day.to_string()]))
        .arg(file)
        .env("STOCKWELL_API_KEY", key);
    match client.kill_on_drop(true).status().await.map_err(at(file))? {
        status if status.success() => Ok(()),
        status => Err(DemoError::Import(status)),
    }
}

fn write(path: &Path, text: &str) -> Result<(), DemoError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    // The file has keys and a password, so only its owner may read it.
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(at(path))
}

fn remove(path: &Path) -> Result<(), DemoError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> DemoError {
    let path = path.display().to_string();
    move |error| DemoError::Io(path.clone(), error)
}
