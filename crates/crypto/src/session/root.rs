//! KDF_RK: the root key and what a turn of the ratchet makes of it.

use hkdf::Hkdf;
use sha2::Sha256;

use super::chain::Chain;
use crate::keys::SharedSecret;
use crate::secret::Secret;

/// The root key: seeds each new chain.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RootKey(Secret<32>);

impl RootKey {
    pub(super) fn new(secret: &SharedSecret) -> Self {
        Self(secret.0.clone())
    }

    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// HKDF-SHA256 with the root key as salt and the DH output as input key
    /// material. 96 bytes are defined; the last 32, a header key, are unused.
    pub(super) fn step(&self, dh: &SharedSecret) -> (RootKey, Chain) {
        let mut output = Secret::<64>::zeroed();
        Hkdf::<Sha256>::new(Some(self.0.as_slice()), dh.expose())
            .expand(LABEL, output.as_mut_slice())
            .expect("64 bytes are below HKDF's limit");
        let (root, chain) = output.split_at(32);
        (
            Self::from_bytes(root.try_into().expect("half of 64 bytes")),
            Chain::from_parts(chain.try_into().expect("half of 64 bytes"), 0),
        )
    }
}

const LABEL: &[u8] = b"rsZUpEuXUqqwXBvSy3EcievAh4cMj6QL";
