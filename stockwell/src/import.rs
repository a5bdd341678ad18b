//! `stockwell import online-retail`: sends a year of a real gift seller's trade through the public REST API.
//!
//! It uses the API alone, as any client does. It posts documents on the batch routes, each with its own
//! idempotency key. A second run changes nothing: the API replays the responses to documents that it already
//! has. The worker deletes stored responses after 7 days, so a run after that would post sales again.
//!
//! The data: "Online Retail", Daqing Chen (2015), UCI Machine Learning Repository, DOI 10.24432/C5BW33, CC BY 4.0.

#![expect(clippy::print_stdout, reason = "a program that talks to a person")]

mod catalogue;
pub mod client;
mod country;
mod dates;
mod documents;
#[cfg(test)]
mod replenishment;
mod rows;

use std::path::PathBuf;
use std::time::Instant;

use api::config::secret;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::text::plain_lines;
use secrecy::SecretString;

pub use client::ClientError;

use client::Client;
use dates::Shift;
use documents::{Documents, Tally};

/// Data sets that can be imported.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import "Online Retail" (UCI), as CSV, plain or compressed by zstd.
    OnlineRetail(OnlineRetailArgs),
}

/// Arguments of `import online-retail`.
#[derive(Debug, Args)]
pub struct OnlineRetailArgs {
    /// The data set: a .csv or .csv.zst file.
    pub file: PathBuf,
    /// The URL of the API.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// A key of the tenant that gets the trade.
    #[arg(long, env = "STOCKWELL_API_KEY", hide_env_values = true, value_parser = secret)]
    pub key: SecretString,
    /// Move all dates by whole weeks, so that the last trade is less than 8 days before this day. Without it, dates stay as the
    /// file has them. Repeat an import with the same day.
    #[arg(long)]
    pub before: Option<NaiveDate>,
    /// The code of the tax class of all products. The file has prices without tax, and no tax. With a class other than `zero`,
    /// sales within the country are taxed and exports are not.
    #[arg(long, default_value = NO_TAX)]
    pub tax_class: String,
}

/// Code of the tax class of a tenant whose rate is zero.
pub const NO_TAX: &str = "zero";

/// An import failed, or not everything was posted.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read.
    #[error("{file}: {source}")]
    File {
        /// Path of the file.
        file: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A row can't be read.
    #[error("row {row}: {problem}")]
    Row {
        /// Line of the file, from 2: the first line is the header.
        row: u64,
        /// The error, for the caller.
        problem: String,
    },
    /// The API can't be reached, or returned an error.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The API rejected some documents.
    #[error("{refused} documents were rejected; the first: {first}")]
    Refused {
        /// Number of documents.
        refused: usize,
        /// Status and body of the first.
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
    let mut rows = rows::read(&args.file)?;
    let client = Client::new(&args.url, args.key.clone())?;
    let place = client.prepare(&args.tax_class).await?;
    if let Some(shift) = args.before.and_then(|day| Shift::before(day, &rows)) {
        shift.apply(&mut rows);
        println!("{}", shift.told());
    }
    let documents = Documents::of(rows, &place);
    println!("{}", plain_lines(&documents.assumptions()));
    let posted = documents.send(&client).await?;
    print!("{}", Tally::table(&documents.read, &posted));
    println!("took {} s", started.elapsed().as_secs());
    if documents.read == posted { Ok(()) } else { Err(ImportError::Differs) }
}
