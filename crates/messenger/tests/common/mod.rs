//! A few people on a perfect network in one hand, in virtual time: what is published arrives at once at everybody who is
//! online and listens there, and is kept for those who are not.
#![allow(dead_code, unreachable_pub)] // each test file uses its part

pub mod enemy;
pub mod marks;

use std::cell::RefCell;
use std::collections::BTreeMap;

use messenger::{
    ChatId, Command, CommandError, HistoryPage, Identity, Inbound, Messenger, Mnemonic, NewProfile, PublicKey,
    Published, Reply, Timestamp,
};
use protocol::address;
use store::{MessageRow, Secret, Store, TopicRow};
use waku_proto::Envelope;

/// When every story begins.
pub const START: Timestamp = Timestamp(1_800_000_000_000);

pub const MINUTE: u64 = 60_000;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

pub struct World {
    pub now: Timestamp,
    pub people: Vec<Person>,
    /// Everything that was published, in order: what a store node holds.
    pub archive: Vec<Envelope>,
    /// Envelopes that the network still carries before it begins to swallow, counted down.
    pub carry: usize,
    /// Envelopes that the network swallows instead of carrying, counted down.
    pub swallow: usize,
}

pub struct Person {
    pub name: &'static str,
    pub messenger: Option<Messenger>,
    pub online: bool,
    pub heard: Vec<Inbound>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who(pub usize);

impl World {
    pub fn new(names: &[&'static str]) -> World {
        let people = names.iter().map(|name| person(name)).collect();
        let mut world = World {
            now: START,
            people,
            archive: Vec::new(),
            carry: 0,
            swallow: 0,
        };
        world.pump();
        world
    }

    /// Alice and Bobby.
    pub fn two() -> (World, Who, Who) {
        (World::new(&["Alice", "Bobby"]), Who(0), Who(1))
    }

    /// Alice and Bobby, who are contacts already.
    pub fn friends() -> (World, Who, Who) {
        let (mut world, alice, bob) = World::two();
        world.befriend(alice, bob);
        (world, alice, bob)
    }

    pub fn befriend(&mut self, one: Who, other: Who) {
        let (to, contact) = (self.key(other), self.key(one));
        self.command(
            one,
            Command::SendContactRequest {
                to,
                note: "Let us talk".into(),
            },
        )
        .unwrap();
        self.pass(6_000);
        self.command(other, Command::AcceptContactRequest { contact }).unwrap();
        self.pass(1_000);
    }

    pub fn messenger(&mut self, who: Who) -> &mut Messenger {
        self.people[who.0].messenger.as_mut().unwrap()
    }

    pub fn key(&self, who: Who) -> PublicKey {
        self.people[who.0].messenger.as_ref().unwrap().account().public_key
    }

    pub fn chat(&self, with: Who) -> ChatId {
        ChatId::one_to_one(&self.key(with))
    }

    pub fn command(&mut self, who: Who, command: Command) -> Result<Reply, CommandError> {
        let now = self.now;
        let reply = self.messenger(who).command(now, command).map(|commit| commit.value);
        self.pump();
        reply
    }

    pub fn say(&mut self, from: Who, to: Who, text: &str) -> messenger::MessageId {
        let command = Command::SendText {
            chat: self.chat(to),
            text: text.into(),
            reply_to: None,
        };
        match self.command(from, command).unwrap() {
            Reply::Message(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Says something that neither arrives nor is repeated, because data sync believes that it was acknowledged.
    pub fn say_lost(&mut self, from: Who, to: Who, text: &str) -> messenger::MessageId {
        self.swallow = 1;
        let id = self.say(from, to, text);
        self.swallow = 0;
        let peer = self.key(to).to_compressed().into();
        self.meddle(from, |tx| {
            for due in tx.datasync().of_message(&id)? {
                tx.datasync().acknowledge(&due.outgoing.id, &peer)?;
            }
            Ok(())
        });
        id
    }

    /// Changes a database behind the back of its program, which is started anew.
    pub fn meddle(&mut self, who: Who, change: impl FnOnce(&mut store::Tx<'_>) -> Result<(), store::StoreError>) {
        let mut store = self.people[who.0].messenger.take().unwrap().into_store();
        store.write(change).unwrap();
        self.people[who.0].messenger = Some(Messenger::reopen(store, self.now, [9; 32]).unwrap());
    }

    /// Publishes everything that is due until nothing is.
    pub fn pump(&mut self) {
        loop {
            let mut quiet = true;
            for who in (0..self.people.len()).map(Who) {
                for envelope in self.publish(who) {
                    quiet = false;
                    self.deliver(who, &envelope);
                }
            }
            if quiet {
                break;
            }
        }
    }

    /// Seals what is due and says that the network took it.
    pub fn publish(&mut self, who: Who) -> Vec<Envelope> {
        let now = self.now;
        let person = &mut self.people[who.0];
        let (true, Some(messenger)) = (person.online, &mut person.messenger) else {
            return Vec::new();
        };
        let sealed = messenger.seal_due(now, 100).unwrap().value;
        for (entry, _) in &sealed {
            messenger.published(now, *entry, Published::Sent).unwrap();
        }
        sealed.into_iter().map(|(_, envelope)| envelope).collect()
    }

    fn deliver(&mut self, from: Who, envelope: &Envelope) {
        if self.carry > 0 {
            self.carry -= 1;
        } else if self.swallow > 0 {
            self.swallow -= 1;
            return;
        }
        self.archive.push(envelope.clone());
        for to in (0..self.people.len()).map(Who).filter(|to| *to != from) {
            let now = self.now;
            let person = &mut self.people[to.0];
            let (true, Some(messenger)) = (person.online, &mut person.messenger) else {
                continue;
            };
            if messenger.interests().wants(envelope) {
                let inbound = messenger.receive(now, envelope).unwrap().value;
                person.heard.push(inbound);
            }
        }
    }

    /// Lets time pass, stopping at every deadline.
    pub fn pass(&mut self, millis: u64) {
        let end = self.now.plus(millis);
        loop {
            let next = self
                .people
                .iter()
                .filter_map(|person| {
                    let messenger = person.messenger.as_ref()?;
                    let publication = messenger.next_publication().unwrap().filter(|_| person.online);
                    messenger.next_deadline().into_iter().chain(publication).min()
                })
                .min();
            match next.filter(|at| *at <= end) {
                Some(at) => self.now = at.max(self.now.plus(1)).min(end),
                None => self.now = end,
            }
            let now = self.now;
            for person in &mut self.people {
                if let Some(messenger) = &mut person.messenger {
                    messenger.deadline(now).unwrap();
                }
            }
            self.pump();
            if self.now >= end {
                break;
            }
        }
    }

    /// Lets time pass without anything happening.
    pub fn pass_quietly(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
    }

    /// Asks the store node for everything that is missing.
    pub fn catch_up(&mut self, who: Who) {
        // What was published in this very moment belongs to the next gap.
        self.pass(1);
        let now = self.now;
        for gap in self.messenger(who).history_gaps(now).unwrap() {
            let gap = gap.gap;
            let wanted = |envelope: &&Envelope| {
                let at = envelope.message.timestamp.unwrap();
                envelope.pubsub_topic == gap.pubsub_topic
                    && gap.content_topics.contains(&envelope.message.content_topic)
                    && (gap.from..=gap.to).contains(&at)
                    && !envelope.message.ephemeral
            };
            let envelopes: Vec<Envelope> = self.archive.iter().filter(wanted).cloned().collect();
            let page = HistoryPage {
                envelopes,
                closed: Some(gap.clone()),
                from: None,
            };
            let inbound = self.messenger(who).history_page(now, page).unwrap().value;
            self.people[who.0].heard.extend(inbound);
        }
        self.pump();
    }

    /// The program ends without a word and is started again.
    pub fn crash(&mut self, who: Who) {
        let messenger = self.people[who.0].messenger.take().unwrap();
        let seed = [self.now.0 as u8 ^ 0x5a; 32];
        self.people[who.0].messenger = Some(Messenger::reopen(messenger.into_store(), self.now, seed).unwrap());
    }

    pub fn messages(&self, who: Who, with: Who) -> Vec<MessageRow> {
        let chat = self.chat(with);
        let store = self.people[who.0].messenger.as_ref().unwrap().store();
        let mut rows = store.read(|view| view.messages().page(&chat, None, 10_000)).unwrap();
        rows.reverse();
        rows
    }

    pub fn texts(&self, who: Who, with: Who) -> Vec<String> {
        self.messages(who, with).into_iter().map(|row| row.text).collect()
    }

    pub fn contact(&self, who: Who, other: Who) -> store::ContactRow {
        let key = self.key(other).to_compressed().into();
        let store = self.people[who.0].messenger.as_ref().unwrap().store();
        store.read(|view| view.contacts().load(&key)).unwrap().unwrap()
    }

    /// Shows that the recovery phrase was written down, and takes it off the device.
    pub fn give_up_phrase(&mut self, who: Who) {
        use messenger::profile::Command as Wish;
        let phrase = self.messenger(who).export_phrase().unwrap().unwrap();
        let Reply::Places(places) = self.command(who, Command::Profile(Wish::AskForWords)).unwrap() else {
            panic!("asked for words");
        };
        let word = |place: u8| {
            phrase
                .expose()
                .split(' ')
                .nth(usize::from(place) - 1)
                .unwrap()
                .to_owned()
        };
        let words = places.map(|place| word(place).into());
        self.command(who, Command::Profile(Wish::ConfirmPhrase { words }))
            .unwrap();
        self.command(who, Command::Profile(Wish::ForgetPhrase)).unwrap();
    }

    /// The newest identity of a person that whoever knows their key can read in the contact code.
    pub fn public_identity(&self, who: Who) -> Option<protocol::content::ChatIdentity> {
        use protocol::content::Content;
        use protocol::layers::encryption::{Body, ProtocolMessage};
        use protocol::layers::{application, transport};
        let key = self.key(who);
        let address = address::contact_code(&key);
        let address::Lock::Password(password) = &address.lock else {
            panic!("a contact code has a password");
        };
        let lock = crypto::SymmetricKey::from_password(password.expose());
        let read = |envelope: &Envelope| {
            if envelope.message.content_topic != address.content_topic {
                return None;
            }
            let opening = crypto::payload_v1::OpeningKey::Symmetric(&lock);
            let opened = transport::open(&envelope.message, opening).ok()?;
            let Body::Public(bytes) = ProtocolMessage::parse(&opened.data).ok()?.body else {
                return None;
            };
            let signed = application::verify(bytes, &opened.sender).ok()?;
            match Content::parse(signed.kind, &signed.body).ok()? {
                Content::ContactCode(code) if signed.author == key => code.identity,
                _ => None,
            }
        };
        self.archive
            .iter()
            .filter_map(read)
            .max_by_key(|identity| identity.clock)
    }

    pub fn is_mutual(&self, one: Who, other: Who) -> bool {
        messenger::contacts::is_mutual(&self.contact(one, other))
            && messenger::contacts::is_mutual(&self.contact(other, one))
    }

    /// What a person sees of the chat with somebody, as text that can be compared.
    pub fn transcript(&self, who: Who, with: Who) -> String {
        self.transcript_of(who, &self.chat(with), self.people[with.0].name)
    }

    /// What a person sees of a chat that is called so.
    pub fn transcript_of(&self, who: Who, chat: &ChatId, called: &str) -> String {
        let name = |key: &store::PublicKeyBytes| {
            let of = |who: &Who| self.key(*who).to_compressed() == *key.as_bytes();
            (0..self.people.len())
                .map(Who)
                .find(of)
                .map_or("?", |who| self.people[who.0].name)
        };
        let mut lines = vec![format!("{} with {called}", self.people[who.0].name)];
        let store = self.people[who.0].messenger.as_ref().unwrap().store();
        lines.extend(self.group_of(who, chat, name));
        let mut rows = store.read(|view| view.messages().page(chat, None, 10_000)).unwrap();
        rows.reverse();
        let gaps = store.read(|view| view.repair().gaps(chat)).unwrap();
        let gap = |gap: &store::GapRow| {
            format!(
                "-- {} missing, {:?}, asked {} times --",
                gap.count, gap.state, gap.asked
            )
        };
        for row in &rows {
            lines.extend(gaps.iter().filter(|gap| gap.named_by == row.id).map(gap));
            let late = store.read(|view| view.repair().is_late(&row.id)).unwrap();
            let file = store.read(|view| view.files().of_message(&row.id)).unwrap();
            let quote = row.response_to.map(|id| match rows.iter().find(|row| row.id == id) {
                Some(row) => format!(" (to \"{}\")", row.text),
                None => " (to something unknown)".into(),
            });
            let carried = match (row.kind, file) {
                (_, Some(file)) => Some(format!(" [file {:?}]", file.state)),
                (7, _) => Some(" [picture]".into()),
                (8, _) => Some(" [sound]".into()),
                _ => None,
            };
            let request = row.request.map(|state| format!(" [request {state:?}]"));
            let marks = marks_of(store, row, name);
            let delivery = row.delivery.map(|state| format!(" [{state:?}]"));
            lines.push(format!(
                "{}: {}{}{}{}{}{}{}{}",
                name(&row.author),
                row.text.lines().next().unwrap_or_default(),
                quote.unwrap_or_default(),
                carried.unwrap_or_default(),
                request.unwrap_or_default(),
                delivery.unwrap_or_default(),
                if row.mention && chat.peer().is_none() {
                    " [calls]"
                } else {
                    ""
                },
                if late { " [late]" } else { "" },
                marks,
            ));
        }
        lines.join("\n") + "\n"
    }

    /// How a person sees a group: how they stand to it, what it is called, and who is in it.
    fn group_of<'a>(
        &self,
        who: Who,
        chat: &ChatId,
        name: impl Fn(&store::PublicKeyBytes) -> &'a str,
    ) -> Option<String> {
        let store = self.people[who.0].messenger.as_ref().unwrap().store();
        let group = store.read(|view| messenger::groups::look(view, chat)).unwrap()?;
        let mut members: Vec<String> = group
            .members
            .iter()
            .map(|(key, admin)| {
                let name = name(&key.to_compressed().into());
                format!("{name}{}", if *admin { " (admin)" } else { "" })
            })
            .collect();
        members.sort();
        Some(format!(
            "[{:?} \"{}\": {}]",
            group.standing,
            group.name,
            members.join(", ")
        ))
    }
}

/// What hangs on a message: whether it was edited, deleted or pinned, and the reactions to it.
fn marks_of<'a>(store: &store::Store, row: &MessageRow, name: impl Fn(&store::PublicKeyBytes) -> &'a str) -> String {
    let (reactions, pin) = store
        .read(|view| Ok::<_, store::StoreError>((view.reactions().to(&row.id)?, view.pins().load(&row.id)?)))
        .unwrap();
    let mut marks = String::new();
    if row.kind == 14 {
        marks.push_str(" [a pin]");
    }
    if row.deletion != store::Deletion::None {
        marks.push_str(&format!(" [deleted {:?}", row.deletion));
        marks.push_str(&row.deleted_by.map_or("]".into(), |by| format!(" by {}]", name(&by))));
    }
    if row.edited_clock > 0 {
        marks.push_str(" [edited]");
    }
    if pin.is_some_and(|pin| pin.pinned) {
        marks.push_str(" [pinned]");
    }
    for reaction in reactions {
        marks.push_str(&format!(" {} {}", reaction.emoji, name(&reaction.author)));
    }
    marks
}

fn person(name: &'static str) -> Person {
    Person {
        name,
        messenger: Some(profile(name)),
        online: true,
        heard: Vec::new(),
    }
}

/// A profile whose keys depend on the name only.
pub fn profile(name: &str) -> Messenger {
    device(name, 0, START)
}

/// One of several devices of the same person.
pub fn device(name: &str, number: u8, now: Timestamp) -> Messenger {
    let seed = [name.bytes().fold(number, u8::wrapping_add); 32];
    let phrase = phrase(name);
    let store = store_with_topic_keys();
    let new = NewProfile {
        display_name: name,
        identity: Identity::Restored(&phrase),
    };
    Messenger::create(store, &new, now, seed).unwrap()
}

pub fn phrase(name: &str) -> Mnemonic {
    let mut rng =
        <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([name.len() as u8 ^ name.as_bytes()[0]; 32]);
    Mnemonic::generate(&mut rng)
}

thread_local! {
    static TOPIC_KEYS: RefCell<BTreeMap<String, TopicRow>> = const { RefCell::new(BTreeMap::new()) };
}

/// A database that knows the keys which earlier people of this thread derived: each takes milliseconds.
pub fn store_with_topic_keys() -> Store {
    let mut store = Store::in_memory().unwrap();
    TOPIC_KEYS.with_borrow(|known| {
        store
            .write(|tx| known.values().try_for_each(|row| tx.topics().save(row)))
            .unwrap()
    });
    store
}

/// Keeps the key of a public address for [`store_with_topic_keys`].
pub fn remember_contact_code(person: &PublicKey) {
    let address = address::contact_code(person);
    let address::Lock::Password(password) = &address.lock else {
        return;
    };
    let name = messenger::topics::contact_code_name(person);
    let key = crypto::SymmetricKey::from_password(password.expose());
    let row = TopicRow {
        name: name.clone(),
        pubsub_topic: address.pubsub_topic.as_str().into(),
        content_topic: address.content_topic.as_str().into(),
        key: Some(Secret::from(&key.expose()[..])),
        listening: false,
    };
    TOPIC_KEYS.with_borrow_mut(|known| known.insert(name, row));
}

/// Compares with what was once judged right; `UNDERTONE_GOLDEN=write` writes it anew.
pub fn golden(name: &str, seen: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UNDERTONE_GOLDEN").is_some() {
        std::fs::write(&path, seen).unwrap();
    }
    assert_eq!(seen, std::fs::read_to_string(&path).unwrap(), "{name}");
}
