//! What can go wrong with the local database.

use std::fmt;

/// Our disk, our file or our key could not: never the fault of something received.
///
/// It is opaque on purpose. The questions below are the only differences a caller can act upon; the texts carry no
/// identifiers, no paths and no values.
pub struct StoreError {
    kind: Kind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// The database is whole, but not under this key.
    pub fn is_wrong_key(&self) -> bool {
        self.kind == Kind::WrongKey
    }

    /// The disk, or the size allowed to the database, is used up.
    pub fn is_full(&self) -> bool {
        self.kind == Kind::Full
    }

    /// A page does not verify, or what is written in it cannot be.
    pub fn is_damaged(&self) -> bool {
        self.kind == Kind::Damaged
    }

    /// Somebody else holds the database; trying again may succeed.
    pub fn is_busy(&self) -> bool {
        self.kind == Kind::Busy
    }

    /// A later version of this program wrote the database.
    pub fn is_newer(&self) -> bool {
        self.kind == Kind::Newer
    }

    /// There is no database, or no key file, at this place.
    pub fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    pub(crate) fn new(kind: Kind) -> StoreError {
        StoreError { kind, source: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    WrongKey,
    Full,
    Damaged,
    Busy,
    Newer,
    Missing,
    /// A file is there already where a new one should be.
    #[cfg_attr(not(feature = "sqlcipher"), allow(dead_code))]
    Exists,
    /// Anything else the system refused.
    Refused,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::WrongKey => "the database does not open with this key",
            Kind::Full => "there is no room left on the disk for the database",
            Kind::Damaged => "the database is damaged",
            Kind::Busy => "the database is in use",
            Kind::Newer => "the database was written by a later version of this program",
            Kind::Missing => "there is no database here",
            Kind::Exists => "there is a database here already",
            Kind::Refused => "the database could not be read or written",
        })
    }
}

impl fmt::Debug for StoreError {
    /// The kind and the code of the system, not the texts of the layers below, which may quote values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({:?}", self.kind)?;
        if let Some(source) = &self.source {
            if let Some(rusqlite::Error::SqliteFailure(code, _)) = source.downcast_ref() {
                write!(f, ", code {}", code.extended_code)?;
            } else if let Some(error) = source.downcast_ref::<std::io::Error>() {
                write!(f, ", {:?}", error.kind())?;
            } else if cfg!(debug_assertions) {
                write!(f, ", {source}")?;
            }
        }
        f.write_str(")")
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode;
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Kind::WrongKey,
            Some(ErrorCode::DiskFull) => Kind::Full,
            Some(ErrorCode::DatabaseCorrupt) => Kind::Damaged,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Busy,
            Some(ErrorCode::CannotOpen) => Kind::Missing,
            Some(_) => Kind::Refused,
            // A value that our own code wrote does not read back.
            None if is_conversion(&error) => Kind::Damaged,
            None => Kind::Refused,
        };
        StoreError {
            kind,
            source: Some(Box::new(error)),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::Full,
            std::io::ErrorKind::NotFound => Kind::Missing,
            std::io::ErrorKind::AlreadyExists => Kind::Exists,
            _ => Kind::Refused,
        };
        StoreError {
            kind,
            source: Some(Box::new(error)),
        }
    }
}

fn is_conversion(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}
