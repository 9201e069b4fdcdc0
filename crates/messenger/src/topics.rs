//! What we listen to, and with which keys: the topics of the database, held in memory for opening envelopes.
//!
//! A symmetric key costs 65,356 rounds of PBKDF2, so it is derived once and kept with its topic, also after we stopped
//! listening. Only topics of ourselves and of accepted people are ever derived: strangers cannot make us work.

use std::collections::BTreeMap;

use crypto::payload_v1::OpeningKey;
use crypto::{PublicKey, SecretKey, SymmetricKey};
use protocol::address::{self, Address, Lock, Password};
use protocol::files::{FileId, file_of_topic};
use protocol::id::{ChatId, public_key_text};
use protocol::layers::transport::{Route, RouteKey};
use store::{Secret, StoreError, TopicRow, View};
use waku_proto::{ContentTopic, Envelope, Interests, PubsubTopic};

use crate::turn::{Me, Turn, row_key};

/// The keys that may open an envelope, by where it travels.
#[derive(Default)]
pub(crate) struct Topics(BTreeMap<ContentTopic, Vec<Listening>>);

struct Listening {
    pubsub_topic: PubsubTopic,
    /// `None`: the topic is ours, and our chat key opens it.
    key: Option<SymmetricKey>,
    /// The file whose chunks travel here.
    file: Option<FileId>,
}

impl Topics {
    /// Reads what we listen to.
    pub(crate) fn load(view: &View<'_>) -> Result<Topics, StoreError> {
        let mut topics = Topics::default();
        for row in view.topics().listening()? {
            let key = row.key.as_ref().and_then(symmetric);
            let listening = Listening {
                pubsub_topic: row.pubsub_topic.as_str().into(),
                key,
                file: file_of_topic(&row.name),
            };
            topics
                .0
                .entry(row.content_topic.as_str().into())
                .or_default()
                .push(listening);
        }
        Ok(topics)
    }

    /// The keys to try on an envelope, none if we do not listen there.
    pub(crate) fn keys<'a>(&'a self, envelope: &Envelope, own: &'a SecretKey) -> Vec<OpeningKey<'a>> {
        let listening = self
            .0
            .get(&envelope.message.content_topic)
            .map_or(&[][..], Vec::as_slice);
        let mut keys: Vec<OpeningKey<'a>> = Vec::with_capacity(listening.len());
        let mut own_tried = false;
        for one in listening.iter().filter(|one| one.pubsub_topic == envelope.pubsub_topic) {
            match &one.key {
                Some(key) => keys.push(OpeningKey::Symmetric(key)),
                None if own_tried => {}
                None => {
                    own_tried = true;
                    keys.push(OpeningKey::Asymmetric(own));
                }
            }
        }
        keys
    }

    /// Whether an envelope travels where the chunks of this file do.
    pub(crate) fn carries(&self, envelope: &Envelope, file: &FileId) -> bool {
        self.0
            .get(&envelope.message.content_topic)
            .is_some_and(|listening| listening.iter().any(|one| one.file.as_ref() == Some(file)))
    }

    /// Whether we listen nowhere, which is so only before a profile is set up.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the network should bring us.
    pub(crate) fn interests(&self) -> Interests {
        let pairs = self
            .0
            .iter()
            .flat_map(|(content, all)| all.iter().map(move |one| (one.pubsub_topic.clone(), content.clone())));
        pairs.collect()
    }
}

/// Listens on the topics that are ours: the partition, the personal topic and the own contact code.
pub(crate) fn listen_to_own(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    let own = turn.me.public;
    for address in [
        address::partitioned(&own),
        address::personal(&own),
        address::contact_code(&own),
    ] {
        listen(turn, &address, &own)?;
    }
    Ok(())
}

/// Listens to an accepted person: their contact code, and the topic negotiated with them.
pub(crate) fn listen_to(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    for address in addresses_of(turn.me, person) {
        listen(turn, &address, person)?;
    }
    Ok(())
}

/// Whether we listen to a person: then they may learn our bundle, and write where both agree to.
pub(crate) fn listens_to(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<bool, StoreError> {
    let row = turn.tx.topics().load(&negotiated_name(person))?;
    Ok(row.is_some_and(|row| row.listening))
}

/// Stops listening to a person. The keys stay, so that starting again costs nothing. If they are in a group with us, they
/// are listened to again as its member.
pub(crate) fn ignore(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    turn.tx.groups().not_followed(&row_key(person))?;
    set_attention(turn, person, Attention::Ignore)
}

/// Listens again to a person to whom we once listened: they may still write where they did then. For anybody else no key
/// is worked out.
pub(crate) fn resume(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    set_attention(turn, person, Attention::Listen)
}

/// The name of the topic that a person's contact code travels on. It is also the password of its key.
pub fn contact_code_name(person: &PublicKey) -> String {
    format!("{}{CONTACT_CODE}", public_key_text(person))
}

/// The name of the topic negotiated with a person. The password of its key is a secret, and not this name.
pub fn negotiated_name(person: &PublicKey) -> String {
    format!("{}{NEGOTIATED}", public_key_text(person))
}

/// How the names of negotiated topics end.
pub(crate) const NEGOTIATED: &str = "-negotiated";

/// How the names of contact-code topics end.
pub(crate) const CONTACT_CODE: &str = "-contact-code";

/// The route to an address of a person, with its key derived at the first use.
pub(crate) fn route_to(turn: &mut Turn<'_, '_>, address: &Address, person: &PublicKey) -> Result<Route, StoreError> {
    let key = match &address.lock {
        Lock::Recipient(recipient) => RouteKey::Asymmetric(*recipient),
        Lock::Password(password) => {
            let name = name_of(address, person);
            RouteKey::Symmetric(symmetric_key(turn, address, &name, password, Attention::Ignore)?)
        }
    };
    let pubsub_topic = turn.me.place(&address.pubsub_topic);
    Ok(Route {
        pubsub_topic,
        content_topic: address.content_topic.clone(),
        key,
    })
}

/// Listens to a public chat.
pub(crate) fn listen_to_public_chat(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), StoreError> {
    public_chat_key(turn, chat, Attention::Listen).map(drop)
}

/// Stops listening to a public chat. The key goes with it: a name is quickly made into a key again.
pub(crate) fn leave_public_chat(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), StoreError> {
    turn.tx.topics().remove(&public_chat_name(chat))
}

/// The route to a public chat.
pub(crate) fn route_to_public_chat(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<Route, StoreError> {
    let address = address::public_chat(chat.as_str());
    let key = RouteKey::Symmetric(public_chat_key(turn, chat, Attention::Ignore)?);
    Ok(Route {
        pubsub_topic: turn.me.place(&address.pubsub_topic),
        content_topic: address.content_topic,
        key,
    })
}

/// The name of a public chat's topic. The sign before it keeps it apart from the topics of people.
pub fn public_chat_name(chat: &ChatId) -> String {
    format!("{PUBLIC_CHAT}{chat}")
}

/// The public chat whose topic has this name.
pub(crate) fn public_chat_of(name: &str) -> Option<ChatId> {
    name.strip_prefix(PUBLIC_CHAT).and_then(|chat| ChatId::new(chat).ok())
}

/// How the names of public chats' topics begin.
const PUBLIC_CHAT: char = '#';

fn public_chat_key(turn: &mut Turn<'_, '_>, chat: &ChatId, attention: Attention) -> Result<SymmetricKey, StoreError> {
    let address = address::public_chat(chat.as_str());
    let password = Password::new(chat.as_str());
    symmetric_key(turn, &address, &public_chat_name(chat), &password, attention)
}

impl Me {
    /// Where a topic of the deployed network travels in ours.
    pub(crate) fn place(&self, deployed: &PubsubTopic) -> PubsubTopic {
        if *deployed == address::DEFAULT_SHARD.topic() {
            self.shard.clone()
        } else {
            deployed.clone()
        }
    }
}

fn addresses_of(me: &Me, person: &PublicKey) -> [Address; 2] {
    [address::contact_code(person), address::negotiated(&me.key.ecdh(person))]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attention {
    Listen,
    /// Only the key is wanted.
    Ignore,
}

fn set_attention(turn: &mut Turn<'_, '_>, person: &PublicKey, attention: Attention) -> Result<(), StoreError> {
    for name in [contact_code_name(person), negotiated_name(person)] {
        if let Some(row) = turn.tx.topics().load(&name)? {
            let pubsub_topic = turn.me.shard.as_str().to_owned();
            turn.tx.topics().save(&TopicRow {
                pubsub_topic,
                listening: attention == Attention::Listen,
                ..row
            })?;
        }
    }
    Ok(())
}

fn listen(turn: &mut Turn<'_, '_>, address: &Address, person: &PublicKey) -> Result<(), StoreError> {
    let name = name_of(address, person);
    match &address.lock {
        Lock::Password(password) => {
            symmetric_key(turn, address, &name, password, Attention::Listen)?;
            Ok(())
        }
        Lock::Recipient(_) => save(turn, address, name, None, Attention::Listen),
    }
}

/// The key of a symmetric address, from the database or derived now.
fn symmetric_key(
    turn: &mut Turn<'_, '_>,
    address: &Address,
    name: &str,
    password: &Password,
    attention: Attention,
) -> Result<SymmetricKey, StoreError> {
    let known = turn.tx.topics().load(name)?;
    let listening = known.as_ref().is_some_and(|row| row.listening);
    let key = match known.as_ref().and_then(|row| row.key.as_ref()).and_then(symmetric) {
        Some(key) if listening || attention == Attention::Ignore => return Ok(key),
        Some(key) => key,
        None => SymmetricKey::from_password(password.expose()),
    };
    save(turn, address, name.to_owned(), Some(&key), attention)?;
    Ok(key)
}

fn save(
    turn: &mut Turn<'_, '_>,
    address: &Address,
    name: String,
    key: Option<&SymmetricKey>,
    attention: Attention,
) -> Result<(), StoreError> {
    let row = TopicRow {
        name,
        pubsub_topic: turn.me.place(&address.pubsub_topic).as_str().to_owned(),
        content_topic: address.content_topic.as_str().to_owned(),
        key: key.map(|key| Secret::from(&key.expose()[..])),
        listening: attention == Attention::Listen,
    };
    turn.tx.topics().save(&row)
}

/// The name of an address of a person, by which its key is kept.
fn name_of(address: &Address, person: &PublicKey) -> String {
    match &address.lock {
        Lock::Recipient(_) => address.content_topic.as_str().to_owned(),
        Lock::Password(password) if password.expose().ends_with(CONTACT_CODE) => contact_code_name(person),
        Lock::Password(_) => negotiated_name(person),
    }
}

fn symmetric(secret: &Secret) -> Option<SymmetricKey> {
    let bytes: &[u8; 32] = secret[..].try_into().ok()?;
    Some(SymmetricKey::from_bytes(bytes))
}
