//! One part of an encrypted message, read but not opened.

use std::collections::BTreeMap;
use std::fmt;

use crypto::{Header, PublicKey, SymmetricKey};

use crate::wire::encryption as wire;

/// What is for one installation, or for all.
#[derive(Clone, Debug)]
pub struct Part {
    /// How to open the payload.
    pub scheme: Scheme,
    /// Keys of a group that travel beside the payload.
    pub group_keys: Option<GroupKeys>,
}

/// How a part is sealed.
#[derive(Clone, Debug)]
pub enum Scheme {
    /// By a double-ratchet session.
    Ratchet(Box<RatchetPart>),
    /// By one ECDH with our identity key.
    Dh {
        /// The sender's ephemeral key.
        key: PublicKey,
        /// The sealed bytes.
        payload: Vec<u8>,
    },
    /// By a key of a group.
    Group(GroupMessage),
    /// Not at all: the payload accompanies group keys.
    Clear(Vec<u8>),
}

/// A part that belongs to a session.
#[derive(Clone)]
pub struct RatchetPart {
    /// The signed pre-key on which the session was founded, ours or theirs; names the session.
    pub pre_key: PublicKey,
    /// The sender's ephemeral key, as long as we have not answered on this session.
    pub ephemeral: Option<PublicKey>,
    /// The ratchet's header.
    pub header: Header,
    /// The sealed bytes.
    pub ciphertext: Vec<u8>,
}

/// A part that belongs to a group.
#[derive(Clone)]
pub struct GroupMessage {
    /// The community's 33 bytes, or the text of the channel's chat id.
    pub group_id: Vec<u8>,
    /// The key's id; empty from old senders.
    pub key_id: Vec<u8>,
    /// The low half of the key's time, all that old senders say.
    pub deprecated_key_id: u32,
    /// Position in the key's chain, from 1.
    pub seq_no: u32,
    /// The sealed bytes.
    pub ciphertext: Vec<u8>,
}

/// Keys of a group. Whoever sends them is not yet somebody who may.
#[derive(Clone)]
pub struct GroupKeys {
    /// The community's 33 bytes, or the text of the channel's chat id.
    pub group_id: Vec<u8>,
    /// Keys for the recipient, each with its time.
    pub keys: Vec<(SymmetricKey, u64)>,
    /// The time of a key that travels in boxes, and the boxes, by the first bytes of their recipients' keys.
    pub boxes: Option<(u64, BTreeMap<u32, Vec<u8>>)>,
}

impl Part {
    pub(super) fn read(wire: wire::EncryptedMessageProtocol) -> Result<Part, PartError> {
        let wire::EncryptedMessageProtocol {
            x3dh_header,
            dr_header,
            payload,
            dh_header,
            hr_header,
        } = wire;
        let group_keys = hr_header
            .as_ref()
            .filter(|header| header.seq_no == 0)
            .map(GroupKeys::read)
            .transpose()?;
        let scheme = if let Some(header) = dr_header {
            Scheme::Ratchet(Box::new(RatchetPart::read(&header, x3dh_header, payload)?))
        } else if let Some(header) = dh_header {
            Scheme::Dh {
                key: key(&header.key)?,
                payload,
            }
        } else {
            match hr_header {
                Some(header) if header.seq_no == 0 => Scheme::Clear(payload),
                Some(header) => Scheme::Group(GroupMessage {
                    group_id: header.group_id,
                    key_id: header.key_id,
                    deprecated_key_id: header.deprecated_key_id,
                    seq_no: header.seq_no,
                    ciphertext: payload,
                }),
                None => return Err(PartError::NoScheme),
            }
        };
        Ok(Part { scheme, group_keys })
    }
}

impl RatchetPart {
    fn read(
        header: &wire::DrHeader,
        x3dh: Option<wire::X3dhHeader>,
        ciphertext: Vec<u8>,
    ) -> Result<RatchetPart, PartError> {
        let pre_key = key(&header.id)?;
        let ephemeral = match x3dh {
            Some(x3dh) if key(&x3dh.id)? == pre_key => Some(key(&x3dh.key)?),
            _ => None,
        };
        let header = Header {
            key: key(&header.key)?,
            n: header.n,
            pn: header.pn,
        };
        Ok(RatchetPart {
            pre_key,
            ephemeral,
            header,
            ciphertext,
        })
    }
}

impl GroupKeys {
    /// Reads the keys of a header, or of key material that is archived for own devices.
    pub(super) fn read(header: &wire::HrHeader) -> Result<GroupKeys, PartError> {
        let wire = header.keys.clone().unwrap_or_default();
        if wire.keys.len() > MAX_GROUP_KEYS {
            return Err(PartError::TooManyKeys);
        }
        let keys = wire
            .keys
            .iter()
            .map(|key| {
                let bytes = key.key.as_slice().try_into().map_err(|_| PartError::Key)?;
                // Old senders give the low half of the time only.
                let time = if key.timestamp == 0 {
                    u64::from(key.deprecated_key_id)
                } else {
                    key.timestamp
                };
                Ok((SymmetricKey::from_bytes(bytes), time))
            })
            .collect::<Result<_, PartError>>()?;
        let boxes = wire.rekey_group.map(|group| (group.timestamp, group.keys));
        if boxes.as_ref().is_some_and(|(time, _)| *time == 0) {
            return Err(PartError::Key);
        }
        Ok(GroupKeys {
            group_id: header.group_id.clone(),
            keys,
            boxes,
        })
    }
}

/// The sender made a part that cannot be read, or it is for another device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// No part for this installation: it is addressed to others of the same person.
    #[error("the message has no part for this installation")]
    NotForUs,
    /// A header's key is not a public key, or a group's key not a key.
    #[error("a header of the message holds something that is not a key")]
    Key,
    /// No header says how to open it.
    #[error("the message does not say how it is sealed")]
    NoScheme,
    /// More group keys than any client sends.
    #[error("the message carries too many group keys")]
    TooManyKeys,
}

impl fmt::Debug for RatchetPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RatchetPart")
            .field("n", &self.header.n)
            .field("pn", &self.header.pn)
            .field("x3dh", &self.ephemeral.is_some())
            .field("bytes", &self.ciphertext.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for GroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "GroupMessage(seq_no {}, {} bytes)",
            self.seq_no,
            self.ciphertext.len()
        )
    }
}

impl fmt::Debug for GroupKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "GroupKeys({} keys, boxes: {})",
            self.keys.len(),
            self.boxes.is_some()
        )
    }
}

fn key(bytes: &[u8]) -> Result<PublicKey, PartError> {
    PublicKey::from_slice(bytes).map_err(|_| PartError::Key)
}

/// All generations of the keys of a community and its channels; far above what clients make.
const MAX_GROUP_KEYS: usize = 1_000;
