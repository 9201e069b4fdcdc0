//! Light push (19/WAKU2-LIGHTPUSH versions 3 and 2), client and server.

use std::time::Duration;

use libp2p::PeerId;
use libp2p::swarm::Stream;
use tokio::sync::{mpsc, oneshot};
use waku_proto::lightpush::{
    DecodeError, PROTOCOL_V2, PROTOCOL_V3, Published, Refusal, Request, Response, Status, TOO_LARGE, UNREAD_REQUEST,
};
use waku_proto::{Envelope, Shard, autoshard};

use crate::framing;
use crate::limits::ByteBudget;
use crate::request::{RequestError, Requests, Service, request_id};
use crate::rln::RlnRefusal;
use crate::status::{Purpose, Tally};
use crate::store::unix_nanoseconds;
use crate::task::{Command, Publisher, RelayError};

/// The versions of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V3,
    V2,
}

impl Version {
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::V3 => PROTOCOL_V3,
            Self::V2 => PROTOCOL_V2,
        }
    }

    fn decode(self, bytes: &[u8]) -> Result<Request, DecodeError> {
        match self {
            Self::V3 => Request::decode_v3(bytes),
            Self::V2 => Request::decode_v2(bytes),
        }
    }

    fn encode(self, response: Response) -> Vec<u8> {
        match self {
            Self::V3 => response.encode_v3(),
            Self::V2 => response.encode_v2(),
        }
    }
}

/// Asks a peer to publish.
pub(crate) async fn ask(
    requests: &Requests,
    peer: PeerId,
    version: Version,
    envelope: Envelope,
) -> Result<Result<Published, Refusal>, RequestError> {
    let service = Service {
        protocol: version.protocol(),
        purpose: Purpose::Lightpush,
    };
    let request = Request::new(request_id(), envelope);
    let response = match version {
        Version::V3 => Response::decode_v3(&requests.ask(peer, service, &request.encode_v3(), MAX_ANSWER).await?),
        Version::V2 => Response::decode_v2(&requests.ask(peer, service, &request.encode_v2(), MAX_ANSWER).await?),
    };
    response
        .map(|response| response.outcome)
        .map_err(|_| RequestError::Broken)
}

/// What the server needs.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) node: mpsc::WeakSender<Command>,
    pub(crate) cluster: u16,
    pub(crate) autoshards: Option<u16>,
    pub(crate) max_message_size: usize,
    pub(crate) budget: ByteBudget,
    pub(crate) tally: Tally,
}

impl Server {
    /// Publishes for a peer.
    pub(crate) async fn serve(&self, mut stream: Stream, version: Version, is_admitted: impl FnOnce() -> bool) {
        let limit = self.max_message_size + REQUEST_OVERHEAD;
        let response = match framing::read_within(&mut stream, limit, IDLE, &self.budget).await {
            Ok(None) => return,
            Ok(Some((request, _permit))) => {
                self.tally.received(Purpose::Lightpush, request.len());
                if is_admitted() {
                    self.answer(version, &request).await
                } else {
                    too_many()
                }
            }
            Err(framing::ReadError::Frame(_)) => self.too_large(UNREAD_REQUEST.into()),
            Err(_) => return,
        };
        let response = version.encode(response);
        self.tally.sent(Purpose::Lightpush, response.len());
        if framing::write(&mut stream, &response).await.is_ok() {
            framing::finish(&mut stream).await;
        }
    }

    async fn answer(&self, version: Version, bytes: &[u8]) -> Response {
        let request = match version.decode(bytes) {
            Ok(request) => request,
            Err(error) => {
                let text = format!("decode_rpc_failure: {error}");
                return Response::refused(UNREAD_REQUEST.into(), Status::BadRequest, text);
            }
        };
        let id = request.request_id.clone();
        let envelope = match self.envelope(request) {
            Ok(envelope) => envelope,
            Err((status, text)) => return Response::refused(id, status, text),
        };
        if envelope.message.encoded_len() > self.max_message_size {
            return self.too_large(id);
        }
        match self.publish(envelope).await {
            // None is left if the network had it already.
            Ok(peers) => Response::published(id, u32::try_from(peers.len()).unwrap_or(u32::MAX).max(1)),
            Err(RelayError::NoPeers) => {
                Response::refused(id, Status::NoPeersToRelay, "No peers for topic, skipping publish")
            }
            Err(RelayError::TooLarge) => self.too_large(id),
            Err(RelayError::WrongTopic) => Response::refused(
                id,
                Status::UnsupportedPubsubTopic,
                "this node does not relay the pubsub topic",
            ),
            Err(RelayError::Unsigned) => Response::refused(
                id,
                Status::InvalidMessage,
                "the owner of the shard did not sign the message",
            ),
            Err(RelayError::Rate(refusal)) => {
                let (status, text) = of_refusal(refusal);
                Response::refused(id, status, text)
            }
            Err(RelayError::Unfit(unfit)) => Response::refused(id, Status::InvalidMessage, unfit.to_string()),
            Err(RelayError::Busy) => {
                Response::refused(id, Status::ServiceUnavailable, "the node is stopping or overloaded")
            }
        }
    }

    fn envelope(&self, request: Request) -> Result<Envelope, (Status, String)> {
        let topic = match (request.pubsub_topic, self.autoshards) {
            (Some(topic), _) if !topic.as_str().is_empty() => topic,
            (_, None) => {
                return Err((
                    Status::InvalidMessage,
                    "a pubsub topic is needed on static shards".into(),
                ));
            }
            (_, Some(shards)) => autoshard(&request.message.content_topic, self.cluster, shards)
                .map(Shard::topic)
                .map_err(|error| (Status::InvalidMessage, error.to_string()))?,
        };
        let mut message = request.message;
        // As deployed nodes do: a message without a time gets that of its publication.
        if message.timestamp.unwrap_or(0) == 0 {
            message.timestamp = Some(unix_nanoseconds());
        }
        Ok(Envelope::new(topic, message))
    }

    async fn publish(&self, envelope: Envelope) -> Result<Vec<PeerId>, RelayError> {
        let (reply, answer) = oneshot::channel();
        let node = self.node.upgrade().ok_or(RelayError::Busy)?;
        let command = Command::Relay {
            envelope,
            publisher: Publisher::Client,
            reply,
        };
        node.send(command).await.map_err(|_| RelayError::Busy)?;
        drop(node);
        answer.await.map_err(|_| RelayError::Busy)?
    }

    fn too_large(&self, request_id: String) -> Response {
        let text = format!("{TOO_LARGE} maximum of {} bytes", self.max_message_size);
        Response::refused(request_id, Status::InvalidMessage, text)
    }
}

/// How it is said that a message has no proof that holds.
pub(crate) fn of_refusal(refusal: RlnRefusal) -> (Status, String) {
    let status = match refusal {
        RlnRefusal::Spent | RlnRefusal::Unavailable => Status::OutOfRlnProof,
        _ => Status::InvalidMessage,
    };
    // Deployed clients look for the beginning.
    (status, format!("RLN validation failed: {refusal}"))
}

fn too_many() -> Response {
    Response::refused(
        UNREAD_REQUEST.into(),
        Status::TooManyRequests,
        "Request rejected due to too many requests",
    )
}

/// Longest answer that we read.
const MAX_ANSWER: usize = 64 * 1024;
/// Ids, topic and tags around the message.
const REQUEST_OVERHEAD: usize = 16 * 1024;
/// Browser clients open streams long before they use them.
const IDLE: Duration = Duration::from_secs(300);
