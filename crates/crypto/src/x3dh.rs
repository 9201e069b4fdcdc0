//! X3DH (53/WAKU2-X3DH) as deployed: signed pre-keys only, no one-time
//! pre-keys, and `keccak256(DH1 || DH2 || DH3)` as the key derivation.
//!
//! Holds the signature of bundles too. Does not store, expire or rotate
//! pre-keys, and knows no protobuf: the protocol crate does.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use sha3::{Digest, Keccak256};

use crate::keccak256;
use crate::keys::{KeyError, PublicKey, SecretKey, SharedSecret, Signature};
use crate::secret::Secret;

/// Version of the encryption protocol that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;

/// One of our own signed pre-keys, with its private half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPreKey {
    /// The private half. Erase it once late messages need not be answered any more.
    pub secret: SecretKey,
    /// Counts up by one with each new pre-key of this installation, from 1.
    pub version: u32,
    /// [`PROTOCOL_VERSION`] of the device that made it.
    pub protocol_version: u32,
}

impl SignedPreKey {
    /// A fresh pre-key.
    pub fn generate(version: u32, rng: &mut dyn CryptoRng) -> Self {
        Self {
            secret: SecretKey::generate(rng),
            version,
            protocol_version: PROTOCOL_VERSION,
        }
    }

    /// What others get to see of it.
    pub fn public(&self) -> PreKey {
        PreKey {
            key: self.secret.public_key(),
            version: self.version,
            protocol_version: self.protocol_version,
        }
    }
}

/// A signed pre-key as a bundle advertises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreKey {
    /// The public half; its compressed form is also the id of the pre-key.
    pub key: PublicKey,
    /// Higher replaces lower.
    pub version: u32,
    /// Not covered by the signature.
    pub protocol_version: u32,
}

/// The bytes a bundle's signature covers: for each installation in ascending
/// order of its id `id || pre-key(33) || decimal version`, then the decimal
/// `timestamp` (nanoseconds since 1970) unless it is 0.
pub fn bundle_signature_material(pre_keys: &BTreeMap<String, PreKey>, timestamp: i64) -> Vec<u8> {
    let mut material = Vec::new();
    for (installation, pre_key) in pre_keys {
        material.extend_from_slice(installation.as_bytes());
        material.extend_from_slice(&pre_key.key.to_compressed());
        material.extend_from_slice(pre_key.version.to_string().as_bytes());
    }
    if timestamp != 0 {
        material.extend_from_slice(timestamp.to_string().as_bytes());
    }
    material
}

/// Signs the bundle of `identity`.
pub fn sign_bundle(identity: &SecretKey, pre_keys: &BTreeMap<String, PreKey>, timestamp: i64) -> Signature {
    identity.sign(&keccak256(&bundle_signature_material(pre_keys, timestamp)))
}

/// Whether `identity` signed this bundle. Costs one recovery.
pub fn verify_bundle(
    identity: &PublicKey,
    pre_keys: &BTreeMap<String, PreKey>,
    timestamp: i64,
    signature: &Signature,
) -> Result<(), KeyError> {
    let hash = keccak256(&bundle_signature_material(pre_keys, timestamp));
    if signature.recover(&hash)? == *identity {
        Ok(())
    } else {
        Err(KeyError::Signature)
    }
}

/// The secret of a session we start, from our identity and a fresh ephemeral
/// key towards their identity and signed pre-key. Costs three ECDHs.
pub fn initiate(
    identity: &SecretKey,
    ephemeral: &SecretKey,
    their_identity: &PublicKey,
    their_pre_key: &PublicKey,
) -> SharedSecret {
    combine(
        &identity.ecdh(their_pre_key),
        &ephemeral.ecdh(their_identity),
        &ephemeral.ecdh(their_pre_key),
    )
}

/// The same secret on the side that was addressed. Costs three ECDHs.
pub fn accept(
    identity: &SecretKey,
    pre_key: &SecretKey,
    their_identity: &PublicKey,
    their_ephemeral: &PublicKey,
) -> SharedSecret {
    combine(
        &pre_key.ecdh(their_identity),
        &identity.ecdh(their_ephemeral),
        &pre_key.ecdh(their_ephemeral),
    )
}

fn combine(dh1: &SharedSecret, dh2: &SharedSecret, dh3: &SharedSecret) -> SharedSecret {
    let mut secret = Secret::zeroed();
    let mut hash = Keccak256::new();
    for dh in [dh1, dh2, dh3] {
        hash.update(dh.expose());
    }
    hash.finalize_into(secret.as_mut_slice().try_into().expect("32 bytes"));
    SharedSecret(secret)
}
