//! Symmetric keys and AES-256-GCM as Status lays it out.
//!
//! Two layouts exist on the wire, both without associated data and with a
//! random 12-byte nonce: nonce *last* (payload v1, DH fallback, hash ratchet)
//! and nonce *first* (pictures for contacts, rekey boxes).

use std::fmt;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce, Tag};
use rand_core::CryptoRng;
use sha2::Sha256;

use crate::keys::SharedSecret;
use crate::secret::Secret;

/// The bytes were altered, are too short, or were sealed with another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not sealed with this key, or altered")]
pub struct OpenError;

/// A 256-bit AES key; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct SymmetricKey(Secret<32>);

impl SymmetricKey {
    /// Takes 32 bytes that were stored or received.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    /// A fresh key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The key of a chat whose name is `password`: PBKDF2-HMAC-SHA256 with an
    /// empty salt and [`PASSWORD_ROUNDS`] rounds. Takes milliseconds: derive
    /// once per topic and keep the key.
    pub fn from_password(password: &str) -> Self {
        let mut key = Secret::zeroed();
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &[], PASSWORD_ROUNDS, key.as_mut_slice());
        Self(key)
    }

    /// The 32 secret bytes. Whoever copies them has to wipe them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// `ciphertext || tag(16) || nonce(12)`: [`OVERHEAD`] bytes more than `plaintext`.
    pub fn seal(&self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
        sealed.extend_from_slice(plaintext);
        self.seal_in_place(sealed, rng)
    }

    /// Opens what [`Self::seal`] made.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (rest, nonce) = sealed.split_last_chunk::<NONCE>().ok_or(OpenError)?;
        self.open_detached(rest, nonce)
    }

    /// `nonce(12) || ciphertext || tag(16)`: [`OVERHEAD`] bytes more than `plaintext`.
    pub fn seal_nonce_first(&self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        let nonce = random_nonce(rng);
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let tag = self.encrypt(&nonce, &mut sealed[NONCE..]);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what [`Self::seal_nonce_first`] made.
    pub fn open_nonce_first(&self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(OpenError)?;
        self.open_detached(rest, nonce)
    }

    /// `ciphertext || tag(16)` under a nonce that is used once with this key.
    pub(crate) fn seal_at(&self, nonce: &[u8; NONCE], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + TAG);
        sealed.extend_from_slice(plaintext);
        let tag = self.encrypt(nonce, &mut sealed);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what [`Self::seal_at`] made under the same nonce.
    pub(crate) fn open_at(&self, nonce: &[u8; NONCE], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.open_detached(sealed, nonce)
    }

    pub(crate) fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// [`Self::seal`] without copying the plaintext; give it [`OVERHEAD`] spare capacity.
    pub(crate) fn seal_in_place(&self, mut buffer: Vec<u8>, rng: &mut dyn CryptoRng) -> Vec<u8> {
        let nonce = random_nonce(rng);
        let tag = self.encrypt(&nonce, &mut buffer);
        buffer.extend_from_slice(&tag);
        buffer.extend_from_slice(&nonce);
        buffer
    }

    fn encrypt(&self, nonce: &[u8; NONCE], bytes: &mut [u8]) -> Tag {
        Aes256Gcm::new(self.0.as_slice().try_into().expect("32 bytes"))
            .encrypt_inout_detached(&Nonce::from(*nonce), &[], bytes.into())
            .expect("AES-GCM takes up to 64 GiB, more than a message can be")
    }

    fn open_detached(&self, bytes: &[u8], nonce: &[u8; NONCE]) -> Result<Vec<u8>, OpenError> {
        let (ciphertext, tag) = bytes.split_last_chunk::<TAG>().ok_or(OpenError)?;
        let mut plaintext = ciphertext.to_vec();
        Aes256Gcm::new(self.0.as_slice().try_into().expect("32 bytes"))
            .decrypt_inout_detached(
                &Nonce::from(*nonce),
                &[],
                plaintext.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| OpenError)?;
        Ok(plaintext)
    }
}

impl From<SharedSecret> for SymmetricKey {
    /// The raw ECDH output used as an AES key, as rekey boxes and pictures do.
    fn from(shared: SharedSecret) -> Self {
        Self(shared.0)
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(..)")
    }
}

/// Bytes that sealing adds: tag and nonce.
pub const OVERHEAD: usize = TAG + NONCE;

/// Rounds of PBKDF2 between a chat's name and its key. Not 65,536: the deployed number.
pub const PASSWORD_ROUNDS: u32 = 65_356;

const NONCE: usize = 12;
const TAG: usize = 16;

fn random_nonce(rng: &mut dyn CryptoRng) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    nonce
}
