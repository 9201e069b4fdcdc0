//! Everything that an archive holds, as a stream of bytes: to move it from one database to another, or away.
//!
//! ```text
//! "undertone-archive 1\n"
//! for each message, oldest first:
//!     length       LEB128, of what follows
//!     hash         32 bytes, the message's deterministic hash
//!     message      protobuf { 1: pubsub topic, 2: WakuMessage }, as store nodes transfer it
//! 0                one byte, where a length would be
//! count            8 bytes, big-endian: the number of messages
//! checksum         32 bytes: SHA-256 of everything before
//! ```
//!
//! Nothing in it is encrypted beyond what senders encrypted. Reading needs the memory of one message.

use std::io::{self, Read, Write};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use sha2::{Digest, Sha256};
use waku_proto::{Envelope, MessageHash, sync};

use super::{Archive, ArchiveError, Inserted};

/// The archive's fault, or that of whoever takes the bytes.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Where the bytes go.
    #[error("the export cannot be written: {0}")]
    Io(#[from] io::Error),
    /// Where the messages come from.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// The file's fault, or the archive's. What stood before the fault is stored.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Other bytes.
    #[error("this is not an export of a message archive")]
    NotAnExport,
    /// A later version of this program made it.
    #[error("this export was made by a later version of this program; use that one")]
    OtherVersion,
    /// The end is missing.
    #[error("the export ends early, after {after} messages; copy it again")]
    Cut {
        /// Whole messages before.
        after: u64,
    },
    /// A message or the checksum is not what was written.
    #[error("the export is damaged after {after} messages; copy it again")]
    Damaged {
        /// Whole messages before.
        after: u64,
    },
    /// Where the bytes come from.
    #[error("the export cannot be read: {0}")]
    Io(io::Error),
    /// Where the messages go.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// What became of the messages of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// New ones.
    pub stored: u64,
    /// Ones that were there before.
    pub duplicates: u64,
}

impl Archive {
    /// Writes everything that is stored, and answers how many messages that was. Runs on the calling thread,
    /// for as long as it takes, beside whatever else uses the archive. Messages that come in meanwhile may be
    /// in it or not.
    pub fn export(&self, out: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> Result<u64, ExportError> {
        let mut out = Summed {
            inner: out,
            sum: Sha256::new(),
        };
        out.write_all(HEADER)?;
        let mut place: Option<(i64, MessageHash)> = None;
        let mut count: u64 = 0;
        loop {
            let entries = self.shared.readers.after(place, PAGE)?;
            let Some(last) = entries.last() else { break };
            let timestamp = last.envelope.as_ref().and_then(|envelope| envelope.message.timestamp);
            let next = (timestamp.unwrap_or(i64::MAX), last.hash);
            if place.is_some_and(|place| next <= place) {
                return Err(ArchiveError::Damaged.into()); // or it would never end
            }
            place = Some(next);
            for entry in entries {
                let Some(envelope) = entry.envelope else { continue };
                if envelope.hash() != entry.hash {
                    return Err(ArchiveError::Damaged.into());
                }
                let body = [&entry.hash.0[..], &sync::transfer::encode(envelope)].concat();
                out.write_all(&waku_proto::codec::frame(&body))?;
                count += 1;
            }
            progress(count);
        }
        out.write_all(&[0])?;
        out.write_all(&count.to_be_bytes())?;
        let checksum = out.sum.clone().finalize();
        out.write_all(&checksum)?;
        out.flush()?;
        Ok(count)
    }

    /// Stores what an export holds. Runs on the calling thread, which must not belong to an async runtime.
    /// Importing twice is harmless.
    pub fn import(&self, input: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<Imported, ImportError> {
        futures::executor::block_on(self.take_in(input, progress))
    }

    async fn take_in(&self, input: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<Imported, ImportError> {
        let mut export = Export::open(input)?;
        let mut imported = Imported::default();
        let mut under_way = FuturesUnordered::new();
        let mut count = |inserted: Inserted| match inserted {
            Inserted::Stored => imported.stored += 1,
            Inserted::Duplicate | Inserted::Refused(_) => imported.duplicates += 1,
        };
        let outcome = loop {
            let (envelope, hash) = match export.next() {
                Ok(Some(message)) => message,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            under_way.push(self.backfill(envelope, hash));
            if under_way.len() >= UNDER_WAY
                && let Some(inserted) = under_way.next().await
            {
                count(inserted?);
            }
            if export.count.is_multiple_of(PAGE as u64) {
                progress(export.count);
            }
        };
        while let Some(inserted) = under_way.next().await {
            count(inserted?);
        }
        outcome.map(|()| imported)
    }
}

/// An export that is being read.
struct Export<'a> {
    input: &'a mut dyn Read,
    sum: Sha256,
    /// Messages so far.
    count: u64,
}

impl<'a> Export<'a> {
    fn open(input: &'a mut dyn Read) -> Result<Export<'a>, ImportError> {
        let mut export = Export {
            input,
            sum: Sha256::new(),
            count: 0,
        };
        let mut header = [0; HEADER.len()];
        export.fill(&mut header).map_err(|error| match error {
            ImportError::Cut { .. } => ImportError::NotAnExport,
            error => error,
        })?;
        match &header {
            header if header == HEADER => Ok(export),
            header if header.starts_with(NAME) => Err(ImportError::OtherVersion),
            _ => Err(ImportError::NotAnExport),
        }
    }

    /// The next message; `None` behind the last one, if everything was whole.
    fn next(&mut self) -> Result<Option<(Envelope, MessageHash)>, ImportError> {
        let damaged = ImportError::Damaged { after: self.count };
        let mut reader = waku_proto::codec::LengthReader::default();
        let length = loop {
            let mut byte = [0];
            self.fill(&mut byte)?;
            match reader.push(byte[0], MAX_RECORD) {
                Ok(Some(length)) => break length,
                Ok(None) => {}
                Err(_) => return Err(damaged),
            }
        };
        if length == 0 {
            return self.end().map(|()| None);
        }
        let mut body = vec![0; length];
        self.fill(&mut body)?;
        let Some((hash, message)) = body.split_first_chunk::<32>() else {
            return Err(damaged);
        };
        match sync::transfer::decode(message) {
            Ok(envelope) if envelope.hash() == MessageHash(*hash) => {
                self.count += 1;
                Ok(Some((envelope, MessageHash(*hash))))
            }
            _ => Err(damaged),
        }
    }

    fn end(&mut self) -> Result<(), ImportError> {
        let mut count = [0; 8];
        self.fill(&mut count)?;
        let expected: [u8; 32] = self.sum.clone().finalize().into();
        let mut checksum = [0; 32];
        self.fill(&mut checksum)?;
        match checksum == expected && u64::from_be_bytes(count) == self.count {
            true => Ok(()),
            false => Err(ImportError::Damaged { after: self.count }),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ImportError> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ImportError::Cut { after: self.count },
            _ => ImportError::Io(error),
        })?;
        self.sum.update(bytes);
        Ok(())
    }
}

struct Summed<'a> {
    inner: &'a mut dyn Write,
    sum: Sha256,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

const NAME: &[u8] = b"undertone-archive ";
const HEADER: &[u8; 20] = b"undertone-archive 1\n";
/// Longest record that is read: no network carries a longer message.
const MAX_RECORD: usize = 16 * 1024 * 1024;
/// Messages that are read at once.
const PAGE: usize = 500;
/// Messages on their way into the archive, so that one commit serves many.
const UNDER_WAY: usize = 2_000;
