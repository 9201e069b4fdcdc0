//! The options of the service node, named as nwaku names them.
//!
//! Every one is also an environment variable (`UNDERTONE_NODE_` and the name in capitals; nwaku's `WAKUNODE2_` is
//! understood too) and a key of the table `[node]` in `config.toml`: see [`layers`]. Defaults are applied last, in
//! `commands/node`, so that an absent option can be told from one that was given.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::{LogLevel, Output, Place};

mod discovery;
pub(crate) mod layers;
mod operate;
mod values;

pub(crate) use discovery::DiscoveryArgs;
pub(crate) use operate::{LogFormat, OperateArgs, rate_limits};
pub(crate) use values::{DatabaseUrl, NameServer, Nat, NodeKey, Preset, Retention, Size};

/// The service node, or what can be done beside it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct NodeCommand {
    #[command(subcommand)]
    pub(crate) action: Option<NodeAction>,
    #[command(flatten)]
    pub(crate) args: NodeArgs,
}

/// What can be done beside running a node.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeAction {
    /// Make and sign a list of nodes for the DNS (EIP-1459)
    #[command(
        after_help = "Examples:\n  undertone node dns-tree --domain nodes.example.org --key-file ./tree.key enr:-Ja… enr:-Kq…\n  \
        undertone node dns-tree --domain nodes.example.org --key-file ./tree.key --json < records.txt\n\n\
        Without records on the command line they are read from standard input, one a line. What is printed is a zone file: \
        publish it, and give nodes the link in its first line with --dns-discovery-url."
    )]
    DnsTree(DnsTreeArgs),
    /// The node's settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say in words what is wrong with a node's settings, machine and network
    #[command(
        after_help = "Examples:\n  undertone node doctor --preset status.prod\n  undertone node doctor --wait 60 --json\n\n\
        It takes the options of the node, and for some seconds runs a small node with another key that serves nothing."
    )]
    Doctor(Box<DoctorArgs>),
}

/// What to look at, and for how long.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Seconds to look for peers
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// About the node's settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting that is not left at its default, as a configuration file, and where it comes from
    #[command(
        after_help = "Examples:\n  undertone node config print\n  undertone node config print --preset status.prod --store=false"
    )]
    Print(Box<NodeArgs>),
}

/// A list of nodes to be made.
#[derive(Args, Debug)]
pub(crate) struct DnsTreeArgs {
    /// Where the list will be published
    #[arg(long, value_name = "NAME")]
    pub(crate) domain: String,
    /// The file with the key that signs it, 64 hexadecimal digits; made if it does not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// The version of the list, which has to grow [default: the time in seconds]
    #[arg(long, value_name = "N")]
    pub(crate) sequence: Option<u64>,
    /// A list that this one leads to; can be repeated
    #[arg(long, value_name = "ENRTREE")]
    pub(crate) link: Vec<String>,
    /// Node records; without any they are read from standard input
    #[arg(value_name = "ENR")]
    pub(crate) records: Vec<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The options of a node.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NodeArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) output: Output,
    /// A configuration file [default: config.toml in the data directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// Which network; what is given besides goes before it
    #[arg(long, value_name = "NETWORK")]
    pub(crate) preset: Option<Preset>,
    /// Address to listen on [default: 0.0.0.0]
    #[arg(long, value_name = "IP")]
    pub(crate) listen_address: Option<IpAddr>,
    /// TCP port; 0 takes any free one [default: 60000]
    #[arg(long, value_name = "N")]
    pub(crate) tcp_port: Option<u16>,
    /// Listen for WebSockets too [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) websocket_support: Option<bool>,
    /// WebSocket port; 0 takes any free one [default: 8000]
    #[arg(long, value_name = "N")]
    pub(crate) websocket_port: Option<u16>,
    /// Added to every port that is not 0 [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) ports_shift: Option<u16>,
    /// Listen for QUIC too [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) quic_support: Option<bool>,
    /// UDP port of QUIC; 0 takes any free one [default: 60000]
    #[arg(long, value_name = "N")]
    pub(crate) quic_port: Option<u16>,
    /// What is known about the way in: any, none, upnp, or extip:<IP> [default: any]
    #[arg(long, value_name = "NAT")]
    pub(crate) nat: Option<Nat>,
    /// An address to announce; can be repeated
    #[arg(long, value_name = "MULTIADDR", value_delimiter = ',')]
    pub(crate) ext_multiaddr: Vec<String>,
    /// A name to announce instead of the IP address
    #[arg(long, value_name = "NAME")]
    pub(crate) dns4_domain_name: Option<String>,
    /// The node's secp256k1 key, 64 hexadecimal digits [default: kept in the data directory]
    #[arg(long, value_name = "HEX", hide_env_values = true, hide_default_value = true)]
    pub(crate) nodekey: Option<NodeKey>,
    /// What the node calls itself [default: undertone/<version>]
    #[arg(long, value_name = "TEXT")]
    pub(crate) agent_string: Option<String>,
    /// The network's cluster [default: 16]
    #[arg(long, value_name = "N")]
    pub(crate) cluster_id: Option<u16>,
    /// A shard to serve; can be repeated [default: 32 64]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(crate) shard: Vec<u16>,
    /// Shards among which content topics are spread; 0 where shards are chosen [default: as the preset says, else 0]
    #[arg(long, value_name = "N")]
    pub(crate) num_shards_in_network: Option<u16>,
    /// Stay connected to this node; can be repeated
    #[arg(long, value_name = "MULTIADDR", value_delimiter = ',')]
    pub(crate) staticnode: Vec<String>,
    /// Connections at most [default: 150]
    #[arg(long, value_name = "N")]
    pub(crate) max_connections: Option<u32>,
    /// Connections from one IP address at most; 0 for any number [default: 5]
    #[arg(long, value_name = "N")]
    pub(crate) ip_colocation_limit: Option<u32>,
    /// Largest message, with unit B, KiB, KB or MiB [default: 1MiB on cluster 16, else 150KiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_msg_size: Option<Size>,
    /// Pass messages on [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) relay: Option<bool>,
    /// Keep messages for those who were offline [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) store: Option<bool>,
    /// Where they are kept: sqlite://<file> [default: node/store.sqlite3 in the data directory]
    #[arg(long, value_name = "URL")]
    pub(crate) store_message_db_url: Option<DatabaseUrl>,
    /// How much is kept: time:<seconds>, size:<n>GB, capacity:<messages>, several joined by ";", or none [default: time:172800]
    #[arg(long, value_name = "POLICY")]
    pub(crate) store_message_retention_policy: Option<Retention>,
    /// Push messages to light clients [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) filter: Option<bool>,
    /// Publish for light clients [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) lightpush: Option<bool>,
    #[command(flatten)]
    pub(crate) discovery: DiscoveryArgs,
    #[command(flatten)]
    pub(crate) operate: OperateArgs,
    /// What to write to the log: error, warn, info, debug, trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
}
