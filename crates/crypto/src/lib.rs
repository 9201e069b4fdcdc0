//! Turns keys and bytes into other keys and bytes.
//!
//! The cryptography of a Status account over Waku: secp256k1 keys and what is
//! derived from them, payload version 1 (26/WAKU2-PAYLOAD), X3DH bundles
//! (53/WAKU2-X3DH), the double ratchet, the hash ratchet of communities, and
//! the envelope that locks a profile's key under a password.
//!
//! Primitives come from vetted libraries; only the constructions are ours.
//! Everything is a value: randomness is handed in, nothing reads a clock or a
//! file, and a failed operation leaves its inputs as they were.
//!
//! Secret bytes live in boxes that are wiped when dropped and that print as
//! `(..)`. Boxed, so that moving a value copies a pointer and not the secret.

mod secret;

pub mod backup;
pub mod derive;
pub mod dh_fallback;
pub mod file;
pub mod forms;
pub mod group_key;
pub mod keys;
pub mod keystore;
pub mod mnemonic;
pub mod payload_v1;
pub mod safety;
pub mod session;
pub mod symmetric;
pub mod vault;
pub mod x3dh;

pub use derive::ExtendedKey;
pub use forms::Address;
pub use group_key::GroupKey;
pub use keys::{KeyError, PublicKey, SecretKey, SharedSecret, Signature};
pub use mnemonic::{Mnemonic, Seed};
pub use session::{Header, RatchetError, RatchetMessage, Session};
pub use symmetric::SymmetricKey;

use sha3::{Digest, Keccak256};

/// Keccak-256 as Ethereum uses it (the original padding, not NIST SHA3-256).
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// [`keccak256`] of the concatenation of `parts`, without concatenating them.
pub fn keccak256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;

// Lets unit tests share the vector loader of the integration tests.
#[cfg(test)]
extern crate self as undertone_crypto;
