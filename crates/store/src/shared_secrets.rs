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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, device, person};

    #[test]
    fn acknowledgements_are_kept_per_installation() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut secrets = tx.shared_secrets();
                assert!(secrets.acknowledge(&person(1), &device(1), NOW)?);
                assert!(!secrets.acknowledge(&person(1), &device(1), NOW.plus(1))?);
                assert!(secrets.acknowledge(&person(1), &device(2), NOW)?);
                assert!(secrets.acknowledge(&person(2), &device(1), NOW)?);
                assert_eq!(secrets.acknowledged(&person(1))?, [device(1), device(2)]);
                let mut people = secrets.people()?;
                people.sort_by_key(|key| key.as_bytes()[1]);
                assert_eq!(people, [person(1), person(2)]);
                assert_eq!(secrets.remove(&person(1))?, 2);
                assert!(secrets.acknowledged(&person(1))?.is_empty());
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
