//! `stockwell bi`: database logins of BI tools.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::id::BiLoginId;
use domain::text::plain_line;
use secrecy::ExposeSecret;
use service::{bi_login, tenant};
use stockwell::bi::{self, NewLogin};

use super::{Database, EveryTenant, Failed};

/// Commands on logins of BI tools.
#[derive(Debug, Subcommand)]
pub enum BiCommand {
    /// Make a login that reads the views of one tenant, and print its id, its user name and its password.
    Grant(GrantArgs),
    /// Make a login that replaces another one, and print it as `grant` does.
    Rotate(RotateArgs),
    /// End a login and its sessions at once. May be repeated.
    Revoke(RevokeArgs),
    /// List the logins of a tenant, oldest first.
    List(ListArgs),
}

/// Arguments of `bi grant`.
#[derive(Debug, Args)]
pub struct GrantArgs {
    #[command(flatten)]
    databases: EveryTenant,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The purpose of the login.
    #[arg(long)]
    name: String,
    /// When it expires, such as 2027-01-01T00:00:00Z. Without it, never.
    #[arg(long, visible_alias = "expires")]
    expires_at: Option<DateTime<Utc>>,
}

/// Arguments of `bi rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    #[command(flatten)]
    databases: EveryTenant,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The login's id.
    #[arg(long)]
    id: BiLoginId,
    /// Seconds for which the old login still works, at most 30 days.
    #[arg(long, default_value_t = 0)]
    overlap_seconds: u32,
}

/// Arguments of `bi revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    databases: EveryTenant,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The login's id.
    #[arg(long)]
    id: BiLoginId,
}

/// Arguments of `bi list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    database: Database,
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
}

/// Carries out a command on logins of BI tools.
pub async fn run(command: BiCommand) -> Result<(), Failed> {
    match command {
        BiCommand::Grant(args) => {
            let (db, url) = args.databases.connect().await?;
            let tenant_id = tenant::find(&db, &args.tenant).await?;
            let made = bi::grant(&db, url.expose_secret(), tenant_id, &args.name, args.expires_at).await?;
            print(&made);
        }
        BiCommand::Rotate(args) => {
            let (db, url) = args.databases.connect().await?;
            let tenant_id = tenant::find(&db, &args.tenant).await?;
            let made = bi::rotate(&db, url.expose_secret(), tenant_id, args.id, args.overlap_seconds).await?;
            print(&made);
        }
        BiCommand::Revoke(args) => {
            let (db, url) = args.databases.connect().await?;
            let tenant_id = tenant::find(&db, &args.tenant).await?;
            bi::revoke(&db, url.expose_secret(), tenant_id, args.id).await?;
            println!("revoked {}", args.id);
        }
        BiCommand::List(args) => {
            let db = args.database.connect().await?;
            let tenant_id = tenant::find(&db, &args.tenant).await?;
            for login in bi_login::all(&db, tenant_id).await? {
                let state = match (login.revoked_at, login.expires_at) {
                    (Some(at), _) => format!("revoked at {at}"),
                    (None, Some(at)) => format!("expires at {at}"),
                    (None, None) => "does not expire".to_owned(),
                };
                println!("{} {} {} ({state})", login.id, login.role_name, plain_line(&login.name));
            }
        }
    }
    Ok(())
}

fn print(made: &NewLogin) {
    println!("{}\n{}\n{}", made.login.id, made.login.role_name, made.password);
    eprintln!(
        "The lines are the login's id, its user name and its password, which is shown only once. It reads the views of the \
         schema bi of this tenant, with all costs, over at most 5 connections."
    );
}
