//! Named people with fixed keys, the same in every test.
//!
//! Deriving the key of a topic costs milliseconds, which is most of a simulated life. The keys of all topics between
//! these people are derived once in a process and laid into databases, of which each life has copies.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crypto::{PublicKey, SecretKey, SymmetricKey};
use messenger::{Identity, Messenger, NewProfile, topics};
use protocol::Timestamp;
use protocol::address::{self, Address, Lock};
use protocol::id::ChatId;
use store::{Secret, Store, StoreError, TopicRow};

/// How many people there are.
pub const ROSTER: usize = NAMES.len();

/// The name of a person, by number.
pub fn name(number: usize) -> &'static str {
    NAMES[number % ROSTER]
}

/// The chat key of a person, by number. It is no secret.
pub fn chat_key(number: usize) -> SecretKey {
    let byte = u8::try_from(number % 255 + 1).unwrap_or(1);
    SecretKey::from_bytes(&[byte; 32]).expect("small numbers are keys")
}

/// A new profile of a person in a database in memory.
pub fn messenger(number: usize, now: Timestamp, seed: [u8; 32]) -> Messenger {
    static PREPARED: Mutex<BTreeMap<usize, Store>> = Mutex::new(BTreeMap::new());
    let mut prepared = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
    let store = prepared
        .entry(number)
        .or_insert_with(|| prepare((number, ROSTER), |password| derived().get(password).cloned()))
        .copy_in_memory();
    drop(prepared);
    let store = store.expect("memory is a disk that never fails");
    begin(store, number, name(number), now, seed)
}

/// A new profile of one of many, none of whom has a topic key that others could derive.
pub fn one_of_a_crowd(number: usize, people: usize, now: Timestamp, seed: [u8; 32]) -> Messenger {
    let name = format!("Person {number:02}");
    let store = prepare((number, people), |password| {
        Some(SymmetricKey::from_bytes(&crypto::keccak256_parts(&[
            password.as_bytes()
        ])))
    });
    begin(store, number, &name, now, seed)
}

fn begin(store: Store, number: usize, name: &str, now: Timestamp, seed: [u8; 32]) -> Messenger {
    let key = chat_key(number);
    let profile = NewProfile {
        display_name: name,
        identity: Identity::Key(&key),
    };
    Messenger::create(store, &profile, now, seed).expect("the people of the roster can have profiles")
}

/// A database with the keys of all topics of one of some people.
fn prepare((number, people): (usize, usize), derive: impl Fn(&str) -> Option<SymmetricKey>) -> Store {
    let mut store = Store::in_memory().expect("memory is a disk that never fails");
    prepare_topics(&mut store, &chat_key(number), people, derive).expect("memory is a disk that never fails");
    store
}

/// The public chats that people know of.
pub const PUBLIC_CHATS: [&str; 2] = ["agora", "news"];

/// The key of a public chat that people know of, which is no secret.
pub fn public_key_of(chat: &str) -> Option<SymmetricKey> {
    derived().get(chat).cloned()
}

const NAMES: [&str; 6] = ["Alice", "Bobby", "Carol", "David", "Erika", "Frank"];

/// Lays the topic keys that this person will need into the database, as if they had been derived in an earlier life.
fn prepare_topics(
    store: &mut Store,
    own: &SecretKey,
    people: usize,
    derive: impl Fn(&str) -> Option<SymmetricKey>,
) -> Result<(), StoreError> {
    let row = |name, address: &Address| row(name, address, &derive);
    let commit = store.write(|tx| {
        for number in 0..people {
            let other = chat_key(number).public_key();
            let contact_code = address::contact_code(&other);
            tx.topics()
                .save(&row(topics::contact_code_name(&other), &contact_code))?;
            let negotiated = address::negotiated(&own.ecdh(&other));
            tx.topics().save(&row(topics::negotiated_name(&other), &negotiated))?;
        }
        for chat in PUBLIC_CHATS {
            let name = ChatId::new(chat).map(|id| topics::public_chat_name(&id));
            let name = name.expect("the names are chosen well");
            tx.topics().save(&row(name, &address::public_chat(chat)))?;
        }
        Ok::<_, StoreError>(())
    });
    commit.map(drop)
}

fn row(name: String, address: &Address, derive: impl Fn(&str) -> Option<SymmetricKey>) -> TopicRow {
    TopicRow {
        name,
        pubsub_topic: address.pubsub_topic.as_str().to_owned(),
        content_topic: address.content_topic.as_str().to_owned(),
        key: key_of(address, derive).map(|key| Secret::from(&key.expose()[..])),
        listening: false,
    }
}

fn key_of(address: &Address, derive: impl Fn(&str) -> Option<SymmetricKey>) -> Option<SymmetricKey> {
    match &address.lock {
        Lock::Password(password) => derive(password.expose()),
        Lock::Recipient(_) => None,
    }
}

/// Every topic key that people of the roster may need, by password.
fn derived() -> &'static BTreeMap<String, SymmetricKey> {
    static DERIVED: OnceLock<BTreeMap<String, SymmetricKey>> = OnceLock::new();
    DERIVED.get_or_init(|| {
        let keys: Vec<SecretKey> = (0..ROSTER).map(chat_key).collect();
        let publics: Vec<PublicKey> = keys.iter().map(SecretKey::public_key).collect();
        let negotiated = keys
            .iter()
            .flat_map(|key| publics.iter().map(|public| address::negotiated(&key.ecdh(public))));
        let public = PUBLIC_CHATS.iter().map(|chat| address::public_chat(chat));
        let all = publics
            .iter()
            .map(address::contact_code)
            .chain(negotiated)
            .chain(public);
        let passwords = all.filter_map(|address| match address.lock {
            Lock::Password(password) => Some(password.expose().to_owned()),
            Lock::Recipient(_) => None,
        });
        let passwords: std::collections::BTreeSet<String> = passwords.collect();
        passwords
            .into_iter()
            .map(|text| (text.clone(), SymmetricKey::from_password(&text)))
            .collect()
    })
}
