//! The network node, for the API.

use api::{Connectivity, MeshTopic, Mode, NodeStatus, Peer, Purpose, Sharing, Traffic, Transport};
use messenger::Timestamp;
use waku::{Bytes, Multiaddr, Protocol};

/// What a node says of itself. What only the profile knows is left at nothing.
pub(crate) fn status(node: &waku::NodeStatus, mode: Mode, connectivity: Connectivity, now: Timestamp) -> NodeStatus {
    NodeStatus {
        added: Vec::new(),
        mode,
        connectivity,
        peer_id: node.peer_id.to_string(),
        addresses: node.addresses.iter().map(ToString::to_string).collect(),
        cluster: 0,
        shards: Vec::new(),
        peers: node.peers.iter().map(|one| peer(one, now)).collect(),
        mesh: mesh(node),
        bytes_in: node.traffic.total.received,
        bytes_out: node.traffic.total.sent,
        traffic: traffic(&node.traffic),
        sharing: node.archive.as_ref().map(|extent| Sharing {
            messages: extent.messages,
            bytes: extent.bytes,
        }),
        clock_ahead: None,
        history_gaps: 0,
        asked: Vec::new(),
        outbox: 0,
    }
}

fn peer(peer: &waku::PeerStatus, now: Timestamp) -> Peer {
    let connected_for = u64::try_from(peer.connected_for.as_millis()).unwrap_or(u64::MAX);
    Peer {
        peer_id: peer.peer_id.to_string(),
        address: peer.address.as_ref().map(ToString::to_string),
        protocols: peer
            .protocols
            .iter()
            .filter_map(|id| protocol(id))
            .map(str::to_owned)
            .collect(),
        agent: (!peer.agent.is_empty()).then(|| peer.agent.clone()),
        transport: peer.address.as_ref().map_or(Transport::Other, transport),
        outbound: peer.is_outbound,
        since: now.minus(connected_for).0,
        latency_ms: peer.latency.map(|took| took.as_secs_f64() * 1e3),
        in_mesh: !peer.mesh.is_empty(),
    }
}

fn mesh(node: &waku::NodeStatus) -> Vec<MeshTopic> {
    let topics = node.topics.iter().map(|topic| MeshTopic {
        topic: topic.as_str().to_owned(),
        peers: node
            .peers
            .iter()
            .filter(|peer| peer.mesh.contains(topic))
            .map(|peer| peer.peer_id.to_string())
            .collect(),
    });
    topics.collect()
}

/// What the bytes were for. What is not one of the services and not our own is counted to what we pass on.
fn traffic(traffic: &waku::Traffic) -> Vec<Traffic> {
    let of = |purpose, bytes: Bytes| Traffic {
        purpose,
        bytes_in: bytes.received,
        bytes_out: bytes.sent,
    };
    vec![
        of(Purpose::Own, traffic.own),
        of(Purpose::Others, traffic.relay_for_others()),
        of(Purpose::Store, traffic.store),
        of(Purpose::Filter, traffic.filter),
        of(Purpose::LightPush, traffic.lightpush),
        of(Purpose::Nodes, both(traffic.metadata, traffic.discovery)),
    ]
}

fn both(one: Bytes, other: Bytes) -> Bytes {
    Bytes {
        received: one.received + other.received,
        sent: one.sent + other.sent,
    }
}

/// How a connection to an address is made.
fn transport(address: &Multiaddr) -> Transport {
    let has = |kind: fn(&Protocol<'_>) -> bool| address.iter().any(|part| kind(&part));
    match () {
        () if has(|part| matches!(part, Protocol::P2pCircuit)) => Transport::Relayed,
        () if has(|part| matches!(part, Protocol::Wss(_))) => Transport::SecureWebsocket,
        () if has(|part| matches!(part, Protocol::Ws(_))) && has(|part| matches!(part, Protocol::Tls)) => {
            Transport::SecureWebsocket
        }
        () if has(|part| matches!(part, Protocol::Ws(_))) => Transport::Websocket,
        () if has(|part| matches!(part, Protocol::Quic | Protocol::QuicV1)) => Transport::Quic,
        () if has(|part| matches!(part, Protocol::Tcp(_))) => Transport::Tcp,
        () => Transport::Other,
    }
}

/// The everyday name of a Waku protocol; the others are not of interest.
fn protocol(id: &str) -> Option<&'static str> {
    let name = id.strip_prefix("/vac/waku/")?.split('/').next()?;
    match name {
        "relay" => Some("relay"),
        "store-query" => Some("store"),
        "filter-subscribe" => Some("filter"),
        "lightpush" => Some("light push"),
        "metadata" => Some("metadata"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_connection_is_read_off_its_address() {
        let kinds = [
            ("/ip4/127.0.0.1/tcp/60000", Transport::Tcp),
            ("/dns4/node.example/tcp/443/wss", Transport::SecureWebsocket),
            ("/dns4/node.example/tcp/443/tls/ws", Transport::SecureWebsocket),
            ("/ip4/127.0.0.1/tcp/8000/ws", Transport::Websocket),
            ("/ip4/127.0.0.1/udp/60000/quic-v1", Transport::Quic),
            ("/ip4/127.0.0.1/tcp/1/p2p-circuit", Transport::Relayed),
            ("/ip4/127.0.0.1/udp/9000", Transport::Other),
        ];
        for (address, kind) in kinds {
            assert_eq!(transport(&address.parse().unwrap()), kind, "{address}");
        }
    }

    #[test]
    fn bytes_by_purpose_add_up_to_all_of_them() {
        let bytes = |received, sent| Bytes { received, sent };
        let counted = waku::Traffic {
            total: bytes(1_000, 2_000),
            own: bytes(100, 50),
            store: bytes(30, 20),
            filter: bytes(5, 6),
            lightpush: bytes(7, 8),
            metadata: bytes(9, 10),
            discovery: bytes(11, 12),
        };
        let told = traffic(&counted);
        assert_eq!(told.iter().map(|one| one.bytes_in).sum::<u64>(), 1_000);
        assert_eq!(told.iter().map(|one| one.bytes_out).sum::<u64>(), 2_000);
    }
}
