//! Tables of the archive in PostgreSQL, their migrations and partitions.
//!
//! Everything lies in a schema of its own, `undertone`, so that the database may hold other things. Of
//! several nodes one migrates at a time, and one makes partitions at a time: advisory locks.

use std::collections::BTreeSet;

use tokio_postgres::{Client, Transaction};

use super::super::retention::Retention;
use super::ArchiveError;

/// How long a partition is to be in an archive that is made now, nanoseconds: a fiftieth of what is kept,
/// at least an hour, at most a week. It stays with the archive.
pub(super) fn width_for(retention: &Retention) -> i64 {
    let keep = retention.time.map_or(UNTIMED_NS, |time| {
        i64::try_from(time.as_nanos() / 50).unwrap_or(i64::MAX)
    });
    keep.clamp(HOUR_NS, 7 * 24 * HOUR_NS)
}

/// Brings the tables up to date; `width` is for an archive that is not there yet. Answers its width.
pub(super) async fn migrate(client: &mut Client, width: i64) -> Result<i64, ArchiveError> {
    // What happens most: all is well, and no lock is needed.
    if let Some((version, width)) = found(client).await?
        && version == VERSION
    {
        return Ok(width);
    }
    let transaction = client.transaction().await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK_MIGRATION])
        .await?;
    let (from, width) = match found(&transaction).await? {
        Some((version, width)) => (version, width),
        None if exists(&transaction).await? => return Err(ArchiveError::NotAnArchive),
        None => (0, width),
    };
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let Some(steps) = MIGRATIONS.get(from..) else {
        return Err(ArchiveError::OtherVersion);
    };
    for step in steps {
        transaction.batch_execute(step).await?;
    }
    transaction
        .execute(
            "INSERT INTO undertone.archive (only_row, version, width) VALUES (true, $1, $2)
             ON CONFLICT (only_row) DO UPDATE SET version = excluded.version",
            &[&VERSION, &width],
        )
        .await?;
    transaction.commit().await?;
    Ok(width)
}

/// Makes the partitions that are not there, and answers all that are.
pub(super) async fn make(
    client: &mut Client,
    wanted: &BTreeSet<i64>,
    width: i64,
) -> Result<BTreeSet<i64>, ArchiveError> {
    let transaction = client.transaction().await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK_PARTS])
        .await?;
    let mut parts = parts(&transaction).await?;
    for part in wanted {
        if !parts.insert(*part) {
            continue;
        }
        if parts.len() > MAX_PARTS {
            return Err(ArchiveError::TooManyParts);
        }
        let (from, to) = bounds(*part, width);
        let table = table(*part);
        // Attached afterwards, because that keeps nobody from reading and inserting.
        transaction
            .batch_execute(&format!(
                "CREATE TABLE {table} (LIKE undertone.message INCLUDING ALL);
                 ALTER TABLE undertone.message ATTACH PARTITION {table} FOR VALUES FROM ({from}) TO ({to})"
            ))
            .await?;
    }
    transaction.commit().await?;
    Ok(parts)
}

/// The partitions that are there, by number.
pub(super) async fn parts(transaction: &Transaction<'_>) -> Result<BTreeSet<i64>, ArchiveError> {
    let rows = transaction
        .query(
            "SELECT substr(relname, 9)::int8 FROM pg_inherits JOIN pg_class ON oid = inhrelid
             WHERE inhparent = 'undertone.message'::regclass",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What is wrong with the tables: an archive of another version, or stretches whose messages are not as many
/// as were counted.
pub(super) async fn faults(client: &Client) -> Result<Vec<String>, ArchiveError> {
    match found(client).await? {
        None => return Err(ArchiveError::NotAnArchive),
        Some((version, _)) if version != VERSION => return Err(ArchiveError::OtherVersion),
        Some(_) => {}
    }
    // Both at one moment, whoever writes.
    let rows = client
        .query(
            "SELECT part, coalesce(counted.messages, 0)::int8, coalesce(there.messages, 0)::int8 FROM
                 (SELECT part, sum(messages) AS messages FROM undertone.tally GROUP BY part) counted
             FULL JOIN
                 (SELECT substr(relname, 9)::int8 AS part, count(*) AS messages
                  FROM undertone.message JOIN pg_class ON pg_class.oid = message.tableoid GROUP BY 1) there
             USING (part)
             WHERE coalesce(counted.messages, 0) <> coalesce(there.messages, 0) ORDER BY part",
            &[],
        )
        .await?;
    let fault = |row: &tokio_postgres::Row| {
        let (part, counted, there): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        format!("the table undertone.message_{part} holds {there} messages, and {counted} were counted")
    };
    Ok(rows.iter().map(fault).collect())
}

/// Timestamps of a partition: from this one to before that one.
pub(super) fn bounds(part: i64, width: i64) -> (i64, i64) {
    (part.saturating_mul(width), part.saturating_add(1).saturating_mul(width))
}

/// The partition of a timestamp.
pub(super) fn part_of(timestamp: i64, width: i64) -> i64 {
    timestamp.div_euclid(width)
}

/// A partition's table, as it stands in SQL.
pub(super) fn table(part: i64) -> String {
    format!("undertone.\"message_{part}\"")
}

/// Version and width, if there is an archive.
async fn found(client: &impl tokio_postgres::GenericClient) -> Result<Option<(i32, i64)>, ArchiveError> {
    let is_there = client
        // Not by to_regclass, which may remember that there was nothing while we waited for the lock.
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE nspname = 'undertone' AND relname = 'archive')",
            &[],
        )
        .await?;
    if !is_there.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = client
        .query_opt("SELECT version, width FROM undertone.archive", &[])
        .await?;
    let row = row.ok_or(ArchiveError::NotAnArchive)?;
    Ok(Some((row.get(0), row.get(1))))
}

/// Whether the schema is somebody else's.
async fn exists(client: &impl tokio_postgres::GenericClient) -> Result<bool, ArchiveError> {
    let row = client
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'undertone')",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

pub(super) const HOUR_NS: i64 = 3_600 * 1_000_000_000;
/// Where nothing is said of time.
const UNTIMED_NS: i64 = 24 * HOUR_NS;
/// Each is a table with three indexes, and a plan looks at them all.
const MAX_PARTS: usize = 5_000;

/// "UTwa" and a number: one node migrates at a time, ...
const LOCK_MIGRATION: i64 = 0x5554_7761_0001;
/// ... one makes partitions, ...
pub(super) const LOCK_PARTS: i64 = 0x5554_7761_0002;
/// ... and one cleans up.
pub(super) const LOCK_CLEAN: i64 = 0x5554_7761_0003;

/// How many of the migrations there are.
const VERSION: i32 = MIGRATIONS.len() as i32;

/// Only added to. Topics are bytes, because a text of PostgreSQL cannot hold every topic; `topic_key` is
/// the beginning of the content topic's SHA-256, because an index cannot hold every topic either. `size`
/// is the length of the encoded message. Rows of `tally` are added up: one that is changed by several
/// nodes would make them wait for each other.
const MIGRATIONS: [&str; 1] = ["
CREATE SCHEMA undertone;

CREATE TABLE undertone.archive (
    only_row boolean PRIMARY KEY CHECK (only_row),
    version  int4 NOT NULL,
    width    int8 NOT NULL
);

CREATE TABLE undertone.shard (
    id   int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE
);

CREATE TABLE undertone.message (
    timestamp     int8 NOT NULL,
    hash          bytea NOT NULL,
    shard         int4 NOT NULL,
    topic_key     bytea NOT NULL,
    size          int4 NOT NULL,
    version       int8 NOT NULL,
    content_topic bytea NOT NULL,
    meta          bytea NOT NULL,
    payload       bytea NOT NULL,
    PRIMARY KEY (hash, timestamp)
) PARTITION BY RANGE (timestamp);
ALTER TABLE undertone.message ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX message_by_shard ON undertone.message (shard, timestamp, hash) INCLUDE (size);
CREATE INDEX message_by_topic ON undertone.message (shard, topic_key, timestamp, hash) INCLUDE (size);

CREATE TABLE undertone.tally (
    part     int8 NOT NULL,
    messages int8 NOT NULL,
    bytes    int8 NOT NULL
);
"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_fit_what_is_kept() {
        let width = |policy: &str| width_for(&policy.parse().unwrap());
        assert_eq!(width("time:172800"), HOUR_NS);
        assert_eq!(width("time:60"), HOUR_NS);
        assert_eq!(width("time:31536000"), 7 * 24 * HOUR_NS);
        assert_eq!(width("none"), 24 * HOUR_NS);
        assert_eq!((part_of(-1, HOUR_NS), part_of(0, HOUR_NS)), (-1, 0));
        assert_eq!(bounds(-1, HOUR_NS), (-HOUR_NS, 0));
    }
}
