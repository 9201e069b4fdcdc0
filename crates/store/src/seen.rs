//! What is done with, so that it is not done twice: hashes of envelopes, ids of application messages of every kind.

use protocol::Timestamp;
use protocol::id::MessageId;
use rusqlite::params;

use crate::StoreError;
use crate::access::Access;
use crate::value::Sql;

/// Door to what was seen.
pub struct Seen<'t>(pub(crate) Access<'t>);

impl Seen<'_> {
    /// Whether an envelope is done with.
    pub fn has_envelope(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        self.0.exists("SELECT 1 FROM seen_envelopes WHERE hash = ?1", [hash])
    }

    /// Remembers that an envelope is done with; false if it was already.
    pub fn add_envelope(&mut self, hash: &[u8; 32], at: Timestamp) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO seen_envelopes (hash, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![hash, Sql(at)],
        )?;
        Ok(added > 0)
    }

    /// Whether an application message is done with.
    pub fn has_message(&self, id: &MessageId) -> Result<bool, StoreError> {
        self.0.exists("SELECT 1 FROM seen_messages WHERE id = ?1", [Sql(id)])
    }

    /// Remembers that an application message is done with; false if it was already.
    pub fn add_message(&mut self, id: &MessageId, at: Timestamp) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO seen_messages (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![Sql(id), Sql(at)],
        )?;
        Ok(added > 0)
    }

    /// Forgets up to `limit` envelopes and as many messages seen before; answers how many.
    pub fn prune(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let envelopes = self.0.execute(
            "DELETE FROM seen_envelopes WHERE hash IN (SELECT hash FROM seen_envelopes WHERE at < ?1 LIMIT ?2)",
            params![Sql(before), limit],
        )?;
        let messages = self.0.execute(
            "DELETE FROM seen_messages WHERE id IN (SELECT id FROM seen_messages WHERE at < ?1 LIMIT ?2)",
            params![Sql(before), limit],
        )?;
        Ok(envelopes + messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message_id};

    #[test]
    fn what_is_seen_is_known_until_it_is_pruned() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut seen = tx.seen();
                assert!(seen.add_envelope(&[1; 32], NOW)?);
                assert!(!seen.add_envelope(&[1; 32], NOW.plus(5))?);
                assert!(seen.add_envelope(&[2; 32], NOW.plus(5))?);
                assert!(seen.add_message(&message_id(1), NOW)?);
                assert!(!seen.add_message(&message_id(1), NOW)?);
                assert!(!seen.has_envelope(&[3; 32])? && !seen.has_message(&message_id(2))?);
                assert_eq!(seen.prune(NOW.plus(5), 10)?, 2);
                assert!(!seen.has_envelope(&[1; 32])? && !seen.has_message(&message_id(1))?);
                assert!(seen.has_envelope(&[2; 32])?);
                assert_eq!(seen.prune(NOW.plus(9), 0)?, 0);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
