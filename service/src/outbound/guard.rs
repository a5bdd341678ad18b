//! The HTTP client. A name is resolved here, every address is checked, and the connection uses the checked ones and no other. No
//! redirect is followed, and no proxy is used.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

use super::Reach;

/// Time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for which an idle connection is kept. Receivers close theirs later, so few requests meet one that ends.
const IDLE: Duration = Duration::from_secs(2);

/// A name led to an address that may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that may not be reached")]
pub struct Forbidden;

/// A name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
pub struct Unknown;

/// Resolves names to addresses that may be reached.
struct Guard {
    reach: Reach,
    is_plain: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(look_up(self.reach.clone(), self.is_plain, name.as_str().to_owned()))
    }
}

/// Returns the addresses of a name, if all of them may be reached.
async fn look_up(
    reach: Reach,
    is_plain: bool,
    name: String,
) -> Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
    let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Unknown)?;
    let addresses: Vec<SocketAddr> = found.collect();
    let admits = |address: &SocketAddr| match is_plain {
        true => reach.admits_plain(address.ip()),
        false => reach.admits(address.ip()),
    };
    if addresses.is_empty() {
        return Err(Unknown.into());
    }
    if !addresses.iter().all(admits) {
        return Err(Forbidden.into());
    }
    Ok(Box::new(addresses.into_iter()))
}

/// Makes a client for HTTPS, or a plain one for HTTP. It does not check a URL that has an address in place of a name: read each URL with
/// [`Reach::read_url`].
///
/// It keeps at most `idle_max` connections to a host for the next requests. Their addresses were checked when they were made.
pub fn client(
    reach: &Reach,
    is_plain: bool,
    user_agent: &'static str,
    idle_max: usize,
) -> Result<Client, reqwest::Error> {
    let guard = Guard { reach: reach.clone(), is_plain };
    Client::builder()
        .dns_resolver(Arc::new(guard))
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .https_only(!is_plain)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(idle_max)
        .pool_idle_timeout(IDLE)
        .user_agent(user_agent)
        .build()
}
