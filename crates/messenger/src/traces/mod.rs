//! What each layer did with a message and which nodes had its envelopes: recorded in the turn in which it happened, read
//! for a person who asks what the network saw.
//!
//! Facts only, and no key: of a key stand here its kind, its number and a short hash that tells its chain from others.
//! A trace is forgotten with its message, after a month, or when there are too many; see [`prune`].
//!
//! Does not say what a fact means to whom; that is the user interface's.

mod coming;
mod going;

pub(crate) use coming::{Came, Coming, Whole, clear, kept, key_of, segment};
pub use going::Taken;
pub(crate) use going::{Attempt, Going, keys, published, went};

use crypto::payload_v1::{ASYMMETRIC_OVERHEAD, SYMMETRIC_OVERHEAD};
use protocol::Timestamp;
use protocol::id::MessageId;
use store::{ParcelRow, PublicKeyBytes, StoreError, TraceEnvelopeRow, TraceKeyRow, TraceLock, TraceScheme, View};
pub use store::{SightingRow as Sighting, TraceOutcome as Outcome, TraceWay as Way};
use waku_proto::{ContentTopic, WakuMessage};

use crate::devices::pre_keys;
use crate::turn::Turn;

/// How an envelope came to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// By which service.
    pub way: Way,
    /// The node that brought it, by its peer id; empty if that is not known.
    pub peer: String,
}

/// How one message travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// When this is forgotten at the latest.
    pub kept_until: Option<Timestamp>,
    /// In the order in which they went or came.
    pub parcels: Vec<Parcel>,
}

/// One piece of bytes in which the message was: one for each person and each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Bytes of the signed message.
    pub signed: u64,
    /// When we acknowledged it, if it came.
    pub answered_at: Option<Timestamp>,
    /// Where it went, and its sizes.
    pub row: ParcelRow,
    /// What kind of place that is.
    pub place: Place,
    /// With what it was encrypted.
    pub keys: Vec<Key>,
    /// What it was sealed in.
    pub envelopes: Vec<Sent>,
}

/// What kind of place an envelope travelled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A topic that one in 5,000 people share.
    Partitioned,
    /// A topic that only the two can compute.
    Negotiated,
    /// The topic of a name.
    Public,
}

/// The key of a parcel for one device, or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it was.
    pub row: TraceKeyRow,
    /// What became of it on this device.
    pub fate: Fate,
}

/// What became of a key on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Erased: nothing here opens what travelled.
    Erased,
    /// It can be computed again as long as our pre-key is kept: until then, or until after it is replaced.
    InPreKey(Option<Timestamp>),
    /// The identity key of the reader opens it for good.
    InIdentity,
    /// Everybody who knows the topic can read it.
    Shared,
}

/// An envelope, and what a node that has it can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The envelope.
    pub row: TraceEnvelopeRow,
    /// Bytes of what was sealed, with signature and padding.
    pub padded: u64,
    /// Which nodes had it.
    pub seen: Vec<Sighting>,
    /// Bytes of its fields on the wire, by their names in 14/WAKU2-MESSAGE; together as long as the envelope.
    pub fields: Vec<(&'static str, u64)>,
}

/// How a message travelled; no parcels if nothing is known.
pub fn of(view: &View<'_>, message: &MessageId) -> Result<Trace, StoreError> {
    let mut parcels = Vec::new();
    for (traced, row) in view.traces().of_message(message, MOST_SHOWN)? {
        let keys = view.traces().keys(traced.parcel)?;
        let envelopes = view.traces().envelopes(traced.parcel)?.into_iter();
        parcels.push(Parcel {
            signed: traced.signed,
            answered_at: traced.answered_at,
            place: place(&row, &keys),
            keys: keys
                .into_iter()
                .map(|key| {
                    Ok(Key {
                        fate: fate(view, &row, &key)?,
                        row: key,
                    })
                })
                .collect::<Result<_, StoreError>>()?,
            envelopes: envelopes.map(|(envelope, seen)| sent(&row, envelope, seen)).collect(),
            row,
        });
    }
    let oldest = parcels.iter().map(|parcel| parcel.row.at).min();
    Ok(Trace {
        kept_until: oldest.map(|at| at.plus(KEPT_MS)),
        parcels,
    })
}

/// A device has a message of ours.
pub(crate) fn acknowledged(
    turn: &mut Turn<'_, '_>,
    message: &MessageId,
    person: &PublicKeyBytes,
    installation: &str,
) -> Result<(), StoreError> {
    let now = turn.now;
    turn.tx.traces().acknowledged(message, person, installation, now)
}

/// An envelope that was here or was made here came once more: whoever brought it has it.
pub(crate) fn seen_again(
    turn: &mut Turn<'_, '_>,
    hash: &[u8; 32],
    carrier: Option<&Carrier>,
) -> Result<(), StoreError> {
    let Some(carrier) = carrier else { return Ok(()) };
    let sighting = sighting(carrier, turn.now);
    turn.tx.traces().sighted(hash, &sighting, MOST_SIGHTINGS).map(drop)
}

/// Forgets what is a month old, and the oldest beyond a number.
pub(crate) fn prune(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    let before = turn.now.minus(KEPT_MS);
    turn.tx.traces().prune(before, MOST_PARCELS).map(drop)
}

/// As long as the network keeps what it tells of.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// About 500 bytes each with everything that belongs to it: 25 MB.
const MOST_PARCELS: u32 = 50_000;

/// Parcels that are told of one message: a large group, or many attempts.
const MOST_SHOWN: u32 = 200;

/// Nodes that are remembered by name for one envelope.
const MOST_SIGHTINGS: u32 = 8;

/// Bytes of a sealed payload that are kept to show what it looks like.
const START_BYTES: usize = 16;

fn sighting(carrier: &Carrier, at: Timestamp) -> Sighting {
    Sighting {
        way: carrier.way,
        peer: carrier.peer.clone(),
        at,
    }
}

fn place(row: &ParcelRow, keys: &[TraceKeyRow]) -> Place {
    match row.lock {
        TraceLock::Identity => Place::Partitioned,
        TraceLock::Topic if keys.iter().all(|key| key.scheme == TraceScheme::Clear) => Place::Public,
        TraceLock::Topic => Place::Negotiated,
    }
}

fn fate(view: &View<'_>, row: &ParcelRow, key: &TraceKeyRow) -> Result<Fate, StoreError> {
    Ok(match (key.scheme, &key.pre_key) {
        (TraceScheme::Clear, _) => Fate::Shared,
        (TraceScheme::Identity, _) => Fate::InIdentity,
        (TraceScheme::Founding, Some(pre_key)) if !row.outgoing => match view.bundles().own(pre_key)? {
            Some(own) => Fate::InPreKey(own.expired_at.map(pre_keys::erasure_due)),
            None => Fate::Erased,
        },
        _ => Fate::Erased,
    })
}

fn sent(parcel: &ParcelRow, row: TraceEnvelopeRow, seen: Vec<Sighting>) -> Sent {
    let overhead = match parcel.lock {
        TraceLock::Topic => SYMMETRIC_OVERHEAD,
        TraceLock::Identity => ASYMMETRIC_OVERHEAD,
    };
    Sent {
        padded: row.sealed.saturating_sub(overhead as u64),
        fields: fields(parcel, &row),
        row,
        seen,
    }
}

/// What each field of an envelope takes on the wire. What is more than clients of Status write is put last.
fn fields(parcel: &ParcelRow, row: &TraceEnvelopeRow) -> Vec<(&'static str, u64)> {
    let alike = WakuMessage {
        payload: vec![0; usize::try_from(row.sealed).unwrap_or_default()],
        content_topic: ContentTopic::new(parcel.content_topic.clone()),
        version: PAYLOAD_V1,
        timestamp: Some(row.stamped.as_nanoseconds()),
        ephemeral: parcel.ephemeral,
        ..WakuMessage::default()
    };
    let mut fields: Vec<(&str, u64)> = alike
        .field_lens()
        .into_iter()
        .map(|(name, length)| (name, length as u64))
        .filter(|(_, length)| *length > 0)
        .collect();
    let known: u64 = fields.iter().map(|(_, length)| length).sum();
    if row.wire > known {
        fields.push(("other", row.wire - known));
    }
    fields
}

/// The version of a Waku message whose payload is payload v1.
const PAYLOAD_V1: u32 = 1;
