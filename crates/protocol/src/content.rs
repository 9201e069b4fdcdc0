//! What people and their devices say to each other: the typed content of application messages.
//!
//! Every kind that has a definition parses into its typed form, whether anything is done with it or not; all others
//! become [`Content::Unsupported`], because newer clients will always know more kinds than we do. Parsing judges form
//! only. The rules about values are the `validate` functions, which name what is wrong as a [`Rule`].

pub mod chat_message;
pub mod command;
pub mod community;
pub mod contact;
pub mod edit;
pub mod identity;
pub mod membership;
pub mod name;
pub mod pin;
pub mod presence;
pub mod push;
pub mod reaction;
pub mod rule;
pub mod shown;
pub mod sync;
pub mod verification;

pub use chat_message::{Body, ChatMessage};
pub use command::TransactionCommand;
pub use community::CommunityMessage;
pub use contact::{
    AcceptContactRequest, ContactCode, ContactUpdate, PropagatedState, RequestSide, RequestState, RetractContactRequest,
};
pub use edit::{DeleteMessage, EditMessage};
pub use identity::{ChatIdentity, Picture};
pub use membership::{Companion, MembershipEvent, MembershipUpdate};
pub use pin::PinMessage;
pub use presence::{Presence, StatusUpdate};
pub use push::PushMessage;
pub use reaction::EmojiReaction;
pub use rule::Rule;
pub use sync::{SyncMessage, SyncPairInstallation};
pub use verification::VerificationMessage;

pub use crate::wire::application::Kind;
pub use crate::wire::common::{ImageFormat, MessageType};

use std::fmt;

use prost::Message;

use crate::wire;

/// One application message.
#[derive(Clone, PartialEq)]
pub enum Content {
    /// Text, pictures and everything else that stands in a chat.
    ChatMessage(Box<ChatMessage>),
    /// A changed text.
    Edit(Box<EditMessage>),
    /// A message taken back, or removed by somebody who may.
    Delete(DeleteMessage),
    /// A message pinned or unpinned.
    Pin(PinMessage),
    /// An emoji on a message, or taken off.
    Reaction(EmojiReaction),
    /// A contact's name and its view of the contact request.
    ContactUpdate(Box<ContactUpdate>),
    /// A contact request accepted.
    AcceptContactRequest(AcceptContactRequest),
    /// A contact removed, or a request taken back.
    RetractContactRequest(RetractContactRequest),
    /// What a person announces to everybody who knows their key.
    ContactCode(Box<ContactCode>),
    /// A person's name, pictures and profile.
    ChatIdentity(Box<ChatIdentity>),
    /// A person's presence.
    StatusUpdate(StatusUpdate),
    /// The history of a private group, with or without a message in it.
    MembershipUpdate(Box<MembershipUpdate>),
    /// Somebody asks to be let into a private group.
    GroupInvitation(wire::group::GroupChatInvitation),
    /// The title of a thread.
    ThreadMetadata(wire::chat::ThreadMetadata),
    /// Two people make sure of each other.
    Verification(VerificationMessage),
    /// Everything between communities and their members that is not a chat message.
    Community(Box<CommunityMessage>),
    /// Between the devices of one person; from anybody else it counts for nothing.
    Sync(Box<SyncMessage>),
    /// To and from push notification servers.
    Push(Box<PushMessage>),
    /// What our own clients say about files.
    FileControl(Box<wire::files::FileControl>),
    /// Payments of old clients.
    Transaction(TransactionCommand),
    /// Usage statistics of old clients.
    Metrics(wire::commands::AnonymousMetricBatch),
    /// A kind without definition: newer than this program, or given up long ago.
    Unsupported(u32),
}

impl Content {
    /// Reads the body of a message of the kind with this number. Bodies above [`MAX_BODY_BYTES`] are refused unread.
    pub fn parse(kind: u32, body: &[u8]) -> Result<Content, ContentError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(ContentError);
        }
        let Some(known) = i32::try_from(kind).ok().and_then(|number| Kind::try_from(number).ok()) else {
            return Ok(Content::Unsupported(kind));
        };
        Ok(match known {
            Kind::ChatMessage => Content::ChatMessage(Box::new(decode::<wire::chat::ChatMessage>(body)?.into())),
            Kind::EditMessage => Content::Edit(Box::new(decode::<wire::chat::EditMessage>(body)?.into())),
            Kind::DeleteMessage => Content::Delete(decode::<wire::chat::DeleteMessage>(body)?.into()),
            Kind::PinMessage => Content::Pin(decode::<wire::chat::PinMessage>(body)?.into()),
            Kind::EmojiReaction => Content::Reaction(decode::<wire::chat::EmojiReaction>(body)?.into()),
            Kind::ContactUpdate => {
                Content::ContactUpdate(Box::new(decode::<wire::contact::ContactUpdate>(body)?.into()))
            }
            Kind::AcceptContactRequest => {
                Content::AcceptContactRequest(decode::<wire::contact::AcceptContactRequest>(body)?.into())
            }
            Kind::RetractContactRequest => {
                Content::RetractContactRequest(decode::<wire::contact::RetractContactRequest>(body)?.into())
            }
            Kind::ContactCodeAdvertisement => Content::ContactCode(Box::new(
                decode::<wire::contact::ContactCodeAdvertisement>(body)?.into(),
            )),
            Kind::ChatIdentity => Content::ChatIdentity(Box::new(decode::<wire::identity::ChatIdentity>(body)?.into())),
            Kind::StatusUpdate => Content::StatusUpdate(decode::<wire::presence::StatusUpdate>(body)?.into()),
            Kind::MembershipUpdateMessage => {
                Content::MembershipUpdate(Box::new(decode::<wire::group::MembershipUpdateMessage>(body)?.into()))
            }
            Kind::GroupChatInvitation => Content::GroupInvitation(decode(body)?),
            Kind::ThreadMetadata => Content::ThreadMetadata(decode(body)?),
            Kind::AnonymousMetricBatch => Content::Metrics(decode(body)?),
            Kind::UndertoneFileControl => Content::FileControl(Box::new(decode(body)?)),
            other => return Content::parse_family(other, body),
        })
    }

    /// The kind's number and the body to send.
    pub fn encode(&self) -> (u32, Vec<u8>) {
        let (kind, body) = match self {
            Content::ChatMessage(content) => (
                Kind::ChatMessage,
                wire::chat::ChatMessage::from(&**content).encode_to_vec(),
            ),
            Content::Edit(content) => (
                Kind::EditMessage,
                wire::chat::EditMessage::from(&**content).encode_to_vec(),
            ),
            Content::Delete(content) => (
                Kind::DeleteMessage,
                wire::chat::DeleteMessage::from(content).encode_to_vec(),
            ),
            Content::Pin(content) => (Kind::PinMessage, wire::chat::PinMessage::from(content).encode_to_vec()),
            Content::Reaction(content) => (
                Kind::EmojiReaction,
                wire::chat::EmojiReaction::from(content).encode_to_vec(),
            ),
            Content::ContactUpdate(content) => (
                Kind::ContactUpdate,
                wire::contact::ContactUpdate::from(&**content).encode_to_vec(),
            ),
            Content::AcceptContactRequest(content) => (
                Kind::AcceptContactRequest,
                wire::contact::AcceptContactRequest::from(content).encode_to_vec(),
            ),
            Content::RetractContactRequest(content) => (
                Kind::RetractContactRequest,
                wire::contact::RetractContactRequest::from(content).encode_to_vec(),
            ),
            Content::ContactCode(content) => (
                Kind::ContactCodeAdvertisement,
                wire::contact::ContactCodeAdvertisement::from(&**content).encode_to_vec(),
            ),
            Content::ChatIdentity(content) => (
                Kind::ChatIdentity,
                wire::identity::ChatIdentity::from(&**content).encode_to_vec(),
            ),
            Content::StatusUpdate(content) => (
                Kind::StatusUpdate,
                wire::presence::StatusUpdate::from(content).encode_to_vec(),
            ),
            Content::MembershipUpdate(content) => (
                Kind::MembershipUpdateMessage,
                wire::group::MembershipUpdateMessage::from(&**content).encode_to_vec(),
            ),
            Content::GroupInvitation(content) => (Kind::GroupChatInvitation, content.encode_to_vec()),
            Content::ThreadMetadata(content) => (Kind::ThreadMetadata, content.encode_to_vec()),
            Content::Metrics(content) => (Kind::AnonymousMetricBatch, content.encode_to_vec()),
            Content::FileControl(content) => (Kind::UndertoneFileControl, content.encode_to_vec()),
            Content::Verification(content) => content.encode(),
            Content::Community(content) => content.encode(),
            Content::Sync(content) => content.encode(),
            Content::Push(content) => content.encode(),
            Content::Transaction(content) => content.encode(),
            Content::Unsupported(kind) => return (*kind, Vec::new()),
        };
        (kind as u32, body)
    }

    /// The kinds that have an enum of their own.
    fn parse_family(kind: Kind, body: &[u8]) -> Result<Content, ContentError> {
        if let Some(content) = VerificationMessage::parse(kind, body)? {
            return Ok(Content::Verification(content));
        }
        if let Some(content) = CommunityMessage::parse(kind, body)? {
            return Ok(Content::Community(Box::new(content)));
        }
        if let Some(content) = SyncMessage::parse(kind, body)? {
            return Ok(Content::Sync(Box::new(content)));
        }
        if let Some(content) = PushMessage::parse(kind, body)? {
            return Ok(Content::Push(Box::new(content)));
        }
        if let Some(content) = TransactionCommand::parse(kind, body)? {
            return Ok(Content::Transaction(content));
        }
        Ok(Content::Unsupported(kind as u32))
    }
}

impl fmt::Debug for Content {
    /// The kind's number only; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content(kind {})", self.encode().0)
    }
}

/// The sender is at fault: the body is not of the form that its kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content is not of the form that its kind has")]
pub struct ContentError;

/// The largest body. Reading takes many times its size in memory if a sender fills it with empty elements; the
/// description of a community with 5,000 members has about 1 MB.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

fn decode<M: Message + Default>(body: &[u8]) -> Result<M, ContentError> {
    M::decode(body).map_err(|_| ContentError)
}

/// The message type with this number; numbers without meaning become the unknown type.
fn message_type(number: i32) -> MessageType {
    MessageType::try_from(number).unwrap_or(MessageType::UnknownMessageType)
}

#[cfg(test)]
mod tests;
