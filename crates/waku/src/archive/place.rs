//! Where an archive lies, as nwaku's `--store-message-db-url` says it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::config::{Host, SslMode};

/// A file of SQLite or a database of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Only this node uses it.
    File(PathBuf),
    /// Several nodes may share it.
    Server(ServerUrl),
}

/// A PostgreSQL database and how to log in there. Shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Box<tokio_postgres::Config>);

/// The operator's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Neither of the two.
    #[error("an archive is sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Unknown,
    /// Not readable as a PostgreSQL URL.
    #[error(
        "a PostgreSQL archive is postgres://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ and / in a password are written %40 and %2F"
    )]
    BadServer,
    /// Encryption is asked for.
    #[error(
        "connections to PostgreSQL are not encrypted by this node; leave out sslmode=require and use a Unix socket, a private network or a tunnel"
    )]
    NoTls,
}

impl ServerUrl {
    pub(super) fn config(&self) -> tokio_postgres::Config {
        (*self.0).clone()
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Place, PlaceError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let config: tokio_postgres::Config = text.parse().map_err(|_| PlaceError::BadServer)?;
            if config.get_hosts().is_empty() || config.get_dbname().is_none_or(str::is_empty) {
                return Err(PlaceError::BadServer);
            }
            if config.get_ssl_mode() == SslMode::Require {
                return Err(PlaceError::NoTls);
            }
            return Ok(Place::Server(ServerUrl(Box::new(config))));
        }
        match text.strip_prefix("sqlite://").unwrap_or(text) {
            path if path.is_empty() || path.contains("://") => Err(PlaceError::Unknown),
            path => Ok(Place::File(PathBuf::from(path))),
        }
    }
}

impl fmt::Display for Place {
    /// As it was given, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Server(url) => write!(f, "{url:?}"),
        }
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        match self.0.get_hosts().first() {
            Some(Host::Tcp(name)) => f.write_str(name)?,
            Some(Host::Unix(path)) => write!(f, "{}", path.display())?,
            None => {}
        }
        write!(f, "/{}", self.0.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_and_what_is_neither() {
        let file = |path: &str| Ok(Place::File(PathBuf::from(path)));
        assert_eq!("sqlite:///var/lib/x.db".parse(), file("/var/lib/x.db"));
        assert_eq!("sqlite://x.db".parse(), file("x.db"));
        assert_eq!("/var/lib/x.db".parse(), file("/var/lib/x.db"));
        for wrong in ["", "sqlite://", "mysql://a/b"] {
            assert_eq!(wrong.parse::<Place>(), Err(PlaceError::Unknown), "{wrong}");
        }
        for wrong in ["postgres://", "postgres://host", "postgres://u@h:port/d"] {
            assert_eq!(wrong.parse::<Place>(), Err(PlaceError::BadServer), "{wrong}");
        }
        let tls = "postgres://u@h/d?sslmode=require".parse::<Place>();
        assert_eq!(tls, Err(PlaceError::NoTls));
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let place: Place = "postgres://someone:hush%40@db.example:5433/waku".parse().unwrap();
        let shown = format!("{place} {place:?}");
        assert!(!shown.contains("hush") && !shown.contains("someone"), "{shown}");
        assert!(shown.starts_with("postgres://db.example/waku"), "{shown}");
    }
}
