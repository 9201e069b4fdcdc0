//! What an archive does, whatever its database: every case runs on SQLite and on PostgreSQL.

use std::cell::RefCell;

use proptest::prelude::*;
use waku_proto::ContentTopic;
use waku_proto::store::{BAD_RESPONSE, Direction, SUCCESS};

use super::lab::*;
use super::server::Server;
use crate::archive::*;

macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                super::$name(&mut Home::Folder).await;
            })+
        }

        /// One server for all of them, because starting one takes longer than a case.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn the_same_on_postgresql() {
            let Some(server) = Server::start() else { return };
            let mut home = Home::Server(server);
            $(println!("{}", stringify!($name));
            super::shared::$name(&mut home).await;)+
        }
    };
}

cases! {
    gives_back_what_was_stored_and_only_once,
    keeps_everything_over_a_restart,
    many_writers_share_the_commits,
    page_sizes_and_cursors,
    faults_of_a_query_are_named_as_deployed_nodes_name_them,
    hashes_are_looked_up_page_by_page_with_other_criteria_beside_them,
    pages_are_cut_by_size_and_lose_nothing,
    capacity_is_kept,
    old_messages_go,
    topics_of_any_kind,
    what_is_exported_comes_back,
    any_query,
}

async fn gives_back_what_was_stored_and_only_once(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let mut envelope = envelope(1, 2, 3);
    envelope.message.meta = vec![9; 64];
    envelope.message.version = 1;
    envelope.message.rate_limit_proof = Some(vec![1, 2, 3]);
    assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
    assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Duplicate));
    let page = lab.archive.query(Query::default()).await;
    assert_eq!(
        (page.status, page.description.as_str(), page.cursor),
        (SUCCESS, "OK", None)
    );
    let entry = &page.entries[0];
    assert!(entry.is_consistent());
    envelope.message.rate_limit_proof = None; // not stored, as in deployed archives
    assert_eq!(entry.envelope.as_ref(), Some(&envelope));
    assert_eq!((page.entries.len(), lab.archive.extent().unwrap().messages), (1, 1));
}

async fn keeps_everything_over_a_restart(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let stored = lab.fill(150).await;
    let lab = lab.reopen();
    assert_eq!(lab.walk(Query::default()), sorted(&stored));
    assert_eq!(lab.insert(&stored[3]).await, Ok(Inserted::Duplicate));
    assert_eq!(
        lab.insert(&envelope(200, 1, 1)).await,
        Ok(Inserted::Stored),
        "shards are found again"
    );
    assert_eq!(lab.archive.extent().unwrap().messages, 151);
}

async fn many_writers_share_the_commits(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let mut tasks = tokio::task::JoinSet::new();
    let started = std::time::Instant::now();
    for number in 0..4_000 {
        let archive = lab.archive.clone();
        let envelope = envelope(number, number % 3, 100);
        tasks.spawn(async move {
            let (hash, now) = (envelope.hash(), NOON);
            archive.insert(envelope, hash, now).await
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        assert_eq!(outcome.unwrap(), Ok(Inserted::Stored));
    }
    println!("4000 acknowledged inserts in {:?}", started.elapsed());
    assert_eq!(lab.archive.extent().unwrap().messages, 4_000);
}

async fn page_sizes_and_cursors(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let stored = sorted(&lab.fill(250).await);
    let page = |limit, cursor, direction| {
        lab.archive.query_blocking(&Query {
            limit,
            cursor,
            direction,
            ..Query::default()
        })
    };
    let hashes = |page: &Response| page.entries.iter().map(|entry| entry.hash).collect::<Vec<_>>();

    let first = page(None, None, Direction::Forward);
    assert_eq!(hashes(&first), stored[..20]);
    assert_eq!(first.cursor, Some(stored[19]));
    let next = page(Some(500), first.cursor, Direction::Forward);
    assert_eq!(hashes(&next), stored[20..120]);
    let rest = page(Some(100), Some(stored[149]), Direction::Forward);
    assert_eq!(
        (hashes(&rest), rest.cursor),
        (stored[150..].to_vec(), None),
        "exactly the last full page"
    );

    let newest = page(Some(0), None, Direction::Backward);
    assert_eq!(hashes(&newest), stored[230..], "oldest first inside the page");
    assert_eq!(newest.cursor, Some(stored[230]));
    let before = page(Some(100), newest.cursor, Direction::Backward);
    assert_eq!(
        (hashes(&before), before.cursor),
        (stored[130..230].to_vec(), Some(stored[130]))
    );

    // js-waku goes on until a page is empty, with a cursor of its own.
    let beyond = page(None, stored.last().copied(), Direction::Forward);
    assert_eq!((beyond.status, beyond.entries.len(), beyond.cursor), (SUCCESS, 0, None));
    let beyond = page(None, stored.first().copied(), Direction::Backward);
    assert_eq!((beyond.status, beyond.entries.len(), beyond.cursor), (SUCCESS, 0, None));
}

async fn faults_of_a_query_are_named_as_deployed_nodes_name_them(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let stored = lab.fill(30).await;
    let refused = |query: Query| {
        let response = lab.archive.query_blocking(&Query {
            request_id: "r".into(),
            ..query
        });
        assert_eq!((response.request_id.as_str(), response.entries.len()), ("r", 0));
        (response.status, response.description)
    };
    let unknown = Query {
        cursor: Some(MessageHash([7; 32])),
        ..Query::default()
    };
    let words = "BAD_RESPONSE: archive error: DRIVER_ERROR: cursor not found".to_owned();
    assert_eq!(refused(unknown), (BAD_RESPONSE, words));
    let zero = Query {
        cursor: Some(MessageHash([0; 32])),
        ..Query::default()
    };
    let words = "BAD_RESPONSE: archive error: INVALID_QUERY: all zeroes cursor hash".to_owned();
    assert_eq!(refused(zero), (BAD_RESPONSE, words));
    let topics: Vec<ContentTopic> = (0..11).map(topic).collect();
    let first = Query {
        content_topics: topics,
        ..Query::default()
    };
    assert_eq!(lab.archive.query_blocking(&first).status, SUCCESS);
    let second = Query {
        cursor: Some(stored[0].hash()),
        ..first
    };
    let words = "BAD_RESPONSE: archive error: INVALID_QUERY: too many content topics".to_owned();
    assert_eq!(refused(second), (BAD_RESPONSE, words));
    let flood = Query {
        hashes: vec![MessageHash([1; 32]); 1001],
        ..Query::default()
    };
    assert_eq!(refused(flood).0, BAD_RESPONSE);
}

async fn hashes_are_looked_up_page_by_page_with_other_criteria_beside_them(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let stored = lab.fill(250).await;
    let on_shard_1: Vec<Envelope> = stored.iter().filter(|e| e.pubsub_topic == shard(1)).cloned().collect();
    let hashes: Vec<MessageHash> = stored
        .iter()
        .map(Envelope::hash)
        .chain([MessageHash([3; 32])])
        .collect();
    let query = Query {
        hashes,
        ..Query::default()
    };
    assert_eq!(lab.archive.query_blocking(&query).entries.len(), 20, "the default page");
    for direction in [Direction::Forward, Direction::Backward] {
        let query = Query {
            pubsub_topic: Some(shard(1)),
            direction,
            limit: Some(7),
            ..query.clone()
        };
        assert_eq!(lab.walk(query), sorted(&on_shard_1));
    }
    let presence = lab.archive.query_blocking(&Query {
        include_data: false,
        limit: Some(100),
        ..query
    });
    assert!(presence.entries.len() == 100 && presence.entries.iter().all(|entry| entry.envelope.is_none()));
}

async fn pages_are_cut_by_size_and_lose_nothing(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let mut stored = Vec::new();
    for number in 0..40 {
        let mut envelope = envelope(number, 0, 0);
        envelope.message.payload = vec![number as u8; 1024 * 1024 - 200];
        assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
        stored.push(envelope);
    }
    for direction in [Direction::Forward, Direction::Backward] {
        let query = Query {
            direction,
            limit: Some(100),
            ..Query::default()
        };
        let page = lab.archive.query_blocking(&query);
        assert_eq!(page.entries.len(), 4);
        assert_eq!(lab.walk(query), sorted(&stored));
    }
}

async fn capacity_is_kept(home: &mut Home) {
    let lab = Lab::open(home, "capacity:100".parse().unwrap());
    let stored = lab.fill(400).await;
    lab.archive.clean_up(NOON).await.unwrap();
    let kept = lab.archive.extent().unwrap().messages as usize;
    assert!((95..=100).contains(&kept), "{kept}");
    assert_eq!(
        lab.walk(Query::default()),
        sorted(&stored)[400 - kept..],
        "the newest stay"
    );
}

async fn old_messages_go(home: &mut Home) {
    let lab = Lab::open(home, "time:100".parse().unwrap());
    let now = writer::now();
    for age in 0..150 {
        let mut envelope = envelope(age, age % 3, 0);
        envelope.message.timestamp = Some(now - i64::from(age) * SECOND);
        let (hash, received_at) = (envelope.hash(), now - i64::from(age) * SECOND);
        assert_eq!(
            lab.archive.insert(envelope, hash, received_at).await,
            Ok(Inserted::Stored)
        );
    }
    lab.archive.clean_up(now + 50 * SECOND).await.unwrap();
    let left = lab.archive.extent().unwrap();
    assert_eq!((left.messages, left.oldest), (51, Some(now - 50 * SECOND)));
    assert_eq!(lab.archive.clean_up(now + 500 * SECOND).await, Ok(51));
    assert_eq!(lab.archive.extent().unwrap().oldest, None);
}

/// What no text column and no index entry can hold.
async fn topics_of_any_kind(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let topics = ["a\0b", &"x".repeat(100_000), "é\u{10ffff}", "", "a"];
    let mut stored = Vec::new();
    for (number, topic) in topics.iter().enumerate() {
        let mut envelope = envelope(number as u32, 0, 10);
        envelope.message.content_topic = ContentTopic::new(*topic);
        assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
        stored.push(envelope);
    }
    for envelope in &stored {
        let query = Query {
            content_topics: vec![envelope.message.content_topic.clone()],
            ..Query::default()
        };
        let page = lab.archive.query(query).await;
        assert_eq!(page.entries.len(), 1);
        assert_eq!(page.entries[0].envelope.as_ref(), Some(envelope));
    }
}

async fn what_is_exported_comes_back(home: &mut Home) {
    let lab = Lab::open(home, Retention::NONE);
    let stored = lab.fill(1_234).await;
    let mut bytes = Vec::new();
    assert_eq!(lab.archive.export(&mut bytes, &mut |_| ()).unwrap(), 1_234);
    let mut report = check::check(&lab.config.place, &mut |_| ()).unwrap();
    assert!(report.is_well() && report.whole == 1_234, "{report:?}");

    let other = Lab::open(home, Retention::NONE);
    let import = |lab: &Lab, mut bytes: &[u8]| apart(|| lab.archive.import(&mut bytes, &mut |_| ()));
    let all = Imported {
        stored: 1_234,
        duplicates: 0,
    };
    assert_eq!(import(&other, &bytes).unwrap(), all);
    assert_eq!(other.walk(Query::default()), sorted(&stored));
    assert_eq!(import(&other, &bytes).unwrap().duplicates, 1_234, "twice is harmless");
    report = check::check(&other.config.place, &mut |_| ()).unwrap();
    assert!(report.is_well() && report.whole == 1_234, "{report:?}");
    let mut again = Vec::new();
    other.archive.export(&mut again, &mut |_| ()).unwrap();
    assert!(again == bytes, "an export depends on nothing but what is stored");
}

/// Any query gives, page by page, what a plain filter and sort over all messages gives.
async fn any_query(home: &mut Home) {
    let cases = match home {
        Home::Folder => 128,
        Home::Server(_) => 8, // each makes a database
    };
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let any = move || {
        let home = RefCell::new(home);
        proptest::test_runner::TestRunner::new(config)
            .run(&case(), |case| {
                let lab = Lab::open(&mut home.borrow_mut(), Retention::NONE);
                let mut stored = Vec::new();
                for (number, (time, shard_number, topic_number)) in case.rows.iter().enumerate() {
                    let mut envelope = envelope(number as u32, u32::from(*shard_number), 10);
                    envelope.message.timestamp = Some(NOON + i64::from(*time));
                    envelope.message.content_topic = topic(u32::from(*topic_number));
                    stored.push(envelope);
                }
                futures::executor::block_on(lab.insert_all(&stored));
                let mut query = case.query;
                // Placeholders of the generated query become hashes of messages that exist.
                for hash in &mut query.hashes {
                    *hash = stored[hash.0[0] as usize % stored.len()].hash();
                }
                stored.retain(|envelope| matches(envelope, &query));
                prop_assert_eq!(lab.walk(query), sorted(&stored));
                Ok(())
            })
            .unwrap();
    };
    apart(any);
}

/// On a thread of its own, outside of the test's runtime.
fn apart<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

#[derive(Debug, Clone)]
struct Case {
    rows: Vec<(u8, u8, u8)>, // time, shard, content topic
    query: Query,
}

fn case() -> impl Strategy<Value = Case> {
    let rows = prop::collection::vec((0..12u8, 0..3u8, 0..4u8), 1..60);
    let time = || prop::option::of((0..12i64).prop_map(|offset| NOON + offset));
    let pick = any::<u8>().prop_map(|pick| MessageHash([pick; 32]));
    let query = (
        prop::option::of((0..3u32).prop_map(shard)),
        prop::collection::vec((0..5u32).prop_map(topic), 0..4),
        (time(), time()),
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(pick, 1..30)],
        (prop::bool::ANY, 1..9u64),
    );
    (rows, query).prop_map(
        |(rows, (pubsub_topic, content_topics, (start, end), hashes, (forward, limit)))| {
            let direction = if forward {
                Direction::Forward
            } else {
                Direction::Backward
            };
            let query = Query {
                pubsub_topic,
                content_topics,
                start,
                end,
                hashes,
                direction,
                limit: Some(limit),
                ..Query::default()
            };
            Case { rows, query }
        },
    )
}

fn matches(envelope: &Envelope, query: &Query) -> bool {
    let message = &envelope.message;
    let timestamp = message.timestamp.unwrap();
    query
        .pubsub_topic
        .as_ref()
        .is_none_or(|topic| *topic == envelope.pubsub_topic)
        && (query.content_topics.is_empty() || query.content_topics.contains(&message.content_topic))
        && query.start.is_none_or(|start| timestamp >= start)
        && query.end.is_none_or(|end| timestamp <= end)
        && (query.hashes.is_empty() || query.hashes.contains(&envelope.hash()))
}
