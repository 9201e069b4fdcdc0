//! From options to the node's configuration: what is given, else what the preset knows, else what is usual.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use waku::archive::{Archive, ArchiveConfig, Retention};
use waku::{DiscoveryConfig, Discv5Config, Multiaddr, NodeConfig, NodeRecord, Protocol, Services, TreeLink};

use super::key;
use super::preset::{self, Network};
use crate::exit::{Exit, Failure};
use crate::node_args::{Nat, NodeArgs};

/// The configuration.
pub(super) fn config(args: &NodeArgs, dir: &Path) -> Result<NodeConfig> {
    let network = preset::network(args.preset);
    let cluster = args.cluster_id.unwrap_or(network.cluster);
    let shards = if args.shard.is_empty() {
        network.shards.clone()
    } else {
        args.shard.clone()
    };
    let relay = args.relay.unwrap_or(true);
    if !relay {
        return Err(Failure::new(Exit::Usage, "a service node has to relay; leave --relay on").into());
    }
    let max_message_size = max_message_size(args, cluster)?;
    let node_dir = dir.join("node");
    Ok(NodeConfig {
        keypair: key::of_node(args.nodekey.as_ref(), &node_dir)?,
        listen: listen(args, &network),
        announce: announce(args)?,
        static_nodes: args
            .staticnode
            .iter()
            .map(|text| address(text, "--staticnode"))
            .collect::<Result<_>>()?,
        cluster,
        shards,
        mode: waku::Mode::Relay,
        services: Services {
            filter: args.filter.unwrap_or(true),
            lightpush: args.lightpush.unwrap_or(true),
            peer_exchange: args.discovery.peer_exchange.unwrap_or(true),
        },
        discovery: discovery(args, &network)?,
        peer_file: if args.discovery.peer_persistence.unwrap_or(true) {
            key::make_dir(&node_dir)?;
            Some(node_dir.join("peers.txt"))
        } else {
            None
        },
        autoshards: network.autoshards,
        max_connections_per_ip: args.ip_colocation_limit.unwrap_or(COLOCATION),
        archive: if args.store.unwrap_or(true) {
            Some(archive(args, &node_dir)?)
        } else {
            None
        },
        max_message_size,
        max_connections: args.max_connections.unwrap_or(MAX_CONNECTIONS),
        agent: args
            .agent_string
            .clone()
            .unwrap_or_else(|| concat!("undertone/", env!("CARGO_PKG_VERSION")).into()),
        ..NodeConfig::default()
    })
}

/// Longest message in bytes.
fn max_message_size(args: &NodeArgs, cluster: u16) -> Result<usize> {
    let usual_size = if cluster == waku::STATUS_CLUSTER {
        1 << 20
    } else {
        150 << 10
    };
    let size = args.max_msg_size.map_or(usual_size, |size| size.0);
    if !(MIN_MESSAGE..=MAX_MESSAGE).contains(&size) {
        return Err(Failure::new(Exit::Usage, "--max-msg-size has to be between 1KiB and 8MiB").into());
    }
    Ok(size as usize)
}

fn listen(args: &NodeArgs, network: &Network) -> Vec<Multiaddr> {
    let ip = Multiaddr::from(listen_ip(args, network));
    let port = |port: u16| shifted(args, port);
    let mut listen = vec![ip.clone().with(Protocol::Tcp(port(args.tcp_port.unwrap_or(TCP_PORT))))];
    if args.websocket_support.unwrap_or(false) {
        let tcp = ip.with(Protocol::Tcp(port(args.websocket_port.unwrap_or(WEBSOCKET_PORT))));
        listen.push(tcp.with(Protocol::Ws("/".into())));
    }
    listen
}

fn listen_ip(args: &NodeArgs, network: &Network) -> IpAddr {
    let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let usual = if network.is_local {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        everywhere
    };
    args.listen_address.unwrap_or(usual)
}

/// The port as `--ports-shift` moves it.
fn shifted(args: &NodeArgs, port: u16) -> u16 {
    match port {
        0 => 0,
        port => port.saturating_add(args.ports_shift.unwrap_or(0)),
    }
}

fn discovery(args: &NodeArgs, network: &Network) -> Result<DiscoveryConfig> {
    let options = &args.discovery;
    let texts = |own: &[String], known: &[&str]| -> Vec<String> {
        let known = known.iter().map(|text| (*text).to_owned());
        own.iter().cloned().chain(known).collect()
    };
    let bootstrap = texts(&options.discv5_bootstrap_node, network.bootstrap)
        .iter()
        .map(|text| record(text, "--discv5-bootstrap-node"))
        .collect::<Result<Vec<NodeRecord>>>()?;
    let dns_lists = texts(&options.dns_discovery_url, network.lists)
        .iter()
        .map(|text| link(text, "--dns-discovery-url"))
        .collect::<Result<Vec<TreeLink>>>()?;
    let walks = options.discv5_discovery.unwrap_or(network.discv5);
    let port = shifted(args, options.discv5_udp_port.unwrap_or(DISCV5_PORT));
    if walks && port == 0 {
        return Err(Failure::new(
            Exit::Usage,
            "--discv5-udp-port has to be a port that others can be told",
        )
        .into());
    }
    let servers: Vec<SocketAddr> = options.dns_addrs_name_server.iter().map(|server| server.0).collect();
    Ok(DiscoveryConfig {
        discv5: walks.then(|| Discv5Config {
            listen: SocketAddr::new(listen_ip(args, network), port),
            bootstrap,
            enr_auto_update: options.discv5_enr_auto_update.unwrap_or(false),
        }),
        dns_lists,
        name_servers: if servers.is_empty() {
            NAME_SERVERS.to_vec()
        } else {
            servers
        },
        peer_exchange: options.peer_exchange.unwrap_or(true),
    })
}

/// Reads a record given with this option.
pub(super) fn record(text: &str, option: &str) -> Result<NodeRecord> {
    text.parse()
        .map_err(|error| Failure::new(Exit::Usage, format!("{option}: {error}")).into())
}

/// Reads a link to a list given with this option.
pub(super) fn link(text: &str, option: &str) -> Result<TreeLink> {
    text.parse()
        .map_err(|error| Failure::new(Exit::Usage, format!("{option}: {error}")).into())
}

/// Addresses that the operator knows better than the node does.
fn announce(args: &NodeArgs) -> Result<Vec<Multiaddr>> {
    let mut announce: Vec<Multiaddr> = args
        .ext_multiaddr
        .iter()
        .map(|text| address(text, "--ext-multiaddr"))
        .collect::<Result<_>>()?;
    let port = shifted(args, args.tcp_port.unwrap_or(TCP_PORT));
    if let Some(Nat::External(ip)) = args.nat {
        announce.push(Multiaddr::from(ip).with(Protocol::Tcp(port)));
    }
    if let Some(name) = &args.dns4_domain_name {
        announce.push(
            Multiaddr::empty()
                .with(Protocol::Dns4(name.as_str().into()))
                .with(Protocol::Tcp(port)),
        );
    }
    Ok(announce)
}

fn address(text: &str, option: &str) -> Result<Multiaddr> {
    text.parse().map_err(|_| {
        let sentence =
            format!("{option}: {text:?} is not a node's address; it looks like /ip4/192.0.2.1/tcp/60000/p2p/16Uiu2…");
        Failure::new(Exit::Usage, sentence).into()
    })
}

fn archive(args: &NodeArgs, node_dir: &Path) -> Result<Archive> {
    let path = match &args.store_message_db_url {
        Some(url) => url.0.clone(),
        None => {
            key::make_dir(node_dir)?;
            node_dir.join("store.sqlite3")
        }
    };
    let retention = args
        .store_message_retention_policy
        .map_or_else(Retention::default, |policy| policy.0);
    let shown = path.display().to_string();
    Archive::open(ArchiveConfig { path, retention }).with_context(|| shown)
}

// nwaku's defaults.
const TCP_PORT: u16 = 60_000;
const WEBSOCKET_PORT: u16 = 8_000;
const DISCV5_PORT: u16 = 9_000;
const MAX_CONNECTIONS: u32 = 150;
const COLOCATION: u32 = 5;
const NAME_SERVERS: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)), 53),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(1, 0, 0, 1)), 53),
];
const MIN_MESSAGE: u64 = 1 << 10;
/// Above this, gossip's own limits would have to grow with it.
const MAX_MESSAGE: u64 = 8 << 20;
