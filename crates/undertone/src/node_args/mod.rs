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
mod foreign;
pub(crate) mod layers;
mod operate;
mod rln;
mod values;

pub(crate) use discovery::DiscoveryArgs;
pub(crate) use foreign::{Foreign, instead_of};
pub(crate) use operate::{LogFormat, OperateArgs, rate_limits};
pub(crate) use rln::RlnArgs;
pub(crate) use values::{DatabaseUrl, Hidden, HostName, NameServer, Nat, NodeKey, Preset, Retention, Size};

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
    /// Look for damage in the archive, or move its messages from one database to another
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Memberships of networks that limit rates by proofs
    #[command(subcommand)]
    Rln(RlnCommand),
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
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// About the node's archive.
#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Read every message, calculate its hash again, and say what is wrong; changes nothing
    #[command(
        after_help = "Examples:\n  undertone node archive check\n  undertone node archive check --store-message-db-url sqlite:///var/lib/undertone/store.sqlite3\n\n\
        It takes the options of the node, and may run beside it. It ends with 9 when something is wrong."
    )]
    Check(Box<NodeArgs>),
    /// Write every message of the archive to a file
    #[command(
        after_help = "Examples:\n  undertone node archive export messages.archive\n  undertone node archive export - | ssh elsewhere undertone node archive import -\n\n\
        It takes the options of the node, and may run beside it. The form is described in docs/archive-export.md."
    )]
    Export(ArchiveFile),
    /// Store the messages of an export
    #[command(
        after_help = "Example:\n  undertone node archive import messages.archive --store-message-db-url postgres://undertone@db.example/waku\n\n\
        It takes the options of the node. What is there already stays as it is, so importing again is harmless; what \
        --store-message-retention-policy does not keep is removed again."
    )]
    Import(ArchiveFile),
}

/// The file beside the archive.
#[derive(Args, Debug)]
pub(crate) struct ArchiveFile {
    /// The file; - for standard output or input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) node: Box<NodeArgs>,
}

/// About memberships.
#[derive(Debug, Subcommand)]
pub(crate) enum RlnCommand {
    /// Make a membership, put it into the file of memberships, and add it to the list of members
    #[command(
        after_help = "Example:\n  undertone node rln new --rln-relay-cred-path rln.json --rln-relay-members members.txt --messages 20\n\n\
        The list goes to every node of the network, the file of memberships only to the one that sends. The password is asked \
        for unless it stands in the environment or the file of settings. Networks whose members are in a contract have other \
        ways to become one; their files of memberships can be used here."
    )]
    New(RlnNewArgs),
    /// Show the membership of the file as a line of a list of members
    #[command(after_help = "Example:\n  undertone node rln show --rln-relay-cred-path rln.json")]
    Show(Box<NodeArgs>),
}

/// A membership to be made.
#[derive(Args, Debug)]
pub(crate) struct RlnNewArgs {
    /// Messages that the member may send in an epoch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 30)]
    pub(crate) messages: u32,
    #[command(flatten)]
    pub(crate) node: Box<NodeArgs>,
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
    #[arg(long, value_name = "NETWORK", ignore_case = true)]
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
    /// Make the WebSocket port a secure one, with the certificate below [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
        requires_all = ["websocket_secure_cert_path", "websocket_secure_key_path"])]
    pub(crate) websocket_secure_support: Option<bool>,
    /// PEM file of the certificate and those that lead to its authority
    #[arg(long, value_name = "FILE")]
    pub(crate) websocket_secure_cert_path: Option<PathBuf>,
    /// PEM file of the certificate's private key
    #[arg(long, value_name = "FILE")]
    pub(crate) websocket_secure_key_path: Option<PathBuf>,
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
    /// Be called through relays: true always, false never [default: while peers cannot reach the node]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) relay_client: Option<bool>,
    /// An address to announce; can be repeated
    #[arg(long, value_name = "MULTIADDR", value_delimiter = ',')]
    pub(crate) ext_multiaddr: Vec<String>,
    /// Announce the addresses of --ext-multiaddr and no others [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) ext_multiaddr_only: Option<bool>,
    /// A name to announce instead of the IP address
    #[arg(long, value_name = "NAME")]
    pub(crate) dns4_domain_name: Option<HostName>,
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
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(..i64::from(SHARDS)))]
    pub(crate) shard: Vec<u16>,
    /// Shards among which content topics are spread; 0 where shards are chosen [default: as the preset says, else 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=i64::from(SHARDS)))]
    pub(crate) num_shards_in_network: Option<u16>,
    /// Serve the shard on which messages of this content topic travel, where shards are spread; can be repeated
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    pub(crate) content_topic: Vec<String>,
    /// Stay connected to this node; can be repeated
    #[arg(long, value_name = "MULTIADDR", value_delimiter = ',')]
    pub(crate) staticnode: Vec<String>,
    /// Connections at most [default: 150]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: Option<u32>,
    /// How connections are shared out between peers that relay and those that are served [default: 60:40]
    #[arg(long, value_name = "RELAY:SERVICE")]
    pub(crate) relay_service_ratio: Option<waku::RelayShare>,
    /// Peers that are known at most [default: five for each connection]
    #[arg(long, value_name = "N")]
    pub(crate) peer_store_capacity: Option<usize>,
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
    /// Where they are kept: sqlite://<file>, or postgres://<user>:<password>@<host>:<port>/<database>, which several nodes
    /// may share; ?sslmode=verify-full encrypts, as in libpq, also disable, prefer, require and verify-ca, with
    /// &sslrootcert=<file>; a password is better in the environment or the file [default: node/store.sqlite3 in the data
    /// directory]
    #[arg(long, value_name = "URL", hide_env_values = true, hide_default_value = true)]
    pub(crate) store_message_db_url: Option<DatabaseUrl>,
    /// How much is kept: time:<seconds>, size:<n>GB, capacity:<messages>, several joined by ";", or none [default: time:172800]
    #[arg(long, value_name = "POLICY")]
    pub(crate) store_message_retention_policy: Option<Retention>,
    /// Connections to PostgreSQL at most; one writes, the others read [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    pub(crate) store_max_num_db_connections: Option<u16>,
    /// Push messages to light clients [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) filter: Option<bool>,
    /// Publish for light clients [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) lightpush: Option<bool>,
    #[command(flatten)]
    pub(crate) discovery: DiscoveryArgs,
    #[command(flatten)]
    pub(crate) rln: RlnArgs,
    #[command(flatten)]
    pub(crate) operate: OperateArgs,
    /// What to write to the log: error, warn, info, debug, trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
    #[command(flatten)]
    pub(crate) foreign: Foreign,
}

/// Shards that a cluster has at most: a node's record names no others.
const SHARDS: u16 = 1024;
