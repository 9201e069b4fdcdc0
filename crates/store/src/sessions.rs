//! Double-ratchet sessions, as versioned bytes whose codec is elsewhere.
//!
//! A session belongs to a person, to one device of theirs, and to the signed pre-key that founded it.

use protocol::Timestamp;
use protocol::id::InstallationId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column};
use crate::{PublicKeyBytes, Secret, StoreError};

/// Door to the sessions.
pub struct Sessions<'t>(pub(crate) Access<'t>);

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// With whom.
    pub identity: PublicKeyBytes,
    /// With which device of theirs.
    pub installation: InstallationId,
    /// The signed pre-key, ours or theirs, that founded it.
    pub bundle: PublicKeyBytes,
    /// The state of the ratchet.
    pub state: Secret,
    /// The ephemeral key that goes with every message until the other side has answered.
    pub ephemeral: Option<PublicKeyBytes>,
    /// When it was used last.
    pub used_at: Timestamp,
}

impl Sessions<'_> {
    /// One session.
    pub fn load(
        &self,
        identity: &PublicKeyBytes,
        installation: &InstallationId,
        bundle: &PublicKeyBytes,
    ) -> Result<Option<SessionRow>, StoreError> {
        self.0.one(
            "SELECT * FROM sessions WHERE identity = ?1 AND installation = ?2 AND bundle = ?3",
            params![identity, Sql(installation), bundle],
            read,
        )
    }

    /// The session with a device to write with: founded on a pre-key that has not expired; of several the one used
    /// last.
    pub fn current(
        &self,
        identity: &PublicKeyBytes,
        installation: &InstallationId,
    ) -> Result<Option<SessionRow>, StoreError> {
        self.0.one(
            "SELECT * FROM sessions s WHERE identity = ?1 AND installation = ?2
                 AND (EXISTS (SELECT 1 FROM own_pre_keys o WHERE o.public = s.bundle AND o.expired_at IS NULL)
                     OR EXISTS (SELECT 1 FROM pre_keys p WHERE p.identity = ?1 AND p.installation = ?2
                         AND p.public = s.bundle AND p.expired = 0))
             ORDER BY used_at DESC, bundle LIMIT 1",
            params![identity, Sql(installation)],
            read,
        )
    }

    /// All sessions with a device, the one used last first.
    pub fn with(
        &self,
        identity: &PublicKeyBytes,
        installation: &InstallationId,
    ) -> Result<Vec<SessionRow>, StoreError> {
        self.0.all(
            "SELECT * FROM sessions WHERE identity = ?1 AND installation = ?2 ORDER BY used_at DESC, bundle",
            params![identity, Sql(installation)],
            read,
        )
    }

    /// Saves a session, the first time or anew; what it was before is erased.
    pub fn save(&mut self, session: &SessionRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO sessions (identity, installation, bundle, state, ephemeral, used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (identity, installation, bundle) DO UPDATE SET
                 state = excluded.state, ephemeral = excluded.ephemeral, used_at = excluded.used_at",
            params![
                session.identity,
                Sql(&session.installation),
                session.bundle,
                session.state,
                session.ephemeral,
                Sql(session.used_at),
            ],
        )?;
        self.0.record(|changes| changes.erased = true);
        Ok(())
    }

    /// Erases the sessions with a device.
    pub fn remove(&mut self, identity: &PublicKeyBytes, installation: &InstallationId) -> Result<usize, StoreError> {
        let removed = self.0.execute(
            "DELETE FROM sessions WHERE identity = ?1 AND installation = ?2",
            params![identity, Sql(installation)],
        )?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }

    /// Erases the sessions that were used last before.
    pub fn prune(&mut self, used_before: Timestamp) -> Result<usize, StoreError> {
        let removed = self
            .0
            .execute("DELETE FROM sessions WHERE used_at < ?1", [Sql(used_before)])?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        identity: row.get("identity")?,
        installation: column(row, "installation")?,
        bundle: row.get("bundle")?,
        state: row.get("state")?,
        ephemeral: row.get("ephemeral")?,
        used_at: column(row, "used_at")?,
    })
}
