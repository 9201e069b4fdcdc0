//! A member's secrets, and what is known of it.

use zeroize::Zeroizing;
use zerokit::prelude::{Fr, Hasher, PoseidonHash, SecretFr};

use crate::field::{bytes, element};

/// Who a member is. All values are little-endian.
#[derive(Clone)]
pub struct Identity {
    trapdoor: Zeroizing<[u8; 32]>,
    nullifier: Zeroizing<[u8; 32]>,
    hash: SecretFr,
    commitment: Fr,
}

impl Identity {
    /// The identity of two secret values; `None` unless both are below the modulus.
    pub fn new(trapdoor: Zeroizing<[u8; 32]>, nullifier: Zeroizing<[u8; 32]>) -> Option<Self> {
        let parts = Zeroizing::new([element(&trapdoor)?, element(&nullifier)?]);
        let hash = SecretFr::from(&mut Hasher::<PoseidonHash>::hash_list(&*parts));
        let commitment = Hasher::<PoseidonHash>::hash_single(*hash);
        Some(Self {
            trapdoor,
            nullifier,
            hash,
            commitment,
        })
    }

    /// A new one, from the operating system's randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        loop {
            let (mut trapdoor, mut nullifier) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
            for value in [&mut trapdoor, &mut nullifier] {
                getrandom::fill(&mut value[..])?;
                // Below 2^254, of which three quarters are below the modulus.
                value[31] &= 0x3f;
            }
            if let Some(identity) = Self::new(trapdoor, nullifier) {
                return Ok(identity);
            }
        }
    }

    /// What the group knows of the member.
    pub fn commitment(&self) -> [u8; 32] {
        bytes(&self.commitment)
    }

    /// The hash of both secret values, which is what proofs are made with.
    pub fn secret_hash(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(bytes(&self.hash))
    }

    pub(crate) fn secret(&self) -> SecretFr {
        self.hash.clone()
    }

    pub(crate) fn parts(&self) -> (&[u8; 32], &[u8; 32]) {
        (&self.trapdoor, &self.nullifier)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// The leaf of a member: its commitment with how many messages it may send in an epoch.
pub(crate) fn rate_commitment(commitment: Fr, limit: u64) -> Fr {
    Hasher::<PoseidonHash>::hash_pair(commitment, Fr::from(limit))
}
