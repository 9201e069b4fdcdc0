//! WAKU payload version 1 (26/WAKU2-PAYLOAD).
//!
//! ```text
//! plaintext   flags(1) || size(1..3, little-endian) || data || padding || signature(65, if signed)
//! flags       bits 0..1 the width of size, bit 2 signed
//! symmetric   AES-256-GCM, ciphertext || tag(16) || nonce(12)
//! asymmetric  ECIES: ephemeral key(65) || iv(16) || AES-128-CTR || HMAC-SHA256(32)
//! ```
//!
//! Sealing pads with random bytes to a multiple of 256. Opening takes any
//! padding. Whose signature is wanted is not decided here.

use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use crate::keccak256;
use crate::keys::{PublicKey, SecretKey, SharedSecret, Signature};
use crate::secret::Secret;
use crate::symmetric::{self, SymmetricKey};

/// Who can open a payload.
#[derive(Debug, Clone, Copy)]
pub enum Recipient<'a> {
    /// Everyone who holds the key.
    Symmetric(&'a SymmetricKey),
    /// Whoever holds the secret key.
    Asymmetric(&'a PublicKey),
}

/// What to open a payload with.
#[derive(Debug, Clone, Copy)]
pub enum OpeningKey<'a> {
    /// The key of a topic.
    Symmetric(&'a SymmetricKey),
    /// Our own key.
    Asymmetric(&'a SecretKey),
}

/// An opened payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The data.
    pub data: Vec<u8>,
    /// Whose signature it carries, if any. Every well-formed signature gives
    /// some key: the caller decides whether it is one to trust.
    pub author: Option<PublicKey>,
    /// The padding, of no meaning.
    pub padding: Vec<u8>,
}

/// The caller wants to seal what the format cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// More than [`MAX_DATA`] bytes.
    #[error("the data is too long for one payload")]
    TooLong,
}

/// The sender is at fault, or the payload is not for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Fewer bytes than an empty payload has.
    #[error("the payload is too short")]
    TooShort,
    /// Not sealed to this key, or altered on the way.
    #[error("the payload does not open with this key")]
    WrongKey,
    /// It opens, but the plaintext does not follow the format.
    #[error("the payload's plaintext is malformed")]
    Malformed,
    /// It claims to be signed, but no key made this signature.
    #[error("the payload's signature is invalid")]
    Signature,
}

/// Seals `data` for `to`, signed by `author` if there is one.
pub fn seal(
    data: &[u8],
    to: Recipient<'_>,
    author: Option<&SecretKey>,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, SealError> {
    match to {
        Recipient::Symmetric(key) => {
            let plaintext = frame(data, author, 0, symmetric::OVERHEAD, rng)?;
            Ok(key.seal_in_place(plaintext, rng))
        }
        Recipient::Asymmetric(key) => {
            let buffer = frame(data, author, EPHEMERAL + IV, MAC, rng)?;
            Ok(ecies_seal(buffer, key, rng))
        }
    }
}

/// Opens a payload and recovers its author.
pub fn open(bytes: &[u8], key: OpeningKey<'_>) -> Result<Opened, OpenError> {
    let plaintext = match key {
        OpeningKey::Symmetric(key) => {
            if bytes.len() < symmetric::OVERHEAD + 1 {
                return Err(OpenError::TooShort);
            }
            key.open(bytes).map_err(|_| OpenError::WrongKey)?
        }
        OpeningKey::Asymmetric(key) => ecies_open(bytes, key)?,
    };
    unframe(plaintext)
}

/// Bytes that sealing for whoever holds a symmetric key adds to the padded plaintext.
pub const SYMMETRIC_OVERHEAD: usize = symmetric::OVERHEAD;

/// Bytes that sealing for one public key adds to the padded plaintext.
pub const ASYMMETRIC_OVERHEAD: usize = EPHEMERAL + IV + MAC;

/// The longest data one payload carries: its size has three bytes.
pub const MAX_DATA: usize = (1 << 24) - 1;

const SIGNED: u8 = 0b100;
const SIZE_WIDTH: u8 = 0b011;
const SIGNATURE: usize = 65;
const PAD_TO: usize = 256;
const EPHEMERAL: usize = 65;
const IV: usize = 16;
const MAC: usize = 32;

/// Builds the plaintext, after `head` zero bytes and with room for `tail` more.
fn frame(
    data: &[u8],
    author: Option<&SecretKey>,
    head: usize,
    tail: usize,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, SealError> {
    let width = match data.len() {
        0..0x100 => 1,
        0x100..0x1_0000 => 2,
        0x1_0000..=MAX_DATA => 3,
        _ => return Err(SealError::TooLong),
    };
    let signature = if author.is_some() { SIGNATURE } else { 0 };
    let raw = 1 + width + data.len() + signature;
    let padding = PAD_TO - raw % PAD_TO;

    let mut buffer = Vec::with_capacity(head + raw + padding + tail);
    buffer.resize(head, 0);
    buffer.push(width as u8 | if author.is_some() { SIGNED } else { 0 });
    buffer.extend_from_slice(&data.len().to_le_bytes()[..width]);
    buffer.extend_from_slice(data);
    let padded = buffer.len() + padding;
    let unpadded = buffer.len();
    buffer.resize(padded, 0);
    rng.fill_bytes(&mut buffer[unpadded..]);
    if let Some(author) = author {
        let signature = author.sign(&keccak256(&buffer[head..]));
        buffer.extend_from_slice(signature.as_bytes());
    }
    Ok(buffer)
}

/// Takes the plaintext apart, reusing its buffer for the data.
fn unframe(mut plaintext: Vec<u8>) -> Result<Opened, OpenError> {
    let flags = *plaintext.first().ok_or(OpenError::Malformed)?;
    let author = if flags & SIGNED == 0 {
        None
    } else {
        let end = plaintext
            .len()
            .checked_sub(SIGNATURE)
            .filter(|end| *end > 1)
            .ok_or(OpenError::Malformed)?;
        let signature = Signature::from_slice(&plaintext[end..]).map_err(|_| OpenError::Signature)?;
        plaintext.truncate(end);
        let author = signature.recover(&keccak256(&plaintext));
        Some(author.map_err(|_| OpenError::Signature)?)
    };
    let width = usize::from(flags & SIZE_WIDTH);
    let size = plaintext.get(1..=width).ok_or(OpenError::Malformed)?;
    if size.is_empty() {
        return Err(OpenError::Malformed);
    }
    let size = size.iter().rev().fold(0, |size, byte| size << 8 | usize::from(*byte));
    let start = 1 + width;
    if plaintext.len() - start < size {
        return Err(OpenError::Malformed);
    }
    let padding = plaintext.split_off(start + size);
    plaintext.drain(..start);
    Ok(Opened {
        data: plaintext,
        author,
        padding,
    })
}

/// ECIES with go-ethereum's parameters. `buffer` is room for the ephemeral key
/// and the iv, then the plaintext.
fn ecies_seal(mut buffer: Vec<u8>, recipient: &PublicKey, rng: &mut dyn CryptoRng) -> Vec<u8> {
    let ephemeral = SecretKey::generate(rng);
    let keys = EciesKeys::derive(&ephemeral.ecdh(recipient));
    buffer[..EPHEMERAL].copy_from_slice(&ephemeral.public_key().to_uncompressed());
    let (iv, plaintext) = buffer[EPHEMERAL..].split_at_mut(IV);
    rng.fill_bytes(iv);
    keys.apply(iv, plaintext);
    let tag = keys.mac(&buffer[EPHEMERAL..]).finalize().into_bytes();
    buffer.extend_from_slice(&tag);
    buffer
}

fn ecies_open(bytes: &[u8], recipient: &SecretKey) -> Result<Vec<u8>, OpenError> {
    if bytes.len() <= EPHEMERAL + IV + MAC {
        return Err(OpenError::TooShort);
    }
    let (ephemeral, rest) = bytes.split_at(EPHEMERAL);
    let (message, tag) = rest.split_at(rest.len() - MAC);
    let ephemeral = PublicKey::from_slice(ephemeral).map_err(|_| OpenError::WrongKey)?;
    let keys = EciesKeys::derive(&recipient.ecdh(&ephemeral));
    keys.mac(message).verify_slice(tag).map_err(|_| OpenError::WrongKey)?;
    let (iv, ciphertext) = message.split_at(IV);
    let mut plaintext = ciphertext.to_vec();
    keys.apply(iv, &mut plaintext);
    Ok(plaintext)
}

struct EciesKeys {
    encryption: Secret<16>,
    authentication: Secret<32>,
}

impl EciesKeys {
    /// NIST SP 800-56 concatenation KDF, one block; the second half is hashed again.
    fn derive(shared: &SharedSecret) -> Self {
        let mut block = Secret::<32>::zeroed();
        Sha256::new()
            .chain_update(1u32.to_be_bytes())
            .chain_update(shared.expose())
            .finalize_into(block.as_mut_slice().try_into().expect("32 bytes"));
        let mut keys = Self {
            encryption: Secret::zeroed(),
            authentication: Secret::zeroed(),
        };
        keys.encryption.copy_from_slice(&block[..16]);
        Sha256::new()
            .chain_update(&block[16..])
            .finalize_into(keys.authentication.as_mut_slice().try_into().expect("32 bytes"));
        keys
    }

    fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(self.authentication.as_slice())
            .expect("HMAC takes keys of any length")
            .chain_update(message)
    }

    fn apply(&self, iv: &[u8], bytes: &mut [u8]) {
        Ctr128BE::<Aes128>::new_from_slices(self.encryption.as_slice(), iv)
            .expect("16 and 16 bytes")
            .apply_keystream(bytes);
    }
}

#[cfg(test)]
mod tests;
