//! The keys of a file that travels in chunks, and the seal of each chunk.
//!
//! A file has one random key of its own. HKDF-SHA256 makes from it a public name, the key of the chunks and the key of
//! the topic they travel on. Chunks are sealed with AES-256-GCM under their position as the nonce: no other bytes are
//! ever sealed with that key, because a file's bytes never change under one key.

use std::fmt;

use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;
use crate::symmetric::{OpenError, SymmetricKey};

/// The key of one file; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(Secret<32>);

impl FileKey {
    /// Takes 32 bytes that were stored or received.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    /// A fresh key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The 32 secret bytes. Whoever copies them has to wipe them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the file among those who hold its key. It says nothing about the key or the file.
    pub fn id(&self) -> [u8; 32] {
        let mut id = [0; 32];
        self.derive(b"id", &mut id);
        id
    }

    /// The key of the topic that the chunks travel on.
    pub fn topic_key(&self) -> SymmetricKey {
        self.symmetric(b"topic")
    }

    /// The key under which [`seal_chunk`] and [`open_chunk`] work.
    pub fn chunk_key(&self) -> SymmetricKey {
        self.symmetric(b"chunks")
    }

    fn symmetric(&self, label: &[u8]) -> SymmetricKey {
        let mut key = Secret::<32>::zeroed();
        self.derive(label, key.as_mut_slice());
        SymmetricKey::from_bytes(&key)
    }

    fn derive(&self, label: &[u8], out: &mut [u8]) {
        Hkdf::<Sha256>::new(Some(SALT), self.0.as_slice())
            .expand(label, out)
            .expect("32 bytes are within what HKDF gives");
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// Seals the chunk at a position: [`CHUNK_OVERHEAD`] bytes more than `plain`.
pub fn seal_chunk(key: &SymmetricKey, index: u32, plain: &[u8]) -> Vec<u8> {
    key.seal_at(&nonce(index), plain)
}

/// Opens a chunk that was sealed for this position.
pub fn open_chunk(key: &SymmetricKey, index: u32, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    key.open_at(&nonce(index), sealed)
}

/// SHA-256 of a file that comes piece by piece.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher(..)")
    }
}

/// SHA-256, by which chunks and files are named.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Bytes that the seal of a chunk adds.
pub const CHUNK_OVERHEAD: usize = 16;

const SALT: &[u8] = b"undertone file v1";

fn nonce(index: u32) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&index.to_le_bytes());
    nonce
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_chunk_opens_at_its_place_and_nowhere_else() {
        let key = FileKey::generate(&mut ChaCha20Rng::seed_from_u64(1));
        let chunks = key.chunk_key();
        let sealed = seal_chunk(&chunks, 7, b"some bytes");
        assert_eq!(sealed.len(), 10 + CHUNK_OVERHEAD);
        assert_eq!(open_chunk(&chunks, 7, &sealed).unwrap(), b"some bytes");
        assert!(open_chunk(&chunks, 8, &sealed).is_err());
        let other = FileKey::generate(&mut ChaCha20Rng::seed_from_u64(2)).chunk_key();
        assert!(open_chunk(&other, 7, &sealed).is_err());
        let mut altered = sealed.clone();
        altered[3] ^= 1;
        assert!(open_chunk(&chunks, 7, &altered).is_err());
        assert!(open_chunk(&chunks, 7, &sealed[..CHUNK_OVERHEAD - 1]).is_err());
    }

    #[test]
    fn what_is_derived_from_a_key_is_distinct_and_says_nothing() {
        let key = FileKey::from_bytes(&[9; 32]);
        let parts = [key.id(), *key.topic_key().expose(), *key.chunk_key().expose(), [9; 32]];
        for (index, part) in parts.iter().enumerate() {
            assert!(!parts[index + 1..].contains(part));
        }
        assert_eq!(format!("{key:?}"), "FileKey(..)");
        assert_eq!(
            FileKey::from_bytes(&[9; 32]).id(),
            key.id(),
            "the same key names the same file"
        );
    }
}
