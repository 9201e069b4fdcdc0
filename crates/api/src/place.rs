//! Where a daemon says how it can be reached: three small files in its data directory, for the owner's eyes only.
//!
//! The lock file tells a running daemon from the traces of one that was killed: without it, a client could hand the token
//! to whatever program got the port next.

use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How a running daemon can be reached; the content of [`DAEMON_FILE`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Where the API listens, always a loopback address.
    pub address: SocketAddr,
    /// The daemon's process.
    pub pid: u32,
    /// The daemon's version.
    pub version: String,
}

/// Whether a daemon holds the data directory now.
///
/// # Errors
/// When the lock file exists and cannot be opened.
pub fn is_running(data_dir: &Path) -> io::Result<bool> {
    let file = match File::open(data_dir.join(LOCK_FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Holds a [`Place`] as JSON.
pub const DAEMON_FILE: &str = "daemon.json";
/// Holds the bearer token: 64 hexadecimal digits.
pub const TOKEN_FILE: &str = "api.token";
/// Hands a single-use code to a browser that opens it; there only while the code works.
pub const OPEN_FILE: &str = "open.html";
/// Remembers which browsers were let in.
pub const DOOR_FILE: &str = "door.json";
/// Locked exclusively by the running daemon.
pub const LOCK_FILE: &str = "daemon.lock";
