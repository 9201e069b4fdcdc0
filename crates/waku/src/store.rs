//! Store (13/WAKU2-STORE version 3), client and server, and the way of messages into the archive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use libp2p::PeerId;
use libp2p::swarm::Stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use waku_proto::store::{BAD_REQUEST, PROTOCOL, Query, Response, TOO_MANY_REQUESTS};
use waku_proto::{Envelope, MessageHash};

use crate::archive::{Archive, ArchiveError};
use crate::framing;
use crate::limits::ByteBudget;
use crate::request::{RequestError, Requests, Service};
use crate::status::{Purpose, Tally};

/// Asks a peer.
pub(crate) async fn ask(requests: &Requests, peer: PeerId, query: &Query) -> Result<Response, RequestError> {
    let service = Service {
        protocol: PROTOCOL,
        purpose: Purpose::Store,
    };
    let answer = requests.ask(peer, service, &query.encode(), MAX_ANSWER).await?;
    Response::decode(&answer).map_err(|_| RequestError::Broken)
}

/// Answers a peer. `is_admitted` is false for one that asks too often.
pub(crate) async fn serve(mut stream: Stream, archive: &Archive, tally: &Tally, is_admitted: impl FnOnce() -> bool) {
    let Ok(Some(question)) = framing::read(&mut stream, MAX_QUESTION, IDLE).await else {
        return;
    };
    tally.received(Purpose::Store, question.len());
    let answer = if is_admitted() {
        answer(archive, &question).await
    } else {
        too_many()
    }
    .encode();
    tally.sent(Purpose::Store, answer.len());
    if framing::write(&mut stream, &answer).await.is_ok() {
        framing::finish(&mut stream).await;
    }
}

async fn answer(archive: &Archive, question: &[u8]) -> Response {
    match Query::decode(question) {
        Err(error) => Response::refused(BAD_REQUEST, format!("decoding rpc failed: {error}")),
        Ok(query) => {
            let (request_id, direction) = (query.request_id.clone(), query.direction);
            let page = archive.query(query).await.fit(MAX_PAGE_BYTES, direction);
            Response { request_id, ..page }
        }
    }
}

fn too_many() -> Response {
    let refusal = Response::refused(TOO_MANY_REQUESTS, "Request rejected due to too many requests");
    Response {
        request_id: "N/A".into(),
        ..refusal
    }
}

/// The way into the archive: takes messages without making gossip wait for the disk.
#[derive(Debug)]
pub(crate) struct Archiver {
    queue: mpsc::Sender<Arrived>,
    budget: ByteBudget,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Arrived {
    envelope: Arc<Envelope>,
    hash: MessageHash,
    /// Nanoseconds since 1970.
    at: i64,
    _permit: OwnedSemaphorePermit,
}

impl Archiver {
    /// Starts the task; it ends when the archiver is dropped and everything is on disk.
    pub(crate) fn start(archive: Archive) -> (Self, JoinHandle<()>) {
        let (queue, arrivals) = mpsc::channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(write(archive, arrivals, Arc::clone(&lost)));
        (
            Self {
                queue,
                budget: ByteBudget::new(QUEUE_BYTES),
                lost,
            },
            task,
        )
    }

    /// Offers a message. When the disk does not keep up it is counted as lost.
    pub(crate) fn offer(&self, envelope: &Arc<Envelope>, hash: MessageHash) {
        if envelope.message.ephemeral {
            return;
        }
        let taken = self
            .budget
            .try_take(envelope.message.payload.len() + OVERHEAD)
            .is_some_and(|permit| {
                let arrived = Arrived {
                    envelope: Arc::clone(envelope),
                    hash,
                    at: unix_nanoseconds(),
                    _permit: permit,
                };
                self.queue.try_send(arrived).is_ok()
            });
        if !taken {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

async fn write(archive: Archive, mut arrivals: mpsc::Receiver<Arrived>, lost: Arc<AtomicU64>) {
    let mut under_way = FuturesUnordered::new();
    let mut trouble: Option<ArchiveError> = None;
    let mut is_open = true;
    while is_open || !under_way.is_empty() {
        tokio::select! {
            arrived = arrivals.recv(), if is_open && under_way.len() < UNDER_WAY => match arrived {
                None => is_open = false,
                Some(arrived) => under_way.push(insert(&archive, arrived)),
            },
            Some(result) = under_way.next() => {
                let now = result.err();
                if now.is_some() {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
                // Said once, not for every message.
                if let Some(error) = now && trouble != now {
                    tracing::warn!(%error, "messages are not stored");
                }
                trouble = now;
            }
        }
    }
}

async fn insert(archive: &Archive, arrived: Arrived) -> Result<(), ArchiveError> {
    let Arrived {
        envelope,
        hash,
        at,
        _permit,
    } = arrived;
    archive
        .insert(Arc::unwrap_or_clone(envelope), hash, at)
        .await
        .map(|_| ())
}

pub(crate) fn unix_nanoseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Longest answer that we read: more than any full page of ordinary messages. A longer one is asked for
/// again in smaller pages.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Longest question that we read: a hundred hashes or ten topics, with room.
const MAX_QUESTION: usize = 64 * 1024;
/// Largest page that we serve, in bytes of messages.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Browser clients open streams long before they use them.
const IDLE: Duration = Duration::from_secs(300);
/// Messages that may wait for the archive: some seconds of a busy network.
const QUEUE: usize = 8192;
/// Their bytes.
const QUEUE_BYTES: usize = 32 * 1024 * 1024;
const OVERHEAD: usize = 256;
/// Messages handed to the archive at once, so that one commit serves many.
const UNDER_WAY: usize = 1024;
