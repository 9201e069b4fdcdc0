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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, device, person};
    use crate::{OwnPreKeyRow, PreKeyRow, Store};

    fn session(bundle: u8, used: u64) -> SessionRow {
        SessionRow {
            identity: person(1),
            installation: device(1),
            bundle: person(bundle),
            state: vec![bundle; 300].into(),
            ephemeral: (bundle == 10).then(|| person(50)),
            used_at: NOW.plus(used),
        }
    }

    fn current(store: &Store) -> Option<SessionRow> {
        store
            .read(|view| view.sessions().current(&person(1), &device(1)))
            .unwrap()
    }

    #[test]
    fn the_session_to_write_with_stands_on_a_pre_key_that_has_not_expired() {
        let mut store = Store::in_memory().unwrap();
        let theirs = PreKeyRow {
            identity: person(1),
            installation: device(1),
            public: person(10),
            version: 1,
            protocol_version: 1,
            received_at: NOW,
            expired: false,
        };
        let ours = OwnPreKeyRow {
            public: person(20),
            secret: vec![1; 32].into(),
            version: 1,
            created_at: NOW,
            expired_at: None,
        };
        store
            .write(|tx| {
                tx.bundles().insert(&theirs)?;
                tx.bundles().insert_own(&ours)?;
                for row in [session(10, 1), session(20, 2), session(30, 3)] {
                    tx.sessions().save(&row)?;
                }
                tx.sessions().save(&SessionRow {
                    installation: device(2),
                    ..session(10, 9)
                })
            })
            .unwrap();
        assert_eq!(
            current(&store),
            Some(session(20, 2)),
            "30 stands on nothing that is known"
        );
        store.write(|tx| tx.bundles().expire_own(NOW)).unwrap();
        assert_eq!(current(&store), Some(session(10, 1)));
        store
            .write(|tx| tx.bundles().expire_older(&person(1), &device(1), 2))
            .unwrap();
        assert_eq!(current(&store), None);
        let found = store
            .read(|view| view.sessions().load(&person(1), &device(1), &person(30)))
            .unwrap();
        assert_eq!(found, Some(session(30, 3)), "an expired session still reads");
        let all = store.read(|view| view.sessions().with(&person(1), &device(1))).unwrap();
        assert_eq!(all, [session(30, 3), session(20, 2), session(10, 1)]);
    }

    #[test]
    fn saving_replaces_and_removing_erases() {
        let mut store = Store::in_memory().unwrap();
        store.write(|tx| tx.sessions().save(&session(10, 1))).unwrap();
        let advanced = SessionRow {
            state: vec![77; 10].into(),
            ephemeral: None,
            ..session(10, 2)
        };
        let ((), changes) = store.write(|tx| tx.sessions().save(&advanced)).unwrap();
        assert!(changes.erased);
        let found = store.read(|view| view.sessions().with(&person(1), &device(1))).unwrap();
        assert_eq!(found, [advanced]);
        store.write(|tx| tx.sessions().save(&session(20, 5))).unwrap();
        assert_eq!(store.write(|tx| tx.sessions().prune(NOW.plus(5))).unwrap().0, 1);
        assert_eq!(
            store
                .write(|tx| tx.sessions().remove(&person(1), &device(1)))
                .unwrap()
                .0,
            1
        );
    }
}
