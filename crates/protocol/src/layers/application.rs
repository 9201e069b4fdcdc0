//! The application wrapper: `ApplicationMetadataMessage`, its signature and the message id.
//!
//! The id is made of the wrapper's bytes as they were received, so they are kept and never encoded again. The signature
//! covers the body but not its kind: a kind gives no authority.

use std::fmt;

use crypto::{PublicKey, SecretKey, Signature, keccak256, keccak256_parts};
use prost::Message as _;

use crate::id::MessageId;
use crate::wire::application::{ApplicationMetadataMessage, Kind};

/// A wrapper whose author is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// The message's id.
    pub id: MessageId,
    /// Who wrote it: the signer, or the sender of the envelope where the kind goes without signature.
    pub author: PublicKey,
    /// The kind's number, known or not.
    pub kind: u32,
    /// The content, see [`Content::parse`](crate::content::Content::parse).
    pub body: Vec<u8>,
    /// The wrapper itself.
    pub bytes: Vec<u8>,
}

/// Wraps and signs a body.
pub fn sign(kind: impl Into<i32>, body: Vec<u8>, author: &SecretKey) -> Signed {
    let kind = kind.into();
    let signature = author.sign(&keccak256(&body));
    let bytes = encode(kind, &body, signature.as_bytes());
    let author = author.public_key();
    Signed {
        id: id_of(Some(&author), &bytes),
        author,
        kind: kind as u32,
        body,
        bytes,
    }
}

/// Wraps a body without a signature, as only the announcement of an installation to one's own devices goes.
pub fn wrap_unsigned(kind: Kind, body: Vec<u8>, sender: &PublicKey) -> Signed {
    let bytes = encode(kind as i32, &body, &[]);
    Signed {
        id: id_of(None, &bytes),
        author: *sender,
        kind: kind as u32,
        body,
        bytes,
    }
}

/// Reads a wrapper that arrived in an envelope of `sender`. Costs one recovery.
pub fn verify(bytes: Vec<u8>, sender: &PublicKey) -> Result<Signed, ApplicationError> {
    let wrapper = ApplicationMetadataMessage::decode(&bytes[..]).map_err(|_| ApplicationError::Malformed)?;
    let kind = wrapper.r#type as u32;
    if wrapper.signature.is_empty() {
        if kind != Kind::SyncPairInstallation as u32 {
            return Err(ApplicationError::Unsigned);
        }
        return Ok(Signed {
            id: id_of(None, &bytes),
            author: *sender,
            kind,
            body: wrapper.payload,
            bytes,
        });
    }
    let author = Signature::from_slice(&wrapper.signature)
        .and_then(|signature| signature.recover(&keccak256(&wrapper.payload)))
        .map_err(|_| ApplicationError::Signature)?;
    Ok(Signed {
        id: id_of(Some(&author), &bytes),
        author,
        kind,
        body: wrapper.payload,
        bytes,
    })
}

/// The sender made a wrapper that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationError {
    /// Not a wrapper.
    #[error("the application wrapper is malformed")]
    Malformed,
    /// Every kind but one is signed.
    #[error("the application message is not signed")]
    Unsigned,
    /// The signature belongs to no key.
    #[error("the application message's signature is invalid")]
    Signature,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Signed({:?}, kind {}, {} bytes)",
            self.id,
            self.kind,
            self.body.len()
        )
    }
}

/// keccak-256 of the signer's uncompressed key, if there is a signer, and the wrapper.
fn id_of(signer: Option<&PublicKey>, bytes: &[u8]) -> MessageId {
    MessageId::from_bytes(match signer {
        Some(signer) => keccak256_parts(&[&signer.to_uncompressed(), bytes]),
        None => keccak256(bytes),
    })
}

fn encode(kind: i32, body: &[u8], signature: &[u8]) -> Vec<u8> {
    let wrapper = ApplicationMetadataMessage {
        signature: signature.to_vec(),
        payload: body.to_vec(),
        r#type: kind,
    };
    wrapper.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn author() -> SecretKey {
        SecretKey::from_bytes(&[7; 32]).unwrap()
    }

    #[test]
    fn only_the_announcement_of_a_device_goes_unsigned() {
        let sender = author().public_key();
        let announcement = wrap_unsigned(Kind::SyncPairInstallation, vec![1, 2], &sender);
        assert_eq!(verify(announcement.bytes.clone(), &sender), Ok(announcement.clone()));
        assert_ne!(
            announcement.id,
            sign(Kind::SyncPairInstallation, vec![1, 2], &author()).id
        );
        let chat = wrap_unsigned(Kind::ChatMessage, vec![1, 2], &sender);
        assert_eq!(verify(chat.bytes, &sender), Err(ApplicationError::Unsigned));
    }

    #[test]
    fn the_author_is_the_signer_and_not_the_sender() {
        let signed = sign(Kind::ChatMessage, b"body".to_vec(), &author());
        let sender = SecretKey::from_bytes(&[8; 32]).unwrap().public_key();
        assert_eq!(verify(signed.bytes.clone(), &sender), Ok(signed));
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_to_the_same(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let signed = sign(Kind::EditMessage, body, &author());
            prop_assert_eq!(verify(signed.bytes.clone(), &author().public_key()), Ok(signed));
        }

        #[test]
        fn any_bytes_verify_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = verify(bytes, &author().public_key());
        }
    }
}
