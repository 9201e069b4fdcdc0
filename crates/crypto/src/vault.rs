//! The file that locks a profile's key: Argon2id over the password, then
//! AES-256-GCM over the 32-byte key.
//!
//! ```text
//! magic(8) "UNDRTONE"  version(1) = 1
//! memory KiB(4)  passes(4)  lanes(4)            Argon2id, little-endian
//! salt(16)  nonce(12)  ciphertext(32)  tag(16)  associated data: all before the nonce
//! checksum(32)                                  SHA-256 of all before it
//! ```
//!
//! The checksum is no secret and no protection: it tells a damaged file from a
//! wrong password, because only an undamaged file gets as far as the tag.
//! Reads and writes no file.

use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce, Tag};

use crate::secret::Secret;
use crate::symmetric::SymmetricKey;

/// What one guess at the password costs. Stored in the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, at least 8 per lane and at most [`MAX_MEMORY_KIB`].
    pub memory_kib: u32,
    /// Passes over the memory, from 1 to [`MAX_PASSES`].
    pub passes: u32,
    /// Lanes, from 1 to [`MAX_LANES`]. They are computed one after the other.
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, one lane: a fraction of a second.
    pub const DEFAULT: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };

    /// `None` if it is out of bounds.
    fn params(&self) -> Option<Params> {
        if self.memory_kib > MAX_MEMORY_KIB || self.passes > MAX_PASSES || self.lanes > MAX_LANES {
            return None;
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()
    }
}

/// The program asks for a cost that no vault may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cost of the vault is out of bounds")]
pub struct SealError;

/// Why a vault did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file is whole; the password is not the one it was sealed with.
    #[error("wrong password")]
    WrongPassword,
    /// Cut off, altered, or another kind of file.
    #[error("the key file is damaged")]
    Damaged,
    /// A newer program wrote it.
    #[error("the key file was written by a newer version")]
    Version,
    /// Its cost is out of bounds: no program of ours wrote it, and trying
    /// would take unbounded memory or time.
    #[error("the key file asks for more memory or time than is allowed")]
    TooCostly,
}

/// Locks `key` under `password`: [`LEN`] bytes. Takes the time and memory of `cost`.
pub fn seal(password: &str, cost: Cost, key: &SymmetricKey, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SealError> {
    let params = cost.params().ok_or(SealError)?;
    let mut salt = [0; SALT];
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut nonce);

    let mut vault = Vec::with_capacity(LEN);
    vault.extend_from_slice(MAGIC);
    vault.push(VERSION);
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        vault.extend_from_slice(&number.to_le_bytes());
    }
    vault.extend_from_slice(&salt);

    let mut ciphertext = *key.expose();
    let tag = wrapping_cipher(password, &salt, params)
        .encrypt_inout_detached(&Nonce::from(nonce), &vault, ciphertext.as_mut_slice().into())
        .expect("32 bytes are below AES-GCM's limit");
    vault.extend_from_slice(&nonce);
    vault.extend_from_slice(&ciphertext);
    vault.extend_from_slice(&tag);
    let checksum = Sha256::digest(&vault);
    vault.extend_from_slice(&checksum);
    Ok(vault)
}

/// Unlocks a vault. Takes the time and memory it was sealed with.
pub fn open(password: &str, vault: &[u8]) -> Result<SymmetricKey, OpenError> {
    let Parts {
        cost,
        head,
        salt,
        nonce,
        ciphertext,
        tag,
    } = Parts::parse(vault)?;
    let params = cost.params().ok_or(OpenError::TooCostly)?;
    let mut key = Secret::copy_of(ciphertext);
    wrapping_cipher(password, salt, params)
        .decrypt_inout_detached(&Nonce::from(*nonce), head, key.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| OpenError::WrongPassword)?;
    Ok(SymmetricKey::from_secret(key))
}

/// The cost a vault was sealed with, without opening it.
pub fn cost(vault: &[u8]) -> Result<Cost, OpenError> {
    Parts::parse(vault).map(|parts| parts.cost)
}

/// Length of a vault in bytes.
pub const LEN: usize = MAGIC.len() + 1 + 12 + SALT + NONCE + KEY + TAG + CHECKSUM;

/// 1 GiB.
pub const MAX_MEMORY_KIB: u32 = 1024 * 1024;

/// At 1 GiB this is a minute or so.
pub const MAX_PASSES: u32 = 64;

/// As many as a large machine has cores.
pub const MAX_LANES: u32 = 64;

const MAGIC: &[u8; 8] = b"UNDRTONE";
const VERSION: u8 = 1;
const SALT: usize = 16;
const NONCE: usize = 12;
const KEY: usize = 32;
const TAG: usize = 16;
const CHECKSUM: usize = 32;

struct Parts<'a> {
    cost: Cost,
    head: &'a [u8],
    salt: &'a [u8; SALT],
    nonce: &'a [u8; NONCE],
    ciphertext: &'a [u8; KEY],
    tag: &'a [u8; TAG],
}

impl<'a> Parts<'a> {
    fn parse(vault: &'a [u8]) -> Result<Self, OpenError> {
        let (content, checksum) = vault.split_last_chunk::<CHECKSUM>().ok_or(OpenError::Damaged)?;
        if Sha256::digest(content)[..] != checksum[..] || !content.starts_with(MAGIC) {
            return Err(OpenError::Damaged);
        }
        if content.get(MAGIC.len()).is_some_and(|v| *v != VERSION) {
            return Err(OpenError::Version);
        }
        Self::split(content).ok_or(OpenError::Damaged)
    }

    fn split(content: &'a [u8]) -> Option<Self> {
        let (numbers, rest) = content.get(MAGIC.len() + 1..)?.split_first_chunk::<12>()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (ciphertext, rest) = rest.split_first_chunk()?;
        let (tag, rest) = rest.split_first_chunk()?;
        let (numbers, _) = numbers.as_chunks::<4>();
        rest.is_empty().then_some(Self {
            cost: Cost {
                memory_kib: u32::from_le_bytes(numbers[0]),
                passes: u32::from_le_bytes(numbers[1]),
                lanes: u32::from_le_bytes(numbers[2]),
            },
            head: &content[..MAGIC.len() + 1 + 12 + SALT],
            salt,
            nonce,
            ciphertext,
            tag,
        })
    }
}

fn wrapping_cipher(password: &str, salt: &[u8; SALT], params: Params) -> Aes256Gcm {
    let mut key = Secret::<32>::zeroed();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, key.as_mut_slice())
        .expect("checked parameters, a 16-byte salt and 32 bytes out are within Argon2's limits");
    Aes256Gcm::new(key.as_slice().try_into().expect("32 bytes"))
}

#[cfg(test)]
mod tests;
