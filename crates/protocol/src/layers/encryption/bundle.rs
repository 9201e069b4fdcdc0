//! Bundles: the signed pre-keys by which one installation starts a session with another (53/WAKU2-X3DH).

use std::collections::BTreeMap;
use std::fmt;

use crypto::x3dh::{self, PreKey};
use crypto::{PublicKey, SecretKey, Signature};
use prost::Message as _;

use crate::Timestamp;
use crate::id::InstallationId;
use crate::wire::encryption as wire;

/// The installations of one person and their pre-keys, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Whose they are: the signer of the bundle, who need not be the sender of the message.
    pub identity: PublicKey,
    /// By installation; at most three from deployed clients.
    pub pre_keys: BTreeMap<InstallationId, PreKey>,
    /// When it was signed, in Unix nanoseconds of the signer's clock; 0 from very old clients.
    pub timestamp: i64,
}

/// Our own bundle, ready to travel.
#[derive(Clone, PartialEq)]
pub struct SignedBundle(wire::Bundle);

impl Bundle {
    /// Reads and verifies a bundle that travelled alone: one recovery.
    pub fn open(bytes: &[u8]) -> Result<Bundle, BundleError> {
        Bundle::verify(wire::Bundle::decode(bytes).map_err(|_| BundleError::Malformed)?)
    }

    /// Checks the signature: one recovery.
    pub(super) fn verify(wire: wire::Bundle) -> Result<Bundle, BundleError> {
        if wire.signed_pre_keys.len() > MAX_PRE_KEYS {
            return Err(BundleError::TooManyPreKeys);
        }
        let identity = PublicKey::from_slice(&wire.identity).map_err(|_| BundleError::Key)?;
        let signature = Signature::from_slice(&wire.signature).map_err(|_| BundleError::Signature)?;
        let pre_keys = wire
            .signed_pre_keys
            .into_iter()
            .map(|(installation, pre_key)| Ok((installation, read_pre_key(&pre_key)?)))
            .collect::<Result<BTreeMap<String, PreKey>, BundleError>>()?;
        x3dh::verify_bundle(&identity, &pre_keys, wire.timestamp, &signature).map_err(|_| BundleError::Signature)?;
        let pre_keys = pre_keys
            .into_iter()
            .filter_map(|(installation, pre_key)| Some((InstallationId::new(installation).ok()?, pre_key)))
            .collect();
        Ok(Bundle {
            identity,
            pre_keys,
            timestamp: wire.timestamp,
        })
    }
}

impl SignedBundle {
    /// Signs the pre-keys of all our active installations.
    pub fn sign(identity: &SecretKey, pre_keys: &BTreeMap<InstallationId, PreKey>, now: Timestamp) -> SignedBundle {
        let by_text = pre_keys
            .iter()
            .map(|(id, pre_key)| (id.to_string(), *pre_key))
            .collect();
        let timestamp = now.as_nanoseconds();
        let signature = x3dh::sign_bundle(identity, &by_text, timestamp);
        SignedBundle(wire::Bundle {
            identity: identity.public_key().to_compressed().to_vec(),
            signed_pre_keys: by_text
                .into_iter()
                .map(|(id, pre_key)| (id, write_pre_key(&pre_key)))
                .collect(),
            signature: signature.as_bytes().to_vec(),
            timestamp,
        })
    }

    /// The bytes of the bundle alone.
    pub fn encode(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }
}

/// The sender made a bundle that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not a bundle.
    #[error("the bundle is malformed")]
    Malformed,
    /// An identity or pre-key is not a public key.
    #[error("the bundle holds something that is not a public key")]
    Key,
    /// Not signed by the identity it names.
    #[error("the bundle is not signed by the identity that it names")]
    Signature,
    /// More than any client publishes.
    #[error("the bundle holds too many pre-keys")]
    TooManyPreKeys,
}

impl From<SignedBundle> for wire::Bundle {
    fn from(bundle: SignedBundle) -> wire::Bundle {
        bundle.0
    }
}

impl fmt::Debug for SignedBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedBundle({} installations)", self.0.signed_pre_keys.len())
    }
}

fn read_pre_key(wire: &wire::SignedPreKey) -> Result<PreKey, BundleError> {
    let key = PublicKey::from_slice(&wire.signed_pre_key).map_err(|_| BundleError::Key)?;
    Ok(PreKey {
        key,
        version: wire.version,
        protocol_version: wire.protocol_version,
    })
}

fn write_pre_key(pre_key: &PreKey) -> wire::SignedPreKey {
    wire::SignedPreKey {
        signed_pre_key: pre_key.key.to_compressed().to_vec(),
        version: pre_key.version,
        protocol_version: pre_key.protocol_version,
    }
}

/// Clients publish at most three.
const MAX_PRE_KEYS: usize = 16;
