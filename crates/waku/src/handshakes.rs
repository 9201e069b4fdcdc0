//! Connections that are being made to us: so many from one address, so that nobody who only opens sockets keeps others out.
//!
//! How many there may be from all addresses is a limit of `connection_limits`, and how long one may take is
//! [`crate::transport`]'s. An IPv6 host has a whole network of addresses, which counts as one.

use std::collections::BTreeMap;
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

/// Counts handshakes by address.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    under_way: BTreeMap<ConnectionId, IpAddr>,
    from: BTreeMap<IpAddr, usize>,
}

/// The address has as many connections under way as one may have.
#[derive(Debug, thiserror::Error)]
#[error("too many connections are being made from this address")]
struct TooMany;

impl Behaviour {
    fn end(&mut self, connection: ConnectionId) {
        let Some(host) = self.under_way.remove(&connection) else {
            return;
        };
        if let Some(count) = self.from.get_mut(&host) {
            *count -= 1;
            if *count == 0 {
                self.from.remove(&host);
            }
        }
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
        // What a relay carries has no address, and is counted by the relay.
        let Some(host) = host(remote) else { return Ok(()) };
        let count = self.from.entry(host).or_default();
        if *count >= MOST_FROM_ONE {
            return Err(ConnectionDenied::new(TooMany));
        }
        *count += 1;
        self.under_way.insert(connection, host);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.end(connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.end(failure.connection_id);
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

/// Handshakes of one address at the same time.
const MOST_FROM_ONE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn knock(behaviour: &mut Behaviour, number: usize, from: &str) -> bool {
        let (here, there) = ("/ip4/127.0.0.1/tcp/1".parse().unwrap(), from.parse().unwrap());
        let connection = ConnectionId::new_unchecked(number);
        let asked = behaviour.handle_pending_inbound_connection(connection, &here, &there);
        asked.is_ok()
    }

    #[test]
    fn an_address_has_so_many_at_a_time_and_a_network_of_six_is_one() {
        let mut behaviour = Behaviour::default();
        let taken = (0..MOST_FROM_ONE + 5).filter(|number| knock(&mut behaviour, *number, "/ip4/192.0.2.1/tcp/4"));
        assert_eq!(taken.count(), MOST_FROM_ONE);
        assert!(knock(&mut behaviour, 100, "/ip4/192.0.2.2/tcp/4"));
        behaviour.end(ConnectionId::new_unchecked(0));
        behaviour.end(ConnectionId::new_unchecked(0));
        assert!(knock(&mut behaviour, 101, "/ip4/192.0.2.1/tcp/9"));
        assert!(
            !knock(&mut behaviour, 102, "/ip4/192.0.2.1/tcp/9"),
            "one ended, one came"
        );
        let own_network = |number: usize| format!("/ip6/2001:db8::{number:x}/tcp/4");
        let taken = (0..MOST_FROM_ONE + 5).filter(|number| knock(&mut behaviour, 200 + number, &own_network(*number)));
        assert_eq!(taken.count(), MOST_FROM_ONE);
        assert!(knock(&mut behaviour, 300, "/ip6/2001:db8:0:1::1/tcp/4"));
        (0..400).for_each(|number| behaviour.end(ConnectionId::new_unchecked(number)));
        assert!(behaviour.from.is_empty() && behaviour.under_way.is_empty());
    }
}
