//! The front door of a whole messenger: whatever a sender puts below any layer, it must end in an outcome, and what is
//! dropped must change nothing that a person sees.
//!
//! Beside the decoders of the library, because it needs a database; a test of the messenger runs it over mutated seeds.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crypto::{PublicKey, SecretKey};
use messenger::{Command, Identity, Inbound, Messenger, NewProfile, Timestamp};
use protocol::address;
use protocol::content::Kind;
use protocol::id::InstallationId;
use protocol::layers::datasync::{Message, Payload, group_id};
use protocol::layers::encryption::seal_dh;
use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use protocol::layers::{application, datasync};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use store::Store;
use waku_proto::Envelope;

/// Hands bytes in. The first byte says who sends them, a stranger or somebody who was asked to be a contact, and below
/// which layer they lie; below the application layer the second is the kind of content.
pub fn receive(bytes: &[u8]) {
    DOOR.with_borrow_mut(|door| door.receive(bytes));
}

/// How often each outcome was had since the present life began.
#[allow(dead_code)] // for the test
pub fn outcomes() -> BTreeMap<Inbound, u64> {
    DOOR.with_borrow(|door| door.messenger.counts().clone())
}

thread_local!(static DOOR: RefCell<Door> = RefCell::new(Door::new()));

/// Well-formed bytes for each layer.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0, 1, 2, 3], vec![1], vec![2, 0x0a], vec![3, 0x1a, 0x00]];
    for sender in [0, 0x80] {
        seeds.push([&[sender | 4, 2][..], &[0x08, 0x80, 0x80, 0x01, 0x22, 5], b"Alice"].concat());
        seeds.push([&[sender | 4, 1][..], &CHAT_MESSAGE].concat());
        seeds.push([&[sender | 4, 47][..], &[0x10, 0xff, 0xff, 0x7f]].concat());
        let wrapped = application::sign(Kind::ChatMessage, CHAT_MESSAGE.to_vec(), &key(7)).bytes;
        let group = group_id(&key(7).public_key(), &key(8).public_key());
        let payload = Payload {
            messages: vec![Message::new(group, NOW, wrapped.clone())],
            ..Payload::default()
        };
        seeds.push([&[sender | 3][..], &wrapped].concat());
        seeds.push([&[sender | 2][..], &payload.encode()].concat());
    }
    seeds
}

/// A chat message with a plausible clock, a text and the marks of a one-to-one message.
const CHAT_MESSAGE: [u8; 26] = [
    0x08, 0x80, 0xa0, 0xf1, 0xc2, 0xb1, 0x34, 0x10, 0x80, 0xa0, 0xf1, 0xc2, 0xb1, 0x34, 0x1a, 2, b'h', b'i', 0x32, 2,
    b'0', b'x', 0x38, 1, 0x40, 1,
];

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Inputs after which a new database is begun, so that quotas that are used up do not hide what comes behind them.
const INPUTS_PER_LIFE: u32 = 1_000;

struct Door {
    messenger: Messenger,
    own: PublicKey,
    rng: ChaCha20Rng,
    now: Timestamp,
    inputs: u32,
}

impl Door {
    fn new() -> Door {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let identity = key(8);
        let profile = NewProfile {
            display_name: "Alice",
            identity: Identity::Key(&identity),
        };
        let store = Store::in_memory().expect("memory is a disk that never fails");
        let mut messenger =
            Messenger::create(store, &profile, NOW, [4; 32]).expect("an empty database takes a profile");
        let friend = key(7).public_key();
        let ask = Command::SendContactRequest {
            to: friend,
            note: "hello".into(),
        };
        messenger.command(NOW, ask).expect("a stranger may be asked");
        // What the generator says is of no matter, only that it is the same in every run.
        rng.set_word_pos(0);
        Door {
            messenger,
            own: identity.public_key(),
            rng,
            now: NOW,
            inputs: 0,
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        let Some((how, data)) = bytes.split_first() else { return };
        self.inputs += 1;
        if self.inputs > INPUTS_PER_LIFE {
            *self = Door::new();
        }
        self.now = self.now.plus(1_000);
        let sender = if how & 0x80 == 0 { key(9) } else { key(7) };
        let envelope = self.envelope(how & 7, data, &sender);
        let commit = self
            .messenger
            .receive(self.now, &envelope)
            .expect("no bytes make the disk fail");
        if matches!(commit.value, Inbound::Dropped(_)) {
            let changes = &commit.changes;
            assert!(
                changes.messages.is_empty() && changes.chats.is_empty(),
                "{:?} changed something",
                commit.value
            );
        }
        self.messenger.deadline(self.now).expect("no bytes make the disk fail");
        self.messenger
            .seal_due(self.now, 4)
            .expect("no bytes make the disk fail");
    }

    /// Wraps the bytes in all layers above the one they lie below.
    fn envelope(&mut self, layer: u8, data: &[u8], sender: &SecretKey) -> Envelope {
        let own = self.own;
        let wrapped = match (layer, data.split_first()) {
            (4, Some((kind, body))) => {
                let kind = Kind::try_from(i32::from(*kind)).unwrap_or(Kind::ChatMessage);
                application::sign(kind, body.to_vec(), sender).bytes
            }
            _ => data.to_vec(),
        };
        let synced = match layer {
            3 | 4 => {
                let message = datasync::Message::new(group_id(&sender.public_key(), &own), self.now, wrapped);
                Payload {
                    messages: vec![message],
                    ..Payload::default()
                }
                .encode()
            }
            _ => wrapped,
        };
        let sealed = match layer {
            2..=4 => {
                let device = InstallationId::new("device").expect("a short text is an id");
                seal_dh(&synced, &own, &device, None, &mut self.rng)
            }
            _ => synced,
        };
        let place = address::partitioned(&own);
        let route = Route {
            pubsub_topic: place.pubsub_topic,
            content_topic: place.content_topic,
            key: RouteKey::Asymmetric(own),
        };
        let mut envelope = transport::seal(&route, &sealed, sender, self.now, Lifetime::Stored, &mut self.rng)
            .expect("fuzzers' inputs fit into an envelope");
        if layer == 0 {
            envelope.message.payload = data.to_vec();
        }
        envelope
    }
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("small numbers are keys")
}
