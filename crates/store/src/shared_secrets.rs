//! Which devices of a person have shown that they use the secret we share with that person.
//!
//! The secret itself is not kept: it follows from the two chat keys.

use protocol::Timestamp;
use protocol::id::InstallationId;
use rusqlite::params;

use crate::access::Access;
use crate::value::{Sql, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to the acknowledgements.
pub struct SharedSecrets<'t>(pub(crate) Access<'t>);

impl SharedSecrets<'_> {
    /// Remembers that an installation uses the secret; false if that was known.
    pub fn acknowledge(
        &mut self,
        identity: &PublicKeyBytes,
        installation: &InstallationId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO shared_secrets (identity, installation, acknowledged_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            params![identity, Sql(installation), Sql(at)],
        )?;
        Ok(added > 0)
    }

    /// The installations that use the secret shared with a person.
    pub fn acknowledged(&self, identity: &PublicKeyBytes) -> Result<Vec<InstallationId>, StoreError> {
        self.0.all(
            "SELECT installation FROM shared_secrets WHERE identity = ?1 ORDER BY installation",
            [identity],
            |row| column(row, "installation"),
        )
    }

    /// The people with whom a secret is in use.
    pub fn people(&self) -> Result<Vec<PublicKeyBytes>, StoreError> {
        self.0.all(
            "SELECT DISTINCT identity FROM shared_secrets ORDER BY identity",
            [],
            |row| row.get(0),
        )
    }

    /// Forgets everything about the secret shared with a person.
    pub fn remove(&mut self, identity: &PublicKeyBytes) -> Result<usize, StoreError> {
        self.0
            .execute("DELETE FROM shared_secrets WHERE identity = ?1", [identity])
    }
}
