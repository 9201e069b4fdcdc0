//! Encryption: bundles and X3DH (53/WAKU2-X3DH), double-ratchet sessions (54/WAKU2-X3DH-SESSIONS), the DH fallback, the
//! hash ratchet of communities, and public messages that only carry a bundle.
//!
//! Values go in and values come out: which installations exist, which session or pre-key belongs to a message and where
//! they are kept is the caller's. The identity of the other side is the signer of the envelope.

mod bundle;
mod group;
mod pairwise;
mod part;

pub use bundle::{Bundle, BundleError, SignedBundle};
pub use group::{seal_group, seal_rekeying};
pub use pairwise::{OpenError, PairSession, Pairwise, open_dh, seal_dh, seal_pairwise};
pub use part::{GroupKeys, GroupMessage, Part, PartError, RatchetPart, Scheme};

use std::collections::BTreeMap;

use prost::Message as _;

use crate::id::{InstallationId, NO_INSTALLATION};
use crate::wire::encryption as wire;

/// A received message of this layer.
#[derive(Clone, Debug)]
pub struct ProtocolMessage {
    /// The sender's installation, if it gives a usable id.
    pub installation: Option<InstallationId>,
    /// Verified bundles, usually one, usually the sender's own.
    pub bundles: Vec<Bundle>,
    /// What it carries.
    pub body: Body,
}

/// What a message of this layer carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// Bytes for everybody who could open the envelope.
    Public(Vec<u8>),
    /// One part for each installation that is addressed, or one for all.
    Encrypted(Parts),
}

/// The parts of an encrypted message, unread.
#[derive(Clone)]
pub struct Parts(BTreeMap<String, wire::EncryptedMessageProtocol>);

impl ProtocolMessage {
    /// Reads a message and verifies its bundles: one recovery each.
    ///
    /// [`ParseError::NotOfThisLayer`] means that the bytes are to be taken as they are; a bad bundle spoils the message.
    pub fn parse(bytes: &[u8]) -> Result<ProtocolMessage, ParseError> {
        let wire = wire::ProtocolMessage::decode(bytes).map_err(|_| ParseError::NotOfThisLayer)?;
        let body = if !wire.public_message.is_empty() {
            Body::Public(wire.public_message)
        } else if !wire.encrypted_message.is_empty() {
            Body::Encrypted(Parts(wire.encrypted_message))
        } else {
            return Err(ParseError::NotOfThisLayer);
        };
        if wire.bundles.len() > MAX_BUNDLES {
            return Err(ParseError::TooManyBundles);
        }
        let bundles = wire.bundles.into_iter().map(Bundle::verify).collect::<Result<_, _>>()?;
        Ok(ProtocolMessage {
            installation: InstallationId::new(wire.installation_id).ok(),
            bundles,
            body,
        })
    }
}

impl Parts {
    /// Takes out and reads the part for our installation, or the one that addresses no particular installation.
    pub fn take(&mut self, ours: &InstallationId) -> Result<Part, PartError> {
        let part = self.0.remove(ours.as_str()).or_else(|| self.0.remove(NO_INSTALLATION));
        Part::read(part.ok_or(PartError::NotForUs)?)
    }
}

/// Wraps bytes for everybody, with our bundle. Empty bytes cannot be told from no message, so there must be some.
pub fn seal_public(payload: Vec<u8>, ours: &InstallationId, bundle: SignedBundle) -> Vec<u8> {
    wire::ProtocolMessage {
        installation_id: ours.to_string(),
        bundles: vec![bundle.into()],
        public_message: payload,
        ..wire::ProtocolMessage::default()
    }
    .encode_to_vec()
}

/// Why bytes are not a message of this layer, or whose sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The layer is absent.
    #[error("not a message of the encryption layer")]
    NotOfThisLayer,
    /// A bundle cannot be taken.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// More than any client sends.
    #[error("the message carries too many bundles")]
    TooManyBundles,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parts({})", self.0.len())
    }
}

/// Clients send one bundle.
const MAX_BUNDLES: usize = 4;

#[cfg(test)]
mod tests;
