//! Whole sessions of deployed clients, relived: one party's keys are given to a messenger, everything the others sent
//! comes in as it travelled, and what stands in the chats afterwards must be what the deployed client showed.
//!
//! A ratchet answers to keys that its owner drew, so the messenger is given the randomness of the captured party: at each
//! turn of the ratchet the key which that party used next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::path::PathBuf;

use crypto::{PublicKey, SecretKey, Session, x3dh};
use prost::Message as _;
use protocol::Timestamp;
use protocol::id::{ChatId, InstallationId};
use protocol::wire::encryption::ProtocolMessage;
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, TryCryptoRng, TryRng};
use serde_json::Value;
use store::{AccountRow, OwnPreKeyRow, Secret, SessionRow, Store, StoreError};
use waku_proto::{Envelope, WakuMessage};

use crate::inbound::Inbound;
use crate::profile::{self, Identity};
use crate::receive;
use crate::topics::Topics;
use crate::turn::{Me, Turn, row_key};
use crate::{CommandError, contacts};

#[test]
fn what_deployed_clients_said_to_each_other_stands_in_the_chats() {
    let mut chats = 0;
    for (file, session) in sessions() {
        for name in session["parties"].as_object().unwrap().keys() {
            chats += relive(&file, &session, name);
        }
    }
    println!("{chats} texts of captured sessions");
    assert!(chats > 0, "no captured session was found");
}

/// Plays one party, and answers how many texts of others were checked.
fn relive(file: &str, session: &Value, name: &str) -> usize {
    let mut party = Party::new(session, name);
    let mut said = Said::default();
    for captured in session["messages"].as_array().unwrap() {
        let envelope = envelope(captured);
        let now = Timestamp::from_nanoseconds(envelope.message.timestamp.unwrap()).plus(50);
        let decoded = captured["decoded_by"].as_object().unwrap();
        let signer = decoded
            .values()
            .flat_map(|all| all.as_array().unwrap())
            .find_map(|one| one["sig"].as_str());
        if signer == Some(party.public.as_str()) {
            decoded
                .iter()
                .filter(|(who, _)| *who != name)
                .for_each(|(_, all)| party.did(&all[0], now));
            continue;
        }
        party.receive(&envelope, now);
        for message in decoded.get(name).into_iter().flat_map(|all| all.as_array().unwrap()) {
            message["messages"]
                .as_array()
                .unwrap()
                .iter()
                .for_each(|message| said.hear(message));
        }
    }
    println!("{name} in {file}: {:?}", party.outcomes);
    let mut checked = 0;
    for (from, texts) in said.texts {
        let mut held = party.texts(&from);
        let mut texts: Vec<String> = texts.into_values().collect();
        held.sort();
        texts.sort();
        assert_eq!(held, texts, "{name} in {file}: what {}… wrote", &from[..10]);
        checked += texts.len();
    }
    let waiting = |(outcome, count): (&Inbound, &usize)| matches!(outcome, Inbound::Waiting(_)).then_some(*count);
    let waiting: usize = party.outcomes.iter().filter_map(waiting).sum();
    assert_eq!(waiting, said.about_ours, "{name} in {file}: what waits");
    checked
}

/// What others said to the party in one-to-one chats, as a reader of the capture sees it.
#[derive(Default)]
struct Said {
    /// By author and message id. What was deleted for everyone stands there without its words.
    texts: BTreeMap<String, BTreeMap<String, String>>,
    /// Marks on what the party wrote itself, which waits: its own words are not relived.
    about_ours: usize,
}

impl Said {
    fn hear(&mut self, message: &Value) {
        let content = &message["decoded"];
        let Some(from) = message["app_signer"]
            .as_str()
            .filter(|_| content["message_type"] == "ONE_TO_ONE")
        else {
            return;
        };
        let theirs = self.texts.entry(from.to_owned()).or_default();
        let target = content["message_id"].as_str().unwrap_or_default();
        match message["type"].as_str() {
            Some("CHAT_MESSAGE") => {
                theirs.insert(message["id"].as_str().unwrap().to_owned(), text_of(content));
            }
            Some("EDIT_MESSAGE") => *theirs.get_mut(target).unwrap() = text_of(content),
            Some("DELETE_MESSAGE") => theirs.get_mut(target).unwrap().clear(),
            Some("EMOJI_REACTION" | "PIN_MESSAGE") if !theirs.contains_key(target) => self.about_ours += 1,
            _ => {}
        }
    }
}

struct Party {
    store: Store,
    me: Me,
    public: String,
    /// The party's secret keys, by their public halves.
    secrets: BTreeMap<[u8; 33], SecretKey>,
    /// The keys that it used in its ratchets, in order.
    turns: VecDeque<SecretKey>,
    rng: ChaCha20Rng,
    outcomes: BTreeMap<Inbound, usize>,
}

impl Party {
    fn new(session: &Value, name: &str) -> Party {
        let party = &session["parties"][name];
        let key = secret(party["private_key"].as_str().unwrap());
        let secrets: BTreeMap<[u8; 33], SecretKey> = party["generated_keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| secret(pair["private"].as_str().unwrap()))
            .map(|secret| (secret.public_key().to_compressed(), secret))
            .collect();
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let mut store = Store::in_memory().unwrap();
        let first = session["messages"][0]["timestamp"].as_i64().unwrap();
        let now = Timestamp::from_nanoseconds(first).minus(60_000);
        store
            .write(|tx| profile::create(tx, "Oracle", &Identity::Key(&key), now, &mut rng))
            .unwrap();
        let public = party["public_key"].as_str().unwrap().to_owned();
        let installation = InstallationId::new(party["installation_id"].as_str().unwrap()).unwrap();
        store.write(|tx| adopt(tx, &installation, party, now)).unwrap();
        let me = store.read(profile::load).unwrap();
        let turns = turns(session, &public, &secrets);
        let mut party = Party {
            store,
            me,
            public,
            secrets,
            turns,
            rng,
            outcomes: BTreeMap::new(),
        };
        party.own_turn(now, crate::topics::listen_to_own).unwrap();
        party
    }

    /// A turn with randomness of its own.
    fn own_turn<T, E: From<StoreError>>(
        &mut self,
        now: Timestamp,
        part: impl FnOnce(&mut Turn<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Party { store, me, rng, .. } = self;
        let (value, _) = store.write(|tx| {
            part(&mut Turn {
                tx,
                me,
                now,
                rng,
                arrived: Vec::new(),
            })
        })?;
        Ok(value)
    }

    fn receive(&mut self, envelope: &Envelope, now: Timestamp) {
        let topics = self.store.read(Topics::load).unwrap();
        let mut drawn = Script(std::mem::take(&mut self.turns));
        let Party { store, me, .. } = self;
        let (inbound, _) = store
            .write(|tx| {
                let mut turn = Turn {
                    tx,
                    me,
                    now,
                    rng: &mut drawn,
                    arrived: Vec::new(),
                };
                receive::envelope(&mut turn, &topics, envelope, None)
            })
            .unwrap();
        self.turns = drawn.0;
        *self.outcomes.entry(inbound).or_default() += 1;
    }

    /// The party sent this: the same is done with its contacts here, and a session that it began is begun.
    fn did(&mut self, seen: &Value, now: Timestamp) {
        for message in seen["messages"].as_array().unwrap() {
            let to = seen["dst"].as_str().filter(|dst| dst.len() == 132).map(person);
            match message["type"].as_str() {
                Some("CHAT_MESSAGE") if message["decoded"]["content_type"] == "CONTACT_REQUEST" => {
                    let to = to.expect("a request travels to the partition of the person asked");
                    let note = message["decoded"]["text"].as_str().unwrap().to_owned();
                    self.own_turn(now, |turn| contacts::commands::send_request(turn, &to, &note))
                        .unwrap();
                }
                Some("ACCEPT_CONTACT_REQUEST") => self.accept_all(now),
                _ => {}
            }
        }
        self.begin_sessions(seen, now);
    }

    fn accept_all(&mut self, now: Timestamp) {
        let everybody = self.store.read(|view| view.contacts().list(None, 100)).unwrap();
        for contact in everybody {
            let person = PublicKey::from_compressed(contact.identity.as_bytes()).unwrap();
            match self.own_turn(now, |turn| contacts::commands::accept(turn, &person)) {
                Ok(()) | Err(CommandError::NoOpenRequest | CommandError::AlreadyContacts) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn begin_sessions(&mut self, seen: &Value, now: Timestamp) {
        let message = protocol_message(seen);
        for (installation, part) in &message.encrypted_message {
            let (Some(x3dh_header), Some(header)) = (&part.x3dh_header, &part.dr_header) else {
                continue;
            };
            let founding = PublicKey::from_slice(&header.id).unwrap();
            let installation = InstallationId::new(installation.clone()).unwrap();
            // Whose pre-key it is, the receiver's identity says, which is not in the message: everybody is tried.
            let everybody = self.store.read(|view| view.contacts().list(None, 100)).unwrap();
            for contact in everybody {
                let theirs = PublicKey::from_compressed(contact.identity.as_bytes()).unwrap();
                let known = self
                    .store
                    .read(|view| view.bundles().newest(&contact.identity, &installation))
                    .unwrap();
                let has_session = self
                    .store
                    .read(|view| {
                        view.sessions()
                            .load(&contact.identity, &installation, &row_key(&founding))
                    })
                    .unwrap();
                if known.is_none_or(|known| known.public != row_key(&founding)) || has_session.is_some() {
                    continue;
                }
                let ephemeral = &self.secrets[&bytes33(&x3dh_header.key)];
                let shared = x3dh::initiate(&self.me.key, ephemeral, &theirs, &founding);
                let first = self.secrets[&bytes33(&header.key)].clone();
                let ratchet = Session::initiator(&shared, &founding, &mut Script(VecDeque::from([first])));
                let row = SessionRow {
                    identity: contact.identity,
                    installation: installation.clone(),
                    bundle: row_key(&founding),
                    state: ratchet.to_bytes().into(),
                    ephemeral: Some(row_key(&ephemeral.public_key())),
                    used_at: now,
                };
                self.own_turn(now, |turn| turn.tx.sessions().save(&row)).unwrap();
            }
        }
    }

    fn texts(&self, from: &str) -> Vec<String> {
        let chat = ChatId::one_to_one(&person(from));
        let rows = self
            .store
            .read(|view| view.messages().page(&chat, None, 10_000))
            .unwrap();
        let theirs = row_key(&person(from));
        rows.into_iter()
            .filter(|row| row.author == theirs)
            .map(|row| row.text)
            .collect()
    }
}

/// The party's installation and pre-keys instead of those that were made for it here.
fn adopt(
    tx: &mut store::Tx<'_>,
    installation: &InstallationId,
    party: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = tx.account().load()?.unwrap();
    tx.account().save(&AccountRow {
        installation: installation.clone(),
        ..row
    })?;
    for bundle in party["bundles"].as_array().unwrap() {
        let Some(private) = bundle["private_key"].as_str() else {
            continue;
        };
        let key = secret(private);
        tx.bundles().insert_own(&OwnPreKeyRow {
            public: row_key(&key.public_key()),
            secret: Secret::from(&key.expose()[..]),
            version: u32::try_from(bundle["version"].as_u64().unwrap()).unwrap(),
            created_at: now,
            expired_at: None,
        })?;
    }
    Ok(())
}

/// The ratchet keys of a party in the order in which they appear in what it sent, without those that began a session:
/// only a turn draws a key.
fn turns(session: &Value, public: &str, secrets: &BTreeMap<[u8; 33], SecretKey>) -> VecDeque<SecretKey> {
    let mut known = BTreeSet::new();
    let mut turns = VecDeque::new();
    for captured in session["messages"].as_array().unwrap() {
        let all = captured["decoded_by"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|all| all.as_array().unwrap());
        for seen in all.filter(|seen| seen["sig"] == public) {
            for part in protocol_message(seen).encrypted_message.into_values() {
                let Some(header) = part.dr_header else { continue };
                let key = bytes33(&header.key);
                if known.insert(key) && part.x3dh_header.is_none() {
                    turns.push_back(secrets[&key].clone());
                }
            }
        }
    }
    turns
}

fn protocol_message(seen: &Value) -> ProtocolMessage {
    let plaintext = data_encoding::BASE64
        .decode(seen["waku_plaintext"].as_str().unwrap().as_bytes())
        .unwrap();
    // Some messages have no encryption layer, and some are segments.
    ProtocolMessage::decode(&plaintext[..]).unwrap_or_default()
}

fn envelope(captured: &Value) -> Envelope {
    let payload = data_encoding::BASE64
        .decode(captured["payload"].as_str().unwrap().as_bytes())
        .unwrap();
    let message = WakuMessage {
        payload,
        content_topic: captured["content_topic"].as_str().unwrap().into(),
        version: u32::try_from(captured["version"].as_u64().unwrap()).unwrap(),
        timestamp: Some(captured["timestamp"].as_i64().unwrap()),
        ephemeral: captured["ephemeral"].as_bool().unwrap_or(false),
        ..WakuMessage::default()
    };
    Envelope::new(captured["pubsub_topic"].as_str().unwrap().into(), message)
}

fn text_of(content: &Value) -> String {
    content["text"].as_str().unwrap_or_default().to_owned()
}

fn bytes33(bytes: &[u8]) -> [u8; 33] {
    bytes.try_into().unwrap()
}

fn person(text: &str) -> PublicKey {
    protocol::id::parse_public_key_text(text).unwrap()
}

fn secret(text: &str) -> SecretKey {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim_start_matches("0x"), &mut bytes).unwrap();
    SecretKey::from_bytes(&bytes).unwrap()
}

/// The files of captured sessions.
fn sessions() -> Vec<(String, Value)> {
    let folder = std::env::var_os("UNDERTONE_VECTORS").map_or_else(|| PathBuf::from("vectors"), PathBuf::from);
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut files: Vec<PathBuf> = std::fs::read_dir(PathBuf::from(repository).join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let is_session = name.starts_with("session_small") && name.ends_with(".json");
            is_session.then(|| (name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()))
        })
        .collect()
}

/// Gives out the captured keys, and nothing else.
struct Script(VecDeque<SecretKey>);

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only keys are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        // When to repeat something to somebody who is there: any time will do.
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match bytes.len() {
            32 => {
                let next = self
                    .0
                    .pop_front()
                    .unwrap_or_else(|| SecretKey::from_bytes(&[9; 32]).unwrap());
                bytes.copy_from_slice(next.expose());
            }
            _ => bytes.fill(0),
        }
        Ok(())
    }
}

impl TryCryptoRng for Script {}
