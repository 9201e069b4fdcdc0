//! What only PostgreSQL has: nodes that share it, partitions, a server that goes away.

use super::lab::*;
use super::server::Server;
use crate::archive::*;

/// Everything that needs a server but not one of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_a_database() {
    let Some(mut server) = Server::start() else { return };
    println!("migrations");
    one_migrates_and_the_others_wait(&mut server).await;
    println!("the same messages from everywhere");
    everybody_inserts_the_same(&mut server).await;
    println!("partitions");
    partitions_go_as_a_whole(&mut server).await;
    println!("size");
    the_size_is_kept(&mut server).await;
    println!("wrong databases");
    what_is_no_archive_is_told_apart(&mut server).await;
    println!("plans");
    pages_come_from_indexes_in_order(&mut server).await;
    println!("damage");
    damage_is_said_in_words(&mut server).await;
}

async fn one_migrates_and_the_others_wait(server: &mut Server) {
    let config = at(&server.database(), "none");
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let config = config.clone();
            tokio::task::spawn_blocking(move || Archive::open(config).map(drop))
        })
        .collect();
    for opened in opening {
        assert_eq!(opened.await.unwrap(), Ok(()));
    }
}

async fn everybody_inserts_the_same(server: &mut Server) {
    let config = at(&server.database(), "none");
    let archives: Vec<Archive> = (0..3).map(|_| Archive::open(config.clone()).unwrap()).collect();
    let envelopes: Vec<Envelope> = (0..1_500).map(|number| envelope(number, number % 3, 50)).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (turn, archive) in archives.iter().enumerate() {
        for number in 0..envelopes.len() {
            // Each in another order.
            let envelope = envelopes[(number * (2 * turn + 1) + 500 * turn) % envelopes.len()].clone();
            let archive = archive.clone();
            tasks.spawn(async move {
                let hash = envelope.hash();
                archive.insert(envelope, hash, NOON).await.unwrap()
            });
        }
    }
    let outcomes = tasks.join_all().await;
    let stored = outcomes.iter().filter(|outcome| **outcome == Inserted::Stored).count();
    let all: std::collections::BTreeSet<MessageHash> = envelopes.iter().map(Envelope::hash).collect();
    assert_eq!(
        (stored, outcomes.len()),
        (all.len(), 3 * envelopes.len()),
        "each is new exactly once"
    );
    for archive in &archives {
        assert_eq!(walk(archive, Query::default()), sorted(&envelopes));
        assert_eq!(archive.extent().unwrap().messages, 1_500);
    }
}

async fn partitions_go_as_a_whole(server: &mut Server) {
    let url = server.database();
    let archive = Archive::open(at(&url, "time:172800")).unwrap(); // hours
    let hour = 3_600 * SECOND;
    let start = NOON - NOON % hour;
    let mut stored = Vec::new();
    for number in 0..300 {
        let mut envelope = envelope(number, 0, 20);
        envelope.message.timestamp = Some(start + i64::from(number) * hour / 50); // six hours
        let (hash, at) = (envelope.hash(), envelope.message.timestamp.unwrap());
        assert_eq!(archive.insert(envelope.clone(), hash, at).await, Ok(Inserted::Stored));
        stored.push(envelope);
    }
    let tables = || server.run_at(&url, TABLES);
    let names = |from: i64, to: i64| {
        let names: Vec<String> = (from..to)
            .map(|part| format!("message_{}", start / hour + part))
            .collect();
        names.join("\n")
    };
    // 30 minutes into the third hour: two are over.
    let now = start + 172_800 * SECOND + 2 * hour + hour / 2;
    assert_eq!(archive.clean_up(now).await, Ok(100));
    assert!(tables().ends_with(&names(2, 6)), "{}", tables());
    assert_eq!(walk(&archive, Query::default()), sorted(&stored)[100..]);
    // A message of an hour whose table is gone makes it again.
    let (hash, envelope) = (stored[10].hash(), stored[10].clone());
    assert_eq!(archive.backfill(envelope, hash).await, Ok(Inserted::Stored));
    assert_eq!(archive.extent().unwrap().messages, 201);
    // By number: the hour of the one message goes as a table, of the next hour only a part.
    let archive = {
        drop(archive);
        Archive::open(at(&url, "capacity:180")).unwrap()
    };
    archive.clean_up(now).await.unwrap();
    assert_eq!(archive.extent().unwrap().messages, 171);
    assert_eq!(walk(&archive, Query::default()), sorted(&stored)[129..]);
    assert!(tables().ends_with(&names(2, 6)), "{}", tables());
}

async fn the_size_is_kept(server: &mut Server) {
    let lab = Lab::open_at(&server.database(), "size:2mb");
    for number in 0..400 {
        let mut envelope = envelope(number, number % 2, 0);
        envelope.message.payload = vec![1; 20_000];
        assert_eq!(lab.insert(&envelope).await, Ok(Inserted::Stored));
    }
    lab.archive.clean_up(NOON).await.unwrap();
    let left = lab.archive.extent().unwrap();
    assert!((80..110).contains(&left.messages) && left.bytes <= 2 << 20, "{left:?}");
}

async fn what_is_no_archive_is_told_apart(server: &mut Server) {
    let open = |url: &str| Archive::open(at(url, "none")).map(drop);
    let foreign = server.database();
    server.run_at(&foreign, "CREATE SCHEMA undertone; CREATE TABLE undertone.x (y int)");
    assert_eq!(open(&foreign), Err(ArchiveError::NotAnArchive));
    let later = server.database();
    assert_eq!(open(&later), Ok(()));
    server.run_at(&later, "UPDATE undertone.archive SET version = 99");
    assert_eq!(open(&later), Err(ArchiveError::OtherVersion));
    let (before, _) = later.rsplit_once('/').unwrap();
    assert_eq!(open(&format!("{before}/missing")), Err(ArchiveError::NotLetIn));
}

async fn pages_come_from_indexes_in_order(server: &mut Server) {
    let url = server.database();
    let archive = Archive::open(at(&url, "time:172800")).unwrap();
    let hour = 3_600 * SECOND;
    for number in 0..60 {
        let mut envelope = envelope(number, number % 2, 20);
        envelope.message.timestamp = Some(NOON + i64::from(number) * hour / 10);
        let hash = envelope.hash();
        assert_eq!(archive.backfill(envelope, hash).await, Ok(Inserted::Stored));
    }
    for by_topic in [false, true] {
        for direction in [
            waku_proto::store::Direction::Forward,
            waku_proto::store::Direction::Backward,
        ] {
            let plan = server.run_at(&url, &postgres::explanation_of_page(by_topic, direction));
            assert!(
                plan.contains("Append") && !plan.contains("Merge Append"),
                "tables one after the other: {plan}"
            );
            assert!(!plan.contains("Seq Scan on message"), "{plan}");
            assert!(plan.contains("Index Only Scan"), "{plan}");
            assert_eq!(plan.matches("Sort  ").count(), 1, "only the page is sorted: {plan}");
        }
    }
}

async fn damage_is_said_in_words(server: &mut Server) {
    let url = server.database();
    let lab = Lab::open_at(&url, "none");
    lab.fill(100).await;
    server.run_at(
        &url,
        "UPDATE undertone.message SET payload = 'x' WHERE timestamp = (SELECT max(timestamp) FROM undertone.message)",
    );
    server.run_at(
        &url,
        "DELETE FROM undertone.message WHERE timestamp = (SELECT min(timestamp) FROM undertone.message)",
    );
    let report = check::check(&lab.config.place, &mut |_| ()).unwrap();
    assert_eq!((report.whole, report.findings.len()), (98, 2), "{report:?}");
    assert!(
        report.findings[0].contains("holds 99 messages, and 100 were counted"),
        "{report:?}"
    );
    assert!(report.findings[1].contains("is not what was stored"), "{report:?}");
}

/// Kills the server under a node that inserts: everything that was acknowledged is there afterwards, what came
/// while it was away too, and the archive says how it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_goes_away_and_comes_back() {
    let Some(mut server) = Server::start() else { return };
    let url = server.database();
    let lab = Lab::open_at(&url, "none");
    let before = lab.fill(300).await;
    assert_eq!(lab.archive.trouble(), None);
    server.stop();
    let archive = lab.archive.clone();
    let meanwhile: Vec<Envelope> = (300..600).map(|number| envelope(number, 0, 30)).collect();
    let inserts = meanwhile.clone();
    let inserting = tokio::spawn(async move {
        let inserts = inserts.into_iter().map(|envelope| {
            let hash = envelope.hash();
            archive.insert(envelope, hash, NOON)
        });
        futures::future::join_all(inserts).await
    });
    let mut waits = 0;
    while lab.archive.trouble() != Some(ArchiveError::Away) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await; // between two looks
        waits += 1;
        assert!(waits < 1_000, "the archive does not notice");
    }
    assert!(!inserting.is_finished(), "nothing is acknowledged that is not stored");
    let answer = lab.archive.query(Query::default()).await;
    assert!(
        !answer.is_success() && answer.description.contains("cannot be reached"),
        "{answer:?}"
    );
    server.start_again();
    for outcome in inserting.await.unwrap() {
        assert_eq!(outcome, Ok(Inserted::Stored));
    }
    assert_eq!(lab.archive.trouble(), None);
    let all = [before, meanwhile].concat();
    assert_eq!(lab.walk(Query::default()), sorted(&all), "nothing is lost");
    // Going while it is away takes no longer than a try.
    server.stop();
    let (archive, late) = (lab.archive.clone(), envelope(900, 0, 30));
    let hash = late.hash();
    let waiting = tokio::spawn(async move { archive.insert(late, hash, NOON).await });
    while lab.archive.trouble().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await; // between two looks
    }
    waiting.abort();
    let _ = waiting.await;
    let began = std::time::Instant::now();
    drop(lab);
    assert!(
        began.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

impl Lab {
    fn open_at(url: &str, policy: &str) -> Lab {
        Lab::of(at(url, policy))
    }
}

const TABLES: &str = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
    WHERE inhparent = 'undertone.message'::regclass ORDER BY relname";
