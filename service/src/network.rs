//! Networks that count as one caller.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

/// Returns the network of an address: the address in IPv4, or the 64 bits of IPv6 that one customer of a provider has.
pub fn of(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { 32 } else { 64 };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |network| network.trunc())
}

/// As [`of`]. All callers whose address is not known count as one.
pub fn of_any(address: Option<IpAddr>) -> IpNet {
    of(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_are_one_network() {
        let network = |address: &str| of(address.parse().expect("an address")).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7/32");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7/32");
        assert_eq!(network("2001:db8::7"), network("2001:db8::8"));
        assert_ne!(network("2001:db8::7"), network("2001:db8:0:1::7"));
    }
}
