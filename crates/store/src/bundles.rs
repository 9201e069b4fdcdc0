//! Signed pre-keys: ours, with their secret halves, and those that others announced in their bundles.
//!
//! An expired pre-key of ours still answers late first messages, until its secret is erased for good.

use protocol::Timestamp;
use protocol::id::InstallationId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column, optional};
use crate::{PublicKeyBytes, Secret, StoreError};

/// Door to the pre-keys.
pub struct Bundles<'t>(pub(crate) Access<'t>);

/// A signed pre-key of this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPreKeyRow {
    /// Its public half, which is also the id of the bundle.
    pub public: PublicKeyBytes,
    /// Its secret half, 32 bytes.
    pub secret: Secret,
    /// Its number; grows by one with each.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a newer one replaced it.
    pub expired_at: Option<Timestamp>,
}

/// A signed pre-key of somebody else's installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreKeyRow {
    /// Whose it is.
    pub identity: PublicKeyBytes,
    /// Of which device.
    pub installation: InstallationId,
    /// The pre-key, which is also the id of the bundle.
    pub public: PublicKeyBytes,
    /// Its number.
    pub version: u32,
    /// The version of the encryption layer the device speaks.
    pub protocol_version: u32,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether a newer one of the same device is known.
    pub expired: bool,
}

/// Our own pre-keys.
impl Bundles<'_> {
    /// Keeps a new pre-key of ours.
    pub fn insert_own(&mut self, pre_key: &OwnPreKeyRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO own_pre_keys (public, secret, version, created_at, expired_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                pre_key.public,
                pre_key.secret,
                pre_key.version,
                Sql(pre_key.created_at),
                pre_key.expired_at.map(Sql)
            ],
        )?;
        Ok(())
    }

    /// The pre-key of ours with this public half, expired or not.
    pub fn own(&self, public: &PublicKeyBytes) -> Result<Option<OwnPreKeyRow>, StoreError> {
        self.0
            .one("SELECT * FROM own_pre_keys WHERE public = ?1", [public], read_own)
    }

    /// Our pre-key with the highest number.
    pub fn newest_own(&self) -> Result<Option<OwnPreKeyRow>, StoreError> {
        self.0.one(
            "SELECT * FROM own_pre_keys WHERE version = (SELECT max(version) FROM own_pre_keys)",
            [],
            read_own,
        )
    }

    /// Marks all pre-keys of ours that are not expired yet as expired at `now`.
    pub fn expire_own(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        self.0.execute(
            "UPDATE own_pre_keys SET expired_at = ?1 WHERE expired_at IS NULL",
            [Sql(now)],
        )
    }

    /// Erases the pre-keys of ours that expired before; answers how many.
    pub fn erase_own(&mut self, expired_before: Timestamp) -> Result<usize, StoreError> {
        let erased = self
            .0
            .execute("DELETE FROM own_pre_keys WHERE expired_at < ?1", [Sql(expired_before)])?;
        self.0.record(|changes| changes.erased |= erased > 0);
        Ok(erased)
    }

    /// When the pre-key of ours that expired first did so.
    pub fn first_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = self
            .0
            .one("SELECT min(expired_at) AS first FROM own_pre_keys", [], |row| {
                optional(row, "first")
            })?;
        Ok(first.flatten())
    }
}

/// The pre-keys of others.
impl Bundles<'_> {
    /// Adds a pre-key of somebody; false if it is known already, which then stays as it is.
    pub fn insert(&mut self, pre_key: &PreKeyRow) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO pre_keys
                 (identity, installation, public, version, protocol_version, received_at, expired)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            params![
                pre_key.identity,
                Sql(&pre_key.installation),
                pre_key.public,
                pre_key.version,
                pre_key.protocol_version,
                Sql(pre_key.received_at),
                pre_key.expired,
            ],
        )?;
        Ok(added > 0)
    }

    /// Marks the pre-keys of a device with a lower number as expired.
    pub fn expire_older(
        &mut self,
        identity: &PublicKeyBytes,
        installation: &InstallationId,
        version: u32,
    ) -> Result<usize, StoreError> {
        self.0.execute(
            "UPDATE pre_keys SET expired = 1
             WHERE identity = ?1 AND installation = ?2 AND version < ?3 AND expired = 0",
            params![identity, Sql(installation), version],
        )
    }

    /// The pre-key of a device with the highest number that is not expired; of equal numbers the one that came last.
    pub fn newest(
        &self,
        identity: &PublicKeyBytes,
        installation: &InstallationId,
    ) -> Result<Option<PreKeyRow>, StoreError> {
        self.0.one(
            "SELECT * FROM pre_keys WHERE identity = ?1 AND installation = ?2 AND expired = 0
             ORDER BY version DESC, received_at DESC LIMIT 1",
            params![identity, Sql(installation)],
            read,
        )
    }

    /// Forgets the expired pre-keys of others that arrived before.
    pub fn prune(&mut self, received_before: Timestamp) -> Result<usize, StoreError> {
        self.0.execute(
            "DELETE FROM pre_keys WHERE expired = 1 AND received_at < ?1",
            [Sql(received_before)],
        )
    }
}

fn read_own(row: &Row<'_>) -> rusqlite::Result<OwnPreKeyRow> {
    Ok(OwnPreKeyRow {
        public: row.get("public")?,
        secret: row.get("secret")?,
        version: row.get("version")?,
        created_at: column(row, "created_at")?,
        expired_at: optional(row, "expired_at")?,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<PreKeyRow> {
    Ok(PreKeyRow {
        identity: row.get("identity")?,
        installation: column(row, "installation")?,
        public: row.get("public")?,
        version: row.get("version")?,
        protocol_version: row.get("protocol_version")?,
        received_at: column(row, "received_at")?,
        expired: row.get("expired")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, device, person};

    fn own(number: u8) -> OwnPreKeyRow {
        OwnPreKeyRow {
            public: person(number),
            secret: vec![number; 32].into(),
            version: u32::from(number),
            created_at: NOW,
            expired_at: None,
        }
    }

    fn theirs(number: u8, version: u32) -> PreKeyRow {
        PreKeyRow {
            identity: person(100),
            installation: device(1),
            public: person(number),
            version,
            protocol_version: 1,
            received_at: NOW.plus(u64::from(number)),
            expired: false,
        }
    }

    #[test]
    fn our_pre_keys_expire_and_are_erased_later() {
        let mut store = Store::in_memory().unwrap();
        let (_, changes) = store
            .write(|tx| {
                let mut bundles = tx.bundles();
                bundles.insert_own(&own(1))?;
                assert_eq!(bundles.first_expiry()?, None);
                assert_eq!(bundles.expire_own(NOW.plus(10))?, 1);
                bundles.insert_own(&own(2))?;
                assert_eq!(bundles.newest_own()?, Some(own(2)));
                assert_eq!(
                    bundles.own(&person(1))?,
                    Some(OwnPreKeyRow {
                        expired_at: Some(NOW.plus(10)),
                        ..own(1)
                    })
                );
                assert_eq!(bundles.first_expiry()?, Some(NOW.plus(10)));
                assert_eq!(bundles.erase_own(NOW.plus(10))?, 0);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert!(!changes.erased);
        let (erased, changes) = store.write(|tx| tx.bundles().erase_own(NOW.plus(11))).unwrap();
        assert!(erased == 1 && changes.erased);
        assert_eq!(store.read(|view| view.bundles().own(&person(1))).unwrap(), None);
        assert_eq!(store.read(|view| view.bundles().newest_own()).unwrap(), Some(own(2)));
    }

    #[test]
    fn of_their_pre_keys_the_newest_counts() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut bundles = tx.bundles();
                for row in [theirs(1, 1), theirs(2, 3), theirs(3, 2), theirs(4, 3)] {
                    assert!(bundles.insert(&row)?);
                }
                assert!(!bundles.insert(&theirs(1, 9))?, "a known pre-key stays as it is");
                assert_eq!(bundles.newest(&person(100), &device(1))?, Some(theirs(4, 3)));
                assert_eq!(bundles.newest(&person(100), &device(2))?, None);
                assert_eq!(bundles.expire_older(&person(100), &device(1), 4)?, 4);
                assert_eq!(bundles.newest(&person(100), &device(1))?, None);
                assert_eq!(bundles.prune(NOW.plus(3))?, 2);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
