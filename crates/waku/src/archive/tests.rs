use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;
use waku_proto::store::{BAD_RESPONSE, Direction, Entry, SUCCESS};
use waku_proto::{ContentTopic, PubsubTopic};

use super::*;

const SECOND: i64 = 1_000_000_000;
const NOON: i64 = 1_790_000_000 * SECOND;

#[test]
fn refuses_what_does_not_belong_into_an_archive() {
    let at = |timestamp, ephemeral| {
        let message = WakuMessage {
            timestamp,
            ephemeral,
            ..envelope(0, 0, 0).message
        };
        refusal(&message, NOON)
    };
    assert_eq!(at(Some(NOON), false), None);
    assert_eq!(at(Some(NOON), true), Some(Refusal::Ephemeral));
    assert_eq!(at(Some(NOON - 20 * SECOND), false), None);
    assert_eq!(at(Some(NOON - 20 * SECOND - 1), false), Some(Refusal::TooOld));
    assert_eq!(at(Some(NOON + 20 * SECOND), false), None);
    assert_eq!(at(Some(NOON + 20 * SECOND + 1), false), Some(Refusal::FromTheFuture));
    assert_eq!(at(None, false), Some(Refusal::TooOld));
    assert_eq!(at(Some(i64::MIN), false), Some(Refusal::TooOld));
    assert_eq!(at(Some(i64::MAX), false), Some(Refusal::FromTheFuture));
}

#[tokio::test]
async fn gives_back_what_was_stored_and_only_once() {
    let lab = Lab::open(Retention::NONE);
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

#[tokio::test]
async fn keeps_everything_over_a_restart() {
    let lab = Lab::open(Retention::NONE);
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

#[tokio::test]
async fn many_writers_share_the_commits() {
    let lab = Lab::open(Retention::NONE);
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

#[tokio::test]
async fn page_sizes_and_cursors() {
    let lab = Lab::open(Retention::NONE);
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

#[tokio::test]
async fn faults_of_a_query_are_named_as_deployed_nodes_name_them() {
    let lab = Lab::open(Retention::NONE);
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

#[tokio::test]
async fn hashes_are_looked_up_page_by_page_with_other_criteria_beside_them() {
    let lab = Lab::open(Retention::NONE);
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

#[tokio::test]
async fn pages_are_cut_by_size_and_lose_nothing() {
    let lab = Lab::open(Retention::NONE);
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

#[test]
fn pages_come_from_covering_indexes_in_order() {
    let lab = Lab::open(Retention::NONE);
    let connection = open_reader(&lab.config.path).unwrap();
    for query in pages::STRAND_QUERIES {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        statement.raw_bind_parameter(1, 0).unwrap();
        let plan: Vec<String> = statement
            .raw_query()
            .mapped(|row| row.get(3))
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(plan.len(), 1, "one step, no sorting: {plan:?}");
        assert!(
            plan[0].starts_with("SEARCH message USING COVERING INDEX message_by_"),
            "{plan:?}"
        );
        assert!(
            plan[0].contains("(timestamp,hash)>(?,?) AND (timestamp,hash)<(?,?)"),
            "{plan:?}"
        );
    }
}

#[tokio::test]
async fn capacity_is_kept() {
    let lab = Lab::open("capacity:100".parse().unwrap());
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

#[tokio::test]
async fn old_messages_go() {
    let lab = Lab::open("time:100".parse().unwrap());
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

#[tokio::test]
async fn the_file_stays_within_its_size() {
    let lab = Lab::open("size:2mb".parse().unwrap());
    let mut largest = 0;
    for number in 0..400 {
        let mut envelope = envelope(number, number % 2, 0);
        envelope.message.payload = vec![1; 20_000];
        assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
        largest = largest.max(std::fs::metadata(&lab.config.path).unwrap().len());
    }
    assert!(largest <= 2 << 20, "{largest} bytes while 8 MB went in");
    let left = lab.archive.extent().unwrap();
    assert!(left.messages > 80, "{left:?}");
    assert_eq!(
        left.oldest,
        Some(NOON + i64::from(400 - left.messages as u32) * TICK),
        "the newest stay"
    );
}

#[tokio::test]
async fn a_file_above_a_new_limit_shrinks() {
    let lab = Lab::open(Retention::NONE);
    for number in 0..300 {
        let mut envelope = envelope(number, 0, 0);
        envelope.message.payload = vec![1; 20_000];
        assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
    }
    assert!(lab.archive.extent().unwrap().bytes > 6_000_000);
    let lab = lab.reopen_with("size:3mb;capacity:1000".parse().unwrap());
    lab.archive.clean_up(NOON).await.unwrap();
    assert!(lab.archive.extent().unwrap().bytes <= 3 << 20);
    assert!(lab.walk(Query::default()).len() > 100);
}

#[tokio::test]
async fn a_full_disk_is_named_and_queries_go_on() {
    let mut lab = Lab::open(Retention::NONE);
    let before = lab.fill(50).await;
    lab = lab.reopen_after(|database| {
        let pages: i64 = database
            .connection()
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        database
            .connection()
            .pragma_update(None, "max_page_count", pages + 10)
            .unwrap();
    });
    let mut big = envelope(60, 0, 0);
    big.message.payload = vec![1; 500_000];
    assert_eq!(lab.insert(&big).await, Err(ArchiveError::DiskFull));
    assert_eq!(lab.walk(Query::default()), sorted(&before));
    let small = envelope(61, 7, 0); // on a shard that is new, too
    assert_eq!(lab.insert(&small).await, Ok(Inserted::Stored));
    assert_eq!(
        lab.walk(Query {
            pubsub_topic: Some(shard(7)),
            ..Query::default()
        }),
        [small.hash()]
    );
    assert_eq!(lab.archive.extent().unwrap().messages, 51);
}

#[test]
fn files_that_are_no_archive_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let open = |name: &str| Archive::open(ArchiveConfig::at(folder.path().join(name))).map(drop);
    assert_eq!(open("missing/archive.db"), Err(ArchiveError::NoAccess));

    std::fs::write(
        folder.path().join("text.db"),
        "not a database, and longer than a header. ".repeat(99),
    )
    .unwrap();
    assert_eq!(open("text.db"), Err(ArchiveError::NotAnArchive));

    let other = Connection::open(folder.path().join("other.db")).unwrap();
    other.execute_batch("CREATE TABLE x (y)").unwrap();
    assert_eq!(open("other.db"), Err(ArchiveError::NotAnArchive));

    assert_eq!(open("mine.db"), Ok(()));
    let mine = Connection::open(folder.path().join("mine.db")).unwrap();
    mine.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(open("mine.db"), Err(ArchiveError::OtherVersion));
}

/// Kills a process that inserts, several times, and looks for every message it had acknowledged.
#[test]
fn no_acknowledged_message_is_lost_when_the_process_is_killed() {
    let lab = Lab::open(Retention::NONE);
    let config = lab.config.clone();
    drop(lab.archive);
    let mut acknowledged = Vec::new();
    for round in 0..4u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", CHILD])
            .env(CHILD_PATH, &config.path)
            .env(CHILD_ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // A part of the output may be cut by the kill; only whole lines were acknowledged.
        let acks = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("ack ").map(str::to_owned));
        let wanted = 150 + 400 * round as usize;
        acknowledged.extend(acks.take(wanted));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    assert_eq!(acknowledged.len(), 150 + 550 + 950 + 1350);
    let archive = Archive::open(config).unwrap();
    let stored: BTreeSet<String> = walk(&archive, Query::default())
        .iter()
        .map(MessageHash::to_string)
        .collect();
    let lost = acknowledged.iter().filter(|hash| !stored.contains(*hash)).count();
    println!(
        "{} acknowledged, {} stored, {lost} lost",
        acknowledged.len(),
        stored.len()
    );
    assert_eq!(lost, 0);
    assert_eq!(
        archive.extent().unwrap().messages,
        stored.len() as u64,
        "the tally survives as well"
    );
}

/// The process that gets killed. Its parent ends it after some lines; alone it ends by itself.
#[tokio::test]
#[ignore = "started by no_acknowledged_message_is_lost_when_the_process_is_killed"]
async fn insert_until_killed() {
    let (Ok(path), Ok(round)) = (std::env::var(CHILD_PATH), std::env::var(CHILD_ROUND)) else {
        return;
    };
    let config = ArchiveConfig {
        retention: Retention::NONE,
        ..ArchiveConfig::at(path)
    };
    let archive = Archive::open(config).unwrap();
    let first = 100_000 * (1 + round.parse::<u32>().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for number in first..first + 20_000 {
        let (archive, envelope) = (archive.clone(), envelope(number, number % 3, 500));
        tasks.spawn(async move {
            let hash = envelope.hash();
            assert_eq!(archive.insert(envelope, hash, NOON).await, Ok(Inserted::Stored));
            println!("ack {hash}");
        });
        if tasks.len() > 64 {
            tasks.join_next().await;
        }
    }
    tasks.join_all().await;
}

#[derive(Debug, Clone)]
struct Case {
    rows: Vec<(u8, u8, u8)>, // time, shard, content topic
    query: Query,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Any query gives, page by page, what a plain filter and sort over all messages gives.
    #[test]
    fn pages_agree_with_a_plain_filter(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let lab = Lab::open(Retention::NONE);
        let mut stored = Vec::new();
        for (number, (time, shard_number, topic_number)) in case.rows.iter().enumerate() {
            let mut envelope = envelope(number as u32, u32::from(*shard_number), 10);
            envelope.message.timestamp = Some(NOON + i64::from(*time));
            envelope.message.content_topic = topic(u32::from(*topic_number));
            stored.push(envelope);
        }
        runtime.block_on(lab.insert_all(&stored));
        let mut query = case.query;
        // Placeholders of the generated query become hashes of messages that exist.
        query.hashes = query.hashes.iter().map(|pick| stored[pick.0[0] as usize % stored.len()].hash()).collect();
        stored.retain(|envelope| matches(envelope, &query));
        prop_assert_eq!(lab.walk(query), sorted(&stored));
    }
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

/// An archive in a folder of its own.
struct Lab {
    archive: Archive,
    config: ArchiveConfig,
    _folder: TempDir,
}

impl Lab {
    fn open(retention: Retention) -> Lab {
        let folder = TempDir::new().unwrap();
        let config = ArchiveConfig {
            path: folder.path().join("archive.db"),
            retention,
        };
        Lab {
            archive: Archive::open(config.clone()).unwrap(),
            config,
            _folder: folder,
        }
    }

    fn reopen(self) -> Lab {
        self.reopen_after(|_| ())
    }

    fn reopen_with(mut self, retention: Retention) -> Lab {
        self.config.retention = retention;
        self.reopen_after(|_| ())
    }

    fn reopen_after(self, prepare: impl FnOnce(&Database)) -> Lab {
        drop(self.archive);
        let database = Database::open(&self.config.path).unwrap();
        prepare(&database);
        let archive = Archive::start(database, self.config.clone()).unwrap();
        Lab { archive, ..self }
    }

    async fn insert(&self, envelope: &Envelope) -> Result<Inserted, ArchiveError> {
        let received_at = envelope.message.timestamp.unwrap();
        self.archive
            .insert(envelope.clone(), envelope.hash(), received_at)
            .await
    }

    /// Inserts envelopes on two shards, all at once.
    async fn fill(&self, count: u32) -> Vec<Envelope> {
        let envelopes: Vec<Envelope> = (0..count).map(|number| envelope(number, number % 2, 30)).collect();
        self.insert_all(&envelopes).await;
        envelopes
    }

    async fn insert_all(&self, envelopes: &[Envelope]) {
        let inserts = envelopes.iter().map(|envelope| self.insert(envelope));
        for outcome in futures::future::join_all(inserts).await {
            assert_eq!(outcome, Ok(Inserted::Stored));
        }
    }

    fn walk(&self, query: Query) -> Vec<MessageHash> {
        walk(&self.archive, query)
    }
}

/// Follows the cursors to the end. Every page is checked; the result is in store order.
fn walk(archive: &Archive, mut query: Query) -> Vec<MessageHash> {
    let mut pages: Vec<Vec<MessageHash>> = Vec::new();
    loop {
        let page = archive.query_blocking(&query);
        assert_eq!(page.status, SUCCESS, "{}", page.description);
        assert!(page.entries.iter().all(Entry::is_consistent));
        assert!(page.entries.len() <= query.page_size());
        pages.push(page.entries.iter().map(|entry| entry.hash).collect());
        match page.cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    if query.direction == Direction::Backward {
        pages.reverse();
    }
    pages.concat()
}

fn sorted(envelopes: &[Envelope]) -> Vec<MessageHash> {
    let mut places: Vec<(i64, MessageHash)> = envelopes
        .iter()
        .map(|envelope| (envelope.message.timestamp.unwrap(), envelope.hash()))
        .collect();
    places.sort();
    places.into_iter().map(|(_, hash)| hash).collect()
}

/// Distinct by number; timestamps rise with the number, 2,000 of them within the 20 s of admission.
fn envelope(number: u32, shard_number: u32, size: usize) -> Envelope {
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(size.max(4), 7);
    let message = WakuMessage {
        payload,
        content_topic: topic(number % 5),
        timestamp: Some(NOON + i64::from(number) * TICK),
        ..WakuMessage::default()
    };
    Envelope::new(shard(shard_number), message)
}

fn shard(number: u32) -> PubsubTopic {
    PubsubTopic::new(format!("/waku/2/rs/16/{number}"))
}

fn topic(number: u32) -> ContentTopic {
    ContentTopic::new(format!("/waku/1/0x{number:08x}/rfc26"))
}

const TICK: i64 = 10_000;
const CHILD: &str = "archive::tests::insert_until_killed";
const CHILD_PATH: &str = "UNDERTONE_TEST_ARCHIVE";
const CHILD_ROUND: &str = "UNDERTONE_TEST_ROUND";
