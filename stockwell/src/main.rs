//! `stockwell`: the server and the operator's commands.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to a person")]

mod operator;

use std::process::ExitCode;
use std::time::Duration;

use api::config::Config;
use clap::{Parser, Subcommand};
use operator::{EveryTenant, Failed, KeysCommand, MigrateArgs, TenantCommand};
use stockwell::demo::{self, DemoArgs};
use stockwell::import::{self, ImportCommand};
use stockwell::worker::{Worker, WorkerConfig};
use stockwell::{log, signal};

/// One well of stock for wholesale and retail.
#[derive(Debug, Parser)]
#[command(name = "stockwell", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API.
    Serve {
        #[command(flatten)]
        config: Config,
        /// Seconds that the load balancer is given to hear that the server is about to stop.
        #[arg(long, env = "STOCKWELL_STOP_NOTICE_SECONDS", default_value_t = 0)]
        stop_notice_seconds: u64,
    },
    /// Hand events on to the servers, put away what has had its time, and make the stock checkpoints that are due. Any
    /// number of workers may run.
    Worker(WorkerConfig),
    /// Bring the database's schema up to date, or take its newest step back.
    Migrate(MigrateArgs),
    /// Prove, for every tenant and from the raw rows, that stock, cost and ledger agree.
    Verify(EveryTenant),
    /// Make the stock checkpoints that are due, for every tenant: once a day, where no worker does it.
    Checkpoint(EveryTenant),
    /// Make a tenant.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Make an API key.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Import a data set through the REST API, as a client.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Start everything on private servers, import a year of real trade, and serve.
    Demo(DemoArgs),
    /// Print the API's description.
    Openapi,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    let serves = matches!(command, Command::Serve { .. } | Command::Migrate(_));
    log::start(if serves { log::SERVICE } else { log::PERSON });
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stockwell: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Serve { config, stop_notice_seconds } => {
            serve(&config, Duration::from_secs(stop_notice_seconds)).await
        }
        Command::Worker(config) => work(&config).await,
        Command::Migrate(args) => operator::migrate(&args).await,
        Command::Verify(args) => operator::verify(&args).await,
        Command::Checkpoint(args) => operator::checkpoint(&args).await,
        Command::Tenant(command) => operator::tenant(command).await,
        Command::Keys(command) => operator::keys(command).await,
        Command::Import(command) => Ok(import::run(&command).await?),
        Command::Demo(args) => Ok(demo::run(&args).await?),
        Command::Openapi => {
            print!("{}", stockwell::routes().text());
            Ok(())
        }
    }
}

/// Works until the process is asked to end, then finishes what is under way.
async fn work(config: &WorkerConfig) -> Result<(), Failed> {
    let worker = Worker::start(config).await?;
    tracing::info!("working");
    signal::asked_to_end().await?;
    tracing::info!("stopping");
    worker.stop().await;
    Ok(())
}

/// Serves until the process is asked to end, then finishes what is in flight.
async fn serve(config: &Config, stop_notice: Duration) -> Result<(), Failed> {
    let running = stockwell::serve(config).await?;
    tracing::info!(addr = %running.addr, "serving");
    signal::asked_to_end().await?;
    tracing::info!("stopping");
    Ok(running.stop(stop_notice).await?)
}
