//! The identifiers of the Status protocol: messages, installations, chats, communities.
//!
//! All of them have one text form, which is the form the wire uses, and all of them are checked when made. `Debug` shows
//! the first four characters only, because identifiers belong into no log above `debug`.

use std::fmt;
use std::str::FromStr;

pub use chat::{ChatId, ChatKind};
pub use crypto::PublicKey;

mod chat;

/// The id of an application message: keccak-256 over its author's key and the received wrapper bytes.
///
/// It is neither the data-sync id (which acknowledgements name) nor the hash of the envelope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId([u8; 32]);

impl MessageId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> MessageId {
        MessageId(bytes)
    }

    /// The id with these bytes, if they are 32.
    pub fn from_slice(bytes: &[u8]) -> Result<MessageId, IdError> {
        bytes.try_into().map(MessageId).map_err(|_| IdError::Length)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for MessageId {
    /// `0x` and 64 lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({}…)", &hex::encode(self.0)[..4])
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<MessageId, IdError> {
        let mut bytes = [0; 32];
        decode_prefixed_hex(text, &mut bytes)?;
        Ok(MessageId(bytes))
    }
}

/// The id of a community: the 33 bytes of its compressed public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommunityId([u8; 33]);

impl CommunityId {
    /// The id of the community with this key.
    pub fn of(key: &PublicKey) -> CommunityId {
        CommunityId(key.to_compressed())
    }

    /// The community's key.
    pub fn public_key(&self) -> Result<PublicKey, IdError> {
        PublicKey::from_compressed(&self.0).map_err(|_| IdError::NotAKey)
    }

    /// The id with these bytes, if they can be a compressed key (33 bytes that begin with 2 or 3).
    pub fn from_slice(bytes: &[u8]) -> Result<CommunityId, IdError> {
        let bytes: [u8; 33] = bytes.try_into().map_err(|_| IdError::Length)?;
        if !matches!(bytes[0], 2 | 3) {
            return Err(IdError::NotAKey);
        }
        Ok(CommunityId(bytes))
    }

    /// The 33 bytes, the form that most wire fields carry.
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }
}

impl fmt::Display for CommunityId {
    /// `0x` and 66 lower-case hex digits, the form that topics and channel ids are made of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommunityId({}…)", &hex::encode(self.0)[2..6])
    }
}

impl FromStr for CommunityId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<CommunityId, IdError> {
        let mut bytes = [0; 33];
        decode_prefixed_hex(text, &mut bytes)?;
        CommunityId::from_slice(&bytes)
    }
}

/// The id of an installation, which is one device with one profile; a UUID in practice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallationId(String);

impl InstallationId {
    /// A fresh random id.
    pub fn generate(rng: &mut dyn rand_core::CryptoRng) -> InstallationId {
        InstallationId(uuid_v4(rng))
    }

    /// The id with this text: not empty, at most 64 bytes, and not `none`, which means "no installation" on the wire.
    pub fn new(text: impl Into<String>) -> Result<InstallationId, IdError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_INSTALLATION_ID_BYTES {
            return Err(IdError::Length);
        }
        if text == NO_INSTALLATION {
            return Err(IdError::Reserved);
        }
        Ok(InstallationId(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstallationId({}…)", first_characters(&self.0))
    }
}

impl FromStr for InstallationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<InstallationId, IdError> {
        InstallationId::new(text)
    }
}

/// The sender wrote an identifier that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Wrong number of bytes or characters.
    #[error("an identifier has the wrong length")]
    Length,
    /// Not lower-case or upper-case hex after `0x`.
    #[error("an identifier is not hexadecimal with the prefix 0x")]
    NotHex,
    /// The bytes are not a public key.
    #[error("an identifier is not a public key")]
    NotAKey,
    /// The text has another meaning on the wire.
    #[error("an identifier is a reserved word")]
    Reserved,
}

/// The key of the one entry of an encrypted message that addresses no particular installation.
pub const NO_INSTALLATION: &str = "none";

/// The text form of a person's key: `0x` and the uncompressed key in 130 lower-case hex digits.
pub fn public_key_text(key: &PublicKey) -> String {
    format!("0x{}", hex::encode(key.to_uncompressed()))
}

/// Reads the text form of a person's key. The point must be on the curve.
pub fn parse_public_key_text(text: &str) -> Result<PublicKey, IdError> {
    let mut bytes = [0; 65];
    decode_prefixed_hex(text, &mut bytes)?;
    PublicKey::from_uncompressed(&bytes).map_err(|_| IdError::NotAKey)
}

/// A random UUID, version 4, in its text form of 36 characters.
pub fn uuid_v4(rng: &mut dyn rand_core::CryptoRng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

/// Whether the text has the shape of a UUID: 8-4-4-4-12 hex digits, of any version.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Fills `out` from `0x` and exactly twice as many hex digits.
pub(crate) fn decode_prefixed_hex(text: &str, out: &mut [u8]) -> Result<(), IdError> {
    let digits = text.strip_prefix("0x").ok_or(IdError::NotHex)?;
    if digits.len() != out.len() * 2 {
        return Err(IdError::Length);
    }
    hex::decode_to_slice(digits, out).map_err(|_| IdError::NotHex)
}

/// The first four characters, for `Debug`.
fn first_characters(text: &str) -> String {
    text.chars().take(4).collect()
}

/// Deployed ids have 36 bytes; the bound only keeps hostile ones small.
const MAX_INSTALLATION_ID_BYTES: usize = 64;

#[cfg(test)]
mod tests;
