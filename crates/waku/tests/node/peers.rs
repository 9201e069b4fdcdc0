//! Finding each other again.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use undertone_waku::{
    Connectivity, LiveLimits, Multiaddr, NodeConfig, NodeEvent, NodeStatus, PeerId, Protocol, RateLimits, RelayShare,
    WayIn,
};

use crate::common::{Running, light, message, pair, relay, service, start, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_static_node_that_was_away_is_found_again() {
    let first_config = relay();
    let (first, mut second) = pair(first_config.clone(), NodeConfig::default()).await;
    let mut address = first.address().await;
    let peer = first.node.peer_id();
    first.node.shutdown().await;
    drop(first.events);
    second
        .until("parting", |status| {
            status.peers.is_empty() && status.connectivity == Connectivity::Disconnected
        })
        .await;
    address.pop();
    let first = start(NodeConfig {
        listen: vec![address],
        ..first_config
    })
    .await;
    assert_eq!(first.node.peer_id(), peer);
    second.until_meshed(&first).await;
    first.until_meshed(&second).await;
    let envelope = message(1, 10);
    first.node.publish(envelope.clone()).await.unwrap();
    assert_eq!(second.next().await.0, envelope);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_application_is_told_of_the_connection() {
    let (_first, mut second) = pair(relay(), relay()).await;
    within("connectivity", async {
        loop {
            if second.events.recv().await == Some(NodeEvent::Connectivity(Connectivity::Partial)) {
                return;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_bounded() {
    let first = start(NodeConfig {
        max_connections: 2,
        ..relay()
    })
    .await;
    let address = first.address().await;
    let mut others = Vec::new();
    for _ in 0..2 {
        let other = start(NodeConfig {
            static_nodes: vec![address.clone()],
            ..NodeConfig::default()
        })
        .await;
        other.until_meshed(&first).await;
        others.push(other);
    }
    let mut third = crate::raw::Raw::dial(address, crate::raw::Muxer::Yamux).await;
    third.until_closed().await;
    assert_eq!(first.status().await.peers.len(), 2);
}

/// A node with places for four that relay and four light clients, all of them taken, in this order.
async fn full() -> (Running, Multiaddr, Vec<Running>) {
    let first = start(NodeConfig {
        max_connections: 10,
        ..service()
    })
    .await;
    let address = first.address().await;
    let mut others = Vec::new();
    for _ in 0..4 {
        let other = start(NodeConfig {
            static_nodes: vec![address.clone()],
            ..NodeConfig::default()
        })
        .await;
        first.until_meshed(&other).await;
        others.push(other);
    }
    for _ in 0..4 {
        let other = start(light(std::slice::from_ref(&address))).await;
        let peer = other.node.peer_id();
        first.until_offered(peer, "/vac/waku/filter-push/2.0.0-beta1").await;
        others.push(other);
    }
    (first, address, others)
}

fn peers(status: &NodeStatus) -> BTreeSet<PeerId> {
    status.peers.iter().map(|peer| peer.peer_id).collect()
}

/// Limits with so many connections and otherwise none.
fn connections(most: u32) -> LiveLimits {
    LiveLimits {
        rates: RateLimits::default(),
        max_connections: most,
        relay_share: RelayShare::default(),
        max_connections_per_ip: 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_when_all_places_are_taken_goes_again() {
    let (first, address, others) = full().await;
    let there: BTreeSet<PeerId> = others.iter().map(|other| other.node.peer_id()).collect();
    assert_eq!(peers(&first.status().await), there);
    let relaying = NodeConfig {
        static_nodes: vec![address.clone()],
        ..NodeConfig::default()
    };
    for config in [relaying, light(&[address])] {
        let late = start(config).await;
        late.until("a connection", |status| !status.peers.is_empty()).await;
        late.until("its end", |status| status.peers.is_empty()).await;
        late.node.shutdown().await;
        first.until("who was there", |status| peers(status) == there).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_there_are_fewer_places_the_newest_go() {
    let (first, _, others) = full().await;
    let stay: BTreeSet<PeerId> = [0, 1, 4, 5].map(|number| others[number].node.peer_id()).into();
    first.node.set_limits(connections(5)).await;
    first.until("fewer peers", |status| peers(status) == stay).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn being_called_back_makes_nobody_one_whom_the_node_chose() {
    let asking = || NodeConfig {
        way_in: WayIn {
            asks_peers: true,
            ..WayIn::default()
        },
        ..relay()
    };
    let first = start(asking()).await;
    let mut others = Vec::new();
    for _ in 0..2 {
        let other = start(NodeConfig {
            static_nodes: vec![first.address().await],
            ..asking()
        })
        .await;
        // The first called it to find out.
        other.until("an answer", |status| status.reachable == Some(true)).await;
        others.push(other);
    }
    first.node.set_limits(connections(1)).await;
    first.until("one peer", |status| status.peers.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_say_what_it_speaks_takes_no_place_for_ever() {
    let first = start(NodeConfig {
        relay_share: "100:0".parse().unwrap(),
        ..relay()
    })
    .await;
    let address = first.address().await;
    let mut silent = crate::raw::Raw::dial(address, crate::raw::Muxer::Yamux).await;
    first.until("a connection", |status| status.peers.len() == 1).await;
    silent.until_closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_half_open_connections_keep_nobody_out_for_long() {
    let (first, mut second) = pair(relay(), relay()).await;
    let address = first.address().await;
    let port = address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    });
    let mut half_open = Vec::new();
    for _ in 0..2_000 {
        let socket = TcpStream::connect(("127.0.0.1", port.unwrap())).await.unwrap();
        half_open.push(socket);
    }
    // Who is there already notices nothing.
    let envelope = message(1, 100);
    first.node.publish(envelope.clone()).await.unwrap();
    assert_eq!(second.next().await.0, envelope);
    // The node ends every one of them, those that it took first included.
    for mut socket in half_open {
        let mut greeting = Vec::new();
        // The end or a reset: either is an end.
        let _ = within("the end of a half-open connection", socket.read_to_end(&mut greeting)).await;
    }
    let third = start(NodeConfig {
        static_nodes: vec![address],
        ..NodeConfig::default()
    })
    .await;
    third.until_meshed(&first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_only_opens_sockets_keeps_nobody_else_out() {
    let first = start(relay()).await;
    let address = first.address().await;
    let port = address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    });
    let there = ([127, 0, 0, 1], port.unwrap()).into();
    // Six hundred silent sockets of one address, each of which comes again as soon as it is put out.
    let mut mallory = JoinSet::new();
    for _ in 0..600 {
        mallory.spawn(async move {
            loop {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
                let Ok(mut socket) = socket.connect(there).await else {
                    continue;
                };
                let _ = socket.read_to_end(&mut Vec::new()).await;
                // A network between them would take as long.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
    for _ in 0..5 {
        let honest = start(NodeConfig {
            static_nodes: vec![address.clone()],
            ..NodeConfig::default()
        })
        .await;
        honest.until_meshed(&first).await;
    }
}
