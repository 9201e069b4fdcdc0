//! Elements of the scalar field of BN254 as bytes.

use zerokit::prelude::{CanonicalDeserialize as _, CanonicalSerialize as _, Fr};

/// 32 bytes, little-endian; `None` unless they are below the modulus.
pub(crate) fn element(bytes: &[u8; 32]) -> Option<Fr> {
    Fr::deserialize_compressed(&bytes[..]).ok()
}

/// 32 bytes, little-endian.
pub(crate) fn bytes(element: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    element
        .serialize_compressed(&mut bytes[..])
        .expect("an element of the field has 32 bytes");
    bytes
}
