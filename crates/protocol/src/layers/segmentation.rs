//! Segmentation: messages that are too large for one envelope, with Reed-Solomon parity.
//!
//! Segments are collected by the caller, by hash of the whole *and* signer of the envelopes, because anybody may send a
//! segment with any hash. Everything received is bounded by [`MAX_DATA_SEGMENTS`] and [`MAX_WHOLE_BYTES`].

use std::collections::BTreeMap;
use std::fmt;

use prost::Message as _;
use reed_solomon_erasure::galois_8::ReedSolomon;
use sha3::{Digest as _, Keccak256};

use crate::wire::segment::SegmentMessage;

/// One received segment.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// keccak-256 of the whole message, by which segments belong together.
    pub whole: [u8; 32],
    /// Where the payload belongs.
    pub place: Place,
    /// Length of the whole in bytes; older senders do not say.
    pub whole_length: Option<u64>,
    /// The data or parity bytes.
    pub payload: Vec<u8>,
}

/// The place of a segment among its fellows. Counts are at least 1 and indices below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Piece `index` of `count` pieces of the message.
    Data {
        /// From 0.
        index: u32,
        /// At least 2.
        count: u32,
    },
    /// Parity piece `index` of `count`; says nothing about how many data pieces there are.
    Parity {
        /// From 0.
        index: u32,
        /// At least 1.
        count: u32,
    },
}

/// Cuts a message into the payloads of as many envelopes as needed; a message of at most `segment_bytes` stays as it is,
/// without a segment header.
///
/// Data pieces come first, parity pieces after them: one for eight data pieces, as long as both together stay within
/// 256. `segment_bytes` is normally [`SEGMENT_BYTES`] and must not be 0.
pub fn split(whole: &[u8], segment_bytes: usize) -> Vec<Vec<u8>> {
    assert!(segment_bytes > 0, "a segment holds at least one byte");
    if whole.len() <= segment_bytes {
        return vec![whole.to_vec()];
    }
    let hash: [u8; 32] = Keccak256::digest(whole).into();
    let pieces: Vec<&[u8]> = whole.chunks(segment_bytes).collect();
    let parity = parity_of(&pieces, segment_bytes);
    let blank = SegmentMessage {
        entire_message_hash: hash.to_vec(),
        original_payload_length: whole.len() as u64,
        ..SegmentMessage::default()
    };
    let data = pieces.iter().enumerate().map(|(index, piece)| SegmentMessage {
        index: index as u32,
        segments_count: pieces.len() as u32,
        payload: piece.to_vec(),
        ..blank.clone()
    });
    let parity = parity.iter().enumerate().map(|(index, piece)| SegmentMessage {
        parity_segment_index: index as u32,
        parity_segments_count: parity.len() as u32,
        payload: piece.clone(),
        ..blank.clone()
    });
    data.chain(parity).map(|segment| segment.encode_to_vec()).collect()
}

/// Reads a segment; `None` means that the bytes are not one and are to be taken as they are.
///
/// Every payload is tried as a segment first. What is well formed but beyond the bounds is no segment either: its bytes
/// then fail in the layers above.
pub fn parse(bytes: &[u8]) -> Option<Segment> {
    let wire = SegmentMessage::decode(bytes).ok()?;
    let whole = wire.entire_message_hash.try_into().ok()?;
    let place = if wire.segments_count >= 2 {
        Place::Data {
            index: wire.index,
            count: wire.segments_count,
        }
    } else if wire.segments_count == 0 && wire.parity_segments_count > 0 {
        Place::Parity {
            index: wire.parity_segment_index,
            count: wire.parity_segments_count,
        }
    } else {
        return None;
    };
    let within = match place {
        Place::Data { index, count } => index < count && count as usize <= MAX_DATA_SEGMENTS,
        Place::Parity { index, count } => index < count && count as usize <= MAX_PARITY_SEGMENTS,
    };
    if !within || wire.payload.is_empty() || wire.original_payload_length > MAX_WHOLE_BYTES as u64 {
        return None;
    }
    let whole_length = Some(wire.original_payload_length).filter(|length| *length > 0);
    Some(Segment {
        whole,
        place,
        whole_length,
        payload: wire.payload,
    })
}

/// Puts a message together from all segments of one hash and one signer, in any order and with repetitions.
///
/// `None` means that more are needed; an error that they will never fit, so that they can be thrown away.
pub fn assemble(segments: &[Segment]) -> Result<Option<Vec<u8>>, SegmentError> {
    let Some(set) = Set::of(segments)? else {
        return Ok(None);
    };
    if set.data.len() == set.data_count {
        return set.concatenate().map(Some);
    }
    if set.parity.is_empty() || set.data.len() + set.parity.len() < set.data_count {
        return Ok(None);
    }
    set.reconstruct().map(Some)
}

/// The sender made segments that do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Segments of different messages, or that disagree about counts or lengths.
    #[error("the segments of a message contradict each other")]
    Contradiction,
    /// The whole would be larger than [`MAX_WHOLE_BYTES`].
    #[error("the segmented message is too large")]
    TooLarge,
    /// What they make is not what their hash names.
    #[error("the segments do not make the message that they name")]
    WrongHash,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({:?}, {} bytes)", self.place, self.payload.len())
    }
}

/// Payload bytes of the segments we write.
///
/// With the segment header (about 60 bytes), payload v1 (at most 440) and the fields of the Waku message (about 60) an
/// envelope stays below 150,000 bytes, the limit of the strictest nodes.
pub const SEGMENT_BYTES: usize = 148_000;
/// The largest message that is put together from segments. Status clients themselves stay below 2 MB.
pub const MAX_WHOLE_BYTES: usize = 16 * 1024 * 1024;
/// The largest number of data segments accepted for one message.
pub const MAX_DATA_SEGMENTS: usize = 1024;
/// Reed-Solomon over GF(2^8) has no more shards than this, data and parity together.
const MAX_SHARDS: usize = 256;
/// The largest number of parity segments accepted for one message.
const MAX_PARITY_SEGMENTS: usize = MAX_SHARDS - 1;
/// One parity segment for as many data segments.
const DATA_PER_PARITY: usize = 8;
/// How many zeros at the end of a message are told from padding when a sender did not say the length.
const MAX_TRAILING_ZEROS: usize = 64;

/// The distinct segments of one message.
struct Set<'a> {
    whole: [u8; 32],
    whole_length: Option<usize>,
    data: BTreeMap<usize, &'a [u8]>,
    data_count: usize,
    parity: BTreeMap<usize, &'a [u8]>,
    parity_count: usize,
}

impl<'a> Set<'a> {
    /// `None` as long as there is no data segment, because only those say how many there are.
    fn of(segments: &'a [Segment]) -> Result<Option<Set<'a>>, SegmentError> {
        let Some(first) = segments.first() else {
            return Ok(None);
        };
        let mut set = Set {
            whole: first.whole,
            whole_length: None,
            data: BTreeMap::new(),
            data_count: 0,
            parity: BTreeMap::new(),
            parity_count: 0,
        };
        for segment in segments {
            set.add(segment)?;
        }
        let bytes = set
            .data
            .values()
            .chain(set.parity.values())
            .map(|piece| piece.len())
            .sum::<usize>();
        if bytes > MAX_WHOLE_BYTES {
            return Err(SegmentError::TooLarge);
        }
        Ok(if set.data_count == 0 { None } else { Some(set) })
    }

    fn add(&mut self, segment: &'a Segment) -> Result<(), SegmentError> {
        if segment.whole != self.whole {
            return Err(SegmentError::Contradiction);
        }
        if let Some(length) = segment.whole_length {
            let length = usize::try_from(length).map_err(|_| SegmentError::TooLarge)?;
            if *self.whole_length.get_or_insert(length) != length {
                return Err(SegmentError::Contradiction);
            }
        }
        let (pieces, known_count, index, count) = match segment.place {
            Place::Data { index, count } => (&mut self.data, &mut self.data_count, index, count),
            Place::Parity { index, count } => (&mut self.parity, &mut self.parity_count, index, count),
        };
        let count = count as usize;
        if *known_count != 0 && *known_count != count {
            return Err(SegmentError::Contradiction);
        }
        *known_count = count;
        match pieces.insert(index as usize, &segment.payload) {
            Some(other) if other != segment.payload => Err(SegmentError::Contradiction),
            _ => Ok(()),
        }
    }

    fn concatenate(&self) -> Result<Vec<u8>, SegmentError> {
        let whole: Vec<u8> = self.data.values().copied().flatten().copied().collect();
        if Keccak256::digest(&whole).as_slice() != self.whole {
            return Err(SegmentError::WrongHash);
        }
        Ok(whole)
    }

    fn reconstruct(&self) -> Result<Vec<u8>, SegmentError> {
        let shard = self.parity.values().next().map_or(0, |piece| piece.len());
        let last = self.data_count - 1;
        self.check_lengths(shard, last)?;
        let codec = ReedSolomon::new(self.data_count, self.parity_count).map_err(|_| SegmentError::Contradiction)?;
        let mut shards: Vec<Option<Vec<u8>>> = (0..self.data_count)
            .map(|index| self.data.get(&index).map(|piece| padded(piece, shard)))
            .chain((0..self.parity_count).map(|index| self.parity.get(&index).map(|piece| piece.to_vec())))
            .collect();
        codec
            .reconstruct_data(&mut shards)
            .map_err(|_| SegmentError::Contradiction)?;
        let mut whole: Vec<u8> = shards.into_iter().take(self.data_count).flatten().flatten().collect();
        match (self.data.get(&last), self.whole_length) {
            (Some(piece), _) => whole.truncate(last * shard + piece.len()),
            (None, Some(length)) => whole.truncate(length),
            (None, None) => return trim_padding(whole, last * shard, &self.whole),
        }
        if Keccak256::digest(&whole).as_slice() != self.whole {
            return Err(SegmentError::WrongHash);
        }
        Ok(whole)
    }

    /// All shards have one length, except that the last data segment may be shorter.
    fn check_lengths(&self, shard: usize, last: usize) -> Result<(), SegmentError> {
        let data = self
            .data
            .iter()
            .all(|(index, piece)| piece.len() == shard || *index == last && piece.len() < shard);
        if !data || self.parity.values().any(|piece| piece.len() != shard) {
            return Err(SegmentError::Contradiction);
        }
        match self.data_count.saturating_mul(shard) {
            whole if whole > MAX_WHOLE_BYTES => Err(SegmentError::TooLarge),
            _ => Ok(()),
        }
    }
}

/// Parity pieces, or none where the deployed clients make none.
fn parity_of(pieces: &[&[u8]], segment_bytes: usize) -> Vec<Vec<u8>> {
    let count = pieces.len() / DATA_PER_PARITY;
    if count == 0 || pieces.len() + count > MAX_SHARDS {
        return Vec::new();
    }
    let data: Vec<Vec<u8>> = pieces.iter().map(|piece| padded(piece, segment_bytes)).collect();
    let mut parity = vec![vec![0; segment_bytes]; count];
    ReedSolomon::new(data.len(), count)
        .and_then(|codec| codec.encode_sep(&data, &mut parity))
        .expect("1..=256 shards of one length are what the code is defined for");
    parity
}

fn padded(piece: &[u8], length: usize) -> Vec<u8> {
    let mut piece = piece.to_vec();
    piece.resize(length, 0);
    piece
}

/// Finds the end of a message whose last piece was reconstructed with its padding: the full length first, then no zero
/// at the end, one, two, and so on.
fn trim_padding(mut whole: Vec<u8>, at_least: usize, hash: &[u8; 32]) -> Result<Vec<u8>, SegmentError> {
    if Keccak256::digest(&whole).as_slice() == hash {
        return Ok(whole);
    }
    let zeros = whole[at_least..].iter().rev().take_while(|byte| **byte == 0).count();
    let shortest = (whole.len() - zeros).max(at_least + 1);
    let mut state = Keccak256::new_with_prefix(&whole[..shortest]);
    for length in shortest..=whole.len().min(shortest + MAX_TRAILING_ZEROS) {
        if state.clone().finalize().as_slice() == hash {
            whole.truncate(length);
            return Ok(whole);
        }
        state.update([0]);
    }
    Err(SegmentError::WrongHash)
}

#[cfg(test)]
mod tests;
