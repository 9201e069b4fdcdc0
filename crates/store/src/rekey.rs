//! Changing the key of a database, so that a crash at any moment leaves one password that opens everything.
//!
//! A new password means a new key: the old one may have been seen, and only re-encryption ends what it opens. The order:
//!
//! 1. the key file carries both wraps: the old key under the old password, the new key under the new one;
//! 2. the write-ahead log is emptied and put away: it belongs to the old key;
//! 3. a whole copy is written beside the database, under the new key, and made durable;
//! 4. the database is set aside and the copy takes its place (two renames; [`tidy`] completes the second);
//! 5. the old file is overwritten and removed;
//! 6. the key file carries the new wrap only.
//!
//! Until 4 the old password opens everything, after it the new one. [`unlock`] finds out by trying, and settles the key
//! file on what was found.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::{Connection, params};

use crate::error::Kind;
use crate::file::{DATABASE, sync_directory};
use crate::keyfile::{self, KeyFile};
use crate::migrations;
use crate::store::Checkpoint;
use crate::{DatabaseKey, Store, StoreError, scrub};

/// What was just completed; told to an observer, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The key file carries both wraps.
    BothWraps,
    /// The log is emptied and gone.
    LogPutAway,
    /// The copy is written, but perhaps not on the disk.
    CopyWritten,
    /// The copy is on the disk.
    CopyDurable,
    /// The old database has another name.
    OldSetAside,
    /// The copy has the database's name.
    NewInPlace,
    /// The old database is gone.
    OldErased,
    /// The key file carries the new wrap only.
    NewWrapOnly,
}

/// What trying a password on a wrap comes to.
#[derive(Debug)]
pub enum Unwrapped {
    /// It fits; this is the key.
    Key(DatabaseKey),
    /// It does not fit.
    WrongPassword,
    /// The wrap itself cannot be read.
    Damaged,
}

/// Why a profile stays locked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// The person's: the password does not fit.
    #[error("the password is wrong")]
    WrongPassword,
    /// The person's: a change of the password was interrupted, and this one of the two does not open the database.
    #[error("a change of the password was interrupted: use the other of the two passwords")]
    OtherPassword,
    /// The disk's: the key file, or the wrap in it, cannot be read.
    #[error("the key file is damaged")]
    DamagedKeyFile,
    /// The disk's: the database does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the database of a profile with whatever key `unwrap` gets out of the key file, and settles the key file if a
/// change was interrupted.
pub fn unlock(directory: &Path, unwrap: &mut dyn FnMut(&[u8]) -> Unwrapped) -> Result<Store, UnlockError> {
    let file = keyfile::read(directory).map_err(|error| match error.is_damaged() {
        true => UnlockError::DamagedKeyFile,
        false => UnlockError::Store(error),
    })?;
    let interrupted = file.next.is_some();
    let mut failure = UnlockError::WrongPassword;
    for wrap in [Some(file.current), file.next].into_iter().flatten() {
        match unwrap(&wrap) {
            Unwrapped::Key(key) => match Store::open(directory, &key) {
                Ok(store) => {
                    if interrupted {
                        keyfile::write(
                            directory,
                            &KeyFile {
                                current: wrap,
                                next: None,
                            },
                        )?;
                    }
                    return Ok(store);
                }
                Err(error) if interrupted && error.is_wrong_key() => failure = UnlockError::OtherPassword,
                // The wrap is authentic, so the key is right and it is the file that is not.
                Err(error) if error.is_wrong_key() => return Err(StoreError::new(Kind::Damaged).into()),
                Err(error) => return Err(error.into()),
            },
            Unwrapped::WrongPassword => {}
            Unwrapped::Damaged => return Err(UnlockError::DamagedKeyFile),
        }
    }
    Err(failure)
}

/// Changes the key of a database. All readers must be gone. `new_wrap` is the new key under the new password.
///
/// On an error the profile is as an interruption would leave it: [`unlock`] opens it.
pub fn change(
    mut store: Store,
    new_key: &DatabaseKey,
    new_wrap: Vec<u8>,
    completed: &mut dyn FnMut(Step),
) -> Result<Store, StoreError> {
    let Some(place) = store.file.take() else {
        return Err(StoreError::new(Kind::Missing));
    };
    let directory = place.directory.as_path();
    let current = keyfile::read(directory)?.current;
    keyfile::write(
        directory,
        &KeyFile {
            current,
            next: Some(new_wrap.clone()),
        },
    )?;
    completed(Step::BothWraps);

    put_log_away(&mut store.connection, &place.log())?;
    completed(Step::LogPutAway);
    let copied = copy(&store.connection, &directory.join(NEW), new_key);
    drop(store);
    if let Err(error) = copied {
        tidy(directory)?;
        return Err(error);
    }
    completed(Step::CopyWritten);
    File::open(directory.join(NEW))?.sync_all()?;
    sync_directory(directory)?;
    completed(Step::CopyDurable);

    fs::rename(directory.join(DATABASE), directory.join(OLD))?;
    sync_directory(directory)?;
    completed(Step::OldSetAside);
    fs::rename(directory.join(NEW), directory.join(DATABASE))?;
    sync_directory(directory)?;
    completed(Step::NewInPlace);
    erase(&directory.join(OLD))?;
    sync_directory(directory)?;
    completed(Step::OldErased);

    keyfile::write(
        directory,
        &KeyFile {
            current: new_wrap,
            next: None,
        },
    )?;
    completed(Step::NewWrapOnly);
    Store::open(directory, new_key)
}

/// Completes the renames of an interrupted change, or takes back what was not complete.
pub(crate) fn tidy(directory: &Path) -> Result<(), StoreError> {
    let [database, new, old] = [DATABASE, NEW, OLD].map(|name| directory.join(name));
    if old.exists() && !database.exists() {
        // The old one is set aside only after the new one is whole.
        fs::rename(if new.exists() { &new } else { &old }, &database)?;
        sync_directory(directory)?;
    }
    for left in [old, new] {
        if left.exists() {
            erase(&left)?;
            sync_directory(directory)?;
        }
    }
    Ok(())
}

/// Empties the log and leaves the mode that has one, so that no log of the old key lies beside the new database.
fn put_log_away(connection: &mut Connection, log: &Path) -> Result<(), StoreError> {
    if scrub::empty_log(connection, log)? == Checkpoint::Busy {
        return Err(StoreError::new(Kind::Busy));
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode != "delete" {
        return Err(StoreError::new(Kind::Busy));
    }
    Ok(())
}

/// Writes a whole copy of a database under another key. The copy is not made durable here, so it needs no journal.
fn copy(connection: &Connection, path: &Path, key: &DatabaseKey) -> Result<(), StoreError> {
    let path = path.to_str().ok_or_else(|| StoreError::new(Kind::Refused))?;
    crate::file::private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
    connection.execute(
        "ATTACH DATABASE ?1 AS next KEY ?2",
        params![path, key.literal().as_str()],
    )?;
    let version = migrations::version(connection)? as i64;
    connection.execute_batch("PRAGMA next.journal_mode = OFF; PRAGMA next.synchronous = OFF;")?;
    connection.query_row("SELECT sqlcipher_export('next')", [], |_| Ok(()))?;
    connection.pragma_update(Some("next"), "user_version", version)?;
    connection.execute("DETACH DATABASE next", [])?;
    Ok(())
}

/// Overwrites a file with zeros and removes it. What a disk does below the file system is out of reach.
fn erase(path: &Path) -> Result<(), StoreError> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let mut left = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    let zeros = vec![0; BLOCK];
    while left > 0 {
        let length = left.min(BLOCK as u64);
        file.write_all(&zeros[..length as usize])?;
        left -= length;
    }
    file.sync_all()?;
    fs::remove_file(path)?;
    Ok(())
}

/// File names in a profile's directory while a change goes on.
const NEW: &str = "profile.db.new";
const OLD: &str = "profile.db.old";
const BLOCK: usize = 64 * 1024;

#[cfg(test)]
mod tests;
