//! An archive in PostgreSQL, which several nodes may share.
//!
//! Messages lie in one table, partitioned by their timestamps into stretches of equal length
//! ([`schema`]). Each node inserts what it hears; a message that another node has inserted before is a
//! duplicate. Retention drops whole partitions where it can ([`clean`]); of the policies of several
//! nodes the strictest holds. [`pages`] answers queries as [`super::pages`] does for SQLite.
//!
//! All connections of an archive live on one small runtime of its own, so that the writer thread and
//! callers without a runtime may use them. A broken connection is replaced at the next use; whoever needs
//! it waits at most [`PATIENCE`].

mod clean;
mod insert;
mod pages;
mod schema;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Connection, NoTls, Socket};
use tracing::warn;
use waku_proto::store::{Entry, Query};
use waku_proto::{Envelope, MessageHash};

use super::pages::{Page, PageError, Place, Window};
use super::retention::{Extent, Retention, Step};
use super::{ArchiveError, Scope, ServerUrl};
use tls::Tls;

/// The way to the server: its address, a runtime, and the connections of readers.
pub(super) struct Link {
    config: tokio_postgres::Config,
    /// `None`: nothing is encrypted.
    tls: Option<Tls>,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    idle: Mutex<Vec<Arc<pages::Reader>>>,
    free: Semaphore,
}

impl Link {
    pub(super) fn new(url: &ServerUrl, connections: usize) -> Result<Link, ArchiveError> {
        let mut config = url.config();
        config
            .connect_timeout(CONNECT)
            .keepalives_idle(KEEPALIVE)
            .tcp_user_timeout(PATIENCE)
            .application_name("undertone");
        let tls = Tls::new(url.encryption())?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("archive-server")
            .enable_all()
            .build()
            .map_err(|_| ArchiveError::Away)?;
        Ok(Link {
            config,
            tls,
            runtime: Some(runtime),
            idle: Mutex::default(),
            free: Semaphore::new(connections.saturating_sub(1).max(1)),
        })
    }

    pub(super) async fn page(self: &Arc<Self>, query: Query) -> Result<Page, PageError> {
        self.spawn(Arc::clone(self).asked_for_page(query)).await
    }

    pub(super) fn page_blocking(self: &Arc<Self>, query: Query) -> Result<Page, PageError> {
        self.wait(Arc::clone(self).asked_for_page(query))
    }

    async fn asked_for_page(self: Arc<Self>, query: Query) -> Result<Page, PageError> {
        let query = Arc::new(query);
        self.with_reader(move |reader| {
            let query = Arc::clone(&query);
            async move { pages::page(&reader, &query).await }
        })
        .await
    }

    pub(super) fn after(self: &Arc<Self>, place: Option<Place>, limit: usize) -> Result<Vec<Entry>, ArchiveError> {
        let link = Arc::clone(self);
        let read = async move {
            link.with_reader(move |reader| async move { pages::after(&reader, place, limit).await })
                .await
        };
        self.wait(read).map_err(ArchiveError::from)
    }

    pub(super) async fn places(
        self: &Arc<Self>,
        scope: Scope,
        window: Window,
        limit: usize,
    ) -> Result<Vec<Place>, ArchiveError> {
        let (link, asked) = (Arc::clone(self), Arc::new((scope, window)));
        let read = async move {
            link.with_reader(move |reader| {
                let asked = Arc::clone(&asked);
                async move { pages::places(&reader, &asked.0, &asked.1, limit).await }
            })
            .await
        };
        self.spawn(read).await.map_err(ArchiveError::from)
    }

    pub(super) fn extent_blocking(self: &Arc<Self>) -> Result<Extent, ArchiveError> {
        let link = Arc::clone(self);
        let read = async move {
            link.with_reader(|reader| async move { pages::extent(&reader).await })
                .await
        };
        self.wait(read).map_err(ArchiveError::from)
    }

    /// What is wrong with the tables, in words.
    pub(super) fn faults(self: &Arc<Self>) -> Result<Vec<String>, ArchiveError> {
        let link = Arc::clone(self);
        self.wait(async move {
            let client = link.connect().await?;
            Ok(schema::faults(&client).await?)
        })
        .map_err(ArchiveError::from)
    }

    /// Runs on the link's runtime; the caller may be anywhere.
    async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, PageError>> + Send + 'static,
    ) -> Result<T, PageError> {
        let Some(runtime) = &self.runtime else {
            return Err(ArchiveError::Closed.into());
        };
        runtime
            .spawn(work)
            .await
            .unwrap_or_else(|_| Err(ArchiveError::Closed.into()))
    }

    /// As [`Self::spawn`], blocking the caller's thread.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, PageError>> + Send + 'static,
    ) -> Result<T, PageError> {
        let Some(runtime) = &self.runtime else {
            return Err(ArchiveError::Closed.into());
        };
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            let _ = reply.send(work.await); // the asker waits
        });
        answer.recv().unwrap_or_else(|_| Err(ArchiveError::Closed.into()))
    }

    /// Runs to the end, from a thread that belongs to no runtime.
    fn block_on<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, ArchiveError>>,
    ) -> Result<T, ArchiveError> {
        let Some(runtime) = &self.runtime else {
            return Err(ArchiveError::Closed);
        };
        runtime.block_on(async {
            tokio::time::timeout(limit, work)
                .await
                .unwrap_or(Err(ArchiveError::Away))
        })
    }

    /// Reads with a connection of the pool. One that broke while it lay there is replaced once.
    async fn with_reader<T, F>(&self, read: impl Fn(Arc<pages::Reader>) -> F) -> Result<T, PageError>
    where
        F: Future<Output = Result<T, PageError>>,
    {
        let Ok(_permit) = self.free.acquire().await else {
            return Err(ArchiveError::Closed.into());
        };
        let read = async {
            let pooled = self.idle().pop();
            if let Some(reader) = pooled {
                let result = read(Arc::clone(&reader)).await;
                if !matches!(result, Err(PageError::Archive(ArchiveError::Away))) {
                    self.idle().push(reader);
                    return result;
                }
                self.idle().clear();
            }
            let reader = Arc::new(pages::Reader::over(self.connect().await?).await?);
            let result = read(Arc::clone(&reader)).await;
            self.idle().push(reader);
            result
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .unwrap_or(Err(ArchiveError::Away.into()))
    }

    async fn connect(&self) -> Result<Client, ArchiveError> {
        match &self.tls {
            Some(tls) => tls.connect(&self.config).await.map(driven),
            None => Ok(driven(self.config.connect(NoTls).await?)),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Arc<pages::Reader>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the connection work for its client. It ends with the client, or when it breaks, which the client notices.
fn driven<T>((client, connection): (Client, Connection<Socket, T>)) -> Client
where
    T: TlsStream + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the archive's server ended");
        }
    });
    client
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // the last handle may be dropped inside another runtime
        }
    }
}

/// The writing side.
pub(super) struct Database {
    link: Arc<Link>,
    client: Option<Client>,
    /// Nanoseconds of a partition.
    width: i64,
    /// Partitions that were there when we last looked.
    parts: BTreeSet<i64>,
    shards: BTreeMap<Vec<u8>, i32>,
}

impl Database {
    /// Connects and brings the tables up to date. Waits some seconds for a server that is starting.
    pub(super) fn open(link: Arc<Link>, retention: &Retention) -> Result<Database, ArchiveError> {
        // The caller may be inside a runtime, where nothing may block on another one.
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| Database::open_here(link, retention));
            opening.join().unwrap_or(Err(ArchiveError::Closed))
        })
    }

    fn open_here(link: Arc<Link>, retention: &Retention) -> Result<Database, ArchiveError> {
        let mut database = Database {
            link: Arc::clone(&link),
            client: None,
            width: schema::width_for(retention),
            parts: BTreeSet::new(),
            shards: BTreeMap::new(),
        };
        let began = Instant::now();
        let mut is_said = false;
        loop {
            match link.block_on(MIGRATE, database.connected()) {
                Err(ArchiveError::Away) if began.elapsed() < FIRST_CONNECT => {
                    if !is_said {
                        is_said = true;
                        let seconds = FIRST_CONNECT.as_secs();
                        warn!("the server of the archive does not answer yet; it is tried again for {seconds} seconds");
                    }
                    std::thread::sleep(BETWEEN_CONNECTS);
                }
                outcome => return outcome.map(|()| database),
            }
        }
    }

    pub(super) fn insert(&mut self, batch: &[(&Envelope, MessageHash)]) -> Result<Vec<bool>, ArchiveError> {
        let link = Arc::clone(&self.link);
        let outcome = link.block_on(WRITE, async {
            self.connected().await?;
            insert::batch(self, batch).await
        });
        self.note(outcome)
    }

    pub(super) fn extent(&mut self) -> Result<Extent, ArchiveError> {
        let link = Arc::clone(&self.link);
        let outcome = link.block_on(WRITE, async {
            self.connected().await?;
            clean::extent(self).await
        });
        self.note(outcome)
    }

    pub(super) fn clean(&mut self, step: Step) -> Result<u64, ArchiveError> {
        let link = Arc::clone(&self.link);
        let outcome = link.block_on(WRITE, async {
            self.connected().await?;
            clean::step(self, step).await
        });
        self.note(outcome)
    }

    /// Makes sure that there is a connection, and that the tables are ours.
    async fn connected(&mut self) -> Result<(), ArchiveError> {
        if self.client.as_ref().is_some_and(|client| !client.is_closed()) {
            return Ok(());
        }
        let mut client = self.link.connect().await?;
        client.batch_execute(WRITER_SETTINGS).await?;
        self.width = schema::migrate(&mut client, self.width).await?;
        self.parts.clear();
        self.shards.clear();
        self.client = Some(client);
        Ok(())
    }

    fn note<T>(&mut self, outcome: Result<T, ArchiveError>) -> Result<T, ArchiveError> {
        if outcome.is_err() {
            self.client = None; // whatever state it is in
        }
        outcome
    }

    fn client(&mut self) -> Result<&mut Client, ArchiveError> {
        self.client.as_mut().ok_or(ArchiveError::Away)
    }
}

impl From<tokio_postgres::Error> for ArchiveError {
    fn from(error: tokio_postgres::Error) -> ArchiveError {
        let Some(state) = error.code() else {
            // Nothing that the server said. The texts are all that tells these kinds apart.
            return match error.to_string().as_str() {
                "authentication error" | "invalid configuration" => ArchiveError::NotLetIn,
                _ => ArchiveError::Away, // the connection
            };
        };
        match *state {
            SqlState::DISK_FULL => ArchiveError::DiskFull,
            SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => ArchiveError::Damaged,
            SqlState::INVALID_PASSWORD
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            | SqlState::INVALID_CATALOG_NAME
            | SqlState::INSUFFICIENT_PRIVILEGE => ArchiveError::NotLetIn,
            SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_DEADLOCK_DETECTED | SqlState::QUERY_CANCELED => {
                ArchiveError::Busy
            }
            ref state if matches!(&state.code()[..2], "08" | "57" | "53" | "58") => ArchiveError::Away,
            ref state => ArchiveError::FromServer {
                state: state.code().as_bytes().try_into().unwrap_or(*b"?????"),
            },
        }
    }
}

impl From<tokio_postgres::Error> for PageError {
    fn from(error: tokio_postgres::Error) -> PageError {
        PageError::Archive(error.into())
    }
}

impl From<PageError> for ArchiveError {
    fn from(error: PageError) -> ArchiveError {
        match error {
            PageError::Archive(error) => error,
            // Only queries have criteria and cursors.
            PageError::BadQuery(_) | PageError::CursorNotFound => ArchiveError::Closed,
        }
    }
}

/// How the server goes about a page.
#[cfg(test)]
pub(super) fn explanation_of_page(by_topic: bool, direction: waku_proto::store::Direction) -> String {
    let types = if by_topic {
        "int4[], int8, bytea, int8, bytea, int8, bytea[]"
    } else {
        "int4[], int8, bytea, int8, bytea, int8"
    };
    let topics = if by_topic { ", ARRAY['\\x00'::bytea]" } else { "" };
    format!(
        "{}; PREPARE page ({types}) AS {}; EXPLAIN EXECUTE page (ARRAY[1, 2], 0, '', 9223372036854775807, '', 21{topics})",
        pages::READER_SETTINGS,
        pages::strand_query(by_topic, direction)
    )
}

/// A commit is acknowledged when it is durable, whatever the server's default is.
const WRITER_SETTINGS: &str = "
SET synchronous_commit = on;
SET lock_timeout = '5s';
SET idle_in_transaction_session_timeout = '60s';
";

/// For a connection to come about.
const CONNECT: Duration = Duration::from_secs(2);
/// A quiet connection is looked after this often.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// For a reader.
const PATIENCE: Duration = Duration::from_secs(10);
/// For a batch or a step of clean-up.
const WRITE: Duration = Duration::from_secs(30);
/// For migrations, which may wait for another node's.
const MIGRATE: Duration = Duration::from_secs(60);
/// How long a start waits for a server that is not there.
const FIRST_CONNECT: Duration = Duration::from_secs(30);
/// Between two attempts.
const BETWEEN_CONNECTS: Duration = Duration::from_millis(250);
