//! The node's task: owns the swarm, the peer book and what is wanted; nothing else changes them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, identify, ping};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use waku_proto::filter::{Ask, Failure, Subscriptions};
use waku_proto::message::Unfit;
use waku_proto::metadata::Metadata;
use waku_proto::peers::{Link, Origin as PeerOrigin, Peer, PeerBook};
use waku_proto::{Envelope, Interests, PubsubTopic, WakuMessage};

use crate::archive::Archive;
use crate::behaviour::{Behaviour, BehaviourEvent};
use crate::config::{Mode, NodeConfig};
use crate::discovery::{Found, NodeRecord};
use crate::events::{Connectivity, EventQueue, Origin};
use crate::limits::ByteBudget;
use crate::peer_exchange::KnownRecords;
use crate::relay::{self, Memory, SlowReaders, Topics};
use crate::rendezvous::Met;
use crate::request::{RequestError, Requests};
use crate::rln::{RlnRefusal, RlnVerdict};
use crate::serve::Doors;
use crate::status::{Bytes, Messages, NodeStatus};
use crate::store::Archiver;
use crate::transport::Meters;
use crate::{filter, metadata};

pub(crate) mod control;
mod discover;
mod gossip;
mod light;
mod places;
mod rate;
mod reach;
mod rendezvous;
mod seen;
mod start;
mod state;

use control::{ConnectError, Control};
use seen::Seen;

/// What the handle asks for.
pub(crate) enum Command {
    SetInterests(Interests),
    /// Publish by gossip; the answer is who took it.
    Relay {
        envelope: Envelope,
        publisher: Publisher,
        reply: PublishReply,
    },
    /// A light push went well.
    Pushed(Envelope),
    /// Connected peers that offer a service, the best first.
    Servers {
        protocol: &'static str,
        reply: oneshot::Sender<Vec<PeerId>>,
    },
    Served {
        peer: PeerId,
        is_well: bool,
    },
    Status(oneshot::Sender<NodeStatus>),
    Control(Control),
    Shutdown(oneshot::Sender<()>),
}

/// Who took a message.
type PublishReply = oneshot::Sender<Result<Vec<PeerId>, RelayError>>;

/// For whom a message is published by gossip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publisher {
    /// The application, which tries again when nobody took it.
    Own,
    /// An operator or a script: the message counts as published here even if nobody else is there.
    Operator,
    /// A light client.
    Client,
}

/// What the task's helpers found out.
pub(crate) enum News {
    Metadata(PeerId, Result<Metadata, RequestError>),
    FilterAnswered(PeerId, Result<(), Failure>),
    Pushed(PeerId, Envelope),
    Exchanged(PeerId, Result<Vec<NodeRecord>, RequestError>),
    /// Who was met at a rendezvous point.
    Met(PeerId, Result<Vec<Met>, RequestError>),
    /// A message of gossip whose proof was looked at.
    Judged(gossip::Arrival, Option<(WakuMessage, RlnVerdict)>),
    /// A message to be published, with a proof.
    Cleared {
        envelope: Envelope,
        publisher: Publisher,
        reply: PublishReply,
    },
}

/// The message cannot be published by gossip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelayError {
    NoPeers,
    TooLarge,
    WrongTopic,
    Unfit(Unfit),
    /// The shard has an owner, who did not sign it.
    Unsigned,
    /// On a network that limits rates by proofs.
    Rate(RlnRefusal),
    Busy,
}

/// What is known of a connected peer beside what the book says.
struct About {
    agent: String,
    /// Milliseconds since the node began.
    since: u64,
    /// We wanted it: not only did we dial, which we also do when a peer asks whether it can be reached.
    is_ours: bool,
    latency: Option<Duration>,
}

impl About {
    fn since(now: u64, is_ours: bool) -> Self {
        Self {
            agent: String::new(),
            since: now,
            is_ours,
            latency: None,
        }
    }
}

pub(crate) struct Task {
    swarm: Swarm<Behaviour>,
    config: NodeConfig,
    topics: Topics,
    meters: Meters,
    book: PeerBook<PeerId, Multiaddr>,
    links: BTreeMap<PeerId, BTreeMap<ConnectionId, ConnectedPoint>>,
    about: BTreeMap<PeerId, About>,
    memory: Memory,
    slow: SlowReaders,
    events: EventQueue,
    interests: Interests,
    /// Topics that an operator joined.
    joined: BTreeSet<PubsubTopic>,
    /// Who waits for a call to a peer.
    calls: BTreeMap<PeerId, Vec<oneshot::Sender<Result<PeerId, ConnectError>>>>,
    subscriptions: Subscriptions<PeerId>,
    seen: Seen,
    filter: Option<filter::Server>,
    archiver: Option<(Archiver, JoinHandle<()>)>,
    pushes: ByteBudget,
    requests: Requests,
    own: metadata::Own,
    record: Option<NodeRecord>,
    known: KnownRecords,
    /// When our record was left at which rendezvous point, in milliseconds since the node began.
    registered: BTreeMap<PeerId, u64>,
    doors: Doors,
    reach: reach::Reach,
    found: mpsc::Receiver<Found>,
    finder: mpsc::Sender<Found>,
    connectivity: Connectivity,
    messages: Messages,
    gossip: Bytes,
    commands: mpsc::Receiver<Command>,
    news: mpsc::Receiver<News>,
    reporter: mpsc::Sender<News>,
    began: Instant,
    ticks: u64,
}

impl Task {
    pub(crate) fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// Runs until it is told to stop or nobody holds a handle any more.
    pub(crate) async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.swarm_event(event),
                command = self.commands.recv() => match command {
                    None => return self.stop().await,
                    Some(Command::Shutdown(reply)) => {
                        self.stop().await;
                        let _ = reply.send(());
                        return;
                    }
                    Some(command) => self.command(command),
                },
                Some(news) = self.news.recv() => self.take_news(news),
                Some(found) = self.found.recv() => self.take_found(found),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    /// Relay: joins what is configured and what is wanted, leaves the rest.
    fn join_topics(&mut self) {
        let mut wanted: Vec<PubsubTopic> = self
            .config
            .pubsub_topics()
            .chain(self.interests.pubsub_topics().cloned())
            .chain(self.joined.iter().cloned())
            .collect();
        wanted.sort();
        wanted.dedup();
        let joined = self.topics.list();
        let gossip = self.swarm.behaviour_mut().relay.as_mut();
        match gossip {
            Some(gossip) => {
                joined
                    .iter()
                    .filter(|topic| !wanted.contains(topic))
                    .for_each(|topic| relay::unsubscribe(gossip, &self.topics, topic));
                wanted
                    .iter()
                    .filter(|topic| !joined.contains(topic))
                    .for_each(|topic| relay::subscribe(gossip, &self.topics, topic));
            }
            None => wanted.iter().for_each(|topic| self.topics.insert(topic)),
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::SetInterests(interests) => {
                self.interests = interests;
                self.join_topics();
                self.subscriptions.want(self.interests.clone());
                self.keep_subscribed();
            }
            Command::Relay {
                envelope,
                publisher,
                reply,
            } => {
                self.publish_cleared(envelope, publisher, reply);
            }
            Command::Pushed(envelope) => {
                let hash = envelope.hash();
                self.messages.published += 1;
                self.seen.insert(hash, self.now());
                self.tell(envelope, hash, Origin::Own, None);
            }
            Command::Servers { protocol, reply } => {
                let _ = reply.send(self.book.speaking(protocol));
            }
            Command::Served { peer, is_well: true } => self.book.served_well(&peer),
            Command::Served { peer, is_well: false } => self.book.served_badly(&peer),
            Command::Status(reply) => {
                let status = self.status();
                // The archive reads a few pages of its file.
                let archive = self.config.archive.clone();
                tokio::task::spawn_blocking(move || {
                    let _ = reply.send(NodeStatus {
                        archive: extent(archive),
                        ..status
                    });
                });
            }
            Command::Control(control) => self.control(control),
            Command::Shutdown(_) => {}
        }
    }

    fn take_news(&mut self, news: News) {
        match news {
            News::Metadata(peer, Ok(metadata)) if metadata.cluster == Some(self.config.cluster) => {
                self.book.described(&peer, metadata.shards);
                self.events.peers_changed();
            }
            News::Metadata(peer, Ok(_)) => {
                tracing::debug!("a peer belongs to another network");
                self.dismiss(peer, FOREIGN);
            }
            // Not every implementation answers; what counts is an answer that says otherwise.
            News::Metadata(_, Err(error)) => tracing::debug!(%error, "a peer gave no metadata"),
            News::FilterAnswered(peer, result) => {
                match result {
                    Err(Failure::Silent) => self.book.served_badly(&peer),
                    _ => self.book.served_well(&peer),
                }
                self.subscriptions.answered(&peer, result, self.now());
                self.keep_subscribed();
                self.update_connectivity();
            }
            News::Pushed(peer, envelope) => self.pushed(peer, envelope),
            News::Exchanged(peer, result) => self.exchanged(peer, result),
            News::Met(point, result) => self.met(point, result),
            News::Judged(arrival, judged) => self.judged(arrival, judged),
            News::Cleared {
                envelope,
                publisher,
                reply,
            } => {
                let _ = reply.send(self.publish(envelope, publisher));
            }
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        self.ticks += 1;
        self.dial_due();
        self.dismiss_slow_readers();
        self.keep_places();
        self.keep_circuits();
        self.keep_subscribed();
        self.events.flush();
        if self.ticks.is_multiple_of(discover::EXCHANGE_EVERY) || self.ticks == 5 {
            self.ask_for_peers();
        }
        if self.ticks % rendezvous::VISIT_EVERY == 3 {
            self.visit_a_point();
        }
        if self.ticks.is_multiple_of(TIDY_EVERY) {
            self.save_peers();
            self.book.tidy(now);
            self.seen.forget(now);
        }
    }

    fn dial_due(&mut self) {
        for (peer, addresses) in self.book.dials(self.now(), DIALS, self.strangers_wanted()) {
            let dial = DialOpts::peer_id(peer)
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .addresses(addresses)
                .build();
            if self.swarm.dial(dial).is_err() {
                let now = self.now();
                if self.swarm.is_connected(&peer) {
                    self.book.connected(peer, now);
                } else {
                    self.book.dial_failed(&peer, now);
                }
            }
        }
    }

    fn behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Relay(event) => self.gossip_event(event),
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                if let Some(about) = self.about.get_mut(&peer_id) {
                    about.agent = info.agent_version.chars().take(MAX_AGENT).collect();
                }
                self.book.identified(
                    &peer_id,
                    &info.agent_version,
                    info.protocols.into_iter().map(|protocol| protocol.to_string()),
                );
                self.events.peers_changed();
                self.keep_subscribed();
                self.update_connectivity();
            }
            BehaviourEvent::Ping(ping::Event {
                peer, result: Ok(took), ..
            }) => {
                if let Some(about) = self.about.get_mut(&peer) {
                    about.latency = Some(took);
                }
            }
            BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(failure),
                ..
            }) if !matches!(failure, ping::Failure::Unsupported) => {
                self.swarm.close_connection(connection);
            }
            BehaviourEvent::Reach(event) => self.reached(&event),
            BehaviourEvent::Punch(event) => self.punched(&event),
            BehaviourEvent::Router(event) => reach::asked_router(&event),
            _ => {}
        }
    }

    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.behaviour_event(event),
            SwarmEvent::ListenerClosed { listener_id, .. } => self.reach.listener_closed(listener_id),
            SwarmEvent::ExternalAddrConfirmed { address } => {
                self.found_address(&address);
                self.renew_record();
            }
            SwarmEvent::ExternalAddrExpired { .. } | SwarmEvent::NewListenAddr { .. } => self.renew_record(),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                self.connected(peer_id, connection_id, endpoint);
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                num_established,
                ..
            } => {
                self.disconnected(peer_id, connection_id, num_established);
            }
            SwarmEvent::OutgoingConnectionError {
                peer_id: Some(peer),
                error,
                ..
            } => {
                tracing::debug!(%error, "a peer could not be dialled");
                self.book.dial_failed(&peer, self.now());
                self.known.forget(&peer);
                self.called(peer, Err(ConnectError::Unreachable));
            }
            _ => {}
        }
    }

    fn connected(&mut self, peer: PeerId, connection: ConnectionId, endpoint: ConnectedPoint) {
        let now = self.now();
        let is_first = !self.links.contains_key(&peer);
        let too_many = endpoint.is_listener() && self.too_many_from(&endpoint);
        let is_wanted = |known: &Peer<Multiaddr>| known.link() == Link::Dialing || known.origin() == PeerOrigin::Static;
        let is_ours = endpoint.is_dialer() && self.book.peer(&peer).is_some_and(is_wanted);
        self.links.entry(peer).or_default().insert(connection, endpoint);
        self.about.entry(peer).or_insert_with(|| About::since(now, is_ours));
        self.book.connected(peer, now);
        self.called(peer, Ok(()));
        if let Some(gossip) = self.swarm.behaviour_mut().relay.as_mut() {
            relay::welcome(gossip, &peer);
        }
        if too_many || self.book.is_banned(&peer, now) {
            self.swarm.close_connection(connection);
            return;
        }
        if is_first {
            let (requests, own, reporter) = (self.requests.clone(), self.own.clone(), self.reporter.clone());
            tokio::spawn(async move {
                let answer = metadata::ask(&requests, peer, &own).await;
                let _ = reporter.send(News::Metadata(peer, answer)).await;
            });
            self.events.peers_changed();
        }
    }

    fn disconnected(&mut self, peer: PeerId, connection: ConnectionId, remaining: u32) {
        if let Some(links) = self.links.get_mut(&peer) {
            links.remove(&connection);
        }
        if remaining > 0 {
            return;
        }
        self.links.remove(&peer);
        self.about.remove(&peer);
        self.book.disconnected(&peer, self.now());
        self.slow.forget(&peer);
        if let Some(filter) = self.filter.clone() {
            tokio::spawn(async move { filter.gone(peer).await });
        }
        self.keep_subscribed();
        self.events.peers_changed();
        self.update_connectivity();
    }

    /// Whether the address already has as many connections as one may have. Loopback is exempt.
    fn too_many_from(&self, endpoint: &ConnectedPoint) -> bool {
        let Some(ip) = ip_of(endpoint.get_remote_address()).filter(|ip| !ip.is_loopback()) else {
            return false;
        };
        let limit = self.config.max_connections_per_ip as usize;
        let from_ip = self
            .links
            .values()
            .flat_map(BTreeMap::values)
            .filter(|link| ip_of(link.get_remote_address()) == Some(ip));
        limit > 0 && from_ip.count() >= limit
    }

    /// Hangs up and leaves the peer alone for so many milliseconds.
    fn dismiss(&mut self, peer: PeerId, for_milliseconds: u64) {
        self.book.ban(peer, self.now(), for_milliseconds);
        let _ = self.swarm.disconnect_peer_id(peer);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The end.
impl Task {
    async fn stop(mut self) {
        self.found.close();
        self.save_peers();
        if self.config.mode == Mode::Light {
            // The swarm must run for the requests to go out.
            let goodbye = self.requests.clone();
            let servers: Vec<PeerId> = self.subscriptions.servers().copied().collect();
            let all = futures::future::join_all(
                servers
                    .iter()
                    .map(|peer| filter::ask(&goodbye, *peer, Ask::UnsubscribeAll)),
            );
            let _ = timeout(GOODBYE, async {
                tokio::select! {
                    _ = all => {}
                    () = drive(&mut self.swarm) => {}
                }
            })
            .await;
        }
        for peer in self.links.keys().copied().collect::<Vec<_>>() {
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let closed = async {
            while self.swarm.connected_peers().next().is_some() {
                self.swarm.select_next_some().await;
            }
        };
        let _ = timeout(GOODBYE, closed).await;
        if let Some((archiver, mut task)) = self.archiver.take() {
            drop(archiver);
            // A server that is away may stay away; what waits for it was not acknowledged.
            if timeout(ARCHIVED, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

async fn drive(swarm: &mut Swarm<Behaviour>) {
    loop {
        swarm.select_next_some().await;
    }
}

fn extent(archive: Option<Archive>) -> Option<crate::archive::ArchiveExtent> {
    archive.and_then(|archive| archive.extent().ok())
}

/// Peer and address of `<address>/p2p/<peer>`.
fn split(address: &Multiaddr) -> Option<(PeerId, Multiaddr)> {
    let mut address = address.clone();
    match address.pop() {
        Some(Protocol::P2p(peer)) if !address.is_empty() => Some((peer, address)),
        _ => None,
    }
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::V6(ip)),
        _ => None,
    })
}

const TICK: Duration = Duration::from_secs(1);
/// For each step of stopping.
const GOODBYE: Duration = Duration::from_secs(2);
/// For the messages that wait for the archive to be stored.
const ARCHIVED: Duration = Duration::from_secs(3);
/// Peers dialled in one tick.
const DIALS: usize = 10;
/// Characters of the name that a peer's program gives itself.
const MAX_AGENT: usize = 64;
/// Ticks between two rounds of tidying.
const TIDY_EVERY: u64 = 60;
/// How long peers are left alone, in milliseconds: of another network, ...
const FOREIGN: u64 = 10 * 60_000;
