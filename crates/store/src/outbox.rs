//! What waits to be sealed and published: bytes that are encrypted for their readers already, with their route.
//!
//! The outer seal is made anew for every attempt, so what stands here is not the envelope; the hashes of the envelopes
//! made from an entry stand beside it, so that a late echo of an earlier attempt is recognised.

use protocol::Timestamp;
use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column, optional};
use crate::{PublicKeyBytes, Secret, StoreError};

/// Door to the outbox.
pub struct Outbox<'t>(pub(crate) Access<'t>);

/// Names an entry; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub i64);

/// With what the outer seal is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteKey {
    /// A key of the topic, 32 bytes.
    Symmetric(Secret),
    /// The reader's public key.
    Asymmetric(PublicKeyBytes),
}

/// Something new to publish.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The application message it is part of, if its delivery is to be told.
    pub message: Option<MessageId>,
    /// Where it goes: the pubsub topic.
    pub pubsub_topic: String,
    /// Where it goes: the content topic.
    pub content_topic: String,
    /// With what it is sealed.
    pub key: RouteKey,
    /// The bytes to seal.
    pub payload: Vec<u8>,
    /// Whether store nodes should not keep it.
    pub ephemeral: bool,
    /// Higher goes first.
    pub priority: u8,
    /// When to publish it first.
    pub due_at: Timestamp,
    /// When it came into being.
    pub created_at: Timestamp,
}

/// An entry of the outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its name.
    pub id: OutboxId,
    /// What it is.
    pub entry: NewEntry,
    /// How often it was handed to the network.
    pub attempts: u32,
    /// When the network last took it.
    pub published_at: Option<Timestamp>,
}

impl Outbox<'_> {
    /// Adds an entry.
    pub fn insert(&mut self, entry: &NewEntry) -> Result<OutboxId, StoreError> {
        let (key_kind, key): (u8, &[u8]) = match &entry.key {
            RouteKey::Symmetric(key) => (SYMMETRIC, key),
            RouteKey::Asymmetric(key) => (ASYMMETRIC, key.as_bytes()),
        };
        self.0.execute(
            "INSERT INTO outbox
                 (message, pubsub_topic, content_topic, key_kind, key, payload, ephemeral, priority, attempts, due_at,
                  created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10)",
            params![
                entry.message.as_ref().map(Sql),
                entry.pubsub_topic,
                entry.content_topic,
                key_kind,
                key,
                entry.payload,
                entry.ephemeral,
                entry.priority,
                Sql(entry.due_at),
                Sql(entry.created_at),
            ],
        )?;
        self.0.record(|changes| changes.outbox = true);
        Ok(OutboxId(self.0.last_row()))
    }

    /// One entry.
    pub fn load(&self, id: OutboxId) -> Result<Option<OutboxRow>, StoreError> {
        self.0.one("SELECT * FROM outbox WHERE id = ?1", [id.0], read)
    }

    /// Up to `limit` entries that are due at `now`: higher priority first, then the longest due.
    pub fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.0.all(
            "SELECT * FROM outbox WHERE due_at <= ?1 ORDER BY priority DESC, due_at, id LIMIT ?2",
            params![Sql(now), limit],
            read,
        )
    }

    /// The `limit` entries that are due first, and when.
    pub fn next_due(&self, limit: u32) -> Result<Vec<(OutboxId, Timestamp)>, StoreError> {
        self.0.all(
            "SELECT id, due_at FROM outbox ORDER BY due_at LIMIT ?1",
            [limit],
            |row| Ok((OutboxId(row.get("id")?), column(row, "due_at")?)),
        )
    }

    /// How many entries there are.
    pub fn count(&self) -> Result<u64, StoreError> {
        let count = self.0.one("SELECT count(*) AS entries FROM outbox", [], |row| {
            column(row, "entries")
        })?;
        Ok(count.unwrap_or_default())
    }

    /// Sets how often an entry was tried, and when something is to be done about it again.
    pub fn reschedule(&mut self, id: OutboxId, attempts: u32, due_at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE outbox SET attempts = ?2, due_at = ?3 WHERE id = ?1",
            params![id.0, attempts, Sql(due_at)],
        )?;
        self.0.record(|changes| changes.outbox = true);
        Ok(())
    }

    /// Remembers that the network took an entry, which stays until it is removed, and when to look at it again.
    pub fn published(&mut self, id: OutboxId, at: Timestamp, due_at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE outbox SET published_at = ?2, due_at = ?3 WHERE id = ?1",
            params![id.0, Sql(at), Sql(due_at)],
        )?;
        Ok(())
    }

    /// Makes every entry due at `now` that would be due later, for instance when the network is back.
    pub fn bring_forward(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let moved = self
            .0
            .execute("UPDATE outbox SET due_at = ?1 WHERE due_at > ?1", [Sql(now)])?;
        self.0.record(|changes| changes.outbox |= moved > 0);
        Ok(moved)
    }

    /// Sends what waits for one pubsub topic over another.
    pub fn move_to(&mut self, pubsub_topic: &str, other: &str) -> Result<usize, StoreError> {
        let moved = self.0.execute(
            "UPDATE outbox SET pubsub_topic = ?2 WHERE pubsub_topic = ?1",
            params![pubsub_topic, other],
        )?;
        self.0.record(|changes| changes.outbox |= moved > 0);
        Ok(moved)
    }

    /// Erases an entry.
    pub fn remove(&mut self, id: OutboxId) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM outbox WHERE id = ?1", [id.0])?;
        self.0.record(|changes| changes.erased = true);
        Ok(())
    }

    /// Erases all entries of an application message; answers how many.
    pub fn remove_message(&mut self, message: &MessageId) -> Result<usize, StoreError> {
        let removed = self
            .0
            .execute("DELETE FROM outbox WHERE message = ?1", [Sql(message)])?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }

    /// How many entries of an application message the network has not taken yet.
    pub fn unpublished(&self, message: &MessageId) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM outbox WHERE message = ?1 AND published_at IS NULL",
            [Sql(message)],
        )
    }
}

/// The envelopes that were made from entries.
impl Outbox<'_> {
    /// Remembers the hash of an envelope sealed from an entry.
    pub fn sealed(&mut self, id: OutboxId, hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO outbox_hashes (hash, entry, message, sealed_at)
             VALUES (?1, ?2, (SELECT message FROM outbox WHERE id = ?2), ?3) ON CONFLICT DO NOTHING",
            params![hash, id.0, Sql(at)],
        )?;
        Ok(())
    }

    /// The entry, perhaps gone already, and the application message that an envelope was made from.
    pub fn source(&self, hash: &[u8; 32]) -> Result<Option<(OutboxId, Option<MessageId>)>, StoreError> {
        self.0.one(
            "SELECT entry, message FROM outbox_hashes WHERE hash = ?1",
            [hash],
            |row| Ok((OutboxId(row.get("entry")?), optional(row, "message")?)),
        )
    }

    /// The hashes of the envelopes made from an entry, the newest first.
    pub fn hashes(&self, id: OutboxId) -> Result<Vec<[u8; 32]>, StoreError> {
        self.0.all(
            "SELECT hash FROM outbox_hashes WHERE entry = ?1 ORDER BY sealed_at DESC",
            [id.0],
            |row| row.get(0),
        )
    }

    /// Forgets the hashes of envelopes sealed before.
    pub fn prune_hashes(&mut self, sealed_before: Timestamp) -> Result<usize, StoreError> {
        self.0
            .execute("DELETE FROM outbox_hashes WHERE sealed_at < ?1", [Sql(sealed_before)])
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let key = match row.get::<_, u8>("key_kind")? {
        SYMMETRIC => RouteKey::Symmetric(row.get("key")?),
        _ => RouteKey::Asymmetric(row.get("key")?),
    };
    Ok(OutboxRow {
        id: OutboxId(row.get("id")?),
        entry: NewEntry {
            message: optional(row, "message")?,
            pubsub_topic: row.get("pubsub_topic")?,
            content_topic: row.get("content_topic")?,
            key,
            payload: row.get("payload")?,
            ephemeral: row.get("ephemeral")?,
            priority: row.get("priority")?,
            due_at: column(row, "due_at")?,
            created_at: column(row, "created_at")?,
        },
        attempts: row.get("attempts")?,
        published_at: optional(row, "published_at")?,
    })
}

const SYMMETRIC: u8 = 1;
const ASYMMETRIC: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message_id, person};

    fn entry(due: u64, priority: u8) -> NewEntry {
        NewEntry {
            message: Some(message_id(1)),
            pubsub_topic: "/waku/2/rs/16/32".into(),
            content_topic: "/waku/1/0x00000000/rfc26".into(),
            key: RouteKey::Symmetric(vec![8; 32].into()),
            payload: vec![1, 2, 3],
            ephemeral: true,
            priority,
            due_at: NOW.plus(due),
            created_at: NOW,
        }
    }

    #[test]
    fn entries_come_when_due_the_important_first() {
        let mut store = Store::in_memory().unwrap();
        let (ids, changes) = store
            .write(|tx| {
                let mut outbox = tx.outbox();
                [entry(0, 1), entry(5, 2), entry(1, 1), entry(0, 2)]
                    .iter()
                    .map(|entry| outbox.insert(entry))
                    .collect::<Result<Vec<_>, _>>()
            })
            .unwrap();
        assert!(changes.outbox);
        store
            .read(|view| {
                let due = |now: u64| -> Result<Vec<_>, StoreError> {
                    Ok(view.outbox().due(NOW.plus(now), 10)?.iter().map(|row| row.id).collect())
                };
                assert_eq!(due(0)?, [ids[3], ids[0]]);
                assert_eq!(due(5)?, [ids[3], ids[1], ids[0], ids[2]]);
                assert_eq!(view.outbox().due(NOW.plus(5), 1)?.len(), 1);
                assert_eq!(view.outbox().count()?, 4);
                let row = view.outbox().load(ids[1])?.unwrap();
                assert!(row.entry == entry(5, 2) && row.attempts == 0 && row.published_at.is_none());
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn an_entry_is_tried_published_and_erased() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut outbox = tx.outbox();
                let asymmetric = NewEntry {
                    key: RouteKey::Asymmetric(person(3)),
                    ..entry(0, 1)
                };
                let [first, second] = [outbox.insert(&asymmetric)?, outbox.insert(&entry(0, 1))?];
                assert!(outbox.load(first)?.unwrap().entry == asymmetric);
                outbox.reschedule(first, 1, NOW.plus(9))?;
                outbox.reschedule(second, 1, NOW.plus(8))?;
                assert_eq!(outbox.next_due(1)?, [(second, NOW.plus(8))]);
                assert_eq!(outbox.bring_forward(NOW.plus(1))?, 2);
                assert_eq!(outbox.next_due(9)?, [(first, NOW.plus(1)), (second, NOW.plus(1))]);
                assert_eq!(outbox.unpublished(&message_id(1))?, 2);
                outbox.published(first, NOW, NOW.plus(3))?;
                assert_eq!(outbox.unpublished(&message_id(1))?, 1);
                assert_eq!(outbox.load(first)?.unwrap().published_at, Some(NOW));
                outbox.remove(first)?;
                assert_eq!(outbox.remove_message(&message_id(1))?, 1);
                assert_eq!(outbox.next_due(1)?, []);
                assert!(outbox.insert(&entry(0, 1))? > second, "names are not used again");
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn an_echo_is_recognised_also_after_the_entry_is_gone() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut outbox = tx.outbox();
                let id = outbox.insert(&entry(0, 1))?;
                outbox.sealed(id, &[1; 32], NOW)?;
                outbox.sealed(id, &[2; 32], NOW.plus(1))?;
                assert_eq!(outbox.hashes(id)?, [[2; 32], [1; 32]]);
                outbox.remove(id)?;
                assert_eq!(outbox.source(&[1; 32])?, Some((id, Some(message_id(1)))));
                assert_eq!(outbox.source(&[3; 32])?, None);
                assert_eq!(outbox.prune_hashes(NOW.plus(1))?, 1);
                assert_eq!(outbox.source(&[1; 32])?, None);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
