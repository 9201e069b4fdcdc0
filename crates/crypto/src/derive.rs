//! Hierarchical keys (BIP-32) and the paths of a Status account.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

use crate::keys::{KeyError, SecretKey};
use crate::mnemonic::Seed;
use crate::secret::Secret;

/// The chat key, which *is* the user in every layer. Its last step is not hardened.
pub const CHAT: &str = "m/43'/60'/1581'/0'/0";

/// Root of further messaging keys (EIP-1581).
pub const EIP1581_ROOT: &str = "m/43'/60'/1581'";

/// Key of the local database on devices with a key card; never on the wire.
pub const ENCRYPTION: &str = "m/43'/60'/1581'/1'/0";

/// Root of the wallet accounts.
pub const WALLET_ROOT: &str = "m/44'/60'/0'/0";

/// The first wallet account.
pub const WALLET: &str = "m/44'/60'/0'/0/0";

/// Why no key was derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// The caller's path is not numbers below 2^31, with `'` or without, between slashes.
    #[error("not a derivation path")]
    Path,
    /// The path leads to one of the 2^-127 places where there is no key.
    #[error("there is no key at this path")]
    NoKey,
}

impl From<KeyError> for DeriveError {
    fn from(_: KeyError) -> Self {
        Self::NoKey
    }
}

/// A secret key with the chain code that its children are derived with.
#[derive(Clone, PartialEq, Eq)]
pub struct ExtendedKey {
    key: SecretKey,
    chain_code: Secret<32>,
}

impl ExtendedKey {
    /// The master key `m`.
    pub fn master(seed: &Seed) -> Result<Self, DeriveError> {
        let output = hmac_sha512(b"Bitcoin seed", &[seed.expose()]);
        let (key, chain_code) = halves(&output);
        Ok(Self {
            key: SecretKey::from_bytes(key)?,
            chain_code: Secret::copy_of(chain_code),
        })
    }

    /// The key at `path` below this one; `m/`, `./` or nothing may stand before the numbers.
    pub fn derive(&self, path: &str) -> Result<Self, DeriveError> {
        let steps = match path {
            "" | "m" | "." => "",
            _ => path
                .strip_prefix("m/")
                .or_else(|| path.strip_prefix("./"))
                .unwrap_or(path),
        };
        if steps.is_empty() {
            return Ok(self.clone());
        }
        steps
            .split('/')
            .map(step_index)
            .try_fold(self.clone(), |key, index| key.child(index?))
    }

    /// The key, without its chain code.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    fn child(&self, index: u32) -> Result<Self, DeriveError> {
        let index_bytes = index.to_be_bytes();
        let output = if index & HARDENED == 0 {
            let parent = self.key.public_key().to_compressed();
            hmac_sha512(self.chain_code.as_slice(), &[&parent, &index_bytes])
        } else {
            let parent: [&[u8]; 3] = [&[0], self.key.expose(), &index_bytes];
            hmac_sha512(self.chain_code.as_slice(), &parent)
        };
        let (tweak, chain_code) = halves(&output);
        Ok(Self {
            key: self.key.add(tweak)?,
            chain_code: Secret::copy_of(chain_code),
        })
    }
}

impl fmt::Debug for ExtendedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtendedKey(..)")
    }
}

const HARDENED: u32 = 1 << 31;

fn step_index(step: &str) -> Result<u32, DeriveError> {
    let (number, hardened) = match step.strip_suffix('\'') {
        Some(number) => (number, HARDENED),
        None => (step, 0),
    };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse::<u32>() {
        Ok(index) if digits && index < HARDENED => Ok(index | hardened),
        _ => Err(DeriveError::Path),
    }
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Secret<64> {
    use hmac::digest::FixedOutput;
    let mut hmac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    let mut output = Secret::zeroed();
    hmac.finalize_into(output.as_mut_slice().try_into().expect("64 bytes"));
    output
}

fn halves(output: &Secret<64>) -> (&[u8; 32], &[u8; 32]) {
    let (left, right) = output.split_at(32);
    (
        left.try_into().expect("half of 64 bytes"),
        right.try_into().expect("half of 64 bytes"),
    )
}

#[cfg(test)]
mod tests;
