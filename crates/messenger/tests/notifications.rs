//! What of a commit is shown: looked up in a real database, decided by the rules.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{Who, World};
use messenger::notifications::rules::{Exception, Loudness, Notifications, Peace, Preview};
use messenger::notifications::{About, Command as Choice, Notice, Situation, of_commit};
use messenger::{ChatId, Command, Mute};

/// Bobby receives everything that Alice has published and nobody took yet; what is he shown?
fn shown(world: &mut World, alice: Who, bob: Who, on_screen: Option<&ChatId>) -> Vec<Notice> {
    let envelopes = world.publish(alice);
    received(world, bob, &envelopes, on_screen)
}

fn received(
    world: &mut World,
    bob: Who,
    envelopes: &[waku_proto::Envelope],
    on_screen: Option<&ChatId>,
) -> Vec<Notice> {
    let (own, now) = (world.key(bob), world.now);
    let settings = world.messenger(bob).settings().notifications;
    let commit = world.messenger(bob).receive_many(now, envelopes).unwrap();
    let situation = Situation {
        own: &own,
        settings: &settings,
        now,
        on_screen,
    };
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    store.read(|view| of_commit(view, &situation, &commit.changes)).unwrap()
}

/// Alice says something that nobody receives yet.
fn say(world: &mut World, from: Who, to: Who, text: &str) -> messenger::MessageId {
    let command = Command::SendText {
        chat: world.chat(to),
        text: text.into(),
        reply_to: None,
    };
    let now = world.now;
    match world.messenger(from).command(now, command).unwrap().value {
        messenger::Reply::Message(id) => id,
        other => panic!("{other:?}"),
    }
}

fn choose(world: &mut World, who: Who, change: impl FnOnce(&mut Notifications)) {
    let mut settings = world.messenger(who).settings();
    change(&mut settings.notifications);
    world.command(who, Command::ChangeSettings(settings)).unwrap();
}

#[test]
fn a_message_is_shown_once_and_not_to_whoever_looks_at_it() {
    let (mut world, alice, bob) = World::friends();
    let id = say(&mut world, alice, bob, "hello");
    let notices = shown(&mut world, alice, bob, None);
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].about, About::Message(id));
    assert_eq!(
        (notices[0].showing.loudness, notices[0].showing.preview),
        (Loudness::Alert, Preview::Nothing)
    );
    say(&mut world, alice, bob, "are you reading this?");
    let chat = world.chat(alice);
    assert_eq!(shown(&mut world, alice, bob, Some(&chat)), []);
    let other = ChatId::new("somewhere-else").unwrap();
    say(&mut world, alice, bob, "and this?");
    assert_eq!(shown(&mut world, alice, bob, Some(&other)).len(), 1);
}

#[test]
fn peace_mutes_and_what_was_chosen_for_the_chat_are_respected() {
    let (mut world, alice, bob) = World::friends();
    let chat = world.chat(alice);
    let mute = |how| Command::Mute {
        chat: chat.clone(),
        how,
    };
    world.command(bob, mute(Mute::For(60_000))).unwrap();
    say(&mut world, alice, bob, "while muted");
    assert_eq!(shown(&mut world, alice, bob, None), []);
    world.pass(60_001);
    say(&mut world, alice, bob, "after it");
    assert_eq!(shown(&mut world, alice, bob, None).len(), 1);

    choose(&mut world, bob, |told| told.peace = Peace::DoNotDisturb);
    say(&mut world, alice, bob, "in peace");
    assert_eq!(shown(&mut world, alice, bob, None), []);
    choose(&mut world, bob, |told| told.peace = Peace::Reachable);

    let exception = Exception {
        mention: Some(Loudness::Quiet),
        ..Exception::default()
    };
    let wish = Choice::ForChat { chat, exception };
    world.command(bob, Command::Notifications(wish)).unwrap();
    say(&mut world, alice, bob, "quietly");
    let notices = shown(&mut world, alice, bob, None);
    assert_eq!(notices[0].showing.loudness, Loudness::Quiet);
}

#[test]
fn many_messages_at_once_are_one_notification() {
    let (mut world, alice, bob) = World::friends();
    let ids: Vec<_> = (0..5)
        .map(|number| say(&mut world, alice, bob, &format!("{number}")))
        .collect();
    let notices = shown(&mut world, alice, bob, None);
    let chat = world.chat(alice);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(notices[0].about, About::Messages(chat, 5, ids[4]));
}

#[test]
fn a_request_is_told_once_from_the_activity_centre() {
    let (mut world, alice, bob) = World::two();
    let (to, before) = (world.key(bob), world.archive.len());
    let note = "Hello".into();
    world.people[bob.0].online = false;
    world.command(alice, Command::SendContactRequest { to, note }).unwrap();
    world.pass(6_000);
    let envelopes = world.archive[before..].to_vec();
    let notices = received(&mut world, bob, &envelopes, None);
    assert!(
        matches!(
            notices.as_slice(),
            [Notice {
                about: About::Entry(_),
                ..
            }]
        ),
        "{notices:?}"
    );
}

#[test]
fn what_we_write_on_this_device_is_not_shown_to_us() {
    let (mut world, alice, bob) = World::friends();
    let command = Command::SendText {
        chat: world.chat(bob),
        text: "mine".into(),
        reply_to: None,
    };
    let (own, now) = (world.key(alice), world.now);
    let commit = world.messenger(alice).command(now, command).unwrap();
    let settings = Notifications::default();
    let situation = Situation {
        own: &own,
        settings: &settings,
        now,
        on_screen: None,
    };
    let store = world.people[alice.0].messenger.as_ref().unwrap().store();
    let notices = store.read(|view| of_commit(view, &situation, &commit.changes)).unwrap();
    assert_eq!(notices, []);
}
