//! `stockwell import online-retail`: a year of a real gift seller's trade, sent through the public REST API.
//!
//! It is a client like any other: it knows nothing but the API, sends its documents on the batch routes with one
//! idempotency key each, and can be run again at any time: what is there already is answered, not repeated.
//!
//! The data: "Online Retail", Daqing Chen (2015), UCI Machine Learning Repository, DOI 10.24432/C5BW33, CC BY 4.0.

#![expect(clippy::print_stdout, reason = "a program that talks to a person")]

mod client;
mod country;
mod documents;
mod rows;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};
use secrecy::SecretString;

pub use client::ClientError;

use client::Client;
use documents::{Documents, Tally};

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import "Online Retail" (UCI), as CSV, plain or compressed by zstd.
    OnlineRetail(OnlineRetailArgs),
}

/// From where, and where to.
#[derive(Debug, Args)]
pub struct OnlineRetailArgs {
    /// The data set: a .csv or .csv.zst file.
    pub file: PathBuf,
    /// Where the API is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// A key of the tenant that the trade belongs to.
    #[arg(long, env = "STOCKWELL_API_KEY", hide_env_values = true)]
    pub key: SecretString,
}

/// Why an import did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A row is not what it should be.
    #[error("row {row}: {problem}")]
    Row {
        /// From 2; the first line is the header.
        row: u64,
        /// What is wrong.
        problem: String,
    },
    /// The API did not do what it was asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Some rows were refused.
    #[error("{refused} documents were refused; the first: {first}")]
    Refused {
        /// How many documents.
        refused: usize,
        /// What the API said of the first.
        first: String,
    },
    /// More or fewer lines were posted than rows were read.
    #[error("rows read and lines posted differ")]
    Differs,
}

/// Imports the file and prints what was read and what was posted.
pub async fn run(command: &ImportCommand) -> Result<(), ImportError> {
    let ImportCommand::OnlineRetail(args) = command;
    let started = Instant::now();
    let rows = rows::read(&args.file)?;
    let client = Client::new(&args.url, args.key.clone())?;
    let place = client.prepare().await?;
    let documents = Documents::of(rows, &place);
    println!("{}", documents.assumptions());
    let posted = documents.send(&client).await?;
    print!("{}", Tally::table(&documents.read, &posted));
    println!("took {} s", started.elapsed().as_secs());
    if documents.read == posted { Ok(()) } else { Err(ImportError::Differs) }
}
