//! What can go wrong with an archive, in words for its operator.

/// The disk's, the file's or the operator's fault. The archive goes on answering queries if it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Nothing can be stored until there is room again.
    #[error("the disk that holds the message archive is full; free some space or lower the retention policy")]
    DiskFull,
    /// The file cannot be created, opened or written.
    #[error(
        "the message archive cannot be opened or written; check that its folder exists and that this user may write there"
    )]
    NoAccess,
    /// The file belongs to another program.
    #[error("the file is not a message archive; choose another path or move the file away")]
    NotAnArchive,
    /// Made by another version of this program.
    #[error("the message archive was made by another version of this program; use that version or move the file away")]
    OtherVersion,
    /// The database found itself inconsistent.
    #[error(
        "the message archive is damaged; `undertone node archive check` says where; move it away and start with an empty one, or with what can be exported"
    )]
    Damaged,
    /// Another process keeps the database locked.
    #[error("the message archive is in use by another process; stop that one first")]
    Busy,
    /// The writer is gone, because the process is ending.
    #[error("the message archive is closed")]
    Closed,
    /// The server of the database cannot be reached, or is starting or stopping. What was acknowledged is
    /// there when it comes back.
    #[error(
        "the server of the message archive cannot be reached; see that it runs, and look at host and port in --store-message-db-url"
    )]
    Away,
    /// The server does not let this user in, or not do what is needed.
    #[error(
        "the server of the message archive refuses; check user, password, database and sslmode in --store-message-db-url, and that the user may create a schema"
    )]
    NotLetIn,
    /// The connection to the server cannot be encrypted as it was asked for.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// Messages of too many different times: each stretch of time is a table.
    #[error("the messages lie in too many different times for this archive; set a retention policy with time:")]
    TooManyParts,
    /// Anything else that PostgreSQL reports.
    #[error("the message archive failed with PostgreSQL's error {}", .state.escape_ascii())]
    FromServer {
        /// The five characters of its SQLSTATE.
        state: [u8; 5],
    },
    /// Anything else that SQLite reports.
    #[error("the message archive failed with SQLite's error {code}")]
    Unexpected {
        /// SQLite's extended result code.
        code: i32,
    },
}

impl ArchiveError {
    /// Whether this may pass without anybody changing the node: what it holds is kept until then.
    pub(super) fn is_waited_for(self) -> bool {
        matches!(self, ArchiveError::Away | ArchiveError::Tls(_))
    }
}

/// The fault of whoever set up the server or wrote its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The file of trusted certificates is not there, or not for this user.
    #[error(
        "the file that sslrootcert in --store-message-db-url names cannot be read; check its path, and that this user may read it"
    )]
    NoRootsFile,
    /// There is nothing in it.
    #[error(
        "the file that sslrootcert in --store-message-db-url names holds no certificate; it should be one in PEM form, as the server's authority has it"
    )]
    NoRoots,
    /// The server does not encrypt.
    #[error(
        "the server of the message archive speaks no TLS; turn it on there, or, where nobody else is on the way, write sslmode=disable in --store-message-db-url"
    )]
    NotOffered,
    /// Nobody we trust has signed its certificate.
    #[error(
        "the certificate of the message archive's server was not signed by an authority that is trusted; name the right one in --store-message-db-url with sslrootcert"
    )]
    NotTrusted,
    /// The certificate is for somebody else.
    #[error(
        "the certificate of the message archive's server is for another host; name the host in --store-message-db-url as the certificate's alternative names do, or use sslmode=verify-ca"
    )]
    OtherHost,
    /// The certificate is too old or too new.
    #[error(
        "the certificate of the message archive's server, named in --store-message-db-url, has expired or is not valid yet; renew it there, or set this machine's clock"
    )]
    OutOfDate,
    /// The certificate has a form that is not taken, or was revoked.
    #[error(
        "the certificate of the message archive's server, named in --store-message-db-url, cannot be used; give it one for a server in X.509's version 3"
    )]
    BadCertificate,
    /// The two do not come to an agreement.
    #[error(
        "the message archive's server, named in --store-message-db-url, and this node find no way to encrypt; it should speak TLS 1.2 or 1.3"
    )]
    NothingInCommon,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_server_names_the_option() {
        for error in [
            ArchiveError::Away,
            ArchiveError::NotLetIn,
            TlsFault::NoRootsFile.into(),
            TlsFault::NoRoots.into(),
            TlsFault::NotOffered.into(),
            TlsFault::NotTrusted.into(),
            TlsFault::OtherHost.into(),
            TlsFault::OutOfDate.into(),
            TlsFault::BadCertificate.into(),
            TlsFault::NothingInCommon.into(),
        ] {
            let text = error.to_string();
            assert_eq!(text.matches("--store-message-db-url").count(), 1, "{text}");
            assert!(!text.contains(". ") && !text.ends_with('.'), "one sentence: {text}");
        }
    }
}
