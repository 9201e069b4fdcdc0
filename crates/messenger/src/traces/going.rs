//! The trace of what went out.

use std::collections::BTreeMap;

use crypto::{Header, PublicKey};
use protocol::Timestamp;
use protocol::id::{InstallationId, MessageId};
use protocol::layers::encryption::PairSession;
use protocol::layers::transport::{Route, RouteKey};
use store::{
    OutboxId, OutboxRow, ParcelRow, StoreError, TraceEnvelopeRow, TraceKeyRow, TraceLock, TraceOutcome, TraceScheme,
};
use waku_proto::Envelope;

use super::coming::{chain, clear};
use super::{MOST_SIGHTINGS, START_BYTES, Sighting, Way};
use crate::Published;
use crate::turn::{Turn, row_key};

/// A message that leaves the encryption layer.
pub(crate) struct Going<'a> {
    /// The message, and the bytes of its signed form.
    pub message: (MessageId, usize),
    /// For whom it is encrypted; `None`: for everybody.
    pub person: Option<&'a PublicKey>,
    /// Bytes before it was encrypted.
    pub synced: usize,
    /// With what it was encrypted.
    pub keys: Vec<TraceKeyRow>,
}

/// The keys of sealed parts, by the sessions they belong to. Without sessions, the identity key alone opens them.
pub(crate) fn keys(
    sessions: &BTreeMap<InstallationId, PairSession>,
    headers: &BTreeMap<InstallationId, Header>,
) -> Vec<TraceKeyRow> {
    let ratchet = headers.iter().map(|(installation, header)| {
        let session = sessions.get(installation);
        let founding = session.filter(|session| session.unanswered.is_some());
        TraceKeyRow {
            installation: installation.to_string(),
            scheme: match founding {
                Some(_) => TraceScheme::Founding,
                None => TraceScheme::Ratchet,
            },
            chain: Some(chain(&header.key)),
            number: Some(header.n),
            pre_key: founding.map(|session| row_key(&session.pre_key)),
            acknowledged_at: None,
        }
    });
    match headers.is_empty() {
        true => vec![TraceKeyRow {
            scheme: TraceScheme::Identity,
            ..clear()
        }],
        false => ratchet.collect(),
    }
}

/// A message was put into the outbox, in these entries.
pub(crate) fn went(
    turn: &mut Turn<'_, '_>,
    going: &Going<'_>,
    route: &Route,
    (encrypted, segments): (usize, usize),
    entries: &[OutboxId],
) -> Result<(), StoreError> {
    let Some(first) = entries.first() else { return Ok(()) };
    let row = ParcelRow {
        outgoing: true,
        person: going.person.map(row_key),
        lock: match route.key {
            RouteKey::Symmetric(_) => TraceLock::Topic,
            RouteKey::Asymmetric(_) => TraceLock::Identity,
        },
        pubsub_topic: route.pubsub_topic.as_str().to_owned(),
        content_topic: route.content_topic.as_str().to_owned(),
        ephemeral: false,
        whole: None,
        segments: u32::try_from(segments).unwrap_or(u32::MAX),
        encrypted: encrypted as u64,
        synced: going.synced as u64,
        entries: Some((*first, u32::try_from(entries.len()).unwrap_or(u32::MAX))),
        at: turn.now,
    };
    let (message, signed) = going.message;
    let parcel = turn.tx.traces().add(&row)?;
    turn.tx.traces().add_message(parcel, &message, signed as u64, None)?;
    going
        .keys
        .iter()
        .try_for_each(|key| turn.tx.traces().add_key(parcel, key))
}

/// An envelope as it was given out, without its payload.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    hash: [u8; 32],
    data: usize,
    sealed: usize,
    wire: usize,
    start: Vec<u8>,
    stamped: Timestamp,
}

impl Attempt {
    /// What of an envelope is worth writing down.
    pub(crate) fn of(envelope: &Envelope, row: &OutboxRow, now: Timestamp) -> Attempt {
        let payload = &envelope.message.payload;
        Attempt {
            hash: *envelope.hash().as_bytes(),
            data: row.entry.payload.len(),
            sealed: payload.len(),
            wire: envelope.message.encoded_len(),
            start: payload.iter().copied().take(START_BYTES).collect(),
            stamped: now,
        }
    }

    /// The envelope's name.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// What became of an attempt, and which nodes took it: some by name, or only how many.
pub(crate) fn published(
    turn: &mut Turn<'_, '_>,
    entry: OutboxId,
    attempt: &Attempt,
    result: Published,
    taken: &Taken,
) -> Result<(), StoreError> {
    let Some((parcel, row, place)) = turn.tx.traces().of_entry(entry)? else {
        return Ok(());
    };
    // Data pieces come first.
    let parity = place >= row.segments;
    let envelope = TraceEnvelopeRow {
        hash: attempt.hash,
        segment: if parity { place - row.segments } else { place },
        parity,
        data: attempt.data as u64,
        sealed: attempt.sealed as u64,
        wire: attempt.wire as u64,
        start: attempt.start.clone(),
        stamped: attempt.stamped,
        outcome: match result {
            Published::Sent => TraceOutcome::Taken,
            Published::Retry => TraceOutcome::NotTaken,
            Published::TooLarge => TraceOutcome::TooLarge,
        },
        peers: taken.count,
        at: turn.now,
    };
    let handed = taken.peers.iter().take(MOST_SIGHTINGS as usize).map(|peer| Sighting {
        way: Way::Handed,
        peer: peer.clone(),
        at: turn.now,
    });
    let handed: Vec<Sighting> = handed.collect();
    turn.tx.traces().add_envelope(parcel, &envelope, &handed)
}

/// Which nodes took an envelope from us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The nodes we handed it to, by their peer ids.
    pub peers: Vec<String>,
    /// How many nodes have it then; `None` if nobody said so.
    pub count: Option<u32>,
}
