//! The HTTP client. A name is resolved here, every address is checked, and the connection uses the checked ones and no other. No
//! redirect is followed, and no proxy is used.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
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

/// Looks a name up.
type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Resolves names to addresses that may be reached.
struct Guard {
    reach: Reach,
    is_plain: bool,
    look_up: LookUp,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.look_up)(name.as_str().to_owned());
        let (reach, is_plain) = (self.reach.clone(), self.is_plain);
        Box::pin(async move { checked(&reach, is_plain, found.await.map_err(|_| Unknown)?) })
    }
}

/// Asks the system for the addresses of a name.
fn of_system(name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    Box::pin(async move {
        let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
        Ok(found.collect())
    })
}

/// Returns the addresses of a name, if all of them may be reached.
fn checked(
    reach: &Reach,
    is_plain: bool,
    addresses: Vec<SocketAddr>,
) -> Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
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
    guarded(Guard { reach: reach.clone(), is_plain, look_up: Arc::new(of_system) }, user_agent, idle_max)
}

fn guarded(guard: Guard, user_agent: &'static str, idle_max: usize) -> Result<Client, reqwest::Error> {
    let is_plain = guard.is_plain;
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

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::iter::successors;
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        let read = |text: &&str| SocketAddr::new(text.parse().expect("an address"), 0);
        texts.iter().map(read).collect()
    }

    fn next_cause<'a>(cause: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        (*cause).source()
    }

    /// Returns whether the addresses of a name were rejected because one of them may not be reached.
    fn is_forbidden(texts: &[&str]) -> bool {
        match checked(&Reach::default(), false, addresses(texts)) {
            Ok(found) => {
                assert_eq!(found.count(), texts.len());
                false
            }
            Err(error) => error.is::<Forbidden>(),
        }
    }

    #[test]
    fn a_name_needs_public_addresses_only() {
        assert!(!is_forbidden(&["93.184.215.14"]));
        assert!(!is_forbidden(&["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]));
        for inside in [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
        ] {
            assert!(is_forbidden(&[inside]), "{inside}");
            assert!(is_forbidden(&["93.184.215.14", inside]), "{inside} beside a public address");
        }
        let none = checked(&Reach::default(), false, Vec::new());
        assert!(none.err().is_some_and(|error| error.is::<Unknown>()));
    }

    /// Responds to each request, and ends its connection.
    async fn respond(listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n")
                && stream.read_buf(&mut head).await.is_ok_and(|count| count > 0)
            {}
            _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
        }
    }

    #[tokio::test]
    async fn the_address_that_was_checked_is_the_one_that_is_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://moving.example:{}/", listener.local_addr().expect("an address").port());
        let receiver = tokio::spawn(respond(listener));
        // The name server leads to the open address once, and to another one from then on.
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let look_up = move |_: String| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            let found = if counted.fetch_add(1, Ordering::Relaxed) == 0 { "127.0.0.1" } else { "127.0.0.2" };
            Box::pin(std::future::ready(Ok(addresses(&[found]))))
        };
        let open: IpAddr = "127.0.0.1".parse().expect("an address");
        let reach = Reach::with(vec![open.into()]);
        let guard = Guard { reach, is_plain: true, look_up: Arc::new(look_up) };
        let client = guarded(guard, "test", 0).expect("a client");

        let reached = client.get(&url).send().await.expect("a response");
        assert_eq!((reached.status().as_u16(), asked.load(Ordering::Relaxed)), (204, 1));
        let error = client.get(&url).send().await.expect_err("the name leads elsewhere");
        let mut causes = successors(error.source(), next_cause);
        assert!(causes.any(|cause| cause.is::<Forbidden>()), "{error:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        receiver.abort();
    }
}
