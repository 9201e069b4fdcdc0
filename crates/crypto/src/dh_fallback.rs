//! The DH fallback of the encryption layer: a message to someone none of whose
//! devices is known.
//!
//! The recipient's identity key alone opens it, so it is not forward secret,
//! and it does not say who wrote it: the signature of the envelope does.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::keys::{PublicKey, SecretKey};
use crate::symmetric::{OpenError, SymmetricKey};

/// A sealed message: `DHHeader.key` and the payload beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The ephemeral public key.
    pub key: PublicKey,
    /// `ciphertext || tag(16) || nonce(12)`.
    pub payload: Vec<u8>,
}

/// Seals `plaintext` to whoever holds the secret key of `recipient`.
pub fn seal(plaintext: &[u8], recipient: &PublicKey, rng: &mut dyn CryptoRng) -> Sealed {
    let ephemeral = SecretKey::generate(rng);
    let payload = SymmetricKey::from(ephemeral.ecdh(recipient)).seal(plaintext, rng);
    Sealed {
        key: ephemeral.public_key(),
        payload,
    }
}

/// Opens a payload with our `identity` and the ephemeral `key` of its header.
pub fn open(payload: &[u8], key: &PublicKey, identity: &SecretKey) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    SymmetricKey::from(identity.ecdh(key)).open(payload).map(Zeroizing::new)
}
