//! Relay (11/WAKU2-RELAY): gossipsub with the parameters of the deployed network, and the rules by
//! which a message is passed on.
//!
//! The gossip library limits the number of messages it remembers and queues, not their bytes. Here
//! that is made good: oversized and foreign messages are turned away before it keeps them, the bytes
//! of a peer's messages are budgeted, and peers that do not read are found out.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use libp2p::PeerId;
use libp2p::gossipsub::{
    self, CallbackSubscriptionFilter, ConfigBuilder, DataTransform, IdentTopic, MaxCountSubscriptionFilter,
    MessageAuthenticity, MessageId, PeerScoreParams, PeerScoreThresholds, RawMessage, TopicHash, TopicScoreParams,
    ValidationMode, Version,
};
use sha2::{Digest, Sha256};
use waku_proto::gossip::DEPLOYED as MESH;
use waku_proto::message::Unfit;
use waku_proto::{PubsubTopic, WakuMessage};

use crate::config::NodeConfig;

#[cfg(test)]
mod tests;

/// The gossip behaviour with our gate in front of it.
pub(crate) type Gossip = gossipsub::Behaviour<Gate, MaxCountSubscriptionFilter<OfTopics>>;

/// Which topics peers may say that they are interested in.
type OfTopics = CallbackSubscriptionFilter<fn(&TopicHash) -> bool>;

/// libp2p protocol id.
pub(crate) const PROTOCOL: &str = "/vac/waku/relay/2.0.0";

/// The subscribed topics, shared with the gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Topics(Arc<RwLock<BTreeMap<TopicHash, PubsubTopic>>>);

impl Topics {
    pub(crate) fn insert(&self, topic: &PubsubTopic) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(ident(topic).hash(), topic.clone());
    }

    pub(crate) fn remove(&self, topic: &PubsubTopic) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&ident(topic).hash());
    }

    pub(crate) fn of(&self, hash: &TopicHash) -> Option<PubsubTopic> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    pub(crate) fn contains(&self, hash: &TopicHash) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(hash)
    }

    pub(crate) fn list(&self) -> Vec<PubsubTopic> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}

/// Turns away what must not even be remembered: messages on topics that we did not subscribe to and
/// messages longer than the network allows.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    topics: Topics,
    max_message_size: usize,
}

impl DataTransform for Gate {
    fn inbound_transform(&self, raw: RawMessage) -> io::Result<gossipsub::Message> {
        if raw.data.len() > self.max_message_size {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "message too long"));
        }
        if !self.topics.contains(&raw.topic) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "topic not subscribed"));
        }
        Ok(gossipsub::Message {
            source: raw.source,
            data: raw.data,
            sequence_number: raw.sequence_number,
            topic: raw.topic,
        })
    }

    fn outbound_transform(&self, _: &TopicHash, data: Vec<u8>) -> io::Result<Vec<u8>> {
        Ok(data)
    }
}

/// What becomes of a message that came by gossip.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Pass it on and deliver it.
    Good(WakuMessage),
    /// Do not pass it on, but others may hold it for good.
    Doubtful,
    /// No honest node passes this on.
    Bad,
}

/// Judges the bytes of a message whose size and topic the gate let through. `is_allowed` says whether the rules of its
/// shard allow it.
pub(crate) fn judge(data: &[u8], is_allowed: impl FnOnce(&WakuMessage) -> bool) -> Verdict {
    match WakuMessage::decode(data) {
        Err(_) => Verdict::Bad,
        Ok(message) => match message.check() {
            Ok(()) if !is_allowed(&message) => Verdict::Bad,
            Ok(()) => Verdict::Good(message),
            Err(Unfit::NoPayload) => Verdict::Doubtful,
            Err(Unfit::NoContentTopic | Unfit::MetaTooLong) => Verdict::Bad,
        },
    }
}

/// Builds the behaviour.
pub(crate) fn gossip(config: &NodeConfig, topics: &Topics) -> Result<Gossip, &'static str> {
    let gate = Gate {
        topics: topics.clone(),
        max_message_size: config.max_message_size,
    };
    let parameters = parameters(config.max_message_size).map_err(|_| "the gossip parameters contradict each other")?;
    let subscriptions = MaxCountSubscriptionFilter {
        filter: CallbackSubscriptionFilter(is_short as fn(&TopicHash) -> bool),
        max_subscribed_topics: MAX_TOPICS,
        max_subscriptions_per_request: MAX_TOPICS,
    };
    let mut gossip = Gossip::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Anonymous,
        parameters,
        subscriptions,
        gate,
    )?;
    gossip
        .with_peer_score(score_parameters(), thresholds())
        .map_err(|_| "the score parameters contradict each other")?;
    Ok(gossip)
}

fn is_short(topic: &TopicHash) -> bool {
    topic.as_str().len() <= MAX_TOPIC
}

/// Joins the mesh of a topic.
pub(crate) fn subscribe(gossip: &mut Gossip, topics: &Topics, topic: &PubsubTopic) {
    let ident = ident(topic);
    topics.insert(topic);
    // Parameters first: joining grafts peers that are connected already.
    let scored = gossip.set_topic_params(ident.clone(), topic_score_parameters());
    if let (Err(error), _) | (_, Err(error)) = (
        scored.map_err(str::to_owned),
        gossip.subscribe(&ident).map_err(|error| error.to_string()),
    ) {
        tracing::warn!(error, "a shard could not be joined");
    }
}

/// Leaves the mesh of a topic.
pub(crate) fn unsubscribe(gossip: &mut Gossip, topics: &Topics, topic: &PubsubTopic) {
    gossip.unsubscribe(&ident(topic));
    topics.remove(topic);
}

pub(crate) fn ident(topic: &PubsubTopic) -> IdentTopic {
    IdentTopic::new(topic.as_str())
}

fn parameters(max_message_size: usize) -> Result<gossipsub::Config, gossipsub::ConfigBuilderError> {
    ConfigBuilder::default()
        .protocol_id(PROTOCOL, Version::V1_1)
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| MessageId::from(Sha256::digest(&message.data).to_vec()))
        .validate_messages()
        .mesh_n(MESH.degree)
        .mesh_n_low(MESH.degree_low)
        .mesh_n_high(MESH.degree_high)
        .mesh_outbound_min(MESH.outbound_min)
        .retain_scores(6)
        .gossip_lazy(MESH.lazy)
        .gossip_factor(MESH.gossip_factor)
        .history_length(MESH.history_length)
        .history_gossip(MESH.history_gossip)
        .heartbeat_interval(MESH.heartbeat)
        .heartbeat_initial_delay(Duration::from_millis(100))
        .duplicate_cache_time(MESH.seen)
        .prune_backoff(MESH.prune_backoff)
        .unsubscribe_backoff(Duration::from_secs(5))
        .fanout_ttl(Duration::from_secs(60))
        .flood_publish(MESH.flood_publish)
        .max_transmit_size(max_message_size + HEADROOM)
        .max_control_message_size(MAX_CONTROL)
        .build()
}

fn score_parameters() -> PeerScoreParams {
    PeerScoreParams {
        topic_score_cap: 0.0,
        app_specific_weight: STRANGER,
        ip_colocation_factor_weight: -50.0,
        ip_colocation_factor_threshold: 5.0,
        ip_colocation_factor_whitelist: [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)].into(),
        behaviour_penalty_weight: -10.0,
        behaviour_penalty_threshold: 0.0,
        behaviour_penalty_decay: 0.986,
        decay_interval: Duration::from_secs(12),
        decay_to_zero: 0.01,
        retain_score: Duration::from_secs(600),
        slow_peer_weight: 0.0,
        ..PeerScoreParams::default()
    }
}

fn topic_score_parameters() -> TopicScoreParams {
    TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 10.0,
        first_message_deliveries_weight: 1.0,
        first_message_deliveries_decay: 0.5,
        first_message_deliveries_cap: 10.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -100.0,
        invalid_message_deliveries_decay: 0.5,
        ..TopicScoreParams::default()
    }
}

fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: -100.0,
        publish_threshold: -1000.0,
        graylist_threshold: GRAYLIST,
        accept_px_threshold: 0.0,
        opportunistic_graft_threshold: 0.0,
    }
}

/// Bytes of recent messages, by the peer that brought them: what gossip remembers.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: usize,
    total: usize,
    by_peer: BTreeMap<PeerId, usize>,
    recent: VecDeque<(u64, PeerId, usize)>,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            total: 0,
            by_peer: BTreeMap::new(),
            recent: VecDeque::new(),
        }
    }

    /// Takes a message of `size` bytes into account. False: it would be too much, for all or for this
    /// peer, who may use three quarters.
    pub(crate) fn admit(&mut self, peer: PeerId, size: usize, now: u64) -> bool {
        self.forget(now);
        let size = size + OVERHEAD;
        let of_peer = self.by_peer.get(&peer).copied().unwrap_or(0);
        if self.total + size > self.limit || of_peer + size > self.limit / 4 * 3 {
            return false;
        }
        self.total += size;
        self.by_peer.insert(peer, of_peer + size);
        self.recent.push_back((now, peer, size));
        true
    }

    fn forget(&mut self, now: u64) {
        while let Some((time, peer, size)) = self.recent.front().copied()
            && now.saturating_sub(time) >= REMEMBERED
        {
            self.recent.pop_front();
            self.total -= size;
            if let Some(of_peer) = self.by_peer.get_mut(&peer) {
                *of_peer -= size;
                if *of_peer == 0 {
                    self.by_peer.remove(&peer);
                }
            }
        }
    }
}

/// Finds peers that do not read what they asked for.
#[derive(Debug, Default)]
pub(crate) struct SlowReaders {
    waiting: BTreeMap<PeerId, Backlog>,
}

/// Since the peer stopped reading: bytes given to gossip for it, and bytes written before.
#[derive(Debug)]
struct Backlog {
    due: u64,
    written: u64,
}

impl SlowReaders {
    /// Whether everybody reads.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Notes that a message of `size` bytes is to be sent to the peer.
    pub(crate) fn due(&mut self, peer: &PeerId, size: usize) {
        if let Some(backlog) = self.waiting.get_mut(peer) {
            backlog.due += size as u64;
        }
    }

    /// Called every second for each peer; true if the peer should go.
    pub(crate) fn observe(&mut self, peer: &PeerId, is_blocked: bool, written: u64) -> bool {
        if !is_blocked {
            self.waiting.remove(peer);
            return false;
        }
        let backlog = self.waiting.entry(*peer).or_insert(Backlog { due: 0, written });
        backlog.due.saturating_sub(written.saturating_sub(backlog.written)) > MAX_BACKLOG
    }

    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.waiting.remove(peer);
    }
}

/// What a peer that has done nothing yet stands at: a hair above zero, since gossip keeps peers that stand at zero or below
/// for ten minutes after they have gone, and strangers could fill its memory by coming and going. Deployed nodes let them
/// stand at zero; the difference turns no decision, and is rounded away where a score is shown.
const STRANGER: f64 = 1e-7;

/// Has a peer that has just come stand where strangers stand.
pub(crate) fn welcome(gossip: &mut Gossip, peer: &PeerId) {
    gossip.set_application_score(peer, 1.0);
}

/// The score of a peer as it is shown.
pub(crate) fn score(gossip: &Gossip, peer: &PeerId) -> Option<f64> {
    gossip.peer_score(peer).map(|score| (score * 1e6).round() / 1e6)
}

/// Below this score a peer is not listened to any more, and we hang up.
pub(crate) const GRAYLIST: f64 = -10_000.0;

/// Room above the longest message: the library compares its whole receive buffer, not one message,
/// with the limit, and reads 8 KiB at a time.
const HEADROOM: usize = 64 * 1024;
/// Topics of one peer, which is every shard that a cluster can have.
const MAX_TOPICS: usize = 1024;
/// Bytes of the name of a topic; those of shards have about 20.
const MAX_TOPIC: usize = 256;
/// Deployed nodes announce up to 5000 ids of 34 bytes at once; the default of 16 KiB closes the stream.
const MAX_CONTROL: usize = 512 * 1024;
/// How long gossip remembers a message, in milliseconds: `history_length` heartbeats.
const REMEMBERED: u64 = 6_000;
/// Bytes that gossip needs for a message beside those of the message.
const OVERHEAD: usize = 512;
/// Bytes that may wait for one peer that does not read.
const MAX_BACKLOG: u64 = 16 * 1024 * 1024;
