//! The credential of a request, and the address it comes from.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{self, HeaderMap, HeaderName};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ipnet::IpNet;
use service::auth::customer_session;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the API key or access token: `Authorization: Bearer …`, `Authorization: Basic base64(key:)`, or
/// `X-Api-Key: …`. An `Authorization` that can't be read is an empty credential, which is never valid.
pub fn presented(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return headers.get(X_API_KEY).map(|key| Cow::Borrowed(key.to_str().unwrap_or_default().trim()));
    };
    let (scheme, rest) = value.to_str().unwrap_or_default().split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Cow::Borrowed(rest.trim()));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Cow::Owned(basic_user(rest.trim()).unwrap_or_default()));
    }
    Some(Cow::Borrowed(""))
}

/// Returns the user name of `base64(user:password)`. The password has no meaning and must be empty.
fn basic_user(encoded: &str) -> Option<String> {
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    password.is_empty().then(|| user.to_owned())
}

/// Returns the caller's address: the peer's, or the one that the outermost of our own proxies saw.
pub fn address(peer: Option<SocketAddr>, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> Option<IpAddr> {
    let is_trusted =
        |address: &IpAddr| trusted_proxies.iter().any(|network| network.contains(&address.to_canonical()));
    let mut address = peer?.ip();
    let forwarded: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        if !is_trusted(&address) {
            break;
        }
        address = hop.trim().parse().ok()?;
    }
    Some(address)
}

/// Whether the query string contains a credential. Logs and histories would keep it.
pub fn exposed_in_query(query: &str) -> bool {
    query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_credential = service::auth::is_well_formed(value) || customer_session::is_token(value);
        matches!(name, "api_key" | "access_token" | "apikey") || is_credential
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(name: &'static str, value: &str) -> Option<String> {
        let request = TestRequest::get().insert_header((name, value)).to_http_request();
        presented(request.headers()).map(Cow::into_owned)
    }

    #[test]
    fn three_ways_to_present_a_key() {
        assert_eq!(of("authorization", "Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("authorization", "bearer  abc").as_deref(), Some("abc"));
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert_eq!(of("authorization", &basic("abc:")).as_deref(), Some("abc"));
        assert_eq!(of("authorization", &basic("abc:secret")).as_deref(), Some(""));
        assert_eq!(of("authorization", &basic("abc")).as_deref(), Some(""));
        assert_eq!(of("authorization", "Digest abc").as_deref(), Some(""));
        assert_eq!(of("x-api-key", "abc").as_deref(), Some("abc"));
        assert_eq!(of("accept", "abc"), None);
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
        let from = |peer: &str, forwarded: &str| {
            let request = TestRequest::get().insert_header((X_FORWARDED_FOR, forwarded)).to_http_request();
            let peer = SocketAddr::new(peer.parse().expect("an address"), 40_000);
            address(Some(peer), request.headers(), &proxies).map(|address| address.to_string())
        };
        assert_eq!(from("203.0.113.9", "192.0.2.1").as_deref(), Some("203.0.113.9"));
        assert_eq!(from("10.0.0.1", "192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(from("10.0.0.1", "198.51.100.7, 192.0.2.1, 10.0.0.2").as_deref(), Some("192.0.2.1"));
        assert_eq!(from("10.0.0.1", "nonsense"), None);
    }

    #[test]
    fn a_key_in_the_query_is_noticed() {
        assert!(exposed_in_query("a=1&api_key=x"));
        assert!(exposed_in_query("session=sws_01h455vb4pex5vsknk084sn02q_x"));
        assert!(!exposed_in_query("a=1&key_id=sw_live_sk_"));
        assert!(!exposed_in_query(""));
    }
}
