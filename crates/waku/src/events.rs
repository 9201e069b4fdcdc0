//! The queue of events to the application: bounded in number and in bytes.
//!
//! When the application falls behind, messages are left out and counted, and the application is told
//! ([`NodeEvent::Missed`]) so that it can ask a store for them. Relaying goes on.

use libp2p::PeerId;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use waku_proto::{Envelope, MessageHash};

use crate::limits::ByteBudget;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every event is an envelope")]
pub enum NodeEvent {
    /// A message that we are interested in.
    Envelope {
        /// The message and its topic.
        envelope: Envelope,
        /// Its deterministic hash.
        hash: MessageHash,
        /// Where it came from.
        origin: Origin,
        /// The peer that brought it; none if it is our own, or a light client gave it to us.
        from: Option<PeerId>,
    },
    /// So many messages that we are interested in were left out, because events were not taken fast
    /// enough. A store may have them.
    Missed {
        /// How many.
        count: u64,
    },
    /// The state of the connection to the network changed.
    Connectivity(Connectivity),
    /// Peers came, left, or told what they can do.
    PeersChanged,
}

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Gossip, or a light client that asked us to publish it.
    Relay,
    /// A filter server pushed it.
    Filter,
    /// This node published it.
    Own,
}

/// How well the node is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Connectivity {
    /// Nothing can be sent or received.
    Disconnected,
    /// It works, but hangs on few peers: fewer than four when relaying, one of a kind in light mode.
    Partial,
    /// It works and can lose a peer.
    Connected,
}

/// The receiving end.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::Receiver<Queued>,
}

impl Events {
    /// The next event; `None` when the node has stopped.
    pub async fn recv(&mut self) -> Option<NodeEvent> {
        self.queue.recv().await.map(|queued| queued.event)
    }

    /// The next event if there is one already.
    pub fn try_recv(&mut self) -> Option<NodeEvent> {
        self.queue.try_recv().ok().map(|queued| queued.event)
    }
}

/// The sending end, in the node's task.
#[derive(Debug)]
pub(crate) struct EventQueue {
    queue: mpsc::Sender<Queued>,
    budget: ByteBudget,
    missed: u64,
    /// State that could not be told yet.
    connectivity: Option<Connectivity>,
    peers_changed: bool,
}

#[derive(Debug)]
struct Queued {
    event: NodeEvent,
    /// Held until the application takes the event.
    _permit: Option<OwnedSemaphorePermit>,
}

pub(crate) fn queue() -> (EventQueue, Events) {
    let (sender, receiver) = mpsc::channel(EVENTS);
    let queue = EventQueue {
        queue: sender,
        budget: ByteBudget::new(EVENT_BYTES),
        missed: 0,
        connectivity: None,
        peers_changed: false,
    };
    (queue, Events { queue: receiver })
}

impl EventQueue {
    /// Tells of a message, or counts it as missed.
    pub(crate) fn envelope(&mut self, envelope: Envelope, hash: MessageHash, origin: Origin, from: Option<PeerId>) {
        self.flush();
        let size = envelope.message.payload.len() + OVERHEAD;
        let permit = if self.missed == 0 {
            self.budget.try_take(size)
        } else {
            None
        };
        let event = NodeEvent::Envelope {
            envelope,
            hash,
            origin,
            from,
        };
        let sent = permit.is_some_and(|permit| self.send(event, Some(permit)));
        if !sent {
            self.missed += 1;
        }
    }

    pub(crate) fn connectivity(&mut self, connectivity: Connectivity) {
        self.connectivity = Some(connectivity);
        self.flush();
    }

    pub(crate) fn peers_changed(&mut self) {
        self.peers_changed = true;
        self.flush();
    }

    /// Tells what could not be told before. The count of missed messages comes first, so that they
    /// are asked for before newer ones hide them.
    pub(crate) fn flush(&mut self) {
        if self.missed > 0
            && self.budget.try_take(ROOM).is_some()
            && self.send(NodeEvent::Missed { count: self.missed }, None)
        {
            self.missed = 0;
        }
        if let Some(connectivity) = self.connectivity
            && self.send(NodeEvent::Connectivity(connectivity), None)
        {
            self.connectivity = None;
        }
        if self.peers_changed && self.send(NodeEvent::PeersChanged, None) {
            self.peers_changed = false;
        }
    }

    fn send(&self, event: NodeEvent, permit: Option<OwnedSemaphorePermit>) -> bool {
        self.queue.try_send(Queued { event, _permit: permit }).is_ok()
    }
}

/// Events that may wait: some seconds of a busy network.
const EVENTS: usize = 4096;
/// Bytes of messages that may wait.
const EVENT_BYTES: usize = 32 * 1024 * 1024;
/// So many bytes must be free before the application is told of missed messages, lest it be told for
/// each.
const ROOM: usize = 1024 * 1024;
/// Topics, hash and bookkeeping of a waiting message.
const OVERHEAD: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use waku_proto::WakuMessage;

    fn envelope(size: usize) -> Envelope {
        Envelope::new(
            "/t".into(),
            WakuMessage {
                payload: vec![1; size],
                ..WakuMessage::default()
            },
        )
    }

    fn push(queue: &mut EventQueue, size: usize) {
        let envelope = envelope(size);
        let hash = MessageHash([0; 32]);
        queue.envelope(envelope, hash, Origin::Relay, None);
    }

    #[test]
    fn bytes_are_bounded_and_what_is_left_out_is_told_first() {
        let (mut queue, mut events) = queue();
        for _ in 0..40 {
            push(&mut queue, 1_000_000);
        }
        let taken = std::iter::from_fn(|| events.try_recv()).count();
        assert_eq!(taken, 33);
        queue.flush();
        assert_eq!(events.try_recv(), Some(NodeEvent::Missed { count: 7 }));
        push(&mut queue, 10);
        assert!(matches!(events.try_recv(), Some(NodeEvent::Envelope { .. })));
    }

    #[test]
    fn numbers_are_bounded_and_states_are_told_late_rather_than_never() {
        let (mut queue, mut events) = queue();
        for _ in 0..EVENTS + 5 {
            push(&mut queue, 1);
        }
        queue.connectivity(Connectivity::Partial);
        queue.connectivity(Connectivity::Connected);
        for _ in 0..EVENTS {
            assert!(matches!(events.try_recv(), Some(NodeEvent::Envelope { .. })));
        }
        assert_eq!(events.try_recv(), None);
        queue.flush();
        assert_eq!(events.try_recv(), Some(NodeEvent::Missed { count: 5 }));
        assert_eq!(
            events.try_recv(),
            Some(NodeEvent::Connectivity(Connectivity::Connected))
        );
        assert_eq!(events.try_recv(), None);
    }
}
