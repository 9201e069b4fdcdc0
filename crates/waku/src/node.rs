//! The handle on a running node.

use std::time::Duration;

use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use waku_proto::lightpush::{Published, Refusal, Status};
use waku_proto::store::{Query, Response, catchup};
use waku_proto::{ContentTopic, Envelope, Interests, MessageHash, PubsubTopic, store};

use crate::config::{Mode, NodeConfig};
use crate::events::Events;
use crate::lightpush::{self, Version};
use crate::request::{RequestError, Requests, request_id};
use crate::rln::{Rln, RlnRefusal};
use crate::status::{KnownPeer, NodeStatus};
use crate::store as store_service;
use crate::task::control::{ConnectError, Control, LiveLimits};
use crate::task::{Command, Publisher, RelayError, Task};

/// A handle on a node. Clones are cheap; the node stops with [`Node::shutdown`] or with the last handle.
#[derive(Clone)]
pub struct Node {
    peer_id: PeerId,
    mode: Mode,
    max_message_size: usize,
    rln: Option<Rln>,
    commands: mpsc::Sender<Command>,
    requests: Requests,
}

impl Node {
    /// Starts a node on the current tokio runtime, listening when this returns.
    pub async fn start(config: NodeConfig) -> Result<(Node, Events), StartError> {
        let (commands, queue) = mpsc::channel(COMMANDS);
        let (peer_id, mode, max_message_size) = (
            config.keypair.public().to_peer_id(),
            config.mode,
            config.max_message_size,
        );
        let rln = config.rln.clone();
        let (task, events) = Task::start(config, queue, commands.downgrade()).await?;
        let requests = task.requests();
        tokio::spawn(task.run());
        Ok((
            Node {
                peer_id,
                mode,
                max_message_size,
                rln,
                commands,
                requests,
            },
            events,
        ))
    }

    /// The node's name on the network.
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// Replaces what we want to hear. A relaying node joins the shards; a light node keeps filter
    /// subscriptions alive at two servers. Messages of other topics cause no event.
    pub async fn set_interests(&self, interests: Interests) {
        let _ = self.commands.send(Command::SetInterests(interests)).await;
    }

    /// Publishes by gossip, or by light push in light mode. Publishing the same bytes again within two
    /// minutes succeeds and does nothing; but where rates are limited, each time counts and gets another proof.
    pub async fn publish(&self, envelope: Envelope) -> Result<Receipt, PublishError> {
        let hash = envelope.hash();
        if envelope.message.encoded_len() > self.max_message_size {
            return Err(PublishError::TooLarge);
        }
        if envelope.message.check().is_err() {
            return Err(PublishError::Refused);
        }
        let (peers, count) = match self.mode {
            Mode::Relay => self.relay(envelope, Publisher::Own).await?,
            Mode::Light => self.push(self.with_proof(envelope).await?).await?,
        };
        Ok(Receipt { hash, peers, count })
    }

    /// Publishes by gossip for an operator: the message is archived and pushed to subscribers here even if
    /// no peer takes it. Answers how many peers of the topic there are.
    pub async fn publish_here(&self, envelope: Envelope) -> Result<u32, PublishError> {
        if envelope.message.encoded_len() > self.max_message_size {
            return Err(PublishError::TooLarge);
        }
        let (peers, _) = self.relay(envelope, Publisher::Operator).await?;
        Ok(u32::try_from(peers.len()).unwrap_or(u32::MAX))
    }

    /// Relays these topics too, until [`Self::leave`].
    pub async fn join(&self, topics: Vec<PubsubTopic>) {
        self.tell(Command::Control(Control::Join(topics))).await;
    }

    /// Relays these topics no longer, unless somebody is interested in them.
    pub async fn leave(&self, topics: Vec<PubsubTopic>) {
        self.tell(Command::Control(Control::Leave(topics))).await;
    }

    /// Connects to an address, which ends in `/p2p/<peer id>`, and stays connected from then on.
    pub async fn connect(&self, address: Multiaddr) -> Result<PeerId, ConnectError> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Control(Control::Connect(address, reply))).await;
        answer.await.unwrap_or(Err(ConnectError::Unreachable))
    }

    /// Hangs up on a peer and calls it no more. It may come back by itself, or be found by discovery.
    pub async fn forget(&self, peer: PeerId) {
        self.tell(Command::Control(Control::Forget(peer))).await;
    }

    /// Who subscribed to what by filter; `None` if that is not served.
    pub async fn filter_subscriptions(&self) -> Option<Vec<(PeerId, Vec<(PubsubTopic, ContentTopic)>)>> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Control(Control::FilterSubscriptions(reply))).await;
        answer.await.ok()
    }

    /// Applies other limits from now on.
    pub async fn set_limits(&self, limits: LiveLimits) {
        self.tell(Command::Control(Control::Limit(limits))).await;
    }

    /// Everybody in the peer book.
    pub async fn peers(&self) -> Vec<KnownPeer> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Control(Control::Peers(reply))).await;
        answer.await.unwrap_or_default()
    }

    /// Longest message, in bytes.
    pub fn max_message_size(&self) -> usize {
        self.max_message_size
    }

    /// Asks a store node for a page, or, without a name, up to three of them until one answers.
    pub async fn query_history(&self, peer: Option<PeerId>, query: Query) -> Result<Response, HistoryError> {
        let mut query = query;
        if query.request_id.is_empty() {
            query.request_id = request_id();
        }
        let peers = match peer {
            Some(peer) => vec![peer],
            None => self.store_peers().await,
        };
        let mut outcome = Err(HistoryError::NoPeers);
        for peer in peers.into_iter().take(STORE_TRIES) {
            outcome = self.query(peer, &query).await;
            let is_served = outcome.is_ok();
            self.tell(Command::Served {
                peer,
                is_well: is_served,
            })
            .await;
            if is_served {
                break;
            }
        }
        outcome
    }

    /// Connected store nodes, the best first.
    pub async fn store_peers(&self) -> Vec<PeerId> {
        self.servers(store::PROTOCOL).await
    }

    /// The state of the node; `None` if it has stopped.
    pub async fn status(&self) -> Option<NodeStatus> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Status(reply)).await;
        answer.await.ok()
    }

    /// Stops the node: unsubscribes, closes the connections, and waits until the archive has
    /// everything on disk.
    pub async fn shutdown(self) {
        let (reply, done) = oneshot::channel();
        self.tell(Command::Shutdown(reply)).await;
        let _ = done.await;
    }

    async fn relay(
        &self,
        envelope: Envelope,
        publisher: Publisher,
    ) -> Result<(Vec<PeerId>, Option<u32>), PublishError> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Relay {
            envelope,
            publisher,
            reply,
        })
        .await;
        match answer.await {
            Ok(Ok(peers)) => {
                let count = u32::try_from(peers.len()).ok();
                Ok((peers, count))
            }
            Ok(Err(RelayError::NoPeers)) => Err(PublishError::NoPeers),
            Ok(Err(RelayError::TooLarge)) => Err(PublishError::TooLarge),
            Ok(Err(RelayError::WrongTopic | RelayError::Unfit(_) | RelayError::Unsigned)) => Err(PublishError::Refused),
            Ok(Err(RelayError::Rate(refusal))) => Err(PublishError::Rate(refusal)),
            Ok(Err(RelayError::Busy)) | Err(_) => Err(PublishError::TimedOut),
        }
    }

    async fn with_proof(&self, envelope: Envelope) -> Result<Envelope, PublishError> {
        let Some(rln) = &self.rln else { return Ok(envelope) };
        let message = rln.prove(envelope.message).await.map_err(PublishError::Rate)?;
        Ok(Envelope::new(envelope.pubsub_topic, message))
    }

    /// Light push to the best servers one after the other until one takes it; version 3 first.
    async fn push(&self, envelope: Envelope) -> Result<(Vec<PeerId>, Option<u32>), PublishError> {
        let mut servers: Vec<(PeerId, Version)> = Vec::new();
        for version in [Version::V3, Version::V2] {
            for peer in self.servers(version.protocol()).await {
                if !servers.iter().any(|(known, _)| *known == peer) {
                    servers.push((peer, version));
                }
            }
        }
        let mut outcome = PublishError::NoPeers;
        for (peer, version) in servers.into_iter().take(PUSH_TRIES) {
            let asked = timeout(
                PUSH_TIME,
                lightpush::ask(&self.requests, peer, version, envelope.clone()),
            )
            .await;
            let answer = asked.unwrap_or(Err(RequestError::TooSlow));
            self.tell(Command::Served {
                peer,
                is_well: answer.is_ok(),
            })
            .await;
            outcome = match answer {
                Ok(Ok(Published { peers })) => {
                    self.tell(Command::Pushed(envelope)).await;
                    return Ok((vec![peer], peers));
                }
                Ok(Err(Refusal {
                    status: Status::NoPeersToRelay,
                    ..
                })) => PublishError::NoPeers,
                Ok(Err(refusal)) if refusal.status.is_transient() => PublishError::TimedOut,
                Ok(Err(refusal)) if refusal.description.starts_with(waku_proto::lightpush::TOO_LARGE) => {
                    PublishError::TooLarge
                }
                Ok(Err(_)) => PublishError::Refused,
                Err(_) => PublishError::TimedOut,
            };
        }
        Err(outcome)
    }

    async fn query(&self, peer: PeerId, query: &Query) -> Result<Response, HistoryError> {
        let asked = timeout(HISTORY_TIME, store_service::ask(&self.requests, peer, query)).await;
        let response = asked
            .unwrap_or(Err(RequestError::TooSlow))
            .map_err(|error| match error {
                RequestError::TooSlow => HistoryError::TimedOut,
                RequestError::TooLong => HistoryError::TooLong,
                RequestError::Unsupported | RequestError::Broken => HistoryError::Unreachable,
            })?;
        if !response.is_success() {
            return Err(HistoryError::Refused {
                status: response.status,
            });
        }
        if response.request_id != query.request_id {
            return Err(HistoryError::Unreachable);
        }
        Ok(response)
    }

    async fn servers(&self, protocol: &'static str) -> Vec<PeerId> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Servers { protocol, reply }).await;
        answer.await.unwrap_or_default()
    }

    /// Without effect when the node has stopped; whoever waits for an answer notices.
    async fn tell(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// Who took a message from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The message's deterministic hash.
    pub hash: MessageHash,
    /// The peers that we handed it to: neighbours of its topic, or one light push server.
    pub peers: Vec<PeerId>,
    /// How many relaying peers have it then. A server of light push version 2 does not say.
    pub count: Option<u32>,
}

/// The configuration's fault, or the machine's.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or the address is not ours.
    #[error("the node cannot listen on {address}: {reason}; choose another port or stop the program that uses it")]
    Listen {
        /// What was configured.
        address: libp2p::Multiaddr,
        /// What the system says.
        reason: String,
    },
    /// An address without `/p2p/<peer id>` at its end.
    #[error("the static node {address} must end in /p2p/ and its peer id")]
    StaticNodeWithoutPeerId {
        /// What was configured.
        address: libp2p::Multiaddr,
    },
    /// Discovery cannot run.
    #[error(transparent)]
    Discovery(#[from] crate::discovery::WalkError),
    /// Services without relaying.
    #[error("a light node cannot serve others; leave out its services or let it relay")]
    LightServer,
    /// The system's name resolution or random source is broken, or the settings contradict each other.
    #[error("the node cannot start: {0}")]
    Unusable(&'static str),
}

/// The network could not take the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Nobody there to give it to.
    #[error("no peer can take the message right now")]
    NoPeers,
    /// A rule of the network forbids it, or it is for a shard that this node is not on.
    #[error("the network does not take the message")]
    Refused,
    /// No answer in time, or the peers are too busy.
    #[error("no peer took the message in time")]
    TimedOut,
    /// Longer than the network allows.
    #[error("the message is too large")]
    TooLarge,
    /// The network limits rates by proofs.
    #[error(transparent)]
    Rate(RlnRefusal),
}

impl PublishError {
    /// Whether trying again later makes sense.
    pub fn is_transient(self) -> bool {
        match self {
            Self::NoPeers | Self::TimedOut => true,
            Self::Refused | Self::TooLarge => false,
            Self::Rate(refusal) => refusal.is_transient(),
        }
    }
}

/// The store node could not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// No store node is connected.
    #[error("no store node is connected")]
    NoPeers,
    /// It took too long.
    #[error("the store node did not answer in time")]
    TimedOut,
    /// The connection broke, or what came is no answer.
    #[error("the store node cannot be reached")]
    Unreachable,
    /// The page is too long to be read; ask for a smaller one.
    #[error("the store node's answer is too long")]
    TooLong,
    /// It said no.
    #[error("the store node refused with status {status}")]
    Refused {
        /// Its status.
        status: u32,
    },
}

impl HistoryError {
    /// Whether trying again later makes sense.
    pub fn is_transient(self) -> bool {
        !matches!(
            self,
            Self::Refused {
                status: store::BAD_REQUEST
            }
        )
    }

    /// As [`catchup::Catchup::failed`] wants it.
    pub fn as_failure(self) -> catchup::Failure {
        match self {
            Self::TooLong => catchup::Failure::TooLong,
            Self::Refused { status } => catchup::Failure::Refused(status),
            _ => catchup::Failure::Unreachable,
        }
    }
}

/// Commands that may wait for the task, which handles one in microseconds.
const COMMANDS: usize = 256;
/// Store nodes tried for one query.
const STORE_TRIES: usize = 3;
/// Light push servers tried for one message.
const PUSH_TRIES: usize = 3;
/// For one light push.
const PUSH_TIME: Duration = Duration::from_secs(20);
/// For one store query.
const HISTORY_TIME: Duration = Duration::from_secs(30);
