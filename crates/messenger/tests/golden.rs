//! What two people see, from the first request to the last word, compared with what was once judged right.
//!
//! `UNDERTONE_GOLDEN=write` writes the transcripts anew; look at the difference before committing it.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, MINUTE, Person, Who, World, device};
use crypto::file::FileKey;
use messenger::files::{self, Announcement, NewFile};
use messenger::groups;
use messenger::media::{self, Picture, Sound};
use messenger::{ChatId, Command, MessageId, Reply, chats};

fn compare(name: &str, world: &World) {
    let (alice, bob) = (Who(0), Who(1));
    let seen = format!("{}\n{}", world.transcript(alice, bob), world.transcript(bob, alice));
    compare_text(name, &seen);
}

/// What each of some people sees of a chat.
fn compare_chat(name: &str, world: &World, people: &[Who], chat: &ChatId, called: &str) {
    let seen: Vec<String> = people
        .iter()
        .map(|who| world.transcript_of(*who, chat, called))
        .collect();
    compare_text(name, &seen.join("\n"));
}

fn compare_text(name: &str, seen: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UNDERTONE_GOLDEN").is_some() {
        std::fs::write(&path, seen).unwrap();
    }
    assert_eq!(seen, std::fs::read_to_string(&path).unwrap(), "{name}");
}

fn reply(world: &mut World, from: Who, to: Who, text: &str, nth: usize) {
    let reply_to = Some(world.messages(from, to)[nth].id);
    let command = Command::SendText {
        chat: world.chat(to),
        text: text.into(),
        reply_to,
    };
    world.command(from, command).unwrap();
}

#[test]
fn a_first_conversation() {
    let (mut world, alice, bob) = World::two();
    world.befriend(alice, bob);
    world.say(bob, alice, "Hello Alice, good to hear from you");
    world.pass(2_000);
    world.say(alice, bob, "Is this really encrypted?");
    world.pass(2_000);
    reply(&mut world, bob, alice, "End to end", 2);
    world.pass(2_000);
    reply(&mut world, alice, bob, "zażółć gęślą jaźń 👋🏽", 3);
    world.pass(2_000);
    compare("a_first_conversation", &world);
}

#[test]
fn one_is_away() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    world.say(alice, bob, "Are you there?");
    world.pass(DAY);
    world.say(alice, bob, "I am leaving now");
    world.pass(2_000);
    compare("one_is_away_before", &world);
    world.people[alice.0].online = false;
    world.people[bob.0].online = true;
    world.catch_up(bob);
    reply(&mut world, bob, alice, "I was on a boat", 1);
    world.pass(2_000);
    compare("one_is_away_caught_up", &world);
    world.people[alice.0].online = true;
    world.catch_up(alice);
    world.pass(2_000);
    compare("one_is_away_together_again", &world);
}

#[test]
fn a_reply_to_something_that_never_arrived() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    world.say(alice, bob, "lost");
    world.archive.clear();
    world.people[bob.0].online = true;
    reply(&mut world, alice, bob, "as I said", 1);
    compare("a_reply_to_something_unknown", &world);
    world.pass(60_000);
    compare("a_reply_to_something_that_came_later", &world);
}

#[test]
fn declined_and_blocked() {
    let (mut world, alice, bob) = World::two();
    let (a, b) = (world.key(alice), world.key(bob));
    world
        .command(
            alice,
            Command::SendContactRequest {
                to: b,
                note: "Buy my things".into(),
            },
        )
        .unwrap();
    world.pass(10_000);
    world
        .command(bob, Command::DeclineContactRequest { contact: a })
        .unwrap();
    world.pass(8 * DAY);
    world
        .command(
            alice,
            Command::SendContactRequest {
                to: b,
                note: "Really, buy them".into(),
            },
        )
        .unwrap();
    world.pass(10_000);
    compare("declined", &world);
    world.command(bob, Command::Block { contact: a }).unwrap();
    world.pass(10_000);
    compare("blocked", &world);
    world.command(bob, Command::Unblock { contact: a }).unwrap();
    world.pass(8 * DAY);
    world.befriend(alice, bob);
    world.say(alice, bob, "I sell nothing any more");
    world.pass(10_000);
    compare("unblocked", &world);
}

#[test]
fn a_gap_that_closes() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "First, the key is under the mat");
    world.say_lost(alice, bob, "Second, beware of the dog");
    world.say_lost(alice, bob, "Third, his name is Hasso");
    world.say(alice, bob, "Fourth, take your time");
    world.people[alice.0].online = false;
    world.pass(70_000);
    compare("a_gap_is_searched", &world);
    world.people[alice.0].online = true;
    world.pass(5 * 60_000);
    compare("a_gap_is_closed", &world);
}

#[test]
fn a_gap_that_stays() {
    let (mut world, alice, bob) = World::friends();
    let regretted = world.say_lost(alice, bob, "Something she regrets");
    world.meddle(alice, |tx| tx.messages().remove(&regretted).map(drop));
    world.say(alice, bob, "Forget what I said");
    world.pass(10_000);
    compare("a_gap_is_explained", &world);
}

#[test]
fn both_crash_in_the_middle() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    world.say(alice, bob, "Before the crash");
    world.crash(alice);
    world.say(alice, bob, "After the crash");
    world.crash(bob);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.crash(bob);
    world.say(bob, alice, "Mine crashed as well");
    world.pass(2_000);
    compare("both_crashed", &world);
}

fn say_in(world: &mut World, who: Who, chat: &ChatId, text: &str, reply_to: Option<MessageId>) -> MessageId {
    let command = Command::SendText {
        chat: chat.clone(),
        text: text.into(),
        reply_to,
    };
    let Reply::Message(id) = world.command(who, command).unwrap() else {
        panic!("sending answers with the message")
    };
    world.pass(2_000);
    id
}

#[test]
fn a_public_chat() {
    let mut world = World::new(&["Alice", "Bobby", "Carol"]);
    let (alice, bob, carol) = (Who(0), Who(1), Who(2));
    world.befriend(alice, bob);
    let mut chat = None;
    for who in [alice, bob, carol] {
        let command = Command::Chat(chats::Command::JoinPublic {
            name: "#Climbing".into(),
        });
        let Reply::Chat(id) = world.command(who, command).unwrap() else {
            panic!("joining answers with the chat")
        };
        chat = Some(id);
    }
    let chat = chat.unwrap();
    let question = say_in(&mut world, carol, &chat, "Is anybody here?", None);
    say_in(&mut world, alice, &chat, "We are", Some(question));
    say_in(
        &mut world,
        bob,
        &chat,
        "@everyone: Saturday at eight, by the north face",
        None,
    );
    world.people[alice.0].online = false;
    say_in(&mut world, carol, &chat, "Buy my ropes", None);
    world.people[alice.0].online = true;
    world.catch_up(alice);
    compare_chat("a_public_chat", &world, &[alice, bob, carol], &chat, "#climbing");

    let contact = world.key(carol);
    world.command(bob, Command::Block { contact }).unwrap();
    say_in(&mut world, carol, &chat, "Really, buy them", None);
    let leave = Command::Chat(chats::Command::Leave { chat: chat.clone() });
    world.command(alice, leave).unwrap();
    say_in(&mut world, bob, &chat, "No", None);
    compare_chat(
        "a_public_chat_goes_on",
        &world,
        &[alice, bob, carol],
        &chat,
        "#climbing",
    );
}

fn mark(world: &mut World, who: Who, wish: chats::Command) {
    world.command(who, Command::Chat(wish)).unwrap();
    world.pass(2_000);
}

fn edit(message: MessageId, text: &str) -> chats::Command {
    let text = text.into();
    chats::Command::Edit { message, text }
}

fn react(message: MessageId, emoji: &str, mark: chats::Mark) -> chats::Command {
    let emoji = emoji.into();
    chats::Command::React { message, emoji, mark }
}

fn pin(message: MessageId) -> chats::Command {
    let mark = chats::Mark::On;
    chats::Command::Pin { message, mark }
}

fn delete(message: MessageId, whom: chats::For) -> chats::Command {
    chats::Command::Delete { message, whom }
}

#[test]
fn what_was_said_is_changed_answered_pinned_and_deleted() {
    let (mut world, alice, bob) = World::friends();
    let chat = world.chat(bob);
    let plan = say_in(&mut world, alice, &chat, "We meat at eight", None);
    mark(&mut world, alice, edit(plan, "We meet at eight"));
    mark(&mut world, bob, react(plan, "👍", chats::Mark::On));
    mark(&mut world, bob, pin(plan));
    let slip = say_in(&mut world, alice, &chat, "The code of the door is 1234", None);
    let chat = world.chat(alice);
    say_in(&mut world, bob, &chat, "You should not write that", Some(slip));
    compare("marks_before", &world);

    world.people[bob.0].online = false;
    mark(&mut world, alice, delete(slip, chats::For::Everyone));
    mark(&mut world, alice, edit(plan, "We meet at nine"));
    world.crash(alice);
    mark(&mut world, alice, edit(plan, "We meet at ten"));
    mark(&mut world, bob, react(plan, "👍", chats::Mark::Off));
    mark(&mut world, bob, react(plan, "🦊", chats::Mark::On));
    compare("marks_apart", &world);
    world.crash(bob);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.pass(5 * MINUTE);
    compare("marks_together_again", &world);

    mark(&mut world, bob, delete(plan, chats::For::Me));
    compare("marks_deleted_for_one", &world);
}

fn change(world: &mut World, who: Who, chat: &ChatId, change: groups::Change) {
    let chat = chat.clone();
    let command = groups::Command::Change { chat, change };
    world.command(who, Command::Group(command)).unwrap();
    world.pass(10_000);
}

#[test]
fn the_life_of_a_group() {
    let mut world = World::new(&["Alice", "Bobby", "Carol", "David"]);
    let everybody @ [alice, bob, carol, david] = [Who(0), Who(1), Who(2), Who(3)];
    for other in [bob, carol, david] {
        world.befriend(alice, other);
    }
    let create = groups::Command::Create {
        name: "Climbing".into(),
        colour: String::new(),
        picture: None,
        people: vec![world.key(bob), world.key(carol)],
    };
    let Reply::Chat(chat) = world.command(alice, Command::Group(create)).unwrap() else {
        panic!("founding answers with the chat")
    };
    world.pass(10_000);
    let first = say_in(&mut world, alice, &chat, "Saturday?", None);
    let answer = say_in(&mut world, bob, &chat, "Saturday", Some(first));
    mark(&mut world, carol, react(first, "🧗", chats::Mark::On));
    compare_chat("group_begins", &world, &everybody, &chat, "the group");

    world.people[carol.0].online = false;
    let david_key = world.key(david);
    change(&mut world, alice, &chat, groups::Change::Add(vec![david_key]));
    let spam = say_in(&mut world, david, &chat, "Buy my ropes", None);
    mark(&mut world, alice, delete(spam, chats::For::Everyone));
    mark(&mut world, alice, edit(first, "Sunday?"));
    let bob_key = world.key(bob);
    change(&mut world, alice, &chat, groups::Change::Promote(bob_key));
    change(
        &mut world,
        bob,
        &chat,
        groups::Change::Rename("Climbing on Sunday".into()),
    );
    mark(&mut world, bob, pin(first));
    compare_chat("group_without_one", &world, &everybody, &chat, "the group");
    world.people[carol.0].online = true;
    world.catch_up(carol);
    world.pass(5 * MINUTE);
    compare_chat("group_caught_up", &world, &everybody, &chat, "the group");

    change(&mut world, bob, &chat, groups::Change::Remove(david_key));
    say_in(&mut world, carol, &chat, "Without ropes, then", None);
    mark(&mut world, bob, edit(answer, "Sunday"));
    change(&mut world, bob, &chat, groups::Change::Remove(bob_key));
    say_in(&mut world, alice, &chat, "Just us two", None);
    compare_chat("group_ends", &world, &everybody, &chat, "the group");
}

#[test]
fn pictures_sounds_and_a_file() {
    let (mut world, alice, bob) = World::friends();
    let pictures = [1, 2].map(|number| Picture {
        jpeg: vec![number; 2_000],
        width: 40,
        height: 30,
    });
    let send = media::Command::SendPictures {
        chat: world.chat(bob),
        text: "Two from the top".into(),
        pictures: pictures.to_vec(),
        reply_to: None,
    };
    world.command(alice, Command::Media(send)).unwrap();
    world.pass(2_000);
    let frames = [
        b"#!AMR\n".to_vec(),
        [[0x3c; 1].to_vec(), vec![0; 31]].concat().repeat(50),
    ]
    .concat();
    let sound = Sound::parse(frames).unwrap();
    let send = media::Command::SendSound {
        chat: world.chat(alice),
        sound,
        reply_to: Some(world.messages(bob, alice)[1].id),
    };
    world.command(bob, Command::Media(send)).unwrap();
    world.pass(2_000);
    let (key, bytes) = (FileKey::from_bytes(&[7; 32]), vec![5; 200_000]);
    let prepared = files::prepare(&bytes, &key).unwrap();
    let file = NewFile {
        announced: Announcement {
            key,
            name: "topo.pdf".into(),
            media_type: "application/pdf".into(),
            size: 200_000,
            content_hash: prepared.content_hash,
            shape: prepared.shape,
            hashes: prepared.hashes,
        },
        sealed: prepared.sealed,
    };
    let chat = world.chat(bob);
    let send = files::Command::Send {
        chat,
        file,
        reply_to: None,
    };
    world.people[bob.0].online = false;
    world.command(alice, Command::File(send)).unwrap();
    world.pass(MINUTE);
    compare("attachments_under_way", &world);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.pass(5 * MINUTE);
    compare("attachments_have_come", &world);
}

#[test]
fn a_new_device() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "Before your new telephone");
    world.pass(10 * MINUTE);
    let messenger = device("Bobby", 1, world.now);
    world.people.push(Person {
        name: "Bobby",
        messenger: Some(messenger),
        online: true,
        heard: Vec::new(),
    });
    let fresh = Who(2);
    world.pump();
    world.pass(MINUTE);
    world.say(alice, bob, "After your new telephone");
    world.pass(2_000);
    let contact = world.key(alice);
    world.command(fresh, Command::AcceptContactRequest { contact }).unwrap();
    world.pass(2_000);
    world.say(fresh, alice, "It works");
    world.pass(MINUTE);
    let seen = [(alice, bob), (bob, alice), (fresh, alice)].map(|(who, with)| world.transcript(who, with));
    compare_text("a_new_device", &seen.join("\n"));
}
