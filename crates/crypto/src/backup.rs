//! The keys of a backup file, and the seal of each of its chunks; see docs/protocol/backup.md.
//!
//! Everything comes from the chat key by HKDF-SHA256, so the recovery phrase alone opens a backup. Each file has a key of
//! its own, bound to its whole header; chunks are sealed with AES-256-GCM under their number, and the last one says that it
//! is the last: nothing can be cut off, swapped or added unseen.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::keys::SecretKey;
use crate::secret::Secret;
use crate::symmetric::{OpenError, SymmetricKey};

/// The key of all backups of one profile; wiped on drop. The chat key cannot be worked out from it.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupKey(Secret<32>);

/// Whether more chunks follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// They do.
    Inner,
    /// The file ends with this one.
    Last,
}

impl BackupKey {
    /// The key that belongs to a chat key.
    pub fn of(chat_key: &SecretKey) -> Self {
        let mut key = Secret::zeroed();
        expand(chat_key.expose(), &[b"profile"], key.as_mut_slice());
        Self(key)
    }

    /// Tells whether a file with this salt was made with this key. Says nothing without the key.
    pub fn check(&self, salt: &[u8; 32]) -> [u8; CHECK] {
        let mut check = [0; CHECK];
        expand(&self.0, &[b"check", salt], &mut check);
        check
    }

    /// The key of the chunks of the file with this header.
    pub fn file_key(&self, header: &[u8]) -> SymmetricKey {
        let mut key = Secret::<32>::zeroed();
        expand(&self.0, &[b"chunks", header], key.as_mut_slice());
        SymmetricKey::from_secret(key)
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupKey(..)")
    }
}

/// Seals the chunk with this number: [`CHUNK_OVERHEAD`] bytes more than `plain`.
pub fn seal_chunk(key: &SymmetricKey, number: u32, position: Position, plain: &[u8]) -> Vec<u8> {
    key.seal_at(&nonce(number, position), plain)
}

/// Opens a chunk that was sealed under this number and in this position.
pub fn open_chunk(key: &SymmetricKey, number: u32, position: Position, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    key.open_at(&nonce(number, position), sealed)
}

/// Bytes that the seal of a chunk adds.
pub const CHUNK_OVERHEAD: usize = 16;

/// Bytes of [`BackupKey::check`].
pub const CHECK: usize = 16;

const SALT: &[u8] = b"undertone backup v1";

fn expand(key: &[u8; 32], info: &[&[u8]], out: &mut [u8]) {
    Hkdf::<Sha256>::new(Some(SALT), key)
        .expand_multi_info(info, out)
        .expect("32 bytes are within what HKDF gives");
}

fn nonce(number: u32, position: Position) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&number.to_le_bytes());
    nonce[11] = u8::from(position == Position::Last);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> BackupKey {
        BackupKey::of(&SecretKey::from_bytes(&[byte; 32]).unwrap())
    }

    #[test]
    fn a_chunk_opens_in_its_file_at_its_place_and_nowhere_else() {
        let file = key(1).file_key(b"header");
        let sealed = seal_chunk(&file, 3, Position::Inner, b"records");
        assert_eq!(sealed.len(), 7 + CHUNK_OVERHEAD);
        assert_eq!(open_chunk(&file, 3, Position::Inner, &sealed).unwrap(), b"records");
        assert!(open_chunk(&file, 4, Position::Inner, &sealed).is_err());
        assert!(
            open_chunk(&file, 3, Position::Last, &sealed).is_err(),
            "cut off after it"
        );
        for other in [key(1).file_key(b"headex"), key(2).file_key(b"header")] {
            assert!(open_chunk(&other, 3, Position::Inner, &sealed).is_err());
        }
        let mut altered = sealed;
        altered[2] ^= 1;
        assert!(open_chunk(&file, 3, Position::Inner, &altered).is_err());
    }

    #[test]
    fn the_keys_come_from_the_chat_key_and_say_nothing_of_it() {
        assert_eq!(key(1), key(1));
        assert_ne!(key(1), key(2));
        let parts = [*key(1).0, *key(1).file_key(&[]).expose(), [1; 32]];
        assert!(parts[0] != parts[1] && parts[1] != parts[2] && parts[0] != parts[2]);
        assert_ne!(key(1).check(&[0; 32]), key(1).check(&[1; 32]));
        assert_ne!(key(1).check(&[0; 32]), key(2).check(&[0; 32]));
        assert_eq!(format!("{:?}", key(1)), "BackupKey(..)");
    }
}
