//! Forward secrecy on the disk: two people talk, and afterwards no page of the database or its log, read with the real
//! key, holds a ratchet state that was used, an erased pre-key or the erased recovery phrase.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

#[path = "../../store/src/testing/cipher.rs"]
mod cipher;
mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::marks::{delete, edit};
use common::{DAY, MINUTE, Person, START, Who, World};
use crypto::vault::{self, Cost};
use messenger::accounts::{self, NewAccount};
use messenger::chats::For;
use store::{PublicKeyBytes, keyfile};

const ALICE: Who = Who(0);
const BOBBY: Who = Who(1);
const PASSWORD: &str = "correct horse";
/// As little as a vault may cost: this test is not about guessing.
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

#[test]
fn used_ratchet_states_are_gone_within_a_minute() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = with_bobby_on_disk(directory.path());
    world.befriend(ALICE, BOBBY);
    let mut used = Traces::default();
    for number in 0..12 {
        used.add(&sessions(&world));
        let (from, to) = if number % 3 == 0 {
            (ALICE, BOBBY)
        } else {
            (BOBBY, ALICE)
        };
        world.say(from, to, &format!("text {number}"));
        world.pass(400);
    }
    let present = sessions(&world);
    used.leave_out(&present);
    assert!(used.0.len() > 1_000, "every message moved a ratchet");
    assert!(
        used.found(directory.path()) > 0,
        "they stand in the log at first, so the search can find them"
    );

    world.pass(MINUTE);
    assert_eq!(used.found(directory.path()), 0);
    let mut standing = Traces::default();
    standing.add(&present);
    assert!(
        standing.found(directory.path()) > 0,
        "the states of now are found by the same search"
    );
}

#[test]
fn the_phrase_and_old_pre_keys_are_gone_when_they_are_erased() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = with_bobby_on_disk(directory.path());
    let phrase = world.messenger(BOBBY).export_phrase().unwrap().unwrap();
    let first = world
        .messenger(BOBBY)
        .store()
        .read(|view| view.bundles().newest_own())
        .unwrap()
        .unwrap();
    let mut traces = Traces::default();
    traces.add(&[phrase.expose().as_bytes().to_vec(), first.secret.to_vec()]);
    world.pass(MINUTE);
    assert!(traces.found(directory.path()) > 0);

    world.give_up_phrase(BOBBY);
    for _ in 0..32 {
        world.pass(DAY);
    }
    world.pass(MINUTE);
    assert_eq!(traces.found(directory.path()), 0);
}

#[test]
fn a_file_and_a_picture_are_gone_with_their_messages() {
    use messenger::{Command, files, media};
    let directory = tempfile::tempdir().unwrap();
    let mut world = with_bobby_on_disk(directory.path());
    world.befriend(ALICE, BOBBY);
    let chat = world.chat(BOBBY);
    let content: Vec<u8> = (0..100_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let key = files::FileKey::from_bytes(content[50_000..].first_chunk().unwrap());
    let prepared = files::prepare(&content, &key).unwrap();
    let jpeg: Vec<u8> = content.iter().rev().copied().take(30_000).collect();
    let mut traces = Traces::default();
    traces.add(&[jpeg[5_000..5_064].to_vec(), jpeg[29_000..29_064].to_vec()]);
    for chunk in &prepared.sealed {
        traces.add(&[chunk[..64].to_vec(), chunk[chunk.len() / 2..][..64].to_vec()]);
    }
    let mut secret = Traces::default();
    secret.add(&[content[50_000..50_032].to_vec()]);
    let file = files::NewFile {
        announced: files::Announcement {
            key,
            name: "a".into(),
            media_type: "a/b".into(),
            size: content.len() as u64,
            content_hash: prepared.content_hash,
            shape: prepared.shape,
            hashes: prepared.hashes,
        },
        sealed: prepared.sealed,
    };
    let send = files::Command::Send {
        chat: chat.clone(),
        file,
        reply_to: None,
    };
    world.command(ALICE, Command::File(send)).unwrap();
    let picture = media::Picture {
        jpeg,
        width: 1,
        height: 1,
    };
    let send = media::Command::SendPictures {
        chat,
        text: String::new(),
        pictures: vec![picture],
        reply_to: None,
    };
    world.command(ALICE, Command::Media(send)).unwrap();
    world.pass(MINUTE);
    assert!(traces.found(directory.path()) > 0 && secret.found(directory.path()) > 0);

    let contact = world.key(ALICE);
    world.command(BOBBY, Command::Block { contact }).unwrap();
    world.pass(MINUTE);
    assert_eq!((traces.found(directory.path()), secret.found(directory.path())), (0, 0));
}

#[test]
fn deleted_texts_are_gone_with_their_edits_and_their_copies() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = with_bobby_on_disk(directory.path());
    world.befriend(ALICE, BOBBY);
    // Words that occur nowhere else, and in which no two stretches are alike.
    let word = |number: u32| -> String {
        let letter = |at: u32| char::from_u32(u32::from(b'a') + (at * 7 + number * 11 + at / 13) % 26);
        (0..40).filter_map(letter).collect()
    };
    let mut traces = Traces::default();
    for number in 0..8 {
        // The index keeps only the end of a word that begins like the one before.
        traces.add(&[word(number).as_bytes()[8..].to_vec()]);
    }
    let theirs = world.say(ALICE, BOBBY, &word(0));
    edit(&mut world, ALICE, theirs, &word(1)).unwrap();
    edit(&mut world, ALICE, theirs, &word(2)).unwrap();
    let own = world.say(BOBBY, ALICE, &word(3));
    edit(&mut world, BOBBY, own, &word(4)).unwrap();
    world.pass(MINUTE);
    let hidden = world.say(ALICE, BOBBY, &word(5));
    world.pass(1_000);
    world.people[BOBBY.0].online = false;
    let unsent = world.say(BOBBY, ALICE, &word(6));
    edit(&mut world, BOBBY, unsent, &word(7)).unwrap();
    assert!(traces.found(directory.path()) > 50, "they stand there at first");

    delete(&mut world, BOBBY, own, For::Everyone).unwrap();
    delete(&mut world, BOBBY, unsent, For::Everyone).unwrap();
    delete(&mut world, BOBBY, hidden, For::Me).unwrap();
    world.people[BOBBY.0].online = true;
    delete(&mut world, ALICE, theirs, For::Everyone).unwrap();
    world.pass(MINUTE);
    assert_eq!(traces.found(directory.path()), 0);
}

/// Pieces of secrets, long enough to occur nowhere by chance.
#[derive(Default)]
struct Traces(BTreeSet<[u8; PIECE]>);

const PIECE: usize = 12;

impl Traces {
    fn add(&mut self, secrets: &[Vec<u8>]) {
        self.0.extend(pieces(secrets));
    }

    fn leave_out(&mut self, secrets: &[Vec<u8>]) {
        for piece in pieces(secrets) {
            self.0.remove(&piece);
        }
    }

    /// How many of the pieces stand in the files of the profile.
    fn found(&self, directory: &Path) -> usize {
        let key = vault::open(PASSWORD, &keyfile::read(directory).unwrap().current).unwrap();
        let pages = cipher::pages(directory, key.expose());
        assert!(!pages.is_empty());
        let standing: BTreeSet<[u8; PIECE]> = pages
            .iter()
            .flat_map(|page| page.windows(PIECE))
            .filter_map(|window| self.0.get(window))
            .copied()
            .collect();
        standing.len()
    }
}

/// Every stretch of the secrets that looks random; counters and padding are no secrets.
fn pieces(secrets: &[Vec<u8>]) -> impl Iterator<Item = [u8; PIECE]> {
    let windows = secrets.iter().flat_map(|secret| secret.windows(PIECE));
    let varied = windows.filter(|window| window.iter().collect::<BTreeSet<_>>().len() > PIECE / 2);
    varied.map(|window| window.try_into().unwrap())
}

/// The ratchet states that Bobby has with Alice.
fn sessions(world: &World) -> Vec<Vec<u8>> {
    let alice = world.people[ALICE.0].messenger.as_ref().unwrap().account();
    let identity = PublicKeyBytes::from(alice.public_key.to_compressed());
    let bobby = world.people[BOBBY.0].messenger.as_ref().unwrap();
    let rows = bobby
        .store()
        .read(|view| view.sessions().with(&identity, &alice.installation_id))
        .unwrap();
    rows.iter().map(|row| row.state.to_vec()).collect()
}

/// Alice in memory, Bobby in an encrypted directory.
fn with_bobby_on_disk(directory: &Path) -> World {
    let mut world = World::new(&["Alice"]);
    let bobby = accounts::create(&NewAccount {
        directory,
        password: PASSWORD,
        cost: CHEAP,
        display_name: "Bobby",
        phrase: None,
        now: START,
        seed: [7; 32],
    });
    world.people.push(Person {
        name: "Bobby",
        messenger: Some(bobby.unwrap()),
        online: true,
        heard: Vec::new(),
    });
    world.pump();
    world
}
