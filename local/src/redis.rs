//! A private Redis without persistence. It is optional: with one process, Stockwell needs no Redis.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::tether::{Leash, Tether};
use crate::{LocalError, binaries, blocking, folder, free_port, log_end};

/// A running private Redis. Dropping it stops the server.
pub struct Redis {
    port: u16,
    password: String,
    _tether: Tether,
}

impl Redis {
    /// Starts `redis-server` on a free port of 127.0.0.1 with a random password. Returns `None` if it is not installed.
    ///
    /// # Errors
    /// [`LocalError::Start`] with the log if the server does not respond within 10 s.
    pub async fn start() -> Result<Option<Self>, LocalError> {
        let Some(program) = binaries::redis() else {
            return Ok(None);
        };
        blocking(move || {
            for _ in 0..4 {
                if let Ok(redis) = launch(&program) {
                    return Ok(Some(redis));
                }
            }
            launch(&program).map(Some)
        })
        .await
    }

    /// Returns the URL `redis://` with password, host and port.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", self.password, self.port)
    }

    /// Stops the server and waits for its end.
    pub async fn stop(self) {
        // This fails only while the runtime shuts down, and then the value is dropped as well.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

/// Makes one attempt on one free port.
fn launch(program: &Path) -> Result<Redis, LocalError> {
    let home = folder::scratch("stockwell-redis", None)?;
    let port = free_port()?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    let config = home.join("redis.conf");
    let text = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\ndaemonize no\nloglevel warning\nmaxmemory 256mb\n"
    );
    folder::write_secret(&config, &text, None)?;
    let log = home.join("redis.log");
    let leash = Leash { signal: "TERM", trash: Some(&home), user: None, cwd: &home, log: &log };
    let mut tether = Tether::spawn(&leash, program, &[config.display().to_string()])?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while !answers(port, &password) {
        let text = log_end(&log);
        if !tether.is_alive() || Instant::now() > deadline {
            return Err(LocalError::Start { server: "Redis", log: text });
        }
        sleep(Duration::from_millis(10));
    }
    Ok(Redis { port, password, _tether: tether })
}

/// Whether the server on `port` knows our password, so it is ours.
fn answers(port: u16, password: &str) -> bool {
    let attempt = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(format!("AUTH {password}\r\n").as_bytes())?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+OK\r\n")
    };
    attempt().unwrap_or(false)
}
