//! Requests to the services of peers: one stream, one question, one answer.

use std::time::Duration;

use futures::AsyncWriteExt;
use libp2p::PeerId;
use libp2p::swarm::{Stream, StreamProtocol};
use tokio::time::timeout;
use waku_proto::codec::FrameError;

use crate::framing::{self, ReadError};
use crate::status::{Purpose, Tally};
use crate::streams::{OpenError, Opener};

/// Opens streams to peers; clones share the connections.
#[derive(Clone)]
pub(crate) struct Requests {
    opener: Opener,
    tally: Tally,
}

impl Requests {
    pub(crate) fn new(opener: Opener, tally: Tally) -> Self {
        Self { opener, tally }
    }

    /// Opens a stream.
    pub(crate) async fn open(&self, peer: PeerId, protocol: &'static str) -> Result<Stream, RequestError> {
        let opening = self.opener.open(peer, StreamProtocol::new(protocol));
        match timeout(OPEN, opening).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(OpenError::Unsupported)) => Err(RequestError::Unsupported),
            Ok(Err(OpenError::NotConnected)) => Err(RequestError::Broken),
            Ok(Err(OpenError::TooSlow)) | Err(_) => Err(RequestError::TooSlow),
        }
    }

    /// Asks and waits for the answer, of at most `limit` bytes.
    pub(crate) async fn ask(
        &self,
        peer: PeerId,
        to: Service,
        question: &[u8],
        limit: usize,
    ) -> Result<Vec<u8>, RequestError> {
        let mut stream = self.open(peer, to.protocol).await?;
        self.tally.sent(to.purpose, question.len());
        // A server may refuse before it has read the question; then writing fails, and the answer is
        // there all the same.
        if framing::write(&mut stream, question).await.is_ok() {
            let _ = stream.close().await;
        }
        let answer = framing::read(&mut stream, limit, ANSWER)
            .await?
            .ok_or(RequestError::Broken)?;
        self.tally.received(to.purpose, answer.len());
        tokio::spawn(async move { framing::finish(&mut stream).await });
        Ok(answer)
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// A service of a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) protocol: &'static str,
    pub(crate) purpose: Purpose,
}

/// The peer's fault, or the connection's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the peer does not offer the service")]
    Unsupported,
    #[error("the peer took too long")]
    TooSlow,
    #[error("the answer is longer than the limit")]
    TooLong,
    #[error("the connection broke")]
    Broken,
}

impl From<ReadError> for RequestError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooSlow => Self::TooSlow,
            ReadError::Frame(FrameError::TooLong) => Self::TooLong,
            ReadError::Frame(FrameError::BadLength) | ReadError::Io(_) => Self::Broken,
        }
    }
}

/// A request id, as deployed nodes make them: ten random bytes in hexadecimal.
pub(crate) fn request_id() -> String {
    let mut bytes = [0; 10];
    // Without randomness the id is all zero, which is still an id.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

/// For opening a stream and agreeing on its protocol.
const OPEN: Duration = Duration::from_secs(10);
/// Until the first byte of an answer; a store may search for a while.
const ANSWER: Duration = Duration::from_secs(20);
