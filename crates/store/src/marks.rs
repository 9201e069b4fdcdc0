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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::NOW;

    #[test]
    fn a_mark_belongs_to_a_name_and_a_subject() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut marks = tx.marks();
                marks.set("asked", b"bob", NOW)?;
                marks.set("asked", b"bob", NOW.plus(1))?;
                marks.set("asked", b"carol", NOW)?;
                marks.set("told", b"bob", NOW)?;
                assert_eq!(marks.at("asked", b"bob")?, Some(NOW.plus(1)));
                assert_eq!(marks.at("told", b"carol")?, None);
                assert_eq!(marks.prune("asked", NOW.plus(1))?, 1);
                assert_eq!(marks.at("asked", b"carol")?, None);
                marks.remove("asked", b"bob")?;
                assert_eq!(marks.at("asked", b"bob")?, None);
                assert_eq!(marks.at("told", b"bob")?, Some(NOW));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
