//! The key file: the wrapped key of the database, as opaque bytes, in a small file with a checksum.
//!
//! Wrapping (under a password, by Argon2id and an AEAD) is the caller's business. While a password is being changed the
//! file carries two wraps, see [`rekey`](crate::rekey). The checksum tells a damaged file apart from a wrong password: the
//! first is noticed here, the second by whoever unwraps.
//!
//! Form: eight bytes of magic and version, then each of the two wraps as a big-endian 32-bit length and its bytes (a
//! missing one has the length 0), then the SHA-256 of all that.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::error::Kind;
use crate::file::{private, sync_directory};

/// What a key file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// The key in use, wrapped under the password in use; under the old one while a change goes on.
    pub current: Vec<u8>,
    /// While a change goes on: the new key, wrapped under the new password.
    pub next: Option<Vec<u8>>,
}

impl KeyFile {
    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for wrap in [self.current.as_slice(), self.next.as_deref().unwrap_or_default()] {
            bytes.extend_from_slice(&(wrap.len() as u32).to_be_bytes());
            bytes.extend_from_slice(wrap);
        }
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads the bytes of a file; an error [is damage](StoreError::is_damaged).
    pub fn decode(bytes: &[u8]) -> Result<KeyFile, StoreError> {
        decode(bytes).ok_or_else(|| StoreError::new(Kind::Damaged))
    }
}

/// The key file in a profile's directory.
pub fn read(directory: &Path) -> Result<KeyFile, StoreError> {
    KeyFile::decode(&fs::read(directory.join(KEY_FILE))?)
}

/// Replaces the key file in a profile's directory, at once or not at all, also when the power fails.
pub fn write(directory: &Path, file: &KeyFile) -> Result<(), StoreError> {
    let temporary = directory.join(TEMPORARY);
    let mut new = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&temporary)?;
    new.write_all(&file.encode())?;
    new.sync_all()?;
    drop(new);
    fs::rename(&temporary, directory.join(KEY_FILE))?;
    sync_directory(directory)
}

fn decode(bytes: &[u8]) -> Option<KeyFile> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_LENGTH)?)?;
    if Sha256::digest(body).as_slice() != checksum {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let (current, rest) = wrap(rest)?;
    let (next, rest) = wrap(rest)?;
    if current.is_empty() || !rest.is_empty() {
        return None;
    }
    Some(KeyFile {
        current: current.to_vec(),
        next: (!next.is_empty()).then(|| next.to_vec()),
    })
}

fn wrap(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// File name in a profile's directory.
const KEY_FILE: &str = "profile.key";
const TEMPORARY: &str = "profile.key.new";
/// The last byte is the version of the form.
const MAGIC: &[u8; 8] = b"utkeys\0\x01";
const CHECKSUM_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> KeyFile {
        KeyFile {
            current: vec![7; 90],
            next: Some(vec![9; 91]),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        assert!(read(directory.path()).unwrap_err().is_missing());
        for file in [
            example(),
            KeyFile {
                next: None,
                ..example()
            },
        ] {
            write(directory.path(), &file).unwrap();
            assert_eq!(read(directory.path()).unwrap(), file);
        }
        assert!(!directory.path().join(TEMPORARY).exists());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_damage() {
        let whole = example().encode();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            assert!(KeyFile::decode(&bytes).unwrap_err().is_damaged(), "bit in byte {at}");
            assert!(KeyFile::decode(&whole[..at]).unwrap_err().is_damaged(), "cut at {at}");
        }
    }

    #[test]
    fn a_wrap_of_impossible_length_is_damage() {
        let mut body = MAGIC.to_vec();
        body.extend_from_slice(&u32::MAX.to_be_bytes());
        let checksum = Sha256::digest(&body);
        body.extend_from_slice(&checksum);
        assert!(KeyFile::decode(&body).unwrap_err().is_damaged());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &example()).unwrap();
        let mode = fs::metadata(directory.path().join(KEY_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
