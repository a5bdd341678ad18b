//! `stockwell attachments`: where the contents of files are.

use api::config::StoreArgs;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use service::attachment::stored::{self, Copied};
use service::{Error, integrity, tenant};

use super::{EveryTenant, Failed};

/// Commands on the contents of files.
#[derive(Debug, Subcommand)]
pub enum AttachmentsCommand {
    /// Move contents of files from the database to the store, for every tenant, while servers serve. A repeat goes on where it ended.
    CopyToStore(CopyArgs),
}

/// Arguments of `attachments copy-to-store`.
#[derive(Debug, Args)]
pub struct CopyArgs {
    #[command(flatten)]
    tenants: EveryTenant,
    #[command(flatten)]
    store: StoreArgs,
}

/// Carries out a command on the contents of files.
pub async fn run(command: AttachmentsCommand) -> Result<(), Failed> {
    let AttachmentsCommand::CopyToStore(args) = command;
    let store = args.store.read()?;
    let store = store.ok_or_else(|| {
        Failed::Message("set STOCKWELL_STORE_ENDPOINT and the other settings of the store".to_owned())
    })?;
    let (db, migrator_url) = args.tenants.connect().await?;
    for (tenant_id, slug) in integrity::tenants(migrator_url.expose_secret()).await? {
        match stored::copy_to_store(&db, &store, &tenant::operator(tenant_id)).await {
            Err(Error::TenantMoving) => {
                println!("{slug}: left as it is, because it moves or was moved to another database")
            }
            copied => {
                let Copied { contents, bytes } = copied?;
                println!("{slug}: {contents} contents moved to {}, {bytes} bytes", store.name());
            }
        }
    }
    Ok(())
}
