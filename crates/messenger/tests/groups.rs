//! Private groups between real messengers: founding, talking, letting in, putting out, leaving.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{HOUR, Who, World};
use messenger::groups::{self, Change, Command as Wish};
use messenger::{ChatId, Command, CommandError, MessageId, Reply};
use store::{ActivityKind, ActivityRow, Answer, Delivery, GroupStanding};

/// Alice, Bobby and Carol; Alice is a contact of both, and they are none of each other.
fn three() -> (World, Who, Who, Who) {
    let mut world = World::new(&["Alice", "Bobby", "Carol"]);
    let [alice, bob, carol] = [0, 1, 2].map(Who);
    world.befriend(alice, bob);
    world.befriend(alice, carol);
    (world, alice, bob, carol)
}

fn found(world: &mut World, by: Who, people: &[Who]) -> ChatId {
    let people = people.iter().map(|who| world.key(*who)).collect();
    let create = Wish::Create {
        name: "Climbing".into(),
        colour: String::new(),
        picture: None,
        people,
    };
    match world.command(by, Command::Group(create)).unwrap() {
        Reply::Chat(chat) => chat,
        other => panic!("{other:?}"),
    }
}

fn change(world: &mut World, by: Who, chat: &ChatId, change: Change) -> Result<Reply, CommandError> {
    let chat = chat.clone();
    world.command(by, Command::Group(Wish::Change { chat, change }))
}

fn say(world: &mut World, by: Who, chat: &ChatId, text: &str) -> MessageId {
    let command = Command::SendText {
        chat: chat.clone(),
        text: text.into(),
        reply_to: None,
    };
    match world.command(by, command).unwrap() {
        Reply::Message(id) => id,
        other => panic!("{other:?}"),
    }
}

fn texts(world: &World, who: Who, chat: &ChatId) -> Vec<String> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let mut rows = store.read(|view| view.messages().page(chat, None, 1_000)).unwrap();
    rows.reverse();
    rows.into_iter().map(|row| row.text).collect()
}

fn look(world: &World, who: Who, chat: &ChatId) -> Option<groups::Group> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| groups::look(view, chat)).unwrap()
}

/// The name and who is in it, in the order of the people of the world, admins in capitals.
fn seen(world: &World, who: Who, chat: &ChatId) -> String {
    let Some(group) = look(world, who, chat) else {
        return "nothing".into();
    };
    let name = |who: Who| world.people[who.0].name;
    let mut members = Vec::new();
    for who in (0..world.people.len()).map(Who) {
        match group.members.iter().find(|(key, _)| *key == world.key(who)) {
            Some((_, true)) => members.push(name(who).to_uppercase()),
            Some((_, false)) => members.push(name(who).to_owned()),
            None => {}
        }
    }
    format!("{}: {}", group.name, members.join(", "))
}

fn entries(world: &World, who: Who, kind: ActivityKind) -> Vec<ActivityRow> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let filter = store::ActivityFilter {
        kinds: vec![kind],
        read: None,
    };
    store.read(|view| view.activity().list(&filter, None, 100)).unwrap()
}

fn in_list(world: &World, who: Who, chat: &ChatId) -> bool {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let row = store.read(|view| view.chats().load(chat)).unwrap();
    row.is_some_and(|row| row.active)
}

fn delivery(world: &World, who: Who, id: &MessageId) -> Option<Delivery> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.messages().load(id)).unwrap().unwrap().delivery
}

fn absent(world: &World, who: Who, chat: &ChatId) -> usize {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.repair().all_absent(chat)).unwrap().len()
}

fn is_contact(world: &World, who: Who, other: Who) -> bool {
    let key = world.key(other).to_compressed().into();
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let row = store.read(|view| view.contacts().load(&key)).unwrap();
    row.is_some_and(|row| messenger::contacts::is_mutual(&row))
}

#[test]
fn three_people_found_a_group_and_talk() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    world.pass(10_000);
    for who in [alice, bob, carol] {
        assert_eq!(seen(&world, who, &chat), "Climbing: ALICE, Bobby, Carol");
        assert!(in_list(&world, who, &chat));
    }
    let said = [(alice, "who is in?"), (bob, "me"), (carol, "me too"), (alice, "good")];
    let mut ids = Vec::new();
    for (who, text) in said {
        ids.push((who, say(&mut world, who, &chat, text)));
        world.pass(10_000);
    }
    for who in [alice, bob, carol] {
        assert_eq!(texts(&world, who, &chat), said.map(|(_, text)| text));
        assert_eq!(absent(&world, who, &chat), 0);
    }
    for (who, id) in ids {
        assert_eq!(delivery(&world, who, &id), Some(Delivery::Delivered));
    }
    assert_eq!(entries(&world, bob, ActivityKind::GroupInvitation).len(), 1);
    assert_eq!(entries(&world, alice, ActivityKind::GroupInvitation).len(), 0);
}

#[test]
fn members_who_never_met_come_to_sessions_of_their_own() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    say(&mut world, bob, &chat, "hello Carol");
    world.pass(60_000);
    say(&mut world, carol, &chat, "hello Bobby");
    world.pass(60_000);
    assert_eq!(texts(&world, carol, &chat), ["hello Carol", "hello Bobby"]);
    assert_eq!(texts(&world, bob, &chat), ["hello Carol", "hello Bobby"]);
    let key = world.key(carol).to_compressed().into();
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    let sessions = store.read(|view| {
        let devices = view.installations().of(&key)?;
        let device = devices.first().cloned().unwrap();
        view.sessions().current(&key, &device.id)
    });
    assert!(sessions.unwrap().is_some());
    assert!(!is_contact(&world, bob, carol), "a group makes nobody a contact");
}

#[test]
fn delivery_is_told_per_member() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    world.pass(10_000);
    world.people[carol.0].online = false;
    let id = say(&mut world, alice, &chat, "who is in?");
    world.pass(2_000);
    assert_eq!(delivery(&world, alice, &id), Some(Delivery::Sent));
    let store = world.people[alice.0].messenger.as_ref().unwrap().store();
    let receipts = store.read(|view| groups::receipts(view, &id)).unwrap();
    let has = |who: Who| {
        let key = world.key(who);
        let receipt = receipts.iter().find(|receipt| receipt.person == key);
        receipt.unwrap().delivered_at.is_some()
    };
    assert_eq!(receipts.len(), 2);
    assert!(has(bob) && !has(carol));
    world.people[carol.0].online = true;
    world.catch_up(carol);
    world.pass(1_000);
    assert_eq!(delivery(&world, alice, &id), Some(Delivery::Delivered));
}

#[test]
fn whoever_comes_sees_nothing_earlier_and_whoever_is_put_out_nothing_later() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob]);
    say(&mut world, alice, &chat, "before Carol");
    say(&mut world, bob, &chat, "also before");
    world.pass(1_000);
    let carols = world.key(carol);
    change(&mut world, alice, &chat, Change::Add(vec![carols])).unwrap();
    world.pass(10_000);
    say(&mut world, bob, &chat, "hello Carol");
    say(&mut world, alice, &chat, "welcome");
    world.pass(HOUR);
    assert_eq!(texts(&world, carol, &chat), ["hello Carol", "welcome"]);
    assert_eq!(absent(&world, carol, &chat), 0, "and misses nothing");
    change(&mut world, alice, &chat, Change::Remove(carols)).unwrap();
    world.pass(1_000);
    say(&mut world, bob, &chat, "after Carol");
    world.pass(HOUR);
    assert_eq!(texts(&world, carol, &chat), ["hello Carol", "welcome"]);
    assert_eq!(texts(&world, alice, &chat).last().unwrap(), "after Carol");
    assert_eq!(seen(&world, carol, &chat), "Climbing: ALICE, Bobby");
    assert_eq!(look(&world, carol, &chat).unwrap().standing, GroupStanding::Out);
    let late = Command::SendText {
        chat: chat.clone(),
        text: "let me in".into(),
        reply_to: None,
    };
    let refused = world.command(carol, late);
    assert!(matches!(refused, Err(CommandError::Group(groups::Error::NotAMember))));
    assert!(!entries(&world, carol, ActivityKind::GroupChange).is_empty());
}

#[test]
fn who_leaves_keeps_what_was_said_and_hears_nothing_more() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    say(&mut world, alice, &chat, "one");
    world.pass(10_000);
    world
        .command(bob, Command::Group(Wish::Leave { chat: chat.clone() }))
        .unwrap();
    world.pass(10_000);
    say(&mut world, alice, &chat, "two");
    world.pass(HOUR);
    assert_eq!(texts(&world, bob, &chat), ["one"]);
    assert!(in_list(&world, bob, &chat));
    assert_eq!(texts(&world, carol, &chat), ["one", "two"]);
    for who in [alice, bob, carol] {
        assert_eq!(seen(&world, who, &chat), "Climbing: ALICE, Carol");
    }
    let bobs = world.key(bob);
    change(&mut world, alice, &chat, Change::Add(vec![bobs])).unwrap();
    world.pass(10_000);
    say(&mut world, carol, &chat, "welcome back");
    world.pass(10_000);
    assert_eq!(texts(&world, bob, &chat), ["one", "welcome back"]);
    assert_eq!(absent(&world, bob, &chat), 0);
}

#[test]
fn names_colours_pictures_and_admins_are_seen_by_all() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    let carols = world.key(carol);
    change(&mut world, bob, &chat, Change::Rename("Boulders".into())).unwrap();
    change(&mut world, bob, &chat, Change::Recolour("#00ff00".into())).unwrap();
    change(&mut world, alice, &chat, Change::Picture(vec![7; 900])).unwrap();
    change(&mut world, alice, &chat, Change::Promote(carols)).unwrap();
    world.pass(10_000);
    for who in [alice, bob, carol] {
        let group = look(&world, who, &chat).unwrap();
        assert_eq!(seen(&world, who, &chat), "Boulders: ALICE, Bobby, CAROL");
        assert_eq!((group.colour.as_str(), group.picture.len()), ("#00ff00", 900));
    }
    let alices = world.key(alice);
    for (who, refused) in [(bob, Change::Remove(carols)), (carol, Change::Remove(alices))] {
        let refused = change(&mut world, who, &chat, refused);
        assert!(matches!(
            refused,
            Err(CommandError::Group(groups::Error::Change(groups::ChangeError::Breach(
                _
            ))))
        ));
    }
}

#[test]
fn only_contacts_are_let_in() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob]);
    let carols = world.key(carol);
    let refused = change(&mut world, bob, &chat, Change::Add(vec![carols]));
    assert!(matches!(refused, Err(CommandError::Group(groups::Error::NotAContact))));
    let refused = world.command(
        bob,
        Command::Group(Wish::Create {
            name: "Climbing".into(),
            colour: String::new(),
            picture: None,
            people: vec![carols],
        }),
    );
    assert!(matches!(refused, Err(CommandError::Group(groups::Error::NotAContact))));
}

#[test]
fn a_group_survives_a_crash_of_everybody() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    say(&mut world, bob, &chat, "one");
    for who in [alice, bob, carol] {
        world.crash(who);
    }
    world.pass(10_000);
    say(&mut world, carol, &chat, "two");
    world.pass(10_000);
    for who in [alice, bob, carol] {
        assert_eq!(seen(&world, who, &chat), "Climbing: ALICE, Bobby, Carol");
        assert_eq!(texts(&world, who, &chat), ["one", "two"]);
    }
}

#[test]
fn a_lost_message_is_brought_by_another_member() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob, carol]);
    world.pass(10_000);
    say(&mut world, alice, &chat, "one");
    world.pass(1_000);
    // Carol misses one for good, by Alice's data sync's belief; Bobby has it.
    world.people[carol.0].online = false;
    let lost = say(&mut world, alice, &chat, "two");
    world.pass(1_000);
    world.archive.clear();
    let peer = world.key(carol).to_compressed().into();
    world.meddle(alice, |tx| {
        for due in tx.datasync().of_message(&lost)? {
            tx.datasync().acknowledge(&due.outgoing.id, &peer)?;
        }
        Ok(())
    });
    world.people[alice.0].online = false;
    world.people[carol.0].online = true;
    say(&mut world, bob, &chat, "three");
    world.pass(6_000);
    assert_eq!(texts(&world, carol, &chat), ["one", "three"]);
    assert_eq!(absent(&world, carol, &chat), 1);
    world.pass(60_000);
    assert_eq!(texts(&world, carol, &chat), ["one", "two", "three"]);
    assert_eq!(absent(&world, carol, &chat), 0);
}

/// Carol and Alice do not know each other; Bobby is the friend of both.
fn invited_by_a_stranger() -> (World, Who, Who, Who, ChatId) {
    let mut world = World::new(&["Alice", "Bobby", "Carol"]);
    let [alice, bob, carol] = [0, 1, 2].map(Who);
    world.befriend(alice, carol);
    world.befriend(alice, bob);
    let chat = found(&mut world, alice, &[bob]);
    world.pass(10_000);
    // Carol ends the contact while Alice, who is offline, still believes in it.
    world.people[alice.0].online = false;
    let contact = world.key(alice);
    world.command(carol, Command::RemoveContact { contact }).unwrap();
    let carols = world.key(carol);
    change(&mut world, alice, &chat, Change::Add(vec![carols])).unwrap();
    say(&mut world, alice, &chat, "hello Carol");
    world.people[alice.0].online = true;
    world.pump();
    world.pass(10_000);
    (world, alice, bob, carol, chat)
}

#[test]
fn a_strangers_invitation_waits_for_an_answer() {
    let (mut world, alice, bob, carol, chat) = invited_by_a_stranger();
    assert!(!in_list(&world, carol, &chat));
    assert_eq!(look(&world, carol, &chat).unwrap().standing, GroupStanding::Invited);
    let [entry] = &entries(&world, carol, ActivityKind::GroupInvitation)[..] else {
        panic!("one entry");
    };
    assert_eq!((entry.answer, entry.detail.as_str()), (Answer::Pending, "Climbing"));
    assert!(texts(&world, carol, &chat).is_empty());
    let published = world.archive.len();
    say(&mut world, bob, &chat, "and hello from me");
    world.pass(10_000);
    world
        .command(carol, Command::Group(Wish::Accept { chat: chat.clone() }))
        .unwrap();
    world.pass(10_000);
    assert!(in_list(&world, carol, &chat));
    assert_eq!(texts(&world, carol, &chat), ["hello Carol", "and hello from me"]);
    let [entry] = &entries(&world, carol, ActivityKind::GroupInvitation)[..] else {
        panic!("one entry");
    };
    assert_eq!(entry.answer, Answer::Accepted);
    say(&mut world, carol, &chat, "thank you");
    world.pass(30_000);
    assert_eq!(texts(&world, alice, &chat).last().unwrap(), "thank you");
    assert!(world.archive.len() > published);
}

#[test]
fn a_declined_invitation_is_forgotten_and_nobody_is_told() {
    let (mut world, alice, bob, carol, chat) = invited_by_a_stranger();
    world
        .command(carol, Command::Group(Wish::Decline { chat: chat.clone() }))
        .unwrap();
    world.pass(10_000);
    assert!(look(&world, carol, &chat).is_none());
    say(&mut world, bob, &chat, "where is Carol?");
    world.pass(10_000);
    assert!(!in_list(&world, carol, &chat));
    assert!(texts(&world, carol, &chat).is_empty());
    assert_eq!(seen(&world, alice, &chat), "Climbing: ALICE, Bobby, Carol");
    let again = world.command(carol, Command::Group(Wish::Accept { chat }));
    assert!(matches!(again, Err(CommandError::Group(groups::Error::NotInvited))));
}

#[test]
fn somebody_asks_to_be_let_in_and_is_or_is_not() {
    let (mut world, alice, bob, carol) = three();
    let chat = found(&mut world, alice, &[bob]);
    world.pass(10_000);
    let (alices, carols) = (world.key(alice), world.key(carol));
    let ask = |chat: &ChatId| {
        Command::Group(Wish::AskToJoin {
            chat: chat.clone(),
            admin: alices,
            introduction: "we climbed together".into(),
        })
    };
    world.command(carol, ask(&chat)).unwrap();
    world.pass(10_000);
    let [entry] = &entries(&world, alice, ActivityKind::GroupJoinRequest)[..] else {
        panic!("one entry");
    };
    assert_eq!(
        (entry.answer, entry.detail.as_str()),
        (Answer::Pending, "we climbed together")
    );
    let answer = |yes| {
        Command::Group(Wish::AnswerRequest {
            chat: chat.clone(),
            person: carols,
            yes,
        })
    };
    world.command(alice, answer(false)).unwrap();
    world.pass(10_000);
    let answers = entries(&world, carol, ActivityKind::GroupJoinAnswer);
    assert_eq!(answers[0].detail, "rejected");
    assert!(look(&world, carol, &chat).is_none());
    world.command(carol, ask(&chat)).unwrap();
    world.pass(10_000);
    world.command(alice, answer(true)).unwrap();
    world.pass(10_000);
    assert_eq!(seen(&world, carol, &chat), "Climbing: ALICE, Bobby, Carol");
    let answers = entries(&world, carol, ActivityKind::GroupJoinAnswer);
    assert_eq!(answers[0].detail, "approved");
    let requests = entries(&world, alice, ActivityKind::GroupJoinRequest);
    assert_eq!(requests[0].answer, Answer::Accepted);
    let nobody = world.command(alice, answer(true));
    assert!(matches!(nobody, Err(CommandError::Group(groups::Error::NoRequest))));
}

#[test]
fn an_old_invitation_lets_nobody_in_who_was_put_out_since() {
    let (mut world, alice, bob, carol) = three();
    world.people[bob.0].online = false;
    let before = world.archive.len();
    let chat = found(&mut world, alice, &[bob, carol]);
    let bob_key = world.key(bob);
    world.pass(HOUR);
    change(&mut world, alice, &chat, Change::Remove(bob_key)).unwrap();
    world.pass(10_000);
    world.people[alice.0].online = false;
    // The network turns the order round.
    let told: Vec<_> = world.archive[before..].iter().rev().cloned().collect();
    let now = world.now;
    for envelope in told {
        if world.messenger(bob).interests().wants(&envelope) {
            world.messenger(bob).receive(now, &envelope).unwrap();
        }
    }
    assert_eq!(look(&world, bob, &chat).unwrap().standing, GroupStanding::Out);
    assert!(entries(&world, bob, ActivityKind::GroupInvitation).is_empty());
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    let shown = store.read(|view| view.chats().load(&chat)).unwrap();
    assert!(!shown.unwrap().active, "and it is in no list");

    // Whoever is let in again is in.
    world.people[alice.0].online = true;
    world.people[bob.0].online = true;
    change(&mut world, alice, &chat, Change::Add(vec![bob_key])).unwrap();
    world.pass(HOUR);
    assert_eq!(seen(&world, bob, &chat), seen(&world, alice, &chat));
    assert_eq!(look(&world, bob, &chat).unwrap().standing, GroupStanding::In);
}
