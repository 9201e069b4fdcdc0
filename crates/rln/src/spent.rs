//! The numbers that a membership has used, kept on disk.
//!
//! A number is on disk before a proof is made with it. So a crash in between wastes it, and nothing uses it again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use waku_proto::rln::Epoch;
use waku_proto::rln::nonces::{DrawError, Nonces};

/// The numbers of one membership, in a file of their own.
#[derive(Debug)]
pub struct Spent {
    path: PathBuf,
    nonces: Nonces,
    _lock: File,
}

impl Spent {
    /// Opens the file of a commitment in a folder, which is made if need be. Nobody else may have it open: two that count
    /// apart would use the same numbers.
    pub fn open(folder: &Path, commitment: &[u8; 32]) -> Result<Self, SpentError> {
        let unusable = |error: io::Error| SpentError::Disk(error.kind());
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let name = hex::encode(&commitment[..8]);
        let lock = open(&folder.join(format!("{name}.lock"))).map_err(unusable)?;
        lock.try_lock().map_err(|_| SpentError::InUse)?;
        let path = folder.join(format!("{name}.spent"));
        let nonces = match std::fs::read_to_string(&path) {
            Ok(text) => Nonces::from_text(&text).ok_or_else(|| SpentError::Broken(path.clone()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Nonces::default(),
            Err(error) => return Err(unusable(error)),
        };
        Ok(Self {
            path,
            nonces,
            _lock: lock,
        })
    }

    /// Spends a number, and answers when that is on disk.
    pub fn draw(&mut self, epoch: Epoch, limit: u64) -> Result<u64, SpentError> {
        let mut nonces = self.nonces.clone();
        let number = nonces.draw(epoch, limit).map_err(SpentError::None)?;
        // What was not written for sure may have been written, so it is not given again either.
        let written = self.write(&nonces.to_text());
        self.nonces = nonces;
        written.map_err(|error| SpentError::Disk(error.kind()))?;
        Ok(number)
    }

    /// How many are left in an epoch.
    pub fn left(&self, epoch: Epoch, limit: u64) -> u64 {
        self.nonces.left(epoch, limit)
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = open(&new)?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        // The new name has to be on disk, too.
        let folder = self.path.parent().unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

/// No number can be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpentError {
    /// All are spent, or the clock is wrong.
    #[error(transparent)]
    None(DrawError),
    /// The disk is full or broken, or not ours to write.
    #[error("the numbers of messages cannot be kept on disk: {0}")]
    Disk(io::ErrorKind),
    /// Another node uses the membership.
    #[error("another node on this machine uses this membership; stop it, or give this one its own")]
    InUse,
    /// The file is not what we wrote.
    #[error("{} is damaged; wait until the epoch is over, then delete it", .0.display())]
    Broken(PathBuf),
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let member = [1; 32];
        let mut spent = Spent::open(folder.path(), &member).unwrap();
        assert_eq!((spent.draw(Epoch(5), 3), spent.draw(Epoch(5), 3)), (Ok(0), Ok(1)));
        // Two that count apart would repeat each other.
        assert_eq!(Spent::open(folder.path(), &member).unwrap_err(), SpentError::InUse);
        assert!(Spent::open(folder.path(), &[2; 32]).is_ok());
        drop(spent);
        let mut again = Spent::open(folder.path(), &member).unwrap();
        assert_eq!((again.left(Epoch(5), 3), again.draw(Epoch(5), 3)), (1, Ok(2)));
        assert_eq!(again.draw(Epoch(5), 3), Err(SpentError::None(DrawError::Spent)));
        assert_eq!(again.draw(Epoch(6), 3), Ok(0));
    }

    #[test]
    fn nothing_is_given_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut spent = Spent::open(folder.path(), &[1; 32]).unwrap();
        assert_eq!(spent.draw(Epoch(5), 9), Ok(0));
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert_eq!(spent.draw(Epoch(5), 9), Err(SpentError::Disk(io::ErrorKind::NotFound)));
        std::fs::create_dir_all(folder.path()).unwrap();
        assert_eq!(spent.draw(Epoch(5), 9), Ok(2));
    }

    #[test]
    fn a_damaged_file_gives_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0101010101010101.spent");
        std::fs::write(&path, "5 x\n").unwrap();
        assert_eq!(
            Spent::open(folder.path(), &[1; 32]).unwrap_err(),
            SpentError::Broken(path)
        );
    }
}
