//! The demo's tenant in shadow mode: four systems that stopped agreeing, and the fix that comes first.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// The exports of the four systems, which come with the project.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/reconciliation");

/// Longest time of sending the exports and comparing them. A run alone may take 65 seconds.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Sends the exports with `stockwell reconcile`. Returns the headline of the first fix, or nothing if the exports are missing.
pub async fn reconcile(base_url: &str, key: &str) -> Result<Option<String>, String> {
    let Ok(folder) = Path::new(FOLDER).canonicalize() else { return Ok(None) };
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut client = tokio::process::Command::new(program);
    client.args(["reconcile", "--url", base_url]).arg(folder).env("STOCKWELL_API_KEY", key);
    let ran = client.stdin(Stdio::null()).kill_on_drop(true).output();
    let Ok(ran) = tokio::time::timeout(TIME_MAX, ran).await else {
        return Err(format!("it took more than {} seconds", TIME_MAX.as_secs()));
    };
    let ran = ran.map_err(|error| error.to_string())?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&ran.stdout);
    Ok(Some(text.trim().lines().next().unwrap_or_default().to_owned()))
}
