//! Profiles as directories: passwords, damage, and a change of the password that is interrupted anywhere.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crypto::vault::Cost;
use messenger::accounts::{self, AccountError, NewAccount};
use messenger::{Messenger, Mnemonic, Timestamp};
use store::rekey::Step;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// As little as a vault may cost: these tests are not about guessing.
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};
const PHRASE: &str = "test test test test test test test test test test test junk";

fn create(directory: &Path, phrase: Option<&Mnemonic>) -> Result<Messenger, AccountError> {
    accounts::create(&NewAccount {
        directory,
        password: "correct horse",
        cost: CHEAP,
        display_name: "Alice",
        phrase,
        now: NOW,
        seed: [1; 32],
    })
}

fn unlock(directory: &Path, password: &str) -> Result<Messenger, AccountError> {
    accounts::unlock(directory, password, NOW.plus(1_000), [2; 32])
}

#[test]
fn a_profile_is_made_locked_and_unlocked() {
    let directory = tempfile::tempdir().unwrap();
    let made = create(directory.path(), None).unwrap();
    let account = made.account();
    let words = made.export_phrase().unwrap().unwrap();
    let network = made.network_key().unwrap().unwrap();
    made.lock().unwrap();
    let again = unlock(directory.path(), "correct horse").unwrap();
    assert_eq!(again.account(), account);
    assert_eq!(again.export_phrase().unwrap().unwrap().expose(), words.expose());
    assert_eq!(again.network_key().unwrap().unwrap(), network);
    assert!(create(directory.path(), None).is_err(), "nothing is overwritten");
}

#[test]
fn a_phrase_gives_the_same_person_and_another_installation() {
    let phrase = Mnemonic::parse(PHRASE).unwrap();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = create(one.path(), Some(&phrase)).unwrap().account();
    let second = accounts::create(&NewAccount {
        directory: other.path(),
        password: "another",
        cost: CHEAP,
        display_name: "Alice",
        phrase: Some(&phrase),
        now: NOW,
        seed: [9; 32],
    })
    .unwrap()
    .account();
    assert_eq!(
        first.public_key.to_multibase(),
        "zQ3shrX9wuSGo7iWUvbKgToD3nTwFrZoKz83MpfyNK2bpqEWt"
    );
    assert_eq!(second.public_key, first.public_key);
    assert_ne!(second.installation_id, first.installation_id);
}

#[test]
fn a_wrong_password_and_damage_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    create(directory.path(), None).unwrap().lock().unwrap();
    assert!(matches!(
        unlock(directory.path(), "wrong"),
        Err(AccountError::WrongPassword)
    ));
    assert!(matches!(
        accounts::check_password(directory.path(), "wrong"),
        Err(AccountError::WrongPassword)
    ));
    accounts::check_password(directory.path(), "correct horse").unwrap();

    let key_file = directory.path().join("profile.key");
    let whole = fs::read(&key_file).unwrap();
    let mut damaged = whole.clone();
    damaged[20] ^= 1;
    fs::write(&key_file, &damaged).unwrap();
    assert!(matches!(
        unlock(directory.path(), "correct horse"),
        Err(AccountError::DamagedKeyFile)
    ));
    fs::write(&key_file, &whole).unwrap();

    let database = directory.path().join("profile.db");
    let mut pages = fs::read(&database).unwrap();
    pages[100] ^= 1;
    fs::write(&database, pages).unwrap();
    match unlock(directory.path(), "correct horse") {
        Err(AccountError::Store(error)) => assert!(error.is_damaged(), "{error}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a damaged database opened"),
    }
}

#[test]
fn an_interrupted_change_of_password_leaves_one_that_opens() {
    let steps = [
        Step::BothWraps,
        Step::LogPutAway,
        Step::CopyWritten,
        Step::CopyDurable,
        Step::OldSetAside,
        Step::NewInPlace,
        Step::OldErased,
        Step::NewWrapOnly,
    ];
    for last in steps {
        let directory = tempfile::tempdir().unwrap();
        let account = create(directory.path(), None).unwrap().account();
        let interrupted = catch_unwind(AssertUnwindSafe(|| {
            accounts::change_password_observed(
                directory.path(),
                "correct horse",
                "battery",
                CHEAP,
                [3; 32],
                &mut |step| {
                    assert!(step < last, "the power fails here");
                },
            )
        }));
        assert!(interrupted.is_err());
        let opened: Vec<_> = ["correct horse", "battery"]
            .map(|password| unlock(directory.path(), password).ok())
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(opened.len(), 1, "{last:?}");
        assert_eq!(opened[0].account(), account, "{last:?}");
    }
}

#[test]
fn a_changed_password_is_the_only_one() {
    let directory = tempfile::tempdir().unwrap();
    create(directory.path(), None).unwrap().lock().unwrap();
    accounts::change_password(directory.path(), "correct horse", "battery", CHEAP, [3; 32]).unwrap();
    assert!(matches!(
        unlock(directory.path(), "correct horse"),
        Err(AccountError::WrongPassword)
    ));
    unlock(directory.path(), "battery").unwrap();
}

#[test]
fn a_bad_name_leaves_no_profile() {
    let directory = tempfile::tempdir().unwrap();
    let new = NewAccount {
        directory: directory.path(),
        password: "p",
        cost: CHEAP,
        display_name: "x",
        phrase: None,
        now: NOW,
        seed: [1; 32],
    };
    assert!(matches!(accounts::create(&new), Err(AccountError::BadName(_))));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
