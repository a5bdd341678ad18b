//! Processes of Chromium, which tests share one after the other.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

/// Names of the program.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// Runs the browser. Its pipe is descriptors 3 and 4, which the shell makes of the standard ones. The browser ends when its pipe is
/// closed, as it is when this process ends in any way. Then its profile is removed.
const RUN: &str =
    r#"trap '' HUP INT TERM; exec 2>/dev/null; "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null; rm -rf "$PROFILE""#;
/// Flags that keep the browser small, alike on every machine, and off the network.
const FLAGS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--lang=en-GB",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

/// Processes that no test uses.
static IDLE: Mutex<Vec<Process>> = Mutex::new(Vec::new());

/// A process of the browser. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    to: ChildStdin,
    /// Messages of the browser.
    pub(super) from: Receiver<Value>,
    sent: u64,
}

impl Process {
    /// Takes an idle process, or starts one if there is none.
    pub(super) fn take() -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(Process::start)
    }

    /// Gives the process to later tests.
    pub(super) fn give_back(self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    fn start() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("stockwell-browser-{}-{number}", std::process::id()));
        let mut child = Command::new("sh")
            .args(["-c", RUN])
            .arg(program())
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .env("PROFILE", &profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("a pipe to the browser");
        let messages = child.stdout.take().expect("a pipe from the browser");
        let (sender, from) = channel();
        thread::spawn(move || {
            forward(messages, &sender);
            let _ = child.wait();
        });
        Process { to, from, sent: 0 }
    }

    /// Sends a message, and returns the id that it gets.
    pub(super) fn send(&mut self, mut message: Value) -> io::Result<u64> {
        self.sent += 1;
        message["id"] = json!(self.sent);
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes)?;
        Ok(self.sent)
    }
}

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("STOCKWELL_CHROMIUM") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| PROGRAMS.map(|program| folder.join(program)))
        .find(|file| file.is_file());
    found.expect(
        "Chromium is missing: install it (Debian: apt install chromium), or name it in STOCKWELL_CHROMIUM",
    )
}

/// Reads the messages of the browser until it ends.
fn forward(from: ChildStdout, sender: &Sender<Value>) {
    let mut from = BufReader::new(from);
    let mut message = Vec::new();
    while from.read_until(0, &mut message).is_ok_and(|read| read > 0) {
        message.pop();
        let Ok(value) = serde_json::from_slice(&message) else { return };
        if sender.send(value).is_err() {
            return;
        }
        message.clear();
    }
}
