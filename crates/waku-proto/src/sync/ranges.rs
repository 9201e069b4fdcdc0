//! The messages of a reconciliation: ranges of places, each with a fingerprint or with its items.
//!
//! Not protobuf, but bytes that lean on each other: the lower bound of a range is the upper bound of the one
//! before, times are differences. All integers are unsigned LEB128.
//!
//! ```text
//! pubsub topics     how many, then length and text of each; none means all
//! content topics    likewise
//! time              lower bound of the first range
//! for each range:
//!     time          upper bound, from the one before
//!     hash          only where that is zero: how many bytes, then these first bytes of the upper bound's hash
//!     kind          0 skip, 1 fingerprint (32 bytes), 2 items
//!     items         how many; for each its time (from the item before, the first from 0) and hash; then 0 or 1
//! ```
//!
//! A message without ranges is one zero byte, or none at all. A lower bound has no hash: the deployed decoder
//! takes 32 zeros.

use crate::{ContentTopic, MessageHash, PubsubTopic};

use super::Place;

/// One message of a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Only these; empty means all.
    pub pubsub_topics: Vec<PubsubTopic>,
    /// Only these; empty means all.
    pub content_topics: Vec<ContentTopic>,
    /// In order, one beginning where the last one ends.
    pub ranges: Vec<Range>,
}

/// A range of places, and what its sender says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first place. Its hash is zero.
    pub lower: Place,
    /// The last place. Its hash is zero, unless both have the same time.
    pub upper: Place,
    /// What is in it.
    pub content: Content,
}

/// What the sender of a range has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing to talk about.
    Skip,
    /// The exclusive or of all hashes.
    Fingerprint([u8; 32]),
    /// Everything, in order.
    Items {
        /// Each message's place.
        items: Vec<Place>,
        /// Whether this answers items of the other side, so that nothing more needs to be said.
        is_answer: bool,
    },
}

impl Payload {
    /// Whether there is nothing left to talk about.
    pub fn is_done(&self) -> bool {
        self.ranges.iter().all(|range| range.content == Content::Skip)
    }

    /// Writes the message; one zero byte if there are no ranges.
    pub fn encode(&self) -> Vec<u8> {
        let Some(first) = self.ranges.first() else {
            return vec![0];
        };
        let mut out = Vec::new();
        topics(&mut out, self.pubsub_topics.iter().map(PubsubTopic::as_str));
        topics(&mut out, self.content_topics.iter().map(ContentTopic::as_str));
        number(&mut out, first.lower.0);
        let mut time = first.lower.0;
        for range in &self.ranges {
            let (upper, hash) = range.upper;
            number(&mut out, upper.saturating_sub(time));
            if upper <= time {
                let length = hash.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                out.push(length as u8);
                out.extend_from_slice(&hash.0[..length]);
            }
            time = upper;
            match &range.content {
                Content::Skip => out.push(0),
                Content::Fingerprint(fingerprint) => {
                    out.push(1);
                    out.extend_from_slice(fingerprint);
                }
                Content::Items { items, is_answer } => {
                    out.push(2);
                    number(&mut out, items.len() as i64);
                    let mut time = 0;
                    for (timestamp, hash) in items {
                        number(&mut out, timestamp.saturating_sub(time));
                        time = *timestamp;
                        out.extend_from_slice(&hash.0);
                    }
                    out.push(u8::from(*is_answer));
                }
            }
        }
        out
    }

    /// Reads a message. Its size bounds what it may hold, and the caller bounds its size.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() <= 1 {
            return Ok(Self::default());
        }
        let mut reader = Reader(bytes);
        let pubsub_topics = reader.topics()?.into_iter().map(PubsubTopic::from).collect();
        let content_topics = reader.topics()?.into_iter().map(ContentTopic::from).collect();
        let mut time = reader.number()?;
        let mut ranges = Vec::new();
        while !reader.0.is_empty() {
            let lower = (time, ZERO);
            let step = reader.number()?;
            time = time.checked_add(step).ok_or(DecodeError::Malformed)?;
            let hash = if step == 0 { reader.start_of_hash()? } else { ZERO };
            let content = reader.content()?;
            ranges.push(Range {
                lower,
                upper: (time, hash),
                content,
            });
        }
        if ranges.is_empty() {
            return Ok(Self::default()); // whatever topics it names, it says nothing of them
        }
        Ok(Self {
            pubsub_topics,
            content_topics,
            ranges,
        })
    }
}

/// The other side's bytes are no message of a reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end early, or say what cannot be.
    #[error("the bytes are not a message of a reconciliation")]
    Malformed,
    /// More topics than any node has.
    #[error("the message names too many topics")]
    TooManyTopics,
}

fn topics<'a>(out: &mut Vec<u8>, topics: impl ExactSizeIterator<Item = &'a str>) {
    number(out, topics.len() as i64);
    for topic in topics {
        number(out, topic.len() as i64);
        out.extend_from_slice(topic.as_bytes());
    }
}

/// Never negative: places are checked when they come in, and the rest are lengths.
fn number(out: &mut Vec<u8>, value: i64) {
    prost::encoding::encode_varint(value.max(0).unsigned_abs(), out);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(DecodeError::Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.bytes(1)?[0])
    }

    fn number(&mut self) -> Result<i64, DecodeError> {
        let value = prost::encoding::decode_varint(&mut self.0).map_err(|_| DecodeError::Malformed)?;
        i64::try_from(value).map_err(|_| DecodeError::Malformed)
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.number()?).map_err(|_| DecodeError::Malformed)
    }

    fn topics(&mut self) -> Result<Vec<String>, DecodeError> {
        let count = self.length()?;
        if count > MAX_TOPICS {
            return Err(DecodeError::TooManyTopics);
        }
        (0..count)
            .map(|_| {
                let length = self.length()?;
                let text = self.bytes(length)?.to_vec();
                String::from_utf8(text).map_err(|_| DecodeError::Malformed)
            })
            .collect()
    }

    fn start_of_hash(&mut self) -> Result<MessageHash, DecodeError> {
        let length = usize::from(self.byte()?);
        let mut hash = ZERO;
        let start = hash.0.get_mut(..length).ok_or(DecodeError::Malformed)?;
        start.copy_from_slice(self.bytes(length)?);
        Ok(hash)
    }

    fn hash(&mut self) -> Result<MessageHash, DecodeError> {
        MessageHash::from_slice(self.bytes(32)?).ok_or(DecodeError::Malformed)
    }

    fn content(&mut self) -> Result<Content, DecodeError> {
        match self.byte()? {
            0 => Ok(Content::Skip),
            1 => Ok(Content::Fingerprint(self.hash()?.0)),
            2 => self.items(),
            _ => Err(DecodeError::Malformed),
        }
    }

    fn items(&mut self) -> Result<Content, DecodeError> {
        let count = self.length()?;
        // Each takes more than 32 bytes: what is announced and not there costs nothing.
        let mut items = Vec::with_capacity(count.min(self.0.len() / 32));
        let mut last: Option<Place> = None;
        for _ in 0..count {
            let step = self.number()?;
            let time = last.map_or(0, |(time, _)| time);
            let time = time.checked_add(step).ok_or(DecodeError::Malformed)?;
            let place = (time, self.hash()?);
            if last.is_some_and(|last| place < last) {
                return Err(DecodeError::Malformed);
            }
            items.push(place);
            last = Some(place);
        }
        let is_answer = match self.byte()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::Malformed),
        };
        Ok(Content::Items { items, is_answer })
    }
}

/// Where a bound has no hash.
pub(super) const ZERO: MessageHash = MessageHash([0; 32]);
/// Pubsub topics, or content topics, of one message.
const MAX_TOPICS: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A session's first message, byte by byte after the deployed encoder.
    #[test]
    fn the_bytes_are_the_deployed_ones() {
        let (start, end) = (1_700_000_000_000_000_000, 1_700_000_000_000_000_300);
        let payload = Payload {
            pubsub_topics: vec!["/t".into()],
            content_topics: Vec::new(),
            ranges: vec![
                Range {
                    lower: (start, ZERO),
                    upper: (start + 300, ZERO),
                    content: Content::Fingerprint([7; 32]),
                },
                Range {
                    lower: (end, ZERO),
                    upper: (end, MessageHash([9; 32])),
                    content: Content::Items {
                        items: vec![(end, MessageHash([1; 32])), (end, MessageHash([2; 32]))],
                        is_answer: true,
                    },
                },
            ],
        };
        // 1.7e18 in sevens of bits, the lowest first.
        let leb = |mut value: u64| {
            let mut bytes = Vec::new();
            while value >= 128 {
                bytes.push((value % 128) as u8 + 128);
                value /= 128;
            }
            bytes.push(value as u8);
            bytes
        };
        let expected = [
            &[1, 2, b'/', b't', 0][..],
            &leb(start as u64),
            &[0xac, 0x02, 1], // 300, fingerprint
            &[7; 32],
            &[0, 32],
            &[9; 32],
            &[2, 2],
            &leb(end as u64),
            &[1; 32],
            &[0],
            &[2; 32],
            &[1],
        ]
        .concat();
        assert_eq!(leb(start as u64).len(), 9, "as deployed decoders expect of a time");
        assert_eq!(payload.encode(), expected);
        assert_eq!(Payload::decode(&expected), Ok(payload));
    }

    #[test]
    fn nothing_is_one_byte_or_none() {
        assert_eq!(Payload::default().encode(), [0]);
        for bytes in [&[][..], &[0], &[5], &[1, 1, b't', 0, 7]] {
            assert_eq!(Payload::decode(bytes), Ok(Payload::default()));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let lies: [&[u8]; 7] = [
            &[0, 0],                               // no time
            &[0, 0, 1, 1, 3],                      // no such kind
            &[0, 0, 1, 1, 1, 7],                   // half a fingerprint
            &[0, 0, 1, 0, 33, 0, 0],               // a hash of 33 bytes
            &[0, 0, 1, 1, 2, 0xff, 0xff, 0x7f, 0], // items that are not there
            &[0, 0, 1, 1, 2, 0, 2],                // neither answer nor question
            &[1, 1, 0xff, 0, 1],                   // a topic that is no text
        ];
        for bytes in lies {
            assert_eq!(Payload::decode(bytes), Err(DecodeError::Malformed), "{bytes:?}");
        }
        assert_eq!(Payload::decode(&[0xff, 0x7f, 0]), Err(DecodeError::TooManyTopics));
        let late = [&[0, 0][..], &[0xff; 9], &[1, 1, 0]].concat();
        assert_eq!(
            Payload::decode(&late),
            Err(DecodeError::Malformed),
            "after the end of time"
        );
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(payload) = Payload::decode(&bytes) {
                // What we understood comes back from what we write.
                prop_assert_eq!(Payload::decode(&payload.encode()), Ok(payload));
            }
        }
    }
}
