//! Gossip between nodes.

use undertone_waku::{NodeConfig, NodeEvent, Origin, PublishError, StartError};
use waku_proto::{ContentTopic, Interests};

use crate::common::{message, pair, relay, start, topic, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_travel_both_ways_over_tcp() {
    let (mut first, mut second) = pair(relay(), relay()).await;
    let there = message(1, 100);
    let receipt = first.node.publish(there.clone()).await.unwrap();
    assert_eq!(
        (receipt.hash, receipt.peers, receipt.count),
        (there.hash(), vec![second.node.peer_id()], Some(1))
    );
    assert_eq!(second.next().await, (there.clone(), Origin::Relay));
    assert_eq!(first.next().await, (there, Origin::Own));
    let back = message(2, 100);
    second.node.publish(back.clone()).await.unwrap();
    assert_eq!(first.next().await, (back, Origin::Relay));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_travel_over_websocket() {
    let web = NodeConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0/ws".parse().unwrap()],
        ..NodeConfig::default()
    };
    let (first, mut second) = pair(web, NodeConfig::default()).await;
    first.node.publish(message(1, 5000)).await.unwrap();
    assert_eq!(second.next().await.0.message.payload.len(), 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_900_kb_travels_through_a_node_in_between() {
    let (middle, first) = pair(relay(), NodeConfig::default()).await;
    let mut last = start(NodeConfig {
        static_nodes: vec![middle.address().await],
        ..NodeConfig::default()
    })
    .await;
    middle.until_meshed(&last).await;
    last.until_meshed(&middle).await;
    let large = message(1, 900_000);
    first.node.publish(large.clone()).await.unwrap();
    assert_eq!(last.next().await.0, large);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_published_is_refused_with_a_reason() {
    let alone = start(relay()).await;
    assert_eq!(alone.node.publish(message(1, 10)).await, Err(PublishError::NoPeers));
    let (first, mut second) = pair(relay(), relay()).await;
    assert_eq!(
        first.node.publish(message(1, 1024 * 1024)).await,
        Err(PublishError::TooLarge)
    );
    let mut empty = message(1, 10);
    empty.message.payload.clear();
    assert_eq!(first.node.publish(empty).await, Err(PublishError::Refused));
    let mut elsewhere = message(1, 10);
    elsewhere.pubsub_topic = "/waku/2/rs/16/99".into();
    assert_eq!(first.node.publish(elsewhere).await, Err(PublishError::Refused));
    let good = message(2, 10);
    first.node.publish(good.clone()).await.unwrap();
    assert_eq!(
        first.node.publish(good.clone()).await.map(|receipt| receipt.hash),
        Ok(good.hash()),
        "the same bytes again are no fault"
    );
    assert_eq!(second.next().await.0, good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_wanted_is_told() {
    let (first, mut second) = pair(relay(), relay()).await;
    let mut unwanted = message(1, 10);
    unwanted.message.content_topic = ContentTopic::from("/other");
    first.node.publish(unwanted).await.unwrap();
    let wanted = message(2, 10);
    first.node.publish(wanted.clone()).await.unwrap();
    assert_eq!(second.next().await.0, wanted);
    assert_eq!(second.status().await.messages.received, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_is_joined_when_it_becomes_interesting() {
    let (first, mut second) = pair(relay(), relay()).await;
    let shard = waku_proto::Shard::new(16, 7).topic();
    for node in [&first, &second] {
        node.node
            .set_interests(Interests::from_iter([(shard.clone(), ContentTopic::from("/a"))]))
            .await;
    }
    for node in [&first, &second] {
        node.until("mesh", |status| {
            status.peers.iter().any(|known| known.mesh.contains(&shard))
        })
        .await;
    }
    let mut envelope = message(1, 10);
    envelope.pubsub_topic = shard;
    envelope.message.content_topic = "/a".into();
    first.node.publish(envelope.clone()).await.unwrap();
    assert_eq!(second.next().await.0, envelope);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn start_says_what_is_wrong() {
    let running = start(relay()).await;
    let mut taken = running.address().await;
    taken.pop();
    let error = undertone_waku::Node::start(NodeConfig {
        listen: vec![taken],
        ..relay()
    })
    .await
    .unwrap_err();
    assert!(
        matches!(error, StartError::Listen { .. }) && error.to_string().contains("choose another port"),
        "{error}"
    );
    let nameless = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
    let error = undertone_waku::Node::start(NodeConfig {
        static_nodes: vec![nameless],
        ..relay()
    })
    .await
    .unwrap_err();
    assert!(matches!(error, StartError::StaticNodeWithoutPeerId { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_node_says_goodbye_and_ends_its_events() {
    let (first, mut second) = pair(relay(), relay()).await;
    first.node.publish(message(1, 10)).await.unwrap();
    second.next().await;
    second.node.clone().shutdown().await;
    first.until("goodbye", |status| status.peers.is_empty()).await;
    within("the end", async { while second.events.recv().await.is_some() {} }).await;
    assert_eq!(second.node.publish(message(2, 10)).await, Err(PublishError::TimedOut));
    assert!(second.node.status().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_and_peers_are_counted() {
    let (first, mut second) = pair(relay(), relay()).await;
    first.node.publish(message(1, 50_000)).await.unwrap();
    second.next().await;
    let status = second.status().await;
    assert!(status.traffic.relay().received >= 50_000, "{:?}", status.traffic);
    assert!(status.traffic.metadata.received > 0 && status.traffic.total.received >= status.traffic.relay().received);
    assert_eq!((status.topics.len(), status.peers[0].shards.clone()), (2, vec![32, 64]));
    assert!(status.topics.contains(&topic()) && status.peers[0].is_outbound);
    let told =
        std::iter::from_fn(|| second.events.try_recv()).filter(|event| matches!(event, NodeEvent::Envelope { .. }));
    assert_eq!(told.count(), 0, "nothing twice");
}
