//! Installations: the devices of other people and of ourselves, as their bundles announce them.

use protocol::id::InstallationId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to the installations.
pub struct Installations<'t>(pub(crate) Access<'t>);

/// One device of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationRow {
    /// Whose it is.
    pub identity: PublicKeyBytes,
    /// Which one.
    pub id: InstallationId,
    /// The version of the encryption layer it speaks.
    pub protocol_version: u32,
    /// Time of the newest bundle that named it, in nanoseconds.
    pub announced_at: u64,
    /// Whether messages are meant for it.
    pub enabled: bool,
    /// What its owner calls it; known of our own devices only.
    pub name: String,
    /// What kind of device it is; known of our own devices only.
    pub device_type: String,
}

impl Installations<'_> {
    /// One installation.
    pub fn load(&self, identity: &PublicKeyBytes, id: &InstallationId) -> Result<Option<InstallationRow>, StoreError> {
        self.0.one(
            "SELECT * FROM installations WHERE identity = ?1 AND id = ?2",
            params![identity, Sql(id)],
            read,
        )
    }

    /// Saves an installation, the first time or anew.
    pub fn save(&mut self, installation: &InstallationRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO installations
                 (identity, id, protocol_version, announced_at, enabled, name, device_type)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                installation.identity,
                Sql(&installation.id),
                installation.protocol_version,
                Sql(installation.announced_at),
                installation.enabled,
                installation.name,
                installation.device_type,
            ],
        )?;
        self.touched(installation.identity, &installation.id);
        Ok(())
    }

    /// Forgets an installation.
    pub fn remove(&mut self, identity: &PublicKeyBytes, id: &InstallationId) -> Result<(), StoreError> {
        self.0.execute(
            "DELETE FROM installations WHERE identity = ?1 AND id = ?2",
            params![identity, Sql(id)],
        )?;
        self.touched(*identity, id);
        Ok(())
    }

    /// All installations of a person, the one announced last first.
    pub fn of(&self, identity: &PublicKeyBytes) -> Result<Vec<InstallationRow>, StoreError> {
        self.0.all(
            "SELECT * FROM installations WHERE identity = ?1 ORDER BY announced_at DESC, id",
            [identity],
            read,
        )
    }

    /// Up to `limit` enabled installations of a person, the one announced last first.
    pub fn enabled(&self, identity: &PublicKeyBytes, limit: u32) -> Result<Vec<InstallationRow>, StoreError> {
        self.0.all(
            "SELECT * FROM installations WHERE identity = ?1 AND enabled = 1 ORDER BY announced_at DESC, id LIMIT ?2",
            params![identity, limit],
            read,
        )
    }

    fn touched(&mut self, identity: PublicKeyBytes, id: &InstallationId) {
        self.0.record(|changes| {
            changes.devices.insert((identity, id.clone()));
        });
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<InstallationRow> {
    Ok(InstallationRow {
        identity: row.get("identity")?,
        id: column(row, "id")?,
        protocol_version: row.get("protocol_version")?,
        announced_at: column(row, "announced_at")?,
        enabled: row.get("enabled")?,
        name: row.get("name")?,
        device_type: row.get("device_type")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{device, person};

    #[test]
    fn the_devices_announced_last_come_first() {
        let mut store = Store::in_memory().unwrap();
        let row = |number: u32, announced_at: u64| InstallationRow {
            identity: person(1),
            id: device(number),
            protocol_version: 1,
            announced_at,
            enabled: number != 3,
            name: String::new(),
            device_type: String::new(),
        };
        let ((), changes) = store
            .write(|tx| {
                for row in [row(1, 10), row(2, 30), row(3, 40), row(4, 20)] {
                    tx.installations().save(&row)?;
                }
                tx.installations().save(&InstallationRow {
                    identity: person(2),
                    ..row(5, 50)
                })
            })
            .unwrap();
        assert_eq!(changes.devices.len(), 5);
        store.write(|tx| tx.installations().save(&row(1, 25))).unwrap();
        store
            .read(|view| {
                let installations = view.installations();
                assert_eq!(installations.enabled(&person(1), 2)?, [row(2, 30), row(1, 25)]);
                assert_eq!(
                    installations.of(&person(1))?,
                    [row(3, 40), row(2, 30), row(1, 25), row(4, 20)]
                );
                assert_eq!(installations.load(&person(1), &device(5))?, None);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store
            .write(|tx| tx.installations().remove(&person(1), &device(2)))
            .unwrap();
        assert_eq!(
            store
                .read(|view| view.installations().load(&person(1), &device(2)))
                .unwrap(),
            None
        );
    }
}
