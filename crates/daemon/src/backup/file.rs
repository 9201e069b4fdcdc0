//! A backup as a file: written in pieces, read in pieces, never whole in memory.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use messenger::Timestamp;
use messenger::backup::{
    BackupError, BackupKey, Entry, Extent, HEADER, Head, Opener, Position, SEALED_CHUNK, Sealer, TURN_WEIGHT, Walk,
};
use store::{StoreError, View};

use super::{refused, trouble};
use crate::home;
use crate::http::Refusal;

/// A backup that is being written. Dropped before it is finished, it is removed.
pub(super) struct Draft {
    path: PathBuf,
    file: BufWriter<File>,
    sealer: Option<Sealer>,
    walk: Walk,
    done: u64,
    total: u64,
}

impl Draft {
    /// Begins it. Whatever has its name is replaced.
    pub(super) fn begin(path: &Path, key: &BackupKey, extent: Extent, now: Timestamp) -> Result<Draft, Refusal> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|_| Refusal::unavailable())?;
        let (sealer, header) = Sealer::begin(key, &salt);
        let mut file = BufWriter::new(home::new_private_file(path).map_err(refused)?);
        file.write_all(&header).map_err(|e| trouble(path, e))?;
        Ok(Draft {
            path: path.to_owned(),
            file,
            sealer: Some(sealer),
            walk: Walk::new(extent, now),
            done: 0,
            total: 0,
        })
    }

    /// Writes the next piece; false when there is none.
    pub(super) fn next(&mut self, view: &View<'_>) -> Result<Result<bool, Refusal>, StoreError> {
        let entries = self.walk.next(view)?;
        Ok(self.write(&entries).map_err(|e| trouble(&self.path, e)))
    }

    /// Entries written, and entries expected.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.done, self.total.max(self.done))
    }

    /// Ends the file and gives it its name, once it is on the disk.
    pub(super) fn finish(mut self, to: &Path) -> Result<(), Refusal> {
        let sealer = self.sealer.take();
        let finish = || {
            let end = sealer.map(Sealer::finish).unwrap_or_default();
            self.file.write_all(&end)?;
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            fs::rename(&self.path, to)?;
            match to.parent() {
                // Only then does the name survive a loss of power.
                Some(dir) => File::open(dir)?.sync_all(),
                None => Ok(()),
            }
        };
        finish().map_err(|e| trouble(to, e))
    }

    fn write(&mut self, entries: &[Entry]) -> io::Result<bool> {
        for entry in entries {
            if let Entry::Head(head) = entry {
                self.total = head.expected;
            }
            let sealer = self.sealer.as_mut().ok_or(io::ErrorKind::InvalidInput)?;
            let bytes = sealer.push(&entry.encode()).map_err(io::Error::other)?;
            self.file.write_all(&bytes)?;
        }
        self.done += entries.len() as u64;
        Ok(!entries.is_empty())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After `finish` there is nothing of this name any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// A backup that is being read.
pub(crate) struct Source {
    path: PathBuf,
    file: BufReader<File>,
    opener: Opener,
    head: Head,
    /// The sealed chunk that is read next; empty at the end of the file.
    chunk: Vec<u8>,
    entries: u64,
    over: bool,
}

impl Source {
    /// Opens a file, and reads how it begins.
    pub(crate) fn open(path: &Path, key: &BackupKey) -> Result<Source, Refusal> {
        let file = File::open(path).map_err(|e| trouble(path, e))?;
        let mut file = BufReader::new(file);
        let header = read(&mut file, HEADER).map_err(|e| trouble(path, e))?;
        let header: &[u8; HEADER] = header[..].try_into().map_err(|_| BackupError::NotABackup)?;
        let opener = Opener::begin(key, header)?;
        let chunk = read(&mut file, SEALED_CHUNK).map_err(|e| trouble(path, e))?;
        let mut source = Source {
            path: path.to_owned(),
            file,
            opener,
            head: Head {
                made_at: Timestamp(0),
                identity: [0; 33].into(),
                extent: Extent::WithoutMessages,
                expected: 0,
            },
            chunk,
            entries: 0,
            over: false,
        };
        match source.next()? {
            Some(Entry::Head(head)) => source.head = head,
            _ => return Err(BackupError::Damaged.into()),
        }
        Ok(source)
    }

    /// How it begins.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// The next entries, as many as one turn merges; none at the end, which has been checked then.
    pub(crate) fn batch(&mut self) -> Result<Vec<Entry>, Refusal> {
        let mut batch = Vec::new();
        let mut weight = 0;
        while weight < TURN_WEIGHT
            && let Some(entry) = self.next()?
        {
            weight += entry.weight();
            batch.push(entry);
        }
        Ok(batch)
    }

    fn next(&mut self) -> Result<Option<Entry>, Refusal> {
        loop {
            if let Some(record) = self.opener.record()? {
                let entry = Entry::decode(&record)?;
                // Nothing follows the end, a second beginning is none, and the end knows how many there were.
                let misplaced = match &entry {
                    Entry::Head(_) => self.entries > 0,
                    Entry::End(entries) => *entries != self.entries,
                    _ => false,
                };
                if self.over || misplaced {
                    return Err(BackupError::Damaged.into());
                }
                self.over = matches!(entry, Entry::End(_));
                self.entries += 1;
                return Ok(Some(entry));
            }
            if self.opener.is_over() {
                return match self.over && self.chunk.is_empty() {
                    true => Ok(None),
                    false => Err(BackupError::Damaged.into()),
                };
            }
            let next = read(&mut self.file, SEALED_CHUNK).map_err(|e| trouble(&self.path, e))?;
            let chunk = std::mem::replace(&mut self.chunk, next);
            let position = match self.chunk.is_empty() {
                true => Position::Last,
                false => Position::Inner,
            };
            self.opener.chunk(&chunk, position)?;
        }
    }
}

/// Up to so many bytes, fewer only at the end of the file.
fn read(file: &mut BufReader<File>, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
