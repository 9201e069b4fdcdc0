//! The hash ratchet of communities and their channels: one chain of keys,
//! shared by all members, and the boxes that hand a new key round.
//!
//! ```text
//! key of message n   h_n, where h_0 = key and h_i = keccak256(h_{i-1}); n counts from 1
//! payload            AES-256-GCM, ciphertext || tag(16) || nonce(12)
//! key id             keccak256(group id || timestamp u64 little-endian || key)
//! ```
//!
//! A group key is not forward secret: any member may write any number at any
//! time, so `h_0` is kept, and with it every message of the key can be read.
//! How long a key is kept is the store's rule. Who may hand out a key is the
//! protocol's: nothing here says who made it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use rand_core::CryptoRng;
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;

use crate::keccak256_parts;
use crate::keys::{PublicKey, SecretKey};
use crate::secret::Secret;
use crate::symmetric::SymmetricKey;

/// Why a group message was not encrypted or decrypted. The key is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupKeyError {
    /// Number 0 announces a key and is not encrypted.
    #[error("group message number 0 is not encrypted")]
    NumberZero,
    /// More than [`MAX_STEPS`] hashes from anything we have.
    #[error("the number of the group message is too far away")]
    TooFar,
    /// The sender used another key, or the bytes were altered.
    #[error("the group message does not open with this key")]
    NotAuthentic,
    /// 2^32 messages with one key: a new key is due.
    #[error("the group key is used up")]
    UsedUp,
}

/// Stored bytes that are not a group key: damage, or a newer program wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored group key is damaged or of an unknown version")]
pub struct CodecError;

/// One key of one group, and how far its chain has been followed.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupKey {
    group_id: Vec<u8>,
    timestamp: u64,
    id: [u8; 32],
    key: Secret<32>,
    /// Highest number sent or received.
    last: u32,
    /// `h_n` for the multiples of [`STRIDE`] up to `last`, the newest [`MAX_MILESTONES`].
    milestones: VecDeque<(u32, Secret<32>)>,
}

impl GroupKey {
    /// A key that was received or stored.
    pub fn new(group_id: &[u8], timestamp: u64, key: &[u8; 32]) -> Self {
        Self {
            group_id: group_id.to_vec(),
            timestamp,
            id: keccak256_parts(&[group_id, &timestamp.to_le_bytes(), key]),
            key: Secret::copy_of(key),
            last: 0,
            milestones: VecDeque::new(),
        }
    }

    /// A fresh key. See [`next_timestamp`].
    pub fn generate(group_id: &[u8], timestamp: u64, rng: &mut dyn CryptoRng) -> Self {
        Self::new(group_id, timestamp, SecretKey::generate(rng).expose())
    }

    /// The group: a community's compressed key, or the text of a channel's chat id.
    pub fn group_id(&self) -> &[u8] {
        &self.group_id
    }

    /// Milliseconds since 1970, roughly; the key with the highest is the current one.
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// Names the key on the wire.
    pub fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// Names the key for old clients: the low half of the timestamp.
    pub fn deprecated_id(&self) -> u32 {
        self.timestamp as u32
    }

    /// The key itself, to hand it to members. Whoever copies it has to wipe it.
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// Highest number sent or received, 0 before the first.
    pub fn last_number(&self) -> u32 {
        self.last
    }

    /// Encrypts with the number after the highest known one, and returns that number.
    pub fn encrypt(&mut self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Result<(u32, Vec<u8>), GroupKeyError> {
        let number = self.last.checked_add(1).ok_or(GroupKeyError::UsedUp)?;
        let (key, passed) = self.follow(number)?;
        self.commit(number, passed);
        Ok((number, key.seal(plaintext, rng)))
    }

    /// Decrypts message `number`. Repetitions decrypt again: telling them apart
    /// is for those who know the messages. At most [`MAX_STEPS`] hashes and a few.
    pub fn decrypt(&mut self, number: u32, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, GroupKeyError> {
        let (key, passed) = self.follow(number)?;
        let plaintext = key.open(payload).map_err(|_| GroupKeyError::NotAuthentic)?;
        self.commit(number, passed);
        Ok(Zeroizing::new(plaintext))
    }

    /// The key of message `number`.
    pub fn message_key(&self, number: u32) -> Result<SymmetricKey, GroupKeyError> {
        self.follow(number).map(|(key, _)| key)
    }

    /// The whole state. Holds the key.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let size = FIXED + self.milestones.len() * MILESTONE + self.group_id.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.timestamp.to_le_bytes());
        bytes.extend_from_slice(self.key.as_slice());
        bytes.extend_from_slice(&self.last.to_le_bytes());
        bytes.push(self.milestones.len() as u8);
        for (number, hash) in &self.milestones {
            bytes.extend_from_slice(&number.to_le_bytes());
            bytes.extend_from_slice(hash.as_slice());
        }
        bytes.extend_from_slice(&self.group_id);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (fixed, mut rest) = bytes.split_first_chunk::<FIXED>().ok_or(CodecError)?;
        let (version, fixed) = fixed.split_at(1);
        let (timestamp, fixed) = fixed.split_at(8);
        let (key, fixed) = fixed.split_at(32);
        let (last, count) = fixed.split_at(4);
        if version[0] != VERSION || usize::from(count[0]) > MAX_MILESTONES {
            return Err(CodecError);
        }
        let last = read_u32(last)?;
        let mut milestones = VecDeque::<(u32, Secret<32>)>::new();
        for _ in 0..count[0] {
            let (milestone, after) = rest.split_first_chunk::<MILESTONE>().ok_or(CodecError)?;
            rest = after;
            let (number, hash) = milestone.split_at(4);
            let number = read_u32(number)?;
            let follows = milestones.back().is_none_or(|(before, _)| *before < number);
            if number % STRIDE != 0 || number == 0 || number > last || !follows {
                return Err(CodecError);
            }
            let hash = hash.try_into().map_err(|_| CodecError)?;
            milestones.push_back((number, Secret::copy_of(hash)));
        }
        let timestamp = u64::from_le_bytes(timestamp.try_into().map_err(|_| CodecError)?);
        let key = key.try_into().map_err(|_| CodecError)?;
        Ok(Self {
            last,
            milestones,
            ..Self::new(rest, timestamp, key)
        })
    }

    /// `h_number`, and the milestones passed on the way there.
    fn follow(&self, number: u32) -> Result<(SymmetricKey, Milestones), GroupKeyError> {
        if number == 0 {
            return Err(GroupKeyError::NumberZero);
        }
        let nearest = self.milestones.iter().rev().find(|(n, _)| *n <= number);
        let (start, mut hash) = match nearest {
            Some((start, hash)) => (*start, hash.clone()),
            None => (0, self.key.clone()),
        };
        let reached = if number > self.last { self.last } else { start };
        if number - reached > MAX_STEPS {
            return Err(GroupKeyError::TooFar);
        }
        let mut passed = Vec::new();
        for n in start + 1..=number {
            step(&mut hash);
            if n % STRIDE == 0 && n > self.last {
                passed.push((n, hash.clone()));
            }
        }
        Ok((SymmetricKey::from_secret(hash), passed))
    }

    fn commit(&mut self, number: u32, passed: Milestones) {
        self.last = self.last.max(number);
        self.milestones.extend(passed);
        while self.milestones.len() > MAX_MILESTONES {
            self.milestones.pop_front();
        }
    }
}

impl fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupKey")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

/// The timestamp of a new key at `now_ms`: always higher than that of the key before.
pub fn next_timestamp(previous: Option<u64>, now_ms: u64) -> u64 {
    match previous {
        Some(previous) if previous >= now_ms => previous.saturating_add(1),
        _ => now_ms.saturating_add(10),
    }
}

/// Where a member looks in `RekeyGroup.keys`: the first four bytes of X as a
/// little-endian number. Members may share it.
pub fn rekey_slot(member: &PublicKey) -> u32 {
    let x = member.x();
    u32::from_le_bytes([x[0], x[1], x[2], x[3]])
}

/// `RekeyGroup.keys`: `key` in one box of [`REKEY_BOX`] bytes for each member.
/// Costs one ECDH per member.
pub fn seal_rekey<'a>(
    key: &GroupKey,
    sender: &SecretKey,
    members: impl IntoIterator<Item = &'a PublicKey>,
    rng: &mut dyn CryptoRng,
) -> BTreeMap<u32, Vec<u8>> {
    let mut slots = BTreeMap::<u32, Vec<u8>>::new();
    for member in members {
        let sealed = SymmetricKey::from(sender.ecdh(member)).seal_nonce_first(key.expose(), rng);
        slots.entry(rekey_slot(member)).or_default().extend(sealed);
    }
    slots
}

/// The key in our slot, if one of its boxes is for us. Costs one ECDH.
pub fn open_rekey(slot: &[u8], receiver: &SecretKey, sender: &PublicKey) -> Option<Zeroizing<[u8; 32]>> {
    let shared = SymmetricKey::from(receiver.ecdh(sender));
    slot.chunks_exact(REKEY_BOX).find_map(|sealed| {
        let opened = Zeroizing::new(shared.open_nonce_first(sealed).ok()?);
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&opened);
        Some(key)
    })
}

/// Hashes one message may cost to find its key.
pub const MAX_STEPS: u32 = 100_000;

/// `nonce(12) || AES-256-GCM of the key (32) || tag(16)`.
pub const REKEY_BOX: usize = 60;

/// Every so many hashes one is remembered, so that a late message costs less than that.
const STRIDE: u32 = 1024;

/// Reach back as far as forward.
const MAX_MILESTONES: usize = (MAX_STEPS / STRIDE) as usize + 1;

const VERSION: u8 = 1;
const FIXED: usize = 1 + 8 + 32 + 4 + 1;
const MILESTONE: usize = 4 + 32;

type Milestones = Vec<(u32, Secret<32>)>;

fn step(hash: &mut Secret<32>) {
    let mut keccak = Keccak256::new();
    keccak.update(hash.as_slice());
    keccak.finalize_into(hash.as_mut_slice().try_into().expect("32 bytes"));
}

fn read_u32(bytes: &[u8]) -> Result<u32, CodecError> {
    bytes.try_into().map(u32::from_le_bytes).map_err(|_| CodecError)
}

#[cfg(test)]
mod tests;
