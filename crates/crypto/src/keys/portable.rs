//! The curve by `k256`, in Rust alone. Byte for byte the same results as `libsecp`.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{FieldBytes, NonZeroScalar, Scalar};
use zeroize::Zeroize;

/// A parsed point.
pub(super) type Point = k256::PublicKey;

/// Whether the bytes are a number from 1 to the group order less one.
pub(super) fn is_scalar(bytes: &[u8; 32]) -> bool {
    let scalar = NonZeroScalar::from_repr(FieldBytes::from(*bytes));
    bool::from(scalar.is_some())
}

/// `scalar * G`.
pub(super) fn public_point(scalar: &[u8; 32]) -> Point {
    Point::from_secret_scalar(&nonzero(scalar))
}

/// Parses 33 or 65 bytes whose first byte has been checked.
pub(super) fn parse_point(bytes: &[u8]) -> Option<Point> {
    Point::from_sec1_bytes(bytes).ok()
}

/// `02|03 || X`.
pub(super) fn compressed(point: &Point) -> [u8; 33] {
    let mut bytes = [0; 33];
    bytes.copy_from_slice(point.to_sec1_point(true).as_bytes());
    bytes
}

/// `04 || X || Y`.
pub(super) fn uncompressed(point: &Point) -> [u8; 65] {
    let mut bytes = [0; 65];
    bytes.copy_from_slice(point.to_sec1_point(false).as_bytes());
    bytes
}

/// Writes the X coordinate of `scalar * point`.
pub(super) fn ecdh_x(scalar: &[u8; 32], point: &Point, x: &mut [u8; 32]) {
    let shared = k256::ecdh::diffie_hellman(nonzero(scalar), point.as_affine());
    x.copy_from_slice(shared.raw_secret_bytes());
}

/// RFC 6979, low `s`, `r || s || v`.
pub(super) fn sign(scalar: &[u8; 32], hash: &[u8; 32]) -> [u8; 65] {
    let key = SigningKey::from(nonzero(scalar));
    let (signature, recovery_id) = key.sign_prehash_recoverable(hash);
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = recovery_id.to_byte();
    bytes
}

/// The signer's point, if there is one.
pub(super) fn recover(signature: &[u8; 65], hash: &[u8; 32]) -> Option<Point> {
    let recovery_id = RecoveryId::from_byte(signature[64])?;
    let signature = Signature::from_slice(&signature[..64]).ok()?;
    let key = VerifyingKey::recover_from_prehash(hash, &signature, recovery_id).ok()?;
    Some(key.into())
}

/// `scalar += tweak` modulo the group order; `false` leaves `scalar` unspecified.
pub(super) fn add_scalar(scalar: &mut [u8; 32], tweak: &[u8; 32]) -> bool {
    let Some(mut tweak) = Scalar::from_repr(FieldBytes::from(*tweak)).into_option() else {
        return false;
    };
    let mut sum = *nonzero(scalar) + tweak;
    tweak.zeroize();
    let mut bytes = sum.to_repr();
    sum.zeroize();
    scalar.copy_from_slice(&bytes);
    bytes.zeroize();
    is_scalar(scalar)
}

fn nonzero(scalar: &[u8; 32]) -> NonZeroScalar {
    NonZeroScalar::from_repr(FieldBytes::from(*scalar))
        .into_option()
        .expect("a SecretKey holds a checked scalar")
}
