//! Edits, deletions, reactions and pins between real messengers, and from somebody with tools instead of a client.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{MINUTE, Who, World};
use messenger::chats::{Command as Wish, Error, For, Mark};
use messenger::{ChatId, Command, CommandError, Inbound, MessageId, Missing, Reason, Reply, Rule};
use protocol::content::chat_message::Body;
use protocol::content::{
    ChatMessage, Content, DeleteMessage, EditMessage, EmojiReaction, Kind, MessageType, PinMessage, Rule as Broken,
    SyncMessage,
};
use protocol::layers::application;
use protocol::wire::sync::SyncDeleteForMeMessage;
use store::{Deletion, MessageRow, PinRow, StoreError, Tally, View};

fn wish(world: &mut World, who: Who, wish: Wish) -> Result<Reply, CommandError> {
    world.command(who, Command::Chat(wish))
}

fn edit(world: &mut World, who: Who, message: MessageId, text: &str) -> Result<Reply, CommandError> {
    let text = text.to_owned();
    wish(world, who, Wish::Edit { message, text })
}

fn delete(world: &mut World, who: Who, message: MessageId, whom: For) -> Result<Reply, CommandError> {
    wish(world, who, Wish::Delete { message, whom })
}

fn react(world: &mut World, who: Who, message: MessageId, emoji: &str, mark: Mark) -> Result<Reply, CommandError> {
    let emoji = emoji.to_owned();
    wish(world, who, Wish::React { message, emoji, mark })
}

fn pin(world: &mut World, who: Who, message: MessageId, mark: Mark) -> Result<Reply, CommandError> {
    wish(world, who, Wish::Pin { message, mark })
}

fn look<T>(world: &World, who: Who, look: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> T {
    let messenger = world.people[who.0].messenger.as_ref().unwrap();
    messenger.store().read(look).unwrap()
}

fn row(world: &World, who: Who, id: &MessageId) -> MessageRow {
    look(world, who, |view| view.messages().load(id)).unwrap()
}

fn found(world: &World, who: Who, text: &str) -> usize {
    let search = store::Search {
        text: text.into(),
        ..store::Search::default()
    };
    look(world, who, |view| view.messages().search(&search, 10)).len()
}

/// The emoji on a message: which, how often, whether one's own is among them.
fn reactions(world: &World, who: Who, id: &MessageId) -> Vec<(String, u64, bool)> {
    let own = world.key(who).to_compressed().into();
    let tally = look(world, who, |view| view.reactions().tally(id, &own, 20));
    tally
        .into_iter()
        .map(|Tally { emoji, count, own }| (emoji, count, own))
        .collect()
}

fn pinned(world: &World, who: Who, chat: &ChatId) -> Vec<MessageId> {
    let pins = look(world, who, |view| view.pins().of_chat(chat));
    pins.into_iter().map(|pin: PinRow| pin.message).collect()
}

fn error(result: Result<Reply, CommandError>) -> Error {
    match result {
        Err(CommandError::Chat(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_edit_changes_the_text_everywhere_and_is_marked() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "see you at ate");
    world.pass(MINUTE);
    edit(&mut world, alice, id, "see you at eight").unwrap();
    for (who, with) in [(alice, bob), (bob, alice)] {
        assert_eq!(world.texts(who, with), ["Let us talk", "see you at eight"]);
        assert!(
            row(&world, who, &id).edited_clock > row(&world, who, &id).clock,
            "marked"
        );
        assert_eq!((found(&world, who, "ate"), found(&world, who, "eight")), (0, 1));
    }
    let before = world.archive.len();
    edit(&mut world, alice, id, "see you at eight").unwrap();
    assert_eq!(world.archive.len(), before, "the same text again is nothing to tell");
}

#[test]
fn a_second_edit_wins_and_everybody_has_the_same_text() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "one");
    world.people[bob.0].online = false;
    edit(&mut world, alice, id, "two").unwrap();
    edit(&mut world, alice, id, "three").unwrap();
    world.people[bob.0].online = true;
    world.catch_up(bob);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "three"]);
    assert_eq!(row(&world, bob, &id).edited_clock, row(&world, alice, &id).edited_clock);
}

#[test]
fn only_ones_own_text_can_be_edited() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "hers");
    assert_eq!(error(edit(&mut world, bob, id, "his")), Error::NotYours);
    assert!(matches!(
        edit(&mut world, alice, id, "  "),
        Err(CommandError::EmptyText)
    ));
    let long = "é".repeat(4_097);
    assert!(matches!(
        edit(&mut world, alice, id, &long),
        Err(CommandError::MessageTooLong)
    ));
    let request = world.messages(alice, bob)[0].id;
    assert_eq!(
        error(edit(&mut world, alice, request, "other note")),
        Error::NotEditable
    );
    let unknown = MessageId::from_bytes([1; 32]);
    assert!(matches!(
        edit(&mut world, alice, unknown, "x"),
        Err(CommandError::MessageNotFound)
    ));
    let contact = world.key(bob);
    world.command(alice, Command::RemoveContact { contact }).unwrap();
    assert!(matches!(
        edit(&mut world, alice, id, "x"),
        Err(CommandError::NotAContact)
    ));
}

#[test]
fn a_deletion_for_everyone_leaves_nothing_but_the_place() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "a slip of the tongue");
    edit(&mut world, alice, id, "another slip").unwrap();
    react(&mut world, bob, id, "👍", Mark::On).unwrap();
    pin(&mut world, bob, id, Mark::On).unwrap();
    world.pass(MINUTE);
    delete(&mut world, alice, id, For::Everyone).unwrap();
    for (who, with) in [(alice, bob), (bob, alice)] {
        let row = row(&world, who, &id);
        assert_eq!((row.deletion, &row.text[..]), (Deletion::ForEveryone, ""));
        assert_eq!((row.payload, row.deleted_by, row.seen), (None, None, true));
        assert_eq!(found(&world, who, "slip"), 0);
        assert_eq!(reactions(&world, who, &id), []);
        assert_eq!(pinned(&world, who, &world.chat(with)), []);
        assert!(look(&world, who, |view| view.edits().of(&id)).is_empty());
    }
    for again in [
        edit(&mut world, alice, id, "back"),
        delete(&mut world, alice, id, For::Everyone),
        react(&mut world, bob, id, "👍", Mark::On),
        pin(&mut world, bob, id, Mark::On),
    ] {
        assert_eq!(error(again), Error::Deleted);
    }
    assert_eq!(error(delete(&mut world, bob, id, For::Everyone)), Error::Deleted);
}

#[test]
fn what_was_deleted_before_it_was_sent_is_never_sent_nor_missed() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "before");
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "unsaid");
    edit(&mut world, alice, id, "unsaid as well").unwrap();
    delete(&mut world, alice, id, For::Everyone).unwrap();
    assert!(look(&world, alice, |view| view.datasync().of_message(&id)).is_empty());
    world.people[alice.0].online = true;
    world.pass(10 * MINUTE);
    let after = world.say(alice, bob, "after");
    world.pass(10 * MINUTE);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "before", "after"]);
    let chat = world.chat(alice);
    assert!(
        look(&world, bob, |view| view.repair().all_absent(&chat)).is_empty(),
        "nothing is missed"
    );
    assert!(look(&world, bob, |view| view.messages().load(&id)).is_none());
    assert_eq!(row(&world, alice, &after).delivery, Some(store::Delivery::Delivered));
}

#[test]
fn others_messages_are_deleted_for_oneself_only() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "hers");
    assert_eq!(error(delete(&mut world, bob, id, For::Everyone)), Error::MayNotDelete);
    let published = world.archive.len();
    delete(&mut world, bob, id, For::Me).unwrap();
    assert_eq!(world.texts(bob, alice), ["Let us talk"], "hidden");
    assert_eq!(row(&world, bob, &id).deletion, Deletion::ForMe);
    assert_eq!(world.texts(alice, bob), ["Let us talk", "hers"]);
    assert_eq!(world.archive.len(), published, "nobody is told");
    delete(&mut world, alice, id, For::Everyone).unwrap();
    assert_eq!(row(&world, bob, &id).deletion, Deletion::ForMe, "it stays hidden");
}

#[test]
fn ones_own_message_that_waits_to_be_sent_still_goes_when_it_is_deleted_for_oneself() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "for him");
    delete(&mut world, alice, id, For::Me).unwrap();
    world.people[alice.0].online = true;
    world.pass(MINUTE);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "for him"]);
    assert_eq!(world.texts(alice, bob), ["Let us talk"]);
}

#[test]
fn an_album_is_deleted_whole() {
    use messenger::media;
    let (mut world, alice, bob) = World::friends();
    let picture = |byte| media::Picture {
        jpeg: vec![byte; 100],
        width: 1,
        height: 1,
    };
    let chat = world.chat(bob);
    let send = media::Command::SendPictures {
        chat: chat.clone(),
        text: "four".into(),
        pictures: [1, 2, 3, 4].map(picture).to_vec(),
        reply_to: None,
    };
    world.command(alice, Command::Media(send)).unwrap();
    let single = media::Command::SendPictures {
        chat,
        text: "one".into(),
        pictures: vec![picture(9)],
        reply_to: None,
    };
    world.command(alice, Command::Media(single)).unwrap();
    let third = world.messages(alice, bob)[3].id;
    delete(&mut world, alice, third, For::Everyone).unwrap();
    world.pass(MINUTE);
    for (who, with) in [(alice, bob), (bob, alice)] {
        let rows = world.messages(who, with);
        let gone = rows.iter().filter(|row| row.deletion == Deletion::ForEveryone);
        assert!(gone.clone().all(|row| row.payload.is_none()));
        assert_eq!(gone.count(), 4);
        assert!(rows.last().unwrap().payload.is_some());
    }
}

#[test]
fn reactions_are_put_on_and_taken_off() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "good news");
    react(&mut world, bob, id, "🎉", Mark::On).unwrap();
    react(&mut world, alice, id, "❤", Mark::On).unwrap();
    react(&mut world, bob, id, "❤\u{fe0f}", Mark::On).unwrap();
    for (who, own_first) in [(alice, false), (bob, true)] {
        let expected = [("🎉".to_owned(), 1, own_first), ("❤\u{fe0f}".to_owned(), 2, true)];
        assert_eq!(reactions(&world, who, &id), expected, "hearts are one emoji");
    }
    assert_eq!(
        look(&world, alice, |view| view.chats().summary(&world.chat(bob)))
            .unwrap()
            .unread,
        0,
        "a reaction is nothing to read"
    );
    react(&mut world, bob, id, "🎉", Mark::Off).unwrap();
    react(&mut world, bob, id, "🎉", Mark::Off).unwrap();
    for who in [alice, bob] {
        assert_eq!(reactions(&world, who, &id), [("❤\u{fe0f}".to_owned(), 2, true)]);
    }
    for nonsense in ["", "yes", "👍👍", "\u{202e}👍", "👍 "] {
        assert_eq!(error(react(&mut world, bob, id, nonsense, Mark::On)), Error::NotAnEmoji);
    }
}

#[test]
fn twenty_kinds_of_reactions_are_enough() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "x");
    let emoji = |number: u32| char::from_u32(0x1f600 + number).unwrap().to_string();
    for number in 0..20 {
        react(&mut world, alice, id, &emoji(number), Mark::On).unwrap();
    }
    assert_eq!(
        error(react(&mut world, alice, id, &emoji(20), Mark::On)),
        Error::TooManyReactions
    );
    assert_eq!(
        error(react(&mut world, bob, id, &emoji(20), Mark::On)),
        Error::TooManyReactions
    );
    react(&mut world, bob, id, &emoji(19), Mark::On).unwrap();
    assert_eq!(reactions(&world, bob, &id).len(), 20);
}

#[test]
fn pins_are_three_and_told_by_a_line() {
    let (mut world, alice, bob) = World::friends();
    let ids: Vec<MessageId> = (0..4)
        .map(|number| world.say(alice, bob, &format!("text {number}")))
        .collect();
    for id in &ids[..3] {
        pin(&mut world, bob, *id, Mark::On).unwrap();
    }
    assert_eq!(error(pin(&mut world, bob, ids[3], Mark::On)), Error::TooManyPins);
    for (who, with) in [(alice, bob), (bob, alice)] {
        let chat = world.chat(with);
        assert_eq!(pinned(&world, who, &chat), [ids[2], ids[1], ids[0]], "the newest first");
        let rows = world.messages(who, with);
        let lines: Vec<_> = rows.iter().filter(|row| row.kind == 14).collect();
        assert_eq!(
            lines.iter().map(|row| row.response_to.unwrap()).collect::<Vec<_>>(),
            ids[..3]
        );
        assert!(
            lines
                .iter()
                .all(|row| row.seen && row.author == world.key(bob).to_compressed().into())
        );
    }
    pin(&mut world, alice, ids[1], Mark::Off).unwrap();
    pin(&mut world, alice, ids[3], Mark::On).unwrap();
    for (who, with) in [(alice, bob), (bob, alice)] {
        assert_eq!(pinned(&world, who, &world.chat(with)), [ids[3], ids[2], ids[0]]);
    }
    let line = world.messages(bob, alice).last().unwrap().id;
    assert_eq!(error(react(&mut world, bob, line, "👍", Mark::On)), Error::NotSaid);
    assert_eq!(error(delete(&mut world, alice, line, For::Everyone)), Error::NotSaid);
    delete(&mut world, alice, line, For::Me).unwrap();
}

#[test]
fn two_who_pin_and_unpin_at_once_end_alike() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "x");
    pin(&mut world, alice, id, Mark::On).unwrap();
    // Neither hears the other before having decided: their clocks are equal.
    world.people[alice.0].online = false;
    world.people[bob.0].online = false;
    world.pass(MINUTE);
    pin(&mut world, alice, id, Mark::Off).unwrap();
    pin(&mut world, bob, id, Mark::Off).unwrap();
    pin(&mut world, bob, id, Mark::On).unwrap();
    world.people[alice.0].online = true;
    world.people[bob.0].online = true;
    world.pass(MINUTE);
    world.catch_up(alice);
    world.catch_up(bob);
    let pin = |who: Who| look(&world, who, |view| view.pins().load(&id)).unwrap();
    let [hers, his] = [alice, bob].map(pin);
    assert_eq!(
        (hers.author, hers.clock, hers.pinned),
        (his.author, his.clock, his.pinned)
    );
    assert!(hers.pinned, "his second word has the highest clock");
}

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
