//! The program ends without a word, at every place between two turns: nothing is lost, and nothing is shown twice.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{MINUTE, Who, World};
use messenger::{Command, Published};
use store::Delivery;

/// A story in small steps; after step `crash` one of them starts anew.
fn story(crash: Option<(usize, Who)>) -> (World, usize) {
    let (mut world, alice, bob) = World::two();
    let (a, b) = (world.key(alice), world.key(bob));
    let (to_alice, to_bob) = (world.chat(alice), world.chat(bob));
    let text = |chat: &messenger::ChatId, text: &str| Command::SendText {
        chat: chat.clone(),
        text: text.into(),
        reply_to: None,
    };
    let script: Vec<(Who, Command)> = vec![
        (
            alice,
            Command::SendContactRequest {
                to: b,
                note: "hello".into(),
            },
        ),
        (bob, Command::AcceptContactRequest { contact: a }),
        (alice, text(&to_bob, "one")),
        (alice, text(&to_bob, "two")),
        (bob, text(&to_alice, "three")),
        (alice, text(&to_bob, "four")),
        (bob, text(&to_alice, "five")),
    ];
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
        let now = world.now;
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
    let (world, steps) = story(None);
    let (alice, bob) = (Who(0), Who(1));
    let expected = ["hello", "one", "two", "three", "four", "five"];
    assert_eq!(world.texts(alice, bob), expected);
    let mut crashes = 0;
    // A prime stride visits every kind of place without playing thousands of stories.
    for crash in (0..steps).step_by(7) {
        for who in [alice, bob] {
            let (mut world, _) = story(Some((crash, who)));
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
