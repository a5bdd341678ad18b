//! Measures Stockwell beside PostgreSQL alone, on the same private cluster in the same run.
//!
//! Machines are noisy: read the ratios, not the seconds.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "rates and ratios are measurements, not money"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to a person")]

mod availability;
mod cpu;
mod crowd;
mod floor;
mod gate;
mod load;
mod migrate;
mod noisy;
mod paced;
mod reconcile;
mod replenish;
mod reports;
mod sales;
mod stand;
mod statements;
mod valuation;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Any error while measuring.
type Failure = Box<dyn std::error::Error>;

#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Till sales of three lines over HTTP, beside one server-side function call per sale.
    Sales(sales::SalesArgs),
    /// Sales of one tenant while another one sends as much as it can.
    Noisy(noisy::NoisyArgs),
    /// Availability of 1,000 products at 4 locations in one request, beside hand-written SQL.
    Availability(availability::AvailabilityArgs),
    /// One sale on each of 500 connections at once: what is rejected, and how long the others take.
    Crowd(crowd::CrowdArgs),
    /// Reports on millions of sales lines, with roll-ups and without.
    Reports(reports::ReportsArgs),
    /// Sales while `stockwell migrate` changes definitions: the longest one.
    Migrate(migrate::MigrateArgs),
    /// Suggestions of what to order, for 10,000 products at 4 locations, beside hand-written SQL.
    Replenish(replenish::ReplenishArgs),
    /// Statements of the books on millions of journal lines, with the roll-up and without.
    Statements(statements::StatementsArgs),
    /// The stock of a past instant over millions of movements, beside a sum over all of them.
    Valuation(valuation::ValuationArgs),
    /// The reconciliation of five systems over 60 days: a snapshot, a run, and the ranking of 100,000 episodes.
    Reconcile(reconcile::ReconcileArgs),
    /// Events to 20 endpoints of webhooks, of which 5 are dead, slow or lying, while the worker is killed.
    Webhooks(webhooks::WebhooksArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().scenario {
        Scenario::Sales(args) => sales::run(&args).await,
        Scenario::Noisy(args) => noisy::run(&args).await,
        Scenario::Availability(args) => availability::run(&args).await,
        Scenario::Crowd(args) => crowd::run(&args).await,
        Scenario::Reports(args) => reports::run(&args).await,
        Scenario::Migrate(args) => migrate::run(&args).await,
        Scenario::Replenish(args) => replenish::run(&args).await,
        Scenario::Statements(args) => statements::run(&args).await,
        Scenario::Valuation(args) => valuation::run(&args).await,
        Scenario::Reconcile(args) => reconcile::run(&args).await,
        Scenario::Webhooks(args) => webhooks::run(&args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
