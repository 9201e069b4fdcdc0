//! Finding nodes that nobody configured.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use undertone_waku::{
    DiscoveryConfig, Discv5Config, Keypair, Multiaddr, Node, NodeConfig, NodeRecord, PeerId, PeerOrigin, Services,
    SignedTree, Source, WayIn,
};

use crate::common::{Running, light, message, pair, relay, service, start};

fn free_udp_port() -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// A node that walks discv5.
fn walking(bootstrap: &[NodeRecord]) -> NodeConfig {
    NodeConfig {
        services: Services {
            peer_exchange: true,
            ..Services::default()
        },
        discovery: DiscoveryConfig {
            discv5: Some(Discv5Config {
                listen: SocketAddr::from(([127, 0, 0, 1], free_udp_port())),
                bootstrap: bootstrap.to_vec(),
                enr_auto_update: false,
            }),
            ..DiscoveryConfig::default()
        },
        ..relay()
    }
}

async fn record(node: &Running) -> NodeRecord {
    node.status().await.record.parse().unwrap()
}

async fn until_connected(node: &Running, to: PeerId) {
    node.until("a connection", |status| {
        status.peers.iter().any(|peer| peer.peer_id == to)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_one_address_alone_is_announced_nobody_hears_of_another() {
    let announced: Multiaddr = "/dns4/node.example.org/tcp/443/wss".parse().unwrap();
    let asking = || NodeConfig {
        way_in: WayIn {
            asks_peers: true,
            ..WayIn::default()
        },
        ..relay()
    };
    let other = start(asking()).await;
    let node = start(NodeConfig {
        announce: vec![announced.clone()],
        announce_only: true,
        static_nodes: vec![other.address().await],
        ..asking()
    })
    .await;
    // The other reached it at another address, and said so.
    let status = node.until("an answer", |status| status.reachable == Some(true)).await;
    let named = announced.clone().with_p2p(node.node.peer_id()).unwrap();
    assert_eq!(status.addresses, [named]);
    assert_eq!(record(&node).await.addresses(), [announced]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_meet_through_a_third_and_tell_a_light_client() {
    let first = start(walking(&[])).await;
    let known = [record(&first).await];
    let second = start(walking(&known)).await;
    let third = start(walking(&known)).await;
    until_connected(&third, second.node.peer_id()).await;
    // A client that knows only the third hears of others from it.
    let client = start(NodeConfig {
        discovery: DiscoveryConfig {
            peer_exchange: true,
            ..DiscoveryConfig::default()
        },
        ..light(&[third.address().await])
    })
    .await;
    until_connected(&client, second.node.peer_id()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_found_in_the_dns() {
    let listed = start(relay()).await;
    let tree = SignedTree::make(
        "nodes.example.org",
        &Keypair::generate_secp256k1(),
        1,
        &[record(&listed).await],
        &[],
    )
    .unwrap();
    let finding = start(NodeConfig {
        discovery: DiscoveryConfig {
            dns_lists: vec![tree.link.clone()],
            name_servers: vec![name_server(tree.texts).await],
            ..DiscoveryConfig::default()
        },
        ..relay()
    })
    .await;
    until_connected(&finding, listed.node.peer_id()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_says_what_the_node_does() {
    let node = start(service()).await;
    let status = node.status().await;
    let record: NodeRecord = status.record.parse().unwrap();
    assert_eq!(record.peer_id(), status.peer_id);
    assert_eq!(record.capabilities().0, 0b1101);
    assert_eq!(
        record.shards().unwrap().indices.into_iter().collect::<Vec<_>>(),
        [32, 64]
    );
    let mut address = record.addresses().remove(0);
    address.push(undertone_waku::Protocol::P2p(status.peer_id));
    assert_eq!(status.addresses, [address]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_peer_needs_no_bootstrap() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("peers.txt");
    let old = start(relay()).await;
    std::fs::write(&file, format!("nonsense\n{}\n", old.address().await)).unwrap();
    let mut restarted = start(NodeConfig {
        peer_file: Some(file.clone()),
        ..relay()
    })
    .await;
    until_connected(&restarted, old.node.peer_id()).await;
    restarted.until_meshed(&old).await;
    old.until_meshed(&restarted).await;
    let envelope = message(1, 10);
    old.node.publish(envelope.clone()).await.unwrap();
    assert_eq!(restarted.next().await.0, envelope);
    // A peer that did not last is no better than what was known before.
    restarted.node.shutdown().await;
    assert!(std::fs::read_to_string(&file).unwrap().contains("nonsense"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peer_exchange_is_offered_only_when_asked_for() {
    let (first, second) = pair(service(), relay()).await;
    let peer = first.node.peer_id();
    second.until_offered(peer, "/vac/waku/peer-exchange/2.0.0-alpha1").await;
    let status = first.status().await;
    let back = status
        .peers
        .iter()
        .find(|peer| peer.peer_id == second.node.peer_id())
        .unwrap();
    assert!(!back.protocols.iter().any(|protocol| protocol.contains("peer-exchange")));
}

/// A name server that knows these texts and nothing else.
async fn name_server(texts: BTreeMap<String, String>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        while let Ok((size, from)) = socket.recv_from(&mut question).await {
            let answer = answer(&question[..size], &texts);
            let _ = socket.send_to(&answer, from).await;
        }
    });
    address
}

/// RFC 1035: header, the question again, and a TXT record or the word that there is none.
fn answer(question: &[u8], texts: &BTreeMap<String, String>) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while question[at] != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..=at + length]).into_owned());
        at += 1 + length;
    }
    let asked = &question[12..at + 5];
    // The hashes are in capitals; names are compared without case.
    let name = labels.join(".");
    let text = texts
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        .map(|(_, text)| text);
    let mut answer = question[..2].to_vec();
    answer.extend(if text.is_some() { [0x85, 0x80] } else { [0x85, 0x83] });
    answer.extend([0, 1, 0, u8::from(text.is_some()), 0, 0, 0, 0]);
    answer.extend(asked);
    if let Some(text) = text {
        let parts: Vec<u8> = text
            .as_bytes()
            .chunks(255)
            .flat_map(|part| std::iter::once(part.len() as u8).chain(part.iter().copied()))
            .collect();
        answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        answer.extend((parts.len() as u16).to_be_bytes());
        answer.extend(parts);
    }
    answer
}

/// Waits until the two are connected, one of them having found the other at a point; the other was called.
pub(crate) async fn until_met(first: &Running, second: &Running) {
    until_connected(second, first.node.peer_id()).await;
    let found = async |at: &Running, who: &Running| {
        let known = at.node.peers().await;
        let of_who = known.iter().find(|peer| peer.peer_id == who.node.peer_id());
        of_who.map(|peer| peer.origin)
    };
    let origins = [found(first, second).await, found(second, first).await];
    let by_rendezvous = Some(PeerOrigin::Discovered(Source::Rendezvous));
    assert!(origins.contains(&by_rendezvous), "{origins:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_meet_at_a_rendezvous_point() {
    let point = start(service()).await;
    let address = point.address().await;
    let visiting = |shards: &[u16]| NodeConfig {
        static_nodes: vec![address.clone()],
        shards: shards.to_vec(),
        discovery: DiscoveryConfig {
            rendezvous: true,
            ..DiscoveryConfig::default()
        },
        ..relay()
    };
    // Of another shard; whoever is started like the others is interested in theirs.
    let (elsewhere, _events) = Node::start(visiting(&[7])).await.unwrap();
    let first = start(visiting(&[32])).await;
    let second = start(visiting(&[32, 64])).await;
    until_met(&first, &second).await;
    let found = second.node.peers().await;
    assert!(found.iter().all(|peer| peer.peer_id != elsewhere.peer_id()));
}
