//! The container of a backup file: a header, and records in sealed chunks of one size; see docs/protocol/backup.md.
//!
//! Works on bytes that are handed in and out and holds one chunk and one record at most. What a record means is the
//! messenger's; where the bytes are is the daemon's.

use crypto::SymmetricKey;
use crypto::backup::{BackupKey, CHECK, CHUNK_OVERHEAD, Position, open_chunk, seal_chunk};
use prost::Message as _;

use crate::wire::backup::BackupRecord;
use crate::wire::backup::backup_record::What;

/// The file is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// It begins as no backup does.
    #[error("this is not a backup of Undertone")]
    NotABackup,
    /// A newer program wrote it.
    #[error("the backup was written by a newer version; use that version")]
    Version,
    /// Its owner has another key.
    #[error("the backup belongs to another profile; restore that profile from its recovery phrase first")]
    OtherProfile,
    /// Cut off, altered, or made by somebody who does not know how.
    #[error("the backup is damaged; take another one")]
    Damaged,
}

/// Our fault: a record that no reader would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record is empty or too large")]
pub struct RecordTooLarge;

/// Writes a backup.
pub struct Sealer {
    key: SymmetricKey,
    number: u32,
    /// Less than a chunk.
    plain: Vec<u8>,
}

impl Sealer {
    /// Begins a file. `salt` must be random. The second value is the header, the first bytes of the file.
    pub fn begin(key: &BackupKey, salt: &[u8; 32]) -> (Sealer, [u8; HEADER]) {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8] = VERSION;
        header[9..41].copy_from_slice(salt);
        header[41..].copy_from_slice(&key.check(salt));
        let sealer = Sealer {
            key: key.file_key(&header),
            number: 0,
            plain: Vec::with_capacity(CHUNK),
        };
        (sealer, header)
    }

    /// Adds a record; answers the bytes that the file goes on with, often none.
    pub fn push(&mut self, record: &[u8]) -> Result<Vec<u8>, RecordTooLarge> {
        if record.is_empty() || record.len() > MAX_RECORD {
            return Err(RecordTooLarge);
        }
        let length = u32::try_from(record.len()).map_err(|_| RecordTooLarge)?;
        self.plain.extend_from_slice(&length.to_le_bytes());
        self.plain.extend_from_slice(record);
        let mut sealed = Vec::new();
        // The last chunk is sealed as such, so a full one stays until something follows it.
        while self.plain.len() > CHUNK {
            sealed.extend(self.seal(Position::Inner));
        }
        Ok(sealed)
    }

    /// The bytes that end the file.
    pub fn finish(mut self) -> Vec<u8> {
        self.plain.resize(CHUNK, 0);
        self.seal(Position::Last)
    }

    fn seal(&mut self, position: Position) -> Vec<u8> {
        let rest = self.plain.split_off(CHUNK);
        let sealed = seal_chunk(&self.key, self.number, position, &self.plain);
        self.number += 1;
        self.plain = rest;
        sealed
    }
}

/// Reads a backup.
pub struct Opener {
    key: SymmetricKey,
    number: u32,
    plain: Vec<u8>,
    /// How much of it was given out.
    read: usize,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    /// More chunks follow.
    Open,
    /// The last chunk is here.
    Last,
    /// All of it was given out.
    Over,
}

impl Opener {
    /// Begins with the header of a file.
    pub fn begin(key: &BackupKey, header: &[u8; HEADER]) -> Result<Opener, BackupError> {
        if &header[..8] != MAGIC {
            return Err(BackupError::NotABackup);
        }
        if header[8] != VERSION {
            return Err(BackupError::Version);
        }
        let salt: &[u8; 32] = header[9..41].try_into().map_err(|_| BackupError::NotABackup)?;
        if header[41..] != key.check(salt) {
            return Err(BackupError::OtherProfile);
        }
        Ok(Opener {
            key: key.file_key(header),
            number: 0,
            plain: Vec::new(),
            read: 0,
            state: State::Open,
        })
    }

    /// Takes the next [`SEALED_CHUNK`] bytes of the file, after [`record`](Self::record) had no more to give.
    pub fn chunk(&mut self, sealed: &[u8], position: Position) -> Result<(), BackupError> {
        if self.state != State::Open || sealed.len() != SEALED_CHUNK {
            return Err(BackupError::Damaged);
        }
        self.plain.drain(..self.read);
        self.read = 0;
        if self.plain.len() > MAX_RECORD + 4 {
            return Err(BackupError::Damaged);
        }
        let plain = open_chunk(&self.key, self.number, position, sealed).map_err(|_| BackupError::Damaged)?;
        self.number = self.number.checked_add(1).ok_or(BackupError::Damaged)?;
        self.plain.extend(plain);
        if position == Position::Last {
            self.state = State::Last;
        }
        Ok(())
    }

    /// The next record that is here whole; `None` when another chunk is needed, or the file is over.
    pub fn record(&mut self) -> Result<Option<Vec<u8>>, BackupError> {
        let left = self.plain.get(self.read..).unwrap_or_default();
        match (left.split_first_chunk::<4>(), &self.state) {
            (_, State::Over) => Ok(None),
            (Some((length, rest)), _) => {
                let length = u32::from_le_bytes(*length) as usize;
                if length == 0 {
                    return self.end(left.iter().all(|byte| *byte == 0));
                }
                if length > MAX_RECORD {
                    return Err(BackupError::Damaged);
                }
                match rest.get(..length) {
                    Some(record) => {
                        let record = record.to_vec();
                        self.read += 4 + length;
                        Ok(Some(record))
                    }
                    None if self.state == State::Open => Ok(None),
                    None => Err(BackupError::Damaged),
                }
            }
            (None, State::Open) => Ok(None),
            (None, State::Last) => self.end(left.iter().all(|byte| *byte == 0)),
        }
    }

    /// Whether every record was given out, and nothing but zeros followed.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    fn end(&mut self, zeros: bool) -> Result<Option<Vec<u8>>, BackupError> {
        if self.state != State::Last || !zeros {
            return Err(BackupError::Damaged);
        }
        self.state = State::Over;
        Ok(None)
    }
}

/// A record as bytes.
pub fn encode_record(what: What) -> Vec<u8> {
    BackupRecord { what: Some(what) }.encode_to_vec()
}

/// Reads a record; `None`: a later version wrote it.
pub fn decode_record(bytes: &[u8]) -> Result<Option<What>, BackupError> {
    let record = BackupRecord::decode(bytes).map_err(|_| BackupError::Damaged)?;
    Ok(record.what)
}

/// Bytes of the header.
pub const HEADER: usize = 8 + 1 + 32 + CHECK;

/// Bytes of every chunk in the file.
pub const SEALED_CHUNK: usize = CHUNK + CHUNK_OVERHEAD;

/// Bytes of a record at most: an album of the largest pictures with room to spare.
pub const MAX_RECORD: usize = 16 << 20;

const CHUNK: usize = 64 << 10;
const MAGIC: &[u8; 8] = b"UNDRBACK";
const VERSION: u8 = 1;

#[cfg(test)]
mod tests;
