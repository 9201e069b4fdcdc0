//! The archive of a service node: the messages that 13/WAKU2-STORE serves.
//!
//! [`Archive::insert`] hands a message to one writer thread and answers when it is on disk: writes
//! are committed in groups, with the disk flushed before anybody is told. [`Archive::query`] reads
//! pages on connections of its own, so that readers and writer do not wait for each other.
//! [`Retention`] bounds what is kept. [`Archive::export`] and [`Archive::import`] move everything from
//! one archive to another, [`check`] looks for damage.
//!
//! What is admitted follows the deployed nodes: no ephemeral message, and none whose timestamp is
//! more than 20 s from the moment it was received. Who may ask, and how often, is not decided here.
//!
//! Two databases can hold it: SQLite, in a file of one node ([`sqlite`]), and PostgreSQL, which several
//! nodes may share ([`postgres`]). The writer and the handle are the same for both; what differs is
//! told apart in [`database`].

pub mod check;
mod database;
mod error;
mod export;
mod health;
mod pages;
mod place;
mod postgres;
mod retention;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::ffi;
use tokio::sync::{Semaphore, oneshot};
use waku_proto::store::{self, Query, Response};
use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic, WakuMessage};

pub use error::{ArchiveError, TlsFault};
pub use export::{ExportError, ImportError, Imported};
pub use place::{Place, PlaceError, ServerUrl};
pub use retention::{Retention, RetentionError};

use database::{Database, Readers};
use health::Health;
use pages::{Page, PageError};
use writer::{Insert, Order};

/// Where an archive lies and what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// A file or a server.
    pub place: Place,
    /// What is kept.
    pub retention: Retention,
    /// Connections to a server at most, two or more: one writes, the others read.
    pub connections: usize,
}

/// As many as are usual.
pub const CONNECTIONS: usize = 1 + database::READERS;

impl ArchiveConfig {
    /// An archive in this file with the default retention of two days. SQLite keeps two more files beside
    /// it, `-wal` and `-shm`.
    pub fn at(path: impl Into<PathBuf>) -> ArchiveConfig {
        ArchiveConfig {
            place: Place::File(path.into()),
            retention: Retention::default(),
            connections: CONNECTIONS,
        }
    }
}

/// A handle on an open archive; clones share it. The database is closed when the last one is dropped.
#[derive(Clone)]
pub struct Archive {
    shared: Arc<Shared>,
}

/// Topics whose messages are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// These and no others.
    pub pubsub_topics: Vec<PubsubTopic>,
    /// Of those, only these; all of them if there are none here.
    pub content_topics: Vec<ContentTopic>,
}

impl Scope {
    /// Whether no message can be meant.
    pub fn is_nothing(&self) -> bool {
        self.pubsub_topics.is_empty()
    }
}

/// What became of a message that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is on disk now.
    Stored,
    /// It was there before.
    Duplicate,
    /// It does not belong into an archive.
    Refused(Refusal),
}

/// Why a message is not archived. Not an error: relay carries many such messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its sender asked that nobody stores it.
    Ephemeral,
    /// Its timestamp lies more than 20 s before its arrival, or is missing.
    TooOld,
    /// Its timestamp lies more than 20 s after its arrival.
    FromTheFuture,
}

/// How much an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveExtent {
    /// Number of messages.
    pub messages: u64,
    /// Timestamp of the oldest message, Unix nanoseconds.
    pub oldest: Option<i64>,
    /// Size of the database file, bytes.
    pub bytes: u64,
}

impl Archive {
    /// Opens the archive, or creates it. Blocks for some milliseconds; up to ten seconds while a server
    /// does not answer.
    pub fn open(config: ArchiveConfig) -> Result<Archive, ArchiveError> {
        let (database, readers) = database::open(&config)?;
        Archive::start(database, readers, config)
    }

    fn start(database: Database, readers: Readers, config: ArchiveConfig) -> Result<Archive, ArchiveError> {
        let (orders, queue) = sync_channel(QUEUE_ORDERS);
        let retention = config.retention;
        let health = Health::default();
        let reported = health.clone();
        let writer = thread::Builder::new()
            .name("archive".to_owned())
            .spawn(move || writer::run(database, retention, reported, &queue))
            .map_err(|_| ArchiveError::Unexpected {
                code: ffi::SQLITE_NOMEM,
            })?;
        Ok(Archive {
            shared: Arc::new(Shared {
                place: config.place,
                orders: Some(orders),
                room: Arc::new(Semaphore::new(QUEUE_ROOM)),
                readers,
                health,
                writer: Some(writer),
            }),
        })
    }

    /// Stores a message that arrived at `received_at` (Unix nanoseconds). The answer comes after the
    /// message is durable, usually within some 10 ms; while the queue is full, or the server away, the
    /// call waits.
    pub async fn insert(
        &self,
        envelope: Envelope,
        hash: MessageHash,
        received_at: i64,
    ) -> Result<Inserted, ArchiveError> {
        if let Some(refusal) = refusal(&envelope.message, received_at) {
            return Ok(Inserted::Refused(refusal));
        }
        self.write(envelope, hash).await
    }

    /// As [`Self::insert`], for a message of the past: what another store kept, or an export. Its age is
    /// for the caller to judge.
    pub async fn backfill(&self, envelope: Envelope, hash: MessageHash) -> Result<Inserted, ArchiveError> {
        if envelope.message.ephemeral {
            return Ok(Inserted::Refused(Refusal::Ephemeral));
        }
        self.write(envelope, hash).await
    }

    async fn write(&self, envelope: Envelope, hash: MessageHash) -> Result<Inserted, ArchiveError> {
        let (reply, answer) = oneshot::channel();
        let room = Arc::clone(&self.shared.room)
            .acquire_many_owned(room_for(&envelope))
            .await
            .map_err(|_| ArchiveError::Closed)?;
        self.shared.send(Order::Insert(Box::new(Insert {
            envelope,
            hash,
            room,
            reply,
        })))?;
        answer.await.map_err(|_| ArchiveError::Closed)?
    }

    /// Answers a store query, whatever it asks; faults are in the response's status.
    pub async fn query(&self, query: Query) -> Response {
        let request_id = query.request_id.clone();
        let page = self.shared.readers.page(query).await;
        response(request_id, page)
    }

    /// As [`Self::query`], on the calling thread.
    pub fn query_blocking(&self, query: &Query) -> Response {
        response(query.request_id.clone(), self.shared.readers.page_blocking(query))
    }

    /// Timestamp and hash of every message of the scope from `start` to `end` (Unix nanoseconds), in store
    /// order; at most `limit`.
    pub async fn places(
        &self,
        scope: Scope,
        start: i64,
        end: i64,
        limit: usize,
    ) -> Result<Vec<(i64, MessageHash)>, ArchiveError> {
        self.shared.readers.places(scope, start, end, limit).await
    }

    /// How much is stored. A few page reads, or one question to the server, on the calling thread.
    pub fn extent(&self) -> Result<ArchiveExtent, ArchiveError> {
        let extent = self.shared.readers.extent()?;
        Ok(ArchiveExtent {
            messages: extent.messages,
            oldest: extent.oldest,
            bytes: extent.pages * extent.page_size,
        })
    }

    /// What keeps messages from being stored at the moment, as the last attempt found.
    pub fn trouble(&self) -> Option<ArchiveError> {
        self.shared.health.trouble()
    }

    /// Applies the retention policy as of `now` (Unix nanoseconds) to the end, and answers how many
    /// messages were removed. The archive does so in the background too, in small steps.
    pub async fn clean_up(&self, now: i64) -> Result<u64, ArchiveError> {
        let (reply, answer) = oneshot::channel();
        let _room = self
            .shared
            .room
            .acquire_many(ROOM_PER_ORDER)
            .await
            .map_err(|_| ArchiveError::Closed)?;
        self.shared.send(Order::CleanUp { now, reply })?;
        answer.await.map_err(|_| ArchiveError::Closed)?
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive")
            .field("place", &self.shared.place)
            .finish_non_exhaustive()
    }
}

struct Shared {
    place: Place,
    /// `None` only while the archive closes.
    orders: Option<SyncSender<Order>>,
    room: Arc<Semaphore>,
    readers: Readers,
    health: Health,
    writer: Option<JoinHandle<()>>,
}

impl Shared {
    fn send(&self, order: Order) -> Result<(), ArchiveError> {
        let orders = self.orders.as_ref().ok_or(ArchiveError::Closed)?;
        // Whoever sends holds room, and there is less room than places: the queue is never full.
        orders.try_send(order).map_err(|_| ArchiveError::Closed)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.health.close(); // a writer that waits for a server gives up
        self.orders = None; // the writer commits what is queued and ends
        if let Some(writer) = self.writer.take() {
            let _ = writer.join(); // a panic there was reported when it happened
        }
    }
}

/// Statuses and words of the deployed nodes.
fn response(request_id: String, page: Result<Page, PageError>) -> Response {
    let response = match page {
        Ok(page) => Response::page(page.entries, page.cursor),
        Err(error) => Response::refused(store::BAD_RESPONSE, format!("BAD_RESPONSE: archive error: {error}")),
    };
    Response { request_id, ..response }
}

fn refusal(message: &WakuMessage, received_at: i64) -> Option<Refusal> {
    let timestamp = message.timestamp.unwrap_or(0);
    if message.ephemeral {
        Some(Refusal::Ephemeral)
    } else if timestamp < received_at.saturating_sub(MAX_SKEW_NS) {
        Some(Refusal::TooOld)
    } else if timestamp > received_at.saturating_add(MAX_SKEW_NS) {
        Some(Refusal::FromTheFuture)
    } else {
        None
    }
}

/// The share of the queue that a message takes; the largest fit alone.
fn room_for(envelope: &Envelope) -> u32 {
    let message = &envelope.message;
    let bytes = message.payload.len() + message.content_topic.as_str().len() + message.meta.len();
    let room = (bytes / ROOM_UNIT).saturating_add(ROOM_PER_ORDER as usize);
    u32::try_from(room.min(QUEUE_ROOM)).unwrap_or(u32::MAX)
}

/// As deployed: messages older or newer than this are not archived.
const MAX_SKEW_NS: i64 = 20 * 1_000_000_000;
/// Room is counted in units of 1 KiB, ...
const ROOM_UNIT: usize = 1024;
/// ... of which 8 MiB may be on their way to the disk at once, ...
const QUEUE_ROOM: usize = 8 * 1024;
/// ... and every order takes two at least, for its own weight, ...
const ROOM_PER_ORDER: u32 = 2;
/// ... so that the queue needs no more places than this.
const QUEUE_ORDERS: usize = QUEUE_ROOM / ROOM_PER_ORDER as usize;
