//! Store sync: a node that was off fills its holes, and hostile peers come to nothing.

use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use tempfile::TempDir;
use undertone_waku::archive::{Archive, ArchiveConfig};
use undertone_waku::{Envelope, Multiaddr, NodeConfig, StoreSync};
use waku_proto::codec::frame;
use waku_proto::store::{Query, SUCCESS};
use waku_proto::sync::{Content, PROTOCOL, Payload, Range, transfer};
use waku_proto::{MessageHash, PubsubTopic};

use crate::common::{Running, message, now, relay, start, topic, within};
use crate::raw::{Muxer, Raw};

const SECOND: i64 = 1_000_000_000;

fn archive(folder: &TempDir) -> Archive {
    Archive::open(ArchiveConfig::at(folder.path().join("store.sqlite3"))).unwrap()
}

/// A store node that compares often, and whatever is not of this second.
fn syncing(archive: &Archive, peers: Vec<Multiaddr>) -> NodeConfig {
    NodeConfig {
        archive: Some(archive.clone()),
        static_nodes: peers,
        store_sync: Some(StoreSync {
            interval: Duration::from_secs(1),
            jitter: Duration::from_secs(1),
            ..StoreSync::default()
        }),
        ..relay()
    }
}

/// Messages of the last minutes, different for every number.
fn past(numbers: std::ops::Range<u32>, size: usize) -> Vec<Envelope> {
    let mut messages: Vec<Envelope> = numbers.map(|number| message(number, size)).collect();
    for (index, envelope) in messages.iter_mut().enumerate() {
        envelope.message.timestamp = Some(now() - 1_800 * SECOND + index as i64 * SECOND / 4);
    }
    messages
}

async fn keep(archive: &Archive, messages: &[Envelope]) {
    let inserts = messages
        .iter()
        .map(|envelope| archive.backfill(envelope.clone(), envelope.hash()));
    for stored in futures::future::join_all(inserts).await {
        stored.unwrap();
    }
}

async fn until_stored(node: &Running, count: u64) {
    node.until("the archive is filled", |status| {
        status.archive.is_some_and(|archive| archive.messages == count)
    })
    .await;
}

async fn all(archive: &Archive) -> Vec<MessageHash> {
    let mut query = Query {
        include_data: false,
        limit: Some(100),
        ..Query::default()
    };
    let mut hashes = Vec::new();
    loop {
        let page = archive.query(query.clone()).await;
        assert_eq!(page.status, SUCCESS);
        hashes.extend(page.entries.iter().map(|entry| entry.hash));
        match page.cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return hashes,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_off_fills_its_holes_and_those_of_others() {
    let (first_folder, second_folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (first_archive, second_archive) = (archive(&first_folder), archive(&second_folder));
    // Both were there for the first hundred; then each was off for a while.
    let messages = past(0..2_000, 100);
    keep(&first_archive, &messages[..1_700]).await;
    keep(&second_archive, &messages[..100]).await;
    keep(&second_archive, &messages[1_600..]).await;
    let first = start(syncing(&first_archive, Vec::new())).await;
    let second = start(syncing(&second_archive, vec![first.address().await])).await;
    until_stored(&second, 2_000).await;
    until_stored(&first, 2_000).await;
    let held = all(&first_archive).await;
    assert_eq!(held.len(), 2_000);
    assert_eq!(held, all(&second_archive).await, "both hold the same");

    // Off again, while large messages come that deployed nodes would hang up at.
    second.node.shutdown().await;
    let large = past(5_000..5_003, 200_000);
    keep(&first_archive, &large).await;
    let second = start(syncing(&second_archive, vec![first.address().await])).await;
    until_stored(&second, 2_003).await;
    assert_eq!(all(&first_archive).await, all(&second_archive).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hostile_peer_hands_over_is_not_stored() {
    let folder = TempDir::new().unwrap();
    let archive = archive(&folder);
    keep(&archive, &past(0..300, 50)).await;
    let node = start(syncing(&archive, Vec::new())).await;
    let mut peer = Raw::dial(node.address().await, Muxer::Yamux).await;

    // Without a conversation nothing is taken.
    let good = past(900..901, 50).remove(0);
    let mut stream = peer.open(transfer::PROTOCOL).await;
    let _ = stream.write_all(&frame(&transfer::encode(good.clone()))).await;
    let _ = stream.close().await;
    drained(&mut stream).await;
    assert_eq!(archive.extent().unwrap().messages, 300);

    // Nonsense ends a conversation.
    for nonsense in [&[9, 9, 9][..], &[0, 0, 1, 1, 3, 0]] {
        let mut stream = peer.open(PROTOCOL).await;
        stream.write_all(&frame(nonsense)).await.unwrap();
        assert_eq!(drained(&mut stream).await, Vec::<u8>::new());
    }

    // After one, what breaks a rule is passed over, and what is good is stored.
    let mut stream = peer.open(PROTOCOL).await;
    stream.write_all(&frame(&Payload::default().encode())).await.unwrap();
    drained(&mut stream).await;
    let mut bad = past(910..915, 50);
    bad[0].pubsub_topic = PubsubTopic::new("/waku/2/rs/16/9");
    bad[1].message.timestamp = Some(now() - 30 * 3_600 * SECOND);
    bad[2].message.timestamp = Some(now() + 3_600 * SECOND);
    bad[3].message.ephemeral = true;
    bad[4].message.payload.clear();
    let mut stream = peer.open(transfer::PROTOCOL).await;
    stream.write_all(&frame(b"nonsense")).await.unwrap();
    for envelope in bad.into_iter().chain([good.clone()]) {
        stream.write_all(&frame(&transfer::encode(envelope))).await.unwrap();
    }
    stream.flush().await.unwrap();
    until_stored(&node, 301).await;
    assert!(all(&archive).await.contains(&good.hash()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_agrees_is_left() {
    let folder = TempDir::new().unwrap();
    let archive = archive(&folder);
    keep(&archive, &past(0..3_000, 50)).await;
    let node = start(syncing(&archive, Vec::new())).await;
    let mut peer = Raw::dial(node.address().await, Muxer::Yamux).await;
    let mut stream = peer.open(PROTOCOL).await;
    let lie = Payload {
        pubsub_topics: vec![topic()],
        content_topics: Vec::new(),
        ranges: vec![Range {
            lower: (now() - 3_600 * SECOND, MessageHash([0; 32])),
            upper: (now(), MessageHash([0; 32])),
            content: Content::Fingerprint([0xee; 32]),
        }],
    };
    let mut answers = 0;
    // The same again and again: after a bounded number of rounds the node hangs up.
    while answers < 1_000 && stream.write_all(&frame(&lie.encode())).await.is_ok() {
        let _ = stream.flush().await;
        let mut byte = [0; 4_096];
        match within("an answer", stream.read(&mut byte)).await {
            Ok(0) | Err(_) => break,
            Ok(_) => answers += 1,
        }
    }
    assert!((1..100).contains(&answers), "{answers} answers");
    // Beginning all the time helps no more: only some are answered.
    let mut begun = 0;
    for _ in 0..40 {
        let mut stream = peer.open(PROTOCOL).await;
        let _ = stream.write_all(&frame(&lie.encode())).await;
        let _ = stream.flush().await;
        let mut byte = [0; 64];
        if matches!(within("an answer or none", stream.read(&mut byte)).await, Ok(1..)) {
            begun += 1;
        }
    }
    assert!(begun < 10, "{begun} of 40 conversations");
    assert!(peer.is_connected() && archive.extent().unwrap().messages == 3_000);
}

/// Everything until the other side has closed.
async fn drained(stream: &mut libp2p::Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = within("the end of the stream", stream.read_to_end(&mut bytes)).await;
    bytes
}
