//! `session_*`: everything that real clients said to each other in a session, received again by each of them.
//!
//! Every device is played with the keys its client drew. Its envelopes go through transport, segmentation, encryption,
//! data sync and application in the order in which the network saw them; what comes out is compared with what the client
//! made of it. Then the other direction: whoever sent it writes it again, with the keys that their client drew, and it has
//! to be the same bytes, layer by layer; only the outermost is random, and is sealed anew and opened.

use std::collections::{BTreeMap, BTreeSet};

use crypto::payload_v1::OpeningKey;
use crypto::{PublicKey, SecretKey, SymmetricKey};
use serde_json::Value;
use undertone_protocol::address::{self, Address, Lock};
use undertone_protocol::content::{CommunityMessage, Content, Kind, Rule};
use undertone_protocol::group::History;
use undertone_protocol::id::{ChatId, CommunityId, MessageId, parse_public_key_text};
use undertone_protocol::layers::application;
use undertone_protocol::layers::transport::{self, Lifetime, Opened, Route, RouteKey};
use undertone_protocol::wire::encryption as wire;
use waku_proto::{ContentTopic, Envelope, PubsubTopic, WakuMessage};

use crate::application::check_content;
use crate::device::{Device, OpenedPart, Received};
use crate::json;
use crate::load::{Script, array, base64, bytes, files, list, number, public, secret, text};

#[test]
fn sessions() {
    for (index, file) in files("session_").iter().enumerate() {
        let mut replay = Replay::new(file);
        // The record leaves out the bytes of segments of nearly a megabyte.
        let (present, left_out): (Vec<_>, Vec<_>) = list(&file["messages"])
            .iter()
            .partition(|message| message["payload"].is_string());
        present.iter().for_each(|message| replay.envelope(message));
        println!(
            "session {}: written again: {} parts of ratchet sessions, {} payloads of data sync, {} signed wrappers, {} envelopes",
            index + 1,
            replay.parts,
            replay.devices.values().map(|device| device.payloads).sum::<usize>(),
            replay.wrappers,
            replay.receptions,
        );
        assert!(replay.parts > 0 && replay.wrappers > 0);
        let (receptions, messages) = replay.compare();
        println!(
            "session {}: {} envelopes ({} more without bytes), {receptions} receptions, {messages} messages",
            index + 1,
            present.len(),
            left_out.len()
        );
    }
}

struct Replay {
    devices: BTreeMap<String, Device>,
    /// Every secret key of the session, to open what is sealed for one of them.
    secrets: BTreeMap<PublicKey, SecretKey>,
    symmetric: BTreeMap<String, SymmetricKey>,
    receptions: usize,
    /// Parts of messages, and wrappers, that their senders wrote again.
    parts: usize,
    wrappers: usize,
    /// By device: the ids that its client reported.
    expected: BTreeMap<String, BTreeSet<MessageId>>,
}

impl Replay {
    fn new(file: &Value) -> Replay {
        let parties = file["parties"].as_object().unwrap();
        let devices: BTreeMap<String, Device> = parties
            .iter()
            .map(|(name, party)| (name.clone(), Device::new(party)))
            .collect();
        let communities = file["community_descriptions"].as_object().into_iter().flatten();
        let secrets = devices
            .values()
            .flat_map(|device| device.drawn.values().chain([&device.identity]).cloned())
            .chain(communities.map(|(_, community)| secret(&community["private_key"])))
            .map(|key| (key.public_key(), key))
            .collect();
        let mut replay = Replay {
            devices,
            secrets,
            symmetric: BTreeMap::new(),
            receptions: 0,
            parts: 0,
            wrappers: 0,
            expected: BTreeMap::new(),
        };
        replay.learn_ratchet_keys(file);
        replay
    }

    /// Which ratchet keys each device showed on each session, in order: with these it must have answered.
    fn learn_ratchet_keys(&mut self, file: &Value) {
        for message in list(&file["messages"]) {
            for entry in message["decoded_by"].as_object().unwrap().values().flat_map(list) {
                let Some(plaintext) = entry["waku_plaintext"].as_str() else {
                    continue;
                };
                let plaintext = data_encoding::BASE64.decode(plaintext.as_bytes()).unwrap();
                let Ok(sent) = <wire::ProtocolMessage as prost::Message>::decode(&plaintext[..]) else {
                    continue;
                };
                let sender = self
                    .devices
                    .values_mut()
                    .find(|device| device.installation.as_str() == sent.installation_id);
                if let Some(sender) = sender {
                    sender.note_sent(&sent);
                }
            }
        }
    }

    fn envelope(&mut self, message: &Value) {
        let envelope = envelope(message);
        assert_eq!(envelope.hash().as_bytes(), &array::<32>(&message["hash"]));
        assert_eq!(envelope.message.encoded_len(), envelope.message.encode().len());
        for (name, entries) in message["decoded_by"].as_object().unwrap() {
            // The same envelope seen again, for example from a store, is the same again.
            for entry in list(entries) {
                self.reception(name, &envelope, entry);
            }
        }
    }

    fn reception(&mut self, name: &str, envelope: &Envelope, entry: &Value) {
        let opened = self.open(name, envelope, entry);
        assert_eq!(opened.sender, public(&entry["sig"]));
        if !entry["waku_plaintext"].is_null() {
            assert_eq!(opened.data, base64(&entry["waku_plaintext"]));
        }
        self.receptions += 1;
        let device = self.devices.get_mut(name).unwrap();
        let received = device.receive(opened);
        compare_acks(&received, entry);
        self.write_parts(name);
        let device = &self.devices[name];
        let expected: Vec<&Value> = list(&entry["messages"])
            .iter()
            .filter(|message| message["id"].is_string())
            .collect();
        for message in expected {
            let id = text(&message["id"]).parse().unwrap();
            self.expected.entry(name.to_owned()).or_default().insert(id);
            // Some waited for a key and become readable with this envelope; all are known by now.
            let signed = device
                .known
                .get(&id)
                .unwrap_or_else(|| panic!("{name} did not receive {message}"));
            assert_eq!(signed.author, public(&message["from"]));
            assert_eq!(signed.body, base64(&message["payload"]));
            let kind = Kind::from_str_name(text(&message["type"])).unwrap();
            assert_eq!(signed.kind, kind as u32);
            let read = json::of_kind(kind, &signed.body);
            if !message["decoded"].is_null() {
                assert_eq!(read, json::recorded(&message["decoded"]));
            }
            check_content(kind, &signed.body, text(&message["id"]));
            if let Some(author) = self.secrets.get(&signed.author)
                && kind != Kind::SyncPairInstallation
            {
                assert_eq!(&application::sign(kind, signed.body.clone(), author), signed);
                self.wrappers += 1;
            }
            check_rules(signed, opened_at(envelope));
        }
    }

    /// Has the senders of what a device just opened write it again.
    fn write_parts(&mut self, name: &str) {
        let mut recipient = self.devices.remove(name).unwrap();
        for OpenedPart { from, part, plaintext } in std::mem::take(&mut recipient.opened) {
            let mut others = self.devices.values_mut();
            let Some(sender) = others.find(|device| device.installation == from) else {
                continue;
            };
            let written = sender.write(&recipient, &part, &plaintext);
            assert_eq!(
                (written.pre_key, written.ephemeral, written.header, written.ciphertext),
                (part.pre_key, part.ephemeral, part.header, part.ciphertext),
                "to {name}"
            );
            self.parts += 1;
        }
        self.devices.insert(name.to_owned(), recipient);
    }

    /// Opens the envelope with the key of the address that the client's filter was for.
    fn open(&mut self, name: &str, envelope: &Envelope, entry: &Value) -> Opened {
        let filter = text(&entry["chat_filter"]);
        let address = address_of(filter, &self.devices[name], entry);
        assert_eq!(address.content_topic, envelope.message.content_topic, "{filter}");
        let shared = match &address.lock {
            Lock::Password(password) => Some(
                self.symmetric
                    .entry(password.expose().to_owned())
                    .or_insert_with(|| SymmetricKey::from_password(password.expose()))
                    .clone(),
            ),
            Lock::Recipient(recipient) => {
                assert_eq!(*recipient, public(&entry["dst"]));
                None
            }
        };
        let (open, seal) = match (&address.lock, &shared) {
            (Lock::Recipient(recipient), _) => (
                OpeningKey::Asymmetric(&self.secrets[recipient]),
                RouteKey::Asymmetric(*recipient),
            ),
            (Lock::Password(_), Some(key)) => (OpeningKey::Symmetric(key), RouteKey::Symmetric(key.clone())),
            (Lock::Password(_), None) => unreachable!("a password gives a key"),
        };
        let opened = transport::open(&envelope.message, open).unwrap();
        if let Some(sender) = self.secrets.get(&opened.sender) {
            let route = Route {
                pubsub_topic: address.pubsub_topic,
                content_topic: address.content_topic,
                key: seal,
            };
            seal_again(&route, &opened, sender, open);
        }
        opened
    }

    /// Nothing more and nothing less than the clients received.
    fn compare(self) -> (usize, usize) {
        for (name, device) in &self.devices {
            let ours: BTreeSet<MessageId> = device.known.keys().copied().collect();
            assert_eq!(&ours, self.expected.get(name).unwrap_or(&BTreeSet::new()), "{name}");
        }
        (self.receptions, self.expected.values().map(BTreeSet::len).sum())
    }
}

/// The same data in an envelope of ours says the same.
fn seal_again(route: &Route, opened: &Opened, sender: &SecretKey, key: OpeningKey<'_>) {
    let now = undertone_protocol::Timestamp(1_800_000_000_000);
    let mut rng = Script::new([]);
    let sealed = transport::seal(route, &opened.data, sender, now, Lifetime::Stored, &mut rng).unwrap();
    assert_eq!(sealed.message.content_topic, route.content_topic);
    let again = transport::open(&sealed.message, key).unwrap();
    assert_eq!((again.sender, &again.data), (opened.sender, &opened.data));
}

fn envelope(message: &Value) -> Envelope {
    let read = WakuMessage {
        payload: base64(&message["payload"]),
        content_topic: ContentTopic::new(text(&message["content_topic"])),
        version: number(&message["version"]) as u32,
        timestamp: message["timestamp"].as_i64(),
        meta: bytes(&message["meta"]),
        ephemeral: message["ephemeral"].as_bool().unwrap(),
        rate_limit_proof: None,
    };
    assert_eq!(read.payload.len() as u64, number(&message["payload_len"]));
    Envelope::new(PubsubTopic::from(text(&message["pubsub_topic"])), read)
}

fn opened_at(envelope: &Envelope) -> undertone_protocol::Timestamp {
    undertone_protocol::Timestamp::from_nanoseconds(envelope.message.timestamp.unwrap()).whole_seconds()
}

/// The address that the client's name of its filter stands for.
fn address_of(filter: &str, device: &Device, entry: &Value) -> Address {
    if let Some(key) = filter.strip_suffix("-negotiated") {
        return address::negotiated(&device.identity.ecdh(&parse_public_key_text(key).unwrap()));
    }
    if let Some(key) = filter.strip_suffix("-contact-code") {
        return address::contact_code(&parse_public_key_text(key).unwrap());
    }
    if let Some(rest) = filter.strip_prefix("contact-discovery-") {
        let recipient = public(&entry["dst"]);
        return if rest.len() == 130 {
            address::personal(&recipient)
        } else {
            address::partitioned(&recipient)
        };
    }
    // The client's name for requests to a community that the device owns ends with the shard.
    if filter.starts_with("04") && text(&entry["dst"]) != "0x" {
        let shard = if filter.ends_with("/16/64") {
            address::NON_PROTECTED_SHARD
        } else {
            address::DEFAULT_SHARD
        };
        return address::community_requests(&public(&entry["dst"]), shard);
    }
    let community = filter.get(..68).and_then(|id| id.parse::<CommunityId>().ok());
    match (community, filter.get(68..)) {
        (Some(id), Some("")) => address::community(&id),
        (Some(id), Some("-memberUpdate")) => address::community_members(&id),
        (Some(id), Some("-ping")) => address::community_ping(&id),
        (Some(id), Some("-magnetlinks")) => address::community_magnet_links(&id),
        (Some(id), Some("-shard-info")) => address::community_shard_info(&id),
        (Some(_), Some(_)) => address::community_channel(&ChatId::new(filter).unwrap()),
        _ => address::public_chat(filter),
    }
}

fn compare_acks(received: &Received, entry: &Value) {
    let ids = |field: &str| -> BTreeSet<String> {
        list(&entry[field])
            .iter()
            .map(|id| text(id).trim_start_matches("0x").to_owned())
            .collect()
    };
    let payload = received.datasync.clone().unwrap_or_default();
    let hex = |ids: &[undertone_protocol::layers::datasync::DatasyncId]| -> BTreeSet<String> {
        ids.iter().map(|id| hex::encode(id.0)).collect()
    };
    assert_eq!(hex(&payload.acks), ids("datasync_acks"));
    assert_eq!(hex(&payload.offers), ids("datasync_offers"));
    assert_eq!(hex(&payload.requests), ids("datasync_requests"));
}

/// Real clients break none of the rules.
fn check_rules(signed: &application::Signed, sent_at: undertone_protocol::Timestamp) {
    // What waited for a key is older than the envelope that brought the key.
    let verdict = match Content::parse(signed.kind, &signed.body).unwrap() {
        Content::ChatMessage(message) => message.validate(sent_at),
        Content::Edit(edit) => edit.validate(sent_at),
        Content::Delete(delete) => delete.validate(),
        Content::Pin(pin) => pin.validate(sent_at),
        Content::Reaction(reaction) => reaction.validate(sent_at),
        Content::ContactUpdate(update) => update.validate(sent_at),
        Content::AcceptContactRequest(accept) => accept.validate(sent_at),
        Content::RetractContactRequest(retract) => retract.validate(sent_at),
        Content::ChatIdentity(identity) => identity.validate(),
        Content::ContactCode(code) => code.identity.map_or(Ok(()), |identity| identity.validate()),
        Content::StatusUpdate(update) => update.validate(),
        Content::MembershipUpdate(update) => {
            assert!(History::receive(&update, None, sent_at).is_ok());
            Ok(())
        }
        Content::Community(message) => {
            if let CommunityMessage::Description(description) = *message {
                assert_eq!(description.id, CommunityId::of(&signed.author).to_string());
            }
            Ok(())
        }
        _ => Ok(()),
    };
    if signed.body.is_empty() && signed.kind == Kind::ChatMessage as u32 {
        // Sent with every group key by clients of this time, for nobody.
        assert_eq!(verdict, Err(Rule::Clock));
        return;
    }
    assert_eq!(verdict, Ok(()), "{signed:?}");
}
