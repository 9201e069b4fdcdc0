//! Transfer: messages that one store node hands to another, one frame each.

use prost::Message as _;

use crate::message::DecodeError;
use crate::{Envelope, PubsubTopic, wire};

/// libp2p protocol id.
pub const PROTOCOL: &str = "/vac/waku/transfer/1.0.0";

/// Writes a message.
pub fn encode(envelope: Envelope) -> Vec<u8> {
    let wire = wire::WakuMessageAndTopic {
        pubsub_topic: Some(envelope.pubsub_topic.to_string()),
        message: Some(envelope.message.into()),
    };
    wire.encode_to_vec()
}

/// Reads a message. Both fields have to be there.
pub fn decode(bytes: &[u8]) -> Result<Envelope, DecodeError> {
    let wire = wire::WakuMessageAndTopic::decode(bytes).map_err(|_| DecodeError::Malformed)?;
    match (wire.pubsub_topic, wire.message) {
        (Some(topic), Some(message)) => Ok(Envelope::new(PubsubTopic::from(topic), message.into())),
        _ => Err(DecodeError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WakuMessage;

    /// Written by hand after the deployed encoder: topic first, then the message with every field that it
    /// always writes.
    #[test]
    fn the_bytes_are_the_deployed_ones() {
        let message = WakuMessage {
            payload: vec![1, 2],
            content_topic: "/a".into(),
            timestamp: Some(3),
            ..WakuMessage::default()
        };
        let bytes = encode(Envelope::new("/t".into(), message.clone()));
        let inner = message.encode();
        let expected = [&[0x0a, 2, b'/', b't', 0x12, inner.len() as u8][..], &inner].concat();
        assert_eq!(bytes, expected);
        assert_eq!(decode(&bytes).map(|envelope| envelope.message), Ok(message));
        assert_eq!(decode(&bytes[..4]), Err(DecodeError::Malformed), "a topic alone");
        assert_eq!(decode(&bytes[4..]), Err(DecodeError::Malformed), "a message alone");
    }
}
