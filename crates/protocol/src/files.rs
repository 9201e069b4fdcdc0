//! Files of any kind between our own clients: cutting, sealing, repairing and putting together; see ADR 0015.
//!
//! A file is cut into chunks of one size, the last one padded; each is sealed under the file's own key and named by the
//! SHA-256 of its sealed bytes. Reed-Solomon parity over the sealed chunks follows, and all of them travel in envelopes.
//! A file above 5 MB has larger chunks and no parity, and goes from one device to the other; its announcement names the list
//! of the chunks instead of each. Knows no disks and no transfers: what is where, and when, is the messenger's.

use std::fmt;

use crypto::SymmetricKey;
use crypto::file::{CHUNK_OVERHEAD, FileKey, open_chunk, seal_chunk, sha256};
use prost::Message as _;
use reed_solomon_erasure::galois_8::ReedSolomon;

use crate::wire::files as wire;

pub use crate::wire::files::file_control::What;
pub use crate::wire::files::{FileControl, FileDoor};

/// Names a file among those who hold its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub [u8; 32]);

impl fmt::Debug for FileId {
    /// The first four digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// What the author of a file says about it, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Everything else is derived of it.
    pub key: FileKey,
    /// Its name, made harmless.
    pub name: String,
    /// Its media type as claimed, or `application/octet-stream`.
    pub media_type: String,
    /// Its length in bytes, at least 1.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub content_hash: [u8; 32],
    /// How it is cut.
    pub shape: Shape,
    /// SHA-256 of its sealed chunks, parity after data; of a file that goes directly, one: that of the list of them.
    pub hashes: Vec<[u8; 32]>,
}

/// How a file travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In envelopes: up to [`MAX_SIZE`].
    Envelopes,
    /// From one device to another: up to [`MAX_DIRECT_SIZE`].
    Direct,
}

impl Way {
    /// The way of a file of this length.
    pub fn of(size: u64) -> Way {
        match size > MAX_SIZE {
            true => Way::Direct,
            false => Way::Envelopes,
        }
    }
}

/// How a file is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of the file in a chunk.
    pub chunk_size: u32,
    /// Chunks that hold the file.
    pub data: u32,
    /// Chunks of parity.
    pub parity: u32,
}

/// A file ready to be announced and sent.
pub struct Prepared {
    /// How it is cut.
    pub shape: Shape,
    /// SHA-256 of its bytes.
    pub content_hash: [u8; 32],
    /// The sealed chunks, parity after data.
    pub sealed: Vec<Vec<u8>>,
    /// SHA-256 of each of them.
    pub hashes: Vec<[u8; 32]>,
}

/// The author is at fault: this announces no file that we would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No key, a hash of another length, or a number of hashes that does not fit.
    #[error("the announcement of the file is malformed")]
    Malformed,
    /// Empty, or larger than [`MAX_DIRECT_SIZE`].
    #[error("the file is empty or too large")]
    Size,
    /// Cut in another way than we would.
    #[error("the file is cut in an unknown way")]
    Shape,
}

impl Shape {
    /// How a file of this length is cut.
    pub fn of(size: u64) -> Result<Shape, FileError> {
        if size == 0 || size > MAX_DIRECT_SIZE {
            return Err(FileError::Size);
        }
        if Way::of(size) == Way::Direct {
            return Ok(Shape {
                chunk_size: DIRECT_CHUNK,
                data: chunks(size, DIRECT_CHUNK)?,
                parity: 0,
            });
        }
        let chunk_size = CHUNKS
            .into_iter()
            .find(|chunk| size <= u64::from(*chunk))
            .unwrap_or(CHUNKS[CHUNKS.len() - 1]);
        let data = chunks(size, chunk_size)?;
        Ok(Shape {
            chunk_size,
            data,
            parity: data.div_ceil(DATA_PER_PARITY),
        })
    }

    /// Data and parity chunks together.
    pub fn total(&self) -> u32 {
        self.data + self.parity
    }

    /// Bytes of a sealed chunk; all have the same.
    pub fn sealed_len(&self) -> usize {
        self.chunk_size as usize + CHUNK_OVERHEAD
    }
}

/// Cuts, seals and protects a file that travels in envelopes.
pub fn prepare(bytes: &[u8], key: &FileKey) -> Result<Prepared, FileError> {
    let shape = Shape::of(bytes.len() as u64)?;
    if shape.parity == 0 {
        return Err(FileError::Size);
    }
    let chunk_key = key.chunk_key();
    let mut sealed: Vec<Vec<u8>> = bytes
        .chunks(shape.chunk_size as usize)
        .enumerate()
        .map(|(index, plain)| seal_padded(&chunk_key, index as u32, plain, &shape))
        .collect();
    let mut parity = vec![vec![0; shape.sealed_len()]; shape.parity as usize];
    codec(&shape)
        .encode_sep(&sealed, &mut parity)
        .expect("all shards have one length");
    sealed.append(&mut parity);
    Ok(Prepared {
        shape,
        content_hash: sha256(bytes),
        hashes: sealed.iter().map(|chunk| sha256(chunk)).collect(),
        sealed,
    })
}

/// Seals a chunk of a file; the last one is filled up with zeros.
pub fn seal_padded(chunk_key: &SymmetricKey, index: u32, plain: &[u8], shape: &Shape) -> Vec<u8> {
    let mut padded = plain.to_vec();
    padded.resize(shape.chunk_size as usize, 0);
    seal_chunk(chunk_key, index, &padded)
}

/// The bytes of the file in a sealed chunk, without padding; `None` if it is not what the key sealed there.
pub fn open_data(chunk_key: &SymmetricKey, index: u32, sealed: &[u8], shape: &Shape, size: u64) -> Option<Vec<u8>> {
    let mut plain = open_chunk(chunk_key, index, sealed).ok()?;
    let begin = u64::from(index) * u64::from(shape.chunk_size);
    let left = usize::try_from(size.checked_sub(begin)?).unwrap_or(usize::MAX);
    plain.truncate(left);
    Some(plain)
}

/// Computes the data chunks that are missing, if enough of the others are here; `None` if not. The chunks stand in order,
/// parity after data, and each that is here must have been checked against its hash.
pub fn repair(shape: &Shape, mut chunks: Vec<Option<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let data = shape.data as usize;
    let here = chunks.iter().flatten().count();
    if chunks.len() != shape.total() as usize || here < data {
        return None;
    }
    if chunks[..data].iter().any(Option::is_none) {
        codec(shape).reconstruct_data(&mut chunks).ok()?;
    }
    chunks.truncate(data);
    chunks.into_iter().collect()
}

/// Puts a file together from all its data chunks; `None` if it is not the file that was announced.
pub fn assemble(announced: &Announcement, data: &[Vec<u8>]) -> Option<Vec<u8>> {
    let chunk_key = announced.key.chunk_key();
    let mut whole = Vec::with_capacity(usize::try_from(announced.size).ok()?);
    for (index, sealed) in data.iter().enumerate() {
        let index = u32::try_from(index).ok()?;
        whole.extend(open_data(&chunk_key, index, sealed, &announced.shape, announced.size)?);
    }
    (sha256(&whole) == announced.content_hash).then_some(whole)
}

impl Announcement {
    /// Checks what was received. Names are made harmless, and everything is bounded.
    pub fn parse(wire: &wire::FileAnnouncement) -> Result<Announcement, FileError> {
        let key: &[u8; 32] = wire.key[..].try_into().map_err(|_| FileError::Malformed)?;
        let content_hash = wire.content_hash[..].try_into().map_err(|_| FileError::Malformed)?;
        let expected = Shape::of(wire.size)?;
        let shape = Shape {
            parity: wire.parity_chunks,
            ..expected
        };
        if wire.chunk_size != shape.chunk_size || shape.parity > expected.data {
            return Err(FileError::Shape);
        }
        let (hashes, rest) = wire.chunk_hashes.as_chunks::<32>();
        let expected_hashes = match Way::of(wire.size) {
            Way::Envelopes => shape.total() as usize,
            Way::Direct if shape.parity == 0 => 1,
            Way::Direct => return Err(FileError::Shape),
        };
        if !rest.is_empty() || hashes.len() != expected_hashes {
            return Err(FileError::Malformed);
        }
        Ok(Announcement {
            key: FileKey::from_bytes(key),
            name: clean_name(&wire.name),
            media_type: clean_media_type(&wire.media_type),
            size: wire.size,
            content_hash,
            shape,
            hashes: hashes.to_vec(),
        })
    }

    /// How it travels.
    pub fn way(&self) -> Way {
        Way::of(self.size)
    }

    /// Whether it goes from one device to the other.
    pub fn is_direct(&self) -> bool {
        self.way() == Way::Direct
    }

    /// The name of the file.
    pub fn id(&self) -> FileId {
        FileId(self.key.id())
    }

    /// Reads what [`Announcement::encode`] made.
    pub fn decode(bytes: &[u8]) -> Option<Announcement> {
        Announcement::parse(&wire::FileAnnouncement::decode(bytes).ok()?).ok()
    }

    /// As bytes, to be kept. They hold the key.
    pub fn encode(&self) -> Vec<u8> {
        self.to_wire().encode_to_vec()
    }

    /// The form to send.
    pub fn to_wire(&self) -> wire::FileAnnouncement {
        wire::FileAnnouncement {
            key: self.key.expose().to_vec(),
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size: self.size,
            content_hash: self.content_hash.to_vec(),
            chunk_size: self.shape.chunk_size,
            chunk_hashes: self.hashes.concat(),
            parity_chunks: self.shape.parity,
        }
    }
}

impl fmt::Debug for Announcement {
    /// Neither the key nor the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Announcement")
            .field("size", &self.size)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({:?})", self.shape)
    }
}

/// The payload of an envelope that carries one chunk.
pub fn encode_chunk(file: &FileId, index: u32, sealed: Vec<u8>) -> Vec<u8> {
    wire::FileChunk {
        file_id: file.0.to_vec(),
        index,
        sealed,
    }
    .encode_to_vec()
}

/// A received chunk.
pub struct Chunk {
    /// The file it says it belongs to.
    pub file: FileId,
    /// Its place.
    pub index: u32,
    /// Its bytes.
    pub sealed: Vec<u8>,
}

/// Reads the payload of an envelope on a file's topic.
pub fn parse_chunk(bytes: &[u8]) -> Option<Chunk> {
    let wire = wire::FileChunk::decode(bytes).ok()?;
    Some(Chunk {
        file: FileId(wire.file_id.try_into().ok()?),
        index: wire.index,
        sealed: wire.sealed,
    })
}

/// A door as bytes, to be kept.
pub fn encode_door(door: &FileDoor) -> Vec<u8> {
    door.encode_to_vec()
}

/// Reads what [`encode_door`] made.
pub fn decode_door(bytes: &[u8]) -> Option<FileDoor> {
    FileDoor::decode(bytes).ok()
}

/// The name of a list of chunks: the SHA-256 of their hashes, one after the other.
pub fn list_hash(hashes: &[[u8; 32]]) -> [u8; 32] {
    sha256(hashes.as_flattened())
}

/// The name that the topic of a file is made of.
pub fn topic_name(file: &FileId) -> String {
    format!("{TOPIC_PREFIX}{file}")
}

/// The file that a topic of this name belongs to.
pub fn file_of_topic(name: &str) -> Option<FileId> {
    let digits = name.strip_prefix(TOPIC_PREFIX)?;
    hex::decode(digits).ok()?.try_into().ok().map(FileId)
}

/// The bits of the chunks that are missing.
pub fn to_bits(missing: &[u32], total: u32) -> Vec<u8> {
    let mut bits = vec![0_u8; (total as usize).div_ceil(8)];
    for index in missing.iter().filter(|index| **index < total) {
        bits[*index as usize / 8] |= 1 << (index % 8);
    }
    bits
}

/// The chunks whose bits are set, those beyond `total` left out.
pub fn from_bits(bits: &[u8], total: u32) -> Vec<u32> {
    (0..total)
        .filter(|index| {
            bits.get(*index as usize / 8)
                .is_some_and(|byte| byte & (1 << (index % 8)) != 0)
        })
        .collect()
}

/// A file name without a path, without control and direction characters, and of bounded length.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last.chars().filter(|c| !is_unsafe(*c)).take(MAX_NAME).collect();
    while clean.starts_with(['.', ' ']) {
        clean.remove(0);
    }
    let trimmed = clean.trim_end_matches([' ', '.']);
    match trimmed.is_empty() {
        true => "file".into(),
        false => trimmed.to_owned(),
    }
}

/// A media type of the usual form, or the one that says nothing.
pub fn clean_media_type(text: &str) -> String {
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    match text.split_once('/') {
        Some((kind, rest)) if text.len() <= MAX_MEDIA_TYPE && is_token(kind) && is_token(rest) => {
            text.to_ascii_lowercase()
        }
        _ => "application/octet-stream".into(),
    }
}

/// The largest file that goes from one device to another, in bytes.
pub const MAX_DIRECT_SIZE: u64 = 1_000_000_000;
/// Its chunks: small enough to be held and checked before they are written, large enough to cost little.
const DIRECT_CHUNK: u32 = 256 << 10;
/// The largest file that travels in envelopes, in bytes.
pub const MAX_SIZE: u64 = 5_000_000;
/// Characters of a file name.
const MAX_NAME: usize = 120;
const MAX_MEDIA_TYPE: usize = 100;
const TOPIC_PREFIX: &str = "file-";

/// Sizes of the chunks that travel in envelopes; the largest leaves room below the 150,000 bytes of the strictest nodes.
const CHUNKS: [u32; 4] = [4 << 10, 16 << 10, 64 << 10, 128 << 10];
/// One parity chunk for as many data chunks: a sixth of all envelopes may be lost.
const DATA_PER_PARITY: u32 = 5;

fn chunks(size: u64, chunk_size: u32) -> Result<u32, FileError> {
    u32::try_from(size.div_ceil(u64::from(chunk_size))).map_err(|_| FileError::Size)
}

fn codec(shape: &Shape) -> ReedSolomon {
    ReedSolomon::new(shape.data as usize, shape.parity as usize)
        .expect("at most 39 data shards and as much parity are within what the code is defined for")
}

/// Control characters, and those that turn or hide text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

#[cfg(test)]
mod tests;
