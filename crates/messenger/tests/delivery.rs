//! Delivery states: from evidence only, and never backwards.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, HOUR, MINUTE, Who, World};
use messenger::{Command, CommandError, MessageId, Published};
use store::Delivery;

fn state(world: &World, who: Who, with: Who, id: &MessageId) -> Delivery {
    world
        .messages(who, with)
        .into_iter()
        .find(|row| row.id == *id)
        .unwrap()
        .delivery
        .unwrap()
}

#[test]
fn queued_sent_delivered() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "one");
    assert_eq!(state(&world, alice, bob, &id), Delivery::Queued);
    world.pass(HOUR);
    assert_eq!(
        state(&world, alice, bob, &id),
        Delivery::Queued,
        "nothing was published yet"
    );
    world.people[bob.0].online = false;
    world.people[alice.0].online = true;
    let now = world.now;
    world.messenger(alice).connected(now).unwrap();
    world.pump();
    assert_eq!(state(&world, alice, bob, &id), Delivery::Sent);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.pass(1_000);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Delivered);
}

#[test]
fn a_message_that_the_network_lost_is_repeated_until_it_is_acknowledged() {
    let (mut world, alice, bob) = World::friends();
    world.swallow = 1;
    let id = world.say(alice, bob, "lost once");
    assert_eq!(state(&world, alice, bob, &id), Delivery::Sent);
    world.pass(26_000);
    assert_eq!(world.texts(bob, alice), ["Let us talk"], "not before 27 seconds");
    world.pass(11_000);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "lost once"]);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Delivered);
}

#[test]
fn a_lost_acknowledgement_is_repaired_and_nothing_is_shown_twice() {
    let (mut world, alice, bob) = World::friends();
    (world.carry, world.swallow) = (1, 1); // Bobby's acknowledgement is lost
    let id = world.say(alice, bob, "once");
    world.pass(1_000);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Sent);
    world.pass(MINUTE);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Delivered);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "once"]);
}

#[test]
fn repetitions_come_rarer_and_end() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    let before = world.archive.len();
    let id = world.say(alice, bob, "is anybody there");
    let bundles = 24 * 4; // contact codes and other daily business, at most
    world.pass(MINUTE);
    assert_eq!(world.archive.len() - before, 2);
    world.pass(20 * DAY);
    let sent = world.archive.len() - before;
    let topic = world.archive[before].message.content_topic.clone();
    let repeated = world.archive[before..]
        .iter()
        .filter(|one| one.message.content_topic == topic)
        .count();
    assert_eq!(
        repeated, 15,
        "fifteen times and not once more ({sent} envelopes, {bundles})"
    );
    assert_eq!(
        state(&world, alice, bob, &id),
        Delivery::Sent,
        "the network has it, that stays true"
    );
    world.people[bob.0].online = true;
    world.catch_up(bob);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "is anybody there"]);
}

#[test]
fn nothing_is_repeated_while_the_network_has_not_even_taken_it() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    world.say(alice, bob, "patience");
    world.pass(2 * DAY);
    let store = world.messenger(alice).store();
    let waiting = store
        .read(|view| view.outbox().due(messenger::Timestamp(u64::MAX >> 1), 1_000))
        .unwrap();
    let of_messages = waiting.iter().filter(|row| row.entry.message.is_some()).count();
    assert_eq!(of_messages, 1);
}

#[test]
fn what_can_never_be_published_fails_and_can_be_sent_again() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "stubborn");
    let resend = Command::Resend { message: id };
    assert!(matches!(
        world.command(alice, resend.clone()),
        Err(CommandError::NotFailed)
    ));
    let now = world.now;
    let sealed = world.messenger(alice).seal_due(now, 10).unwrap().value;
    for (entry, _) in sealed {
        world
            .messenger(alice)
            .published(now, entry, Published::TooLarge)
            .unwrap();
    }
    assert_eq!(state(&world, alice, bob, &id), Delivery::Failed);
    world.pass(DAY);
    world.people[alice.0].online = true;
    world.pass(MINUTE);
    assert_eq!(world.texts(bob, alice), ["Let us talk"], "given up is given up");
    world.command(alice, resend).unwrap();
    world.pass(1_000);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Delivered);
    assert_eq!(world.messages(bob, alice).last().unwrap().id, id, "it keeps its id");
}

#[test]
fn an_entry_that_nobody_takes_is_tried_rarer_and_given_up_in_the_end() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "hopeless");
    let mut attempts = Vec::new();
    let start = world.now;
    while world.now.since(start) < 11 * DAY && state(&world, alice, bob, &id) == Delivery::Queued {
        let now = world.now;
        let sealed = world.messenger(alice).seal_due(now, 100).unwrap().value;
        for (entry, _) in &sealed {
            attempts.push(now.since(start));
            world.messenger(alice).published(now, *entry, Published::Retry).unwrap();
        }
        let wait = if attempts.len() < 20 { 1_000 } else { HOUR };
        world.pass(wait);
    }
    assert_eq!(attempts[..6], [0, 2_000, 6_000, 14_000, 30_000, 60_000]);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Failed);
    assert!(world.now.since(start) >= 10 * DAY);
}

#[test]
fn a_late_acknowledgement_corrects_a_failure_and_no_result_takes_a_delivery_back() {
    let (mut world, alice, bob) = World::friends();
    let now = world.now;
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "tricky");
    let sealed = world.messenger(alice).seal_due(now, 10).unwrap().value;
    // The envelope got out, but the answer was lost and the next attempt is refused.
    let (entry, envelope) = sealed.into_iter().next().unwrap();
    world
        .messenger(alice)
        .published(now, entry, Published::TooLarge)
        .unwrap();
    assert_eq!(state(&world, alice, bob, &id), Delivery::Failed);
    world.messenger(bob).receive(now, &envelope).unwrap();
    world.people[alice.0].online = true;
    world.pass(1_000);
    assert_eq!(state(&world, alice, bob, &id), Delivery::Delivered);
    world.messenger(alice).published(now, entry, Published::Retry).unwrap();
    world
        .messenger(alice)
        .published(now, entry, Published::TooLarge)
        .unwrap();
    assert_eq!(state(&world, alice, bob, &id), Delivery::Delivered);
}

#[test]
fn our_own_envelopes_are_recognised_when_they_come_back() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "echo");
    world.pass(1_000);
    let now = world.now;
    for envelope in world.archive.clone() {
        let of_alice = messenger::Inbound::Dropped(messenger::Reason::OwnEcho);
        let inbound = world.messenger(alice).receive(now, &envelope).unwrap();
        assert!(
            inbound.changes.is_empty() || inbound.value == messenger::Inbound::Applied,
            "{inbound:?}"
        );
        if envelope == *world.archive.first().unwrap() {
            assert_eq!(inbound.value, of_alice);
        }
    }
    assert_eq!(world.texts(alice, bob), ["Let us talk", "echo"]);
}

#[test]
fn texts_are_checked() {
    let (mut world, alice, bob) = World::friends();
    let chat = world.chat(bob);
    let write = |text: &str| Command::SendText {
        chat: chat.clone(),
        text: text.into(),
        reply_to: None,
    };
    assert!(matches!(
        world.command(alice, write(" \n")),
        Err(CommandError::EmptyText)
    ));
    assert!(matches!(
        world.command(alice, write(&"x".repeat(4_097))),
        Err(CommandError::MessageTooLong)
    ));
    world.command(alice, write(&"é".repeat(4_096))).unwrap();
    world.pass(1_000);
    assert_eq!(world.texts(bob, alice).last().unwrap().chars().count(), 4_096);
    let nowhere = Command::SendText {
        chat: "nowhere".parse().unwrap(),
        text: "x".into(),
        reply_to: None,
    };
    assert!(matches!(world.command(alice, nowhere), Err(CommandError::ChatNotFound)));
}
