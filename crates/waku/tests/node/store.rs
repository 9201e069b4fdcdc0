//! Store: paging as our own, Nim, Go and browser clients do it.

use tempfile::TempDir;
use undertone_waku::archive::{Archive, ArchiveConfig};
use undertone_waku::{HistoryError, NodeConfig};
use waku_proto::store::{Catchup, Direction, Gap, PROTOCOL, Query, Response, SUCCESS};
use waku_proto::{Envelope, MessageHash};

use crate::common::{Running, TOPIC, message, now, pair, relay, start, topic};
use crate::raw::{Muxer, Raw};

/// A store node and a peer that published these messages through it, oldest first.
struct Stored {
    store: Running,
    client: Running,
    messages: Vec<Envelope>,
    _folder: TempDir,
}

fn archive(folder: &TempDir) -> Option<Archive> {
    Some(Archive::open(ArchiveConfig::at(folder.path().join("store.sqlite3"))).unwrap())
}

async fn stored(count: u32, size: usize) -> Stored {
    let folder = tempfile::tempdir().unwrap();
    let (store, client) = pair(
        NodeConfig {
            archive: archive(&folder),
            ..relay()
        },
        relay(),
    )
    .await;
    let mut messages: Vec<Envelope> = (0..count).map(|number| message(number, size)).collect();
    for (index, envelope) in messages.iter_mut().enumerate() {
        // Three of a kind, so that pages also break inside equal timestamps.
        envelope.message.timestamp = Some(now() - 5_000_000_000 + (index as i64 / 3) * 1_000_000);
        client.node.publish(envelope.clone()).await.unwrap();
    }
    messages.sort_by_cached_key(|envelope| (envelope.message.timestamp, envelope.hash()));
    let all = u64::from(count);
    store
        .until("storing", |status| {
            status.archive.is_some_and(|archive| archive.messages == all)
        })
        .await;
    client.until_offered(store.node.peer_id(), PROTOCOL).await;
    Stored {
        store,
        client,
        messages,
        _folder: folder,
    }
}

impl Stored {
    fn query(&self) -> Query {
        Query {
            pubsub_topic: Some(topic()),
            content_topics: vec![TOPIC.into()],
            limit: Some(7),
            ..Query::default()
        }
    }

    async fn page(&self, query: Query) -> Response {
        self.client
            .node
            .query_history(Some(self.store.node.peer_id()), query)
            .await
            .unwrap()
    }
}

fn envelopes(page: &Response) -> Vec<Envelope> {
    page.entries
        .iter()
        .map(|entry| entry.envelope.clone().unwrap())
        .collect()
}

fn hashes(envelopes: &[Envelope]) -> Vec<MessageHash> {
    envelopes.iter().map(Envelope::hash).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_in_both_directions_follow_the_cursor() {
    let stored = stored(25, 50).await;
    let mut forward = Vec::new();
    let mut query = stored.query();
    loop {
        let page = stored.page(query.clone()).await;
        forward.extend(envelopes(&page));
        query.cursor = page.cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(forward, stored.messages);
    let mut backward: Vec<Envelope> = Vec::new();
    let mut query = Query {
        direction: Direction::Backward,
        ..stored.query()
    };
    loop {
        let page = stored.page(query.clone()).await;
        backward.splice(0..0, envelopes(&page));
        query.cursor = page.cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(backward, stored.messages, "every page is oldest first inside");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_criteria_hold() {
    let stored = stored(9, 50).await;
    let all = hashes(&stored.messages);
    let time = |index: usize| stored.messages[index].message.timestamp;
    let some = Query {
        start: time(3),
        end: time(5),
        limit: None,
        ..stored.query()
    };
    assert_eq!(
        envelopes(&stored.page(some.clone()).await),
        stored.messages[3..6],
        "both bounds are inclusive"
    );
    let only_hashes = stored
        .page(Query {
            include_data: false,
            ..some
        })
        .await;
    assert!(only_hashes.entries.iter().all(|entry| entry.envelope.is_none()) && only_hashes.entries.len() == 3);
    let by_hash = Query {
        hashes: vec![all[1], MessageHash([7; 32]), all[8]],
        ..Query::default()
    };
    assert_eq!(
        envelopes(&stored.page(by_hash).await),
        [stored.messages[1].clone(), stored.messages[8].clone()]
    );
    let other = Query {
        content_topics: vec!["/other".into()],
        ..stored.query()
    };
    let nothing = stored.page(other).await;
    assert_eq!(
        (nothing.status, nothing.entries.len(), nothing.cursor),
        (SUCCESS, 0, None)
    );
    let lost = Query {
        cursor: Some(MessageHash([9; 32])),
        ..stored.query()
    };
    let refused = stored
        .client
        .node
        .query_history(Some(stored.store.node.peer_id()), lost)
        .await;
    assert_eq!(refused, Err(HistoryError::Refused { status: 300 }));
}

/// js-waku ignores the server's cursor: it goes on from the last hash of a page (backward: the first)
/// until a page is empty, reads every answer to the end of its stream, and sends the pubsub topic with
/// hashes too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browser_clients_page_until_an_empty_page() {
    let stored = stored(16, 50).await;
    let mut raw = Raw::dial(stored.store.address().await, Muxer::Mplex).await;
    let by_hash = Query {
        hashes: hashes(&stored.messages),
        content_topics: vec![],
        ..stored.query()
    };
    for query in [
        stored.query(),
        Query {
            direction: Direction::Backward,
            ..stored.query()
        },
        by_hash,
    ] {
        let mut query = Query {
            request_id: "2f0e".into(),
            ..query
        };
        let mut read: Vec<Envelope> = Vec::new();
        loop {
            let page = Response::decode(&raw.ask(PROTOCOL, &query.encode()).await).unwrap();
            assert_eq!((page.status, page.request_id.as_str()), (SUCCESS, "2f0e"));
            let page = envelopes(&page);
            let (Some(first), Some(last)) = (page.first(), page.last()) else {
                break;
            };
            match query.direction {
                Direction::Forward => {
                    query.cursor = Some(last.hash());
                    read.extend(page);
                }
                Direction::Backward => {
                    query.cursor = Some(first.hash());
                    read.splice(0..0, page);
                }
            }
        }
        assert_eq!(read, stored.messages);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_pages_are_cut_and_nothing_is_skipped() {
    let stored = stored(12, 600_000).await;
    for direction in [Direction::Forward, Direction::Backward] {
        let mut query = Query {
            limit: Some(100),
            direction,
            ..stored.query()
        };
        let (mut read, mut pages) = (Vec::new(), 0);
        loop {
            let page = stored.page(query.clone()).await;
            let at = if direction == Direction::Forward { read.len() } else { 0 };
            read.splice(at..at, hashes(&envelopes(&page)));
            pages += 1;
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(read, hashes(&stored.messages));
        assert_eq!(pages, 2, "7.2 MB do not fit into one page of 4 MiB");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_messages_are_stored_and_ephemeral_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut client) = pair(
        NodeConfig {
            archive: archive(&folder),
            ..relay()
        },
        relay(),
    )
    .await;
    let mut passing = message(1, 10);
    passing.message.ephemeral = true;
    let own = message(2, 10);
    for envelope in [passing, own.clone()] {
        store.node.publish(envelope).await.unwrap();
        client.next().await;
    }
    store
        .until("storing", |status| {
            status.archive.is_some_and(|archive| archive.messages > 0)
        })
        .await;
    client.until_offered(store.node.peer_id(), PROTOCOL).await;
    let page = client.node.query_history(None, Query::default()).await.unwrap();
    assert_eq!(envelopes(&page), [own]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catching_up_asks_the_store_until_the_gap_is_closed() {
    let stored = stored(230, 50).await;
    let peers = stored.client.node.store_peers().await;
    assert_eq!(peers, [stored.store.node.peer_id()]);
    let content_topics = [TOPIC.into()].into();
    let gap = Gap {
        pubsub_topic: topic(),
        content_topics,
        from: now() - 60_000_000_000,
        to: now(),
    };
    let mut catchup = Catchup::new(vec![gap.clone()], &peers);
    let (mut read, mut closed) = (Vec::new(), Vec::new());
    while let Some(errand) = catchup.next_errand(0) {
        let progress = match stored.client.node.query_history(Some(errand.node), errand.query).await {
            Ok(page) => catchup.answered(errand.ticket, page, 0),
            Err(error) => catchup.failed(errand.ticket, error.as_failure(), 0),
        };
        read.extend(progress.envelopes);
        closed.extend(progress.closed.map(|closed| closed.gap));
    }
    assert_eq!((hashes(&read), closed), (hashes(&stored.messages), vec![gap]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_to_ask_is_said() {
    let alone = start(relay()).await;
    assert_eq!(
        alone.node.query_history(None, Query::default()).await,
        Err(HistoryError::NoPeers)
    );
    let (first, second) = pair(relay(), relay()).await;
    let unserved = second
        .node
        .query_history(Some(first.node.peer_id()), Query::default())
        .await;
    assert_eq!(unserved, Err(HistoryError::Unreachable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_store_has_everything_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (store, client) = pair(
        NodeConfig {
            archive: archive(&folder),
            ..relay()
        },
        relay(),
    )
    .await;
    for number in 0..200 {
        store.node.publish(message(number, 100)).await.unwrap();
    }
    store.node.shutdown().await;
    drop((store.events, client));
    let again = archive(&folder).unwrap();
    assert_eq!(again.extent().unwrap().messages, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_ask_for_everything_again_and_again_leave_room_for_others() {
    let stored = stored(200, 1_000).await;
    let everything = Query {
        limit: Some(100),
        include_data: true,
        ..stored.query()
    };
    let mut greedy = Vec::new();
    for _ in 0..4 {
        let mut raw = Raw::dial(stored.store.address().await, Muxer::Yamux).await;
        let question = everything.encode();
        greedy.push(tokio::spawn(async move {
            loop {
                raw.ask(PROTOCOL, &question).await;
            }
        }));
    }
    for _ in 0..10 {
        let asked = stored.page(everything.clone());
        let page = tokio::time::timeout(std::time::Duration::from_secs(5), asked).await;
        assert_eq!(page.expect("an answer in time").entries.len(), 100);
    }
    for client in greedy {
        assert!(!client.is_finished(), "it was asking all the time");
        client.abort();
    }
}
