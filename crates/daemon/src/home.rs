//! The data directory: who holds it, and how clients find the daemon that does.
//!
//! ```text
//! daemon.lock   locked while a daemon runs
//! daemon.json   where its API listens
//! api.token     what its API asks for
//! open.html     lets one browser in, within a minute
//! door.json     the browsers that were let in
//! config.toml   the owner's choices (read by the binary)
//! profiles/     one directory per profile
//! ```
//!
//! Everything is for the owner's eyes only. The token is new at every start.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::Secret;
use api::place::{DAEMON_FILE, LOCK_FILE, OPEN_FILE, Place, TOKEN_FILE};

/// The data directory's fault, or the person's who named it.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Another daemon holds it.
    #[error("Undertone is already running on {}; stop it first, or choose another --data-dir", .0.display())]
    Running(PathBuf),
    /// It cannot be made, read or written.
    #[error("cannot use {}: {}; choose another --data-dir, or change who may read and write it", .path.display(), plain(.reason))]
    Unusable {
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// No space is left.
    #[error("the disk that holds {} is full; make room and try again", .0.display())]
    Full(PathBuf),
}

/// A data directory that this process holds. Dropping it takes the daemon's traces away.
#[derive(Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl Home {
    /// Makes the directory if needed, and takes it for this process.
    pub(crate) fn take(dir: &Path) -> Result<Self, HomeError> {
        make_private_dir(dir)?;
        let path = dir.join(LOCK_FILE);
        let lock = private_file()
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| trouble(&path, e))?;
        // A client that asks whether a daemon runs holds the lock for a moment.
        for attempt in 1..=LOCK_ATTEMPTS {
            match lock.try_lock() {
                Ok(()) => {
                    let home = Self {
                        dir: dir.to_owned(),
                        _lock: lock,
                    };
                    home.forget();
                    return Ok(home);
                }
                Err(TryLockError::WouldBlock) if attempt < LOCK_ATTEMPTS => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => return Err(trouble(&path, error)),
            }
        }
        Err(HomeError::Running(dir.to_owned()))
    }

    /// Makes a new token and tells clients where the API listens.
    pub(crate) fn announce(&self, address: SocketAddr, token: &Secret) -> Result<(), HomeError> {
        let place = Place {
            address,
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").into(),
        };
        let place = serde_json::to_vec(&place).expect("three plain fields");
        self.write(TOKEN_FILE, token.expose().as_bytes())?;
        self.write(DAEMON_FILE, &place)
    }

    /// Where the profiles are.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.dir.join("profiles")
    }

    /// Writes a whole file at once: readers see the old one or the new one.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        write_private(&self.dir.join(name), bytes)
    }

    fn forget(&self) {
        // Best effort: clients ask the lock, not these.
        let _ = fs::remove_file(self.dir.join(DAEMON_FILE));
        let _ = fs::remove_file(self.dir.join(TOKEN_FILE));
        let _ = fs::remove_file(self.dir.join(OPEN_FILE));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Makes a directory (and those above it) that only the owner can enter. One that exists is left as it is.
pub(crate) fn make_private_dir(dir: &Path) -> Result<(), HomeError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| trouble(dir, e))
}

/// Replaces a file that only the owner can read, in one step.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), HomeError> {
    let draft = path.with_extension("new");
    let write = || {
        match fs::remove_file(&draft) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = private_file().create_new(true).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|e| trouble(path, e))
}

/// Makes an empty file that only the owner can read. One that exists is replaced.
pub(crate) fn new_private_file(path: &Path) -> Result<File, HomeError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(trouble(path, e)),
        _ => {}
    }
    private_file().create_new(true).open(path).map_err(|e| trouble(path, e))
}

/// Says what went wrong with a file, a full disk told apart.
pub(crate) fn trouble(path: &Path, reason: io::Error) -> HomeError {
    match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => HomeError::Full(path.to_owned()),
        _ => HomeError::Unusable {
            path: path.to_owned(),
            reason,
        },
    }
}

fn private_file() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// What the system said, without its error number.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "it is not a directory".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".into(),
        io::ErrorKind::NotFound => "it does not exist".into(),
        _ => error.to_string(),
    }
}

const LOCK_ATTEMPTS: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_daemon_per_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = Home::take(dir.path()).unwrap();
        assert!(api::place::is_running(dir.path()).unwrap());
        assert!(matches!(Home::take(dir.path()), Err(HomeError::Running(_))));
        drop(first);
        assert!(!api::place::is_running(dir.path()).unwrap());
        Home::take(dir.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_is_announced() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("new");
        let home = Home::take(&dir).unwrap();
        home.announce("127.0.0.1:1".parse().unwrap(), &Secret::new("ab".into()))
            .unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(TOKEN_FILE)), 0o600);
        assert_eq!(mode(&dir.join(DAEMON_FILE)), 0o600);
        drop(home);
        assert!(!dir.join(TOKEN_FILE).exists());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "x").unwrap();
        let error = Home::take(&file).unwrap_err();
        assert!(error.to_string().contains("it is not a directory"), "{error}");
    }
}
