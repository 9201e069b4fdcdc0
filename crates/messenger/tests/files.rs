//! Files between two people: sent in paced chunks, repaired, resumed, given up, and gone with their message.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, HOUR, MINUTE, Who, World};
use crypto::file::FileKey;
use messenger::files::{self, Announcement, FileCommandError, NewFile, Shape};
use messenger::{ChatId, Command, CommandError, Inbound, MessageId, Reason, Reply, Rule};
use protocol::files::{FileId, assemble, encode_chunk, topic_name};
use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use rand_core::SeedableRng as _;
use store::{FileRow, FileState};
use waku_proto::Envelope;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

fn new_file(number: u8, length: usize) -> NewFile {
    let (key, bytes) = (FileKey::from_bytes(&[number; 32]), bytes(length));
    let prepared = files::prepare(&bytes, &key).unwrap();
    NewFile {
        announced: Announcement {
            key,
            name: "holiday.zip".into(),
            media_type: "application/zip".into(),
            size: length as u64,
            content_hash: prepared.content_hash,
            shape: prepared.shape,
            hashes: prepared.hashes,
        },
        sealed: prepared.sealed,
    }
}

fn send(world: &mut World, from: Who, to: Who, file: NewFile) -> MessageId {
    let command = files::Command::Send {
        chat: world.chat(to),
        file,
        reply_to: None,
    };
    match world.command(from, Command::File(command)).unwrap() {
        Reply::Message(id) => id,
        other => panic!("{other:?}"),
    }
}

fn file(world: &World, who: Who, message: &MessageId) -> Option<FileRow> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.files().of_message(message)).unwrap()
}

fn state(world: &World, who: Who, message: &MessageId) -> FileState {
    file(world, who, message).unwrap().state
}

fn chunks(world: &World, who: Who, message: &MessageId) -> usize {
    let id = file(world, who, message).unwrap().id;
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.files().positions(&id)).unwrap().len()
}

/// The file as its receiver would save it.
fn content(world: &World, who: Who, message: &MessageId) -> Vec<u8> {
    let row = file(world, who, message).unwrap();
    let announced = Announcement::decode(&row.announcement).unwrap();
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let data: Vec<Vec<u8>> = (0..announced.shape.data)
        .map(|place| store.read(|view| view.files().chunk(&row.id, place)).unwrap().unwrap())
        .collect();
    assemble(&announced, &data).unwrap()
}

fn is_chunk_of(file: &NewFile, envelope: &Envelope) -> bool {
    envelope.message.content_topic == protocol::address::content_topic(&topic_name(&file.announced.id()))
}

/// Takes the chunks at these places of the archive's order out of it.
fn lose(world: &mut World, file: &NewFile, places: &[usize]) {
    let mut place = 0;
    world.archive.retain(|envelope| {
        if !is_chunk_of(file, envelope) {
            return true;
        }
        place += 1;
        !places.contains(&(place - 1))
    });
}

#[test]
fn a_file_arrives_and_both_sides_know() {
    let (mut world, alice, bob) = World::friends();
    let id = send(&mut world, alice, bob, new_file(1, 600_000));
    assert_eq!(state(&world, alice, &id), FileState::Moving);
    assert_eq!(state(&world, bob, &id), FileState::Moving);
    world.pass(3_500);
    assert!((3..=5).contains(&chunks(&world, bob, &id)), "one chunk a second");
    world.pass(10_000);
    assert_eq!(state(&world, alice, &id), FileState::Complete);
    assert_eq!(state(&world, bob, &id), FileState::Complete);
    assert!(content(&world, bob, &id) == bytes(600_000));
    assert_eq!(chunks(&world, bob, &id), 5, "parity is not kept");
    let heard = world.messenger(bob).interests();
    assert!(
        !heard.pairs().any(|(_, topic)| *topic
            == protocol::address::content_topic(&topic_name(&FileId(FileKey::from_bytes(&[1; 32]).id())))),
        "nobody listens for what is here"
    );
    let text = world.texts(bob, alice).pop().unwrap();
    assert!(
        text.starts_with("📎 holiday.zip (600 kB)\n"),
        "readable for deployed clients: {text}"
    );
}

#[test]
fn who_was_away_gets_it_from_a_store_node_with_what_was_lost_repaired() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    let sent = new_file(2, 1_500_000);
    let id = send(&mut world, alice, bob, sent.clone());
    world.pass(MINUTE);
    assert_eq!(state(&world, alice, &id), FileState::Complete);
    lose(&mut world, &sent, &[0, 7, 11]);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    assert_eq!(state(&world, bob, &id), FileState::Moving);
    world.catch_up(bob);
    assert_eq!(state(&world, bob, &id), FileState::Complete);
    assert!(content(&world, bob, &id) == bytes(1_500_000));
}

#[test]
fn one_envelope_in_twenty_may_be_lost_without_a_question() {
    for seed in 0..5 {
        let (mut world, alice, bob) = World::friends();
        world.people[bob.0].online = false;
        let sent = new_file(9, 5_000_000);
        let id = send(&mut world, alice, bob, sent.clone());
        let begin = world.now;
        while state(&world, alice, &id) != FileState::Complete {
            world.pass(1_000);
        }
        let took = world.now.0 - begin.0;
        assert!(took <= 50_000, "47 envelopes, one a second: {took} ms");
        let mut dice = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
        let total = sent.announced.shape.total() as usize;
        let lost: Vec<usize> = (0..total)
            .filter(|_| rand_core::Rng::next_u32(&mut dice) % 20 == 0)
            .collect();
        lose(&mut world, &sent, &lost);
        world.people[bob.0].online = true;
        world.catch_up(bob);
        world.catch_up(bob);
        assert_eq!(state(&world, bob, &id), FileState::Complete, "{} lost", lost.len());
        assert_eq!(file(&world, bob, &id).unwrap().tries, 0);
    }
}

#[test]
fn what_parity_cannot_repair_is_asked_for() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    let sent = new_file(3, 1_500_000);
    let id = send(&mut world, alice, bob, sent.clone());
    world.pass(MINUTE);
    lose(&mut world, &sent, &[0, 1, 2, 3, 12, 13]);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.catch_up(bob);
    assert_eq!(
        (state(&world, bob, &id), chunks(&world, bob, &id)),
        (FileState::Moving, 9)
    );
    world.pass(3 * MINUTE);
    assert_eq!(state(&world, bob, &id), FileState::Complete);
    assert_eq!(file(&world, bob, &id).unwrap().tries, 1);
    assert!(content(&world, bob, &id) == bytes(1_500_000));
}

#[test]
fn both_go_on_where_they_were_after_a_crash() {
    let (mut world, alice, bob) = World::friends();
    let id = send(&mut world, alice, bob, new_file(4, 1_000_000));
    for _ in 0..5 {
        world.pass(1_700);
        world.crash(alice);
        world.crash(bob);
    }
    world.pass(MINUTE);
    assert_eq!(state(&world, bob, &id), FileState::Complete);
    assert_eq!(state(&world, alice, &id), FileState::Complete);
    assert!(content(&world, bob, &id) == bytes(1_000_000));
    assert_eq!(file(&world, bob, &id).unwrap().tries, 0, "nothing had to be asked for");
}

#[test]
fn a_text_goes_before_the_chunks_that_wait() {
    let (mut world, alice, bob) = World::friends();
    let sent = new_file(5, 1_000_000);
    send(&mut world, alice, bob, sent.clone());
    world.people[alice.0].online = false;
    world.pass(MINUTE);
    world.say(alice, bob, "quick");
    let now = world.now;
    let sealed = world.messenger(alice).seal_due(now, 100).unwrap().value;
    let chunks = sealed
        .iter()
        .filter(|(_, envelope)| is_chunk_of(&sent, envelope))
        .count();
    assert_eq!(
        chunks, 2,
        "only two chunks wait in the outbox, however long we were offline"
    );
    assert!(sealed.len() > 2 && !is_chunk_of(&sent, &sealed[0].1), "the text first");
}

#[test]
fn the_author_takes_a_file_back() {
    let (mut world, alice, bob) = World::friends();
    let id = send(&mut world, alice, bob, new_file(6, 1_000_000));
    world.pass(2_500);
    let cancel = Command::File(files::Command::Cancel { message: id });
    world.command(alice, cancel.clone()).unwrap();
    world.pass(1_000);
    for who in [alice, bob] {
        assert_eq!(
            (state(&world, who, &id), chunks(&world, who, &id)),
            (FileState::Cancelled, 0)
        );
    }
    let again = world.command(alice, cancel).unwrap_err();
    assert!(matches!(again, CommandError::File(FileCommandError::NotMoving)));
}

#[test]
fn who_did_not_hear_that_a_file_was_taken_back_learns_it_when_they_ask() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    let id = send(&mut world, alice, bob, new_file(8, 1_000_000));
    let announcement = world.archive.clone();
    world
        .command(alice, Command::File(files::Command::Cancel { message: id }))
        .unwrap();
    // What took it back comes before what announces it, which means nothing.
    let taken_back = world.archive.split_off(announcement.len());
    let now = world.now;
    for envelope in taken_back.iter().chain(&announcement) {
        if world.messenger(bob).interests().wants(envelope) {
            world.messenger(bob).receive(now, envelope).unwrap();
        }
    }
    assert_eq!(state(&world, bob, &id), FileState::Moving);
    world.people[bob.0].online = true;
    world.pass(5 * MINUTE);
    assert_eq!(
        (state(&world, bob, &id), file(&world, bob, &id).unwrap().tries),
        (FileState::Cancelled, 1)
    );
}

#[test]
fn members_of_a_group_learn_that_a_file_was_taken_back() {
    let (mut world, alice, bob) = World::friends();
    let chat = group_of_two(&mut world, alice, bob);
    let command = files::Command::Send {
        chat,
        file: new_file(9, 1_000_000),
        reply_to: None,
    };
    let Reply::Message(id) = world.command(alice, Command::File(command)).unwrap() else {
        panic!("a message");
    };
    world.pass(2_500);
    assert!(chunks(&world, bob, &id) > 0);
    world
        .command(alice, Command::File(files::Command::Cancel { message: id }))
        .unwrap();
    world.pass(5 * MINUTE);
    for who in [alice, bob] {
        assert_eq!(
            (state(&world, who, &id), chunks(&world, who, &id)),
            (FileState::Cancelled, 0)
        );
    }
}

#[test]
fn nobody_listens_to_chunks_of_a_file_that_was_deleted_or_cleared_away() {
    use messenger::chats::{Command as Wish, For};
    let (mut world, alice, bob) = World::friends();
    let listens = |world: &mut World, file: &NewFile| {
        let topic = protocol::address::content_topic(&topic_name(&file.announced.id()));
        let heard = world.messenger(bob).interests();
        heard.pairs().any(|(_, heard)| *heard == topic)
    };
    let first = new_file(10, 1_000_000);
    let id = send(&mut world, alice, bob, first.clone());
    world.pass(2_500);
    assert!(listens(&mut world, &first));
    let delete = Wish::Delete {
        message: id,
        whom: For::Everyone,
    };
    world.command(alice, Command::Chat(delete)).unwrap();
    world.pass(1_000);
    assert!(file(&world, bob, &id).is_none() && !listens(&mut world, &first));
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    let left = store.read(|view| view.files().count(&first.announced.id())).unwrap();
    assert_eq!(left, 0);

    let second = new_file(11, 1_000_000);
    let id = send(&mut world, alice, bob, second.clone());
    world.pass(2_500);
    assert!(listens(&mut world, &second));
    let clear = Wish::Clear {
        chat: world.chat(alice),
    };
    world.command(bob, Command::Chat(clear)).unwrap();
    assert!(file(&world, bob, &id).is_none() && !listens(&mut world, &second));
}

#[test]
fn the_receiver_stops_and_fetches_it_later_from_history() {
    let (mut world, alice, bob) = World::friends();
    let id = send(&mut world, alice, bob, new_file(7, 1_000_000));
    world.pass(2_500);
    let cancel = files::Command::Cancel { message: id };
    world.command(bob, Command::File(cancel)).unwrap();
    world.pass(HOUR);
    assert_eq!(
        (state(&world, bob, &id), chunks(&world, bob, &id)),
        (FileState::Cancelled, 0)
    );
    assert_eq!(state(&world, alice, &id), FileState::Complete, "others may want it");
    world
        .command(bob, Command::File(files::Command::Get { message: id }))
        .unwrap();
    world.catch_up(bob);
    assert_eq!(state(&world, bob, &id), FileState::Complete);
    assert!(content(&world, bob, &id) == bytes(1_000_000));
}

/// Puts bytes on a file's topic, sealed as whoever holds its key can.
fn forge(world: &World, file: &NewFile, index: u32, sealed: Vec<u8>) -> Envelope {
    let announced = &file.announced;
    let route = Route {
        pubsub_topic: protocol::address::pubsub_topic(""),
        content_topic: protocol::address::content_topic(&topic_name(&announced.id())),
        key: RouteKey::Symmetric(announced.key.topic_key()),
    };
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([index as u8; 32]);
    let anybody = crypto::SecretKey::generate(&mut rng);
    let payload = encode_chunk(&announced.id(), index, sealed);
    transport::seal(&route, &payload, &anybody, world.now, Lifetime::Stored, &mut rng).unwrap()
}

#[test]
fn wrong_foreign_and_repeated_chunks_change_nothing() {
    let (mut world, alice, bob) = World::friends();
    let sent = new_file(8, 600_000);
    let id = send(&mut world, alice, bob, sent.clone());
    world.people[alice.0].online = false;
    let before = chunks(&world, bob, &id);
    let foreign = new_file(9, 600_000);
    let wrong = Inbound::Dropped(Reason::RuleBroken(Rule::WrongChunk));
    let mut altered = sent.sealed[3].clone();
    altered[100] ^= 1;
    let cases = [
        (3, altered, wrong),
        (3, foreign.sealed[3].clone(), wrong),
        (3, sent.sealed[4].clone(), wrong),
        (3, Vec::new(), wrong),
        (999, sent.sealed[3].clone(), wrong),
        (3, sent.sealed[3].clone(), Inbound::Applied),
        (3, sent.sealed[3].clone(), Inbound::Dropped(Reason::Duplicate)),
    ];
    for (index, sealed, expected) in cases {
        world.pass_quietly(1_000);
        let envelope = forge(&world, &sent, index, sealed);
        let now = world.now;
        let inbound = world.messenger(bob).receive(now, &envelope).unwrap().value;
        assert_eq!(inbound, expected);
    }
    assert_eq!(chunks(&world, bob, &id), before + 1, "only the one that was announced");
}

#[test]
fn one_person_cannot_fill_anothers_disk_unasked() {
    let (mut world, alice, bob) = World::friends();
    let shape = Shape::of(5_000_000).unwrap();
    let announce = |number: u8| NewFile {
        announced: Announcement {
            key: FileKey::from_bytes(&[number; 32]),
            name: "big".into(),
            media_type: "a/b".into(),
            size: 5_000_000,
            content_hash: [0; 32],
            shape,
            hashes: vec![[number; 32]; shape.total() as usize],
        },
        sealed: Vec::new(),
    };
    let ids: Vec<MessageId> = (0..10)
        .map(|number| send(&mut world, alice, bob, announce(number)))
        .collect();
    let states: Vec<FileState> = ids.iter().map(|id| state(&world, bob, id)).collect();
    assert_eq!(states[..8], [FileState::Moving; 8]);
    assert_eq!(states[8..], [FileState::Offered; 2], "announced, and not fetched");
    let topics = world.messenger(bob).interests().pairs().count();
    world.pass(9 * DAY);
    assert_eq!(
        state(&world, bob, &ids[0]),
        FileState::Failed,
        "asked ten times, then given up"
    );
    assert!(world.messenger(bob).interests().pairs().count() < topics);
}

#[test]
fn strangers_and_the_blocked_make_nobody_store_anything() {
    let mut world = World::new(&["Alice", "Bobby", "Mallory"]);
    let (alice, bob, mallory) = (Who(0), Who(1), Who(2));
    world.befriend(alice, bob);
    let file = new_file(1, 10_000);
    let to_stranger = files::Command::Send {
        chat: world.chat(bob),
        file: file.clone(),
        reply_to: None,
    };
    assert!(
        world.command(mallory, Command::File(to_stranger)).is_err(),
        "not even with our own program"
    );
    let id = send(&mut world, alice, bob, new_file(2, 600_000));
    let contact = world.key(alice);
    world.command(bob, Command::Block { contact }).unwrap();
    assert_eq!(file_count(&world, bob), 0, "gone with the messages of who is blocked");
    world.pass(MINUTE);
    assert!(super_none(&world, bob, &id) && file_count(&world, bob) == 0);
}

fn super_none(world: &World, who: Who, id: &MessageId) -> bool {
    file(world, who, id).is_none()
}

fn file_count(world: &World, who: Who) -> u64 {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let far = messenger::Timestamp(i64::MAX as u64);
    store.read(|view| view.files().due(far, 1_000)).unwrap().len() as u64
}

#[test]
fn an_announcement_that_makes_no_sense_is_a_text() {
    let (mut world, alice, bob) = World::friends();
    let mut file = new_file(1, 10_000);
    file.announced.size = 4;
    let id = send(&mut world, alice, bob, file);
    world.pass(1_000);
    assert!(super_none(&world, bob, &id));
    assert!(world.texts(bob, alice).pop().unwrap().starts_with("📎"));
}

/// One of two founds a group with the other.
fn group_of_two(world: &mut World, founder: Who, other: Who) -> ChatId {
    let create = messenger::groups::Command::Create {
        name: "Climbing".into(),
        colour: String::new(),
        picture: None,
        people: vec![world.key(other)],
    };
    let Reply::Chat(chat) = world.command(founder, Command::Group(create)).unwrap() else {
        panic!("a chat");
    };
    world.pass(MINUTE);
    chat
}

#[test]
fn a_text_to_a_group_overtakes_a_file_that_waits() {
    let (mut world, alice, bob) = World::friends();
    let chat = group_of_two(&mut world, alice, bob);
    world.people[alice.0].online = false;
    let file = new_file(1, 400_000);
    send(&mut world, alice, bob, file.clone());
    world.pass(MINUTE);
    let command = Command::SendText {
        chat,
        text: "am I in time?".into(),
        reply_to: None,
    };
    world.command(alice, command).unwrap();
    // One at a time, as a slow node would take them.
    let now = world.now;
    let mut order = Vec::new();
    for _ in 0..8 {
        let sealed = world.messenger(alice).seal_due(now, 1).unwrap().value;
        order.extend(sealed.iter().map(|(_, envelope)| is_chunk_of(&file, envelope)));
    }
    let first_chunk = order.iter().position(|is_chunk| *is_chunk).expect("chunks wait");
    assert!(first_chunk > 0, "the text goes first");
    assert!(order[first_chunk..].iter().all(|is_chunk| *is_chunk), "{order:?}");
}
