//! Other ways than TCP, and the way in past routers.

use undertone_waku::{Circuits, Multiaddr, NodeConfig, NodeRecord, NodeStatus, PeerId, Protocol, WayIn};

use crate::common::{Running, message, pair, relay, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_travel_over_quic() {
    let quic = || NodeConfig {
        listen: vec!["/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap()],
        ..relay()
    };
    let (first, mut second) = pair(quic(), NodeConfig::default()).await;
    let address = first.address().await;
    assert!(address.iter().any(|part| part == Protocol::QuicV1), "{address}");
    let envelope = message(1, 100_000);
    first.node.publish(envelope.clone()).await.unwrap();
    assert_eq!(second.next().await.0, envelope);
    let record: undertone_waku::NodeRecord = first.status().await.record.parse().unwrap();
    assert!(record.addresses()[0].iter().any(|part| part == Protocol::QuicV1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_say_whether_a_node_can_be_reached() {
    let asking = || NodeConfig {
        way_in: WayIn {
            asks_peers: true,
            ..WayIn::default()
        },
        ..relay()
    };
    let first = start(asking()).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        let other = start(NodeConfig {
            static_nodes: vec![first.address().await],
            ..asking()
        })
        .await;
        others.push(other);
    }
    first.until("an answer", |status| status.reachable == Some(true)).await;
}

/// A node that carries calls and knows its address, and one that calls others through it.
pub(crate) async fn relay_and_caller() -> (Running, Running) {
    let carrying = start(NodeConfig {
        way_in: WayIn {
            carries_circuits: true,
            asks_peers: true,
            ..WayIn::default()
        },
        ..relay()
    })
    .await;
    let caller = start(NodeConfig {
        static_nodes: vec![carrying.address().await],
        way_in: WayIn {
            asks_peers: true,
            circuits: Circuits::WhenUnreachable,
            ..WayIn::default()
        },
        ..relay()
    })
    .await;
    carrying
        .until("an address", |status| status.reachable == Some(true))
        .await;
    (carrying, caller)
}

pub(crate) fn is_circuit(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// The address at which a peer is connected.
fn way_to(status: &NodeStatus, peer: PeerId) -> Option<Multiaddr> {
    let known = status.peers.iter().find(|known| known.peer_id == peer)?;
    (!known.protocols.is_empty()).then(|| known.address.clone())?
}

async fn callable_through(carrying: &Running, config: NodeConfig) -> (Running, Multiaddr) {
    let callable = start(NodeConfig {
        static_nodes: vec![carrying.address().await],
        way_in: WayIn {
            circuits: Circuits::Always,
            ..WayIn::default()
        },
        ..config
    })
    .await;
    let status = callable
        .until("a circuit", |status| status.addresses.iter().any(is_circuit))
        .await;
    let record: NodeRecord = status.record.parse().unwrap();
    assert!(record.addresses().iter().any(is_circuit), "{record}");
    let circuit = status.addresses.into_iter().find(is_circuit).unwrap();
    (callable, circuit)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_be_reached_is_called_through_a_relay() {
    let (carrying, caller) = relay_and_caller().await;
    let (callable, circuit) = callable_through(&carrying, NodeConfig::default()).await;
    let peer = callable.node.peer_id();
    assert_eq!(caller.node.connect(circuit).await.unwrap(), peer);
    let status = caller.until("a call", |status| way_to(status, peer).is_some()).await;
    assert!(is_circuit(&way_to(&status, peer).unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_becomes_a_direct_connection() {
    let (carrying, caller) = relay_and_caller().await;
    let (callable, circuit) = callable_through(&carrying, relay()).await;
    let peer = callable.node.peer_id();
    caller.node.connect(circuit).await.unwrap();
    let is_direct = |status: &NodeStatus| way_to(status, peer).is_some_and(|address| !is_circuit(&address));
    caller.until("a direct connection", is_direct).await;
}
