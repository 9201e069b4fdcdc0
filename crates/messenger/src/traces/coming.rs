//! The trace of what came.
//!
//! A parcel is written down when the first of its messages is kept, so that what means nothing here leaves no trace. Of
//! segments each is written down as it comes: when the last one is here, nobody knows any more how the others came.

use std::cell::Cell;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::id::InstallationId;
use protocol::layers::application::Signed;
use protocol::layers::encryption::{Part, Scheme};
use protocol::layers::segmentation::{Place, Segment};
use store::{ParcelId, ParcelRow, StoreError, TraceEnvelopeRow, TraceKeyRow, TraceLock, TraceOutcome, TraceScheme};
use waku_proto::Envelope;

use super::{Carrier, START_BYTES, sighting};
use crate::contacts::Sender;
use crate::receive::Origin;
use crate::turn::{Turn, row_key};

/// An envelope that came and opened.
pub(crate) struct Came<'a> {
    /// The envelope.
    pub envelope: &'a Envelope,
    /// What brought it, if that is known.
    pub carrier: Option<&'a Carrier>,
    /// With what it was sealed.
    pub lock: TraceLock,
    /// Bytes that were sealed.
    pub data: usize,
    /// When it came.
    pub at: Timestamp,
}

/// The bytes that came in one envelope, or in all segments of a whole.
pub(crate) struct Coming<'a> {
    came: &'a Came<'a>,
    row: ParcelRow,
    key: TraceKeyRow,
    written: Cell<Option<ParcelId>>,
}

/// The hash of what came in segments, and in how many.
pub(crate) type Whole = ([u8; 32], u32);

impl<'a> Coming<'a> {
    /// Bytes that are decrypted: how many there were before and after, and with what key.
    pub(crate) fn new(
        came: &'a Came<'a>,
        sender: &Sender,
        whole: Option<Whole>,
        (encrypted, synced): (usize, usize),
        key: TraceKeyRow,
    ) -> Coming<'a> {
        let row = ParcelRow {
            encrypted: encrypted as u64,
            synced: synced as u64,
            ..came.parcel(sender, whole)
        };
        Coming {
            came,
            row,
            key,
            written: Cell::new(None),
        }
    }

    fn write(&self, turn: &mut Turn<'_, '_>) -> Result<ParcelId, StoreError> {
        let parcel = turn.tx.traces().add(&self.row)?;
        turn.tx.traces().add_key(parcel, &self.key)?;
        if self.row.whole.is_none() {
            self.came.write(turn, parcel, 0, false)?;
        }
        Ok(parcel)
    }
}

impl Came<'_> {
    fn parcel(&self, sender: &Sender, whole: Option<Whole>) -> ParcelRow {
        let message = &self.envelope.message;
        ParcelRow {
            outgoing: false,
            person: Some(sender.row),
            lock: self.lock,
            pubsub_topic: self.envelope.pubsub_topic.as_str().to_owned(),
            content_topic: message.content_topic.as_str().to_owned(),
            ephemeral: message.ephemeral,
            whole: whole.map(|(hash, _)| hash),
            segments: whole.map_or(1, |(_, count)| count),
            encrypted: 0,
            synced: 0,
            entries: None,
            at: self.at,
        }
    }

    fn write(&self, turn: &mut Turn<'_, '_>, parcel: ParcelId, segment: u32, parity: bool) -> Result<(), StoreError> {
        let message = &self.envelope.message;
        let row = TraceEnvelopeRow {
            hash: *self.envelope.hash().as_bytes(),
            segment,
            parity,
            data: self.data as u64,
            sealed: message.payload.len() as u64,
            wire: message.encoded_len() as u64,
            start: message.payload.iter().copied().take(START_BYTES).collect(),
            stamped: Timestamp::from_nanoseconds(message.timestamp.unwrap_or(0)),
            outcome: TraceOutcome::Came,
            peers: None,
            at: self.at,
        };
        let seen: Vec<_> = self
            .carrier
            .map(|carrier| sighting(carrier, self.at))
            .into_iter()
            .collect();
        turn.tx.traces().add_envelope(parcel, &row, &seen)
    }
}

/// A segment that is kept until the others are here.
pub(crate) fn segment(
    turn: &mut Turn<'_, '_>,
    came: &Came<'_>,
    sender: &Sender,
    segment: &Segment,
) -> Result<Whole, StoreError> {
    // Parity does not say how many pieces of data there are.
    let (index, count, parity) = match segment.place {
        Place::Data { index, count } => (index, count, false),
        Place::Parity { index, .. } => (index, 0, true),
    };
    let whole = (segment.whole, count);
    let parcel = turn.tx.traces().add(&came.parcel(sender, Some(whole)))?;
    came.write(turn, parcel, index, parity)?;
    Ok(whole)
}

/// A message that stands here from now on, or waits here: how it came is written down.
pub(crate) fn kept(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, signed: &Signed) -> Result<(), StoreError> {
    let Some(coming) = origin.coming else { return Ok(()) };
    let parcel = match coming.written.get() {
        Some(parcel) => parcel,
        None => coming.write(turn)?,
    };
    coming.written.set(Some(parcel));
    let signed_bytes = signed.bytes.len() as u64;
    turn.tx
        .traces()
        .add_message(parcel, &signed.id, signed_bytes, origin.sync.as_ref())
}

/// With what the part for us is encrypted.
pub(crate) fn key_of(part: &Part, installation: Option<&InstallationId>) -> TraceKeyRow {
    let row = TraceKeyRow {
        installation: installation.map(ToString::to_string).unwrap_or_default(),
        ..clear()
    };
    match &part.scheme {
        Scheme::Ratchet(part) => {
            let scheme = match part.ephemeral {
                Some(_) => TraceScheme::Founding,
                None => TraceScheme::Ratchet,
            };
            TraceKeyRow {
                scheme,
                chain: Some(chain(&part.header.key)),
                number: Some(part.header.n),
                pre_key: (scheme == TraceScheme::Founding).then(|| row_key(&part.pre_key)),
                ..row
            }
        }
        Scheme::Dh { .. } => TraceKeyRow {
            scheme: TraceScheme::Identity,
            ..row
        },
        Scheme::Group(_) | Scheme::Clear(_) => row,
    }
}

/// No key on this layer.
pub(crate) fn clear() -> TraceKeyRow {
    TraceKeyRow {
        installation: String::new(),
        scheme: TraceScheme::Clear,
        chain: None,
        number: None,
        pre_key: None,
        acknowledged_at: None,
    }
}

/// Tells a chain of keys from others, and nothing about its keys.
pub(crate) fn chain(ratchet_key: &PublicKey) -> [u8; 8] {
    let hash = crypto::keccak256(&ratchet_key.to_compressed());
    std::array::from_fn(|index| hash[index])
}
