//! secp256k1 keys, ECDH and recoverable ECDSA signatures.
//!
//! The only module that knows which library computes on the curve: `libsecp`
//! (C, the default) or `portable` (Rust). Both give the same bytes.
//!
//! A [`PublicKey`] keeps its parsed point and its compressed form, and a
//! [`SecretKey`] keeps its public key once computed, so nothing is parsed or
//! multiplied twice.

#[cfg(feature = "libsecp256k1")]
#[cfg_attr(feature = "portable", allow(dead_code))]
mod libsecp;
#[cfg(any(test, feature = "portable"))]
#[cfg_attr(not(feature = "portable"), allow(dead_code))]
mod portable;

#[cfg(not(feature = "portable"))]
use libsecp as curve;
#[cfg(feature = "portable")]
use portable as curve;

#[cfg(not(any(feature = "libsecp256k1", feature = "portable")))]
compile_error!("choose a curve: feature `libsecp256k1` or `portable`");

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use rand_core::CryptoRng;

use crate::secret::Secret;

/// Bytes that are not the key or signature they claim to be; whoever sent them is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A secret key that is zero or not below the group order.
    #[error("not a valid secp256k1 secret key")]
    Secret,
    /// A public key of the wrong length, with the wrong first byte, or off the curve.
    #[error("not a valid secp256k1 public key")]
    Point,
    /// A signature of the wrong length or form, or from which no key can be recovered.
    #[error("not a valid recoverable signature")]
    Signature,
}

/// A secp256k1 secret key; wiped on drop, shown as `SecretKey(..)`.
#[derive(Clone)]
pub struct SecretKey {
    scalar: Secret<32>,
    public: OnceLock<PublicKey>,
}

impl SecretKey {
    /// Takes 32 big-endian bytes; zero and numbers not below the group order are refused.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Self::from_secret(Secret::copy_of(bytes))
    }

    /// Draws 32 bytes from `rng` (again in the one in 2^128 case that they are no key).
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        loop {
            if let Ok(key) = Self::from_secret(Secret::random(rng)) {
                return key;
            }
        }
    }

    /// The public key; computed at the first call and remembered.
    pub fn public_key(&self) -> PublicKey {
        *self
            .public
            .get_or_init(|| PublicKey::from_point(curve::public_point(&self.scalar)))
    }

    /// The 32 secret bytes. Whoever copies them has to wipe them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.scalar
    }

    /// ECDH as Status uses it: the X coordinate of the common point, not hashed.
    pub fn ecdh(&self, other: &PublicKey) -> SharedSecret {
        let mut shared = SharedSecret(Secret::zeroed());
        curve::ecdh_x(&self.scalar, &other.point, &mut shared.0);
        shared
    }

    /// Signs a 32-byte hash: deterministic (RFC 6979), low `s`, recoverable.
    pub fn sign(&self, hash: &[u8; 32]) -> Signature {
        Signature(curve::sign(&self.scalar, hash))
    }

    /// `self + tweak` modulo the group order (BIP-32 child keys). Refuses a
    /// tweak not below the group order and a sum of zero.
    pub(crate) fn add(&self, tweak: &[u8; 32]) -> Result<Self, KeyError> {
        let mut sum = self.scalar.clone();
        if !curve::add_scalar(&mut sum, tweak) {
            return Err(KeyError::Secret);
        }
        Self::from_secret(sum)
    }

    /// A pair that was stored together. The caller vouches that they belong
    /// together: checking costs a multiplication.
    pub(crate) fn with_public(bytes: &[u8; 32], public: PublicKey) -> Result<Self, KeyError> {
        let key = Self::from_bytes(bytes)?;
        key.public.get_or_init(|| public);
        Ok(key)
    }

    fn from_secret(scalar: Secret<32>) -> Result<Self, KeyError> {
        if !curve::is_scalar(&scalar) {
            return Err(KeyError::Secret);
        }
        Ok(Self {
            scalar,
            public: OnceLock::new(),
        })
    }
}

impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.scalar == other.scalar
    }
}

impl Eq for SecretKey {}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// The 32 bytes two parties share after a key agreement; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(pub(crate) Secret<32>);

impl SharedSecret {
    /// Takes 32 bytes that were stored earlier.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    /// The 32 secret bytes. Whoever copies them has to wipe them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

/// A point on secp256k1, parsed once. Ordered and hashed by its compressed form.
#[derive(Clone, Copy)]
pub struct PublicKey {
    point: curve::Point,
    compressed: [u8; 33],
}

impl PublicKey {
    /// Parses `02|03 || X` (33 bytes).
    pub fn from_compressed(bytes: &[u8; 33]) -> Result<Self, KeyError> {
        Self::from_slice(bytes)
    }

    /// Parses `04 || X || Y` (65 bytes).
    pub fn from_uncompressed(bytes: &[u8; 65]) -> Result<Self, KeyError> {
        Self::from_slice(bytes)
    }

    /// Parses either form, told apart by length. The hybrid forms `06` and `07` are refused.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let point = match (bytes.len(), bytes.first()) {
            (33, Some(2 | 3)) | (65, Some(4)) => curve::parse_point(bytes),
            _ => None,
        };
        point.map(Self::from_point).ok_or(KeyError::Point)
    }

    /// `02|03 || X`.
    pub fn to_compressed(&self) -> [u8; 33] {
        self.compressed
    }

    /// `04 || X || Y`.
    pub fn to_uncompressed(&self) -> [u8; 65] {
        curve::uncompressed(&self.point)
    }

    /// The X coordinate, big-endian.
    pub fn x(&self) -> [u8; 32] {
        let mut x = [0; 32];
        x.copy_from_slice(&self.compressed[1..]);
        x
    }

    fn from_point(point: curve::Point) -> Self {
        let compressed = curve::compressed(&point);
        Self { point, compressed }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.compressed == other.compressed
    }
}

impl Eq for PublicKey {}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compressed.cmp(&other.compressed)
    }
}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compressed.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    /// Four hex digits: enough to tell keys apart in a log, too few to name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:02x}{:02x}..)", self.compressed[1], self.compressed[2])
    }
}

/// A recoverable ECDSA signature, `r(32) || s(32) || v(1)` with `v` 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 65]);

impl Signature {
    /// Takes 65 bytes whose last is 0 or 1. Whether `r` and `s` make sense shows at [`Self::recover`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; 65] = bytes.try_into().map_err(|_| KeyError::Signature)?;
        if bytes[64] > 1 {
            return Err(KeyError::Signature);
        }
        Ok(Self(bytes))
    }

    /// `r || s || v`.
    pub fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// The key whose signature over `hash` this is. Every well-formed signature
    /// belongs to some key: the caller compares.
    pub fn recover(&self, hash: &[u8; 32]) -> Result<PublicKey, KeyError> {
        curve::recover(&self.0, hash)
            .map(PublicKey::from_point)
            .ok_or(KeyError::Signature)
    }
}

impl fmt::Debug for Signature {
    /// A signature with its hash names its author, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

#[cfg(test)]
mod tests;
