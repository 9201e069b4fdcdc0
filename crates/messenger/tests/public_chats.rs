//! Public chats: who knows the name reads and writes.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{DAY, HOUR, Who, World};
use crypto::{SecretKey, SymmetricKey};
use messenger::{ChatId, Command, CommandError, Inbound, MessageId, Reason, Reply, Rule, Timestamp, chats};
use protocol::address;
use protocol::content::chat_message::{AudioMessage, Body};
use protocol::content::{ChatMessage, Content, Kind, MessageType};
use protocol::layers::application;
use protocol::layers::encryption::seal_public;
use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use waku_proto::Envelope;

fn join(world: &mut World, who: Who, name: &str) -> ChatId {
    let command = Command::Chat(chats::Command::JoinPublic { name: name.into() });
    match world.command(who, command).unwrap() {
        Reply::Chat(chat) => chat,
        other => panic!("{other:?}"),
    }
}

fn say(world: &mut World, who: Who, chat: &ChatId, text: &str) -> Result<MessageId, CommandError> {
    let command = Command::SendText {
        chat: chat.clone(),
        text: text.into(),
        reply_to: None,
    };
    world.command(who, command).map(|reply| match reply {
        Reply::Message(id) => id,
        other => panic!("{other:?}"),
    })
}

fn texts(world: &World, who: Who, chat: &ChatId) -> Vec<String> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let rows = store.read(|view| view.messages().page(chat, None, 1_000)).unwrap();
    rows.into_iter().rev().map(|row| row.text).collect()
}

fn message(enemy: &Enemy, chat: &ChatId, clock: u64, text: &str) -> ChatMessage {
    ChatMessage {
        chat_id: Some(chat.clone()),
        message_type: MessageType::PublicGroup,
        body: Body::Text,
        ..enemy.request(&enemy.key.public_key(), clock, text)
    }
}

/// An envelope in the public chat `heard_in`, whatever the content says.
fn envelope(world: &World, enemy: &mut Enemy, heard_in: &ChatId, message: ChatMessage) -> Envelope {
    envelope_at(world.now, enemy, heard_in, message)
}

fn envelope_at(now: Timestamp, enemy: &mut Enemy, heard_in: &ChatId, message: ChatMessage) -> Envelope {
    let (_, body) = Content::ChatMessage(Box::new(message)).encode();
    let signed = application::sign(Kind::ChatMessage, body, &enemy.key);
    let data = seal_public(signed.bytes, &enemy.installation, enemy.bundle(now));
    let address = address::public_chat(heard_in.as_str());
    let route = Route {
        pubsub_topic: address.pubsub_topic,
        content_topic: address.content_topic,
        key: RouteKey::Symmetric(SymmetricKey::from_password(heard_in.as_str())),
    };
    transport::seal(&route, &data, &enemy.key, now, Lifetime::Stored, &mut enemy.rng).unwrap()
}

#[test]
fn strangers_who_know_the_name_read_each_other() {
    let (mut world, alice, bob) = World::two();
    let chat = join(&mut world, alice, "#Undertone");
    assert_eq!(chat.as_str(), "undertone");
    assert_eq!(join(&mut world, bob, "undertone"), chat);
    say(&mut world, alice, &chat, "Is anybody here?").unwrap();
    say(&mut world, bob, &chat, "I am.").unwrap();
    world.pass(HOUR);
    for who in [alice, bob] {
        assert_eq!(texts(&world, who, &chat), ["Is anybody here?", "I am."]);
    }
    let store = world.messenger(bob).store();
    let overview = store
        .read(|view| view.messages().page(&chat, None, 9))
        .unwrap()
        .pop()
        .unwrap();
    assert!(!overview.seen && !overview.mention, "nobody was named: {overview:?}");
    assert!(!world.people[bob.0].heard.contains(&Inbound::Dropped(Reason::Duplicate)));
}

#[test]
fn a_day_of_the_past_is_asked_for() {
    let (mut world, alice, bob) = World::two();
    let chat = join(&mut world, alice, "news");
    say(&mut world, alice, &chat, "old").unwrap();
    world.pass(2 * DAY);
    say(&mut world, alice, &chat, "new").unwrap();
    world.pass(HOUR);
    join(&mut world, bob, "news");
    world.catch_up(bob);
    assert_eq!(texts(&world, bob, &chat), ["new"]);
}

#[test]
fn whoever_left_hears_and_says_nothing() {
    let (mut world, alice, bob) = World::two();
    let chat = join(&mut world, alice, "news");
    join(&mut world, bob, "news");
    say(&mut world, alice, &chat, "before").unwrap();
    let leave = Command::Chat(chats::Command::Leave { chat: chat.clone() });
    world.command(bob, leave).unwrap();
    say(&mut world, alice, &chat, "meanwhile").unwrap();
    assert_eq!(texts(&world, bob, &chat), Vec::<String>::new());
    assert!(matches!(
        say(&mut world, bob, &chat, "hello?"),
        Err(CommandError::ChatNotFound)
    ));
    world.pass(HOUR);
    join(&mut world, bob, "news");
    say(&mut world, alice, &chat, "after").unwrap();
    assert_eq!(texts(&world, bob, &chat), ["after"]);
}

#[test]
fn a_cleared_chat_stays_empty_when_the_past_comes_again() {
    let (mut world, alice, bob) = World::two();
    let chat = join(&mut world, alice, "news");
    join(&mut world, bob, "news");
    say(&mut world, alice, &chat, "one").unwrap();
    world.pass(HOUR);
    let clear = Command::Chat(chats::Command::Clear { chat: chat.clone() });
    world.command(bob, clear).unwrap();
    world.crash(bob);
    world.catch_up(bob);
    say(&mut world, alice, &chat, "two").unwrap();
    assert_eq!(texts(&world, bob, &chat), ["two"]);
    assert_eq!(texts(&world, alice, &chat), ["one", "two"], "only on Bobby's device");
}

#[test]
fn what_is_no_name_is_said() {
    let (mut world, alice, _) = World::two();
    for name in ["", "two words", "0x04ab", "contact-discovery-7"] {
        let command = Command::Chat(chats::Command::JoinPublic { name: name.into() });
        let error = world.command(alice, command).unwrap_err();
        assert_eq!(error.code(), "bad_public_name", "{name}");
    }
    let nowhere = ChatId::new("nowhere").unwrap();
    assert!(matches!(
        say(&mut world, alice, &nowhere, "hello?"),
        Err(CommandError::ChatNotFound)
    ));
}

#[test]
fn only_what_belongs_there_is_heard() {
    let (mut world, alice, bob) = World::friends();
    let chat = join(&mut world, alice, "news");
    let mut enemy = Enemy::new();
    let now = world.now;
    let right = message(&enemy, &chat, now.0, "spam, but allowed");
    let elsewhere = ChatMessage {
        chat_id: Some(ChatId::new("other").unwrap()),
        ..right.clone()
    };
    let personal = ChatMessage {
        chat_id: Some(world.chat(alice)),
        message_type: MessageType::OneToOne,
        ..right.clone()
    };
    let into_a_chat_of_two = ChatMessage {
        chat_id: Some(world.chat(bob)),
        ..right.clone()
    };
    let sound = ChatMessage {
        body: Body::Audio(AudioMessage {
            payload: vec![1; 20],
            r#type: 1,
            duration_ms: 1_000,
        }),
        ..right.clone()
    };
    let not_allowed = Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed));
    for (content, outcome) in [
        (elsewhere, Inbound::Dropped(Reason::NotForUs)),
        (personal, not_allowed),
        (into_a_chat_of_two, not_allowed),
        (sound, not_allowed),
        (right, Inbound::Applied),
    ] {
        let envelope = envelope(&world, &mut enemy, &chat, content);
        assert_eq!(world.messenger(alice).receive(now, &envelope).unwrap().value, outcome);
    }
    assert_eq!(texts(&world, alice, &chat), ["spam, but allowed"]);
    assert_eq!(world.texts(alice, bob).len(), 1, "the request only");
}

/// Says so many texts in the name of somebody; answers how many of them were taken.
fn flood(world: &mut World, who: Who, enemy: &mut Enemy, chat: &ChatId, times: u64) -> usize {
    let now = world.now;
    let mut taken = 0;
    for number in 0..times {
        let text = format!("buy {number}");
        let envelope = envelope(world, enemy, chat, message(enemy, chat, now.0 + number, &text));
        match world.messenger(who).receive(now, &envelope).unwrap().value {
            Inbound::Applied => taken += 1,
            outcome => assert_eq!(outcome, Inbound::Dropped(Reason::OverQuota)),
        }
    }
    taken
}

#[test]
fn nobody_floods_a_public_chat_and_friends_are_heard_through_the_noise() {
    let (mut world, alice, bob) = World::friends();
    let chat = join(&mut world, alice, "news");
    join(&mut world, bob, "news");
    world.people[bob.0].online = false;
    let mut enemy = Enemy::new();
    assert_eq!(flood(&mut world, alice, &mut enemy, &chat, 150), 100, "one person");
    let (now, crowded) = (world.now, chat.clone());
    world.meddle(alice, |tx| {
        for number in 0..400_u16 {
            let mut author = [2; 33];
            author[31..].copy_from_slice(&number.to_be_bytes());
            tx.messages().insert(&stranger_row(&crowded, author, now))?;
        }
        Ok(())
    });
    enemy.key = SecretKey::generate(&mut enemy.rng);
    assert_eq!(flood(&mut world, alice, &mut enemy, &chat, 20), 0, "a crowd");
    world.people[bob.0].online = true;
    say(&mut world, bob, &chat, "I am still here").unwrap();
    assert!(texts(&world, alice, &chat).contains(&"I am still here".to_owned()));

    // It ends by itself, also for what is found in the past.
    world.now = world.now.plus(10 * 60_000);
    assert_eq!(flood(&mut world, alice, &mut enemy, &chat, 3), 3);
}

fn stranger_row(chat: &ChatId, author: [u8; 33], now: Timestamp) -> store::MessageRow {
    store::MessageRow {
        id: MessageId::from_bytes(std::array::from_fn(|at| author[at + 1])),
        chat: chat.clone(),
        author: author.into(),
        clock: now.0,
        sent_at: now,
        kind: 1,
        text: "buy".into(),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: store::Deletion::None,
        deleted_by: None,
        seen: false,
        mention: false,
    }
}

#[test]
fn nobody_moves_the_time_of_a_public_chat() {
    let (mut world, alice, bob) = World::two();
    let chat = join(&mut world, alice, "news");
    join(&mut world, bob, "news");
    let mut enemy = Enemy::new();
    // The envelope's time is the author's to choose, so that the clock fits it.
    for (ahead, outcome) in [
        (
            2 * HOUR,
            Inbound::Dropped(Reason::RuleBroken(Rule::Content(protocol::content::Rule::Clock))),
        ),
        (HOUR - 1_000, Inbound::Applied),
    ] {
        let then = world.now.plus(ahead);
        let content = message(&enemy, &chat, then.0, "from the future");
        let envelope = envelope_at(then, &mut enemy, &chat, content);
        let now = world.now;
        assert_eq!(world.messenger(alice).receive(now, &envelope).unwrap().value, outcome);
    }
    // What Alice says next is taken by somebody who did not hear that.
    say(&mut world, alice, &chat, "now").unwrap();
    assert_eq!(texts(&world, bob, &chat), ["now"]);
}

#[test]
fn a_stranger_has_the_name_they_say_until_they_are_blocked() {
    let (mut world, alice, bob) = World::two();
    let chat = join(&mut world, alice, "news");
    join(&mut world, bob, "news");
    say(&mut world, bob, &chat, "hello").unwrap();
    let key = world.key(bob);
    let name = |world: &World| {
        let store = world.people[alice.0].messenger.as_ref().unwrap().store();
        let key = store::PublicKeyBytes::from(key.to_compressed());
        let heard = store.read(|view| view.people().heard_name(&key)).unwrap();
        heard.map(|(name, _)| name)
    };
    assert_eq!(name(&world).as_deref(), Some("Bobby"));
    world.command(alice, Command::Block { contact: key }).unwrap();
    assert_eq!(name(&world), None);
    say(&mut world, bob, &chat, "hello?").unwrap();
    assert_eq!(texts(&world, alice, &chat), Vec::<String>::new());
}
