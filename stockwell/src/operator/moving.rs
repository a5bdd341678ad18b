//! `stockwell tenant export`, `import`, `move`, `delete` and `reset`: all of a tenant out, in, elsewhere, and gone.

use std::path::PathBuf;

use api::config::{StoreArgs, secret};
use clap::Args;
use domain::id::TenantId;
use domain::text::plain_line;
use secrecy::{ExposeSecret, SecretString};
use service::Db;
use service::archive::{Deleted, Manifest, OBJECTS};
use service::integrity;
use service::tenant::moving::SETTLE;
use service::tx::PoolOptions;
use stockwell::archive;
use stockwell::archive::relocation::{self, Relocated, Relocation};

use super::{EveryTenant, Failed};

/// Arguments of `tenant export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The database, as the role that sees every tenant (stockwell_migrator).
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    migrator_database_url: SecretString,
    /// The tenant's slug.
    #[arg(long)]
    slug: String,
    /// A new or empty folder, or a new file whose name ends in .tar.gz.
    #[arg(long, value_name = "FILE.tar.gz|FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

/// Arguments of `tenant import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    databases: EveryTenant,
    /// A folder or a file that `tenant export` wrote.
    #[arg(long, value_name = "FILE.tar.gz|FOLDER")]
    from: PathBuf,
}

/// Arguments of `tenant move`.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// The database that the tenant leaves, as the role that sees every tenant (stockwell_migrator).
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    migrator_database_url: SecretString,
    /// The tenant's slug.
    #[arg(long)]
    slug: String,
    /// The database that the tenant goes to, as the role that sees every tenant (stockwell_migrator), or file:PATH.
    #[arg(long, value_name = "DATABASE_URL", value_parser = secret)]
    to: SecretString,
    /// The database that the tenant goes to, as the service's role (stockwell_app), or file:PATH. The nine facts are checked there.
    #[arg(long, value_name = "DATABASE_URL", value_parser = secret)]
    to_app: SecretString,
    /// A name for a folder that has the rows meanwhile. It is removed at the end.
    #[arg(long, value_name = "FOLDER", default_value = "stockwell-move")]
    work: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

/// Arguments of `tenant delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The database, as the role that sees every tenant (stockwell_migrator).
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    migrator_database_url: SecretString,
    /// The tenant's slug.
    #[arg(long)]
    slug: String,
    /// The slug again, because a deletion can't be undone.
    #[arg(long, value_name = "SLUG")]
    confirm: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Arguments of `tenant reset`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    #[command(flatten)]
    databases: EveryTenant,
    /// The tenant's slug. All its keys are for trials.
    #[arg(long)]
    slug: String,
    /// The slug again, because everything of the tenant is deleted.
    #[arg(long, value_name = "SLUG")]
    confirm: String,
    /// A folder or a file that `tenant export` wrote of this tenant. Without it, the tenant is as new.
    #[arg(long, value_name = "FILE.tar.gz|FOLDER")]
    from: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Writes an archive, and prints the number of rows of each table, and what is left out.
pub(super) async fn export(args: &ExportArgs) -> Result<(), Failed> {
    let url = args.migrator_database_url.expose_secret();
    let store = args.store.read()?;
    let manifest = archive::export(url, &args.slug, &args.to, store.as_ref()).await?;
    print_rows(&manifest);
    for left_out in &manifest.left_out {
        let column = left_out.column.as_ref().map(|column| format!(".{column}")).unwrap_or_default();
        println!("left out: {}{column}. {}", left_out.table, left_out.because);
    }
    println!("{} rows of {} as of {}", manifest.rows(), manifest.slug, manifest.exported_at);
    Ok(())
}

/// Reads an archive into the database, prints the number of rows of each table, and checks the nine facts.
pub(super) async fn import(args: &ImportArgs) -> Result<(), Failed> {
    let (db, migrator_url) = args.databases.connect().await?;
    let manifest = archive::import(migrator_url.expose_secret(), &args.from).await?;
    print_rows(&manifest);
    println!(
        "{} rows of {} as of {}, as in the manifest",
        manifest.rows(),
        plain_line(&manifest.slug),
        manifest.exported_at
    );
    let mut broken = 0;
    for fact in integrity::check(&db, TenantId(manifest.tenant_id)).await?.facts {
        println!("  {fact}");
        broken += usize::from(fact.differences != 0);
    }
    if broken == 0 {
        return Ok(());
    }
    Err(Failed::Message(format!("the tenant is imported as it was, and {broken} facts do not hold")))
}

/// Moves a tenant, and prints the number of rows and the time for which its writes paused.
pub(super) async fn relocate(args: &MoveArgs) -> Result<(), Failed> {
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let to = Db::connect(args.to_app.expose_secret(), &options).await?;
    let store = args.store.read()?;
    let wanted = Relocation {
        slug: &args.slug,
        from_url: args.migrator_database_url.expose_secret(),
        to_url: args.to.expose_secret(),
        to: &to,
        work: &args.work,
        settle: SETTLE,
        store: store.as_ref(),
    };
    let Relocated { manifest, paused } = relocation::relocate(&wanted).await?;
    println!(
        "{} is moved: {} rows, equal on both sides, and the nine facts hold. Writes paused for {} seconds.",
        manifest.slug,
        manifest.rows(),
        paused.as_secs()
    );
    println!(
        "Next: make a key with `stockwell keys create` there, and send its users links for new passwords. Set the rate limits and the \
         quota of files that it had here."
    );
    Ok(())
}

fn print_rows(manifest: &Manifest) {
    for file in manifest.tables.iter().filter(|file| file.rows > 0) {
        println!("{}: {} rows", plain_line(&file.table), file.rows);
    }
}

/// Deletes a tenant, and prints the rows that each table had and has.
pub(super) async fn delete(args: &DeleteArgs) -> Result<(), Failed> {
    let url = args.migrator_database_url.expose_secret();
    let store = args.store.read()?;
    let tables = archive::delete(url, &args.slug, &args.confirm, store.as_ref()).await?;
    for table in &tables {
        let unit = if table.table == OBJECTS { "" } else { " rows" };
        println!("{}: {}{unit} deleted, {} left", table.table, table.deleted, table.left);
    }
    let tables: Vec<Deleted> = tables.into_iter().filter(|table| table.table != OBJECTS).collect();
    let deleted: u64 = tables.iter().map(|table| table.deleted).sum();
    println!("{} is deleted: {deleted} rows of {} tables, none left", args.slug, tables.len());
    Ok(())
}

/// Deletes a tenant for trials and makes it again, and prints its id and its key, as `tenant create` does.
pub(super) async fn reset(args: &ResetArgs) -> Result<(), Failed> {
    let (db, migrator_url) = args.databases.connect().await?;
    let url = migrator_url.expose_secret();
    let (store, from) = (args.store.read()?, args.from.as_deref());
    let made = archive::reset(&db, url, &args.slug, &args.confirm, from, store.as_ref()).await?;
    println!("{}\n{}", made.id, made.key.reveal());
    Ok(())
}
