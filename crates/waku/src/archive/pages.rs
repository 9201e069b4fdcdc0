//! Pages of history (13/WAKU2-STORE version 3): which stored messages answer a query, in store order
//! (timestamp, then hash), and how the next page is found.
//!
//! A query runs over *strands*. A strand is what one covering index holds in order: one shard, or one
//! content topic of one shard. Of every strand the first entries in the direction of the query are
//! read, merged, and cut to the page, so the work grows with the page and the number of strands,
//! never with the archive. Payloads are read last, for the entries of the page alone.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use waku_proto::store::{BadQuery, Direction, Entry, MAX_CONTENT_TOPICS, Query};
use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic, WakuMessage};

use super::{ArchiveError, Scope};

/// One page, oldest message first whatever the direction.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// Where the next page begins; `None` when this is the last one.
    pub(super) cursor: Option<MessageHash>,
}

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PageError {
    /// The client's fault.
    #[error("INVALID_QUERY: {0}")]
    BadQuery(#[from] BadQuery),
    /// The message that the cursor names is not stored, or not any more.
    #[error("DRIVER_ERROR: cursor not found")]
    CursorNotFound,
    /// The database failed.
    #[error("DRIVER_ERROR: {0}")]
    Archive(#[from] ArchiveError),
}

impl From<rusqlite::Error> for PageError {
    fn from(error: rusqlite::Error) -> PageError {
        PageError::Archive(error.into())
    }
}

/// Reads one page from a consistent snapshot.
pub(super) fn page(connection: &mut Connection, query: &Query) -> Result<Page, PageError> {
    check(query)?;
    let snapshot = connection.transaction()?;
    let Some(window) = window(&snapshot, query)? else {
        return Ok(Page::default());
    };
    let limit = query.page_size();
    let mut keys = match query.hashes.is_empty() {
        // One more than the page holds tells whether there is a next one.
        true => merged(
            &snapshot,
            &strands(&snapshot, query.pubsub_topic.as_ref(), &query.content_topics)?,
            &window,
            query.direction,
            limit + 1,
        )?,
        false => named(&snapshot, query, &window)?,
    };
    arrange(&mut keys, query.direction);
    let found = keys.len();
    keys.truncate(limit);
    let entries = match query.include_data {
        true => whole(&snapshot, &keys)?,
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

impl Page {
    /// Of entries in the order of the query, of which there would have been `found`.
    pub(super) fn of(mut entries: Vec<Entry>, found: usize, direction: Direction) -> Page {
        let more = found > entries.len();
        let cursor = entries.last().filter(|_| more).map(|last| last.hash);
        if direction == Direction::Backward {
            entries.reverse();
        }
        Page { entries, cursor }
    }
}

/// The messages behind a place, oldest first: up to `limit`, and as many bytes as a page holds.
pub(super) fn after(
    connection: &mut Connection,
    place: Option<Place>,
    limit: usize,
) -> Result<Vec<Entry>, ArchiveError> {
    let snapshot = connection.transaction()?;
    let keys = all(&snapshot, &Window::after(place), limit)?;
    Ok(whole(&snapshot, &keys)?)
}

/// Places of the scope inside the window, in store order.
pub(super) fn places(
    connection: &mut Connection,
    scope: &Scope,
    window: &Window,
    limit: usize,
) -> Result<Vec<Place>, ArchiveError> {
    let snapshot = connection.transaction()?;
    let mut wanted = Vec::new();
    for topic in &scope.pubsub_topics {
        wanted.extend(strands(&snapshot, Some(topic), &scope.content_topics)?);
    }
    let mut keys = merged(&snapshot, &wanted, window, Direction::Forward, limit)?;
    arrange(&mut keys, Direction::Forward);
    Ok(keys.into_iter().take(limit).map(|key| key.place).collect())
}

fn all(connection: &Connection, window: &Window, limit: usize) -> rusqlite::Result<Vec<Key>> {
    let strands = strands(connection, None, &[])?;
    let mut keys = merged(connection, &strands, window, Direction::Forward, limit)?;
    arrange(&mut keys, Direction::Forward);
    keys.truncate(limit);
    Ok(keys)
}

/// What deployed nodes refuse, and a bound on the work of one query where they have none.
pub(super) fn check(query: &Query) -> Result<(), BadQuery> {
    // Deployed nodes mind the number of topics only where a cursor is given; clients count on it.
    let most_topics = if query.cursor.is_some() {
        MAX_CONTENT_TOPICS
    } else {
        MAX_FIRST_PAGE_TOPICS
    };
    if query.content_topics.len() > most_topics {
        return Err(BadQuery::TooManyContentTopics);
    }
    if query.hashes.len() > MAX_QUERY_HASHES {
        return Err(BadQuery::TooManyHashes);
    }
    if query.cursor == Some(MessageHash([0; 32])) {
        return Err(BadQuery::ZeroCursor);
    }
    Ok(())
}

/// Rows of the `rows` oldest messages of all; with `before`, only of those older than it.
pub(super) fn oldest(connection: &Connection, rows: u64, before: Option<i64>) -> rusqlite::Result<Vec<i64>> {
    let wanted = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut window = Window::ALL;
    if let Some(before) = before {
        window.to = (before, Bound::First);
    }
    let keys = all(connection, &window, wanted)?;
    Ok(keys.into_iter().map(|key| key.row).collect())
}

/// Timestamp of the oldest message of all.
pub(super) fn oldest_timestamp(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let mut oldest: Option<i64> = None;
    for (shard, _) in shards(connection)? {
        let first: Option<i64> = connection
            .prepare_cached("SELECT min(timestamp) FROM message WHERE shard = ?1")?
            .query_row([shard], |row| row.get(0))?;
        oldest = oldest.into_iter().chain(first).min();
    }
    Ok(oldest)
}

/// A place in store order.
pub(super) type Place = (i64, MessageHash);

/// A message of the page: where it stands, and its row.
struct Key {
    place: Place,
    row: i64,
}

/// One ordered run of index entries.
struct Strand<'a> {
    shard: i64,
    topic: Option<&'a str>,
}

/// The open interval of places that a page may contain.
pub(super) struct Window {
    pub(super) from: (i64, Bound),
    pub(super) to: (i64, Bound),
}

/// A place inside one timestamp.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    /// Before every hash.
    First,
    At(MessageHash),
    /// Behind every hash.
    Last,
}

impl Window {
    pub(super) const ALL: Window = Window {
        from: (i64::MIN, Bound::First),
        to: (i64::MAX, Bound::Last),
    };

    /// Everything behind a place.
    pub(super) fn after(place: Option<Place>) -> Window {
        let mut window = Window::ALL;
        if let Some((timestamp, hash)) = place {
            window.from = (timestamp, Bound::At(hash));
        }
        window
    }

    /// Both times included.
    pub(super) fn between(start: i64, end: i64) -> Window {
        Window {
            from: (start, Bound::First),
            to: (end, Bound::Last),
        }
    }

    /// Time criteria and cursor of a query together, with the cursor's timestamp; `None` when nothing can
    /// lie between them.
    pub(super) fn of(query: &Query, cursor: Option<Place>) -> Option<Window> {
        let mut window = Window::ALL;
        if let Some(start) = query.start {
            window.from.0 = start;
        }
        if let Some(end) = query.end {
            window.to.0 = end;
        }
        if let Some((timestamp, hash)) = cursor {
            let place = (timestamp, Bound::At(hash));
            match query.direction {
                Direction::Forward => window.from = window.from.max(place),
                Direction::Backward => window.to = window.to.min(place),
            }
        }
        (window.from < window.to).then_some(window)
    }

    pub(super) fn contains(&self, place: Place) -> bool {
        let place = (place.0, Bound::At(place.1));
        self.from < place && place < self.to
    }
}

impl Bound {
    /// As a blob that both databases order in the same way.
    pub(super) fn as_blob(&self) -> &[u8] {
        match self {
            Bound::First => &[],
            Bound::At(hash) => hash.as_bytes(),
            Bound::Last => &[0xff; 33],
        }
    }
}

fn window(connection: &Connection, query: &Query) -> Result<Option<Window>, PageError> {
    let Some(cursor) = query.cursor else {
        return Ok(Window::of(query, None));
    };
    let timestamp = connection
        .prepare_cached("SELECT timestamp FROM message WHERE hash = ?1")?
        .query_row([cursor.0], |row| row.get::<_, i64>(0))
        .optional()?
        .ok_or(PageError::CursorNotFound)?;
    Ok(Window::of(query, Some((timestamp, cursor))))
}

fn strands<'a>(
    connection: &Connection,
    wanted: Option<&PubsubTopic>,
    topics: &'a [ContentTopic],
) -> rusqlite::Result<Vec<Strand<'a>>> {
    let topics: BTreeSet<&str> = topics.iter().map(ContentTopic::as_str).collect();
    let mut strands = Vec::new();
    for (shard, name) in shards(connection)? {
        if wanted.is_some_and(|wanted| wanted.as_str() != name) {
            continue;
        }
        match topics.is_empty() {
            true => strands.push(Strand { shard, topic: None }),
            false => strands.extend(topics.iter().map(|topic| Strand {
                shard,
                topic: Some(topic),
            })),
        }
    }
    Ok(strands)
}

/// The first `wanted` entries of every strand, unordered among the strands.
fn merged(
    connection: &Connection,
    strands: &[Strand<'_>],
    window: &Window,
    direction: Direction,
    wanted: usize,
) -> rusqlite::Result<Vec<Key>> {
    let mut keys = Vec::new();
    for strand in strands {
        let mut statement = connection.prepare_cached(strand_query(strand.topic.is_some(), direction))?;
        let (from, to) = (window.from.1.as_blob(), window.to.1.as_blob());
        let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
        let found = match strand.topic {
            None => statement.query_map(params![strand.shard, window.from.0, from, window.to.0, to, limit], key),
            Some(topic) => statement.query_map(
                params![strand.shard, window.from.0, from, window.to.0, to, limit, topic],
                key,
            ),
        };
        for key in found? {
            keys.push(key?);
        }
        // Keeps memory at two pages, however many strands there are.
        if keys.len() > wanted.saturating_mul(2) {
            arrange(&mut keys, direction);
            keys.truncate(wanted);
        }
    }
    Ok(keys)
}

/// The named messages that meet all other criteria.
fn named(connection: &Connection, query: &Query, window: &Window) -> rusqlite::Result<Vec<Key>> {
    let mut statement = connection.prepare_cached(BY_HASH)?;
    let hashes: BTreeSet<MessageHash> = query.hashes.iter().copied().collect();
    let mut keys = Vec::new();
    for hash in hashes {
        let found = statement
            .query_row([hash.0], |row| {
                let topics = (row.get::<_, String>(3)?, row.get::<_, String>(4)?);
                Ok((key(row)?, topics))
            })
            .optional()?;
        let Some((key, (shard, topic))) = found else { continue };
        let shard_fits = query
            .pubsub_topic
            .as_ref()
            .is_none_or(|wanted| wanted.as_str() == shard);
        let topic_fits =
            query.content_topics.is_empty() || query.content_topics.iter().any(|wanted| wanted.as_str() == topic);
        if shard_fits && topic_fits && window.contains(key.place) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn arrange(keys: &mut [Key], direction: Direction) {
    keys.sort_unstable_by_key(|key| key.place);
    if direction == Direction::Backward {
        keys.reverse();
    }
}

/// The messages of the page, as many as fit its size; at least one.
fn whole(connection: &Connection, keys: &[Key]) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(BY_ROW)?;
    let mut room = PAGE_BYTES;
    let mut entries = Vec::with_capacity(keys.len());
    for key in keys {
        let envelope = statement.query_row([key.row], envelope)?;
        let size = envelope.message.encoded_len();
        if size > room && !entries.is_empty() {
            break;
        }
        room = room.saturating_sub(size);
        entries.push(Entry {
            hash: key.place.1,
            envelope: Some(envelope),
        });
    }
    Ok(entries)
}

fn envelope(row: &Row<'_>) -> rusqlite::Result<Envelope> {
    let pubsub_topic = PubsubTopic::new(row.get::<_, String>(0)?);
    let message = WakuMessage {
        content_topic: ContentTopic::new(row.get::<_, String>(1)?),
        timestamp: Some(row.get(2)?),
        version: row.get(3)?,
        meta: row.get(4)?,
        payload: row.get(5)?,
        ephemeral: false,
        rate_limit_proof: None,
    };
    Ok(Envelope::new(pubsub_topic, message))
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        place: (row.get(0)?, MessageHash(row.get(1)?)),
        row: row.get(2)?,
    })
}

/// Every pubsub topic that was ever stored, with its number. A node stores a handful.
fn shards(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    connection
        .prepare_cached("SELECT id, name FROM shard")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn strand_query(by_topic: bool, direction: Direction) -> &'static str {
    match (by_topic, direction) {
        (false, Direction::Forward) => SHARD_FORWARD,
        (false, Direction::Backward) => SHARD_BACKWARD,
        (true, Direction::Forward) => TOPIC_FORWARD,
        (true, Direction::Backward) => TOPIC_BACKWARD,
    }
}

/// A page holds at most about this many bytes of messages, or a single larger one, so that a few readers cannot fill the
/// memory with pages of a hundred messages of 1 MiB. Where a page is cut short, its cursor leads on.
pub(super) const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Topics of one query without a cursor; each is one look into an index.
const MAX_FIRST_PAGE_TOPICS: usize = 1000;
/// Hashes of one query; each is one look into an index.
const MAX_QUERY_HASHES: usize = 1000;

const SHARD_FORWARD: &str = "
SELECT timestamp, hash, id FROM message
WHERE shard = ?1 AND (timestamp, hash) > (?2, ?3) AND (timestamp, hash) < (?4, ?5)
ORDER BY timestamp, hash LIMIT ?6";

const SHARD_BACKWARD: &str = "
SELECT timestamp, hash, id FROM message
WHERE shard = ?1 AND (timestamp, hash) > (?2, ?3) AND (timestamp, hash) < (?4, ?5)
ORDER BY timestamp DESC, hash DESC LIMIT ?6";

const TOPIC_FORWARD: &str = "
SELECT timestamp, hash, id FROM message
WHERE shard = ?1 AND content_topic = ?7
  AND (timestamp, hash) > (?2, ?3) AND (timestamp, hash) < (?4, ?5)
ORDER BY timestamp, hash LIMIT ?6";

const TOPIC_BACKWARD: &str = "
SELECT timestamp, hash, id FROM message
WHERE shard = ?1 AND content_topic = ?7
  AND (timestamp, hash) > (?2, ?3) AND (timestamp, hash) < (?4, ?5)
ORDER BY timestamp DESC, hash DESC LIMIT ?6";

#[cfg(test)]
pub(super) const STRAND_QUERIES: [&str; 4] = [SHARD_FORWARD, SHARD_BACKWARD, TOPIC_FORWARD, TOPIC_BACKWARD];

const BY_HASH: &str = "
SELECT timestamp, hash, message.id, name, content_topic
FROM message JOIN shard ON shard.id = message.shard WHERE hash = ?1";

const BY_ROW: &str = "
SELECT name, content_topic, timestamp, version, meta, payload
FROM message JOIN shard ON shard.id = message.shard WHERE message.id = ?1";
