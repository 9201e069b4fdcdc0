//! Filter (12/WAKU2-FILTER, version 2): having messages of chosen content topics pushed.
//!
//! [`Subscriptions`] is the client's side (what we asked which server, and what to ask next),
//! [`Subscribers`] the server's (who wants what). Neither sends anything.

use prost::Message as _;

use crate::envelope::Envelope;
use crate::topic::{ContentTopic, PubsubTopic};
use crate::wire;

mod subscribers;
mod subscriptions;

pub use subscribers::{Limits, Refusal, Subscribers};
pub use subscriptions::{Failure, Subscriptions};

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Comes back in the answer.
    pub request_id: String,
    /// What is wanted.
    pub ask: Ask,
}

/// The four questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Are my subscriptions alive?
    Ping,
    /// Push me messages of these topics.
    Subscribe(Topics),
    /// Stop pushing these.
    Unsubscribe(Topics),
    /// Stop pushing.
    UnsubscribeAll,
}

/// Content topics of one pubsub topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    /// The pubsub topic; a request without one is refused.
    pub pubsub_topic: Option<PubsubTopic>,
    /// At most [`MAX_CONTENT_TOPICS`].
    pub content_topics: Vec<ContentTopic>,
}

impl Request {
    /// Reads a question.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::FilterSubscribeRequest::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let topics = Topics {
            pubsub_topic: wire.pubsub_topic.map(PubsubTopic::from),
            content_topics: wire.content_topics.into_iter().map(ContentTopic::from).collect(),
        };
        let ask = match wire.filter_subscribe_type.unwrap_or(PING) {
            PING => Ask::Ping,
            SUBSCRIBE => Ask::Subscribe(topics),
            UNSUBSCRIBE => Ask::Unsubscribe(topics),
            UNSUBSCRIBE_ALL => Ask::UnsubscribeAll,
            _ => return Err(DecodeError::UnknownType),
        };
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            ask,
        })
    }

    /// Writes a question.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, topics) = match &self.ask {
            Ask::Ping => (PING, None),
            Ask::Subscribe(topics) => (SUBSCRIBE, Some(topics)),
            Ask::Unsubscribe(topics) => (UNSUBSCRIBE, Some(topics)),
            Ask::UnsubscribeAll => (UNSUBSCRIBE_ALL, None),
        };
        let wire = wire::FilterSubscribeRequest {
            request_id: Some(self.request_id.clone()),
            filter_subscribe_type: Some(kind),
            pubsub_topic: topics
                .and_then(|topics| topics.pubsub_topic.as_ref())
                .map(|topic| topic.to_string()),
            content_topics: topics
                .map(|topics| topics.content_topics.iter().map(|topic| topic.to_string()).collect())
                .unwrap_or_default(),
        };
        wire.encode_to_vec()
    }
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// That of the request; `N/A` if it was not read.
    pub request_id: String,
    /// [`OK`] or a reason.
    pub status: u32,
    /// The server's words; untrusted.
    pub description: String,
}

impl Response {
    /// The answer to a request that was worked on.
    pub fn to(request_id: String, result: Result<(), Refusal>) -> Self {
        match result {
            Ok(()) => Self {
                request_id,
                status: OK,
                description: "OK".into(),
            },
            Err(refusal) => Self {
                request_id,
                status: refusal.status(),
                description: refusal.to_string(),
            },
        }
    }

    /// Reads an answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::FilterSubscribeResponse::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            status: wire.status_code.unwrap_or(0),
            description: wire.status_desc.unwrap_or_default(),
        })
    }

    /// Writes an answer.
    pub fn encode(&self) -> Vec<u8> {
        let wire = wire::FilterSubscribeResponse {
            request_id: Some(self.request_id.clone()),
            status_code: Some(self.status),
            status_desc: Some(self.description.clone()),
        };
        wire.encode_to_vec()
    }
}

/// Reads a pushed message.
pub fn decode_push(bytes: &[u8]) -> Result<Envelope, DecodeError> {
    let wire = wire::MessagePush::decode(bytes).map_err(|_| DecodeError::Malformed)?;
    let message = wire.waku_message.ok_or(DecodeError::NoMessage)?;
    Ok(Envelope::new(
        wire.pubsub_topic.unwrap_or_default().into(),
        message.into(),
    ))
}

/// Writes a message to push.
pub fn encode_push(envelope: Envelope) -> Vec<u8> {
    let wire = wire::MessagePush {
        pubsub_topic: Some(envelope.pubsub_topic.to_string()),
        waku_message: Some(envelope.message.into()),
    };
    wire.encode_to_vec()
}

/// The other side's bytes are not filter messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a protobuf message of this form.
    #[error("the bytes are not a filter message")]
    Malformed,
    /// A request type beyond the four.
    #[error("the filter request is of an unknown type")]
    UnknownType,
    /// A push without a message.
    #[error("the push carries no message")]
    NoMessage,
}

/// libp2p protocol id for requests to a server.
pub const SUBSCRIBE_PROTOCOL: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
/// libp2p protocol id for pushes to a client.
pub const PUSH_PROTOCOL: &str = "/vac/waku/filter-push/2.0.0-beta1";
/// Status of success.
pub const OK: u32 = 200;
/// Status of a server that does not know the client.
pub const NOT_FOUND: u32 = 404;
/// Status of a server that is asked too often.
pub const TOO_MANY_REQUESTS: u32 = 429;
/// Most content topics in one request.
pub const MAX_CONTENT_TOPICS: usize = 100;

const PING: u32 = 0;
const SUBSCRIBE: u32 = 1;
const UNSUBSCRIBE: u32 = 2;
const UNSUBSCRIBE_ALL: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_back() {
        let topics = Topics {
            pubsub_topic: Some("/waku/2/rs/16/32".into()),
            content_topics: vec!["/a".into()],
        };
        for ask in [
            Ask::Ping,
            Ask::Subscribe(topics.clone()),
            Ask::Unsubscribe(topics),
            Ask::UnsubscribeAll,
        ] {
            let request = Request {
                request_id: "r".into(),
                ask,
            };
            assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
        assert_eq!(Request::decode(&[0x10, 4]), Err(DecodeError::UnknownType));
        assert_eq!(Request::decode(&[]).unwrap().ask, Ask::Ping);
    }

    #[test]
    fn a_push_comes_back() {
        let message = crate::WakuMessage {
            payload: vec![1],
            content_topic: "/a".into(),
            ..Default::default()
        };
        let envelope = Envelope::new("/t".into(), message);
        assert_eq!(decode_push(&encode_push(envelope.clone())), Ok(envelope));
        assert_eq!(decode_push(&[0x12, 1, b'x']), Err(DecodeError::NoMessage));
    }
}
