//! Which addresses others can use, and which of theirs this node can.

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol::{
    Dns, Dns4, Dns6, Dnsaddr, Ip4, Ip6, P2p, P2pCircuit, QuicV1, Tcp, Tls, Udp, Ws, Wss,
};

use crate::config::Circuits;

/// Those that this node can dial: TCP, WebSocket or QUIC, by IP or name, or a circuit over one of these.
pub(crate) fn dialable(addresses: Vec<Multiaddr>, circuits: Circuits) -> Vec<Multiaddr> {
    let addresses = addresses.into_iter();
    without_loopback(addresses.filter(|address| is_dialable(address, circuits)).collect())
}

/// Those that lead somewhere from elsewhere: nobody else can use the loopback of a machine that has other addresses, too.
pub(crate) fn without_loopback(mut addresses: Vec<Multiaddr>) -> Vec<Multiaddr> {
    if addresses.iter().any(|address| !is_loopback(address)) {
        addresses.retain(|address| !is_loopback(address));
    }
    addresses
}

/// Whether only this machine can use it.
pub(crate) fn is_loopback(address: &Multiaddr) -> bool {
    address.iter().any(|part| match part {
        Ip4(ip) => ip.is_loopback(),
        Ip6(ip) => ip.is_loopback(),
        _ => false,
    })
}

fn is_dialable(address: &Multiaddr, circuits: Circuits) -> bool {
    let mut parts = address.iter();
    let begins = matches!(
        parts.next(),
        Some(Ip4(_) | Ip6(_) | Dns(_) | Dns4(_) | Dns6(_) | Dnsaddr(_))
    );
    begins
        && parts.all(|part| match part {
            P2pCircuit => circuits != Circuits::Unused,
            part => matches!(part, Tcp(_) | Udp(_) | QuicV1 | Tls | Ws(_) | Wss(_) | P2p(_)),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Vec<Multiaddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn loopback_counts_where_there_is_nothing_else() {
        let (here, six) = ("/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1");
        let (near, far) = ("/ip4/192.168.1.5/tcp/1", "/dns4/node.example/tcp/443/wss");
        assert_eq!(without_loopback(read(&[here, six])), read(&[here, six]));
        assert_eq!(without_loopback(read(&[here, near, six, far])), read(&[near, far]));
    }

    #[test]
    fn what_cannot_be_dialled_does_not_make_loopback_useless() {
        let (here, other) = ("/ip4/127.0.0.1/tcp/1", "/memory/5");
        let circuit = "/ip4/192.0.2.1/tcp/1/p2p-circuit";
        let all = read(&[other, here, circuit]);
        assert_eq!(dialable(all.clone(), Circuits::Unused), read(&[here]));
        assert_eq!(dialable(all, Circuits::WhenUnreachable), read(&[circuit]));
    }
}
