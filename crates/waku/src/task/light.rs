//! Light mode: what filter servers push, and staying subscribed with them.
//!
//! Which server is asked for what is decided in [`waku_proto::filter::Subscriptions`].

use libp2p::PeerId;
use waku_proto::Envelope;
use waku_proto::filter::SUBSCRIBE_PROTOCOL;

use super::{News, Task};
use crate::config::Mode;
use crate::events::Origin;
use crate::filter;

impl Task {
    /// A filter server pushed a message. Two servers push the same ones.
    pub(super) fn pushed(&mut self, peer: PeerId, envelope: Envelope) {
        if !self.subscriptions.expects(&peer, &envelope) || envelope.message.check().is_err() {
            self.messages.rejected += 1;
            return;
        }
        let hash = envelope.hash();
        if self.seen.insert(hash, self.now()) {
            self.messages.received += 1;
            self.tell(envelope, hash, Origin::Filter, Some(peer));
        }
    }

    /// Asks filter servers for what is wanted and not yet held.
    pub(super) fn keep_subscribed(&mut self) {
        if self.config.mode != Mode::Light {
            return;
        }
        let now = self.now();
        self.subscriptions
            .available(&self.book.speaking(SUBSCRIBE_PROTOCOL), now);
        while let Some((peer, ask)) = self.subscriptions.next_request(now) {
            let (requests, reporter) = (self.requests.clone(), self.reporter.clone());
            tokio::spawn(async move {
                let answer = filter::ask(&requests, peer, ask).await;
                let _ = reporter.send(News::FilterAnswered(peer, answer)).await;
            });
        }
    }
}
