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
        "the server of the message archive refuses; check user, password and database in --store-message-db-url, and that the user may create a schema"
    )]
    NotLetIn,
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
