//! Data sync: MVDS (2/MVDS) in batch mode, with the `group_offers` that Status added.
//!
//! What to repeat and to acknowledge is the caller's to remember; here is what one payload says, how messages are named,
//! and when to repeat. Nothing is ever offered: a message is sent whole until it is acknowledged.

use std::fmt;

use crypto::{PublicKey, keccak256_parts};
use prost::Message as _;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use crate::Timestamp;
use crate::wire::datasync as wire;

/// The id of a data-sync message, which acknowledgements name; not the message id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasyncId(pub [u8; 32]);

/// What two installations say to each other at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Messages the sender has.
    pub acks: Vec<DatasyncId>,
    /// Messages the sender could send.
    pub offers: Vec<DatasyncId>,
    /// Messages the sender wants.
    pub requests: Vec<DatasyncId>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Application messages the sender could send, by conversation.
    pub group_offers: Vec<GroupOffer>,
}

/// One message of a conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The conversation, see [`group_id`].
    pub group_id: Vec<u8>,
    /// When the message was first handed to data sync, in Unix seconds.
    pub timestamp: i64,
    /// An application wrapper.
    pub body: Vec<u8>,
}

/// Application messages of one conversation that the sender holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOffer {
    /// The chat's id as bytes of its text.
    pub group_id: Vec<u8>,
    /// Application message ids.
    pub message_ids: Vec<Vec<u8>>,
}

impl Payload {
    /// Reads a payload; `None` means that the bytes are not one and are to be taken as they are.
    ///
    /// Ids of any other length than 32 bytes name nothing and are left out. Bytes with more than [`MAX_ITEMS`] items are
    /// no payload.
    pub fn parse(bytes: &[u8]) -> Option<Payload> {
        if !has_few_fields(bytes) {
            return None;
        }
        let wire = wire::Payload::decode(bytes).ok()?;
        let empty = wire.acks.is_empty()
            && wire.offers.is_empty()
            && wire.requests.is_empty()
            && wire.messages.is_empty()
            && wire.group_offers.is_empty();
        if empty {
            return None;
        }
        Some(Payload {
            acks: ids(wire.acks),
            offers: ids(wire.offers),
            requests: ids(wire.requests),
            messages: wire.messages.into_iter().map(Message::from).collect(),
            group_offers: wire.group_offers.into_iter().map(GroupOffer::from).collect(),
        })
    }

    /// Writes the payload.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = |ids: &[DatasyncId]| ids.iter().map(|id| id.0.to_vec()).collect();
        wire::Payload {
            acks: bytes(&self.acks),
            offers: bytes(&self.offers),
            requests: bytes(&self.requests),
            messages: self.messages.iter().map(wire::Message::from).collect(),
            group_offers: self.group_offers.iter().map(wire::Offer::from).collect(),
        }
        .encode_to_vec()
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Payload::default()
    }
}

impl Message {
    /// A message to append to a conversation at `now`.
    pub fn new(group_id: [u8; 32], now: Timestamp, body: Vec<u8>) -> Message {
        Message {
            group_id: group_id.to_vec(),
            timestamp: now.as_seconds() as i64,
            body,
        }
    }

    /// The id that acknowledgements name.
    pub fn id(&self) -> DatasyncId {
        let digest = Sha256::new()
            .chain_update(b"MESSAGE_ID")
            .chain_update(&self.group_id)
            .chain_update(self.timestamp.to_le_bytes())
            .chain_update(&self.body)
            .finalize();
        DatasyncId(digest.into())
    }
}

/// The conversation of two people, or of one with their own devices: keccak-256 of both compressed keys, the one with
/// the smaller X coordinate first.
pub fn group_id(a: &PublicKey, b: &PublicKey) -> [u8; 32] {
    let (first, second) = if a.x() <= b.x() { (a, b) } else { (b, a) };
    keccak256_parts(&[&first.to_compressed(), &second.to_compressed()])
}

/// Packs what is due for one peer into as few payloads of about `max_bytes` as it needs.
///
/// Acknowledgements come first. A single message may be larger than `max_bytes`; it then goes alone.
pub fn batch(acks: Vec<DatasyncId>, messages: Vec<Message>, max_bytes: usize) -> Vec<Payload> {
    let mut payloads = Vec::new();
    let mut payload = Payload::default();
    let mut room = max_bytes;
    for ack in acks {
        if room < ACK_BYTES && !payload.is_empty() {
            payloads.push(std::mem::take(&mut payload));
            room = max_bytes;
        }
        room = room.saturating_sub(ACK_BYTES);
        payload.acks.push(ack);
    }
    for message in messages {
        let size = message.group_id.len() + message.body.len() + MESSAGE_OVERHEAD_BYTES;
        if room < size && !payload.is_empty() {
            payloads.push(std::mem::take(&mut payload));
            room = max_bytes;
        }
        room = room.saturating_sub(size);
        payload.messages.push(message);
    }
    if !payload.is_empty() {
        payloads.push(payload);
    }
    payloads
}

/// How long to wait for an acknowledgement after a message was sent for the `count`th time (from 1), in milliseconds in
/// which the app runs; `None` when it has been sent often enough.
///
/// About 27 s, then twice as long every time, and up to 9 s more, so that peers do not repeat in step.
pub fn next_send(count: u32, rng: &mut dyn CryptoRng) -> Option<u64> {
    if count == 0 || count > MAX_SENDS {
        return None;
    }
    let mut random = [0; 4];
    rng.fill_bytes(&mut random);
    let jitter = u64::from(u32::from_le_bytes(random)) % JITTER_EPOCHS;
    Some(((FIRST_WAIT_EPOCHS << (count - 1)) + jitter) * EPOCH_MILLIS)
}

/// How often a message is sent at most.
pub const MAX_SENDS: u32 = 15;

/// The largest number of acknowledgements, messages and so on in one payload; deployed clients send some dozens.
pub const MAX_ITEMS: usize = 10_000;

impl fmt::Debug for DatasyncId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatasyncId({}…)", hex::encode(&self.0[..2]))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({:?}, {} bytes)", self.id(), self.body.len())
    }
}

impl From<wire::Message> for Message {
    fn from(wire: wire::Message) -> Message {
        Message {
            group_id: wire.group_id,
            timestamp: wire.timestamp,
            body: wire.body,
        }
    }
}

impl From<&Message> for wire::Message {
    fn from(message: &Message) -> wire::Message {
        wire::Message {
            group_id: message.group_id.clone(),
            timestamp: message.timestamp,
            body: message.body.clone(),
        }
    }
}

impl From<wire::Offer> for GroupOffer {
    fn from(wire: wire::Offer) -> GroupOffer {
        GroupOffer {
            group_id: wire.group_id,
            message_ids: wire.message_ids,
        }
    }
}

impl From<&GroupOffer> for wire::Offer {
    fn from(offer: &GroupOffer) -> wire::Offer {
        wire::Offer {
            group_id: offer.group_id.clone(),
            message_ids: offer.message_ids.clone(),
        }
    }
}

/// Whether the bytes are at most [`MAX_ITEMS`] protobuf fields; costs no memory.
fn has_few_fields(mut bytes: &[u8]) -> bool {
    for _ in 0..MAX_ITEMS {
        if bytes.is_empty() {
            return true;
        }
        let Ok((tag, wire_type)) = decode_key(&mut bytes) else {
            return false;
        };
        if skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).is_err() {
            return false;
        }
    }
    bytes.is_empty()
}

fn ids(bytes: Vec<Vec<u8>>) -> Vec<DatasyncId> {
    bytes
        .into_iter()
        .filter_map(|id| id.try_into().ok())
        .map(DatasyncId)
        .collect()
}

/// The unit of the deployed schedule.
const EPOCH_MILLIS: u64 = 300;
/// Epochs before the first repetition, without jitter.
const FIRST_WAIT_EPOCHS: u64 = 90;
/// The jitter is below this.
const JITTER_EPOCHS: u64 = 30;
/// An id with its tag and length.
const ACK_BYTES: usize = 36;
/// Tags, lengths and time of a message.
const MESSAGE_OVERHEAD_BYTES: usize = 32;

#[cfg(test)]
mod tests;
