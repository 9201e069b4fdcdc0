//! Options about finding other nodes.

use clap::Args;

use super::NameServer;

/// How other nodes are found.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DiscoveryArgs {
    /// A way into the network: a list in the DNS (enrtree://), a record (enr:) or a node's address; can be repeated
    #[arg(long, value_name = "ENTRY", value_delimiter = ',')]
    pub(crate) entry_node: Vec<String>,
    /// Find nodes by walking discv5 [default: as the preset says, else false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) discv5_discovery: Option<bool>,
    /// UDP port of discv5 [default: 9000]
    #[arg(long, value_name = "N")]
    pub(crate) discv5_udp_port: Option<u16>,
    /// The record of a node to ask first; can be repeated
    #[arg(long, value_name = "ENR", value_delimiter = ',')]
    pub(crate) discv5_bootstrap_node: Vec<String>,
    /// Let the address in our record follow what peers say they see [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) discv5_enr_auto_update: Option<bool>,
    /// A list of nodes in the DNS, enrtree://KEY@NAME; can be repeated
    #[arg(long, value_name = "ENRTREE", value_delimiter = ',')]
    pub(crate) dns_discovery_url: Vec<String>,
    /// A name server for it; can be repeated [default: 1.1.1.1 1.0.0.1]
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    pub(crate) dns_addrs_name_server: Vec<NameServer>,
    /// Tell light clients of other nodes, and ask peers for some when discv5 is off [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) peer_exchange: Option<bool>,
    /// Keep the records of nodes for others to find, and leave ours with nodes that do the same [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) rendezvous: Option<bool>,
    /// Keep the addresses of good peers for the next start [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) peer_persistence: Option<bool>,
}
