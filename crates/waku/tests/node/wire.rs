//! Frames that other implementations send, byte by byte, and peers that behave badly.

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::StreamProtocol;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use undertone_waku::NodeConfig;
use waku_proto::codec::frame;
use waku_proto::metadata::{self, Metadata};
use waku_proto::{Envelope, filter, lightpush, store};

use crate::common::{Running, TOPIC, message, pair, relay, service, start, topic, within};
use crate::raw::{Muxer, RELAY, Raw, announce, field, join, publish, subscribe};

const SHARD: &str = "/waku/2/rs/16/32";

async fn gossiping(node: &Running) -> (Raw, libp2p::swarm::Stream) {
    let accept = |control: &mut libp2p_stream::Control| {
        let mut streams = control.accept(StreamProtocol::new(RELAY)).unwrap();
        // What the node says is read and thrown away.
        tokio::spawn(async move {
            while let Some((_, mut stream)) = streams.next().await {
                tokio::spawn(async move { futures::io::copy(&mut stream, &mut futures::io::sink()).await });
            }
        });
    };
    let mut raw = Raw::dial_with(node.address().await, Muxer::Yamux, accept).await;
    let mut stream = raw.open(RELAY).await;
    stream.write_all(&join(SHARD)).await.unwrap();
    stream.flush().await.unwrap();
    let peer = raw.peer_id;
    node.until("mesh", |status| {
        status
            .peers
            .iter()
            .any(|known| known.peer_id == peer && !known.mesh.is_empty())
    })
    .await;
    (raw, stream)
}

/// A message whose encoding has exactly `size` bytes.
fn exactly(number: u32, size: usize) -> Envelope {
    let shell = message(number, 4).message.encoded_len();
    let envelope = message(number, size - shell + 4 - 2);
    assert_eq!(envelope.message.encoded_len(), size);
    envelope
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_messages_at_the_limit_in_one_write_arrives_whole() {
    let limit = 150 * 1024;
    let mut node = start(NodeConfig {
        max_message_size: limit,
        ..relay()
    })
    .await;
    let (_raw, mut stream) = gossiping(&node).await;
    let burst: Vec<Envelope> = (0..8).map(|number| exactly(number, limit)).collect();
    let bytes: Vec<u8> = burst
        .iter()
        .flat_map(|envelope| publish(SHARD, &envelope.message.encode()))
        .collect();
    within("writing", stream.write_all(&bytes)).await.unwrap();
    stream.flush().await.unwrap();
    for expected in burst {
        assert_eq!(node.next().await.0, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_above_the_limit_is_not_passed_on_and_the_stream_lives() {
    let limit = 150 * 1024;
    let mut node = start(NodeConfig {
        max_message_size: limit,
        ..relay()
    })
    .await;
    let (_raw, mut stream) = gossiping(&node).await;
    let good = message(2, 100);
    for envelope in [exactly(1, limit + 1), good.clone()] {
        stream
            .write_all(&publish(SHARD, &envelope.message.encode()))
            .await
            .unwrap();
    }
    stream.flush().await.unwrap();
    assert_eq!(node.next().await.0, good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_of_5000_messages_does_not_end_the_stream() {
    let mut node = start(relay()).await;
    let (_raw, mut stream) = gossiping(&node).await;
    let ids: Vec<[u8; 32]> = (0..5000u32)
        .map(|number| std::array::from_fn(|index| (number >> (index % 4 * 8)) as u8))
        .collect();
    let good = message(1, 100);
    stream.write_all(&announce(SHARD, &ids)).await.unwrap();
    stream.write_all(&publish(SHARD, &good.message.encode())).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(node.next().await.0, good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_messages_are_turned_away() {
    let mut node = start(relay()).await;
    let (_raw, mut stream) = gossiping(&node).await;
    let (signed, good) = (message(1, 10), message(2, 10));
    let body = [
        field(2, &signed.message.encode()),
        field(3, &[0; 8]),
        field(4, SHARD.as_bytes()),
    ]
    .concat();
    stream.write_all(&frame(&field(2, &body))).await.unwrap();
    stream.write_all(&publish(SHARD, &good.message.encode())).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(node.next().await.0, good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_garbage_ends_with_hanging_up_and_disturbs_nobody() {
    let (first, mut second) = pair(relay(), relay()).await;
    let (mut raw, mut stream) = gossiping(&first).await;
    let flood = tokio::spawn(async move {
        for number in 0..10_000u32 {
            let garbage = publish(SHARD, &[&[0xff; 20][..], &number.to_be_bytes()].concat());
            if stream.write_all(&garbage).await.is_err() {
                return;
            }
        }
    });
    for number in 0..20 {
        let good = message(number, 100);
        first.node.publish(good.clone()).await.unwrap();
        assert_eq!(second.next().await.0, good);
    }
    raw.until_closed().await;
    within("the end of the flood", flood).await.unwrap();
    let peer = raw.peer_id;
    let status = first
        .until("hanging up", |status| {
            status.peers.iter().all(|known| known.peer_id != peer)
        })
        .await;
    assert!(
        status.messages.rejected >= 10 && status.messages.received == 0,
        "{:?}",
        status.messages
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_foreign_messages_are_relayed_without_being_told() {
    let mut node = start(relay()).await;
    let (_raw, mut stream) = gossiping(&node).await;
    for number in 0..10_000 {
        let mut noise = message(number, 50).message;
        noise.content_topic = "/noise".into();
        stream.write_all(&publish(SHARD, &noise.encode())).await.unwrap();
    }
    let good = message(1, 100);
    stream.write_all(&publish(SHARD, &good.message.encode())).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(node.next().await.0, good);
    assert_eq!(node.status().await.messages.received, 10_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_read_is_dismissed() {
    let (first, second) = pair(relay(), relay()).await;
    let accept = |control: &mut libp2p_stream::Control| {
        let mut streams = control.accept(StreamProtocol::new(RELAY)).unwrap();
        // Streams are kept open and never read.
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Some(stream) = streams.next().await {
                kept.push(stream);
            }
        });
    };
    let mut raw = Raw::dial_with(first.address().await, Muxer::Yamux, accept).await;
    let mut stream = raw.open(RELAY).await;
    stream.write_all(&join(SHARD)).await.unwrap();
    stream.flush().await.unwrap();
    let peer = raw.peer_id;
    first
        .until("mesh", |status| {
            status
                .peers
                .iter()
                .any(|known| known.peer_id == peer && !known.mesh.is_empty())
        })
        .await;
    let mut number = 0;
    within("hanging up", async {
        let mut beat = tokio::time::interval(std::time::Duration::from_millis(50));
        while raw.is_connected() {
            beat.tick().await;
            number += 1;
            second.node.publish(message(number, 900_000)).await.unwrap();
        }
    })
    .await;
    first
        .until("hanging up", |status| {
            status.peers.iter().all(|known| known.peer_id != peer)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_has_as_many_topics_as_a_cluster_has_shards_and_none_with_a_long_name() {
    const OTHER: &str = "/waku/2/rs/16/64";
    let mut node = start(relay()).await;
    let (raw, mut stream) = gossiping(&node).await;
    let names = |count: u32, length: usize| (0..count).map(move |number| format!("{number:0length$}"));
    let [many, long, fitting] = [names(1_024, 4), names(1_000, 257), names(1_000, 4)].map(|names| {
        let names: Vec<String> = names.collect();
        names
    });
    let with_other = |names: &[String]| subscribe(names.iter().map(String::as_str).chain([OTHER]));
    let steps = [
        (with_other(&many), vec![SHARD]),
        (subscribe(long.iter().map(String::as_str)), vec![SHARD]),
        (with_other(&fitting), vec![SHARD, OTHER]),
    ];
    for (number, (frame, expected)) in (0..).zip(steps) {
        let envelope = message(number, 4);
        let sent = [frame, publish(SHARD, &envelope.message.encode())].concat();
        stream.write_all(&sent).await.unwrap();
        stream.flush().await.unwrap();
        // It came on the same stream, so what was before it has been read.
        assert_eq!(node.next().await.0, envelope);
        let peers = node.node.peers().await;
        let known = peers.iter().find(|known| known.peer_id == raw.peer_id).unwrap();
        let topics: Vec<&str> = known.topics.iter().map(|topic| topic.as_str()).collect();
        assert_eq!(topics, expected, "after {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_is_told_in_both_encodings_to_either_multiplexer() {
    let node = start(relay()).await;
    for muxer in [Muxer::Yamux, Muxer::Mplex] {
        let mut raw = Raw::dial(node.address().await, muxer).await;
        let answer = raw.ask(metadata::PROTOCOL, &[0x08, 16]).await;
        assert_eq!(answer, [0x08, 16, 0x10, 32, 0x10, 64, 0x1a, 2, 32, 64]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_of_another_network_is_dismissed_and_one_without_shards_is_not() {
    let node = start(relay()).await;
    let answering = |cluster: u16| {
        move |control: &mut libp2p_stream::Control| {
            let mut streams = control.accept(StreamProtocol::new(metadata::PROTOCOL)).unwrap();
            tokio::spawn(async move {
                let (_, mut stream) = streams.next().await.unwrap();
                let answer = frame(
                    &Metadata {
                        cluster: Some(cluster),
                        shards: vec![],
                    }
                    .encode(),
                );
                stream.write_all(&answer).await.unwrap();
                stream.close().await.unwrap();
                futures::io::copy(&mut stream, &mut futures::io::sink()).await.unwrap();
                stream
            });
        }
    };
    let mut foreign = Raw::dial_with(node.address().await, Muxer::Yamux, answering(1)).await;
    foreign.until_closed().await;
    let mut light = Raw::dial_with(node.address().await, Muxer::Yamux, answering(16)).await;
    let answer = light.ask(metadata::PROTOCOL, &[0x08, 16]).await;
    assert!(!answer.is_empty() && light.is_connected());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_every_service_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let archive =
        undertone_waku::archive::Archive::open(undertone_waku::archive::ArchiveConfig::at(folder.path().join("store")))
            .unwrap();
    let node = start(NodeConfig {
        archive: Some(archive),
        ..service()
    })
    .await;
    let mut raw = Raw::dial(node.address().await, Muxer::Yamux).await;
    let protocols = [
        store::PROTOCOL,
        filter::SUBSCRIBE_PROTOCOL,
        lightpush::PROTOCOL_V3,
        lightpush::PROTOCOL_V2,
        metadata::PROTOCOL,
    ];
    let mut runner = TestRunner::deterministic();
    let garbage = proptest::collection::vec(any::<u8>(), 0..300);
    for _ in 0..10 {
        for protocol in protocols {
            let bytes = garbage.new_tree(&mut runner).unwrap().current();
            let mut stream = raw.open(protocol).await;
            // The node may end the stream before everything is written.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.close().await;
            let mut answer = Vec::new();
            let _ = within("the end of the stream", stream.read_to_end(&mut answer)).await;
            let mut framed = raw.open(protocol).await;
            let _ = framed.write_all(&frame(&bytes)).await;
            let _ = framed.close().await;
            let _ = within("the end of the stream", framed.read_to_end(&mut answer)).await;
        }
    }
    let announced = [0xff, 0xff, 0xff, 0x7f];
    for protocol in protocols {
        let mut stream = raw.open(protocol).await;
        let _ = stream.write_all(&announced).await;
        let _ = stream.close().await;
    }
    let answer = raw.ask(metadata::PROTOCOL, &[0x08, 16]).await;
    assert_eq!(Metadata::decode(&answer).unwrap().shards, [32, 64]);
    let status = node.status().await;
    assert_eq!(
        (
            status.filter_clients,
            status.messages.published,
            status.archive.unwrap().messages
        ),
        (0, 0, 0)
    );
    assert!(topic().as_str() == SHARD && !TOPIC.is_empty());
}
