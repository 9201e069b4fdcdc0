//! The archive of a service node: the messages that 13/WAKU2-STORE serves.
//!
//! [`Archive::insert`] hands a message to one writer thread and answers when it is on disk: writes
//! are committed in groups, with the disk flushed before anybody is told. [`Archive::query`] reads
//! pages on connections of its own, so that readers and writer do not wait for each other.
//! [`Retention`] bounds what is kept.
//!
//! What is admitted follows the deployed nodes: no ephemeral message, and none whose timestamp is
//! more than 20 s from the moment it was received. Who may ask, and how often, is not decided here.
//!
//! There is one database, SQLite ([`sqlite`]). PostgreSQL for fleets gets a module `postgres` beside
//! it; [`Archive`] then holds an enum of the two, and nothing changes for those who use it.

mod pages;
mod retention;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, ffi};
use tokio::sync::{Semaphore, oneshot};
use waku_proto::store::{self, Query, Response};
use waku_proto::{Envelope, MessageHash, WakuMessage};

pub use retention::{Retention, RetentionError};

use pages::{Page, PageError};
use sqlite::{Database, open_reader};
use writer::{Insert, Order};

/// Where an archive lies and what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// The database file. SQLite keeps two more files beside it, `-wal` and `-shm`.
    pub path: PathBuf,
    /// What is kept.
    pub retention: Retention,
}

impl ArchiveConfig {
    /// An archive in this file with the default retention of two days.
    pub fn at(path: impl Into<PathBuf>) -> ArchiveConfig {
        ArchiveConfig {
            path: path.into(),
            retention: Retention::default(),
        }
    }
}

/// A handle on an open archive; clones share it. The file is closed when the last one is dropped.
#[derive(Clone)]
pub struct Archive {
    shared: Arc<Shared>,
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

/// The disk's, the file's or the operator's fault. The archive goes on answering queries if it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Nothing can be stored until there is room again.
    #[error("the disk that holds the message archive is full; free some space or lower the retention policy")]
    DiskFull,
    /// The file cannot be created, opened or written.
    #[error(
        "the message archive cannot be opened or written; check that its folder exists and that this user may write there"
    )]
    NoAccess,
    /// The file belongs to another program.
    #[error("the file is not a message archive; choose another path or move the file away")]
    NotAnArchive,
    /// Made by another version of this program.
    #[error("the message archive was made by another version of this program; use that version or move the file away")]
    OtherVersion,
    /// SQLite found the file inconsistent.
    #[error("the message archive is damaged; move it away and start again with an empty one")]
    Damaged,
    /// Another process keeps the file locked.
    #[error("the message archive is in use by another process; stop that one first")]
    Busy,
    /// The writer is gone, because the process is ending.
    #[error("the message archive is closed")]
    Closed,
    /// Anything else that SQLite reports.
    #[error("the message archive failed with SQLite's error {code}")]
    Unexpected {
        /// SQLite's extended result code.
        code: i32,
    },
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
    /// Opens the archive, or creates it. Blocks for some milliseconds.
    pub fn open(config: ArchiveConfig) -> Result<Archive, ArchiveError> {
        let database = Database::open(&config.path)?;
        Archive::start(database, config)
    }

    fn start(database: Database, config: ArchiveConfig) -> Result<Archive, ArchiveError> {
        let (orders, queue) = sync_channel(QUEUE_ORDERS);
        let retention = config.retention;
        let writer = thread::Builder::new()
            .name("archive".to_owned())
            .spawn(move || writer::run(database, retention, &queue))
            .map_err(|_| ArchiveError::Unexpected {
                code: ffi::SQLITE_NOMEM,
            })?;
        Ok(Archive {
            shared: Arc::new(Shared {
                path: config.path,
                orders: Some(orders),
                room: Arc::new(Semaphore::new(QUEUE_ROOM)),
                readers: Readers::default(),
                writer: Some(writer),
            }),
        })
    }

    /// Stores a message that arrived at `received_at` (Unix nanoseconds). The answer comes after the
    /// message is durable, usually within some 10 ms; while the queue is full, the call waits.
    pub async fn insert(
        &self,
        envelope: Envelope,
        hash: MessageHash,
        received_at: i64,
    ) -> Result<Inserted, ArchiveError> {
        if let Some(refusal) = refusal(&envelope.message, received_at) {
            return Ok(Inserted::Refused(refusal));
        }
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
        let answer = match self.shared.readers.free.acquire().await {
            Ok(_permit) => {
                let archive = self.clone();
                tokio::task::spawn_blocking(move || archive.query_blocking(&query))
                    .await
                    .ok()
            }
            Err(_) => None,
        };
        // Without an answer the runtime is ending.
        answer.unwrap_or_else(|| response(request_id, Err(PageError::Archive(ArchiveError::Closed))))
    }

    /// As [`Self::query`], on the calling thread.
    pub fn query_blocking(&self, query: &Query) -> Response {
        let page = self.shared.read(|connection| pages::page(connection, query));
        response(query.request_id.clone(), page)
    }

    /// How much is stored. A few page reads on the calling thread.
    pub fn extent(&self) -> Result<ArchiveExtent, ArchiveError> {
        self.shared.read(|connection| {
            let extent = sqlite::extent(connection)?;
            Ok(ArchiveExtent {
                messages: extent.messages,
                oldest: extent.oldest,
                bytes: extent.pages * extent.page_size,
            })
        })
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
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

struct Shared {
    path: PathBuf,
    /// `None` only while the archive closes.
    orders: Option<SyncSender<Order>>,
    room: Arc<Semaphore>,
    readers: Readers,
    writer: Option<JoinHandle<()>>,
}

impl Shared {
    fn send(&self, order: Order) -> Result<(), ArchiveError> {
        let orders = self.orders.as_ref().ok_or(ArchiveError::Closed)?;
        // Whoever sends holds room, and there is less room than places: the queue is never full.
        orders.try_send(order).map_err(|_| ArchiveError::Closed)
    }

    fn read<T, E: From<ArchiveError>>(&self, read: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let idle = self.readers.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let result = read(&mut connection);
        let mut idle = self.readers.idle();
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.orders = None; // the writer commits what is queued and ends
        if let Some(writer) = self.writer.take() {
            let _ = writer.join(); // a panic there was reported when it happened
        }
    }
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
}

impl Readers {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Readers {
    fn default() -> Readers {
        Readers {
            idle: Mutex::default(),
            free: Semaphore::new(READERS),
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
/// Queries that read at the same time; more would only wait for the same disk.
const READERS: usize = 4;
/// Room is counted in units of 1 KiB, ...
const ROOM_UNIT: usize = 1024;
/// ... of which 8 MiB may be on their way to the disk at once, ...
const QUEUE_ROOM: usize = 8 * 1024;
/// ... and every order takes two at least, for its own weight, ...
const ROOM_PER_ORDER: u32 = 2;
/// ... so that the queue needs no more places than this.
const QUEUE_ORDERS: usize = QUEUE_ROOM / ROOM_PER_ORDER as usize;
