//! The program ends without a word, at every place between two turns: nothing is lost, and nothing is shown twice.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::marks::{pinned, reactions};
use common::{MINUTE, Who, World};
use messenger::chats::{Command as Wish, For, Mark};
use messenger::{Command, MessageId, Published};
use store::Delivery;

/// What somebody does at a moment of a story.
type Line = (Who, Box<dyn Fn(&World) -> Command>);

const ALICE: Who = Who(0);
const BOB: Who = Who(1);

/// They meet.
fn meeting() -> Vec<Line> {
    let ask = |world: &World| Command::SendContactRequest {
        to: world.key(BOB),
        note: "hello".into(),
    };
    let accept = |world: &World| Command::AcceptContactRequest {
        contact: world.key(ALICE),
    };
    vec![(ALICE, Box::new(ask)), (BOB, Box::new(accept))]
}

fn text(who: Who, text: &'static str) -> Line {
    let say = move |world: &World| Command::SendText {
        chat: world.chat(Who(1 - who.0)),
        text: text.into(),
        reply_to: None,
    };
    (who, Box::new(say))
}

/// Something about the message with a text, as the one who does it has it.
fn about(who: Who, text: &'static str, wish: impl Fn(MessageId) -> Wish + 'static) -> Line {
    let find = move |world: &World| {
        let rows = world.messages(who, Who(1 - who.0));
        Command::Chat(wish(rows.iter().find(|row| row.text == text).unwrap().id))
    };
    (who, Box::new(find))
}

/// A story in small steps; after step `crash` one of them starts anew.
fn story(script: Vec<Line>, crash: Option<(usize, Who)>) -> (World, usize) {
    let (mut world, alice, bob) = World::two();
    let mut step = 0;
    let mut turn = |world: &mut World| {
        if let Some((at, who)) = crash
            && at == step
        {
            world.crash(who);
        }
        step += 1;
    };
    for (who, command) in script {
        // The command's own transaction, and everything after it one turn at a time.
        let (now, command) = (world.now, command(&world));
        world.messenger(who).command(now, command).unwrap();
        turn(&mut world);
        for _ in 0..12 {
            for who in [alice, bob] {
                one_by_one(&mut world, who, &mut turn);
                let now = world.now;
                world.messenger(who).deadline(now).unwrap();
                turn(&mut world);
            }
            world.pass_quietly(500);
        }
    }
    (world, step)
}

/// Seals, publishes and delivers with a possible crash after every single transaction.
fn one_by_one(world: &mut World, who: Who, turn: &mut impl FnMut(&mut World)) {
    let now = world.now;
    let sealed = world.messenger(who).seal_due(now, 100).unwrap().value;
    turn(world);
    for (entry, envelope) in sealed {
        world.archive.push(envelope.clone());
        let other = Who(1 - who.0);
        if world.messenger(other).interests().wants(&envelope) {
            world.messenger(other).receive(now, &envelope).unwrap();
            turn(world);
        }
        world.messenger(who).published(now, entry, Published::Sent).unwrap();
        turn(world);
    }
}

#[test]
fn a_crash_between_any_two_turns_loses_nothing() {
    let script = || {
        let texts = [
            (ALICE, "one"),
            (ALICE, "two"),
            (BOB, "three"),
            (ALICE, "four"),
            (BOB, "five"),
        ];
        let mut script = meeting();
        script.extend(texts.map(|(who, said)| text(who, said)));
        script
    };
    let (world, steps) = story(script(), None);
    let (alice, bob) = (ALICE, BOB);
    let expected = ["hello", "one", "two", "three", "four", "five"];
    assert_eq!(world.texts(alice, bob), expected);
    let mut crashes = 0;
    // A prime stride visits every kind of place without playing thousands of stories.
    for crash in (0..steps).step_by(7) {
        for who in [alice, bob] {
            let (mut world, _) = story(script(), Some((crash, who)));
            world.pass(2 * MINUTE);
            let name = format!("{who:?} crashed after turn {crash}");
            assert_eq!(world.texts(alice, bob), expected, "{name}");
            assert_eq!(world.texts(bob, alice), expected, "{name}");
            for (one, other) in [(alice, bob), (bob, alice)] {
                let rows = world.messages(one, other);
                let own = rows.iter().filter_map(|row| row.delivery);
                assert!(own.into_iter().all(|state| state == Delivery::Delivered), "{name}");
            }
            crashes += 1;
        }
    }
    println!("{crashes} crashes at {steps} places");
}

#[test]
fn a_crash_between_any_two_turns_leaves_edits_deletions_reactions_and_pins_alike() {
    let script = || {
        let mut script = meeting();
        let edit = |to: &'static str| {
            move |message| Wish::Edit {
                message,
                text: to.into(),
            }
        };
        script.extend([
            text(ALICE, "one"),
            text(BOB, "two"),
            about(ALICE, "one", edit("first")),
            about(BOB, "first", |message| Wish::React {
                message,
                emoji: "👍".into(),
                mark: Mark::On,
            }),
            about(BOB, "two", |message| Wish::Delete {
                message,
                whom: For::Everyone,
            }),
            about(BOB, "first", |message| Wish::Pin {
                message,
                mark: Mark::On,
            }),
            about(ALICE, "first", edit("last")),
        ]);
        script
    };
    let (_, steps) = story(script(), None);
    for crash in (0..steps).step_by(19) {
        for who in [ALICE, BOB] {
            let (mut world, _) = story(script(), Some((crash, who)));
            world.pass(2 * MINUTE);
            let name = format!("{who:?} crashed after turn {crash}");
            for (one, other) in [(ALICE, BOB), (BOB, ALICE)] {
                let rows = world.messages(one, other);
                let texts: Vec<&str> = rows.iter().map(|row| &row.text[..]).collect();
                assert_eq!(texts, ["hello", "last", "", ""], "{name}");
                let (kept, deletion) = (rows[1].id, rows[2].deletion);
                assert_eq!(deletion, store::Deletion::ForEveryone, "{name}");
                assert_eq!(
                    reactions(&world, one, &kept),
                    [("👍".to_owned(), 1, one == BOB)],
                    "{name}"
                );
                assert_eq!(pinned(&world, one, &world.chat(other)), [kept], "{name}");
            }
        }
    }
}

#[test]
fn what_was_sealed_but_never_answered_for_is_sent_again() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    world.say(alice, bob, "sealed");
    let now = world.now;
    let first = world.messenger(alice).seal_due(now, 10).unwrap().value;
    assert_eq!(first.len(), 1);
    world.crash(alice);
    world.pass(61_000);
    let now = world.now;
    let second = world.messenger(alice).seal_due(now, 10).unwrap().value;
    assert_eq!(second[0].0, first[0].0, "the same entry");
    assert_ne!(second[0].1.hash(), first[0].1.hash(), "in another envelope");
    // Both got out: Bobby shows one.
    for (_, envelope) in first.into_iter().chain(second) {
        world.messenger(bob).receive(now, &envelope).unwrap();
    }
    assert_eq!(world.texts(bob, alice), ["Let us talk", "sealed"]);
}

#[test]
fn the_name_and_the_settings_survive() {
    let (mut world, alice, _) = World::friends();
    let settings = messenger::Settings {
        share_hours: 7,
        auto_lock_minutes: Some(5),
        ..Default::default()
    };
    world.command(alice, Command::ChangeSettings(settings)).unwrap();
    world
        .command(
            alice,
            Command::SetDisplayName {
                name: "Another name".into(),
            },
        )
        .unwrap();
    world.command(alice, Command::SavePeers(vec![1, 2, 3])).unwrap();
    let before = world.messenger(alice).account();
    world.crash(alice);
    assert_eq!(world.messenger(alice).account(), before);
    assert_eq!(world.messenger(alice).account().display_name, "Another name");
    assert_eq!(world.messenger(alice).settings(), settings);
    assert_eq!(world.messenger(alice).peers().unwrap(), Some(vec![1, 2, 3]));
    assert!(world.messenger(alice).export_phrase().unwrap().is_some());
    world.give_up_phrase(alice);
    assert!(world.messenger(alice).export_phrase().unwrap().is_none());
}
