//! Public chats: who knows the name reads and writes.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{DAY, HOUR, Who, World};
use crypto::SymmetricKey;
use messenger::{ChatId, Command, CommandError, Inbound, MessageId, Reason, Reply, Rule, chats};
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
    let (_, body) = Content::ChatMessage(Box::new(message)).encode();
    let signed = application::sign(Kind::ChatMessage, body, &enemy.key);
    let data = seal_public(signed.bytes, &enemy.installation, enemy.bundle(world.now));
    let address = address::public_chat(heard_in.as_str());
    let route = Route {
        pubsub_topic: address.pubsub_topic,
        content_topic: address.content_topic,
        key: RouteKey::Symmetric(SymmetricKey::from_password(heard_in.as_str())),
    };
    transport::seal(&route, &data, &enemy.key, world.now, Lifetime::Stored, &mut enemy.rng).unwrap()
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
