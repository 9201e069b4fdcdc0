//! MembershipUpdateMessage: the signed history of a private group, and the message or reaction that travels with it.
//!
//! Here are the signatures of single events; what a history of events makes of a group is [`crate::group`].

use std::fmt;

use crypto::{PublicKey, SecretKey, Signature, keccak256_parts};
use prost::Message as _;

use crate::content::{ChatMessage, EmojiReaction};
use crate::id::ChatId;
use crate::wire::group as wire;

pub use crate::wire::group::MembershipUpdateEvent;
pub use crate::wire::group::membership_update_event::EventType;

/// The history of a private group. Any member may pass it on.
#[derive(Clone, Debug, PartialEq)]
pub struct MembershipUpdate {
    /// The group.
    pub chat_id: Option<ChatId>,
    /// The signed events as bytes, which is how they are kept and passed on.
    pub events: Vec<Vec<u8>>,
    /// What the author of the update says in the group.
    pub companion: Option<Companion>,
}

/// What travels with the history of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Companion {
    /// A message.
    Message(Box<ChatMessage>),
    /// A reaction. Deployed clients send reactions on their own.
    Reaction(EmojiReaction),
}

/// One verified event of a group's history. Its signature identifies it.
#[derive(Clone, PartialEq)]
pub struct MembershipEvent {
    /// Who did it.
    pub author: PublicKey,
    /// What was done.
    pub event: MembershipUpdateEvent,
    /// Signature (65 bytes) and event as they were received.
    pub bytes: Vec<u8>,
}

impl MembershipEvent {
    /// Makes an event of the group.
    pub fn sign(chat_id: &ChatId, event: MembershipUpdateEvent, author: &SecretKey) -> MembershipEvent {
        let encoded = event.encode_to_vec();
        let signature = author.sign(&keccak256_parts(&[chat_id.as_str().as_bytes(), &encoded]));
        let bytes = [signature.as_bytes().as_slice(), &encoded].concat();
        MembershipEvent {
            author: author.public_key(),
            event,
            bytes,
        }
    }

    /// Reads an event of the group and recovers who made it. Costs one recovery.
    pub fn open(chat_id: &ChatId, bytes: &[u8]) -> Result<MembershipEvent, EventError> {
        let (signature, encoded) = bytes.split_at_checked(SIGNATURE_BYTES).ok_or(EventError::Malformed)?;
        let event = MembershipUpdateEvent::decode(encoded).map_err(|_| EventError::Malformed)?;
        let hash = keccak256_parts(&[chat_id.as_str().as_bytes(), encoded]);
        let author = Signature::from_slice(signature)
            .and_then(|signature| signature.recover(&hash))
            .map_err(|_| EventError::Signature)?;
        Ok(MembershipEvent {
            author,
            event,
            bytes: bytes.to_vec(),
        })
    }

    /// Puts an event together again that was opened once before: its author is believed.
    pub fn opened(author: PublicKey, bytes: Vec<u8>) -> Result<MembershipEvent, EventError> {
        let encoded = bytes.get(SIGNATURE_BYTES..).ok_or(EventError::Malformed)?;
        let event = MembershipUpdateEvent::decode(encoded).map_err(|_| EventError::Malformed)?;
        Ok(MembershipEvent { author, event, bytes })
    }

    /// The signature, which identifies the event.
    pub fn signature(&self) -> &[u8] {
        self.bytes.get(..SIGNATURE_BYTES).unwrap_or_default()
    }
}

/// The sender passed on an event that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum EventError {
    /// Not an event, or of no group.
    #[error("the event of the group is malformed")]
    Malformed,
    /// The signature belongs to no key.
    #[error("the event of the group has an invalid signature")]
    Signature,
}

impl fmt::Debug for MembershipEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MembershipEvent({:?} by {:?})", self.event.r#type(), self.author)
    }
}

impl From<wire::MembershipUpdateMessage> for MembershipUpdate {
    fn from(wire: wire::MembershipUpdateMessage) -> MembershipUpdate {
        use wire::membership_update_message::ChatEntity;
        let companion = wire.chat_entity.map(|entity| match entity {
            ChatEntity::Message(message) => Companion::Message(Box::new(message.into())),
            ChatEntity::EmojiReaction(reaction) => Companion::Reaction(reaction.into()),
        });
        MembershipUpdate {
            chat_id: ChatId::new(wire.chat_id).ok(),
            events: wire.events,
            companion,
        }
    }
}

impl From<&MembershipUpdate> for wire::MembershipUpdateMessage {
    fn from(update: &MembershipUpdate) -> wire::MembershipUpdateMessage {
        use wire::membership_update_message::ChatEntity;
        let chat_entity = update.companion.as_ref().map(|companion| match companion {
            Companion::Message(message) => ChatEntity::Message((&**message).into()),
            Companion::Reaction(reaction) => ChatEntity::EmojiReaction(reaction.into()),
        });
        wire::MembershipUpdateMessage {
            chat_id: update.chat_id.as_ref().map(|id| id.to_string()).unwrap_or_default(),
            events: update.events.clone(),
            chat_entity,
        }
    }
}

const SIGNATURE_BYTES: usize = 65;
