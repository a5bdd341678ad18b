//! The operator's commands: migrate, verify, checkpoint, rollup, tenants and their archives, keys and logins of BI tools.

pub mod attachments;
pub mod bi;
mod moving;

use std::io;

use api::config::{StoreFaults, secret};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::id::TenantId;
use domain::tenant::TaxRounding;
use domain::text::plain_line;
use secrecy::{ExposeSecret, SecretString};
use service::auth::{ApiKeyCreate, KeyKind, KeyMode, make_key};
use service::integrity;
use service::rollup;
use service::scope::Scope;
use service::stock::{checkpoint, pack};
use service::tenant::quota;
use service::tenant::rates::{self, Rates};
use service::tenant::{self, TenantCreate};
use service::tx::PoolOptions;
use service::{Db, Error};
use strum::IntoEnumIterator;

/// Bytes of one MiB.
const BYTES_OF_MIB: i64 = 1024 * 1024;
/// Highest rate limit.
const LIMIT_MAX: u32 = 1_000_000_000;

/// A command failed. The message is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The server did not start.
    #[error(transparent)]
    Serve(#[from] api::server::ServeError),
    /// The operating system returned an error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A migration failed.
    #[error(transparent)]
    Migration(#[from] migration::Error),
    /// The import failed, or not everything was posted.
    #[error(transparent)]
    Import(#[from] stockwell::import::ImportError),
    /// A folder of exports could not be sent.
    #[error(transparent)]
    Reconcile(#[from] stockwell::reconcile::ReconcileError),
    /// A request to the API could not be sent.
    #[error(transparent)]
    Call(#[from] stockwell::call::CallError),
    /// The demo did not start.
    #[error(transparent)]
    Demo(#[from] stockwell::demo::DemoError),
    /// A login of a BI tool could not be made or ended.
    #[error("{}", explain_bi(.0))]
    Bi(#[from] stockwell::bi::BiError),
    /// A tenant could not be exported or imported.
    #[error(transparent)]
    Archive(#[from] service::archive::ArchiveError),
    /// A tenant could not be deleted, or made again.
    #[error(transparent)]
    Delete(#[from] stockwell::archive::DeleteError),
    /// The settings of the store of files can't be used.
    #[error(transparent)]
    Store(#[from] StoreFaults),
    /// The database failed, or a rule rejected the command.
    #[error("{}", explain(.0))]
    Service(#[from] Error),
    /// An argument is invalid, or a fact does not hold.
    #[error("{0}")]
    Message(String),
}

/// Returns the message, with each wrong field on a line of its own.
fn explain(error: &Error) -> String {
    let Error::Refused(refusal) = error else { return error.to_string() };
    let mut text = refusal.detail.clone();
    for problem in &refusal.problems {
        text.push_str(&format!("\n  {} {}", problem.pointer.trim_start_matches('/'), problem.detail));
    }
    text
}

fn explain_bi(error: &stockwell::bi::BiError) -> String {
    match error {
        stockwell::bi::BiError::Record(error) => explain(error),
        stockwell::bi::BiError::Role(error) => error.to_string(),
    }
}

/// Databases of a command that works on every tenant, or that makes database roles.
#[derive(Debug, Args)]
pub struct EveryTenant {
    #[command(flatten)]
    database: Database,
    /// The database, as the role that sees every tenant (stockwell_migrator). It is used only to list the tenants, to import one,
    /// and to make and end roles of BI tools.
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    migrator_database_url: SecretString,
}

impl EveryTenant {
    /// Connects as the service's role. Returns the migrator's URL too.
    async fn connect(&self) -> Result<(Db, &SecretString), Error> {
        Ok((self.database.connect().await?, &self.migrator_database_url))
    }
}

/// Arguments of `checkpoint`.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    #[command(flatten)]
    tenants: EveryTenant,
    /// Pack all movements again. Suggestions of replenishment stay available meanwhile.
    #[arg(long)]
    repack: bool,
}

/// Arguments of `rollup`.
#[derive(Debug, Args)]
pub struct RollupArgs {
    #[command(flatten)]
    tenants: EveryTenant,
    /// Build the roll-ups again, from all sales lines. Reports stay right and available meanwhile.
    #[arg(long)]
    rebuild: bool,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The database server, as superuser. Creates the roles and the database first, with the passwords in the other
    /// URLs.
    #[arg(long, env = "STOCKWELL_ADMIN_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    admin_database_url: Option<SecretString>,
    /// The database, as the service's role (stockwell_app). Needed only to create the roles.
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    database_url: Option<SecretString>,
    /// The database, as the worker's role (stockwell_relay). Needed only to create the roles.
    #[arg(long, env = "STOCKWELL_RELAY_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    relay_database_url: Option<SecretString>,
    /// The database, as the role that changes the schema (stockwell_migrator).
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    migrator_database_url: SecretString,
    /// Undo the newest step instead.
    #[arg(long)]
    down: bool,
}

/// The database of the service.
#[derive(Debug, Args)]
pub struct Database {
    /// The database, as the service's role (stockwell_app). Row-level security separates its tenants.
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    database_url: SecretString,
}

impl Database {
    async fn connect(&self) -> Result<Db, Error> {
        let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
        Db::connect(self.database_url.expose_secret(), &options).await
    }
}

/// Commands on tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Create a tenant that can trade at once, and print its id and its first key.
    Create(TenantArgs),
    /// Set or print the rate limits that a tenant has of its own. Servers follow within 10 seconds.
    Rates(RatesArgs),
    /// Print what the files of a tenant take, or set the most that they may take.
    Attachments(AttachmentsArgs),
    /// Write all rows of a tenant to an archive, from one snapshot.
    Export(moving::ExportArgs),
    /// Check an archive, write its rows to a database that does not have the tenant, and check the nine facts.
    Import(moving::ImportArgs),
    /// Move a tenant to another database. Its writes pause, reads go on. Print the time of the pause.
    Move(moving::MoveArgs),
    /// Delete a tenant with all its rows, and print what each table had and has.
    Delete(moving::DeleteArgs),
    /// Delete everything of a tenant for trials, make it again, as new or as an archive of it has it, and print its id and its key.
    Reset(moving::ResetArgs),
}

/// Arguments of `tenant rates`. A limit is a number, or `default` for that of the server's configuration. One that is not named
/// stays as it is.
#[derive(Debug, Args)]
pub struct RatesArgs {
    #[command(flatten)]
    database: Database,
    /// The tenant's slug.
    #[arg(long)]
    slug: String,
    /// The most requests of one key or user in 10 seconds.
    #[arg(long, value_parser = limit)]
    burst: Option<Limit>,
    /// The most requests of one key or user in a minute.
    #[arg(long, value_parser = limit)]
    minute: Option<Limit>,
    /// The most requests of the tenant in a minute.
    #[arg(long, value_parser = limit)]
    tenant: Option<Limit>,
    /// The most points of reports of the tenant in a minute.
    #[arg(long, value_parser = limit)]
    reports: Option<Limit>,
}

/// Arguments of `tenant attachments`.
#[derive(Debug, Args)]
pub struct AttachmentsArgs {
    #[command(flatten)]
    database: Database,
    /// The tenant's slug.
    #[arg(long)]
    slug: String,
    /// The most MiB that the files of the tenant may take, or `default` for 1024. Files that exceed it stay.
    #[arg(long, value_parser = limit)]
    quota_mib: Option<Limit>,
}

/// A limit of a tenant's own; none for that of the server's configuration.
#[derive(Debug, Clone, Copy)]
struct Limit(Option<u32>);

/// Reads a limit.
fn limit(text: &str) -> Result<Limit, String> {
    if text == "default" {
        return Ok(Limit(None));
    }
    match text.parse() {
        Ok(number @ 1..=LIMIT_MAX) => Ok(Limit(Some(number))),
        _ => Err(format!("expected 1 to {LIMIT_MAX}, or default")),
    }
}

/// Arguments of `tenant create`.
#[derive(Debug, Args)]
pub struct TenantArgs {
    #[command(flatten)]
    database: Database,
    /// Its short name in logins: lower-case letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// Its full name.
    #[arg(long)]
    name: String,
    /// The currency of its ledger, such as EUR.
    #[arg(long)]
    currency: String,
    /// The country where it trades, such as DE. Tenants in GB and DE start with the tax rates there, others with zero.
    #[arg(long)]
    country: String,
    /// The time zone of its days, such as Europe/Berlin.
    #[arg(long)]
    time_zone: String,
    /// List prices include tax.
    #[arg(long)]
    prices_include_tax: bool,
    /// Round tax for each line. Without it, tax is rounded for each document.
    #[arg(long)]
    tax_per_line: bool,
    /// A tenant for trials. Its first key begins with sw_test_.
    #[arg(long)]
    test: bool,
}

/// Commands on keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Create a key and print it.
    Create(KeyArgs),
}

/// Arguments of `keys create`.
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(flatten)]
    database: Database,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The purpose of the key.
    #[arg(long)]
    name: String,
    /// Its scopes, such as catalog:read,orders:write. Without it, the key has all scopes.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// A publishable key, for browsers.
    #[arg(long)]
    publishable: bool,
    /// A key of a tenant for trials.
    #[arg(long)]
    test: bool,
    /// When it expires, such as 2027-01-01T00:00:00Z.
    #[arg(long)]
    expires_at: Option<DateTime<Utc>>,
    /// A network from which it may be used, such as 192.0.2.0/24. Can be given several times.
    #[arg(long = "network")]
    networks: Vec<String>,
    /// An origin whose pages may use a publishable key, such as https://shop.example, or * for all. Can be given several
    /// times.
    #[arg(long = "origin")]
    origins: Vec<String>,
}

/// Updates the schema, or undoes its newest step.
pub async fn migrate(args: &MigrateArgs) -> Result<(), Failed> {
    let url = args.migrator_database_url.expose_secret();
    if args.down {
        match migration::down(url).await? {
            Some(step) => println!("undid {step}"),
            None => println!("there is no step to undo"),
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

/// Creates the roles and the database, with the passwords in the other URLs.
async fn bootstrap(admin_url: &SecretString, args: &MigrateArgs) -> Result<(), Failed> {
    let migrator = parts(args.migrator_database_url.expose_secret())?;
    let password = |url: &Option<SecretString>, name: &str| -> Result<String, Failed> {
        let url = url.as_ref().ok_or_else(|| Failed::Message(format!("making the roles needs {name}")))?;
        Ok(parts(url.expose_secret())?.password)
    };
    let passwords = migration::Passwords {
        migrator: migrator.password,
        app: password(&args.database_url, "STOCKWELL_DATABASE_URL")?,
        relay: password(&args.relay_database_url, "STOCKWELL_RELAY_DATABASE_URL")?,
    };
    Ok(migration::bootstrap(admin_url.expose_secret(), &migrator.database, &passwords).await?)
}

/// Password and database of a URL.
struct UrlParts {
    password: String,
    database: String,
}

fn parts(url: &str) -> Result<UrlParts, Failed> {
    let invalid = || {
        Failed::Message("a database URL looks like postgres://role:password@host:5432/database".to_owned())
    };
    let url = reqwest::Url::parse(url).map_err(|_| invalid())?;
    let database = url.path().trim_start_matches('/').to_owned();
    match (url.password(), database.is_empty()) {
        (Some(password), false) => Ok(UrlParts { password: password.to_owned(), database }),
        _ => Err(invalid()),
    }
}

/// Checks the nine facts for every tenant, from the raw rows.
pub async fn verify(args: &EveryTenant) -> Result<(), Failed> {
    let db = args.database.connect().await?;
    let mut broken = 0;
    for (tenant_id, slug) in integrity::tenants(args.migrator_database_url.expose_secret()).await? {
        println!("{slug} ({tenant_id})");
        for fact in integrity::check(&db, tenant_id).await?.facts {
            println!("  {fact}");
            broken += usize::from(fact.differences != 0);
            for example in &fact.examples {
                let subject = plain_line(&example.subject);
                println!("      {subject}: {} expected, {} found", example.expected, example.found);
            }
        }
    }
    if broken == 0 { Ok(()) } else { Err(Failed::Message(format!("{broken} facts do not hold"))) }
}

/// Makes the checkpoints and packs the movements that are due, for every tenant.
pub async fn checkpoint(args: &CheckpointArgs) -> Result<(), Failed> {
    let db = args.tenants.database.connect().await?;
    for (tenant_id, slug) in integrity::tenants(args.tenants.migrator_database_url.expose_secret()).await? {
        match checkpoint::run(&db, tenant_id).await {
            Ok(Some(run)) => println!(
                "{slug}: {} checkpoints made, {} updated to {}",
                run.made.len(),
                run.extended,
                run.known_until
            ),
            Ok(None) => println!("{slug}: no checkpoint is due"),
            Err(Error::TenantMoving) => {
                println!("{slug}: {MOVES}");
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let packed =
            if args.repack { pack::repack(&db, tenant_id).await } else { pack::run(&db, tenant_id).await };
        match packed {
            Ok(packed) if packed.is_empty() => {}
            Ok(packed) => println!("{slug}: movements of {} quarters packed", packed.len()),
            Err(Error::TenantMoving) => println!("{slug}: {MOVES}"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The state of a tenant for which nothing is done.
const MOVES: &str = "is moving to another database, or was moved";

/// Folds the sales lines of every tenant into the roll-ups of its reports.
pub async fn rollup(args: &RollupArgs) -> Result<(), Failed> {
    let db = args.tenants.database.connect().await?;
    for (tenant_id, slug) in integrity::tenants(args.tenants.migrator_database_url.expose_secret()).await? {
        match fold(&db, tenant_id, args.rebuild).await {
            Ok(lines) => println!("{slug}: {lines} lines folded"),
            Err(Error::TenantMoving) => println!("{slug}: {MOVES}"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn fold(db: &Db, tenant_id: TenantId, rebuild: bool) -> Result<i64, Error> {
    if rebuild {
        rollup::request_rebuild(db, tenant_id).await?;
    }
    rollup::run_all(db, tenant_id).await
}

/// Carries out a command on tenants.
pub async fn tenant(command: TenantCommand) -> Result<(), Failed> {
    match command {
        TenantCommand::Create(args) => create_tenant(args).await,
        TenantCommand::Rates(args) => set_rates(&args).await,
        TenantCommand::Attachments(args) => set_quota(&args).await,
        TenantCommand::Export(args) => moving::export(&args).await,
        TenantCommand::Import(args) => moving::import(&args).await,
        TenantCommand::Move(args) => moving::relocate(&args).await,
        TenantCommand::Delete(args) => moving::delete(&args).await,
        TenantCommand::Reset(args) => moving::reset(&args).await,
    }
}

/// Sets the limits that are named, and prints all of them.
async fn set_rates(args: &RatesArgs) -> Result<(), Failed> {
    let db = args.database.connect().await?;
    let known = rates::get(&db, &args.slug).await?;
    let next = |named: Option<Limit>, known: Option<u32>| named.map_or(known, |limit| limit.0);
    let wanted = Rates {
        burst: next(args.burst, known.burst),
        minute: next(args.minute, known.minute),
        tenant: next(args.tenant, known.tenant),
        reports: next(args.reports, known.reports),
    };
    if wanted != known {
        rates::set(&db, &args.slug, wanted).await?;
    }
    let Rates { burst, minute, tenant, reports } = wanted;
    for (name, limit) in [("burst", burst), ("minute", minute), ("tenant", tenant), ("reports", reports)] {
        println!("{name}: {}", limit.map_or_else(|| "default".to_owned(), |limit| limit.to_string()));
    }
    Ok(())
}

/// Sets the quota of a tenant's files, if one is named, and prints it with the bytes that are used.
async fn set_quota(args: &AttachmentsArgs) -> Result<(), Failed> {
    let db = args.database.connect().await?;
    if let Some(Limit(quota_mib)) = args.quota_mib {
        let bytes = quota_mib.map(|mib| i64::from(mib) * BYTES_OF_MIB);
        quota::set(&db, &args.slug, bytes).await?;
    }
    let usage = quota::get(&db, &args.slug).await?;
    println!("used: {} bytes\nquota: {} MiB", usage.stored, usage.quota / BYTES_OF_MIB);
    Ok(())
}

async fn create_tenant(args: TenantArgs) -> Result<(), Failed> {
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
    eprintln!(
        "The second line is the tenant's first key. It has all scopes and is shown only once. Send it to a server of this \
         database (`stockwell serve`, on 127.0.0.1:8080 unless STOCKWELL_ADDR says otherwise): \
         curl -H \"Authorization: Bearer $KEY\" http://127.0.0.1:8080/v1/me"
    );
    Ok(())
}

/// Creates a key.
pub async fn keys(command: KeysCommand) -> Result<(), Failed> {
    let KeysCommand::Create(args) = command;
    let db = args.database.connect().await?;
    let tenant_id = tenant::find(&db, &args.tenant).await?;
    let wanted = ApiKeyCreate {
        kind: if args.publishable { KeyKind::Pk } else { KeyKind::Sk },
        ip_allowlist: args.networks,
        origins: args.origins,
        expires_at: args.expires_at,
        ..ApiKeyCreate::unbounded(&args.name, mode(args.test), scopes(&args.scopes)?)
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
        |text: &String| text.parse().map_err(|_| Failed::Message(format!("no scope {text}: {}", known())));
    texts.iter().map(parse).collect()
}
