//! The operator's commands: migrations, tenants, keys.

use std::io;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::tenant::TaxRounding;
use secrecy::{ExposeSecret, SecretString};
use service::auth::{ApiKeyCreate, KeyKind, KeyMode, make_key};
use service::integrity;
use service::scope::Scope;
use service::stock::checkpoint;
use service::tenant::{self, TenantCreate};
use service::tx::PoolOptions;
use service::{Db, Error};
use strum::IntoEnumIterator;

/// Why a command failed, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The server did not start.
    #[error(transparent)]
    Serve(#[from] api::server::ServeError),
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A migration failed.
    #[error(transparent)]
    Migration(#[from] migration::Error),
    /// The import did not end well.
    #[error(transparent)]
    Import(#[from] stockwell::import::ImportError),
    /// The demo did not start.
    #[error(transparent)]
    Demo(#[from] stockwell::demo::DemoError),
    /// The use case failed.
    #[error("{}", explain(.0))]
    Service(#[from] Error),
    /// A wish that makes no sense.
    #[error("{0}")]
    Wish(String),
}

/// Every wrong field on a line of its own.
fn explain(error: &Error) -> String {
    let Error::Refused(refusal) = error else { return error.to_string() };
    let mut text = refusal.detail.clone();
    for problem in &refusal.problems {
        text.push_str(&format!("\n  {} {}", problem.pointer.trim_start_matches('/'), problem.detail));
    }
    text
}

/// Every tenant of an installation.
#[derive(Debug, Args)]
pub struct EveryTenant {
    #[command(flatten)]
    database: Database,
    /// The database, as the role that sees every tenant (stockwell_migrator): only to list the tenants.
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true)]
    migrator_database_url: SecretString,
}

/// How to migrate.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The database server, as superuser: makes the roles and the database first, with the passwords of the other two
    /// URLs.
    #[arg(long, env = "STOCKWELL_ADMIN_DATABASE_URL", hide_env_values = true)]
    admin_database_url: Option<SecretString>,
    /// The database, as the service's role; needed only to make the roles.
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,
    /// The database, as the outbox relay's role; needed only to make the roles.
    #[arg(long, env = "STOCKWELL_RELAY_DATABASE_URL", hide_env_values = true)]
    relay_database_url: Option<SecretString>,
    /// The database, as the role that owns the schema (stockwell_migrator).
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true)]
    migrator_database_url: SecretString,
    /// Take the newest step back instead.
    #[arg(long)]
    down: bool,
}

/// The database of the service.
#[derive(Debug, Args)]
pub struct Database {
    /// The database, as a role behind the tenant wall (stockwell_app).
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
}

impl Database {
    async fn connect(&self) -> Result<Db, Error> {
        let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
        Db::connect(self.database_url.expose_secret(), &options).await
    }
}

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant that can trade at once, and print its first key.
    Create(TenantArgs),
}

/// A tenant that is to be made.
#[derive(Debug, Args)]
pub struct TenantArgs {
    #[command(flatten)]
    database: Database,
    /// Its name in logins: lower-case letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// Its name.
    #[arg(long)]
    name: String,
    /// The currency of its books, such as EUR.
    #[arg(long)]
    currency: String,
    /// The country where it trades, such as DE: GB and DE start with their tax rates, others with zero.
    #[arg(long)]
    country: String,
    /// The zone in which its days begin, such as Europe/Berlin.
    #[arg(long)]
    time_zone: String,
    /// List prices contain tax.
    #[arg(long)]
    prices_include_tax: bool,
    /// Round tax per line, not per document.
    #[arg(long)]
    tax_per_line: bool,
    /// A tenant for trying things out: its key says so.
    #[arg(long)]
    test: bool,
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key and print it.
    Create(KeyArgs),
}

/// A key that is to be made.
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(flatten)]
    database: Database,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// What it is for.
    #[arg(long)]
    name: String,
    /// What it may do, such as catalog:read,orders:write; everything where absent.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// A key for browsers.
    #[arg(long)]
    publishable: bool,
    /// A key of a tenant for trying things out.
    #[arg(long)]
    test: bool,
    /// When it ends, such as 2027-01-01T00:00:00Z.
    #[arg(long)]
    expires_at: Option<DateTime<Utc>>,
    /// A network it may be used from, such as 192.0.2.0/24; can be given several times.
    #[arg(long = "network")]
    networks: Vec<String>,
}

/// Migrates.
pub async fn migrate(args: &MigrateArgs) -> Result<(), Failed> {
    let url = args.migrator_database_url.expose_secret();
    if args.down {
        match migration::down(url).await? {
            Some(step) => println!("took {step} back"),
            None => println!("there is nothing to take back"),
        }
        return Ok(());
    }
    if let Some(admin_url) = &args.admin_database_url {
        bootstrap(admin_url, args).await?;
    }
    let applied = migration::up(url).await?;
    for step in &applied {
        println!("applied {step}");
    }
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    Ok(())
}

/// Makes the roles and the database, with the passwords that the services will use.
async fn bootstrap(admin_url: &SecretString, args: &MigrateArgs) -> Result<(), Failed> {
    let migrator = parts(args.migrator_database_url.expose_secret())?;
    let password = |url: &Option<SecretString>, name: &str| -> Result<String, Failed> {
        let url = url.as_ref().ok_or_else(|| Failed::Wish(format!("making the roles needs {name}")))?;
        Ok(parts(url.expose_secret())?.password)
    };
    let passwords = migration::Passwords {
        migrator: migrator.password,
        app: password(&args.database_url, "STOCKWELL_DATABASE_URL")?,
        relay: password(&args.relay_database_url, "STOCKWELL_RELAY_DATABASE_URL")?,
    };
    Ok(migration::bootstrap(admin_url.expose_secret(), &migrator.database, &passwords).await?)
}

/// What a database URL says besides the server.
struct UrlParts {
    password: String,
    database: String,
}

fn parts(url: &str) -> Result<UrlParts, Failed> {
    let wish =
        || Failed::Wish("a database URL looks like postgres://role:password@host:5432/database".to_owned());
    let url = reqwest::Url::parse(url).map_err(|_| wish())?;
    let database = url.path().trim_start_matches('/').to_owned();
    match (url.password(), database.is_empty()) {
        (Some(password), false) => Ok(UrlParts { password: password.to_owned(), database }),
        _ => Err(wish()),
    }
}

/// Proves the six facts for every tenant, from the raw rows.
pub async fn verify(args: &EveryTenant) -> Result<(), Failed> {
    let db = args.database.connect().await?;
    let mut broken = 0;
    for (tenant_id, slug) in integrity::tenants(args.migrator_database_url.expose_secret()).await? {
        println!("{slug} ({tenant_id})");
        for fact in integrity::check(&db, tenant_id).await?.facts {
            println!("  {fact}");
            broken += usize::from(fact.differences != 0);
            for example in &fact.examples {
                println!("      {}: {} expected, {} found", example.subject, example.expected, example.found);
            }
        }
    }
    if broken == 0 { Ok(()) } else { Err(Failed::Wish(format!("{broken} facts do not hold"))) }
}

/// Makes the checkpoints that are due, for every tenant.
pub async fn checkpoint(args: &EveryTenant) -> Result<(), Failed> {
    let db = args.database.connect().await?;
    for (tenant_id, slug) in integrity::tenants(args.migrator_database_url.expose_secret()).await? {
        match checkpoint::run(&db, tenant_id).await? {
            Some(run) => println!(
                "{slug}: {} checkpoints made, {} brought up to {}",
                run.made.len(),
                run.extended,
                run.known_until
            ),
            None => println!("{slug}: nothing is due"),
        }
    }
    Ok(())
}

/// Makes a tenant.
pub async fn tenant(command: TenantCommand) -> Result<(), Failed> {
    let TenantCommand::Create(args) = command;
    let wanted = TenantCreate {
        slug: args.slug,
        name: args.name,
        currency: args.currency,
        country: args.country,
        time_zone: args.time_zone,
        prices_include_tax: args.prices_include_tax,
        tax_rounding: if args.tax_per_line { TaxRounding::Line } else { TaxRounding::Document },
        mode: mode(args.test),
    };
    let made = tenant::create(&args.database.connect().await?, &wanted).await?;
    println!("{}\n{}", made.id, made.key.reveal());
    eprintln!("The second line is the tenant's first key. It may do everything and is shown this once.");
    Ok(())
}

/// Makes a key.
pub async fn keys(command: KeysCommand) -> Result<(), Failed> {
    let KeysCommand::Create(args) = command;
    let db = args.database.connect().await?;
    let tenant_id = tenant::find(&db, &args.tenant).await?;
    let wanted = ApiKeyCreate {
        name: args.name,
        kind: if args.publishable { KeyKind::Pk } else { KeyKind::Sk },
        mode: mode(args.test),
        scopes: scopes(&args.scopes)?,
        ip_allowlist: args.networks,
        expires_at: args.expires_at,
    };
    let made = make_key(&db, &tenant::operator(tenant_id), &wanted).await?;
    println!("{}", made.reveal());
    Ok(())
}

fn mode(test: bool) -> KeyMode {
    if test { KeyMode::Test } else { KeyMode::Live }
}

fn scopes(texts: &[String]) -> Result<Vec<Scope>, Failed> {
    if texts.is_empty() {
        return Ok(Scope::iter().collect());
    }
    let known = || Scope::iter().map(Scope::as_str).collect::<Vec<_>>().join(", ");
    let parse =
        |text: &String| text.parse().map_err(|_| Failed::Wish(format!("no scope {text}: {}", known())));
    texts.iter().map(parse).collect()
}
