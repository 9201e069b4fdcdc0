//! ChatMessage (62/STATUS-PAYLOADS as deployed): whatever stands in a chat.
//!
//! Which chat a message belongs to, and whether its author may write there, is the messenger's to decide.

use prost::Message as _;

use super::decode;
use crate::Timestamp;
use crate::content::{ContentError, MessageType, PropagatedState, Rule, message_type, name, rule};
use crate::id::{ChatId, MessageId};
use crate::wire::chat as wire;
use crate::wire::files::FileAnnouncement;

pub use crate::wire::chat::audio_message::AudioType;
pub use crate::wire::chat::chat_message::ContentType;
pub use crate::wire::chat::{
    AudioMessage, BridgeMessage, DiscordMessage, ImageMessage, PaymentRequest, StickerMessage, UnfurledLink,
    UnfurledStatusLink,
};

/// One message of a chat.
#[derive(Clone, PartialEq)]
pub struct ChatMessage {
    /// Lamport clock of the chat.
    pub clock: u64,
    /// The author's wall time.
    pub timestamp: Timestamp,
    /// The chat. In one-to-one chats it is the recipient, seen by the author, and says nothing to the recipient.
    pub chat_id: Option<ChatId>,
    /// How the chat is found.
    pub message_type: MessageType,
    /// The text. Pictures may go without; stickers and sounds have a placeholder for clients that cannot show them.
    pub text: String,
    /// What it is besides text.
    pub body: Body,
    /// The message this one answers; the receiver need not know it.
    pub response_to: Option<MessageId>,
    /// An Ethereum name that the author claims.
    pub ens_name: String,
    /// The author's name.
    pub display_name: String,
    /// The author's colour.
    pub customization_color: u32,
    /// In one-to-one chats, how the author sees the contact request.
    pub contact_request: Option<PropagatedState>,
    /// Previews of web pages, made by the author.
    pub links: Vec<UnfurledLink>,
    /// Previews of people, communities and channels, made by the author.
    pub status_links: Vec<UnfurledStatusLink>,
    /// Requests to pay.
    pub payment_requests: Vec<PaymentRequest>,
    /// The thread it belongs to.
    pub thread_id: Option<String>,
    /// The file it announces, between our own clients, unchecked: see [`Announcement`](crate::files::Announcement).
    pub file: Option<FileAnnouncement>,
}

/// What a message is besides its text.
#[derive(Clone, PartialEq)]
pub enum Body {
    /// Nothing else.
    Text,
    /// Only emoji, to be shown large.
    Emoji,
    /// A timeline post of very old clients; shown as text.
    Status,
    /// A request to become contacts, with the text as its note.
    ContactRequest,
    /// A sticker of a pack.
    Sticker(StickerMessage),
    /// A picture, alone or one of an album.
    Image(ImageMessage),
    /// A sound.
    Audio(AudioMessage),
    /// An application wrapper that holds the description of a community.
    Community(Vec<u8>),
    /// A message brought over from a Discord export.
    Discord(Box<DiscordMessage>),
    /// A message brought over from another network.
    Bridge(BridgeMessage),
    /// A content type without meaning here, or one that must not be sent.
    Other(i32),
}

impl ChatMessage {
    /// The message as it travels, without a wrapper around it.
    pub fn encode(&self) -> Vec<u8> {
        wire::ChatMessage::from(self).encode_to_vec()
    }

    /// Reads what [`encode`](Self::encode) or a deployed client wrote.
    pub fn parse(bytes: &[u8]) -> Result<ChatMessage, ContentError> {
        Ok(decode::<wire::ChatMessage>(bytes)?.into())
    }

    /// Whether it carries anything besides its text and what it answers.
    pub fn has_more_than_text(&self) -> bool {
        let text_only = matches!(
            self.body,
            Body::Text | Body::Emoji | Body::Status | Body::ContactRequest
        );
        !text_only
            || !self.links.is_empty()
            || !self.status_links.is_empty()
            || !self.payment_requests.is_empty()
            || self.thread_id.is_some()
            || self.file.is_some()
    }

    /// Checks everything that does not depend on chat and author; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)?;
        if self.timestamp.0 == 0 {
            return Err(Rule::NoTime);
        }
        if !matches!(self.body, Body::Image(_) | Body::Discord(_) | Body::Bridge(_)) {
            rule::text(&self.text)?;
        }
        if self.chat_id.is_none() {
            return Err(Rule::NoChat);
        }
        rule::message_type(self.message_type)?;
        self.body.validate()?;
        name::display_name(&self.display_name)?;
        Ok(())
    }
}

impl Body {
    /// The content type that says so on the wire.
    pub fn content_type(&self) -> i32 {
        let content_type = match self {
            Body::Text => ContentType::TextPlain,
            Body::Emoji => ContentType::Emoji,
            Body::Status => ContentType::Status,
            Body::ContactRequest => ContentType::ContactRequest,
            Body::Sticker(_) => ContentType::Sticker,
            Body::Image(_) => ContentType::Image,
            Body::Audio(_) => ContentType::Audio,
            Body::Community(_) => ContentType::Community,
            Body::Discord(_) => ContentType::DiscordMessage,
            Body::Bridge(_) => ContentType::BridgeMessage,
            Body::Other(number) => return *number,
        };
        content_type as i32
    }

    fn validate(&self) -> Result<(), Rule> {
        let complete = match self {
            Body::Text | Body::Emoji | Body::Status | Body::ContactRequest => true,
            Body::Sticker(sticker) => !sticker.hash.is_empty(),
            Body::Image(image) => !image.payload.is_empty() && image.format != 0,
            Body::Audio(audio) => !audio.payload.is_empty() && audio.r#type != 0,
            Body::Community(_) | Body::Discord(_) => true,
            Body::Bridge(bridge) => {
                !bridge.user_name.is_empty() && !bridge.bridge_name.is_empty() && !bridge.content.is_empty()
            }
            Body::Other(number) => return newer_content_type(*number),
        };
        if complete { Ok(()) } else { Err(Rule::Incomplete) }
    }
}

impl std::fmt::Debug for ChatMessage {
    /// Kind and clock; never what it says.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatMessage")
            .field("clock", &self.clock)
            .field("message_type", &self.message_type)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({})", self.content_type())
    }
}

impl From<wire::ChatMessage> for ChatMessage {
    fn from(wire: wire::ChatMessage) -> ChatMessage {
        ChatMessage {
            clock: wire.clock,
            timestamp: Timestamp(wire.timestamp),
            chat_id: ChatId::new(wire.chat_id).ok(),
            message_type: message_type(wire.message_type),
            text: wire.text,
            body: read_body(wire.content_type, wire.payload),
            response_to: wire.response_to.parse().ok(),
            ens_name: wire.ens_name,
            display_name: wire.display_name,
            customization_color: wire.customization_color,
            contact_request: wire.contact_request_propagated_state.map(PropagatedState::from),
            links: wire.unfurled_links,
            status_links: wire.unfurled_status_links.unwrap_or_default().unfurled_status_links,
            payment_requests: wire.payment_requests,
            thread_id: wire.thread_id,
            file: wire.file,
        }
    }
}

impl From<&ChatMessage> for wire::ChatMessage {
    fn from(message: &ChatMessage) -> wire::ChatMessage {
        wire::ChatMessage {
            clock: message.clock,
            timestamp: message.timestamp.0,
            text: message.text.clone(),
            response_to: message.response_to.map(|id| id.to_string()).unwrap_or_default(),
            ens_name: message.ens_name.clone(),
            chat_id: message.chat_id.as_ref().map(|id| id.to_string()).unwrap_or_default(),
            message_type: message.message_type as i32,
            content_type: message.body.content_type(),
            payload: write_body(&message.body),
            display_name: message.display_name.clone(),
            contact_request_propagated_state: message.contact_request.map(Into::into),
            unfurled_links: message.links.clone(),
            unfurled_status_links: status_links(&message.status_links),
            customization_color: message.customization_color,
            payment_requests: message.payment_requests.clone(),
            thread_id: message.thread_id.clone(),
            file: message.file.clone(),
            ..wire::ChatMessage::default()
        }
    }
}

/// The field that holds previews, absent when there are none.
pub(super) fn status_links(links: &[UnfurledStatusLink]) -> Option<wire::UnfurledStatusLinks> {
    if links.is_empty() {
        return None;
    }
    Some(wire::UnfurledStatusLinks {
        unfurled_status_links: links.to_vec(),
    })
}

/// The content type decides; a payload of another type is ignored, and one that is missing is found by `validate`.
fn read_body(content_type: i32, payload: Option<wire::chat_message::Payload>) -> Body {
    use wire::chat_message::Payload;
    let Ok(known) = ContentType::try_from(content_type) else {
        return Body::Other(content_type);
    };
    match (known, payload) {
        (ContentType::TextPlain, _) => Body::Text,
        (ContentType::Emoji, _) => Body::Emoji,
        (ContentType::Status, _) => Body::Status,
        (ContentType::ContactRequest, _) => Body::ContactRequest,
        (ContentType::Sticker, Some(Payload::Sticker(sticker))) => Body::Sticker(sticker),
        (ContentType::Sticker, _) => Body::Sticker(StickerMessage::default()),
        (ContentType::Image, Some(Payload::Image(image))) => Body::Image(image),
        (ContentType::Image, _) => Body::Image(ImageMessage::default()),
        (ContentType::Audio, Some(Payload::Audio(audio))) => Body::Audio(audio),
        (ContentType::Audio, _) => Body::Audio(AudioMessage::default()),
        (ContentType::Community, Some(Payload::Community(wrapper))) => Body::Community(wrapper),
        (ContentType::Community, _) => Body::Community(Vec::new()),
        (ContentType::DiscordMessage, Some(Payload::DiscordMessage(message))) => Body::Discord(Box::new(message)),
        (ContentType::DiscordMessage, _) => Body::Discord(Box::default()),
        (ContentType::BridgeMessage, Some(Payload::BridgeMessage(message))) => Body::Bridge(message),
        (ContentType::BridgeMessage, _) => Body::Bridge(BridgeMessage::default()),
        (other, _) => Body::Other(other as i32),
    }
}

fn write_body(body: &Body) -> Option<wire::chat_message::Payload> {
    use wire::chat_message::Payload;
    match body {
        Body::Sticker(sticker) => Some(Payload::Sticker(sticker.clone())),
        Body::Image(image) => Some(Payload::Image(image.clone())),
        Body::Audio(audio) => Some(Payload::Audio(audio.clone())),
        Body::Community(wrapper) => Some(Payload::Community(wrapper.clone())),
        Body::Discord(message) => Some(Payload::DiscordMessage((**message).clone())),
        Body::Bridge(message) => Some(Payload::BridgeMessage(message.clone())),
        Body::Text | Body::Emoji | Body::Status | Body::ContactRequest | Body::Other(_) => None,
    }
}

/// Content types above all that are known here are shown as text, as deployed clients do; the rest must not be sent.
fn newer_content_type(number: i32) -> Result<(), Rule> {
    if number > ContentType::BridgeMessage as i32 {
        Ok(())
    } else {
        Err(Rule::ContentType)
    }
}
