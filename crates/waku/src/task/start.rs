//! The beginning of the task: what is refused, which parts there are, and the listeners.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::StreamExt;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, relay as circuit};
use tokio::sync::mpsc;
use tokio::time::timeout;
use waku_proto::Interests;
use waku_proto::filter::Subscriptions;
use waku_proto::peers::{Origin, PeerBook};

use super::seen::Seen;
use super::{Command, Task, discover, ip_of, reach, split};
use crate::behaviour::Behaviour;
use crate::config::{Circuits, Mode, NodeConfig};
use crate::events::{Connectivity, Events, queue};
use crate::limits::ByteBudget;
use crate::node::StartError;
use crate::peer_exchange::KnownRecords;
use crate::relay::{Memory, SlowReaders, Topics};
use crate::rendezvous::Points;
use crate::request::Requests;
use crate::serve::{self, Doors, Services};
use crate::status::{Bytes, Messages, Tally};
use crate::store::Archiver;
use crate::sync::Syncer;
use crate::transport::{self, Meters};
use crate::{filter, lightpush, metadata};

impl Task {
    /// Opens the listeners and starts the services.
    // over budget: a list of parts
    pub(crate) async fn start(
        config: NodeConfig,
        commands: mpsc::Receiver<Command>,
        node: mpsc::WeakSender<Command>,
    ) -> Result<(Self, Events), StartError> {
        check(&config)?;
        let (topics, meters, tally) = (Topics::default(), Meters::default(), Tally::default());
        let own_id = config.keypair.public().to_peer_id();
        let (to_relays, circuits) = match config.way_in.circuits {
            Circuits::Unused => (None, None),
            _ => Some(circuit::client::new(own_id)).unzip(),
        };
        let (behaviour, streams) = Behaviour::new(&config, &topics, circuits).map_err(StartError::Unusable)?;
        let requests = Requests::new(behaviour.streams.opener(), tally.clone());
        let tls = config.certificate.as_ref().map(|certificate| &certificate.0);
        let transport = transport::build(&config.keypair, &meters, tls, to_relays)
            .map_err(|_| StartError::Unusable("the network is not usable"))?;
        let swarm_config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(IDLE);
        let swarm = Swarm::new(transport, behaviour, own_id, swarm_config);
        let (reporter, news) = mpsc::channel(NEWS);
        let (event_queue, events) = queue();
        let own = metadata::Own {
            cluster: config.cluster,
            topics: topics.clone(),
        };
        let budget = ByteBudget::new(SERVICE_BYTES);
        let sync = Syncer::new(&config, &requests, &budget);
        if let Some(sync) = sync.clone() {
            tokio::spawn(sync.run(node.clone()));
        }
        let filter = config
            .services
            .filter
            .then(|| filter::Server::start(requests.clone(), config.filter_limits));
        let lightpush = config.services.lightpush.then(|| lightpush::Server {
            node,
            cluster: config.cluster,
            autoshards: config.autoshards,
            max_message_size: config.max_message_size,
            budget: budget.clone(),
            tally: tally.clone(),
        });
        let doors = Doors::new(config.rate_limits, tally.clone());
        let known = KnownRecords::default();
        let (finder, found) = mpsc::channel(discover::FOUND);
        let services = Services {
            known: known.clone(),
            points: Points::default(),
            doors: doors.clone(),
            own: own.clone(),
            archive: config.archive.clone(),
            sync,
            filter: filter.clone(),
            lightpush,
            news: reporter.clone(),
            max_message_size: config.max_message_size,
            budget,
            tally,
        };
        tokio::spawn(serve::run(services, streams));
        let mut task = Self {
            memory: Memory::new(config.gossip_memory),
            book: PeerBook::new(book_capacity(&config), random_seed()),
            archiver: config.archive.clone().map(Archiver::start),
            swarm,
            topics,
            meters,
            links: BTreeMap::new(),
            about: BTreeMap::new(),
            slow: SlowReaders::default(),
            events: event_queue,
            interests: Interests::new(),
            joined: BTreeSet::new(),
            calls: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            seen: Seen::default(),
            filter,
            pushes: ByteBudget::new(SERVICE_BYTES),
            requests,
            own,
            record: None,
            known,
            registered: BTreeMap::new(),
            doors,
            reach: reach::Reach::default(),
            found,
            finder,
            connectivity: Connectivity::Disconnected,
            messages: Messages::default(),
            gossip: Bytes::default(),
            commands,
            news,
            reporter,
            began: Instant::now(),
            ticks: 0,
            config,
        };
        task.listen().await?;
        task.join_topics();
        task.learn_static_nodes()?;
        task.start_discovery().await?;
        Ok((task, events))
    }

    async fn listen(&mut self) -> Result<(), StartError> {
        let refused = |address: &Multiaddr, reason: String| StartError::Listen {
            address: address.clone(),
            reason,
        };
        let mut waiting = Vec::new();
        for address in self.config.announce.clone() {
            self.swarm.add_external_address(address);
        }
        for address in self.config.listen.clone() {
            probe(&address).map_err(|error| refused(&address, error.kind().to_string()))?;
            let listener = self
                .swarm
                .listen_on(address.clone())
                .map_err(|error| refused(&address, reason(&error)))?;
            waiting.push((listener, address));
        }
        let all = async {
            while !waiting.is_empty() {
                match self.swarm.select_next_some().await {
                    SwarmEvent::NewListenAddr { listener_id, .. } => {
                        waiting.retain(|(waited, _)| *waited != listener_id);
                    }
                    SwarmEvent::ListenerClosed {
                        listener_id,
                        reason: cause,
                        ..
                    } => {
                        if let Some((_, address)) = waiting.iter().find(|(waited, _)| *waited == listener_id) {
                            let text = cause.err().map(|error| error.to_string());
                            return Err(refused(
                                address,
                                text.unwrap_or_else(|| "the listener was closed".into()),
                            ));
                        }
                    }
                    event => self.swarm_event(event),
                }
            }
            Ok(())
        };
        timeout(LISTEN, all).await.unwrap_or(Ok(()))
    }

    fn learn_static_nodes(&mut self) -> Result<(), StartError> {
        for address in self.config.static_nodes.clone() {
            let Some((peer, address)) = split(&address) else {
                return Err(StartError::StaticNodeWithoutPeerId { address });
            };
            self.book.add(peer, address, Origin::Static);
        }
        Ok(())
    }
}

fn book_capacity(config: &NodeConfig) -> usize {
    let usual = BOOK_PER_CONNECTION * config.max_connections as usize;
    config.peer_capacity.unwrap_or(usual)
}

fn check(config: &NodeConfig) -> Result<(), StartError> {
    let serves = config.services.filter || config.services.lightpush || config.archive.is_some();
    if config.mode == Mode::Light && serves {
        return Err(StartError::LightServer);
    }
    if config.store_sync.is_some() && config.archive.is_none() {
        return Err(StartError::Unusable("store sync needs an archive"));
    }
    Ok(())
}

/// Whether the port is free. The transport listens with `SO_REUSEPORT`, which would share a port that
/// another program uses.
fn probe(address: &Multiaddr) -> std::io::Result<()> {
    let Some(ip) = ip_of(address) else { return Ok(()) };
    match address.iter().nth(1) {
        Some(Protocol::Tcp(port)) => std::net::TcpListener::bind((ip, port)).map(drop),
        Some(Protocol::Udp(port)) => std::net::UdpSocket::bind((ip, port)).map(drop),
        _ => Ok(()),
    }
}

fn reason(error: &libp2p::TransportError<std::io::Error>) -> String {
    match error {
        libp2p::TransportError::MultiaddrNotSupported(_) => "this kind of address is not supported".into(),
        libp2p::TransportError::Other(error) => error.kind().to_string(),
    }
}

fn random_seed() -> u64 {
    // Without randomness the retries of all nodes are spread alike, which is harmless.
    getrandom::u64().unwrap_or(0)
}

/// Quiet browser clients ping every five minutes and must not be dropped before.
const IDLE: Duration = Duration::from_secs(600);
/// For the listeners to report their addresses.
const LISTEN: Duration = Duration::from_secs(5);
/// Findings that may wait; pushes of filter servers wait on their streams meanwhile.
const NEWS: usize = 256;
/// Bytes of large requests, and again of pushes, that are held at the same time.
const SERVICE_BYTES: usize = 64 * 1024 * 1024;
/// Peers in the book for each possible connection.
const BOOK_PER_CONNECTION: usize = 5;
