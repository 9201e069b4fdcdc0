//! What the node does with gossip: it judges what comes, counts what peers do not read, publishes, and hands everything on
//! to archive, filter clients and the owner of the node.
//!
//! When a message is fit to be passed on is decided in [`crate::relay`].

use std::sync::Arc;

use libp2p::PeerId;
use libp2p::gossipsub::{self, MessageAcceptance, MessageId};
use waku_proto::{Envelope, MessageHash, PubsubTopic, WakuMessage};

use super::{Publisher, RelayError, Task};
use crate::events::Origin;
use crate::relay::{self, Verdict};
use crate::store::unix_nanoseconds;

/// A message that a peer brought, and what gossip calls it.
pub(crate) struct Arrival {
    pub(super) from: PeerId,
    pub(super) id: MessageId,
    topic: PubsubTopic,
    size: usize,
}

impl Task {
    pub(super) fn gossip_event(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            } => {
                self.gossiped(propagation_source, &message_id, message);
            }
            gossipsub::Event::Subscribed { .. } | gossipsub::Event::Unsubscribed { .. } => self.update_connectivity(),
            gossipsub::Event::GossipsubNotSupported { .. } | gossipsub::Event::SlowPeer { .. } => {}
        }
    }

    fn gossiped(&mut self, from: PeerId, id: &MessageId, message: gossipsub::Message) {
        let topic = self.topics.of(&message.topic);
        let (verdict, topic) = match topic {
            Some(topic) => (
                relay::judge(&message.data, |message| self.is_allowed(&topic, message)),
                topic,
            ),
            // Left since the message came in.
            None => return self.report(id, &from, MessageAcceptance::Ignore),
        };
        match verdict {
            Verdict::Good(good) => {
                let arrival = Arrival {
                    from,
                    id: id.clone(),
                    topic,
                    size: message.data.len(),
                };
                match self.config.rln.clone() {
                    Some(rln) => self.have_judged(rln, arrival, good),
                    None => self.accept(arrival, good),
                }
            }
            Verdict::Doubtful => {
                self.messages.rejected += 1;
                self.report(id, &from, MessageAcceptance::Ignore);
            }
            Verdict::Bad => self.reject(id, from),
        }
    }

    /// Passes a good message on and delivers it.
    pub(super) fn accept(&mut self, arrival: Arrival, message: WakuMessage) {
        let Arrival { from, id, topic, size } = arrival;
        self.messages.received += 1;
        self.report(&id, &from, MessageAcceptance::Accept);
        self.count_due(&relay::ident(&topic).hash(), size, Some(from));
        self.budget(&id, from, size);
        let envelope = Envelope::new(topic, message);
        if self.interests.wants(&envelope) {
            self.gossip.received += size as u64;
        }
        self.deliver(envelope, Origin::Relay, Some(from));
    }

    /// Has gossip forget a message that it has sent on, if it remembers too much already.
    fn budget(&mut self, id: &MessageId, from: PeerId, size: usize) {
        if !self.memory.admit(from, size, self.now()) {
            self.messages.not_kept += 1;
            self.report(id, &from, MessageAcceptance::Ignore);
        }
    }

    /// Holds a message against whoever brought it.
    pub(super) fn reject(&mut self, id: &MessageId, from: PeerId) {
        self.messages.rejected += 1;
        self.report(id, &from, MessageAcceptance::Reject);
        self.dismiss_if_graylisted(from);
    }

    /// Whether the shard's owner signed the message, if it is a shard that has one.
    fn is_allowed(&self, topic: &PubsubTopic, message: &WakuMessage) -> bool {
        let mut about = self
            .config
            .protected_shards
            .iter()
            .filter(|shard| shard.is_about(topic, self.config.cluster));
        about.all(|shard| shard.is_signed(topic, message, unix_nanoseconds()))
    }

    pub(super) fn report(&mut self, id: &MessageId, from: &PeerId, acceptance: MessageAcceptance) {
        if let Some(gossip) = self.swarm.behaviour_mut().relay.as_mut() {
            gossip.report_message_validation_result(id, from, acceptance);
        }
    }

    fn dismiss_if_graylisted(&mut self, peer: PeerId) {
        let score = self
            .swarm
            .behaviour()
            .relay
            .as_ref()
            .and_then(|gossip| gossip.peer_score(&peer));
        if score.is_some_and(|score| score < relay::GRAYLIST) {
            tracing::debug!("a peer that sends nonsense is dismissed");
            self.dismiss(peer, GRAYLISTED);
        }
    }

    /// Counts what is to be sent to peers that are not reading.
    fn count_due(&mut self, topic: &gossipsub::TopicHash, size: usize, from: Option<PeerId>) {
        let Self { slow, swarm, .. } = self;
        if !slow.is_empty()
            && let Some(gossip) = swarm.behaviour().relay.as_ref()
        {
            let receivers = gossip.mesh_peers(topic).filter(|peer| Some(**peer) != from);
            receivers.for_each(|peer| slow.due(peer, size));
        }
    }

    pub(super) fn dismiss_slow_readers(&mut self) {
        let mut dismissed = Vec::new();
        for peer in self.links.keys() {
            let meters = self.meters.of(peer);
            let is_blocked = meters.iter().any(|meter| meter.is_blocked());
            let written = meters.iter().map(|meter| meter.written()).sum();
            if self.slow.observe(peer, is_blocked, written) {
                dismissed.push(*peer);
            }
        }
        for peer in dismissed {
            tracing::debug!("a peer that does not read is dismissed");
            self.slow.forget(&peer);
            self.dismiss(peer, SLOW);
        }
    }

    /// Publishes by gossip and, when somebody took it, delivers here too: gossip does not echo. Answers who took
    /// it.
    pub(super) fn publish(&mut self, envelope: Envelope, publisher: Publisher) -> Result<Vec<PeerId>, RelayError> {
        let origin = match publisher {
            Publisher::Own => Origin::Own,
            // Whoever listens here may not have been the one who asked.
            Publisher::Operator | Publisher::Client => Origin::Relay,
        };
        self.check(&envelope)?;
        let hash = relay::ident(&envelope.pubsub_topic).hash();
        let data = envelope.message.encode();
        let size = data.len();
        let gossip = self
            .swarm
            .behaviour_mut()
            .relay
            .as_mut()
            .ok_or(RelayError::WrongTopic)?;
        let published = gossip.publish(hash.clone(), data);
        let subscribed = gossip.all_peers().filter(|(_, topics)| topics.contains(&&hash));
        let peers: Vec<PeerId> = subscribed.map(|(peer, _)| *peer).collect();
        match published {
            Ok(id) => {
                self.messages.published += 1;
                self.budget(&id, *self.swarm.local_peer_id(), size);
                if origin == Origin::Own {
                    self.gossip.sent += (size * peers.len()) as u64;
                }
                self.count_due(&hash, size, None);
                self.deliver(envelope, origin, None);
                Ok(peers)
            }
            // The network has it already.
            Err(gossipsub::PublishError::Duplicate) => Ok(peers),
            Err(gossipsub::PublishError::NoPeersSubscribedToTopic) if publisher == Publisher::Operator => {
                self.messages.published += 1;
                self.deliver(envelope, origin, None);
                Ok(Vec::new())
            }
            Err(gossipsub::PublishError::NoPeersSubscribedToTopic) => Err(RelayError::NoPeers),
            Err(gossipsub::PublishError::MessageTooLarge) => Err(RelayError::TooLarge),
            Err(_) => Err(RelayError::Busy),
        }
    }

    /// Whether a message may be published here at all.
    pub(super) fn check(&self, envelope: &Envelope) -> Result<(), RelayError> {
        let Envelope { pubsub_topic, message } = envelope;
        message.check().map_err(RelayError::Unfit)?;
        if self.topics.of(&relay::ident(pubsub_topic).hash()).is_none() {
            return Err(RelayError::WrongTopic);
        }
        if !self.is_allowed(pubsub_topic, message) {
            return Err(RelayError::Unsigned);
        }
        if message.encoded_len() > self.config.max_message_size {
            return Err(RelayError::TooLarge);
        }
        Ok(())
    }

    /// Gives a message to whoever wants it here: subscribers, archive, application.
    pub(super) fn deliver(&mut self, envelope: Envelope, origin: Origin, from: Option<PeerId>) {
        let is_wanted = self.is_wanted(&envelope);
        if !is_wanted && self.archiver.is_none() && self.filter.as_ref().is_none_or(|filter| filter.clients() == 0) {
            return;
        }
        let hash = envelope.hash();
        let envelope = Arc::new(envelope);
        if let Some((archiver, _)) = &self.archiver {
            archiver.offer(&envelope, hash);
        }
        if let Some(filter) = &self.filter {
            filter.offer(&envelope, &self.pushes);
        }
        if is_wanted {
            self.events.envelope(Arc::unwrap_or_clone(envelope), hash, origin, from);
        }
    }

    fn is_wanted(&self, envelope: &Envelope) -> bool {
        self.config.hear_everything || self.interests.wants(envelope)
    }

    pub(super) fn tell(&mut self, envelope: Envelope, hash: MessageHash, origin: Origin, from: Option<PeerId>) {
        if self.is_wanted(&envelope) {
            self.events.envelope(envelope, hash, origin, from);
        }
    }
}

/// ... that sent nonsense, ...
const GRAYLISTED: u64 = 10 * 60_000;

/// ... that did not read: what waited for it is gone, and honest peers are slow at times, as on a bad line, in a flood or
/// when a machine wakes up.
const SLOW: u64 = 5_000;
