//! Light push (19/WAKU2-LIGHTPUSH), version 3 and the version 2 that Go nodes still speak: asking a
//! relaying node to publish.
//!
//! Success means that the node handed the message to so many peers, not that anybody stored it.

use prost::Message as _;

use crate::envelope::Envelope;
use crate::message::WakuMessage;
use crate::topic::PubsubTopic;
use crate::wire;

/// A request in either version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Comes back in the answer.
    pub request_id: String,
    /// Absent: the node derives it from the content topic (version 3 only).
    pub pubsub_topic: Option<PubsubTopic>,
    /// What to publish.
    pub message: WakuMessage,
}

impl Request {
    /// Asks to publish one envelope.
    pub fn new(request_id: String, envelope: Envelope) -> Self {
        Self {
            request_id,
            pubsub_topic: Some(envelope.pubsub_topic),
            message: envelope.message,
        }
    }

    /// Reads a version 3 request.
    pub fn decode_v3(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::LightPushRequest::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            pubsub_topic: wire.pubsub_topic.map(PubsubTopic::from),
            message: wire.message.ok_or(DecodeError::NoMessage)?.into(),
        })
    }

    /// Writes a version 3 request.
    pub fn encode_v3(self) -> Vec<u8> {
        let wire = wire::LightPushRequest {
            request_id: Some(self.request_id),
            pubsub_topic: self.pubsub_topic.map(|topic| topic.to_string()),
            message: Some(self.message.into()),
        };
        wire.encode_to_vec()
    }

    /// Reads a version 2 request.
    pub fn decode_v2(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::PushRpc::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let request = wire.request.ok_or(DecodeError::NoMessage)?;
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            pubsub_topic: request.pubsub_topic.map(PubsubTopic::from),
            message: request.message.ok_or(DecodeError::NoMessage)?.into(),
        })
    }

    /// Writes a version 2 request.
    pub fn encode_v2(self) -> Vec<u8> {
        let request = wire::PushRequest {
            pubsub_topic: Some(self.pubsub_topic.map(|topic| topic.to_string()).unwrap_or_default()),
            message: Some(self.message.into()),
        };
        wire::PushRpc {
            request_id: Some(self.request_id),
            request: Some(request),
            response: None,
        }
        .encode_to_vec()
    }
}

/// What the publishing node answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// That of the request; `N/A` or empty when the node refused before reading it.
    pub request_id: String,
    /// How it went.
    pub outcome: Result<Published, Refusal>,
}

/// The message went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Number of peers it was handed to; version 2 does not say (`None`).
    pub peers: Option<u32>,
}

/// The node did not publish, with its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("light push refused with status {}: {description}", .status.code())]
pub struct Refusal {
    /// Why.
    pub status: Status,
    /// The node's own text; untrusted.
    pub description: String,
}

impl Response {
    /// Success, with the number of peers.
    pub fn published(request_id: String, peers: u32) -> Self {
        Self {
            request_id,
            outcome: Ok(Published { peers: Some(peers) }),
        }
    }

    /// A refusal.
    pub fn refused(request_id: String, status: Status, description: impl Into<String>) -> Self {
        Self {
            request_id,
            outcome: Err(Refusal {
                status,
                description: description.into(),
            }),
        }
    }

    /// Reads a version 3 answer. Success without peers is no success.
    pub fn decode_v3(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::LightPushResponse::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let status = Status::from_code(wire.status_code.ok_or(DecodeError::NoStatus)?);
        let description = wire.status_desc.unwrap_or_default();
        let outcome = match (status, wire.relay_peer_count.unwrap_or(0)) {
            (Status::Success, 0) => Err(Refusal {
                status: Status::NoPeersToRelay,
                description,
            }),
            (Status::Success, peers) => Ok(Published { peers: Some(peers) }),
            (status, _) => Err(Refusal { status, description }),
        };
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            outcome,
        })
    }

    /// Writes a version 3 answer.
    pub fn encode_v3(self) -> Vec<u8> {
        let (status, status_desc, relay_peer_count) = match self.outcome {
            Ok(published) => (Status::Success, None, Some(published.peers.unwrap_or(1))),
            Err(refusal) => (refusal.status, Some(refusal.description), None),
        };
        let wire = wire::LightPushResponse {
            request_id: Some(self.request_id),
            status_code: Some(status.code()),
            status_desc,
            relay_peer_count,
        };
        wire.encode_to_vec()
    }

    /// Reads a version 2 answer; the reason is told apart by the known texts of deployed nodes.
    pub fn decode_v2(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::PushRpc::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let response = wire.response.ok_or(DecodeError::NoStatus)?;
        let description = response.info.unwrap_or_default();
        let outcome = if response.is_success.unwrap_or(false) {
            Ok(Published { peers: None })
        } else {
            Err(Refusal {
                status: Status::from_v2_text(&description),
                description,
            })
        };
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            outcome,
        })
    }

    /// Writes a version 2 answer; failure is written out, because deployed clients demand the tag.
    pub fn encode_v2(self) -> Vec<u8> {
        let (is_success, info) = match self.outcome {
            Ok(_) => (true, String::from("OK")),
            Err(Refusal {
                status: Status::NoPeersToRelay,
                ..
            }) => (false, String::from(NOT_PUBLISHED)),
            Err(Refusal {
                status: Status::TooManyRequests,
                ..
            }) => (false, String::from(TOO_MANY)),
            Err(refusal) => (false, refusal.description),
        };
        let response = wire::PushResponse {
            is_success: Some(is_success),
            info: Some(info),
        };
        wire::PushRpc {
            request_id: Some(self.request_id),
            request: None,
            response: Some(response),
        }
        .encode_to_vec()
    }
}

/// Status of a light push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 200.
    Success,
    /// 400: the request could not be read.
    BadRequest,
    /// 413: defined, but deployed nodes answer 420 to a message that is too large.
    PayloadTooLarge,
    /// 420: a rule of the network forbids the message.
    InvalidMessage,
    /// 421: a shard that this node does not serve.
    UnsupportedPubsubTopic,
    /// 429.
    TooManyRequests,
    /// 500.
    InternalError,
    /// 503.
    ServiceUnavailable,
    /// 504: the node could not attach a rate limiting proof.
    OutOfRlnProof,
    /// 505: nobody there to give it to.
    NoPeersToRelay,
    /// Any other number.
    Other(u32),
}

impl Status {
    /// The number on the wire.
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 200,
            Self::BadRequest => 400,
            Self::PayloadTooLarge => 413,
            Self::InvalidMessage => 420,
            Self::UnsupportedPubsubTopic => 421,
            Self::TooManyRequests => 429,
            Self::InternalError => 500,
            Self::ServiceUnavailable => 503,
            Self::OutOfRlnProof => 504,
            Self::NoPeersToRelay => 505,
            Self::Other(code) => code,
        }
    }

    /// The meaning of a number.
    pub fn from_code(code: u32) -> Self {
        match code {
            200 => Self::Success,
            400 => Self::BadRequest,
            413 => Self::PayloadTooLarge,
            420 => Self::InvalidMessage,
            421 => Self::UnsupportedPubsubTopic,
            429 => Self::TooManyRequests,
            500 => Self::InternalError,
            503 => Self::ServiceUnavailable,
            504 => Self::OutOfRlnProof,
            505 => Self::NoPeersToRelay,
            code => Self::Other(code),
        }
    }

    /// Whether the same message may succeed later or elsewhere.
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::BadRequest | Self::PayloadTooLarge | Self::InvalidMessage)
    }

    fn from_v2_text(text: &str) -> Self {
        match text {
            NOT_PUBLISHED => Self::NoPeersToRelay,
            TOO_MANY => Self::TooManyRequests,
            text if text.starts_with("decode_rpc_failure") => Self::BadRequest,
            text if text.starts_with(TOO_LARGE) => Self::InvalidMessage,
            _ => Self::InternalError,
        }
    }
}

/// The other side's bytes are not light push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a protobuf message of this form.
    #[error("the bytes are not a light push message")]
    Malformed,
    /// A request without a message.
    #[error("the request carries no message")]
    NoMessage,
    /// An answer without a status.
    #[error("the answer carries no status")]
    NoStatus,
}

/// libp2p protocol id of version 3.
pub const PROTOCOL_V3: &str = "/vac/waku/lightpush/3.0.0";
/// libp2p protocol id of version 2.
pub const PROTOCOL_V2: &str = "/vac/waku/lightpush/2.0.0-beta1";
/// Request id of an answer to a request that was not read.
pub const UNREAD_REQUEST: &str = "N/A";
/// First words of the refusal of a message that is too large; deployed clients match on them.
pub const TOO_LARGE: &str = "Message size exceeded";

const NOT_PUBLISHED: &str = "not_published_to_any_peer";
const TOO_MANY: &str = "TOO_MANY_REQUESTS";

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        let message = WakuMessage {
            payload: vec![1],
            content_topic: "/a/1/b/c".into(),
            ..WakuMessage::default()
        };
        Request::new("id".into(), Envelope::new("/waku/2/rs/16/32".into(), message))
    }

    #[test]
    fn requests_come_back() {
        assert_eq!(Request::decode_v3(&request().encode_v3()), Ok(request()));
        assert_eq!(Request::decode_v2(&request().encode_v2()), Ok(request()));
        assert_eq!(Request::decode_v3(&[]), Err(DecodeError::NoMessage));
        assert_eq!(Request::decode_v2(&[0x0a]), Err(DecodeError::Malformed));
    }

    #[test]
    fn answers_come_back() {
        let published = Response::published("id".into(), 3);
        assert_eq!(
            Response::decode_v3(&published.clone().encode_v3()),
            Ok(published.clone())
        );
        let v2 = Response::decode_v2(&published.encode_v2()).unwrap();
        assert_eq!(v2.outcome, Ok(Published { peers: None }));
        for status in [Status::NoPeersToRelay, Status::TooManyRequests] {
            let refused = Response::refused("id".into(), status, "x");
            assert_eq!(Response::decode_v3(&refused.clone().encode_v3()), Ok(refused.clone()));
            let v2 = Response::decode_v2(&refused.encode_v2()).unwrap();
            assert_eq!(v2.outcome.unwrap_err().status, status);
        }
    }

    #[test]
    fn failure_is_written_out_in_version_2() {
        let bytes = Response::refused("i".into(), Status::NoPeersToRelay, "").encode_v2();
        let expected = [
            b"\x0a\x01i\x1a\x1d\x08\x00\x12\x19".as_slice(),
            NOT_PUBLISHED.as_bytes(),
        ]
        .concat();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn success_without_peers_is_none() {
        let wire = wire::LightPushResponse {
            status_code: Some(200),
            ..Default::default()
        };
        let response = Response::decode_v3(&wire.encode_to_vec()).unwrap();
        assert_eq!(response.outcome.unwrap_err().status, Status::NoPeersToRelay);
    }
}
