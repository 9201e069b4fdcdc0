use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::Checkpoint;
use crate::testing::{Numbers, chat, message, one_to_one};

fn key() -> DatabaseKey {
    DatabaseKey::from([7; 32])
}

fn created() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::create(directory.path(), &key()).unwrap();
    (directory, store)
}

fn count_to(store: &mut Store, number: u64) {
    store.write(|tx| tx.settings().set_number("count", number)).unwrap();
}

fn counted(store: &Store) -> u64 {
    store.read(|view| view.settings().number("count")).unwrap().unwrap_or(0)
}

/// A database with a thousand messages, all of them in the file.
fn filled() -> (TempDir, Store) {
    filled_with(1_000)
}

fn filled_with(messages: u64) -> (TempDir, Store) {
    let (directory, mut store) = created();
    store
        .write(|tx| {
            tx.chats().save(&chat(&one_to_one(1)))?;
            for number in 0..messages {
                tx.messages()
                    .insert(&message(&one_to_one(1), number, &format!("plain words {number}")))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(store.checkpoint().unwrap(), Checkpoint::Done);
    (directory, store)
}

fn flip(path: &Path, at: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at as usize] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_written_is_there_after_opening_again() {
    let (directory, mut store) = created();
    count_to(&mut store, 3);
    drop(store);
    let store = Store::open(directory.path(), &key()).unwrap();
    assert_eq!(counted(&store), 3);
}

#[test]
fn creating_never_replaces_a_database() {
    let (directory, mut store) = created();
    count_to(&mut store, 3);
    drop(store);
    assert!(Store::create(directory.path(), &key()).is_err());
    assert_eq!(counted(&Store::open(directory.path(), &key()).unwrap()), 3);
}

#[test]
fn nothing_to_open_is_told() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Store::open(directory.path(), &key()).err().unwrap().is_missing());
    assert!(!directory.path().join(DATABASE).exists());
    assert!(Store::in_memory().unwrap().reader().err().unwrap().is_missing());
}

#[test]
fn a_wrong_key_is_told_apart_from_damage() {
    let (directory, store) = filled();
    drop(store);
    let path = directory.path().join(DATABASE);
    let whole = fs::read(&path).unwrap();
    let error = Store::open(directory.path(), &DatabaseKey::from([8; 32]))
        .err()
        .unwrap();
    assert!(error.is_wrong_key() && !error.is_damaged(), "{error:?}");
    // The salt, in the first 16 bytes, is part of the key of every page: without it nothing verifies.
    for at in [16, 100, 4000, 4095] {
        flip(&path, at);
        let error = Store::open(directory.path(), &key()).err().unwrap();
        assert!(error.is_damaged() && !error.is_wrong_key(), "byte {at}: {error:?}");
        fs::write(&path, &whole).unwrap();
    }
    for length in [0, 1, 4096, 5000] {
        fs::write(&path, &whole[..length]).unwrap();
        let outcome =
            Store::open(directory.path(), &key()).and_then(|store| store.read(|view| view.chats().list(None, 9)));
        let error = outcome.unwrap_err();
        assert!(
            error.is_damaged() && !error.is_wrong_key(),
            "length {length}: {error:?}"
        );
    }
}

#[test]
fn a_damaged_page_is_told_when_it_is_read() {
    let (directory, store) = filled();
    drop(store);
    let path = directory.path().join(DATABASE);
    let length = fs::metadata(&path).unwrap().len();
    let mut told = 0;
    for page in 1..length / PAGE {
        flip(&path, page * PAGE + 77);
        let outcome = Store::open(directory.path(), &key())
            .and_then(|store| store.read(|view| view.messages().page(&one_to_one(1), None, 2_000)));
        if let Err(error) = outcome {
            assert!(error.is_damaged() && !error.is_wrong_key(), "page {page}: {error:?}");
            told += 1;
        }
        flip(&path, page * PAGE + 77);
    }
    assert!(told > 20, "only {told} pages were read");
}

#[test]
fn no_plain_text_is_in_any_file() {
    let (directory, mut store) = filled();
    let row = message(&one_to_one(1), 5_000, "plain words in the log");
    store.write(|tx| tx.messages().insert(&row)).unwrap();
    let mut files = 0;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for plain in [&b"plain words"[..], b"SQLite format 3", b"CREATE TABLE"] {
            assert!(!bytes.windows(plain.len()).any(|window| window == plain));
        }
        files += 1;
    }
    assert_eq!(files, 3, "database, log and its index");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, mut store) = created();
    count_to(&mut store, 1);
    for name in [DATABASE, LOG, "profile.db-shm"] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

/// A copy of the database's files as a kill would leave them, the log cut to `length`.
fn killed(database: &[u8], log: &[u8], length: usize) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(DATABASE), database).unwrap();
    fs::write(directory.path().join(LOG), &log[..length]).unwrap();
    directory
}

#[test]
fn a_log_cut_anywhere_loses_only_what_was_cut() {
    let (directory, mut store) = filled_with(50);
    let [database_path, log_path] = [DATABASE, LOG].map(|name| directory.path().join(name));
    let mut ends = Vec::new();
    for number in 1..=10 {
        store
            .write(|tx| {
                tx.settings().set_number("count", number)?;
                tx.messages().insert(&message(&one_to_one(1), 2_000 + number, "more"))?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
        ends.push(fs::metadata(&log_path).unwrap().len() as usize);
    }
    let [database, log] = [&database_path, &log_path].map(|path| fs::read(path).unwrap());
    let frame = 24 + PAGE as usize;
    let boundaries = (0..=(log.len() - 32) / frame).map(|count| 32 + count * frame);
    let cuts = boundaries
        .flat_map(|at| [at, at + frame / 2])
        .chain([0, 31, log.len() - 1]);
    for cut in cuts.filter(|cut| *cut <= log.len()) {
        let expected = ends.iter().filter(|end| **end <= cut).count() as u64;
        let copy = killed(&database, &log, cut);
        let store = Store::open(copy.path(), &key()).unwrap();
        assert_eq!(counted(&store), expected, "cut at {cut}");
        let page = store
            .read(|view| view.messages().page(&one_to_one(1), None, 100))
            .unwrap();
        assert_eq!(page[0].clock, if expected == 0 { 49 } else { 2_000 + expected });
        let ok: String = store
            .connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(ok, "ok");
    }
}

#[test]
fn a_kill_while_the_log_is_emptied_loses_nothing() {
    let (directory, mut store) = filled();
    let [database_path, log_path] = [DATABASE, LOG].map(|name| directory.path().join(name));
    for number in 1..=20 {
        let row = message(&one_to_one(1), 2_000 + number, "more");
        store.write(|tx| tx.messages().insert(&row)).unwrap();
    }
    count_to(&mut store, 20);
    let [before, log] = [&database_path, &log_path].map(|path| fs::read(path).unwrap());
    // What the scrub adds to the log is part of it when pages begin to move.
    super::super::scrub::scrub(&mut store.connection, &log_path).unwrap();
    let scrubbed = fs::read(&log_path).unwrap();
    assert!(scrubbed.len() >= log.len());
    assert_eq!(store.checkpoint().unwrap(), Checkpoint::Done);
    let after = fs::read(&database_path).unwrap();
    let mut numbers = Numbers(5);
    for _ in 0..20 {
        let mut mixed = before.clone();
        mixed.resize(after.len(), 0);
        for (old, new) in mixed.chunks_mut(PAGE as usize).zip(after.chunks(PAGE as usize)) {
            if numbers.below(2) == 0 {
                old.copy_from_slice(new);
            }
        }
        let copy = killed(&mixed, &scrubbed, scrubbed.len());
        let store = Store::open(copy.path(), &key()).unwrap();
        assert_eq!(counted(&store), 20);
        assert_eq!(
            store
                .read(|view| view.messages().page(&one_to_one(1), None, 2_000))
                .unwrap()
                .len(),
            1_020
        );
    }
}

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let (_directory, mut store) = filled();
    let pages: i64 = store
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    store
        .connection
        .query_row(&format!("PRAGMA max_page_count = {}", pages + 3), [], |_| Ok(()))
        .unwrap();
    let outcome = store.write(|tx| {
        tx.settings().set_number("count", 1)?;
        for number in 2_000..4_000 {
            tx.messages()
                .insert(&message(&one_to_one(1), number, &"long ".repeat(100)))?;
        }
        Ok::<_, StoreError>(())
    });
    let error = outcome.unwrap_err();
    assert!(error.is_full() && !error.is_damaged(), "{error:?}");
    assert_eq!(counted(&store), 0);
    assert_eq!(
        store
            .read(|view| view.messages().page(&one_to_one(1), None, 2_000))
            .unwrap()
            .len(),
        1_000
    );
    store
        .connection
        .query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))
        .unwrap();
    count_to(&mut store, 2);
    assert_eq!(counted(&store), 2);
}

#[test]
fn a_reader_sees_what_is_committed_and_stays_in_its_moment() {
    let (_directory, mut store) = created();
    count_to(&mut store, 1);
    let reader = store.reader().unwrap();
    let number = |view: &View<'_>| view.settings().number("count");
    store
        .write(|tx| {
            tx.settings().set_number("count", 2)?;
            assert_eq!(reader.read(number)?, Some(1), "not committed yet");
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(reader.read(number).unwrap(), Some(2));
    reader
        .read(|view| {
            assert_eq!(number(view)?, Some(2));
            count_to(&mut store, 3);
            assert_eq!(number(view)?, Some(2), "still the same moment");
            assert_eq!(store.checkpoint()?, Checkpoint::Busy);
            assert_eq!(counted(&store), 3);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(reader.read(number).unwrap(), Some(3));
    assert_eq!(store.checkpoint().unwrap(), Checkpoint::Done);
    assert_eq!(reader.read(number).unwrap(), Some(3));
    assert!(reader.connection.execute("DELETE FROM settings", []).is_err());
}

#[test]
fn a_reader_may_live_in_another_thread() {
    let (_directory, mut store) = filled();
    let reader = store.reader().unwrap();
    let other = std::thread::spawn(move || {
        (0..50).all(|_| {
            reader
                .read(|view| view.messages().page(&one_to_one(1), None, 50))
                .unwrap()
                .len()
                == 50
        })
    });
    for number in 0..50 {
        count_to(&mut store, number);
        store.checkpoint().unwrap();
    }
    assert!(other.join().unwrap());
}

#[test]
fn a_second_writer_is_told_to_wait() {
    let (directory, mut store) = created();
    let mut second = Store::open(directory.path(), &key()).unwrap();
    second.connection.busy_timeout(Duration::ZERO).unwrap();
    store
        .write(|tx| {
            tx.settings().set_number("count", 1)?;
            let error = second.write(|tx| tx.settings().set_number("count", 2)).unwrap_err();
            assert!(error.is_busy(), "{error:?}");
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(counted(&second), 1);
}

#[test]
fn the_log_is_kept_short_by_itself() {
    let (directory, mut store) = created();
    store.file.as_mut().unwrap().longest_log = 20 * PAGE;
    let log = directory.path().join(LOG);
    let mut longest = 0;
    for number in 0..200 {
        count_to(&mut store, number);
        longest = longest.max(fs::metadata(&log).unwrap().len());
    }
    assert!(longest < LONGEST_LOG, "{longest}");
    assert_eq!(counted(&store), 199);
}

#[test]
fn a_newer_database_is_left_alone() {
    let (directory, store) = created();
    store.connection.pragma_update(None, "user_version", 1_000).unwrap();
    drop(store);
    assert!(Store::open(directory.path(), &key()).err().unwrap().is_newer());
}

#[test]
fn errors_and_keys_tell_no_secrets() {
    assert_eq!(format!("{:?}", key()), "DatabaseKey(..)");
    let (directory, store) = filled();
    drop(store);
    let error = Store::open(directory.path(), &DatabaseKey::from([8; 32]))
        .err()
        .unwrap();
    let told = format!("{error} {error:?}");
    assert!(
        !told.contains(&directory.path().display().to_string()) && !told.contains("0808"),
        "{told}"
    );
}
