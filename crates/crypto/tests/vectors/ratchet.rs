//! X3DH, bundles, and whole conversations between two deployed clients.

use std::collections::BTreeMap;

use prost::Message;
use serde_json::Value;
use undertone_crypto::{Header, PublicKey, RatchetMessage, SecretKey, Session, dh_fallback, x3dh};

use super::load::{Script, array, bytes, cases, pair, secret, text};
use super::wire::{Bundle, DrHeader, EncryptedMessage, ProtocolMessage};

#[test]
fn x3dh() {
    let cases = cases("x3dh", "vectors");
    for case in &cases {
        let identity = pair(&case["initiator_identity"]);
        let ephemeral = pair(&case["initiator_ephemeral"]);
        let their_identity = pair(&case["responder_identity"]);
        let their_pre_key = pair(&case["responder_signed_pre_key"]);
        let secret = array::<32>(&case["shared_secret"]);
        let initiated = x3dh::initiate(
            &identity,
            &ephemeral,
            &their_identity.public_key(),
            &their_pre_key.public_key(),
        );
        let accepted = x3dh::accept(
            &their_identity,
            &their_pre_key,
            &identity.public_key(),
            &ephemeral.public_key(),
        );
        assert_eq!(initiated.expose(), &secret);
        assert_eq!(accepted.expose(), &secret);
        let dh = [
            ("dh1_initiator_identity_x_spk", &identity, &their_pre_key),
            ("dh2_ephemeral_x_responder_identity", &ephemeral, &their_identity),
            ("dh3_ephemeral_x_spk", &ephemeral, &their_pre_key),
        ];
        for (name, ours, theirs) in dh {
            let shared = ours.ecdh(&theirs.public_key());
            assert_eq!(shared.expose(), &array::<32>(&case[name]), "{name}");
        }

        let bundle = Bundle::decode(bytes(&case["bundle_bytes"]).as_slice()).unwrap();
        bundle.check();
        let pre_keys = bundle.pre_keys();
        assert_eq!(
            x3dh::bundle_signature_material(&pre_keys, bundle.timestamp),
            bytes(&case["signature_material"])
        );
        let signature = x3dh::sign_bundle(&their_identity, &pre_keys, bundle.timestamp);
        assert_eq!(signature.as_bytes().as_slice(), bundle.signature);
    }
    println!("x3dh: {} cases", cases.len());
}

#[test]
fn double_ratchet_conversations() {
    let cases = cases("double_ratchet", "conversations");
    let mut messages = 0;
    for case in &cases {
        messages += Conversation::new(case).run();
    }
    println!("double_ratchet: {} conversations, {messages} messages", cases.len());
}

/// A recorded conversation, played again by two sides of ours.
struct Conversation<'a> {
    case: &'a Value,
    alice: SecretKey,
    bob: SecretKey,
    pre_keys: Vec<SecretKey>,
    /// By owner and by the pre-key the session is founded on.
    sessions: BTreeMap<(&'a str, PublicKey), Session>,
}

impl<'a> Conversation<'a> {
    fn new(case: &'a Value) -> Self {
        for bundle in ["alice_bundle", "bob_bundle"] {
            Bundle::decode(bytes(&case[bundle]).as_slice()).unwrap().check();
        }
        Self {
            case,
            alice: pair(&case["alice"]),
            bob: pair(&case["bob"]),
            pre_keys: list(&case["bundle_private_keys"]).iter().map(secret).collect(),
            sessions: BTreeMap::new(),
        }
    }

    /// The record orders sends and deliveries each for itself. A message could
    /// be sent once sending it gives the recorded bytes; until then the next
    /// delivery has to come first.
    fn run(mut self) -> usize {
        let messages = list(&self.case["messages"]);
        let mut deliveries = list(&self.case["delivery"]).iter();
        for message in messages {
            while !self.send(message) {
                let delivery = deliveries.next().expect("no delivery makes this message");
                self.deliver(&messages[index_of(delivery)], delivery);
            }
        }
        for delivery in deliveries {
            self.deliver(&messages[index_of(delivery)], delivery);
        }
        messages.len()
    }

    /// Whether sending now gives the recorded bytes. The sessions move on only then.
    fn send(&mut self, message: &'a Value) -> bool {
        let from = text(&message["from"]);
        let (us, them) = self.sides(from);
        let shared = us.ecdh(&them.public_key());
        assert_eq!(shared.expose(), &array::<32>(&message["shared_secret"]));

        let (_, wire) = entry(message);
        let Some(recorded) = wire.dr_header.as_ref() else {
            return true; // A DH message: its nonce is random, only opening it can be checked.
        };
        let id = point(&recorded.id);
        let mut session = match self.sessions.get(&(from, id)) {
            Some(session) => session.clone(),
            None => match self.start(message, &wire) {
                Some(session) => session,
                None => return false,
            },
        };
        let plaintext = bytes(&message["plaintext"]);
        let sent = session.encrypt(&plaintext).unwrap();
        let same = sent == recorded_message(recorded, &wire);
        if same {
            self.sessions.insert((from, id), session);
        }
        same
    }

    /// A session the sender founds, from the keys it drew for this message.
    fn start(&self, message: &'a Value, wire: &EncryptedMessage) -> Option<Session> {
        let header = wire.x3dh_header.as_ref()?;
        let (us, them) = self.sides(text(&message["from"]));
        let drawn: Vec<SecretKey> = list(&message["generated_keys"]).iter().map(secret).collect();
        let drawn = |public: &[u8]| drawn.iter().find(|key| key.public_key() == point(public));
        let ephemeral = drawn(&header.key).expect("the ephemeral key was recorded");
        let ratchet = drawn(&wire.dr_header.as_ref()?.key).expect("the ratchet key was recorded");
        let pre_key = point(&header.id);
        let secret = x3dh::initiate(us, ephemeral, &them.public_key(), &pre_key);
        let mut rng = Script::new([*ratchet.expose()]);
        Some(Session::initiator(&secret, &pre_key, &mut rng))
    }

    fn deliver(&mut self, message: &'a Value, delivery: &Value) {
        let (protocol_message, wire) = entry(message);
        protocol_message.bundles.iter().for_each(Bundle::check);
        let from = text(&message["from"]);
        let to = if from == "alice" { "bob" } else { "alice" };
        let (us, them) = self.sides(to);

        if let Some(header) = &wire.dh_header {
            let opened = dh_fallback::open(&wire.payload, &point(&header.key), us).unwrap();
            assert_eq!(*opened, bytes(&delivery["plaintext"]));
            let other = SecretKey::from_bytes(&[9; 32]).unwrap();
            dh_fallback::open(&wire.payload, &point(&header.key), &other).unwrap_err();
            return;
        }
        let recorded = wire.dr_header.as_ref().unwrap();
        let id = point(&recorded.id);
        let mut session = self.sessions.get(&(to, id)).cloned().unwrap_or_else(|| {
            let header = wire.x3dh_header.as_ref().expect("a first message has the header");
            let pre_key = self.pre_keys.iter().find(|key| key.public_key() == id).unwrap();
            let ephemeral = point(&header.key);
            let secret = x3dh::accept(us, pre_key, &them.public_key(), &ephemeral);
            Session::responder(&secret, pre_key)
        });

        let sent = recorded_message(recorded, &wire);
        let before = session.clone();
        let mut rng = Script::from_values(&delivery["keys_generated_on_receive"]);
        let mut altered = sent.ciphertext.clone();
        altered[0] ^= 1;
        session.decrypt(&sent.header, &altered, &mut rng).unwrap_err();
        assert_eq!(session, before, "altered bytes change nothing");

        let opened = session.decrypt(&sent.header, &sent.ciphertext, &mut rng);
        match delivery.get("plaintext") {
            Some(plaintext) => assert_eq!(*opened.unwrap(), bytes(plaintext)),
            None => {
                assert!(delivery["error"].is_string(), "{delivery}");
                opened.unwrap_err();
                assert_eq!(session, before, "a repetition changes nothing");
            }
        }
        let stored = session.to_bytes();
        let session = Session::from_bytes(&stored).unwrap();
        assert_eq!(session.to_bytes(), stored);
        self.sessions.insert((to, id), session);
    }

    fn sides(&self, us: &str) -> (&SecretKey, &SecretKey) {
        match us {
            "alice" => (&self.alice, &self.bob),
            "bob" => (&self.bob, &self.alice),
            other => panic!("who is {other}?"),
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn index_of(delivery: &Value) -> usize {
    delivery["message"].as_u64().unwrap() as usize
}

fn point(bytes: &[u8]) -> PublicKey {
    PublicKey::from_slice(bytes).unwrap()
}

fn entry(message: &Value) -> (ProtocolMessage, EncryptedMessage) {
    let mut wire = ProtocolMessage::decode(bytes(&message["protocol_message"]).as_slice()).unwrap();
    assert_eq!(wire.encrypted_message.len(), 1);
    let installation = text(&message["headers"][0]["for_installation"]);
    let entry = wire.encrypted_message.remove(installation).unwrap();
    (wire, entry)
}

fn recorded_message(header: &DrHeader, wire: &EncryptedMessage) -> RatchetMessage {
    RatchetMessage {
        header: Header {
            key: point(&header.key),
            n: header.n,
            pn: header.pn,
        },
        ciphertext: wire.payload.clone(),
    }
}
