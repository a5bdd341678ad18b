//! The command line of `stockwell`: the server and the operator's commands.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to a person")]

mod operator;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use api::config::Config;
use clap::{CommandFactory, Parser, Subcommand};
use domain::text::plain_lines;
use operator::attachments::AttachmentsCommand;
use operator::bi::BiCommand;
use operator::{CheckpointArgs, EveryTenant, Failed, KeysCommand, MigrateArgs, RollupArgs, TenantCommand};
use stockwell::call::{self, CallArgs};
use stockwell::demo::{self, DemoArgs};
use stockwell::doctor::{self, DoctorArgs, Finding};
use stockwell::import::{self, ImportCommand};
use stockwell::reconcile::{self, ReconcileArgs};
use stockwell::worker::{Worker, WorkerConfig};
use stockwell::{log, settings, signal};

/// One stock record for wholesale and retail.
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
        /// Seconds for which the server still serves after its readiness check fails, so that the load balancer notices.
        #[arg(long, env = "STOCKWELL_STOP_NOTICE_SECONDS", default_value_t = 0)]
        stop_notice_seconds: u64,
    },
    /// Send events on to the servers and to webhooks, delete stored responses after 7 days, fold sales lines into the roll-ups of
    /// the reports, make the stock checkpoints and pack the movements that are due. Several workers may run side by side.
    Worker(WorkerConfig),
    /// Update the database schema, or undo its newest step.
    Migrate(MigrateArgs),
    /// Check, for every tenant and from the raw rows, that stock, cost and ledger agree.
    Verify(EveryTenant),
    /// Make the stock checkpoints and pack the movements that are due, for every tenant. Run it once a day if no worker does.
    Checkpoint(CheckpointArgs),
    /// Fold new sales lines into the roll-ups of the reports, for every tenant. Run it often if no worker does.
    Rollup(RollupArgs),
    /// Create tenants, export, import and delete them, and set their rate limits.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Create an API key.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Move contents of files to the store.
    #[command(subcommand)]
    Attachments(AttachmentsCommand),
    /// Make and end database logins of BI tools.
    #[command(subcommand)]
    Bi(BiCommand),
    /// Import a data set through the REST API.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Send a folder of exports of several systems, and print the first fix. The exit code is 0 for an answer, 2 if more data is
    /// needed, 3 if rows were rejected, and 1 after a failure.
    Reconcile(ReconcileArgs),
    /// Send a request to the API, and print the response. The exit code is 0 if it was accepted, else the first digit of the status:
    /// 4 for a rejection. It is 1 if nothing came back.
    Api(CallArgs),
    /// Look at the settings, the database, its roles and its schema, Redis, the signing key, the clocks, the store of files and the worker, and
    /// say how to mend what is wrong. An object is written to the store and deleted, and nothing else is changed. The exit code is 1 if there is a fault.
    Doctor(DoctorArgs),
    /// Start everything on private servers, import a year of real trade, and serve.
    Demo(DemoArgs),
    /// Print the OpenAPI description.
    Openapi,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::try_parse().unwrap_or_else(|error| reject(&error)).command;
    let serves = matches!(command, Command::Serve { .. } | Command::Migrate(_));
    let spans = log::start(if serves { log::SERVICE } else { log::PERSON });
    let outcome = run(command).await;
    if let Some(spans) = spans {
        spans.end().await;
    }
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // It may repeat a text of a file, of a server or of a row.
            eprintln!("stockwell: {}", plain_lines(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Names everything that can't be read, and ends the program. A request for help is shown here too.
fn reject(first: &clap::Error) -> ! {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    for fault in settings::faults(Cli::command(), &arguments) {
        _ = fault.error.print();
        if let Some(variable) = fault.variable {
            eprintln!("It may come from the environment variable {variable}.\n");
        }
    }
    std::process::exit(first.exit_code())
}

async fn run(command: Command) -> Result<ExitCode, Failed> {
    match command {
        Command::Reconcile(args) => return Ok(reconcile::run(&args).await?),
        Command::Api(args) => {
            return Ok(call::run(&args, &mut io::stdout(), &mut io::stderr()).await?.into());
        }
        Command::Doctor(args) => return Ok(diagnose(&args).await),
        Command::Serve { config, stop_notice_seconds } => {
            serve(&config, Duration::from_secs(stop_notice_seconds)).await
        }
        Command::Worker(config) => work(&config).await,
        Command::Migrate(args) => operator::migrate(&args).await,
        Command::Verify(args) => operator::verify(&args).await,
        Command::Checkpoint(args) => operator::checkpoint(&args).await,
        Command::Rollup(args) => operator::rollup(&args).await,
        Command::Tenant(command) => operator::tenant(command).await,
        Command::Keys(command) => operator::keys(command).await,
        Command::Attachments(command) => operator::attachments::run(command).await,
        Command::Bi(command) => operator::bi::run(command).await,
        Command::Import(command) => Ok(import::run(&command).await?),
        Command::Demo(args) => Ok(demo::run(&args).await?),
        Command::Openapi => {
            print!("{}", stockwell::routes().text());
            Ok(())
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what was found.
async fn diagnose(args: &DoctorArgs) -> ExitCode {
    let found = doctor::examine(args).await;
    for finding in &found {
        println!("{}", plain_lines(&finding.to_string()));
    }
    if found.iter().any(Finding::is_fault) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Works until the process gets SIGTERM or SIGINT, then finishes what it has begun.
async fn work(config: &WorkerConfig) -> Result<(), Failed> {
    let worker = Worker::start(config).await?;
    tracing::info!("working");
    signal::asked_to_end().await?;
    tracing::info!("stopping");
    worker.stop().await;
    Ok(())
}

/// Serves until the process gets SIGTERM or SIGINT, then finishes the requests in flight.
async fn serve(config: &Config, stop_notice: Duration) -> Result<(), Failed> {
    let running = stockwell::serve(config).await?;
    tracing::info!(addr = %running.addr, "serving");
    signal::asked_to_end().await?;
    tracing::info!("stopping");
    Ok(running.stop(stop_notice).await?)
}
