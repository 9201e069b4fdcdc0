//! What the values of the node's options mean.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// What is known about the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nat {
    /// Nothing; ask the router, and announce what is found out.
    Any,
    /// The router can be asked (UPnP).
    Upnp,
    /// There is no other way in; announce the addresses of this machine.
    None,
    /// Announce this address.
    External(IpAddr),
}

/// A secp256k1 secret key that shows nothing of itself. Anything is taken, so that no message about a slip repeats it.
#[derive(Clone)]
pub(crate) struct NodeKey(zeroize::Zeroizing<String>);

impl NodeKey {
    /// The key, if the text is 64 hexadecimal digits.
    pub(crate) fn bytes(&self) -> Option<zeroize::Zeroizing<[u8; 32]>> {
        let digits = self.0.trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits).as_bytes();
        let mut key = zeroize::Zeroizing::new([0; 32]);
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16);
            *byte = (value(pair[0])? * 16 + value(pair[1])?) as u8;
        }
        Some(key)
    }
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// Where the archive is kept. It may hold a password, so it shows nothing of itself, and anything is taken, so that no
/// message about a slip repeats it.
#[derive(Clone)]
pub(crate) struct DatabaseUrl(zeroize::Zeroizing<String>);

impl DatabaseUrl {
    /// A file or a server, if the text names one.
    pub(crate) fn place(&self) -> Result<waku::archive::Place, waku::archive::PlaceError> {
        self.0.parse()
    }
}

/// A text that may hold a secret, and shows nothing of itself.
#[derive(Clone)]
pub(crate) struct Hidden(zeroize::Zeroizing<String>);

impl Hidden {
    /// The text. Whoever copies it has to wipe it.
    #[cfg_attr(not(feature = "rln"), allow(dead_code))]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// How much is kept, in the words of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention(pub(crate) waku::archive::Retention);

impl FromStr for Nat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            "none" => Ok(Self::None),
            "upnp" => Ok(Self::Upnp),
            _ => text
                .strip_prefix("extip:")
                .and_then(|ip| ip.parse().ok())
                .map(Self::External)
                .ok_or_else(|| "use any, none, upnp, or extip: and an IP address (pmp is not supported)".into()),
        }
    }
}

impl FromStr for NodeKey {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(zeroize::Zeroizing::new(text.to_owned())))
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeKey(..)")
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "kib" => 1 << 10,
            "mb" => 1_000_000,
            "mib" => 1 << 20,
            "gb" => 1_000_000_000,
            "gib" => 1 << 30,
            _ => return Err("use a number with the unit B, KB, KiB, MB, MiB, GB or GiB".into()),
        };
        let number: u64 = number
            .parse()
            .map_err(|_| "a size begins with a number, such as 150KiB".to_owned())?;
        number
            .checked_mul(factor)
            .map(Self)
            .ok_or_else(|| "this size is too large".into())
    }
}

impl FromStr for DatabaseUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(zeroize::Zeroizing::new(text.to_owned())))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(..)")
    }
}

impl FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(zeroize::Zeroizing::new(text.to_owned())))
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(..)")
    }
}

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|error: waku::archive::RetentionError| error.to_string())
    }
}

/// Which network, with everything that is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
pub(crate) enum Preset {
    /// The network of Status users
    #[value(name = "status.prod")]
    #[serde(rename = "status.prod")]
    StatusProd,
    /// Status's network for trying things
    #[value(name = "status.staging")]
    #[serde(rename = "status.staging")]
    StatusStaging,
    /// The Waku Network
    #[value(name = "twn")]
    #[serde(rename = "twn")]
    Twn,
    /// A network on this machine, without discovery
    #[value(name = "local")]
    #[serde(rename = "local")]
    Local,
}

/// A name server: an IP address, with port 53 unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameServer(pub(crate) SocketAddr);

impl FromStr for NameServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ip = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
        ip.or_else(|_| text.parse::<SocketAddr>())
            .map(Self)
            .map_err(|_| "use an IP address, such as 1.1.1.1, or one with a port, such as 127.0.0.1:5353".into())
    }
}

/// The name of a machine in the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostName(pub(crate) String);

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_part = |part: &str| {
            (1..=63).contains(&part.len())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        match text.len() <= 253 && text.split('.').all(is_part) {
            true => Ok(Self(text.to_owned())),
            false => Err("use a name from the DNS, such as node.example.org".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!("150KiB".parse(), Ok(Size(153_600)));
        assert_eq!("1 MiB".parse(), Ok(Size(1 << 20)));
        assert_eq!("30GB".parse(), Ok(Size(30_000_000_000)));
        assert_eq!("7".parse(), Ok(Size(7)));
        for wrong in [
            "",
            "KiB",
            "1XB",
            "-1B",
            "99999999999999999999B",
            "18446744073709551615GiB",
        ] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn retention_policies_are_the_archives() {
        let both: Retention = "time:172800;size:1gb".parse().unwrap();
        assert_eq!(both.0.time, Some(std::time::Duration::from_secs(172_800)));
        assert!("hours:3".parse::<Retention>().is_err());
    }

    #[test]
    fn node_keys_do_not_show() {
        let key: NodeKey = "ab".repeat(32).parse().unwrap();
        assert_eq!(*key.bytes().unwrap(), [0xab; 32]);
        assert_eq!(format!("{key:?}"), "NodeKey(..)");
        for wrong in ["", "ab", &"zz".repeat(32), &"é".repeat(32)] {
            let key: NodeKey = wrong.parse().unwrap();
            assert!(key.bytes().is_none());
        }
    }

    #[test]
    fn name_servers() {
        assert_eq!("1.1.1.1".parse(), Ok(NameServer("1.1.1.1:53".parse().unwrap())));
        assert_eq!(
            "127.0.0.1:5353".parse(),
            Ok(NameServer("127.0.0.1:5353".parse().unwrap()))
        );
        assert!("dns.example.org".parse::<NameServer>().is_err());
    }

    #[test]
    fn host_names() {
        assert_eq!("node-1.example.org".parse(), Ok(HostName("node-1.example.org".into())));
        for wrong in ["", "a..b", "node example", "/dns4/x", &"a".repeat(64)] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_and_places() {
        assert_eq!(
            "extip:192.0.2.1".parse(),
            Ok(Nat::External("192.0.2.1".parse().unwrap()))
        );
        assert!("pmp".parse::<Nat>().is_err());
    }

    #[test]
    fn addresses_of_databases_do_not_show() {
        let place = |text: &str| text.parse::<DatabaseUrl>().unwrap().place();
        assert!(place("sqlite://a/b.db").is_ok() && place("postgres://u:hush@db/waku").is_ok());
        assert!(place("mysql://u:hush@db").is_err_and(|error| !error.to_string().contains("hush")));
        let url: DatabaseUrl = "postgres://u:hush@db/waku".parse().unwrap();
        assert_eq!(format!("{url:?}"), "DatabaseUrl(..)");
    }
}
