//! Archive at a million messages: insert rate, and the time of a page at several sizes of archive.
//!
//! Prints a table with the floor beside each figure. The floor of inserting is the same rows written
//! by bare SQLite, one thread, the same batches and durability, into one table without any index;
//! the floor of a page is the same rows read by their row numbers, one after the other.
//!
//! Both databases where PostgreSQL is installed: a server of its own in a temporary directory, with the disk
//! flushed at each commit. Pages as p50 and p99 of different pages all over the archive, in microseconds.
//!
//! `cargo bench -p undertone-waku --bench archive`; `UNDERTONE_BENCH_MESSAGES` changes the million,
//! `UNDERTONE_BENCH_PAYLOAD` the bytes of a payload (10 million of 1,000 B take 15 GB; of 200 B, 6 GB), and
//! `UNDERTONE_BENCH_ONLY` may be `sqlite` or `postgresql`.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};
use rusqlite::{Connection, params};
use undertone_waku::archive::{Archive, ArchiveConfig, CONNECTIONS, Place, Retention};
use waku_proto::store::{Direction, Query, SUCCESS};
use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic, WakuMessage};

#[path = "../tests/server/mod.rs"]
mod server;

fn main() {
    let messages = match std::env::var("UNDERTONE_BENCH_MESSAGES") {
        Ok(text) => text.parse().expect("UNDERTONE_BENCH_MESSAGES is a number"),
        Err(_) => 1_000_000,
    };
    let only = std::env::var("UNDERTONE_BENCH_ONLY").unwrap_or_default();
    println!("payload {} B, {TOPICS} content topics on {SHARDS} shards\n", payload());
    if only != "postgresql" {
        let folder = tempfile::tempdir().unwrap();
        insert(folder.path(), messages);
        let place = |name: &str| Place::File(folder.path().join(name));
        println!("a lone message is durable after {:?}\n", lone(&place("lone.db")));
        for size in [messages / 100, messages] {
            pages(&place(&name(size)), size);
        }
        page_floors(folder.path(), messages);
    }
    if only != "sqlite"
        && let Some(mut server) = server::Server::start_durable()
    {
        let place: Place = server.database().parse().unwrap();
        println!("PostgreSQL                      messages/s    bytes/message");
        let started = Instant::now();
        insert_archive(&place, messages);
        let rate = f64::from(messages) / started.elapsed().as_secs_f64();
        let bytes: u64 = server.run_at(&server.last_database(), SIZE).parse().unwrap();
        println!("{:30} {rate:>11.0} {:>16}", name(messages), bytes / u64::from(messages));
        let estimate = open(&place).extent().unwrap().bytes;
        println!("estimated bytes/message {:>36}", estimate / u64::from(messages));
        let lone_place: Place = server.database().parse().unwrap();
        println!("a lone message is durable after {:?}\n", lone(&lone_place));
        pages(&place, messages);
    }
}

const SIZE: &str = "SELECT sum(pg_total_relation_size(inhrelid))::int8 FROM pg_inherits
    WHERE inhparent = 'undertone.message'::regclass";

fn insert(folder: &Path, messages: u32) {
    println!("insert                          messages/s    bytes/message");
    let floor = row(messages, &folder.join("floor.db"), insert_floor);
    let small = row(messages / 100, &folder.join(name(messages / 100)), insert_file);
    let whole = row(messages, &folder.join(name(messages)), insert_file);
    println!(
        "the archive takes {:.2}x the floor's time ({:.2}x while small)",
        floor / whole,
        floor / small
    );
}

fn row(messages: u32, path: &Path, insert: impl FnOnce(&Path, u32)) -> f64 {
    let started = Instant::now();
    insert(path, messages);
    let rate = f64::from(messages) / started.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(path).unwrap().len() / u64::from(messages);
    let what = path.file_stem().unwrap().to_str().unwrap();
    println!("{what:30} {rate:>11.0} {bytes:>16}");
    rate
}

/// From the call to the answer, when nothing else is inserted.
fn lone(place: &Place) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let archive = open(place);
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

fn insert_file(path: &Path, messages: u32) {
    insert_archive(&Place::File(path.to_owned()), messages);
}

fn insert_archive(place: &Place, messages: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let archive = open(place);
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

fn pages(place: &Place, messages: u32) {
    let archive = open(place);
    println!(
        "{:32} {:>21} {:>21}",
        format!("page of {messages} messages"),
        "20: p50        p99",
        "100: p50       p99"
    );
    for (what, query) in CASES {
        let page = |limit| {
            let mut turn: u32 = 0;
            percentiles(|| {
                turn += 1;
                // Somewhere else each time, so that not everything is in memory.
                let number = turn.wrapping_mul(2_654_435_761) % messages;
                let query = Query {
                    limit: Some(limit),
                    ..query(number, messages)
                };
                time(|| {
                    let page = archive.query_blocking(&query);
                    assert!(page.status == SUCCESS, "{what}");
                })
            })
        };
        let ((a, b), (c, d)) = (page(20), page(100));
        let [a, b, c, d] = [a, b, c, d].map(|time| time.as_micros());
        println!("{what:32} {a:>10} {b:>10} {c:>10} {d:>10}");
    }
    println!();
}

type Case = (&'static str, fn(u32, u32) -> Query);

const CASES: [Case; 7] = [
    ("newest of everything", |_, _| Query {
        direction: Direction::Backward,
        ..Query::default()
    }),
    ("behind a cursor", |number, _| Query {
        cursor: Some(envelope(number).hash()),
        ..Query::default()
    }),
    ("from a time", |number, _| Query {
        start: envelope(number).message.timestamp,
        ..Query::default()
    }),
    ("one content topic from a time", |number, _| Query {
        content_topics: vec![topic(7)],
        pubsub_topic: Some(shard(7)),
        start: envelope(number).message.timestamp,
        ..Query::default()
    }),
    ("ten content topics from a time", |number, _| Query {
        content_topics: (0..10).map(topic).collect(),
        start: envelope(number).message.timestamp,
        ..Query::default()
    }),
    ("one content topic, hashes only", |number, _| Query {
        content_topics: vec![topic(7)],
        start: envelope(number).message.timestamp,
        include_data: false,
        ..Query::default()
    }),
    ("a hundred hashes", |number, messages| Query {
        hashes: (0..100)
            .map(|part| envelope((number + part * (messages / 100)) % messages).hash())
            .collect(),
        ..Query::default()
    }),
];

fn page_floors(folder: &Path, messages: u32) {
    let connection = Connection::open(folder.join(name(messages))).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let mut turn: u32 = 0;
    let mut floor = |limit| {
        percentiles(|| {
            turn += 1;
            let first = turn.wrapping_mul(2_654_435_761) % (messages - 200) + 1;
            time(|| page_floor(&connection, first, limit))
        })
    };
    let ((a, b), (c, d)) = (floor(20), floor(100));
    let [a, b, c, d] = [a, b, c, d].map(|time| time.as_micros());
    println!("{:32} {a:>10} {b:>10} {c:>10} {d:>10}\n", "floor");
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
    assert_eq!(bytes as u64, limit * payload() as u64);
}

fn time(run: impl FnOnce()) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed()
}

/// The 50th and the 99th of a hundred.
fn percentiles(run: impl FnMut() -> Duration) -> (Duration, Duration) {
    let mut times: Vec<Duration> = std::iter::repeat_with(run).take(PAGES).collect();
    times.sort();
    (times[PAGES / 2], times[PAGES * 99 / 100])
}

fn median(run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = std::iter::repeat_with(run).take(RUNS).collect();
    times.sort();
    times[RUNS / 2]
}

fn open(place: &Place) -> Archive {
    Archive::open(ArchiveConfig {
        retention: Retention::NONE,
        place: place.clone(),
        connections: CONNECTIONS,
    })
    .unwrap()
}

fn name(messages: u32) -> String {
    format!("archive of {messages}.db")
}

fn envelope(number: u32) -> Envelope {
    let mut payload = vec![0; payload()];
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

/// About a deployed chat message, unless somebody says otherwise.
fn payload() -> usize {
    static PAYLOAD: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *PAYLOAD.get_or_init(|| match std::env::var("UNDERTONE_BENCH_PAYLOAD") {
        Ok(text) => text.parse().expect("UNDERTONE_BENCH_PAYLOAD is a number"),
        Err(_) => 1000,
    })
}

const PAGES: usize = 500;
const SHARDS: u32 = 2;
const TOPICS: u32 = 50;
/// Rows of a transaction of the floor; those of the archive grow to the same.
const BATCH: usize = 2048;
/// Inserts that wait for their answer at the same time.
const IN_FLIGHT: usize = 4 * BATCH;
const RUNS: usize = 101;
const START: i64 = 1_790_000_000_000_000_000;
