//! The key of one message: AES-256-CTR, then HMAC-SHA256 over associated data
//! and ciphertext, with an iv that is derived and not drawn.

use aes::Aes256;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Header, RatchetError};
use crate::secret::Secret;

/// Bytes that sealing adds: iv and tag.
pub(super) const OVERHEAD: usize = IV + TAG;

/// A message key. Good for one message, consumed by using it or dropped.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct MessageKey(pub(super) Secret<32>);

impl MessageKey {
    /// `iv(16) || ciphertext || tag(32)`.
    pub(super) fn seal(self, plaintext: &[u8], associated_data: &[u8]) -> Vec<u8> {
        let keys = self.derive();
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
        sealed.extend_from_slice(keys.iv());
        sealed.extend_from_slice(plaintext);
        keys.apply(&mut sealed[IV..]);
        let tag = keys.mac(associated_data, &sealed).finalize().into_bytes();
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Checks the tag, then decrypts with the iv found in the message.
    pub(super) fn open(&self, sealed: &[u8], associated_data: &[u8]) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        if sealed.len() < OVERHEAD {
            return Err(RatchetError::TooShort);
        }
        let (message, tag) = sealed.split_at(sealed.len() - TAG);
        let keys = self.derive();
        keys.mac(associated_data, message)
            .verify_slice(tag)
            .map_err(|_| RatchetError::NotAuthentic)?;
        let (iv, ciphertext) = message.split_at(IV);
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        keys.apply_with(iv, &mut plaintext);
        Ok(plaintext)
    }

    fn derive(&self) -> Keys {
        let mut keys = Keys(Secret::zeroed());
        Hkdf::<Sha256>::new(Some(&[0; 32]), self.0.as_slice())
            .expand(LABEL, keys.0.as_mut_slice())
            .expect("80 bytes are below HKDF's limit");
        keys
    }
}

/// `n || pn`, both little-endian, and the ratchet key: what the tag covers besides the ciphertext.
pub(super) fn associated_data(header: &Header) -> [u8; 41] {
    let mut data = [0; 41];
    data[..4].copy_from_slice(&header.n.to_le_bytes());
    data[4..8].copy_from_slice(&header.pn.to_le_bytes());
    data[8..].copy_from_slice(&header.key.to_compressed());
    data
}

const LABEL: &[u8] = b"pcwSByyx2CRdryCffXJwy7xgVZWtW5Sh";
const IV: usize = 16;
const TAG: usize = 32;

/// `encryption(32) || authentication(32) || iv(16)`.
struct Keys(Secret<80>);

impl Keys {
    fn iv(&self) -> &[u8] {
        &self.0[64..]
    }

    fn apply(&self, bytes: &mut [u8]) {
        self.apply_with(self.iv(), bytes);
    }

    fn apply_with(&self, iv: &[u8], bytes: &mut [u8]) {
        Ctr128BE::<Aes256>::new_from_slices(&self.0[..32], iv)
            .expect("32 and 16 bytes")
            .apply_keystream(bytes);
    }

    fn mac(&self, associated_data: &[u8], message: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.0[32..64])
            .expect("HMAC takes keys of any length")
            .chain_update(associated_data)
            .chain_update(message)
    }
}
