//! Messages to groups whose members share a key: the hash ratchet of communities and their channels.
//!
//! Who may hand out keys, and who is a member, is not decided here.

use std::collections::BTreeMap;

use crypto::group_key::{GroupKey, GroupKeyError, open_rekey, rekey_slot, seal_rekey};
use crypto::{PublicKey, SecretKey};
use prost::Message as _;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{GroupKeys, GroupMessage, PartError};
use crate::id::{InstallationId, NO_INSTALLATION};
use crate::wire::encryption as wire;

/// Seals for all holders of `key`, which moves on. No bundle goes along.
pub fn seal_group(
    plaintext: &[u8],
    ours: &InstallationId,
    key: &mut GroupKey,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, GroupKeyError> {
    let (seq_no, payload) = key.encrypt(plaintext, rng)?;
    let header = wire::HrHeader {
        deprecated_key_id: key.deprecated_id(),
        seq_no,
        group_id: key.group_id().to_vec(),
        key_id: key.id().to_vec(),
        keys: None,
    };
    Ok(encode(header, payload, ours))
}

/// Wraps a payload that everybody may read together with a new key, boxed for each member by the sender's chat key.
pub fn seal_rekeying(
    payload: Vec<u8>,
    ours: &InstallationId,
    key: &GroupKey,
    sender: &SecretKey,
    members: &[PublicKey],
    rng: &mut dyn CryptoRng,
) -> Vec<u8> {
    let boxes = wire::RekeyGroup {
        timestamp: key.timestamp(),
        keys: seal_rekey(key, sender, members, rng),
    };
    let header = wire::HrHeader {
        group_id: key.group_id().to_vec(),
        keys: Some(wire::HrKeys {
            keys: Vec::new(),
            rekey_group: Some(boxes),
        }),
        ..wire::HrHeader::default()
    };
    encode(header, payload, ours)
}

impl GroupMessage {
    /// Whether `key` is the one this message names. Old senders name it by the low half of its time only.
    pub fn names(&self, key: &GroupKey) -> bool {
        if self.group_id != key.group_id() {
            return false;
        }
        if self.key_id.is_empty() {
            self.deprecated_key_id != 0 && self.deprecated_key_id == key.deprecated_id()
        } else {
            self.key_id == key.id()
        }
    }

    /// Opens the message; the key remembers how far its chain was followed. On an error it is as it was.
    pub fn open(&self, key: &mut GroupKey) -> Result<Zeroizing<Vec<u8>>, GroupKeyError> {
        key.decrypt(self.seq_no, &self.ciphertext)
    }
}

impl GroupKeys {
    /// The keys that are for us: those handed over directly, and the boxed one if a box is ours.
    ///
    /// `sender` is the signer of the envelope. Costs one ECDH if there is a box for us.
    pub fn open(&self, identity: &SecretKey, sender: &PublicKey) -> Vec<GroupKey> {
        let direct = self
            .keys
            .iter()
            .map(|(key, time)| GroupKey::new(&self.group_id, *time, key.expose()));
        let boxed = self.boxes.as_ref().and_then(|(time, slots)| {
            let slot = slots.get(&rekey_slot(&identity.public_key()))?;
            Some(GroupKey::new(
                &self.group_id,
                *time,
                &*open_rekey(slot, identity, sender)?,
            ))
        });
        direct.chain(boxed).collect()
    }

    /// Reads keys that were archived for one's own devices.
    pub fn from_archive(bytes: &[u8]) -> Result<GroupKeys, PartError> {
        GroupKeys::read(&wire::HrHeader::decode(bytes).map_err(|_| PartError::NoScheme)?)
    }
}

fn encode(header: wire::HrHeader, payload: Vec<u8>, ours: &InstallationId) -> Vec<u8> {
    let part = wire::EncryptedMessageProtocol {
        hr_header: Some(header),
        payload,
        ..wire::EncryptedMessageProtocol::default()
    };
    wire::ProtocolMessage {
        installation_id: ours.to_string(),
        encrypted_message: BTreeMap::from([(NO_INSTALLATION.to_owned(), part)]),
        ..wire::ProtocolMessage::default()
    }
    .encode_to_vec()
}
