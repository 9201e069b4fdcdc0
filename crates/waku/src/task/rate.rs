//! Rate limiting proofs (17/WAKU2-RLN-RELAY): what comes by gossip waits until its proof was looked at, and what is published
//! gets one first.
//!
//! Gossip remembers a message for six seconds; a verdict that comes later no longer passes it on, but it still delivers it
//! here.

use libp2p::gossipsub::MessageAcceptance;
use waku_proto::{Envelope, WakuMessage};

use super::gossip::Arrival;
use super::{News, PublishReply, Publisher, RelayError, Task};
use crate::relay;
use crate::rln::{Rln, RlnVerdict};

impl Task {
    /// Has the proof of a message looked at.
    pub(super) fn have_judged(&self, rln: Rln, arrival: Arrival, message: WakuMessage) {
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            let judged = rln.verify(message, Some(arrival.from)).await;
            let _ = reporter.send(News::Judged(arrival, judged)).await;
        });
    }

    /// What the proof says.
    pub(super) fn judged(&mut self, arrival: Arrival, judged: Option<(WakuMessage, RlnVerdict)>) {
        match judged {
            Some((message, RlnVerdict::Valid)) => self.accept(arrival, message),
            Some((_, RlnVerdict::Invalid(_) | RlnVerdict::Spam)) => self.reject(&arrival.id, arrival.from),
            Some((_, RlnVerdict::Undecided)) | None => {
                self.messages.not_passed_on += 1;
                self.report(&arrival.id, &arrival.from, MessageAcceptance::Ignore);
            }
        }
    }

    /// Publishes; where rates are limited, with a proof, which is not made in vain.
    pub(super) fn publish_cleared(&mut self, envelope: Envelope, publisher: Publisher, reply: PublishReply) {
        let Some(rln) = self.config.rln.clone() else {
            let _ = reply.send(self.publish(envelope, publisher));
            return;
        };
        let checked = self.check(&envelope).and_then(|()| {
            let may_be_alone = publisher == Publisher::Operator;
            (may_be_alone || self.has_peers(&envelope))
                .then_some(())
                .ok_or(RelayError::NoPeers)
        });
        if let Err(error) = checked {
            let _ = reply.send(Err(error));
            return;
        }
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            let Envelope { pubsub_topic, message } = envelope;
            match rln.clear(message).await {
                Ok(message) => {
                    let envelope = Envelope::new(pubsub_topic, message);
                    let news = News::Cleared {
                        envelope,
                        publisher,
                        reply,
                    };
                    let _ = reporter.send(news).await;
                }
                Err(refusal) => {
                    let _ = reply.send(Err(RelayError::Rate(refusal)));
                }
            }
        });
    }

    fn has_peers(&self, envelope: &Envelope) -> bool {
        let hash = relay::ident(&envelope.pubsub_topic).hash();
        let gossip = self.swarm.behaviour().relay.as_ref();
        gossip.is_some_and(|gossip| gossip.all_peers().any(|(_, topics)| topics.contains(&&hash)))
    }
}
