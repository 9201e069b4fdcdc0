//! Between the network node and the engine: what the node hears goes in, what the engine wants to hear goes out.
//!
//! When the engine has enough to do, this waits; then the node's own queue fills, and what does not fit there is told as
//! missed and fetched from a store. Relaying for others goes on meanwhile.

use std::sync::Arc;

use api::{Connectivity, Signal};
use messenger::traces::{Carrier, Way};
use tokio::sync::{Notify, watch};
use waku::{Events, Node, NodeEvent, Origin, PeerId};

use crate::engine::{Engine, Stopped, now};
use crate::event_log::EventLog;
use crate::skew::{self, Skew};

/// How an envelope came, in the messenger's words.
fn carrier(origin: Origin, from: Option<PeerId>) -> Carrier {
    Carrier {
        way: match origin {
            Origin::Filter => Way::Filter,
            Origin::Relay | Origin::Own => Way::Relay,
        },
        peer: from.map(|peer| peer.to_string()).unwrap_or_default(),
    }
}

/// The task's parts.
pub(crate) struct Link {
    pub(crate) engine: Engine,
    pub(crate) node: Node,
    pub(crate) events: Events,
    pub(crate) log: Arc<EventLog>,
    /// Whether messages can travel.
    pub(crate) online: watch::Sender<Connectivity>,
    /// How far our clock is ahead.
    pub(crate) clock_ahead: watch::Sender<Option<i64>>,
    /// Calls the one who catches up: there is something new to ask for.
    pub(crate) gaps: Arc<Notify>,
    /// Calls the same: it may be worth trying again.
    pub(crate) retry: Arc<Notify>,
}

impl Link {
    /// Carries until the engine or the node is gone.
    pub(crate) async fn run(mut self) -> Result<(), Stopped> {
        let mut interests = self.engine.board().interests.clone();
        let mut urgent = self.engine.board().urgent.clone();
        let mut skew = Skew::default();
        let wanted = interests.borrow_and_update().clone();
        self.node.set_interests(wanted).await;
        loop {
            tokio::select! {
                event = self.events.recv() => self.event(event.ok_or(Stopped)?, &mut skew).await?,
                changed = interests.changed() => {
                    changed.map_err(|_| Stopped)?;
                    let wanted = interests.borrow_and_update().clone();
                    self.node.set_interests(wanted).await;
                    // What is new to us has a past.
                    self.gaps.notify_one();
                }
                changed = urgent.changed() => {
                    changed.map_err(|_| Stopped)?;
                    urgent.borrow_and_update();
                    self.gaps.notify_one();
                }
            }
        }
    }

    async fn event(&mut self, event: NodeEvent, skew: &mut Skew) -> Result<(), Stopped> {
        match event {
            // It was made here.
            NodeEvent::Envelope {
                origin: Origin::Own, ..
            } => Ok(()),
            NodeEvent::Envelope {
                envelope, origin, from, ..
            } => {
                if let (Origin::Relay, Some(sent)) = (origin, envelope.message.timestamp) {
                    self.clock(skew.observe(now().0, sent));
                }
                self.engine.receive(envelope, carrier(origin, from)).await
            }
            NodeEvent::Missed { count } => {
                tracing::warn!(
                    count,
                    "messages came faster than they could be handled; a store node will be asked"
                );
                self.retry.notify_one();
                Ok(())
            }
            NodeEvent::Connectivity(connectivity) => self.connectivity(connectivity).await,
            NodeEvent::PeersChanged => {
                self.retry.notify_one();
                Ok(())
            }
        }
    }

    async fn connectivity(&self, connectivity: waku::Connectivity) -> Result<(), Stopped> {
        let connectivity = match connectivity {
            waku::Connectivity::Disconnected => Connectivity::Offline,
            waku::Connectivity::Partial => Connectivity::Limited,
            waku::Connectivity::Connected => Connectivity::Online,
        };
        let before = self.online.send_replace(connectivity);
        if before != connectivity {
            self.log.signal(Signal::Connectivity(connectivity));
        }
        if before == Connectivity::Offline && connectivity != Connectivity::Offline {
            self.retry.notify_one();
            self.engine.connected().await?;
        }
        Ok(())
    }

    fn clock(&self, ahead: Option<i64>) {
        let wrong = |ahead: Option<i64>| ahead.filter(|ahead| ahead.abs() > skew::WARNING_MS);
        let before = self.clock_ahead.send_replace(ahead);
        if let (Some(ahead), None) = (wrong(ahead), wrong(before)) {
            tracing::warn!(
                seconds = ahead / 1000,
                "this computer's clock differs from everybody else's; set its time"
            );
            self.log.signal(Signal::ClockAhead(ahead));
        }
    }
}
