//! An archive in SQLite: schema, batches of inserts, clean-up steps. Written by one thread.
//!
//! Layout. `message` is an ordinary rowid table, so that payloads lie in the order of arrival, which
//! is nearly the order of time: a page of history is read from neighbouring pages of the file. Two
//! covering indexes answer which messages a page consists of without touching a payload: one per
//! shard, one per shard and content topic, both in store order (timestamp, then hash). The third
//! index finds a message by its hash and makes duplicates fail.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, ffi, params};
use waku_proto::{Envelope, MessageHash};

use super::ArchiveError;
use super::pages;
use super::retention::{Extent, Step};

/// The writing side.
pub(super) struct Database {
    connection: Connection,
    shards: BTreeMap<String, i64>,
}

impl Database {
    /// Opens the file, or creates it with its tables.
    pub(super) fn open(path: &Path) -> Result<Database, ArchiveError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        claim(&mut connection)?;
        connection.execute_batch(WRITER_SETTINGS)?;
        Ok(Database {
            connection,
            shards: BTreeMap::new(),
        })
    }

    /// Inserts a batch in one durable transaction. Answers for each message whether it is new.
    /// After an error nothing of the batch is stored.
    pub(super) fn insert(&mut self, batch: &[(&Envelope, MessageHash)]) -> Result<Vec<bool>, ArchiveError> {
        let inserted = self.insert_in_transaction(batch).map_err(ArchiveError::from);
        if let Err(error) = inserted {
            self.shards.clear(); // may hold ids of rows that were rolled back
            if error == ArchiveError::DiskFull {
                // The log may be many times what it holds. Moving it over needs room too, so this may fail as well.
                let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
        inserted
    }

    fn insert_in_transaction(&mut self, batch: &[(&Envelope, MessageHash)]) -> rusqlite::Result<Vec<bool>> {
        let transaction = self.connection.transaction()?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (envelope, hash) in batch {
            let shard = shard_id(&transaction, &mut self.shards, envelope.pubsub_topic.as_str())?;
            let message = &envelope.message;
            let rows = transaction.prepare_cached(INSERT)?.execute(params![
                hash.0,
                shard,
                message.content_topic.as_str(),
                message.timestamp.unwrap_or(0),
                message.version,
                message.meta,
                message.payload,
            ])?;
            outcomes.push(rows == 1);
        }
        let new = outcomes.iter().filter(|new| **new).count();
        if new > 0 {
            transaction.prepare_cached(COUNT_UP)?.execute([new as i64])?;
        }
        transaction.commit()?;
        Ok(outcomes)
    }

    /// How full the database is. A few page reads, whatever its size.
    pub(super) fn extent(&self) -> Result<Extent, ArchiveError> {
        Ok(extent(&self.connection)?)
    }

    /// Carries out one step of clean-up. Answers how many messages were removed.
    pub(super) fn clean(&mut self, step: Step) -> Result<u64, ArchiveError> {
        match step {
            Step::Remove { rows, before } => Ok(self.remove_oldest(rows, before)?),
            Step::Shrink { pages } => {
                self.connection
                    .execute_batch(&format!("PRAGMA incremental_vacuum({pages})"))?;
                Ok(0)
            }
        }
    }

    fn remove_oldest(&mut self, rows: u64, before: Option<i64>) -> rusqlite::Result<u64> {
        let transaction = self.connection.transaction()?;
        let oldest = pages::oldest(&transaction, rows, before)?;
        for row in &oldest {
            transaction
                .prepare_cached("DELETE FROM message WHERE id = ?1")?
                .execute([row])?;
        }
        transaction
            .prepare_cached(COUNT_UP)?
            .execute([-(oldest.len() as i64)])?;
        transaction.commit()?;
        Ok(oldest.len() as u64)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// A connection that can only read. The writer must have opened the file before.
pub(super) fn open_reader(path: &Path) -> Result<Connection, ArchiveError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(READER_SETTINGS)?;
    Ok(connection)
}

pub(super) fn extent(connection: &Connection) -> rusqlite::Result<Extent> {
    // All of it at one moment: the clean-up may be at work.
    let snapshot = connection.unchecked_transaction()?;
    let number = |sql: &str| -> rusqlite::Result<u64> {
        let number: i64 = snapshot.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(number.unsigned_abs()) // none of these is ever negative
    };
    Ok(Extent {
        messages: number("SELECT messages FROM tally")?,
        oldest: pages::oldest_timestamp(&snapshot)?,
        pages: number("PRAGMA page_count")?,
        free_pages: number("PRAGMA freelist_count")?,
        page_size: number("PRAGMA page_size")?,
        grain: 0,
    })
}

/// What SQLite finds wrong with the file, in its words behind ours.
pub(super) fn faults(connection: &Connection) -> Result<Vec<String>, ArchiveError> {
    let number = |sql: &str| -> rusqlite::Result<i64> { connection.query_row(sql, [], |row| row.get(0)) };
    recognise(connection)?;
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut faults = Vec::new();
    for line in lines {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => faults.push(format!("SQLite says: {}", line.replace('\n', " "))),
            Err(error) => faults.push(ArchiveError::from(error).to_string()),
        }
    }
    let counts =
        number("SELECT messages FROM tally").and_then(|tally| Ok((tally, number("SELECT count(*) FROM message")?)));
    match counts {
        Ok((tally, count)) if tally != count => {
            faults.push(format!("the file holds {count} messages, and {tally} were counted"));
        }
        Ok(_) => {}
        Err(_) => faults.push("the messages in the file cannot be counted".to_owned()),
    }
    Ok(faults)
}

/// Makes an empty file ours; refuses files that are not.
fn claim(connection: &mut Connection) -> Result<(), ArchiveError> {
    let number = |connection: &Connection, sql: &str| -> rusqlite::Result<i64> {
        connection.query_row(sql, [], |row| row.get(0))
    };
    let empty = number(connection, "SELECT count(*) FROM sqlite_schema")? == 0;
    if empty {
        connection.execute_batch(FILE_SETTINGS)?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        transaction.commit()?;
        return Ok(());
    }
    recognise(connection)
}

fn recognise(connection: &Connection) -> Result<(), ArchiveError> {
    let number = |sql: &str| -> rusqlite::Result<i64> { connection.query_row(sql, [], |row| row.get(0)) };
    if number("PRAGMA application_id")? != APPLICATION_ID {
        return Err(ArchiveError::NotAnArchive);
    }
    if number("PRAGMA user_version")? != SCHEMA_VERSION {
        return Err(ArchiveError::OtherVersion);
    }
    Ok(())
}

fn shard_id(transaction: &Transaction<'_>, known: &mut BTreeMap<String, i64>, name: &str) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(name) {
        return Ok(*id);
    }
    let present = transaction
        .prepare_cached("SELECT id FROM shard WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    let id = match present {
        Some(id) => id,
        None => transaction
            .prepare_cached("INSERT INTO shard (name) VALUES (?1) RETURNING id")?
            .query_row([name], |row| row.get(0))?,
    };
    known.insert(name.to_owned(), id);
    Ok(id)
}

impl From<rusqlite::Error> for ArchiveError {
    fn from(error: rusqlite::Error) -> ArchiveError {
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            return ArchiveError::Unexpected {
                code: ffi::SQLITE_INTERNAL,
            };
        };
        match (failure.code, failure.extended_code) {
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => ArchiveError::DiskFull,
            (ErrorCode::NotADatabase, _) => ArchiveError::NotAnArchive,
            (ErrorCode::DatabaseCorrupt, _) => ArchiveError::Damaged,
            (ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly, _) => ArchiveError::NoAccess,
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => ArchiveError::Busy,
            (_, code) => ArchiveError::Unexpected { code },
        }
    }
}

/// "UTwa": tells an archive from any other SQLite file.
const APPLICATION_ID: i64 = 0x5554_7761;
const SCHEMA_VERSION: i64 = 1;
/// Somebody else (a backup, a curious shell) may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Fixed at creation. `auto_vacuum` comes before the first write, or it has no effect.
const FILE_SETTINGS: &str = "
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
";

/// `synchronous = FULL` makes a commit durable before it is acknowledged. The log is cut back to
/// 16 MiB after a burst. The cache holds the upper levels of the indexes of some million messages.
const WRITER_SETTINGS: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 16777216;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -8192;
";

const READER_SETTINGS: &str = "
PRAGMA query_only = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -2048;
";

/// `shard.name` is the pubsub topic. A rate limit proof and the ephemeral flag are not stored.
const SCHEMA: &str = "
CREATE TABLE shard (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE message (
    id            INTEGER PRIMARY KEY,
    hash          BLOB NOT NULL UNIQUE,
    shard         INTEGER NOT NULL,
    content_topic TEXT NOT NULL,
    timestamp     INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    meta          BLOB NOT NULL,
    payload       BLOB NOT NULL
) STRICT;

CREATE INDEX message_by_shard ON message (shard, timestamp, hash);
CREATE INDEX message_by_topic ON message (shard, content_topic, timestamp, hash);

CREATE TABLE tally (messages INTEGER NOT NULL) STRICT;
INSERT INTO tally (messages) VALUES (0);
";

const INSERT: &str = "
INSERT INTO message (hash, shard, content_topic, timestamp, version, meta, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (hash) DO NOTHING";

const COUNT_UP: &str = "UPDATE tally SET messages = messages + ?1";
