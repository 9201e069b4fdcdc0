//! What the activity centre tells, and how its entries end.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, Who, World};
use messenger::activity::{self, ActivityFilter, ActivityKind, Answer};
use messenger::{Command, CommandError, Mute};
use store::ActivityRow;

fn entries(world: &World, who: Who) -> Vec<ActivityRow> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store
        .read(|view| view.activity().list(&ActivityFilter::default(), None, 1_000))
        .unwrap()
}

fn told(world: &World, who: Who) -> Vec<(ActivityKind, Answer, bool)> {
    let entries = entries(world, who);
    entries.iter().map(|row| (row.kind, row.answer, row.read)).collect()
}

fn ask(world: &mut World, from: Who, to: Who) {
    let to = world.key(to);
    let note = "Hello".into();
    world.command(from, Command::SendContactRequest { to, note }).unwrap();
    world.pass(6_000);
}

#[test]
fn a_request_waits_for_an_answer_and_is_answered_from_the_list() {
    let (mut world, alice, bob) = World::two();
    ask(&mut world, alice, bob);
    assert_eq!(told(&world, alice), [], "what we do ourselves is no news");
    assert_eq!(
        told(&world, bob),
        [(ActivityKind::ContactRequest, Answer::Pending, false)]
    );
    let entry = entries(&world, bob).remove(0);
    assert_eq!(entry.person.unwrap().as_bytes(), &world.key(alice).to_compressed());
    assert_eq!(entry.message, Some(world.messages(bob, alice)[0].id));
    let accept = Command::Activity(activity::Command::Accept(entry.id));
    world.command(bob, accept.clone()).unwrap();
    world.pass(6_000);
    assert!(world.is_mutual(alice, bob));
    assert_eq!(
        told(&world, bob),
        [(ActivityKind::ContactRequest, Answer::Accepted, true)]
    );
    assert_eq!(
        told(&world, alice),
        [(ActivityKind::ContactAccepted, Answer::None, false)]
    );
    let again = world.command(bob, accept);
    assert!(matches!(
        again,
        Err(CommandError::Activity(activity::Error::NothingAsked))
    ));
}

#[test]
fn a_request_that_is_declined_elsewhere_or_taken_back_or_too_old_waits_no_more() {
    type Ending = fn(&mut World, Who, Who);
    let endings: [(Ending, Answer); 3] = [
        (
            |world, alice, bob| {
                let contact = world.key(alice);
                world.command(bob, Command::DeclineContactRequest { contact }).unwrap();
            },
            Answer::Dismissed,
        ),
        (
            |world, alice, bob| {
                let contact = world.key(bob);
                world
                    .command(alice, Command::RetractContactRequest { contact })
                    .unwrap();
                world.pass(6_000);
            },
            Answer::Over,
        ),
        (|world, _, _| world.pass(8 * DAY), Answer::Over),
    ];
    for (end, expected) in endings {
        let (mut world, alice, bob) = World::two();
        ask(&mut world, alice, bob);
        end(&mut world, alice, bob);
        let entries = told(&world, bob);
        assert_eq!((entries[0].0, entries[0].1), (ActivityKind::ContactRequest, expected));
    }
}

#[test]
fn asking_again_renews_the_entry() {
    let (mut world, alice, bob) = World::two();
    ask(&mut world, alice, bob);
    let first = entries(&world, bob).remove(0);
    world
        .command(bob, Command::Activity(activity::Command::MarkAllRead))
        .unwrap();
    world.pass(8 * DAY);
    ask(&mut world, alice, bob);
    let all = entries(&world, bob);
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].id, all[0].answer, all[0].read),
        (first.id, Answer::Pending, false)
    );
    assert!(all[0].at > first.at);
}

#[test]
fn who_ends_a_contact_is_told_of_and_who_is_blocked_is_gone() {
    let (mut world, alice, bob) = World::friends();
    let contact = world.key(bob);
    world.command(alice, Command::RemoveContact { contact }).unwrap();
    world.pass(6_000);
    assert_eq!(told(&world, bob)[0].0, ActivityKind::ContactRemoved);
    let contact = world.key(alice);
    world.command(bob, Command::Block { contact }).unwrap();
    world.pass(6_000);
    assert_eq!(told(&world, bob), []);
}

#[test]
fn marks_are_kept_and_entries_can_be_taken_out() {
    let (mut world, alice, bob) = World::two();
    ask(&mut world, alice, bob);
    let id = entries(&world, bob)[0].id;
    let mut wish = |wish| world.command(bob, Command::Activity(wish));
    wish(activity::Command::MarkRead(id)).unwrap();
    wish(activity::Command::MarkUnread(id)).unwrap();
    wish(activity::Command::Remove(id)).unwrap();
    for gone in [activity::Command::MarkRead(id), activity::Command::Accept(id)] {
        let error = wish(gone).unwrap_err();
        assert_eq!(error.code(), "entry_not_found");
    }
    assert_eq!(told(&world, bob), []);
}

#[test]
fn a_chat_can_be_silent() {
    let (mut world, alice, bob) = World::friends();
    let chat = world.chat(alice);
    let muted = |world: &World| {
        let store = world.people[bob.0].messenger.as_ref().unwrap().store();
        let row = store.read(|view| view.chats().load(&chat)).unwrap().unwrap();
        messenger::chats::rules::is_muted(row.muted_until, world.now)
    };
    let mute = |how| Command::Mute {
        chat: chat.clone(),
        how,
    };
    world.command(bob, mute(Mute::For(60_000))).unwrap();
    assert!(muted(&world));
    world.pass(60_001);
    assert!(!muted(&world));
    world.command(bob, mute(Mute::Forever)).unwrap();
    world.pass(400 * DAY);
    assert!(muted(&world));
    world.command(bob, mute(Mute::Off)).unwrap();
    assert!(!muted(&world));
}
