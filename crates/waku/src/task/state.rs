//! What the node says of itself: connected or not, and the status that people and programs ask for.

use std::time::Duration;

use libp2p::core::ConnectedPoint;
use libp2p::{Multiaddr, PeerId};
use waku_proto::PubsubTopic;
use waku_proto::filter::SUBSCRIBE_PROTOCOL;

use super::Task;
use crate::config::Mode;
use crate::events::Connectivity;
use crate::rln::Rln;
use crate::status::{Messages, NodeStatus, PeerStatus};
use crate::{filter, lightpush, relay};

impl Task {
    pub(super) fn update_connectivity(&mut self) {
        let count = |protocol| self.book.speaking(protocol).len();
        let connectivity = match self.config.mode {
            Mode::Relay => match count(relay::PROTOCOL) {
                0 => Connectivity::Disconnected,
                1..=3 => Connectivity::Partial,
                _ => Connectivity::Connected,
            },
            Mode::Light => {
                let pushers = count(lightpush::Version::V3.protocol()).max(count(lightpush::Version::V2.protocol()));
                match pushers.min(count(SUBSCRIBE_PROTOCOL)) {
                    0 => Connectivity::Disconnected,
                    1 => Connectivity::Partial,
                    _ => Connectivity::Connected,
                }
            }
        };
        if connectivity != self.connectivity {
            self.connectivity = connectivity;
            self.events.connectivity(connectivity);
        }
    }

    pub(super) fn status(&self) -> NodeStatus {
        let local = *self.swarm.local_peer_id();
        let not_archived = self.archiver.as_ref().map_or(0, |(archiver, _)| archiver.lost());
        let (handed_over, taken_over) = self.requests.tally().synced();
        NodeStatus {
            peer_id: local,
            addresses: self.addresses(),
            record: self.record.as_ref().map(ToString::to_string).unwrap_or_default(),
            connectivity: self.connectivity,
            reachable: self.reach.is_public,
            peers: self.links.keys().map(|peer| self.peer_status(*peer)).collect(),
            topics: self.topics.list(),
            traffic: self.requests.tally().traffic(self.meters.totals(), self.gossip),
            messages: Messages {
                not_archived,
                handed_over,
                taken_over,
                ..self.messages
            },
            services: self.config.services,
            requests: self.requests.tally().demand(),
            rln: self.config.rln.as_ref().map(Rln::status),
            filter_clients: self.filter.as_ref().map_or(0, filter::Server::clients),
            archive: None,
        }
    }

    /// Where we listen and where we are known to be reached, or what alone is announced, with our name.
    fn addresses(&self) -> Vec<Multiaddr> {
        let local = *self.swarm.local_peer_id();
        let mut addresses = Vec::new();
        let hidden = self.config.announce_only;
        let listeners = self.swarm.listeners().filter(|_| !hidden);
        for address in listeners.chain(self.swarm.external_addresses()) {
            // A circuit ends in it already.
            let address = address.clone().with_p2p(local).unwrap_or_else(|named| named);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    fn peer_status(&self, peer: PeerId) -> PeerStatus {
        let link = self.links.get(&peer).and_then(|links| links.values().next());
        let known = self.book.peer(&peer);
        let about = self.about.get(&peer);
        let gossip = self.swarm.behaviour().relay.as_ref();
        let in_mesh = |topic: &PubsubTopic| {
            gossip.is_some_and(|gossip| {
                gossip
                    .mesh_peers(&relay::ident(topic).hash())
                    .any(|member| *member == peer)
            })
        };
        PeerStatus {
            peer_id: peer,
            address: link.map(|link| link.get_remote_address().clone()),
            is_outbound: link.is_some_and(ConnectedPoint::is_dialer),
            agent: about.map(|about| about.agent.clone()).unwrap_or_default(),
            connected_for: Duration::from_millis(about.map_or(0, |about| self.now().saturating_sub(about.since))),
            latency: about.and_then(|about| about.latency),
            protocols: known
                .map(|known| known.protocols().map(str::to_owned).collect())
                .unwrap_or_default(),
            shards: known.map(|known| known.shards().to_vec()).unwrap_or_default(),
            mesh: self.topics.list().into_iter().filter(in_mesh).collect(),
            score: gossip.and_then(|gossip| relay::score(gossip, &peer)),
        }
    }
}
