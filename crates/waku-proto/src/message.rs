//! The Waku message (14/WAKU2-MESSAGE) and its deterministic hash.
//!
//! What the payload says is not known here. A node that forwards a message forwards the bytes it
//! received: encoding again may drop fields that are not in this version.

use std::fmt;

use prost::Message as _;
use sha2::{Digest, Sha256};

use crate::topic::{ContentTopic, PubsubTopic};
use crate::wire;

/// One message of the network.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WakuMessage {
    /// What is carried. Deployed nodes refuse an empty payload.
    pub payload: Vec<u8>,
    /// What it is about; never empty in a message that travels.
    pub content_topic: ContentTopic,
    /// 0 = the application's own form, 1 = payload v1 (26/WAKU2-PAYLOAD), 2 = Noise.
    pub version: u32,
    /// Sender's clock, nanoseconds since 1970.
    pub timestamp: Option<i64>,
    /// At most [`MAX_META`] bytes that the application may use.
    pub meta: Vec<u8>,
    /// Ask nodes not to store it.
    pub ephemeral: bool,
    /// A serialised rate limiting proof (17/WAKU2-RLN-RELAY), kept as it came.
    pub rate_limit_proof: Option<Vec<u8>>,
}

impl WakuMessage {
    /// Reads the protobuf form. An absent content topic or payload reads as empty; see [`Self::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        wire::WakuMessage::decode(bytes)
            .map(Self::from)
            .map_err(|_| DecodeError::Malformed)
    }

    /// Writes the protobuf form that deployed clients write: payload, content topic, version, meta and
    /// ephemeral are always there, the timestamp if it is known.
    pub fn encode(&self) -> Vec<u8> {
        wire::WakuMessage::from(self.clone()).encode_to_vec()
    }

    /// Length of [`Self::encode`] in bytes.
    pub fn encoded_len(&self) -> usize {
        self.field_lens().iter().map(|(_, length)| length).sum()
    }

    /// Bytes that each field takes in [`Self::encode`], by its name in 14/WAKU2-MESSAGE.
    pub fn field_lens(&self) -> [(&'static str, usize); 7] {
        use prost::encoding::{bool, bytes, sint64, string, uint32};
        let timestamp = self.timestamp.as_ref();
        let proof = self.rate_limit_proof.as_ref();
        [
            ("payload", bytes::encoded_len(1, &self.payload)),
            ("contentTopic", string::encoded_len(2, self.content_topic.as_text())),
            ("version", uint32::encoded_len(3, &self.version)),
            (
                "timestamp",
                timestamp.map_or(0, |nanoseconds| sint64::encoded_len(10, nanoseconds)),
            ),
            ("meta", bytes::encoded_len(11, &self.meta)),
            ("rateLimitProof", proof.map_or(0, |proof| bytes::encoded_len(21, proof))),
            ("ephemeral", bool::encoded_len(31, &self.ephemeral)),
        ]
    }

    /// The rules that every node of the network applies before forwarding, size apart.
    pub fn check(&self) -> Result<(), Unfit> {
        if self.content_topic.is_empty() {
            return Err(Unfit::NoContentTopic);
        }
        if self.meta.len() > MAX_META {
            return Err(Unfit::MetaTooLong);
        }
        if self.payload.is_empty() {
            return Err(Unfit::NoPayload);
        }
        Ok(())
    }
}

impl fmt::Debug for WakuMessage {
    /// Topic, size and time; never the payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakuMessage")
            .field("content_topic", &self.content_topic)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("version", &self.version)
            .field("timestamp", &self.timestamp)
            .field("ephemeral", &self.ephemeral)
            .finish_non_exhaustive()
    }
}

/// The hash by which stores, receipts and logs name a message on a pubsub topic.
///
/// Not the id that gossip uses, which is the SHA-256 of the encoded message without the topic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageHash(pub [u8; 32]);

impl MessageHash {
    /// SHA-256 of pubsub topic, payload, content topic, meta and the big-endian timestamp.
    pub fn of(topic: &PubsubTopic, message: &WakuMessage) -> Self {
        let digest = Sha256::new()
            .chain_update(topic.as_str())
            .chain_update(&message.payload)
            .chain_update(message.content_topic.as_str())
            .chain_update(&message.meta)
            .chain_update(message.timestamp.unwrap_or(0).to_be_bytes())
            .finalize();
        Self(digest.into())
    }

    /// Exactly 32 bytes; anything else is not a hash.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for MessageHash {
    /// `0x` and 64 lower-case digits, as the field writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageHash({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// The sender's bytes are not a Waku message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a protobuf message of this form.
    #[error("the bytes are not a Waku message")]
    Malformed,
}

/// The sender made a message that must not be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The content topic is empty or absent.
    #[error("the message has no content topic")]
    NoContentTopic,
    /// More than [`MAX_META`] bytes of meta.
    #[error("the meta field is longer than 64 bytes")]
    MetaTooLong,
    /// The payload is empty. Some nodes forward such a message, others refuse it.
    #[error("the message has no payload")]
    NoPayload,
}

/// Longest meta field, in bytes.
pub const MAX_META: usize = 64;

impl From<wire::WakuMessage> for WakuMessage {
    fn from(wire: wire::WakuMessage) -> Self {
        Self {
            payload: wire.payload.unwrap_or_default(),
            content_topic: ContentTopic::new(wire.content_topic.unwrap_or_default()),
            version: wire.version.unwrap_or_default(),
            timestamp: wire.timestamp,
            meta: wire.meta.unwrap_or_default(),
            ephemeral: wire.ephemeral.unwrap_or_default(),
            rate_limit_proof: wire.rate_limit_proof.filter(|proof| !proof.is_empty()),
        }
    }
}

impl From<WakuMessage> for wire::WakuMessage {
    fn from(message: WakuMessage) -> Self {
        Self {
            payload: Some(message.payload),
            content_topic: Some(message.content_topic.into_string()),
            version: Some(message.version),
            timestamp: message.timestamp,
            meta: Some(message.meta),
            rate_limit_proof: message.rate_limit_proof,
            ephemeral: Some(message.ephemeral),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> WakuMessage {
        WakuMessage {
            payload: b"hello".to_vec(),
            content_topic: ContentTopic::from("/waku/1/0xcffd5810/rfc26"),
            version: 1,
            timestamp: Some(1_700_000_000_000_012_345),
            ..WakuMessage::default()
        }
    }

    #[test]
    fn the_length_is_the_length_of_the_bytes() {
        let with_proof = WakuMessage {
            rate_limit_proof: Some(vec![1; 300]),
            meta: vec![2; 64],
            ephemeral: true,
            ..message()
        };
        for message in [message(), with_proof, WakuMessage::default()] {
            assert_eq!(message.encoded_len(), message.encode().len());
            assert_eq!(WakuMessage::decode(&message.encode()), Ok(message));
        }
    }

    #[test]
    fn what_no_node_forwards() {
        assert_eq!(message().check(), Ok(()));
        assert_eq!(
            WakuMessage {
                payload: vec![],
                ..message()
            }
            .check(),
            Err(Unfit::NoPayload)
        );
        assert_eq!(
            WakuMessage {
                content_topic: "".into(),
                ..message()
            }
            .check(),
            Err(Unfit::NoContentTopic)
        );
        assert_eq!(
            WakuMessage {
                meta: vec![0; 65],
                ..message()
            }
            .check(),
            Err(Unfit::MetaTooLong)
        );
    }

    #[test]
    fn the_payload_stays_out_of_debug_output() {
        assert!(!format!("{:?}", message()).contains("hello"));
    }
}
