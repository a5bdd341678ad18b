//! `stockwell doctor`: looks at the settings, the database, its roles and its schema, Redis, the signing key, the clocks, the store of
//! files and the worker. It says what is wrong and how to mend it. It writes an object to the store and deletes it, and changes nothing else.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use api::config::{StoreArgs, secret};
use clap::Args;
use migration::STEPS;
use migration::inspect::{Inspected, Purpose, inspect};
use secrecy::{ExposeSecret, SecretString};
use service::auth::SigningKey;
use service::relay::Outbox;
use tokio::time::timeout;

use crate::worker::SERVERS;

/// Longest wait for a response.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most by which the clocks of this machine and of the database may differ.
const CLOCKS_APART_MS: u64 = 1_000;
/// Longest time for which an event may wait for the worker.
const LAG_MAX: Duration = Duration::from_secs(60);

/// Arguments of `doctor`: those of the server and the worker, from the same variables. What is not set is not looked at, but for the
/// database and the signing key, which every server needs.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// The database, as the service's role (stockwell_app).
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true, value_parser = stated)]
    database_url: Option<Stated>,
    /// The database, as the worker's role (stockwell_relay).
    #[arg(long, env = "STOCKWELL_RELAY_DATABASE_URL", hide_env_values = true, value_parser = stated)]
    relay_database_url: Option<Stated>,
    /// The database, as the role that changes the schema (stockwell_migrator).
    #[arg(long, env = "STOCKWELL_MIGRATOR_DATABASE_URL", hide_env_values = true, value_parser = stated)]
    migrator_database_url: Option<Stated>,
    /// Redis.
    #[arg(long, env = "STOCKWELL_REDIS_URL", hide_env_values = true, value_parser = stated)]
    redis_url: Option<Stated>,
    /// The PEM file of the key that signs access tokens.
    #[arg(long, env = "STOCKWELL_SIGNING_KEY_FILE")]
    signing_key_file: Option<PathBuf>,
    /// The store of files.
    #[command(flatten)]
    store: StoreArgs,
}

/// A secret that was stated, or the reason why it can't be read.
#[derive(Debug, Clone)]
struct Stated(Result<SecretString, String>);

fn stated(text: &str) -> Result<Stated, Infallible> {
    Ok(Stated(secret(text)))
}

/// The outcome of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The part of the installation.
    pub part: &'static str,
    /// Its state, in a sentence without a full stop.
    pub state: String,
    /// The way to mend it. None: there is no fault.
    pub fix: Option<String>,
}

impl Finding {
    fn good(part: &'static str, state: impl Into<String>) -> Self {
        Finding { part, state: state.into(), fix: None }
    }

    fn fault(part: &'static str, state: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { part, state: state.into(), fix: Some(fix.into()) }
    }

    /// Whether something has to be mended.
    pub fn is_fault(&self) -> bool {
        self.fix.is_some()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { part, state, fix } = self;
        match fix {
            None => write!(out, "ok     {part}: {state}"),
            Some(fix) => write!(out, "fault  {part}: {state}\n       fix: {fix}"),
        }
    }
}

/// Looks at everything.
pub async fn examine(args: &DoctorArgs) -> Vec<Finding> {
    let mut found = Vec::new();
    let database = readable(&mut found, "STOCKWELL_DATABASE_URL", args.database_url.as_ref());
    let relay = readable(&mut found, "STOCKWELL_RELAY_DATABASE_URL", args.relay_database_url.as_ref());
    let migrator =
        readable(&mut found, "STOCKWELL_MIGRATOR_DATABASE_URL", args.migrator_database_url.as_ref());
    let redis = readable(&mut found, "STOCKWELL_REDIS_URL", args.redis_url.as_ref());
    if args.database_url.is_none() {
        found.push(unset("STOCKWELL_DATABASE_URL"));
    }
    if args.signing_key_file.is_none() {
        found.push(unset("STOCKWELL_SIGNING_KEY_FILE"));
    }
    if found.is_empty() {
        found.push(Finding::good("settings", "each can be read"));
    }
    if let Some(url) = database {
        let (of_role, seen) = role("database of the service", url, Purpose::Service).await;
        // They are compared at once: the time of the look at the schema would count as a difference.
        let of_clocks = seen.as_ref().map(clocks);
        found.push(of_role);
        found.push(schema(url).await);
        found.extend(of_clocks);
    }
    for (part, url, purpose) in [
        ("database of the worker", relay, Purpose::Worker),
        ("database of the migrator", migrator, Purpose::Migrator),
    ] {
        if let Some(url) = url {
            found.push(role(part, url, purpose).await.0);
        }
    }
    if let Some(path) = &args.signing_key_file {
        found.push(match SigningKey::load(path) {
            Ok(_) => Finding::good("signing key", "it can be used"),
            Err(error) => Finding::fault(
                "signing key",
                error.to_string(),
                "name the same readable file on every server and worker; `./run secrets` makes one",
            ),
        });
    }
    found.extend(store(&args.store).await);
    match redis {
        Some(url) => found.push(reached(url).await),
        None if args.redis_url.is_none() => found.push(Finding::good(
            "Redis",
            "none is set: with more than one server, each learns of the others within 5 seconds",
        )),
        None => {}
    }
    if let (Some(relay), Some(_)) = (relay, redis) {
        found.push(worker(relay).await);
    }
    found
}

/// Returns a secret that can be read. Notes one that can't.
fn readable<'s>(
    found: &mut Vec<Finding>,
    name: &str,
    stated: Option<&'s Stated>,
) -> Option<&'s SecretString> {
    match &stated?.0 {
        Ok(secret) => Some(secret),
        Err(reason) => {
            let fix = "name a file that this user can read and that has the secret in its only line";
            found.push(Finding::fault("settings", format!("{name}: {reason}"), fix));
            None
        }
    }
}

fn unset(name: &str) -> Finding {
    let fix = format!("set {name}: docs/production.md lists all");
    Finding::fault("settings", format!("{name} is not set"), fix)
}

/// Returns the state of a role, and the role if it connects.
async fn role(part: &'static str, url: &SecretString, purpose: Purpose) -> (Finding, Option<Inspected>) {
    let seen = match timeout(PATIENCE, inspect(url.expose_secret(), purpose)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => {
            let fix =
                "check host, port, name of the database and password of the URL, and run `stockwell migrate`";
            return (Finding::fault(part, error.to_string(), fix), None);
        }
        Err(_) => {
            let fix = "check host and port of the URL, and the network between";
            return (Finding::fault(part, "no response within 5 seconds", fix), None);
        }
    };
    let expected = match purpose {
        Purpose::Service => "stockwell_app",
        Purpose::Worker => "stockwell_relay",
        Purpose::Migrator => "stockwell_migrator",
    };
    let role = &seen.role;
    let finding = if seen.passes_wall != (purpose == Purpose::Migrator) {
        let state = match seen.passes_wall {
            true => format!("{role} passes row-level security, which separates the tenants"),
            false => format!("{role} does not pass row-level security, so it can't migrate"),
        };
        Finding::fault(part, state, format!("log in as {expected}"))
    } else if seen.lacks.is_empty() {
        Finding::good(part, format!("{role} connects and has its rights"))
    } else {
        let state = format!("{role} may not {}", seen.lacks.join(", "));
        Finding::fault(part, state, format!("log in as {expected}, or run `stockwell migrate`"))
    };
    (finding, Some(seen))
}

/// Compares the steps of the schema with those of this version.
async fn schema(url: &SecretString) -> Finding {
    const PART: &str = "schema";
    let steps = match timeout(PATIENCE, migration::applied(url.expose_secret())).await {
        Ok(Ok(steps)) => steps,
        Ok(Err(error)) => return Finding::fault(PART, error.to_string(), "run `stockwell migrate`"),
        Err(_) => {
            return Finding::fault(PART, "no response within 5 seconds", "see the database of the service");
        }
    };
    let missing = STEPS.iter().filter(|step| !steps.iter().any(|known| known == step.name)).count();
    if let Some(unknown) = steps.iter().find(|known| !STEPS.iter().any(|step| step.name == *known)) {
        let state = format!("it has the step {unknown}, which this version does not know");
        return Finding::fault(PART, state, "use the newer version of the program");
    }
    match missing {
        0 => Finding::good(PART, format!("it has all {} steps", STEPS.len())),
        _ => Finding::fault(PART, format!("{missing} steps are missing"), "run `stockwell migrate`"),
    }
}

/// Compares the clock of this machine with that of the database, a moment before.
fn clocks(seen: &Inspected) -> Finding {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let own_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let apart_ms = own_ms.abs_diff(seen.clock_ms);
    if apart_ms <= CLOCKS_APART_MS {
        return Finding::good("clocks", "this machine and the database are within a second");
    }
    let state = format!("this machine and the database are {apart_ms} ms apart");
    Finding::fault("clocks", state, "run an NTP client on both: they may be 1000 ms apart")
}

/// Sends Redis a message.
async fn reached(url: &SecretString) -> Finding {
    let ask = async {
        let client = redis::Client::open(url.expose_secret())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").exec_async(&mut connection).await
    };
    let fix = "check host, port and password of STOCKWELL_REDIS_URL, and that Redis runs";
    match timeout(PATIENCE, ask).await {
        Ok(Ok(())) => Finding::good("Redis", "it responds"),
        Ok(Err(error)) => Finding::fault("Redis", error.to_string(), fix),
        Err(_) => Finding::fault("Redis", "no response within 5 seconds", fix),
    }
}

/// Writes an object to the store of files, reads it and deletes it. Returns nothing if no store is set.
async fn store(args: &StoreArgs) -> Option<Finding> {
    const PART: &str = "store of files";
    let store = match args.read() {
        Ok(store) => store?,
        Err(faults) => {
            let fix = "set each STOCKWELL_STORE_ setting, or none: docs/attachments.md has them";
            return Some(Finding::fault(PART, faults.0.join("; "), fix));
        }
    };
    Some(match timeout(PATIENCE, store.probe()).await {
        Ok(Ok(())) => Finding::good(PART, "an object can be written, read and deleted"),
        Ok(Err(error)) => {
            let fix = "check endpoint, region, bucket and path style, and that the credential may put, get, delete and list objects";
            Finding::fault(PART, error.to_string(), fix)
        }
        Err(_) => Finding::fault(
            PART,
            "no response within 5 seconds",
            "check the endpoint, and the network between",
        ),
    })
}

/// Measures how far the worker is behind with the events for the servers.
async fn worker(relay: &SecretString) -> Finding {
    let measure = async { Outbox::connect(relay.expose_secret()).await?.lag(SERVERS).await };
    let fix = "start `stockwell worker`, or read its log";
    match timeout(PATIENCE, measure).await {
        Ok(Ok(lag)) if lag <= LAG_MAX => Finding::good("worker", format!("it is {} s behind", lag.as_secs())),
        Ok(Ok(lag)) => Finding::fault("worker", format!("an event has waited for {} s", lag.as_secs()), fix),
        Ok(Err(error)) => Finding::fault("worker", error.to_string(), "see the database of the worker"),
        Err(_) => Finding::fault("worker", "no response within 5 seconds", "see the database of the worker"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_to_do() {
        assert_eq!(Finding::good("Redis", "it responds").to_string(), "ok     Redis: it responds");
        let fault = Finding::fault("schema", "2 steps are missing", "run `stockwell migrate`");
        let expected = "fault  schema: 2 steps are missing\n       fix: run `stockwell migrate`";
        assert_eq!((fault.to_string().as_str(), fault.is_fault()), (expected, true));
    }

    #[test]
    fn clocks_may_be_a_second_apart() {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let now_ms = i64::try_from(since.as_millis()).expect("a time");
        for (ahead_ms, is_fault) in [(0, false), (-60_000, true), (60_000, true)] {
            let clock_ms = now_ms + ahead_ms;
            let seen = Inspected { role: String::new(), passes_wall: false, lacks: Vec::new(), clock_ms };
            assert_eq!(clocks(&seen).is_fault(), is_fault, "{ahead_ms}");
        }
    }
}
