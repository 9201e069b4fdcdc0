//! From options to the node's configuration: what is given, else what the preset knows, else what is usual.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use waku::archive::{Archive, ArchiveConfig, Place, Retention};
use waku::{
    Certificate, CertificateError, Circuits, ContentTopic, DiscoveryConfig, Discv5Config, FilterLimits, LiveLimits,
    Multiaddr, NodeConfig, NodeRecord, Protocol, RestConfig, Services, StoreSync, TreeLink, WayIn,
};

use zeroize::Zeroizing;

use super::key;
use super::preset::{self, Network};
use crate::exit::{Exit, Failure};
use crate::node_args::{Nat, NodeArgs, rate_limits};

/// What the doctor's small node is made of: as the node, without its archive, key and ports.
pub(super) fn probe(args: &NodeArgs, dir: &Path) -> Result<NodeConfig> {
    let mut args = args.clone();
    args.store = Some(false);
    args.operate.store_sync = None;
    args.discovery.peer_persistence = Some(false);
    // Its own port stays the node's.
    if args.discovery.discv5_udp_port.is_none_or(|port| port != 0) {
        args.discovery.discv5_udp_port = Some(free_udp_port()?);
        args.ports_shift = None;
    }
    config(&args, dir)
}

fn free_udp_port() -> Result<u16> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("the system gives no UDP port")?;
    Ok(socket.local_addr().context("the system gives no UDP port")?.port())
}

/// Every TCP port that the node would listen on, with the option that chooses it.
pub(super) fn tcp_ports(args: &NodeArgs) -> Vec<(&'static str, SocketAddr)> {
    let ip = listen_ip(args, &preset::network(args.preset));
    let mut ports = vec![(
        "--tcp-port",
        SocketAddr::new(ip, shifted(args, args.tcp_port.unwrap_or(TCP_PORT))),
    )];
    if has_websocket(args) {
        let port = shifted(args, args.websocket_port.unwrap_or(WEBSOCKET_PORT));
        ports.push(("--websocket-port", SocketAddr::new(ip, port)));
    }
    ports.extend(rest(args).map(|rest| ("--rest-port", rest.listen)));
    ports.extend(metrics(args).map(|listen| ("--metrics-server-port", listen)));
    ports
}

fn has_websocket(args: &NodeArgs) -> bool {
    args.websocket_support.unwrap_or(false) || is_secure(args)
}

fn is_secure(args: &NodeArgs) -> bool {
    args.websocket_secure_support.unwrap_or(false)
}

/// The certificate of the secure WebSocket port.
fn certificate(args: &NodeArgs) -> Result<Certificate> {
    let read = |path: &Option<PathBuf>, option: &str| {
        let path = path.as_ref().with_context(|| format!("{option} is missing"))?;
        let bytes = std::fs::read(path).map_err(|error| {
            let said = format!("{option}: {} cannot be read: {}", path.display(), error.kind());
            Failure::new(Exit::Usage, said)
        })?;
        Ok::<_, anyhow::Error>(Zeroizing::new(bytes))
    };
    let (of_chain, of_key) = ("--websocket-secure-cert-path", "--websocket-secure-key-path");
    let chain = read(&args.websocket_secure_cert_path, of_chain)?;
    let key = read(&args.websocket_secure_key_path, of_key)?;
    Certificate::from_pem(&chain, &key).map_err(|error| {
        let option = match error {
            CertificateError::Chain => of_chain,
            CertificateError::Key | CertificateError::Apart => of_key,
        };
        Failure::new(Exit::Usage, format!("{option}: the file {error}")).into()
    })
}

/// UDP port of discv5.
pub(super) fn discv5_port(args: &NodeArgs) -> u16 {
    shifted(args, args.discovery.discv5_udp_port.unwrap_or(DISCV5_PORT))
}

/// The REST interface, if it is asked for.
pub(super) fn rest(args: &NodeArgs) -> Option<RestConfig> {
    let options = &args.operate;
    let ip = options.rest_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    options.rest.unwrap_or(false).then(|| RestConfig {
        listen: SocketAddr::new(ip, shifted(args, options.rest_port.unwrap_or(REST_PORT))),
        admin: options.rest_admin.unwrap_or(false),
        relay_cache: options.rest_relay_cache_capacity.unwrap_or(REST_CACHE),
        allow_origins: options.rest_allow_origin.clone(),
        version: version(),
    })
}

/// Where metrics are offered, if they are asked for.
pub(super) fn metrics(args: &NodeArgs) -> Option<SocketAddr> {
    let options = &args.operate;
    let ip = options
        .metrics_server_address
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = shifted(args, options.metrics_server_port.unwrap_or(METRICS_PORT));
    options
        .metrics_server
        .unwrap_or(false)
        .then(|| SocketAddr::new(ip, port))
}

/// What can be changed while the node runs.
pub(super) fn limits(args: &NodeArgs) -> LiveLimits {
    LiveLimits {
        rates: rate_limits(&args.operate.rate_limit),
        max_connections: args.max_connections.unwrap_or(MAX_CONNECTIONS),
        relay_share: args.relay_service_ratio.unwrap_or_default(),
        max_connections_per_ip: args.ip_colocation_limit.unwrap_or(COLOCATION),
    }
}

/// What the node is called where versions are asked for.
pub(super) fn version() -> String {
    concat!("undertone-v", env!("CARGO_PKG_VERSION")).into()
}

/// The configuration.
pub(super) fn config(args: &NodeArgs, dir: &Path) -> Result<NodeConfig> {
    let network = preset::network(args.preset);
    let cluster = args.cluster_id.unwrap_or(network.cluster);
    let shards = shards(args, &network)?;
    if !args.relay.unwrap_or(true) {
        return Err(Failure::new(Exit::Usage, "a service node has to relay; leave --relay on").into());
    }
    ports_exist(args, &network)?;
    peers_fit(args)?;
    let node_dir = dir.join("node");
    let limits = limits(args);
    Ok(NodeConfig {
        keypair: key::of_node(args.nodekey.as_ref(), &node_dir)?,
        listen: listen(args, &network),
        certificate: is_secure(args).then(|| certificate(args)).transpose()?,
        announce: announce(args)?,
        announce_only: args.ext_multiaddr_only.unwrap_or(false),
        static_nodes: static_nodes(args)?,
        cluster,
        shards,
        mode: waku::Mode::Relay,
        services: Services {
            filter: args.filter.unwrap_or(true),
            lightpush: args.lightpush.unwrap_or(true),
            peer_exchange: args.discovery.peer_exchange.unwrap_or(true),
            rendezvous: args.discovery.rendezvous.unwrap_or(true),
        },
        discovery: discovery(args, &network)?,
        peer_file: if args.discovery.peer_persistence.unwrap_or(true) {
            key::make_dir(&node_dir)?;
            Some(node_dir.join("peers.txt"))
        } else {
            None
        },
        autoshards: autoshards(args, &network),
        hear_everything: args.operate.rest.unwrap_or(false),
        way_in: way_in(args, &network),
        rate_limits: limits.rates,
        filter_limits: filter_limits(args),
        protected_shards: args.operate.protected_shard.clone(),
        max_connections_per_ip: limits.max_connections_per_ip,
        archive: match args.store.unwrap_or(true) {
            true => Some(open_archive(archive_config(args, &node_dir)?, &node_dir)?),
            false => None,
        },
        store_sync: store_sync(args)?,
        max_message_size: max_message_size(args, cluster)?,
        max_connections: limits.max_connections,
        relay_share: limits.relay_share,
        peer_capacity: args.peer_store_capacity,
        agent: args
            .agent_string
            .clone()
            .unwrap_or_else(|| concat!("undertone/", env!("CARGO_PKG_VERSION")).into()),
        ..NodeConfig::default()
    })
}

/// A book that is smaller than the number of connections would forget whom it is connected to next.
fn peers_fit(args: &NodeArgs) -> Result<()> {
    let connections = limits(args).max_connections;
    match args.peer_store_capacity {
        Some(capacity) if capacity < connections as usize => {
            let said = format!("--peer-store-capacity has to be at least {connections}, as many as --max-connections");
            Err(Failure::new(Exit::Usage, said).into())
        }
        _ => Ok(()),
    }
}

/// Whether a node finds others only by being found.
pub(super) fn looks_for_nobody(config: &NodeConfig) -> bool {
    let discovery = &config.discovery;
    config.static_nodes.is_empty() && discovery.discv5.is_none() && discovery.dns_lists.is_empty()
}

/// What is to be said of so few places for peers that relay.
pub(super) fn few_places(limits: &LiveLimits) -> Option<String> {
    let places = limits.relay_share.places(limits.max_connections);
    let relaying = places.outbound + places.inbound;
    (relaying < MESH).then(|| {
        format!(
            "--max-connections and --relay-service-ratio leave {relaying} places for peers that relay; with fewer than \
             {MESH} it is easy to cut the node off"
        )
    })
}

fn static_nodes(args: &NodeArgs) -> Result<Vec<Multiaddr>> {
    let entries = args.discovery.entry_node.iter();
    let entries = entries.filter(|text| !is_list(text) && !is_record(text));
    let nodes = args.staticnode.iter().map(|text| (text, "--staticnode"));
    let nodes = nodes.chain(entries.map(|text| (text, "--entry-node")));
    nodes.map(|(text, option)| address(text, option)).collect()
}

fn is_list(text: &str) -> bool {
    text.starts_with("enrtree://")
}

fn is_record(text: &str) -> bool {
    text.starts_with("enr:")
}

/// What is given, and the shards of the content topics; else what the network has.
fn shards(args: &NodeArgs, network: &Network) -> Result<Vec<u16>> {
    let mut shards = args.shard.clone();
    for topic in &args.content_topic {
        let wrong = |what: &str| Failure::new(Exit::Usage, format!("--content-topic: {what}"));
        let Some(count) = autoshards(args, network) else {
            return Err(wrong("on this network shards are chosen; name them with --shard").into());
        };
        let cluster = args.cluster_id.unwrap_or(network.cluster);
        let shard = waku::autoshard(&ContentTopic::from(topic.as_str()), cluster, count);
        let shard = shard.map_err(|_| wrong(&format!("{topic:?} is not like /application/version/name/encoding")))?;
        shards.push(shard.index);
    }
    shards.sort_unstable();
    shards.dedup();
    Ok(if shards.is_empty() {
        network.shards.clone()
    } else {
        shards
    })
}

fn autoshards(args: &NodeArgs, network: &Network) -> Option<u16> {
    match args.num_shards_in_network {
        None => network.autoshards,
        Some(0) => None,
        some => some,
    }
}

/// As nwaku: nodes carry connections for others and ask whether they can be reached; the router is asked unless it is
/// known that there is nothing to ask.
fn way_in(args: &NodeArgs, network: &Network) -> WayIn {
    WayIn {
        carries_circuits: true,
        asks_peers: true,
        circuits: match args.relay_client {
            None => Circuits::WhenUnreachable,
            Some(true) => Circuits::Always,
            Some(false) => Circuits::Unused,
        },
        asks_router: !network.is_local
            && listen_ip(args, network).is_unspecified()
            && matches!(args.nat.unwrap_or(Nat::Any), Nat::Any | Nat::Upnp),
    }
}

fn filter_limits(args: &NodeArgs) -> FilterLimits {
    let (options, usual) = (&args.operate, FilterLimits::default());
    let timeout = options.filter_subscription_timeout;
    FilterLimits {
        clients: options.filter_max_peers_to_serve.unwrap_or(usual.clients),
        criteria: options.filter_max_criteria.unwrap_or(usual.criteria),
        timeout: timeout.map_or(usual.timeout, |seconds| seconds.saturating_mul(1_000)),
    }
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
    if has_websocket(args) {
        let tcp = ip.with(Protocol::Tcp(port(args.websocket_port.unwrap_or(WEBSOCKET_PORT))));
        let path = "/".into();
        listen.push(tcp.with(match is_secure(args) {
            true => Protocol::Wss(path),
            false => Protocol::Ws(path),
        }));
    }
    if args.quic_support.unwrap_or(false) {
        let udp =
            Multiaddr::from(listen_ip(args, network)).with(Protocol::Udp(port(args.quic_port.unwrap_or(TCP_PORT))));
        listen.push(udp.with(Protocol::QuicV1));
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

/// Refuses a shift that leads above the last port.
fn ports_exist(args: &NodeArgs, network: &Network) -> Result<()> {
    let (options, shift) = (&args.operate, args.ports_shift.unwrap_or(0));
    let walks = args.discovery.discv5_discovery.unwrap_or(network.discv5);
    let ports = [
        ("--tcp-port", true, args.tcp_port, TCP_PORT),
        (
            "--websocket-port",
            has_websocket(args),
            args.websocket_port,
            WEBSOCKET_PORT,
        ),
        (
            "--quic-port",
            args.quic_support.unwrap_or(false),
            args.quic_port,
            TCP_PORT,
        ),
        ("--discv5-udp-port", walks, args.discovery.discv5_udp_port, DISCV5_PORT),
        (
            "--rest-port",
            options.rest.unwrap_or(false),
            options.rest_port,
            REST_PORT,
        ),
        (
            "--metrics-server-port",
            options.metrics_server.unwrap_or(false),
            options.metrics_server_port,
            METRICS_PORT,
        ),
    ];
    for (option, is_used, given, usual) in ports {
        let port = given.unwrap_or(usual);
        if is_used && port != 0 && port.checked_add(shift).is_none() {
            let said = format!("--ports-shift: {shift} added to {port}, the port of {option}, is above 65535");
            return Err(Failure::new(Exit::Usage, said).into());
        }
    }
    Ok(())
}

fn discovery(args: &NodeArgs, network: &Network) -> Result<DiscoveryConfig> {
    let options = &args.discovery;
    let texts = |own: &[String], known: &[&str]| -> Vec<String> {
        let known = known.iter().map(|text| (*text).to_owned());
        own.iter().cloned().chain(known).collect()
    };
    let mut bootstrap = texts(&options.discv5_bootstrap_node, network.bootstrap)
        .iter()
        .map(|text| record(text, "--discv5-bootstrap-node"))
        .collect::<Result<Vec<NodeRecord>>>()?;
    let mut dns_lists = texts(&options.dns_discovery_url, network.lists)
        .iter()
        .map(|text| link(text, "--dns-discovery-url"))
        .collect::<Result<Vec<TreeLink>>>()?;
    for entry in &options.entry_node {
        if is_list(entry) {
            dns_lists.push(link(entry, "--entry-node")?);
        } else if is_record(entry) {
            bootstrap.push(record(entry, "--entry-node")?);
        }
    }
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
        known: network.known(),
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
        rendezvous: options.rendezvous.unwrap_or(true),
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
    if args.ext_multiaddr_only.unwrap_or(false) {
        let said = "--ext-multiaddr-only announces nothing without --ext-multiaddr";
        return match announce.is_empty() {
            true => Err(Failure::new(Exit::Usage, said).into()),
            false => Ok(announce),
        };
    }
    let port = shifted(args, args.tcp_port.unwrap_or(TCP_PORT));
    if let Some(Nat::External(ip)) = args.nat {
        announce.push(Multiaddr::from(ip).with(Protocol::Tcp(port)));
    }
    if let Some(name) = &args.dns4_domain_name {
        announce.push(
            Multiaddr::empty()
                .with(Protocol::Dns4(name.0.as_str().into()))
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

fn store_sync(args: &NodeArgs) -> Result<Option<StoreSync>> {
    let (options, usual) = (&args.operate, StoreSync::default());
    if !options.store_sync.unwrap_or(false) {
        return Ok(None);
    }
    if !args.store.unwrap_or(true) {
        return Err(Failure::new(Exit::Usage, "--store-sync compares archives; leave --store on").into());
    }
    let seconds = |given: Option<u64>, usual| given.map_or(usual, Duration::from_secs);
    Ok(Some(StoreSync {
        interval: seconds(options.store_sync_interval, usual.interval),
        range: seconds(options.store_sync_range, usual.range),
        jitter: seconds(options.store_sync_relay_jitter, usual.jitter),
    }))
}

/// Where the archive lies and what it keeps; nothing is opened.
pub(super) fn archive_config(args: &NodeArgs, node_dir: &Path) -> Result<ArchiveConfig> {
    let place = match &args.store_message_db_url {
        Some(url) => url
            .place()
            .map_err(|error| Failure::new(Exit::Usage, format!("--store-message-db-url: {error}")))?,
        None => Place::File(node_dir.join("store.sqlite3")),
    };
    let retention = args
        .store_message_retention_policy
        .map_or_else(Retention::default, |policy| policy.0);
    let connections = args
        .store_max_num_db_connections
        .map_or(waku::archive::CONNECTIONS, usize::from);
    Ok(ArchiveConfig {
        place,
        retention,
        connections,
    })
}

/// Opens it, and creates what is not there.
pub(super) fn open_archive(config: ArchiveConfig, node_dir: &Path) -> Result<Archive> {
    if matches!(&config.place, Place::File(path) if path.starts_with(node_dir)) {
        key::make_dir(node_dir)?;
    }
    let shown = match &config.place {
        Place::File(path) if path.starts_with(node_dir) => config.place.to_string(),
        place => format!("--store-message-db-url: {place}"),
    };
    Archive::open(config).with_context(|| shown)
}

// nwaku's defaults.
const TCP_PORT: u16 = 60_000;
const WEBSOCKET_PORT: u16 = 8_000;
const DISCV5_PORT: u16 = 9_000;
const REST_PORT: u16 = 8_645;
const REST_CACHE: usize = 50;
const METRICS_PORT: u16 = 8_008;
const MAX_CONNECTIONS: u32 = 150;
const COLOCATION: u32 = 5;
/// Peers of a mesh at most.
const MESH: usize = 8;
const NAME_SERVERS: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)), 53),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(1, 0, 0, 1)), 53),
];
const MIN_MESSAGE: u64 = 1 << 10;
/// Above this, gossip's own limits would have to grow with it.
const MAX_MESSAGE: u64 = 8 << 20;
