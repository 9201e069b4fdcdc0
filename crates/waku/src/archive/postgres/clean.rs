//! Retention in PostgreSQL: whole partitions are dropped where nothing in them is to stay; only of the
//! oldest one that is partly to stay are messages removed one by one. One node cleans up at a time.

use tokio_postgres::Transaction;

use super::super::retention::{Extent, Step};
use super::insert::ROW_BYTES;
use super::{ArchiveError, Database, schema};

/// How full the archive is. Adds up the tally where its rows have become many.
pub(super) async fn extent(database: &mut Database) -> Result<Extent, ArchiveError> {
    let width = database.width;
    let client = database.client()?;
    let row = client.query_one(EXTENT, &[]).await?;
    if row.get::<_, i64>(3) > TALLY_ROWS {
        client.batch_execute(ADD_UP).await?;
    }
    Ok(read(&row, width))
}

/// Carries out a step; answers how many messages were removed. None when another node is at it.
pub(super) async fn step(database: &mut Database, step: Step) -> Result<u64, ArchiveError> {
    let Step::Remove { rows, before } = step else {
        return Ok(0); // files shrink when partitions are dropped
    };
    let width = database.width;
    let transaction = database.client()?.transaction().await?;
    let lock = transaction
        .query_one("SELECT pg_try_advisory_xact_lock($1)", &[&schema::LOCK_CLEAN])
        .await?;
    if !lock.get::<_, bool>(0) {
        return Ok(0);
    }
    let oldest = transaction
        .query_opt(
            "SELECT part, sum(messages)::int8, sum(bytes)::int8 FROM undertone.tally
             GROUP BY part HAVING sum(messages) > 0 ORDER BY part LIMIT 1",
            &[],
        )
        .await?;
    let Some(oldest) = oldest else { return Ok(0) };
    let (part, messages): (i64, i64) = (oldest.get(0), oldest.get(1));
    for empty in schema::parts(&transaction).await?.range(..part) {
        drop_part(&transaction, *empty).await?;
    }
    let (_, end) = schema::bounds(part, width);
    let is_whole = match before {
        Some(before) => end <= before,
        None => messages.unsigned_abs() <= rows,
    };
    let removed = if is_whole {
        drop_part(&transaction, part).await?;
        messages.unsigned_abs()
    } else {
        let wanted = i64::try_from(rows.min(STEP_ROWS)).unwrap_or(i64::MAX);
        remove_oldest(&transaction, part, wanted, before).await?
    };
    transaction.commit().await?;
    Ok(removed)
}

async fn drop_part(transaction: &Transaction<'_>, part: i64) -> Result<(), ArchiveError> {
    let table = schema::table(part);
    transaction
        .batch_execute(&format!("DROP TABLE IF EXISTS {table}"))
        .await?;
    transaction
        .execute("DELETE FROM undertone.tally WHERE part = $1", &[&part])
        .await?;
    Ok(())
}

async fn remove_oldest(
    transaction: &Transaction<'_>,
    part: i64,
    rows: i64,
    before: Option<i64>,
) -> Result<u64, ArchiveError> {
    let table = schema::table(part);
    let removed = transaction
        .query_one(
            &format!(
                "WITH gone AS (
                     DELETE FROM {table} WHERE (hash, timestamp) IN (
                         SELECT hash, timestamp FROM {table} WHERE timestamp < $1
                         ORDER BY timestamp, hash LIMIT $2)
                     RETURNING size)
                 SELECT count(*), coalesce(sum(size), 0)::int8 FROM gone"
            ),
            &[&before.unwrap_or(i64::MAX), &rows],
        )
        .await?;
    let (messages, size): (i64, i64) = (removed.get(0), removed.get(1));
    if messages > 0 {
        transaction
            .execute(
                "INSERT INTO undertone.tally (part, messages, bytes) VALUES ($1, $2, $3)",
                &[&part, &-messages, &-(size + messages * ROW_BYTES)],
            )
            .await?;
    }
    Ok(messages.unsigned_abs())
}

/// A row of [`EXTENT`].
pub(super) fn read(row: &tokio_postgres::Row, width: i64) -> Extent {
    let (messages, bytes): (i64, i64) = (row.get(0), row.get(1));
    Extent {
        messages: messages.unsigned_abs(),
        oldest: row.get(2),
        pages: bytes.unsigned_abs() / PAGE_SIZE,
        free_pages: 0,
        page_size: PAGE_SIZE,
        grain: width,
    }
}

/// Messages, bytes, the oldest timestamp, rows of the tally.
pub(super) const EXTENT: &str = "
SELECT coalesce(sum(messages), 0)::int8, coalesce(sum(bytes), 0)::int8,
    (SELECT min(first.timestamp) FROM undertone.shard CROSS JOIN LATERAL (
        SELECT message.timestamp FROM undertone.message WHERE message.shard = shard.id
        ORDER BY message.timestamp, message.hash LIMIT 1) first),
    count(*)
FROM undertone.tally";

/// Rows that another transaction is adding are seen by neither half.
const ADD_UP: &str = "
WITH gone AS (DELETE FROM undertone.tally RETURNING part, messages, bytes)
INSERT INTO undertone.tally (part, messages, bytes)
SELECT part, sum(messages)::int8, sum(bytes)::int8 FROM gone GROUP BY part";

/// More rows than this are added up.
const TALLY_ROWS: i64 = 1_000;
/// Messages that are removed one by one in one transaction.
const STEP_ROWS: u64 = 5_000;
/// In which the size is counted, as in a file.
const PAGE_SIZE: u64 = 4096;
