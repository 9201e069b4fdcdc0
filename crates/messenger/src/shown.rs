//! What the kept body of a message carries to be looked at, for whoever shows it. See `protocol::content::shown`.

use protocol::Timestamp;
use protocol::content::MessageType;
use protocol::content::chat_message::Body;

pub use protocol::content::ChatMessage;
pub use protocol::content::shown::{Brought, Handed};

/// The message with this kept body. One without has only its text, which may hold links to people and communities.
pub fn body_of(kept: Option<&[u8]>, text: &str) -> Option<ChatMessage> {
    match kept {
        Some(kept) => {
            let message = ChatMessage::parse(kept).ok()?;
            // An edit changes the text that stands, and not what was kept of the message.
            let text = match message.body {
                Body::Bridge(_) | Body::Discord(_) => message.text,
                _ => text.to_owned(),
            };
            Some(ChatMessage { text, ..message })
        }
        None => text.contains("https://").then(|| bare(text)),
    }
}

/// The pack and hash of a sticker.
pub fn sticker_of(message: &ChatMessage) -> Option<(i32, String)> {
    match &message.body {
        Body::Sticker(sticker) => Some((sticker.pack, sticker.hash.chars().take(MAX_HASH).collect())),
        _ => None,
    }
}

fn bare(text: &str) -> ChatMessage {
    ChatMessage {
        clock: 0,
        timestamp: Timestamp(0),
        chat_id: None,
        message_type: MessageType::UnknownMessageType,
        text: text.to_owned(),
        body: Body::Text,
        response_to: None,
        ens_name: String::new(),
        display_name: String::new(),
        customization_color: 0,
        contact_request: None,
        links: Vec::new(),
        status_links: Vec::new(),
        payment_requests: Vec::new(),
        thread_id: None,
        file: None,
    }
}

/// Content hashes in hexadecimal digits are shorter.
const MAX_HASH: usize = 200;
