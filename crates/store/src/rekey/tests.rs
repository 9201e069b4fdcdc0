use std::collections::BTreeSet;

use tempfile::TempDir;

use super::*;
use crate::testing::{NOW, chat, message, one_to_one};
use crate::{NewEntry, OutboxId, RouteKey, Search};

const OLD_PASSWORD: &[u8] = b"old password";
const NEW_PASSWORD: &[u8] = b"new password";

fn old_key() -> DatabaseKey {
    DatabaseKey::from([1; 32])
}

fn new_key() -> DatabaseKey {
    DatabaseKey::from([2; 32])
}

/// Stands for the vault: the password, then the key.
fn wrap(password: &[u8], key: &DatabaseKey) -> Vec<u8> {
    [password, key.expose()].concat()
}

fn open(directory: &Path, password: &[u8]) -> Result<Store, UnlockError> {
    unlock(directory, &mut |bytes| match bytes.split_last_chunk::<32>() {
        None => Unwrapped::Damaged,
        Some((wrapped_under, key)) if wrapped_under == password => Unwrapped::Key(DatabaseKey::from(*key)),
        Some(_) => Unwrapped::WrongPassword,
    })
}

fn entry() -> NewEntry {
    NewEntry {
        message: None,
        pubsub_topic: "p".into(),
        content_topic: "c".into(),
        key: RouteKey::Symmetric(vec![9; 32].into()),
        payload: vec![1; 100],
        ephemeral: false,
        priority: 1,
        due_at: NOW,
        created_at: NOW,
    }
}

/// A profile with something in every kind of table, the last of it still in the log.
fn profile() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::create(directory.path(), &old_key()).unwrap();
    keyfile::write(
        directory.path(),
        &KeyFile {
            current: wrap(OLD_PASSWORD, &old_key()),
            next: None,
        },
    )
    .unwrap();
    for batch in 0..4 {
        store
            .write(|tx| {
                tx.chats().save(&chat(&one_to_one(1)))?;
                for number in batch * 100..(batch + 1) * 100 {
                    tx.messages()
                        .insert(&message(&one_to_one(1), number, &format!("words {number}")))?;
                }
                tx.settings().set_number("batch", batch)?;
                tx.outbox().insert(&entry())?;
                tx.outbox().remove(OutboxId(batch as i64))?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
        if batch == 1 {
            store.checkpoint().unwrap();
        }
    }
    (directory, store)
}

fn assert_whole(store: &mut Store) {
    let page = store
        .read(|view| view.messages().page(&one_to_one(1), None, 1_000))
        .unwrap();
    assert_eq!(page.len(), 400);
    let search = Search {
        text: "words".into(),
        ..Search::default()
    };
    assert_eq!(
        store
            .read(|view| view.messages().search(&search, None, 1_000))
            .unwrap()
            .rows
            .len(),
        400
    );
    assert_eq!(store.read(|view| view.settings().number("batch")).unwrap(), Some(3));
    let entries = store.read(|view| view.outbox().due(NOW, 10)).unwrap();
    assert_eq!(entries.iter().map(|row| row.id).collect::<Vec<_>>(), [OutboxId(4)]);
    for check in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
        let found: Vec<String> = store
            .connection
            .prepare(check)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(found.is_empty() || found == ["ok"], "{check}: {found:?}");
    }
    store
        .connection
        .execute(
            "INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)",
            [],
        )
        .unwrap();
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect()
}

/// A copy of a profile's files, as a kill would leave them.
fn killed(directory: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_str().unwrap().ends_with("-shm") {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

/// Exactly one of the passwords opens everything; it goes on doing so, and then the other is simply wrong.
fn assert_opens_with(directory: &Path, right: &[u8], wrong: &[u8]) {
    let error = open(directory, wrong).err().unwrap();
    assert!(
        matches!(error, UnlockError::WrongPassword | UnlockError::OtherPassword),
        "{error:?}"
    );
    assert!(matches!(
        open(directory, b"a guess").err().unwrap(),
        UnlockError::WrongPassword
    ));
    assert_whole(&mut open(directory, right).unwrap());
    assert!(keyfile::read(directory).unwrap().next.is_none());
    assert_eq!(
        names(directory),
        ["profile.db", "profile.key"].map(str::to_owned).into()
    );
    assert!(matches!(
        open(directory, wrong).err().unwrap(),
        UnlockError::WrongPassword
    ));
    assert_whole(&mut open(directory, right).unwrap());
}

/// Changes the password and collects what a kill after each step would leave.
fn changed() -> (TempDir, Store, Vec<(Step, TempDir)>) {
    let (directory, store) = profile();
    let mut left = Vec::new();
    let new_wrap = wrap(NEW_PASSWORD, &new_key());
    let store = change(store, &new_key(), new_wrap, &mut |step| {
        left.push((step, killed(directory.path())))
    })
    .unwrap();
    (directory, store, left)
}

fn after(left: &[(Step, TempDir)], step: Step) -> &Path {
    left.iter().find(|(passed, _)| *passed == step).unwrap().1.path()
}

#[test]
fn after_a_change_the_new_password_opens_everything() {
    let (directory, mut store, _) = changed();
    assert_whole(&mut store);
    let next = store.write(|tx| tx.outbox().insert(&entry())).unwrap().0;
    assert_eq!(next, OutboxId(5), "ids of the outbox are not used again");
    store.write(|tx| tx.outbox().remove(next)).unwrap();
    drop(store);
    assert_opens_with(directory.path(), NEW_PASSWORD, OLD_PASSWORD);
    assert!(Store::open(directory.path(), &old_key()).err().unwrap().is_wrong_key());
}

#[test]
fn the_copy_is_the_same_database() {
    let schema = |store: &Store| {
        let mut statement = store
            .connection
            .prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name")
            .unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<String>>()
    };
    let (_directory, store) = profile();
    let before = (schema(&store), migrations::version(&store.connection).unwrap());
    let (_directory, store, _) = changed();
    assert_eq!(
        (schema(&store), migrations::version(&store.connection).unwrap()),
        before
    );
    let secure: i64 = store
        .connection
        .query_row(
            "SELECT v FROM message_text_config WHERE k = 'secure-delete'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(secure, 1);
}

#[test]
fn a_kill_after_any_step_leaves_one_password_that_opens_everything() {
    let (_directory, _store, left) = changed();
    let steps: Vec<Step> = left.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps.len(), 8);
    assert!(steps.is_sorted());
    for (step, files) in &left {
        if *step < Step::OldSetAside {
            assert_opens_with(files.path(), OLD_PASSWORD, NEW_PASSWORD);
        } else {
            assert_opens_with(files.path(), NEW_PASSWORD, OLD_PASSWORD);
        }
    }
}

#[test]
fn a_kill_while_the_copy_is_written_leaves_the_old_password() {
    let (_directory, _store, left) = changed();
    let whole = fs::read(after(&left, Step::CopyWritten).join(NEW)).unwrap();
    for length in [0, 1, 4096, whole.len() / 2, whole.len() - 1] {
        let files = killed(after(&left, Step::LogPutAway));
        fs::write(files.path().join(NEW), &whole[..length]).unwrap();
        assert_opens_with(files.path(), OLD_PASSWORD, NEW_PASSWORD);
    }
}

#[test]
fn a_kill_while_the_old_file_is_overwritten_leaves_the_new_password() {
    let (_directory, _store, left) = changed();
    let old = fs::read(after(&left, Step::NewInPlace).join(OLD)).unwrap();
    for zeroed in [1, old.len() / 2, old.len()] {
        let files = killed(after(&left, Step::NewInPlace));
        let mut bytes = old.clone();
        bytes[..zeroed].fill(0);
        fs::write(files.path().join(OLD), bytes).unwrap();
        assert_opens_with(files.path(), NEW_PASSWORD, OLD_PASSWORD);
    }
}

#[test]
fn a_kill_while_the_key_file_is_written_leaves_the_one_before() {
    let (directory, store) = profile();
    drop(store);
    fs::write(directory.path().join("profile.key.new"), b"half a fi").unwrap();
    assert_whole(&mut open(directory.path(), OLD_PASSWORD).unwrap());
}

#[test]
fn an_interrupted_change_can_be_begun_again() {
    let (_directory, _store, left) = changed();
    for (step, files) in &left {
        let (password, key) = match *step < Step::OldSetAside {
            true => (OLD_PASSWORD, DatabaseKey::from([3; 32])),
            false => (NEW_PASSWORD, DatabaseKey::from([3; 32])),
        };
        let store = open(files.path(), password).unwrap();
        let third = b"third password";
        let mut store = change(store, &key, wrap(third, &key), &mut |_| {}).unwrap();
        assert_whole(&mut store);
        drop(store);
        assert_opens_with(files.path(), third, password);
    }
}

#[test]
fn the_same_password_may_be_chosen_again() {
    let (_, _, left) = {
        let (directory, store) = profile();
        let mut left = Vec::new();
        let new_wrap = wrap(OLD_PASSWORD, &new_key());
        let store = change(store, &new_key(), new_wrap, &mut |step| {
            left.push((step, killed(directory.path())))
        });
        (directory, store.unwrap(), left)
    };
    for (_, files) in &left {
        assert_whole(&mut open(files.path(), OLD_PASSWORD).unwrap());
        assert!(keyfile::read(files.path()).unwrap().next.is_none());
    }
}

#[test]
fn a_reader_in_the_way_is_told_and_the_old_password_stays() {
    let (directory, store) = profile();
    let reader = store.reader().unwrap();
    reader.read(|view| view.chats().list(None, 1)).unwrap();
    let error = change(store, &new_key(), wrap(NEW_PASSWORD, &new_key()), &mut |_| {})
        .err()
        .unwrap();
    assert!(error.is_busy(), "{error:?}");
    drop(reader);
    assert_opens_with(directory.path(), OLD_PASSWORD, NEW_PASSWORD);
}

#[test]
fn damage_is_told_apart_from_a_wrong_password() {
    let (directory, store) = profile();
    drop(store);
    let path = directory.path().join("profile.key");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[1..]).unwrap();
    assert!(matches!(
        open(directory.path(), OLD_PASSWORD).err().unwrap(),
        UnlockError::DamagedKeyFile
    ));
    fs::remove_file(&path).unwrap();
    let error = open(directory.path(), OLD_PASSWORD).err().unwrap();
    assert!(matches!(error, UnlockError::Store(error) if error.is_missing()));
    // An authentic wrap whose key does not open the database: the database is not the one it was.
    keyfile::write(
        directory.path(),
        &KeyFile {
            current: wrap(OLD_PASSWORD, &new_key()),
            next: None,
        },
    )
    .unwrap();
    let error = open(directory.path(), OLD_PASSWORD).err().unwrap();
    assert!(matches!(error, UnlockError::Store(error) if error.is_damaged()));
    keyfile::write(
        directory.path(),
        &KeyFile {
            current: vec![1],
            next: None,
        },
    )
    .unwrap();
    assert!(matches!(
        open(directory.path(), OLD_PASSWORD).err().unwrap(),
        UnlockError::DamagedKeyFile
    ));
}
