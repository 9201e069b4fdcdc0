//! Named values: choices of the person, and single facts the program keeps for itself.

use rusqlite::params;
use rusqlite::types::{FromSql, ToSql};

use crate::StoreError;
use crate::access::Access;
use crate::value::Sql;

/// Door to the settings.
pub struct Settings<'t>(pub(crate) Access<'t>);

impl Settings<'_> {
    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.load(name)
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.load::<Sql<u64>>(name)?.map(|value| value.0))
    }

    /// Bytes whose form the caller knows.
    pub fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.load(name)
    }

    /// Keeps a text.
    pub fn set_text(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.save(name, value)
    }

    /// Keeps a number, at most 2^63 - 1.
    pub fn set_number(&mut self, name: &str, value: u64) -> Result<(), StoreError> {
        self.save(name, Sql(value))
    }

    /// Keeps bytes.
    pub fn set_bytes(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.save(name, value)
    }

    /// Forgets a value.
    pub fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM settings WHERE name = ?1", [name])?;
        self.touched(name);
        Ok(())
    }

    fn load<T: FromSql>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.0
            .one("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
    }

    fn save(&mut self, name: &str, value: impl ToSql) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
            params![name, value],
        )?;
        self.touched(name);
        Ok(())
    }

    fn touched(&mut self, name: &str) {
        self.0.record(|changes| {
            changes.settings.insert(name.to_owned());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn values_read_back_in_their_type_and_are_told_by_name() {
        let mut store = Store::in_memory().unwrap();
        let ((), changes) = store
            .write(|tx| {
                tx.settings().set_text("text", "words")?;
                tx.settings().set_number("number", 1 << 62)?;
                tx.settings().set_bytes("bytes", &[0, 255])
            })
            .unwrap();
        assert_eq!(changes.settings, ["text", "number", "bytes"].map(str::to_owned).into());
        store
            .read(|view| {
                assert_eq!(view.settings().text("text")?.as_deref(), Some("words"));
                assert_eq!(view.settings().number("number")?, Some(1 << 62));
                assert_eq!(view.settings().bytes("bytes")?, Some(vec![0, 255]));
                assert_eq!(view.settings().text("other")?, None);
                assert!(view.settings().number("text").unwrap_err().is_damaged());
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.write(|tx| tx.settings().remove("text")).unwrap();
        assert_eq!(store.read(|view| view.settings().text("text")).unwrap(), None);
    }
}
