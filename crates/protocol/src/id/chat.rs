//! Chat ids: one text, four shapes.

use std::fmt;
use std::str::FromStr;

use super::{
    CommunityId, IdError, PublicKey, decode_prefixed_hex, first_characters, is_uuid, parse_public_key_text,
    public_key_text, uuid_v4,
};

/// The id of a chat, in the text form of the wire.
///
/// The shape of the text says what kind of chat it is, see [`ChatKind`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

/// What the shape of a chat id says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatKind {
    /// `0x04…`, 132 characters: the other person's key.
    OneToOne,
    /// A UUID, a minus sign and the creator's key.
    Group,
    /// A community id and a UUID, 104 characters.
    Channel {
        /// The community the channel belongs to.
        community: CommunityId,
    },
    /// Anything else: the name of a public chat.
    Public,
}

impl ChatId {
    /// The id with this text: not empty and at most 256 bytes.
    pub fn new(text: impl Into<String>) -> Result<ChatId, IdError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_CHAT_ID_BYTES {
            return Err(IdError::Length);
        }
        Ok(ChatId(text))
    }

    /// The conversation with one person.
    pub fn one_to_one(with: &PublicKey) -> ChatId {
        ChatId(public_key_text(with))
    }

    /// A new private group made by `creator`.
    pub fn new_group(creator: &PublicKey, rng: &mut dyn rand_core::CryptoRng) -> ChatId {
        ChatId(format!("{}-{}", uuid_v4(rng), public_key_text(creator)))
    }

    /// A channel of a community; `channel` is the channel's UUID.
    pub fn channel(community: &CommunityId, channel: &str) -> Result<ChatId, IdError> {
        if !is_uuid(channel) {
            return Err(IdError::Length);
        }
        Ok(ChatId(format!("{community}{channel}")))
    }

    /// What the shape of the text says.
    pub fn kind(&self) -> ChatKind {
        let text = self.0.as_str();
        if is_key_text(text) {
            return ChatKind::OneToOne;
        }
        if let Some(at) = text.len().checked_sub(KEY_TEXT_LENGTH)
            && at > 1
            && text.is_char_boundary(at)
            && text[..at].ends_with('-')
            && is_key_text(&text[at..])
        {
            return ChatKind::Group;
        }
        if text.is_char_boundary(COMMUNITY_TEXT_LENGTH)
            && text.len() > COMMUNITY_TEXT_LENGTH
            && is_uuid(&text[COMMUNITY_TEXT_LENGTH..])
            && let Ok(community) = text[..COMMUNITY_TEXT_LENGTH].parse()
        {
            return ChatKind::Channel { community };
        }
        ChatKind::Public
    }

    /// The other person of a one-to-one chat.
    pub fn peer(&self) -> Option<PublicKey> {
        parse_public_key_text(&self.0).ok()
    }

    /// The person who made a private group.
    pub fn group_creator(&self) -> Option<PublicKey> {
        match self.kind() {
            ChatKind::Group => parse_public_key_text(&self.0[self.0.len() - KEY_TEXT_LENGTH..]).ok(),
            _ => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChatId({}…)", first_characters(self.0.trim_start_matches("0x")))
    }
}

impl FromStr for ChatId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<ChatId, IdError> {
        ChatId::new(text)
    }
}

/// Whether the text is an uncompressed key: `0x04` and 128 hex digits. Whether the point is on the curve is not checked.
fn is_key_text(text: &str) -> bool {
    let mut bytes = [0; 65];
    decode_prefixed_hex(text, &mut bytes).is_ok() && bytes[0] == 4
}

/// `0x` and 65 bytes in hex.
const KEY_TEXT_LENGTH: usize = 132;
/// `0x` and 33 bytes in hex.
const COMMUNITY_TEXT_LENGTH: usize = 68;
/// The longest deployed id, a group's, has 169 bytes; names of public chats are shorter.
const MAX_CHAT_ID_BYTES: usize = 256;
