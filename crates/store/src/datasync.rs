//! The memory of data sync (MVDS): what to repeat to whom until it is acknowledged, and what to acknowledge to whom.

use protocol::Timestamp;
use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column, optional};
use crate::{PublicKeyBytes, StoreError};

/// Door to the data-sync state.
pub struct DataSync<'t>(pub(crate) Access<'t>);

/// A message offered to one or more peers.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingRow {
    /// Its data-sync id.
    pub id: [u8; 32],
    /// The data-sync group, which stands for a pair of people.
    pub group_id: [u8; 32],
    /// The application message inside, if its delivery is to be told.
    pub message: Option<MessageId>,
    /// Its time in seconds, part of its id.
    pub timestamp: i64,
    /// The application bytes.
    pub body: Vec<u8>,
}

/// A message that is due to be sent to a peer, or will be.
#[derive(Clone, PartialEq, Eq)]
pub struct DueMessage {
    /// The message.
    pub outgoing: OutgoingRow,
    /// Who has not acknowledged it.
    pub peer: PublicKeyBytes,
    /// How often it was sent.
    pub send_count: u32,
    /// When it is to be sent next.
    pub due_at: Timestamp,
}

/// What an acknowledgement settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The application message, if there is one.
    pub message: Option<MessageId>,
    /// How many acknowledgements of other peers that application message still waits for.
    pub outstanding: u64,
}

/// What we send.
impl DataSync<'_> {
    /// Keeps a message to be sent to `peer` at `due_at`; a further call with another peer adds that peer.
    pub fn offer(
        &mut self,
        outgoing: &OutgoingRow,
        peer: &PublicKeyBytes,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO datasync_messages (id, group_id, message, timestamp, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO NOTHING",
            params![
                outgoing.id,
                outgoing.group_id,
                outgoing.message.as_ref().map(Sql),
                outgoing.timestamp,
                outgoing.body
            ],
        )?;
        self.0.execute(
            "INSERT INTO datasync_states (peer, id, send_count, due_at) VALUES (?1, ?2, 0, ?3) ON CONFLICT DO NOTHING",
            params![peer, outgoing.id, Sql(due_at)],
        )?;
        Ok(())
    }

    /// Up to `limit` messages that are due at `now`, the longest due first.
    pub fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>, StoreError> {
        self.0.all(
            "SELECT * FROM datasync_states s JOIN datasync_messages m ON m.id = s.id WHERE s.due_at <= ?1
             ORDER BY s.due_at, s.peer, s.id LIMIT ?2",
            params![Sql(now), limit],
            read,
        )
    }

    /// What one peer has not acknowledged, the next due first.
    pub fn pending(&self, peer: &PublicKeyBytes, limit: u32) -> Result<Vec<DueMessage>, StoreError> {
        self.0.all(
            "SELECT * FROM datasync_states s JOIN datasync_messages m ON m.id = s.id WHERE s.peer = ?1
             ORDER BY s.due_at, s.id LIMIT ?2",
            params![peer, limit],
            read,
        )
    }

    /// What is due to one peer at `now`, the longest due first.
    pub fn due_to(&self, peer: &PublicKeyBytes, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>, StoreError> {
        self.0.all(
            "SELECT * FROM datasync_states s JOIN datasync_messages m ON m.id = s.id WHERE s.peer = ?1 AND s.due_at <= ?2
             ORDER BY s.due_at, s.id LIMIT ?3",
            params![peer, Sql(now), limit],
            read,
        )
    }

    /// What carries an application message, for each peer that has not acknowledged it.
    pub fn of_message(&self, message: &MessageId) -> Result<Vec<DueMessage>, StoreError> {
        self.0.all(
            "SELECT * FROM datasync_messages m JOIN datasync_states s ON s.id = m.id WHERE m.message = ?1
             ORDER BY s.peer, s.id",
            [Sql(message)],
            read,
        )
    }

    /// The time of a message in seconds, as long as somebody has not acknowledged it.
    pub fn timestamp(&self, id: &[u8; 32]) -> Result<Option<i64>, StoreError> {
        self.0
            .one("SELECT timestamp FROM datasync_messages WHERE id = ?1", [id], |row| {
                row.get("timestamp")
            })
    }

    /// The peers to whom a message waits to be sent for the first time, and is due before a time.
    pub fn never_sent_to(&self, before: Timestamp) -> Result<Vec<PublicKeyBytes>, StoreError> {
        self.0.all(
            "SELECT DISTINCT peer FROM datasync_states INDEXED BY datasync_states_due WHERE send_count = 0 AND due_at < ?1",
            [Sql(before)],
            |row| row.get(0),
        )
    }

    /// When the next message is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.one(
            "SELECT due_at FROM datasync_states ORDER BY due_at LIMIT 1",
            [],
            |row| column(row, "due_at"),
        )
    }

    /// Sets how often a message was sent to a peer, and when it is due again.
    pub fn reschedule(
        &mut self,
        id: &[u8; 32],
        peer: &PublicKeyBytes,
        send_count: u32,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE datasync_states SET send_count = ?3, due_at = ?4 WHERE peer = ?2 AND id = ?1",
            params![id, peer, send_count, Sql(due_at)],
        )?;
        Ok(())
    }

    /// Settles a message for a peer; none if nothing of the kind was pending. Erases it when no other peer waits.
    pub fn acknowledge(&mut self, id: &[u8; 32], peer: &PublicKeyBytes) -> Result<Option<Acknowledged>, StoreError> {
        if self.0.execute(
            "DELETE FROM datasync_states WHERE peer = ?2 AND id = ?1",
            params![id, peer],
        )? == 0
        {
            return Ok(None);
        }
        let message = self
            .0
            .one("SELECT message FROM datasync_messages WHERE id = ?1", [id], |row| {
                optional::<MessageId>(row, "message")
            })?;
        let erased = self.0.execute(
            "DELETE FROM datasync_messages WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM datasync_states s WHERE s.id = ?1)",
            [id],
        )?;
        self.0.record(|changes| changes.erased |= erased > 0);
        let message = message.flatten();
        let outstanding = message.map_or(Ok(0), |message| self.outstanding(&message))?;
        Ok(Some(Acknowledged { message, outstanding }))
    }

    /// How many acknowledgements an application message still waits for.
    pub fn outstanding(&self, message: &MessageId) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM datasync_messages m JOIN datasync_states s ON s.id = m.id WHERE m.message = ?1",
            [Sql(message)],
        )
    }

    /// Erases what carries an application message, whoever has not acknowledged it.
    pub fn withdraw(&mut self, message: &MessageId) -> Result<(), StoreError> {
        self.0.execute(
            "DELETE FROM datasync_states WHERE id IN (SELECT id FROM datasync_messages WHERE message = ?1)",
            [Sql(message)],
        )?;
        let erased = self
            .0
            .execute("DELETE FROM datasync_messages WHERE message = ?1", [Sql(message)])?;
        self.0.record(|changes| changes.erased |= erased > 0);
        Ok(())
    }

    /// Erases all that a peer has not acknowledged; answers the application messages concerned.
    pub fn abandon(&mut self, peer: &PublicKeyBytes) -> Result<Vec<MessageId>, StoreError> {
        let ids = self
            .0
            .all("SELECT id FROM datasync_states WHERE peer = ?1", [peer], |row| {
                row.get("id")
            })?;
        let mut messages = Vec::new();
        for id in ids {
            messages.extend(self.acknowledge(&id, peer)?.and_then(|settled| settled.message));
        }
        Ok(messages)
    }
}

/// What we acknowledge.
impl DataSync<'_> {
    /// Queues the acknowledgement of a message to its sender; an earlier one that is still queued stays.
    pub fn queue_ack(&mut self, peer: &PublicKeyBytes, id: &[u8; 32], due_at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO datasync_acks (peer, id, due_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![peer, id, Sql(due_at)],
        )?;
        Ok(())
    }

    /// The peers to whom an acknowledgement is due at `now`.
    pub fn peers_to_acknowledge(&self, now: Timestamp) -> Result<Vec<PublicKeyBytes>, StoreError> {
        self.0.all(
            "SELECT DISTINCT peer FROM datasync_acks INDEXED BY datasync_acks_due WHERE due_at <= ?1",
            [Sql(now)],
            |row| row.get(0),
        )
    }

    /// Takes up to `limit` acknowledgements for a peer out of the queue, due or not: they travel together.
    pub fn take_acks(&mut self, peer: &PublicKeyBytes, limit: u32) -> Result<Vec<[u8; 32]>, StoreError> {
        self.0.all(
            "DELETE FROM datasync_acks WHERE peer = ?1
                 AND id IN (SELECT id FROM datasync_acks WHERE peer = ?1 ORDER BY due_at, id LIMIT ?2)
             RETURNING id",
            params![peer, limit],
            |row| row.get(0),
        )
    }

    /// When the next acknowledgement is due.
    pub fn next_ack_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0
            .one("SELECT due_at FROM datasync_acks ORDER BY due_at LIMIT 1", [], |row| {
                column(row, "due_at")
            })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<DueMessage> {
    Ok(DueMessage {
        outgoing: OutgoingRow {
            id: row.get("id")?,
            group_id: row.get("group_id")?,
            message: optional(row, "message")?,
            timestamp: row.get("timestamp")?,
            body: row.get("body")?,
        },
        peer: row.get("peer")?,
        send_count: row.get("send_count")?,
        due_at: column(row, "due_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message_id, person};

    fn outgoing(number: u8, message: u64) -> OutgoingRow {
        OutgoingRow {
            id: [number; 32],
            group_id: [7; 32],
            message: Some(message_id(message)),
            timestamp: 1_700_000_000,
            body: vec![number; 50],
        }
    }

    #[test]
    fn what_is_due_comes_back_until_it_is_acknowledged() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut datasync = tx.datasync();
                datasync.offer(&outgoing(1, 1), &person(1), NOW.plus(5))?;
                datasync.offer(&outgoing(2, 2), &person(1), NOW)?;
                assert_eq!(datasync.next_due()?, Some(NOW));
                let due = datasync.due(NOW, 10)?;
                assert_eq!(due.len(), 1);
                assert!(due[0].outgoing == outgoing(2, 2) && due[0].peer == person(1) && due[0].send_count == 0);
                datasync.reschedule(&[2; 32], &person(1), 3, NOW.plus(30))?;
                assert!(datasync.due(NOW, 10)?.is_empty());
                let pending = datasync.pending(&person(1), 10)?;
                let counts: Vec<_> = pending.iter().map(|due| (due.outgoing.id[0], due.send_count)).collect();
                assert_eq!(counts, [(1, 0), (2, 3)]);
                assert_eq!(datasync.due(NOW.plus(30), 1)?.len(), 1);
                assert!(datasync.due_to(&person(1), NOW.plus(4), 10)?.is_empty());
                assert!(datasync.due_to(&person(2), NOW.plus(30), 10)?.is_empty());
                assert!(datasync.due_to(&person(1), NOW.plus(30), 10)? == pending);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let (settled, changes) = store
            .write(|tx| tx.datasync().acknowledge(&[2; 32], &person(1)))
            .unwrap();
        assert_eq!(
            settled,
            Some(Acknowledged {
                message: Some(message_id(2)),
                outstanding: 0
            })
        );
        assert!(changes.erased);
        assert_eq!(
            store
                .write(|tx| tx.datasync().acknowledge(&[2; 32], &person(1)))
                .unwrap()
                .0,
            None
        );
    }

    #[test]
    fn a_message_to_several_is_settled_by_the_last() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut datasync = tx.datasync();
                // A group message: one data-sync message per member, one application message.
                for member in 1..=3 {
                    datasync.offer(&outgoing(member, 1), &person(member), NOW)?;
                }
                for (member, outstanding) in [(2, 2), (1, 1), (3, 0)] {
                    let settled = datasync.acknowledge(&[member; 32], &person(member))?;
                    assert_eq!(
                        settled,
                        Some(Acknowledged {
                            message: Some(message_id(1)),
                            outstanding
                        })
                    );
                }
                assert_eq!(datasync.acknowledge(&[1; 32], &person(2))?, None, "of another peer");
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn first_sends_and_the_peers_of_a_message_are_found() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut datasync = tx.datasync();
                datasync.offer(&outgoing(1, 1), &person(1), NOW)?;
                datasync.offer(&outgoing(2, 2), &person(1), NOW)?;
                datasync.offer(&outgoing(2, 2), &person(2), NOW.plus(5))?;
                assert!(datasync.never_sent_to(NOW)?.is_empty());
                assert_eq!(datasync.never_sent_to(NOW.plus(1))?, [person(1)]);
                datasync.reschedule(&[1; 32], &person(1), 1, NOW)?;
                datasync.reschedule(&[2; 32], &person(1), 1, NOW)?;
                assert_eq!(datasync.never_sent_to(NOW.plus(9))?, [person(2)]);
                assert_eq!(datasync.of_message(&message_id(2))?.len(), 2);
                assert_eq!(datasync.timestamp(&[2; 32])?, Some(1_700_000_000));
                assert_eq!(datasync.timestamp(&[9; 32])?, None);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn a_peer_can_be_given_up() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut datasync = tx.datasync();
                datasync.offer(&outgoing(1, 1), &person(1), NOW)?;
                datasync.offer(&outgoing(1, 1), &person(2), NOW)?;
                datasync.offer(&outgoing(2, 2), &person(1), NOW)?;
                assert_eq!(datasync.abandon(&person(1))?, [message_id(1), message_id(2)]);
                assert_eq!(datasync.pending(&person(1), 10)?.len(), 0);
                assert_eq!(datasync.pending(&person(2), 10)?.len(), 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn acknowledgements_leave_together_once() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut datasync = tx.datasync();
                datasync.queue_ack(&person(1), &[1; 32], NOW)?;
                datasync.queue_ack(&person(1), &[1; 32], NOW.plus(9))?;
                datasync.queue_ack(&person(1), &[2; 32], NOW.plus(1))?;
                datasync.queue_ack(&person(2), &[3; 32], NOW.plus(2))?;
                assert_eq!(datasync.next_ack_due()?, Some(NOW));
                assert_eq!(datasync.peers_to_acknowledge(NOW)?, [person(1)]);
                assert_eq!(datasync.take_acks(&person(1), 1)?, [[1; 32]]);
                assert_eq!(datasync.take_acks(&person(1), 9)?, [[2; 32]]);
                assert_eq!(datasync.take_acks(&person(1), 9)?, [[0; 32]; 0]);
                assert_eq!(datasync.next_ack_due()?, Some(NOW.plus(2)));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
