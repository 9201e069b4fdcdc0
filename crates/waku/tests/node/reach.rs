//! Other ways than TCP, and the way in past routers.

use undertone_waku::{NodeConfig, Protocol, WayIn};

use crate::common::{message, pair, relay, start};

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
