//! The options of the service node, named as nwaku names them, and what their values mean.
//!
//! Every one is also an environment variable (`UNDERTONE_NODE_` and the name in capitals) and a key of the table `[node]`
//! in `config.toml`. Defaults are applied last, in [`NodeArgs::or`]'s caller, so that an absent option can be told from
//! one that was given.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::{Deserialize, Deserializer};

use crate::args::{LogLevel, Output, Place};

/// The service node.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct NodeArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) place: Place,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) output: Output,
    /// Address to listen on [default: 0.0.0.0]
    #[arg(long, value_name = "IP", env = "UNDERTONE_NODE_LISTEN_ADDRESS")]
    pub(crate) listen_address: Option<IpAddr>,
    /// TCP port; 0 takes any free one [default: 60000]
    #[arg(long, value_name = "N", env = "UNDERTONE_NODE_TCP_PORT")]
    pub(crate) tcp_port: Option<u16>,
    /// Listen for WebSockets too [default: false]
    #[arg(long, env = "UNDERTONE_NODE_WEBSOCKET_SUPPORT", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) websocket_support: Option<bool>,
    /// WebSocket port; 0 takes any free one [default: 8000]
    #[arg(long, value_name = "N", env = "UNDERTONE_NODE_WEBSOCKET_PORT")]
    pub(crate) websocket_port: Option<u16>,
    /// Added to every port that is not 0 [default: 0]
    #[arg(long, value_name = "N", env = "UNDERTONE_NODE_PORTS_SHIFT")]
    pub(crate) ports_shift: Option<u16>,
    /// What is known about the way in: any, none, or extip:<IP> [default: any]
    #[arg(long, value_name = "NAT", env = "UNDERTONE_NODE_NAT")]
    pub(crate) nat: Option<Nat>,
    /// An address to announce; can be repeated
    #[arg(
        long,
        value_name = "MULTIADDR",
        env = "UNDERTONE_NODE_EXT_MULTIADDR",
        value_delimiter = ','
    )]
    pub(crate) ext_multiaddr: Vec<String>,
    /// A name to announce instead of the IP address
    #[arg(long, value_name = "NAME", env = "UNDERTONE_NODE_DNS4_DOMAIN_NAME")]
    pub(crate) dns4_domain_name: Option<String>,
    /// The node's secp256k1 key, 64 hexadecimal digits [default: kept in the data directory]
    #[arg(long, value_name = "HEX", env = "UNDERTONE_NODE_NODEKEY", hide_env_values = true)]
    pub(crate) nodekey: Option<NodeKey>,
    /// What the node calls itself [default: undertone/<version>]
    #[arg(long, value_name = "TEXT", env = "UNDERTONE_NODE_AGENT_STRING")]
    pub(crate) agent_string: Option<String>,
    /// The network's cluster [default: 16]
    #[arg(long, value_name = "N", env = "UNDERTONE_NODE_CLUSTER_ID")]
    pub(crate) cluster_id: Option<u16>,
    /// A shard to serve; can be repeated [default: 32 64]
    #[arg(long, value_name = "N", env = "UNDERTONE_NODE_SHARD", value_delimiter = ',')]
    pub(crate) shard: Vec<u16>,
    /// Stay connected to this node; can be repeated
    #[arg(
        long,
        value_name = "MULTIADDR",
        env = "UNDERTONE_NODE_STATICNODE",
        value_delimiter = ','
    )]
    pub(crate) staticnode: Vec<String>,
    /// Connections at most [default: 150]
    #[arg(long, value_name = "N", env = "UNDERTONE_NODE_MAX_CONNECTIONS")]
    pub(crate) max_connections: Option<u32>,
    /// Largest message, with unit B, KiB, KB or MiB [default: 1MiB on cluster 16, else 150KiB]
    #[arg(long, value_name = "SIZE", env = "UNDERTONE_NODE_MAX_MSG_SIZE")]
    pub(crate) max_msg_size: Option<Size>,
    /// Pass messages on [default: true]
    #[arg(long, env = "UNDERTONE_NODE_RELAY", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) relay: Option<bool>,
    /// Keep messages for those who were offline [default: true]
    #[arg(long, env = "UNDERTONE_NODE_STORE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) store: Option<bool>,
    /// Where they are kept: sqlite://<file> [default: node/store.sqlite3 in the data directory]
    #[arg(long, value_name = "URL", env = "UNDERTONE_NODE_STORE_MESSAGE_DB_URL")]
    pub(crate) store_message_db_url: Option<DatabaseUrl>,
    /// How much is kept: time:<seconds>, size:<n>GB, capacity:<messages>, several joined by ";", or none [default: time:172800]
    #[arg(long, value_name = "POLICY", env = "UNDERTONE_NODE_STORE_MESSAGE_RETENTION_POLICY")]
    pub(crate) store_message_retention_policy: Option<Retention>,
    /// Push messages to light clients [default: true]
    #[arg(long, env = "UNDERTONE_NODE_FILTER", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) filter: Option<bool>,
    /// Publish for light clients [default: true]
    #[arg(long, env = "UNDERTONE_NODE_LIGHTPUSH", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) lightpush: Option<bool>,
    /// What to write to the log: error, warn, info, debug, trace [default: info]
    #[arg(long, value_name = "LEVEL", env = "UNDERTONE_NODE_LOG_LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
}

impl NodeArgs {
    /// Every option that is absent here, taken from there.
    pub(crate) fn or(self, file: Self) -> Self {
        let list = |own: Vec<_>, other| if own.is_empty() { other } else { own };
        Self {
            place: self.place,
            output: self.output,
            listen_address: self.listen_address.or(file.listen_address),
            tcp_port: self.tcp_port.or(file.tcp_port),
            websocket_support: self.websocket_support.or(file.websocket_support),
            websocket_port: self.websocket_port.or(file.websocket_port),
            ports_shift: self.ports_shift.or(file.ports_shift),
            nat: self.nat.or(file.nat),
            ext_multiaddr: list(self.ext_multiaddr, file.ext_multiaddr),
            dns4_domain_name: self.dns4_domain_name.or(file.dns4_domain_name),
            nodekey: self.nodekey.or(file.nodekey),
            agent_string: self.agent_string.or(file.agent_string),
            cluster_id: self.cluster_id.or(file.cluster_id),
            shard: if self.shard.is_empty() { file.shard } else { self.shard },
            staticnode: list(self.staticnode, file.staticnode),
            max_connections: self.max_connections.or(file.max_connections),
            max_msg_size: self.max_msg_size.or(file.max_msg_size),
            relay: self.relay.or(file.relay),
            store: self.store.or(file.store),
            store_message_db_url: self.store_message_db_url.or(file.store_message_db_url),
            store_message_retention_policy: self
                .store_message_retention_policy
                .or(file.store_message_retention_policy),
            filter: self.filter.or(file.filter),
            lightpush: self.lightpush.or(file.lightpush),
            log_level: self.log_level.or(file.log_level),
        }
    }
}

/// What is known about the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nat {
    /// Nothing; announce the addresses of this machine.
    Any,
    /// There is no other way in; announce the addresses of this machine.
    None,
    /// Announce this address.
    External(IpAddr),
}

/// A secp256k1 secret key that shows nothing of itself.
#[derive(Clone)]
pub(crate) struct NodeKey(pub(crate) zeroize::Zeroizing<[u8; 32]>);

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// Where the archive is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(pub(crate) PathBuf);

/// How much is kept, in the words of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention(pub(crate) waku::archive::Retention);

impl FromStr for Nat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            "none" => Ok(Self::None),
            _ => text
                .strip_prefix("extip:")
                .and_then(|ip| ip.parse().ok())
                .map(Self::External)
                .ok_or_else(|| "use any, none, or extip: and an IP address (upnp and pmp are not supported)".into()),
        }
    }
}

impl FromStr for NodeKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
        let mut key = zeroize::Zeroizing::new([0; 32]);
        let wrong = || "a node key has 64 hexadecimal digits".to_owned();
        if digits.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).ok_or_else(wrong);
            *byte = (value(pair[0])? * 16 + value(pair[1])?) as u8;
        }
        Ok(Self(key))
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
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("sqlite://") {
            Some(path) if !path.is_empty() => Ok(Self(path.into())),
            _ => Err("use sqlite:// and a file, such as sqlite://store.sqlite3".into()),
        }
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

// In the file these values are written as on the command line.
impl<'de> Deserialize<'de> for Nat {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from)
    }
}
impl<'de> Deserialize<'de> for NodeKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from)
    }
}
impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from)
    }
}
impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from)
    }
}
impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from)
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
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
        assert_eq!(*key.0, [0xab; 32]);
        assert_eq!(format!("{key:?}"), "NodeKey(..)");
        for wrong in ["", "ab", &"zz".repeat(32), &"é".repeat(32)] {
            assert!(wrong.parse::<NodeKey>().is_err());
        }
    }

    #[test]
    fn addresses_and_places() {
        assert_eq!(
            "extip:192.0.2.1".parse(),
            Ok(Nat::External("192.0.2.1".parse().unwrap()))
        );
        assert!("upnp".parse::<Nat>().is_err());
        assert_eq!("sqlite://a/b.db".parse(), Ok(DatabaseUrl("a/b.db".into())));
        assert!("postgres://x".parse::<DatabaseUrl>().is_err());
    }
}
