//! Large files between two people: who may ask whom, what an address is told for, and what is refused.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{HOUR, MINUTE, Who, World};
use messenger::files::{self, Announcement, FileCommandError, FileDoor, NewFile, Shape, Step, Trouble};
use messenger::{Command, CommandError, MessageId, Reply};
use store::{FileRow, FileState};

const SIZE: u64 = 6_000_000;

fn large(number: u8) -> NewFile {
    NewFile {
        announced: Announcement {
            key: files::FileKey::from_bytes(&[number; 32]),
            name: "film.mp4".into(),
            media_type: "video/mp4".into(),
            size: SIZE,
            content_hash: [1; 32],
            shape: Shape::of(SIZE).unwrap(),
            hashes: vec![[2; 32]],
        },
        sealed: Vec::new(),
    }
}

fn allow(world: &mut World, who: Who, direct_files: bool) {
    let settings = messenger::Settings {
        direct_files,
        ..world.messenger(who).settings()
    };
    world.command(who, Command::ChangeSettings(settings)).unwrap();
}

/// Two contacts who have allowed it.
fn willing() -> (World, Who, Who) {
    let (mut world, alice, bob) = World::friends();
    allow(&mut world, alice, true);
    allow(&mut world, bob, true);
    (world, alice, bob)
}

fn send(world: &mut World, from: Who, to: Who, file: NewFile) -> Result<MessageId, CommandError> {
    let command = files::Command::Send {
        chat: world.chat(to),
        file,
        reply_to: None,
    };
    match world.command(from, Command::File(command))? {
        Reply::Message(id) => Ok(id),
        other => panic!("{other:?}"),
    }
}

fn get(world: &mut World, who: Who, message: MessageId) -> Result<Reply, CommandError> {
    world.command(who, Command::File(files::Command::Get { message }))
}

fn step(world: &mut World, who: Who, message: &MessageId, step: Step) {
    let file = row(world, who, message).id;
    let command = files::Command::Transfer { file, step };
    world.command(who, Command::File(command)).unwrap();
}

fn row(world: &World, who: Who, message: &MessageId) -> FileRow {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.files().of_message(message)).unwrap().unwrap()
}

fn door(number: u8) -> FileDoor {
    FileDoor {
        peer_id: vec![number; 38],
        addresses: vec![format!("/ip4/192.0.2.{number}/tcp/4000")],
    }
}

fn told(world: &World, who: Who, message: &MessageId) -> Option<FileDoor> {
    row(world, who, message).door.and_then(|door| files::decode_door(&door))
}

#[test]
fn doors_are_told_when_both_have_allowed_it_and_the_receiver_asks() {
    let (mut world, alice, bob) = willing();
    let id = send(&mut world, alice, bob, large(1)).unwrap();
    assert_eq!(row(&world, bob, &id).state, FileState::Offered, "nothing moves unasked");
    assert!(row(&world, bob, &id).knock_at.is_none() && row(&world, alice, &id).knock_at.is_none());
    get(&mut world, bob, id).unwrap();
    assert_eq!(row(&world, bob, &id).knock_at, Some(world.now));
    step(&mut world, bob, &id, Step::Knocked(door(2)));
    assert_eq!(told(&world, alice, &id), Some(door(2)));
    step(&mut world, alice, &id, Step::Opened(door(1)));
    assert_eq!(told(&world, alice, &id), None, "taken");
    assert_eq!(told(&world, bob, &id), Some(door(1)));
    step(&mut world, bob, &id, Step::Progress(7));
    step(&mut world, alice, &id, Step::Progress(7));
    assert_eq!((row(&world, bob, &id).done, row(&world, bob, &id).tries), (7, 0));

    // It breaks: the receiver knocks again soon, the author waits for that.
    step(&mut world, bob, &id, Step::Broken);
    step(&mut world, alice, &id, Step::Broken);
    let soon = row(&world, bob, &id).knock_at.unwrap().0 - world.now.0;
    assert!(soon <= 10_000, "{soon}");
    assert_eq!(row(&world, alice, &id).state, FileState::Offered);
    world.crash(bob);
    assert_eq!(row(&world, bob, &id).done, 7, "kept through a crash");

    step(&mut world, bob, &id, Step::Complete);
    step(&mut world, alice, &id, Step::Complete);
    for who in [alice, bob] {
        let row = row(&world, who, &id);
        assert_eq!((row.state, row.knock_at, row.door), (FileState::Complete, None, None));
    }
}

#[test]
fn nobody_learns_an_address_without_a_word_of_ours() {
    let (mut world, alice, bob) = World::friends();
    let refused = send(&mut world, alice, bob, large(1)).unwrap_err();
    assert!(matches!(refused, CommandError::File(FileCommandError::DirectOff)));
    assert!(refused.to_string().contains("sees your internet address"));
    allow(&mut world, alice, true);
    let id = send(&mut world, alice, bob, large(1)).unwrap();
    let refused = get(&mut world, bob, id).unwrap_err();
    assert!(matches!(refused, CommandError::File(FileCommandError::DirectOff)));
    allow(&mut world, bob, true);
    get(&mut world, bob, id).unwrap();
    // Taken back on the other side meanwhile.
    allow(&mut world, alice, false);
    step(&mut world, bob, &id, Step::Knocked(door(2)));
    assert_eq!(told(&world, alice, &id), None);
    // No contact any more.
    allow(&mut world, alice, true);
    let contact = world.key(bob);
    world.command(alice, Command::RemoveContact { contact }).unwrap();
    step(&mut world, bob, &id, Step::Knocked(door(2)));
    assert_eq!(told(&world, alice, &id), None);
    assert!(send(&mut world, alice, bob, large(2)).is_err());
}

#[test]
fn malformed_and_stale_doors_change_nothing() {
    let (mut world, alice, bob) = willing();
    let id = send(&mut world, alice, bob, large(1)).unwrap();
    get(&mut world, bob, id).unwrap();
    let many = FileDoor {
        addresses: vec!["/ip4/192.0.2.1/tcp/1".into(); 9],
        ..door(1)
    };
    let long = FileDoor {
        addresses: vec!["x".repeat(1_000)],
        ..door(1)
    };
    for bad in [FileDoor::default(), many, long] {
        step(&mut world, bob, &id, Step::Knocked(bad));
        assert_eq!(told(&world, alice, &id), None);
    }
    // An hour on its way: whoever stood there is gone.
    world.people[alice.0].online = false;
    step(&mut world, bob, &id, Step::Knocked(door(2)));
    world.pass(HOUR);
    world.people[alice.0].online = true;
    world.catch_up(alice);
    assert_eq!(told(&world, alice, &id), None);
    // The author does not ask the receiver for a file, nor the receiver open to the author.
    step(&mut world, alice, &id, Step::Opened(door(1)));
    assert_eq!(told(&world, bob, &id), Some(door(1)));
}

#[test]
fn what_cannot_come_says_why_and_what_is_taken_back_ends() {
    let (mut world, alice, bob) = willing();
    let id = send(&mut world, alice, bob, large(1)).unwrap();
    get(&mut world, bob, id).unwrap();
    step(&mut world, bob, &id, Step::Failed(Trouble::DiskFull));
    let failed = row(&world, bob, &id);
    assert_eq!(
        (failed.state, failed.trouble),
        (FileState::Failed, Some(Trouble::DiskFull))
    );
    step(&mut world, bob, &id, Step::Progress(9));
    assert_eq!(row(&world, bob, &id), failed, "a late report changes nothing");
    get(&mut world, bob, id).unwrap();
    assert_eq!(row(&world, bob, &id).trouble, None, "tried anew");
    for _ in 0..60 {
        step(&mut world, bob, &id, Step::Knocked(door(2)));
    }
    assert_eq!(row(&world, bob, &id).trouble, Some(Trouble::Unreachable), "asking ends");
    get(&mut world, bob, id).unwrap();
    let cancel = files::Command::Cancel { message: id };
    world.command(alice, Command::File(cancel)).unwrap();
    world.pass(MINUTE);
    assert_eq!(row(&world, bob, &id).state, FileState::Cancelled);
    assert_eq!(row(&world, bob, &id).knock_at, None);
}

#[test]
fn a_file_that_is_wanted_again_is_given_again_and_stays_complete() {
    let (mut world, alice, bob) = willing();
    let id = send(&mut world, alice, bob, large(1)).unwrap();
    get(&mut world, bob, id).unwrap();
    step(&mut world, alice, &id, Step::Complete);
    step(&mut world, bob, &id, Step::Failed(Trouble::DiskFull));
    get(&mut world, bob, id).unwrap();
    for end in [Step::Broken, Step::Progress(3), Step::Complete] {
        world.pass(1_000);
        step(&mut world, bob, &id, Step::Knocked(door(2)));
        assert!(row(&world, alice, &id).knock_at.is_some());
        step(&mut world, alice, &id, end);
        let row = row(&world, alice, &id);
        assert_eq!((row.state, row.knock_at, row.door), (FileState::Complete, None, None));
    }
}
