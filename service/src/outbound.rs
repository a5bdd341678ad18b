//! Requests to other systems at URLs that a tenant names: webhooks, and providers of sign-ins.
//!
//! Only public addresses may be reached, by HTTPS: without this rule a tenant could make Stockwell read services of the operator's own
//! network.

mod guard;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

pub use guard::{Forbidden, Unknown, client};

/// Longest URL.
pub const URL_LENGTH_MAX: usize = 2_000;

/// IPv4 networks that are not public, by the registry of special addresses (RFC 6890), multicast, and the address at which one
/// cloud serves its machines.
const CLOSED_V4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The IPv6 network of public addresses.
const OPEN_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Parts of [`OPEN_V6`] that are not public, or lead to an IPv4 address inside: Teredo and other protocols, documentation, 6to4.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The addresses that may be reached: all public ones by HTTPS, and those of some networks also by HTTP.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    networks: Vec<IpNet>,
}

impl Reach {
    /// Opens networks of the operator besides the public ones.
    pub fn with(networks: Vec<IpNet>) -> Self {
        Reach { networks }
    }

    /// Whether `address` may be reached by HTTPS.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.admits_plain(address) || is_public(address)
    }

    /// Whether `address` may be reached by HTTP.
    pub fn admits_plain(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Reads a URL. Rejects one that may not be reached, as far as its text says it. The addresses of a name are checked each time
    /// it is resolved.
    pub fn read_url(&self, text: &str) -> Result<Url, String> {
        if text.len() > URL_LENGTH_MAX {
            return Err(format!("A URL may have at most {URL_LENGTH_MAX} characters."));
        }
        let url = Url::parse(text);
        let url = url.map_err(|_| "Expected a URL such as https://hooks.example/stockwell.".to_owned())?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" if !self.networks.is_empty() => true,
            _ => return Err("Only https is allowed.".to_owned()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("Leave out the user name and the password: each request is signed.".to_owned());
        }
        if url.fragment().is_some() {
            return Err("Leave out the part behind #: it is never sent.".to_owned());
        }
        let admits = |address| if is_plain { self.admits_plain(address) } else { self.admits(address) };
        let is_admitted = match url.host() {
            Some(Host::Domain(name)) => !self.networks.is_empty() || is_public_name(name),
            Some(Host::Ipv4(address)) => admits(address.into()),
            Some(Host::Ipv6(address)) => admits(address.into()),
            None => false,
        };
        if !is_admitted {
            return Err(
                "Name a host that is public: this one is in a private or reserved network.".to_owned()
            );
        }
        Ok(url)
    }
}

/// Whether a name can be public. `localhost` and names of one part are not.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.contains('.')
        && !name.ends_with(".localhost")
        && !name.ends_with(".local")
        && !name.ends_with(".internal")
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|(network, bits)| {
            Ipv4Net::new(*network, *bits).is_ok_and(|network| network.contains(&address))
        }),
        // An address that stands for an IPv4 address (::ffff:…, 64:ff9b::…) is outside of the open network.
        IpAddr::V6(address) => {
            is_in(OPEN_V6, &address) && !CLOSED_V6.iter().any(|network| is_in(*network, &address))
        }
    }
}

fn is_in((network, bits): (Ipv6Addr, u8), address: &Ipv6Addr) -> bool {
    Ipv6Net::new(network, bits).is_ok_and(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_is_closed_in_every_form() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:169.254.169.254]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::a00:1]",
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
            "[2001:db8::1]",
            "[fc00::1]",
            "[fd00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "hooks.localhost",
            "intranet",
            "metadata.google.internal",
            "printer.local",
            "127\u{3002}0\u{3002}0\u{3002}1",
            "\u{2460}27.0.0.1",
        ] {
            assert!(Reach::default().read_url(&format!("https://{host}/hook")).is_err(), "{host}");
        }
    }

    #[test]
    fn a_public_host_is_open_by_https_only() {
        for url in [
            "https://hooks.example/stockwell",
            "https://hooks.example:8443/a?b=c",
            "https://93.184.215.14/",
            "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
            "https://172.32.0.1/",
        ] {
            assert!(Reach::default().read_url(url).is_ok(), "{url}");
            assert!(Reach::default().read_url(&url.replace("https", "http")).is_err(), "{url}");
        }
        for url in [
            "",
            "hooks.example",
            "ftp://hooks.example/",
            "file:///etc/passwd",
            "gopher://hooks.example/",
            "https://",
            "https://user@hooks.example/",
            "https://user:secret@hooks.example/",
            "https://hooks.example/#part",
        ] {
            assert!(Reach::default().read_url(url).is_err(), "{url}");
        }
        let long = format!("https://hooks.example/{}", "x".repeat(URL_LENGTH_MAX));
        assert!(Reach::default().read_url(&long).is_err());
    }

    #[test]
    fn a_named_network_is_open_also_by_http() {
        let reach = Reach::with(vec!["127.0.0.0/8".parse().expect("a network")]);
        for url in
            ["http://127.0.0.1:8000/", "https://127.0.0.1/", "http://erp.intranet/", "https://93.184.215.14/"]
        {
            assert!(reach.read_url(url).is_ok(), "{url}");
        }
        for url in
            ["http://10.0.0.1/", "https://10.0.0.1/", "http://93.184.215.14/", "http://[::ffff:127.0.0.1]/"]
        {
            assert!(reach.read_url(url).is_err(), "{url}");
        }
    }
}
