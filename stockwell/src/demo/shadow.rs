//! The demo's tenant in shadow mode: four systems that stopped agreeing, and the fix that comes first.

use std::path::Path;
use std::process::Stdio;

/// The exports of the four systems, which come with the project.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/reconciliation");

/// Sends the exports, as any client would. Returns the answer in a sentence, or nothing without the exports.
pub async fn reconcile(base_url: &str, key: &str) -> Result<Option<String>, String> {
    let Ok(folder) = Path::new(FOLDER).canonicalize() else { return Ok(None) };
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut client = tokio::process::Command::new(program);
    client.args(["reconcile", "--url", base_url]).arg(folder).env("STOCKWELL_API_KEY", key);
    let ran = client.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let ran = ran.map_err(|error| error.to_string())?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&ran.stdout);
    Ok(Some(text.trim().lines().next().unwrap_or_default().to_owned()))
}
