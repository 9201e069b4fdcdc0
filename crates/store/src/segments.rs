//! Segments: parts of messages that did not fit into one envelope, kept until enough of them are here.
//!
//! Segments of different signers never mix, and a message that was put together once is not put together again.

use protocol::Timestamp;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column};
use crate::waiting::{Usage, usage};
use crate::{PublicKeyBytes, StoreError};

/// Door to the segments.
pub struct Segments<'t>(pub(crate) Access<'t>);

/// One segment.
#[derive(Clone, PartialEq, Eq)]
pub struct SegmentRow {
    /// Hash of the whole message.
    pub hash: [u8; 32],
    /// Who signed the envelope.
    pub signer: PublicKeyBytes,
    /// Whether it holds parity instead of data.
    pub parity: bool,
    /// Its place among those of its kind.
    pub position: u32,
    /// How many of its kind there are, as it says itself.
    pub total: u32,
    /// Its bytes.
    pub data: Vec<u8>,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl Segments<'_> {
    /// Keeps a segment; false if that place is taken already.
    pub fn insert(&mut self, segment: &SegmentRow) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO segments (hash, signer, parity, position, total, data, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            params![
                segment.hash,
                segment.signer,
                segment.parity,
                segment.position,
                segment.total,
                segment.data,
                Sql(segment.received_at),
            ],
        )?;
        Ok(added > 0)
    }

    /// The segments of a message that are here, data first, each in order.
    pub fn of(&self, hash: &[u8; 32], signer: &PublicKeyBytes) -> Result<Vec<SegmentRow>, StoreError> {
        self.0.all(
            "SELECT * FROM segments WHERE hash = ?1 AND signer = ?2 ORDER BY parity, position",
            params![hash, signer],
            read,
        )
    }

    /// How many segments of a message are here, without loading them.
    pub fn count(&self, hash: &[u8; 32], signer: &PublicKeyBytes) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM segments WHERE hash = ?1 AND signer = ?2",
            params![hash, signer],
        )
    }

    /// Whether a message of this signer was put together already.
    pub fn is_complete(&self, hash: &[u8; 32], signer: &PublicKeyBytes) -> Result<bool, StoreError> {
        self.0.exists(
            "SELECT 1 FROM segments_done WHERE hash = ?1 AND signer = ?2",
            params![hash, signer],
        )
    }

    /// Remembers that a message was put together and erases its segments.
    pub fn complete(&mut self, hash: &[u8; 32], signer: &PublicKeyBytes, at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO segments_done (hash, signer, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![hash, signer, Sql(at)],
        )?;
        self.0.execute(
            "DELETE FROM segments WHERE hash = ?1 AND signer = ?2",
            params![hash, signer],
        )?;
        self.0.record(|changes| changes.erased = true);
        Ok(())
    }

    /// How much of one signer is kept here.
    pub fn usage(&self, signer: &PublicKeyBytes) -> Result<Usage, StoreError> {
        let found = self.0.one(
            "SELECT count(*) AS count, coalesce(sum(length(data)), 0) AS bytes FROM segments WHERE signer = ?1",
            [signer],
            usage,
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Forgets the segments that arrived before, and which messages were put together before; answers how many rows.
    pub fn prune(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        let segments = self
            .0
            .execute("DELETE FROM segments WHERE received_at < ?1", [Sql(before)])?;
        let done = self
            .0
            .execute("DELETE FROM segments_done WHERE at < ?1", [Sql(before)])?;
        self.0.record(|changes| changes.erased |= segments > 0);
        Ok(segments + done)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SegmentRow> {
    Ok(SegmentRow {
        hash: row.get("hash")?,
        signer: row.get("signer")?,
        parity: row.get("parity")?,
        position: row.get("position")?,
        total: row.get("total")?,
        data: row.get("data")?,
        received_at: column(row, "received_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, person};

    fn segment(signer: u8, parity: bool, position: u32) -> SegmentRow {
        SegmentRow {
            hash: [1; 32],
            signer: person(signer),
            parity,
            position,
            total: 3,
            data: vec![position as u8; 10],
            received_at: NOW,
        }
    }

    #[test]
    fn segments_of_one_signer_come_back_in_order_until_they_are_complete() {
        let mut store = Store::in_memory().unwrap();
        let (_, changes) = store
            .write(|tx| {
                let mut segments = tx.segments();
                let [parity, second, first] = [segment(1, true, 0), segment(1, false, 1), segment(1, false, 0)];
                for row in [&parity, &second, &first, &segment(2, false, 0)] {
                    assert!(segments.insert(row)?);
                }
                assert!(!segments.insert(&second)?);
                assert!(segments.of(&[1; 32], &person(1))? == [first, second, parity]);
                assert_eq!(segments.count(&[1; 32], &person(1))?, 3);
                assert_eq!(segments.usage(&person(1))?, Usage { count: 3, bytes: 30 });
                assert!(!segments.is_complete(&[1; 32], &person(1))?);
                segments.complete(&[1; 32], &person(1), NOW.plus(1))?;
                assert!(segments.is_complete(&[1; 32], &person(1))?);
                assert!(!segments.is_complete(&[1; 32], &person(2))?);
                assert_eq!(segments.count(&[1; 32], &person(1))?, 0);
                assert_eq!(segments.count(&[1; 32], &person(2))?, 1);
                assert_eq!(segments.prune(NOW.plus(1))?, 1);
                assert!(segments.is_complete(&[1; 32], &person(1))?);
                assert_eq!(segments.prune(NOW.plus(2))?, 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert!(changes.erased);
    }
}
