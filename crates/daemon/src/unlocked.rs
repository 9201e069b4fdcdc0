//! An unlocked profile: its engine thread, its network node, the tasks between them, and the doors for the API.

use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{Account, Connectivity, Contact, ErrorBody, Mode, NodeStatus, Settings, Signal};
use axum::http::StatusCode;
use messenger::{Command, Messenger, PublicKey, Reply};
use store::{PublicKeyBytes, StoreError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use waku::archive::{Archive, ArchiveConfig, Retention};
use waku::{DiscoveryConfig, Discv5Config, Events, Multiaddr, Node, NodeConfig, PeerId, Protocol, Services};
use waku_proto::Shard;

use crate::accounts::AccountsError;
use crate::address_of_node;
use crate::backup::Backups;
use crate::catch_up::CatchUp;
use crate::config::Network;
use crate::convert::{self, Own, Reading};
use crate::direct::{Folder, Transfers};
use crate::engine::{Board, Engine, Stopped, now};
use crate::event_log::EventLog;
use crate::http::Refusal;
use crate::link::Link;
use crate::preview::Previews;
use crate::publisher::Publisher;
use crate::readers::Readers;
use crate::uploads::Uploads;

/// An unlocked profile.
pub(crate) struct Unlocked {
    id: String,
    engine: Engine,
    readers: Readers,
    log: Arc<EventLog>,
    node: Node,
    mode: Mode,
    network: (u16, Vec<u16>),
    gauges: Gauges,
    last_used: Mutex<Instant>,
    tasks: Mutex<Tasks>,
    uploads: Uploads,
    backups: Backups,
    previews: Previews,
    folder: Folder,
}

/// What the tasks say about themselves, always the latest.
struct Gauges {
    online: watch::Receiver<Connectivity>,
    clock_ahead: watch::Receiver<Option<i64>>,
    missing: watch::Receiver<u64>,
    /// The store nodes that are asked for what was missed.
    asked: watch::Receiver<Vec<PeerId>>,
}

type Tasks = JoinSet<Result<(), Stopped>>;

impl Unlocked {
    /// Brings a profile online.
    pub(crate) async fn start(
        id: &str,
        dir: &Path,
        mut messenger: Messenger,
        network: &Network,
        static_nodes: Vec<Multiaddr>,
    ) -> Result<Self, AccountsError> {
        choose_shard(&mut messenger, network)?;
        let settings = convert::settings::settings(&messenger.settings());
        let mode = network.mode.unwrap_or(settings.mode);
        let archive = archive(dir, mode, &settings).await?;
        let added = messenger.store().read(messenger::profile::nodes)?;
        let added = added.iter().filter_map(|address| address_of_node(address));
        let known = static_nodes.into_iter().chain(added).collect();
        let config = NodeConfig {
            discovery: discovery(network, mode),
            peer_file: (network.discovery != DiscoveryConfig::default()).then(|| dir.join(PEER_FILE)),
            ..node_config(&messenger, mode, network, known, archive)?
        };
        let readers = Readers::new([messenger.store().reader()?, messenger.store().reader()?]);
        let backups = Backups::open(dir, messenger.backup_key());
        let log = Arc::new(EventLog::new(new_epoch()?));
        let (node, events) = Node::start(config).await?;
        let engine = Engine::start(messenger, Arc::clone(&log), id.to_owned()).map_err(AccountsError::Thread)?;
        let (mut tasks, gauges) = connect(&engine, &node, events, &log, mode);
        let folder = Folder::of(dir);
        let transfers = Transfers {
            engine: engine.clone(),
            readers: readers.clone(),
            folder: folder.clone(),
            node: node.clone(),
            listen: network.listen.address,
        };
        tasks.spawn(transfers.run());
        Ok(Self {
            id: id.to_owned(),
            engine,
            readers,
            log,
            node,
            mode,
            network: (network.cluster, network.shards.clone()),
            gauges,
            last_used: Mutex::new(Instant::now()),
            tasks: Mutex::new(tasks),
            uploads: Uploads::default(),
            backups,
            previews: Previews::new(network.reach),
            folder,
        })
    }

    /// Takes it offline and wipes its keys. Readers of its events are told.
    pub(crate) async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        self.readers.close().await;
        self.engine.stop().await;
        if timeout(NODE_STOPS_WITHIN, self.node.clone().shutdown()).await.is_err() {
            tracing::warn!("the network node took too long to stop");
        }
        self.log.signal(Signal::Locked);
    }

    /// Remembers that the profile is in use.
    pub(crate) fn touch(&self) {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When it was last used.
    pub(crate) fn last_used(&self) -> Instant {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the engine says about itself.
    pub(crate) fn board(&self) -> &Board {
        self.engine.board()
    }

    /// Carries out a wish of the person.
    pub(crate) async fn command(&self, command: Command) -> Result<Reply, Refusal> {
        Ok(self.engine.command(command).await??)
    }

    /// Looks at one snapshot of the database.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Reading<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let own = Own::of(&self.id, &self.board().own.borrow());
        Ok(self.readers.read(own, look).await??)
    }

    /// One person.
    pub(crate) async fn contact(&self, key: PublicKey) -> Result<Contact, Refusal> {
        let key = PublicKeyBytes::from(key.to_compressed());
        let contact = self.read(move |reading| reading.contact_by_key(&key)).await?;
        contact.ok_or_else(|| messenger::CommandError::ContactNotFound.into())
    }

    /// Remembers which chat somebody looks at.
    pub(crate) async fn look_at(&self, chat: Option<messenger::ChatId>) -> Result<(), Refusal> {
        Ok(self.engine.look_at(chat).await?)
    }

    /// What was uploaded and waits to be sent.
    pub(crate) fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Its backups.
    pub(crate) fn backups(&self) -> &Backups {
        &self.backups
    }

    /// Where its large files are.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Previews of links.
    pub(crate) fn previews(&self) -> &Previews {
        &self.previews
    }

    /// What the profile is called in paths.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Our account.
    pub(crate) fn account(&self) -> Account {
        convert::account(&self.id, &self.board().own.borrow())
    }

    /// What the person chose.
    pub(crate) fn settings(&self) -> Settings {
        convert::settings::settings(&self.board().settings.borrow())
    }

    /// The recovery phrase, as long as it is kept on this device.
    pub(crate) async fn phrase(&self) -> Result<Option<messenger::Mnemonic>, Stopped> {
        self.engine.phrase().await
    }

    /// The event log.
    pub(crate) fn events(&self) -> Arc<EventLog> {
        Arc::clone(&self.log)
    }

    /// Connects to a node now and at every unlocking, if it answers.
    pub(crate) async fn add_node(&self, text: &str) -> Result<(), Refusal> {
        let refusal = |status, code, text| Refusal::new(status, ErrorBody::new(code, text));
        let address = address_of_node(text).ok_or_else(|| {
            let text = "this is no address of a node; it looks like /ip4/192.0.2.1/tcp/30303/p2p/16Uiu2…";
            refusal(StatusCode::UNPROCESSABLE_ENTITY, "bad_address", text)
        })?;
        let reached = timeout(NODE_ANSWERS_WITHIN, self.node.connect(address.clone())).await;
        if !matches!(reached, Ok(Ok(_))) {
            let text = "this node does not answer; check the address, and whether it is running";
            return Err(refusal(StatusCode::CONFLICT, "node_unreachable", text));
        }
        let mut added = self.read(|reading| messenger::profile::nodes(reading.view)).await?;
        let address = address.to_string();
        if !added.contains(&address) {
            added.push(address);
            self.command(Command::SaveNodes(added)).await?;
        }
        Ok(())
    }

    /// Connects no more to a node that was added.
    pub(crate) async fn remove_node(&self, address: &str) -> Result<(), Refusal> {
        let mut added = self.read(|reading| messenger::profile::nodes(reading.view)).await?;
        added.retain(|known| known != address);
        let names_it = |other: &String| address_of_node(other).and_then(|other| peer_of(&other));
        let peer = address_of_node(address).and_then(|address| peer_of(&address));
        let stays = added.iter().any(|other| names_it(other) == peer);
        self.command(Command::SaveNodes(added)).await?;
        if let Some(peer) = peer.filter(|_| !stays) {
            self.node.forget(peer).await;
        }
        Ok(())
    }

    /// The network node.
    pub(crate) async fn node_status(&self) -> Result<NodeStatus, Refusal> {
        let node = self.node.status().await.ok_or(Stopped)?;
        let look =
            |reading: &Reading<'_>| Ok((reading.view.outbox().count()?, messenger::profile::nodes(reading.view)?));
        let (outbox, added) = self.read(look).await?;
        Ok(NodeStatus {
            cluster: self.network.0,
            shards: self.network.1.clone(),
            clock_ahead: *self.gauges.clock_ahead.borrow(),
            history_gaps: *self.gauges.missing.borrow(),
            asked: self.gauges.asked.borrow().iter().map(ToString::to_string).collect(),
            outbox,
            added,
            ..convert::network::status(&node, self.mode, *self.gauges.online.borrow(), now())
        })
    }
}

/// Whom an address of a node leads to.
fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

/// Puts the tasks between an engine and its node.
fn connect(engine: &Engine, node: &Node, events: Events, log: &Arc<EventLog>, mode: Mode) -> (Tasks, Gauges) {
    let (online, online_out) = watch::channel(Connectivity::Offline);
    let (clock_ahead, clock_ahead_out) = watch::channel(None);
    let (missing, missing_out) = watch::channel(0);
    let (asked, asked_out) = watch::channel(Vec::new());
    let gauges = Gauges {
        online: online_out,
        clock_ahead: clock_ahead_out,
        missing: missing_out,
        asked: asked_out,
    };
    let (gaps, retry) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let publisher = Publisher {
        engine: engine.clone(),
        node: node.clone(),
        online: gauges.online.clone(),
        mode,
    };
    let catch_up = CatchUp {
        engine: engine.clone(),
        node: node.clone(),
        log: Arc::clone(log),
        online: gauges.online.clone(),
        gaps: Arc::clone(&gaps),
        retry: Arc::clone(&retry),
        missing,
        asked,
    };
    let link = Link {
        engine: engine.clone(),
        node: node.clone(),
        events,
        log: Arc::clone(log),
        online,
        clock_ahead,
        gaps,
        retry,
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(link.run());
    tasks.spawn(publisher.run());
    tasks.spawn(catch_up.run());
    (tasks, gauges)
}

/// Where a relaying profile keeps other people's messages, if its person lets it.
async fn archive(dir: &Path, mode: Mode, settings: &Settings) -> Result<Option<Archive>, AccountsError> {
    if mode == Mode::Light || settings.share_megabytes == 0 {
        return Ok(None);
    }
    let retention = Retention {
        time: Some(Duration::from_secs(u64::from(settings.share_hours) * 3600)),
        size: Some(u64::from(settings.share_megabytes) * 1_000_000),
        capacity: None,
    };
    let config = ArchiveConfig {
        retention,
        ..ArchiveConfig::at(dir.join(ARCHIVE_FILE))
    };
    let opened = tokio::task::spawn_blocking(move || Archive::open(config)).await;
    Ok(Some(opened.map_err(|_| AccountsError::Stopping)??))
}

fn node_config(
    messenger: &Messenger,
    mode: Mode,
    network: &Network,
    static_nodes: Vec<Multiaddr>,
    archive: Option<Archive>,
) -> Result<NodeConfig, AccountsError> {
    let keypair = messenger
        .network_key()?
        .and_then(|key| waku::identity(&key))
        .ok_or(AccountsError::Damaged)?;
    let relays = mode == Mode::Relay;
    let listen = network.listen;
    Ok(NodeConfig {
        keypair,
        listen: if relays {
            vec![tcp_address(listen.address, listen.port)]
        } else {
            Vec::new()
        },
        static_nodes,
        cluster: network.cluster,
        shards: network.shards.clone(),
        mode: if relays { waku::Mode::Relay } else { waku::Mode::Light },
        services: Services {
            filter: relays,
            lightpush: relays,
            ..Services::default()
        },
        archive,
        ..NodeConfig::default()
    })
}

/// How the node finds others. Who relays has to be found, too, so it walks.
fn discovery(network: &Network, mode: Mode) -> DiscoveryConfig {
    let found = network.discovery.clone();
    let walks = found.discv5.filter(|_| mode == Mode::Relay);
    DiscoveryConfig {
        // Without a free port it does without.
        discv5: walks.and_then(|walking| {
            let port = UdpSocket::bind((network.listen.address, 0)).and_then(|socket| socket.local_addr());
            Some(Discv5Config {
                listen: port.ok()?,
                ..walking
            })
        }),
        ..found
    }
}

/// In a network of one's own, direct messages travel on its first shard.
fn choose_shard(messenger: &mut Messenger, network: &Network) -> Result<(), StoreError> {
    let served: Vec<Shard> = network
        .shards
        .iter()
        .map(|index| Shard::new(network.cluster, *index))
        .collect();
    let is_served = |topic| Shard::of(topic).is_some_and(|shard| served.contains(&shard));
    match served.first() {
        Some(first) if !messenger.interests().pubsub_topics().all(is_served) => {
            messenger.use_shard(now(), *first).map(drop)
        }
        _ => Ok(()),
    }
}

fn tcp_address(address: IpAddr, port: u16) -> Multiaddr {
    Multiaddr::from(address).with(waku::Protocol::Tcp(port))
}

fn new_epoch() -> Result<String, AccountsError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| AccountsError::NoRandomness)?;
    Ok(hex::encode(bytes))
}

/// The file with other people's messages, all of them encrypted.
const ARCHIVE_FILE: &str = "relayed.sqlite3";
/// Addresses of nodes that were good, for the next start.
const PEER_FILE: &str = "peers.txt";
const NODE_STOPS_WITHIN: Duration = Duration::from_secs(3);
/// Longer than a distant node takes to shake hands.
const NODE_ANSWERS_WITHIN: Duration = Duration::from_secs(15);
