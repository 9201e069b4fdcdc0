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
