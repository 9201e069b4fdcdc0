//! What the daemon is told at its start.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use api::Mode;
use messenger::accounts::Cost;
use waku::DiscoveryConfig;

use crate::preview::Reach;

/// What the daemon is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept; made if it does not exist.
    pub data_dir: PathBuf,
    /// Port of the local API on 127.0.0.1; 0 takes any free one.
    pub api_port: u16,
    /// The network of every profile.
    pub network: Network,
    /// What one guess at a new password costs. Anything below the default is for tests.
    pub cost: Cost,
}

/// How the nodes of the profiles take part in the network.
#[derive(Clone, Debug)]
pub struct Network {
    /// The cluster. Default: 16, where Status is.
    pub cluster: u16,
    /// The shards to take part in. Default: 32 and 64.
    pub shards: Vec<u16>,
    /// Nodes to stay connected to: multiaddresses that end in a peer id. A profile that is unlocked connects to all.
    pub static_nodes: Vec<String>,
    /// How other nodes are found; by default not at all. Only relaying profiles walk discv5, on any free port.
    pub discovery: DiscoveryConfig,
    /// Relay or light, for every profile; `None`: as each profile's settings say.
    pub mode: Option<Mode>,
    /// Where other nodes reach ours, in relay mode.
    pub listen: Listen,
    /// Which pages may be asked for previews.
    pub reach: Reach,
}

/// Where other nodes reach ours.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// The address of this machine. Default: all of them.
    pub address: IpAddr,
    /// The TCP port; 0 takes any free one, which several profiles need.
    pub port: u16,
}

impl Config {
    /// The defaults, for a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            api_port: 0,
            network: Network::default(),
            cost: Cost::DEFAULT,
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            cluster: 16,
            shards: vec![32, 64],
            static_nodes: Vec::new(),
            discovery: DiscoveryConfig::default(),
            mode: None,
            listen: Listen {
                address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                port: 0,
            },
            reach: Reach::default(),
        }
    }
}
