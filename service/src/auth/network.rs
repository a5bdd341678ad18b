//! Networks, and origins of web pages, from which a key may be used.

use std::net::IpAddr;

use domain::refusal::Problems;
use ipnet::IpNet;
use url::Url;

/// Stands for all origins.
pub(super) const ANY_ORIGIN: &str = "*";

/// Most characters of an origin.
const ORIGIN_LENGTH_MAX: usize = 268;

/// Parses a network in CIDR form, or a single address.
pub(super) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Names each text that is not an origin in the form in which browsers send it, with that form. `*` must stand alone.
pub(super) fn check_origins(problems: &mut Problems, origins: &[String]) {
    let is_any = |origin: &str| origin == ANY_ORIGIN && origins.len() == 1;
    for (index, origin) in origins.iter().enumerate().filter(|(_, origin)| !is_any(origin)) {
        let sent = as_sent(origin);
        if sent.as_ref() == Some(origin) {
            continue;
        }
        let detail = match sent {
            Some(sent) => format!("Browsers send this origin as {sent}: send it in that form."),
            None => "Expected an origin as browsers send it, such as https://shop.example or http://localhost:3000, or * alone \
                     for all."
                .to_owned(),
        };
        problems.invalid(format!("/origins/{index}"), detail);
    }
}

/// Returns the origin of an address of web pages in the form in which browsers send it: in lower case, and without the port
/// that the scheme has anyway.
fn as_sent(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    let is_named = host.strip_suffix('.').unwrap_or(host).split('.').all(|label| !label.is_empty());
    let origin = url.origin().ascii_serialization();
    (is_named && origin.len() <= ORIGIN_LENGTH_MAX).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_cidr_or_addresses() {
        for (network, address, inside) in [
            ("192.0.2.0/24", "192.0.2.77", true),
            ("192.0.2.0/24", "192.0.3.77", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::1", "2001:db8::2", false),
        ] {
            let network = parse_network(network).expect("a network");
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(network.contains(&address), inside, "{network} {address}");
        }
        assert_eq!(parse_network("192.0.2.0/33"), None);
        assert_eq!(parse_network("example"), None);
    }

    #[test]
    fn origins_have_the_form_that_browsers_send() {
        for origin in [
            "https://shop.example",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://shop.example:443",
            "https://xn--mnchen-3ya.example",
        ] {
            assert_eq!(as_sent(origin).as_deref(), Some(origin));
        }
        for (other, sent) in [
            ("https://shop.example:443", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("https://Shop.example", "https://shop.example"),
            ("https://shop.example/", "https://shop.example"),
            ("https://shop.example:08443/cart?a=b", "https://shop.example:8443"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ] {
            assert_eq!(as_sent(other).as_deref(), Some(sent), "{other}");
        }
        for other in [
            "",
            "*",
            "null",
            "shop.example",
            "https://",
            "ftp://a",
            "https://a.example:99999",
            "https://a..example",
            "https://.example",
            "https://a b.example",
        ] {
            assert_eq!(as_sent(other), None, "{other}");
        }
    }
}
