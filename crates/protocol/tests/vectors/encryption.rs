//! `x3dh`, `double_ratchet`, `hash_ratchet`: what the encryption layer adds to the primitives.

use std::collections::BTreeMap;

use crypto::group_key::{GroupKey, GroupKeyError};
use crypto::x3dh::PreKey;
use crypto::{PublicKey, SecretKey};
use prost::Message as _;
use serde_json::Value;
use undertone_protocol::Timestamp;
use undertone_protocol::id::InstallationId;
use undertone_protocol::layers::encryption::{
    Body, Bundle, BundleError, OpenError, PairSession, Part, PartError, ProtocolMessage, RatchetPart, Scheme,
    SignedBundle, open_dh, seal_group, seal_pairwise, seal_rekeying,
};
use undertone_protocol::wire::encryption as wire;

use crate::load::{Script, array, bytes, cases, list, number, public, secret, text};

#[test]
fn x3dh_bundles() {
    let cases = cases("x3dh", "vectors");
    for case in &cases {
        let encoded = bytes(&case["bundle_bytes"]);
        let bundle = Bundle::open(&encoded).unwrap();
        let identity = secret(&case["responder_identity"]["private"]);
        assert_eq!(bundle.identity, identity.public_key());
        let pre_key = public(&case["responder_signed_pre_key"]["public"]);
        assert!(bundle.pre_keys.values().any(|advertised| advertised.key == pre_key));
        if bundle.timestamp % 1_000_000 == 0 && bundle.timestamp != 0 {
            let now = Timestamp::from_nanoseconds(bundle.timestamp);
            let signed = SignedBundle::sign(&identity, &bundle.pre_keys, now);
            assert_eq!(wire_bundle(&signed.encode()), wire_bundle(&encoded));
        }
        check_forged_bundles(&encoded);
    }
    println!("x3dh: {} bundles", cases.len());
}

fn wire_bundle(bytes: &[u8]) -> wire::Bundle {
    wire::Bundle::decode(bytes).unwrap()
}

fn check_forged_bundles(encoded: &[u8]) {
    let forged = |change: fn(&mut wire::Bundle)| {
        let mut bundle = wire_bundle(encoded);
        change(&mut bundle);
        Bundle::open(&bundle.encode_to_vec())
    };
    assert_eq!(forged(|bundle| bundle.timestamp += 1), Err(BundleError::Signature));
    assert_eq!(forged(|bundle| bundle.signature[5] ^= 1), Err(BundleError::Signature));
    assert_eq!(forged(|bundle| bundle.signature.clear()), Err(BundleError::Signature));
    assert_eq!(forged(|bundle| bundle.identity.clear()), Err(BundleError::Key));
    assert_eq!(forged(|bundle| bundle.identity[0] ^= 1), Err(BundleError::Signature));
    assert_eq!(
        forged(|bundle| bundle
            .signed_pre_keys
            .values_mut()
            .for_each(|pre_key| pre_key.version += 1)),
        Err(BundleError::Signature)
    );
    assert_eq!(
        forged(|bundle| {
            let (_, pre_key) = bundle.signed_pre_keys.pop_first().unwrap();
            bundle.signed_pre_keys = (0..17).map(|n| (n.to_string(), pre_key.clone())).collect();
        }),
        Err(BundleError::TooManyPreKeys)
    );
}

#[test]
fn double_ratchet_conversations() {
    let cases = cases("double_ratchet", "conversations");
    let mut messages = 0;
    for case in &cases {
        messages += Conversation::new(case).run();
    }
    println!(
        "double_ratchet: {} conversations, {messages} protocol messages",
        cases.len()
    );
}

/// Two sides of ours say again what two sides of others said.
struct Conversation<'a> {
    case: &'a Value,
    pre_keys: Vec<SecretKey>,
    /// By owner and founding pre-key.
    sessions: BTreeMap<(&'a str, PublicKey), PairSession>,
}

impl<'a> Conversation<'a> {
    fn new(case: &'a Value) -> Conversation<'a> {
        let pre_keys = list(&case["bundle_private_keys"]).iter().map(secret).collect();
        Conversation {
            case,
            pre_keys,
            sessions: BTreeMap::new(),
        }
    }

    /// Sends and deliveries are recorded apart. A message is sent when sending it gives the recorded bytes; until then the
    /// next delivery comes first.
    fn run(mut self) -> usize {
        let messages = list(&self.case["messages"]);
        let mut deliveries = list(&self.case["delivery"]).iter();
        for message in messages {
            while !self.send(message) {
                let delivery = deliveries.next().expect("no delivery makes this message");
                self.deliver(&messages[number(&delivery["message"]) as usize], delivery);
            }
        }
        for delivery in deliveries {
            self.deliver(&messages[number(&delivery["message"]) as usize], delivery);
        }
        messages.len()
    }

    fn send(&mut self, message: &'a Value) -> bool {
        let from = text(&message["from"]);
        let Scheme::Ratchet(part) = self.part(message).scheme else {
            return true; // The nonce of a DH message is random: only opening it can be checked.
        };
        let known = self.sessions.get(&(from, part.pre_key)).cloned();
        let Some(session) = known.or_else(|| self.initiate(message, &part)) else {
            return false;
        };

        let recorded = wire::ProtocolMessage::decode(&bytes(&message["protocol_message"])[..]).unwrap();
        let ours = self.installation(from);
        let mut sessions = BTreeMap::from([(self.installation(other(from)), session)]);
        let pre_keys = BTreeMap::from([(ours.clone(), self.own_pre_key(from))]);
        let bundle = SignedBundle::sign(&self.identity(from), &pre_keys, Timestamp(1));
        let sealed = seal_pairwise(&bytes(&message["plaintext"]), &ours, Some(bundle), &mut sessions)
            .unwrap()
            .bytes;
        let sealed = wire::ProtocolMessage::decode(&sealed[..]).unwrap();
        assert_eq!(sealed.installation_id, recorded.installation_id);
        assert_eq!(sealed.bundles[0].identity, recorded.bundles[0].identity);
        let same = sealed.encrypted_message == recorded.encrypted_message;
        if same {
            let (_, session) = sessions.pop_first().unwrap();
            self.sessions.insert((from, part.pre_key), session);
        }
        same
    }

    fn initiate(&self, message: &Value, part: &RatchetPart) -> Option<PairSession> {
        let drawn: Vec<SecretKey> = list(&message["generated_keys"]).iter().map(secret).collect();
        let find = |public: PublicKey| {
            drawn
                .iter()
                .find(|key| key.public_key() == public)
                .map(|key| *key.expose())
        };
        let mut rng = Script::new([find(part.ephemeral?)?, find(part.header.key)?]);
        let from = text(&message["from"]);
        let theirs = self.identity(other(from)).public_key();
        Some(PairSession::initiate(
            &self.identity(from),
            &theirs,
            &part.pre_key,
            &mut rng,
        ))
    }

    fn deliver(&mut self, message: &'a Value, delivery: &Value) {
        let from = text(&message["from"]);
        let to = other(from);
        let (us, them) = (self.identity(to), self.identity(from).public_key());
        let part = match self.part(message).scheme {
            Scheme::Ratchet(part) => part,
            Scheme::Dh { key, payload } => {
                assert_eq!(*open_dh(&payload, &key, &us).unwrap(), bytes(&delivery["plaintext"]));
                assert_eq!(
                    open_dh(&payload, &key, &self.identity(from)),
                    Err(OpenError::NotAuthentic)
                );
                return;
            }
            other => panic!("{other:?}"),
        };
        let mut session = self.sessions.get(&(to, part.pre_key)).cloned().unwrap_or_else(|| {
            let pre_key = self
                .pre_keys
                .iter()
                .find(|key| key.public_key() == part.pre_key)
                .unwrap();
            let headless = RatchetPart {
                ephemeral: None,
                ..(*part).clone()
            };
            assert_eq!(
                PairSession::accept(&headless, &us, pre_key, &them),
                Err(OpenError::NoSession)
            );
            assert_eq!(PairSession::accept(&part, &us, &us, &them), Err(OpenError::NoSession));
            PairSession::accept(&part, &us, pre_key, &them).unwrap()
        });
        let before = session.clone();
        let mut altered = (*part).clone();
        altered.ciphertext[0] ^= 1;
        session.open(&altered, &mut Script::new([])).unwrap_err();
        altered = RatchetPart {
            pre_key: them,
            ..(*part).clone()
        };
        assert_eq!(session.open(&altered, &mut Script::new([])), Err(OpenError::NoSession));
        assert_eq!(session, before, "what does not open changes nothing");

        let drawn = list(&delivery["keys_generated_on_receive"]).iter().map(array);
        let opened = session.open(&part, &mut Script::new(drawn));
        match delivery.get("plaintext") {
            Some(plaintext) => assert_eq!(*opened.unwrap(), bytes(plaintext)),
            None => {
                opened.unwrap_err();
                assert_eq!(session, before, "a repetition changes nothing");
            }
        }
        self.sessions.insert((to, part.pre_key), session);
    }

    /// The part for the recipient; others find none.
    fn part(&self, message: &Value) -> Part {
        let read = ProtocolMessage::parse(&bytes(&message["protocol_message"])).unwrap();
        let from = text(&message["from"]);
        assert_eq!(read.installation, Some(self.installation(from)));
        assert_eq!(read.bundles.len(), 1);
        assert_eq!(read.bundles[0].identity, self.identity(from).public_key());
        let Body::Encrypted(mut parts) = read.body else {
            panic!("not encrypted")
        };
        let stranger = InstallationId::new("somebody else's").unwrap();
        let part = parts.take(&self.installation(other(from))).unwrap();
        assert_eq!(parts.take(&stranger).unwrap_err(), PartError::NotForUs);
        part
    }

    fn identity(&self, who: &str) -> SecretKey {
        secret(&self.case[who]["private"])
    }

    fn installation(&self, who: &str) -> InstallationId {
        text(&self.case[format!("{who}_installation_id")]).parse().unwrap()
    }

    fn own_pre_key(&self, who: &str) -> PreKey {
        let bundle = Bundle::open(&bytes(&self.case[format!("{who}_bundle")])).unwrap();
        *bundle.pre_keys.values().next().unwrap()
    }
}

fn other(who: &str) -> &'static str {
    if who == "alice" { "bob" } else { "alice" }
}

#[test]
fn hash_ratchet_messages() {
    let cases = cases("hash_ratchet", "vectors");
    let mut opened = 0;
    for case in &cases {
        let (sender, receiver) = (secret(&case["sender"]["private"]), secret(&case["receiver"]["private"]));
        let sender_key = sender.public_key();
        let mut key = check_rekeying(case, &sender, &receiver);
        assert_eq!(*key.id(), array(&case["key_id"]));
        for index in list(&case["delivered_in_order"]) {
            let message = &case["messages"][number(index) as usize];
            let Scheme::Group(part) = only_part(&bytes(&message["protocol_message"])).scheme else {
                panic!("no group")
            };
            assert!(part.names(&key));
            assert!(!part.names(&GroupKey::new(&part.group_id, 5, key.expose())));
            assert_eq!(u64::from(part.seq_no), number(&message["seq_no"]));
            assert_eq!(*part.open(&mut key).unwrap(), bytes(&message["plaintext"]));
            let mut other = GroupKey::new(&part.group_id, key.timestamp(), &[1; 32]);
            assert_eq!(part.open(&mut other), Err(GroupKeyError::NotAuthentic));
            opened += 1;
        }
        let ours: InstallationId = "ours".parse().unwrap();
        let last = key.last_number();
        let sealed = seal_group(b"answer", &ours, &mut key, &mut Script::new([])).unwrap();
        let Scheme::Group(part) = only_part(&sealed).scheme else {
            panic!("no group")
        };
        assert_eq!(part.seq_no, last + 1);
        assert_eq!(part.open(&mut key).unwrap().as_slice(), b"answer");
        assert_ne!(sender_key, receiver.public_key());
    }
    println!("hash_ratchet: {} cases, {opened} messages", cases.len());
}

/// The key that the recorded message, and one of ours, hands to the receiver and to nobody else.
fn check_rekeying(case: &Value, sender: &SecretKey, receiver: &SecretKey) -> GroupKey {
    let part = only_part(&bytes(&case["rekey_message"]));
    let Scheme::Clear(payload) = part.scheme else {
        panic!("the payload is in clear")
    };
    assert_eq!(payload, bytes(&case["rekey_payload_returned"]));
    let keys = part.group_keys.unwrap();
    let opened = keys.open(receiver, &sender.public_key());
    let [key] = &opened[..] else { panic!("one key") };
    assert_eq!(*key.expose(), array(&case["key"]));
    assert_eq!(key.timestamp(), number(&case["key_timestamp"]));
    let stranger = SecretKey::from_bytes(&[9; 32]).unwrap();
    assert_eq!(keys.open(&stranger, &sender.public_key()), []);
    assert_eq!(keys.open(receiver, &stranger.public_key()), []);

    let ours: InstallationId = "ours".parse().unwrap();
    let members = [receiver.public_key()];
    let sealed = seal_rekeying(payload.clone(), &ours, key, sender, &members, &mut Script::new([]));
    let again = only_part(&sealed);
    assert!(matches!(again.scheme, Scheme::Clear(again) if again == payload));
    assert_eq!(again.group_keys.unwrap().open(receiver, &sender.public_key()), opened);
    key.clone()
}

/// The part that addresses no particular installation.
fn only_part(bytes: &[u8]) -> Part {
    let Body::Encrypted(mut parts) = ProtocolMessage::parse(bytes).unwrap().body else {
        panic!("not encrypted")
    };
    parts.take(&"any".parse().unwrap()).unwrap()
}
