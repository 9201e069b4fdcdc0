//! How others get in: what peers and the router say about our addresses, and the relay that carries calls to us.

use libp2p::autonat::v1 as autonat;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::relay::HOP_PROTOCOL_NAME;
use libp2p::{Multiaddr, PeerId, dcutr, upnp};

use super::Task;
use crate::config::Circuits;

/// Whether and how we can be reached.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Not known until peers have said so.
    pub(super) is_public: Option<bool>,
    /// Relays that carry calls to us, or are being asked to.
    circuits: Vec<(PeerId, ListenerId)>,
    /// How many relays were asked, each time the next one.
    asked: usize,
    /// When the next may be asked, in milliseconds since the node began.
    ask_again: u64,
}

impl Reach {
    pub(super) fn listener_closed(&mut self, listener: ListenerId) {
        self.circuits.retain(|(_, circuit)| *circuit != listener);
    }
}

impl Task {
    pub(super) fn reached(&mut self, event: &autonat::Event) {
        match event {
            autonat::Event::StatusChanged { new, .. } => {
                self.reach.is_public = match new {
                    autonat::NatStatus::Public(_) => Some(true),
                    autonat::NatStatus::Private => Some(false),
                    autonat::NatStatus::Unknown => None,
                };
                let reachable = self.reach.is_public;
                tracing::info!(?reachable, "peers say whether they can reach this node");
            }
            autonat::Event::InboundProbe(autonat::InboundProbeEvent::Response { peer, address, .. }) => {
                self.called_back(*peer, address);
            }
            _ => {}
        }
    }

    /// We called a peer that wanted to know whether it can be reached, and it can. The call is over: as many as there may be
    /// connections with one peer would else stand there idle, and the next would seem to find the peer closed.
    fn called_back(&mut self, peer: PeerId, address: &Multiaddr) {
        let Some(links) = self.links.get(&peer).filter(|links| links.len() > 1) else {
            return;
        };
        let is_call = |link: &ConnectedPoint| link.is_dialer() && link.get_remote_address() == address;
        let newest = links.iter().rfind(|(_, link)| is_call(link));
        if let Some((connection, _)) = newest {
            self.swarm.close_connection(*connection);
        }
    }

    /// Sees to it that relays carry calls to us, or that none does when there is no need.
    pub(super) fn keep_circuits(&mut self) {
        let is_wanted = match self.config.way_in.circuits {
            Circuits::Unused => false,
            Circuits::WhenUnreachable => self.reach.is_public == Some(false),
            Circuits::Always => true,
        };
        if !is_wanted {
            for (_, circuit) in &self.reach.circuits {
                self.swarm.remove_listener(*circuit);
            }
        } else if self.reach.circuits.len() < CIRCUITS && self.now() >= self.reach.ask_again {
            self.ask_for_circuit();
        }
    }

    fn ask_for_circuit(&mut self) {
        let mut relays = self.book.speaking(HOP_PROTOCOL_NAME.as_ref());
        relays.retain(|peer| self.reach.circuits.iter().all(|(relay, _)| relay != peer));
        let relays: Vec<(PeerId, Multiaddr)> = relays
            .into_iter()
            .filter_map(|peer| Some((peer, self.dialled(&peer)?)))
            .collect();
        let Some(number) = self.reach.asked.checked_rem(relays.len()) else {
            return;
        };
        self.reach.asked += 1;
        self.reach.ask_again = self.now() + ASK_AGAIN;
        let (relay, address) = relays[number].clone();
        if let Ok(circuit) = self.swarm.listen_on(address.with(Protocol::P2pCircuit)) {
            self.reach.circuits.push((relay, circuit));
        }
    }

    /// The address at which we reached a peer, with its name.
    fn dialled(&self, peer: &PeerId) -> Option<Multiaddr> {
        let mut links = self.links.get(peer)?.values();
        let link = links.find(|link| link.is_dialer() && !link.is_relayed())?;
        link.get_remote_address().clone().with_p2p(*peer).ok()
    }

    /// A direct connection has come about, and nobody needs to carry any more.
    pub(super) fn punched(&mut self, event: &dcutr::Event) {
        let peer = event.remote_peer_id;
        if let Err(error) = &event.result {
            return tracing::debug!(%error, "a peer is reached through a relay only");
        }
        for (connection, link) in self.links.get(&peer).into_iter().flatten() {
            if link.is_relayed() {
                self.swarm.close_connection(*connection);
            }
        }
    }
}

pub(super) fn asked_router(event: &upnp::Event) {
    match event {
        upnp::Event::NewExternalAddr { .. } => tracing::info!("the router lets peers in"),
        upnp::Event::ExpiredExternalAddr { .. } => tracing::warn!("the router no longer lets peers in"),
        upnp::Event::GatewayNotFound => tracing::info!("there is no router that can be asked to let peers in"),
        upnp::Event::NonRoutableGateway => tracing::info!("the router is itself behind another"),
    }
}

/// As deployed.
const CIRCUITS: usize = 2;
/// Milliseconds between two relays that are asked.
const ASK_AGAIN: u64 = 10_000;
