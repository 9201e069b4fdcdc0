//! A session as bytes, for the encrypted database.
//!
//! ```text
//! version(1) = 1
//! root(32)  ours secret(32) public(65)  theirs 0x00 | 0x01 public(65)
//! sending key(32) n(4)  receiving key(32) n(4)  previous(4)
//! derived(8)  count(2)  count times: chain(33) n(4) sequence(8) key(32)
//! ```
//!
//! Integers are little-endian. Points are kept uncompressed because
//! decompressing costs a square root. Our public key is believed to belong to
//! our secret one: the database authenticates its pages.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::chain::Chain;
use super::message_key::MessageKey;
use super::root::RootKey;
use super::skipped::{Kept, Skipped};
use super::{MAX_STORED, Session};
use crate::keys::{PublicKey, SecretKey};
use crate::secret::Secret;

/// Stored bytes that are not a session: damage, or a newer program wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Written by a version of the format that this program does not know.
    #[error("the stored session has an unknown version")]
    Version,
    /// Too short, too long, or holding impossible values.
    #[error("the stored session is damaged")]
    Damaged,
}

impl Session {
    /// The whole state. Holds every secret of the session.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let size = MAX_FIXED + self.skipped.len() * KEPT;
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        bytes.push(VERSION);
        bytes.extend_from_slice(self.root.expose());
        bytes.extend_from_slice(self.ours.expose());
        bytes.extend_from_slice(&self.ours.public_key().to_uncompressed());
        match &self.theirs {
            None => bytes.push(0),
            Some(theirs) => {
                bytes.push(1);
                bytes.extend_from_slice(&theirs.to_uncompressed());
            }
        }
        for chain in [&self.sending, &self.receiving] {
            bytes.extend_from_slice(chain.expose());
            bytes.extend_from_slice(&chain.n().to_le_bytes());
        }
        bytes.extend_from_slice(&self.previous.to_le_bytes());
        bytes.extend_from_slice(&self.skipped.derived().to_le_bytes());
        let count = self.skipped.len() as u16;
        bytes.extend_from_slice(&count.to_le_bytes());
        for kept in self.skipped.iter() {
            bytes.extend_from_slice(&kept.chain);
            bytes.extend_from_slice(&kept.n.to_le_bytes());
            bytes.extend_from_slice(&kept.sequence.to_le_bytes());
            bytes.extend_from_slice(kept.key.0.as_slice());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader(bytes);
        let [version] = reader.array()?;
        if *version != VERSION {
            return Err(CodecError::Version);
        }
        let session = Self {
            root: RootKey::from_bytes(reader.array()?),
            ours: SecretKey::with_public(reader.array()?, reader.point()?).map_err(|_| CodecError::Damaged)?,
            theirs: match reader.array()? {
                [0] => None,
                [1] => Some(reader.point()?),
                _ => return Err(CodecError::Damaged),
            },
            sending: Chain::from_parts(reader.array()?, reader.u32()?),
            receiving: Chain::from_parts(reader.array()?, reader.u32()?),
            previous: reader.u32()?,
            skipped: reader.skipped()?,
        };
        if reader.0.is_empty() {
            Ok(session)
        } else {
            Err(CodecError::Damaged)
        }
    }
}

const VERSION: u8 = 1;
const MAX_FIXED: usize = 1 + 32 + 32 + 65 + 1 + 65 + 2 * (32 + 4) + 4 + 8 + 2;
const KEPT: usize = 33 + 4 + 8 + 32;
const _: () = assert!(MAX_STORED <= u16::MAX as usize);

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], CodecError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(CodecError::Damaged)?;
        self.0 = rest;
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_le_bytes(*self.array()?))
    }

    fn u64(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_le_bytes(*self.array()?))
    }

    fn point(&mut self) -> Result<PublicKey, CodecError> {
        PublicKey::from_uncompressed(self.array()?).map_err(|_| CodecError::Damaged)
    }

    fn skipped(&mut self) -> Result<Skipped, CodecError> {
        let derived = self.u64()?;
        let count = usize::from(u16::from_le_bytes(*self.array()?));
        if count > MAX_STORED || self.0.len() != count * KEPT {
            return Err(CodecError::Damaged);
        }
        let mut kept = VecDeque::<Kept>::with_capacity(count);
        for _ in 0..count {
            let next = Kept {
                chain: *self.array()?,
                n: self.u32()?,
                sequence: self.u64()?,
                key: MessageKey(Secret::copy_of(self.array()?)),
            };
            let after = kept.back().is_none_or(|last| last.sequence < next.sequence);
            if !after || next.sequence >= derived {
                return Err(CodecError::Damaged);
            }
            kept.push_back(next);
        }
        Ok(Skipped::from_parts(kept, derived))
    }
}
