//! KDF_CK: a symmetric chain that yields one message key per step.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::RatchetError;
use super::message_key::MessageKey;
use crate::keys::SharedSecret;
use crate::secret::Secret;

/// A chain key and the number of the message it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Chain {
    key: Secret<32>,
    n: u32,
}

impl Chain {
    /// The chain both sides have before the first turn: its key is the X3DH secret.
    pub(super) fn new(secret: &SharedSecret) -> Self {
        Self {
            key: secret.0.clone(),
            n: 0,
        }
    }

    pub(super) fn from_parts(key: &[u8; 32], n: u32) -> Self {
        Self {
            key: Secret::copy_of(key),
            n,
        }
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// The number of the next message.
    pub(super) fn n(&self) -> u32 {
        self.n
    }

    /// The key of message `n`; the chain moves on and forgets how it came there.
    pub(super) fn step(&mut self) -> Result<MessageKey, RatchetError> {
        let next_n = self.n.checked_add(1).ok_or(RatchetError::ChainExhausted)?;
        let keyed = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).expect("HMAC takes keys of any length");
        let mut message_key = Secret::zeroed();
        hmac_into(keyed.clone(), MESSAGE_KEY, &mut message_key);
        hmac_into(keyed, NEXT_CHAIN_KEY, &mut self.key);
        self.n = next_n;
        Ok(MessageKey(message_key))
    }
}

const NEXT_CHAIN_KEY: u8 = 0x0f;
const MESSAGE_KEY: u8 = 0x10;

fn hmac_into(keyed: Hmac<Sha256>, constant: u8, output: &mut Secret<32>) {
    use hmac::digest::FixedOutput;
    keyed
        .chain_update([constant])
        .finalize_into(output.as_mut_slice().try_into().expect("32 bytes"));
}
