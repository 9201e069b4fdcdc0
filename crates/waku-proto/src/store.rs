//! Store (13/WAKU2-STORE, version 3): asking a node for messages it kept.
//!
//! Entries are ordered by (timestamp, hash), ascending inside a page in both directions. How an
//! archive keeps them is not known here; [`catchup`] decides what a client asks next.

use prost::Message as _;

use crate::envelope::Envelope;
use crate::message::MessageHash;
use crate::topic::{ContentTopic, PubsubTopic};
use crate::wire;

pub mod catchup;

pub use catchup::{Catchup, Gap};

/// A question. Criteria that are given all apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Comes back in the answer.
    pub request_id: String,
    /// Whole messages, or hashes only.
    pub include_data: bool,
    /// Only this pubsub topic.
    pub pubsub_topic: Option<PubsubTopic>,
    /// Only these content topics; at most [`MAX_CONTENT_TOPICS`]; empty means any.
    pub content_topics: Vec<ContentTopic>,
    /// Not before, nanoseconds since 1970, inclusive.
    pub start: Option<i64>,
    /// Not after, nanoseconds since 1970, inclusive.
    pub end: Option<i64>,
    /// Only these messages. Deployed nodes want no other criterion beside them.
    pub hashes: Vec<MessageHash>,
    /// Go on from here, exclusive.
    pub cursor: Option<MessageHash>,
    /// Oldest or newest page first.
    pub direction: Direction,
    /// Page size; servers use 20 if absent and never more than 100.
    pub limit: Option<u64>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            request_id: String::new(),
            include_data: true,
            pubsub_topic: None,
            content_topics: Vec::new(),
            start: None,
            end: None,
            hashes: Vec::new(),
            cursor: None,
            direction: Direction::Forward,
            limit: None,
        }
    }
}

/// Which page comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first; also what an absent tag means to deployed servers.
    Forward,
    /// Newest page first, each page oldest first inside.
    Backward,
}

impl Query {
    /// Reads a question.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::StoreQueryRequest::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let forward = wire.pagination_forward.unwrap_or(true);
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            include_data: wire.include_data.unwrap_or(false),
            pubsub_topic: wire.pubsub_topic.map(PubsubTopic::from),
            content_topics: wire.content_topics.into_iter().map(ContentTopic::from).collect(),
            start: wire.time_start,
            end: wire.time_end,
            hashes: wire
                .message_hashes
                .iter()
                .map(|bytes| hash(bytes))
                .collect::<Result<_, _>>()?,
            cursor: wire.pagination_cursor.as_deref().map(hash).transpose()?,
            direction: if forward {
                Direction::Forward
            } else {
                Direction::Backward
            },
            limit: wire.pagination_limit,
        })
    }

    /// Writes a question; the direction is always written out, since servers disagree on its absence.
    pub fn encode(&self) -> Vec<u8> {
        let wire = wire::StoreQueryRequest {
            request_id: Some(self.request_id.clone()),
            include_data: Some(self.include_data),
            pubsub_topic: self.pubsub_topic.as_ref().map(|topic| topic.to_string()),
            content_topics: self.content_topics.iter().map(|topic| topic.to_string()).collect(),
            time_start: self.start,
            time_end: self.end,
            message_hashes: self.hashes.iter().map(|hash| hash.0.to_vec()).collect(),
            pagination_cursor: self.cursor.map(|hash| hash.0.to_vec()),
            pagination_forward: Some(self.direction == Direction::Forward),
            pagination_limit: self.limit,
        };
        wire.encode_to_vec()
    }

    /// The page size a server uses.
    pub fn page_size(&self) -> usize {
        match self.limit {
            None | Some(0) => DEFAULT_PAGE,
            Some(limit) => usize::try_from(limit).unwrap_or(MAX_PAGE).min(MAX_PAGE),
        }
    }

    /// What a server refuses to work on.
    pub fn check(&self) -> Result<(), BadQuery> {
        if self.content_topics.len() > MAX_CONTENT_TOPICS {
            return Err(BadQuery::TooManyContentTopics);
        }
        if self.hashes.len() > MAX_HASHES {
            return Err(BadQuery::TooManyHashes);
        }
        if self.cursor == Some(MessageHash([0; 32])) {
            return Err(BadQuery::ZeroCursor);
        }
        Ok(())
    }
}

/// One message, or only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As the server says; see [`Entry::is_consistent`].
    pub hash: MessageHash,
    /// Present if the question asked for data.
    pub envelope: Option<Envelope>,
}

impl Entry {
    /// Whether the message, if there is one, has the hash that the server says.
    pub fn is_consistent(&self) -> bool {
        self.envelope
            .as_ref()
            .is_none_or(|envelope| envelope.hash() == self.hash)
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// That of the question; empty or `N/A` in an answer to a question that was not read.
    pub request_id: String,
    /// [`SUCCESS`] or a reason.
    pub status: u32,
    /// The server's words; untrusted.
    pub description: String,
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Present if there is more.
    pub cursor: Option<MessageHash>,
}

impl Response {
    /// A page.
    pub fn page(entries: Vec<Entry>, cursor: Option<MessageHash>) -> Self {
        Self {
            request_id: String::new(),
            status: SUCCESS,
            description: "OK".into(),
            entries,
            cursor,
        }
    }

    /// A refusal.
    pub fn refused(status: u32, description: impl Into<String>) -> Self {
        Self {
            request_id: String::new(),
            status,
            description: description.into(),
            entries: Vec::new(),
            cursor: None,
        }
    }

    /// Whether this is a page.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Cuts a page so that its messages take at most `max` bytes (at least one stays), and moves the
    /// cursor with it, so that a client that goes on misses nothing.
    #[must_use]
    pub fn fit(mut self, max: usize, direction: Direction) -> Self {
        let size = |entry: &Entry| {
            ENTRY_OVERHEAD
                + entry
                    .envelope
                    .as_ref()
                    .map_or(0, |envelope| envelope.message.encoded_len())
        };
        let fitting = |sizes: &mut dyn Iterator<Item = usize>| {
            let mut total = 0;
            sizes
                .take_while(|size| {
                    total += size;
                    total <= max
                })
                .count()
                .max(1)
        };
        match direction {
            Direction::Forward => {
                let keep = fitting(&mut self.entries.iter().map(size));
                if keep < self.entries.len() {
                    self.entries.truncate(keep);
                    self.cursor = self.entries.last().map(|entry| entry.hash);
                }
            }
            Direction::Backward => {
                let keep = fitting(&mut self.entries.iter().rev().map(size));
                if keep < self.entries.len() {
                    self.entries.drain(..self.entries.len() - keep);
                    self.cursor = self.entries.first().map(|entry| entry.hash);
                }
            }
        }
        self
    }

    /// Reads an answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::StoreQueryResponse::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        Ok(Self {
            request_id: wire.request_id.unwrap_or_default(),
            status: wire.status_code.unwrap_or(0),
            description: wire.status_desc.unwrap_or_default(),
            entries: wire
                .messages
                .into_iter()
                .map(Entry::try_from)
                .collect::<Result<_, _>>()?,
            cursor: wire.pagination_cursor.as_deref().map(hash).transpose()?,
        })
    }

    /// Writes an answer.
    pub fn encode(self) -> Vec<u8> {
        let wire = wire::StoreQueryResponse {
            request_id: Some(self.request_id),
            status_code: Some(self.status),
            status_desc: Some(self.description),
            messages: self.entries.into_iter().map(wire::WakuMessageKeyValue::from).collect(),
            pagination_cursor: self.cursor.map(|hash| hash.0.to_vec()),
        };
        wire.encode_to_vec()
    }
}

/// The client asks for something no server works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// More than [`MAX_CONTENT_TOPICS`].
    #[error("too many content topics")]
    TooManyContentTopics,
    /// More than [`MAX_HASHES`].
    #[error("too many message hashes")]
    TooManyHashes,
    /// 32 zero bytes.
    #[error("all zeroes cursor hash")]
    ZeroCursor,
}

/// The other side's bytes are not store messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a protobuf message of this form.
    #[error("the bytes are not a store message")]
    Malformed,
    /// A hash or cursor that is not 32 bytes long.
    #[error("a message hash is not 32 bytes long")]
    BadHash,
}

/// libp2p protocol id.
pub const PROTOCOL: &str = "/vac/waku/store-query/3.0.0";
/// Status of a page.
pub const SUCCESS: u32 = 200;
/// The archive failed, or refuses the query.
pub const BAD_RESPONSE: u32 = 300;
/// The question could not be read.
pub const BAD_REQUEST: u32 = 400;
/// Too many questions.
pub const TOO_MANY_REQUESTS: u32 = 429;
/// The node does not serve history.
pub const SERVICE_UNAVAILABLE: u32 = 503;
/// Page size if the question names none.
pub const DEFAULT_PAGE: usize = 20;
/// Largest page.
pub const MAX_PAGE: usize = 100;
/// Most content topics in a question.
pub const MAX_CONTENT_TOPICS: usize = 10;
/// Most hashes in a question; a page holds no more.
pub const MAX_HASHES: usize = 100;

/// Hash, topic and tags of an entry, in bytes, rounded up.
const ENTRY_OVERHEAD: usize = 128;

fn hash(bytes: &[u8]) -> Result<MessageHash, DecodeError> {
    MessageHash::from_slice(bytes).ok_or(DecodeError::BadHash)
}

impl TryFrom<wire::WakuMessageKeyValue> for Entry {
    type Error = DecodeError;

    fn try_from(wire: wire::WakuMessageKeyValue) -> Result<Self, DecodeError> {
        let pubsub_topic = PubsubTopic::from(wire.pubsub_topic.unwrap_or_default());
        let envelope = wire.message.map(|message| Envelope::new(pubsub_topic, message.into()));
        Ok(Self {
            hash: hash(&wire.message_hash.unwrap_or_default())?,
            envelope,
        })
    }
}

impl From<Entry> for wire::WakuMessageKeyValue {
    fn from(entry: Entry) -> Self {
        let (pubsub_topic, message) = match entry.envelope {
            Some(envelope) => (Some(envelope.pubsub_topic.to_string()), Some(envelope.message.into())),
            None => (None, None),
        };
        Self {
            message_hash: Some(entry.hash.0.to_vec()),
            message,
            pubsub_topic,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::WakuMessage;

    fn entry(number: u8, size: usize) -> Entry {
        let message = WakuMessage {
            payload: vec![number; size],
            content_topic: "/a".into(),
            ..WakuMessage::default()
        };
        let envelope = Envelope::new("/t".into(), message);
        Entry {
            hash: envelope.hash(),
            envelope: Some(envelope),
        }
    }

    #[test]
    fn questions_come_back() {
        let query = Query {
            request_id: "r".into(),
            pubsub_topic: Some("/waku/2/rs/16/32".into()),
            content_topics: vec!["/a".into(), "/b".into()],
            start: Some(-5),
            end: Some(i64::MAX),
            cursor: Some(MessageHash([9; 32])),
            direction: Direction::Backward,
            limit: Some(7),
            ..Query::default()
        };
        assert_eq!(Query::decode(&query.encode()), Ok(query));
    }

    #[test]
    fn the_direction_is_always_written_and_its_absence_means_forward() {
        let backward = Query {
            direction: Direction::Backward,
            ..Query::default()
        }
        .encode();
        assert!(
            backward.windows(3).any(|window| window == [0xa0, 0x03, 0x00]),
            "tag 52, value 0"
        );
        assert_eq!(Query::decode(&[]).unwrap().direction, Direction::Forward);
    }

    #[test]
    fn hashes_are_32_bytes() {
        let wire = wire::StoreQueryRequest {
            message_hashes: vec![vec![1; 31]],
            ..Default::default()
        };
        assert_eq!(Query::decode(&wire.encode_to_vec()), Err(DecodeError::BadHash));
        let wire = wire::StoreQueryResponse {
            pagination_cursor: Some(vec![]),
            ..Default::default()
        };
        assert_eq!(Response::decode(&wire.encode_to_vec()), Err(DecodeError::BadHash));
    }

    #[test]
    fn a_page_too_large_is_cut_where_the_client_goes_on() {
        let entries: Vec<Entry> = (0..4).map(|number| entry(number, 1000)).collect();
        let whole = Response::page(entries.clone(), None);
        assert_eq!(whole.clone().fit(10_000, Direction::Forward), whole);
        let forward = whole.clone().fit(2500, Direction::Forward);
        assert_eq!((forward.entries.len(), forward.cursor), (2, Some(entries[1].hash)));
        let backward = whole.clone().fit(2500, Direction::Backward);
        assert_eq!(
            (&backward.entries[..], backward.cursor),
            (&entries[2..], Some(entries[2].hash))
        );
        assert_eq!(whole.fit(10, Direction::Forward).entries.len(), 1);
    }

    #[test]
    fn a_page_comes_back() {
        let response = Response::page(
            vec![
                entry(1, 3),
                Entry {
                    hash: MessageHash([4; 32]),
                    envelope: None,
                },
            ],
            Some(MessageHash([4; 32])),
        );
        let read = Response::decode(&response.clone().encode()).unwrap();
        assert_eq!(read, response);
        assert!(read.entries.iter().all(Entry::is_consistent));
        let lie = Entry {
            hash: MessageHash([0; 32]),
            ..entry(1, 3)
        };
        assert!(!lie.is_consistent());
    }

    #[test]
    fn page_sizes() {
        let size = |limit| {
            Query {
                limit,
                ..Query::default()
            }
            .page_size()
        };
        assert_eq!(
            [size(None), size(Some(0)), size(Some(7)), size(Some(u64::MAX))],
            [20, 20, 7, 100]
        );
    }
}
