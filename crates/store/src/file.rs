//! The database as a file: SQLCipher 4 under a raw key, write-ahead log, every commit durable.
//!
//! A raw key is not stretched, so opening a connection costs no derivation. Which of "wrong key" and "damaged" is the case
//! when the first page does not verify is decided by the other pages: under a wrong key none of them verifies.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Kind;
use crate::{Store, StoreError, View, migrations, rekey, store};

/// The key of a database: 32 random bytes, used as they are. Erased from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseKey(Zeroizing<[u8; 32]>);

impl From<[u8; 32]> for DatabaseKey {
    fn from(mut bytes: [u8; 32]) -> DatabaseKey {
        let key = DatabaseKey(Zeroizing::new(bytes));
        bytes.zeroize();
        key
    }
}

impl DatabaseKey {
    /// The 32 bytes, to wrap them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The form in which SQLCipher takes a raw key.
    pub(crate) fn literal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LITERAL_LENGTH));
        text.push_str("x'");
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text.push('\'');
        text
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(..)")
    }
}

/// Where a database is, and under which key.
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) key: DatabaseKey,
    /// How long the write-ahead log may get before it is emptied, in bytes.
    pub(crate) longest_log: u64,
}

impl Place {
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }
}

/// A connection that can only read, and sees only what is committed. May be sent to another thread.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Runs one reading transaction: everything it sees is of the same moment. Keep it short: while it runs, the
    /// write-ahead log cannot be emptied.
    pub fn read<T, E: From<StoreError>>(&self, look: impl FnOnce(&View<'_>) -> Result<T, E>) -> Result<T, E> {
        store::read(&self.connection, look)
    }
}

/// Databases in files.
impl Store {
    /// Makes the database of a new profile in an existing directory, readable by its owner only.
    pub fn create(directory: &Path, key: &DatabaseKey) -> Result<Store, StoreError> {
        let path = directory.join(DATABASE);
        private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
        let mut store = Store::start(directory, key)?;
        migrations::migrate(&mut store.connection)?;
        sync_directory(directory)?;
        Ok(store)
    }

    /// Opens the database of a profile, finishing first what an interrupted change of the key left undone.
    pub fn open(directory: &Path, key: &DatabaseKey) -> Result<Store, StoreError> {
        rekey::tidy(directory)?;
        if !directory.join(DATABASE).exists() {
            return Err(StoreError::new(Kind::Missing));
        }
        let mut store = Store::start(directory, key)?;
        if migrations::version(&store.connection)? == 0 {
            // A file cut to nothing would pass for a new database.
            return Err(StoreError::new(Kind::Damaged));
        }
        migrations::migrate(&mut store.connection)?;
        Ok(store)
    }

    /// A further connection, for reading lists beside the writer.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        let Some(place) = &self.file else {
            return Err(StoreError::new(Kind::Missing));
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(&place.directory.join(DATABASE), &place.key, flags)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(Reader { connection })
    }

    fn start(directory: &Path, key: &DatabaseKey) -> Result<Store, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(&directory.join(DATABASE), key, flags)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA wal_autocheckpoint = 0;",
        )?;
        let place = Place {
            directory: directory.to_owned(),
            key: key.clone(),
            longest_log: LONGEST_LOG,
        };
        Ok(Store {
            connection,
            file: Some(place),
        })
    }
}

/// Opens a connection and proves that the key fits.
pub(crate) fn connect(path: &Path, key: &DatabaseKey, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // Without the first a wrong key is also told to the standard error stream; with the second all memory of the database
    // is wiped before it is given back.
    connection.execute_batch("PRAGMA cipher_log_level = NONE; PRAGMA cipher_memory_security = ON;")?;
    let statement = Zeroizing::new(format!("PRAGMA key = \"{}\"", key.literal().as_str()));
    connection.execute_batch(&statement)?;
    let cipher = connection.query_row("PRAGMA cipher_version", [], |row| row.get::<_, String>(0));
    if cipher.is_err() {
        return Err(StoreError::new(Kind::Refused)); // not SQLCipher: it would write in the clear
    }
    // Closing must not move the log into the database unscrubbed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    match store::prepare(&connection)
        .and_then(|()| Ok(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?))
    {
        Err(error) if error.is_wrong_key() => Err(diagnose(&connection, path, error)),
        Err(error) => Err(error),
        Ok(()) => Ok(connection),
    }
}

/// The first page does not verify: is it the key, or the page?
fn diagnose(connection: &Connection, path: &Path, error: StoreError) -> StoreError {
    let Ok(length) = fs::metadata(path).map(|file| file.len()) else {
        return error;
    };
    let unverified = connection
        .prepare("PRAGMA cipher_integrity_check")
        .and_then(|mut check| check.query_map([], |_| Ok(()))?.collect::<rusqlite::Result<Vec<()>>>())
        .map_or(0, |rows| rows.len() as u64);
    if length < 2 * PAGE || unverified < length / PAGE {
        StoreError::new(Kind::Damaged)
    } else {
        error
    }
}

/// Readable and writable by its owner only, where the system has such a notion.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    // Elsewhere than on Unix a directory cannot be opened as a file; renames are durable by themselves there.
    #[cfg(unix)]
    fs::File::open(directory)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = directory;
    Ok(())
}

/// File name of the database in a profile's directory.
pub(crate) const DATABASE: &str = "profile.db";
/// File name of its write-ahead log.
pub(crate) const LOG: &str = "profile.db-wal";
/// SQLCipher's default page size.
pub(crate) const PAGE: u64 = 4096;
/// The log is emptied when a commit leaves it longer than this. Long enough that a burst does not stop for it at every
/// turn (most of its pages are the same few), short enough that it takes some tens of milliseconds.
pub(crate) const LONGEST_LOG: u64 = 4000 * PAGE;
/// How long a statement waits for another connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
const LITERAL_LENGTH: usize = 2 + 64 + 1;

#[cfg(test)]
mod tests;
