//! What only SQLite has: files, their sizes, disks that fill, processes that are killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use super::lab::*;
use crate::archive::sqlite::open_reader;
use crate::archive::*;

#[test]
fn pages_come_from_covering_indexes_in_order() {
    let lab = Lab::open(&mut Home::Folder, Retention::NONE);
    let connection = open_reader(&lab.file()).unwrap();
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
async fn the_file_stays_within_its_size() {
    let lab = Lab::open(&mut Home::Folder, "size:2mb".parse().unwrap());
    let mut largest = 0;
    for number in 0..400 {
        let mut envelope = envelope(number, number % 2, 0);
        envelope.message.payload = vec![1; 20_000];
        assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
        largest = largest.max(std::fs::metadata(lab.file()).unwrap().len());
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
    let lab = Lab::open(&mut Home::Folder, Retention::NONE);
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
    let mut lab = Lab::open(&mut Home::Folder, Retention::NONE);
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
    let lab = Lab::open(&mut Home::Folder, Retention::NONE);
    let (config, file) = (lab.config.clone(), lab.file());
    drop(lab.archive);
    let mut acknowledged = Vec::new();
    for round in 0..4u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", CHILD])
            .env(CHILD_PATH, &file)
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

#[test]
fn damage_is_said_in_words() {
    let lab = Lab::open(&mut Home::Folder, Retention::NONE);
    futures::executor::block_on(lab.fill(500));
    let (file, place) = (lab.file(), lab.config.place.clone());
    drop(lab.archive);
    let connection = Connection::open(&file).unwrap();
    let change = "UPDATE message SET payload = x'00' WHERE id = 7; DELETE FROM message WHERE id = 9";
    connection.execute_batch(change).unwrap();
    drop(connection);
    let report = check::check(&place, &mut |_| ()).unwrap();
    assert_eq!((report.whole, report.findings.len()), (498, 2), "{report:?}");
    assert!(
        report.findings[0].contains("holds 499 messages, and 500 were counted"),
        "{report:?}"
    );
    assert!(report.findings[1].contains("is not what was stored"), "{report:?}");
    // Zeros in the middle of the file, as a bad disk leaves them.
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0);
    std::fs::write(&file, bytes).unwrap();
    let report = check::check(&place, &mut |_| ()).unwrap();
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.starts_with("SQLite says: ")),
        "{report:?}"
    );
    let missing = Place::File(file.with_extension("missing"));
    assert_eq!(check::check(&missing, &mut |_| ()), Err(ArchiveError::NoAccess));
}

const CHILD: &str = "archive::tests::files::insert_until_killed";
const CHILD_PATH: &str = "UNDERTONE_TEST_ARCHIVE";
const CHILD_ROUND: &str = "UNDERTONE_TEST_ROUND";
