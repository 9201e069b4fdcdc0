//! `undertone node`: a service node for everybody. It knows nothing of Status, profiles or keys of people.

use std::future::Future;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use waku::archive::{Archive, ArchiveConfig, Retention};
use waku::{Keypair, Multiaddr, Node, NodeConfig, Protocol, Services};
use zeroize::Zeroizing;

use crate::args::LogLevel;
use crate::config::ConfigFile;
use crate::exit::{Exit, Failure};
use crate::log;
use crate::node_args::{Nat, NodeArgs};
use crate::output::{self, Format};

/// What is printed once the node listens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    peer_id: String,
    addresses: Vec<String>,
    cluster: u16,
    shards: Vec<u16>,
}

/// Runs until interrupted.
pub(super) async fn run(args: NodeArgs) -> Result<()> {
    let dir = args.place.dir()?;
    let args = args.or(ConfigFile::read(&dir)?.node);
    log::start(args.log_level.unwrap_or(LogLevel::Info));
    let stop = interrupted()?;
    let config = config(&args, &dir)?;
    let (cluster, shards) = (config.cluster, config.shards.clone());
    let (node, mut events) = Node::start(config).await?;
    if let Some(status) = node.status().await {
        let addresses = status.addresses.iter().map(ToString::to_string).collect();
        ready(
            &Ready {
                peer_id: status.peer_id.to_string(),
                addresses,
                cluster,
                shards,
            },
            args.output.format(),
        );
    }
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            event = events.recv() => match event {
                Some(waku::NodeEvent::Connectivity(connectivity)) => tracing::info!(?connectivity, "network"),
                Some(_) => {}
                None => anyhow::bail!("the node stopped by itself; the log says why"),
            }
        }
    }
    if timeout(STOP_WITHIN, node.shutdown()).await.is_err() {
        tracing::warn!("the node took too long to stop; what the archive acknowledged is on disk");
    }
    Ok(())
}

/// Ends when the person or the system asks the program to stop.
pub(super) fn interrupted() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl+C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for the signal to stop")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn ready(ready: &Ready, format: Format) {
    match format {
        Format::Json => output::json_line(ready),
        Format::Text => {
            let shards = ready.shards.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
            output::text(&format!(
                "Serving cluster {}, shards {shards}. Ctrl+C stops.",
                ready.cluster
            ));
            ready.addresses.iter().for_each(|address| output::text(address));
        }
    }
}

fn config(args: &NodeArgs, dir: &Path) -> Result<NodeConfig> {
    let cluster = args.cluster_id.unwrap_or(STATUS_CLUSTER);
    let shards = if args.shard.is_empty() {
        STATUS_SHARDS.to_vec()
    } else {
        args.shard.clone()
    };
    let relay = args.relay.unwrap_or(true);
    if !relay {
        return Err(Failure::new(Exit::Usage, "a service node has to relay; leave --relay on").into());
    }
    let usual_size = if cluster == STATUS_CLUSTER { 1 << 20 } else { 150 << 10 };
    let max_message_size = args.max_msg_size.map_or(usual_size, |size| size.0);
    if !(MIN_MESSAGE..=MAX_MESSAGE).contains(&max_message_size) {
        return Err(Failure::new(Exit::Usage, "--max-msg-size has to be between 1KiB and 8MiB").into());
    }
    let node_dir = dir.join("node");
    Ok(NodeConfig {
        keypair: keypair(args, &node_dir)?,
        listen: listen(args),
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
        },
        archive: if args.store.unwrap_or(true) {
            Some(archive(args, &node_dir)?)
        } else {
            None
        },
        max_message_size: max_message_size as usize,
        max_connections: args.max_connections.unwrap_or(MAX_CONNECTIONS),
        agent: args
            .agent_string
            .clone()
            .unwrap_or_else(|| concat!("undertone/", env!("CARGO_PKG_VERSION")).into()),
        ..NodeConfig::default()
    })
}

fn listen(args: &NodeArgs) -> Vec<Multiaddr> {
    let ip = Multiaddr::from(args.listen_address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let shift = args.ports_shift.unwrap_or(0);
    let port = |port: u16| if port == 0 { 0 } else { port.saturating_add(shift) };
    let mut listen = vec![ip.clone().with(Protocol::Tcp(port(args.tcp_port.unwrap_or(TCP_PORT))))];
    if args.websocket_support.unwrap_or(false) {
        let tcp = ip.with(Protocol::Tcp(port(args.websocket_port.unwrap_or(WEBSOCKET_PORT))));
        listen.push(tcp.with(Protocol::Ws("/".into())));
    }
    listen
}

/// Addresses that the operator knows better than the node does.
fn announce(args: &NodeArgs) -> Result<Vec<Multiaddr>> {
    let mut announce: Vec<Multiaddr> = args
        .ext_multiaddr
        .iter()
        .map(|text| address(text, "--ext-multiaddr"))
        .collect::<Result<_>>()?;
    let shift = args.ports_shift.unwrap_or(0);
    let port = args.tcp_port.unwrap_or(TCP_PORT).saturating_add(shift);
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
            make_dir(node_dir)?;
            node_dir.join("store.sqlite3")
        }
    };
    let retention = args
        .store_message_retention_policy
        .map_or_else(Retention::default, |policy| policy.0);
    let shown = path.display().to_string();
    Archive::open(ArchiveConfig { path, retention }).with_context(|| shown)
}

/// The key given, or the one kept in the data directory, made at the first start.
fn keypair(args: &NodeArgs, node_dir: &Path) -> Result<Keypair> {
    let wrong = |place: String| Failure::new(Exit::Usage, format!("{place} is not a secp256k1 key"));
    if let Some(key) = &args.nodekey {
        return Ok(waku::identity(&key.0).ok_or_else(|| wrong("--nodekey".into()))?);
    }
    let path = node_dir.join("node.key");
    match std::fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => {
            let key: Option<crate::node_args::NodeKey> = text.trim().parse().ok();
            let key = key.and_then(|key| waku::identity(&key.0));
            Ok(key.ok_or_else(|| wrong(path.display().to_string()))?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_dir(node_dir)?;
            new_keypair(&path)
        }
        Err(error) => Err(unusable(&path, &error).into()),
    }
}

fn new_keypair(path: &Path) -> Result<Keypair> {
    let mut secret = Zeroizing::new([0; 32]);
    // All but about 2^-128 of the numbers are keys.
    let keypair = loop {
        getrandom::fill(&mut *secret).map_err(|_| Failure::new(Exit::Failed, "the system gives no random bytes"))?;
        if let Some(keypair) = waku::identity(&secret) {
            break keypair;
        }
    };
    let text = Zeroizing::new(secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| unusable(path, &error))?;
    Ok(keypair)
}

fn make_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(dir).map_err(|error| unusable(dir, &error))?)
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!(
            "cannot use {}: {}; choose another --data-dir",
            path.display(),
            error.kind()
        ),
    )
}

// Where Status is; nwaku's ports.
const STATUS_CLUSTER: u16 = 16;
const STATUS_SHARDS: [u16; 2] = [32, 64];
const TCP_PORT: u16 = 60_000;
const WEBSOCKET_PORT: u16 = 8_000;
const MAX_CONNECTIONS: u32 = 150;
const MIN_MESSAGE: u64 = 1 << 10;
/// Above this, gossip's own limits would have to grow with it.
const MAX_MESSAGE: u64 = 8 << 20;
/// The node has five seconds in all.
const STOP_WITHIN: Duration = Duration::from_millis(4_500);
