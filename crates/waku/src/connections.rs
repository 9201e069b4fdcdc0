//! How many connections there may be: at all, with one peer, being made in either direction, and being made from one
//! address, so that nobody who only opens sockets keeps others out.
//!
//! Nothing is kept of a connection that is gone (`libp2p-connection-limits` keeps every peer that was ever connected). How
//! long a handshake may take is [`crate::transport`]'s. An IPv6 host has a whole network of addresses, which counts as
//! one.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::task::{Context, Poll};

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};

/// Counts connections, and refuses those above the limits.
#[derive(Debug)]
pub(crate) struct Behaviour {
    most: usize,
    /// Connections with each peer that has any.
    peers: BTreeMap<PeerId, usize>,
    /// Being made to us; what a relay carries has no address, and is counted by the relay.
    incoming: BTreeMap<ConnectionId, Option<IpAddr>>,
    from: BTreeMap<IpAddr, usize>,
    /// Being made by us.
    outgoing: BTreeSet<ConnectionId>,
}

/// There are as many connections as there may be.
#[derive(Debug, thiserror::Error)]
#[error("there are too many connections {0}")]
struct TooMany(&'static str);

impl Behaviour {
    /// At most so many connections.
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most: most as usize,
            peers: BTreeMap::new(),
            incoming: BTreeMap::new(),
            from: BTreeMap::new(),
            outgoing: BTreeSet::new(),
        }
    }

    /// At most so many from now on; those that there are stay.
    pub(crate) fn allow(&mut self, most: u32) {
        self.most = most as usize;
    }

    fn came(&mut self, connection: ConnectionId) {
        let Some(Some(host)) = self.incoming.remove(&connection) else {
            return;
        };
        if let Some(count) = self.from.get_mut(&host) {
            *count -= 1;
            if *count == 0 {
                self.from.remove(&host);
            }
        }
    }

    /// Whether there is room for one more connection with the peer.
    fn admit(&self, peer: &PeerId) -> Result<dummy::ConnectionHandler, ConnectionDenied> {
        let of_peer = self.peers.get(peer).copied().unwrap_or(0);
        below(of_peer, MOST_WITH_ONE, "with this peer")?;
        below(self.peers.values().sum(), self.most, "at all")?;
        Ok(dummy::ConnectionHandler)
    }
}

fn below(count: usize, most: usize, which: &'static str) -> Result<(), ConnectionDenied> {
    match count < most {
        true => Ok(()),
        false => Err(ConnectionDenied::new(TooMany(which))),
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        below(self.incoming.len(), MOST_INCOMING, "being made to us")?;
        let host = host(remote);
        if let Some(host) = host {
            let count = self.from.get(&host).copied().unwrap_or(0);
            below(count, MOST_FROM_ONE, "being made from this address")?;
            self.from.insert(host, count + 1);
        }
        self.incoming.insert(connection, host);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.came(connection);
        self.admit(&peer)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        below(self.outgoing.len(), MOST_OUTGOING, "being made by us")?;
        self.outgoing.insert(connection);
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.outgoing.remove(&connection);
        self.admit(&peer)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                *self.peers.entry(established.peer_id).or_default() += 1;
            }
            FromSwarm::ConnectionClosed(closed) => {
                if let Some(count) = self.peers.get_mut(&closed.peer_id) {
                    *count -= 1;
                    if *count == 0 {
                        self.peers.remove(&closed.peer_id);
                    }
                }
            }
            FromSwarm::ListenFailure(failure) => self.came(failure.connection_id),
            FromSwarm::DialFailure(failure) => {
                self.outgoing.remove(&failure.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Who has the address: of IPv6 the network, which is the first half.
fn host(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => Some(IpAddr::V4(ip)),
            None => Some(IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)))),
        },
        _ => None,
    }
}

/// With one peer: two that dial each other at the same time have two for a moment, and one more each while they try, at
/// the same time too, whether they can reach each other.
const MOST_WITH_ONE: usize = 4;
/// Being made to us at the same time, from all addresses; each is an open file.
const MOST_INCOMING: usize = 512;
/// Being made from one address at the same time.
const MOST_FROM_ONE: usize = 32;
/// Being made by us at the same time.
const MOST_OUTGOING: usize = 64;

#[cfg(test)]
mod tests {
    use libp2p::core::ConnectedPoint;
    use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
    use libp2p::swarm::{DialError, DialFailure};

    use super::*;

    fn knock(behaviour: &mut Behaviour, number: usize, from: &str) -> bool {
        let (here, there) = ("/ip4/127.0.0.1/tcp/1".parse().unwrap(), from.parse().unwrap());
        let connection = ConnectionId::new_unchecked(number);
        let asked = behaviour.handle_pending_inbound_connection(connection, &here, &there);
        asked.is_ok()
    }

    #[test]
    fn an_address_has_so_many_at_a_time_and_a_network_of_six_is_one() {
        let mut behaviour = Behaviour::new(10);
        let taken = (0..MOST_FROM_ONE + 5).filter(|number| knock(&mut behaviour, *number, "/ip4/192.0.2.1/tcp/4"));
        assert_eq!(taken.count(), MOST_FROM_ONE);
        assert!(knock(&mut behaviour, 100, "/ip4/192.0.2.2/tcp/4"));
        behaviour.came(ConnectionId::new_unchecked(0));
        behaviour.came(ConnectionId::new_unchecked(0));
        assert!(knock(&mut behaviour, 101, "/ip4/192.0.2.1/tcp/9"));
        assert!(
            !knock(&mut behaviour, 102, "/ip4/192.0.2.1/tcp/9"),
            "one ended, one came"
        );
        let own_network = |number: usize| format!("/ip6/2001:db8::{number:x}/tcp/4");
        let taken = (0..MOST_FROM_ONE + 5).filter(|number| knock(&mut behaviour, 200 + number, &own_network(*number)));
        assert_eq!(taken.count(), MOST_FROM_ONE);
        assert!(knock(&mut behaviour, 300, "/ip6/2001:db8:0:1::1/tcp/4"));
        (0..400).for_each(|number| behaviour.came(ConnectionId::new_unchecked(number)));
        assert!(behaviour.from.is_empty() && behaviour.incoming.is_empty());
    }

    fn established(behaviour: &mut Behaviour, number: usize, peer: PeerId) -> bool {
        let (here, there) = (
            "/ip4/127.0.0.1/tcp/1".parse().unwrap(),
            "/ip4/192.0.2.1/tcp/4".parse().unwrap(),
        );
        let connection_id = ConnectionId::new_unchecked(number);
        let admitted = behaviour.handle_established_inbound_connection(connection_id, peer, &here, &there);
        if admitted.is_err() {
            return false;
        }
        behaviour.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id: peer,
            connection_id,
            endpoint: &listener(),
            failed_addresses: &[],
            other_established: 0,
        }));
        true
    }

    fn closed(behaviour: &mut Behaviour, number: usize, peer_id: PeerId) {
        behaviour.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id,
            connection_id: ConnectionId::new_unchecked(number),
            endpoint: &listener(),
            cause: None,
            remaining_established: 0,
        }));
    }

    fn listener() -> ConnectedPoint {
        ConnectedPoint::Listener {
            local_addr: "/ip4/127.0.0.1/tcp/1".parse().unwrap(),
            send_back_addr: "/ip4/192.0.2.1/tcp/4".parse().unwrap(),
        }
    }

    #[test]
    fn so_many_connections_with_one_peer_and_at_all_and_nothing_is_kept_of_those_that_ended() {
        let mut behaviour = Behaviour::new(10);
        let peer = PeerId::random();
        let taken = (0..10).filter(|number| established(&mut behaviour, *number, peer));
        assert_eq!(taken.count(), MOST_WITH_ONE);
        let others: Vec<PeerId> = (0..10).map(|_| PeerId::random()).collect();
        let taken = (10..20).filter(|number| established(&mut behaviour, *number, others[number - 10]));
        assert_eq!(taken.count(), 10 - MOST_WITH_ONE);
        behaviour.allow(11);
        assert!(established(&mut behaviour, 30, others[9]) && !established(&mut behaviour, 31, others[8]));
        closed(&mut behaviour, 0, peer);
        assert!(established(&mut behaviour, 32, peer) && !established(&mut behaviour, 33, others[8]));
        for (number, peer) in [(1, peer), (2, peer), (3, peer), (32, peer), (30, others[9])] {
            closed(&mut behaviour, number, peer);
        }
        for (number, peer) in others.iter().enumerate().take(10 - MOST_WITH_ONE) {
            closed(&mut behaviour, 10 + number, *peer);
        }
        assert!(behaviour.peers.is_empty());
    }

    #[test]
    fn so_many_are_made_by_us_at_a_time() {
        let mut behaviour = Behaviour::new(10);
        let mut dial = |number| {
            let connection = ConnectionId::new_unchecked(number);
            behaviour.handle_pending_outbound_connection(connection, None, &[], Endpoint::Dialer)
        };
        assert_eq!((0..100).filter(|number| dial(*number).is_ok()).count(), MOST_OUTGOING);
        behaviour.on_swarm_event(FromSwarm::DialFailure(DialFailure {
            peer_id: None,
            error: &DialError::Aborted,
            connection_id: ConnectionId::new_unchecked(0),
        }));
        let here = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        let (second, peer) = (ConnectionId::new_unchecked(1), PeerId::random());
        let _ = behaviour
            .handle_established_outbound_connection(second, peer, &here, Endpoint::Dialer, PortUse::Reuse)
            .unwrap();
        assert_eq!(behaviour.outgoing.len(), MOST_OUTGOING - 2);
    }
}
