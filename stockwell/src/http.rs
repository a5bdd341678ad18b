//! The HTTP client of the commands that use the public API.

use std::time::Duration;

use reqwest::redirect::Policy;

/// Longest time until a server takes a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest time of a request with its response: 12 MB over a slow line, or a run of 65 seconds.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(600);

/// Makes a client with the limits of time, which follows redirects as `redirects` says.
pub(crate) fn client(redirects: Policy) -> Result<reqwest::Client, reqwest::Error> {
    // Below the time after which a server closes a connection that never sent a request.
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirects)
        .pool_idle_timeout(Duration::from_secs(5))
        .connect_timeout(CONNECT_TIME_MAX)
        .timeout(REQUEST_TIME_MAX)
        .build()
}
