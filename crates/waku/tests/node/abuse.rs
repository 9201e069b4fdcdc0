//! Peers that want to stand between a node and everybody else.

use undertone_waku::{Keypair, NodeConfig, NodeStatus, Rln, RlnDesk};

use crate::common::{Running, message, pair, relay, start};

/// A node that takes part in gossip, and passes nothing on: whoever should judge its messages drops them all.
async fn swallowing(config: NodeConfig) -> Running {
    let (rln, desk) = Rln::new();
    tokio::spawn(async move {
        let RlnDesk { mut jobs, status } = desk;
        while jobs.recv().await.is_some() {}
        drop(status);
    });
    start(NodeConfig {
        rln: Some(rln),
        ..config
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_swallows_everything_does_not_come_between_two_that_chose_each_other() {
    let keypair = Keypair::generate_secp256k1();
    let mut honest = start(NodeConfig {
        keypair: keypair.clone(),
        ..relay()
    })
    .await;
    let mut victim = start(NodeConfig {
        static_nodes: vec![honest.address().await],
        max_connections: 20,
        ..relay()
    })
    .await;
    victim.until_meshed(&honest).await;
    let address = victim.address().await;
    let mut crowd = Vec::new();
    for _ in 0..24 {
        let one = NodeConfig {
            static_nodes: vec![address.clone()],
            ..relay()
        };
        crowd.push(swallowing(one).await);
    }
    // As many as there is room for, and more of them than a mesh has members.
    let surrounded = victim.until("a crowd", |status| status.peers.len() >= 8).await;
    assert!(surrounded.peers.len() <= 20);
    for number in 0..20 {
        victim.node.publish(message(number, 1_000)).await.unwrap();
        assert_eq!(honest.next().await.0, message_of(number, &mut victim).await);
        honest.node.publish(message(100 + number, 1_000)).await.unwrap();
        let (heard, _) = victim.next().await;
        assert_eq!(heard.message.payload[..4], (100 + number).to_be_bytes());
        assert_eq!(honest.next().await.0, heard);
    }
    // The crowd does not take the place of one that goes and comes back.
    let mut place = honest.address().await;
    place.pop();
    honest.node.shutdown().await;
    let gone = |status: &NodeStatus| status.peers.iter().all(|peer| !peer.is_outbound);
    victim.until("the end of the chosen one", gone).await;
    let mut honest = start(NodeConfig {
        keypair: keypair.clone(),
        listen: vec![place],
        ..relay()
    })
    .await;
    victim.until_meshed(&honest).await;
    victim.node.publish(message(500, 1_000)).await.unwrap();
    assert_eq!(honest.next().await.0.message.payload[..4], 500u32.to_be_bytes());
}

/// What a node hears of its own message.
async fn message_of(number: u32, by: &mut Running) -> waku_proto::Envelope {
    let (own, _) = by.next().await;
    assert_eq!(own.message.payload[..4], number.to_be_bytes());
    own
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_gossip_may_remember_is_passed_on_all_the_same() {
    let (middle, mut last) = pair(
        NodeConfig {
            gossip_memory: 20_000,
            ..relay()
        },
        relay(),
    )
    .await;
    let first = start(NodeConfig {
        static_nodes: vec![middle.address().await],
        ..relay()
    })
    .await;
    first.until_meshed(&middle).await;
    middle.until_meshed(&first).await;
    for number in 0..50 {
        first.node.publish(message(number, 4_000)).await.unwrap();
    }
    let mut heard = Vec::new();
    for _ in 0..50 {
        let (envelope, _) = last.next().await;
        heard.push(u32::from_be_bytes(envelope.message.payload[..4].try_into().unwrap()));
    }
    heard.sort_unstable();
    assert_eq!(heard, (0..50).collect::<Vec<u32>>());
    let messages = middle.status().await.messages;
    // Three quarters of the room, for whoever brings them.
    assert_eq!((messages.received, messages.not_kept), (50, 47));
}
