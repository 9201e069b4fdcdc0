//! A device of a recorded session: the receiving side of a client, without its decisions, and its sessions, which write
//! again what the client wrote.

use std::collections::{BTreeMap, BTreeSet};

use crypto::group_key::GroupKey;
use crypto::{PublicKey, SecretKey};
use serde_json::Value;
use undertone_protocol::id::{InstallationId, MessageId};
use undertone_protocol::layers::application::{self, Signed};
use undertone_protocol::layers::datasync::Payload;
use undertone_protocol::layers::encryption::{
    Body, GroupMessage, PairSession, ParseError, Part, ProtocolMessage, RatchetPart, Scheme, open_dh, seal_pairwise,
};
use undertone_protocol::layers::sds;
use undertone_protocol::layers::segmentation::{self, Segment};
use undertone_protocol::layers::transport::Opened;
use undertone_protocol::wire::encryption as wire;

use crate::load::{Script, array, bytes, list, secret, text};

pub(crate) struct Device {
    pub(crate) identity: SecretKey,
    pub(crate) installation: InstallationId,
    /// Every key that the client drew, by public key.
    pub(crate) drawn: BTreeMap<PublicKey, SecretKey>,
    /// What was received, by id.
    pub(crate) known: BTreeMap<MessageId, Signed>,
    pre_keys: BTreeMap<PublicKey, SecretKey>,
    sessions: BTreeMap<SessionName, PlayedSession>,
    /// The ratchet keys that the client showed on each session, in order, with how many messages went under the one before.
    shown: BTreeMap<(InstallationId, PublicKey), Vec<(PublicKey, u32)>>,
    begun: BTreeMap<(InstallationId, PublicKey), PublicKey>,
    group_keys: BTreeMap<[u8; 32], GroupKey>,
    segments: BTreeMap<([u8; 32], PublicKey), Vec<Segment>>,
    parked: Vec<(PublicKey, GroupMessage)>,
    /// Parts that were opened since somebody took them from here.
    pub(crate) opened: Vec<OpenedPart>,
    /// Payloads of data sync that were written again.
    pub(crate) payloads: usize,
    seen: BTreeMap<(PublicKey, Vec<u8>), Received>,
}

/// A part of a message that a session opened, to be written again by its sender.
pub(crate) struct OpenedPart {
    pub(crate) from: InstallationId,
    pub(crate) part: RatchetPart,
    pub(crate) plaintext: Vec<u8>,
}

/// A session, and what is known of its ratchet from the record.
struct PlayedSession {
    pair: PairSession,
    /// Their ratchet keys so far.
    seen: BTreeSet<PublicKey>,
    /// How many of our ratchet keys were used so far.
    taken: usize,
    /// The session as it was when each of our ratchet keys was new.
    turns: BTreeMap<PublicKey, PairSession>,
}

/// Their identity, their installation, and the founding pre-key.
type SessionName = (PublicKey, InstallationId, PublicKey);

/// What an envelope was for a device, besides messages.
#[derive(Clone, Default)]
pub(crate) struct Received {
    pub(crate) datasync: Option<Payload>,
}

impl Device {
    pub(crate) fn new(party: &Value) -> Device {
        let drawn: BTreeMap<PublicKey, SecretKey> = list(&party["generated_keys"])
            .iter()
            .map(|key| secret(&key["private"]))
            .map(|key| (key.public_key(), key))
            .collect();
        let pre_keys = list(&party["bundles"])
            .iter()
            .filter(|bundle| bundle["private_key"].is_string())
            .map(|bundle| secret(&bundle["private_key"]))
            .map(|key| (key.public_key(), key))
            .collect();
        // Keys of groups that the client made itself; all others have to arrive.
        let own = |row: &&Value| drawn.values().any(|key| *key.expose() == array(&row["key"]));
        let group_keys = list(&party["hash_ratchet_encryption"])
            .iter()
            .filter(own)
            .map(|row| {
                let time = row["key_timestamp"].as_u64().unwrap();
                GroupKey::new(&bytes(&row["group_id"]), time, &array(&row["key"]))
            })
            .map(|key| (*key.id(), key))
            .collect();
        Device {
            identity: secret(&party["private_key"]),
            installation: text(&party["installation_id"]).parse().unwrap(),
            drawn,
            known: BTreeMap::new(),
            pre_keys,
            sessions: BTreeMap::new(),
            shown: BTreeMap::new(),
            begun: BTreeMap::new(),
            group_keys,
            segments: BTreeMap::new(),
            parked: Vec::new(),
            opened: Vec::new(),
            payloads: 0,
            seen: BTreeMap::new(),
        }
    }

    /// Takes note of what the client itself sent: ratchet keys, and sessions it began.
    pub(crate) fn note_sent(&mut self, sent: &wire::ProtocolMessage) {
        for (to, part) in &sent.encrypted_message {
            let (Ok(to), Some(header)) = (to.parse::<InstallationId>(), &part.dr_header) else {
                continue;
            };
            let name = (to, PublicKey::from_slice(&header.id).unwrap());
            let key = PublicKey::from_slice(&header.key).unwrap();
            let shown = self.shown.entry(name.clone()).or_default();
            if shown.iter().all(|(known, _)| *known != key) {
                shown.push((key, header.pn));
            }
            if let Some(x3dh) = &part.x3dh_header {
                self.begun.insert(name, PublicKey::from_slice(&x3dh.key).unwrap());
            }
        }
    }

    /// Takes an opened envelope through the layers. The same bytes again, in the same envelope or in another, say the same
    /// again: their ratchet key is gone.
    pub(crate) fn receive(&mut self, opened: Opened) -> Received {
        let name = (opened.sender, opened.data.clone());
        if let Some(before) = self.seen.get(&name) {
            return before.clone();
        }
        let received = self.receive_new(opened);
        self.seen.insert(name, received.clone());
        received
    }

    fn receive_new(&mut self, opened: Opened) -> Received {
        let mut received = Received::default();
        let Some(whole) = self.whole(&opened) else {
            return received;
        };
        let payload = match ProtocolMessage::parse(&whole) {
            Err(ParseError::NotOfThisLayer) => Some(whole),
            Err(error) => panic!("{error}"),
            Ok(message) => self.protocol_message(&opened.sender, message),
        };
        if let Some(payload) = payload {
            self.payload(&opened.sender, payload, &mut received);
        }
        received
    }

    /// Collects segments. A message that was complete before is complete again.
    fn whole(&mut self, opened: &Opened) -> Option<Vec<u8>> {
        let Some(segment) = segmentation::parse(&opened.data) else {
            return Some(opened.data.clone());
        };
        let segments = self.segments.entry((segment.whole, opened.sender)).or_default();
        segments.push(segment);
        segmentation::assemble(segments).unwrap()
    }

    fn protocol_message(&mut self, sender: &PublicKey, message: ProtocolMessage) -> Option<Vec<u8>> {
        let mut parts = match message.body {
            Body::Public(payload) => return Some(payload),
            Body::Encrypted(parts) => parts,
        };
        let part = parts.take(&self.installation).ok()?;
        let installation = message.installation.unwrap();
        let keys = part.group_keys.clone();
        let payload = self.part(sender, &installation, part);
        if let Some(keys) = keys {
            for key in keys.open(&self.identity, sender) {
                self.group_keys.entry(*key.id()).or_insert(key);
            }
            for (sender, message) in std::mem::take(&mut self.parked) {
                if let Some(payload) = self.group_message(&sender, message) {
                    self.payload(&sender, payload, &mut Received::default());
                }
            }
        }
        payload
    }

    fn part(&mut self, sender: &PublicKey, installation: &InstallationId, part: Part) -> Option<Vec<u8>> {
        match part.scheme {
            Scheme::Ratchet(part) => Some(self.ratchet(sender, installation, &part)),
            Scheme::Dh { key, payload } => open_dh(&payload, &key, &self.identity)
                .ok()
                .map(|opened| opened.to_vec()),
            Scheme::Group(message) => self.group_message(sender, message),
            Scheme::Clear(payload) => Some(payload),
        }
    }

    fn ratchet(&mut self, sender: &PublicKey, installation: &InstallationId, part: &RatchetPart) -> Vec<u8> {
        let name = (*sender, installation.clone(), part.pre_key);
        let mut session = self
            .sessions
            .remove(&name)
            .unwrap_or_else(|| self.found(sender, installation, part));
        // A ratchet key that was not seen before turns the ratchet; the client then drew the key it showed next.
        let mut next = None;
        if session.seen.insert(part.header.key) {
            let shown = self
                .shown
                .get(&(installation.clone(), part.pre_key))
                .map_or(&[][..], |shown| shown);
            next = shown.get(session.taken).copied();
            session.taken += 1;
        }
        if let Some((_, sent)) = next {
            // So many messages the client had sent before it turned.
            session.pair = after(&session.pair, sent);
        }
        let drawn = next.map(|(key, _)| *self.drawn[&key].expose());
        let opened = session.pair.open(part, &mut Script::new(drawn)).unwrap().to_vec();
        if let Some((key, _)) = next {
            session.turns.insert(key, session.pair.clone());
        }
        self.sessions.insert(name, session);
        self.opened.push(OpenedPart {
            from: installation.clone(),
            part: part.clone(),
            plaintext: opened.clone(),
        });
        opened
    }

    /// Writes a part that another device opened: the same plaintext, in the session in which the client wrote it.
    pub(crate) fn write(&mut self, to: &Device, part: &RatchetPart, plaintext: &[u8]) -> RatchetPart {
        let recipient = to.identity.public_key();
        let name = (recipient, to.installation.clone(), part.pre_key);
        let session = match self.sessions.remove(&name) {
            Some(session) => session,
            None => self.begun(&recipient, &to.installation, &part.pre_key),
        };
        let turn = session.turns.get(&part.header.key).expect("the client showed this key");
        let pair = after(turn, part.header.n);
        self.sessions.insert(name, session);
        let mut sessions = BTreeMap::from([(to.installation.clone(), pair)]);
        let sealed = seal_pairwise(plaintext, &self.installation, None, &mut sessions).unwrap();
        let Body::Encrypted(mut parts) = ProtocolMessage::parse(&sealed.bytes).unwrap().body else {
            panic!("it was sealed for one device");
        };
        match parts.take(&to.installation).unwrap().scheme {
            Scheme::Ratchet(part) => *part,
            other => panic!("{other:?}"),
        }
    }

    /// The session as the client has it before this part arrives.
    fn found(&self, sender: &PublicKey, installation: &InstallationId, part: &RatchetPart) -> PlayedSession {
        if let Some(pre_key) = self.pre_keys.get(&part.pre_key) {
            let pair = PairSession::accept(part, &self.identity, pre_key, sender).unwrap();
            return PlayedSession {
                pair,
                seen: BTreeSet::new(),
                taken: 0,
                turns: BTreeMap::new(),
            };
        }
        self.begun(sender, installation, &part.pre_key)
    }

    /// A session that the client began.
    fn begun(&self, other: &PublicKey, installation: &InstallationId, pre_key: &PublicKey) -> PlayedSession {
        let name = (installation.clone(), *pre_key);
        let first = self.shown[&name][0].0;
        let keys = [&self.begun[&name], &first].map(|key| *self.drawn[key].expose());
        let pair = PairSession::initiate(&self.identity, other, pre_key, &mut Script::new(keys));
        PlayedSession {
            turns: BTreeMap::from([(first, pair.clone())]),
            pair,
            seen: BTreeSet::new(),
            taken: 1,
        }
    }

    fn group_message(&mut self, sender: &PublicKey, message: GroupMessage) -> Option<Vec<u8>> {
        match self.group_keys.values_mut().find(|key| message.names(key)) {
            Some(key) => Some(message.open(key).unwrap().to_vec()),
            None => {
                self.parked.push((*sender, message));
                None
            }
        }
    }

    fn payload(&mut self, sender: &PublicKey, payload: Vec<u8>, received: &mut Received) {
        assert_eq!(sds::unwrap(&payload), None, "clients of this time have no such layer");
        let wrappers = match Payload::parse(&payload) {
            Some(datasync) => {
                let bodies = datasync.messages.iter().map(|message| message.body.clone()).collect();
                assert_eq!(datasync.encode(), payload, "what is read is written the same");
                self.payloads += 1;
                received.datasync = Some(datasync);
                bodies
            }
            None if payload.is_empty() => Vec::new(),
            None => vec![payload],
        };
        for wrapper in wrappers {
            if let Ok(signed) = application::verify(wrapper, sender) {
                self.known.insert(signed.id, signed);
            }
        }
    }
}

/// A session after so many more messages of ours.
fn after(session: &PairSession, messages: u32) -> PairSession {
    let device: InstallationId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let mut sessions = BTreeMap::from([(device.clone(), session.clone())]);
    for _ in 0..messages {
        seal_pairwise(&[], &device, None, &mut sessions).unwrap();
    }
    sessions.remove(&device).unwrap()
}
