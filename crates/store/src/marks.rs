//! When something was last done for someone: the memory behind every "at most once per hour".

use protocol::Timestamp;
use rusqlite::params;

use crate::StoreError;
use crate::access::Access;
use crate::value::{Sql, column};

/// Door to the marks.
pub struct Marks<'t>(pub(crate) Access<'t>);

impl Marks<'_> {
    /// When `name` was last done for `subject`.
    pub fn at(&self, name: &str, subject: &[u8]) -> Result<Option<Timestamp>, StoreError> {
        self.0.one(
            "SELECT at FROM marks WHERE name = ?1 AND subject = ?2",
            params![name, subject],
            |row| column(row, "at"),
        )
    }

    /// Remembers that `name` was done for `subject`.
    pub fn set(&mut self, name: &str, subject: &[u8], at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO marks (name, subject, at) VALUES (?1, ?2, ?3)",
            params![name, subject, Sql(at)],
        )?;
        Ok(())
    }

    /// Forgets one mark.
    pub fn remove(&mut self, name: &str, subject: &[u8]) -> Result<(), StoreError> {
        self.0.execute(
            "DELETE FROM marks WHERE name = ?1 AND subject = ?2",
            params![name, subject],
        )?;
        Ok(())
    }

    /// Forgets the marks of one name that are older.
    pub fn prune(&mut self, name: &str, before: Timestamp) -> Result<usize, StoreError> {
        self.0.execute(
            "DELETE FROM marks WHERE name = ?1 AND at < ?2",
            params![name, Sql(before)],
        )
    }
}
