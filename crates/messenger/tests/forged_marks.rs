//! Edits, deletions, reactions and pins from somebody with tools instead of a client: in every order, before their
//! message, more than once, forged, and from the future.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::marks::{look, pinned, reactions, row, wish};
use common::{MINUTE, Who, World};
use messenger::chats::Command as Wish;
use messenger::{ChatId, Command, Inbound, MessageId, Missing, Reason, Reply, Rule};
use protocol::content::chat_message::Body;
use protocol::content::{
    ChatMessage, Content, DeleteMessage, EditMessage, EmojiReaction, Kind, MessageType, PinMessage, Rule as Broken,
    SyncMessage,
};
use protocol::layers::application;
use protocol::wire::sync::SyncDeleteForMeMessage;
use store::{Deletion, MessageRow};

/// Mallory, who is a contact of Alice's and sends what no client would.
struct Mallory {
    world: World,
    alice: Who,
    enemy: Enemy,
}

impl Mallory {
    fn new() -> Mallory {
        let mut world = World::new(&["Alice", "Bobby"]);
        let alice = Who(0);
        world.befriend(alice, Who(1));
        let mut enemy = Enemy::new();
        let to = world.key(alice);
        let now = world.now;
        let request = enemy.request_envelope(&to, now, "let me in");
        world.messenger(alice).receive(now, &request).unwrap();
        let contact = enemy.key.public_key();
        world.command(alice, Command::AcceptContactRequest { contact }).unwrap();
        world.pass(MINUTE);
        Mallory { world, alice, enemy }
    }

    fn chat(&self) -> ChatId {
        ChatId::one_to_one(&self.enemy.key.public_key())
    }

    fn ours(&self) -> Option<ChatId> {
        Some(ChatId::one_to_one(&self.world.key(self.alice)))
    }

    fn sign(&self, content: &Content) -> application::Signed {
        let (kind, body) = content.encode();
        let kind = Kind::try_from(i32::try_from(kind).unwrap()).unwrap();
        application::sign(kind, body, &self.enemy.key)
    }

    fn send(&mut self, content: &Content) -> Inbound {
        let signed = self.sign(content);
        self.send_bytes(signed.bytes)
    }

    fn send_bytes(&mut self, bytes: Vec<u8>) -> Inbound {
        let (to, now) = (self.world.key(self.alice), self.world.now);
        let data = self.enemy.encrypt(&to, &self.enemy.sync(&to, vec![bytes]));
        let envelope = self.enemy.envelope(&to, &data, now);
        self.world.messenger(self.alice).receive(now, &envelope).unwrap().value
    }

    fn text(&self, clock: u64, text: &str) -> Content {
        let request = self.enemy.request(&self.world.key(self.alice), clock, text);
        Content::ChatMessage(Box::new(ChatMessage {
            body: Body::Text,
            ..request
        }))
    }

    fn edit(&self, id: MessageId, clock: u64, text: &str) -> Content {
        Content::Edit(Box::new(EditMessage {
            clock,
            text: text.into(),
            chat_id: self.ours(),
            message_id: Some(id),
            message_type: MessageType::OneToOne,
            content_type: 0,
            links: vec![],
            status_links: vec![],
        }))
    }

    fn delete(&self, id: MessageId, clock: u64) -> Content {
        Content::Delete(DeleteMessage {
            clock,
            chat_id: self.ours(),
            message_id: Some(id),
            message_type: MessageType::OneToOne,
            deleted_by: None,
        })
    }

    fn reaction(&self, id: MessageId, clock: u64, emoji: &str, retracted: bool) -> Content {
        Content::Reaction(EmojiReaction {
            clock,
            chat_id: self.ours(),
            message_id: Some(id),
            message_type: MessageType::OneToOne,
            emoji: emoji.into(),
            retracted,
        })
    }

    fn pin(&self, id: MessageId, clock: u64, pinned: bool) -> Content {
        Content::Pin(PinMessage {
            clock,
            message_id: Some(id),
            chat_id: self.ours(),
            pinned,
            message_type: MessageType::OneToOne,
        })
    }

    /// A message of hers that stands in the chat.
    fn standing(&mut self, text: &str) -> (MessageId, u64) {
        let clock = self.world.now.0;
        let content = self.text(clock, text);
        let id = self.sign(&content).id;
        assert_eq!(self.send(&content), Inbound::Applied);
        (id, clock)
    }

    fn row(&self, id: &MessageId) -> MessageRow {
        row(&self.world, self.alice, id)
    }

    /// What Alice sees of a message: its text, whether it stands, emoji on it, whether it is pinned, and the lines of pins.
    fn seen(&self, id: &MessageId) -> (String, Deletion, Vec<String>, bool, usize) {
        let row = self.row(id);
        let emoji = reactions(&self.world, self.alice, id).into_iter().map(|one| one.0);
        let is_pinned = pinned(&self.world, self.alice, &self.chat()).contains(id);
        let page = look(&self.world, self.alice, |view| {
            view.messages().page(&self.chat(), None, 100)
        });
        let lines = page.iter().filter(|row| row.kind == 14).count();
        (row.text, row.deletion, emoji.collect(), is_pinned, lines)
    }
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![vec![]];
    };
    let mut all = Vec::new();
    for order in orders(last) {
        for at in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(at, last);
            all.push(longer);
        }
    }
    all
}

/// Whatever order these come in, also before their message and more than once, Alice sees the same in the end.
fn same_in_every_order(
    make: impl Fn(&Mallory, MessageId, u64) -> Vec<Content>,
) -> (String, Deletion, Vec<String>, bool, usize) {
    let base = Mallory::new();
    let clock = base.world.now.0;
    let message = base.text(clock, "first");
    let id = base.sign(&message).id;
    let contents = [vec![message], make(&base, id, clock)].concat();
    let mut seen = Vec::new();
    for order in orders(contents.len()) {
        let mut mallory = Mallory::new();
        for (nth, at) in order.iter().enumerate() {
            let outcome = mallory.send(&contents[*at]);
            if nth < order.iter().position(|at| *at == 0).unwrap() {
                assert_eq!(outcome, Inbound::Waiting(Missing::Target), "{order:?}");
            }
            if nth % 2 == 0 {
                mallory.world.crash(mallory.alice);
            }
        }
        for content in &contents {
            let again = mallory.send(content);
            let outdated = Inbound::Dropped(Reason::RuleBroken(Rule::Outdated));
            assert!(
                [Inbound::Dropped(Reason::Duplicate), outdated].contains(&again),
                "{again:?}"
            );
        }
        seen.push(mallory.seen(&id));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    seen.remove(0)
}

#[test]
fn edits_end_alike_in_every_order() {
    let seen = same_in_every_order(|mallory, id, clock| {
        vec![
            mallory.edit(id, clock + 1, "second"),
            mallory.edit(id, clock + 3, "fourth"),
            mallory.edit(id, clock + 2, "third"),
        ]
    });
    assert_eq!(seen.0, "fourth");
}

#[test]
fn edits_of_equal_clocks_end_alike_in_every_order() {
    let seen = same_in_every_order(|mallory, id, clock| {
        vec![
            mallory.edit(id, clock + 1, "one"),
            mallory.edit(id, clock + 1, "two"),
            mallory.edit(id, clock + 1, "three"),
        ]
    });
    assert!(["one", "two", "three"].contains(&&seen.0[..]));
}

#[test]
fn a_deletion_is_final_in_every_order() {
    let seen = same_in_every_order(|mallory, id, clock| {
        vec![
            mallory.edit(id, clock + 5, "later"),
            mallory.delete(id, clock + 1),
            mallory.reaction(id, clock + 2, "👍", false),
        ]
    });
    assert_eq!((&seen.0[..], seen.1, seen.2.len()), ("", Deletion::ForEveryone, 0));
}

#[test]
fn reactions_end_alike_in_every_order() {
    let seen = same_in_every_order(|mallory, id, clock| {
        vec![
            mallory.reaction(id, clock + 1, "👍", false),
            mallory.reaction(id, clock + 2, "👍", true),
            mallory.reaction(id, clock + 2, "🦊", false),
        ]
    });
    assert_eq!(seen.2, ["🦊"]);
    let seen = same_in_every_order(|mallory, id, clock| {
        vec![
            mallory.reaction(id, clock + 1, "👍", false),
            mallory.reaction(id, clock + 1, "👍", true),
        ]
    });
    assert!(seen.2.is_empty(), "of two at once the one that takes it off");
}

#[test]
fn pins_end_alike_in_every_order() {
    let seen = same_in_every_order(|mallory, id, clock| {
        vec![
            mallory.pin(id, clock + 1, true),
            mallory.pin(id, clock + 2, false),
            mallory.pin(id, clock + 3, true),
        ]
    });
    assert_eq!((seen.3, seen.4), (true, 2), "each pin has its line");
}

#[test]
fn what_others_wrote_is_theirs() {
    let mut mallory = Mallory::new();
    let (mine, clock) = mallory.standing("hers");
    let (chat, now) = (mallory.chat(), mallory.world.now);
    let say = Command::SendText {
        chat,
        text: "mine".into(),
        reply_to: None,
    };
    let Reply::Message(alices) = mallory.world.messenger(mallory.alice).command(now, say).unwrap().value else {
        panic!("a message");
    };
    let with_bob = mallory.world.say(mallory.alice, Who(1), "for Bobby");
    let forbidden = Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed));
    let later = clock + 10;
    for content in [
        mallory.edit(alices, later, "forged"),
        mallory.delete(alices, later),
        mallory.edit(with_bob, later, "forged"),
        mallory.delete(with_bob, later),
        mallory.reaction(with_bob, later, "👍", false),
        mallory.pin(with_bob, later, true),
        Content::Sync(Box::new(SyncMessage::DeleteForMe(SyncDeleteForMeMessage {
            clock: later,
            message_id: alices.to_string(),
        }))),
    ] {
        assert_eq!(mallory.send(&content), forbidden, "{content:?}");
    }
    assert_eq!(
        (mallory.row(&alices).text, mallory.row(&with_bob).text),
        ("mine".into(), "for Bobby".into())
    );
    assert_eq!(mallory.row(&alices).deletion, Deletion::None);
    // In the name of another chat it is still the chat of those two.
    let elsewhere = mallory.world.chat(Who(1));
    let mut edit = mallory.edit(with_bob, later, "forged");
    if let Content::Edit(edit) = &mut edit {
        edit.chat_id = Some(elsewhere);
    }
    assert_eq!(mallory.send(&edit), forbidden);
    // An author's signed words are not handed on by others.
    let signed = mallory.sign(&mallory.edit(mine, later, "real"));
    let thief = Enemy {
        key: crypto::SecretKey::generate(&mut mallory.enemy.rng),
        ..Enemy::new()
    };
    let honest = std::mem::replace(&mut mallory.enemy, thief);
    assert!(matches!(mallory.send_bytes(signed.bytes), Inbound::Dropped(_)));
    mallory.enemy = honest;
    assert_eq!(mallory.row(&mine).text, "hers");
}

#[test]
fn requests_and_lines_cannot_be_edited_from_outside() {
    let mut mallory = Mallory::new();
    let (id, clock) = mallory.standing("x");
    let request = look(&mallory.world, mallory.alice, |view| {
        view.messages().page(&mallory.chat(), None, 9)
    })
    .into_iter()
    .find(|row| row.request.is_some())
    .unwrap()
    .id;
    let forbidden = Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed));
    assert_eq!(
        mallory.send(&mallory.edit(request, clock + 1, "forged note")),
        forbidden
    );
    assert_eq!(mallory.send(&mallory.pin(id, clock + 1, true)), Inbound::Applied);
    let line = look(&mallory.world, mallory.alice, |view| {
        view.messages().page(&mallory.chat(), None, 9)
    })
    .into_iter()
    .find(|row| row.kind == 14)
    .unwrap()
    .id;
    for content in [
        mallory.edit(line, clock + 2, "Alice owes me money"),
        mallory.delete(line, clock + 2),
        mallory.reaction(line, clock + 2, "👍", false),
        mallory.pin(line, clock + 2, true),
    ] {
        assert_eq!(mallory.send(&content), forbidden);
    }
}

#[test]
fn clocks_of_the_future_move_nothing() {
    let mut mallory = Mallory::new();
    let (id, clock) = mallory.standing("x");
    let too_late = Inbound::Dropped(Reason::RuleBroken(Rule::Content(Broken::Clock)));
    for future in [mallory.world.now.0 + 121_001, u64::MAX, 0] {
        for content in [
            mallory.edit(id, future, "y"),
            mallory.reaction(id, future, "👍", false),
            mallory.pin(id, future, true),
        ] {
            assert_eq!(mallory.send(&content), too_late, "{future}");
        }
    }
    assert_eq!(mallory.seen(&id), ("x".into(), Deletion::None, vec![], false, 0));
    // A deletion is honoured whatever its clock says, as deployed clients do; the chat's clock stays where it was.
    assert_eq!(mallory.send(&mallory.delete(id, u64::MAX)), Inbound::Applied);
    let chat = look(&mallory.world, mallory.alice, |view| view.chats().load(&mallory.chat())).unwrap();
    assert!(chat.clock <= clock + MINUTE);
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    let mut mallory = Mallory::new();
    let (id, clock) = mallory.standing("x");
    for (content, rule) in [
        (mallory.edit(id, clock + 1, " \n"), Broken::NoText),
        (mallory.edit(id, clock + 1, &"x".repeat(4_097)), Broken::TextTooLong),
        (mallory.reaction(id, clock + 1, "words", false), Broken::Reaction),
        (mallory.reaction(id, clock + 1, "\u{202e}👍", false), Broken::Reaction),
        (mallory.reaction(id, clock + 1, "\u{200b}", false), Broken::Reaction),
        (mallory.reaction(id, clock + 1, "👍\u{0}", false), Broken::Reaction),
    ] {
        assert_eq!(
            mallory.send(&content),
            Inbound::Dropped(Reason::RuleBroken(Rule::Content(rule)))
        );
    }
    let unknown = MessageId::from_bytes([7; 32]);
    for content in [
        mallory.edit(unknown, clock + 1, "y"),
        mallory.delete(unknown, clock + 1),
        mallory.reaction(unknown, clock + 1, "👍", false),
        mallory.pin(unknown, clock + 1, true),
    ] {
        assert_eq!(mallory.send(&content), Inbound::Waiting(Missing::Target));
    }
    assert_eq!(mallory.seen(&id), ("x".into(), Deletion::None, vec![], false, 0));
}

#[test]
fn nobody_floods_a_message_with_kinds_of_emoji() {
    let mut mallory = Mallory::new();
    let (id, clock) = mallory.standing("x");
    let emoji = |number: u32| char::from_u32(0x1f300 + number).unwrap().to_string();
    let mut taken = 0;
    for number in 0..200 {
        let outcome = mallory.send(&mallory.reaction(id, clock + 1, &emoji(number), false));
        match outcome {
            Inbound::Applied => taken += 1,
            Inbound::Dropped(Reason::OverQuota | Reason::RuleBroken(Rule::Content(Broken::Reaction))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, 50);
}

#[test]
fn a_message_without_its_chat_waits_and_one_of_a_cleared_chat_does_not() {
    let mut mallory = Mallory::new();
    let (id, clock) = mallory.standing("x");
    let chat = mallory.chat();
    wish(&mut mallory.world, mallory.alice, Wish::Clear { chat }).unwrap();
    let outdated = Inbound::Dropped(Reason::RuleBroken(Rule::Outdated));
    assert_eq!(mallory.send(&mallory.edit(id, clock, "y")), outdated);
    assert_eq!(mallory.send(&mallory.pin(id, clock, true)), outdated);
}
