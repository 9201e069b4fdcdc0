//! What arrived before something it needs: raw envelopes that lack a key or a session, and verified contents (edits,
//! deletions, messages) that lack a chat or a target. They are tried again when that arrives, or forgotten in the end.

use protocol::Timestamp;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to what waits.
pub struct Waiting<'t>(pub(crate) Access<'t>);

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A hash-ratchet key; named by group id or key id.
    GroupKey,
    /// A double-ratchet session or the pre-key that founds it.
    Session,
    /// A device.
    Installation,
    /// A chat.
    Chat,
    /// The message that is to be edited, deleted or pinned.
    Target,
    /// A community.
    Community,
}

/// In which form something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An envelope as it came from the network: nothing of it was used up.
    Envelope,
    /// The signed application bytes: the layers around them are done with and gone.
    Content,
    /// The same, of something that everybody could read.
    PublicContent,
}

/// Something that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct ParkedRow {
    /// What kind of thing is missing.
    pub missing: Missing,
    /// Which one.
    pub what: Vec<u8>,
    /// In which form it waits.
    pub form: Form,
    /// What it is known by: the envelope's hash or the message's id. The same thing waits once.
    pub digest: [u8; 32],
    /// Who sent it, as far as that is known.
    pub sender: Option<PublicKeyBytes>,
    /// The pubsub topic it came on.
    pub topic: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The envelope's time.
    pub sent_at: Timestamp,
    /// Since when it waits.
    pub parked_at: Timestamp,
}

/// How much somebody has waiting here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many pieces.
    pub count: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

impl Waiting<'_> {
    /// Lets something wait; false if it does already.
    pub fn park(&mut self, parked: &ParkedRow) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO waiting (missing, what, form, digest, sender, topic, bytes, sent_at, parked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (digest) DO NOTHING",
            params![
                Coded(parked.missing),
                parked.what,
                Coded(parked.form),
                parked.digest,
                parked.sender,
                parked.topic,
                parked.bytes,
                Sql(parked.sent_at),
                Sql(parked.parked_at),
            ],
        )?;
        Ok(added > 0)
    }

    /// Whether something known by this digest waits.
    pub fn contains(&self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        self.0.exists("SELECT 1 FROM waiting WHERE digest = ?1", [digest])
    }

    /// Takes out up to `limit` of what waited for this, in the order in which it came.
    pub fn take(&mut self, missing: Missing, what: &[u8], limit: u32) -> Result<Vec<ParkedRow>, StoreError> {
        let parked = self.0.all(
            "SELECT * FROM waiting WHERE missing = ?1 AND what = ?2 ORDER BY id LIMIT ?3",
            params![Coded(missing), what, limit],
            read,
        )?;
        for row in &parked {
            self.0.execute("DELETE FROM waiting WHERE digest = ?1", [row.digest])?;
        }
        self.0.record(|changes| changes.erased |= !parked.is_empty());
        Ok(parked)
    }

    /// How much of one sender waits; of nobody known, for none.
    pub fn usage(&self, sender: Option<&PublicKeyBytes>) -> Result<Usage, StoreError> {
        let usage = self.0.one(
            "SELECT count(*) AS count, coalesce(sum(length(bytes)), 0) AS bytes FROM waiting WHERE sender IS ?1",
            [sender],
            usage,
        )?;
        Ok(usage.unwrap_or_default())
    }

    /// How much waits in all.
    pub fn total(&self) -> Result<Usage, StoreError> {
        let usage = self.0.one(
            "SELECT count(*) AS count, coalesce(sum(length(bytes)), 0) AS bytes FROM waiting",
            [],
            usage,
        )?;
        Ok(usage.unwrap_or_default())
    }

    /// Forgets what waits since before; answers how many pieces.
    pub fn prune(&mut self, parked_before: Timestamp) -> Result<usize, StoreError> {
        let removed = self
            .0
            .execute("DELETE FROM waiting WHERE parked_at < ?1", [Sql(parked_before)])?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }

    /// Since when the longest waiting waits.
    pub fn oldest(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0
            .one("SELECT parked_at FROM waiting ORDER BY parked_at LIMIT 1", [], |row| {
                column(row, "parked_at")
            })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ParkedRow> {
    Ok(ParkedRow {
        missing: coded(row, "missing")?,
        what: row.get("what")?,
        form: coded(row, "form")?,
        digest: row.get("digest")?,
        sender: row.get("sender")?,
        topic: row.get("topic")?,
        bytes: row.get("bytes")?,
        sent_at: column(row, "sent_at")?,
        parked_at: column(row, "parked_at")?,
    })
}

/// Reads the columns `count` and `bytes`.
pub(crate) fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    Ok(Usage {
        count: column(row, "count")?,
        bytes: column(row, "bytes")?,
    })
}

impl Code for Missing {
    const CODES: &'static [(Missing, i64)] = &[
        (Missing::GroupKey, 1),
        (Missing::Session, 2),
        (Missing::Installation, 3),
        (Missing::Chat, 4),
        (Missing::Target, 5),
        (Missing::Community, 6),
    ];
}

impl Code for Form {
    const CODES: &'static [(Form, i64)] = &[(Form::Envelope, 1), (Form::Content, 2), (Form::PublicContent, 3)];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, person};

    fn parked(digest: u8, missing: Missing, what: &[u8]) -> ParkedRow {
        ParkedRow {
            missing,
            what: what.to_vec(),
            form: Form::Content,
            digest: [digest; 32],
            sender: (digest != 4).then(|| person(1)),
            topic: "topic".into(),
            bytes: vec![digest; usize::from(digest)],
            sent_at: NOW,
            parked_at: NOW.plus(u64::from(digest)),
        }
    }

    #[test]
    fn what_waited_is_taken_once_in_order() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut waiting = tx.waiting();
                let rows = [
                    parked(3, Missing::Target, b"a"),
                    parked(1, Missing::Target, b"a"),
                    parked(2, Missing::Chat, b"a"),
                    parked(4, Missing::Target, b"b"),
                ];
                for row in &rows {
                    assert!(waiting.park(row)?);
                }
                assert!(
                    !waiting.park(&parked(3, Missing::Session, b"z"))?,
                    "the same thing waits once"
                );
                assert!(waiting.contains(&[3; 32])? && !waiting.contains(&[9; 32])?);
                assert!(waiting.take(Missing::Target, b"a", 1)? == rows[..1]);
                assert!(waiting.take(Missing::Target, b"a", 9)? == rows[1..2]);
                assert!(waiting.take(Missing::Target, b"a", 9)?.is_empty());
                assert!(waiting.take(Missing::Chat, b"a", 9)? == rows[2..3]);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn usage_counts_per_sender() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut waiting = tx.waiting();
                for digest in 1..=4 {
                    waiting.park(&parked(digest, Missing::GroupKey, b"key"))?;
                }
                assert_eq!(waiting.usage(Some(&person(1)))?, Usage { count: 3, bytes: 6 });
                assert_eq!(waiting.usage(None)?, Usage { count: 1, bytes: 4 });
                assert_eq!(waiting.usage(Some(&person(2)))?, Usage::default());
                assert_eq!(waiting.total()?, Usage { count: 4, bytes: 10 });
                assert_eq!(waiting.oldest()?, Some(NOW.plus(1)));
                assert_eq!(waiting.prune(NOW.plus(3))?, 2);
                assert_eq!(waiting.total()?, Usage { count: 2, bytes: 7 });
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
