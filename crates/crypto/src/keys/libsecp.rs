//! The curve by libsecp256k1.
//!
//! The library's own key types are plain `Copy` arrays; each one made here is
//! erased before the function returns.

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, Scalar, SecretKey, ecdh};
use zeroize::Zeroize;

/// A parsed point.
pub(super) type Point = secp256k1::PublicKey;

/// Whether the bytes are a number from 1 to the group order less one.
pub(super) fn is_scalar(bytes: &[u8; 32]) -> bool {
    match SecretKey::from_secret_bytes(*bytes) {
        Ok(mut key) => {
            key.non_secure_erase();
            true
        }
        Err(_) => false,
    }
}

/// `scalar * G`.
pub(super) fn public_point(scalar: &[u8; 32]) -> Point {
    with_key(scalar, Point::from_secret_key)
}

/// Parses 33 or 65 bytes whose first byte has been checked.
pub(super) fn parse_point(bytes: &[u8]) -> Option<Point> {
    Point::from_slice(bytes).ok()
}

/// `02|03 || X`.
pub(super) fn compressed(point: &Point) -> [u8; 33] {
    point.serialize()
}

/// `04 || X || Y`.
pub(super) fn uncompressed(point: &Point) -> [u8; 65] {
    point.serialize_uncompressed()
}

/// Writes the X coordinate of `scalar * point`.
pub(super) fn ecdh_x(scalar: &[u8; 32], point: &Point, x: &mut [u8; 32]) {
    let mut xy = with_key(scalar, |key| ecdh::shared_secret_point(point, key));
    x.copy_from_slice(&xy[..32]);
    xy.zeroize();
}

/// RFC 6979, low `s`, `r || s || v`.
pub(super) fn sign(scalar: &[u8; 32], hash: &[u8; 32]) -> [u8; 65] {
    let signature = with_key(scalar, |key| {
        RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(*hash), key)
    });
    let (recovery_id, compact) = signature.serialize_compact();
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&compact);
    bytes[64] = recovery_id.to_u8();
    bytes
}

/// The signer's point, if there is one.
pub(super) fn recover(signature: &[u8; 65], hash: &[u8; 32]) -> Option<Point> {
    let recovery_id = RecoveryId::from_u8_masked(signature[64]);
    RecoverableSignature::from_compact(&signature[..64], recovery_id)
        .and_then(|signature| signature.recover(Message::from_digest(*hash)))
        .ok()
}

/// `scalar += tweak` modulo the group order; `false` leaves `scalar` unspecified.
pub(super) fn add_scalar(scalar: &mut [u8; 32], tweak: &[u8; 32]) -> bool {
    let Ok(mut tweak) = Scalar::from_be_bytes(*tweak) else {
        return false;
    };
    let sum = with_key(scalar, |key| key.add_tweak(&tweak));
    tweak.non_secure_erase();
    match sum {
        Ok(mut key) => {
            scalar.copy_from_slice(key.as_secret_bytes());
            key.non_secure_erase();
            true
        }
        Err(_) => false,
    }
}

fn with_key<T>(scalar: &[u8; 32], f: impl FnOnce(&SecretKey) -> T) -> T {
    let mut key = SecretKey::from_secret_bytes(*scalar).expect("a SecretKey holds a checked scalar");
    let result = f(&key);
    key.non_secure_erase();
    result
}
