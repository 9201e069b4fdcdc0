//! Archive at a million messages: insert rate, and the time of a page at several sizes of archive.
//!
//! Prints a table with the floor beside each figure. The floor of inserting is the same rows written
//! by bare SQLite, one thread, the same batches and durability, into one table without any index;
//! the floor of a page is the same rows read by their row numbers, one after the other.
//!
//! `cargo bench -p undertone-waku --bench archive`; `UNDERTONE_BENCH_MESSAGES` changes the million.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};
use rusqlite::{Connection, params};
use undertone_waku::archive::{Archive, ArchiveConfig, Retention};
use waku_proto::store::{Direction, Query, SUCCESS};
use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic, WakuMessage};

fn main() {
    let messages = match std::env::var("UNDERTONE_BENCH_MESSAGES") {
        Ok(text) => text.parse().expect("UNDERTONE_BENCH_MESSAGES is a number"),
        Err(_) => 1_000_000,
    };
    let folder = tempfile::tempdir().unwrap();
    println!("payload {PAYLOAD} B, {TOPICS} content topics on {SHARDS} shards\n");
    insert(folder.path(), messages);
    println!(
        "a lone message is durable after {:?}\n",
        lone(&folder.path().join("lone.db"))
    );
    for size in [messages / 100, messages] {
        pages(folder.path(), size);
    }
}

fn insert(folder: &Path, messages: u32) {
    println!("insert                          messages/s    bytes/message");
    let floor = row(messages, &folder.join("floor.db"), insert_floor);
    let small = row(messages / 100, &folder.join(name(messages / 100)), insert_archive);
    let whole = row(messages, &folder.join(name(messages)), insert_archive);
    println!(
        "the archive takes {:.2}x the floor's time ({:.2}x while small)",
        floor / whole,
        floor / small
    );
}

fn row(messages: u32, path: &Path, insert: fn(&Path, u32)) -> f64 {
    let started = Instant::now();
    insert(path, messages);
    let rate = f64::from(messages) / started.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(path).unwrap().len() / u64::from(messages);
    let what = path.file_stem().unwrap().to_str().unwrap();
    println!("{what:30} {rate:>11.0} {bytes:>16}");
    rate
}

/// From the call to the answer, when nothing else is inserted.
fn lone(path: &Path) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let archive = open(path);
    let mut number = 0;
    median(|| {
        std::thread::sleep(Duration::from_millis(20)); // longer than commits are apart
        number += 1;
        let envelope = envelope(number);
        let (hash, received_at) = (envelope.hash(), envelope.message.timestamp.unwrap());
        time(|| {
            runtime.block_on(archive.insert(envelope, hash, received_at)).unwrap();
        })
    })
}

fn insert_archive(path: &Path, messages: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let archive = open(path);
        let mut open = FuturesUnordered::new();
        for number in 0..messages {
            let (archive, envelope) = (archive.clone(), envelope(number));
            open.push(async move {
                let (hash, received_at) = (envelope.hash(), envelope.message.timestamp.unwrap());
                archive.insert(envelope, hash, received_at).await.unwrap()
            });
            if open.len() >= IN_FLIGHT {
                open.next().await;
            }
        }
        while open.next().await.is_some() {}
    });
}

fn insert_floor(path: &Path, messages: u32) {
    let mut connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE message (id INTEGER PRIMARY KEY, hash, shard, content_topic, timestamp, version, meta, payload)",
        )
        .unwrap();
    for batch in (0..messages).step_by(BATCH) {
        let transaction = connection.transaction().unwrap();
        for number in batch..messages.min(batch + BATCH as u32) {
            let Envelope { message, pubsub_topic } = envelope(number);
            let hash = MessageHash::of(&pubsub_topic, &message);
            transaction
                .prepare_cached("INSERT INTO message VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)")
                .unwrap()
                .execute(params![
                    hash.0,
                    number % SHARDS,
                    message.content_topic.as_str(),
                    message.timestamp,
                    message.version,
                    message.meta,
                    message.payload
                ])
                .unwrap();
        }
        transaction.commit().unwrap();
    }
}

// over budget: one table, row by row
fn pages(folder: &Path, messages: u32) {
    let archive = open(&folder.join(name(messages)));
    let middle = envelope(messages / 2);
    let one = Query {
        content_topics: vec![topic(7)],
        pubsub_topic: Some(shard(7)),
        ..Query::default()
    };
    let ten = Query {
        content_topics: (0..10).map(topic).collect(),
        ..Query::default()
    };
    let hashes = (0..100).map(|part| envelope(part * (messages / 100)).hash()).collect();
    let cases = [
        (
            "newest of everything",
            Query {
                direction: Direction::Backward,
                ..Query::default()
            },
        ),
        (
            "behind a cursor in the middle",
            Query {
                cursor: Some(middle.hash()),
                ..Query::default()
            },
        ),
        (
            "from a time in the middle",
            Query {
                start: middle.message.timestamp,
                ..Query::default()
            },
        ),
        ("one content topic", one.clone()),
        ("ten content topics", ten),
        (
            "one content topic, hashes only",
            Query {
                include_data: false,
                ..one
            },
        ),
        (
            "a hundred hashes",
            Query {
                hashes,
                ..Query::default()
            },
        ),
    ];
    println!(
        "{:32} {:>12} {:>12}",
        format!("page of {messages} messages"),
        "20 entries",
        "100 entries"
    );
    for (what, query) in cases {
        let page = |limit| {
            let query = Query {
                limit: Some(limit),
                ..query.clone()
            };
            median(|| {
                time(|| {
                    let page = archive.query_blocking(&query);
                    assert!(page.status == SUCCESS && !page.entries.is_empty(), "{what}");
                })
            })
        };
        println!(
            "{what:32} {:>9} us {:>9} us",
            page(20).as_micros(),
            page(100).as_micros()
        );
    }
    let connection = Connection::open(folder.join(name(messages))).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let floor = |limit| median(|| time(|| page_floor(&connection, messages / 2, limit)));
    println!(
        "{:32} {:>9} us {:>9} us\n",
        "floor",
        floor(20).as_micros(),
        floor(100).as_micros()
    );
}

fn page_floor(connection: &Connection, first: u32, limit: u64) {
    let mut statement = connection
        .prepare_cached("SELECT payload FROM message WHERE id = ?1")
        .unwrap();
    let mut bytes = 0;
    for id in u64::from(first)..u64::from(first) + limit {
        let payload: Vec<u8> = statement.query_row([id as i64], |row| row.get(0)).unwrap();
        bytes += payload.len();
    }
    assert_eq!(bytes as u64, limit * PAYLOAD as u64);
}

fn time(run: impl FnOnce()) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed()
}

fn median(run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = std::iter::repeat_with(run).take(RUNS).collect();
    times.sort();
    times[RUNS / 2]
}

fn open(path: &Path) -> Archive {
    Archive::open(ArchiveConfig {
        path: path.to_owned(),
        retention: Retention::NONE,
    })
    .unwrap()
}

fn name(messages: u32) -> String {
    format!("archive of {messages}.db")
}

fn envelope(number: u32) -> Envelope {
    let mut payload = vec![0; PAYLOAD];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    let message = WakuMessage {
        payload,
        content_topic: topic(number % TOPICS),
        version: 1,
        timestamp: Some(START + i64::from(number) * 100_000_000), // ten a second
        ..WakuMessage::default()
    };
    Envelope::new(shard(number), message)
}

fn shard(number: u32) -> PubsubTopic {
    PubsubTopic::new(format!("/waku/2/rs/16/{}", number % SHARDS))
}

fn topic(number: u32) -> ContentTopic {
    ContentTopic::new(format!("/waku/1/0x{number:08x}/rfc26"))
}

/// About a deployed chat message.
const PAYLOAD: usize = 1000;
const SHARDS: u32 = 2;
const TOPICS: u32 = 50;
/// Rows of a transaction of the floor; those of the archive grow to the same.
const BATCH: usize = 2048;
/// Inserts that wait for their answer at the same time.
const IN_FLIGHT: usize = 4 * BATCH;
const RUNS: usize = 101;
const START: i64 = 1_790_000_000_000_000_000;
