//! Networks, and origins of web pages, from which a key may be used.

use std::net::IpAddr;

use ipnet::IpNet;

/// Stands for all origins.
pub(super) const ANY_ORIGIN: &str = "*";

/// Parses a network in CIDR form, or a single address.
pub(super) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Whether a text is the origin of web pages, in the form in which browsers send it.
pub(super) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.len() <= 260 && host.bytes().all(known))
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
        for origin in
            ["https://shop.example", "http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:80"]
        {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "",
            "*",
            "null",
            "shop.example",
            "https://",
            "https://Shop.example",
            "https://shop.example/",
            "ftp://a",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
