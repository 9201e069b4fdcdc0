//! Filter and light push, and the light node that lives on both.

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::StreamProtocol;
use tokio::sync::mpsc;
use undertone_waku::{Connectivity, NodeConfig, Origin, PublishError};
use waku_proto::filter::{
    Ask, NOT_FOUND, OK, PUSH_PROTOCOL, Request, Response, SUBSCRIBE_PROTOCOL, Topics, decode_push,
};
use waku_proto::lightpush::{self, PROTOCOL_V2, PROTOCOL_V3, Status, TOO_LARGE};
use waku_proto::{Envelope, Interests};

use crate::common::{Running, TOPIC, light, message, pair, relay, service, start, topic, within};
use crate::raw::{Muxer, Raw, varint};

/// A subscriber that writes down what is pushed, and on how many streams.
struct Subscriber {
    raw: Raw,
    pushes: mpsc::Receiver<(usize, Envelope)>,
}

/// What the client does with a stream of pushes.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// Reads on, as browsers do.
    Keep,
    /// Closes after the first message, as Go clients do.
    CloseAfterOne,
}

impl Subscriber {
    async fn dial(node: &Running, muxer: Muxer, habit: Habit) -> Self {
        let (sender, pushes) = mpsc::channel(1000);
        let accept = |control: &mut libp2p_stream::Control| {
            let mut streams = control.accept(StreamProtocol::new(PUSH_PROTOCOL)).unwrap();
            tokio::spawn(async move {
                let mut number = 0;
                while let Some((_, mut stream)) = streams.next().await {
                    number += 1;
                    let (sender, number) = (sender.clone(), number);
                    tokio::spawn(async move {
                        let mut buffer = Vec::new();
                        let mut chunk = [0; 4096];
                        while let Ok(count @ 1..) = stream.read(&mut chunk).await {
                            buffer.extend_from_slice(&chunk[..count]);
                            while let Some(body) = take_frame(&mut buffer) {
                                // Before the test hears of the message: what it does next comes after the end of the stream.
                                if habit == Habit::CloseAfterOne {
                                    stream.close().await.unwrap();
                                }
                                sender.send((number, decode_push(&body).unwrap())).await.unwrap();
                                if habit == Habit::CloseAfterOne {
                                    return;
                                }
                            }
                        }
                    });
                }
            });
        };
        let raw = Raw::dial_with(node.address().await, muxer, accept).await;
        Self { raw, pushes }
    }

    async fn ask(&mut self, ask: Ask) -> u32 {
        let request = Request {
            request_id: "f00".into(),
            ask,
        };
        let response = Response::decode(&self.raw.ask(SUBSCRIBE_PROTOCOL, &request.encode()).await).unwrap();
        assert_eq!(response.request_id, "f00");
        response.status
    }

    async fn next(&mut self) -> (usize, Envelope) {
        within("a push", self.pushes.recv()).await.unwrap()
    }
}

fn take_frame(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    if !buffer.iter().any(|byte| byte & 0x80 == 0) {
        return None;
    }
    let (length, prefix) = varint(buffer);
    let end = prefix + length as usize;
    (buffer.len() >= end).then(|| buffer.drain(..end).skip(prefix).collect())
}

fn topics() -> Topics {
    Topics {
        pubsub_topic: Some(topic()),
        content_topics: vec![TOPIC.into()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_hundred_messages_are_pushed_over_one_stream() {
    for muxer in [Muxer::Mplex, Muxer::Yamux] {
        let (server, publisher) = pair(service(), relay()).await;
        let mut subscriber = Subscriber::dial(&server, muxer, Habit::Keep).await;
        assert_eq!(subscriber.ask(Ask::Ping).await, NOT_FOUND);
        assert_eq!(subscriber.ask(Ask::Subscribe(topics())).await, OK);
        assert_eq!(subscriber.ask(Ask::Ping).await, OK);
        for number in 0..150 {
            let envelope = message(number, 200);
            publisher.node.publish(envelope.clone()).await.unwrap();
            assert_eq!(subscriber.next().await, (1, envelope));
        }
        assert_eq!(server.status().await.filter_clients, 1);
        assert_eq!(subscriber.ask(Ask::Unsubscribe(topics())).await, OK);
        assert_eq!(subscriber.ask(Ask::Ping).await, NOT_FOUND);
        assert_eq!(
            subscriber
                .ask(Ask::Subscribe(Topics {
                    pubsub_topic: None,
                    ..topics()
                }))
                .await,
            400
        );
        server.until("unsubscribing", |status| status.filter_clients == 0).await;
        assert!(server.status().await.traffic.filter.sent > 150 * 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_after_every_message_gets_the_next_on_a_new_stream() {
    let (server, publisher) = pair(service(), relay()).await;
    let mut subscriber = Subscriber::dial(&server, Muxer::Yamux, Habit::CloseAfterOne).await;
    assert_eq!(subscriber.ask(Ask::Subscribe(topics())).await, OK);
    for number in 0..5 {
        let envelope = message(number, 200);
        publisher.node.publish(envelope.clone()).await.unwrap();
        assert_eq!(subscriber.next().await, (number as usize + 1, envelope));
        // A round trip, so that the end of the stream has arrived.
        assert_eq!(subscriber.ask(Ask::Ping).await, OK);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_leaves_is_forgotten() {
    let server = start(service()).await;
    let mut subscriber = Subscriber::dial(&server, Muxer::Yamux, Habit::Keep).await;
    assert_eq!(subscriber.ask(Ask::Subscribe(topics())).await, OK);
    let leaving = start(light(&[server.address().await])).await;
    server.until("subscribing", |status| status.filter_clients == 2).await;
    leaving.node.shutdown().await;
    server.until("leaving", |status| status.filter_clients == 1).await;
    assert!(subscriber.raw.is_connected());
}

async fn push_v3(raw: &mut Raw, request: lightpush::Request) -> lightpush::Response {
    lightpush::Response::decode_v3(&raw.ask(PROTOCOL_V3, &request.encode_v3()).await).unwrap()
}

async fn push_v2(raw: &mut Raw, request: lightpush::Request) -> lightpush::Response {
    lightpush::Response::decode_v2(&raw.ask(PROTOCOL_V2, &request.encode_v2()).await).unwrap()
}

fn refusal(response: lightpush::Response) -> (Status, String) {
    let refusal = response.outcome.unwrap_err();
    (refusal.status, refusal.description)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn light_push_in_both_versions() {
    let (server, mut other) = pair(service(), relay()).await;
    let mut raw = Raw::dial(server.address().await, Muxer::Mplex).await;
    let first = message(1, 300);
    let response = push_v3(&mut raw, lightpush::Request::new("id".into(), first.clone())).await;
    assert_eq!(response, lightpush::Response::published("id".into(), 1));
    assert_eq!(other.next().await, (first, Origin::Relay));
    let mut timeless = message(2, 300);
    timeless.message.timestamp = None;
    let response = push_v2(&mut raw, lightpush::Request::new("id".into(), timeless)).await;
    assert!(response.outcome.is_ok());
    assert!(
        other.next().await.0.message.timestamp.is_some(),
        "the time of its publication"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn light_push_is_refused_with_the_status_of_deployed_nodes() {
    let limit = 150 * 1024;
    let alone = start(NodeConfig {
        max_message_size: limit,
        ..service()
    })
    .await;
    let mut raw = Raw::dial(alone.address().await, Muxer::Yamux).await;
    let request = |envelope: Envelope| lightpush::Request::new("id".into(), envelope);
    let nobody = push_v3(&mut raw, request(message(1, 10))).await;
    assert_eq!(refusal(nobody).0, Status::NoPeersToRelay);
    assert_eq!(
        refusal(push_v2(&mut raw, request(message(1, 10))).await).0,
        Status::NoPeersToRelay
    );
    let elsewhere = Envelope {
        pubsub_topic: "/waku/2/rs/1/0".into(),
        ..message(1, 10)
    };
    assert_eq!(
        refusal(push_v3(&mut raw, request(elsewhere)).await).0,
        Status::UnsupportedPubsubTopic
    );
    for size in [limit, limit + 100_000] {
        for (status, text) in [
            refusal(push_v3(&mut raw, request(message(1, size))).await),
            refusal(push_v2(&mut raw, request(message(1, size))).await),
        ] {
            assert!(
                status == Status::InvalidMessage && text.starts_with(TOO_LARGE),
                "{size}: {text}"
            );
        }
    }
    let unnamed = lightpush::Request {
        pubsub_topic: None,
        ..request(message(1, 10))
    };
    assert_eq!(refusal(push_v3(&mut raw, unnamed).await).0, Status::InvalidMessage);
    let mut empty = message(1, 10);
    empty.message.payload.clear();
    assert_eq!(
        refusal(push_v3(&mut raw, request(empty)).await).0,
        Status::InvalidMessage
    );
    let garbage = lightpush::Response::decode_v3(&raw.ask(PROTOCOL_V3, &[0xff; 10]).await).unwrap();
    assert_eq!(
        (garbage.request_id.as_str(), refusal(garbage.clone()).0),
        ("N/A", Status::BadRequest)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn autosharding_finds_the_shard_where_the_network_has_it() {
    let network = |config: NodeConfig| NodeConfig {
        cluster: 1,
        shards: (0..8).collect(),
        autoshards: Some(8),
        ..config
    };
    let server = start(network(service())).await;
    let mut other = start(NodeConfig {
        static_nodes: vec![server.address().await],
        ..network(relay())
    })
    .await;
    let shard = waku_proto::Shard::new(1, 3).topic();
    other
        .node
        .set_interests(Interests::from_iter([(shard.clone(), "/toychat/2/x/proto".into())]))
        .await;
    server
        .until("mesh", |status| {
            status.peers.iter().any(|known| known.mesh.contains(&shard))
        })
        .await;
    let mut raw = Raw::dial(server.address().await, Muxer::Yamux).await;
    let mut envelope = message(1, 10);
    envelope.message.content_topic = "/toychat/2/x/proto".into();
    let request = lightpush::Request {
        pubsub_topic: None,
        ..lightpush::Request::new("id".into(), envelope)
    };
    assert!(push_v3(&mut raw, request).await.outcome.is_ok());
    assert_eq!(other.next().await.0.pubsub_topic, shard);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_light_node_hears_everything_once_and_is_heard() {
    let (first, second) = pair(service(), service()).await;
    let mut phone = start(light(&[first.address().await, second.address().await])).await;
    for server in [&first, &second] {
        server.until("subscribing", |status| status.filter_clients == 1).await;
    }
    phone
        .until("connectivity", |status| status.connectivity == Connectivity::Connected)
        .await;
    let mut listener = start(NodeConfig {
        static_nodes: vec![first.address().await],
        ..relay()
    })
    .await;
    first.until_meshed(&listener).await;
    listener.until_meshed(&first).await;
    for number in 0..20 {
        let envelope = message(number, 400);
        listener.node.publish(envelope.clone()).await.unwrap();
        assert_eq!(
            phone.next().await,
            (envelope, Origin::Filter),
            "once, from whichever server is first"
        );
        let _ = listener.next().await;
    }
    let own = message(100, 900_000);
    let receipt = phone.node.publish(own.clone()).await.unwrap();
    assert_eq!(receipt.hash, own.hash());
    assert_eq!(receipt.peers.len(), 1, "light push names the node that took it");
    assert_eq!(listener.next().await, (own.clone(), Origin::Relay));
    assert_eq!(phone.next().await, (own, Origin::Own), "and not again from the servers");
    assert!(phone.status().await.traffic.lightpush.sent > 900_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_light_node_changes_its_wishes() {
    let (server, publisher) = pair(service(), relay()).await;
    let mut phone = start(light(&[server.address().await])).await;
    server.until("subscribing", |status| status.filter_clients == 1).await;
    phone
        .node
        .set_interests(Interests::from_iter([(topic(), "/new".into())]))
        .await;
    let mut wanted = message(1, 10);
    wanted.message.content_topic = "/new".into();
    // The change takes two questions; messages before it may be lost, so they are repeated.
    let mut number = 0;
    let heard = within("a message", async {
        let mut beat = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            tokio::select! {
                heard = phone.next() => return heard,
                _ = beat.tick() => {
                    publisher.node.publish(message(number, 10)).await.unwrap();
                    number += 1;
                    wanted.message.timestamp = Some(crate::common::now());
                    publisher.node.publish(wanted.clone()).await.unwrap();
                }
            }
        }
    })
    .await;
    assert_eq!(heard.0.message.content_topic.as_str(), "/new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_light_node_alone_says_so_and_version_2_is_enough() {
    let alone = start(light(&[])).await;
    assert_eq!(alone.node.publish(message(1, 10)).await, Err(PublishError::NoPeers));
    let server = start(service()).await;
    let phone = start(light(&[server.address().await])).await;
    phone.until_offered(server.node.peer_id(), PROTOCOL_V2).await;
    assert_eq!(
        phone.node.publish(message(1, 10)).await,
        Err(PublishError::NoPeers),
        "the server has no peers"
    );
}
