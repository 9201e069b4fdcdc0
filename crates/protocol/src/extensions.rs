//! What our own clients say to each other beside the deployed protocol: one field in a signed body that deployed
//! clients skip.
//!
//! The field may stand in a body of every kind. It carries what its author's program can do, the author's causal record
//! of the conversation, and, in a message of a kind of its own, requests for absent messages and their answers. Its
//! specification is `docs/protocol/extensions.md`. What follows from it is not decided here.

use std::fmt;

use crypto::PublicKey;
use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field};
use sha2::{Digest as _, Sha256};

use crate::id::MessageId;
use crate::layers::application::{self, Signed};

/// Everything our field says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// What the author's program can do.
    pub capabilities: Capabilities,
    /// Where the message stands among those of its author.
    pub record: Option<Record>,
    /// Messages that somebody lacks.
    pub ask: Vec<Name>,
    /// What we can do about that.
    pub answer: Option<Answer>,
    /// When this was asked or answered, in Unix milliseconds; it makes the same words a message of their own.
    pub at: u64,
}

/// A set of abilities, one bit each. Bits without meaning here are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u64);

/// The causal record: which message of its author, in this conversation and from this device, this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Chosen at random when the line was begun.
    pub nonce: [u8; 8],
    /// Place in the line, from 1 without holes.
    pub number: u64,
    /// The message before it in the line; none for the first.
    pub before: Option<MessageId>,
    /// The last messages of others that the author has, at most [`MAX_HEADS`].
    pub heads: Vec<Name>,
}

/// The messages of one device in one conversation, under one audience: see [`line`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(pub [u8; 8]);

/// What a message is called before its id is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Whose.
    pub line: Line,
    /// Which, from 1.
    pub number: u64,
}

/// What somebody has of the messages that another asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The messages, as their authors signed them.
    pub originals: Vec<Original>,
    /// They are ours, and we no longer have them.
    pub gone: Vec<Name>,
    /// They were not written to the one who asks.
    pub withheld: Vec<Name>,
}

/// A message handed on.
#[derive(Clone, PartialEq, Eq)]
pub struct Original {
    /// When its envelope was first sent, in Unix seconds, as the one who hands it on says.
    pub sent_at: u64,
    /// The application wrapper, unchanged.
    pub bytes: Vec<u8>,
}

impl Capabilities {
    /// Keeps causal records, asks for absent messages and answers.
    pub const REPAIR: Capabilities = Capabilities(1);

    /// Whether all of `other` is in it.
    pub const fn has(self, other: Capabilities) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 | other.0)
    }
}

impl Extensions {
    /// Adds the field to a body. Deployed clients read the body as before.
    pub fn append_to(&self, body: &mut Vec<u8>) {
        let bytes = self.to_wire().encode_to_vec();
        encode_key(FIELD, WireType::LengthDelimited, body);
        encode_varint(bytes.len() as u64, body);
        body.extend_from_slice(&bytes);
    }

    /// What a body says in our field; nothing if the field is missing, malformed or out of bounds. The last one counts.
    pub fn find(body: &[u8]) -> Extensions {
        field(body)
            .and_then(|bytes| wire::Extensions::decode(bytes).ok())
            .and_then(Extensions::from_wire)
            .unwrap_or_default()
    }

    /// A message that only carries extensions, for clients that know them.
    pub fn sign(&self, author: &crypto::SecretKey) -> Signed {
        let mut body = Vec::new();
        self.append_to(&mut body);
        application::sign(KIND, body, author)
    }

    fn to_wire(&self) -> wire::Extensions {
        wire::Extensions {
            capabilities: self.capabilities.0,
            record: self.record.as_ref().map(|record| wire::Record {
                nonce: record.nonce.to_vec(),
                number: record.number,
                before: record.before.map(|id| id.as_bytes().to_vec()),
                heads: names_to_wire(&record.heads),
            }),
            ask: names_to_wire(&self.ask),
            answer: self.answer.as_ref().map(|answer| wire::Answer {
                originals: answer
                    .originals
                    .iter()
                    .map(|original| wire::Original {
                        sent_at: original.sent_at,
                        bytes: original.bytes.clone(),
                    })
                    .collect(),
                gone: names_to_wire(&answer.gone),
                withheld: names_to_wire(&answer.withheld),
            }),
            at: self.at,
        }
    }

    fn from_wire(wire: wire::Extensions) -> Option<Extensions> {
        let record = match wire.record {
            Some(record) => Some(record_from(record)?),
            None => None,
        };
        let answer = match wire.answer {
            Some(answer) => Some(answer_from(answer)?),
            None => None,
        };
        Some(Extensions {
            capabilities: Capabilities(wire.capabilities),
            record,
            ask: names_from(wire.ask, MAX_NAMES)?,
            answer,
            at: wire.at,
        })
    }
}

/// The line of an author's device in a conversation. Bound to both, so that no message can be shown to somebody as part
/// of another conversation, and nobody can speak in the line of another.
pub fn line(conversation: &[u8], author: &PublicKey, nonce: &[u8; 8]) -> Line {
    let digest = Sha256::new()
        .chain_update(b"undertone line 1")
        .chain_update(author.to_compressed())
        .chain_update(nonce)
        .chain_update(conversation)
        .finalize();
    let mut line = [0; 8];
    line.copy_from_slice(&digest[..8]);
    Line(line)
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

impl fmt::Debug for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Original({} bytes)", self.bytes.len())
    }
}

/// The bytes of the last field of ours among the outermost fields.
fn field(mut body: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    while !body.is_empty() {
        let (tag, wire_type) = decode_key(&mut body).ok()?;
        if tag == FIELD && wire_type == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut body).ok()?).ok()?;
            let (bytes, rest) = body.split_at_checked(length)?;
            (found, body) = (Some(bytes), rest);
        } else {
            skip_field(wire_type, tag, &mut body, DecodeContext::default()).ok()?;
        }
    }
    found
}

fn record_from(record: wire::Record) -> Option<Record> {
    let before = match record.before {
        Some(id) => Some(MessageId::from_slice(&id).ok()?),
        None => None,
    };
    let number = number(record.number)?;
    Some(Record {
        nonce: record.nonce.try_into().ok()?,
        number,
        before,
        heads: names_from(record.heads, MAX_HEADS)?,
    })
}

fn answer_from(answer: wire::Answer) -> Option<Answer> {
    if answer.originals.len() > MAX_NAMES {
        return None;
    }
    let originals = answer.originals.into_iter();
    Some(Answer {
        originals: originals
            .map(|original| Original {
                sent_at: original.sent_at,
                bytes: original.bytes,
            })
            .collect(),
        gone: names_from(answer.gone, MAX_NAMES)?,
        withheld: names_from(answer.withheld, MAX_NAMES)?,
    })
}

fn names_to_wire(names: &[Name]) -> Vec<wire::Name> {
    let one = |name: &Name| wire::Name {
        line: name.line.0.to_vec(),
        number: name.number,
    };
    names.iter().map(one).collect()
}

fn names_from(names: Vec<wire::Name>, most: usize) -> Option<Vec<Name>> {
    if names.len() > most {
        return None;
    }
    let one = |name: wire::Name| {
        Some(Name {
            line: Line(name.line.try_into().ok()?),
            number: number(name.number)?,
        })
    };
    names.into_iter().map(one).collect()
}

/// Places begin with 1 and end long before what a database can hold.
fn number(number: u64) -> Option<u64> {
    (1..=MAX_NUMBER).contains(&number).then_some(number)
}

/// Our field. Deployed kinds use numbers below 100; this one costs three bytes.
pub const FIELD: u32 = 21_844;

/// The kind of messages that carry nothing but our field.
pub const KIND: i32 = 21_844;

/// Heads in a record.
pub const MAX_HEADS: usize = 8;

/// Names in a request, and originals in an answer.
pub const MAX_NAMES: usize = 64;

/// The largest place in a line.
pub const MAX_NUMBER: u64 = 1 << 40;

mod wire {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Extensions {
        #[prost(uint64, tag = "1")]
        pub capabilities: u64,
        #[prost(message, optional, tag = "2")]
        pub record: Option<Record>,
        #[prost(message, repeated, tag = "3")]
        pub ask: Vec<Name>,
        #[prost(message, optional, tag = "4")]
        pub answer: Option<Answer>,
        #[prost(uint64, tag = "5")]
        pub at: u64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Record {
        #[prost(bytes = "vec", tag = "1")]
        pub nonce: Vec<u8>,
        #[prost(uint64, tag = "2")]
        pub number: u64,
        #[prost(bytes = "vec", optional, tag = "3")]
        pub before: Option<Vec<u8>>,
        #[prost(message, repeated, tag = "4")]
        pub heads: Vec<Name>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Name {
        #[prost(bytes = "vec", tag = "1")]
        pub line: Vec<u8>,
        #[prost(uint64, tag = "2")]
        pub number: u64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Answer {
        #[prost(message, repeated, tag = "1")]
        pub originals: Vec<Original>,
        #[prost(message, repeated, tag = "2")]
        pub gone: Vec<Name>,
        #[prost(message, repeated, tag = "3")]
        pub withheld: Vec<Name>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Original {
        #[prost(uint64, tag = "1")]
        pub sent_at: u64,
        #[prost(bytes = "vec", tag = "2")]
        pub bytes: Vec<u8>,
    }
}

#[cfg(test)]
mod tests;
