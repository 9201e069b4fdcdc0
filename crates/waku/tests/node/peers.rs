//! Finding each other again.

use undertone_waku::{Connectivity, NodeConfig, NodeEvent};

use crate::common::{message, pair, relay, start, within};

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
