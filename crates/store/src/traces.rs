//! How messages travelled: what each layer made of them, in which envelopes they went or came, and who had those.
//!
//! A *parcel* is one piece of bytes between the encryption layer and the outer seal: a message is in one for each person
//! and each attempt, and a parcel that came may hold several messages. No key stands here, only what kind it was and a
//! few bytes of a hash that tell one chain of keys from another.

use protocol::Timestamp;
use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, column, optional};
use crate::{OutboxId, PublicKeyBytes, StoreError};

/// Door to the traces.
pub struct Traces<'t>(pub(crate) Access<'t>);

/// Names a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelId(pub i64);

/// With what a parcel's envelopes are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceLock {
    /// A key of the topic.
    Topic,
    /// The reader's identity key.
    Identity,
}

/// One piece of bytes that travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelRow {
    /// Whether it went out.
    pub outgoing: bool,
    /// For whom it was encrypted, or whose device sent it; `None`: for everybody.
    pub person: Option<PublicKeyBytes>,
    /// With what its envelopes are sealed.
    pub lock: TraceLock,
    /// Where it travelled: the mesh.
    pub pubsub_topic: String,
    /// Where it travelled: what listeners filter by.
    pub content_topic: String,
    /// Whether nodes were asked not to keep it.
    pub ephemeral: bool,
    /// The hash of its bytes, if they came in segments.
    pub whole: Option<[u8; 32]>,
    /// Envelopes that it takes, those that only make up for lost ones not counted.
    pub segments: u32,
    /// Its bytes; 0 until all segments are here.
    pub encrypted: u64,
    /// Bytes before they were encrypted; 0 until then.
    pub synced: u64,
    /// The first of its entries in the outbox, and how many there are with those that follow it.
    pub entries: Option<(OutboxId, u32)>,
    /// When it was made, or was whole.
    pub at: Timestamp,
}

/// A message in a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRow {
    /// The parcel.
    pub parcel: ParcelId,
    /// Bytes of the signed message.
    pub signed: u64,
    /// When we acknowledged it.
    pub answered_at: Option<Timestamp>,
}

/// What kind of key opens a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceScheme {
    /// A message key of a double ratchet.
    Ratchet,
    /// The same in the first chain of a session, which its founding can compute again.
    Founding,
    /// The identity key alone.
    Identity,
    /// None on this layer.
    Clear,
}

/// The key of a parcel, for one device or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceKeyRow {
    /// The device that opens it, or that encrypted it; empty: whoever has the key.
    pub installation: String,
    /// What kind it is.
    pub scheme: TraceScheme,
    /// Tells the chains of a session apart.
    pub chain: Option<[u8; 8]>,
    /// The number in its chain, from 0.
    pub number: Option<u32>,
    /// The pre-key that founded the session, for as long as that is of interest.
    pub pre_key: Option<PublicKeyBytes>,
    /// When the device acknowledged the message.
    pub acknowledged_at: Option<Timestamp>,
}

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceOutcome {
    /// It came here.
    Came,
    /// The network took it.
    Taken,
    /// Nobody took it then.
    NotTaken,
    /// It was too large for the network.
    TooLarge,
}

/// One envelope of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEnvelopeRow {
    /// The deterministic hash of the message.
    pub hash: [u8; 32],
    /// Its place among the segments, from 0.
    pub segment: u32,
    /// Whether it only serves to make up for lost ones.
    pub parity: bool,
    /// Bytes that were sealed.
    pub data: u64,
    /// Bytes of the sealed payload.
    pub sealed: u64,
    /// Bytes of the whole message as nodes pass it on.
    pub wire: u64,
    /// How the sealed payload begins.
    pub start: Vec<u8>,
    /// The time that stands on it.
    pub stamped: Timestamp,
    /// What became of it.
    pub outcome: TraceOutcome,
    /// How many nodes took it, if that is known.
    pub peers: Option<u32>,
    /// When that was.
    pub at: Timestamp,
}

/// How an envelope reached somebody, or us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceWay {
    /// We handed it to this node.
    Handed,
    /// By gossip, from this neighbour.
    Relay,
    /// This node pushed it.
    Filter,
    /// This node keeps it: it stood in an answer of its store.
    Store,
}

/// A node that had an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SightingRow {
    /// How we know.
    pub way: TraceWay,
    /// The node; empty if it is not known.
    pub peer: String,
    /// When.
    pub at: Timestamp,
}

impl Traces<'_> {
    /// Adds a parcel; one that comes in segments and is known already is brought up to date.
    pub fn add(&mut self, parcel: &ParcelRow) -> Result<ParcelId, StoreError> {
        let id = self.0.one(
            "INSERT INTO trace_parcels
                 (outgoing, person, lock, pubsub_topic, content_topic, ephemeral, whole, segments, encrypted, synced,
                  first_entry, entries, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (whole, person) WHERE whole IS NOT NULL DO UPDATE SET
                 segments = max(segments, excluded.segments), encrypted = max(encrypted, excluded.encrypted),
                 synced = max(synced, excluded.synced), at = excluded.at
             RETURNING id",
            params![
                parcel.outgoing,
                parcel.person,
                Coded(parcel.lock),
                parcel.pubsub_topic,
                parcel.content_topic,
                parcel.ephemeral,
                parcel.whole,
                parcel.segments,
                Sql(parcel.encrypted),
                Sql(parcel.synced),
                parcel.entries.map(|(first, _)| first.0),
                parcel.entries.map(|(_, count)| count),
                Sql(parcel.at),
            ],
            |row| row.get(0),
        )?;
        Ok(ParcelId(id.unwrap_or_default()))
    }

    /// Says that a message is in a parcel, and by which name it is acknowledged.
    pub fn add_message(
        &mut self,
        parcel: ParcelId,
        message: &MessageId,
        signed: u64,
        sync: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO trace_messages (message, parcel, signed, sync) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![Sql(message), parcel.0, Sql(signed), sync],
        )?;
        Ok(())
    }

    /// Adds what opens a parcel.
    pub fn add_key(&mut self, parcel: ParcelId, key: &TraceKeyRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO trace_keys (parcel, installation, scheme, chain, number, pre_key, acknowledged_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            params![
                parcel.0,
                key.installation,
                Coded(key.scheme),
                key.chain,
                key.number,
                key.pre_key,
                key.acknowledged_at.map(Sql),
            ],
        )?;
        Ok(())
    }

    /// Adds an envelope of a parcel, and who had it.
    pub fn add_envelope(
        &mut self,
        parcel: ParcelId,
        envelope: &TraceEnvelopeRow,
        seen: &[SightingRow],
    ) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO trace_envelopes
                 (parcel, hash, segment, parity, data, sealed, wire, start, stamped, outcome, peers, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                parcel.0,
                envelope.hash,
                envelope.segment,
                envelope.parity,
                Sql(envelope.data),
                Sql(envelope.sealed),
                Sql(envelope.wire),
                envelope.start,
                Sql(envelope.stamped),
                Coded(envelope.outcome),
                envelope.peers,
                Sql(envelope.at),
            ],
        )?;
        let id = self.0.last_row();
        seen.iter().try_for_each(|sighting| self.see(id, sighting))
    }

    /// Notes who has an envelope, if it is one of a parcel; answers whether that was new.
    pub fn sighted(&mut self, hash: &[u8; 32], sighting: &SightingRow, most: u32) -> Result<bool, StoreError> {
        let Some(id) = self.0.one(
            "SELECT id FROM trace_envelopes WHERE hash = ?1
             AND (SELECT count(*) FROM trace_sightings WHERE envelope = trace_envelopes.id) < ?2
             ORDER BY id DESC LIMIT 1",
            params![hash, most],
            |row| row.get::<_, i64>(0),
        )?
        else {
            return Ok(false);
        };
        self.see(id, sighting)?;
        Ok(true)
    }

    /// The parcel that an entry of the outbox belongs to, and which of its entries it is, from 0.
    pub fn of_entry(&self, entry: OutboxId) -> Result<Option<(ParcelId, ParcelRow, u32)>, StoreError> {
        let found = self.0.one(
            "SELECT * FROM trace_parcels WHERE first_entry <= ?1 ORDER BY first_entry DESC LIMIT 1",
            [entry.0],
            |row| Ok((ParcelId(row.get("id")?), parcel(row)?)),
        )?;
        Ok(found.and_then(|(id, parcel)| {
            let (first, count) = parcel.entries?;
            let place = u32::try_from(entry.0 - first.0).ok()?;
            (place < count).then_some((id, parcel, place))
        }))
    }

    /// A device has a message.
    pub fn acknowledged(
        &mut self,
        message: &MessageId,
        person: &PublicKeyBytes,
        installation: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE trace_keys SET acknowledged_at = ?4
             WHERE parcel IN (SELECT parcel FROM trace_messages m JOIN trace_parcels p ON p.id = m.parcel
                              WHERE m.message = ?1 AND p.person = ?2)
                 AND installation IN (?3, '') AND acknowledged_at IS NULL",
            params![Sql(message), person, installation, Sql(at)],
        )?;
        Ok(())
    }

    /// We acknowledged what has this name.
    pub fn answered(&mut self, sync: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE trace_messages SET answered_at = ?2 WHERE sync = ?1 AND answered_at IS NULL",
            params![sync, Sql(at)],
        )?;
        Ok(())
    }

    /// The parcels of a message, as they went or came.
    pub fn of_message(&self, message: &MessageId, limit: u32) -> Result<Vec<(TracedRow, ParcelRow)>, StoreError> {
        self.0.all(
            "SELECT m.parcel, m.signed, m.answered_at, p.* FROM trace_messages m JOIN trace_parcels p ON p.id = m.parcel
             WHERE m.message = ?1 ORDER BY m.parcel LIMIT ?2",
            params![Sql(message), limit],
            |row| {
                let traced = TracedRow {
                    parcel: ParcelId(row.get("parcel")?),
                    signed: column(row, "signed")?,
                    answered_at: optional(row, "answered_at")?,
                };
                Ok((traced, parcel(row)?))
            },
        )
    }

    /// What opens a parcel.
    pub fn keys(&self, parcel: ParcelId) -> Result<Vec<TraceKeyRow>, StoreError> {
        self.0.all(
            "SELECT * FROM trace_keys WHERE parcel = ?1 ORDER BY installation",
            [parcel.0],
            |row| {
                Ok(TraceKeyRow {
                    installation: row.get("installation")?,
                    scheme: row.get::<_, Coded<_>>("scheme")?.0,
                    chain: row.get("chain")?,
                    number: row.get("number")?,
                    pre_key: row.get("pre_key")?,
                    acknowledged_at: optional(row, "acknowledged_at")?,
                })
            },
        )
    }

    /// The envelopes of a parcel in the order of their segments, and who had each.
    pub fn envelopes(&self, parcel: ParcelId) -> Result<Vec<(TraceEnvelopeRow, Vec<SightingRow>)>, StoreError> {
        let envelopes = self.0.all(
            "SELECT * FROM trace_envelopes WHERE parcel = ?1 ORDER BY parity, segment, id",
            [parcel.0],
            |row| Ok((row.get::<_, i64>("id")?, envelope(row)?)),
        )?;
        let with_sightings = |(id, envelope)| Ok((envelope, self.sightings(id)?));
        envelopes.into_iter().map(with_sightings).collect()
    }

    /// Forgets what is older than `before`, and the oldest until at most `most` parcels are left.
    pub fn prune(&mut self, before: Timestamp, most: u32) -> Result<usize, StoreError> {
        let old = self
            .0
            .execute("DELETE FROM trace_parcels WHERE at < ?1", [Sql(before)])?;
        let many = self.0.execute(
            "DELETE FROM trace_parcels WHERE id <= (SELECT max(id) FROM trace_parcels) - ?1",
            [most],
        )?;
        Ok(old + many)
    }

    fn see(&mut self, envelope: i64, sighting: &SightingRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO trace_sightings (envelope, way, peer, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![envelope, Coded(sighting.way), sighting.peer, Sql(sighting.at)],
        )?;
        Ok(())
    }

    fn sightings(&self, envelope: i64) -> Result<Vec<SightingRow>, StoreError> {
        self.0.all(
            "SELECT * FROM trace_sightings WHERE envelope = ?1 ORDER BY way, at, peer",
            [envelope],
            |row| {
                Ok(SightingRow {
                    way: row.get::<_, Coded<_>>("way")?.0,
                    peer: row.get("peer")?,
                    at: column(row, "at")?,
                })
            },
        )
    }
}

impl Code for TraceLock {
    const CODES: &'static [(Self, i64)] = &[(TraceLock::Topic, 1), (TraceLock::Identity, 2)];
}

impl Code for TraceScheme {
    const CODES: &'static [(Self, i64)] = &[
        (TraceScheme::Ratchet, 1),
        (TraceScheme::Founding, 2),
        (TraceScheme::Identity, 3),
        (TraceScheme::Clear, 4),
    ];
}

impl Code for TraceOutcome {
    const CODES: &'static [(Self, i64)] = &[
        (TraceOutcome::Came, 1),
        (TraceOutcome::Taken, 2),
        (TraceOutcome::NotTaken, 3),
        (TraceOutcome::TooLarge, 4),
    ];
}

impl Code for TraceWay {
    const CODES: &'static [(Self, i64)] = &[
        (TraceWay::Handed, 1),
        (TraceWay::Relay, 2),
        (TraceWay::Filter, 3),
        (TraceWay::Store, 4),
    ];
}

fn parcel(row: &Row<'_>) -> rusqlite::Result<ParcelRow> {
    Ok(ParcelRow {
        outgoing: row.get("outgoing")?,
        person: row.get("person")?,
        lock: row.get::<_, Coded<_>>("lock")?.0,
        pubsub_topic: row.get("pubsub_topic")?,
        content_topic: row.get("content_topic")?,
        ephemeral: row.get("ephemeral")?,
        whole: row.get("whole")?,
        segments: row.get("segments")?,
        encrypted: column(row, "encrypted")?,
        synced: column(row, "synced")?,
        entries: row
            .get::<_, Option<i64>>("first_entry")?
            .map(OutboxId)
            .zip(row.get("entries")?),
        at: column(row, "at")?,
    })
}

fn envelope(row: &Row<'_>) -> rusqlite::Result<TraceEnvelopeRow> {
    Ok(TraceEnvelopeRow {
        hash: row.get("hash")?,
        segment: row.get("segment")?,
        parity: row.get("parity")?,
        data: column(row, "data")?,
        sealed: column(row, "sealed")?,
        wire: column(row, "wire")?,
        start: row.get("start")?,
        stamped: column(row, "stamped")?,
        outcome: row.get::<_, Coded<_>>("outcome")?.0,
        peers: row.get("peers")?,
        at: column(row, "at")?,
    })
}

#[cfg(test)]
mod tests;
