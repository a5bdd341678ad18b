//! Networks from which a key may be used.

use std::net::IpAddr;

use ipnet::IpNet;

/// Parses a network in CIDR form, or a single address.
pub(super) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
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
}
