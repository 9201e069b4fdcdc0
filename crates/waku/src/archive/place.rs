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
pub struct ServerUrl {
    config: Box<tokio_postgres::Config>,
    encryption: Encryption,
}

/// How the connection to a server is encrypted, and which certificate it must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Not at all.
    Off,
    /// If the server can; any certificate will do.
    IfOffered,
    /// Always; any certificate will do.
    Unchecked,
    /// Always, with a certificate of one of these authorities, whatever host it names.
    Chain(PathBuf),
    /// Always, with a certificate for this host of one of these authorities, or else of a public one.
    Host(Option<PathBuf>),
}

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
    /// No such `sslmode`.
    #[error("sslmode is disable, prefer, require, verify-ca or verify-full")]
    UnknownMode,
    /// Certificates are named, and none is looked at.
    #[error("sslrootcert needs a sslmode that looks at certificates: verify-full, verify-ca or require")]
    RootsUnused,
    /// The host is not looked at, and anybody has a certificate of a public authority.
    #[error(
        "only sslmode=verify-full can do with public authorities; for verify-ca or require name a file with your own in sslrootcert"
    )]
    PublicRoots,
}

impl ServerUrl {
    pub(super) fn config(&self) -> tokio_postgres::Config {
        (*self.config).clone()
    }

    pub(super) fn encryption(&self) -> &Encryption {
        &self.encryption
    }
}

impl FromStr for ServerUrl {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<ServerUrl, PlaceError> {
        let (rest, options) = without_tls_options(text)?;
        let mut config: tokio_postgres::Config = rest.parse().map_err(|_| PlaceError::BadServer)?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none_or(str::is_empty) {
            return Err(PlaceError::BadServer);
        }
        let mut encryption = options.encryption()?;
        if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
            encryption = Encryption::Off; // the server has none there
        }
        config.ssl_mode(match encryption {
            Encryption::Off => SslMode::Disable,
            Encryption::IfOffered => SslMode::Prefer,
            Encryption::Unchecked | Encryption::Chain(_) | Encryption::Host(_) => SslMode::Require,
        });
        Ok(ServerUrl {
            config: Box::new(config),
            encryption,
        })
    }
}

/// What a URL says of TLS.
#[derive(Default)]
struct TlsOptions {
    mode: Option<String>,
    roots: Option<String>,
}

impl TlsOptions {
    /// As libpq has it, except that what is contradictory is an error.
    fn encryption(self) -> Result<Encryption, PlaceError> {
        let file = self
            .roots
            .as_deref()
            .filter(|roots| *roots != PUBLIC)
            .map(PathBuf::from);
        match self.mode.as_deref() {
            None | Some("disable" | "prefer") if self.roots.is_some() => Err(PlaceError::RootsUnused),
            None | Some("disable") => Ok(Encryption::Off),
            Some("prefer") => Ok(Encryption::IfOffered),
            Some("require") if self.roots.is_none() => Ok(Encryption::Unchecked),
            Some("require" | "verify-ca") => file.map(Encryption::Chain).ok_or(PlaceError::PublicRoots),
            Some("verify-full") => Ok(Encryption::Host(file)),
            Some(_) => Err(PlaceError::UnknownMode),
        }
    }
}

/// Takes out of a URL what tokio-postgres does not know, or knows only in part.
fn without_tls_options(text: &str) -> Result<(String, TlsOptions), PlaceError> {
    let mut options = TlsOptions::default();
    let after_login = text.find('@').map_or(0, |at| at + 1); // a password may have a question mark
    let Some(query) = text[after_login..].find('?').map(|at| after_login + at) else {
        return Ok((text.to_owned(), options));
    };
    let mut rest = text[..query].to_owned();
    let mut separator = '?';
    for parameter in text[query + 1..].split('&') {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let option = match decoded(key)?.as_str() {
            "sslmode" => &mut options.mode,
            "sslrootcert" => &mut options.roots,
            _ => {
                rest.push(separator);
                rest.push_str(parameter);
                separator = '&';
                continue;
            }
        };
        *option = Some(decoded(value)?);
    }
    Ok((rest, options))
}

fn decoded(text: &str) -> Result<String, PlaceError> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| PlaceError::BadServer)
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Place, PlaceError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return text.parse().map(Place::Server);
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
        match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => f.write_str(name)?,
            Some(Host::Unix(path)) => write!(f, "{}", path.display())?,
            None => {}
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// In `sslrootcert`: the authorities that browsers know, too.
const PUBLIC: &str = "system";

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
    }

    #[test]
    fn encryption_is_asked_for_as_libpq_has_it() {
        let of = |query: &str| {
            let url = format!("postgres://u:p%3Fq?w@h/d{query}").parse::<ServerUrl>()?;
            assert_eq!(url.config().get_password(), Some("p?q?w".as_bytes()), "{query}");
            Ok((url.encryption().clone(), url.config().get_ssl_mode()))
        };
        let chain = || Encryption::Chain("/a b/root.pem".into());
        for (query, encryption, mode) in [
            ("", Encryption::Off, SslMode::Disable),
            ("?sslmode=disable", Encryption::Off, SslMode::Disable),
            ("?sslmode=prefer", Encryption::IfOffered, SslMode::Prefer),
            ("?sslmode=require", Encryption::Unchecked, SslMode::Require),
            (
                "?sslmode=require&sslrootcert=/a%20b/root.pem",
                chain(),
                SslMode::Require,
            ),
            (
                "?sslrootcert=%2Fa b/root.pem&ssl%6Dode=verify-ca",
                chain(),
                SslMode::Require,
            ),
            ("?sslmode=verify-full", Encryption::Host(None), SslMode::Require),
            (
                "?sslmode=verify-full&sslrootcert=system",
                Encryption::Host(None),
                SslMode::Require,
            ),
            (
                "?connect_timeout=3&sslmode=disable&sslrootcert=r&sslmode=verify-full",
                Encryption::Host(Some("r".into())),
                SslMode::Require,
            ),
        ] {
            assert_eq!(of(query), Ok((encryption, mode)), "{query}");
        }
        for (query, error) in [
            ("?sslmode=allow", PlaceError::UnknownMode),
            ("?sslmode", PlaceError::UnknownMode),
            ("?sslrootcert=r", PlaceError::RootsUnused),
            ("?sslrootcert=r&sslmode=prefer", PlaceError::RootsUnused),
            ("?sslmode=verify-ca", PlaceError::PublicRoots),
            ("?sslmode=require&sslrootcert=system", PlaceError::PublicRoots),
            ("?sslmode=%FF", PlaceError::BadServer),
            ("?sslcert=a&sslmode=require", PlaceError::BadServer),
        ] {
            assert_eq!(of(query), Err(error), "{query}");
        }
    }

    #[test]
    fn other_options_and_sockets_stay_as_they_are() {
        let url: ServerUrl = "postgres:///d?connect_timeout=3&sslmode=require&host=/run/x&application_name=a%26b"
            .parse()
            .unwrap();
        let config = url.config();
        assert_eq!(config.get_hosts(), [Host::Unix("/run/x".into())]);
        assert_eq!(config.get_connect_timeout().map(|time| time.as_secs()), Some(3));
        assert_eq!(config.get_application_name(), Some("a&b"));
        assert_eq!(
            (url.encryption(), config.get_ssl_mode()),
            (&Encryption::Off, SslMode::Disable),
            "nothing is encrypted on a socket, nor with libpq"
        );
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let place: Place = "postgres://someone:hush%40@db.example:5433/waku".parse().unwrap();
        let shown = format!("{place} {place:?}");
        assert!(!shown.contains("hush") && !shown.contains("someone"), "{shown}");
        assert!(shown.starts_with("postgres://db.example/waku"), "{shown}");
    }
}
