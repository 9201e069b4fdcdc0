//! The two databases behind one face: an enum, as ARCHITECTURE.md's never 7 wants it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use waku_proto::store::{Entry, Query};
use waku_proto::{Envelope, MessageHash};

use super::pages::{self, Page, PageError, Window};
use super::retention::{Extent, Step};
use super::{ArchiveConfig, ArchiveError, Place, Scope, postgres, sqlite};

/// The writing side; one thread has it.
pub(super) enum Database {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

/// The reading side.
pub(super) enum Readers {
    Sqlite(Arc<Files>),
    Postgres(Arc<postgres::Link>),
}

/// Opens both sides, and creates what is not there.
pub(super) fn open(config: &ArchiveConfig) -> Result<(Database, Readers), ArchiveError> {
    match &config.place {
        Place::File(path) => {
            let database = sqlite::Database::open(path)?;
            let readers = Readers::Sqlite(Arc::new(Files::of(path.clone())));
            Ok((Database::Sqlite(database), readers))
        }
        Place::Server(url) => {
            let link = Arc::new(postgres::Link::new(url, config.connections)?);
            let database = postgres::Database::open(Arc::clone(&link), &config.retention)?;
            Ok((Database::Postgres(database), Readers::Postgres(link)))
        }
    }
}

impl Database {
    /// Inserts a batch in one durable transaction. Answers for each message whether it is new.
    /// After an error nothing of the batch is stored, or, where the connection broke, perhaps all of it.
    pub(super) fn insert(&mut self, batch: &[(&Envelope, MessageHash)]) -> Result<Vec<bool>, ArchiveError> {
        match self {
            Database::Sqlite(database) => database.insert(batch),
            Database::Postgres(database) => database.insert(batch),
        }
    }

    /// How full the database is.
    pub(super) fn extent(&mut self) -> Result<Extent, ArchiveError> {
        match self {
            Database::Sqlite(database) => database.extent(),
            Database::Postgres(database) => database.extent(),
        }
    }

    /// Carries out one step of clean-up. Answers how many messages were removed.
    pub(super) fn clean(&mut self, step: Step) -> Result<u64, ArchiveError> {
        match self {
            Database::Sqlite(database) => database.clean(step),
            Database::Postgres(database) => database.clean(step),
        }
    }

    /// Whether to look at the policy after every batch, as is cheap in a file, or only now and then.
    pub(super) fn is_cheap_to_look_at(&self) -> bool {
        matches!(self, Database::Sqlite(_))
    }

    /// How many messages a step may remove when so many were asked for: a server removes whole tables at
    /// once, and bounds by itself what it removes one by one.
    pub(super) fn step_rows(&self, rows: u64) -> u64 {
        match self {
            Database::Sqlite(_) => rows,
            Database::Postgres(_) => u64::MAX,
        }
    }
}

impl Readers {
    pub(super) async fn page(&self, query: Query) -> Result<Page, PageError> {
        match self {
            Readers::Sqlite(files) => files.ask(move |connection| pages::page(connection, &query)).await,
            Readers::Postgres(link) => link.page(query).await,
        }
    }

    pub(super) fn page_blocking(&self, query: &Query) -> Result<Page, PageError> {
        match self {
            Readers::Sqlite(files) => files.read(|connection| pages::page(connection, query)),
            Readers::Postgres(link) => link.page_blocking(query.clone()),
        }
    }

    pub(super) fn after(&self, place: Option<(i64, MessageHash)>, limit: usize) -> Result<Vec<Entry>, ArchiveError> {
        match self {
            Readers::Sqlite(files) => files.read(|connection| pages::after(connection, place, limit)),
            Readers::Postgres(link) => link.after(place, limit),
        }
    }

    pub(super) async fn places(
        &self,
        scope: Scope,
        start: i64,
        end: i64,
        limit: usize,
    ) -> Result<Vec<(i64, MessageHash)>, ArchiveError> {
        match self {
            Readers::Sqlite(files) => {
                files
                    .ask(move |connection| pages::places(connection, &scope, &Window::between(start, end), limit))
                    .await
            }
            Readers::Postgres(link) => link.places(scope, Window::between(start, end), limit).await,
        }
    }

    pub(super) fn extent(&self) -> Result<Extent, ArchiveError> {
        match self {
            Readers::Sqlite(files) => files.read(|connection| Ok(sqlite::extent(connection)?)),
            Readers::Postgres(link) => link.extent_blocking(),
        }
    }
}

/// Reading connections on a file.
pub(super) struct Files {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
}

impl Files {
    pub(super) fn of(path: PathBuf) -> Files {
        Files {
            path,
            idle: Mutex::default(),
            free: Semaphore::new(READERS),
        }
    }

    /// Reads on a thread of its own; waits while as many as may are reading.
    async fn ask<T, E>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ArchiveError> + Send + 'static,
    {
        let Ok(_permit) = self.free.acquire().await else {
            return Err(ArchiveError::Closed.into());
        };
        let files = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || files.read(read));
        // Without an answer the runtime is ending.
        reading.await.unwrap_or_else(|_| Err(ArchiveError::Closed.into()))
    }

    pub(super) fn read<T, E: From<ArchiveError>>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => sqlite::open_reader(&self.path)?,
        };
        let result = read(&mut connection);
        let mut idle = self.idle();
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queries that read at the same time; more would only wait for the same disk.
pub(super) const READERS: usize = 4;
