//! Pages of history from PostgreSQL: as [`super::super::pages`] reads them from SQLite.
//!
//! One question gives the places of a page, whatever the number of topics: for each shard, or shard and
//! topic, the index is read in order and left after a page's worth. A second question gives the messages.
//! Nothing is sorted but what the page is made of, and plans are made once per connection.

use std::collections::BTreeSet;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use waku_proto::store::{Direction, Entry, Query};
use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic, WakuMessage};

use super::super::pages::{PAGE_BYTES, Page, PageError, Place, Window, check};
use super::super::retention::Extent;
use super::super::{ArchiveError, Scope};
use super::clean;
use super::insert::topic_key;

/// A connection with its prepared questions.
pub(super) struct Reader {
    client: Client,
    by_shard: [Statement; 2],
    by_topic: [Statement; 2],
    by_hash: Statement,
    cursor: Statement,
    whole: Statement,
    extent: Statement,
}

impl Reader {
    pub(super) async fn over(client: Client) -> Result<Reader, ArchiveError> {
        client.batch_execute(READER_SETTINGS).await?;
        let by_shard = [
            client.prepare(&strand_query(false, Direction::Forward)).await?,
            client.prepare(&strand_query(false, Direction::Backward)).await?,
        ];
        let by_topic = [
            client.prepare(&strand_query(true, Direction::Forward)).await?,
            client.prepare(&strand_query(true, Direction::Backward)).await?,
        ];
        Ok(Reader {
            by_shard,
            by_topic,
            by_hash: client.prepare(BY_HASH).await?,
            cursor: client.prepare(CURSOR).await?,
            whole: client.prepare(WHOLE).await?,
            extent: client.prepare(clean::EXTENT).await?,
            client,
        })
    }

    async fn shards(&self) -> Result<Vec<(i32, Vec<u8>)>, PageError> {
        let rows = self.client.query("SELECT id, name FROM undertone.shard", &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

/// Where a message of the page stands, and how long it is.
struct Key {
    place: Place,
    size: i32,
}

pub(super) async fn page(reader: &Reader, query: &Query) -> Result<Page, PageError> {
    check(query)?;
    let cursor = match query.cursor {
        None => None,
        Some(cursor) => {
            let row = reader.client.query_opt(&reader.cursor, &[&hash_bytes(&cursor)]).await?;
            let row = row.ok_or(PageError::CursorNotFound)?;
            Some((row.get(0), cursor))
        }
    };
    let Some(window) = Window::of(query, cursor) else {
        return Ok(Page::default());
    };
    let limit = query.page_size();
    let mut keys = match query.hashes.is_empty() {
        // One more than the page holds tells whether there is a next one.
        true => {
            let wanted = query.pubsub_topic.as_ref().map(|topic| topic.as_str().as_bytes());
            let is_wanted = |name: &[u8]| wanted.is_none_or(|wanted| wanted == name);
            let first = (query.direction, limit + 1);
            strands(reader, is_wanted, &query.content_topics, &window, first).await?
        }
        false => named(reader, query, &window).await?,
    };
    keys.sort_unstable_by_key(|key| key.place);
    if query.direction == Direction::Backward {
        keys.reverse();
    }
    let found = keys.len();
    keys.truncate(limit);
    let entries = match query.include_data {
        true => whole(reader, &fitting(keys)).await?,
        false => keys
            .iter()
            .map(|key| Entry {
                hash: key.place.1,
                envelope: None,
            })
            .collect(),
    };
    Ok(Page::of(entries, found, query.direction))
}

pub(super) async fn after(reader: &Reader, place: Option<Place>, limit: usize) -> Result<Vec<Entry>, PageError> {
    let keys = all(reader, &Window::after(place), limit).await?;
    whole(reader, &fitting(keys)).await
}

pub(super) async fn places(
    reader: &Reader,
    scope: &Scope,
    window: &Window,
    limit: usize,
) -> Result<Vec<Place>, PageError> {
    let is_wanted = |name: &[u8]| {
        let mut topics = scope.pubsub_topics.iter();
        topics.any(|topic| topic.as_str().as_bytes() == name)
    };
    let forward = Direction::Forward;
    let keys = strands(reader, is_wanted, &scope.content_topics, window, (forward, limit)).await?;
    Ok(keys.into_iter().map(|key| key.place).collect())
}

pub(super) async fn extent(reader: &Reader) -> Result<Extent, PageError> {
    let row = reader.client.query_one(&reader.extent, &[]).await?;
    Ok(clean::read(&row, 0))
}

async fn all(reader: &Reader, window: &Window, limit: usize) -> Result<Vec<Key>, PageError> {
    strands(reader, |_| true, &[], window, (Direction::Forward, limit)).await
}

/// The first messages of these topics inside the window, in the direction, as many as are wanted.
async fn strands(
    reader: &Reader,
    is_wanted: impl Fn(&[u8]) -> bool,
    topics: &[ContentTopic],
    window: &Window,
    (direction, wanted): (Direction, usize),
) -> Result<Vec<Key>, PageError> {
    let shards: Vec<i32> = reader
        .shards()
        .await?
        .into_iter()
        .filter(|(_, shard)| is_wanted(shard))
        .map(|(id, _)| id)
        .collect();
    let topics: BTreeSet<Vec<u8>> = topics.iter().map(|topic| topic_key(topic.as_str())).collect();
    let topics: Vec<Vec<u8>> = topics.into_iter().collect();
    let (from, to) = (window.from.1.as_blob(), window.to.1.as_blob());
    let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
    let direction = usize::from(direction == Direction::Backward);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&shards, &window.from.0, &from, &window.to.0, &to, &limit];
    let statement = match topics.is_empty() {
        true => &reader.by_shard[direction],
        false => {
            values.push(&topics);
            &reader.by_topic[direction]
        }
    };
    let rows = reader.client.query(statement, &values).await?;
    rows.iter().map(key).collect()
}

/// The named messages that meet all other criteria.
async fn named(reader: &Reader, query: &Query, window: &Window) -> Result<Vec<Key>, PageError> {
    let hashes: BTreeSet<MessageHash> = query.hashes.iter().copied().collect();
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| &hash.0[..]).collect();
    let topics: BTreeSet<Vec<u8>> = query
        .content_topics
        .iter()
        .map(|topic| topic_key(topic.as_str()))
        .collect();
    let rows = reader.client.query(&reader.by_hash, &[&hashes]).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        let (shard, topic): (&[u8], &[u8]) = (row.get(3), row.get(4));
        let wanted = query.pubsub_topic.as_ref();
        let shard_fits = wanted.is_none_or(|wanted| wanted.as_str().as_bytes() == shard);
        let topic_fits = topics.is_empty() || topics.contains(topic);
        let key = key(row)?;
        if shard_fits && topic_fits && window.contains(key.place) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// As many as a page may hold in bytes; at least one.
fn fitting(keys: Vec<Key>) -> Vec<Key> {
    let mut room = PAGE_BYTES;
    let mut is_first = true;
    keys.into_iter()
        .take_while(|key| {
            let size = usize::try_from(key.size).unwrap_or(0);
            let fits = is_first || size <= room;
            room = room.saturating_sub(size);
            is_first = false;
            fits
        })
        .collect()
}

/// The messages, in the order of the keys. What was removed since is left out.
async fn whole(reader: &Reader, keys: &[Key]) -> Result<Vec<Entry>, PageError> {
    let timestamps: Vec<i64> = keys.iter().map(|key| key.place.0).collect();
    let hashes: Vec<&[u8]> = keys.iter().map(|key| &key.place.1.0[..]).collect();
    let rows = reader.client.query(&reader.whole, &[&timestamps, &hashes]).await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                hash: hash(row.try_get(6)?)?,
                envelope: Some(envelope(row)?),
            })
        })
        .collect()
}

fn envelope(row: &Row) -> Result<Envelope, PageError> {
    let text = |index: usize| -> Result<String, PageError> {
        let bytes: Vec<u8> = row.try_get(index)?;
        String::from_utf8(bytes).map_err(|_| ArchiveError::Damaged.into())
    };
    let version: i64 = row.try_get(3)?;
    let message = WakuMessage {
        content_topic: ContentTopic::new(text(1)?),
        timestamp: Some(row.try_get(2)?),
        version: u32::try_from(version).map_err(|_| ArchiveError::Damaged)?,
        meta: row.try_get(4)?,
        payload: row.try_get(5)?,
        ephemeral: false,
        rate_limit_proof: None,
    };
    Ok(Envelope::new(PubsubTopic::new(text(0)?), message))
}

fn key(row: &Row) -> Result<Key, PageError> {
    Ok(Key {
        place: (row.try_get(0)?, hash(row.try_get(1)?)?),
        size: row.try_get(2)?,
    })
}

fn hash(bytes: &[u8]) -> Result<MessageHash, PageError> {
    MessageHash::from_slice(bytes).ok_or_else(|| ArchiveError::Damaged.into())
}

fn hash_bytes(hash: &MessageHash) -> &[u8] {
    &hash.0
}

/// Parameters: shards, the window's four, how many, and topic keys.
pub(super) fn strand_query(by_topic: bool, direction: Direction) -> String {
    let (topics, condition) = match by_topic {
        true => (
            "CROSS JOIN unnest($7::bytea[]) AS wanted (topic_key)",
            "AND message.topic_key = wanted.topic_key",
        ),
        false => ("", ""),
    };
    let order = match direction {
        Direction::Forward => "",
        Direction::Backward => "DESC",
    };
    // The comparison of times alone is what partitions are chosen by.
    format!(
        "SELECT found.timestamp, found.hash, found.size
         FROM unnest($1::int4[]) AS strand (shard) {topics} CROSS JOIN LATERAL (
             SELECT timestamp, hash, size FROM undertone.message
             WHERE message.shard = strand.shard {condition}
               AND timestamp >= $2 AND timestamp <= $4
               AND (timestamp, hash) > ($2, $3::bytea) AND (timestamp, hash) < ($4, $5::bytea)
             ORDER BY timestamp {order}, hash {order} LIMIT $6) AS found
         ORDER BY found.timestamp {order}, found.hash {order} LIMIT $6"
    )
}

/// Plans are made once, and always go through the indexes.
pub(super) const READER_SETTINGS: &str = "
SET default_transaction_read_only = on;
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET statement_timeout = '10s';
";

const CURSOR: &str = "SELECT timestamp FROM undertone.message WHERE hash = $1";

const BY_HASH: &str = "
SELECT timestamp, hash, size, name, topic_key
FROM undertone.message JOIN undertone.shard ON shard.id = message.shard WHERE hash = ANY ($1::bytea[])";

const WHOLE: &str = "
SELECT name, content_topic, message.timestamp, version, meta, payload, message.hash
FROM unnest($1::int8[], $2::bytea[]) WITH ORDINALITY AS wanted (timestamp, hash, number)
JOIN undertone.message ON message.timestamp = wanted.timestamp AND message.hash = wanted.hash
JOIN undertone.shard ON shard.id = message.shard
ORDER BY wanted.number";
