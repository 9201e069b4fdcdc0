//! Hash-ratchet keys of communities and channels, as versioned bytes whose codec is elsewhere.

use protocol::Timestamp;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column};
use crate::{Secret, StoreError};

/// Door to the hash-ratchet keys.
pub struct GroupKeys<'t>(pub(crate) Access<'t>);

/// One key of one group, with how far it was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupKeyRow {
    /// The group: 33 bytes of a community's key, or the text of a channel's id.
    pub group_id: Vec<u8>,
    /// The key's id.
    pub key_id: [u8; 32],
    /// The id that old senders use.
    pub deprecated_id: u32,
    /// The key's own timestamp, in milliseconds; the newest is the current one.
    pub created_at: u64,
    /// The state of the ratchet.
    pub state: Secret,
    /// When it arrived here, which its retention counts from.
    pub received_at: Timestamp,
}

impl GroupKeys<'_> {
    /// The key with this id.
    pub fn load(&self, key_id: &[u8; 32]) -> Result<Option<GroupKeyRow>, StoreError> {
        self.0.one("SELECT * FROM group_keys WHERE key_id = ?1", [key_id], read)
    }

    /// The newest key of a group with this deprecated id.
    pub fn by_deprecated_id(&self, group_id: &[u8], deprecated_id: u32) -> Result<Option<GroupKeyRow>, StoreError> {
        self.0.one(
            "SELECT * FROM group_keys WHERE group_id = ?1 AND deprecated_id = ?2 ORDER BY created_at DESC LIMIT 1",
            params![group_id, deprecated_id],
            read,
        )
    }

    /// The current key of a group: the one with the highest timestamp.
    pub fn newest(&self, group_id: &[u8]) -> Result<Option<GroupKeyRow>, StoreError> {
        self.0.one(
            "SELECT * FROM group_keys WHERE group_id = ?1 ORDER BY created_at DESC, key_id LIMIT 1",
            [group_id],
            read,
        )
    }

    /// All keys of a group, the newest first.
    pub fn of(&self, group_id: &[u8]) -> Result<Vec<GroupKeyRow>, StoreError> {
        self.0.all(
            "SELECT * FROM group_keys WHERE group_id = ?1 ORDER BY created_at DESC, key_id",
            [group_id],
            read,
        )
    }

    /// Saves a key, the first time or anew; what its state was before is erased.
    pub fn save(&mut self, key: &GroupKeyRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO group_keys (group_id, key_id, deprecated_id, created_at, state, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (group_id, key_id) DO UPDATE SET state = excluded.state",
            params![
                key.group_id,
                key.key_id,
                key.deprecated_id,
                Sql(key.created_at),
                key.state,
                Sql(key.received_at)
            ],
        )?;
        self.0.record(|changes| changes.erased = true);
        Ok(())
    }

    /// Erases the keys that arrived before, except the newest of each group.
    pub fn prune(&mut self, received_before: Timestamp) -> Result<usize, StoreError> {
        let removed = self.0.execute(
            "DELETE FROM group_keys WHERE received_at < ?1 AND created_at < (
                 SELECT max(newer.created_at) FROM group_keys newer WHERE newer.group_id = group_keys.group_id
             )",
            [Sql(received_before)],
        )?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }

    /// Erases all keys of a group.
    pub fn remove(&mut self, group_id: &[u8]) -> Result<usize, StoreError> {
        let removed = self
            .0
            .execute("DELETE FROM group_keys WHERE group_id = ?1", [group_id])?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<GroupKeyRow> {
    Ok(GroupKeyRow {
        group_id: row.get("group_id")?,
        key_id: row.get("key_id")?,
        deprecated_id: row.get("deprecated_id")?,
        created_at: column(row, "created_at")?,
        state: row.get("state")?,
        received_at: column(row, "received_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::NOW;

    fn key(number: u8, created_at: u64) -> GroupKeyRow {
        GroupKeyRow {
            group_id: b"group".to_vec(),
            key_id: [number; 32],
            deprecated_id: created_at as u32,
            created_at,
            state: vec![number; 64].into(),
            received_at: NOW.plus(u64::from(number)),
        }
    }

    #[test]
    fn keys_are_found_by_either_id_and_the_newest_is_current() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut keys = tx.group_keys();
                for row in [key(1, 100), key(2, 300), key(3, 200)] {
                    keys.save(&row)?;
                }
                keys.save(&GroupKeyRow {
                    group_id: b"other".to_vec(),
                    ..key(9, 900)
                })?;
                assert_eq!(keys.newest(b"group")?, Some(key(2, 300)));
                assert_eq!(keys.load(&[3; 32])?, Some(key(3, 200)));
                assert_eq!(keys.by_deprecated_id(b"group", 100)?, Some(key(1, 100)));
                assert_eq!(keys.by_deprecated_id(b"group", 900)?, None);
                assert_eq!(keys.of(b"group")?, [key(2, 300), key(3, 200), key(1, 100)]);
                let advanced = GroupKeyRow {
                    state: vec![7].into(),
                    ..key(1, 100)
                };
                keys.save(&advanced)?;
                assert_eq!(keys.load(&[1; 32])?, Some(advanced));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn old_keys_are_erased_but_never_the_current_one() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                for row in [key(1, 100), key(2, 300), key(3, 200)] {
                    tx.group_keys().save(&row)?;
                }
                assert_eq!(tx.group_keys().prune(NOW.plus(100))?, 2);
                assert_eq!(tx.group_keys().of(b"group")?, [key(2, 300)]);
                assert_eq!(tx.group_keys().remove(b"group")?, 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
